//! What markets, events and venues may lose at worst, kept ready and made anew only where something changed.
//!
//! Money is counted from what open contracts cost: what they pay in an outcome, less that. An order that may fill, or has
//! filled without a fill being told, counts in each outcome as filled or not, whichever is worse there, at its limit and with
//! the most that it can pay in fees. Orders fill independently, so what a market brings in one of its outcomes is a sum, and
//! the worst case of an event is exact: of an exclusive one over "this market and no other" and "none", of any other market
//! by market.
//!
//! A profit that is taken leaves the account: it covers nothing any more. So an order that may close contracts counts, where
//! they would have won, with its price or with the gain that it gives up, whichever is more. With that no fill, of whatever
//! orders in whatever order, ever makes a worst case worse, and a limit that holds now holds in every future.
//!
//! Left out: what the rounding of many small fills takes when an order fills in part where filling it all would be a gain
//! (under $0.0002 a fill), and provisional fills that fail on the chain.
//!
//! Sums that do not fit stay at the end of their range: a limit is broken there anyway.

use brier_types::{BookSide, Money, Outcome, Price, Qty, Rounding, Venue, notional};

use crate::command::{Funding, paid};
use crate::engine::State;
use crate::ids::{EventId, MarketId, StrategyId};
use crate::instrument::{Custody, Instrument, venue_index};
use crate::order::Order;
use crate::portfolio::Position;

/// In how many fills an order is taken to fill at most, for the fees' rounding.
pub(crate) const MOST_FILLS: u64 = 100;

/// What a market brings in each outcome, in $0.000001: gains are positive, losses negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub yes: i64,
    pub no: i64,
}

impl Outcomes {
    const fn plus(self, other: Self) -> Self {
        Self { yes: self.yes.saturating_add(other.yes), no: self.no.saturating_add(other.no) }
    }

    const fn minus(self, other: Self) -> Self {
        Self { yes: self.yes.saturating_sub(other.yes), no: self.no.saturating_sub(other.no) }
    }

    /// What resolving YES adds to resolving NO.
    const fn change(self) -> i64 {
        self.yes.saturating_sub(self.no)
    }

    /// What a position brings.
    fn of_position(position: &Position) -> Self {
        let contracts = |held: Qty, oversold: Qty| micros(held).saturating_sub(micros(oversold));
        let cost = position.yes.cost.micros().saturating_add(position.no.cost.micros());
        Self {
            yes: contracts(position.yes.qty, position.yes.oversold).saturating_sub(cost),
            no: contracts(position.no.qty, position.no.oversold).saturating_sub(cost),
        }
    }
}

/// Contracts in 1e-6: a contract that wins pays as many micro-dollars as it has millionths.
const fn micros(qty: Qty) -> i64 {
    qty.micros() as i64
}

/// The most that an order may still do: `open` contracts may fill at `price` or better, `untold` have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Worst {
    pub side: BookSide,
    pub price: Price,
    pub open: Qty,
    pub untold: Qty,
    pub funding: Funding,
}

impl Worst {
    pub(crate) fn of(order: &Order) -> Self {
        Self {
            side: order.side,
            price: order.worst_price(),
            open: order.worst_open(),
            untold: order.unbooked(),
            funding: order.funding,
        }
    }

    /// Contracts that may fill, or have and nobody told.
    const fn all(&self) -> Qty {
        match self.open.checked_add(self.untold) {
            Some(all) => all,
            None => Qty::MAX,
        }
    }

    /// The price of the outcome that it wants.
    const fn pays(&self) -> Price {
        paid(self.side, self.price)
    }

    /// What all its contracts cost at its worst price, with the most in fees.
    fn bill(&self, instrument: &Instrument) -> Bill {
        let all = self.all();
        if all.is_zero() {
            return Bill::default();
        }
        let reach = match self.side {
            BookSide::Bid => (Price::ZERO, self.price),
            BookSide::Ask => (self.price, Price::ONE),
        };
        let steps = all.micros().div_ceil(instrument.market.size_step.micros().max(1));
        let fee = instrument.fees.most(reach, all, steps.min(MOST_FILLS)).micros();
        let cost = notional(self.pays(), all, Rounding::Ceil).micros();
        Bill { contracts: micros(all), cost: cost.saturating_add(fee) }
    }

    /// Whether it gives up contracts of the other outcome that are held, rather than buy more.
    fn may_close(&self, instrument: &Instrument) -> bool {
        instrument.custody == Custody::Netted || self.funding == Funding::Holdings
    }
}

/// What orders of one side may have to pay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bill {
    /// Contracts, in 1e-6.
    contracts: i64,
    /// What they cost with fees, in $0.000001.
    cost: i64,
}

impl Bill {
    /// What one order brings in each outcome: it fills where that is a loss.
    fn outcomes(self, side: BookSide) -> Outcomes {
        let (won, lost) = (self.contracts.saturating_sub(self.cost).min(0), self.cost.saturating_neg());
        match side {
            BookSide::Bid => Outcomes { yes: won, no: lost },
            BookSide::Ask => Outcomes { yes: lost, no: won },
        }
    }

    const fn add(&mut self, other: Self) {
        self.contracts = self.contracts.saturating_add(other.contracts);
        self.cost = self.cost.saturating_add(other.cost);
    }

    const fn take_out(&mut self, other: Self) {
        self.contracts = self.contracts.saturating_sub(other.contracts);
        self.cost = self.cost.saturating_sub(other.cost);
    }
}

/// Whose orders and positions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Everybody,
    Strategy(StrategyId),
}

impl Whose {
    fn position(self, state: &State, market: MarketId) -> &Position {
        match self {
            Self::Everybody => state.portfolio.account(market),
            Self::Strategy(strategy) => state.portfolio.strategy(strategy, market),
        }
    }

    fn has(self, order: &Order) -> bool {
        match self {
            Self::Everybody => true,
            Self::Strategy(strategy) => order.strategy == strategy,
        }
    }
}

/// The outcome that orders of a side give up when they close.
pub(crate) const fn given(side: BookSide) -> Outcome {
    match side {
        BookSide::Bid => Outcome::No,
        BookSide::Ask => Outcome::Yes,
    }
}

/// Visits the orders of one side of a market that may close, with `extra` instead of what it replaces, by ascending price of
/// the outcome that they want: price and contracts in 1e-6. Ends when `visit` says so. There are few, so none are sorted.
fn by_price(
    state: &State,
    market: MarketId,
    side: BookSide,
    whose: Whose,
    extra: Option<&Extra<'_>>,
    mut visit: impl FnMut(Price, i64) -> bool,
) {
    let instrument = state.universe.get(market);
    let replaced = extra.and_then(Extra::replaces).map(|order| order.key);
    let mut last = None;
    loop {
        let open = state.orders.open_in(market).filter(|order| order.side == side && Some(order.key) != replaced);
        let own = open.filter(|order| whose.has(order)).map(Worst::of);
        let mut next: Option<(Price, i64)> = None;
        let more = extra.map(|extra| extra.worst).filter(|order| order.side == side);
        for order in own.chain(more).filter(|order| order.may_close(instrument)) {
            let (price, contracts) = (order.pays(), micros(order.all()));
            match &mut next {
                _ if Some(price) <= last => {}
                Some((known, _)) if *known < price => {}
                Some((known, sum)) if *known == price => *sum = sum.saturating_add(contracts),
                _ => next = Some((price, contracts)),
            }
        }
        match next {
            Some((price, contracts)) if visit(price, contracts) => last = Some(price),
            Some(_) | None => return,
        }
    }
}

/// By how much the gains that orders of one side may give up exceed what they would be paid for them: the held contracts'
/// average gain if they win, for as many as may be closed at less.
fn forgone(state: &State, market: MarketId, side: BookSide, whose: Whose, extra: Option<&Extra<'_>>) -> i64 {
    let position = whose.position(state, market);
    let (held, cost) = match given(side) {
        Outcome::Yes => (micros(position.yes.qty), position.yes.cost.micros()),
        Outcome::No => (micros(position.no.qty), position.no.cost.micros()),
    };
    let gain = held.saturating_sub(cost);
    if held == 0 || gain <= 0 {
        return 0;
    }
    let (mut left, mut sum) = (held, 0_i64);
    by_price(state, market, side, whose, extra, |price, contracts| {
        let closed = contracts.min(left);
        left -= closed;
        let qty = Qty::from_micros(closed.unsigned_abs()).unwrap_or(Qty::ZERO);
        let brought = notional(price, qty, Rounding::Floor).micros();
        let more = part_up(gain, closed, held).saturating_sub(brought);
        sum = sum.saturating_add(more.max(0));
        more > 0 && left > 0
    });
    sum
}

/// `amount` × `part` / `whole`, rounded up, of amounts that are not negative and a part of the whole. Nearly all products fit
/// 64 bits, whose division is several times faster.
fn part_up(amount: i64, part: i64, whole: i64) -> i64 {
    if part == whole {
        return amount;
    }
    if let Some(exact) = amount.checked_mul(part) {
        return exact.unsigned_abs().div_ceil(whole.unsigned_abs()) as i64;
    }
    let exact = u128::from(amount.unsigned_abs()) * u128::from(part.unsigned_abs());
    i64::try_from(exact.div_ceil(u128::from(whole.unsigned_abs()))).unwrap_or(i64::MAX)
}

/// One market's figures, of the account or of one strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// What position and orders bring, each order on its own at worst.
    sum: Outcomes,
    /// See [`forgone`]: by asks if YES, by bids if NO.
    forgone: Outcomes,
    /// Net contracts, in 1e-6; plus is YES.
    net: i64,
    /// Contracts that bids may fill, or have and nobody told, in 1e-6.
    bids: i64,
    /// The same of asks.
    asks: i64,
    /// Contracts that matches sold which may still fail, and so come back, in 1e-6.
    sold: i64,
    /// Contracts that matches bought which may still fail, and so go away, in 1e-6.
    bought: i64,
    /// Orders that may still fill or miss a fill.
    pub orders: u32,
}

impl Line {
    fn of_position(position: &Position) -> Self {
        Self { sum: Outcomes::of_position(position), net: position.net().micros(), ..Self::default() }
    }

    /// A position with what its unsettled matches would undo.
    fn of_market(state: &State, market: MarketId, position: &Position, strategy: Option<StrategyId>) -> Self {
        let mut line = Self::of_position(position);
        for fill in state.portfolio.provisional_in(market) {
            if strategy.is_none_or(|strategy| strategy == fill.strategy) {
                let undone = match fill.side {
                    BookSide::Bid => &mut line.bought,
                    BookSide::Ask => &mut line.sold,
                };
                *undone = undone.saturating_add(micros(fill.qty));
            }
        }
        line
    }

    fn add(&mut self, side: BookSide, bill: Bill) {
        self.sum = self.sum.plus(bill.outcomes(side));
        match side {
            BookSide::Bid => self.bids = self.bids.saturating_add(bill.contracts),
            BookSide::Ask => self.asks = self.asks.saturating_add(bill.contracts),
        }
        self.orders += 1;
    }

    fn find_forgone(&mut self, state: &State, market: MarketId, whose: Whose) {
        if self.asks > 0 {
            self.forgone.yes = forgone(state, market, BookSide::Ask, whose, None);
        }
        if self.bids > 0 {
            self.forgone.no = forgone(state, market, BookSide::Bid, whose, None);
        }
    }

    /// What the market brings at worst.
    const fn worst(&self) -> Outcomes {
        self.sum.minus(self.forgone)
    }

    /// The position toward a side's outcome if all its orders fill and all matches of the other side fail that still can, in
    /// 1e-6: plus is what the side wants.
    pub(crate) const fn toward(&self, side: BookSide) -> i64 {
        match side {
            BookSide::Bid => self.net.saturating_add(self.bids).saturating_add(self.sold),
            BookSide::Ask => self.asks.saturating_add(self.bought).saturating_sub(self.net),
        }
    }
}

/// One event's figures, so that what one of its markets would change is found without looking at the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct EventFigures {
    exclusive: bool,
    /// What its markets bring together: of an exclusive event if none resolves YES, of any other each at its worst.
    sum: i64,
    /// The least that any market of an exclusive event adds by resolving YES, at most nothing, and which.
    least: (i64, Option<MarketId>),
    /// The same without that market.
    second: i64,
}

impl EventFigures {
    const fn share(exclusive: bool, outcomes: Outcomes) -> i64 {
        if exclusive || outcomes.no < outcomes.yes { outcomes.no } else { outcomes.yes }
    }

    fn add(&mut self, market: MarketId, outcomes: Outcomes) {
        self.sum = self.sum.saturating_add(Self::share(self.exclusive, outcomes));
        let change = outcomes.change();
        if change < self.least.0 {
            self.second = self.least.0;
            self.least = (change, Some(market));
        } else if change < self.second {
            self.second = change;
        }
    }

    /// What the event may lose, negative if it gains in every outcome.
    const fn loss(&self) -> i64 {
        let change = if self.exclusive { self.least.0 } else { 0 };
        self.sum.saturating_add(change).saturating_neg()
    }

    /// The same if one market brings something else.
    fn loss_with(&self, market: MarketId, before: Outcomes, after: Outcomes) -> i64 {
        let (before, share) = (Self::share(self.exclusive, before), Self::share(self.exclusive, after));
        let sum = self.sum.saturating_sub(before).saturating_add(share);
        if !self.exclusive {
            return sum.saturating_neg();
        }
        let others = if self.least.1 == Some(market) { self.second } else { self.least.0 };
        sum.saturating_add(others.min(after.change())).saturating_neg()
    }
}

/// Figures of all markets and events, of the account or of one strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    lines: Vec<Line>,
    events: Vec<EventFigures>,
    /// By venue: what its events may lose, each at least nothing.
    venues: [i64; 2],
    orders: u32,
}

impl Sheet {
    fn grow(&mut self, state: &State) {
        self.lines.resize(state.universe.len().max(self.lines.len()), Line::default());
        self.events.resize(state.universe.event_count().max(self.events.len()), EventFigures::default());
    }

    fn set(&mut self, market: MarketId, line: Line) {
        let place = &mut self.lines[market.index()];
        self.orders = self.orders - place.orders + line.orders;
        *place = line;
    }

    fn settle_event(&mut self, state: &State, event: EventId) {
        let entry = state.universe.event(event);
        let mut figures = EventFigures { exclusive: entry.exclusive, ..EventFigures::default() };
        for market in &entry.markets {
            figures.add(*market, self.lines[market.index()].worst());
        }
        let before = std::mem::replace(&mut self.events[event.index()], figures).loss().max(0);
        let venue = &mut self.venues[venue_index(entry.venue)];
        *venue = venue.saturating_sub(before).saturating_add(figures.loss().max(0));
    }

    pub(crate) fn line(&self, market: MarketId) -> &Line {
        &self.lines[market.index()]
    }

    pub(crate) const fn orders(&self) -> u32 {
        self.orders
    }

    /// What an event may lose, negative if it gains in every outcome.
    pub(crate) fn loss(&self, event: EventId) -> i64 {
        self.events[event.index()].loss()
    }

    /// The same with an order more, or new terms of one.
    pub(crate) fn loss_with(&self, state: &State, event: EventId, extra: &Extra<'_>, whose: Whose) -> i64 {
        let line = self.line(extra.market);
        self.events[event.index()].loss_with(extra.market, line.worst(), extra.outcomes(state, line, whose))
    }

    pub(crate) const fn venue(&self, venue: Venue) -> i64 {
        self.venues[venue_index(venue)]
    }

    pub(crate) const fn total(&self) -> i64 {
        self.venues[0].saturating_add(self.venues[1])
    }
}

/// What is asked for beside what is there: an order, or new terms of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extra<'a> {
    market: MarketId,
    instrument: &'a Instrument,
    /// What would be there then; of a change, old and new terms both at their worst.
    worst: Worst,
    bill: Bill,
    /// The order that would change, as it is counted now.
    replaces: Option<(&'a Order, Worst, Bill)>,
}

impl<'a> Extra<'a> {
    pub(crate) fn new(market: MarketId, instrument: &'a Instrument, worst: Worst, replaces: Option<&'a Order>) -> Self {
        let replaces = replaces.map(|order| (order, Worst::of(order), Worst::of(order).bill(instrument)));
        Self { market, instrument, worst, bill: worst.bill(instrument), replaces }
    }

    /// The order that would change.
    pub(crate) fn replaces(&self) -> Option<&'a Order> {
        self.replaces.map(|(order, _, _)| order)
    }

    /// The same for another quantity that may fill; an order that changes may still have its old one.
    pub(crate) fn sized(self, open: Qty) -> Self {
        let old = self.replaces.map_or(Qty::ZERO, |(_, old, _)| old.open);
        let worst = Worst { open: open.max(old), ..self.worst };
        Self { worst, bill: worst.bill(self.instrument), ..self }
    }

    /// What the market would bring.
    fn outcomes(&self, state: &State, line: &Line, whose: Whose) -> Outcomes {
        let side = self.worst.side;
        let mut sum = line.sum.plus(self.bill.outcomes(side));
        if let Some((_, _, bill)) = self.replaces {
            sum = sum.minus(bill.outcomes(side));
        }
        let forgone = forgone(state, self.market, side, whose, Some(self));
        sum.minus(match side {
            BookSide::Bid => Outcomes { no: forgone, ..line.forgone },
            BookSide::Ask => Outcomes { yes: forgone, ..line.forgone },
        })
    }

    /// The position toward the order's side.
    pub(crate) fn toward(&self, line: &Line) -> i64 {
        let before = self.replaces.map_or(0, |(_, old, _)| micros(old.open));
        line.toward(self.worst.side).saturating_sub(before).saturating_add(micros(self.worst.open))
    }
}

/// What both sides of a market may have to pay, and what of it must be in hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bills {
    bids: Bill,
    asks: Bill,
    held: i64,
    /// Whose cash it is, as a place among the shards.
    shard: usize,
}

impl Bills {
    const fn side_mut(&mut self, side: BookSide) -> &mut Bill {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }
}

/// Cash that the orders of one shard may need at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    venue: Venue,
    number: u16,
    held: i64,
}

/// Everything that is kept ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exposure {
    pub account: Sheet,
    /// By strategy with a budget.
    pub strategies: Vec<Sheet>,
    /// By market.
    bills: Vec<Bills>,
    shards: Vec<Shard>,
    /// Markets that changed since the last look.
    dirty: Vec<MarketId>,
    is_dirty: Vec<bool>,
    dirty_events: Vec<EventId>,
    is_event_dirty: Vec<bool>,
}

impl Exposure {
    pub(crate) fn new(strategies: usize) -> Self {
        Self { strategies: vec![Sheet::default(); strategies], ..Self::default() }
    }

    /// Notes that a market's orders, position or terms changed.
    pub(crate) fn touch(&mut self, market: MarketId) {
        if self.is_dirty.len() <= market.index() {
            self.is_dirty.resize(market.index() + 1, false);
        }
        if !std::mem::replace(&mut self.is_dirty[market.index()], true) {
            self.dirty.push(market);
        }
    }

    /// Brings all figures up to the state.
    #[inline]
    pub(crate) fn refresh(&mut self, state: &State) {
        if self.bills.len() < state.universe.len() {
            self.grow(state);
        }
        if !self.dirty.is_empty() {
            self.refresh_dirty(state);
        }
    }

    fn grow(&mut self, state: &State) {
        for market in self.bills.len()..state.universe.len() {
            self.touch(MarketId(market as u32));
        }
        self.bills.resize(state.universe.len(), Bills::default());
        self.is_event_dirty.resize(state.universe.event_count(), false);
        self.account.grow(state);
        for sheet in &mut self.strategies {
            sheet.grow(state);
        }
    }

    fn refresh_dirty(&mut self, state: &State) {
        while let Some(market) = self.dirty.pop() {
            self.is_dirty[market.index()] = false;
            if market.index() < state.universe.len() {
                self.refresh_market(state, market);
            }
        }
        while let Some(event) = self.dirty_events.pop() {
            self.is_event_dirty[event.index()] = false;
            self.account.settle_event(state, event);
            for sheet in &mut self.strategies {
                sheet.settle_event(state, event);
            }
        }
    }

    fn refresh_market(&mut self, state: &State, market: MarketId) {
        let instrument = state.universe.get(market);
        let mut line = Line::of_market(state, market, state.portfolio.account(market), None);
        for (place, sheet) in self.strategies.iter_mut().enumerate() {
            let strategy = StrategyId(place as u16);
            let position = state.portfolio.strategy(strategy, market);
            sheet.set(market, Line::of_market(state, market, position, Some(strategy)));
        }
        let mut bills = Bills { shard: self.shard(instrument), ..Bills::default() };
        for order in state.orders.open_in(market) {
            let worst = Worst::of(order);
            let bill = worst.bill(instrument);
            line.add(worst.side, bill);
            if let Some(sheet) = self.strategies.get_mut(order.strategy.index()) {
                sheet.lines[market.index()].add(worst.side, bill);
                sheet.orders += 1;
            }
            if is_paid(&worst, instrument) {
                bills.side_mut(worst.side).add(bill);
            }
        }
        line.find_forgone(state, market, Whose::Everybody);
        for (place, sheet) in self.strategies.iter_mut().enumerate() {
            sheet.lines[market.index()].find_forgone(state, market, Whose::Strategy(StrategyId(place as u16)));
        }
        bills.held = held(state, market, &bills, None);
        self.account.set(market, line);
        let before = std::mem::replace(&mut self.bills[market.index()], bills);
        // A market that was not looked at before held nothing, of whatever shard.
        let shard = &mut self.shards[before.shard];
        shard.held = shard.held.saturating_sub(before.held);
        let shard = &mut self.shards[bills.shard];
        shard.held = shard.held.saturating_add(bills.held);
        let event = state.universe.event_of(market);
        if !std::mem::replace(&mut self.is_event_dirty[event.index()], true) {
            self.dirty_events.push(event);
        }
    }

    fn shard(&mut self, instrument: &Instrument) -> usize {
        let (venue, number) = (instrument.venue(), instrument.shard);
        let known = self.shards.iter().position(|known| (known.venue, known.number) == (venue, number));
        known.unwrap_or_else(|| {
            self.shards.push(Shard { venue, number, held: 0 });
            self.shards.len() - 1
        })
    }

    /// Cash that the orders of a market's shard may need.
    pub(crate) fn held(&self, market: MarketId) -> i64 {
        self.shards[self.bills[market.index()].shard].held
    }

    /// The same with something more.
    pub(crate) fn held_with(&self, state: &State, extra: &Extra<'_>) -> i64 {
        let known = &self.bills[extra.market.index()];
        let mut bills = *known;
        let bill = bills.side_mut(extra.worst.side);
        if let Some((_, _, old)) = extra.replaces.filter(|(_, old, _)| is_paid(old, extra.instrument)) {
            bill.take_out(old);
        }
        if is_paid(&extra.worst, extra.instrument) {
            bill.add(extra.bill);
        }
        let with = held(state, extra.market, &bills, Some(extra));
        self.held(extra.market).saturating_sub(known.held).saturating_add(with)
    }
}

/// Whether it costs cash: tokens that are sold do not.
fn is_paid(order: &Worst, instrument: &Instrument) -> bool {
    instrument.custody == Custody::Netted || order.funding == Funding::Cash
}

/// Cash that the orders of one market may need at worst, whatever of them fills, in whatever order.
///
/// Of tokens: what purchases cost with their fees. Of a netted position: of each side what opens, at the highest prices among
/// its orders, and the fees of all; what closes brings a dollar a pair and needs nothing. Source: reference (Kalshi),
/// section 8.3.
fn held(state: &State, market: MarketId, bills: &Bills, extra: Option<&Extra<'_>>) -> i64 {
    let cover = |side| match state.universe.get(market).custody {
        Custody::Tokens => 0,
        Custody::Netted => micros(state.portfolio.account(market).held(given(side))),
    };
    let of = |side, bill: Bill| {
        let cover = cover(side);
        if cover == 0 {
            bill.cost
        } else if bill.contracts <= cover {
            0
        } else {
            bill.cost.saturating_sub(cheapest(state, market, side, cover, extra)).max(0)
        }
    };
    of(BookSide::Bid, bills.bids).saturating_add(of(BookSide::Ask, bills.asks))
}

/// What the cheapest `cover` contracts of a side cost, rounded down.
fn cheapest(state: &State, market: MarketId, side: BookSide, cover: i64, extra: Option<&Extra<'_>>) -> i64 {
    let (mut left, mut cost) = (cover, 0_i64);
    by_price(state, market, side, Whose::Everybody, extra, |price, contracts| {
        let taken = contracts.min(left);
        left -= taken;
        let qty = Qty::from_micros(taken.unsigned_abs()).unwrap_or(Qty::ZERO);
        cost = cost.saturating_add(notional(price, qty, Rounding::Floor).micros());
        left > 0
    });
    cost
}

/// The largest multiple of `step` up to `most` for which `figure` is within `bound`; `figure` grows with the quantity.
pub(crate) fn largest(step: Qty, most: Qty, bound: i64, figure: impl Fn(Qty) -> i64) -> Qty {
    let step = step.micros().max(1);
    let qty = |steps: u64| Qty::from_micros(steps * step).unwrap_or(Qty::MAX);
    let (mut low, mut high) = (0, most.micros() / step);
    while low < high {
        let middle = high - (high - low) / 2;
        if figure(qty(middle)) <= bound {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    qty(low)
}

/// A count of $0.000001 as money.
pub(crate) const fn money(micros: i64) -> Money {
    Money::from_micros(micros)
}
