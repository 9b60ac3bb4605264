//! Releases of the economy: numbers as printed, when they come, and what is expected of them.
//!
//! A market settles on the first print, to the decimal as printed; so a number keeps its text. None of these interfaces is
//! the first to know: after a release, two sources that agree or the official page are wanted before anything is done.

pub mod bea;
pub mod bls;
pub mod cleveland;
pub mod fed;
pub mod fred;
pub mod trading_economics;

/// A number as it was printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// The digits, with the decimals that the source gives.
    pub text: String,
    /// Its value.
    pub value: f64,
}

impl Printed {
    /// Reads a number such as `0.3`, `-1,234.5` or `325.123`; a percent sign or a letter for thousands is not a number here.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare: String = text.chars().filter(|character| *character != ',').collect();
        let plain = bare.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
        let value = bare.parse::<f64>().ok().filter(|value| plain && value.is_finite())?;
        Some(Self { text: text.to_owned(), value })
    }

    /// How many decimals were printed.
    pub fn decimals(&self) -> usize {
        self.text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_decimals() {
        let printed = Printed::parse("-1,234.50").unwrap();
        assert_eq!((printed.value, printed.decimals()), (-1_234.5, 2));
        for text in ["", ".", "0.3%", "250K", "NaN", "1e5", "inf"] {
            assert_eq!(Printed::parse(text), None, "{text}");
        }
    }
}
