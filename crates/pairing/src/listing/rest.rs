//! Listings from the venues' own types, as the connectors read them.

use brier_kalshi_protocol::rest;
use brier_polymarket_protocol::gamma;

use super::{GammaFields, KalshiFields, Listing, NoListing};

/// The listing of a Kalshi market. `event` is the one it belongs to: without it the listing has no event title, no
/// settlement sources, and does not count as exclusive.
///
/// # Errors
/// [`NoListing`]: a combo, a market that pays a value in between, or a strike without its numbers. Leave it out.
///
/// Source: reference (Kalshi), sections 6 and 7, 2026-11-20.
pub fn from_kalshi(event: Option<&rest::EventData>, market: &rest::Market) -> Result<Listing, NoListing> {
    let sources = event.into_iter().flat_map(|event| &event.settlement_sources);
    KalshiFields {
        ticker: &market.ticker,
        event: &market.event_ticker,
        title: market.title.as_deref().unwrap_or_default(),
        subtitle: &market.yes_sub_title,
        rules: &market.rules_primary,
        more_rules: &market.rules_secondary,
        event_title: event.map_or("", |event| &event.title),
        ends: market.close_time.to_string(),
        market_type: market.market_type.as_str(),
        combo: market.mve_collection_ticker.is_some() || market.mve_selected_legs.is_some(),
        strike_type: market.strike_type.as_ref().map_or("", rest::StrikeType::as_str),
        floor: market.floor_strike.as_ref().map(ToString::to_string),
        cap: market.cap_strike.as_ref().map(ToString::to_string),
        sources: sources.flat_map(|source| [&source.name, &source.url]).flatten().cloned().collect(),
        exclusive: event.is_some_and(|event| event.mutually_exclusive),
    }
    .listing()
}

/// The listing of a Polymarket market, from Gamma's record. `event` is the one that the record came in; without it the
/// event is the one that the record names, if it names one.
///
/// # Errors
/// [`NoListing`]: outcomes that are not two. Leave it out.
///
/// Source: reference (Polymarket), sections 12 and 16, 2026-11-20.
pub fn from_gamma(event: Option<&gamma::Event>, market: &gamma::Market) -> Result<Listing, NoListing> {
    let event = event.or_else(|| market.events.first());
    GammaFields {
        condition: &market.condition_id,
        event: event.and_then(|event| event.slug.as_deref().or(event.ticker.as_deref())).unwrap_or_default(),
        question: market.question.as_deref().unwrap_or_default(),
        group_title: market.group_item_title.as_deref().unwrap_or_default(),
        description: market.description.as_deref().unwrap_or_default(),
        event_title: event.and_then(|event| event.title.as_deref()).unwrap_or_default(),
        outcomes: market.outcomes.clone().unwrap_or_default(),
        ends: market.end_date.as_deref().unwrap_or_default(),
        source: market.resolution_source.as_deref().unwrap_or_default(),
        neg_risk: market.neg_risk.unwrap_or(false),
        neg_risk_other: market.neg_risk_other.unwrap_or(false),
        active: market.active,
    }
    .listing(true)
}
