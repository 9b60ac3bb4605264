//! Risk: the only way to a venue. Nothing else can mint [`Approved`].
//!
//! An order is admitted when every limit holds in every future of what is under way: each order that may fill, also one in
//! doubt, one that changes and one that is being taken back, counts as filled or not, whichever is worse; so does a fill that
//! the venue counts and nobody told. Checks come in a fixed order, and the first that fails answers:
//!
//! 1. halts: everything, the venue, the strategy, the market; 2. the market's life; 3. price grid, size step, least and
//!    largest size; 4. the book can be believed, and fair values are fresh where they are demanded; 5. price collars;
//!    6. our own orders on the other side; 7. nothing is given up that is not owned; 8. position in the market, the account's
//!    and the strategy's; 9. worst case of the event; 10. of the venue, and of all; 11. cash; 12. number of orders;
//!    13. rate; 14. the strategy's exposure.
//!
//! What makes nothing worse is admitted even where a limit is broken already, so that a position can always be closed.
//! A refusal names the limit, the value and what would have fitted; it is plain numbers, and neither it nor an admission
//! allocates. Losses, costs and exposures are positive dollars. Cancels need no admission.

mod breaker;
mod check;
mod exposure;
mod limits;
mod rate;
mod refusal;
#[cfg(test)]
mod tests;

use brier_types::{MarketResult, Money, Price, Timestamp, Venue};

use crate::command::{ChangeOrder, PlaceOrder};
use crate::engine::State;
use crate::ids::{EventId, MarketId, StrategyId};
use crate::input::RejectCode;
use crate::instrument::venue_index;
use crate::order::Role;
use crate::strategy::Purpose;

use check::Ask;
use exposure::Exposure;

pub use breaker::Trip;
pub(crate) use breaker::{Day, Rejections};
pub(crate) use exposure::{MOST_FILLS, largest};
pub use limits::{Budget, EmptySide, LimitError, Limits, Rate};
pub(crate) use rate::Bucket;
pub use refusal::{Distrust, Owner, Reference, Refusal};

/// What risk has admitted. Only this module makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was admitted.
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// What was admitted.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// A command read back from a journal, to be compared with what the engine says now. It is never sent.
    pub(crate) const fn restore(inner: T) -> Self {
        Self(inner)
    }
}

/// An order that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What would be placed.
    pub place: PlaceOrder,
    /// Whose it is.
    pub strategy: StrategyId,
    /// What it is for.
    pub role: Role,
    /// What it may do to the position.
    pub purpose: Purpose,
}

/// What must be remembered to hold the limits and does not follow from the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// By venue.
    pub rates: [Bucket; 2],
    pub rejections: Rejections,
    /// By market: the last middle of a book that had both sides, and when that was.
    pub mids: Vec<Option<(Price, Timestamp)>>,
    pub day: Day,
}

/// Limits, and what is needed to hold them. Equal when limits and memory are; worst cases follow from the state.
#[derive(Clone, Debug)]
pub struct Risk {
    pub(crate) limits: Limits,
    pub(crate) memory: Memory,
    exposure: Exposure,
}

impl PartialEq for Risk {
    fn eq(&self, other: &Self) -> bool {
        self.limits == other.limits && self.memory == other.memory
    }
}

impl Risk {
    /// Risk under these limits, with nothing counted yet.
    pub fn new(limits: Limits) -> Self {
        let memory =
            Memory { rates: [Bucket::FULL; 2], rejections: Rejections::default(), mids: Vec::new(), day: Day::NONE };
        Self::restore(limits, memory)
    }

    /// Risk under these limits, with what a checkpoint remembered.
    pub(crate) fn restore(limits: Limits, memory: Memory) -> Self {
        let exposure = Exposure::new(limits.budgets.len());
        Self { limits, memory, exposure }
    }

    /// The limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Admits an order, and counts it against the rate, or says which check it fails. The engine keeps an admitted order
    /// among the open ones before it asks for the next.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn admit(
        &mut self,
        now: Timestamp,
        state: &State,
        proposal: Proposal,
    ) -> Result<Approved<PlaceOrder>, Refusal> {
        let ask = Ask::placing(state, &proposal);
        self.check(now, state, &ask)?;
        self.count(now, ask.venue());
        Ok(Approved(proposal.place))
    }

    /// Whether an order would be admitted now. Nothing is counted: a combo asks for its later legs before it sends the first.
    ///
    /// # Errors
    /// The first check that would fail.
    pub fn probe(&mut self, now: Timestamp, state: &State, proposal: &Proposal) -> Result<(), Refusal> {
        self.check(now, state, &Ask::placing(state, proposal))
    }

    /// Admits new terms of an order, and counts them against the rate. Old and new terms both count at their worst.
    ///
    /// # Errors
    /// The first check that fails; what fits is said as a total, filled contracts included.
    pub fn admit_change(
        &mut self,
        now: Timestamp,
        state: &State,
        change: ChangeOrder,
    ) -> Result<Approved<ChangeOrder>, Refusal> {
        let order = state.orders.get(change.order).filter(|order| order.is_live());
        let order = order.ok_or(Refusal::UnknownOrder { order: change.order })?;
        let ask = Ask::changing(state, order, &change);
        self.check(now, state, &ask)?;
        self.count(now, ask.venue());
        Ok(Approved(change))
    }

    fn count(&mut self, now: Timestamp, venue: Venue) {
        let rate = self.limits.rate(venue);
        self.memory.rates[venue_index(venue)].take(now, rate);
    }

    /// An order, a position or the terms of a market changed: its worst case is made anew when it is needed next.
    pub fn touch(&mut self, market: MarketId) {
        self.exposure.touch(market);
    }

    /// What an event may lose at worst; negative when it gains in every outcome.
    pub fn event_worst_case(&mut self, state: &State, event: EventId) -> Money {
        self.exposure.refresh(state);
        Money::from_micros(self.exposure.account.loss(event))
    }

    /// What all events together may lose at worst, each at least nothing: a gain that is certain in one covers no other.
    pub fn total_exposure(&mut self, state: &State) -> Money {
        self.exposure.refresh(state);
        Money::from_micros(self.exposure.account.total())
    }

    /// The same of one venue's events.
    pub fn venue_exposure(&mut self, state: &State, venue: Venue) -> Money {
        self.exposure.refresh(state);
        Money::from_micros(self.exposure.account.venue(venue))
    }

    /// The same of one strategy's own positions and orders, where it has a budget.
    pub fn strategy_exposure(&mut self, state: &State, strategy: StrategyId) -> Option<Money> {
        self.exposure.refresh(state);
        self.exposure.strategies.get(strategy.index()).map(|sheet| Money::from_micros(sheet.total()))
    }

    /// Counts a venue's no. Too many in a row halt the market, and more of them in whatever markets the venue.
    pub fn on_reject(&mut self, _now: Timestamp, venue: Venue, market: MarketId, code: RejectCode) -> Option<Trip> {
        self.memory.rejections.on_reject(&self.limits, venue, market, code)
    }

    /// The venue accepted an order or a change: its rejections, and the market's, are no longer in a row.
    pub fn on_accept(&mut self, venue: Venue, market: MarketId) {
        self.memory.rejections.on_accept(venue, market);
    }

    /// Something was bought, sold or paid: the next watch looks at once.
    pub const fn note_fill(&mut self) {
        self.memory.day.fill_came = true;
    }

    /// Looks at the day's loss, the fall from the day's highest equity and the strategies' losses: at most once a second
    /// unless a fill came. What is not resolved counts at its mark, at the last middle of its book if there is none, and at
    /// cost if there never was one.
    pub fn watch(&mut self, now: Timestamp, state: &State, mark: &dyn Fn(MarketId) -> Option<Price>) -> Option<Trip> {
        let Memory { day, mids, .. } = &mut self.memory;
        let worth = |market: MarketId| {
            let resolved = state.universe.get(market).market.result.map(MarketResult::yes_payout);
            let last = || mids.get(market.index()).copied().flatten().map(|(mid, _)| mid);
            resolved.or_else(|| mark(market)).or_else(last)
        };
        day.watch(now, &self.limits, state, &worth)
    }

    /// Cash came or went without trading: it is no profit and no loss.
    pub fn on_cash_flow(&mut self, amount: Money) {
        self.memory.day.on_cash_flow(amount);
    }

    /// A person lifted the halts: losses and rejections are counted from here.
    pub fn resume(&mut self, _now: Timestamp) {
        self.memory.day.resume();
        self.memory.rejections = Rejections::default();
    }
}
