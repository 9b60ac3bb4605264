//! Strategies on an engine: what they see, and what leaves it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod arbitrage;
mod opinions;
mod quotes;
mod world;
