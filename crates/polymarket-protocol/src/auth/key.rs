//! The key of a wallet: signatures over 32-byte hashes, and the address that a signature comes from.
//!
//! Nonces are RFC 6979's: the same key and hash give the same signature on every machine. Single-use nonces made ahead of
//! time would save most of the time of a signature, and are left out: two signatures with one nonce give the key away, and
//! no program can show from the inside that its memory was not copied. A forked process, a restored snapshot or a cloned
//! virtual machine holds the same pool and spends the same nonce on another order.

use std::fmt;

use alloy_primitives::{Address, B256, hex, keccak256};
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};
use zeroize::Zeroize as _;

/// A signature of a secp256k1 key: r, s and the recovery id as Ethereum writes it, 27 or 28.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EcdsaSignature(pub [u8; 65]);

impl EcdsaSignature {
    /// The last byte, v.
    pub const fn v(&self) -> u8 {
        self.0[64]
    }
}

impl fmt::Display for EcdsaSignature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for EcdsaSignature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

/// A text is no private key. It says nothing about what the text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The length is wrong.
    #[error("private key: expected 64 hex digits, with or without 0x, found {found} characters")]
    Length {
        /// Characters found, without 0x.
        found: usize,
    },
    /// A character is no hex digit.
    #[error("private key: expected 64 hex digits, found another character")]
    Digit,
    /// The number is zero or not below the order of the curve.
    #[error("private key: expected a number from 1 to the order of secp256k1, found one outside")]
    Range,
}

/// The private key of a wallet and its address. The secret is overwritten on drop and never printed.
pub struct WalletKey {
    secret: SecretKey,
    address: Address,
}

impl WalletKey {
    /// The key in this text: 64 hex digits, with or without 0x.
    ///
    /// # Errors
    /// [`KeyError`] if it is no key; get the key anew from where it was made.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.chars().count() != 64 {
            return Err(KeyError::Length { found: digits.chars().count() });
        }
        let mut bytes = [0; 32];
        let decoded = hex::decode_to_slice(digits, &mut bytes);
        let key = if decoded.is_ok() { Self::from_bytes(&bytes) } else { Err(KeyError::Digit) };
        bytes.zeroize();
        key
    }

    /// The key of these 32 bytes. The caller overwrites his copy.
    ///
    /// # Errors
    /// [`KeyError::Range`] if they are no key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = SecretKey::from_byte_array(*bytes).map_err(|_no_key| KeyError::Range)?;
        let address = address_of(&PublicKey::from_secret_key(SECP256K1, &secret));
        Ok(Self { secret, address })
    }

    /// The wallet's address.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a hash.
    pub fn sign(&self, hash: B256) -> EcdsaSignature {
        let signed = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(hash.0), &self.secret);
        let (id, compact) = signed.serialize_compact();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&compact);
        bytes[64] = 27 + u8::from(matches!(id, RecoveryId::One | RecoveryId::Three));
        EcdsaSignature(bytes)
    }
}

impl Drop for WalletKey {
    fn drop(&mut self) {
        self.secret.non_secure_erase();
    }
}

impl fmt::Debug for WalletKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "WalletKey({})", self.address)
    }
}

/// Why no address can be told from a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// The last byte.
    #[error("signature: expected v of 27 or 28, found {found}")]
    V {
        /// The byte found.
        found: u8,
    },
    /// s is in the upper half of its range: a copy of a signature that its maker did not make.
    #[error("signature: expected s in the lower half of its range, found a malleated one")]
    HighS,
    /// r or s are out of range, or no point of the curve belongs to them.
    #[error("signature: expected r and s of a point of secp256k1, found others")]
    NoPoint,
}

/// The address whose key signed the hash.
///
/// Only what the exchange contract's own recovery takes is taken: v of 27 or 28 and s in the lower half. What is looser
/// would be accepted here and fail on the chain.
///
/// # Errors
/// [`RecoverError`]; the signature is to be refused.
pub fn recover(hash: B256, signature: &EcdsaSignature) -> Result<Address, RecoverError> {
    /// Half of the order of the curve.
    const HALF: [u8; 32] = hex!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    let id = match signature.v() {
        27 => RecoveryId::Zero,
        28 => RecoveryId::One,
        found => return Err(RecoverError::V { found }),
    };
    if signature.0[32..64] > HALF[..] {
        return Err(RecoverError::HighS);
    }
    let no_point = |_unrecoverable| RecoverError::NoPoint;
    let recoverable = RecoverableSignature::from_compact(&signature.0[..64], id).map_err(no_point)?;
    let key = SECP256K1.recover_ecdsa(Message::from_digest(hash.0), &recoverable).map_err(no_point)?;
    Ok(address_of(&key))
}

fn address_of(key: &PublicKey) -> Address {
    Address::from_slice(&keccak256(&key.serialize_uncompressed()[1..])[12..])
}
