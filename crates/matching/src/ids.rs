//! Names the core gives to things: dense numbers, so that a lookup is an array access.

use std::fmt;

/// One set of cash and positions: a user, or one subaccount of a user. Dense from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

/// One market. Dense from 0, in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketId(pub u32);

/// One order group. Dense from 0, in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// One match, counted from 1 over all markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeNo(pub u64);

/// One order: the slot it lives in and how often that slot was used before, so that finding an order needs no hash and
/// an old id never finds a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(u64);

impl OrderId {
    pub(crate) const fn new(slot: u32, generation: u32) -> Self {
        Self((generation as u64) << 32 | slot as u64)
    }

    /// The slot it lives in: dense, for a caller's own array beside the core's.
    pub const fn slot(self) -> u32 {
        self.0 as u32
    }

    pub(crate) const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The id as a number, for storage and for the wire.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The id that [`OrderId::to_bits`] gave. Any number is an id; most name no order.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "o{}.{}", self.slot(), self.generation())
    }
}
