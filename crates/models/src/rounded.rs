//! Numbers that settle rounded: whole degrees, tenths of a percent, thousands of jobs.
//!
//! A settlement value is an integer count of steps (1 °F, 0.1 pp). The model is a continuous law of the unrounded value,
//! and a bucket's chance is the law's mass from half a step below its lowest count to half a step above its highest. Leaving
//! that half step out is the most expensive mistake of this kind of market: a two-degree bucket loses half its worth.
//! Rounding is to the nearest step, and ties have no mass.
//!
//! Buckets include both ends. Strict comparisons are turned into inclusive ones at the door ([`Bucket::above`],
//! [`Bucket::below`]), so that `>` and `≥` cannot be confused further in.

use brier_types::Prob;

use crate::distribution::Shape;
use crate::doors::chance;

/// A set of settlement values, as counts of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// This count or less.
    AtMost(i32),
    /// From the first to the second, both included.
    Between(i32, i32),
    /// This count or more.
    AtLeast(i32),
}

impl Bucket {
    /// Strictly more than `strike`, which may lie between steps: more than 87 degrees is 88 or more.
    ///
    /// `None` when strike or step is no sensible number.
    ///
    /// ```
    /// use brier_models::rounded::Bucket;
    /// assert_eq!(Bucket::above(87.0, 1.0), Some(Bucket::AtLeast(88)));
    /// assert_eq!(Bucket::above(0.2, 0.1), Some(Bucket::AtLeast(3)));
    /// assert_eq!(Bucket::below(80.0, 1.0), Some(Bucket::AtMost(79)));
    /// assert_eq!(Bucket::between(84.5, 86.5, 1.0), Some(Bucket::Between(85, 86)));
    /// ```
    pub fn above(strike: f64, step: f64) -> Option<Self> {
        match position(strike, step)? {
            Position::On(count) | Position::After(count) => count.checked_add(1).map(Self::AtLeast),
        }
    }

    /// `strike` or more.
    pub fn at_least(strike: f64, step: f64) -> Option<Self> {
        match position(strike, step)? {
            Position::On(count) => Some(Self::AtLeast(count)),
            Position::After(count) => count.checked_add(1).map(Self::AtLeast),
        }
    }

    /// Strictly less than `strike`.
    pub fn below(strike: f64, step: f64) -> Option<Self> {
        match position(strike, step)? {
            Position::On(count) => count.checked_sub(1).map(Self::AtMost),
            Position::After(count) => Some(Self::AtMost(count)),
        }
    }

    /// `strike` or less.
    pub fn at_most(strike: f64, step: f64) -> Option<Self> {
        match position(strike, step)? {
            Position::On(count) | Position::After(count) => Some(Self::AtMost(count)),
        }
    }

    /// From `low` to `high`, both included; `None` also when no count lies between them.
    pub fn between(low: f64, high: f64, step: f64) -> Option<Self> {
        let (Self::AtLeast(first), Self::AtMost(last)) = (Self::at_least(low, step)?, Self::at_most(high, step)?)
        else {
            return None;
        };
        (first <= last).then_some(Self::Between(first, last))
    }

    /// Whether `count` is in it.
    pub const fn contains(self, count: i32) -> bool {
        match self {
            Self::AtMost(last) => count <= last,
            Self::Between(first, last) => first <= count && count <= last,
            Self::AtLeast(first) => first <= count,
        }
    }
}

/// Where a strike lies among the steps.
enum Position {
    /// On this one, but for the dust that decimal fractions leave in a float.
    On(i32),
    /// Between this one and the next.
    After(i32),
}

fn position(strike: f64, step: f64) -> Option<Position> {
    let count = strike / step;
    if !(step > 0.0 && count.is_finite() && count.abs() < 1e9) {
        return None;
    }
    let nearest = libm::round(count);
    Some(if (count - nearest).abs() < 1e-6 {
        Position::On(nearest as i32)
    } else {
        Position::After(libm::floor(count) as i32)
    })
}

/// A law of a value that settles rounded to a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounded {
    mean: f64,
    deviation: f64,
    step: f64,
    shape: Shape,
}

impl Rounded {
    /// The law with this mean and standard deviation, rounded to multiples of `step`, all in the value's unit. The
    /// deviation is that of the unrounded value: do not add a twelfth of a squared step, the buckets do that.
    ///
    /// `None` unless all are finite, the step positive and the deviation not negative. With no deviation all the mass is
    /// on the step nearest the mean.
    pub fn new(mean: f64, deviation: f64, step: f64, shape: Shape) -> Option<Self> {
        let sane = mean.is_finite() && deviation.is_finite() && deviation >= 0.0 && step.is_finite() && step > 0.0;
        sane.then_some(Self { mean, deviation, step, shape })
    }

    /// The mean, in the value's unit.
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation before rounding, in the value's unit.
    pub const fn deviation(&self) -> f64 {
        self.deviation
    }

    /// The chance that the settled value is in `bucket`.
    pub fn probability(&self, bucket: Bucket) -> Option<Prob> {
        let mass = match bucket {
            Bucket::AtMost(last) => self.shape.cdf(self.edge_above(last)),
            Bucket::AtLeast(first) => self.shape.cdf(-self.edge_below(first)),
            Bucket::Between(first, last) => self.shape.between(self.edge_below(first), self.edge_above(last)),
        };
        chance(mass)
    }

    /// The upper edge of a count, in standard deviations from the mean.
    pub(crate) fn edge_above(&self, count: i32) -> f64 {
        self.standardized((f64::from(count) + 0.5) * self.step)
    }

    /// The lower edge of a count, in standard deviations from the mean.
    pub(crate) fn edge_below(&self, count: i32) -> f64 {
        self.standardized((f64::from(count) - 0.5) * self.step)
    }

    /// The law's shape.
    pub(crate) const fn shape(&self) -> &Shape {
        &self.shape
    }

    fn standardized(&self, value: f64) -> f64 {
        let distance = value - self.mean;
        if self.deviation > 0.0 {
            distance / self.deviation
        } else if distance > 0.0 {
            // A point exactly on an edge rounds up.
            f64::INFINITY
        } else {
            f64::NEG_INFINITY
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_point_falls_in_one_bucket() {
        let law = Rounded::new(52.3, 0.0, 1.0, Shape::Normal).unwrap();
        let chances = [Bucket::AtMost(51), Bucket::Between(52, 53), Bucket::AtLeast(54)]
            .map(|bucket| law.probability(bucket).unwrap().get());
        assert_eq!(chances.map(|chance| chance as i32), [0, 1, 0]);
    }

    #[test]
    fn nonsense_has_no_law() {
        assert!(Rounded::new(f64::NAN, 1.0, 1.0, Shape::Normal).is_none());
        assert!(Rounded::new(1.0, -1.0, 1.0, Shape::Normal).is_none());
        assert!(Rounded::new(1.0, 1.0, 0.0, Shape::Normal).is_none());
        assert!(Bucket::above(f64::INFINITY, 1.0).is_none());
        assert!(Bucket::above(1e30, 1.0).is_none());
        assert!(Bucket::between(85.2, 85.8, 1.0).is_none(), "no whole degree in between");
        let law = Rounded::new(50.0, 1.0, 1.0, Shape::Normal).unwrap();
        assert!(
            law.probability(Bucket::Between(60, 40)).unwrap().get().abs() < 1e-15,
            "an empty bucket is worth nothing"
        );
    }

    proptest! {
        #[test]
        fn exhaustive_buckets_sum_to_one(
            mean in -50.0_f64..150.0,
            deviation in 0.0_f64..20.0,
            first in -20_i32..100,
            width in 1_i32..5,
            nu in proptest::option::of(2.1_f64..30.0),
        ) {
            let shape = nu.map_or(Shape::Normal, |nu| Shape::student(nu).unwrap());
            let law = Rounded::new(mean, deviation, 1.0, shape).unwrap();
            let mut sum = law.probability(Bucket::AtMost(first - 1)).unwrap().get();
            for index in 0..10 {
                let low = first + index * width;
                sum += law.probability(Bucket::Between(low, low + width - 1)).unwrap().get();
            }
            sum += law.probability(Bucket::AtLeast(first + 10 * width)).unwrap().get();
            prop_assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }

        #[test]
        fn higher_strikes_are_less_likely(mean in -50.0_f64..150.0, deviation in 0.0_f64..20.0, strike in -60_i32..160) {
            let law = Rounded::new(mean, deviation, 1.0, Shape::Normal).unwrap();
            let at = |count| law.probability(Bucket::AtLeast(count)).unwrap();
            prop_assert!(at(strike) >= at(strike + 1));
        }
    }
}
