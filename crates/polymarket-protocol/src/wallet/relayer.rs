//! What a wallet's owner signs so that the relayer sends his transactions: Safes, deposit wallets, proxy wallets.
//!
//! Source: reference, section 16.5, 2026-11-20; safe-contracts, `SafeTx`.

use alloy_primitives::{Address, B256, U256, b256, keccak256};

use crate::auth::{EcdsaSignature, WalletKey};
use crate::contracts::Chain;
use crate::eip712::{self, Word, hash_words};
use crate::order::{DEPOSIT_WALLET_NAME_HASH, DEPOSIT_WALLET_VERSION_HASH};

/// Keccak-256 of the type of a Safe's domain.
pub(super) const SAFE_DOMAIN_TYPEHASH: B256 =
    b256!("0x47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218");
/// Type of a Safe's transaction.
#[cfg(test)]
pub(super) const SAFE_TX_TYPE: &str = "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)";
/// Keccak-256 of it.
pub(super) const SAFE_TX_TYPEHASH: B256 = b256!("0xbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8");
/// Type of one call of a batch.
pub(super) const CALL_TYPE: &str = "Call(address target,uint256 value,bytes data)";
/// Type of a batch of a deposit wallet.
pub(super) const BATCH_TYPE: &str =
    "Batch(address wallet,uint256 nonce,uint256 deadline,Call[] calls)Call(address target,uint256 value,bytes data)";

/// How a Safe makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SafeOperation {
    /// An ordinary one.
    Call = 0,
    /// With the Safe's own state: how multisend runs several.
    DelegateCall = 1,
}

impl SafeOperation {
    /// The operation of this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Call),
            1 => Some(Self::DelegateCall),
            _ => None,
        }
    }
}

/// A transaction of a Safe without refund: the relayer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafeTx<'a> {
    /// What is called.
    pub to: Address,
    /// Native coin sent along, in wei.
    pub value: U256,
    /// Calldata.
    pub data: &'a [u8],
    /// How.
    pub operation: SafeOperation,
    /// The Safe's nonce.
    pub nonce: U256,
}

impl SafeTx<'_> {
    /// The hash under which the Safe knows the transaction.
    pub fn hash(&self, chain: Chain, safe: Address) -> B256 {
        let (none, nobody) = (U256::ZERO, Address::ZERO);
        let contents = hash_words([
            &SAFE_TX_TYPEHASH,
            &self.to,
            &self.value,
            &keccak256(self.data),
            &(self.operation as u8),
            &none,
            &none,
            &none,
            &nobody,
            &nobody,
            &self.nonce,
        ]);
        eip712::digest(hash_words([&SAFE_DOMAIN_TYPEHASH, &chain.id(), &safe]), contents)
    }

    /// The owner's signature: of the hash as a personal message, which the Safe is told by a v of 31 or 32.
    pub fn sign(&self, chain: Chain, safe: Address, key: &WalletKey) -> EcdsaSignature {
        let mut signature = key.sign(eip712::personal_digest(self.hash(chain, safe)));
        signature.0[64] += 4;
        signature
    }
}

/// One call of a deposit wallet's batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// What is called.
    pub target: Address,
    /// Native coin sent along, in wei.
    pub value: U256,
    /// Calldata.
    pub data: &'a [u8],
}

/// What a deposit wallet's owner signs for a batch of calls that is valid until `deadline`, in Unix seconds.
pub fn deposit_wallet_batch_digest(
    chain: Chain,
    wallet: Address,
    nonce: U256,
    deadline: u64,
    calls: &[Call<'_>],
) -> B256 {
    let call_type = keccak256(CALL_TYPE);
    let hashes: Vec<u8> = calls
        .iter()
        .flat_map(|call| hash_words([&call_type, &call.target, &call.value, &keccak256(call.data)]).0)
        .collect();
    let contents = hash_words([&keccak256(BATCH_TYPE), &wallet, &nonce, &deadline, &keccak256(hashes)]);
    let separator = hash_words([
        &keccak256(eip712::DOMAIN_TYPE),
        &DEPOSIT_WALLET_NAME_HASH,
        &DEPOSIT_WALLET_VERSION_HASH,
        &chain.id(),
        &wallet,
    ]);
    eip712::digest(separator, contents)
}

/// The owner's signature of that.
pub fn sign_deposit_wallet_batch(
    chain: Chain,
    wallet: Address,
    nonce: U256,
    deadline: u64,
    calls: &[Call<'_>],
    key: &WalletKey,
) -> EcdsaSignature {
    key.sign(deposit_wallet_batch_digest(chain, wallet, nonce, deadline, calls))
}

/// A transaction of a proxy wallet through the relay hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyTransaction<'a> {
    /// The owner's key.
    pub from: Address,
    /// The proxy factory.
    pub to: Address,
    /// Calldata for the factory.
    pub data: &'a [u8],
    /// The relayer's fee.
    pub fee: U256,
    /// Price of gas, in wei.
    pub gas_price: U256,
    /// Gas allowed.
    pub gas_limit: U256,
    /// The owner's nonce at the hub.
    pub nonce: U256,
    /// The relay hub.
    pub relay_hub: Address,
    /// Who relays.
    pub relay: Address,
}

impl ProxyTransaction<'_> {
    /// The hash that the hub checks: the values packed, addresses in 20 bytes and numbers in 32.
    pub fn hash(&self) -> B256 {
        let mut packed = Vec::with_capacity(4 + 4 * 20 + 4 * 32 + self.data.len());
        packed.extend_from_slice(b"rlx:");
        packed.extend_from_slice(self.from.as_slice());
        packed.extend_from_slice(self.to.as_slice());
        packed.extend_from_slice(self.data);
        for number in [self.fee, self.gas_price, self.gas_limit, self.nonce] {
            packed.extend_from_slice(&number.word());
        }
        packed.extend_from_slice(self.relay_hub.as_slice());
        packed.extend_from_slice(self.relay.as_slice());
        keccak256(packed)
    }

    /// The owner's signature: of the hash as a personal message.
    pub fn sign(&self, key: &WalletKey) -> EcdsaSignature {
        key.sign(eip712::personal_digest(self.hash()))
    }
}
