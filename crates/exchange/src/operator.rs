//! The operator: the user an exchange starts with, the two key pairs to paste into an SDK of Kalshi's, and a wallet for one of
//! Polymarket's.
//!
//! Two, because SDKs differ in what they read: the TypeScript SDK 3.30 fails with Ed25519, everything else is faster with
//! it. Private keys stay in the data folder, readable by their owner only; the journal knows the public halves.
//!
//! Source: reference sections 3.3 and 18, 2026-11-20.

use std::fmt;
use std::path::{Path, PathBuf};

use brier_kalshi::keys::{KeyError, KeyKind, PrivateKey};
use brier_polymarket_protocol::auth::WalletKey;
use zeroize::Zeroizing;

/// The operator's user and keys.
#[derive(Clone, Debug)]
pub struct OperatorKeys {
    /// The user, as orders name it.
    pub user_id: String,
    /// For every SDK.
    pub rsa: OperatorKey,
    /// For all but the TypeScript SDK 3.30; signs in microseconds.
    pub ed25519: OperatorKey,
}

/// One of the operator's key pairs.
#[derive(Clone)]
pub struct OperatorKey {
    /// What the key is called in requests.
    pub key_id: String,
    /// Where the private half is; absent without a data folder.
    pub path: Option<PathBuf>,
    /// The private half, as PKCS#8 PEM text. Wiped when dropped.
    pub private_pem: Zeroizing<String>,
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OperatorKey").field("key_id", &self.key_id).field("path", &self.path).finish_non_exhaustive()
    }
}

impl OperatorKeys {
    /// Lines to paste into the official Python SDK, for a server at `rest_url`.
    pub fn python_lines(&self, rest_url: &str) -> String {
        format!(
            "import kalshi_python_sync as kalshi\n\
             settings = kalshi.Configuration(host=\"{rest_url}\")\n\
             settings.api_key_id = \"{}\"\n\
             settings.private_key_pem = open(\"{}\").read()\n\
             client = kalshi.KalshiClient(settings)\n",
            self.ed25519.key_id,
            self.ed25519.shown_path(),
        )
    }

    /// Lines to paste into the official TypeScript SDK, for a server at `rest_url`.
    pub fn typescript_lines(&self, rest_url: &str) -> String {
        format!(
            "const config = new Configuration({{ apiKey: \"{}\", privateKeyPem: readFileSync(\"{}\", \"utf8\"), \
             basePath: \"{rest_url}\" }});\n",
            self.rsa.key_id,
            self.rsa.shown_path(),
        )
    }
}

impl OperatorKey {
    fn shown_path(&self) -> String {
        self.path.as_ref().map_or_else(|| "KEY.pem".to_owned(), |path| path.display().to_string())
    }
}

/// The operator's wallet on the Polymarket face: a key, and the wallets that belong to it, with play money on the EOA and the
/// deposit wallet.
#[derive(Clone)]
pub struct OperatorWallet {
    /// The key's address, maker of orders of signature type 0; with its checksum.
    pub address: String,
    /// The deposit wallet, maker of orders of signature type 3.
    pub deposit_wallet: String,
    /// Where the private key is; absent without a data folder.
    pub path: Option<PathBuf>,
    /// The private key: `0x` and 64 hex digits. Wiped when dropped.
    pub private_key: Zeroizing<String>,
}

impl fmt::Debug for OperatorWallet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OperatorWallet")
            .field("address", &self.address)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl OperatorWallet {
    /// Lines to paste into the official Python SDK (`py-clob-client-v2`), for an order book API at `clob_url`.
    pub fn python_lines(&self, clob_url: &str) -> String {
        let path = self.path.as_ref().map_or_else(|| "WALLET.key".to_owned(), |path| path.display().to_string());
        format!(
            "from py_clob_client_v2 import ClobClient\n\
             client = ClobClient(host=\"{clob_url}\", chain_id=137, key=open(\"{path}\").read().strip())\n\
             client.set_api_creds(client.create_or_derive_api_key())\n",
        )
    }
}

/// Why the operator's keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// A key could not be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key file could not be written.
    #[error("operator key {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The wallet's key file holds no key.
    #[error("operator wallet {path}: {source}; remove the file to get a new wallet, or put the old one back")]
    Wallet {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: brier_polymarket_protocol::auth::KeyError,
    },
}

/// The name under which the journal knows a key of the operator.
pub(crate) const fn name(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Rsa => "operator rsa",
        KeyKind::Ed25519 => "operator ed25519",
    }
}

fn file_name(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Rsa => "operator-rsa.pem",
        KeyKind::Ed25519 => "operator-ed25519.pem",
    }
}

/// The private half as it lies in the data folder, if it does and belongs to `public_pem`.
pub(crate) fn read(
    dir: &Path,
    kind: KeyKind,
    public_pem: &str,
) -> Result<Option<(PathBuf, Zeroizing<String>)>, KeyError> {
    let path = dir.join(file_name(kind));
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    let text = Zeroizing::new(text);
    let fits = PrivateKey::from_pem(&text)?.public_key().to_pem()? == public_pem;
    Ok(fits.then_some((path, text)))
}

const WALLET_FILE: &str = "operator-wallet.key";

/// The operator's wallet key: the one in the data folder, else a new one, which is kept there.
pub(crate) fn wallet_key(dir: Option<&Path>) -> Result<(Option<PathBuf>, Zeroizing<String>, WalletKey), OperatorError> {
    wallet_key_at(dir.map(|dir| dir.join(WALLET_FILE)))
}

/// A wallet key for play money that a file keeps: what is in it, else a new one, which only the file's owner can read.
///
/// # Errors
/// [`OperatorError`] when the file holds no key or cannot be written.
pub fn play_wallet(path: &Path) -> Result<(Zeroizing<String>, WalletKey), OperatorError> {
    wallet_key_at(Some(path.to_owned())).map(|(_, text, key)| (text, key))
}

fn wallet_key_at(path: Option<PathBuf>) -> Result<(Option<PathBuf>, Zeroizing<String>, WalletKey), OperatorError> {
    if let Some(path) = &path
        && let Ok(text) = std::fs::read_to_string(path)
    {
        let text = Zeroizing::new(text.trim().to_owned());
        let key = WalletKey::from_hex(&text).map_err(|source| OperatorError::Wallet { path: path.clone(), source })?;
        return Ok((Some(path.clone()), text, key));
    }
    let mut bytes = Zeroizing::new([0_u8; 32]);
    let key = loop {
        aws_lc_rs::rand::fill(&mut *bytes).map_err(|_unspecified| KeyError::Crypto)?;
        // All but one in 2^127 are keys.
        if let Ok(key) = WalletKey::from_bytes(&bytes) {
            break key;
        }
    };
    let text = Zeroizing::new(format!("0x{}", alloy_primitives::hex::encode(*bytes)));
    if let Some(path) = &path {
        write_private(path.clone(), &text)?;
    }
    Ok((path, text, key))
}

/// Writes a private half where only its owner may read it.
pub(crate) fn write(dir: &Path, kind: KeyKind, pem: &str) -> Result<PathBuf, OperatorError> {
    write_private(dir.join(file_name(kind)), pem)
}

fn write_private(path: PathBuf, pem: &str) -> Result<PathBuf, OperatorError> {
    let written = create_private(&path).and_then(|mut file| {
        std::io::Write::write_all(&mut file, pem.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(path),
        Err(source) => Err(OperatorError::Io { path, source }),
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // A file that was there before keeps its own mode otherwise.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::create(path)
}
