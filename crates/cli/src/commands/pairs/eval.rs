//! `brier pairs eval`: verdicts held against labels that people gave.

use std::collections::BTreeMap;
use std::path::PathBuf;

use brier_pairing::eval::{self, Mark, Miss};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted};

/// Score verdicts on a file of labelled pairs: how many were found, and how many were found wrongly
///
/// Each line is a JSON object with `kalshi`, `polymarket`, `label` and `polymarket_outcome`. Verdicts are made from
/// `kalshi` and `polymarket` alone. A pair counts as found when it is labelled equivalent and comes out the same, or
/// the inverse, with the labelled outcome; one that comes out so otherwise is a false pair.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file, one pair a line
    file: PathBuf,
}

#[derive(Serialize)]
struct Document {
    pairs: usize,
    /// Of what was found, the share that is right; 1 when nothing was found.
    precision: f64,
    /// Of the equivalent pairs, the share that was found.
    recall: f64,
    found: usize,
    equivalent: usize,
    false_pairs: usize,
    verdicts: BTreeMap<String, usize>,
    errors: Vec<Wrong>,
}

/// A pair that was missed or found wrongly.
#[derive(Serialize)]
struct Wrong {
    line: usize,
    kind: &'static str,
    kalshi: String,
    polymarket: String,
    proof: String,
}

impl From<&Miss> for Wrong {
    fn from(miss: &Miss) -> Self {
        Self {
            line: miss.line,
            kind: if miss.mark == Mark::FalsePair { "false_pair" } else { "missed" },
            kalshi: miss.kalshi.clone(),
            polymarket: miss.polymarket.clone(),
            proof: miss.verdict.to_string(),
        }
    }
}

/// Scores.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let failed = |problem: &dyn std::fmt::Display| CliError::failure(format!("{}: {problem}", args.file.display()));
    let text = std::fs::read_to_string(&args.file).map_err(|error| failed(&error))?;
    let report = eval::run(&text).map_err(|error| failed(&error))?;
    let document = Document {
        pairs: report.pairs,
        precision: report.precision(),
        recall: report.recall(),
        found: report.right,
        equivalent: report.equivalent,
        false_pairs: report.false_pairs,
        verdicts: report.verdicts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        errors: report.misses.iter().map(Wrong::from).collect(),
    };
    output.either(&document, |output| {
        for wrong in &document.errors {
            let Wrong { line, kind, kalshi, polymarket, proof } = wrong;
            output.line(format_args!(
                "line {line}: {kind}\n  Kalshi      {kalshi}\n  Polymarket  {polymarket}\n{proof}\n"
            ))?;
        }
        let Document { precision, recall, found, equivalent, false_pairs, .. } = &document;
        output.line(format_args!("{}", counted(document.pairs as u64, "pair", "pairs")))?;
        output.line(format_args!("precision  {precision:.3}  {false_pairs} false"))?;
        output.line(format_args!("recall     {recall:.3}  {found} of {equivalent}"))
    })?;
    Ok(EXIT_OK)
}
