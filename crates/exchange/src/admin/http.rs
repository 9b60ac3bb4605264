//! The administration over HTTP, under `/admin/v1`, for callers on this machine only.
//!
//! It is no part of the venue's API and has no keys: whoever may open a loopback connection may use it, so it is off
//! unless asked for. Errors have the venue's nested shape.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use brier_kalshi::keys::KeyKind;
use brier_kalshi_protocol::costs::Tier;
use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::rest::{BucketLimit, Empty};
use brier_kalshi_protocol::wire::{self, json_number_micros};
use brier_types::{MarketResult, Money, Price, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::{Admin, AdminError, LimitsChange};
use crate::http::{Answer, Failure, decode, json};

/// Where it is.
pub(crate) const BASE_PATH: &str = "/admin/v1";
/// The longest body. What it describes becomes one record of the journal, which takes 16 MiB.
const MAX_BODY: usize = 8 << 20;
/// A catalogue of some ten thousand markets, each a record of its own.
const MAX_CATALOG: usize = 64 << 20;

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let text = error.to_string();
        match error {
            AdminError::NotFound { .. } => Self::with_details(&Code::NotFound, text),
            AdminError::Invalid(_) | AdminError::Listed { .. } | AdminError::Catalog(_) | AdminError::Key(_) => {
                Self::with_details(&Code::InvalidParameters, text)
            }
            AdminError::Stopped(_) => Code::ServiceUnavailable.into(),
        }
    }
}

type Reply = Result<Answer, Failure>;

pub(crate) fn routes(admin: Admin) -> Router {
    let polymarket = crate::polymarket::admin::http::routes(admin.polymarket());
    let routes = Router::new()
        .route("/series", post(put_series))
        .route("/events", post(put_event))
        .route("/markets", post(create_market))
        .route("/markets/{ticker}/{change}", post(change_market))
        .route("/catalog", post(load_catalog).layer(DefaultBodyLimit::max(MAX_CATALOG)))
        .route("/accounts", post(create_account))
        .route("/accounts/{user_id}/fund", post(fund))
        .route("/limits", post(set_limits))
        .route("/trading", post(set_trading))
        .route("/clock", get(get_clock).post(move_clock))
        .route("/ledger", get(ledger))
        .with_state(admin)
        .nest("/polymarket", polymarket)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(only_this_machine));
    Router::new().nest(BASE_PATH, routes)
}

/// Programs on this machine only. A browser here runs other people's pages, and names the page in every request that
/// could change something: those are turned away too.
async fn only_this_machine(ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    let from_a_page = request.headers().contains_key(header::ORIGIN);
    if peer.ip().to_canonical().is_loopback() && !from_a_page {
        next.run(request).await
    } else {
        crate::http::not_found().await
    }
}

/// The body as JSON; an empty one is an empty object.
fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Failure> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes.as_ref() };
    decode(bytes)
}

fn parameters(text: impl Into<String>) -> Failure {
    Failure::with_details(&Code::InvalidParameters, text)
}

async fn put_series(State(admin): State<Admin>, bytes: Bytes) -> Reply {
    admin.put_series(body(&bytes)?).await?;
    json(&Empty {})
}

async fn put_event(State(admin): State<Admin>, bytes: Bytes) -> Reply {
    admin.put_event(body(&bytes)?).await?;
    json(&Empty {})
}

async fn create_market(State(admin): State<Admin>, bytes: Bytes) -> Reply {
    Answer::created(&admin.create_market(body(&bytes)?).await?)
}

#[derive(Serialize)]
struct Loaded {
    loaded: usize,
}

async fn load_catalog(State(admin): State<Admin>, bytes: Bytes) -> Reply {
    json(&Loaded { loaded: admin.load_catalog(body::<Value>(&bytes)?).await? })
}

#[derive(Deserialize)]
struct Determination {
    result: String,
    #[serde(with = "wire::dollars", default)]
    settlement_value_dollars: Option<Price>,
    #[serde(default)]
    expiration_value: Option<String>,
}

#[derive(Deserialize)]
struct NewClose {
    #[serde(with = "wire::rfc3339")]
    close_time: Timestamp,
}

async fn change_market(
    State(admin): State<Admin>,
    Path((ticker, change)): Path<(String, String)>,
    bytes: Bytes,
) -> Reply {
    match change.as_str() {
        "open" => admin.open(&ticker).await?,
        "pause" => admin.pause(&ticker).await?,
        "resume" => admin.resume(&ticker).await?,
        "close" => admin.close(&ticker).await?,
        "close_time" => admin.move_close(&ticker, body::<NewClose>(&bytes)?.close_time).await?,
        "determine" => {
            let Determination { result, settlement_value_dollars, expiration_value } = body(&bytes)?;
            let result = match (result.as_str(), settlement_value_dollars) {
                ("yes", None | Some(Price::ONE)) => MarketResult::Yes,
                ("no", None | Some(Price::ZERO)) => MarketResult::No,
                ("scalar", Some(value)) => MarketResult::Scalar(value),
                ("scalar", None) => return Err(parameters("a scalar result needs settlement_value_dollars")),
                ("yes" | "no", Some(_)) => return Err(parameters("settlement_value_dollars contradicts the result")),
                _ => return Err(parameters(format!("result must be yes, no or scalar, found {result}"))),
            };
            admin.determine(&ticker, result, expiration_value).await?;
        }
        "settle" => admin.settle(&ticker).await?,
        _ => return Err(Code::NotFound.into()),
    }
    json(&Empty {})
}

#[derive(Deserialize)]
struct AccountRequest {
    name: String,
    #[serde(default)]
    key_type: Option<String>,
    #[serde(default)]
    public_key_pem: Option<String>,
    #[serde(default = "all_scopes")]
    scopes: Vec<String>,
}

fn all_scopes() -> Vec<String> {
    vec!["read".to_owned(), "write".to_owned()]
}

#[derive(Serialize)]
struct AccountResponse<'a> {
    user_id: &'a str,
    key_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_pem: Option<&'a str>,
}

async fn create_account(State(admin): State<Admin>, bytes: Bytes) -> Reply {
    let request: AccountRequest = body(&bytes)?;
    let kind = match request.key_type.as_deref() {
        None | Some("ed25519") => KeyKind::Ed25519,
        Some("rsa") => KeyKind::Rsa,
        Some(other) => return Err(parameters(format!("key_type must be ed25519 or rsa, found {other}"))),
    };
    let account = admin.create_account_with(&request.name, kind, request.public_key_pem, request.scopes).await?;
    Answer::created(&AccountResponse {
        user_id: &account.user_id,
        key_id: &account.key_id,
        private_key_pem: account.private_pem.as_ref().map(|pem| pem.as_str()),
    })
}

#[derive(Deserialize)]
struct Funding {
    #[serde(with = "wire::dollars")]
    amount_dollars: Money,
}

async fn fund(State(admin): State<Admin>, Path(user_id): Path<String>, bytes: Bytes) -> Reply {
    admin.fund(&user_id, body::<Funding>(&bytes)?.amount_dollars).await?;
    json(&Empty {})
}

#[derive(Deserialize)]
struct LimitsRequest {
    user_id: String,
    #[serde(default)]
    tier: Option<String>,
    #[serde(default)]
    read: Option<BucketLimit>,
    #[serde(default)]
    write: Option<BucketLimit>,
}

async fn set_limits(State(admin): State<Admin>, bytes: Bytes) -> Reply {
    let LimitsRequest { user_id, tier, read, write } = body(&bytes)?;
    let tier = match tier {
        None => None,
        Some(word) => Some(Tier::parse(&word).ok_or_else(|| parameters(format!("no such tier: {word}")))?),
    };
    admin.set_limits(&user_id, LimitsChange { tier, read, write }).await?;
    json(&Empty {})
}

#[derive(Deserialize)]
struct Trading {
    exchange_active: bool,
    trading_active: bool,
}

async fn set_trading(State(admin): State<Admin>, bytes: Bytes) -> Reply {
    let Trading { exchange_active, trading_active } = body(&bytes)?;
    admin.set_active(exchange_active, trading_active).await?;
    json(&Empty {})
}

#[derive(Serialize)]
struct ClockResponse {
    #[serde(with = "wire::rfc3339")]
    now: Timestamp,
    simulated: bool,
}

#[derive(Deserialize)]
struct ClockRequest {
    action: String,
    #[serde(default)]
    seconds: Option<Number>,
    #[serde(with = "wire::rfc3339", default)]
    to: Option<Timestamp>,
    #[serde(default)]
    factor: Option<Number>,
}

/// A number that is not negative, in 1e-6.
fn micros(number: Option<&Number>, name: &str) -> Result<u64, Failure> {
    let found = number.and_then(json_number_micros).and_then(|micros| u64::try_from(micros).ok());
    found.ok_or_else(|| parameters(format!("`{name}`: expected a number, not negative, up to 6 decimals")))
}

async fn get_clock(State(admin): State<Admin>) -> Reply {
    json(&ClockResponse { now: admin.now().await?, simulated: admin.clock_is_simulated() })
}

async fn move_clock(State(admin): State<Admin>, bytes: Bytes) -> Reply {
    let request: ClockRequest = body(&bytes)?;
    let now = match request.action.as_str() {
        "freeze" => admin.clock_freeze().await?,
        "step" => admin.clock_step(Duration::from_micros(micros(request.seconds.as_ref(), "seconds")?)).await?,
        "set" => admin.clock_set(request.to.ok_or_else(|| parameters("`to`: expected a time as RFC 3339"))?).await?,
        "scale" => admin.clock_scale(micros(request.factor.as_ref(), "factor")?).await?,
        other => return Err(parameters(format!("action must be freeze, step, set or scale, found {other}"))),
    };
    json(&ClockResponse { now, simulated: admin.clock_is_simulated() })
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "units stand last in names on the wire")]
struct LedgerResponse {
    #[serde(with = "wire::dollars6")]
    cash_dollars: Money,
    #[serde(with = "wire::dollars6")]
    collateral_dollars: Money,
    #[serde(with = "wire::dollars6")]
    fees_dollars: Money,
    #[serde(with = "wire::dollars6")]
    external_dollars: Money,
    #[serde(with = "wire::dollars6")]
    difference_dollars: Money,
}

async fn ledger(State(admin): State<Admin>) -> Reply {
    let ledger = admin.ledger().await?;
    json(&LedgerResponse {
        cash_dollars: ledger.cash,
        collateral_dollars: ledger.escrow,
        fees_dollars: ledger.fees,
        external_dollars: ledger.external,
        difference_dollars: ledger.difference(),
    })
}
