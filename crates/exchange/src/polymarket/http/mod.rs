//! One port for everything the venue has on hosts of its own: the order book API at the root, the streams under `/ws`, and
//! Gamma, the Data API, the relayer and the price stream each under a path.
//!
//! Source: reference (Polymarket), sections 1, 8 and 9, 2026-11-20.

mod answer;
mod params;

use axum::Router;
use axum::response::Response;
use tokio::sync::watch;

pub(crate) use answer::{Failure, Reply, json};
pub(crate) use params::Params;

use super::doors::Doors;
use super::{data, gamma, relayer, rtds, ws};
use crate::clock::Clock;
use crate::core::CoreHandle;

/// What every request needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub core: CoreHandle,
    pub doors: Doors,
    pub clock: Clock,
    pub stopping: watch::Receiver<bool>,
}

/// Every route of the port.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(ws::routes())
        .merge(rtds::routes())
        .nest("/gamma", gamma::routes())
        .nest("/data-api", data::routes())
        .nest("/relayer", relayer::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .with_state(app)
}

/// Anything that is no route, or no method of one.
async fn not_found() -> Response {
    use axum::response::IntoResponse as _;
    Failure::text(404, "not found").into_response()
}
