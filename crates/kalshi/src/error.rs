//! What can go wrong between a caller and the venue, and what the caller may do about it.
//!
//! Invariants: every error knows its [`FailureKind`], decided where it is made; a write whose effect is unknown is never
//! anything but [`FailureKind::InDoubt`]; no error carries a key, a signature or a header.
//!
//! Source: reference section 4, docs.kalshi.com errors, 2026-11-20.

use std::time::Duration;

use brier_connect::ConnectError;
use brier_kalshi_protocol::auth::{DETAILS_UNKNOWN_KEY, DETAILS_WRONG_SIGNATURE};
use brier_kalshi_protocol::errors::{ApiError, Code, ErrorBody};
use brier_types::{FailureKind, VenueError};

use crate::keys::KeyError;

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
    #[error("{operation}: {answer}")]
    Venue {
        /// The call.
        operation: &'static str,
        /// What it said.
        answer: Box<ApiError>,
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
    /// The venue's code, if it gave one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Venue { answer, .. } => answer.code(),
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
            Self::Venue { answer, .. } => Some(&answer.raw),
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
            Self::Venue { answer, kind, .. } => return venue_hint(answer, *kind),
            Self::Transport { kind: FailureKind::InDoubt, .. } => IN_DOUBT,
            Self::Transport { .. } | Self::Stream { .. } => {
                "check the network and the host's address; a local `brier exchange` has to be running"
            }
            Self::Request { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

const IN_DOUBT: &str =
    "read the order list, or wait for the stream, before anything else: the call may have taken effect";

/// Source: reference section 3.5.
fn venue_hint(answer: &ApiError, kind: FailureKind) -> Option<String> {
    if kind == FailureKind::InDoubt {
        return Some(IN_DOUBT.to_owned());
    }
    let details = match &answer.body {
        Some(ErrorBody::Nested(detail) | ErrorBody::Flat(detail)) => detail.details.as_deref(),
        Some(ErrorBody::Message(_) | ErrorBody::Text(_)) | None => None,
    };
    let precise = match (answer.status, details) {
        (401, Some(DETAILS_UNKNOWN_KEY)) => {
            "the key id is unknown there: demo and production have separate keys, so check the environment"
        }
        (401, Some(DETAILS_WRONG_SIGNATURE)) => {
            "the private key does not belong to the key id: use the PEM file that came with this id"
        }
        _ => return answer.hint(),
    };
    Some(precise.to_owned())
}

/// A text of outside origin cut to a size that errors and logs can carry.
pub(crate) fn excerpt(body: &[u8]) -> String {
    const MAX: usize = 4 * 1024;
    String::from_utf8_lossy(&body[..body.len().min(MAX)]).into_owned()
}

impl From<ConnectError> for KalshiError {
    fn from(error: ConnectError) -> Self {
        Self::Transport { operation: "client", problem: error.0, attempts: 0, kind: FailureKind::Fatal }
    }
}

#[cfg(test)]
mod tests {
    use brier_kalshi_protocol::rest::Method;

    use super::*;

    fn refused(status: u16, body: &str) -> KalshiError {
        let answer = Box::new(ApiError::new(Method::Post, "/trade-api/v2/portfolio/events/orders", status, body));
        let kind = answer.kind();
        KalshiError::Venue { operation: "create order", answer, kind }
    }

    #[test]
    fn errors_say_what_was_refused_and_what_to_do_next() {
        let body = r#"{"error":{"code":"invalid_order","message":"invalid order","details":"post only cross"}}"#;
        let error = refused(400, body);
        assert!(error.to_string().starts_with("create order: POST /trade-api/v2/portfolio/events/orders: status 400"));
        assert!(error.to_string().ends_with("post only cross"), "{error}");
        assert_eq!((error.code(), error.status(), error.body()), (Some(Code::InvalidOrder), Some(400), Some(body)));
        let details = |word: &str| format!(r#"{{"error":{{"code":"authentication_error","details":"{word}"}}}}"#);
        assert!(refused(401, &details("NOT_FOUND")).hint().unwrap().contains("environment"));
        assert!(refused(401, &details("INCORRECT_API_KEY_SIGNATURE")).hint().unwrap().contains("belong"));
        assert!(refused(401, r#"{"error":{"code":"header_timestamp_expired"}}"#).hint().unwrap().contains("clock"));
        assert_eq!(refused(504, "").kind(), FailureKind::InDoubt);
        assert_eq!(refused(504, "").hint().as_deref(), Some(IN_DOUBT));
    }
}
