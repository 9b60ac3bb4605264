//! A price of an outside asset with all the digits that its source has.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A price in units of 10^-18 dollar, as the price streams write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpotPrice(i128);

impl SpotPrice {
    /// Units in one dollar.
    pub const PER_DOLLAR: i128 = 1_000_000_000_000_000_000;

    /// The price of so many 10^-18 dollar.
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// How many 10^-18 dollar.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Reads a decimal such as `67234.5` or, as JSON writers shorten small numbers, `1.2e-7`. Digits beyond 10^-18 are cut.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(fraction) || mantissa.ends_with('.') {
            return None;
        }
        // The place of the last digit kept: 18 decimals of the whole number.
        let decimals = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let all = || whole.bytes().chain(fraction.bytes());
        let cut = usize::try_from(decimals.checked_sub(18)?.max(0)).ok()?;
        let kept = all().count().saturating_sub(cut);
        let value = all()
            .take(kept)
            .try_fold(0_i128, |value, byte| value.checked_mul(10)?.checked_add(i128::from(byte - b'0')))?;
        let value =
            value.checked_mul(10_i128.checked_pow(u32::try_from(18_i32.checked_sub(decimals)?.max(0)).ok()?)?)?;
        Some(Self(if negative { -value } else { value }))
    }
}

impl fmt::Display for SpotPrice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let unit = Self::PER_DOLLAR.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:018}", magnitude % unit);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() {
            write!(out, "{sign}{}", magnitude / unit)
        } else {
            write!(out, "{sign}{}.{fraction}", magnitude / unit)
        }
    }
}

impl<'de> Deserialize<'de> for SpotPrice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = crate::wire::scalar(deserializer)?.unwrap_or_default();
        Self::parse(&text).ok_or_else(|| D::Error::custom(format_args!("expected a decimal number, found `{text}`")))
    }
}

/// Writes a JSON number with exactly the price's digits.
impl Serialize for SpotPrice {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(out)
    }
}
