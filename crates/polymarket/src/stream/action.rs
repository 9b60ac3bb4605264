//! What sessions ask of their driver, and what they tell.

use std::collections::BTreeMap;

use brier_polymarket_protocol::stream::market::NewMarketEvent;
use brier_polymarket_protocol::stream::prices::SpotPrice;
use brier_types::{Input, MarketTicker, Stamped, Timestamp};

/// How many different unknown words are kept apart; more are counted together under `…`.
const MAX_UNKNOWN: usize = 64;

/// What the driver shall do, in this order.
#[derive(Clone, Debug)]
pub enum Action {
    /// Open a connection at this time; there is none now.
    Connect(Timestamp),
    /// Send a text frame.
    Send(String),
    /// Drop the connection; the session already treats it as gone.
    Close,
    /// Ask REST for the book of this token and give it to [`Machine::on_audit`].
    Audit(String),
    /// Deliver an input.
    Emit(Box<Stamped<Input>>),
    /// Deliver an outside price.
    Price(PriceTick),
    /// Tell people, or the caller.
    Notice(Notice),
}

/// A price of an outside asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTick {
    /// The topic or channel, as the venue names it.
    pub source: String,
    /// The symbol.
    pub symbol: String,
    /// Dollars.
    pub price: SpotPrice,
    /// When the source says that it held: decide by this time, not by the time of receipt.
    pub source_time: Option<Timestamp>,
    /// When the venue sent it.
    pub sent: Option<Timestamp>,
    /// When it reached us.
    pub received: Timestamp,
}

/// Something a person, or the caller, should know of. Inputs tell the core what it must act on; this is the rest.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A connection is open.
    Connected,
    /// A connection could not be made, or ended; the next try follows.
    Disconnected {
        /// Why.
        reason: String,
        /// When the next try is made, in milliseconds from now.
        retry_in_ms: u64,
    },
    /// The user channel was away and repeats nothing: reconcile with REST ([`super::Account::reconcile`]).
    NeedsReconcile {
        /// Why.
        reason: String,
    },
    /// A market was listed.
    NewMarket(Box<NewMarketEvent>),
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
    /// Markets whose book does not come though it was asked for several times; they stay unusable.
    NoSnapshot {
        /// The markets.
        markets: Vec<MarketTicker>,
    },
    /// The consumer was too slow for market data. Books are mended; trades in between are lost.
    Overflow {
        /// The markets whose books were lost.
        markets: Vec<MarketTicker>,
    },
}

/// Counts since the session was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Events by the word of their type, unknown ones too, and of the user session the answers to pings.
    pub frames: BTreeMap<String, u64>,
    /// Events whose type nobody here knows.
    pub unknown: u64,
    /// Frames that could not be read, or say what the core has no word for.
    pub unreadable: u64,
    /// Changes of books that were waiting for a snapshot.
    pub before_snapshot: u64,
    /// Events of tokens that are not, or no longer, wanted.
    pub unwanted: u64,
    /// Times that the venue's own best prices were others than the book's.
    pub best_mismatches: u64,
    /// REST books compared, and how many of them disagreed.
    pub audits: (u64, u64),
    /// Books that were lost and asked for anew.
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

/// A session as its driver sees it. Time never goes back.
pub trait Machine: Send {
    /// Begins: asks for a connection.
    fn start(&mut self, now: Timestamp, out: &mut Vec<Action>);
    /// The connection is open.
    fn on_open(&mut self, now: Timestamp, out: &mut Vec<Action>);
    /// There is no connection any more, or none could be made.
    fn on_close(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>);
    /// A text frame came.
    fn on_frame(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>);
    /// Time passed. Call it at [`Machine::next_deadline`].
    fn on_tick(&mut self, now: Timestamp, out: &mut Vec<Action>);
    /// When [`Machine::on_tick`] has something to do at the latest.
    fn next_deadline(&self) -> Option<Timestamp>;
    /// The answer to [`Action::Audit`], or why there is none.
    fn on_audit(
        &mut self,
        _now: Timestamp,
        _token: &str,
        _book: Result<super::AuditBook, String>,
        _out: &mut Vec<Action>,
    ) {
    }
    /// Market data found the queue full and was dropped.
    fn on_overflow(&mut self, _input: &Input) {}
    /// The queue has room again.
    fn on_room(&mut self, _now: Timestamp, _out: &mut Vec<Action>) {}
    /// Whether books wait for room in the queue.
    fn owes(&self) -> bool {
        false
    }
    /// What it counted.
    fn stats(&self) -> &Stats;
}

pub(super) fn emit(received: Timestamp, venue_time: Option<Timestamp>, body: Input) -> Action {
    Action::Emit(Box::new(Stamped { received, venue_time, body }))
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(512).collect()
}
