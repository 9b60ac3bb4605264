//! A second exchange core, slow and plain, that says what the real one must answer.
//!
//! Written from the reference (sections 7, 8, 10, 11 and 12.1, 2026-11-20) and the documentation of the commands, events
//! and refusals. It keeps logs and live orders only and works everything else out anew whenever asked: queues by sorting,
//! cash and positions by adding up an account's log, held cash by walking the orders, fees in 128 bits straight from the
//! formula. It shares no code with the core but the vocabulary.
//!
//! Orders are named by the number of the step that placed them. It reports every event but [`Event::LevelChanged`].

mod life;

use std::collections::{BTreeMap, BTreeSet};

use brier_kalshi_protocol::fees::{BalancePrecision, FeeMultiplier, FeeSchedule, FeeType};
use brier_matching::{
    AccountId, AmendOrder, ChangeReason, Command, Decrease, EndReason, Event, ExpiryChange, FillSide, GroupChange,
    GroupCommand, GroupId, MAX_ORDER_QTY, MarketChange, MarketCommand, MarketId, MarketSpec, OrderId, PlaceOrder,
    Placed, Refusal, Reply, Settlement, Trade, TradeNo,
};
use brier_types::{
    BookSide, MarketResult, MarketStatus, Money, Price, Qty, SelfTradePrevention, SignedQty, TimeInForce, Timestamp,
};

/// Every schedule the tests use, with what it was made of: a schedule itself does not tell.
pub(crate) const SCHEDULES: [(FeeType, u32); 8] = [
    (FeeType::Quadratic, 1_000_000),
    (FeeType::QuadraticWithMakerFees, 1_000_000),
    (FeeType::QuadraticWithComboMakerFees, 1_000_000),
    (FeeType::Quadratic, 500_000),
    (FeeType::QuadraticWithMakerFees, 500_000),
    (FeeType::QuadraticWithMakerFees, 10_000_000),
    (FeeType::Quadratic, 1_234_567),
    (FeeType::Quadratic, 0),
];

pub(crate) fn schedule((fee_type, multiplier): (FeeType, u32)) -> FeeSchedule {
    FeeSchedule::new(fee_type, FeeMultiplier::from_micros(multiplier).unwrap())
}

/// One line of an account's log.
#[derive(Clone, Debug)]
enum Entry {
    Funded(i128),
    Filled { market: MarketId, side: BookSide, price: u128, qty: i128, revenue: i128, fee: i128 },
    Paid { market: MarketId, gross: i128, fee: i128 },
}

#[derive(Clone, Debug)]
struct Account {
    precision: BalancePrecision,
    log: Vec<Entry>,
    groups: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub spec: MarketSpec,
    pub status: MarketStatus,
    pub result: Option<MarketResult>,
    pub floor: Option<Price>,
    /// Due times with the moment, in steps of state, at which each was set: ties go to the earlier.
    opens: Option<(Timestamp, u64)>,
    closes: Option<(Timestamp, u64)>,
    pays: Option<(Timestamp, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub place: PlaceOrder,
    pub price: Price,
    pub open: i128,
    pub filled: i128,
    pub reserved: i128,
    pub owed: i128,
    pub expires: Option<Timestamp>,
    /// When it joined its queue; nothing while it takes.
    pub queued: Option<u64>,
    expiries_set: Vec<(Timestamp, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub account: AccountId,
    pub limit: Qty,
    pub triggered: bool,
    pub deleted: bool,
    fills: Vec<(Timestamp, i128)>,
}

/// A position as worked out from the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stake {
    pub qty: i128,
    pub cost: i128,
    pub realized: i128,
    pub fees: i128,
    pub traded: i128,
    pub held: i128,
    pub bids: i128,
    pub asks: i128,
}

#[derive(Clone, Debug)]
pub(crate) struct Naive {
    now: Timestamp,
    exchange_on: bool,
    trading_on: bool,
    accounts: Vec<Account>,
    pub(crate) markets: Vec<Market>,
    pub(crate) orders: BTreeMap<u64, Order>,
    pub(crate) groups: Vec<Group>,
    clock: u64,
    trades: u64,
    fee_dust: i128,
    spent: BTreeSet<(AccountId, String)>,
    pub(crate) events: Vec<Event>,
}

enum Due {
    Open(MarketId),
    Close(MarketId),
    Pay(MarketId),
    Expire(u64),
}

fn micros(qty: Qty) -> i128 {
    i128::from(qty.micros())
}

fn qty(micros: i128) -> Qty {
    Qty::from_micros(u64::try_from(micros).unwrap()).unwrap()
}

fn signed(micros: i128) -> SignedQty {
    SignedQty::from_micros(i64::try_from(micros).unwrap()).unwrap()
}

fn money(micros: i128) -> Money {
    Money::from_micros(i64::try_from(micros).unwrap())
}

/// Price times quantity in $1e-6, rounded down.
fn value(pips: u128, qty: i128) -> i128 {
    pips as i128 * qty / 10_000
}

fn ceil_div(a: i128, b: i128) -> i128 {
    (a + b - 1) / b
}

/// The formula of section 10.1: coefficient × m × C × P × (1 − P), up to $0.0001, in $1e-6.
fn formula(coefficient: i128, multiplier: u32, pips: u128, qty: i128) -> i128 {
    let exact = coefficient * i128::from(multiplier) * qty * (pips * (10_000 - pips)) as i128;
    // 1e-4 (coefficient) × 1e-6 (multiplier) × 1e-6 (contracts) × 1e-8 (prices) = 1e-24 dollars; a step is 1e-4.
    ceil_div(exact, 10_i128.pow(20)) * 100
}

fn coefficients(schedule_in: FeeSchedule) -> (i128, i128, u32) {
    let (fee_type, multiplier) =
        SCHEDULES.into_iter().find(|entry| schedule(*entry) == schedule_in).expect("tests use listed schedules only");
    let maker = match fee_type {
        FeeType::Quadratic => 0,
        FeeType::QuadraticWithMakerFees => 175,
        FeeType::QuadraticWithComboMakerFees => 350,
    };
    (700, maker, multiplier)
}

fn crosses(taker: BookSide, limit: Price, resting: Price) -> bool {
    if taker == BookSide::Bid { resting <= limit } else { resting >= limit }
}

impl Naive {
    pub(crate) fn new() -> Self {
        Self {
            now: Timestamp::from_nanos(i64::MIN),
            exchange_on: true,
            trading_on: true,
            accounts: Vec::new(),
            markets: Vec::new(),
            orders: BTreeMap::new(),
            groups: Vec::new(),
            clock: 0,
            trades: 0,
            fee_dust: 0,
            spent: BTreeSet::new(),
            events: Vec::new(),
        }
    }

    pub(crate) fn apply(&mut self, now: Timestamp, step: u64, command: &Command) -> Result<Reply, Refusal> {
        self.events.clear();
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= now) {
            self.now = self.now.max(at);
            self.happen(&due);
        }
        self.now = now;
        match command {
            Command::Tick => Ok(Reply::Done),
            Command::OpenAccount { precision } => {
                self.accounts.push(Account { precision: *precision, log: Vec::new(), groups: 0 });
                Ok(Reply::Account(AccountId(self.accounts.len() as u32 - 1)))
            }
            Command::Fund { account, amount } => self.fund(*account, *amount),
            Command::CreateMarket(spec) => self.list(spec),
            Command::ChangeMarket { market, change } => self.change(*market, change),
            Command::SetActive { exchange, trading } => {
                if self.trading_is_on().is_ok() && !(*exchange && *trading) {
                    let pausing: Vec<u64> = self
                        .orders
                        .iter()
                        .filter(|(_, order)| order.place.cancel_on_pause)
                        .map(|(id, _)| *id)
                        .collect();
                    for id in pausing {
                        self.end(id, EndReason::Halt, 0);
                    }
                }
                (self.exchange_on, self.trading_on) = (*exchange, *trading);
                self.events.push(Event::ActiveChanged { exchange: *exchange, trading: *trading });
                Ok(Reply::Done)
            }
            Command::Place(order) => self.place(step, order).map(Reply::Placed),
            Command::Amend(amend) => self.amend(amend).map(Reply::Placed),
            Command::Decrease { account, order, by } => self.decrease(*account, order.to_bits(), *by),
            Command::Cancel { account, order } => {
                self.exchange_is_on()?;
                let open = self.own(*account, order.to_bits())?.open;
                self.market_is_open_for_cancels(order.to_bits())?;
                self.end(order.to_bits(), EndReason::UserCancel, 0);
                Ok(Reply::Canceled(qty(open)))
            }
            Command::CancelAll { account } => {
                self.exchange_is_on()?;
                self.known(*account)?;
                let own: Vec<u64> = self.of_account(*account).collect();
                for id in &own {
                    self.end(*id, EndReason::UserCancel, 0);
                }
                Ok(Reply::CanceledAll(own.len() as u32))
            }
            Command::CreateGroup { account, limit } => {
                self.known(*account)?;
                if limit.is_zero() {
                    return Err(Refusal::BadQty { qty: *limit });
                }
                let group = GroupId(self.groups.len() as u32);
                self.accounts[account.0 as usize].groups += 1;
                self.groups.push(Group {
                    account: *account,
                    limit: *limit,
                    triggered: false,
                    deleted: false,
                    fills: Vec::new(),
                });
                self.events.push(Event::GroupChanged { group, account: *account, change: GroupChange::Created });
                Ok(Reply::Group(group))
            }
            Command::ChangeGroup { account, group, change } => self.change_group(*account, *group, *change),
        }
    }

    // ---- What anyone may ask.

    pub(crate) fn cash(&self, account: AccountId) -> i128 {
        let log = &self.accounts[account.0 as usize].log;
        log.iter()
            .map(|entry| match entry {
                Entry::Funded(amount) => *amount,
                Entry::Filled { revenue, fee, .. } => revenue - fee,
                Entry::Paid { gross, fee, .. } => gross - fee,
            })
            .sum()
    }

    pub(crate) fn held(&self, account: AccountId) -> i128 {
        let markets = (0..self.markets.len() as u32).map(MarketId);
        markets.map(|market| self.hold(account, market, None)).sum()
    }

    pub(crate) fn deposits(&self) -> i128 {
        let entries = self.accounts.iter().flat_map(|account| &account.log);
        entries.map(|entry| if let Entry::Funded(amount) = entry { *amount } else { 0 }).sum()
    }

    pub(crate) fn fees_collected(&self) -> i128 {
        let entries = self.accounts.iter().flat_map(|account| &account.log);
        let fees: i128 = entries
            .map(|entry| match entry {
                Entry::Funded(_) => 0,
                Entry::Filled { fee, .. } | Entry::Paid { fee, .. } => *fee,
            })
            .sum();
        fees + self.fee_dust
    }

    pub(crate) fn account_count(&self) -> u32 {
        self.accounts.len() as u32
    }

    pub(crate) fn precision(&self, account: AccountId) -> BalancePrecision {
        self.accounts[account.0 as usize].precision
    }

    pub(crate) fn fill_count(&self, account: AccountId) -> usize {
        self.accounts[account.0 as usize].log.iter().filter(|entry| matches!(entry, Entry::Filled { .. })).count()
    }

    pub(crate) fn position(&self, account: AccountId, market: MarketId) -> i128 {
        let Some(owner) = self.accounts.get(account.0 as usize) else { return 0 };
        let mut position = 0;
        for entry in &owner.log {
            match entry {
                Entry::Filled { market: at, side, qty, .. } if *at == market => {
                    position += if *side == BookSide::Bid { *qty } else { -qty };
                }
                Entry::Paid { market: at, .. } if *at == market => position = 0,
                Entry::Funded(_) | Entry::Filled { .. } | Entry::Paid { .. } => {}
            }
        }
        position
    }

    /// Pairs of YES and NO that are open.
    pub(crate) fn open_interest(&self, market: MarketId) -> i128 {
        (0..self.account_count()).map(|account| self.position(AccountId(account), market).max(0)).sum()
    }

    pub(crate) fn stake(&self, account: AccountId, market: MarketId) -> Stake {
        let mut stake = Stake { held: self.hold(account, market, None), ..Stake::default() };
        for order in self.orders.values().filter(|order| order.place.account == account && order.place.market == market)
        {
            *(if order.place.side == BookSide::Bid { &mut stake.bids } else { &mut stake.asks }) += order.open;
        }
        for entry in &self.accounts[account.0 as usize].log {
            match entry {
                Entry::Filled { market: at, side, price, qty, revenue, fee } if *at == market => {
                    stake.fees += fee;
                    stake.traded += revenue.abs();
                    let (sign, own) = match side {
                        BookSide::Bid => (1, value(*price, *qty)),
                        BookSide::Ask => (-1, qty - value(*price, *qty)),
                    };
                    let closed = (-sign * stake.qty).clamp(0, *qty);
                    let closed_own = match side {
                        BookSide::Bid => value(*price, closed),
                        BookSide::Ask => closed - value(*price, closed),
                    };
                    if closed > 0 {
                        let cost = stake.cost * closed / stake.qty.abs();
                        stake.cost -= cost;
                        stake.realized += closed - closed_own - cost;
                    }
                    stake.cost += own - closed_own;
                    stake.qty += sign * qty;
                }
                Entry::Paid { market: at, gross, fee } if *at == market => {
                    stake.realized += gross - stake.cost;
                    stake.fees += fee;
                    (stake.cost, stake.qty) = (0, 0);
                }
                Entry::Funded(_) | Entry::Filled { .. } | Entry::Paid { .. } => {}
            }
        }
        stake
    }

    /// Resting orders of a side, by price and then by time.
    pub(crate) fn queue(&self, market: MarketId, side: BookSide) -> Vec<u64> {
        let mut queue: Vec<(i32, u64, u64)> = self
            .orders
            .iter()
            .filter(|(_, order)| order.place.market == market && order.place.side == side)
            .filter_map(|(id, order)| {
                let pips = i32::from(order.price.pips());
                Some((if side == BookSide::Bid { -pips } else { pips }, order.queued?, *id))
            })
            .collect();
        queue.sort_unstable();
        queue.into_iter().map(|(_, _, id)| id).collect()
    }

    pub(crate) fn levels(&self, market: MarketId, side: BookSide) -> Vec<(Price, Qty)> {
        let mut levels: Vec<(Price, i128)> = Vec::new();
        for id in self.queue(market, side) {
            let order = &self.orders[&id];
            match levels.last_mut().filter(|(price, _)| *price == order.price) {
                Some((_, sum)) => *sum += order.open,
                None => levels.push((order.price, order.open)),
            }
        }
        levels.into_iter().map(|(price, sum)| (price, qty(sum))).collect()
    }

    pub(crate) fn ahead(&self, id: u64) -> Qty {
        let place = &self.orders[&id].place;
        let queue = self.queue(place.market, place.side);
        qty(queue.iter().take_while(|other| **other != id).map(|other| self.orders[other].open).sum())
    }

    pub(crate) fn active(&self) -> (bool, bool) {
        (self.exchange_on, self.trading_on)
    }

    pub(crate) fn of_group(&self, group: GroupId) -> Vec<u64> {
        self.orders.iter().filter(|(_, order)| order.place.group == Some(group)).map(|(id, _)| *id).collect()
    }

    pub(crate) fn of_account(&self, account: AccountId) -> impl Iterator<Item = u64> + '_ {
        self.orders.iter().filter(move |(_, order)| order.place.account == account).map(|(id, _)| *id)
    }

    // ---- Rules.

    fn exchange_is_on(&self) -> Result<(), Refusal> {
        if self.exchange_on { Ok(()) } else { Err(Refusal::ExchangePaused) }
    }

    fn trading_is_on(&self) -> Result<(), Refusal> {
        self.exchange_is_on()?;
        if self.trading_on { Ok(()) } else { Err(Refusal::TradingPaused) }
    }

    fn known(&self, account: AccountId) -> Result<(), Refusal> {
        if account.0 < self.account_count() { Ok(()) } else { Err(Refusal::UnknownAccount) }
    }

    fn own(&self, account: AccountId, id: u64) -> Result<&Order, Refusal> {
        self.orders.get(&id).filter(|order| order.place.account == account).ok_or(Refusal::UnknownOrder)
    }

    fn market_is_open_for_cancels(&self, id: u64) -> Result<(), Refusal> {
        match self.markets[self.orders[&id].place.market.0 as usize].status {
            MarketStatus::Active | MarketStatus::Inactive => Ok(()),
            status => Err(Refusal::MarketInactive { status }),
        }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Taker and maker fee of a fill now.
    fn fees(&self, market: MarketId, price: Price, qty: i128) -> (i128, i128) {
        let waiver = self.markets[market.0 as usize].spec.fee_waiver_until;
        if waiver.is_some_and(|until| self.now < until) { (0, 0) } else { self.full_fees(market, price, qty) }
    }

    /// The same without a holiday.
    fn full_fees(&self, market: MarketId, price: Price, qty: i128) -> (i128, i128) {
        let (taker, maker, multiplier) = coefficients(self.markets[market.0 as usize].spec.fees);
        let pips = u128::from(price.pips());
        (formula(taker, multiplier, pips, qty), formula(maker, multiplier, pips, qty))
    }

    /// The step of an account's balance.
    pub(crate) fn step(&self, account: AccountId) -> i128 {
        if self.precision(account) == BalancePrecision::Cent { 10_000 } else { 100 }
    }

    /// Price times count and the largest taker fee (section 8.3), up to the balance's step; a holiday counts only for an order that cannot outlive
    /// it because it does not rest.
    pub(crate) fn reservation(&self, place: &PlaceOrder, price: Price, qty: i128) -> i128 {
        let paid = if place.side == BookSide::Bid { price } else { price.complement() };
        let fee = match place.time_in_force {
            TimeInForce::Ioc | TimeInForce::Fok => self.fees(place.market, price, qty).0,
            TimeInForce::Gtc | TimeInForce::Gtd(_) => self.full_fees(place.market, price, qty).0,
        };
        let step = self.step(place.account);
        ceil_div(ceil_div(i128::from(paid.pips()) * qty, 10_000) + fee, step) * step
    }

    /// Orders reserve by the new fees; accounts that cannot pay for that lose their youngest orders in the market.
    fn new_fees(&mut self, market: MarketId, fees: FeeSchedule) {
        let accounts: Vec<AccountId> = (0..self.account_count()).map(AccountId).collect();
        let before: Vec<i128> = accounts.iter().map(|account| self.hold(*account, market, None)).collect();
        self.markets[market.0 as usize].spec.fees = fees;
        let resting: Vec<u64> =
            self.orders.keys().copied().filter(|id| self.orders[id].place.market == market).collect();
        for id in &resting {
            let order = &self.orders[id];
            let reserved = self.reservation(&order.place, order.price, order.open);
            self.orders.get_mut(id).unwrap().reserved = reserved;
        }
        for (account, before) in accounts.into_iter().zip(before) {
            let rose = self.hold(account, market, None) > before;
            while rose && self.cash(account) - self.held(account) < 0 {
                let Some(youngest) = self.of_account(account).filter(|id| resting.contains(id)).last() else { break };
                self.end(youngest, EndReason::Margin, 0);
            }
        }
    }

    fn closable(&self, account: AccountId, market: MarketId, side: BookSide) -> i128 {
        let position = self.position(account, market);
        if side == BookSide::Bid { (-position).max(0) } else { position.max(0) }
    }

    /// Cash held in one market: on each side the contracts beyond those that close, at the side's average reservation;
    /// an order counts for a dollar a contract there, and what rounding adds to that is always held.
    /// `instead` names an order left out and what would rest in its place.
    fn hold(&self, account: AccountId, market: MarketId, instead: Option<(Option<u64>, BookSide, i128, i128)>) -> i128 {
        let mut held = 0;
        for side in [BookSide::Bid, BookSide::Ask] {
            let (mut count, mut reserved) = (0, 0);
            let mut add = |open: i128, all: i128| {
                count += open;
                reserved += all.min(open);
                held += all - all.min(open);
            };
            for (id, order) in &self.orders {
                let here = order.place.account == account && order.place.market == market && order.place.side == side;
                if here && order.queued.is_some() && instead.is_none_or(|(out, ..)| out != Some(*id)) {
                    add(order.open, order.reserved);
                }
            }
            if let Some((_, _, open, more)) = instead.filter(|(_, at, ..)| *at == side) {
                add(open, more);
            }
            let opening = (count - self.closable(account, market, side)).max(0);
            if opening > 0 {
                held += ceil_div(reserved * opening, count);
            }
        }
        held
    }

    fn afford(
        &self,
        account: AccountId,
        market: MarketId,
        instead: (Option<u64>, BookSide, i128, i128),
    ) -> Result<(), Refusal> {
        let needed = self.hold(account, market, Some(instead)) - self.hold(account, market, None);
        let available = self.cash(account) - self.held(account);
        if needed > 0 && needed > available {
            return Err(Refusal::InsufficientBalance { needed: money(needed), available: money(available) });
        }
        Ok(())
    }

    fn fund(&mut self, account: AccountId, amount: Money) -> Result<Reply, Refusal> {
        self.known(account)?;
        let (micros, available) = (i128::from(amount.micros()), self.cash(account) - self.held(account));
        if micros.abs() > 10_i128.pow(18) {
            return Err(Refusal::BadAmount(amount));
        }
        if micros < 0 && available + micros < 0 {
            return Err(Refusal::InsufficientBalance { needed: money(-micros), available: money(available) });
        }
        self.accounts[account.0 as usize].log.push(Entry::Funded(micros));
        self.events.push(Event::Funded { account, amount });
        Ok(Reply::Done)
    }

    fn good_qty(&self, market: MarketId, wanted: Qty) -> Result<(), Refusal> {
        let step = self.markets[market.0 as usize].spec.size_step.micros();
        let fine = !wanted.is_zero() && wanted <= MAX_ORDER_QTY && wanted.micros().is_multiple_of(step);
        if fine { Ok(()) } else { Err(Refusal::BadQty { qty: wanted }) }
    }

    fn place(&mut self, id: u64, order: &PlaceOrder) -> Result<Placed, Refusal> {
        self.may_place(order)?;
        let PlaceOrder { account, market, side, price, .. } = *order;
        let closable = self.closable(account, market, side);
        let asked = micros(order.qty);
        let open = if order.reduce_only { asked.min(closable) } else { asked };
        self.afford(account, market, (None, side, open, self.reservation(order, price, open)))?;
        if let Some(name) = &order.client_order_id {
            let killed = order.time_in_force == TimeInForce::Fok && !self.fills_whole_or_meets_itself(order);
            self.spent.insert((account, name.to_string()));
            if killed {
                return Err(Refusal::FillOrKillVolume);
            }
        } else if order.time_in_force == TimeInForce::Fok && !self.fills_whole_or_meets_itself(order) {
            return Err(Refusal::FillOrKillVolume);
        }
        let expires = if let TimeInForce::Gtd(at) = order.time_in_force { Some(at) } else { None };
        self.orders.insert(
            id,
            Order {
                place: order.clone(),
                price,
                open,
                filled: 0,
                reserved: 0,
                owed: 0,
                expires,
                queued: None,
                expiries_set: Vec::new(),
            },
        );
        let named = OrderId::from_bits(id);
        self.events.push(Event::OrderAccepted { order: named, account, market, side, price, qty: order.qty });
        let capped = asked - open;
        let rest = match order.time_in_force {
            TimeInForce::Gtc | TimeInForce::Gtd(_) => None,
            TimeInForce::Ioc if capped > 0 => Some(EndReason::ReduceOnly),
            TimeInForce::Ioc => Some(EndReason::ImmediateOrCancel),
            TimeInForce::Fok => Some(EndReason::FillOrKill),
        };
        let placed = self.work(id, capped, rest);
        if let (Some(at), None) = (expires, placed.end) {
            let set = self.tick();
            self.orders.get_mut(&id).unwrap().expiries_set.push((at, set));
        }
        Ok(placed)
    }

    fn may_place(&self, order: &PlaceOrder) -> Result<(), Refusal> {
        self.trading_is_on()?;
        self.known(order.account)?;
        if order.client_order_id.as_ref().is_some_and(|id| self.spent.contains(&(order.account, id.to_string()))) {
            return Err(Refusal::DuplicateClientOrderId);
        }
        let market = self.markets.get(order.market.0 as usize).ok_or(Refusal::UnknownMarket)?;
        if market.status != MarketStatus::Active {
            return Err(Refusal::MarketInactive { status: market.status });
        }
        if !on_grid(market, order.price) {
            return Err(Refusal::PriceOffGrid { price: order.price });
        }
        above_floor(market, order.price)?;
        self.good_qty(order.market, order.qty)?;
        if matches!(order.time_in_force, TimeInForce::Gtd(at) if at <= self.now) {
            return Err(Refusal::ExpiryInPast);
        }
        if order.post_only && matches!(order.time_in_force, TimeInForce::Ioc | TimeInForce::Fok) {
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
        if order.post_only && self.best_against(order.market, order.side, order.price).is_some() {
            return Err(Refusal::PostOnlyCross);
        }
        Ok(())
    }

    fn best_against(&self, market: MarketId, side: BookSide, limit: Price) -> Option<u64> {
        let best = *self.queue(market, side.opposite()).first()?;
        Some(best).filter(|id| crosses(side, limit, self.orders[id].price))
    }

    fn fills_whole_or_meets_itself(&self, order: &PlaceOrder) -> bool {
        let mut wanted = micros(order.qty);
        for id in self.queue(order.market, order.side.opposite()) {
            let other = &self.orders[&id];
            if !crosses(order.side, order.price, other.price) {
                return false;
            }
            wanted -= other.open;
            let itself = order.self_trade_prevention.is_some() && other.place.account == order.account;
            if itself || wanted <= 0 {
                return true;
            }
        }
        false
    }

    /// Matches an order, then lets the remainder rest or ends it.
    fn work(&mut self, id: u64, capped: i128, rest: Option<EndReason>) -> Placed {
        let (mut got, mut cost, mut paid, mut stopped) = (0, 0, 0, None);
        let PlaceOrder { account, market, side, group, self_trade_prevention, .. } = self.orders[&id].place.clone();
        let limit = self.orders[&id].price;
        while self.orders[&id].open > 0 && stopped.is_none() {
            let Some(other) = self.best_against(market, side, limit) else { break };
            if let Some(prevention) = self_trade_prevention
                && self.orders[&other].place.account == account
            {
                match prevention {
                    SelfTradePrevention::TakerAtCross => stopped = Some(EndReason::SelfTrade),
                    SelfTradePrevention::Maker => self.end(other, EndReason::SelfTrade, 0),
                }
                continue;
            }
            let count = self.orders[&id].open.min(self.orders[&other].open);
            let price = self.orders[&other].price;
            let maker_group = self.orders[&other].place.group;
            paid += self.trade(id, other, price, count);
            got += count;
            cost += value(u128::from(price.pips()), count);
            for group in [maker_group, group].into_iter().flatten() {
                let now = self.now;
                let it = &mut self.groups[group.0 as usize];
                it.fills.push((now, count));
                if !it.triggered
                    && !it.deleted
                    && self.filled_lately(group) > micros(self.groups[group.0 as usize].limit)
                {
                    self.trigger(group);
                }
            }
            if group.is_some_and(|group| self.groups[group.0 as usize].triggered) && self.orders[&id].open > 0 {
                stopped = Some(EndReason::Group);
            }
        }
        let (open, filled) = (self.orders[&id].open, self.orders[&id].filled);
        let end = if open + capped == 0 { Some(EndReason::Filled) } else { stopped.or(rest) };
        // A reduce-only order without a position never looked at the book.
        match end {
            Some(reason) => self.end(id, reason, capped),
            None => self.join_queue(id),
        }
        Placed {
            order: OrderId::from_bits(id),
            filled: qty(filled),
            remaining: qty(if end.is_none() { open } else { 0 }),
            filled_now: qty(got),
            cost_now: money(cost),
            fees_now: money(paid),
            end,
        }
    }

    fn join_queue(&mut self, id: u64) {
        let (price, open) = (self.orders[&id].price, self.orders[&id].open);
        let reserved = self.reservation(&self.orders[&id].place, price, open);
        let queued = Some(self.tick());
        let order = self.orders.get_mut(&id).unwrap();
        (order.queued, order.reserved) = (queued, reserved);
    }

    /// What a smaller remainder reserves.
    fn lower_reservation(&mut self, id: u64) {
        let order = &self.orders[&id];
        let lower = self.reservation(&order.place, order.price, order.open);
        self.orders.get_mut(&id).unwrap().reserved = lower;
    }

    fn trade(&mut self, taker: u64, maker: u64, price: Price, count: i128) -> i128 {
        let market = self.orders[&taker].place.market;
        let (taker_fee, maker_fee) = self.fees(market, price, count);
        let mut sides = Vec::new();
        for (id, trade_fee) in [(taker, taker_fee), (maker, maker_fee)] {
            let PlaceOrder { account, side, .. } = self.orders[&id].place;
            let closed = self.closable(account, market, side).min(count);
            let pips = u128::from(price.pips());
            let own = if side == BookSide::Bid { value(pips, count) } else { count - value(pips, count) };
            let revenue = closed - own;
            let step = self.step(account);
            let change = revenue - trade_fee;
            let rounding = change.rem_euclid(step);
            let order = self.orders.get_mut(&id).unwrap();
            order.open -= count;
            order.filled += count;
            order.owed += rounding;
            let rebate = if order.owed > 10_000 { 10_000 } else { 0 };
            order.owed -= rebate;
            let fee = (trade_fee + rounding - rebate).max(0);
            let remaining = qty(order.open);
            self.accounts[account.0 as usize].log.push(Entry::Filled {
                market,
                side,
                price: pips,
                qty: count,
                revenue,
                fee,
            });
            sides.push(FillSide {
                order: OrderId::from_bits(id),
                account,
                fee: money(fee),
                revenue: money(revenue),
                position: signed(self.position(account, market)),
                remaining,
            });
        }
        self.lower_reservation(maker);
        self.trades += 1;
        self.events.push(Event::Trade(Trade {
            no: TradeNo(self.trades),
            market,
            price,
            qty: qty(count),
            taker_side: self.orders[&taker].place.side,
            taker: sides[0],
            maker: sides[1],
        }));
        if self.orders[&maker].open == 0 {
            self.end(maker, EndReason::Filled, 0);
        }
        i128::from(sides[0].fee.micros())
    }

    fn end(&mut self, id: u64, reason: EndReason, capped: i128) {
        let order = self.orders.remove(&id).expect("only live orders end");
        self.events.push(Event::OrderEnded {
            order: OrderId::from_bits(id),
            account: order.place.account,
            market: order.place.market,
            canceled: qty(order.open + capped),
            reason,
        });
    }

    fn decrease(&mut self, account: AccountId, id: u64, by: Decrease) -> Result<Reply, Refusal> {
        self.exchange_is_on()?;
        let open = self.own(account, id)?.open;
        self.market_is_open_for_cancels(id)?;
        let (named, left) = match by {
            Decrease::By(less) => (less, open - micros(less)),
            Decrease::To(left) => (left, micros(left)),
        };
        let step = micros(self.markets[self.orders[&id].place.market.0 as usize].spec.size_step);
        if left < 0 || left >= open || (open - left) % step != 0 {
            return Err(Refusal::BadQty { qty: named });
        }
        if left == 0 {
            self.end(id, EndReason::Decrease, 0);
        } else {
            self.orders.get_mut(&id).unwrap().open = left;
            self.lower_reservation(id);
            self.report(id, ChangeReason::Decrease);
        }
        Ok(Reply::Remaining(qty(left)))
    }

    fn report(&mut self, id: u64, reason: ChangeReason) {
        let order = &self.orders[&id];
        self.events.push(Event::OrderChanged {
            order: OrderId::from_bits(id),
            account: order.place.account,
            price: order.price,
            total: qty(order.filled + order.open),
            remaining: qty(order.open),
            expires: order.expires,
            reason,
        });
    }

    fn amend(&mut self, amend: &AmendOrder) -> Result<Placed, Refusal> {
        let id = amend.order.to_bits();
        self.trading_is_on()?;
        let order = self.own(amend.account, id)?.clone();
        if order.place.market != amend.market {
            return Err(Refusal::AmendMismatch("ticker"));
        }
        if order.place.side != amend.side {
            return Err(Refusal::AmendMismatch("side"));
        }
        if amend.client_order_id.is_some() && amend.client_order_id != order.place.client_order_id {
            return Err(Refusal::AmendMismatch("client order id"));
        }
        if let Some(name) = &amend.new_client_order_id
            && amend.new_client_order_id != order.place.client_order_id
            && self.spent.contains(&(amend.account, name.to_string()))
        {
            return Err(Refusal::DuplicateClientOrderId);
        }
        let market = &self.markets[amend.market.0 as usize];
        if market.status != MarketStatus::Active {
            return Err(Refusal::MarketInactive { status: market.status });
        }
        let repriced = amend.price != order.price;
        if repriced && !on_grid(market, amend.price) {
            return Err(Refusal::PriceOffGrid { price: amend.price });
        }
        above_floor(market, amend.price)?;
        self.good_qty(amend.market, amend.total)?;
        let open = micros(amend.total) - order.filled;
        if open < 0 {
            return Err(Refusal::BadQty { qty: amend.total });
        }
        let expires = match amend.expiry {
            ExpiryChange::Keep => order.expires,
            ExpiryChange::Clear => None,
            ExpiryChange::Set(at) if at <= self.now => return Err(Refusal::ExpiryInPast),
            ExpiryChange::Set(at) => Some(at),
        };
        if repriced && order.place.post_only && self.best_against(amend.market, amend.side, amend.price).is_some() {
            return Err(Refusal::PostOnlyCross);
        }
        let keeps_place = !repriced && open <= order.open;
        if !keeps_place && open > 0 {
            let reserved = self.reservation(&order.place, amend.price, open);
            self.afford(amend.account, amend.market, (Some(id), amend.side, open, reserved))?;
        }
        if let Some(name) = &amend.new_client_order_id {
            self.spent.insert((amend.account, name.to_string()));
            self.orders.get_mut(&id).unwrap().place.client_order_id = Some(name.clone());
        }
        if expires != order.expires {
            let set = self.tick();
            let it = self.orders.get_mut(&id).unwrap();
            it.expires = expires;
            it.expiries_set.extend(expires.map(|at| (at, set)));
        }
        let still = Placed {
            order: amend.order,
            filled: qty(order.filled),
            remaining: qty(open),
            filled_now: Qty::ZERO,
            cost_now: Money::ZERO,
            fees_now: Money::ZERO,
            end: None,
        };
        if open == 0 {
            self.end(id, EndReason::Amend, 0);
            return Ok(Placed { end: Some(EndReason::Amend), ..still });
        }
        let it = self.orders.get_mut(&id).unwrap();
        it.open = open;
        if keeps_place {
            if open < order.open {
                self.lower_reservation(id);
            }
            self.report(id, ChangeReason::Amend);
            return Ok(still);
        }
        (it.price, it.queued, it.reserved) = (amend.price, None, 0);
        self.report(id, ChangeReason::Amend);
        Ok(self.work(id, 0, None))
    }
}

/// Orders at or below the floor are canceled when it rises (section 7), so none is taken there either.
fn above_floor(market: &Market, price: Price) -> Result<(), Refusal> {
    match market.floor {
        Some(floor) if price <= floor => Err(Refusal::BelowSettlementFloor { price, floor }),
        _ => Ok(()),
    }
}

/// On a band's grid, and neither 0 nor 1 (section 6.2).
fn on_grid(market: &Market, price: Price) -> bool {
    let pips = price.pips();
    let on = |band: &brier_types::Band| {
        let (start, end, step) = (band.start.pips(), band.end.pips(), band.step.pips());
        start <= pips && pips <= end && (pips - start).is_multiple_of(step)
    };
    pips != 0 && pips != 10_000 && market.spec.grid.bands().iter().any(on)
}
