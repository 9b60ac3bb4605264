//! `brier torture`: the whole program on simulated venues, wires, disk and clocks, seed by seed, judged by an auditor.

use std::time::Instant;

use brier_sim::plan::Plan;
use brier_sim::torture::{self, Kind, Planted, Verdict};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// How many lines of a failing run are shown: what led to it stands at the end.
const SHOWN: usize = 60;

/// Run the whole program through simulated trouble
///
/// Each seed decides a run: which trouble strikes, how often, and what is traded. An auditor that believes only the simulated
/// venues' ledgers and the journal's bytes judges every step. The same seed gives the same run, byte for byte. A failing seed
/// is made smaller and told; its exit status is 1. Build with `--profile sim`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How many seeds, one after the other
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// Threads
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,

    /// The world of legs: a strategy trades events that both venues list, YES on one and NO on the other
    #[arg(long)]
    legs: bool,

    /// Plant a known bug: the run shows whether the auditor finds it, and fails if it does not
    #[arg(long, value_name = "BUG", value_parser = torture::planted_by_word)]
    planted: Option<Planted>,

    /// Tell the whole run of the first seed instead
    #[arg(long)]
    story: bool,
}

impl Args {
    const fn kind(&self) -> Kind {
        if self.legs { Kind::Legs } else { Kind::Ordinary }
    }
}

#[derive(Debug, Default, Serialize)]
struct Document {
    world: &'static str,
    seeds: u64,
    happenings: u64,
    orders: u64,
    fills: u64,
    deaths: u64,
    combos: Combos,
    /// The most that legs had open at any moment of any run, in percent of the run's bound.
    most_open_percent: u64,
    simulated_hours: u64,
    seconds: f64,
    planted: Option<&'static str>,
    violation: Option<Found>,
}

/// Combos of which an order was sent, by how they ended.
#[derive(Debug, Default, Serialize)]
struct Combos {
    nothing: u64,
    complete: u64,
    rebalanced: u64,
    unwound: u64,
    held: u64,
}

#[derive(Debug, Serialize)]
struct Found {
    seed: u64,
    invariant: &'static str,
    what: String,
    faults: String,
    storm_seconds: u64,
}

impl Document {
    fn count(&mut self, verdict: &Verdict) {
        self.seeds += 1;
        self.happenings += verdict.ended.happenings;
        self.orders += verdict.ended.placed;
        self.fills += verdict.ended.fills;
        self.deaths += u64::from(verdict.ended.crashes);
        self.simulated_hours += verdict.ended.seconds;
        let [nothing, complete, rebalanced, unwound, held] = verdict.ended.combos;
        self.combos.nothing += nothing;
        self.combos.complete += complete;
        self.combos.rebalanced += rebalanced;
        self.combos.unwound += unwound;
        self.combos.held += held;
        self.most_open_percent = self.most_open_percent.max(verdict.ended.most_open_percent);
    }
}

/// Runs the seeds.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    if args.story {
        return tell(args, output);
    }
    let began = Instant::now();
    let mut document = Document {
        world: if args.legs { "legs" } else { "ordinary" },
        planted: args.planted.map(Planted::word),
        ..Document::default()
    };
    let mut broken = None;
    torture::run_seeds(
        args.kind(),
        args.seed,
        args.seeds,
        usize::from(args.threads),
        args.planted,
        |_| true,
        |verdict| {
            document.count(&verdict);
            if verdict.violation.is_some() {
                broken = Some(verdict.seed);
            }
            broken.is_none()
        },
    );
    document.simulated_hours /= 3_600;
    document.seconds = began.elapsed().as_secs_f64();
    let smallest = broken.and_then(|seed| torture::minimize(args.kind(), seed, args.planted));
    if let Some((plan, violation)) = &smallest {
        document.violation = Some(Found {
            seed: plan.seed,
            invariant: violation.invariant,
            what: violation.what.clone(),
            faults: torture::words(plan.faults),
            storm_seconds: plan.storm.as_secs(),
        });
    }
    output.either(&document, |output| print(&document, output))?;
    match (smallest, broken, args.planted) {
        (None, None, None) | (Some(_), _, Some(_)) => Ok(EXIT_OK),
        (None, _, Some(planted)) => Err(CliError::failure(format!("the planted bug {} was not found", planted.word()))
            .hint("run more seeds with --seeds")),
        (Some((plan, violation)), _, None) => {
            let story = torture::story(&plan, None);
            let lines: Vec<_> = story.lines().collect();
            for (at, line) in lines.iter().skip(lines.len().saturating_sub(SHOWN)) {
                crate::output::tell(format_args!("{at} {line}"))?;
            }
            Err(CliError::failure(format!("seed {}: {violation}", plan.seed)).hint(format!(
                "brier torture{} --seed {} --story tells the whole run",
                if args.legs { " --legs" } else { "" },
                plan.seed
            )))
        }
        (None, Some(seed), None) => Err(CliError::failure(format!("seed {seed}: two runs of it differ"))
            .hint("something in the program depends on more than the seed: a clock, an address, an order of a map")),
    }
}

fn print(document: &Document, output: &mut Output) -> Result<(), CliError> {
    output.line(format_args!(
        "{} seeds, {} happenings, {} orders, {} fills, {} deaths, {} simulated hours, in {:.0} s",
        document.seeds,
        document.happenings,
        document.orders,
        document.fills,
        document.deaths,
        document.simulated_hours,
        document.seconds
    ))?;
    let Combos { nothing, complete, rebalanced, unwound, held } = document.combos;
    output.line(format_args!(
        "combos: {complete} complete, {rebalanced} rebalanced, {unwound} unwound, {held} held, {nothing} got nothing"
    ))?;
    if document.most_open_percent > 0 {
        output.line(format_args!("open legs came to {} % of their bound at most", document.most_open_percent))?;
    }
    match &document.violation {
        None => output.line("no invariant was broken"),
        Some(found) => output.line(format_args!(
            "seed {} breaks `{}` with {} s of: {}\n{}",
            found.seed, found.invariant, found.storm_seconds, found.faults, found.what
        )),
    }
}

fn tell(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let plan = Plan::of_kind(args.kind(), args.seed);
    output.line(format_args!("{plan:?}\nfaults: {}", torture::words(plan.faults)))?;
    for (at, line) in torture::story(&plan, args.planted).lines() {
        output.line(format_args!("{at} {line}"))?;
    }
    Ok(EXIT_OK)
}
