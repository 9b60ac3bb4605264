//! Counts of contracts, unsigned for orders and signed for positions and changes.

use std::fmt;
use std::str::FromStr;

use crate::decimal::{ParseUnitError, parse_fixed, write_fixed};

/// A number of contracts in units of 1e-6 contract, never negative, at most `i64::MAX` units.
///
/// ```
/// use brier_types::Qty;
/// let qty: Qty = "10.25".parse()?;
/// assert_eq!(qty.micros(), 10_250_000);
/// assert_eq!(qty.to_string(), "10.25");
/// # Ok::<(), brier_types::ParseUnitError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Qty(u64);

impl Qty {
    /// No contracts.
    pub const ZERO: Self = Self(0);
    /// The largest quantity: it fits a signed 64-bit integer, so a position can hold it.
    pub const MAX: Self = Self(i64::MAX as u64);
    /// One hundredth of a contract: Kalshi's smallest step.
    pub const HUNDREDTH: Self = Self(10_000);
    /// Units in one contract.
    pub const PER_CONTRACT: u64 = 1_000_000;

    /// The quantity of `micros` × 1e-6 contract, or `None` above [`Qty::MAX`].
    pub const fn from_micros(micros: u64) -> Option<Self> {
        if micros <= i64::MAX as u64 { Some(Self(micros)) } else { None }
    }

    /// Whole contracts, or `None` above [`Qty::MAX`].
    pub const fn from_contracts(contracts: u64) -> Option<Self> {
        match contracts.checked_mul(Self::PER_CONTRACT) {
            Some(micros) => Self::from_micros(micros),
            None => None,
        }
    }

    /// Hundredths of a contract, or `None` above [`Qty::MAX`].
    pub const fn from_hundredths(hundredths: u64) -> Option<Self> {
        match hundredths.checked_mul(10_000) {
            Some(micros) => Self::from_micros(micros),
            None => None,
        }
    }

    /// Count of 1e-6 contract.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Whether this is nothing at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this is a whole multiple of `step`; a zero step divides nothing.
    pub const fn is_multiple_of(self, step: Self) -> bool {
        step.0 != 0 && self.0.is_multiple_of(step.0)
    }

    /// The sum, or `None` above [`Qty::MAX`].
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Self::from_micros(micros),
            None => None,
        }
    }

    /// The difference, or `None` below zero.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The difference, at least zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This quantity as a positive signed one.
    pub const fn signed(self) -> SignedQty {
        SignedQty(self.0 as i64)
    }

    /// Reads contracts such as `10`, `10.5` or `10.25`, exact to 1e-6.
    ///
    /// # Errors
    /// [`ParseUnitError`] when the text is no decimal, is negative, or finer than 1e-6.
    pub fn parse(text: &[u8]) -> Result<Self, ParseUnitError> {
        parse_fixed(text, 6).and_then(|micros| u64::try_from(micros).ok()).map(Self).ok_or_else(|| {
            ParseUnitError::new("quantity", "contracts, not negative, up to 6 decimals", &String::from_utf8_lossy(text))
        })
    }
}

impl FromStr for Qty {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes())
    }
}

/// Writes contracts with two decimals, Kalshi's form, and with six when two would lose a digit.
impl fmt::Display for Qty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.signed().fmt(out)
    }
}

/// A signed number of contracts in units of 1e-6: a position (plus is YES, minus is NO) or a change of a level.
///
/// Always within `-i64::MAX..=i64::MAX`, so that its magnitude is a [`Qty`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedQty(i64);

impl SignedQty {
    /// Flat.
    pub const ZERO: Self = Self(0);

    /// The signed quantity of `micros` × 1e-6 contract, or `None` for `i64::MIN`.
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros == i64::MIN { None } else { Some(Self(micros)) }
    }

    /// Count of 1e-6 contract, plus or minus.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The magnitude.
    pub const fn abs(self) -> Qty {
        Qty(self.0.unsigned_abs())
    }

    /// Whether this is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The YES contracts in this position, zero when it is NO.
    pub const fn yes(self) -> Qty {
        Qty(if self.0 > 0 { self.0 as u64 } else { 0 })
    }

    /// The NO contracts in this position, zero when it is YES.
    pub const fn no(self) -> Qty {
        Qty(if self.0 < 0 { self.0.unsigned_abs() } else { 0 })
    }

    /// The sum, or `None` when it does not fit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Self::from_micros(micros),
            None => None,
        }
    }

    /// The difference, or `None` when it does not fit.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Self::from_micros(micros),
            None => None,
        }
    }

    /// The same amount in the other direction.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Reads signed contracts such as `-5.50`, exact to 1e-6.
    ///
    /// # Errors
    /// [`ParseUnitError`] when the text is no decimal or finer than 1e-6.
    pub fn parse(text: &[u8]) -> Result<Self, ParseUnitError> {
        parse_fixed(text, 6).and_then(Self::from_micros).ok_or_else(|| {
            ParseUnitError::new("signed quantity", "contracts with up to 6 decimals", &String::from_utf8_lossy(text))
        })
    }
}

impl FromStr for SignedQty {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes())
    }
}

/// Writes contracts with two decimals, and with six when two would lose a digit.
impl fmt::Display for SignedQty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % 10_000 == 0 { write_fixed(out, self.0 / 10_000, 2) } else { write_fixed(out, self.0, 6) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_forms() {
        assert_eq!("35.50".parse::<Qty>().unwrap().to_string(), "35.50");
        assert_eq!("0.000001".parse::<Qty>().unwrap().to_string(), "0.000001");
        assert_eq!("-5.5".parse::<SignedQty>().unwrap().to_string(), "-5.50");
        assert!("-1".parse::<Qty>().is_err());
        assert!("0.0000001".parse::<Qty>().is_err());
    }

    #[test]
    fn a_position_is_yes_or_no_never_both() {
        let short = SignedQty::from_micros(-3_000_000).unwrap();
        assert_eq!((short.yes(), short.no()), (Qty::ZERO, Qty::from_contracts(3).unwrap()));
    }

    proptest! {
        #[test]
        fn signed_text_round_trips(micros in -i64::MAX..=i64::MAX) {
            let qty = SignedQty::from_micros(micros).unwrap();
            prop_assert_eq!(qty.to_string().parse::<SignedQty>(), Ok(qty));
        }

        #[test]
        fn addition_is_checked(a in 0_u64..=i64::MAX as u64, b in 0_u64..=i64::MAX as u64) {
            let sum = Qty(a).checked_add(Qty(b));
            prop_assert_eq!(sum.is_some(), u128::from(a) + u128::from(b) <= i64::MAX as u128);
            if let Some(sum) = sum {
                prop_assert_eq!(sum.checked_sub(Qty(b)), Some(Qty(a)));
            }
        }
    }
}
