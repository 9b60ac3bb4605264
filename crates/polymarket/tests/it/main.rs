//! One binary for all integration tests of the crate.
#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

mod chain;
mod rest;
mod server;
mod stream;
