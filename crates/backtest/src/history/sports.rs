//! Winners of games. No bookmakers' odds were recorded, so only the market is scored.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use brier_types::Timestamp;
use serde::Deserialize;

use super::{Quoted, Set, TwoSided, at_times, files, json_lines};

const HOUR: u64 = 3_600;
/// Markets close when the game is over, so the last times lie within it.
const TIMES: [Duration; 4] = [
    Duration::from_secs(48 * HOUR),
    Duration::from_secs(24 * HOUR),
    Duration::from_secs(12 * HOUR),
    Duration::from_secs(6 * HOUR),
];
const LATE: Duration = Duration::from_secs(3 * HOUR);

#[derive(Deserialize)]
struct Row {
    captured_at: String,
    event_ticker: String,
    #[serde(default)]
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    ticker: String,
    yes_bid: Option<f64>,
    yes_ask: Option<f64>,
}

#[derive(Deserialize)]
struct Settled {
    ticker: String,
    result: String,
    close_time: Option<String>,
}

pub(super) fn read(folder: &Path) -> anyhow::Result<Set> {
    let settlements = folder.parent().context("a set lies in the data folder")?.join("kalshi_settlements");
    let mut results = BTreeMap::<String, (bool, Timestamp)>::new();
    for file in files(&settlements, "settled_2026")? {
        json_lines(&file, |settled: Settled| {
            let yes = match settled.result.as_str() {
                "yes" => true,
                "no" => false,
                // Called off, and paid at a fair value: neither side was right.
                _ => return,
            };
            if let Some(Ok(close)) = settled.close_time.map(|close| close.parse()) {
                results.insert(settled.ticker, (yes, close));
            }
        })?;
    }
    let mut seen: BTreeMap<String, (String, Vec<(Timestamp, TwoSided)>)> = BTreeMap::new();
    for file in files(folder, "sports_bbo")? {
        json_lines(&file, |row: Row| {
            let Ok(at) = row.captured_at.parse::<Timestamp>() else { return };
            for Outcome { ticker, yes_bid, yes_ask } in row.outcomes {
                let (Some(bid), Some(ask)) = (yes_bid, yes_ask) else { continue };
                if results.contains_key(&ticker) {
                    let market = seen.entry(ticker).or_insert_with(|| (row.event_ticker.clone(), Vec::new()));
                    market.1.push((at, TwoSided { bid, ask }));
                }
            }
        })?;
    }
    let mut quotes = Vec::new();
    for (ticker, (event, seen)) in &mut seen {
        let Some((yes, close)) = results.get(ticker).copied() else { continue };
        seen.sort_by_key(|(at, _)| *at);
        for (before_close, quote) in at_times(close, &TIMES, LATE, seen) {
            if let Some(mid) = quote.middle() {
                let (event, market) = (event.clone(), ticker.clone());
                quotes.push(Quoted { event, market, before_close, mid, model: None, yes });
            }
        }
    }
    let model = Err("no bookmakers' odds were recorded");
    Ok(Set { name: "kalshi_sports_bbo", what: "who wins the game", model, kind: None, quotes })
}
