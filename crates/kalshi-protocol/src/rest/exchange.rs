//! Exchange status and schedule, announced fee changes, account limits and endpoint costs.
//!
//! Source: reference sections 5, 7, 10, 13 and 14 (docs.kalshi.com "exchange", "rate limits"), 2026-11-20.

use brier_types::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::words::{ExchangeInstance, FeeTypeWord};
use crate::wire;

/// Answer of `GET /exchange/status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeStatus {
    /// Whether anything works at all.
    pub exchange_active: bool,
    /// Whether orders can be placed; cancels work while this is false and the exchange is active.
    pub trading_active: bool,
    /// Whether cash can move between shards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intra_exchange_transfers_active: Option<bool>,
    /// When a pause is expected to end.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub exchange_estimated_resume_time: Option<Timestamp>,
    /// By shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index_statuses: Option<Vec<ExchangeIndexStatus>>,
}

/// The state of one shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeIndexStatus {
    /// The shard.
    pub exchange_index: i32,
    /// For people.
    pub description: String,
    /// Whether anything works at all.
    pub exchange_active: bool,
    /// Whether orders can be placed.
    pub trading_active: bool,
    /// Whether cash can move.
    pub intra_exchange_transfers_active: bool,
}

/// Answer of `GET /exchange/schedule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetExchangeScheduleResponse {
    /// The schedule.
    pub schedule: Schedule,
}

/// When the exchange is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Weekly hours, in US Eastern time.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub standard_hours: Vec<WeeklySchedule>,
    /// Announced closures.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub maintenance_windows: Vec<MaintenanceWindow>,
}

/// The hours of a week, valid for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklySchedule {
    /// Valid from.
    #[serde(with = "wire::rfc3339")]
    pub start_time: Timestamp,
    /// Valid until.
    #[serde(with = "wire::rfc3339")]
    pub end_time: Timestamp,
    /// Open hours.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub monday: Vec<DailySchedule>,
    /// Open hours.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub tuesday: Vec<DailySchedule>,
    /// Open hours.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub wednesday: Vec<DailySchedule>,
    /// Open hours.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub thursday: Vec<DailySchedule>,
    /// Open hours.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub friday: Vec<DailySchedule>,
    /// Open hours.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub saturday: Vec<DailySchedule>,
    /// Open hours.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub sunday: Vec<DailySchedule>,
}

/// One stretch of open hours, `HH:MM`; from `00:00` to `00:00` is the whole day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailySchedule {
    /// From.
    pub open_time: String,
    /// To.
    pub close_time: String,
}

/// One announced closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    /// From.
    #[serde(with = "wire::rfc3339")]
    pub start_datetime: Timestamp,
    /// To.
    #[serde(with = "wire::rfc3339")]
    pub end_datetime: Timestamp,
}

/// Answer of `GET /exchange/user_data_timestamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetUserDataTimestampResponse {
    /// Up to when balance, orders, fills and positions are what writes made them.
    #[serde(with = "wire::rfc3339")]
    pub as_of_time: Timestamp,
}

/// Answer of `GET /series/fee_changes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetSeriesFeeChangesResponse {
    /// The changes.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub series_fee_change_arr: Vec<SeriesFeeChange>,
}

/// A series will charge otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesFeeChange {
    /// The change's name.
    pub id: String,
    /// The series.
    pub series_ticker: String,
    /// How it will charge.
    pub fee_type: FeeTypeWord,
    /// How much it will charge.
    pub fee_multiplier: Number,
    /// From when.
    #[serde(with = "wire::rfc3339")]
    pub scheduled_ts: Timestamp,
}

/// Answer of `GET /events/fee_changes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetEventFeeChangesResponse {
    /// The changes.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub event_fee_changes: Vec<EventFeeChange>,
    /// Where the next page starts; empty on the last.
    pub cursor: String,
}

/// An event will charge otherwise than its series; null takes an override back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventFeeChange {
    /// The change's name.
    pub id: String,
    /// The event.
    pub event_ticker: String,
    /// Its series.
    pub series_ticker: String,
    /// How it will charge.
    #[serde(default)]
    pub fee_type_override: Option<FeeTypeWord>,
    /// How much it will charge.
    #[serde(default)]
    pub fee_multiplier_override: Option<Number>,
    /// From when.
    #[serde(with = "wire::rfc3339")]
    pub scheduled_ts: Timestamp,
}

/// Answer of `GET /account/limits`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetAccountApiLimitsResponse {
    /// The tier's word, such as `basic`.
    pub usage_tier: String,
    /// The read bucket.
    pub read: BucketLimit,
    /// The write bucket.
    pub write: BucketLimit,
    /// Why the account has its tier.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub grants: Vec<ApiUsageLevelGrant>,
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketLimit {
    /// Tokens per second.
    pub refill_rate: u32,
    /// Tokens it holds.
    pub bucket_capacity: u32,
}

/// One reason for a tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiUsageLevelGrant {
    /// For which product.
    pub exchange_instance: ExchangeInstance,
    /// The tier's word.
    pub level: String,
    /// Until when, if it ends.
    #[serde(with = "wire::unix_secs", default, skip_serializing_if = "Option::is_none")]
    pub expires_ts: Option<Timestamp>,
    /// Where it came from.
    pub source: String,
}

/// Answer of `GET /account/endpoint_costs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetAccountEndpointCostsResponse {
    /// Tokens of every call that is not listed.
    pub default_cost: u32,
    /// The exceptions.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub endpoint_costs: Vec<EndpointTokenCost>,
}

/// What one operation costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointTokenCost {
    /// HTTP method.
    pub method: String,
    /// Path with its prefix; `:name` is one segment, `*name` the rest.
    pub path: String,
    /// Tokens.
    pub cost: u32,
}
