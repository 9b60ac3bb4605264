//! The life of a market: listing, opening, pausing, closing, determination, payment, and everything that is due by time.
//!
//! Source: reference sections 7 and 11, 2026-11-20.

use brier_kalshi_protocol::fees::FeeSchedule;
use brier_types::{BookSide, MarketResult, MarketStatus, Money, Price, PriceGrid, Rounding, Timestamp, notional};

use crate::command::{MarketCommand, MarketSpec, Reply};
use crate::event::{EndReason, Event, EventSink, MarketChange, Settlement};
use crate::exchange::{Exchange, Timer};
use crate::ids::MarketId;
use crate::market::{Market, gcd, grid_unit};
use crate::position::{FITS, Position};
use crate::refusal::Refusal;

impl Exchange {
    /// Lets time pass: everything due up to `now` happens, each at its own time, in order.
    ///
    /// # Panics
    /// When `now` lies before the time of an earlier command.
    pub fn advance(&mut self, now: Timestamp, out: &mut impl EventSink) {
        assert!(self.now <= now, "the caller's clock must not step back");
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
            // A timer set for a moment that had already passed rings now, not in the past.
            self.now = self.now.max(entry.key().0);
            let timer = entry.remove();
            self.ring(timer, out);
        }
        self.now = now;
    }

    fn ring(&mut self, timer: Timer, out: &mut impl EventSink) {
        match timer {
            Timer::Open { market, epoch } if self.is_due(market, epoch, &[MarketStatus::Initialized]) => {
                self.set_status(market, MarketStatus::Active, true, out);
            }
            Timer::Close { market, epoch }
                if self.is_due(
                    market,
                    epoch,
                    &[MarketStatus::Initialized, MarketStatus::Active, MarketStatus::Inactive],
                ) =>
            {
                self.close(market, true, out);
            }
            Timer::Settle { market, epoch }
                if self.is_due(market, epoch, &[MarketStatus::Determined, MarketStatus::Amended]) =>
            {
                self.pay_out(market, out);
            }
            Timer::Expire(order) => {
                let due = self.is_resting(order)
                    && self.extra(order.slot()).expires.is_some_and(|expires| expires <= self.now);
                if due {
                    self.end_resting(order.slot(), EndReason::Expiry, out);
                }
            }
            // Set before the market's times last changed.
            Timer::Open { .. } | Timer::Close { .. } | Timer::Settle { .. } => {}
        }
    }

    fn is_due(&self, market: MarketId, epoch: u32, statuses: &[MarketStatus]) -> bool {
        let it = &self.markets[market.0 as usize];
        it.epoch == epoch && statuses.contains(&it.status)
    }

    pub(crate) fn create_market(&mut self, spec: &MarketSpec, out: &mut impl EventSink) -> Result<Reply, Refusal> {
        if spec.close_time <= spec.open_time {
            return Err(Refusal::BadMarket("close_time must lie after open_time"));
        }
        if spec.close_time <= self.now {
            return Err(Refusal::BadMarket("close_time must lie in the future"));
        }
        if spec.size_step.is_zero() {
            return Err(Refusal::BadMarket("the size step must not be zero"));
        }
        let id = u32::try_from(self.markets.len()).ok().ok_or(Refusal::TooMany("markets"))?;
        let market = MarketId(id);
        self.markets.push(Market::new(spec));
        out.event(Event::MarketChanged { market, change: MarketChange::Created, by_clock: false });
        self.set_times(market);
        if spec.open_time <= self.now {
            self.set_status(market, MarketStatus::Active, true, out);
        }
        Ok(Reply::Market(market))
    }

    /// Sets the timers of a market's open and close times; those set before are void.
    fn set_times(&mut self, market: MarketId) {
        let it = &mut self.markets[market.0 as usize];
        it.epoch += 1;
        let (epoch, open_time, close_time, status) = (it.epoch, it.open_time, it.close_time, it.status);
        if status == MarketStatus::Initialized && open_time > self.now {
            self.set_timer(open_time, Timer::Open { market, epoch });
        }
        self.set_timer(close_time, Timer::Close { market, epoch });
    }

    fn set_status(&mut self, market: MarketId, status: MarketStatus, by_clock: bool, out: &mut impl EventSink) {
        self.markets[market.0 as usize].status = status;
        out.event(Event::MarketChanged { market, change: MarketChange::Status(status), by_clock });
    }

    pub(crate) fn change_market(
        &mut self,
        market: MarketId,
        change: &MarketCommand,
        out: &mut impl EventSink,
    ) -> Result<Reply, Refusal> {
        let status = self.markets.get(market.0 as usize).ok_or(Refusal::UnknownMarket)?.status;
        let open = matches!(status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive);
        let wrong = Err(Refusal::WrongStatus { status });
        match change {
            MarketCommand::Activate => match status {
                MarketStatus::Initialized => self.set_status(market, MarketStatus::Active, false, out),
                MarketStatus::Inactive => {
                    self.cancel_book(market, EndReason::Halt, out);
                    self.set_status(market, MarketStatus::Active, false, out);
                }
                MarketStatus::Active
                | MarketStatus::Closed
                | MarketStatus::Determined
                | MarketStatus::Disputed
                | MarketStatus::Amended
                | MarketStatus::Finalized => return wrong,
            },
            MarketCommand::Deactivate if status == MarketStatus::Active => self.pause(market, out),
            MarketCommand::Close if open => self.close(market, false, out),
            MarketCommand::SetCloseTime(at) if open || status == MarketStatus::Closed => {
                return self.move_close(market, *at, out);
            }
            MarketCommand::Determine(result) if open || status == MarketStatus::Closed => {
                return self.determine(market, *result, MarketStatus::Determined, out);
            }
            MarketCommand::Dispute if matches!(status, MarketStatus::Determined | MarketStatus::Amended) => {
                self.markets[market.0 as usize].epoch += 1;
                self.set_status(market, MarketStatus::Disputed, false, out);
            }
            MarketCommand::AmendResult(result)
                if matches!(status, MarketStatus::Determined | MarketStatus::Disputed | MarketStatus::Amended) =>
            {
                return self.determine(market, *result, MarketStatus::Amended, out);
            }
            MarketCommand::Settle if matches!(status, MarketStatus::Determined | MarketStatus::Amended) => {
                self.pay_out(market, out);
            }
            MarketCommand::SetGrid(grid) if open => self.set_grid(market, grid, out),
            MarketCommand::SetFees(fees) if open => self.set_fees(market, *fees, out),
            MarketCommand::SetFeeWaiver(until) if open => {
                self.markets[market.0 as usize].fee_waiver_until = *until;
                out.event(Event::MarketChanged { market, change: MarketChange::Fees, by_clock: false });
            }
            MarketCommand::SetSettlementFloor(floor) if open => return self.set_floor(market, *floor, out),
            MarketCommand::Deactivate
            | MarketCommand::Close
            | MarketCommand::SetCloseTime(_)
            | MarketCommand::Determine(_)
            | MarketCommand::Dispute
            | MarketCommand::AmendResult(_)
            | MarketCommand::Settle
            | MarketCommand::SetGrid(_)
            | MarketCommand::SetFees(_)
            | MarketCommand::SetFeeWaiver(_)
            | MarketCommand::SetSettlementFloor(_) => return wrong,
        }
        Ok(Reply::Done)
    }

    fn pause(&mut self, market: MarketId, out: &mut impl EventSink) {
        self.set_status(market, MarketStatus::Inactive, false, out);
        for slot in self.book_slots(market) {
            if self.slab.data(slot).cancel_on_pause {
                self.end_resting(slot, EndReason::Halt, out);
            }
        }
    }

    /// Slots of a market's resting orders: bids then asks, each in the order in which they would trade.
    fn book_slots(&self, market: MarketId) -> Vec<u32> {
        let book = &self.markets[market.0 as usize].book;
        book.orders(&self.slab, BookSide::Bid).chain(book.orders(&self.slab, BookSide::Ask)).collect()
    }

    fn cancel_book(&mut self, market: MarketId, reason: EndReason, out: &mut impl EventSink) {
        for slot in self.book_slots(market) {
            self.end_resting(slot, reason, out);
        }
    }

    fn close(&mut self, market: MarketId, by_clock: bool, out: &mut impl EventSink) {
        let now = self.now;
        let it = &mut self.markets[market.0 as usize];
        it.epoch += 1;
        it.close_time = it.close_time.min(now);
        self.set_status(market, MarketStatus::Closed, by_clock, out);
        self.cancel_book(market, EndReason::Close, out);
    }

    fn move_close(&mut self, market: MarketId, at: Timestamp, out: &mut impl EventSink) -> Result<Reply, Refusal> {
        let it = &mut self.markets[market.0 as usize];
        if at <= self.now || at <= it.open_time {
            return Err(Refusal::BadMarket("close_time must lie in the future and after open_time"));
        }
        it.close_time = at;
        // One closed before its open time waits for that again.
        let status = if self.now < it.open_time { MarketStatus::Initialized } else { MarketStatus::Active };
        let reopened = (it.status == MarketStatus::Closed).then_some(status);
        out.event(Event::MarketChanged { market, change: MarketChange::CloseTime(at), by_clock: false });
        if let Some(status) = reopened {
            self.set_status(market, status, false, out);
        }
        self.set_times(market);
        Ok(Reply::Done)
    }

    /// States or corrects a result; a market that was still open closes first.
    fn determine(
        &mut self,
        market: MarketId,
        result: MarketResult,
        status: MarketStatus,
        out: &mut impl EventSink,
    ) -> Result<Reply, Refusal> {
        let it = &mut self.markets[market.0 as usize];
        if it.settlement_floor.is_some_and(|floor| result.yes_payout() < floor) {
            return Err(Refusal::BadMarket("the result lies below the settlement floor"));
        }
        if matches!(it.status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive) {
            self.close(market, false, out);
        }
        let it = &mut self.markets[market.0 as usize];
        it.epoch += 1;
        it.result = Some(result);
        let (epoch, due) = (it.epoch, self.now.plus(it.settlement_timer));
        out.event(Event::MarketChanged { market, change: MarketChange::Result(result), by_clock: false });
        self.set_status(market, status, false, out);
        self.set_timer(due, Timer::Settle { market, epoch });
        Ok(Reply::Done)
    }

    fn set_grid(&mut self, market: MarketId, grid: &PriceGrid, out: &mut impl EventSink) {
        let it = &mut self.markets[market.0 as usize];
        // Orders at prices of the old grid stay, so the book must still have a place for them.
        it.book.refine(&mut self.slab, gcd(it.book.unit(), grid_unit(grid)));
        it.set_grid(grid);
        out.event(Event::MarketChanged { market, change: MarketChange::Grid, by_clock: false });
    }

    /// Changes what fills cost, and with it what every resting order of the market reserves.
    ///
    /// Where that holds more of an account's cash than is free, its resting orders of this market are canceled, the
    /// youngest first, until its available cash is not negative any more: accounts in the order in which they were
    /// opened, orders by when they were placed, whatever amended them since. The start or end of a fee holiday changes
    /// no reservation.
    fn set_fees(&mut self, market: MarketId, fees: FeeSchedule, out: &mut impl EventSink) {
        self.markets[market.0 as usize].fees = fees;
        out.event(Event::MarketChanged { market, change: MarketChange::Fees, by_clock: false });
        for slot in self.book_slots(market) {
            let resting = self.slab.qty(slot);
            self.rereserve(slot, resting, resting);
        }
        let positions: Vec<u32> = self.markets[market.0 as usize].positions().collect();
        for index in positions {
            let before = self.positions[index as usize].held;
            self.rehold(index);
            if self.positions[index as usize].held > before {
                self.cancel_for_margin(index, out);
            }
        }
    }

    fn cancel_for_margin(&mut self, position: u32, out: &mut impl EventSink) {
        let Position { account, market, .. } = self.positions[position as usize];
        let short = |it: &Self| it.accounts[account.0 as usize].available() < Money::ZERO;
        if !short(self) {
            return;
        }
        let mut own = self.book_slots(market);
        own.retain(|slot| self.slab.data(*slot).position == position);
        own.sort_unstable_by_key(|slot| std::cmp::Reverse((self.slab.data(*slot).number, *slot)));
        for slot in own {
            if !short(self) {
                return;
            }
            self.end_resting(slot, EndReason::Margin, out);
        }
    }

    fn set_floor(&mut self, market: MarketId, floor: Price, out: &mut impl EventSink) -> Result<Reply, Refusal> {
        let it = &mut self.markets[market.0 as usize];
        if it.settlement_floor.is_some_and(|old| floor < old) {
            return Err(Refusal::BadMarket("a settlement floor only rises"));
        }
        it.settlement_floor = Some(floor);
        out.event(Event::MarketChanged { market, change: MarketChange::SettlementFloor(floor), by_clock: false });
        for slot in self.book_slots(market) {
            if self.slab.price(slot) <= floor {
                self.end_resting(slot, EndReason::SettlementBounds, out);
            }
        }
        Ok(Reply::Done)
    }

    /// Pays every position of a determined market.
    ///
    /// YES pays the result, NO the rest of the dollar, both rounded down to $0.000001 where a size step finer than the
    /// venue's 0.01 leaves less: what is left over then is a fee. Then the account's available balance is rounded down to
    /// its step, and the difference is the settlement fee. Source: reference section 11.
    fn pay_out(&mut self, market: MarketId, out: &mut impl EventSink) {
        let it = &self.markets[market.0 as usize];
        let result = it.result.expect("a market is paid out only once its result is known");
        let indices: Vec<u32> = it.positions().collect();
        for index in indices {
            let position = &mut self.positions[index as usize];
            if position.qty.is_zero() {
                continue;
            }
            let yes = result.yes_payout();
            let each = if position.qty.micros() > 0 { yes } else { yes.complement() };
            let gross = notional(each, position.qty.abs(), Rounding::Floor);
            let owner = &mut self.accounts[position.account.0 as usize];
            let available = owner.available().checked_add(gross).expect(FITS);
            let rounded = available.round_to(owner.precision.step(), Rounding::Floor);
            let fee = available.checked_sub(rounded).expect(FITS).min(gross);
            owner.cash = owner.cash.checked_add(gross).and_then(|cash| cash.checked_sub(fee)).expect(FITS);
            let history = &mut self.histories[index as usize];
            let settlement = Settlement {
                account: position.account,
                market,
                result,
                position: position.qty,
                cost: history.cost,
                gross,
                fee,
                fees_paid: history.fees,
            };
            let profit = gross.checked_sub(history.cost).expect(FITS);
            history.take_profit(profit, fee);
            history.cost = Money::ZERO;
            position.qty = brier_types::SignedQty::ZERO;
            let it = &mut self.markets[market.0 as usize];
            it.escrow = it.escrow.checked_sub(gross).expect(FITS);
            self.ledger.lock(gross.checked_neg().expect(FITS));
            self.ledger.charge(fee);
            out.event(Event::Settled(settlement));
        }
        let it = &mut self.markets[market.0 as usize];
        let left = std::mem::take(&mut it.escrow);
        assert!(left >= Money::ZERO, "a market's collateral covers its positions");
        it.open_interest = brier_types::Qty::ZERO;
        self.ledger.lock(left.checked_neg().expect(FITS));
        self.ledger.charge(left);
        self.set_status(market, MarketStatus::Finalized, false, out);
    }
}
