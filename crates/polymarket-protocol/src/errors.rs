//! What the venue says when it says no: one body shape, the known texts, and what a caller may do.
//!
//! Invariants: the raw text is always kept; a text is matched by the part of it that does not change, ignoring case; what a
//! caller may do is decided here, from the call, the status and the text, and nowhere else. The texts are kept in [`text`],
//! so that a compatible exchange writes what is read here. It retries nothing itself.
//!
//! Source: reference, sections 7.4 to 7.6 and 9 (docs.polymarket.com "error codes"), 2026-11-20.

use std::fmt;
use std::time::Duration;

use brier_types::{FailureKind, VenueError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod kind;
#[cfg(test)]
mod tests;
pub mod text;

pub use kind::ErrorKind;

/// What a call does, as far as a failure is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// It changes nothing.
    Read,
    /// It posts orders: a copy that acts twice would double them, were they not the same signed bytes.
    Post,
    /// It cancels, beats or changes keys: done twice it does no more than once.
    Idempotent,
}

/// The body of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What happened, for people and for [`ErrorKind::of`].
    pub error: String,
    /// A word for it, in engine states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Seconds to wait, in engine states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

impl ErrorBody {
    /// The body with this text.
    pub fn new(error: impl Into<String>) -> Self {
        Self { error: error.into(), code: None, retry_after_seconds: None }
    }

    /// The body of the minutes after a restart: [`text::POST_ONLY_MODE`] with the seconds left.
    pub fn post_only_mode(retry_after_seconds: u64) -> Self {
        Self {
            error: text::POST_ONLY_MODE.to_owned(),
            code: Some(text::POST_ONLY_MODE_CODE.to_owned()),
            retry_after_seconds: Some(retry_after_seconds),
        }
    }

    /// Reads a body, or `None` when it is no such object: a proxy's page, an empty text. The texts `error_msg` and
    /// `errorMsg` of other answers are taken for `error`, and so is a bare JSON text.
    pub fn parse(body: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(body).ok()?;
        if let Value::String(error) = value {
            return Some(Self::new(error));
        }
        let member = |name: &str| match value.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        Some(Self {
            error: member("error").or_else(|| member("errorMsg")).or_else(|| member("error_msg"))?,
            code: member("code"),
            retry_after_seconds: value.get("retry_after_seconds").and_then(Value::as_u64),
        })
    }

    /// The body as JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and a number are JSON")
    }
}

/// What must be done before anything else, where a failure kind does not say it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Nothing beyond the kind.
    None,
    /// Wait, as long as the answer says if it says so.
    Wait,
    /// Check the wallet key, the API credentials, the clock, the region.
    FixAccess,
    /// Use the wallet that the venue wants: a deposit wallet, signature type 3.
    FixWallet,
    /// Ask `GET /version` and sign anew.
    SignAnew,
    /// Ask for the order by its hash before anything else.
    Resolve,
    /// The very same order was posted before: it exists, or existed.
    FindExisting,
    /// Put dollars or shares into the wallet, or allow the exchange to move them.
    Fund,
    /// It is unknown or finished.
    Gone,
    /// The engine or the market does not take this now.
    WaitForTrading,
}

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClobError {
    /// What was asked, such as `POST /order`.
    pub call: String,
    /// What the call does.
    pub call_kind: CallKind,
    /// The HTTP status; of an item in a batch, the one that its text has elsewhere.
    pub status: u16,
    /// The body, if it has the known shape.
    pub body: Option<ErrorBody>,
    /// `Retry-After` of the answer, or its `retry_after_seconds`.
    pub retry_after: Option<Duration>,
    /// The body as received, cut to 2,000 characters.
    pub raw: String,
}

impl ClobError {
    /// Reads an answer that is no success.
    pub fn new(call: impl Into<String>, call_kind: CallKind, status: u16, raw: &str) -> Self {
        let body = ErrorBody::parse(raw);
        let retry_after = body.as_ref().and_then(|body| body.retry_after_seconds).map(Duration::from_secs);
        Self { call: call.into(), call_kind, status, body, retry_after, raw: raw.chars().take(2_000).collect() }
    }

    /// A rejection inside an answer with status 200: an item of a batch, or `success:false`.
    pub fn of_item(call: impl Into<String>, error_msg: &str) -> Self {
        Self {
            call: call.into(),
            call_kind: CallKind::Post,
            status: ErrorKind::of(error_msg).status(),
            body: Some(ErrorBody::new(error_msg)),
            retry_after: None,
            raw: error_msg.chars().take(2_000).collect(),
        }
    }

    /// What the text says; [`ErrorKind::Other`] without a body.
    pub fn error_kind(&self) -> ErrorKind {
        self.body.as_ref().map_or(ErrorKind::Other, |body| ErrorKind::of(&body.error))
    }

    /// What a caller may do, and what must come first.
    pub fn verdict(&self) -> (FailureKind, Remedy) {
        classify(self.call_kind, self.status, self.error_kind())
    }
}

/// What a caller may do after `status` with a text of `kind`, and what must come first.
///
/// - A text that tells that the order never reached the book makes it repeatable, whatever the status: `order timed out`,
///   rate limits, restarts and the engine's closed states.
/// - A text that tells why an order was refused is a refusal, though the engine sends some with status 500.
/// - `Duplicated`: refused, and tells that these very bytes arrived before.
/// - `order match delayed`: it may still match.
/// - 401 and 403 need a person.
/// - Any other 5xx, and 408: a read may be repeated; a post is in doubt; so is anything else that writes, though a copy of
///   it does no harm.
/// - Anything else below 500 is refused for good.
///
/// Source: reference, sections 7.3 to 7.6 and 9.
pub fn classify(call: CallKind, status: u16, kind: ErrorKind) -> (FailureKind, Remedy) {
    use ErrorKind as K;
    match kind {
        K::Duplicated => return (FailureKind::Refused, Remedy::FindExisting),
        K::OrderTimedOut | K::TooManyRequests => return (FailureKind::Retry, Remedy::Wait),
        K::PostOnlyMode | K::CancelOnly | K::TradingDisabled => return (FailureKind::Retry, Remedy::WaitForTrading),
        K::MatchDelayed => return (FailureKind::InDoubt, Remedy::Resolve),
        K::MarketNotReady => return (FailureKind::Refused, Remedy::WaitForTrading),
        K::NotEnoughBalance => return (FailureKind::Refused, Remedy::Fund),
        K::VersionMismatch => return (FailureKind::Refused, Remedy::SignAnew),
        K::DepositWalletRequired => return (FailureKind::Fatal, Remedy::FixWallet),
        K::Unauthorized | K::InvalidL1Headers | K::OwnerMismatch | K::SignerMismatch | K::Banned => {
            return (FailureKind::Fatal, Remedy::FixAccess);
        }
        _ if kind.refuses() => return (FailureKind::Refused, Remedy::None),
        _ => {}
    }
    match (status, call) {
        (425 | 429, _) | (408 | 500..=599, CallKind::Read) => (FailureKind::Retry, Remedy::Wait),
        (408 | 500..=599, _) => (FailureKind::InDoubt, Remedy::Resolve),
        (401 | 403, _) => (FailureKind::Fatal, Remedy::FixAccess),
        (404, _) => (FailureKind::Refused, Remedy::Gone),
        (400..=499, _) => (FailureKind::Refused, Remedy::None),
        (_, CallKind::Read) => (FailureKind::Fatal, Remedy::None),
        _ => (FailureKind::InDoubt, Remedy::Resolve),
    }
}

/// The status that the venue's last rule gives a text, whatever it was before.
///
/// Source: reference, section 9.
pub fn final_status(status: u16, error: &str) -> u16 {
    let error = error.to_ascii_lowercase();
    if error.contains("not found") {
        404
    } else if error.contains("unauthorized") {
        401
    } else if error.contains("context canceled") {
        400
    } else {
        status
    }
}

impl fmt::Display for ClobError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: status {}", self.call, self.status)?;
        match &self.body {
            Some(body) => write!(out, ", {}", body.error),
            None if self.raw.is_empty() => out.write_str(", empty body"),
            None => write!(out, ", unknown body `{}`", self.raw.chars().take(200).collect::<String>()),
        }
    }
}

impl std::error::Error for ClobError {}

impl VenueError for ClobError {
    fn kind(&self) -> FailureKind {
        self.verdict().0
    }

    fn hint(&self) -> Option<String> {
        let hint = match self.verdict().1 {
            Remedy::None => return self.error_kind().hint().map(str::to_owned),
            Remedy::Wait => match self.retry_after {
                Some(wait) => return Some(format!("wait {} s, then try again", wait.as_secs())),
                None => "wait a moment, doubling from one second, then try again",
            },
            Remedy::FixAccess => match self.error_kind() {
                ErrorKind::OwnerMismatch | ErrorKind::SignerMismatch => {
                    "the API credentials belong to another wallet key: delete the stored ones, they are derived again"
                }
                ErrorKind::Banned => "the venue banned this wallet: no call will help",
                _ => "check the wallet key, the stored API credentials, this machine's clock, and the region",
            },
            Remedy::FixWallet => "set the signature type to 3 and the funder to the account's deposit wallet",
            Remedy::SignAnew => "the exchange changed its version: read it and sign the order anew",
            Remedy::Resolve => "the call may have worked: ask for the order by its hash before anything else",
            Remedy::FindExisting => "this very order was posted before: ask for it by its hash",
            Remedy::Fund => "check balance and allowance; open orders and unsettled matches count against them",
            Remedy::Gone => {
                "it is unknown or finished, or this is another venue's address: read the open orders and the trades"
            }
            Remedy::WaitForTrading => match self.retry_after {
                Some(wait) => return Some(format!("the engine takes this again in {} s", wait.as_secs())),
                None => "the market or the engine does not take this now: look at its status",
            },
        };
        Some(hint.to_owned())
    }
}
