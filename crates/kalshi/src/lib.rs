//! The Kalshi connector: signed REST and WebSocket sessions, rate limits, retries.

pub mod backoff;
pub mod bucket;
pub mod clock;
mod env;
pub mod keys;

pub use env::{Env, EnvError, LocalHost, REST_PREFIX, WS_PATH};
