//! What the exchange remembers beside the core: orders with their whole history, trades, fills, settlements, users.
//!
//! The core forgets an order when it ends and knows no tickers, names or costs by role; these rows do. They are built
//! from commands, answers and events alone, so that a replay builds the same.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use brier_kalshi_protocol::rest;
use brier_kalshi_protocol::ws::UpdateReason;
use brier_matching::{AccountId, GroupId, MarketId, OrderId, Settlement, TradeNo};
use brier_types::{BookSide, ClientOrderId, Money, Price, Qty, SelfTradePrevention, Timestamp};

use super::candles::Candles;
use crate::limits::Limits;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Resting,
    Canceled,
    Executed,
}

/// An order, living or finished.
#[derive(Clone, Debug)]
pub(crate) struct OrderRow {
    pub id: OrderId,
    pub account: AccountId,
    pub market: MarketId,
    pub client_order_id: Arc<str>,
    pub side: BookSide,
    pub price: Price,
    pub filled: Qty,
    pub remaining: Qty,
    /// Canceled or decreased.
    pub removed: Qty,
    pub taker_cost: Money,
    pub maker_cost: Money,
    pub taker_fees: Money,
    pub maker_fees: Money,
    pub expires: Option<Timestamp>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub prevention: Option<SelfTradePrevention>,
    pub group: Option<GroupId>,
    pub cancel_on_pause: bool,
    pub standing: Standing,
    /// Why it changed last; absent for its beginning and its owner's cancel, for which the venue has no word.
    pub reason: Option<UpdateReason>,
}

impl OrderRow {
    /// What was ordered: what filled, what remains and what was taken back.
    pub(crate) fn initial(&self) -> Qty {
        sum(sum(self.filled, self.remaining), self.removed)
    }

    /// What its fills paid or brought in, and their fees.
    pub(crate) fn totals(&self) -> (Money, Money) {
        (total(self.taker_cost, self.maker_cost), total(self.taker_fees, self.maker_fees))
    }
}

/// A sum of quantities that informs and decides nothing: volumes and what was taken back over a lifetime, which no bound
/// on single orders bounds. No cash, hold or refusal depends on it, so at the end of 64 bits (nine trillion contracts) it
/// stays there rather than stop the exchange, as the core's own histories do.
pub(crate) fn sum(a: Qty, b: Qty) -> Qty {
    a.checked_add(b).unwrap_or(Qty::MAX)
}

/// A sum of money that informs and decides nothing; it stays at the end of 64 bits it runs to, as [`sum`] does.
pub(crate) fn total(a: Money, b: Money) -> Money {
    let end = if b < Money::ZERO { Money::from_micros(-i64::MAX) } else { Money::MAX };
    a.checked_add(b).unwrap_or(end)
}

/// A match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TradeRow {
    pub no: TradeNo,
    pub market: MarketId,
    pub price: Price,
    pub qty: Qty,
    pub taker_side: BookSide,
    pub at: Timestamp,
    /// The market's volume before it, so that the volume of any span is one subtraction.
    pub volume_before: Qty,
}

/// One user's part of a match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FillRow {
    /// Index of the trade.
    pub trade: u32,
    /// Index of the order.
    pub order: u32,
    pub is_taker: bool,
    pub fee: Money,
}

/// A position that was paid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SettlementRow {
    pub settlement: Settlement,
    pub at: Timestamp,
}

/// What a user did in one market, beside what the core's position says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UserMarket {
    pub traded: Qty,
    pub updated: Timestamp,
}

/// A user: one account of the core.
#[derive(Clone, Debug)]
pub(crate) struct UserRow {
    /// On the wire.
    pub id: Arc<str>,
    pub limits: Limits,
    /// Indices, oldest first.
    pub orders: Vec<u32>,
    pub fills: Vec<FillRow>,
    pub settlements: Vec<SettlementRow>,
    pub groups: Vec<GroupId>,
    pub markets: BTreeMap<MarketId, UserMarket>,
    /// Every client order id ever used.
    pub client_order_ids: HashSet<ClientOrderId>,
}

/// The names of a market, as every message about it carries them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MarketNames {
    pub id: MarketId,
    pub ticker: String,
    /// On the wire.
    pub uuid: String,
}

/// A market.
#[derive(Clone, Debug)]
pub(crate) struct MarketRow {
    pub names: Arc<MarketNames>,
    pub series: String,
    /// What does not move with trading; the rest is filled in when read.
    pub fixed: Box<rest::Market>,
    pub updated: Timestamp,
    pub volume: Qty,
    pub dollar_volume: Money,
    pub last: Option<(Price, Qty)>,
    /// Indices, oldest first.
    pub trades: Vec<u32>,
    pub candles: Candles,
    pub determined_at: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    pub expiration_value: String,
    /// The summary that was last published.
    pub published: Option<Summary>,
}

/// What the ticker channel tells of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub bid: Option<(Price, Qty)>,
    pub ask: Option<(Price, Qty)>,
    pub last: Option<(Price, Qty)>,
    pub volume: Qty,
    pub dollar_volume: Money,
    pub open_interest: Qty,
}
