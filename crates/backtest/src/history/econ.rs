//! Prices, jobs and growth: ladders of thresholds. No nowcast was recorded, so only the market is scored.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

use super::{Quoted, Set, TwoSided, at_times, files, json_lines};

const DAY: u64 = 86_400;
const TIMES: [Duration; 3] = [Duration::from_secs(7 * DAY), Duration::from_secs(3 * DAY), Duration::from_secs(DAY)];
const LATE: Duration = Duration::from_secs(2 * DAY);

#[derive(Deserialize)]
struct Row {
    captured_at: String,
    open_events: Option<Open>,
    recent_settlement: Option<Settled>,
}

#[derive(Deserialize)]
struct Open {
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    close_time: Option<String>,
    #[serde(rename = "event_ticker")]
    ticker: String,
    #[serde(default)]
    strikes: Vec<Strike>,
}

#[derive(Deserialize)]
struct Strike {
    ticker: String,
    yes_bid: Option<f64>,
    yes_ask: Option<f64>,
}

#[derive(Deserialize)]
struct Settled {
    #[serde(default)]
    results: Option<BTreeMap<String, String>>,
}

struct Market {
    event: String,
    close: Timestamp,
    seen: Vec<(Timestamp, TwoSided)>,
}

pub(super) fn read(folder: &Path) -> anyhow::Result<Set> {
    let (mut results, mut markets) = (BTreeMap::<String, bool>::new(), BTreeMap::<String, Market>::new());
    for file in files(folder, "econ")? {
        json_lines(&file, |row: Row| {
            for (ticker, result) in row.recent_settlement.and_then(|it| it.results).into_iter().flatten() {
                results.insert(ticker, result == "yes");
            }
            let Ok(at) = row.captured_at.parse() else { return };
            for event in row.open_events.into_iter().flat_map(|open| open.events) {
                let Some(Ok(close)) = event.close_time.map(|close| close.parse()) else { continue };
                for Strike { ticker, yes_bid, yes_ask } in event.strikes {
                    let (Some(bid), Some(ask)) = (yes_bid, yes_ask) else { continue };
                    let fresh = || Market { event: event.ticker.clone(), close, seen: Vec::new() };
                    markets.entry(ticker).or_insert_with(fresh).seen.push((at, TwoSided { bid, ask }));
                }
            }
        })?;
    }
    let mut quotes = Vec::new();
    for (ticker, market) in &mut markets {
        let Some(yes) = results.get(ticker).copied() else { continue };
        market.seen.sort_by_key(|(at, _)| *at);
        for (before_close, quote) in at_times(market.close, &TIMES, LATE, &market.seen) {
            if let Some(mid) = quote.middle() {
                let (event, ticker) = (market.event.clone(), ticker.clone());
                quotes.push(Quoted { event, market: ticker, before_close, mid, model: None, yes });
            }
        }
    }
    let model = Err("no nowcast was archived at the time");
    Ok(Set { name: "kalshi_econ", what: "CPI, jobs and growth above a threshold", model, kind: None, quotes })
}
