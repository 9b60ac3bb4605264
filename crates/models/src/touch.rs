//! The chance that a price touches a level before a deadline: "hits $105,000 by Friday".
//!
//! Touching is about twice as likely as ending beyond, because a path that has reached the level is as likely to come back
//! as to go on; that doubling is the reflection principle. The price is a driftless lognormal walk, as in
//! [`crate::digital`], and a barrier may lie on either side of it.
//!
//! What can go wrong: the rule. Many contracts look at a candle's high, some at a price once a minute or a day, and a path
//! watched at moments misses touches in between; [`OneTouch::watched_every`] says so. A touch that has already happened is
//! the caller's to know.
//!
//! Source: Reiner & Rubinstein 1991; Broadie, Glasserman & Kou 1997 for the watched barrier; reference section 9.6.

use brier_types::Prob;

use crate::distribution::normal_cdf;
use crate::doors::{chance, positive};

/// −ζ(½)/√(2π): by how many deviations of one interval a barrier seems further away when it is watched at intervals.
const WATCHED_SHIFT: f64 = 0.582_597_157_939_010_7;

/// A barrier ahead of a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneTouch {
    /// Price now, in any unit.
    pub spot: f64,
    /// Price to be touched, in the same unit; above or below.
    pub barrier: f64,
    /// Standard deviation of the logarithm of the price over one second.
    pub volatility: f64,
    /// Seconds until the deadline.
    pub seconds_left: f64,
}

impl OneTouch {
    /// The chance that the price is at or beyond the barrier at any moment until the deadline.
    ///
    /// `None` when an argument is not finite, or spot or barrier is not positive.
    ///
    /// ```
    /// use brier_models::touch::OneTouch;
    /// let up = OneTouch { spot: 100.0, barrier: 101.0, volatility: 1e-4, seconds_left: 3600.0 };
    /// let down = OneTouch { barrier: 100.0 / 1.01, ..up };
    /// assert!((up.probability().unwrap().get() - down.probability().unwrap().get()).abs() < 5e-3);
    /// ```
    pub fn probability(&self) -> Option<Prob> {
        let gap = self.gap()?;
        let deviation = self.volatility.max(0.0) * libm::sqrt(self.seconds_left.max(0.0));
        touched(gap, self.barrier >= self.spot, deviation)
    }

    /// The same when the price is only looked at once every `interval_seconds`, the last time at the deadline.
    ///
    /// Good to a few tenths of a cent when there are twenty looks or more; with few looks left it says too little.
    pub fn watched_every(&self, interval_seconds: f64) -> Option<Prob> {
        let gap = self.gap()?;
        if !(interval_seconds.is_finite() && interval_seconds >= 0.0) {
            return None;
        }
        let volatility = self.volatility.max(0.0);
        let deviation = volatility * libm::sqrt(self.seconds_left.max(0.0));
        let shift = WATCHED_SHIFT * volatility * libm::sqrt(interval_seconds);
        touched(gap + shift, self.barrier >= self.spot, deviation)
    }

    /// The distance to the barrier in logarithms, if the arguments make sense.
    fn gap(&self) -> Option<f64> {
        let sane = positive(self.spot) && positive(self.barrier);
        if !sane || !self.volatility.is_finite() || !self.seconds_left.is_finite() {
            return None;
        }
        Some(libm::log(self.barrier / self.spot).abs())
    }
}

/// The chance that a walk with variance `deviation`² and drift of minus half of it covers `gap` in one direction.
fn touched(gap: f64, upward: bool, deviation: f64) -> Option<Prob> {
    if !deviation.is_finite() {
        return None;
    }
    if gap <= 0.0 {
        return chance(1.0);
    }
    if deviation <= 0.0 {
        return chance(0.0);
    }
    // Seen in the barrier's direction, the drift is against us upward and with us downward.
    let drift = if upward { -0.5 } else { 0.5 } * deviation * deviation;
    let direct = normal_cdf((drift - gap) / deviation);
    let weight = libm::exp(if upward { -gap } else { gap });
    let mirrored = normal_cdf((-drift - gap) / deviation);
    // A far barrier below has a huge weight and no chance; their product is no number then.
    chance(if mirrored > 0.0 { direct + weight * mirrored } else { direct })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are the point")]
mod tests {
    use super::*;
    use crate::digital::Digital;
    use crate::random::SplitMix;
    use proptest::prelude::*;

    #[test]
    fn a_walk_watched_at_moments_touches_as_often_as_stated() {
        // 100 looks, a barrier 0.8 deviations away, and moves so large that the drift of the logarithm matters.
        for direction in [1.0, -1.0] {
            let barrier = 100.0 * libm::exp(direction * 0.4);
            let touch = OneTouch { spot: 100.0, barrier, volatility: 0.05, seconds_left: 100.0 };
            let mut random = SplitMix::new(11);
            let hits = (0..6_000).filter(|_| {
                let mut log = 0.0;
                (0..100).any(|_| {
                    log += 0.05 * random.normal() - 0.5 * 0.05 * 0.05;
                    log * direction >= 0.4
                })
            });
            let seen = hits.count() as f64 / 6_000.0;
            let stated = touch.watched_every(1.0).unwrap().get();
            assert!((seen - stated).abs() < 0.015, "{direction} {seen} {stated}");
            assert!(touch.probability().unwrap().get() > stated + 0.02);
        }
    }

    #[test]
    fn in_the_long_run_only_the_lower_barrier_is_certain() {
        // The price is worth what it costs, so it ever rises by a tenth with chance 1/1.1; its logarithm drifts down.
        let up = OneTouch { spot: 100.0, barrier: 110.0, volatility: 1e-3, seconds_left: 1e9 };
        assert!((up.probability().unwrap().get() - 1.0 / 1.1).abs() < 1e-6);
        assert!((OneTouch { barrier: 90.0, ..up }.probability().unwrap().get() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_ends() {
        let touch = OneTouch { spot: 100.0, barrier: 101.0, volatility: 1e-4, seconds_left: 0.0 };
        assert_eq!(touch.probability().unwrap().get(), 0.0);
        assert_eq!(OneTouch { barrier: 100.0, ..touch }.probability().unwrap().get(), 1.0);
        assert_eq!(OneTouch { barrier: -1.0, ..touch }.probability(), None);
        assert_eq!(OneTouch { volatility: f64::NAN, ..touch }.probability(), None);
        assert_eq!(touch.watched_every(-1.0), None);
        let far = OneTouch { spot: 1e300, barrier: 1e-300, volatility: 1e-4, seconds_left: 1.0 };
        assert_eq!(far.probability().unwrap().get(), 0.0);
    }

    proptest! {
        #[test]
        fn touching_is_at_least_as_likely_as_ending_beyond(spot in 1.0_f64..1e5, up in 1.0_f64..1.5, volatility in 1e-6_f64..1e-3, seconds in 1.0_f64..1e5) {
            let touch = OneTouch { spot, barrier: spot * up, volatility, seconds_left: seconds };
            let end = Digital { spot, strike: spot * up, volatility, seconds_left: seconds };
            prop_assert!(touch.probability().unwrap().get() >= end.probability().unwrap().get() - 1e-12);
            prop_assert!(touch.watched_every(1.0).unwrap() <= touch.probability().unwrap());
        }

        #[test]
        fn nearer_is_likelier(spot in 1.0_f64..1e5, away in 0.7_f64..1.4, volatility in 1e-6_f64..1e-3, seconds in 1.0_f64..1e5) {
            let touch = OneTouch { spot, barrier: spot * away, volatility, seconds_left: seconds };
            let nearer = OneTouch { barrier: spot * (1.0 + (away - 1.0) / 2.0), ..touch };
            prop_assert!(nearer.probability().unwrap().get() >= touch.probability().unwrap().get() - 1e-12);
        }
    }
}
