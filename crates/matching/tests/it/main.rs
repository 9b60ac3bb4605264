//! Tests of the exchange's core from outside: against a naive second implementation on random flow, and rule by rule as
//! scripts with their expected transcripts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]
#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it fills a transcript in")]

mod amends;
mod flow;
mod free_cash;
mod groups;
mod life;
mod matching;
mod mirror;
mod money;
mod naive;
mod random;
mod regressions;
mod script;
mod tokens;
mod tokens_naive;
