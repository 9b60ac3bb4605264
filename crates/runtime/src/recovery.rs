//! From a run's records to the engine that they describe, held against what was recorded on the way.
//!
//! Pure but for its errors' paths: records in, engine out. The same inputs at the same times give the same commands, byte for
//! byte; a command that differs means that another program wrote the journal, and nothing may be built on it.

use std::collections::VecDeque;
use std::path::PathBuf;

use brier_engine::codec::{CodecError, Record};
use brier_engine::{Command, Engine, RestoreError};
use brier_store::JournalError;

/// Why the engine cannot be brought back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// The journal's file.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The data folder.
    #[error("data folder {path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A record.
    #[error("record {number}: {source}")]
    Record {
        /// Its number, from 0.
        number: usize,
        /// What is wrong with it.
        source: CodecError,
    },
    /// The first record is no beginning.
    #[error("expected a run's beginning as the first record, found another; the folder is no run of the engine")]
    NoBeginning,
    /// The configuration in the first record, or this run's beside it.
    #[error("configuration: {0}")]
    Configuration(String),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] RestoreError),
    /// A command differs from the recorded one.
    #[error(
        "record {number}: the engine now says {now}, and {recorded} was recorded; another version or another configuration \
         wrote this journal"
    )]
    Diverged {
        /// The record's number, from 0.
        number: usize,
        /// What the engine says.
        now: String,
        /// What was recorded.
        recorded: String,
    },
    /// A run.
    #[error("run {run}: {source}")]
    In {
        /// Its number.
        run: u32,
        /// What is wrong with it.
        source: Box<Self>,
    },
}

/// What a replay did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The run's number.
    pub run: u32,
    /// The configuration that the run was begun with.
    pub config: String,
    /// Inputs taken.
    pub inputs: u64,
    /// Commands that equal the recorded ones.
    pub commands: u64,
    /// Commands that inputs led to and that were not recorded: the program died before it wrote them, so they never left.
    pub unrecorded: usize,
    /// A sum over the durable state at the end.
    pub state_sum: u64,
}

/// Builds the engine that a run's records describe, record by record: as much memory as the engine takes, however long the run
/// was. `make` is given the configuration in the first record, and makes a new engine by it.
///
/// # Errors
/// [`RecoveryError`] names the record and what to think of it.
pub fn rebuild<R: AsRef<[u8]>>(
    records: impl IntoIterator<Item = Result<R, RecoveryError>>,
    make: impl FnOnce(&str) -> Result<Engine, RecoveryError>,
) -> Result<(Engine, Replayed), RecoveryError> {
    let mut records = records.into_iter();
    let first = records.next().ok_or(RecoveryError::NoBeginning)??;
    let first = Record::decode(first.as_ref()).map_err(|source| RecoveryError::Record { number: 0, source })?;
    let Record::Begin { run, config, checkpoint, .. } = first else { return Err(RecoveryError::NoBeginning) };
    let mut engine = make(&config)?;
    engine.restore(&checkpoint)?;
    let mut replayed = Replayed { run, config, ..Replayed::default() };
    let mut said: VecDeque<Command> = VecDeque::new();
    let (mut commands, mut bytes) = (Vec::new(), Vec::new());
    for (number, record) in (1..).zip(records) {
        let record = record?;
        let record = record.as_ref();
        match Record::decode(record).map_err(|source| RecoveryError::Record { number, source })? {
            Record::Begin { .. } => return Err(RecoveryError::NoBeginning),
            Record::Input { now, input } => {
                replayed.inputs += 1;
                engine.step(now, input, &mut commands);
                said.extend(commands.drain(..));
            }
            Record::Command(recorded) => {
                bytes.clear();
                let now = said.pop_front();
                if let Some(now) = &now {
                    Record::put_command(now, &mut bytes);
                }
                if bytes != record {
                    let now = now.map_or_else(|| "nothing".to_owned(), |now| format!("{now:?}"));
                    return Err(RecoveryError::Diverged { number, now, recorded: format!("{recorded:?}") });
                }
                replayed.commands += 1;
            }
        }
    }
    replayed.unrecorded = said.len();
    replayed.state_sum = engine.state_sum();
    Ok((engine, replayed))
}
