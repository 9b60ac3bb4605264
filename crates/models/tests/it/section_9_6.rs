//! Section 9.6: digitals, ranges, smiles and touches.

use brier_models::digital::{Smile, Terminal};
use brier_models::distribution::Shape;
use brier_models::touch::OneTouch;
use brier_models::volatility::{CALENDAR_YEAR, TRADING_YEAR, per_sqrt_second};

use crate::{check, check_prob};

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
const SESSION: f64 = TRADING_YEAR / 252.0;

fn law(spot: f64, annual: f64, year: f64, seconds: f64) -> Terminal {
    Terminal::new(spot, per_sqrt_second(annual, year).unwrap(), seconds, Shape::Normal).unwrap()
}

#[test]
fn thresholds() {
    let bitcoin = law(98_500.0, 0.468, CALENDAR_YEAR, HOUR);
    check_prob(bitcoin.at_or_above(99_000.0), "0.155028");
    let sigma = 0.468 * (HOUR / CALENDAR_YEAR).sqrt();
    check((98_500.0_f64 / 99_000.0).ln() / sigma - sigma / 2.0, "-1.015105");
    check_prob(law(6_000.0, 0.16, TRADING_YEAR, SESSION).at_or_above(6_050.0), "0.203719");
}

#[test]
fn range() {
    // The printed range ends at 100,249.99 and is half open; up to 100,250 it is the same to six digits.
    check_prob(law(100_000.0, 0.468, CALENDAR_YEAR, DAY).between(99_750.0, 100_249.99), "0.081281");
}

#[test]
fn smiles() {
    let week = Smile {
        forward: 100_000.0,
        strike: 105_000.0,
        annual_volatility: 0.46,
        slope: 0.0,
        years: 7.0 * DAY / CALENDAR_YEAR,
    };
    check_prob(week.probability(), "0.212507");
    check_prob(Smile { slope: -2e-6, ..week }.probability(), "0.220947");
    let index = Smile { forward: 6_000.0, strike: 5_900.0, annual_volatility: 0.18, slope: 0.0, years: 5.0 / 252.0 };
    check_prob(index.probability(), "0.742220");
    check_prob(Smile { slope: -3e-4, ..index }.probability(), "0.822733");
}

#[test]
fn touches() {
    let volatility = per_sqrt_second(0.468, CALENDAR_YEAR).unwrap();
    let month = OneTouch { spot: 98_500.0, barrier: 105_000.0, volatility, seconds_left: 30.0 * DAY };
    check_prob(month.probability(), "0.613512");
    check_prob(law(98_500.0, 0.468, CALENDAR_YEAR, 30.0 * DAY).at_or_above(105_000.0), "0.293437");
    let volatility = per_sqrt_second(0.16, TRADING_YEAR).unwrap();
    let index = OneTouch { spot: 6_000.0, barrier: 6_300.0, volatility, seconds_left: 20.0 * SESSION };
    check_prob(index.probability(), "0.272300");
}
