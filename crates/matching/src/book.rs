//! The bare price-time book of one market: levels in a flat array by price, orders of a level in a linked list.
//!
//! Invariants: a level's quantity is the sum of its orders'; a bit is set exactly for levels with orders; `best` is the
//! best set bit. Orders live in one [`Slab`] shared by all books, so an order is found by its slot without a hash.
//!
//! The array has one entry per `unit` pips, the finest step the market ever had, so a whole-cent market takes 101
//! entries and a market of $0.0001 steps 10,001. It knows no accounts, no fees and no rules: those are the exchange's.

use brier_types::{BookSide, Price, Qty};

/// No slot.
pub const NONE: u32 = u32::MAX;

/// An order as the book sees it, with its caller's own part beside it: together one cache line if that part is at most
/// 40 bytes, so that whatever happens to an order touches one line of its own.
#[derive(Clone, Debug)]
struct Node<T> {
    /// What remains, in 1e-6 contract.
    qty: u64,
    prev: u32,
    next: u32,
    generation: u32,
    /// Price in pips.
    pips: u16,
    side: BookSide,
    state: State,
    data: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// Live, and in no book.
    Loose,
    Resting,
}

/// Storage of orders, addressed by slot. A freed slot is used again under a new generation.
#[derive(Clone, Debug)]
pub struct Slab<T = ()> {
    nodes: Vec<Node<T>>,
    free: Vec<u32>,
}

impl<T> Node<T> {
    fn place(&self) -> (u16, BookSide) {
        (self.pips, self.side)
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { nodes: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Takes a slot for an order that does not rest yet.
    ///
    /// # Panics
    /// At 2^32 − 1 live orders.
    pub fn insert(&mut self, side: BookSide, price: Price, qty: Qty, data: T) -> u32 {
        let (qty, pips, state) = (qty.micros(), price.pips(), State::Loose);
        if let Some(slot) = self.free.pop() {
            let node = &mut self.nodes[slot as usize];
            *node = Node { qty, prev: NONE, next: NONE, generation: node.generation, pips, side, state, data };
            return slot;
        }
        let slot =
            u32::try_from(self.nodes.len()).ok().filter(|slot| *slot != NONE).expect("fewer than 2^32 - 1 live orders");
        self.nodes.push(Node { qty, prev: NONE, next: NONE, generation: 0, pips, side, state, data });
        slot
    }

    /// Gives a slot back. The order must not rest.
    ///
    /// # Panics
    /// When it rests, or was given back before.
    pub fn free(&mut self, slot: u32) {
        let node = &mut self.nodes[slot as usize];
        assert_eq!(node.state, State::Loose, "an order leaves its book before its slot is freed, once");
        node.state = State::Free;
        node.generation = node.generation.wrapping_add(1);
        self.free.push(slot);
    }

    /// The caller's own part.
    pub fn data(&self, slot: u32) -> &T {
        &self.nodes[slot as usize].data
    }

    /// The caller's own part, to be changed.
    pub fn data_mut(&mut self, slot: u32) -> &mut T {
        &mut self.nodes[slot as usize].data
    }

    /// Whether `slot` holds an order of this generation that rests in a book.
    pub fn rests(&self, slot: u32, generation: u32) -> bool {
        self.nodes.get(slot as usize).is_some_and(|node| node.state == State::Resting && node.generation == generation)
    }

    /// How often the slot was used before.
    pub fn generation(&self, slot: u32) -> u32 {
        self.nodes[slot as usize].generation
    }

    /// Whether `slot` holds an order of this generation.
    pub fn holds(&self, slot: u32, generation: u32) -> bool {
        self.nodes.get(slot as usize).is_some_and(|node| node.state != State::Free && node.generation == generation)
    }

    /// What remains of the order.
    pub fn qty(&self, slot: u32) -> Qty {
        Qty::from_micros(self.nodes[slot as usize].qty).expect("an order's quantity is bounded where it enters")
    }

    /// The order's limit price.
    pub fn price(&self, slot: u32) -> Price {
        Price::new(self.nodes[slot as usize].pips).expect("made from a price")
    }

    /// The order's side.
    pub fn side(&self, slot: u32) -> BookSide {
        self.nodes[slot as usize].side
    }

    /// Sets price and quantity of an order that does not rest.
    pub fn reprice(&mut self, slot: u32, price: Price, qty: Qty) {
        let node = &mut self.nodes[slot as usize];
        node.pips = price.pips();
        node.qty = qty.micros();
    }

    /// Takes `qty` off an order that does not rest.
    pub fn take(&mut self, slot: u32, qty: Qty) {
        let node = &mut self.nodes[slot as usize];
        node.qty = node.qty.checked_sub(qty.micros()).expect("a fill is at most what remains");
    }

    /// Slots of all live orders, ascending.
    pub fn live(&self) -> impl Iterator<Item = u32> + '_ {
        self.nodes.iter().zip(0_u32..).filter(|(node, _)| node.state != State::Free).map(|(_, slot)| slot)
    }

    /// Free slots with the generations they will get next, the one that is taken next last.
    pub(crate) fn free_slots(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.free.iter().map(|slot| (*slot, self.generation(*slot)))
    }

    /// Number of live orders.
    pub fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// Whether there is no live order.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Clone, Copy, Debug)]
struct Level {
    head: u32,
    tail: u32,
    qty: u64,
}

impl Level {
    const EMPTY: Self = Self { head: NONE, tail: NONE, qty: 0 };
}

/// One side of a book.
#[derive(Clone, Debug)]
struct Ladder {
    levels: Vec<Level>,
    bits: Vec<u64>,
    /// Index of the best level, or `NONE`.
    best: u32,
    highest_is_best: bool,
}

impl Ladder {
    fn new(levels: usize, highest_is_best: bool) -> Self {
        Self { levels: vec![Level::EMPTY; levels], bits: vec![0; levels.div_ceil(64)], best: NONE, highest_is_best }
    }

    fn better(&self, index: u32) -> bool {
        self.best == NONE || if self.highest_is_best { index > self.best } else { index < self.best }
    }

    /// The best set bit at or behind `from`, seen from the best price.
    fn scan(&self, from: u32) -> u32 {
        let (mut word, bit) = ((from / 64) as usize, from % 64);
        if self.highest_is_best {
            let mut bits = self.bits[word] & (u64::MAX >> (63 - bit));
            loop {
                if bits != 0 {
                    return word as u32 * 64 + 63 - bits.leading_zeros();
                }
                if word == 0 {
                    return NONE;
                }
                word -= 1;
                bits = self.bits[word];
            }
        }
        let mut bits = self.bits[word] & (u64::MAX << bit);
        loop {
            if bits != 0 {
                return word as u32 * 64 + bits.trailing_zeros();
            }
            word += 1;
            match self.bits.get(word) {
                Some(next) => bits = *next,
                None => return NONE,
            }
        }
    }

    /// The set bit behind `index`, seen from the best price, or `NONE`.
    fn behind(&self, index: u32) -> u32 {
        if self.highest_is_best {
            if index == 0 { NONE } else { self.scan(index - 1) }
        } else if index as usize + 1 < self.levels.len() {
            self.scan(index + 1)
        } else {
            NONE
        }
    }

    #[inline]
    fn push<T>(&mut self, nodes: &mut [Node<T>], index: u32, slot: u32) {
        let level = &mut self.levels[index as usize];
        level.qty += nodes[slot as usize].qty;
        let tail = level.tail;
        level.tail = slot;
        if tail == NONE {
            level.head = slot;
            self.bits[(index / 64) as usize] |= 1 << (index % 64);
            if self.better(index) {
                self.best = index;
            }
        } else {
            nodes[tail as usize].next = slot;
        }
        let node = &mut nodes[slot as usize];
        node.prev = tail;
        node.next = NONE;
        node.state = State::Resting;
    }

    #[inline]
    fn unlink<T>(&mut self, nodes: &mut [Node<T>], index: u32, slot: u32) {
        let node = &mut nodes[slot as usize];
        node.state = State::Loose;
        let (qty, prev, next) = (node.qty, node.prev, node.next);
        let level = &mut self.levels[index as usize];
        level.qty -= qty;
        match prev {
            NONE => level.head = next,
            prev => nodes[prev as usize].next = next,
        }
        match next {
            NONE => level.tail = prev,
            next => nodes[next as usize].prev = prev,
        }
        if self.levels[index as usize].head == NONE {
            self.bits[(index / 64) as usize] &= !(1 << (index % 64));
            if self.best == index {
                self.best = self.scan(index);
            }
        }
    }
}

/// The first order of the best level of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Front {
    /// Its slot.
    pub slot: u32,
    /// Its price.
    pub price: Price,
}

/// The book of one market.
#[derive(Clone, Debug)]
pub struct OrderBook {
    bids: Ladder,
    asks: Ladder,
    unit: u16,
    /// 2^32 / `unit`, rounded up: a multiplication stands in for the division, exact for prices.
    reciprocal: u64,
}

impl OrderBook {
    /// A book for prices that are multiples of `unit` pips.
    ///
    /// # Panics
    /// When `unit` is zero: a grid's step never is.
    pub fn new(unit: u16) -> Self {
        assert!(unit > 0, "a price step is positive");
        let levels = usize::from(10_000 / unit) + 1;
        Self {
            bids: Ladder::new(levels, true),
            asks: Ladder::new(levels, false),
            unit,
            reciprocal: (1_u64 << 32).div_ceil(u64::from(unit)),
        }
    }

    fn index(&self, pips: u16) -> u32 {
        ((u64::from(pips) * self.reciprocal) >> 32) as u32
    }

    fn price_at(&self, index: u32) -> Price {
        Price::new(index as u16 * self.unit).expect("a level's index is within the array")
    }

    fn ladder(&self, side: BookSide) -> &Ladder {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    fn ladder_mut(&mut self, side: BookSide) -> &mut Ladder {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    /// Puts an order behind all others at its price.
    #[inline]
    pub fn rest<T>(&mut self, slab: &mut Slab<T>, slot: u32) {
        let (pips, side) = slab.nodes[slot as usize].place();
        let index = self.index(pips);
        debug_assert_eq!(self.price_at(index).pips(), pips, "a resting price is a multiple of the unit");
        self.ladder_mut(side).push(&mut slab.nodes, index, slot);
    }

    /// Takes a resting order out; it keeps its slot.
    #[inline]
    pub fn remove<T>(&mut self, slab: &mut Slab<T>, slot: u32) {
        let (pips, side) = slab.nodes[slot as usize].place();
        let index = self.index(pips);
        self.ladder_mut(side).unlink(&mut slab.nodes, index, slot);
    }

    /// Takes `qty` off a resting order, which keeps its place; at zero it leaves the book and keeps its slot.
    #[inline]
    pub fn reduce<T>(&mut self, slab: &mut Slab<T>, slot: u32, qty: Qty) {
        let (pips, side) = slab.nodes[slot as usize].place();
        let remaining = slab.nodes[slot as usize].qty;
        let index = self.index(pips);
        let ladder = self.ladder_mut(side);
        if remaining == qty.micros() {
            ladder.unlink(&mut slab.nodes, index, slot);
            slab.nodes[slot as usize].qty = 0;
        } else {
            slab.nodes[slot as usize].qty =
                remaining.checked_sub(qty.micros()).expect("a fill is at most what remains");
            ladder.levels[index as usize].qty -= qty.micros();
        }
    }

    /// The order that trades next on `side`.
    pub fn front(&self, side: BookSide) -> Option<Front> {
        let ladder = self.ladder(side);
        if ladder.best == NONE {
            return None;
        }
        Some(Front { slot: ladder.levels[ladder.best as usize].head, price: self.price_at(ladder.best) })
    }

    /// The order that an order on `side` with this limit would hit next.
    #[inline]
    pub fn front_for(&self, side: BookSide, limit: Price) -> Option<Front> {
        let ladder = self.ladder(side.opposite());
        // The price alone decides, so that an order that takes nothing reads no level of the other side.
        let crosses = ladder.best != NONE
            && match side {
                BookSide::Bid => self.price_at(ladder.best) <= limit,
                BookSide::Ask => self.price_at(ladder.best) >= limit,
            };
        if crosses { self.front(side.opposite()) } else { None }
    }

    /// Levels of a side with their total quantity, best first.
    pub fn levels(&self, side: BookSide) -> impl Iterator<Item = (Price, Qty)> + '_ {
        let ladder = self.ladder(side);
        let listed = |index: u32| Some(index).filter(|index| *index != NONE);
        std::iter::successors(listed(ladder.best), move |index| listed(ladder.behind(*index))).map(move |index| {
            let qty = Qty::from_micros(ladder.levels[index as usize].qty).expect("a level is a sum of bounded orders");
            (self.price_at(index), qty)
        })
    }

    /// What rests at a price.
    pub fn level(&self, side: BookSide, price: Price) -> Qty {
        let level = self.ladder(side).levels[self.index(price.pips()) as usize].qty;
        Qty::from_micros(level).expect("a level is a sum of bounded orders")
    }

    /// Contracts that may still join a level, so that its sum stays a quantity.
    #[inline]
    pub(crate) fn room(&self, side: BookSide, price: Price) -> Qty {
        Qty::MAX.saturating_sub(self.level(side, price))
    }

    /// Orders of one level in the order in which they trade.
    pub fn orders_at<'a, T>(
        &'a self,
        slab: &'a Slab<T>,
        side: BookSide,
        price: Price,
    ) -> impl Iterator<Item = u32> + 'a {
        let head = self.ladder(side).levels[self.index(price.pips()) as usize].head;
        let listed = |slot: u32| Some(slot).filter(|slot| *slot != NONE);
        std::iter::successors(listed(head), move |slot| listed(slab.nodes[*slot as usize].next))
    }

    /// Orders of a side in the order in which they trade.
    pub fn orders<'a, T>(&'a self, slab: &'a Slab<T>, side: BookSide) -> impl Iterator<Item = u32> + 'a {
        self.levels(side).flat_map(move |(price, _)| self.orders_at(slab, side, price))
    }

    /// Quantity that trades before the resting order at its price.
    pub fn ahead_at_level<T>(&self, slab: &Slab<T>, slot: u32) -> Qty {
        let mut ahead = 0;
        let mut at = slab.nodes[slot as usize].prev;
        while at != NONE {
            ahead += slab.nodes[at as usize].qty;
            at = slab.nodes[at as usize].prev;
        }
        Qty::from_micros(ahead).expect("a level is a sum of bounded orders")
    }

    /// Makes room for prices that are multiples of `unit` pips; resting orders stay where they are.
    pub fn refine<T>(&mut self, slab: &mut Slab<T>, unit: u16) {
        if self.unit == unit {
            return;
        }
        let resting: Vec<u32> = [BookSide::Bid, BookSide::Ask]
            .into_iter()
            .flat_map(|side| self.orders(slab, side).collect::<Vec<_>>())
            .collect();
        *self = Self::new(unit);
        for slot in resting {
            self.rest(slab, slot);
        }
    }

    /// The step of the array, in pips.
    pub fn unit(&self) -> u16 {
        self.unit
    }

    /// Checks the book's own invariants.
    ///
    /// # Panics
    /// When one is broken.
    pub fn check<T>(&self, slab: &Slab<T>) {
        for side in [BookSide::Bid, BookSide::Ask] {
            let ladder = self.ladder(side);
            for (index, level) in (0_u32..).zip(&ladder.levels) {
                let set = ladder.bits[(index / 64) as usize] >> (index % 64) & 1 == 1;
                assert_eq!(set, level.head != NONE, "a bit is set exactly for a level with orders");
                let mut sum = 0;
                let mut last = NONE;
                let mut at = level.head;
                while at != NONE {
                    let node = &slab.nodes[at as usize];
                    assert!(node.state == State::Resting && node.qty > 0, "a listed order rests and has a quantity");
                    assert_eq!(
                        (node.prev, node.side, self.index(node.pips)),
                        (last, side, index),
                        "links and place agree"
                    );
                    sum += node.qty;
                    last = at;
                    at = node.next;
                }
                assert_eq!((level.tail, level.qty), (last, sum), "a level's tail and quantity agree with its orders");
            }
            let best =
                if ladder.highest_is_best { ladder.scan(ladder.levels.len() as u32 - 1) } else { ladder.scan(0) };
            assert_eq!(ladder.best, best, "the best level is the best set bit");
        }
        if let (Some(bid), Some(ask)) = (self.front(BookSide::Bid), self.front(BookSide::Ask)) {
            assert!(bid.price < ask.price, "our own book is never crossed");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reciprocal_divides_every_price_exactly() {
        for unit in 1..=10_000_u16 {
            if 10_000 % unit != 0 {
                continue;
            }
            let reciprocal = (1_u64 << 32).div_ceil(u64::from(unit));
            for pips in 0..=10_000_u16 {
                assert_eq!((u64::from(pips) * reciprocal) >> 32, u64::from(pips / unit), "{pips} / {unit}");
            }
        }
    }
}
