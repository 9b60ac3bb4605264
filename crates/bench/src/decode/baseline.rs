//! What one writes first: owned structs by `serde_json`, decimal texts parsed one by one, a B-tree per ladder, a hash map
//! of markets. The measure for what the work on the hot path is worth.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{DecodeFailure, DecodeRun};
use crate::cpu::CpuTimer;
use crate::fnv::Fnv;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    OrderbookSnapshot {
        sid: u64,
        seq: u64,
        msg: Snapshot,
    },
    OrderbookDelta {
        sid: u64,
        seq: u64,
        msg: Change,
    },
    Ticker {
        sid: u64,
        msg: Summary,
    },
    Trade {
        sid: u64,
        seq: u64,
        msg: Match,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Snapshot {
    market_ticker: String,
    #[serde(rename = "market_id")]
    _market_id: String,
    #[serde(default)]
    yes_dollars_fp: Vec<(String, String)>,
    #[serde(default)]
    no_dollars_fp: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Change {
    market_ticker: String,
    #[serde(rename = "market_id")]
    _market_id: String,
    price_dollars: String,
    delta_fp: String,
    side: String,
    #[serde(rename = "ts")]
    _ts: String,
    #[serde(rename = "ts_ms")]
    _ts_ms: i64,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded to be compared on equal work, not to be read")]
struct Summary {
    market_ticker: String,
    market_id: String,
    price_dollars: String,
    yes_bid_dollars: String,
    yes_ask_dollars: String,
    volume_fp: String,
    open_interest_fp: String,
    dollar_volume: i64,
    dollar_open_interest: i64,
    yes_bid_size_fp: String,
    yes_ask_size_fp: String,
    last_trade_size_fp: String,
    ts: i64,
    ts_ms: i64,
    time: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded to be compared on equal work, not to be read")]
struct Match {
    trade_id: String,
    market_ticker: String,
    yes_price_dollars: String,
    no_price_dollars: String,
    count_fp: String,
    taker_side: String,
    ts: i64,
    ts_ms: i64,
}

#[derive(Default)]
struct Book {
    yes: BTreeMap<u16, i64>,
    no: BTreeMap<u16, i64>,
}

/// The plain decoder with its books.
#[derive(Default)]
pub struct Baseline {
    places: HashMap<String, usize>,
    books: Vec<Book>,
    last: HashMap<u64, u64>,
    losses: u64,
}

impl std::fmt::Debug for Baseline {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Baseline").field("markets", &self.books.len()).finish_non_exhaustive()
    }
}

/// A decimal as a whole number of its `decimals`-th parts.
fn fixed(text: &str, decimals: u32) -> Result<i64, String> {
    brier_types::parse_fixed(text.as_bytes(), decimals).ok_or_else(|| format!("no decimal: `{text}`"))
}

fn pips(text: &str) -> Result<u16, String> {
    fixed(text, 4).and_then(|value| u16::try_from(value).map_err(|error| error.to_string()))
}

impl Baseline {
    /// No books yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one frame and applies it.
    ///
    /// # Errors
    /// What is wrong with the frame, for people.
    pub fn take(&mut self, text: &str) -> Result<(), String> {
        match serde_json::from_str(text).map_err(|error: serde_json::Error| error.to_string())? {
            Message::OrderbookDelta { sid, seq, msg } => {
                self.count(sid, seq);
                self.delta(&msg)
            }
            Message::OrderbookSnapshot { sid, seq, msg } => {
                self.count(sid, seq);
                self.snapshot(msg)
            }
            Message::Trade { sid, seq, msg } => {
                self.count(sid, seq);
                pips(&msg.yes_price_dollars)?;
                pips(&msg.no_price_dollars)?;
                fixed(&msg.count_fp, 6)?;
                std::hint::black_box(&msg);
                Ok(())
            }
            Message::Ticker { sid, msg } => {
                for price in [&msg.price_dollars, &msg.yes_bid_dollars, &msg.yes_ask_dollars] {
                    pips(price)?;
                }
                for qty in [
                    &msg.volume_fp,
                    &msg.open_interest_fp,
                    &msg.yes_bid_size_fp,
                    &msg.yes_ask_size_fp,
                    &msg.last_trade_size_fp,
                ] {
                    fixed(qty, 6)?;
                }
                std::hint::black_box((sid, &msg));
                Ok(())
            }
            Message::Other => Ok(()),
        }
    }

    fn count(&mut self, sid: u64, seq: u64) {
        let last = self.last.insert(sid, seq).unwrap_or(0);
        self.losses += u64::from(seq != last + 1);
    }

    fn delta(&mut self, msg: &Change) -> Result<(), String> {
        let Some(place) = self.places.get(&msg.market_ticker) else { return Ok(()) };
        let book = &mut self.books[*place];
        let ladder = if msg.side == "yes" { &mut book.yes } else { &mut book.no };
        let (price, change) = (pips(&msg.price_dollars)?, fixed(&msg.delta_fp, 6)?);
        let level = ladder.entry(price).or_insert(0);
        *level += change;
        if *level == 0 {
            ladder.remove(&price);
        } else if *level < 0 {
            return Err(format!("negative level in {}", msg.market_ticker));
        }
        Ok(())
    }

    fn snapshot(&mut self, msg: Snapshot) -> Result<(), String> {
        let read = |levels: &[(String, String)]| {
            levels.iter().map(|(price, qty)| Ok((pips(price)?, fixed(qty, 6)?))).collect::<Result<_, String>>()
        };
        let book = Book { yes: read(&msg.yes_dollars_fp)?, no: read(&msg.no_dollars_fp)? };
        if let Some(place) = self.places.get(&msg.market_ticker) {
            self.books[*place] = book;
        } else {
            self.places.insert(msg.market_ticker, self.books.len());
            self.books.push(book);
        }
        Ok(())
    }

    /// The checksum that [`super::checksum`] gives of the same books.
    pub fn checksum(&self) -> u64 {
        let mut hash = Fnv::new();
        for ladder in self.books.iter().flat_map(|book| [&book.yes, &book.no]) {
            for cents in 1..100 {
                hash.i64(ladder.get(&(cents * 100)).map_or(0, |micros| micros / 10_000));
            }
        }
        hash.value()
    }

    fn levels(&self) -> u64 {
        self.books.iter().map(|book| (book.yes.len() + book.no.len()) as u64).sum()
    }
}

/// As [`super::run`], with the plain decoder and B-trees.
///
/// # Errors
/// [`DecodeFailure::Frame`] at the first malformed frame.
pub fn run_baseline(frames: &[&str]) -> Result<DecodeRun, DecodeFailure> {
    let mut baseline = Baseline::new();
    let timer = CpuTimer::start();
    for (index, frame) in frames.iter().enumerate() {
        baseline.take(frame).map_err(|problem| DecodeFailure::Frame { line: index + 1, problem })?;
    }
    let elapsed = timer.elapsed();
    Ok(DecodeRun {
        frames: frames.len() as u64,
        bytes: frames.iter().map(|frame| frame.len() as u64).sum(),
        elapsed,
        levels: baseline.levels(),
        fnv_books: baseline.checksum(),
        losses: baseline.losses,
    })
}
