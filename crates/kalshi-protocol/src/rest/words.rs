//! The words of REST answers and requests, as enums.
//!
//! What decides the direction or the life of an order is closed: to guess there would be worse than to fail. What only
//! describes one item of a list is open (`Other`).
//!
//! Source: reference sections 6 to 9 and 14 (docs.kalshi.com OpenAPI 3.34.0), 2026-11-20.

use brier_types::{
    Action, BookSide as DomainSide, MarketStatus as DomainStatus, Outcome, SelfTradePrevention, TimeInForce,
};

use crate::fees::FeeType as KnownFeeType;
use crate::wire::{closed_words, open_words};

closed_words! {
    /// The side of the one YES book. Closed: an order of unknown direction must not be acted on.
    BookSide, "book side" {
        /// Buys YES.
        Bid = "bid",
        /// Sells YES, which is buying NO.
        Ask = "ask",
    }
}

closed_words! {
    /// The contract an order, fill or trade gains on. Closed, as [`BookSide`].
    OutcomeSide, "outcome side" {
        /// Pays if it happens.
        Yes = "yes",
        /// Pays if it does not.
        No = "no",
    }
}

closed_words! {
    /// The older word for what an order does; still sent, never relied on.
    ActionWord, "action" {
        /// Acquire.
        Buy = "buy",
        /// Give up.
        Sell = "sell",
    }
}

closed_words! {
    /// How long an order lives, as requests say it.
    TimeInForceWord, "time_in_force" {
        /// Until canceled or its expiry.
        GoodTillCanceled = "good_till_canceled",
        /// What can be filled now.
        ImmediateOrCancel = "immediate_or_cancel",
        /// All now or nothing.
        FillOrKill = "fill_or_kill",
    }
}

closed_words! {
    /// What happens when an order meets one of the same account.
    SelfTradePreventionType, "self_trade_prevention_type" {
        /// The incoming order is canceled at the cross.
        TakerAtCross = "taker_at_cross",
        /// The resting order is canceled.
        Maker = "maker",
    }
}

closed_words! {
    /// The word by which `GET /markets` finds markets; not the word the market itself carries.
    MarketStatusFilter, "status filter" {
        /// Before the open time.
        Unopened = "unopened",
        /// Trading.
        Open = "open",
        /// Paused by the exchange.
        Paused = "paused",
        /// After the close time, determined ones too.
        Closed = "closed",
        /// Paid out.
        Settled = "settled",
    }
}

closed_words! {
    /// The word by which `GET /portfolio/positions` finds positions.
    SettlementStatusFilter, "settlement_status" {
        /// Still open; the default.
        Unsettled = "unsettled",
        /// Paid out.
        Settled = "settled",
        /// Both.
        All = "all",
    }
}

open_words! {
    /// Where a market is in its life. Open: one market of a new kind must not hide a thousand others.
    MarketStatus {
        /// Before its open time.
        Initialized = "initialized",
        /// Trading.
        Active = "active",
        /// Paused.
        Inactive = "inactive",
        /// After its close time.
        Closed = "closed",
        /// Result known.
        Determined = "determined",
        /// Result challenged.
        Disputed = "disputed",
        /// Result corrected.
        Amended = "amended",
        /// Paid out.
        Finalized = "finalized",
    }
}

open_words! {
    /// What a market resolved to. Open, as [`MarketStatus`].
    ResultWord {
        /// Not determined.
        None = "",
        /// YES pays $1.
        Yes = "yes",
        /// NO pays $1.
        No = "no",
        /// YES pays `settlement_value_dollars`.
        Scalar = "scalar",
    }
}

open_words! {
    /// The kind of payout of a market. Open, as [`MarketStatus`].
    MarketType {
        /// All or nothing.
        Binary = "binary",
        /// A value in between.
        Scalar = "scalar",
    }
}

open_words! {
    /// Whether the YES payout has a floor. Open, as [`MarketStatus`].
    SettlementBoundsType {
        /// From $0 to $1.
        Default = "default",
        /// At least `settlement_floor_dollars`.
        Floor = "floor",
    }
}

impl SettlementBoundsType {
    /// What markets had before the field existed.
    pub(super) const fn before_bounds() -> Self {
        Self::Default
    }
}

open_words! {
    /// How a market's strikes are meant. Open, as [`MarketStatus`].
    StrikeType {
        /// Above `floor_strike`.
        Greater = "greater",
        /// At or above `floor_strike`.
        GreaterOrEqual = "greater_or_equal",
        /// Below `cap_strike`.
        Less = "less",
        /// At or below `cap_strike`.
        LessOrEqual = "less_or_equal",
        /// From `floor_strike` to `cap_strike`.
        Between = "between",
        /// By `functional_strike`.
        Functional = "functional",
        /// By `custom_strike`.
        Custom = "custom",
        /// By `custom_strike`, naming structured targets.
        Structured = "structured",
    }
}

open_words! {
    /// How a series charges. Open: a new schedule must not hide the series; [`FeeTypeWord::known`] decides.
    FeeTypeWord {
        /// Takers only.
        Quadratic = "quadratic",
        /// Makers pay a quarter.
        QuadraticWithMakerFees = "quadratic_with_maker_fees",
        /// Makers pay half.
        QuadraticWithComboMakerFees = "quadratic_with_combo_maker_fees",
        /// By a table that was never published.
        Flat = "flat",
    }
}

open_words! {
    /// Where an order stands. Open, as [`MarketStatus`]; an update cannot be made of an unknown one.
    OrderStatus {
        /// In the book.
        Resting = "resting",
        /// Taken back.
        Canceled = "canceled",
        /// Filled to the end.
        Executed = "executed",
    }
}

open_words! {
    /// The kind of an order; `limit` in practice.
    OrderType {
        /// With a price.
        Limit = "limit",
        /// Gone since 2026-02-11.
        Market = "market",
    }
}

open_words! {
    /// A product of the exchange.
    ExchangeInstance {
        /// What this crate is about.
        EventContract = "event_contract",
        /// Perpetual futures.
        Margined = "margined",
    }
}

open_words! {
    /// How an event's markets share collateral.
    CollateralReturnType {
        /// Not at all.
        None = "",
        /// Mutually exclusive set.
        Mecnet = "MECNET",
        /// Directional ladder.
        Direcnet = "DIRECNET",
    }
}

impl From<DomainSide> for BookSide {
    fn from(side: DomainSide) -> Self {
        match side {
            DomainSide::Bid => Self::Bid,
            DomainSide::Ask => Self::Ask,
        }
    }
}

impl From<BookSide> for DomainSide {
    fn from(side: BookSide) -> Self {
        match side {
            BookSide::Bid => Self::Bid,
            BookSide::Ask => Self::Ask,
        }
    }
}

impl From<Outcome> for OutcomeSide {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Yes => Self::Yes,
            Outcome::No => Self::No,
        }
    }
}

impl From<OutcomeSide> for Outcome {
    fn from(outcome: OutcomeSide) -> Self {
        match outcome {
            OutcomeSide::Yes => Self::Yes,
            OutcomeSide::No => Self::No,
        }
    }
}

impl From<Action> for ActionWord {
    fn from(action: Action) -> Self {
        match action {
            Action::Buy => Self::Buy,
            Action::Sell => Self::Sell,
        }
    }
}

impl From<TimeInForce> for TimeInForceWord {
    /// A good-till-time order is good till canceled with an expiry beside it.
    fn from(time_in_force: TimeInForce) -> Self {
        match time_in_force {
            TimeInForce::Gtc | TimeInForce::Gtd(_) => Self::GoodTillCanceled,
            TimeInForce::Ioc => Self::ImmediateOrCancel,
            TimeInForce::Fok => Self::FillOrKill,
        }
    }
}

impl From<SelfTradePrevention> for SelfTradePreventionType {
    fn from(prevention: SelfTradePrevention) -> Self {
        match prevention {
            SelfTradePrevention::TakerAtCross => Self::TakerAtCross,
            SelfTradePrevention::Maker => Self::Maker,
        }
    }
}

impl From<SelfTradePreventionType> for SelfTradePrevention {
    fn from(prevention: SelfTradePreventionType) -> Self {
        match prevention {
            SelfTradePreventionType::TakerAtCross => Self::TakerAtCross,
            SelfTradePreventionType::Maker => Self::Maker,
        }
    }
}

impl From<DomainStatus> for MarketStatus {
    fn from(status: DomainStatus) -> Self {
        match status {
            DomainStatus::Initialized => Self::Initialized,
            DomainStatus::Active => Self::Active,
            DomainStatus::Inactive => Self::Inactive,
            DomainStatus::Closed => Self::Closed,
            DomainStatus::Determined => Self::Determined,
            DomainStatus::Disputed => Self::Disputed,
            DomainStatus::Amended => Self::Amended,
            DomainStatus::Finalized => Self::Finalized,
        }
    }
}

impl MarketStatus {
    /// The status in the shared vocabulary, or `None` for an unknown word.
    pub const fn known(&self) -> Option<DomainStatus> {
        Some(match self {
            Self::Initialized => DomainStatus::Initialized,
            Self::Active => DomainStatus::Active,
            Self::Inactive => DomainStatus::Inactive,
            Self::Closed => DomainStatus::Closed,
            Self::Determined => DomainStatus::Determined,
            Self::Disputed => DomainStatus::Disputed,
            Self::Amended => DomainStatus::Amended,
            Self::Finalized => DomainStatus::Finalized,
            Self::Other(_) => return None,
        })
    }
}

impl MarketStatusFilter {
    /// Whether the filter finds markets of `status`.
    ///
    /// Source: reference section 7.
    pub const fn finds(self, status: DomainStatus) -> bool {
        match status {
            DomainStatus::Initialized => matches!(self, Self::Unopened),
            DomainStatus::Active => matches!(self, Self::Open),
            DomainStatus::Inactive => matches!(self, Self::Paused),
            DomainStatus::Closed | DomainStatus::Determined | DomainStatus::Disputed | DomainStatus::Amended => {
                matches!(self, Self::Closed)
            }
            DomainStatus::Finalized => matches!(self, Self::Settled),
        }
    }
}

impl From<KnownFeeType> for FeeTypeWord {
    fn from(fee_type: KnownFeeType) -> Self {
        match fee_type {
            KnownFeeType::Quadratic => Self::Quadratic,
            KnownFeeType::QuadraticWithMakerFees => Self::QuadraticWithMakerFees,
            KnownFeeType::QuadraticWithComboMakerFees => Self::QuadraticWithComboMakerFees,
        }
    }
}

impl FeeTypeWord {
    /// The schedule, or `None` for `flat` and unknown words.
    pub fn known(&self) -> Option<KnownFeeType> {
        KnownFeeType::parse(self.as_str())
    }
}
