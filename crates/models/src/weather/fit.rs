//! Learning a station's bias and forecast error from its own history, and a law's error from an ensemble's spread.
//!
//! Fit per station, lead and season, on forecasts that were really available then. The bias is an exponentially forgetting
//! mean; the deviation is the one whose law scores best by the continuous ranked probability score (CRPS), which is less
//! shaken by one bust than the root mean square. An ensemble's spread knows which days are hard but is too narrow, so its
//! law is σ² = c + d·s².
//!
//! What can go wrong: reanalysis is not the report (it flatters), and thirty days are few: keep the prior until the fit has
//! some weight.
//!
//! Source: Gneiting, Raftery, Westveld & Goldman 2005 (minimum CRPS, EMOS); reference section 9.7.

use crate::distribution::Shape;
use crate::solve::minimize;

/// Narrowest and widest error that a fit may find, in °F.
const DEVIATIONS: (f64, f64) = (0.1, 30.0);

/// The continuous ranked probability score of an observation under a law, in °F: its absolute error if the law is a point,
/// less for a law that knew. `None` for numbers that are not finite or a negative deviation.
pub fn crps(mean: f64, deviation: f64, shape: &Shape, observed: f64) -> Option<f64> {
    let distance = observed - mean;
    if !distance.is_finite() || !deviation.is_finite() || deviation < 0.0 {
        return None;
    }
    Some(if deviation > 0.0 { deviation * shape.crps(distance / deviation) } else { distance.abs() })
}

/// A forecast's bias as it drifts: the mean of (report − forecast), recent days weighing more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bias {
    keep: f64,
    sum: f64,
    weight: f64,
}

impl Bias {
    /// A bias whose days lose half their weight every `half_life_days`, starting from zero as firmly as `prior_days` of
    /// history would hold it there. `None` unless the half-life is positive and the prior not negative.
    pub fn new(half_life_days: f64, prior_days: f64) -> Option<Self> {
        let sane = half_life_days.is_finite() && half_life_days > 0.0 && prior_days.is_finite() && prior_days >= 0.0;
        sane.then(|| Self { keep: libm::exp2(-1.0 / half_life_days), sum: 0.0, weight: prior_days })
    }

    /// Takes one day's error, report − forecast, in °F; what is no number is ignored.
    pub fn observe(&mut self, error: f64) {
        if error.is_finite() {
            self.sum = self.sum * self.keep + error;
            self.weight = self.weight * self.keep + 1.0;
        }
    }

    /// What to add to the forecast, in °F.
    pub fn get(&self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }
}

/// The deviation whose law, centered on zero, scores the errors best: °F. `None` without errors or with one that is no
/// number. Subtract the bias first.
pub fn deviation(errors: &[f64], shape: &Shape) -> Option<f64> {
    if errors.is_empty() || errors.iter().any(|error| !error.is_finite()) {
        return None;
    }
    let score = |sigma: f64| errors.iter().map(|error| sigma * shape.crps(error / sigma)).sum::<f64>();
    Some(minimize(score, DEVIATIONS.0, DEVIATIONS.1))
}

/// A day of an ensemble's history: its spread and how far the report was from its (corrected) mean, in °F.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadDay {
    /// Standard deviation of the members.
    pub spread: f64,
    /// Report − mean.
    pub error: f64,
}

/// How an ensemble's spread becomes the deviation of a law: σ² = `constant` + `slope`·spread².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadLaw {
    /// Squared °F of error that no member shows.
    pub constant: f64,
    /// How much the spread is believed.
    pub slope: f64,
}

impl SpreadLaw {
    /// The deviation on a day of this spread, in °F; `None` for a spread that is negative or no number.
    pub fn deviation(&self, spread: f64) -> Option<f64> {
        let variance = self.constant + self.slope * spread * spread;
        (spread >= 0.0 && variance.is_finite() && variance >= 0.0).then(|| libm::sqrt(variance))
    }

    /// The law that scores a history best, found by turns in each of its two numbers. `None` for fewer than ten days,
    /// which cannot tell the two apart, and for numbers that are none.
    pub fn fit(days: &[SpreadDay], shape: &Shape) -> Option<Self> {
        let sane = |day: &SpreadDay| day.error.is_finite() && day.spread.is_finite() && day.spread >= 0.0;
        if days.len() < 10 || !days.iter().all(sane) {
            return None;
        }
        // Roots of both numbers are searched, so that neither can turn negative.
        let score = |base: f64, gain: f64| {
            let one = |day: &SpreadDay| {
                let sigma = libm::sqrt(base * base + gain * gain * day.spread * day.spread);
                sigma * shape.crps(day.error / sigma)
            };
            days.iter().map(one).sum::<f64>()
        };
        let (mut base, mut gain) = (1.0, 1.0);
        let mut best = score(base, gain);
        for _ in 0..100 {
            base = minimize(|base| score(base, gain), DEVIATIONS.0, DEVIATIONS.1);
            gain = minimize(|gain| score(base, gain), 0.0, 10.0);
            let now = score(base, gain);
            if best - now < 1e-10 * best {
                break;
            }
            best = now;
        }
        Some(Self { constant: base * base, slope: gain * gain })
    }
}

/// Mean and standard deviation of an ensemble's members, in °F. `None` for fewer than two, or one that is no number.
pub fn ensemble(members: &[f64]) -> Option<(f64, f64)> {
    if members.len() < 2 || members.iter().any(|member| !member.is_finite()) {
        return None;
    }
    let count = members.len() as f64;
    let mean = members.iter().sum::<f64>() / count;
    let squares: f64 = members.iter().map(|member| (member - mean) * (member - mean)).sum();
    Some((mean, libm::sqrt(squares / (count - 1.0))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;

    /// Errors that are normal by the central limit, from a seed.
    fn errors(seed: u64, count: usize, sigma: f64) -> Vec<f64> {
        let mut random = SplitMix::new(seed);
        (0..count).map(|_| sigma * random.normal()).collect()
    }

    #[test]
    fn the_deviation_comes_back() {
        let sigma = deviation(&errors(3, 4000, 2.8), &Shape::Normal).unwrap();
        assert!((sigma - 2.8).abs() < 0.1, "{sigma}");
        assert_eq!(deviation(&[], &Shape::Normal), None);
        assert_eq!(deviation(&[f64::NAN], &Shape::Normal), None);
    }

    #[test]
    fn one_bust_moves_it_less_than_the_root_mean_square() {
        let mut days = errors(5, 60, 2.0);
        let calm = deviation(&days, &Shape::Normal).unwrap();
        days.push(20.0);
        let square = libm::sqrt(days.iter().map(|error| error * error).sum::<f64>() / 61.0);
        let shaken = deviation(&days, &Shape::Normal).unwrap();
        assert!(shaken - calm < 0.5 * (square - calm), "{calm} {shaken} {square}");
    }

    #[test]
    fn the_spread_law_comes_back() {
        let noise = errors(7, 4000, 1.0);
        let days: Vec<SpreadDay> = noise
            .iter()
            .enumerate()
            .map(|(index, unit)| {
                let spread = 0.5 + (index % 40) as f64 / 10.0;
                SpreadDay { spread, error: unit * libm::sqrt(1.0 + 1.5 * spread * spread) }
            })
            .collect();
        let law = SpreadLaw::fit(&days, &Shape::Normal).unwrap();
        assert!((law.constant - 1.0).abs() < 0.3 && (law.slope - 1.5).abs() < 0.15, "{law:?}");
        assert!(SpreadLaw::fit(&days[..9], &Shape::Normal).is_none());
        assert!(law.deviation(-1.0).is_none());
    }

    #[test]
    fn bias_forgets() {
        let mut bias = Bias::new(10.0, 5.0).unwrap();
        for _ in 0..300 {
            bias.observe(2.0);
        }
        assert!((bias.get() - 2.0).abs() < 1e-6);
        for _ in 0..10 {
            bias.observe(0.0);
        }
        assert!((bias.get() - 1.0).abs() < 0.01, "half a half-life ago is half the weight");
        bias.observe(f64::NAN);
        assert!(bias.get().is_finite());
        assert!(Bias::new(0.0, 1.0).is_none());
    }

    #[test]
    fn an_ensemble_has_two_moments() {
        let (mean, spread) = ensemble(&[50.0, 52.0, 54.0]).unwrap();
        assert!((mean - 52.0).abs() < 1e-12 && (spread - 2.0).abs() < 1e-12);
        assert_eq!(ensemble(&[50.0]), None);
    }
}
