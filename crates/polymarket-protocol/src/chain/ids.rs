//! How ids follow from one another: conditions, collections, tokens, negative-risk questions, PolyV2 positions.
//!
//! Invariant: equal to what the contracts compute, which the `evm` tests ask the contracts themselves.
//!
//! Source: reference, sections 5.5 and 16.2, 2026-11-20.

use std::fmt;

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, keccak256};

use super::abi::{Value, Writer};
use super::curve::{BadCollection, Point, to_collection};
use crate::ids::{ConditionId, NegRiskMarketId, QuestionId, TokenId};

/// The condition that `oracle` will resolve by answering `question` with one of `outcomes` outcomes.
pub fn condition_id(oracle: Address, question: QuestionId, outcomes: u16) -> ConditionId {
    let mut packed = Vec::with_capacity(84);
    packed.extend_from_slice(oracle.as_slice());
    packed.extend_from_slice(question.0.as_slice());
    U256::from(outcomes).write(&mut packed);
    ConditionId(keccak256(packed))
}

/// The collection of a condition's outcomes named by `index_set` (bit `i` for outcome `i`), within `parent` or zero.
///
/// # Errors
/// [`BadCollection`] when `parent` is not zero and no collection: take it from this function or from the chain.
pub fn collection_id(parent: B256, condition: ConditionId, index_set: U256) -> Result<B256, BadCollection> {
    let mut packed = condition.0.to_vec();
    index_set.write(&mut packed);
    let point = Point::from_hash(keccak256(packed));
    if parent.is_zero() {
        return Ok(to_collection(Some(point)));
    }
    Ok(to_collection(Point::from_collection(parent)?.add(point)))
}

/// The ERC-1155 token of a collection backed by `collateral`.
pub fn position_id(collateral: Address, collection: B256) -> TokenId {
    let packed = [collateral.as_slice(), collection.as_slice()].concat();
    TokenId(U256::from_be_bytes(keccak256(packed).0))
}

/// The YES and NO tokens of a condition, whose collateral is USDC.e, or the wrapped one of negative-risk events.
pub fn outcome_tokens(collateral: Address, condition: ConditionId) -> [TokenId; 2] {
    [1_u8, 2].map(|index_set| {
        let collection = collection_id(B256::ZERO, condition, U256::from(index_set));
        position_id(collateral, collection.expect("zero is a parent"))
    })
}

/// The id of a negative-risk event that `oracle` prepares with `data`.
pub fn neg_risk_market_id(oracle: Address, data: &[u8]) -> NegRiskMarketId {
    let mut writer = Writer::new(2);
    writer.field(&oracle);
    writer.field(&Bytes::copy_from_slice(data));
    let mut encoded = Vec::new();
    writer.finish(&mut encoded);
    let mut id = keccak256(encoded);
    id.0[31] = 0;
    NegRiskMarketId(id)
}

/// Question `index` of a negative-risk event. Its condition's oracle is the neg-risk adapter.
pub fn question_id(market: NegRiskMarketId, index: u8) -> QuestionId {
    let mut id = market.0;
    id.0[31] |= index;
    QuestionId(id)
}

/// The event and the index of a negative-risk question.
pub fn question_parts(question: QuestionId) -> (NegRiskMarketId, u8) {
    let mut id = question.0;
    let index = std::mem::take(&mut id.0[31]);
    (NegRiskMarketId(id), index)
}

/// Which part of PolyV2 resolves a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Module {
    /// One question of its own.
    Binary = 1,
    /// One of an event's mutually exclusive questions.
    NegRisk = 2,
    /// A combination of other positions.
    Combinatorial = 3,
}

impl Module {
    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Binary),
            2 => Some(Self::NegRisk),
            3 => Some(Self::Combinatorial),
            _ => None,
        }
    }
}

/// A PolyV2 condition: the first 31 bytes of its positions' ids.
///
/// Byte 0 is the module, 1 to 16 a hash, 17 and 18 how many questions the event has, 19 to 26 zero, 27 and 28 the chain
/// that resolves it, 29 and 30 the question's number within its event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionCondition(FixedBytes<31>);

impl PositionCondition {
    /// The condition of a token and the token's outcome (0 YES, 1 NO), if it is a PolyV2 position.
    pub fn of_token(token: TokenId) -> Option<(Self, u8)> {
        let bytes = token.0.to_be_bytes::<32>();
        let (condition, outcome) = bytes.split_at(31);
        let condition = Self::new(FixedBytes::from_slice(condition))?;
        (outcome[0] <= 1).then_some((condition, outcome[0]))
    }

    /// The condition of these bytes: a known module, and zeros where zeros must be.
    pub fn new(bytes: FixedBytes<31>) -> Option<Self> {
        let known = Module::from_byte(bytes[0]).is_some();
        (known && bytes[19..27].iter().all(|byte| *byte == 0)).then_some(Self(bytes))
    }

    /// The condition that `module` makes of `data`, as one of `arity` in its event (0 when it has none), by its number.
    pub fn compute(module: Module, data: &[u8], arity: u16, index: u16) -> Self {
        let mut writer = Writer::new(2);
        writer.field(&(module as u8));
        writer.field(&Bytes::copy_from_slice(data));
        let mut encoded = Vec::new();
        writer.finish(&mut encoded);
        let mut bytes = FixedBytes::<31>::ZERO;
        bytes[0] = module as u8;
        bytes[1..17].copy_from_slice(&keccak256(encoded)[16..]);
        bytes[17..19].copy_from_slice(&arity.to_be_bytes());
        bytes[29..31].copy_from_slice(&index.to_be_bytes());
        Self(bytes)
    }

    /// The condition's bytes, as the router's calls take them.
    pub const fn bytes(self) -> FixedBytes<31> {
        self.0
    }

    /// Which module resolves it.
    pub fn module(self) -> Module {
        Module::from_byte(self.0[0]).expect("checked when it was made")
    }

    /// The event it is a question of.
    pub fn event(self) -> EventId {
        EventId(FixedBytes::from_slice(&self.0[..29]))
    }

    /// Its number within the event.
    pub fn index(self) -> u16 {
        u16::from_be_bytes([self.0[29], self.0[30]])
    }

    /// The YES and NO tokens.
    pub fn tokens(self) -> [TokenId; 2] {
        [0, 1].map(|outcome| {
            let mut bytes = [0; 32];
            bytes[..31].copy_from_slice(self.0.as_slice());
            bytes[31] = outcome;
            TokenId(U256::from_be_bytes(bytes))
        })
    }
}

impl fmt::Debug for PositionCondition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PositionCondition({})", self.0)
    }
}

impl fmt::Display for PositionCondition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// A PolyV2 event: what its conditions have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub FixedBytes<29>);

impl EventId {
    /// How many questions it has, without the "other" that completes it.
    pub fn arity(self) -> u16 {
        u16::from_be_bytes([self.0[17], self.0[18]])
    }

    /// Its condition of this number.
    pub fn condition(self, index: u16) -> Option<PositionCondition> {
        let mut bytes = FixedBytes::<31>::ZERO;
        bytes[..29].copy_from_slice(self.0.as_slice());
        bytes[29..].copy_from_slice(&index.to_be_bytes());
        PositionCondition::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::Contracts;
    use alloy_primitives::{address, b256};

    /// What the neg-risk adapter wraps USDC.e into; only tests need it.
    ///
    /// Source: the token ids of the recorded markets agree with it.
    const WRAPPED: Address = address!("0x3A3BD7bb9528E159577F7C2e685CC81A765002E2");

    /// Source: a negative-risk market of the recorded catalog, 2026-03-11.
    #[test]
    fn a_recorded_negative_risk_market_follows_from_its_question() {
        let question = QuestionId(b256!("0xe8da9a2cb1cca11fe0760d70d59d7a020bb90c9e1ba86141b31144e5f70beb00"));
        let condition = condition_id(Contracts::NEG_RISK_ADAPTER, question, 2);
        assert_eq!(condition.to_string(), "0x7ed08b305a3cca4f5b4e0c295c6b066e424a61358447b35d4f9bf1c2b56fe37c");
        assert_eq!(
            outcome_tokens(WRAPPED, condition).map(|token| token.to_string()),
            [
                "71621515493005505804032019343479076717370660677358537595954402101965328206829",
                "25845028258673189297779821426253639334774340611387584254413293228104042628959"
            ]
        );
        let (market, index) = question_parts(question);
        assert_eq!((market.0, index), (question.0, 0));
        assert_eq!(question_parts(question_id(market, 7)), (market, 7));
    }

    /// Source: an ordinary market recorded on 2026-07-24.
    #[test]
    fn a_recorded_ordinary_market_s_tokens_follow_from_its_condition() {
        let condition = "0x11ba5a5ab05573dee22a32b4c5bec06f035b8660eed912fb134e7215f46bf537".parse().unwrap();
        assert_eq!(
            outcome_tokens(Contracts::USDC_E, condition).map(|token| token.to_string()),
            [
                "72690798903588392269001731007662425920353908498880709179939493847828858696064",
                "57726118860664877408225679006057036191805241206083874875095996065406561439567"
            ]
        );
    }

    #[test]
    fn deeper_collections_do_not_depend_on_the_order() {
        let [a, b] = [1, 2].map(|byte| ConditionId(B256::repeat_byte(byte)));
        let one = |condition, parent| collection_id(parent, condition, U256::ONE).unwrap();
        assert_eq!(one(a, one(b, B256::ZERO)), one(b, one(a, B256::ZERO)));
        // Doubling a point is addition too.
        assert_ne!(one(a, one(a, B256::ZERO)), one(a, B256::ZERO));
    }

    #[test]
    fn a_parent_off_the_curve_is_refused() {
        // x = 4: 67 is no square modulo the prime; found by trial.
        let off = (1_u8..=9)
            .map(B256::with_last_byte)
            .filter(|id| collection_id(*id, ConditionId(B256::ZERO), U256::ONE).is_err());
        assert!(off.count() > 0);
        let beyond = B256::repeat_byte(0x3f);
        let error = collection_id(beyond, ConditionId(B256::ZERO), U256::ONE).unwrap_err();
        assert!(error.to_string().contains("0x3f3f3f"), "{error}");
    }

    /// Source: reference, section 5.5; layout of the ids as the SDKs compute combos.
    #[test]
    fn poly_v2_ids_keep_their_parts() {
        let condition = PositionCondition::compute(Module::NegRisk, b"an event", 5, 3);
        let [yes, no] = condition.tokens();
        assert!(yes.is_position_id() && no.is_position_id());
        assert_eq!(PositionCondition::of_token(yes), Some((condition, 0)));
        assert_eq!(PositionCondition::of_token(no), Some((condition, 1)));
        assert_eq!((condition.module(), condition.index(), condition.event().arity()), (Module::NegRisk, 3, 5));
        assert_eq!(condition.event().condition(3), Some(condition));
        assert_eq!(PositionCondition::of_token(TokenId(U256::MAX)), None);
        assert_eq!(PositionCondition::of_token(TokenId(yes.0 + U256::from(2))), None);
    }
}
