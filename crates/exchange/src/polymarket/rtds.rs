//! The stream of reference prices.

use axum::Router;

use super::http::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
}
