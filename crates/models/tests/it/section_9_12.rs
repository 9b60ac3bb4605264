//! Section 9.12: rules that differ, and outcomes that are decided.

use brier_models::lockup::{Divergence, break_even_divergence, decided_value, mismatch_value};

use crate::{check, check_prob, p};

#[test]
fn divergence() {
    check(mismatch_value(0.96, p(0.03), Divergence::Adverse).unwrap(), "0.01");
    check(mismatch_value(0.96, p(0.03), Divergence::Symmetric).unwrap(), "0.04");
    check_prob(break_even_divergence(0.96), "0.04");
}

#[test]
fn decided_outcomes() {
    check(decided_value(0.966, p(0.005)).unwrap(), "0.029");
    check(decided_value(0.966, p(0.02)).unwrap(), "0.014");
}
