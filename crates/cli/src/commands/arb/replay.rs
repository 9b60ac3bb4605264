//! `brier arb replay`: riskless sets on recorded histories of both venues.

use std::path::PathBuf;
use std::time::Duration;

use brier_backtest::arbitrage::{self, JointHistory, Outcome, Settings, Tally};
use brier_types::{Money, Rounding};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted, table, tell};

/// Replay recorded joint histories of both venues: what was found, what would have filled, what it would have earned
///
/// Reads `xvenue_worldcup_bbo` and `xvenue_quotes` of DATA. That the two contracts of a recording are the same is assumed: their
/// rules were not recorded. Fees are exact; both legs are sent on what was seen and fill against what is shown the latency later,
/// and what fills on one side alone is sold again. A gain that lasts over rounds is tried once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder that holds the recorded sets, each a folder
    #[arg(value_name = "DATA")]
    data: PathBuf,

    /// Milliseconds from seeing until orders are at the venues, and from a fill until what is naked is sold
    #[arg(long, default_value_t = 500, value_name = "MS")]
    latency_ms: u64,

    /// Most milliseconds between the looks at both venues
    #[arg(long, default_value_t = 1_000, value_name = "MS")]
    most_apart_ms: u64,

    /// Dollars that each venue has for one try
    #[arg(long, default_value = "1000", value_name = "DOLLARS")]
    cash: Money,

    /// Send the thinnest leg first, and of the other as much as that has got
    #[arg(long)]
    in_turn: bool,
}

#[derive(Serialize)]
struct Document {
    assumed: &'static str,
    latency_ms: u64,
    most_apart_ms: u64,
    cash_dollars: String,
    in_turn: bool,
    histories: Vec<Line>,
    totals: Vec<Line>,
}

/// One history, or a set's sum. Amounts are dollars, quantities contracts.
#[derive(Serialize)]
struct Line {
    name: String,
    sizes_recorded: bool,
    leg_times_recorded: bool,
    rounds: u64,
    too_far_apart: u64,
    crossed: u64,
    above_before_fees: u64,
    found: u64,
    tries: u64,
    unanswered: u64,
    filled_whole: u64,
    filled_in_part: u64,
    one_leg_only: u64,
    nothing_filled: u64,
    contracts_asked: String,
    contracts_paired: String,
    contracts_naked: String,
    contracts_left: String,
    promised_dollars: String,
    earned_dollars: String,
    unwound_dollars: String,
    left_cost_dollars: String,
    result_dollars: String,
    answered_after_ms: Option<u128>,
}

impl Line {
    fn new(name: &str, history: &JointHistory, tally: &Tally, answered_after: Option<Duration>) -> Self {
        Self {
            name: name.to_owned(),
            sizes_recorded: history.sized,
            leg_times_recorded: history.timed,
            rounds: tally.rounds,
            too_far_apart: tally.apart,
            crossed: tally.crossed,
            above_before_fees: tally.gross,
            found: tally.found,
            tries: tally.tries,
            unanswered: tally.unanswered,
            filled_whole: tally.whole,
            filled_in_part: tally.part,
            one_leg_only: tally.one_leg,
            nothing_filled: tally.missed,
            contracts_asked: tally.asked.to_string(),
            contracts_paired: tally.paired.to_string(),
            contracts_naked: tally.naked.to_string(),
            contracts_left: tally.left.to_string(),
            promised_dollars: tally.promised.to_string(),
            earned_dollars: tally.earned.to_string(),
            unwound_dollars: tally.unwound.to_string(),
            left_cost_dollars: tally.left_cost.to_string(),
            result_dollars: tally.result().to_string(),
            answered_after_ms: answered_after.map(|after| after.as_millis()),
        }
    }
}

pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let failed = |error: &anyhow::Error| CliError::failure(format!("{error:#}"));
    let settings = Settings {
        latency: Duration::from_millis(args.latency_ms),
        most_apart: Duration::from_millis(args.most_apart_ms),
        cash: args.cash,
        in_turn: args.in_turn,
    };
    let histories = arbitrage::read(&args.data).map_err(|error| failed(&error))?;
    if histories.is_empty() {
        return Err(CliError::failure(format!("{}: expected joint histories, found none", args.data.display()))
            .hint("name the folder that holds xvenue_worldcup_bbo and xvenue_quotes"));
    }
    tell(format_args!("{}", counted(histories.len() as u64, "joint history", "joint histories")))?;
    let mut outcomes: Vec<(&JointHistory, Outcome)> = Vec::with_capacity(histories.len());
    for history in &histories {
        outcomes.push((history, arbitrage::replay(history, &settings).map_err(|error| failed(&error))?));
    }
    let document = document(args, &outcomes);
    output.either(&document, |output| output.line(shown(&document)))?;
    Ok(EXIT_OK)
}

fn document(args: &Args, outcomes: &[(&JointHistory, Outcome)]) -> Document {
    let line = |(history, outcome): &(&JointHistory, Outcome)| {
        Line::new(&history.name, history, &outcome.tally, outcome.answered_after)
    };
    let mut totals = Vec::new();
    for sized in [true, false] {
        let mut all = outcomes.iter().filter(|(history, _)| history.sized == sized).peekable();
        let Some((first, _)) = all.peek().copied() else { continue };
        let mut sum = Tally::default();
        all.for_each(|(_, outcome)| sum.add(&outcome.tally));
        let name = if sized { "all with sizes" } else { "all without sizes" };
        totals.push(Line::new(name, first, &sum, None));
    }
    Document {
        assumed: "that both contracts of a history are the same; their rules were not recorded",
        latency_ms: args.latency_ms,
        most_apart_ms: args.most_apart_ms,
        cash_dollars: args.cash.to_string(),
        in_turn: args.in_turn,
        histories: outcomes.iter().map(line).collect(),
        totals,
    }
}

fn shown(document: &Document) -> String {
    let titles = [
        "history",
        "rounds>",
        "above>",
        "found>",
        "tries>",
        "whole>",
        "part>",
        "one leg>",
        "none>",
        "paired>",
        "naked>",
        "promised $>",
        "earned $>",
        "unwound $>",
        "result $>",
    ];
    let cents = |dollars: &str| {
        dollars.parse::<Money>().map_or_else(|_| dollars.to_owned(), |it| it.to_dollars4(Rounding::Floor))
    };
    // A history in which nothing was found is in the totals only.
    let told = document.histories.iter().filter(|line| line.found > 0);
    let rows = told.chain(&document.totals).map(|line| {
        [
            line.name.clone(),
            line.rounds.to_string(),
            line.above_before_fees.to_string(),
            line.found.to_string(),
            line.tries.to_string(),
            line.filled_whole.to_string(),
            line.filled_in_part.to_string(),
            line.one_leg_only.to_string(),
            line.nothing_filled.to_string(),
            line.contracts_paired.clone(),
            line.contracts_naked.clone(),
            cents(&line.promised_dollars),
            cents(&line.earned_dollars),
            cents(&line.unwound_dollars),
            cents(&line.result_dollars),
        ]
    });
    let table = table(titles, rows);
    let quiet = document.histories.iter().filter(|line| line.found == 0).count() as u64;
    format!(
        "assumed: {}\n{}, latency {} ms, looks at most {} ms apart, ${} a venue and try; levels without a recorded size count as one contract\n{table}\n{} without any gain after fees",
        document.assumed,
        if document.in_turn { "legs in turn" } else { "both legs at once" },
        document.latency_ms,
        document.most_apart_ms,
        cents(&document.cash_dollars),
        counted(quiet, "history", "histories"),
    )
}
