//! Answers and refusals as they leave: status, headers, and a JSON body.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use brier_polymarket_protocol::errors::{ErrorBody, final_status, text};
use serde::Serialize;

use crate::core::Stopped;

/// What a handler gives back.
pub(crate) type Reply = Result<Response, Failure>;

/// An answer of 200.
///
/// # Errors
/// Never for the venue's plain types; should one not be JSON, the caller is told that we failed.
pub(crate) fn json(body: &impl Serialize) -> Reply {
    let body = serde_json::to_string(body).map_err(|_error| Failure::text(500, text::INTERNAL))?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// A refusal: a status and the venue's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub status: u16,
    /// The venue's text, as batches repeat it.
    pub error: String,
    body: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// The usual shape, `{"error":"…"}`; the status follows the venue's last rule.
    ///
    /// Source: reference (Polymarket), section 9.
    pub(crate) fn text(status: u16, error: impl Into<String>) -> Self {
        Self::of(status, &ErrorBody::new(error))
    }

    /// A body with more than a text.
    pub(crate) fn of(status: u16, body: &ErrorBody) -> Self {
        let mut failure = Self {
            status: final_status(status, &body.error),
            error: body.error.clone(),
            body: body.to_json(),
            headers: Vec::new(),
        };
        if let Some(seconds) = body.retry_after_seconds {
            failure.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        failure
    }

    /// A body of another shape.
    pub(crate) fn shaped(status: u16, error: &str, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status, error: error.to_owned(), body, headers: Vec::new() }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The outcome is unknown: the exchange stopped before it could say.
impl From<Stopped> for Failure {
    fn from(_stopped: Stopped) -> Self {
        Self::text(500, text::INTERNAL)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], self.body).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}
