//! `brier arb`: sets of contracts that pay more than they cost.

mod ledger;
mod replay;

use crate::error::CliError;
use crate::output::Output;

/// Arbitrage: what a run tried and has, and what recorded histories would have given
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Ledger(ledger::Args),
    Replay(replay::Args),
}

/// Runs it.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    match &args.command {
        Command::Ledger(args) => ledger::run(args, output),
        Command::Replay(args) => replay::run(args, output),
    }
}
