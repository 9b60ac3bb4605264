//! Log odds: the scale on which evidence adds up.
//!
//! A move from 0.50 to 0.60 and one from 0.90 to 0.93 are the same amount of news (0.4 of a unit), which no difference of
//! prices shows. Opinions, shocks and quotes are therefore shifted here and turned back at the end. Certainty has no finite
//! log odds, so every door clips: a model that says 0 or 1 would outvote everyone for ever.

use brier_types::Prob;

use crate::doors::chance;

/// The least chance that opinions are taken at; the greatest is one minus it.
pub const CLIP: f64 = 0.005;

/// ln(p / (1 − p)); infinite at 0 and 1.
pub fn logit(p: f64) -> f64 {
    libm::log(p) - libm::log1p(-p)
}

/// The log odds of `p` after clipping it to `CLIP..=1 − CLIP`: always finite.
pub fn clipped_logit(p: Prob) -> f64 {
    logit(p.get().clamp(CLIP, 1.0 - CLIP))
}

/// The chance whose log odds are `x`: 1 / (1 + e^−x).
pub fn sigmoid(x: f64) -> f64 {
    // The exponent never overflows, and small chances keep their digits.
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let odds = libm::exp(x);
        odds / (1.0 + odds)
    }
}

/// `p` moved by `shift` in log odds. `None` for a shift that is no number. Certainty stays certain.
///
/// ```
/// use brier_models::logit::shifted;
/// use brier_types::Prob;
/// let tripled = shifted(Prob::new(0.4).unwrap(), 3.0_f64.ln()).unwrap();
/// assert!((tripled.get() - 2.0 / 3.0).abs() < 1e-12);
/// ```
pub fn shifted(p: Prob, shift: f64) -> Option<Prob> {
    // At 0 and 1 log odds are infinite, and no finite shift moves them.
    if shift.is_finite() { chance(sigmoid(logit(p.get()) + shift)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn certainty_stays_and_nonsense_is_refused() {
        let sure = Prob::new(1.0).unwrap();
        assert_eq!(shifted(sure, -5.0), Some(sure));
        assert_eq!(shifted(sure.complement(), 5.0), Some(sure.complement()));
        assert_eq!(shifted(sure, f64::NAN), None);
        assert!(clipped_logit(sure).is_finite());
    }

    proptest! {
        #[test]
        fn back_and_forth(p in 1e-9_f64..1.0) {
            prop_assert!((sigmoid(logit(p)) - p).abs() < 1e-12);
        }

        #[test]
        fn any_shift_is_a_chance(p in 0.0_f64..=1.0, shift in -1e9_f64..1e9) {
            prop_assert!(shifted(Prob::new(p).unwrap(), shift).is_some());
        }
    }
}
