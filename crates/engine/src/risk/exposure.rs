//! What markets, events and venues may lose at worst, kept ready and made anew only where something changed.
//!
//! Money is counted from what open contracts cost: what they pay in an outcome, less that. An order that may fill counts in
//! each outcome as filled or not, whichever is worse there; a fill that the venue counts and nobody has told counts as
//! owned at the limit; each with the most that it can pay in fees. Orders fill independently, so what a market brings in one
//! of its outcomes is a plain sum, and the worst case of an event is exact: of an exclusive one over "this market and no
//! other" and "none", of any other market by market.
//!
//! Left out: what the rounding of many small fills takes when an order fills in part where filling it all would be a gain
//! (under $0.0002 a fill), and provisional fills that fail on the chain.
//!
//! Sums that do not fit stay at the end of their range: a limit is broken there anyway.

use brier_types::{BookSide, Money, Price, Qty, Rounding, Venue, notional};

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
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self { yes: self.yes.saturating_add(other.yes), no: self.no.saturating_add(other.no) }
    }

    const fn minus(self, other: Self) -> Self {
        Self { yes: self.yes.saturating_sub(other.yes), no: self.no.saturating_sub(other.no) }
    }

    fn only_losses(self) -> Self {
        Self { yes: self.yes.min(0), no: self.no.min(0) }
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

/// Contracts of an order, in 1e-6: a contract pays as many micro-dollars as it has millionths.
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

    /// What it brings in each outcome at worst.
    pub(crate) fn outcomes(&self, instrument: &Instrument) -> Outcomes {
        let mut all = Outcomes::default();
        if !self.open.is_zero() {
            all = self.filled(instrument, self.open).only_losses();
        }
        if !self.untold.is_zero() {
            all = all.plus(self.filled(instrument, self.untold));
        }
        all
    }

    /// What a fill of `qty` at the worst price and fee brings in each outcome.
    fn filled(&self, instrument: &Instrument, qty: Qty) -> Outcomes {
        let cost = self.cost(qty).saturating_add(self.fee(instrument, qty));
        let (won, lost) = (micros(qty).saturating_sub(cost), cost.saturating_neg());
        match self.side {
            BookSide::Bid => Outcomes { yes: won, no: lost },
            BookSide::Ask => Outcomes { yes: lost, no: won },
        }
    }

    /// What `qty` contracts of the outcome that it wants cost at its worst price.
    fn cost(&self, qty: Qty) -> i64 {
        notional(paid(self.side, self.price), qty, Rounding::Ceil).micros()
    }

    fn fee(&self, instrument: &Instrument, qty: Qty) -> i64 {
        let reach = match self.side {
            BookSide::Bid => (Price::ZERO, self.price),
            BookSide::Ask => (self.price, Price::ONE),
        };
        let steps = qty.micros().div_ceil(instrument.market.size_step.micros().max(1));
        instrument.fees.most(reach, qty, steps.min(MOST_FILLS)).micros()
    }

    /// Contracts that may have to be paid for.
    const fn all(&self) -> Qty {
        match self.open.checked_add(self.untold) {
            Some(all) => all,
            None => Qty::MAX,
        }
    }
}

/// One market's figures, of the account or of one strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// What it brings at worst.
    pub worst: Outcomes,
    /// Net contracts with untold fills, in 1e-6; plus is YES.
    pub net: i64,
    /// Contracts that bids may still fill, in 1e-6.
    pub bids: i64,
    /// Contracts that asks may still fill, in 1e-6.
    pub asks: i64,
    /// Orders that may still fill or miss a fill.
    pub orders: u32,
}

impl Line {
    fn of_position(position: &Position) -> Self {
        Self { worst: Outcomes::of_position(position), net: position.net().micros(), ..Self::default() }
    }

    fn add(&mut self, order: &Worst, outcomes: Outcomes) {
        self.worst = self.worst.plus(outcomes);
        let (open, untold) = (micros(order.open), micros(order.untold));
        match order.side {
            BookSide::Bid => {
                self.bids = self.bids.saturating_add(open);
                self.net = self.net.saturating_add(untold);
            }
            BookSide::Ask => {
                self.asks = self.asks.saturating_add(open);
                self.net = self.net.saturating_sub(untold);
            }
        }
        self.orders += 1;
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
            _ => self.lines[market.index()].worst,
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
    pub(crate) fn outcomes(&self, line: &Line, instrument: &Instrument) -> Outcomes {
        let without = match self.replaces {
            Some(order) => line.worst.minus(Worst::of(order).outcomes(instrument)),
            None => line.worst,
        };
        without.plus(self.worst.outcomes(instrument))
    }

    /// The position toward the order's side.
    pub(crate) fn toward(&self, line: &Line) -> i64 {
        let before = self.replaces.map_or(0, |order| micros(order.worst_open()));
        line.toward(self.worst.side).saturating_sub(before).saturating_add(micros(self.worst.open))
    }
}

/// What the orders of one side of a market may have to pay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bill {
    /// Contracts, in 1e-6.
    contracts: i64,
    /// What they cost with fees, in $0.000001.
    cost: i64,
}

impl Bill {
    fn add(&mut self, order: &Worst, instrument: &Instrument) {
        let (contracts, cost) = Self::of(order, instrument);
        self.contracts = self.contracts.saturating_add(contracts);
        self.cost = self.cost.saturating_add(cost);
    }

    fn take_out(&mut self, order: &Worst, instrument: &Instrument) {
        let (contracts, cost) = Self::of(order, instrument);
        self.contracts = self.contracts.saturating_sub(contracts);
        self.cost = self.cost.saturating_sub(cost);
    }

    /// Tokens that are sold cost nothing.
    fn of(order: &Worst, instrument: &Instrument) -> (i64, i64) {
        let all = order.all();
        if all.is_zero() || (instrument.custody == Custody::Tokens && order.funding == Funding::Holdings) {
            return (0, 0);
        }
        (micros(all), order.cost(all).saturating_add(order.fee(instrument, all)))
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

/// Cash of one shard that orders may need at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    venue: Venue,
    shard: u16,
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
            let outcomes = worst.outcomes(instrument);
            line.add(&worst, outcomes);
            if let Some(sheet) = self.strategies.get_mut(order.strategy.index()) {
                sheet.lines[market.index()].add(&worst, outcomes);
                sheet.orders += 1;
            }
            bills.side_mut(worst.side).add(&worst, instrument);
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
        let (venue, shard) = (instrument.venue(), instrument.shard);
        let known = self.shards.iter().position(|known| (known.venue, known.shard) == (venue, shard));
        known.unwrap_or_else(|| {
            self.shards.push(Shard { venue, shard, held: 0 });
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
        if let Some(order) = extra.replaces {
            bill.take_out(&Worst::of(order), instrument);
        }
        bill.add(&extra.worst, instrument);
        let with = held(state, extra.market, &bills, Some(extra));
        self.held(extra.market).saturating_sub(known.held).saturating_add(with)
    }
}

/// Cash that the orders of one market may need at worst, whatever of them fills, in whatever order.
///
/// Of tokens: what purchases cost with their fees. Of a netted position: of each side what opens, at the highest prices among
/// its orders, and the fees of all; what closes brings a dollar a pair and needs nothing. Source: reference (Kalshi),
/// section 8.3.
fn held(state: &State, market: MarketId, bills: &Bills, extra: Option<&Extra<'_>>) -> i64 {
    let cover = |side| match state.universe.get(market).custody {
        Custody::Tokens => 0,
        Custody::Netted => micros(match side {
            BookSide::Bid => state.portfolio.account(market).no.qty,
            BookSide::Ask => state.portfolio.account(market).yes.qty,
        }),
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
    let replaced = extra.and_then(|extra| extra.replaces).map(|order| order.key);
    let orders = || {
        let open = state.orders.open_in(market).filter(|order| Some(order.key) != replaced).map(Worst::of);
        open.chain(extra.map(|extra| extra.worst)).filter(|order| order.side == side)
    };
    let price_of = |order: &Worst| paid(order.side, order.price);
    let (mut left, mut cost, mut above) = (cover, 0_i64, None);
    while left > 0 {
        let prices = orders().map(|order| price_of(&order));
        let Some(price) = prices.filter(|price| Some(*price) > above).min() else { break };
        let here = orders().filter(|order| price_of(order) == price).map(|order| micros(order.all()));
        let taken = here.fold(0, i64::saturating_add).min(left);
        let qty = Qty::from_micros(taken.unsigned_abs()).unwrap_or(Qty::ZERO);
        cost = cost.saturating_add(notional(price, qty, Rounding::Floor).micros());
        left -= taken;
        above = Some(price);
    }
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
