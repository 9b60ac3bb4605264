//! A probability, for models only.

use std::fmt;

use crate::price::Price;

/// A probability in `[0, 1]`, checked at its door. It never becomes money without a named, rounded conversion.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Prob(f64);

/// The number is no probability.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("probability: expected a number from 0 to 1, found {0}")]
pub struct ProbError(pub f64);

impl Prob {
    /// The probability `value`.
    ///
    /// # Errors
    /// [`ProbError`] for NaN and for numbers outside `[0, 1]`.
    pub fn new(value: f64) -> Result<Self, ProbError> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(ProbError(value)) }
    }

    /// The number, `0.0..=1.0`.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The chance of the other outcome.
    #[must_use]
    #[expect(clippy::float_arithmetic, reason = "a probability is a model's number, not money")]
    pub fn complement(self) -> Self {
        Self(1.0 - self.0)
    }

    /// The highest price that is no more than this probability: what a buyer may think a contract is worth.
    #[expect(clippy::float_arithmetic, reason = "the one checked door from probability to price")]
    pub fn floor_price(self) -> Price {
        Price::new((self.0 * 10_000.0).floor() as u16).expect("a probability is at most 1")
    }

    /// The lowest price that is no less than this probability: what a seller may think a contract is worth.
    #[expect(clippy::float_arithmetic, reason = "the one checked door from probability to price")]
    pub fn ceil_price(self) -> Price {
        Price::new((self.0 * 10_000.0).ceil() as u16).expect("a probability is at most 1")
    }
}

/// Writes four decimals.
impl fmt::Display for Prob {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.4}", self.0)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are the point")]
mod tests {
    use super::*;

    #[test]
    fn only_probabilities_enter() {
        assert!(Prob::new(f64::NAN).is_err());
        assert!(Prob::new(-0.01).is_err());
        assert!(Prob::new(1.01).is_err());
        assert_eq!(Prob::new(0.42).unwrap().get(), 0.42);
    }

    #[test]
    fn the_price_is_on_the_named_side() {
        let prob = Prob::new(0.421_27).unwrap();
        assert_eq!((prob.floor_price().pips(), prob.ceil_price().pips()), (4_212, 4_213));
        assert_eq!(Prob::new(1.0).unwrap().ceil_price(), Price::ONE);
    }
}
