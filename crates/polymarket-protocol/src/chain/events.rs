//! What the exchange contracts log, in one form for all their generations.
//!
//! Invariant: the signed order's hash, its maker and every amount are taken from the log as they are; a log of another
//! shape is an error, never a guess. Not here: logs of other contracts.
//!
//! Source: reference, section 16.3, 2026-11-20.

use alloy_primitives::{Address, B256, Bytes, U256, b256};

use super::abi::{AbiError, Reader};
use crate::ids::{OrderHash, Side, TokenId};

/// Topic of V1's `OrderFilled`.
pub const ORDER_FILLED_V1: B256 = b256!("0xd0a08e8c493f9c94f29311604c9de1b4e8c8d4c06bd0c789af57f2d65bfec0f6");
/// Topic of V1's `OrdersMatched`.
pub const ORDERS_MATCHED_V1: B256 = b256!("0x63bf4d16b7fa898ef4c4b2b6d90fd201e9c56313b65638af6088d149d2ce956c");
/// Topic of `OrderFilled` of V2 and V3.
pub const ORDER_FILLED_V2: B256 = b256!("0xd543adfd945773f1a62f74f0ee55a5e3b9b1a28262980ba90b1a89f2ea84d8ee");
/// Topic of `OrdersMatched` of V2 and V3.
pub const ORDERS_MATCHED_V2: B256 = b256!("0x174b3811690657c217184f89418266767c87e4805d09680c39fc9c031c0cab7c");
/// Topic of `FeeCharged`, read in V3's source and assumed for V2.
pub const FEE_CHARGED: B256 = b256!("0x55bb3cade9d43b798a4fe5ffdd05024b2d7870df53920673bfc7e68047cd0ab1");

/// A log as a node gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The contract that logged.
    pub address: Address,
    /// The event's topic, then its indexed values.
    pub topics: Vec<B256>,
    /// The other values.
    pub data: Bytes,
}

/// A log claims to be an event of the exchange and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("log of {event}: {problem}")]
pub struct EventError {
    /// What its topic says.
    pub event: &'static str,
    /// What is wrong.
    pub problem: AbiError,
}

/// An order was filled, wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFilled {
    /// The order.
    pub order: OrderHash,
    /// Its maker.
    pub maker: Address,
    /// The taker order's maker, or the exchange itself in the taker's own event.
    pub taker: Address,
    /// What the order does.
    pub side: Side,
    /// The outcome token.
    pub token: TokenId,
    /// What the maker gave: collateral when buying, shares when selling; units of 1e-6.
    pub maker_amount: U256,
    /// What the maker got, in units of 1e-6.
    pub taker_amount: U256,
    /// The fee, in units of 1e-6 of collateral; on V1 of what the maker got.
    pub fee: U256,
    /// The builder code; zero without one, and on V1.
    pub builder: B256,
    /// The order's metadata; zero on V1.
    pub metadata: B256,
}

/// An event of an exchange contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeEvent {
    /// An order was filled.
    OrderFilled(OrderFilled),
    /// A taker order was matched; amounts as in its own [`OrderFilled`].
    OrdersMatched {
        /// The taker order.
        order: OrderHash,
        /// Its maker.
        maker: Address,
        /// What it does.
        side: Side,
        /// The outcome token.
        token: TokenId,
        /// What the maker gave, in units of 1e-6.
        maker_amount: U256,
        /// What the maker got, in units of 1e-6.
        taker_amount: U256,
    },
    /// A fee went to its receiver.
    FeeCharged {
        /// Who got it.
        receiver: Address,
        /// How much, in units of 1e-6.
        amount: U256,
    },
}

impl ExchangeEvent {
    /// The event of a log, or `None` when its topic is another contract's.
    ///
    /// # Errors
    /// [`EventError`] when the topic is known and the values are not what it promises.
    pub fn decode(log: &Log) -> Result<Option<Self>, EventError> {
        let Some((topic, indexed)) = log.topics.split_first() else { return Ok(None) };
        let (event, read): (_, Read) = match *topic {
            ORDER_FILLED_V1 => ("OrderFilled (V1)", filled_v1),
            ORDER_FILLED_V2 => ("OrderFilled", filled_v2),
            ORDERS_MATCHED_V1 => ("OrdersMatched (V1)", matched_v1),
            ORDERS_MATCHED_V2 => ("OrdersMatched", matched_v2),
            FEE_CHARGED => ("FeeCharged", fee_charged),
            _ => return Ok(None),
        };
        // Every value is one word and the indexed ones come first, so the words in order are topics, then data.
        let mut words: Vec<u8> = indexed.iter().flat_map(|word| word.0).collect();
        words.extend_from_slice(&log.data);
        let mut reader = Reader::new(&words, 0);
        let problem = |problem| EventError { event, problem };
        let decoded = read(&mut reader).map_err(problem)?;
        reader.end().map_err(problem)?;
        Ok(Some(decoded))
    }
}

/// How the words of one event are read.
type Read = fn(&mut Reader<'_>) -> Result<ExchangeEvent, AbiError>;

/// Asset id 0 is the collateral: who gives it buys.
fn side_of_assets(maker_asset: U256, taker_asset: U256) -> (Side, TokenId) {
    if maker_asset.is_zero() { (Side::Buy, TokenId(taker_asset)) } else { (Side::Sell, TokenId(maker_asset)) }
}

fn side(reader: &mut Reader<'_>) -> Result<Side, AbiError> {
    Ok(if reader.field::<bool>()? { Side::Sell } else { Side::Buy })
}

fn filled_v1(reader: &mut Reader<'_>) -> Result<ExchangeEvent, AbiError> {
    let (order, maker, taker) = (OrderHash(reader.field()?), reader.field()?, reader.field()?);
    let (side, token) = side_of_assets(reader.field()?, reader.field()?);
    let (maker_amount, taker_amount, fee) = (reader.field()?, reader.field()?, reader.field()?);
    let (builder, metadata) = (B256::ZERO, B256::ZERO);
    Ok(ExchangeEvent::OrderFilled(OrderFilled {
        order,
        maker,
        taker,
        side,
        token,
        maker_amount,
        taker_amount,
        fee,
        builder,
        metadata,
    }))
}

fn filled_v2(reader: &mut Reader<'_>) -> Result<ExchangeEvent, AbiError> {
    Ok(ExchangeEvent::OrderFilled(OrderFilled {
        order: OrderHash(reader.field()?),
        maker: reader.field()?,
        taker: reader.field()?,
        side: side(reader)?,
        token: TokenId(reader.field()?),
        maker_amount: reader.field()?,
        taker_amount: reader.field()?,
        fee: reader.field()?,
        builder: reader.field()?,
        metadata: reader.field()?,
    }))
}

fn matched_v1(reader: &mut Reader<'_>) -> Result<ExchangeEvent, AbiError> {
    let (order, maker) = (OrderHash(reader.field()?), reader.field()?);
    let (side, token) = side_of_assets(reader.field()?, reader.field()?);
    let (maker_amount, taker_amount) = (reader.field()?, reader.field()?);
    Ok(ExchangeEvent::OrdersMatched { order, maker, side, token, maker_amount, taker_amount })
}

fn matched_v2(reader: &mut Reader<'_>) -> Result<ExchangeEvent, AbiError> {
    Ok(ExchangeEvent::OrdersMatched {
        order: OrderHash(reader.field()?),
        maker: reader.field()?,
        side: side(reader)?,
        token: TokenId(reader.field()?),
        maker_amount: reader.field()?,
        taker_amount: reader.field()?,
    })
}

fn fee_charged(reader: &mut Reader<'_>) -> Result<ExchangeEvent, AbiError> {
    Ok(ExchangeEvent::FeeCharged { receiver: reader.field()?, amount: reader.field()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::abi::Value;
    use alloy_primitives::keccak256;

    #[test]
    fn topics_are_the_hashes_of_their_signatures() {
        let amounts = "uint256,uint256,uint256";
        for (topic, signature) in [
            (ORDER_FILLED_V1, format!("OrderFilled(bytes32,address,address,uint256,uint256,{amounts})")),
            (ORDERS_MATCHED_V1, "OrdersMatched(bytes32,address,uint256,uint256,uint256,uint256)".to_owned()),
            (ORDER_FILLED_V2, format!("OrderFilled(bytes32,address,address,uint8,uint256,{amounts},bytes32,bytes32)")),
            (ORDERS_MATCHED_V2, "OrdersMatched(bytes32,address,uint8,uint256,uint256,uint256)".to_owned()),
            (FEE_CHARGED, "FeeCharged(address,uint256)".to_owned()),
        ] {
            assert_eq!(topic, keccak256(&signature), "{signature}");
        }
    }

    fn words(values: &[u64]) -> Bytes {
        let mut out = Vec::new();
        for value in values {
            U256::from(*value).write(&mut out);
        }
        out.into()
    }

    fn log(topic: B256, data: &[u64]) -> Log {
        let who = |byte| Address::repeat_byte(byte).into_word();
        let topics = vec![topic, B256::repeat_byte(7), who(1), who(2)];
        Log { address: Address::ZERO, topics, data: words(data) }
    }

    #[test]
    fn both_generations_of_a_fill_read_alike() {
        let old = ExchangeEvent::decode(&log(ORDER_FILLED_V1, &[0, 99, 50, 100, 1])).unwrap();
        let new = ExchangeEvent::decode(&log(ORDER_FILLED_V2, &[0, 99, 50, 100, 1, 0, 0])).unwrap();
        assert_eq!(old, new);
        let Some(ExchangeEvent::OrderFilled(fill)) = new else { panic!("{new:?}") };
        assert_eq!((fill.side, fill.token), (Side::Buy, TokenId(U256::from(99))));
        assert_eq!((fill.maker_amount, fill.taker_amount, fill.fee), (U256::from(50), U256::from(100), U256::ONE));
        let sale = ExchangeEvent::decode(&log(ORDER_FILLED_V1, &[99, 0, 100, 50, 1])).unwrap();
        assert!(matches!(sale, Some(ExchangeEvent::OrderFilled(OrderFilled { side: Side::Sell, .. }))));
    }

    #[test]
    fn another_shape_is_an_error_and_another_event_is_none() {
        let short = ExchangeEvent::decode(&log(ORDER_FILLED_V2, &[0, 99, 50, 100, 1, 0])).unwrap_err();
        assert!(short.to_string().starts_with("log of OrderFilled: abi: expected a word of 32 bytes"), "{short}");
        let long = ExchangeEvent::decode(&log(ORDER_FILLED_V1, &[0, 99, 50, 100, 1, 0])).unwrap_err();
        assert!(long.to_string().contains("expected the end at byte 256"), "{long}");
        let side = ExchangeEvent::decode(&log(ORDER_FILLED_V2, &[2, 99, 50, 100, 1, 0, 0])).unwrap_err();
        assert!(side.to_string().contains("expected 0 or 1 at byte 96, found 2"), "{side}");
        assert_eq!(ExchangeEvent::decode(&log(B256::ZERO, &[])), Ok(None));
    }
}
