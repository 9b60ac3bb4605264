//! Contracts of both outcomes of one market, what they cost, and what closing them brought.

use std::collections::BTreeMap;

use brier_types::{BookSide, FillStatus, Money, Outcome, Price, Qty, Rounding, SignedQty, notional};

use super::{FillKey, Folded, Kept, OwnFill};
use crate::command::Funding;
use crate::instrument::Custody;

/// Contracts of one outcome and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Contracts.
    pub qty: Qty,
    /// Dollars paid for them, without fees.
    pub cost: Money,
    /// Of them, contracts bought by fills that are not final: on a venue of tokens they cannot be sold yet.
    pub pending: Qty,
    /// Contracts sold beyond what was held: our picture was wrong, and reads mend it.
    pub oversold: Qty,
}

impl Holding {
    /// Nothing.
    pub const NONE: Self = Self { qty: Qty::ZERO, cost: Money::ZERO, pending: Qty::ZERO, oversold: Qty::ZERO };

    /// Dollars a contract cost on average, rounded as named; `None` when nothing is held.
    pub fn average(&self, rounding: Rounding) -> Option<Money> {
        let qty = i128::from(self.qty.micros());
        if qty == 0 {
            return None;
        }
        let scaled = i128::from(self.cost.micros()) * i128::from(Qty::PER_CONTRACT);
        let micros = match rounding {
            Rounding::Floor => scaled.div_euclid(qty),
            Rounding::Ceil => -(-scaled).div_euclid(qty),
        };
        i64::try_from(micros).ok().map(Money::from_micros)
    }

    fn buy(mut self, qty: Qty, paid: Money, is_final: bool) -> Option<Self> {
        // What was sold before it was known to be held comes out of what is bought.
        let back = self.oversold.min(qty);
        self.oversold = self.oversold.checked_sub(back)?;
        self.qty = self.qty.checked_add(qty.checked_sub(back)?)?;
        self.cost = self.cost.checked_add(paid)?;
        if !is_final {
            self.pending = self.pending.checked_add(qty)?.min(self.qty);
        }
        Some(self)
    }

    /// What is left after closing `qty`, and what that had cost: its share, rounded down; the last contract takes the rest.
    fn close(mut self, qty: Qty) -> Option<(Self, Money)> {
        let closing = qty.min(self.qty);
        let held = i128::from(self.qty.micros());
        let basis = if closing == self.qty {
            self.cost
        } else {
            let share = i128::from(self.cost.micros()) * i128::from(closing.micros());
            Money::from_micros(i64::try_from(share.div_euclid(held)).ok()?)
        };
        self.qty = self.qty.checked_sub(closing)?;
        self.cost = self.cost.checked_sub(basis)?;
        self.pending = self.pending.min(self.qty);
        self.oversold = self.oversold.checked_add(qty.checked_sub(closing)?)?;
        Some((self, basis))
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

    /// Net contracts, plus is YES.
    pub const fn net(&self) -> SignedQty {
        let yes = self.yes.qty.micros() as i64 - self.yes.oversold.micros() as i64;
        let no = self.no.qty.micros() as i64 - self.no.oversold.micros() as i64;
        match SignedQty::from_micros(yes - no) {
            Some(net) => net,
            None => SignedQty::ZERO,
        }
    }

    /// What the open contracts cost, without fees.
    pub fn cost(&self) -> Money {
        self.yes.cost.checked_add(self.no.cost).expect("costs fit like cash")
    }

    /// Whether nothing is held.
    pub const fn is_flat(&self) -> bool {
        self.yes.qty.is_zero() && self.no.qty.is_zero()
    }

    /// Whether more was sold than was known to be held.
    pub const fn oversold(&self) -> bool {
        !self.yes.oversold.is_zero() || !self.no.oversold.is_zero()
    }

    /// Contracts of one outcome.
    pub const fn held(&self, outcome: Outcome) -> Qty {
        match outcome {
            Outcome::Yes => self.yes.qty,
            Outcome::No => self.no.qty,
        }
    }

    /// Contracts of one outcome that may be sold: final ones only. Source: reference (Polymarket), section 7.2.
    pub const fn sellable(&self, outcome: Outcome) -> Qty {
        match outcome {
            Outcome::Yes => self.yes.qty.saturating_sub(self.yes.pending),
            Outcome::No => self.no.qty.saturating_sub(self.no.pending),
        }
    }

    /// What the open contracts are worth if YES is worth `price`, rounded down.
    pub fn worth(&self, price: Price) -> Money {
        let yes = notional(price, self.yes.qty, Rounding::Floor);
        let no = notional(price.complement(), self.no.qty, Rounding::Floor);
        yes.checked_add(no).expect("contracts are worth at most a dollar each")
    }

    /// What the open contracts are worth at `mark` beyond what they cost.
    pub fn unrealized(&self, mark: Price) -> Money {
        self.worth(mark).checked_sub(self.cost()).expect("worth and cost fit like cash")
    }

    /// The position after one more fill; `None` when the figures do not fit.
    pub(crate) fn after(&self, fill: &OwnFill) -> Option<Self> {
        let is_final = fill.status == FillStatus::Confirmed || fill.custody == Custody::Netted;
        let (wanted, given) = match fill.side {
            BookSide::Bid => (Outcome::Yes, Outcome::No),
            BookSide::Ask => (Outcome::No, Outcome::Yes),
        };
        let price = |outcome| match outcome {
            Outcome::Yes => fill.price,
            Outcome::No => fill.price.complement(),
        };
        let closing = match (fill.custody, fill.funding) {
            (Custody::Netted, _) => fill.qty.min(self.held(given)),
            (Custody::Tokens, Funding::Holdings) => fill.qty,
            (Custody::Tokens, Funding::Cash) => Qty::ZERO,
        };
        let opening = fill.qty.checked_sub(closing)?;
        let mut next = *self;
        if !closing.is_zero() {
            let (left, basis) = self.holding(given).close(closing)?;
            let got = notional(price(given), closing, Rounding::Floor);
            *next.holding_mut(given) = left;
            next.realized = next.realized.checked_add(got)?.checked_sub(basis)?;
            next.flow = next.flow.checked_add(got)?;
        }
        if !opening.is_zero() {
            let paid = notional(price(wanted), opening, Rounding::Ceil);
            *next.holding_mut(wanted) = next.holding(wanted).buy(opening, paid, is_final)?;
            next.flow = next.flow.checked_sub(paid)?;
        }
        next.fees = next.fees.checked_add(fill.fee)?;
        next.flow = next.flow.checked_sub(fill.fee)?;
        Some(next)
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
    fn paid(&self, payout: Price) -> Self {
        let worth = self.worth(payout);
        let gain = worth.checked_sub(self.cost()).expect("worth and cost fit like cash");
        Self {
            yes: Holding::NONE,
            no: Holding::NONE,
            realized: self.realized.checked_add(gain).expect("profits fit like cash"),
            fees: self.fees,
            flow: self.flow.checked_add(worth).expect("flows fit like cash"),
        }
    }

    /// The position with these contracts instead: what appeared is taken in at `price`, what vanished goes with its share.
    fn adopted(&self, yes: Qty, no: Qty, price: Price) -> Self {
        let adopt = |held: Holding, to: Qty, price: Price| {
            let held = Holding { oversold: Qty::ZERO, pending: Qty::ZERO, ..held };
            let more = to.saturating_sub(held.qty);
            let less = held.qty.saturating_sub(to);
            let (left, _) = held.close(less).expect("a part of what is held can go");
            left.buy(more, notional(price, more, Rounding::Ceil), true).expect("a venue's position fits")
        };
        Self { yes: adopt(self.yes, yes, price), no: adopt(self.no, no, price.complement()), ..*self }
    }
}

impl Folded {
    /// Makes the position anew from its base and the fills since.
    pub(crate) fn refold(&mut self, fills: &BTreeMap<FillKey, Kept>) {
        let open = self.open.iter().filter_map(|key| fills.get(key)).filter(|kept| !kept.failed);
        self.now = open.fold(self.base, |position, kept| {
            position.after(&kept.fill).expect("fewer fills than were checked when they were booked")
        });
    }

    fn close_books(&mut self) {
        // What is open now is covered by what follows: it is final for us.
        self.base = self.now;
        self.base.yes.pending = Qty::ZERO;
        self.base.no.pending = Qty::ZERO;
        self.open.clear();
    }

    /// The market paid.
    pub(crate) fn pay(&mut self, payout: Price) {
        self.close_books();
        self.base = self.base.paid(payout);
        self.now = self.base;
    }

    /// The venue's word on the position.
    pub(crate) fn adopt(&mut self, yes: Qty, no: Qty, price: Price) {
        self.close_books();
        self.base = self.base.adopted(yes, no, price);
        self.now = self.base;
    }
}
