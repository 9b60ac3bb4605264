//! The six tick sizes: the steps in which a market's prices move, and how many decimals prices and amounts have with each.
//!
//! Invariants: a tick is one of the six; a price on the grid lies in [tick, 1 − tick] and is a multiple of the tick.
//! Not here: how amounts are rounded (`amounts`).
//!
//! Source: reference, section 6.1, 2026-11-20.

use std::fmt;
use std::str::FromStr;

use brier_types::{Price, PriceGrid};

/// Decimals of a size: lots are 0.01 share with every tick.
pub const SIZE_DECIMALS: u32 = 2;

/// Smallest step of a market's prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TickSize {
    /// $0.0001.
    TenThousandth,
    /// $0.001.
    Thousandth,
    /// $0.0025.
    QuarterCent,
    /// $0.005.
    HalfCent,
    /// $0.01.
    Cent,
    /// $0.1.
    Tenth,
}

/// A text or price is no tick size of the venue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tick size: expected 0.1, 0.01, 0.005, 0.0025, 0.001 or 0.0001, found `{found}`")]
pub struct TickError {
    /// What was found, cut to 64 characters.
    pub found: String,
}

impl TickSize {
    /// Every tick, finest first.
    pub const ALL: [Self; 6] =
        [Self::TenThousandth, Self::Thousandth, Self::QuarterCent, Self::HalfCent, Self::Cent, Self::Tenth];

    /// The step in units of $0.0001.
    pub const fn pips(self) -> u16 {
        match self {
            Self::TenThousandth => 1,
            Self::Thousandth => 10,
            Self::QuarterCent => 25,
            Self::HalfCent => 50,
            Self::Cent => 100,
            Self::Tenth => 1_000,
        }
    }

    /// The step as a price.
    pub const fn step(self) -> Price {
        Price::new(self.pips()).expect("every tick is below one dollar")
    }

    /// The tick with this step, if there is one.
    pub fn from_price(step: Price) -> Option<Self> {
        Self::ALL.into_iter().find(|tick| tick.step() == step)
    }

    /// Decimals with which prices are written.
    pub const fn price_decimals(self) -> u32 {
        match self {
            Self::Tenth => 1,
            Self::Cent => 2,
            Self::HalfCent | Self::Thousandth => 3,
            Self::QuarterCent | Self::TenThousandth => 4,
        }
    }

    /// Decimals of the product of a price and a size.
    pub const fn amount_decimals(self) -> u32 {
        self.price_decimals() + SIZE_DECIMALS
    }

    /// Whether the venue takes an order at this price: on the grid and in [tick, 1 − tick].
    pub const fn allows(self, price: Price) -> bool {
        price.is_tradable() && price.pips().is_multiple_of(self.pips())
    }

    /// The tick as a price grid.
    pub fn grid(self) -> PriceGrid {
        PriceGrid::uniform(self.step()).expect("every tick divides one dollar")
    }

    /// As the venue writes it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::TenThousandth => "0.0001",
            Self::Thousandth => "0.001",
            Self::QuarterCent => "0.0025",
            Self::HalfCent => "0.005",
            Self::Cent => "0.01",
            Self::Tenth => "0.1",
        }
    }
}

impl fmt::Display for TickSize {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}

/// Reads decimal text; trailing zeros are no matter.
impl FromStr for TickSize {
    type Err = TickError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let step = text.parse::<Price>().ok();
        step.and_then(Self::from_price).ok_or_else(|| TickError { found: text.chars().take(64).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_reference() {
        let rows: Vec<String> = TickSize::ALL
            .into_iter()
            .rev()
            .map(|tick| format!("{tick} {} {} {}", tick.price_decimals(), SIZE_DECIMALS, tick.amount_decimals()))
            .collect();
        assert_eq!(rows, ["0.1 1 2 3", "0.01 2 2 4", "0.005 3 2 5", "0.0025 4 2 6", "0.001 3 2 5", "0.0001 4 2 6"]);
    }

    #[test]
    fn texts_read_back_and_others_are_refused() {
        for tick in TickSize::ALL {
            assert_eq!(tick.text().parse(), Ok(tick));
            assert_eq!(TickSize::from_price(tick.step()), Some(tick));
        }
        assert_eq!("0.010".parse(), Ok(TickSize::Cent));
        for text in ["", "0", "1", "0.02", "0.00001", "1e-2"] {
            assert!(text.parse::<TickSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_tick_allows_what_its_grid_allows() {
        for tick in TickSize::ALL {
            let grid = tick.grid();
            for price in (0..=10_000).filter_map(Price::new) {
                assert_eq!(tick.allows(price), grid.allows(price), "{tick} {price}");
            }
        }
    }
}
