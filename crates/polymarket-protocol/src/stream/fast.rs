//! The scanner for the venue's usual layouts: known keys without whitespace or escapes, a change's keys in a fixed order.
//!
//! Between two values it compares the expected bytes in one step; numbers are read eight digits at a time. Anything
//! unexpected gives `None`, which means only "ask the general decoder". Hence every check below must be at least as
//! strict as the general decoder's: no control characters, no escapes, no key twice, nothing behind the end but a newline.

use brier_types::{Price, Qty, Timestamp};

use super::frame::{BestBidAsk, Book, Decoded, LastTrade, Lists, RawChange, Span, TickSizeChange};
use crate::ids::Side;
use crate::wire::{Surplus, read_unit};

/// One byte in all eight places.
const fn every(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const HIGH: u64 = every(0x80);

// Which keys an object has.
const EVENT_TYPE: u32 = 1;
const MARKET: u32 = 1 << 1;
const ASSET: u32 = 1 << 2;
const TIMESTAMP: u32 = 1 << 3;
const HASH: u32 = 1 << 4;
const BIDS: u32 = 1 << 5;
const ASKS: u32 = 1 << 6;
const CHANGES: u32 = 1 << 7;
const PRICE: u32 = 1 << 8;
const SIZE: u32 = 1 << 9;
const SIDE: u32 = 1 << 10;
const FEE: u32 = 1 << 11;
const TRANSACTION: u32 = 1 << 12;
const TICK: u32 = 1 << 13;
const LAST: u32 = 1 << 14;
const OLD_TICK: u32 = 1 << 15;
const NEW_TICK: u32 = 1 << 16;
const BEST_BID: u32 = 1 << 17;
const BEST_ASK: u32 = 1 << 18;
const SPREAD: u32 = 1 << 19;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Book,
    PriceChange,
    LastTrade,
    BestBidAsk,
    TickSizeChange,
}

/// The values of an object's keys, whatever its type.
struct Bag<'a> {
    seen: u32,
    kind: Kind,
    market: &'a str,
    asset: &'a str,
    timestamp: Timestamp,
    hash: Option<&'a str>,
    bids: usize,
    price: Price,
    size: Qty,
    side: Side,
    transaction: Option<&'a str>,
    tick: Option<Price>,
    last: Option<Price>,
    old_tick: Price,
    new_tick: Price,
    best_bid: Option<Price>,
    best_ask: Option<Price>,
}

/// Decodes an object of a usual layout.
#[inline]
pub(super) fn scan<'a>(text: &'a str, lists: &mut Lists) -> Option<Decoded<'a>> {
    let mut scan = Scan { text, rest: text.as_bytes() };
    let mut bag = Bag {
        seen: 0,
        kind: Kind::Book,
        market: "",
        asset: "",
        timestamp: Timestamp::EPOCH,
        hash: None,
        bids: 0,
        price: Price::ZERO,
        size: Qty::ZERO,
        side: Side::Buy,
        transaction: None,
        tick: None,
        last: None,
        old_tick: Price::ZERO,
        new_tick: Price::ZERO,
        best_bid: None,
        best_ask: None,
    };
    scan.literal(b"{")?;
    loop {
        let key = scan.key(&mut bag, lists)?;
        if bag.seen & key != 0 {
            return None;
        }
        bag.seen |= key;
        if scan.literal(b",").is_none() {
            break;
        }
    }
    match scan.rest {
        b"}" | b"}\n" => finish(&bag),
        _ => None,
    }
}

/// The frame, if its type has the keys that it must have and no others.
#[inline]
fn finish<'a>(bag: &Bag<'a>) -> Option<Decoded<'a>> {
    let has = |needed: u32, optional: u32| {
        let needed = needed | EVENT_TYPE | MARKET | TIMESTAMP;
        (bag.seen & needed == needed && bag.seen & !(needed | optional) == 0).then_some(())
    };
    let Bag { market, asset: asset_id, timestamp, .. } = *bag;
    Some(match bag.kind {
        Kind::PriceChange => {
            has(CHANGES, 0)?;
            Decoded::PriceChange { market, timestamp }
        }
        Kind::Book => {
            // Asks lie behind bids only if they came behind them.
            has(ASSET | BIDS | ASKS, HASH | TICK | LAST)?;
            let (hash, tick_size, last_trade_price) = (bag.hash, bag.tick, bag.last);
            let book = Book { market, asset_id, timestamp, hash, bids: &[], asks: &[], tick_size, last_trade_price };
            Decoded::Book(book, bag.bids)
        }
        Kind::LastTrade => {
            has(ASSET | PRICE | SIZE | SIDE, FEE | TRANSACTION)?;
            let Bag { price, size, side, transaction: transaction_hash, .. } = *bag;
            Decoded::LastTrade(LastTrade { market, asset_id, price, size, side, timestamp, transaction_hash })
        }
        Kind::BestBidAsk => {
            has(ASSET | BEST_BID | BEST_ASK, SPREAD)?;
            let Bag { best_bid, best_ask, .. } = *bag;
            Decoded::BestBidAsk(BestBidAsk { market, asset_id, best_bid, best_ask, timestamp })
        }
        Kind::TickSizeChange => {
            has(ASSET | OLD_TICK | NEW_TICK, 0)?;
            let Bag { old_tick: old_tick_size, new_tick: new_tick_size, .. } = *bag;
            Decoded::TickSizeChange(TickSizeChange { market, asset_id, old_tick_size, new_tick_size, timestamp })
        }
    })
}

/// A place in a text.
struct Scan<'a> {
    text: &'a str,
    /// What of the text lies ahead.
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
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

    /// Reads one key with its value and says which it was.
    #[inline]
    fn key(&mut self, bag: &mut Bag<'a>, lists: &mut Lists) -> Option<u32> {
        match *self.rest.get(1)? {
            b'm' => {
                self.literal(b"\"market\":\"")?;
                bag.market = self.condition()?;
                Some(MARKET)
            }
            b'p' => {
                if self.literal(b"\"price_changes\":[").is_some() {
                    self.changes(&mut lists.changes)?;
                    return Some(CHANGES);
                }
                self.literal(b"\"price\":\"")?;
                bag.price = self.price()?;
                Some(PRICE)
            }
            b't' => self.key_t(bag),
            b'e' => {
                self.literal(b"\"event_type\":\"")?;
                bag.kind = self.kind()?;
                Some(EVENT_TYPE)
            }
            b'a' => {
                if self.literal(b"\"asset_id\":\"").is_some() {
                    bag.asset = self.token()?;
                    return Some(ASSET);
                }
                self.literal(b"\"asks\":[")?;
                // The list is one: asks before bids are left to the general decoder.
                if bag.seen & BIDS == 0 {
                    return None;
                }
                self.levels(&mut lists.levels)?;
                Some(ASKS)
            }
            b'h' => {
                self.literal(b"\"hash\":\"")?;
                bag.hash = Some(self.hash()?);
                Some(HASH)
            }
            b'b' => {
                if self.literal(b"\"bids\":[").is_some() {
                    self.levels(&mut lists.levels)?;
                    bag.bids = lists.levels.len();
                    return Some(BIDS);
                }
                if self.literal(b"\"best_bid\":\"").is_some() {
                    bag.best_bid = Some(self.price()?);
                    return Some(BEST_BID);
                }
                self.literal(b"\"best_ask\":\"")?;
                bag.best_ask = Some(self.price()?);
                Some(BEST_ASK)
            }
            b's' => self.key_s(bag),
            _ => self.rare_key(bag),
        }
    }

    #[inline]
    fn key_t(&mut self, bag: &mut Bag<'a>) -> Option<u32> {
        if self.literal(b"\"timestamp\":\"").is_some() {
            bag.timestamp = self.millis()?;
            return Some(TIMESTAMP);
        }
        if self.literal(b"\"transaction_hash\":\"").is_some() {
            bag.transaction = Some(self.condition()?);
            return Some(TRANSACTION);
        }
        self.literal(b"\"tick_size\":\"")?;
        bag.tick = Some(self.price()?);
        Some(TICK)
    }

    #[inline]
    fn key_s(&mut self, bag: &mut Bag<'a>) -> Option<u32> {
        if self.literal(b"\"size\":\"").is_some() {
            bag.size = self.qty()?;
            return Some(SIZE);
        }
        if self.literal(b"\"side\":\"").is_some() {
            bag.side = self.side()?;
            return Some(SIDE);
        }
        self.literal(b"\"spread\":\"")?;
        self.price()?;
        Some(SPREAD)
    }

    #[inline]
    fn rare_key(&mut self, bag: &mut Bag<'a>) -> Option<u32> {
        if self.literal(b"\"fee_rate_bps\":\"").is_some() {
            self.string()?;
            return Some(FEE);
        }
        if self.literal(b"\"last_trade_price\":\"").is_some() {
            bag.last = Some(self.price()?);
            return Some(LAST);
        }
        if self.literal(b"\"old_tick_size\":\"").is_some() {
            bag.old_tick = self.price()?;
            return Some(OLD_TICK);
        }
        self.literal(b"\"new_tick_size\":\"")?;
        bag.new_tick = self.price()?;
        Some(NEW_TICK)
    }

    #[inline]
    fn kind(&mut self) -> Option<Kind> {
        if self.literal(b"price_change\"").is_some() {
            Some(Kind::PriceChange)
        } else if self.literal(b"book\"").is_some() {
            Some(Kind::Book)
        } else if self.literal(b"last_trade_price\"").is_some() {
            Some(Kind::LastTrade)
        } else if self.literal(b"best_bid_ask\"").is_some() {
            Some(Kind::BestBidAsk)
        } else {
            self.literal(b"tick_size_change\"").map(|()| Kind::TickSizeChange)
        }
    }

    /// The changes behind the opening bracket, through the closing one.
    #[inline]
    fn changes(&mut self, list: &mut Vec<RawChange>) -> Option<()> {
        if self.literal(b"]").is_some() {
            return Some(());
        }
        loop {
            list.push(self.change()?);
            if self.literal(b",").is_none() {
                return self.literal(b"]");
            }
        }
    }

    #[inline]
    fn change(&mut self) -> Option<RawChange> {
        self.literal(b"{\"asset_id\":\"")?;
        let asset = self.token()?;
        self.literal(b",\"price\":\"")?;
        let price = self.price()?;
        self.literal(b",\"size\":\"")?;
        let size = self.qty()?;
        self.literal(b",\"side\":\"")?;
        let side = self.side()?;
        self.literal(b",\"hash\":\"")?;
        let hash = self.hash()?;
        self.literal(b",\"best_bid\":\"")?;
        let best_bid = self.price()?;
        self.literal(b",\"best_ask\":\"")?;
        let best_ask = self.price()?;
        self.literal(b"}")?;
        Some(RawChange {
            asset: Span::new(self.text, asset)?,
            hash: Some(Span::new(self.text, hash)?),
            price,
            size,
            side,
            best_bid: Some(best_bid),
            best_ask: Some(best_ask),
        })
    }

    /// Levels behind the opening bracket, through the closing one.
    #[inline]
    fn levels(&mut self, list: &mut Vec<(Price, Qty)>) -> Option<()> {
        if self.literal(b"]").is_some() {
            return Some(());
        }
        loop {
            self.literal(b"{\"price\":\"")?;
            let price = self.price()?;
            self.literal(b",\"size\":\"")?;
            let size = self.qty()?;
            self.literal(b"}")?;
            list.push((price, size));
            if self.literal(b",").is_none() {
                return self.literal(b"]");
            }
        }
    }

    #[inline]
    fn side(&mut self) -> Option<Side> {
        if self.literal(b"BUY\"").is_some() { Some(Side::Buy) } else { self.literal(b"SELL\"").map(|()| Side::Sell) }
    }

    /// A text up to its closing quote, which is stepped over.
    fn string(&mut self) -> Option<&'a str> {
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

    /// A text that is usually 75 to 78 bytes long.
    #[inline]
    fn token(&mut self) -> Option<&'a str> {
        let Some(bytes) = self.rest.first_chunk::<80>() else { return self.string() };
        let (words, _) = bytes.as_chunks::<8>();
        let marked = words[..9].iter().fold(0, |found, word| found | special(u64::from_le_bytes(*word)));
        let end = special(u64::from_le_bytes(words[9]));
        if marked == 0 && end != 0 { self.close(72 + end.trailing_zeros() as usize / 8) } else { self.string() }
    }

    /// A text that is usually 66 bytes long.
    #[inline]
    fn condition(&mut self) -> Option<&'a str> {
        let Some(bytes) = self.rest.first_chunk::<66>() else { return self.string() };
        let (words, _) = bytes.as_chunks::<8>();
        // The last word overlaps the one before.
        let marked =
            words.iter().chain(bytes.last_chunk()).fold(0, |found, word| found | special(u64::from_le_bytes(*word)));
        if marked == 0 && self.rest.get(66) == Some(&b'"') { self.close(66) } else { self.string() }
    }

    /// A text that is usually 40 bytes long.
    #[inline]
    fn hash(&mut self) -> Option<&'a str> {
        let Some(bytes) = self.rest.first_chunk::<40>() else { return self.string() };
        let (words, _) = bytes.as_chunks::<8>();
        let marked = words.iter().fold(0, |found, word| found | special(u64::from_le_bytes(*word)));
        if marked == 0 && self.rest.get(40) == Some(&b'"') { self.close(40) } else { self.string() }
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

    /// Milliseconds since the epoch in 13 digits (2001 to 2286), with the closing quote.
    #[inline]
    fn millis(&mut self) -> Option<Timestamp> {
        let bytes: &[u8; 14] = self.rest.first_chunk()?;
        let word = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes) ^ every(b'0'));
        let (first, second) = (word(bytes.first_chunk())?, word(bytes[5..].first_chunk())?);
        if (non_digits(first) | non_digits(second)) != 0 || first as u8 == 0 || bytes[13] != b'"' {
            return None;
        }
        self.step(14)?;
        Timestamp::from_millis((eight_digits(first << 24) * 100_000_000 + eight_digits(second)) as i64)
    }

    /// Dollars up to the closing quote: `0.5"` to `0.9999"`, or another form of a price.
    #[inline]
    fn price(&mut self) -> Option<Price> {
        let Some(word) = self.word() else { return self.price_in_words() };
        if word as u16 == u16::from_le_bytes(*b"0.") {
            let tail = word >> 16;
            let count = zero_bytes(tail ^ every(b'"')).trailing_zeros() / 8;
            if (1..=4).contains(&count) {
                // The digits from the left, zeros behind them.
                let digits = (tail ^ every(b'0')) as u32 & (u32::MAX >> (32 - 8 * count));
                if ((digits & 0x7F7F_7F7F).wrapping_add(0x7676_7676) | digits) & 0x8080_8080 == 0 {
                    self.step(count as usize + 3)?;
                    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
                    return Price::new(((pairs & 0xFF) * 100 + ((pairs >> 16) & 0xFF)) as u16);
                }
            }
        }
        self.price_in_words()
    }

    #[cold]
    fn price_in_words(&mut self) -> Option<Price> {
        read_unit(self.string()?, Surplus::Refuse).ok()
    }

    /// Shares up to the closing quote: at most seven digits with up to six decimals, or another form of a quantity.
    #[inline]
    fn qty(&mut self) -> Option<Qty> {
        let Some(word) = self.word().map(|word| word ^ every(b'0')) else { return self.qty_in_words() };
        let count = leading_digits(word);
        if count == 0 || count > 7 {
            return self.qty_in_words();
        }
        let whole = eight_digits(word << (64 - 8 * count as u32)) * Qty::PER_CONTRACT;
        let end = (word >> (8 * count as u32)) as u8;
        if end == b'"' ^ b'0' {
            self.step(count + 1)?;
            return Qty::from_micros(whole);
        }
        if end != b'.' ^ b'0' {
            return None;
        }
        let start = self.rest;
        self.step(count + 1)?;
        let fraction = self.word()? ^ every(b'0');
        let decimals = leading_digits(fraction);
        if !(1..=6).contains(&decimals) || (fraction >> (8 * decimals as u32)) as u8 != b'"' ^ b'0' {
            self.rest = start;
            return self.qty_in_words();
        }
        self.step(decimals + 1)?;
        // The decimals from the left, zeros behind them: a count of 10^-8.
        let micros = eight_digits(fraction & (u64::MAX >> (64 - 8 * decimals as u32))) / 100;
        Qty::from_micros(whole + micros)
    }

    #[cold]
    fn qty_in_words(&mut self) -> Option<Qty> {
        read_unit(self.string()?, Surplus::Refuse).ok()
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
