//! A recorded market as the demo replays it: frames and spot in the venue's time, strike, close and result.
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

/// A recorded market.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) market: MarketTicker,
    /// The price the underlying must reach for YES.
    pub(crate) strike: f64,
    pub(crate) close_time: Timestamp,
    pub(crate) result: MarketResult,
    /// What the venue read at the close, as text; empty where nobody recorded it.
    pub(crate) settlement_price: String,
    /// The venue's word for the prices at which it trades.
    pub(crate) price_structure: String,
    frames: Vec<(Timestamp, BookChange)>,
    /// Trades of the underlying; none where nobody recorded them.
    spot: Vec<(Timestamp, f64)>,
}

/// A market kept in the program: its ticker, frames and spot.
struct Kept(&'static str, &'static [u8], &'static [u8]);

macro_rules! kept {
    ($ticker:literal) => {
        Kept(
            $ticker,
            include_bytes!(concat!("../../data/demo/", $ticker, ".ndjson.zst")),
            include_bytes!(concat!("../../data/demo/", $ticker, ".spot.csv.zst")),
        )
    };
}

/// In the order of their closes.
const KEPT: [Kept; 4] = [
    kept!("KXBTC15M-26MAY130915-15"),
    kept!("KXBTC15M-26MAY131130-30"),
    kept!("KXBTC15M-26MAY131145-45"),
    kept!("KXBTC15M-26MAY131245-45"),
];
const KEPT_MARKETS: &str = include_str!("../../data/demo/markets.csv");

/// The markets kept in the program.
pub(crate) fn kept() -> anyhow::Result<Vec<Session>> {
    let markets = Table::parse(KEPT_MARKETS)?;
    let load = |Kept(ticker, frames, spot): &Kept| {
        let lines = |bytes: &'static [u8]| Lines::from_reader(Path::new(ticker), bytes);
        let spot = read_spot(lines(spot)?)?;
        session(ticker, &markets, read_frames(lines(frames)?)?.remove(*ticker), spot)
    };
    KEPT.iter().map(|kept| load(kept).with_context(|| format!("the kept recording of {}", kept.0))).collect()
}

/// Every market of a folder that was recorded to its close and whose result is known, in the order of their closes.
///
/// Two forms are read. With `runs.csv`: recording runs over several markets, each with its spot file, and `markets.csv`.
/// Without: `markets.csv`, and for each of its rows `TICKER.ndjson.zst` with, where there is one, `TICKER.spot.csv.zst`.
pub(crate) fn from_folder(folder: &Path) -> anyhow::Result<Vec<Session>> {
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

fn from_files(folder: &Path, markets: &Table) -> anyhow::Result<Vec<Session>> {
    let mut sessions = Vec::new();
    for row in &markets.rows {
        let ticker = markets.any(row, &["market_ticker", "window"])?;
        let spot = folder.join(format!("{ticker}.spot.csv.zst"));
        let spot = if spot.exists() { read_spot(Lines::open(&spot)?)? } else { Vec::new() };
        let mut frames = read_frames(Lines::open(&folder.join(format!("{ticker}.ndjson.zst")))?)?;
        let session = session(ticker, markets, frames.remove(ticker), spot);
        sessions.push(session.with_context(|| format!("the recording of {ticker} in {}", folder.display()))?);
    }
    Ok(sessions)
}

/// A market counts as recorded to its close if its last frame came within this of it.
const TO_THE_CLOSE: Duration = Duration::from_secs(5);

fn from_runs(folder: &Path, runs: &Table, markets: &Table) -> anyhow::Result<Vec<Session>> {
    let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
    for run in &runs.rows {
        let spot = runs.get(run, "spot_file")?;
        if spot.is_empty() {
            continue;
        }
        let spot = read_spot(Lines::open(&folder.join(spot))?)?;
        let file = runs.get(run, "file")?;
        for (ticker, frames) in read_frames(Lines::open(&folder.join(file))?)? {
            let Some(row) = markets.find(&ticker) else { continue };
            if markets.get(row, "result")?.is_empty() {
                continue;
            }
            let session = session(&ticker, markets, Some(frames), spot.clone());
            let session = session.with_context(|| format!("the recording of {ticker} in {file}"))?;
            let whole = session.frames.last().is_some_and(|(time, _)| session.close_time.since(*time) < TO_THE_CLOSE);
            // Of a market that two runs recorded, the longer recording is used.
            let longer = sessions.get(&ticker).is_none_or(|other| session.start() < other.start());
            if whole && longer {
                sessions.insert(ticker, session);
            }
        }
    }
    Ok(sessions.into_values().collect())
}

/// A CSV file whose columns are found by name. The recorded tables quote nothing.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let mut lines = text.lines();
        let columns = split(lines.next().context("expected a line of column names, found nothing")?);
        let rows: Vec<_> = lines.map(split).collect();
        for (number, row) in rows.iter().enumerate() {
            ensure!(
                row.len() == columns.len(),
                "line {}: expected {} columns, found {}",
                number + 2,
                columns.len(),
                row.len()
            );
        }
        Ok(Self { columns, rows })
    }

    fn get<'a>(&self, row: &'a [String], column: &str) -> anyhow::Result<&'a str> {
        self.any(row, &[column])
    }

    /// The first of `columns` that there is: the two recorders named theirs differently.
    fn any<'a>(&self, row: &'a [String], columns: &[&str]) -> anyhow::Result<&'a str> {
        let index = self.columns.iter().position(|known| columns.contains(&known.as_str()));
        let index = index
            .with_context(|| format!("expected a column `{}`, found {:?}", columns.join("` or `"), self.columns))?;
        Ok(&row[index])
    }

    fn find(&self, ticker: &str) -> Option<&[String]> {
        self.rows.iter().find(|row| row.first().is_some_and(|first| first == ticker)).map(Vec::as_slice)
    }
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
    pub(crate) fn start(&self) -> Timestamp {
        let book = self.frames[0].0;
        self.spot.first().map_or(book, |(spot, _)| book.max(*spot))
    }

    /// Number of recorded book frames.
    pub(crate) fn frame_count(&self) -> usize {
        self.frames.len()
    }
}

/// Reads a session forward in time.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    session: &'a Session,
    frame: usize,
    spot: usize,
    /// The recorded book as of the last moment.
    pub(crate) book: Book,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(session: &'a Session) -> Self {
        Self { session, frame: 0, spot: 0, book: Book::new() }
    }

    /// Brings the book up to `now`, that moment included.
    pub(crate) fn advance(&mut self, now: Timestamp) -> anyhow::Result<()> {
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
    pub(crate) fn spot(&mut self, now: Timestamp) -> &'a [(Timestamp, f64)] {
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
    fn the_kept_recordings_are_in_order_and_end_as_their_settlement_says() {
        let sessions = kept().unwrap();
        assert_eq!(sessions.len(), 4);
        assert!(sessions.is_sorted_by_key(|session| session.close_time));
        for session in &sessions {
            let price: f64 = session.settlement_price.parse().unwrap();
            let result = if price >= session.strike { MarketResult::Yes } else { MarketResult::No };
            assert_eq!(session.result, result, "{}", session.market);
            assert!(session.start() < session.close_time);
            let mut cursor = Cursor::new(session);
            cursor.advance(session.start()).unwrap();
            assert!(cursor.book.view().is_ok(), "{} starts with a book", session.market);
            cursor.advance(session.close_time).unwrap();
            assert!(!cursor.spot(session.close_time).is_empty());
            assert!(cursor.spot(session.close_time).is_empty(), "spot is given once");
        }
    }

    #[test]
    fn a_folder_of_the_other_recorder_is_read_without_spot() {
        let sessions = from_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/gold"))).unwrap();
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions[0].price_structure, "linear_cent");
        assert!(sessions.iter().all(|session| session.spot.is_empty() && session.frame_count() > 10_000));
    }

    #[test]
    fn a_table_that_lacks_a_column_is_refused_with_what_it_has() {
        let table = Table::parse("market_ticker,strike\nM,1\n").unwrap();
        let error = session("M", &table, Some(Vec::new()), Vec::new()).unwrap_err();
        assert!(error.to_string().contains("expected a column `result`"), "{error}");
        assert!(Table::parse("a,b\n1\n").is_err());
    }
}
