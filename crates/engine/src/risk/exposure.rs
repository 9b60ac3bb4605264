//! What markets and events may lose, with everything under way counted as filled or not, whichever is worse.
//!
//! Money is counted from the position's cost on: what an open contract pays less what it cost, in each outcome of its market.
//! An order contributes to an outcome only what it would lose there: it may as well not fill. Orders are independent of each
//! other, so the sum over them is the exact worst case of one outcome, and the minimum over outcomes that of the event.

use brier_types::{BookSide, Money, Price, Qty, Rounding, notional};

use super::{Ask, add, sub};
use crate::command::{Funding, paid};
use crate::engine::State;
use crate::ids::MarketId;
use crate::instrument::{Custody, Instrument};
use crate::order::Order;

/// The least that a market brings if it resolves YES, and if NO; both may be losses, which are negative here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// If YES.
    pub yes: Money,
    /// If NO.
    pub no: Money,
}

impl Scenario {
    /// Nothing owned and nothing under way.
    pub(super) const NONE: Self = Self { yes: Money::ZERO, no: Money::ZERO };

    /// With one more order.
    pub(super) fn with(self, order: Self) -> Self {
        Self { yes: add(self.yes, order.yes), no: add(self.no, order.no) }
    }
}

/// What `qty` bought at a YES price on a side brings in each outcome, a fee included.
fn outcome(side: BookSide, price: Price, qty: Qty, fee: Money) -> Scenario {
    let cost = add(notional(paid(side, price), qty, Rounding::Ceil), fee);
    let dollars = notional(Price::ONE, qty, Rounding::Floor);
    let (won, lost) = (sub(dollars, cost), sub(Money::ZERO, cost));
    match side {
        BookSide::Bid => Scenario { yes: won, no: lost },
        BookSide::Ask => Scenario { yes: lost, no: won },
    }
}

/// Only what can be lost by it.
fn only_losses(scenario: Scenario) -> Scenario {
    Scenario { yes: scenario.yes.min(Money::ZERO), no: scenario.no.min(Money::ZERO) }
}

/// What a market may bring: its position, fills that nobody told, and every order that may fill.
pub(super) fn scenario(state: &State, market: MarketId) -> Scenario {
    let position = state.portfolio.account(market);
    let dollars = |qty| notional(Price::ONE, qty, Rounding::Floor);
    let cost = position.cost();
    let mut total =
        Scenario { yes: sub(dollars(position.yes.qty), cost), no: sub(dollars(position.no.qty), cost) };
    let instrument = state.universe.get(market);
    for order in state.orders.open_in(market) {
        let open = order.worst_open();
        if !open.is_zero() {
            let fee = worst_fee(instrument, order.side, order.worst_price(), open, order.post_only);
            total = total.with(only_losses(outcome(order.side, order.worst_price(), open, fee)));
        }
        let untold = order.unbooked();
        if !untold.is_zero() {
            let fee = worst_fee(instrument, order.side, order.worst_price(), untold, order.post_only);
            total = total.with(only_losses(outcome(order.side, order.worst_price(), untold, fee)));
        }
    }
    total
}

/// What one more order may bring.
pub(super) fn order(state: &State, ask: &Ask, qty: Qty) -> Scenario {
    let instrument = state.universe.get(ask.market);
    let fee = worst_fee(instrument, ask.side, ask.price, qty, ask.post_only);
    only_losses(outcome(ask.side, ask.price, qty, fee))
}

/// The most that an order can pay in fees: an order that only makes pays the maker's, every other the taker's at the price
/// within its reach where that is highest.
fn worst_fee(instrument: &Instrument, side: BookSide, price: Price, qty: Qty, post_only: bool) -> Money {
    if post_only {
        return instrument.fees.maker(price, qty);
    }
    let reach = match side {
        BookSide::Bid => (Price::ZERO, price),
        BookSide::Ask => (price, Price::ONE),
    };
    instrument.fees.most(reach, qty, 1)
}

/// The most that an event may lose: for one whose markets exclude each other the worst of "this one, no other" and "none"; else
/// every market at its own worst.
pub(super) fn worst(exclusive: bool, scenarios: impl Iterator<Item = Scenario>) -> Money {
    let (mut none, mut least_change, mut apart) = (Money::ZERO, Money::ZERO, Money::ZERO);
    for scenario in scenarios {
        none = add(none, scenario.no);
        least_change = least_change.min(sub(scenario.yes, scenario.no));
        apart = add(apart, scenario.yes.min(scenario.no));
    }
    let brought = if exclusive { add(none, least_change) } else { apart };
    sub(Money::ZERO, brought).max(Money::ZERO)
}

/// What an order may cost.
pub(super) fn order_cost(order: &Order) -> Money {
    let qty = order.worst_open().checked_add(order.unbooked()).unwrap_or(Qty::MAX);
    notional(paid(order.side, order.worst_price()), qty, Rounding::Ceil)
}

/// What an asked order may cost.
pub(super) fn cost_of(ask: &Ask, qty: Qty) -> Money {
    notional(paid(ask.side, ask.price), qty, Rounding::Ceil)
}

/// Cash that an order may still take: on a netted market, what closes a position takes none.
pub(super) fn reserve(state: &State, order: &Order, instrument: &Instrument) -> Money {
    let open = order.worst_open().checked_add(order.unbooked()).unwrap_or(Qty::MAX);
    let opening = open.saturating_sub(closing(state, order.market, order.side, instrument).min(open));
    let cost = notional(paid(order.side, order.worst_price()), opening, Rounding::Ceil);
    add(cost, worst_fee(instrument, order.side, order.worst_price(), open, order.post_only))
}

/// Cash that an asked order may take.
pub(super) fn needs(state: &State, ask: &Ask, instrument: &Instrument) -> Money {
    if ask.funding == Funding::Holdings {
        return Money::ZERO;
    }
    // What is held is closed once: other orders of the side come first.
    let others = state
        .orders
        .open_in(ask.market)
        .filter(|order| order.side == ask.side && Some(order.key) != ask.replaces)
        .map(|order| order.worst_open().micros())
        .fold(0u64, u64::saturating_add);
    let free = closing(state, ask.market, ask.side, instrument);
    let free = Qty::from_micros(free.micros().saturating_sub(others)).unwrap_or(Qty::ZERO);
    let opening = ask.qty.saturating_sub(free.min(ask.qty));
    if opening.is_zero() {
        return Money::ZERO;
    }
    let cost = notional(paid(ask.side, ask.price), opening, Rounding::Ceil);
    add(cost, worst_fee(instrument, ask.side, ask.price, ask.qty, ask.post_only))
}

/// Contracts that an order of the side would close rather than open.
fn closing(state: &State, market: MarketId, side: BookSide, instrument: &Instrument) -> Qty {
    match (instrument.custody, side) {
        (Custody::Tokens, _) => Qty::ZERO,
        (Custody::Netted, BookSide::Bid) => state.portfolio.account(market).no.qty,
        (Custody::Netted, BookSide::Ask) => state.portfolio.account(market).yes.qty,
    }
}
