//! Polymarket's market channel through the decoder into the YES books, timed, and a plain `serde_json` decoder with B-tree
//! books to compare with in the same run.
//!
//! Which tokens there are is known before the first frame, as on a socket that was subscribed by token: the table of tokens
//! is made untimed. The NO tokens' events are decoded and not applied: they say the same again.

use std::collections::{BTreeMap, HashMap};

use brier_book::{BookSet, MarketSlot, SequencePolicy};
use brier_polymarket_protocol::convert::{Listing, TokenMap, levels, yes_terms};
use brier_polymarket_protocol::stream::{Decoder, Frame};
use brier_types::{BookSide, MarketTicker, Outcome, Price, SubscriptionId};
use serde::Deserialize;

use super::{DecodeFailure, DecodeRun, hundredths, level_count};
use crate::cpu::CpuTimer;
use crate::fnv::Fnv;

const SUBSCRIPTION: SubscriptionId = SubscriptionId(1);

/// The markets of a file: the first book of a condition is the YES token's, the next one's is the NO token's.
///
/// # Errors
/// [`DecodeFailure::Frame`] at the first malformed frame.
pub fn listings(frames: &[&str]) -> Result<Vec<Listing>, DecodeFailure> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut decoder = Decoder::new();
    for (index, text) in frames.iter().enumerate() {
        let frame = decoder.decode(text).map_err(|error| failure(index, &error))?;
        let Frame::Book(book) = frame else { continue };
        let place = *places.entry(book.market.to_owned()).or_insert(found.len());
        if place == found.len() {
            found.push((book.market.to_owned(), Vec::new()));
        }
        let tokens = &mut found[place].1;
        if !tokens.iter().any(|token| token == book.asset_id) {
            tokens.push(book.asset_id.to_owned());
        }
    }
    found
        .into_iter()
        .map(|(market, tokens)| {
            let problem =
                || DecodeFailure::Frame { line: 1, problem: format!("{market}: expected books of two tokens") };
            let market_ticker = MarketTicker::new(&market).map_err(|_not_an_id| problem())?;
            let [yes, no] = <[String; 2]>::try_from(tokens).map_err(|_other_count| problem())?;
            Ok(Listing { market: market_ticker, yes, no })
        })
        .collect()
}

fn failure(index: usize, problem: &impl ToString) -> DecodeFailure {
    DecodeFailure::Frame { line: index + 1, problem: problem.to_string() }
}

/// Books fed with the text of frames.
#[derive(Debug)]
pub struct Feed {
    decoder: Decoder,
    tokens: TokenMap,
    /// The YES books.
    pub books: BookSet,
    slots: Vec<MarketSlot>,
    sequence: u64,
    /// Messages that cost a book its trust.
    pub losses: u64,
}

impl Feed {
    /// Empty books of these markets.
    pub fn new(listings: Vec<Listing>) -> Self {
        let mut books = BookSet::new(SequencePolicy::Continuous);
        let markets: Vec<MarketTicker> = listings.iter().map(|listing| listing.market.clone()).collect();
        books.subscribe(SUBSCRIPTION, SequencePolicy::Continuous, &markets);
        let slots = markets.iter().map(|market| books.add(market)).collect();
        let mut tokens = TokenMap::new();
        for listing in listings {
            tokens.insert(listing);
        }
        Self { decoder: Decoder::new(), tokens, books, slots, sequence: 0, losses: 0 }
    }

    /// Decodes one frame and applies it.
    ///
    /// # Errors
    /// What is wrong with the frame, for people.
    #[inline]
    pub fn take(&mut self, text: &str) -> Result<(), String> {
        match self.decoder.decode(text) {
            Ok(Frame::PriceChange(frame)) => {
                for change in frame.changes.iter() {
                    let Some(token) = self.tokens.get(change.asset_id) else { continue };
                    if token.outcome == Outcome::No {
                        continue;
                    }
                    let (side, price) = yes_terms(token.outcome, change.side, change.price);
                    self.sequence += 1;
                    let slot = self.slots[token.market as usize];
                    let step = self.books.apply_level(SUBSCRIPTION, self.sequence, slot, side, price, change.size);
                    self.losses += u64::from(step.lost.is_some());
                }
            }
            Ok(Frame::Book(book)) => {
                if let Some(token) = self.tokens.get(book.asset_id)
                    && token.outcome == Outcome::Yes
                {
                    self.sequence += 1;
                    let slot = self.slots[token.market as usize];
                    let step =
                        self.books.apply_snapshot(SUBSCRIPTION, self.sequence, slot, levels(&book, token.outcome));
                    self.losses += u64::from(step.lost.is_some());
                }
            }
            Ok(frame) => {
                std::hint::black_box(&frame);
            }
            Err(error) => return Err(error.to_string()),
        }
        Ok(())
    }
}

/// Decodes every frame and applies it to books made anew.
///
/// # Errors
/// [`DecodeFailure::Frame`] at the first malformed frame.
pub fn run(frames: &[&str]) -> Result<DecodeRun, DecodeFailure> {
    let mut feed = Feed::new(listings(frames)?);
    let timer = CpuTimer::start();
    for (index, frame) in frames.iter().enumerate() {
        feed.take(frame).map_err(|problem| failure(index, &problem))?;
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

/// FNV-1a over the YES books in the order of the markets: bids then asks, prices 1 to 99 cents, the quantity in hundredths
/// as little-endian i64, 0 where nothing stands.
pub fn checksum(books: &BookSet) -> u64 {
    let mut hash = Fnv::new();
    for (_, _, book) in books.iter() {
        let view = book.view_untrusted();
        for side in [BookSide::Bid, BookSide::Ask] {
            for cents in 1..100 {
                hash.i64(hundredths(view.qty_at(side, Price::from_cents(cents).expect("below 100 cents"))));
            }
        }
    }
    hash.value()
}

#[derive(Deserialize)]
#[serde(tag = "event_type", rename_all = "snake_case")]
#[expect(dead_code, reason = "decoded to be compared on equal work, not to be read")]
enum Message {
    Book {
        market: String,
        asset_id: String,
        bids: Vec<Level>,
        asks: Vec<Level>,
        timestamp: String,
        hash: String,
    },
    PriceChange {
        market: String,
        price_changes: Vec<Change>,
        timestamp: String,
    },
    LastTradePrice {
        market: String,
        asset_id: String,
        price: String,
        size: String,
        side: String,
        timestamp: String,
    },
    BestBidAsk {
        market: String,
        asset_id: String,
        best_bid: String,
        best_ask: String,
        timestamp: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Level {
    price: String,
    size: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded to be compared on equal work, not to be read")]
struct Change {
    asset_id: String,
    price: String,
    size: String,
    side: String,
    hash: String,
    best_bid: String,
    best_ask: String,
}

#[derive(Default)]
struct PlainBook {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

/// The plain decoder with its books: owned structs by `serde_json`, decimals parsed one by one, a B-tree per side.
#[derive(Default)]
pub struct Baseline {
    places: HashMap<String, usize>,
    books: Vec<PlainBook>,
}

impl std::fmt::Debug for Baseline {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Baseline").field("markets", &self.books.len()).finish_non_exhaustive()
    }
}

fn fixed(text: &str, decimals: u32) -> Result<i64, String> {
    brier_types::parse_fixed(text.as_bytes(), decimals).ok_or_else(|| format!("no decimal: `{text}`"))
}

impl Baseline {
    /// Empty books of these markets.
    pub fn new(listings: &[Listing]) -> Self {
        let places = listings.iter().enumerate().map(|(place, listing)| (listing.yes.clone(), place)).collect();
        Self { places, books: listings.iter().map(|_listing| PlainBook::default()).collect() }
    }

    /// Decodes one frame and applies it.
    ///
    /// # Errors
    /// What is wrong with the frame, for people.
    pub fn take(&mut self, text: &str) -> Result<(), String> {
        match serde_json::from_str(text).map_err(|error: serde_json::Error| error.to_string())? {
            Message::Book { asset_id, bids, asks, .. } => {
                let read = |levels: &[Level]| {
                    levels.iter().map(|level| Ok((fixed(&level.price, 4)?, fixed(&level.size, 6)?))).collect::<Result<
                        BTreeMap<_, _>,
                        String,
                    >>(
                    )
                };
                let book = PlainBook { bids: read(&bids)?, asks: read(&asks)? };
                if let Some(place) = self.places.get(&asset_id) {
                    self.books[*place] = book;
                }
            }
            Message::PriceChange { price_changes, .. } => {
                for change in &price_changes {
                    let (price, size) = (fixed(&change.price, 4)?, fixed(&change.size, 6)?);
                    std::hint::black_box((fixed(&change.best_bid, 4)?, fixed(&change.best_ask, 4)?));
                    let Some(place) = self.places.get(&change.asset_id) else { continue };
                    let book = &mut self.books[*place];
                    let side = if change.side == "BUY" { &mut book.bids } else { &mut book.asks };
                    if size == 0 {
                        side.remove(&price);
                    } else {
                        side.insert(price, size);
                    }
                }
            }
            other => {
                std::hint::black_box(&other);
            }
        }
        Ok(())
    }

    /// The checksum that [`checksum`] gives of the same books.
    pub fn checksum(&self) -> u64 {
        let mut hash = Fnv::new();
        for side in self.books.iter().flat_map(|book| [&book.bids, &book.asks]) {
            for cents in 1..100 {
                hash.i64(side.get(&(cents * 100)).map_or(0, |micros| micros / 10_000));
            }
        }
        hash.value()
    }
}

/// Runs the plain decoder over every frame.
///
/// # Errors
/// [`DecodeFailure::Frame`] at the first malformed frame.
pub fn run_baseline(frames: &[&str]) -> Result<DecodeRun, DecodeFailure> {
    let mut plain = Baseline::new(&listings(frames)?);
    let timer = CpuTimer::start();
    for (index, frame) in frames.iter().enumerate() {
        plain.take(frame).map_err(|problem| failure(index, &problem))?;
    }
    let elapsed = timer.elapsed();
    Ok(DecodeRun {
        frames: frames.len() as u64,
        bytes: frames.iter().map(|frame| frame.len() as u64).sum(),
        elapsed,
        levels: plain.books.iter().map(|book| (book.bids.len() + book.asks.len()) as u64).sum(),
        fnv_books: plain.checksum(),
        losses: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: [&str; 4] = [
        r#"{"event_type":"book","asset_id":"11","market":"0xa","bids":[{"price":"0.4","size":"3"}],"asks":[{"price":"0.6","size":"7.5"}],"timestamp":"1795192200000","hash":"aa"}"#,
        r#"{"event_type":"book","asset_id":"22","market":"0xa","bids":[{"price":"0.4","size":"7.5"}],"asks":[{"price":"0.6","size":"3"}],"timestamp":"1795192200000","hash":"bb"}"#,
        r#"{"market":"0xa","price_changes":[{"asset_id":"11","price":"0.41","size":"10","side":"BUY","hash":"cc","best_bid":"0.41","best_ask":"0.6"},{"asset_id":"22","price":"0.59","size":"10","side":"SELL","hash":"dd","best_bid":"0.4","best_ask":"0.59"}],"timestamp":"1795192200001","event_type":"price_change"}"#,
        r#"{"market":"0xa","price_changes":[{"asset_id":"11","price":"0.6","size":"0","side":"SELL","hash":"cc","best_bid":"0.41","best_ask":"1"},{"asset_id":"22","price":"0.4","size":"0","side":"BUY","hash":"dd","best_bid":"0","best_ask":"0.59"}],"timestamp":"1795192200002","event_type":"price_change"}"#,
    ];

    #[test]
    fn both_decoders_build_the_same_yes_book() {
        let (ours, plain) = (run(&FRAMES).unwrap(), run_baseline(&FRAMES).unwrap());
        assert_eq!((ours.fnv_books, ours.levels, ours.losses), (plain.fnv_books, plain.levels, 0));
        assert_eq!(ours.levels, 2, "0.40 x 3 and 0.41 x 10 are left");
    }

    #[test]
    fn a_market_with_one_token_says_so() {
        let error = run(&FRAMES[..1]).unwrap_err();
        assert_eq!(error.to_string(), "line 1: 0xa: expected books of two tokens");
    }
}
