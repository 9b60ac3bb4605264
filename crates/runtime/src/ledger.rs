//! The ledger of combos as a file that anybody may read while the run goes on: `combos.jsonl` in the run's data folder.
//!
//! One line of JSON for each record of the engine's ledger; the last line of a combo's number counts. The engine's journal
//! leads: what the file lacks because the program died before it was written is added when the next run begins.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use brier_engine::{Alert, Attempt, AttemptLeg, Engine};
use serde::{Deserialize, Serialize};

use crate::node::Effect;

/// Its name in the data folder.
pub const LEDGER_FILE: &str = "combos.jsonl";

/// One combo as it stands. Money is in dollars and of the worst state of the world, fees included where not said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptLine {
    /// The combo's number.
    pub combo: u32,
    /// The strategy's name.
    pub strategy: String,
    /// When it was wanted, as UTC text.
    pub began: String,
    /// When it came to what is told here.
    pub at: String,
    /// Contracts of each leg that were wanted.
    pub wanted: String,
    /// Contracts of each leg that were tried.
    pub tried: String,
    /// Contracts held in every leg.
    pub sets: String,
    /// What a contract of every leg together pays at least.
    pub pays: String,
    /// Profit that the books gave for the contracts tried when the first leg was sent.
    pub expected: String,
    /// Profit that is sure as things stand.
    pub locked_in: String,
    /// What it made, when its markets have their final results.
    #[serde(default)]
    pub realised: Option<String>,
    /// `refused`, `nothing`, `complete`, `rebalanced`, `unwound` or `held`.
    pub ended: String,
    /// Why, where there is something to say.
    pub why: String,
    /// The legs, in the order in which they were sent.
    pub legs: Vec<AttemptLegLine>,
}

/// One leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptLegLine {
    /// Where.
    pub venue: String,
    /// The market.
    pub market: String,
    /// `bid` or `ask` of the YES book.
    pub side: String,
    /// The worst YES price.
    pub limit: String,
    /// The YES price that the strategy saw.
    pub seen: String,
    /// Contracts that its orders asked for.
    pub asked: String,
    /// Contracts bought.
    pub bought: String,
    /// Dollars a contract of what was bought, on average and without fees; none where nothing was.
    pub average: Option<String>,
    /// Contracts of them that were sold again.
    pub sold: String,
    /// Dollars got for those, without fees.
    pub got: String,
    /// Fees of all its fills.
    pub fees: String,
    /// Contracts of matches that failed.
    pub failed: String,
    /// Contracts held without their counterparts.
    pub open: String,
}

/// Why the ledger cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line.
    #[error(
        "{path}, line {line}: expected a combo's record, found something else: {source}; move the file away, the journal leads"
    )]
    Line {
        /// Which file.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
        /// What the reader said.
        source: serde_json::Error,
    },
}

impl AttemptLine {
    /// An attempt with names instead of numbers.
    pub fn of(engine: &Engine, it: &Attempt) -> Self {
        let name = engine.strategy_names().find(|(known, _)| *known == it.strategy);
        Self {
            combo: it.combo,
            strategy: name.map_or_else(|| "by hand".to_owned(), |(_, name)| name.to_owned()),
            began: it.began.to_string(),
            at: it.at.to_string(),
            wanted: it.wanted.to_string(),
            tried: it.qty.to_string(),
            sets: it.sets.to_string(),
            pays: it.pays.to_string(),
            expected: it.expected.to_string(),
            locked_in: it.locked_in.to_string(),
            realised: it.realised.map(|realised| realised.to_string()),
            ended: it.ended.word().to_owned(),
            why: it.why.clone(),
            legs: it.legs.iter().map(|leg| AttemptLegLine::of(engine, leg)).collect(),
        }
    }
}

impl AttemptLegLine {
    fn of(engine: &Engine, leg: &AttemptLeg) -> Self {
        let instrument = engine.state().universe.get(leg.market);
        Self {
            venue: instrument.venue().to_string(),
            market: instrument.market.ticker.to_string(),
            side: leg.side.to_string(),
            limit: leg.limit.to_string(),
            seen: leg.seen.to_string(),
            asked: leg.asked.to_string(),
            bought: leg.bought.to_string(),
            average: leg.average().map(|average| average.to_string()),
            sold: leg.sold.to_string(),
            got: leg.got.to_string(),
            fees: leg.fees.to_string(),
            failed: leg.failed.to_string(),
            open: leg.open.to_string(),
        }
    }
}

/// A run's ledger, open for writing.
#[derive(Debug)]
pub struct LedgerFile {
    file: File,
    path: PathBuf,
}

impl LedgerFile {
    /// Opens the ledger of a data folder and adds what it lacks of the engine's last attempts. A last line that was cut off
    /// is taken away.
    ///
    /// # Errors
    /// [`LedgerError`] when it can be neither read nor written.
    pub fn open(folder: &Path, engine: &Engine) -> Result<Self, LedgerError> {
        let path = folder.join(LEDGER_FILE);
        let failed = |source| LedgerError::Io { path: path.clone(), source };
        let (known, whole) = read(&path)?;
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        file.set_len(whole).map_err(failed)?;
        let mut ledger = Self { file, path: path.clone() };
        for line in engine.attempts().map(|it| AttemptLine::of(engine, it)) {
            if known.get(&line.combo).is_none_or(|it| *it != line) {
                ledger.append(&line)?;
            }
        }
        Ok(ledger)
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`LedgerError::Io`]: the journal has it, and the next run adds it.
    pub fn append(&mut self, line: &AttemptLine) -> Result<(), LedgerError> {
        let mut text = serde_json::to_vec(line).expect("texts are JSON");
        text.push(b'\n');
        self.file.write_all(&text).map_err(|source| LedgerError::Io { path: self.path.clone(), source })
    }

    /// Adds the record that an effect tells of, if it is one. What cannot be written is told to the log.
    pub fn note(&mut self, engine: &Engine, effect: &Effect) {
        if let Effect::Alert(Alert::Attempt(attempt)) = effect
            && let Err(error) = self.append(&AttemptLine::of(engine, attempt))
        {
            tracing::error!(%error, "the ledger of combos; the journal has the record");
        }
    }
}

/// The combos of a data folder in the order of their numbers, each as it stands; none where there were none. A run may be
/// writing meanwhile: a last line that is not whole yet is left out.
///
/// # Errors
/// [`LedgerError`] when the file cannot be read, or a line is no record.
pub fn attempts(folder: &Path) -> Result<Vec<AttemptLine>, LedgerError> {
    read(&folder.join(LEDGER_FILE)).map(|(known, _)| known.into_values().collect())
}

/// The last record of each combo, and how many bytes stand in whole lines.
fn read(path: &Path) -> Result<(BTreeMap<u32, AttemptLine>, u64), LedgerError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((BTreeMap::new(), 0)),
        Err(source) => return Err(LedgerError::Io { path: path.to_owned(), source }),
    };
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut known = BTreeMap::new();
    for (number, line) in (1..).zip(text[..whole].split(|byte| *byte == b'\n')).filter(|(_, line)| !line.is_empty()) {
        let line: AttemptLine = serde_json::from_slice(line).map_err(|source| LedgerError::Line {
            path: path.to_owned(),
            line: number,
            source,
        })?;
        known.insert(line.combo, line);
    }
    Ok((known, whole as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(combo: u32, ended: &str) -> AttemptLine {
        AttemptLine {
            combo,
            ended: ended.to_owned(),
            legs: vec![AttemptLegLine { average: Some("0.4".to_owned()), ..AttemptLegLine::default() }],
            ..AttemptLine::default()
        }
    }

    fn engine() -> Engine {
        Engine::new(brier_engine::EngineConfig::new("t1", brier_engine::risk::Limits::default()))
    }

    #[test]
    fn the_last_record_of_a_number_counts() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(attempts(folder.path()).unwrap(), []);
        let mut ledger = LedgerFile::open(folder.path(), &engine()).unwrap();
        for it in [line(2, "complete"), line(1, "nothing"), line(2, "held")] {
            ledger.append(&it).unwrap();
        }
        assert_eq!(attempts(folder.path()).unwrap(), [line(1, "nothing"), line(2, "held")]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_out_and_then_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LEDGER_FILE);
        let whole = format!("{}\n", serde_json::to_string(&line(1, "complete")).unwrap());
        std::fs::write(&path, format!("{whole}{{\"combo\":2,\"str")).unwrap();
        assert_eq!(attempts(folder.path()).unwrap(), [line(1, "complete")]);
        LedgerFile::open(folder.path(), &engine()).unwrap().append(&line(3, "held")).unwrap();
        assert_eq!(attempts(folder.path()).unwrap(), [line(1, "complete"), line(3, "held")]);
    }

    #[test]
    fn what_is_no_record_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let whole = serde_json::to_string(&line(1, "complete")).unwrap();
        std::fs::write(folder.path().join(LEDGER_FILE), format!("{whole}\nnonsense\n")).unwrap();
        let error = attempts(folder.path()).unwrap_err().to_string();
        assert!(error.contains("combos.jsonl, line 2: expected a combo's record"), "{error}");
    }
}
