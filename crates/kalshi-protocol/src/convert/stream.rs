//! Stream messages as inputs of the core.
//!
//! Books, tickers and trades arrive through [`crate::stream`]; the conversions of their complete forms here serve the
//! exchange, which writes them, and whoever reads without the fast decoder.

use brier_types::{
    BookChange, BookInput, Fill, LifecycleInput, MarketStatus, MarketTicker, OrderStatus, OrderUpdate, PositionUpdate,
    Price, PublicTrade, Qty, QuoteInput, SubscriptionId, TradeId, VenueOrderId,
};

use super::{ConvertError, id, market_result, optional_id, unknown};
use crate::rest::OutcomeSide;
use crate::wire::Ladder;
use crate::ws::{self, MarketLifecycleEvent, OrderbookDelta, OrderbookSnapshot, UserOrderStatus};

/// The YES price of a NO level as it was written.
const fn no_level(price: Price, use_yes_price: bool) -> Price {
    if use_yes_price { price } else { price.complement() }
}

impl OrderbookSnapshot {
    /// The message for a book in YES terms, whose levels may come in any order.
    ///
    /// `use_yes_price` is what the subscription asked for: NO levels in YES prices.
    pub fn from_yes_terms(
        market_ticker: String,
        market_id: String,
        bids: &[(Price, Qty)],
        asks: &[(Price, Qty)],
        use_yes_price: bool,
    ) -> Self {
        let ascending = |mut levels: Ladder| {
            levels.sort_by_key(|(price, _)| *price);
            levels
        };
        let asks = asks.iter().map(|(price, qty)| (no_level(*price, use_yes_price), *qty)).collect();
        Self { market_ticker, market_id, yes_dollars_fp: ascending(bids.to_vec()), no_dollars_fp: ascending(asks) }
    }

    /// The book the message gives, in YES terms.
    ///
    /// # Errors
    /// [`ConvertError`] when the ticker is no id.
    pub fn to_input(&self, sid: u64, sequence: u64, use_yes_price: bool) -> Result<BookInput, ConvertError> {
        let asks = self.no_dollars_fp.iter().map(|(price, qty)| (no_level(*price, use_yes_price), *qty)).collect();
        Ok(BookInput {
            market: id::<MarketTicker>("market_ticker", &self.market_ticker)?,
            subscription: SubscriptionId(sid),
            sequence,
            change: BookChange::Snapshot { bids: self.yes_dollars_fp.clone(), asks },
        })
    }
}

impl OrderbookDelta {
    /// The side and price of the level as the message writes them, for a level in YES terms.
    pub const fn level_of(side: brier_types::BookSide, price: Price, use_yes_price: bool) -> (OutcomeSide, Price) {
        match side {
            brier_types::BookSide::Bid => (OutcomeSide::Yes, price),
            brier_types::BookSide::Ask => (OutcomeSide::No, no_level(price, use_yes_price)),
        }
    }

    /// The change the message gives, in YES terms.
    ///
    /// # Errors
    /// [`ConvertError`] when the ticker is no id.
    pub fn to_input(&self, sid: u64, sequence: u64, use_yes_price: bool) -> Result<BookInput, ConvertError> {
        let (side, price) = match self.side {
            OutcomeSide::Yes => (brier_types::BookSide::Bid, self.price_dollars),
            OutcomeSide::No => (brier_types::BookSide::Ask, no_level(self.price_dollars, use_yes_price)),
        };
        Ok(BookInput {
            market: id::<MarketTicker>("market_ticker", &self.market_ticker)?,
            subscription: SubscriptionId(sid),
            sequence,
            change: BookChange::Delta { side, price, change: self.delta_fp },
        })
    }
}

impl ws::Ticker {
    /// The quote the message gives. A size of zero is no quote, and a price of 0 or 1 is none that can be traded.
    ///
    /// # Errors
    /// [`ConvertError`] when the ticker is no id.
    pub fn to_quote(&self) -> Result<QuoteInput, ConvertError> {
        let quote = |price: Price, size: Qty| (price.is_tradable() && !size.is_zero()).then_some((price, size));
        Ok(QuoteInput {
            market: id::<MarketTicker>("market_ticker", &self.market_ticker)?,
            bid: quote(self.yes_bid_dollars, self.yes_bid_size_fp),
            ask: quote(self.yes_ask_dollars, self.yes_ask_size_fp),
            last: Some(self.price_dollars).filter(|price| price.is_tradable()),
        })
    }
}

impl ws::Trade {
    /// The trade in the shared vocabulary.
    ///
    /// # Errors
    /// [`ConvertError`] when an id is none.
    pub fn to_public_trade(&self) -> Result<PublicTrade, ConvertError> {
        Ok(PublicTrade {
            trade: id::<TradeId>("trade_id", &self.trade_id)?,
            market: id::<MarketTicker>("market_ticker", &self.market_ticker)?,
            price: self.yes_price_dollars,
            qty: self.count_fp,
            taker_side: self.taker_book_side.into(),
        })
    }
}

impl ws::Fill {
    /// The fill in the shared vocabulary.
    ///
    /// # Errors
    /// [`ConvertError`] when an id is none.
    pub fn to_fill(&self) -> Result<Fill, ConvertError> {
        Ok(Fill {
            trade: id::<TradeId>("trade_id", &self.trade_id)?,
            order: id::<VenueOrderId>("order_id", &self.order_id)?,
            client_order_id: optional_id("client_order_id", self.client_order_id.as_deref())?,
            market: id::<MarketTicker>("market_ticker", &self.market_ticker)?,
            side: self.book_side.into(),
            price: self.yes_price_dollars,
            qty: self.count_fp,
            is_taker: self.is_taker,
            fee: self.fee_cost,
            position_after: Some(self.post_position_fp),
        })
    }
}

impl ws::UserOrder {
    /// The venue's word on the order.
    ///
    /// # Errors
    /// [`ConvertError`] when an id is none, or the status is `unknown` or a new word: read the order by REST.
    pub fn to_update(&self) -> Result<OrderUpdate, ConvertError> {
        let status = match &self.status {
            UserOrderStatus::Resting => OrderStatus::Resting,
            UserOrderStatus::Canceled => OrderStatus::Canceled,
            UserOrderStatus::Executed => OrderStatus::Executed,
            found @ (UserOrderStatus::Unknown | UserOrderStatus::Other(_)) => {
                return Err(unknown("status", "resting, canceled or executed", found.as_str()));
            }
        };
        Ok(OrderUpdate {
            order: id::<VenueOrderId>("order_id", &self.order_id)?,
            client_order_id: self.client_order_id.parse().ok(),
            market: id::<MarketTicker>("ticker", &self.ticker)?,
            side: self.book_side.into(),
            price: self.yes_price_dollars,
            status,
            filled: self.fill_count_fp,
            remaining: self.remaining_count_fp,
            reason: self.last_update_reason.as_ref().map(|reason| reason.as_str().to_owned()),
        })
    }
}

impl From<OrderStatus> for UserOrderStatus {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Resting => Self::Resting,
            OrderStatus::Canceled => Self::Canceled,
            OrderStatus::Executed => Self::Executed,
        }
    }
}

impl ws::MarketPosition {
    /// The venue's word on the position.
    ///
    /// # Errors
    /// [`ConvertError`] when the ticker is no id.
    pub fn to_update(&self) -> Result<PositionUpdate, ConvertError> {
        Ok(PositionUpdate {
            market: id::<MarketTicker>("market_ticker", &self.market_ticker)?,
            position: self.position_fp,
            realized_pnl: self.realized_pnl_dollars,
            fees_paid: self.fees_paid_dollars,
        })
    }
}

impl ws::MarketLifecycle {
    /// What the message changes. A `close_date_updated` names no status: a market may reopen by it, and says so with an
    /// `activated` of its own.
    ///
    /// # Errors
    /// [`ConvertError`] when the ticker is no id, the event or result is unknown, or a scalar result lacks its payout.
    pub fn to_input(&self) -> Result<LifecycleInput, ConvertError> {
        let status = match &self.event_type {
            MarketLifecycleEvent::Created => Some(MarketStatus::Initialized),
            MarketLifecycleEvent::Activated => Some(MarketStatus::Active),
            MarketLifecycleEvent::Deactivated => Some(MarketStatus::Inactive),
            MarketLifecycleEvent::Determined => Some(MarketStatus::Determined),
            MarketLifecycleEvent::Settled => Some(MarketStatus::Finalized),
            MarketLifecycleEvent::CloseDateUpdated
            | MarketLifecycleEvent::PriceLevelStructureUpdated
            | MarketLifecycleEvent::MetadataUpdated => None,
            MarketLifecycleEvent::Other(found) => {
                return Err(unknown("event_type", "an event of a market's life", found));
            }
        };
        let result = match &self.result {
            Some(word) => market_result(word, self.settlement_value)?,
            None => None,
        };
        let market = id::<MarketTicker>("market_ticker", &self.market_ticker)?;
        Ok(LifecycleInput { market, status, close_time: self.close_ts, result })
    }
}
