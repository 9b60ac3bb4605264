//! Orders of V1, which the venue refuses since 2026-04-28. Kept to read, to check and to know them when they come.

use alloy_primitives::{Address, B256, U256, b256};

use super::Signature;
use crate::auth::WalletKey;
use crate::contracts::{Chain, Domain, OrderVersion};
use crate::eip712::{self, hash_words};
use crate::ids::{OrderHash, Side, SignatureType, TokenId};

/// Type of the order struct of V1.
pub const ORDER_V1_TYPE: &str = "Order(uint256 salt,address maker,address signer,address taker,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint256 expiration,uint256 nonce,uint256 feeRateBps,uint8 side,uint8 signatureType)";
/// Keccak-256 of [`ORDER_V1_TYPE`].
pub(super) const ORDER_V1_TYPEHASH: B256 = b256!("0xa852566c4e14d00869b6db0220888a9090a13eccdaea03713ff0a3d27bf9767c");

/// An order of V1 as it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderV1 {
    /// Tells orders apart.
    pub salt: u64,
    /// Whose funds are traded.
    pub maker: Address,
    /// Who signs.
    pub signer: Address,
    /// Who alone may take it; zero for anybody.
    pub taker: Address,
    /// What is bought or sold.
    pub token: TokenId,
    /// What the maker gives, in units of 1e-6.
    pub maker_amount: u64,
    /// What the maker wants, in units of 1e-6.
    pub taker_amount: u64,
    /// When it ends, in Unix seconds; 0 for never.
    pub expiration: u64,
    /// The maker's nonce on the chain.
    pub nonce: U256,
    /// The fee agreed to, in hundredths of a percent.
    pub fee_rate_bps: u64,
    /// What the maker does with the token.
    pub side: Side,
    /// How maker and signer belong together. There is no deposit wallet in V1.
    pub signature_type: SignatureType,
}

impl OrderV1 {
    /// The domain of V1 on this chain.
    pub const fn domain(chain: Chain, neg_risk: bool) -> Domain {
        Domain::new(chain, OrderVersion::V1, neg_risk)
    }

    /// Hash of the struct alone.
    pub fn struct_hash(&self) -> B256 {
        hash_words([
            &ORDER_V1_TYPEHASH,
            &self.salt,
            &self.maker,
            &self.signer,
            &self.taker,
            &self.token.0,
            &self.maker_amount,
            &self.taker_amount,
            &self.expiration,
            &self.nonce,
            &self.fee_rate_bps,
            &(self.side as u8),
            &(self.signature_type as u8),
        ])
    }

    /// The order's id.
    pub fn hash(&self, chain: Chain, neg_risk: bool) -> OrderHash {
        OrderHash(eip712::digest(Self::domain(chain, neg_risk).separator(), self.struct_hash()))
    }

    /// Signs the order with the key of its signer.
    pub fn sign(&self, chain: Chain, neg_risk: bool, key: &WalletKey) -> Signature {
        Signature::Ecdsa(key.sign(self.hash(chain, neg_risk).0))
    }
}
