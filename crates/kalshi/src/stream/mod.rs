//! The WebSocket: one connection that stays subscribed to what is wanted, whatever happens to it.
//!
//! [`Session`] decides everything and does nothing: frames, ticks and wishes go in, [`Action`]s come out. [`MarketStream`]
//! is the thin shell that dials, reads, writes and waits for it.
//!
//! Invariants: a book is fed by deltas only after a snapshot and without a gap; what may have missed a message is told as
//! [`brier_types::Input::BookLost`] before its repair is asked for; every frame is counted by its type, and what cannot be
//! understood is told as a [`Notice`]; a command without an acknowledgement, and a connection without a sign of life,
//! come to an end; after a reconnect everything is subscribed again.
//!
//! A consumer that keeps books of [`brier_types::BookInput`]s uses `SequencePolicy::Increasing`: the session has already
//! checked that nothing is missing, and acknowledgements take numbers that no input shows.
//!
//! Source: reference section 15 (docs.kalshi.com AsyncAPI 2.0.0), 2026-11-20.

mod convert;
mod driver;
mod session;
mod stats;

pub use driver::{Control, MarketStream, StreamConfig, StreamItem};
pub use session::{Action, Interest, Session, SessionConfig};
pub use stats::{Notice, Stats};
