//! Notifications with the payloads that official clients demand: an order and its market, or a market alone.
//!
//! Source: reference (Polymarket), section 8.1; members of the payloads: models of the Python and Rust clients, 2026-11-20.

use alloy_primitives::B256;
use brier_polymarket_protocol::clob::Notification;
use brier_polymarket_protocol::wire;
use brier_types::{Outcome, Qty};
use serde_json::{Value, json};

use super::markets;
use crate::polymarket::state::say::side_of;
use crate::polymarket::state::{MarketRow, Notice, State as Face, TradeRow};

/// A market was resolved.
const RESOLVED: u32 = 4;

/// A notice as the owner of `key` reads it.
pub(super) fn notification(state: &Face, key: &str, notice: &Notice) -> Notification {
    let market = notice.market.map(|market| state.market(market));
    let payload = match (notice.kind, notice.order, market) {
        (RESOLVED, _, Some(market)) => market_payload(state, market),
        (_, Some(order), Some(market)) => order_payload(state, key, order, market),
        _ => json!({}),
    };
    Notification {
        id: Some(notice.id.to_string()),
        owner: key.to_owned(),
        kind: notice.kind,
        payload,
        timestamp: Some(notice.at.secs().to_string()),
    }
}

/// What happened to an order, as it stands now. Every member is there for every kind, since one client demands them all.
fn order_payload(state: &Face, key: &str, order: u32, market: &MarketRow) -> Value {
    let row = state.order(order);
    let last = row.trades.last().map(|trade| &state.trades[*trade as usize]);
    let remaining = row.size.checked_sub(row.filled).unwrap_or(Qty::ZERO);
    json!({
        "asset_id": market.token_text(row.outcome).as_ref(),
        "condition_id": market.condition_text.as_ref(),
        "market": market.condition_text.as_ref(),
        "order_id": row.hash.to_string(),
        "owner": key,
        "side": side_of(row.action).word(),
        "type": row.kind.word(),
        "price": wire::plain(row.price),
        "original_size": wire::plain(row.size),
        "matched_size": wire::plain(row.filled),
        "remaining_size": wire::plain(remaining),
        "outcome": market.outcome_text(row.outcome),
        "outcome_index": u8::from(row.outcome == Outcome::No),
        "trade_id": last.map_or("", |trade| &trade.uuid),
        "transaction_hash": last.map_or_else(|| B256::ZERO.to_string(), TradeRow::transaction),
        "question": market.listing.question,
        "market_slug": market.listing.slug,
        "icon": "",
        "image": "",
        "eventSlug": event_slug(state, market),
        "seriesSlug": state.events[&market.listing.event].listing.series_slug,
    })
}

/// The market that came to its end.
fn market_payload(state: &Face, market: &MarketRow) -> Value {
    let mut payload = serde_json::to_value(markets::full(state, market)).unwrap_or_default();
    if let Value::Object(payload) = &mut payload {
        payload.insert("eventSlug".to_owned(), event_slug(state, market).into());
    }
    payload
}

fn event_slug<'a>(state: &'a Face, market: &MarketRow) -> &'a str {
    &state.events[&market.listing.event].listing.slug
}
