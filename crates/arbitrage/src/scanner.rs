//! Thousands of sets, and at each change of a book a look at only those that it can matter to.
//!
//! A set is first held against a bound at best prices, all depth and cash imagined: if no gain is possible there, none is
//! anywhere. For a shape that is a few sums. For all other sets it is what the program last proved: prices of the states at which
//! no claim is worth what it costs; they hold until some claim becomes cheaper than that. Only when the bound is passed is the set
//! solved. The bound allocates nothing.

use brier_book::BookView;
use brier_engine::MarketId;
use brier_types::{Outcome, Timestamp};

use crate::hurdle::Hurdle;
use crate::opportunity::Opportunity;
use crate::problem::{Account, Held, Limits, Problem};
use crate::program::{self, NotSolved, best_cost};
use crate::set::{Set, Terms};
use crate::shapes::Shape;
use crate::states::Claim;

/// A set's place in a scanner. It is never given to another set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(pub u32);

impl SetId {
    /// The place as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The books of all markets.
pub trait Books {
    /// A market's book, if it can be believed and traded on now. `None` while it is not built, stale, crossed, or its market is
    /// not open: a set with such a market has no answer.
    fn book(&self, market: MarketId) -> Option<BookView<'_>>;
}

/// What became of a set.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It gains, by this answer as of now.
    Found(SetId, Box<Opportunity>),
    /// What was found is there no more.
    Gone(SetId),
    /// It has no answer: see [`NotSolved`].
    Failed(SetId, NotSolved),
}

/// A set cannot be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Another set has this market on other terms.
    #[error("market {0}: expected the terms that other sets have, found others; register it with one set of terms")]
    Terms(MarketId),
    /// Whole lots are no quantities of one of its markets.
    #[error("market {0}: expected a size step that divides the lot of {1}; use a larger lot")]
    Lot(MarketId, brier_types::Qty),
}

/// Where a market stands in a set.
#[derive(Clone, Copy, Debug)]
struct Watch {
    set: u32,
    slot: u32,
}

#[derive(Clone, Debug)]
struct Watched {
    terms: Terms,
    readable: bool,
    /// All-in costs of YES and NO at best prices.
    costs: [f64; 2],
    watches: Vec<Watch>,
}

#[derive(Clone, Debug)]
struct Entry {
    set: Set,
    /// By claim, at best prices.
    costs: Vec<f64>,
    /// By claim: what the program proved; empty when it proved nothing.
    bounds: Vec<f64>,
    /// Until when, as the hurdle falls with time.
    until: Timestamp,
    /// Whether that holds without any hurdle.
    free: bool,
    unreadable: usize,
    live: bool,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Scanner {
    limits: Limits,
    markets: Vec<Option<Watched>>,
    sets: Vec<Option<Entry>>,
    solved: u64,
}

impl Scanner {
    /// Watches nothing yet.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, markets: Vec::new(), sets: Vec::new(), solved: 0 }
    }

    /// The bounds of all answers.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many sets are watched.
    pub fn len(&self) -> usize {
        self.sets.iter().flatten().count()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often a set had to be solved because its bound was passed.
    pub const fn solved(&self) -> u64 {
        self.solved
    }

    /// A set that is watched.
    pub fn set(&self, id: SetId) -> Option<&Set> {
        self.sets.get(id.index())?.as_ref().map(|entry| &entry.set)
    }

    /// Watches a set from the next change of its books on; [`Scanner::look`] looks at once.
    ///
    /// # Errors
    /// [`RegisterError`]; nothing is watched then.
    pub fn register(&mut self, set: Set) -> Result<SetId, RegisterError> {
        for member in set.members() {
            if let Some(Some(known)) = self.markets.get(member.market.index())
                && known.terms != member.terms
            {
                return Err(RegisterError::Terms(member.market));
            }
            let step = member.terms.size_step;
            if self.limits.lot.is_zero() || !(step.is_zero() || self.limits.lot.is_multiple_of(step)) {
                return Err(RegisterError::Lot(member.market, self.limits.lot));
            }
        }
        let id = SetId(u32::try_from(self.sets.len()).expect("fewer than 2^32 sets"));
        let mut costs = vec![f64::INFINITY; set.members().len() * 2];
        let mut unreadable = 0;
        for (slot, member) in set.members().iter().enumerate() {
            let at = member.market.index();
            if self.markets.len() <= at {
                self.markets.resize(at + 1, None);
            }
            let watched = self.markets[at].get_or_insert_with(|| Watched {
                terms: member.terms,
                readable: false,
                costs: [f64::INFINITY; 2],
                watches: Vec::new(),
            });
            watched.watches.push(Watch { set: id.0, slot: slot as u32 });
            costs[slot * 2..slot * 2 + 2].copy_from_slice(&watched.costs);
            unreadable += usize::from(!watched.readable);
        }
        let until = Timestamp::from_nanos(i64::MIN);
        self.sets.push(Some(Entry { set, costs, bounds: Vec::new(), until, free: false, unreadable, live: false }));
        Ok(id)
    }

    /// Watches a set no more. Whether it was watched.
    pub fn remove(&mut self, id: SetId) -> bool {
        let Some(entry) = self.sets.get_mut(id.index()).and_then(Option::take) else { return false };
        for member in entry.set.members() {
            let place = &mut self.markets[member.market.index()];
            if let Some(watched) = place {
                watched.watches.retain(|watch| watch.set != id.0);
                if watched.watches.is_empty() {
                    *place = None;
                }
            }
        }
        true
    }

    /// A market's book has changed, or can or cannot be read any more: what became of the sets it is in is pushed to `changes`.
    ///
    /// A market of no set changes nothing.
    pub fn on_book(
        &mut self,
        market: MarketId,
        books: &impl Books,
        account: &impl Account,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let Self { limits, markets, sets, solved } = self;
        let Some(Some(watched)) = markets.get_mut(market.index()) else { return };
        let view = books.book(market);
        let was = std::mem::replace(&mut watched.readable, view.is_some());
        watched.costs = match &view {
            Some(view) => [
                best_cost(Outcome::Yes, view.best_ask(), &watched.terms, limits),
                best_cost(Outcome::No, view.best_bid(), &watched.terms, limits),
            ],
            None => [f64::INFINITY; 2],
        };
        for watch in &watched.watches {
            let Some(entry) = &mut sets[watch.set as usize] else { continue };
            let first = watch.slot as usize * 2;
            entry.costs[first..first + 2].copy_from_slice(&watched.costs);
            entry.unreadable = entry.unreadable + usize::from(was) - usize::from(watched.readable);
            // While a book is missing, the others move unseen: their costs are kept, and the bound is asked once it is back.
            let may_gain = entry.unreadable == 0 && entry.may_gain(limits, account, now, first, was);
            if may_gain {
                *solved += 1;
                entry.solve(SetId(watch.set), limits, books, account, now, changes);
            } else if std::mem::take(&mut entry.live) {
                changes.push(Change::Gone(SetId(watch.set)));
            }
        }
    }

    /// Looks at one set whatever its bound says: after the account's cash, holdings, orders or limits have changed, or before what
    /// was found is acted on.
    pub fn look(
        &mut self,
        id: SetId,
        books: &impl Books,
        account: &impl Account,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let Some(Some(entry)) = self.sets.get_mut(id.index()) else { return };
        if entry.unreadable == 0 {
            self.solved += 1;
            entry.solve(id, &self.limits, books, account, now, changes);
        }
    }
}

impl Entry {
    /// Whether the bound is passed. It held before the market whose first claim is `first` changed, unless that market could
    /// not be read (`was_read`).
    fn may_gain(&self, limits: &Limits, account: &impl Account, now: Timestamp, first: usize, was_read: bool) -> bool {
        // What is held comes back at once when it is sold, and then a hurdle asks nothing.
        let free = limits.hurdle == Hurdle::NONE || self.holds(account);
        match self.set.shape() {
            Shape::General => {
                if self.bounds.is_empty() || self.until < now || free && !self.free {
                    return true;
                }
                let passed = |at: usize| self.costs[at] < self.bounds[at];
                if was_read { passed(first) || passed(first + 1) } else { (0..self.costs.len()).any(passed) }
            }
            shape @ (Shape::Chain { .. } | Shape::Exclusive { .. }) => {
                // Nor does it of what is converted.
                let free = free || !self.set.groups().is_empty();
                let share = if free { 0.0 } else { limits.hurdle.share(now, self.set.payout()) };
                shape.may_gain(&self.costs, share)
            }
        }
    }

    fn holds(&self, account: &impl Account) -> bool {
        self.set.members().iter().any(|member| account.held(member.market) != Held::default())
    }

    fn solve(
        &mut self,
        id: SetId,
        limits: &Limits,
        books: &impl Books,
        account: &impl Account,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let was = std::mem::take(&mut self.live);
        self.bounds.clear();
        let Some(problem) = self.problem(limits, books, account, now) else {
            // A book that could be read a moment ago: the next change tells.
            if was {
                changes.push(Change::Gone(id));
            }
            return;
        };
        match problem.solve() {
            Ok(Some(found)) => {
                self.live = true;
                changes.push(Change::Found(id, Box::new(found)));
                return;
            }
            Ok(None) if was => changes.push(Change::Gone(id)),
            Ok(None) => {}
            Err(failed) => {
                changes.push(Change::Failed(id, failed));
                return;
            }
        }
        if *self.set.shape() == Shape::General {
            self.prove(limits, account, now);
        }
    }

    fn problem<'a>(
        &'a self,
        limits: &Limits,
        books: &impl Books,
        account: &impl Account,
        now: Timestamp,
    ) -> Option<Problem<'a>> {
        let mut problem = Problem::new(&self.set, *limits, account, now)?;
        for (slot, member) in self.set.members().iter().enumerate() {
            problem.offer_book(slot, &books.book(member.market)?, account);
        }
        Some(problem)
    }

    /// Asks the program for bounds that hold for a while, with the hurdle as it will be at the end of it.
    fn prove(&mut self, limits: &Limits, account: &impl Account, now: Timestamp) {
        let payout = self.set.payout();
        let until = now.plus(payout.since(now) / 64);
        let share = if self.holds(account) { 0.0 } else { limits.hurdle.share(until, payout) };
        if let Some(bounds) = program::bounds(&self.set, &self.costs, share) {
            self.free = share <= 0.0;
            (self.bounds, self.until) = (bounds, if self.free { Timestamp::MAX } else { until });
        }
    }
}

/// The costs of a claim at best prices, for whoever shows them.
impl Scanner {
    /// All-in dollars of one contract of a claim at the best price now, before rounding; infinite where nothing is offered.
    pub fn best_cost(&self, id: SetId, claim: Claim) -> Option<f64> {
        self.sets.get(id.index())?.as_ref()?.costs.get(claim.index()).copied()
    }
}
