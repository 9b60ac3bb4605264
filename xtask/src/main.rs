//! What a contributor runs: `cargo xtask ci` is everything CI checks, in one command.
//!
//! - Every step prints its name and how long it took; the first failure stops the run and names the command that repeats it.
//! - Cheap checks come first, so that a slip of format or layout costs seconds, not a build.
//! - It changes nothing in the tree: a check reports, a person mends.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its user")]

mod bench;
mod cargo;
mod deps;
mod evm;
mod failure;
mod lp;
mod node;
mod oracle;
mod policy;
mod pure;
mod scan;
mod sdk;
mod sdk_polymarket;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// One check: its name on screen and on the command line, what it proves, and the work.
struct Step {
    part: &'static str,
    what: &'static str,
    run: fn(&Context) -> Result<(), Failure>,
}

/// What every step knows.
struct Context {
    /// Root of the workspace.
    root: PathBuf,
    /// Words after the part's name; only `test`, `lp`, `sdk`, `oracle` and `sdk-polymarket` take any.
    args: Vec<String>,
}

/// All steps in the order `ci` runs them.
const STEPS: &[Step] = &[
    Step { part: "fmt", what: "format", run: cargo::fmt },
    Step { part: "tidy", what: "no unfinished code, every file introduced, every crate on the map", run: tidy::check },
    Step { part: "deps", what: "licences, duplicates, unused dependencies, one crypto provider", run: deps::check },
    Step { part: "pure", what: "pure crates reach no runtime, I/O, clock or randomness", run: pure::check },
    Step { part: "lint", what: "clippy, warnings denied", run: cargo::lint },
    Step { part: "test", what: "tests", run: cargo::test },
    Step { part: "test", what: "doctests", run: cargo::doctest },
    Step { part: "docs", what: "documentation, warnings denied", run: cargo::docs },
    Step { part: "lp", what: "riskless sets of random markets against HiGHS", run: lp::check },
    Step { part: "sdk", what: "the official Python SDK and an independent WebSocket client", run: sdk::check },
    Step { part: "evm", what: "on-chain calls, ids and signatures against a real EVM", run: evm::check },
    Step {
        part: "oracle",
        what: "random orders and headers against every official Polymarket SDK",
        run: oracle::check,
    },
    Step {
        part: "sdk-polymarket",
        what: "the official Polymarket SDKs against the exchange",
        run: sdk_polymarket::check,
    },
];

/// What is run by name only.
const APART: &[Step] = &[
    Step { part: "bench", what: "every speed figure the project states, in one run; no part of ci", run: bench::all },
    Step {
        part: "kill",
        what: "a hundred kills of the exchange under load, on both faces; no part of ci",
        run: cargo::kill,
    },
    Step {
        part: "kill-run",
        what: "a hundred kills of a live run under load, behind a network that cuts connections; no part of ci",
        run: cargo::kill_run,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let part = words.next().unwrap_or_default();
    let args = words.collect();
    let checks = STEPS.iter().filter(|step| part == "ci" || part == step.part);
    let wanted: Vec<&Step> = checks.chain(APART.iter().filter(|step| part == step.part)).collect();
    if wanted.is_empty() {
        return usage(&part);
    }
    let root = cargo::workspace_root();
    let context = Context { root, args };
    let started = Instant::now();
    for step in &wanted {
        println!("== {}: {}", step.part, step.what);
        let step_started = Instant::now();
        let result = (step.run)(&context);
        let took = seconds(step_started.elapsed());
        if let Err(failure) = result {
            eprintln!("error: {}: {} failed after {took}\n{failure}", step.part, step.what);
            eprintln!("hint: mend it, then run `cargo xtask {}` again", step.part);
            return ExitCode::FAILURE;
        }
        println!("== {}: ok in {took}", step.part);
    }
    println!("== all {} checks passed in {}", wanted.len(), seconds(started.elapsed()));
    ExitCode::SUCCESS
}

/// A duration as people read it.
fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Says which parts there are. Asking for help is no failure.
fn usage(part: &str) -> ExitCode {
    println!(
        "usage: cargo xtask <part>\n\n  ci             everything below, in this order; stops at the first failure"
    );
    let steps: Vec<&Step> = STEPS.iter().chain(APART).collect();
    // The steps of one part stand together.
    for part in steps.chunk_by(|a, b| a.part == b.part) {
        let what: Vec<&str> = part.iter().map(|step| step.what).collect();
        println!("  {:<14} {}", part[0].part, what.join(", and "));
    }
    println!(
        "\n`test`, `sdk`, `evm` and `sdk-polymarket` take names after them and then run only what matches; `oracle` takes\n`--seed N` and `--count N`; `kill` and `kill-run` take a number of kills and a seed;\n`lp` takes a number of instances and a seed."
    );
    if matches!(part, "" | "help" | "--help" | "-h") {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: there is no part named `{part}`\nhint: the list above names all of them");
    ExitCode::from(2)
}
