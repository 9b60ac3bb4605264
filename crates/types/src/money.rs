//! Dollars, signed, to six decimals, and the one place where price times quantity becomes money.

use std::fmt;
use std::str::FromStr;

use crate::decimal::{ParseUnitError, parse_fixed, write_fixed};
use crate::price::Price;
use crate::qty::Qty;

/// How an amount that does not fit the step is rounded. Every division of money names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Toward minus infinity.
    Floor,
    /// Toward plus infinity.
    Ceil,
}

/// Dollars in units of $0.000001, signed.
///
/// ```
/// use brier_types::{Money, Price, Qty, Rounding, notional};
/// let cost = notional(Price::new(3_500).unwrap(), Qty::from_contracts(100).unwrap(), Rounding::Ceil);
/// assert_eq!(cost, Money::from_micros(35_000_000));
/// assert_eq!(cost.to_string(), "35.000000");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One cent: the older balance precision.
    pub const CENT: Self = Self(10_000);
    /// $0.0001: Kalshi's fee step and the balance precision of direct members.
    pub const CENTICENT: Self = Self(100);
    /// One dollar: what a pair of YES and NO is worth.
    pub const DOLLAR: Self = Self(1_000_000);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// The amount of `micros` × $0.000001.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Whole cents, or `None` when it does not fit.
    pub const fn from_cents(cents: i64) -> Option<Self> {
        match cents.checked_mul(10_000) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// Count of $0.000001.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole cents, rounded as named.
    pub const fn cents(self, rounding: Rounding) -> i64 {
        div_round(self.0, 10_000, rounding)
    }

    /// The sum, or `None` when it does not fit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The difference, or `None` when it does not fit.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The amount times `count`, or `None` when it does not fit.
    pub const fn checked_mul(self, count: i64) -> Option<Self> {
        match self.0.checked_mul(count) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The opposite amount, or `None` for the most negative one.
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The nearest multiple of `step` in the named direction.
    ///
    /// # Panics
    /// When `step` is not positive, or the result does not fit: steps are constants of the venue.
    #[must_use]
    pub const fn round_to(self, step: Self, rounding: Rounding) -> Self {
        assert!(step.0 > 0, "a rounding step is positive");
        match div_round(self.0, step.0, rounding).checked_mul(step.0) {
            Some(micros) => Self(micros),
            None => panic!("amount within one step of the limit of 64 bits"),
        }
    }

    /// Reads dollars such as `1042.5075` or `-0.000001`, exactly.
    ///
    /// # Errors
    /// [`ParseUnitError`] when the text is no decimal, is finer than $0.000001, or does not fit.
    pub fn parse(text: &[u8]) -> Result<Self, ParseUnitError> {
        parse_fixed(text, 6).map(Self).ok_or_else(|| {
            ParseUnitError::new("money", "dollars with up to 6 decimals", &String::from_utf8_lossy(text))
        })
    }

    /// Dollars with exactly four decimals, rounded as named: the form of Kalshi's balances and fees.
    pub fn to_dollars4(self, rounding: Rounding) -> String {
        let mut text = String::with_capacity(16);
        write_fixed(&mut text, div_round(self.0, 100, rounding), 4).expect("writing to a string cannot fail");
        text
    }

    /// Dollars with exactly two decimals, rounded as named: for people.
    pub fn to_dollars2(self, rounding: Rounding) -> String {
        let mut text = String::with_capacity(16);
        write_fixed(&mut text, div_round(self.0, 10_000, rounding), 2).expect("writing to a string cannot fail");
        text
    }
}

/// `value / step` in whole steps; `step` is positive.
const fn div_round(value: i64, step: i64, rounding: Rounding) -> i64 {
    let floor = value.div_euclid(step);
    match rounding {
        Rounding::Floor => floor,
        Rounding::Ceil => floor + (value.rem_euclid(step) != 0) as i64,
    }
}

/// What `qty` contracts cost at `price`, rounded as named to $0.000001.
///
/// Exact on Kalshi, where prices have four decimals and counts two; Polymarket's six-decimal fills need the rounding.
///
/// # Panics
/// Never for `qty` up to [`Qty::MAX`]: a contract costs at most $1, so the amount fits.
#[must_use]
pub fn notional(price: Price, qty: Qty, rounding: Rounding) -> Money {
    // $1e-4 times 1e-6 contract is $1e-10; the unit of money is $1e-6.
    const PER_MICRO: u64 = 10_000;
    if let Some(exact) = u64::from(price.pips()).checked_mul(qty.micros()) {
        let micros = match rounding {
            Rounding::Floor => exact / PER_MICRO,
            Rounding::Ceil => exact.div_ceil(PER_MICRO),
        };
        return Money(micros as i64);
    }
    let exact = u128::from(price.pips()) * u128::from(qty.micros());
    let micros = match rounding {
        Rounding::Floor => exact / u128::from(PER_MICRO),
        Rounding::Ceil => exact.div_ceil(u128::from(PER_MICRO)),
    };
    Money(i64::try_from(micros).expect("a contract costs at most one dollar, so the cost fits like the quantity"))
}

impl FromStr for Money {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes())
    }
}

/// Writes dollars with six decimals, exactly.
impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(out, self.0, 6)
    }
}

impl std::iter::Sum for Money {
    /// Sums amounts.
    ///
    /// # Panics
    /// When the sum does not fit 64 bits, which is nine trillion dollars.
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |total, amount| total.checked_add(amount).expect("a sum of dollars fits 64 bits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounding_is_toward_the_named_infinity_on_both_signs() {
        let amount = Money::from_micros(-36_592_500);
        assert_eq!(amount.round_to(Money::CENT, Rounding::Floor).to_string(), "-36.600000");
        assert_eq!(amount.round_to(Money::CENT, Rounding::Ceil).to_string(), "-36.590000");
        assert_eq!(Money::from_micros(-1).to_dollars4(Rounding::Floor), "-0.0001");
        assert_eq!(Money::from_micros(-1).to_dollars4(Rounding::Ceil), "0.0000");
        assert_eq!(Money::from_micros(12_345_678).cents(Rounding::Floor), 1_234);
    }

    proptest! {
        #[test]
        fn notional_agrees_with_wide_arithmetic(pips in 0_u16..=10_000, micros in 0_u64..=i64::MAX as u64) {
            let (price, qty) = (Price::new(pips).unwrap(), Qty::from_micros(micros).unwrap());
            let exact = u128::from(pips) * u128::from(micros);
            prop_assert_eq!(notional(price, qty, Rounding::Floor).micros() as u128, exact / 10_000);
            prop_assert_eq!(notional(price, qty, Rounding::Ceil).micros() as u128, exact.div_ceil(10_000));
        }

        #[test]
        fn a_pair_costs_one_dollar(pips in 0_u16..=10_000, hundredths in 0_u64..=1_000_000_000) {
            let (price, qty) = (Price::new(pips).unwrap(), Qty::from_hundredths(hundredths).unwrap());
            let both = notional(price, qty, Rounding::Floor).checked_add(notional(price.complement(), qty, Rounding::Floor));
            prop_assert_eq!(both.unwrap().micros() as u64, qty.micros());
        }

        #[test]
        fn rounding_moves_less_than_one_step(micros in -1_000_000_000_000_i64..1_000_000_000_000, step in 1_i64..=1_000_000) {
            let (amount, step) = (Money::from_micros(micros), Money::from_micros(step));
            let down = amount.round_to(step, Rounding::Floor);
            let up = amount.round_to(step, Rounding::Ceil);
            prop_assert!(down <= amount && amount <= up);
            prop_assert!(up.micros() - down.micros() == 0 || up.micros() - down.micros() == step.micros());
        }

        #[test]
        fn text_round_trips(micros in -i64::MAX..=i64::MAX) {
            let amount = Money::from_micros(micros);
            prop_assert_eq!(amount.to_string().parse::<Money>(), Ok(amount));
        }
    }
}
