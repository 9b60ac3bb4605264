//! What a session counts, and what it tells people.

use std::collections::BTreeMap;

use brier_kalshi_protocol::ws::{Channel, ErrorCode};
use brier_types::MarketTicker;

/// How many different unknown words are kept apart; more are counted together under `…`.
const MAX_UNKNOWN: usize = 64;

/// Counts since the session was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames by the word of their type, unknown ones too.
    pub frames: BTreeMap<String, u64>,
    /// Frames whose type nobody here knows.
    pub unknown: u64,
    /// Frames that could not be read, or say what the core has no word for.
    pub unreadable: u64,
    /// Deltas of books that were waiting for a snapshot.
    pub before_snapshot: u64,
    /// Messages for markets or subscriptions that are not, or no longer, wanted.
    pub unwanted: u64,
    /// Messages whose number had come before.
    pub repeats: u64,
    /// Times that numbers were missing.
    pub gaps: u64,
    /// Snapshots asked for to mend a book.
    pub repairs: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Market data that found the queue full.
    pub overflowed: u64,
}

impl Stats {
    pub(super) fn count(&mut self, kind: &str) {
        if let Some(count) = self.frames.get_mut(kind) {
            *count += 1;
        } else {
            let name = if self.frames.len() < MAX_UNKNOWN { kind } else { "…" };
            *self.frames.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
}

/// Something a person, or the caller, should know of. Inputs tell the core what it must act on; this is the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A connection could not be made, or ended; the next try follows.
    Disconnected {
        /// Why.
        reason: String,
        /// When the next try is made, in milliseconds from now.
        retry_in_ms: u64,
    },
    /// The venue refused a command for good, or ended a subscription.
    Refused {
        /// The channel, where it is known.
        channel: Option<Channel>,
        /// Its number for it.
        code: ErrorCode,
        /// Its words.
        message: String,
        /// The markets that are not subscribed because of it.
        markets: Vec<MarketTicker>,
    },
    /// Messages of a channel without books are missing: they cannot be had again here, so ask REST.
    Missed {
        /// The channel.
        channel: Channel,
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A frame of a type that this version does not know. Told once for each type.
    UnknownFrame {
        /// The type's word.
        kind: String,
        /// The frame, cut to 512 characters.
        frame: String,
    },
    /// A frame that cannot be read, or that the core has no word for.
    Unreadable {
        /// What is wrong with it.
        problem: String,
        /// The frame, cut to 512 characters.
        frame: String,
    },
    /// Markets whose snapshot does not come though it was asked for several times. They may be closed or gone; their books
    /// stay unusable, and are asked for less and less often.
    NoSnapshot {
        /// The markets.
        markets: Vec<MarketTicker>,
        /// How often it was asked for.
        asks: u32,
    },
    /// Everything the venue had sent when it saw the question has been delivered before this.
    Synced {
        /// The question's token.
        token: u64,
    },
    /// The consumer was too slow for market data. Books are mended; trades and quotes in between are lost.
    Overflow {
        /// The markets whose books were lost.
        markets: Vec<MarketTicker>,
    },
}
