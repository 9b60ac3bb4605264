//! API keys, balances, allowances and what else belongs to the account.
//!
//! Source: reference, sections 3.3 and 8.1, 2026-11-20.

use alloy_primitives::{Address, U256};
use brier_polymarket_protocol::auth::ApiCreds;
use brier_polymarket_protocol::clob::{
    ApiKeyReply, ApiKeysReply, AssetType, BalanceAllowance, ClosedOnlyReply, Notification, OrderScoring, Rebate,
};
use brier_polymarket_protocol::errors::CallKind;
use brier_polymarket_protocol::ids::{OrderHash, TokenId};
use brier_types::Qty;
use reqwest::Method;

use crate::client::{Client, parse};
use crate::creds::{CredsFile, StoreError};
use crate::env::Service::Clob;
use crate::error::PolymarketError;
use crate::request::{Auth, Call};

/// How much an exchange contract may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The contract.
    pub spender: Address,
    /// Units of 1e-6; 2^256 - 1 for any.
    pub amount: U256,
}

/// What a wallet holds of dollars or of one token, and who may move it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funds {
    /// What it holds: dollars, or shares.
    pub balance: Qty,
    /// Who may move it.
    pub allowances: Vec<Allowance>,
}

impl Funds {
    /// What an order on the exchange at `spender` can use: what is held and may be moved. Open orders are not taken off.
    pub fn usable(&self, spender: Address) -> Qty {
        let allowed = self.allowances.iter().find(|allowance| allowance.spender == spender);
        let allowed = allowed.map_or(U256::ZERO, |allowance| allowance.amount);
        let held = self.balance.micros();
        let usable = u64::try_from(allowed).map_or(held, |allowed| allowed.min(held));
        Qty::from_micros(usable).expect("at most a quantity")
    }
}

impl Client {
    /// Creates API credentials for `nonce` and uses them. Fails when there are some already.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn create_credentials(&self, nonce: u64) -> Result<(), PolymarketError> {
        self.obtain("create API key", Method::POST, "/auth/api-key", nonce).await
    }

    /// Derives the API credentials that were created for `nonce` and uses them.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn derive_credentials(&self, nonce: u64) -> Result<(), PolymarketError> {
        self.obtain("derive API key", Method::GET, "/auth/derive-api-key", nonce).await
    }

    /// Uses the credentials in `file`; without any there, derives or creates them and keeps them there.
    ///
    /// Creating comes first, and any refusal of it is answered by deriving, as the venue's own clients do.
    ///
    /// # Errors
    /// Those of both calls, and [`StoreError`].
    pub async fn ensure_credentials(&self, file: &CredsFile, nonce: u64) -> Result<(), PolymarketError> {
        let wallet = self.wallet().ok_or(PolymarketError::NoWallet { operation: "create API key" })?;
        if let Some(creds) = file.load(wallet.address(), nonce)? {
            self.set_credentials(creds);
            return Ok(());
        }
        match self.create_credentials(nonce).await {
            Err(error) if error.status().is_some_and(|status| (400..500).contains(&status)) => {
                self.derive_credentials(nonce).await?;
            }
            other => other?,
        }
        let creds = self.credentials().ok_or(PolymarketError::NoCredentials { operation: "keep API key" })?;
        Ok(file.save(wallet.address(), nonce, &creds)?)
    }

    async fn obtain(&self, name: &'static str, method: Method, path: &str, nonce: u64) -> Result<(), PolymarketError> {
        let kind = if method == Method::GET { CallKind::Read } else { CallKind::Idempotent };
        let call = Call::write(name, method, path, kind).auth(Auth::Wallet { nonce });
        let reply = self.run(&call).await?;
        // The body holds a secret: an answer that cannot be read is not shown.
        let key: ApiKeyReply = serde_json::from_slice(&reply.body).map_err(|_secret| PolymarketError::Unreadable {
            operation: name,
            status: reply.status,
            expected: "apiKey, secret and passphrase",
            problem: "something else".to_owned(),
            body: String::new(),
            kind: brier_types::FailureKind::Fatal,
        })?;
        let creds = ApiCreds::new(&key.api_key, &key.secret, &key.passphrase).map_err(StoreError::Creds)?;
        self.set_credentials(creds);
        Ok(())
    }

    /// The API keys of the wallet.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn api_keys(&self) -> Result<Vec<String>, PolymarketError> {
        Ok(self.json::<ApiKeysReply>(&Call::get("list API keys", Clob, "/auth/api-keys").private()).await?.api_keys)
    }

    /// Deletes the API key that is used. The stored credentials are of no use after that.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn delete_api_key(&self) -> Result<(), PolymarketError> {
        let call = Call::write("delete API key", Method::DELETE, "/auth/api-key", CallKind::Idempotent);
        self.run(&call).await.map(drop)
    }

    /// Whether the account may only shrink its positions.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn closed_only(&self) -> Result<bool, PolymarketError> {
        let call = Call::get("read restrictions", Clob, "/auth/ban-status/closed-only").private();
        Ok(self.json::<ClosedOnlyReply>(&call).await?.closed_only)
    }

    /// Dollars of the wallet, or shares of `token`, as the venue last read them from the chain.
    ///
    /// # Errors
    /// Those of a read, and [`PolymarketError::Convert`] for an allowance that is no number.
    pub async fn funds(&self, token: Option<TokenId>) -> Result<Funds, PolymarketError> {
        let call = self.funds_call("read balance", "/balance-allowance", token)?;
        funds(call.name, &self.json(&call).await?)
    }

    /// Makes the venue read balance and allowance from the chain again: after a deposit, an approval, a split or a merge.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn refresh_funds(&self, token: Option<TokenId>) -> Result<(), PolymarketError> {
        let call = self.funds_call("refresh balance", "/balance-allowance/update", token)?;
        self.run(&call).await.map(drop)
    }

    fn funds_call(&self, name: &'static str, path: &str, token: Option<TokenId>) -> Result<Call, PolymarketError> {
        let wallet = self.wallet().ok_or(PolymarketError::NoWallet { operation: name })?;
        let asset = match token {
            None => AssetType::Collateral,
            Some(token) if token.is_position_id() => AssetType::ConditionalV2,
            Some(_) => AssetType::Conditional,
        };
        Ok(Call::get(name, Clob, path)
            .private()
            .param("asset_type", asset)
            .maybe("token_id", token)
            .param("signature_type", wallet.signature_type() as u8))
    }

    /// What the venue has told the account lately.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn notifications(&self) -> Result<Vec<Notification>, PolymarketError> {
        let wallet = self.wallet().ok_or(PolymarketError::NoWallet { operation: "list notifications" })?;
        let call = Call::get("list notifications", Clob, "/notifications").private();
        self.json(&call.param("signature_type", wallet.signature_type() as u8)).await
    }

    /// Whether an order scores for liquidity rewards.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn is_scoring(&self, order: OrderHash) -> Result<bool, PolymarketError> {
        let call = Call::get("read scoring", Clob, "/order-scoring").private().param("order_id", order);
        Ok(self.json::<OrderScoring>(&call).await?.scoring)
    }

    /// Fees paid back to a maker on a day, such as `2026-11-20`.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn rebates(&self, maker: Address, day: &str) -> Result<Vec<Rebate>, PolymarketError> {
        let call = Call::get("list rebates", Clob, "/rebates/current").param("date", day).param("maker_address", maker);
        let reply = self.run(&call).await?;
        parse(&call, &reply)
    }
}

fn funds(operation: &'static str, answer: &BalanceAllowance) -> Result<Funds, PolymarketError> {
    let wrong = |what: &str, found: &str| PolymarketError::Convert {
        operation,
        problem: format!("expected {what} among the allowances, found `{found:.80}`"),
    };
    let allowances = answer.allowances.iter().flatten().map(|(spender, amount)| {
        Ok(Allowance {
            spender: spender.parse().map_err(|_no_address| wrong("an address", spender))?,
            amount: U256::from_str_radix(amount, 10).map_err(|_no_number| wrong("a number", amount))?,
        })
    });
    Ok(Funds { balance: answer.balance, allowances: allowances.collect::<Result<_, PolymarketError>>()? })
}
