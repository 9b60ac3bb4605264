//! `brier demo`: a bot trades recorded Kalshi and Polymarket markets on the embedded exchange, over the exchange's own APIs.
//!
//! The exchange runs in this process on loopback and serves both venues. At each a house account keeps the book equal to
//! the recorded one, and the bot is an ordinary outside client. Time is simulated and moves in steps: the clock advances
//! only when the house has finished, and the bot has heard everything and done what it wanted. So the same seed gives the
//! same fills at any speed.
//!
//! `kalshi` and `polymarket` are the two halves, and `pair` is one event on both; what they share is the bot, the stage they play
//! on, and the summary.

mod feed;
mod house;
mod kalshi;
mod pair;
mod party;
mod polymarket;
mod run;
mod screen;
mod session;
mod strategies;
mod summary;
#[cfg(test)]
mod tests;
mod trader;
mod versus;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::Output;

/// Watch a bot trade recorded Kalshi and Polymarket markets on the embedded exchange.
///
/// Needs no account and no network. Ends with a summary; exit status 0 only if at both venues the bot's own books, the
/// exchange's answers and the exchange's ledger agree to the last $0.000001.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Market seconds per second; 0 is as fast as possible [default: 60; 0 with --headless or --json]
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    speed: Option<f64>,
    /// Seed of how late each spot price reaches the bot, and of which match fails; the same seed gives the same fills and the
    /// same profit at any speed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Paint nothing while it runs
    #[arg(long)]
    headless: bool,
    /// A folder of recorded Kalshi markets instead of everything kept in the program: `markets.csv` with its files, and
    /// `runs.csv` where a file holds several markets
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Leave the bot out: the exchange's book then follows the recorded one alone
    #[arg(long)]
    no_bot: bool,
    /// Compare the connector's book with the exchange's REST answer at every step, not only now and then
    #[arg(long)]
    verify: bool,
    /// Market time between two decisions, in milliseconds
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    step_ms: u64,
}

/// A factor that time can pass by.
fn speed(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|_| format!("expected a number, found `{text}`"))?;
    let passes = factor == 0.0 || (0.001..=1_000_000.0).contains(&factor);
    if passes { Ok(factor) } else { Err("expected 0, or a number from 0.001 to 1000000".to_owned()) }
}

/// Runs the demo.
pub(crate) fn run(args: &DemoArgs, output: &mut Output) -> Result<u8, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let quiet = args.headless || output.json();
    let summary = runtime.block_on(trade(args, quiet)).map_err(|error| {
        CliError::failure(format!("the demo ended early: {error:#}"))
            .hint("nothing of value is lost; run it again, with -v to see what the exchange and its clients say")
    })?;
    if output.json() {
        output.document(&summary.to_json()?)?;
    } else {
        output.line(&summary)?;
    }
    Ok(if summary.reconciles() { EXIT_OK } else { EXIT_FAILURE })
}

async fn trade(args: &DemoArgs, quiet: bool) -> anyhow::Result<summary::Summary> {
    // A folder holds Kalshi's recordings only.
    let recordings = match &args.data {
        Some(folder) => {
            session::from_folder(folder).map(|kalshi| run::Recordings { kalshi, polymarket: None, pair: None })
        }
        None => run::Recordings::kept(),
    };
    let recordings = recordings.context("no recorded market to trade")?;
    let speed = args.speed.unwrap_or(if quiet { 0.0 } else { 60.0 });
    let pace = run::Pace { step: Duration::from_millis(args.step_ms), speed };
    let plan = run::Plan { seed: args.seed, pace, with_bot: !args.no_bot, verify: args.verify };
    run::run(&recordings, plan, screen::Screen::new(quiet)).await
}
