//! Vectors of headers.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Unusable, Vector};
use crate::auth::{ApiCreds, WalletKey, builder_headers, l1_headers, l2_headers, l2_message, quoted};
use crate::contracts::Chain;
use crate::us::{UsKey, us_message};

pub(super) fn chain(id: u64) -> Result<Chain, Unusable> {
    Chain::from_id(id).ok_or_else(|| Unusable::new("input.chain_id", "137 or 80002", id.to_string()))
}

pub(super) fn key(hex: &str) -> Result<WalletKey, Unusable> {
    WalletKey::from_hex(hex).map_err(|error| Unusable::new("input.private_key", "a private key", error.to_string()))
}

pub(super) fn headers(pairs: &[(&'static str, &str)]) -> Value {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect::<Map<_, _>>().into()
}

#[derive(Deserialize)]
struct L1 {
    private_key: String,
    chain_id: u64,
    timestamp: u64,
    nonce: u64,
}

pub(super) fn l1_auth(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: L1 = serde_json::from_str(vector.input.get())?;
    let made = l1_headers(&key(&input.private_key)?, chain(input.chain_id)?, input.timestamp, input.nonce);
    Ok(json!({ "headers": headers(&made.pairs()) }))
}

/// Credentials, as several kinds have them among their members.
#[derive(Deserialize)]
pub(super) struct Creds {
    api_key: String,
    secret: String,
    passphrase: String,
}

impl Creds {
    pub(super) fn read(&self) -> Result<ApiCreds, Unusable> {
        ApiCreds::new(&self.api_key, &self.secret, &self.passphrase)
            .map_err(|error| Unusable::new("input.secret", "API credentials", error.to_string()))
    }
}

#[derive(Deserialize)]
struct Hmac {
    private_key: Option<String>,
    #[serde(flatten)]
    creds: Creds,
    timestamp: u64,
    method: String,
    path: String,
    body: Option<String>,
}

impl Hmac {
    /// The body as the client that made the vector hashes it: the Python clients of the order book and the Rust ones put
    /// quotation marks in the place of apostrophes.
    fn body(&self, produced_by: &str) -> String {
        let body = self.body.clone().unwrap_or_default();
        let replaces = ["py-", "py_", "polymarket_client_sdk"].iter().any(|client| produced_by.starts_with(client));
        if replaces { String::from_utf8(quoted(body.as_bytes())).unwrap_or(body) } else { body }
    }
}

pub(super) fn l2_hmac(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Hmac = serde_json::from_str(vector.input.get())?;
    let missing = || Unusable::new("input.private_key", "a private key", "nothing");
    let (key, body) = (key(input.private_key.as_deref().ok_or_else(missing)?)?, input.body(vector.produced_by));
    let made =
        l2_headers(&input.creds.read()?, key.address(), input.timestamp, &input.method, &input.path, body.as_bytes());
    let message = l2_message(input.timestamp, &input.method, &input.path, &body);
    Ok(json!({ "message": message, "headers": headers(&made.pairs()) }))
}

pub(super) fn builder_hmac(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Hmac = serde_json::from_str(vector.input.get())?;
    let body = input.body(vector.produced_by);
    let made = builder_headers(&input.creds.read()?, input.timestamp, &input.method, &input.path, body.as_bytes());
    let message = l2_message(input.timestamp, &input.method, &input.path, &body);
    Ok(json!({ "message": message, "headers": headers(&made.pairs()) }))
}

#[derive(Deserialize)]
struct Us {
    key_id: String,
    secret_key: String,
    method: String,
    path: String,
    timestamp_ms: u64,
}

pub(super) fn us_ed25519(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Us = serde_json::from_str(vector.input.get())?;
    let key = UsKey::new(&input.key_id, &input.secret_key)
        .map_err(|error| Unusable::new("input.secret_key", "a secret key", error.to_string()))?;
    let made = key.headers(input.timestamp_ms, &input.method, &input.path);
    let message = us_message(input.timestamp_ms, &input.method, &input.path);
    Ok(json!({ "message": message, "headers": headers(&made.pairs()) }))
}
