//! The price of one contract.

use std::fmt;
use std::str::FromStr;

use crate::decimal::{ParseUnitError, parse_fixed, write_fixed};

/// Price of one YES contract in pips of $0.0001, always within `0..=10_000` ($0 to $1).
///
/// ```
/// use brier_types::Price;
/// let price: Price = "0.4200".parse()?;
/// assert_eq!(price.pips(), 4_200);
/// assert_eq!(price.complement().to_string(), "0.5800");
/// # Ok::<(), brier_types::ParseUnitError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(u16);

impl Price {
    /// $0: what a losing contract pays; no tradable price.
    pub const ZERO: Self = Self(0);
    /// $1: what a winning contract pays; no tradable price.
    pub const ONE: Self = Self(10_000);
    /// Number of distinct prices, 0 and 1 included.
    pub const COUNT: usize = 10_001;

    /// The price of `pips` × $0.0001, or `None` above $1.
    pub const fn new(pips: u16) -> Option<Self> {
        if pips <= 10_000 { Some(Self(pips)) } else { None }
    }

    /// The price of a whole number of cents, or `None` above 100.
    pub const fn from_cents(cents: u8) -> Option<Self> {
        if cents <= 100 { Some(Self(cents as u16 * 100)) } else { None }
    }

    /// Count of $0.0001, `0..=10_000`.
    pub const fn pips(self) -> u16 {
        self.0
    }

    /// The same quote seen from the other outcome: YES at 0.42 is NO at 0.58.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(10_000 - self.0)
    }

    /// Whether an order may carry this price: 0 and 1 may not.
    pub const fn is_tradable(self) -> bool {
        self.0 > 0 && self.0 < 10_000
    }

    /// Reads a dollar text of up to four significant decimals, such as `0.42` or `0.420000`.
    ///
    /// # Errors
    /// [`ParseUnitError`] when the text is no decimal, is finer than $0.0001, or lies outside $0 to $1.
    pub fn parse(text: &[u8]) -> Result<Self, ParseUnitError> {
        parse_fixed(text, 4).and_then(|pips| u16::try_from(pips).ok()).and_then(Self::new).ok_or_else(|| {
            ParseUnitError::new("price", "dollars from 0 to 1 in steps of 0.0001", &String::from_utf8_lossy(text))
        })
    }
}

impl FromStr for Price {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes())
    }
}

/// Writes dollars with four decimals, the venues' own form.
impl fmt::Display for Price {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(out, i64::from(self.0), 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn out_of_range_and_too_fine_are_refused() {
        for text in ["1.0001", "-0.01", "0.00001", "2", "", "abc"] {
            assert!(text.parse::<Price>().is_err(), "{text}");
        }
        assert_eq!("1".parse(), Ok(Price::ONE));
        assert_eq!("0.0000".parse(), Ok(Price::ZERO));
    }

    #[test]
    fn the_error_says_what_was_expected_and_found() {
        let error = "0.42001".parse::<Price>().unwrap_err();
        assert_eq!(error.to_string(), "price: expected dollars from 0 to 1 in steps of 0.0001, found `0.42001`");
    }

    proptest! {
        #[test]
        fn text_round_trips(pips in 0_u16..=10_000) {
            let price = Price::new(pips).unwrap();
            prop_assert_eq!(price.to_string().parse::<Price>(), Ok(price));
            prop_assert_eq!(price.complement().complement(), price);
            prop_assert_eq!(price.pips() + price.complement().pips(), 10_000);
        }
    }
}
