//! What the venue says when it says no: four body shapes, the known codes, and what a caller may do.
//!
//! Invariants: the raw text is always kept; a code is matched by its longest known prefix, ignoring case, because the venue
//! builds some codes at run time; what a caller may do is decided here, from method, status and body, and nowhere else.
//! It retries nothing itself.
//!
//! Source: reference sections 3.5 and 4 (docs.kalshi.com "errors"; recordings of the demo exchange), 2026-11-20.

use std::fmt;

use brier_types::{FailureKind, VenueError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rest::Method;

mod code;
pub use code::Code;

/// What an error says: the venue's `ErrorResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// The word to branch on, by prefix: see [`ErrorDetail::known`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// More: a word, a sentence, or a comma list of tickers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl ErrorDetail {
    /// The error of a code, in the venue's words.
    pub fn new(code: &Code) -> Self {
        Self { code: Some(code.as_str().to_owned()), message: Some(code.message().into_owned()), details: None }
    }

    /// The error of a code with `details`.
    pub fn with_details(code: &Code, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..Self::new(code) }
    }

    /// The code, if there is one.
    pub fn known(&self) -> Option<Code> {
        self.code.as_deref().map(Code::parse)
    }
}

/// The body of an error, by its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorBody {
    /// `{"error":{"code":…,"message":…,"details":…}}`: almost everything.
    Nested(ErrorDetail),
    /// `{"code":…,"message":…,"details":…}`: a body that does not decode.
    Flat(ErrorDetail),
    /// `{"msg":"…"}`: a query parameter out of range.
    Message(String),
    /// `{"error":"too many requests"}`: an empty bucket.
    Text(String),
}

impl ErrorBody {
    /// The nested body of a code.
    pub fn nested(code: &Code) -> Self {
        Self::Nested(ErrorDetail::new(code))
    }

    /// The flat body of a request that does not decode; `why` goes into the details.
    pub fn undecodable(why: impl Into<String>) -> Self {
        Self::Flat(ErrorDetail::with_details(&Code::BadRequest, why))
    }

    /// The body of every 429.
    pub fn too_many_requests() -> Self {
        Self::Text(Code::TooManyRequests.as_str().to_owned())
    }

    /// The body of a V1 order write.
    pub fn deprecated_v1_order_endpoint() -> Self {
        Self::Nested(ErrorDetail {
            code: Some(Code::DeprecatedV1OrderEndpoint.as_str().to_owned()),
            message: Some(
                "this endpoint is deprecated, use the V2 order endpoints under /portfolio/events/orders".to_owned(),
            ),
            details: Some("https://docs.kalshi.com/api-reference/orders/create-order-v2".to_owned()),
        })
    }

    /// Reads a body, or `None` when it has none of the four shapes: a proxy's page, an empty text.
    pub fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let text_at = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        match value.get("error") {
            Some(Value::String(text)) => return Some(Self::Text(text.clone())),
            Some(nested @ Value::Object(_)) => return detail(nested).map(Self::Nested),
            _ => {}
        }
        if let Some(message) = text_at("msg") {
            return Some(Self::Message(message));
        }
        if value.get("code").is_some() || value.get("message").is_some() {
            return detail(&value).map(Self::Flat);
        }
        None
    }

    /// The body as JSON text.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Wrapped<T: Serialize> {
            error: T,
        }
        match self {
            Self::Nested(detail) => serde_json::to_string(&Wrapped { error: detail }),
            Self::Flat(detail) => serde_json::to_string(detail),
            Self::Message(message) => return json!({ "msg": message }).to_string(),
            Self::Text(text) => serde_json::to_string(&Wrapped { error: text }),
        }
        .expect("texts are JSON")
    }

    /// The code, if the shape has one; the text of a 429 counts as one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Nested(detail) | Self::Flat(detail) => detail.known(),
            Self::Text(text) => Some(Code::parse(text)),
            Self::Message(_) => None,
        }
    }

    /// What it says, for people.
    pub fn text(&self) -> String {
        match self {
            Self::Nested(detail) | Self::Flat(detail) => {
                let mut parts: Vec<&str> = Vec::new();
                for part in [&detail.code, &detail.message, &detail.details].into_iter().flatten() {
                    if !parts.contains(&part.as_str()) {
                        parts.push(part);
                    }
                }
                parts.join(": ")
            }
            Self::Message(text) | Self::Text(text) => text.clone(),
        }
    }
}

/// Reads an `ErrorResponse`; a member that is no string is kept as its JSON text.
fn detail(value: &Value) -> Option<ErrorDetail> {
    let member = |key: &str| match value.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    value.is_object().then(|| ErrorDetail {
        code: member("code"),
        message: member("message"),
        details: member("details"),
    })
}

/// What must be done before anything else, where a failure kind does not say it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Nothing beyond the kind.
    None,
    /// Wait for the bucket to refill; there is no `Retry-After`.
    Wait,
    /// Measure the clock offset from the `Date` header and sign anew.
    FixClock,
    /// Check key id, key file, scopes, tier or region.
    FixAccess,
    /// Ask the stream or the order list whether the order exists.
    Resolve,
    /// An order with this client order id exists or existed; find it in the list.
    FindExisting,
    /// The order is finished, or was never on that shard; its last state stands.
    Gone,
    /// The exchange or the market does not take this now.
    WaitForTrading,
}

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// What was asked.
    pub method: Method,
    /// Of what.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// The body, if it has a known shape.
    pub body: Option<ErrorBody>,
    /// The body as received, cut to 2,000 characters.
    pub raw: String,
}

impl ApiError {
    /// Reads an answer that is no success.
    pub fn new(method: Method, path: impl Into<String>, status: u16, text: &str) -> Self {
        let raw = text.chars().take(2_000).collect();
        Self { method, path: path.into(), status, body: ErrorBody::parse(text), raw }
    }

    /// The code, if the body has one.
    pub fn code(&self) -> Option<Code> {
        self.body.as_ref().and_then(ErrorBody::code)
    }

    /// Whether the venue knows an order by the client order id that was sent. The id is spent either way: an in-doubt
    /// create that is answered so did exist.
    pub fn order_exists(&self) -> bool {
        self.code() == Some(Code::OrderAlreadyExists)
    }

    /// What a caller may do, and what must come first.
    pub fn verdict(&self) -> (FailureKind, Remedy) {
        classify(self.method, self.status, self.code().as_ref())
    }
}

/// What a caller may do after `status`, and what must come first.
///
/// - 429: the request was turned away before it did anything, write or not, so it may be repeated.
/// - 5xx and 408: the venue may have done it. A read may be repeated; a write is in doubt until the venue says otherwise.
/// - 401 `header_timestamp_expired`: nothing happened and the same call passes once the clock is right, so it may be repeated
///   after measuring the offset; callers bound the attempts. Every other 401 and every 403 needs a person.
/// - 409 `order_already_exists`: refused, and tells that the first attempt arrived.
/// - 410: we speak a version that the venue has retired: a person must update us.
/// - Any other 4xx: refused for good.
/// - Anything else is not in the venue's contract. A write may have worked; for a read nothing is known to help.
pub fn classify(method: Method, status: u16, code: Option<&Code>) -> (FailureKind, Remedy) {
    match (status, code) {
        (500..=599 | 408, _) if method.is_write() => (FailureKind::InDoubt, Remedy::Resolve),
        (429 | 500..=599 | 408, _) => (FailureKind::Retry, Remedy::Wait),
        (401, Some(Code::HeaderTimestampExpired)) => (FailureKind::Retry, Remedy::FixClock),
        (401 | 403, _) => (FailureKind::Fatal, Remedy::FixAccess),
        (409, Some(Code::OrderAlreadyExists)) => (FailureKind::Refused, Remedy::FindExisting),
        (404, _) => (FailureKind::Refused, Remedy::Gone),
        (400..=409 | 411..=499, Some(Code::MarketInactive | Code::TradingPaused | Code::ExchangePaused)) => {
            (FailureKind::Refused, Remedy::WaitForTrading)
        }
        (400..=409 | 411..=499, _) => (FailureKind::Refused, Remedy::None),
        _ if method.is_write() && status != 410 => (FailureKind::InDoubt, Remedy::Resolve),
        _ => (FailureKind::Fatal, Remedy::None),
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}: status {}", self.method, self.path, self.status)?;
        match &self.body {
            Some(body) => write!(out, ", {}", body.text()),
            None if self.raw.is_empty() => out.write_str(", empty body"),
            None => write!(out, ", unknown body `{}`", self.raw.chars().take(200).collect::<String>()),
        }
    }
}

impl std::error::Error for ApiError {}

impl VenueError for ApiError {
    fn kind(&self) -> FailureKind {
        self.verdict().0
    }

    fn hint(&self) -> Option<String> {
        let hint = match self.verdict().1 {
            Remedy::None if self.status == 410 => "update Brier: the venue retired this call",
            Remedy::None => return self.code().and_then(|code| code.hint()).map(str::to_owned),
            Remedy::Wait => "wait a moment; the venue names no time",
            Remedy::FixClock => "set this machine's clock (within 1 s of UTC), then try again",
            Remedy::FixAccess => match self.code() {
                Some(code) => return Some(code.hint().unwrap_or("check the key's scopes and the account").to_owned()),
                None => "check the key id, the key file and the key's scopes",
            },
            Remedy::Resolve => "the call may have worked: look for the order before sending it again",
            Remedy::FindExisting => {
                "an order with this client order id exists or existed: look it up, or choose a new id"
            }
            Remedy::Gone => "it is finished, unknown, or on another shard: read it before trying again",
            Remedy::WaitForTrading => "the market or the exchange is not trading: look at its status",
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests;
