//! How a person, or a program in a person's place, reaches a running process: a file that stops it, and a socket that asks it.
//!
//! The file `HALT` works from any terminal and also when the process does not answer: it is looked for every few hundred
//! milliseconds, and no run starts while it is there. The socket gives the same order faster and tells what came of it.
//!
//! Invariants: whatever is in the file, it halts; the socket is its owner's alone, and so is the folder it is in; every
//! request and every answer is one line of JSON of at most 1 MiB; every wait has a bound.

mod client;
mod halt;
#[cfg(unix)]
mod server;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::ledger::AttemptLine;

pub use client::{AskError, ask};
pub use halt::{HALT_FILE, Halt, allow, clear, halted, put, take_leave};
#[cfg(unix)]
pub use server::{ControlHandler, ControlServer};

/// Name of the socket in the data folder.
pub const SOCKET: &str = "control.sock";
/// Longest line in either direction, in bytes.
const MAX_LINE: usize = 1 << 20;

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum ControlRequest {
    /// How things stand.
    Status,
    /// Cancel everything, everywhere, and stay down. Answered when the venues have said what became of it.
    Halt {
        /// Words of the person's.
        reason: String,
    },
    /// Lift the kill switch and every halt that needs a person.
    Resume {
        /// Words of the person's.
        reason: String,
    },
    /// Take one order back.
    Cancel {
        /// Our name for it, or the venue's.
        order: String,
    },
    /// Compare with the venue now.
    Reconcile {
        /// `kalshi` or `polymarket`; all without.
        #[serde(default)]
        venue: Option<String>,
    },
    /// Stop one strategy and take its orders back.
    Pause {
        /// Its name.
        strategy: String,
    },
    /// Let it go on.
    Unpause {
        /// Its name.
        strategy: String,
    },
    /// Bring the journal to the disk.
    Flush,
    /// End in peace.
    Shutdown,
}

/// What the process answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum ControlAnswer {
    /// It is done, or under way.
    Done {
        /// What, for people.
        text: String,
    },
    /// It cannot be done.
    Refused {
        /// Why, and what would do.
        reason: String,
    },
    /// How things stand.
    Status(Box<Status>),
    /// Everything is halted.
    Halted {
        /// Orders of which the venues said that nothing can fill any more.
        canceled: u32,
        /// Orders that may still fill.
        left: Vec<OrderLine>,
    },
}

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The run's name.
    pub name: String,
    /// The process.
    pub pid: u32,
    /// `paper` or `live`.
    pub mode: String,
    /// Counts the runs on this journal.
    pub run: u32,
    /// Why everything is halted; none while it trades.
    pub halted: Option<String>,
    /// Halts of venues, markets and strategies, for people.
    pub halts: Vec<String>,
    /// The venues.
    pub venues: Vec<VenueLine>,
    /// The strategies.
    pub strategies: Vec<StrategyLine>,
    /// Orders that may still fill.
    pub orders: Vec<OrderLine>,
    /// Positions that are not zero.
    pub positions: Vec<PositionLine>,
    /// What comes from outside, by feed.
    #[serde(default)]
    pub feeds: Vec<FeedLine>,
    /// Combos that are under way.
    #[serde(default)]
    pub combos_under_way: usize,
    /// Dollars that legs without their counterparts may have cost, at worst.
    #[serde(default)]
    pub open_legs: String,
    /// The last combos that ended, the latest first; all are in `combos.jsonl`.
    #[serde(default)]
    pub combos: Vec<AttemptLine>,
}

/// A venue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueLine {
    /// Which.
    pub venue: String,
    /// Whether its streams are up.
    pub connected: bool,
    /// Whether our picture of the account was found to be the venue's since the last connection.
    pub reconciled: bool,
    /// Dollars that are free.
    pub cash: String,
}

/// A strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyLine {
    /// Its name.
    pub name: String,
    /// Whether it trades.
    pub running: bool,
    /// Dollars realized so far, less all fees paid, those for what is still held too.
    pub realized: String,
    /// Dollars that its positions would bring more or less than they cost, at the middle of the book; where a market has a
    /// result, at that.
    pub unrealized: String,
}

/// A feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedLine {
    /// Its name.
    pub name: String,
    /// Who is asked.
    pub vendor: String,
    /// The series that it tells.
    pub series: String,
    /// `fresh`, `stale`, or `waiting` while it has told nothing yet.
    pub state: String,
    /// Seconds since what it told last was so, by its source.
    pub age_s: Option<u64>,
    /// Seconds that it may decide.
    pub max_age_s: Option<u64>,
    /// What is wrong with it, while something is.
    pub trouble: Option<String>,
}

/// An order that may still fill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Where.
    pub venue: String,
    /// The market.
    pub market: String,
    /// Our name for it.
    pub order: String,
    /// The venue's name for it, once known.
    pub venue_id: Option<String>,
    /// `bid` or `ask` of the YES book.
    pub side: String,
    /// Dollars a contract.
    pub price: String,
    /// Contracts that may still fill.
    pub contracts: String,
    /// `submitting`, `in_doubt`, `resting`, `canceling`, ….
    pub state: String,
}

/// A position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionLine {
    /// Where.
    pub venue: String,
    /// The market.
    pub market: String,
    /// Contracts, plus is YES.
    pub contracts: String,
    /// Dollars a contract, on average.
    pub average_cost: String,
}
