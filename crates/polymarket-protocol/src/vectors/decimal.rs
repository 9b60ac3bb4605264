//! A number as a user typed it, exactly, to be cut or rounded as the clients do.

use crate::vectors::Unusable;
use crate::wire::Num;

/// `digits` · 10^-`decimals`, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: u128,
    decimals: u32,
}

impl Decimal {
    /// Reads a JSON number.
    pub(super) fn read(field: &str, number: &Num) -> Result<Self, Unusable> {
        Self::parse(number.as_str())
            .ok_or_else(|| Unusable::new(field, "a number, not negative, of at most 30 digits", number.as_str()))
    }

    fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut exponent = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        if whole.is_empty() {
            return None;
        }
        let mut digits: u128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
            digits = digits.checked_mul(10)?.checked_add(u128::from(digit))?;
        }
        while digits != 0 && digits.is_multiple_of(10) && exponent < 0 {
            digits /= 10;
            exponent += 1;
        }
        if digits == 0 {
            return Some(Self { digits: 0, decimals: 0 });
        }
        if exponent > 0 {
            digits = digits.checked_mul(10_u128.checked_pow(exponent.unsigned_abs())?)?;
        }
        let decimals = exponent.min(0).unsigned_abs();
        (digits < 10_u128.pow(30) && decimals <= 30).then_some(Self { digits, decimals })
    }

    /// As a count of 10^-`unit`, with no more than `kept` decimals: the rest is cut.
    pub(super) fn cut(self, kept: u32, unit: u32) -> Option<u64> {
        self.split(kept).and_then(|(count, ..)| scaled(count, unit.checked_sub(kept)?))
    }

    /// As [`Decimal::cut`], rounded to the nearest, a half to the even one.
    pub(super) fn rounded(self, kept: u32, unit: u32) -> Option<u64> {
        let (count, rest, step) = self.split(kept)?;
        let up = rest * 2 > step || (rest * 2 == step && !count.is_multiple_of(2));
        scaled(count + u128::from(up), unit.checked_sub(kept)?)
    }

    /// As a count of 10^-`unit`, if that is exact.
    pub(super) fn exact(self, unit: u32) -> Option<u64> {
        self.split(unit).filter(|(_, rest, _)| *rest == 0).and_then(|(count, ..)| scaled(count, 0))
    }

    /// Whole counts of 10^-`kept`, the rest, and what of the rest makes one more.
    fn split(self, kept: u32) -> Option<(u128, u128, u128)> {
        if self.decimals <= kept {
            return Some((self.digits.checked_mul(10_u128.checked_pow(kept - self.decimals)?)?, 0, 1));
        }
        let step = 10_u128.checked_pow(self.decimals - kept)?;
        Some((self.digits / step, self.digits % step, step))
    }
}

fn scaled(count: u128, zeros: u32) -> Option<u64> {
    u64::try_from(count.checked_mul(10_u128.checked_pow(zeros)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_read_as_they_are_typed() {
        assert_eq!(decimal("8.2").cut(2, 6), Some(8_200_000));
        assert_eq!(decimal("12.345").cut(2, 6), Some(12_340_000));
        assert_eq!(decimal("10").cut(2, 6), Some(10_000_000));
        assert_eq!(decimal("1e-05").cut(2, 6), Some(0));
        assert_eq!(decimal("1.5E2").exact(6), Some(150_000_000));
        assert_eq!(decimal("0.1234567").exact(6), None);
        assert_eq!(decimal("0.0").exact(6), Some(0));
        for text in ["-1", "", "x", "1e99", "1e-99", "9999999999999999999999999999999"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn halves_go_to_the_even_neighbor() {
        for (text, pips) in [("0.335", 3_400), ("0.345", 3_400), ("0.3451", 3_500), ("0.4976", 5_000), ("0.9", 9_000)] {
            assert_eq!(decimal(text).rounded(2, 4), Some(pips), "{text}");
        }
    }
}
