//! `brier arb ledger`: every attempt at a trade of several legs, also while the run goes on.

use brier_runtime::ledger::{AttemptLegLine, AttemptLine, attempts};
use brier_types::Money;
use serde::Serialize;

use crate::commands::halt::FolderArgs;
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted, table};

/// Every attempt at a trade of several legs: what was expected, what is sure, and what it made
///
/// Profit is that of the worst state of the world, fees included: a leg without its counterparts is worth nothing in it. It is read
/// from `combos.jsonl` in the run's data folder, also while the run goes on. docs/combos.md says what the words mean.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: FolderArgs,

    /// Leave out attempts of which nothing was sent or bought
    #[arg(long)]
    traded: bool,
}

#[derive(Serialize)]
struct Document {
    attempts: Vec<AttemptLine>,
    expected: String,
    locked_in: String,
    realised: String,
}

/// Runs it.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let folder = args.folder.find()?;
    let mut found = attempts(&folder).map_err(|error| CliError::failure(error.to_string()))?;
    if args.traded {
        found.retain(|it| !matches!(it.ended.as_str(), "refused" | "nothing"));
    }
    let sum =
        |of: fn(&AttemptLine) -> &String| -> Money { found.iter().filter_map(|it| of(it).parse::<Money>().ok()).sum() };
    let (expected, locked_in) = (sum(|it| &it.expected), sum(|it| &it.locked_in));
    let ended: Vec<Money> = found.iter().filter_map(|it| it.realised.as_ref()?.parse().ok()).collect();
    let (over, realised) = (ended.len(), ended.into_iter().sum::<Money>());
    let document = Document {
        expected: expected.to_string(),
        locked_in: locked_in.to_string(),
        realised: realised.to_string(),
        attempts: found,
    };
    output.either(&document, |output| {
        if document.attempts.is_empty() {
            return output.line(format_args!("no attempt in {}", folder.display()));
        }
        let rows = document.attempts.iter().map(row);
        let titles = ["no", "began", "strategy", "ended", "sets", "legs", "expected", "sure", "realised", "why"];
        output.line(table(titles, rows).trim_end())?;
        let count = counted(document.attempts.len() as u64, "attempt", "attempts");
        output.line(format_args!(
            "{count}: ${expected} expected, ${locked_in} sure whatever happens; ${realised} realised by {over} of them"
        ))
    })?;
    Ok(EXIT_OK)
}

fn row(it: &AttemptLine) -> [String; 10] {
    let legs: Vec<String> = it.legs.iter().map(leg).collect();
    [
        it.combo.to_string(),
        it.began.chars().take(19).collect(),
        it.strategy.clone(),
        it.ended.clone(),
        it.sets.clone(),
        legs.join(" + "),
        it.expected.clone(),
        it.locked_in.clone(),
        it.realised.clone().unwrap_or_default(),
        it.why.clone(),
    ]
}

/// `kalshi:KXA-1 yes 20@0.40`.
fn leg(it: &AttemptLegLine) -> String {
    let outcome = if it.side == "bid" { "yes" } else { "no" };
    let market = both_ends(&it.market);
    match &it.average {
        Some(average) => format!("{}:{market} {outcome} {}@{average}", it.venue, it.bought),
        None => format!("{}:{market} {outcome} 0", it.venue),
    }
}

/// A market's name, or where it is long its beginning and its end: names of one event differ in the end.
fn both_ends(market: &str) -> String {
    let all: Vec<char> = market.chars().collect();
    if all.len() <= 32 {
        return market.to_owned();
    }
    all[..14].iter().chain(&['…']).chain(&all[all.len() - 16..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_long_name_are_seen() {
        assert_eq!(both_ends("KXHIGHNY-26NOV30-B49.5"), "KXHIGHNY-26NOV30-B49.5");
        assert_eq!(both_ends(&"x".repeat(32)), "x".repeat(32));
        let name = "KXPRESIDENTIALNOMINEE-28-ADAQUILL-WINS";
        assert_eq!(both_ends(name), "KXPRESIDENTIAL…28-ADAQUILL-WINS");
    }

    #[test]
    fn a_leg_is_told_in_the_outcome_that_it_buys() {
        let bought = AttemptLegLine {
            venue: "kalshi".to_owned(),
            market: "KXA-1".to_owned(),
            side: "ask".to_owned(),
            bought: "20".to_owned(),
            average: Some("0.55".to_owned()),
            ..AttemptLegLine::default()
        };
        assert_eq!(leg(&bought), "kalshi:KXA-1 no 20@0.55");
        assert_eq!(leg(&AttemptLegLine { average: None, side: "bid".to_owned(), ..bought }), "kalshi:KXA-1 yes 0");
    }
}
