//! The prices at which a market trades: bands, each with its own step.

use crate::price::Price;

/// One band of a grid: prices from `start` to `end`, both on the grid, in steps of `step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// First price of the band.
    pub start: Price,
    /// Where the band ends and the next one starts.
    pub end: Price,
    /// Distance between neighbouring prices, $0.0001 to $1.
    pub step: Price,
}

/// The valid prices of one market: bands that cover $0 to $1 without a hole.
///
/// A price that is both the end of a band and the start of the next one belongs to both; 0 and 1 are never tradable.
///
/// ```
/// use brier_types::{Band, Price, PriceGrid};
/// let cents = PriceGrid::uniform(Price::new(100).unwrap()).unwrap();
/// assert!(cents.allows(Price::new(4_200).unwrap()));
/// assert!(!cents.allows(Price::new(4_250).unwrap()));
/// assert!(!cents.allows(Price::ONE));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceGrid {
    bands: Vec<Band>,
}

/// Bands are no grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    /// There is no band at all.
    #[error("price grid: expected at least one band, found none")]
    Empty,
    /// The bands do not run from 0 to 1.
    #[error("price grid: expected bands from 0.0000 to 1.0000, found {start} to {end}")]
    Bounds {
        /// Start of the first band.
        start: Price,
        /// End of the last band.
        end: Price,
    },
    /// A band does not start where the one before it ends.
    #[error("price grid: expected band {index} to start at {expected}, found {found}")]
    Hole {
        /// Position of the band, from 0.
        index: usize,
        /// Where the band before it ends.
        expected: Price,
        /// Where it starts.
        found: Price,
    },
    /// A band's step is zero or does not divide the band.
    #[error("price grid: expected a step that divides band {index}, found {step}")]
    Step {
        /// Position of the band, from 0.
        index: usize,
        /// The step.
        step: Price,
    },
}

impl PriceGrid {
    /// A grid of `bands`, in ascending order.
    ///
    /// # Errors
    /// [`GridError`] when the bands leave a hole, do not span $0 to $1, or a step does not divide its band.
    pub fn new(bands: Vec<Band>) -> Result<Self, GridError> {
        let (first, last) = (bands.first().ok_or(GridError::Empty)?, bands.last().ok_or(GridError::Empty)?);
        if first.start != Price::ZERO || last.end != Price::ONE {
            return Err(GridError::Bounds { start: first.start, end: last.end });
        }
        let mut expected = Price::ZERO;
        for (index, band) in bands.iter().enumerate() {
            if band.start != expected || band.end <= band.start {
                return Err(GridError::Hole { index, expected, found: band.start });
            }
            let width = band.end.pips() - band.start.pips();
            if band.step == Price::ZERO || !width.is_multiple_of(band.step.pips()) {
                return Err(GridError::Step { index, step: band.step });
            }
            expected = band.end;
        }
        Ok(Self { bands })
    }

    /// One band from $0 to $1.
    ///
    /// # Errors
    /// [`GridError::Step`] when `step` is zero or does not divide $1.
    pub fn uniform(step: Price) -> Result<Self, GridError> {
        Self::new(vec![Band { start: Price::ZERO, end: Price::ONE, step }])
    }

    /// The bands, ascending.
    pub fn bands(&self) -> &[Band] {
        &self.bands
    }

    /// Whether an order may carry `price`: on the grid, and neither 0 nor 1.
    pub fn allows(&self, price: Price) -> bool {
        price.is_tradable() && self.floor(price) == price
    }

    /// The highest grid price at or below `price`; may be 0.
    #[must_use]
    pub fn floor(&self, price: Price) -> Price {
        let band = self
            .bands
            .iter()
            .find(|band| price < band.end)
            .unwrap_or_else(|| self.bands.last().expect("a grid has at least one band"));
        let offset = price.pips() - band.start.pips();
        Price::new(band.start.pips() + (offset - offset % band.step.pips())).expect("at or below a price")
    }

    /// The lowest grid price at or above `price`; may be 1.
    #[must_use]
    pub fn ceil(&self, price: Price) -> Price {
        let floor = self.floor(price);
        if floor == price { price } else { self.above(floor).unwrap_or(Price::ONE) }
    }

    /// The next tradable price above `price`, or `None` at the top.
    pub fn above(&self, price: Price) -> Option<Price> {
        let floor = self.floor(price);
        let band = self.bands.iter().find(|band| floor < band.end)?;
        Price::new(floor.pips() + band.step.pips()).filter(|price| price.is_tradable())
    }

    /// The next tradable price below `price`, or `None` at the bottom.
    pub fn below(&self, price: Price) -> Option<Price> {
        let pips = price.pips().checked_sub(1)?;
        Some(self.floor(Price::new(pips)?)).filter(|price| price.is_tradable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(pips: u16) -> Price {
        Price::new(pips).unwrap()
    }

    fn band(start: u16, end: u16, step: u16) -> Band {
        Band { start: price(start), end: price(end), step: price(step) }
    }

    fn tapered() -> PriceGrid {
        PriceGrid::new(vec![band(0, 1_000, 10), band(1_000, 9_000, 100), band(9_000, 10_000, 10)]).unwrap()
    }

    #[test]
    fn steps_change_at_the_borders() {
        let grid = tapered();
        assert_eq!(grid.above(price(990)), Some(price(1_000)));
        assert_eq!(grid.above(price(1_000)), Some(price(1_100)));
        assert_eq!(grid.below(price(1_000)), Some(price(990)));
        assert_eq!(grid.below(price(9_000)), Some(price(8_900)));
        assert_eq!(grid.above(price(9_990)), None);
        assert_eq!(grid.below(price(10)), None);
    }

    #[test]
    fn bad_bands_are_named() {
        assert_eq!(PriceGrid::new(vec![]), Err(GridError::Empty));
        assert!(matches!(PriceGrid::new(vec![band(0, 5_000, 10)]), Err(GridError::Bounds { .. })));
        let hole = PriceGrid::new(vec![band(0, 1_000, 10), band(2_000, 10_000, 100)]);
        assert!(matches!(hole, Err(GridError::Hole { index: 1, .. })));
        assert!(matches!(PriceGrid::new(vec![band(0, 10_000, 300)]), Err(GridError::Step { index: 0, .. })));
    }

    proptest! {
        #[test]
        fn floor_and_ceil_enclose(pips in 0_u16..=10_000) {
            let (grid, price) = (tapered(), price(pips));
            prop_assert!(grid.floor(price) <= price && price <= grid.ceil(price));
            prop_assert_eq!(grid.allows(price), price.is_tradable() && grid.floor(price) == price);
        }

        #[test]
        fn above_and_below_are_inverse(pips in 1_u16..10_000) {
            let grid = tapered();
            let price = grid.floor(price(pips));
            if let Some(above) = grid.above(price).filter(|_| price.is_tradable()) {
                prop_assert_eq!(grid.below(above), Some(price));
            }
        }
    }
}
