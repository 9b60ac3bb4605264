//! Rewards and rebates: which markets pay, and which orders score.
//!
//! Earnings are not paid out here, so lists of them are empty.
//!
//! Source: reference (Polymarket), sections 8.1 and 15.2, 2026-11-20.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use axum::extract::{Path, State};
use brier_polymarket_protocol::clob::{
    MarketReward, OrderScoring, Page, Rebate, RewardsConfig, RewardsMarket, UserEarning,
};
use brier_polymarket_protocol::contracts::Contracts;
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::ids::{ConditionId, OrderHash};
use brier_polymarket_protocol::wire::{Num, plain};
use brier_types::{Outcome, Timestamp};

use super::markets::{accepts, cents, num, priced};
use super::page::{Cursor, paged};
use super::prices::spread_of;
use super::{App, Failure, Params, Reply, json};
use crate::core::Core;
use crate::polymarket::auth::Signed;
use crate::polymarket::gamma::{day_before, volume_since};
use crate::polymarket::rewards;
use crate::polymarket::state::{MarketRow, State as Face};

/// Rows a page holds.
const PAGE: usize = 500;

/// Whether an order's hash names one of the owner's that scores now.
fn scores(state: &Face, owner: Address, hash: &str) -> bool {
    let hash: Option<OrderHash> = hash.parse().ok();
    let index = hash.and_then(|hash| state.hashes.get(&hash)).copied();
    index.is_some_and(|index| state.owner_of(index) == owner && rewards::scores(state, index))
}

pub(super) async fn order_scoring(State(app): State<App>, params: Params, signed: Signed) -> Reply {
    let hash = params.one("order_id").or_else(|| params.one("orderId")).unwrap_or_default().to_owned();
    if hash.parse::<OrderHash>().is_err() {
        return Err(Failure::text(400, text::INVALID_ORDER_ID));
    }
    let owner = signed.owner();
    let scoring = app.core.call(move |core| scores(&core.polymarket, owner, &hash)).await?;
    json(&OrderScoring { scoring })
}

async fn scoring_of(app: &App, signed: &Signed, hashes: Vec<String>) -> Reply {
    let owner = signed.owner();
    let work = move |core: &mut Core| -> BTreeMap<String, bool> {
        let scored = |hash: String| {
            let scoring = scores(&core.polymarket, owner, &hash);
            (hash, scoring)
        };
        hashes.into_iter().map(scored).collect()
    };
    json(&app.core.call(work).await?)
}

pub(super) async fn orders_scoring(State(app): State<App>, params: Params, signed: Signed) -> Reply {
    let hashes = params.list("order_ids").into_iter().map(str::to_owned).collect();
    scoring_of(&app, &signed, hashes).await
}

pub(super) async fn orders_scoring_posted(State(app): State<App>, signed: Signed) -> Reply {
    let hashes = serde_json::from_slice(&signed.body).map_err(|_no_json| Failure::text(400, text::INVALID_PAYLOAD))?;
    scoring_of(&app, &signed, hashes).await
}

/// The pool of a market that rewards its makers.
fn pool(row: &MarketRow) -> Option<RewardsConfig> {
    let terms = row.listing.rewards?;
    Some(RewardsConfig {
        id: Some(row.listing.id.clone()),
        asset_address: Contracts::PUSD.to_string(),
        start_date: date(&row.created.to_string()),
        // Until further notice, as the venue writes it.
        end_date: "2500-12-31".to_owned(),
        rate_per_day: Some(num(&plain(terms.daily_rate))),
        // Nothing is paid out, so nothing bounds it.
        total_rewards: Some(Num::from(0)),
        remaining_reward_amount: None,
        total_days: None,
    })
}

fn date(text: &str) -> String {
    text.split('T').next().unwrap_or_default().to_owned()
}

fn current_row(row: &MarketRow) -> MarketReward {
    let terms = row.listing.rewards;
    let daily = terms.map(|terms| num(&plain(terms.daily_rate)));
    MarketReward {
        condition_id: row.condition_text.to_string(),
        rewards_max_spread: terms.map(|terms| cents(terms.max_spread)),
        rewards_min_size: terms.map(|terms| num(&plain(terms.min_size))),
        rewards_config: pool(row).into_iter().collect(),
        sponsored_daily_rate: Some(Num::from(0)),
        sponsors_count: Some(0),
        native_daily_rate: daily.clone(),
        total_daily_rate: daily,
    }
}

/// A market that pays, as anybody sees it, or as one of its makers does.
fn market_row(state: &Face, now: Timestamp, row: &MarketRow, maker: Option<Address>) -> RewardsMarket {
    let (listing, terms) = (&row.listing, row.listing.rewards);
    let daily = terms.map(|terms| num(&plain(terms.daily_rate)));
    RewardsMarket {
        condition_id: row.condition_text.to_string(),
        market_id: Some(listing.id.clone()),
        event_id: Some(listing.event.clone()),
        question: Some(listing.question.clone()),
        market_slug: Some(listing.slug.clone()),
        event_slug: state.events.get(&listing.event).map(|event| event.listing.slug.clone()),
        image: Some(String::new()),
        group_item_title: Some(listing.group_item_title.clone()),
        created_at: Some(row.created.to_string()),
        end_date: Some(listing.end_date.clone()),
        rewards_max_spread: terms.map(|terms| cents(terms.max_spread)),
        rewards_min_size: terms.map(|terms| num(&plain(terms.min_size))),
        market_competitiveness: Some(Num::from(0)),
        one_day_price_change: Some(Num::from(0)),
        spread: Some(num(&plain(spread_of(state, (row.id, Outcome::Yes))))),
        volume_24hr: Some(volume_since(state, &row.trades, day_before(now, 1))),
        native_daily_rate: daily.clone(),
        sponsored_daily_rate: Some(Num::from(0)),
        total_daily_rate: daily,
        tokens: [Outcome::Yes, Outcome::No].map(|outcome| priced(state, row, outcome)).into(),
        rewards_config: pool(row).into_iter().collect(),
        maker_address: maker.map(|maker| maker.to_string()),
        earning_percentage: Some(maker.map_or(0, |maker| rewards::percentage(state, row.id, maker)).into()),
        earnings: Some(Vec::new()),
    }
}

fn pays(state: &Face, row: &MarketRow) -> bool {
    row.listing.rewards.is_some() && accepts(state, row.id)
}

pub(super) async fn current(State(app): State<App>, params: Params) -> Reply {
    let cursor = Cursor::of(&params, text::INVALID_MARKET)?;
    let work = move |core: &mut Core| {
        let state = &core.polymarket;
        paged(state.markets.iter().filter(|row| pays(state, row)), cursor, PAGE, current_row)
    };
    json(&app.core.call(work).await?)
}

/// One market, as a page.
pub(super) async fn of_market(State(app): State<App>, Path(id): Path<String>) -> Reply {
    let id: ConditionId = id.parse().map_err(|_no_id| Failure::text(400, text::INVALID_MARKET))?;
    let work = move |core: &mut Core| {
        let state = &core.polymarket;
        let row = state.conditions.get(&id).map(|market| state.market(*market));
        let rows = row.filter(|row| row.listing.rewards.is_some()).map(|row| market_row(state, core.now(), row, None));
        Page::only(rows.into_iter().collect(), 100)
    };
    json(&app.core.call(work).await?)
}

async fn markets_page(app: &App, params: &Params, maker: Option<Address>) -> Reply {
    let cursor = Cursor::of(params, text::INVALID_MARKET)?;
    let size: usize = params.number("page_size", text::INVALID_PAYLOAD)?.unwrap_or(100).clamp(1, PAGE);
    let wanted = params.one("q").map(str::to_lowercase);
    let work = move |core: &mut Core| {
        let state = &core.polymarket;
        let rows = state.markets.iter().filter(|row| {
            let named = wanted.as_ref().is_none_or(|word| row.listing.question.to_lowercase().contains(word));
            pays(state, row) && named
        });
        paged(rows, cursor, size, |row| market_row(state, core.now(), row, maker))
    };
    json(&app.core.call(work).await?)
}

pub(super) async fn multi(State(app): State<App>, params: Params) -> Reply {
    markets_page(&app, &params, None).await
}

pub(super) async fn user_markets(State(app): State<App>, params: Params, signed: Signed) -> Reply {
    markets_page(&app, &params, Some(signed.owner())).await
}

pub(super) async fn user(_signed: Signed) -> Reply {
    json(&Page::<UserEarning>::only(Vec::new(), 100))
}

pub(super) async fn user_total(_signed: Signed) -> Reply {
    json(&Vec::<UserEarning>::new())
}

pub(super) async fn user_percentages(State(app): State<App>, signed: Signed) -> Reply {
    let owner = signed.owner();
    json(&app.core.call(move |core| rewards::percentages(&core.polymarket, owner)).await?)
}

pub(super) async fn rebates() -> Reply {
    json(&Vec::<Rebate>::new())
}

/// No builder has registered a fee here.
pub(super) async fn builder_fees(Path(code): Path<String>) -> Reply {
    Err(Failure::text(404, format!("builder code not found: {code:.80}")))
}
