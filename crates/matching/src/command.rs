//! What the core can be told to do. Commands are plain data: a journal of them, with their times, is the whole state.

use std::time::Duration;

use brier_kalshi_protocol::fees::{BalancePrecision, FeeSchedule};
use brier_types::{
    BookSide, ClientOrderId, MarketResult, Money, Price, PriceGrid, Qty, SelfTradePrevention, TimeInForce, Timestamp,
};

use crate::ids::{AccountId, GroupId, MarketId, OrderId};

/// One command. The time it is applied at stands beside it, in [`crate::Exchange::apply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing but the passing of time: expiries, opens, closes and settlements that are due happen.
    Tick,
    /// Opens the next account. Answers [`Reply::Account`].
    OpenAccount {
        /// The step its balance moves in.
        precision: BalancePrecision,
    },
    /// Moves money in from outside, or out when negative. Answers [`Reply::Done`].
    Fund {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Money,
    },
    /// Lists a market. Answers [`Reply::Market`].
    CreateMarket(MarketSpec),
    /// Changes a market's life or rules. Answers [`Reply::Done`].
    ChangeMarket {
        /// Which.
        market: MarketId,
        /// How.
        change: MarketCommand,
    },
    /// Opens or stops the whole exchange. While `exchange` is false nothing works; while `trading` is false only cancels
    /// and decreases do. Whatever stops orders from being taken cancels those that asked for it. Answers [`Reply::Done`].
    SetActive {
        /// Whether anything works.
        exchange: bool,
        /// Whether orders are taken.
        trading: bool,
    },
    /// Places an order. Answers [`Reply::Placed`].
    Place(PlaceOrder),
    /// Changes a resting order. Answers [`Reply::Placed`].
    Amend(AmendOrder),
    /// Shrinks a resting order, which keeps its place in the queue. Answers [`Reply::Remaining`].
    Decrease {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderId,
        /// By or to how much.
        by: Decrease,
    },
    /// Takes a resting order back. Answers [`Reply::Canceled`].
    Cancel {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderId,
    },
    /// Takes every resting order of an account back. Answers [`Reply::CanceledAll`].
    CancelAll {
        /// Whose.
        account: AccountId,
    },
    /// Opens the next order group. Answers [`Reply::Group`].
    CreateGroup {
        /// Whose.
        account: AccountId,
        /// Most contracts that may fill within [`GROUP_WINDOW`].
        limit: Qty,
    },
    /// Changes an order group. Answers [`Reply::Done`].
    ChangeGroup {
        /// Whose.
        account: AccountId,
        /// Which.
        group: GroupId,
        /// How.
        change: GroupCommand,
    },
}

/// Time over which an order group counts its fills.
///
/// Source: reference section 12.1.
pub const GROUP_WINDOW: Duration = Duration::from_secs(15);

/// A market to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketSpec {
    /// The prices at which it trades.
    pub grid: PriceGrid,
    /// The smallest step of a quantity.
    pub size_step: Qty,
    /// When trading starts; at or before the time of the command means at once.
    pub open_time: Timestamp,
    /// When trading ends.
    pub close_time: Timestamp,
    /// Time from determination to payment.
    pub settlement_timer: Duration,
    /// What fills cost.
    pub fees: FeeSchedule,
    /// Until when fills are free, if there is a holiday.
    pub fee_waiver_until: Option<Timestamp>,
}

/// A change of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketCommand {
    /// Starts trading now, whatever the open time says. A market paused before loses its resting orders.
    Activate,
    /// Pauses trading. Orders rest, and can be canceled, unless they asked to be canceled.
    Deactivate,
    /// Ends trading now.
    Close,
    /// Moves the close time. A closed market whose close time moves past now trades again; before its open time it waits
    /// for that.
    SetCloseTime(Timestamp),
    /// States the result, which starts the settlement timer. Ends trading if it had not ended.
    Determine(MarketResult),
    /// Stops the settlement timer of a determined market.
    Dispute,
    /// Corrects the result, which starts the settlement timer anew.
    AmendResult(MarketResult),
    /// Pays out now, whatever the timer says.
    Settle,
    /// Changes the grid. Resting orders stay, also where the new grid has no price.
    SetGrid(PriceGrid),
    /// Changes what fills cost from now on, and what resting orders reserve. Where an account's cash does not cover that,
    /// its youngest orders of the market are canceled.
    SetFees(FeeSchedule),
    /// Changes the fee holiday.
    SetFeeWaiver(Option<Timestamp>),
    /// Sets the least YES can settle at; cancels resting orders priced at or below it.
    SetSettlementFloor(Price),
}

/// An order to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// Bid or ask in the YES book.
    pub side: BookSide,
    /// Limit price of one YES contract.
    pub price: Price,
    /// Contracts.
    pub qty: Qty,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// Refuse rather than take.
    pub post_only: bool,
    /// Only shrink the position; with immediate or cancel only.
    pub reduce_only: bool,
    /// Cancel when trading pauses.
    pub cancel_on_pause: bool,
    /// What happens when it meets an order of the same account; `None` lets them match, which Kalshi never does.
    pub self_trade_prevention: Option<SelfTradePrevention>,
    /// The account's own name for it; spent for good once the order was accepted or killed.
    pub client_order_id: Option<ClientOrderId>,
    /// The set it belongs to.
    pub group: Option<GroupId>,
}

/// A change of a resting order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmendOrder {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub order: OrderId,
    /// The market the caller believes it is in.
    pub market: MarketId,
    /// The side the caller believes it is on.
    pub side: BookSide,
    /// The new limit price.
    pub price: Price,
    /// The new total: filled so far plus wanted remainder.
    pub total: Qty,
    /// The client order id the caller believes it has, if it says one.
    pub client_order_id: Option<ClientOrderId>,
    /// A new client order id, if it shall change.
    pub new_client_order_id: Option<ClientOrderId>,
    /// What happens to the expiry.
    pub expiry: ExpiryChange,
}

/// What an amend does to the expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryChange {
    /// It stays.
    Keep,
    /// The order lives until canceled.
    Clear,
    /// The order lives until this time.
    Set(Timestamp),
}

/// How a decrease is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decrease {
    /// This much less remains.
    By(Qty),
    /// This much remains.
    To(Qty),
}

/// A change of an order group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupCommand {
    /// Forgets what filled and takes orders again.
    Reset,
    /// Cancels its orders now and takes no new ones.
    Trigger,
    /// A new limit; below what filled within the window it triggers.
    SetLimit(Qty),
    /// Cancels its orders and ends the group.
    Delete,
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
    /// What became of an order that was placed or amended.
    Placed(Placed),
    /// What rests after a decrease.
    Remaining(Qty),
    /// What a cancel took back.
    Canceled(Qty),
    /// How many orders a cancel of all took back.
    CanceledAll(u32),
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its id, also when it is already over.
    pub order: OrderId,
    /// Filled in all so far.
    pub filled: Qty,
    /// Rests in the book.
    pub remaining: Qty,
    /// Filled by this command.
    pub filled_now: Qty,
    /// What the fills of this command paid or brought in at YES prices: sum of price × quantity.
    pub cost_now: Money,
    /// Net fees of the fills of this command.
    pub fees_now: Money,
    /// Why it is over, if it is.
    pub end: Option<crate::event::EndReason>,
}
