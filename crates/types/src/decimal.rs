//! Exact decimal text to scaled integers and back: the one door for every number that is money, price or quantity.
//!
//! Nothing is rounded here. A digit that the unit cannot hold is an error, except a trailing zero.

use std::fmt;

/// Why a text is no value of a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{unit}: expected {expected}, found `{found}`")]
pub struct ParseUnitError {
    /// The unit that was asked for, for example `price`.
    pub unit: &'static str,
    /// What would have been accepted.
    pub expected: &'static str,
    /// The text that was found, cut to 64 characters.
    pub found: String,
}

impl ParseUnitError {
    pub(crate) fn new(unit: &'static str, expected: &'static str, found: &str) -> Self {
        Self { unit, expected, found: found.chars().take(64).collect() }
    }
}

/// Reads a decimal such as `-12.3400` as an integer count of 10^-`scale`, exactly.
///
/// Accepts an optional sign, digits, and at most one point; `.5` and `5.` are refused as the venues never write them.
/// More than `scale` decimals are accepted only if the surplus digits are zeros.
///
/// Returns `None` when the text is malformed, too precise or out of range.
///
/// ```
/// assert_eq!(brier_types::parse_fixed(b"0.4200", 4), Some(4_200));
/// assert_eq!(brier_types::parse_fixed(b"-5.50", 6), Some(-5_500_000));
/// assert_eq!(brier_types::parse_fixed(b"0.42001", 4), None);
/// ```
pub fn parse_fixed(text: &[u8], scale: u32) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    let mut decimals: Option<u32> = None;
    let mut whole_digits = 0_u32;
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                let digit = i64::from(byte - b'0');
                match &mut decimals {
                    None => whole_digits += 1,
                    Some(seen) if *seen == scale => {
                        if digit != 0 {
                            return None;
                        }
                        continue;
                    }
                    Some(seen) => *seen += 1,
                }
                value = value.checked_mul(10)?.checked_add(digit)?;
            }
            b'.' if decimals.is_none() && whole_digits > 0 => decimals = Some(0),
            _ => return None,
        }
    }
    if whole_digits == 0 || (decimals == Some(0) && scale > 0) {
        return None;
    }
    for _ in decimals.unwrap_or(0)..scale {
        value = value.checked_mul(10)?;
    }
    Some(if negative { -value } else { value })
}

/// Writes `value`, a count of 10^-`scale`, as a decimal with exactly `scale` decimals.
///
/// # Errors
/// Only those of the writer.
pub fn write_fixed(out: &mut impl fmt::Write, value: i64, scale: u32) -> fmt::Result {
    let unit = 10_u64.pow(scale);
    let magnitude = value.unsigned_abs();
    if value < 0 {
        out.write_char('-')?;
    }
    if scale == 0 {
        return write!(out, "{magnitude}");
    }
    write!(out, "{}.{:0width$}", magnitude / unit, magnitude % unit, width = scale as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn malformed_text_is_refused() {
        for text in ["", "-", ".", ".5", "5.", "1.2.3", "1e3", "0x1", " 1", "1 ", "NaN", "1_000", "--1"] {
            assert_eq!(parse_fixed(text.as_bytes(), 4), None, "{text:?}");
        }
    }

    #[test]
    fn surplus_decimals_must_be_zero() {
        assert_eq!(parse_fixed(b"0.010000", 4), Some(100));
        assert_eq!(parse_fixed(b"0.010001", 4), None);
        assert_eq!(parse_fixed(b"7", 0), Some(7));
        assert_eq!(parse_fixed(b"7.0", 0), Some(7));
    }

    #[test]
    fn overflow_is_refused() {
        assert_eq!(parse_fixed(b"9223372036854.775807", 6), Some(i64::MAX));
        assert_eq!(parse_fixed(b"9223372036854.775808", 6), None);
        assert_eq!(parse_fixed(b"99999999999999999999", 0), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in -i64::MAX..=i64::MAX, scale in 0_u32..=6) {
            let mut text = String::new();
            write_fixed(&mut text, value, scale).unwrap();
            prop_assert_eq!(parse_fixed(text.as_bytes(), scale), Some(value));
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), scale in 0_u32..=6) {
            let _ignored = parse_fixed(&bytes, scale);
        }
    }
}
