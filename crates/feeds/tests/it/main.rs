//! The feeds from outside: the table of settlement, every adapter and stream against its emulator, broken payloads.

mod adapters;
mod cases;
mod mutations;
mod rig;
mod settlement;
mod streams;
