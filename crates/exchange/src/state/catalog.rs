//! Series, events and markets as they are listed: what a partial description lacks is filled in, and what cannot trade is
//! refused with the reason.
//!
//! Descriptions are the venue's own JSON, or a few of its keys. In one of somebody's own a key that is not the venue's is a mistake and
//! refused; the venue's own records may have keys that are not read, and only a slip of a letter is told.

use std::time::Duration;

use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule};
use brier_kalshi_protocol::rest::{EventData, Market, Series};
use brier_kalshi_protocol::{ticks, wire};
use brier_matching::MarketSpec;
use brier_types::{MarketTicker, PriceGrid, Qty, Timestamp};
use serde::de::value::Error as Stop;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::{Map, Value, json};

use crate::admin::members;

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

/// Asks a type for the names of its fields, and reads nothing.
struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        Err(Stop::custom("expected a type with named fields"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        *self.0 = fields;
        Err(Stop::custom("only its names were wanted"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

/// The keys of the venue's schema.
fn names<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    drop(T::deserialize(Names(&mut names)));
    names
}

/// Keys of which the venue's own records have one, and a description of somebody's own none.
const MARKS_OF_KALSHI: [&str; 10] = [
    "contract_url",
    "contract_terms_url",
    "collateral_return_type",
    "last_updated_ts",
    "created_time",
    "updated_time",
    "yes_bid",
    "yes_bid_size_fp",
    "volume",
    "open_interest_fp",
];

/// Refuses a key that is not the venue's, unless the record is the venue's own.
fn check_names<T: DeserializeOwned>(what: &'static str, given: &Value, more: &[&str]) -> Result<(), CatalogError> {
    let known = names::<T>();
    if MARKS_OF_KALSHI.iter().any(|mark| given.get(mark).is_some()) {
        members::warn(what, given, known);
        return Ok(());
    }
    members::unknown(given, known, more).map_or(Ok(()), |problem| Err(shape(what, problem)))
}

/// Puts the given keys over the defaults and reads the whole. A null counts as absent.
fn read<T: DeserializeOwned>(what: &'static str, defaults: Value, given: Value) -> Result<T, CatalogError> {
    let (Value::Object(defaults), Value::Object(mut given)) = (defaults, given) else {
        return Err(shape(what, "expected a JSON object"));
    };
    given.retain(|_, value| !value.is_null());
    let with = |given: &Map<String, Value>| {
        let mut whole = defaults.clone();
        whole.extend(given.clone());
        serde_json::from_value::<T>(Value::Object(whole))
    };
    with(&given).map_err(|error| {
        // The reader names no key: it is the one without which the rest can be read.
        let is_wrong = |key: &&String| {
            let mut rest = given.clone();
            rest.remove(*key);
            with(&rest).is_ok()
        };
        match given.keys().find(is_wrong) {
            Some(key) => shape(what, format_args!("`{key}`: {error}")),
            None => shape(what, error),
        }
    })
}

/// Refuses a time that is none, by its key: some have no default that could stand in for them.
fn check_times(what: &'static str, given: &Value) -> Result<(), CatalogError> {
    let times = given.as_object().into_iter().flatten().filter(|(key, value)| {
        (key.ends_with("_time") || key.ends_with("_date") || key.ends_with("_datetime")) && !value.is_null()
    });
    for (key, value) in times {
        if value.as_str().is_none_or(|text| text.parse::<Timestamp>().is_err()) {
            return Err(shape(
                what,
                format_args!("`{key}`: expected a time such as `2027-01-01T00:00:00Z`, found {value:.64}"),
            ));
        }
    }
    Ok(())
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
    check_names::<Series>(WHAT, &given, &[])?;
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
    check_names::<EventData>(WHAT, &given, &[])?;
    check_times(WHAT, &given)?;
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
    // The series of an event that is listed with its market.
    check_names::<Market>(WHAT, &given, &["series_ticker"])?;
    check_times(WHAT, &given)?;
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

    #[test]
    fn a_key_or_a_time_that_is_none_is_refused_by_name() {
        let own = |key: &str, value: Value| {
            let mut it = json!({"ticker": "T", "event_ticker": "E", "close_time": "2026-12-01T00:00:00Z"});
            it[key] = value;
            market(it, now())
        };
        let told = own("rules_primry", json!("R.")).unwrap_err().to_string();
        assert_eq!(told, "market: unknown member `rules_primry`; perhaps `rules_primary` is meant");
        let told = own("close_time", json!("tomorrow")).unwrap_err().to_string();
        assert_eq!(told, "market: `close_time`: expected a time such as `2027-01-01T00:00:00Z`, found \"tomorrow\"");
        let told = own("open_time", json!(17)).unwrap_err().to_string();
        assert!(told.starts_with("market: `open_time`: expected a time such as"), "{told}");
        let told = own("can_close_early", json!("no")).unwrap_err().to_string();
        assert!(told.starts_with("market: `can_close_early`: ") && told.contains("boolean"), "{told}");
        let told = event(json!({"event_ticker": "E", "titel": "E"}), now()).unwrap_err().to_string();
        assert_eq!(told, "event: unknown member `titel`; perhaps `title` is meant");
        let told = series(json!({"ticker": "S", "fee_typ": "quadratic"}), now()).unwrap_err().to_string();
        assert_eq!(told, "series: unknown member `fee_typ`; perhaps `fee_type` is meant");
        // All of the schema may be there, and what the venue's own records have besides.
        assert!(own("series_ticker", json!("S")).is_ok() && own("rules_secondary", Value::Null).is_ok());
        let mut recorded = json!({"ticker": "T", "event_ticker": "E", "close_time": "2026-12-01T00:00:00Z"});
        recorded["created_time"] = json!("2026-11-01T00:00:00Z");
        recorded["risk_limit_cents"] = json!(0);
        assert!(market(recorded, now()).is_ok());
    }
}
