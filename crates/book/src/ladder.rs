//! One side of a book: the quantity at every price, found by index, with a bitmap of the levels that exist.
//!
//! Nearly every level stands on a whole cent, so those 101 quantities lie inline (808 bytes); a level between two cents
//! lives in a page of its cent that is made when first needed and then kept. A thousand books of whole cents thus take
//! under 2 MB, where two flat arrays of 10,001 quantities each would take 160 MB. `benches/book.rs` of `brier-bench`
//! measures this against a flat array, a sorted vector and a B-tree.

use brier_types::{Price, Qty, SignedQty};

use crate::bits::Bits128;

/// Prices per cent.
const PER_CENT: usize = 100;
/// Whole cents from $0 to $1.
const CENTS: usize = 101;

/// Why a ladder refused a change. The ladder is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LadderError {
    /// More was taken from a level than it holds: a message was lost or the venue's word is wrong.
    #[error("level {price} holds {held} contracts and cannot change by {change}")]
    Negative {
        /// The level.
        price: Price,
        /// What it holds.
        held: Qty,
        /// What was asked.
        change: SignedQty,
    },
    /// The level or the sum of the ladder would not fit a quantity.
    #[error("level {price} holds {held} contracts; a change by {change} exceeds the largest quantity")]
    Overflow {
        /// The level.
        price: Price,
        /// What it holds.
        held: Qty,
        /// What was asked.
        change: SignedQty,
    },
    /// No order can rest at $0 or $1.
    #[error("no order can rest at {price}: expected a price above 0 and below 1")]
    NotTradable {
        /// The price that was named.
        price: Price,
    },
}

/// The levels strictly between two whole cents; index 0 is never used.
#[derive(Clone, Debug)]
struct Page {
    occupied: Bits128,
    quantities: [Qty; PER_CENT],
}

/// The quantities of one side of a book by YES price.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Cents in which some level exists, whole or fine.
    occupied: Bits128,
    /// Sum of all levels: it bounds every partial sum, so that readers need no check.
    total: Qty,
    whole: [Qty; CENTS],
    /// Empty until the first level finer than a cent, then one place for every cent.
    fine: Vec<Option<Box<Page>>>,
}

impl Default for Ladder {
    fn default() -> Self {
        Self::new()
    }
}

impl Ladder {
    /// No levels.
    pub const fn new() -> Self {
        Self { occupied: Bits128::EMPTY, total: Qty::ZERO, whole: [Qty::ZERO; CENTS], fine: Vec::new() }
    }

    /// Changes the level at `price` by `change` and returns what it holds now.
    ///
    /// # Errors
    /// [`LadderError`] when the level would become negative or too large, or when the price is $0 or $1; nothing has
    /// changed then.
    #[inline]
    pub fn change(&mut self, price: Price, change: SignedQty) -> Result<Qty, LadderError> {
        let pips = usize::from(price.pips());
        let (cent, offset) = (pips / PER_CENT, pips % PER_CENT);
        if offset != 0 {
            return self.change_fine(price, change);
        }
        if !price.is_tradable() {
            return Err(LadderError::NotTradable { price });
        }
        let (after, total) = changed(price, self.whole[cent], self.total, change)?;
        self.whole[cent] = after;
        self.total = total;
        let fine = self.page(cent).is_some_and(|page| !page.occupied.is_empty());
        self.occupied.put(cent, !after.is_zero() || fine);
        Ok(after)
    }

    /// Makes the level at `price` hold `qty`, whatever it held.
    ///
    /// # Errors
    /// [`LadderError`] when the ladder would become too large, or when the price is $0 or $1; nothing has changed then.
    #[inline]
    pub fn set(&mut self, price: Price, qty: Qty) -> Result<(), LadderError> {
        // Both are within 63 bits, so their difference is too.
        let change = qty.signed().checked_sub(self.get(price).signed()).expect("quantities are never negative");
        self.change(price, change).map(|_after| ())
    }

    fn change_fine(&mut self, price: Price, change: SignedQty) -> Result<Qty, LadderError> {
        let pips = usize::from(price.pips());
        let (cent, offset) = (pips / PER_CENT, pips % PER_CENT);
        let (after, total) = changed(price, self.get(price), self.total, change)?;
        if self.fine.is_empty() {
            self.fine.resize_with(CENTS, || None);
        }
        let page = self.fine[cent]
            .get_or_insert_with(|| Box::new(Page { occupied: Bits128::EMPTY, quantities: [Qty::ZERO; PER_CENT] }));
        page.quantities[offset] = after;
        page.occupied.put(offset, !after.is_zero());
        self.occupied.put(cent, !page.occupied.is_empty() || !self.whole[cent].is_zero());
        self.total = total;
        Ok(after)
    }

    /// Removes every level and keeps the memory.
    pub fn clear(&mut self) {
        while let Some(cent) = self.occupied.lowest_from(0) {
            self.occupied.put(cent, false);
            self.whole[cent] = Qty::ZERO;
            if let Some(page) = self.fine.get_mut(cent).and_then(Option::as_mut) {
                page.occupied = Bits128::EMPTY;
                page.quantities = [Qty::ZERO; PER_CENT];
            }
        }
        self.total = Qty::ZERO;
    }

    /// What stands at `price`.
    pub fn get(&self, price: Price) -> Qty {
        let pips = usize::from(price.pips());
        let (cent, offset) = (pips / PER_CENT, pips % PER_CENT);
        if offset == 0 { self.whole[cent] } else { self.page(cent).map_or(Qty::ZERO, |page| page.quantities[offset]) }
    }

    /// The sum of all levels.
    pub const fn total(&self) -> Qty {
        self.total
    }

    /// Whether no level exists.
    pub const fn is_empty(&self) -> bool {
        self.occupied.is_empty()
    }

    /// How many levels exist.
    pub fn len(&self) -> usize {
        let whole = self.whole.iter().filter(|qty| !qty.is_zero()).count();
        whole + self.fine.iter().flatten().map(|page| page.occupied.len()).sum::<usize>()
    }

    /// The highest level.
    #[inline]
    pub fn highest(&self) -> Option<Price> {
        self.highest_to(Price::ONE)
    }

    /// The lowest level.
    #[inline]
    pub fn lowest(&self) -> Option<Price> {
        self.lowest_from(Price::ZERO)
    }

    /// The highest level that is at most `limit`.
    #[inline]
    pub fn highest_to(&self, limit: Price) -> Option<Price> {
        let pips = usize::from(limit.pips());
        let (cent, offset) = (pips / PER_CENT, pips % PER_CENT);
        if let Some(offset) = self.page(cent).and_then(|page| page.occupied.highest_to(offset)) {
            return Some(price_at(cent, offset));
        }
        if !self.whole[cent].is_zero() {
            return Some(price_at(cent, 0));
        }
        let cent = self.occupied.highest_to(cent.checked_sub(1)?)?;
        let offset = self.page(cent).and_then(|page| page.occupied.highest_to(PER_CENT)).unwrap_or(0);
        Some(price_at(cent, offset))
    }

    /// The lowest level that is at least `limit`.
    #[inline]
    pub fn lowest_from(&self, limit: Price) -> Option<Price> {
        let pips = usize::from(limit.pips());
        let (cent, offset) = (pips / PER_CENT, pips % PER_CENT);
        if offset == 0 && !self.whole[cent].is_zero() {
            return Some(price_at(cent, 0));
        }
        if let Some(offset) = self.page(cent).and_then(|page| page.occupied.lowest_from(offset)) {
            return Some(price_at(cent, offset));
        }
        let cent = self.occupied.lowest_from(cent + 1)?;
        if !self.whole[cent].is_zero() {
            return Some(price_at(cent, 0));
        }
        self.page(cent).and_then(|page| page.occupied.lowest_from(0)).map(|offset| price_at(cent, offset))
    }

    #[inline]
    fn page(&self, cent: usize) -> Option<&Page> {
        self.fine.get(cent).and_then(Option::as_deref)
    }
}

/// The level and the ladder's sum after a change.
#[inline]
fn changed(price: Price, held: Qty, total: Qty, change: SignedQty) -> Result<(Qty, Qty), LadderError> {
    // Both are within 63 bits, so neither sum can wrap before it is checked.
    let (Some(after), Some(sum)) =
        (held.micros().checked_add_signed(change.micros()), total.micros().checked_add_signed(change.micros()))
    else {
        return Err(LadderError::Negative { price, held, change });
    };
    match (Qty::from_micros(after), Qty::from_micros(sum)) {
        (Some(after), Some(sum)) => Ok((after, sum)),
        _ => Err(LadderError::Overflow { price, held, change }),
    }
}

fn price_at(cent: usize, offset: usize) -> Price {
    u16::try_from(cent * PER_CENT + offset).ok().and_then(Price::new).expect("a level's index lies within the ladder")
}
