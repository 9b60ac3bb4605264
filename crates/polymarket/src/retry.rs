//! Which calls may be made again, and what a failure means: one table.
//!
//! Pure. A read may always be made again. A post may be made again **with the same signed bytes**: the order's hash is its
//! identity, and the venue answers a copy with `Duplicated`, which then means that the first one arrived. Cancels, key calls
//! and heartbeats do no more when done twice.
//!
//! | how the attempt ended | read | post, same bytes | idempotent write |
//! |---|---|---|---|
//! | never sent (no connection) | again | again | again |
//! | 425, 429, `order timed out` (the venue did nothing) | again | again | again |
//! | post-only, cancel-only, disabled | retry later | retry later | retry later |
//! | sent, then silence, a broken connection, or another 5xx | again | again, then **in doubt** | again, then **in doubt** |
//! | `order match delayed` | – | **in doubt** | – |
//! | any other refusal | refused | refused; after a silence **in doubt** | refused |
//! | 2xx that cannot be read | fatal | **in doubt** | **in doubt** |
//!
//! A refusal after a silence proves nothing about a post: the first copy may have taken the balance that the second lacks.
//!
//! Source: reference, sections 7.4 to 7.7 and 9, 2026-11-20.

use brier_polymarket_protocol::errors::{CallKind, ErrorKind, classify};
use brier_types::FailureKind;

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// No connection: no byte of the request left.
    NotSent,
    /// It left, and no answer came in time or the connection broke.
    Silent,
    /// An answer that is no success.
    Status {
        /// The HTTP status.
        status: u16,
        /// What its text says.
        kind: ErrorKind,
    },
    /// A success whose body is not what it should be.
    Unreadable,
}

/// What to do after an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Wait, then try again.
    Again,
    /// Give the failure to the caller as this.
    Stop(FailureKind),
}

impl Ending {
    /// What the ending alone means for a call.
    pub fn failure(self, call: CallKind) -> FailureKind {
        match self {
            Self::NotSent => FailureKind::Retry,
            Self::Silent if call == CallKind::Read => FailureKind::Retry,
            Self::Unreadable if call == CallKind::Read => FailureKind::Fatal,
            Self::Silent | Self::Unreadable => FailureKind::InDoubt,
            Self::Status { status, kind } => classify(call, status, kind).0,
        }
    }

    /// Whether waiting a moment can help: not where the venue closed, nor where it said that a match is pending.
    fn passes_soon(self) -> bool {
        use ErrorKind::{CancelOnly, MatchDelayed, PostOnlyMode, TradingDisabled};
        match self {
            Self::NotSent | Self::Silent => true,
            Self::Status { kind, .. } => !matches!(kind, PostOnlyMode | CancelOnly | TradingDisabled | MatchDelayed),
            Self::Unreadable => false,
        }
    }
}

/// Decides after one attempt.
///
/// `in_doubt_before` says whether an earlier attempt of the same call may have acted; `attempts_left` how many more may
/// follow.
pub fn decide(call: CallKind, ending: Ending, in_doubt_before: bool, attempts_left: u32) -> Verdict {
    let failure = ending.failure(call);
    let again = matches!(failure, FailureKind::Retry | FailureKind::InDoubt) && ending.passes_soon();
    if again && attempts_left > 0 {
        return Verdict::Again;
    }
    if in_doubt_before && call != CallKind::Read {
        return Verdict::Stop(FailureKind::InDoubt);
    }
    Verdict::Stop(failure)
}

#[cfg(test)]
mod tests {
    use FailureKind::{Fatal, InDoubt, Refused, Retry};
    use Verdict::{Again, Stop};

    use super::*;

    fn status(status: u16, kind: ErrorKind) -> Ending {
        Ending::Status { status, kind }
    }

    #[test]
    fn the_whole_table() {
        let other = ErrorKind::Other;
        // Each row: read, post, idempotent write; with attempts left and without.
        let rows = [
            (Ending::NotSent, [(Again, Stop(Retry)), (Again, Stop(Retry)), (Again, Stop(Retry))]),
            (Ending::Silent, [(Again, Stop(Retry)), (Again, Stop(InDoubt)), (Again, Stop(InDoubt))]),
            (
                Ending::Unreadable,
                [(Stop(Fatal), Stop(Fatal)), (Stop(InDoubt), Stop(InDoubt)), (Stop(InDoubt), Stop(InDoubt))],
            ),
            (status(425, other), [(Again, Stop(Retry)); 3]),
            (status(429, ErrorKind::TooManyRequests), [(Again, Stop(Retry)); 3]),
            (status(500, ErrorKind::OrderTimedOut), [(Again, Stop(Retry)); 3]),
            (status(500, ErrorKind::Internal), [(Again, Stop(Retry)), (Again, Stop(InDoubt)), (Again, Stop(InDoubt))]),
            (
                status(500, ErrorKind::CouldNotInsert),
                [(Again, Stop(Retry)), (Again, Stop(InDoubt)), (Again, Stop(InDoubt))],
            ),
            (status(500, ErrorKind::RoundingIssues), [(Stop(Refused), Stop(Refused)); 3]),
            (status(503, ErrorKind::PostOnlyMode), [(Stop(Retry), Stop(Retry)); 3]),
            (status(400, ErrorKind::MatchDelayed), [(Stop(InDoubt), Stop(InDoubt)); 3]),
            (status(400, ErrorKind::Duplicated), [(Stop(Refused), Stop(Refused)); 3]),
            (status(400, other), [(Stop(Refused), Stop(Refused)); 3]),
            (status(401, ErrorKind::Unauthorized), [(Stop(Fatal), Stop(Fatal)); 3]),
        ];
        for (ending, columns) in rows {
            for (call, (left, none)) in [CallKind::Read, CallKind::Post, CallKind::Idempotent].into_iter().zip(columns)
            {
                assert_eq!(decide(call, ending, false, 1), left, "{call:?} {ending:?}, attempts left");
                assert_eq!(decide(call, ending, false, 0), none, "{call:?} {ending:?}, none left");
            }
        }
    }

    #[test]
    fn doubt_stays_whatever_comes_after_it() {
        for ending in [
            Ending::NotSent,
            status(429, ErrorKind::TooManyRequests),
            status(400, ErrorKind::NotEnoughBalance),
            status(400, ErrorKind::Duplicated),
            status(401, ErrorKind::Unauthorized),
        ] {
            assert_eq!(decide(CallKind::Post, ending, true, 0), Stop(InDoubt), "{ending:?}");
            assert_ne!(decide(CallKind::Read, ending, true, 0), Stop(InDoubt), "{ending:?}");
        }
    }
}
