//! Books and prices of tokens.
//!
//! A side without orders counts as a bid of 0 or an ask of 1, as the streams say it.
//!
//! Source: reference (Polymarket), sections 8.1 and 8.2, 2026-11-20.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, State};
use brier_matching::MarketId;
use brier_polymarket_protocol::clob::{
    Book, FeeRateReply, LastTradePrice, Midpoint, NegRiskReply, PriceReply, SidePrices, SpreadReply, TickSizeReply,
    TokenLastTrade, TokenRequest,
};
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::ids::{Side, TokenId};
use brier_types::{BookSide, Money, Outcome, Price};

use super::{App, Failure, Params, Reply, json};
use crate::polymarket::state::say::{own, side_of};
use crate::polymarket::state::{LastTrade, State as Face};

/// Most tokens in one call.
const MOST: usize = 500;

type Found = (MarketId, Outcome);

fn parse(token: &str) -> Result<TokenId, Failure> {
    token.parse().map_err(|_no_token| Failure::text(400, text::INVALID_TOKEN_ID))
}

fn find(state: &Face, token: TokenId) -> Result<Found, Failure> {
    state.token(token).ok_or_else(|| Failure::text(404, text::NO_ORDERBOOK))
}

fn asked(params: &Params) -> Result<TokenId, Failure> {
    parse(params.one("token_id").unwrap_or_default())
}

/// Answers a question about one token.
async fn one<T: Send + 'static>(
    app: &App,
    token: TokenId,
    read: impl FnOnce(&Face, Found) -> T + Send + 'static,
) -> Result<T, Failure> {
    app.core.call(move |core| find(&core.polymarket, token).map(|found| read(&core.polymarket, found))).await?
}

/// Answers a question about many tokens. Those that are not traded here are left out.
async fn many<T: Send + 'static>(
    app: &App,
    tokens: Vec<TokenRequest>,
    read: impl Fn(&Face, &TokenRequest, Found) -> T + Send + 'static,
) -> Result<Vec<T>, Failure> {
    if tokens.len() > MOST {
        return Err(Failure::text(400, text::PAYLOAD_TOO_LARGE));
    }
    let work = move |core: &mut crate::core::Core| {
        let state = &core.polymarket;
        let found = tokens.iter().filter_map(|request| {
            let token = request.token_id.parse().ok().and_then(|token| state.token(token))?;
            Some(read(state, request, token))
        });
        found.collect()
    };
    Ok(app.core.call(work).await?)
}

/// Tokens of the body of a `POST`.
fn posted(body: &Bytes) -> Result<Vec<TokenRequest>, Failure> {
    serde_json::from_slice(body).map_err(|_no_json| Failure::text(400, text::INVALID_PAYLOAD))
}

/// Tokens of the query of a `GET`, each with the side in its place.
fn queried(params: &Params) -> Result<Vec<TokenRequest>, Failure> {
    let mut sides = params.list("sides").into_iter();
    let requests = params.list("token_ids").into_iter().map(|token| {
        let side = sides.next().map(side_word).transpose()?;
        Ok(TokenRequest { token_id: token.to_owned(), side })
    });
    let requests: Vec<TokenRequest> = requests.collect::<Result<_, Failure>>()?;
    if requests.is_empty() { Err(Failure::text(400, text::INVALID_PAYLOAD)) } else { Ok(requests) }
}

fn side_word(word: &str) -> Result<Side, Failure> {
    match word {
        "BUY" | "buy" => Ok(Side::Buy),
        "SELL" | "sell" => Ok(Side::Sell),
        _ => Err(Failure::text(400, text::INVALID_SIDE)),
    }
}

fn best(state: &Face, (market, outcome): Found) -> (Price, Price) {
    let price = |side| state.best(market, outcome, side).map(|(price, _)| price);
    (price(BookSide::Bid).unwrap_or(Price::ZERO), price(BookSide::Ask).unwrap_or(Price::ONE))
}

/// The middle, which may lie between two ticks: in hundredths of a cent's hundredth.
pub(crate) fn middle(state: &Face, found: Found) -> Money {
    let (bid, ask) = best(state, found);
    Money::from_micros((i64::from(bid.pips()) + i64::from(ask.pips())) * 50)
}

pub(super) fn spread_of(state: &Face, found: Found) -> Price {
    let (bid, ask) = best(state, found);
    Price::new(ask.pips().saturating_sub(bid.pips())).unwrap_or(Price::ONE)
}

/// The last trade of a market as one of this token: buying one token is selling the other.
fn last_of(state: &Face, (market, outcome): Found) -> (Price, Option<Side>) {
    let Some(LastTrade { yes_price, outcome: traded, action, .. }) = state.market(market).last else {
        return (Price::from_cents(50).unwrap_or(Price::ZERO), None);
    };
    let side = side_of(action);
    let flipped = if side == Side::Buy { Side::Sell } else { Side::Buy };
    (own(outcome, yes_price), Some(if traded == outcome { side } else { flipped }))
}

pub(super) async fn book(State(app): State<App>, params: Params) -> Reply {
    json(&one(&app, asked(&params)?, |state, (market, outcome)| state.book(market, outcome)).await?)
}

async fn books_of(app: &App, tokens: Vec<TokenRequest>) -> Reply {
    let read = |state: &Face, _: &TokenRequest, (market, outcome): Found| -> Book { state.book(market, outcome) };
    json(&many(app, tokens, read).await?)
}

pub(super) async fn books(State(app): State<App>, params: Params) -> Reply {
    books_of(&app, queried(&params)?).await
}

pub(super) async fn books_posted(State(app): State<App>, body: Bytes) -> Reply {
    books_of(&app, posted(&body)?).await
}

pub(super) async fn price(State(app): State<App>, params: Params) -> Reply {
    let token = asked(&params)?;
    let side = side_word(params.one("side").unwrap_or_default())?;
    let (bid, ask) = one(&app, token, best).await?;
    json(&PriceReply { price: if side == Side::Buy { bid } else { ask } })
}

async fn prices_of(app: &App, tokens: Vec<TokenRequest>) -> Reply {
    let read = |state: &Face, request: &TokenRequest, found: Found| {
        let (bid, ask) = best(state, found);
        (request.token_id.clone(), request.side, bid, ask)
    };
    let mut prices: BTreeMap<String, SidePrices> = BTreeMap::new();
    for (token, side, bid, ask) in many(app, tokens, read).await? {
        let entry = prices.entry(token).or_default();
        if side != Some(Side::Sell) {
            entry.buy = Some(bid);
        }
        if side != Some(Side::Buy) {
            entry.sell = Some(ask);
        }
    }
    json(&prices)
}

pub(super) async fn prices(State(app): State<App>, params: Params) -> Reply {
    prices_of(&app, queried(&params)?).await
}

pub(super) async fn prices_posted(State(app): State<App>, body: Bytes) -> Reply {
    prices_of(&app, posted(&body)?).await
}

pub(super) async fn midpoint(State(app): State<App>, params: Params) -> Reply {
    let mid = one(&app, asked(&params)?, middle).await?;
    json(&Midpoint { mid: Some(mid), mid_price: Some(mid) })
}

/// Values by token, as texts.
async fn by_token<T: brier_polymarket_protocol::wire::Unit + Send + 'static>(
    app: &App,
    tokens: Vec<TokenRequest>,
    read: impl Fn(&Face, Found) -> T + Send + 'static,
) -> Reply {
    let read = move |state: &Face, request: &TokenRequest, found: Found| {
        (request.token_id.clone(), brier_polymarket_protocol::wire::plain(read(state, found)))
    };
    let values: BTreeMap<String, String> = many(app, tokens, read).await?.into_iter().collect();
    json(&values)
}

pub(super) async fn midpoints(State(app): State<App>, params: Params) -> Reply {
    by_token(&app, queried(&params)?, middle).await
}

pub(super) async fn midpoints_posted(State(app): State<App>, body: Bytes) -> Reply {
    by_token(&app, posted(&body)?, middle).await
}

pub(super) async fn spread(State(app): State<App>, params: Params) -> Reply {
    json(&SpreadReply { spread: one(&app, asked(&params)?, spread_of).await? })
}

pub(super) async fn spreads_posted(State(app): State<App>, body: Bytes) -> Reply {
    by_token(&app, posted(&body)?, spread_of).await
}

pub(super) async fn last_trade(State(app): State<App>, params: Params) -> Reply {
    let (price, side) = one(&app, asked(&params)?, last_of).await?;
    json(&LastTradePrice { price, side })
}

async fn last_trades_of(app: &App, tokens: Vec<TokenRequest>) -> Reply {
    let read = |state: &Face, request: &TokenRequest, found: Found| {
        let (price, side) = last_of(state, found);
        TokenLastTrade { token_id: request.token_id.clone(), price, side }
    };
    json(&many(app, tokens, read).await?)
}

/// The Rust client sends the list of a POST with a GET.
pub(super) async fn last_trades(State(app): State<App>, params: Params, body: Bytes) -> Reply {
    let asked = if body.is_empty() { queried(&params)? } else { posted(&body)? };
    last_trades_of(&app, asked).await
}

pub(super) async fn last_trades_posted(State(app): State<App>, body: Bytes) -> Reply {
    last_trades_of(&app, posted(&body)?).await
}

/// Where a token is named in the path or in the query, and the refusals of what is a market's, not a book's.
async fn of_market<T: Send + 'static>(
    app: &App,
    token: &str,
    missing: &'static str,
    read: impl FnOnce(&Face, MarketId) -> T + Send + 'static,
) -> Result<T, Failure> {
    let token: TokenId = token.parse().map_err(|_no_token| Failure::text(400, text::INVALID_MARKET))?;
    let work = move |core: &mut crate::core::Core| {
        let (market, _) = core.polymarket.token(token).ok_or_else(|| Failure::text(404, missing))?;
        Ok(read(&core.polymarket, market))
    };
    app.core.call(work).await?
}

async fn tick(app: &App, token: &str) -> Reply {
    let read = |state: &Face, market| state.market(market).tick.step();
    json(&TickSizeReply { minimum_tick_size: of_market(app, token, text::MARKET_NOT_FOUND, read).await? })
}

pub(super) async fn tick_size(State(app): State<App>, params: Params) -> Reply {
    tick(&app, params.one("token_id").unwrap_or_default()).await
}

pub(super) async fn tick_size_at(State(app): State<App>, Path(token): Path<String>) -> Reply {
    tick(&app, &token).await
}

async fn risk(app: &App, token: &str) -> Reply {
    let read = |state: &Face, market| state.market(market).neg_risk;
    json(&NegRiskReply { neg_risk: of_market(app, token, text::MARKET_NOT_FOUND, read).await? })
}

pub(super) async fn neg_risk(State(app): State<App>, params: Params) -> Reply {
    risk(&app, params.one("token_id").unwrap_or_default()).await
}

pub(super) async fn neg_risk_at(State(app): State<App>, Path(token): Path<String>) -> Reply {
    risk(&app, &token).await
}

/// The legacy number: 1000 wherever a fee is charged.
pub(crate) fn base_fee(state: &Face, market: MarketId) -> u32 {
    if state.market(market).listing.fees.rate > 0 { 1_000 } else { 0 }
}

async fn fee(app: &App, token: &str) -> Reply {
    json(&FeeRateReply { base_fee: of_market(app, token, text::FEE_RATE_NOT_FOUND, base_fee).await? })
}

pub(super) async fn fee_rate(State(app): State<App>, params: Params) -> Reply {
    fee(&app, params.one("token_id").unwrap_or_default()).await
}

pub(super) async fn fee_rate_at(State(app): State<App>, Path(token): Path<String>) -> Reply {
    fee(&app, &token).await
}
