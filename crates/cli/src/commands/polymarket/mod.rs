//! `brier polymarket`: what only Polymarket needs.

mod vectors;

use crate::error::CliError;
use crate::output::Output;

/// What only Polymarket needs
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: PolymarketCommand,
}

#[derive(Debug, clap::Subcommand)]
enum PolymarketCommand {
    Vectors(vectors::Args),
}

/// Runs one of them.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    match &args.command {
        PolymarketCommand::Vectors(args) => vectors::run(args, output),
    }
}
