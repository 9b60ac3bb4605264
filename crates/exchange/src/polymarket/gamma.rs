//! Gamma, the metadata API: markets, events, tags, series and search, with the book's own numbers.
//!
//! Lists leave out closed markets unless `closed=true` asks for them and nothing else. Keyset cursors hold the sort key and
//! the place of the last row, so a page follows the one before whatever was listed or closed in between. Sports, teams and
//! comments are there and empty. Unknown parameters are ignored, as the venue ignores them.
//!
//! Source: reference (Polymarket), section 12, 2026-11-20.

mod find;
mod rows;

use axum::Router;
use axum::extract::{Path, State as AxumState};
use axum::routing::get;
use brier_polymarket_protocol::gamma::{
    Event, EventsPage, Market, MarketsPage, SearchPagination, SearchReply, SearchTag,
};
use serde::Serialize;
use serde_json::json;

use super::http::{App, Failure, Params, Reply, json as answer};
use super::state::State;
use crate::core::Core;
use find::Page;
pub(crate) use rows::{day_before, dollars, open_interest, payouts, value, volume_since};

/// Rows of a page unless it is said, and at most.
const LIMIT: usize = 20;
const MAX_MARKETS: usize = 100;
const MAX_EVENTS: usize = 500;
/// At most on the pages by offset.
const MAX_LIST: usize = 500;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/status", get(async || "OK"))
        .route("/markets", get(markets))
        .route("/markets/keyset", get(markets_keyset))
        .route("/markets/slug/{slug}", get(market_by_slug))
        .route("/markets/{id}", get(market))
        .route("/markets/{id}/tags", get(market_tags))
        .route("/markets/{id}/description", get(market_description))
        .route("/events", get(events))
        .route("/events/keyset", get(events_keyset))
        .route("/events/pagination", get(events_pagination))
        .route("/events/slug/{slug}", get(event_by_slug))
        .route("/events/{id}", get(event))
        .route("/events/{id}/tags", get(event_tags))
        .route("/tags", get(tags))
        .route("/tags/slug/{slug}", get(tag_by_slug))
        .route("/tags/slug/{slug}/related-tags", get(nothing))
        .route("/tags/slug/{slug}/related-tags/tags", get(nothing))
        .route("/tags/{id}", get(tag))
        .route("/tags/{id}/related-tags", get(nothing))
        .route("/tags/{id}/related-tags/tags", get(nothing))
        .route("/series", get(series))
        .route("/series/{id}", get(one_series))
        .route("/public-search", get(search))
        .route("/public-profile", get(profile))
        .route("/sports", get(nothing))
        .route("/sports/market-types", get(async || answer(&json!({"marketTypes": []}))))
        .route("/teams", get(nothing))
        .route("/comments", get(nothing))
}

async fn nothing() -> Reply {
    answer(&json!([]))
}

fn not_found(what: &str) -> Failure {
    Failure::text(404, format!("{what} not found"))
}

/// Reads the state in its turn, and writes what was read.
async fn read<T: Serialize + Send + 'static>(
    app: App,
    work: impl FnOnce(&mut Core) -> Result<T, Failure> + Send + 'static,
) -> Reply {
    answer(&app.core.call(work).await??)
}

async fn markets(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let page = Page::by_offset(&params, MAX_LIST)?;
    read(app, move |core| {
        let at = find::markets(&core.polymarket, core.now(), &params)?;
        Ok(market_rows(core, &page.cut(&at), &params))
    })
    .await
}

async fn markets_keyset(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let page = Page::by_cursor(&params, MAX_MARKETS)?;
    read(app, move |core| {
        let at = find::markets(&core.polymarket, core.now(), &params)?;
        let (rows, next_cursor) = page.cut_with_cursor(&at);
        Ok(MarketsPage { markets: market_rows(core, &rows, &params), next_cursor })
    })
    .await
}

fn market_rows(core: &Core, found: &[u32], params: &Params) -> Vec<Market> {
    let tags = params.one("include_tag") == Some("true");
    found.iter().map(|at| rows::market_with_event(&core.polymarket, core.now(), *at, tags)).collect()
}

async fn market(AxumState(app): AxumState<App>, Path(id): Path<String>, params: Params) -> Reply {
    one_market(app, params, move |state, row| state.markets[row as usize].listing.id == id).await
}

async fn market_by_slug(AxumState(app): AxumState<App>, Path(slug): Path<String>, params: Params) -> Reply {
    one_market(app, params, move |state, row| state.markets[row as usize].listing.slug == slug).await
}

async fn one_market(app: App, params: Params, is: impl Fn(&State, u32) -> bool + Send + 'static) -> Reply {
    read(app, move |core| {
        let mut all = (0..).take(core.polymarket.markets.len());
        let at = all.find(|at| is(&core.polymarket, *at)).ok_or_else(|| not_found("market"))?;
        Ok(market_rows(core, &[at], &params).remove(0))
    })
    .await
}

async fn market_tags(AxumState(app): AxumState<App>, Path(id): Path<String>) -> Reply {
    read(app, move |core| {
        let row = core.polymarket.markets.iter().find(|row| row.listing.id == id);
        Ok(rows::tags(&row.ok_or_else(|| not_found("market"))?.listing.tags))
    })
    .await
}

async fn market_description(AxumState(app): AxumState<App>, Path(id): Path<String>) -> Reply {
    read(app, move |core| {
        let row = core.polymarket.markets.iter().find(|row| row.listing.id == id);
        let row = row.ok_or_else(|| not_found("market"))?;
        Ok(json!({"id": row.listing.id, "description": row.listing.description}))
    })
    .await
}

async fn events(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let page = Page::by_offset(&params, MAX_LIST)?;
    read(app, move |core| Ok(event_rows(core, &page.cut(&find::events(&core.polymarket, core.now(), &params)?)))).await
}

async fn events_pagination(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let page = Page::by_offset(&params, MAX_LIST)?;
    read(app, move |core| {
        let found = find::events(&core.polymarket, core.now(), &params)?;
        let rows = page.cut(&found);
        let pagination = json!({"hasMore": page.end(rows.len()) < found.len(), "totalResults": found.len()});
        Ok(json!({"data": event_rows(core, &rows), "pagination": pagination}))
    })
    .await
}

async fn events_keyset(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let page = Page::by_cursor(&params, MAX_EVENTS)?;
    read(app, move |core| {
        let found = find::events(&core.polymarket, core.now(), &params)?;
        let (rows, next_cursor) = page.cut_with_cursor(&found);
        Ok(EventsPage { events: event_rows(core, &rows), next_cursor })
    })
    .await
}

/// Events by their place in the order of their ids.
fn event_rows(core: &Core, found: &[u32]) -> Vec<Event> {
    let all = find::listed_events(&core.polymarket);
    found.iter().map(|at| rows::event_with_markets(&core.polymarket, core.now(), all[*at as usize])).collect()
}

async fn event(AxumState(app): AxumState<App>, Path(id): Path<String>) -> Reply {
    read(app, move |core| {
        let row = core.polymarket.events.get(&id).ok_or_else(|| not_found("event"))?;
        Ok(rows::event_with_markets(&core.polymarket, core.now(), row))
    })
    .await
}

async fn event_by_slug(AxumState(app): AxumState<App>, Path(slug): Path<String>) -> Reply {
    read(app, move |core| {
        let row = core.polymarket.events.values().find(|row| row.listing.slug == slug);
        Ok(rows::event_with_markets(&core.polymarket, core.now(), row.ok_or_else(|| not_found("event"))?))
    })
    .await
}

async fn event_tags(AxumState(app): AxumState<App>, Path(id): Path<String>) -> Reply {
    read(app, move |core| {
        let row = core.polymarket.events.get(&id).ok_or_else(|| not_found("event"))?;
        Ok(rows::tags(&row.listing.tags))
    })
    .await
}

async fn tags(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let page = Page::by_offset(&params, MAX_LIST)?;
    read(app, move |core| {
        let all = rows::all_tags(&core.polymarket);
        Ok(page.cut(&all))
    })
    .await
}

async fn tag(AxumState(app): AxumState<App>, Path(id): Path<String>) -> Reply {
    one_tag(app, move |tag| tag.id == id).await
}

async fn tag_by_slug(AxumState(app): AxumState<App>, Path(slug): Path<String>) -> Reply {
    one_tag(app, move |tag| tag.slug.as_deref() == Some(&slug)).await
}

async fn one_tag(app: App, is: impl Fn(&brier_polymarket_protocol::gamma::Tag) -> bool + Send + 'static) -> Reply {
    read(app, move |core| rows::all_tags(&core.polymarket).into_iter().find(is).ok_or_else(|| not_found("tag"))).await
}

async fn series(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let page = Page::by_offset(&params, MAX_LIST)?;
    read(app, move |core| {
        let wanted = params.list("slug");
        let mut all = rows::all_series(&core.polymarket);
        all.retain(|it| wanted.is_empty() || it.slug.as_deref().is_some_and(|slug| wanted.contains(&slug)));
        Ok(page.cut(&all))
    })
    .await
}

async fn one_series(AxumState(app): AxumState<App>, Path(id): Path<String>) -> Reply {
    read(app, move |core| {
        let found = rows::all_series(&core.polymarket).into_iter().find(|it| it.id == id);
        found.ok_or_else(|| not_found("series"))
    })
    .await
}

/// Events whose title, or a market of whose, has every word that was asked for.
async fn search(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let wrong = "invalid limit_per_type or page";
    let limit = params.number("limit_per_type", wrong)?.unwrap_or(LIMIT).clamp(1, MAX_EVENTS);
    let page = params.number::<usize>("page", wrong)?.unwrap_or(1).max(1);
    let Some(query) = params.one("q").map(str::to_lowercase) else {
        return Err(Failure::text(400, "q is required"));
    };
    read(app, move |core| {
        let state = &core.polymarket;
        let found = find::search(state, &query, &params);
        let from = limit.saturating_mul(page - 1).min(found.len());
        let shown = &found[from..(from + limit).min(found.len())];
        let tag_row = |tag: brier_polymarket_protocol::gamma::Tag| SearchTag {
            event_count: Some(rows::events_with_tag(state, &tag)),
            id: Some(tag.id),
            label: tag.label,
            slug: tag.slug,
        };
        let tags = rows::all_tags(state).into_iter().filter(|tag| {
            params.one("search_tags") == Some("true")
                && tag.label.as_deref().is_some_and(|label| label.to_lowercase().contains(&query))
        });
        Ok(SearchReply {
            events: shown.iter().map(|row| rows::event_with_markets(state, core.now(), row)).collect(),
            tags: tags.take(limit).map(tag_row).collect(),
            profiles: Vec::new(),
            pagination: Some(SearchPagination {
                has_more: from + shown.len() < found.len(),
                total_results: found.len() as u64,
            }),
        })
    })
    .await
}

/// What is known of a wallet: nothing but that it exists.
async fn profile(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let address = params.one("address").and_then(|text| text.parse::<alloy_primitives::Address>().ok());
    let Some(address) = address else { return Err(Failure::text(400, "invalid address")) };
    let known = app.doors.table().wallets.contains_key(&address);
    if !known {
        return Err(not_found("profile"));
    }
    let body = json!({"proxyWallet": address.to_string(), "displayUsernamePublic": false, "verifiedBadge": false});
    answer(&body)
}
