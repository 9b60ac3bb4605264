//! The hot frames of the market channel, and the decoder that reads them without copying.

use std::borrow::Cow;

use brier_types::{Price, Qty, Timestamp};

use super::error::DecodeError;
use super::{fast, general};
use crate::ids::Side;

/// One event of the market channel. Everything borrows from the frame or from the decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// `book`
    Book(Book<'a>),
    /// `price_change`
    PriceChange(PriceChange<'a>),
    /// `last_trade_price`
    LastTrade(LastTrade<'a>),
    /// `best_bid_ask`
    BestBidAsk(BestBidAsk<'a>),
    /// `tick_size_change`
    TickSizeChange(TickSizeChange<'a>),
    /// Any other type, with its text left as it is: [`super::market::new_market`] and
    /// [`super::market::market_resolved`] read the two that are documented.
    Other(Other<'a>),
}

/// The whole book of one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Book<'a> {
    /// Condition id.
    pub market: &'a str,
    /// Token id.
    pub asset_id: &'a str,
    /// When, by the venue's clock.
    pub timestamp: Timestamp,
    /// Names the state of the book.
    pub hash: Option<&'a str>,
    /// The token's bids as sent.
    pub bids: &'a [(Price, Qty)],
    /// The token's asks as sent.
    pub asks: &'a [(Price, Qty)],
    /// Tick size in dollars, where it is sent.
    pub tick_size: Option<Price>,
    /// Last price in dollars, where it is sent.
    pub last_trade_price: Option<Price>,
}

/// Levels that hold another quantity than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceChange<'a> {
    /// Condition id.
    pub market: &'a str,
    /// When, by the venue's clock.
    pub timestamp: Timestamp,
    /// The levels, in order.
    pub changes: Changes<'a>,
}

/// What one level of one token's book holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// Token id.
    pub asset_id: &'a str,
    /// Dollars.
    pub price: Price,
    /// Shares at this level now; zero removes it.
    pub size: Qty,
    /// `Buy` is a bid, `Sell` an ask, for this token.
    pub side: Side,
    /// Names the state of the token's book after this change.
    pub hash: Option<&'a str>,
    /// Best bid of the token after this change, where it is sent; 0 without one.
    pub best_bid: Option<Price>,
    /// Best ask of the token after this change, where it is sent; 1 without one.
    pub best_ask: Option<Price>,
}

/// A list of changes that borrows from frame and decoder.
#[derive(Clone, Copy)]
pub struct Changes<'a> {
    text: &'a str,
    list: &'a [RawChange],
}

impl<'a> Changes<'a> {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The changes in order.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Change<'a>> + use<'a> {
        let text = self.text;
        self.list.iter().map(move |raw| Change {
            asset_id: raw.asset.of(text),
            price: raw.price,
            size: raw.size,
            side: raw.side,
            hash: raw.hash.map(|hash| hash.of(text)),
            best_bid: raw.best_bid,
            best_ask: raw.best_ask,
        })
    }
}

impl PartialEq for Changes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Changes<'_> {}

impl std::fmt::Debug for Changes<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

/// A match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTrade<'a> {
    /// Condition id.
    pub market: &'a str,
    /// Token id.
    pub asset_id: &'a str,
    /// Dollars.
    pub price: Price,
    /// Shares.
    pub size: Qty,
    /// The taker's side.
    pub side: Side,
    /// When, by the venue's clock.
    pub timestamp: Timestamp,
    /// The settling transaction, where it is sent.
    pub transaction_hash: Option<&'a str>,
}

/// The first level of each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BestBidAsk<'a> {
    /// Condition id.
    pub market: &'a str,
    /// Token id.
    pub asset_id: &'a str,
    /// Dollars; 0 or none without a bid.
    pub best_bid: Option<Price>,
    /// Dollars; 1 or none without an ask.
    pub best_ask: Option<Price>,
    /// When, by the venue's clock.
    pub timestamp: Timestamp,
}

/// The market's tick size changed: its book must be dropped until the next one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickSizeChange<'a> {
    /// Condition id.
    pub market: &'a str,
    /// Token id.
    pub asset_id: &'a str,
    /// Dollars, before.
    pub old_tick_size: Price,
    /// Dollars, from now on.
    pub new_tick_size: Price,
    /// When, by the venue's clock.
    pub timestamp: Timestamp,
}

/// An event that is not hot, or not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other<'a> {
    /// Its `event_type`; empty without one.
    pub kind: Cow<'a, str>,
    /// The whole object.
    pub text: &'a str,
}

/// A part of a frame's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// The place of `part`, a slice of `text`; `None` beyond four gigabytes, which no frame has.
    #[inline]
    pub(super) fn new(text: &str, part: &str) -> Option<Self> {
        let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        Some(Self { start: u32::try_from(start).ok()?, len: u32::try_from(part.len()).ok()? })
    }

    #[inline]
    fn of(self, text: &str) -> &str {
        let start = self.start as usize;
        text.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// A change with its texts as places in the frame, so that the list can be kept and filled again.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawChange {
    pub(super) asset: Span,
    pub(super) hash: Option<Span>,
    pub(super) price: Price,
    pub(super) size: Qty,
    pub(super) side: Side,
    pub(super) best_bid: Option<Price>,
    pub(super) best_ask: Option<Price>,
}

/// A frame whose lists lie in the decoder.
pub(super) enum Decoded<'a> {
    /// With the number of bids, which lie before the asks.
    Book(Book<'a>, usize),
    PriceChange {
        market: &'a str,
        timestamp: Timestamp,
    },
    LastTrade(LastTrade<'a>),
    BestBidAsk(BestBidAsk<'a>),
    TickSizeChange(TickSizeChange<'a>),
    Other(Other<'a>),
}

/// The lists of the last frame, kept so that decoding allocates nothing once they are large enough.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) levels: Vec<(Price, Qty)>,
    pub(super) changes: Vec<RawChange>,
}

impl Lists {
    pub(super) fn clear(&mut self) {
        self.levels.clear();
        self.changes.clear();
    }
}

/// Reads frames of the market channel. It holds nothing but the memory for a frame's lists.
///
/// ```
/// use brier_polymarket_protocol::stream::{Decoder, Frame};
/// let mut decoder = Decoder::new();
/// let text = r#"{"event_type":"price_change","market":"0xab","timestamp":"1763600000001","price_changes":[
///   {"asset_id":"7132","price":"0.51","size":"10","side":"BUY","hash":"bb","best_bid":"0.52","best_ask":"0.53"}]}"#;
/// let Frame::PriceChange(frame) = decoder.decode(text)? else { panic!("a price change") };
/// let change = frame.changes.iter().next().unwrap();
/// assert_eq!((change.asset_id, change.price.pips(), change.size.micros()), ("7132", 5_100, 10_000_000));
/// # Ok::<(), brier_polymarket_protocol::stream::DecodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Decoder {
    lists: Lists,
}

impl Decoder {
    /// A decoder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one object. A frame may be an array of them: see [`super::split`].
    ///
    /// # Errors
    /// [`DecodeError`] when the text is no JSON object, lacks a key that its type must have, or a key holds no value of its
    /// unit.
    #[inline]
    pub fn decode<'a>(&'a mut self, text: &'a str) -> Result<Frame<'a>, DecodeError> {
        self.lists.clear();
        if let Some(decoded) = fast::scan(text, &mut self.lists) {
            return Ok(self.frame(text, decoded));
        }
        self.decode_any_layout(text)
    }

    /// Decodes one object of any layout: the reference that [`Decoder::decode`] must equal.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    #[cold]
    pub fn decode_any_layout<'a>(&'a mut self, text: &'a str) -> Result<Frame<'a>, DecodeError> {
        self.lists.clear();
        let decoded = general::decode(text, &mut self.lists)?;
        Ok(self.frame(text, decoded))
    }

    #[inline]
    fn frame<'a>(&'a self, text: &'a str, decoded: Decoded<'a>) -> Frame<'a> {
        match decoded {
            Decoded::Book(book, bids) => {
                let (bids, asks) = self.lists.levels.split_at_checked(bids).unwrap_or_default();
                Frame::Book(Book { bids, asks, ..book })
            }
            Decoded::PriceChange { market, timestamp } => {
                let changes = Changes { text, list: &self.lists.changes };
                Frame::PriceChange(PriceChange { market, timestamp, changes })
            }
            Decoded::LastTrade(trade) => Frame::LastTrade(trade),
            Decoded::BestBidAsk(best) => Frame::BestBidAsk(best),
            Decoded::TickSizeChange(change) => Frame::TickSizeChange(change),
            Decoded::Other(other) => Frame::Other(other),
        }
    }
}
