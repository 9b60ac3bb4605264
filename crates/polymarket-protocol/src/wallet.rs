//! Wallets that contracts hold for a key: where they are, and what their owner signs for the relayer.
//!
//! Invariants: an address is CREATE2's of the key, so that it is known before the wallet exists. Not here: calldata, and
//! bodies for the relayer (`chain`).
//!
//! Source: reference, sections 4 and 16.5, 2026-11-20; the proxies' code: EIP-1967 with constructor arguments behind it.

mod relayer;
#[cfg(test)]
mod tests;

use alloy_primitives::{Address, B256, b256, hex, keccak256};

pub use self::relayer::{
    Call, ProxyTransaction, SafeOperation, SafeTx, deposit_wallet_batch_digest, sign_deposit_wallet_batch,
};
use crate::contracts::Contracts;

/// Hash of a Safe's creation code.
const SAFE_INIT_CODE_HASH: B256 = b256!("0x2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf");
/// Hash of a proxy wallet's creation code.
const PROXY_INIT_CODE_HASH: B256 = b256!("0xd21df8dc65880a8606f09fe0ce3df9b8869287ab0b058be05aa9e8af6330a00b");

/// The Safe of this key: maker of orders of type 2.
pub fn safe(owner: Address) -> Address {
    Contracts::SAFE_FACTORY.create2(keccak256(owner.into_word()), SAFE_INIT_CODE_HASH)
}

/// The proxy wallet of this key: maker of orders of type 1.
pub fn proxy(owner: Address) -> Address {
    Contracts::PROXY_FACTORY.create2(keccak256(owner), PROXY_INIT_CODE_HASH)
}

/// The deposit wallet of this key as wallets are made today, behind a beacon: maker and signer of orders of type 3.
pub fn deposit_wallet(owner: Address) -> Address {
    deposit_wallet_of(owner, &BEACON)
}

/// The deposit wallet of this key as the early ones were made, with an implementation of its own.
pub fn early_deposit_wallet(owner: Address) -> Address {
    deposit_wallet_of(owner, &UUPS)
}

/// Whether this is a deposit wallet of this key, of either form.
pub fn is_deposit_wallet_of(wallet: Address, owner: Address) -> bool {
    wallet == deposit_wallet(owner) || wallet == early_deposit_wallet(owner)
}

/// Creation code of a proxy with constructor arguments behind it: all but the length, the address and the arguments.
struct ProxyCode {
    /// Bytes that are returned, without the arguments.
    runtime: u16,
    /// What it forwards to, or the beacon that says so.
    target: Address,
    /// Code after the address.
    tail: &'static [u8],
}

const UUPS: ProxyCode = ProxyCode {
    runtime: 0x3d,
    target: Contracts::DEPOSIT_WALLET_UUPS_IMPLEMENTATION,
    tail: &hex!(
        "60095155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc545af43d6000803e"
        "6038573d6000fd5b3d6000f3"
    ),
};

const BEACON: ProxyCode = ProxyCode {
    runtime: 0x52,
    target: Contracts::DEPOSIT_WALLET_BEACON,
    tail: &hex!(
        "60195155f3363d3d373d3d363d602036600436635c60da1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6c"
        "b3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3"
    ),
};

fn deposit_wallet_of(owner: Address, code: &ProxyCode) -> Address {
    const ARGUMENTS: u16 = 64;
    let mut arguments = [0; ARGUMENTS as usize];
    arguments[..32].copy_from_slice(Contracts::DEPOSIT_WALLET_FACTORY.into_word().as_slice());
    arguments[32..].copy_from_slice(owner.into_word().as_slice());
    let parts: [&[u8]; 6] = [
        &[0x61],
        &(code.runtime + ARGUMENTS).to_be_bytes(),
        &hex!("3d8160233d3973"),
        code.target.as_slice(),
        code.tail,
        &arguments,
    ];
    let (mut buffer, mut length) = ([0; 256], 0);
    for part in parts {
        buffer[length..length + part.len()].copy_from_slice(part);
        length += part.len();
    }
    Contracts::DEPOSIT_WALLET_FACTORY.create2(keccak256(arguments), keccak256(&buffer[..length]))
}
