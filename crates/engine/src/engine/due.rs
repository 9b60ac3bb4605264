//! What time brings: answers that are overdue, questions about unclear orders, reconciliation, the daily watch, the tick.

use brier_types::Timestamp;

use super::{Engine, Kind, VENUES};
use crate::command::{Command, Funding, Lookup, PlaceOrder, Request};
use crate::ids::{OrderKey, StrategyId};
use crate::order::{Order, OrderState};
use crate::strategy::Signal;

impl Engine {
    /// Does what is due by now.
    pub(super) fn run_due(&mut self, out: &mut Vec<Command>) {
        if self.pending.iter().any(|pending| pending.until <= self.now) {
            self.give_up_waiting(out);
        }
        self.run_asks(out);
        for venue in VENUES {
            self.run_reconcile(venue, out);
        }
        for (scope, cause) in self.state.halts.expire(self.now) {
            out.push(Command::Alert(crate::command::Alert::Resumed { scope, reason: format!("{cause:?} is over") }));
            self.mark_all_work();
        }
        if self.now >= self.next_tick {
            self.tick(out);
        } else {
            self.wake_seats(out);
        }
        let state = &self.state;
        let trip = self.risk.watch(self.now, state, &|market| state.mark(market));
        self.trip(trip, out);
        if !self.work_is_done() {
            self.run_work(out);
        }
    }

    fn work_is_done(&self) -> bool {
        self.work.is_empty()
    }

    fn tick(&mut self, out: &mut Vec<Command>) {
        self.next_tick = self.now.plus(self.config.tick);
        self.note_clock(out);
        for seat in 0..self.seats.len() {
            self.seats[seat].wake = None;
            self.signal_one(StrategyId(seat as u16), Signal::Timer, out);
        }
        let due: Vec<_> = self.desk.retries().collect();
        for market in due {
            self.mark_work(market);
        }
        // Exits by time need a look even when nothing trades.
        let held: Vec<_> = self.state.portfolio.markets_with_position().collect();
        for market in held {
            self.mark_work(market);
        }
        for venue in VENUES {
            self.expire_orphans(venue, out);
        }
        self.realise_combos(out);
        self.forget_combos();
    }

    /// Markets that opened or closed by the clock since the last tick: no venue tells it.
    fn note_clock(&mut self, out: &mut Vec<Command>) {
        let (since, now) = (std::mem::replace(&mut self.ticked, self.now), self.now);
        let passed = |at: Timestamp| since < at && at <= now;
        let edges =
            self.state.universe.iter().filter(|(_, it)| passed(it.market.open_time) || passed(it.market.close_time));
        let edges: Vec<_> = edges.map(|(market, _)| market).collect();
        for market in edges {
            self.signal(market, Signal::Status(market), out);
            self.mark_work(market);
        }
    }

    fn wake_seats(&mut self, out: &mut Vec<Command>) {
        for seat in 0..self.seats.len() {
            if self.seats[seat].wake.is_some_and(|at| at <= self.now) {
                self.seats[seat].wake = None;
                self.signal_one(StrategyId(seat as u16), Signal::Timer, out);
            }
        }
    }

    /// Asks the venue about orders of which nothing clear is known.
    fn run_asks(&mut self, out: &mut Vec<Command>) {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        keys.extend(
            self.state
                .orders
                .iter_open()
                .filter(|order| order.request.is_none() && order.ask_at.is_some_and(|at| at <= self.now))
                .map(|order| order.key),
        );
        for key in keys.drain(..) {
            self.ask(key, out);
        }
        self.keys = keys;
    }

    fn ask(&mut self, key: OrderKey, out: &mut Vec<Command>) {
        let Some(order) = self.state.orders.get(key) else { return };
        let venue = order.venue;
        match order.state {
            OrderState::Canceling => self.cancel(key, out),
            OrderState::InDoubt { .. } if order.cancel_wanted && order.venue_id.is_some() => self.cancel(key, out),
            OrderState::Submitting
            | OrderState::InDoubt { .. }
            | OrderState::Amending { .. }
            | OrderState::AmendInDoubt { .. }
            | OrderState::Vanished { .. }
            | OrderState::Resting => {
                self.counts.lookups += 1;
                let lookup = self.lookup_of(key);
                self.send(venue, Some(key), Kind::Lookup, Request::Lookup(lookup), out);
                self.forget_ask(key);
            }
            OrderState::Done { .. } => {
                self.forget_ask(key);
                if self.state.orders.get(key).is_some_and(|order| !order.unbooked().is_zero()) {
                    self.want_reconcile(venue, self.now);
                    self.ask_later(key);
                }
            }
        }
    }

    fn forget_ask(&mut self, key: OrderKey) {
        if let Some(order) = self.state.orders.get_mut(key) {
            order.ask_at = None;
        }
    }

    fn lookup_of(&self, key: OrderKey) -> Lookup {
        let order = self.state.orders.get(key).expect("the caller has it");
        Lookup { order: key, venue_id: order.venue_id.clone(), placed: self.place_of(order) }
    }

    /// The order as it was sent: what it was at first follows from what is kept.
    pub(super) fn place_of(&self, order: &Order) -> PlaceOrder {
        let instrument = self.state.universe.get(order.market);
        PlaceOrder {
            order: order.key,
            market_id: order.market,
            new: self.new_order(order, instrument),
            funding: if instrument.custody == crate::instrument::Custody::Tokens {
                order.funding
            } else {
                Funding::Cash
            },
            created: order.created,
        }
    }

    /// Asks to be woken when something is due next, if that is before what was asked for.
    pub(super) fn arm(&mut self, out: &mut Vec<Command>) {
        let asks =
            self.state.orders.iter_open().filter(|order| order.request.is_none()).filter_map(|order| order.ask_at);
        let answers = self.pending.iter().map(|pending| pending.until);
        let seats = self.seats.iter().filter_map(|seat| seat.wake);
        // Without a connection nothing is asked; the connection's return asks anew.
        let syncs = self.sync.iter().filter(|sync| sync.connected).map(super::reconcile::VenueSync::due);
        let next = asks
            .chain(answers)
            .chain(seats)
            .chain(syncs)
            .chain(self.state.halts.next_expiry())
            .chain(self.desk.next_release(self.now))
            .chain(self.combo_due())
            .chain([self.next_tick])
            .min()
            .unwrap_or(Timestamp::MAX);
        if self.armed.is_some_and(|armed| armed > self.now && armed <= next) {
            return;
        }
        // A moment that has passed wakes as soon as the clock moves.
        let at = next.max(Timestamp::from_nanos(self.now.nanos().saturating_add(1)));
        if at < Timestamp::MAX {
            self.armed = Some(at);
            out.push(Command::WakeAt(at));
        }
    }
}
