//! The same operations through a relayer: a small one of our own that reads bodies as the venue's does and carries them out
//! on the EVM, where the wallets check the signatures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use brier_polymarket::chain::{
    ChainError, Endpoint, Onchain, Outcome, Relayer, RelayerAccount, RelayerAuth, RpcAccount, Submitted,
};
use brier_polymarket_protocol::chain::relayer::{State as Progress, Submit, WalletKind};
use brier_polymarket_protocol::chain::{Call, MarketKind, PositionOp, condition_id, outcome_tokens};
use brier_polymarket_protocol::contracts::{Chain, Contracts};
use brier_polymarket_protocol::ids::QuestionId;
use brier_types::{FailureKind, Money, Qty, VenueError as _};
use serde_json::{Value, json};

use super::evm::{Deployed, Evm, done, http, key, soon};
use super::wallets::{banker, exec_transaction, execute, factory, make, safe};

/// What the relayer knows.
struct Book {
    account: RpcAccount,
    nonce: Mutex<u64>,
    transactions: Mutex<Vec<(String, B256, Progress)>>,
}

type Shared = Arc<Book>;
type Refusal = (StatusCode, String);

async fn params(State(book): State<Shared>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    assert!(matches!(query["type"].as_str(), "SAFE" | "WALLET"), "{query:?}");
    Json(json!({"address": query["address"], "nonce": book.nonce.lock().unwrap().to_string()}))
}

async fn submit(
    State(book): State<Shared>,
    headers: HeaderMap,
    Json(submit): Json<Submit>,
) -> Result<Json<Value>, Refusal> {
    if headers.get("RELAYER_API_KEY").is_none_or(|key| key != "a relayer key") {
        return Err((StatusCode::UNAUTHORIZED, "who are you?".to_owned()));
    }
    let (wallet, call) = match submit {
        Submit::Safe(safe) => {
            let operation = if safe.signature_params.operation == "1" {
                brier_polymarket_protocol::wallet::SafeOperation::DelegateCall
            } else {
                brier_polymarket_protocol::wallet::SafeOperation::Call
            };
            (safe.proxy_wallet, exec_transaction(safe.to, &safe.data, operation, &safe.signature))
        }
        Submit::Wallet(wallet) => {
            let batch = wallet.deposit_wallet_params;
            let (nonce, deadline) = (wallet.nonce.parse().unwrap(), batch.deadline.parse().unwrap());
            (batch.deposit_wallet, execute(nonce, deadline, &batch.calls, &wallet.signature))
        }
        other => return Err((StatusCode::BAD_REQUEST, format!("not here: {other:?}"))),
    };
    let sent = book.account.send("relay", wallet, U256::ZERO, call).await;
    let sent = sent.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    *book.nonce.lock().unwrap() += 1;
    let mut transactions = book.transactions.lock().unwrap();
    let id = format!("relayed-{}", transactions.len());
    transactions.push((id.clone(), sent.hash, Progress::New));
    Ok(Json(json!({"transactionID": id, "state": "STATE_NEW", "transactionHash": ""})))
}

/// Each question finds the transaction one step further.
async fn transaction(State(book): State<Shared>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    let mut transactions = book.transactions.lock().unwrap();
    let (id, hash, state) = transactions.iter_mut().find(|(id, ..)| *id == query["id"]).unwrap();
    *state = match state {
        Progress::New => Progress::Executed,
        Progress::Executed => Progress::Mined,
        _ => Progress::Confirmed,
    };
    Json(json!([{"transactionID": id, "state": state, "transactionHash": hash.to_string()}]))
}

/// Starts the relayer and gives its address.
async fn serve(evm: &Evm) -> String {
    let book = Book { account: banker(evm).await, nonce: Mutex::new(0), transactions: Mutex::new(Vec::new()) };
    let router = axum::Router::new()
        .route("/v1/account/transactions/params", get(params))
        .route("/submit", post(submit))
        .route("/transaction", get(transaction))
        .with_state(Arc::new(book));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn account(evm: &Evm, url: &str, name: &str, kind: WalletKind, secret: &str) -> RelayerAccount {
    let key = key(name);
    let auth = RelayerAuth::Key { key: secret.to_owned().into(), address: key.address() };
    let relayer = Relayer::new(http(), Endpoint::parse(url).unwrap(), Duration::from_secs(10), auth);
    RelayerAccount::open(relayer, evm.rpc.clone(), key, Chain::Polygon, kind).await.unwrap()
}

/// Approves, splits and merges with a wallet that has 50 dollars.
async fn trade(evm: &Evm, deployed: &Deployed, wallet: &Onchain) {
    let bank = evm.trader("bank", deployed, 50_000_000).await;
    let give = Call::Transfer { to: wallet.wallet(), amount: U256::from(50_000_000) };
    evm.carry_out(&bank, deployed.collateral, &give).await;
    let question = QuestionId(B256::repeat_byte(0x52));
    let condition = condition_id(bank.wallet(), question, 2);
    let prepare = Call::PrepareCondition { oracle: bank.wallet(), question: question.0, outcomes: U256::from(2) };
    evm.carry_out(&bank, deployed.ctf, &prepare).await;

    let approval = PositionOp::ApproveCollateral { spender: deployed.ctf };
    done(wallet, wallet.submit(&approval).await.unwrap()).await;
    let market = MarketKind::Standard(condition);
    done(wallet, wallet.split(market, Qty::from_contracts(20).unwrap()).await.unwrap()).await;
    let merged = wallet.merge(market, Qty::from_contracts(5).unwrap()).await.unwrap();
    assert!(matches!(merged, Submitted::Relayed(_)));
    let Some(Outcome::Done(receipt)) = wallet.wait(&merged, soon(1)).await.unwrap() else { panic!("not done") };
    assert!(receipt.success);
    let held = wallet.reads().holdings(&outcome_tokens(deployed.collateral, condition)).await.unwrap();
    assert_eq!(held.collateral, Money::from_micros(35_000_000));
    assert_eq!(held.tokens, vec![Qty::from_contracts(15).unwrap(); 2]);
}

#[tokio::test]
async fn a_deposit_wallet_trades_without_gas_of_its_own() {
    let Some(evm) = Evm::start() else { return };
    let deployed = evm.venue().await;
    factory(&evm).await;
    let owner = key("gasless").address();
    let wallet = make(&evm, "deploy(address)", owner).await;
    let url = serve(&evm).await;
    let account = account(&evm, &url, "gasless", WalletKind::Wallet, "a relayer key").await;
    assert_eq!(account.wallet(), wallet);
    trade(&evm, &deployed, &Onchain::with_relayer(account, deployed.venue)).await;
    assert_eq!(evm.rpc.balance(owner).await.unwrap(), U256::ZERO);
}

#[tokio::test]
async fn a_safe_trades_without_gas_of_its_own_and_batches() {
    let Some(evm) = Evm::start() else { return };
    let deployed = evm.venue().await;
    let owner = key("safe gasless").address();
    let wallet = safe(&evm, owner).await;
    let multisend = evm.deploy("MultiSend", &[]).await;
    evm.place(multisend, Contracts::SAFE_MULTISEND).await;
    let url = serve(&evm).await;
    let account = account(&evm, &url, "safe gasless", WalletKind::Safe, "a relayer key").await.with_wallet(wallet);
    let approvals = [0xa1, 0xa2].map(|byte| PositionOp::ApproveCollateral { spender: Address::repeat_byte(byte) });
    let steps: Vec<_> = approvals.iter().flat_map(|approval| approval.steps(&deployed.venue)).collect();
    let relayed = account.submit("approve", &steps, "two at once").await.unwrap();
    assert_eq!(account.wait(&relayed.id, soon(1)).await.unwrap().state, Progress::Confirmed);
    for approval in &approvals {
        assert!(evm.reads(&deployed, wallet).is_approved(approval).await.unwrap());
    }
    trade(&evm, &deployed, &Onchain::with_relayer(account, deployed.venue)).await;
}

#[tokio::test]
async fn a_relayer_that_says_no_is_heard() {
    let Some(evm) = Evm::start() else { return };
    let deployed = evm.venue().await;
    factory(&evm).await;
    make(&evm, "deploy(address)", key("refused").address()).await;
    let url = serve(&evm).await;
    let approval = PositionOp::ApproveCollateral { spender: deployed.ctf };
    let stranger = account(&evm, &url, "refused", WalletKind::Wallet, "another key").await;
    let refused = Onchain::with_relayer(stranger, deployed.venue).submit(&approval).await.unwrap_err();
    assert!(matches!(refused, ChainError::Relayer { status: 401, .. }), "{refused}");
    assert_eq!(refused.kind(), FailureKind::Fatal);

    let far = Endpoint::parse("https://relayer.example.com").unwrap();
    let auth = RelayerAuth::Key { key: String::new().into(), address: Address::ZERO };
    let far = Relayer::new(http(), far, Duration::from_secs(1), auth);
    let far = RelayerAccount::open(far, evm.rpc.clone(), key("refused"), Chain::Polygon, WalletKind::Wallet).await;
    let forbidden = far.unwrap().submit("approve", &approval.steps(&deployed.venue), "").await.unwrap_err();
    assert!(matches!(forbidden, ChainError::WritesForbidden { .. }), "{forbidden}");
}
