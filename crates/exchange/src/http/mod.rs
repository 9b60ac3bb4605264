//! The REST face: every operation of the trading path, on the venue's own paths.
//!
//! One way in for all: the signature (for what is not public), the token bucket, then the operation. Answers and errors
//! have the venue's exact statuses and shapes; anything else under any path is a nested 404.
//!
//! Source: reference sections 3 to 13 and 19, 2026-11-20.

mod account;
mod answer;
mod groups;
mod market_data;
mod orders;
mod page;
mod portfolio;
mod refusals;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as AxumState};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use brier_kalshi_protocol::costs::{self, Cost};
use brier_kalshi_protocol::errors::{Code, ErrorBody};
use brier_kalshi_protocol::rest::{BASE_PATH, Method, Operation, percent_decode};
use brier_kalshi_protocol::{auth, wire};
use serde::de::DeserializeOwned;

pub(crate) use answer::{Answer, Failure, json};

use crate::access::AccessCell;
use crate::auth::{Caller, Need, Signatures, authenticate};
use crate::clock::{Clock, wall_now};
use crate::core::CoreHandle;
use crate::limits::Buckets;

/// The longest request body, as no order batch needs more.
const MAX_BODY: usize = 2 << 20;

/// What every request needs.
#[derive(Clone)]
pub(crate) struct App {
    pub core: CoreHandle,
    pub access: AccessCell,
    pub buckets: Arc<Buckets>,
    pub clock: Clock,
    pub signatures: Signatures,
    pub stopping: tokio::sync::watch::Receiver<bool>,
}

impl App {
    /// Takes the tokens of a call.
    pub(crate) fn pay(&self, caller: &Caller, cost: Cost) -> Result<(), Failure> {
        let limits = self.access.table().limits(caller.account);
        if self.buckets.take(caller.account, &limits, cost) { Ok(()) } else { Err(Failure::too_many_requests()) }
    }
}

/// One request, taken apart but not yet understood.
pub(crate) struct Call {
    pub app: App,
    caller: Option<Caller>,
    method: Method,
    target: String,
    /// The decoded parts of the path where the template has names.
    pub parts: Vec<String>,
    pub query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call {
    /// Who signed it. Only private operations ask, and those were checked.
    pub(crate) fn caller(&self) -> &Caller {
        self.caller.as_ref().expect("a private operation is authenticated before it is served")
    }

    pub(crate) fn part(&self, index: usize) -> &str {
        self.parts.get(index).map_or("", String::as_str)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// The flat refusals of section 4.1.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Failure::flat(&Code::InvalidContentType, "expected Content-Type: application/json"));
        }
        decode(&self.body)
    }

    /// Takes the tokens of a batch, which are those of its items.
    pub(crate) fn pay_for(&self, items: usize) -> Result<(), Failure> {
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        self.app.pay(self.caller(), costs::cost(self.method, &self.target, items))
    }
}

/// A JSON object of the caller. Lists are taken where they are lists of objects or texts, never in an object's place, and
/// refusals speak of JSON, not of this program.
///
/// # Errors
/// The flat `bad_request`; the nested code where a price or a count is text but not of its form.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    if !only_objects(body) {
        return Err(Failure::flat(&Code::BadRequest, "expected a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        if text.starts_with(wire::BAD_DOLLARS) {
            return Failure::with_details(&Code::InvalidPrice, text);
        }
        if text.starts_with(wire::BAD_COUNT) {
            return Failure::with_details(&Code::InvalidOrderSize, text);
        }
        let place = format!("at line {} column {}", error.line(), error.column());
        // Words that only a reader of this program would understand.
        let foreign = ["struct ", "enum", "variant", "tuple", "newtype", "expected i", "expected u"];
        let text =
            if foreign.iter().any(|word| text.contains(word)) { format!("unexpected value {place}") } else { text };
        Failure::flat(&Code::BadRequest, &text)
    })
}

/// Whether the text begins as an object and no list stands in an object's place: a list only follows a key.
fn only_objects(body: &[u8]) -> bool {
    let (mut last, mut in_text, mut escaped) = (b' ', false, false);
    for byte in body {
        if in_text {
            (in_text, escaped) = (escaped || *byte != b'"', !escaped && *byte == b'\\');
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            // The first byte has nothing before it.
            _ if last == b' ' && *byte != b'{' => return false,
            b'[' if last != b':' => return false,
            b'"' => in_text = true,
            _ => {}
        }
        last = *byte;
    }
    true
}

/// The routes of the REST face, also under one segment of another prefix; a signature covers the path as it came.
///
/// Source: reference section 19.1.
pub(crate) fn routes() -> Router<App> {
    let mut router = Router::new();
    for base in [BASE_PATH.to_owned(), format!("/{{mount}}{BASE_PATH}")] {
        for operation in Operation::ALL.iter().copied() {
            let path = format!("{base}{}", operation.template());
            router =
                router.route(&path, on(filter(operation.method()), move |app, request| serve(app, request, operation)));
        }
        for (method, path) in V1_WRITES {
            router = router.route(&format!("{base}{path}"), on(filter(*method), gone));
        }
    }
    router
}

/// A path without what it is mounted under.
fn unmounted(path: &str) -> &str {
    path.find(BASE_PATH).map_or(path, |at| &path[at..])
}

/// The order writes of the first version, closed since June 2026.
const V1_WRITES: &[(Method, &str)] = &[
    (Method::Post, "/portfolio/orders"),
    (Method::Post, "/portfolio/orders/batched"),
    (Method::Delete, "/portfolio/orders/batched"),
    (Method::Delete, "/portfolio/orders/{order_id}"),
    (Method::Post, "/portfolio/orders/{order_id}/amend"),
    (Method::Post, "/portfolio/orders/{order_id}/decrease"),
];

const fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Delete => MethodFilter::DELETE,
    }
}

/// The signature of a request, over its target as it came.
pub(crate) fn check_signature(app: &App, parts: &Parts) -> Result<Caller, Failure> {
    let known = (&*app.access.table(), app.signatures);
    authenticate(known, &parts.headers, parts.method.as_str(), parts.uri.path(), wall_now())
}

async fn gone(AxumState(app): AxumState<App>, request: Request) -> Response {
    let (parts, _body) = request.into_parts();
    match check_signature(&app, &parts) {
        Ok(_) => Failure::of(StatusCode::GONE, ErrorBody::deprecated_v1_order_endpoint()).into_response(),
        Err(failure) => failure.into_response(),
    }
}

/// Anything that is no route, or no method of one.
pub(crate) async fn not_found() -> Response {
    Failure::from(Code::NotFound).into_response()
}

async fn serve(AxumState(app): AxumState<App>, request: Request, operation: Operation) -> Response {
    match call(app, request, operation).await {
        Ok(answer) => answer.into_response(),
        Err(failure) => failure.into_response(),
    }
}

async fn call(app: App, request: Request, operation: Operation) -> Result<Answer, Failure> {
    let (parts, body) = request.into_parts();
    let caller = if operation.is_public() {
        // Public operations ask for no signature and refuse none; a good one says whose bucket pays.
        if parts.headers.contains_key(auth::SIGNATURE_HEADER)
            && let Ok(caller) = check_signature(&app, &parts)
        {
            app.pay(&caller, costs::cost(operation.method(), unmounted(parts.uri.path()), 1))?;
        }
        None
    } else {
        let caller = check_signature(&app, &parts)?;
        if !caller.may(need(operation)) {
            return Err(Failure::with_details(&Code::PermissionDenied, "the key lacks the scope for this call"));
        }
        // A batch pays for its items, once they are known.
        if !matches!(operation, Operation::BatchCreateOrders | Operation::BatchCancelOrders) {
            app.pay(&caller, costs::cost(operation.method(), unmounted(parts.uri.path()), 1))?;
        }
        Some(caller)
    };
    let call = take_apart(app, caller, parts, body, operation.method(), operation.template()).await?;
    dispatch(operation, call).await
}

/// Reads the rest of a request that may come in.
pub(crate) async fn take_apart(
    app: App,
    caller: Option<Caller>,
    parts: Parts,
    body: Body,
    method: Method,
    template: &str,
) -> Result<Call, Failure> {
    let body = to_bytes(body, MAX_BODY)
        .await
        .map_err(|error| Failure::flat(&Code::BadRequest, &format!("body: {error}")))?
        .into();
    let path = unmounted(parts.uri.path()).strip_prefix(BASE_PATH).unwrap_or_default();
    let names = template.split('/').zip(path.split('/')).filter(|(name, _)| name.starts_with('{'));
    // A part that does not decode names nothing that exists.
    let found: Option<Vec<String>> = names.map(|(_, part)| percent_decode(part)).collect();
    Ok(Call {
        app,
        caller,
        method,
        target: unmounted(parts.uri.path()).to_owned(),
        parts: found.ok_or(Code::NotFound)?,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    })
}

/// What a private operation needs its key to be allowed.
const fn need(operation: Operation) -> Need {
    match operation {
        Operation::GetBalance => Need::ReadBalance,
        _ if operation.method().is_write() => Need::Trade,
        _ => Need::Read,
    }
}

async fn dispatch(operation: Operation, call: Call) -> Result<Answer, Failure> {
    match operation {
        Operation::GetExchangeStatus => account::status(call).await,
        Operation::GetExchangeSchedule => account::schedule(),
        Operation::GetUserDataTimestamp => account::user_data_timestamp(call).await,
        Operation::GetAccountLimits => account::limits(call).await,
        Operation::GetAccountEndpointCosts => account::endpoint_costs(),
        Operation::GetSeriesFeeChanges => market_data::series_fee_changes(call).await,
        Operation::GetSeriesList => market_data::series_list(call).await,
        Operation::GetSeries => market_data::series(call).await,
        Operation::GetMarketCandlesticks => market_data::candlesticks(call).await,
        Operation::BatchGetMarketCandlesticks => market_data::batch_candlesticks(call).await,
        Operation::GetEvents => market_data::events(call).await,
        Operation::GetEventFeeChanges => market_data::event_fee_changes(&call),
        Operation::GetEvent => market_data::event(call).await,
        Operation::GetMarkets => market_data::markets(call).await,
        Operation::GetMarket => market_data::market(call).await,
        Operation::GetMarketOrderbook => market_data::order_book(call).await,
        Operation::GetMarketOrderbooks => market_data::order_books(call).await,
        Operation::GetTrades => market_data::trades(call).await,
        Operation::GetBalance => portfolio::balance(call).await,
        Operation::GetPositions => portfolio::positions(call).await,
        Operation::GetFills => portfolio::fills(call).await,
        Operation::GetSettlements => portfolio::settlements(call).await,
        Operation::GetOrders => portfolio::orders(call).await,
        Operation::GetOrder => portfolio::order(call).await,
        Operation::GetOrderQueuePosition => portfolio::queue_position(call).await,
        Operation::GetOrderQueuePositions => portfolio::queue_positions(call).await,
        Operation::CreateOrder => orders::create(call).await,
        Operation::BatchCreateOrders => orders::batch_create(call).await,
        Operation::CancelOrder => orders::cancel(call).await,
        Operation::BatchCancelOrders => orders::batch_cancel(call).await,
        Operation::CancelAllOrders => orders::cancel_all(call).await,
        Operation::AmendOrder => orders::amend(call).await,
        Operation::DecreaseOrder => orders::decrease(call).await,
        Operation::GetOrderGroups => groups::list(call).await,
        Operation::GetOrderGroup => groups::one(call).await,
        Operation::CreateOrderGroup => groups::create(call).await,
        Operation::DeleteOrderGroup
        | Operation::UpdateOrderGroupLimit
        | Operation::ResetOrderGroup
        | Operation::TriggerOrderGroup => groups::change(operation, call).await,
    }
}
