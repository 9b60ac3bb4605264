//! What was sent to a node or a relayer and got no clear answer stays in doubt, and real money is never written to. Needs no
//! chain: node and relayer follow a script.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, Bytes, U256};
use brier_connect::http::{self, HttpOptions};
use brier_polymarket::chain::{
    ChainError, Endpoint, GasPolicy, Relayer, RelayerAuth, Rpc, RpcAccount, RpcAccountConfig,
};
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::chain::relayer::{Submit, WalletCreateSubmit};
use brier_polymarket_protocol::contracts::{Chain, Contracts};
use brier_types::{FailureKind, VenueError as _};
use serde_json::{Value, json};

use crate::server::{Reaction, Server, answer};

const SOON: Duration = Duration::from_millis(300);

fn client() -> reqwest::Client {
    http::client(HttpOptions { connect_timeout: SOON, timeout: SOON, tls: false, near: true }).unwrap()
}

fn relayer(url: &str) -> Relayer {
    let auth = RelayerAuth::Key { key: "a key".to_owned().into(), address: Address::ZERO };
    Relayer::new(client(), Endpoint::parse(url).unwrap(), SOON, auth)
}

fn a_wallet() -> Submit {
    let from = Address::repeat_byte(1);
    Submit::WalletCreate(WalletCreateSubmit { from, to: Contracts::DEPOSIT_WALLET_FACTORY, metadata: String::new() })
}

#[tokio::test]
async fn nothing_is_submitted_to_the_venue_s_own_relayer() {
    let refused = relayer("https://relayer-v2.polymarket.com").submit(&a_wallet()).await.unwrap_err();
    assert!(matches!(refused, ChainError::WritesForbidden { .. }), "{refused}");
}

#[tokio::test]
async fn a_submission_whose_answer_cannot_be_read_is_in_doubt() {
    let server = Server::start([answer(200, "<html>"), Reaction::Silence, answer(400, "no")]).await;
    let relayer = relayer(&server.url);
    for kind in [FailureKind::InDoubt, FailureKind::InDoubt, FailureKind::Refused] {
        let failed = relayer.submit(&a_wallet()).await.unwrap_err();
        assert_eq!(failed.kind(), kind, "{failed}");
    }
    assert_eq!(server.seen().len(), 3, "each was sent once");
}

fn result(value: &Value) -> Reaction {
    answer(200, &json!({"jsonrpc": "2.0", "id": 1, "result": value}).to_string())
}

#[tokio::test]
async fn a_node_s_refusal_after_its_silence_leaves_the_transaction_in_doubt() {
    let server = Server::start([
        result(&json!("0x89")),
        result(&json!("anvil/v1")),
        result(&json!("0x0")),
        result(&json!("0x0")),
        result(&json!("0x5208")),
        result(&json!({"baseFeePerGas": ["0x1"], "reward": [["0x1"]]})),
        result(&json!("0x0")),
        result(&json!("0x0")),
        // The first copy is on its way and nobody says so; the second is refused for a reason of its own.
        Reaction::Silence,
        answer(200, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"txpool is full"}}"#),
        result(&Value::Null),
    ])
    .await;
    let journal = tempfile::tempdir().unwrap();
    let config =
        RpcAccountConfig { chain: Chain::Polygon, journal: journal.path().join("sent"), gas: GasPolicy::default() };
    let rpc = Rpc::new(client(), Endpoint::parse(&server.url).unwrap(), SOON);
    let key = Arc::new(WalletKey::from_bytes(&[7; 32]).unwrap());
    let account = RpcAccount::open(rpc, key, config).await.unwrap();
    let sent = account.send("pay", Address::repeat_byte(2), U256::ONE, Bytes::new()).await.unwrap_err();
    assert!(matches!(sent, ChainError::InDoubt { nonce: 0, .. }), "{sent}");
    assert_eq!(account.pending().len(), 1, "its nonce is not given to another");
}
