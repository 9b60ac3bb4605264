//! From tokens to YES terms: which market and outcome a token is, and what events of either token mean for the one book.
//!
//! Invariants: a market's book is built from its YES token's events alone; the NO token's events say the same seen from the
//! other side and are never applied a second time. A fill's side is its own order's, never a flipped one of somebody else,
//! except where the kind of match leaves no choice. Nothing is guessed: what cannot be said is a [`ConvertError`].
//!
//! It deliberately keeps no book and no position.
//!
//! Source: reference, sections 7.4, 8.5, 10.2 and 10.3, 2026-11-20.

use brier_types::{
    BookChange, BookSide, Fill, FillStatus, FillStatusUpdate, IdError, MarketTicker, Money, OrderStatus, OrderUpdate,
    Outcome, Price, PublicTrade, Qty, Rounding, TradeId, VenueOrderId, notional,
};

use crate::clob::{OpenOrder, OrderStatus as WireStatus, TraderSide};
use crate::ids::Side;
use crate::stream::user::{OrderStanding, UserOrder, UserTrade, fill_status};
use crate::stream::{Book, LastTrade};

#[cfg(test)]
mod tests;

/// A message that says something the core has no word for. Count it, show it, reconcile with REST.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// An id is no id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A token that is not listed; discover its market first.
    #[error("token: expected one of a listed market, found `{0}`; discover its market, then reconcile")]
    UnknownToken(String),
    /// A status word that this version does not know.
    #[error("{kind} status: expected a documented word, found `{word}`; reconcile with REST")]
    Status {
        /// `order` or `trade`.
        kind: &'static str,
        /// The word, cut to 64 characters.
        word: String,
    },
    /// Neither the taker's nor any maker's part of a trade is ours.
    #[error("trade {trade}: expected a part of ours, found none; check which API key the stream is for")]
    NotOurs {
        /// The trade.
        trade: String,
    },
    /// One order stands twice in a trade, with parts that cannot be added.
    #[error("trade {trade}: expected order {order} once, found it again at another price; reconcile with REST")]
    Twice {
        /// The trade.
        trade: String,
        /// The order.
        order: String,
    },
}

/// One market with its two tokens. Where the outcomes are not named yes and no, the first token is YES.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The market.
    pub market: MarketTicker,
    /// The YES token's id.
    pub yes: String,
    /// The NO token's id.
    pub no: String,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRef {
    /// The market's place in its [`TokenMap`].
    pub market: u32,
    /// What the token pays on.
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    /// Twice the market's place, plus one for NO; `FREE` when nothing is here.
    token: u32,
}

const FREE: Entry = Entry { hash: 0, token: u32::MAX };

/// The tokens of the listed markets, found by their decimal text without reading it as a number.
#[derive(Clone, Debug, Default)]
pub struct TokenMap {
    /// A power of two long and at most half full, or empty.
    table: Vec<Entry>,
    listings: Vec<Listing>,
}

impl TokenMap {
    /// No tokens.
    pub const fn new() -> Self {
        Self { table: Vec::new(), listings: Vec::new() }
    }

    /// How many markets there are.
    pub const fn len(&self) -> usize {
        self.listings.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.listings.is_empty()
    }

    /// The markets in the order of their places.
    pub fn listings(&self) -> &[Listing] {
        &self.listings
    }

    /// The market of a place.
    pub fn listing(&self, place: u32) -> Option<&Listing> {
        self.listings.get(place as usize)
    }

    /// Lists a market and returns its place; a market whose YES token is known keeps the place that it has.
    ///
    /// # Panics
    /// Beyond a billion markets, which the venue does not have.
    pub fn insert(&mut self, listing: Listing) -> u32 {
        if let Some(known) = self.get(&listing.yes) {
            return known.market;
        }
        if self.table.len() < (self.listings.len() + 1) * 4 {
            self.grow();
        }
        let place = u32::try_from(self.listings.len()).ok().filter(|place| *place < 1 << 30);
        let place = place.expect("fewer than a billion markets");
        for (token, text) in [(place * 2, &listing.yes), (place * 2 + 1, &listing.no)] {
            let hash = hash(text.as_bytes());
            let at = self.free(hash);
            self.table[at] = Entry { hash, token };
        }
        self.listings.push(listing);
        place
    }

    /// What a token is, if it is listed.
    #[inline]
    pub fn get(&self, token: &str) -> Option<TokenRef> {
        let mask = self.table.len().checked_sub(1)?;
        let hash = hash(token.as_bytes());
        let mut at = hash as usize & mask;
        loop {
            let entry = self.table.get(at)?;
            let listing = self.listings.get((entry.token / 2) as usize)?;
            let (outcome, text) =
                if entry.token % 2 == 0 { (Outcome::Yes, &listing.yes) } else { (Outcome::No, &listing.no) };
            if entry.hash == hash && text == token {
                return Some(TokenRef { market: entry.token / 2, outcome });
            }
            at = (at + 1) & mask;
        }
    }

    /// As [`TokenMap::get`], with the market.
    ///
    /// # Errors
    /// [`ConvertError::UnknownToken`].
    pub fn find(&self, token: &str) -> Result<(&Listing, Outcome), ConvertError> {
        self.get(token)
            .and_then(|found| self.listing(found.market).map(|listing| (listing, found.outcome)))
            .ok_or_else(|| ConvertError::UnknownToken(token.chars().take(80).collect()))
    }

    fn free(&self, hash: u64) -> usize {
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while self.table[at].token != u32::MAX {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(64);
        for entry in std::mem::replace(&mut self.table, vec![FREE; size]) {
            if entry.token != u32::MAX {
                let at = self.free(entry.hash);
                self.table[at] = entry;
            }
        }
    }
}

/// A hash of a token's last 16 bytes: ids are hashes themselves, so their last digits differ.
#[inline]
fn hash(token: &[u8]) -> u64 {
    let padded = |bytes: &[u8]| {
        let mut last = [0; 16];
        last[..bytes.len()].copy_from_slice(bytes);
        last
    };
    let last = token.last_chunk::<16>().copied().unwrap_or_else(|| padded(token));
    let all = u128::from_le_bytes(last);
    let product =
        u128::from(all as u64 ^ 0x9E37_79B9_7F4A_7C15) * u128::from((all >> 64) as u64 ^ 0xD1B5_4A32_D192_ED03);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The YES book's side and price of an order for a token: buying NO at p is selling YES at 1 − p.
///
/// Source: reference, section 7.4.
#[inline]
pub const fn yes_terms(outcome: Outcome, side: Side, price: Price) -> (BookSide, Price) {
    match (outcome, side) {
        (Outcome::Yes, Side::Buy) => (BookSide::Bid, price),
        (Outcome::Yes, Side::Sell) => (BookSide::Ask, price),
        (Outcome::No, Side::Buy) => (BookSide::Ask, price.complement()),
        (Outcome::No, Side::Sell) => (BookSide::Bid, price.complement()),
    }
}

/// The levels of a token's book in YES terms. Levels of zero are no levels.
#[inline]
pub fn levels<'a>(book: &Book<'a>, outcome: Outcome) -> impl Iterator<Item = (BookSide, Price, Qty)> + use<'a> {
    let level = move |side| {
        move |(price, qty): &(Price, Qty)| {
            let (side, price) = yes_terms(outcome, side, *price);
            (side, price, *qty)
        }
    };
    book.bids.iter().map(level(Side::Buy)).chain(book.asks.iter().map(level(Side::Sell)))
}

/// A token's book as a snapshot in YES terms.
pub fn snapshot(book: &Book<'_>, outcome: Outcome) -> BookChange {
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    for (side, price, qty) in levels(book, outcome) {
        match side {
            BookSide::Bid => bids.push((price, qty)),
            BookSide::Ask => asks.push((price, qty)),
        }
    }
    BookChange::Snapshot { bids, asks }
}

/// A best price as the venue writes it: 0 for no bid and 1 for no ask (either for both) mean that there is none.
pub fn best(price: Option<Price>) -> Option<Price> {
    price.filter(|price| price.is_tradable())
}

/// A public match in YES terms. Its name is the transaction's, or the time's where the event has none, with the size: the
/// venue gives matches no names of their own here.
///
/// # Errors
/// [`ConvertError::Id`] when the transaction's name is no name.
pub fn public_trade(trade: &LastTrade<'_>, listing: &Listing, outcome: Outcome) -> Result<PublicTrade, ConvertError> {
    let (taker_side, price) = yes_terms(outcome, trade.side, trade.price);
    let size = trade.size.micros();
    let name = match trade.transaction_hash.filter(|hash| !hash.is_empty()) {
        Some(hash) => format!("{hash}-{size}"),
        None => format!("{}-{size}", trade.timestamp.millis()),
    };
    Ok(PublicTrade { trade: TradeId::new(&name)?, market: listing.market.clone(), price, qty: trade.size, taker_side })
}

/// Our part of a trade, for our own token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFill {
    /// The trade.
    pub trade: TradeId,
    /// Our order's hash.
    pub order: VenueOrderId,
    /// The market.
    pub market: MarketTicker,
    /// The token's outcome.
    pub outcome: Outcome,
    /// What our order did with the token.
    pub side: Side,
    /// Dollars for one share of the token.
    pub price: Price,
    /// Shares.
    pub qty: Qty,
    /// Dollars that changed hands before fees, paid by a buyer and received by a seller: the sum over the makers' prices
    /// where they add up to the quantity, else price times quantity, rounded toward zero.
    pub gross: Money,
    /// Whether our order took.
    pub is_taker: bool,
}

impl OwnFill {
    /// The fill in the core's words. The stream says no fee: the caller computes a taker's from the market's schedule.
    pub fn to_fill(&self, fee: Money) -> Fill {
        let (side, price) = yes_terms(self.outcome, self.side, self.price);
        Fill {
            trade: self.trade.clone(),
            order: self.order.clone(),
            client_order_id: None,
            market: self.market.clone(),
            side,
            price,
            qty: self.qty,
            is_taker: self.is_taker,
            fee,
            position_after: None,
        }
    }

    /// How final the fill is, in the core's words.
    pub fn to_status(&self, status: FillStatus) -> FillStatusUpdate {
        FillStatusUpdate { trade: self.trade.clone(), order: self.order.clone(), market: self.market.clone(), status }
    }
}

/// Our parts of a trade: the taker's if we took, and each maker order that is ours.
///
/// A maker's missing side follows from the kind of match: for the taker's own token it is the opposite side, for the other
/// token the same side (mint and merge).
///
/// # Errors
/// [`ConvertError`] when an id is none, a token is not listed, or no part is ours.
/// Source: reference, sections 7.4, 8.5 and 10.3.
pub fn own_fills(trade: &UserTrade, api_key: &str, tokens: &TokenMap) -> Result<Vec<OwnFill>, ConvertError> {
    let mut fills: Vec<OwnFill> = Vec::new();
    let id = TradeId::new(&trade.id)?;
    let took = match &trade.trader_side {
        Some(TraderSide::Taker) => true,
        Some(TraderSide::Maker) => false,
        Some(TraderSide::Other(_)) | None => trade.owner == api_key,
    };
    if took {
        let (listing, outcome) = tokens.find(&trade.asset_id)?;
        fills.push(OwnFill {
            trade: id.clone(),
            order: VenueOrderId::new(&trade.taker_order_id)?,
            market: listing.market.clone(),
            outcome,
            side: trade.side,
            price: trade.price,
            qty: trade.size,
            gross: taker_gross(trade),
            is_taker: true,
        });
    }
    for maker in trade.maker_orders.iter().filter(|maker| maker.owner == api_key) {
        let (listing, outcome) = tokens.find(&maker.asset_id)?;
        let same_token = maker.asset_id == trade.asset_id;
        let side = maker.side.unwrap_or(match (same_token, trade.side) {
            (true, Side::Buy) | (false, Side::Sell) => Side::Sell,
            (true, Side::Sell) | (false, Side::Buy) => Side::Buy,
        });
        let fill = OwnFill {
            trade: id.clone(),
            order: VenueOrderId::new(&maker.order_id)?,
            market: listing.market.clone(),
            outcome,
            side,
            price: maker.price,
            qty: maker.matched_amount,
            gross: notional(maker.price, maker.matched_amount, Rounding::Floor),
            is_taker: false,
        };
        merge(&mut fills, fill)?;
    }
    if fills.is_empty() { Err(ConvertError::NotOurs { trade: id.to_string() }) } else { Ok(fills) }
}

/// Adds a part to the list; a second part of one order joins the first.
fn merge(fills: &mut Vec<OwnFill>, fill: OwnFill) -> Result<(), ConvertError> {
    let Some(known) = fills.iter_mut().find(|known| known.order == fill.order) else {
        fills.push(fill);
        return Ok(());
    };
    let same = known.price == fill.price && known.side == fill.side && known.outcome == fill.outcome;
    match (same, known.qty.checked_add(fill.qty), known.gross.checked_add(fill.gross)) {
        (true, Some(qty), Some(gross)) => {
            (known.qty, known.gross) = (qty, gross);
            Ok(())
        }
        _ => Err(ConvertError::Twice { trade: fill.trade.to_string(), order: fill.order.to_string() }),
    }
}

/// What the taker's side of a trade is worth: execution is at the makers' prices.
fn taker_gross(trade: &UserTrade) -> Money {
    let parts = trade.maker_orders.iter().try_fold((Qty::ZERO, Money::ZERO), |(qty, money), maker| {
        let price = if maker.asset_id == trade.asset_id { maker.price } else { maker.price.complement() };
        let part = notional(price, maker.matched_amount, Rounding::Floor);
        Some((qty.checked_add(maker.matched_amount)?, money.checked_add(part)?))
    });
    match parts {
        Some((qty, money)) if qty == trade.size => money,
        _ => notional(trade.price, trade.size, Rounding::Floor),
    }
}

/// The status of a trade in the core's words.
///
/// # Errors
/// [`ConvertError::Status`] for a word that this version does not know.
pub fn trade_status(trade: &UserTrade) -> Result<FillStatus, ConvertError> {
    fill_status(&trade.status)
        .ok_or_else(|| ConvertError::Status { kind: "trade", word: trade.status.as_str().chars().take(64).collect() })
}

/// An open order as REST lists it, in the core's words.
///
/// # Errors
/// [`ConvertError`] when an id is none or the token is not listed.
pub fn open_order(order: &OpenOrder, tokens: &TokenMap) -> Result<OrderUpdate, ConvertError> {
    let (listing, outcome) = tokens.find(&order.asset_id)?;
    let (side, price) = yes_terms(outcome, order.side, order.price);
    let rest = order.original_size.saturating_sub(order.size_matched);
    // Lists show what rests; one order asked for by its hash is shown for a while after it has ended, too.
    let (status, remaining) = match &order.status {
        WireStatus::Live | WireStatus::Delayed | WireStatus::Unmatched => (OrderStatus::Resting, rest),
        WireStatus::Matched => (OrderStatus::Executed, Qty::ZERO),
        WireStatus::Canceled | WireStatus::CanceledMarketResolved | WireStatus::Invalid => {
            (OrderStatus::Canceled, Qty::ZERO)
        }
        WireStatus::Other(word) => {
            return Err(ConvertError::Status { kind: "order", word: word.chars().take(64).collect() });
        }
    };
    Ok(OrderUpdate {
        order: VenueOrderId::new(&order.id)?,
        client_order_id: None,
        market: listing.market.clone(),
        side,
        price,
        status,
        filled: order.size_matched,
        remaining,
        reason: None,
    })
}

/// One of our orders in the core's words.
///
/// # Errors
/// [`ConvertError`] when an id is none, the token is not listed, or the status says nothing.
pub fn order_update(order: &UserOrder, tokens: &TokenMap) -> Result<OrderUpdate, ConvertError> {
    let (listing, outcome) = tokens.find(&order.asset_id)?;
    let (side, price) = yes_terms(outcome, order.side, order.price);
    let (standing, reason) = order.standing();
    let filled = order.size_matched.unwrap_or(Qty::ZERO);
    let rest = order.original_size.saturating_sub(filled);
    let (status, remaining) = match standing {
        OrderStanding::Live => (OrderStatus::Resting, rest),
        OrderStanding::Matched => (OrderStatus::Executed, Qty::ZERO),
        OrderStanding::Gone => (OrderStatus::Canceled, Qty::ZERO),
        OrderStanding::Unknown => {
            let word = order.status.as_deref().unwrap_or_default().chars().take(64).collect();
            return Err(ConvertError::Status { kind: "order", word });
        }
    };
    Ok(OrderUpdate {
        order: VenueOrderId::new(&order.id)?,
        client_order_id: None,
        market: listing.market.clone(),
        side,
        price,
        status,
        filled,
        remaining,
        reason: reason.map(str::to_owned),
    })
}
