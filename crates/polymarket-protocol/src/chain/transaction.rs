//! Transactions with a fee cap (EIP-1559): what is signed, what is sent, and the hash that names it.
//!
//! Invariant: a signed transaction's hash is known before it is sent, so that what became of it can always be asked.
//! Not here: keys, and which gas or nonce is right.
//!
//! Source: EIP-1559, EIP-2718, 2026-11-20.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use super::rlp;

/// The type byte of EIP-1559.
const TYPE: u8 = 2;

/// A transaction that is not signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The chain's number.
    pub chain_id: u64,
    /// How many transactions its sender made before it.
    pub nonce: u64,
    /// What the block's producer gets per gas, in wei.
    pub max_priority_fee_per_gas: u128,
    /// The most it pays per gas altogether, in wei.
    pub max_fee_per_gas: u128,
    /// The most gas it may use.
    pub gas_limit: u64,
    /// The contract.
    pub to: Address,
    /// POL sent along, in wei.
    pub value: U256,
    /// The encoded call.
    pub data: Bytes,
}

/// A transaction as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    /// Its name on the chain.
    pub hash: B256,
    /// Its bytes.
    pub raw: Bytes,
}

impl Transaction {
    /// What the sender's key signs, as it is, without any prefix.
    pub fn signing_hash(&self) -> B256 {
        keccak256(envelope(&self.fields()))
    }

    /// The transaction with its signature: r, s, and v as 0, 1, 27 or 28.
    pub fn signed(&self, signature: &[u8; 65]) -> SignedTransaction {
        let (r, rest) = signature.split_at(32);
        let (s, v) = rest.split_at(32);
        let mut fields = self.fields();
        // 27 and 28 are odd and even, 0 and 1 even and odd: the parity is what is left below 27.
        rlp::number(U256::from(if v[0] >= 27 { v[0] - 27 } else { v[0] }), &mut fields);
        rlp::number(U256::from_be_slice(r), &mut fields);
        rlp::number(U256::from_be_slice(s), &mut fields);
        let raw = envelope(&fields);
        SignedTransaction { hash: keccak256(&raw), raw: raw.into() }
    }

    fn fields(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160 + self.data.len());
        rlp::number(U256::from(self.chain_id), &mut out);
        rlp::number(U256::from(self.nonce), &mut out);
        rlp::number(U256::from(self.max_priority_fee_per_gas), &mut out);
        rlp::number(U256::from(self.max_fee_per_gas), &mut out);
        rlp::number(U256::from(self.gas_limit), &mut out);
        rlp::bytes(self.to.as_slice(), &mut out);
        rlp::number(self.value, &mut out);
        rlp::bytes(&self.data, &mut out);
        rlp::list(&[], &mut out); // No access list.
        out
    }
}

fn envelope(fields: &[u8]) -> Vec<u8> {
    let mut out = vec![TYPE];
    rlp::list(fields, &mut out);
    out
}
