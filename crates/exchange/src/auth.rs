//! Signed requests: whether they were signed by a key we know, now, and for what they ask.
//!
//! The signature is checked over the request target as it came, before any decoding. The time in it is judged by the wall
//! clock, whatever the market's clock shows.
//!
//! Source: reference sections 3 and 19.2 (docs.kalshi.com "API keys"; refusals as recorded in June 2026), 2026-11-20.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use brier_kalshi_protocol::auth;
use brier_kalshi_protocol::errors::{Code, ErrorDetail};
use brier_matching::AccountId;
use brier_types::Timestamp;

use crate::access::AccessTable;
use crate::http::Failure;

/// Whether signatures that cost an elliptic curve's or an RSA's arithmetic are checked. Everything else about a request is
/// checked always: its headers, its time, that the key is known, HMACs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signatures {
    /// What every server does.
    Checked,
    /// A signature need only be there. For simulations, which sign and check by the million.
    Trusted,
}

/// Who signed a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub account: AccountId,
    scopes: std::sync::Arc<[String]>,
}

/// What a request needs a key for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    /// The balance alone, for which a narrower scope is enough.
    ReadBalance,
    Trade,
}

impl Caller {
    /// Whether the key's scopes cover the need.
    ///
    /// Source: reference section 3.3.
    pub(crate) fn may(&self, need: Need) -> bool {
        let enough: &[&str] = match need {
            Need::Read => &["read"],
            Need::ReadBalance => &["read", "read::portfolio_balance"],
            Need::Trade => &["write", "write::trade"],
        };
        self.scopes.iter().any(|scope| enough.contains(&scope.as_str()))
    }
}

fn wrong(details: &str) -> Failure {
    ErrorDetail::with_details(&Code::AuthenticationError, details).into()
}

/// Checks the three headers of a request.
///
/// # Errors
/// The refusal, in the venue's recorded shape.
pub(crate) fn authenticate(
    (table, signatures): (&AccessTable, Signatures),
    headers: &HeaderMap,
    method: &str,
    target: &str,
    wall: Timestamp,
) -> Result<Caller, Failure> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    let key_id = header(auth::KEY_HEADER);
    let timestamp = header(auth::TIMESTAMP_HEADER);
    let Some(signature) = header(auth::SIGNATURE_HEADER) else {
        let none = key_id.is_none() && timestamp.is_none();
        return Err(if none { Code::TokenAuthenticationFailure } else { Code::SignatureIsMissingFromHeaders }.into());
    };
    let (Some(key_id), Some(timestamp)) = (key_id, timestamp) else {
        return Err(Code::TokenAuthenticationFailure.into());
    };
    let signed_at = auth::parse_timestamp(timestamp).filter(|at| auth::is_within_window(*at, wall));
    if signed_at.is_none() {
        return Err(Code::HeaderTimestampExpired.into());
    }
    let access = table.keys.get(key_id).ok_or_else(|| wrong(auth::DETAILS_UNKNOWN_KEY))?;
    let signature = STANDARD.decode(signature).map_err(|_not_base64| wrong(auth::DETAILS_WRONG_SIGNATURE))?;
    let message = || auth::signing_string_as_sent(timestamp, method, target);
    if signatures == Signatures::Checked && !access.public.verify(message().as_bytes(), &signature) {
        return Err(wrong(auth::DETAILS_WRONG_SIGNATURE));
    }
    Ok(Caller { account: access.account, scopes: access.scopes.clone() })
}
