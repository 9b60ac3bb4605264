//! A recorded market as the demo replays it: frames and spot in the venue's time, strike, close and result.
//!
//! Invariant: what is served for a moment is what was known at that moment; nothing later leaks.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use brier_book::Book;
use brier_kalshi_protocol::stream::{Frame, decode};
use brier_types::{BookChange, MarketResult, MarketTicker, Timestamp};

/// A recorded market.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) market: MarketTicker,
    /// The price the spot must reach for YES.
    pub(crate) strike: f64,
    pub(crate) close_time: Timestamp,
    pub(crate) result: MarketResult,
    /// What the venue read at the close, as text.
    pub(crate) settlement_price: String,
    frames: Vec<(Timestamp, BookChange)>,
    spot: Vec<(Timestamp, f64)>,
}

macro_rules! kept {
    ($ticker:literal) => {
        (
            $ticker,
            include_bytes!(concat!("../../data/demo/", $ticker, ".ndjson.zst")) as &[u8],
            include_bytes!(concat!("../../data/demo/", $ticker, ".spot.csv.zst")) as &[u8],
        )
    };
}
/// The markets kept in the project, in the order of their closes: file name and contents.
const KEPT: [(&str, &[u8], &[u8]); 4] = [
    kept!("KXBTC15M-26MAY130915-15"),
    kept!("KXBTC15M-26MAY131130-30"),
    kept!("KXBTC15M-26MAY131145-45"),
    kept!("KXBTC15M-26MAY131245-45"),
];
const KEPT_MARKETS: &str = include_str!("../../data/demo/markets.csv");

/// The markets kept in the project.
pub(crate) fn kept() -> anyhow::Result<Vec<Session>> {
    KEPT.iter()
        .map(|(ticker, frames, spot)| {
            load(ticker, frames, spot, KEPT_MARKETS).with_context(|| format!("the kept recording of {ticker}"))
        })
        .collect()
}

/// Every market of a folder in the form of `data/demo`: `markets.csv`, and `TICKER.ndjson.zst` with
/// `TICKER.spot.csv.zst` for each of its rows.
pub(crate) fn from_folder(folder: &Path) -> anyhow::Result<Vec<Session>> {
    let path = folder.join("markets.csv");
    let markets = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut sessions = Vec::new();
    for ticker in markets.lines().skip(1).filter_map(|row| row.split(',').next()).filter(|ticker| !ticker.is_empty()) {
        let read = |ending: &str| {
            let path = folder.join(format!("{ticker}.{ending}"));
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let session = load(ticker, &read("ndjson.zst")?, &read("spot.csv.zst")?, &markets);
        sessions.push(session.with_context(|| format!("the recording of {ticker} in {}", folder.display()))?);
    }
    ensure!(!sessions.is_empty(), "{} lists no market", path.display());
    sessions.sort_by_key(|session| session.close_time);
    Ok(sessions)
}

fn load(ticker: &str, frames: &[u8], spot: &[u8], markets: &str) -> anyhow::Result<Session> {
    let row = markets.lines().find(|row| row.split(',').next() == Some(ticker)).context("markets.csv has no row for it")?;
    let fields: Vec<&str> = row.split(',').collect();
    let [_, strike, close_time, result, settlement_price, ..] = fields[..] else {
        bail!("expected market_ticker,strike,close_time,result,settlement_price, found `{row}`");
    };
    let result = match result {
        "yes" => MarketResult::Yes,
        "no" => MarketResult::No,
        other => bail!("expected the result yes or no, found `{other}`"),
    };
    let session = Session {
        market: ticker.parse()?,
        strike: strike.parse().with_context(|| format!("expected a strike, found `{strike}`"))?,
        close_time: close_time.parse()?,
        result,
        settlement_price: settlement_price.to_owned(),
        frames: read_frames(&text(frames)?, ticker)?,
        spot: read_spot(&text(spot)?)?,
    };
    ensure!(!session.frames.is_empty() && !session.spot.is_empty(), "it has no frames or no spot");
    Ok(session)
}

fn text(compressed: &[u8]) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(compressed).context("expected zstd")?;
    decoder.read_to_string(&mut text).context("expected text in zstd")?;
    Ok(text)
}

/// Frames from the first snapshot on, stamped with the venue's time. A snapshot carries none and takes that of the frame
/// after it; the recorder's own clock drifts and is not used.
fn read_frames(text: &str, ticker: &str) -> anyhow::Result<Vec<(Timestamp, BookChange)>> {
    let mut frames: Vec<(Option<Timestamp>, BookChange)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let frame = decode(line).with_context(|| format!("line {}", number + 1))?;
        let (time, input) = match &frame {
            Frame::Snapshot(snapshot) if snapshot.market_ticker == ticker => (None, snapshot.to_input(false)?),
            Frame::Delta(delta) if delta.market_ticker == ticker => {
                (delta.ts_ms.and_then(Timestamp::from_millis), delta.to_input(false)?)
            }
            _ => continue,
        };
        if !frames.is_empty() || matches!(input.change, BookChange::Snapshot { .. }) {
            frames.push((time, input.change));
        }
    }
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
    Ok(stamped)
}

fn read_spot(text: &str) -> anyhow::Result<Vec<(Timestamp, f64)>> {
    let mut spot: Vec<(Timestamp, f64)> = Vec::new();
    for (number, row) in text.lines().enumerate().skip(1) {
        let mut fields = row.split(',');
        let (time, price) = (fields.next(), fields.nth(1));
        let parsed = time.and_then(|time| time.parse().ok()).zip(price.and_then(|price| price.parse().ok()));
        spot.push(parsed.with_context(|| format!("spot line {}: expected time,recv_ns,price, found `{row}`", number + 1))?);
    }
    spot.sort_by_key(|(time, _)| *time);
    Ok(spot)
}

impl Session {
    /// When its recording starts: the first moment whose book and spot are known.
    pub(crate) fn start(&self) -> Timestamp {
        self.frames[0].0.max(self.spot[0].0)
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
}
