//! How unusual a move is: its size in log odds against what chance moves would do in that time.
//!
//! A fair price has no momentum: it expects nothing before fees. A large z is therefore only a reason to look, and is
//! traded with a catalyst (a release, an injury) and left after a fixed time.
//!
//! Source: reference section 9.4.

use brier_types::Prob;

use crate::distribution::MAD_TO_DEVIATION;
use crate::logit::clipped_logit;

/// The z from which a move is worth a look.
pub const CANDIDATE_Z: f64 = 2.5;

/// A move of a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    /// Its size in log odds; positive is up.
    pub change: f64,
    /// Its size in standard deviations of a chance move over the same time.
    pub z: f64,
}

impl Move {
    /// The move from `before` to `now` over `steps` intervals (minutes, say), where one interval moves log odds by a
    /// standard deviation of `step_deviation`. `None` unless both numbers are positive and finite.
    ///
    /// ```
    /// use brier_models::momentum::Move;
    /// use brier_types::Prob;
    /// let p = |p| Prob::new(p).unwrap();
    /// let jump = Move::between(p(0.40), p(0.52), 15.0, 0.04).unwrap();
    /// assert!((jump.z - 3.133_939).abs() < 1e-6 && jump.is_candidate());
    /// ```
    pub fn between(before: Prob, now: Prob, steps: f64, step_deviation: f64) -> Option<Self> {
        let noise = step_deviation * libm::sqrt(steps);
        if !(steps > 0.0 && noise > 0.0 && noise.is_finite()) {
            return None;
        }
        let change = clipped_logit(now) - clipped_logit(before);
        Some(Self { change, z: change / noise })
    }

    /// Whether the move is large enough to look for a catalyst, in either direction.
    pub fn is_candidate(&self) -> bool {
        self.z.abs() >= CANDIDATE_Z
    }
}

/// The standard deviation of a series of changes as a calm market would have it: from the median of their absolute values,
/// so that the jump under test does not raise the bar it is measured against.
///
/// Sorts `changes`. `None` for fewer than five, or one that is no number. Zero when more than half do not move: a market
/// that hardly trades, on which z says nothing.
pub fn robust_deviation(changes: &mut [f64]) -> Option<f64> {
    if changes.len() < 5 || !changes.iter().all(|change| change.is_finite()) {
        return None;
    }
    for change in changes.iter_mut() {
        *change = change.abs();
    }
    changes.sort_by(f64::total_cmp);
    let middle = changes.len() / 2;
    let median =
        if changes.len() % 2 == 1 { changes[middle] } else { f64::midpoint(changes[middle - 1], changes[middle]) };
    Some(MAD_TO_DEVIATION * median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_jump_does_not_raise_the_bar() {
        let calm = robust_deviation(&mut [0.1, -0.1, 0.1, -0.1, 0.1, -0.1]).unwrap();
        let jumped = robust_deviation(&mut [0.1, -0.1, 0.1, -0.1, 0.1, 5.0]).unwrap();
        assert!((calm - 0.148_260).abs() < 1e-6 && (jumped - calm).abs() < 1e-12);
        assert_eq!(robust_deviation(&mut [0.1; 4]), None);
        assert_eq!(robust_deviation(&mut [f64::NAN; 6]), None);
    }

    #[test]
    fn a_fall_is_as_good_as_a_rise() {
        let [low, high] = [0.40, 0.52].map(|p| Prob::new(p).unwrap());
        let fall = Move::between(high, low, 15.0, 0.04).unwrap();
        assert!(fall.z < 0.0 && fall.is_candidate());
    }

    #[test]
    fn nonsense_is_refused() {
        let p = Prob::new(0.5).unwrap();
        assert_eq!(Move::between(p, p, 0.0, 0.1), None);
        assert_eq!(Move::between(p, p, 5.0, 0.0), None);
        assert_eq!(Move::between(p, p, 5.0, f64::NAN), None);
        assert_eq!(Move::between(p, p, -5.0, 0.1), None);
    }
}
