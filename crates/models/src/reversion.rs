//! Prices that come back: an Ornstein–Uhlenbeck process in log odds, fitted, tested and projected.
//!
//! Only a shock without information comes back: a large order, a panic, a mispriced print. The fit is a regression of each
//! value on the one before; the test asks whether a random walk would have looked the same, and most prices are random
//! walks. Whoever trades reversion without that test buys falling knives.
//!
//! Time is in any one unit; rates are per that unit.
//!
//! What can go wrong: never average down, and stop when news explain the move. A fit on a few dozen values finds reversion
//! in anything: that is what the Dickey–Fuller bound is for.
//!
//! Source: Dickey & Fuller 1979 and MacKinnon 2010 (critical values); Lo & MacKinlay 1988 (variance ratio); reference
//! section 9.5.

use crate::doors::finite;
use crate::linear::least_squares;

/// The Dickey–Fuller statistic below which a random walk is rejected at 5 %, with a constant and many values.
pub const DICKEY_FULLER_5_PERCENT: f64 = -2.86;

/// Fewest values that a fit is made from.
const MIN_VALUES: usize = 30;

/// A process that is drawn back to its mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrnsteinUhlenbeck {
    /// Where it is drawn to, in log odds.
    pub mean: f64,
    /// How fast, per unit of time.
    pub theta: f64,
    /// Standard deviation of its moves over one unit of time, were it not drawn.
    pub sigma: f64,
}

/// Where a process will be: normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// Its mean, in log odds.
    pub mean: f64,
    /// Its standard deviation, in log odds.
    pub deviation: f64,
}

impl OrnsteinUhlenbeck {
    /// Where it will be after `time`, starting from `from`, in log odds. `None` unless θ is positive, σ and time are not
    /// negative and all are finite.
    ///
    /// ```
    /// use brier_models::logit::{logit, sigmoid};
    /// use brier_models::reversion::OrnsteinUhlenbeck;
    /// let process = OrnsteinUhlenbeck { mean: logit(0.60), theta: 2.0, sigma: 0.5 };
    /// let later = process.after(logit(0.70), 0.25).unwrap();
    /// assert!((sigmoid(later.mean) - 0.662_275).abs() < 1e-6);
    /// ```
    pub fn after(&self, from: f64, time: f64) -> Option<Projection> {
        let Self { mean, theta, sigma } = *self;
        if !(theta > 0.0 && sigma >= 0.0 && time >= 0.0 && from.is_finite() && mean.is_finite()) {
            return None;
        }
        let deviation = sigma * libm::sqrt(-libm::expm1(-2.0 * theta * time) / (2.0 * theta));
        let mean = mean + (from - mean) * libm::exp(-theta * time);
        (mean.is_finite() && deviation.is_finite()).then_some(Projection { mean, deviation })
    }

    /// The time in which half of a deviation is gone. `None` unless θ is positive.
    pub fn half_life(&self) -> Option<f64> {
        (self.theta > 0.0 && self.theta.is_finite()).then(|| std::f64::consts::LN_2 / self.theta)
    }
}

/// A process found in a series, and whether to believe in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The process.
    pub process: OrnsteinUhlenbeck,
    /// How many standard errors the pull is from none; the more negative, the less like a random walk.
    pub dickey_fuller: f64,
    /// Variance of moves over four steps, over four times that of one step: 1 for a random walk, less when it comes back.
    pub variance_ratio: f64,
}

impl Fit {
    /// The process in log odds observed every `interval`.
    ///
    /// `None` for fewer than thirty values, one that is no number, an interval that is not positive, a series that does
    /// not move, and one that is not drawn back at all or overshoots its mean at each step.
    pub fn of(values: &[f64], interval: f64) -> Option<Self> {
        let sane = interval > 0.0 && interval.is_finite() && values.iter().all(|value| value.is_finite());
        if values.len() < MIN_VALUES || !sane {
            return None;
        }
        let steps = (values.len() - 1) as f64;
        // Around the mean, so that the regression's two unknowns do not disturb each other.
        let center = values.iter().sum::<f64>() / values.len() as f64;
        let pairs = || values.windows(2).map(|pair| (pair[0] - center, pair[1] - center));
        let [constant, slope] = least_squares(pairs().map(|(before, after)| ([1.0, before], after)))?;
        if !(slope > 0.0 && slope < 1.0) {
            return None;
        }
        let residual = |(before, after): (f64, f64)| after - constant - slope * before;
        let noise = pairs().map(|pair| residual(pair) * residual(pair)).sum::<f64>() / (steps - 2.0);
        let mean_before = pairs().map(|pair| pair.0).sum::<f64>() / steps;
        let spread: f64 = pairs().map(|pair| (pair.0 - mean_before) * (pair.0 - mean_before)).sum();
        let dickey_fuller = (slope - 1.0) / libm::sqrt(noise / spread);
        let theta = -libm::log(slope) / interval;
        // The noise of one step is σ²(1 − b²)/(2θ).
        let sigma = libm::sqrt(noise * 2.0 * theta / (1.0 - slope * slope));
        let process = OrnsteinUhlenbeck { mean: center + constant / (1.0 - slope), theta, sigma };
        let fit = Self { process, dickey_fuller, variance_ratio: variance_ratio(values, 4)? };
        (dickey_fuller.is_finite() && sigma.is_finite() && process.mean.is_finite()).then_some(fit)
    }

    /// Whether a random walk is rejected: only then is there something to trade.
    pub fn reverts(&self) -> bool {
        self.dickey_fuller < DICKEY_FULLER_5_PERCENT && self.variance_ratio < 1.0
    }
}

/// The variance of moves over `span` steps over `span` times that of one step, with overlapping spans. `None` for fewer
/// than four spans of values, and for a series that does not move.
pub fn variance_ratio(values: &[f64], span: usize) -> Option<f64> {
    if span == 0 || values.len() <= span.checked_mul(4)? {
        return None;
    }
    let drift = (values[values.len() - 1] - values[0]) / (values.len() - 1) as f64;
    let variance = |span: usize| {
        let expected = drift * span as f64;
        let moves = values.iter().skip(span).zip(values).map(|(after, before)| after - before - expected);
        moves.map(|surprise| surprise * surprise).sum::<f64>() / (values.len() - span) as f64
    };
    let ratio = variance(span) / (span as f64 * variance(1));
    ratio.is_finite().then_some(ratio)
}

/// What a round trip from price `entry` to price `exit` earns per contract after the fee at each end, in dollars; a buy
/// when the exit is higher, a sale when it is lower. Take off the spread where both ends take. `None` for what is no
/// number.
pub fn round_trip(entry: f64, exit: f64, fee: impl Fn(f64) -> f64) -> Option<f64> {
    finite((exit - entry).abs() - fee(entry) - fee(exit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;

    fn path(theta: f64, count: usize, seed: u64) -> Vec<f64> {
        let mut random = SplitMix::new(seed);
        let mut value = 0.4;
        (0..count)
            .map(|_| {
                let noise = random.normal();
                value = 0.4 + (value - 0.4) * libm::exp(-theta) + 0.1 * noise;
                value
            })
            .collect()
    }

    #[test]
    fn what_comes_back_is_found() {
        let fit = Fit::of(&path(0.3, 5000, 1), 1.0).unwrap();
        assert!(fit.reverts());
        assert!((fit.process.mean - 0.4).abs() < 0.02, "{fit:?}");
        assert!((fit.process.theta - 0.3).abs() < 0.04, "{fit:?}");
        let one_step = fit.process.after(0.0, 1.0).unwrap().deviation;
        assert!((one_step - 0.1).abs() < 0.005, "{one_step}");
    }

    #[test]
    fn random_walks_are_mostly_rejected() {
        let believed = (0..200).filter(|&seed| Fit::of(&path(0.0, 300, seed), 1.0).is_some_and(|fit| fit.reverts()));
        let believed = believed.count();
        assert!(believed <= 20, "{believed} of 200");
    }

    #[test]
    fn nonsense_is_refused() {
        let values = path(0.3, 100, 2);
        assert!(Fit::of(&values[..29], 1.0).is_none());
        assert!(Fit::of(&values, 0.0).is_none());
        assert!(Fit::of(&[1.0; 100], 1.0).is_none());
        assert!(Fit::of(&[f64::NAN; 100], 1.0).is_none());
        assert!(variance_ratio(&values, 0).is_none());
        let process = OrnsteinUhlenbeck { mean: 0.0, theta: 0.0, sigma: 1.0 };
        assert!(process.after(0.0, 1.0).is_none());
        assert!(process.half_life().is_none());
        assert!(OrnsteinUhlenbeck { theta: 1.0, ..process }.after(f64::NAN, 1.0).is_none());
    }
}
