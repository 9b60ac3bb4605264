//! Everything Polymarket that a client and a Polymarket-compatible exchange share, as pure functions and types.
//!
//! Invariants: no clock, no randomness, no I/O; no float holds a price, an amount or a size; every rule names its source.
//! It deliberately does not decide anything about trading and sends nothing.
//!
//! Source: reference, "Polymarket API", as of 2026-11-20.

#![warn(clippy::float_arithmetic)]

pub mod amounts;
pub mod auth;
pub mod book_hash;
pub mod chain;
pub mod clob;
pub mod contracts;
pub mod convert;
pub mod data;
pub mod eip712;
pub mod errors;
pub mod fees;
pub mod gamma;
pub mod ids;
pub mod order;
pub mod order_body;
pub mod rewards;
pub mod stream;
pub mod tick;
pub mod tiers;
pub mod us;
pub mod vectors;
pub mod wallet;
pub mod wire;
