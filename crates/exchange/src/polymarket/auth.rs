//! Signed requests: L1 by a wallet's key, L2 by an API key, and a builder's.
//!
//! A body is checked as the bytes that came, before anything reads it. Header names are taken in any case. The time in a
//! request is judged by the wall clock, whatever the market's clock shows: within a minute either way. The venue does not
//! publish its window; a minute is what clocks without a time service keep, and what a queued request waits at most.
//!
//! Source: reference (Polymarket), sections 3 and 9, 2026-11-20.

use std::sync::Arc;

use alloy_primitives::Address;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use brier_polymarket_protocol::auth::{
    ADDRESS_HEADER, API_KEY_HEADER, BUILDER_API_KEY_HEADER, BUILDER_PASSPHRASE_HEADER, BUILDER_SIGNATURE_HEADER,
    BUILDER_TIMESTAMP_HEADER, NONCE_HEADER, PASSPHRASE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, verify_l1,
    verify_l2,
};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::errors::text;
use brier_types::Timestamp;

use super::doors::{Key, Table};
use super::http::{App, Failure};
use super::record::KeyKind;
use crate::auth::Signatures;
use crate::clock::wall_now;

/// The chain under which wallets sign.
pub(crate) const CHAIN: Chain = Chain::Polygon;

/// How far the time of a request may be off, in seconds.
const WINDOW_SECS: i64 = 60;

/// The longest request body: a batch of cancels is below 100 kB.
pub(crate) const MAX_BODY: usize = 2 << 20;

fn unauthorized() -> Failure {
    Failure::text(401, text::UNAUTHORIZED)
}

fn malformed() -> Failure {
    Failure::text(401, text::INVALID_L1_HEADERS)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
}

/// Whether the text is a time close enough to now; `None` when it is no time.
fn is_recent(timestamp: &str, wall: Timestamp) -> Option<bool> {
    if timestamp.len() > 12 || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let secs: i64 = timestamp.parse().ok()?;
    Some(wall.secs().abs_diff(secs) <= WINDOW_SECS.unsigned_abs())
}

/// A request signed under an API key, with its raw body.
pub(crate) struct Signed {
    pub key: Arc<Key>,
    pub body: Bytes,
}

impl Signed {
    pub(crate) fn owner(&self) -> Address {
        self.key.record.owner
    }

    /// The API key.
    pub(crate) fn id(&self) -> &str {
        &self.key.record.key
    }
}

impl FromRequest<App> for Signed {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let too_large = |_error| Failure::text(400, text::PAYLOAD_TOO_LARGE);
        let body = to_bytes(body, MAX_BODY).await.map_err(too_large)?;
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let key = check_l2(&app.doors.table(), &parts.headers, (method, path), &body, wall_now())?;
        Ok(Self { key, body })
    }
}

/// A signed request of a key that may write.
pub(crate) struct Writer(pub Signed);

impl FromRequest<App> for Writer {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let signed = Signed::from_request(request, app).await?;
        if signed.key.record.is_for_trading() { Ok(Self(signed)) } else { Err(unauthorized()) }
    }
}

/// Checks the five headers of L2.
///
/// # Errors
/// 401 with the venue's text.
pub(crate) fn check_l2(
    table: &Table,
    headers: &HeaderMap,
    (method, path): (&str, &str),
    body: &[u8],
    wall: Timestamp,
) -> Result<Arc<Key>, Failure> {
    let named = |name| header(headers, name).ok_or_else(unauthorized);
    let (address, id) = (named(ADDRESS_HEADER)?, named(API_KEY_HEADER)?);
    let (timestamp, passphrase, signature) =
        (named(TIMESTAMP_HEADER)?, named(PASSPHRASE_HEADER)?, named(SIGNATURE_HEADER)?);
    let address: Address = address.parse().map_err(|_no_address| malformed())?;
    if !is_recent(timestamp, wall).ok_or_else(malformed)? {
        return Err(unauthorized());
    }
    let key = table.keys.get(id).filter(|key| key.record.kind != KeyKind::Builder).ok_or_else(unauthorized)?;
    let known = key.record.owner == address && same(passphrase, &key.record.passphrase);
    if known && verify_l2(&key.secret, timestamp, method, path, body, signature) {
        Ok(key.clone())
    } else {
        Err(unauthorized())
    }
}

/// Checks the four headers of a builder.
///
/// # Errors
/// 401 with the venue's text.
pub(crate) fn check_builder(
    table: &Table,
    headers: &HeaderMap,
    (method, path): (&str, &str),
    body: &[u8],
    wall: Timestamp,
) -> Result<Arc<Key>, Failure> {
    let named = |name| header(headers, name).ok_or_else(unauthorized);
    let (id, timestamp) = (named(BUILDER_API_KEY_HEADER)?, named(BUILDER_TIMESTAMP_HEADER)?);
    let (passphrase, signature) = (named(BUILDER_PASSPHRASE_HEADER)?, named(BUILDER_SIGNATURE_HEADER)?);
    if !is_recent(timestamp, wall).ok_or_else(malformed)? {
        return Err(unauthorized());
    }
    let key = table.keys.get(id).filter(|key| key.record.kind == KeyKind::Builder).ok_or_else(unauthorized)?;
    let good =
        same(passphrase, &key.record.passphrase) && verify_l2(&key.secret, timestamp, method, path, body, signature);
    if good { Ok(key.clone()) } else { Err(unauthorized()) }
}

/// Checks credentials that come in the clear, as the user channel takes them.
pub(crate) fn check_plain(table: &Table, key: &str, secret: &str, passphrase: &str) -> Option<Arc<Key>> {
    let known = table.keys.get(key).filter(|key| key.record.kind != KeyKind::Builder)?;
    // Both are compared, so that time does not tell which was wrong.
    let good = same(secret, &known.record.secret) & same(passphrase, &known.record.passphrase);
    good.then(|| known.clone())
}

/// Compares without telling by its time where two texts differ.
fn same(given: &str, expected: &str) -> bool {
    given.len() == expected.len() && given.bytes().zip(expected.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// A request signed by a wallet's key.
pub(crate) struct WalletSigned {
    pub address: Address,
    /// Which set of credentials.
    pub nonce: u64,
}

impl FromRequestParts<App> for WalletSigned {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let named = |name| header(&parts.headers, name).ok_or_else(malformed);
        let (timestamp, nonce) = (named(TIMESTAMP_HEADER)?, header(&parts.headers, NONCE_HEADER).unwrap_or("0"));
        let (address, signature) = (named(ADDRESS_HEADER)?, named(SIGNATURE_HEADER)?);
        let address = match app.signatures {
            Signatures::Checked => {
                verify_l1(CHAIN, address, signature, timestamp, nonce).map_err(|_wrong| malformed())?
            }
            Signatures::Trusted => address.parse().map_err(|_no_address| malformed())?,
        };
        if is_recent(timestamp, wall_now()) != Some(true) {
            return Err(malformed());
        }
        // Nonces beyond 64 bits name no set that a client of today makes.
        let nonce = nonce.parse().map_err(|_large| malformed())?;
        Ok(Self { address, nonce })
    }
}
