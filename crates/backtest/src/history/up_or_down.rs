//! Whether Bitcoin ends a short window above where it began.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use brier_models::average::{Now, Sampling, Window};
use brier_models::digital::Terminal;
use brier_models::distribution::Shape;
use brier_models::volatility::{RealizedVolatility, per_sqrt_second};
use brier_types::{MarketResult, Prob, Timestamp};
use serde::Deserialize;

use super::session::{self, Cursor, Session};
use super::{Quoted, Set, Table, TwoSided, files, json_lines};

/// Seconds of a year that never closes.
const YEAR: f64 = 365.0 * 86_400.0;
/// What annual volatility is believed to be until prices have been seen.
const BELIEF: f64 = 0.45;
/// A spot price older than this says nothing.
const STALE: Duration = Duration::from_secs(20);

/// What a year's volatility is believed to be, per second.
fn belief() -> f64 {
    per_sqrt_second(BELIEF, YEAR).unwrap_or_default()
}

/// Kalshi's fifteen-minute windows: settled on the mean of the last sixty prints, against the one before.
pub(super) fn kalshi(folder: &Path) -> anyhow::Result<Set> {
    const TIMES: [Duration; 4] =
        [Duration::from_mins(10), Duration::from_mins(5), Duration::from_mins(2), Duration::from_mins(1)];
    let (markets, runs) = (Table::read(&folder.join("markets.csv"))?, Table::read(&folder.join("runs.csv"))?);
    let mut found: BTreeMap<(String, Reverse<Duration>), Quoted> = BTreeMap::new();
    for run in &runs.rows {
        for session in session::run(folder, &runs, run, &markets)? {
            let row = markets.find(session.market.as_str()).context("a session has its row")?;
            // Where nobody told the result, the recorder took it from the last book: a market's mid would score itself.
            if markets.get(row, "result_source")? == "book_at_close" {
                continue;
            }
            let ((first, last), mut market) = (session.recorded(), Replayed::new(&session));
            for before_close in TIMES {
                let at = session.close_time.minus(before_close);
                if at < first || at > last {
                    continue;
                }
                let Some((mid, model)) = market.at(at)? else { continue };
                let (event, yes) = (session.market.to_string(), session.result == MarketResult::Yes);
                let key = (event.clone(), Reverse(before_close));
                let quoted = Quoted { market: event.clone(), event, before_close, mid, model, yes };
                // Where two runs recorded a market, the one that knew the spot says more.
                if found.get(&key).is_none_or(|known| known.model.is_none()) {
                    found.insert(key, quoted);
                }
            }
        }
    }
    let quotes = found.into_values().collect();
    let (name, what) = ("kalshi_ws_btc15m", "Bitcoin up in fifteen minutes");
    Ok(Set {
        name,
        what,
        model: Ok("mean of the last 60 prints, Coinbase spot, volatility realized"),
        kind: Some("up_or_down"),
        quotes,
    })
}

/// A session brought forward, with the model's memory.
struct Replayed<'a> {
    session: &'a Session,
    cursor: Cursor<'a>,
    volatility: RealizedVolatility,
    last: Option<(Timestamp, f64)>,
    /// When the spot was last taken for the volatility.
    second: Timestamp,
}

impl<'a> Replayed<'a> {
    fn new(session: &'a Session) -> Self {
        let volatility = RealizedVolatility::new(Duration::from_mins(5), belief(), Duration::from_mins(2));
        let (cursor, second) = (Cursor::new(session), session.start());
        Self { session, cursor, volatility, last: None, second }
    }

    /// Middle and model at a moment, if the market was quoted then.
    fn at(&mut self, at: Timestamp) -> anyhow::Result<Option<(Prob, Option<Prob>)>> {
        self.cursor.advance(at)?;
        for (time, price) in self.cursor.spot(at) {
            // Trades jump between bid and ask; one a second says how the price moves.
            if time.since(self.second) >= Duration::from_secs(1) {
                self.volatility.observe(*time, *price);
                self.second = *time;
            }
            self.last = Some((*time, *price));
        }
        let Ok(book) = self.cursor.book.view() else { return Ok(None) };
        // So few markets were recorded that all count, also those that are all but decided; a side without an offer is at
        // its end.
        let dollars = |price: brier_types::Price| f64::from(price.pips()) / 10_000.0;
        let bid = book.best_bid().map_or(0.0, |level| dollars(level.price));
        let ask = book.best_ask().map_or(1.0, |level| dollars(level.price));
        Ok(Prob::new(f64::midpoint(bid, ask)).ok().map(|mid| (mid, self.model(at))))
    }

    fn model(&self, at: Timestamp) -> Option<Prob> {
        let (seen, spot) = self.last.filter(|(seen, _)| at.since(*seen) <= STALE)?;
        let window = Window { seconds: 60.0, sampling: Sampling::Prints(60) };
        let seconds_left = self.session.close_time.since(seen.max(at)).as_secs_f64();
        let now = Now { spot, volatility: self.volatility.per_sqrt_second(), seconds_left, observed_mean: None };
        window.law(&now)?.at_or_above(self.session.strike)
    }
}

/// Seconds of a window.
const WINDOW: i64 = 300;

#[derive(Deserialize)]
struct LadderRow {
    window_ts: i64,
    slug: String,
    open_px: f64,
    samples: Vec<LadderSample>,
    winner: Option<String>,
}

#[derive(Deserialize)]
struct LadderSample {
    offset: u64,
    /// Seconds until the end, negative.
    t: f64,
    spot: Option<f64>,
    up: Option<LadderSide>,
}

#[derive(Deserialize)]
struct LadderSide {
    ask: Option<f64>,
    bid: Option<f64>,
}

/// Polymarket's five-minute windows of July 2026: settled on the last price, against the one at the start.
pub(super) fn polymarket(folder: &Path) -> anyhow::Result<Set> {
    let mut rows: Vec<LadderRow> = Vec::new();
    for file in files(folder, "ladder")? {
        json_lines(&file, |row| rows.push(row))?;
    }
    rows.sort_by_key(|row| row.window_ts);
    let mut volatility = RealizedVolatility::new(Duration::from_hours(1), belief(), Duration::from_mins(30));
    let mut quotes = Vec::new();
    for row in &rows {
        for sample in &row.samples {
            let at = (row.window_ts + WINDOW) as f64 + sample.t;
            let at = Timestamp::from_millis((at * 1_000.0) as i64).context("a window of this century")?;
            if let Some(spot) = sample.spot {
                volatility.observe(at, spot);
            }
            let Some(LadderSide { ask: Some(ask), bid: Some(bid) }) = sample.up else { continue };
            let (Some(winner), Some(mid)) = (&row.winner, (TwoSided { bid, ask }).middle()) else { continue };
            let seconds = volatility.per_sqrt_second();
            let law = sample.spot.and_then(|spot| Terminal::new(spot, seconds, -sample.t, Shape::Normal));
            quotes.push(Quoted {
                event: row.slug.clone(),
                market: row.slug.clone(),
                before_close: Duration::from_secs(sample.offset),
                mid,
                model: law.and_then(|law| law.at_or_above(row.open_px)),
                yes: winner == "UP",
            });
        }
    }
    let (name, what) = ("polymarket_btc5m", "Bitcoin up in five minutes");
    // These windows settled on one price; the strategy is of means of prints, so this is no record of it.
    Ok(Set {
        name,
        what,
        model: Ok("last price, recorded spot, volatility realized over the last hour"),
        kind: None,
        quotes,
    })
}
