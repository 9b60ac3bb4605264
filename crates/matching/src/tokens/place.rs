//! Placing and canceling orders, and the matches they cause.
//!
//! An order is planned before it is taken: the plan walks the book without changing it and says, to the last digit, what
//! would fill for how much. Everything is checked against the plan; then it is carried out, and nothing can fail.

use brier_types::{Action, BookSide, FillStatus, Money, Price, Qty, Rounding, TimeInForce, notional};

use super::command::{PlaceOrder, Placed, Size, expiry};
use super::event::{EndReason, Event, Match, MatchFill, MatchKind, MatchSide};
use super::settle::Pending;
use super::{
    DUST, OrderData, Refusal, TokenExchange, in_yes_terms, is_immediate, own_price, short_of_cash, short_of_tokens,
};
use crate::event::EventSink;
use crate::ids::{AccountId, OrderId, TradeNo};
use crate::position::{FITS, pairs};
use crate::refusal::MAX_ORDER_QTY;

/// One fill that would happen.
#[derive(Clone, Copy, Debug)]
struct Fill {
    slot: u32,
    qty: Qty,
    /// Cash the resting order pays or receives.
    maker_cash: Money,
    /// Cash the order that takes pays or receives.
    taker_cash: Money,
    fee: Money,
}

/// Everything that would happen to an order that takes.
#[derive(Clone, Debug, Default)]
struct Plan {
    fills: Vec<Fill>,
    qty: Qty,
    cash: Money,
    fee: Money,
    /// Nothing of it would be left, but for dust.
    whole: bool,
}

impl TokenExchange {
    /// Places an order.
    ///
    /// # Errors
    /// [`Refusal`] says why nothing was changed.
    pub fn place(&mut self, order: &PlaceOrder, out: &mut impl EventSink<Event>) -> Result<Placed, Refusal> {
        self.check_new(order)?;
        let plan = self.plan(order);
        let remaining = match order.size {
            Size::Shares(qty) => qty.checked_sub(plan.qty).expect("a plan fills at most the order"),
            Size::Cash(_) => Qty::ZERO,
        };
        // Before what the book says: whoever cannot pay is told so, and learns nothing else.
        self.check_funds(order, &plan, remaining)?;
        match order.time_in_force {
            TimeInForce::Fok if !plan.whole => return Err(Refusal::FillOrKill),
            TimeInForce::Ioc if plan.fills.is_empty() => return Err(Refusal::NothingToMatch),
            TimeInForce::Gtc | TimeInForce::Gtd(_) if order.post_only && !plan.fills.is_empty() => {
                return Err(Refusal::PostOnlyCross);
            }
            TimeInForce::Fok | TimeInForce::Ioc | TimeInForce::Gtc | TimeInForce::Gtd(_) => {}
        }
        let (side, price) = in_yes_terms(order.action, order.outcome, order.price);
        let rests = !is_immediate(order.time_in_force) && remaining >= DUST;
        if rests && remaining > self.markets[order.market.0 as usize].book.room(side, price) {
            return Err(Refusal::TooMany("shares at one price"));
        }

        // Nothing below can fail.
        let data = OrderData {
            account: order.account,
            market: order.market,
            action: order.action,
            outcome: order.outcome,
            amount: Money::ZERO,
            filled: plan.qty,
            expires: expiry(order.time_in_force),
        };
        let slot = self.slab.insert(side, price, remaining, data);
        let id = self.order_id(slot);
        out.event(Event::OrderAccepted { order: id, account: order.account, market: order.market });
        let trade = (!plan.fills.is_empty()).then(|| self.carry_out(slot, order, &plan, out));
        let end = if rests {
            self.rest(slot, out);
            None
        } else {
            let dust = matches!(order.size, Size::Shares(_)) && remaining < DUST;
            let reason = if plan.whole || dust { EndReason::Filled } else { EndReason::Immediate };
            let (account, market) = (order.account, order.market);
            out.event(Event::OrderEnded { order: id, account, market, canceled: remaining, reason });
            self.slab.free(slot);
            Some(reason)
        };
        let remaining = if rests { remaining } else { Qty::ZERO };
        Ok(Placed { order: id, trade, filled: plan.qty, cash: plan.cash, fee: plan.fee, remaining, end })
    }

    fn check_new(&self, order: &PlaceOrder) -> Result<(), Refusal> {
        self.accounts.get(order.account.0 as usize).ok_or(Refusal::UnknownAccount)?;
        let market = self.markets.get(order.market.0 as usize).ok_or(Refusal::UnknownMarket)?;
        if !market.accepting || market.result.is_some() {
            return Err(Refusal::NotAccepting);
        }
        if !market.grid.allows(order.price) {
            return Err(Refusal::PriceOffGrid { price: order.price });
        }
        match order.size {
            Size::Shares(qty) if qty < DUST || qty > MAX_ORDER_QTY => return Err(Refusal::BadSize),
            Size::Cash(cash) if cash <= Money::ZERO || cash > pairs(MAX_ORDER_QTY) => return Err(Refusal::BadSize),
            Size::Cash(_) if order.action == Action::Sell || !is_immediate(order.time_in_force) => {
                return Err(Refusal::Conflict("only an immediate purchase is stated in cash"));
            }
            Size::Shares(_) | Size::Cash(_) => {}
        }
        if let TimeInForce::Gtd(expires) = order.time_in_force
            && expires <= self.now
        {
            return Err(Refusal::ExpiryInPast);
        }
        if order.post_only && is_immediate(order.time_in_force) {
            return Err(Refusal::Conflict("post-only and an immediate time in force exclude each other"));
        }
        Ok(())
    }

    /// What would fill if the order were taken now.
    fn plan(&self, order: &PlaceOrder) -> Plan {
        let market = &self.markets[order.market.0 as usize];
        let (side, limit) = in_yes_terms(order.action, order.outcome, order.price);
        let mut plan = Plan::default();
        let mut left = order.size;
        'levels: for (price, _) in market.book.levels(side.opposite()) {
            if match side {
                BookSide::Bid => price > limit,
                BookSide::Ask => price < limit,
            } {
                break;
            }
            let own = own_price(order.outcome, price);
            for slot in market.book.orders_at(&self.slab, side.opposite(), price) {
                let offered = self.slab.qty(slot);
                let wanted = match left {
                    Size::Shares(qty) => qty,
                    Size::Cash(cash) => affordable(cash, own),
                };
                let mut fill = self.fill_of(order, slot, offered.min(wanted));
                // Rounding may make the last digit dearer than the cash that is left.
                while let Size::Cash(cash) = left
                    && fill.taker_cash > cash
                    && !fill.qty.is_zero()
                {
                    let less = Qty::from_micros(fill.qty.micros() - 1).expect("less than a quantity");
                    fill = self.fill_of(order, slot, less);
                }
                if !fill.qty.is_zero() {
                    fill.fee = market.fees.taker_fee(own, fill.qty);
                    if order.action == Action::Sell {
                        fill.fee = fill.fee.min(fill.taker_cash);
                    }
                    plan.add(fill);
                }
                left = match left {
                    Size::Shares(qty) => Size::Shares(qty.saturating_sub(fill.qty)),
                    Size::Cash(cash) => Size::Cash(cash.checked_sub(fill.taker_cash).expect(FITS)),
                };
                // The order that rests had more than was wanted.
                if fill.qty < offered || left == Size::Shares(Qty::ZERO) || left == Size::Cash(Money::ZERO) {
                    plan.whole = true;
                    break 'levels;
                }
            }
        }
        plan.whole |= match left {
            Size::Shares(qty) => qty.is_zero(),
            // What is left would not buy a hundredth of a share.
            Size::Cash(cash) => !plan.fills.is_empty() && cash < notional(order.price, DUST, Rounding::Floor),
        };
        plan
    }

    /// The fill of `qty` against a resting order. That order pays and receives exactly its limit price over its life.
    fn fill_of(&self, order: &PlaceOrder, slot: u32, qty: Qty) -> Fill {
        let data = self.slab.data(slot);
        let rest = self.slab.qty(slot).checked_sub(qty).expect("a fill is at most what rests");
        let amount = amount_of(data.action, own_price(data.outcome, self.slab.price(slot)), rest);
        let maker_cash = data.amount.checked_sub(amount).expect("less rests after a fill");
        let taker_cash = match MatchKind::of(order.action, data.action) {
            MatchKind::Complementary => maker_cash,
            MatchKind::Mint | MatchKind::Merge => pairs(qty).checked_sub(maker_cash).expect(FITS),
        };
        Fill { slot, qty, maker_cash, taker_cash, fee: Money::ZERO }
    }

    /// Whether the account has what the order may cost.
    ///
    /// A purchase needs its amount at the limit price, or the cash it states; one that takes also the largest fee it could
    /// be charged for that. A sale needs its tokens. Resting orders and matches that are not mined count as spent.
    /// Source: reference (Polymarket), sections 7.4 and 7.7.
    fn check_funds(&self, order: &PlaceOrder, plan: &Plan, remaining: Qty) -> Result<(), Refusal> {
        let account = &self.accounts[order.account.0 as usize];
        match (order.action, order.size) {
            (Action::Sell, size) => {
                let Size::Shares(needed) = size else { return Err(Refusal::BadSize) };
                let none = super::account::Token::default();
                let known = self.holding_index.get(&(order.account, order.market));
                let token = known.map_or(&none, |index| self.holdings[*index as usize].token(order.outcome));
                if needed > token.free() {
                    return Err(short_of_tokens(token, order.outcome, needed));
                }
            }
            (Action::Buy, size) => {
                let rest = amount_of(Action::Buy, order.price, remaining);
                let exact = [plan.cash, plan.fee, rest].into_iter().sum::<Money>();
                // What the order states, not what it happens to find: else it could state what nobody has.
                let (shares, stated) = match size {
                    Size::Shares(qty) => (qty, amount_of(Action::Buy, order.price, qty)),
                    Size::Cash(cash) => (affordable(cash, order.price), cash),
                };
                let fees = &self.markets[order.market.0 as usize].fees;
                let takes = !plan.fills.is_empty();
                let most = if takes { fees.upper_bound(order.price, shares) } else { Money::ZERO };
                let needed = exact.max(stated.checked_add(most).expect(FITS));
                if needed > account.free() {
                    return Err(short_of_cash(account, needed));
                }
            }
        }
        Ok(())
    }

    /// Fills what the plan says; answers the number of the match.
    fn carry_out(&mut self, slot: u32, order: &PlaceOrder, plan: &Plan, out: &mut impl EventSink<Event>) -> TradeNo {
        self.trades += 1;
        let no = TradeNo(self.trades);
        let taker = MatchSide {
            order: self.order_id(slot),
            account: order.account,
            action: order.action,
            outcome: order.outcome,
            price: order.price,
            qty: plan.qty,
            cash: plan.cash,
            fee: plan.fee,
        };
        let fills = plan.fills.iter().map(|fill| MatchFill {
            maker: self.maker_side(fill),
            taker_cash: fill.taker_cash,
            taker_fee: fill.fee,
        });
        let it = Match { no, market: order.market, taker, fills: fills.collect() };
        out.event(Event::Matched(it.clone()));
        for fill in &plan.fills {
            self.fill_maker(fill, out);
        }
        for side in it.sides() {
            self.hold_for_chain(side, order.market);
        }
        self.pending.insert(no, Pending { status: FillStatus::Matched, it });
        no
    }

    fn maker_side(&self, fill: &Fill) -> MatchSide {
        let data = self.slab.data(fill.slot);
        MatchSide {
            order: self.order_id(fill.slot),
            account: data.account,
            action: data.action,
            outcome: data.outcome,
            price: own_price(data.outcome, self.slab.price(fill.slot)),
            qty: fill.qty,
            cash: fill.maker_cash,
            fee: Money::ZERO,
        }
    }

    /// Takes a fill off a resting order and off what it holds; an order with nothing but dust left ends.
    fn fill_maker(&mut self, fill: &Fill, out: &mut impl EventSink<Event>) {
        let (side, price) = (self.slab.side(fill.slot), self.slab.price(fill.slot));
        let (id, data) = (self.order_id(fill.slot), *self.slab.data(fill.slot));
        self.hold_for_order(&data, fill.qty, fill.maker_cash, false);
        let book = &mut self.markets[data.market.0 as usize].book;
        book.reduce(&mut self.slab, fill.slot, fill.qty);
        let remaining = self.slab.qty(fill.slot);
        let kept = self.slab.data_mut(fill.slot);
        kept.filled = kept.filled.checked_add(fill.qty).expect(FITS);
        kept.amount = kept.amount.checked_sub(fill.maker_cash).expect(FITS);
        let total = self.markets[data.market.0 as usize].book.level(side, price);
        out.event(Event::LevelChanged { market: data.market, side, price, total });
        out.event(Event::OrderFilled { order: id, account: data.account, remaining });
        if remaining.is_zero() {
            self.finish(fill.slot, Qty::ZERO, EndReason::Filled, out);
        } else if remaining < DUST {
            self.end_resting(fill.slot, EndReason::Filled, out);
        }
    }

    /// Lets what is left of an order rest.
    fn rest(&mut self, slot: u32, out: &mut impl EventSink<Event>) {
        let (side, price, qty) = (self.slab.side(slot), self.slab.price(slot), self.slab.qty(slot));
        let mut data = *self.slab.data(slot);
        data.amount = amount_of(data.action, own_price(data.outcome, price), qty);
        self.slab.data_mut(slot).amount = data.amount;
        self.hold_for_order(&data, qty, data.amount, true);
        let book = &mut self.markets[data.market.0 as usize].book;
        book.rest(&mut self.slab, slot);
        let total = book.level(side, price);
        out.event(Event::LevelChanged { market: data.market, side, price, total });
        if let Some(expires) = data.expires {
            self.expiries.insert((expires, self.order_id(slot)));
        }
    }

    /// Takes a resting order back.
    ///
    /// # Errors
    /// [`Refusal::UnknownOrder`] when it does not rest or is somebody else's.
    pub fn cancel(
        &mut self,
        account: AccountId,
        order: OrderId,
        out: &mut impl EventSink<Event>,
    ) -> Result<Qty, Refusal> {
        let slot = order.slot();
        if !self.slab.rests(slot, order.generation()) || self.slab.data(slot).account != account {
            return Err(Refusal::UnknownOrder);
        }
        let qty = self.slab.qty(slot);
        self.end_resting(slot, EndReason::UserCancel, out);
        Ok(qty)
    }

    /// Takes a resting order out of its book and frees what it holds.
    pub(super) fn end_resting(&mut self, slot: u32, reason: EndReason, out: &mut impl EventSink<Event>) {
        let (side, price, qty) = (self.slab.side(slot), self.slab.price(slot), self.slab.qty(slot));
        let data = *self.slab.data(slot);
        self.hold_for_order(&data, qty, data.amount, false);
        let book = &mut self.markets[data.market.0 as usize].book;
        book.remove(&mut self.slab, slot);
        let total = book.level(side, price);
        out.event(Event::LevelChanged { market: data.market, side, price, total });
        self.finish(slot, qty, reason, out);
    }

    /// Ends an order that is in no book.
    fn finish(&mut self, slot: u32, canceled: Qty, reason: EndReason, out: &mut impl EventSink<Event>) {
        let (order, data) = (self.order_id(slot), *self.slab.data(slot));
        if let Some(expires) = data.expires {
            self.expiries.remove(&(expires, order));
        }
        self.slab.free(slot);
        out.event(Event::OrderEnded { order, account: data.account, market: data.market, canceled, reason });
    }

    /// Holds or frees what a resting order offers: cash of a purchase, tokens of a sale.
    fn hold_for_order(&mut self, data: &OrderData, qty: Qty, cash: Money, hold: bool) {
        match data.action {
            Action::Buy => {
                let resting = &mut self.accounts[data.account.0 as usize].resting;
                let after = if hold { resting.checked_add(cash) } else { resting.checked_sub(cash) };
                *resting = after.expect(FITS);
            }
            Action::Sell => {
                let resting = &mut self.holding_mut(data.account, data.market).token_mut(data.outcome).resting;
                let after = if hold { resting.checked_add(qty) } else { resting.checked_sub(qty) };
                *resting = after.expect(FITS);
            }
        }
    }
}

impl Plan {
    fn add(&mut self, fill: Fill) {
        self.qty = self.qty.checked_add(fill.qty).expect(FITS);
        self.cash = self.cash.checked_add(fill.taker_cash).expect(FITS);
        self.fee = self.fee.checked_add(fill.fee).expect(FITS);
        self.fills.push(fill);
    }
}

/// What `qty` shares cost a buyer or bring a seller at the limit price: whatever does not fit $0.000001 is the other's.
fn amount_of(action: Action, price: Price, qty: Qty) -> Money {
    match action {
        Action::Buy => notional(price, qty, Rounding::Ceil),
        Action::Sell => notional(price, qty, Rounding::Floor),
    }
}

/// The most shares that `cash` buys at `price`.
fn affordable(cash: Money, price: Price) -> Qty {
    // $1e-6 over $1e-4 is 1e-2 share; a share is 1e6.
    let micros = u128::from(cash.micros().unsigned_abs()) * 10_000 / u128::from(price.pips());
    u64::try_from(micros).ok().and_then(Qty::from_micros).unwrap_or(Qty::MAX)
}
