//! What is held against what: books by their levels and hashes, and how often they agreed.

use brier_book::BookView;
use brier_polymarket_protocol::book_hash::{HashInput, hash};
use brier_polymarket_protocol::clob::{self, Level};
use brier_types::{BookSide, Money, Qty};

use super::super::summary::Check;

/// Comparisons that were made, and those that agreed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) equal: usize,
    pub(crate) compared: usize,
}

impl Tally {
    pub(crate) fn count(&mut self, equal: bool) {
        self.compared += 1;
        self.equal += usize::from(equal);
    }

    pub(crate) const fn check(self, what: &'static str) -> Check {
        Check { what, equal: self.equal, compared: self.compared }
    }
}

/// Whether a book has exactly these levels.
pub(crate) fn equals(book: &BookView<'_>, wanted: &BookView<'_>) -> bool {
    [BookSide::Bid, BookSide::Ask].into_iter().all(|side| book.levels(side).eq(wanted.levels(side)))
}

/// The hash that REST would give its book if it had the levels of ours.
pub(super) fn rehash(rest: &clob::Book, view: &BookView<'_>) -> Option<String> {
    // The best level comes last.
    let side = |side| {
        let mut levels: Vec<_> = view.levels(side).map(|it| Level { price: it.price, size: it.qty }).collect();
        levels.reverse();
        levels
    };
    let book = clob::Book { bids: side(BookSide::Bid), asks: side(BookSide::Ask), ..rest.clone() };
    let text = serde_json::to_string(&book).ok()?;
    serde_json::from_str::<HashInput<'_>>(&text).ok().map(|input| hash(&input))
}

/// A balance of dollars as money.
pub(crate) fn dollars(held: Qty) -> Option<Money> {
    i64::try_from(held.micros()).ok().map(Money::from_micros)
}
