//! What is open: contracts of legs without their counterparts, at what they cost, in the worst way that doubts may end.
//!
//! Of each leg it is known what it surely has and what it may have: an order that may still fill, a match that may still fail
//! and a sale that may come to nothing count both ways. The sets that are sure are those of the leg that has least; with any
//! leg as that one at its least and all others at their most, what those have more is open. The worst of these cases is
//! exact: contracts of different orders fill and fail independently.
//!
//! A combo is counted for what it may come to as well: with any leg lacking what the one with most may have, each leg before
//! it filled that far, and, if it is on a venue of tokens, each leg behind it too, as its match may fail when all others have
//! filled. Contracts that are not sure count at the worst price that the combo's rule allows, others at what they cost. That
//! never grows: no leg is bought beyond the one that has most, a combo that has begun to sell buys nothing before its legs are
//! equal again, and what is sold is what exceeds the others. So a combo that was admitted under the bound stays under it whatever happens, also when
//! a match fails long after its end, and so do all together.

use brier_types::{Money, Price, Qty, Rounding, notional};

use super::ComboRun;
use crate::command::paid;
use crate::engine::Engine;
use crate::instrument::{Custody, Instrument};
use crate::planted::Planted;
use crate::risk::MOST_FILLS;
use crate::strategy::{Combo, Leg, OnShortfall};

/// What a leg surely has and what it may have, in contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    /// Whatever fails, and whatever is being sold.
    least: Qty,
    /// The same as long as no sale is final that is under way: nothing is bought again for it.
    sure: Qty,
    most: Qty,
}

/// What contracts of a leg cost at most that are still to be bought: at the worst price that its rule allows, with all fees.
///
/// A combo is admitted with twice the fees' rounding: what has filled has taken some of it, and what is still to fill may
/// take it all.
fn at_most(instrument: &Instrument, leg: Leg, beyond: u16, qty: Qty, fills: u64) -> i128 {
    let pips = paid(leg.side, leg.limit).pips().saturating_add(beyond).min(10_000);
    let price = Price::new(pips).unwrap_or(Price::ONE);
    let limit = paid(leg.side, price);
    let reach = match leg.side {
        brier_types::BookSide::Bid => (Price::ZERO, limit),
        brier_types::BookSide::Ask => (limit, Price::ONE),
    };
    if qty.is_zero() {
        return 0;
    }
    let fills = qty.micros().div_ceil(instrument.market.size_step.micros().max(1)).min(fills);
    i128::from(notional(price, qty, Rounding::Ceil).micros())
        + i128::from(instrument.fees.most(reach, qty, fills).micros())
}

impl Engine {
    /// What legs without their counterparts cost at most, over all combos, ended ones too.
    pub fn open_legs(&self) -> Money {
        let runs = self.combos.iter().chain(self.kept_combos.iter().filter(|run| !run.quiet));
        super::balance::dollars(runs.map(|run| self.open_of(run)).sum())
    }

    /// What of a combo may be open, in micro-dollars.
    fn open_of(&self, run: &ComboRun) -> i128 {
        let spans: Vec<Span> = run.numbers().map(|leg| self.span(run, leg)).collect();
        let most = spans.iter().map(|span| span.most).max().unwrap_or(Qty::ZERO);
        let reach = |leg: u32| if run.selling { spans[leg as usize].most } else { most };
        let unsure = |leg: u32| reach(leg).saturating_sub(spans[leg as usize].sure);
        let cost = |leg: u32, qty: Qty| self.cost_of(run, leg, unsure(leg), qty);
        let open = run.numbers().map(|least| {
            let sure = spans[least as usize].least;
            let others = run.numbers().filter(|leg| *leg != least);
            others.map(|leg| cost(leg, spans[leg as usize].most.saturating_sub(sure))).sum::<i128>()
        });
        let open = open.max().unwrap_or(0);
        if run.selling {
            return open;
        }
        let lacks = |leg: u32| most.saturating_sub(spans[leg as usize].sure);
        open.max(self.to_come(&run.combo, lacks, cost))
    }

    /// What a combo may come to have open, if all legs but one at a time get the contracts that this one still lacks.
    fn to_come(&self, combo: &Combo, lacks: impl Fn(u32) -> Qty, cost: impl Fn(u32, Qty) -> i128) -> i128 {
        let legs = combo.legs.len() as u32;
        let open = (0..legs).map(|least| {
            let may_fail = self.state.universe.get(combo.legs[least as usize].market).custody == Custody::Tokens;
            let others = (0..legs).filter(|leg| *leg < least || (*leg > least && may_fail));
            others.map(|leg| cost(leg, lacks(least))).sum::<i128>()
        });
        open.max().unwrap_or(0)
    }

    /// The same of a combo that has not begun, for so many contracts.
    pub(super) fn open_at_most(&self, combo: &Combo, qty: Qty) -> i64 {
        let beyond = beyond(combo);
        let cost = |leg: u32, qty: Qty| {
            let leg = combo.legs[leg as usize];
            at_most(self.state.universe.get(leg.market), leg, beyond, qty, MOST_FILLS * 2)
        };
        crate::legs::saturated(self.to_come(combo, |_| qty, cost))
    }

    /// What so many contracts of a leg cost: first those that are not final at what they may cost at most, as any of a leg's
    /// contracts may be the open ones, then others at what they did.
    fn cost_of(&self, run: &ComboRun, leg: u32, unsure: Qty, qty: Qty) -> i128 {
        let tally = &run.tallies[leg as usize];
        let more = qty.min(unsure);
        let leg = run.leg(leg);
        let instrument = self.state.universe.get(leg.market);
        super::balance::sunk(tally, qty.saturating_sub(more))
            + at_most(instrument, leg, beyond(&run.combo), more, MOST_FILLS)
    }

    fn span(&self, run: &ComboRun, leg: u32) -> Span {
        let tally = &run.tallies[leg as usize];
        if self.config.planted == Some(Planted::DoubtOutsideBound) {
            let have = tally.have();
            return Span { least: have, sure: have, most: have };
        }
        let (bought, sold) = self.not_final(run, leg);
        let comes = self.may_come(run, leg, false).unwrap_or(Qty::ZERO);
        let goes = self.may_come(run, leg, true).unwrap_or(Qty::ZERO);
        let plus = |one: Qty, other: Qty| one.checked_add(other).unwrap_or(Qty::MAX);
        let paid = tally.bought.saturating_sub(bought);
        Span {
            least: paid.saturating_sub(tally.sold).saturating_sub(goes),
            sure: paid.saturating_sub(tally.sold.saturating_sub(sold)),
            most: plus(tally.bought, comes).saturating_sub(tally.sold.saturating_sub(sold)),
        }
    }

    /// Contracts of a leg that matches brought, and took, which may still fail.
    pub(super) fn not_final(&self, run: &ComboRun, leg: u32) -> (Qty, Qty) {
        let (mut bought, mut sold) = (0u64, 0u64);
        for fill in self.state.portfolio.provisional_in(run.leg(leg).market) {
            let Some(order) = run.orders.iter().find(|order| Some(order.key) == fill.key && order.leg == leg) else {
                continue;
            };
            let sum = if order.closes { &mut sold } else { &mut bought };
            *sum = sum.saturating_add(fill.qty.micros());
        }
        (Qty::from_micros(bought).unwrap_or(Qty::MAX), Qty::from_micros(sold).unwrap_or(Qty::MAX))
    }
}

const fn beyond(combo: &Combo) -> u16 {
    match combo.on_shortfall {
        OnShortfall::Unwind { max_loss } => max_loss,
        OnShortfall::Hold => 0,
    }
}
