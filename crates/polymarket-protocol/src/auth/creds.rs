//! API credentials: key, secret and passphrase, as the venue issues them.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

/// Padding or none, and whatever the unused bits of the last character are: as every official client decodes.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Credentials that cannot be used. It says nothing about what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredsError {
    /// The secret is no base64.
    #[error("API secret: expected base64 of either alphabet, found something else; create or derive the key again")]
    Secret,
    /// A part is missing.
    #[error("API {part}: expected a text, found an empty one; create or derive the key again")]
    Empty {
        /// Which.
        part: &'static str,
    },
    /// A part cannot go into a header.
    #[error("API {part}: expected visible ASCII, found another character; create or derive the key again")]
    Character {
        /// Which.
        part: &'static str,
    },
}

/// The secret under which requests are hashed. Overwritten on drop, never printed.
#[derive(Clone)]
pub struct ApiSecret {
    text: Zeroizing<String>,
    key: Zeroizing<Vec<u8>>,
}

impl ApiSecret {
    /// Reads base64 of either alphabet, padded or not.
    ///
    /// # Errors
    /// [`CredsError`] if it is none or empty.
    pub fn new(text: &str) -> Result<Self, CredsError> {
        if text.is_empty() {
            return Err(CredsError::Empty { part: "secret" });
        }
        let mut alphabet: Vec<u8> = text.bytes().map(url_safe).collect();
        let key = URL_SAFE.decode(&alphabet);
        alphabet.zeroize();
        let key = Zeroizing::new(key.map_err(|_no_base64| CredsError::Secret)?);
        Ok(Self { text: Zeroizing::new(text.to_owned()), key })
    }

    /// The text as issued, to be stored and nothing else.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// HMAC-SHA-256 over the parts, one after the other.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

const fn url_safe(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ApiSecret(***)")
    }
}

/// Credentials of one API key.
#[derive(Clone)]
pub struct ApiCreds {
    key: String,
    secret: ApiSecret,
    passphrase: Zeroizing<String>,
}

impl ApiCreds {
    /// Credentials of these three texts, as the venue issued them.
    ///
    /// # Errors
    /// [`CredsError`] if a part is empty, cannot go into a header, or the secret is no base64.
    pub fn new(key: &str, secret: &str, passphrase: &str) -> Result<Self, CredsError> {
        for (part, text) in [("key", key), ("passphrase", passphrase)] {
            if text.is_empty() {
                return Err(CredsError::Empty { part });
            }
            if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(CredsError::Character { part });
            }
        }
        let (key, secret) = (key.to_owned(), ApiSecret::new(secret)?);
        Ok(Self { key, secret, passphrase: Zeroizing::new(passphrase.to_owned()) })
    }

    /// The key's id, a UUID.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The secret.
    pub const fn secret(&self) -> &ApiSecret {
        &self.secret
    }

    /// The passphrase, to be sent or stored and nothing else.
    pub fn expose_passphrase(&self) -> &str {
        &self.passphrase
    }
}

impl fmt::Debug for ApiCreds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ApiCreds {{ key: {}, secret: ***, passphrase: *** }}", self.key)
    }
}
