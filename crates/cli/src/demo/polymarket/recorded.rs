//! What was recorded of Polymarket: windows sampled at a few moments, whole books of one moment, and the spot price between.
//!
//! A window's book is known at its samples only. Between them the last one stands, and how a side's depth spreads over its
//! prices is made up here, the same way every time.
//!
//! Invariant: what is served for a moment is what was known at that moment; nothing later leaks.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use brier_book::Book;
use brier_polymarket_protocol::clob;
use brier_store::Lines;
use brier_types::{BookSide, MarketResult, Price, Qty, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

const LADDER: &str = include_str!("../../../data/demo/polymarket/ladder.jsonl");
const BOOKS: &str = include_str!("../../../data/demo/polymarket/books.jsonl");
const SERIES: &str = include_str!("../../../data/demo/polymarket/series.json");
const SPOT: &[u8] = include_bytes!("../../../data/demo/polymarket/spot.csv.zst");

/// How long a window lasts.
pub(super) const WINDOW: Duration = Duration::from_mins(5);
/// The step between a side's levels.
const TICK_PIPS: u16 = 100;
/// Tenths of a side's depth on its best price and the two behind it: simulated.
const SPREAD: [u64; 3] = [2, 3, 5];
/// Levels of a recorded book's side that are listed.
const LEVELS: usize = 10;

/// What the series' markets have in common.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Series {
    pub(crate) description: String,
    pub(crate) resolution_source: String,
    pub(crate) fee_schedule: serde_json::Value,
    pub(crate) order_min_size: serde_json::Number,
}

/// A market that was sampled to its end.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) slug: String,
    /// The price at the start: what the price at the end is held against.
    pub(crate) strike: f64,
    pub(crate) close_time: Timestamp,
    pub(crate) result: MarketResult,
    pub(crate) samples: Vec<Sample>,
}

/// One moment of a window, in terms of Up.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) at: Timestamp,
    pub(crate) spot: f64,
    /// Best price and the depth of the whole side.
    pub(crate) bid: Option<(Price, Qty)>,
    pub(crate) ask: Option<(Price, Qty)>,
}

/// A book that is shown and not traded.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) gamma_id: String,
    pub(crate) question: String,
    /// Few enough letters for a column of the screen.
    pub(crate) label: String,
    pub(crate) slug: String,
    pub(crate) condition: String,
    pub(crate) question_id: Option<String>,
    /// YES first.
    pub(crate) tokens: [String; 2],
    pub(crate) tick: Price,
    pub(crate) neg_risk_market_id: Option<String>,
    pub(crate) event_title: String,
    pub(crate) bids: Vec<(Price, Qty)>,
    pub(crate) asks: Vec<(Price, Qty)>,
}

#[derive(Deserialize)]
struct WindowLine {
    window_ts: i64,
    slug: String,
    open_px: f64,
    samples: Vec<SampleLine>,
    winner: String,
}

#[derive(Deserialize)]
struct SampleLine {
    /// Seconds to the end, below zero.
    t: f64,
    spot: f64,
    up: SideLine,
}

#[derive(Deserialize)]
struct SideLine {
    ask: Option<Box<RawValue>>,
    bid: Option<Box<RawValue>>,
    ask_depth: Box<RawValue>,
    bid_depth: Box<RawValue>,
}

#[derive(Deserialize)]
struct BookLine {
    gamma_id: String,
    question: Option<String>,
    slug: Option<String>,
    question_id: Option<String>,
    no_token: String,
    event_title: Option<String>,
    neg_risk_market_id: Option<String>,
    book: clob::Book,
}

/// The windows kept in the program, in the order of their ends.
pub(crate) fn windows() -> anyhow::Result<Vec<Window>> {
    let mut windows = (1..)
        .zip(LADDER.lines())
        .map(|(number, line)| window(line).with_context(|| format!("kept window {number}")))
        .collect::<anyhow::Result<Vec<_>>>()?;
    windows.sort_by_key(|window| window.close_time);
    Ok(windows)
}

/// The books kept in the program.
pub(crate) fn shown() -> anyhow::Result<Vec<Shown>> {
    (1..).zip(BOOKS.lines()).map(|(number, line)| book(line).with_context(|| format!("kept book {number}"))).collect()
}

/// The spot price over the whole recording, in the order of time: what was sampled in the windows that are traded and in those
/// between them.
pub(crate) fn spot(windows: &[Window]) -> anyhow::Result<Vec<(Timestamp, f64)>> {
    let mut lines = Lines::from_reader(Path::new("spot.csv.zst"), SPOT)?;
    let mut spot: Vec<(Timestamp, f64)> =
        windows.iter().flat_map(|window| &window.samples).map(|sample| (sample.at, sample.spot)).collect();
    loop {
        let number = lines.line() + 1;
        let Some(row) = lines.next_line()? else { break };
        if number == 1 {
            continue; // The names of the columns.
        }
        let parsed = row.split_once(',').and_then(|(time, price)| time.parse().ok().zip(price.parse().ok()));
        spot.push(parsed.with_context(|| format!("spot line {number}: expected time,price, found `{row}`"))?);
    }
    spot.sort_by_key(|(at, _)| *at);
    Ok(spot)
}

/// Rules and fees of the windows' series.
pub(crate) fn series() -> anyhow::Result<Series> {
    serde_json::from_str(SERIES).context("the kept record of the series")
}

fn window(line: &str) -> anyhow::Result<Window> {
    let line: WindowLine = serde_json::from_str(line)?;
    let open = Timestamp::from_secs(line.window_ts).context("the window's time is out of range")?;
    let close_time = open.plus(WINDOW);
    let samples = line.samples.iter().map(|line| sample(line, close_time)).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!samples.is_empty(), "it has no sample");
    ensure!(samples.is_sorted_by_key(|sample| sample.at), "its samples are not in order");
    let result = match line.winner.as_str() {
        "UP" => MarketResult::Yes,
        "DOWN" => MarketResult::No,
        other => bail!("expected the winner UP or DOWN, found `{other}`"),
    };
    Ok(Window { slug: line.slug, strike: line.open_px, close_time, result, samples })
}

fn sample(line: &SampleLine, close_time: Timestamp) -> anyhow::Result<Sample> {
    let side = |price: &Option<Box<RawValue>>, depth: &RawValue| -> anyhow::Result<Option<(Price, Qty)>> {
        let Some(price) = price else { return Ok(None) };
        let price = Price::parse(price.get().as_bytes())?;
        Ok(Some((price, Qty::parse(depth.get().as_bytes())?)))
    };
    ensure!((-300.0..=0.0).contains(&line.t), "expected seconds to the end, found {}", line.t);
    Ok(Sample {
        at: close_time.minus(Duration::from_secs_f64(-line.t)),
        spot: line.spot,
        bid: side(&line.up.bid, &line.up.bid_depth)?,
        ask: side(&line.up.ask, &line.up.ask_depth)?,
    })
}

fn book(line: &str) -> anyhow::Result<Shown> {
    let line: BookLine = serde_json::from_str(line)?;
    // Both sides are listed with the best price last.
    let best = |levels: &[clob::Level]| -> Vec<(Price, Qty)> {
        levels.iter().rev().take(LEVELS).map(|level| (level.price, level.size)).collect()
    };
    let name = format!("Market {} (its question was not recorded)", line.gamma_id);
    Ok(Shown {
        label: line.question.as_deref().map_or_else(|| format!("Market {}", line.gamma_id), short),
        question: line.question.unwrap_or(name),
        slug: line.slug.unwrap_or_else(|| format!("market-{}", line.gamma_id)),
        condition: line.book.market.clone(),
        question_id: line.question_id,
        tokens: [line.book.asset_id.clone(), line.no_token],
        tick: line.book.tick_size.context("the book names no price step")?,
        neg_risk_market_id: line.neg_risk_market_id.filter(|_id| line.book.neg_risk == Some(true)),
        event_title: line.event_title.unwrap_or_default(),
        bids: best(&line.book.bids),
        asks: best(&line.book.asks),
        gamma_id: line.gamma_id,
    })
}

/// The first words of a question that fit the column, with a mark where more follow.
fn short(question: &str) -> String {
    const WIDTH: usize = 15;
    if question.chars().count() <= WIDTH {
        return question.to_owned();
    }
    let head: String = question.chars().take(WIDTH - 1).collect();
    format!("{}\u{2026}", head.trim_end())
}

impl Shown {
    /// Its listed levels as a book.
    pub(crate) fn book(&self) -> anyhow::Result<Book> {
        let side =
            |side, levels: &[(Price, Qty)]| levels.iter().map(|(price, qty)| (side, *price, *qty)).collect::<Vec<_>>();
        let mut book = Book::new();
        book.load([side(BookSide::Bid, &self.bids), side(BookSide::Ask, &self.asks)].concat())?;
        Ok(book)
    }
}

impl Window {
    /// Its first sample: nothing is known before.
    pub(crate) fn start(&self) -> Timestamp {
        self.samples[0].at
    }

    /// The last sample up to `now`.
    pub(crate) fn at(&self, now: Timestamp) -> Option<&Sample> {
        self.samples.iter().rev().find(|sample| sample.at <= now)
    }
}

impl Sample {
    /// The book of this moment: best prices as recorded, the depth behind them simulated.
    pub(crate) fn book(&self) -> anyhow::Result<Book> {
        let mut levels = Vec::new();
        for (side, best) in [(BookSide::Bid, self.bid), (BookSide::Ask, self.ask)] {
            let Some((price, depth)) = best else { continue };
            levels.extend(spread(side, price, depth).into_iter().map(|(price, qty)| (side, price, qty)));
        }
        let mut book = Book::new();
        book.load(levels)?;
        Ok(book)
    }
}

/// A side's depth over its best price and those behind it, in hundredths of a share.
fn spread(side: BookSide, best: Price, depth: Qty) -> Vec<(Price, Qty)> {
    let hundredths = depth.micros() / Qty::HUNDREDTH.micros();
    let behind = |steps: u16| match side {
        BookSide::Bid => best.pips().checked_sub(steps * TICK_PIPS).and_then(Price::new),
        BookSide::Ask => best.pips().checked_add(steps * TICK_PIPS).and_then(Price::new),
    };
    let prices: Vec<Price> = (0..).take(SPREAD.len()).map_while(behind).filter(|price| price.is_tradable()).collect();
    let shares: u64 = SPREAD.iter().take(prices.len()).sum();
    let part = |(price, tenths): (&Price, &u64)| {
        let qty = Qty::from_hundredths(hundredths * tenths / shares).unwrap_or(Qty::ZERO);
        (*price, qty)
    };
    prices.iter().zip(&SPREAD).map(part).filter(|(_, qty)| !qty.is_zero()).collect()
}

#[cfg(test)]
mod tests {
    use brier_polymarket_protocol::book_hash::{HashInput, hash};

    use super::super::compare::rehash;
    use super::*;

    fn text(levels: &[(Price, Qty)]) -> String {
        let level = |(price, qty): &(Price, Qty)| format!("{qty}@{price}");
        levels.iter().map(level).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_kept_windows_are_in_order_and_served_as_they_were_known() {
        let windows = windows().unwrap();
        assert_eq!(windows.len(), 6);
        assert!(windows.is_sorted_by_key(|window| window.close_time));
        for window in &windows {
            assert_eq!(window.samples.len(), 7, "{}", window.slug);
            let start = window.start();
            assert!(window.at(start.minus(Duration::from_millis(1))).is_none());
            assert_eq!(window.at(start).unwrap().at, start);
            assert_eq!(window.at(window.close_time).unwrap().at, window.samples[6].at);
            for sample in &window.samples {
                let book = sample.book().unwrap();
                let view = book.view().unwrap();
                assert_eq!(view.best_bid().map(|level| level.price), sample.bid.map(|(price, _)| price));
                assert_eq!(view.best_ask().map(|level| level.price), sample.ask.map(|(price, _)| price));
            }
        }
        let spot = spot(&windows).unwrap();
        assert!(spot.is_sorted_by(|one, next| one.0 < next.0), "no moment comes twice");
        assert_eq!(spot.len(), 1_216 + 6 * 7);
        let gap = spot.windows(2).map(|pair| pair[1].0.since(pair[0].0)).max();
        assert!(gap.unwrap() < Duration::from_mins(4), "the recording has no hole: {gap:?}");
        let first = &windows[0];
        assert_eq!((first.slug.as_str(), first.strike), ("btc-updown-5m-1785108000", 65_360.42));
        assert_eq!(first.result, MarketResult::No);
    }

    #[test]
    fn depth_spreads_over_three_levels_and_stays_on_the_grid() {
        let price = |cents| Price::from_cents(cents).unwrap();
        let depth = Qty::parse(b"1000.07").unwrap();
        expect_test::expect!["200.01@0.4000 300.02@0.3900 500.03@0.3800"].assert_eq(&text(&spread(
            BookSide::Bid,
            price(40),
            depth,
        )));
        expect_test::expect!["400.02@0.9800 600.04@0.9900"].assert_eq(&text(&spread(BookSide::Ask, price(98), depth)));
        expect_test::expect!["1000.07@0.0100"].assert_eq(&text(&spread(BookSide::Bid, price(1), depth)));
    }

    #[test]
    fn the_kept_books_are_whole_and_their_best_prices_come_first() {
        let shown = shown().unwrap();
        assert_eq!(shown.len(), 6);
        let labels: Vec<&str> = shown.iter().map(|book| book.label.as_str()).collect();
        assert!(labels.iter().all(|label| label.chars().count() <= 15), "{labels:?}");
        assert_eq!((labels[1], labels[3]), ("GTA VI release\u{2026}", "Market 540816"));
        for book in &shown {
            assert_eq!((book.bids.len(), book.asks.len()), (LEVELS, LEVELS), "{}", book.gamma_id);
            assert!(book.bids.is_sorted_by(|a, b| a.0 > b.0) && book.asks.is_sorted_by(|a, b| a.0 < b.0));
            assert!(book.book().unwrap().view().is_ok());
        }
        assert_eq!(shown.iter().filter(|book| book.neg_risk_market_id.is_some()).count(), 1);
        let series = series().unwrap();
        assert_eq!(
            (series.fee_schedule["rate"].to_string().as_str(), series.order_min_size.as_u64()),
            ("0.07", Some(5))
        );
    }

    #[test]
    fn a_books_hash_follows_from_our_levels_and_changes_with_them() {
        for line in BOOKS.lines() {
            let recorded = serde_json::from_str::<BookLine>(line).unwrap().book;
            // As our exchange would write it: the venue's own hash covers texts such as `0.510` that are not kept.
            let text = serde_json::to_string(&recorded).unwrap();
            let named = hash(&serde_json::from_str::<HashInput<'_>>(&text).unwrap());
            let side =
                |side, levels: &[clob::Level]| levels.iter().map(|it| (side, it.price, it.size)).collect::<Vec<_>>();
            let mut book = Book::new();
            book.load([side(BookSide::Bid, &recorded.bids), side(BookSide::Ask, &recorded.asks)].concat()).unwrap();
            assert_eq!(rehash(&recorded, &book.view().unwrap()).as_deref(), Some(named.as_str()));
            book.set_level(BookSide::Bid, recorded.bids[0].price, Qty::HUNDREDTH).unwrap();
            assert_ne!(rehash(&recorded, &book.view().unwrap()).as_deref(), Some(named.as_str()));
        }
    }
}
