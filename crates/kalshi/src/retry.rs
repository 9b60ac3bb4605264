//! Which calls may be made again, and what a failure means: one table.
//!
//! Pure. Two questions decide: may the venue have acted on the attempt, and would a second action differ from the first?
//!
//! | how the attempt ended | read | write, repeatable | write, once |
//! |---|---|---|---|
//! | never sent (no connection) | again | again | again |
//! | 429 (the venue refused to look at it) | again | again | again |
//! | 401 `header_timestamp_expired`, clock corrected since | again | again | again |
//! | sent, then silence, a broken connection, or 5xx | again | again | **in doubt** |
//! | any other 4xx | refused | refused, or in doubt after such a silence | refused |
//! | an answer outside the contract | fatal | **in doubt** | **in doubt** |
//! | 2xx that cannot be read | fatal | **in doubt** | **in doubt** |
//!
//! Source: reference sections 4.2, 8.2 and 8.4, 2026-11-20.

use brier_types::FailureKind;

/// Whether a second copy of a call can do what the first did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It only reads.
    Read,
    /// It writes, and the venue or the meaning of the call makes a second copy harmless:
    ///
    /// * create with a client order id: the second copy is refused with 409 `order_already_exists`;
    /// * cancel, cancel many, cancel all, delete or trigger a group: what is gone cannot go again;
    /// * decrease **to** a size: it never grows an order, so a late copy can only do what was asked.
    Safe,
    /// It writes, and a second or late copy can do harm:
    ///
    /// * decrease **by** a size, and create without an id: done twice, they act twice;
    /// * amend: a copy that arrives after a later amend takes the price back to where it was;
    /// * create many: which of its items were done is not told by a refusal of the whole;
    /// * make, resize or reset a group: a late reset would undo a trigger that stopped trading.
    Once,
}

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
        /// 401 for a timestamp that our clock, corrected by this very answer, would no longer give.
        clock_corrected: bool,
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
    /// Whether the venue may have acted on the attempt.
    pub const fn may_have_acted(self) -> bool {
        match self {
            Self::NotSent => false,
            Self::Silent | Self::Unreadable => true,
            // 4xx is a refusal, but for the one that says that time ran out; what is neither is outside the contract.
            Self::Status { status, .. } => !matches!(status, 400..=499) || status == 408,
        }
    }
}

/// Decides after one attempt.
///
/// `in_doubt_before` says whether an earlier attempt of the same call [may have acted](Ending::may_have_acted);
/// `attempts_left` how many more may follow.
pub fn decide(repeat: Repeat, ending: Ending, in_doubt_before: bool, attempts_left: u32) -> Verdict {
    let again = match ending {
        Ending::NotSent | Ending::Status { status: 429, .. } => true,
        Ending::Status { status: 401, clock_corrected } => clock_corrected,
        Ending::Silent | Ending::Status { status: 408 | 500..=599, .. } => repeat != Repeat::Once,
        Ending::Status { .. } | Ending::Unreadable => false,
    };
    if again && attempts_left > 0 {
        return Verdict::Again;
    }
    let doubt = repeat != Repeat::Read && (in_doubt_before || ending.may_have_acted());
    Verdict::Stop(match ending {
        _ if doubt => FailureKind::InDoubt,
        Ending::NotSent | Ending::Silent | Ending::Status { status: 429 | 408 | 500..=599, .. } => FailureKind::Retry,
        // Keys, clock or scope: the same call will be refused until somebody mends that.
        // A retired call (410) and an answer outside the contract need a newer program.
        Ending::Unreadable | Ending::Status { status: 401 | 403 | 410 | ..=399, .. } => FailureKind::Fatal,
        Ending::Status { .. } => FailureKind::Refused,
    })
}

#[cfg(test)]
mod tests {
    use brier_types::FailureKind::{Fatal, InDoubt, Refused, Retry};

    use super::*;

    const fn status(status: u16) -> Ending {
        Ending::Status { status, clock_corrected: false }
    }

    #[test]
    fn the_table() {
        use Verdict::{Again, Stop};
        let expired = Ending::Status { status: 401, clock_corrected: true };
        // Ending; then for read, safe and once: with attempts left, and with none.
        let rows = [
            (Ending::NotSent, [(Again, Stop(Retry)), (Again, Stop(Retry)), (Again, Stop(Retry))]),
            (status(429), [(Again, Stop(Retry)), (Again, Stop(Retry)), (Again, Stop(Retry))]),
            (expired, [(Again, Stop(Fatal)), (Again, Stop(Fatal)), (Again, Stop(Fatal))]),
            (Ending::Silent, [(Again, Stop(Retry)), (Again, Stop(InDoubt)), (Stop(InDoubt), Stop(InDoubt))]),
            (status(500), [(Again, Stop(Retry)), (Again, Stop(InDoubt)), (Stop(InDoubt), Stop(InDoubt))]),
            (status(503), [(Again, Stop(Retry)), (Again, Stop(InDoubt)), (Stop(InDoubt), Stop(InDoubt))]),
            (status(504), [(Again, Stop(Retry)), (Again, Stop(InDoubt)), (Stop(InDoubt), Stop(InDoubt))]),
            (status(400), [(Stop(Refused), Stop(Refused)); 3]),
            (status(404), [(Stop(Refused), Stop(Refused)); 3]),
            (status(409), [(Stop(Refused), Stop(Refused)); 3]),
            (status(410), [(Stop(Fatal), Stop(Fatal)); 3]),
            (status(401), [(Stop(Fatal), Stop(Fatal)); 3]),
            (status(403), [(Stop(Fatal), Stop(Fatal)); 3]),
            (
                Ending::Unreadable,
                [(Stop(Fatal), Stop(Fatal)), (Stop(InDoubt), Stop(InDoubt)), (Stop(InDoubt), Stop(InDoubt))],
            ),
        ];
        for (ending, columns) in rows {
            for (repeat, (left, none)) in [Repeat::Read, Repeat::Safe, Repeat::Once].into_iter().zip(columns) {
                assert_eq!(decide(repeat, ending, false, 1), left, "{repeat:?} {ending:?}, attempts left");
                assert_eq!(decide(repeat, ending, false, 0), none, "{repeat:?} {ending:?}, none left");
            }
        }
    }

    #[test]
    fn doubt_stays_whatever_comes_after_it() {
        for ending in [Ending::NotSent, status(429), status(400), status(401), status(404), status(409)] {
            assert_eq!(decide(Repeat::Safe, ending, true, 0), Verdict::Stop(InDoubt), "{ending:?}");
            assert_ne!(decide(Repeat::Read, ending, true, 0), Verdict::Stop(InDoubt), "{ending:?}");
        }
    }

    #[test]
    fn the_protocol_judges_a_single_attempt_the_same_way() {
        use brier_kalshi_protocol::errors::classify;
        use brier_kalshi_protocol::rest::Method;
        for code in (100..200).chain(300..600) {
            for (repeat, method) in
                [(Repeat::Read, Method::Get), (Repeat::Safe, Method::Delete), (Repeat::Once, Method::Post)]
            {
                let (kind, _) = classify(method, code, None);
                assert_eq!(decide(repeat, status(code), false, 0), Verdict::Stop(kind), "{method} {code}");
            }
        }
    }
}
