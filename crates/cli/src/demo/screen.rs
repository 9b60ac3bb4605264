//! What the demo shows: a live table on a terminal, a line a market elsewhere, and the summary.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use brier_types::{BookSide, Money, Price, Rounding, SignedQty, Timestamp};

use super::bot::Edge;

/// One market as shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) market: String,
    pub(crate) state: String,
    pub(crate) spot: Option<f64>,
    pub(crate) strike: f64,
    pub(crate) bid: Option<Price>,
    pub(crate) ask: Option<Price>,
    pub(crate) fair: Option<f64>,
    pub(crate) edge: Option<Edge>,
    pub(crate) position: SignedQty,
    pub(crate) fills: usize,
    pub(crate) profit: Money,
}

/// Where the rows go.
pub(crate) struct Screen {
    live: bool,
    quiet: bool,
    painted: bool,
    next_paint: Instant,
}

const REPAINT: Duration = Duration::from_millis(100);

impl Screen {
    pub(crate) fn new(quiet: bool) -> Self {
        let live = !quiet && std::io::stdout().is_terminal();
        Self { live, quiet, painted: false, next_paint: Instant::now() }
    }

    /// Shows the rows if it is time to; `last` always does.
    pub(crate) fn paint(&mut self, rows: &[Row], now: Timestamp, progress: f64, last: bool) {
        if !self.live || (!last && Instant::now() < self.next_paint) {
            return;
        }
        self.next_paint = Instant::now() + REPAINT;
        let text = format!("{}\n{}\n", table(rows), bar(now, progress));
        let mut out = std::io::stdout().lock();
        // The whole screen is painted anew, so that a line which the terminal wrapped does no harm.
        let home = if self.painted { "\x1b[H\x1b[J" } else { "\x1b[2J\x1b[H" };
        self.painted = true;
        // A terminal that went away is no reason to stop trading; the summary will say so again.
        out.write_all(home.as_bytes()).and_then(|()| out.write_all(text.as_bytes())).and_then(|()| out.flush()).ok();
    }

    /// Tells of a step in the market's life where no table is painted.
    pub(crate) fn tell(&self, text: &str) {
        if !self.live && !self.quiet {
            writeln!(std::io::stderr(), "{text}").ok();
        }
    }
}

fn bar(now: Timestamp, progress: f64) -> String {
    const WIDTH: usize = 40;
    let done = ((progress * WIDTH as f64) as usize).min(WIDTH);
    let time = Timestamp::from_secs(now.secs()).unwrap_or(now);
    format!("{time}  [{}{}] {:3.0} %", "=".repeat(done), " ".repeat(WIDTH - done), progress * 100.0)
}

/// The table of all markets.
fn table(rows: &[Row]) -> String {
    let titles = [
        "market",
        "state",
        "spot>",
        "strike>",
        "bid/ask>",
        "fair>",
        "edge after fee>",
        "position>",
        "fills>",
        "P&L at fair $>",
    ];
    let rows = rows.iter().map(|row| {
        [
            row.market.clone(),
            row.state.clone(),
            row.spot.map_or_else(dash, |spot| format!("{spot:.2}")),
            format!("{:.2}", row.strike),
            format!("{}/{}", price(row.bid), price(row.ask)),
            row.fair.map_or_else(dash, |fair| format!("{fair:.4}")),
            row.edge.map_or_else(dash, |edge| edge_text(&edge)),
            row.position.to_string(),
            row.fills.to_string(),
            row.profit.to_dollars4(Rounding::Floor),
        ]
    });
    crate::output::table(titles, rows)
}

fn edge_text(edge: &Edge) -> String {
    let verb = match edge.side {
        BookSide::Bid => "buy",
        BookSide::Ask => "sell",
    };
    format!("{verb} {}", edge.per_contract.to_dollars4(Rounding::Floor))
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(dash, |price| price.to_string())
}

fn dash() -> String {
    "-".to_owned()
}
