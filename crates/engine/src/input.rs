//! Everything the engine can be told, as plain data.
//!
//! The shell stamps each input with a strictly increasing time and writes it down before the engine sees it; the same inputs
//! at the same times give the same commands.

use std::time::Duration;

use brier_types::{
    AmendOrder, Fill, FillStatus, Input as FeedInput, MarketTicker, Money, OrderGroupId, OrderUpdate, PriceGrid, Prob,
    SignedQty, Timestamp, TradeId, Venue, VenueOrderId,
};

use crate::fact::Fact;
use crate::ids::{OrderKey, RequestId, StrategyId};
use crate::instrument::{Fees, Instrument};
use crate::strategy::Want;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A venue's stream said something: books, trades, our fills and orders, a market's life, the connection.
    Feed {
        /// Which venue.
        venue: Venue,
        /// What it said.
        body: FeedInput,
    },
    /// The stream of our own orders and fills came or went, where it is a connection of its own (Polymarket's user channel);
    /// books do not hang on it.
    AccountStream {
        /// Which venue.
        venue: Venue,
        /// Whether it is up.
        up: bool,
        /// Why, for people.
        reason: String,
    },
    /// What became of one of our requests.
    Answer {
        /// Which venue was asked.
        venue: Venue,
        /// Which request, as in [`crate::Command::Send`].
        request: RequestId,
        /// What became of it.
        answer: Answer,
    },
    /// The account as the venue's own reads show it, asked for by [`crate::Command::Reconcile`].
    Account(Box<AccountSnapshot>),
    /// The reads for a reconciliation failed; it will be asked for again.
    AccountUnread {
        /// Which venue.
        venue: Venue,
        /// Why, for people.
        reason: String,
    },
    /// A market was listed, or its terms changed. Its place is the next free one when it is new.
    Listed(Box<Instrument>),
    /// The price steps of a market changed while orders may rest.
    Grid {
        /// Where.
        venue: Venue,
        /// The market.
        market: MarketTicker,
        /// Its steps from now on.
        grid: PriceGrid,
    },
    /// The fees of a market changed.
    FeesChanged {
        /// Where.
        venue: Venue,
        /// The market.
        market: MarketTicker,
        /// What fills cost from now on.
        fees: Fees,
    },
    /// What a market is worth, by a model or a person.
    Fair(FairValue),
    /// What is so outside the venues.
    Fact(Fact),
    /// A time that the engine asked to be woken at has come.
    Timer,
    /// A person, or a program in a person's place, wants something.
    Operator(Operator),
    /// A strategy that runs outside says what it wants from now on.
    Remote {
        /// Which strategy.
        strategy: StrategyId,
        /// Its wants, as a strategy here would have put them.
        wants: Vec<Want>,
    },
    /// The remote strategy of this place went away: nothing of it may keep resting.
    RemoteGone {
        /// Which strategy.
        strategy: StrategyId,
    },
    /// The first input of every run: what was in flight when the last run ended is in doubt, and no book can be believed.
    Started {
        /// Counts the runs on this journal from 1.
        run: u32,
    },
}

/// What a market is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct FairValue {
    /// Where.
    pub venue: Venue,
    /// The market.
    pub market: MarketTicker,
    /// Chance of YES.
    pub prob: Prob,
    /// When the data behind it was true: its age counts, not the message's.
    pub as_of: Timestamp,
    /// How long after that it may still decide.
    pub valid_for: Duration,
}

impl FairValue {
    /// Whether it may decide at `now`.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.as_of) <= self.valid_for
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The order exists. Immediate orders tell a `remaining` of zero and may have filled less than they asked.
    Placed {
        /// The venue's name for it.
        order: VenueOrderId,
        /// Filled so far.
        filled: brier_types::Qty,
        /// Rests now.
        remaining: brier_types::Qty,
    },
    /// The order exists, and the answer did not say how much of it filled: stream or reads will.
    PlacedUnclear {
        /// The venue's name for it.
        order: VenueOrderId,
    },
    /// The order was changed.
    Amended {
        /// Filled so far.
        filled: brier_types::Qty,
        /// Rests now.
        remaining: brier_types::Qty,
    },
    /// The order was shrunk.
    Decreased {
        /// Rests now.
        remaining: brier_types::Qty,
    },
    /// The order was taken back; `reduced_by` is what rested of it, where the venue says so.
    Canceled {
        /// What was taken back.
        reduced_by: Option<brier_types::Qty>,
    },
    /// Everything was taken back.
    CanceledAll,
    /// A set of orders was made at the venue.
    Group(OrderGroupId),
    /// A change or a cancel found no such resting order: filled, canceled, or never there. Nothing was changed.
    Gone,
    /// The venue said no, and nothing happened.
    Rejected(Reject),
    /// Nothing happened, and the same request may be made later.
    NotNow {
        /// Why.
        why: NotNow,
        /// How long the venue asks to wait, where it says so.
        retry_after: Option<Duration>,
    },
    /// It may or may not have happened.
    InDoubt {
        /// Why, for people.
        why: String,
    },
    /// The venue knows the order that was looked up.
    Found(OrderUpdate),
    /// The venue's reads, true as of this time, do not show the order that was looked up, in any state.
    NotFound {
        /// The moment the reads were true for.
        as_of: Timestamp,
    },
}

/// The venue's no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// What kind of no.
    pub code: RejectCode,
    /// The venue's words, cut to 256 characters.
    pub text: String,
}

/// Kinds of a venue's no that mean different things to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectCode {
    /// Not enough cash or tokens: our picture of them may be wrong, so reconcile.
    InsufficientBalance,
    /// A post-only order would have taken.
    PostOnlyCross,
    /// The price is none of the market's: its steps may have changed.
    InvalidPrice,
    /// Too small or not on the size step.
    InvalidSize,
    /// The market takes no orders now.
    MarketClosed,
    /// Nothing to hit, or not enough for all-or-nothing.
    NoLiquidity,
    /// It would have met our own order.
    SelfTrade,
    /// The client order id, or the order's hash, is known already: the order exists, or once did.
    Duplicate,
    /// The order group has tripped.
    GroupTripped,
    /// Keys, clock, permissions, a retired API: no request will succeed until a person mends it.
    Fatal,
    /// Anything else.
    Other,
}

/// Why nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotNow {
    /// No connection: no byte left.
    NotSent,
    /// Too many requests.
    RateLimited,
    /// The venue's engine restarts, or trading is halted for all.
    Restarting,
    /// Only post-only orders and cancels are taken.
    PostOnlyMode,
    /// Only cancels are taken.
    CancelOnlyMode,
}

/// An account as reads show it.
///
/// A read lags writes, so it is judged against what the engine knew when it was asked: see `reconcile.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// Which venue.
    pub venue: Venue,
    /// The number of the [`crate::Command::Reconcile`] it answers.
    pub asked: u64,
    /// The moment all its parts are true for at least, by the venue's word.
    pub as_of: Timestamp,
    /// Every resting order, of all programs on this account.
    pub orders: Vec<OrderUpdate>,
    /// Every fill since `fills_since`, oldest first. Provisional ones carry their status in `statuses`.
    pub fills: Vec<Fill>,
    /// How final fills are that are not final, or failed.
    pub statuses: Vec<(TradeId, VenueOrderId, FillStatus)>,
    /// From when on `fills` is complete.
    pub fills_since: Timestamp,
    /// Every position that is not zero.
    pub positions: Vec<VenuePosition>,
    /// Cash by shard.
    pub cash: Vec<VenueCash>,
}

/// A position as reads show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenuePosition {
    /// The market.
    pub market: MarketTicker,
    /// Net contracts, plus is YES. On a venue of tokens this is YES less NO.
    pub net: SignedQty,
    /// Tokens of both outcomes, where the venue keeps them apart.
    pub tokens: Option<(brier_types::Qty, brier_types::Qty)>,
}

/// Cash as reads show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueCash {
    /// The shard; 0 where there is one.
    pub shard: u16,
    /// Dollars that are free to be spent, by the venue's own reckoning of what orders hold.
    pub free: Option<Money>,
    /// Dollars owned, held ones included.
    pub total: Option<Money>,
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The kill switch: cancel everything, everywhere, and stay down.
    Halt {
        /// Who or what pulled it: `file`, `command`, `api`, `signal`, and words of the person's.
        reason: String,
    },
    /// Lift the kill switch and every halt that needs a person. Books and reconciliation must still be good.
    Resume {
        /// Words of the person's.
        reason: String,
    },
    /// Stop one strategy and take its orders back.
    Pause {
        /// Which.
        strategy: StrategyId,
    },
    /// Let one strategy go on.
    Unpause {
        /// Which.
        strategy: StrategyId,
    },
    /// Halt one market.
    HaltMarket {
        /// Where.
        venue: Venue,
        /// The market.
        market: MarketTicker,
        /// Words of the person's.
        reason: String,
    },
    /// Lift one market's halt by hand.
    ResumeMarket {
        /// Where.
        venue: Venue,
        /// The market.
        market: MarketTicker,
    },
    /// An order by hand. It passes risk as any other.
    Want(Want),
    /// Take one order back.
    Cancel {
        /// Which.
        order: OrderKey,
    },
    /// Compare with the venue now.
    Reconcile {
        /// Which venue.
        venue: Venue,
    },
    /// Ordinary end of the program: stop quoting and take back what rests. Lifted by the next start.
    WindDown,
}

/// A change of a resting order in the words of the connectors.
pub type Amend = AmendOrder;
