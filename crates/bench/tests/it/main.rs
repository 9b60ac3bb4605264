//! The crates together on recorded streams.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod recorded;
