//! The chance that a price ends at or above a strike, or within a range: digital options without interest.
//!
//! The price is taken as a driftless lognormal walk: over minutes, drift and interest are far below the spread. Where a
//! forward price is known (futures, carry), give it as the spot. Fat tails are a [`Shape`] of the same variance; the slope
//! of an implied-volatility smile is [`Smile`]. It deliberately ignores jumps, and averaging windows, which
//! [`crate::average`] holds.
//!
//! Units: volatility is the standard deviation of the price's logarithm over the square root of one second, time is in
//! seconds, both of the same clock: 365 days of 24 hours for crypto, trading time for an index
//! ([`crate::volatility::per_sqrt_second`] converts from annual). Prices are in any one unit.
//!
//! What can go wrong: volatility. At the money its error hardly matters; two deviations out, a tenth too little halves the
//! chance. And time: it runs to the instant at which the settlement price is read, not to the market's close.
//!
//! Source: Black & Scholes 1973; Breeden & Litzenberger 1978; reference section 9.6.

use brier_types::Prob;

use crate::distribution::{Shape, normal_cdf, normal_pdf};
use crate::doors::{chance, positive};

/// What the chance depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digital {
    /// Price now, in any unit.
    pub spot: f64,
    /// Price to be reached, in the same unit.
    pub strike: f64,
    /// Standard deviation of the logarithm of the price over one second.
    pub volatility: f64,
    /// Seconds until the price is read.
    pub seconds_left: f64,
}

impl Digital {
    /// The chance that the price ends at or above the strike.
    ///
    /// With no time left or no movement it is 1 or 0. `None` when an argument is not finite, or spot or strike is not
    /// positive: there is no chance to state, so nothing must be quoted on it.
    ///
    /// ```
    /// use brier_models::digital::Digital;
    /// let even = Digital { spot: 100.0, strike: 100.0, volatility: 1e-5, seconds_left: 60.0 };
    /// assert!((even.probability().unwrap().get() - 0.5).abs() < 1e-4);
    /// ```
    pub fn probability(&self) -> Option<Prob> {
        Terminal::new(self.spot, self.volatility, self.seconds_left, Shape::Normal)?.at_or_above(self.strike)
    }
}

/// The law of a price at the instant it settles.
///
/// ```
/// use brier_models::digital::Terminal;
/// use brier_models::distribution::Shape;
/// let law = Terminal::new(100.0, 1e-4, 3600.0, Shape::Normal).unwrap();
/// let range = law.between(99.5, 100.5).unwrap().get();
/// let tails = law.at_or_above(100.5).unwrap().get() + law.below(99.5).unwrap().get();
/// assert!((range + tails - 1.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terminal {
    log_spot: f64,
    deviation: f64,
    shape: Shape,
}

impl Terminal {
    /// The law of a price that stands at `spot` and is read in `seconds_left`; see the module for units.
    ///
    /// A negative volatility or time is taken as zero. `None` when an argument is not finite or the spot not positive.
    pub fn new(spot: f64, volatility: f64, seconds_left: f64, shape: Shape) -> Option<Self> {
        if !positive(spot) || !volatility.is_finite() || !seconds_left.is_finite() {
            return None;
        }
        let deviation = volatility.max(0.0) * libm::sqrt(seconds_left.max(0.0));
        deviation.is_finite().then(|| Self { log_spot: libm::log(spot), deviation, shape })
    }

    /// The standard deviation of the settlement price's logarithm.
    pub const fn deviation(&self) -> f64 {
        self.deviation
    }

    /// The chance of ending at or above `strike`. `None` unless the strike is finite and positive.
    pub fn at_or_above(&self, strike: f64) -> Option<Prob> {
        positive(strike).then(|| self.distance(libm::log(strike))).and_then(|distance| chance(self.shape.cdf(distance)))
    }

    /// The chance of ending below `strike`.
    pub fn below(&self, strike: f64) -> Option<Prob> {
        positive(strike)
            .then(|| self.distance(libm::log(strike)))
            .and_then(|distance| chance(self.shape.cdf(-distance)))
    }

    /// The chance of ending at `low` or above but below `high`. `None` unless both are positive and in order.
    pub fn between(&self, low: f64, high: f64) -> Option<Prob> {
        if !positive(low) || !positive(high) || high < low {
            return None;
        }
        let (low, high) = (self.distance(libm::log(low)), self.distance(libm::log(high)));
        chance(self.shape.between(high, low))
    }

    /// How many deviations the law's center lies above a strike: d₂ of the textbooks.
    fn distance(&self, log_strike: f64) -> f64 {
        let gap = self.log_spot - log_strike;
        if self.deviation > 0.0 {
            gap / self.deviation - self.deviation / 2.0
        } else if gap >= 0.0 {
            f64::INFINITY
        } else {
            f64::NEG_INFINITY
        }
    }
}

/// The strikes of one event, ready to be valued again on every tick of the price: nothing is allocated then.
///
/// ```
/// use brier_models::digital::{Ladder, Terminal};
/// use brier_models::distribution::Shape;
/// let ladder = Ladder::new(&[98_000.0, 99_000.0, 100_000.0]).unwrap();
/// let law = Terminal::new(98_500.0, 8e-5, 3600.0, Shape::Normal).unwrap();
/// let (mut above, mut ranges) = ([0.0; 3], [0.0; 4]);
/// ladder.at_or_above(&law, &mut above);
/// ladder.ranges(&law, &mut ranges);
/// assert!((ranges[1] - (above[0] - above[1])).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    log_strikes: Vec<f64>,
}

impl Ladder {
    /// The ladder of these strikes. `None` unless they are finite, positive and rising.
    pub fn new(strikes: &[f64]) -> Option<Self> {
        let rising = strikes.windows(2).all(|pair| pair[0] < pair[1]);
        let sane = rising && strikes.iter().all(|&strike| positive(strike));
        sane.then(|| Self { log_strikes: strikes.iter().map(|&strike| libm::log(strike)).collect() })
    }

    /// How many strikes it has.
    pub fn len(&self) -> usize {
        self.log_strikes.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.log_strikes.is_empty()
    }

    /// Writes the chance of ending at or above each strike, as many as `out` has room for.
    pub fn at_or_above(&self, law: &Terminal, out: &mut [f64]) {
        for (slot, &strike) in out.iter_mut().zip(&self.log_strikes) {
            *slot = law.shape.cdf(law.distance(strike));
        }
    }

    /// Writes the chance of each range: below the first strike, between neighbors, from the last strike on. They sum to
    /// one when `out` has room for one more than there are strikes.
    pub fn ranges(&self, law: &Terminal, out: &mut [f64]) {
        // Each edge is looked up once, as the mass beyond it on its own side of the center: small numbers keep their digits.
        let mut upper = (f64::INFINITY, 0.0);
        let edges = self.log_strikes.iter().map(|&strike| law.distance(strike)).chain([f64::NEG_INFINITY]);
        for (slot, edge) in out.iter_mut().zip(edges) {
            let lower = (edge, law.shape.cdf(-edge.abs()));
            let mass = if lower.0 >= 0.0 {
                lower.1 - upper.1
            } else if upper.0 <= 0.0 {
                upper.1 - lower.1
            } else {
                1.0 - lower.1 - upper.1
            };
            *slot = mass.max(0.0);
            upper = lower;
        }
    }
}

/// A digital read off an implied-volatility smile: what the market in options says, slope included.
///
/// A digital is the negative slope of call prices in the strike, and where volatility itself changes with the strike, that
/// adds the option's vega times the slope. Index smiles fall with the strike, so the true chance of ending above a low
/// strike is higher than its own volatility says, by several cents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smile {
    /// Forward price at settlement.
    pub forward: f64,
    /// Price to be reached.
    pub strike: f64,
    /// Implied volatility at the strike, per square root of a year.
    pub annual_volatility: f64,
    /// How much that volatility changes per unit of strike.
    pub slope: f64,
    /// Years to settlement, on the clock of the volatility.
    pub years: f64,
}

impl Smile {
    /// The chance of ending above the strike, without interest.
    ///
    /// `None` for arguments that are not finite or not positive (the slope may be any), and when the correction leads
    /// outside 0 to 1: such a smile contradicts itself and prices nothing.
    pub fn probability(&self) -> Option<Prob> {
        let Self { forward, strike, annual_volatility, slope, years } = *self;
        if ![forward, strike, annual_volatility, years].into_iter().all(positive) || !slope.is_finite() {
            return None;
        }
        let root = libm::sqrt(years);
        let deviation = annual_volatility * root;
        let above = libm::log(forward / strike) / deviation - deviation / 2.0;
        let flat = normal_cdf(above);
        let vega = forward * normal_pdf(above + deviation) * root;
        Prob::new(flat - vega * slope).ok()
    }

    /// The chance of ending between this strike and that of `upper`, each with its own volatility and slope. `None` where
    /// either has none, and when the higher strike is the likelier: see [`crate::coherent::order`].
    pub fn between(&self, upper: &Self) -> Option<Prob> {
        if self.strike > upper.strike {
            return None;
        }
        Prob::new(self.probability()?.get() - upper.probability()?.get()).ok()
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are the point")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chance(spot: f64, strike: f64, volatility: f64, seconds_left: f64) -> f64 {
        Digital { spot, strike, volatility, seconds_left }.probability().unwrap().get()
    }

    #[test]
    fn known_values() {
        // One standard deviation above the strike: distance 1 − 0.005, Φ(0.995) = 0.84013.
        let one_up = chance(100.0 * f64::exp(0.01), 100.0, 0.01, 1.0);
        assert!((one_up - 0.840_13).abs() < 1e-4, "{one_up}");
        assert_eq!(chance(101.0, 100.0, 0.01, 0.0), 1.0);
        assert_eq!(chance(100.0, 100.0, 0.01, 0.0), 1.0, "at or above pays");
        assert_eq!(chance(99.0, 100.0, 0.0, 60.0), 0.0);
    }

    #[test]
    fn nonsense_has_no_chance() {
        let digital = Digital { spot: f64::NAN, strike: 100.0, volatility: 0.01, seconds_left: 1.0 };
        assert_eq!(digital.probability(), None);
        assert_eq!(Digital { spot: -1.0, ..digital }.probability(), None);
        assert_eq!(Digital { spot: 1.0, strike: 0.0, ..digital }.probability(), None);
        assert_eq!(Digital { spot: 1.0, volatility: f64::MAX, seconds_left: 9.0, ..digital }.probability(), None);
        assert!(Ladder::new(&[2.0, 1.0]).is_none());
        assert!(Ladder::new(&[f64::NAN]).is_none());
        let law = Terminal::new(100.0, 0.01, 1.0, Shape::Normal).unwrap();
        assert_eq!(law.between(101.0, 100.0), None);
    }

    #[test]
    fn a_smile_that_contradicts_itself_prices_nothing() {
        let smile = Smile { forward: 100.0, strike: 100.0, annual_volatility: 0.2, slope: 1.0, years: 0.1 };
        assert_eq!(smile.probability(), None);
        let flat = Smile { slope: 0.0, ..smile };
        assert!(flat.probability().is_some());
        assert!(flat.between(&Smile { strike: 101.0, ..flat }).unwrap().get() > 0.0);
        assert_eq!(flat.between(&Smile { strike: 99.0, ..flat }), None);
        assert_eq!(flat.between(&Smile { strike: 100.1, slope: -0.01, ..flat }), None, "the higher strike is likelier");
    }

    #[test]
    fn a_fat_tail_is_worth_more_far_out() {
        let fat = Terminal::new(100.0, 0.001, 100.0, Shape::student(4.0).unwrap()).unwrap();
        let thin = Terminal::new(100.0, 0.001, 100.0, Shape::Normal).unwrap();
        assert!(fat.at_or_above(104.0) > thin.at_or_above(104.0));
        assert!(fat.at_or_above(101.0) < thin.at_or_above(101.0));
    }

    proptest! {
        #[test]
        fn it_rises_with_spot_and_falls_with_strike(spot in 1.0_f64..1e6, up in 1.0_f64..1.5, volatility in 1e-6_f64..1e-2, seconds in 0.0_f64..1e5) {
            let here = chance(spot, spot, volatility, seconds);
            prop_assert!(chance(spot * up, spot, volatility, seconds) >= here);
            prop_assert!(chance(spot, spot * up, volatility, seconds) <= here);
        }

        #[test]
        fn ranges_are_exhaustive(
            spot in 1.0_f64..1e6,
            first in 0.5_f64..1.2,
            step in 1.0001_f64..1.1,
            volatility in 0.0_f64..1e-2,
            seconds in 0.0_f64..1e5,
            nu in proptest::option::of(2.1_f64..30.0),
        ) {
            let shape = nu.map_or(Shape::Normal, |nu| Shape::student(nu).unwrap());
            let law = Terminal::new(spot, volatility, seconds, shape).unwrap();
            let mut strikes = vec![spot * first];
            for _ in 0..20 {
                strikes.push(strikes[strikes.len() - 1] * step);
            }
            let ladder = Ladder::new(&strikes).unwrap();
            let mut out = vec![0.0; ladder.len() + 1];
            ladder.ranges(&law, &mut out);
            prop_assert!((out.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!((out[1] - law.between(strikes[0], strikes[1]).unwrap().get()).abs() < 1e-12);
            let mut above = vec![0.0; ladder.len()];
            ladder.at_or_above(&law, &mut above);
            prop_assert!(above.windows(2).all(|pair| pair[0] >= pair[1] - 1e-15));
        }
    }
}
