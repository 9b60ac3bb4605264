//! `brier arb`: sets of contracts that pay more than they cost.

mod ledger;

use crate::error::CliError;
use crate::output::Output;

/// Arbitrage: what a run tried, what it expected of it, and what it has
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Ledger(ledger::Args),
}

/// Runs it.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    match &args.command {
        Command::Ledger(args) => ledger::run(args, output),
    }
}
