//! What a reader sees of a book that can be believed.

use brier_types::{BookSide, Money, Price, Qty, Rounding, notional};

use crate::ladder::Ladder;

/// The total quantity at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// YES price.
    pub price: Price,
    /// Contracts, never zero.
    pub qty: Qty,
}

/// A book at one moment. Bids and asks are in YES terms, best first.
#[derive(Clone, Copy, Debug)]
pub struct BookView<'a> {
    bids: &'a Ladder,
    asks: &'a Ladder,
}

/// What taking a quantity out of a book costs or brings, before fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillCost {
    /// Contracts taken.
    pub qty: Qty,
    /// Dollars paid by a buyer of YES, received by a seller; each level rounded as the caller named.
    pub cost: Money,
    /// The price of the last level touched: the limit that such an order needs.
    pub worst: Price,
    /// How many levels were touched.
    pub levels: usize,
}

/// A book does not hold the quantity asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("book depth: expected at least {asked} contracts, found {available}; ask for less")]
pub struct NotEnough {
    /// The quantity asked for.
    pub asked: Qty,
    /// All that stands on that side.
    pub available: Qty,
}

impl FillCost {
    /// Dollars per contract, rounded as named to $0.000001; `None` when nothing was taken.
    pub fn average(&self, rounding: Rounding) -> Option<Money> {
        let qty = i128::from(self.qty.signed().micros());
        let scaled = i128::from(self.cost.micros()) * i128::from(Qty::PER_CONTRACT);
        let floor = scaled.checked_div_euclid(qty)?;
        let micros = match rounding {
            Rounding::Floor => floor,
            Rounding::Ceil => floor + i128::from(scaled.rem_euclid(qty) != 0),
        };
        i64::try_from(micros).ok().map(Money::from_micros)
    }
}

impl<'a> BookView<'a> {
    pub(crate) const fn new(bids: &'a Ladder, asks: &'a Ladder) -> Self {
        Self { bids, asks }
    }

    /// Highest bid.
    pub fn best_bid(&self) -> Option<Level> {
        self.bids.highest().map(|price| Level { price, qty: self.bids.get(price) })
    }

    /// Lowest ask.
    pub fn best_ask(&self) -> Option<Level> {
        self.asks.lowest().map(|price| Level { price, qty: self.asks.get(price) })
    }

    /// The first level of a side.
    pub fn best(&self, side: BookSide) -> Option<Level> {
        match side {
            BookSide::Bid => self.best_bid(),
            BookSide::Ask => self.best_ask(),
        }
    }

    /// What stands at one price.
    pub fn qty_at(&self, side: BookSide, price: Price) -> Qty {
        self.ladder(side).get(price)
    }

    /// How many levels a side has.
    pub fn level_count(&self, side: BookSide) -> usize {
        self.ladder(side).len()
    }

    /// All contracts of a side.
    pub const fn total(&self, side: BookSide) -> Qty {
        self.ladder(side).total()
    }

    /// The levels of a side, best first; `take(n)` gives the top of the book.
    pub fn levels(&self, side: BookSide) -> impl Iterator<Item = Level> + use<'a> {
        let ladder = self.ladder(side);
        let first = match side {
            BookSide::Bid => ladder.highest(),
            BookSide::Ask => ladder.lowest(),
        };
        std::iter::successors(first, move |price| match side {
            BookSide::Bid => {
                price.pips().checked_sub(1).and_then(Price::new).and_then(|limit| ladder.highest_to(limit))
            }
            BookSide::Ask => {
                price.pips().checked_add(1).and_then(Price::new).and_then(|limit| ladder.lowest_from(limit))
            }
        })
        .map(|price| Level { price, qty: ladder.get(price) })
    }

    /// Contracts of a side at `limit` or better.
    pub fn depth_to(&self, side: BookSide, limit: Price) -> Qty {
        let better = |level: &Level| match side {
            BookSide::Bid => level.price >= limit,
            BookSide::Ask => level.price <= limit,
        };
        self.levels(side).take_while(better).fold(Qty::ZERO, |sum, level| {
            sum.checked_add(level.qty).expect("a part of a ladder is at most its total, which fits")
        })
    }

    /// What it costs a new order of `taker` side to take `qty`: a `Bid` buys YES from the asks, an `Ask` sells YES to the
    /// bids. Each level's dollars are rounded as named; on Kalshi they are exact. Fees are not included.
    ///
    /// # Errors
    /// [`NotEnough`] when the book holds less.
    pub fn cost_to_fill(&self, taker: BookSide, qty: Qty, rounding: Rounding) -> Result<FillCost, NotEnough> {
        let side = taker.opposite();
        let mut fill = FillCost { qty, cost: Money::ZERO, worst: Price::ZERO, levels: 0 };
        let mut rest = qty;
        for level in self.levels(side) {
            if rest.is_zero() {
                break;
            }
            let taken = rest.min(level.qty);
            rest = rest.saturating_sub(taken);
            fill.cost = fill
                .cost
                .checked_add(notional(level.price, taken, rounding))
                .expect("a contract costs at most one dollar, so the cost fits like the total quantity");
            fill.worst = level.price;
            fill.levels += 1;
        }
        if rest.is_zero() { Ok(fill) } else { Err(NotEnough { asked: qty, available: self.total(side) }) }
    }

    const fn ladder(&self, side: BookSide) -> &'a Ladder {
        match side {
            BookSide::Bid => self.bids,
            BookSide::Ask => self.asks,
        }
    }
}
