//! Orders: what is signed, its hash, which is also the order's id, and signatures of every type.
//!
//! Invariants: hashing and signing allocate nothing; an order is plain data and may hold anything, `verify` judges it.
//! Not here: amounts (`amounts`), the JSON body (`clob`), whether a market takes the order (the exchange).
//!
//! Source: reference, sections 4 and 5, 2026-11-20.

mod signature;
#[cfg(test)]
mod tests;
mod v1;
mod verify;

use std::fmt;
use std::str::FromStr;

use alloy_primitives::{Address, B256, b256};

pub(crate) use self::signature::{DEPOSIT_WALLET_NAME_HASH, DEPOSIT_WALLET_VERSION_HASH};
pub use self::signature::{Signature, SignatureFormError, sign};
pub use self::v1::{ORDER_V1_TYPE, OrderV1};
pub use self::verify::{SignatureError, Verified, verify, verify_v1};
use crate::contracts::Domain;
use crate::eip712::{self, hash_words};
use crate::ids::{OrderHash, Side, SignatureType, TokenId};

/// Type of the order struct of V2 and V3.
pub const ORDER_TYPE: &str = "Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)";
/// Keccak-256 of [`ORDER_TYPE`].
pub const ORDER_TYPEHASH: B256 = b256!("0xbb86318a2138f5fa8ae32fbe8e659f8fcf13cc6ae4014a707893055433818589");

/// The largest salt: JSON numbers are read as doubles by half of the clients.
pub const MAX_SALT: u64 = (1 << 53) - 1;

/// An order of V2 or V3 as it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// Tells orders apart; at most [`MAX_SALT`].
    pub salt: u64,
    /// Whose funds are traded.
    pub maker: Address,
    /// Who signs: the key's address, or the deposit wallet itself.
    pub signer: Address,
    /// What is bought or sold.
    pub token: TokenId,
    /// What the maker gives, in units of 1e-6: dollars if he buys, shares if he sells.
    pub maker_amount: u64,
    /// What the maker wants, in units of 1e-6: shares if he buys, dollars if he sells.
    pub taker_amount: u64,
    /// What the maker does with the token.
    pub side: Side,
    /// How maker and signer belong together.
    pub signature_type: SignatureType,
    /// When it was made, in Unix milliseconds.
    pub timestamp_ms: u64,
    /// Reserved: zero.
    pub metadata: B256,
    /// Who brought the order: a builder's code, or zero.
    pub builder: B256,
}

impl Order {
    /// Hash of the struct alone, the same in every domain.
    pub fn struct_hash(&self) -> B256 {
        hash_words([
            &ORDER_TYPEHASH,
            &self.salt,
            &self.maker,
            &self.signer,
            &self.token.0,
            &self.maker_amount,
            &self.taker_amount,
            &(self.side as u8),
            &(self.signature_type as u8),
            &self.timestamp_ms,
            &self.metadata,
            &self.builder,
        ])
    }
}

/// The order's hash in a domain of V2 or V3: its id, on the wire and on the chain, whatever its signature type.
pub fn hash(order: &Order, domain: Domain) -> OrderHash {
    OrderHash(eip712::digest(domain.separator(), order.struct_hash()))
}

/// How long an order lives. On the wire `orderType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderKind {
    /// Until it is canceled.
    Gtc,
    /// Until its expiration.
    Gtd,
    /// All of it at once, or nothing.
    Fok,
    /// What is there at once, and the rest is canceled.
    Fak,
}

impl OrderKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Gtc, Self::Gtd, Self::Fok, Self::Fak];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Gtd => "GTD",
            Self::Fok => "FOK",
            Self::Fak => "FAK",
        }
    }

    /// Whether what is not matched at once rests.
    pub const fn rests(self) -> bool {
        matches!(self, Self::Gtc | Self::Gtd)
    }
}

impl fmt::Display for OrderKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// A word is no kind of order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("order type: expected GTC, GTD, FOK or FAK, found `{found}`")]
pub struct OrderKindError {
    /// What was found, cut to 64 characters.
    pub found: String,
}

impl FromStr for OrderKind {
    type Err = OrderKindError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let kind = Self::ALL.into_iter().find(|kind| kind.word() == word);
        kind.ok_or_else(|| OrderKindError { found: word.chars().take(64).collect() })
    }
}

/// An order with its signature, ready to be posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignedOrder {
    /// What is signed.
    pub order: Order,
    /// When it ends, in Unix seconds; 0 for never. Not signed: it stands in the body alone.
    pub expiration: u64,
    /// By its signer.
    pub signature: Signature,
}
