//! The administration of the Polymarket face over HTTP, under `/admin/v1/polymarket`, behind the same guard as Kalshi's.
//!
//! | Call | Body | Answer |
//! |---|---|---|
//! | `POST /events`, `/markets` | as [`PolymarketAdmin::list_event`] and [`PolymarketAdmin::list_market`] say | 201, the names of what was listed |
//! | `POST /catalog` | `{"events":[…],"markets":[…]}` or a list of markets | names of the markets |
//! | `POST /markets/{market}/{accept,pause,clear_book,dispute}` | none | `{}` |
//! | `POST /markets/{market}/tick` | `{"tick":"0.001"}` | `{}` |
//! | `POST /markets/{market}/fees` | `{"rate":"0.05","exponent":1,"rebate_rate":"0.25"}` | `{}` |
//! | `POST /markets/{market}/{propose,resolve}` | `{"result":"yes"}`, `no` or `half` | `{}` |
//! | `POST /markets/{market}/redeem_all` | none | `{"paid":"12.5"}` |
//! | `POST /accounts` | `{"owner":"0x…"}` | its wallets |
//! | `GET /accounts/{wallet}` | | cash and tokens |
//! | `POST /accounts/{wallet}/fund` | `{"usd":"1000"}` | `{}` |
//! | `POST /accounts/{wallet}/{split,merge}` | `{"condition":market,"amount":"10"}` | `{"paid":"10"}` |
//! | `POST /accounts/{wallet}/convert` | `{"event":id,"questions":[0],"amount":"10"}` | the same |
//! | `POST /accounts/{wallet}/redeem` | `{"condition":market}` | the same |
//! | `POST /accounts/{wallet}/transfer` | `{"token":"7132…","amount":"10","to":"0x…"}` | the same |
//! | `POST /trades/{uuid}/{mine,retry,confirm,fail}` | none | `{}` |
//! | `POST /settlement` | [`SettlementChange`] | `{}` |
//! | `POST /engine` | `{"mode":"post_only","seconds":120}` | `{}` |
//! | `POST /limits` | `{"owner":"0x…","tier":"unlimited"}`, without owner for all | `{}` |
//! | `POST /restrictions` | `{"owner":"0x…","restriction":"closed_only"}` | `{}` |
//! | `POST /version` | `{"version":1}` | `{}` |
//! | `POST /prices` | `{"topic":"crypto_prices","symbol":"btcusdt","value":67234.5}`, and as wished `timestamp` | `{}` |
//! | `GET /ledger`, `/state_hash` | | sums; `{"state_hash":"…"}` |
//!
//! A market is named by its condition, one of its tokens, Gamma's number or its slug. Amounts are texts or numbers.

use alloy_primitives::Address;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{get, post};
use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::rest::Empty;
use brier_polymarket_protocol::wire::{self, Num};
use brier_types::{MarketResult, Money, Price, Qty};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{PolymarketAdmin, PolymarketChange, PositionChange, SettlementChange, TradeStep, WalletBalances};
use crate::http::{Answer, Failure, json};

/// A catalog of some ten thousand markets, each a record of its own.
const MAX_CATALOG: usize = 64 << 20;

type Reply = Result<Answer, Failure>;
type Admin = State<PolymarketAdmin>;

pub(crate) fn routes(admin: PolymarketAdmin) -> Router {
    Router::new()
        .route("/events", post(list_event))
        .route("/markets", post(list_market))
        .route("/catalog", post(load_catalog).layer(DefaultBodyLimit::max(MAX_CATALOG)))
        .route("/markets/{market}/{change}", post(change_market))
        .route("/accounts", post(open_wallets))
        .route("/accounts/{wallet}", get(balances))
        .route("/accounts/{wallet}/{change}", post(change_account))
        .route("/trades/{trade}/{step}", post(settle_trade))
        .route("/settlement", post(set_settlement))
        .route("/engine", post(set_engine))
        .route("/limits", post(set_tier))
        .route("/restrictions", post(restrict))
        .route("/version", post(set_version))
        .route("/prices", post(publish_price))
        .route("/ledger", get(ledger))
        .route("/state_hash", get(state_hash))
        .with_state(admin)
}

fn parameters(text: impl Into<String>) -> Failure {
    Failure::with_details(&Code::InvalidParameters, text)
}

/// The body as JSON; an empty one is an empty object.
fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Failure> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes.as_ref() };
    serde_json::from_slice(bytes).map_err(|error| parameters(format!("body: {error}")))
}

fn address(text: &str) -> Result<Address, Failure> {
    text.parse().map_err(|_no_address| parameters(format!("expected an address, found `{text:.64}`")))
}

#[derive(Deserialize)]
struct PriceTopic {
    topic: String,
}

async fn publish_price(State(admin): Admin, bytes: Bytes) -> Reply {
    let PriceTopic { topic } = body(&bytes)?;
    admin.publish_price(&topic, body(&bytes)?).await?;
    json(&Empty {})
}

async fn list_event(State(admin): Admin, bytes: Bytes) -> Reply {
    Answer::created(&admin.list_event(body(&bytes)?).await?)
}

async fn list_market(State(admin): Admin, bytes: Bytes) -> Reply {
    Answer::created(&admin.list_market(body(&bytes)?).await?)
}

async fn load_catalog(State(admin): Admin, bytes: Bytes) -> Reply {
    json(&admin.load_catalog(body::<Value>(&bytes)?).await?)
}

#[derive(Deserialize)]
struct Tick {
    #[serde(with = "wire::text")]
    tick: Price,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFees {
    rate: Num,
    #[serde(default = "one")]
    exponent: u32,
    #[serde(default)]
    rebate_rate: Option<Num>,
}

const fn one() -> u32 {
    1
}

#[derive(Deserialize)]
struct Outcome {
    result: String,
}

impl Outcome {
    fn result(&self) -> Result<MarketResult, Failure> {
        match self.result.as_str() {
            "yes" => Ok(MarketResult::Yes),
            "no" => Ok(MarketResult::No),
            "half" => Ok(MarketResult::Scalar(Price::from_cents(50).unwrap_or(Price::ZERO))),
            other => Err(parameters(format!("result: expected yes, no or half, found `{other:.32}`"))),
        }
    }
}

#[derive(Serialize)]
struct Paid {
    #[serde(with = "wire::text")]
    paid: Money,
}

fn micros(number: &Num) -> Result<u32, Failure> {
    let micros = number.scaled(6).and_then(|micros| u32::try_from(micros).ok());
    micros.ok_or_else(|| parameters(format!("expected a rate from 0 to 1, found {}", number.as_str())))
}

async fn change_market(State(admin): Admin, Path((market, change)): Path<(String, String)>, bytes: Bytes) -> Reply {
    let change = match change.as_str() {
        "accept" => PolymarketChange::Accept(true),
        "pause" => PolymarketChange::Accept(false),
        "tick" => PolymarketChange::Tick(body::<Tick>(&bytes)?.tick),
        "fees" => {
            let NewFees { rate, exponent, rebate_rate } = body(&bytes)?;
            let rebate_rate = rebate_rate.as_ref().map_or(Ok(0), micros)?;
            PolymarketChange::Fees { rate: micros(&rate)?, exponent, rebate_rate }
        }
        "clear_book" => PolymarketChange::ClearBook,
        "propose" => PolymarketChange::Propose(body::<Outcome>(&bytes)?.result()?),
        "dispute" => PolymarketChange::Dispute,
        "resolve" => PolymarketChange::Resolve(body::<Outcome>(&bytes)?.result()?),
        "redeem_all" => return json(&Paid { paid: admin.redeem_all(&market).await? }),
        _ => return Err(Code::NotFound.into()),
    };
    admin.change_market(&market, change).await?;
    json(&Empty {})
}

#[derive(Deserialize)]
struct OwnerRequest {
    owner: String,
}

async fn open_wallets(State(admin): Admin, bytes: Bytes) -> Reply {
    let owner = address(&body::<OwnerRequest>(&bytes)?.owner)?;
    Answer::created(&admin.open_wallets(owner).await?)
}

#[derive(Serialize)]
struct TokenReply {
    token_id: String,
    #[serde(with = "wire::text")]
    balance: Qty,
    #[serde(with = "wire::text")]
    resting: Qty,
    #[serde(with = "wire::text")]
    matched: Qty,
}

#[derive(Serialize)]
struct BalancesReply {
    owner: Address,
    #[serde(with = "wire::text")]
    cash: Money,
    #[serde(with = "wire::text")]
    resting: Money,
    #[serde(with = "wire::text")]
    matched: Money,
    tokens: Vec<TokenReply>,
}

async fn balances(State(admin): Admin, Path(wallet): Path<String>) -> Reply {
    let WalletBalances { owner, cash, resting, matched, tokens } = admin.balances(address(&wallet)?).await?;
    let tokens = tokens.into_iter().map(|it| TokenReply {
        token_id: it.token_id,
        balance: it.balance,
        resting: it.resting,
        matched: it.matched,
    });
    json(&BalancesReply { owner, cash, resting, matched, tokens: tokens.collect() })
}

#[derive(Deserialize)]
struct Funding {
    #[serde(with = "wire::text")]
    usd: Money,
}

#[derive(Deserialize)]
struct Pairs {
    condition: String,
    #[serde(with = "wire::text")]
    amount: Qty,
}

#[derive(Deserialize)]
struct Conversion {
    event: String,
    questions: Vec<u32>,
    #[serde(with = "wire::text")]
    amount: Qty,
}

#[derive(Deserialize)]
struct Redemption {
    condition: String,
}

#[derive(Deserialize)]
struct Transfer {
    token: String,
    #[serde(with = "wire::text")]
    amount: Qty,
    to: String,
}

async fn change_account(State(admin): Admin, Path((wallet, change)): Path<(String, String)>, bytes: Bytes) -> Reply {
    let wallet = address(&wallet)?;
    let change = match change.as_str() {
        "fund" => {
            admin.fund(wallet, body::<Funding>(&bytes)?.usd).await?;
            return json(&Empty {});
        }
        "split" => {
            let Pairs { condition: market, amount: qty } = body(&bytes)?;
            PositionChange::Split { market, qty }
        }
        "merge" => {
            let Pairs { condition: market, amount: qty } = body(&bytes)?;
            PositionChange::Merge { market, qty }
        }
        "convert" => {
            let Conversion { event, questions, amount: qty } = body(&bytes)?;
            PositionChange::Convert { event, questions, qty }
        }
        "redeem" => PositionChange::Redeem { market: body::<Redemption>(&bytes)?.condition },
        "transfer" => {
            let Transfer { token, amount: qty, to } = body(&bytes)?;
            PositionChange::Transfer { token, qty, to: address(&to)? }
        }
        _ => return Err(Code::NotFound.into()),
    };
    json(&Paid { paid: admin.position(wallet, change).await? })
}

async fn settle_trade(State(admin): Admin, Path((trade, step)): Path<(String, String)>) -> Reply {
    let step = match step.as_str() {
        "mine" => TradeStep::Mine,
        "retry" => TradeStep::Retry,
        "confirm" => TradeStep::Confirm,
        "fail" => TradeStep::Fail,
        _ => return Err(Code::NotFound.into()),
    };
    admin.settle_trade(&trade, step).await?;
    json(&Empty {})
}

async fn set_settlement(State(admin): Admin, bytes: Bytes) -> Reply {
    admin.set_settlement(body::<SettlementChange>(&bytes)?).await?;
    json(&Empty {})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Engine {
    mode: String,
    /// How long a post-only phase lasts; the venue's last two minutes.
    #[serde(default = "two_minutes")]
    seconds: u64,
}

const fn two_minutes() -> u64 {
    120
}

async fn set_engine(State(admin): Admin, bytes: Bytes) -> Reply {
    let Engine { mode, seconds } = body(&bytes)?;
    admin.set_engine(&mode, seconds).await?;
    json(&Empty {})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierRequest {
    #[serde(default)]
    owner: Option<String>,
    tier: String,
}

async fn set_tier(State(admin): Admin, bytes: Bytes) -> Reply {
    let TierRequest { owner, tier } = body(&bytes)?;
    admin.set_tier(owner.as_deref().map(address).transpose()?, &tier).await?;
    json(&Empty {})
}

#[derive(Deserialize)]
struct RestrictionRequest {
    owner: String,
    restriction: String,
}

async fn restrict(State(admin): Admin, bytes: Bytes) -> Reply {
    let RestrictionRequest { owner, restriction } = body(&bytes)?;
    admin.restrict(address(&owner)?, &restriction).await?;
    json(&Empty {})
}

#[derive(Deserialize)]
struct VersionRequest {
    version: u32,
}

async fn set_version(State(admin): Admin, bytes: Bytes) -> Reply {
    admin.set_version(body::<VersionRequest>(&bytes)?.version).await?;
    json(&Empty {})
}

#[derive(Serialize)]
struct LedgerReply {
    #[serde(with = "wire::text")]
    cash: Money,
    #[serde(with = "wire::text")]
    collateral: Money,
    #[serde(with = "wire::text")]
    fees: Money,
    #[serde(with = "wire::text")]
    external: Money,
    #[serde(with = "wire::text")]
    difference: Money,
}

async fn ledger(State(admin): Admin) -> Reply {
    let ledger = admin.ledger().await?;
    json(&LedgerReply {
        cash: ledger.cash,
        collateral: ledger.escrow,
        fees: ledger.fees,
        external: ledger.external,
        difference: ledger.difference(),
    })
}

#[derive(Serialize)]
struct HashReply {
    state_hash: String,
}

async fn state_hash(State(admin): Admin) -> Reply {
    json(&HashReply { state_hash: admin.state_hash().await?.to_string() })
}
