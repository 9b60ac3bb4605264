//! Whether a local book can be believed, and why not.

use std::sync::Arc;

use brier_types::{BookSide, Price};

use crate::ladder::LadderError;

/// How far a local book can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing was asked for and nothing came.
    Empty,
    /// Subscribed; the first snapshot has not come yet.
    Building,
    /// Built from a snapshot, and every later change was applied.
    Trusted,
    /// Something went wrong. Only a snapshot mends it.
    Stale(StaleReason),
}

/// What made a book unusable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaleReason {
    /// Messages of the subscription are missing.
    #[error("sequence gap: expected {expected}, found {found}")]
    SequenceGap {
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The subscription's counter went back: the venue began anew without saying so.
    #[error("sequence went back from {last} to {found}")]
    SequenceRestarted {
        /// The last number before.
        last: u64,
        /// The number that came.
        found: u64,
    },
    /// A level cannot be what the messages say.
    #[error("{} side: {error}", side_word(*.side))]
    Level {
        /// The side in the YES book.
        side: BookSide,
        /// What is impossible about it.
        error: LadderError,
    },
    /// A snapshot named one level twice.
    #[error("snapshot names the {} level {price} twice", side_word(*.side))]
    DuplicateLevel {
        /// The side in the YES book.
        side: BookSide,
        /// The level.
        price: Price,
    },
    /// The subscription has ended, so no change arrives any more.
    #[error("subscription ended")]
    Unsubscribed,
    /// The connection is gone.
    #[error("disconnected")]
    Disconnected,
    /// The connector said so.
    #[error("{0}")]
    Reported(Arc<str>),
}

/// Why [`crate::Book::view`] shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// See [`Trust::Empty`]: subscribe first.
    #[error("no book: the market is not subscribed; subscribe to it first")]
    Empty,
    /// See [`Trust::Building`]: wait.
    #[error("no book yet: the first snapshot has not arrived; wait for it")]
    Building,
    /// See [`Trust::Stale`]: a new snapshot is needed.
    #[error("stale book: {0}; ask the venue for a snapshot")]
    Stale(StaleReason),
    /// The best bid is at or above the best ask, which cannot rest on a venue: orders at such prices match at once. A
    /// bid equal to the ask (locked) counts too: it means that a YES bid and a NO bid add up to exactly one dollar. Seen
    /// for a moment between two changes of one match; the book mends itself with the next ones.
    #[error("crossed book: bid {bid} is not below ask {ask}; wait for the next changes")]
    Crossed {
        /// Best YES bid.
        bid: Price,
        /// Best YES ask.
        ask: Price,
    },
}

const fn side_word(side: BookSide) -> &'static str {
    match side {
        BookSide::Bid => "bid",
        BookSide::Ask => "ask",
    }
}
