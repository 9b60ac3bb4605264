//! Durable storage: an append-only journal with group commit, and the lock on the folder it lives in.
//!
//! Invariants: what [`Journal::commit`] returned for is read back after any crash; what was never committed may be lost,
//! and is then lost from some record on, never in the middle; damage to committed records is an error, not a shorter
//! journal. It deliberately knows nothing of what the records mean.

mod frame;
mod journal;
mod lock;

pub use frame::MAX_RECORD_LEN;
pub use journal::{Journal, JournalError, OpenReport, Replay, TornTail};
