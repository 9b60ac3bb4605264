//! The chance that a price ends at or above a strike: a digital option without interest.
//!
//! The price is taken as a driftless lognormal walk: over minutes, drift and interest are far below the spread. It
//! deliberately ignores jumps and averaging windows.

use brier_types::Prob;

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
        let Self { spot, strike, volatility, seconds_left } = *self;
        let usable = spot.is_finite() && strike.is_finite() && spot > 0.0 && strike > 0.0;
        if !usable || !volatility.is_finite() || !seconds_left.is_finite() {
            return None;
        }
        let deviation = volatility.max(0.0) * libm::sqrt(seconds_left.max(0.0));
        if deviation == 0.0 {
            return Prob::new(if spot >= strike { 1.0 } else { 0.0 }).ok();
        }
        let distance = libm::log(spot / strike) / deviation - deviation / 2.0;
        Prob::new(normal_cdf(distance)).ok()
    }
}

/// The standard normal distribution function.
fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
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
    }

    proptest! {
        #[test]
        fn it_rises_with_spot_and_falls_with_strike(spot in 1.0_f64..1e6, up in 1.0_f64..1.5, volatility in 1e-6_f64..1e-2, seconds in 0.0_f64..1e5) {
            let here = chance(spot, spot, volatility, seconds);
            prop_assert!(chance(spot * up, spot, volatility, seconds) >= here);
            prop_assert!(chance(spot, spot * up, volatility, seconds) <= here);
        }
    }
}
