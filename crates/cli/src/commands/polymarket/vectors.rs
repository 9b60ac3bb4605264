//! `brier polymarket vectors`: whether hashes, signatures, amounts and headers are those of a file of signed examples.

use std::path::PathBuf;

use brier_polymarket_protocol::vectors::{self, Outcome};
use serde::Serialize;

use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::Output;

/// Check signed examples
///
/// Each vector's input is hashed, signed, rounded or derived anew, and every field of its output is compared. Prints each
/// field that differs, and as the last line how many vectors passed and failed.
///
/// Exit status 1 unless all pass.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file of the format polymarket-vectors/1
    file: PathBuf,
}

#[derive(Serialize)]
struct Document<'a> {
    passed: usize,
    failed: usize,
    failures: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    kind: &'a str,
    field: &'a str,
    expected: &'a str,
    found: &'a str,
}

/// Checks the file.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let path = args.file.display();
    let hint = "give a JSON file of the format polymarket-vectors/1 that holds vectors";
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| CliError::failure(format!("{path}: {error}")).hint(hint))?;
    let outcomes = vectors::run(&text).map_err(|error| CliError::failure(format!("{path}: {error}")).hint(hint))?;
    let passed = outcomes.iter().filter(|outcome| outcome.passed()).count();
    let failed = outcomes.len() - passed;
    let failures: Vec<Line<'_>> = outcomes.iter().flat_map(lines).collect();
    output.either(&Document { passed, failed, failures }, |output| {
        for Line { id, field, expected, found, .. } in outcomes.iter().flat_map(lines) {
            output.line(format_args!("{id} {field}: expected {expected}, found {found}"))?;
        }
        output.line(format_args!("{passed} passed, {failed} failed"))
    })?;
    Ok(if failed == 0 { EXIT_OK } else { EXIT_FAILURE })
}

fn lines(outcome: &Outcome) -> impl Iterator<Item = Line<'_>> {
    outcome.mismatches.iter().map(|mismatch| Line {
        id: &outcome.id,
        kind: &outcome.kind,
        field: &mismatch.field,
        expected: &mismatch.expected,
        found: &mismatch.found,
    })
}
