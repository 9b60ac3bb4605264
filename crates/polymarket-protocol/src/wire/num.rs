//! Decimal numbers as text: reading them into counts without a float, and keeping those that are nobody's unit.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::{Surplus, Unit, read_unit, scalar, write_number};

/// Reads JSON number text, such as `-12.5`, `1e-7` or `3.0E2`, as a count of 10^-`scale`.
///
/// Returns `None` when the text is no number, when it does not fit 64 bits, or when it has digits beyond `scale` and
/// `surplus` refuses them.
///
/// ```
/// use brier_polymarket_protocol::wire::{Surplus, decimal};
/// assert_eq!(decimal("1.5e-3", 6, Surplus::Refuse), Some(1_500));
/// assert_eq!(decimal("0.30000000000000004", 4, Surplus::Round), Some(3_000));
/// assert_eq!(decimal("0.30001", 4, Surplus::Refuse), None);
/// ```
pub fn decimal(text: &str, scale: u32, surplus: Surplus) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let point_without_digits = mantissa.contains('.') && fraction.is_empty();
    if whole.is_empty() || point_without_digits || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The digits without the point are the value times 10^fraction; `kept` of them stay before the unit's last place.
    let kept = i64::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_add(i64::from(scale))?;
    let mut count: i64 = 0;
    let mut index: i64 = 0;
    let mut round_up = false;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = i64::from(byte - b'0');
        if index < kept {
            count = count.checked_mul(10)?.checked_add(digit)?;
        } else {
            if digit != 0 && surplus == Surplus::Refuse {
                return None;
            }
            round_up |= index == kept && digit >= 5;
        }
        index += 1;
    }
    while index < kept && count != 0 {
        count = count.checked_mul(10)?;
        index += 1;
    }
    count = count.checked_add(i64::from(round_up))?;
    Some(if negative { -count } else { count })
}

/// A number that is no price, size or amount of ours: kept as the text that was sent and written back the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Num(Box<str>);

impl Num {
    /// Keeps a number's text, or `None` when it is none.
    pub fn new(text: &str) -> Option<Self> {
        // Only the form is checked: such a number may be larger or finer than any unit.
        let form = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = form.split_once(['e', 'E']).unwrap_or((form, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (digits(whole) && digits(fraction) && exponent.parse::<i16>().is_ok()).then(|| Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as a unit, rounded half away from zero, or `None` out of range.
    pub fn to_unit<T: Unit>(&self) -> Option<T> {
        read_unit(&self.0, Surplus::Round).ok()
    }

    /// The number as a count of 10^-`scale`, exactly, or `None` when it has more digits or does not fit.
    pub fn scaled(&self, scale: u32) -> Option<i64> {
        decimal(&self.0, scale, Surplus::Refuse)
    }
}

impl From<u32> for Num {
    fn from(number: u32) -> Self {
        Self(number.to_string().into())
    }
}

impl Serialize for Num {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        write_number(self.0.to_string(), out)
    }
}

impl<'de> Deserialize<'de> for Num {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = scalar(from)?.unwrap_or_default();
        Self::new(&text).ok_or_else(|| D::Error::custom(format_args!("expected a number, found `{text:.64}`")))
    }
}
