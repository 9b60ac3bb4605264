//! Section 9.4: news and momentum.

use brier_models::momentum::Move;
use brier_models::update::{Evidence, bayes};

use crate::{check, check_prob, p};

#[test]
fn bayes_in_log_odds() {
    let cap = 5.0;
    check_prob(bayes(p(0.40), &[Evidence::certain(3.0)], cap), "0.666667");
    check_prob(bayes(p(0.40), &[Evidence { likelihood_ratio: 3.0, reliability: 0.5 }], cap), "0.535898");
    check_prob(bayes(p(0.15), &[Evidence::certain(2.0), Evidence::certain(1.5)], cap), "0.346154");
}

#[test]
fn momentum() {
    let jump = Move::between(p(0.40), p(0.52), 15.0, 0.04).unwrap();
    check(jump.change, "0.485508");
    check(jump.z, "3.133939");
    assert!(jump.is_candidate());
    let drift = Move::between(p(0.80), p(0.83), 30.0, 0.05).unwrap();
    check(drift.change, "0.199333");
    check(drift.z, "0.727861");
    assert!(!drift.is_candidate());
}
