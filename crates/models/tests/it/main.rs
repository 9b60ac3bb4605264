//! The worked examples of the project's reference on feeds and mathematics, to the digits it prints.
//!
//! One file a section, named after it: `section_9_6` holds the examples of section 9.6. [`check`] takes the number as the
//! reference prints it and allows half a unit of its last digit, so that no tolerance is chosen by hand.
//!
//! Left out, and why:
//!
//! - Section 9, notation: the fees rounded up to the cent ($1.68, $0.12, $0.02) are the venue's rounding and belong to its
//!   protocol crate. Here a fee is a function of the price, unrounded.
//! - Section 9.10, depth walk over two ladders (300 contracts, $8.0874), and section 9.11, all of it (exclusive sets, monotone
//!   ladders, linear programs): finding and filling riskless sets is the arbitrage crate's.
//! - Section 9.1, correlated bets, has no numbers; the models' own tests compare the search with closed forms.
//! - Section 1.7, published anchors: error statistics of others' forecasts, which no formula here yields. Its table of
//!   priors is checked.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod bits;
mod nonsense;
mod section_1_3;
mod section_1_7;
mod section_3_3;
mod section_4_6;
mod section_4_7;
mod section_9_1;
mod section_9_10;
mod section_9_12;
mod section_9_2;
mod section_9_3;
mod section_9_4;
mod section_9_5;
mod section_9_6;
mod section_9_6b;
mod section_9_7;
mod section_9_8;
mod section_9_9;

use brier_types::Prob;

/// Holds a number against the one printed: half a unit of the last printed digit.
#[track_caller]
fn check(found: f64, printed: &str) {
    let expected: f64 = printed.parse().unwrap();
    let decimals = printed.split_once('.').map_or(0, |(_, digits)| digits.len());
    let half_unit = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap());
    assert!((found - expected).abs() <= half_unit + 1e-12, "found {found}, printed {printed}");
}

/// The same for a probability.
#[track_caller]
fn check_prob(found: Option<Prob>, printed: &str) {
    check(found.unwrap().get(), printed);
}

fn p(value: f64) -> Prob {
    Prob::new(value).unwrap()
}

/// The taker's fee that the reference's examples use, in dollars a contract.
fn taker_fee(price: f64) -> f64 {
    0.07 * price * (1.0 - price)
}
