//! The command line as a whole: global options, the list of commands, exit statuses.

use clap::{Parser, Subcommand};

use crate::commands::{
    analyst, arb, auth, bench, book, cancel, completions, config, doctor, exchange, feeds, fees, fills, halt, inspect,
    markets, order, pairs, polymarket, portfolio, replay, resume, run, score, status, torture,
};
use crate::demo;

const EXIT_STATUSES: &str = "\
Exit status:
  0  done, and nothing wrong was found
  1  failed, refused by the venue, or a check does not hold
  2  the command line makes no sense
  3  in doubt: an order may or may not have taken effect; look at the order list before anything else

With --json, a command that fails before it has printed its document prints this one, beside the
lines on stderr:
  {\"error\":TEXT, \"hint\":TEXT or null, \"code\":WORD, \"exit_status\":NUMBER}
The code is the venue's own where there is one, else failed, usage or in_doubt.

Data goes to stdout, everything else to stderr. RUST_LOG (or -v) chooses what is logged.";

/// Trade prediction markets, or stand in for them.
#[derive(Debug, Parser)]
#[command(name = "brier", version, after_help = EXIT_STATUSES, max_term_width = 100)]
pub(crate) struct Cli {
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Log more; twice for debugging
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What `brier` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::DemoArgs),
    Run(run::Args),
    Halt(halt::Args),
    Replay(replay::Args),
    Resume(resume::Args),
    Status(status::Args),
    Config(config::Args),
    Doctor(doctor::Args),
    Exchange(exchange::Args),
    Markets(markets::Args),
    Book(book::Args),
    Order(Box<order::Args>),
    Cancel(cancel::Args),
    Portfolio(portfolio::Args),
    Fills(fills::Args),
    Auth(auth::Args),
    Inspect(inspect::Args),
    Fees(fees::Args),
    Score(score::Args),
    Arb(arb::Args),
    Feeds(feeds::Args),
    Analyst(analyst::Args),
    Pairs(pairs::Args),
    Bench(bench::Args),
    Polymarket(polymarket::Args),
    Torture(torture::Args),
    Completions(completions::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
