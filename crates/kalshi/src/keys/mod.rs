//! Keys of the API: reading, making, signing with and verifying them, RSA-PSS and Ed25519.
//!
//! Invariants: private bytes live in buffers that are wiped when dropped; no `Debug`, no error and no log line carries
//! them; a key file that anyone but its owner can touch is refused. Which of the two algorithms a key speaks is read
//! from the key itself, never from configuration.
//!
//! It deliberately knows neither requests nor time: what is signed is text given by the caller. The embedded exchange
//! uses the same module for the other side ([`PublicKey::verify`], [`PrivateKey::generate`]).
//!
//! Source: reference sections 3.1 and 3.3, docs.kalshi.com api_keys, 2026-11-20.

mod credentials;
mod pem;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ED25519, Ed25519KeyPair, KeyPair as _, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaParameters, RsaPssSaltLength,
    VerificationAlgorithm,
};
use zeroize::Zeroizing;

pub use credentials::{Credentials, ENV_KEY_ID, ENV_PRIVATE_KEY, ENV_PRIVATE_KEY_PATH};

/// The two kinds of key the venue knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    Rsa,
    /// Pure Ed25519; the venue's default for new keys since 2026-10-01; signs in 8 µs where RSA takes 300.
    Ed25519,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ed25519 => "Ed25519",
        })
    }
}

/// Why a key cannot be used. Never carries a byte of the key.
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
    /// The text is no PEM.
    #[error("private key: expected PEM text beginning with `-----BEGIN`, {found}")]
    Pem {
        /// What is wrong with it, without its content.
        found: &'static str,
    },
    /// The PEM holds something else.
    #[error("key: expected PEM of {expected}, found `{label}`; {hint}")]
    Label {
        /// Labels that would have been accepted.
        expected: &'static str,
        /// The label that was found.
        label: String,
        /// What to do next.
        hint: &'static str,
    },
    /// The key's own bytes are not acceptable.
    #[error("key: expected RSA of 2048 to 8192 bits or Ed25519, and the key was rejected: {reason}")]
    Rejected {
        /// The library's word, which names a rule, never a value.
        reason: String,
    },
    /// The key id is empty, or carries characters that no header can.
    #[error(
        "key id: expected 1 to 128 printable characters without spaces, as shown beside the key on the venue's site"
    )]
    KeyId,
    /// Settings that contradict each other or miss a half.
    #[error("environment: {problem}")]
    Environment {
        /// What is missing or too much.
        problem: &'static str,
    },
    /// The system gave no randomness, or signing failed inside the library.
    #[error("signing: the cryptographic library failed; this is no fault of the key text")]
    Crypto,
}

enum Inner {
    // Boxed: the RSA pair is large and both are used behind an `Arc` anyway.
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// A private key. Its memory belongs to aws-lc, which wipes it when freed.
pub struct PrivateKey(Inner);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PrivateKey({}, private)", self.kind())
    }
}

impl PrivateKey {
    /// Reads PEM text: RSA as PKCS#1 or PKCS#8, Ed25519 as PKCS#8 version 1 or 2.
    ///
    /// Line ends may also be written as the two characters `\n`, which is how a PEM survives in many environment files.
    ///
    /// # Errors
    /// [`KeyError::Pem`], [`KeyError::Label`] (for example an encrypted key or a public one) or [`KeyError::Rejected`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem = pem::decode(text)?;
        match pem.label.as_str() {
            "RSA PRIVATE KEY" => Ok(Self(Inner::Rsa(Box::new(RsaKeyPair::from_der(&pem.der).map_err(rejected)?)))),
            "PRIVATE KEY" => Self::from_pkcs8(&pem.der),
            "ENCRYPTED PRIVATE KEY" => {
                Err(wrong_label(pem.label, "decrypt it first with `openssl pkcs8 -in key.pem -out plain.pem`"))
            }
            "PUBLIC KEY" | "RSA PUBLIC KEY" => {
                Err(wrong_label(pem.label, "this is the public half; give the private one"))
            }
            "EC PRIVATE KEY" => Err(wrong_label(pem.label, "the venue knows RSA and Ed25519 only")),
            "OPENSSH PRIVATE KEY" => Err(wrong_label(
                pem.label,
                "OpenSSH's own form; make a key on the venue's site or with `openssl genpkey`",
            )),
            _ => Err(wrong_label(pem.label, "use the PEM file the venue gave when the key was made")),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        // The kind is inside the document; each reader refuses the other's algorithm identifier.
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Self(Inner::Ed25519(Box::new(pair))));
        }
        Ok(Self(Inner::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).map_err(rejected)?))))
    }

    /// Makes a new key: RSA of 2048 bits (some hundred milliseconds) or Ed25519.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when the system has no randomness.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        Ok(Self(match kind {
            KeyKind::Rsa => Inner::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Crypto)?)),
            KeyKind::Ed25519 => Inner::Ed25519(Box::new(Ed25519KeyPair::generate().map_err(|_| KeyError::Crypto)?)),
        }))
    }

    /// Which kind it is.
    pub const fn kind(&self) -> KeyKind {
        match self.0 {
            Inner::Rsa(_) => KeyKind::Rsa,
            Inner::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// Signs `message`: RSA-PSS with SHA-256 and a salt of 32 bytes, or Ed25519.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = [0; Self::MAX_SIGNATURE];
        let length = self.sign_into(message, &mut signature)?;
        Ok(signature[..length].to_vec())
    }

    /// The longest signature: RSA of 8192 bits.
    pub const MAX_SIGNATURE: usize = 1_024;

    /// As [`PrivateKey::sign`], into a buffer of the caller's; how many bytes of it.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when the library fails.
    pub fn sign_into(&self, message: &[u8], into: &mut [u8; Self::MAX_SIGNATURE]) -> Result<usize, KeyError> {
        match &self.0 {
            Inner::Rsa(pair) => {
                let length = pair.public_modulus_len();
                let signature = into.get_mut(..length).ok_or(KeyError::Crypto)?;
                pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, signature).map_err(|_| KeyError::Crypto)?;
                Ok(length)
            }
            Inner::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_| KeyError::Crypto)?;
                let signature = signature.as_ref();
                into[..signature.len()].copy_from_slice(signature);
                Ok(signature.len())
            }
        }
    }

    /// The other half, which may be shown to anyone.
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Inner::Rsa(pair) => PublicKey { kind: KeyKind::Rsa, der: pair.public_key().as_ref().into() },
            Inner::Ed25519(pair) => PublicKey { kind: KeyKind::Ed25519, der: pair.public_key().as_ref().into() },
        }
    }

    /// The key as PKCS#8 version 1 PEM, the form that OpenSSL and every SDK read. Wiped when dropped: write it, drop it.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when the library cannot write it.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        match &self.0 {
            Inner::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Crypto)?;
                Ok(pem::encode("PRIVATE KEY", der.as_ref()))
            }
            Inner::Ed25519(pair) => {
                let der = pair.to_pkcs8v1().map_err(|_| KeyError::Crypto)?;
                Ok(pem::encode("PRIVATE KEY", der.as_ref()))
            }
        }
    }

    #[cfg(test)]
    fn to_pkcs8_v2_pem(&self) -> Zeroizing<String> {
        match &self.0 {
            Inner::Ed25519(pair) => pem::encode("PRIVATE KEY", pair.to_pkcs8().unwrap().as_ref()),
            Inner::Rsa(_) => panic!("PKCS#8 version 2 is written for Ed25519 only"),
        }
    }

    #[cfg(test)]
    fn sign_with_salt(&self, message: &[u8], salt: u16) -> Vec<u8> {
        let Inner::Rsa(pair) = &self.0 else { panic!("only RSA-PSS has a salt") };
        let mut signature = vec![0; pair.public_modulus_len()];
        // The library takes encodings by `'static` reference only; a test may leak one.
        let encoding = Box::leak(Box::new(RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Custom(salt))));
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }
}

/// A public key, for the side that checks signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    /// RSA: `RSAPublicKey` or `SubjectPublicKeyInfo`; Ed25519: the 32 raw bytes or `SubjectPublicKeyInfo`.
    der: Box<[u8]>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({}, {} bytes)", self.kind, self.der.len())
    }
}

impl PublicKey {
    /// Reads PEM text: `PUBLIC KEY` (either kind) or `RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// [`KeyError::Pem`], [`KeyError::Label`] or [`KeyError::Rejected`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem = pem::decode(text)?;
        if pem.label != "PUBLIC KEY" && pem.label != "RSA PUBLIC KEY" {
            return Err(KeyError::Label {
                expected: "a public key (`PUBLIC KEY` or `RSA PUBLIC KEY`)",
                label: pem.label,
                hint: "write the public half with `openssl pkey -in key.pem -pubout`",
            });
        }
        // The OID of Ed25519, 1.3.101.112, stands in the first bytes of its 44-byte document and in no RSA key's head.
        let kind = if pem.der.len() == 44 && pem.der[4..9] == [0x06, 0x03, 0x2b, 0x65, 0x70] {
            KeyKind::Ed25519
        } else {
            KeyKind::Rsa
        };
        match kind {
            KeyKind::Rsa => {
                let read = aws_lc_rs::rsa::PublicKey::from_der(&pem.der).map_err(rejected)?;
                Ok(Self { kind, der: read.as_ref().into() })
            }
            KeyKind::Ed25519 => {
                let raw = pem.der[12..].into();
                aws_lc_rs::signature::ParsedPublicKey::new(&ED25519, &pem.der).map_err(rejected)?;
                Ok(Self { kind, der: raw })
            }
        }
    }

    /// The key as `PUBLIC KEY` PEM.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when the library cannot write it.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let der: PublicKeyX509Der<'_> = match self.kind {
            KeyKind::Rsa => aws_lc_rs::rsa::PublicKey::from_der(&self.der).map_err(rejected)?.as_der(),
            KeyKind::Ed25519 => {
                // RFC 8410: a fixed head before the 32 raw bytes.
                let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
                der.extend_from_slice(&self.der);
                return Ok(pem::encode("PUBLIC KEY", &der).to_string());
            }
        }
        .map_err(|_| KeyError::Crypto)?;
        Ok(pem::encode("PUBLIC KEY", der.as_ref()).to_string())
    }

    /// Which kind it is.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether `signature` is this key's over `message`. RSA-PSS is accepted with **any** salt length.
    ///
    /// The venue seems to take any salt length (reference section 3.1), while aws-lc checks against one that is named.
    /// So lengths are tried, first the two that clients use: 32 bytes, then the longest the key holds. An honest client
    /// costs one try, about 20 µs; a false signature costs all of them (223 for 2048 bits, some milliseconds), so check
    /// that the key id exists, and the timestamp, before calling this.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.kind {
            KeyKind::Ed25519 => ED25519.verify_sig(&self.der, message, signature).is_ok(),
            KeyKind::Rsa => self.verify_pss(message, signature),
        }
    }

    fn verify_pss(&self, message: &[u8], signature: &[u8]) -> bool {
        const DIGEST: u16 = 32;
        let Ok(bits) = RsaParameters::public_modulus_len(&self.der) else { return false };
        let Ok(bits) = u16::try_from(bits) else { return false };
        if signature.len() != usize::from(bits.div_ceil(8)) {
            return false;
        }
        // RFC 8017, 9.1.1: emLen is ceil((modBits - 1) / 8), and digest, salt and two octets must fit into it.
        let longest = (bits - 1).div_ceil(8).saturating_sub(DIGEST + 2);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message);
        let rest = (0..longest).filter(|salt| *salt != DIGEST);
        [DIGEST, longest].into_iter().chain(rest).any(|salt| {
            RSA_PSS_2048_8192_SHA256
                .with_pss_salt_length(RsaPssSaltLength::Custom(salt))
                .verify_digest_sig(&self.der, &digest, signature)
                .is_ok()
        })
    }
}

fn rejected(error: aws_lc_rs::error::KeyRejected) -> KeyError {
    KeyError::Rejected { reason: error.to_string() }
}

fn wrong_label(label: String, hint: &'static str) -> KeyError {
    KeyError::Label { expected: "a private key (`PRIVATE KEY` or `RSA PRIVATE KEY`)", label, hint }
}
