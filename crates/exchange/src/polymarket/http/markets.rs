//! Markets as the order book API lists them, and how their prices went.
//!
//! Source: reference (Polymarket), sections 8.1 and 8.3, 2026-11-20.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, State};
use brier_matching::MarketId;
use brier_polymarket_protocol::clob::{
    BatchPriceHistory, BatchPriceHistoryRequest, ClobMarket, ClobToken, FeeDetails, LiveActivity, Market,
    MarketByToken, MarketRewards, MarketToken, PriceHistory, PricePoint, RewardRate, SimplifiedMarket,
};
use brier_polymarket_protocol::contracts::Contracts;
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::ids::{ConditionId, TokenId};
use brier_polymarket_protocol::wire::{Num, plain};
use brier_types::{MarketResult, Money, Outcome, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Map;

use super::page::{Cursor, paged};
use super::prices::{base_fee, middle};
use super::{App, Failure, Params, Reply, json};
use crate::core::Core;
use crate::polymarket::state::say::own;
use crate::polymarket::state::{MarketRow, Resolution, State as Face};

/// Rows a page of markets holds.
const PAGE: usize = 1_000;

const BOTH: [Outcome; 2] = [Outcome::Yes, Outcome::No];

/// A number as its shortest text.
pub(crate) fn num(text: &str) -> Num {
    Num::new(text).unwrap_or_else(|| Num::from(0))
}

/// A rate in 1e-6.
fn rate(micros: u32) -> Num {
    num(&plain(Money::from_micros(i64::from(micros))))
}

fn condition(text: &str) -> Result<ConditionId, Failure> {
    text.parse().map_err(|_no_id| Failure::text(400, text::INVALID_MARKET))
}

async fn of_condition<T: Send + 'static>(
    app: &App,
    id: &str,
    read: impl FnOnce(&Face, &MarketRow) -> T + Send + 'static,
) -> Result<T, Failure> {
    let id = condition(id)?;
    let work = move |core: &mut Core| {
        let state = &core.polymarket;
        let market = state.conditions.get(&id).ok_or_else(|| Failure::text(404, text::MARKET_NOT_FOUND))?;
        Ok(read(state, state.market(*market)))
    };
    app.core.call(work).await?
}

/// Whether a market takes orders.
pub(crate) fn accepts(state: &Face, market: MarketId) -> bool {
    state.core.market(market).is_some_and(|it| it.accepting)
}

fn compact(state: &Face, row: &MarketRow) -> ClobMarket {
    let listing = &row.listing;
    let fees = listing.fees;
    ClobMarket {
        condition_id: row.condition_text.to_string(),
        tokens: BOTH.map(|outcome| token(row, outcome)).into(),
        tick_size: row.tick.step(),
        min_order_size: listing.min_size,
        maker_base_fee: Some(0),
        taker_base_fee: Some(base_fee(state, row.id)),
        fees: (fees.rate > 0).then(|| FeeDetails {
            rate: rate(fees.rate),
            exponent: Num::from(fees.exponent),
            taker_only: true,
        }),
        neg_risk: row.neg_risk.then_some(true),
        taker_delay: Some(false),
        rfq: Some(false),
        blockaid: Some(false),
        min_order_age: Some(0),
        game_start: None,
        rewards: Some(Map::new()),
        accepting_orders: Some(accepts(state, row.id)),
        seconds_delay: (listing.seconds_delay > 0).then_some(listing.seconds_delay),
        clear_book_on_start: None,
    }
}

fn token(row: &MarketRow, outcome: Outcome) -> ClobToken {
    ClobToken { token_id: row.token_text(outcome).to_string(), outcome: row.outcome_text(outcome).to_owned() }
}

/// The token of a market with its price: what it pays once that is known, else the middle of its book.
pub(crate) fn priced(state: &Face, row: &MarketRow, outcome: Outcome) -> MarketToken {
    let result = match row.resolution {
        Resolution::Resolved { result, .. } => Some(result),
        _ => None,
    };
    let price = result.map_or_else(
        || middle(state, (row.id, outcome)),
        |result| Money::from_micros(i64::from(own(outcome, result.yes_payout()).pips()) * 100),
    );
    let winner =
        matches!((result, outcome), (Some(MarketResult::Yes), Outcome::Yes) | (Some(MarketResult::No), Outcome::No));
    MarketToken {
        token_id: row.token_text(outcome).to_string(),
        outcome: row.outcome_text(outcome).to_owned(),
        price: Some(price),
        winner: Some(winner),
    }
}

fn rewards(row: &MarketRow) -> MarketRewards {
    let Some(terms) = row.listing.rewards else {
        return MarketRewards { rates: None, min_size: Some(Num::from(0)), max_spread: Some(Num::from(0)) };
    };
    let rate =
        RewardRate { asset_address: Contracts::PUSD.to_string(), rewards_daily_rate: num(&plain(terms.daily_rate)) };
    MarketRewards {
        rates: Some(vec![rate]),
        min_size: Some(num(&plain(terms.min_size))),
        max_spread: Some(cents(terms.max_spread)),
    }
}

/// A distance in cents.
pub(crate) fn cents(price: brier_types::Price) -> Num {
    num(&plain(Money::from_micros(i64::from(price.pips()) * 10_000)))
}

pub(super) fn full(state: &Face, row: &MarketRow) -> Market {
    let (listing, event) = (&row.listing, &state.events[&row.listing.event].listing);
    let closed = matches!(row.resolution, Resolution::Resolved { .. });
    Market {
        condition_id: row.condition_text.to_string(),
        question_id: listing.question_id.clone(),
        question: listing.question.clone(),
        description: listing.description.clone(),
        market_slug: listing.slug.clone(),
        end_date_iso: Some(listing.end_date.clone()).filter(|date| !date.is_empty()),
        game_start_time: None,
        enable_order_book: true,
        active: true,
        closed,
        archived: false,
        accepting_orders: accepts(state, row.id),
        accepting_order_timestamp: Some(row.created.to_string()),
        minimum_order_size: listing.min_size,
        minimum_tick_size: row.tick.step(),
        seconds_delay: listing.seconds_delay,
        fpmm: String::new(),
        maker_base_fee: 0,
        taker_base_fee: base_fee(state, row.id),
        notifications_enabled: true,
        neg_risk: row.neg_risk,
        neg_risk_market_id: event.neg_risk_market_id.clone(),
        neg_risk_request_id: if row.neg_risk { listing.question_id.clone() } else { String::new() },
        icon: String::new(),
        image: String::new(),
        rewards: Some(rewards(row)),
        is_50_50_outcome: matches!(row.resolution, Resolution::Resolved { result: MarketResult::Scalar(_), .. }),
        tokens: BOTH.map(|outcome| priced(state, row, outcome)).into(),
        tags: Some(listing.tags.clone()),
    }
}

fn simplified(state: &Face, row: &MarketRow) -> SimplifiedMarket {
    SimplifiedMarket {
        condition_id: row.condition_text.to_string(),
        rewards: Some(rewards(row)),
        tokens: BOTH.map(|outcome| priced(state, row, outcome)).into(),
        active: true,
        closed: matches!(row.resolution, Resolution::Resolved { .. }),
        archived: false,
        accepting_orders: accepts(state, row.id),
    }
}

/// Whether makers of a market are rewarded now: what the venue calls its sampling markets.
fn is_sampled(state: &Face, row: &MarketRow) -> bool {
    row.listing.rewards.is_some() && accepts(state, row.id)
}

async fn page<T: Serialize + DeserializeOwned + Send + 'static>(
    app: &App,
    params: &Params,
    which: impl Fn(&Face, &MarketRow) -> bool + Send + 'static,
    read: impl Fn(&Face, &MarketRow) -> T + Send + 'static,
) -> Reply {
    let cursor = Cursor::of(params, text::INVALID_MARKET)?;
    let work = move |core: &mut Core| {
        let state = &core.polymarket;
        let rows = state.markets.iter().filter(|row| which(state, row));
        paged(rows, cursor, PAGE, |row| read(state, row))
    };
    json(&app.core.call(work).await?)
}

pub(super) async fn markets(State(app): State<App>, params: Params) -> Reply {
    page(&app, &params, |_, _| true, full).await
}

pub(super) async fn sampling(State(app): State<App>, params: Params) -> Reply {
    page(&app, &params, is_sampled, full).await
}

pub(super) async fn simplified_markets(State(app): State<App>, params: Params) -> Reply {
    page(&app, &params, |_, _| true, simplified).await
}

pub(super) async fn sampling_simplified(State(app): State<App>, params: Params) -> Reply {
    page(&app, &params, is_sampled, simplified).await
}

pub(super) async fn market(State(app): State<App>, Path(id): Path<String>) -> Reply {
    json(&of_condition(&app, &id, full).await?)
}

pub(super) async fn clob_market(State(app): State<App>, Path(id): Path<String>) -> Reply {
    json(&of_condition(&app, &id, compact).await?)
}

pub(super) async fn by_token(State(app): State<App>, Path(token): Path<String>) -> Reply {
    let token: TokenId = token.parse().map_err(|_no_token| Failure::text(400, text::INVALID_TOKEN_ID))?;
    let work = move |core: &mut Core| {
        let (market, _) = core.polymarket.token(token)?;
        let row = core.polymarket.market(market);
        let [yes, no] = &row.token_texts;
        Some(MarketByToken {
            condition_id: row.condition_text.to_string(),
            primary_token_id: yes.to_string(),
            secondary_token_id: no.to_string(),
        })
    };
    json(&app.core.call(work).await?.ok_or_else(|| Failure::text(404, text::MARKET_NOT_FOUND))?)
}

fn words(state: &Face, row: &MarketRow) -> LiveActivity {
    let (listing, event) = (&row.listing, &state.events[&row.listing.event].listing);
    LiveActivity {
        condition_id: row.condition_text.to_string(),
        id: Some(listing.id.clone()),
        question: Some(listing.question.clone()),
        market_slug: Some(listing.slug.clone()),
        event_slug: Some(event.slug.clone()),
        series_slug: Some(event.series_slug.clone()),
        icon: Some(String::new()),
        image: Some(String::new()),
        tags: Some(listing.tags.clone()),
    }
}

pub(super) async fn live_activity(State(app): State<App>, Path(id): Path<String>) -> Reply {
    json(&of_condition(&app, &id, words).await?)
}

pub(super) async fn live_activities(State(app): State<App>, body: Bytes) -> Reply {
    let ids: Vec<String> =
        serde_json::from_slice(&body).map_err(|_no_json| Failure::text(400, text::INVALID_PAYLOAD))?;
    let work = move |core: &mut Core| -> Vec<LiveActivity> {
        let state = &core.polymarket;
        let rows = ids.iter().filter_map(|id| state.conditions.get(&id.parse().ok()?));
        rows.map(|market| words(state, state.market(*market))).collect()
    };
    json(&app.core.call(work).await?)
}

/// What part of a token's past is asked for.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: i64,
    to: i64,
    /// Seconds between samples.
    step: i64,
}

impl Span {
    fn new(
        now: Timestamp,
        start: Option<i64>,
        end: Option<i64>,
        interval: Option<&str>,
        fidelity: Option<u32>,
    ) -> Result<Self, Failure> {
        const DAY: i64 = 86_400;
        let back = match interval {
            None | Some("max" | "all") => None,
            Some("1m") => Some(30 * DAY),
            Some("1w") => Some(7 * DAY),
            Some("1d") => Some(DAY),
            Some("6h") => Some(6 * 3_600),
            Some("1h") => Some(3_600),
            Some(_) => return Err(Failure::text(400, "invalid interval")),
        };
        if fidelity == Some(0) {
            return Err(Failure::text(400, text::invalid_fidelity(0)));
        }
        let from = start.or_else(|| back.map(|back| now.secs() - back)).unwrap_or(0);
        Ok(Self { from, to: end.unwrap_or(i64::MAX), step: i64::from(fidelity.unwrap_or(1)) * 60 })
    }
}

/// The price of the last trade of every step in which there was one.
fn history(state: &Face, market: MarketId, outcome: Outcome, span: Span) -> Vec<PricePoint> {
    let mut points: Vec<PricePoint> = Vec::new();
    for index in &state.market(market).trades {
        let trade = &state.trades[*index as usize];
        let at = trade.matched.secs();
        if at < span.from || at > span.to {
            continue;
        }
        let yes = if trade.outcome == Outcome::Yes { trade.price } else { trade.price.complement() };
        let start = at - at.rem_euclid(span.step);
        let t = Timestamp::from_secs(start).unwrap_or(trade.matched);
        let point = PricePoint { t, p: Money::from_micros(i64::from(own(outcome, yes).pips()) * 100) };
        match points.last_mut() {
            Some(last) if last.t == t => *last = point,
            _ => points.push(point),
        }
    }
    points
}

pub(super) async fn prices_history(State(app): State<App>, params: Params) -> Reply {
    let token = params.one("market").or_else(|| params.one("token_id")).unwrap_or_default();
    let token: TokenId = token.parse().map_err(|_no_token| Failure::text(400, text::INVALID_TOKEN_ID))?;
    let wrong = "invalid filters: 'startTs' and 'endTs' must be Unix seconds";
    let (start, end) = (params.number("startTs", wrong)?, params.number("endTs", wrong)?);
    let given = params.one("fidelity").unwrap_or_default().to_owned();
    let fidelity = params.number("fidelity", &text::invalid_fidelity(given))?;
    let interval = params.one("interval").map(str::to_owned);
    let work = move |core: &mut Core| {
        let span = Span::new(core.now(), start, end, interval.as_deref(), fidelity)?;
        let state = &core.polymarket;
        let (market, outcome) = state.token(token).ok_or_else(|| Failure::text(404, text::MARKET_NOT_FOUND))?;
        Ok::<_, Failure>(history(state, market, outcome, span))
    };
    json(&PriceHistory { history: app.core.call(work).await?? })
}

pub(super) async fn batch_prices_history(State(app): State<App>, body: Bytes) -> Reply {
    /// Most tokens in one call.
    const MOST: usize = 20;
    let request: BatchPriceHistoryRequest =
        serde_json::from_slice(&body).map_err(|_no_json| Failure::text(400, text::INVALID_PAYLOAD))?;
    if request.markets.len() > MOST {
        return Err(Failure::text(400, text::PAYLOAD_TOO_LARGE));
    }
    let work = move |core: &mut Core| {
        let interval = request.interval.as_deref();
        let span = Span::new(core.now(), request.start_ts, request.end_ts, interval, request.fidelity)?;
        let state = &core.polymarket;
        let found = request.markets.iter().filter_map(|token| {
            let (market, outcome) = state.token(token.parse().ok()?)?;
            Some((token.clone(), history(state, market, outcome, span)))
        });
        Ok::<BTreeMap<_, _>, Failure>(found.collect())
    };
    json(&BatchPriceHistory { history: app.core.call(work).await?? })
}
