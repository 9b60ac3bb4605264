//! What the core tells the streams: one message for everybody, put in order once, tailored by each session for itself.
//!
//! A session filters by channel, market and owner, numbers what it sends, and turns prices into the form its
//! subscription asked for; so the core does the same work for one listener as for a thousand.

use std::sync::Arc;

use brier_kalshi_protocol::ws;
use brier_matching::{AccountId, MarketId};
use brier_types::{BookSide, Price, SignedQty, Timestamp};

use crate::state::MarketNames;

/// One message to the streams.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    /// The market it is about.
    pub market: Option<MarketId>,
    /// The only user who may see it, on private channels.
    pub owner: Option<AccountId>,
    pub body: Said,
}

/// What it says.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// A level of a book changed.
    Level(LevelChange),
    /// A message that is the same for all who may see it.
    Message(ws::Channel, Box<ws::Body>),
}

/// A level of a book that changed.
#[derive(Clone, Debug)]
pub(crate) struct LevelChange {
    pub market: Arc<MarketNames>,
    pub side: BookSide,
    pub price: Price,
    pub change: SignedQty,
    /// The order that did it: its owner is told the client order id.
    pub account: AccountId,
    pub client_order_id: Arc<str>,
    pub at: Timestamp,
}

impl Publication {
    pub(crate) const fn channel(&self) -> ws::Channel {
        match &self.body {
            Said::Level(_) => ws::Channel::OrderbookDelta,
            Said::Message(channel, _) => *channel,
        }
    }
}
