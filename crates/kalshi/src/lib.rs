//! The Kalshi connector: signed REST and WebSocket sessions, rate limits, retries.
