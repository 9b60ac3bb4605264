//! What the official Rust SDK makes of a case, in this process.
//!
//! - Its salt is set through its own hook. Its order time comes from the clock and is set in the built order before it is
//!   signed; everything else is as the SDK built it.
//! - Its headers are taken from requests it sends to a [`Recorder`], whose `GET /time` tells it the case's time.
//!
//! Source: reference, sections 3 to 6 and 19.1, read 2026-11-20.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy::primitives::{B256, U256};
use alloy::signers::Signer as _;
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result};
use polymarket_client_sdk_v2::auth::state::Authenticated;
use polymarket_client_sdk_v2::auth::{Credentials, Normal, Uuid};
use polymarket_client_sdk_v2::clob::types::{
    Amount, OrderPayload, OrderSignature, OrderType, OrderV2, Side, SignableOrder, SignatureType, TickSize,
};
use polymarket_client_sdk_v2::clob::{Client, Config};
use polymarket_client_sdk_v2::types::{Address, DateTime, Decimal};
use polymarket_client_sdk_v2::{derive_proxy_wallet, derive_safe_wallet};

use crate::answer::{Answer, Headers, SignedRequest};
use crate::case::Case;
use crate::ours::Ours;
use crate::recorder::{Recorder, Request};

/// The salt that the SDK's hook hands out; the hook is a plain function, so that it cannot live in a client.
static SALT: AtomicU64 = AtomicU64::new(0);

/// The SDK's client after authentication.
pub(crate) type RustClient = Client<Authenticated<Normal>>;

/// A client that belongs to this case's key, wallet and market, and asks the network for nothing but time and version.
pub(crate) async fn client(case: &Case, signer: &PrivateKeySigner, recorder: &Recorder) -> Result<RustClient> {
    let config = Config::builder().use_server_time(true).build();
    let credentials =
        Credentials::new(Uuid::from_str(&case.l2.api_key)?, case.l2.secret.clone(), case.l2.passphrase.clone());
    let kind = match case.signature_type {
        0 => SignatureType::Eoa,
        1 => SignatureType::Proxy,
        2 => SignatureType::GnosisSafe,
        _ => SignatureType::Poly1271,
    };
    let client = Client::new(&recorder.address, config)?;
    let mut builder = client.authentication_builder(signer).credentials(credentials).signature_type(kind);
    if let Some(funder) = &case.funder {
        builder = builder.funder(Address::from_str(funder)?);
    }
    let client = builder.salt_generator(|| SALT.load(Ordering::SeqCst)).authenticate().await?;
    let token = U256::from_str(&case.token)?;
    client.set_tick_size(token, TickSize::try_from(Decimal::from_str(case.tick)?)?);
    client.set_neg_risk(token, case.neg_risk);
    Ok(client)
}

/// The order as the SDK builds it from what a user typed.
pub(crate) async fn build(case: &Case, client: &RustClient) -> Result<SignableOrder> {
    SALT.store(case.salt, Ordering::SeqCst);
    let token = U256::from_str(&case.token)?;
    let (price, size) = (Decimal::from_str(&case.price)?, Decimal::from_str(&case.size)?);
    let side = if case.typed.buy { Side::Buy } else { Side::Sell };
    let (builder, metadata) = (B256::from_str(&case.builder)?, B256::from_str(&case.metadata)?);
    let built = if case.market {
        let amount = if case.typed.buy { Amount::usdc(size)? } else { Amount::shares(size)? };
        let order = client.market_order().side(side).amount(amount).price(price).order_type(order_type(case));
        let order = order.builder_code(builder).metadata(metadata);
        if case.version == 3 { order.position_id(token) } else { order.token_id(token) }.build().await
    } else {
        let expiration = i64::try_from(case.expiration).context("an expiration fits 64 bits")?;
        let order = client.limit_order().side(side).size(size).price(price).order_type(order_type(case));
        let order = order.builder_code(builder).metadata(metadata);
        let order = order.expiration(DateTime::from_timestamp(expiration, 0).context("an expiration is a date")?);
        if case.version == 3 { order.position_id(token) } else { order.token_id(token) }.build().await
    };
    Ok(built?)
}

/// All that the SDK says about the case.
pub(crate) async fn answer(case: &Case, ours: &Ours, recorder: &Recorder) -> Result<Answer> {
    let signer = PrivateKeySigner::from_str(&case.key)?.with_chain_id(Some(case.chain_id));
    recorder.set_time(case.l2.timestamp);
    let client = client(case, &signer, recorder).await?;
    let built = build(case, &client).await?;
    let mut order = built.order().clone();
    order.timestamp = U256::from(case.timestamp_ms);
    let (maker_amount, taker_amount) = (order.makerAmount, order.takerAmount);
    let signature = sign(case, &client, &signer, order.clone()).await?;
    order.makerAmount = U256::from(ours.order.maker_amount);
    order.takerAmount = U256::from(ours.order.taker_amount);
    let over_ours = sign(case, &client, &signer, order).await?;

    client.cancel_order(&case.l2.body).await?;
    let l2 = recorder.take()?;
    let stranger = Client::new(&recorder.address, Config::builder().use_server_time(true).build())?;
    recorder.set_time(case.l1.timestamp);
    stranger.create_api_key(&signer, Some(case.l1.nonce)).await?;
    let l1 = recorder.take()?;
    Ok(Answer {
        maker_amount: maker_amount.to_string(),
        taker_amount: taker_amount.to_string(),
        signature,
        over_ours,
        order_hash: None,
        l1: auth_headers(&l1),
        l2: auth_headers(&l2),
        l2_request: Some(SignedRequest { method: l2.method, path: l2.path, body: l2.body }),
        wallets: Some(wallets(&signer, case.chain_id)),
    })
}

async fn sign(case: &Case, client: &RustClient, signer: &PrivateKeySigner, order: OrderV2) -> Result<String> {
    let expiration = U256::from(case.expiration);
    let payload =
        if case.version == 3 { OrderPayload::new_v3(order, expiration) } else { OrderPayload::new(order, expiration) };
    let order = SignableOrder::builder().payload(payload).order_type(order_type(case)).build();
    Ok(match client.sign(signer, order).await?.signature {
        OrderSignature::Ecdsa(signature) => signature.to_string(),
        OrderSignature::Wrapped(text) => text,
        other => anyhow::bail!("a signature of a kind that this oracle does not know: {other:?}"),
    })
}

fn order_type(case: &Case) -> OrderType {
    match case.order_type {
        "FOK" => OrderType::FOK,
        "FAK" => OrderType::FAK,
        "GTD" => OrderType::GTD,
        _ => OrderType::GTC,
    }
}

/// The contract wallets that the SDK derives; it knows no deposit wallet, and no proxy on the test chain.
fn wallets(signer: &PrivateKeySigner, chain_id: u64) -> BTreeMap<String, String> {
    let (owner, mut found) = (signer.address(), BTreeMap::new());
    for (kind, wallet) in
        [("proxy", derive_proxy_wallet(owner, chain_id)), ("safe", derive_safe_wallet(owner, chain_id))]
    {
        found.extend(wallet.map(|wallet| (kind.to_owned(), wallet.to_string())));
    }
    found
}

fn auth_headers(request: &Request) -> Headers {
    request
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("POLY_"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
