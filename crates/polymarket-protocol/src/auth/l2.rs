//! Level 2: an HMAC over time, method, path and body, under the secret of an API key; builders sign alike.
//!
//! Source: reference, sections 3.2 and 3.4, 2026-11-20.

use alloy_primitives::Address;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hmac::Mac as _;

use super::{
    ADDRESS_HEADER, API_KEY_HEADER, ApiCreds, ApiSecret, BUILDER_API_KEY_HEADER, BUILDER_PASSPHRASE_HEADER,
    BUILDER_SIGNATURE_HEADER, BUILDER_TIMESTAMP_HEADER, PASSPHRASE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER,
};

/// The path of a request target: what is signed of it. The query is not.
fn signed_path(target: &str) -> &str {
    target.split(['?', '#']).next().unwrap_or(target)
}

/// What is hashed: time, method, path and body, joined by nothing. A query on the path is cut off.
pub fn l2_message(timestamp: u64, method: &str, path: &str, body: &str) -> String {
    format!("{timestamp}{method}{}{body}", signed_path(path))
}

fn sign(secret: &ApiSecret, timestamp: &str, method: &str, path: &str, body: &[u8]) -> String {
    let parts = [timestamp.as_bytes(), method.as_bytes(), signed_path(path).as_bytes(), body];
    URL_SAFE.encode(secret.mac(&parts).finalize().into_bytes())
}

/// Length of a signature: HMAC-SHA-256 in padded base64url.
pub const L2_SIGNATURE_LEN: usize = 44;

/// The signature alone, without allocating: what [`l2_headers`] gives for the same parts. `timestamp` as it is sent.
pub fn l2_signature(
    creds: &ApiCreds,
    timestamp: &[u8],
    method: &str,
    path: &str,
    body: &[u8],
) -> [u8; L2_SIGNATURE_LEN] {
    let mac = creds.secret().mac(&[timestamp, method.as_bytes(), signed_path(path).as_bytes(), body]);
    let mut out = [0; L2_SIGNATURE_LEN];
    let written = URL_SAFE.encode_slice(mac.finalize().into_bytes(), &mut out);
    debug_assert_eq!(written, Ok(L2_SIGNATURE_LEN), "32 bytes are 44 characters");
    out
}

/// The headers of a level 2 request.
#[derive(Clone, PartialEq, Eq)]
pub struct L2Headers {
    /// The wallet that owns the key, with its checksum.
    pub address: String,
    /// The HMAC in padded base64url.
    pub signature: String,
    /// Unix seconds.
    pub timestamp: String,
    /// The API key.
    pub api_key: String,
    /// The passphrase: a secret.
    pub passphrase: String,
}

impl L2Headers {
    /// Names and values.
    pub fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            (ADDRESS_HEADER, &self.address),
            (SIGNATURE_HEADER, &self.signature),
            (TIMESTAMP_HEADER, &self.timestamp),
            (API_KEY_HEADER, &self.api_key),
            (PASSPHRASE_HEADER, &self.passphrase),
        ]
    }
}

impl std::fmt::Debug for L2Headers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "L2Headers {{ address: {}, timestamp: {}, api_key: {}, .. }}",
            self.address, self.timestamp, self.api_key
        )
    }
}

/// Signs a request at `timestamp`, in Unix seconds. `body` is what is sent, byte for byte, or empty.
pub fn l2_headers(
    creds: &ApiCreds,
    address: Address,
    timestamp: u64,
    method: &str,
    path: &str,
    body: &[u8],
) -> L2Headers {
    let timestamp = timestamp.to_string();
    L2Headers {
        address: address.to_string(),
        signature: sign(creds.secret(), &timestamp, method, path, body),
        timestamp,
        api_key: creds.key().to_owned(),
        passphrase: creds.expose_passphrase().to_owned(),
    }
}

/// The headers of a builder's request, to the relayer or for reads of his own.
#[derive(Clone, PartialEq, Eq)]
pub struct BuilderHeaders {
    /// The builder's API key.
    pub api_key: String,
    /// Unix seconds.
    pub timestamp: String,
    /// The passphrase: a secret.
    pub passphrase: String,
    /// The HMAC in padded base64url.
    pub signature: String,
}

impl BuilderHeaders {
    /// Names and values.
    pub fn pairs(&self) -> [(&'static str, &str); 4] {
        [
            (BUILDER_API_KEY_HEADER, &self.api_key),
            (BUILDER_TIMESTAMP_HEADER, &self.timestamp),
            (BUILDER_PASSPHRASE_HEADER, &self.passphrase),
            (BUILDER_SIGNATURE_HEADER, &self.signature),
        ]
    }
}

impl std::fmt::Debug for BuilderHeaders {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "BuilderHeaders {{ api_key: {}, timestamp: {}, .. }}", self.api_key, self.timestamp)
    }
}

/// Signs a builder's request at `timestamp`, in Unix seconds.
pub fn builder_headers(creds: &ApiCreds, timestamp: u64, method: &str, path: &str, body: &[u8]) -> BuilderHeaders {
    let timestamp = timestamp.to_string();
    BuilderHeaders {
        api_key: creds.key().to_owned(),
        signature: sign(creds.secret(), &timestamp, method, path, body),
        timestamp,
        passphrase: creds.expose_passphrase().to_owned(),
    }
}

/// Whether a request was signed under this secret: the texts of time, method, path and signature as they were received, and
/// the raw body. Compared in constant time. A builder's request is verified alike.
///
/// A body with apostrophes also passes when hashed with quotation marks in their place: that is what the Python and Rust
/// clients hash, though they send the apostrophes.
pub fn verify_l2(secret: &ApiSecret, timestamp: &str, method: &str, path: &str, body: &[u8], signature: &str) -> bool {
    let Ok(claimed) = URL_SAFE.decode(signature) else { return false };
    let verifies = |body: &[u8]| {
        let parts = [timestamp.as_bytes(), method.as_bytes(), signed_path(path).as_bytes(), body];
        secret.mac(&parts).verify_slice(&claimed).is_ok()
    };
    verifies(body) || (body.contains(&b'\'') && verifies(&quoted(body)))
}

/// The body with quotation marks in place of apostrophes.
pub(crate) fn quoted(body: &[u8]) -> Vec<u8> {
    body.iter().map(|byte| if *byte == b'\'' { b'"' } else { *byte }).collect()
}
