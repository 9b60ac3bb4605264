//! `brier arb`: sets of contracts that pay more than they cost.

mod ledger;
mod replay;
mod scan;
mod watch;

use crate::error::CliError;
use crate::output::Output;

/// Arbitrage: what there is now, what a run tried and has, and what recorded histories would have given
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Ledger(ledger::Args),
    Replay(replay::Args),
    Scan(scan::Args),
    Watch(watch::Args),
}

impl Args {
    /// Whether its log goes where a configuration says.
    pub(crate) const fn has_own_log(&self) -> bool {
        matches!(self.command, Command::Watch(_))
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    match &args.command {
        Command::Ledger(args) => ledger::run(args, output),
        Command::Replay(args) => replay::run(args, output),
        Command::Scan(args) => scan::run(args, output),
        Command::Watch(args) => watch::run(args, output),
    }
}
