//! The Kalshi connector: signed REST and WebSocket sessions, rate limits, retries.

pub mod keys;
