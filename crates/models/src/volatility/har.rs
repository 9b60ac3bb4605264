//! Tomorrow's variance from the last day's, week's and month's: heterogeneous autoregression of realized variance.
//!
//! Traders of different patience react to different horizons, so variance remembers on three scales, which one
//! exponential cannot. Fitted by least squares on a history of daily realized variances (any unit, the same throughout; any
//! period may stand for the day). Forecasts are floored at the least variance in the history: a regression does not know
//! that variance is positive.
//!
//! Source: Corsi 2009.

use crate::linear::least_squares;

/// Periods of a week and of a month.
const WEEK: usize = 5;
const MONTH: usize = 22;
/// Fewest periods a fit is made from: the month that the first forecast looks back on and forty forecasts.
const MIN_HISTORY: usize = MONTH + 40;

/// A fitted forecast of realized variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Har {
    /// Constant, and weights of the last day, the week's mean and the month's mean.
    coefficients: [f64; 4],
    floor: f64,
}

impl Har {
    /// The forecast that fits a history of realized variances best, oldest first.
    ///
    /// `None` for fewer than 62 of them, for one that is negative or no number, and for a history that never moves.
    pub fn fit(variances: &[f64]) -> Option<Self> {
        let sane = variances.iter().all(|&variance| variance.is_finite() && variance >= 0.0);
        if variances.len() < MIN_HISTORY || !sane {
            return None;
        }
        let rows = (MONTH..variances.len()).map(|day| (features(&variances[..day]), variances[day]));
        let coefficients = least_squares(rows)?;
        let floor = variances.iter().copied().fold(f64::INFINITY, f64::min);
        Some(Self { coefficients, floor })
    }

    /// The variance to expect in the period after `variances` (oldest first), of which the last 22 count. `None` for
    /// fewer, or for one that is no number.
    pub fn forecast(&self, variances: &[f64]) -> Option<f64> {
        if variances.len() < MONTH {
            return None;
        }
        let products = self.coefficients.iter().zip(features(variances)).map(|(weight, feature)| weight * feature);
        let variance: f64 = products.sum();
        variance.is_finite().then(|| variance.max(self.floor))
    }

    /// The constant, and the weights of day, week and month.
    pub const fn coefficients(&self) -> &[f64; 4] {
        &self.coefficients
    }
}

/// One, the last variance, and the means of the last week and month.
fn features(past: &[f64]) -> [f64; 4] {
    let mean = |count: usize| past[past.len() - count..].iter().sum::<f64>() / count as f64;
    [1.0, mean(1), mean(WEEK), mean(MONTH)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;

    #[test]
    fn the_law_that_made_a_history_comes_back() {
        let mut random = SplitMix::new(4);
        let mut history = vec![1.0; MONTH];
        for _ in 0..20_000 {
            let [_, day, week, month] = features(&history);
            history.push(0.1 + 0.4 * day + 0.3 * week + 0.2 * month + 0.2 * (random.unit() - 0.5));
        }
        let har = Har::fit(&history).unwrap();
        for (found, made) in har.coefficients().iter().zip([0.1, 0.4, 0.3, 0.2]) {
            assert!((found - made).abs() < 0.05, "{har:?}");
        }
        let [_, day, week, month] = features(&history);
        let expected = 0.1 + 0.4 * day + 0.3 * week + 0.2 * month;
        assert!((har.forecast(&history).unwrap() - expected).abs() < 0.02);
    }

    #[test]
    fn a_forecast_is_never_below_what_was_seen() {
        let har = Har { coefficients: [-1.0, 0.5, 0.0, 0.0], floor: 0.2 };
        assert!((har.forecast(&[1.0; MONTH]).unwrap() - 0.2).abs() < 1e-15);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Har::fit(&[1.0; 100]).is_none(), "a history that never moves");
        assert!(Har::fit(&[1.0, 2.0]).is_none());
        let mut history: Vec<f64> = (0..100).map(|day| 1.0 + f64::from(day * day * day % 101)).collect();
        assert!(Har::fit(&history).is_some());
        assert!(Har::fit(&history).unwrap().forecast(&history[..21]).is_none());
        history[50] = f64::NAN;
        assert!(Har::fit(&history).is_none());
    }
}
