//! American states in November 2024: the price of the Democratic side. Only the market is scored: no poll was recorded.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use brier_types::{Prob, Timestamp};
use serde::Deserialize;

use super::{Quoted, Set, TwoSided, at_times, files, json_lines};

const DAY: u64 = 86_400;
const TIMES: [Duration; 4] = [
    Duration::from_secs(90 * DAY),
    Duration::from_secs(30 * DAY),
    Duration::from_secs(7 * DAY),
    Duration::from_secs(DAY),
];
const LATE: Duration = Duration::from_secs(2 * DAY);
/// The first polls closed at 23:00 UTC of 5 November 2024.
const POLLS_CLOSE: Timestamp = Timestamp::from_nanos(1_730_847_600_000_000_000);

/// States, districts and the capital that the Democratic candidate for president carried. Source: certified results.
const DEMOCRATIC_PRESIDENT: [&str; 22] = [
    "California",
    "Colorado",
    "Connecticut",
    "Delaware",
    "Hawaii",
    "Illinois",
    "Maine",
    "ME-1",
    "Maryland",
    "Massachusetts",
    "Minnesota",
    "NE-2",
    "New Hampshire",
    "New Jersey",
    "New Mexico",
    "New York",
    "Oregon",
    "Rhode Island",
    "Vermont",
    "Virginia",
    "Washington",
    "Washington DC",
];
/// States that elected a Democratic governor that day. Source: certified results.
const DEMOCRATIC_GOVERNOR: [&str; 3] = ["Delaware", "North Carolina", "Washington"];

#[derive(Deserialize)]
struct Point {
    t: i64,
    p: f64,
}

pub(super) fn read(folder: &Path) -> anyhow::Result<Set> {
    let mut quotes = Vec::new();
    for (prefix, office, winners) in [
        ("2024-president", "president", DEMOCRATIC_PRESIDENT.as_slice()),
        ("2024-governor", "governor", DEMOCRATIC_GOVERNOR.as_slice()),
    ] {
        for file in files(folder, prefix)? {
            json_lines(&file, |states: BTreeMap<String, Vec<Point>>| {
                for (state, points) in &states {
                    add(office, state, points, winners.contains(&state.as_str()), &mut quotes);
                }
            })?;
        }
    }
    let model = Err("no poll was recorded");
    Ok(Set { name: "polymarket_history", what: "states in November 2024, Democratic side", model, kind: None, quotes })
}

fn add(office: &str, state: &str, points: &[Point], yes: bool, quotes: &mut Vec<Quoted>) {
    // The nation as a whole is no state: it is decided by them.
    if state == "National" {
        return;
    }
    let seen = points.iter().filter_map(|point| Some((Timestamp::from_millis(point.t.checked_mul(1_000)?)?, point.p)));
    let mut seen: Vec<(Timestamp, f64)> = seen.collect();
    seen.sort_by_key(|(at, _)| *at);
    for (before_close, price) in at_times(POLLS_CLOSE, &TIMES, LATE, &seen) {
        // One price was recorded, not two; it is taken for the middle.
        let mid: Option<Prob> = TwoSided { bid: *price, ask: *price }.middle();
        if let Some(mid) = mid {
            // States move together on the day: all are one event for the intervals.
            let (event, market) = (office.to_owned(), format!("{office} {state}"));
            quotes.push(Quoted { event, market, before_close, mid, model: None, yes });
        }
    }
}
