//! What a token exchange says happened, in order.

use brier_types::{Action, BookSide, FillStatus, MarketResult, Money, Outcome, Price, Qty};

use super::command::PositionOperation;
use crate::ids::{AccountId, GroupId, MarketId, OrderId, TradeNo};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An order was accepted. Its match, if any, comes next.
    OrderAccepted {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
        /// Where.
        market: MarketId,
    },
    /// Orders met. Cash and tokens are held and move when the match is mined.
    Matched(Match),
    /// A resting order was filled in part or whole.
    OrderFilled {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
        /// What remains.
        remaining: Qty,
    },
    /// An order is over.
    OrderEnded {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
        /// Where.
        market: MarketId,
        /// What was taken back; a dust of less than a hundredth of a share when it filled.
        canceled: Qty,
        /// Why.
        reason: EndReason,
    },
    /// A level of a book changed to this total.
    LevelChanged {
        /// Where.
        market: MarketId,
        /// The side in the YES book.
        side: BookSide,
        /// The level, in YES terms.
        price: Price,
        /// What it holds now.
        total: Qty,
    },
    /// A match came closer to being final, or failed.
    SettlementChanged {
        /// Which.
        trade: TradeNo,
        /// How far it is.
        status: FillStatus,
    },
    /// Cash and tokens were exchanged at par.
    PositionChanged {
        /// Whose.
        account: AccountId,
        /// What was done.
        operation: PositionOperation,
        /// Cash it paid; negative when it cost.
        cash: Money,
    },
    /// Cash came in from outside, or left.
    Funded {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Money,
    },
    /// A market was listed.
    MarketCreated {
        /// Which.
        market: MarketId,
        /// Its group.
        group: Option<GroupId>,
    },
    /// A market's grid, fees or willingness changed.
    MarketChanged {
        /// Which.
        market: MarketId,
    },
    /// What a market's tokens pay is known.
    Resolved {
        /// Which.
        market: MarketId,
        /// What they pay.
        result: MarketResult,
    },
}

/// One order that took, and what it met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its number.
    pub no: TradeNo,
    /// Where.
    pub market: MarketId,
    /// The order that took: sums over its fills.
    pub taker: MatchSide,
    /// The orders it met, in order.
    pub fills: Vec<MatchFill>,
}

/// One order that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchFill {
    /// Its own part.
    pub maker: MatchSide,
    /// Cash the taker paid or received against it, before the fee.
    pub taker_cash: Money,
    /// The taker's fee for it.
    pub taker_fee: Money,
}

/// One order's part of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchSide {
    /// The order.
    pub order: OrderId,
    /// Whose.
    pub account: AccountId,
    /// Buy or sell.
    pub action: Action,
    /// Its token.
    pub outcome: Outcome,
    /// Its limit price, in terms of its token; a maker's is the price of the fill.
    pub price: Price,
    /// Shares.
    pub qty: Qty,
    /// Cash paid or received, before the fee.
    pub cash: Money,
    /// Its fee.
    pub fee: Money,
}

/// How two orders meet.
///
/// Source: reference (Polymarket), section 7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchKind {
    /// A buyer and a seller of one token.
    Complementary,
    /// Buyers of both tokens: a new pair is made.
    Mint,
    /// Sellers of both tokens: a pair is dissolved.
    Merge,
}

impl MatchKind {
    /// How orders doing these two things meet.
    pub const fn of(taker: Action, maker: Action) -> Self {
        match (taker, maker) {
            (Action::Buy, Action::Buy) => Self::Mint,
            (Action::Sell, Action::Sell) => Self::Merge,
            (Action::Buy, Action::Sell) | (Action::Sell, Action::Buy) => Self::Complementary,
        }
    }
}

/// Why an order is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// It filled; what is left, if anything, is dust.
    Filled,
    /// Its owner canceled it.
    UserCancel,
    /// The rest of an immediate order was not filled at once.
    Immediate,
    /// Its time was over.
    Expiry,
    /// Its market resolved.
    Resolved,
    /// The venue cleared the book.
    Cleared,
}
