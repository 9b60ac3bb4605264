//! `brier bench`: workload files through the hot paths, timed, with the answer checked against the file beside it.

mod sign;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use brier_bench::{decode, lob};
use serde::Serialize;
use serde_json::Value;

use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// Measure the hot paths on workload files
///
/// A workload is generated, not recorded: for speed only. Its answer lies beside it in a file of the same name that ends
/// in `.expect`. One JSON line is printed, with CPU time of one core, the best of the rounds. Build with `--release`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, clap::Subcommand)]
enum BenchCommand {
    /// Decode market-data frames of either venue and apply them to books, then the same with a plain JSON decoder
    Decode(FileArgs),
    /// Match order flow: the bare book, then the whole core with ledger, fees and positions
    Match(FileArgs),
    Sign(sign::Args),
}

#[derive(Debug, clap::Args)]
struct FileArgs {
    /// The workload
    file: PathBuf,

    /// How often it is run; the fastest counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
}

/// Which build ran: figures of a debug build say nothing.
const BUILD: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

/// One timed path.
#[derive(Debug, PartialEq, Serialize)]
struct Timing {
    operations: u64,
    ns_per_operation: f64,
    operations_per_second: f64,
}

#[derive(Debug, Serialize)]
struct DecodeLine<'a> {
    bench: &'static str,
    build: &'static str,
    workload: String,
    venue: &'static str,
    bytes: u64,
    #[serde(flatten)]
    timing: Timing,
    levels: u64,
    books_lost: u64,
    checksum: String,
    expected: String,
    matches: bool,
    /// A plain `serde_json` decoder with B-tree books over the same file in the same run.
    plain: Timing,
    differences: &'a [String],
}

#[derive(Debug, Serialize)]
struct MatchLine<'a> {
    bench: &'static str,
    build: &'static str,
    workload: String,
    prefill: u64,
    trades: u64,
    traded_qty: u64,
    resting: u64,
    bare: Timing,
    full: Timing,
    checksum: String,
    full_checksum: String,
    expected: String,
    matches: bool,
    /// What differs from the answer, in words.
    differences: &'a [String],
}

/// What an order flow leads to, whoever matches it.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    trades: u64,
    traded_qty: u64,
    resting: u64,
    fnv_fills: String,
}

impl Answer {
    fn expected(expect: &Expect) -> Result<Self, CliError> {
        Ok(Self {
            fnv_fills: expect.word("fnv_fills")?.to_owned(),
            trades: expect.number("trades")?,
            traded_qty: expect.number("traded_qty")?,
            resting: expect.number("resting")?,
        })
    }

    fn of(run: &lob::LobRun) -> Self {
        Self {
            trades: run.trades,
            traded_qty: run.traded_qty,
            resting: run.resting as u64,
            fnv_fills: hex(run.fnv_fills),
        }
    }

    /// Each figure of `found`, the answer of the engine `path`, that is not as expected.
    fn differences(&self, path: &str, found: &Self) -> Vec<String> {
        let figures = [
            differs("trades", &self.trades, &found.trades),
            differs("traded_qty", &self.traded_qty, &found.traded_qty),
            differs("resting", &self.resting, &found.resting),
            differs("fnv_fills", &self.fnv_fills, &found.fnv_fills),
        ];
        figures.into_iter().flatten().map(|difference| format!("{path} {difference}")).collect()
    }
}

fn differs<T: PartialEq + Display>(name: &str, expected: &T, found: &T) -> Option<String> {
    (expected != found).then(|| format!("{name}: expected {expected}, found {found}"))
}

/// Runs one benchmark.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    match &args.command {
        BenchCommand::Decode(args) => run_decode(args, output),
        BenchCommand::Match(args) => run_match(args, output),
        BenchCommand::Sign(args) => sign::run(args, output),
    }
}

fn run_decode(args: &FileArgs, output: &mut Output) -> Result<u8, CliError> {
    let path = &args.file;
    let failed = |error: decode::DecodeFailure| CliError::failure(format!("{}: {error}", path.display()));
    let bytes = read(path)?;
    let frames = decode::frames(&bytes).map_err(failed)?;
    let venue = venue(path, frames.first().copied().unwrap_or_default())?;
    let expect = Expect::beside(path)?;
    let expected = expect.word(venue.checksum_key())?.to_owned();
    let (mut best, mut plain) =
        (venue.decode(&frames).map_err(failed)?, venue.decode_plainly(&frames).map_err(failed)?);
    for _ in 1..args.rounds {
        best = faster(best, venue.decode(&frames).map_err(failed)?);
        plain = faster(plain, venue.decode_plainly(&frames).map_err(failed)?);
    }
    let checksum = hex(best.fnv_books);
    let ours = differs(venue.checksum_key(), &expected, &checksum);
    let theirs = differs("plain decoder", &expected, &hex(plain.fnv_books));
    let differences: Vec<String> = ours.into_iter().chain(theirs).collect();
    output.document(&DecodeLine {
        bench: "decode",
        build: BUILD,
        workload: name(path),
        venue: venue.name(),
        bytes: best.bytes,
        timing: timing(best.frames, best.elapsed),
        levels: best.levels,
        books_lost: best.losses,
        matches: differences.is_empty(),
        plain: timing(plain.frames, plain.elapsed),
        differences: &differences,
        checksum,
        expected,
    })?;
    verdict(&differences)
}

fn run_match(args: &FileArgs, output: &mut Output) -> Result<u8, CliError> {
    let path = &args.file;
    let expect = Expect::beside(path)?;
    let expected = Answer::expected(&expect)?;
    let prefill = usize::try_from(expect.number("prefill")?).unwrap_or(usize::MAX);
    let operations =
        lob::parse(&read(path)?).map_err(|error| CliError::failure(format!("{}: {error}", path.display())))?;
    if prefill > operations.len() {
        let found = operations.len();
        return Err(CliError::failure(format!(
            "{}: expected at least {prefill} operations, found {found}",
            path.display()
        ))
        .hint("workload and answer belong to different runs of the generator; make both anew"));
    }
    let bare = lob::best_of(args.rounds, || lob::run_bare(&operations, prefill));
    let full = lob::best_of(args.rounds, || lob::run_full(&operations, prefill));
    let mut differences = expected.differences("bare", &Answer::of(&bare));
    differences.extend(expected.differences("full", &Answer::of(&full)));
    output.document(&MatchLine {
        bench: "match",
        build: BUILD,
        workload: name(path),
        prefill: prefill as u64,
        trades: bare.trades,
        traded_qty: bare.traded_qty,
        resting: bare.resting as u64,
        bare: timing(bare.operations as u64, bare.elapsed),
        full: timing(full.operations as u64, full.elapsed),
        matches: differences.is_empty(),
        differences: &differences,
        checksum: hex(bare.fnv_fills),
        full_checksum: hex(full.fnv_fills),
        expected: expected.fnv_fills.clone(),
    })?;
    verdict(&differences)
}

fn verdict(differences: &[String]) -> Result<u8, CliError> {
    if differences.is_empty() {
        return Ok(EXIT_OK);
    }
    Err(CliError::failure(differences.join("; "))
        .hint("make the workload and its answer anew; if they still differ, the code is wrong"))
}

fn faster(one: decode::DecodeRun, other: decode::DecodeRun) -> decode::DecodeRun {
    if other.elapsed < one.elapsed { other } else { one }
}

/// Who sends such frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Workload {
    Kalshi,
    Polymarket,
}

impl Workload {
    const fn name(self) -> &'static str {
        match self {
            Self::Kalshi => "kalshi",
            Self::Polymarket => "polymarket",
        }
    }

    /// The checksum of the answer.
    const fn checksum_key(self) -> &'static str {
        match self {
            Self::Kalshi => "fnv_books",
            Self::Polymarket => "fnv_yes_books",
        }
    }

    fn decode(self, frames: &[&str]) -> Result<decode::DecodeRun, decode::DecodeFailure> {
        match self {
            Self::Kalshi => decode::run(frames),
            Self::Polymarket => decode::polymarket::run(frames),
        }
    }

    fn decode_plainly(self, frames: &[&str]) -> Result<decode::DecodeRun, decode::DecodeFailure> {
        match self {
            Self::Kalshi => decode::run_baseline(frames),
            Self::Polymarket => decode::polymarket::run_baseline(frames),
        }
    }
}

fn venue(path: &Path, first: &str) -> Result<Workload, CliError> {
    let frame: Value = serde_json::from_str(first).unwrap_or_default();
    if frame.get("type").is_some() && frame.get("msg").is_some() {
        return Ok(Workload::Kalshi);
    }
    if frame.get("event_type").is_some() {
        return Ok(Workload::Polymarket);
    }
    Err(CliError::failure(format!("{}: line 1: expected a frame of a known venue", path.display()))
        .hint("give kalshi.ndjson or polymarket.ndjson, as the workload generator writes them"))
}

fn timing(operations: u64, elapsed: Duration) -> Timing {
    let nanos = elapsed.as_nanos().max(1) as f64;
    let per_operation = nanos / operations.max(1) as f64;
    Timing {
        operations,
        ns_per_operation: (per_operation * 100.0).round() / 100.0,
        operations_per_second: (operations as f64 * 1e9 / nanos).round(),
    }
}

fn hex(checksum: u64) -> String {
    format!("{checksum:016x}")
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| {
        CliError::failure(format!("{}: {error}", path.display())).hint("give a file that the workload generator wrote")
    })
}

/// The answer of a workload: words of the form `key=value`.
#[derive(Debug)]
struct Expect {
    path: PathBuf,
    words: BTreeMap<String, String>,
}

impl Expect {
    fn beside(workload: &Path) -> Result<Self, CliError> {
        let path = workload.with_extension("expect");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            CliError::failure(format!("the answer {}: {error}", path.display())).hint(
                "the workload generator writes FILE.expect beside each file: run `cargo run --release -- DIR` in its folder",
            )
        })?;
        Ok(Self::parse(path, &text))
    }

    fn parse(path: PathBuf, text: &str) -> Self {
        let pairs = text.split_whitespace().filter_map(|word| word.split_once('='));
        Self { path, words: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect() }
    }

    fn word(&self, key: &str) -> Result<&str, CliError> {
        self.words.get(key).map(String::as_str).ok_or_else(|| {
            CliError::failure(format!("{}: expected `{key}=`, found none", self.path.display())).hint(
                "this is the answer of another kind of workload: `decode` takes kalshi.ndjson or polymarket.ndjson, `match` takes lob_*.bin",
            )
        })
    }

    fn number(&self, key: &str) -> Result<u64, CliError> {
        let word = self.word(key)?;
        word.parse().map_err(|_| {
            CliError::failure(format!("{}: `{key}`: expected a number, found `{word}`", self.path.display()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_words_with_values() {
        let expect = Expect::parse("x.expect".into(), "ops=5 prefill=2 fnv_fills=3070a7d955cc3751\n");
        assert_eq!((expect.number("prefill").unwrap(), expect.word("fnv_fills").unwrap()), (2, "3070a7d955cc3751"));
        assert_eq!(expect.word("fnv_books").unwrap_err().to_string(), "x.expect: expected `fnv_books=`, found none");
        assert!(expect.number("fnv_fills").is_err());
    }

    #[test]
    fn the_first_line_tells_the_venue() {
        let path = Path::new("f");
        assert_eq!(venue(path, r#"{"type":"ticker","sid":1,"msg":{}}"#).unwrap(), Workload::Kalshi);
        assert_eq!(venue(path, r#"{"event_type":"book"}"#).unwrap(), Workload::Polymarket);
        assert!(venue(path, "").is_err());
    }

    #[test]
    fn rates_follow_from_time() {
        let timing = timing(1_000, Duration::from_micros(175));
        assert_eq!((timing.ns_per_operation, timing.operations_per_second), (175.0, 5_714_286.0));
    }
}
