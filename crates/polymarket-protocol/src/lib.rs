//! Everything Polymarket that a client and a Polymarket-compatible exchange share, as pure functions and types.
//!
//! Invariants: no clock, no randomness, no I/O; no float holds a price, an amount or a size; every rule names its source.
//! It deliberately does not decide anything about trading and sends nothing.
//!
//! Source: reference, "Polymarket API", as of 2026-11-20.

#![warn(clippy::float_arithmetic)]

pub mod book_hash;
pub mod clob;
pub mod data;
pub mod gamma;
pub mod ids;
pub mod wire;
