//! The metadata API.

use axum::Router;

use super::http::App;

pub(crate) fn routes() -> Router<App> {
    Router::new()
}
