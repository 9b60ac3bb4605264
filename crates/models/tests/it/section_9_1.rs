//! Section 9.1: Kelly.

use brier_models::sizing::exclusive::{Offer, fractions};
use brier_models::sizing::kelly::{Kelly, shrinkage};

use crate::{check, p, taker_fee};

#[test]
fn table_of_single_bets() {
    let free = Kelly::of(p(0.72), 0.60, |_| 0.0).unwrap();
    check(free.fraction, "0.300000");
    check(free.fraction / 4.0, "0.075000");
    check(free.growth, "0.031403");

    let bet = Kelly::of(p(0.72), 0.60, taker_fee).unwrap();
    check(bet.cost - 0.60, "0.016800");
    check(bet.fraction, "0.269311");
    check(bet.fraction / 4.0, "0.067328");
    check(bet.growth, "0.023534");
    check(10_000.0 * bet.fraction / 4.0, "673.28");
    assert_eq!(bet.contracts(10_000.0, 0.25), Some(1_091));

    let long_shot = Kelly::of(p(0.30), 0.22, taker_fee).unwrap();
    check(long_shot.cost - 0.22, "0.012012");
    check(long_shot.fraction, "0.088527");
    check(long_shot.fraction / 4.0, "0.022132");
    check(long_shot.growth, "0.012212");

    let killed = Kelly::of(p(0.55), 0.54, taker_fee).unwrap();
    check(killed.cost - 0.54, "0.017388");
    check(killed.fraction, "0.000000");
    check(killed.growth, "0.000000");

    let no = Kelly::of(p(0.40).complement(), 0.55, taker_fee).unwrap();
    check(no.cost - 0.55, "0.017325");
    check(no.fraction, "0.075519");
}

#[test]
fn shrinkage_by_estimation_error() {
    check(shrinkage(0.12, 0.06).unwrap(), "0.8");
    check(shrinkage(0.05, 0.06).unwrap(), "0.409836");
}

#[test]
fn exclusive_outcomes() {
    let offers = [(0.40, 0.30), (0.35, 0.33), (0.25, 0.45)].map(|(chance, cost)| Offer { chance: p(chance), cost });
    let mut stakes = [0.0; 3];
    let reserve = fractions(&offers, &mut stakes).unwrap();
    // By hand 0.25 / 0.37 = 0.675675…, whose seventh digit is a 6: the reference's 0.675676 is rounded, and agrees.
    check(reserve, "0.675676");
    for (stake, printed) in stakes.into_iter().zip(["0.197297", "0.127027", "0"]) {
        check(stake, printed);
    }
    let mut one = [0.0];
    check(fractions(&offers_of(0.72, 0.60), &mut one).unwrap(), "0.7");
    check(one[0], "0.30");
}

fn offers_of(chance: f64, cost: f64) -> [Offer; 1] {
    [Offer { chance: p(chance), cost }]
}
