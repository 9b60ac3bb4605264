//! The state machine: all accounts, markets, orders and positions, and the one door through which they change.
//!
//! Invariants, checked by [`Exchange::check`] and in tests after every step: external money, cash, collateral and fees
//! sum to zero; a market's collateral is one dollar for each open pair; YES and NO contracts are equally many; an
//! account's held cash is the sum over its positions; no book is crossed. Same commands at the same times give the same
//! events, answers and [`Exchange::state_hash`].
//!
//! It deliberately knows no user names, tickers, keys or JSON, and keeps no finished orders: its caller does.

use std::collections::{BTreeMap, BTreeSet};

use brier_kalshi_protocol::fees::{BalancePrecision, FeeSchedule};
use brier_types::{
    BookSide, ClientOrderId, MarketResult, MarketStatus, Money, Price, PriceGrid, Qty, SelfTradePrevention, SignedQty,
    Timestamp,
};

use crate::book::{NONE, Slab};
use crate::command::{Command, GroupCommand, Reply};
use crate::event::{EndReason, Event, EventSink, GroupChange};
use crate::group::Group;
use crate::ids::{AccountId, GroupId, MarketId, OrderId};
use crate::ledger::Ledger;
use crate::market::Market;
use crate::position::{FITS, History, Position};
use crate::refusal::Refusal;

/// Largest amount one command may move, $1 trillion, so that sums stay within 64 bits.
pub(crate) const MAX_FUNDS: Money = Money::from_micros(1_000_000_000_000_000_000);

/// Most order groups of one account.
///
/// Source: reference section 12.1.
const MAX_GROUPS: usize = 100_000;

/// An exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub(crate) now: Timestamp,
    pub(crate) active: bool,
    pub(crate) trading_active: bool,
    pub(crate) accounts: Vec<Account>,
    pub(crate) markets: Vec<Market>,
    pub(crate) slab: Slab<OrderData>,
    /// Beside each slot of the slab: what few orders have and matching does not read.
    pub(crate) extras: Vec<Extra>,
    pub(crate) positions: Vec<Position>,
    /// Beside each position.
    pub(crate) histories: Vec<History>,
    pub(crate) groups: Vec<Group>,
    pub(crate) timers: BTreeMap<(Timestamp, u64), Timer>,
    pub(crate) timers_set: u64,
    pub(crate) ledger: Ledger,
    pub(crate) trades: u64,
    pub(crate) client_order_ids: BTreeSet<(AccountId, ClientOrderId)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub precision: BalancePrecision,
    pub cash: Money,
    pub held: Money,
    /// Positions in the order in which they were opened.
    pub positions: Vec<u32>,
    pub groups: usize,
}

impl Account {
    pub(crate) fn available(&self) -> Money {
        self.cash.checked_sub(self.held).expect(FITS)
    }
}

/// What an order is besides price, quantity and place.
#[derive(Clone, Debug)]
pub(crate) struct OrderData {
    pub account: AccountId,
    pub market: MarketId,
    pub position: u32,
    pub filled: Qty,
    /// What it reserves while it rests, if all that remains opens.
    pub reserved: Money,
    /// What its accumulator of rounding holds: at most a cent.
    pub owed_micros: u32,
    /// How many orders were placed in its market before it. Beyond 32 bits they share a number, and the one in the higher
    /// slot counts as the younger.
    pub number: u32,
    pub self_trade_prevention: Option<SelfTradePrevention>,
    pub post_only: bool,
    pub cancel_on_pause: bool,
    /// Whether the entry in `extras` is this order's.
    pub has_extra: bool,
}

/// What few orders have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extra {
    pub client_order_id: Option<ClientOrderId>,
    pub group: Option<GroupId>,
    pub expires: Option<Timestamp>,
}

static NO_EXTRA: Extra = Extra { client_order_id: None, group: None, expires: None };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    Open { market: MarketId, epoch: u32 },
    Close { market: MarketId, epoch: u32 },
    Settle { market: MarketId, epoch: u32 },
    Expire(OrderId),
}

/// An account as seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// All cash.
    pub cash: Money,
    /// Cash held for resting orders.
    pub held: Money,
    /// Cash free for new orders.
    ///
    /// An order reserves what one fill of all of it can cost, rounded up to the balance's step. Fees and rounding of parts
    /// can sum to more, and a fill that only closes may cost a step while nothing is held for it: each fill lowers this
    /// by at most two steps ($0.0002, or $0.02 where the balance moves in cents), also below zero. Nothing else takes it
    /// below zero. While it is negative, orders that need cash are refused.
    pub available: Money,
    /// The step its balance moves in.
    pub precision: BalancePrecision,
}

/// A market as seen from outside.
#[derive(Clone, Copy, Debug)]
pub struct MarketView<'a> {
    /// Where it is in its life.
    pub status: MarketStatus,
    /// How it resolved, once known.
    pub result: Option<MarketResult>,
    /// The prices at which it trades.
    pub grid: &'a PriceGrid,
    /// The smallest step of a quantity.
    pub size_step: Qty,
    /// When trading starts or started.
    pub open_time: Timestamp,
    /// When trading ends or ended.
    pub close_time: Timestamp,
    /// What fills cost outside a fee holiday.
    pub fees: FeeSchedule,
    /// Until when fills are free.
    pub fee_waiver_until: Option<Timestamp>,
    /// The least YES can settle at, if there is a floor.
    pub settlement_floor: Option<Price>,
    /// Open pairs of YES and NO.
    pub open_interest: Qty,
    /// The collateral behind them.
    pub escrow: Money,
}

/// A live order as seen from outside.
#[derive(Clone, Copy, Debug)]
pub struct OrderView<'a> {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub market: MarketId,
    /// Its side.
    pub side: BookSide,
    /// Its limit price.
    pub price: Price,
    /// Filled plus what remains.
    pub total: Qty,
    /// Filled so far.
    pub filled: Qty,
    /// What rests.
    pub remaining: Qty,
    /// When it expires, if it does.
    pub expires: Option<Timestamp>,
    /// The set it belongs to.
    pub group: Option<GroupId>,
    /// Its owner's name for it.
    pub client_order_id: Option<&'a ClientOrderId>,
    /// What happens when it meets an order of the same account.
    pub self_trade_prevention: Option<SelfTradePrevention>,
    /// Whether it is canceled when trading pauses.
    pub cancel_on_pause: bool,
}

/// A position as seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionView {
    /// Plus is YES, minus is NO.
    pub position: SignedQty,
    /// What the open contracts cost, fees left out.
    pub cost: Money,
    /// Proceeds less cost of what was closed, fees left out.
    pub realized_pnl: Money,
    /// Net fees of all fills.
    pub fees_paid: Money,
    /// Sum of what fills paid and brought in; like the two before it, no more than 64 bits hold.
    pub traded: Money,
    /// Contracts resting on the bid side.
    pub resting_bids: Qty,
    /// Contracts resting on the ask side.
    pub resting_asks: Qty,
    /// Cash held for the resting orders.
    pub held: Money,
}

/// An order group as seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Whose.
    pub account: AccountId,
    /// Most contracts that may fill within the window.
    pub limit: Qty,
    /// Whether it takes no orders until reset.
    pub triggered: bool,
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

impl Exchange {
    /// An exchange with nothing in it, open, at the beginning of time.
    pub fn new() -> Self {
        Self {
            now: Timestamp::from_nanos(i64::MIN),
            active: true,
            trading_active: true,
            accounts: Vec::new(),
            markets: Vec::new(),
            slab: Slab::default(),
            extras: Vec::new(),
            positions: Vec::new(),
            histories: Vec::new(),
            groups: Vec::new(),
            timers: BTreeMap::new(),
            timers_set: 0,
            ledger: Ledger::default(),
            trades: 0,
            client_order_ids: BTreeSet::new(),
        }
    }

    /// Applies one command at `now`. What was due before happens first, in its order.
    ///
    /// # Errors
    /// [`Refusal`] says why nothing was changed; a fill-or-kill order that could not fill spends its client order id all
    /// the same.
    ///
    /// # Panics
    /// When `now` lies before the time of an earlier command: the caller's clock must not step back.
    pub fn apply(&mut self, now: Timestamp, command: &Command, out: &mut impl EventSink) -> Result<Reply, Refusal> {
        self.advance(now, out);
        match command {
            Command::Tick => Ok(Reply::Done),
            Command::OpenAccount { precision } => self.open_account(*precision),
            Command::Fund { account, amount } => self.fund(*account, *amount, out),
            Command::CreateMarket(spec) => self.create_market(spec, out),
            Command::ChangeMarket { market, change } => self.change_market(*market, change, out),
            Command::SetActive { exchange, trading } => {
                self.set_active(*exchange, *trading, out);
                Ok(Reply::Done)
            }
            Command::Place(order) => self.place(order, out).map(Reply::Placed),
            Command::Amend(amend) => self.amend(amend, out).map(Reply::Placed),
            Command::Decrease { account, order, by } => self.decrease(*account, *order, *by, out).map(Reply::Remaining),
            Command::Cancel { account, order } => self.cancel(*account, *order, out).map(Reply::Canceled),
            Command::CancelAll { account } => self.cancel_all(*account, out).map(Reply::CanceledAll),
            Command::CreateGroup { account, limit } => self.create_group(*account, *limit, out),
            Command::ChangeGroup { account, group, change } => self.change_group(*account, *group, *change, out),
        }
    }

    fn open_account(&mut self, precision: BalancePrecision) -> Result<Reply, Refusal> {
        let id =
            u32::try_from(self.accounts.len()).ok().filter(|id| *id != NONE).ok_or(Refusal::TooMany("accounts"))?;
        self.accounts.push(Account {
            precision,
            cash: Money::ZERO,
            held: Money::ZERO,
            positions: Vec::new(),
            groups: 0,
        });
        Ok(Reply::Account(AccountId(id)))
    }

    fn fund(&mut self, account: AccountId, amount: Money, out: &mut impl EventSink) -> Result<Reply, Refusal> {
        let owner = self.accounts.get_mut(account.0 as usize).ok_or(Refusal::UnknownAccount)?;
        if amount > MAX_FUNDS || amount.checked_neg().is_none_or(|minus| minus > MAX_FUNDS) {
            return Err(Refusal::BadAmount(amount));
        }
        let available = owner.available().checked_add(amount).ok_or(Refusal::BadAmount(amount))?;
        if available < Money::ZERO && amount < Money::ZERO {
            let needed = amount.checked_neg().expect("bounded above");
            return Err(Refusal::InsufficientBalance { needed, available: owner.available() });
        }
        let total = self.ledger.cash.checked_add(amount).filter(|cash| *cash <= MAX_FUNDS);
        let cash = owner.cash.checked_add(amount).ok_or(Refusal::BadAmount(amount))?;
        total.ok_or(Refusal::BadAmount(amount))?;
        owner.cash = cash;
        self.ledger.deposit(amount);
        out.event(Event::Funded { account, amount });
        Ok(Reply::Done)
    }

    fn set_active(&mut self, exchange: bool, trading: bool, out: &mut impl EventSink) {
        let taken_before = self.active && self.trading_active;
        if taken_before && !(exchange && trading) {
            let pausing: Vec<u32> = self.slab.live().filter(|slot| self.slab.data(*slot).cancel_on_pause).collect();
            for slot in pausing {
                self.end_resting(slot, EndReason::Halt, out);
            }
        }
        (self.active, self.trading_active) = (exchange, trading);
        out.event(Event::ActiveChanged { exchange, trading });
    }

    fn create_group(&mut self, account: AccountId, limit: Qty, out: &mut impl EventSink) -> Result<Reply, Refusal> {
        let owner = self.accounts.get_mut(account.0 as usize).ok_or(Refusal::UnknownAccount)?;
        if limit.is_zero() {
            return Err(Refusal::BadQty { qty: limit });
        }
        if owner.groups >= MAX_GROUPS {
            return Err(Refusal::TooMany("order groups"));
        }
        let id = u32::try_from(self.groups.len()).ok().ok_or(Refusal::TooMany("order groups"))?;
        owner.groups += 1;
        self.groups.push(Group::new(account, limit));
        out.event(Event::GroupChanged { group: GroupId(id), account, change: GroupChange::Created });
        Ok(Reply::Group(GroupId(id)))
    }

    fn change_group(
        &mut self,
        account: AccountId,
        group: GroupId,
        change: GroupCommand,
        out: &mut impl EventSink,
    ) -> Result<Reply, Refusal> {
        let now = self.now;
        let it = self
            .groups
            .get_mut(group.0 as usize)
            .filter(|it| it.account == account && !it.deleted)
            .ok_or(Refusal::UnknownGroup)?;
        match change {
            GroupCommand::Reset => {
                it.reset();
                out.event(Event::GroupChanged { group, account, change: GroupChange::Reset });
            }
            GroupCommand::Trigger => self.trigger_group(group, out),
            GroupCommand::SetLimit(limit) => {
                if limit.is_zero() {
                    return Err(Refusal::BadQty { qty: limit });
                }
                it.limit = limit;
                let exceeded = it.filled(now) > limit;
                out.event(Event::GroupChanged { group, account, change: GroupChange::Limit(limit) });
                if exceeded {
                    self.trigger_group(group, out);
                }
            }
            GroupCommand::Delete => {
                it.deleted = true;
                self.accounts[account.0 as usize].groups -= 1;
                self.cancel_group(group, out);
                out.event(Event::GroupChanged { group, account, change: GroupChange::Deleted });
            }
        }
        Ok(Reply::Done)
    }

    /// Cancels a group's orders and takes no new ones until it is reset.
    pub(crate) fn trigger_group(&mut self, group: GroupId, out: &mut impl EventSink) {
        let it = &mut self.groups[group.0 as usize];
        it.triggered = true;
        let account = it.account;
        out.event(Event::GroupChanged { group, account, change: GroupChange::Triggered });
        self.cancel_group(group, out);
    }

    fn cancel_group(&mut self, group: GroupId, out: &mut impl EventSink) {
        for order in std::mem::take(&mut self.groups[group.0 as usize].orders) {
            if self.is_resting(order) {
                self.end_resting(order.slot(), EndReason::Group, out);
            }
        }
    }

    /// Whether the order is live and in a book. An order that is taking right now is live with nothing in a book.
    pub(crate) fn is_resting(&self, order: OrderId) -> bool {
        self.slab.rests(order.slot(), order.generation())
    }

    /// What few orders have, of the order in `slot`.
    pub(crate) fn extra(&self, slot: u32) -> &Extra {
        if self.slab.data(slot).has_extra { &self.extras[slot as usize] } else { &NO_EXTRA }
    }

    /// Sets what few orders have.
    pub(crate) fn set_extra(&mut self, slot: u32, extra: Extra) {
        self.slab.data_mut(slot).has_extra = extra != NO_EXTRA;
        if extra != NO_EXTRA {
            if self.extras.len() <= slot as usize {
                self.extras.resize(slot as usize + 1, Extra::default());
            }
            self.extras[slot as usize] = extra;
        }
    }

    pub(crate) fn set_timer(&mut self, at: Timestamp, timer: Timer) {
        self.timers_set += 1;
        self.timers.insert((at, self.timers_set), timer);
    }

    pub(crate) fn order_id(&self, slot: u32) -> OrderId {
        OrderId::new(slot, self.slab.generation(slot))
    }

    /// Time of the last command or of the last thing that was due.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When something is due next. The caller then applies [`Command::Tick`]; it may find that nothing happens, as a
    /// timer of something that ended early still rings.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Whether anything works, and whether orders are taken.
    pub fn active(&self) -> (bool, bool) {
        (self.active, self.trading_active)
    }

    /// One account.
    pub fn account(&self, account: AccountId) -> Option<AccountView> {
        let it = self.accounts.get(account.0 as usize)?;
        Some(AccountView { cash: it.cash, held: it.held, available: it.available(), precision: it.precision })
    }

    /// One market.
    pub fn market(&self, market: MarketId) -> Option<MarketView<'_>> {
        let it = self.markets.get(market.0 as usize)?;
        Some(MarketView {
            status: it.status,
            result: it.result,
            grid: it.grid(),
            size_step: it.size_step,
            open_time: it.open_time,
            close_time: it.close_time,
            fees: it.fees,
            fee_waiver_until: it.fee_waiver_until,
            settlement_floor: it.settlement_floor,
            open_interest: it.open_interest,
            escrow: it.escrow,
        })
    }

    /// Levels of one side of a market, best first; none for an unknown market.
    pub fn levels(&self, market: MarketId, side: BookSide) -> impl Iterator<Item = (Price, Qty)> + '_ {
        self.markets.get(market.0 as usize).into_iter().flat_map(move |market| market.book.levels(side))
    }

    /// A live order.
    pub fn order(&self, order: OrderId) -> Option<OrderView<'_>> {
        let slot = order.slot();
        if !self.slab.holds(slot, order.generation()) {
            return None;
        }
        let (data, extra) = (self.slab.data(slot), self.extra(slot));
        Some(OrderView {
            account: data.account,
            market: data.market,
            side: self.slab.side(slot),
            price: self.slab.price(slot),
            total: data.filled.checked_add(self.slab.qty(slot)).expect(FITS),
            filled: data.filled,
            remaining: self.slab.qty(slot),
            expires: extra.expires,
            group: extra.group,
            client_order_id: extra.client_order_id.as_ref(),
            self_trade_prevention: data.self_trade_prevention,
            cancel_on_pause: data.cancel_on_pause,
        })
    }

    /// Contracts that trade before a resting order: better prices and earlier orders at its own.
    pub fn queue_ahead(&self, order: OrderId) -> Option<Qty> {
        let slot = order.slot();
        if !self.slab.holds(slot, order.generation()) {
            return None;
        }
        let (side, price) = (self.slab.side(slot), self.slab.price(slot));
        let book = &self.markets[self.slab.data(slot).market.0 as usize].book;
        let better = book.levels(side).take_while(|(at, _)| *at != price).map(|(_, qty)| qty);
        better.chain([book.ahead_at_level(&self.slab, slot)]).try_fold(Qty::ZERO, Qty::checked_add)
    }

    /// The resting orders of one account on one side of a market, in the order in which they trade, each with the
    /// contracts that trade before it: what [`Exchange::queue_ahead`] says of each, in one pass that ends at the last.
    pub fn queue_positions(&self, account: AccountId, market: MarketId, side: BookSide) -> Vec<(OrderId, Qty)> {
        let Some(position) = self.position(account, market) else { return Vec::new() };
        let mut own = if side == BookSide::Bid { position.resting_bids } else { position.resting_asks };
        let (mut found, mut ahead) = (Vec::new(), Qty::ZERO);
        for slot in self.markets[market.0 as usize].book.orders(&self.slab, side) {
            if own.is_zero() {
                break;
            }
            let qty = self.slab.qty(slot);
            if self.slab.data(slot).account == account {
                found.push((self.order_id(slot), ahead));
                own = own.saturating_sub(qty);
            }
            // Levels are bounded one by one, a side is not; the sum informs only.
            ahead = ahead.checked_add(qty).unwrap_or(Qty::MAX);
        }
        found
    }

    /// One account's position in one market, once it had an order there.
    pub fn position(&self, account: AccountId, market: MarketId) -> Option<PositionView> {
        let index = self.markets.get(market.0 as usize)?.position(account)?;
        Some(self.position_view(index))
    }

    /// All positions of an account, in the order in which it first had an order in each market.
    pub fn positions(&self, account: AccountId) -> impl Iterator<Item = (MarketId, PositionView)> + '_ {
        self.accounts
            .get(account.0 as usize)
            .into_iter()
            .flat_map(|account| &account.positions)
            .map(|index| (self.positions[*index as usize].market, self.position_view(*index)))
    }

    /// One order group, until it is deleted.
    pub fn group(&self, group: GroupId) -> Option<GroupView> {
        let it = self.groups.get(group.0 as usize).filter(|it| !it.deleted)?;
        Some(GroupView { account: it.account, limit: it.limit, triggered: it.triggered })
    }

    /// Resting orders of a group, in the order in which they joined.
    pub fn group_orders(&self, group: GroupId) -> impl Iterator<Item = OrderId> + '_ {
        let orders = self.groups.get(group.0 as usize).filter(|it| !it.deleted).map(|it| it.orders.as_slice());
        orders.unwrap_or_default().iter().copied().filter(|order| self.is_resting(*order))
    }

    /// Resting orders of an account, by slot: a fixed order, though not one of time.
    pub fn orders(&self, account: AccountId) -> impl Iterator<Item = OrderId> + '_ {
        self.slab.live().filter(move |slot| self.slab.data(*slot).account == account).map(|slot| self.order_id(slot))
    }

    /// Number of live orders.
    pub fn order_count(&self) -> usize {
        self.slab.len()
    }

    /// Sums of all money.
    pub fn ledger(&self) -> Ledger {
        self.ledger
    }

    fn position_view(&self, index: u32) -> PositionView {
        let (position, history) = (&self.positions[index as usize], &self.histories[index as usize]);
        PositionView {
            position: position.qty,
            cost: history.cost,
            realized_pnl: history.realized,
            fees_paid: history.fees,
            traded: history.traded,
            resting_bids: position.bids.qty,
            resting_asks: position.asks.qty,
            held: position.held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_order_touches_fits_a_cache_line() {
        assert_eq!(size_of::<OrderData>(), 40, "with the book's 24 bytes an order is one line");
        assert_eq!(size_of::<Position>(), 64);
    }
}
