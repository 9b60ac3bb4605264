//! What to do when some legs have more contracts than others: fill up, sell, or wait.

use brier_types::{BookSide, Money, Price, Qty, Rounding, notional};

use super::{ComboRun, Gap, MOST_TRIES, RETRY, Tally};
use crate::command::paid;
use crate::engine::{Engine, floor_to};
use crate::ids::{MarketId, StrategyId};
use crate::instrument::{Custody, Fees};
use crate::legs::{Walk, saturated, times, walk};
use crate::planted::Planted;
use crate::strategy::{Combo, Leg, OnShortfall};
use brier_types::MarketStatus;

/// An order of a leg that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub leg: u32,
    pub closes: bool,
    pub qty: Qty,
    pub limit: Price,
    /// It is not what was wanted, but the lesser evil.
    pub mends: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Send(Step),
    /// Nothing now. `busy` says that an order is under way whose end has to be known first.
    Wait {
        busy: bool,
    },
}

/// Contracts that can be bought or sold now, and the dollars for them, fees included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deal {
    step: Step,
    qty: Qty,
    /// Of a purchase what it costs, of a sale what it brings.
    dollars: i128,
}

/// Whether `qty` sets that cost so many micro-dollars leave the least profit that is wanted.
pub(super) fn is_worth(combo: &Combo, qty: Qty, cost: i128) -> bool {
    profit(combo, qty, cost) >= i128::from(times(combo.least, qty).micros())
}

fn profit(combo: &Combo, qty: Qty, cost: i128) -> i128 {
    i128::from(times(combo.pays, qty).micros()) - cost
}

/// What so many of a leg's contracts cost on average, fees included, rounded up.
pub(super) fn sunk(tally: &Tally, qty: Qty) -> i128 {
    let all = i128::from(tally.cost.micros()) + i128::from(tally.fees.micros());
    let bought = i128::from(tally.bought.micros().max(1));
    (all * i128::from(qty.micros()) + bought - 1).div_euclid(bought)
}

/// The same without the fees of sales: what the purchase of so many contracts cost on average.
fn bought_for(tally: &Tally, qty: Qty) -> i128 {
    let purchases = Money::from_micros(tally.fees.micros().saturating_sub(tally.sale_fees.micros()));
    sunk(&Tally { fees: purchases, ..*tally }, qty)
}

/// A price of an outcome as a price of YES; the same the other way round.
const fn in_yes(side: BookSide, price: Price) -> Price {
    paid(side, price)
}

/// The worst YES price up to the leg's limit at which `qty` contracts cost at most `budget` micro-dollars, fees included, all of
/// them at that price: a book that has changed when the order comes costs no more. Where rounding leaves none, `worst`.
pub(super) fn limit_within(fees: &Fees, leg: &Leg, qty: Qty, budget: i128, worst: Price) -> Price {
    let fits = |pips: u16| {
        let Some(price) = Price::new(pips) else { return false };
        let dollars = notional(price, qty, Rounding::Ceil).micros();
        let fee = fees.one_fill(true, in_yes(leg.side, price), qty).micros();
        i128::from(dollars) + i128::from(fee) <= budget
    };
    // Price and fee together grow with the price of the outcome, as no venue's rate is above one.
    let (mut low, mut high) = (0, in_yes(leg.side, leg.limit).pips());
    while low < high {
        let middle = high - (high - low) / 2;
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Price::new(low).filter(|price| price.is_tradable()).map_or(worst, |price| in_yes(leg.side, price))
}

/// What a sale of so many contracts has to bring after its fee, in micro-dollars: what they cost with their fees, less the
/// loss that is allowed, in price steps a contract.
fn proceeds_needed(tally: &Tally, qty: Qty, max_loss: u16) -> i128 {
    bought_for(tally, qty) - i128::from(times(Money::from_micros(i64::from(max_loss) * 100), qty).micros())
}

impl Engine {
    /// Why a leg's market takes no order of this strategy now, for people.
    pub(super) fn leg_problem(&self, strategy: StrategyId, market: MarketId) -> Option<String> {
        let instrument = self.state.universe.get(market);
        if let Some((scope, cause)) = self.state.halts.refuses(strategy, instrument.venue(), market) {
            return Some(format!("{scope:?} is halted: {cause}"));
        }
        let status = instrument.status_at(self.now);
        if status != MarketStatus::Active {
            return Some(format!("{market} is {status:?}"));
        }
        self.state.books.view(market).err().map(|why| format!("the book of {market} cannot be believed: {why}"))
    }

    /// What is to be done about a gap.
    pub(super) fn choose(&self, run: &ComboRun, gap: Gap) -> Choice {
        let busy = Choice::Wait { busy: true };
        let sells = run.numbers().any(|leg| self.may_come(run, leg, true).is_some());
        let fills = run.lacking(gap).any(|leg| self.may_come(run, leg, false).is_some());
        if sells || fills {
            return busy;
        }
        // A crumb that no hedge can be as small as waits for more while the first leg rests.
        let crumb = |number| self.is_too_small(run.leg(number), gap.by, true, run.leg(number).limit);
        if self.resting(run).is_some() && run.lacking(gap).any(crumb) {
            return busy;
        }
        let wait = Choice::Wait { busy: false };
        if run.tries >= MOST_TRIES || self.now < run.not_before {
            return wait;
        }
        if !run.selling
            && let Some(deal) = self.purchase(run, gap, None)
            && is_worth(&run.combo, deal.qty, deal.dollars + run.sunk_in(gap, deal.qty))
        {
            return self.paced(run, self.with_slack(run, gap, &deal));
        }
        let OnShortfall::Unwind { max_loss } = run.combo.on_shortfall else { return wait };
        let most = Money::from_micros(i64::from(max_loss) * 100);
        let complete = self.purchase(run, gap, Some(max_loss)).filter(|_| !run.selling).filter(|deal| {
            let cost = deal.dollars + run.sunk_in(gap, deal.qty);
            profit(&run.combo, deal.qty, cost) >= -i128::from(times(most, deal.qty).micros())
        });
        let sell = self.sale(run, gap, max_loss);
        match (complete, sell) {
            (Some(complete), Some(sell)) => {
                // What is still to come of either, a contract: what was paid is paid.
                let completed = profit(&run.combo, complete.qty, complete.dollars);
                let better =
                    completed * i128::from(sell.qty.micros()) >= sell.dollars * i128::from(complete.qty.micros());
                if better { self.paced(run, complete.step) } else { self.sell(run, sell.step) }
            }
            (Some(complete), None) => self.paced(run, complete.step),
            (None, Some(sell)) => self.sell(run, sell.step),
            (None, None) => wait,
        }
    }

    fn sell(&self, run: &ComboRun, step: Step) -> Choice {
        // Nothing is sold while anything of the combo may still fill: it might be its counterpart.
        if self.is_under_way(run) { Choice::Wait { busy: true } } else { self.paced(run, step) }
    }

    /// The step, unless the last order like it has just got nothing: the book that shows more is late.
    fn paced(&self, run: &ComboRun, step: Step) -> Choice {
        let last = run.orders.iter().rev().find(|order| order.leg == step.leg && order.closes == step.closes);
        let last = last.and_then(|order| self.state.orders.get(order.key)).filter(|order| order.heard().is_zero());
        match last {
            Some(order) if self.now < order.touched.plus(RETRY) => Choice::Wait { busy: false },
            Some(_) | None => Choice::Send(step),
        }
    }

    /// Buying what the lacking legs lack, as far as all of them have it within their limits; to mend, at most so far beyond.
    fn purchase(&self, run: &ComboRun, gap: Gap, mends: Option<u16>) -> Option<Deal> {
        let beyond = mends.unwrap_or(0);
        let limit = |leg: Leg| {
            let worst = paid(leg.side, leg.limit).pips().saturating_add(beyond).min(9_999);
            in_yes(leg.side, Price::new(worst).unwrap_or(leg.limit))
        };
        let mut qty = gap.by;
        for leg in run.lacking(gap).map(|leg| run.leg(leg)) {
            if self.leg_problem(run.strategy, leg.market).is_some() {
                return None;
            }
            qty = qty.min(self.to_buy(&leg, qty, limit(leg))?.qty);
        }
        let qty = floor_to(qty, gap.step);
        let small = |number| self.is_too_small(run.leg(number), qty, true, run.leg(number).limit);
        if qty.is_zero() || run.lacking(gap).any(small) {
            return None;
        }
        let (mut dollars, mut first) = (0, None);
        for number in run.lacking(gap) {
            let leg = run.leg(number);
            let found = self.to_buy(&leg, qty, limit(leg))?;
            dollars += i128::from(found.dollars.micros()) + i128::from(found.fees.micros());
            first.get_or_insert(Step { leg: number, closes: false, qty, limit: found.worst, mends: mends.is_some() });
        }
        Some(Deal { step: first?, qty, dollars })
    }

    /// The step with the worst limit that still leaves the least profit: a price that has just moved is met.
    fn with_slack(&self, run: &ComboRun, gap: Gap, deal: &Deal) -> Step {
        let (step, qty) = (deal.step, deal.qty);
        let leg = run.leg(step.leg);
        let own = self.to_buy(&leg, qty, step.limit);
        let own = own.map_or(0, |own| i128::from(own.dollars.micros()) + i128::from(own.fees.micros()));
        let left = profit(&run.combo, qty, deal.dollars + run.sunk_in(gap, qty));
        let spare = left - i128::from(times(run.combo.least, qty).micros());
        let fees = self.fees_to_buy(leg.market);
        Step { limit: limit_within(&fees, &leg, qty, own + spare, step.limit), ..step }
    }

    /// What the book gives to a leg, up to this YES price.
    pub(super) fn to_buy(&self, leg: &Leg, qty: Qty, limit: Price) -> Option<Walk> {
        let found = walk(&self.state, self.now, leg.market, (leg.side, leg.side), qty, limit)?;
        match self.config.planted {
            Some(Planted::EdgeForgetsFees) => Some(Walk { fees: Money::ZERO, ..found }),
            _ => Some(found),
        }
    }

    /// What a purchase in a market costs besides its price.
    pub(super) fn fees_to_buy(&self, market: MarketId) -> Fees {
        match self.config.planted {
            Some(Planted::EdgeForgetsFees) => Fees::FREE,
            _ => self.state.universe.get(market).fees,
        }
    }

    /// Selling the gap's contracts of every leg that has them, as far as all find a buyer within the loss that is allowed.
    fn sale(&self, run: &ComboRun, gap: Gap, max_loss: u16) -> Option<Deal> {
        let mut qty = gap.by;
        for number in run.exceeding(gap) {
            let leg = run.leg(number);
            if self.leg_problem(run.strategy, leg.market).is_some() {
                return None;
            }
            let needed = proceeds_needed(&run.tallies[number as usize], qty, max_loss);
            let limit = self.sale_limit(leg, qty, needed)?;
            let sides = (leg.side.opposite(), leg.side);
            let found = walk(&self.state, self.now, leg.market, sides, qty, limit)?;
            qty = qty.min(found.qty).min(self.may_be_sold(run, number));
        }
        let qty = floor_to(qty, gap.step);
        if qty.is_zero() {
            return None;
        }
        let (mut dollars, mut last) = (0, None);
        for number in run.exceeding(gap) {
            let leg = run.leg(number);
            let needed = proceeds_needed(&run.tallies[number as usize], qty, max_loss);
            let limit = self.sale_limit(leg, qty, needed)?;
            let found = walk(&self.state, self.now, leg.market, (leg.side.opposite(), leg.side), qty, limit)?;
            let brings = i128::from(found.dollars.micros()) - i128::from(found.fees.micros());
            if brings < needed || self.is_too_small(leg, qty, false, limit) {
                return None;
            }
            dollars += brings;
            last = Some(Step { leg: number, closes: true, qty, limit, mends: true });
        }
        // The latest leg first.
        Some(Deal { step: last?, qty, dollars })
    }

    /// The worst YES price at which `qty` contracts of a leg bring `needed` micro-dollars, the fee of the sale taken off, and
    /// one that the market has; none where no price does.
    fn sale_limit(&self, leg: Leg, qty: Qty, needed: i128) -> Option<Price> {
        let instrument = self.state.universe.get(leg.market);
        let brings = |pips: u16| {
            let price = Price::new(pips)?;
            let fee = instrument.fees.one_fill(true, in_yes(leg.side, price), qty).micros();
            Some(i128::from(notional(price, qty, Rounding::Floor).micros()) - i128::from(fee))
        };
        let fits = |pips: u16| brings(pips).is_some_and(|brings| brings >= needed);
        let grid = &instrument.market.grid;
        let ends = [grid.above(Price::ZERO)?, grid.below(Price::ONE)?].map(|price| in_yes(leg.side, price).pips());
        // What is left after the fee grows with the price of the outcome, as no venue's rate is above one.
        let (mut low, mut high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        if !fits(high) {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if fits(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(in_yes(leg.side, Price::new(low)?))
    }

    /// Whether a leg's market takes no order of so few contracts at this YES price. A purchase of tokens is sent as an order
    /// that could rest: see execution.
    pub(super) fn is_too_small(&self, leg: Leg, qty: Qty, buys: bool, limit: Price) -> bool {
        let instrument = self.state.universe.get(leg.market);
        let rests = buys && instrument.custody == Custody::Tokens;
        (rests && qty < instrument.min_qty)
            || notional(paid(leg.side, limit), qty, Rounding::Floor) < instrument.min_taking
    }

    /// Contracts of a leg that may be given away: of its own purchases those that are final, and on a venue of tokens only what
    /// the strategy has confirmed.
    fn may_be_sold(&self, run: &ComboRun, number: u32) -> Qty {
        let (leg, tally) = (run.leg(number), &run.tallies[number as usize]);
        let (pending, _) = self.not_final(run, number);
        let own = tally.bought.saturating_sub(pending).saturating_sub(tally.sold);
        match self.state.universe.get(leg.market).custody {
            Custody::Netted => own,
            Custody::Tokens => {
                own.min(self.state.portfolio.strategy(run.strategy, leg.market).sellable(leg.side.outcome()))
            }
        }
    }
}

/// Micro-dollars as money.
pub(super) fn dollars(micros: i128) -> Money {
    Money::from_micros(saturated(micros))
}
