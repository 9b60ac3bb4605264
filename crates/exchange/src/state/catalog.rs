//! Series, events and markets as they are listed: what a partial description lacks is filled in, and what cannot trade is
//! refused with the reason.
//!
//! Descriptions are the venue's own JSON. Keys that are not the venue's are ignored, as its own readers do.

use std::time::Duration;

use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule};
use brier_kalshi_protocol::rest::{EventData, Market, Series};
use brier_kalshi_protocol::{ticks, wire};
use brier_matching::MarketSpec;
use brier_types::{MarketTicker, PriceGrid, Qty, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Why a description cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// It is not what the venue's schema says.
    #[error("{what}: {problem}")]
    Shape {
        /// Series, event or market.
        what: &'static str,
        /// What was expected and found.
        problem: String,
    },
    /// A key is missing that has no default.
    #[error("{what}: expected `{key}`, found none")]
    Missing {
        /// Series, event or market.
        what: &'static str,
        /// The key.
        key: &'static str,
    },
    /// The ticker is taken.
    #[error("market `{0}` is listed already; choose another ticker")]
    Taken(String),
    /// An event was said to belong to another series than it does.
    #[error("event `{event}` belongs to series `{series}`, not `{said}`")]
    OtherSeries {
        /// The event.
        event: String,
        /// The series it belongs to.
        series: String,
        /// The series that was said.
        said: String,
    },
}

/// The time from determination to payment where a market does not say: half an hour.
const SETTLEMENT_TIMER_SECONDS: i64 = 1_800;

fn shape(what: &'static str, problem: impl std::fmt::Display) -> CatalogError {
    CatalogError::Shape { what, problem: problem.to_string() }
}

/// Puts the given keys over the defaults and reads the whole. A null counts as absent.
fn read<T: DeserializeOwned>(what: &'static str, defaults: Value, given: Value) -> Result<T, CatalogError> {
    let (Value::Object(mut whole), Value::Object(given)) = (defaults, given) else {
        return Err(shape(what, "expected a JSON object"));
    };
    whole.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
    serde_json::from_value(Value::Object(whole)).map_err(|error| shape(what, error))
}

fn text<'a>(what: &'static str, given: &'a Value, key: &'static str) -> Result<&'a str, CatalogError> {
    let found = given.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let found = found.ok_or(CatalogError::Missing { what, key })?;
    // Tickers stand in paths, filters and comma lists.
    match MarketTicker::new(found) {
        Ok(_) if !found.contains([',', '/', '?', '#', '%']) => Ok(found),
        Ok(_) => Err(shape(what, format_args!("`{key}`: expected no `,`, `/`, `?`, `#` or `%`, found `{found}`"))),
        Err(error) => Err(shape(what, error)),
    }
}

/// A series from a partial description.
pub(crate) fn series(given: Value, now: Timestamp) -> Result<Series, CatalogError> {
    const WHAT: &str = "series";
    let ticker = text(WHAT, &given, "ticker")?;
    let category = given.get("category").and_then(Value::as_str).unwrap_or("Other");
    let defaults = json!({
        "title": ticker, "frequency": "custom", "category": category, "categories": [category], "tags": [],
        "settlement_sources": [], "contract_url": "", "contract_terms_url": "", "fee_type": "quadratic",
        "fee_multiplier": 1, "additional_prohibitions": [], "last_updated_ts": now.to_string(), "exchange_index": 0,
    });
    let series: Series = read(WHAT, defaults, given)?;
    if series.fee_type.known().is_none() {
        return Err(shape(
            WHAT,
            format_args!("`fee_type`: expected a schedule with known rates, found `{}`", series.fee_type),
        ));
    }
    multiplier(WHAT, "fee_multiplier", &series.fee_multiplier)?;
    Ok(series)
}

fn multiplier(what: &'static str, key: &str, number: &serde_json::Number) -> Result<FeeMultiplier, CatalogError> {
    FeeMultiplier::parse(&number.to_string())
        .ok_or_else(|| shape(what, format_args!("`{key}`: expected 0 to 10 in steps of 0.000001, found {number}")))
}

/// The series of an event or market that names none: the part of the ticker before the first dash.
fn series_of(ticker: &str) -> &str {
    ticker.split('-').next().unwrap_or(ticker)
}

/// An event from a partial description.
pub(crate) fn event(given: Value, now: Timestamp) -> Result<EventData, CatalogError> {
    const WHAT: &str = "event";
    let ticker = text(WHAT, &given, "event_ticker")?;
    let exclusive = given.get("mutually_exclusive").and_then(Value::as_bool).unwrap_or(false);
    let defaults = json!({
        "series_ticker": series_of(ticker), "sub_title": "", "title": ticker,
        "collateral_return_type": if exclusive { "MECNET" } else { "" }, "mutually_exclusive": exclusive,
        "settlement_sources": [], "last_updated_ts": now.to_string(), "exchange_index": 0,
    });
    let mut event: EventData = read(WHAT, defaults, given)?;
    event.markets = None;
    if event.fee_type_override.as_ref().is_some_and(|word| word.known().is_none()) {
        return Err(shape(WHAT, "`fee_type_override`: expected a schedule with known rates"));
    }
    if let Some(number) = &event.fee_multiplier_override {
        multiplier(WHAT, "fee_multiplier_override", number)?;
    }
    Ok(event)
}

/// A market from a partial description; `ticker`, `event_ticker` and `close_time` it must have.
pub(crate) fn market(given: Value, now: Timestamp) -> Result<Market, CatalogError> {
    const WHAT: &str = "market";
    let ticker = text(WHAT, &given, "ticker")?.to_owned();
    text(WHAT, &given, "event_ticker")?;
    let close = given.get("close_time").cloned().ok_or(CatalogError::Missing { what: WHAT, key: "close_time" })?;
    let now_text = now.to_string();
    let structure = given.get("price_level_structure").and_then(Value::as_str).unwrap_or("linear_cent").to_owned();
    let mut defaults = json!({
        "market_type": "binary", "title": ticker, "subtitle": "", "yes_sub_title": "Yes", "no_sub_title": "No",
        "created_time": now_text, "updated_time": now_text, "open_time": now_text,
        "expected_expiration_time": close, "expiration_time": close, "latest_expiration_time": close,
        "settlement_timer_seconds": SETTLEMENT_TIMER_SECONDS, "can_close_early": true,
        "notional_value_dollars": "1.0000", "settlement_bounds_type": "default", "rules_primary": "",
        "rules_secondary": "", "price_level_structure": structure, "exchange_index": 0,
    });
    // What trading makes is never taken from a description: a recorded catalogue carries another day's quotes.
    let traded = json!({
        "status": "initialized", "result": "", "expiration_value": "", "yes_bid_dollars": "0.0000",
        "yes_bid_size_fp": "0.00", "yes_ask_dollars": "1.0000", "yes_ask_size_fp": "0.00", "no_bid_dollars": "0.0000",
        "no_ask_dollars": "1.0000", "last_price_dollars": "0.0000", "volume_fp": "0.00", "volume_24h_fp": "0.00",
        "open_interest_fp": "0.00", "previous_yes_bid_dollars": "0.0000", "previous_yes_ask_dollars": "0.0000",
        "previous_price_dollars": "0.0000",
    });
    let Value::Object(mut given) = given else { return Err(shape(WHAT, "expected a JSON object")) };
    let ranges_given =
        given.get("price_ranges").is_some_and(|ranges| ranges.as_array().is_some_and(|list| !list.is_empty()));
    if !ranges_given {
        given.remove("price_ranges");
        let grid = ticks::grid(&structure, &[]).map_err(|error| shape(WHAT, error))?;
        let ranges = serde_json::to_value(ticks::ranges_of_grid(&grid)).map_err(|error| shape(WHAT, error))?;
        insert(&mut defaults, "price_ranges", ranges);
    }
    for key in ["settlement_value_dollars", "settlement_ts"] {
        given.remove(key);
    }
    if let Value::Object(traded) = traded {
        given.extend(traded);
    }
    let mut market: Market = read(WHAT, defaults, Value::Object(given))?;
    market.created_time = now;
    market.updated_time = now;
    market.exchange_index = Some(0);
    grid(&market)?;
    if !(0..=365 * 86_400).contains(&market.settlement_timer_seconds) {
        return Err(shape(WHAT, "`settlement_timer_seconds`: expected 0 to a year"));
    }
    Ok(market)
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(map) = object {
        Map::insert(map, key.to_owned(), value);
    }
}

fn grid(market: &Market) -> Result<PriceGrid, CatalogError> {
    ticks::grid(&market.price_level_structure, &market.price_ranges).map_err(|error| shape("market", error))
}

/// What the core lists for a market, under the fees of its series and event.
pub(crate) fn spec(market: &Market, series: &Series, event: &EventData) -> Result<MarketSpec, CatalogError> {
    Ok(MarketSpec {
        grid: grid(market)?,
        size_step: Qty::HUNDREDTH,
        open_time: market.open_time,
        close_time: market.close_time,
        settlement_timer: Duration::from_secs(u64::try_from(market.settlement_timer_seconds).unwrap_or(0)),
        fees: fees(series, event)?,
        fee_waiver_until: market.fee_waiver_expiration_time.filter(|until| *until != wire::NEVER),
    })
}

/// What a market charges under its series and event.
pub(crate) fn fees(series: &Series, event: &EventData) -> Result<FeeSchedule, CatalogError> {
    let fee_type = event.fee_type_override.as_ref().unwrap_or(&series.fee_type);
    let fee_type =
        fee_type.known().ok_or_else(|| shape("series", "`fee_type`: expected a schedule with known rates"))?;
    let number = event.fee_multiplier_override.as_ref().unwrap_or(&series.fee_multiplier);
    Ok(FeeSchedule::new(fee_type, multiplier("series", "fee_multiplier", number)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_market_needs_three_keys_only() {
        let given = json!({"ticker": "KXA-1-T1", "event_ticker": "KXA-1", "close_time": "2026-12-01T00:00:00Z",
            "status": "finalized", "yes_bid_dollars": "0.9000"});
        let market = market(given, now()).unwrap();
        assert_eq!((market.open_time, market.status.as_str()), (now(), "initialized"));
        assert_eq!(market.yes_bid_dollars, brier_types::Price::ZERO);
        let (series, event) =
            (series(json!({"ticker": "KXA"}), now()).unwrap(), event(json!({"event_ticker": "KXA-1"}), now()).unwrap());
        assert_eq!(event.series_ticker, "KXA");
        assert!(spec(&market, &series, &event).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let missing = market(json!({"ticker": "T", "event_ticker": "E"}), now()).unwrap_err();
        assert_eq!(missing.to_string(), "market: expected `close_time`, found none");
        let slash = series(json!({"ticker": "A/B"}), now()).unwrap_err();
        assert!(slash.to_string().contains("`A/B`"), "{slash}");
        let flat = series(json!({"ticker": "A", "fee_type": "flat"}), now()).unwrap_err();
        assert!(flat.to_string().contains("`flat`"), "{flat}");
        let grid = json!({"ticker": "T", "event_ticker": "E", "close_time": "2026-12-01T00:00:00Z",
            "price_level_structure": "no_such"});
        assert!(market(grid, now()).unwrap_err().to_string().contains("no_such"));
    }
}
