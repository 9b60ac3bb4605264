//! Addresses against the reference; the rest of the exact values is in the vectors.

use alloy_primitives::{U256, address};

use super::relayer::{BATCH_TYPE, CALL_TYPE, SAFE_DOMAIN_TYPEHASH, SAFE_TX_TYPE, SAFE_TX_TYPEHASH};
use super::*;
use crate::auth::{EcdsaSignature, WalletKey, recover};
use crate::contracts::Chain;
use crate::eip712;

const OWNER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

#[test]
fn the_wallets_of_the_reference() {
    assert_eq!(safe(OWNER), address!("0xd93B25cb943D14d0d34FBaF01Fc93a0f8b5F6E47"));
    assert_eq!(proxy(OWNER), address!("0x365f0CA36Ae1f641E02fE3B7743673da42A13A70"));
    assert_eq!(deposit_wallet(OWNER), address!("0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50"));
    assert_eq!(early_deposit_wallet(OWNER), address!("0xdf8b9E8f9AB23f261F6e1B171B7454ae6E46Ba76"));
    assert!(is_deposit_wallet_of(deposit_wallet(OWNER), OWNER));
    assert!(!is_deposit_wallet_of(safe(OWNER), OWNER));
}

#[test]
fn the_constants_are_what_they_hash_to() {
    assert_eq!(keccak256(eip712::DOMAIN_TYPE_OF_SAFE), SAFE_DOMAIN_TYPEHASH);
    assert_eq!(keccak256(SAFE_TX_TYPE), SAFE_TX_TYPEHASH);
    assert!(BATCH_TYPE.ends_with(CALL_TYPE));
}

/// The layout is recomputed here by hand: prefix, addresses of 20 bytes, data, numbers of 32 bytes.
#[test]
fn a_proxy_transaction_packs_its_values() {
    let key = WalletKey::from_bytes(&[7; 32]).unwrap();
    let transaction = ProxyTransaction {
        from: key.address(),
        to: Contracts::PROXY_FACTORY,
        data: &[0xab, 0xcd],
        fee: U256::ZERO,
        gas_price: U256::from(1),
        gas_limit: U256::from(10_000_000),
        nonce: U256::from(5),
        relay_hub: Contracts::RELAY_HUB,
        relay: OWNER,
    };
    let word = |number: u64| format!("{number:064x}");
    let packed = [
        hex::encode("rlx:"),
        hex::encode(key.address()),
        hex::encode(Contracts::PROXY_FACTORY),
        "abcd".to_owned(),
        word(0) + &word(1) + &word(10_000_000) + &word(5),
        hex::encode(Contracts::RELAY_HUB),
        hex::encode(OWNER),
    ]
    .concat();
    assert_eq!(transaction.hash(), keccak256(hex::decode(packed).unwrap()));
    let signature = transaction.sign(&key);
    assert_eq!(recover(eip712::personal_digest(transaction.hash()), &signature), Ok(key.address()));
}

#[test]
fn a_safe_is_told_that_it_was_a_personal_message() {
    let key = WalletKey::from_bytes(&[7; 32]).unwrap();
    let wallet = safe(key.address());
    let transaction = SafeTx {
        to: OWNER,
        value: U256::ZERO,
        data: &[],
        operation: SafeOperation::DelegateCall,
        nonce: U256::from(1),
    };
    let mut signature = transaction.sign(Chain::Polygon, wallet, &key);
    assert!(matches!(signature.v(), 31 | 32));
    signature.0[64] -= 4;
    let digest = eip712::personal_digest(transaction.hash(Chain::Polygon, wallet));
    assert_eq!(recover(digest, &EcdsaSignature(signature.0)), Ok(key.address()));
}
