//! Several legs that are only worth having together: equal contracts, a bound on what may be open, and a plan for the leg that
//! fails.
//!
//! A combo knows of each leg what it has by booked fills, and what its orders may still bring. Whatever happened (a part of a
//! fill, a refusal, a match undone hours later), the same question is asked again: which legs have fewer contracts than the
//! others, and is it better to fill them up or to sell the surplus? The first leg is sent when everything is there for all of
//! them; each later one asks for exactly the contracts that are filled and not yet hedged.
//!
//! Invariants: nothing is sent on the strength of an order in doubt, neither a further leg nor a sale; only what is booked is
//! hedged, and only what is confirmed is sold; a run ends with nothing under way; what is open over all runs, ended ones too,
//! costs at most [`crate::risk::Limits::max_open_leg`] in whatever way the doubts end (see [`open`]).

mod balance;
mod open;
mod start;
mod told;

use brier_types::{BookSide, Money, Outcome, Qty, Timestamp};

use super::{Engine, floor_to};
use crate::attempt::{Attempt, Ended};
use crate::command::{Alert, Command};
use crate::ids::{MarketId, OrderKey, StrategyId};
use crate::order::{Order, Role};
use crate::planted::Planted;
use crate::strategy::{Combo, Leg, Manner, OnShortfall, Purpose, Quote, Take};
use balance::{Choice, Step};

/// Orders that balancing sends at most; what is unequal then is held.
const MOST_TRIES: u32 = 24;
/// How long an order that got nothing, or could not be sent, is not repeated.
const RETRY: std::time::Duration = std::time::Duration::from_millis(250);
/// How long a combo that got nothing is remembered: a fill may still be told of one of its orders.
const REMEMBERED: std::time::Duration = std::time::Duration::from_mins(10);

/// A combo under way, or one that has ended and whose contracts are held.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ComboRun {
    pub id: u32,
    pub strategy: StrategyId,
    /// Its quantity is what is tried.
    pub combo: Combo,
    /// Contracts that the strategy wanted.
    pub wanted: Qty,
    pub expected: Money,
    pub began: Timestamp,
    /// Until when a first leg that rests may do so.
    pub rests_until: Option<Timestamp>,
    pub orders: Vec<LegOrder>,
    /// By leg.
    pub tallies: Vec<Tally>,
    /// Since when legs are unequal with nothing under way that could change it.
    pub since: Option<Timestamp>,
    /// Nothing is sent before this.
    pub not_before: Timestamp,
    /// Orders since the legs were last equal.
    pub tries: u32,
    /// It has begun to sell, and buys nothing before its legs are equal again.
    pub selling: bool,
    /// A leg had to be bought for more than was wanted, or again. What its sets came to says nothing of it.
    pub mended: bool,
    /// That a leg fell short was told.
    pub told: bool,
    /// When it ended; none while it is under way.
    pub ended: Option<Timestamp>,
    /// Legs are equal and every fill is final: nothing can open it any more.
    pub quiet: bool,
    /// Its markets have their final results, and what it made was told.
    pub paid: bool,
}

/// An order of a combo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LegOrder {
    pub key: OrderKey,
    pub leg: u32,
    /// It sells what the leg had bought.
    pub closes: bool,
}

/// What one leg has, from its fills alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub asked: Qty,
    pub bought: Qty,
    pub cost: Money,
    pub sold: Qty,
    pub got: Money,
    pub fees: Money,
    /// Of the fees those of sales.
    pub sale_fees: Money,
    pub failed: Qty,
}

impl Tally {
    /// Contracts that are held.
    pub(crate) const fn have(&self) -> Qty {
        self.bought.saturating_sub(self.sold)
    }
}

/// Contracts that some legs have and others lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// What every leg has.
    base: Qty,
    /// By how much the next ones have more, in whole steps of every market.
    by: Qty,
    step: Qty,
}

impl Gap {
    /// Whether a leg is among those that lack it.
    fn lacks(&self, tally: &Tally) -> bool {
        tally.have().saturating_sub(self.base) < self.step
    }
}

impl ComboRun {
    /// Contracts that every leg has.
    pub(crate) fn sets(&self) -> Qty {
        self.tallies.iter().map(Tally::have).min().unwrap_or(Qty::ZERO)
    }

    fn leg(&self, leg: u32) -> Leg {
        self.combo.legs[leg as usize]
    }

    fn is_in(&self, market: MarketId) -> bool {
        self.combo.legs.iter().any(|leg| leg.market == market)
    }

    /// Price steps beyond a leg's limit that getting out of an open leg may cost.
    const fn max_loss(&self) -> u16 {
        match self.combo.on_shortfall {
            OnShortfall::Unwind { max_loss } => max_loss,
            OnShortfall::Hold => 0,
        }
    }

    /// The legs by number.
    fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        0..self.combo.legs.len() as u32
    }

    fn lacking(&self, gap: Gap) -> impl Iterator<Item = u32> {
        self.numbers().filter(move |leg| gap.lacks(&self.tallies[*leg as usize]))
    }

    fn exceeding(&self, gap: Gap) -> impl DoubleEndedIterator<Item = u32> {
        (0..self.combo.legs.len() as u32).filter(move |leg| !gap.lacks(&self.tallies[*leg as usize]))
    }

    /// What the legs that have the gap's contracts cost, for so many of them.
    fn sunk_in(&self, gap: Gap, qty: Qty) -> i128 {
        self.exceeding(gap).map(|leg| balance::sunk(&self.tallies[leg as usize], qty)).sum()
    }

    /// How a combo ended whose legs are equal and of which nothing is under way.
    fn equal_end(&self) -> (Ended, String) {
        let sold = self.tallies.iter().any(|tally| !tally.sold.is_zero());
        let sets = self.sets();
        if sets.is_zero() && !sold {
            let failed = self.tallies.iter().any(|tally| !tally.failed.is_zero());
            let why = if failed { "its matches failed" } else { "" };
            return (Ended::Nothing, why.to_owned());
        }
        if sold {
            return (Ended::Unwound, String::new());
        }
        if self.mended {
            return (Ended::Rebalanced, String::new());
        }
        (Ended::Complete, String::new())
    }

    fn tell_shortfall(&mut self, gap: Gap, out: &mut Vec<Command>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let short: Vec<String> = self.lacking(gap).map(|leg| (leg + 1).to_string()).collect();
        let plan = match self.combo.on_shortfall {
            OnShortfall::Unwind { max_loss } => {
                let most = brier_types::Price::new(max_loss).unwrap_or(brier_types::Price::ONE);
                format!("completing it or selling the rest again, for at most ${most} a contract with fees")
            }
            OnShortfall::Hold => "waiting for it at its limit, else holding what the others got".to_owned(),
        };
        let text = format!("combo {}: leg {} is {} contracts short; {plan}", self.id, short.join(", "), gap.by);
        out.push(Command::Alert(Alert::Combo { text }));
    }
}

impl Engine {
    /// Moves every combo as far as it can go now.
    pub(super) fn run_combos(&mut self, out: &mut Vec<Command>) {
        let mut place = 0;
        while place < self.combos.len() {
            let mut run = self.combos.remove(place);
            if let Some((ended, why)) = self.advance_combo(&mut run, out) {
                self.end_combo(run, ended, why, out);
            } else {
                self.combos.insert(place, run);
                place += 1;
            }
        }
    }

    /// Moves a combo; how it ended, if it has.
    fn advance_combo(&mut self, run: &mut ComboRun, out: &mut Vec<Command>) -> Option<(Ended, String)> {
        self.watch_resting(run, out);
        // One order a round; an order that is over at once is none that the venue has seen.
        for _ in 0..=run.combo.legs.len() {
            let Some(gap) = self.gap(run) else {
                (run.since, run.selling) = (None, false);
                if self.is_under_way(run) {
                    return None;
                }
                return Some(run.equal_end());
            };
            let choice = self.choose(run, gap);
            if !matches!(choice, Choice::Wait { busy: true } | Choice::Send(Step { mends: false, .. })) {
                // Whatever is done now is a loss, or nothing can be done: nothing more is to be added to it.
                self.pull_resting(run, out);
                run.tell_shortfall(gap, out);
            }
            match choice {
                Choice::Send(step) => {
                    if !self.send_leg(run, step, out) {
                        run.not_before = self.now.plus(RETRY);
                        return self.wait_or_hold(run, gap);
                    }
                }
                Choice::Wait { busy: true } => {
                    run.since = None;
                    return None;
                }
                Choice::Wait { busy: false } => return self.wait_or_hold(run, gap),
            }
        }
        None
    }

    /// Legs are unequal, and nothing can be done about it now.
    fn wait_or_hold(&self, run: &mut ComboRun, gap: Gap) -> Option<(Ended, String)> {
        if self.is_under_way(run) {
            run.since = None;
            return None;
        }
        let since = *run.since.get_or_insert(self.now);
        let out_of_tries = run.tries >= MOST_TRIES;
        if !out_of_tries && self.now < since.plus(run.combo.patience) {
            return None;
        }
        let why = if out_of_tries {
            format!("{} contracts are open after {MOST_TRIES} orders", gap.by)
        } else {
            format!("{} contracts are open, and for {:?} nothing could be done", gap.by, run.combo.patience)
        };
        Some((Ended::Held, why))
    }

    // --- Orders -----------------------------------------------------------------------------------------------------

    /// The order, while it may still fill or a fill of it is missing.
    fn open_order(&self, order: &LegOrder) -> Option<&Order> {
        let found = self.state.orders.get(order.key).filter(|order| order.is_open());
        if self.config.planted == Some(Planted::LegDoubtIsNothing) {
            return found.filter(|order| !order.is_in_doubt());
        }
        found
    }

    fn is_under_way(&self, run: &ComboRun) -> bool {
        run.orders.iter().any(|order| self.open_order(order).is_some())
    }

    /// Contracts that orders of a leg may still bring, or take away; none without such an order.
    fn may_come(&self, run: &ComboRun, leg: u32, closes: bool) -> Option<Qty> {
        let orders = run.orders.iter().filter(|order| order.leg == leg && order.closes == closes);
        orders.filter_map(|order| self.open_order(order)).fold(None, |sum, order| {
            let may = order.worst_open().checked_add(order.unbooked())?;
            sum.unwrap_or(Qty::ZERO).checked_add(may)
        })
    }

    /// What some legs have and others lack, in whole steps; none when they are as equal as their markets allow.
    fn gap(&self, run: &ComboRun) -> Option<Gap> {
        let step = self.step_of_all(&run.combo);
        let base = run.sets();
        let more = run.tallies.iter().map(|tally| tally.have().saturating_sub(base)).filter(|more| *more >= step);
        let by = floor_to(more.min()?, step);
        Some(Gap { base, by, step })
    }

    /// The step in which all legs can be equal.
    fn step_of_all(&self, combo: &Combo) -> Qty {
        let steps = combo.legs.iter().map(|leg| self.state.universe.get(leg.market).market.size_step);
        steps.max().unwrap_or(Qty::HUNDREDTH).max(Qty::from_micros(1).unwrap_or(Qty::HUNDREDTH))
    }

    /// Sends an order of a leg. Whether it left.
    fn send_leg(&mut self, run: &mut ComboRun, step: Step, out: &mut Vec<Command>) -> bool {
        let leg = run.leg(step.leg);
        let role = Role::Leg(run.id);
        let rests = step.leg == 0 && run.orders.is_empty() && matches!(run.combo.manner, Manner::MakerFirst { .. });
        let qty = self.planted_size(run, step);
        let key = if rests {
            let quote = Quote { side: leg.side, price: step.limit, qty, purpose: Purpose::Any };
            self.place_quote(run.strategy, leg.market, &quote, role, out)
        } else {
            let side = if step.closes { leg.side.opposite() } else { leg.side };
            let purpose = if step.closes { self.purpose_of_sale(run.strategy, leg, qty) } else { Purpose::Any };
            self.take(run.strategy, leg.market, Take { side, limit: step.limit, qty, purpose }, role, out)
        };
        let Some(key) = key else { return false };
        run.orders.push(LegOrder { key, leg: step.leg, closes: step.closes });
        let total = self.state.orders.get(key).map_or(Qty::ZERO, |order| order.total);
        if !step.closes {
            let asked = &mut run.tallies[step.leg as usize].asked;
            *asked = asked.checked_add(total).unwrap_or(Qty::MAX);
        }
        run.tries += 1;
        run.since = None;
        run.mended |= step.mends && !step.closes;
        run.selling |= step.closes;
        // Quotes of ours that a later order would meet are taken back.
        for leg in &run.combo.legs {
            self.mark_work(leg.market);
        }
        true
    }

    /// What a sale of a leg may do: close, where the strategy's own position is what is closed. On a venue that nets, the
    /// leg may have closed an opposite position, and giving it back opens that again.
    fn purpose_of_sale(&self, strategy: StrategyId, leg: Leg, qty: Qty) -> Purpose {
        let held = self.state.portfolio.strategy(strategy, leg.market).held(leg.side.outcome());
        let nets = self.state.universe.get(leg.market).custody == crate::instrument::Custody::Netted;
        if nets && held < qty { Purpose::Any } else { Purpose::Close }
    }

    fn planted_size(&self, run: &ComboRun, step: Step) -> Qty {
        if self.config.planted != Some(Planted::LegInDollars) || step.closes || step.leg == 0 {
            return step.qty;
        }
        let price = |leg: Leg| u64::from(crate::command::paid(leg.side, leg.limit).pips().max(1));
        let micros = step.qty.micros() * price(run.leg(0)) / price(run.leg(step.leg));
        floor_to(Qty::from_micros(micros).unwrap_or(step.qty), Qty::HUNDREDTH)
    }

    // --- A first leg that rests -------------------------------------------------------------------------------------

    /// The resting order of the first leg, while it may fill and is not being taken back.
    fn resting(&self, run: &ComboRun) -> Option<&Order> {
        run.rests_until?;
        let first = run.orders.first()?;
        self.state.orders.get(first.key).filter(|order| order.is_live() && !order.cancel_wanted)
    }

    /// Takes the quote back when its time is over or its hedge is not there any more.
    fn watch_resting(&mut self, run: &mut ComboRun, out: &mut Vec<Command>) {
        let Some(order) = self.resting(run) else { return };
        let late = run.rests_until.is_some_and(|until| until <= self.now);
        let unhedged = run.tallies[0].have().saturating_sub(run.sets());
        let qty = order.worst_open().checked_add(order.unbooked()).and_then(|open| open.checked_add(unhedged));
        if late || self.winding_down || !qty.is_some_and(|qty| self.is_hedged(run, qty)) {
            self.pull_resting(run, out);
        }
    }

    /// Whether the legs behind the first are there for so many contracts, and worth it at the first one's price.
    fn is_hedged(&self, run: &ComboRun, qty: Qty) -> bool {
        let first = run.leg(0);
        let fees = &self.state.universe.get(first.market).fees;
        let mut cost = i128::from(crate::legs::rested(fees, &first, qty).micros());
        for leg in &run.combo.legs[1..] {
            if self.leg_problem(run.strategy, leg.market).is_some() {
                return false;
            }
            let found = self.to_buy(leg, qty, leg.limit);
            match found.filter(|walk| walk.qty >= qty) {
                Some(walk) => cost += i128::from(walk.dollars.micros()) + i128::from(walk.fees.micros()),
                None => return false,
            }
        }
        self.leg_problem(run.strategy, first.market).is_none() && balance::is_worth(&run.combo, qty, cost)
    }

    fn pull_resting(&mut self, run: &ComboRun, out: &mut Vec<Command>) {
        let Some(key) = self.resting(run).map(|order| order.key) else { return };
        if let Some(order) = self.state.orders.get_mut(key) {
            order.cancel_wanted = true;
        }
        self.cancel(key, out);
    }

    // --- Others -----------------------------------------------------------------------------------------------------

    /// When a combo has something to do by time: the earliest.
    pub(super) fn combo_due(&self) -> Option<Timestamp> {
        let due = self.combos.iter().flat_map(|run| {
            let resting = self.resting(run).and(run.rests_until);
            let patience = run.since.map(|since| since.plus(run.combo.patience));
            [resting, patience, Some(run.not_before).filter(|at| *at > self.now)]
        });
        due.flatten().min()
    }

    /// Contracts of an outcome that a strategy holds as legs: of a set that is complete, and of one that is being completed or
    /// sold by its own rule. No exit touches them: closing one leg of a set would open the other.
    pub(super) fn locked(&self, strategy: StrategyId, market: MarketId, outcome: Outcome) -> Qty {
        let of = |run: &ComboRun, all: bool| {
            let legs = run.combo.legs.iter().zip(&run.tallies);
            let mine = legs.filter(|(leg, _)| leg.market == market && leg.side.outcome() == outcome);
            let held = mine.map(|(_, tally)| if all { tally.have() } else { run.sets() });
            held.fold(0u64, |sum, held| sum.saturating_add(held.micros()))
        };
        let active = self.combos.iter().filter(|run| run.strategy == strategy).map(|run| of(run, true));
        let kept = self.kept_combos.iter().filter(|run| run.strategy == strategy).map(|run| of(run, false));
        Qty::from_micros(active.chain(kept).fold(0, u64::saturating_add)).unwrap_or(Qty::MAX)
    }

    /// Whether a quote would meet what a combo under way may send: a leg, or the sale of one.
    pub(super) fn meets_a_leg(&self, market: MarketId, quote: &Quote) -> bool {
        self.combos.iter().filter(|run| run.is_in(market)).any(|run| {
            run.combo.legs.iter().filter(|leg| leg.market == market).any(|leg| {
                let reach = run.max_loss();
                let (low, high) = (leg.limit.pips().saturating_sub(reach), leg.limit.pips().saturating_add(reach));
                match quote.side {
                    // A bid meets whatever sells YES: the leg's sale, or the leg itself.
                    BookSide::Bid => quote.price.pips() >= low,
                    BookSide::Ask => quote.price.pips() <= high,
                }
            })
        })
    }

    /// A new run of the program: what was waited for begins anew.
    pub(super) fn restart_combos(&mut self) {
        for run in &mut self.combos {
            run.since = None;
            run.not_before = self.now;
        }
    }

    /// The last attempts, oldest first.
    pub fn attempts(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.attempts.iter()
    }

    /// Combos that are remembered, whether each has ended, and its orders: which leg each is of, and whether it sells it. For
    /// whoever audits them by the venues' word.
    #[doc(hidden)]
    pub fn combo_orders(&self) -> impl Iterator<Item = (u32, &Combo, bool, Vec<(OrderKey, u32, bool)>)> {
        self.combos.iter().chain(&self.kept_combos).map(|run| {
            let orders = run.orders.iter().map(|order| (order.key, order.leg, order.closes));
            (run.id, &run.combo, run.ended.is_some(), orders.collect())
        })
    }

    /// Combos that are under way.
    pub const fn combos_under_way(&self) -> usize {
        self.combos.len()
    }
}
