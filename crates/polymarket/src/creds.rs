//! API credentials on disk: stored once beside the wallet key, used again at the next start.
//!
//! Invariants: the file is readable by its owner only, and is replaced whole or not at all; credentials are bound to the
//! wallet and the host they were made for, so that those of another are never sent; nothing of them is printed.
//!
//! Source: reference, section 3.3, 2026-11-20.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use brier_polymarket_protocol::auth::{ApiCreds, CredsError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::env::Env;
use brier_connect::private_file::{self, Problem};

/// Why stored credentials cannot be used. Never carries one of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be read or written.
    #[error("credentials file {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody other than the owner may touch the file.
    #[error("credentials file {path}: expected permissions 0600 or stricter, found {mode:04o}; run `chmod 600 {path}`")]
    Permissions {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no credentials file.
    #[error(
        "credentials file {path}: expected credentials of wallet and host as JSON, found something else; delete it"
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// The venue gave credentials that cannot be used, or the file holds such.
    #[error(transparent)]
    Creds(#[from] CredsError),
}

/// Where the credentials of one wallet at one host are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredsFile {
    path: PathBuf,
    host: String,
}

/// The file's text, borrowed: what is secret in it is wiped where it is owned.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    host: Cow<'a, str>,
    address: Cow<'a, str>,
    nonce: u64,
    api_key: &'a str,
    secret: &'a str,
    passphrase: &'a str,
}

impl CredsFile {
    /// The file beside the wallet key at `key_path` for this environment: `wallet.key` has `wallet.key.<host>.creds`.
    pub fn beside(key_path: &Path, env: &Env) -> Self {
        let mut name = key_path.file_name().unwrap_or_default().to_owned();
        let host = host_of(env);
        name.push(format!(
            ".{}.creds",
            host.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-', "_")
        ));
        Self { path: key_path.with_file_name(name), host }
    }

    /// The file at `path` for this environment.
    pub fn at(path: PathBuf, env: &Env) -> Self {
        Self { path, host: host_of(env) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The credentials of this wallet and nonce, or `None` when there are none or those of another.
    ///
    /// # Errors
    /// [`StoreError`]: the file is there and cannot be used.
    pub fn load(&self, address: Address, nonce: u64) -> Result<Option<ApiCreds>, StoreError> {
        let text = match private_file::read(&self.path) {
            Ok(text) => text,
            Err(Problem::Io(source)) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(Problem::Io(source)) => return Err(StoreError::Io { path: self.path.clone(), source }),
            Err(Problem::Permissions(mode)) => return Err(StoreError::Permissions { path: self.path.clone(), mode }),
            Err(Problem::NotAFile) => return Err(StoreError::Malformed { path: self.path.clone() }),
        };
        let stored: Stored<'_> =
            serde_json::from_str(&text).map_err(|_malformed| StoreError::Malformed { path: self.path.clone() })?;
        if stored.host != self.host || stored.address != address.to_string() || stored.nonce != nonce {
            return Ok(None);
        }
        Ok(Some(ApiCreds::new(stored.api_key, stored.secret, stored.passphrase)?))
    }

    /// Keeps the credentials, whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn save(&self, address: Address, nonce: u64, creds: &ApiCreds) -> Result<(), StoreError> {
        let stored = Stored {
            host: Cow::Borrowed(&self.host),
            address: Cow::Owned(address.to_string()),
            nonce,
            api_key: creds.key(),
            secret: creds.secret().expose(),
            passphrase: creds.expose_passphrase(),
        };
        let text = Zeroizing::new(serde_json::to_string_pretty(&stored).expect("texts and a number are JSON"));
        private_file::write(&self.path, &text).map_err(|source| StoreError::Io { path: self.path.clone(), source })
    }
}

fn host_of(env: &Env) -> String {
    let clob = env.hosts().clob;
    let host = clob.host_str().unwrap_or_default();
    clob.port().map_or_else(|| host.to_owned(), |port| format!("{host}-{port}"))
}

impl fmt::Display for CredsFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_come_back_to_their_wallet_and_host_only() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::local("http://127.0.0.1:8820").unwrap();
        let file = CredsFile::beside(&folder.path().join("wallet.key"), &env);
        assert!(file.path().ends_with("wallet.key.127.0.0.1-8820.creds"), "{file}");
        let (mine, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
        assert!(file.load(mine, 0).unwrap().is_none());
        let creds = ApiCreds::new("019a", "c2VjcmV0", "open").unwrap();
        file.save(mine, 0, &creds).unwrap();
        file.save(mine, 0, &creds).unwrap();
        let loaded = file.load(mine, 0).unwrap().unwrap();
        assert_eq!((loaded.key(), loaded.secret().expose(), loaded.expose_passphrase()), ("019a", "c2VjcmV0", "open"));
        assert!(file.load(other, 0).unwrap().is_none() && file.load(mine, 1).unwrap().is_none());
        let elsewhere = CredsFile::at(file.path().to_owned(), &Env::Production);
        assert!(elsewhere.load(mine, 0).unwrap().is_none());
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |mode| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(std::fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
            mode(0o644);
            assert!(matches!(file.load(mine, 0), Err(StoreError::Permissions { .. })));
            mode(0o600);
        }
        std::fs::write(file.path(), "{}").unwrap();
        assert!(matches!(file.load(mine, 0), Err(StoreError::Malformed { .. })));
    }
}
