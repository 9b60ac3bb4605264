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
    /// A later leg asks for equal dollars, not for equal contracts.
    LegInDollars,
    /// A leg in doubt counts as not filled.
    LegDoubtIsNothing,
    /// What may be open counts nothing that is in doubt or not final.
    DoubtOutsideBound,
    /// A match of a leg that failed is not noticed by its combo.
    UndoneMatchIgnored,
    /// What is left of a set is reckoned without the fees of what is still to be bought.
    EdgeForgetsFees,
}

impl Planted {
    /// All of them.
    pub const ALL: [Self; 17] = [
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
        Self::LegInDollars,
        Self::LegDoubtIsNothing,
        Self::DoubtOutsideBound,
        Self::UndoneMatchIgnored,
        Self::EdgeForgetsFees,
    ];

    /// Whether it is about legs, and so shows only where strategies trade some.
    pub const fn is_of_legs(self) -> bool {
        matches!(
            self,
            Self::LegInDollars
                | Self::LegDoubtIsNothing
                | Self::DoubtOutsideBound
                | Self::UndoneMatchIgnored
                | Self::EdgeForgetsFees
        )
    }

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
            Self::LegInDollars => "leg-in-dollars",
            Self::LegDoubtIsNothing => "leg-doubt-is-nothing",
            Self::DoubtOutsideBound => "doubt-outside-bound",
            Self::UndoneMatchIgnored => "undone-match-ignored",
            Self::EdgeForgetsFees => "edge-forgets-fees",
        }
    }
}
