//! Durable storage: an append-only journal with group commit, the lock on the folder it lives in, and the reading of
//! recordings line by line.
//!
//! Invariants: what [`Journal::commit`] returned for is read back after any crash; what was never committed may be lost,
//! and is then lost from some record on, never in the middle; damage to committed records is an error, not a shorter
//! journal. It deliberately knows nothing of what the records mean.

mod frame;
mod journal;
mod lines;
mod lock;

pub use frame::MAX_RECORD_LEN;
pub use journal::{Journal, JournalError, OpenReport, Replay, TornTail};
pub use lines::{Lines, LinesError, MAX_LINE};
