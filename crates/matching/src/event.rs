//! What the core says happened. Every change of state that anyone outside may see is one of these, in order.

use brier_types::{BookSide, MarketResult, MarketStatus, Money, Price, Qty, SignedQty, Timestamp};

use crate::ids::{AccountId, GroupId, MarketId, OrderId, TradeNo};

/// Receives events as they happen. a `Vec` keeps them all; `()` drops them.
pub trait EventSink<E = Event> {
    /// One thing that happened.
    fn event(&mut self, event: E);
}

impl<E> EventSink<E> for Vec<E> {
    fn event(&mut self, event: E) {
        self.push(event);
    }
}

impl<E> EventSink<E> for () {
    fn event(&mut self, _event: E) {}
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An order was accepted. Its fills, if any, come next.
    OrderAccepted {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
        /// Where.
        market: MarketId,
        /// Its side.
        side: BookSide,
        /// Its limit price.
        price: Price,
        /// Its contracts.
        qty: Qty,
    },
    /// Two orders matched.
    Trade(Trade),
    /// A resting order changed without ending.
    OrderChanged {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
        /// Its price now.
        price: Price,
        /// Its total now: filled plus what remains.
        total: Qty,
        /// What remains.
        remaining: Qty,
        /// Its expiry now.
        expires: Option<Timestamp>,
        /// Why.
        reason: ChangeReason,
    },
    /// An order is over.
    OrderEnded {
        /// Which.
        order: OrderId,
        /// Whose.
        account: AccountId,
        /// Where.
        market: MarketId,
        /// What was taken back; zero when it filled to the end.
        canceled: Qty,
        /// Why.
        reason: EndReason,
    },
    /// A level of a book changed.
    LevelChanged {
        /// Where.
        market: MarketId,
        /// The side in the YES book.
        side: BookSide,
        /// The level.
        price: Price,
        /// By how much.
        change: SignedQty,
        /// The order whose change this is.
        order: OrderId,
        /// Its account.
        account: AccountId,
    },
    /// A market changed.
    MarketChanged {
        /// Which.
        market: MarketId,
        /// How.
        change: MarketChange,
        /// Whether the clock did it: the venue says nothing of those on its streams.
        by_clock: bool,
    },
    /// A position was paid out.
    Settled(Settlement),
    /// Money came in from outside, or left.
    Funded {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Money,
    },
    /// An order group changed.
    GroupChanged {
        /// Which.
        group: GroupId,
        /// Whose.
        account: AccountId,
        /// How.
        change: GroupChange,
    },
    /// The whole exchange was opened or stopped.
    ActiveChanged {
        /// Whether anything works.
        exchange: bool,
        /// Whether orders are taken.
        trading: bool,
    },
}

/// A match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Its number.
    pub no: TradeNo,
    /// Where.
    pub market: MarketId,
    /// The resting order's price, in YES terms.
    pub price: Price,
    /// Contracts.
    pub qty: Qty,
    /// The side of the order that took.
    pub taker_side: BookSide,
    /// The order that took.
    pub taker: FillSide,
    /// The order that rested.
    pub maker: FillSide,
}

/// One order's part of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillSide {
    /// The order.
    pub order: OrderId,
    /// Whose.
    pub account: AccountId,
    /// Net fee.
    pub fee: Money,
    /// Cash flow before the fee: negative when paid.
    pub revenue: Money,
    /// The account's position in this market after it.
    pub position: SignedQty,
    /// What remains of the order.
    pub remaining: Qty,
}

/// A position that was paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// The result it was paid by.
    pub result: MarketResult,
    /// The position that was paid.
    pub position: SignedQty,
    /// What the open contracts had cost.
    pub cost: Money,
    /// The payout before the fee.
    pub gross: Money,
    /// What rounding the available balance down took.
    pub fee: Money,
    /// Trade fees paid in this market so far.
    pub fees_paid: Money,
}

/// Why a resting order changed without ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeReason {
    /// Its owner amended it.
    Amend,
    /// Its owner shrank it.
    Decrease,
}

/// Why an order is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// It filled to the end.
    Filled,
    /// Its owner canceled it.
    UserCancel,
    /// Its owner shrank it to nothing.
    Decrease,
    /// Its owner amended it to what had filled.
    Amend,
    /// Immediate or cancel: the rest was not filled at once.
    ImmediateOrCancel,
    /// Fill or kill: it could not fill whole.
    FillOrKill,
    /// It met an order of the same account.
    SelfTrade,
    /// Its time was over.
    Expiry,
    /// Its market closed.
    Close,
    /// Its market or the exchange paused, or came back from a pause.
    Halt,
    /// It would have opened or turned a position.
    ReduceOnly,
    /// Its group tripped or was deleted.
    Group,
    /// Fees rose, and its account's cash no longer covered what its orders reserve.
    Margin,
    /// The least settlement value rose to its price.
    SettlementBounds,
}

/// How a market changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketChange {
    /// It was listed.
    Created,
    /// Its status changed.
    Status(MarketStatus),
    /// Its close time moved.
    CloseTime(Timestamp),
    /// Its result is known, or was corrected.
    Result(MarketResult),
    /// Its grid changed.
    Grid,
    /// Its fees changed.
    Fees,
    /// Its least settlement value changed.
    SettlementFloor(Price),
}

/// How an order group changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// It was opened.
    Created,
    /// It takes orders again.
    Reset,
    /// Its orders were canceled.
    Triggered,
    /// Its limit changed.
    Limit(Qty),
    /// It is over.
    Deleted,
}
