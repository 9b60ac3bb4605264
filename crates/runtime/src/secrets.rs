//! Where secrets are, and reading them only from there: files that nobody else can read, and the environment.
//!
//! Invariants: a configuration holds references, never values; what was read is wiped when dropped; no error, log or debug
//! print carries it; a file that group or others can read is refused, `.env` included.

use std::fmt;
use std::path::{Path, PathBuf};

use brier_connect::private_file::{self, Problem};
use zeroize::Zeroizing;

use crate::config::Environment;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A variable of the environment.
    Environment(String),
    /// A file that only its owner can read.
    File(PathBuf),
    /// The text itself: only for what is no secret, such as a key's id.
    Inline(String),
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(out, "env:{name}"),
            Self::File(path) => write!(out, "file:{}", path.display()),
            Self::Inline(text) => out.write_str(text),
        }
    }
}

/// Why a secret cannot be had. Never carries a byte of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The variable is not set.
    #[error("environment variable {name}: not set; set it, or put it into `.env` beside the configuration")]
    Unset {
        /// Which.
        name: String,
    },
    /// It comes from a `.env` file that others can read.
    #[error("{path} gives {name}: expected permissions 0600 or stricter, found {mode:04o}; run `chmod 600 {path}`")]
    LooseDotEnv {
        /// The variable.
        name: String,
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("secret file {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others can read the file.
    #[error("secret file {path}: expected permissions 0600 or stricter, found {mode:04o}; run `chmod 600 {path}`")]
    Permissions {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no ordinary file of a believable size.
    #[error("secret file {path}: expected a regular file of at most 64 KiB")]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// There is nothing in it.
    #[error("{reference}: expected a secret, found nothing")]
    Empty {
        /// Which.
        reference: Reference,
    },
}

impl Reference {
    /// Reads it, without the blanks around it. Wiped when dropped.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn read(&self, environment: &Environment) -> Result<Zeroizing<String>, SecretError> {
        let text = match self {
            Self::Environment(name) => environment.secret(name)?,
            Self::File(path) => read_file(path)?,
            Self::Inline(text) => Zeroizing::new(text.clone()),
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(SecretError::Empty { reference: self.clone() });
        }
        Ok(if trimmed.len() == text.len() { text } else { Zeroizing::new(trimmed.to_owned()) })
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    private_file::read(path).map_err(|problem| match problem {
        Problem::Io(source) => SecretError::Io { path: path.into(), source },
        Problem::Permissions(mode) => SecretError::Permissions { path: path.into(), mode },
        Problem::NotAFile => SecretError::NotAFile { path: path.into() },
    })
}

/// Whether a text looks like a private key: PEM, or 32 bytes in hex digits.
pub(crate) fn looks_secret(text: &str) -> bool {
    let bare = text.trim();
    let hex = bare.strip_prefix("0x").unwrap_or(bare);
    bare.contains("-----BEGIN") || hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}
