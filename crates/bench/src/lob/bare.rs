//! The bare book: price-time priority alone, no accounts.

use brier_matching::book::{OrderBook, Slab};
use brier_types::Qty;

use super::{Engine, Fill, Limit, Operation, highest_id, markets};

/// Bare books of markets in whole cents.
///
/// The caller's ids are mapped to slots by an array, as a caller with dense ids of its own would.
#[derive(Clone, Debug)]
pub struct Bare {
    books: Vec<OrderBook>,
    slab: Slab,
    /// Beside each order id its slot and generation.
    handles: Vec<(u32, u32)>,
    /// Beside each slot its order id.
    ids: Vec<u64>,
    fills: Vec<Fill>,
}

impl Bare {
    /// Empty books for this flow.
    pub fn new(operations: &[Operation]) -> Self {
        Self {
            books: vec![OrderBook::new(100); markets(operations)],
            slab: Slab::default(),
            handles: vec![(u32::MAX, 0); highest_id(operations) + 1],
            ids: Vec::new(),
            fills: Vec::with_capacity(operations.len()),
        }
    }
}

impl Engine for Bare {
    #[inline]
    fn apply(&mut self, operation: &Operation) {
        let (book, slab) = (&mut self.books[operation.market as usize], &mut self.slab);
        let Some(Limit { side, price, qty }) = operation.order else {
            let (slot, generation) = self.handles[operation.id as usize];
            if slab.holds(slot, generation) {
                book.remove(slab, slot);
                slab.free(slot);
            }
            return;
        };
        let mut remaining = qty;
        while let Some(front) = book.front_for(side, price) {
            let traded = remaining.min(slab.qty(front.slot));
            book.reduce(slab, front.slot, traded);
            self.fills.push(Fill {
                maker: self.ids[front.slot as usize],
                taker: operation.id,
                cents: front.price.pips() / 100,
                contracts: traded.micros() / Qty::PER_CONTRACT,
            });
            if slab.qty(front.slot).is_zero() {
                slab.free(front.slot);
            }
            remaining = remaining.saturating_sub(traded);
            if remaining.is_zero() {
                return;
            }
        }
        let slot = slab.insert(side, price, remaining, ());
        book.rest(slab, slot);
        self.handles[operation.id as usize] = (slot, slab.generation(slot));
        if slot as usize == self.ids.len() {
            self.ids.push(operation.id);
        } else {
            self.ids[slot as usize] = operation.id;
        }
    }

    fn fills(&self) -> &[Fill] {
        &self.fills
    }

    fn resting(&self) -> usize {
        self.slab.len()
    }
}
