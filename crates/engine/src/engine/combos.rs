//! Several legs that are only worth having together: one after the other, equal contracts, and a plan for the leg that fails.
//!
//! The leg that is least certain goes first. Each leg asks for exactly the contracts that the leg before it got, not for
//! equal dollars. A leg whose order is in doubt is waited for: it counts at its worst with risk meanwhile. What the last leg
//! did not get is the shortfall, and the plan says whether the other legs are closed or held.

use brier_types::{BookSide, Price, Qty, Rounding, notional};

use super::Engine;
use crate::command::{Alert, Command};
use crate::ids::{OrderKey, StrategyId};
use crate::order::Role;
use crate::strategy::{Combo, OnShortfall, Purpose, Take};

/// How often an unwinding order is tried before what is left is held.
const UNWIND_TRIES: u32 = 20;

/// A combo under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ComboRun {
    pub id: u32,
    pub strategy: StrategyId,
    pub combo: Combo,
    /// The leg whose order is under way or comes next.
    pub leg: u32,
    pub order: Option<OrderKey>,
    /// Contracts that each finished leg got.
    pub filled: Vec<Qty>,
    /// What is being closed: the leg, and contracts that are left.
    pub unwinding: Option<Unwinding>,
}

/// A leg that is being closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwinding {
    pub leg: u32,
    pub left: Qty,
    pub tries: u32,
}

impl Engine {
    pub(super) fn start_combo(&mut self, strategy: StrategyId, combo: Combo, out: &mut Vec<Command>) {
        let known = combo.legs.iter().all(|leg| leg.market.index() < self.state.universe.len());
        if combo.legs.len() < 2 || !known || combo.qty.is_zero() || self.winding_down {
            self.counts.unknown += 1;
            return;
        }
        self.combo_count = self.combo_count.wrapping_add(1);
        let filled = Vec::with_capacity(combo.legs.len());
        let run = ComboRun { id: self.combo_count, strategy, combo, leg: 0, order: None, filled, unwinding: None };
        self.combos.push(run);
        self.run_combos(out);
    }

    /// Moves every combo as far as it can go now.
    pub(super) fn run_combos(&mut self, out: &mut Vec<Command>) {
        let mut place = 0;
        while place < self.combos.len() {
            let mut run = self.combos[place].clone();
            let goes_on = self.advance_combo(&mut run, out);
            if goes_on {
                self.combos[place] = run;
                place += 1;
            } else {
                self.combos.remove(place);
            }
        }
    }

    /// Whether the combo is still under way.
    fn advance_combo(&mut self, run: &mut ComboRun, out: &mut Vec<Command>) -> bool {
        loop {
            if let Some(key) = run.order {
                let Some(order) = self.state.orders.get(key) else { return false };
                // Live, in doubt, or a fill is missing: the leg is not known yet.
                if order.is_open() {
                    return true;
                }
                let got = order.booked;
                run.order = None;
                if !Self::finish_leg(run, got, out) {
                    return false;
                }
            }
            if run.unwinding.is_some() {
                if !self.unwind(run, out) {
                    return run.order.is_some() || run.unwinding.is_some();
                }
                continue;
            }
            if run.leg as usize == run.combo.legs.len() {
                return false;
            }
            if !self.send_leg(run, out) && !Self::finish_leg(run, Qty::ZERO, out) {
                return false;
            }
        }
    }

    fn send_leg(&mut self, run: &mut ComboRun, out: &mut Vec<Command>) -> bool {
        let leg = run.combo.legs[run.leg as usize];
        let qty = run.filled.last().copied().unwrap_or(run.combo.qty);
        let take = Take { side: leg.side, limit: leg.limit, qty, purpose: Purpose::Any };
        run.order = self.take(run.strategy, leg.market, take, Role::Leg(run.id), out);
        run.order.is_some()
    }

    /// Notes what a leg, or an unwinding order, got. Whether the combo goes on.
    fn finish_leg(run: &mut ComboRun, got: Qty, out: &mut Vec<Command>) -> bool {
        if let Some(unwinding) = &mut run.unwinding {
            unwinding.left = unwinding.left.saturating_sub(got);
            unwinding.tries += 1;
            return true;
        }
        let before = run.filled.last().copied();
        run.filled.push(got);
        run.leg += 1;
        let short = before.map_or(Qty::ZERO, |before| before.saturating_sub(got));
        if run.filled.len() == 1 && got.is_zero() {
            // Nothing was bought, so nothing is open.
            return false;
        }
        if !short.is_zero() {
            Self::on_shortfall(run, short, out);
        }
        true
    }

    fn on_shortfall(run: &mut ComboRun, short: Qty, out: &mut Vec<Command>) {
        let text = match run.combo.on_shortfall {
            OnShortfall::Unwind { max_loss } => format!(
                "combo {}: leg {} fell {short} short; closing them again for at most ${} a contract",
                run.id,
                run.leg,
                Price::new(max_loss).unwrap_or(Price::ONE)
            ),
            OnShortfall::Hold => {
                format!("combo {}: leg {} fell {short} short; holding what the others got", run.id, run.leg)
            }
        };
        out.push(Command::Alert(Alert::Combo { text }));
        if let OnShortfall::Unwind { .. } = run.combo.on_shortfall {
            // The latest complete leg first; the ones before it follow when it is closed.
            run.unwinding = Some(Unwinding { leg: run.leg.saturating_sub(2), left: short, tries: 0 });
            for filled in run.filled.iter_mut().rev().skip(1) {
                *filled = filled.saturating_sub(short);
            }
        }
    }

    /// Closes what is left over. Whether something moved at once.
    fn unwind(&mut self, run: &mut ComboRun, out: &mut Vec<Command>) -> bool {
        let OnShortfall::Unwind { max_loss } = run.combo.on_shortfall else {
            run.unwinding = None;
            return true;
        };
        let Some(unwinding) = run.unwinding else { return true };
        if unwinding.left.is_zero() {
            run.unwinding = None;
            return true;
        }
        if unwinding.tries >= UNWIND_TRIES {
            let text = format!(
                "combo {}: {} of leg {} could not be closed and are held",
                run.id,
                unwinding.left,
                unwinding.leg + 1
            );
            out.push(Command::Alert(Alert::Combo { text }));
            run.unwinding = None;
            return true;
        }
        let leg = run.combo.legs[unwinding.leg as usize];
        let limit = match leg.side {
            BookSide::Bid => Price::new(leg.limit.pips().saturating_sub(max_loss)).unwrap_or(Price::ZERO),
            BookSide::Ask => Price::new(leg.limit.pips().saturating_add(max_loss).min(10_000)).unwrap_or(Price::ONE),
        };
        let take = Take { side: leg.side.opposite(), limit, qty: unwinding.left, purpose: Purpose::Close };
        run.order = self.take(run.strategy, leg.market, take, Role::Leg(run.id), out);
        if run.order.is_none() {
            // Looked at again with every input until it can be sent or is given up.
            if let Some(unwinding) = &mut run.unwinding
                && self.now >= self.next_tick
            {
                unwinding.tries += 1;
            }
            return false;
        }
        false
    }

    /// The most that the legs of a combo cost for one pair, for whoever sizes one.
    pub fn combo_cost(combo: &Combo) -> brier_types::Money {
        combo
            .legs
            .iter()
            .map(|leg| notional(crate::command::paid(leg.side, leg.limit), combo.qty, Rounding::Ceil))
            .sum()
    }
}
