//! Which keys the venue documents for each event, for the strict reading of recordings.
//!
//! Source: reference, sections 8.5, 10.2, 10.3 and 11, 2026-11-20.

use serde_json::{Map, Value};

use super::error::DecodeError;
use super::general::kind_of;

/// Which stream a frame comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The market channel.
    Market,
    /// The user channel.
    User,
    /// RTDS.
    Rtds,
}

/// Fields that only samples before 2025-09-15 carry, at the top of a `price_change`: it named one token and its changes, or
/// was one change. They are read; [`unknown_fields`] names them all the same.
pub const OLD_PRICE_CHANGE_FIELDS: &[&str] = &["asset_id", "changes", "hash", "price", "side", "size"];

const LEVEL: &[&str] = &["price", "size"];
const CHANGE: &[&str] = &["asset_id", "price", "size", "side", "hash", "best_bid", "best_ask"];
const EVENT_MESSAGE: &[&str] = &["id", "ticker", "slug", "title", "description"];
const MAKER_ORDER: &[&str] = &[
    "order_id",
    "owner",
    "maker_address",
    "matched_amount",
    "price",
    "fee_rate_bps",
    "asset_id",
    "outcome",
    "outcome_index",
    "side",
];
const PRICE: &[&str] =
    &["symbol", "timestamp", "value", "full_accuracy_value", "window_s", "received_at", "is_carried_forward", "data"];
const POINT: &[&str] = &["timestamp", "value"];

/// The keys of an event, and those of the objects that some of them hold; `None` for a type that is not documented.
type Known = (&'static [&'static str], &'static [(&'static str, &'static [&'static str])]);

fn market(kind: &str) -> Option<Known> {
    Some(match kind {
        "book" => (
            &["event_type", "market", "asset_id", "timestamp", "hash", "bids", "asks", "tick_size", "last_trade_price"],
            &[("bids", LEVEL), ("asks", LEVEL)],
        ),
        "price_change" => (
            &["event_type", "market", "timestamp", "price_changes"],
            &[("price_changes", CHANGE), ("changes", &["price", "side", "size"])],
        ),
        "last_trade_price" => (
            &[
                "event_type",
                "market",
                "asset_id",
                "price",
                "size",
                "side",
                "fee_rate_bps",
                "timestamp",
                "transaction_hash",
            ],
            &[],
        ),
        "tick_size_change" => {
            (&["event_type", "market", "asset_id", "old_tick_size", "new_tick_size", "timestamp"], &[])
        }
        "best_bid_ask" => (&["event_type", "market", "asset_id", "best_bid", "best_ask", "spread", "timestamp"], &[]),
        "new_market" => (
            &[
                "event_type",
                "id",
                "question",
                "market",
                "slug",
                "description",
                "assets_ids",
                "outcomes",
                "event_message",
                "timestamp",
                "tags",
                "condition_id",
                "active",
                "clob_token_ids",
                "sports_market_type",
                "line",
                "game_start_time",
                "order_price_min_tick_size",
                "group_item_title",
                "taker_base_fee",
                "fees_enabled",
                "fee_schedule",
            ],
            &[("event_message", EVENT_MESSAGE)],
        ),
        "market_resolved" => (
            &["event_type", "id", "market", "assets_ids", "winning_asset_id", "winning_outcome", "timestamp", "tags"],
            &[],
        ),
        _ => return None,
    })
}

const ORDER: &[&str] = &[
    "event_type",
    "type",
    "id",
    "owner",
    "order_owner",
    "market",
    "asset_id",
    "side",
    "original_size",
    "size_matched",
    "price",
    "associate_trades",
    "outcome",
    "created_at",
    "expiration",
    "order_type",
    "status",
    "maker_address",
    "timestamp",
];

const TRADE: &[&str] = &[
    "event_type",
    "type",
    "id",
    "taker_order_id",
    "market",
    "asset_id",
    "side",
    "size",
    "fee_rate_bps",
    "price",
    "status",
    "match_time",
    "match_time_nano",
    "last_update",
    "outcome",
    "owner",
    "trade_owner",
    "maker_address",
    "transaction_hash",
    "bucket_index",
    "maker_orders",
    "trader_side",
    "timestamp",
];

fn user(event: &Map<String, Value>) -> Option<Known> {
    let word = |key: &str| event.get(key).and_then(Value::as_str);
    match (word("event_type"), word("type")) {
        (Some("order"), _) | (None, Some("PLACEMENT" | "UPDATE" | "CANCELLATION")) => Some((ORDER, &[])),
        (Some("trade"), _) | (None, Some("TRADE")) => Some((TRADE, &[("maker_orders", MAKER_ORDER)])),
        _ => None,
    }
}

fn rtds(event: &Map<String, Value>) -> Option<Known> {
    let topic = event.get("topic").and_then(Value::as_str)?;
    let prices = topic.starts_with("crypto_prices") || topic == "equity_prices";
    prices.then_some((&["topic", "type", "timestamp", "payload"], &[("payload", PRICE), ("data", POINT)]))
}

/// The keys of one object that the venue does not document, as paths; a type that it does not document is one itself.
///
/// # Errors
/// [`DecodeError`] when the text is no JSON object.
pub fn unknown_fields(channel: Channel, text: &str) -> Result<Vec<String>, DecodeError> {
    let event: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| DecodeError::json("any", text, &error))?;
    let known = match channel {
        Channel::Market => market(&kind_of(text)?),
        Channel::User => user(&event),
        Channel::Rtds => rtds(&event),
    };
    let Some((keys, inner)) = known else {
        let kind = ["event_type", "topic", "type"].iter().find_map(|key| event.get(*key).and_then(Value::as_str));
        return Ok(vec![format!("({})", kind.unwrap_or("no type"))]);
    };
    let mut unknown = Vec::new();
    walk("", &event, keys, inner, &mut unknown);
    Ok(unknown)
}

fn walk(path: &str, object: &Map<String, Value>, keys: &[&str], inner: &[(&str, &[&str])], unknown: &mut Vec<String>) {
    for (key, value) in object {
        let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        if !keys.contains(&key.as_str()) {
            unknown.push(here);
            continue;
        }
        let Some((_, keys)) = inner.iter().find(|(name, _)| name == key) else { continue };
        let objects: &[Value] = match value {
            Value::Object(_) => std::slice::from_ref(value),
            Value::Array(list) => list,
            _ => continue,
        };
        for object in objects.iter().filter_map(Value::as_object) {
            walk(&here, object, keys, inner, unknown);
        }
    }
}
