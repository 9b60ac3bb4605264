//! Order requests as bytes: request line, headers and body in one buffer that is used again.
//!
//! Invariants: a body is byte for byte what the protocol's own writer gives; what is hashed is what is sent; nothing is
//! allocated once the buffers have grown; no write is written for an environment that takes none. Nothing is sent here.
//!
//! The level 2 signature covers the body, so it cannot be made ahead; that of the order can, and is the caller's
//! ([`crate::orders::prepare`]).
//!
//! Source: reference, sections 3.2, 5.3 and 7.5, 2026-11-20.

use std::fmt;
use std::sync::Arc;

use alloy_primitives::{Address, U256};
use brier_connect::line::{USER_AGENT, authority, push_body, push_digits, push_json_text, push_number};
use brier_polymarket_protocol::auth::{
    ADDRESS_HEADER, API_KEY_HEADER, ApiCreds, PASSPHRASE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, l2_signature,
};
use brier_polymarket_protocol::clob::MAX_BATCH_CANCELS;
use brier_polymarket_protocol::ids::OrderHash;
use brier_polymarket_protocol::order::{ORDER_TYPE, Signature, SignedOrder};
use brier_polymarket_protocol::order_body::Terms;
use brier_types::Timestamp;
use zeroize::Zeroizing;

use crate::env::Env;
use crate::error::PolymarketError;

/// Addresses whose text is kept.
const MOST_ADDRESSES: usize = 8;
/// The largest power of ten that a word holds, for token ids.
const WORD: u64 = 10_000_000_000_000_000_000;
/// Its zeros.
const WORD_DIGITS: usize = 19;

/// Writes order requests for one environment, wallet and API key. `Debug` shows nothing of them.
pub struct RequestWriter {
    creds: Arc<ApiCreds>,
    /// From the version of HTTP to the last header that is always the same; the passphrase among them.
    after_target: Zeroizing<Vec<u8>>,
    /// Texts of the addresses that orders name, with their checksums.
    addresses: Vec<(Address, String)>,
    body: Vec<u8>,
    out: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for RequestWriter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RequestWriter").finish_non_exhaustive()
    }
}

impl RequestWriter {
    /// A writer for `env` that signs requests with `creds` of the key with this address.
    ///
    /// # Errors
    /// [`PolymarketError::WritesForbidden`] where [`Env::writes_allowed`] says so.
    pub fn new(env: &Env, address: Address, creds: Arc<ApiCreds>) -> Result<Self, PolymarketError> {
        if !env.writes_allowed() {
            return Err(PolymarketError::WritesForbidden { operation: "order path", env: env.to_string() });
        }
        let host = authority(&env.hosts().clob);
        let mut after_target = Zeroizing::new(Vec::with_capacity(512));
        for part in [
            " HTTP/1.1\r\nhost: ",
            &host,
            "\r\n",
            USER_AGENT,
            "accept: */*\r\n",
            ADDRESS_HEADER,
            ": ",
            &address.to_string(),
            "\r\n",
            API_KEY_HEADER,
            ": ",
            creds.key(),
            "\r\n",
            PASSPHRASE_HEADER,
            ": ",
            creds.expose_passphrase(),
            "\r\n",
        ] {
            after_target.extend_from_slice(part.as_bytes());
        }
        let (body, out) = (Vec::with_capacity(2_048), Zeroizing::new(Vec::with_capacity(4_096)));
        Ok(Self { creds, after_target, addresses: Vec::new(), body, out })
    }

    /// Posts an order: `POST /order`.
    pub fn post(&mut self, order: &SignedOrder, terms: Terms, venue_now: Timestamp) -> &[u8] {
        self.write_order(order, terms);
        self.request("POST", "/order", venue_now)
    }

    /// Takes an order back: `DELETE /order`.
    pub fn cancel(&mut self, hash: OrderHash, venue_now: Timestamp) -> &[u8] {
        self.body.clear();
        self.body.extend_from_slice(b"{\"orderID\":\"");
        push_hex(&mut self.body, hash.0.as_slice());
        self.body.extend_from_slice(b"\"}");
        self.request("DELETE", "/order", venue_now)
    }

    /// Takes up to 1,000 orders back: `DELETE /orders`.
    ///
    /// # Errors
    /// [`PolymarketError::Request`] for none or too many.
    pub fn cancel_many(&mut self, hashes: &[OrderHash], venue_now: Timestamp) -> Result<&[u8], PolymarketError> {
        if hashes.is_empty() || hashes.len() > MAX_BATCH_CANCELS {
            let problem = format!("expected 1 to {MAX_BATCH_CANCELS} orders in one call, found {}", hashes.len());
            return Err(PolymarketError::Request { operation: "cancel orders", problem });
        }
        self.body.clear();
        for hash in hashes {
            self.body.extend_from_slice(if self.body.is_empty() { b"[\"" } else { b",\"" });
            push_hex(&mut self.body, hash.0.as_slice());
            self.body.push(b'"');
        }
        self.body.push(b']');
        Ok(self.request("DELETE", "/orders", venue_now))
    }

    /// The body is there; the rest around it.
    fn request(&mut self, method: &'static str, path: &'static str, venue_now: Timestamp) -> &[u8] {
        let out = &mut *self.out;
        out.clear();
        for part in [method, " ", path] {
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(&self.after_target);
        out.extend_from_slice(TIMESTAMP_HEADER.as_bytes());
        out.extend_from_slice(b": ");
        let timestamp = out.len();
        push_number(out, u64::try_from(venue_now.secs()).unwrap_or_default());
        let signature = l2_signature(&self.creds, &out[timestamp..], method, path, &self.body);
        for part in [b"\r\n", SIGNATURE_HEADER.as_bytes(), b": ", &signature, b"\r\n"] {
            out.extend_from_slice(part);
        }
        push_body(out, Some(&self.body));
        out
    }

    /// The body of an order, member for member as [`brier_polymarket_protocol::order_body::write`] has it.
    fn write_order(&mut self, signed: &SignedOrder, terms: Terms) {
        let SignedOrder { order, expiration, signature } = signed;
        self.know(order.maker);
        self.know(order.signer);
        let (addresses, out) = (&self.addresses, &mut self.body);
        let text =
            |address: Address| addresses.iter().find(|(known, _)| *known == address).map(|(_, text)| text.as_bytes());
        out.clear();
        out.extend_from_slice(b"{\"order\":{\"salt\":");
        push_number(out, order.salt);
        out.extend_from_slice(b",\"maker\":\"");
        out.extend_from_slice(text(order.maker).unwrap_or_default());
        out.extend_from_slice(b"\",\"signer\":\"");
        out.extend_from_slice(text(order.signer).unwrap_or_default());
        out.extend_from_slice(b"\",\"tokenId\":\"");
        push_u256(out, order.token.0);
        out.extend_from_slice(b"\",\"makerAmount\":\"");
        push_number(out, order.maker_amount);
        out.extend_from_slice(b"\",\"takerAmount\":\"");
        push_number(out, order.taker_amount);
        out.extend_from_slice(b"\",\"side\":\"");
        out.extend_from_slice(order.side.word().as_bytes());
        out.extend_from_slice(b"\",\"expiration\":\"");
        push_number(out, *expiration);
        out.extend_from_slice(b"\",\"signatureType\":");
        push_number(out, u64::from(order.signature_type as u8));
        out.extend_from_slice(b",\"timestamp\":\"");
        push_number(out, order.timestamp_ms);
        out.extend_from_slice(b"\",\"metadata\":\"");
        push_hex(out, order.metadata.as_slice());
        out.extend_from_slice(b"\",\"builder\":\"");
        push_hex(out, order.builder.as_slice());
        out.extend_from_slice(b"\",\"signature\":\"");
        push_signature(out, signature);
        out.extend_from_slice(b"\"},\"owner\":");
        push_json_text(out, self.creds.key());
        out.extend_from_slice(b",\"orderType\":\"");
        out.extend_from_slice(terms.kind.word().as_bytes());
        out.extend_from_slice(b"\",\"deferExec\":");
        out.extend_from_slice(word(terms.defer_exec));
        out.extend_from_slice(b",\"postOnly\":");
        out.extend_from_slice(word(terms.post_only));
        out.push(b'}');
    }

    /// Keeps the text of an address: its checksum is a hash.
    fn know(&mut self, address: Address) {
        if !self.addresses.iter().any(|(known, _)| *known == address) {
            // The two of the order that is being written stay.
            if self.addresses.len() >= MOST_ADDRESSES {
                self.addresses.remove(0);
            }
            self.addresses.push((address, address.to_string()));
        }
    }
}

const fn word(is_set: bool) -> &'static [u8] {
    if is_set { b"true" } else { b"false" }
}

fn push_digits_of(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"0x");
    push_digits_of(out, bytes);
}

fn push_signature(out: &mut Vec<u8>, signature: &Signature) {
    match signature {
        Signature::Ecdsa(signature) => push_hex(out, &signature.0),
        Signature::DepositWallet { owner, domain_separator, contents } => {
            push_hex(out, &owner.0);
            push_digits_of(out, domain_separator.as_slice());
            push_digits_of(out, contents.as_slice());
            push_digits_of(out, ORDER_TYPE.as_bytes());
            push_digits_of(out, &(ORDER_TYPE.len() as u16).to_be_bytes());
        }
    }
}

/// A number of up to 78 digits, in words of 19.
fn push_u256(out: &mut Vec<u8>, mut value: U256) {
    let mut words = [0_u64; 5];
    let mut most = 0;
    for (at, word) in words.iter_mut().enumerate() {
        let (rest, low) = value.div_rem(U256::from(WORD));
        *word = low.as_limbs()[0];
        value = rest;
        if *word != 0 {
            most = at;
        }
    }
    push_number(out, words[most]);
    for word in words[..most].iter().rev() {
        push_digits(out, *word, WORD_DIGITS);
    }
}
