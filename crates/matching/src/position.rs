//! One account's position in one market, what it cost, and what its resting orders reserve.

use brier_types::{BookSide, Money, Price, Qty, Rounding, SignedQty, notional};

use crate::ids::{AccountId, MarketId};

pub(crate) const FITS: &str = "amounts of bounded orders fit 64 bits";

/// One account's stake in one market: what every order touches, in one cache line.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Position {
    pub account: AccountId,
    pub market: MarketId,
    /// Plus is YES, minus is NO.
    pub qty: SignedQty,
    /// Contracts resting on each side, and what they reserve if all of them open.
    pub bids: Resting,
    pub asks: Resting,
    /// What resting orders reserve beyond a dollar a contract, which rounding alone makes: held whether they open or not.
    pub beyond: Money,
    /// Cash held for the resting orders: see [`Position::hold`].
    pub held: Money,
}

/// What only fills touch.
///
/// The sums after the cost inform and decide nothing: no cash, hold or refusal depends on them. At the end of 64 bits, a lifetime of
/// $9.2 trillion in one market, they stay there rather than stop the exchange; sums of 128 bits would only move the end
/// to whoever reads them as [`Money`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// What the open contracts cost, fees left out.
    pub cost: Money,
    /// Proceeds less cost of what was closed, fees left out.
    pub realized: Money,
    /// Net fees of all fills.
    pub fees: Money,
    /// Sum of what fills paid and brought in.
    pub traded: Money,
}

/// One side's resting orders, summed: what they reserve up to a dollar a contract each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resting {
    pub qty: Qty,
    pub reserved: Money,
}

impl Resting {
    fn add(&mut self, qty: Qty, reserved: Money) {
        self.qty = self.qty.checked_add(qty).expect(FITS);
        self.reserved = self.reserved.checked_add(reserved).expect(FITS);
    }

    /// Whether `qty` more still fits the sum.
    pub(crate) fn fits(self, qty: Qty) -> bool {
        self.qty.checked_add(qty).is_some()
    }

    fn sub(&mut self, qty: Qty, reserved: Money) {
        self.qty = self.qty.checked_sub(qty).expect("no more leaves a side than rests on it");
        self.reserved = self.reserved.checked_sub(reserved).expect(FITS);
    }

    /// Cash to hold when `cover` contracts close a position: the opening part at the side's average reservation.
    ///
    /// For one order this is the venue's rule, price times the contracts that open. For several orders of one account
    /// on one side the average stands in for the question which of them close. As no order counts for more than a dollar
    /// a contract here, it never holds less than the worst case (all of them fill), a cancel never raises it, and a fill
    /// only as [`crate::AccountView::available`] says.
    #[inline]
    fn hold(self, cover: Qty) -> Money {
        if cover.is_zero() {
            return self.reserved;
        }
        let opening = self.qty.saturating_sub(cover);
        if opening.is_zero() {
            return Money::ZERO;
        }
        let held = share_up(self.reserved.micros().unsigned_abs(), opening.micros(), self.qty.micros());
        Money::from_micros(i64::try_from(held).expect(FITS))
    }
}

/// `amount` × `part` / `whole`, rounded up. Nearly all products fit 64 bits, whose division is several times faster.
fn share_up(amount: u64, part: u64, whole: u64) -> u64 {
    if let Some(exact) = amount.checked_mul(part) {
        return exact.div_ceil(whole);
    }
    let exact = u128::from(amount) * u128::from(part);
    u64::try_from(exact.div_ceil(u128::from(whole))).expect(FITS)
}

/// What one fill did to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Cash before fees: negative when paid.
    pub revenue: Money,
    /// Contracts that closed what was held.
    pub closed: Qty,
    /// Proceeds less cost of what closed.
    pub profit: Money,
}

impl History {
    /// Books one fill.
    pub(crate) fn add(&mut self, flow: Flow, fee: Money) {
        self.take_profit(flow.profit, fee);
        self.traded = saturating_add(self.traded, Money::from_micros(flow.revenue.micros().abs()));
    }

    /// Books what closing contracts made, fees left out, and what it cost in fees.
    pub(crate) fn take_profit(&mut self, profit: Money, fee: Money) {
        self.realized = saturating_add(self.realized, profit);
        self.fees = saturating_add(self.fees, fee);
    }
}

impl Position {
    pub(crate) fn new(account: AccountId, market: MarketId) -> Self {
        Self {
            account,
            market,
            qty: SignedQty::ZERO,
            bids: Resting::default(),
            asks: Resting::default(),
            beyond: Money::ZERO,
            held: Money::ZERO,
        }
    }

    fn resting_mut(&mut self, side: BookSide) -> &mut Resting {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    /// Lets an order rest on `side` with this quantity and reservation.
    pub(crate) fn add_order(&mut self, side: BookSide, (qty, reserved): (Qty, Money)) {
        let within = reserved.min(pairs(qty));
        self.resting_mut(side).add(qty, within);
        self.beyond = reserved.checked_sub(within).and_then(|more| self.beyond.checked_add(more)).expect(FITS);
    }

    /// Takes an order with this quantity and reservation out again.
    pub(crate) fn remove_order(&mut self, side: BookSide, (qty, reserved): (Qty, Money)) {
        let within = reserved.min(pairs(qty));
        self.resting_mut(side).sub(qty, within);
        self.beyond = reserved.checked_sub(within).and_then(|less| self.beyond.checked_sub(less)).expect(FITS);
    }

    pub(crate) fn resting(&self, side: BookSide) -> Resting {
        match side {
            BookSide::Bid => self.bids,
            BookSide::Ask => self.asks,
        }
    }

    /// Contracts that an order on `side` would close.
    pub(crate) fn closable(&self, side: BookSide) -> Qty {
        match side {
            BookSide::Bid => self.qty.no(),
            BookSide::Ask => self.qty.yes(),
        }
    }

    /// Cash to hold for the resting orders.
    #[inline]
    pub(crate) fn hold(&self) -> Money {
        let (bids, asks) = (self.bids.hold(self.qty.no()), self.asks.hold(self.qty.yes()));
        bids.checked_add(asks).and_then(|sum| sum.checked_add(self.beyond)).expect(FITS)
    }

    /// Books a fill: one signed position, so the other side closes before it opens.
    ///
    /// A closed pair of YES and NO is worth $1 and is paid at once. `yes_value` is what the contracts are worth at the
    /// YES price; the NO side is worth the rest, so both flows of a match sum to whole dollars of pairs exactly.
    pub(crate) fn fill(
        &mut self,
        history: &mut History,
        side: BookSide,
        price: Price,
        qty: Qty,
        yes_value: Money,
    ) -> Flow {
        let own_value = match side {
            BookSide::Bid => yes_value,
            BookSide::Ask => pairs(qty).checked_sub(yes_value).expect(FITS),
        };
        let closed = self.closable(side).min(qty);
        let revenue = pairs(closed).checked_sub(own_value).expect(FITS);
        let profit = if closed.is_zero() { Money::ZERO } else { self.close(history, side, price, closed) };
        let opened = qty.checked_sub(closed).expect("what closes is at most the fill");
        if !opened.is_zero() {
            let closed_value = match side {
                BookSide::Bid => notional(price, closed, Rounding::Floor),
                BookSide::Ask => pairs(closed).checked_sub(notional(price, closed, Rounding::Floor)).expect(FITS),
            };
            let opened_cost = own_value.checked_sub(closed_value).expect(FITS);
            history.cost = history.cost.checked_add(opened_cost).expect(FITS);
        }
        let change = match side {
            BookSide::Bid => qty.signed(),
            BookSide::Ask => qty.signed().negated(),
        };
        self.qty = self.qty.checked_add(change).expect(FITS);
        Flow { revenue, closed, profit }
    }

    /// Takes the cost of `closed` contracts, at the average cost, out of the position; returns what they made.
    fn close(&self, history: &mut History, side: BookSide, price: Price, closed: Qty) -> Money {
        let held = self.closable(side);
        let cost = if closed == held {
            history.cost
        } else {
            let exact = i128::from(history.cost.micros()) * i128::from(closed.micros());
            Money::from_micros(i64::try_from(exact / i128::from(held.micros())).expect(FITS))
        };
        let yes_value = notional(price, closed, Rounding::Floor);
        let proceeds = match side {
            BookSide::Bid => pairs(closed).checked_sub(yes_value).expect(FITS),
            BookSide::Ask => yes_value,
        };
        history.cost = history.cost.checked_sub(cost).expect(FITS);
        proceeds.checked_sub(cost).expect(FITS)
    }
}

fn saturating_add(sum: Money, amount: Money) -> Money {
    Money::from_micros(sum.micros().saturating_add(amount.micros()))
}

/// What `qty` pairs of YES and NO are worth: one dollar each, so the count in 1e-6 is the money in $1e-6.
pub(crate) fn pairs(qty: Qty) -> Money {
    Money::from_micros(qty.signed().micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn position(qty: i64) -> Position {
        let mut position = Position::new(AccountId(0), MarketId(0));
        position.qty = SignedQty::from_micros(qty * 1_000_000).unwrap();
        position
    }

    fn dollars(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn contracts(count: u64) -> Qty {
        Qty::from_contracts(count).unwrap()
    }

    fn fill(position: &mut Position, history: &mut History, side: BookSide, pips: u16, count: u64) -> Flow {
        let (price, qty) = (Price::new(pips).unwrap(), contracts(count));
        position.fill(history, side, price, qty, notional(price, qty, Rounding::Floor))
    }

    #[test]
    fn an_ask_that_closes_holds_nothing_and_one_that_turns_holds_the_opening_part() {
        let mut long = position(10);
        long.add_order(BookSide::Ask, (contracts(10), dollars("4")));
        assert_eq!(long.hold(), Money::ZERO);
        long.add_order(BookSide::Ask, (contracts(10), dollars("4")));
        assert_eq!(long.hold(), dollars("4"));
    }

    /// A hundred tiny orders whose cents of rounding do not average with a large order that closes.
    #[test]
    fn filling_an_order_that_closes_raised_the_hold_by_the_rounding_of_others() {
        let (mut short, mut history) = (position(-1), History::default());
        let large = (contracts(1), dollars("1"));
        short.add_order(BookSide::Bid, large);
        for _ in 0..100 {
            short.add_order(BookSide::Bid, (Qty::from_micros(1).unwrap(), dollars("0.01")));
        }
        let before = short.hold();
        assert!(before >= dollars("0.9999"), "{before}");
        short.remove_order(BookSide::Bid, large);
        let flow = fill(&mut short, &mut history, BookSide::Bid, 9_900, 1);
        assert!(short.hold() <= before.checked_add(flow.revenue).unwrap());
    }

    #[test]
    fn turning_a_position_pays_the_pairs_and_starts_a_new_cost() {
        let (mut position, mut history) = (position(0), History::default());
        assert_eq!(fill(&mut position, &mut history, BookSide::Bid, 4_000, 10).revenue, dollars("-4"));
        let flow = fill(&mut position, &mut history, BookSide::Ask, 6_000, 15);
        assert_eq!(flow, Flow { revenue: dollars("4"), closed: contracts(10), profit: dollars("2") }); // 10 sold at 0.60, 5 NO bought at 0.40.
        assert_eq!(history.cost, dollars("2"));
        assert_eq!(position.qty.to_string(), "-5.00");
    }

    #[test]
    fn a_lifetime_of_volume_panicked() {
        let nearly = Money::from_micros(i64::MAX - 1);
        let mut history = History { cost: Money::ZERO, realized: nearly, fees: nearly, traded: nearly };
        let flow = Flow { revenue: dollars("-4"), closed: contracts(10), profit: dollars("2") };
        history.add(flow, dollars("0.1"));
        assert_eq!(history, History { cost: Money::ZERO, realized: Money::MAX, fees: Money::MAX, traded: Money::MAX });
    }

    proptest! {
        #[test]
        fn a_share_agrees_with_wide_arithmetic(amount in 0..=u64::MAX / 2, whole in 1..=u64::MAX / 2, part in 0..=u64::MAX / 2, shift in 0_u32..63) {
            let part = (part >> shift).min(whole);
            let exact = (u128::from(amount >> shift) * u128::from(part)).div_ceil(u128::from(whole));
            prop_assert_eq!(u128::from(share_up(amount >> shift, part, whole)), exact);
        }
    }

    proptest! {
        /// The argument of `Resting::hold`: with reservations of at most $1 a contract, cash freed by a fill pays for it.
        #[test]
        fn a_fill_never_needs_more_than_was_held(
            orders in proptest::collection::vec((1_u16..10_000, 1_u64..500), 1..6),
            start in -500_i64..500,
            pick in 0_usize..6,
            share in 1_u64..=100,
        ) {
            for side in [BookSide::Bid, BookSide::Ask] {
                let mut position = position(start);
                for (pips, count) in &orders {
                    let reserved = notional(Price::new(*pips).unwrap(), contracts(*count), Rounding::Ceil);
                    position.add_order(side, (contracts(*count), reserved));
                }
                position.held = position.hold();
                let (pips, count) = orders[pick % orders.len()];
                let filled = (count * share / 100).max(1);
                let own = Price::new(pips).unwrap();
                let yes = if side == BookSide::Bid { own } else { own.complement() };
                let before = position.held;
                let cost = |count| (contracts(count), notional(own, contracts(count), Rounding::Ceil));
                position.remove_order(side, cost(count));
                position.add_order(side, cost(count - filled));
                let flow = fill(&mut position, &mut History::default(), side, yes.pips(), filled);
                let after = position.hold();
                let free = flow.revenue.micros() + before.micros() - after.micros();
                prop_assert!(free >= 0, "free cash fell by {free}");
            }
        }

        #[test]
        fn both_flows_of_a_match_leave_whole_pairs(pips in 1_u16..10_000, micros in 1_u64..1_000_000_000, a in -500_i64..500, b in -500_i64..500) {
            let (price, qty) = (Price::new(pips).unwrap(), Qty::from_micros(micros).unwrap());
            let value = notional(price, qty, Rounding::Floor);
            let (mut buyer, mut seller) = (position(a), position(b));
            let mut history = History::default();
            let bid = buyer.fill(&mut history, BookSide::Bid, price, qty, value);
            let ask = seller.fill(&mut History::default(), BookSide::Ask, price, qty, value);
            let escrow = -(bid.revenue.micros() + ask.revenue.micros());
            let pairs = micros as i64 - bid.closed.signed().micros() - ask.closed.signed().micros();
            prop_assert_eq!(escrow, pairs);
        }
    }
}
