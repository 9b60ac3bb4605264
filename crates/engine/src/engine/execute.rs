//! From what strategies want to have resting to the fewest requests that bring it about.
//!
//! What rests at the wanted price stays and keeps its place in the queue; what rests nearby is changed in place where the
//! venue can; what is wanted nowhere is taken back; what is missing is placed, if risk admits it. An order of which nothing
//! clear is known stands for what it may be: nothing is placed beside it for the same quote.

use std::time::Duration;

use brier_types::{
    AmendOrder, BookSide, MarketStatus, MarketTicker, NewOrder, OrderGroupId, Outcome, Price, Qty, SelfTradePrevention,
    TimeInForce, Timestamp, Venue,
};

use super::{Engine, Kind, VENUES};
use crate::command::{Alert, ChangeOrder, Command, Funding, PlaceOrder, Request};
use crate::config::EngineConfig;
use crate::halts::Cause;
use crate::ids::{MarketId, OrderKey, StrategyId};
use crate::instrument::{Custody, Instrument, venue_index};
use crate::order::{News, Order, OrderState, Role};
use crate::planted::Planted;
use crate::risk::{Proposal, Refusal};
use crate::strategy::{Leg, Purpose, Quote, Take};

/// What one strategy wants in one market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Desired {
    pub market: u32,
    pub quotes: Vec<Quote>,
    /// The last refusal that was told, so that it is told once.
    pub told: Option<Refusal>,
    /// Nothing is placed on a side before this time: bid, ask.
    pub not_before: [Option<Timestamp>; 2],
    /// The last rejections in a row, by side.
    pub failures: [u32; 2],
}

/// Tokens for placing and changing at one venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Thousandths of a request.
    pub millis: u64,
    pub at: Timestamp,
    /// Nothing is sent before this time.
    pub hold_until: Timestamp,
    pub holds: u32,
}

/// What is wanted, and what execution needs to remember between steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Desk {
    /// By strategy, in the order of markets.
    pub desired: Vec<Vec<Desired>>,
    /// Markets that strategies listen to by name before they are listed.
    wishes: Vec<(usize, Venue, MarketTicker)>,
    pub groups: Vec<Option<OrderGroupId>>,
    pub budgets: [Budget; 2],
    rates: [(u64, u64); 2],
    /// Markets in which something could not be placed for want of budget or room.
    pub waiting: Vec<MarketId>,
    /// Where a rule has closed a strategy's position, and until when it takes nothing new there.
    pub left: Vec<(StrategyId, MarketId, Timestamp)>,
}

impl Desk {
    pub(crate) fn new(config: &EngineConfig) -> Self {
        let rate = |venue| {
            let habits = config.habits(venue);
            (u64::from(habits.requests_per_second), u64::from(habits.burst))
        };
        let rates = [rate(Venue::Kalshi), rate(Venue::Polymarket)];
        let budget = |rate: (u64, u64)| Budget {
            millis: rate.1 * 1_000,
            at: Timestamp::from_nanos(i64::MIN),
            hold_until: Timestamp::from_nanos(i64::MIN),
            holds: 0,
        };
        Self {
            desired: Vec::new(),
            wishes: Vec::new(),
            groups: Vec::new(),
            budgets: [budget(rates[0]), budget(rates[1])],
            rates,
            waiting: Vec::with_capacity(64),
            left: Vec::new(),
        }
    }

    pub(crate) fn add_strategy(&mut self) {
        self.desired.push(Vec::new());
        self.groups.push(None);
    }

    pub(crate) fn wish(&mut self, seat: usize, venue: Venue, ticker: &MarketTicker) {
        self.wishes.push((seat, venue, ticker.clone()));
    }

    pub(crate) fn wishes(&self, seat: usize, venue: Venue, ticker: &MarketTicker) -> bool {
        self.wishes.iter().any(|(of, at, wish)| *of == seat && *at == venue && wish == ticker)
    }

    fn entry(&mut self, strategy: StrategyId, market: MarketId) -> Option<&mut Desired> {
        let list = self.desired.get_mut(strategy.index())?;
        match list.binary_search_by_key(&market.0, |entry| entry.market) {
            Ok(place) => Some(&mut list[place]),
            Err(place) => {
                let quotes = Vec::with_capacity(4);
                list.insert(place, Desired { market: market.0, quotes, ..Desired::default() });
                Some(&mut list[place])
            }
        }
    }

    fn get(&self, strategy: StrategyId, market: MarketId) -> Option<&Desired> {
        let list = self.desired.get(strategy.index())?;
        list.binary_search_by_key(&market.0, |entry| entry.market).ok().map(|place| &list[place])
    }

    /// Keeps what is wanted from now on. Whether it is anything new.
    pub(crate) fn want(&mut self, strategy: StrategyId, market: MarketId, quotes: &[Quote]) -> bool {
        if quotes.is_empty() && self.get(strategy, market).is_none() {
            return false;
        }
        let Some(entry) = self.entry(strategy, market) else { return false };
        if entry.quotes == quotes {
            return false;
        }
        entry.quotes.clear();
        entry.quotes.extend_from_slice(quotes);
        true
    }

    /// Whether anybody wants anything in a market.
    pub(crate) fn watches(&self, market: MarketId) -> bool {
        self.desired.iter().any(|list| {
            list.binary_search_by_key(&market.0, |entry| entry.market).is_ok_and(|place| !list[place].quotes.is_empty())
        })
    }

    pub(crate) fn forget(&mut self, strategy: StrategyId, mut changed: impl FnMut(MarketId)) {
        for entry in self.desired.get_mut(strategy.index()).into_iter().flatten() {
            if !entry.quotes.is_empty() {
                entry.quotes.clear();
                changed(MarketId(entry.market));
            }
        }
    }

    /// A new run: strategies say anew what they want.
    pub(crate) fn restart(&mut self, now: Timestamp) {
        for entry in self.desired.iter_mut().flatten() {
            entry.quotes.clear();
            entry.told = None;
            entry.not_before = [None; 2];
            entry.failures = [0; 2];
        }
        for (budget, (_, burst)) in self.budgets.iter_mut().zip(self.rates) {
            *budget = Budget { millis: burst * 1_000, at: now, hold_until: now, holds: 0 };
        }
        self.waiting.clear();
    }

    /// Takes one request from a venue's budget, if it has one.
    fn spend(&mut self, venue: Venue, now: Timestamp) -> bool {
        let place = venue_index(venue);
        let (rate, burst) = self.rates[place];
        let budget = &mut self.budgets[place];
        if now < budget.hold_until {
            return false;
        }
        let passed = u64::try_from(now.since(budget.at).as_micros()).unwrap_or(u64::MAX).min(3_600_000_000);
        // Whole thousandths only; the rest of the time counts next time.
        let earned = passed * rate / 1_000;
        if earned > 0 {
            budget.millis = (budget.millis + earned).min(burst * 1_000);
            budget.at = now;
        }
        if budget.millis < 1_000 {
            return false;
        }
        budget.millis -= 1_000;
        true
    }

    /// Whether so many requests could be sent to a venue now.
    pub(crate) fn has_budget(&self, venue: Venue, count: usize, now: Timestamp) -> bool {
        let place = venue_index(venue);
        let ((rate, burst), budget) = (self.rates[place], &self.budgets[place]);
        let passed = u64::try_from(now.since(budget.at).as_micros()).unwrap_or(u64::MAX).min(3_600_000_000);
        let millis = (budget.millis + passed * rate / 1_000).min(burst * 1_000);
        now >= budget.hold_until && millis >= count as u64 * 1_000
    }

    /// Whether nothing is placed on a side of a market for now, as the venue refused what was.
    pub(crate) fn is_held(&self, strategy: StrategyId, market: MarketId, side: BookSide, now: Timestamp) -> bool {
        let until = self.get(strategy, market).and_then(|entry| entry.not_before[side_index(side)]);
        until.is_some_and(|until| now < until)
    }

    /// Nothing is sent to a venue for a while, longer each time in a row.
    pub(crate) fn hold(&mut self, venue: Venue, now: Timestamp, asked: Option<Duration>) -> Duration {
        let budget = &mut self.budgets[venue_index(venue)];
        let own = Duration::from_millis(500) * (1 << budget.holds.min(6));
        let wait = asked.unwrap_or(own).max(own).min(Duration::from_mins(2));
        budget.holds += 1;
        budget.millis = 0;
        budget.hold_until = budget.hold_until.max(now.plus(wait));
        wait
    }

    pub(crate) fn went_well(&mut self, venue: Venue) {
        self.budgets[venue_index(venue)].holds = 0;
    }

    pub(crate) fn back_off(&mut self, strategy: StrategyId, market: MarketId, side: BookSide, now: Timestamp) {
        if let Some(entry) = self.entry(strategy, market) {
            let place = side_index(side);
            let wait = Duration::from_millis(250) * (1 << entry.failures[place].min(7));
            entry.failures[place] += 1;
            entry.not_before[place] = Some(now.plus(wait));
        }
        self.wait(market);
    }

    fn wait(&mut self, market: MarketId) {
        if !self.waiting.contains(&market) {
            self.waiting.push(market);
        }
    }

    /// Markets that wait for budget, time or room.
    pub(crate) fn retries(&mut self) -> impl Iterator<Item = MarketId> + use<> {
        std::mem::take(&mut self.waiting).into_iter()
    }

    pub(crate) fn next_release(&self, now: Timestamp) -> Option<Timestamp> {
        let held = self.budgets.iter().map(|budget| budget.hold_until).filter(|until| *until > now).min();
        held.filter(|_| !self.waiting.is_empty())
    }

    pub(crate) fn set_group(&mut self, strategy: StrategyId, group: OrderGroupId) {
        if let Some(place) = self.groups.get_mut(strategy.index()) {
            *place = Some(group);
        }
    }
}

const fn side_index(side: BookSide) -> usize {
    match side {
        BookSide::Bid => 0,
        BookSide::Ask => 1,
    }
}

/// What stands between a strategy's quotes and its orders in a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stance {
    /// Quotes are kept.
    Quote,
    /// What rests stays, nothing is added.
    Hold,
    /// Everything is taken back.
    Pull,
}

impl Engine {
    /// Brings one market to what is wanted in it.
    pub(super) fn execute(&mut self, market: MarketId, out: &mut Vec<Command>) {
        for strategy in 0..self.seats.len() {
            let strategy = StrategyId(strategy as u16);
            let wants = self.desk.get(strategy, market).is_some_and(|entry| !entry.quotes.is_empty());
            let rests = self
                .state
                .orders
                .open_in(market)
                .any(|order| order.strategy == strategy && order.role == Role::Quote && order.is_live());
            if wants || rests {
                self.execute_one(strategy, market, out);
            }
        }
        if self.is_pulled(market) {
            self.pull_others(market, out);
        }
        self.cancel_wanted_in(market, out);
    }

    fn is_pulled(&self, market: MarketId) -> bool {
        self.winding_down || self.state.halts.is_killed() || {
            let venue = self.state.universe.get(market).venue();
            self.state
                .halts
                .refuses(StrategyId::OPERATOR, venue, market)
                .is_some_and(|(_, cause)| !matches!(cause, Cause::VenueAway { .. }))
        }
    }

    /// Orders that are no quotes, in a market where nothing may rest.
    fn pull_others(&mut self, market: MarketId, out: &mut Vec<Command>) {
        for place in (0..self.state.orders.open_keys(market).len()).rev() {
            let Some(key) = self.state.orders.open_keys(market).get(place).copied() else { continue };
            let Some(order) = self.state.orders.get_mut(key) else { continue };
            if order.is_live() && !matches!(order.role, Role::Quote) && !order.cancel_wanted {
                order.cancel_wanted = true;
                self.cancel(key, out);
            }
        }
    }

    fn stance(&self, strategy: StrategyId, market: MarketId) -> Stance {
        let instrument = self.state.universe.get(market);
        if self.winding_down || instrument.status_at(self.now) != MarketStatus::Active {
            return Stance::Pull;
        }
        match self.state.halts.refuses(strategy, instrument.venue(), market) {
            // What cannot be reached cannot be taken back either.
            Some((_, Cause::VenueAway { .. })) => return Stance::Hold,
            Some(_) => return Stance::Pull,
            None => {}
        }
        match self.state.books.view(market) {
            Ok(_) => Stance::Quote,
            // Between two changes of one match; the next ones mend it.
            Err(brier_book::Untrusted::Crossed { .. }) => Stance::Hold,
            Err(brier_book::Untrusted::Empty | brier_book::Untrusted::Building | brier_book::Untrusted::Stale(_)) => {
                Stance::Pull
            }
        }
    }

    fn execute_one(&mut self, strategy: StrategyId, market: MarketId, out: &mut Vec<Command>) {
        let stance = self.stance(strategy, market);
        if stance == Stance::Hold {
            self.desk.wait(market);
            return;
        }
        // Each quote takes the orders that stand for it; what is left over is taken back.
        let mut claimed = std::mem::take(&mut self.keys);
        claimed.clear();
        let quotes =
            if stance == Stance::Quote { self.desk.get(strategy, market).map_or(0, |it| it.quotes.len()) } else { 0 };
        for place in 0..quotes {
            let Some(quote) = self.desk.get(strategy, market).and_then(|entry| entry.quotes.get(place)).copied() else {
                break;
            };
            let terms = self.on_grid_terms(market, quote).filter(|quote| !self.is_in_the_way(market, quote));
            if let Some(quote) = terms {
                self.serve(strategy, market, &quote, &mut claimed, out);
            }
        }
        for place in (0..self.state.orders.open_keys(market).len()).rev() {
            let Some(key) = self.state.orders.open_keys(market).get(place).copied() else { continue };
            let Some(order) = self.state.orders.get_mut(key) else { continue };
            let is_quote = order.strategy == strategy && order.role == Role::Quote && order.is_live();
            if is_quote && !claimed.contains(&key) && !order.cancel_wanted {
                order.cancel_wanted = true;
                self.cancel(key, out);
            }
        }
        self.keys = claimed;
    }

    /// A quote at prices and sizes that the market has, rounded away from the other side.
    fn on_grid_terms(&self, market: MarketId, quote: Quote) -> Option<Quote> {
        let listed = &self.state.universe.get(market).market;
        let price = match quote.side {
            BookSide::Bid => listed.grid.floor(quote.price),
            BookSide::Ask => listed.grid.ceil(quote.price),
        };
        let qty = floor_to(quote.qty, listed.size_step);
        (price.is_tradable() && !qty.is_zero()).then_some(Quote { price, qty, ..quote })
    }

    /// Finds what stands for one quote, and does what is missing.
    fn serve(
        &mut self,
        strategy: StrategyId,
        market: MarketId,
        quote: &Quote,
        claimed: &mut Vec<OrderKey>,
        out: &mut Vec<Command>,
    ) {
        let venue = self.state.universe.get(market).venue();
        let keep = self.config.keep_within;
        let mut missing = quote.qty;
        let mut nearest: Option<OrderKey> = None;
        for key in self.state.orders.open_keys(market) {
            let Some(order) = self.state.orders.get(*key) else { continue };
            let is_candidate = order.strategy == strategy
                && order.role == Role::Quote
                && order.is_live()
                && order.side == quote.side
                && !order.cancel_wanted
                && !claimed.contains(key);
            if !is_candidate {
                continue;
            }
            if within(order.changed_terms().0, quote.price, keep) {
                claimed.push(*key);
                let open = order.worst_open();
                if missing.is_zero() || (open > missing && !self.keeps(open, missing)) {
                    let (key, rest) = (*key, missing);
                    return self.shrink(key, rest, out);
                }
                missing = missing.saturating_sub(open);
            } else if nearest.is_none() {
                nearest = Some(*key);
            }
        }
        if missing.is_zero() || self.keeps(quote.qty, quote.qty.saturating_sub(missing)) {
            return;
        }
        if let Some(key) = nearest {
            claimed.push(key);
            self.move_order(venue, key, quote.price, missing, out);
        } else {
            let quote = Quote { qty: missing, ..*quote };
            claimed.extend(self.place_quote(strategy, market, &quote, Role::Quote, out));
        }
    }

    fn keeps(&self, one: Qty, other: Qty) -> bool {
        one.micros().abs_diff(other.micros()) <= self.config.keep_qty.micros()
    }

    /// Makes an order rest with less than it does.
    fn shrink(&mut self, key: OrderKey, rest: Qty, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let (venue, price) = (order.venue, order.price);
        if rest.is_zero() || !self.config.habits(venue).amends {
            if let Some(order) = self.state.orders.get_mut(key) {
                order.cancel_wanted = true;
            }
            self.cancel(key, out);
            return;
        }
        self.amend(key, price, rest, out);
    }

    /// Brings an order to another price: in place where the venue can, else by taking it back first.
    fn move_order(&mut self, venue: Venue, key: OrderKey, price: Price, rest: Qty, out: &mut Vec<Command>) {
        if self.config.habits(venue).amends {
            self.amend(key, price, rest, out);
        } else {
            if let Some(order) = self.state.orders.get_mut(key) {
                order.cancel_wanted = true;
            }
            self.cancel(key, out);
        }
    }

    fn amend(&mut self, key: OrderKey, price: Price, rest: Qty, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let (venue, market) = (order.venue, order.market);
        if order.state != OrderState::Resting || order.request.is_some() {
            // Something else is under way; the market is looked at again when that is answered.
            return;
        }
        let Some(venue_id) = order.venue_id.clone() else { return };
        let Some(total) = order.filled().checked_add(rest) else { return };
        if (price, total) == (order.price, order.total) {
            return;
        }
        let change = ChangeOrder {
            order: key,
            amend: AmendOrder {
                order: venue_id,
                market: self.state.universe.ticker(market).clone(),
                side: order.side,
                price,
                total,
                new_client_order_id: None,
            },
        };
        if !self.desk.spend(venue, self.now) {
            self.desk.wait(market);
            return;
        }
        match self.risk.admit_change(self.now, &self.state, change) {
            Ok(approved) => {
                self.counts.amended += 1;
                self.news(key, News::AmendSent { price, total }, out);
                self.send(venue, Some(key), Kind::Amend, Request::Amend(approved), out);
            }
            Err(refusal) => {
                let strategy = self.state.orders.get(key).map_or(StrategyId::OPERATOR, |order| order.strategy);
                self.refused(strategy, market, refusal, out);
                // A quote that may not move must not stay where it is not wanted.
                if let Some(order) = self.state.orders.get_mut(key) {
                    order.cancel_wanted = true;
                }
                self.cancel(key, out);
            }
        }
    }

    /// Sends a cancel as soon as the order can take one.
    pub(super) fn cancel(&mut self, key: OrderKey, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let Some(venue_id) = order.venue_id.clone() else { return };
        let (venue, market) = (order.venue, order.market);
        match order.state {
            OrderState::Resting | OrderState::AmendInDoubt { .. } | OrderState::InDoubt { .. } => {}
            OrderState::Canceling if order.request.is_none() => {}
            OrderState::Submitting
            | OrderState::Amending { .. }
            | OrderState::Canceling
            | OrderState::Vanished { .. }
            | OrderState::Done { .. } => return,
        }
        if order.request.is_some() && order.state == OrderState::Resting {
            return;
        }
        self.counts.canceled += 1;
        self.news(key, News::CancelSent, out);
        if let Some(order) = self.state.orders.get_mut(key) {
            order.ask_at = None;
        }
        let market = self.state.universe.ticker(market).clone();
        self.send(venue, Some(key), Kind::Cancel, Request::Cancel { order: key, market, venue_id }, out);
        if self.config.planted == Some(Planted::CancelMeansGone) {
            self.news(key, News::Canceled, out);
        }
    }

    /// Places an order that rests, if budget and risk allow it now.
    pub(super) fn place_quote(
        &mut self,
        strategy: StrategyId,
        market: MarketId,
        quote: &Quote,
        role: Role,
        out: &mut Vec<Command>,
    ) -> Option<OrderKey> {
        let instrument = self.state.universe.get(market);
        let venue = instrument.venue();
        if self.desk.is_held(strategy, market, quote.side, self.now) || quote.qty < instrument.min_qty {
            self.desk.wait(market);
            return None;
        }
        let terms = Terms {
            side: quote.side,
            price: quote.price,
            qty: quote.qty,
            purpose: quote.purpose,
            time_in_force: TimeInForce::Gtc,
            post_only: matches!(role, Role::Quote | Role::Leg(_)),
        };
        if !self.desk.spend(venue, self.now) {
            self.desk.wait(market);
            return None;
        }
        self.place(strategy, market, role, terms, out)
    }

    /// Takes, now or never, unless something of this strategy is taking there already.
    pub(super) fn take(
        &mut self,
        strategy: StrategyId,
        market: MarketId,
        take: Take,
        role: Role,
        out: &mut Vec<Command>,
    ) -> Option<OrderKey> {
        let busy = self
            .state
            .orders
            .open_in(market)
            .any(|order| order.strategy == strategy && order.role == role && role != Role::Manual);
        let opens = role == Role::Take && take.purpose == Purpose::Any;
        // A combo that is half done is brought to its end also while the run winds down.
        let over = self.winding_down && !matches!(role, Role::Leg(_));
        if busy || over || self.desk.is_held(strategy, market, take.side, self.now) {
            return None;
        }
        if opens && self.is_left(strategy, market) {
            return None;
        }
        let instrument = self.state.universe.get(market);
        let venue = instrument.venue();
        let price = match take.side {
            BookSide::Bid => instrument.market.grid.floor(take.limit),
            BookSide::Ask => instrument.market.grid.ceil(take.limit),
        };
        let qty = floor_to(take.qty, instrument.market.size_step);
        if qty.is_zero() || !price.is_tradable() || !self.desk.spend(venue, self.now) {
            return None;
        }
        let terms = Terms {
            side: take.side,
            price,
            qty,
            purpose: take.purpose,
            time_in_force: TimeInForce::Ioc,
            post_only: false,
        };
        self.place(strategy, market, role, terms, out)
    }

    /// Proposes an order to risk, shrunk to what fits, and sends what is admitted.
    fn place(
        &mut self,
        strategy: StrategyId,
        market: MarketId,
        role: Role,
        terms: Terms,
        out: &mut Vec<Command>,
    ) -> Option<OrderKey> {
        let (funding, qty) = self.fund(strategy, market, &terms)?;
        let mut terms = self.bounded_by_contracts(market, Terms { qty, ..terms }, funding);
        let mut refusal = None;
        // Twice at most: as wanted, then as much of it as the first refusal says would fit.
        for _ in 0..2 {
            let proposal = self.propose(strategy, market, role, terms, funding);
            match self.risk.admit(self.now, &self.state, proposal) {
                Ok(approved) => return Some(self.placed_now(strategy, role, terms, approved, out)),
                Err(no) => {
                    let first = *refusal.get_or_insert(no);
                    let fits = first.fits().map(|fits| floor_to(fits.min(terms.qty), self.step_of(market)));
                    let least = self.state.universe.get(market).min_qty;
                    match fits.filter(|fits| !fits.is_zero() && *fits >= least && *fits < terms.qty) {
                        Some(fits) => terms.qty = fits,
                        None => break,
                    }
                }
            }
        }
        if let Some(refusal) = refusal {
            self.refused(strategy, market, refusal, out);
        }
        None
    }

    /// Polymarket bounds an immediate purchase by dollars, so that a better price buys more than was asked for: more than any
    /// limit was checked with. A resting order is bounded by shares; it is taken back as soon as it is there.
    ///
    /// Source: reference (Polymarket), section 6.
    fn bounded_by_contracts(&self, market: MarketId, terms: Terms, funding: Funding) -> Terms {
        let is_purchase = funding == Funding::Cash && self.state.universe.get(market).custody == Custody::Tokens;
        if is_purchase && terms.time_in_force == TimeInForce::Ioc {
            return Terms { time_in_force: TimeInForce::Gtc, ..terms };
        }
        terms
    }

    /// How much of a leg risk would admit now, at its limit; nothing is sent and nothing counted.
    pub(super) fn probe_leg(
        &mut self,
        strategy: StrategyId,
        leg: &Leg,
        qty: Qty,
        role: Role,
        rests: bool,
    ) -> Result<Qty, String> {
        let market = leg.market;
        let terms = Terms {
            side: leg.side,
            price: match leg.side {
                BookSide::Bid => self.state.universe.get(market).market.grid.floor(leg.limit),
                BookSide::Ask => self.state.universe.get(market).market.grid.ceil(leg.limit),
            },
            qty,
            purpose: Purpose::Any,
            time_in_force: if rests { TimeInForce::Gtc } else { TimeInForce::Ioc },
            post_only: rests,
        };
        let Some((funding, qty)) = self.fund(strategy, market, &terms) else {
            return Err(format!("nothing is there to pay for a leg in {market}"));
        };
        let terms = self.bounded_by_contracts(market, Terms { qty, ..terms }, funding);
        let proposal = self.propose(strategy, market, role, terms, funding);
        match self.risk.probe(self.now, &self.state, &proposal) {
            Ok(()) => Ok(qty),
            Err(refusal) => match refusal.fits().filter(|fits| !fits.is_zero() && *fits < qty) {
                Some(fits) => Ok(floor_to(fits, self.step_of(market))),
                None => Err(refusal.to_string()),
            },
        }
    }

    fn step_of(&self, market: MarketId) -> Qty {
        self.state.universe.get(market).market.size_step
    }

    /// With what an order is done, and how much of it can be done so: on a venue of tokens, held ones are sold before the
    /// other outcome is bought.
    fn fund(&self, strategy: StrategyId, market: MarketId, terms: &Terms) -> Option<(Funding, Qty)> {
        let instrument = self.state.universe.get(market);
        if instrument.custody == Custody::Netted {
            return Some((Funding::Cash, terms.qty));
        }
        let given = match terms.side {
            BookSide::Bid => Outcome::No,
            BookSide::Ask => Outcome::Yes,
        };
        let own = self.state.portfolio.strategy(strategy, market).sellable(given);
        let all = self.state.portfolio.account(market).sellable(given);
        let offered = self
            .state
            .orders
            .open_in(market)
            .filter(|order| order.side == terms.side && order.funding == Funding::Holdings)
            .map(|order| order.worst_open().micros() + order.unbooked().micros())
            .fold(0u64, u64::saturating_add);
        let free = Qty::from_micros(own.min(all).micros().saturating_sub(offered)).unwrap_or(Qty::ZERO);
        let free = floor_to(free, instrument.market.size_step);
        match terms.purpose {
            Purpose::Close if free.is_zero() => None,
            Purpose::Close => Some((Funding::Holdings, terms.qty.min(free))),
            Purpose::Any if free >= terms.qty => Some((Funding::Holdings, terms.qty)),
            // What is held goes first; the rest follows when this is under way.
            Purpose::Any if free >= instrument.min_qty && !free.is_zero() => Some((Funding::Holdings, free)),
            Purpose::Any => Some((Funding::Cash, terms.qty)),
        }
    }

    fn propose(
        &mut self,
        strategy: StrategyId,
        market: MarketId,
        role: Role,
        terms: Terms,
        funding: Funding,
    ) -> Proposal {
        let (key, client_order_id) = self.state.orders.peek();
        let instrument = self.state.universe.get(market);
        let is_kalshi = instrument.venue() == Venue::Kalshi;
        let group = self.desk.groups.get(strategy.index()).filter(|_| is_kalshi).and_then(Clone::clone);
        let place = PlaceOrder {
            order: key,
            market_id: market,
            new: NewOrder {
                client_order_id,
                market: instrument.market.ticker.clone(),
                side: terms.side,
                price: terms.price,
                qty: terms.qty,
                time_in_force: terms.time_in_force,
                post_only: terms.post_only,
                reduce_only: false,
                self_trade_prevention: SelfTradePrevention::TakerAtCross,
                cancel_on_pause: is_kalshi && terms.time_in_force == TimeInForce::Gtc,
                group,
            },
            funding,
            created: self.now,
        };
        Proposal { place, strategy, role, purpose: terms.purpose }
    }

    /// The order is remembered before it is sent.
    fn placed_now(
        &mut self,
        strategy: StrategyId,
        role: Role,
        terms: Terms,
        approved: crate::risk::Approved<PlaceOrder>,
        out: &mut Vec<Command>,
    ) -> OrderKey {
        let place = approved.get();
        let (key, market) = (place.order, place.market_id);
        let venue = self.state.universe.get(market).venue();
        let order = Order {
            key,
            client_order_id: place.new.client_order_id.clone(),
            venue_id: None,
            strategy,
            role,
            venue,
            market,
            side: terms.side,
            price: terms.price,
            total: terms.qty,
            time_in_force: terms.time_in_force,
            post_only: terms.post_only,
            purpose: terms.purpose,
            funding: place.funding,
            created: self.now,
            state: OrderState::Submitting,
            booked: Qty::ZERO,
            failed: Qty::ZERO,
            told: Qty::ZERO,
            request: None,
            // What is to take and can rest does not stay.
            cancel_wanted: role != Role::Quote && !terms.post_only && terms.time_in_force == TimeInForce::Gtc,
            ask_at: None,
            asks: 0,
            terms_since: self.now,
            touched: self.now,
        };
        self.state.orders.insert(order);
        self.risk.touch(market);
        self.counts.placed += 1;
        if let Some(entry) = self.desk.entry(strategy, market) {
            entry.told = None;
        }
        self.send(venue, Some(key), Kind::Place, Request::Place(approved), out);
        key
    }

    fn refused(&mut self, strategy: StrategyId, market: MarketId, refusal: Refusal, out: &mut Vec<Command>) {
        self.counts.refused += 1;
        self.desk.wait(market);
        let told = match self.desk.entry(strategy, market) {
            Some(entry) => entry.told.replace(refusal),
            None => None,
        };
        // The same refusal again is no news; a strategy that keeps asking would drown every other alert.
        if told.is_none_or(|told| !told.is_same_kind(&refusal)) {
            out.push(Command::Alert(Alert::Refused { market, refusal }));
        }
    }

    /// The order as it is sent, from what is kept of it.
    pub(super) fn new_order(&self, order: &Order, instrument: &Instrument) -> NewOrder {
        let is_kalshi = instrument.venue() == Venue::Kalshi;
        let group = self.desk.groups.get(order.strategy.index()).filter(|_| is_kalshi).and_then(Clone::clone);
        NewOrder {
            client_order_id: order.client_order_id.clone(),
            market: instrument.market.ticker.clone(),
            side: order.side,
            price: order.price,
            qty: order.total,
            time_in_force: order.time_in_force,
            post_only: order.post_only,
            reduce_only: false,
            self_trade_prevention: SelfTradePrevention::TakerAtCross,
            cancel_on_pause: is_kalshi && order.time_in_force == TimeInForce::Gtc,
            group,
        }
    }

    /// Cancels that were wanted while nothing could be sent.
    pub(super) fn cancel_wanted_in(&mut self, market: MarketId, out: &mut Vec<Command>) {
        for place in (0..self.state.orders.open_keys(market).len()).rev() {
            let Some(key) = self.state.orders.open_keys(market).get(place).copied() else { continue };
            if self.state.orders.get(key).is_some_and(|order| {
                order.cancel_wanted
                    && matches!(
                        order.state,
                        OrderState::Resting | OrderState::AmendInDoubt { .. } | OrderState::InDoubt { .. }
                    )
                    && order.request.is_none()
            }) {
                self.cancel(key, out);
            }
        }
    }

    /// Makes the order groups that are configured and not there yet.
    pub(super) fn want_groups(&mut self, out: &mut Vec<Command>) {
        for strategy in 0..self.seats.len() {
            let limit = self.config.group_limits.get(strategy).copied().flatten();
            let (Some(limit), None) = (limit, self.desk.groups[strategy].clone()) else { continue };
            let kind = Kind::Group(StrategyId(strategy as u16));
            let asked = self.pending.iter().any(|pending| pending.kind == kind);
            if !asked && VENUES.contains(&Venue::Kalshi) {
                self.send(Venue::Kalshi, None, kind, Request::CreateGroup { limit }, out);
            }
        }
    }
}

/// The terms of an order before it has a name.
#[derive(Clone, Copy, Debug)]
struct Terms {
    side: BookSide,
    price: Price,
    qty: Qty,
    purpose: Purpose,
    time_in_force: TimeInForce,
    post_only: bool,
}

const fn within(one: Price, other: Price, by: Price) -> bool {
    one.pips().abs_diff(other.pips()) <= by.pips()
}

/// The greatest multiple of `step` that is no more than `qty`.
pub(crate) const fn floor_to(qty: Qty, step: Qty) -> Qty {
    if step.is_zero() {
        return qty;
    }
    match Qty::from_micros(qty.micros() - qty.micros() % step.micros()) {
        Some(qty) => qty,
        None => Qty::ZERO,
    }
}
