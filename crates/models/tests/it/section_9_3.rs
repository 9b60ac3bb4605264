//! Section 9.3: pooling opinions.

use brier_models::pool::{Experts, logit_pool};

use crate::{check, check_prob, p};

#[test]
fn logit_pools() {
    check_prob(logit_pool(&[(p(0.70), 0.6), (p(0.50), 0.4)], 1.0), "0.624426");
    check_prob(logit_pool(&[(p(0.90), 1.0), (p(0.60), 1.0)], 1.0), "0.786061");
}

#[test]
fn linear_pool_for_comparison() {
    let even = Experts::new(2, 1.0, 0.0).unwrap();
    check(even.mixture(&[p(0.90), p(0.60)]).unwrap().get(), "0.75");
}
