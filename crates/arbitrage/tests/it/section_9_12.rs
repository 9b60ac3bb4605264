//! Reference (feeds), section 9.12: rules that can diverge.

use brier_arbitrage::divergence::edge_needed;
use brier_arbitrage::{AssumedPair, DivergenceRate, SetError, Unlimited};
use brier_models::lockup::Divergence;
use brier_types::{Money, Prob, Qty};

use crate::bench::{NOW, contracts, kalshi, levels, money, no_asks, plain, polymarket};

fn rate(chance: f64) -> DivergenceRate {
    DivergenceRate::known(Prob::new(chance).unwrap())
}

fn free_pair(chance: f64) -> AssumedPair {
    let mut first = kalshi(0);
    first.terms.fees = brier_engine::Fees::FREE;
    AssumedPair::new(first, polymarket(1, 0), false, rate(chance)).unwrap()
}

#[test]
fn the_references_pair() {
    let (asks, bids) = (levels(".64x100"), no_asks(".32x100"));
    let found = free_pair(0.03).assess(plain(), [(&[], &asks), (&bids, &[])], &Unlimited, NOW).unwrap().unwrap();
    assert_eq!((found.cost, found.if_same, found.edge), (money("96"), money("100"), money("4")));
    assert_eq!(found.needed, money("3"));
    assert!((found.expected(Divergence::Adverse).unwrap() - 1.0).abs() < 1e-9);
    assert!((found.expected(Divergence::Symmetric).unwrap() - 4.0).abs() < 1e-9);
    // As a directional bet of 3 % of the size.
    assert_eq!(found.most(contracts(3)), contracts(100));
    assert_eq!(found.most(Qty::ZERO), Qty::ZERO);
}

#[test]
fn an_edge_that_does_not_pay_for_it_is_none() {
    let (asks, bids) = (levels(".64x100"), no_asks(".32x100"));
    let books = [(&[][..], &asks[..]), (&bids[..], &[][..])];
    assert_eq!(free_pair(0.05).assess(plain(), books, &Unlimited, NOW).unwrap(), None);
    assert_eq!(edge_needed(Prob::new(0.03).unwrap()), money("0.03"));
    // Only tranches that pay for it are taken: .64 and .32 do at 3 %, .66 and .32 do not.
    let asks = levels(".64x10 .66x100");
    let found = free_pair(0.03).assess(plain(), [(&[], &asks), (&bids, &[])], &Unlimited, NOW).unwrap().unwrap();
    assert_eq!(found.if_same, money("10"));
}

#[test]
fn a_surprise_in_a_decided_market() {
    let value = |chance: f64| brier_models::lockup::decided_value(0.966, Prob::new(chance).unwrap()).unwrap();
    assert!((value(0.005) - 0.029).abs() < 1e-9 && (value(0.02) - 0.014).abs() < 1e-9);
}

#[test]
fn history_gives_a_chance_and_its_upper_end() {
    let found = DivergenceRate::from_history(0, 100).unwrap();
    assert!((found.mean().get() - 1.0 / 102.0).abs() < 1e-12);
    assert!((found.upper().get() - 0.036_994).abs() < 1e-6, "{found:?}");
    let found = DivergenceRate::from_history(5, 50).unwrap();
    assert!((found.upper().get() - 0.213_602).abs() < 1e-6, "{found:?}");
    assert_eq!(DivergenceRate::from_history(0, 0), None);
    assert_eq!(DivergenceRate::from_history(2, 1), None);
    assert!(DivergenceRate::from_history(7, 7).unwrap().upper().get() <= 1.0);
}

#[test]
fn a_market_is_no_pair_with_itself() {
    let twice = AssumedPair::new(kalshi(3), kalshi(3), false, rate(0.0)).unwrap_err();
    assert_eq!(twice, SetError::Twice(kalshi(3).market));
    assert_eq!(twice.to_string(), "set: market m3 is named twice; name it once, with all its relations");
    assert_eq!(edge_needed(Prob::new(0.0).unwrap()), Money::ZERO);
}
