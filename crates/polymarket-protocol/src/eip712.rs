//! Typed data as EIP-712 hashes it: words of 32 bytes in a buffer on the stack, and the digest that is signed.
//!
//! Invariants: nothing is allocated for fixed-size structs; a value is written as the word that ABI encoding gives it.
//! Not here: which structs there are (`order`, `auth`, `wallet`).
//!
//! Source: EIP-712; reference, section 5, 2026-11-20.

use alloy_primitives::{Address, B256, U256, keccak256};

/// `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`.
pub const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
/// A domain without a contract, as the venue's login uses it.
pub const DOMAIN_TYPE_WITHOUT_CONTRACT: &str = "EIP712Domain(string name,string version,uint256 chainId)";
/// A Safe's domain.
pub const DOMAIN_TYPE_OF_SAFE: &str = "EIP712Domain(uint256 chainId,address verifyingContract)";

/// A value as one word of ABI encoding.
pub(crate) trait Word {
    fn word(&self) -> [u8; 32];
}

impl Word for B256 {
    fn word(&self) -> [u8; 32] {
        self.0
    }
}

impl Word for U256 {
    fn word(&self) -> [u8; 32] {
        self.to_be_bytes()
    }
}

impl Word for Address {
    fn word(&self) -> [u8; 32] {
        self.into_word().0
    }
}

impl Word for u64 {
    fn word(&self) -> [u8; 32] {
        let mut word = [0; 32];
        word[24..].copy_from_slice(&self.to_be_bytes());
        word
    }
}

impl Word for u8 {
    fn word(&self) -> [u8; 32] {
        u64::from(*self).word()
    }
}

/// Keccak-256 of the words, one after the other.
pub(crate) fn hash_words<const N: usize>(words: [&dyn Word; N]) -> B256 {
    let mut buffer = [[0; 32]; N];
    for (place, word) in buffer.iter_mut().zip(words) {
        *place = word.word();
    }
    keccak256(buffer.as_flattened())
}

/// What a key signs: 0x1901, the domain separator, the hash of the struct.
pub fn digest(domain_separator: B256, struct_hash: B256) -> B256 {
    let mut buffer = [0; 66];
    buffer[..2].copy_from_slice(&[0x19, 0x01]);
    buffer[2..34].copy_from_slice(domain_separator.as_slice());
    buffer[34..].copy_from_slice(struct_hash.as_slice());
    keccak256(buffer)
}

/// The separator of a domain with all four members.
pub fn domain_separator(name: &str, version: &str, chain_id: u64, contract: Address) -> B256 {
    let words: [&dyn Word; 5] = [&keccak256(DOMAIN_TYPE), &keccak256(name), &keccak256(version), &chain_id, &contract];
    hash_words(words)
}

/// The separator of a domain that names no contract.
pub fn domain_separator_without_contract(name: &str, version: &str, chain_id: u64) -> B256 {
    hash_words([&keccak256(DOMAIN_TYPE_WITHOUT_CONTRACT), &keccak256(name), &keccak256(version), &chain_id])
}

/// What `personal_sign` signs for a hash: the hash behind Ethereum's message prefix.
pub fn personal_digest(hash: B256) -> B256 {
    const PREFIX: &[u8; 28] = b"\x19Ethereum Signed Message:\n32";
    let mut buffer = [0; 60];
    buffer[..28].copy_from_slice(PREFIX);
    buffer[28..].copy_from_slice(hash.as_slice());
    keccak256(buffer)
}
