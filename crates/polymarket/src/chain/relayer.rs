//! The relayer, which carries out calls of wallets that are contracts and pays for their gas.
//!
//! Invariants: a submission is sent once; without a clear answer it is in doubt. Keys and secrets are in no error and no
//! debug print.
//!
//! Source: reference, sections 3.4 and 16.5, 2026-11-20.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, Bytes, U256};
use brier_polymarket_protocol::auth::{ApiCreds, WalletKey, builder_headers};
use brier_polymarket_protocol::chain::Step;
use brier_polymarket_protocol::chain::relayer::{
    Deployed, Nonce, ProxyParams, ProxySubmit, RelayPayload, Relayed, SafeParams, SafeSubmit, Submit, WalletBatch,
    WalletKind, WalletSubmit, proxy_call, safe_call, wallet_calls,
};
use brier_polymarket_protocol::contracts::{Chain, Contracts};
use brier_polymarket_protocol::wallet::{self, ProxyTransaction, SafeTx, sign_deposit_wallet_batch};
use brier_types::FailureKind;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::account::Wait;
use super::endpoint::Endpoint;
use super::error::{ChainError, excerpt};
use super::rpc::Rpc;

/// How long a deposit wallet's owner lets a batch be carried out.
const BATCH_LIFETIME: Duration = Duration::from_mins(10);
/// Gas for a proxy wallet's calls when the node cannot estimate it.
const PROXY_GAS: u64 = 10_000_000;

/// How a program shows the relayer who it is.
#[derive(Clone)]
pub enum RelayerAuth {
    /// A builder's credentials.
    Builder(Arc<ApiCreds>),
    /// A relayer key and the address that it was given to.
    Key {
        /// The key.
        key: Zeroizing<String>,
        /// The address.
        address: Address,
    },
}

impl std::fmt::Debug for RelayerAuth {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Builder(_) => "RelayerAuth::Builder(..)",
            Self::Key { .. } => "RelayerAuth::Key(..)",
        })
    }
}

/// The relayer's API.
#[derive(Clone, Debug)]
pub struct Relayer {
    http: reqwest::Client,
    endpoint: Endpoint,
    timeout: Duration,
    auth: RelayerAuth,
}

impl Relayer {
    /// The relayer at `endpoint`, each call to which may take `timeout`.
    pub fn new(http: reqwest::Client, endpoint: Endpoint, timeout: Duration, auth: RelayerAuth) -> Self {
        Self { http, endpoint, timeout, auth }
    }

    /// Whether the wallet of `owner` is on the chain.
    ///
    /// # Errors
    /// [`ChainError`] when the relayer does not say.
    pub async fn is_deployed(&self, wallet: Address, kind: WalletKind) -> Result<bool, ChainError> {
        let query = [("address", wallet.to_string()), ("type", kind.word().to_owned())];
        let answer: Deployed = self.get("relayer deployed", "/deployed", &query).await?;
        Ok(answer.deployed)
    }

    /// The nonce that the owner's next submission must have.
    ///
    /// # Errors
    /// [`ChainError`] when the relayer does not say.
    pub async fn nonce(&self, owner: Address, kind: WalletKind) -> Result<U256, ChainError> {
        let query = [("address", owner.to_string()), ("type", kind.word().to_owned())];
        let answer: Nonce = self.get("relayer nonce", "/v1/account/transactions/params", &query).await?;
        number("relayer nonce", &answer.nonce)
    }

    /// Who will relay for a proxy wallet's owner, and the nonce at the hub.
    ///
    /// # Errors
    /// [`ChainError`] when the relayer does not say.
    pub async fn relay_payload(&self, owner: Address) -> Result<RelayPayload, ChainError> {
        let query = [("address", owner.to_string()), ("type", WalletKind::Proxy.word().to_owned())];
        self.get("relayer payload", "/relay-payload", &query).await
    }

    /// Hands a transaction over, once; never to the venue's own relayer.
    ///
    /// # Errors
    /// [`ChainError::WritesForbidden`]; [`ChainError::Relayer`] when it says no (kind `Retry` while the wallet is busy or the nonce has moved on);
    /// [`ChainError::Transport`] in doubt when there was no answer.
    pub async fn submit(&self, submit: &Submit) -> Result<Relayed, ChainError> {
        const OPERATION: &str = "relayer submit";
        // Not even for Amoy: a proxy wallet's signature names no chain, and would hold on Polygon.
        if self.endpoint.is_the_venue() {
            return Err(ChainError::WritesForbidden { operation: OPERATION, endpoint: self.endpoint.to_string() });
        }
        let body = serde_json::to_vec(submit).expect("a submission is plain data");
        self.request(OPERATION, Method::POST, "/submit", &[], Some(body)).await
    }

    /// How far a transaction is.
    ///
    /// # Errors
    /// [`ChainError`] when the relayer does not say.
    pub async fn transaction(&self, id: &str) -> Result<Relayed, ChainError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrList {
            One(Relayed),
            List(Vec<Relayed>),
        }
        const OPERATION: &str = "relayer transaction";
        let answer = self.get(OPERATION, "/transaction", &[("id", id.to_owned())]).await?;
        let found = match answer {
            OneOrList::One(found) => Some(found),
            OneOrList::List(list) => list.into_iter().find(|found| found.id == id),
        };
        found.ok_or_else(|| ChainError::Unreadable {
            operation: OPERATION,
            expected: "the transaction that was asked for",
            found: "none".to_owned(),
        })
    }

    async fn get<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &'static str,
        query: &[(&str, String)],
    ) -> Result<T, ChainError> {
        self.request(operation, Method::GET, path, query, None).await
    }

    async fn request<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        method: Method,
        path: &'static str,
        query: &[(&str, String)],
        body: Option<Vec<u8>>,
    ) -> Result<T, ChainError> {
        let is_write = body.is_some();
        let bytes = body.unwrap_or_default();
        let mut url = self.endpoint.join(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method.clone(), url).timeout(self.timeout);
        match &self.auth {
            RelayerAuth::Builder(creds) => {
                for (name, value) in builder_headers(creds, unix_seconds(), method.as_str(), path, &bytes).pairs() {
                    request = request.header(name, value);
                }
            }
            RelayerAuth::Key { key, address } => {
                request = request.header("RELAYER_API_KEY", key.as_str());
                request = request.header("RELAYER_API_KEY_ADDRESS", address.to_string());
            }
        }
        if is_write {
            request = request.header("Content-Type", "application/json").body(bytes);
        }
        let failed = |error: reqwest::Error| {
            // A connection that was never made carried nothing.
            let sent = is_write && !error.is_connect();
            let kind = if sent { FailureKind::InDoubt } else { FailureKind::Retry };
            ChainError::Transport { operation, problem: error.without_url().to_string(), kind }
        };
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let text = response.text().await.map_err(failed)?;
        if !status.is_success() {
            let kind = refusal_kind(status.as_u16(), &text, is_write);
            return Err(ChainError::Relayer { operation, status: status.as_u16(), message: excerpt(&text), kind });
        }
        serde_json::from_str(&text).map_err(|error| {
            let found = excerpt(&format!("{error}: {text}"));
            if is_write {
                // It was taken, and its number is lost.
                let problem = format!("expected an answer of the relayer, found {found}");
                return ChainError::Transport { operation, problem, kind: FailureKind::InDoubt };
            }
            ChainError::Unreadable { operation, expected: "an answer of the relayer", found }
        })
    }
}

/// What a refusal leaves to do. Words as the SDKs look for them.
///
/// Source: reference, section 16.5; texts observed by the public SDKs.
fn refusal_kind(status: u16, message: &str, is_write: bool) -> FailureKind {
    let message = message.to_ascii_lowercase();
    let busy = ["wallet busy", "in-flight action", "does not match on-chain nonce"];
    match status {
        400 if busy.iter().any(|words| message.contains(words)) => FailureKind::Retry,
        401 | 403 => FailureKind::Fatal,
        500.. if is_write => FailureKind::InDoubt,
        429 | 500.. => FailureKind::Retry,
        _ => FailureKind::Refused,
    }
}

/// A wallet that is a contract, its owner's key, and the relayer.
#[derive(Clone)]
pub struct RelayerAccount {
    relayer: Relayer,
    rpc: Rpc,
    key: Arc<WalletKey>,
    chain: Chain,
    kind: WalletKind,
    wallet: Address,
}

impl RelayerAccount {
    /// The wallet of `kind` that belongs to `key`. Reads go to the node.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`] when the node serves another chain.
    pub async fn open(
        relayer: Relayer,
        rpc: Rpc,
        key: Arc<WalletKey>,
        chain: Chain,
        kind: WalletKind,
    ) -> Result<Self, ChainError> {
        let found = rpc.chain_id().await?;
        if found != chain.id() {
            return Err(ChainError::WrongChain { expected: chain.id(), found });
        }
        let owner = key.address();
        let wallet = match kind {
            WalletKind::Safe => wallet::safe(owner),
            WalletKind::Proxy => wallet::proxy(owner),
            WalletKind::Wallet => wallet::deposit_wallet(owner),
        };
        Ok(Self { relayer, rpc, key, chain, kind, wallet })
    }

    /// The wallet, instead of the one that the key's address gives: an early deposit wallet.
    #[must_use]
    pub fn with_wallet(mut self, wallet: Address) -> Self {
        self.wallet = wallet;
        self
    }

    /// The wallet.
    pub fn wallet(&self) -> Address {
        self.wallet
    }

    /// The node for reads.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Whether the relayer may be given anything: Amoy's, or one near by.
    pub fn writes_allowed(&self) -> bool {
        let endpoint = &self.relayer.endpoint;
        endpoint.is_near() || (self.chain == Chain::Amoy && !endpoint.is_the_venue())
    }

    /// Signs the calls as one transaction of the wallet and submits it. `note` may have 500 characters.
    ///
    /// # Errors
    /// As [`Relayer::submit`]; [`ChainError::WritesForbidden`].
    pub async fn submit(&self, operation: &'static str, steps: &[Step], note: &str) -> Result<Relayed, ChainError> {
        if !self.writes_allowed() {
            let endpoint = self.relayer.endpoint.to_string();
            return Err(ChainError::WritesForbidden { operation, endpoint });
        }
        if steps.is_empty() {
            return Err(ChainError::Unsupported { operation, expected: "at least one call" });
        }
        let metadata = note.chars().take(brier_polymarket_protocol::chain::relayer::MAX_METADATA).collect();
        let submit = match self.kind {
            WalletKind::Safe => Submit::Safe(self.safe_submit(steps, metadata).await?),
            WalletKind::Proxy => Submit::Proxy(self.proxy_submit(steps, metadata).await?),
            WalletKind::Wallet => Submit::Wallet(self.wallet_submit(steps, metadata).await?),
        };
        self.relayer.submit(&submit).await
    }

    /// Waits until the relayer has finished with a transaction.
    ///
    /// # Errors
    /// [`ChainError::RelayerInDoubt`] at the deadline.
    pub async fn wait(&self, id: &str, wait: Wait) -> Result<Relayed, ChainError> {
        let deadline = Instant::now() + wait.deadline;
        let mut state = "unknown".to_owned();
        loop {
            match self.relayer.transaction(id).await {
                Ok(found) if found.state.is_final() => return Ok(found),
                Ok(found) => state = found.state.to_string(),
                Err(error) => tracing::debug!(id, %error, "relayer did not tell how far it is"),
            }
            if Instant::now() >= deadline {
                return Err(ChainError::RelayerInDoubt { id: id.to_owned(), state });
            }
            tokio::time::sleep(wait.poll).await;
        }
    }

    async fn safe_submit(&self, steps: &[Step], metadata: String) -> Result<SafeSubmit, ChainError> {
        let from = self.key.address();
        let nonce = self.relayer.nonce(from, self.kind).await?;
        let (to, data, operation) = safe_call(steps, Contracts::SAFE_MULTISEND);
        let signature = SafeTx { to, value: U256::ZERO, data: &data, operation, nonce };
        let signature = signature.sign(self.chain, self.wallet, &self.key);
        Ok(SafeSubmit {
            from,
            to,
            proxy_wallet: self.wallet,
            signature: Bytes::copy_from_slice(&signature.0),
            nonce: nonce.to_string(),
            metadata,
            signature_params: SafeParams::new(operation),
            value: None,
            data,
        })
    }

    async fn proxy_submit(&self, steps: &[Step], metadata: String) -> Result<ProxySubmit, ChainError> {
        let (from, to) = (self.key.address(), Contracts::PROXY_FACTORY);
        let payload = self.relayer.relay_payload(from).await?;
        let data = proxy_call(steps);
        let gas_limit = self.rpc.estimate_gas(from, to, U256::ZERO, &data).await.unwrap_or(PROXY_GAS);
        let transaction = ProxyTransaction {
            from,
            to,
            data: &data,
            fee: U256::ZERO,
            gas_price: U256::ZERO,
            gas_limit: U256::from(gas_limit),
            nonce: number("relayer payload", &payload.nonce)?,
            relay_hub: Contracts::RELAY_HUB,
            relay: payload.address,
        };
        let signature = Bytes::copy_from_slice(&transaction.sign(&self.key).0);
        let zero = || "0".to_owned();
        let signature_params = ProxyParams {
            gas_limit: gas_limit.to_string(),
            gas_price: zero(),
            relay: payload.address,
            relay_hub: Contracts::RELAY_HUB,
            relayer_fee: zero(),
        };
        let (proxy_wallet, nonce) = (self.wallet, payload.nonce);
        Ok(ProxySubmit { from, to, proxy_wallet, data, nonce, signature, metadata, signature_params })
    }

    async fn wallet_submit(&self, steps: &[Step], metadata: String) -> Result<WalletSubmit, ChainError> {
        let from = self.key.address();
        let nonce = self.relayer.nonce(from, self.kind).await?;
        let deadline = unix_seconds() + BATCH_LIFETIME.as_secs();
        let calls = wallet_calls(steps);
        let signed = calls.iter().map(|call| wallet::Call { target: call.target, value: call.value, data: &call.data });
        let signed: Vec<_> = signed.collect();
        let signature = sign_deposit_wallet_batch(self.chain, self.wallet, nonce, deadline, &signed, &self.key);
        Ok(WalletSubmit {
            from,
            to: Contracts::DEPOSIT_WALLET_FACTORY,
            nonce: nonce.to_string(),
            signature: Bytes::copy_from_slice(&signature.0),
            metadata,
            deposit_wallet_params: WalletBatch { deposit_wallet: self.wallet, deadline: deadline.to_string(), calls },
        })
    }
}

impl std::fmt::Debug for RelayerAccount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RelayerAccount")
            .field("kind", &self.kind)
            .field("wallet", &self.wallet)
            .finish_non_exhaustive()
    }
}

fn number(operation: &'static str, text: &str) -> Result<U256, ChainError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { U256::from_str_radix(text, 10).ok() } else { None };
    value.ok_or_else(|| ChainError::Unreadable { operation, expected: "a decimal nonce", found: excerpt(text) })
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_wallet_may_be_tried_again_and_a_silent_failure_is_in_doubt() {
        let kind = |status, message| refusal_kind(status, message, true);
        assert_eq!(kind(400, "Wallet busy: active action"), FailureKind::Retry);
        assert_eq!(kind(400, "batch nonce 3 does not match on-chain nonce 4"), FailureKind::Retry);
        assert_eq!(kind(400, "bad signature"), FailureKind::Refused);
        assert_eq!(kind(401, ""), FailureKind::Fatal);
        assert_eq!(kind(502, ""), FailureKind::InDoubt);
        assert_eq!(refusal_kind(502, "", false), FailureKind::Retry);
    }

    #[test]
    fn nonces_are_digits() {
        assert_eq!(number("x", "12").unwrap(), U256::from(12));
        for text in ["", "-1", "0x1", "1.0"] {
            assert!(number("x", text).is_err(), "{text}");
        }
    }
}
