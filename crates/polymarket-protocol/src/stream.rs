//! What the venue's sockets say and are told: market and user channels, price streams, and the commands of every client.
//!
//! [`Decoder`] reads the hot frames of the market channel without copying; [`market`], [`user`], [`prices`] and [`command`]
//! hold every message as plain types that read and write the same JSON, for connector and embedded exchange alike.
//!
//! Invariants: nothing panics on outside data; a malformed frame is an error with its position, never a guess; an unknown
//! `event_type` is [`Frame::Other`], never an error; no price, size or amount passes through a float. The scanner of the
//! ordinary layouts can only be faster than the general decoder, never different: the tests hold the two against each other.
//!
//! It deliberately keeps no book, no connection and no clock: books are `brier-book`'s, sessions the connector's.
//!
//! Source: reference, sections 10 and 11, 2026-11-20.

pub mod command;
mod error;
mod fast;
mod fields;
mod frame;
mod general;
pub mod market;
pub mod prices;
mod spot;
#[cfg(test)]
mod tests;
pub mod user;

pub use error::DecodeError;
pub use fields::{Channel, OLD_PRICE_CHANGE_FIELDS, unknown_fields};
pub use frame::{BestBidAsk, Book, Change, Changes, Decoder, Frame, LastTrade, Other, PriceChange, TickSizeChange};
pub use general::{Parts, split};
