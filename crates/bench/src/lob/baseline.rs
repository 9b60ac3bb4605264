//! A book as one writes it first, to compare with: levels in a B-tree, a level's orders in a queue, orders found by hash.
//!
//! Canceling searches the level from its front. No accounts, fees or positions.

use std::collections::{BTreeMap, HashMap, VecDeque};

use brier_types::{BookSide, Price, Qty};

use super::{Engine, Fill, Limit, Operation, markets};

type Levels = BTreeMap<Price, VecDeque<(u64, Qty)>>;

/// Plain books.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Bids and asks of each market.
    books: Vec<[Levels; 2]>,
    places: HashMap<u64, (BookSide, Price)>,
    fills: Vec<Fill>,
}

fn place(side: BookSide) -> usize {
    match side {
        BookSide::Bid => 0,
        BookSide::Ask => 1,
    }
}

impl Baseline {
    /// Empty books for this flow.
    pub fn new(operations: &[Operation]) -> Self {
        Self::with_markets(markets(operations), operations.len())
    }

    pub(super) fn with_markets(markets: usize, operations: usize) -> Self {
        Self { books: vec![Default::default(); markets], places: HashMap::new(), fills: Vec::with_capacity(operations) }
    }

    /// The best price of one side.
    pub(super) fn best(&self, market: usize, side: BookSide) -> Option<Price> {
        let levels = &self.books[market][place(side)];
        let best = match side {
            BookSide::Bid => levels.last_key_value(),
            BookSide::Ask => levels.first_key_value(),
        };
        best.map(|(price, _)| *price)
    }

    /// Whether an order rests.
    pub(super) fn rests(&self, id: u64) -> bool {
        self.places.contains_key(&id)
    }

    fn cancel(&mut self, market: usize, id: u64) {
        let Some((side, price)) = self.places.remove(&id) else { return };
        let levels = &mut self.books[market][place(side)];
        let level = levels.get_mut(&price).expect("a resting order has a level");
        let at = level.iter().position(|order| order.0 == id).expect("a resting order is in its level");
        level.remove(at);
        if level.is_empty() {
            levels.remove(&price);
        }
    }

    fn take(&mut self, market: usize, taker: u64, Limit { side, price, qty }: Limit) -> Qty {
        let mut remaining = qty;
        while !remaining.is_zero() {
            let best = self.best(market, side.opposite()).filter(|best| match side {
                BookSide::Bid => *best <= price,
                BookSide::Ask => *best >= price,
            });
            let Some(best) = best else { break };
            let levels = &mut self.books[market][place(side.opposite())];
            let level = levels.get_mut(&best).expect("the best price has a level");
            let front = level.front_mut().expect("a level has orders");
            let (maker, traded) = (front.0, remaining.min(front.1));
            front.1 = front.1.saturating_sub(traded);
            remaining = remaining.saturating_sub(traded);
            if front.1.is_zero() {
                level.pop_front();
                self.places.remove(&maker);
                if level.is_empty() {
                    levels.remove(&best);
                }
            }
            let contracts = traded.micros() / Qty::PER_CONTRACT;
            self.fills.push(Fill { maker, taker, cents: best.pips() / 100, contracts });
        }
        remaining
    }
}

impl Engine for Baseline {
    fn apply(&mut self, operation: &Operation) {
        let (market, id) = (operation.market as usize, operation.id);
        let Some(limit) = operation.order else {
            self.cancel(market, id);
            return;
        };
        let remaining = self.take(market, id, limit);
        if !remaining.is_zero() {
            self.books[market][place(limit.side)].entry(limit.price).or_default().push_back((id, remaining));
            self.places.insert(id, (limit.side, limit.price));
        }
    }

    fn fills(&self) -> &[Fill] {
        &self.fills
    }

    fn resting(&self) -> usize {
        self.places.len()
    }
}
