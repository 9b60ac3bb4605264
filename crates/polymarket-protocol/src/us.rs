//! Requests to Polymarket US: an Ed25519 signature over time, method and path.
//!
//! Invariants: neither body nor query is signed; the secret is overwritten on drop and never printed. Not here: anything
//! else of Polymarket US, which shares no host, key or order form with the venue on Polygon.
//!
//! Source: reference, section 17.1, 2026-11-20.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

/// The key's id.
pub const ACCESS_KEY_HEADER: &str = "X-PM-Access-Key";
/// Unix milliseconds in decimal digits.
pub const TIMESTAMP_HEADER: &str = "X-PM-Timestamp";
/// The signature in padded base64.
pub const SIGNATURE_HEADER: &str = "X-PM-Signature";
/// How far the time of signing may lie from the server's clock, in milliseconds.
pub const TIMESTAMP_WINDOW_MS: u64 = 30_000;

/// A text is no secret key. It says nothing about what the text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Polymarket US secret key: expected base64 of 32 or 64 bytes, found something else; make a new key in the app")]
pub struct UsKeyError;

/// The key of a Polymarket US account.
pub struct UsKey {
    id: String,
    signing: SigningKey,
}

impl UsKey {
    /// The key with this id and secret: base64 of 32 bytes, or of 64 of which the first 32 are the seed.
    ///
    /// # Errors
    /// [`UsKeyError`] if the secret is none.
    pub fn new(id: &str, secret: &str) -> Result<Self, UsKeyError> {
        let bytes = Zeroizing::new(STANDARD.decode(secret).map_err(|_no_base64| UsKeyError)?);
        if bytes.len() != 32 && bytes.len() != 64 {
            return Err(UsKeyError);
        }
        let seed = bytes.first_chunk::<32>().ok_or(UsKeyError)?;
        Ok(Self { id: id.to_owned(), signing: SigningKey::from_bytes(seed) })
    }

    /// The public half.
    pub fn verifying(&self) -> VerifyingKey {
        self.signing.verifying_key()
    }

    /// Signs a request at this time. A query on the path is cut off.
    pub fn headers(&self, timestamp_ms: u64, method: &str, path: &str) -> UsHeaders {
        let signature = self.signing.sign(us_message(timestamp_ms, method, path).as_bytes());
        UsHeaders {
            access_key: self.id.clone(),
            timestamp: timestamp_ms.to_string(),
            signature: STANDARD.encode(signature.to_bytes()),
        }
    }
}

impl fmt::Debug for UsKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "UsKey({})", self.id)
    }
}

/// What is signed.
pub fn us_message(timestamp_ms: u64, method: &str, path: &str) -> String {
    format!("{timestamp_ms}{method}{}", path.split(['?', '#']).next().unwrap_or(path))
}

/// The headers of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsHeaders {
    /// The key's id.
    pub access_key: String,
    /// Unix milliseconds.
    pub timestamp: String,
    /// In padded base64.
    pub signature: String,
}

impl UsHeaders {
    /// Names and values.
    pub fn pairs(&self) -> [(&'static str, &str); 3] {
        [
            (ACCESS_KEY_HEADER, &self.access_key),
            (TIMESTAMP_HEADER, &self.timestamp),
            (SIGNATURE_HEADER, &self.signature),
        ]
    }
}

/// Whether the texts of a request were signed by this key.
pub fn verify_us(key: &VerifyingKey, timestamp: &str, method: &str, path: &str, signature: &str) -> bool {
    let Ok(timestamp) = timestamp.parse::<u64>() else { return false };
    let Ok(bytes) = STANDARD.decode(signature) else { return false };
    let Ok(signature) = Signature::from_slice(&bytes) else { return false };
    key.verify_strict(us_message(timestamp, method, path).as_bytes(), &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

    #[test]
    fn what_is_signed_verifies() {
        let key = UsKey::new("id", SECRET).unwrap();
        let made = key.headers(1_763_600_000_000, "GET", "/v1/orders/open?slugs=a");
        let check =
            |time: &str, method: &str, path: &str| verify_us(&key.verifying(), time, method, path, &made.signature);
        assert!(check("1763600000000", "GET", "/v1/orders/open"));
        assert!(!check("1763600000001", "GET", "/v1/orders/open"));
        assert!(!check("1763600000000", "POST", "/v1/orders/open"));
        assert!(!check("1763600000000", "GET", "/v1/orders"));
        assert!(!verify_us(&key.verifying(), "1763600000000", "GET", "/v1/orders/open", "AAAA"));
    }

    #[test]
    fn a_secret_has_32_or_64_bytes_and_is_not_shown() {
        let long = STANDARD.encode([STANDARD.decode(SECRET).unwrap(), vec![0; 32]].concat());
        let (short, long) = (UsKey::new("id", SECRET).unwrap(), UsKey::new("id", &long).unwrap());
        assert_eq!(short.verifying(), long.verifying());
        assert!(matches!(UsKey::new("id", "AAAA"), Err(UsKeyError)));
        assert!(matches!(UsKey::new("id", "?"), Err(UsKeyError)));
        assert_eq!(format!("{short:?}"), "UsKey(id)");
    }
}
