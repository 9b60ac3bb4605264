//! Section 9.6b: settlement on an average.

use brier_models::average::{Now, Sampling, Window};
use brier_models::distribution::normal_cdf;
use brier_models::volatility::{CALENDAR_YEAR, per_sqrt_second};

use crate::{check, check_prob};

const STRIKE: f64 = 98_500.0;
const MINUTE: Window = Window { seconds: 60.0, sampling: Sampling::Continuous };

fn now(spot: f64, seconds_left: f64, observed_mean: Option<f64>) -> Now {
    Now { spot, volatility: per_sqrt_second(0.468, CALENDAR_YEAR).unwrap(), seconds_left, observed_mean }
}

/// The last price alone, as the reference takes it: a normal walk. A lognormal one gives 0.587817 and 0.706971.
fn naive(at: &Now) -> f64 {
    normal_cdf((at.spot - STRIKE) / (at.spot * at.volatility * at.seconds_left.sqrt()))
}

#[test]
fn before_the_window() {
    let law = MINUTE.law(&now(98_520.0, 300.0, None)).unwrap();
    check(law.deviation, "132.38953");
    check_prob(law.at_or_above(STRIKE), "0.56004");
    let later = now(98_520.0, 120.0, None);
    let law = MINUTE.law(&later).unwrap();
    check(law.deviation, "73.43650");
    check_prob(law.at_or_above(STRIKE), "0.60732");
    check(naive(&later), "0.587986");
}

#[test]
fn inside_the_window() {
    let level = now(98_520.0, 20.0, Some(98_490.0));
    let law = MINUTE.law(&level).unwrap();
    check(law.mean, "98500");
    check(law.deviation, "7.06643");
    check_prob(law.at_or_above(STRIKE), "0.50000");
    check(naive(&level), "0.707016");
    let fallen = MINUTE.law(&now(98_440.0, 20.0, Some(98_515.0))).unwrap();
    check(fallen.mean, "98490");
    check_prob(fallen.at_or_above(STRIKE), "0.07835");
}

#[test]
fn sixty_prints() {
    // Sixty prints that have all still to come, the window about to begin: w/3 = 20 becomes 20.502778.
    let prints = Window { seconds: 60.0, sampling: Sampling::Prints(60) };
    let at = Now { spot: 1.0, volatility: 1.0, seconds_left: 60.0, observed_mean: None };
    let deviation = prints.law(&at).unwrap().deviation;
    check(deviation * deviation, "20.502778");
    let deviation = MINUTE.law(&at).unwrap().deviation;
    check(deviation * deviation, "20.000000");
}
