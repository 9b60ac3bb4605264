//! The wallet that signs: its private key, and the account it signs for.
//!
//! Invariants: private bytes live in buffers that are wiped when dropped; no `Debug`, no error and no log line carries them;
//! a key file that anyone but its owner can touch is refused. Maker and signer of an order follow from the signature type
//! and are decided here alone.
//!
//! Source: reference, sections 3.1 and 4, 2026-11-20.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alloy_primitives::Address;
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::wallet;
use zeroize::Zeroizing;

use brier_connect::private_file::{self, Problem};

/// Environment variable with the path of the file that holds the private key.
pub const ENV_PRIVATE_KEY_PATH: &str = "POLYMARKET_PRIVATE_KEY_PATH";
/// Environment variable with the private key itself.
pub const ENV_PRIVATE_KEY: &str = "POLYMARKET_PRIVATE_KEY";
/// Environment variable with the signature type: `eoa`, `proxy`, `safe`, `deposit`, or its number. `eoa` unless set.
pub const ENV_SIGNATURE_TYPE: &str = "POLYMARKET_SIGNATURE_TYPE";
/// Environment variable with the account's wallet, where it is not the one that follows from key and signature type.
pub const ENV_FUNDER: &str = "POLYMARKET_FUNDER";

/// Why a wallet cannot be used. Never carries a byte of the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file could not be read.
    #[error("key file {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody other than the owner may touch the file.
    #[error("key file {path}: expected permissions 0600 or stricter, found {mode:04o}; run `chmod 600 {path}`")]
    Permissions {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The path names no ordinary file of a believable size.
    #[error("key file {path}: expected a regular file of at most 64 KiB")]
    NotAFile {
        /// What the path was.
        path: PathBuf,
    },
    /// The text is no private key.
    #[error(transparent)]
    Key(#[from] brier_polymarket_protocol::auth::KeyError),
    /// The word is no signature type.
    #[error("signature type: expected eoa, proxy, safe or deposit (or 0 to 3), found `{found}`")]
    SignatureType {
        /// What was found.
        found: String,
    },
    /// The text is no address.
    #[error("wallet (funder): expected an address of 0x and 40 hex digits, found `{found}`")]
    Funder {
        /// What was found.
        found: String,
    },
    /// An account of this type is the key's own.
    #[error("wallet (funder): expected the key's own address with signature type eoa, found {found}")]
    FunderOfEoa {
        /// What was found.
        found: Address,
    },
    /// Settings that contradict each other or miss a half.
    #[error("environment: {problem}")]
    Environment {
        /// What is missing or too much.
        problem: &'static str,
    },
}

/// A private key with the account that it signs for. Cheap to clone; `Debug` shows addresses only.
#[derive(Clone)]
pub struct Wallet {
    key: Arc<WalletKey>,
    signature_type: SignatureType,
    funder: Address,
}

impl fmt::Debug for Wallet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Wallet")
            .field("address", &self.address())
            .field("signature_type", &self.signature_type)
            .field("funder", &self.funder)
            .finish_non_exhaustive()
    }
}

impl Wallet {
    /// Joins a key with the account it signs for. Without a `funder` it is the wallet that the venue derives from the key.
    ///
    /// # Errors
    /// [`KeyError::FunderOfEoa`] when an account of type EOA names another wallet.
    pub fn new(key: WalletKey, signature_type: SignatureType, funder: Option<Address>) -> Result<Self, KeyError> {
        let owner = key.address();
        let derived = match signature_type {
            SignatureType::Eoa => owner,
            SignatureType::Proxy => wallet::proxy(owner),
            SignatureType::Safe => wallet::safe(owner),
            SignatureType::DepositWallet => wallet::deposit_wallet(owner),
        };
        let funder = funder.unwrap_or(derived);
        if signature_type == SignatureType::Eoa && funder != owner {
            return Err(KeyError::FunderOfEoa { found: funder });
        }
        Ok(Self { key: Arc::new(key), signature_type, funder })
    }

    /// Reads the key from text: 64 hex digits, with or without 0x.
    ///
    /// # Errors
    /// [`KeyError::Key`] and those of [`Wallet::new`].
    pub fn from_hex(text: &str, signature_type: SignatureType, funder: Option<Address>) -> Result<Self, KeyError> {
        Self::new(WalletKey::from_hex(text.trim())?, signature_type, funder)
    }

    /// Reads the key from a file that only its owner may touch.
    ///
    /// # Errors
    /// [`KeyError::Permissions`] when group or others have any right to the file, [`KeyError::Io`],
    /// [`KeyError::NotAFile`], and those of [`Wallet::from_hex`].
    pub fn from_file(path: &Path, signature_type: SignatureType, funder: Option<Address>) -> Result<Self, KeyError> {
        let text = private_file::read(path).map_err(|problem| match problem {
            Problem::Io(source) => KeyError::Io { path: path.into(), source },
            Problem::Permissions(mode) => KeyError::Permissions { path: path.into(), mode },
            Problem::NotAFile => KeyError::NotAFile { path: path.into() },
        })?;
        Self::from_hex(&text, signature_type, funder)
    }

    /// Reads the wallet from the environment: [`ENV_PRIVATE_KEY_PATH`] or [`ENV_PRIVATE_KEY`], with [`ENV_SIGNATURE_TYPE`]
    /// and [`ENV_FUNDER`]. `None` when no key is set.
    ///
    /// # Errors
    /// [`KeyError::Environment`] when both forms are given or a setting stands without a key, and those of
    /// [`Wallet::from_file`].
    pub fn from_env() -> Result<Option<Self>, KeyError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// As [`Wallet::from_env`], with the environment given as a function. An empty value counts as unset.
    ///
    /// # Errors
    /// As [`Wallet::from_env`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, KeyError> {
        let lookup = |name| lookup(name).filter(|value| !value.trim().is_empty());
        let (path, text) = (lookup(ENV_PRIVATE_KEY_PATH), lookup(ENV_PRIVATE_KEY).map(Zeroizing::new));
        let signature_type = lookup(ENV_SIGNATURE_TYPE).map(|word| parse_signature_type(&word)).transpose()?;
        let funder = lookup(ENV_FUNDER).map(|text| parse_address(&text)).transpose()?;
        let kind = signature_type.unwrap_or(SignatureType::Eoa);
        match (path, text) {
            (Some(_), Some(_)) => Err(KeyError::Environment {
                problem: "both POLYMARKET_PRIVATE_KEY_PATH and POLYMARKET_PRIVATE_KEY are set; unset one of them",
            }),
            (Some(path), None) => Self::from_file(Path::new(&path), kind, funder).map(Some),
            (None, Some(text)) => Self::from_hex(&text, kind, funder).map(Some),
            (None, None) if signature_type.is_some() || funder.is_some() => Err(KeyError::Environment {
                problem: "a signature type or a funder is set without a key; set POLYMARKET_PRIVATE_KEY_PATH",
            }),
            (None, None) => Ok(None),
        }
    }

    /// The key.
    pub fn key(&self) -> &WalletKey {
        &self.key
    }

    /// The key's own address: whom API credentials belong to.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// The wallet whose funds are traded: maker of every order, and what the Data API calls the user.
    pub const fn funder(&self) -> Address {
        self.funder
    }

    /// How orders are signed.
    pub const fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// Signer of every order.
    pub fn signer(&self) -> Address {
        if self.signature_type == SignatureType::DepositWallet { self.funder } else { self.address() }
    }
}

/// Reads a signature type from a word or its number.
///
/// # Errors
/// [`KeyError::SignatureType`].
pub fn parse_signature_type(word: &str) -> Result<SignatureType, KeyError> {
    match word.trim().to_ascii_lowercase().as_str() {
        "eoa" | "0" => Ok(SignatureType::Eoa),
        "proxy" | "1" => Ok(SignatureType::Proxy),
        "safe" | "2" => Ok(SignatureType::Safe),
        "deposit" | "3" => Ok(SignatureType::DepositWallet),
        _ => Err(KeyError::SignatureType { found: word.chars().take(64).collect() }),
    }
}

fn parse_address(text: &str) -> Result<Address, KeyError> {
    text.trim().parse().map_err(|_no_address| KeyError::Funder { found: text.chars().take(64).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The well-known public development key.
    const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    fn from(pairs: &[(&str, &str)]) -> Result<Option<Wallet>, KeyError> {
        Wallet::from_lookup(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_account_follows_from_key_and_type() {
        for (word, funder, signer) in [
            ("eoa", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            ("1", "0x365f0CA36Ae1f641E02fE3B7743673da42A13A70", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            ("Safe", "0xd93B25cb943D14d0d34FBaF01Fc93a0f8b5F6E47", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            ("deposit", "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50", "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50"),
        ] {
            let wallet = from(&[(ENV_PRIVATE_KEY, KEY), (ENV_SIGNATURE_TYPE, word)]).unwrap().unwrap();
            assert_eq!(
                (wallet.funder().to_string(), wallet.signer().to_string()),
                (funder.to_owned(), signer.to_owned())
            );
        }
    }

    #[test]
    fn settings_that_contradict_are_refused() {
        assert!(from(&[]).unwrap().is_none());
        assert!(matches!(from(&[(ENV_FUNDER, "0x1")]), Err(KeyError::Funder { .. })));
        assert!(matches!(from(&[(ENV_SIGNATURE_TYPE, "eoa")]), Err(KeyError::Environment { .. })));
        assert!(matches!(from(&[(ENV_SIGNATURE_TYPE, "4")]), Err(KeyError::SignatureType { .. })));
        assert!(matches!(
            from(&[(ENV_PRIVATE_KEY, KEY), (ENV_PRIVATE_KEY_PATH, "x")]),
            Err(KeyError::Environment { .. })
        ));
        let other = "0x365f0CA36Ae1f641E02fE3B7743673da42A13A70";
        assert!(matches!(from(&[(ENV_PRIVATE_KEY, KEY), (ENV_FUNDER, other)]), Err(KeyError::FunderOfEoa { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_of_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.key");
        std::fs::write(&path, format!("{KEY}\n")).unwrap();
        let open = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Wallet::from_file(&path, SignatureType::Eoa, None)
        };
        assert!(open(0o600).is_ok() && open(0o400).is_ok());
        for mode in [0o640, 0o604, 0o644] {
            assert!(matches!(open(mode), Err(KeyError::Permissions { .. })), "{mode:o}");
        }
        assert!(matches!(Wallet::from_file(folder.path(), SignatureType::Eoa, None), Err(KeyError::NotAFile { .. })));
        let missing = Wallet::from_file(&folder.path().join("none"), SignatureType::Eoa, None).unwrap_err();
        assert!(missing.to_string().starts_with("key file ") && !format!("{missing:?}").contains("ac0974"));
        assert!(!format!("{:?}", open(0o600).unwrap()).contains("ac0974"));
    }
}
