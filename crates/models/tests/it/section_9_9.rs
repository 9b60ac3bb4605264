//! Section 9.9: market making.

use brier_models::quoting::{AvellanedaStoikov, adverse_half_spread, adverse_selection_floor, price_deviation};

use crate::{check, p};

#[test]
fn in_dollars() {
    let maker = AvellanedaStoikov { gamma: 0.1, sigma: 0.02, horizon: 1.0, decay: 200.0 };
    let quotes = maker.quotes(p(0.50), 100.0, 0.0).unwrap();
    check(quotes.reservation, "0.496000");
    check(quotes.ask - quotes.bid, "0.010038");
    check(quotes.bid, "0.490981");
    check(quotes.ask, "0.501019");
}

#[test]
fn in_log_odds() {
    let maker = AvellanedaStoikov { gamma: 0.1, sigma: 0.30, horizon: 1.0, decay: 20.0 };
    // The reference's δ is on each side, half of the formula's total spread; by hand 0.0045 + 10·ln(1.005) = 0.054375.
    check(maker.half_spread().unwrap(), "0.054375");
    let even = maker.logit_quotes(p(0.50), 0.0, 0.0).unwrap();
    check(even.bid, "0.486409");
    check(even.ask, "0.513591");
    let long = maker.logit_quotes(p(0.90), 20.0, 0.0).unwrap();
    check(long.bid, "0.876841");
    check(long.reservation, "0.882594");
    check(long.ask, "0.888112");
}

#[test]
fn volatility_of_belief_and_price() {
    check(price_deviation(p(0.5), 0.30).unwrap(), "0.075");
    check(price_deviation(p(0.9), 0.30).unwrap(), "0.027");
}

#[test]
fn floor_against_the_informed() {
    let (bid, ask) = adverse_selection_floor(p(0.5), 0.1).unwrap();
    check(ask.get(), "0.55");
    check(bid.get(), "0.45");
    let (bid, ask) = adverse_selection_floor(p(0.8), 0.1).unwrap();
    check(ask.get(), "0.830189");
    check(bid.get(), "0.765957");
    check(adverse_half_spread(0.1).unwrap(), "0.200671");
}
