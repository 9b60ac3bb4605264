//! An order built from a price and a size, hashed and signed: Brier against the official Rust SDK, in one run.
//!
//! - Both sides do the same work for the same orders: amounts from price and size, the EIP-712 hash, the signature of an
//!   EOA. The SDK's client has tick size, contract and version in its cache, so that nothing touches the network.
//! - The sides take turns within each round, on one thread; the CPU time of that thread counts, and each side's best round.
//! - Before anything is timed, both sides' signatures over the same order have been found equal.
//!
//! Source: reference, sections 5 and 6; workload of issue 3, show 5.

use std::fs;
use std::str::FromStr as _;

use alloy::signers::Signer as _;
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context as _, Result, ensure};

use crate::case::{Case, Random};
use crate::ours::Ours;
use crate::recorder::Recorder;
use crate::rust_sdk;

/// What the order aims at, in nanoseconds.
const AIM_NS: u64 = 24_000;

/// Runs the rounds and prints one line for people and one in JSON.
pub(crate) async fn run(rounds: u32, orders: u32) -> Result<()> {
    ensure!(rounds > 0 && orders > 0, "expected at least one round of one order, found {rounds} of {orders}");
    let recorder = Recorder::start().await?;
    let case = plain_case()?;
    let signer = PrivateKeySigner::from_str(&case.key)?.with_chain_id(Some(case.chain_id));
    let client = rust_sdk::client(&case, &signer, &recorder).await?;
    let ours = crate::ours::Signer::of(&case)?;
    let same = Ours::of(&case)?;
    let answer = rust_sdk::answer(&case, &same, &recorder).await?;
    ensure!(answer.signature == same.signature, "the two sides do not sign the same");

    let (mut best_ours, mut best_theirs) = (u64::MAX, u64::MAX);
    for _round in 0..rounds {
        let start = cpu_ns()?;
        for salt in 0..orders {
            std::hint::black_box(ours.build_and_sign(std::hint::black_box(u64::from(salt)))?);
        }
        best_ours = best_ours.min((cpu_ns()? - start) / u64::from(orders));
        let start = cpu_ns()?;
        for _order in 0..orders {
            let built = rust_sdk::build(&case, &client).await?;
            std::hint::black_box(client.sign(&signer, built).await?);
        }
        best_theirs = best_theirs.min((cpu_ns()? - start) / u64::from(orders));
    }
    let ratio = best_theirs as f64 / best_ours as f64;
    println!(
        "order built, hashed and signed: Brier {:.1} µs, official Rust SDK {:.1} µs, {ratio:.2} times; aim {:.0} µs",
        best_ours as f64 / 1e3,
        best_theirs as f64 / 1e3,
        AIM_NS as f64 / 1e3,
    );
    println!(
        "{{\"bench\":\"sign_against_sdk\",\"rounds\":{rounds},\"orders\":{orders},\"brier_ns\":{best_ours},\"sdk_ns\":{best_theirs},\"ratio\":{ratio:.3}}}"
    );
    Ok(())
}

/// The first random case that is a limit BUY by an EOA for the V2 exchange.
fn plain_case() -> Result<Case> {
    let mut random = Random::seeded(1);
    for id in 0..10_000 {
        let case = Case::draw(&mut random, id)?;
        if case.signature_type == 0
            && case.version == 2
            && !case.market
            && case.chain_id == 137
            && case.order_type == "GTC"
        {
            return Ok(case);
        }
    }
    anyhow::bail!("no plain order among 10,000 random ones")
}

/// CPU time of this thread so far.
fn cpu_ns() -> Result<u64> {
    let path = "/proc/thread-self/schedstat";
    let text = fs::read_to_string(path).with_context(|| format!("cannot read `{path}`; this benchmark needs Linux"))?;
    text.split_whitespace().next().and_then(|word| word.parse().ok()).with_context(|| format!("no time in `{path}`"))
}
