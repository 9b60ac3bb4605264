//! The Kalshi connector: signed REST and WebSocket sessions, rate limits, retries.
//!
//! [`Client`] makes calls, [`order_path`] makes those that hurry, [`stream`] listens, [`keys`] signs all, [`retry`] decides what may be made again. What decides is pure and takes
//! time and chance as arguments; what waits and talks is a thin shell around it.
//!
//! Invariants: no write is repeated unless the table in [`retry`] says so; a write without a clear answer is in doubt and
//! says so; every wait has a bound; keys appear in no log and no error; nothing is written to production.
//!
//! It deliberately keeps no orders, no positions and no books: those belong to the core that it feeds.
//!
//! Source: reference sections 1 to 9 and 15 (docs.kalshi.com), 2026-11-20.

pub mod bucket;
mod client;
mod env;
mod error;
pub mod keys;
mod limiter;
pub mod order_path;
mod request;
pub mod rest;
pub mod retry;
pub mod stream;

pub use brier_connect::{backoff, clock};
pub use client::{Client, Config};
pub use env::{Env, EnvError, LocalHost};
pub use error::KalshiError;
