//! Signatures of orders: 65 bytes of a key, or those bytes wrapped for a deposit wallet.

use std::fmt;

use alloy_primitives::{Address, B256, b256};

use super::{ORDER_TYPE, Order};
use crate::auth::{EcdsaSignature, WalletKey};
use crate::contracts::Domain;
use crate::eip712::{self, hash_words};
use crate::ids::SignatureType;

/// Keccak-256 of [`TYPED_DATA_SIGN_TYPE`] followed by the order's type.
pub(super) const TYPED_DATA_SIGN_TYPEHASH: B256 =
    b256!("0x6ba028565cb324c2aa02bb714b9816d0bddd557a2f33bb36cf13272a4256bd42");
/// What a deposit wallet's owner signs around the order.
#[cfg(test)]
pub(super) const TYPED_DATA_SIGN_TYPE: &str =
    "TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)";
/// Keccak-256 of `DepositWallet`, the name in a deposit wallet's domain.
pub(crate) const DEPOSIT_WALLET_NAME_HASH: B256 =
    b256!("0xd682b529a17cda19aa275f3a050608f9e9401fadd1b0d233d81519972295828b");
/// Keccak-256 of `1`, the version in a deposit wallet's domain.
pub(crate) const DEPOSIT_WALLET_VERSION_HASH: B256 =
    b256!("0xc89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");

/// Length of a key's signature in bytes.
const ECDSA_BYTES: usize = 65;
/// Length of a wrapped signature: the key's, a separator, a hash, the type of 186 bytes and its length.
const WRAPPED_BYTES: usize = ECDSA_BYTES + 32 + 32 + ORDER_TYPE.len() + 2;

/// A signature of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signature {
    /// Types 0, 1 and 2: a key's signature of the order's hash.
    Ecdsa(EcdsaSignature),
    /// Type 3: the signature of a deposit wallet's owner, and what it covers.
    DepositWallet {
        /// The owner's.
        owner: EcdsaSignature,
        /// Separator of the exchange's domain.
        domain_separator: B256,
        /// Hash of the order's struct.
        contents: B256,
    },
}

/// Bytes are no signature of the order's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFormError {
    /// It is no hex.
    #[error("signature: expected 0x and hex digits, found something else")]
    Hex,
    /// The length is wrong.
    #[error("signature: expected {expected} bytes for signature type {}, found {found}", *.signature_type as u8)]
    Length {
        /// The order's type.
        signature_type: SignatureType,
        /// Bytes that it takes.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// The end of a wrapped signature is not the order's type and its length.
    #[error("signature: expected the order's type string and its length 186 at the end, found something else")]
    Trailer,
}

impl Signature {
    /// Takes bytes apart as the order's type demands. Nothing is verified yet.
    ///
    /// # Errors
    /// [`SignatureFormError`]; the order is to be refused.
    pub fn from_bytes(bytes: &[u8], signature_type: SignatureType) -> Result<Self, SignatureFormError> {
        let expected = if signature_type == SignatureType::DepositWallet { WRAPPED_BYTES } else { ECDSA_BYTES };
        let length = || SignatureFormError::Length { signature_type, expected, found: bytes.len() };
        if bytes.len() != expected {
            return Err(length());
        }
        let (ecdsa, rest) = bytes.split_first_chunk::<ECDSA_BYTES>().ok_or_else(length)?;
        let owner = EcdsaSignature(*ecdsa);
        if signature_type != SignatureType::DepositWallet {
            return Ok(Self::Ecdsa(owner));
        }
        let (domain_separator, rest) = rest.split_first_chunk::<32>().ok_or_else(length)?;
        let (contents, rest) = rest.split_first_chunk::<32>().ok_or_else(length)?;
        let (described, suffix) = rest.split_last_chunk::<2>().ok_or_else(length)?;
        if described != ORDER_TYPE.as_bytes() || usize::from(u16::from_be_bytes(*suffix)) != ORDER_TYPE.len() {
            return Err(SignatureFormError::Trailer);
        }
        Ok(Self::DepositWallet { owner, domain_separator: domain_separator.into(), contents: contents.into() })
    }

    /// As [`Signature::from_bytes`], from `0x` and hex of any case.
    ///
    /// # Errors
    /// [`SignatureFormError`]; the order is to be refused.
    pub fn from_hex(text: &str, signature_type: SignatureType) -> Result<Self, SignatureFormError> {
        let mut buffer = [0; WRAPPED_BYTES];
        let digits = text.strip_prefix("0x").ok_or(SignatureFormError::Hex)?;
        if !digits.len().is_multiple_of(2) {
            return Err(SignatureFormError::Hex);
        }
        let found = digits.len() / 2;
        let Some(bytes) = buffer.get_mut(..found) else {
            let expected = if signature_type == SignatureType::DepositWallet { WRAPPED_BYTES } else { ECDSA_BYTES };
            return Err(SignatureFormError::Length { signature_type, expected, found });
        };
        alloy_primitives::hex::decode_to_slice(digits, bytes).map_err(|_no_hex| SignatureFormError::Hex)?;
        Self::from_bytes(bytes, signature_type)
    }

    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ecdsa(signature) => signature.0.to_vec(),
            Self::DepositWallet { owner, domain_separator, contents } => {
                let mut bytes = Vec::with_capacity(WRAPPED_BYTES);
                bytes.extend_from_slice(&owner.0);
                bytes.extend_from_slice(domain_separator.as_slice());
                bytes.extend_from_slice(contents.as_slice());
                bytes.extend_from_slice(ORDER_TYPE.as_bytes());
                bytes.extend_from_slice(&(ORDER_TYPE.len() as u16).to_be_bytes());
                bytes
            }
        }
    }
}

/// As on the wire: `0x` and lower-case hex.
impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ecdsa(signature) => write!(out, "{signature}"),
            Self::DepositWallet { .. } => out.write_str(&alloy_primitives::hex::encode_prefixed(self.to_bytes())),
        }
    }
}

/// What a deposit wallet's owner signs for contents of this hash in this domain.
pub(super) fn wrapped_digest(domain: Domain, contents: B256, wallet: Address) -> B256 {
    let wrapped = hash_words([
        &TYPED_DATA_SIGN_TYPEHASH,
        &contents,
        &DEPOSIT_WALLET_NAME_HASH,
        &DEPOSIT_WALLET_VERSION_HASH,
        &domain.chain.id(),
        &wallet,
        &B256::ZERO,
    ]);
    eip712::digest(domain.separator(), wrapped)
}

/// Signs an order of V2 or V3 as its signature type demands, with the key of its signer, or of its wallet's owner.
///
/// Whether the key is the right one is not looked at: [`super::verify`] does.
pub fn sign(order: &Order, domain: Domain, key: &WalletKey) -> Signature {
    let contents = order.struct_hash();
    match order.signature_type {
        SignatureType::Eoa | SignatureType::Proxy | SignatureType::Safe => {
            Signature::Ecdsa(key.sign(eip712::digest(domain.separator(), contents)))
        }
        SignatureType::DepositWallet => Signature::DepositWallet {
            owner: key.sign(wrapped_digest(domain, contents, order.signer)),
            domain_separator: domain.separator(),
            contents,
        },
    }
}
