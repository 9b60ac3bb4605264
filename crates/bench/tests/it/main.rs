//! The crates together on recorded streams.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]
#![allow(clippy::print_stdout, reason = "says what was skipped and what was replayed")]

mod recorded;
