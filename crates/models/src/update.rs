//! News: evidence added in log odds, bounded, believed as far as its source deserves, and fading.
//!
//! A likelihood ratio says how many times likelier the news is if the outcome happens than if it does not. Its logarithm
//! adds to the log odds, times the source's reliability. The whole shift is bounded, because the ratios of several articles
//! about one thing are not independent, and because a misread headline must not be able to sell the house.
//!
//! A shock is news whose ratio nobody knows, only that it moved opinion; it fades as the market takes it in.
//!
//! Source: reference section 9.4.

use std::time::Duration;

use brier_types::Prob;

use crate::logit::shifted;

/// A piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// How many times likelier it is if the outcome happens than if not: above 1 speaks for it.
    pub likelihood_ratio: f64,
    /// How far the source is believed, 0 to 1.
    pub reliability: f64,
}

impl Evidence {
    /// Evidence from a source that is fully believed.
    pub const fn certain(likelihood_ratio: f64) -> Self {
        Self { likelihood_ratio, reliability: 1.0 }
    }
}

/// The chance after the evidence: log odds plus the sum of reliability × ln ratio, that sum held within ±`cap`.
///
/// `None` for a ratio that is not positive and finite, a reliability outside 0 to 1, or a cap that is negative or NaN.
///
/// ```
/// use brier_models::update::{Evidence, bayes};
/// use brier_types::Prob;
/// let after = bayes(Prob::new(0.40).unwrap(), &[Evidence::certain(3.0)], 2.0).unwrap();
/// assert!((after.get() - 0.666_667).abs() < 1e-6);
/// ```
pub fn bayes(prior: Prob, evidence: &[Evidence], cap: f64) -> Option<Prob> {
    let mut shift = 0.0;
    for piece in evidence {
        let ratio = piece.likelihood_ratio;
        if !(ratio.is_finite() && ratio > 0.0 && (0.0..=1.0).contains(&piece.reliability)) {
            return None;
        }
        shift += piece.reliability * libm::log(ratio);
    }
    bounded(prior, shift, cap)
}

/// A move of opinion that fades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shock {
    /// How far it moved log odds when it came; negative against the outcome.
    pub size: f64,
    /// How long ago it came.
    pub age: Duration,
    /// How long until half of it has faded; zero fades at once.
    pub half_life: Duration,
}

impl Shock {
    /// What is left of it, in log odds.
    pub fn remaining(&self) -> f64 {
        if self.half_life.is_zero() {
            return if self.age.is_zero() { self.size } else { 0.0 };
        }
        self.size * libm::exp2(-self.age.as_secs_f64() / self.half_life.as_secs_f64())
    }
}

/// The chance after several shocks, whose sum is held within ±`cap` in log odds. `None` for a shock whose size is no
/// number, or a cap that is negative or NaN.
pub fn shocked(prior: Prob, shocks: &[Shock], cap: f64) -> Option<Prob> {
    bounded(prior, shocks.iter().map(Shock::remaining).sum(), cap)
}

fn bounded(prior: Prob, shift: f64, cap: f64) -> Option<Prob> {
    if cap >= 0.0 && shift.is_finite() { shifted(prior, shift.clamp(-cap, cap)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logit::logit;
    use proptest::prelude::*;

    #[test]
    fn a_shock_fades_by_halves() {
        let half_life = Duration::from_mins(10);
        let shock = Shock { size: 0.8, age: Duration::from_mins(20), half_life };
        assert!((shock.remaining() - 0.2).abs() < 1e-12);
        let prior = Prob::new(0.5).unwrap();
        assert!((logit(shocked(prior, &[shock, shock], 1.0).unwrap().get()) - 0.4).abs() < 1e-12);
        assert!((logit(shocked(prior, &[shock, shock], 0.1).unwrap().get()) - 0.1).abs() < 1e-12);
        assert!(Shock { half_life: Duration::ZERO, ..shock }.remaining().abs() < 1e-15);
    }

    #[test]
    fn nonsense_is_refused() {
        let prior = Prob::new(0.5).unwrap();
        assert_eq!(bayes(prior, &[Evidence::certain(0.0)], 1.0), None);
        assert_eq!(bayes(prior, &[Evidence::certain(f64::INFINITY)], 1.0), None);
        assert_eq!(bayes(prior, &[Evidence { likelihood_ratio: 2.0, reliability: 1.1 }], 1.0), None);
        assert_eq!(bayes(prior, &[], f64::NAN), None);
        let broken = Shock { size: f64::NAN, age: Duration::ZERO, half_life: Duration::ZERO };
        assert_eq!(shocked(prior, &[broken], 1.0), None);
    }

    proptest! {
        #[test]
        fn no_news_moves_further_than_the_cap(prior in 0.01_f64..0.99, logs in proptest::collection::vec(-7.0_f64..7.0, 0..6), cap in 0.0_f64..3.0) {
            let evidence: Vec<Evidence> = logs.into_iter().map(|log| Evidence::certain(libm::exp(log))).collect();
            let after = bayes(Prob::new(prior).unwrap(), &evidence, cap).unwrap().get();
            prop_assert!((logit(after) - logit(prior)).abs() <= cap + 1e-9);
        }
    }
}
