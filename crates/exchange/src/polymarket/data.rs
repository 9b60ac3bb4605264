//! The Data API, of both generations: positions, trades, activity, holders, open interest, prices.
//!
//! What is told here is what is on the chain: a match counts from the block it is mined in, and one that failed never was.
//! Amounts follow from the core's own balances and costs; averages are rounded half up to a millionth.
//!
//! Where the reference is silent: on the first generation `takerOnly` is true unless it is said, as documented; on the
//! second `taker_only` is true only for lists of everybody's trades, so that a maker finds his own. Cursors name the last
//! row, so pages stay whole while rows are added. A wallet that is not known has nothing, and is no error.
//!
//! Source: reference (Polymarket), section 13, 2026-11-20.

mod fills;
mod holdings;
mod one;
mod page;
mod two;

use std::collections::BTreeSet;

use alloy_primitives::Address;
use axum::Router;
use axum::routing::get;
use brier_matching::{AccountId, MarketId};
use brier_polymarket_protocol::ids::ConditionId;
use brier_polymarket_protocol::wire::Num;
use brier_types::{Money, Outcome, Qty};
use serde::Serialize;
use serde_json::json;

use super::http::{App, Failure, Params, Reply, json as answer};
use super::state::{State, place};
use crate::core::Core;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(async || answer(&json!({"data": "OK"}))))
        .route("/positions", get(one::positions))
        .route("/closed-positions", get(one::closed_positions))
        .route("/trades", get(one::trades))
        .route("/activity", get(one::activity))
        .route("/value", get(one::value))
        .route("/holders", get(one::holders))
        .route("/oi", get(one::open_interest))
        .route("/live-volume", get(one::live_volume))
        .route("/traded", get(one::traded))
        .route("/v1/leaderboard", get(one::leaderboard))
        .route("/v2/positions", get(two::positions))
        .route("/v2/positions/combos", get(two::nothing))
        .route("/v2/trades", get(two::trades))
        .route("/v2/activity", get(two::activity))
        .route("/v2/activity/combos", get(two::nothing))
        .route("/v2/value", get(two::value))
        .route("/v2/user-stats", get(two::user_stats))
        .route("/v2/user-volume", get(two::user_volume))
        .route("/v2/holders", get(two::holders))
        .route("/v2/oi", get(two::open_interest))
        .route("/v2/live-volume", get(two::live_volume))
        .route("/v2/prices-history", get(two::prices_history))
        .route("/v2/tokens", get(two::tokens))
        .route("/v2/resolutions", get(two::resolutions))
        .route("/v2/leaderboard", get(two::leaderboard))
}

/// Reads the state in its turn, and writes what was read.
async fn read<T: Serialize + Send + 'static>(
    app: App,
    work: impl FnOnce(&mut Core) -> Result<T, Failure> + Send + 'static,
) -> Reply {
    answer(&app.core.call(work).await??)
}

/// The wallet a query names.
fn user(params: &Params) -> Result<Option<Address>, Failure> {
    let Some(text) = params.one("user") else { return Ok(None) };
    text.parse().map(Some).map_err(|_no_address| Failure::text(400, "invalid user: expected 0x and 40 hex digits"))
}

/// The wallet a query must name.
fn required_user(params: &Params) -> Result<Address, Failure> {
    user(params)?.ok_or_else(|| Failure::text(400, "required query param 'user' not provided"))
}

/// Markets a query names by condition or event; `None` for all of them.
fn named_markets(state: &State, params: &Params) -> Result<Option<Vec<MarketId>>, Failure> {
    let names = [params.list("market"), params.list("condition_id")].concat();
    let events = [params.list("eventId"), params.list("event_id")].concat();
    if names.is_empty() && events.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for name in names {
        let wrong = |_bad| Failure::text(400, format!("invalid condition `{name:.80}`: expected 0x and 64 hex digits"));
        let condition: ConditionId = name.to_ascii_lowercase().parse().map_err(wrong)?;
        found.extend(state.conditions.get(&condition));
    }
    for event in events {
        found.extend(state.events.get(event).into_iter().flat_map(|row| row.markets.iter().copied()));
    }
    // What is named twice is told once.
    let mut seen = BTreeSet::new();
    found.retain(|market| seen.insert(*market));
    Ok(Some(found))
}

/// Dollars for one share, half up; nothing for no shares.
fn per_share(money: Money, qty: Qty) -> Money {
    let (money, qty) = (i128::from(money.micros()), i128::from(qty.micros()));
    if qty == 0 {
        return Money::ZERO;
    }
    Money::from_micros(i64::try_from((money * 2_000_000 + qty).div_euclid(2 * qty)).unwrap_or(i64::MAX))
}

/// What so many shares are worth at this many dollars each, rounded down.
fn worth(price: Money, qty: Qty) -> Money {
    let exact = i128::from(price.micros()) * i128::from(qty.micros()) / 1_000_000;
    Money::from_micros(i64::try_from(exact).unwrap_or(i64::MAX))
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    amounts.into_iter().fold(Money::ZERO, |sum, it| sum.checked_add(it).unwrap_or(Money::MAX))
}

fn less(money: Money, other: Money) -> Money {
    money.checked_sub(other).unwrap_or(Money::ZERO)
}

/// A part of a whole in percent, to a ten-thousandth; zero of nothing.
fn percent(part: Money, whole: Money) -> Num {
    let scaled =
        if whole == Money::ZERO { 0 } else { i128::from(part.micros()) * 1_000_000 / i128::from(whole.micros()) };
    let money = Money::from_micros(i64::try_from(scaled * 100).unwrap_or_default());
    Num::new(&brier_polymarket_protocol::wire::plain(money)).expect("the text of an amount is a number")
}

/// What every row says of a token.
struct Names {
    condition: String,
    token: String,
    title: String,
    slug: String,
    event_slug: String,
    event_id: String,
    outcome: String,
    index: u32,
    other_outcome: String,
    other_token: String,
    end_date: String,
    neg_risk: bool,
}

impl Names {
    fn of(state: &State, market: MarketId, outcome: Outcome) -> Self {
        let row = state.market(market);
        let event = state.events.get(&row.listing.event).map(|row| &row.listing);
        Self {
            condition: row.condition_text.to_string(),
            token: row.token_text(outcome).to_string(),
            title: row.listing.question.clone(),
            slug: row.listing.slug.clone(),
            event_slug: event.map(|it| it.slug.clone()).unwrap_or_default(),
            event_id: row.listing.event.clone(),
            outcome: row.outcome_text(outcome).to_owned(),
            index: place(outcome) as u32,
            other_outcome: row.outcome_text(other(outcome)).to_owned(),
            other_token: row.token_text(other(outcome)).to_string(),
            end_date: row.listing.end_date.clone(),
            neg_risk: row.neg_risk,
        }
    }
}

const fn other(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Yes => Outcome::No,
        Outcome::No => Outcome::Yes,
    }
}

fn account(state: &State, user: Address) -> Option<AccountId> {
    state.accounts.get(&user).copied()
}

fn address_text(state: &State, account: AccountId) -> String {
    state.wallet(account).address.to_string()
}
