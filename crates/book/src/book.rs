//! One market's book: two ladders in YES terms and how far they can be believed.

use brier_types::{BookSide, Price, Qty, SignedQty};

use crate::ladder::{Ladder, LadderError};
use crate::trust::{StaleReason, Trust, Untrusted};
use crate::view::BookView;

/// One market's order book, in YES terms.
///
/// ```
/// use brier_book::Book;
/// use brier_types::{BookSide, Price, Qty, SignedQty};
/// let (bid, ask) = (Price::from_cents(41).unwrap(), Price::from_cents(45).unwrap());
/// let qty = Qty::from_contracts(30).unwrap();
/// let mut book = Book::new();
/// assert!(book.view().is_err());
/// book.load([(BookSide::Bid, bid, qty), (BookSide::Ask, ask, qty)])?;
/// assert!(book.apply_delta(BookSide::Bid, bid, SignedQty::from_micros(5_000_000).unwrap())?);
/// assert_eq!(book.view().unwrap().best_bid().unwrap().qty.to_string(), "35.00");
/// # Ok::<(), brier_book::StaleReason>(())
/// ```
#[derive(Clone, Debug)]
pub struct Book {
    trust: Trust,
    bids: Ladder,
    asks: Ladder,
}

impl Default for Book {
    fn default() -> Self {
        Self::new()
    }
}

impl Book {
    /// A book of which nothing is known.
    pub const fn new() -> Self {
        Self { trust: Trust::Empty, bids: Ladder::new(), asks: Ladder::new() }
    }

    /// How far this book can be believed. A trusted book may still be crossed for a moment: see [`Book::view`].
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The book for deciding.
    ///
    /// # Errors
    /// [`Untrusted`] while the book is not built, stale or crossed; do not quote, do not trade, pull what rests.
    #[inline]
    pub fn view(&self) -> Result<BookView<'_>, Untrusted> {
        match &self.trust {
            Trust::Trusted => {}
            Trust::Empty => return Err(Untrusted::Empty),
            Trust::Building => return Err(Untrusted::Building),
            Trust::Stale(reason) => return Err(Untrusted::Stale(reason.clone())),
        }
        match (self.bids.highest(), self.asks.lowest()) {
            (Some(bid), Some(ask)) if bid >= ask => Err(Untrusted::Crossed { bid, ask }),
            _ => Ok(self.view_untrusted()),
        }
    }

    /// The book whatever its trust: for diagnostics and checksums only, never for a decision.
    pub const fn view_untrusted(&self) -> BookView<'_> {
        BookView::new(&self.bids, &self.asks)
    }

    /// Notes that a snapshot is on its way. A stale book stays stale with its reason until it comes.
    pub fn expect_snapshot(&mut self) {
        if self.trust == Trust::Empty {
            self.trust = Trust::Building;
        }
    }

    /// Takes the trust away. What was known stays for [`Book::view_untrusted`]; the first reason is kept.
    pub fn mark_stale(&mut self, reason: StaleReason) {
        if !matches!(self.trust, Trust::Stale(_)) {
            self.trust = Trust::Stale(reason);
        }
    }

    /// Replaces the whole book by a snapshot and trusts it. Levels may come in any order; a level of zero is no level.
    ///
    /// # Errors
    /// [`StaleReason`] when a level is impossible or named twice; the book is stale then.
    pub fn load(&mut self, levels: impl IntoIterator<Item = (BookSide, Price, Qty)>) -> Result<(), StaleReason> {
        self.bids.clear();
        self.asks.clear();
        for (side, price, qty) in levels {
            if let Err(reason) = self.load_level(side, price, qty) {
                self.trust = Trust::Stale(reason.clone());
                return Err(reason);
            }
        }
        self.trust = Trust::Trusted;
        Ok(())
    }

    #[inline]
    fn load_level(&mut self, side: BookSide, price: Price, qty: Qty) -> Result<(), StaleReason> {
        let after =
            self.ladder_mut(side).change(price, qty.signed()).map_err(|error| StaleReason::Level { side, error })?;
        if after == qty { Ok(()) } else { Err(StaleReason::DuplicateLevel { side, price }) }
    }

    /// Changes one level of a trusted book; `false` when the book is not trusted and the change was ignored.
    ///
    /// # Errors
    /// [`StaleReason`] when the level would become impossible: the change is not applied and the book is stale.
    #[inline]
    pub fn apply_delta(&mut self, side: BookSide, price: Price, change: SignedQty) -> Result<bool, StaleReason> {
        self.alter(side, |ladder| ladder.change(price, change).map(|_after| ()))
    }

    /// Makes one level of a trusted book hold `qty`; `false` when the book is not trusted and the change was ignored.
    ///
    /// # Errors
    /// [`StaleReason`] when the level is impossible: the change is not applied and the book is stale.
    #[inline]
    pub fn set_level(&mut self, side: BookSide, price: Price, qty: Qty) -> Result<bool, StaleReason> {
        self.alter(side, |ladder| ladder.set(price, qty))
    }

    #[inline]
    fn alter(
        &mut self,
        side: BookSide,
        change: impl FnOnce(&mut Ladder) -> Result<(), LadderError>,
    ) -> Result<bool, StaleReason> {
        if !matches!(self.trust, Trust::Trusted) {
            return Ok(false);
        }
        match change(self.ladder_mut(side)) {
            Ok(()) => Ok(true),
            Err(error) => {
                let reason = StaleReason::Level { side, error };
                self.trust = Trust::Stale(reason.clone());
                Err(reason)
            }
        }
    }

    #[inline]
    const fn ladder_mut(&mut self, side: BookSide) -> &mut Ladder {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }
}
