//! The order book API (CLOB) on the wire: every body of every endpoint that carries data, for both sides of it.
//!
//! Invariants: ids are kept as the texts they came as, since the venue sends empty and malformed ones now and then, and are
//! checked where they are used ([`crate::ids`]); prices, sizes and dollars are units of `brier-types`, read from decimal
//! text; what an older server leaves out is optional, and what is written is the present form.
//!
//! Not here: how an order is signed and posted ([`crate::order_body`]), and the streams.
//!
//! Source: reference, section 8 (docs.polymarket.com "CLOB"), 2026-11-20.

mod keys;
mod market;
mod order;
#[cfg(test)]
mod tests;
mod words;

use serde::{Deserialize, Serialize};

use crate::wire;

pub use keys::{
    ApiKeyReply, ApiKeysReply, BuilderApiKeyEntry, BuilderApiKeyReply, BuilderFees, ClosedOnlyReply, DeleteKeyRequest,
    ReadonlyApiKeyReply, ReadonlyApiKeysReply,
};
pub use market::{
    AssetEarning, BatchPriceHistory, BatchPriceHistoryRequest, Book, ClobMarket, ClobToken, FeeDetails, FeeRateReply,
    LastTradePrice, Level, LiveActivity, Market, MarketByToken, MarketReward, MarketRewards, MarketToken, Midpoint,
    NegRiskReply, PriceHistory, PricePoint, PriceReply, RewardRate, RewardsConfig, RewardsMarket, SidePrices,
    SimplifiedMarket, SpreadReply, TickSizeReply, TokenLastTrade, TokenRequest, Version,
};
pub use order::{
    BalanceAllowance, BuilderTrade, CancelMarketRequest, CancelOrderRequest, CancelReply, HeartbeatRefusal,
    HeartbeatReply, HeartbeatRequest, MakerOrder, Notification, OpenOrder, OrderScoring, PostOrderReply, Rebate,
    StatusReply, Trade, UserEarning,
};
pub use words::{AssetType, OrderStatus, OrderType, PostStatus, TradeStatus, TraderSide};

/// The cursor before the first page.
pub const FIRST_CURSOR: &str = "MA==";
/// The cursor after the last page. Older pages end with an empty one.
pub const LAST_CURSOR: &str = "LTE=";
/// Most orders in one `POST /orders`.
pub const MAX_BATCH_ORDERS: usize = 15;
/// Most ids in one `DELETE /orders`.
pub const MAX_BATCH_CANCELS: usize = 1_000;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// Items a page holds at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Items on this page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Where the next page starts; [`LAST_CURSOR`] when there is none.
    #[serde(with = "wire::or_default", default)]
    pub next_cursor: String,
    /// The items.
    #[serde(with = "wire::or_default", default = "Vec::new", bound = "T: Serialize + serde::de::DeserializeOwned")]
    pub data: Vec<T>,
}

impl<T> Page<T> {
    /// Where the next page starts, or `None` after the last one.
    pub fn next(&self) -> Option<&str> {
        Some(self.next_cursor.as_str()).filter(|cursor| !cursor.is_empty() && *cursor != LAST_CURSOR)
    }

    /// A page with everything on it.
    pub fn only(data: Vec<T>, limit: u32) -> Self {
        let count = u32::try_from(data.len()).unwrap_or(u32::MAX);
        Self { limit: Some(limit), count: Some(count), next_cursor: LAST_CURSOR.to_owned(), data }
    }
}
