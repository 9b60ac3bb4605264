//! One port for everything the venue has on hosts of its own: the order book API at the root, the streams under `/ws`, and
//! Gamma, the Data API, the relayer and the price stream each under a path.
//!
//! Source: reference (Polymarket), sections 1, 8 and 9, 2026-11-20.

pub(crate) mod account;
mod answer;
pub(crate) mod keys;
mod markets;
mod notices;
mod orders;
mod page;
mod params;
mod prices;
mod rewards;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use brier_polymarket_protocol::clob::Version;
use brier_types::Money;
use tokio::sync::watch;

pub(crate) use answer::{Failure, Reply, json};
pub(crate) use params::Params;

use super::doors::Doors;
use super::limits::Buckets;
use super::{data, gamma, relayer, rtds, ws};
use crate::auth::Signatures;
use crate::clock::wall_now;
use crate::core::CoreHandle;

/// What every request needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub core: CoreHandle,
    pub doors: Doors,
    pub limits: Arc<Buckets>,
    /// Of logins and of orders; HMACs are checked always, and so are the relayer's transactions.
    pub signatures: Signatures,
    /// Play money for each EOA and deposit wallet when it is opened, by a key or by the relayer.
    pub grant: Money,
    pub stopping: watch::Receiver<bool>,
}

/// Every route of the port.
pub(crate) fn router(app: App) -> Router {
    public_routes()
        .merge(private_routes())
        .merge(reward_routes())
        .merge(ws::routes())
        .merge(rtds::routes())
        .nest("/gamma", gamma::routes())
        .nest("/data-api", data::routes())
        .nest("/relayer", relayer::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .with_state(app)
}

fn public_routes() -> Router<App> {
    Router::new()
        .route("/", get(ok))
        .route("/ok", get(ok))
        .route("/time", get(time))
        .route("/version", get(version))
        .route("/book", get(prices::book))
        .route("/books", get(prices::books).post(prices::books_posted))
        .route("/price", get(prices::price))
        .route("/prices", get(prices::prices).post(prices::prices_posted))
        .route("/midpoint", get(prices::midpoint))
        .route("/midpoints", get(prices::midpoints).post(prices::midpoints_posted))
        .route("/spread", get(prices::spread))
        .route("/spreads", post(prices::spreads_posted))
        .route("/last-trade-price", get(prices::last_trade))
        .route("/last-trades-prices", get(prices::last_trades).post(prices::last_trades_posted))
        .route("/tick-size", get(prices::tick_size))
        .route("/tick-size/{token}", get(prices::tick_size_at))
        .route("/neg-risk", get(prices::neg_risk))
        .route("/neg-risk/{token}", get(prices::neg_risk_at))
        .route("/fee-rate", get(prices::fee_rate))
        .route("/fee-rate/{token}", get(prices::fee_rate_at))
        .route("/clob-markets/{condition}", get(markets::clob_market))
        .route("/markets-by-token/{token}", get(markets::by_token))
        .route("/markets", get(markets::markets))
        .route("/sampling-markets", get(markets::sampling))
        .route("/simplified-markets", get(markets::simplified_markets))
        .route("/sampling-simplified-markets", get(markets::sampling_simplified))
        .route("/markets/{condition}", get(markets::market))
        .route("/markets/live-activity", post(markets::live_activities))
        .route("/markets/live-activity/{condition}", get(markets::live_activity))
        .route("/prices-history", get(markets::prices_history))
        .route("/batch-prices-history", post(markets::batch_prices_history))
        .route("/builder/trades", get(account::builder_trades))
}

fn private_routes() -> Router<App> {
    Router::new()
        .route("/auth/api-key", post(keys::create).delete(keys::delete))
        .route("/auth/derive-api-key", get(keys::derive))
        .route("/auth/api-keys", get(keys::list))
        .route("/auth/readonly-api-key", post(keys::create_readonly).delete(keys::delete_readonly))
        .route("/auth/readonly-api-keys", get(keys::list_readonly))
        .route("/auth/validate-readonly-api-key", get(keys::validate_readonly))
        .route("/auth/builder-api-key", post(keys::create_builder).get(keys::list_builder).delete(keys::delete_builder))
        .route("/auth/ban-status/closed-only", get(keys::closed_only))
        .route("/order", post(orders::post).delete(orders::cancel_one))
        .route("/orders", post(orders::post_batch).delete(orders::cancel_batch))
        .route("/cancel-all", delete(orders::cancel_all))
        .route("/cancel-market-orders", delete(orders::cancel_market))
        .route("/v1/heartbeats", post(orders::beat))
        .route("/heartbeats", post(orders::beat_plain))
        .route("/data/orders", get(account::orders))
        .route("/data/order/{hash}", get(account::order))
        .route("/data/pre-migration-orders", get(account::old_orders))
        .route("/data/trades", get(account::trades))
        .route("/balance-allowance", get(account::balance).put(account::balance))
        .route("/balance-allowance/update", get(account::balance))
        .route("/notifications", get(account::notifications).delete(account::drop_notifications))
}

fn reward_routes() -> Router<App> {
    Router::new()
        .route("/order-scoring", get(rewards::order_scoring))
        .route("/orders-scoring", get(rewards::orders_scoring).post(rewards::orders_scoring_posted))
        .route("/rewards/user", get(rewards::user))
        .route("/rewards/user/total", get(rewards::user_total))
        .route("/rewards/user/percentages", get(rewards::user_percentages))
        .route("/rewards/user/markets", get(rewards::user_markets))
        .route("/rewards/markets/current", get(rewards::current))
        .route("/rewards/markets/multi", get(rewards::multi))
        .route("/rewards/markets/{condition}", get(rewards::of_market))
        .route("/rebates/current", get(rewards::rebates))
        .route("/fees/builder-fees/{code}", get(rewards::builder_fees))
}

async fn ok() -> Reply {
    json(&"OK")
}

/// The wall's clock, in Unix seconds, as clients sign with it; the market's may show another time.
async fn time() -> Reply {
    json(&wall_now().secs())
}

async fn version(State(app): State<App>) -> Reply {
    let one = app.core.call(|core| core.polymarket.says_version_one).await?;
    json(&Version { version: if one { 1 } else { 2 } })
}

/// Anything that is no route, or no method of one.
async fn not_found() -> Response {
    Failure::text(404, "not found").into_response()
}
