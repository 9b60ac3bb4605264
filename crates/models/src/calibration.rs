//! How good forecasts have been, once their markets have settled.
//!
//! The Brier score is the mean squared miss: 0 is perfect, 0.25 is saying one half to everything. Taken alone it says more
//! about how hard the markets were than about the forecaster, so it is always compared: with the market's own price at the
//! moment of the forecast ([`skill`]), on the same markets. Beating the base rate is easy and earns nothing.
//!
//! [`reliability`] splits the score and draws the curve, [`recalibrate`] mends a forecaster whose errors have a pattern,
//! and [`standing`] decides whether he may trade.
//!
//! What can go wrong: markets of one event are one surprise, not six; scores over them look far surer than they are.
//! [`standing`] resamples whole events for that reason. And a score is only as honest as the moment of its forecast.
//!
//! Source: Brier 1950; Gneiting & Raftery 2007; Spiegelhalter 1986; Wilson 1927; reference section 9.8.

pub mod recalibrate;
pub mod reliability;
pub mod standing;

use brier_types::Prob;

/// The least chance that the log score takes a forecast at: being sure and wrong costs 20.7, not everything.
const LOG_FLOOR: f64 = 1e-9;

/// A forecast whose market has settled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// What was said.
    pub forecast: Prob,
    /// Whether it happened.
    pub happened: bool,
}

impl Scored {
    /// 1 if it happened, 0 if not.
    fn outcome(&self) -> f64 {
        if self.happened { 1.0 } else { 0.0 }
    }

    /// The squared miss.
    fn square(&self) -> f64 {
        let miss = self.forecast.get() - self.outcome();
        miss * miss
    }
}

/// The Brier score, less is better; `None` without forecasts.
///
/// ```
/// use brier_models::calibration::{Scored, brier};
/// use brier_types::Prob;
/// let forecast = Prob::new(0.9).unwrap();
/// let score = brier(&[Scored { forecast, happened: true }, Scored { forecast, happened: false }]).unwrap();
/// assert!((score - (0.01 + 0.81) / 2.0).abs() < 1e-12);
/// ```
pub fn brier(forecasts: &[Scored]) -> Option<f64> {
    mean(forecasts, Scored::square)
}

/// The logarithmic score, −mean ln(chance given to what happened), less is better; `None` without forecasts.
pub fn log_score(forecasts: &[Scored]) -> Option<f64> {
    mean(forecasts, |scored| {
        let said = if scored.happened { scored.forecast.get() } else { 1.0 - scored.forecast.get() };
        -libm::log(said.max(LOG_FLOOR))
    })
}

/// The skill of a score against a reference's on the same markets: the share of the reference's loss that is avoided. At
/// most 1; negative is worse. `None` when the reference is perfect or a score is no number.
pub fn skill(score: f64, reference: f64) -> Option<f64> {
    let skill = 1.0 - score / reference;
    (reference > 0.0 && skill.is_finite()).then_some(skill)
}

/// Spiegelhalter's Z: how many standard errors the Brier score is from what it would be if every forecast were right.
/// Above 1.96 the forecasts are too extreme, below −1.96 too timid (at 5 %).
///
/// `None` without forecasts, and when none of them says anything that could be wrong (all are 0, ½ or 1).
pub fn spiegelhalter_z(forecasts: &[Scored]) -> Option<f64> {
    let (mut surprise, mut variance) = (0.0, 0.0);
    for scored in forecasts {
        let p = scored.forecast.get();
        let lean = 1.0 - 2.0 * p;
        surprise += (scored.outcome() - p) * lean;
        variance += lean * lean * p * (1.0 - p);
    }
    (variance > 0.0).then(|| surprise / libm::sqrt(variance))
}

/// Wilson's interval for a frequency: where the true chance lies after `successes` of `trials`, at `z` standard errors (1.96
/// for 95 %). `None` without trials, for more successes than trials, and for a z that is negative or no number.
///
/// ```
/// use brier_models::calibration::wilson;
/// let (low, high) = wilson(0, 10, 1.96).unwrap();
/// assert!(low.abs() < 1e-12 && (high - 0.277_5).abs() < 1e-3, "ten misses do not prove never");
/// ```
pub fn wilson(successes: u64, trials: u64, z: f64) -> Option<(f64, f64)> {
    if trials == 0 || successes > trials || !(z >= 0.0 && z.is_finite()) {
        return None;
    }
    let n = trials as f64;
    let frequency = successes as f64 / n;
    let square = z * z;
    let center = frequency + square / (2.0 * n);
    let half = z * libm::sqrt(frequency * (1.0 - frequency) / n + square / (4.0 * n * n));
    let scale = 1.0 + square / n;
    Some((((center - half) / scale).max(0.0), ((center + half) / scale).min(1.0)))
}

fn mean(forecasts: &[Scored], of: impl Fn(&Scored) -> f64) -> Option<f64> {
    if forecasts.is_empty() {
        return None;
    }
    Some(forecasts.iter().map(of).sum::<f64>() / forecasts.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_has_no_score() {
        assert_eq!(brier(&[]), None);
        assert_eq!(log_score(&[]), None);
        assert_eq!(spiegelhalter_z(&[]), None);
        assert_eq!(skill(0.1, 0.0), None);
        assert_eq!(skill(f64::NAN, 0.1), None);
        assert_eq!(wilson(1, 0, 1.96), None);
        assert_eq!(wilson(2, 1, 1.96), None);
        assert_eq!(wilson(1, 2, f64::NAN), None);
        let half = Scored { forecast: Prob::new(0.5).unwrap(), happened: true };
        assert_eq!(spiegelhalter_z(&[half]), None);
    }

    #[test]
    fn sure_and_wrong_is_bad_but_finite() {
        let wrong = Scored { forecast: Prob::new(1.0).unwrap(), happened: false };
        assert!((log_score(&[wrong]).unwrap() - 20.723).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn wilson_holds_the_frequency(successes in 0_u64..500, misses in 0_u64..500, z in 0.0_f64..5.0) {
            prop_assume!(successes + misses > 0);
            let (low, high) = wilson(successes, successes + misses, z).unwrap();
            let frequency = successes as f64 / (successes + misses) as f64;
            prop_assert!(0.0 <= low && low <= frequency + 1e-12 && frequency <= high + 1e-12 && high <= 1.0);
        }
    }
}
