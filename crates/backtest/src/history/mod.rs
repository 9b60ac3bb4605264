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
    /// The kind of strategy that trades the model's opinion.
    pub kind: Option<&'static str>,
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

    /// A data folder with these files; a plain file is read like a packed one.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn shown(set: &Set) -> Vec<(&str, u64, f64, Option<bool>, bool)> {
        let model = |quote: &Quoted| quote.model.map(|model| model.get() > 0.5);
        let hours = |quote: &Quoted| quote.before_close.as_secs() / 3_600;
        set.quotes.iter().map(|it| (it.market.as_str(), hours(it), it.mid.get(), model(it), it.yes)).collect()
    }

    #[test]
    fn weather_is_joined_with_its_results_and_has_no_model() {
        let book = |at: &str, bid: f64, ask: f64| {
            format!(
                "{{\"ticker\":\"KXHIGHX-26JUL17-B88.5\",\"captured_at\":\"2026-07-17T{at}:00Z\",\"close_time\":\"2026-07-18T05:00:00Z\",\"best_yes_bid\":{bid},\"best_yes_ask\":{ask}}}\n"
            )
        };
        // Eleven past four is known 24 hours before five; ten past five is not. Three hours before 17 o'clock is too old.
        let books = [book("04:11", 0.2, 0.3), book("05:10", 0.8, 0.9), book("14:00", 0.4, 0.5)].concat();
        let actuals = "{\"settled_markets\":{\"events\":[{\"results\":{\"KXHIGHX-26JUL17-B88.5\":\"yes\"}}]}}\n";
        let data = folder(&[("kalshi_weather/books_1.zst", &books), ("kalshi_weather/actuals_1.zst", actuals)]);
        let sets = sets(data.path()).unwrap();
        assert_eq!(sets.len(), 1);
        assert!(sets[0].model.is_err());
        assert_eq!(shown(&sets[0]), [("KXHIGHX-26JUL17-B88.5", 24, 0.25, None, true)]);
    }

    #[test]
    fn a_called_off_game_is_no_outcome() {
        let bbo = |ticker: &str| {
            format!(
                "{{\"captured_at\":\"2026-07-11T23:30:00Z\",\"event_ticker\":\"E\",\"outcomes\":[{{\"ticker\":\"{ticker}\",\"yes_bid\":0.6,\"yes_ask\":0.62}}]}}\n"
            )
        };
        let settled = |ticker: &str, result: &str| {
            format!("{{\"ticker\":\"{ticker}\",\"result\":\"{result}\",\"close_time\":\"2026-07-12T06:00:00Z\"}}\n")
        };
        let quotes = [bbo("E-A"), bbo("E-B")].concat();
        let results = [settled("E-A", "no"), settled("E-B", "scalar")].concat();
        let files = [
            ("kalshi_sports_bbo/sports_bbo_1.zst", quotes.as_str()),
            ("kalshi_settlements/settled_2026-07.zst", results.as_str()),
        ];
        let data = folder(&files);
        assert_eq!(shown(&sets(data.path()).unwrap()[0]), [("E-A", 6, 0.61, None, false)]);
    }

    #[test]
    fn an_hourly_ladder_is_valued_by_the_spot_of_its_moment() {
        let row = "{\"captured_at\":\"2026-07-05T00:24:00Z\",\"series\":\"KXBTC\",\"current\":{\"close_time\":\"2026-07-05T01:00:00Z\",\"event_ticker\":\"E\",\"outcomes\":[{\"ticker\":\"E-B1\",\"strike_type\":\"between\",\"floor_strike\":62000,\"cap_strike\":63999.99,\"yes_bid\":0.5,\"yes_ask\":0.6},{\"ticker\":\"E-T1\",\"strike_type\":\"greater\",\"floor_strike\":70000,\"yes_bid\":0.03,\"yes_ask\":0.05}]},\"spot\":{\"price\":63000.0},\"previous_settlement\":null}\n";
        let results = "{\"captured_at\":\"2026-07-05T01:24:00Z\",\"series\":\"KXBTC\",\"current\":{},\"spot\":null,\"previous_settlement\":{\"results\":{\"E-B1\":\"yes\",\"E-T1\":\"no\"}}}\n";
        let data = folder(&[("kalshi_crypto_hourly/crypto_hourly_1.zst", &format!("{row}{results}"))]);
        let expected = [("E-B1", 0, 0.55, Some(true), true), ("E-T1", 0, 0.04, Some(false), false)];
        assert_eq!(shown(&sets(data.path()).unwrap()[0]), expected);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_file_and_line() {
        let data = folder(&[("kalshi_econ/econ_1.zst", "{\"captured_at\":\"x\"}\nnothing\n")]);
        let error = format!("{:#}", sets(data.path()).unwrap_err());
        assert!(error.contains("econ_1.zst line 2"), "{error}");
    }
}
