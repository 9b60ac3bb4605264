//! Order flow like that of the workloads, made on the spot: for benchmarks and tests that come without files.
//!
//! First passive orders in every market in turn, then 55 % passive orders, 35 % cancels and 10 % orders that cross, in a
//! skewed choice of markets around prices that wander. Ids count from 1; only resting orders are canceled.

use std::collections::HashMap;

use brier_types::{BookSide, Price, Qty};

use super::{Baseline, Engine, Limit, Operation};
use crate::random::Random;

/// A flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// All operations.
    pub operations: Vec<Operation>,
    /// How many of them only fill the books.
    pub prefill: usize,
}

/// Resting orders of one market, for a fair pick.
#[derive(Clone, Debug, Default)]
struct Live {
    ids: Vec<u64>,
    places: HashMap<u64, usize>,
}

impl Live {
    fn insert(&mut self, id: u64) {
        self.places.insert(id, self.ids.len());
        self.ids.push(id);
    }

    fn remove(&mut self, id: u64) {
        if let Some(place) = self.places.remove(&id) {
            self.ids.swap_remove(place);
            if let Some(moved) = self.ids.get(place) {
                self.places.insert(*moved, place);
            }
        }
    }
}

struct Generator {
    random: Random,
    /// Knows what rests.
    book: Baseline,
    live: Vec<Live>,
    mids: Vec<u64>,
    next: u64,
}

/// `prefill` orders in each market, then `count` operations; the same seed gives the same flow.
pub fn generate(markets: usize, prefill: usize, count: usize, seed: u64) -> Flow {
    let mut random = Random::new(seed);
    let prefill = markets * prefill;
    let mut it = Generator {
        book: Baseline::with_markets(markets, prefill + count),
        live: vec![Live::default(); markets],
        mids: (0..markets).map(|_| 30 + random.below(40)).collect(),
        random,
        next: 1,
    };
    let first: Vec<Operation> = (0..prefill).map(|index| it.passive(index % markets)).collect();
    let operations = first.into_iter().chain((0..count).map(|_| it.operation())).collect();
    Flow { operations, prefill }
}

impl Generator {
    fn operation(&mut self) -> Operation {
        // The cube of an even number: most of the traffic is in few markets.
        let spread = self.random.below(1 << 16);
        let market = ((spread.pow(3) * self.mids.len() as u64) >> 48) as usize;
        if self.random.below(200) == 0 {
            self.mids[market] = (self.mids[market] + self.random.below(3)).saturating_sub(1).clamp(10, 90);
        }
        match self.random.below(100) {
            55..90 if !self.live[market].ids.is_empty() => self.cancel(market),
            90.. => self.crossing(market),
            _ => self.passive(market),
        }
    }

    fn side(&mut self) -> BookSide {
        if self.random.below(2) == 0 { BookSide::Bid } else { BookSide::Ask }
    }

    fn cancel(&mut self, market: usize) -> Operation {
        let place = self.random.below(self.live[market].ids.len() as u64) as usize;
        self.done(Operation { id: self.live[market].ids[place], market: market as u32, order: None })
    }

    /// An order some cents away from the middle that meets nothing.
    fn passive(&mut self, market: usize) -> Operation {
        let side = self.side();
        let mut away = 1;
        while away < 40 && self.random.below(100) >= 18 {
            away += 1;
        }
        let (mid, other) = (self.mids[market], self.book.best(market, side.opposite()).map(cents));
        let wanted = match side {
            BookSide::Bid => mid.saturating_sub(away).min(other.map_or(99, |ask| ask - 1)),
            BookSide::Ask => (mid + away).max(other.map_or(1, |bid| bid + 1)),
        };
        let contracts = 1 + self.random.below(100);
        self.limit(market, side, wanted, contracts)
    }

    /// An order at the other side's best price or up to two cents beyond.
    fn crossing(&mut self, market: usize) -> Operation {
        let (side, beyond) = (self.side(), self.random.below(3));
        let best = self.book.best(market, side.opposite()).map_or(self.mids[market], cents);
        let wanted = match side {
            BookSide::Bid => best + beyond,
            BookSide::Ask => best.saturating_sub(beyond),
        };
        let contracts = 1 + self.random.below(200);
        self.limit(market, side, wanted, contracts)
    }

    fn limit(&mut self, market: usize, side: BookSide, wanted: u64, contracts: u64) -> Operation {
        let price = Price::from_cents(wanted.clamp(1, 99) as u8).expect("below 100 cents");
        let qty = Qty::from_contracts(contracts).expect("a few contracts");
        let id = self.next;
        self.next += 1;
        self.done(Operation { id, market: market as u32, order: Some(Limit { side, price, qty }) })
    }

    /// Follows what the operation does to the resting orders.
    fn done(&mut self, operation: Operation) -> Operation {
        let (before, live) = (self.book.fills().len(), &mut self.live[operation.market as usize]);
        self.book.apply(&operation);
        for fill in &self.book.fills()[before..] {
            if !self.book.rests(fill.maker) {
                live.remove(fill.maker);
            }
        }
        if self.book.rests(operation.id) {
            live.insert(operation.id);
        } else {
            live.remove(operation.id);
        }
        operation
    }
}

fn cents(price: Price) -> u64 {
    u64::from(price.pips() / 100)
}
