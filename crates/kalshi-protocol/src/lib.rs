//! What Kalshi's client and a Kalshi-compatible exchange share: wire types, signing strings, fees, ticks, errors.
//!
//! Pure: no I/O, no clock, no keys. The connector and the embedded exchange both speak through these types, so that
//! what one writes the other reads by construction. The venue's own forms (two bid ladders, dollar strings, three error
//! shapes) end here; everything above sees the types of `brier-types`.

pub mod auth;
pub mod convert;
pub mod costs;
pub mod errors;
pub mod fees;
pub mod recording;
pub mod rest;
pub mod stream;
pub mod ticks;
pub mod wire;
pub mod ws;
