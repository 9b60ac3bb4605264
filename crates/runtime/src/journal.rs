//! The engine's journal on disk: one folder a run, each beginning with a checkpoint of what the run before left.
//!
//! `journal/000001`, `journal/000002`, …, each a journal of `brier-store`. A run's first record is the checkpoint it began
//! with, so that a run is replayed from its own folder alone and older folders may be moved away. A folder whose first record
//! is missing was made by a program that died at once: nothing hangs on it, and the one before it leads.

use std::path::{Path, PathBuf};

use brier_engine::Engine;
use brier_engine::codec::{Record, VERSION};
use brier_store::{Journal, JournalError, Replay};

use crate::config::Config;
use crate::core::Sink;
use crate::recovery::{RecoveryError, Replayed, rebuild};
use crate::written::{Written, same_places};

/// What is durable before a command leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The disk has it: it survives the loss of power. One `fdatasync` a turn that sends something.
    Fsync,
    /// The system has it: it survives the program's death, not the machine's.
    Write,
    /// Nothing is waited for; what the last moments decided is lost with the program. For measurements.
    None,
}

/// A run's journal.
#[derive(Debug)]
pub struct RunJournal {
    journal: Journal,
    durability: Durability,
}

impl RunJournal {
    /// A journal that waits for as much as it is told to.
    pub const fn new(journal: Journal, durability: Durability) -> Self {
        Self { journal, durability }
    }

    /// Where the records are.
    pub fn path(&self) -> &Path {
        self.journal.path()
    }

    /// Brings everything to the disk, whatever the setting.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn close(&mut self) -> Result<(), JournalError> {
        self.journal.commit()
    }
}

impl Sink for RunJournal {
    type Error = JournalError;

    fn append(&mut self, record: &[u8]) -> Result<(), JournalError> {
        self.journal.append(record)
    }

    fn commit(&mut self) -> Result<(), JournalError> {
        match self.durability {
            Durability::Fsync => self.journal.commit(),
            Durability::Write => self.journal.write(),
            Durability::None => Ok(()),
        }
    }
}

/// The folders of runs under a data folder, oldest first.
///
/// # Errors
/// What the system says.
pub fn runs(data_dir: &Path) -> std::io::Result<Vec<(u32, PathBuf)>> {
    let folder = data_dir.join("journal");
    let mut runs = Vec::new();
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(runs),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        if let Some(number) = number {
            runs.push((number, path));
        }
    }
    runs.sort_unstable();
    Ok(runs)
}

/// The records of one run, as they are read. Nobody else reads or writes it meanwhile.
#[derive(Debug)]
pub struct Records {
    replay: Replay,
    _lock: Journal,
}

impl Iterator for Records {
    type Item = Result<Vec<u8>, RecoveryError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.replay.next().map(|record| record.map_err(RecoveryError::from))
    }
}

/// Reads one run, record by record.
///
/// # Errors
/// [`RecoveryError`] when the folder is no journal, is damaged, or is being written.
pub fn records(folder: &Path) -> Result<Records, RecoveryError> {
    let (journal, _) = Journal::open(folder, VERSION)?;
    Ok(Records { replay: journal.replay()?, _lock: journal })
}

/// What the last run left, before the next has begun.
#[derive(Debug)]
pub struct Recovered {
    /// The next run's number, from 1.
    pub run: u32,
    /// The engine as the last run left it.
    pub engine: Engine,
    /// What was replayed of the last run, if there was one.
    pub replayed: Option<Replayed>,
    checkpoint: Vec<u8>,
}

/// Brings the engine to where the last run left it. Nothing is written.
///
/// The last run is replayed by the configuration that it was begun with; the next one goes on by `config`.
///
/// # Errors
/// [`RecoveryError`]: the program must not trade.
pub fn recover(config: &Config, order_prefix: &str) -> Result<Recovered, RecoveryError> {
    let data_dir = &config.run.data_dir;
    let io = |source| RecoveryError::Folder { path: data_dir.clone(), source };
    let known = runs(data_dir).map_err(io)?;
    let make = || config.make_engine(order_prefix);
    let mut last = None;
    for (number, folder) in known.iter().rev() {
        let in_run = |error| RecoveryError::In { run: *number, source: Box::new(error) };
        let mut records = records(folder).map_err(in_run)?.peekable();
        if records.peek().is_some() {
            let replayed =
                replay(records, config).map_err(|error| RecoveryError::In { run: *number, source: Box::new(error) })?;
            last = Some(replayed);
            break;
        }
    }
    let run = known.last().map_or(0, |(number, _)| *number) + 1;
    let checkpoint = match &last {
        Some((engine, _)) => engine.checkpoint(),
        None => make().checkpoint(),
    };
    // From its own checkpoint, as a replay will begin: the two cannot differ in what a checkpoint leaves out.
    let mut engine = make();
    engine.restore(&checkpoint)?;
    Ok(Recovered { run, engine, replayed: last.map(|(_, replayed)| replayed), checkpoint })
}

impl Recovered {
    /// Begins the run's journal: its first record is durable when this returns.
    ///
    /// The engine is made anew by `config` as it is written down here: between the recovery and this, ties that no rules prove
    /// were taken out of it.
    ///
    /// # Errors
    /// [`RecoveryError`]: nothing was begun, and the program must not trade.
    pub fn begin(self, config: &Config, order_prefix: &str) -> Result<(Engine, RunJournal), RecoveryError> {
        let mut engine = config.make_engine(order_prefix);
        engine.restore(&self.checkpoint)?;
        let folder = config.run.data_dir.join("journal").join(format!("{:06}", self.run));
        let (mut journal, _) = Journal::open(&folder, VERSION)?;
        let mut record = Vec::with_capacity(self.checkpoint.len() + config.text.len() + 256);
        let written = Written::of(config, order_prefix).to_text();
        Record::put_begin(self.run, &written, &self.checkpoint, &mut record);
        journal.append(&record)?;
        journal.commit()?;
        Ok((engine, RunJournal::new(journal, config.run.durability)))
    }
}

/// Replays the last run by what its journal says of it.
fn replay(
    records: impl Iterator<Item = Result<Vec<u8>, RecoveryError>>,
    next: &Config,
) -> Result<(Engine, Replayed), RecoveryError> {
    rebuild(records, |written| {
        let (config, prefix) = Written::read(written)?;
        same_places(&config, next).map_err(RecoveryError::Configuration)?;
        Ok(config.make_engine(&prefix))
    })
}
