//! A node that is started for one test and ends with it, and what tests do with it beside the code under test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use brier_connect::http::{self, HttpOptions};
use brier_polymarket::chain::{
    Endpoint, GasPolicy, Onchain, Outcome, Reads, Rpc, RpcAccount, RpcAccountConfig, Submitted, Wait,
};
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::chain::abi::{Value, Writer};
use brier_polymarket_protocol::chain::{Call, Venue};
use brier_polymarket_protocol::contracts::Chain;
use serde_json::json;

/// The node's own rich account, by the test phrase that every such node has.
const BANKER: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A running node.
pub(crate) struct Evm {
    process: Child,
    pub(crate) rpc: Rpc,
    http: reqwest::Client,
    url: String,
    code: serde_json::Value,
    folder: tempfile::TempDir,
}

/// What operations are told of a test chain's contracts.
pub(crate) struct Deployed {
    pub(crate) venue: Venue,
    pub(crate) collateral: Address,
    pub(crate) ctf: Address,
}

/// How tests wait: often, and not long.
pub(crate) fn soon(confirmations: u64) -> Wait {
    Wait { confirmations, deadline: Duration::from_secs(20), poll: Duration::from_millis(10) }
}

/// An HTTP client for plain connections.
pub(crate) fn http() -> reqwest::Client {
    let wait = Duration::from_secs(20);
    http::client(HttpOptions { connect_timeout: wait, timeout: wait, tls: false, near: true }).unwrap()
}

/// The key whose bytes are the hash of a name.
pub(crate) fn key(name: &str) -> Arc<WalletKey> {
    Arc::new(WalletKey::from_bytes(&keccak256(name).0).unwrap())
}

impl Evm {
    /// Starts a node that puts each transaction into a block of its own.
    pub(crate) fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// Starts a node whose blocks a test makes itself.
    pub(crate) fn without_mining() -> Option<Self> {
        Self::with(&["--no-mining"])
    }

    fn with(arguments: &[&str]) -> Option<Self> {
        let Some(node) = std::env::var_os("BRIER_EVM_NODE") else {
            println!("skipped: needs an EVM, run `cargo xtask evm`");
            return None;
        };
        let code = std::fs::read(std::env::var_os("BRIER_EVM_CODE").unwrap()).unwrap();
        let mut process = Command::new(node)
            .args(["--port", "0", "--chain-id", "137", "--hardfork", "cancun"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| line.unwrap().strip_prefix("Listening on ").map(str::to_owned)).unwrap();
        // Its output is read to the end, or the pipe would fill up and stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://{address}");
        let http = http();
        let rpc = Rpc::new(http.clone(), Endpoint::parse(&url).unwrap(), Duration::from_secs(10));
        let code = serde_json::from_slice(&code).unwrap();
        Some(Self { process, rpc, http, url, code, folder: tempfile::tempdir().unwrap() })
    }

    /// A call of the node's own, for what no client may do.
    pub(crate) async fn node(&self, method: &str, params: serde_json::Value) -> serde_json::Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.http.post(&self.url).json(&body).send().await.unwrap();
        let mut answer: serde_json::Value = answer.json().await.unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Makes blocks.
    pub(crate) async fn mine(&self, blocks: u64) {
        self.node("anvil_mine", json!([format!("{blocks:#x}")])).await;
    }

    /// Gives an address POL for gas.
    pub(crate) async fn fund(&self, who: Address) {
        self.node("anvil_setBalance", json!([who.to_string(), format!("{:#x}", 10_u128.pow(20))])).await;
    }

    /// An account of this key, whose journal is named after it.
    pub(crate) async fn account(&self, key: &Arc<WalletKey>, journal: &str) -> RpcAccount {
        let journal = self.folder.path().join(journal);
        let config = RpcAccountConfig { chain: Chain::Polygon, journal, gas: GasPolicy::default() };
        RpcAccount::open(self.rpc.clone(), Arc::clone(key), config).await.unwrap()
    }

    /// Deploys a contract by name, with encoded constructor arguments.
    pub(crate) async fn deploy(&self, contract: &str, arguments: &[u8]) -> Address {
        let code: Bytes = self.code[contract].as_str().unwrap_or_else(|| panic!("no {contract}")).parse().unwrap();
        let from = WalletKey::from_hex(BANKER).unwrap().address();
        let data = Bytes::from([code.as_ref(), arguments].concat());
        // Our own transactions always go to a contract, so the node's account deploys.
        let request = json!([{"from": from.to_string(), "data": data.to_string(), "gas": "0xb71b00"}]);
        let hash = self.node("eth_sendTransaction", request).await;
        let mut receipt = serde_json::Value::Null;
        while receipt.is_null() {
            // The node answers before the block is made.
            receipt = self.node("eth_getTransactionReceipt", json!([hash])).await;
        }
        assert_eq!(receipt["status"], "0x1", "{contract}: {receipt}");
        receipt["contractAddress"].as_str().unwrap().parse().unwrap()
    }

    /// Puts a deployed contract's code at another address.
    pub(crate) async fn place(&self, contract: Address, at: Address) {
        let code = self.node("eth_getCode", json!([contract.to_string(), "latest"])).await;
        self.node("anvil_setCode", json!([at.to_string(), code])).await;
    }

    /// Conditional Tokens as published, play money, and operations that go to Conditional Tokens without an adapter.
    pub(crate) async fn venue(&self) -> Deployed {
        let collateral = self.deploy("Collateral", &[]).await;
        let ctf = self.deploy("ConditionalTokens", &[]).await;
        let venue = Venue {
            collateral,
            conditional_tokens: ctf,
            standard_adapter: ctf,
            neg_risk_adapter: ctf,
            converter: ctf,
            router: ctf,
            position_manager: ctf,
        };
        Deployed { venue, collateral, ctf }
    }

    /// An account with gas and this much play money, in units of 1e-6.
    pub(crate) async fn trader(&self, name: &str, deployed: &Deployed, money: u64) -> Onchain {
        let key = key(name);
        self.fund(key.address()).await;
        let account = self.account(&key, name).await;
        let mint = arguments("mint(address,uint256)", |data| {
            data.field(&key.address());
            data.field(&U256::from(money));
        });
        let sent = account.send("mint", deployed.collateral, U256::ZERO, mint).await.unwrap();
        assert!(matches!(account.wait(sent.nonce, soon(1)).await.unwrap(), Outcome::Done(_)));
        Onchain::with_rpc(account, deployed.venue)
    }

    /// Sends a call that is no operation of a trader, and waits for it.
    pub(crate) async fn carry_out(&self, wallet: &Onchain, to: Address, call: &Call) {
        let account = wallet.rpc_account().unwrap();
        let sent = account.send(call.name(), to, U256::ZERO, call.encode()).await.unwrap();
        let outcome = account.wait(sent.nonce, soon(1)).await.unwrap();
        assert!(matches!(outcome, Outcome::Done(_)), "{call:?}: {outcome:?}");
    }

    /// Asks a contract.
    pub(crate) async fn ask<T: Value>(&self, to: Address, data: &Bytes) -> T {
        let answer = self.rpc.call(Address::ZERO, to, data).await.unwrap();
        brier_polymarket_protocol::chain::abi::decode(&answer).unwrap()
    }

    /// Reads about any address.
    pub(crate) fn reads(&self, deployed: &Deployed, who: Address) -> Reads {
        Reads::new(self.rpc.clone(), deployed.venue, who)
    }
}

impl Drop for Evm {
    fn drop(&mut self) {
        self.process.kill().expect("the node runs until the test ends");
        self.process.wait().expect("a killed process ends");
    }
}

/// Waits for an operation that must succeed.
pub(crate) async fn done(wallet: &Onchain, submitted: Submitted) {
    let outcome = wallet.wait(&submitted, soon(1)).await.unwrap();
    assert!(matches!(outcome, Some(Outcome::Done(_))), "{outcome:?}");
}

/// A call of a function that the code under test does not know. As many fields are written as the signature has types.
pub(crate) fn arguments(signature: &str, fields: impl FnOnce(&mut Writer)) -> Bytes {
    let types = signature.split_once('(').unwrap().1.trim_end_matches(')');
    let count = if types.is_empty() { 0 } else { types.split(',').count() };
    let mut writer = Writer::new(count);
    fields(&mut writer);
    let mut out = keccak256(signature)[..4].to_vec();
    writer.finish(&mut out);
    out.into()
}

/// Numbers that look random and are the same in every run.
pub(crate) fn noise(seed: &str, count: usize) -> impl Iterator<Item = B256> {
    let seed = keccak256(seed);
    (0..count as u64).map(move |at| keccak256([seed.as_slice(), &at.to_be_bytes()].concat()))
}

/// Encoded words, for constructors and for structs of fixed size.
pub(crate) fn words(values: &[B256]) -> Vec<u8> {
    values.iter().flat_map(|word| word.0).collect()
}

/// A word of hex.
pub(crate) fn word(bytes: &[u8]) -> B256 {
    B256::left_padding_from(bytes)
}

/// Bytes as text for messages.
pub(crate) fn show(bytes: &[u8]) -> String {
    hex::encode_prefixed(bytes)
}
