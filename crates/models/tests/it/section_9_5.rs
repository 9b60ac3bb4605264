//! Section 9.5: mean reversion.

use brier_models::logit::{logit, sigmoid};
use brier_models::reversion::{OrnsteinUhlenbeck, round_trip};

use crate::{check, taker_fee};

#[test]
fn from_above() {
    let process = OrnsteinUhlenbeck { mean: logit(0.60), theta: 2.0, sigma: 0.5 };
    let later = process.after(logit(0.70), 0.25).unwrap();
    let exit = sigmoid(later.mean);
    check(exit, "0.662275");
    check(later.deviation, "0.198765");
    check(process.half_life().unwrap(), "0.346574");
    check(round_trip(0.70, exit, |_| 0.0).unwrap(), "0.037725");
    check(round_trip(0.70, exit, taker_fee).unwrap(), "0.007368");
}

#[test]
fn from_below() {
    let process = OrnsteinUhlenbeck { mean: logit(0.50), theta: 6.0, sigma: 0.8 };
    let later = process.after(logit(0.35), 0.1).unwrap();
    let exit = sigmoid(later.mean);
    check(exit, "0.415874");
    check(later.deviation, "0.193053");
    check(process.half_life().unwrap(), "0.115525");
    check(round_trip(0.35, exit, |_| 0.0).unwrap(), "0.065874");
    check(round_trip(0.35, exit, taker_fee).unwrap(), "0.032944");
}
