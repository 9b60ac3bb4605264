//! Why risk says no. Each refusal names its limit, the value, and what would have fitted.

use std::time::Duration;

use brier_types::{MarketStatus, Money, Price, Qty};

use crate::command::Scope;
use crate::halts::Cause;

/// Why an order is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something is halted.
    #[error("{scope:?} is halted: {cause:?}")]
    Halted {
        /// What.
        scope: Scope,
        /// Why.
        cause: Cause,
    },
    /// The market takes no orders.
    #[error("the market is {status:?}, and only an active one takes orders")]
    MarketNotActive {
        /// What it is.
        status: MarketStatus,
    },
    /// The market closes too soon.
    #[error("the market closes in {left:?}, and new positions need at least {limit:?}")]
    TooCloseToClose {
        /// Time left.
        left: Duration,
        /// The limit.
        limit: Duration,
    },
    /// The price is none of the market's.
    #[error("{price} is not on the market's price steps")]
    OffGrid {
        /// The price.
        price: Price,
    },
    /// The size is none of the market's.
    #[error("{qty} is no multiple of the size step {step}")]
    OffStep {
        /// The size.
        qty: Qty,
        /// The step.
        step: Qty,
    },
    /// Too small to rest.
    #[error("{qty} contracts, and an order that rests has at least {least}")]
    TooSmall {
        /// The size.
        qty: Qty,
        /// The least.
        least: Qty,
    },
    /// Too cheap to take.
    #[error("worth ${dollars}, and an order that takes is worth at least ${least}")]
    TooCheap {
        /// Its worth.
        dollars: Money,
        /// The least.
        least: Money,
    },
    /// Too large.
    #[error("{qty} contracts, at most {limit} in one order")]
    OrderSize {
        /// The size.
        qty: Qty,
        /// The limit.
        limit: Qty,
    },
    /// The book cannot be believed.
    #[error("the book is not built, stale or crossed; wait for it")]
    UntrustedBook,
    /// Nothing to compare the price with.
    #[error("the book is empty, so nothing says what a fair price is; only post-only orders are placed")]
    EmptyBook,
    /// Too far beyond the book.
    #[error("{price} is more than {limit} beyond the book's {reference}")]
    BookCollar {
        /// The price.
        price: Price,
        /// The book's.
        reference: Price,
        /// The limit.
        limit: Price,
    },
    /// Too far beyond fair value.
    #[error("{price} is more than {limit} beyond the fair value {reference}")]
    FairCollar {
        /// The price.
        price: Price,
        /// Fair value.
        reference: Price,
        /// The limit.
        limit: Price,
    },
    /// It would meet our own order.
    #[error("{price} would meet our own order at {own}")]
    SelfCross {
        /// The price.
        price: Price,
        /// Our own.
        own: Price,
    },
    /// More would be sold than is owned and free.
    #[error("{wanted} would be sold, and {free} are owned, final and not offered yet")]
    NotOwned {
        /// The size.
        wanted: Qty,
        /// What would fit.
        free: Qty,
    },
    /// A closing order would open a position.
    #[error("{wanted} would be closed, and {free} are owned and not offered yet")]
    WouldOpen {
        /// The size.
        wanted: Qty,
        /// What would fit.
        free: Qty,
    },
    /// Too large a position.
    #[error("position: at most {limit} contracts, would be {would_be}; {fits} more would fit")]
    Position {
        /// The limit.
        limit: Qty,
        /// What it would be.
        would_be: Qty,
        /// What would fit.
        fits: Qty,
    },
    /// Too large a position of the strategy.
    #[error("the strategy's position: at most {limit} contracts, would be {would_be}; {fits} more would fit")]
    StrategyPosition {
        /// The limit.
        limit: Qty,
        /// What it would be.
        would_be: Qty,
        /// What would fit.
        fits: Qty,
    },
    /// The event could lose too much.
    #[error("the event's worst case: at most ${limit}, would be ${would_be}; {fits} contracts would fit")]
    EventLoss {
        /// The limit.
        limit: Money,
        /// What it would be.
        would_be: Money,
        /// What would fit.
        fits: Qty,
    },
    /// All events could lose too much.
    #[error("exposure: at most ${limit}, would be ${would_be}; {fits} contracts would fit")]
    Exposure {
        /// The limit.
        limit: Money,
        /// What it would be.
        would_be: Money,
        /// What would fit.
        fits: Qty,
    },
    /// All events of the venue could lose too much.
    #[error("exposure at this venue: at most ${limit}, would be ${would_be}; {fits} contracts would fit")]
    VenueExposure {
        /// The limit.
        limit: Money,
        /// What it would be.
        would_be: Money,
        /// What would fit.
        fits: Qty,
    },
    /// The strategy's budget is spent.
    #[error("the strategy's exposure: at most ${limit}, would be ${would_be}")]
    StrategyExposure {
        /// The limit.
        limit: Money,
        /// What it would be.
        would_be: Money,
    },
    /// Not enough cash.
    #[error("needs ${needs}, and ${free} are free on this shard; {fits} contracts would fit")]
    Cash {
        /// What it needs.
        needs: Money,
        /// What is free.
        free: Money,
        /// What would fit.
        fits: Qty,
    },
    /// Too many orders.
    #[error("{open} orders are open, at most {limit}")]
    OpenOrders {
        /// How many are open.
        open: u32,
        /// The limit.
        limit: u32,
    },
    /// Too fast.
    #[error("more than {per_second} orders a second")]
    Rate {
        /// The limit.
        per_second: u32,
    },
    /// The order to be changed is not known.
    #[error("the order to be changed is not known")]
    UnknownOrder,
}

impl Refusal {
    /// The size that this limit would have admitted, where size is the matter.
    pub const fn fits(&self) -> Option<Qty> {
        match self {
            Self::OrderSize { limit, .. } => Some(*limit),
            Self::NotOwned { free, .. } | Self::WouldOpen { free, .. } => Some(*free),
            Self::Position { fits, .. }
            | Self::StrategyPosition { fits, .. }
            | Self::EventLoss { fits, .. }
            | Self::Exposure { fits, .. }
            | Self::VenueExposure { fits, .. }
            | Self::Cash { fits, .. } => Some(*fits),
            Self::Halted { .. }
            | Self::MarketNotActive { .. }
            | Self::TooCloseToClose { .. }
            | Self::OffGrid { .. }
            | Self::OffStep { .. }
            | Self::TooSmall { .. }
            | Self::TooCheap { .. }
            | Self::UntrustedBook
            | Self::EmptyBook
            | Self::BookCollar { .. }
            | Self::FairCollar { .. }
            | Self::SelfCross { .. }
            | Self::StrategyExposure { .. }
            | Self::OpenOrders { .. }
            | Self::Rate { .. }
            | Self::UnknownOrder => None,
        }
    }

    /// Whether it is the same limit that was met, whatever the numbers.
    pub fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
