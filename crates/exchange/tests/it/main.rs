//! The exchange as its users meet it: one process, one port, signed requests, and clients that are not its own.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod access;
mod administration;
mod kill;
mod lists;
mod order_path;
mod orders;
mod polymarket_failures;
mod polymarket_listing;
mod polymarket_markets;
mod polymarket_orders;
mod polymarket_reads;
mod polymarket_recovery;
mod polymarket_refusals;
mod polymarket_stream;
mod polymarket_support;
mod recovery;
mod refusals;
mod sim;
mod stream;
mod support;
