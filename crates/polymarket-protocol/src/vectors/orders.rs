//! Vectors of orders: from price and size as typed to domain, message, hashes and signature.

use alloy_primitives::{Address, B256, U256};
use brier_types::{Money, Price, Qty};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{chain, key};
use super::decimal::Decimal;
use super::{Unusable, Vector};
use crate::amounts::{self, Amounts, Decimals};
use crate::auth::WalletKey;
use crate::contracts::{Domain, EXCHANGE_NAME, OrderVersion};
use crate::ids::{OrderHash, Side, SignatureType, TokenId};
use crate::order::{self, Order, OrderV1, Signature};
use crate::tick::{SIZE_DECIMALS, TickSize};
use crate::wire::Num;

#[derive(Deserialize)]
struct Input {
    private_key: String,
    chain_id: u64,
    signature_type: u8,
    funder: Option<String>,
    #[serde(alias = "position_id")]
    token_id: Num,
    price: Num,
    size: Option<Num>,
    amount: Option<Num>,
    side: Word,
    tick_size: Num,
    #[serde(default)]
    neg_risk: bool,
    #[serde(default)]
    expiration: u64,
    salt: u64,
    timestamp_ms: Option<u64>,
    builder_code: Option<String>,
    metadata: Option<String>,
    fee_rate_bps: Option<u64>,
    nonce: Option<Num>,
    taker: Option<String>,
}

/// A side as vectors write it.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Word {
    Buy,
    Sell,
}

impl From<Word> for Side {
    fn from(word: Word) -> Self {
        match word {
            Word::Buy => Self::Buy,
            Word::Sell => Self::Sell,
        }
    }
}

/// A vector's order, of whichever struct.
pub(super) enum Made {
    V1(OrderV1),
    New(Order),
}

/// A vector's order and all that follows from it.
pub(super) struct Signed {
    pub(super) made: Made,
    pub(super) domain: Domain,
    pub(super) struct_hash: B256,
    pub(super) hash: OrderHash,
    pub(super) signature: Signature,
    pub(super) expiration: u64,
    pub(super) owner: Address,
}

pub(super) fn tick(number: &Num) -> Result<TickSize, Unusable> {
    let tick = number.as_str().parse();
    tick.map_err(|_unknown| Unusable::new("input.tick_size", "one of the six ticks", number.as_str()))
}

/// How a price that is typed finer than the tick's decimals is brought to them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PriceRounding {
    /// To the nearest, as for limit orders, and market orders of V1.
    Nearest,
    /// Down, as for market orders since V2.
    Down,
}

pub(super) fn price(number: &Num, tick: TickSize, rounding: PriceRounding) -> Result<Price, Unusable> {
    let (typed, decimals) = (Decimal::read("input.price", number)?, tick.price_decimals());
    let pips = match rounding {
        PriceRounding::Nearest => typed.rounded(decimals, 4),
        PriceRounding::Down => typed.cut(decimals, 4),
    };
    pips.and_then(|pips| u16::try_from(pips).ok())
        .and_then(Price::new)
        .ok_or_else(|| Unusable::new("input.price", "a price from 0 to 1", number.as_str()))
}

/// Amounts of a limit order of `size`, or of a market order of `amount`, as the clients sign them.
pub(super) fn signed_amounts(
    side: Side,
    price: Price,
    tick: TickSize,
    size: Option<&Num>,
    amount: Option<&Num>,
) -> Result<Amounts, Unusable> {
    let hundredths = |field: &str, number: &Num| {
        let micros = Decimal::read(field, number)?.cut(SIZE_DECIMALS, 6).and_then(Qty::from_micros);
        micros.ok_or_else(|| Unusable::new(field, "a number below 2^63 millionths", number.as_str()))
    };
    let made = match (size, amount, side) {
        (Some(size), None, _) => amounts::limit_at(side, price, hundredths("input.size", size)?),
        (None, Some(amount), Side::Buy) => {
            let cash = hundredths("input.amount", amount)?.micros();
            amounts::market_buy_at(Money::from_micros(cash as i64), price, tick, Decimals::Tick)
        }
        (None, Some(amount), Side::Sell) => {
            amounts::market_sell_at(hundredths("input.amount", amount)?, price, tick, Decimals::Tick)
        }
        (Some(_), Some(_), _) | (None, None, _) => {
            return Err(Unusable::new("input", "either size or amount", "both or neither"));
        }
    };
    made.map_err(|error| Unusable::new("input", "amounts that can be signed", error.to_string()))
}

fn read<T: std::str::FromStr>(field: &str, expected: &str, text: &str) -> Result<T, Unusable> {
    text.parse().map_err(|_unreadable| Unusable::new(field, expected, text))
}

fn word(field: &str, text: Option<&str>) -> Result<B256, Unusable> {
    text.map_or(Ok(B256::ZERO), |text| read(field, "0x and 64 hex digits", text))
}

/// Makes and signs the order of a vector of any order kind.
pub(super) fn sign(vector: &Vector<'_>) -> Result<Signed, Unusable> {
    let input: Input = serde_json::from_str(vector.input.get())?;
    let is_market = vector.kind.starts_with("market_");
    let version = match vector.kind.trim_start_matches("market_") {
        "order_v1" => OrderVersion::V1,
        "order_v3" => OrderVersion::V3,
        "order_v2" => OrderVersion::V2,
        kind => return Err(Unusable::new("order_ref", "a vector of an order", format!("one of the kind {kind}"))),
    };
    let rounding = if is_market && version != OrderVersion::V1 { PriceRounding::Down } else { PriceRounding::Nearest };
    let (tick, side) = (tick(&input.tick_size)?, Side::from(input.side));
    let price = price(&input.price, tick, rounding)?;
    let amounts = signed_amounts(side, price, tick, input.size.as_ref(), input.amount.as_ref())?;
    let domain = Domain::new(chain(input.chain_id)?, version, input.neg_risk);
    input.order(amounts, domain, &key(&input.private_key)?)
}

impl Input {
    fn order(&self, amounts: Amounts, domain: Domain, key: &WalletKey) -> Result<Signed, Unusable> {
        let owner = key.address();
        let signature_type = SignatureType::from_number(self.signature_type)
            .ok_or_else(|| Unusable::new("input.signature_type", "0 to 3", self.signature_type.to_string()))?;
        let address = |field, text: &Option<String>, otherwise| {
            text.as_deref().map_or(Ok(otherwise), |text| read(field, "an address", text))
        };
        let maker = address("input.funder", &self.funder, owner)?;
        let signer = if signature_type == SignatureType::DepositWallet { maker } else { owner };
        let token = read("input.token_id", "a token id", self.token_id.as_str()).map(TokenId)?;
        let expiration = self.expiration;
        if domain.version == OrderVersion::V1 {
            let order = OrderV1 {
                salt: self.salt,
                maker,
                signer,
                taker: address("input.taker", &self.taker, Address::ZERO)?,
                token,
                maker_amount: amounts.maker,
                taker_amount: amounts.taker,
                expiration,
                nonce: self
                    .nonce
                    .as_ref()
                    .map_or(Ok(U256::ZERO), |nonce| read("input.nonce", "a decimal integer", nonce.as_str()))?,
                fee_rate_bps: self.fee_rate_bps.unwrap_or_default(),
                side: self.side.into(),
                signature_type,
            };
            return Ok(Signed {
                made: Made::V1(order),
                domain,
                struct_hash: order.struct_hash(),
                hash: order.hash(domain.chain, domain.neg_risk),
                signature: order.sign(domain.chain, domain.neg_risk, key),
                expiration,
                owner,
            });
        }
        let order = Order {
            salt: self.salt,
            maker,
            signer,
            token,
            maker_amount: amounts.maker,
            taker_amount: amounts.taker,
            side: self.side.into(),
            signature_type,
            timestamp_ms: self.timestamp_ms.ok_or_else(|| Unusable::new("input.timestamp_ms", "a time", "nothing"))?,
            metadata: word("input.metadata", self.metadata.as_deref())?,
            builder: word("input.builder_code", self.builder_code.as_deref())?,
        };
        Ok(Signed {
            made: Made::New(order),
            domain,
            struct_hash: order.struct_hash(),
            hash: order::hash(&order, domain),
            signature: order::sign(&order, domain, key),
            expiration,
            owner,
        })
    }
}

impl Made {
    /// As the typed data that is signed.
    fn message(&self) -> Value {
        match self {
            Self::V1(order) => json!({
                "salt": order.salt.to_string(),
                "maker": order.maker.to_string(),
                "signer": order.signer.to_string(),
                "taker": order.taker.to_string(),
                "tokenId": order.token.to_string(),
                "makerAmount": order.maker_amount.to_string(),
                "takerAmount": order.taker_amount.to_string(),
                "expiration": order.expiration.to_string(),
                "nonce": order.nonce.to_string(),
                "feeRateBps": order.fee_rate_bps.to_string(),
                "side": order.side as u8,
                "signatureType": order.signature_type as u8,
            }),
            Self::New(order) => json!({
                "salt": order.salt.to_string(),
                "maker": order.maker.to_string(),
                "signer": order.signer.to_string(),
                "tokenId": order.token.to_string(),
                "makerAmount": order.maker_amount.to_string(),
                "takerAmount": order.taker_amount.to_string(),
                "side": order.side as u8,
                "signatureType": order.signature_type as u8,
                "timestamp": order.timestamp_ms.to_string(),
                "metadata": order.metadata.to_string(),
                "builder": order.builder.to_string(),
            }),
        }
    }
}

pub(super) fn order(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let signed = sign(vector)?;
    Ok(json!({
        "domain": {
            "name": EXCHANGE_NAME,
            "version": signed.domain.version.text(),
            "chainId": signed.domain.chain.id(),
            "verifyingContract": signed.domain.exchange().to_string(),
        },
        "message": signed.made.message(),
        "domain_separator": signed.domain.separator().to_string(),
        "struct_hash": signed.struct_hash.to_string(),
        "order_hash": signed.hash.to_string(),
        "signature": signed.signature.to_string(),
        "wire_expiration": signed.expiration.to_string(),
    }))
}
