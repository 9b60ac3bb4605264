//! Why risk refuses, with the limit, the value, and what would have fitted.

use std::fmt;
use std::time::Duration;

use brier_book::Untrusted;
use brier_types::{BookSide, MarketStatus, Money, Outcome, Price, Qty, SignedQty, Venue};

use crate::command::Scope;
use crate::halts::Cause;
use crate::ids::{EventId, MarketId, OrderKey, StrategyId};

/// Whose limit or holdings it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The account's, all strategies together.
    Account,
    /// One strategy's.
    Strategy(StrategyId),
}

/// Why a book cannot be believed, without the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distrust {
    /// Not subscribed.
    Empty,
    /// The first snapshot has not come.
    Building,
    /// Something was missed.
    Stale,
    /// Bid and ask have met.
    Crossed,
}

impl From<&Untrusted> for Distrust {
    fn from(why: &Untrusted) -> Self {
        match why {
            Untrusted::Empty => Self::Empty,
            Untrusted::Building => Self::Building,
            Untrusted::Stale(_) => Self::Stale,
            Untrusted::Crossed { .. } => Self::Crossed,
        }
    }
}

/// What a price was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// The best price of the other side.
    Book,
    /// The last middle of the book.
    LastMid,
    /// A fresh fair value.
    Fair,
}

/// Risk's no. What would have fitted is said as contracts of the same request: of an order its quantity, of a change its
/// total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A change of an order that is not known or is over.
    #[error("order {order} is not known, or is over; nothing of it can be changed")]
    UnknownOrder {
        /// Which.
        order: OrderKey,
    },
    /// Halted.
    #[error("{} is halted: {cause}", Words(*.scope))]
    Halted {
        /// What.
        scope: Scope,
        /// Why.
        cause: Cause,
    },
    /// The market does not trade.
    #[error("{market} is {status:?} and takes no orders; Active would")]
    NotActive {
        /// Which.
        market: MarketId,
        /// Where it is in its life.
        status: MarketStatus,
    },
    /// Too close to the close for anything that does not close.
    #[error("{market} closes in {left:?}: nothing new in the last {least:?}, only what closes")]
    NearClose {
        /// Which.
        market: MarketId,
        /// Time to the close.
        left: Duration,
        /// The limit.
        least: Duration,
    },
    /// The price is none of the market's.
    #[error("{price} is no price of {market}; {below} or {above} would be")]
    OffGrid {
        /// Which.
        market: MarketId,
        /// The price.
        price: Price,
        /// The next one of the grid below, or 0.
        below: Price,
        /// The next one of the grid above, or 1.
        above: Price,
    },
    /// The quantity is none of the market's.
    #[error("{qty} contracts are no multiple of {step} in {market}; {fits} would be")]
    OffStep {
        /// Which.
        market: MarketId,
        /// The quantity.
        qty: Qty,
        /// The step.
        step: Qty,
        /// The largest multiple below.
        fits: Qty,
    },
    /// Too small to rest.
    #[error("{qty} contracts are too few to rest in {market}: at least {least}")]
    TooSmall {
        /// Which.
        market: MarketId,
        /// What would rest.
        qty: Qty,
        /// The least.
        least: Qty,
    },
    /// Too small to take.
    #[error("an order worth ${worth} is too small to take in {market}: at least ${least}")]
    TooCheap {
        /// Which.
        market: MarketId,
        /// Its worth at its limit price.
        worth: Money,
        /// The least.
        least: Money,
    },
    /// Too many contracts in one order.
    #[error("{qty} contracts in one order of {market}: at most {limit}; {fits} would fit")]
    OrderQty {
        /// Which.
        market: MarketId,
        /// The limit.
        limit: Qty,
        /// What was asked.
        qty: Qty,
        /// What would have fitted.
        fits: Qty,
    },
    /// Too many dollars in one order.
    #[error("${would_be} in one order of {market}: at most ${limit}; {fits} contracts would fit")]
    OrderCost {
        /// Which.
        market: MarketId,
        /// The limit.
        limit: Money,
        /// What it would be.
        would_be: Money,
        /// What would have fitted.
        fits: Qty,
    },
    /// The book cannot be believed.
    #[error("the book of {market} cannot be believed: {why:?}; wait for a snapshot")]
    Untrusted {
        /// Which.
        market: MarketId,
        /// Why.
        why: Distrust,
    },
    /// The strategy needs a fresh fair value and there is none.
    #[error("{strategy} trades {market} on a fresh fair value only, and there is none")]
    NoFair {
        /// Which.
        market: MarketId,
        /// Whose rule it is.
        strategy: StrategyId,
    },
    /// The other side is empty and nothing else tells what is far away.
    #[error("nothing tells what {price} is worth in {market}: the other side is empty")]
    NoReference {
        /// Which.
        market: MarketId,
        /// The price.
        price: Price,
    },
    /// Too far through the market.
    #[error("{side} at {price} in {market} goes too far against {against:?} at {reference}: {worst} would pass")]
    Collar {
        /// Which.
        market: MarketId,
        /// The side.
        side: BookSide,
        /// The price.
        price: Price,
        /// What it was held against.
        against: Reference,
        /// The price of that.
        reference: Price,
        /// The worst price that would have passed.
        worst: Price,
    },
    /// It might meet our own order.
    #[error("{side} at {price} in {market} may meet our own {other} at {other_price}; cancel that first")]
    SelfCross {
        /// Which.
        market: MarketId,
        /// The side.
        side: BookSide,
        /// The price.
        price: Price,
        /// The order that it may meet.
        other: OrderKey,
        /// The price that it may have.
        other_price: Price,
    },
    /// More would be given up than is owned.
    #[error(
        "{owner} may give up {owned} {outcome} of {market}, of which {offered} are offered: {qty} are too many; {fits} would fit"
    )]
    NotOwned {
        /// Which.
        market: MarketId,
        /// Whose.
        owner: Owner,
        /// What is given up.
        outcome: Outcome,
        /// Contracts owned that may be given up.
        owned: Qty,
        /// Of them, contracts that other orders offer or have given up already.
        offered: Qty,
        /// What was asked.
        qty: Qty,
        /// What would have fitted.
        fits: Qty,
    },
    /// The position would be too large.
    #[error("position of {owner} in {market}: at most {limit}, would be {would_be}; {fits} would fit")]
    Position {
        /// Which.
        market: MarketId,
        /// Whose.
        owner: Owner,
        /// The limit, of either outcome.
        limit: Qty,
        /// What it would be at worst; plus is YES.
        would_be: SignedQty,
        /// What would have fitted.
        fits: Qty,
    },
    /// The event could lose too much.
    #[error("worst case of event {event}: at most ${limit}, would be ${would_be}; {fits} contracts would fit")]
    EventLoss {
        /// Which.
        event: EventId,
        /// The limit.
        limit: Money,
        /// What could be lost.
        would_be: Money,
        /// What would have fitted.
        fits: Qty,
    },
    /// All events of a venue could lose too much.
    #[error("exposure at {venue}: at most ${limit}, would be ${would_be}; {fits} contracts would fit")]
    VenueExposure {
        /// Where.
        venue: Venue,
        /// The limit.
        limit: Money,
        /// What could be lost.
        would_be: Money,
        /// What would have fitted.
        fits: Qty,
    },
    /// All events together could lose too much.
    #[error("exposure in all: at most ${limit}, would be ${would_be}; {fits} contracts would fit")]
    Exposure {
        /// The limit.
        limit: Money,
        /// What could be lost.
        would_be: Money,
        /// What would have fitted.
        fits: Qty,
    },
    /// Not enough cash for everything at its worst.
    #[error(
        "cash of {venue} shard {shard}: ${cash} may be used, ${would_be} would be needed at worst; {fits} contracts would fit"
    )]
    Cash {
        /// Where.
        venue: Venue,
        /// The shard.
        shard: u16,
        /// What may be used: cash less the reserve.
        cash: Money,
        /// What all orders there could need.
        would_be: Money,
        /// What would have fitted.
        fits: Qty,
    },
    /// Too many open orders.
    #[error("open orders of {}: at most {limit}, {open} are open", Words(*.scope))]
    OrderCount {
        /// Of what: all, a market, or a strategy.
        scope: Scope,
        /// The limit.
        limit: u32,
        /// How many there are.
        open: u32,
    },
    /// Too fast.
    #[error("more than {per_second} orders a second to {venue}; one more fits in {wait:?}")]
    Rate {
        /// Where.
        venue: Venue,
        /// The limit.
        per_second: u32,
        /// How long until one fits.
        wait: Duration,
    },
    /// The strategy could lose too much.
    #[error("exposure of {strategy}: at most ${limit}, would be ${would_be}; {fits} contracts would fit")]
    StrategyExposure {
        /// Which.
        strategy: StrategyId,
        /// The limit.
        limit: Money,
        /// What could be lost.
        would_be: Money,
        /// What would have fitted.
        fits: Qty,
    },
}

impl Refusal {
    /// The largest quantity that passes the check that refused, in steps of the market; zero when none does, nothing when
    /// quantity is not what was refused. It may still be refused by a later check.
    pub const fn fits(&self) -> Option<Qty> {
        match *self {
            Self::OffStep { fits, .. }
            | Self::OrderQty { fits, .. }
            | Self::OrderCost { fits, .. }
            | Self::NotOwned { fits, .. }
            | Self::Position { fits, .. }
            | Self::EventLoss { fits, .. }
            | Self::VenueExposure { fits, .. }
            | Self::Exposure { fits, .. }
            | Self::Cash { fits, .. }
            | Self::StrategyExposure { fits, .. } => Some(fits),
            Self::UnknownOrder { .. }
            | Self::Halted { .. }
            | Self::NotActive { .. }
            | Self::NearClose { .. }
            | Self::OffGrid { .. }
            | Self::TooSmall { .. }
            | Self::TooCheap { .. }
            | Self::Untrusted { .. }
            | Self::NoFair { .. }
            | Self::NoReference { .. }
            | Self::Collar { .. }
            | Self::SelfCross { .. }
            | Self::OrderCount { .. }
            | Self::Rate { .. } => None,
        }
    }

    /// Whether the same check refused, whatever the figures.
    pub fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => out.write_str("the account"),
            Self::Strategy(strategy) => strategy.fmt(out),
        }
    }
}

/// A scope in words.
pub(crate) struct Words(pub Scope);

impl fmt::Display for Words {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Scope::All => out.write_str("everything"),
            Scope::Venue(venue) => venue.fmt(out),
            Scope::Market(market) => market.fmt(out),
            Scope::Strategy(strategy) => strategy.fmt(out),
        }
    }
}
