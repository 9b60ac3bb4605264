//! `brier bench sign`: orders of Polymarket signed and verified.

use brier_bench::sign::{self, SignPath};
use serde::Serialize;

use super::{BUILD, Timing, hex, timing};
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// Build, hash and sign Polymarket orders, then recover and verify them
///
/// Needs no workload: every order is another one, by its number. Prints one JSON line for each path.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Orders in one round
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    orders: u64,

    /// How often each path is run; the fastest counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
}

#[derive(Debug, Serialize)]
struct SignLine {
    bench: &'static str,
    build: &'static str,
    venue: &'static str,
    path: &'static str,
    #[serde(flatten)]
    timing: Timing,
    checksum: String,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    for path in SignPath::ALL {
        let mut best = sign::run(path, args.orders);
        for _ in 1..args.rounds {
            let round = sign::run(path, args.orders);
            if round.elapsed < best.elapsed {
                best = round;
            }
        }
        output.document(&SignLine {
            bench: "sign",
            build: BUILD,
            venue: "polymarket",
            path: path.name(),
            timing: timing(best.operations, best.elapsed),
            checksum: hex(best.checksum),
        })?;
        output.flush()?;
    }
    Ok(EXIT_OK)
}
