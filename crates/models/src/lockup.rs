//! What locked-up money must earn, and what it means that two markets' rules differ.
//!
//! A pair that pays a dollar whatever happens is a bond: its return counts per day until the *later* of the two payouts.
//! It is riskless only if both markets settle on the same words. Where they may diverge (another station, another minute,
//! ≥ against >), the chance of that is a price, and is taken off.
//!
//! Costs are all-in, per contract of $1: prices, fees, transfer. Rates are shares a year: 0.10 is 10 %. Finding pairs, and
//! walking two ladders at once, is the arbitrage crate's.
//!
//! Source: reference sections 9.10 and 9.12.

use brier_types::Prob;

use crate::doors::finite;

/// Days of the year that returns are counted in.
const YEAR: f64 = 365.0;

/// A set of contracts that pays a dollar if its rules hold.
///
/// ```
/// use brier_models::lockup::Lockup;
/// let pair = Lockup::new(0.956_492, 45.0).unwrap();
/// assert!((pair.annual_return() - 0.368_951).abs() < 1e-5);
/// assert!(pair.clears(0.10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lockup {
    cost: f64,
    days: f64,
}

impl Lockup {
    /// A set that costs `cost` dollars and pays after `days`, counted to the later payout with its settlement delay. `None`
    /// unless both are positive and finite, and not so small that no number holds the return.
    pub fn new(cost: f64, days: f64) -> Option<Self> {
        let set = Self { cost, days };
        (cost > 0.0 && days > 0.0 && days.is_finite() && set.annual_return().is_finite()).then_some(set)
    }

    /// What it gains, in dollars a contract; negative when fees have eaten the edge.
    pub const fn profit(&self) -> f64 {
        1.0 - self.cost
    }

    /// The gain as a share of the money put in.
    pub const fn roi(&self) -> f64 {
        (1.0 - self.cost) / self.cost
    }

    /// The same a year, without interest on interest.
    pub const fn annual_return(&self) -> f64 {
        self.roi() * YEAR / self.days
    }

    /// The same a year, reinvested. `None` where days or costs are so small that no number holds it.
    pub fn compound_return(&self) -> Option<f64> {
        finite(libm::expm1(-libm::log(self.cost) * YEAR / self.days))
    }

    /// The least gain worth the wait at a hurdle `rate`, in dollars a contract; `None` for a rate that is no number.
    pub fn hurdle(&self, rate: f64) -> Option<f64> {
        finite(self.cost * rate * self.days / YEAR)
    }

    /// Whether it gains at least that. `false` for a rate that is no number.
    pub fn clears(&self, rate: f64) -> bool {
        self.hurdle(rate).is_some_and(|hurdle| self.profit() >= hurdle)
    }
}

/// What a pair is worth when the second leg may not fill: edge with the chance of filling, loss of unwinding without. `None`
/// for what is no number.
pub fn leg_risk(fill: Prob, edge: f64, loss: f64) -> Option<f64> {
    finite(fill.get() * edge - (1.0 - fill.get()) * loss)
}

/// How two markets' outcomes differ when their rules do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// Both legs lose.
    Adverse,
    /// As often both win as both lose: nothing on average, and a directional bet of that share in size.
    Symmetric,
}

/// What a pair of `cost` is worth on average when the rules diverge with chance `diverges`, in dollars a contract.
/// `None` for a cost that is no number.
pub fn mismatch_value(cost: f64, diverges: Prob, how: Divergence) -> Option<f64> {
    let q = diverges.get();
    finite(match how {
        Divergence::Adverse => (1.0 - q) * (1.0 - cost) - q * cost,
        Divergence::Symmetric => 1.0 - cost,
    })
}

/// The chance of divergence above which an adverse pair loses: its profit. `None` when there is none to lose.
pub fn break_even_divergence(cost: f64) -> Option<Prob> {
    Prob::new(1.0 - cost).ok()
}

/// What a contract of a decided outcome is worth to buy at `cost`, when the rules surprise with chance `surprise`: worth
/// buying while the cost is below one minus that chance. For markets whose settlement source has spoken already.
pub fn decided_value(cost: f64, surprise: Prob) -> Option<f64> {
    mismatch_value(cost, surprise, Divergence::Adverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        assert!(Lockup::new(0.0, 10.0).is_none());
        assert!(Lockup::new(0.9, 0.0).is_none());
        assert!(Lockup::new(f64::NAN, 1.0).is_none());
        assert!(!Lockup::new(0.9, 10.0).unwrap().clears(f64::NAN));
        assert_eq!(break_even_divergence(1.01), None);
    }
}
