//! What the number that settles a market has to be for YES.

use std::fmt;

use crate::decimal::{parse_fixed, write_fixed};

/// A bound of what is measured, in millionths of the question's unit: a degree, a dollar of the index, a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound(i64);

impl Bound {
    /// So many millionths.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Reads a decimal with at most six places; `None` when it is none, too precise or out of range.
    ///
    /// ```
    /// assert_eq!(brier_types::Bound::parse("80938.41").unwrap().to_string(), "80938.41");
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        parse_fixed(text.as_bytes(), 6).map(Self)
    }

    /// Its millionths.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// As a model's number.
    #[expect(clippy::float_arithmetic, reason = "a strike is a model's number, not money")]
    pub fn get(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// Writes as many decimals as say something.
impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_fixed(&mut text, self.0, 6)?;
        out.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// The strike of a market on a number, as its venue means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strike {
    /// Above the bound, not at it.
    Above(Bound),
    /// At the bound or above.
    AtLeast(Bound),
    /// Below the bound, not at it.
    Below(Bound),
    /// At the bound or below.
    AtMost(Bound),
    /// From the first to the second; whether the second belongs to it is the rules' to say.
    Between(Bound, Bound),
}

impl fmt::Display for Strike {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Above(bound) => write!(out, "above {bound}"),
            Self::AtLeast(bound) => write!(out, "at least {bound}"),
            Self::Below(bound) => write!(out, "below {bound}"),
            Self::AtMost(bound) => write!(out, "at most {bound}"),
            Self::Between(low, high) => write!(out, "{low} to {high}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_keep_their_digits() {
        let bound = |text| Bound::parse(text).unwrap();
        assert_eq!((bound("-5").micros(), bound("98500.123456").micros()), (-5_000_000, 98_500_123_456));
        assert_eq!((Bound::parse("1.0000001"), Bound::parse("ninety")), (None, None));
        assert_eq!(Strike::Between(bound("58"), bound("59.5")).to_string(), "58 to 59.5");
        assert_eq!(Strike::Above(bound("-0.10")).to_string(), "above -0.1");
    }
}
