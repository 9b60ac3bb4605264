//! The feeds from outside: the table of settlement, every adapter and stream against its emulator, broken payloads.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod adapters;
mod cases;
mod emulator;
mod mutations;
mod rig;
mod settlement;
mod source;
mod streams;
