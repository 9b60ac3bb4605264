//! The relayer: transactions of proxy wallets, Safes and deposit wallets, signed by their owners and carried out at once.
//!
//! `POST /submit` wants a builder's signature, or an API key of the owner as `RELAYER_API_KEY`; the owner's signature of the
//! transaction is checked as the contracts check it. What is wrong with the envelope (signature, nonce, deadline) is refused
//! with 400; calls that do nothing known here are taken and end `STATE_INVALID` with a text. Where the reference is silent:
//! making a Safe opens the owner's wallets whatever its signature, and wallets that are open count as deployed.
//!
//! Source: reference (Polymarket), sections 16.2 and 16.5, 2026-11-20.

mod decode;

use alloy_primitives::{Address, B256, U256, address};
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State as AxumState};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use brier_polymarket_protocol::auth::{EcdsaSignature, recover};
use brier_polymarket_protocol::chain::relayer::{
    Deployed, MAX_METADATA, Nonce, ProxySubmit, RelayPayload, Relayed, SafeSubmit, State as Progress, Submit,
    WalletSubmit,
};
use brier_polymarket_protocol::chain::{self, Call};
use brier_polymarket_protocol::contracts::{Chain, Contracts};
use brier_polymarket_protocol::eip712::personal_digest;
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::wallet::{self, ProxyTransaction, SafeOperation, SafeTx};
use brier_types::Money;
use serde_json::{Value, json};

use super::auth::check_builder;
use super::doors::Table;
use super::http::keys::open_wallets;
use super::http::{App, Failure, Params, Reply, json as answer};
use super::record::{Record, RelayRecord};
use super::state::{RelayRow, State};
use crate::clock::wall_now;
use crate::core::Core;
use crate::ids;
use decode::WalletCall;

/// Who relays, as proxy wallets sign it. Nobody has its key.
const RELAY: Address = address!("0xb71e7000000000000000000000000000000000b1");
/// The longest submission.
const MAX_BODY: usize = 1 << 20;
/// Rows of a list.
const MAX_LIST: usize = 100;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/submit", post(submit))
        .route("/transaction", get(transaction))
        .route("/transactions", get(transactions))
        .route("/nonce", get(nonce))
        .route("/relay-payload", get(relay_payload))
        .route("/deployed", get(deployed))
        .route("/v1/account/transactions/params", get(params_of_next))
        .route("/v1/account/transactions/{id}", get(account_transaction))
}

fn wrong(problem: impl Into<String>) -> Failure {
    Failure::text(400, problem)
}

/// Whose key it is that asks: a builder's, or an API key of the address beside it.
fn caller(table: &Table, headers: &HeaderMap, call: (&str, &str), body: &[u8]) -> Result<Address, Failure> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(key) = header("RELAYER_API_KEY") else {
        return check_builder(table, headers, call, body, wall_now()).map(|key| key.record.owner);
    };
    let address = header("RELAYER_API_KEY_ADDRESS").and_then(|text| text.parse::<Address>().ok());
    let known = table.keys.get(key).map(|key| key.record.owner).filter(|owner| address == Some(*owner));
    known.ok_or_else(|| Failure::text(401, text::UNAUTHORIZED))
}

/// The wallet a question is about: of an owner by its kind, or the address itself.
fn wallet_in(params: &Params) -> Result<Address, Failure> {
    let address = params.one("address").and_then(|text| text.parse::<Address>().ok());
    let address = address.ok_or_else(|| wrong("invalid address: expected 0x and 40 hex digits"))?;
    Ok(match params.one("type").unwrap_or("SAFE") {
        "SAFE" | "SAFE-CREATE" => wallet::safe(address),
        "PROXY" => wallet::proxy(address),
        "WALLET" | "WALLET-CREATE" => wallet::deposit_wallet(address),
        other => return Err(wrong(format!("invalid type `{other:.32}`: expected SAFE, PROXY or WALLET"))),
    })
}

/// What the next transaction of a wallet must carry.
async fn next_nonce(app: &App, params: &Params) -> Result<String, Failure> {
    let wallet = wallet_in(params)?;
    let itself = params.one("address").and_then(|text| text.parse::<Address>().ok());
    let work = move |core: &mut Core| {
        let nonces = &core.polymarket.relay.nonces;
        // Some clients name the wallet, others its owner.
        nonces.get(&wallet).or_else(|| nonces.get(&itself?)).copied().unwrap_or(0)
    };
    Ok(app.core.call(work).await?.to_string())
}

async fn nonce(AxumState(app): AxumState<App>, params: Params) -> Reply {
    answer(&Nonce { nonce: next_nonce(&app, &params).await? })
}

async fn relay_payload(AxumState(app): AxumState<App>, params: Params) -> Reply {
    answer(&RelayPayload { address: RELAY, nonce: next_nonce(&app, &params).await? })
}

async fn params_of_next(app: AxumState<App>, params: Params) -> Reply {
    relay_payload(app, params).await
}

async fn deployed(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let wallet = wallet_in(&params)?;
    let itself = params.one("address").and_then(|text| text.parse::<Address>().ok());
    let table = app.doors.table();
    let known = |address: &Address| table.wallets.get(address).is_some_and(|it| it.owner != *address);
    answer(&Deployed { deployed: known(&wallet) || itself.is_some_and(|it| known(&it)) })
}

/// A submission whose signature was checked: whose wallet makes which calls.
struct Checked {
    owner: Address,
    wallet: Address,
    kind: &'static str,
    /// None for one that only makes a wallet.
    nonce: Option<u64>,
    calls: Result<Vec<WalletCall>, String>,
    metadata: String,
}

fn number(name: &str, text: &str) -> Result<U256, Failure> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { U256::from_str_radix(text, 10).ok() } else { None };
    value.ok_or_else(|| wrong(format!("{name}: expected a decimal number, found `{text:.80}`")))
}

fn nonce_of(text: &str) -> Result<(U256, u64), Failure> {
    let nonce = number("nonce", text)?;
    Ok((nonce, u64::try_from(nonce).map_err(|_too_large| wrong("nonce: out of range"))?))
}

/// Whether `owner` signed the hash.
fn signed_by(owner: Address, hash: B256, signature: &[u8]) -> Result<(), Failure> {
    let bad = || wrong(text::INVALID_SIGNATURE);
    let signature = EcdsaSignature(signature.try_into().map_err(|_length| bad())?);
    if recover(hash, &signature).is_ok_and(|signer| signer == owner) { Ok(()) } else { Err(bad()) }
}

fn check_wallet(submit: WalletSubmit) -> Result<Checked, Failure> {
    let batch = submit.deposit_wallet_params;
    let wallet = batch.deposit_wallet;
    if !wallet::is_deposit_wallet_of(wallet, submit.from) {
        return Err(wrong(format!("{wallet} is no deposit wallet of {}", submit.from)));
    }
    let deadline = u64::try_from(number("deadline", &batch.deadline)?).unwrap_or(u64::MAX);
    if deadline < wall_now().secs().unsigned_abs() {
        return Err(wrong("the deadline of the batch has passed"));
    }
    let (signed_nonce, nonce) = nonce_of(&submit.nonce)?;
    let calls: Vec<wallet::Call<'_>> = batch
        .calls
        .iter()
        .map(|call| wallet::Call { target: call.target, value: call.value, data: &call.data })
        .collect();
    let digest = wallet::deposit_wallet_batch_digest(Chain::Polygon, wallet, signed_nonce, deadline, &calls);
    signed_by(submit.from, digest, &submit.signature)?;
    let calls = batch.calls.into_iter().map(|call| WalletCall { to: call.target, value: call.value, data: call.data });
    let (owner, metadata) = (submit.from, submit.metadata);
    Ok(Checked { owner, wallet, kind: "WALLET", nonce: Some(nonce), calls: Ok(calls.collect()), metadata })
}

fn check_safe(submit: SafeSubmit) -> Result<Checked, Failure> {
    let safe = submit.proxy_wallet;
    if safe != wallet::safe(submit.from) {
        return Err(wrong(format!("{safe} is not the Safe of {}", submit.from)));
    }
    let operation = submit.signature_params.operation.parse().ok().and_then(SafeOperation::from_number);
    let operation = operation.ok_or_else(|| wrong("operation: expected 0 or 1"))?;
    let (signed_nonce, nonce) = nonce_of(&submit.nonce)?;
    let value = number("value", submit.value.as_deref().unwrap_or("0"))?;
    let transaction = SafeTx { to: submit.to, value, data: &submit.data, operation, nonce: signed_nonce };
    // A Safe is told by a v raised by 4 that the hash was signed as a personal message.
    let mut signature = submit.signature.to_vec();
    match signature.last_mut() {
        Some(v @ (31 | 32)) => *v -= 4,
        _ => return Err(wrong(text::INVALID_SIGNATURE)),
    }
    signed_by(submit.from, personal_digest(transaction.hash(Chain::Polygon, safe)), &signature)?;
    let calls = match operation {
        SafeOperation::Call => Ok(vec![WalletCall { to: submit.to, value, data: submit.data }]),
        SafeOperation::DelegateCall if submit.to == Contracts::SAFE_MULTISEND => unpacked(&submit.data),
        SafeOperation::DelegateCall => Err(format!("a delegated call to {} is foreign code", submit.to)),
    };
    let (owner, metadata) = (submit.from, submit.metadata);
    Ok(Checked { owner, wallet: safe, kind: "SAFE", nonce: Some(nonce), calls, metadata })
}

/// The calls that a Safe's multisend library runs.
fn unpacked(data: &[u8]) -> Result<Vec<WalletCall>, String> {
    let Call::MultiSend { transactions } = Call::decode(data).map_err(|error| error.to_string())? else {
        return Err("expected a call of multiSend".to_owned());
    };
    let inner = chain::unpack(&transactions).map_err(|error| error.to_string())?;
    Ok(inner.into_iter().map(|call| WalletCall { to: call.to, value: call.value, data: call.data }).collect())
}

fn check_proxy(submit: ProxySubmit) -> Result<Checked, Failure> {
    if submit.proxy_wallet != wallet::proxy(submit.from) {
        return Err(wrong(format!("{} is not the proxy wallet of {}", submit.proxy_wallet, submit.from)));
    }
    let terms = &submit.signature_params;
    let (signed_nonce, nonce) = nonce_of(&submit.nonce)?;
    let transaction = ProxyTransaction {
        from: submit.from,
        to: submit.to,
        data: &submit.data,
        fee: number("relayerFee", &terms.relayer_fee)?,
        gas_price: number("gasPrice", &terms.gas_price)?,
        gas_limit: number("gasLimit", &terms.gas_limit)?,
        nonce: signed_nonce,
        relay_hub: terms.relay_hub,
        relay: terms.relay,
    };
    signed_by(submit.from, personal_digest(transaction.hash()), &submit.signature)?;
    let calls = if submit.to == Contracts::PROXY_FACTORY {
        match Call::decode(&submit.data) {
            Ok(Call::Proxy { calls }) => {
                let inner =
                    calls.into_iter().map(|call| WalletCall { to: call.to, value: call.value, data: call.data });
                Ok(inner.collect())
            }
            Ok(other) => Err(format!("expected a call of proxy, found `{}`", other.name())),
            Err(error) => Err(error.to_string()),
        }
    } else {
        Err(format!("expected the proxy factory, found {}", submit.to))
    };
    let (owner, wallet, metadata) = (submit.from, submit.proxy_wallet, submit.metadata);
    Ok(Checked { owner, wallet, kind: "PROXY", nonce: Some(nonce), calls, metadata })
}

fn check(submit: Submit) -> Result<Checked, Failure> {
    let made = |owner, wallet, kind, metadata| {
        Ok(Checked { owner, wallet, kind, nonce: None, calls: Ok(Vec::new()), metadata })
    };
    match submit {
        Submit::Wallet(submit) => check_wallet(submit),
        Submit::Safe(submit) => check_safe(submit),
        Submit::Proxy(submit) => check_proxy(submit),
        Submit::SafeCreate(submit) => made(submit.from, wallet::safe(submit.from), "SAFE-CREATE", submit.metadata),
        Submit::WalletCreate(submit) => {
            made(submit.from, wallet::deposit_wallet(submit.from), "WALLET-CREATE", submit.metadata)
        }
    }
}

async fn submit(AxumState(app): AxumState<App>, request: Request) -> Reply {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, MAX_BODY).await.map_err(|_too_large| wrong(text::PAYLOAD_TOO_LARGE))?;
    let caller = caller(&app.doors.table(), &parts.headers, ("POST", parts.uri.path()), &body)?;
    let submit: Submit =
        serde_json::from_slice(&body).map_err(|error| wrong(format!("invalid submission: {error}")))?;
    let checked = check(submit)?;
    if checked.metadata.len() > MAX_METADATA {
        return Err(wrong(format!("metadata: at most {MAX_METADATA} characters")));
    }
    let id = ids::random_uuid().map_err(|_unspecified| Failure::text(500, text::INTERNAL))?;
    let grant = app.grant;
    let relayed = app.core.call(move |core| relay(core, caller, id, checked, grant)).await??;
    answer(&relayed)
}

/// Carries a submission out, and answers as the venue does at once: it is taken.
fn relay(core: &mut Core, caller: Address, id: String, checked: Checked, grant: Money) -> Result<Relayed, Failure> {
    let Checked { owner, wallet, kind, nonce, calls, metadata } = checked;
    let failed = |refused: super::state::Refused| wrong(refused.to_string());
    // With the grant: whoever opens an owner's wallets must not cost him what he would have got with his key.
    open_wallets(core, owner, grant).map_err(failed)?;
    let state = &core.polymarket;
    let account = *state.accounts.get(&wallet).ok_or_else(|| wrong("no such wallet"))?;
    let next = state.relay.nonces.get(&wallet).copied().unwrap_or(0);
    if let Some(nonce) = nonce.filter(|nonce| *nonce != next) {
        return Err(wrong(format!("nonce {nonce} does not match on-chain nonce {next}")));
    }
    let found = match (nonce, calls) {
        (None, _) => Ok(Vec::new()),
        (Some(_), calls) => calls.and_then(|calls| decode::steps(state, account, &calls)),
    };
    let (steps, problem) = match found {
        Ok(steps) => (steps, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    let kind = kind.to_owned();
    let record = RelayRecord { id: id.clone(), by: caller, owner, wallet, kind, nonce, steps, problem, metadata };
    core.submit_polymarket(Record::Relay(Box::new(record))).map_err(failed)?;
    Ok(Relayed { id, state: Progress::New, hash: None })
}

/// A transaction as the first generation of the relayer's API tells it.
fn row(it: &RelayRow) -> Value {
    json!({
        "transactionID": it.record.id,
        "transactionHash": it.hash.map(|hash| hash.to_string()).unwrap_or_default(),
        "from": it.record.owner.to_string(),
        "proxyAddress": it.record.wallet.to_string(),
        "nonce": it.record.nonce.map(|nonce| nonce.to_string()).unwrap_or_default(),
        "state": it.progress.to_string(),
        "type": it.record.kind,
        "metadata": it.record.metadata,
        "owner": it.record.by.to_string(),
        "errorMsg": it.error,
        "createdAt": it.at.to_string(),
        "updatedAt": it.at.to_string(),
    })
}

fn found<'a>(state: &'a State, id: &str) -> Option<&'a RelayRow> {
    state.relay.by_id.get(id).map(|index| &state.relay.rows[*index as usize])
}

async fn transaction(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let id = params.one("id").ok_or_else(|| wrong("id is required"))?.to_owned();
    let rows = app.core.call(move |core| found(&core.polymarket, &id).map(row)).await?;
    answer(&rows.into_iter().collect::<Vec<_>>())
}

async fn transactions(AxumState(app): AxumState<App>, request: Request) -> Reply {
    let (parts, _body) = request.into_parts();
    let caller = caller(&app.doors.table(), &parts.headers, ("GET", parts.uri.path()), &[])?;
    let work = move |core: &mut Core| {
        let rows = core.polymarket.relay.rows.iter().rev();
        rows.filter(|it| it.record.by == caller || it.record.owner == caller)
            .take(MAX_LIST)
            .map(row)
            .collect::<Vec<_>>()
    };
    answer(&app.core.call(work).await?)
}

async fn account_transaction(AxumState(app): AxumState<App>, Path(id): Path<String>) -> Reply {
    let work = move |core: &mut Core| {
        found(&core.polymarket, &id).map(|it| {
            json!({
                "transaction_id": it.record.id,
                "transaction_hash": it.hash.map(|hash| hash.to_string()).unwrap_or_default(),
                "state": it.progress.to_string(),
                "type": it.record.kind,
                "from": it.record.owner.to_string(),
                "wallet": it.record.wallet.to_string(),
                "error_msg": it.error,
                "created_at": it.at.to_string(),
            })
        })
    };
    let body = app.core.call(work).await?;
    answer(&body.ok_or_else(|| Failure::text(404, "transaction not found"))?)
}
