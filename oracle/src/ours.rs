//! What Brier makes of a case: the one file here that calls the code under judgment.
//!
//! Source: reference, sections 3 to 6, read 2026-11-20.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, Result, ensure};
use brier_polymarket_protocol::amounts::{self, Amounts, Decimals};
use brier_polymarket_protocol::auth::{self, ApiCreds, WalletKey};
use brier_polymarket_protocol::contracts::{Chain, Domain, OrderVersion};
use brier_polymarket_protocol::ids::{Side, SignatureType, TokenId};
use brier_polymarket_protocol::order::{self, Order, Signature};
use brier_polymarket_protocol::tick::TickSize;
use brier_polymarket_protocol::wallet;
use brier_types::{Money, Price, Qty};

use crate::answer::Headers;
use crate::case::Case;
use crate::rounding::Typed;

/// Brier's order, signature and headers for one case.
#[derive(Debug)]
pub(crate) struct Ours {
    key: WalletKey,
    pub(crate) order: Order,
    domain: Domain,
    /// `0x` and hex.
    pub(crate) signature: String,
    pub(crate) order_hash: String,
    pub(crate) l1: Headers,
    /// Contract wallets of the case's key.
    pub(crate) wallets: BTreeMap<&'static str, Address>,
}

impl Ours {
    /// Builds, hashes and signs.
    pub(crate) fn of(case: &Case) -> Result<Self> {
        let key = WalletKey::from_hex(&case.key)?;
        ensure!(
            key.address() == case.address,
            "case {}: Brier derives address {} from the key",
            case.id,
            key.address()
        );
        let made = amounts(&case.typed, Decimals::Venue)?;
        let order = Order {
            salt: case.salt,
            maker: Address::from_str(&case.maker)?,
            signer: Address::from_str(&case.signer)?,
            token: TokenId::from_str(&case.token)?,
            maker_amount: made.maker,
            taker_amount: made.taker,
            side: if case.typed.buy { Side::Buy } else { Side::Sell },
            signature_type: SignatureType::from_number(case.signature_type).context("a signature type is 0 to 3")?,
            timestamp_ms: case.timestamp_ms,
            metadata: B256::from_str(&case.metadata)?,
            builder: B256::from_str(&case.builder)?,
        };
        let chain = Chain::from_id(case.chain_id).context("a case is of a chain Brier knows")?;
        let version = if case.version == 3 { OrderVersion::V3 } else { OrderVersion::V2 };
        let domain = Domain::new(chain, version, case.neg_risk);
        let l1 = auth::l1_headers(&key, chain, case.l1.timestamp, u64::from(case.l1.nonce));
        Ok(Self {
            signature: order::sign(&order, domain, &key).to_string(),
            order_hash: order::hash(&order, domain).to_string(),
            l1: headers(&l1.pairs()),
            wallets: wallets(key.address()),
            key,
            order,
            domain,
        })
    }

    /// Brier's signature over the order with these amounts instead.
    pub(crate) fn signature_with(&self, maker_amount: u64, taker_amount: u64) -> String {
        let order = Order { maker_amount, taker_amount, ..self.order };
        order::sign(&order, self.domain, &self.key).to_string()
    }

    /// Whether Brier's exchange would accept this signature over an order with these amounts.
    pub(crate) fn accepts(&self, maker_amount: u64, taker_amount: u64, signature: &str) -> Result<()> {
        let order = Order { maker_amount, taker_amount, ..self.order };
        order::verify(&order, &alloy::hex::decode(signature)?, self.domain, None)?;
        Ok(())
    }
}

/// What is typed, in the amounts an order signs.
pub(crate) fn amounts(typed: &Typed, decimals: Decimals) -> Result<Amounts> {
    let tick = TickSize::from_str(typed.tick.text)?;
    let price = u16::try_from(typed.price).ok().and_then(Price::new).context("a price is at most a dollar")?;
    let size = Qty::from_micros(typed.size).context("a size is a quantity")?;
    Ok(match (typed.market, typed.buy) {
        (false, true) => amounts::limit(Side::Buy, price, size, tick)?,
        (false, false) => amounts::limit(Side::Sell, price, size, tick)?,
        (true, true) => amounts::market_buy(Money::from_micros(i64::try_from(typed.size)?), price, tick, decimals)?,
        (true, false) => amounts::market_sell(size, price, tick, decimals)?,
    })
}

/// Every contract wallet that an address may have, by the name the judges use.
pub(crate) fn wallets(owner: Address) -> BTreeMap<&'static str, Address> {
    BTreeMap::from([
        ("proxy", wallet::proxy(owner)),
        ("safe", wallet::safe(owner)),
        ("deposit_beacon", wallet::deposit_wallet(owner)),
        ("deposit_uups", wallet::early_deposit_wallet(owner)),
    ])
}

/// The API key's headers over any request, with the case's credentials and time.
pub(crate) fn l2(case: &Case, method: &str, path: &str, body: &str) -> Result<Headers> {
    let creds = ApiCreds::new(&case.l2.api_key, &case.l2.secret, &case.l2.passphrase)?;
    let made = auth::l2_headers(&creds, case.address, case.l2.timestamp, method, path, body.as_bytes());
    Ok(headers(&made.pairs()))
}

fn headers(pairs: &[(&'static str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The path that is timed: amounts, hash and signature of one order after another.
#[derive(Debug)]
pub(crate) struct Signer {
    ours: Ours,
    price: Price,
    size: Qty,
    tick: TickSize,
}

impl Signer {
    /// For limit orders to buy, like the case's.
    pub(crate) fn of(case: &Case) -> Result<Self> {
        Ok(Self {
            ours: Ours::of(case)?,
            price: Price::from_str(&case.price)?,
            size: Qty::from_str(&case.size)?,
            tick: TickSize::from_str(case.tick)?,
        })
    }

    /// The case's order once more, under this salt.
    pub(crate) fn build_and_sign(&self, salt: u64) -> Result<Signature> {
        let made = amounts::limit(Side::Buy, self.price, self.size, self.tick)?;
        let order = Order { salt, maker_amount: made.maker, taker_amount: made.taker, ..self.ours.order };
        Ok(order::sign(&order, self.ours.domain, &self.ours.key))
    }
}
