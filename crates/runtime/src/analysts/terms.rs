//! What a market's contract says, for whoever judges its question: from the venue, a catalog or a file. No price is in it.

use std::path::Path;

use brier_kalshi_protocol::rest::{EventData, Market, Series};
use brier_polymarket::discovery::Listing;
use brier_types::{Bound, MarketTicker, Strike, Timestamp, Venue};
use serde::Deserialize;
use serde_json::Value;

use crate::config::{MarketName, strike};
use crate::live::rules::MarketRules;

/// A market's question, rules, close and strike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketTerms {
    /// Its rules and sources.
    pub rules: MarketRules,
    /// The question in words.
    pub question: String,
    /// When trading ends.
    pub closes_at: Timestamp,
}

impl MarketTerms {
    /// The market.
    pub fn name(&self) -> MarketName {
        MarketName { venue: self.rules.venue, market: self.rules.market.clone() }
    }

    /// The rules as one text.
    pub fn text(&self) -> String {
        let MarketRules { primary, secondary, .. } = &self.rules;
        if secondary.is_empty() { primary.clone() } else { format!("{primary}\n{secondary}") }
    }

    /// Where the result is read, in words.
    pub fn resolution_source(&self) -> String {
        let named = self.rules.sources.iter().map(|(name, url)| if name.is_empty() { url } else { name });
        named.filter(|source| !source.is_empty()).cloned().collect::<Vec<_>>().join("; ")
    }
}

/// What YES stands for, behind a title that does not say it.
fn question(title: &str, yes: &str) -> String {
    let said = yes.is_empty() || yes.eq_ignore_ascii_case("yes") || title.contains(yes);
    if said { title.to_owned() } else { format!("{title} (YES: {yes})") }
}

/// What Kalshi settles a market by.
pub(crate) fn kalshi_rules(ticker: MarketTicker, market: &Market, event: &EventData, series: &Series) -> MarketRules {
    let sources = event.settlement_sources.iter().chain(&series.settlement_sources);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    MarketRules {
        venue: Venue::Kalshi,
        market: ticker,
        id: market.ticker.clone(),
        primary: market.rules_primary.clone(),
        secondary: market.rules_secondary.clone(),
        sources: sources.map(|source| (text(&source.name), text(&source.url))).collect(),
        strike: market.strike(),
    }
}

/// A market of Kalshi.
pub(crate) fn kalshi(market: &Market, event: &EventData, rules: MarketRules) -> MarketTerms {
    let title = market.title.as_deref().filter(|title| !title.is_empty()).unwrap_or(&event.title);
    MarketTerms { question: question(title, &market.yes_sub_title), closes_at: market.close_time, rules }
}

/// What Polymarket settles a market by.
pub(crate) fn polymarket_rules(listing: &Listing) -> MarketRules {
    let source = listing.resolution_source.clone().unwrap_or_default();
    MarketRules {
        venue: Venue::Polymarket,
        market: listing.ticker.clone(),
        id: listing.slug.clone(),
        primary: listing.rules.clone(),
        secondary: String::new(),
        sources: vec![(String::new(), source)],
        strike: None,
    }
}

/// A market of Polymarket, whose strike stands in its words.
pub(crate) fn polymarket(listing: &Listing) -> MarketTerms {
    MarketTerms {
        rules: polymarket_rules(listing),
        question: question(&listing.title, &listing.yes_name),
        closes_at: listing.close_time.unwrap_or(Timestamp::MAX),
    }
}

/// A listing that a person wrote.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    question: String,
    rules: String,
    closes_at: String,
    #[serde(default)]
    resolution_source: String,
    #[serde(default)]
    strike: Option<String>,
}

/// Reads a file of `{"question":TEXT, "rules":TEXT, "closes_at":TIME}`, with `resolution_source` and `strike` where there are.
///
/// # Errors
/// What was expected and found, with the file.
pub fn read_file(path: &Path, market: &MarketName) -> Result<MarketTerms, String> {
    let failed = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let written: Written = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    let closes_at = written.closes_at.parse().map_err(|error| failed(&format!("closes_at: {error}")))?;
    let wrong = |text: &str| failed(&format!("strike: expected `above 0.2` or the like, found `{text:.64}`"));
    let strike = written.strike.map(|text| strike(&text).ok_or_else(|| wrong(&text))).transpose()?;
    let source = written.resolution_source;
    let is_address = source.starts_with("https://") || source.starts_with("http://");
    Ok(MarketTerms {
        rules: MarketRules {
            venue: market.venue,
            market: market.market.clone(),
            id: market.market.to_string(),
            primary: written.rules,
            secondary: String::new(),
            sources: vec![if is_address { (String::new(), source) } else { (source, String::new()) }],
            strike,
        },
        question: written.question,
        closes_at,
    })
}

/// Finds a market of Kalshi in a catalog of the embedded exchange, as a person wrote it. `None` where it is not in it.
///
/// # Errors
/// What is wrong with the catalog.
pub(crate) fn in_catalog(catalog: &str, ticker: &str) -> Result<Option<MarketTerms>, String> {
    let catalog: Value = serde_json::from_str(catalog).map_err(|error| error.to_string())?;
    let named = |list: &str, key: &str, name: &str| {
        catalog[list].as_array().and_then(|all| all.iter().find(|it| it[key] == name)).cloned().unwrap_or_default()
    };
    let market = named("markets", "ticker", ticker);
    if market.is_null() {
        return Ok(None);
    }
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let event = named("events", "event_ticker", &text(&market, "event_ticker"));
    let series = named("series", "ticker", &text(&event, "series_ticker"));
    let title = [text(&market, "title"), text(&event, "title")].into_iter().find(|title| !title.is_empty());
    let closes_at = text(&market, "close_time");
    let sources =
        [&event, &series].into_iter().flat_map(|it| it["settlement_sources"].as_array().into_iter().flatten());
    Ok(Some(MarketTerms {
        rules: MarketRules {
            venue: Venue::Kalshi,
            market: ticker.parse().map_err(|error| format!("{ticker}: {error}"))?,
            id: ticker.to_owned(),
            primary: text(&market, "rules_primary"),
            secondary: text(&market, "rules_secondary"),
            sources: sources.map(|it| (text(it, "name"), text(it, "url"))).collect(),
            strike: listed_strike(&market),
        },
        question: question(title.as_deref().unwrap_or(ticker), &text(&market, "yes_sub_title")),
        closes_at: closes_at.parse().map_err(|error| format!("close_time of {ticker}: {error}"))?,
    }))
}

fn listed_strike(market: &Value) -> Option<Strike> {
    let bound = |key: &str| match &market[key] {
        Value::Number(number) => Bound::parse(&number.to_string()),
        Value::String(text) => Bound::parse(text),
        _ => None,
    };
    match market["strike_type"].as_str()? {
        "greater" => bound("floor_strike").map(Strike::Above),
        "greater_or_equal" => bound("floor_strike").map(Strike::AtLeast),
        "less" => bound("cap_strike").map(Strike::Below),
        "less_or_equal" => bound("cap_strike").map(Strike::AtMost),
        "between" => Some(Strike::Between(bound("floor_strike")?, bound("cap_strike")?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = r#"{
        "series": [{"ticker": "KXHIGHNY", "settlement_sources": [{"name": "NWS", "url": "https://w.test"}]}],
        "events": [{"event_ticker": "KXHIGHNY-99JAN01", "series_ticker": "KXHIGHNY", "title": "Highest temperature?"}],
        "markets": [{"ticker": "KXHIGHNY-99JAN01-T52", "event_ticker": "KXHIGHNY-99JAN01", "yes_sub_title": "53 or above",
                     "rules_primary": "Above 52.", "rules_secondary": "By the report.", "close_time": "2099-01-01T05:00:00Z",
                     "strike_type": "greater", "floor_strike": 52}]
    }"#;

    #[test]
    fn a_catalog_tells_what_the_venue_would() {
        let terms = in_catalog(CATALOG, "KXHIGHNY-99JAN01-T52").unwrap().unwrap();
        assert_eq!(terms.question, "Highest temperature? (YES: 53 or above)");
        assert_eq!((terms.text().as_str(), terms.resolution_source().as_str()), ("Above 52.\nBy the report.", "NWS"));
        assert_eq!(terms.rules.strike, Bound::parse("52").map(Strike::Above));
        assert_eq!(in_catalog(CATALOG, "KXOTHER-1"), Ok(None));
        assert!(
            in_catalog(&CATALOG.replace("05:00:00Z", "noon"), "KXHIGHNY-99JAN01-T52")
                .unwrap_err()
                .contains("close_time")
        );
        assert!(in_catalog("[", "X").is_err());
    }

    #[test]
    fn a_file_tells_question_rules_and_close_or_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l.json");
        let market = MarketName::parse("kalshi:KXCPI-26NOV-T0.2").unwrap();
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_file(&path, &market)
        };
        let good = r#"{"question": "CPI?", "rules": "R.", "closes_at": "2026-12-10T13:25:00Z", "strike": "above 0.2"}"#;
        let terms = read(good).unwrap();
        assert_eq!((terms.question.as_str(), terms.rules.strike), ("CPI?", Bound::parse("0.2").map(Strike::Above)));
        for (from, to, said) in [
            ("above 0.2", "over 0.2", "strike: expected"),
            ("2026-12-10T13:25:00Z", "soon", "closes_at"),
            ("\"rules\"", "\"rule\"", "unknown field"),
        ] {
            let error = read(&good.replace(from, to)).unwrap_err();
            assert!(error.contains(said) && error.contains("l.json"), "{error}");
        }
    }

    #[test]
    fn what_yes_stands_for_is_said_once() {
        assert_eq!(question("Will it rain?", "Yes"), "Will it rain?");
        assert_eq!(question("Rain in New York?", "New York"), "Rain in New York?");
        assert_eq!(question("BTC up or down?", "Up"), "BTC up or down? (YES: Up)");
    }
}
