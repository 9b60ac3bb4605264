//! The live shell of the engine: it drains what is ready, orders it, writes it down, lets the engine decide, commits, and only
//! then carries out what was decided.
//!
//! Invariants: one thread owns the engine; nothing leaves before the input that caused it and the intent itself are durable;
//! what comes back comes back as an input. Everything here that decides something ([`gateway`]) is free of I/O, so that the
//! simulator runs the very same code.

pub mod analysts;
pub mod caller;
pub mod config;
pub mod control;
pub mod core;
pub mod driver;
pub mod gateway;
pub mod journal;
pub mod ledger;
pub mod live;
pub mod lock;
pub mod lockstep;
pub mod logging;
pub mod mailbox;
pub mod node;
pub mod recovery;
pub mod remote;
pub mod run;
pub mod scan;
pub mod secrets;
pub mod standing;
pub mod take_back;
pub mod written;
