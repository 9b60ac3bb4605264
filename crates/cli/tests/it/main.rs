//! The program as its users meet it: arguments in, stdout, stderr and exit status out.

#![allow(
    clippy::unwrap_used,
    clippy::needless_raw_string_hashes,
    reason = "a test that cannot go on has failed; snapshots are written by `UPDATE_EXPECT=1`, hashes and all"
)]

mod analyst;
mod arb;
mod bench;
mod exchange;
mod fees;
#[cfg(unix)]
mod first_tie;
mod inspect;
mod pairs;
mod polymarket;
mod polymarket_trading;
#[cfg(unix)]
mod run_kill;
#[cfg(unix)]
mod runs;
mod shell;
mod support;
