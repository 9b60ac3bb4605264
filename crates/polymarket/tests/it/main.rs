//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail and talk")]

mod allocations;
mod catalog;
mod chain;
mod chain_doubt;
mod rest;
mod server;
mod stream;
