//! `brier replay`: a run's journal once more, and whether the engine still says the same.

use std::path::{Path, PathBuf};
use std::time::Instant;

use brier_engine::codec::Record;
use brier_runtime::written::Written;
use brier_runtime::{journal, recovery};
use brier_store::JournalError;
use serde::Serialize;
use serde_json::json;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, table, tell};

/// Replay a journal: the same inputs at the same times have to give the same commands, byte for byte
///
/// Needs nothing but the journal, which holds the configuration it was begun with. Touches no venue. The journal that a process
/// is writing is not read: of a data folder the finished runs are replayed, and the one under way is left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A run's folder (`DATA_DIR/journal/000007`), or a data folder for all its runs
    journal: PathBuf,

    /// Print every input and command; with --json one object a line
    #[arg(long)]
    records: bool,
}

#[derive(Serialize)]
struct Document {
    runs: Vec<Run>,
}

/// One run.
#[derive(Serialize)]
struct Run {
    #[serde(rename = "run")]
    number: u32,
    inputs: u64,
    /// Commands that equal the recorded ones, byte for byte.
    commands: u64,
    /// Commands that were decided and not written any more: the program died there, and they never left.
    unwritten: usize,
    /// Over the state that it ends with, as 16 hex digits.
    state: String,
    /// Whether the next run began with that state; null for the last.
    carried_over: Option<bool>,
    milliseconds: u128,
}

/// Replays.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let folders = folders(&args.journal)?;
    // Of a data folder what is under way is left out; a run that was named has to be there for us.
    let named = folders.iter().any(|(_, folder)| *folder == args.journal);
    let mut runs: Vec<Run> = Vec::new();
    let mut end: Option<Vec<u8>> = None;
    for (number, folder) in &folders {
        let failed = |error: &recovery::RecoveryError| CliError::failure(format!("{}: {error}", folder.display()));
        let begun = Instant::now();
        let records = match journal::records(folder) {
            Err(recovery::RecoveryError::Journal(JournalError::Locked { .. })) if !named => {
                tell(format_args!("run {number} is under way and left out"))?;
                continue;
            }
            read => read.map_err(|error| failed(&error))?,
        };
        let mut records = records.peekable();
        match records.peek() {
            // It died before its first record: nothing hangs on it.
            None => continue,
            Some(Ok(first)) => {
                if let (Some(end), Some(last)) = (&end, runs.last_mut()) {
                    last.carried_over = Some(begins_with(first, end));
                }
            }
            Some(Err(_)) => {}
        }
        let mut printed = Ok(());
        let records = (0..).zip(records).map(|(place, record)| {
            if let (true, Ok(record), Ok(())) = (args.records, &record, &printed) {
                printed = print(*number, place, record, output);
            }
            record
        });
        let rebuilt = recovery::rebuild(records, Written::make_engine);
        printed?;
        let (engine, replayed) = rebuilt.map_err(|error| failed(&error))?;
        end = Some(engine.checkpoint());
        runs.push(Run {
            number: replayed.run,
            inputs: replayed.inputs,
            commands: replayed.commands,
            unwritten: replayed.unrecorded,
            state: format!("{:016x}", replayed.state_sum),
            carried_over: None,
            milliseconds: begun.elapsed().as_millis(),
        });
    }
    let broken = runs.iter().find(|run| run.carried_over == Some(false)).map(|run| run.number);
    let document = Document { runs };
    output.either(&document, |output| output.line(show(&document.runs)))?;
    match broken {
        None => Ok(EXIT_OK),
        Some(run) => {
            Err(CliError::failure(format!("the run after run {run} did not begin with the state that it ended with"))
                .hint("a folder between them was taken away, or the journal is of another version"))
        }
    }
}

fn show(runs: &[Run]) -> String {
    let titles = ["run", "inputs>", "commands>", "unwritten>", "state", "carried over", "ms>"];
    table(
        titles,
        runs.iter().map(|run| {
            [
                run.number.to_string(),
                run.inputs.to_string(),
                run.commands.to_string(),
                run.unwritten.to_string(),
                run.state.clone(),
                match run.carried_over {
                    Some(true) => "yes".to_owned(),
                    Some(false) => "NO".to_owned(),
                    None => String::new(),
                },
                run.milliseconds.to_string(),
            ]
        }),
    )
}

/// The folders to replay, oldest first.
fn folders(path: &Path) -> Result<Vec<(u32, PathBuf)>, CliError> {
    let failed = |problem: &dyn std::fmt::Display| {
        CliError::failure(format!("{}: {problem}", path.display()))
            .hint("name a run's folder, such as DATA_DIR/journal/000001, or a data folder")
    };
    if !path.is_dir() {
        return Err(failed(&"expected a folder, found none"));
    }
    let runs = journal::runs(path).map_err(|error| failed(&error))?;
    if !runs.is_empty() {
        return Ok(runs);
    }
    let number = path.canonicalize().ok().and_then(|path| path.file_name()?.to_str()?.parse().ok());
    match number {
        Some(number) => Ok(vec![(number, path.to_owned())]),
        None => Err(failed(&"expected a run's folder or a data folder, found neither")),
    }
}

/// Whether a run that begins with this record begins with this state.
fn begins_with(first: &[u8], state: &[u8]) -> bool {
    matches!(Record::decode(first), Ok(Record::Begin { checkpoint, .. }) if checkpoint == state)
}

fn print(run: u32, number: usize, record: &[u8], output: &mut Output) -> Result<(), CliError> {
    let (kind, now, text) = match Record::decode(record) {
        Ok(Record::Begin { version, run, checkpoint, .. }) => {
            let bytes = checkpoint.len();
            ("begin", None, format!("run {run} begins, version {version}, state of {bytes} bytes"))
        }
        Ok(Record::Input { now, input }) => ("input", Some(now.to_string()), format!("{input:?}")),
        Ok(Record::Command(command)) => ("command", None, format!("{command:?}")),
        Err(error) => return Err(CliError::failure(format!("run {run}, record {number}: {error}"))),
    };
    if output.json() {
        return output.line(json!({ "run": run, "record": number, "kind": kind, "at": now, "text": text }));
    }
    match (kind, now) {
        (_, Some(now)) => output.line(format_args!("{number} {now} {text}")),
        ("command", None) => output.line(format_args!("{number}   {text}")),
        (_, None) => output.line(format_args!("{number} {text}")),
    }
}
