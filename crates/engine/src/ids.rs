//! Dense numbers for what the engine looks up on its hot path, so that an input costs an index and no hash.

use std::fmt;

/// A market's place in the [`crate::Universe`]: dense, from 0 in the order of listing, never given to another market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketId(pub u32);

impl MarketId {
    /// The place as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An event's place in the [`crate::Universe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u32);

impl EventId {
    /// The place as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A strategy's place in the engine, in the order of configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StrategyId(pub u16);

impl StrategyId {
    /// Orders of the operator, and fills that nobody here ordered.
    pub const OPERATOR: Self = Self(u16::MAX);

    /// The place as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An order of ours. It carries its slot and a generation, so that finding it needs no hash and a stale key finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// Its place in the store.
    pub slot: u32,
    /// How often the place had been given before.
    pub generation: u32,
}

/// One request to a venue. Counts up through the life of the journal; its answer carries it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

macro_rules! shown {
    ($($name:ident => $prefix:literal),+) => {
        $(impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!($prefix, "{}"), self.0)
            }
        })+
    };
}

shown!(MarketId => "m", EventId => "e", StrategyId => "s", RequestId => "r");

impl fmt::Display for OrderKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "o{}.{}", self.slot, self.generation)
    }
}
