//! What stands between the engine's commands and a venue's HTTP: pure state machines, one for each venue.

mod kalshi;
mod polymarket;

use std::time::Duration;

use brier_engine::{Command, Input};
use brier_types::{Timestamp, Venue};

pub use kalshi::{KalshiConfig, KalshiGateway};
pub use polymarket::{PolymarketConfig, PolymarketGateway};

/// One call of one gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// Which calls go before others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Placing and changing orders.
    Order,
    /// Taking orders back.
    Cancel,
    /// Everything that only reads.
    Read,
}

/// Which of a venue's hosts a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// Kalshi's one host.
    Kalshi,
    /// Polymarket's order book.
    Clob,
    /// Polymarket's metadata.
    Gamma,
    /// Polymarket's Data API.
    Data,
}

/// The verb of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes.
    Post,
    /// Changes.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP call, signed and ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    /// Carried back by its outcome.
    pub id: CallId,
    /// Which calls it goes before.
    pub lane: Lane,
    /// Where.
    pub host: Host,
    /// The verb.
    pub method: Method,
    /// Path and query, as sent and as signed.
    pub target: String,
    /// Headers, the signature's among them.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// When the shell gives up and says [`Outcome::Silent`], by the wall clock.
    pub deadline: Timestamp,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No byte of it left.
    NotSent(String),
    /// It left, and no whole answer came in time.
    Silent(String),
    /// An answer.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The venue's own time, where it says so.
        date: Option<Timestamp>,
        /// How long it asks to wait, where it says so.
        retry_after: Option<Duration>,
        /// The body.
        body: Vec<u8>,
    },
}

/// What a gateway wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Make a call.
    Call(HttpCall),
    /// Tell the engine.
    Input(Input),
    /// Tell people who look closely.
    Notice(String),
}

/// A venue's gateway: commands in, calls out; outcomes in, inputs out.
pub trait Gateway {
    /// Whose it is.
    fn venue(&self) -> Venue;
    /// Takes a command of its venue: every one is answered by exactly one first input, whatever happens.
    fn on_command(&mut self, now: Timestamp, command: &Command, out: &mut Vec<Action>);
    /// Takes what became of a call.
    fn on_outcome(&mut self, now: Timestamp, call: CallId, outcome: Outcome, out: &mut Vec<Action>);
    /// Time passed.
    fn on_timer(&mut self, now: Timestamp, out: &mut Vec<Action>);
    /// When [`Gateway::on_timer`] has something to do.
    fn next_deadline(&self) -> Option<Timestamp>;
}

/// Whether a venue may have acted on a request that it answered with this status: a 4xx is a refusal, but for the one that says
/// that time ran out; what is neither success nor refusal is outside the contract.
pub(crate) const fn may_have_acted(status: u16) -> bool {
    !matches!(status, 400..=499) || status == 408
}

/// A body as text, for people.
pub(crate) fn text_of(body: &[u8]) -> String {
    const MOST: usize = 4_096;
    String::from_utf8_lossy(&body[..body.len().min(MOST)]).into_owned()
}
