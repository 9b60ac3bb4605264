//! What stands between the engine's commands and a venue's HTTP: pure state machines, one for each venue.
//!
//! The live shell and the simulator drive the very same code: they take calls that are signed and ready, say what became of
//! each, and say when time passed.
//!
//! Invariants: a command is answered by exactly one first input, whatever happens, and a placing whose effect is unknown never
//! by anything but [`Answer::InDoubt`](brier_engine::Answer); nothing is sent twice here; an outcome that comes after the
//! answer is told as one more answer where it says something else, and noted where it does not; a body that is not what the
//! venue documents is never guessed at. Time and outcomes are arguments: no clock, no chance, no I/O.

mod calls;
mod kalshi;
mod permit;
mod polymarket;
#[cfg(test)]
mod testing;

use std::time::Duration;

use brier_engine::{Answer, Command, Input, Instrument, Reject, RejectCode};
use brier_types::{Timestamp, Venue};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use kalshi::{KalshiConfig, KalshiGateway};
pub use permit::{LiveToken, Permit};
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
    /// Takes a command: one of its venue is answered by exactly one first input, whatever happens; others are ignored.
    fn on_command(&mut self, now: Timestamp, command: &Command, out: &mut Vec<Action>);
    /// Takes what became of a call. What comes for a call that had its outcome is told if it says more.
    fn on_outcome(&mut self, now: Timestamp, call: CallId, outcome: Outcome, out: &mut Vec<Action>);
    /// Time passed: calls that the shell forgot are given up, and reads that waited for the rate limit are made.
    fn on_timer(&mut self, now: Timestamp, out: &mut Vec<Action>);
    /// When [`Gateway::on_timer`] has something to do.
    fn next_deadline(&self) -> Option<Timestamp>;
    /// Learns by how many nanoseconds the venue's clock is ahead of the shell's, where the shell knows.
    fn learn_clock(&mut self, offset: i64);
    /// Learns of a market what requests to it can use. Requests can be made without it.
    fn learn(&mut self, instrument: &Instrument);
}

/// The venue's no, in the engine's words, with its text cut to what the engine keeps.
pub(crate) fn rejected(code: RejectCode, text: &str) -> Answer {
    Answer::Rejected(Reject { code, text: cut(text) })
}

/// Doubt, with its reason cut to what the engine keeps.
pub(crate) fn in_doubt(why: &str) -> Answer {
    Answer::InDoubt { why: cut(why) }
}

/// A text for people, cut to what the engine keeps.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(256).collect()
}

/// A body as text, for people.
pub(crate) fn text_of(body: &[u8]) -> String {
    const MOST: usize = 4_096;
    String::from_utf8_lossy(&body[..body.len().min(MOST)]).into_owned()
}

/// Reads a success as `T`. Members named in `texts` hold fixed-point texts: a JSON number in their place is another unit or
/// another version, and nobody knows which, so the body counts as unreadable.
pub(crate) fn read<T: DeserializeOwned>(status: u16, body: &[u8], texts: &[&str]) -> Result<T, String> {
    let wrong = |problem: &dyn std::fmt::Display| {
        format!("the answer with status {status} cannot be read: {problem}; it begins `{:.80}`", text_of(body))
    };
    let value: Value = serde_json::from_slice(body).map_err(|error| wrong(&error))?;
    if let Some(found) = number_in(&value, texts) {
        return Err(wrong(&format!("expected fixed-point text in `{found}`, found a number")));
    }
    serde_json::from_slice(body).map_err(|error| wrong(&error))
}

/// The first of these members, at any depth, that holds a number.
fn number_in<'a>(value: &Value, texts: &[&'a str]) -> Option<&'a str> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let named = texts.iter().find(|text| *text == name).filter(|_| member.is_number());
            named.copied().or_else(|| number_in(member, texts))
        }),
        Value::Array(items) => items.iter().find_map(|item| number_in(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Whether a text can stand in a path: dots are folded away by whatever reads addresses.
pub(crate) fn names_something(id: &str) -> bool {
    !matches!(id, "" | "." | "..")
}
