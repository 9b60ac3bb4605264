//! What a person wants: the kill switch and its lifting, pauses, orders by hand.

use brier_types::Venue;

use super::{Engine, Kind, VENUES};
use crate::command::{Alert, Command, Request, Scope};
use crate::halts::Cause;
use crate::ids::StrategyId;
use crate::input::Operator;
use crate::order::Role;
use crate::strategy::Want;

impl Engine {
    pub(super) fn on_operator(&mut self, operator: Operator, out: &mut Vec<Command>) {
        match operator {
            Operator::Halt { reason } => {
                self.halt(Scope::All, Cause::Kill, &reason, out);
                // Told again, it cancels again: a person who presses twice means it.
                self.pull_everything(out);
            }
            Operator::Resume { reason } => {
                for (scope, cause) in self.state.halts.lift_all_that_need_a_person() {
                    let reason = format!("{cause:?} lifted: {reason}");
                    out.push(Command::Alert(Alert::Resumed { scope, reason }));
                }
                // A run that winds down goes on doing so.
                self.risk.resume(self.now);
                self.mark_all_work();
            }
            Operator::Pause { strategy } => {
                self.halt(Scope::Strategy(strategy), Cause::Operator, "paused by hand", out);
            }
            Operator::Unpause { strategy } => {
                self.lift(Scope::Strategy(strategy), Cause::Operator, "by hand", out);
            }
            Operator::HaltMarket { venue, market, reason } => match self.state.universe.find(venue, market.as_str()) {
                Some(market) => self.halt(Scope::Market(market), Cause::Operator, &reason, out),
                None => self.counts.unknown += 1,
            },
            Operator::ResumeMarket { venue, market } => match self.state.universe.find(venue, market.as_str()) {
                Some(market) => {
                    for cause in [Cause::Operator, Cause::Anomaly, Cause::Breaker] {
                        self.lift(Scope::Market(market), cause, "by hand", out);
                    }
                }
                None => self.counts.unknown += 1,
            },
            Operator::Want(want) => self.on_manual(want, out),
            Operator::Cancel { order } => {
                if let Some(order) = self.state.orders.get_mut(order) {
                    order.cancel_wanted = true;
                }
                self.cancel(order, out);
            }
            Operator::Reconcile { venue } => self.want_reconcile(venue, self.now),
            Operator::WindDown => {
                self.winding_down = true;
                self.pull_everything(out);
                self.mark_all_work();
            }
        }
    }

    fn on_manual(&mut self, want: Want, out: &mut Vec<Command>) {
        match want {
            Want::Take { market, take } if market.index() < self.state.universe.len() => {
                self.take(StrategyId::OPERATOR, market, take, Role::Manual, out);
            }
            Want::Quotes { market, quotes } if market.index() < self.state.universe.len() => {
                for quote in quotes {
                    self.place_quote(StrategyId::OPERATOR, market, &quote, Role::Manual, out);
                }
            }
            Want::Combo(combo) => self.start_combo(StrategyId::OPERATOR, combo, out),
            Want::Take { .. } | Want::Quotes { .. } => self.counts.unknown += 1,
        }
    }

    /// Takes back everything: all at once where something may be live, and each order on its own, as one of the two may fail.
    fn pull_everything(&mut self, out: &mut Vec<Command>) {
        for venue in VENUES {
            self.pull_venue(venue, out);
        }
    }

    fn pull_venue(&mut self, venue: Venue, out: &mut Vec<Command>) {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        keys.extend(self.state.orders.iter_live().filter(|order| order.venue == venue).map(|order| order.key));
        if !keys.is_empty() {
            self.send(venue, None, Kind::CancelAll, Request::CancelAll, out);
        }
        for key in keys.drain(..) {
            if let Some(order) = self.state.orders.get_mut(key) {
                order.cancel_wanted = true;
            }
            self.cancel(key, out);
        }
        self.keys = keys;
    }
}
