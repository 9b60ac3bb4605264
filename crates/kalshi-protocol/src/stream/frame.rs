//! The frames as the venue means them: its own sides and names, our units, and the way to YES terms.

use std::borrow::Cow;

use brier_types::{
    BookChange, BookInput, BookSide, IdError, MarketTicker, Outcome, Price, PublicTrade, Qty, QuoteInput, SignedQty,
    SubscriptionId, TradeId,
};

use super::fast;

/// One message of the stream. Texts borrow from the frame unless it wrote them with escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// `orderbook_snapshot`
    Snapshot(Snapshot<'a>),
    /// `orderbook_delta`
    Delta(Delta<'a>),
    /// `ticker`
    Ticker(Ticker<'a>),
    /// `trade`
    Trade(Trade<'a>),
    /// Any other type, with its message left as it is.
    Other(Other<'a>),
}

impl Frame<'_> {
    /// The envelope around the message.
    pub const fn head(&self) -> &Head {
        match self {
            Self::Snapshot(frame) => &frame.head,
            Self::Delta(frame) => &frame.head,
            Self::Ticker(frame) => &frame.head,
            Self::Trade(frame) => &frame.head,
            Self::Other(frame) => &frame.head,
        }
    }
}

/// The envelope of a frame; each key is there only where it applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The subscription; recordings may lack it.
    pub sid: Option<SubscriptionId>,
    /// The number within the subscription, from 1. `ticker` and the private channels have none.
    pub seq: Option<u64>,
    /// The client's id of the command that this answers.
    pub id: Option<u64>,
    /// When the venue sent the frame, in milliseconds since the epoch; on every frame since 2026-10-01.
    pub sending_ts_ms: Option<i64>,
}

/// The YES book side and YES price of a level on the venue's `side` ladder.
///
/// Both ladders hold bids. A bid for NO at p is an ask for YES at 1 − p; with `use_yes_price` the venue has already
/// written the NO ladder in YES prices.
///
/// Source: reference sections 6.4 and 15.5.
#[inline]
pub const fn yes_terms(side: Outcome, price: Price, use_yes_price: bool) -> (BookSide, Price) {
    match (side, use_yes_price) {
        (Outcome::Yes, _) => (BookSide::Bid, price),
        (Outcome::No, true) => (BookSide::Ask, price),
        (Outcome::No, false) => (BookSide::Ask, price.complement()),
    }
}

/// The whole book of a market: two ladders of bids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot<'a> {
    /// The envelope.
    pub head: Head,
    /// The market.
    pub market_ticker: Cow<'a, str>,
    /// The market's other name, if the frame has one.
    pub market_id: Option<Cow<'a, str>>,
    /// Bids for YES.
    pub yes: WireLevels<'a>,
    /// Bids for NO, in the price the subscription asked for.
    pub no: WireLevels<'a>,
}

impl Snapshot<'_> {
    /// Every level in YES terms, for a subscription made with this `use_yes_price`.
    #[inline]
    pub fn in_yes_terms(&self, use_yes_price: bool) -> impl Iterator<Item = (BookSide, Price, Qty)> {
        let level = move |side| {
            move |(price, qty)| {
                let (side, price) = yes_terms(side, price, use_yes_price);
                (side, price, qty)
            }
        };
        self.yes.iter().map(level(Outcome::Yes)).chain(self.no.iter().map(level(Outcome::No)))
    }

    /// The snapshot as the core's input. Frames without `sid` or `seq` (recordings) count as 0.
    ///
    /// # Errors
    /// [`IdError`] when the ticker is no id.
    pub fn to_input(&self, use_yes_price: bool) -> Result<BookInput, IdError> {
        let (mut bids, mut asks) = (Vec::with_capacity(self.yes.len()), Vec::with_capacity(self.no.len()));
        for (side, price, qty) in self.in_yes_terms(use_yes_price) {
            match side {
                BookSide::Bid => bids.push((price, qty)),
                BookSide::Ask => asks.push((price, qty)),
            }
        }
        book_input(self.head, &self.market_ticker, BookChange::Snapshot { bids, asks })
    }
}

/// A change of one level of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta<'a> {
    /// The envelope.
    pub head: Head,
    /// The market.
    pub market_ticker: Cow<'a, str>,
    /// The market's other name, if the frame has one.
    pub market_id: Option<Cow<'a, str>>,
    /// The level, in the price the subscription asked for.
    pub price: Price,
    /// By how much the level grew or shrank; at zero it is gone.
    pub delta: SignedQty,
    /// The ladder: bids for YES or bids for NO.
    pub side: Outcome,
    /// When it happened, RFC 3339 with up to six decimals, if the frame has it as text.
    pub ts: Option<Cow<'a, str>>,
    /// When it happened, in milliseconds since the epoch.
    pub ts_ms: Option<i64>,
    /// Our own order's id, only when it caused the change.
    pub client_order_id: Option<Cow<'a, str>>,
    /// Our own subaccount, only when our order caused the change.
    pub subaccount: Option<u64>,
}

impl Delta<'_> {
    /// The YES side and price of the level, for a subscription made with this `use_yes_price`.
    #[inline]
    pub const fn in_yes_terms(&self, use_yes_price: bool) -> (BookSide, Price) {
        yes_terms(self.side, self.price, use_yes_price)
    }

    /// The change as the core's input. Frames without `sid` or `seq` (recordings) count as 0.
    ///
    /// # Errors
    /// [`IdError`] when the ticker is no id.
    pub fn to_input(&self, use_yes_price: bool) -> Result<BookInput, IdError> {
        let (side, price) = self.in_yes_terms(use_yes_price);
        book_input(self.head, &self.market_ticker, BookChange::Delta { side, price, change: self.delta })
    }
}

fn book_input(head: Head, market: &str, change: BookChange) -> Result<BookInput, IdError> {
    Ok(BookInput {
        market: MarketTicker::new(market)?,
        subscription: head.sid.unwrap_or(SubscriptionId(0)),
        sequence: head.seq.unwrap_or(0),
        change,
    })
}

/// The venue's summary of a market, sent when any part of it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticker<'a> {
    /// The envelope.
    pub head: Head,
    /// The market.
    pub market_ticker: Cow<'a, str>,
    /// The market's other name, if the frame has one.
    pub market_id: Option<Cow<'a, str>>,
    /// Price of the last trade; $0 when there was none.
    pub price: Price,
    /// Best YES bid; $0 when there is none.
    pub yes_bid: Price,
    /// Best YES ask; $0 or $1 when there is none.
    pub yes_ask: Price,
    /// Contracts at the best YES bid.
    pub yes_bid_size: Option<Qty>,
    /// Contracts at the best YES ask.
    pub yes_ask_size: Option<Qty>,
    /// Contracts of the last trade.
    pub last_trade_size: Option<Qty>,
    /// Contracts traded in all.
    pub volume: Option<Qty>,
    /// Contracts open.
    pub open_interest: Option<Qty>,
    /// Whole dollars traded in all.
    pub dollar_volume: Option<i64>,
    /// Whole dollars open.
    pub dollar_open_interest: Option<i64>,
    /// Seconds since the epoch.
    pub ts: Option<i64>,
    /// Milliseconds since the epoch.
    pub ts_ms: Option<i64>,
    /// RFC 3339, if the frame has it as text.
    pub time: Option<Cow<'a, str>>,
}

impl Ticker<'_> {
    /// The summary as the core's input. A price that cannot rest, or a size of zero, means that there is no quote.
    ///
    /// # Errors
    /// [`IdError`] when the ticker is no id.
    pub fn to_input(&self) -> Result<QuoteInput, IdError> {
        let quote = |price: Price, size: Option<Qty>| {
            size.filter(|size| price.is_tradable() && !size.is_zero()).map(|size| (price, size))
        };
        Ok(QuoteInput {
            market: MarketTicker::new(&self.market_ticker)?,
            bid: quote(self.yes_bid, self.yes_bid_size),
            ask: quote(self.yes_ask, self.yes_ask_size),
            last: Some(self.price).filter(|price| price.is_tradable()),
        })
    }
}

/// A public match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade<'a> {
    /// The envelope.
    pub head: Head,
    /// The venue's name for the match.
    pub trade_id: Cow<'a, str>,
    /// The market.
    pub market_ticker: Cow<'a, str>,
    /// YES price.
    pub yes_price: Price,
    /// NO price.
    pub no_price: Option<Price>,
    /// Contracts.
    pub count: Qty,
    /// The taker's outcome, in the older field.
    pub taker_side: Option<Outcome>,
    /// The taker's outcome.
    pub taker_outcome_side: Option<Outcome>,
    /// The taker's side in the YES book.
    pub taker_book_side: Option<BookSide>,
    /// Whether it was arranged off the book.
    pub is_block_trade: Option<bool>,
    /// Seconds since the epoch.
    pub ts: Option<i64>,
    /// Milliseconds since the epoch.
    pub ts_ms: Option<i64>,
}

impl Trade<'_> {
    /// The taker's side in the YES book, from the newest field that is there.
    pub fn taker(&self) -> Option<BookSide> {
        self.taker_book_side.or_else(|| {
            self.taker_outcome_side.or(self.taker_side).map(|outcome| match outcome {
                Outcome::Yes => BookSide::Bid,
                Outcome::No => BookSide::Ask,
            })
        })
    }

    /// The trade as the core's input; `None` when the frame does not say who took.
    ///
    /// # Errors
    /// [`IdError`] when the ticker or the trade's name is no id.
    pub fn to_input(&self) -> Result<Option<PublicTrade>, IdError> {
        let Some(taker_side) = self.taker() else { return Ok(None) };
        Ok(Some(PublicTrade {
            trade: TradeId::new(&self.trade_id)?,
            market: MarketTicker::new(&self.market_ticker)?,
            price: self.yes_price,
            qty: self.count,
            taker_side,
        }))
    }
}

/// A frame of a type that is not decoded here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other<'a> {
    /// The envelope.
    pub head: Head,
    /// The frame's type.
    pub kind: Cow<'a, str>,
    /// The `msg` as it stands in the frame, if it has one.
    pub msg: Option<&'a str>,
}

/// The levels of one ladder, checked when the frame was decoded.
#[derive(Clone, Debug)]
pub struct WireLevels<'a>(pub(super) Levels<'a>);

#[derive(Clone, Debug)]
pub(super) enum Levels<'a> {
    /// `["0.0100","36.00"],["0.0200","1.00"]` and what follows, already read once by the scanner, which reads it again
    /// for the caller.
    Scanned { text: &'a str, count: usize },
    /// From a frame of another layout.
    Listed(Vec<(Price, Qty)>),
}

impl WireLevels<'_> {
    pub(super) const EMPTY: Self = Self(Levels::Listed(Vec::new()));

    /// How many levels there are.
    pub const fn len(&self) -> usize {
        match &self.0 {
            Levels::Scanned { count, .. } => *count,
            Levels::Listed(levels) => levels.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The levels in the frame's order, which is ascending on this venue.
    #[inline]
    pub fn iter(&self) -> WireLevelsIter<'_> {
        match &self.0 {
            Levels::Scanned { text, count } => WireLevelsIter(Inner::Scanned(fast::LevelScan::new(text, *count))),
            Levels::Listed(levels) => WireLevelsIter(Inner::Listed(levels.iter())),
        }
    }
}

impl PartialEq for WireLevels<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for WireLevels<'_> {}

impl<'a> IntoIterator for &'a WireLevels<'_> {
    type Item = (Price, Qty);
    type IntoIter = WireLevelsIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The levels of one ladder, one after another.
#[derive(Clone, Debug)]
pub struct WireLevelsIter<'a>(Inner<'a>);

#[derive(Clone, Debug)]
enum Inner<'a> {
    Scanned(fast::LevelScan<'a>),
    Listed(std::slice::Iter<'a, (Price, Qty)>),
}

impl Iterator for WireLevelsIter<'_> {
    type Item = (Price, Qty);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Inner::Scanned(scan) => scan.next(),
            Inner::Listed(levels) => levels.next().copied(),
        }
    }
}
