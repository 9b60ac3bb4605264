//! All our orders, found by key without a hash, by market, by our name and by the venue's.
//!
//! A client order id carries its slot and generation (`PREFIX-SLOT-GENERATION` in base 36), so it is found by reading it, and
//! it is never given twice: generations only grow and are kept over restarts. The ids of free slots are made ahead, so that
//! making an order allocates nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_types::{BookSide, ClientOrderId, Price, Qty, Timestamp, VenueOrderId};

use crate::ids::{MarketId, OrderKey};
use crate::order::{EndReason, Order, OrderState};

/// How many finished orders are kept for late messages before the oldest make room.
const KEPT_FINISHED: usize = 4_096;

/// How long a book may still show what an order no longer offers: fills and books come by separate channels.
pub(crate) const BOOK_LATE: Duration = Duration::from_secs(3);

#[derive(Clone, Debug)]
struct Slot {
    generation: u32,
    /// The id of the next order here, made ahead.
    next_id: ClientOrderId,
    order: Option<Order>,
    /// What its market's book may show of the order, as of the last time it settled.
    offered: [Option<(Price, Qty)>; 2],
}

/// What an order offered until lately, and a book that is behind still shows.
#[derive(Clone, Copy, Debug)]
struct Residue {
    side: BookSide,
    price: Price,
    qty: Qty,
    until: Timestamp,
}

/// The store of orders.
#[derive(Clone, Debug)]
pub struct Orders {
    prefix: String,
    slots: Vec<Slot>,
    /// Free slots, the last one is taken first.
    free: Vec<u32>,
    by_venue_id: BTreeMap<VenueOrderId, OrderKey>,
    /// Orders that may still fill or miss a fill, by market.
    open: Vec<Vec<OrderKey>>,
    /// The same of all markets together.
    all_open: Vec<OrderKey>,
    /// What is gone from our orders and perhaps not from the books, by market. Not kept over a restart: books come anew.
    residues: Vec<Vec<Residue>>,
    /// Finished orders, oldest first.
    finished: std::collections::VecDeque<OrderKey>,
}

/// Base 36, lower case.
fn base36(mut number: u32, out: &mut String) {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = [0u8; 7];
    let mut count = 0;
    loop {
        digits[count] = DIGITS[(number % 36) as usize];
        count += 1;
        number /= 36;
        if number == 0 {
            break;
        }
    }
    out.extend(digits[..count].iter().rev().map(|digit| char::from(*digit)));
}

impl Orders {
    /// No orders. `prefix` starts every id of this journal: 1 to 40 letters and digits that no other journal of the account
    /// has.
    ///
    /// # Panics
    /// When the prefix is none.
    pub fn new(prefix: &str, room: u32) -> Self {
        assert!(
            (1..=40).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "the shell makes prefixes of letters and digits"
        );
        let mut orders = Self {
            prefix: prefix.to_owned(),
            slots: Vec::new(),
            free: Vec::new(),
            by_venue_id: BTreeMap::new(),
            open: Vec::new(),
            all_open: Vec::with_capacity(256),
            residues: Vec::new(),
            finished: std::collections::VecDeque::with_capacity(KEPT_FINISHED + 1),
        };
        orders.grow(room.max(16));
        orders
    }

    /// What every id starts with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    fn id_of(&self, slot: u32, generation: u32) -> ClientOrderId {
        let mut text = String::with_capacity(self.prefix.len() + 16);
        text.push_str(&self.prefix);
        text.push('-');
        base36(slot, &mut text);
        text.push('-');
        base36(generation, &mut text);
        ClientOrderId::new(&text).expect("a prefix and two short numbers are printable and at most 64 bytes")
    }

    fn grow(&mut self, by: u32) {
        let first = u32::try_from(self.slots.len()).expect("fewer than 2^32 orders");
        for slot in first..first + by {
            let next_id = self.id_of(slot, 0);
            self.slots.push(Slot { generation: 0, next_id, order: None, offered: [None; 2] });
        }
        self.free.extend((first..first + by).rev());
    }

    /// Makes room for a market.
    pub fn add_market(&mut self, market: MarketId) {
        while self.open.len() <= market.index() {
            self.open.push(Vec::with_capacity(16));
        }
        while self.residues.len() <= market.index() {
            self.residues.push(Vec::with_capacity(16));
        }
    }

    /// The key and id that the next order will have. Nothing is taken yet.
    pub fn peek(&mut self) -> (OrderKey, ClientOrderId) {
        if self.free.is_empty() {
            self.grow(self.slots.len() as u32);
        }
        let slot = *self.free.last().expect("room was just made");
        let place = &self.slots[slot as usize];
        (OrderKey { slot, generation: place.generation }, place.next_id.clone())
    }

    /// Keeps a new order under the key of [`Orders::peek`].
    ///
    /// # Panics
    /// When its key is not that one.
    pub fn insert(&mut self, order: Order) {
        let slot = self.free.pop().expect("a key was peeked at");
        let place = &mut self.slots[slot as usize];
        assert!(
            order.key == OrderKey { slot, generation: place.generation } && place.order.is_none(),
            "an order is kept under the key that was made for it"
        );
        self.open[order.market.index()].push(order.key);
        self.all_open.push(order.key);
        place.offered = order.offered();
        place.order = Some(order);
    }

    /// An order.
    #[inline]
    pub fn get(&self, key: OrderKey) -> Option<&Order> {
        self.slots.get(key.slot as usize).filter(|slot| slot.generation == key.generation)?.order.as_ref()
    }

    /// An order, to be changed by the engine; [`Orders::settle`] must follow.
    pub(crate) fn get_mut(&mut self, key: OrderKey) -> Option<&mut Order> {
        self.slots.get_mut(key.slot as usize).filter(|slot| slot.generation == key.generation)?.order.as_mut()
    }

    /// Puts an order where it belongs after a change: among the open ones, or among the finished.
    pub(crate) fn settle(&mut self, key: OrderKey, now: Timestamp) {
        let Some(order) = self.get(key) else { return };
        let (market, is_open) = (order.market, order.is_open());
        self.note_residues(key, now);
        let open = &mut self.open[market.index()];
        let place = open.iter().position(|known| *known == key);
        match (place, is_open) {
            (Some(place), false) => {
                open.remove(place);
                self.all_open.retain(|known| *known != key);
                self.finished.push_back(key);
                self.forget_oldest();
            }
            (None, true) => {
                open.push(key);
                self.all_open.push(key);
                self.finished.retain(|known| *known != key);
            }
            (Some(_), true) | (None, false) => {}
        }
    }

    /// Notes what an order offered when it last settled and offers no more.
    fn note_residues(&mut self, key: OrderKey, now: Timestamp) {
        let place = &mut self.slots[key.slot as usize];
        let Some(order) = &place.order else { return };
        let offers = order.offered();
        let before = std::mem::replace(&mut place.offered, offers);
        // The venue never had it.
        if matches!(order.state, OrderState::Done { reason: EndReason::Rejected | EndReason::NeverArrived }) {
            return;
        }
        let (side, residues) = (order.side, &mut self.residues[order.market.index()]);
        for (price, qty) in before.into_iter().flatten() {
            let left = offers.iter().flatten().find(|(at, _)| *at == price).map_or(Qty::ZERO, |(_, left)| *left);
            let qty = qty.saturating_sub(left);
            if !qty.is_zero() {
                residues.retain(|residue| now < residue.until);
                residues.push(Residue { side, price, qty, until: now.plus(BOOK_LATE) });
            }
        }
    }

    /// The most of a level of a market's book that may be ours: what our orders offer there, what they would offer if their
    /// changes were made, and what they offered until lately.
    pub(crate) fn offered_at(&self, market: MarketId, side: BookSide, price: Price, now: Timestamp) -> Qty {
        let open = self.open_keys(market).iter().filter_map(|key| self.get(*key)).filter(|order| order.side == side);
        let offers = open.flat_map(Order::offered).flatten();
        let residues = self.residues.get(market.index()).into_iter().flatten();
        let residues = residues.filter(|residue| residue.side == side && now < residue.until);
        offers
            .chain(residues.map(|residue| (residue.price, residue.qty)))
            .filter(|(at, _)| *at == price)
            .fold(Qty::ZERO, |sum, (_, qty)| sum.checked_add(qty).unwrap_or(Qty::MAX))
    }

    fn forget_oldest(&mut self) {
        while self.finished.len() > KEPT_FINISHED {
            let Some(oldest) = self.finished.pop_front() else { return };
            let generation = oldest.generation.checked_add(1).expect("a slot is used fewer than 2^32 times");
            let next_id = self.id_of(oldest.slot, generation);
            let place = &mut self.slots[oldest.slot as usize];
            if let Some(order) = place.order.take()
                && let Some(venue_id) = &order.venue_id
            {
                self.by_venue_id.remove(venue_id);
            }
            place.generation = generation;
            place.next_id = next_id;
            self.free.insert(0, oldest.slot);
        }
    }

    /// Notes the venue's name of an order. `false` when it is another order's.
    pub(crate) fn name(&mut self, key: OrderKey, venue_id: &VenueOrderId) -> bool {
        if let Some(known) = self.by_venue_id.get(venue_id) {
            *known == key
        } else {
            let Some(order) = self.get_mut(key) else { return false };
            if order.venue_id.as_ref().is_some_and(|known| known != venue_id) {
                return false;
            }
            order.venue_id = Some(venue_id.clone());
            self.by_venue_id.insert(venue_id.clone(), key);
            true
        }
    }

    /// The order of a venue's name.
    pub fn by_venue_id(&self, venue_id: &str) -> Option<OrderKey> {
        self.by_venue_id.get(venue_id).copied()
    }

    /// The order of one of our names; `None` for names that this journal never gave or has forgotten.
    pub fn by_client_id(&self, id: &str) -> Option<OrderKey> {
        let rest = id.strip_prefix(self.prefix.as_str())?.strip_prefix('-')?;
        let (slot, generation) = rest.split_once('-')?;
        let key = OrderKey {
            slot: u32::from_str_radix(slot, 36).ok()?,
            generation: u32::from_str_radix(generation, 36).ok()?,
        };
        self.get(key).filter(|order| order.client_order_id.as_str() == id).map(|order| order.key)
    }

    /// Whether a name is one that this journal gave, whether or not the order is still kept.
    pub fn is_ours(&self, id: &str) -> bool {
        id.strip_prefix(self.prefix.as_str()).is_some_and(|rest| rest.starts_with('-'))
    }

    /// Orders of a market that may still fill or miss a fill, oldest first.
    pub fn open_in(&self, market: MarketId) -> impl Iterator<Item = &Order> {
        self.open.get(market.index()).into_iter().flatten().filter_map(|key| self.get(*key))
    }

    /// Orders of a market that may still fill, oldest first.
    pub fn live_in(&self, market: MarketId) -> impl Iterator<Item = &Order> {
        self.open_in(market).filter(|order| order.is_live())
    }

    /// All orders that may still fill.
    pub fn iter_live(&self) -> impl Iterator<Item = &Order> {
        self.iter_open().filter(|order| order.is_live())
    }

    /// The keys of a market's open orders.
    pub(crate) fn open_keys(&self, market: MarketId) -> &[OrderKey] {
        self.open.get(market.index()).map_or(&[], Vec::as_slice)
    }

    /// All open orders, oldest first.
    pub fn iter_open(&self) -> impl Iterator<Item = &Order> {
        self.all_open.iter().filter_map(|key| self.get(*key))
    }

    /// All orders that are kept, finished ones too, by slot.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.slots.iter().filter_map(|slot| slot.order.as_ref())
    }

    /// How many may still fill or miss a fill.
    pub const fn open_count(&self) -> usize {
        self.all_open.len()
    }

    /// Contracts that open orders on one side of a market may still fill, or have filled without a fill being booked.
    pub fn worst_in(&self, market: MarketId, side: BookSide) -> Qty {
        let micros = self
            .open_in(market)
            .filter(|order| order.side == side)
            .map(|order| order.worst_open().micros().saturating_add(order.unbooked().micros()))
            .fold(0u64, u64::saturating_add);
        Qty::from_micros(micros).unwrap_or(Qty::MAX)
    }

    /// Generations of all slots, for a checkpoint.
    pub(crate) fn generations(&self) -> Vec<u32> {
        self.slots.iter().map(|slot| slot.generation).collect()
    }

    /// The finished orders that are kept, oldest first, for a checkpoint.
    pub(crate) fn finished(&self) -> impl Iterator<Item = OrderKey> + '_ {
        self.finished.iter().copied()
    }

    /// Free slots in the order in which they will be taken last, for a checkpoint.
    pub(crate) fn free(&self) -> &[u32] {
        &self.free
    }

    /// Open orders by market in their order, for a checkpoint.
    pub(crate) fn open_lists(&self) -> &[Vec<OrderKey>] {
        &self.open
    }

    /// Puts a store together again from what a checkpoint kept.
    ///
    /// # Errors
    /// What does not fit together, for people.
    pub(crate) fn restore(
        prefix: &str,
        generations: &[u32],
        free: Vec<u32>,
        open: Vec<Vec<OrderKey>>,
        finished: Vec<OrderKey>,
        orders: Vec<Order>,
    ) -> Result<Self, String> {
        let mut store = Self::new(prefix, 16);
        store.slots.clear();
        for (slot, generation) in (0u32..).zip(generations) {
            let next_id = store.id_of(slot, *generation);
            store.slots.push(Slot { generation: *generation, next_id, order: None, offered: [None; 2] });
        }
        store.free = free;
        store.all_open = open.iter().flatten().copied().collect();
        store.open = open;
        store.finished = finished.into();
        for order in orders {
            let key = order.key;
            let place = store
                .slots
                .get_mut(key.slot as usize)
                .filter(|place| place.generation == key.generation && place.order.is_none())
                .ok_or_else(|| format!("expected an order in its own slot, found {key}"))?;
            if let Some(venue_id) = &order.venue_id {
                store.by_venue_id.insert(venue_id.clone(), key);
            }
            place.offered = order.offered();
            place.order = Some(order);
        }
        Ok(store)
    }
}
