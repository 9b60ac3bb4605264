//! What a token exchange can be told to do, and what it answers. A journal of commands with their times is the whole state.

use brier_polymarket_protocol::fees::FeeSchedule;
use brier_types::{Action, MarketResult, Money, Outcome, Price, PriceGrid, Qty, TimeInForce, Timestamp};

use super::event::EndReason;
use crate::ids::{AccountId, GroupId, MarketId, OrderId, TradeNo};

/// One command. The time it is applied at stands beside it, in [`super::TokenExchange::apply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing but the passing of time: orders whose time is over end.
    Tick,
    /// Opens the next account. Answers [`Reply::Account`].
    OpenAccount,
    /// Moves cash in from outside, or out when negative. Answers [`Reply::Done`].
    Fund {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Money,
    },
    /// Opens the next negative-risk group: markets of which at most one resolves YES. Answers [`Reply::Group`].
    CreateGroup,
    /// Lists a market. Answers [`Reply::Market`].
    CreateMarket(MarketSpec),
    /// Changes a market. Answers [`Reply::Done`].
    ChangeMarket {
        /// Which.
        market: MarketId,
        /// How.
        change: MarketCommand,
    },
    /// Places an order. Answers [`Reply::Placed`].
    Place(PlaceOrder),
    /// Takes a resting order back. Answers [`Reply::Canceled`].
    Cancel {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderId,
    },
    /// Changes how far the settlement of a match has come. Answers [`Reply::Done`].
    Settle {
        /// Which.
        trade: TradeNo,
        /// What happened to it.
        step: SettlementStep,
    },
    /// Exchanges cash and tokens at par. Answers [`Reply::Paid`].
    Position {
        /// Whose.
        account: AccountId,
        /// What.
        operation: PositionOperation,
    },
}

/// A market to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketSpec {
    /// The prices at which it trades.
    pub grid: PriceGrid,
    /// What takers pay.
    pub fees: FeeSchedule,
    /// The negative-risk group it belongs to.
    pub group: Option<GroupId>,
    /// Whether orders are taken from the start.
    pub accepting: bool,
}

/// A change of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketCommand {
    /// Takes orders, or takes none any more; resting orders stay and can be canceled.
    SetAccepting(bool),
    /// Changes the grid. Resting orders stay, also where the new grid has no price.
    SetGrid(PriceGrid),
    /// Changes what takers pay from now on.
    SetFees(FeeSchedule),
    /// Cancels every resting order.
    ClearBook,
    /// States what the tokens pay: ends trading and resting orders for good.
    Resolve(MarketResult),
}

/// How much an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// This many shares.
    Shares(Qty),
    /// A purchase of as many shares as this much cash buys at the limit price or better, fees on top. Immediate orders only.
    Cash(Money),
}

/// An order to be placed, in terms of its own token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// Buy or sell.
    pub action: Action,
    /// Which token.
    pub outcome: Outcome,
    /// Limit price of one such token.
    pub price: Price,
    /// How much.
    pub size: Size,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Refuse rather than take.
    pub post_only: bool,
}

/// What can happen to a match on its way to being final.
///
/// Source: reference (Polymarket), section 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettlementStep {
    /// It is in a block: tokens and cash move.
    Mine,
    /// The chain refused it; it will be tried again.
    Retry,
    /// It is final.
    Confirm,
    /// It is given up: nothing moves, and what it held is free again.
    Fail,
}

/// An exchange of cash and tokens at par, with the house.
///
/// Source: reference (Polymarket), section 16.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PositionOperation {
    /// One dollar becomes one YES and one NO.
    Split {
        /// Where.
        market: MarketId,
        /// How many pairs.
        qty: Qty,
    },
    /// One YES and one NO become one dollar.
    Merge {
        /// Where.
        market: MarketId,
        /// How many pairs.
        qty: Qty,
    },
    /// NO of `n` markets of a group become YES of every other market of it and `n` − 1 dollars each.
    Convert {
        /// The group.
        group: GroupId,
        /// Positions of the markets in the group whose NO is given.
        questions: Vec<u32>,
        /// How many of each.
        qty: Qty,
    },
    /// Every token of a resolved market becomes what it pays.
    Redeem {
        /// Where.
        market: MarketId,
    },
    /// Tokens go to another account.
    Transfer {
        /// Where.
        market: MarketId,
        /// Which token.
        outcome: Outcome,
        /// How many.
        qty: Qty,
        /// To whom.
        to: AccountId,
    },
}

/// The answer to a command that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It happened.
    Done,
    /// The account that was opened.
    Account(AccountId),
    /// The market that was listed.
    Market(MarketId),
    /// The group that was opened.
    Group(GroupId),
    /// What became of an order.
    Placed(Placed),
    /// What a cancel took back.
    Canceled(Qty),
    /// What an operation paid; negative when it cost.
    Paid(Money),
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its id, also when it is already over.
    pub order: OrderId,
    /// The match it caused, if it met anything.
    pub trade: Option<TradeNo>,
    /// Shares filled.
    pub filled: Qty,
    /// Cash paid or received for them, before the fee.
    pub cash: Money,
    /// The fee of its fills.
    pub fee: Money,
    /// Shares that rest.
    pub remaining: Qty,
    /// Why it is over, if it is.
    pub end: Option<EndReason>,
}

/// When an order ends by itself.
pub(super) fn expiry(time_in_force: TimeInForce) -> Option<Timestamp> {
    match time_in_force {
        TimeInForce::Gtd(at) => Some(at),
        TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => None,
    }
}
