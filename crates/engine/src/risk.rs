//! Risk: the only way to a venue. Nothing else can mint [`Approved`].
//!
//! An order is admitted when every limit holds in every future of what is already under way: each order that may fill is
//! counted as filled or not, whichever is worse; an order in doubt may fill; a fill that the venue counts and nobody told is
//! owned. Checks come in a fixed order, the first that fails answers, and each refusal names its limit, the value, and what
//! would have fitted. Refusals are plain numbers, so that refusing allocates nothing.
//!
//! Sign convention: a loss, a cost and an exposure are positive dollars.

mod exposure;
mod limits;
mod refusal;

use brier_types::{BookSide, MarketStatus, Money, Outcome, Price, Qty, Rounding, Timestamp, Venue, notional};

use crate::command::{ChangeOrder, Funding, PlaceOrder, Scope, paid};
use crate::engine::State;
use crate::halts::Cause;
use crate::ids::{EventId, MarketId, OrderKey, StrategyId};
use crate::input::RejectCode;
use crate::instrument::{Custody, Instrument, venue_index};
use crate::order::{Order, Role};
use crate::strategy::Purpose;

pub use exposure::Scenario;
pub use limits::{Budget, LimitError, Limits};
pub use refusal::Refusal;

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

/// Something has to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    /// What.
    pub scope: Scope,
    /// Why.
    pub cause: Cause,
    /// Why, for people.
    pub reason: String,
}

/// A bucket of orders for one venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Thousandths of an order.
    pub millis: u64,
    pub at: Timestamp,
}

/// Limits, and what must be counted to hold them.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    pub(crate) limits: Limits,
    pub(crate) rates: [Rate; 2],
    /// Consecutive rejections by market and by venue.
    pub(crate) market_rejects: Vec<u32>,
    pub(crate) venue_rejects: [u32; 2],
    /// Equity at the start of the day, corrected for deposits, and the day it is for.
    pub(crate) day: Option<(i64, Money)>,
    /// The highest equity since the last resumption, corrected for deposits.
    pub(crate) high: Option<Money>,
    pub(crate) watched_at: Option<Timestamp>,
    pub(crate) fill_since: bool,
    /// What each market may win and lose, by market; rebuilt when touched.
    scenarios: Vec<Scenario>,
    dirty: Vec<bool>,
    /// What each event may lose, by event.
    events: Vec<Money>,
    event_dirty: Vec<bool>,
    totals: [Money; 2],
}

impl Risk {
    /// Risk under these limits, with nothing counted yet.
    pub fn new(limits: Limits) -> Self {
        let rate = Rate { millis: u64::from(limits.order_burst) * 1_000, at: Timestamp::from_nanos(i64::MIN) };
        Self {
            limits,
            rates: [rate; 2],
            market_rejects: Vec::new(),
            venue_rejects: [0; 2],
            day: None,
            high: None,
            watched_at: None,
            fill_since: false,
            scenarios: Vec::new(),
            dirty: Vec::new(),
            events: Vec::new(),
            event_dirty: Vec::new(),
            totals: [Money::ZERO; 2],
        }
    }

    /// The limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// An order or a position of the market changed.
    pub fn touch(&mut self, market: MarketId) {
        let place = market.index();
        if self.dirty.len() <= place {
            self.dirty.resize(place + 1, true);
            self.scenarios.resize(place + 1, Scenario::NONE);
            self.market_rejects.resize(place + 1, 0);
        }
        self.dirty[place] = true;
    }

    // --- Admission --------------------------------------------------------------------------------------------------

    /// Admits an order, and counts it against the rate, or says what it breaks.
    ///
    /// # Errors
    /// The first limit that it would break.
    pub fn admit(
        &mut self,
        now: Timestamp,
        state: &State,
        proposal: Proposal,
    ) -> Result<Approved<PlaceOrder>, Refusal> {
        let ask = Ask {
            market: proposal.place.market_id,
            strategy: proposal.strategy,
            role: proposal.role,
            purpose: proposal.purpose,
            funding: proposal.place.funding,
            side: proposal.place.new.side,
            price: proposal.place.new.price,
            qty: proposal.place.new.qty,
            post_only: proposal.place.new.post_only,
            replaces: None,
        };
        self.check(now, state, &ask)?;
        self.check_count(state, &ask)?;
        self.spend(now, state.universe.get(ask.market).venue())?;
        Ok(Approved(proposal.place))
    }

    /// Admits a change of a resting order: its old terms and its new ones are both counted at their worst.
    ///
    /// # Errors
    /// The first limit that it would break.
    pub fn admit_change(
        &mut self,
        now: Timestamp,
        state: &State,
        change: ChangeOrder,
    ) -> Result<Approved<ChangeOrder>, Refusal> {
        let Some(order) = state.orders.get(change.order) else { return Err(Refusal::UnknownOrder) };
        let qty = change.amend.total.saturating_sub(order.filled());
        let ask = Ask {
            market: order.market,
            strategy: order.strategy,
            role: order.role,
            purpose: order.purpose,
            funding: order.funding,
            side: order.side,
            price: change.amend.price,
            qty,
            post_only: order.post_only,
            replaces: Some(change.order),
        };
        self.check(now, state, &ask)?;
        self.spend(now, order.venue)?;
        Ok(Approved(change))
    }

    fn check(&mut self, now: Timestamp, state: &State, ask: &Ask) -> Result<(), Refusal> {
        let instrument = state.universe.get(ask.market);
        if let Some((scope, cause)) = state.halts.refuses(ask.strategy, instrument.venue(), ask.market) {
            return Err(Refusal::Halted { scope, cause });
        }
        self.check_market(now, ask, instrument)?;
        self.check_size(ask, instrument)?;
        self.check_price(now, state, ask)?;
        check_self_cross(state, ask)?;
        self.check_short(state, ask, instrument)?;
        self.check_position(state, ask)?;
        self.check_exposure(state, ask, instrument)?;
        self.check_cash(state, ask, instrument)
    }

    fn check_market(&self, now: Timestamp, ask: &Ask, instrument: &Instrument) -> Result<(), Refusal> {
        let market = &instrument.market;
        if market.status != MarketStatus::Active {
            return Err(Refusal::MarketNotActive { status: market.status });
        }
        let closes_in = market.close_time.since(now);
        let closing = matches!(ask.role, Role::Exit | Role::Manual) || ask.purpose == Purpose::Close;
        if now >= market.close_time || (!closing && closes_in < self.limits.no_new_before_close) {
            return Err(Refusal::TooCloseToClose { left: closes_in, limit: self.limits.no_new_before_close });
        }
        Ok(())
    }

    fn check_size(&self, ask: &Ask, instrument: &Instrument) -> Result<(), Refusal> {
        let market = &instrument.market;
        if !ask.price.is_tradable() || !market.grid.allows(ask.price) {
            return Err(Refusal::OffGrid { price: ask.price });
        }
        if ask.qty.is_zero() || !ask.qty.is_multiple_of(market.size_step) {
            return Err(Refusal::OffStep { qty: ask.qty, step: market.size_step });
        }
        let rests = !matches!(ask.role, Role::Take | Role::Leg(_) | Role::Exit);
        if rests && ask.qty < instrument.min_qty {
            return Err(Refusal::TooSmall { qty: ask.qty, least: instrument.min_qty });
        }
        let worth = notional(paid(ask.side, ask.price), ask.qty, Rounding::Floor);
        if !rests && ask.funding == Funding::Cash && worth < instrument.min_taking {
            return Err(Refusal::TooCheap { dollars: worth, least: instrument.min_taking });
        }
        if ask.qty > self.limits.max_order {
            return Err(Refusal::OrderSize { qty: ask.qty, limit: self.limits.max_order });
        }
        Ok(())
    }

    fn check_price(&self, now: Timestamp, state: &State, ask: &Ask) -> Result<(), Refusal> {
        let book = state.books.view(ask.market).map_err(|_untrusted| Refusal::UntrustedBook)?;
        let (bid, ask_level) = (book.best_bid(), book.best_ask());
        // How far beyond the other side an order may reach; on an empty side, beyond its own.
        let reference = match ask.side {
            BookSide::Bid => ask_level.or(bid),
            BookSide::Ask => bid.or(ask_level),
        };
        if let Some(reference) = reference {
            let beyond = beyond(ask.side, ask.price, reference.price);
            if beyond > self.limits.collar_book.pips() {
                let limit = self.limits.collar_book;
                return Err(Refusal::BookCollar { price: ask.price, reference: reference.price, limit });
            }
        } else if !ask.post_only {
            return Err(Refusal::EmptyBook);
        }
        let fair = state.fairs.get(ask.market.index()).and_then(Option::as_ref).filter(|fair| fair.is_fresh(now));
        if let Some(fair) = fair {
            let (reference, limit) = (fair.prob.floor_price(), self.limits.collar_fair);
            if beyond(ask.side, ask.price, reference) > limit.pips() {
                return Err(Refusal::FairCollar { price: ask.price, reference, limit });
            }
        }
        Ok(())
    }

    // --- What may be sold -------------------------------------------------------------------------------------------

    fn check_short(&self, state: &State, ask: &Ask, instrument: &Instrument) -> Result<(), Refusal> {
        let given = match ask.side {
            BookSide::Bid => Outcome::No,
            BookSide::Ask => Outcome::Yes,
        };
        if instrument.custody == Custody::Tokens && ask.funding == Funding::Holdings {
            let offered = sum(state, ask, |order| order.side == ask.side && order.funding == Funding::Holdings);
            let free = state.portfolio.account(ask.market).sellable(given).saturating_sub(offered);
            if ask.qty > free {
                return Err(Refusal::NotOwned { wanted: ask.qty, free });
            }
        }
        let budget = self.limits.budget(ask.strategy);
        let long_only = ask.side == BookSide::Ask && !budget.may_open_no && ask.strategy != StrategyId::OPERATOR;
        if ask.purpose == Purpose::Close || long_only {
            // What this strategy owns, less everything of its own that already gives that outcome up.
            let owned = state.portfolio.strategy(ask.strategy, ask.market).held(given);
            let offered = sum(state, ask, |order| order.side == ask.side && order.strategy == ask.strategy);
            let free = owned.saturating_sub(offered);
            if ask.qty > free {
                return Err(Refusal::WouldOpen { wanted: ask.qty, free });
            }
        }
        Ok(())
    }

    fn check_position(&self, state: &State, ask: &Ask) -> Result<(), Refusal> {
        let account = state.portfolio.account(ask.market).net().micros();
        let limit = self.limits.max_position;
        room(account, sum(state, ask, |order| order.side == ask.side), ask, limit)
            .map_err(|(would_be, fits)| Refusal::Position { limit, would_be, fits })?;
        let limit = self.limits.budget(ask.strategy).max_position;
        let own = state.portfolio.strategy(ask.strategy, ask.market).net().micros();
        room(own, sum(state, ask, |it| it.side == ask.side && it.strategy == ask.strategy), ask, limit)
            .map_err(|(would_be, fits)| Refusal::StrategyPosition { limit, would_be, fits })
    }

    // --- What may be lost -------------------------------------------------------------------------------------------

    fn refresh(&mut self, state: &State) {
        let markets = state.universe.len();
        if self.dirty.len() < markets {
            self.dirty.resize(markets, true);
            self.scenarios.resize(markets, Scenario::NONE);
            self.market_rejects.resize(markets, 0);
        }
        if self.events.len() < state.universe.event_count() {
            self.events.resize(state.universe.event_count(), Money::ZERO);
            self.event_dirty.resize(state.universe.event_count(), true);
        }
    }

    /// The scenario of a market as it is, rebuilt if it was touched.
    fn scenario(&mut self, state: &State, market: MarketId) -> Scenario {
        if std::mem::replace(&mut self.dirty[market.index()], false) {
            self.scenarios[market.index()] = exposure::scenario(state, market);
            self.event_dirty[state.universe.event_of(market).index()] = true;
        }
        self.scenarios[market.index()]
    }

    /// The most that an event may lose, with all that is under way.
    pub fn event_worst_case(&mut self, state: &State, event: EventId) -> Money {
        self.refresh(state);
        for market in &state.universe.event(event).markets {
            self.scenario(state, *market);
        }
        if std::mem::replace(&mut self.event_dirty[event.index()], false) {
            let entry = state.universe.event(event);
            let scenarios = entry.markets.iter().map(|market| self.scenarios[market.index()]);
            let loss = exposure::worst(entry.exclusive, scenarios);
            let place = venue_index(entry.venue);
            let before = std::mem::replace(&mut self.events[event.index()], loss);
            self.totals[place] = add(sub(self.totals[place], before), loss);
        }
        self.events[event.index()]
    }

    /// The most that all events together may lose.
    pub fn total_exposure(&mut self, state: &State) -> Money {
        self.refresh(state);
        for event in 0..state.universe.event_count() {
            self.event_worst_case(state, EventId(event as u32));
        }
        add(self.totals[0], self.totals[1])
    }

    fn check_exposure(&mut self, state: &State, ask: &Ask, instrument: &Instrument) -> Result<(), Refusal> {
        self.refresh(state);
        let event = state.universe.event_of(ask.market);
        let before = self.event_worst_case(state, event);
        // Orders that were touched elsewhere since the last look count too.
        for market in 0..self.dirty.len() {
            if self.dirty[market] {
                self.event_worst_case(state, state.universe.event_of(MarketId(market as u32)));
            }
        }
        let after = self.event_with(state, ask, event, ask.qty);
        let limit = self.limits.max_event_loss;
        if after > limit && after > before {
            let fits = self.fitting(state, ask, event, limit);
            return Err(Refusal::EventLoss { limit, would_be: after, fits });
        }
        let total = sub(add(add(self.totals[0], self.totals[1]), after), before);
        let limit = self.limits.max_exposure;
        if total > limit && after > before {
            let others = sub(add(self.totals[0], self.totals[1]), before);
            let fits = self.fitting(state, ask, event, sub(limit, others));
            return Err(Refusal::Exposure { limit, would_be: total, fits });
        }
        let place = venue_index(instrument.venue());
        let (limit, venue_total) =
            (self.limits.max_venue_exposure[place], sub(add(self.totals[place], after), before));
        if venue_total > limit && after > before {
            let fits = self.fitting(state, ask, event, sub(limit, sub(self.totals[place], before)));
            return Err(Refusal::VenueExposure { limit, would_be: venue_total, fits });
        }
        self.check_budget(state, ask)
    }

    /// The most that the event may lose if the order of `qty` is under way too.
    fn event_with(&self, state: &State, ask: &Ask, event: EventId, qty: Qty) -> Money {
        let entry = state.universe.event(event);
        let scenarios = entry.markets.iter().map(|market| {
            let known = self.scenarios[market.index()];
            if *market == ask.market { known.with(exposure::order(state, ask, qty)) } else { known }
        });
        exposure::worst(entry.exclusive, scenarios)
    }

    /// The greatest size that keeps the event's loss within a limit: more contracts never lose less.
    fn fitting(&self, state: &State, ask: &Ask, event: EventId, limit: Money) -> Qty {
        let step = state.universe.get(ask.market).market.size_step.micros().max(1);
        let (mut low, mut high) = (0, ask.qty.micros() / step);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let qty = Qty::from_micros(middle * step).unwrap_or(Qty::MAX);
            if self.event_with(state, ask, event, qty) <= limit { low = middle } else { high = middle - 1 }
        }
        Qty::from_micros(low * step).unwrap_or(Qty::ZERO)
    }

    fn check_budget(&self, state: &State, ask: &Ask) -> Result<(), Refusal> {
        let limit = self.limits.budget(ask.strategy).max_exposure;
        if limit == Money::MAX {
            return Ok(());
        }
        // A strategy's own: what its positions cost and its orders may cost, without netting between markets.
        let mut at_risk = exposure::cost_of(ask, ask.qty);
        for market in (0..state.universe.len() as u32).map(MarketId) {
            at_risk = add(at_risk, state.portfolio.strategy(ask.strategy, market).cost());
        }
        let orders = state.orders.iter_open().filter(|order| order.strategy == ask.strategy);
        for order in orders.filter(|order| Some(order.key) != ask.replaces) {
            at_risk = add(at_risk, exposure::order_cost(order));
        }
        if at_risk > limit && ask.purpose != Purpose::Close {
            return Err(Refusal::StrategyExposure { limit, would_be: at_risk });
        }
        Ok(())
    }

    fn check_cash(&self, state: &State, ask: &Ask, instrument: &Instrument) -> Result<(), Refusal> {
        if ask.funding == Funding::Holdings {
            return Ok(());
        }
        let (venue, shard) = (instrument.venue(), instrument.shard);
        let mut free = sub(state.portfolio.cash(venue, shard), self.limits.min_cash);
        for order in state.orders.iter_open().filter(|order| order.venue == venue) {
            let of = state.universe.get(order.market);
            if of.shard == shard && order.funding == Funding::Cash && Some(order.key) != ask.replaces {
                free = sub(free, exposure::reserve(state, order, of));
            }
        }
        let needs = exposure::needs(state, ask, instrument);
        // What closes a position frees cash and needs none.
        if needs > free && needs > Money::ZERO {
            let whole = ask.qty.micros().max(1);
            let share = u128::try_from(free.micros().max(0)).unwrap_or(0) * u128::from(whole)
                / u128::try_from(needs.micros()).unwrap_or(1).max(1);
            let step = instrument.market.size_step;
            let fits = Qty::from_micros(u64::try_from(share).unwrap_or(0)).unwrap_or(Qty::ZERO);
            let fits = crate::engine::floor_to(fits, step).saturating_sub(step);
            return Err(Refusal::Cash { needs, free, fits });
        }
        Ok(())
    }

    // --- How many ---------------------------------------------------------------------------------------------------

    fn check_count(&self, state: &State, ask: &Ask) -> Result<(), Refusal> {
        let open = state.orders.open_count() as u32;
        if open >= self.limits.max_open_orders {
            return Err(Refusal::OpenOrders { open, limit: self.limits.max_open_orders });
        }
        let here = state.orders.open_in(ask.market).count() as u32;
        if here >= self.limits.max_open_orders_in_market {
            return Err(Refusal::OpenOrders { open: here, limit: self.limits.max_open_orders_in_market });
        }
        Ok(())
    }

    fn spend(&mut self, now: Timestamp, venue: Venue) -> Result<(), Refusal> {
        let (rate, burst) = (u64::from(self.limits.orders_per_second), u64::from(self.limits.order_burst));
        let bucket = &mut self.rates[venue_index(venue)];
        let passed = u64::try_from(now.since(bucket.at).as_micros()).unwrap_or(u64::MAX).min(3_600_000_000);
        let earned = passed * rate / 1_000;
        if earned > 0 {
            bucket.millis = (bucket.millis + earned).min(burst * 1_000);
            bucket.at = now;
        }
        if bucket.millis < 1_000 {
            return Err(Refusal::Rate { per_second: self.limits.orders_per_second });
        }
        bucket.millis -= 1_000;
        Ok(())
    }

    // --- What went wrong --------------------------------------------------------------------------------------------

    /// Counts a venue's no. Too many in a row stop the market, then the venue.
    pub fn on_reject(&mut self, _now: Timestamp, venue: Venue, market: MarketId, code: RejectCode) -> Option<Trip> {
        // An immediate order that met nothing, or a quote that would have taken, is the market's course.
        if matches!(code, RejectCode::NoLiquidity | RejectCode::PostOnlyCross | RejectCode::MarketClosed) {
            return None;
        }
        if let Some(count) = self.market_rejects.get_mut(market.index()) {
            *count += 1;
        }
        let count = &mut self.venue_rejects[venue_index(venue)];
        *count += 1;
        let limit = self.limits.max_rejections;
        if *count >= limit.saturating_mul(3) {
            let reason = format!("{count} requests in a row were rejected by {venue}");
            return Some(Trip { scope: Scope::Venue(venue), cause: Cause::Breaker, reason });
        }
        let count = self.market_rejects.get(market.index()).copied().unwrap_or(0);
        (count >= limit).then(|| Trip {
            scope: Scope::Market(market),
            cause: Cause::Breaker,
            reason: format!("{count} requests in a row were rejected in this market"),
        })
    }

    /// The venue accepted something: rejections are no longer in a row.
    pub fn on_accept(&mut self, venue: Venue, market: MarketId) {
        self.venue_rejects[venue_index(venue)] = 0;
        if let Some(count) = self.market_rejects.get_mut(market.index()) {
            *count = 0;
        }
    }

    /// Something was bought, sold or paid: the next watch looks at once.
    pub const fn note_fill(&mut self) {
        self.fill_since = true;
    }

    /// Cash came or went without trading: it is no profit and no loss.
    pub fn on_cash_flow(&mut self, amount: Money) {
        if let Some((_, start)) = &mut self.day {
            *start = add(*start, amount);
        }
        if let Some(high) = &mut self.high {
            *high = add(*high, amount);
        }
    }

    /// A person lifted the halts: losses are counted from here.
    pub fn resume(&mut self, _now: Timestamp) {
        self.day = None;
        self.high = None;
        self.venue_rejects = [0; 2];
        self.market_rejects.fill(0);
    }

    /// Looks at the day's loss and the fall from the highest equity, once a second and after fills.
    pub fn watch(
        &mut self,
        now: Timestamp,
        state: &State,
        mark: &dyn Fn(MarketId) -> Option<Price>,
    ) -> Option<Trip> {
        let due = self.watched_at.is_none_or(|at| now.since(at) >= std::time::Duration::from_secs(1));
        if !due && !std::mem::take(&mut self.fill_since) {
            return None;
        }
        self.watched_at = Some(now);
        self.fill_since = false;
        let equity = state.portfolio.equity(mark);
        let today = now.secs().div_euclid(86_400);
        let start = match self.day {
            Some((day, start)) if day == today => start,
            Some(_) | None => {
                self.day = Some((today, equity));
                equity
            }
        };
        let high = self.high.map_or(equity, |high| high.max(equity));
        self.high = Some(high);
        let (lost, fallen) = (sub(start, equity), sub(high, equity));
        if lost > self.limits.max_day_loss {
            let reason = format!("lost ${lost} today, at most ${} are allowed", self.limits.max_day_loss);
            return Some(Trip { scope: Scope::All, cause: Cause::DayLoss, reason });
        }
        if fallen > self.limits.max_drawdown {
            let reason = format!("${fallen} below the highest equity, at most ${} are allowed", self.limits.max_drawdown);
            return Some(Trip { scope: Scope::All, cause: Cause::Drawdown, reason });
        }
        None
    }
}

/// What is asked for, whether a new order or new terms of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub market: MarketId,
    pub strategy: StrategyId,
    pub role: Role,
    pub purpose: Purpose,
    pub funding: Funding,
    pub side: BookSide,
    pub price: Price,
    pub qty: Qty,
    pub post_only: bool,
    /// The order whose terms would change: its old terms are counted beside the new ones only where both may fill.
    pub replaces: Option<OrderKey>,
}

/// How many price steps of $0.0001 an order reaches beyond a reference, against its owner.
const fn beyond(side: BookSide, price: Price, reference: Price) -> u16 {
    match side {
        BookSide::Bid => price.pips().saturating_sub(reference.pips()),
        BookSide::Ask => reference.pips().saturating_sub(price.pips()),
    }
}

fn check_self_cross(state: &State, ask: &Ask) -> Result<(), Refusal> {
    let own = state.orders.live_in(ask.market).filter(|order| Some(order.key) != ask.replaces);
    match own.into_iter().find(|order| order.may_cross(ask.side, ask.price)) {
        Some(order) => Err(Refusal::SelfCross { price: ask.price, own: order.worst_price() }),
        None => Ok(()),
    }
}

/// Contracts that chosen orders of the market may still fill, or have filled without a fill being told.
fn sum(state: &State, ask: &Ask, which: impl Fn(&Order) -> bool) -> Qty {
    let micros = state
        .orders
        .open_in(ask.market)
        .filter(|order| which(order) && Some(order.key) != ask.replaces)
        .map(|order| order.worst_open().micros().saturating_add(order.unbooked().micros()))
        .fold(0u64, u64::saturating_add);
    // Of the order that changes, what was filled and not told stays owned.
    let own = ask.replaces.and_then(|key| state.orders.get(key)).filter(|order| which(order));
    let own = own.map_or(0, |order| order.unbooked().micros());
    Qty::from_micros(micros.saturating_add(own)).unwrap_or(Qty::MAX)
}

/// Whether a position stays within a limit if all orders of the side fill; else what it would be and what would fit.
fn room(net: i64, open: Qty, ask: &Ask, limit: Qty) -> Result<(), (Qty, Qty)> {
    let toward = match ask.side {
        BookSide::Bid => i128::from(net),
        BookSide::Ask => -i128::from(net),
    };
    let would_be = toward + i128::from(open.micros()) + i128::from(ask.qty.micros());
    let limit = i128::from(limit.micros());
    if would_be <= limit {
        return Ok(());
    }
    let fits = limit - toward - i128::from(open.micros());
    let qty = |micros: i128| Qty::from_micros(u64::try_from(micros.max(0)).unwrap_or(u64::MAX)).unwrap_or(Qty::MAX);
    Err((qty(would_be), qty(fits)))
}

/// A sum of dollars that stays at the end of its range instead of wrapping: a limit is broken there anyway.
fn add(one: Money, other: Money) -> Money {
    Money::from_micros(one.micros().saturating_add(other.micros()))
}

fn sub(one: Money, other: Money) -> Money {
    Money::from_micros(one.micros().saturating_sub(other.micros()))
}
