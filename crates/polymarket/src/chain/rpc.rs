//! The few calls of Ethereum's JSON-RPC that are needed, over HTTP.
//!
//! Invariants: every call has a deadline; an error of the node keeps its code and words; a call that only reads is
//! repeated after a failure of transport, a send never is by this module.
//!
//! Source: Ethereum execution API, 2026-11-20.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use brier_types::FailureKind;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::error::{ChainError, excerpt};

/// How often a read is tried.
const READ_ATTEMPTS: u32 = 3;

/// A node.
#[derive(Clone, Debug)]
pub struct Rpc {
    http: reqwest::Client,
    endpoint: Endpoint,
    timeout: Duration,
    next_id: Arc<AtomicU64>,
}

/// What became of a transaction in its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub hash: B256,
    /// Its block's number.
    pub block: u64,
    /// Its block's hash.
    pub block_hash: B256,
    /// Whether it did what it was sent for; if not, it only cost gas.
    pub success: bool,
    /// Gas that it took.
    pub gas_used: u64,
    /// What each gas cost, in wei.
    pub gas_price: u128,
    /// What contracts logged.
    pub logs: Vec<brier_polymarket_protocol::chain::Log>,
}

/// Prices of gas in recent blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeHistory {
    /// The base fee of the block to come, in wei per gas.
    pub next_base_fee: u128,
    /// The median tip of each recent block, oldest first.
    pub tips: Vec<u128>,
}

/// A node's own error, before it is known what was asked.
#[derive(Debug, Deserialize)]
struct NodeError {
    code: i64,
    message: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    result: Value,
    error: Option<NodeError>,
}

/// Why one exchange of messages failed.
enum Failed {
    Transport(String),
    Node(NodeError),
    Unreadable(String),
}

impl Rpc {
    /// A node at `endpoint`, each call to which may take `timeout`.
    pub fn new(http: reqwest::Client, endpoint: Endpoint, timeout: Duration) -> Self {
        Self { http, endpoint, timeout, next_id: Arc::new(AtomicU64::new(1)) }
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The chain's number.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn chain_id(&self) -> Result<u64, ChainError> {
        self.quantity("eth_chainId", json!([])).await
    }

    /// What the node says it is.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn client_version(&self) -> Result<String, ChainError> {
        self.read("web3_clientVersion", json!([]), "a text").await
    }

    /// The newest block's number.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn block_number(&self) -> Result<u64, ChainError> {
        self.quantity("eth_blockNumber", json!([])).await
    }

    /// The hash of the block that has this number now.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn block_hash(&self, number: u64) -> Result<Option<B256>, ChainError> {
        #[derive(Deserialize)]
        struct Block {
            hash: String,
        }
        const METHOD: &str = "eth_getBlockByNumber";
        let block: Option<Block> = self.read(METHOD, json!([format!("{number:#x}"), false]), "a block").await?;
        block.map(|block| parse(METHOD, "a hash", &block.hash)).transpose()
    }

    /// How many transactions of `who` are in blocks (`latest`), or with those that wait (`pending`).
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn transaction_count(&self, who: Address, pending: bool) -> Result<u64, ChainError> {
        let block = if pending { "pending" } else { "latest" };
        self.quantity("eth_getTransactionCount", json!([who.to_string(), block])).await
    }

    /// POL of `who`, in wei.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn balance(&self, who: Address) -> Result<U256, ChainError> {
        const METHOD: &str = "eth_getBalance";
        let text: String = self.read(METHOD, json!([who.to_string(), "latest"]), "a number").await?;
        quantity(METHOD, &text)
    }

    /// Whether there is a contract.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn has_code(&self, who: Address) -> Result<bool, ChainError> {
        let code: String = self.read("eth_getCode", json!([who.to_string(), "latest"]), "bytes").await?;
        Ok(code.len() > 2)
    }

    /// What a contract answers to a call that changes nothing.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] when it refuses.
    pub async fn call(&self, from: Address, to: Address, data: &Bytes) -> Result<Bytes, ChainError> {
        const METHOD: &str = "eth_call";
        let request = json!([{"from": from.to_string(), "to": to.to_string(), "data": data.to_string()}, "latest"]);
        let text: String = self.read(METHOD, request, "bytes").await?;
        parse(METHOD, "bytes", &text)
    }

    /// Gas that a transaction would take.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] when the contract would refuse it.
    pub async fn estimate_gas(&self, from: Address, to: Address, value: U256, data: &Bytes) -> Result<u64, ChainError> {
        let request = json!([{
            "from": from.to_string(), "to": to.to_string(), "value": format!("{value:#x}"), "data": data.to_string(),
        }]);
        self.quantity("eth_estimateGas", request).await
    }

    /// Gas prices of the last `blocks` blocks.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn fee_history(&self, blocks: u8) -> Result<FeeHistory, ChainError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct History {
            base_fee_per_gas: Vec<String>,
            #[serde(default)]
            reward: Option<Vec<Vec<String>>>,
        }
        const METHOD: &str = "eth_feeHistory";
        let history: History =
            self.read(METHOD, json!([format!("{blocks:#x}"), "latest", [50.0]]), "a history of fees").await?;
        let last = history.base_fee_per_gas.last().ok_or_else(|| ChainError::Unreadable {
            operation: METHOD,
            expected: "the base fee of the next block",
            found: "an empty list".to_owned(),
        })?;
        let tips = history.reward.unwrap_or_default();
        let tips = tips.iter().filter_map(|block| block.first()).map(|text| quantity(METHOD, text));
        Ok(FeeHistory { next_base_fee: quantity(METHOD, last)?, tips: tips.collect::<Result<_, _>>()? })
    }

    /// Whether the node knows the transaction, waiting or in a block.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn knows(&self, hash: B256) -> Result<bool, ChainError> {
        let found: Value = self.read("eth_getTransactionByHash", json!([hash.to_string()]), "a transaction").await?;
        Ok(!found.is_null())
    }

    /// What became of a transaction, or `None` while it is in no block.
    ///
    /// # Errors
    /// [`ChainError`] when the node does not say.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ChainError> {
        const METHOD: &str = "eth_getTransactionReceipt";
        let found: Option<WireReceipt> = self.read(METHOD, json!([hash.to_string()]), "a receipt").await?;
        found.map(|found| found.read(METHOD)).transpose()
    }

    /// Sends a signed transaction, once.
    pub(super) async fn send_raw(&self, raw: &Bytes) -> Result<(), SendFailure> {
        match self.exchange("eth_sendRawTransaction", &json!([raw.to_string()])).await {
            Ok(_) => Ok(()),
            Err(Failed::Node(error)) => Err(SendFailure::Node(excerpt(&error.message))),
            Err(Failed::Transport(problem) | Failed::Unreadable(problem)) => Err(SendFailure::Unknown(problem)),
        }
    }

    async fn quantity<T: TryFrom<U256>>(&self, method: &'static str, params: Value) -> Result<T, ChainError> {
        let text: String = self.read(method, params, "a number").await?;
        quantity(method, &text)
    }

    /// Asks, and asks again when the node was not reached.
    async fn read<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
        expected: &'static str,
    ) -> Result<T, ChainError> {
        let mut attempt = 1;
        let result = loop {
            match self.exchange(method, &params).await {
                Err(Failed::Transport(problem)) if attempt < READ_ATTEMPTS => {
                    tracing::debug!(method, attempt, problem, "node not reached, asking again");
                    tokio::time::sleep(Duration::from_millis(100) * attempt).await;
                    attempt += 1;
                }
                other => break other,
            }
        };
        let value = result.map_err(|failed| match failed {
            Failed::Transport(problem) => {
                ChainError::Transport { operation: method, problem, kind: FailureKind::Retry }
            }
            Failed::Unreadable(found) => ChainError::Unreadable { operation: method, expected: "an answer", found },
            Failed::Node(error) => node_error(method, &error),
        })?;
        serde_json::from_value(value).map_err(|error| ChainError::Unreadable {
            operation: method,
            expected,
            found: error.to_string(),
        })
    }

    async fn exchange(&self, method: &str, params: &Value) -> Result<Value, Failed> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let request = self.http.post(self.endpoint.url().clone()).timeout(self.timeout).json(&body);
        // An error of the HTTP client names the URL, which may hold a provider's key.
        let response = request.send().await.map_err(|error| Failed::Transport(error.without_url().to_string()))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| Failed::Transport(error.without_url().to_string()))?;
        let answer: Answer = match serde_json::from_str(&text) {
            Ok(answer) => answer,
            Err(_) if !status.is_success() => {
                return Err(Failed::Transport(format!("HTTP status {status}: {}", excerpt(&text))));
            }
            Err(error) => return Err(Failed::Unreadable(format!("{error}: {}", excerpt(&text)))),
        };
        match answer.error {
            Some(error) => Err(Failed::Node(error)),
            None => Ok(answer.result),
        }
    }
}

/// Why a transaction is not known to be sent.
pub(super) enum SendFailure {
    /// The node's words.
    Node(String),
    /// Nobody knows whether the node has it.
    Unknown(String),
}

fn node_error(operation: &'static str, error: &NodeError) -> ChainError {
    // Code 3 is what nodes answer when a contract refuses; some only say so in words.
    if error.code == 3 || error.message.contains("revert") {
        return ChainError::Reverted { operation, reason: revert_reason(error) };
    }
    ChainError::Node { operation, code: error.code, message: excerpt(&error.message) }
}

/// The contract's own words where the node passes them on, else the node's.
fn revert_reason(error: &NodeError) -> String {
    let data = error.data.as_str().and_then(|text| text.parse::<Bytes>().ok()).unwrap_or_default();
    // `Error(string)`: the text is encoded as bytes are.
    let text = data
        .strip_prefix(&[0x08, 0xc3, 0x79, 0xa0])
        .and_then(|rest| brier_polymarket_protocol::chain::abi::decode::<Bytes>(rest).ok());
    match text {
        Some(text) => excerpt(&String::from_utf8_lossy(&text)),
        None if data.is_empty() => excerpt(&error.message),
        None => excerpt(&format!("{} ({data})", error.message)),
    }
}

fn quantity<T: TryFrom<U256>>(operation: &'static str, text: &str) -> Result<T, ChainError> {
    let digits = text.strip_prefix("0x").filter(|digits| !digits.is_empty());
    let value = digits.and_then(|digits| U256::from_str_radix(digits, 16).ok()).and_then(|value| value.try_into().ok());
    value.ok_or_else(|| ChainError::Unreadable { operation, expected: "a number in range", found: excerpt(text) })
}

fn parse<T: std::str::FromStr>(operation: &'static str, expected: &'static str, text: &str) -> Result<T, ChainError> {
    text.parse().map_err(|_| ChainError::Unreadable { operation, expected, found: excerpt(text) })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReceipt {
    transaction_hash: String,
    block_number: String,
    block_hash: String,
    status: String,
    gas_used: String,
    #[serde(default)]
    effective_gas_price: Option<String>,
    #[serde(default)]
    logs: Vec<WireLog>,
}

#[derive(Deserialize)]
struct WireLog {
    address: String,
    topics: Vec<String>,
    data: String,
}

impl WireReceipt {
    fn read(self, method: &'static str) -> Result<Receipt, ChainError> {
        Ok(Receipt {
            hash: parse(method, "a hash", &self.transaction_hash)?,
            block: quantity(method, &self.block_number)?,
            block_hash: parse(method, "a hash", &self.block_hash)?,
            success: quantity::<u64>(method, &self.status)? == 1,
            gas_used: quantity(method, &self.gas_used)?,
            gas_price: self.effective_gas_price.map_or(Ok(0), |text| quantity(method, &text))?,
            logs: self.logs.into_iter().map(|log| log.read(method)).collect::<Result<_, _>>()?,
        })
    }
}

impl WireLog {
    fn read(self, method: &'static str) -> Result<brier_polymarket_protocol::chain::Log, ChainError> {
        Ok(brier_polymarket_protocol::chain::Log {
            address: parse(method, "an address", &self.address)?,
            topics: self.topics.iter().map(|topic| parse(method, "a topic", topic)).collect::<Result<_, _>>()?,
            data: parse(method, "bytes", &self.data)?,
        })
    }
}
