//! What can be bought of one claim, lot by lot, and what a quantity of it costs exactly.
//!
//! YES is bought by taking asks, NO by taking bids: a YES bid at p is a NO ask at 1 − p, on both venues. What is sold out of
//! holdings takes the same levels as buying the opposite, and is worth the same but for the dollar that comes back at once.

use brier_book::Level;
use brier_engine::Fees;
use brier_kalshi_protocol::fees::{BalancePrecision, RoundingAccumulator, charge};
use brier_polymarket_protocol::fees::FEE_STEP;
use brier_types::{Money, Outcome, Price, Qty, Rounding, notional};

use crate::problem::Limits;
use crate::set::Terms;

/// The most lots of one claim that are counted: sums over a set then fit 64 bits, and floats hold them exactly.
const MOST_LOTS: u64 = 1 << 45;

/// Lots of one cost: a stretch of a claim's supply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rung {
    /// How many lots.
    pub lots: u64,
    /// Dollars per contract, all in, before any rounding: the program's number, never more than what is charged.
    pub cost: f64,
}

/// The supply of one claim, best first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Depth {
    outcome: Option<Outcome>,
    levels: Vec<Level>,
    rungs: Vec<Rung>,
}

/// What a quantity costs, or brings when it is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced {
    /// Price times quantity: paid by a buyer (rounded up), received by a seller (rounded down).
    pub notional: Money,
    /// Fees with all rounding, and surcharges.
    pub fees: Money,
    /// What of the fees is only for levels that are made of many small orders, by [`Limits::smallest_fill`]: not charged where
    /// each level is one fill.
    pub split: Money,
    /// The worst price of the claim bought, or of the one sold.
    pub limit: Price,
    /// Contracts at the limit or better.
    pub depth: Qty,
}

/// Whether a claim is bought, or its opposite sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Buy,
    SellOpposite,
}

impl Depth {
    /// The supply of `outcome` from `levels` of the book's side that is taken (asks for YES, bids for NO), best first and in
    /// YES prices, own orders left out. At most `room` contracts are counted, in whole lots.
    ///
    /// Levels at which a contract costs a dollar or more are left out: no claim pays more.
    pub fn new(
        outcome: Outcome,
        levels: impl IntoIterator<Item = Level>,
        terms: &Terms,
        limits: &Limits,
        room: Qty,
    ) -> Self {
        let lot = limits.lot.micros();
        let mut depth = Self { outcome: Some(outcome), levels: Vec::new(), rungs: Vec::new() };
        // A lot in the making: contracts (in millionths) and their cost, from levels that were too small for a whole one.
        let (mut part, mut part_cost) = (0_u64, 0.0_f64);
        let mut room = room.micros().min(lot.saturating_mul(MOST_LOTS));
        for level in levels.into_iter().take(limits.max_levels) {
            let cost = unit_cost(outcome, level.price, terms, limits);
            let mut open = level.qty.micros().min(room);
            if cost >= 1.0 || open == 0 {
                break;
            }
            room -= open;
            let taken = Qty::from_micros(open).expect("a part of a level");
            depth.levels.push(Level { price: level.price, qty: taken });
            if part > 0 {
                let piece = open.min(lot - part);
                (part, open) = (part + piece, open - piece);
                part_cost += cost * piece as f64;
                if part == lot {
                    depth.push(1, part_cost / lot as f64);
                    (part, part_cost) = (0, 0.0);
                }
            }
            depth.push(open / lot, cost);
            if open % lot > 0 {
                // Only reached with no lot in the making: a part that is still open has swallowed the level.
                (part, part_cost) = (open % lot, cost * (open % lot) as f64);
            }
        }
        depth
    }

    fn push(&mut self, lots: u64, cost: f64) {
        match self.rungs.last_mut() {
            _ if lots == 0 => {}
            Some(last) if last.cost.to_bits() == cost.to_bits() => last.lots += lots,
            Some(_) | None => self.rungs.push(Rung { lots, cost }),
        }
    }

    /// The supply as the program sees it, cheapest first.
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// The levels of the book behind it, in YES prices.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// All whole lots.
    pub fn lots(&self) -> u64 {
        self.rungs.iter().map(|rung| rung.lots).sum()
    }

    /// What `lots` lots cost in the program's numbers, in dollars a contract times lots; `None` when there are fewer.
    pub fn cost(&self, lots: u64) -> Option<f64> {
        let (mut rest, mut sum) = (lots, 0.0);
        for rung in &self.rungs {
            let taken = rest.min(rung.lots);
            sum += rung.cost * taken as f64;
            rest -= taken;
        }
        (rest == 0).then_some(sum)
    }

    /// Leaves nothing to be had.
    pub(crate) fn clear(&mut self) {
        self.levels.clear();
        self.rungs.clear();
    }

    /// What it costs exactly to buy `qty`.
    ///
    /// Fees are by the venue's schedule for each level, as one fill each or, with [`Limits::smallest_fill`], with the most
    /// that as many fills could add by rounding. `None` when there is less than that, or the sum fits no amount.
    ///
    /// Source: reference (Kalshi), section 10; reference (Polymarket), section 15.1.
    pub fn price(&self, qty: Qty, terms: &Terms, limits: &Limits) -> Option<Priced> {
        self.walk(Qty::ZERO, qty, Way::Buy, terms, limits)
    }

    /// The same for contracts behind the first `skip`, bought or sold as the opposite claim.
    pub(crate) fn walk(&self, skip: Qty, qty: Qty, way: Way, terms: &Terms, limits: &Limits) -> Option<Priced> {
        let outcome = self.outcome?;
        let (mut skip, mut rest) = (skip, qty);
        let zero = Money::ZERO;
        let mut priced = Priced { notional: zero, fees: zero, split: zero, limit: Price::ZERO, depth: Qty::ZERO };
        let mut owed = RoundingAccumulator::default();
        for level in &self.levels {
            priced.depth = priced.depth.checked_add(level.qty)?;
            let passed = skip.min(level.qty);
            skip = skip.saturating_sub(passed);
            let taken = rest.min(level.qty.saturating_sub(passed));
            if taken.is_zero() {
                continue;
            }
            rest = rest.saturating_sub(taken);
            let paid = if outcome == Outcome::Yes { level.price } else { level.price.complement() };
            let (price, rounding) = match way {
                Way::Buy => (paid, Rounding::Ceil),
                Way::SellOpposite => (paid.complement(), Rounding::Floor),
            };
            let worth = notional(price, taken, rounding);
            let signed = if way == Way::Buy { worth.checked_neg()? } else { worth };
            let (fee, split) = fill_fee(level.price, taken, signed, terms, limits, &mut owed)?;
            let extra = surcharge(terms.surcharge, taken)?;
            priced.notional = priced.notional.checked_add(worth)?;
            priced.fees = priced.fees.checked_add(fee)?.checked_add(extra)?;
            priced.split = priced.split.checked_add(split)?;
            priced.limit = price;
            if rest.is_zero() {
                break;
            }
        }
        rest.is_zero().then_some(priced)
    }
}

/// The fee of the fills that one level gives: exact for one, the most that it can be for several; and how much more the latter is.
fn fill_fee(
    price: Price,
    qty: Qty,
    revenue: Money,
    terms: &Terms,
    limits: &Limits,
    owed: &mut RoundingAccumulator,
) -> Option<(Money, Money)> {
    let trade = match terms.fees {
        Fees::Kalshi(_) => terms.fees.taker(price, qty),
        // How the venue rounds a half is not said: never down.
        Fees::Polymarket(schedule) => schedule.upper_bound(price, qty).max(schedule.taker_fee(price, qty)),
    };
    let one = match terms.fees {
        Fees::Kalshi(_) => charge(revenue, trade, limits.precision, owed).net,
        Fees::Polymarket(_) => trade,
    };
    let Some(smallest) = limits.smallest_fill else { return Some((one, Money::ZERO)) };
    let fills = i64::try_from(qty.micros().div_ceil(smallest.micros().max(1))).ok()?;
    let many = trade.checked_add(fill_step(terms.fees, limits.precision).checked_mul(fills)?)?;
    Some((many, many.checked_sub(one)?.max(Money::ZERO)))
}

/// The most that one fill can lose to rounding: its fee's step, and its balance's.
pub(crate) const fn fill_step(fees: Fees, precision: BalancePrecision) -> Money {
    match fees {
        Fees::Kalshi(_) => Money::from_micros(Money::CENTICENT.micros() + precision.step().micros()),
        Fees::Polymarket(_) => Money::from_micros(FEE_STEP.micros() + 1),
    }
}

fn surcharge(per_contract: Money, qty: Qty) -> Option<Money> {
    let exact = i128::from(per_contract.micros()) * i128::from(qty.micros());
    let per = i128::from(Qty::PER_CONTRACT);
    i64::try_from(exact.div_euclid(per) + i128::from(exact.rem_euclid(per) != 0)).ok().map(Money::from_micros)
}

/// What one contract of `outcome` costs at a YES price of the book, in dollars, all in and before rounding.
pub(crate) fn unit_cost(outcome: Outcome, price: Price, terms: &Terms, limits: &Limits) -> f64 {
    let paid = if outcome == Outcome::Yes { price } else { price.complement() };
    let rounding = match limits.smallest_fill {
        None => 0.0,
        Some(smallest) => fill_step(terms.fees, limits.precision).micros() as f64 / smallest.micros().max(1) as f64,
    };
    f64::from(paid.pips()) / 1e4 + unit_fee(terms.fees, price) + terms.surcharge.micros() as f64 / 1e6 + rounding
}

/// A taker's fee on one contract in dollars, before rounding.
pub(crate) fn unit_fee(fees: Fees, price: Price) -> f64 {
    let variance = f64::from(price.pips()) * f64::from(price.complement().pips());
    match fees {
        // The schedule's own numbers: hundredths of a contract times pips squared, over the divisor, in $0.0001.
        Fees::Kalshi(schedule) => {
            let [numerator, divisor, ..] = schedule.parts();
            variance * (numerator as f64 * 100.0) / divisor as f64 / 1e4
        }
        Fees::Polymarket(schedule) => {
            let each = variance / 1e8;
            let power = (1..schedule.exponent()).fold(each, |power, _| power * each);
            f64::from(schedule.rate_micros()) / 1e6 * power
        }
    }
}
