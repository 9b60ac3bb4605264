//! The naive core's order groups, lives of markets, payments, and what the clock brings.

use super::*;

impl Naive {
    pub(super) fn filled_lately(&self, group: GroupId) -> i128 {
        let start = self.now.minus(std::time::Duration::from_secs(15));
        self.groups[group.0 as usize].fills.iter().filter(|(at, _)| *at > start).map(|(_, count)| count).sum()
    }

    pub(super) fn trigger(&mut self, group: GroupId) {
        let it = &mut self.groups[group.0 as usize];
        it.triggered = true;
        let account = it.account;
        self.events.push(Event::GroupChanged { group, account, change: GroupChange::Triggered });
        self.cancel_group(group);
    }

    /// Cancels what rests, in the order in which the orders joined: that of their names.
    fn cancel_group(&mut self, group: GroupId) {
        for id in self.of_group(group) {
            if self.orders[&id].queued.is_some() {
                self.end(id, EndReason::Group, 0);
            }
        }
    }

    pub(super) fn change_group(
        &mut self,
        account: AccountId,
        group: GroupId,
        change: GroupCommand,
    ) -> Result<Reply, Refusal> {
        let known = self.groups.get_mut(group.0 as usize).filter(|it| it.account == account && !it.deleted);
        let it = known.ok_or(Refusal::UnknownGroup)?;
        match change {
            GroupCommand::Reset => {
                it.fills.clear();
                it.triggered = false;
                self.events.push(Event::GroupChanged { group, account, change: GroupChange::Reset });
            }
            GroupCommand::Trigger => self.trigger(group),
            GroupCommand::SetLimit(limit) if limit.is_zero() => return Err(Refusal::BadQty { qty: limit }),
            GroupCommand::SetLimit(limit) => {
                it.limit = limit;
                self.events.push(Event::GroupChanged { group, account, change: GroupChange::Limit(limit) });
                if self.filled_lately(group) > micros(limit) {
                    self.trigger(group);
                }
            }
            GroupCommand::Delete => {
                it.deleted = true;
                self.cancel_group(group);
                self.events.push(Event::GroupChanged { group, account, change: GroupChange::Deleted });
            }
        }
        Ok(Reply::Done)
    }

    // ---- Markets.

    pub(super) fn list(&mut self, spec: &MarketSpec) -> Result<Reply, Refusal> {
        if spec.close_time <= spec.open_time {
            return Err(Refusal::BadMarket("close_time must lie after open_time"));
        }
        if spec.close_time <= self.now {
            return Err(Refusal::BadMarket("close_time must lie in the future"));
        }
        if spec.size_step.is_zero() {
            return Err(Refusal::BadMarket("the size step must not be zero"));
        }
        let market = MarketId(self.markets.len() as u32);
        let (opens, closes) = (self.tick(), self.tick());
        self.markets.push(Market {
            spec: spec.clone(),
            status: MarketStatus::Initialized,
            result: None,
            floor: None,
            opens: Some((spec.open_time, opens)),
            closes: Some((spec.close_time, closes)),
            pays: None,
        });
        self.tell(market, MarketChange::Created, false);
        if spec.open_time <= self.now {
            self.set(market, MarketStatus::Active, true);
        }
        Ok(Reply::Market(market))
    }

    fn tell(&mut self, market: MarketId, change: MarketChange, by_clock: bool) {
        self.events.push(Event::MarketChanged { market, change, by_clock });
    }

    fn set(&mut self, market: MarketId, status: MarketStatus, by_clock: bool) {
        self.markets[market.0 as usize].status = status;
        self.tell(market, MarketChange::Status(status), by_clock);
    }

    fn end_book(&mut self, market: MarketId, reason: EndReason, which: impl Fn(&Order) -> bool) {
        for side in [BookSide::Bid, BookSide::Ask] {
            for id in self.queue(market, side) {
                if which(&self.orders[&id]) {
                    self.end(id, reason, 0);
                }
            }
        }
    }

    fn close(&mut self, market: MarketId, by_clock: bool) {
        let now = self.now;
        let it = &mut self.markets[market.0 as usize];
        it.spec.close_time = it.spec.close_time.min(now);
        (it.opens, it.closes) = (None, None);
        self.set(market, MarketStatus::Closed, by_clock);
        self.end_book(market, EndReason::Close, |_| true);
    }

    fn result(&mut self, market: MarketId, result: MarketResult, status: MarketStatus) {
        let set = self.tick();
        let it = &mut self.markets[market.0 as usize];
        it.result = Some(result);
        it.pays = Some((self.now.plus(it.spec.settlement_timer), set));
        self.tell(market, MarketChange::Result(result), false);
        self.set(market, status, false);
    }

    pub(super) fn change(&mut self, market: MarketId, change: &MarketCommand) -> Result<Reply, Refusal> {
        let it = self.markets.get(market.0 as usize).ok_or(Refusal::UnknownMarket)?;
        let (status, floor, open_time) = (it.status, it.floor, it.spec.open_time);
        let open = matches!(status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive);
        let allowed = match change {
            MarketCommand::Activate => matches!(status, MarketStatus::Initialized | MarketStatus::Inactive),
            MarketCommand::Deactivate => status == MarketStatus::Active,
            MarketCommand::SetCloseTime(_) | MarketCommand::Determine(_) => open || status == MarketStatus::Closed,
            MarketCommand::Dispute | MarketCommand::Settle => {
                matches!(status, MarketStatus::Determined | MarketStatus::Amended)
            }
            MarketCommand::AmendResult(_) => {
                matches!(status, MarketStatus::Determined | MarketStatus::Disputed | MarketStatus::Amended)
            }
            MarketCommand::Close
            | MarketCommand::SetGrid(_)
            | MarketCommand::SetFees(_)
            | MarketCommand::SetFeeWaiver(_)
            | MarketCommand::SetSettlementFloor(_) => open,
        };
        if !allowed {
            return Err(Refusal::WrongStatus { status });
        }
        match change {
            MarketCommand::Activate => {
                self.end_book(market, EndReason::Halt, |_| true);
                self.set(market, MarketStatus::Active, false);
            }
            MarketCommand::Deactivate => {
                self.set(market, MarketStatus::Inactive, false);
                self.end_book(market, EndReason::Halt, |order| order.place.cancel_on_pause);
            }
            MarketCommand::Close => self.close(market, false),
            MarketCommand::SetCloseTime(at) => {
                if *at <= self.now || *at <= open_time {
                    return Err(Refusal::BadMarket("close_time must lie in the future and after open_time"));
                }
                let (opens, closes) = (self.tick(), self.tick());
                let it = &mut self.markets[market.0 as usize];
                it.spec.close_time = *at;
                (it.opens, it.closes) = (Some((open_time, opens)), Some((*at, closes)));
                self.tell(market, MarketChange::CloseTime(*at), false);
                if status == MarketStatus::Closed {
                    let early = self.now < open_time;
                    self.set(market, if early { MarketStatus::Initialized } else { MarketStatus::Active }, false);
                }
            }
            MarketCommand::Determine(result) | MarketCommand::AmendResult(result) => {
                if floor.is_some_and(|floor| result.yes_payout() < floor) {
                    return Err(Refusal::BadMarket("the result lies below the settlement floor"));
                }
                if open {
                    self.close(market, false);
                }
                let amended = matches!(change, MarketCommand::AmendResult(_));
                self.result(market, *result, if amended { MarketStatus::Amended } else { MarketStatus::Determined });
            }
            MarketCommand::Dispute => {
                self.markets[market.0 as usize].pays = None;
                self.set(market, MarketStatus::Disputed, false);
            }
            MarketCommand::Settle => self.pay(market),
            MarketCommand::SetGrid(grid) => {
                self.markets[market.0 as usize].spec.grid = grid.clone();
                self.tell(market, MarketChange::Grid, false);
            }
            MarketCommand::SetFees(fees) => {
                self.tell(market, MarketChange::Fees, false);
                self.new_fees(market, *fees);
            }
            MarketCommand::SetFeeWaiver(until) => {
                self.markets[market.0 as usize].spec.fee_waiver_until = *until;
                self.tell(market, MarketChange::Fees, false);
            }
            MarketCommand::SetSettlementFloor(to) => {
                if floor.is_some_and(|old| *to < old) {
                    return Err(Refusal::BadMarket("a settlement floor only rises"));
                }
                self.markets[market.0 as usize].floor = Some(*to);
                self.tell(market, MarketChange::SettlementFloor(*to), false);
                self.end_book(market, EndReason::SettlementBounds, |order| order.price <= *to);
            }
        }
        Ok(Reply::Done)
    }

    /// Pays each account what its contracts are worth, rounded down, then rounds its available balance down (section 11).
    fn pay(&mut self, market: MarketId) {
        let result = self.markets[market.0 as usize].result.expect("determined");
        let mut dust = self.open_interest(market);
        for account in (0..self.account_count()).map(AccountId) {
            let stake = self.stake(account, market);
            if stake.qty == 0 {
                continue;
            }
            let worth = if stake.qty > 0 { result.yes_payout() } else { result.yes_payout().complement() };
            let gross = value(u128::from(worth.pips()), stake.qty.abs());
            let step = self.step(account);
            let available = self.cash(account) - self.held(account) + gross;
            let fee = available.rem_euclid(step).min(gross);
            self.accounts[account.0 as usize].log.push(Entry::Paid { market, gross, fee });
            dust -= gross;
            self.events.push(Event::Settled(Settlement {
                account,
                market,
                result,
                position: signed(stake.qty),
                cost: money(stake.cost),
                gross: money(gross),
                fee: money(fee),
                fees_paid: money(stake.fees),
            }));
        }
        self.fee_dust += dust;
        self.markets[market.0 as usize].pays = None;
        self.set(market, MarketStatus::Finalized, false);
    }

    pub(super) fn next_due(&self) -> Option<(Timestamp, Due)> {
        let mut dues = Vec::new();
        for (market, it) in (0..).map(MarketId).zip(&self.markets) {
            let open = matches!(it.status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive);
            let opens = it.opens.filter(|_| it.status == MarketStatus::Initialized);
            let closes = it.closes.filter(|_| open);
            let pays = it.pays.filter(|_| matches!(it.status, MarketStatus::Determined | MarketStatus::Amended));
            dues.extend(opens.map(|(at, set)| (at, set, Due::Open(market))));
            dues.extend(closes.map(|(at, set)| (at, set, Due::Close(market))));
            dues.extend(pays.map(|(at, set)| (at, set, Due::Pay(market))));
        }
        for (id, order) in &self.orders {
            let set = order.expiries_set.iter().filter(|(at, _)| Some(*at) == order.expires).map(|(_, set)| *set).min();
            dues.extend(order.expires.zip(set).map(|(at, set)| (at, set, Due::Expire(*id))));
        }
        dues.into_iter().min_by_key(|(at, set, _)| (*at, *set)).map(|(at, _, due)| (at, due))
    }

    pub(super) fn happen(&mut self, due: &Due) {
        match due {
            Due::Open(market) => self.set(*market, MarketStatus::Active, true),
            Due::Close(market) => self.close(*market, true),
            Due::Pay(market) => self.pay(*market),
            Due::Expire(id) => self.end(*id, EndReason::Expiry, 0),
        }
    }
}
