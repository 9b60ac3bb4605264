//! Orders, cancels, trades, balances, heartbeats and earnings, as the order book API writes them.
//!
//! Source: reference, sections 7 and 8, 2026-11-20.

use std::collections::BTreeMap;

use brier_types::{Money, Price, Qty, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::{OrderStatus, OrderType, PostStatus, TradeStatus, TraderSide};
use crate::ids::Side;
use crate::wire::{self, Num};

/// `POST /order`, and one item of `POST /orders`. All of the first six keys are always written.
///
/// Whether it was taken is told by [`PostOrderReply::accepted`], never by `success`.
///
/// Source: reference, section 7.3.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostOrderReply {
    /// True even for some rejected items of a batch.
    #[serde(default)]
    pub success: bool,
    /// Why it was rejected; empty when it was not.
    #[serde(with = "wire::or_default", rename = "errorMsg", default)]
    pub error_msg: String,
    /// The order's hash; empty when it was rejected.
    #[serde(with = "wire::or_default", rename = "orderID", default)]
    pub order_id: String,
    /// What became of it at once.
    #[serde(default)]
    pub status: PostStatus,
    /// What the maker gave so far, in units; empty when nothing matched.
    #[serde(rename = "makingAmount", with = "maybe_empty", default)]
    pub making_amount: Option<Money>,
    /// What the maker got so far, in units; empty when nothing matched.
    #[serde(rename = "takingAmount", with = "maybe_empty", default)]
    pub taking_amount: Option<Money>,
    /// The trades it made.
    #[serde(rename = "tradeIDs", default, skip_serializing_if = "Option::is_none")]
    pub trade_ids: Option<Vec<String>>,
    /// Their transactions, where they are known already.
    #[serde(rename = "transactionsHashes", default, skip_serializing_if = "Option::is_none")]
    pub transactions_hashes: Option<Vec<String>>,
}

/// `DELETE /order`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelOrderRequest {
    /// The order's hash.
    #[serde(rename = "orderID")]
    pub order_id: String,
}

/// `DELETE /cancel-market-orders`. Either may be empty, which means any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelMarketRequest {
    /// The condition.
    #[serde(with = "wire::or_default", default)]
    pub market: String,
    /// The token.
    #[serde(with = "wire::or_default", default)]
    pub asset_id: String,
}

/// What every cancel answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelReply {
    /// Hashes that were canceled.
    #[serde(with = "wire::or_default", default)]
    pub canceled: Vec<String>,
    /// Hashes that were not, and why.
    #[serde(with = "wire::or_default", default)]
    pub not_canceled: BTreeMap<String, String>,
}

/// A resting order: `GET /data/orders` and `/data/order/{hash}`.
///
/// Source: reference, section 8.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// The order's hash.
    pub id: String,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// The API key that posted it.
    #[serde(with = "wire::or_default", default)]
    pub owner: String,
    /// The wallet.
    #[serde(with = "wire::or_default", default)]
    pub maker_address: String,
    /// The condition.
    pub market: String,
    /// The token.
    pub asset_id: String,
    /// What it does with the token.
    #[serde(with = "wire::side")]
    pub side: Side,
    /// Shares asked for.
    #[serde(with = "wire::text")]
    pub original_size: Qty,
    /// Shares matched so far.
    #[serde(with = "wire::text")]
    pub size_matched: Qty,
    /// Limit price of its token.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// What the token pays on.
    #[serde(with = "wire::or_default", default)]
    pub outcome: String,
    /// When it ends by itself.
    #[serde(with = "wire::expiration", default)]
    pub expiration: Option<Timestamp>,
    /// How long it lives.
    pub order_type: OrderType,
    /// Its trades, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associate_trades: Option<Vec<String>>,
    /// When it was posted.
    #[serde(with = "wire::secs")]
    pub created_at: Timestamp,
}

/// One resting order of a trade, with its own token, side and price, which differ from the taker's in a mint or a merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakerOrder {
    /// The order's hash.
    pub order_id: String,
    /// The API key that posted it.
    #[serde(with = "wire::or_default", default)]
    pub owner: String,
    /// The wallet.
    #[serde(with = "wire::or_default", default)]
    pub maker_address: String,
    /// Shares matched.
    #[serde(with = "wire::text")]
    pub matched_amount: Qty,
    /// Limit price of its token.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// Zero even where a fee was charged.
    #[serde(with = "wire::or_default", default)]
    pub fee_rate_bps: String,
    /// The token.
    pub asset_id: String,
    /// What the token pays on.
    #[serde(with = "wire::or_default", default)]
    pub outcome: String,
    /// What it does with the token; absent in samples of 2025 and before.
    #[serde(with = "wire::side", default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
}

/// A match of one taker with one or more makers: `GET /data/trades`. Final when confirmed or failed, not before.
///
/// Source: reference, section 8.5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The trade.
    pub id: String,
    /// The taker's order.
    pub taker_order_id: String,
    /// The condition.
    pub market: String,
    /// The taker's token.
    pub asset_id: String,
    /// What the taker did.
    #[serde(with = "wire::side")]
    pub side: Side,
    /// Shares.
    #[serde(with = "wire::text")]
    pub size: Qty,
    /// Zero even where a fee was charged.
    #[serde(with = "wire::or_default", default)]
    pub fee_rate_bps: String,
    /// Price of the taker's token, rounded to 0.0001; what was paid follows from the makers' prices.
    #[serde(with = "wire::rounded")]
    pub price: Price,
    /// Where it is in its life.
    pub status: TradeStatus,
    /// When it matched.
    #[serde(with = "wire::secs_text")]
    pub match_time: Timestamp,
    /// The same in nanoseconds, on some payloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_time_nano: Option<String>,
    /// When its status changed.
    #[serde(with = "wire::secs_text")]
    pub last_update: Timestamp,
    /// What the taker's token pays on.
    #[serde(with = "wire::or_default", default)]
    pub outcome: String,
    /// Which of the trades of one transaction this is.
    #[serde(default)]
    pub bucket_index: u32,
    /// The taker's API key.
    #[serde(with = "wire::or_default", default)]
    pub owner: String,
    /// The taker's wallet.
    #[serde(with = "wire::or_default", default)]
    pub maker_address: String,
    /// Its transaction; empty until it was sent.
    #[serde(with = "wire::or_default", default)]
    pub transaction_hash: String,
    /// Which part we have in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trader_side: Option<TraderSide>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err_msg: Option<String>,
    /// The makers.
    #[serde(with = "wire::or_default", default)]
    pub maker_orders: Vec<MakerOrder>,
}

/// A trade attributed to a builder code: `GET /builder/trades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuilderTrade {
    /// The trade.
    pub id: String,
    /// Whether the code was the taker's or a maker's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_type: Option<String>,
    /// The taker's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker_order_hash: Option<String>,
    /// The builder code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// The condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<String>,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_id: Option<String>,
    /// What the order did.
    #[serde(with = "wire::side", default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Shares.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Qty>,
    /// Dollars.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub size_usdc: Option<Money>,
    /// Price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Where it is in its life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TradeStatus>,
    /// What the token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// The API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Its transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_hash: Option<String>,
    /// When it matched.
    #[serde(with = "wire::secs_text", default, skip_serializing_if = "Option::is_none")]
    pub match_time: Option<Timestamp>,
    /// Which of the trades of one transaction this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_index: Option<u32>,
    /// Fee in shares or dollars, as the venue's generation has it.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Money>,
    /// Fee in dollars.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub fee_usdc: Option<Money>,
    /// Why it failed.
    #[serde(rename = "err_msg", default, skip_serializing_if = "Option::is_none")]
    pub err_msg: Option<String>,
    /// When it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// `GET /balance-allowance`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceAllowance {
    /// What the wallet holds, collateral or shares.
    #[serde(with = "wire::base_units")]
    pub balance: Qty,
    /// What each exchange may move, in base units up to 2^256 - 1, by its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowances: Option<BTreeMap<String, String>>,
    /// The same in one number, before there were several exchanges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<String>,
}

/// `GET /notifications`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The notification.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The API key.
    #[serde(with = "wire::or_default", default)]
    pub owner: String,
    /// 1 cancel, 2 fill, 3 market registered, 4 resolved, 5 reward, 6 comment; others up to 11.
    #[serde(rename = "type")]
    pub kind: u32,
    /// What happened, uninterpreted.
    #[serde(default)]
    pub payload: Value,
    /// When, in the venue's own form.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// `POST /v1/heartbeats`. The first one carries an empty id, or null; each later one that of the answer before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatRequest {
    /// The id.
    #[serde(default)]
    pub heartbeat_id: Option<String>,
}

/// The answer to [`HeartbeatRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatReply {
    /// The id for the next one.
    pub heartbeat_id: String,
}

/// The answer to a wrong id, with the right one. Both names of the text are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatRefusal {
    /// `Invalid Heartbeat ID`.
    pub error: String,
    /// The same.
    #[serde(with = "wire::or_default", default)]
    pub error_msg: String,
    /// The id that was expected.
    pub heartbeat_id: String,
}

/// `POST /heartbeats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReply {
    /// `ok`.
    pub status: String,
}

/// `GET /order-scoring`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderScoring {
    /// Whether the order scores for rewards.
    pub scoring: bool,
}

/// `GET /rewards/user`, and without a market `/rewards/user/total`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserEarning {
    /// The day.
    #[serde(with = "wire::or_default", default)]
    pub date: String,
    /// The condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_id: Option<String>,
    /// What was paid in.
    #[serde(with = "wire::or_default", default)]
    pub asset_address: String,
    /// The wallet.
    #[serde(with = "wire::or_default", default)]
    pub maker_address: String,
    /// Units earned.
    pub earnings: Num,
    /// Dollars a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_rate: Option<Num>,
}

/// `GET /rebates/current`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebate {
    /// The day.
    #[serde(with = "wire::or_default", default)]
    pub date: String,
    /// The condition.
    #[serde(with = "wire::or_default", default)]
    pub condition_id: String,
    /// What was paid in.
    #[serde(with = "wire::or_default", default)]
    pub asset_address: String,
    /// The wallet.
    #[serde(with = "wire::or_default", default)]
    pub maker_address: String,
    /// Dollars paid back.
    #[serde(with = "wire::float")]
    pub rebated_fees_usdc: Money,
}

impl PostOrderReply {
    /// Whether the exchange has the order: an id and no complaint. `success` tells nothing inside a batch.
    ///
    /// Source: reference, section 7.3.
    pub fn accepted(&self) -> bool {
        !self.order_id.is_empty() && self.error_msg.is_empty()
    }

    /// The item that rejects an order.
    pub fn rejected(error_msg: impl Into<String>) -> Self {
        Self { success: true, error_msg: error_msg.into(), ..Self::default() }
    }
}

/// An amount whose key is always there: the empty text while there is none.
mod maybe_empty {
    use brier_types::Money;
    use serde::{Deserializer, Serializer};

    use crate::wire;

    #[expect(clippy::ref_option, reason = "the shape serde asks for")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Money>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(_) => wire::text::serialize(value, out),
            None => out.serialize_str(""),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Money>, D::Error> {
        wire::rounded::deserialize(from)
    }
}
