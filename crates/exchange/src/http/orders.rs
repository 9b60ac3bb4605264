//! Order writes.
//!
//! A used client order id is refused before anything else that could be wrong with the order, so that a repeat always
//! learns that it is one. Everything trades on shard 0; -1 and nothing are routed there.
//!
//! Source: reference sections 8.1 to 8.4 and 19.6, 2026-11-20.

use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::rest::{
    AmendOrderV2Request, AmendOrderV2Response, BatchCancelItem, BatchCancelOrdersV2Request,
    BatchCancelOrdersV2Response, BatchCancelTarget, BatchCreateItem, BatchCreateOrdersV2Request,
    BatchCreateOrdersV2Response, CancelOrderQuery, CancelOrderV2Response, CreateOrderV2Request, CreateOrderV2Response,
    DecreaseOrderV2Request, DecreaseOrderV2Response, SubaccountQuery, TimeInForceWord,
};
use brier_matching::{AccountId, AmendOrder, Decrease, ExpiryChange, MarketId, OrderId, PlaceOrder, Placed, Reply};
use brier_types::{ClientOrderId, Money, Price, Qty, TimeInForce, Timestamp};

use super::{Answer, Call, Failure, json};
use crate::core::Core;
use crate::ids;
use crate::record::Record;
use crate::state::{Outcome, average};

/// Only the first subaccount and the first shard exist.
pub(super) fn check_place(subaccount: Option<i32>, exchange_index: Option<i32>) -> Result<(), Failure> {
    if subaccount.is_some_and(|number| number != 0) {
        return Err(Failure::with_details(&Code::NotFound, "subaccount does not exist"));
    }
    if exchange_index.is_some_and(|index| index != 0 && index != -1) {
        return Err(Failure::with_details(&Code::NotFound, "not on this exchange_index"));
    }
    Ok(())
}

pub(super) async fn create(call: Call) -> Result<Answer, Failure> {
    let request: CreateOrderV2Request = call.json()?;
    let account = call.caller().account;
    let created = call.app.core.call(move |core| place(core, account, &request)).await??;
    Answer::created(&created)
}

pub(super) async fn batch_create(call: Call) -> Result<Answer, Failure> {
    let request: BatchCreateOrdersV2Request = call.json()?;
    call.pay_for(request.orders.len())?;
    let account = call.caller().account;
    let orders = call.app.core.call(move |core| {
        let place = |order: &CreateOrderV2Request| batch_item(order, place(core, account, order));
        request.orders.iter().map(place).collect()
    });
    Answer::created(&BatchCreateOrdersV2Response { orders: orders.await? })
}

fn batch_item(request: &CreateOrderV2Request, result: Result<CreateOrderV2Response, Failure>) -> BatchCreateItem {
    match result {
        Ok(created) => BatchCreateItem {
            order_id: Some(created.order_id),
            client_order_id: created.client_order_id,
            fill_count: Some(created.fill_count),
            remaining_count: Some(created.remaining_count),
            average_fill_price: created.average_fill_price,
            average_fee_paid: created.average_fee_paid,
            ts_ms: Some(created.ts_ms),
            error: None,
        },
        Err(failure) => BatchCreateItem {
            client_order_id: request.client_order_id.clone(),
            error: Some(failure.into_detail()),
            ..BatchCreateItem::default()
        },
    }
}

fn place(
    core: &mut Core,
    account: AccountId,
    request: &CreateOrderV2Request,
) -> Result<CreateOrderV2Response, Failure> {
    let order = understand(core, account, request)?;
    let client_order_id = order.client_order_id.as_ref().map(|id| id.as_str().to_owned());
    let placed = placed(core.submit(Record::Place(order))?)?;
    Ok(CreateOrderV2Response {
        order_id: ids::order_text(placed.order),
        client_order_id,
        fill_count: placed.filled,
        remaining_count: placed.remaining,
        average_fill_price: average(placed.cost_now, placed.filled_now),
        average_fee_paid: average(placed.fees_now, placed.filled_now),
        ts_ms: core.now(),
    })
}

fn placed(outcome: Outcome) -> Result<Placed, Failure> {
    match outcome {
        Outcome::Reply(Reply::Placed(placed)) => Ok(placed),
        // The core answers placing and amending with what became of the order.
        Outcome::Reply(_) | Outcome::Kept => Err(Code::InternalServerError.into()),
    }
}

fn invalid(details: &str) -> Failure {
    Failure::with_details(&Code::InvalidOrder, details)
}

fn client_order_id(text: &str) -> Result<ClientOrderId, Failure> {
    ClientOrderId::new(text).map_err(|error| invalid(&error.to_string()))
}

/// A price that is on no grid at all is no price.
fn price(dollars: Money) -> Result<Price, Failure> {
    let pips = (dollars.micros() % 100 == 0).then(|| u16::try_from(dollars.micros() / 100).ok()).flatten();
    let price = pips.and_then(Price::new).filter(|price| price.is_tradable());
    price.ok_or_else(|| {
        Failure::with_details(&Code::InvalidPrice, format!("{dollars} is not between 0 and 1 on the grid"))
    })
}

fn understand(core: &Core, account: AccountId, request: &CreateOrderV2Request) -> Result<PlaceOrder, Failure> {
    let state = &core.state;
    let client_order_id = match request.client_order_id.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => client_order_id(text)?,
        None => state.mint_client_order_id(account),
    };
    if state.user(account).client_order_ids.contains(&client_order_id) {
        return Err(Code::OrderAlreadyExists.into());
    }
    check_place(request.subaccount, request.exchange_index)?;
    let market = state.market_id(&request.ticker).ok_or(Code::NotFound)?;
    let time_in_force = match (request.time_in_force, request.expiration_time) {
        (TimeInForceWord::GoodTillCanceled, None) => TimeInForce::Gtc,
        (TimeInForceWord::GoodTillCanceled, Some(expires)) => TimeInForce::Gtd(expires),
        (TimeInForceWord::ImmediateOrCancel, None) => TimeInForce::Ioc,
        (TimeInForceWord::FillOrKill, None) => TimeInForce::Fok,
        (TimeInForceWord::ImmediateOrCancel | TimeInForceWord::FillOrKill, Some(_)) => {
            return Err(invalid("expiration_time goes with good_till_canceled only"));
        }
    };
    let group = match request.order_group_id.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(ids::group_id(text).ok_or(Code::NotFound)?),
        None => None,
    };
    Ok(PlaceOrder {
        account,
        market,
        side: request.side.into(),
        price: price(request.price)?,
        qty: request.count,
        time_in_force,
        post_only: request.post_only.unwrap_or(false),
        reduce_only: request.reduce_only.unwrap_or(false),
        cancel_on_pause: request.cancel_order_on_pause.unwrap_or(false),
        self_trade_prevention: Some(request.self_trade_prevention_type.into()),
        client_order_id: Some(client_order_id),
        group,
    })
}

/// An own order by its text; what is no such text names no order.
fn order_id(text: &str) -> Result<OrderId, Failure> {
    ids::order_id(text).ok_or_else(|| Code::NotFound.into())
}

/// An own order's client order id, as answers repeat it.
fn own_client_order_id(core: &Core, order: OrderId) -> Option<String> {
    core.state.order(order).map(|row| row.client_order_id.to_string())
}

pub(super) async fn amend(call: Call) -> Result<Answer, Failure> {
    let query = SubaccountQuery::parse(&call.query)?;
    let request: AmendOrderV2Request = call.json()?;
    let order = order_id(call.part(0))?;
    check_place(query.subaccount, request.exchange_index)?;
    let account = call.caller().account;
    json(&call.app.core.call(move |core| amend_one(core, account, order, &request)).await??)
}

fn amend_one(
    core: &mut Core,
    account: AccountId,
    order: OrderId,
    request: &AmendOrderV2Request,
) -> Result<AmendOrderV2Response, Failure> {
    let optional =
        |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(client_order_id).transpose();
    let amend = AmendOrder {
        account,
        order,
        // A market that does not exist is not the order's: the core says so after it looked for the order.
        market: core.state.market_id(&request.ticker).unwrap_or(MarketId(u32::MAX)),
        side: request.side.into(),
        price: price(request.price)?,
        total: request.count,
        client_order_id: optional(&request.client_order_id)?,
        new_client_order_id: optional(&request.updated_client_order_id)?,
        expiry: match request.expiration_time {
            None => ExpiryChange::Keep,
            Some(Timestamp::EPOCH) => ExpiryChange::Clear,
            Some(at) => ExpiryChange::Set(at),
        },
    };
    let placed = placed(core.submit(Record::Amend(amend))?)?;
    let row = core.state.order(order).ok_or(Code::NotFound)?;
    let (cost, fees) = row.totals();
    Ok(AmendOrderV2Response {
        order_id: ids::order_text(order),
        client_order_id: Some(row.client_order_id.to_string()),
        remaining_count: Some(placed.remaining),
        fill_count: Some(row.filled),
        average_fill_price: average(cost, row.filled),
        average_fee_paid: average(fees, row.filled),
        ts_ms: core.now(),
    })
}

pub(super) async fn decrease(call: Call) -> Result<Answer, Failure> {
    let query = SubaccountQuery::parse(&call.query)?;
    let request: DecreaseOrderV2Request = call.json()?;
    let by = match (request.reduce_by, request.reduce_to) {
        (Some(by), None) => Decrease::By(by),
        (None, Some(to)) => Decrease::To(to),
        (None, None) | (Some(_), Some(_)) => return Err(invalid("exactly one of reduce_by and reduce_to is needed")),
    };
    let order = order_id(call.part(0))?;
    check_place(query.subaccount, request.exchange_index)?;
    let account = call.caller().account;
    let decreased = call.app.core.call(move |core| -> Result<_, Failure> {
        check_ticker(core, request.market_ticker.as_deref())?;
        let remaining_count = match core.submit(Record::Decrease { account, order, by })? {
            Outcome::Reply(Reply::Remaining(remaining)) => remaining,
            Outcome::Reply(_) | Outcome::Kept => return Err(Code::InternalServerError.into()),
        };
        let client_order_id = own_client_order_id(core, order);
        let ts_ms = core.now();
        Ok(DecreaseOrderV2Response { order_id: ids::order_text(order), client_order_id, remaining_count, ts_ms })
    });
    json(&decreased.await??)
}

/// The market named to find the shard must exist.
fn check_ticker(core: &Core, ticker: Option<&str>) -> Result<(), Failure> {
    match ticker.filter(|ticker| !ticker.is_empty()) {
        Some(ticker) if core.state.market_id(ticker).is_none() => Err(Code::NotFound.into()),
        _ => Ok(()),
    }
}

pub(super) async fn cancel(call: Call) -> Result<Answer, Failure> {
    let query = CancelOrderQuery::parse(&call.query)?;
    let target = BatchCancelTarget {
        order_id: call.part(0).to_owned(),
        subaccount: query.subaccount,
        exchange_index: query.exchange_index,
        market_ticker: query.market_ticker,
    };
    let account = call.caller().account;
    json(&call.app.core.call(move |core| cancel_one(core, account, &target)).await??)
}

fn cancel_one(
    core: &mut Core,
    account: AccountId,
    target: &BatchCancelTarget,
) -> Result<CancelOrderV2Response, Failure> {
    let order = order_id(&target.order_id)?;
    check_place(target.subaccount, target.exchange_index)?;
    check_ticker(core, target.market_ticker.as_deref())?;
    let reduced_by = match core.submit(Record::Cancel { account, order })? {
        Outcome::Reply(Reply::Canceled(canceled)) => canceled,
        Outcome::Reply(_) | Outcome::Kept => return Err(Code::InternalServerError.into()),
    };
    Ok(CancelOrderV2Response {
        order_id: ids::order_text(order),
        client_order_id: own_client_order_id(core, order),
        reduced_by,
        ts_ms: core.now(),
    })
}

pub(super) async fn batch_cancel(call: Call) -> Result<Answer, Failure> {
    let request: BatchCancelOrdersV2Request = call.json()?;
    call.pay_for(request.orders.len())?;
    let account = call.caller().account;
    let orders = call.app.core.call(move |core| {
        let cancel = |target: &BatchCancelTarget| match cancel_one(core, account, target) {
            Ok(done) => BatchCancelItem {
                order_id: done.order_id,
                client_order_id: done.client_order_id,
                reduced_by: done.reduced_by,
                ts_ms: Some(done.ts_ms),
                error: None,
            },
            Err(failure) => BatchCancelItem {
                order_id: target.order_id.clone(),
                client_order_id: None,
                reduced_by: Qty::ZERO,
                ts_ms: None,
                error: Some(failure.into_detail()),
            },
        };
        request.orders.iter().map(cancel).collect()
    });
    json(&BatchCancelOrdersV2Response { orders: orders.await? })
}

pub(super) async fn cancel_all(call: Call) -> Result<Answer, Failure> {
    let query = SubaccountQuery::parse(&call.query)?;
    check_place(query.subaccount, None)?;
    let account = call.caller().account;
    call.app.core.call(move |core| core.submit(Record::CancelAll { account })).await??;
    Ok(Answer::empty())
}
