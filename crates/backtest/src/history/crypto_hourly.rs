//! Where Bitcoin and Ether stand at the hour: Kalshi's ladders of ranges.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use brier_models::average::{AverageLaw, Now, Sampling, Window};
use brier_models::volatility::{RealizedVolatility, per_sqrt_second};
use brier_types::{Prob, Timestamp};
use serde::Deserialize;

use super::{Quoted, Set, TwoSided, files, json_lines};

/// The recorder came at 23 and 54 minutes past the hour, more or less.
const TIMES: [Duration; 2] = [Duration::from_mins(36), Duration::from_mins(6)];
/// How far from those it may have come.
const AROUND: Duration = Duration::from_mins(4);
/// What annual volatility is believed to be until prices have been seen.
const BELIEF: f64 = 0.50;

#[derive(Deserialize)]
struct Row {
    captured_at: String,
    series: String,
    current: Current,
    spot: Option<Spot>,
    previous_settlement: Option<Settled>,
}

#[derive(Deserialize)]
struct Current {
    close_time: Option<String>,
    event_ticker: Option<String>,
    #[serde(default)]
    outcomes: Vec<Outcome>,
}

#[derive(Clone, Deserialize)]
struct Outcome {
    ticker: String,
    strike_type: String,
    floor_strike: Option<f64>,
    cap_strike: Option<f64>,
    yes_bid: Option<f64>,
    yes_ask: Option<f64>,
}

#[derive(Deserialize)]
struct Spot {
    price: Option<f64>,
}

#[derive(Deserialize)]
struct Settled {
    #[serde(default)]
    results: Option<BTreeMap<String, String>>,
}

/// A ladder at a moment.
struct Snapshot {
    event: String,
    before_close: Duration,
    outcomes: Vec<Outcome>,
    law: Option<AverageLaw>,
}

pub(super) fn read(folder: &Path) -> anyhow::Result<Set> {
    let (mut results, mut snapshots) = (BTreeMap::<String, bool>::new(), Vec::new());
    let mut volatilities: BTreeMap<String, RealizedVolatility> = BTreeMap::new();
    for file in files(folder, "crypto_hourly")? {
        json_lines(&file, |row: Row| {
            for (ticker, result) in row.previous_settlement.and_then(|it| it.results).into_iter().flatten() {
                if result == "yes" || result == "no" {
                    results.insert(ticker, result == "yes");
                }
            }
            let Ok(now) = row.captured_at.parse::<Timestamp>() else { return };
            let spot = row.spot.and_then(|spot| spot.price);
            let volatility = volatilities.entry(row.series).or_insert_with(|| {
                let belief = per_sqrt_second(BELIEF, 365.0 * 86_400.0).unwrap_or_default();
                RealizedVolatility::new(Duration::from_hours(12), belief, Duration::from_hours(6))
            });
            if let Some(spot) = spot {
                volatility.observe(now, spot);
            }
            let Current { close_time: Some(close), event_ticker: Some(event), outcomes } = row.current else { return };
            let Ok(close) = close.parse::<Timestamp>() else { return };
            let left = close.since(now);
            let near = |time: &&Duration| left.abs_diff(**time) <= AROUND;
            let Some(before_close) = TIMES.iter().find(near).copied() else { return };
            let window = Window { seconds: 60.0, sampling: Sampling::Prints(60) };
            let law = spot.and_then(|spot| {
                let volatility = volatility.per_sqrt_second();
                window.law(&Now { spot, volatility, seconds_left: left.as_secs_f64(), observed_mean: None })
            });
            snapshots.push(Snapshot { event, before_close, outcomes, law });
        })?;
    }
    let quotes = snapshots.iter().flat_map(|snapshot| quoted(snapshot, &results)).collect();
    let model = Ok("mean of the last 60 prints, recorded spot, volatility realized over half days");
    Ok(Set {
        name: "kalshi_crypto_hourly",
        what: "Bitcoin and Ether within a range at the hour",
        model,
        kind: Some("range"),
        quotes,
    })
}

fn quoted<'a>(snapshot: &'a Snapshot, results: &'a BTreeMap<String, bool>) -> impl Iterator<Item = Quoted> + 'a {
    snapshot.outcomes.iter().filter_map(move |outcome| {
        let yes = *results.get(&outcome.ticker)?;
        let mid = TwoSided { bid: outcome.yes_bid?, ask: outcome.yes_ask? }.middle()?;
        Some(Quoted {
            event: snapshot.event.clone(),
            market: outcome.ticker.clone(),
            before_close: snapshot.before_close,
            mid,
            model: snapshot.law.as_ref().and_then(|law| chance(law, outcome)),
            yes,
        })
    })
}

/// Bounds are told to the cent and both belong to the range.
fn chance(law: &AverageLaw, outcome: &Outcome) -> Option<Prob> {
    const CENT: f64 = 0.01;
    match outcome.strike_type.as_str() {
        "between" => law.between(outcome.floor_strike?, outcome.cap_strike? + CENT),
        "greater" => law.at_or_above(outcome.floor_strike? + CENT),
        "less" => law.at_or_above(outcome.cap_strike?).map(Prob::complement),
        _ => None,
    }
}
