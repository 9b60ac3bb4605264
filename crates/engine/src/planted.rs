//! Bugs that can be planted on purpose, to show that the simulator finds them. Nothing but a test's configuration plants one.

/// A bug that other programs have had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Planted {
    /// A placing without an answer counts as refused.
    TimeoutMeansRejected,
    /// An order that the first read does not show counts as never arrived.
    NotFoundAtOnce,
    /// An order is over when its cancel was sent.
    CancelMeansGone,
    /// A fill that the reads tell again is booked again.
    FillsCountTwice,
    /// A fill of an order that is over is dropped.
    LateFillsDropped,
    /// An order in doubt is counted as nothing.
    DoubtIsFree,
    /// A match that failed stays booked.
    FailedFillsStay,
    /// Books are trusted through gaps and lost connections.
    LostBooksTrusted,
    /// A market is paid each time it is said to be paid.
    PaidTwice,
    /// Commands leave before they are written down.
    SentBeforeWritten,
    /// A restart lifts the kill switch.
    KillForgotten,
    /// A difference from the venue is ignored.
    DifferencesIgnored,
}

impl Planted {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::TimeoutMeansRejected,
        Self::NotFoundAtOnce,
        Self::CancelMeansGone,
        Self::FillsCountTwice,
        Self::LateFillsDropped,
        Self::DoubtIsFree,
        Self::FailedFillsStay,
        Self::LostBooksTrusted,
        Self::PaidTwice,
        Self::SentBeforeWritten,
        Self::KillForgotten,
        Self::DifferencesIgnored,
    ];

    /// The word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TimeoutMeansRejected => "timeout-means-rejected",
            Self::NotFoundAtOnce => "not-found-at-once",
            Self::CancelMeansGone => "cancel-means-gone",
            Self::FillsCountTwice => "fills-count-twice",
            Self::LateFillsDropped => "late-fills-dropped",
            Self::DoubtIsFree => "doubt-is-free",
            Self::FailedFillsStay => "failed-fills-stay",
            Self::LostBooksTrusted => "lost-books-trusted",
            Self::PaidTwice => "paid-twice",
            Self::SentBeforeWritten => "sent-before-written",
            Self::KillForgotten => "kill-forgotten",
            Self::DifferencesIgnored => "differences-ignored",
        }
    }
}
