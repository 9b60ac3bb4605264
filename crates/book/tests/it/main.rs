//! The book against a plain tree, its trust as text, and its answers.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]
#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod answers;
mod oracle;
mod trust;
