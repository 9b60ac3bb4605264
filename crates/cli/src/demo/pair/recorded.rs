//! What was recorded of one event on both venues: their best quotes in rounds on one clock, and the match that decided it.
//!
//! Only the best prices are known, so nothing lies behind them. Titles and rules were not recorded: those here were written for
//! the demo, and say so.
//!
//! Invariant: what is served for a moment is what was known at that moment; nothing later leaks.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use brier_book::Book;
use brier_store::Lines;
use brier_types::{BookSide, MarketResult, Price, Qty, Timestamp};
use serde::Deserialize;
use serde_json::Value;

const QUOTES: &[u8] = include_bytes!("../../../data/demo/world_cup/quotes.csv.zst");
const MATCH: &str = include_str!("../../../data/demo/world_cup/match.csv");
const LISTINGS: &str = include_str!("../../../data/demo/world_cup/listings.json");
/// Who is beaten does not win the cup.
const RESULT: MarketResult = MarketResult::No;

/// How both venues list the event, as their administrations take it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listings {
    pub(crate) kalshi: KalshiListing,
    pub(crate) polymarket: Value,
}

/// Kalshi's part.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct KalshiListing {
    pub(crate) series: Value,
    pub(crate) event: Value,
    pub(crate) market: Value,
}

/// The best prices of a market with their quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) bid: (Price, Qty),
    pub(crate) ask: (Price, Qty),
}

impl Quote {
    /// As a book of one level on each side.
    pub(crate) fn book(&self) -> anyhow::Result<Book> {
        let mut book = Book::new();
        book.load([(BookSide::Bid, self.bid.0, self.bid.1), (BookSide::Ask, self.ask.0, self.ask.1)])?;
        Ok(book)
    }
}

/// One round: both quotes, known when the later of them had been fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    pub(crate) kalshi: Quote,
    pub(crate) polymarket: Quote,
}

/// What was recorded.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) listings: Listings,
    pub(crate) moments: Vec<Moment>,
    /// What the recorder noted of the match, and when: the end comes last.
    pub(crate) happened: Vec<(Timestamp, String)>,
    pub(crate) result: MarketResult,
}

/// The recording kept in the program.
pub(crate) fn kept() -> anyhow::Result<Recording> {
    let listings = serde_json::from_str(LISTINGS).context("the kept listings of the event")?;
    let moments = moments(Lines::from_reader(Path::new("quotes.csv.zst"), QUOTES)?).context("the kept quotes")?;
    let happened = happened().context("the kept match")?;
    let last = moments.last().context("no quote is kept")?;
    ensure!(happened.last().is_some_and(|(at, _)| *at > last.at), "the match ends before its quotes do");
    Ok(Recording { listings, moments, happened, result: RESULT })
}

fn happened() -> anyhow::Result<Vec<(Timestamp, String)>> {
    let row = |line: &str| {
        let (time, what) = line.split_once(',').with_context(|| format!("expected time,what, found `{line}`"))?;
        Ok((time.parse()?, what.to_owned()))
    };
    // The names of the columns come first.
    let rows = MATCH.lines().skip(1).map(row).collect::<anyhow::Result<Vec<(Timestamp, String)>>>()?;
    ensure!(rows.is_sorted_by_key(|(at, _)| *at), "it is not in order");
    Ok(rows)
}

/// Rounds of two lines, Kalshi's first.
fn moments(mut lines: Lines) -> anyhow::Result<Vec<Moment>> {
    let (mut moments, mut first) = (Vec::<Moment>::new(), None);
    loop {
        let number = lines.line() + 1;
        let Some(line) = lines.next_line()? else { break };
        if number == 1 {
            continue; // The names of the columns.
        }
        let (at, venue, quote) = quote(line).with_context(|| format!("line {number}: `{line}`"))?;
        match (venue.as_str(), first.take()) {
            ("kalshi", None) => first = Some(quote),
            ("polymarket", Some(kalshi)) => moments.push(Moment { at, kalshi, polymarket: quote }),
            (found, _) => bail!("line {number}: expected kalshi and polymarket in turn, found `{found}`"),
        }
    }
    ensure!(first.is_none(), "the last round has no line of polymarket");
    ensure!(moments.is_sorted_by(|one, next| one.at < next.at), "its rounds are not in order");
    Ok(moments)
}

/// `fetched,venue,bid,bid_qty,ask,ask_qty`, prices in dollars.
fn quote(line: &str) -> anyhow::Result<(Timestamp, String, Quote)> {
    let fields: Vec<&str> = line.split(',').collect();
    let [at, venue, bid, bid_qty, ask, ask_qty] = fields[..] else {
        bail!("expected six fields, found {}", fields.len())
    };
    let level = |price: &str, qty: &str| -> anyhow::Result<(Price, Qty)> {
        Ok((Price::parse(price.as_bytes())?, Qty::parse(qty.as_bytes())?))
    };
    Ok((at.parse()?, venue.to_owned(), Quote { bid: level(bid, bid_qty)?, ask: level(ask, ask_qty)? }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_kept_rounds_are_in_order_without_a_hole_and_every_book_can_be_read() {
        let recording = kept().unwrap();
        assert_eq!((recording.moments.len(), recording.happened.len(), recording.result), (188, 4, MarketResult::No));
        let gap = recording.moments.windows(2).map(|pair| pair[1].at.since(pair[0].at)).max().unwrap();
        assert!(gap < Duration::from_secs(6), "{gap:?}");
        for moment in &recording.moments {
            for quote in [moment.kalshi, moment.polymarket] {
                assert!(quote.book().unwrap().view().is_ok(), "{moment:?}");
            }
        }
        let first = recording.moments[0];
        assert_eq!(first.at.to_string(), "2026-07-06T01:35:01.8Z");
        assert_eq!((first.kalshi.bid.0.pips(), first.kalshi.bid.1.to_string().as_str()), (620, "12.10"));
        assert_eq!((first.polymarket.ask.0.pips(), first.polymarket.ask.1.to_string().as_str()), (410, "2448.39"));
    }

    #[test]
    fn what_was_not_recorded_says_that_it_was_written_for_the_demo() {
        let listings = kept().unwrap().listings;
        for text in [&listings.kalshi.market["rules_secondary"], &listings.polymarket["description"]] {
            assert!(text.as_str().unwrap().contains("Written for the demo, not the venue's text."), "{text}");
        }
    }

    #[test]
    fn a_round_that_lacks_a_venue_is_refused_with_its_line() {
        let lines = |text: &'static str| Lines::from_reader(Path::new("q"), text.as_bytes()).unwrap();
        let kalshi = "2026-07-06T01:35:01Z,kalshi,0.062,12.10,0.067,1432.60\n";
        let polymarket = "2026-07-06T01:35:02Z,polymarket,0.04,3352.99,0.041,2448.39\n";
        let text: &'static str = Box::leak(format!("names\n{kalshi}{polymarket}").into_boxed_str());
        assert_eq!(moments(lines(text)).unwrap().len(), 1);
        let text: &'static str = Box::leak(format!("names\n{kalshi}{kalshi}").into_boxed_str());
        let error = moments(lines(text)).unwrap_err().to_string();
        assert_eq!(error, "line 3: expected kalshi and polymarket in turn, found `kalshi`");
        let error = format!("{:#}", moments(lines("names\n2026-07-06T01:35:01Z,kalshi,0.062\n")).unwrap_err());
        assert!(error.starts_with("line 2: `2026-07-06T01:35:01Z,kalshi,0.062`: expected six fields"), "{error}");
    }
}
