//! What can go wrong between a caller and the venue, and what the caller may do about it.
//!
//! Invariants: every error knows its [`FailureKind`], decided where it is made; a write whose effect is unknown is never
//! anything but [`FailureKind::InDoubt`]; no error carries a key, a signature or a header.
//!
//! Source: reference section 4, docs.kalshi.com errors, 2026-11-20.

use std::time::Duration;

use brier_kalshi_protocol::errors::ErrorDetail;
use brier_types::{FailureKind, VenueError};

use crate::keys::KeyError;

/// A refusal or a failure as the venue put it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueAnswer {
    /// HTTP status.
    pub status: u16,
    /// Code, message and details, from whichever of the four shapes the body had; empty where it had none.
    pub detail: ErrorDetail,
    /// The body as it came, cut to 4 KiB.
    pub body: String,
}

impl VenueAnswer {
    /// The code, empty when there is none.
    pub fn code(&self) -> &str {
        self.detail.code.as_deref().unwrap_or_default()
    }

    fn says(&self) -> String {
        let parts = [&self.detail.code, &self.detail.message, &self.detail.details];
        let mut words: Vec<&str> =
            parts.into_iter().flatten().map(String::as_str).filter(|text| !text.is_empty()).collect();
        words.dedup();
        if words.is_empty() { self.body.chars().take(200).collect() } else { words.join(", ") }
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KalshiError {
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The call needs a key and the client has none.
    #[error("{operation}: expected a client with a key, found one without")]
    NoKey {
        /// The call.
        operation: &'static str,
    },
    /// The environment takes no orders from this program.
    #[error("{operation}: expected an environment that takes orders, found {env}")]
    WritesForbidden {
        /// The call.
        operation: &'static str,
        /// The environment.
        env: String,
    },
    /// The call cannot be written down.
    #[error("{operation}: {problem}")]
    Request {
        /// The call.
        operation: &'static str,
        /// What was expected and what was found.
        problem: String,
    },
    /// The call costs more tokens than its bucket can ever hold.
    #[error("{operation}: costs {cost} tokens, and the bucket holds {capacity} when full")]
    TooLarge {
        /// The call.
        operation: &'static str,
        /// What it costs.
        cost: u32,
        /// What the bucket holds.
        capacity: u32,
    },
    /// Its turn in the rate limit did not come in time. Nothing was sent.
    #[error("{operation}: waited {waited:?} for {cost} tokens of the rate limit")]
    RateLimited {
        /// The call.
        operation: &'static str,
        /// What it costs.
        cost: u32,
        /// How long it waited.
        waited: Duration,
    },
    /// No answer.
    #[error("{operation}: {problem} (after {attempts} attempts)")]
    Transport {
        /// The call.
        operation: &'static str,
        /// What happened.
        problem: String,
        /// How often it was tried.
        attempts: u32,
        /// What the caller may do.
        kind: FailureKind,
    },
    /// The venue answered, and the answer is no success.
    #[error("{operation}: the venue answered {} {}", answer.status, answer.says())]
    Venue {
        /// The call.
        operation: &'static str,
        /// What it said.
        answer: VenueAnswer,
        /// What the caller may do.
        kind: FailureKind,
    },
    /// The venue answered with success and a body that is not what the call returns.
    #[error("{operation}: expected {expected} in the answer with status {status}, found {problem}")]
    Unreadable {
        /// The call.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// The type that was expected.
        expected: &'static str,
        /// Where and why it does not fit.
        problem: String,
        /// The body as it came, cut to 4 KiB.
        body: String,
        /// What the caller may do: in doubt for a write, which took effect.
        kind: FailureKind,
    },
    /// The WebSocket could not be opened or broke.
    #[error("websocket: {problem}")]
    Stream {
        /// What happened.
        problem: String,
        /// What the caller may do.
        kind: FailureKind,
    },
}

impl KalshiError {
    /// The venue's code, if it gave one. Match by prefix: texts of codes can be built dynamically.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Venue { answer, .. } => answer.detail.code.as_deref(),
            _ => None,
        }
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Venue { answer, .. } => Some(answer.status),
            Self::Unreadable { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The answer's body as it came, cut to 4 KiB, if there was one.
    pub fn body(&self) -> Option<&str> {
        match self {
            Self::Venue { answer, .. } => Some(&answer.body),
            Self::Unreadable { body, .. } => Some(body),
            _ => None,
        }
    }
}

impl VenueError for KalshiError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Key(_) | Self::NoKey { .. } | Self::WritesForbidden { .. } => FailureKind::Fatal,
            Self::Request { .. } | Self::TooLarge { .. } => FailureKind::Refused,
            Self::RateLimited { .. } => FailureKind::Retry,
            Self::Transport { kind, .. }
            | Self::Venue { kind, .. }
            | Self::Unreadable { kind, .. }
            | Self::Stream { kind, .. } => *kind,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Key(KeyError::Permissions { path, .. }) => {
                return Some(format!("run `chmod 600 {}`", path.display()));
            }
            Self::Key(_) => "give the key id and the PEM file that the venue showed when the key was made",
            Self::NoKey { .. } => "set KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH",
            Self::WritesForbidden { .. } => "use the demo or a local exchange; production is read only so far",
            Self::TooLarge { .. } => "split the batch",
            Self::RateLimited { .. } => "ask less often, or raise the account's tier",
            Self::Unreadable { .. } => "the venue speaks a newer form than this program knows; update it",
            Self::Venue { answer, kind, .. } => return venue_hint(answer, *kind).map(str::to_owned),
            Self::Transport { kind: FailureKind::InDoubt, .. } => IN_DOUBT,
            Self::Transport { .. } | Self::Stream { .. } => "check the network and the environment's host",
            Self::Request { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

const IN_DOUBT: &str =
    "read the order list, or wait for the stream, before anything else: the call may have taken effect";

/// Source: reference sections 3.5, 4.2 and 8.3.
fn venue_hint(answer: &VenueAnswer, kind: FailureKind) -> Option<&'static str> {
    if kind == FailureKind::InDoubt {
        return Some(IN_DOUBT);
    }
    let code = answer.code();
    let starts = |prefix: &str| code.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    Some(match answer.status {
        401 if starts("header_timestamp_expired") => {
            "set the system clock: it is too far from the venue's (`timedatectl set-ntp true`)"
        }
        401 if answer.detail.details.as_deref() == Some("NOT_FOUND") => {
            "the key id is unknown there: demo and production have separate keys, so check the environment"
        }
        401 if answer.detail.details.as_deref() == Some("INCORRECT_API_KEY_SIGNATURE") => {
            "the private key does not belong to the key id: use the PEM file that came with this id"
        }
        401 => "sign the call with a key of this environment",
        403 => {
            "the key's scope, subaccount, tier or region does not allow this; see the key's page on the venue's site"
        }
        409 if starts("order_already_exists") => "the client order id was used before; mint a new one for a new order",
        409 if starts("fill_or_kill") => "not enough rests at the price; the client order id is spent, mint a new one",
        400 if starts("invalid_price") => "use a price on the market's grid (`price_ranges`), above 0 and below 1",
        400 if starts("invalid_order_size") => "use a size above zero in steps of 0.01 contracts",
        400 if starts("insufficient_balance") => "add cash on the market's shard, or order less",
        404 => "the thing is unknown there, or an order already filled or canceled; read it before trying again",
        410 => "this program must use the newer order calls; update it",
        429 => "ask less often, or raise the account's tier",
        500.. => "the venue is in trouble or paused; look at its exchange status",
        _ => return None,
    })
}

/// Reads an error body, whichever shape it has.
pub(crate) fn read_detail(body: &[u8]) -> ErrorDetail {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return ErrorDetail::default() };
    let nested = value.get("error").filter(|error| error.is_object()).unwrap_or(&value);
    let text = |name: &str| nested.get(name).and_then(|field| field.as_str()).map(str::to_owned);
    let message = text("message").or_else(|| text("msg")).or_else(|| text("error"));
    ErrorDetail { code: text("code"), message, details: text("details") }
}

/// A text of outside origin cut to a size that errors and logs can carry.
pub(crate) fn excerpt(body: &[u8]) -> String {
    const MAX: usize = 4 * 1024;
    String::from_utf8_lossy(&body[..body.len().min(MAX)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str, details: Option<&str>) -> KalshiError {
        let detail = ErrorDetail {
            code: Some(code.to_owned()),
            message: Some(code.to_owned()),
            details: details.map(str::to_owned),
        };
        let answer = VenueAnswer { status, detail, body: "{}".to_owned() };
        KalshiError::Venue { operation: "create order", answer, kind: FailureKind::Refused }
    }

    #[test]
    fn errors_say_what_was_refused_and_what_to_do_next() {
        let error = refused(400, "invalid_order", Some("post only cross"));
        assert_eq!(error.to_string(), "create order: the venue answered 400 invalid_order, post only cross");
        assert_eq!((error.code(), error.status(), error.body()), (Some("invalid_order"), Some(400), Some("{}")));
        assert!(refused(401, "authentication_error", Some("NOT_FOUND")).hint().unwrap().contains("environment"));
        assert!(refused(401, "header_timestamp_expired", None).hint().unwrap().contains("clock"));
        assert!(refused(400, "INSUFFICIENT_BALANCE", None).hint().unwrap().contains("cash"));
        assert_eq!(refused(400, "something_new", None).hint(), None);
        assert_eq!(refused(400, "é", None).hint(), None);
    }
}
