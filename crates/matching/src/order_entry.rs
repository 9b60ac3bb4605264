//! Placing, amending, shrinking and canceling orders, and the matching they cause.
//!
//! Each entry point checks everything first, in the order in which [`Refusal`] lists the reasons; below its line "nothing
//! can fail" it only changes.

use brier_kalshi_protocol::fees::{BalancePrecision, FeeSchedule, Role, RoundingAccumulator, charge};
use brier_types::{
    BookSide, MarketStatus, Money, Price, Qty, Rounding, SelfTradePrevention, TimeInForce, Timestamp, notional,
};

use crate::book::NONE;
use crate::command::{AmendOrder, Decrease, ExpiryChange, PlaceOrder, Placed};
use crate::event::{ChangeReason, EndReason, Event, EventSink, FillSide, Trade};
use crate::exchange::{Exchange, Extra, OrderData, Timer};
use crate::ids::{AccountId, GroupId, MarketId, OrderId, TradeNo};
use crate::position::{FITS, History, Position};
use crate::refusal::{MAX_ORDER_QTY, Refusal};

/// What one command filled.
#[derive(Clone, Copy, Default)]
struct Taken {
    qty: Qty,
    cost: Money,
    fees: Money,
}

/// An amend that was checked: the slot, what shall remain and what that reserves, and the expiry.
type Amended = (u32, (Qty, Money), Option<Timestamp>);

impl Exchange {
    fn check_trading(&self) -> Result<(), Refusal> {
        if !self.active {
            Err(Refusal::ExchangePaused)
        } else if !self.trading_active {
            Err(Refusal::TradingPaused)
        } else {
            Ok(())
        }
    }

    /// Whether cancels and decreases are taken: as long as anything works.
    fn check_cancels(&self) -> Result<(), Refusal> {
        if self.active { Ok(()) } else { Err(Refusal::ExchangePaused) }
    }

    fn check_qty(&self, market: MarketId, qty: Qty) -> Result<(), Refusal> {
        let step = self.markets[market.0 as usize].size_step;
        if qty.is_zero() || qty > MAX_ORDER_QTY || !qty.is_multiple_of(step) {
            Err(Refusal::BadQty { qty })
        } else {
            Ok(())
        }
    }

    fn check_new(&self, order: &PlaceOrder) -> Result<(), Refusal> {
        self.check_trading()?;
        if order.account.0 as usize >= self.accounts.len() {
            return Err(Refusal::UnknownAccount);
        }
        if let Some(id) = &order.client_order_id
            && self.client_order_ids.contains(&(order.account, id.clone()))
        {
            return Err(Refusal::DuplicateClientOrderId);
        }
        let market = self.markets.get(order.market.0 as usize).ok_or(Refusal::UnknownMarket)?;
        if market.status != MarketStatus::Active {
            return Err(Refusal::MarketInactive { status: market.status });
        }
        market.check_price(order.price)?;
        self.check_qty(order.market, order.qty)?;
        let immediate = match order.time_in_force {
            TimeInForce::Gtd(expires) if expires <= self.now => return Err(Refusal::ExpiryInPast),
            TimeInForce::Gtc | TimeInForce::Gtd(_) => false,
            TimeInForce::Ioc | TimeInForce::Fok => true,
        };
        if order.post_only && immediate {
            return Err(Refusal::Conflict("post_only and an immediate time in force exclude each other"));
        }
        if order.reduce_only && order.time_in_force != TimeInForce::Ioc {
            return Err(Refusal::Conflict("reduce_only goes with immediate_or_cancel only"));
        }
        if let Some(group) = order.group {
            let group = self.groups.get(group.0 as usize).filter(|it| it.account == order.account && !it.deleted);
            if group.ok_or(Refusal::UnknownGroup)?.triggered {
                return Err(Refusal::GroupTriggered);
            }
        }
        if order.post_only && market.book.front_for(order.side, order.price).is_some() {
            return Err(Refusal::PostOnlyCross);
        }
        if !immediate && order.qty > market.book.room(order.side, order.price) {
            return Err(Refusal::TooMany("contracts at one price"));
        }
        Ok(())
    }

    /// Places an order.
    ///
    /// # Errors
    /// [`Refusal`] says why nothing was changed; see [`Refusal::FillOrKillVolume`] for the one exception.
    pub fn place(&mut self, order: &PlaceOrder, out: &mut impl EventSink) -> Result<Placed, Refusal> {
        self.check_new(order)?;
        let known = self.markets[order.market.0 as usize].position(order.account);
        let closable = known.map_or(Qty::ZERO, |index| self.positions[index as usize].closable(order.side));
        let qty = if order.reduce_only { order.qty.min(closable) } else { order.qty };
        let it = &self.markets[order.market.0 as usize];
        let fees = if may_rest(order.time_in_force) { it.fees } else { it.fees_at(self.now) };
        let reserved =
            reservation(&fees, self.accounts[order.account.0 as usize].precision, order.side, order.price, qty);
        match known {
            Some(index) => self.check_cash(index, order.side, (Qty::ZERO, Money::ZERO), (qty, reserved))?,
            None => self.check_free(order.account, reserved)?,
        }
        if order.time_in_force == TimeInForce::Fok && !self.can_fill_whole(order) {
            self.spend(order);
            return Err(Refusal::FillOrKillVolume);
        }

        // Nothing below can fail.
        let position = known.unwrap_or_else(|| self.open_position(order.account, order.market));
        self.spend(order);
        let slot = self.insert(order, position, qty);
        let id = self.order_id(slot);
        let PlaceOrder { account, market, side, price, .. } = *order;
        out.event(Event::OrderAccepted { order: id, account, market, side, price, qty: order.qty });
        if qty.is_zero() {
            let end = Some(EndReason::ReduceOnly);
            self.end_taking(slot, order.qty, EndReason::ReduceOnly, out);
            return Ok(Placed {
                order: id,
                filled: Qty::ZERO,
                remaining: Qty::ZERO,
                filled_now: Qty::ZERO,
                cost_now: Money::ZERO,
                fees_now: Money::ZERO,
                end,
            });
        }
        if let Some(group) = order.group {
            self.join_group(group, id);
        }
        let capped = order.qty.saturating_sub(qty);
        let rest = match order.time_in_force {
            TimeInForce::Gtc | TimeInForce::Gtd(_) => None,
            TimeInForce::Ioc if !capped.is_zero() => Some(EndReason::ReduceOnly),
            TimeInForce::Ioc => Some(EndReason::ImmediateOrCancel),
            TimeInForce::Fok => Some(EndReason::FillOrKill),
        };
        let placed = self.match_and_rest(slot, position, capped, (qty, reserved), rest, out);
        if let TimeInForce::Gtd(expires) = order.time_in_force
            && placed.end.is_none()
        {
            self.set_timer(expires, Timer::Expire(id));
        }
        Ok(placed)
    }

    fn insert(&mut self, order: &PlaceOrder, position: u32, qty: Qty) -> u32 {
        let it = &mut self.markets[order.market.0 as usize];
        let number = it.placed;
        it.placed = number.saturating_add(1);
        let data = OrderData {
            account: order.account,
            market: order.market,
            position,
            filled: Qty::ZERO,
            reserved: Money::ZERO,
            owed_micros: 0,
            number,
            self_trade_prevention: order.self_trade_prevention,
            post_only: order.post_only,
            cancel_on_pause: order.cancel_on_pause,
            has_extra: false,
        };
        let slot = self.slab.insert(order.side, order.price, qty, data);
        let expires = match order.time_in_force {
            TimeInForce::Gtd(expires) => Some(expires),
            TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => None,
        };
        if order.client_order_id.is_some() || order.group.is_some() || expires.is_some() {
            let client_order_id = order.client_order_id.clone();
            self.set_extra(slot, Extra { client_order_id, group: order.group, expires });
        }
        slot
    }

    /// Adds an order to its group; now and then drops those that are over.
    fn join_group(&mut self, group: GroupId, order: OrderId) {
        let mut orders = std::mem::take(&mut self.groups[group.0 as usize].orders);
        if orders.len() >= 64 && orders.len().is_power_of_two() {
            orders.retain(|order| self.is_resting(*order));
        }
        orders.push(order);
        self.groups[group.0 as usize].orders = orders;
    }

    fn spend(&mut self, order: &PlaceOrder) {
        if let Some(id) = &order.client_order_id {
            self.client_order_ids.insert((order.account, id.clone()));
        }
    }

    /// The account's first position in the market, flat.
    fn open_position(&mut self, account: AccountId, market: MarketId) -> u32 {
        let index = u32::try_from(self.positions.len())
            .ok()
            .filter(|index| *index != NONE)
            .expect("fewer than 2^32 - 1 positions");
        self.positions.push(Position::new(account, market));
        self.histories.push(History::default());
        self.markets[market.0 as usize].set_position(account, index);
        self.accounts[account.0 as usize].positions.push(index);
        index
    }

    /// Whether the account's free cash covers a side that rests `added` instead of `removed`.
    fn check_cash(
        &self,
        position: u32,
        side: BookSide,
        removed: (Qty, Money),
        added: (Qty, Money),
    ) -> Result<(), Refusal> {
        let it = &self.positions[position as usize];
        let mut then = it.clone();
        if !removed.0.is_zero() {
            then.remove_order(side, removed);
        }
        if !then.resting(side).fits(added.0) {
            return Err(Refusal::TooMany("contracts resting on one side"));
        }
        then.add_order(side, added);
        self.check_free(it.account, then.hold().checked_sub(it.held).expect(FITS))
    }

    fn check_free(&self, account: AccountId, needed: Money) -> Result<(), Refusal> {
        let available = self.accounts[account.0 as usize].available();
        if needed > Money::ZERO && needed > available {
            return Err(Refusal::InsufficientBalance { needed, available });
        }
        Ok(())
    }

    /// Whether a fill-or-kill order finds its whole quantity. One that would meet its own account's order first is
    /// treated as immediate or cancel, as the venue does.
    ///
    /// Source: reference section 8.3.
    fn can_fill_whole(&self, order: &PlaceOrder) -> bool {
        let book = &self.markets[order.market.0 as usize].book;
        let mut wanted = order.qty;
        for (price, level) in book.levels(order.side.opposite()) {
            let within = match order.side {
                BookSide::Bid => price <= order.price,
                BookSide::Ask => price >= order.price,
            };
            if !within {
                break;
            }
            for slot in book.orders_at(&self.slab, order.side.opposite(), price) {
                if order.self_trade_prevention.is_some() && self.slab.data(slot).account == order.account {
                    return true;
                }
                wanted = wanted.saturating_sub(self.slab.qty(slot));
                if wanted.is_zero() {
                    return true;
                }
            }
            debug_assert!(!level.is_zero(), "a listed level has orders");
        }
        false
    }

    /// Matches an order that does not rest, then rests what remains, or ends it for `rest` when it may not rest.
    ///
    /// `whole` is what the order reserves if it rests whole, as its check of cash found.
    /// `capped` is what a reduce-only order asked for beyond the position: it counts as canceled when the order ends.
    fn match_and_rest(
        &mut self,
        slot: u32,
        position: u32,
        capped: Qty,
        whole: (Qty, Money),
        rest: Option<EndReason>,
        out: &mut impl EventSink,
    ) -> Placed {
        let order = self.order_id(slot);
        let (taken, stopped) = self.take(slot, position, out);
        let remaining = self.slab.qty(slot);
        let filled = self.slab.data(slot).filled;
        let end = if remaining.is_zero() && capped.is_zero() { Some(EndReason::Filled) } else { stopped.or(rest) };
        let resting = if end.is_none() { remaining } else { Qty::ZERO };
        if let Some(reason) = end {
            let canceled = remaining.checked_add(capped).expect(FITS);
            self.end_taking(slot, canceled, reason, out);
        } else {
            let reserved = if remaining == whole.0 { Some(whole.1) } else { None };
            self.rest(slot, position, reserved, out);
        }
        Placed {
            order,
            filled,
            remaining: resting,
            filled_now: taken.qty,
            cost_now: taken.cost,
            fees_now: taken.fees,
            end,
        }
    }

    /// Matches an order against the other side until it is filled, finds nothing, or must stop.
    fn take(&mut self, slot: u32, position: u32, out: &mut impl EventSink) -> (Taken, Option<EndReason>) {
        let mut taken = Taken::default();
        let (side, limit) = (self.slab.side(slot), self.slab.price(slot));
        let OrderData { account, market, self_trade_prevention, .. } = *self.slab.data(slot);
        let group = self.extra(slot).group;
        let fees = self.markets[market.0 as usize].fees_at(self.now);
        loop {
            let remaining = self.slab.qty(slot);
            if remaining.is_zero() {
                return (taken, None);
            }
            let Some(front) = self.markets[market.0 as usize].book.front_for(side, limit) else {
                return (taken, None);
            };
            if self.slab.data(front.slot).account == account
                && let Some(prevention) = self_trade_prevention
            {
                match prevention {
                    SelfTradePrevention::TakerAtCross => return (taken, Some(EndReason::SelfTrade)),
                    SelfTradePrevention::Maker => self.end_resting(front.slot, EndReason::SelfTrade, out),
                }
                continue;
            }
            let qty = remaining.min(self.slab.qty(front.slot));
            let maker_group = self.extra(front.slot).group;
            let fill = self.fill(&fees, slot, position, front.slot, front.price, qty, out);
            taken.qty = taken.qty.checked_add(qty).expect(FITS);
            taken.cost = taken.cost.checked_add(notional(front.price, qty, Rounding::Floor)).expect(FITS);
            taken.fees = taken.fees.checked_add(fill).expect(FITS);
            if maker_group.is_some() || group.is_some() {
                for tripped in [maker_group, group].into_iter().flatten() {
                    let it = &mut self.groups[tripped.0 as usize];
                    if !it.deleted && it.record(self.now, qty) && !it.triggered {
                        self.trigger_group(tripped, out);
                    }
                }
                if group.is_some_and(|group| self.groups[group.0 as usize].triggered) && !self.slab.qty(slot).is_zero()
                {
                    return (taken, Some(EndReason::Group));
                }
            }
        }
    }

    /// One match between an order that takes and the resting order in `maker`. Returns the taker's net fee.
    #[expect(clippy::too_many_arguments, reason = "the parts of a match; a struct would only rename them")]
    fn fill(
        &mut self,
        fees: &FeeSchedule,
        taker: u32,
        taker_position: u32,
        maker: u32,
        price: Price,
        qty: Qty,
        out: &mut impl EventSink,
    ) -> Money {
        self.trades += 1;
        let taker_side = self.slab.side(taker);
        let market = self.positions[taker_position as usize].market;
        let maker_id = self.order_id(maker);
        let maker_position = self.slab.data(maker).position;
        let value = notional(price, qty, Rounding::Floor);

        self.markets[market.0 as usize].book.reduce(&mut self.slab, maker, qty);
        self.slab.take(taker, qty);
        let maker_remaining = self.slab.qty(maker);
        self.rereserve(maker, maker_remaining.checked_add(qty).expect(FITS), maker_remaining);

        let taker_fee = fees.trade_fee(Role::Taker, price, qty);
        let maker_fee = fees.trade_fee(Role::Maker, price, qty);
        let (taker_fill, taker_closed) =
            self.book_fill(taker, taker_position, taker_side, (price, qty), value, taker_fee);
        let (maker_fill, maker_closed) =
            self.book_fill(maker, maker_position, taker_side.opposite(), (price, qty), value, maker_fee);
        let locked = taker_fill.revenue.checked_add(maker_fill.revenue).and_then(Money::checked_neg).expect(FITS);
        let it = &mut self.markets[market.0 as usize];
        it.escrow = it.escrow.checked_add(locked).expect(FITS);
        it.open_interest = it
            .open_interest
            .checked_add(qty)
            .and_then(|open| open.checked_sub(taker_closed))
            .and_then(|open| open.checked_sub(maker_closed))
            .expect("no more pairs close than are open");
        self.ledger.lock(locked);
        self.ledger.charge(taker_fill.fee.checked_add(maker_fill.fee).expect(FITS));

        out.event(Event::Trade(Trade {
            no: TradeNo(self.trades),
            market,
            price,
            qty,
            taker_side,
            taker: taker_fill,
            maker: maker_fill,
        }));
        let change = qty.signed().negated();
        out.event(Event::LevelChanged {
            market,
            side: taker_side.opposite(),
            price,
            change,
            order: maker_id,
            account: maker_fill.account,
        });
        if maker_remaining.is_zero() {
            self.slab.free(maker);
            out.event(Event::OrderEnded {
                order: maker_id,
                account: maker_fill.account,
                market,
                canceled: Qty::ZERO,
                reason: EndReason::Filled,
            });
        }
        taker_fill.fee
    }

    /// Books one order's part of a match: position, fee, cash and hold. Returns the part and the contracts it closed.
    fn book_fill(
        &mut self,
        slot: u32,
        position: u32,
        side: BookSide,
        (price, qty): (Price, Qty),
        value: Money,
        trade_fee: Money,
    ) -> (FillSide, Qty) {
        let (order, remaining) = (self.order_id(slot), self.slab.qty(slot));
        let data = self.slab.data_mut(slot);
        let it = &mut self.positions[position as usize];
        let owner = &mut self.accounts[data.account.0 as usize];
        let history = &mut self.histories[position as usize];
        let flow = it.fill(history, side, price, qty, value);
        let mut owed = RoundingAccumulator::holding(Money::from_micros(data.owed_micros.into()));
        let fee = charge(flow.revenue, trade_fee, owner.precision, &mut owed).net;
        data.owed_micros = u32::try_from(owed.owed().micros()).expect("beyond a cent it is given back");
        data.filled = data.filled.checked_add(qty).expect(FITS);
        history.add(flow, fee);
        owner.cash = owner.cash.checked_add(flow.revenue).and_then(|cash| cash.checked_sub(fee)).expect(FITS);
        let held = it.hold();
        owner.held = owner.held.checked_sub(it.held).and_then(|total| total.checked_add(held)).expect(FITS);
        it.held = held;
        let fill = FillSide { order, account: data.account, fee, revenue: flow.revenue, position: it.qty, remaining };
        (fill, flow.closed)
    }

    /// Puts an order that matched nothing more into the book.
    fn rest(&mut self, slot: u32, position: u32, reserved: Option<Money>, out: &mut impl EventSink) {
        let (side, price, qty) = (self.slab.side(slot), self.slab.price(slot), self.slab.qty(slot));
        let OrderData { market, account, .. } = *self.slab.data(slot);
        let it = &mut self.markets[market.0 as usize];
        let precision = self.accounts[account.0 as usize].precision;
        let reserved = reserved.unwrap_or_else(|| reservation(&it.fees, precision, side, price, qty));
        self.slab.data_mut(slot).reserved = reserved;
        it.book.rest(&mut self.slab, slot);
        self.positions[position as usize].add_order(side, (qty, reserved));
        self.rehold(position);
        let order = self.order_id(slot);
        out.event(Event::LevelChanged { market, side, price, change: qty.signed(), order, account });
    }

    /// Takes `qty` of a resting order, all of it or a part, out of the sums of its position.
    fn unreserve(&mut self, slot: u32, qty: Qty) {
        let before = self.slab.qty(slot);
        self.rereserve(slot, before, before.checked_sub(qty).expect("no more is taken out than rests"));
        self.rehold(self.slab.data(slot).position);
    }

    /// Lets a resting order reserve what `after` contracts need by today's fees in place of what `before` did. The caller
    /// reholds its position.
    pub(crate) fn rereserve(&mut self, slot: u32, before: Qty, after: Qty) {
        let (side, price) = (self.slab.side(slot), self.slab.price(slot));
        let data = self.slab.data_mut(slot);
        let position = &mut self.positions[data.position as usize];
        position.remove_order(side, (before, data.reserved));
        data.reserved = if after.is_zero() {
            Money::ZERO
        } else {
            let precision = self.accounts[data.account.0 as usize].precision;
            reservation(&self.markets[data.market.0 as usize].fees, precision, side, price, after)
        };
        position.add_order(side, (after, data.reserved));
    }

    #[inline]
    pub(crate) fn rehold(&mut self, position: u32) {
        let it = &mut self.positions[position as usize];
        let owner = &mut self.accounts[it.account.0 as usize];
        let held = it.hold();
        owner.held = owner.held.checked_sub(it.held).and_then(|total| total.checked_add(held)).expect(FITS);
        it.held = held;
    }

    /// Takes a resting order out of the book and of the sums, without ending it.
    fn pull(&mut self, slot: u32, out: &mut impl EventSink) {
        let (side, price, qty) = (self.slab.side(slot), self.slab.price(slot), self.slab.qty(slot));
        self.unreserve(slot, qty);
        let (market, account) = (self.slab.data(slot).market, self.slab.data(slot).account);
        self.markets[market.0 as usize].book.remove(&mut self.slab, slot);
        let order = self.order_id(slot);
        out.event(Event::LevelChanged { market, side, price, change: qty.signed().negated(), order, account });
    }

    /// Ends a resting order and takes it out of the book.
    pub(crate) fn end_resting(&mut self, slot: u32, reason: EndReason, out: &mut impl EventSink) {
        let canceled = self.slab.qty(slot);
        self.pull(slot, out);
        self.end_taking(slot, canceled, reason, out);
    }

    /// Ends an order that does not rest.
    fn end_taking(&mut self, slot: u32, canceled: Qty, reason: EndReason, out: &mut impl EventSink) {
        let order = self.order_id(slot);
        let (account, market) = (self.slab.data(slot).account, self.slab.data(slot).market);
        self.slab.free(slot);
        let canceled = if reason == EndReason::Filled { Qty::ZERO } else { canceled };
        out.event(Event::OrderEnded { order, account, market, canceled, reason });
    }

    /// The slot of an account's resting order.
    fn own(&self, account: AccountId, order: OrderId) -> Result<u32, Refusal> {
        let slot = order.slot();
        if self.slab.holds(slot, order.generation()) && self.slab.data(slot).account == account {
            Ok(slot)
        } else {
            Err(Refusal::UnknownOrder)
        }
    }

    /// The market of an order, if cancels are allowed there: after the close nothing is.
    fn check_cancelable(&self, slot: u32) -> Result<(), Refusal> {
        let status = self.markets[self.slab.data(slot).market.0 as usize].status;
        match status {
            MarketStatus::Active | MarketStatus::Inactive => Ok(()),
            MarketStatus::Initialized
            | MarketStatus::Closed
            | MarketStatus::Determined
            | MarketStatus::Disputed
            | MarketStatus::Amended
            | MarketStatus::Finalized => Err(Refusal::MarketInactive { status }),
        }
    }

    /// Takes a resting order back; returns what was taken back.
    ///
    /// # Errors
    /// [`Refusal`] says why nothing was changed.
    pub fn cancel(&mut self, account: AccountId, order: OrderId, out: &mut impl EventSink) -> Result<Qty, Refusal> {
        self.check_cancels()?;
        let slot = self.own(account, order)?;
        self.check_cancelable(slot)?;
        let canceled = self.slab.qty(slot);
        self.end_resting(slot, EndReason::UserCancel, out);
        Ok(canceled)
    }

    /// Takes every resting order of an account back; returns how many.
    pub(crate) fn cancel_all(&mut self, account: AccountId, out: &mut impl EventSink) -> Result<u32, Refusal> {
        self.check_cancels()?;
        if account.0 as usize >= self.accounts.len() {
            return Err(Refusal::UnknownAccount);
        }
        let own: Vec<u32> = self.orders(account).map(OrderId::slot).collect();
        for slot in &own {
            self.end_resting(*slot, EndReason::UserCancel, out);
        }
        Ok(own.len() as u32)
    }

    /// Shrinks a resting order, which keeps its place; returns what remains.
    ///
    /// Allowed whenever a cancel is, so also while trading is paused: it only lowers risk. The venue says that cancels
    /// work then and nothing of decreases (reference section 7): this is our choice.
    pub(crate) fn decrease(
        &mut self,
        account: AccountId,
        order: OrderId,
        by: Decrease,
        out: &mut impl EventSink,
    ) -> Result<Qty, Refusal> {
        self.check_cancels()?;
        let slot = self.own(account, order)?;
        self.check_cancelable(slot)?;
        let remaining = self.slab.qty(slot);
        let market = self.slab.data(slot).market;
        let (named, less) = match by {
            Decrease::By(less) => (less, Some(less)),
            Decrease::To(rest) => (rest, remaining.checked_sub(rest)),
        };
        let step = self.markets[market.0 as usize].size_step;
        let less = less
            .filter(|less| !less.is_zero() && *less <= remaining && less.is_multiple_of(step))
            .ok_or(Refusal::BadQty { qty: named })?;

        // Nothing below can fail.
        if less == remaining {
            self.end_resting(slot, EndReason::Decrease, out);
            return Ok(Qty::ZERO);
        }
        self.shrink(slot, less, ChangeReason::Decrease, out);
        Ok(self.slab.qty(slot))
    }

    /// Takes `less` off a resting order, which keeps its place.
    fn shrink(&mut self, slot: u32, less: Qty, reason: ChangeReason, out: &mut impl EventSink) {
        self.unreserve(slot, less);
        let order = self.order_id(slot);
        let (side, price) = (self.slab.side(slot), self.slab.price(slot));
        let (market, account) = (self.slab.data(slot).market, self.slab.data(slot).account);
        self.markets[market.0 as usize].book.reduce(&mut self.slab, slot, less);
        out.event(Event::LevelChanged { market, side, price, change: less.signed().negated(), order, account });
        self.report_change(slot, reason, out);
    }

    fn report_change(&self, slot: u32, reason: ChangeReason, out: &mut impl EventSink) {
        let data = self.slab.data(slot);
        out.event(Event::OrderChanged {
            order: self.order_id(slot),
            account: data.account,
            price: self.slab.price(slot),
            total: data.filled.checked_add(self.slab.qty(slot)).expect(FITS),
            remaining: self.slab.qty(slot),
            expires: self.extra(slot).expires,
            reason,
        });
    }

    /// Checks an amend; returns the slot, what shall remain and what that reserves, and the expiry.
    fn check_amend(&self, amend: &AmendOrder) -> Result<Amended, Refusal> {
        self.check_trading()?;
        let slot = self.own(amend.account, amend.order)?;
        let (data, extra) = (self.slab.data(slot), self.extra(slot));
        if self.slab.data(slot).market != amend.market {
            return Err(Refusal::AmendMismatch("ticker"));
        }
        if self.slab.side(slot) != amend.side {
            return Err(Refusal::AmendMismatch("side"));
        }
        if amend.client_order_id.is_some() && amend.client_order_id != extra.client_order_id {
            return Err(Refusal::AmendMismatch("client order id"));
        }
        let renamed = amend.new_client_order_id.as_ref().filter(|id| Some(*id) != extra.client_order_id.as_ref());
        if renamed.is_some_and(|id| self.client_order_ids.contains(&(amend.account, id.clone()))) {
            return Err(Refusal::DuplicateClientOrderId);
        }
        let market = &self.markets[amend.market.0 as usize];
        if market.status != MarketStatus::Active {
            return Err(Refusal::MarketInactive { status: market.status });
        }
        let repriced = amend.price != self.slab.price(slot);
        // A price that stays may be off a newer grid; it cannot be below the floor, whose rise cancels such orders.
        if repriced {
            market.check_price(amend.price)?;
        }
        self.check_qty(amend.market, amend.total)?;
        let remaining = amend.total.checked_sub(data.filled).ok_or(Refusal::BadQty { qty: amend.total })?;
        let expires = match amend.expiry {
            ExpiryChange::Keep => extra.expires,
            ExpiryChange::Clear => None,
            ExpiryChange::Set(at) if at <= self.now => return Err(Refusal::ExpiryInPast),
            ExpiryChange::Set(at) => Some(at),
        };
        if repriced && data.post_only && market.book.front_for(amend.side, amend.price).is_some() {
            return Err(Refusal::PostOnlyCross);
        }
        let resting = self.slab.qty(slot);
        let precision = self.accounts[data.account.0 as usize].precision;
        let reserved = reservation(&market.fees, precision, amend.side, amend.price, remaining);
        if repriced || remaining > resting {
            let joining = if repriced { remaining } else { remaining.saturating_sub(resting) };
            if joining > market.book.room(amend.side, amend.price) {
                return Err(Refusal::TooMany("contracts at one price"));
            }
            self.check_cash(data.position, amend.side, (resting, data.reserved), (remaining, reserved))?;
        }
        Ok((slot, (remaining, reserved), expires))
    }

    /// Changes price, total or expiry of a resting order. A new price or a larger total loses its place in the queue and
    /// may fill at once; a smaller total or a new expiry keeps it.
    ///
    /// Source: reference section 8.2.
    pub(crate) fn amend(&mut self, amend: &AmendOrder, out: &mut impl EventSink) -> Result<Placed, Refusal> {
        let (slot, whole, expires) = self.check_amend(amend)?;
        let wanted = whole.0;

        // Nothing below can fail.
        let order = self.order_id(slot);
        let (price, resting) = (self.slab.price(slot), self.slab.qty(slot));
        let filled = self.slab.data(slot).filled;
        let mut extra = self.extra(slot).clone();
        if let Some(id) = &amend.new_client_order_id {
            extra.client_order_id = Some(id.clone());
            self.client_order_ids.insert((amend.account, id.clone()));
        }
        if let Some(at) = expires.filter(|_| extra.expires != expires) {
            self.set_timer(at, Timer::Expire(order));
        }
        extra.expires = expires;
        self.set_extra(slot, extra);
        let unfilled = Placed {
            order,
            filled,
            remaining: wanted,
            filled_now: Qty::ZERO,
            cost_now: Money::ZERO,
            fees_now: Money::ZERO,
            end: None,
        };
        if wanted.is_zero() {
            self.end_resting(slot, EndReason::Amend, out);
            return Ok(Placed { end: Some(EndReason::Amend), ..unfilled });
        }
        if amend.price == price && wanted <= resting {
            match resting.saturating_sub(wanted) {
                Qty::ZERO => self.report_change(slot, ChangeReason::Amend, out),
                less => self.shrink(slot, less, ChangeReason::Amend, out),
            }
            return Ok(unfilled);
        }
        let position = self.slab.data(slot).position;
        self.pull(slot, out);
        self.slab.reprice(slot, amend.price, wanted);
        self.report_change(slot, ChangeReason::Amend, out);
        Ok(self.match_and_rest(slot, position, Qty::ZERO, whole, None, out))
    }
}

fn may_rest(time_in_force: TimeInForce) -> bool {
    match time_in_force {
        TimeInForce::Gtc | TimeInForce::Gtd(_) => true,
        TimeInForce::Ioc | TimeInForce::Fok => false,
    }
}

/// What an order reserves if all of `qty` opens: its worst price and the largest taker fee, rounded up to the step of the
/// account's balance as a fill of all of it is.
///
/// An order that may rest reserves by the market's fees whatever holiday there is, as it may outlive that; one that may
/// not by the fees of the moment.
///
/// Source: reference section 8.3, last paragraph: price times count plus the largest possible taker fee.
pub(crate) fn reservation(
    fees: &FeeSchedule,
    precision: BalancePrecision,
    side: BookSide,
    price: Price,
    qty: Qty,
) -> Money {
    let paid = match side {
        BookSide::Bid => price,
        BookSide::Ask => price.complement(),
    };
    let exact = notional(paid, qty, Rounding::Ceil).checked_add(fees.trade_fee(Role::Taker, price, qty)).expect(FITS);
    exact.round_to(precision.step(), Rounding::Ceil)
}
