//! The whole state of the exchange: the matching core and, beside it, everything that has a name on the wire.
//!
//! Invariants: state changes by [`State::execute`] only, from a record and its time, so that a replay of the journal
//! gives the same state; due timers are run one by one, each at its own time, before a command; the state reads no clock,
//! no file and no randomness. What listeners should hear is collected in an outbox and leaves with the commit.

mod candles;
mod catalog;
mod execute;
mod project;
mod rows;
mod say;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use brier_kalshi_protocol::rest;
use brier_matching::{AccountId, Event, Exchange, MarketId, OrderId, Refusal, Reply};
use brier_types::{BookSide, Price, Qty, Timestamp};

pub(crate) use candles::average;
pub use catalog::CatalogError;
pub(crate) use catalog::{event as read_event, market as read_market, series as read_series};
pub(crate) use rows::{FillRow, MarketNames, MarketRow, OrderRow, Standing, TradeRow, UserRow, sum};

use crate::publication::Publication;
use crate::record::KeyRecord;

/// An event as listed, with its markets in the order of listing.
#[derive(Clone, Debug)]
pub(crate) struct EventRow {
    pub data: rest::EventData,
    pub markets: Vec<MarketId>,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub exchange: Exchange,
    pub series: BTreeMap<String, rest::Series>,
    pub events: BTreeMap<String, EventRow>,
    /// Oldest first; they take effect when they are made.
    pub series_fee_changes: Vec<rest::SeriesFeeChange>,
    /// By number, so in the order of listing.
    pub markets: Vec<MarketRow>,
    pub tickers: HashMap<String, MarketId>,
    /// By account number.
    pub users: Vec<UserRow>,
    pub keys: BTreeMap<String, KeyRecord>,
    pub orders: Vec<OrderRow>,
    pub trades: Vec<TradeRow>,
    order_index: HashMap<OrderId, u32>,
    /// Set when keys or limits changed; the core then publishes them to the doors.
    pub access_changed: bool,
    /// What listeners should hear, in order. Stays empty while nobody listens.
    pub outbox: Vec<Publication>,
    pub listening: bool,
    scratch: Vec<Event>,
    touched: Touched,
}

/// What the present command changed, said once when it is over.
#[derive(Debug, Default)]
struct Touched {
    orders: BTreeSet<u32>,
    positions: BTreeSet<(AccountId, MarketId)>,
    quotes: BTreeSet<MarketId>,
    /// Markets whose summary may have changed since the last commit.
    markets: BTreeSet<MarketId>,
}

/// What a record brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What the core answered.
    Reply(Reply),
    /// A name or a right was kept.
    Kept,
}

/// Why a record changed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The core said no.
    #[error(transparent)]
    Core(#[from] Refusal),
    /// The listing said no.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
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
    pub(crate) fn market_id(&self, ticker: &str) -> Option<MarketId> {
        self.tickers.get(ticker).copied()
    }

    pub(crate) fn market(&self, market: MarketId) -> &MarketRow {
        &self.markets[market.0 as usize]
    }

    pub(crate) fn market_mut(&mut self, market: MarketId) -> &mut MarketRow {
        &mut self.markets[market.0 as usize]
    }

    pub(crate) fn user(&self, account: AccountId) -> &UserRow {
        &self.users[account.0 as usize]
    }

    pub(crate) fn order_index(&self, order: OrderId) -> Option<u32> {
        self.order_index.get(&order).copied()
    }

    pub(crate) fn order(&self, order: OrderId) -> Option<&OrderRow> {
        self.order_index(order).map(|index| &self.orders[index as usize])
    }

    /// The best level of a side.
    pub(crate) fn best(&self, market: MarketId, side: BookSide) -> Option<(Price, Qty)> {
        self.exchange.levels(market, side).next()
    }

    /// The next client order id the exchange would make for a user who gave none: one the user never used.
    pub(crate) fn mint_client_order_id(&self, account: AccountId) -> brier_types::ClientOrderId {
        let used = &self.user(account).client_order_ids;
        let first = self.orders.len() as u64 | u64::from(account.0) << 40;
        // One candidate more than ids were used, so one of them is free.
        (0..=used.len() as u64)
            .map(|number| crate::ids::client_order_text(first.wrapping_add(number)))
            .map(|text| text.parse().expect("a UUID is a client order id"))
            .find(|id| !used.contains(id))
            .expect("one candidate is free")
    }

    /// When something is due next.
    pub(crate) fn next_timer(&self) -> Option<Timestamp> {
        self.exchange.next_timer()
    }

    pub(crate) fn names(&self, market: MarketId) -> &Arc<MarketNames> {
        &self.market(market).names
    }
}

#[cfg(test)]
mod tests;
