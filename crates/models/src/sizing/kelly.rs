//! One bet: Kelly's fraction, its growth, and what is left of it for an uncertain estimate.
//!
//! With an all-in cost k and a chance p, the fraction of the bankroll that grows fastest is (p − k)/(1 − k): the edge over
//! what can be won. There is no bet without edge, and a fee can be all the edge there was. A bet on NO is the same at the
//! NO price with the other chance.
//!
//! Betting half of Kelly keeps three quarters of the growth with half the swings; betting twice of it keeps none. Since the
//! estimate of p is always too sure, a quarter is the house's habit.
//!
//! Source: Kelly 1956; Thorp 2006; Baker & McHale 2013 for the shrinkage; reference section 9.1.

use brier_types::Prob;

/// A bet, sized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kelly {
    /// All-in cost of a contract, in dollars.
    pub cost: f64,
    /// Fraction of the bankroll that grows fastest; 0 without edge.
    pub fraction: f64,
    /// Growth of the logarithm of the bankroll at that fraction, a bet.
    pub growth: f64,
}

impl Kelly {
    /// The bet on an outcome of this `chance` at `price`, with `fee` dollars a contract as a function of the price.
    ///
    /// `None` when the all-in cost is not positive and finite: a contract that costs nothing has no right size.
    ///
    /// ```
    /// use brier_models::sizing::kelly::Kelly;
    /// use brier_types::Prob;
    /// let bet = Kelly::of(Prob::new(0.72).unwrap(), 0.60, |price| 0.07 * price * (1.0 - price)).unwrap();
    /// assert!((bet.fraction - 0.269_311).abs() < 1e-6);
    /// // A quarter of it, in whole contracts of a bankroll of $10,000.
    /// assert_eq!(bet.contracts(10_000.0, 0.25), Some(1091));
    /// ```
    pub fn of(chance: Prob, price: f64, fee: impl Fn(f64) -> f64) -> Option<Self> {
        let cost = price + fee(price);
        if !(cost > 0.0 && cost.is_finite()) {
            return None;
        }
        let edge = chance.get() - cost;
        let fraction = if edge > 0.0 { (edge / (1.0 - cost)).min(1.0) } else { 0.0 };
        Some(Self { cost, fraction, growth: growth(chance, cost, fraction)? })
    }

    /// Whole contracts for `share` of the fraction of a bankroll in dollars. `None` for a bankroll or share that is
    /// negative or no number.
    pub fn contracts(&self, bankroll: f64, share: f64) -> Option<u64> {
        let count = bankroll * share * self.fraction / self.cost;
        (bankroll >= 0.0 && share >= 0.0 && count.is_finite()).then_some(count as u64)
    }
}

/// Growth of the logarithm of the bankroll, a bet, when `fraction` of it buys contracts of `cost` that pay with `chance`.
///
/// Negative infinity is ruin: everything on what may fail. `None` unless 0 ≤ fraction ≤ 1 and the cost is positive.
pub fn growth(chance: Prob, cost: f64, fraction: f64) -> Option<f64> {
    if !((0.0..=1.0).contains(&fraction) && cost > 0.0 && cost.is_finite()) {
        return None;
    }
    let p = chance.get();
    let part = |weight: f64, wealth: f64| if weight > 0.0 { weight * libm::log1p(wealth) } else { 0.0 };
    Some(part(p, fraction * (1.0 - cost) / cost) + part(1.0 - p, -fraction))
}

/// What to multiply a stake by when the chance is only known to within a standard deviation: e²/(e² + s²), for an edge e
/// (chance − cost) and deviation s. `None` for numbers that are not finite or a negative deviation; 0 without edge.
///
/// ```
/// use brier_models::sizing::kelly::shrinkage;
/// assert!((shrinkage(0.12, 0.06).unwrap() - 0.8).abs() < 1e-12);
/// ```
pub fn shrinkage(edge: f64, deviation: f64) -> Option<f64> {
    if !(edge.is_finite() && deviation.is_finite() && deviation >= 0.0) {
        return None;
    }
    if edge <= 0.0 {
        return Some(0.0);
    }
    let doubt = deviation / edge;
    Some(1.0 / (1.0 + doubt * doubt))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are the point")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn p(value: f64) -> Prob {
        Prob::new(value).unwrap()
    }

    #[test]
    fn the_ends() {
        let sure = Kelly::of(p(1.0), 0.9, |_| 0.0).unwrap();
        assert_eq!(sure.fraction, 1.0);
        assert!((sure.growth + libm::log(0.9)).abs() < 1e-12);
        assert_eq!(Kelly::of(p(0.0), 0.1, |_| 0.0).unwrap().fraction, 0.0);
        assert_eq!(Kelly::of(p(1.0), 1.0, |_| 0.0).unwrap().fraction, 0.0);
        assert_eq!(Kelly::of(p(1.0), 1.0, |_| 0.2).unwrap().fraction, 0.0);
        assert!(Kelly::of(p(0.5), 0.0, |_| 0.0).is_none());
        assert!(Kelly::of(p(0.5), 0.1, |_| f64::NAN).is_none());
        assert_eq!(growth(p(0.5), 0.5, 1.0), Some(f64::NEG_INFINITY));
        assert_eq!(growth(p(0.5), 0.5, 1.5), None);
        assert_eq!(shrinkage(-0.1, 0.1), Some(0.0));
        assert_eq!(shrinkage(0.1, f64::NAN), None);
        assert_eq!(sure.contracts(-5.0, 1.0), None);
        assert_eq!(sure.contracts(f64::INFINITY, 1.0), None);
    }

    proptest! {
        #[test]
        fn no_bet_without_edge_and_none_grows_faster(chance in 0.0_f64..=1.0, price in 0.01_f64..0.99, rate in 0.0_f64..0.1, other in 0.0_f64..=1.0) {
            let bet = Kelly::of(p(chance), price, |price| rate * price * (1.0 - price)).unwrap();
            if chance <= bet.cost {
                prop_assert_eq!(bet.fraction, 0.0);
            }
            prop_assert!((0.0..=1.0).contains(&bet.fraction));
            prop_assert!(bet.growth >= growth(p(chance), bet.cost, other).unwrap() - 1e-12);
        }
    }
}
