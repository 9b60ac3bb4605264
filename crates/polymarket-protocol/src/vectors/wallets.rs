//! Vectors of wallets, of what their owners sign for the relayer, and of books.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{chain, key};
use super::{Unusable, Vector};
use crate::book_hash::{self, HashInput};
use crate::wallet::{self, Call, SafeOperation, SafeTx};
use crate::wire::Num;

#[derive(Deserialize)]
struct Book<'a> {
    #[serde(borrow)]
    book: HashInput<'a>,
}

pub(super) fn book_hash(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Book<'_> = serde_json::from_str(vector.input.get())?;
    Ok(json!({ "hash": book_hash::hash(&input.book) }))
}

fn address(field: &str, text: &str) -> Result<Address, Unusable> {
    text.parse().map_err(|_no_address| Unusable::new(field, "an address", text))
}

fn number(field: &str, number: &Num) -> Result<U256, Unusable> {
    U256::from_str_radix(number.as_str(), 10)
        .map_err(|_no_integer| Unusable::new(field, "a decimal integer", number.as_str()))
}

fn bytes(field: &str, text: &str) -> Result<Bytes, Unusable> {
    text.parse().map_err(|_no_hex| Unusable::new(field, "0x and hex digits", text))
}

#[derive(Deserialize)]
struct Owner {
    owner: String,
}

pub(super) fn wallet_derivation(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Owner = serde_json::from_str(vector.input.get())?;
    let owner = address("input.owner", &input.owner)?;
    Ok(json!({
        "safe": wallet::safe(owner).to_string(),
        "proxy": wallet::proxy(owner).to_string(),
        "deposit_wallet_uups": wallet::early_deposit_wallet(owner).to_string(),
        "deposit_wallet_beacon": wallet::deposit_wallet(owner).to_string(),
    }))
}

#[derive(Deserialize)]
struct SafeInput {
    private_key: String,
    chain_id: u64,
    safe: String,
    to: String,
    value: Num,
    data: String,
    operation: u8,
    nonce: Num,
}

pub(super) fn safe_tx(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: SafeInput = serde_json::from_str(vector.input.get())?;
    let data = bytes("input.data", &input.data)?;
    let transaction = SafeTx {
        to: address("input.to", &input.to)?,
        value: number("input.value", &input.value)?,
        data: &data,
        operation: SafeOperation::from_number(input.operation)
            .ok_or_else(|| Unusable::new("input.operation", "0 or 1", input.operation.to_string()))?,
        nonce: number("input.nonce", &input.nonce)?,
    };
    let (chain, safe) = (chain(input.chain_id)?, address("input.safe", &input.safe)?);
    let hash: B256 = transaction.hash(chain, safe);
    let signature = transaction.sign(chain, safe, &key(&input.private_key)?);
    Ok(json!({ "safe_tx_hash": hash.to_string(), "signature": signature.to_string() }))
}

#[derive(Deserialize)]
struct BatchCall {
    target: String,
    value: Num,
    data: String,
}

#[derive(Deserialize)]
struct Batch {
    private_key: String,
    chain_id: u64,
    wallet: String,
    nonce: Num,
    deadline: u64,
    calls: Vec<BatchCall>,
}

pub(super) fn deposit_wallet_batch(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Batch = serde_json::from_str(vector.input.get())?;
    let read = |call: &BatchCall| {
        let target = address("input.calls.target", &call.target)?;
        Ok((target, number("input.calls.value", &call.value)?, bytes("input.calls.data", &call.data)?))
    };
    let calls = input.calls.iter().map(read).collect::<Result<Vec<_>, Unusable>>()?;
    let calls: Vec<_> =
        calls.iter().map(|(target, value, data)| Call { target: *target, value: *value, data }).collect();
    let (chain, wallet) = (chain(input.chain_id)?, address("input.wallet", &input.wallet)?);
    let (nonce, key) = (number("input.nonce", &input.nonce)?, key(&input.private_key)?);
    let digest = wallet::deposit_wallet_batch_digest(chain, wallet, nonce, input.deadline, &calls);
    let signature = wallet::sign_deposit_wallet_batch(chain, wallet, nonce, input.deadline, &calls, &key);
    Ok(json!({ "digest": digest.to_string(), "signature": signature.to_string() }))
}
