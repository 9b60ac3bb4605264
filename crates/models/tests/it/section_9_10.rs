//! Section 9.10: lock-up of cross-venue pairs. The walk over two ladders is left to the arbitrage crate.

use brier_models::lockup::{Lockup, leg_risk};

use crate::{check, p, taker_fee};

#[test]
fn a_pair_and_its_fees() {
    check(taker_fee(0.62), "0.016492");
    let pair = Lockup::new(0.62 + 0.32 + taker_fee(0.62), 45.0).unwrap();
    check(pair.profit(), "0.043508");
    check(pair.roi(), "0.045487");
    check(pair.annual_return(), "0.368951");
    check(pair.compound_return().unwrap(), "0.434484");

    let other_fee = 0.04 * 0.32 * 0.68;
    check(other_fee, "0.008704");
    let pair = Lockup::new(0.62 + 0.32 + taker_fee(0.62) + other_fee, 45.0).unwrap();
    check(pair.profit(), "0.034804");
    check(pair.roi(), "0.036059");
    check(pair.annual_return(), "0.292479");
}

#[test]
fn a_fee_flips_it() {
    check(Lockup::new(0.48 + 0.505 + taker_fee(0.48), 45.0).unwrap().profit(), "-0.002472");
}

#[test]
fn hurdles() {
    check(Lockup::new(0.96, 45.0).unwrap().hurdle(0.10).unwrap(), "0.011836");
    check(Lockup::new(0.97, 180.0).unwrap().hurdle(0.10).unwrap(), "0.047836");
    assert!(!Lockup::new(0.97, 180.0).unwrap().clears(0.10));
}

#[test]
fn risk_of_the_second_leg() {
    check(leg_risk(p(0.9), 0.035, 0.03).unwrap(), "0.0285");
    check(leg_risk(p(0.7), 0.035, 0.03).unwrap(), "0.0155");
}
