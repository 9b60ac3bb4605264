//! Whether a strategy's model or an analyst may trade with money: a record of settled markets has to show that it beats the market's price.
//!
//! The record is a file of JSON objects, one scored market a line: `{"event":TEXT,"model":P,"market":P,"happened":BOOL}`, the
//! model's chance and the market's middle at one moment, and what came of it. `brier score --records FOLDER` writes such files.
//!
//! Source: reference (feeds), section 9.8: at least 100 markets, and better by more than luck.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use brier_models::calibration::standing::{Contest, Standing};
use brier_types::Prob;
use serde::{Deserialize, Serialize};

use crate::config::{AnalystConfig, StrategyConfig};

/// Where the resampling behind a verdict starts: the same record gives the same verdict everywhere.
const SEED: u64 = 1;

/// One scored market, as a record has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
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
    judge(format!("strategy `{}`", strategy.name), strategy.record.as_ref())
}

/// Whether an analyst whose opinions become fair values has shown that it beats the market: they are traded like a model's.
///
/// # Errors
/// [`StandingError`].
pub fn check_analyst(analyst: &AnalystConfig) -> Result<(), StandingError> {
    if !analyst.tells {
        return Ok(());
    }
    judge(format!("analyst `{}`", analyst.name), analyst.record.as_ref())
}

fn judge(who: String, record: Option<&PathBuf>) -> Result<(), StandingError> {
    let Some(path) = record.cloned() else { return Err(StandingError::NoRecord { who }) };
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
    let contests = text.and_then(|text| read(&text));
    let contests = match contests {
        Ok(contests) => contests,
        Err(problem) => return Err(StandingError::Unreadable { who, path, problem }),
    };
    match Standing::judge(&contests, SEED) {
        Standing::Live(_) => Ok(()),
        Standing::Paper(why) => Err(StandingError::PaperOnly { who, path, why: why.to_string() }),
    }
}

/// Reads a record.
fn read(text: &str) -> Result<Vec<Contest>, String> {
    let mut events: BTreeMap<String, u64> = BTreeMap::new();
    let mut contests = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let failed = |problem: &dyn std::fmt::Display| format!("line {number}: {problem}");
        let line: Line = serde_json::from_str(line).map_err(|error| failed(&error))?;
        let (model, market) = (Prob::new(line.model), Prob::new(line.market));
        let (model, market) = (model.map_err(|error| failed(&error))?, market.map_err(|error| failed(&error))?);
        let next = events.len() as u64;
        let event = *events.entry(line.event).or_insert(next);
        contests.push(Contest { event, model, market, happened: line.happened });
    }
    Ok(contests)
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
            let line = Line { event: format!("E{number}"), model, market: 0.5, happened: true };
            write_line(&mut text, &line).unwrap();
        }
        String::from_utf8(text).unwrap()
    }

    fn verdict(text: &str) -> Result<(), String> {
        match Standing::judge(&read(text)?, SEED) {
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
        let error = read("\n{\"event\":\"E\",\"model\":1.5,\"market\":0.5,\"happened\":true}").unwrap_err();
        assert!(error.starts_with("line 2: ") && error.contains("1.5"), "{error}");
        assert!(read("{\"event\":\"E\"}").unwrap_err().starts_with("line 1: "));
    }
}
