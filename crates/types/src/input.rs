//! What happened outside, as the core sees it: plain data, stamped with when it was received and when it happened.

use crate::ids::{ClientOrderId, MarketTicker, SubscriptionId, TradeId, Venue, VenueOrderId};
use crate::instrument::{MarketResult, MarketStatus};
use crate::money::Money;
use crate::order::BookSide;
use crate::price::Price;
use crate::qty::{Qty, SignedQty};
use crate::time::Timestamp;

/// Something with the time it reached us and, if the venue says so, the time it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped<T> {
    /// When it reached us, by our clock.
    pub received: Timestamp,
    /// When it happened, by the venue's clock.
    pub venue_time: Option<Timestamp>,
    /// The thing itself.
    pub body: T,
}

/// Anything the core can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A book was given or changed.
    Book(BookInput),
    /// Books can no longer be believed.
    BookLost(BookLoss),
    /// Best prices as the venue summarizes them. Never a substitute for the book.
    Quote(QuoteInput),
    /// Somebody traded.
    Trade(PublicTrade),
    /// We traded.
    Fill(Fill),
    /// A fill of ours came closer to being final, or failed.
    FillStatus(FillStatusUpdate),
    /// One of our orders changed.
    Order(OrderUpdate),
    /// One of our positions changed.
    Position(PositionUpdate),
    /// A market changed its state.
    Lifecycle(LifecycleInput),
    /// A connection came or went.
    Connection(ConnectionInput),
}

/// A change of one market's book, in YES terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookInput {
    /// The market.
    pub market: MarketTicker,
    /// The subscription whose counter `sequence` belongs to.
    pub subscription: SubscriptionId,
    /// Position in that subscription's stream; counts over all its markets.
    pub sequence: u64,
    /// What changed.
    pub change: BookChange,
}

/// How a book changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookChange {
    /// The whole book: every level with a quantity, in any order.
    Snapshot {
        /// YES bids.
        bids: Vec<(Price, Qty)>,
        /// YES asks.
        asks: Vec<(Price, Qty)>,
    },
    /// One level grew or shrank.
    Delta {
        /// The side in the YES book.
        side: BookSide,
        /// The level.
        price: Price,
        /// By how much.
        change: SignedQty,
    },
    /// One level now holds this much, whatever it held before.
    Level {
        /// The side in the YES book.
        side: BookSide,
        /// The level.
        price: Price,
        /// What it holds; zero removes it.
        qty: Qty,
    },
}

/// Books that lost their trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookLoss {
    /// The markets concerned.
    pub markets: Vec<MarketTicker>,
    /// Why, for people: `sequence gap: expected 5, found 7`.
    pub reason: String,
}

/// The venue's summary of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteInput {
    /// The market.
    pub market: MarketTicker,
    /// Best YES bid, if there is one.
    pub bid: Option<(Price, Qty)>,
    /// Best YES ask, if there is one.
    pub ask: Option<(Price, Qty)>,
    /// Price of the last trade, if there was one.
    pub last: Option<Price>,
}

/// A match between others, or ours seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicTrade {
    /// The venue's name for it.
    pub trade: TradeId,
    /// The market.
    pub market: MarketTicker,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub qty: Qty,
    /// The side of the order that took.
    pub taker_side: BookSide,
}

/// Our part of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The venue's name for the match: the key by which a repeat is known.
    pub trade: TradeId,
    /// The venue's name for our order.
    pub order: VenueOrderId,
    /// Our name for it, where the channel says so.
    pub client_order_id: Option<ClientOrderId>,
    /// The market.
    pub market: MarketTicker,
    /// Our side.
    pub side: BookSide,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub qty: Qty,
    /// Whether our order took.
    pub is_taker: bool,
    /// Net fee of this fill.
    pub fee: Money,
    /// Our position after it, where the channel says so.
    pub position_after: Option<SignedQty>,
}

/// How final a fill is. Kalshi's are final at once; Polymarket's settle on a chain, and may fail after they matched.
///
/// Source: reference (Polymarket), section 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FillStatus {
    /// The venue matched it and will send it to the chain: provisional.
    Matched,
    /// The chain refused it once, and the venue tries again: provisional.
    Retrying,
    /// In a block that may still be replaced: provisional, though what was bought can usually be sold.
    Mined,
    /// Final: it happened.
    Confirmed,
    /// Final: it did not happen. Whatever it changed must be undone.
    Failed,
}

impl FillStatus {
    /// Whether nothing changes it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::Failed)
    }
}

/// The venue's word on how final a fill of ours is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillStatusUpdate {
    /// The match, as in [`Fill::trade`].
    pub trade: TradeId,
    /// Our order in it: one match may hold several of ours.
    pub order: VenueOrderId,
    /// The market.
    pub market: MarketTicker,
    /// How final it is now.
    pub status: FillStatus,
}

/// Where an order stands by the venue's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Waiting in the book.
    Resting,
    /// Taken back, by us or by the venue.
    Canceled,
    /// Filled to the end.
    Executed,
}

/// The venue's word on one of our orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderUpdate {
    /// The venue's name for it.
    pub order: VenueOrderId,
    /// Our name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// The market.
    pub market: MarketTicker,
    /// The side.
    pub side: BookSide,
    /// Limit price of one YES contract.
    pub price: Price,
    /// Where it stands.
    pub status: OrderStatus,
    /// Contracts filled so far.
    pub filled: Qty,
    /// Contracts that still rest.
    pub remaining: Qty,
    /// The venue's word for why it changed, if any.
    pub reason: Option<String>,
}

/// The venue's word on one of our positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionUpdate {
    /// The market.
    pub market: MarketTicker,
    /// Plus is YES, minus is NO.
    pub position: SignedQty,
    /// What the venue says it realized so far.
    pub realized_pnl: Money,
    /// Fees paid so far.
    pub fees_paid: Money,
}

/// A market changed its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleInput {
    /// The market.
    pub market: MarketTicker,
    /// Its state now, where the message tells it.
    pub status: Option<MarketStatus>,
    /// Its new close time, where the message tells it.
    pub close_time: Option<Timestamp>,
    /// Its result, where the message tells it.
    pub result: Option<MarketResult>,
}

/// A connection came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionInput {
    /// Connected and subscribed; books come next.
    Up {
        /// Where.
        venue: Venue,
    },
    /// Gone: everything it fed is stale, and private streams may have lost messages, so reconcile.
    Down {
        /// Where.
        venue: Venue,
        /// Why, for people.
        reason: String,
    },
}
