//! What comes back to a combo: fills, matches that fail, and the ledger's records.

use brier_types::{BookSide, FillStatus, MarketResult, MarketStatus, Money, Qty, Rounding, notional};

use super::{ComboRun, REMEMBERED, Tally};
use crate::attempt::{Attempt, AttemptLeg, Ended, KEPT};
use crate::command::{Alert, Command, paid};
use crate::engine::Engine;
use crate::ids::{MarketId, OrderKey};
use crate::legs::{saturated, times};
use crate::planted::Planted;
use crate::portfolio::{OwnFill, Stage};

/// A strategy's combo in the same markets is told to be refused once in this time.
pub(super) const REFUSALS_EVERY: std::time::Duration = std::time::Duration::from_mins(1);

/// Profit that is sure in the worst state of the world: a leg without its counterparts is worth nothing.
pub(super) fn locked_in(run: &ComboRun) -> Money {
    let spent = run.tallies.iter().map(|tally| {
        i128::from(tally.cost.micros()) + i128::from(tally.fees.micros()) - i128::from(tally.got.micros())
    });
    let pays = i128::from(times(run.combo.pays, run.sets()).micros());
    Money::from_micros(saturated(pays - spent.sum::<i128>()))
}

/// A sum that stays at the end of its range.
fn plus(one: Money, other: Money) -> Money {
    Money::from_micros(one.micros().saturating_add(other.micros()))
}

/// Takes a fill into a leg's tally, or one that failed out of it.
fn count(tally: &mut Tally, side: BookSide, closes: bool, fill: &OwnFill, failed: bool) {
    let add = |to: &mut Qty, qty: Qty| {
        *to = if failed { to.saturating_sub(qty) } else { to.checked_add(qty).unwrap_or(Qty::MAX) };
    };
    let signed = |amount: Money| if failed { Money::from_micros(amount.micros().saturating_neg()) } else { amount };
    if closes {
        add(&mut tally.sold, fill.qty);
        tally.got = plus(tally.got, signed(notional(paid(side, fill.price), fill.qty, Rounding::Floor)));
        tally.sale_fees = plus(tally.sale_fees, signed(fill.fee));
    } else {
        add(&mut tally.bought, fill.qty);
        tally.cost = plus(tally.cost, signed(notional(paid(side, fill.price), fill.qty, Rounding::Ceil)));
    }
    tally.fees = plus(tally.fees, signed(fill.fee));
    if failed {
        tally.failed = tally.failed.checked_add(fill.qty).unwrap_or(Qty::MAX);
    }
}

impl Engine {
    /// A fill of a combo's order, in whatever state the combo is, or one that failed. Of an ended combo it opens it again.
    pub(in crate::engine) fn count_leg(&mut self, key: OrderKey, fill: &OwnFill, failed: bool, out: &mut Vec<Command>) {
        if failed && self.config.planted == Some(Planted::UndoneMatchIgnored) {
            return;
        }
        let place = |runs: &[ComboRun]| {
            runs.iter()
                .enumerate()
                .find_map(|(place, run)| run.orders.iter().find(|order| order.key == key).map(|order| (place, *order)))
        };
        let order = match (place(&self.combos), place(&self.kept_combos)) {
            (Some((at, order)), _) => (at, order),
            (None, Some((at, order))) => {
                let mut run = self.kept_combos.remove(at);
                let what = if failed { "a match failed after its end" } else { "a fill came after its end" };
                let text = format!("combo {}: {what}; leg {} is looked at again", run.id, order.leg + 1);
                out.push(Command::Alert(Alert::Combo { text }));
                (run.ended, run.since, run.quiet, run.told, run.selling) = (None, None, false, false, false);
                run.paid = false;
                // What is bought now is bought again.
                run.mended |= failed;
                run.tries = 0;
                self.combos.push(run);
                (self.combos.len() - 1, order)
            }
            (None, None) => return,
        };
        let (at, order) = order;
        let run = &mut self.combos[at];
        let side = run.leg(order.leg).side;
        run.mended |= failed;
        count(&mut run.tallies[order.leg as usize], side, order.closes, fill, failed);
    }

    /// A final fill that no combo ordered: of what a strategy's combos hold open it may have sold some.
    pub(in crate::engine) fn count_other_sale(&mut self, fill: &OwnFill, out: &mut Vec<Command>) {
        let is_leg = |run: &ComboRun| run.orders.iter().any(|order| Some(order.key) == fill.key);
        if self.kept_combos.is_empty() || self.combos.iter().chain(&self.kept_combos).any(is_leg) {
            return;
        }
        let mut left = fill.qty;
        for place in 0..self.kept_combos.len() {
            let run = &mut self.kept_combos[place];
            let sets = run.sets();
            let legs = run.combo.legs.iter().position(|leg| leg.market == fill.market && leg.side != fill.side);
            let Some(leg) = legs.filter(|_| run.strategy == fill.strategy && !left.is_zero()) else { continue };
            let side = run.combo.legs[leg].side;
            let tally = &mut run.tallies[leg];
            let taken = left.min(tally.have().saturating_sub(sets));
            if taken.is_zero() {
                continue;
            }
            left = left.saturating_sub(taken);
            let fee = i128::from(fill.fee.micros()) * i128::from(taken.micros()) / i128::from(fill.qty.micros().max(1));
            let part = OwnFill { qty: taken, fee: Money::from_micros(saturated(fee)), ..fill.clone() };
            count(tally, side, true, &part, false);
            let run = run.clone();
            let ended = if self.gap(&run).is_some() { Ended::Held } else { Ended::Unwound };
            self.record(&run, ended, "sold by another order".to_owned(), out);
        }
    }

    /// Whether a fill moved to its end, for [`Engine::count_other_sale`].
    pub(in crate::engine) fn is_final(fill: &OwnFill) -> bool {
        fill.custody == crate::instrument::Custody::Netted || fill.status == FillStatus::Confirmed
    }

    /// Tells how a combo ended, and remembers it while a fill of it may still come or fail, or its contracts are held.
    pub(super) fn end_combo(&mut self, mut run: ComboRun, ended: Ended, why: String, out: &mut Vec<Command>) {
        self.record(&run, ended, why, out);
        if run.orders.is_empty() {
            return;
        }
        for leg in &run.combo.legs {
            self.mark_work(leg.market);
        }
        run.ended = Some(self.now);
        self.kept_combos.push(run);
    }

    fn record(&mut self, run: &ComboRun, ended: Ended, why: String, out: &mut Vec<Command>) {
        let attempt = self.attempt(run, ended, why);
        out.push(Command::Alert(Alert::Attempt(Box::new(attempt.clone()))));
        self.attempts.retain(|known| known.combo != attempt.combo);
        if self.attempts.len() >= KEPT {
            self.attempts.pop_front();
        }
        self.attempts.push_back(attempt);
    }

    fn attempt(&self, run: &ComboRun, ended: Ended, why: String) -> Attempt {
        let sets = run.sets();
        let legs = run.combo.legs.iter().zip(&run.tallies).map(|(leg, tally)| AttemptLeg {
            market: leg.market,
            side: leg.side,
            limit: leg.limit,
            seen: leg.seen,
            asked: tally.asked,
            bought: tally.bought,
            cost: tally.cost,
            sold: tally.sold,
            got: tally.got,
            fees: tally.fees,
            failed: tally.failed,
            open: tally.have().saturating_sub(sets),
        });
        Attempt {
            combo: run.id,
            strategy: run.strategy,
            began: run.began,
            at: self.now,
            wanted: run.wanted,
            qty: run.combo.qty,
            pays: run.combo.pays,
            legs: legs.collect(),
            sets,
            expected: run.expected,
            locked_in: locked_in(run),
            realised: if run.paid { self.realised(run) } else { None },
            ended,
            why,
        }
    }

    /// The result by which a market pays, once it is final. A venue of tokens pays when they are redeemed; what they are worth
    /// is final before.
    fn final_result(&self, market: MarketId) -> Option<MarketResult> {
        let finalized = self.state.universe.get(market).market.status == MarketStatus::Finalized;
        match self.state.portfolio.stage(market) {
            Stage::Paid(result) => Some(result),
            Stage::Resolved(result) if finalized => Some(result),
            Stage::Resolved(_) | Stage::Disputed(_) | Stage::Trading => None,
        }
    }

    /// What a combo made by the results of its markets, fees included; none while one of them that it holds has no final one.
    fn realised(&self, run: &ComboRun) -> Option<Money> {
        let mut made = 0i128;
        for (leg, tally) in run.combo.legs.iter().zip(&run.tallies) {
            let spent = i128::from(tally.cost.micros()) + i128::from(tally.fees.micros());
            made += i128::from(tally.got.micros()) - spent;
            if !tally.have().is_zero() {
                let each = paid(leg.side, self.final_result(leg.market)?.yes_payout());
                made += i128::from(notional(each, tally.have(), Rounding::Floor).micros());
            }
        }
        Some(Money::from_micros(saturated(made)))
    }

    /// Tells once of each ended combo what it made, when every market in which it holds something has its final result.
    pub(in crate::engine) fn realise_combos(&mut self, out: &mut Vec<Command>) {
        for place in 0..self.kept_combos.len() {
            let run = &self.kept_combos[place];
            let holds = run.tallies.iter().any(|tally| !tally.have().is_zero());
            if run.paid || !holds || self.realised(run).is_none() {
                continue;
            }
            self.kept_combos[place].paid = true;
            let run = self.kept_combos[place].clone();
            let last = self.attempts.iter().rev().find(|it| it.combo == run.id);
            let (ended, why) = match last {
                Some(last) => (last.ended, last.why.clone()),
                None if self.gap(&run).is_some() => (Ended::Held, String::new()),
                None => run.equal_end(),
            };
            self.record(&run, ended, why, out);
        }
    }

    /// Forgets ended combos of which nothing can come any more: their markets have paid, or they hold nothing and all late
    /// fills would have come. Notes which ones nothing can open any more.
    pub(in crate::engine) fn forget_combos(&mut self) {
        let mut place = 0;
        while place < self.kept_combos.len() {
            let run = &self.kept_combos[place];
            let old = run.ended.is_some_and(|at| at.plus(REMEMBERED) <= self.now);
            let held = |(leg, tally): (&crate::strategy::Leg, &Tally)| {
                !tally.have().is_zero() && !matches!(self.state.portfolio.stage(leg.market), Stage::Paid(_))
            };
            if old && !run.combo.legs.iter().zip(&run.tallies).any(held) {
                self.kept_combos.remove(place);
                continue;
            }
            let equal = run.tallies.iter().all(|tally| tally.have() == run.sets());
            let settled = || run.numbers().all(|leg| self.not_final(run, leg) == (Qty::ZERO, Qty::ZERO));
            if !run.quiet && equal && settled() {
                self.kept_combos[place].quiet = true;
            }
            place += 1;
        }
    }
}
