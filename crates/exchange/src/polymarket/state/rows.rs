//! What the face keeps of each thing beside what the core knows of it.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use brier_matching::{AccountId, GroupId, MarketId, OrderId, TradeNo};
use brier_polymarket_protocol::ids::{ConditionId, OrderHash, SignatureType, TokenId};
use brier_polymarket_protocol::order::OrderKind;
use brier_polymarket_protocol::tick::TickSize;
use brier_types::{Action, FillStatus, MarketResult, Money, Outcome, Price, Qty, Timestamp};

use crate::polymarket::record::{EventListing, KeyRecord, MarketListing};

/// A wallet: one account of the core.
#[derive(Clone, Debug)]
pub(crate) struct WalletRow {
    pub address: Address,
    /// The key that signs for it.
    pub owner: Address,
    pub kind: SignatureType,
    /// Indices, oldest first.
    pub orders: Vec<u32>,
    /// Indices of the trades it has a part in, oldest first.
    pub trades: Vec<u32>,
    /// Everything else that moved its money: deposits, splits, merges, conversions, redemptions.
    pub activity: Vec<Activity>,
}

/// Something a wallet did beside trading.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub at: Timestamp,
    /// The venue's word: `SPLIT`, `MERGE`, `REDEEM`, `CONVERSION`, `DEPOSIT` or `WITHDRAWAL`.
    pub word: &'static str,
    pub market: Option<MarketId>,
    pub qty: Qty,
    /// Cash that came; negative when it went.
    pub cash: Money,
}

/// API credentials and what belongs to them.
#[derive(Clone, Debug)]
pub(crate) struct KeyRow {
    pub record: KeyRecord,
    pub notifications: Vec<Notification>,
    pub notified: u64,
    /// What the next sign of life must carry, and when it is late; absent until the first one.
    pub heartbeat: Option<(String, Timestamp)>,
    /// Signs of life so far: a timer of an older one is void.
    pub beats: u64,
}

/// Something the owner of a key is told of until he says that he has read it.
///
/// Source: reference (Polymarket), section 8.1: 1 cancel, 2 fill, 4 resolved.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub id: u64,
    pub kind: u32,
    pub order: Option<u32>,
    pub market: Option<MarketId>,
    pub at: Timestamp,
}

/// An event with its markets in the order of listing.
#[derive(Clone, Debug)]
pub(crate) struct EventRow {
    pub listing: EventListing,
    pub group: Option<GroupId>,
    pub markets: Vec<MarketId>,
    pub created: Timestamp,
}

/// How far a resolution is.
///
/// Source: reference (Polymarket), section 16.4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// Nobody has stated a result.
    #[default]
    Open,
    /// A result is stated and may be challenged.
    Proposed { result: MarketResult, disputes: u8 },
    /// It was challenged once: the question is open anew.
    Reset,
    /// It was challenged twice: the voters decide.
    Voting,
    /// It stands.
    Resolved { result: MarketResult, disputed: bool },
}

/// A market.
#[derive(Clone, Debug)]
pub(crate) struct MarketRow {
    pub id: MarketId,
    pub condition: ConditionId,
    pub tokens: [TokenId; 2],
    /// Texts of the ids, as every message carries them.
    pub condition_text: Arc<str>,
    pub token_texts: [Arc<str>; 2],
    pub listing: Box<MarketListing>,
    pub tick: TickSize,
    pub neg_risk: bool,
    pub created: Timestamp,
    /// When its book last changed.
    pub updated: Timestamp,
    pub volume: Qty,
    pub cash_volume: Money,
    /// Price and taker's side of the last trade, in terms of the taker's token.
    pub last: Option<LastTrade>,
    /// Indices, oldest first.
    pub trades: Vec<u32>,
    pub resolution: Resolution,
    pub resolved_at: Option<Timestamp>,
    /// Best YES bid and ask that were last said.
    pub said_best: (Option<Price>, Option<Price>),
}

/// The last trade of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LastTrade {
    /// In YES terms.
    pub yes_price: Price,
    pub outcome: Outcome,
    pub action: Action,
    pub at: Timestamp,
}

impl MarketRow {
    pub(crate) fn token_text(&self, outcome: Outcome) -> &Arc<str> {
        &self.token_texts[place(outcome)]
    }

    pub(crate) fn outcome_text(&self, outcome: Outcome) -> &str {
        &self.listing.outcomes[place(outcome)]
    }
}

/// The place of an outcome in every list of two: YES first.
pub(crate) const fn place(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Yes => 0,
        Outcome::No => 1,
    }
}

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It waits out the delay of its market.
    Delayed,
    /// It rests.
    Live,
    /// Filled to the end.
    Matched,
    /// Over before it filled; the text is the venue's reason, empty when its owner canceled it.
    Canceled(&'static str),
    /// Canceled because its market resolved.
    Resolved,
}

/// An order that was ever taken.
#[derive(Clone, Debug)]
pub(crate) struct OrderRow {
    pub hash: OrderHash,
    /// The core's number; absent while it is delayed, or when it was killed.
    pub id: Option<OrderId>,
    pub account: AccountId,
    pub key: Arc<str>,
    pub market: MarketId,
    pub action: Action,
    pub outcome: Outcome,
    pub price: Price,
    pub size: Qty,
    pub filled: Qty,
    pub kind: OrderKind,
    /// Unix seconds, 0 for none.
    pub expiration: u64,
    pub builder: B256,
    pub standing: Standing,
    pub created: Timestamp,
    /// Indices of its trades.
    pub trades: Vec<u32>,
}

/// A trade: what one order took at one price.
#[derive(Clone, Debug)]
pub(crate) struct TradeRow {
    pub uuid: Arc<str>,
    pub no: TradeNo,
    /// Which of the trades of its match this is.
    pub bucket: u32,
    pub market: MarketId,
    /// Index of the order that took.
    pub taker: u32,
    pub action: Action,
    pub outcome: Outcome,
    pub qty: Qty,
    /// In terms of the taker's token.
    pub price: Price,
    /// Cash the taker paid or received, before the fee.
    pub cash: Money,
    pub fee: Money,
    pub status: FillStatus,
    pub matched: Timestamp,
    pub updated: Timestamp,
    /// Whether it was sent to the chain, so that its transaction has a name.
    pub broadcast: bool,
    pub makers: Vec<MakerPart>,
}

/// One resting order's part of a trade.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MakerPart {
    /// Index of the order.
    pub order: u32,
    pub qty: Qty,
    /// In terms of its own token.
    pub price: Price,
    pub cash: Money,
}
