//! Orders: create, amend, decrease, cancel, many at once; lists and queue positions.
//!
//! Whether a write may be sent a second time is said at each call and argued in [`crate::retry::Repeat`]. A single write
//! names its shard when it knows it; otherwise the venue finds it by ticker and bills every shard's bucket.
//!
//! Source: reference sections 8 and 13, 2026-11-20.

use std::time::Duration;

use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::rest::{
    AmendOrderV2Request, AmendOrderV2Response, BatchCancelItem, BatchCancelOrdersV2Request,
    BatchCancelOrdersV2Response, BatchCancelTarget, BatchCreateItem, BatchCreateOrdersV2Request,
    BatchCreateOrdersV2Response, CancelOrderQuery, CancelOrderV2Response, CreateOrderV2Request, CreateOrderV2Response,
    DecreaseOrderV2Request, DecreaseOrderV2Response, GetOrderQueuePositionResponse, GetOrderQueuePositionsResponse,
    GetOrderResponse, GetOrdersResponse, Operation, Order, OrderQueuePosition, OrdersQuery, QueuePositionsQuery,
};
use brier_types::{
    AmendOrder, ClientOrderId, FailureKind, MarketTicker, NewOrder, Qty, TimeInForce, Timestamp, VenueError as _,
    VenueOrderId,
};

use super::Pages;
use crate::client::{Client, parse};
use crate::error::KalshiError;
use crate::request::Call;
use crate::retry::Repeat;

/// How often the order list is asked for an order that must be there: reads lag writes by up to about a second.
const LOOKUPS: u32 = 6;

/// An order that the venue has, and how we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// The venue answered the create.
    Answered(CreateOrderV2Response),
    /// The answer was lost. The venue refused a second copy as a duplicate, and the order list shows this order, as it
    /// stood when it was read.
    Found(Box<Order>),
}

impl Placed {
    /// The venue's name for the order.
    pub fn order_id(&self) -> &str {
        match self {
            Self::Answered(answer) => &answer.order_id,
            Self::Found(order) => &order.order_id,
        }
    }

    /// Contracts filled, as far as is known.
    pub fn filled(&self) -> Qty {
        match self {
            Self::Answered(answer) => answer.fill_count,
            Self::Found(order) => order.fill_count_fp,
        }
    }

    /// Contracts that rest, as far as is known.
    pub fn remaining(&self) -> Qty {
        match self {
            Self::Answered(answer) => answer.remaining_count,
            Self::Found(order) => order.remaining_count_fp,
        }
    }
}

/// The request that places `order`.
pub fn create_request(order: &NewOrder) -> CreateOrderV2Request {
    CreateOrderV2Request {
        ticker: order.market.to_string(),
        client_order_id: Some(order.client_order_id.to_string()),
        side: order.side.into(),
        count: order.qty,
        price: brier_types::Money::from_micros(i64::from(order.price.pips()) * 100),
        expiration_time: match order.time_in_force {
            TimeInForce::Gtd(time) => Some(time),
            TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => None,
        },
        time_in_force: order.time_in_force.into(),
        post_only: order.post_only.then_some(true),
        self_trade_prevention_type: order.self_trade_prevention.into(),
        cancel_order_on_pause: order.cancel_on_pause.then_some(true),
        reduce_only: order.reduce_only.then_some(true),
        subaccount: None,
        order_group_id: order.group.as_ref().map(ToString::to_string),
        exchange_index: None,
    }
}

/// The request that changes an order.
pub fn amend_request(amend: &AmendOrder) -> AmendOrderV2Request {
    AmendOrderV2Request {
        ticker: amend.market.to_string(),
        side: amend.side.into(),
        price: brier_types::Money::from_micros(i64::from(amend.price.pips()) * 100),
        count: amend.total,
        client_order_id: None,
        updated_client_order_id: amend.new_client_order_id.as_ref().map(ToString::to_string),
        expiration_time: None,
        exchange_index: None,
    }
}

/// The shard a request names; -1 and nothing leave it to the venue.
fn shard(exchange_index: Option<i32>) -> Option<u32> {
    exchange_index.and_then(|index| u32::try_from(index).ok())
}

impl Client {
    /// Places an order. See [`Client::create`].
    ///
    /// # Errors
    /// Those of [`Client::create`].
    pub async fn create_order(&self, order: &NewOrder) -> Result<Placed, KalshiError> {
        self.create(&create_request(order)).await
    }

    /// Places an order from the venue's own request.
    ///
    /// With a client order id the call is sent again after silence or a 5xx, with the same id, so that it acts at most
    /// once: 201 means the order exists from now, 409 `order_already_exists` that it existed, and then it is looked up in
    /// the order list. Without an id nothing is repeated.
    ///
    /// # Errors
    /// [`FailureKind::InDoubt`] when the venue may have the order and does not show it; count it at its worst case until
    /// stream or list tell. [`FailureKind::Refused`] when it said no.
    pub async fn create(&self, request: &CreateOrderV2Request) -> Result<Placed, KalshiError> {
        let repeat = if request.client_order_id.is_some() { Repeat::Safe } else { Repeat::Once };
        let call = Call::new("create order", Operation::CreateOrder, &[])?
            .json(request)?
            .repeat(repeat)
            .shard(shard(request.exchange_index));
        let started = self.clock().venue_now();
        match self.run(&call).await {
            Ok(reply) => parse(&call, &reply).map(Placed::Answered),
            Err(error) if error.kind() == FailureKind::InDoubt && is_duplicate(&error) => {
                let id = request.client_order_id.as_deref().unwrap_or_default();
                match self.find_order(&request.ticker, id, started).await {
                    Ok(Some(order)) => Ok(Placed::Found(Box::new(order))),
                    // What the lookup says is less than what is known: the id is taken, so the doubt is the news.
                    Ok(None) | Err(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Looks for an order by its client order id, which the venue cannot do itself, in the list of `market` since
    /// `since`. Asks several times, as reads lag writes. `None` proves nothing but that the list does not show it.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn find_by_client_id(
        &self,
        market: &MarketTicker,
        id: &ClientOrderId,
        since: Timestamp,
    ) -> Result<Option<Order>, KalshiError> {
        self.find_order(market.as_str(), id.as_str(), since).await
    }

    async fn find_order(&self, ticker: &str, id: &str, since: Timestamp) -> Result<Option<Order>, KalshiError> {
        // The venue's clock is known to a second and the filter counts whole ones.
        let query = OrdersQuery {
            ticker: Some(ticker.to_owned()),
            min_ts: Some(since.minus(Duration::from_secs(2))),
            ..OrdersQuery::default()
        };
        for attempt in 1..=LOOKUPS {
            let mut pages = self.orders(query.clone())?;
            while let Some(page) = pages.next().await? {
                if let Some(order) = page.into_iter().find(|order| order.client_order_id == id) {
                    return Ok(Some(order));
                }
            }
            if attempt < LOOKUPS {
                tokio::time::sleep(self.next_wait(attempt)).await;
            }
        }
        Ok(None)
    }

    /// Changes price, total or expiry. Sent once: a late copy could undo a later amend.
    ///
    /// # Errors
    /// [`FailureKind::InDoubt`] after silence or a 5xx; 404 when the order is filled, canceled or unknown.
    pub async fn amend_order(&self, amend: &AmendOrder) -> Result<AmendOrderV2Response, KalshiError> {
        let request = amend_request(amend);
        self.amend(&amend.order, &request).await
    }

    /// Amends with the venue's own request. See [`Client::amend_order`].
    ///
    /// # Errors
    /// Those of [`Client::amend_order`].
    pub async fn amend(
        &self,
        order: &VenueOrderId,
        request: &AmendOrderV2Request,
    ) -> Result<AmendOrderV2Response, KalshiError> {
        let call = Call::new("amend order", Operation::AmendOrder, &[order.as_str()])?
            .json(request)?
            .shard(shard(request.exchange_index));
        self.json(&call).await
    }

    /// Takes `by` contracts off a resting order. Sent once: a second copy would take them twice.
    ///
    /// # Errors
    /// [`FailureKind::InDoubt`] after silence or a 5xx.
    pub async fn decrease_by(
        &self,
        market: &MarketTicker,
        order: &VenueOrderId,
        by: Qty,
    ) -> Result<DecreaseOrderV2Response, KalshiError> {
        let body = DecreaseOrderV2Request { reduce_by: Some(by), ..DecreaseOrderV2Request::default() };
        self.decrease(market, order, body, Repeat::Once).await
    }

    /// Shrinks a resting order to `to` contracts. May be repeated: an order never grows by it.
    ///
    /// # Errors
    /// Those of a write that may be repeated.
    pub async fn decrease_to(
        &self,
        market: &MarketTicker,
        order: &VenueOrderId,
        to: Qty,
    ) -> Result<DecreaseOrderV2Response, KalshiError> {
        let body = DecreaseOrderV2Request { reduce_to: Some(to), ..DecreaseOrderV2Request::default() };
        self.decrease(market, order, body, Repeat::Safe).await
    }

    async fn decrease(
        &self,
        market: &MarketTicker,
        order: &VenueOrderId,
        body: DecreaseOrderV2Request,
        repeat: Repeat,
    ) -> Result<DecreaseOrderV2Response, KalshiError> {
        let body = DecreaseOrderV2Request { market_ticker: Some(market.to_string()), ..body };
        let call = Call::new("decrease order", Operation::DecreaseOrder, &[order.as_str()])?
            .json(&body)?
            .repeat(repeat)
            .shard(None);
        self.json(&call).await
    }

    /// Takes an order back. The market is needed, as the order's shard is found by it. May be repeated.
    ///
    /// # Errors
    /// 404 when the order is filled, canceled or unknown. When that 404 follows an attempt without an answer it is
    /// [`FailureKind::InDoubt`]: the order is gone, and only stream or list say how much of it had filled.
    pub async fn cancel_order(
        &self,
        market: &MarketTicker,
        order: &VenueOrderId,
    ) -> Result<CancelOrderV2Response, KalshiError> {
        let query = CancelOrderQuery { market_ticker: Some(market.to_string()), ..CancelOrderQuery::default() };
        let call = Call::new("cancel order", Operation::CancelOrder, &[order.as_str()])?
            .query(query.encode())
            .repeat(Repeat::Safe)
            .shard(None);
        self.json(&call).await
    }

    /// Takes back every resting order on every shard; orders placed within the next minute may go too. May be repeated.
    ///
    /// # Errors
    /// Those of a write that may be repeated.
    pub async fn cancel_all(&self) -> Result<(), KalshiError> {
        let call = Call::new("cancel all orders", Operation::CancelAllOrders, &[])?.repeat(Repeat::Safe);
        self.run(&call).await.map(drop)
    }

    /// Places many orders in one call; one item comes back for each, in order, created or refused. Sent once.
    ///
    /// # Errors
    /// [`FailureKind::InDoubt`] for all of them after silence or a 5xx; [`KalshiError::TooLarge`] when they cost more than
    /// the write bucket holds.
    pub async fn create_orders(&self, orders: &[NewOrder]) -> Result<Vec<BatchCreateItem>, KalshiError> {
        let body = BatchCreateOrdersV2Request { orders: orders.iter().map(create_request).collect() };
        let call = Call::new("create orders", Operation::BatchCreateOrders, &[])?.json(&body)?.items(orders.len());
        Ok(self.json::<BatchCreateOrdersV2Response>(&call).await?.orders)
    }

    /// Takes many orders back in one call; one item comes back for each, in order. May be repeated; an item that was
    /// canceled by a first copy then reports `not_found`.
    ///
    /// # Errors
    /// Those of a write that may be repeated; [`KalshiError::TooLarge`] when they cost more than the write bucket holds.
    pub async fn cancel_orders(
        &self,
        orders: &[(MarketTicker, VenueOrderId)],
    ) -> Result<Vec<BatchCancelItem>, KalshiError> {
        let orders: Vec<BatchCancelTarget> = orders
            .iter()
            .map(|(market, order)| BatchCancelTarget {
                order_id: order.to_string(),
                subaccount: None,
                exchange_index: None,
                market_ticker: Some(market.to_string()),
            })
            .collect();
        let count = orders.len();
        let call = Call::new("cancel orders", Operation::BatchCancelOrders, &[])?
            .json(&BatchCancelOrdersV2Request { orders })?
            .repeat(Repeat::Safe)
            .items(count);
        Ok(self.json::<BatchCancelOrdersV2Response>(&call).await?.orders)
    }

    /// One order.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown or has left the live data.
    pub async fn order(&self, order: &VenueOrderId) -> Result<Order, KalshiError> {
        let call = Call::new("read order", Operation::GetOrder, &[order.as_str()])?;
        Ok(self.json::<GetOrderResponse>(&call).await?.order)
    }

    /// Our orders, newest first.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn orders(&self, query: OrdersQuery) -> Result<Pages<Order>, KalshiError> {
        let query = OrdersQuery { limit: query.limit.or(Some(1_000)), cursor: None, ..query };
        let call = Call::new("list orders", Operation::GetOrders, &[])?.query(query.encode());
        Ok(Pages::new::<GetOrdersResponse>(self, call))
    }

    /// Contracts ahead of one resting order.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn queue_position(&self, order: &VenueOrderId) -> Result<Qty, KalshiError> {
        let call = Call::new("read queue position", Operation::GetOrderQueuePosition, &[order.as_str()])?;
        Ok(self.json::<GetOrderQueuePositionResponse>(&call).await?.queue_position_fp)
    }

    /// Contracts ahead of each resting order, in the markets given or in all.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn queue_positions(&self, markets: &[MarketTicker]) -> Result<Vec<OrderQueuePosition>, KalshiError> {
        let market_tickers = markets.iter().map(ToString::to_string).collect();
        let query = QueuePositionsQuery { market_tickers, ..QueuePositionsQuery::default() };
        let call = Call::new("list queue positions", Operation::GetOrderQueuePositions, &[])?.query(query.encode());
        Ok(self.json::<GetOrderQueuePositionsResponse>(&call).await?.queue_positions)
    }
}

fn is_duplicate(error: &KalshiError) -> bool {
    error.code() == Some(Code::OrderAlreadyExists)
}
