//! Vectors of whole requests: the body of `POST /order` byte for byte as each client writes it, and its headers.
//!
//! Source: reference, sections 5.3 and 19.3; vectors; the public sources of the clients, 2026-11-20.

use alloy_primitives::Address;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Creds, headers};
use super::orders::{self, Made, Signed};
use super::{ById, Unusable, Vector};
use crate::auth::l2_headers;

#[derive(Deserialize)]
struct Input {
    order_ref: String,
    #[serde(flatten)]
    creds: Creds,
    timestamp: u64,
    order_type: String,
    post_only: Option<bool>,
    defer_exec: Option<bool>,
    client: String,
}

/// In which order a client writes the members.
struct Layout {
    /// Around the order.
    outer: &'static [&'static str],
    /// Of an order of V1.
    v1: &'static [&'static str],
    /// Of an order of V2 or V3.
    new: &'static [&'static str],
    /// Whether `postOnly` is left out when it is false.
    post_only_if_true: bool,
    /// Whether addresses are written without capitals.
    lower_addresses: bool,
}

const PYTHON_V1: &[&str] = &[
    "salt",
    "maker",
    "signer",
    "taker",
    "tokenId",
    "makerAmount",
    "takerAmount",
    "expiration",
    "nonce",
    "feeRateBps",
    "side",
    "signatureType",
    "signature",
];
const PYTHON_NEW: &[&str] = &[
    "salt",
    "maker",
    "signer",
    "tokenId",
    "makerAmount",
    "takerAmount",
    "side",
    "expiration",
    "signatureType",
    "timestamp",
    "metadata",
    "builder",
    "signature",
];
const JAVASCRIPT_V1: &[&str] = &[
    "salt",
    "maker",
    "signer",
    "taker",
    "tokenId",
    "makerAmount",
    "takerAmount",
    "side",
    "expiration",
    "nonce",
    "feeRateBps",
    "signatureType",
    "signature",
];
const JAVASCRIPT_NEW: &[&str] = &[
    "salt",
    "maker",
    "signer",
    "tokenId",
    "makerAmount",
    "takerAmount",
    "side",
    "signatureType",
    "timestamp",
    "expiration",
    "metadata",
    "builder",
    "signature",
];
const ALPHABETICAL: &[&str] = &[
    "builder",
    "expiration",
    "maker",
    "makerAmount",
    "metadata",
    "salt",
    "side",
    "signature",
    "signatureType",
    "signer",
    "takerAmount",
    "timestamp",
    "tokenId",
];

const LAYOUTS: [(&str, Layout); 6] = [
    (
        "py-clob-client",
        Layout {
            outer: &["order", "owner", "orderType", "deferExec", "postOnly"],
            v1: PYTHON_V1,
            new: PYTHON_NEW,
            post_only_if_true: false,
            lower_addresses: false,
        },
    ),
    (
        "py-clob-client-v2",
        Layout {
            outer: &["order", "owner", "orderType", "deferExec", "postOnly"],
            v1: PYTHON_V1,
            new: PYTHON_NEW,
            post_only_if_true: false,
            lower_addresses: false,
        },
    ),
    (
        "@polymarket/clob-client",
        Layout {
            outer: &["deferExec", "order", "owner", "orderType", "postOnly"],
            v1: JAVASCRIPT_V1,
            new: JAVASCRIPT_NEW,
            post_only_if_true: false,
            lower_addresses: false,
        },
    ),
    (
        "@polymarket/clob-client-v2",
        Layout {
            outer: &["deferExec", "postOnly", "order", "owner", "orderType"],
            v1: JAVASCRIPT_V1,
            new: JAVASCRIPT_NEW,
            post_only_if_true: false,
            lower_addresses: false,
        },
    ),
    (
        "polymarket-client",
        Layout {
            outer: &["deferExec", "order", "orderType", "owner", "postOnly"],
            v1: &[],
            new: ALPHABETICAL,
            post_only_if_true: true,
            lower_addresses: false,
        },
    ),
    (
        "polymarket_client_sdk_v2",
        Layout {
            outer: &["order", "orderType", "owner", "postOnly", "deferExec"],
            v1: PYTHON_V1,
            new: PYTHON_NEW,
            post_only_if_true: false,
            lower_addresses: true,
        },
    ),
];

pub(super) fn post_order_request(vector: &Vector<'_>, by_id: &ById<'_>) -> Result<Value, Unusable> {
    let input: Input = serde_json::from_str(vector.input.get())?;
    let order = by_id
        .get(input.order_ref.as_str())
        .ok_or_else(|| Unusable::new("input.order_ref", "the id of a vector in this file", input.order_ref.as_str()))?;
    // The client may be named with its version.
    let client = input.client.split(' ').next().unwrap_or_default();
    let (_, layout) = LAYOUTS
        .iter()
        .find(|(name, _)| *name == client)
        .ok_or_else(|| Unusable::new("input.client", "a client whose body is known", input.client.as_str()))?;
    let signed = orders::sign(order)?;
    let creds = input.creds.read()?;
    let body = layout.body(&input, creds.key(), &signed)?;
    let made = l2_headers(&creds, signed.owner, input.timestamp, "POST", "/order", body.as_bytes());
    Ok(json!({ "method": "POST", "path": "/order", "body": body, "headers": headers(&made.pairs()) }))
}

impl Layout {
    /// The body, compact. Members without a value are left out.
    fn body(&self, input: &Input, owner: &str, signed: &Signed) -> Result<String, Unusable> {
        let inner = match &signed.made {
            Made::V1(_) if self.v1.is_empty() => {
                return Err(Unusable::new("input.client", "a client that signs V1", input.client.as_str()));
            }
            Made::V1(_) => self.v1,
            Made::New(_) => self.new,
        };
        let order = object(inner, |name| member(signed, name, self.lower_addresses));
        Ok(object(self.outer, |name| match name {
            "order" => Some(order.clone()),
            "owner" => Some(text(owner)),
            "orderType" => Some(text(&input.order_type)),
            "deferExec" => input.defer_exec.map(|flag| flag.to_string()),
            "postOnly" => input.post_only.filter(|flag| *flag || !self.post_only_if_true).map(|flag| flag.to_string()),
            _ => None,
        }))
    }
}

fn object(names: &[&str], value: impl Fn(&str) -> Option<String>) -> String {
    let members: Vec<String> =
        names.iter().filter_map(|name| value(name).map(|value| format!("{}:{value}", text(name)))).collect();
    format!("{{{}}}", members.join(","))
}

fn text(text: &(impl ToString + ?Sized)) -> String {
    Value::from(text.to_string()).to_string()
}

/// One member of the order as JSON: `salt` and `signatureType` are numbers, the rest are texts.
fn member(signed: &Signed, name: &str, lower_addresses: bool) -> Option<String> {
    let address = |address: &Address| if lower_addresses { text(&format!("{address:#x}")) } else { text(address) };
    let common = match name {
        "expiration" => Some(text(&signed.expiration)),
        "signature" => Some(text(&signed.signature)),
        _ => None,
    };
    common.or_else(|| match &signed.made {
        Made::V1(order) => match name {
            "salt" => Some(order.salt.to_string()),
            "maker" => Some(address(&order.maker)),
            "signer" => Some(address(&order.signer)),
            "taker" => Some(address(&order.taker)),
            "tokenId" => Some(text(&order.token)),
            "makerAmount" => Some(text(&order.maker_amount)),
            "takerAmount" => Some(text(&order.taker_amount)),
            "nonce" => Some(text(&order.nonce)),
            "feeRateBps" => Some(text(&order.fee_rate_bps)),
            "side" => Some(text(order.side.word())),
            "signatureType" => Some((order.signature_type as u8).to_string()),
            _ => None,
        },
        Made::New(order) => match name {
            "salt" => Some(order.salt.to_string()),
            "maker" => Some(address(&order.maker)),
            "signer" => Some(address(&order.signer)),
            "tokenId" => Some(text(&order.token)),
            "makerAmount" => Some(text(&order.maker_amount)),
            "takerAmount" => Some(text(&order.taker_amount)),
            "timestamp" => Some(text(&order.timestamp_ms)),
            "metadata" => Some(text(&order.metadata)),
            "builder" => Some(text(&order.builder)),
            "side" => Some(text(order.side.word())),
            "signatureType" => Some((order.signature_type as u8).to_string()),
            _ => None,
        },
    })
}
