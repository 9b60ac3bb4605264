//! A key with its id, and the doors through which both come in: file, text, environment.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use brier_connect::line::push_number;
use brier_connect::private_file::{self, Problem};
use brier_kalshi_protocol::auth;
use brier_kalshi_protocol::rest::Method;
use brier_types::Timestamp;
use zeroize::Zeroizing;

use super::{KeyError, KeyKind, PrivateKey, PublicKey};

/// Environment variable with the key id.
pub const ENV_KEY_ID: &str = "KALSHI_KEY_ID";
/// Environment variable with the path of the key's PEM file.
pub const ENV_PRIVATE_KEY_PATH: &str = "KALSHI_PRIVATE_KEY_PATH";
/// Environment variable with the key's PEM text itself.
pub const ENV_PRIVATE_KEY: &str = "KALSHI_PRIVATE_KEY";

/// A key id with its private key: what signs requests. Cheap to clone; `Debug` shows the id and the kind only.
#[derive(Clone)]
pub struct Credentials {
    key_id: Arc<str>,
    key: Arc<PrivateKey>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Credentials")
            .field("key_id", &self.key_id)
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Joins an id, as the venue shows it (a UUID), with its key.
    ///
    /// # Errors
    /// [`KeyError::KeyId`] when the id cannot stand in a header.
    pub fn new(key_id: &str, key: PrivateKey) -> Result<Self, KeyError> {
        let key_id = key_id.trim();
        if key_id.is_empty() || key_id.len() > 128 || !key_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::KeyId);
        }
        Ok(Self { key_id: key_id.into(), key: Arc::new(key) })
    }

    /// Reads the key from PEM text; see [`PrivateKey::from_pem`].
    ///
    /// # Errors
    /// Those of [`PrivateKey::from_pem`] and [`Credentials::new`].
    pub fn from_pem(key_id: &str, pem: &str) -> Result<Self, KeyError> {
        Self::new(key_id, PrivateKey::from_pem(pem)?)
    }

    /// Reads the key from a PEM file that only its owner may touch.
    ///
    /// # Errors
    /// [`KeyError::Permissions`] when group or others have any right to the file, [`KeyError::Io`],
    /// [`KeyError::NotAFile`], and those of [`Credentials::from_pem`].
    pub fn from_file(key_id: &str, path: &Path) -> Result<Self, KeyError> {
        Self::from_pem(key_id, &read_private(path)?)
    }

    /// Reads id and key from the environment: [`ENV_KEY_ID`] with either [`ENV_PRIVATE_KEY_PATH`] or
    /// [`ENV_PRIVATE_KEY`]. `None` when none of the three is set.
    ///
    /// # Errors
    /// [`KeyError::Environment`] when half is missing or both forms are given, and those of [`Credentials::from_file`].
    pub fn from_env() -> Result<Option<Self>, KeyError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// As [`Credentials::from_env`], with the environment given as a function. An empty value counts as unset.
    ///
    /// # Errors
    /// As [`Credentials::from_env`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, KeyError> {
        let lookup = |name| lookup(name).filter(|value| !value.trim().is_empty());
        let text = lookup(ENV_PRIVATE_KEY).map(Zeroizing::new);
        match (lookup(ENV_KEY_ID), lookup(ENV_PRIVATE_KEY_PATH), text) {
            (None, None, None) => Ok(None),
            (Some(_), Some(_), Some(_)) => Err(KeyError::Environment {
                problem: "both KALSHI_PRIVATE_KEY_PATH and KALSHI_PRIVATE_KEY are set; unset one of them",
            }),
            (Some(key_id), Some(path), None) => Self::from_file(&key_id, Path::new(&path)).map(Some),
            (Some(key_id), None, Some(text)) => Self::from_pem(&key_id, &text).map(Some),
            (Some(_), None, None) => Err(KeyError::Environment {
                problem: "KALSHI_KEY_ID is set without a key; set KALSHI_PRIVATE_KEY_PATH to its PEM file",
            }),
            (None, _, _) => Err(KeyError::Environment {
                problem: "a private key is set without KALSHI_KEY_ID; set it to the key's id",
            }),
        }
    }

    /// The key id.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Which kind the key is.
    pub fn kind(&self) -> KeyKind {
        self.key.kind()
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    /// The signature of `message` as it goes into the header: base64, standard alphabet, padded.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn sign_base64(&self, message: &[u8]) -> Result<String, KeyError> {
        Ok(STANDARD.encode(self.key.sign(message)?))
    }

    /// Appends the lines of the three headers of a request whose method and path are the bytes `signed`, joined as they are
    /// signed. Allocates nothing but the growth of `out`, whose end serves as scratch meanwhile.
    pub(crate) fn push_headers(&self, out: &mut Vec<u8>, now: Timestamp, signed: &[&[u8]]) -> Result<(), KeyError> {
        const END: &[u8] = b"\r\n";
        let start = out.len();
        let millis = now.millis().unsigned_abs();
        push_number(out, millis);
        for part in signed {
            out.extend_from_slice(part);
        }
        let mut signature = [0; PrivateKey::MAX_SIGNATURE];
        let length = self.key.sign_into(&out[start..], &mut signature);
        out.truncate(start);
        let length = length?;
        for part in [auth::KEY_HEADER.as_bytes(), b": ", self.key_id.as_bytes(), END, auth::TIMESTAMP_HEADER.as_bytes()]
        {
            out.extend_from_slice(part);
        }
        out.extend_from_slice(b": ");
        push_number(out, millis);
        for part in [END, auth::SIGNATURE_HEADER.as_bytes(), b": "] {
            out.extend_from_slice(part);
        }
        let start = out.len();
        out.resize(start + length.div_ceil(3) * 4, 0);
        STANDARD.encode_slice(&signature[..length], &mut out[start..]).expect("base64 takes four bytes for three");
        out.extend_from_slice(END);
        Ok(())
    }

    /// The three headers of a request or a WebSocket handshake: `path` as it goes on the wire, without its query.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn sign_request(
        &self,
        now: Timestamp,
        method: Method,
        path: &str,
    ) -> Result<[(&'static str, String); 3], KeyError> {
        let signature = self.sign_base64(auth::signing_string(now, method, path).as_bytes())?;
        Ok([
            (auth::KEY_HEADER, self.key_id.to_string()),
            (auth::TIMESTAMP_HEADER, now.millis().to_string()),
            (auth::SIGNATURE_HEADER, signature),
        ])
    }
}

/// Reads a private file.
fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    private_file::read(path).map_err(|problem| match problem {
        Problem::Io(source) => KeyError::Io { path: path.into(), source },
        Problem::Permissions(mode) => KeyError::Permissions { path: path.into(), mode },
        Problem::NotAFile => KeyError::NotAFile { path: path.into() },
    })
}
