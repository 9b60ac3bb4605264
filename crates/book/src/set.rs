//! The books of all markets of a connection, and the sequence check over the subscriptions that feed them.

use std::sync::Arc;

use brier_types::{BookChange, BookInput, BookLoss, BookSide, MarketTicker, Price, Qty, SignedQty, SubscriptionId};

use crate::book::Book;
use crate::index::TickerIndex;
use crate::sequence::{SequenceCheck, SequenceOrder, SequencePolicy};
use crate::trust::StaleReason;

/// The place of a market in a [`BookSet`]: dense, from 0 in the order of arrival, never given to another market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketSlot(pub u32);

impl MarketSlot {
    /// The place as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a message did to its book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A level changed.
    Changed,
    /// The book was replaced by a snapshot and is trusted.
    Rebuilt,
    /// Nothing, for a reason that is no fault.
    Ignored(Ignored),
    /// The message is impossible for this book; [`Step::lost`] says why.
    Refused,
}

/// Why a message did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// A change of a book that has no snapshot yet, or is stale until the next one.
    BeforeSnapshot,
    /// The message repeats an earlier one of its subscription.
    Old,
    /// A change from another subscription than the one whose snapshot built the book.
    OtherSubscription,
}

/// Books that lost their trust with a message. The connector asks the venue for a snapshot of each market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The subscription they hang on.
    pub subscription: SubscriptionId,
    /// Why.
    pub reason: StaleReason,
    /// The markets that need a snapshot.
    pub markets: Vec<MarketSlot>,
}

/// What came of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a loss that nobody acts on leaves books stale for good"]
pub struct Step {
    /// What happened to the message's own book.
    pub effect: Effect,
    /// What was lost, if anything. Boxed: it is rare, and the ordinary answer stays small.
    pub lost: Option<Box<Lost>>,
}

/// How many messages did what, since the set was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changes applied.
    pub changed: u64,
    /// Snapshots applied.
    pub rebuilt: u64,
    /// Changes ignored for want of a snapshot.
    pub before_snapshot: u64,
    /// Messages ignored as repeats.
    pub old: u64,
    /// Changes ignored as another subscription's.
    pub other_subscription: u64,
    /// Messages that were impossible for their book.
    pub refused: u64,
    /// Times a subscription lost its place: gaps and restarts.
    pub gaps: u64,
}

#[derive(Clone, Debug)]
struct Subscription {
    id: SubscriptionId,
    check: SequenceCheck,
}

/// One market: its book and the subscription it hangs on.
#[derive(Clone, Debug)]
struct Seat {
    /// Index into the subscriptions, `NOBODY` when none.
    owner: u32,
    book: Book,
}

const NOBODY: u32 = u32::MAX;

/// The books of many markets.
///
/// [`BookSet::apply`] takes the shared input type. A decoder on the hot path resolves a ticker once with
/// [`BookSet::slot`] and then calls [`BookSet::apply_delta`], which allocates nothing.
#[derive(Clone, Debug)]
pub struct BookSet {
    policy: SequencePolicy,
    subscriptions: Vec<Subscription>,
    /// The subscription of the last message: most messages come from the same one.
    recent: usize,
    index: TickerIndex,
    tickers: Vec<MarketTicker>,
    seats: Vec<Seat>,
    counts: Counts,
}

impl BookSet {
    /// No markets. `policy` holds for every subscription that is not announced with its own.
    pub fn new(policy: SequencePolicy) -> Self {
        Self {
            policy,
            subscriptions: Vec::new(),
            recent: 0,
            index: TickerIndex::new(),
            tickers: Vec::new(),
            seats: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// The place of a market, which is given one if it has none.
    pub fn add(&mut self, market: &MarketTicker) -> MarketSlot {
        let slot = self.index.insert(market.as_str());
        if slot as usize == self.seats.len() {
            self.tickers.push(market.clone());
            self.seats.push(Seat { owner: NOBODY, book: Book::new() });
        }
        MarketSlot(slot)
    }

    /// The place of a market, if it has one.
    #[inline]
    pub fn slot(&self, market: &str) -> Option<MarketSlot> {
        self.index.get(market).map(MarketSlot)
    }

    /// The market of a place.
    ///
    /// # Panics
    /// When the place is another set's.
    pub fn ticker(&self, slot: MarketSlot) -> &MarketTicker {
        &self.tickers[slot.index()]
    }

    /// The book of a place.
    ///
    /// # Panics
    /// When the place is another set's.
    pub fn book(&self, slot: MarketSlot) -> &Book {
        &self.seats[slot.index()].book
    }

    /// The book of a market, if it has a place.
    pub fn book_of(&self, market: &str) -> Option<&Book> {
        self.slot(market).map(|slot| self.book(slot))
    }

    /// Every market with its book, in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (MarketSlot, &MarketTicker, &Book)> {
        (0..)
            .zip(self.tickers.iter().zip(&self.seats))
            .map(|(slot, (ticker, seat))| (MarketSlot(slot), ticker, &seat.book))
    }

    /// How many markets there are.
    pub const fn len(&self) -> usize {
        self.seats.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// How many messages did what.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Announces a subscription with its markets: their books wait for a snapshot. A known subscription keeps its
    /// counter and gets the added markets.
    pub fn subscribe(&mut self, id: SubscriptionId, policy: SequencePolicy, markets: &[MarketTicker]) {
        let owner = match self.subscriptions.iter().position(|known| known.id == id) {
            Some(owner) => owner,
            None => self.push_subscription(id, policy),
        };
        for market in markets {
            let slot = self.add(market);
            let seat = &mut self.seats[slot.index()];
            if seat.owner != owner as u32 {
                // Until the new subscription's snapshot comes, nobody feeds what the book shows.
                if seat.owner != NOBODY {
                    seat.book.mark_stale(StaleReason::Unsubscribed);
                }
                seat.owner = owner as u32;
            }
            seat.book.expect_snapshot();
        }
    }

    /// Ends a subscription: its books are stale, its number may be used anew.
    pub fn unsubscribe(&mut self, id: SubscriptionId) {
        let Some(owner) = self.subscriptions.iter().position(|known| known.id == id) else { return };
        for seat in self.seats.iter_mut().filter(|seat| seat.owner == owner as u32) {
            seat.book.mark_stale(StaleReason::Unsubscribed);
            seat.owner = NOBODY;
        }
        // The place stays, so that the owners of other books keep their meaning.
        self.subscriptions[owner].check.restart(0);
    }

    /// The connection is gone: every book is stale and every subscription forgotten.
    pub fn disconnect(&mut self) {
        self.subscriptions.clear();
        self.recent = 0;
        for seat in &mut self.seats {
            seat.owner = NOBODY;
            if *seat.book.trust() != crate::Trust::Empty {
                seat.book.mark_stale(StaleReason::Disconnected);
            }
        }
    }

    /// Takes the trust from the books a connector names.
    pub fn lose(&mut self, loss: &BookLoss) {
        let reason = StaleReason::Reported(Arc::from(loss.reason.as_str()));
        for market in &loss.markets {
            let slot = self.add(market);
            self.seats[slot.index()].book.mark_stale(reason.clone());
        }
    }

    /// The loss as the input that the rest of the core is told.
    pub fn loss_input(&self, lost: &Lost) -> BookLoss {
        BookLoss {
            markets: lost.markets.iter().map(|slot| self.ticker(*slot).clone()).collect(),
            reason: lost.reason.to_string(),
        }
    }

    /// Applies a message. An unknown market or subscription is added.
    pub fn apply(&mut self, input: &BookInput) -> Step {
        let slot = self.add(&input.market);
        match &input.change {
            BookChange::Snapshot { bids, asks } => {
                let side = |side| move |(price, qty): &(Price, Qty)| (side, *price, *qty);
                let levels = bids.iter().map(side(BookSide::Bid)).chain(asks.iter().map(side(BookSide::Ask)));
                self.apply_snapshot(input.subscription, input.sequence, slot, levels)
            }
            BookChange::Delta { side, price, change } => {
                self.apply_delta(input.subscription, input.sequence, slot, *side, *price, *change)
            }
            BookChange::Level { side, price, qty } => {
                self.apply_level(input.subscription, input.sequence, slot, *side, *price, *qty)
            }
        }
    }

    /// Counts a message of a subscription that changes no book but carries a number of its counter (`ok`,
    /// `unsubscribed`, scoped errors). Source: reference section 15.3.
    pub fn skip(&mut self, id: SubscriptionId, sequence: u64) -> Option<Box<Lost>> {
        let owner = self.subscription(id);
        match self.subscriptions[owner].check.next(sequence) {
            SequenceOrder::Next => None,
            SequenceOrder::Old => {
                self.counts.old += 1;
                None
            }
            order @ (SequenceOrder::Gap { .. } | SequenceOrder::Restarted { .. }) => self.lose_all(owner, order),
        }
    }

    /// Changes one level: the hot path.
    ///
    /// # Panics
    /// When the place is another set's.
    #[inline]
    pub fn apply_delta(
        &mut self,
        id: SubscriptionId,
        sequence: u64,
        slot: MarketSlot,
        side: BookSide,
        price: Price,
        change: SignedQty,
    ) -> Step {
        self.alter(id, sequence, slot, |book| book.apply_delta(side, price, change))
    }

    /// Sets one level to what it holds now: the hot path of a venue that says totals.
    ///
    /// # Panics
    /// When the place is another set's.
    #[inline]
    pub fn apply_level(
        &mut self,
        id: SubscriptionId,
        sequence: u64,
        slot: MarketSlot,
        side: BookSide,
        price: Price,
        qty: Qty,
    ) -> Step {
        self.alter(id, sequence, slot, |book| book.set_level(side, price, qty))
    }

    #[inline]
    fn alter(
        &mut self,
        id: SubscriptionId,
        sequence: u64,
        slot: MarketSlot,
        change: impl FnOnce(&mut Book) -> Result<bool, StaleReason>,
    ) -> Step {
        let owner = self.subscription(id);
        let order = self.subscriptions[owner].check.next(sequence);
        if order != SequenceOrder::Next {
            return self.delta_out_of_order(owner, order);
        }
        let seat = &mut self.seats[slot.index()];
        if seat.owner != owner as u32 {
            return self.delta_of_other(owner, slot);
        }
        match change(&mut seat.book) {
            Ok(true) => {
                self.counts.changed += 1;
                Step { effect: Effect::Changed, lost: None }
            }
            Ok(false) => {
                self.counts.before_snapshot += 1;
                Step { effect: Effect::Ignored(Ignored::BeforeSnapshot), lost: None }
            }
            Err(reason) => self.refused(owner, slot, reason),
        }
    }

    /// Replaces a book by a snapshot, which mends whatever was wrong with it. An old snapshot is taken as the start of a
    /// new count: the other books of its subscription are lost then.
    ///
    /// # Panics
    /// When the place is another set's.
    pub fn apply_snapshot(
        &mut self,
        id: SubscriptionId,
        sequence: u64,
        slot: MarketSlot,
        levels: impl IntoIterator<Item = (BookSide, Price, Qty)>,
    ) -> Step {
        let owner = self.subscription(id);
        let mut lost = match self.subscriptions[owner].check.next(sequence) {
            SequenceOrder::Next => None,
            SequenceOrder::Old => {
                let last = self.subscriptions[owner].check.last();
                self.subscriptions[owner].check.restart(sequence);
                self.lose_all(owner, SequenceOrder::Restarted { last, found: sequence })
            }
            order @ (SequenceOrder::Gap { .. } | SequenceOrder::Restarted { .. }) => self.lose_all(owner, order),
        };
        let seat = &mut self.seats[slot.index()];
        seat.owner = owner as u32;
        match seat.book.load(levels) {
            Ok(()) => {
                self.counts.rebuilt += 1;
                if let Some(loss) = &mut lost {
                    loss.markets.retain(|market| *market != slot);
                }
                Step { effect: Effect::Rebuilt, lost }
            }
            // After a gap the other books matter more than why this one failed; its own trust says that.
            Err(reason) => match lost {
                Some(mut loss) => {
                    self.counts.refused += 1;
                    if !loss.markets.contains(&slot) {
                        loss.markets.push(slot);
                    }
                    Step { effect: Effect::Refused, lost: Some(loss) }
                }
                None => self.refused(owner, slot, reason),
            },
        }
    }

    #[inline]
    fn subscription(&mut self, id: SubscriptionId) -> usize {
        match self.subscriptions.get(self.recent) {
            Some(known) if known.id == id => self.recent,
            _ => self.subscription_elsewhere(id),
        }
    }

    #[cold]
    fn subscription_elsewhere(&mut self, id: SubscriptionId) -> usize {
        self.recent = match self.subscriptions.iter().position(|known| known.id == id) {
            Some(owner) => owner,
            None => self.push_subscription(id, self.policy),
        };
        self.recent
    }

    fn push_subscription(&mut self, id: SubscriptionId, policy: SequencePolicy) -> usize {
        self.subscriptions.push(Subscription { id, check: SequenceCheck::new(policy) });
        self.subscriptions.len() - 1
    }

    #[cold]
    fn delta_out_of_order(&mut self, owner: usize, order: SequenceOrder) -> Step {
        if order == SequenceOrder::Old {
            self.counts.old += 1;
            return Step { effect: Effect::Ignored(Ignored::Old), lost: None };
        }
        let lost = self.lose_all(owner, order);
        self.counts.before_snapshot += 1;
        Step { effect: Effect::Ignored(Ignored::BeforeSnapshot), lost }
    }

    #[cold]
    fn delta_of_other(&mut self, owner: usize, slot: MarketSlot) -> Step {
        let seat = &mut self.seats[slot.index()];
        if seat.owner == NOBODY {
            // A change told us of a market that nobody announced: its book waits for a snapshot from here on.
            seat.owner = owner as u32;
            seat.book.expect_snapshot();
            self.counts.before_snapshot += 1;
            return Step { effect: Effect::Ignored(Ignored::BeforeSnapshot), lost: None };
        }
        self.counts.other_subscription += 1;
        Step { effect: Effect::Ignored(Ignored::OtherSubscription), lost: None }
    }

    #[cold]
    fn refused(&mut self, owner: usize, slot: MarketSlot, reason: StaleReason) -> Step {
        self.counts.refused += 1;
        let lost = Lost { subscription: self.subscriptions[owner].id, reason, markets: vec![slot] };
        Step { effect: Effect::Refused, lost: Some(Box::new(lost)) }
    }

    #[cold]
    fn lose_all(&mut self, owner: usize, order: SequenceOrder) -> Option<Box<Lost>> {
        let reason = match order {
            SequenceOrder::Gap { expected, found } => StaleReason::SequenceGap { expected, found },
            SequenceOrder::Restarted { last, found } => StaleReason::SequenceRestarted { last, found },
            SequenceOrder::Next | SequenceOrder::Old => return None,
        };
        self.counts.gaps += 1;
        let mut markets = Vec::new();
        for (slot, seat) in (0..).zip(&mut self.seats) {
            if seat.owner == owner as u32 {
                seat.book.mark_stale(reason.clone());
                markets.push(MarketSlot(slot));
            }
        }
        Some(Box::new(Lost { subscription: self.subscriptions[owner].id, reason, markets }))
    }
}
