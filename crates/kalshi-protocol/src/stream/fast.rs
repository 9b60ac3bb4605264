//! The scanner for the venue's usual layout: fixed keys in a fixed order, no whitespace, no escapes.
//!
//! Between two values it compares the expected bytes in one step; numbers are read eight digits at a time. Anything
//! unexpected gives `None`, which means only "ask the general decoder". Hence every check below must be at least as
//! strict as JSON: no control characters, no escapes, no leading zeros, nothing behind the end but one newline.

use std::borrow::Cow;

use brier_types::{BookSide, Outcome, Price, Qty, SignedQty, SubscriptionId};

use super::frame::{Delta, Frame, Head, Levels, Snapshot, Ticker, Trade, WireLevels};

/// One byte in all eight places.
const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const HIGH: u64 = every(0x80);

/// Decodes a frame of the usual layout.
#[inline]
pub(super) fn scan(text: &str) -> Option<Frame<'_>> {
    let mut scan = Scan::new(text);
    if scan.literal(b"{\"type\":\"orderbook_delta\",\"sid\":").is_some() {
        return delta(&mut scan).map(Frame::Delta);
    }
    if scan.literal(b"{\"type\":\"ticker\",\"sid\":").is_some() {
        return ticker(&mut scan).map(Frame::Ticker);
    }
    if scan.literal(b"{\"type\":\"trade\",\"sid\":").is_some() {
        return trade(&mut scan).map(Frame::Trade);
    }
    scan.literal(b"{\"type\":\"orderbook_snapshot\",\"sid\":")?;
    snapshot(&mut scan).map(Frame::Snapshot)
}

#[inline]
fn delta<'a>(scan: &mut Scan<'a>) -> Option<Delta<'a>> {
    let head = scan.head_with_seq()?;
    scan.literal(b"\"market_ticker\":\"")?;
    let market_ticker = scan.text()?;
    scan.literal(b",\"market_id\":\"")?;
    let market_id = scan.uuid()?;
    scan.literal(b",\"price_dollars\":")?;
    let price = scan.price()?;
    scan.literal(b",\"delta_fp\":\"")?;
    let delta = scan.signed_qty()?;
    scan.literal(b",\"side\":\"")?;
    let side = scan.outcome()?;
    scan.literal(b",\"ts\":\"")?;
    let ts = scan.text()?;
    scan.literal(b",\"ts_ms\":")?;
    let ts_ms = scan.millis()?;
    scan.end()?;
    Some(Delta {
        head,
        market_ticker: Cow::Borrowed(market_ticker),
        market_id: Some(Cow::Borrowed(market_id)),
        price,
        delta,
        side,
        ts: Some(Cow::Borrowed(ts)),
        ts_ms: Some(ts_ms),
        client_order_id: None,
        subaccount: None,
    })
}

fn snapshot<'a>(scan: &mut Scan<'a>) -> Option<Snapshot<'a>> {
    let head = scan.head_with_seq()?;
    scan.literal(b"\"market_ticker\":\"")?;
    let market_ticker = scan.text()?;
    scan.literal(b",\"market_id\":\"")?;
    let market_id = scan.uuid()?;
    let yes = if scan.literal(b",\"yes_dollars_fp\":[").is_some() { scan.levels()? } else { WireLevels::EMPTY };
    let no = if scan.literal(b",\"no_dollars_fp\":[").is_some() { scan.levels()? } else { WireLevels::EMPTY };
    scan.end()?;
    Some(Snapshot {
        head,
        market_ticker: Cow::Borrowed(market_ticker),
        market_id: Some(Cow::Borrowed(market_id)),
        yes,
        no,
    })
}

fn ticker<'a>(scan: &mut Scan<'a>) -> Option<Ticker<'a>> {
    let sid = scan.number()?;
    let head = scan.head(sid, None)?;
    scan.literal(b"\"market_ticker\":\"")?;
    let market_ticker = scan.text()?;
    scan.literal(b",\"market_id\":\"")?;
    let market_id = scan.uuid()?;
    scan.literal(b",\"price_dollars\":")?;
    let price = scan.price()?;
    scan.literal(b",\"yes_bid_dollars\":")?;
    let yes_bid = scan.price()?;
    scan.literal(b",\"yes_ask_dollars\":")?;
    let yes_ask = scan.price()?;
    // Two orders are in use: the totals before the sizes (recorded) and after them (documented).
    let early = scan.totals();
    scan.literal(b",\"yes_bid_size_fp\":\"")?;
    let yes_bid_size = scan.qty()?;
    scan.literal(b",\"yes_ask_size_fp\":\"")?;
    let yes_ask_size = scan.qty()?;
    scan.literal(b",\"last_trade_size_fp\":\"")?;
    let last_trade_size = scan.qty()?;
    let totals = match early {
        Some(totals) => totals,
        None => scan.totals()?,
    };
    scan.literal(b",\"ts\":")?;
    let ts = i64::try_from(scan.number()?).ok()?;
    scan.literal(b",\"ts_ms\":")?;
    let ts_ms = scan.millis()?;
    scan.literal(b",\"time\":\"")?;
    let time = scan.text()?;
    scan.end()?;
    Some(Ticker {
        head,
        market_ticker: Cow::Borrowed(market_ticker),
        market_id: Some(Cow::Borrowed(market_id)),
        price,
        yes_bid,
        yes_ask,
        yes_bid_size: Some(yes_bid_size),
        yes_ask_size: Some(yes_ask_size),
        last_trade_size: Some(last_trade_size),
        volume: Some(totals.volume),
        open_interest: Some(totals.open_interest),
        dollar_volume: Some(totals.dollar_volume),
        dollar_open_interest: Some(totals.dollar_open_interest),
        ts: Some(ts),
        ts_ms: Some(ts_ms),
        time: Some(Cow::Borrowed(time)),
    })
}

fn trade<'a>(scan: &mut Scan<'a>) -> Option<Trade<'a>> {
    let head = scan.head_with_seq()?;
    scan.literal(b"\"trade_id\":\"")?;
    let trade_id = scan.uuid()?;
    scan.literal(b",\"market_ticker\":\"")?;
    let market_ticker = scan.text()?;
    scan.literal(b",\"yes_price_dollars\":")?;
    let yes_price = scan.price()?;
    scan.literal(b",\"no_price_dollars\":")?;
    let no_price = scan.price()?;
    scan.literal(b",\"count_fp\":\"")?;
    let count = scan.qty()?;
    scan.literal(b",\"taker_side\":\"")?;
    let taker_side = scan.outcome()?;
    let taker_outcome_side =
        if scan.literal(b",\"taker_outcome_side\":\"").is_some() { Some(scan.outcome()?) } else { None };
    let taker_book_side =
        if scan.literal(b",\"taker_book_side\":\"").is_some() { Some(scan.book_side()?) } else { None };
    let is_block_trade = if scan.literal(b",\"is_block_trade\":false").is_some() {
        Some(false)
    } else {
        scan.literal(b",\"is_block_trade\":true").map(|()| true)
    };
    scan.literal(b",\"ts\":")?;
    let ts = i64::try_from(scan.number()?).ok()?;
    scan.literal(b",\"ts_ms\":")?;
    let ts_ms = scan.millis()?;
    scan.end()?;
    Some(Trade {
        head,
        trade_id: Cow::Borrowed(trade_id),
        market_ticker: Cow::Borrowed(market_ticker),
        yes_price,
        no_price: Some(no_price),
        count,
        taker_side: Some(taker_side),
        taker_outcome_side,
        taker_book_side,
        is_block_trade,
        ts: Some(ts),
        ts_ms: Some(ts_ms),
    })
}

/// The four totals of a ticker, which stand together.
struct Totals {
    volume: Qty,
    open_interest: Qty,
    dollar_volume: i64,
    dollar_open_interest: i64,
}

/// A place in a text.
#[derive(Clone, Debug)]
struct Scan<'a> {
    text: &'a str,
    /// What of the text lies ahead.
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    #[inline]
    const fn new(text: &'a str) -> Self {
        Self { text, rest: text.as_bytes() }
    }

    /// The next eight bytes, the first in the lowest place.
    #[inline]
    fn word(&self) -> Option<u64> {
        self.rest.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    #[inline]
    fn step(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    /// Steps over exactly these bytes, or stays.
    #[inline]
    fn literal<const N: usize>(&mut self, expected: &[u8; N]) -> Option<()> {
        match self.rest.split_first_chunk() {
            Some((found, rest)) if found == expected => {
                self.rest = rest;
                Some(())
            }
            _ => None,
        }
    }

    #[inline]
    fn head_with_seq(&mut self) -> Option<Head> {
        let sid = self.number()?;
        self.literal(b",\"seq\":")?;
        let seq = self.number()?;
        self.head(sid, Some(seq))
    }

    /// The rest of the envelope up to the message's braces.
    #[inline]
    fn head(&mut self, sid: u64, seq: Option<u64>) -> Option<Head> {
        let mut sending_ts_ms = None;
        if self.literal(b",\"msg\":{").is_none() {
            self.literal(b",\"sending_ts_ms\":")?;
            sending_ts_ms = Some(self.millis()?);
            self.literal(b",\"msg\":{")?;
        }
        Some(Head { sid: Some(SubscriptionId(sid)), seq, id: None, sending_ts_ms })
    }

    /// A text up to its closing quote, which is stepped over.
    #[inline]
    fn text(&mut self) -> Option<&'a str> {
        let start = self.rest;
        let length = loop {
            let special = special(self.word().unwrap_or_else(|| self.last_word()));
            if special != 0 {
                break start.len() - self.rest.len() + special.trailing_zeros() as usize / 8;
            }
            self.step(8)?;
        };
        self.rest = start;
        self.close(length)
    }

    /// The bytes to the end, when they are fewer than eight, with zeros behind, which end a text.
    #[cold]
    fn last_word(&self) -> u64 {
        self.rest.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
    }

    /// A text that is usually 36 bytes long.
    #[inline]
    fn uuid(&mut self) -> Option<&'a str> {
        let Some(bytes) = self.rest.first_chunk::<36>() else { return self.text() };
        // Four words and the last one again, which overlaps the fourth.
        let (words, _) = bytes.as_chunks::<8>();
        let marked =
            words.iter().chain(bytes.last_chunk()).fold(0, |found, word| found | special(u64::from_le_bytes(*word)));
        if marked == 0 { self.close(36) } else { self.text() }
    }

    /// The next `length` bytes as a text, if a quote closes it there.
    #[inline]
    fn close(&mut self, length: usize) -> Option<&'a str> {
        let start = self.text.len() - self.rest.len();
        let (quote, rest) = self.rest.get(length..)?.split_first()?;
        if *quote != b'"' {
            return None;
        }
        self.rest = rest;
        self.text.get(start..start + length)
    }

    /// A non-negative JSON integer of up to 15 digits.
    #[inline]
    fn number(&mut self) -> Option<u64> {
        let digits = self.word()? ^ every(b'0');
        let count = leading_digits(digits);
        if count == 0 || (count > 1 && digits as u8 == 0) {
            return None;
        }
        self.step(count)?;
        let value = eight_digits(digits << (64 - 8 * count as u32));
        if count < 8 { Some(value) } else { self.longer_number(value) }
    }

    /// The rest of a number whose first eight digits are `value`.
    fn longer_number(&mut self, value: u64) -> Option<u64> {
        let digits = self.word()? ^ every(b'0');
        let count = leading_digits(digits);
        self.step(count)?;
        match count {
            0 => Some(value),
            1..8 => Some(value * 10_u64.pow(count as u32) + eight_digits(digits << (64 - 8 * count as u32))),
            _ => None,
        }
    }

    /// Milliseconds since the epoch: 13 digits from 2001 to 2286, and something else behind.
    #[inline]
    fn millis(&mut self) -> Option<i64> {
        let bytes: &[u8; 14] = self.rest.first_chunk()?;
        let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes) ^ every(b'0'));
        let (first, second) = (word(bytes.first_chunk())?, word(bytes[5..].first_chunk())?);
        if (non_digits(first) | non_digits(second)) != 0 || first as u8 == 0 || bytes[13].is_ascii_digit() {
            return None;
        }
        self.step(13)?;
        Some((eight_digits(first << 24) * 100_000_000 + eight_digits(second)) as i64)
    }

    /// A quoted price: `"0.4200"`, or another form of a price.
    #[inline]
    fn price(&mut self) -> Option<Price> {
        const FRAME: u64 = u64::from_le_bytes([0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF]);
        const SHAPE: u64 = u64::from_le_bytes(*b"\"0.\0\0\0\0\"");
        let (bytes, rest) = self.rest.split_first_chunk()?;
        let word = u64::from_le_bytes(*bytes);
        let digits = ((word >> 24) as u32) ^ 0x3030_3030;
        if word & FRAME != SHAPE || (((digits & 0x7F7F_7F7F) + 0x7676_7676) | digits) & 0x8080_8080 != 0 {
            return self.price_in_words();
        }
        self.rest = rest;
        let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
        Price::new(((pairs & 0xFF) * 100 + ((pairs >> 16) & 0xFF)) as u16)
    }

    #[cold]
    fn price_in_words(&mut self) -> Option<Price> {
        self.literal(b"\"")?;
        Price::parse(self.text()?.as_bytes()).ok()
    }

    /// Contracts up to the closing quote.
    #[inline]
    fn qty(&mut self) -> Option<Qty> {
        match self.hundredths() {
            Some(hundredths) => Qty::from_hundredths(hundredths),
            None => Qty::parse(self.text()?.as_bytes()).ok(),
        }
    }

    /// Contracts with a sign up to the closing quote.
    #[inline]
    fn signed_qty(&mut self) -> Option<SignedQty> {
        let start = self.rest;
        let negative = *start.first()? == b'-';
        self.step(usize::from(negative))?;
        let Some(hundredths) = self.hundredths() else {
            self.rest = start;
            return SignedQty::parse(self.text()?.as_bytes()).ok();
        };
        let micros = hundredths as i64 * 10_000;
        SignedQty::from_micros(if negative { -micros } else { micros })
    }

    /// `375.00"` as 37,500: one to seven digits, a point, two digits and the closing quote; or stays.
    #[inline]
    fn hundredths(&mut self) -> Option<u64> {
        let word = self.word()?;
        let points = zero_bytes(word ^ every(b'.'));
        let count = points.trailing_zeros() as usize / 8;
        if points == 0 || count == 0 {
            return None;
        }
        let digits = (word ^ every(b'0')) << (64 - 8 * count as u32);
        let ([_, tenths, hundredths, quote], rest) = self.rest.get(count..)?.split_first_chunk::<4>()?;
        let (tenths, hundredths) = (tenths ^ b'0', hundredths ^ b'0');
        if non_digits(digits) != 0 || tenths > 9 || hundredths > 9 || *quote != b'"' {
            return None;
        }
        self.rest = rest;
        Some(eight_digits(digits) * 100 + u64::from(tenths * 10 + hundredths))
    }

    #[inline]
    fn outcome(&mut self) -> Option<Outcome> {
        if self.literal(b"yes\"").is_some() { Some(Outcome::Yes) } else { self.literal(b"no\"").map(|()| Outcome::No) }
    }

    fn book_side(&mut self) -> Option<BookSide> {
        if self.literal(b"bid\"").is_some() {
            Some(BookSide::Bid)
        } else {
            self.literal(b"ask\"").map(|()| BookSide::Ask)
        }
    }

    fn totals(&mut self) -> Option<Totals> {
        self.literal(b",\"volume_fp\":\"")?;
        let volume = self.qty()?;
        self.literal(b",\"open_interest_fp\":\"")?;
        let open_interest = self.qty()?;
        self.literal(b",\"dollar_volume\":")?;
        let dollar_volume = i64::try_from(self.number()?).ok()?;
        self.literal(b",\"dollar_open_interest\":")?;
        let dollar_open_interest = i64::try_from(self.number()?).ok()?;
        Some(Totals { volume, open_interest, dollar_volume, dollar_open_interest })
    }

    /// The levels of a ladder behind its opening bracket, through the closing one. An empty list is left to the general
    /// decoder: the venue leaves the key out instead.
    fn levels(&mut self) -> Option<WireLevels<'a>> {
        // To the end of the frame: a second reading must see the same bytes behind the last level.
        let text = self.text.get(self.text.len() - self.rest.len()..)?;
        let mut count = 0;
        loop {
            self.level()?;
            count += 1;
            if self.literal(b",").is_none() {
                self.literal(b"]")?;
                return Some(WireLevels(Levels::Scanned { text, count }));
            }
        }
    }

    /// `["0.0100","36.00"]`
    #[inline]
    fn level(&mut self) -> Option<(Price, Qty)> {
        self.literal(b"[")?;
        let price = self.price()?;
        self.literal(b",\"")?;
        let qty = self.qty()?;
        self.literal(b"]")?;
        Some((price, qty))
    }

    /// The end of the message and of the frame; the venue may add a newline.
    #[inline]
    fn end(&self) -> Option<()> {
        match self.rest {
            b"}}" | b"}}\n" => Some(()),
            _ => None,
        }
    }
}

/// The levels of a ladder that [`Scan::levels`] has passed.
#[derive(Clone, Debug)]
pub(super) struct LevelScan<'a> {
    scan: Scan<'a>,
    left: usize,
}

impl<'a> LevelScan<'a> {
    pub(super) const fn new(text: &'a str, count: usize) -> Self {
        Self { scan: Scan::new(text), left: count }
    }
}

impl Iterator for LevelScan<'_> {
    type Item = (Price, Qty);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let level = self.scan.level()?;
        self.scan.step(1)?; // The comma or the closing bracket.
        Some(level)
    }
}

/// Marks the bytes that end or change a text: quote, backslash, control characters. The lowest mark is exact.
#[inline]
const fn special(word: u64) -> u64 {
    // With this bit turned, the quote lands just above the control characters, which stay among themselves.
    let turned = word ^ every(0x02);
    let quote_or_control = turned.wrapping_sub(every(0x21)) & !turned & HIGH;
    quote_or_control | zero_bytes(word ^ every(b'\\'))
}

/// Marks the bytes that are zero. The lowest mark is exact.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(every(1)) & !word & HIGH
}

/// Marks the bytes above 9. Every mark is exact.
#[inline]
const fn non_digits(word: u64) -> u64 {
    (((word & !HIGH) + every(0x76)) | word) & HIGH
}

/// How many bytes from the lowest on are at most 9.
#[inline]
const fn leading_digits(word: u64) -> usize {
    non_digits(word).trailing_zeros() as usize / 8
}

/// The number whose decimal digits are the bytes of `word`, the first digit in the lowest byte.
#[inline]
const fn eight_digits(word: u64) -> u64 {
    const FOURTH: u64 = 0x0000_00FF_0000_00FF;
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let low = (pairs & FOURTH).wrapping_mul(100 + (1_000_000 << 32));
    let high = ((pairs >> 16) & FOURTH).wrapping_mul(1 + (10_000 << 32));
    low.wrapping_add(high) >> 32
}
