//! Listings from recorded JSON: answers of either venue as received, and lists that other programs made of them.
//!
//! A document is a market, an event with its markets, or an answer that holds many. Names differ with the recorder
//! (`conditionId`, `condition_id`); a field under none of them is empty, and empty means unknown. What is read here is
//! as old as its file: whoever trades on it reads the venue again.

use brier_types::Venue;
use serde_json::{Map, Value};

use super::{GammaFields, KalshiFields, Listing, NoListing};

/// A recorded market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it says.
    pub listing: Listing,
    /// Other names the venue has for it, such as a slug.
    pub names: Vec<String>,
}

/// What a recording holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// In the order of the recording.
    pub records: Vec<Record>,
    /// Markets that give no listing, and why.
    pub refused: Vec<NoListing>,
}

/// A line or document that holds no market.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// No JSON.
    #[error("line {line}: expected JSON: {why}")]
    Json {
        /// From 1.
        line: usize,
        /// What the parser said.
        why: String,
    },
    /// JSON of another kind.
    #[error("line {line}: expected a {venue} market, event or answer, found {found}")]
    Kind {
        /// From 1.
        line: usize,
        /// Whose records were expected.
        venue: Venue,
        /// The keys that were there, cut to 120 characters.
        found: String,
    },
}

impl Records {
    /// Adds one market, or why it gives no listing.
    pub fn put(&mut self, listing: Result<Listing, NoListing>, names: Vec<String>) {
        match listing {
            Ok(listing) => self.records.push(Record { listing, names }),
            Err(refused) => self.refused.push(refused),
        }
    }

    /// Adds what one JSON document holds; `line` is where it stands, for errors.
    ///
    /// # Errors
    /// [`RecordError`]: it is no JSON, or holds nothing of `venue`. Nothing is added then.
    pub fn add(&mut self, venue: Venue, line: usize, text: &str) -> Result<(), RecordError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| RecordError::Json { line, why: error.to_string() })?;
        let mut found = Self::default();
        if !found.walk(venue, &value, None) {
            let found = match &value {
                Value::Object(object) => object.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
                other => other.to_string(),
            };
            return Err(RecordError::Kind { line, venue, found: found.chars().take(120).collect() });
        }
        self.records.append(&mut found.records);
        self.refused.append(&mut found.refused);
        Ok(())
    }

    /// Whether there was anything to read: an empty list counts.
    fn walk(&mut self, venue: Venue, value: &Value, event: Option<&Object>) -> bool {
        match value {
            Value::Array(items) => {
                let mut all = true;
                for item in items {
                    all &= self.walk(venue, item, event);
                }
                all
            }
            Value::Object(object) => self.object(venue, object, event),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }

    fn object(&mut self, venue: Venue, object: &Object, event: Option<&Object>) -> bool {
        let is_market = match venue {
            Venue::Kalshi => has(object, &["ticker"]) && has(object, &["title", "market_type", "yes_sub_title"]),
            Venue::Polymarket => has(object, &["question"]),
        };
        if is_market {
            let read = match venue {
                Venue::Kalshi => kalshi(object, event),
                Venue::Polymarket => polymarket(object, event),
            };
            self.put(read, names(venue, object));
            return true;
        }
        // `GET /events/{ticker}` has the event and its markets side by side.
        if let (Some(Value::Object(inner)), Some(markets)) = (object.get("event"), object.get("markets")) {
            return self.walk(venue, markets, Some(inner));
        }
        if let Some(markets) = object.get("markets").filter(|markets| markets.is_array()) {
            let is_event = has(object, &["event_ticker", "slug", "title"]);
            return self.walk(venue, markets, if is_event { Some(object) } else { event });
        }
        // A catalog of events knows no markets: the event stands for itself, by its title alone.
        if venue == Venue::Kalshi && has(object, &["event_ticker"]) && has(object, &["title"]) {
            let id = text(object, &["event_ticker"]);
            let listing = Listing {
                event: id.clone(),
                subtitle: text(object, &["sub_title"]),
                ..Listing::new(venue, &id, &text(object, &["title"]))
            };
            self.records.push(Record { listing, names: Vec::new() });
            return true;
        }
        // An answer, or a recorder's envelope: whatever in it holds markets.
        let mut held = false;
        for inner in object.values().filter(|inner| inner.is_object() || inner.is_array()) {
            held |= self.walk(venue, inner, event);
        }
        held
    }
}

type Object = Map<String, Value>;

fn has(object: &Object, keys: &[&str]) -> bool {
    keys.iter().any(|key| object.get(*key).is_some_and(|value| !value.is_null()))
}

/// The first of `keys` that holds a text or a number.
fn text(object: &Object, keys: &[&str]) -> String {
    keys.iter().find_map(|key| scalar(object.get(*key)?)).unwrap_or_default()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn flag(object: &Object, keys: &[&str]) -> Option<bool> {
    keys.iter().find_map(|key| object.get(*key)?.as_bool())
}

/// A list of texts, also where it is written as a text that holds a JSON list.
fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
    }
}

fn names(venue: Venue, object: &Object) -> Vec<String> {
    let keys: &[&str] = match venue {
        Venue::Kalshi => &[],
        Venue::Polymarket => &["slug", "id", "market_id"],
    };
    keys.iter().filter_map(|key| scalar(object.get(*key)?)).filter(|name| !name.is_empty()).collect()
}

/// The listing of a recorded Kalshi market.
///
/// # Errors
/// [`NoListing`], as [`super::from_kalshi`].
pub(crate) fn kalshi(market: &Object, event: Option<&Object>) -> Result<Listing, NoListing> {
    let sources = event.or(Some(market)).and_then(|event| event.get("settlement_sources")?.as_array());
    let sources = sources.into_iter().flatten().filter_map(Value::as_object);
    let sources = sources.flat_map(|source| [text(source, &["name"]), text(source, &["url"])]);
    KalshiFields {
        ticker: &text(market, &["ticker"]),
        event: &text(market, &["event_ticker"]),
        title: &text(market, &["title"]),
        subtitle: &text(market, &["yes_sub_title"]),
        rules: &text(market, &["rules_primary"]),
        more_rules: &text(market, &["rules_secondary"]),
        event_title: &event.map_or_else(|| text(market, &["event_title"]), |event| text(event, &["title"])),
        ends: text(market, &["close_time"]),
        market_type: &text(market, &["market_type"]),
        combo: has(market, &["mve_collection_ticker", "mve_selected_legs"]),
        strike_type: &text(market, &["strike_type"]),
        floor: market.get("floor_strike").and_then(scalar),
        cap: market.get("cap_strike").and_then(scalar),
        sources: sources.filter(|source| !source.is_empty()).collect(),
        exclusive: event.and_then(|event| flag(event, &["mutually_exclusive"])).unwrap_or(false),
    }
    .listing()
}

/// The listing of a recorded Polymarket market.
///
/// # Errors
/// [`NoListing`], as [`super::from_gamma`], but outcomes may be left out.
pub(crate) fn polymarket(market: &Object, event: Option<&Object>) -> Result<Listing, NoListing> {
    let own = market.get("event").or_else(|| market.get("events")?.get(0)).and_then(Value::as_object);
    let event = event.or(own);
    let mut outcomes = list(market.get("outcomes"));
    if outcomes.is_empty() {
        let tokens = market.get("tokens").and_then(Value::as_array).into_iter().flatten();
        outcomes.extend(tokens.filter_map(|token| scalar(token.get("outcome")?)));
    }
    GammaFields {
        condition: &text(market, &["conditionId", "condition_id"]),
        event: &event.map_or_else(|| text(market, &["event_id"]), |event| text(event, &["slug", "ticker"])),
        question: &text(market, &["question"]),
        group_title: &text(market, &["groupItemTitle"]),
        description: &text(market, &["description"]),
        event_title: &event.map_or_else(|| text(market, &["event_title"]), |event| text(event, &["title"])),
        outcomes,
        ends: &text(market, &["endDate", "end_date", "end_date_iso"]),
        source: &text(market, &["resolutionSource"]),
        neg_risk: flag(market, &["negRisk", "neg_risk"]).unwrap_or(false),
        neg_risk_other: flag(market, &["negRiskOther"]).unwrap_or(false),
        active: flag(market, &["active"]),
    }
    .listing(false)
}
