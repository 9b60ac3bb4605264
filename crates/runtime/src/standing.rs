//! Whether a strategy's model or an analyst may trade with money: a record of settled markets has to show that it beats the market's price.
//!
//! The record is a file of JSON objects, one scored market a line: `{"kind":TEXT,"series":TEXT,"ticker":TEXT,"event":TEXT,"model":P,
//! "market":P,"happened":BOOL}`: whose opinion it was, of which series, the model's chance and the market's middle at one moment, and what came
//! of it. `brier score --records FOLDER` writes such files. What another model has shown, or what this one has shown elsewhere, says
//! nothing: a record is read of its owner's kind only, and of the series that it would trade.
//!
//! Source: reference (feeds), section 9.8: at least 100 markets, and better by more than luck.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use brier_models::calibration::standing::{Contest, Standing};
use brier_types::{Prob, Venue};
use serde::{Deserialize, Serialize};

use crate::config::{AnalystConfig, Config, MarketName, REMOTE, StrategyConfig};

/// Where the resampling behind a verdict starts: the same record gives the same verdict everywhere.
const SEED: u64 = 1;

/// One scored market, as a record has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Whose opinion it was: the kind of a strategy, `analyst:NAME`, or `remote`.
    pub kind: String,
    /// Kalshi's series, or `polymarket`.
    pub series: String,
    /// The market: each counts once.
    pub ticker: String,
    /// The event it belongs to: markets of one event settle together.
    pub event: String,
    /// The model's chance.
    pub model: f64,
    /// The market's middle at that moment.
    pub market: f64,
    /// Whether it paid.
    pub happened: bool,
}

/// Why a strategy may not trade with money, or an analyst be traded on.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// It has a model of its own and names no record.
    #[error("{who} trades the opinion of its own model, and names no `record` of it")]
    NoRecord {
        /// Which strategy or analyst.
        who: String,
    },
    /// It would trade every market.
    #[error("{who} would trade every market, and a record is of some series: name its markets")]
    EveryMarket {
        /// Which strategy or analyst.
        who: String,
    },
    /// The record cannot be read.
    #[error("record {path} of {who}: {problem}")]
    Unreadable {
        /// Which strategy or analyst.
        who: String,
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        problem: String,
    },
    /// The record does not show it.
    #[error("record {path} of {who}: {why}")]
    PaperOnly {
        /// Which strategy or analyst.
        who: String,
        /// The file.
        path: PathBuf,
        /// What it shows.
        why: String,
    },
}

/// Whether a strategy's own model, where it has one, has shown that it beats the market.
///
/// # Errors
/// [`StandingError`].
pub fn check(strategy: &StrategyConfig) -> Result<(), StandingError> {
    if !strategy.has_model() {
        return Ok(());
    }
    let owner = Owner { who: format!("strategy `{}`", strategy.name), kind: strategy.kind.clone() };
    if strategy.all_markets {
        return Err(StandingError::EveryMarket { who: owner.who });
    }
    judge(owner, strategy.record.as_ref(), &series_of(&strategy.markets))
}

/// Whether an analyst whose opinions become fair values has shown that it beats the market: they are traded like a model's.
///
/// # Errors
/// [`StandingError`].
pub fn check_analyst(analyst: &AnalystConfig) -> Result<(), StandingError> {
    if !analyst.tells {
        return Ok(());
    }
    // Two of one kind think of different numbers: what one has shown, the other has not.
    let owner = Owner { who: format!("analyst `{}`", analyst.name), kind: format!("analyst:{}", analyst.name) };
    judge(owner, analyst.record.as_ref(), &series_of(&analyst.markets))
}

/// Whether the fair values that other programs tell have beaten the market in every series for which a strategy of this run would
/// trade on them. Without a record none is taken with money at stake.
///
/// # Errors
/// [`StandingError`].
pub fn check_told(config: &Config) -> Result<(), StandingError> {
    let Some(record) = config.remote.as_ref().and_then(|remote| remote.record.as_ref()) else { return Ok(()) };
    let owner = Owner { who: "what other programs tell (`remote.record`)".to_owned(), kind: REMOTE.to_owned() };
    let enabled = || config.strategies.iter().filter(|it| it.enabled && it.reads_fair());
    if enabled().any(|it| it.all_markets) {
        return Err(StandingError::EveryMarket { who: owner.who });
    }
    let markets: Vec<MarketName> = enabled().flat_map(|it| it.markets.iter().cloned()).collect();
    judge(owner, Some(record), &series_of(&markets))
}

/// Whose record it is.
struct Owner {
    who: String,
    kind: String,
}

/// The series of markets: Kalshi's by their tickers; the other venue's names say nothing.
fn series_of(markets: &[MarketName]) -> BTreeSet<String> {
    let series = |market: &MarketName| match market.venue {
        Venue::Kalshi => market.market.as_str().split('-').next().unwrap_or_default().to_owned(),
        Venue::Polymarket => Venue::Polymarket.to_string(),
    };
    markets.iter().map(series).collect()
}

fn judge(owner: Owner, record: Option<&PathBuf>, traded: &BTreeSet<String>) -> Result<(), StandingError> {
    let Owner { who, kind } = owner;
    let Some(path) = record.cloned() else { return Err(StandingError::NoRecord { who }) };
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
    let contests = match text.and_then(|text| read(&text, &kind, traded)) {
        Ok(contests) => contests,
        Err(problem) => return Err(StandingError::Unreadable { who, path, problem }),
    };
    match Standing::judge(&contests, SEED) {
        Standing::Live(_) => Ok(()),
        Standing::Paper(why) => Err(StandingError::PaperOnly { who, path, why: why.to_string() }),
    }
}

/// Reads what a record says of the traded series; each of them has to be in it.
fn read(text: &str, kind: &str, traded: &BTreeSet<String>) -> Result<Vec<Contest>, String> {
    let (mut events, mut found): (BTreeMap<String, u64>, BTreeSet<String>) = (BTreeMap::new(), BTreeSet::new());
    let (mut contests, mut markets) = (Vec::new(), BTreeSet::new());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let failed = |problem: &dyn std::fmt::Display| format!("line {number}: {problem}");
        let line: Line = serde_json::from_str(line).map_err(|error| failed(&error))?;
        if line.kind != kind {
            return Err(failed(&format_args!("expected the record of `{kind}`, found that of `{:.64}`", line.kind)));
        }
        let (model, market) = (Prob::new(line.model), Prob::new(line.market));
        let (model, market) = (model.map_err(|error| failed(&error))?, market.map_err(|error| failed(&error))?);
        if !markets.insert(line.ticker.clone()) {
            let text = format_args!("expected each market once, at one moment, found {:.64} again", line.ticker);
            return Err(failed(&text));
        }
        if !traded.contains(&line.series) {
            continue;
        }
        found.insert(line.series);
        let next = events.len() as u64;
        let event = *events.entry(line.event).or_insert(next);
        contests.push(Contest { event, model, market, happened: line.happened });
    }
    match traded.iter().find(|series| !found.contains(*series)) {
        Some(missing) => Err(format!("expected scored markets of {missing}, which it would trade, found none")),
        None => Ok(contests),
    }
}

/// Writes a record's line.
///
/// # Errors
/// Never for chances; those of the writer.
pub fn write_line(out: &mut impl std::io::Write, line: &Line) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Where the records of a folder are: one a set.
pub fn path_in(folder: &Path, set: &str) -> PathBuf {
    folder.join(format!("{set}.jsonl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(markets: usize, right: usize) -> String {
        let mut text = Vec::new();
        for number in 0..markets {
            let model = if number % 10 < right { 0.9 } else { 0.1 };
            let (kind, series) = ("range".to_owned(), if number % 2 == 0 { "KXBTCD" } else { "KXETHD" }.to_owned());
            let (ticker, event) = (format!("M{number}"), format!("E{number}"));
            let line = Line { kind, series, ticker, event, model, market: 0.5, happened: true };
            write_line(&mut text, &line).unwrap();
        }
        String::from_utf8(text).unwrap()
    }

    fn verdict(text: &str) -> Result<(), String> {
        of(text, "range", &["KXBTCD", "KXETHD"])
    }

    fn of(text: &str, kind: &str, series: &[&str]) -> Result<(), String> {
        let traded = series.iter().map(|it| (*it).to_owned()).collect();
        match Standing::judge(&read(text, kind, &traded)?, SEED) {
            Standing::Live(_) => Ok(()),
            Standing::Paper(why) => Err(why.to_string()),
        }
    }

    #[test]
    fn a_record_of_a_hundred_better_markets_is_enough_and_nothing_less() {
        assert_eq!(verdict(&record(120, 9)), Ok(()));
        assert_eq!(verdict(&record(99, 9)), Err("99 scored markets, 100 are needed".to_owned()));
        assert!(verdict(&record(120, 5)).unwrap_err().contains("as good or better"));
        assert!(verdict(&record(120, 7)).unwrap_err().contains("as good or better"), "even is not better");
    }

    #[test]
    fn a_record_that_is_none_is_told_with_its_line() {
        let line =
            r#"{"kind":"range","series":"KXBTCD","ticker":"M","event":"E","model":1.5,"market":0.5,"happened":true}"#;
        let error = verdict(&format!("\n{line}")).unwrap_err();
        assert!(error.starts_with("line 2: ") && error.contains("1.5"), "{error}");
        assert!(verdict("{\"event\":\"E\"}").unwrap_err().starts_with("line 1: "));
    }

    /// A hundred lines of twenty markets once were a hundred markets.
    #[test]
    fn each_market_counts_once() {
        let twice = record(120, 9) + &record(1, 9);
        assert_eq!(verdict(&twice).unwrap_err(), "line 121: expected each market once, at one moment, found M0 again");
    }

    /// A record of one model once let another trade, in any series.
    #[test]
    fn a_record_is_its_owners_and_of_what_is_traded() {
        let good = record(240, 9);
        assert_eq!(of(&good, "range", &["KXBTCD"]), Ok(()));
        let error = of(&good, "up_or_down", &["KXBTCD"]).unwrap_err();
        assert_eq!(error, "line 1: expected the record of `up_or_down`, found that of `range`");
        let error = of(&good, "range", &["KXBTCD", "KXSOLD"]).unwrap_err();
        assert_eq!(error, "expected scored markets of KXSOLD, which it would trade, found none");
        assert!(of(&record(120, 9), "range", &["KXBTCD"]).unwrap_err().starts_with("60 scored markets"));
    }
}
