//! Kalshi's market-data stream through the decoder into the books, timed, with the answer's checksum, and a plain
//! `serde_json` decoder with B-tree books to compare with in the same run.
//!
//! The input is a file of one frame a line, as `workloads` writes it. A socket hands over one checked text at a time, so
//! splitting the lines and checking UTF-8 are not timed; everything from a frame's text to the changed book is.

use std::time::Duration;

use brier_book::{BookSet, Effect, SequencePolicy, Step};
use brier_kalshi_protocol::stream::{Delta, Frame, Snapshot, decode};
use brier_types::{BookSide, MarketTicker, Price, Qty, SubscriptionId};

use crate::cpu::CpuTimer;
use crate::fnv::Fnv;

mod baseline;
mod generate;
pub mod polymarket;

pub use baseline::{Baseline, run_baseline};
pub use generate::generate;

/// Why a stream cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum DecodeFailure {
    /// The file is no text.
    #[error("expected lines of UTF-8, found other bytes at {at}; give a file of one frame a line")]
    Utf8 {
        /// Offset in bytes.
        at: usize,
    },
    /// A frame is malformed.
    #[error("line {line}: {problem}")]
    Frame {
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// What a run over a stream gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeRun {
    /// Frames decoded.
    pub frames: u64,
    /// Their length in all.
    pub bytes: u64,
    /// CPU time of this thread, or wall time where the system does not tell.
    pub elapsed: Duration,
    /// Levels in all books at the end.
    pub levels: u64,
    /// Checksum of all books at the end, as `workloads/README.md` defines it.
    pub fnv_books: u64,
    /// Messages that cost a book its trust.
    pub losses: u64,
}

impl DecodeRun {
    /// Nanoseconds per frame.
    pub fn ns_per_frame(&self) -> f64 {
        self.elapsed.as_nanos() as f64 / self.frames.max(1) as f64
    }

    /// Frames per second.
    pub fn frames_per_second(&self) -> f64 {
        self.frames as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// The frames of a file: its lines that are not empty.
///
/// # Errors
/// [`DecodeFailure::Utf8`] when the file is no text.
pub fn frames(file: &[u8]) -> Result<Vec<&str>, DecodeFailure> {
    let text = std::str::from_utf8(file).map_err(|error| DecodeFailure::Utf8 { at: error.valid_up_to() })?;
    Ok(text.lines().filter(|line| !line.is_empty()).collect())
}

/// Decodes every frame and applies it to books made anew. The workload's NO ladders are in NO prices.
///
/// # Errors
/// [`DecodeFailure::Frame`] at the first malformed frame.
pub fn run(frames: &[&str]) -> Result<DecodeRun, DecodeFailure> {
    let mut feed = Feed::new(SequencePolicy::Continuous);
    let timer = CpuTimer::start();
    for (index, frame) in frames.iter().enumerate() {
        if let Err(problem) = feed.take(frame) {
            return Err(DecodeFailure::Frame { line: index + 1, problem });
        }
    }
    let elapsed = timer.elapsed();
    Ok(DecodeRun {
        frames: frames.len() as u64,
        bytes: frames.iter().map(|frame| frame.len() as u64).sum(),
        elapsed,
        levels: feed.books.iter().map(|(_, _, book)| level_count(book)).sum(),
        fnv_books: checksum(&feed.books),
        losses: feed.losses,
    })
}

fn level_count(book: &brier_book::Book) -> u64 {
    let view = book.view_untrusted();
    (view.level_count(BookSide::Bid) + view.level_count(BookSide::Ask)) as u64
}

/// Books fed with the text of frames.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The books.
    pub books: BookSet,
    /// Messages that cost a book its trust.
    pub losses: u64,
    use_yes_price: bool,
}

impl Feed {
    /// No books yet; NO ladders come in NO prices.
    pub fn new(policy: SequencePolicy) -> Self {
        Self { books: BookSet::new(policy), losses: 0, use_yes_price: false }
    }

    /// Decodes one frame and applies it.
    ///
    /// # Errors
    /// What is wrong with the frame, for people.
    #[inline]
    pub fn take(&mut self, text: &str) -> Result<(), String> {
        // Matched in place: a decoded frame is 200 bytes that need not move.
        let decoded = decode(text);
        match &decoded {
            Ok(Frame::Delta(delta)) => self.delta(delta),
            Ok(Frame::Snapshot(snapshot)) => return self.snapshot(snapshot),
            Ok(frame @ (Frame::Ticker(_) | Frame::Trade(_) | Frame::Other(_))) => {
                let head = frame.head();
                if let (Some(sid), Some(seq)) = (head.sid, head.seq) {
                    self.losses += u64::from(self.books.skip(sid, seq).is_some());
                }
                std::hint::black_box(frame);
            }
            Err(error) => return Err(error.to_string()),
        }
        Ok(())
    }

    #[inline]
    fn delta(&mut self, delta: &Delta<'_>) {
        let (sid, seq) = place(delta.head.sid, delta.head.seq);
        let lost = match self.books.slot(&delta.market_ticker) {
            Some(slot) => {
                let (side, price) = delta.in_yes_terms(self.use_yes_price);
                self.books.apply_delta(sid, seq, slot, side, price, delta.delta).lost
            }
            // Nobody has seen this market: without a snapshot the change means nothing, but its number counts.
            None => self.books.skip(sid, seq),
        };
        self.losses += u64::from(lost.is_some());
    }

    fn snapshot(&mut self, snapshot: &Snapshot<'_>) -> Result<(), String> {
        let (sid, seq) = place(snapshot.head.sid, snapshot.head.seq);
        let slot = if let Some(slot) = self.books.slot(&snapshot.market_ticker) {
            slot
        } else {
            let ticker = MarketTicker::new(&snapshot.market_ticker).map_err(|error| error.to_string())?;
            self.books.add(&ticker)
        };
        let Step { effect, lost } =
            self.books.apply_snapshot(sid, seq, slot, snapshot.in_yes_terms(self.use_yes_price));
        debug_assert!(matches!(effect, Effect::Rebuilt | Effect::Refused), "a snapshot rebuilds or is refused");
        self.losses += u64::from(lost.is_some());
        Ok(())
    }
}

/// Recordings may lack the subscription; one counter then holds for all.
fn place(sid: Option<SubscriptionId>, seq: Option<u64>) -> (SubscriptionId, u64) {
    (sid.unwrap_or(SubscriptionId(0)), seq.unwrap_or(0))
}

/// FNV-1a over the books in the order of their first snapshot: side yes then no, prices 1 to 99 cents of that side, the
/// quantity in hundredths of a contract as little-endian i64, 0 where nothing stands.
pub fn checksum(books: &BookSet) -> u64 {
    let mut hash = Fnv::new();
    for (_, _, book) in books.iter() {
        let view = book.view_untrusted();
        let mut level = |side, price| hash.i64(hundredths(view.qty_at(side, price)));
        for cents in 1..100 {
            level(BookSide::Bid, Price::from_cents(cents).expect("below 100 cents"));
        }
        for cents in 1..100 {
            level(BookSide::Ask, Price::from_cents(cents).expect("below 100 cents").complement());
        }
    }
    hash.value()
}

fn hundredths(qty: Qty) -> i64 {
    (qty.micros() / Qty::HUNDREDTH.micros()) as i64
}

#[cfg(test)]
mod tests;
