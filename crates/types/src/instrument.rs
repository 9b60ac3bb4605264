//! What can be traded: series, events, markets, and how a market ends.

use std::fmt;

use crate::grid::PriceGrid;
use crate::ids::{EventTicker, MarketTicker, SeriesTicker, Venue};
use crate::price::Price;
use crate::qty::Qty;
use crate::time::Timestamp;

/// A recurring family of events under one rule book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The venue's name.
    pub ticker: SeriesTicker,
    /// For people.
    pub title: String,
    /// The venue's category word.
    pub category: String,
}

/// One real-world question; its markets are its possible answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The venue's name.
    pub ticker: EventTicker,
    /// The family it belongs to.
    pub series: SeriesTicker,
    /// For people.
    pub title: String,
    /// Whether at most one of its markets resolves YES.
    pub mutually_exclusive: bool,
}

/// One yes-no proposition with its own book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Where it trades.
    pub venue: Venue,
    /// The venue's name.
    pub ticker: MarketTicker,
    /// The question it belongs to.
    pub event: EventTicker,
    /// For people.
    pub title: String,
    /// The prices at which it trades.
    pub grid: PriceGrid,
    /// The smallest step of a quantity.
    pub size_step: Qty,
    /// When trading starts.
    pub open_time: Timestamp,
    /// When trading ends; a venue may move it.
    pub close_time: Timestamp,
    /// Where it is in its life.
    pub status: MarketStatus,
    /// The outcome, once determined.
    pub result: Option<MarketResult>,
}

/// Where a market is in its life.
///
/// Source: reference section 7, docs.kalshi.com market lifecycle, 2026-11-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarketStatus {
    /// Listed, before its open time.
    Initialized,
    /// Trading.
    Active,
    /// Paused by the venue.
    Inactive,
    /// After its close time.
    Closed,
    /// The result is known; the settlement timer runs.
    Determined,
    /// The result is challenged.
    Disputed,
    /// The result was corrected; the timer runs again.
    Amended,
    /// Paid out.
    Finalized,
}

/// How a market resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarketResult {
    /// YES pays $1.
    Yes,
    /// NO pays $1.
    No,
    /// YES pays this much, NO the rest.
    Scalar(Price),
}

impl MarketResult {
    /// What one YES contract pays.
    pub const fn yes_payout(self) -> Price {
        match self {
            Self::Yes => Price::ONE,
            Self::No => Price::ZERO,
            Self::Scalar(value) => value,
        }
    }
}

impl fmt::Display for MarketResult {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes => out.write_str("yes"),
            Self::No => out.write_str("no"),
            Self::Scalar(value) => write!(out, "scalar {value}"),
        }
    }
}
