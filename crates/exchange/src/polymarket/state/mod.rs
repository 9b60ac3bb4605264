//! The state of the Polymarket face: the token exchange and, beside it, everything that has a name on the wire.
//!
//! Invariants: state changes by [`State::execute`] only, from a record and its time, so that a replay of the journal gives
//! the same state; due timers run one by one, each at its own time, before a record; the state reads no clock, no file and no
//! randomness. What listeners should hear is collected in an outbox and leaves with the commit.

mod execute;
mod orders;
mod project;
mod relay;
mod rows;
pub(crate) mod say;
mod timers;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use alloy_primitives::Address;
use brier_matching::tokens::{Event, Refusal, Reply, TokenExchange};
use brier_matching::{AccountId, GroupId, MarketId, OrderId, TradeNo};
use brier_polymarket_protocol::ids::{ConditionId, OrderHash, TokenId};
use brier_types::{BookSide, Money, Outcome, Price, Qty, Timestamp};

pub(crate) use orders::Posted;
pub(crate) use relay::{Relay, RelayRow};
pub(crate) use rows::{
    EventRow, KeyRow, LastTrade, MarketRow, Notification as Notice, OrderRow, Resolution, Standing, TradeRow,
    WalletRow, place,
};
use timers::Timer;

use super::limits::Tier;
use super::record::{EngineMode, Restriction, SettlementPolicy};
use say::{Listening, Said};

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub core: TokenExchange,
    /// By account number.
    pub wallets: Vec<WalletRow>,
    pub accounts: HashMap<Address, AccountId>,
    /// By API key.
    pub keys: BTreeMap<String, KeyRow>,
    /// By number, so in the order of listing.
    pub markets: Vec<MarketRow>,
    pub conditions: HashMap<ConditionId, MarketId>,
    pub tokens: HashMap<TokenId, (MarketId, Outcome)>,
    /// By their number on the wire.
    pub events: BTreeMap<String, EventRow>,
    /// Oldest first.
    pub orders: Vec<OrderRow>,
    pub hashes: HashMap<OrderHash, u32>,
    by_id: HashMap<OrderId, u32>,
    /// Oldest first. One match makes one trade for each price it met.
    pub trades: Vec<TradeRow>,
    by_match: HashMap<TradeNo, Vec<u32>>,
    pub settlement: SettlementPolicy,
    /// Matches that were made to fail.
    doomed: BTreeSet<TradeNo>,
    pub engine: EngineMode,
    /// By key's owner.
    pub restrictions: BTreeMap<Address, Restriction>,
    pub tiers: BTreeMap<Address, Tier>,
    /// Of whoever has none of his own.
    pub default_tier: Tier,
    /// The exchange says that it takes orders of the dead generation.
    pub says_version_one: bool,
    timers: BTreeMap<(Timestamp, u64), Timer>,
    timers_set: u64,
    /// Set when keys, wallets or listings changed; the core then publishes them to the doors.
    pub doors_changed: bool,
    /// What wallets had done for them.
    pub relay: Relay,
    /// What listeners should hear, in order. Stays empty while nobody listens.
    pub outbox: Vec<Said>,
    pub listening: Listening,
    scratch: Vec<Event>,
    /// Index of the order that is being placed.
    placing: Option<u32>,
    /// A match is being projected: its levels are not said one by one.
    quiet: bool,
    /// Orders that wait out the delay of their market.
    delayed: BTreeMap<u32, super::record::PlaceRecord>,
}

/// What a record brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// What the core answered.
    Reply(Reply),
    /// What became of an order.
    Posted(Posted),
    /// Orders that were canceled, and those that did not rest.
    Canceled(Vec<OrderId>, Vec<OrderId>),
    /// A name or a right was kept.
    Kept,
}

/// Why a record changed nothing, or, of an immediate order, nothing but that it is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The core said no.
    #[error(transparent)]
    Core(#[from] Refusal),
    /// The order's hash is known.
    #[error("the order was posted before")]
    Duplicated,
    /// The engine takes nothing of the kind now.
    #[error("the engine is {0:?}")]
    Engine(EngineMode),
    /// A GTD order that ends within a minute, or another with an end.
    #[error("invalid expiration")]
    Expiration,
    /// Too small to rest.
    #[error("{size} shares, at least {min}")]
    BelowMinimum {
        /// The order's shares.
        size: Qty,
        /// The market's least.
        min: Qty,
    },
    /// Too small to take.
    #[error("{0} dollars, at least 1")]
    MarketableBelowDollar(Money),
    /// The price is none of the market's.
    #[error("price {price} breaks the tick {tick}")]
    Tick {
        /// The order's price.
        price: Price,
        /// The market's step.
        tick: Price,
    },
    /// A listing contradicts itself or another; the text says how.
    #[error("{0}")]
    Listing(String),
    /// No such thing, named.
    #[error("no such {0}")]
    Unknown(&'static str),
    /// The name is taken.
    #[error("{0} exists already")]
    Taken(&'static str),
    /// It does not follow from where the resolution is.
    #[error("{0}")]
    Resolution(&'static str),
    /// The journal takes no record of this length.
    #[error(
        "the description makes a record of {len} bytes, at most {} are taken; shorten its texts",
        brier_store::MAX_RECORD_LEN
    )]
    TooLong {
        /// Its length.
        len: usize,
    },
}

impl State {
    pub(crate) fn market(&self, market: MarketId) -> &MarketRow {
        &self.markets[market.0 as usize]
    }

    fn market_mut(&mut self, market: MarketId) -> &mut MarketRow {
        &mut self.markets[market.0 as usize]
    }

    pub(crate) fn wallet(&self, account: AccountId) -> &WalletRow {
        &self.wallets[account.0 as usize]
    }

    /// The market and outcome of a token.
    pub(crate) fn token(&self, token: TokenId) -> Option<(MarketId, Outcome)> {
        self.tokens.get(&token).copied()
    }

    pub(crate) fn order_index(&self, order: OrderId) -> Option<u32> {
        self.by_id.get(&order).copied()
    }

    pub(crate) fn order(&self, index: u32) -> &OrderRow {
        &self.orders[index as usize]
    }

    /// Trades of a match: one for each price it met.
    pub(crate) fn trades_of(&self, trade: TradeNo) -> &[u32] {
        self.by_match.get(&trade).map_or(&[], Vec::as_slice)
    }

    /// The best level of a token's own book.
    pub(crate) fn best(&self, market: MarketId, outcome: Outcome, side: BookSide) -> Option<(Price, Qty)> {
        self.levels(market, outcome, side).into_iter().next()
    }

    /// Levels of a token's own book, best first: the NO book mirrors the YES book.
    pub(crate) fn levels(&self, market: MarketId, outcome: Outcome, side: BookSide) -> Vec<(Price, Qty)> {
        match outcome {
            Outcome::Yes => self.core.levels(market, side).collect(),
            Outcome::No => {
                let mirrored = self.core.levels(market, side.opposite());
                mirrored.map(|(price, qty)| (price.complement(), qty)).collect()
            }
        }
    }

    /// The negative-risk group of an event.
    pub(crate) fn group(&self, event: &str) -> Option<GroupId> {
        self.events.get(event).and_then(|row| row.group)
    }

    /// When something is due next.
    pub(crate) fn next_timer(&self) -> Option<Timestamp> {
        let own = self.timers.first_key_value().map(|((at, _), _)| *at);
        [own, self.core.next_timer()].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
