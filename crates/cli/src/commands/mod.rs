//! The commands, one file each.

pub(crate) mod completions;
pub(crate) mod fees;
pub(crate) mod inspect;

use crate::cli::Command;
use crate::error::CliError;
use crate::output::Output;

/// Runs a command and returns its exit status.
pub(crate) fn run(command: Command, output: &mut Output) -> Result<u8, CliError> {
    match command {
        Command::Demo(args) => crate::demo::run(&args, output),
        Command::Inspect(args) => inspect::run(&args, output),
        Command::Fees(args) => fees::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
    }
}
