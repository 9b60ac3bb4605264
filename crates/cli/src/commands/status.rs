//! `brier status`: how a run that is up stands.

use std::time::Duration;

use brier_runtime::control::{self, AskError, ControlAnswer, ControlRequest, Status};

use super::halt::FolderArgs;
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, table};

/// How long the process may take: it asks nobody.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tell how a run that is up stands: halts, venues, feeds, strategies, orders, positions
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: FolderArgs,
}

/// Asks and prints.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let folder = args.folder.find()?;
    let status = match control::ask(&folder, &ControlRequest::Status, PATIENCE) {
        Ok(ControlAnswer::Status(status)) => *status,
        Ok(_other) => {
            return Err(CliError::failure("the process answered something else: it is of another version")
                .hint("use the `brier` that runs there"));
        }
        Err(error @ AskError::Nobody { .. }) => {
            return Err(CliError::failure(error.to_string()).hint("no run is up there: start it with `brier run`"));
        }
        Err(error) => return Err(CliError::failure(error.to_string())),
    };
    output.either(&status, |output| output.line(text(&status)))?;
    Ok(EXIT_OK)
}

fn yes(is: bool, yes: &str, no: &str) -> String {
    if is { yes } else { no }.to_owned()
}

fn text(status: &Status) -> String {
    let Status { name, pid, mode, run, halted, .. } = status;
    let state = halted.as_ref().map_or_else(|| "trades".to_owned(), |why| format!("HALTED: {why}"));
    let mut parts = vec![format!("{name}  {mode}, run {run}, process {pid}\n{state}")];
    let mut part = |is_empty: bool, table: String| {
        if !is_empty {
            parts.push(table.trim_end().to_owned());
        }
    };
    let halts = status.halts.iter().map(|halt| [halt.clone()]);
    part(status.halts.is_empty(), table(["halt"], halts));
    let venues = status.venues.iter().map(|it| {
        let (up, same) = (yes(it.connected, "up", "down"), yes(it.reconciled, "yes", "no"));
        [it.venue.clone(), up, same, it.cash.clone()]
    });
    part(status.venues.is_empty(), table(["venue", "books", "reconciled", "free cash>"], venues));
    let age = |age: Option<u64>| age.map_or_else(|| "-".to_owned(), |age| format!("{age} s"));
    let feeds = status.feeds.iter().map(|it| {
        let trouble = it.trouble.clone().unwrap_or_default();
        [it.name.clone(), it.series.clone(), it.state.clone(), age(it.age_s), age(it.max_age_s), trouble]
    });
    part(status.feeds.is_empty(), table(["feed", "series", "state", "age>", "at most>", "trouble"], feeds));
    let strategies = status
        .strategies
        .iter()
        .map(|it| [it.name.clone(), yes(it.running, "runs", "stands"), it.realized.clone(), it.unrealized.clone()]);
    let titles = ["strategy", "state", "realized>", "unrealized>"];
    part(status.strategies.is_empty(), table(titles, strategies));
    let orders = status.orders.iter().map(|it| {
        let market = format!("{}:{}", it.venue, it.market);
        [market, it.side.clone(), it.price.clone(), it.contracts.clone(), it.state.clone(), it.order.clone()]
    });
    let titles = ["order in", "side", "price>", "contracts>", "state", "name"];
    part(status.orders.is_empty(), table(titles, orders));
    let positions = status
        .positions
        .iter()
        .map(|it| [format!("{}:{}", it.venue, it.market), it.contracts.clone(), it.average_cost.clone()]);
    part(status.positions.is_empty(), table(["position in", "contracts>", "average cost>"], positions));
    if status.combos_under_way > 0 || !status.combos.is_empty() {
        let under_way = status.combos_under_way;
        let open = &status.open_legs;
        parts.push(format!("combos  {under_way} under way, ${open} of open legs; `brier arb ledger` has them all"));
    }
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use brier_runtime::control::{FeedLine, StrategyLine, VenueLine};
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_status_names_what_is_stale_and_why() {
        let status = Status {
            name: "weather".to_owned(),
            pid: 7,
            mode: "paper".to_owned(),
            run: 3,
            halts: vec!["kalshi: discrepancy: cash".to_owned()],
            venues: vec![VenueLine {
                venue: "kalshi".to_owned(),
                connected: true,
                cash: "1000".to_owned(),
                ..VenueLine::default()
            }],
            feeds: vec![FeedLine {
                name: "observed".to_owned(),
                vendor: "metar".to_owned(),
                series: "observed:{date}".to_owned(),
                state: "stale".to_owned(),
                age_s: Some(5_000),
                max_age_s: Some(4_500),
                trouble: Some("metar: HTTP 503".to_owned()),
            }],
            strategies: vec![StrategyLine {
                name: "nyc".to_owned(),
                running: true,
                realized: "1.2".to_owned(),
                unrealized: "0".to_owned(),
            }],
            ..Status::default()
        };
        expect![[r"
            weather  paper, run 3, process 7
            trades

            halt
            kalshi: discrepancy: cash

            venue   books  reconciled  free cash
            kalshi  up     no               1000

            feed      series           state     age  at most  trouble
            observed  observed:{date}  stale  5000 s   4500 s  metar: HTTP 503

            strategy  state  realized  unrealized
            nyc       runs        1.2           0"]]
        .assert_eq(&text(&status));
    }
}
