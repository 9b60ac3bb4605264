//! Balance, positions, fills, settlements.
//!
//! Source: reference sections 9, 11, 13 and 14 (docs.kalshi.com "portfolio"), 2026-11-20.

use brier_types::{Money, Price, Qty, SignedQty, Timestamp};
use serde::{Deserialize, Serialize};

use super::words::{ActionWord, BookSide, OutcomeSide, ResultWord};
use crate::wire;

/// Answer of `GET /portfolio/balance`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetBalanceResponse {
    /// Available cash in whole cents, truncated.
    pub balance: i64,
    /// Available cash.
    #[serde(with = "wire::dollars")]
    pub balance_dollars: Money,
    /// Worth of the positions in whole cents.
    pub portfolio_value: i64,
    /// As of when.
    #[serde(with = "wire::unix_secs")]
    pub updated_ts: Timestamp,
    /// Cash by shard; absent for keys bound to a subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_breakdown: Option<Vec<IndexedBalance>>,
}

/// Cash on one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedBalance {
    /// The shard.
    pub exchange_index: i32,
    /// Its cash.
    #[serde(with = "wire::dollars")]
    pub balance: Money,
}

/// What an account holds in one market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketPosition {
    /// The market.
    pub ticker: String,
    /// Its shard.
    #[serde(default)]
    pub exchange_index: i32,
    /// Dollars traded, both ways.
    #[serde(with = "wire::dollars")]
    pub total_traded_dollars: Money,
    /// Plus is YES, minus is NO.
    #[serde(with = "wire::count")]
    pub position_fp: SignedQty,
    /// Cost of what is held.
    #[serde(with = "wire::dollars")]
    pub market_exposure_dollars: Money,
    /// What closing realized.
    #[serde(with = "wire::dollars")]
    pub realized_pnl_dollars: Money,
    /// Fees paid.
    #[serde(with = "wire::dollars")]
    pub fees_paid_dollars: Money,
    /// When it last changed.
    #[serde(with = "wire::rfc3339")]
    pub last_updated_ts: Timestamp,
}

/// What an account holds over one event's markets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPosition {
    /// The event.
    pub event_ticker: String,
    /// Cost of what was bought.
    #[serde(with = "wire::dollars")]
    pub total_cost_dollars: Money,
    /// Contracts bought.
    #[serde(with = "wire::count")]
    pub total_cost_shares_fp: Qty,
    /// Cost of what is held.
    #[serde(with = "wire::dollars")]
    pub event_exposure_dollars: Money,
    /// What closing realized.
    #[serde(with = "wire::dollars")]
    pub realized_pnl_dollars: Money,
    /// Fees paid.
    #[serde(with = "wire::dollars")]
    pub fees_paid_dollars: Money,
}

/// Answer of `GET /portfolio/positions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetPositionsResponse {
    /// Where the next page starts; empty on the last.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub cursor: String,
    /// By market.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub market_positions: Vec<MarketPosition>,
    /// By event.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub event_positions: Vec<EventPosition>,
}

/// An account's part of a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The same as `trade_id`.
    pub fill_id: String,
    /// The shard.
    #[serde(default)]
    pub exchange_index: i32,
    /// The match.
    pub trade_id: String,
    /// The order.
    pub order_id: String,
    /// The market.
    pub ticker: String,
    /// The same as `ticker`.
    pub market_ticker: String,
    /// Older word for the direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<OutcomeSide>,
    /// Older word for the direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionWord>,
    /// The outcome gained on.
    pub outcome_side: OutcomeSide,
    /// The side of the YES book.
    pub book_side: BookSide,
    /// Contracts.
    #[serde(with = "wire::count")]
    pub count_fp: Qty,
    /// YES price.
    #[serde(with = "wire::dollars")]
    pub yes_price_dollars: Price,
    /// Its complement.
    #[serde(with = "wire::dollars")]
    pub no_price_dollars: Price,
    /// Whether the order took.
    pub is_taker: bool,
    /// When.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// Net fee, six decimals.
    #[serde(with = "wire::dollars6")]
    pub fee_cost: Money,
    /// The subaccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_number: Option<i32>,
    /// When, in whole seconds.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<Timestamp>,
}

/// Answer of `GET /portfolio/fills`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetFillsResponse {
    /// The fills, newest first.
    pub fills: Vec<Fill>,
    /// Where the next page starts; empty on the last.
    pub cursor: String,
}

/// A position that was paid out. Money has six decimals, as recorded in 2026-08.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The market.
    pub ticker: String,
    /// Its shard.
    #[serde(default)]
    pub exchange_index: i32,
    /// Its event.
    pub event_ticker: String,
    /// `yes`, `no` or `scalar`.
    pub market_result: ResultWord,
    /// YES contracts bought.
    #[serde(with = "wire::count")]
    pub yes_count_fp: Qty,
    /// What they cost.
    #[serde(with = "wire::dollars6")]
    pub yes_total_cost_dollars: Money,
    /// NO contracts bought.
    #[serde(with = "wire::count")]
    pub no_count_fp: Qty,
    /// What they cost.
    #[serde(with = "wire::dollars6")]
    pub no_total_cost_dollars: Money,
    /// Paid out, in whole cents.
    pub revenue: i64,
    /// When.
    #[serde(with = "wire::rfc3339")]
    pub settled_time: Timestamp,
    /// Fees of the position.
    #[serde(with = "wire::dollars6")]
    pub fee_cost: Money,
    /// What one YES contract paid, in whole cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
}

/// Answer of `GET /portfolio/settlements`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSettlementsResponse {
    /// The settlements, newest first.
    pub settlements: Vec<Settlement>,
    /// Where the next page starts; empty on the last.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub cursor: String,
}
