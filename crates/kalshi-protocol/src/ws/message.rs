//! The bodies (`msg`) of what the server sends.
//!
//! Source: reference sections 15.2, 15.4 and 15.5 (docs.kalshi.com AsyncAPI 2.0.0), 2026-11-20.

use brier_types::{Money, Price, Qty, SignedQty, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::command::Channel;
use super::error::ErrorCode;
use crate::rest::{
    BookSide, CollateralReturnType, FeeTypeWord, OutcomeSide, PriceRange, SelfTradePreventionType, StrikeType,
};
use crate::wire::{self, Ladder, open_words};

/// A subscription and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    /// The channel.
    pub channel: Channel,
    /// The number by which its messages are known.
    pub sid: u64,
}

/// What an `ok` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// Nothing more (`skip_ticker_ack`).
    Nothing,
    /// All markets that the subscription now has.
    Markets(Vec<String>),
    /// The subscriptions of the connection.
    Subscriptions(Vec<Subscribed>),
}

/// Why a command or a subscription failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorMessage {
    /// The number to branch on.
    pub code: ErrorCode,
    /// For people.
    #[serde(default)]
    pub msg: String,
    /// The market concerned, if the server names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_ticker: Option<String>,
    /// The markets concerned, if the server names several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_tickers: Option<Vec<String>>,
}

impl ErrorMessage {
    /// The error of `code` in the words of the table.
    pub fn new(code: ErrorCode) -> Self {
        Self { code, msg: code.text().to_owned(), market_ticker: None, market_tickers: None }
    }
}

/// A whole book. A ladder's key is absent when it has no level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderbookSnapshot {
    /// The market.
    pub market_ticker: String,
    /// The market, by its other name.
    #[serde(default)]
    pub market_id: String,
    /// YES bids, ascending.
    #[serde(with = "wire::ladder", default, skip_serializing_if = "Vec::is_empty")]
    pub yes_dollars_fp: Ladder,
    /// NO bids, ascending as written: in NO prices, or in YES prices with `use_yes_price`.
    #[serde(with = "wire::ladder", default, skip_serializing_if = "Vec::is_empty")]
    pub no_dollars_fp: Ladder,
}

/// One level changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderbookDelta {
    /// The market.
    pub market_ticker: String,
    /// The market, by its other name.
    #[serde(default)]
    pub market_id: String,
    /// The level; on the NO side in NO prices, or in YES prices with `use_yes_price`.
    #[serde(with = "wire::dollars")]
    pub price_dollars: Price,
    /// By how much.
    #[serde(with = "wire::count")]
    pub delta_fp: SignedQty,
    /// Whose bids.
    pub side: OutcomeSide,
    /// Our order that caused it, if it was ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Its subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<i32>,
    /// When.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<Timestamp>,
    /// When, in milliseconds.
    #[serde(with = "wire::unix_millis", default, skip_serializing_if = "Option::is_none")]
    pub ts_ms: Option<Timestamp>,
}

/// A market's summary; sent when any of its fields changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticker {
    /// The market.
    pub market_ticker: String,
    /// The market, by its other name.
    #[serde(default)]
    pub market_id: String,
    /// Last trade, 0 when there was none.
    #[serde(with = "wire::dollars")]
    pub price_dollars: Price,
    /// Best YES bid, 0 when there is none.
    #[serde(with = "wire::dollars")]
    pub yes_bid_dollars: Price,
    /// Best YES ask, 0 or 1 when there is none.
    #[serde(with = "wire::dollars")]
    pub yes_ask_dollars: Price,
    /// Contracts at the best bid; zero means no quote.
    #[serde(with = "wire::count", default)]
    pub yes_bid_size_fp: Qty,
    /// Contracts at the best ask; zero means no quote.
    #[serde(with = "wire::count", default)]
    pub yes_ask_size_fp: Qty,
    /// Contracts of the last trade.
    #[serde(with = "wire::count", default)]
    pub last_trade_size_fp: Qty,
    /// Contracts traded.
    #[serde(with = "wire::count")]
    pub volume_fp: Qty,
    /// Contracts held.
    #[serde(with = "wire::count")]
    pub open_interest_fp: Qty,
    /// Whole dollars traded.
    #[serde(default)]
    pub dollar_volume: i64,
    /// Whole dollars held.
    #[serde(default)]
    pub dollar_open_interest: i64,
    /// When, in seconds.
    #[serde(with = "wire::unix_secs")]
    pub ts: Timestamp,
    /// When, in milliseconds.
    #[serde(with = "wire::unix_millis", default, skip_serializing_if = "Option::is_none")]
    pub ts_ms: Option<Timestamp>,
    /// When.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
}

/// A match, as everyone sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The match.
    pub trade_id: String,
    /// The market.
    pub market_ticker: String,
    /// YES price.
    #[serde(with = "wire::dollars")]
    pub yes_price_dollars: Price,
    /// Its complement.
    #[serde(with = "wire::dollars")]
    pub no_price_dollars: Price,
    /// Contracts.
    #[serde(with = "wire::count")]
    pub count_fp: Qty,
    /// Older word for the taker's outcome.
    pub taker_side: OutcomeSide,
    /// The outcome the taker gained on.
    pub taker_outcome_side: OutcomeSide,
    /// The side of the order that took.
    pub taker_book_side: BookSide,
    /// Whether it was agreed outside the book.
    #[serde(default)]
    pub is_block_trade: bool,
    /// When, in seconds.
    #[serde(with = "wire::unix_secs")]
    pub ts: Timestamp,
    /// When, in milliseconds.
    #[serde(with = "wire::unix_millis", default, skip_serializing_if = "Option::is_none")]
    pub ts_ms: Option<Timestamp>,
}

open_words! {
    /// Older word for what a fill did; never relied on.
    FillAction {
        /// Bought.
        Buy = "buy",
        /// Sold.
        Sell = "sell",
        /// Sold a part.
        SellPartial = "sell_partial",
        /// Sold the rest.
        SellToClose = "sell_to_close",
        /// Not said.
        None = "",
    }
}

/// Our part of a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The match.
    pub trade_id: String,
    /// The order.
    pub order_id: String,
    /// Our name for the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// The market.
    pub market_ticker: String,
    /// The shard.
    #[serde(default)]
    pub exchange_index: i32,
    /// Whether our order took.
    pub is_taker: bool,
    /// Older word for the direction.
    pub side: OutcomeSide,
    /// Older word for the direction.
    pub action: FillAction,
    /// Older word for the direction.
    pub purchased_side: OutcomeSide,
    /// The outcome gained on.
    pub outcome_side: OutcomeSide,
    /// Our side of the YES book.
    pub book_side: BookSide,
    /// YES price.
    #[serde(with = "wire::dollars")]
    pub yes_price_dollars: Price,
    /// Contracts.
    #[serde(with = "wire::count")]
    pub count_fp: Qty,
    /// Net fee.
    #[serde(with = "wire::dollars")]
    pub fee_cost: Money,
    /// Our position after it.
    #[serde(with = "wire::count")]
    pub post_position_fp: SignedQty,
    /// When, in seconds.
    #[serde(with = "wire::unix_secs")]
    pub ts: Timestamp,
    /// When, in milliseconds.
    #[serde(with = "wire::unix_millis", default, skip_serializing_if = "Option::is_none")]
    pub ts_ms: Option<Timestamp>,
    /// Its subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<i32>,
}

/// One of our positions changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketPosition {
    /// Whose it is.
    pub user_id: String,
    /// The market.
    pub market_ticker: String,
    /// Plus is YES, minus is NO.
    #[serde(with = "wire::count")]
    pub position_fp: SignedQty,
    /// Cost of what is held.
    #[serde(with = "wire::dollars")]
    pub position_cost_dollars: Money,
    /// What closing realized.
    #[serde(with = "wire::dollars")]
    pub realized_pnl_dollars: Money,
    /// Fees paid.
    #[serde(with = "wire::dollars")]
    pub fees_paid_dollars: Money,
    /// Fees paid for what is held.
    #[serde(with = "wire::dollars")]
    pub position_fee_cost_dollars: Money,
    /// Contracts traded.
    #[serde(with = "wire::count")]
    pub volume_fp: Qty,
    /// Its subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<i32>,
}

open_words! {
    /// Where an order stands, by the stream's words.
    UserOrderStatus {
        /// In the book.
        Resting = "resting",
        /// Taken back.
        Canceled = "canceled",
        /// Filled to the end.
        Executed = "executed",
        /// The venue does not say.
        Unknown = "unknown",
    }
}

open_words! {
    /// Why an order changed. A user's own cancel has no word in the venue's list.
    UpdateReason {
        /// Decreased by its owner.
        Decrease = "Decrease",
        /// Amended by its owner.
        Amend = "Amend",
        /// Not enough cash.
        MarginCancel = "MarginCancel",
        /// Met an own order.
        SelfTradeCancel = "SelfTradeCancel",
        /// Its time came.
        ExpiryCancel = "ExpiryCancel",
        /// The market closed.
        CloseCancel = "CloseCancel",
        /// Trading was paused.
        HaltCancel = "HaltCancel",
        /// Filled.
        Trade = "Trade",
        /// Post-only, and would have taken.
        PostOnlyCrossCancel = "PostOnlyCrossCancel",
        /// Reduce-only, and nothing left to reduce.
        ReduceOnlyCancel = "ReduceOnlyCancel",
        /// The floor of the settlement value rose over its price.
        SettlementBoundsCancel = "SettlementBoundsCancel",
    }
}

/// One of our orders changed. Money has six decimals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserOrder {
    /// The order.
    pub order_id: String,
    /// Whose it is.
    pub user_id: String,
    /// Our name for it.
    #[serde(default)]
    pub client_order_id: String,
    /// The market.
    pub ticker: String,
    /// The shard.
    #[serde(default)]
    pub exchange_index: i32,
    /// Where it stands.
    pub status: UserOrderStatus,
    /// Older word for the direction.
    pub side: OutcomeSide,
    /// Older word for the direction.
    pub is_yes: bool,
    /// The outcome it gains on.
    pub outcome_side: OutcomeSide,
    /// The side of the YES book.
    pub book_side: BookSide,
    /// Limit price of YES.
    #[serde(with = "wire::dollars")]
    pub yes_price_dollars: Price,
    /// Contracts ordered.
    #[serde(with = "wire::count")]
    pub initial_count_fp: Qty,
    /// Contracts filled.
    #[serde(with = "wire::count")]
    pub fill_count_fp: Qty,
    /// Contracts that rest.
    #[serde(with = "wire::count")]
    pub remaining_count_fp: Qty,
    /// Cost of what it took.
    #[serde(with = "wire::dollars6")]
    pub taker_fill_cost_dollars: Money,
    /// Cost of what hit it.
    #[serde(with = "wire::dollars6")]
    pub maker_fill_cost_dollars: Money,
    /// Fees of what it took.
    #[serde(with = "wire::dollars6")]
    pub taker_fees_dollars: Money,
    /// Fees of what hit it.
    #[serde(with = "wire::dollars6")]
    pub maker_fees_dollars: Money,
    /// When it was placed; may be null.
    #[serde(with = "wire::rfc3339", default)]
    pub created_time: Option<Timestamp>,
    /// When it was placed, in milliseconds; may be null.
    #[serde(with = "wire::unix_millis", default)]
    pub created_ts_ms: Option<Timestamp>,
    /// When it last changed.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<Timestamp>,
    /// When it last changed, in milliseconds.
    #[serde(with = "wire::unix_millis", default, skip_serializing_if = "Option::is_none")]
    pub last_updated_ts_ms: Option<Timestamp>,
    /// When it expires.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Timestamp>,
    /// When it expires, in milliseconds.
    #[serde(with = "wire::unix_millis", default, skip_serializing_if = "Option::is_none")]
    pub expiration_ts_ms: Option<Timestamp>,
    /// Why it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_update_reason: Option<UpdateReason>,
    /// The set it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_group_id: Option<String>,
    /// What happens when it meets an own order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_trade_prevention_type: Option<SelfTradePreventionType>,
    /// Its subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_number: Option<i32>,
}

open_words! {
    /// What happened to a market. Opening and closing by the clock send nothing.
    MarketLifecycleEvent {
        /// Listed.
        Created = "created",
        /// Trading again; all resting orders were canceled.
        Activated = "activated",
        /// Paused.
        Deactivated = "deactivated",
        /// `close_ts` moved.
        CloseDateUpdated = "close_date_updated",
        /// The result is known.
        Determined = "determined",
        /// Paid out.
        Settled = "settled",
        /// The price grid changed.
        PriceLevelStructureUpdated = "price_level_structure_updated",
        /// Strikes or subtitles changed.
        MetadataUpdated = "metadata_updated",
    }
}

/// A market's life. Which fields come depends on `event_type`; times are whole seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketLifecycle {
    /// What happened.
    pub event_type: MarketLifecycleEvent,
    /// The market.
    pub market_ticker: String,
    /// The shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
    /// When trading starts.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub open_ts: Option<Timestamp>,
    /// When trading ends.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub close_ts: Option<Timestamp>,
    /// When the result was determined.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub determination_ts: Option<Timestamp>,
    /// When it was paid out.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub settled_ts: Option<Timestamp>,
    /// The result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<crate::rest::ResultWord>,
    /// What one YES contract pays.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub settlement_value: Option<Price>,
    /// Whether it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_deactivated: Option<bool>,
    /// What a new market is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_metadata: Option<AdditionalMetadata>,
    /// Label of the price grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_level_structure: Option<String>,
    /// The price grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_ranges: Option<Vec<PriceRange>>,
    /// How the strikes are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_type: Option<StrikeType>,
    /// Lower strike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_strike: Option<Number>,
    /// Upper strike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_strike: Option<Number>,
    /// Strikes by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_strike: Option<Map<String, Value>>,
    /// What YES stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes_sub_title: Option<String>,
}

impl MarketLifecycle {
    /// A message with nothing but what happened to which market; fill in the rest.
    pub fn new(event_type: MarketLifecycleEvent, market_ticker: impl Into<String>) -> Self {
        Self {
            event_type,
            market_ticker: market_ticker.into(),
            exchange_index: None,
            open_ts: None,
            close_ts: None,
            determination_ts: None,
            settled_ts: None,
            result: None,
            settlement_value: None,
            is_deactivated: None,
            additional_metadata: None,
            price_level_structure: None,
            price_ranges: None,
            strike_type: None,
            floor_strike: None,
            cap_strike: None,
            custom_strike: None,
            yes_sub_title: None,
        }
    }
}

/// What a new market is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AdditionalMetadata {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What YES stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes_sub_title: Option<String>,
    /// What NO stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_sub_title: Option<String>,
    /// The rules, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_primary: Option<String>,
    /// More rules, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_secondary: Option<String>,
    /// Whether trading may end before the close time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_close_early: Option<bool>,
    /// The event it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_ticker: Option<String>,
    /// When the result is expected.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub expected_expiration_ts: Option<Timestamp>,
    /// How the strikes are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_type: Option<StrikeType>,
    /// Lower strike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_strike: Option<Number>,
    /// Upper strike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_strike: Option<Number>,
    /// Strikes by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_strike: Option<Map<String, Value>>,
}

/// An event was listed or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLifecycle {
    /// The event.
    pub event_ticker: String,
    /// Its series.
    pub series_ticker: String,
    /// For people.
    pub title: String,
    /// For people.
    pub subtitle: String,
    /// How its markets share collateral.
    pub collateral_return_type: CollateralReturnType,
    /// The shard.
    #[serde(default)]
    pub exchange_index: i32,
    /// The date asked about.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub strike_date: Option<Timestamp>,
    /// The period asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_period: Option<String>,
}

/// An event charges otherwise from now; null takes an override back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFeeUpdate {
    /// The event.
    pub event_ticker: String,
    /// How it charges.
    #[serde(default)]
    pub fee_type_override: Option<FeeTypeWord>,
    /// How much it charges.
    #[serde(default)]
    pub fee_multiplier_override: Option<Number>,
}

open_words! {
    /// What happened to an order group.
    OrderGroupEvent {
        /// Made.
        Created = "created",
        /// Over its limit; its orders were canceled.
        Triggered = "triggered",
        /// Ready again.
        Reset = "reset",
        /// Gone.
        Deleted = "deleted",
        /// Has a new limit.
        LimitUpdated = "limit_updated",
    }
}

/// An order group changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderGroupUpdate {
    /// What happened.
    pub event_type: OrderGroupEvent,
    /// The group.
    pub order_group_id: String,
    /// Its limit.
    #[serde(with = "wire::count", default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<Qty>,
    /// When.
    #[serde(with = "wire::unix_millis")]
    pub ts_ms: Timestamp,
}
