//! From the venue's forms to the shared vocabulary, and back: YES terms, checked ids, one meaning each.
//!
//! Invariants: nothing is guessed. What the vocabulary cannot say (an unknown status, a crossed-out id) fails for that one
//! item, with the field's name. The direction of an order is read from `book_side` alone, as the older words mean different
//! things in different answers.
//!
//! Source: reference sections 6.3, 6.4, 8, 9 and 15.5 (docs.kalshi.com "order direction"), 2026-11-20.

use brier_types::{
    AmendOrder, Bound, ClientOrderId, EventTicker, Fill, GridError, IdError, MarketResult, MarketTicker, NewOrder,
    OrderGroupId, OrderStatus, OrderUpdate, PositionUpdate, Price, PublicTrade, Qty, SeriesTicker, Strike, TimeInForce,
    TradeId, Venue, VenueOrderId,
};

use serde_json::Number;

use crate::errors::ErrorDetail;
use crate::fees::{FeeMultiplier, FeeSchedule, FeeType};
use crate::rest::{self, FeeTypeWord, OrderbookCountFp, StrikeType};
use crate::ticks::{self, TickError};
use crate::wire::{self, Ladder};

mod stream;

/// A well-formed item that the shared vocabulary cannot say. It concerns that item alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// An id is empty, too long, or not printable.
    #[error("`{field}`: {source}")]
    Id {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        source: IdError,
    },
    /// A word is unknown, or has no meaning here.
    #[error("`{field}`: expected {expected}, found `{found}`")]
    Word {
        /// The field.
        field: &'static str,
        /// What it could have been.
        expected: &'static str,
        /// What it was.
        found: String,
    },
    /// A field is absent that its item needs.
    #[error("`{field}` is absent: {why}")]
    Absent {
        /// The field.
        field: &'static str,
        /// Why it is needed.
        why: &'static str,
    },
    /// The price grid is none. Do not trade the market.
    #[error(transparent)]
    Ticks(#[from] TickError),
    /// A price is outside $0 to $1 or finer than $0.0001: the venue's `invalid_price`.
    #[error("`{field}`: expected a price from 0 to 1 in steps of 0.0001, found {found}")]
    Price {
        /// The field.
        field: &'static str,
        /// What it was.
        found: brier_types::Money,
    },
}

impl From<GridError> for ConvertError {
    fn from(error: GridError) -> Self {
        Self::Ticks(error.into())
    }
}

fn id<T: std::str::FromStr<Err = IdError>>(field: &'static str, text: &str) -> Result<T, ConvertError> {
    text.parse().map_err(|source| ConvertError::Id { field, source })
}

/// An id that may be empty or absent.
fn optional_id<T: std::str::FromStr<Err = IdError>>(
    field: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, ConvertError> {
    text.filter(|text| !text.is_empty()).map(|text| id(field, text)).transpose()
}

fn unknown(field: &'static str, expected: &'static str, found: &str) -> ConvertError {
    ConvertError::Word { field, expected, found: found.chars().take(64).collect() }
}

/// The result a word and a payout state; `None` before determination.
pub(crate) fn market_result(
    word: &rest::ResultWord,
    payout: Option<Price>,
) -> Result<Option<MarketResult>, ConvertError> {
    Ok(match word {
        rest::ResultWord::None => None,
        rest::ResultWord::Yes => Some(MarketResult::Yes),
        rest::ResultWord::No => Some(MarketResult::No),
        rest::ResultWord::Scalar => {
            let why = "a scalar result is nothing without its payout";
            Some(MarketResult::Scalar(payout.ok_or(ConvertError::Absent { field: "settlement_value_dollars", why })?))
        }
        rest::ResultWord::Other(found) => return Err(unknown("result", "yes, no or scalar", found)),
    })
}

impl From<MarketResult> for rest::ResultWord {
    fn from(result: MarketResult) -> Self {
        match result {
            MarketResult::Yes => Self::Yes,
            MarketResult::No => Self::No,
            MarketResult::Scalar(_) => Self::Scalar,
        }
    }
}

impl rest::Series {
    /// The series in the shared vocabulary.
    ///
    /// # Errors
    /// [`ConvertError`] when its ticker is no id.
    pub fn to_series(&self) -> Result<brier_types::Series, ConvertError> {
        Ok(brier_types::Series {
            ticker: id::<SeriesTicker>("ticker", &self.ticker)?,
            title: self.title.clone(),
            category: self.category.clone(),
        })
    }

    /// What its markets charge, unless their event says otherwise: see [`rest::EventData::fees`].
    ///
    /// # Errors
    /// [`ConvertError`] for a fee type without a published schedule or a multiplier out of range. Do not trade it.
    pub fn fees(&self) -> Result<FeeSchedule, ConvertError> {
        Ok(FeeSchedule::new(fee_type("fee_type", &self.fee_type)?, multiplier("fee_multiplier", &self.fee_multiplier)?))
    }
}

fn fee_type(field: &'static str, word: &FeeTypeWord) -> Result<FeeType, ConvertError> {
    word.known().ok_or_else(|| unknown(field, "a quadratic fee type", word.as_str()))
}

fn multiplier(field: &'static str, number: &serde_json::Number) -> Result<FeeMultiplier, ConvertError> {
    wire::json_number_micros(number)
        .and_then(|micros| u32::try_from(micros).ok())
        .and_then(FeeMultiplier::from_micros)
        .ok_or_else(|| unknown(field, "a multiplier from 0 to 10 with up to six decimals", &number.to_string()))
}

impl FeeMultiplier {
    /// The multiplier as the venue's JSON number.
    pub fn to_json_number(self) -> serde_json::Number {
        wire::json_number(i64::from(self.micros()))
    }
}

impl rest::EventData {
    /// The event in the shared vocabulary, without its markets.
    ///
    /// # Errors
    /// [`ConvertError`] when a ticker is no id.
    pub fn to_event(&self) -> Result<brier_types::Event, ConvertError> {
        Ok(brier_types::Event {
            ticker: id::<EventTicker>("event_ticker", &self.event_ticker)?,
            series: id::<SeriesTicker>("series_ticker", &self.series_ticker)?,
            title: self.title.clone(),
            mutually_exclusive: self.mutually_exclusive,
        })
    }

    /// What its markets charge: its overrides, else what `series` says, each on its own.
    ///
    /// # Errors
    /// [`ConvertError`] as [`rest::Series::fees`].
    pub fn fees(&self, series: &rest::Series) -> Result<FeeSchedule, ConvertError> {
        let fee_type = match &self.fee_type_override {
            Some(word) => fee_type("fee_type_override", word)?,
            None => fee_type("fee_type", &series.fee_type)?,
        };
        let multiplier = match &self.fee_multiplier_override {
            Some(number) => multiplier("fee_multiplier_override", number)?,
            None => multiplier("fee_multiplier", &series.fee_multiplier)?,
        };
        Ok(FeeSchedule::new(fee_type, multiplier))
    }
}

impl rest::Market {
    /// The market in the shared vocabulary.
    ///
    /// # Errors
    /// [`ConvertError`] when a ticker is no id, the status or result is unknown, or the price grid is none.
    pub fn to_market(&self) -> Result<brier_types::Market, ConvertError> {
        let title = self.title.as_deref().filter(|title| !title.is_empty()).unwrap_or(&self.yes_sub_title);
        Ok(brier_types::Market {
            venue: Venue::Kalshi,
            ticker: id::<MarketTicker>("ticker", &self.ticker)?,
            event: id::<EventTicker>("event_ticker", &self.event_ticker)?,
            title: title.to_owned(),
            grid: ticks::grid(&self.price_level_structure, &self.price_ranges)?,
            size_step: Qty::HUNDREDTH,
            open_time: self.open_time,
            close_time: self.close_time,
            status: self
                .status
                .known()
                .ok_or_else(|| unknown("status", "a status of the market's life", self.status.as_str()))?,
            result: market_result(&self.result, self.settlement_value_dollars)?,
        })
    }

    /// What the settling number has to be for YES; `None` where the venue does not say it in numbers that fit.
    ///
    /// Source: reference (Kalshi), section 7, `strike_type`.
    pub fn strike(&self) -> Option<Strike> {
        let bound = |number: &Option<Number>| Bound::parse(&number.as_ref()?.to_string());
        let (floor, cap) = (|| bound(&self.floor_strike), || bound(&self.cap_strike));
        match self.strike_type.as_ref()? {
            StrikeType::Greater => floor().map(Strike::Above),
            StrikeType::GreaterOrEqual => floor().map(Strike::AtLeast),
            StrikeType::Less => cap().map(Strike::Below),
            StrikeType::LessOrEqual => cap().map(Strike::AtMost),
            StrikeType::Between => Some(Strike::Between(floor()?, cap()?)),
            StrikeType::Functional | StrikeType::Custom | StrikeType::Structured | StrikeType::Other(_) => None,
        }
    }
}

/// A book in YES terms: bids and asks, each with its best level first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YesBook {
    /// YES bids, highest first.
    pub bids: Ladder,
    /// YES asks, lowest first.
    pub asks: Ladder,
}

impl OrderbookCountFp {
    /// The book in YES terms: a NO bid at p is a YES ask at 1 − p.
    #[must_use]
    pub fn to_yes_terms(&self) -> YesBook {
        let bids = self.yes_dollars.iter().rev().copied().collect();
        // The venue's ladder ends with its best bid, and the best NO bid is the best YES ask.
        let asks = self.no_dollars.iter().rev().map(|(price, qty)| (price.complement(), *qty)).collect();
        let mut book = YesBook { bids, asks };
        book.bids.sort_by_key(|(price, _)| std::cmp::Reverse(*price));
        book.asks.sort_by_key(|(price, _)| *price);
        book
    }

    /// The two ladders of a book in YES terms, whose levels may come in any order; `depth` levels from the best of each, or
    /// all for 0.
    #[must_use]
    pub fn from_yes_terms(bids: &[(Price, Qty)], asks: &[(Price, Qty)], depth: usize) -> Self {
        let ladder = |mut levels: Ladder| {
            levels.sort_by_key(|(price, _)| *price);
            if depth > 0 && levels.len() > depth {
                levels.drain(..levels.len() - depth);
            }
            levels
        };
        Self {
            yes_dollars: ladder(bids.to_vec()),
            no_dollars: ladder(asks.iter().map(|(price, qty)| (price.complement(), *qty)).collect()),
        }
    }
}

impl rest::Trade {
    /// The trade in the shared vocabulary.
    ///
    /// # Errors
    /// [`ConvertError`] when an id is none.
    pub fn to_public_trade(&self) -> Result<PublicTrade, ConvertError> {
        Ok(PublicTrade {
            trade: id::<TradeId>("trade_id", &self.trade_id)?,
            market: id::<MarketTicker>("ticker", &self.ticker)?,
            price: self.yes_price_dollars,
            qty: self.count_fp,
            taker_side: self.taker_book_side.into(),
        })
    }
}

impl rest::Order {
    /// The venue's word on the order.
    ///
    /// # Errors
    /// [`ConvertError`] when an id is none, or the status is unknown.
    pub fn to_update(&self) -> Result<OrderUpdate, ConvertError> {
        let status = match &self.status {
            rest::OrderStatus::Resting => OrderStatus::Resting,
            rest::OrderStatus::Canceled => OrderStatus::Canceled,
            rest::OrderStatus::Executed => OrderStatus::Executed,
            rest::OrderStatus::Other(found) => {
                return Err(unknown("status", "resting, canceled or executed", found));
            }
        };
        Ok(OrderUpdate {
            order: id::<VenueOrderId>("order_id", &self.order_id)?,
            // An order made elsewhere may carry a name longer than ours can be; it is then not one of ours.
            client_order_id: self.client_order_id.parse().ok(),
            market: id::<MarketTicker>("ticker", &self.ticker)?,
            side: self.book_side.into(),
            price: self.yes_price_dollars,
            status,
            filled: self.fill_count_fp,
            remaining: self.remaining_count_fp,
            reason: None,
        })
    }
}

impl From<OrderStatus> for rest::OrderStatus {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Resting => Self::Resting,
            OrderStatus::Canceled => Self::Canceled,
            OrderStatus::Executed => Self::Executed,
        }
    }
}

impl rest::Fill {
    /// The fill in the shared vocabulary. REST names no client order id and no position after it.
    ///
    /// # Errors
    /// [`ConvertError`] when an id is none.
    pub fn to_fill(&self) -> Result<Fill, ConvertError> {
        Ok(Fill {
            trade: id::<TradeId>("trade_id", &self.trade_id)?,
            order: id::<VenueOrderId>("order_id", &self.order_id)?,
            client_order_id: None,
            market: id::<MarketTicker>("ticker", &self.ticker)?,
            side: self.book_side.into(),
            price: self.yes_price_dollars,
            qty: self.count_fp,
            is_taker: self.is_taker,
            fee: self.fee_cost,
            position_after: None,
        })
    }
}

impl rest::MarketPosition {
    /// The venue's word on the position.
    ///
    /// # Errors
    /// [`ConvertError`] when the ticker is no id.
    pub fn to_update(&self) -> Result<PositionUpdate, ConvertError> {
        Ok(PositionUpdate {
            market: id::<MarketTicker>("ticker", &self.ticker)?,
            position: self.position_fp,
            realized_pnl: self.realized_pnl_dollars,
            fees_paid: self.fees_paid_dollars,
        })
    }
}

impl From<&NewOrder> for rest::CreateOrderV2Request {
    /// The request that places the order, routed by its ticker.
    ///
    /// An expiry between two seconds is written as the earlier one: an order must not outlive its time.
    fn from(order: &NewOrder) -> Self {
        let flag = |set: bool| set.then_some(true);
        Self {
            ticker: order.market.as_str().to_owned(),
            client_order_id: Some(order.client_order_id.as_str().to_owned()),
            side: order.side.into(),
            count: order.qty,
            price: dollars(order.price),
            expiration_time: match order.time_in_force {
                TimeInForce::Gtd(time) => Some(time),
                TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => None,
            },
            time_in_force: order.time_in_force.into(),
            post_only: flag(order.post_only),
            self_trade_prevention_type: order.self_trade_prevention.into(),
            cancel_order_on_pause: flag(order.cancel_on_pause),
            reduce_only: flag(order.reduce_only),
            subaccount: None,
            order_group_id: order.group.as_ref().map(|group| group.as_str().to_owned()),
            exchange_index: None,
        }
    }
}

/// A price as money.
fn dollars(price: Price) -> brier_types::Money {
    brier_types::Money::from_micros(i64::from(price.pips()) * 100)
}

/// Money as a price: what a request's `price` must be before a grid is asked.
fn price(field: &'static str, money: brier_types::Money) -> Result<Price, ConvertError> {
    let exact = money.micros() % 100 == 0;
    let pips = exact.then_some(money.micros() / 100).and_then(|pips| u16::try_from(pips).ok());
    pips.and_then(Price::new).ok_or(ConvertError::Price { field, found: money })
}

impl rest::CreateOrderV2Request {
    /// The order that is asked for, under `client_order_id`: the request's own, or one the exchange made.
    ///
    /// # Errors
    /// [`ConvertError::Price`] is the venue's `invalid_price`; other errors are ids that are none, or an expiry on an order
    /// that does not rest ([`ConvertError::Word`] on `time_in_force`).
    pub fn to_new_order(&self, client_order_id: ClientOrderId) -> Result<NewOrder, ConvertError> {
        let time_in_force = match (self.time_in_force, self.expiration_time) {
            (rest::TimeInForceWord::GoodTillCanceled, None) => TimeInForce::Gtc,
            (rest::TimeInForceWord::GoodTillCanceled, Some(time)) => TimeInForce::Gtd(time),
            (rest::TimeInForceWord::ImmediateOrCancel, None) => TimeInForce::Ioc,
            (rest::TimeInForceWord::FillOrKill, None) => TimeInForce::Fok,
            (word, Some(_)) => {
                return Err(unknown("time_in_force", "good_till_canceled beside an expiration_time", word.as_str()));
            }
        };
        Ok(NewOrder {
            client_order_id,
            market: id::<MarketTicker>("ticker", &self.ticker)?,
            side: self.side.into(),
            price: price("price", self.price)?,
            qty: self.count,
            time_in_force,
            post_only: self.post_only.unwrap_or(false),
            reduce_only: self.reduce_only.unwrap_or(false),
            self_trade_prevention: self.self_trade_prevention_type.into(),
            cancel_on_pause: self.cancel_order_on_pause.unwrap_or(false),
            group: optional_id::<OrderGroupId>("order_group_id", self.order_group_id.as_deref())?,
        })
    }
}

impl From<&AmendOrder> for rest::AmendOrderV2Request {
    /// The request that changes the order and keeps its expiry.
    fn from(amend: &AmendOrder) -> Self {
        Self {
            ticker: amend.market.as_str().to_owned(),
            side: amend.side.into(),
            price: dollars(amend.price),
            count: amend.total,
            client_order_id: None,
            updated_client_order_id: amend.new_client_order_id.as_ref().map(|id| id.as_str().to_owned()),
            expiration_time: None,
            exchange_index: None,
        }
    }
}

impl rest::AmendOrderV2Request {
    /// The change that is asked for of `order`.
    ///
    /// # Errors
    /// [`ConvertError::Price`] is the venue's `invalid_price`; other errors are ids that are none.
    pub fn to_amend(&self, order: VenueOrderId) -> Result<AmendOrder, ConvertError> {
        Ok(AmendOrder {
            order,
            market: id::<MarketTicker>("ticker", &self.ticker)?,
            side: self.side.into(),
            price: price("price", self.price)?,
            total: self.count,
            new_client_order_id: optional_id("updated_client_order_id", self.updated_client_order_id.as_deref())?,
        })
    }
}

impl From<rest::CreateOrderV2Response> for rest::BatchCreateItem {
    fn from(created: rest::CreateOrderV2Response) -> Self {
        Self {
            order_id: Some(created.order_id),
            client_order_id: created.client_order_id,
            fill_count: Some(created.fill_count),
            remaining_count: Some(created.remaining_count),
            average_fill_price: created.average_fill_price,
            average_fee_paid: created.average_fee_paid,
            ts_ms: Some(created.ts_ms),
            error: None,
        }
    }
}

impl rest::BatchCreateItem {
    /// The item of a refused order.
    pub fn refused(client_order_id: Option<String>, error: ErrorDetail) -> Self {
        Self { client_order_id, error: Some(error), ..Self::default() }
    }

    /// What became of the order: the answer to its create, or why it was refused. `None` when the item is neither, which
    /// leaves the order in doubt.
    pub fn outcome(&self) -> Option<Result<rest::CreateOrderV2Response, &ErrorDetail>> {
        if let Some(error) = &self.error {
            return Some(Err(error));
        }
        Some(Ok(rest::CreateOrderV2Response {
            order_id: self.order_id.clone()?,
            client_order_id: self.client_order_id.clone(),
            fill_count: self.fill_count?,
            remaining_count: self.remaining_count?,
            average_fill_price: self.average_fill_price,
            average_fee_paid: self.average_fee_paid,
            ts_ms: self.ts_ms?,
        }))
    }
}

impl From<rest::CancelOrderV2Response> for rest::BatchCancelItem {
    fn from(canceled: rest::CancelOrderV2Response) -> Self {
        Self {
            order_id: canceled.order_id,
            client_order_id: canceled.client_order_id,
            reduced_by: canceled.reduced_by,
            ts_ms: Some(canceled.ts_ms),
            error: None,
        }
    }
}

impl rest::BatchCancelItem {
    /// The item of a refused cancel.
    pub fn refused(order_id: String, error: ErrorDetail) -> Self {
        Self { order_id, client_order_id: None, reduced_by: Qty::ZERO, ts_ms: None, error: Some(error) }
    }
}

#[cfg(test)]
mod tests;
