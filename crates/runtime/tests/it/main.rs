//! The runtime's parts against the embedded exchange.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests, which the lint does not see")]

mod gateway;
