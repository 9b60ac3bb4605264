//! Answers and refusals as they leave: status, content type, body.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use brier_kalshi_protocol::errors::{Code, ErrorBody, ErrorDetail};
use brier_kalshi_protocol::rest::QueryError;
use serde::Serialize;

use crate::core::Stopped;

/// A success: its exact status, which the official SDK insists on, and its JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    body: Option<String>,
}

/// An answer of 200.
pub(crate) fn json(body: &impl Serialize) -> Result<Answer, Failure> {
    Answer::new(StatusCode::OK, body)
}

impl Answer {
    pub(crate) fn new(status: StatusCode, body: &impl Serialize) -> Result<Self, Failure> {
        // The venue's types are plain; should one ever not be JSON, the caller is told that we failed.
        let body = serde_json::to_string(body).map_err(|_error| Failure::from(Code::InternalServerError))?;
        Ok(Self { status, body: Some(body) })
    }

    pub(crate) fn created(body: &impl Serialize) -> Result<Self, Failure> {
        Self::new(StatusCode::CREATED, body)
    }

    /// 204, without a body.
    pub(crate) const fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self.body {
            Some(body) => (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
            None => self.status.into_response(),
        }
    }
}

/// A refusal: status and body in one of the venue's shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    status: u16,
    body: ErrorBody,
}

impl Failure {
    pub(crate) fn of(status: StatusCode, body: ErrorBody) -> Self {
        Self { status: status.as_u16(), body }
    }

    pub(crate) fn with_details(code: &Code, details: impl Into<String>) -> Self {
        Self { status: code.status(), body: ErrorBody::Nested(ErrorDetail::with_details(code, details)) }
    }

    /// The shape for bodies that do not decode.
    pub(crate) fn flat(code: &Code, details: &str) -> Self {
        Self { status: 400, body: ErrorBody::Flat(ErrorDetail::with_details(code, details)) }
    }

    /// The shape for query parameters that are out of range.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self { status: 400, body: ErrorBody::Message(message.into()) }
    }

    pub(crate) fn too_many_requests() -> Self {
        Self { status: 429, body: ErrorBody::too_many_requests() }
    }

    /// A limit of a group that is no count is a wrong parameter, not a wrong order size.
    pub(crate) fn of_limit(self) -> Self {
        match self.body {
            ErrorBody::Nested(ErrorDetail { details: Some(details), .. }) => {
                Self::with_details(&Code::InvalidParameters, details)
            }
            _ => self,
        }
    }

    /// What a batch's item says.
    pub(crate) fn into_detail(self) -> ErrorDetail {
        match self.body {
            ErrorBody::Nested(detail) | ErrorBody::Flat(detail) => detail,
            ErrorBody::Message(text) | ErrorBody::Text(text) => {
                ErrorDetail { code: None, message: Some(text), details: None }
            }
        }
    }
}

/// Status and body, for people.
impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.status, self.body.text())
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { status: code.status(), body: ErrorBody::nested(&code) }
    }
}

impl From<ErrorDetail> for Failure {
    fn from(detail: ErrorDetail) -> Self {
        let status = detail.known().map_or(400, |code| code.status());
        Self { status, body: ErrorBody::Nested(detail) }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self { status: 400, body: error.to_body() }
    }
}

/// The outcome is unknown: the exchange stopped before it could say.
impl From<Stopped> for Failure {
    fn from(_stopped: Stopped) -> Self {
        Code::ServiceUnavailable.into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/json")], self.body.to_json()).into_response()
    }
}
