//! A recorded market as it is replayed: frames and spot in the venue's time, strike, close and result.
//!
//! Invariant: what is served for a moment is what was known at that moment; nothing later leaks.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use brier_book::Book;
use brier_kalshi_protocol::recording::Record;
use brier_kalshi_protocol::stream::Frame;
use brier_store::Lines;
use brier_types::{BookChange, MarketResult, MarketTicker, Timestamp};

use super::Table;

/// A recorded market.
#[derive(Debug)]
pub struct Session {
    /// The market.
    pub market: MarketTicker,
    /// The price the underlying must reach for YES.
    pub strike: f64,
    /// When it closed.
    pub close_time: Timestamp,
    /// How it resolved.
    pub result: MarketResult,
    /// What the venue read at the close, as text; empty where nobody recorded it.
    pub settlement_price: String,
    /// The venue's word for the prices at which it trades.
    pub price_structure: String,
    frames: Vec<(Timestamp, BookChange)>,
    /// Trades of the underlying; none where nobody recorded them.
    spot: Vec<(Timestamp, f64)>,
}

/// Every market of a folder that was recorded to its close and whose result is known, in the order of their closes.
///
/// Two forms are read. With `runs.csv`: recording runs over several markets, each with its spot file, and `markets.csv`.
/// Without: `markets.csv`, and for each of its rows `TICKER.ndjson.zst` with, where there is one, `TICKER.spot.csv.zst`.
///
/// # Errors
/// What cannot be read, with its file and line, and when there is none.
pub fn from_folder(folder: &Path) -> anyhow::Result<Vec<Session>> {
    let markets = Table::read(&folder.join("markets.csv"))?;
    let runs = folder.join("runs.csv");
    let mut sessions =
        if runs.exists() { from_runs(folder, &Table::read(&runs)?, &markets)? } else { from_files(folder, &markets)? };
    ensure!(
        !sessions.is_empty(),
        "{} holds no market that was recorded to its close with its result",
        folder.display()
    );
    sessions.sort_by_key(|session| session.close_time);
    Ok(sessions)
}

/// Reads the recording of one market.
///
/// # Errors
/// What is wrong with it, with the line.
pub fn read(ticker: &str, markets: &Table, frames: Lines, spot: Option<Lines>) -> anyhow::Result<Session> {
    let spot = spot.map(read_spot).transpose()?.unwrap_or_default();
    session(ticker, markets, read_frames(frames)?.remove(ticker), spot)
}

fn from_files(folder: &Path, markets: &Table) -> anyhow::Result<Vec<Session>> {
    let mut sessions = Vec::new();
    for row in &markets.rows {
        let ticker = markets.any(row, &["market_ticker", "window"])?;
        let spot = folder.join(format!("{ticker}.spot.csv.zst"));
        let spot = if spot.exists() { Some(Lines::open(&spot)?) } else { None };
        let session = read(ticker, markets, Lines::open(&folder.join(format!("{ticker}.ndjson.zst")))?, spot);
        sessions.push(session.with_context(|| format!("the recording of {ticker} in {}", folder.display()))?);
    }
    Ok(sessions)
}

/// A market counts as recorded to its close if its last frame came within this of it.
const TO_THE_CLOSE: Duration = Duration::from_secs(5);

fn from_runs(folder: &Path, runs: &Table, markets: &Table) -> anyhow::Result<Vec<Session>> {
    let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
    for row in &runs.rows {
        if runs.get(row, "spot_file")?.is_empty() {
            continue;
        }
        for session in run(folder, runs, row, markets)? {
            let whole = session.frames.last().is_some_and(|(time, _)| session.close_time.since(*time) < TO_THE_CLOSE);
            // Of a market that two runs recorded, the longer recording is used.
            let other = sessions.get(session.market.as_str());
            if whole && other.is_none_or(|other| session.start() < other.start()) {
                sessions.insert(session.market.to_string(), session);
            }
        }
    }
    Ok(sessions.into_values().collect())
}

/// The markets of one recording run whose result is known, however much of them was recorded.
pub(super) fn run(folder: &Path, runs: &Table, row: &[String], markets: &Table) -> anyhow::Result<Vec<Session>> {
    let (file, spot) = (runs.get(row, "file")?, runs.get(row, "spot_file")?);
    let spot = if spot.is_empty() { Vec::new() } else { read_spot(Lines::open(&folder.join(spot))?)? };
    let mut sessions = Vec::new();
    for (ticker, frames) in read_frames(Lines::open(&folder.join(file))?)? {
        let Some(row) = markets.find(&ticker) else { continue };
        if markets.get(row, "result")?.is_empty() {
            continue;
        }
        let session = session(&ticker, markets, Some(frames), spot.clone());
        sessions.push(session.with_context(|| format!("the recording of {ticker} in {file}"))?);
    }
    Ok(sessions)
}

type Frames = Vec<(Timestamp, BookChange)>;

fn session(
    ticker: &str,
    markets: &Table,
    frames: Option<Frames>,
    spot: Vec<(Timestamp, f64)>,
) -> anyhow::Result<Session> {
    let row = markets.find(ticker).context("markets.csv has no row for it")?;
    let strike = markets.any(row, &["strike", "floor_strike"])?;
    let result = match markets.get(row, "result")? {
        "yes" => MarketResult::Yes,
        "no" => MarketResult::No,
        other => bail!("expected the result yes or no, found `{other}`"),
    };
    let close_time = markets.get(row, "close_time")?.parse()?;
    // Named by the newer recorder; the older one recorded a series of this structure only.
    let structure = markets.get(row, "price_level_structure").unwrap_or("tapered_deci_cent");
    let mut frames = frames.context("its file has no frame of it")?;
    frames.retain(|(time, _)| *time <= close_time);
    ensure!(!frames.is_empty(), "it has no frame before its close");
    Ok(Session {
        market: ticker.parse()?,
        strike: strike.parse().with_context(|| format!("expected a strike, found `{strike}`"))?,
        close_time,
        result,
        settlement_price: markets.any(row, &["settlement_price", "expiration_value"])?.to_owned(),
        price_structure: structure.to_owned(),
        frames,
        spot,
    })
}

/// Frames of each market from its first snapshot on, stamped with the venue's time. A snapshot carries none and takes that
/// of the frame after it; the recorders' own clocks drift and are not used.
fn read_frames(mut lines: Lines) -> anyhow::Result<BTreeMap<String, Frames>> {
    let mut markets: BTreeMap<String, Vec<(Option<Timestamp>, BookChange)>> = BTreeMap::new();
    loop {
        let number = lines.line() + 1;
        let Some(line) = lines.next_line()? else { break };
        let frame = Record::parse(line).with_context(|| format!("line {number}"))?.decode();
        let (ticker, time, input) = match &frame.with_context(|| format!("line {number}"))? {
            Frame::Snapshot(snapshot) => (snapshot.market_ticker.to_string(), None, snapshot.to_input(false)?),
            Frame::Delta(delta) => {
                let time = delta.ts_ms.and_then(Timestamp::from_millis);
                (delta.market_ticker.to_string(), time, delta.to_input(false)?)
            }
            Frame::Ticker(_) | Frame::Trade(_) | Frame::Other(_) => continue,
        };
        let frames = markets.entry(ticker).or_default();
        if !frames.is_empty() || matches!(input.change, BookChange::Snapshot { .. }) {
            frames.push((time, input.change));
        }
    }
    Ok(markets
        .into_iter()
        .map(|(ticker, frames)| (ticker, stamp(frames)))
        .filter(|(_, frames)| !frames.is_empty())
        .collect())
}

fn stamp(frames: Vec<(Option<Timestamp>, BookChange)>) -> Frames {
    let mut next = None;
    let mut stamped = Vec::with_capacity(frames.len());
    for (time, change) in frames.into_iter().rev() {
        next = time.or(next);
        // A snapshot with nothing behind it is the recorder's last look at a market that has closed.
        if let Some(time) = next {
            stamped.push((time, change));
        }
    }
    stamped.reverse();
    stamped
}

fn read_spot(mut lines: Lines) -> anyhow::Result<Vec<(Timestamp, f64)>> {
    let mut spot: Vec<(Timestamp, f64)> = Vec::new();
    loop {
        let number = lines.line() + 1;
        let Some(row) = lines.next_line()? else { break };
        if number == 1 {
            continue; // The names of the columns.
        }
        let mut fields = row.split(',');
        let (time, price) = (fields.next(), fields.nth(1));
        let parsed = time.and_then(|time| time.parse().ok()).zip(price.and_then(|price| price.parse().ok()));
        spot.push(parsed.with_context(|| format!("spot line {number}: expected time,recv_ns,price, found `{row}`"))?);
    }
    spot.sort_by_key(|(time, _)| *time);
    Ok(spot)
}

impl Session {
    /// When its recording starts: the first moment whose book and spot are known.
    pub fn start(&self) -> Timestamp {
        let book = self.frames[0].0;
        self.spot.first().map_or(book, |(spot, _)| book.max(*spot))
    }

    /// Whether trades of the underlying were recorded.
    pub const fn has_spot(&self) -> bool {
        !self.spot.is_empty()
    }

    /// The first and the last moment whose book was recorded.
    pub fn recorded(&self) -> (Timestamp, Timestamp) {
        (self.frames[0].0, self.frames[self.frames.len() - 1].0)
    }

    /// Number of recorded book frames.
    pub fn frame_count(&self) -> usize {
        self.frames.len()
    }
}

/// Reads a session forward in time.
#[derive(Debug)]
pub struct Cursor<'a> {
    session: &'a Session,
    frame: usize,
    spot: usize,
    /// The recorded book as of the last moment.
    pub book: Book,
}

impl<'a> Cursor<'a> {
    /// At the start of a session, with an empty book.
    pub fn new(session: &'a Session) -> Self {
        Self { session, frame: 0, spot: 0, book: Book::new() }
    }

    /// Brings the book up to `now`, that moment included.
    ///
    /// # Errors
    /// When a recorded change does not fit the book.
    pub fn advance(&mut self, now: Timestamp) -> anyhow::Result<()> {
        while let Some((time, change)) = self.session.frames.get(self.frame) {
            if *time > now {
                break;
            }
            self.frame += 1;
            match change {
                BookChange::Snapshot { bids, asks } => {
                    let bids = bids.iter().map(|(price, qty)| (brier_types::BookSide::Bid, *price, *qty));
                    let asks = asks.iter().map(|(price, qty)| (brier_types::BookSide::Ask, *price, *qty));
                    self.book.load(bids.chain(asks))?;
                }
                BookChange::Delta { side, price, change } => {
                    self.book.apply_delta(*side, *price, *change)?;
                }
                BookChange::Level { side, price, qty } => {
                    self.book.set_level(*side, *price, *qty)?;
                }
            }
        }
        Ok(())
    }

    /// Spot trades since the last call, up to `now`.
    pub fn spot(&mut self, now: Timestamp) -> &'a [(Timestamp, f64)] {
        let rest = &self.session.spot[self.spot..];
        let count = rest.partition_point(|(time, _)| *time <= now);
        self.spot += count;
        &rest[..count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_lacks_a_column_is_refused_with_what_it_has() {
        let table = Table::parse("market_ticker,strike\nM,1\n").unwrap();
        let error = session("M", &table, Some(Vec::new()), Vec::new()).unwrap_err();
        assert!(error.to_string().contains("expected a column `result`"), "{error}");
        assert!(Table::parse("a,b\n1\n").is_err());
    }
}
