//! Posting and canceling orders, and signs of life.
//!
//! Source: reference (Polymarket), sections 7.3, 7.5 and 14, 2026-11-20.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use brier_matching::OrderId;
use brier_polymarket_protocol::clob::{
    CancelMarketRequest, CancelOrderRequest, CancelReply, HeartbeatRefusal, HeartbeatReply, HeartbeatRequest,
    MAX_BATCH_CANCELS, MAX_BATCH_ORDERS, PostOrderReply, StatusReply,
};
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::ids::OrderHash;
use brier_polymarket_protocol::order_body;
use serde::de::DeserializeOwned;

use super::{App, Failure, Reply, json};
use crate::core::Core;
use crate::ids;
use crate::polymarket::auth::{Signed, Writer};
use crate::polymarket::intake::{self, engine_takes};
use crate::polymarket::limits::{Allowance, Scope};
use crate::polymarket::record::{OrderNumber, Record};
use crate::polymarket::state::{Effect, Standing, State as Face};

/// The answer, good or bad, with what is left of the allowance.
fn limited(allowance: Allowance, reply: Reply) -> Response {
    allowance.on(reply.unwrap_or_else(Failure::into_response))
}

fn pay(app: &App, signed: &Signed, scope: Scope, cost: usize) -> Result<Allowance, Failure> {
    let owner = signed.owner();
    app.limits.take(owner, app.doors.table().tier(owner), scope, cost)
}

fn body<T: DeserializeOwned>(signed: &Signed) -> Result<T, Failure> {
    serde_json::from_slice(&signed.body).map_err(|_no_json| Failure::text(400, text::INVALID_ORDER_PAYLOAD))
}

pub(super) async fn post(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let allowance = pay(&app, &signed, Scope::Post, 1)?;
    Ok(limited(allowance, post_one(&app, &signed).await))
}

async fn post_one(app: &App, signed: &Signed) -> Reply {
    let posted = order_body::read(&signed.body).map_err(|error| {
        tracing::debug!(%error, "no order");
        Failure::text(400, text::INVALID_ORDER_PAYLOAD)
    })?;
    let judged = intake::judge((&app.doors.table(), app.signatures), &signed.key, &posted)?;
    json(&app.core.call(move |core| intake::place(core, &judged)).await??)
}

pub(super) async fn post_batch(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let orders = order_body::read_batch(&signed.body).ok().filter(|orders| !orders.is_empty());
    let orders = orders.ok_or_else(|| Failure::text(400, text::INVALID_ORDER_PAYLOAD))?;
    if orders.len() > MAX_BATCH_ORDERS {
        return Err(Failure::text(400, text::too_many_orders(orders.len(), MAX_BATCH_ORDERS)));
    }
    let allowance = pay(&app, &signed, Scope::Post, orders.len())?;
    let table = app.doors.table();
    let judged: Vec<_> =
        orders.iter().map(|order| intake::judge((&table, app.signatures), &signed.key, order)).collect();
    let work = move |core: &mut Core| -> Result<Vec<PostOrderReply>, Failure> {
        engine_takes(&core.polymarket, true)?;
        let results = judged.into_iter().map(|judged| {
            let placed = judged.and_then(|judged| intake::place(core, &judged));
            placed.unwrap_or_else(|failure| PostOrderReply::rejected(failure.error))
        });
        Ok(results.collect())
    };
    let results = app.core.call(work).await?;
    Ok(limited(allowance, results.and_then(|results| json(&results))))
}

/// Cancels what of these rests and is the owner's; the rest is named with the reason.
fn cancel_hashes(core: &mut Core, owner: Address, hashes: Vec<String>) -> Result<CancelReply, Failure> {
    engine_takes(&core.polymarket, false)?;
    let mut reply = CancelReply::default();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for text in hashes {
        if !seen.insert(text.clone()) {
            continue;
        }
        match resting(&core.polymarket, owner, &text) {
            Ok(order) => found.push((order, text)),
            Err(reason) => drop(reply.not_canceled.insert(text, reason.to_owned())),
        }
    }
    cancel(core, found, &mut reply)?;
    Ok(reply)
}

/// The resting order that a text names, or why there is none.
fn resting(state: &Face, owner: Address, text: &str) -> Result<OrderId, &'static str> {
    let hash: OrderHash = text.parse().map_err(|_no_hash| text::NOT_FOUND_OR_CANCELED)?;
    let index = *state.hashes.get(&hash).ok_or(text::NOT_FOUND_OR_CANCELED)?;
    let row = state.order(index);
    if state.owner_of(index) != owner {
        return Err(text::NOT_FOUND_OR_CANCELED);
    }
    match (row.standing, row.id) {
        (Standing::Live, Some(id)) => Ok(id),
        (Standing::Matched, _) => Err(text::CANCELED_OR_MATCHED),
        // What waits out a delay cannot be canceled either.
        _ => Err(text::NOT_FOUND_OR_CANCELED),
    }
}

fn cancel(core: &mut Core, orders: Vec<(OrderId, String)>, reply: &mut CancelReply) -> Result<(), Failure> {
    if orders.is_empty() {
        return Ok(());
    }
    let numbers = orders.iter().map(|(order, _)| OrderNumber(*order)).collect();
    let effect = core.submit_polymarket(Record::Cancel { orders: numbers });
    let Ok(Effect::Canceled(canceled, _)) = effect else { return Err(Failure::text(500, text::INTERNAL)) };
    for (order, text) in orders {
        if canceled.contains(&order) {
            reply.canceled.push(text);
        } else {
            reply.not_canceled.insert(text, text::CANCELED_OR_MATCHED.to_owned());
        }
    }
    Ok(())
}

/// Cancels every resting order of an owner that `which` takes.
fn cancel_where(
    core: &mut Core,
    owner: Address,
    which: impl Fn(&Face, brier_matching::MarketId, brier_types::Outcome) -> bool,
) -> Result<CancelReply, Failure> {
    engine_takes(&core.polymarket, false)?;
    let state = &core.polymarket;
    let orders = state.resting_of_owner(owner, |market, outcome| which(state, market, outcome));
    let named = orders.into_iter().map(|order| {
        let index = state.order_index(order).expect("resting orders are known by their number");
        (order, state.order(index).hash.to_string())
    });
    let (named, mut reply) = (named.collect(), CancelReply::default());
    cancel(core, named, &mut reply)?;
    Ok(reply)
}

pub(super) async fn cancel_one(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let allowance = pay(&app, &signed, Scope::Cancel, 1)?;
    Ok(limited(allowance, cancel_named(&app, &signed).await))
}

async fn cancel_named(app: &App, signed: &Signed) -> Reply {
    let CancelOrderRequest { order_id } = body(signed)?;
    if order_id.parse::<OrderHash>().is_err() {
        return Err(Failure::text(400, text::INVALID_ORDER_ID));
    }
    let owner = signed.owner();
    json(&app.core.call(move |core| cancel_hashes(core, owner, vec![order_id])).await??)
}

pub(super) async fn cancel_batch(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let hashes: Vec<String> = body(&signed)?;
    if hashes.len() > MAX_BATCH_CANCELS {
        return Err(Failure::text(400, text::too_many_cancels(MAX_BATCH_CANCELS)));
    }
    // A batch larger than the whole bucket could never be paid for: it is admitted and owed.
    let owner = signed.owner();
    let tier = app.doors.table().tier(owner);
    let allowance = match app.limits.take(owner, tier, Scope::Cancel, hashes.len().min(100)) {
        Ok(_) => app.limits.owe(owner, tier, Scope::Cancel, hashes.len().saturating_sub(100)),
        Err(failure) => return Err(failure),
    };
    let reply = app.core.call(move |core| cancel_hashes(core, owner, hashes)).await?;
    Ok(limited(allowance, reply.and_then(|reply| json(&reply))))
}

async fn cancel_many(
    app: &App,
    signed: &Signed,
    which: impl Fn(&Face, brier_matching::MarketId, brier_types::Outcome) -> bool + Send + 'static,
) -> Reply {
    pay(app, signed, Scope::Cancel, 1)?;
    let owner = signed.owner();
    let reply = app.core.call(move |core| cancel_where(core, owner, which)).await?;
    let count = reply.as_ref().map_or(0, |reply| reply.canceled.len());
    let allowance = app.limits.owe(owner, app.doors.table().tier(owner), Scope::Cancel, count);
    Ok(limited(allowance, reply.and_then(|reply| json(&reply))))
}

pub(super) async fn cancel_all(State(app): State<App>, Writer(signed): Writer) -> Reply {
    cancel_many(&app, &signed, |_, _, _| true).await
}

pub(super) async fn cancel_market(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let CancelMarketRequest { market, asset_id } = body(&signed)?;
    let which = move |state: &Face, id, outcome| {
        let row = state.market(id);
        (market.is_empty() || market.eq_ignore_ascii_case(&row.condition_text))
            && (asset_id.is_empty() || asset_id == **row.token_text(outcome))
    };
    cancel_many(&app, &signed, which).await
}

/// The chained form: each call carries the id of the answer before. The first one, and the first one after a silence that
/// has canceled the orders, carries none.
pub(super) async fn beat(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let given = if signed.body.is_empty() { None } else { body::<HeartbeatRequest>(&signed)?.heartbeat_id };
    let given = given.unwrap_or_default();
    let next = ids::random_uuid().map_err(|_unspecified| Failure::text(500, text::INTERNAL))?;
    let (key, id) = (signed.id().to_owned(), next.clone());
    let work = move |core: &mut Core| {
        let now = core.now();
        let row = core.polymarket.keys.get(&key).ok_or_else(|| Failure::text(401, text::UNAUTHORIZED))?;
        let expected = row.heartbeat.as_ref().filter(|(_, late)| *late > now).map_or("", |(id, _)| id.as_str());
        if given != expected {
            let error = text::INVALID_HEARTBEAT.to_owned();
            let body = HeartbeatRefusal { error_msg: error.clone(), heartbeat_id: expected.to_owned(), error };
            return Err(Failure::shaped(400, text::INVALID_HEARTBEAT, &body));
        }
        core.submit_polymarket(Record::Beat { key, id }).map_err(|_unknown| Failure::text(401, text::UNAUTHORIZED))
    };
    app.core.call(work).await??;
    json(&HeartbeatReply { heartbeat_id: next })
}

/// The form without ids. It keeps a chain alive without moving it on.
pub(super) async fn beat_plain(State(app): State<App>, Writer(signed): Writer) -> Reply {
    let fresh = ids::random_uuid().map_err(|_unspecified| Failure::text(500, text::INTERNAL))?;
    let key = signed.id().to_owned();
    let work = move |core: &mut Core| {
        let row = core.polymarket.keys.get(&key);
        let id = row.and_then(|row| row.heartbeat.as_ref()).map_or(fresh, |(id, _)| id.clone());
        core.submit_polymarket(Record::Beat { key, id })
    };
    app.core.call(work).await?.map_err(|_unknown| Failure::text(401, text::UNAUTHORIZED))?;
    json(&StatusReply { status: "ok".to_owned() })
}
