//! Names of things on Polymarket: 256-bit outcome tokens, conditions and questions, and the words for a wallet.
//!
//! Invariants: a token id is written in decimal without leading zeros, everything else as `0x` and lower-case hex; parsing
//! accepts upper case too. Not here: how ids are computed from one another (`chain`).
//!
//! Source: reference, sections 4, 5 and 16.2, 2026-11-20.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::{B256, U256};

/// A text is no id of the kind that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: expected {expected}, found `{found}`")]
pub struct IdError {
    /// What it should have been.
    pub kind: &'static str,
    /// Its form.
    pub expected: &'static str,
    /// What was found, cut to 96 characters.
    pub found: String,
}

impl IdError {
    fn new(kind: &'static str, expected: &'static str, found: &str) -> Self {
        Self { kind, expected, found: found.chars().take(96).collect() }
    }
}

/// One outcome of one market: the id of an ERC-1155 token, or a PolyV2 position id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub U256);

impl TokenId {
    /// Whether this is a PolyV2 position id, which trades on the V3 exchange: bytes 19 to 26 are zero.
    ///
    /// Source: reference, section 5.5.
    pub fn is_position_id(self) -> bool {
        self.0.to_be_bytes::<32>()[19..27].iter().all(|byte| *byte == 0)
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad_integral(true, "", &self.0.to_string())
    }
}

impl FromStr for TokenId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || IdError::new("token id", "a decimal integer below 2^256 without leading zeros", text);
        let canonical = text == "0" || (!text.starts_with('0') && !text.is_empty());
        if !canonical || text.len() > 78 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        U256::from_str_radix(text, 10).map(Self).map_err(|_overflow| wrong())
    }
}

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub B256);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{:#x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wrong = || IdError::new($kind, "0x and 64 hex digits", text);
                if text.len() != 66 || !text.starts_with("0x") {
                    return Err(wrong());
                }
                text.parse().map(Self).map_err(|_bad_digit| wrong())
            }
        }
    };
}

hash_id!(/// One market: the condition that its two tokens pay on. Brier's market ticker on Polymarket.
    ConditionId, "condition id");
hash_id!(/// The question an oracle answers.
    QuestionId, "question id");
hash_id!(/// A negative-risk event; its last byte is zero, and question `i` is the id with `i` there.
    NegRiskMarketId, "negative-risk market id");
hash_id!(/// An order: its EIP-712 hash. Known before it is posted.
    OrderHash, "order hash");

/// How an order's maker and signer belong together, and what its signature looks like.
///
/// Source: reference, section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SignatureType {
    /// The maker is the key itself.
    Eoa = 0,
    /// The maker is a proxy wallet of the signer (accounts made by e-mail).
    Proxy = 1,
    /// The maker is a Safe of the signer (accounts made by a browser wallet).
    Safe = 2,
    /// Maker and signer are a deposit wallet; its owner signs in a wrapped form. V2 and V3 only.
    DepositWallet = 3,
}

impl SignatureType {
    /// The type of this number on the wire, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Eoa),
            1 => Some(Self::Proxy),
            2 => Some(Self::Safe),
            3 => Some(Self::DepositWallet),
            _ => None,
        }
    }
}

/// What an order does with its token. On the wire a word; in the signature 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Side {
    /// Collateral for shares.
    Buy = 0,
    /// Shares for collateral.
    Sell = 1,
}

impl Side {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_what_they_write() {
        let token: TokenId =
            "71321045679252212594626385532706912750332728571942532289631379312455583992563".parse().unwrap();
        assert_eq!(token.to_string(), "71321045679252212594626385532706912750332728571942532289631379312455583992563");
        assert!(!token.is_position_id());
        let condition: ConditionId = format!("0x{}", "Ab".repeat(32)).parse().unwrap();
        assert_eq!(condition.to_string(), format!("0x{}", "ab".repeat(32)));
    }

    #[test]
    fn what_is_no_id_is_named() {
        assert_eq!(
            "0x12".parse::<ConditionId>().unwrap_err().to_string(),
            "condition id: expected 0x and 64 hex digits, found `0x12`"
        );
        for text in ["", "01", "-1", "1.0", &"9".repeat(78)] {
            assert!(text.parse::<TokenId>().is_err(), "{text}");
        }
    }
}
