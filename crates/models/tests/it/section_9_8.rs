//! Section 9.8: calibration.

use brier_models::calibration::recalibrate::Platt;
use brier_models::calibration::reliability::Curve;
use brier_models::calibration::{Scored, brier, log_score, skill, spiegelhalter_z};

use crate::{check, check_prob, p};

/// `count` forecasts of one chance, of which the first `happened` happened.
fn group(forecast: f64, count: usize, happened: usize) -> impl Iterator<Item = Scored> {
    (0..count).map(move |index| Scored { forecast: p(forecast), happened: index < happened })
}

#[test]
fn five_forecasts() {
    let said = [(0.9, true), (0.7, true), (0.6, false), (0.3, false), (0.1, false)];
    let forecasts = said.map(|(forecast, happened)| Scored { forecast: p(forecast), happened });
    let base = said.map(|(_, happened)| Scored { forecast: p(0.4), happened });
    check(brier(&forecasts).unwrap(), "0.112");
    check(log_score(&forecasts).unwrap(), "0.368072");
    check(skill(brier(&forecasts).unwrap(), brier(&base).unwrap()).unwrap(), "0.533333");
    check(spiegelhalter_z(&forecasts).unwrap(), "-0.639010");
}

#[test]
fn two_bins() {
    let forecasts: Vec<Scored> = group(0.2, 10, 3).chain(group(0.7, 10, 6)).collect();
    let curve = Curve::of(&forecasts, 10).unwrap();
    check(curve.reliability(), "0.01");
    check(curve.resolution(), "0.0225");
    check(curve.uncertainty(), "0.2475");
    check(curve.within_bins(), "0.000000");
    check(brier(&forecasts).unwrap(), "0.235");
    check(curve.calibration_error(), "0.1");
}

#[test]
fn over_confidence() {
    let forecasts: Vec<Scored> = group(0.8, 50, 33).chain(group(0.2, 50, 16)).collect();
    check(brier(&forecasts).unwrap(), "0.238");
    check(spiegelhalter_z(&forecasts).unwrap(), "3.25");
}

#[test]
fn recalibration() {
    check_prob(Platt { shift: 0.0, slope: 0.8 }.apply(p(0.9)), "0.852931");
    check_prob(Platt { shift: 0.1, slope: 1.2 }.apply(p(0.3)), "0.285619");
}
