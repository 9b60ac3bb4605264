//! The Polymarket connector: a signed REST client, market discovery, streams that heal themselves, and on-chain calls.
//!
//! Invariants: no key or credential reaches a log, an error or a debug print; no write is repeated unless the order's hash
//! makes that safe; a write without a clear answer is *in doubt*; nothing a stream says is final before the venue says
//! that it is.
//!
//! Source: reference, "Polymarket API", as of 2026-11-20.
