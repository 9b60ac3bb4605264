//! Orders: what is checked before the core sees them, what is kept of them, delays, cancels and signs of life.

use std::time::Duration;

use brier_matching::tokens::{Command, PlaceOrder, Placed, Refusal, Reply, Size};
use brier_matching::{MarketId, OrderId};
use brier_polymarket_protocol::ids::OrderHash;
use brier_polymarket_protocol::order::OrderKind;
use brier_types::{Action, BookSide, Money, Qty, TimeInForce, Timestamp};

use super::say::OrderWord;
use super::timers::{SILENCE, Timer};
use super::{Effect, OrderRow, Refused, Standing, State};
use crate::polymarket::record::{EngineMode, OrderNumber, PlaceRecord};

/// A resting order ends this long before its stated expiration.
///
/// Source: reference (Polymarket), section 7.1.
const EXPIRES_EARLY_SECS: u64 = 60;

/// What became of an order at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    /// Index of the order.
    pub order: u32,
    /// What the core did with it; absent while it is delayed.
    pub placed: Option<Placed>,
}

impl State {
    pub(super) fn post(&mut self, now: Timestamp, record: &PlaceRecord) -> Result<Effect, Refused> {
        self.check_post(now, record)?;
        let index = u32::try_from(self.orders.len()).expect("fewer than 2^32 orders");
        let row = OrderRow {
            hash: record.hash,
            id: None,
            account: record.account,
            key: record.key.as_str().into(),
            market: record.market,
            action: record.action,
            outcome: record.outcome,
            price: record.price,
            size: record.size,
            filled: Qty::ZERO,
            kind: record.kind,
            expiration: record.expiration,
            builder: record.builder,
            standing: Standing::Delayed,
            created: now,
            trades: Vec::new(),
        };
        let delay = self.market(record.market).listing.seconds_delay;
        // An order that must not take is refused now rather than then.
        if delay > 0 && !record.post_only && self.takes(record) {
            self.keep(row);
            self.delayed.insert(index, record.clone());
            self.set_timer(now.plus(Duration::from_secs(u64::from(delay))), Timer::Release { order: index });
            return Ok(Effect::Posted(Posted { order: index, placed: None }));
        }
        let command = place(record);
        // The row is there before the core speaks of the order; it goes again if the core refuses.
        self.keep(row);
        match self.place(now, index, &command) {
            Ok(placed) => Ok(Effect::Posted(Posted { order: index, placed: Some(placed) })),
            Err(refusal @ (Refusal::FillOrKill | Refusal::NothingToMatch)) => {
                self.kill(now, index, refusal);
                Err(refusal.into())
            }
            Err(refusal) => {
                self.forget_last();
                Err(refusal.into())
            }
        }
    }

    /// Gives the core an order whose row is kept.
    fn place(&mut self, now: Timestamp, index: u32, order: &PlaceOrder) -> Result<Placed, Refusal> {
        self.placing = Some(index);
        let reply = self.apply(now, &Command::Place(order.clone()));
        self.placing = None;
        match reply? {
            Reply::Placed(placed) => Ok(placed),
            other => unreachable!("an order was placed and {other:?} answered"),
        }
    }

    fn keep(&mut self, row: OrderRow) {
        let index = self.orders.len() as u32;
        self.hashes.insert(row.hash, index);
        self.wallets[row.account.0 as usize].orders.push(index);
        self.orders.push(row);
    }

    fn forget_last(&mut self) {
        let row = self.orders.pop().expect("kept a moment ago");
        self.hashes.remove(&row.hash);
        self.wallets[row.account.0 as usize].orders.pop();
    }

    /// An immediate order that met nothing, or not enough, is over and known.
    fn kill(&mut self, now: Timestamp, index: u32, refusal: Refusal) {
        use brier_polymarket_protocol::errors::text;
        let reason = if refusal == Refusal::FillOrKill { text::FOK_NOT_FILLED } else { text::FAK_NOT_FILLED };
        self.orders[index as usize].standing = Standing::Canceled(reason);
        self.say_order(now, index, OrderWord::Cancellation);
    }

    /// What is checked of an order before its amounts: engine, market, hash, expiration, in the order of the reference.
    ///
    /// # Errors
    /// [`Refused`] says what it is.
    ///
    /// Source: reference (Polymarket), sections 7.6 and 7.7.
    pub(crate) fn check_admission(
        &self,
        now: Timestamp,
        hash: OrderHash,
        market: MarketId,
        (kind, expiration): (OrderKind, u64),
        post_only: bool,
    ) -> Result<(), Refused> {
        match self.engine {
            EngineMode::Normal => {}
            EngineMode::PostOnly(until) if post_only || now >= until => {}
            mode => return Err(Refused::Engine(mode)),
        }
        let traded = self.core.market(market).ok_or(Refusal::UnknownMarket)?;
        if !traded.accepting {
            return Err(Refusal::NotAccepting.into());
        }
        if self.hashes.contains_key(&hash) {
            return Err(Refused::Duplicated);
        }
        let soonest = now.secs().unsigned_abs() + EXPIRES_EARLY_SECS;
        let good = match kind {
            OrderKind::Gtd => expiration > soonest,
            OrderKind::Gtc | OrderKind::Fok | OrderKind::Fak => expiration == 0,
        };
        if good { Ok(()) } else { Err(Refused::Expiration) }
    }

    /// What the face checks itself.
    ///
    /// Source: reference (Polymarket), section 6.3.
    fn check_post(&self, now: Timestamp, record: &PlaceRecord) -> Result<(), Refused> {
        let terms = (record.kind, record.expiration);
        self.check_admission(now, record.hash, record.market, terms, record.post_only)?;
        self.core.cash(record.account).ok_or(Refusal::UnknownAccount)?;
        let market = self.market(record.market);
        if !market.tick.grid().allows(record.price) {
            return Err(Refused::Tick { price: record.price, tick: market.tick.step() });
        }
        let takes = self.takes(record);
        if record.kind.rests() && record.size < market.listing.min_size {
            return Err(Refused::BelowMinimum { size: record.size, min: market.listing.min_size });
        }
        if record.action == Action::Buy && takes && record.cash < Money::DOLLAR && !record.post_only {
            return Err(Refused::MarketableBelowDollar(record.cash));
        }
        Ok(())
    }

    /// Whether the order would meet something now; immediate orders count as if they did.
    fn takes(&self, record: &PlaceRecord) -> bool {
        let side = if record.action == Action::Buy { BookSide::Bid } else { BookSide::Ask };
        let best = self.best(record.market, record.outcome, side.opposite());
        let crosses = best.is_some_and(|(best, _)| match side {
            BookSide::Bid => best <= record.price,
            BookSide::Ask => best >= record.price,
        });
        crosses || !record.kind.rests()
    }

    /// The delay of an order is over: it is placed as if it came now.
    pub(super) fn release(&mut self, now: Timestamp, index: u32) {
        let Some(record) = self.delayed.remove(&index) else { return };
        match self.place(now, index, &place(&record)) {
            Ok(_placed) => {}
            Err(refusal @ (Refusal::FillOrKill | Refusal::NothingToMatch)) => self.kill(now, index, refusal),
            Err(refusal) => {
                tracing::debug!(%refusal, "a delayed order is invalid now");
                self.orders[index as usize].standing = Standing::Canceled("INVALID");
                self.say_order(now, index, OrderWord::Cancellation);
            }
        }
    }

    /// Cancels orders that rest; the others are named.
    pub(super) fn cancel(&mut self, now: Timestamp, orders: &[OrderNumber]) -> Effect {
        let (mut canceled, mut not) = (Vec::new(), Vec::new());
        for OrderNumber(order) in orders {
            let account = self.core.order(*order).map(|it| it.account);
            let done =
                account.is_some_and(|account| self.apply(now, &Command::Cancel { account, order: *order }).is_ok());
            if done { &mut canceled } else { &mut not }.push(*order);
        }
        Effect::Canceled(canceled, not)
    }

    /// Resting orders of all wallets of an owner, oldest first.
    pub(crate) fn resting_of_owner(
        &self,
        owner: alloy_primitives::Address,
        which: impl Fn(MarketId, brier_types::Outcome) -> bool,
    ) -> Vec<OrderId> {
        let wallets = self.wallets.iter().filter(|wallet| wallet.owner == owner);
        let mut orders: Vec<u32> = wallets.flat_map(|wallet| wallet.orders.iter().copied()).collect();
        orders.sort_unstable();
        let rows = orders.into_iter().map(|index| self.order(index));
        rows.filter(|row| row.standing == Standing::Live && which(row.market, row.outcome))
            .filter_map(|row| row.id)
            .collect()
    }

    /// Cancels what rests of a key, and nothing of its owner's other keys.
    pub(super) fn cancel_of_key(&mut self, now: Timestamp, key: &str) {
        let Some(owner) = self.keys.get(key).map(|row| row.record.owner) else { return };
        let resting = self.resting_of_owner(owner, |_, _| true).into_iter();
        let posted_with =
            |order: &OrderId| self.order_index(*order).is_some_and(|index| *self.order(index).key == *key);
        let orders: Vec<OrderNumber> = resting.filter(posted_with).map(OrderNumber).collect();
        self.cancel(now, &orders);
    }

    /// A sign of life came.
    pub(super) fn beat(&mut self, now: Timestamp, key: &str, id: &str) -> Result<Effect, Refused> {
        // Never the number of an earlier sign, also when the key was removed and made again meanwhile.
        let number = self.timers_set + 1;
        let row = self.keys.get_mut(key).ok_or(Refused::Unknown("API key"))?;
        row.beats = number;
        row.heartbeat = Some((id.to_owned(), now.plus(SILENCE)));
        let timer = Timer::Silence { key: key.to_owned(), beats: row.beats };
        self.set_timer(now.plus(SILENCE), timer);
        Ok(Effect::Kept)
    }
}

/// The order as the core takes it. An immediate purchase spends cash, whatever shares it was built from.
///
/// Source: reference (Polymarket), section 6.3.
fn place(record: &PlaceRecord) -> PlaceOrder {
    let size = match (record.kind, record.action) {
        (OrderKind::Fok | OrderKind::Fak, Action::Buy) => Size::Cash(record.cash),
        (OrderKind::Gtc | OrderKind::Gtd | OrderKind::Fok | OrderKind::Fak, _) => Size::Shares(record.size),
    };
    let time_in_force = match record.kind {
        OrderKind::Gtc => TimeInForce::Gtc,
        OrderKind::Gtd => {
            let ends = i64::try_from(record.expiration.saturating_sub(EXPIRES_EARLY_SECS)).unwrap_or(i64::MAX);
            TimeInForce::Gtd(Timestamp::from_secs(ends).unwrap_or(Timestamp::MAX))
        }
        OrderKind::Fok => TimeInForce::Fok,
        OrderKind::Fak => TimeInForce::Ioc,
    };
    PlaceOrder {
        account: record.account,
        market: record.market,
        action: record.action,
        outcome: record.outcome,
        price: record.price,
        size,
        time_in_force,
        post_only: record.post_only,
    }
}
