//! The official Rust SDK against a running exchange: keys, orders, cancels, reads and both streams.
//!
//! Markets and funded wallets come from the stage hand of `tests/sdk/polymarket/run.py`, whose address is in the ready file.
//! A check prints one line, `ok` or `FAIL`; all of them run.
//!
//! Source: reference, section 19, read 2026-11-20.

mod checks;
mod streams;

use std::path::Path;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use alloy::primitives::{Address, B256, U256};
use alloy::signers::Signer as _;
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::BoxFuture;
use polymarket_client_sdk_v2::clob::types::response::PostOrderResponse;
use polymarket_client_sdk_v2::clob::types::{OrderType, Side, SignatureType};
use polymarket_client_sdk_v2::clob::{Client, Config};
use polymarket_client_sdk_v2::error::Status;
use polymarket_client_sdk_v2::types::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::rust_sdk::RustClient;

/// Longest wait for something that happens beside us.
const DEADLINE: Duration = Duration::from_secs(10);

/// A check by its name.
type Check = (&'static str, for<'a> fn(&'a World) -> BoxFuture<'a, Result<()>>);

/// Runs the checks whose name contains one of `words`, or all.
pub(crate) async fn run(ready: &Path, words: &[String]) -> Result<()> {
    let world = World::read(ready)?;
    let mut failed = 0;
    for (name, check) in checks::CHECKS.iter().chain(streams::CHECKS) {
        let shown = format!("rs2: {name}");
        if !words.is_empty() && !words.iter().any(|word| shown.contains(word.as_str())) {
            continue;
        }
        let started = Instant::now();
        match check(&world).await {
            Ok(()) => println!("ok   {shown} ({:.2} s)", started.elapsed().as_secs_f64()),
            Err(error) => {
                failed += 1;
                println!("FAIL {shown}\n     {error:#}");
            }
        }
    }
    ensure!(failed == 0, "{failed} checks failed");
    Ok(())
}

/// The exchange's addresses and the stage hand.
#[derive(Debug, Deserialize)]
struct World {
    polymarket: Face,
    stage: String,
    #[serde(skip)]
    http: reqwest::Client,
}

/// Where the exchange serves what.
#[derive(Debug, Deserialize)]
struct Face {
    clob: String,
    gamma: String,
    data: String,
    ws: String,
}

/// One condition with its two tokens.
#[derive(Debug, Deserialize)]
struct Market {
    condition: B256,
    yes: U256,
    no: U256,
    question: String,
}

/// A funded wallet with the client that speaks for it.
struct Trader {
    wallet: String,
    signer: PrivateKeySigner,
    client: RustClient,
}

/// What the stage hand says of a wallet.
#[derive(Debug, Deserialize)]
struct Person {
    key: String,
    wallet: String,
    kind: u8,
}

impl World {
    fn read(ready: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(ready).with_context(|| format!("cannot read `{}`", ready.display()))?;
        serde_json::from_str(&text).with_context(|| format!("`{}` is no ready file with a stage hand", ready.display()))
    }

    /// Asks the stage hand.
    async fn stage(&self, what: &str, body: Value) -> Result<Value> {
        let answer = self.http.post(format!("{}/{what}", self.stage)).body(body.to_string()).send().await?;
        let (good, found) = (answer.status().is_success(), serde_json::from_str(&answer.text().await?)?);
        ensure!(good, "stage {what}: {found}");
        Ok(found)
    }

    async fn market(&self, more: Value) -> Result<Market> {
        let found = self.stage("market", more).await?;
        let token = |name: &str| U256::from_str(found[name].as_str().unwrap_or_default());
        Ok(Market {
            condition: B256::from_str(found["condition"].as_str().unwrap_or_default())?,
            yes: token("yes")?,
            no: token("no")?,
            question: found["question"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// A trader with 1,000 dollars and a wallet of this kind.
    async fn trader(&self, kind: u8) -> Result<Trader> {
        let person = serde_json::from_value(self.stage("trader", json!({ "kind": kind, "usd": "1000" })).await?)?;
        self.connect(person).await
    }

    async fn connect(&self, person: Person) -> Result<Trader> {
        let signer = PrivateKeySigner::from_str(&person.key)?.with_chain_id(Some(137));
        let client = Client::new(&self.polymarket.clob, Config::default())?;
        let builder = client.authentication_builder(&signer);
        let builder = match person.kind {
            0 => builder,
            1 => builder.signature_type(SignatureType::Proxy),
            2 => builder.signature_type(SignatureType::GnosisSafe),
            _ => builder.signature_type(SignatureType::Poly1271).funder(Address::from_str(&person.wallet)?),
        };
        let client = builder.authenticate().await?;
        Ok(Trader { wallet: person.wallet, signer, client })
    }

    /// A market, a seller with 100 shares of both outcomes, and a buyer.
    async fn pair(&self) -> Result<(Market, Trader, Trader)> {
        let (market, seller, buyer) = (self.market(json!({})).await?, self.trader(0).await?, self.trader(0).await?);
        let split = json!({ "wallet": seller.wallet, "condition": market.condition.to_string(), "amount": "100" });
        self.stage("split", split).await?;
        Ok((market, seller, buyer))
    }
}

impl Trader {
    /// Builds, signs and posts a limit order.
    async fn limit(&self, token: U256, side: Side, size: &str, price: &str) -> Result<PostOrderResponse> {
        self.limit_of(token, side, size, price, OrderType::GTC, false).await
    }

    async fn limit_of(
        &self,
        token: U256,
        side: Side,
        size: &str,
        price: &str,
        order_type: OrderType,
        post_only: bool,
    ) -> Result<PostOrderResponse> {
        let order = self.client.limit_order().token_id(token).side(side).size(dec(size)?).price(dec(price)?);
        let order = order.order_type(order_type).post_only(post_only);
        Ok(order.build_sign_and_post(&self.signer).await?)
    }
}

fn dec(text: &str) -> Result<Decimal> {
    Decimal::from_str(text).with_context(|| format!("`{text}` is no decimal"))
}

/// Demands equality, and says both sides.
#[expect(clippy::needless_pass_by_value, reason = "a check compares what it has just made, and reads better so")]
fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<()> {
    ensure!(found == expected, "{what}: expected {expected:?}, found {found:?}");
    Ok(())
}

/// Demands a refusal with this status, whose text contains `text`.
fn refused<T: std::fmt::Debug>(result: Result<T>, status: u16, text: &str) -> Result<()> {
    let error = match result {
        Ok(found) => bail!("expected {status} `{text}`, found success: {found:?}"),
        Err(error) => error,
    };
    let found =
        error.downcast_ref::<polymarket_client_sdk_v2::error::Error>().and_then(|error| error.downcast_ref::<Status>());
    let found = found.with_context(|| format!("expected {status} `{text}`, found {error:#}"))?;
    equal("status", found.status_code.as_u16(), status)?;
    ensure!(found.message.contains(text), "expected `{text}`, found `{}`", found.message);
    Ok(())
}
