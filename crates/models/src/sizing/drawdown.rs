//! Stakes for those who cannot bear Kelly's falls.
//!
//! At full Kelly the chance of ever losing half the bankroll is about one half, of losing 90 % about one in ten. Two rules
//! bring that to a stated chance:
//!
//! - [`kelly_share`]: for many small bets wealth moves like a diffusion, and a share λ of Kelly ever falls to a fraction a of
//!   the bankroll with chance a^(2/λ − 1). Solved for λ. (Thorp 2006, section 7.)
//! - [`limited_fraction`]: for one kind of binary bet repeated, the largest fraction with E[R^−θ] ≤ 1, θ = ln β/ln a, where
//!   R is the bankroll's growth in one bet. This bounds the chance of ever falling below a by β, whatever the size of the
//!   bet: no approximation. (Busseti, Ryu & Boyd 2016.)
//!
//! What can go wrong: both trust the chances given. An edge that is not there falls as far as it likes.

use brier_types::Prob;

use super::kelly::Kelly;
use crate::solve::falling_root;

/// A fall that must be unlikely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawdownLimit {
    keep: f64,
    chance: f64,
}

impl DrawdownLimit {
    /// The bankroll may fall below `keep` of what it is now (0.7 is a loss of 30 %) with at most this `chance`, ever. `None`
    /// unless both lie strictly between 0 and 1.
    pub fn new(keep: f64, chance: f64) -> Option<Self> {
        let inside = |value: f64| value > 0.0 && value < 1.0;
        (inside(keep) && inside(chance)).then_some(Self { keep, chance })
    }

    /// θ: the power of wealth whose expectation must not rise.
    fn power(&self) -> f64 {
        libm::log(self.chance) / libm::log(self.keep)
    }
}

/// The share of Kelly that keeps a limit when bets are many and small; never more than 1.
///
/// ```
/// use brier_models::sizing::drawdown::{DrawdownLimit, kelly_share};
/// // At full Kelly, half is lost with chance one half; to make that one in eight takes half of Kelly.
/// let limit = DrawdownLimit::new(0.5, 0.125).unwrap();
/// assert!((kelly_share(&limit) - 0.5).abs() < 1e-12);
/// ```
pub fn kelly_share(limit: &DrawdownLimit) -> f64 {
    (2.0 / (1.0 + limit.power())).min(1.0)
}

/// The fraction of the bankroll that keeps a limit when one bet of this `chance` and all-in `cost` is repeated for ever;
/// never more than Kelly's. `None` when the cost is not positive and finite.
pub fn limited_fraction(chance: Prob, cost: f64, limit: &DrawdownLimit) -> Option<f64> {
    let kelly = Kelly::of(chance, cost, |_| 0.0)?.fraction;
    if kelly <= 0.0 {
        return Some(0.0);
    }
    let (p, theta) = (chance.get(), limit.power());
    let gain = (1.0 - cost) / cost;
    // Convex in the fraction, 1 at zero and falling there: below one until its other crossing.
    let excess = |fraction: f64| {
        let lose = if p < 1.0 { (1.0 - p) * libm::pow(1.0 - fraction, -theta) } else { 0.0 };
        p * libm::pow(1.0 + fraction * gain, -theta) + lose - 1.0
    };
    if excess(kelly) <= 0.0 {
        return Some(kelly);
    }
    Some(falling_root(|fraction| -excess(fraction), 0.0, kelly))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;
    use proptest::prelude::*;

    #[test]
    fn small_bets_follow_the_diffusion() {
        let limit = DrawdownLimit::new(0.7, 0.1).unwrap();
        let chance = Prob::new(0.505).unwrap();
        let share = limited_fraction(chance, 0.5, &limit).unwrap() / Kelly::of(chance, 0.5, |_| 0.0).unwrap().fraction;
        assert!((share - kelly_share(&limit)).abs() < 1e-3, "{share}");
    }

    #[test]
    fn the_fall_is_as_rare_as_stated() {
        let limit = DrawdownLimit::new(0.6, 0.2).unwrap();
        let chance = Prob::new(0.6).unwrap();
        let fraction = limited_fraction(chance, 0.5, &limit).unwrap();
        let mut random = SplitMix::new(17);
        let fell = (0..2000).filter(|_| {
            let mut wealth = 1.0;
            (0..1000).any(|_| {
                wealth *= if random.unit() < 0.6 { 1.0 + fraction } else { 1.0 - fraction };
                wealth < 0.6
            })
        });
        let fell = fell.count();
        assert!(fell <= 420, "{fell} of 2000");
        assert!(fell >= 200, "the bound should not be far off: {fell} of 2000");
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(DrawdownLimit::new(1.0, 0.5).is_none());
        assert!(DrawdownLimit::new(0.5, f64::NAN).is_none());
        let limit = DrawdownLimit::new(0.5, 0.1).unwrap();
        assert!(limited_fraction(Prob::new(0.5).unwrap(), 0.0, &limit).is_none());
    }

    proptest! {
        #[test]
        fn it_is_at_most_kelly_and_keeps_the_bound(p in 0.0_f64..=1.0, cost in 0.01_f64..0.99, keep in 0.05_f64..0.95, chance in 0.001_f64..0.9) {
            let limit = DrawdownLimit::new(keep, chance).unwrap();
            let fraction = limited_fraction(Prob::new(p).unwrap(), cost, &limit).unwrap();
            prop_assert!(fraction >= 0.0 && fraction <= Kelly::of(Prob::new(p).unwrap(), cost, |_| 0.0).unwrap().fraction);
            if fraction > 0.0 && p < 1.0 {
                let theta = limit.power();
                let mean = p * libm::pow(1.0 + fraction * (1.0 - cost) / cost, -theta) + (1.0 - p) * libm::pow(1.0 - fraction, -theta);
                prop_assert!(mean <= 1.0 + 1e-9, "{mean}");
            }
        }
    }
}
