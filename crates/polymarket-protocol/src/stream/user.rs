//! The user channel's events: our orders as they change, and our trades through their whole life.
//!
//! Keys that only some samples carry are optional. Ids stay texts: the venue has been seen to send placeholders.
//!
//! Source: reference, sections 7.2 and 10.3, 2026-11-20.

use brier_types::{FillStatus, Price, Qty, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::DecodeError;
use crate::clob::{MakerOrder, Trade, TradeStatus, TraderSide};
use crate::ids::Side;
use crate::wire::{self, words};

words! {
    /// What happened to an order.
    OrderEventKind, prefix "" {
        /// It was accepted.
        Placement = "PLACEMENT",
        /// It was matched, or its match changed.
        Update = "UPDATE",
        /// It is gone: canceled by us or by the venue, expired, or killed.
        Cancellation = "CANCELLATION",
    }
}

/// The core's word for where a trade stands; `None` for a word that this version does not know.
///
/// Not yet broadcast counts as matched: both are promises of the matching engine.
pub const fn fill_status(status: &TradeStatus) -> Option<FillStatus> {
    match status {
        TradeStatus::MatchedNotBroadcasted | TradeStatus::Matched => Some(FillStatus::Matched),
        TradeStatus::Mined => Some(FillStatus::Mined),
        TradeStatus::Confirmed => Some(FillStatus::Confirmed),
        TradeStatus::Retrying => Some(FillStatus::Retrying),
        TradeStatus::Failed => Some(FillStatus::Failed),
        TradeStatus::Other(_) => None,
    }
}

/// Where one of our orders stands, by its status word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderStanding {
    /// Resting, or waiting to.
    Live,
    /// Matched to the end.
    Matched,
    /// Gone.
    Gone,
    /// A word that this version does not know.
    Unknown,
}

/// One of our orders changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserOrder {
    /// The order's hash.
    pub id: String,
    /// Our API key.
    pub owner: String,
    /// Our API key again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_owner: Option<String>,
    /// Condition id.
    pub market: String,
    /// Token id.
    pub asset_id: String,
    /// For this token.
    #[serde(with = "wire::side")]
    pub side: Side,
    /// Shares.
    #[serde(with = "wire::text")]
    pub original_size: Qty,
    /// Shares matched so far; empty on killed orders.
    #[serde(with = "wire::text")]
    pub size_matched: Option<Qty>,
    /// Dollars.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// Trades that it took part in.
    #[serde(default)]
    pub associate_trades: Option<Vec<String>>,
    /// The token's outcome; empty on killed orders.
    #[serde(default, with = "wire::or_default")]
    pub outcome: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: OrderEventKind,
    /// When it was accepted; empty on killed orders.
    #[serde(default, with = "wire::secs_text")]
    pub created_at: Option<Timestamp>,
    /// When it expires, in seconds since the epoch; `0` for never.
    #[serde(default)]
    pub expiration: Option<String>,
    /// `GTC`, `GTD`, `FOK` or `FAK`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_type: Option<String>,
    /// A status word, to which the venue may have glued its reason.
    #[serde(default)]
    pub status: Option<String>,
    /// The maker's wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker_address: Option<String>,
    /// When.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
}

impl UserOrder {
    /// Where the order stands, and the venue's reason if one is glued to the word.
    ///
    /// A cancellation is final whatever its word is: `INVALID` and killed orders come so. Source: reference, 7.2 and 10.3.
    pub fn standing(&self) -> (OrderStanding, Option<&str>) {
        let word = self.status.as_deref().unwrap_or_default();
        let word = word.strip_prefix("ORDER_STATUS_").unwrap_or(word);
        let (standing, reason) = match word {
            "LIVE" | "DELAYED" | "UNMATCHED" => (OrderStanding::Live, None),
            "MATCHED" => (OrderStanding::Matched, None),
            "CANCELED" => (OrderStanding::Gone, None),
            "INVALID" => (OrderStanding::Gone, Some("INVALID")),
            "CANCELED_MARKET_RESOLVED" => (OrderStanding::Gone, Some("MARKET_RESOLVED")),
            _ => match word.strip_prefix("CANCELED_") {
                Some(reason) => (OrderStanding::Gone, Some(reason)),
                None => (OrderStanding::Unknown, None),
            },
        };
        if self.kind == OrderEventKind::Cancellation { (OrderStanding::Gone, reason) } else { (standing, reason) }
    }
}

/// One of our trades, sent again for each status that it reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTrade {
    /// The trade.
    pub id: String,
    /// The taker's order.
    pub taker_order_id: String,
    /// Condition id.
    pub market: String,
    /// The taker's token.
    pub asset_id: String,
    /// The taker's side.
    #[serde(with = "wire::side")]
    pub side: Side,
    /// Shares that the taker got.
    #[serde(with = "wire::text")]
    pub size: Qty,
    /// Legacy fee rate in basis points; says nothing about the fee charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_rate_bps: Option<String>,
    /// The taker's price in dollars, rounded to 0.0001; what was paid follows from the makers' prices.
    #[serde(with = "wire::rounded")]
    pub price: Price,
    /// Where it stands.
    pub status: TradeStatus,
    /// When it was matched.
    #[serde(default, with = "wire::secs_text")]
    pub match_time: Option<Timestamp>,
    /// The same in nanoseconds, in some payloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_time_nano: Option<String>,
    /// When it changed last.
    #[serde(default, with = "wire::secs_text")]
    pub last_update: Option<Timestamp>,
    /// The outcome of the taker's token.
    #[serde(default, with = "wire::or_default")]
    pub outcome: String,
    /// The taker's API key.
    pub owner: String,
    /// Our API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_owner: Option<String>,
    /// The taker's wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker_address: Option<String>,
    /// The settling transaction; absent or empty until it is broadcast.
    #[serde(default)]
    pub transaction_hash: Option<String>,
    /// Separates trades of one order in one transaction.
    #[serde(default)]
    pub bucket_index: u32,
    /// The makers' parts.
    #[serde(default, with = "wire::or_default")]
    pub maker_orders: Vec<MakerOrder>,
    /// Whether we took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trader_side: Option<TraderSide>,
    /// `TRADE`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When the message was sent; absent when the trade comes from REST.
    #[serde(default, with = "wire::millis_text", skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

impl From<Trade> for UserTrade {
    /// The trade as REST lists it, which says the same.
    fn from(trade: Trade) -> Self {
        Self {
            id: trade.id,
            taker_order_id: trade.taker_order_id,
            market: trade.market,
            asset_id: trade.asset_id,
            side: trade.side,
            size: trade.size,
            fee_rate_bps: Some(trade.fee_rate_bps),
            price: trade.price,
            status: trade.status,
            match_time: Some(trade.match_time),
            match_time_nano: trade.match_time_nano,
            last_update: Some(trade.last_update),
            outcome: trade.outcome,
            owner: trade.owner,
            trade_owner: None,
            maker_address: Some(trade.maker_address),
            transaction_hash: Some(trade.transaction_hash),
            bucket_index: trade.bucket_index,
            maker_orders: trade.maker_orders,
            trader_side: trade.trader_side,
            kind: None,
            timestamp: None,
        }
    }
}

/// Any event of the user channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event_type", rename_all = "snake_case")]
pub enum UserEvent {
    /// `order`
    Order(Box<UserOrder>),
    /// `trade`
    Trade(Box<UserTrade>),
    /// An event of a kind that this version does not know; nothing is written for it.
    #[serde(skip)]
    Other(String),
}

/// What tells an event's kind. Old samples lack `event_type`; their `type` says it too.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    event_type: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    word: Option<std::borrow::Cow<'a, str>>,
}

impl UserEvent {
    /// Reads one object of a frame.
    ///
    /// # Errors
    /// [`DecodeError`] when it is no object, or lacks what an order or a trade must say. Reconcile with REST then.
    pub fn from_frame(frame: &str) -> Result<Self, DecodeError> {
        let wrong = |error: serde_json::Error| DecodeError::json("user", frame, &error);
        let kind: Kind<'_> = serde_json::from_str(frame).map_err(wrong)?;
        let word = match (kind.event_type.as_deref(), kind.word.as_deref()) {
            (Some(event_type), _) => event_type,
            (None, Some("PLACEMENT" | "UPDATE" | "CANCELLATION")) => "order",
            (None, Some("TRADE")) => "trade",
            (None, word) => word.unwrap_or_default(),
        };
        match word {
            "order" => serde_json::from_str(frame).map(Self::Order).map_err(wrong),
            "trade" => serde_json::from_str(frame).map(Self::Trade).map_err(wrong),
            other => Ok(Self::Other(other.chars().take(64).collect())),
        }
    }

    /// The event as the text of a frame.
    ///
    /// # Panics
    /// For [`UserEvent::Other`], which nobody can write.
    pub fn to_frame(&self) -> String {
        serde_json::to_string(self)
            .expect("texts, numbers and lists always serialize, and nobody writes an unknown event")
    }
}
