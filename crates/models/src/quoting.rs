//! Where to quote: around a fair value shifted by inventory, wide enough for risk and for those who know more.
//!
//! A maker who holds contracts wants to be rid of them, so his center (the reservation price) lies below the fair value.
//! The width pays for the risk of holding until the next trade, for the informed who take only when right, and for fees.
//! Near 0 and 1 a width in dollars is wrong (a quote at 0.99 ± 0.02 is nonsense), so quotes are also made in log odds.
//!
//! What can go wrong: a model of orderly flow knows nothing of a release in sixty seconds. Pull quotes then, when the fair
//! value is stale, and at the inventory limit. Inventory is that of the event, with exclusive outcomes netted.
//!
//! Source: Avellaneda & Stoikov 2008; Guéant, Lehalle & Fernandez-Tapia 2013; Glosten & Milgrom 1985; Dalen 2025
//! (arXiv:2510.15205) for log odds; reference section 9.9. One published program writes the last term of the spread as
//! (2/k)·ln(1 + γ/k), which vanishes for a maker without fear; the paper's 2/γ tends to the monopolist's 2/k, and is used.

use brier_types::Prob;

use crate::logit::{logit, shifted, sigmoid};

/// What a maker fears and faces, in one space: dollars, or log odds throughout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvellanedaStoikov {
    /// Aversion to risk γ, per contract and unit of the space.
    pub gamma: f64,
    /// Standard deviation of the fair value over one unit of time.
    pub sigma: f64,
    /// Time over which inventory is to be worked off, in the same unit of time.
    pub horizon: f64,
    /// How fast the rate of fills falls with distance, per unit of the space.
    pub decay: f64,
}

/// A pair of quotes and their center, in dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quotes {
    /// Highest price to buy at.
    pub bid: f64,
    /// The price at which we would rather neither buy nor sell.
    pub reservation: f64,
    /// Lowest price to sell at.
    pub ask: f64,
}

impl AvellanedaStoikov {
    /// How far the reservation price lies from the fair value for `inventory` contracts (negative when short YES), in the
    /// space's unit; `None` for parameters that are not positive (σ and horizon may be zero) or not finite.
    pub fn skew(&self, inventory: f64) -> Option<f64> {
        self.half_spread()?;
        let skew = -inventory * self.gamma * self.sigma * self.sigma * self.horizon;
        skew.is_finite().then_some(skew)
    }

    /// Half of the spread, in the space's unit; `None` as [`Self::skew`].
    pub fn half_spread(&self) -> Option<f64> {
        let Self { gamma, sigma, horizon, decay } = *self;
        if !(gamma > 0.0 && decay > 0.0 && sigma >= 0.0 && horizon >= 0.0) {
            return None;
        }
        let half = gamma * sigma * sigma * horizon / 2.0 + libm::log1p(gamma / decay) / gamma;
        half.is_finite().then_some(half)
    }

    /// Half of the spread, but no less than `floor`; a floor that is no number refuses, it does not vanish.
    fn at_least(&self, floor: f64) -> Option<f64> {
        self.half_spread().filter(|_| floor.is_finite()).map(|half| half.max(floor))
    }

    /// Quotes in dollars around a fair value, for parameters in dollars. They may lie outside 0 to 1: rounding to the
    /// venue's grid drops such a side. `None` as [`Self::skew`], or for a half-width that is not finite.
    ///
    /// `floor` is the least half-spread: see [`half_width`].
    pub fn quotes(&self, fair: Prob, inventory: f64, floor: f64) -> Option<Quotes> {
        let half = self.at_least(floor)?;
        let reservation = fair.get() + self.skew(inventory)?;
        let quotes = Quotes { bid: reservation - half, reservation, ask: reservation + half };
        (quotes.bid.is_finite() && quotes.ask.is_finite()).then_some(quotes)
    }

    /// Quotes in dollars around a fair value, for parameters in log odds: always strictly between 0 and 1, as long as
    /// floats can tell. `floor` is the least half-spread, in log odds. `None` as [`Self::quotes`].
    ///
    /// ```
    /// use brier_models::quoting::AvellanedaStoikov;
    /// use brier_types::Prob;
    /// let maker = AvellanedaStoikov { gamma: 0.1, sigma: 0.30, horizon: 1.0, decay: 20.0 };
    /// let quotes = maker.logit_quotes(Prob::new(0.50).unwrap(), 0.0, 0.0).unwrap();
    /// assert!((quotes.bid - 0.486_409).abs() < 1e-6 && (quotes.ask - 0.513_591).abs() < 1e-6);
    /// ```
    pub fn logit_quotes(&self, fair: Prob, inventory: f64, floor: f64) -> Option<Quotes> {
        let half = self.at_least(floor)?;
        let center = logit(fair.get().clamp(1e-9, 1.0 - 1e-9)) + self.skew(inventory)?;
        Some(Quotes { bid: sigmoid(center - half), reservation: sigmoid(center), ask: sigmoid(center + half) })
    }
}

/// The least quotes at which those who know the outcome do not make the maker lose: a share `informed` of takers buys only
/// what will pay.
///
/// Each is the fair value given that somebody took it. `None` unless the share is at least 0 and below 1.
///
/// ```
/// use brier_models::quoting::adverse_selection_floor;
/// use brier_types::Prob;
/// let (bid, ask) = adverse_selection_floor(Prob::new(0.5).unwrap(), 0.1).unwrap();
/// assert!((bid.get() - 0.45).abs() < 1e-12 && (ask.get() - 0.55).abs() < 1e-12);
/// ```
pub fn adverse_selection_floor(fair: Prob, informed: f64) -> Option<(Prob, Prob)> {
    let half = adverse_half_spread(informed)?;
    Some((shifted(fair, -half)?, shifted(fair, half)?))
}

/// The same floor as a half-spread in log odds, where it does not depend on the fair value.
pub fn adverse_half_spread(informed: f64) -> Option<f64> {
    (0.0..1.0).contains(&informed).then(|| libm::log1p(informed) - libm::log1p(-informed))
}

/// The half-width to quote, in dollars: the widest of what risk asks, what the informed ask, and what two maker fees and a
/// tick cost. Give a rebate as a negative fee.
pub fn half_width(risk: f64, adverse: f64, maker_fee: f64, tick: f64) -> Option<f64> {
    let width = risk.max(adverse).max(maker_fee + tick / 2.0);
    (width.is_finite() && [risk, adverse, maker_fee, tick].into_iter().all(f64::is_finite)).then_some(width)
}

/// The standard deviation of a price whose log odds have one of `logit_deviation`, for small moves: most at one half.
pub fn price_deviation(fair: Prob, logit_deviation: f64) -> Option<f64> {
    let p = fair.get();
    (logit_deviation >= 0.0 && logit_deviation.is_finite()).then_some(p * (1.0 - p) * logit_deviation)
}

/// The drift of log odds that keeps the chance itself without drift, per unit of time and without jumps: away from one
/// half, for a fair chance that moves must move towards an end.
pub fn martingale_drift(fair: Prob, logit_deviation: f64) -> Option<f64> {
    let square = logit_deviation * logit_deviation;
    square.is_finite().then(|| -0.5 * (1.0 - 2.0 * fair.get()) * square)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAKER: AvellanedaStoikov = AvellanedaStoikov { gamma: 0.1, sigma: 0.3, horizon: 1.0, decay: 20.0 };

    #[test]
    fn without_fear_the_spread_is_the_monopolists() {
        let calm = AvellanedaStoikov { gamma: 1e-9, ..MAKER };
        assert!((2.0 * calm.half_spread().unwrap() - 2.0 / 20.0).abs() < 1e-6);
    }

    #[test]
    fn log_odds_drift_outward() {
        let drift = |p| martingale_drift(Prob::new(p).unwrap(), 0.3).unwrap();
        assert!((drift(0.9) - 0.036).abs() < 1e-12 && (drift(0.1) + 0.036).abs() < 1e-12 && drift(0.5).abs() < 1e-12);
    }

    #[test]
    fn nonsense_has_no_quotes() {
        let fair = Prob::new(0.5).unwrap();
        assert!(AvellanedaStoikov { gamma: 0.0, ..MAKER }.quotes(fair, 0.0, 0.0).is_none());
        assert!(AvellanedaStoikov { sigma: f64::NAN, ..MAKER }.half_spread().is_none());
        assert!(MAKER.quotes(fair, f64::NAN, 0.0).is_none());
        assert!(MAKER.quotes(fair, 0.0, f64::INFINITY).is_none());
        assert!(MAKER.logit_quotes(fair, 0.0, f64::NAN).is_none());
        assert!(adverse_selection_floor(fair, 1.0).is_none());
        assert!(half_width(0.01, f64::NAN, 0.0, 0.01).is_none());
        assert!(price_deviation(fair, -1.0).is_none());
        assert!(martingale_drift(fair, f64::INFINITY).is_none());
    }

    #[test]
    fn the_widest_demand_wins() {
        assert!((half_width(0.01, 0.02, 0.0, 0.01).unwrap() - 0.02).abs() < 1e-15);
        assert!((half_width(0.001, 0.002, 0.01, 0.01).unwrap() - 0.015).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn logit_quotes_stay_inside_and_in_order(p in 0.0_f64..=1.0, inventory in -1e4_f64..1e4) {
            let quotes = MAKER.logit_quotes(Prob::new(p).unwrap(), inventory, 0.0).unwrap();
            prop_assert!(0.0 <= quotes.bid && quotes.bid <= quotes.reservation);
            prop_assert!(quotes.reservation <= quotes.ask && quotes.ask <= 1.0);
        }

        #[test]
        fn the_floor_is_what_bayes_says(p in 0.01_f64..0.99, informed in 0.0_f64..0.9) {
            let (bid, ask) = adverse_selection_floor(Prob::new(p).unwrap(), informed).unwrap();
            let exact = p * (1.0 + informed) / (p * (1.0 + informed) + (1.0 - p) * (1.0 - informed));
            prop_assert!((ask.get() - exact).abs() < 1e-12);
            let exact = p * (1.0 - informed) / (p * (1.0 - informed) + (1.0 - p) * (1.0 + informed));
            prop_assert!((bid.get() - exact).abs() < 1e-12);
        }
    }
}
