//! The day's highest and lowest temperature by city. No forecast was recorded, so only the market is scored.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

use super::{Quoted, Set, TwoSided, at_times, files, json_lines};

const HOUR: u64 = 3_600;
const TIMES: [Duration; 4] = [
    Duration::from_secs(24 * HOUR),
    Duration::from_secs(18 * HOUR),
    Duration::from_secs(12 * HOUR),
    Duration::from_secs(6 * HOUR),
];
/// Books were polled every hour.
const LATE: Duration = Duration::from_secs(2 * HOUR);

#[derive(Deserialize)]
struct Book {
    ticker: String,
    captured_at: String,
    close_time: String,
    best_yes_bid: Option<f64>,
    best_yes_ask: Option<f64>,
}

#[derive(Deserialize)]
struct Actual {
    settled_markets: Option<Settled>,
}

#[derive(Deserialize)]
struct Settled {
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    results: BTreeMap<String, String>,
}

pub(super) fn read(folder: &Path) -> anyhow::Result<Set> {
    let mut results = BTreeMap::<String, bool>::new();
    for file in files(folder, "actuals")? {
        json_lines(&file, |actual: Actual| {
            for event in actual.settled_markets.into_iter().flat_map(|settled| settled.events) {
                results.extend(event.results.into_iter().map(|(ticker, result)| (ticker, result == "yes")));
            }
        })?;
    }
    let mut books: BTreeMap<String, (Timestamp, Vec<(Timestamp, TwoSided)>)> = BTreeMap::new();
    for file in files(folder, "books")? {
        json_lines(&file, |book: Book| {
            let (Ok(at), Ok(close)) = (book.captured_at.parse(), book.close_time.parse()) else { return };
            if let (Some(bid), Some(ask)) = (book.best_yes_bid, book.best_yes_ask) {
                let seen = &mut books.entry(book.ticker).or_insert_with(|| (close, Vec::new())).1;
                seen.push((at, TwoSided { bid, ask }));
            }
        })?;
    }
    let mut quotes = Vec::new();
    for (market, (close, seen)) in &mut books {
        let Some(yes) = results.get(market).copied() else { continue };
        seen.sort_by_key(|(at, _)| *at);
        let event = market.rsplit_once('-').map_or(market.as_str(), |(event, _)| event);
        for (before_close, quote) in at_times(*close, &TIMES, LATE, seen) {
            if let Some(mid) = quote.middle() {
                quotes.push(Quoted {
                    event: event.to_owned(),
                    market: market.clone(),
                    before_close,
                    mid,
                    model: None,
                    yes,
                });
            }
        }
    }
    let model = Err("no forecast was archived at the time");
    Ok(Set { name: "kalshi_weather", what: "the day's high and low by city", model, kind: None, quotes })
}
