//! What the demo shows: a live table on a terminal, a line a market elsewhere, and the summary.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use brier_types::{Money, Price, Rounding, SignedQty, Timestamp};

/// One market as shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) venue: &'static str,
    pub(crate) market: String,
    /// Time left, or what came of it; empty while it waits.
    pub(crate) state: String,
    pub(crate) bid: Option<Price>,
    pub(crate) ask: Option<Price>,
    /// The strategy's newest opinion.
    pub(crate) fair: Option<f64>,
    /// What it is above the middle of the book, while it may decide.
    pub(crate) above_mid: Option<f64>,
    pub(crate) position: SignedQty,
    pub(crate) fills: usize,
    pub(crate) profit: Money,
    /// A line below the table while this market trades.
    pub(crate) detail: String,
}

/// What is traded and when it closes: `BTC 05-13 16:45`.
pub(crate) fn label(what: &str, close: Timestamp) -> String {
    let time = close.to_string();
    // 2026-05-13T16:45:00Z
    format!("{what} {} {}", time.get(5..10).unwrap_or_default(), time.get(11..16).unwrap_or_default())
}

/// Minutes and seconds: `4:59`.
pub(crate) fn left(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// The whole name of a market, what trades it, the price of the underlying, and what it must reach.
pub(crate) fn detail(market: &str, strategy: &str, spot: Option<f64>, strike: f64) -> String {
    let spot = spot.map_or_else(dash, |spot| format!("{spot:.2}"));
    format!("{market} by {strategy}: spot {spot}, strike {strike:.2}")
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
    pub(crate) fn paint(&mut self, rows: &[Row], detail: &str, now: Timestamp, progress: f64, last: bool) {
        if !self.live || (!last && Instant::now() < self.next_paint) {
            return;
        }
        self.next_paint = Instant::now() + REPAINT;
        // The whole fits a terminal of 24 lines: a newline behind the last would scroll the first away.
        let end = if last { "\n" } else { "" };
        let text = format!("{}\n\n{detail}\n{}{end}", table(rows), bar(now, progress));
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

/// The table of all markets. It fits 80 columns, so that no terminal wraps it.
fn table(rows: &[Row]) -> String {
    let titles = ["venue", "market", "state>", "bid/ask>", "fair>", "vs mid>", "held>", "fills>", "P&L $>"];
    let rows = rows.iter().map(|row| {
        [
            row.venue.to_owned(),
            row.market.clone(),
            if row.state.is_empty() { "waits".to_owned() } else { row.state.clone() },
            format!("{}/{}", price(row.bid), price(row.ask)),
            row.fair.map_or_else(dash, |fair| short(&format!("{fair:.3}"))),
            row.above_mid.map_or_else(dash, signed),
            whole(row.position),
            row.fills.to_string(),
            row.profit.to_dollars2(toward_zero(row.profit)),
        ]
    });
    crate::output::table(titles, rows)
}

/// Three decimals with their sign: `+.141`.
fn signed(difference: f64) -> String {
    let sign = if difference < 0.0 { '-' } else { '+' };
    format!("{sign}{}", short(&format!("{:.3}", difference.abs())))
}

/// How profit and loss is cut for people: a loss is shown as no more than was lost, a profit as no more than was made.
pub(crate) fn toward_zero(amount: Money) -> Rounding {
    if amount < Money::ZERO { Rounding::Ceil } else { Rounding::Floor }
}

/// Contracts without the decimals that the bot's never have.
fn whole(position: SignedQty) -> String {
    let text = position.to_string();
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(dash, |price| {
        let text = price.to_string();
        // Two decimals at least: `.50`, `.505`.
        let cents = text.len().min(4);
        let (cents, rest) = text.split_at(cents);
        short(&format!("{cents}{}", rest.trim_end_matches('0')))
    })
}

/// Without the zero before the point.
pub(crate) fn short(number: &str) -> String {
    number.strip_prefix('0').filter(|rest| rest.starts_with('.')).unwrap_or(number).to_owned()
}

fn dash() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_rows_fit_a_terminal_of_eighty_columns() {
        let close: Timestamp = "2026-07-26T23:05:00Z".parse().unwrap();
        let price = |pips| Some(Price::new(pips).unwrap());
        let wide = Row {
            venue: "Kalshi",
            market: label("BTC", close),
            state: "14:59".to_owned(),
            bid: price(550),
            ask: price(560),
            fair: Some(0.4821),
            above_mid: Some(-0.1234),
            position: SignedQty::from_micros(-100_000_000).unwrap(),
            fills: 12,
            profit: Money::from_micros(-16_521_300),
            detail: String::new(),
        };
        let shown = table(&[wide, Row { venue: "Poly", market: label("BTC", close), ..Row::default() }]);
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        expect_test::expect![[r"
            venue   market           state    bid/ask  fair  vs mid  held  fills   P&L $
            Kalshi  BTC 07-26 23:05  14:59  .055/.056  .482   -.123  -100     12  -16.52
            Poly    BTC 07-26 23:05  waits        -/-     -       -     0      0    0.00"]]
        .assert_eq(&shown);
    }
}
