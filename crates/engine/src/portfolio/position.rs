//! Contracts of both outcomes of one market, what they cost, and what closing them brought.
//!
//! Everything here is a plain function of figures and never fails: [`Position::fits`] is asked before a fill is booked, and
//! what fits stays far from the ends of 64 bits. Rounding goes against us by up to $0.000001 a fill: what is paid is rounded
//! up, what is received is rounded down. On Kalshi nothing needs rounding. A part of a holding takes its share of the cost
//! rounded down, and the last contract takes the rest, so that nothing is lost by dividing.

use brier_types::{BookSide, FillStatus, Money, Outcome, Price, Qty, Rounding, SignedQty, notional};

use super::OwnFill;
use crate::command::Funding;
use crate::instrument::Custody;

/// No figure of a position that a fill is booked into goes beyond this: 10^12 dollars or contracts.
const LIMIT: i64 = 1_000_000_000_000_000_000;

/// The amount, or the nearest one that 64 bits hold.
pub(super) fn money(micros: i128) -> Money {
    Money::from_micros(i64::try_from(micros).unwrap_or(if micros < 0 { -i64::MAX } else { i64::MAX }))
}

fn qty(micros: i128) -> Qty {
    u64::try_from(micros.max(0)).ok().and_then(Qty::from_micros).unwrap_or(Qty::MAX)
}

fn wide(money: Money) -> i128 {
    i128::from(money.micros())
}

fn plus(one: Money, other: Money) -> Money {
    money(wide(one) + wide(other))
}

fn minus(one: Money, other: Money) -> Money {
    money(wide(one) - wide(other))
}

/// The share of `cost` that `part` of `whole` has, rounded down; all of it when the part is the whole.
fn share(cost: Money, part: Qty, whole: Qty) -> Money {
    if part == whole {
        return cost;
    }
    money((wide(cost) * i128::from(part.micros())).div_euclid(i128::from(whole.micros())))
}

/// Contracts of one outcome and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Contracts.
    pub qty: Qty,
    /// Dollars paid for them, without fees.
    pub cost: Money,
    /// Of them, contracts bought by fills that are not final: on a venue of tokens they cannot be sold yet.
    pub pending: Qty,
    /// Contracts sold beyond what was held: a purchase is not known to us yet, or another program trades here. While there
    /// are some, nothing is held; what is bought next, or the venue's word, mends it.
    pub oversold: Qty,
}

impl Holding {
    /// Nothing.
    pub const NONE: Self = Self { qty: Qty::ZERO, cost: Money::ZERO, pending: Qty::ZERO, oversold: Qty::ZERO };

    /// Dollars a contract cost on average, rounded as named; `None` when nothing is held.
    pub fn average(&self, rounding: Rounding) -> Option<Money> {
        let held = i128::from(self.qty.micros());
        if held == 0 {
            return None;
        }
        let scaled = wide(self.cost) * i128::from(Qty::PER_CONTRACT);
        Some(money(match rounding {
            Rounding::Floor => scaled.div_euclid(held),
            Rounding::Ceil => -(-scaled).div_euclid(held),
        }))
    }

    /// Contracts held less those sold beyond it.
    const fn signed(&self) -> i64 {
        self.qty.micros() as i64 - self.oversold.micros() as i64
    }

    /// Takes contracts in. What was sold before it was known to be held comes out of them, at its share of what was paid:
    /// that share is given back as a loss.
    fn buy(self, bought: Qty, paid: Money, is_final: bool) -> (Self, Money) {
        let covered = self.oversold.min(bought);
        let lost = if covered.is_zero() { Money::ZERO } else { share(paid, covered, bought) };
        let kept = bought.saturating_sub(covered);
        let held = qty(i128::from(self.qty.micros()) + i128::from(kept.micros()));
        let pending = if is_final { Qty::ZERO } else { kept };
        let bought = Self {
            qty: held,
            cost: plus(self.cost, minus(paid, lost)),
            pending: qty(i128::from(self.pending.micros()) + i128::from(pending.micros())),
            oversold: self.oversold.saturating_sub(covered),
        };
        (bought, lost)
    }

    /// Gives contracts away, and tells what they had cost. Final ones go first.
    fn close(self, given: Qty) -> (Self, Money) {
        let closing = given.min(self.qty);
        let basis = share(self.cost, closing, self.qty);
        let left = self.qty.saturating_sub(closing);
        let short = given.saturating_sub(closing);
        let closed = Self {
            qty: left,
            cost: minus(self.cost, basis),
            pending: self.pending.min(left),
            oversold: qty(i128::from(self.oversold.micros()) + i128::from(short.micros())),
        };
        (closed, basis)
    }

    /// What it is worth at `price`, rounded against us: contracts that were sold and are not held must still come from
    /// somewhere, and count as a debt.
    fn worth(&self, price: Price) -> i128 {
        wide(notional(price, self.qty, Rounding::Floor)) - wide(notional(price, self.oversold, Rounding::Ceil))
    }

    /// The holding with `to` contracts instead: what appeared is taken in at `price`, what vanished goes with its share.
    fn adopted(self, to: Qty, price: Price) -> Self {
        let held = Self { oversold: Qty::ZERO, pending: Qty::ZERO, ..self };
        let more = to.saturating_sub(held.qty);
        let (left, _) = held.close(held.qty.saturating_sub(to));
        left.buy(more, notional(price, more, Rounding::Ceil), true).0
    }

    /// The holding with this many contracts more or fewer.
    fn shifted(self, by: i64, price: Option<Price>) -> (Self, Money) {
        let some = qty(i128::from(by.unsigned_abs()));
        let paid = price.map_or(Money::ZERO, |price| notional(price, some, Rounding::Ceil));
        if by < 0 { (self.close(some).0, Money::ZERO) } else { self.buy(some, paid, true) }
    }
}

/// What is owned in one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// YES contracts.
    pub yes: Holding,
    /// NO contracts.
    pub no: Holding,
    /// Dollars gained or lost by closing and by payouts, before fees.
    pub realized: Money,
    /// Net fees paid.
    pub fees: Money,
    /// Dollars received less dollars paid, fees included.
    pub flow: Money,
}

impl Default for Position {
    fn default() -> Self {
        Self::FLAT
    }
}

impl Position {
    /// Nothing.
    pub const FLAT: Self =
        Self { yes: Holding::NONE, no: Holding::NONE, realized: Money::ZERO, fees: Money::ZERO, flow: Money::ZERO };

    /// Net contracts, plus is YES. What was sold beyond what was held counts as given.
    pub const fn net(&self) -> SignedQty {
        match SignedQty::from_micros(self.yes.signed().saturating_sub(self.no.signed())) {
            Some(net) => net,
            None => SignedQty::ZERO,
        }
    }

    /// What the open contracts cost, without fees.
    pub fn cost(&self) -> Money {
        plus(self.yes.cost, self.no.cost)
    }

    /// Whether nothing is held, and nothing was sold beyond what was held.
    pub const fn is_flat(&self) -> bool {
        self.yes.qty.is_zero() && self.no.qty.is_zero() && !self.oversold()
    }

    /// Whether more was sold than was known to be held.
    pub const fn oversold(&self) -> bool {
        !self.yes.oversold.is_zero() || !self.no.oversold.is_zero()
    }

    /// Contracts of one outcome.
    pub const fn held(&self, outcome: Outcome) -> Qty {
        self.holding(outcome).qty
    }

    /// Contracts of one outcome that may be sold, to the last millionth: only those of fills that are confirmed.
    ///
    /// A mined fill can usually be sold too, but its block may still be replaced, and confirmation is the venue's only proof
    /// of a position. Source: reference (Polymarket), section 7.2.
    pub const fn sellable(&self, outcome: Outcome) -> Qty {
        let holding = self.holding(outcome);
        holding.qty.saturating_sub(holding.pending)
    }

    /// What the open contracts are worth if YES is worth `price`, each outcome rounded down.
    pub fn worth(&self, price: Price) -> Money {
        money(self.yes.worth(price) + self.no.worth(price.complement()))
    }

    /// What the open contracts are worth at `mark` beyond what they cost.
    pub fn unrealized(&self, mark: Price) -> Money {
        minus(self.worth(mark), self.cost())
    }

    /// Whether every figure is within what is booked. Cash is asked apart.
    pub(super) fn fits(&self) -> bool {
        let contracts = [self.yes.qty, self.yes.oversold, self.no.qty, self.no.oversold];
        let dollars = [self.yes.cost, self.no.cost, self.realized, self.fees, self.flow];
        contracts.iter().all(|it| it.micros() <= LIMIT.unsigned_abs()) && dollars.into_iter().all(money_fits)
    }

    /// The position after one more fill.
    ///
    /// Netted: contracts of the other outcome are closed first, each pair giving back its dollar, and the rest is opened.
    /// Tokens: cash buys the outcome that the side wants, holdings of the other one are sold.
    pub(super) fn after(&self, fill: &OwnFill) -> Self {
        let is_final = fill.status == FillStatus::Confirmed || fill.custody == Custody::Netted;
        let wanted = fill.side.outcome();
        let given = fill.side.opposite().outcome();
        let price = |outcome| match outcome {
            Outcome::Yes => fill.price,
            Outcome::No => fill.price.complement(),
        };
        let closing = match (fill.custody, fill.funding) {
            (Custody::Netted, _) => fill.qty.min(self.held(given)),
            (Custody::Tokens, Funding::Holdings) => fill.qty,
            (Custody::Tokens, Funding::Cash) => Qty::ZERO,
        };
        let opening = fill.qty.saturating_sub(closing);
        let mut next = *self;
        if !closing.is_zero() {
            let (left, basis) = next.holding(given).close(closing);
            let got = notional(price(given), closing, Rounding::Floor);
            *next.holding_mut(given) = left;
            next.realized = minus(plus(next.realized, got), basis);
            next.flow = plus(next.flow, got);
        }
        if !opening.is_zero() {
            let paid = notional(price(wanted), opening, Rounding::Ceil);
            let (held, lost) = next.holding(wanted).buy(opening, paid, is_final);
            *next.holding_mut(wanted) = held;
            next.realized = minus(next.realized, lost);
            next.flow = minus(next.flow, paid);
        }
        next.fees = plus(next.fees, fill.fee);
        next.flow = minus(next.flow, fill.fee);
        next
    }

    const fn holding(&self, outcome: Outcome) -> Holding {
        match outcome {
            Outcome::Yes => self.yes,
            Outcome::No => self.no,
        }
    }

    const fn holding_mut(&mut self, outcome: Outcome) -> &mut Holding {
        match outcome {
            Outcome::Yes => &mut self.yes,
            Outcome::No => &mut self.no,
        }
    }

    /// The position after its market paid.
    pub(super) fn paid(&self, payout: Price) -> Self {
        let worth = self.worth(payout);
        Self {
            yes: Holding::NONE,
            no: Holding::NONE,
            realized: plus(self.realized, minus(worth, self.cost())),
            fees: self.fees,
            flow: plus(self.flow, worth),
        }
    }

    /// The position after a fill that was told when its market had paid already: what it brings by itself is added, and what
    /// is held stays. A sale had been paid too much, and gives that back.
    pub(super) fn late(&self, fill: &OwnFill, payout: Price) -> Self {
        let alone = Self::FLAT.after(fill).paid(payout);
        Self {
            realized: plus(self.realized, alone.realized),
            fees: plus(self.fees, alone.fees),
            flow: plus(self.flow, alone.flow),
            ..*self
        }
    }

    /// The position with these contracts instead, by the venue's word: all of them are final.
    pub(super) fn adopted(&self, yes: Qty, no: Qty, price: Price) -> Self {
        Self { yes: self.yes.adopted(yes, price), no: self.no.adopted(no, price.complement()), ..*self }
    }

    /// The position with this many contracts more or fewer, which no fill explains. Where the venue nets, `yes` is the net number.
    pub(super) fn shifted(&self, custody: Custody, yes: SignedQty, no: SignedQty, price: Option<Price>) -> Self {
        let (yes, no) = match custody {
            Custody::Tokens => (yes.micros(), no.micros()),
            Custody::Netted => {
                let net = yes.micros();
                let given = if net > 0 { self.no.qty } else { self.yes.qty };
                let closing = (given.micros() as i64).min(net.saturating_abs());
                let opening = net.saturating_abs() - closing;
                if net > 0 { (opening, -closing) } else { (-closing, opening) }
            }
        };
        let ((yes, lost), (no, more)) =
            (self.yes.shifted(yes, price), self.no.shifted(no, price.map(Price::complement)));
        Self { yes, no, realized: minus(self.realized, plus(lost, more)), ..*self }
    }

    /// By how much cost and flow differ from profit less fees: what the venue's word brought in that no fill explains. Zero
    /// where there was none.
    pub(super) fn unexplained(&self) -> i128 {
        wide(self.cost()) + wide(self.flow) - wide(self.realized) + wide(self.fees)
    }
}

/// Whether an amount is within what is booked.
pub(super) fn money_fits(amount: Money) -> bool {
    amount.micros().unsigned_abs() <= LIMIT.unsigned_abs()
}

/// A quantity that is within what is booked: the venue's word beyond it is cut, and shows as a difference again.
pub(super) fn cut(held: Qty) -> Qty {
    held.min(qty(i128::from(LIMIT)))
}

/// The side on which a fill leaves the account, in contracts of YES.
pub(super) fn signed(fill: &OwnFill) -> i128 {
    match fill.side {
        BookSide::Bid => i128::from(fill.qty.micros()),
        BookSide::Ask => -i128::from(fill.qty.micros()),
    }
}
