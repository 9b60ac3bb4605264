//! The Polymarket connector: a signed REST client, market discovery, streams that heal themselves, and on-chain calls.
//!
//! Invariants: no key or credential reaches a log, an error or a debug print; no write is repeated unless the order's hash
//! makes that safe; a write without a clear answer is *in doubt*; nothing a stream says is final before the venue says
//! that it is.
//!
//! Source: reference, "Polymarket API", as of 2026-11-20.

pub mod chain;
mod client;
pub mod creds;
pub mod discovery;
mod env;
mod error;
pub mod keys;
pub mod limits;
pub mod order_path;
pub mod orders;
mod request;
pub mod rest;
pub mod retry;
pub mod stream;

pub use brier_connect::{backoff, clock};
pub use client::{Client, Config};
pub use env::{Env, EnvError, Hosts, Service};
pub use error::PolymarketError;
