//! Daily high and low temperature as the climate report prints them: whole degrees Fahrenheit at one station.
//!
//! The day's extreme is taken as `forecast + error`, rounded to whole degrees, and never on the wrong side of what the
//! station has already measured: a maximum cannot fall below the maximum so far. The error has a stated standard deviation
//! (a prior by lead time, [`prior`], or a fit, [`fit`]) and fat tails where wanted.
//!
//! What can go wrong, in the order of how much it costs:
//!
//! - **The day.** The climate report's day runs from midnight to midnight *local standard time*, all year. In summer the
//!   last hour of it is after midnight on the wall clock, and a low can still be set there. Which observations belong to
//!   the day is the caller's business; nothing here knows the time.
//! - **The station.** Chicago is Midway and Houston is Hobby. A forecast for the city is a forecast for somewhere else.
//! - **The gap between observation and report.** The report is made from one-minute data, which hourly observations do not
//!   show, so its maximum may lie a degree or two beyond theirs. [`Slack`] says how likely that is. Observations in whole
//!   degrees Celsius are worse: 31 °C is anything from 87 to 88 °F. Give the lower for a high, the higher for a low.
//!
//! Source: reference sections 1.3, 1.7 and 9.7; Gneiting et al. 2005 for fitted forecast laws.

pub mod combine;
pub mod fit;
pub mod prior;

use brier_types::Prob;

use crate::distribution::Shape;
use crate::doors::{chance, fill};
use crate::rounded::{Bucket, Rounded};

/// Which extreme of the day settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extreme {
    /// The maximum.
    High,
    /// The minimum.
    Low,
}

/// How far the report's extreme may lie beyond the one observed so far, when nothing further happens.
///
/// The chances of 0, 1 and 2 degrees, as weights; they are brought to a sum of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slack {
    /// Chance of at most 0, 1 and 2 degrees.
    cumulative: [f64; 3],
}

impl Slack {
    /// The report will say what was observed.
    pub const NONE: Self = Self { cumulative: [1.0; 3] };

    /// Weights of 0, 1 and 2 degrees beyond. `None` if one is negative or no number, or all are zero.
    pub fn new(weights: [f64; 3]) -> Option<Self> {
        let sum: f64 = weights.iter().sum();
        if weights.iter().any(|&weight| weight < 0.0) || !sum.is_finite() || sum <= 0.0 {
            return None;
        }
        Some(Self { cumulative: [weights[0] / sum, (weights[0] + weights[1]) / sum, 1.0] })
    }

    /// The chance that the report lies at most `degrees` beyond what was observed.
    fn at_most(&self, degrees: i64) -> f64 {
        match degrees {
            ..0 => 0.0,
            0 => self.cumulative[0],
            1 => self.cumulative[1],
            2.. => 1.0,
        }
    }
}

/// What the station has measured so far today.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// The highest (or lowest) so far, in whole degrees Fahrenheit as the report would round it.
    pub extreme: i32,
    /// How far the report may lie beyond it.
    pub slack: Slack,
}

/// The law of one day's extreme at one station.
///
/// ```
/// use brier_models::distribution::Shape;
/// use brier_models::rounded::Bucket;
/// use brier_models::weather::{DayExtreme, Extreme, Observed, Slack};
///
/// let forecast = DayExtreme::new(Extreme::High, 88.2, 1.5, Shape::Normal).unwrap();
/// let afternoon = forecast.observed(Observed { extreme: 87, slack: Slack::NONE });
/// assert!(afternoon.probability(Bucket::AtMost(86)).unwrap().get() < 1e-12);
/// assert!((afternoon.probability(Bucket::Between(86, 87)).unwrap().get() - 0.320_369).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayExtreme {
    kind: Extreme,
    law: Rounded,
    observed: Option<Observed>,
}

impl DayExtreme {
    /// The extreme by forecast alone: its mean and the standard deviation of its error, in °F, and the error's shape.
    /// `None` for numbers that are not finite and for a negative deviation.
    pub fn new(kind: Extreme, mean: f64, deviation: f64, shape: Shape) -> Option<Self> {
        Some(Self { kind, law: Rounded::new(mean, deviation, 1.0, shape)?, observed: None })
    }

    /// The same, knowing what the station has measured so far on this climate day. Replaces what was said before.
    #[must_use]
    pub fn observed(mut self, observed: Observed) -> Self {
        self.observed = Some(observed);
        self
    }

    /// The chance that the report's extreme is in `bucket`.
    pub fn probability(&self, bucket: Bucket) -> Option<Prob> {
        let Some(seen) = self.observed else { return self.law.probability(bucket) };
        // With the floor, P(high ≤ k) = F(k + ½) · P(floor ≤ k); a low is the same upside down.
        let mass = match (self.kind, bucket) {
            (Extreme::High, Bucket::AtMost(last)) => self.high_at_most(seen, last),
            (Extreme::High, Bucket::AtLeast(first)) => 1.0 - self.high_at_most_before(seen, first),
            (Extreme::High, Bucket::Between(first, last)) if first <= last => {
                self.high_at_most(seen, last) - self.high_at_most_before(seen, first)
            }
            (Extreme::Low, Bucket::AtLeast(first)) => self.low_at_least(seen, first),
            (Extreme::Low, Bucket::AtMost(last)) => 1.0 - self.low_at_least_after(seen, last),
            (Extreme::Low, Bucket::Between(first, last)) if first <= last => {
                self.low_at_least(seen, first) - self.low_at_least_after(seen, last)
            }
            (Extreme::High | Extreme::Low, Bucket::Between(..)) => 0.0,
        };
        chance(mass)
    }

    /// The chances of many buckets at once, for a new forecast or observation; nothing is allocated. Writes as many as
    /// the shorter slice holds and returns how many; `None` if a chance could not be stated.
    pub fn fill(&self, buckets: &[Bucket], out: &mut [Prob]) -> Option<usize> {
        fill(buckets, out, |bucket| self.probability(bucket))
    }

    fn high_at_most(&self, seen: Observed, last: i32) -> f64 {
        let floor = seen.slack.at_most(i64::from(last) - i64::from(seen.extreme));
        if floor > 0.0 { floor * self.law.shape().cdf(self.law.edge_above(last)) } else { 0.0 }
    }

    fn high_at_most_before(&self, seen: Observed, first: i32) -> f64 {
        first.checked_sub(1).map_or(0.0, |last| self.high_at_most(seen, last))
    }

    fn low_at_least(&self, seen: Observed, first: i32) -> f64 {
        let ceiling = seen.slack.at_most(i64::from(seen.extreme) - i64::from(first));
        if ceiling > 0.0 { ceiling * self.law.shape().cdf(-self.law.edge_below(first)) } else { 0.0 }
    }

    fn low_at_least_after(&self, seen: Observed, last: i32) -> f64 {
        last.checked_add(1).map_or(0.0, |first| self.low_at_least(seen, first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn get(model: &DayExtreme, bucket: Bucket) -> f64 {
        model.probability(bucket).unwrap().get()
    }

    #[test]
    fn a_low_mirrors_a_high() {
        let slack = Slack::new([0.7, 0.2, 0.1]).unwrap();
        let high = DayExtreme::new(Extreme::High, 3.4, 2.0, Shape::Normal).unwrap();
        let high = high.observed(Observed { extreme: 2, slack });
        let low = DayExtreme::new(Extreme::Low, -3.4, 2.0, Shape::Normal).unwrap();
        let low = low.observed(Observed { extreme: -2, slack });
        for count in -12..12 {
            assert!((get(&high, Bucket::AtMost(count)) - get(&low, Bucket::AtLeast(-count))).abs() < 1e-12);
            let pair = (get(&high, Bucket::Between(count, count + 1)), get(&low, Bucket::Between(-count - 1, -count)));
            assert!((pair.0 - pair.1).abs() < 1e-12);
        }
    }

    #[test]
    fn slack_moves_mass_up_from_the_bucket_that_holds_the_maximum() {
        let plain = DayExtreme::new(Extreme::High, 80.0, 1.0, Shape::Normal).unwrap();
        let seen = |weights| plain.observed(Observed { extreme: 85, slack: Slack::new(weights).unwrap() });
        // The day is over in all but name: without slack it is 85.
        assert!((get(&seen([1.0, 0.0, 0.0]), Bucket::Between(85, 85)) - 1.0).abs() < 1e-6);
        let loose = seen([0.6, 0.3, 0.1]);
        for (degree, chance) in [(84, 0.0), (85, 0.6), (86, 0.3), (87, 0.1), (88, 0.0)] {
            assert!((get(&loose, Bucket::Between(degree, degree)) - chance).abs() < 1e-6, "{degree}");
        }
    }

    #[test]
    fn nonsense_is_refused_and_extremes_of_integers_do_no_harm() {
        assert!(Slack::new([0.0; 3]).is_none());
        assert!(Slack::new([1.0, -0.1, 0.0]).is_none());
        assert!(Slack::new([f64::NAN, 0.0, 0.0]).is_none());
        assert!(DayExtreme::new(Extreme::Low, f64::INFINITY, 1.0, Shape::Normal).is_none());
        for kind in [Extreme::High, Extreme::Low] {
            let model = DayExtreme::new(kind, 50.0, 2.0, Shape::Normal).unwrap();
            let model = model.observed(Observed { extreme: 50, slack: Slack::NONE });
            assert!((get(&model, Bucket::Between(i32::MIN, i32::MAX)) - 1.0).abs() < 1e-12);
            assert!((get(&model, Bucket::AtLeast(i32::MIN)) - 1.0).abs() < 1e-12);
            assert!((get(&model, Bucket::AtMost(i32::MAX)) - 1.0).abs() < 1e-12);
            assert!(get(&model, Bucket::Between(10, 9)).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn a_days_six_markets_sum_to_one(
            mean in -20.0_f64..110.0,
            deviation in 0.0_f64..8.0,
            offset in -6_i32..6,
            extreme in -30_i32..120,
            weights in [0.01_f64..1.0, 0.0_f64..1.0, 0.0_f64..1.0],
            high in any::<bool>(),
        ) {
            let first = mean as i32 + offset;
            let kind = if high { Extreme::High } else { Extreme::Low };
            let model = DayExtreme::new(kind, mean, deviation, Shape::student(5.0).unwrap()).unwrap();
            let buckets = [
                Bucket::AtMost(first - 1),
                Bucket::Between(first, first + 1),
                Bucket::Between(first + 2, first + 3),
                Bucket::Between(first + 4, first + 5),
                Bucket::Between(first + 6, first + 7),
                Bucket::AtLeast(first + 8),
            ];
            for model in [model, model.observed(Observed { extreme, slack: Slack::new(weights).unwrap() })] {
                let mut out = [Prob::new(0.0).unwrap(); 6];
                prop_assert_eq!(model.fill(&buckets, &mut out), Some(6));
                let sum: f64 = out.iter().map(|chance| chance.get()).sum();
                prop_assert!((sum - 1.0).abs() < 1e-9, "{sum}");
            }
        }

        #[test]
        fn a_maximum_never_falls_below_what_was_seen(mean in 40.0_f64..100.0, extreme in 40_i32..100) {
            let model = DayExtreme::new(Extreme::High, mean, 3.0, Shape::Normal).unwrap();
            let model = model.observed(Observed { extreme, slack: Slack::NONE });
            prop_assert!(get(&model, Bucket::AtMost(extreme - 1)).abs() < 1e-15);
        }
    }
}
