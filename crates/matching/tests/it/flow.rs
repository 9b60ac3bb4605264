//! Random order flow: commands chosen by a seed, aimed with the naive core's state so that most of them mean something.

use std::time::Duration;

use brier_kalshi_protocol::fees::BalancePrecision;
use brier_matching::{
    AccountId, AmendOrder, Command, Decrease, ExpiryChange, GroupCommand, GroupId, MarketCommand, MarketId, MarketSpec,
    OrderId, PlaceOrder,
};
use brier_types::{
    Band, BookSide, ClientOrderId, MarketResult, MarketStatus, Money, Price, PriceGrid, Qty, SelfTradePrevention,
    TimeInForce, Timestamp,
};

use crate::naive::{Naive, SCHEDULES, schedule};

/// One command at its time. Orders in it are named by the number of the step that placed them.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub no: u64,
    pub at: Timestamp,
    pub command: Command,
}

/// What a flow leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Everything.
    Full,
    /// Poor accounts, orders of all they have or of very little, fees that change often: the bound on free cash below
    /// zero and cancels for want of cash matter most.
    Poor,
    /// Few prices and accounts, long queues: order of time matters most.
    Queues,
}

/// The generator of Steele, Lea and Flood, 2014: 64 bits of state, one addition and two multiplications a number.
pub(crate) struct Rng(pub u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

pub(crate) fn linear() -> PriceGrid {
    PriceGrid::uniform(Price::new(100).unwrap()).unwrap()
}

pub(crate) fn tapered() -> PriceGrid {
    let band = |start, end, step| Band {
        start: Price::new(start).unwrap(),
        end: Price::new(end).unwrap(),
        step: Price::new(step).unwrap(),
    };
    PriceGrid::new(vec![band(0, 1_000, 10), band(1_000, 9_000, 100), band(9_000, 10_000, 10)]).unwrap()
}

pub(crate) fn centi() -> PriceGrid {
    PriceGrid::uniform(Price::new(1).unwrap()).unwrap()
}

struct Flow {
    rng: Rng,
    profile: Profile,
    naive: Naive,
    now: Timestamp,
    steps: Vec<Step>,
}

/// The flow of a seed: `count` commands after those that set the stage.
pub(crate) fn flow(seed: u64, profile: Profile, count: usize) -> Vec<Step> {
    let start = Timestamp::from_secs(1_000).unwrap();
    let mut flow = Flow { rng: Rng(seed), profile, naive: Naive::new(), now: start, steps: Vec::new() };
    flow.open();
    for _ in 0..count {
        let pause = match flow.rng.below(100) {
            0..60 => 0,
            60..85 => flow.rng.below(1_000_000_000),
            85..97 => flow.rng.below(8) * 1_000_000_000,
            _ => flow.rng.below(40) * 1_000_000_000,
        };
        flow.now = flow.now.plus(Duration::from_nanos(pause));
        let command = flow.command();
        flow.push(command);
    }
    flow.steps
}

impl Flow {
    fn push(&mut self, command: Command) {
        let no = self.steps.len() as u64;
        // Refusals are part of the flow; both cores are compared later.
        self.naive.apply(self.now, no, &command).ok();
        self.steps.push(Step { no, at: self.now, command });
    }

    fn open(&mut self) {
        let accounts = if self.profile == Profile::Queues { 3 } else { 5 };
        for account in (0..accounts).map(AccountId) {
            let cents = self.profile != Profile::Queues && self.rng.chance(40);
            let precision = if cents { BalancePrecision::Cent } else { BalancePrecision::CentiCent };
            self.push(Command::OpenAccount { precision });
            let micros = match self.profile {
                Profile::Full => 20_000_000 + self.rng.below(300_000_000),
                Profile::Poor => 1_000_000 + self.rng.below(9_000_000),
                Profile::Queues => 5_000_000_000,
            };
            self.push(Command::Fund { account, amount: Money::from_micros(micros as i64) });
        }
        for grid in [linear(), tapered()] {
            let spec = self.spec(grid);
            self.push(Command::CreateMarket(MarketSpec { open_time: self.now, ..spec }));
        }
        if self.rng.chance(40) {
            let spec = self.spec(centi());
            self.push(Command::CreateMarket(spec));
        }
    }

    fn secs(&mut self, most: u64) -> Timestamp {
        let whole = self.rng.below(most);
        self.now.plus(Duration::from_secs(whole))
    }

    fn spec(&mut self, grid: PriceGrid) -> MarketSpec {
        let open_time = self.secs(20);
        let size_step = match (self.profile, self.rng.below(10)) {
            (Profile::Full, 0) => Qty::from_contracts(1).unwrap(),
            (Profile::Full | Profile::Poor, 1) => Qty::from_micros(1).unwrap(),
            _ => Qty::HUNDREDTH,
        };
        let fees = self.rng.pick(&SCHEDULES);
        let waiver = self.rng.chance(20);
        MarketSpec {
            grid,
            size_step,
            open_time,
            close_time: open_time.plus(Duration::from_secs(60 + self.rng.below(600))),
            settlement_timer: Duration::from_secs(self.rng.below(30)),
            fees: schedule(fees),
            fee_waiver_until: if waiver { Some(self.secs(300)) } else { None },
        }
    }

    fn account(&mut self) -> AccountId {
        let count = self.naive.account_count();
        AccountId(if self.rng.chance(1) { count + 3 } else { self.rng.below(u64::from(count)) as u32 })
    }

    fn market(&mut self) -> MarketId {
        let count = self.naive.markets.len() as u64;
        if self.rng.chance(1) {
            return MarketId(count as u32 + 1);
        }
        // Trading markets are asked for more often than dead ones.
        for _ in 0..4 {
            let market = self.rng.below(count) as u32;
            if self.naive.markets[market as usize].status == MarketStatus::Active {
                return MarketId(market);
            }
        }
        MarketId(self.rng.below(count) as u32)
    }

    /// Any live order, now and then one that is over or never was.
    fn order(&mut self) -> (AccountId, u64) {
        let live: Vec<(AccountId, u64)> =
            self.naive.orders.iter().map(|(id, order)| (order.place.account, *id)).collect();
        if live.is_empty() || self.rng.chance(4) {
            return (self.account(), self.rng.below(self.steps.len() as u64 + 5));
        }
        let (owner, id) = self.rng.pick(&live);
        if self.rng.chance(3) { (self.account(), id) } else { (owner, id) }
    }

    fn price(&mut self, market: MarketId) -> Price {
        let grid = self.naive.markets.get(market.0 as usize).map_or_else(linear, |market| market.spec.grid.clone());
        let any = Price::new(self.rng.below(10_001) as u16).unwrap();
        match self.rng.below(100) {
            0..2 => any,
            2..6 => grid.floor(any),
            6..14 => grid.floor(Price::new(if self.rng.chance(50) { 9_990 } else { 30 }).unwrap()),
            _ => {
                let width = if self.profile == Profile::Queues { 3 } else { 9 };
                let steps = self.rng.below(width) as i32 - width as i32 / 2;
                let step = if grid == centi() { self.rng.pick(&[1, 7, 100]) } else { 100 };
                let middle = if market.0 == 1 { 1_000 } else { 4_500 };
                grid.floor(Price::new((middle + steps * step).clamp(1, 9_999) as u16).unwrap())
            }
        }
    }

    fn qty(&mut self, market: MarketId) -> Qty {
        let step = self.naive.markets.get(market.0 as usize).map_or(Qty::HUNDREDTH, |market| market.spec.size_step);
        let micros = match self.rng.below(100) {
            0 => 0,
            1 => self.rng.below(20_000_000),
            2 => 2_000_000_000_000_000,
            3..25 => (1 + self.rng.below(150)) * 10_000,
            25..30 => step.micros() * (1 + self.rng.below(40)),
            30..33 => 1_000_000 * self.rng.below(2_000),
            33..80 if self.profile == Profile::Poor => (1 + self.rng.below(20)) * 1_000_000,
            _ if self.profile == Profile::Poor => (1 + self.rng.below(200)) * 10_000,
            _ => (1 + self.rng.below(20)) * 1_000_000,
        };
        Qty::from_micros(micros).unwrap()
    }

    fn side(&mut self) -> BookSide {
        if self.rng.chance(50) { BookSide::Bid } else { BookSide::Ask }
    }

    fn name(&mut self) -> Option<ClientOrderId> {
        let number = self.rng.below(self.steps.len() as u64 + 400);
        self.rng.chance(40).then(|| ClientOrderId::new(&format!("c{number}")).unwrap())
    }

    fn group(&mut self, account: AccountId) -> Option<GroupId> {
        let own: Vec<GroupId> = (0..)
            .map(GroupId)
            .zip(&self.naive.groups)
            .filter(|(_, group)| group.account == account && !group.deleted && !group.triggered)
            .map(|(id, _)| id)
            .collect();
        if own.is_empty() || self.rng.chance(5) {
            let any = GroupId(self.rng.below(self.naive.groups.len() as u64 + 1) as u32);
            return self.rng.chance(5).then_some(any);
        }
        self.rng.chance(60).then(|| self.rng.pick(&own))
    }

    fn place(&mut self) -> Command {
        let (account, market) = (self.account(), self.market());
        let reduce_only = self.rng.chance(6);
        let time_in_force = match self.rng.below(100) {
            _ if reduce_only && self.rng.chance(95) => TimeInForce::Ioc,
            0..60 => TimeInForce::Gtc,
            60..73 => TimeInForce::Gtd(self.secs(40)),
            73..87 => TimeInForce::Ioc,
            _ => TimeInForce::Fok,
        };
        let resting = matches!(time_in_force, TimeInForce::Gtc | TimeInForce::Gtd(_));
        let mut order = PlaceOrder {
            account,
            market,
            side: self.side(),
            price: self.price(market),
            qty: self.qty(market),
            time_in_force,
            post_only: self.rng.chance(if resting { 12 } else { 1 }),
            reduce_only,
            cancel_on_pause: self.rng.chance(20),
            self_trade_prevention: match self.rng.below(20) {
                0 => None,
                1..11 => Some(SelfTradePrevention::TakerAtCross),
                _ => Some(SelfTradePrevention::Maker),
            },
            client_order_id: self.name(),
            group: self.group(account),
        };
        if self.profile == Profile::Poor && self.rng.chance(25) {
            order.qty = self.all_it_can_pay(&order).unwrap_or(order.qty);
        }
        Command::Place(order)
    }

    /// The most hundredths of a contract that the account's free cash covers.
    fn all_it_can_pay(&self, order: &PlaceOrder) -> Option<Qty> {
        let known =
            order.account.0 < self.naive.account_count() && (order.market.0 as usize) < self.naive.markets.len();
        let free = if known { self.naive.cash(order.account) - self.naive.held(order.account) } else { 0 };
        let (mut covered, mut too_many) = (0, 10_000);
        while covered + 1 < too_many {
            let half = i128::midpoint(covered, too_many);
            let fits = free > 0 && self.naive.reservation(order, order.price, half * 10_000) <= free;
            *(if fits { &mut covered } else { &mut too_many }) = half;
        }
        Qty::from_hundredths(covered as u64).filter(|qty| !qty.is_zero())
    }

    fn amend(&mut self) -> Command {
        let (account, id) = self.order();
        let Some(order) = self.naive.orders.get(&id).cloned() else {
            let market = self.market();
            return Command::Amend(AmendOrder {
                account,
                order: OrderId::from_bits(id),
                market,
                side: self.side(),
                price: self.price(market),
                total: self.qty(market),
                client_order_id: None,
                new_client_order_id: None,
                expiry: ExpiryChange::Keep,
            });
        };
        let market = if self.rng.chance(2) { self.market() } else { order.place.market };
        let total = match self.rng.below(10) {
            0..3 => order.filled + order.open,
            3 => order.filled,
            4..7 => order.filled + order.open / 20_000 * 10_000,
            7 => i128::from(self.qty(market).micros()),
            _ => order.filled + order.open + 1_000_000,
        };
        Command::Amend(AmendOrder {
            account,
            order: OrderId::from_bits(id),
            market,
            side: if self.rng.chance(2) { self.side() } else { order.place.side },
            price: if self.rng.chance(50) { order.price } else { self.price(market) },
            total: Qty::from_micros(total as u64).unwrap(),
            client_order_id: if self.rng.chance(20) { order.place.client_order_id } else { None },
            new_client_order_id: if self.rng.chance(20) { self.name() } else { None },
            expiry: match self.rng.below(10) {
                0 => ExpiryChange::Clear,
                1..4 => ExpiryChange::Set(self.secs(40)),
                _ => ExpiryChange::Keep,
            },
        })
    }

    fn decrease(&mut self) -> Command {
        let (account, id) = self.order();
        let open = self.naive.orders.get(&id).map_or(1_000_000, |order| order.open as u64);
        let part = match self.rng.below(8) {
            0 => open,
            1 => 0,
            2 => open + 10_000,
            _ => self.rng.below(open) / 10_000 * 10_000,
        };
        let part = Qty::from_micros(part).unwrap();
        let by = if self.rng.chance(50) { Decrease::By(part) } else { Decrease::To(part) };
        Command::Decrease { account, order: OrderId::from_bits(id), by }
    }

    fn result(&mut self) -> MarketResult {
        match self.rng.below(3) {
            0 => MarketResult::Yes,
            1 => MarketResult::No,
            _ => MarketResult::Scalar(Price::new(self.rng.below(10_001) as u16).unwrap()),
        }
    }

    fn change_market(&mut self) -> Command {
        let market = MarketId(self.rng.below(self.naive.markets.len() as u64 + 1) as u32);
        let status = self.naive.markets.get(market.0 as usize).map(|market| market.status);
        let change = match (status, self.rng.below(100)) {
            (Some(MarketStatus::Closed), 0..30) => MarketCommand::SetCloseTime(self.secs(200)),
            (Some(MarketStatus::Closed), 30..80) => MarketCommand::Determine(self.result()),
            (Some(MarketStatus::Determined | MarketStatus::Amended), 0..20) | (_, 94..97) => MarketCommand::Dispute,
            (Some(MarketStatus::Disputed | MarketStatus::Determined), 20..60) => {
                MarketCommand::AmendResult(self.result())
            }
            (Some(MarketStatus::Inactive), 0..60) | (_, 0..5) => MarketCommand::Activate,
            (_, 5..30) => MarketCommand::Deactivate,
            (_, 30..34) => MarketCommand::Close,
            (_, 34..42) => MarketCommand::SetCloseTime(self.secs(300)),
            (_, 42..46) => MarketCommand::Determine(self.result()),
            (_, 46..48) => MarketCommand::Settle,
            (_, 48..62) => MarketCommand::SetGrid(self.rng.pick(&[linear(), tapered(), tapered(), centi()])),
            (_, 62..74) => MarketCommand::SetFees(schedule(self.rng.pick(&SCHEDULES))),
            (_, 74..82) => {
                let until = self.secs(60);
                MarketCommand::SetFeeWaiver(self.rng.chance(70).then_some(until))
            }
            (_, 82..94) => MarketCommand::SetSettlementFloor(Price::new(self.rng.below(4_800) as u16).unwrap()),
            (_, _) => MarketCommand::AmendResult(self.result()),
        };
        Command::ChangeMarket { market, change }
    }

    fn change_group(&mut self) -> Command {
        let count = self.naive.groups.len() as u64;
        let group = GroupId(self.rng.below(count + 1) as u32);
        let owner = self.naive.groups.get(group.0 as usize).map_or(AccountId(0), |group| group.account);
        let account = if self.rng.chance(4) { self.account() } else { owner };
        let change = match self.rng.below(10) {
            0..5 => GroupCommand::Reset,
            5 => GroupCommand::Trigger,
            6..9 => GroupCommand::SetLimit(Qty::from_contracts(self.rng.below(30)).unwrap()),
            _ => GroupCommand::Delete,
        };
        Command::ChangeGroup { account, group, change }
    }

    fn set_active(&mut self) -> Command {
        let running = self.naive.active() == (true, true);
        let (exchange, trading) = match self.rng.below(3) {
            _ if !running => (true, true),
            0 => (false, true),
            1 => (false, false),
            _ => (true, false),
        };
        Command::SetActive { exchange, trading }
    }

    fn command(&mut self) -> Command {
        if self.naive.active() != (true, true) && self.rng.chance(40) {
            return self.set_active();
        }
        if self.profile == Profile::Poor && self.rng.chance(8) {
            // From nothing to ten times the ordinary and back: what rests becomes dear.
            let fees = if self.rng.chance(60) {
                self.rng.pick(&[SCHEDULES[5], SCHEDULES[7]])
            } else {
                self.rng.pick(&SCHEDULES)
            };
            let (market, fees) = (self.market(), schedule(fees));
            return Command::ChangeMarket { market, change: MarketCommand::SetFees(fees) };
        }
        match self.rng.below(1_000) {
            0..560 => self.place(),
            560..680 => self.amend(),
            680..740 => self.decrease(),
            740..820 => {
                let (account, id) = self.order();
                Command::Cancel { account, order: OrderId::from_bits(id) }
            }
            820..828 => Command::CancelAll { account: self.account() },
            828..850 => {
                let limit = Qty::from_contracts(self.rng.below(40)).unwrap();
                Command::CreateGroup { account: self.account(), limit }
            }
            850..880 => self.change_group(),
            880..885 => self.set_active(),
            885..925 => self.change_market(),
            925..932 => {
                let grid = if self.rng.chance(10) { centi() } else { self.rng.pick(&[linear(), tapered()]) };
                Command::CreateMarket(self.spec(grid))
            }
            932..960 => {
                let micros = self.rng.below(40_000_000) as i64 - 20_000_000;
                let most = if self.profile == Profile::Poor { 8 } else { 1 };
                Command::Fund { account: self.account(), amount: Money::from_micros(micros / most) }
            }
            _ => Command::Tick,
        }
    }
}
