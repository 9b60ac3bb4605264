//! An economic release from its nowcast: inflation to one decimal, payrolls to the thousand, growth to a tenth.
//!
//! The first print is taken as normal (or fat-tailed) around the nowcast, with the root mean square of the nowcast's own
//! errors at the same horizon, and then rounded as the agency prints it. Strikes are decimals and comparisons are strict or
//! not by the contract's words; [`Bucket`] turns both into inclusive ones ([`Bucket::above`] with the print's step).
//!
//! What can go wrong: the nowcast must be the vintage of the day, not its later revision. The contract pays on the first
//! print. And the month of the release must be the contract's.
//!
//! Source: reference section 4.6 (Cleveland Fed inflation nowcast; headline errors of 0.06 to 0.10 pp a month).

use brier_types::Prob;

use crate::distribution::Shape;
use crate::doors::fill;
use crate::rounded::{Bucket, Rounded};

/// Fewest published errors that say how wrong a nowcast is.
const MIN_ERRORS: usize = 6;

/// A release to come.
///
/// ```
/// use brier_models::distribution::Shape;
/// use brier_models::nowcast::Nowcast;
/// use brier_models::rounded::Bucket;
/// let cpi = Nowcast::new(0.27, 0.09, 0.1, Shape::Normal).unwrap();
/// let above = cpi.probability(Bucket::above(0.2, 0.1).unwrap()).unwrap();
/// assert!((above.get() - 0.587_930).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nowcast {
    law: Rounded,
}

impl Nowcast {
    /// A release expected at `mean` with an error of `deviation`, printed to multiples of `step`, all in its own unit
    /// (percentage points, thousands). `None` as [`Rounded::new`].
    pub fn new(mean: f64, deviation: f64, step: f64, shape: Shape) -> Option<Self> {
        Rounded::new(mean, deviation, step, shape).map(|law| Self { law })
    }

    /// The chance that the print is in `bucket`, which counts in the print's steps.
    pub fn probability(&self, bucket: Bucket) -> Option<Prob> {
        self.law.probability(bucket)
    }

    /// The chances of many buckets at once, for a new nowcast; nothing is allocated. Writes as many as the shorter slice
    /// holds and returns how many; `None` if a chance could not be stated.
    pub fn fill(&self, buckets: &[Bucket], out: &mut [Prob]) -> Option<usize> {
        fill(buckets, out, |bucket| self.probability(bucket))
    }
}

/// The root mean square of past errors (first print − nowcast at the same horizon), in the release's unit. It counts a
/// bias as an error, which it is. `None` for fewer than six, or for one that is no number.
///
/// Errors against rounded prints hold the rounding; its twelfth of a squared `step` is taken off, for the buckets add it
/// again, but never more than half of what was seen.
pub fn error_deviation(errors: &[f64], step: f64) -> Option<f64> {
    if errors.len() < MIN_ERRORS || !(step.is_finite() && step >= 0.0) {
        return None;
    }
    let mean_square = errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64;
    let variance = (mean_square - step * step / 12.0).max(mean_square / 2.0);
    variance.is_finite().then(|| libm::sqrt(variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_a_deviation() {
        let errors = [0.1, -0.1, 0.1, -0.1, 0.1, -0.1];
        let deviation = error_deviation(&errors, 0.1).unwrap();
        assert!((deviation - libm::sqrt(0.01 - 0.01 / 12.0)).abs() < 1e-12);
        assert!((error_deviation(&errors, 10.0).unwrap() - libm::sqrt(0.005)).abs() < 1e-12);
        assert_eq!(error_deviation(&errors[..5], 0.1), None);
        assert_eq!(error_deviation(&[f64::NAN; 6], 0.1), None);
    }

    #[test]
    fn an_exact_strike_is_one_step() {
        let cpi = Nowcast::new(0.27, 0.09, 0.1, Shape::Normal).unwrap();
        let of = |bucket: Option<Bucket>| cpi.probability(bucket.unwrap()).unwrap().get();
        let parts = of(Bucket::below(0.3, 0.1)) + of(Bucket::between(0.3, 0.3, 0.1)) + of(Bucket::above(0.3, 0.1));
        assert!((parts - 1.0).abs() < 1e-12);
    }
}
