//! Level 1: a wallet's signature over `ClobAuth`, which creates or derives API credentials and does nothing else.
//!
//! Source: reference, section 3.1, 2026-11-20.

use alloy_primitives::{Address, B256, U256, b256, keccak256};

use super::{ADDRESS_HEADER, EcdsaSignature, NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WalletKey, recover};
use crate::contracts::Chain;
use crate::eip712::{self, hash_words};

/// What the wallet attests.
pub const CLOB_AUTH_MESSAGE: &str = "This message attests that I control the given wallet";

/// Keccak-256 of `ClobAuth(address address,string timestamp,uint256 nonce,string message)`.
pub(super) const CLOB_AUTH_TYPEHASH: B256 = b256!("0x52578c5c725a28a84fedc8c22aa47947822942f35b4dc350db028e45320e035c");

/// Separator of the login's domain, which names no contract.
pub const fn clob_auth_domain_separator(chain: Chain) -> B256 {
    match chain {
        Chain::Polygon => b256!("0xcfc66be2a3b30464cb3b588324101f660c9a205fa76e8e5f83ee16a528e1c4cb"),
        Chain::Amoy => b256!("0xa1df8f4e3112eaee2448fbec9ab79f68278407e49d9cf52e3dd3d9692fcac9b6"),
    }
}

/// What the wallet signs. `timestamp` is the text of the header.
pub fn clob_auth_digest(chain: Chain, address: Address, timestamp: &str, nonce: U256) -> B256 {
    let contents =
        hash_words([&CLOB_AUTH_TYPEHASH, &address, &keccak256(timestamp), &nonce, &keccak256(CLOB_AUTH_MESSAGE)]);
    eip712::digest(clob_auth_domain_separator(chain), contents)
}

/// The headers of a level 1 request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1Headers {
    /// The wallet, with its checksum.
    pub address: String,
    /// 65 bytes in hex.
    pub signature: String,
    /// Unix seconds.
    pub timestamp: String,
    /// Which set of credentials.
    pub nonce: String,
}

impl L1Headers {
    /// Names and values.
    pub fn pairs(&self) -> [(&'static str, &str); 4] {
        [
            (ADDRESS_HEADER, &self.address),
            (SIGNATURE_HEADER, &self.signature),
            (TIMESTAMP_HEADER, &self.timestamp),
            (NONCE_HEADER, &self.nonce),
        ]
    }
}

/// Signs a level 1 request at `timestamp`, in Unix seconds. Each nonce names a different set of credentials.
pub fn l1_headers(key: &WalletKey, chain: Chain, timestamp: u64, nonce: u64) -> L1Headers {
    let timestamp = timestamp.to_string();
    let digest = clob_auth_digest(chain, key.address(), &timestamp, U256::from(nonce));
    L1Headers {
        address: key.address().to_string(),
        signature: key.sign(digest).to_string(),
        timestamp,
        nonce: nonce.to_string(),
    }
}

/// Why level 1 headers prove nothing. Each is answered with 401 and `Invalid L1 Request headers`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum L1Error {
    /// A header is malformed.
    #[error("{header}: expected {expected}, found something else")]
    Malformed {
        /// Which header.
        header: &'static str,
        /// Its form.
        expected: &'static str,
    },
    /// Somebody else signed, or signed something else.
    #[error("{SIGNATURE_HEADER}: expected a signature by {expected} over these headers, found another")]
    Signature {
        /// The address in the header.
        expected: Address,
    },
}

/// Checks the texts of level 1 headers and tells whose wallet signed. Whether the time is recent is the caller's question.
///
/// The address may be of any case. v may be 0 or 1 too: no contract will see this signature, and some wallets write so.
///
/// # Errors
/// [`L1Error`]; the request is to be refused.
pub fn verify_l1(
    chain: Chain,
    address: &str,
    signature: &str,
    timestamp: &str,
    nonce: &str,
) -> Result<Address, L1Error> {
    let malformed = |header, expected| L1Error::Malformed { header, expected };
    let is_number = |text: &str| !text.is_empty() && text.len() <= 78 && text.bytes().all(|byte| byte.is_ascii_digit());
    let claimed: Address = address.parse().map_err(|_no_address| malformed(ADDRESS_HEADER, "0x and 40 hex digits"))?;
    if !is_number(timestamp) {
        return Err(malformed(TIMESTAMP_HEADER, "Unix seconds in decimal digits"));
    }
    let nonce = Some(nonce).filter(|nonce| is_number(nonce)).and_then(|nonce| U256::from_str_radix(nonce, 10).ok());
    let nonce = nonce.ok_or_else(|| malformed(NONCE_HEADER, "a decimal integer"))?;
    let mut bytes = [0; 65];
    alloy_primitives::hex::decode_to_slice(signature, &mut bytes)
        .map_err(|_no_signature| malformed(SIGNATURE_HEADER, "65 bytes in hex"))?;
    if bytes[64] < 2 {
        bytes[64] += 27;
    }
    match recover(clob_auth_digest(chain, claimed, timestamp, nonce), &EcdsaSignature(bytes)) {
        Ok(signer) if signer == claimed => Ok(claimed),
        _ => Err(L1Error::Signature { expected: claimed }),
    }
}
