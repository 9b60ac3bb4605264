//! Hold to settlement or sell now: a near-certain contract is a bond with a maturity.
//!
//! Selling brings the bid after its fee today. Holding brings the fair value at *payout*, discounted at what the same cash
//! earns elsewhere. The last two cents of a contract that pays in two months are often not worth waiting for.
//!
//! What can go wrong: days count to the payout, which is after the close and, with a dispute, well after. And a fair value
//! of 0.97 holds only while its inputs are fresh: when they go absent, sell.
//!
//! Source: reference section 9.2.

use brier_types::Prob;

/// A position that could be sold now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holding {
    /// Chance that it pays.
    pub fair: Prob,
    /// What a contract sells for now after the fee, in dollars.
    pub exit_value: f64,
    /// Days until the payout.
    pub days: f64,
    /// What the same cash earns elsewhere in a year, as a share: 0.05 is 5 %.
    pub hurdle: f64,
}

/// What to do with it, and the numbers that say so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// What holding is worth now, in dollars.
    pub hold_value: f64,
    /// What holding earns in a year on the money that selling would free; absent when the payout is now.
    pub annual_return: Option<f64>,
    /// Whether selling is worth at least as much.
    pub exit: bool,
}

impl Holding {
    /// Whether to sell. `None` unless the exit value is positive, days are not negative and all are finite.
    ///
    /// ```
    /// use brier_models::convergence::Holding;
    /// use brier_types::Prob;
    /// let fair = Prob::new(0.80).unwrap();
    /// let position = Holding { fair, exit_value: 0.778_387, days: 60.0, hurdle: 0.05 };
    /// assert!(!position.verdict().unwrap().exit);
    /// assert!(Holding { hurdle: 0.20, ..position }.verdict().unwrap().exit);
    /// ```
    pub fn verdict(&self) -> Option<Verdict> {
        let Self { fair, exit_value, days, hurdle } = *self;
        let growth = 1.0 + hurdle * days / 365.0;
        if !(exit_value > 0.0 && exit_value.is_finite() && days >= 0.0 && growth > 0.0 && growth.is_finite()) {
            return None;
        }
        let hold_value = fair.get() / growth;
        let annual_return = (days > 0.0).then(|| (fair.get() / exit_value - 1.0) * 365.0 / days);
        Some(Verdict { hold_value, annual_return, exit: exit_value >= hold_value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_has_no_verdict() {
        let position = Holding { fair: Prob::new(0.9).unwrap(), exit_value: 0.8, days: 0.0, hurdle: 0.1 };
        assert_eq!(position.verdict().unwrap().annual_return, None);
        assert!(Holding { exit_value: 0.0, ..position }.verdict().is_none());
        assert!(Holding { days: -1.0, ..position }.verdict().is_none());
        assert!(Holding { days: f64::NAN, ..position }.verdict().is_none());
        assert!(Holding { hurdle: f64::INFINITY, days: 1.0, ..position }.verdict().is_none());
    }
}
