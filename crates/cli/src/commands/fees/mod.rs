//! `brier fees check`: recomputes the fee of every recorded fill and says which agree, which differ, and why.

mod check;
mod forms;
mod report;
mod rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use brier_kalshi_protocol::fees::{BalancePrecision, FeeMultiplier};
use brier_store::Lines;

use self::forms::{Content, FillRow, SettlementRow};
use self::report::Report;
use self::rules::Rules;
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// Of a hundred fills, how many have to agree.
const DEMANDED_PERCENT: u64 = 98;

/// Which files say something about fees.
const FORMS: &str = "give fills: JSON lines with `fee_cost` and `action`, as the venue's fills have them. Beside them are \
                     read settlements (JSON lines with `fee_cost` and `settled_time`, or a table with the column \
                     `fee_usd`) and series (the answer of GET /series/TICKER); plain or zstd";

/// Exact trade fees
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: FeesCommand,
}

#[derive(Debug, clap::Subcommand)]
enum FeesCommand {
    Check(CheckArgs),
}

/// Recompute the fee of every recorded fill
///
/// Reads fills (JSON lines with `fee_cost`), settlements (JSON lines or a table with `fee_usd`) and fee fields of series
/// (one JSON document), plain or zstd. Files without an exchange fee are named and skipped. Settlements are compared and
/// listed; they do not decide.
///
/// Exit status 1 unless at least 98 % of the fills agree with the documented rule.
#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// Files with fills, settlements or fee fields of series
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Step in which balances move; by default a cent before August 2026 and $0.0001 since
    #[arg(long, value_enum, value_name = "STEP")]
    precision: Option<PrecisionWord>,

    /// Fee multiplier of a series, or of all that begin so (`KXMLB*=0.5`); may be repeated
    #[arg(long = "multiplier", value_name = "SERIES=NUMBER", value_parser = multiplier)]
    multipliers: Vec<(String, FeeMultiplier)>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PrecisionWord {
    /// $0.01
    Cent,
    /// $0.0001
    Centicent,
}

fn multiplier(text: &str) -> Result<(String, FeeMultiplier), String> {
    let (series, number) = text.split_once('=').ok_or("expected SERIES=NUMBER, such as KXMLBGAME=0.5")?;
    let read = FeeMultiplier::parse(number).ok_or("expected a number from 0 to 10 with up to 6 decimals")?;
    if series.is_empty() { Err("expected a series before `=`".to_owned()) } else { Ok((series.to_owned(), read)) }
}

/// Everything that was read.
#[derive(Debug, Default)]
struct Read {
    names: Vec<String>,
    fills: Vec<(usize, Vec<FillRow>)>,
    settlements: Vec<(usize, Vec<SettlementRow>)>,
    metadata: Vec<usize>,
    skipped: Vec<(usize, String)>,
    series: BTreeMap<String, rules::SeriesFees>,
}

/// Runs the check.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let FeesCommand::Check(args) = &args.command;
    let mut read = Read::default();
    for path in &args.files {
        read.file(path)?;
    }
    let rules = Rules {
        precision: args.precision.map(|word| match word {
            PrecisionWord::Cent => BalancePrecision::Cent,
            PrecisionWord::Centicent => BalancePrecision::CentiCent,
        }),
        multipliers: args.multipliers.iter().cloned().collect(),
        series: std::mem::take(&mut read.series),
    };
    let fill_files: Vec<_> = read.fills.iter().map(|(file, rows)| (*file, rows.as_slice())).collect();
    let settlement_files: Vec<_> = read.settlements.iter().map(|(file, rows)| (*file, rows.as_slice())).collect();
    let fills = check::fills(&rules, &fill_files);
    let settlements = check::settlements(&rules, &settlement_files, &fills.all);
    let report = Report::new(&read, &fills, &settlements);
    output.either(&report, |output| report.print(output))?;
    if report.holds() {
        return Ok(EXIT_OK);
    }
    Err(match report.total() {
        0 => CliError::failure("none of the files has fills with an exchange fee").hint(FORMS),
        total => {
            let agreeing = report.agreeing();
            CliError::failure(format!("{agreeing} of {total} fills agree; at least {DEMANDED_PERCENT} % have to")).hint(
                "check `--precision` and `--multiplier`; by default they follow the recordings of May and August 2026",
            )
        }
    })
}

impl Read {
    fn file(&mut self, path: &Path) -> Result<(), CliError> {
        let mut lines = Lines::open(path)?;
        let mut text = Vec::new();
        while let Some(line) = lines.next_line()? {
            text.push(line.to_owned());
        }
        let content = forms::read(&text).map_err(|error| {
            CliError::failure(format!("{}: {error}", path.display())).hint("every line of a file has to be of one form")
        })?;
        let file = self.names.len();
        self.names.push(path.display().to_string());
        match content {
            Content::Fills(rows) => self.fills.push((file, rows)),
            Content::Settlements(rows) => self.settlements.push((file, rows)),
            Content::Series(series) => {
                self.metadata.push(file);
                self.series.extend(series);
            }
            Content::NoFee(reason) => self.skipped.push((file, reason)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipliers_are_read_from_the_command_line() {
        let (series, read) = multiplier("KXMLB*=0.5").unwrap();
        assert_eq!((series.as_str(), read.micros()), ("KXMLB*", 500_000));
        for text in ["KXMLB", "=1", "KXMLB=half", "KXMLB=11"] {
            assert!(multiplier(text).is_err(), "{text}");
        }
    }
}
