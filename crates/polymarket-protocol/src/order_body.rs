//! The body of `POST /order`: written in one compact form, read in the form of every client.
//!
//! Invariants: what is written is what is signed under the API key, byte for byte, so a body is written once and kept; a body
//! is read leniently (any order of keys, any case of hex, members that are not known) and an order is put together only from
//! values that fit. Whether the values are allowed is for the exchange to say.
//!
//! Source: reference, sections 5.3 and 19.3, 2026-11-20.

use std::fmt::Write as _;

use alloy_primitives::{Address, B256, U256};
use serde::Deserialize;
use serde_json::Value;

use crate::ids::{Side, SignatureType};
use crate::order::{Order, OrderKind, OrderV1, Signature, SignedOrder};
use crate::wire;

#[cfg(test)]
mod tests;

/// What is posted besides the signed order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long it lives.
    pub kind: OrderKind,
    /// Refuse rather than match at once; GTC and GTD only.
    pub post_only: bool,
    /// Answer before the order is matched.
    pub defer_exec: bool,
}

impl Terms {
    /// Terms of this kind and nothing else.
    pub const fn new(kind: OrderKind) -> Self {
        Self { kind, post_only: false, defer_exec: false }
    }
}

/// Writes the body for one order; `owner` is the API key.
pub fn write(order: &SignedOrder, owner: &str, terms: Terms) -> String {
    let mut out = String::with_capacity(1_024);
    write_into(order, owner, terms, &mut out);
    out
}

/// Writes the body of `POST /orders`.
pub fn write_batch<'a>(orders: impl IntoIterator<Item = (&'a SignedOrder, Terms)>, owner: &str) -> String {
    let mut out = String::from("[");
    for (order, terms) in orders {
        if out.len() > 1 {
            out.push(',');
        }
        write_into(order, owner, terms, &mut out);
    }
    out.push(']');
    out
}

fn write_into(signed: &SignedOrder, owner: &str, terms: Terms, out: &mut String) {
    let SignedOrder { order, expiration, signature } = signed;
    write!(
        out,
        concat!(
            r#"{{"order":{{"salt":{},"maker":"{}","signer":"{}","tokenId":"{}","makerAmount":"{}","takerAmount":"{}","#,
            r#""side":"{}","expiration":"{}","signatureType":{},"timestamp":"{}","metadata":"{}","builder":"{}","#,
            r#""signature":"{}"}},"owner":{},"orderType":"{}","deferExec":{},"postOnly":{}}}"#
        ),
        order.salt,
        order.maker,
        order.signer,
        order.token,
        order.maker_amount,
        order.taker_amount,
        order.side.word(),
        expiration,
        order.signature_type as u8,
        order.timestamp_ms,
        order.metadata,
        order.builder,
        signature,
        Value::from(owner),
        terms.kind.word(),
        terms.defer_exec,
        terms.post_only,
    )
    .expect("writing to a string cannot fail");
}

/// What a body holds, in the generation that its members tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostedOrder {
    /// V2 or V3: which of them is told by the token.
    Current(SignedOrder),
    /// V1, which the venue refuses.
    V1 {
        /// What is signed.
        order: OrderV1,
        /// By its signer.
        signature: Signature,
    },
}

/// A body of `POST /order`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPost {
    /// The order.
    pub order: PostedOrder,
    /// The API key that it says it comes from.
    pub owner: String,
    /// The rest.
    pub terms: Terms,
}

/// A body is no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("order body: {problem}")]
pub struct OrderBodyError {
    /// What was expected, what was found, and where.
    pub problem: String,
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` asks for")]
fn wrong(problem: impl ToString) -> OrderBodyError {
    OrderBodyError { problem: problem.to_string() }
}

/// Reads the body of `POST /order`. The raw bytes are what the HMAC is over: verify them before, and keep them.
///
/// # Errors
/// [`OrderBodyError`]; the venue answers `Invalid order payload`.
pub fn read(body: &[u8]) -> Result<OrderPost, OrderBodyError> {
    serde_json::from_slice::<RawPost>(body).map_err(wrong)?.build()
}

/// Reads the body of `POST /orders`: an array of what [`read`] reads. Its length is for the exchange to judge.
///
/// # Errors
/// [`OrderBodyError`] when it is no array, or one of its items is no order.
pub fn read_batch(body: &[u8]) -> Result<Vec<OrderPost>, OrderBodyError> {
    serde_json::from_slice::<Vec<RawPost>>(body).map_err(wrong)?.into_iter().map(RawPost::build).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPost {
    order: RawOrder,
    owner: String,
    order_type: String,
    #[serde(default)]
    defer_exec: Option<bool>,
    #[serde(default)]
    post_only: Option<bool>,
}

/// Members are texts or numbers, as clients differ.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOrder {
    #[serde(with = "wire::integer")]
    salt: u64,
    maker: String,
    signer: String,
    #[serde(deserialize_with = "text")]
    token_id: String,
    #[serde(with = "wire::integer")]
    maker_amount: u64,
    #[serde(with = "wire::integer")]
    taker_amount: u64,
    #[serde(with = "wire::side")]
    side: Side,
    #[serde(with = "wire::integer", default)]
    expiration: Option<u64>,
    #[serde(with = "wire::integer")]
    signature_type: u32,
    signature: String,
    #[serde(with = "wire::integer", default)]
    timestamp: Option<u64>,
    #[serde(default)]
    metadata: Option<String>,
    #[serde(default)]
    builder: Option<String>,
    #[serde(default)]
    taker: Option<String>,
    #[serde(with = "wire::integer", default)]
    nonce: Option<u64>,
    #[serde(with = "wire::integer", default)]
    fee_rate_bps: Option<u64>,
}

fn text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(wire::scalar(from)?.unwrap_or_default())
}

/// An address of any case. A wrong checksum is not looked at: half of the clients write none.
fn address(name: &str, text: &str) -> Result<Address, OrderBodyError> {
    text.parse().map_err(|_no_address| wrong(format_args!("expected an address as {name}, found `{text:.64}`")))
}

fn bytes32(name: &str, text: Option<&str>) -> Result<B256, OrderBodyError> {
    match text {
        None | Some("") => Ok(B256::ZERO),
        Some(text) => {
            text.parse().map_err(|_no_bytes| wrong(format_args!("expected 32 bytes as {name}, found `{text:.80}`")))
        }
    }
}

impl RawPost {
    fn build(self) -> Result<OrderPost, OrderBodyError> {
        let kind = self.order_type.parse().map_err(wrong)?;
        let terms =
            Terms { kind, post_only: self.post_only.unwrap_or(false), defer_exec: self.defer_exec.unwrap_or(false) };
        Ok(OrderPost { order: self.order.build()?, owner: self.owner, terms })
    }
}

impl RawOrder {
    fn build(self) -> Result<PostedOrder, OrderBodyError> {
        let number = self.signature_type;
        let signature_type = u8::try_from(number).ok().and_then(SignatureType::from_number);
        let signature_type = signature_type
            .ok_or_else(|| wrong(format_args!("expected a signature type from 0 to 3, found {number}")))?;
        let signature = Signature::from_hex(&self.signature, signature_type).map_err(wrong)?;
        let (maker, signer) = (address("maker", &self.maker)?, address("signer", &self.signer)?);
        let token = self.token_id.parse().map_err(wrong)?;
        let expiration = self.expiration.unwrap_or(0);
        let Some(timestamp_ms) = self.timestamp else {
            let taker = self.taker.as_deref().map_or(Ok(Address::ZERO), |taker| address("taker", taker))?;
            let order = OrderV1 {
                salt: self.salt,
                maker,
                signer,
                taker,
                token,
                maker_amount: self.maker_amount,
                taker_amount: self.taker_amount,
                expiration,
                nonce: U256::from(self.nonce.unwrap_or(0)),
                fee_rate_bps: self.fee_rate_bps.unwrap_or(0),
                side: self.side,
                signature_type,
            };
            return Ok(PostedOrder::V1 { order, signature });
        };
        let order = Order {
            salt: self.salt,
            maker,
            signer,
            token,
            maker_amount: self.maker_amount,
            taker_amount: self.taker_amount,
            side: self.side,
            signature_type,
            timestamp_ms,
            metadata: bytes32("metadata", self.metadata.as_deref())?,
            builder: bytes32("builder", self.builder.as_deref())?,
        };
        Ok(PostedOrder::Current(SignedOrder { order, expiration, signature }))
    }
}
