//! The official SDKs as judges of what Brier signs, and of the exchange it brings.
//!
//! - `oracle orders`: random orders and headers by Brier and by every official SDK, byte for byte. A difference passes only
//!   if the reference lists it as that SDK's own and a calculation of that rule gives exactly what the SDK gave.
//! - `oracle bench`: an order built, hashed and signed by Brier and by the official Rust SDK in the same run.
//! - `oracle exchange`: the official Rust SDK against a running `brier exchange`.
//!
//! It is no part of the program: the SDK's dependencies are heavy, and nothing of Brier depends on them.
//!
//! Source: reference, sections 6.2, 18 and 19, read 2026-11-20.

mod answer;
mod bench;
mod case;
mod exchange;
mod ours;
mod process;
mod recorder;
mod rounding;
mod rust_sdk;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};

use crate::case::{Case, Random};
use crate::ours::Ours;
use crate::recorder::Recorder;
use crate::rounding::Judge;
use crate::verdict::Tally;

/// What the official SDKs say about Brier.
#[derive(Debug, Parser)]
#[command(name = "oracle")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare random orders and headers with every SDK that is given; the Rust one is always asked.
    Orders(Orders),
    /// Time an order built, hashed and signed, against the official Rust SDK.
    Bench {
        /// Rounds; both sides run once in each, and each side's best counts.
        #[arg(long, default_value_t = 12)]
        rounds: u32,
        /// Orders in a round.
        #[arg(long, default_value_t = 2_000)]
        orders: u32,
    },
    /// Check a running exchange with the official Rust SDK.
    Exchange {
        /// The exchange's ready file.
        #[arg(long)]
        ready: PathBuf,
        /// Run only checks whose name contains one of these.
        words: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Orders {
    /// Where the cases are drawn from: the same seed gives the same cases.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Orders per SDK.
    #[arg(long, default_value_t = 1_000)]
    count: u64,
    /// Python with the official packages, to ask both of them.
    #[arg(long, requires = "scripts")]
    python: Option<PathBuf>,
    /// Node, to ask the official TypeScript package; the folder of scripts must reach it.
    #[arg(long, requires = "node_scripts")]
    node: Option<PathBuf>,
    /// Folder of `orders.py`.
    #[arg(long)]
    scripts: Option<PathBuf>,
    /// Folder of `orders.mjs`, with the packages beside it.
    #[arg(long)]
    node_scripts: Option<PathBuf>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Orders(options) => orders(&options).await,
        Command::Bench { rounds, orders } => bench::run(rounds, orders).await,
        Command::Exchange { ready, words } => exchange::run(&ready, &words).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Asks every judge about the same cases; fails if anything is left unexplained or too little was compared.
async fn orders(options: &Orders) -> Result<()> {
    println!("{} random orders per SDK, seed {}", options.count, options.seed);
    let mut random = Random::seeded(options.seed);
    let cases = (0..options.count).map(|id| {
        let case = Case::draw(&mut random, id)?;
        let ours = Ours::of(&case)?;
        Ok((case, ours))
    });
    let cases = Arc::new(cases.collect::<Result<Vec<_>>>()?);
    let mut others: Vec<(Judge, PathBuf, Vec<PathBuf>)> = Vec::new();
    if let (Some(python), Some(scripts)) = (&options.python, &options.scripts) {
        for (judge, name) in [(Judge::Py2, "py2"), (Judge::Uni, "uni")] {
            others.push((judge, python.clone(), vec![scripts.join("orders.py"), name.into()]));
        }
    }
    if let (Some(node), Some(scripts)) = (&options.node, &options.node_scripts) {
        others.push((Judge::Js2, node.clone(), vec![scripts.join("orders.mjs")]));
    }
    // Every judge at once: they share nothing but the cases.
    let others: Vec<_> = others
        .into_iter()
        .map(|(judge, program, words)| {
            let cases = Arc::clone(&cases);
            (judge, std::thread::spawn(move || process::judge(judge, &program, &words, &cases)))
        })
        .collect();
    let mut verdicts = vec![(Judge::Rs2, rust(&cases).await?)];
    for (judge, thread) in others {
        let tally = thread.join().map_err(|_panic| anyhow::anyhow!("the judge {} panicked", judge.name()))?;
        verdicts.push((judge, tally?));
    }
    for (judge, tally) in &verdicts {
        print!("{}", tally.report(*judge));
    }
    for (judge, tally) in &verdicts {
        ensure!(tally.is_clean(), "{} differs from Brier in a way that the reference does not list", judge.name());
        ensure!(tally.orders() > 0, "{} compared no order at all", judge.name());
    }
    Ok(())
}

async fn rust(cases: &[(Case, Ours)]) -> Result<Tally> {
    let recorder = Recorder::start().await?;
    let mut tally = Tally::default();
    for (case, ours) in cases {
        match rust_sdk::answer(case, ours, &recorder).await {
            Ok(answer) => tally.add(Judge::Rs2, case, ours, &answer),
            Err(error) => tally.fail(case, &format!("refused: {error:#}")),
        }
    }
    Ok(tally)
}
