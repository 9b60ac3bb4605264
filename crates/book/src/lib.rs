//! One local order book per market, in YES terms, with a trust state its readers cannot ignore.
//!
//! [`Book`] is one market; [`BookSet`] is every market of a connection with the sequence check over its subscriptions.
//! Prices and quantities are read through [`Book::view`], which refuses while the copy cannot be believed.
//!
//! Invariants: no level is ever negative and no total exceeds [`brier_types::Qty::MAX`]: what would break this makes the
//! book stale, nothing is clamped; a book is trusted only after a snapshot and with every later change of its
//! subscription applied; nothing allocates while changes are applied, except the first level finer than a cent within
//! one cent.
//!
//! It deliberately knows no venue: a protocol crate turns ladders and tokens into YES terms first, and a connector asks
//! for the snapshots that [`Lost`] names.
//!
//! Source: docs.kalshi.com "Orderbook Updates" and "Orderbook Responses", reference sections 6.4 and 15.3, 2026-11-20.

#![warn(clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

mod bits;
mod book;
mod index;
mod ladder;
mod sequence;
mod set;
mod trust;
mod view;

pub use book::Book;
pub use index::TickerIndex;
pub use ladder::{Ladder, LadderError};
pub use sequence::{SequenceCheck, SequenceOrder, SequencePolicy};
pub use set::{BookSet, Counts, Effect, Ignored, Lost, MarketSlot, Step};
pub use trust::{StaleReason, Trust, Untrusted};
pub use view::{BookView, FillCost, Level, NotEnough};
