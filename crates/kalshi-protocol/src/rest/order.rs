//! Orders: create, amend, decrease, cancel, batches, lists, queue positions.
//!
//! Source: reference sections 8, 13 and 14 (docs.kalshi.com "create order v2" and its kin), 2026-11-20.

use brier_types::{Money, Price, Qty, Timestamp};
use serde::{Deserialize, Serialize};

use super::words::{
    ActionWord, BookSide, OrderStatus, OrderType, OutcomeSide, SelfTradePreventionType, TimeInForceWord,
};
use crate::errors::ErrorDetail;
use crate::wire;

/// Body of `POST /portfolio/events/orders`.
///
/// `price` is money and not yet a price: one outside $0 to $1 or off the grid is well formed and refused as
/// `invalid_price`, not as a body that does not decode. So is one with more than four decimals: the error then begins
/// with [`wire::BAD_DOLLARS`], and that of a count with [`wire::BAD_COUNT`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOrderV2Request {
    /// The market.
    pub ticker: String,
    /// The account's name for the order, spent for good once used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// The side of the YES book.
    pub side: BookSide,
    /// Contracts.
    #[serde(with = "wire::strict_count")]
    pub count: Qty,
    /// YES price.
    #[serde(with = "wire::strict_dollars")]
    pub price: Money,
    /// When it expires, in whole seconds; only with `good_till_canceled`.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Timestamp>,
    /// How long it lives.
    pub time_in_force: TimeInForceWord,
    /// Refuse rather than take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_only: Option<bool>,
    /// What happens when it meets an own order. Required: REST has no default.
    pub self_trade_prevention_type: SelfTradePreventionType,
    /// Cancel when trading pauses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_order_on_pause: Option<bool>,
    /// Only shrink a position; only with `immediate_or_cancel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduce_only: Option<bool>,
    /// 0 to 63.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<i32>,
    /// The set of orders it joins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_group_id: Option<String>,
    /// The shard; -1 or absent is routed by ticker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// Answer of `POST /portfolio/events/orders`, status 201. It never tells the order's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOrderV2Response {
    /// The venue's name for the order.
    pub order_id: String,
    /// The account's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Contracts filled at once.
    #[serde(with = "wire::count")]
    pub fill_count: Qty,
    /// Contracts that now rest.
    #[serde(with = "wire::count")]
    pub remaining_count: Qty,
    /// Average YES price, after fills only.
    #[serde(with = "wire::average_dollars", default, skip_serializing_if = "Option::is_none")]
    pub average_fill_price: Option<Money>,
    /// Average fee per contract, after fills only.
    #[serde(with = "wire::average_dollars", default, skip_serializing_if = "Option::is_none")]
    pub average_fee_paid: Option<Money>,
    /// When the venue did it.
    #[serde(with = "wire::unix_millis")]
    pub ts_ms: Timestamp,
}

/// Body of `POST /portfolio/events/orders/{order_id}/amend`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendOrderV2Request {
    /// The order's market.
    pub ticker: String,
    /// The order's side.
    pub side: BookSide,
    /// The new YES price; money for the reason [`CreateOrderV2Request`] gives.
    #[serde(with = "wire::strict_dollars")]
    pub price: Money,
    /// The new **total**: filled so far plus wanted remainder.
    #[serde(with = "wire::strict_count")]
    pub count: Qty,
    /// The order's present client order id, as a check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Its new client order id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_client_order_id: Option<String>,
    /// Its new expiry: absent keeps it, 0 (the epoch) clears it.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Timestamp>,
    /// The shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// Answer of an amend, status 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendOrderV2Response {
    /// The order.
    pub order_id: String,
    /// The account's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Contracts that now rest.
    #[serde(with = "wire::count", default, skip_serializing_if = "Option::is_none")]
    pub remaining_count: Option<Qty>,
    /// Contracts filled by this amend.
    #[serde(with = "wire::count", default, skip_serializing_if = "Option::is_none")]
    pub fill_count: Option<Qty>,
    /// Average YES price, after fills only.
    #[serde(with = "wire::average_dollars", default, skip_serializing_if = "Option::is_none")]
    pub average_fill_price: Option<Money>,
    /// Average fee per contract, after fills only.
    #[serde(with = "wire::average_dollars", default, skip_serializing_if = "Option::is_none")]
    pub average_fee_paid: Option<Money>,
    /// When the venue did it.
    #[serde(with = "wire::unix_millis")]
    pub ts_ms: Timestamp,
}

/// Body of `POST /portfolio/events/orders/{order_id}/decrease`: exactly one of `reduce_by` and `reduce_to`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecreaseOrderV2Request {
    /// By how many contracts.
    #[serde(with = "wire::strict_count", default, skip_serializing_if = "Option::is_none")]
    pub reduce_by: Option<Qty>,
    /// To how many resting contracts.
    #[serde(with = "wire::strict_count", default, skip_serializing_if = "Option::is_none")]
    pub reduce_to: Option<Qty>,
    /// The shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
    /// The order's market, by which the shard is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_ticker: Option<String>,
}

/// Answer of a decrease, status 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecreaseOrderV2Response {
    /// The order.
    pub order_id: String,
    /// The account's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Contracts that still rest.
    #[serde(with = "wire::count")]
    pub remaining_count: Qty,
    /// When the venue did it.
    #[serde(with = "wire::unix_millis")]
    pub ts_ms: Timestamp,
}

/// Answer of `DELETE /portfolio/events/orders/{order_id}`, status 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelOrderV2Response {
    /// The order.
    pub order_id: String,
    /// The account's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Contracts taken back.
    #[serde(with = "wire::count")]
    pub reduced_by: Qty,
    /// When the venue did it.
    #[serde(with = "wire::unix_millis")]
    pub ts_ms: Timestamp,
}

/// Body of `POST /portfolio/events/orders/batched`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCreateOrdersV2Request {
    /// The orders, as many as the write bucket holds.
    pub orders: Vec<CreateOrderV2Request>,
}

/// Answer of a batch create, status 201 whatever happened to its items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCreateOrdersV2Response {
    /// One item per order, in the order of the request.
    pub orders: Vec<BatchCreateItem>,
}

/// What became of one order of a batch: created, or refused with `error`.
///
/// The venue's model name is `BatchCreateOrdersV2ResponseOrdersInner`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCreateItem {
    /// The venue's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The account's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Contracts filled at once.
    #[serde(with = "wire::count", default, skip_serializing_if = "Option::is_none")]
    pub fill_count: Option<Qty>,
    /// Contracts that now rest.
    #[serde(with = "wire::count", default, skip_serializing_if = "Option::is_none")]
    pub remaining_count: Option<Qty>,
    /// Average YES price, after fills only.
    #[serde(with = "wire::average_dollars", default, skip_serializing_if = "Option::is_none")]
    pub average_fill_price: Option<Money>,
    /// Average fee per contract, after fills only.
    #[serde(with = "wire::average_dollars", default, skip_serializing_if = "Option::is_none")]
    pub average_fee_paid: Option<Money>,
    /// When the venue did it.
    #[serde(with = "wire::unix_millis", default, skip_serializing_if = "Option::is_none")]
    pub ts_ms: Option<Timestamp>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorDetail>,
}

/// Body of `DELETE /portfolio/events/orders/batched`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCancelOrdersV2Request {
    /// The orders.
    pub orders: Vec<BatchCancelTarget>,
}

/// One order to cancel. The venue's model name is `BatchCancelOrdersV2RequestOrdersInner`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCancelTarget {
    /// The order.
    pub order_id: String,
    /// Its subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<i32>,
    /// Its shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
    /// Its market, by which the shard is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_ticker: Option<String>,
}

/// Answer of a batch cancel, status 200 whatever happened to its items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCancelOrdersV2Response {
    /// One item per order, in the order of the request.
    pub orders: Vec<BatchCancelItem>,
}

/// What became of one cancel of a batch. The venue's model name is `BatchCancelOrdersV2ResponseOrdersInner`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCancelItem {
    /// The order.
    pub order_id: String,
    /// The account's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Contracts taken back; zero beside an error.
    #[serde(with = "wire::count")]
    pub reduced_by: Qty,
    /// When the venue did it.
    #[serde(with = "wire::unix_millis", default, skip_serializing_if = "Option::is_none")]
    pub ts_ms: Option<Timestamp>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorDetail>,
}

/// An order as read. Prices are YES prices whatever the direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The venue's name for it.
    pub order_id: String,
    /// Whose it is.
    pub user_id: String,
    /// The account's name for it; the venue makes one where none was given.
    pub client_order_id: String,
    /// The market.
    pub ticker: String,
    /// Older word for the direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<OutcomeSide>,
    /// Older word for the direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionWord>,
    /// The outcome it gains on.
    pub outcome_side: OutcomeSide,
    /// The side of the YES book.
    pub book_side: BookSide,
    /// Its kind.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// Where it stands.
    pub status: OrderStatus,
    /// Limit price of YES.
    #[serde(with = "wire::dollars")]
    pub yes_price_dollars: Price,
    /// Its complement.
    #[serde(with = "wire::dollars")]
    pub no_price_dollars: Price,
    /// Contracts filled.
    #[serde(with = "wire::count")]
    pub fill_count_fp: Qty,
    /// Contracts that rest.
    #[serde(with = "wire::count")]
    pub remaining_count_fp: Qty,
    /// Contracts ordered.
    #[serde(with = "wire::count")]
    pub initial_count_fp: Qty,
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
    /// When it expires; null when it does not.
    #[serde(with = "wire::rfc3339", default)]
    pub expiration_time: Option<Timestamp>,
    /// When it was placed.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// When it last changed.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<Timestamp>,
    /// What happens when it meets an own order; a word of the venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_trade_prevention_type: Option<SelfTradePreventionType>,
    /// The set it belongs to; null when none.
    #[serde(default)]
    pub order_group_id: Option<String>,
    /// Whether a pause cancels it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_order_on_pause: Option<bool>,
    /// The subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_number: Option<i32>,
    /// The shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// Answer of `GET /portfolio/orders/{order_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOrderResponse {
    /// The order.
    pub order: Order,
}

/// Answer of `GET /portfolio/orders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOrdersResponse {
    /// The orders. Finished ones leave the list after two weeks.
    pub orders: Vec<Order>,
    /// Where the next page starts; empty on the last.
    pub cursor: String,
}

/// How much stands before one resting order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderQueuePosition {
    /// The order.
    pub order_id: String,
    /// Its market.
    pub market_ticker: String,
    /// Contracts ahead in price-time order.
    #[serde(with = "wire::count")]
    pub queue_position_fp: Qty,
}

/// Answer of `GET /portfolio/orders/{order_id}/queue_position`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOrderQueuePositionResponse {
    /// Contracts ahead in price-time order.
    #[serde(with = "wire::count")]
    pub queue_position_fp: Qty,
}

/// Answer of `GET /portfolio/orders/queue_positions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOrderQueuePositionsResponse {
    /// The account's resting orders.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub queue_positions: Vec<OrderQueuePosition>,
}
