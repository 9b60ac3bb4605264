//! The commands, one file each.

pub(crate) mod analyst;
pub(crate) mod arb;
pub(crate) mod auth;
pub(crate) mod bench;
pub(crate) mod book;
pub(crate) mod cancel;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod exchange;
pub(crate) mod feeds;
pub(crate) mod fees;
pub(crate) mod fills;
pub(crate) mod halt;
pub(crate) mod inspect;
pub(crate) mod markets;
pub(crate) mod order;
pub(crate) mod pairs;
pub(crate) mod polymarket;
pub(crate) mod portfolio;
pub(crate) mod replay;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod score;
pub(crate) mod status;
pub(crate) mod torture;

use crate::cli::Command;
use crate::error::CliError;
use crate::output::Output;

/// Runs a command and returns its exit status.
pub(crate) fn run(command: Command, output: &mut Output) -> Result<u8, CliError> {
    match command {
        Command::Demo(args) => crate::demo::run(&args, output),
        Command::Run(args) => run::run(&args, output),
        Command::Halt(args) => halt::run(&args, output),
        Command::Replay(args) => replay::run(&args, output),
        Command::Resume(args) => resume::run(&args, output),
        Command::Status(args) => status::run(&args, output),
        Command::Config(args) => config::run(&args, output),
        Command::Doctor(args) => doctor::run(&args, output),
        Command::Exchange(args) => exchange::run(&args, output),
        Command::Markets(args) => markets::run(&args, output),
        Command::Book(args) => book::run(&args, output),
        Command::Order(args) => order::run(&args, output),
        Command::Cancel(args) => cancel::run(&args, output),
        Command::Portfolio(args) => portfolio::run(&args, output),
        Command::Fills(args) => fills::run(&args, output),
        Command::Auth(args) => auth::run(&args, output),
        Command::Inspect(args) => inspect::run(&args, output),
        Command::Fees(args) => fees::run(&args, output),
        Command::Score(args) => score::run(&args, output),
        Command::Arb(args) => arb::run(&args, output),
        Command::Feeds(args) => feeds::run(&args, output),
        Command::Analyst(args) => analyst::run(&args, output),
        Command::Pairs(args) => pairs::run(&args, output),
        Command::Bench(args) => bench::run(&args, output),
        Command::Polymarket(args) => polymarket::run(&args, output),
        Command::Torture(args) => torture::run(&args, output),
        Command::Completions(args) => completions::run(&args, output),
    }
}
