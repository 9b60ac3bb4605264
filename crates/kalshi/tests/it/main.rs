//! The connector against servers that behave badly, over real sockets on loopback.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests, which the lint does not see")]

mod allocations;
mod rest;
mod server;
mod session;
mod stream;
