//! What can go wrong between a caller and the venue, and what the caller may do about it.
//!
//! Invariants: every error knows its [`FailureKind`], decided where it is made; a write whose effect is unknown is never
//! anything but [`FailureKind::InDoubt`]; no error carries a key, a secret, a signature or a header.
//!
//! Source: reference, section 9, 2026-11-20.

use std::time::Duration;

use brier_connect::ConnectError;
use brier_polymarket_protocol::errors::{ClobError, ErrorKind};
use brier_polymarket_protocol::ids::OrderHash;
use brier_types::{FailureKind, VenueError};

use crate::creds::StoreError;
use crate::keys::KeyError;
use crate::orders::BuildError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolymarketError {
    /// The wallet key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The API credentials cannot be stored or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The order cannot be put into the venue's terms.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The call needs a wallet and the client has none.
    #[error("{operation}: expected a client with a wallet key, found one without")]
    NoWallet {
        /// The call.
        operation: &'static str,
    },
    /// The call needs API credentials and the client has none.
    #[error("{operation}: expected API credentials, found none")]
    NoCredentials {
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
        answer: Box<ClobError>,
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
        /// What was expected.
        expected: &'static str,
        /// Where and why it does not fit.
        problem: String,
        /// The body as it came, cut to 4 KiB.
        body: String,
        /// What the caller may do: in doubt for a write, which took effect.
        kind: FailureKind,
    },
    /// An order was posted, no clear answer came, and the venue shows no trace of it, which proves nothing.
    #[error("post order: {hash} may have been accepted: {problem}")]
    OrderInDoubt {
        /// The order.
        hash: OrderHash,
        /// What happened instead of an answer.
        problem: String,
    },
    /// A record of the venue's cannot be put into our terms.
    #[error("{operation}: {problem}")]
    Convert {
        /// The call.
        operation: &'static str,
        /// What was expected and what was found, and where.
        problem: String,
    },
    /// A stream could not be opened or broke.
    #[error("websocket: {problem}")]
    Stream {
        /// What happened.
        problem: String,
        /// What the caller may do.
        kind: FailureKind,
    },
}

impl PolymarketError {
    /// What the venue's text says, if it gave one.
    pub fn error_kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Venue { answer, .. } => Some(answer.error_kind()),
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

    /// The answer's body as it came, cut, if there was one.
    pub fn body(&self) -> Option<&str> {
        match self {
            Self::Venue { answer, .. } => Some(&answer.raw),
            Self::Unreadable { body, .. } => Some(body),
            _ => None,
        }
    }
}

impl VenueError for PolymarketError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Key(_)
            | Self::Store(_)
            | Self::NoWallet { .. }
            | Self::NoCredentials { .. }
            | Self::WritesForbidden { .. }
            | Self::Convert { .. } => FailureKind::Fatal,
            Self::Build(_) | Self::Request { .. } | Self::TooLarge { .. } => FailureKind::Refused,
            Self::RateLimited { .. } => FailureKind::Retry,
            Self::OrderInDoubt { .. } => FailureKind::InDoubt,
            Self::Transport { kind, .. }
            | Self::Venue { kind, .. }
            | Self::Unreadable { kind, .. }
            | Self::Stream { kind, .. } => *kind,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Key(KeyError::Permissions { path, .. }) | Self::Store(StoreError::Permissions { path, .. }) => {
                return Some(format!("run `chmod 600 {}`", path.display()));
            }
            Self::Key(_) => "give the wallet's private key: 64 hex digits in a file that only you may read",
            Self::Store(_) => "delete the stored credentials; they are derived again from the wallet key",
            Self::NoWallet { .. } => "set POLYMARKET_PRIVATE_KEY_PATH",
            Self::NoCredentials { .. } => "create or derive the API credentials first",
            Self::WritesForbidden { .. } => "use a local exchange; production is read only so far",
            Self::TooLarge { .. } => "split the batch",
            Self::RateLimited { .. } => "ask less often",
            Self::Unreadable { .. } | Self::Convert { .. } => {
                "the venue speaks a newer form than this program knows; update it"
            }
            Self::Venue { kind: FailureKind::InDoubt, .. }
            | Self::Transport { kind: FailureKind::InDoubt, .. }
            | Self::OrderInDoubt { .. } => IN_DOUBT,
            Self::Venue { answer, .. } => return answer.hint(),
            Self::Transport { .. } | Self::Stream { .. } => {
                "check the network and the host's address; a local `brier exchange` has to be running"
            }
            Self::Build(_) | Self::Request { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

const IN_DOUBT: &str =
    "ask for the order by its hash, or wait for the user stream, before anything else: it may be live";

/// A text of outside origin cut to a size that errors and logs can carry.
pub(crate) fn excerpt(body: &[u8]) -> String {
    const MAX: usize = 4 * 1024;
    String::from_utf8_lossy(&body[..body.len().min(MAX)]).into_owned()
}

impl From<ConnectError> for PolymarketError {
    fn from(error: ConnectError) -> Self {
        Self::Transport { operation: "client", problem: error.0, attempts: 0, kind: FailureKind::Fatal }
    }
}
