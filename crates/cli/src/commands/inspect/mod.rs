//! `brier inspect`: reads recorded frames and says what they hold and whether they hold together.

mod audit;
mod report;
mod sequence;

use std::path::{Path, PathBuf};

use brier_store::{Lines, LinesError};
use serde::Serialize;

use self::audit::{Audit, Audited};
use self::report::{FileReport, Totals};
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// Read recorded WebSocket frames and check that they hold together
///
/// Reads both recorded forms, one frame a line, plain or zstd: `{"recv_ns","type","seq","msg"}` and
/// `{"recv_ms","event"}`. Prints frames by type, unknown frames and fields, sequence jumps, crossings and the final
/// books.
///
/// Exit status 1 when a frame or field is neither the venue's nor the recorder's, a line cannot be read, a level goes
/// below zero, or a sequence jump is not explained. Deltas before a market's first snapshot, jumps where other markets
/// were cut out, and crossed books are counted and are no failures.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recordings
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Levels of each side to print from every final book
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    levels: usize,

    /// Print the final books whole
    #[arg(long, conflicts_with = "levels")]
    full: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    holds: bool,
    total: &'a Totals,
    files: Vec<FileReport>,
}

/// Inspects every file and prints each report as soon as it is known.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let levels = if args.full { usize::MAX } else { args.levels };
    let mut reports = Vec::new();
    let mut total = Totals::default();
    for path in &args.files {
        tracing::info!(file = %path.display(), "inspecting");
        let report = FileReport::new(&path.display().to_string(), &inspect(path)?, levels);
        total.add(&report);
        if output.json() {
            reports.push(report);
        } else {
            report.print(output)?;
            output.flush()?;
        }
    }
    if output.json() {
        output.document(&Document { holds: total.failing == 0, total: &total, files: reports })?;
    } else if args.files.len() > 1 {
        total.print(output)?;
    }
    match total.failing {
        0 => Ok(EXIT_OK),
        failing => Err(CliError::failure(format!("{failing} of {} recordings do not hold together", total.files))
            .hint("the report names each finding with its line")),
    }
}

/// Reads one file to its end.
fn inspect(path: &Path) -> Result<Audited, CliError> {
    let mut lines = Lines::open(path)?;
    let mut audit = Audit::new();
    loop {
        match lines.next_line() {
            Ok(None) => return Ok(audit.finish()),
            Ok(Some(line)) => audit.take(line).map_err(|error| {
                CliError::failure(format!("{}: line {}: {error}", path.display(), lines.line()))
                    .hint("give recordings of WebSocket frames; this file is none from its first line on")
            })?,
            Err(error @ LinesError::Utf8 { .. }) => audit.unreadable(|| error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
}
