//! The checks, in their order: the first that fails answers.

use brier_book::BookView;
use brier_types::{
    BookSide, MarketStatus, Outcome, Price, Qty, Rounding, SignedQty, TimeInForce, Timestamp, Venue, notional,
};

use super::exposure::{Extra, Line, Sheet, Whose, Worst, given, largest, money};
use super::limits::{Budget, EmptySide};
use super::refusal::{Distrust, Owner, Reference, Refusal};
use super::{Proposal, Risk};
use crate::command::{ChangeOrder, Funding, Scope, paid};
use crate::engine::{State, floor_to};
use crate::ids::{EventId, MarketId, StrategyId};
use crate::instrument::{Custody, Instrument, venue_index};
use crate::order::{Order, Role};
use crate::strategy::Purpose;

/// What is asked for: an order, or new terms of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    market: MarketId,
    instrument: &'a Instrument,
    event: EventId,
    strategy: StrategyId,
    role: Role,
    /// It may only close.
    closes: bool,
    funding: Funding,
    immediate: bool,
    side: BookSide,
    /// The limit price that it would have.
    price: Price,
    /// Contracts that could fill at that price.
    open: Qty,
    /// Contracts that have filled: what a change counts in its total.
    filled: Qty,
    extra: Extra<'a>,
}

impl<'a> Ask<'a> {
    pub(super) fn placing(state: &'a State, proposal: &Proposal) -> Self {
        let (place, new) = (&proposal.place, &proposal.place.new);
        let instrument = state.universe.get(place.market_id);
        let worst =
            Worst { side: new.side, price: new.price, open: new.qty, untold: Qty::ZERO, funding: place.funding };
        Self {
            market: place.market_id,
            instrument,
            event: state.universe.event_of(place.market_id),
            strategy: proposal.strategy,
            role: proposal.role,
            closes: proposal.purpose == Purpose::Close || new.reduce_only,
            funding: place.funding,
            immediate: matches!(new.time_in_force, TimeInForce::Ioc | TimeInForce::Fok),
            side: new.side,
            price: new.price,
            open: new.qty,
            filled: Qty::ZERO,
            extra: Extra::new(place.market_id, instrument, worst, None),
        }
    }

    /// Old and new terms are counted together, both at their worst: until the venue has answered it may have either.
    pub(super) fn changing(state: &'a State, order: &'a Order, change: &ChangeOrder) -> Self {
        let (instrument, filled) = (state.universe.get(order.market), order.filled());
        let (price, open) = (change.amend.price, change.amend.total.saturating_sub(filled));
        let now = Worst::of(order);
        let worst_price = match order.side {
            BookSide::Bid => now.price.max(price),
            BookSide::Ask => now.price.min(price),
        };
        let worst = Worst { price: worst_price, open: now.open.max(open), ..now };
        Self {
            market: order.market,
            instrument,
            event: state.universe.event_of(order.market),
            strategy: order.strategy,
            role: order.role,
            closes: order.purpose == Purpose::Close,
            funding: order.funding,
            immediate: false,
            side: order.side,
            price,
            open,
            filled,
            extra: Extra::new(order.market, instrument, worst, Some(order)),
        }
    }

    pub(super) const fn venue(&self) -> Venue {
        self.instrument.venue()
    }

    const fn step(&self) -> Qty {
        self.instrument.market.size_step
    }

    /// What fits in the words of the request, from what may be open.
    fn fits(&self, open: u64) -> Qty {
        let open = floor_to(Qty::from_micros(open).unwrap_or(Qty::MAX), self.step());
        open.checked_add(self.filled).unwrap_or(Qty::MAX)
    }

    /// The most that may be open with `figure` within `bound`, in the words of the request.
    fn most(&self, bound: i64, figure: impl Fn(&Extra<'_>) -> i64) -> Qty {
        let open = largest(self.step(), self.open, bound, |open| figure(&self.extra.sized(open)));
        self.fits(open.micros())
    }

    /// Exits, and a person's own orders, if they may go without a book.
    const fn may_go_blind(&self, risk: &Risk) -> bool {
        risk.limits.exits_without_book && matches!(self.role, Role::Exit | Role::Manual)
    }
}

impl Risk {
    pub(super) fn check(&mut self, now: Timestamp, state: &State, ask: &Ask<'_>) -> Result<(), Refusal> {
        self.exposure.refresh(state);
        if let Some((scope, cause)) = state.halts.refuses(ask.strategy, ask.venue(), ask.market) {
            return Err(Refusal::Halted { scope, cause });
        }
        self.check_time(now, ask)?;
        check_terms(state, ask)?;
        self.check_size(ask)?;
        self.check_price(now, state, ask)?;
        check_self_cross(state, ask)?;
        self.check_owned(state, ask)?;
        self.check_positions(ask)?;
        self.check_exposure(state, ask)?;
        self.check_cash(state, ask)?;
        if ask.extra.replaces().is_none() {
            self.check_count(ask)?;
        }
        self.check_rate(now, ask.venue())?;
        self.check_budget(state, ask)
    }

    // 2. The market's life.
    fn check_time(&self, now: Timestamp, ask: &Ask<'_>) -> Result<(), Refusal> {
        let market = &ask.instrument.market;
        let status = ask.instrument.status_at(now);
        if status != MarketStatus::Active {
            return Err(Refusal::NotActive { market: ask.market, status });
        }
        let (left, least) = (market.close_time.since(now), self.limits.no_new_before_close);
        if left < least && !ask.closes {
            return Err(Refusal::NearClose { market: ask.market, left, least });
        }
        Ok(())
    }

    // 3. Size. The market's own terms: `check_terms`.
    fn check_size(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let limit = self.limits.max_order_qty;
        if ask.open > limit {
            return Err(Refusal::OrderQty { market: ask.market, limit, qty: ask.open, fits: ask.fits(limit.micros()) });
        }
        let (limit, pays) = (self.limits.max_order_cost, paid(ask.side, ask.price));
        let would_be = notional(pays, ask.open, Rounding::Ceil);
        if would_be > limit {
            let cost = |open| notional(pays, open, Rounding::Ceil).micros();
            let open = largest(ask.step(), ask.open, limit.micros(), cost);
            return Err(Refusal::OrderCost { market: ask.market, limit, would_be, fits: ask.fits(open.micros()) });
        }
        Ok(())
    }

    // 4. Data, and 5. price.
    fn check_price(&mut self, now: Timestamp, state: &State, ask: &Ask<'_>) -> Result<(), Refusal> {
        let market = ask.market;
        let book = match state.books.view(market) {
            Ok(book) => Some(book),
            Err(_) if ask.may_go_blind(self) => None,
            Err(why) => return Err(Refusal::Untrusted { market, why: Distrust::from(&why) }),
        };
        if let Some(book) = &book {
            self.note_mid(now, market, book);
        }
        let fair = state.fairs.get(market.index()).and_then(Option::as_ref).filter(|fair| fair.is_fresh(now));
        let fair = fair.map(|fair| match ask.side {
            BookSide::Bid => fair.prob.floor_price(),
            BookSide::Ask => fair.prob.ceil_price(),
        });
        if fair.is_none() && !ask.closes && self.limits.budget(ask.strategy).needs_fair {
            return Err(Refusal::NoFair { market, strategy: ask.strategy });
        }
        let collar = self.limits.collar_book;
        if collar < Price::ONE {
            match self.reference(now, ask, book.as_ref(), fair) {
                Some((against, reference)) => collared(ask, against, reference, collar)?,
                None if book.is_none() => {}
                None => return Err(Refusal::NoReference { market, price: ask.price }),
            }
        }
        match (self.limits.collar_fair, fair) {
            (Some(collar), Some(fair)) => collared(ask, Reference::Fair, fair, collar),
            (Some(_) | None, _) => Ok(()),
        }
    }

    /// Remembers the middle of a book that has both sides.
    pub(super) fn note_mid(&mut self, now: Timestamp, market: MarketId, book: &BookView<'_>) {
        let (Some(bid), Some(ask)) = (book.best_bid(), book.best_ask()) else { return };
        let mids = &mut self.memory.mids;
        if mids.len() <= market.index() {
            mids.resize(market.index() + 1, None);
        }
        let mid = Price::new(u16::midpoint(bid.price.pips(), ask.price.pips()));
        mids[market.index()] = mid.map(|mid| (mid, now));
    }

    /// What the price is held against: the best of the other side, or what the limits name where that is empty.
    fn reference(
        &self,
        now: Timestamp,
        ask: &Ask<'_>,
        book: Option<&BookView<'_>>,
        fair: Option<Price>,
    ) -> Option<(Reference, Price)> {
        if let Some(level) = book.and_then(|book| book.best(ask.side.opposite())) {
            return Some((Reference::Book, level.price));
        }
        let fair = fair.map(|fair| (Reference::Fair, fair));
        let mid = || {
            let (mid, at) = self.memory.mids.get(ask.market.index()).copied().flatten()?;
            (now.since(at) <= self.limits.mid_max_age).then_some((Reference::LastMid, mid))
        };
        match self.limits.empty_side {
            EmptySide::LastMid => mid().or(fair),
            EmptySide::Fair => fair,
            EmptySide::Refuse => None,
        }
    }

    // 7. Nothing is given up that is not owned.
    fn check_owned(&self, state: &State, ask: &Ask<'_>) -> Result<(), Refusal> {
        let given = given(ask.side);
        let (account, own) = (state.portfolio.account(ask.market), state.portfolio.strategy(ask.strategy, ask.market));
        let is_own = |order: &Order| order.strategy == ask.strategy;
        if ask.instrument.custody == Custody::Tokens && ask.funding == Funding::Holdings {
            let sells = |order: &Order| order.funding == Funding::Holdings;
            let offered = offered(state, ask, sells, |_| true);
            check_owner(ask, Owner::Account, account.sellable(given), offered)?;
            let offered = self::offered(state, ask, |order| sells(order) && is_own(order), |_| true);
            check_owner(ask, Owner::Strategy(ask.strategy), own.sellable(given), offered)?;
        }
        let long_only = ask.side == BookSide::Ask && !self.limits.budget(ask.strategy).may_open_short;
        if long_only || ask.closes {
            let offered = offered(state, ask, is_own, |order| long_only || may_close(order));
            // What a match that may still fail brought is not there to be given: the failure would leave the other side open.
            let net = match given {
                Outcome::Yes => own.net().micros(),
                Outcome::No => own.net().micros().saturating_neg(),
            };
            let net = Qty::from_micros(u64::try_from(net).unwrap_or(0)).unwrap_or(Qty::ZERO);
            // Nor is what the other outcome's tokens, held beside it, have already given.
            let held = own.held(given).min(own.sellable(given)).min(net);
            check_owner(ask, Owner::Strategy(ask.strategy), held, offered)?;
        }
        Ok(())
    }

    // 8. Positions.
    fn check_positions(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let account = self.exposure.account.line(ask.market);
        check_position(ask, Owner::Account, account, self.limits.max_position)?;
        match self.exposure.strategies.get(ask.strategy.index()) {
            Some(sheet) => {
                let limit = self.limits.budget(ask.strategy).max_position;
                check_position(ask, Owner::Strategy(ask.strategy), sheet.line(ask.market), limit)
            }
            None => Ok(()),
        }
    }

    // 9. The event's worst case, and 10. that of all.
    fn check_exposure(&self, state: &State, ask: &Ask<'_>) -> Result<(), Refusal> {
        let sheet = &self.exposure.account;
        let loss = |extra: &Extra<'_>| sheet.loss_with(state, ask.event, extra, Whose::Everybody);
        let (before, after) = (sheet.loss(ask.event), loss(&ask.extra));
        if after <= before {
            // What makes nothing worse is never in the way of a limit that something else broke.
            return Ok(());
        }
        let limit = self.limits.max_event_loss;
        if after > limit.micros() {
            let fits = ask.most(limit.micros().max(before), loss);
            return Err(Refusal::EventLoss { event: ask.event, limit, would_be: money(after), fits });
        }
        let more = |loss: i64| loss.max(0).saturating_sub(before.max(0));
        let venue = ask.venue();
        let (limit, now) = (self.limits.max_venue_exposure[venue_index(venue)], sheet.venue(venue));
        let would_be = now.saturating_add(more(after));
        if would_be > limit.micros().max(now) {
            let fits = ask.most(limit.micros().max(now), |extra| now.saturating_add(more(loss(extra))));
            return Err(Refusal::VenueExposure { venue, limit, would_be: money(would_be), fits });
        }
        let (limit, now) = (self.limits.max_exposure, sheet.total());
        let would_be = now.saturating_add(more(after));
        if would_be > limit.micros().max(now) {
            let fits = ask.most(limit.micros().max(now), |extra| now.saturating_add(more(loss(extra))));
            return Err(Refusal::Exposure { limit, would_be: money(would_be), fits });
        }
        Ok(())
    }

    // 11. Cash.
    fn check_cash(&self, state: &State, ask: &Ask<'_>) -> Result<(), Refusal> {
        let (venue, shard) = (ask.venue(), ask.instrument.shard);
        let cash = state.portfolio.cash(venue, shard).micros().saturating_sub(self.limits.cash_reserve.micros());
        let now = self.exposure.held(ask.market);
        let needs = |extra: &Extra<'_>| self.exposure.held_with(state, extra);
        let would_be = needs(&ask.extra);
        let bound = cash.max(now);
        if would_be > bound {
            let fits = ask.most(bound, needs);
            return Err(Refusal::Cash { venue, shard, cash: money(cash), would_be: money(would_be), fits });
        }
        Ok(())
    }

    // 12. How many.
    fn check_count(&self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let account = &self.exposure.account;
        let budget = self.limits.budget(ask.strategy).max_orders;
        let own = self.exposure.strategies.get(ask.strategy.index()).map_or(0, Sheet::orders);
        for (scope, limit, open) in [
            (Scope::All, self.limits.max_orders, account.orders()),
            (Scope::Market(ask.market), self.limits.max_orders_in_market, account.line(ask.market).orders),
            (Scope::Strategy(ask.strategy), budget, own),
        ] {
            if open >= limit {
                return Err(Refusal::OrderCount { scope, limit, open });
            }
        }
        Ok(())
    }

    // 13. How fast. The order is counted when it is admitted.
    fn check_rate(&self, now: Timestamp, venue: Venue) -> Result<(), Refusal> {
        let rate = self.limits.rate(venue);
        match self.memory.rates[venue_index(venue)].wait(now, rate) {
            Some(wait) => Err(Refusal::Rate { venue, per_second: rate.per_second, wait }),
            None => Ok(()),
        }
    }

    // 14. The strategy's own exposure.
    fn check_budget(&self, state: &State, ask: &Ask<'_>) -> Result<(), Refusal> {
        let Some(sheet) = self.exposure.strategies.get(ask.strategy.index()) else { return Ok(()) };
        let limit = self.limits.budget(ask.strategy).max_exposure;
        if limit == Budget::UNBOUNDED.max_exposure {
            return Ok(());
        }
        let before = sheet.loss(ask.event).max(0);
        let now = sheet.total();
        let total = |extra: &Extra<'_>| {
            let loss = sheet.loss_with(state, ask.event, extra, Whose::Strategy(ask.strategy));
            now.saturating_sub(before).saturating_add(loss.max(0))
        };
        let would_be = total(&ask.extra);
        let bound = limit.micros().max(now);
        if would_be > bound {
            let fits = ask.most(bound, total);
            return Err(Refusal::StrategyExposure { strategy: ask.strategy, limit, would_be: money(would_be), fits });
        }
        Ok(())
    }
}

// 3. The market's own terms.
fn check_terms(state: &State, ask: &Ask<'_>) -> Result<(), Refusal> {
    let (market, listed) = (ask.market, &ask.instrument.market);
    if !listed.grid.allows(ask.price) {
        let (below, above) = (listed.grid.floor(ask.price), listed.grid.ceil(ask.price));
        return Err(Refusal::OffGrid { market, price: ask.price, below, above });
    }
    if !ask.open.is_multiple_of(listed.size_step) {
        let fits = ask.fits(ask.open.micros());
        return Err(Refusal::OffStep { market, qty: ask.open, step: listed.size_step, fits });
    }
    let least = if ask.immediate { listed.size_step } else { ask.instrument.min_qty.max(listed.size_step) };
    if ask.open < least {
        return Err(Refusal::TooSmall { market, qty: ask.open, least });
    }
    if ask.immediate || is_marketable(state, ask) {
        let pays = match ask.funding {
            Funding::Cash => paid(ask.side, ask.price),
            Funding::Holdings => paid(ask.side, ask.price).complement(),
        };
        let (worth, least) = (notional(pays, ask.open, Rounding::Floor), ask.instrument.min_taking);
        if worth < least {
            return Err(Refusal::TooCheap { market, worth, least });
        }
    }
    Ok(())
}

/// Whether a purchase would trade at once by our book. Polymarket asks of such a one what it asks of an immediate one.
///
/// Source: reference (Polymarket), sections 6.3 and 7.7: a marketable BUY is for 1 pUSD at least, of whatever kind.
fn is_marketable(state: &State, ask: &Ask<'_>) -> bool {
    let Ok(book) = state.books.view(ask.market) else { return false };
    let best = book.best(ask.side.opposite()).map(|level| level.price);
    ask.funding == Funding::Cash
        && best.is_some_and(|best| match ask.side {
            BookSide::Bid => ask.price >= best,
            BookSide::Ask => ask.price <= best,
        })
}

/// Whether the price goes at most `collar` beyond a reference.
fn collared(ask: &Ask<'_>, against: Reference, reference: Price, collar: Price) -> Result<(), Refusal> {
    let (worst, passes) = match ask.side {
        BookSide::Bid => {
            let worst = Price::new(reference.pips().saturating_add(collar.pips())).unwrap_or(Price::ONE);
            (worst, ask.price <= worst)
        }
        BookSide::Ask => {
            let worst = Price::new(reference.pips().saturating_sub(collar.pips())).unwrap_or(Price::ZERO);
            (worst, ask.price >= worst)
        }
    };
    if passes {
        return Ok(());
    }
    Err(Refusal::Collar { market: ask.market, side: ask.side, price: ask.price, against, reference, worst })
}

// 6. Our own orders, of all strategies, in flight, in doubt and on their way out too.
fn check_self_cross(state: &State, ask: &Ask<'_>) -> Result<(), Refusal> {
    match state.orders.live_in(ask.market).find(|order| order.may_cross(ask.side, ask.price)) {
        Some(other) => Err(Refusal::SelfCross {
            market: ask.market,
            side: ask.side,
            price: ask.price,
            other: other.key,
            other_price: other.worst_price(),
        }),
        None => Ok(()),
    }
}

/// Whether an order may already be giving up what another one would close with. A quote that may open a position by itself
/// and is clearly resting does not: execution takes it back, or lets it be.
fn may_close(order: &Order) -> bool {
    order.purpose == Purpose::Close || order.role != Role::Quote || order.is_in_doubt()
}

/// Contracts that chosen orders of the ask's side offer, or have given up without a fill being told. Of an order that `offers`
/// does not name only the latter counts, as of the one that changes.
fn offered(state: &State, ask: &Ask<'_>, is_chosen: impl Fn(&Order) -> bool, offers: impl Fn(&Order) -> bool) -> u64 {
    let changes = ask.extra.replaces().map(|order| order.key);
    state
        .orders
        .open_in(ask.market)
        .filter(|order| order.side == ask.side && is_chosen(order))
        .map(|order| {
            let open = if offers(order) && Some(order.key) != changes { order.worst_open() } else { Qty::ZERO };
            open.micros().saturating_add(order.unbooked().micros())
        })
        .fold(0, u64::saturating_add)
}

fn check_owner(ask: &Ask<'_>, owner: Owner, owned: Qty, offered: u64) -> Result<(), Refusal> {
    let free = owned.micros().saturating_sub(offered);
    let before = ask.extra.replaces().map_or(Qty::ZERO, Order::worst_open);
    if ask.open.micros() <= free.max(before.micros()) {
        return Ok(());
    }
    Err(Refusal::NotOwned {
        market: ask.market,
        owner,
        outcome: given(ask.side),
        owned,
        offered: Qty::from_micros(offered).unwrap_or(Qty::MAX),
        qty: ask.open,
        fits: ask.fits(free.max(before.micros())),
    })
}

fn check_position(ask: &Ask<'_>, owner: Owner, line: &Line, limit: Qty) -> Result<(), Refusal> {
    let now = line.toward(ask.side);
    let would_be = ask.extra.toward(line);
    let bound = limit.signed().micros().max(now);
    if would_be <= bound {
        return Ok(());
    }
    let signed = match ask.side {
        BookSide::Bid => would_be,
        BookSide::Ask => would_be.saturating_neg(),
    };
    let fits = ask.most(bound, |extra| extra.toward(line));
    let would_be = SignedQty::from_micros(signed).unwrap_or(SignedQty::ZERO);
    Err(Refusal::Position { market: ask.market, owner, limit, would_be, fits })
}
