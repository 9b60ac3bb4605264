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
const MOST_FILLS: u64 = 100;

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
    let replaced = extra.and_then(|extra| extra.replaces).map(|order| order.key);
    let closers = || {
        let open = state.orders.open_in(market).filter(|order| Some(order.key) != replaced && whose.has(order));
        let all = open.map(Worst::of).chain(extra.map(|extra| extra.worst));
        all.filter(|order| order.side == side && order.may_close(instrument))
    };
    let mut last = None;
    while let Some(price) = closers().map(|order| order.pays()).filter(|price| Some(*price) > last).min() {
        let here = closers().filter(|order| order.pays() == price).map(|order| micros(order.all()));
        if !visit(price, here.fold(0, i64::saturating_add)) {
            return;
        }
        last = Some(price);
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
        // Rounded up: gain × closed / held.
        let gone = (i128::from(gain) * i128::from(closed)).div_euclid(i128::from(held)) + 1;
        let brought = i128::from(price.pips()) * i128::from(closed) / 10_000;
        let more = i64::try_from(gone - brought).unwrap_or(i64::MAX);
        sum = sum.saturating_add(more.max(0));
        more > 1 && left > 0
    });
    sum
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
    /// Orders that may still fill or miss a fill.
    pub orders: u32,
}

impl Line {
    fn of_position(position: &Position) -> Self {
        Self { sum: Outcomes::of_position(position), net: position.net().micros(), ..Self::default() }
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
        if self.orders > 0 {
            self.forgone = Outcomes {
                yes: forgone(state, market, BookSide::Ask, whose, None),
                no: forgone(state, market, BookSide::Bid, whose, None),
            };
        }
    }

    /// What the market brings at worst.
    const fn worst(&self) -> Outcomes {
        self.sum.minus(self.forgone)
    }

    /// The position toward a side's outcome if all its orders fill, in 1e-6: plus is what the side wants.
    pub(crate) const fn toward(&self, side: BookSide) -> i64 {
        match side {
            BookSide::Bid => self.net.saturating_add(self.bids),
            BookSide::Ask => self.asks.saturating_sub(self.net),
        }
    }
}

/// Figures of all markets and events, of the account or of one strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    lines: Vec<Line>,
    /// By event: what it may lose, negative if it gains in every outcome.
    losses: Vec<i64>,
    /// By venue: the sum over events, each at least zero.
    venues: [i64; 2],
    orders: u32,
}

impl Sheet {
    fn grow(&mut self, state: &State) {
        self.lines.resize(state.universe.len().max(self.lines.len()), Line::default());
        self.losses.resize(state.universe.event_count().max(self.losses.len()), 0);
    }

    fn set(&mut self, market: MarketId, line: Line) {
        let place = &mut self.lines[market.index()];
        self.orders = self.orders - place.orders + line.orders;
        *place = line;
    }

    fn settle_event(&mut self, state: &State, event: EventId) {
        let loss = self.loss_with(state, event, None);
        let place = venue_index(state.universe.event(event).venue);
        let before = std::mem::replace(&mut self.losses[event.index()], loss);
        self.venues[place] = self.venues[place].saturating_sub(before.max(0)).saturating_add(loss.max(0));
    }

    pub(crate) fn line(&self, market: MarketId) -> &Line {
        &self.lines[market.index()]
    }

    pub(crate) const fn orders(&self) -> u32 {
        self.orders
    }

    /// What an event may lose.
    pub(crate) fn loss(&self, event: EventId) -> i64 {
        self.losses[event.index()]
    }

    pub(crate) const fn venue(&self, venue: Venue) -> i64 {
        self.venues[venue_index(venue)]
    }

    pub(crate) const fn total(&self) -> i64 {
        self.venues[0].saturating_add(self.venues[1])
    }

    /// What an event may lose, if one of its markets brings something else.
    pub(crate) fn loss_with(&self, state: &State, event: EventId, instead: Option<(MarketId, Outcomes)>) -> i64 {
        let entry = state.universe.event(event);
        let brought = |market: MarketId| match instead {
            Some((other, outcomes)) if other == market => outcomes,
            _ => self.lines[market.index()].worst(),
        };
        let mut sum = 0_i64;
        if entry.exclusive {
            let mut change = 0_i64;
            for market in &entry.markets {
                let outcomes = brought(*market);
                sum = sum.saturating_add(outcomes.no);
                change = change.min(outcomes.yes.saturating_sub(outcomes.no));
            }
            sum = sum.saturating_add(change);
        } else {
            for market in &entry.markets {
                let outcomes = brought(*market);
                sum = sum.saturating_add(outcomes.yes.min(outcomes.no));
            }
        }
        sum.saturating_neg()
    }
}

/// What is asked for beside what is there: an order, or new terms of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extra<'a> {
    pub market: MarketId,
    /// What would be there then; of a change, old and new terms both at their worst.
    pub worst: Worst,
    /// The order that would change, as it is counted now.
    pub replaces: Option<&'a Order>,
}

impl Extra<'_> {
    /// The same for another quantity that may fill; an order that changes may still have its old one.
    pub(crate) fn sized(self, open: Qty) -> Self {
        let old = self.replaces.map_or(Qty::ZERO, Order::worst_open);
        Self { worst: Worst { open: open.max(old), ..self.worst }, ..self }
    }

    /// What the market would bring.
    pub(crate) fn outcomes(&self, state: &State, line: &Line, whose: Whose) -> Outcomes {
        let instrument = state.universe.get(self.market);
        let mut sum = line.sum.plus(self.worst.bill(instrument).outcomes(self.worst.side));
        if let Some(order) = self.replaces {
            let order = Worst::of(order);
            sum = sum.minus(order.bill(instrument).outcomes(order.side));
        }
        let forgone = forgone(state, self.market, self.worst.side, whose, Some(self));
        sum.minus(match self.worst.side {
            BookSide::Bid => Outcomes { no: forgone, ..line.forgone },
            BookSide::Ask => Outcomes { yes: forgone, ..line.forgone },
        })
    }

    /// The position toward the order's side.
    pub(crate) fn toward(&self, line: &Line) -> i64 {
        let before = self.replaces.map_or(0, |order| micros(order.worst_open()));
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
        let mut line = Line::of_position(state.portfolio.account(market));
        for (place, sheet) in self.strategies.iter_mut().enumerate() {
            sheet.set(market, Line::of_position(state.portfolio.strategy(StrategyId(place as u16), market)));
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
        let instrument = state.universe.get(extra.market);
        let known = &self.bills[extra.market.index()];
        let mut bills = *known;
        let bill = bills.side_mut(extra.worst.side);
        if let Some(order) = extra.replaces.map(Worst::of).filter(|order| is_paid(order, instrument)) {
            bill.take_out(order.bill(instrument));
        }
        if is_paid(&extra.worst, instrument) {
            bill.add(extra.worst.bill(instrument));
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
