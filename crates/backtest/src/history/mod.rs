//! Recorded sets of settled markets, each as quotes at fixed times before the close.
//!
//! A market is counted at a time if it was quoted on both sides with at most ten cents between them, and neither almost surely
//! over nor almost surely won: middles from 2 to 98 cents. Which are counted follows from the quotes alone, so it favors
//! neither the market nor a model.

mod crypto_hourly;
mod econ;
mod elections;
pub mod session;
mod sports;
mod table;
mod up_or_down;
mod weather;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use brier_store::Lines;
use brier_types::{Prob, Timestamp};
use serde::de::DeserializeOwned;

pub use table::Table;

/// One market at one time before its close, with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Quoted {
    /// What the market is about: markets of one event are not independent.
    pub event: String,
    /// The market.
    pub market: String,
    /// How long before the close.
    pub before_close: Duration,
    /// The middle of what was bid and asked.
    pub mid: Prob,
    /// What the model says from what was known then.
    pub model: Option<Prob>,
    /// Whether it paid.
    pub yes: bool,
}

/// A set of recorded markets.
#[derive(Clone, Debug)]
pub struct Set {
    /// The folder's name.
    pub name: &'static str,
    /// What the markets are.
    pub what: &'static str,
    /// The model that was asked, or why none could be.
    pub model: Result<&'static str, &'static str>,
    /// The quotes.
    pub quotes: Vec<Quoted>,
}

/// A quote as sets record it, in dollars.
#[derive(Clone, Copy, Debug)]
struct TwoSided {
    bid: f64,
    ask: f64,
}

impl TwoSided {
    /// Most dollars between bid and ask.
    const WIDEST: f64 = 0.10;
    /// Middles of markets that are not over yet.
    const OPEN: std::ops::RangeInclusive<f64> = 0.02..=0.98;

    /// The middle, if the quote counts.
    fn middle(self) -> Option<Prob> {
        let Self { bid, ask } = self;
        let is_quote = (0.0..=1.0).contains(&bid) && (0.0..=1.0).contains(&ask) && bid <= ask;
        // Cents in binary are a hair off.
        let middle = f64::midpoint(bid, ask);
        (is_quote && ask - bid <= Self::WIDEST + 1e-9 && Self::OPEN.contains(&middle))
            .then(|| Prob::new(middle).ok())
            .flatten()
    }
}

/// Every set of a data folder that is there, in the order of the report.
///
/// # Errors
/// What cannot be read, with its file and line.
pub fn sets(data: &Path) -> anyhow::Result<Vec<Set>> {
    type Read = fn(&Path) -> anyhow::Result<Set>;
    const READERS: [(&str, Read); 7] = [
        ("kalshi_ws_btc15m", up_or_down::kalshi),
        ("polymarket_btc5m", up_or_down::polymarket),
        ("kalshi_crypto_hourly", crypto_hourly::read),
        ("kalshi_weather", weather::read),
        ("kalshi_econ", econ::read),
        ("kalshi_sports_bbo", sports::read),
        ("polymarket_history", elections::read),
    ];
    let there = READERS.iter().map(|(name, read)| (data.join(name), read)).filter(|(folder, _)| folder.is_dir());
    there.map(|(folder, read)| read(&folder).with_context(|| folder.display().to_string())).collect()
}

/// The files of a folder whose name begins so, in order.
fn files(folder: &Path, prefix: &str) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(prefix) && path.extension().is_some_and(|extension| extension == "zst") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a file of JSON objects, one a line.
fn json_lines<T: DeserializeOwned>(path: &Path, mut take: impl FnMut(T)) -> anyhow::Result<()> {
    let mut lines = Lines::open(path)?;
    loop {
        let number = lines.line() + 1;
        let Some(line) = lines.next_line()? else { return Ok(()) };
        let place = || format!("{} line {number}", path.display());
        take(serde_json::from_str(line).with_context(place)?);
    }
}

/// The newest of some observations at each of some times before the close, if it is at most `late` older than that.
fn at_times<'a, T>(
    close: Timestamp,
    times: &'a [Duration],
    late: Duration,
    observed: &'a [(Timestamp, T)],
) -> impl Iterator<Item = (Duration, &'a T)> {
    times.iter().filter_map(move |before| {
        let at = close.minus(*before);
        let known = observed.partition_point(|(time, _)| *time <= at);
        let (time, it) = observed[..known].last()?;
        (at.since(*time) <= late).then_some((*before, it))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_known_observation_counts_and_nothing_later() {
        let at = |minutes: u64| Timestamp::EPOCH.plus(Duration::from_mins(minutes));
        let observed = [(at(10), 'a'), (at(20), 'b'), (at(50), 'c')];
        let times = [Duration::from_mins(45), Duration::from_mins(40), Duration::from_mins(20), Duration::ZERO];
        let found: Vec<_> = at_times(at(60), &times, Duration::from_mins(15), &observed).map(|(_, it)| *it).collect();
        // 15 past: the one of 10; 20 past: the one of that very moment; 40 past: nothing newer than 20 minutes; at the close: 50.
        assert_eq!(found, ['a', 'b', 'c']);
    }

    #[test]
    fn wide_and_decided_markets_do_not_count() {
        let middle = |bid, ask| TwoSided { bid, ask }.middle().map(Prob::get);
        assert_eq!(middle(0.40, 0.50), Some(0.45));
        assert_eq!(
            (middle(0.40, 0.51), middle(0.0, 0.01), middle(0.99, 1.0), middle(0.5, 0.4)),
            (None, None, None, None)
        );
    }
}
