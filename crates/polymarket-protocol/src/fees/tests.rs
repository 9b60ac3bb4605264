//! Worked examples of the reference, and properties over all prices.

use proptest::prelude::*;

use super::*;

fn schedule(rate_micros: u32, exponent: u32) -> FeeSchedule {
    FeeSchedule::new(rate_micros, exponent, true, 200_000).unwrap()
}

fn fee(rate_micros: u32, exponent: u32, price: &str, shares: &str) -> String {
    schedule(rate_micros, exponent).taker_fee(price.parse().unwrap(), shares.parse().unwrap()).to_string()
}

#[test]
fn the_examples_of_the_reference() {
    assert_eq!(fee(70_000, 1, "0.50", "100"), "1.750000");
    assert_eq!(fee(70_000, 1, "0.10", "100"), "0.630000");
    // 25 shares at 0.13, for which 0.14 was observed in 2026-08.
    assert_eq!(fee(50_000, 1, "0.13", "25"), "0.141380");
    assert_eq!(fee(0, 1, "0.50", "100"), "0.000000");
}

#[test]
fn halves_round_up_and_less_is_not_charged() {
    // 0.0002 shares at 0.5 and 0.1: exactly half a step.
    assert_eq!(fee(100_000, 1, "0.5", "0.0002"), "0.000010");
    assert_eq!(fee(100_000, 1, "0.5", "0.000199"), "0.000000");
    assert_eq!(fee(250_000, 2, "0.2", "50"), "0.320000");
}

#[test]
fn both_forms_are_read() {
    let details: FeeDetails = serde_json::from_str(r#"{"r":0.05,"e":1,"to":true}"#).unwrap();
    assert_eq!(FeeSchedule::from_clob(Some(&details)), FeeSchedule::new(50_000, 1, true, 0));
    assert_eq!(FeeSchedule::from_clob(None), Ok(FeeSchedule::FREE));
    let gamma: gamma::FeeSchedule =
        serde_json::from_str(r#"{"exponent":1,"rate":0.07,"takerOnly":true,"rebateRate":0.2}"#).unwrap();
    assert_eq!(FeeSchedule::from_gamma(Some(true), Some(&gamma)), Ok(schedule(70_000, 1)));
    assert_eq!(FeeSchedule::from_gamma(Some(false), Some(&gamma)), Ok(FeeSchedule::FREE));
    let odd: FeeDetails = serde_json::from_str(r#"{"r":0.05,"e":1.5,"to":true}"#).unwrap();
    assert_eq!(
        FeeSchedule::from_clob(Some(&odd)).unwrap_err().to_string(),
        "fee exponent: expected a number, not negative, of at most 6 decimals, found 1.5"
    );
    assert!(FeeSchedule::new(1_000_001, 1, true, 0).is_err() && FeeSchedule::new(1, 5, true, 0).is_err());
    assert_eq!(FeeSchedule::new(0, 0, true, 0), Ok(FeeSchedule::FREE));
}

#[test]
fn builders_and_rebates() {
    assert_eq!(builder_fee(Money::from_micros(53_000_000), 50).unwrap().to_string(), "0.265000");
    assert_eq!(builder_fee(Money::from_micros(10), 50).unwrap(), Money::ZERO);
    assert!(builder_fee(Money::MAX, 100).unwrap() < Money::MAX);
    assert!(builder_fee(Money::DOLLAR, 101).is_err());
    assert_eq!(schedule(70_000, 1).rebate_pool(Money::from_micros(1_750_003)).to_string(), "0.350000");
}

#[test]
fn the_largest_order_does_not_overflow() {
    let half = Price::new(5_000).unwrap();
    for exponent in 1..=MAX_EXPONENT {
        let all = schedule(1_000_000, exponent).upper_bound(half, Qty::MAX);
        assert!(all.micros() > 0, "{exponent}");
    }
}

proptest! {
    #[test]
    fn the_fee_agrees_with_long_division(rate in 0_u32..=1_000_000, exponent in 1_u32..=2, pips in 0_u16..=10_000, micros in 0_u64..=1_000_000_000_000) {
        let (price, shares) = (Price::new(pips).unwrap(), Qty::from_micros(micros).unwrap());
        let found = schedule(rate, exponent).taker_fee(price, shares);
        // In units of $1e-12 · 1e-8^exponent, and then of half a step of that.
        let variance = u128::from(pips) * u128::from(10_000 - pips);
        let exact = u128::from(micros) * u128::from(rate) * variance.pow(exponent);
        let step = 10_000_000 * 100_000_000_u128.pow(exponent);
        let (whole, rest) = (exact / step, exact % step);
        let steps = whole + u128::from(rest >= step / 2);
        prop_assert_eq!(found.micros() as u128, steps * 10);
        prop_assert_eq!(found, schedule(rate, exponent).taker_fee(price.complement(), shares));
    }

    /// Whatever the price at or below the limit, price and fee together are within what is held.
    #[test]
    fn the_bound_holds_for_every_better_price(rate in 0_u32..=1_000_000, exponent in 1_u32..=4, limit in 1_u16..10_000, part in 0_u16..=10_000, micros in 1_u64..=1_000_000_000_000) {
        let schedule = schedule(rate, exponent);
        let (limit, shares) = (Price::new(limit).unwrap(), Qty::from_micros(micros).unwrap());
        let better = Price::new((u32::from(limit.pips()) * u32::from(part) / 10_000) as u16).unwrap();
        // Exactly, in units of $1e-10 · 1e-6 · 1e-8^4.
        let cost = |price: Price| {
            let variance = U256::from(price.pips()) * U256::from(10_000 - price.pips());
            let scale = U256::from(100_000_000).pow(U256::from(4 - exponent));
            let fee = U256::from(micros) * U256::from(rate) * variance.pow(U256::from(exponent)) * scale;
            U256::from(price.pips()) * U256::from(micros) * U256::from(100) * U256::from(100_000_000).pow(U256::from(4)) + fee
        };
        let held = U256::from(limit.pips()) * U256::from(micros) * U256::from(100) * U256::from(100_000_000).pow(U256::from(4))
            + U256::from(schedule.upper_bound(limit, shares).micros()) * U256::from(1_000_000) * U256::from(100_000_000).pow(U256::from(4));
        prop_assert!(cost(better) <= held);
    }
}
