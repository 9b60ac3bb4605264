//! The market channel's events as plain types that read and write the venue's JSON.
//!
//! Keys that only some samples carry are optional; a key is written only when it has a value, in the venue's usual order.
//!
//! Source: reference, section 10.2, 2026-11-20.

use brier_types::{Price, Qty, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::DecodeError;
use crate::ids::Side;
use crate::wire;

/// One level of a token's book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookLevel {
    /// Dollars.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// Shares.
    #[serde(with = "wire::text")]
    pub size: Qty,
}

/// The whole book of one token: bids ascend, asks descend, the best level is last on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookEvent {
    /// Condition id.
    pub market: String,
    /// Token id.
    pub asset_id: String,
    /// When.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
    /// Names the state of the book; documentation samples lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Bids.
    pub bids: Vec<BookLevel>,
    /// Asks.
    pub asks: Vec<BookLevel>,
    /// Tick size in dollars, where it is sent.
    #[serde(default, with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub tick_size: Option<Price>,
    /// Last price in dollars, where it is sent.
    #[serde(default, with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub last_trade_price: Option<Price>,
}

/// What one level of one token's book holds now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLevelChange {
    /// Token id.
    pub asset_id: String,
    /// Dollars.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// Shares at this level now; zero removes it.
    #[serde(with = "wire::text")]
    pub size: Qty,
    /// `BUY` is a bid, `SELL` an ask, for this token.
    #[serde(with = "wire::side")]
    pub side: Side,
    /// Names the state of the token's book after this change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Best bid of the token after this change; 0 without one.
    #[serde(default, with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub best_bid: Option<Price>,
    /// Best ask of the token after this change; 1 without one.
    #[serde(default, with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub best_ask: Option<Price>,
}

/// Levels that changed because an order was placed or canceled; an order shows in both tokens' books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChangeEvent {
    /// Condition id.
    pub market: String,
    /// The levels, in order.
    pub price_changes: Vec<PriceLevelChange>,
    /// When.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
}

/// A match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTradePriceEvent {
    /// Token id.
    pub asset_id: String,
    /// Legacy fee rate in basis points; says nothing about the fee charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_rate_bps: Option<String>,
    /// Condition id.
    pub market: String,
    /// Dollars.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// The taker's side.
    #[serde(with = "wire::side")]
    pub side: Side,
    /// Shares.
    #[serde(with = "wire::text")]
    pub size: Qty,
    /// When.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
    /// The settling transaction, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_hash: Option<String>,
}

/// The market's tick size changed: drop the book and wait for the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickSizeChangeEvent {
    /// Condition id.
    pub market: String,
    /// Token id.
    pub asset_id: String,
    /// Dollars, before.
    #[serde(with = "wire::text")]
    pub old_tick_size: Price,
    /// Dollars, from now on.
    #[serde(with = "wire::text")]
    pub new_tick_size: Price,
    /// When.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
}

/// The first level of each side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BestBidAskEvent {
    /// Condition id.
    pub market: String,
    /// Token id.
    pub asset_id: String,
    /// Dollars.
    #[serde(with = "wire::text")]
    pub best_bid: Option<Price>,
    /// Dollars.
    #[serde(with = "wire::text")]
    pub best_ask: Option<Price>,
    /// Dollars between the two.
    #[serde(default, with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub spread: Option<Price>,
    /// When.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
}

/// The event that a new market belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventMessage {
    /// Gamma's id.
    #[serde(default, with = "wire::loose_text")]
    pub id: Option<String>,
    /// Short name.
    #[serde(default, with = "wire::or_default")]
    pub ticker: String,
    /// Name in addresses.
    #[serde(default, with = "wire::or_default")]
    pub slug: String,
    /// Title.
    #[serde(default, with = "wire::or_default")]
    pub title: String,
    /// Rules.
    #[serde(default, with = "wire::or_default")]
    pub description: String,
}

/// A market was listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewMarketEvent {
    /// Gamma's id.
    #[serde(default, with = "wire::loose_text")]
    pub id: Option<String>,
    /// The question.
    pub question: String,
    /// Condition id.
    pub market: String,
    /// Name in addresses.
    #[serde(default, with = "wire::or_default")]
    pub slug: String,
    /// Rules.
    #[serde(default, with = "wire::or_default")]
    pub description: String,
    /// Token ids in the order of `outcomes`.
    #[serde(default, with = "wire::or_default")]
    pub assets_ids: Vec<String>,
    /// Outcomes.
    #[serde(default, with = "wire::or_default")]
    pub outcomes: Vec<String>,
    /// The event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_message: Option<EventMessage>,
    /// When.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
    /// Categories.
    #[serde(default, with = "wire::or_default")]
    pub tags: Vec<String>,
    /// Condition id again.
    #[serde(default, with = "wire::or_default")]
    pub condition_id: String,
    /// Whether it is active.
    #[serde(default)]
    pub active: Option<bool>,
    /// Token ids again.
    #[serde(default, with = "wire::or_default")]
    pub clob_token_ids: Vec<String>,
    /// Kind of a sports market, or empty.
    #[serde(default, with = "wire::or_default")]
    pub sports_market_type: String,
    /// Line of a sports market, or empty.
    #[serde(default, with = "wire::loose_text")]
    pub line: Option<String>,
    /// Start of a game, or empty.
    #[serde(default, with = "wire::or_default")]
    pub game_start_time: String,
    /// Tick size in dollars.
    #[serde(default, with = "wire::text")]
    pub order_price_min_tick_size: Option<Price>,
    /// Title within its group.
    #[serde(default, with = "wire::or_default")]
    pub group_item_title: String,
    /// Legacy fee in basis points, where it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker_base_fee: Option<Box<RawValue>>,
    /// Whether fees are charged, where it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees_enabled: Option<bool>,
    /// The fee schedule, where it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_schedule: Option<Box<RawValue>>,
}

/// A market's result is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketResolvedEvent {
    /// Gamma's id.
    #[serde(default, with = "wire::loose_text")]
    pub id: Option<String>,
    /// Condition id.
    pub market: String,
    /// Token ids.
    #[serde(default, with = "wire::or_default")]
    pub assets_ids: Vec<String>,
    /// The token that pays.
    #[serde(default, with = "wire::or_default")]
    pub winning_asset_id: String,
    /// Its outcome.
    #[serde(default, with = "wire::or_default")]
    pub winning_outcome: String,
    /// When.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
    /// Categories.
    #[serde(default, with = "wire::or_default")]
    pub tags: Vec<String>,
}

/// Any event of the market channel, to be written by the embedded exchange. A connector reads with [`super::Decoder`].
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event_type", rename_all = "snake_case")]
pub enum MarketEvent {
    /// `book`
    Book(BookEvent),
    /// `price_change`
    PriceChange(PriceChangeEvent),
    /// `last_trade_price`
    LastTradePrice(LastTradePriceEvent),
    /// `tick_size_change`
    TickSizeChange(TickSizeChangeEvent),
    /// `best_bid_ask`; only with `custom_feature_enabled`
    BestBidAsk(BestBidAskEvent),
    /// `new_market`; only with `custom_feature_enabled`
    NewMarket(Box<NewMarketEvent>),
    /// `market_resolved`; only with `custom_feature_enabled`
    MarketResolved(MarketResolvedEvent),
}

impl MarketEvent {
    /// The event as the text of a frame.
    pub fn to_frame(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and lists always serialize")
    }
}

/// Reads the body of a `new_market` frame.
///
/// # Errors
/// [`DecodeError`] when a key that names the market is missing or of another kind.
pub fn new_market(frame: &str) -> Result<NewMarketEvent, DecodeError> {
    serde_json::from_str(frame).map_err(|error| DecodeError::json("market", frame, &error))
}

/// Reads the body of a `market_resolved` frame.
///
/// # Errors
/// [`DecodeError`] when a key that names the market is missing or of another kind.
pub fn market_resolved(frame: &str) -> Result<MarketResolvedEvent, DecodeError> {
    serde_json::from_str(frame).map_err(|error| DecodeError::json("market", frame, &error))
}
