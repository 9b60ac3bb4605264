//! Order groups: sets of orders that are canceled together when they fill too much in 15 seconds.
//!
//! Source: reference sections 12.1, 13 and 14 (docs.kalshi.com "order groups"), 2026-11-20.

use brier_types::Qty;
use serde::{Deserialize, Serialize};

use crate::wire;

/// Body of `POST /portfolio/order_groups/create`; the venue makes the id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOrderGroupRequest {
    /// 0 to 63.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<i32>,
    /// Whole contracts per 15 seconds; the older form of the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit: Option<i64>,
    /// Contracts per 15 seconds, 1 to 1,000,000.
    #[serde(with = "wire::strict_count", default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<Qty>,
    /// The shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// Answer of a create, status 201.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOrderGroupResponse {
    /// The venue's name for it.
    pub order_group_id: String,
    /// Its subaccount.
    #[serde(default)]
    pub subaccount: i32,
    /// Its shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// One group of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderGroup {
    /// The venue's name for it.
    pub id: String,
    /// Contracts per 15 seconds.
    #[serde(with = "wire::count", default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<Qty>,
    /// Whether it cancels by itself.
    pub is_auto_cancel_enabled: bool,
    /// Its shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// Answer of `GET /portfolio/order_groups`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOrderGroupsResponse {
    /// The groups.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub order_groups: Vec<OrderGroup>,
}

/// Answer of `GET /portfolio/order_groups/{order_group_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOrderGroupResponse {
    /// Whether it cancels by itself.
    pub is_auto_cancel_enabled: bool,
    /// Contracts per 15 seconds.
    #[serde(with = "wire::count", default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<Qty>,
    /// The ids of its orders.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub orders: Vec<String>,
    /// Its shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// Body of `PUT /portfolio/order_groups/{order_group_id}/limit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateOrderGroupLimitRequest {
    /// Whole contracts per 15 seconds; the older form of the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit: Option<i64>,
    /// Contracts per 15 seconds, 1 to 1,000,000.
    #[serde(with = "wire::strict_count", default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<Qty>,
}

/// Why the two forms of a group's limit give no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupLimitError {
    /// Neither form is there.
    #[error("order group: expected `contracts_limit_fp`, found no limit")]
    Missing,
    /// Both are there and differ.
    #[error("order group: expected `contracts_limit` and `contracts_limit_fp` to agree")]
    Differ,
    /// Outside 1 to 1,000,000 contracts.
    #[error("order group: expected a limit of 1 to 1000000 contracts")]
    Range,
}

/// The limit that the two forms of a request state.
///
/// # Errors
/// [`GroupLimitError`] when they state none, two, or one out of range.
pub fn group_limit(whole: Option<i64>, fixed: Option<Qty>) -> Result<Qty, GroupLimitError> {
    const MAX_CONTRACTS: u64 = 1_000_000;
    let whole = match whole {
        Some(count) => Some(u64::try_from(count).ok().and_then(Qty::from_contracts).ok_or(GroupLimitError::Range)?),
        None => None,
    };
    let limit = match (whole, fixed) {
        (None, None) => return Err(GroupLimitError::Missing),
        (Some(whole), Some(fixed)) if whole != fixed => return Err(GroupLimitError::Differ),
        (_, Some(limit)) | (Some(limit), None) => limit,
    };
    if (Qty::PER_CONTRACT..=MAX_CONTRACTS * Qty::PER_CONTRACT).contains(&limit.micros()) {
        Ok(limit)
    } else {
        Err(GroupLimitError::Range)
    }
}
