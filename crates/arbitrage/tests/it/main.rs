//! The crate from outside: the reference's worked examples, and everything against a slower or simpler way to the same answer.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod agree;
mod bench;
mod brute;
mod conversion;
mod costs;
mod random;
mod relations;
mod scan;
mod section_9_10;
mod section_9_11;
mod section_9_12;
mod voids;
