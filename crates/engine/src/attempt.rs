//! The ledger of combos: what each attempt wanted, got, cost and is sure to bring.
//!
//! A record leaves the engine as [`crate::Alert::Attempt`] whenever an attempt ends, and again when something happens to it
//! later: a match that fails, a leg that was held and is sold, the results of its markets. The last one of a number counts. All money but what was realised is that of the
//! worst state of the world: a leg without its counterparts is worth nothing in it.

use brier_types::{BookSide, Money, Price, Qty, Timestamp};

use crate::ids::{MarketId, StrategyId};

/// How many attempts the engine remembers.
pub const KEPT: usize = 256;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// Nothing was sent.
    Refused,
    /// What was sent got nothing.
    Nothing,
    /// Equal contracts of every leg, each bought within what was wanted; nothing failed.
    Complete,
    /// Equal contracts of every leg, after a match failed or one had to be bought for more than was wanted. It may have cost
    /// more than it pays, by what the combo's rule allows.
    Rebalanced,
    /// What was left over was sold again; whatever is held is in equal contracts.
    Unwound,
    /// A leg is open and is held.
    Held,
}

impl Ended {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Nothing => "nothing",
            Self::Complete => "complete",
            Self::Rebalanced => "rebalanced",
            Self::Unwound => "unwound",
            Self::Held => "held",
        }
    }
}

/// One leg of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptLeg {
    /// The market.
    pub market: MarketId,
    /// The side of the YES book.
    pub side: BookSide,
    /// The worst YES price that was wanted.
    pub limit: Price,
    /// The YES price that the strategy saw.
    pub seen: Price,
    /// Contracts that its orders asked for, those of repeated orders too.
    pub asked: Qty,
    /// Contracts bought by fills that have not failed.
    pub bought: Qty,
    /// Dollars paid for them, without fees.
    pub cost: Money,
    /// Contracts of them that were sold again.
    pub sold: Qty,
    /// Dollars got for those, without fees.
    pub got: Money,
    /// Fees of all its fills.
    pub fees: Money,
    /// Contracts of matches that failed.
    pub failed: Qty,
    /// Contracts that are held without their counterparts.
    pub open: Qty,
}

impl AttemptLeg {
    /// Dollars a contract on average, without fees, rounded up.
    pub fn average(&self) -> Option<Money> {
        let (cost, bought) = (i128::from(self.cost.micros()), i128::from(self.bought.micros()));
        let each = (cost * i128::from(Qty::PER_CONTRACT) + bought - 1).checked_div(bought)?;
        i64::try_from(each).ok().map(Money::from_micros)
    }
}

/// One combo, as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The combo's number, counted through the life of the journal.
    pub combo: u32,
    /// Whose it is.
    pub strategy: StrategyId,
    /// When it was wanted.
    pub began: Timestamp,
    /// When it came to what is told here.
    pub at: Timestamp,
    /// Contracts of each leg that were wanted.
    pub wanted: Qty,
    /// Contracts of each leg that were tried: what depth, limits and the bound on open legs left of it.
    pub qty: Qty,
    /// Dollars that a contract of every leg together pays in the worst state.
    pub pays: Money,
    /// The legs, in the order in which they were sent.
    pub legs: Vec<AttemptLeg>,
    /// Contracts that are held in every leg.
    pub sets: Qty,
    /// Profit in the worst state, fees included, that the books gave for the contracts tried when the first leg was sent.
    pub expected: Money,
    /// Profit that is sure in the worst state, fees included, as things stand.
    pub locked_in: Money,
    /// What it made, fees included, when every market in which it holds contracts has its final result: a void, a result that
    /// parts the legs and a leg that was held and won are in it. None before.
    pub realised: Option<Money>,
    /// How it ended.
    pub ended: Ended,
    /// Why, for people; empty where the rest says it.
    pub why: String,
}
