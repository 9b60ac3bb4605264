//! Random flow through the token exchange and through a second, naive one: replies, refusals, every balance, queues, ends
//! and matches are the same after every command.

mod attacks;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use brier_matching::tokens::{
    Command, EndReason, Event, MarketCommand, MarketSpec, Match, MatchKind, MatchSide, PlaceOrder, Placed,
    PositionOperation, Refusal, Reply, SettlementStep, Size, TokenExchange,
};
use brier_matching::{AccountId, GroupId, MarketId, OrderId, TradeNo};
use brier_polymarket_protocol::fees::FeeSchedule;
use brier_types::{Action, BookSide, MarketResult, Money, Outcome, Price, PriceGrid, Qty, TimeInForce, Timestamp};
use expect_test::expect;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use model::{Ended, Leg, Naive, Rate};

const ACCOUNTS: u32 = 3;
/// Market 0 stands alone, 1 to 3 are a group, 4 is a group of its own.
const MARKETS: u32 = 5;
const RATES: [Rate; 5] = [Rate(0, 1), Rate(70_000, 1), Rate(50_000, 2), Rate(1_000_000, 1), Rate(1, 1)];
const STEPS: [u16; 4] = [100, 10, 1, 50];

fn schedule(rate: Rate) -> FeeSchedule {
    FeeSchedule::new(rate.0 as u32, rate.1, true, 0).unwrap()
}

fn grid(step: u16) -> PriceGrid {
    PriceGrid::uniform(Price::new(step).unwrap()).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(second).unwrap()
}

/// Both exchanges, with the names of orders.
struct Pair {
    real: TokenExchange,
    naive: Naive,
    ids: BTreeMap<u64, OrderId>,
    names: BTreeMap<OrderId, u64>,
    commands: u64,
    now: i64,
    trades: Vec<TradeNo>,
    placed: Vec<(u32, u64)>,
    rate: Rate,
    /// What the run saw, by name.
    seen: BTreeSet<String>,
}

/// Refusals are the same if they are of a kind and their numbers agree; what a conflict is called is not compared.
fn bare(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::WrongState(_) => Refusal::WrongState(""),
        Refusal::Conflict(_) => Refusal::Conflict(""),
        other => other,
    }
}

impl Pair {
    fn new(rate: Rate) -> Self {
        let mut pair = Self {
            real: TokenExchange::new(),
            naive: Naive::new(),
            ids: BTreeMap::new(),
            names: BTreeMap::new(),
            commands: 0,
            now: 1_000,
            trades: Vec::new(),
            placed: Vec::new(),
            rate,
            seen: BTreeSet::new(),
        };
        for account in 0..ACCOUNTS {
            pair.both(&Command::OpenAccount).unwrap();
            // The last is poor.
            let dollars = if account == 2 { 40 } else { 2_000 };
            let amount = Money::from_micros(dollars * 1_000_000);
            pair.both(&Command::Fund { account: AccountId(account), amount }).unwrap();
        }
        pair.both(&Command::CreateGroup).unwrap();
        pair.both(&Command::CreateGroup).unwrap();
        for market in 0..MARKETS {
            let group = match market {
                0 => None,
                1..=3 => Some(GroupId(0)),
                _ => Some(GroupId(1)),
            };
            let spec = MarketSpec { grid: grid(100), fees: schedule(rate), group, accepting: true };
            pair.both(&Command::CreateMarket(spec)).unwrap();
        }
        pair
    }

    fn named(&self, order: OrderId) -> u64 {
        self.names.get(&order).copied().unwrap_or(u64::MAX)
    }

    fn leg(&self, side: &MatchSide) -> Leg {
        Leg {
            name: self.named(side.order),
            account: side.account.0,
            action: side.action,
            outcome: side.outcome,
            qty: i128::from(side.qty.micros()),
            cash: i128::from(side.cash.micros()),
            fee: i128::from(side.fee.micros()),
        }
    }

    /// Applies a command, whose orders are named by number, to both, and compares everything.
    fn both(&mut self, command: &Command) -> Result<Reply, Refusal> {
        self.commands += 1;
        let name = self.commands;
        let mut real = command.clone();
        if let Command::Cancel { order, .. } = &mut real {
            *order = self.ids.get(&order.to_bits()).copied().unwrap_or(OrderId::from_bits(u64::MAX));
        }
        let (before, mut events) = (self.real.state_hash(), Vec::new());
        let clock_moves = self.real.now() != at(self.now);
        let found = self.real.apply(at(self.now), &real, &mut events);
        if let Ok(Reply::Placed(Placed { order, .. })) = found {
            self.ids.insert(name, order);
            self.names.insert(order, name);
        }
        self.real.check();
        let found = found.map_err(bare).map(|reply| match reply {
            Reply::Placed(it) => Reply::Placed(Placed { order: OrderId::from_bits(self.named(it.order)), ..it }),
            reply => reply,
        });
        let expected = self.naive.apply(name, at(self.now), command, self.rate).map_err(bare);
        assert_eq!(found, expected, "the reply to {command:?}");
        if found.is_err() && !clock_moves {
            assert_eq!(self.real.state_hash(), before, "a refusal changes nothing: {command:?}");
        }
        self.compare_events(&events, command);
        self.see(command, &found);
        self.compare_state(command);
        if let Ok(Reply::Placed(it)) = found {
            let Command::Place(order) = command else { unreachable!("only orders are placed") };
            self.placed.push((order.account.0, name));
            self.trades.extend(it.trade);
        }
        found
    }

    /// Keeps what kinds of things happened.
    fn see(&mut self, command: &Command, found: &Result<Reply, Refusal>) {
        let word = |text: String| text.split(|it: char| !it.is_alphanumeric()).next().unwrap_or_default().to_owned();
        let what = match (found, command) {
            (Err(refusal), _) => format!("no: {}", word(format!("{refusal:?}"))),
            (Ok(_), Command::Position { operation, .. }) => word(format!("{operation:?}")),
            (Ok(_), Command::Settle { step, .. }) => word(format!("{step:?}")),
            (Ok(_), Command::ChangeMarket { change, .. }) => word(format!("{change:?}")),
            (Ok(_), other) => word(format!("{other:?}")),
        };
        self.seen.insert(what);
        let ends = self.naive.ended.iter().map(|(_, _, reason)| format!("end: {reason:?}"));
        self.seen.extend(ends);
        if let Some(it) = &self.naive.made {
            for maker in &it.makers {
                let own = if maker.account == it.taker.account { " with oneself" } else { "" };
                self.seen.insert(format!("{:?}{own}", MatchKind::of(it.taker.action, maker.action)));
            }
        }
    }

    fn compare_events(&self, events: &[Event], command: &Command) {
        let ended = events.iter().filter_map(|event| match event {
            Event::OrderEnded { order, canceled, reason, .. } => {
                Some((self.named(*order), i128::from(canceled.micros()), *reason))
            }
            _ => None,
        });
        // Nobody says who ends first of those that end at one time.
        let by_name = |mut ended: Vec<Ended>| {
            let expired = ended.iter().take_while(|it| it.2 == EndReason::Expiry).count();
            ended[..expired].sort_by_key(|it| it.0);
            ended
        };
        let expected = by_name(self.naive.ended.clone());
        assert_eq!(by_name(ended.collect()), expected, "who ended by {command:?}");
        let made: Vec<&Match> =
            events.iter().filter_map(|event| if let Event::Matched(it) = event { Some(it) } else { None }).collect();
        assert_eq!(made.len(), usize::from(self.naive.made.is_some()), "matches of {command:?}");
        for (made, expected) in made.iter().zip(&self.naive.made) {
            assert_eq!((made.no.0, made.market.0 as usize), (expected.no, expected.market));
            assert_eq!(self.leg(&made.taker), expected.taker, "who took by {command:?}");
            let makers: Vec<Leg> = made.fills.iter().map(|fill| self.leg(&fill.maker)).collect();
            assert_eq!(makers, expected.makers, "who was met by {command:?}");
            let cash: Money = made.fills.iter().map(|fill| fill.taker_cash).sum();
            let fee: Money = made.fills.iter().map(|fill| fill.taker_fee).sum();
            assert_eq!((cash, fee), (made.taker.cash, made.taker.fee), "a match is the sum of its fills");
        }
    }

    fn compare_state(&self, command: &Command) {
        for account in 0..ACCOUNTS.min(self.naive.cash.len() as u32) {
            let cash = self.real.cash(AccountId(account)).unwrap();
            let found = [cash.balance, cash.resting, cash.matched].map(|it| i128::from(it.micros()));
            let naive = &self.naive;
            let expected = [naive.cash[account as usize], naive.resting_cash(account), naive.matched_cash(account)];
            assert_eq!(found, expected, "cash of {account} after {command:?}");
            for market in 0..self.naive.markets.len() {
                for outcome in [Outcome::Yes, Outcome::No] {
                    self.compare_token(account, market, outcome, command);
                }
            }
        }
        let ledger = self.real.ledger();
        assert_eq!(i128::from(ledger.escrow.micros()), self.naive.escrow(), "collateral after {command:?}");
        assert_eq!(i128::from(ledger.fees.micros()), self.naive.fees, "fees after {command:?}");
        assert_eq!(self.real.order_count(), self.naive.orders.len());
        for market in 0..self.naive.markets.len() {
            let id = MarketId(market as u32);
            let mut line = Vec::new();
            for side in [BookSide::Bid, BookSide::Ask] {
                let levels = self.real.levels(id, side);
                let levels: Vec<_> =
                    levels.map(|(price, qty)| (i128::from(price.pips()), i128::from(qty.micros()))).collect();
                assert_eq!(levels, self.naive.levels(market, side), "{side:?} of {market} after {command:?}");
                line.extend(self.naive.line(market, side));
            }
            let found: Vec<u64> = self.real.market_orders(id).map(|order| self.named(order)).collect();
            assert_eq!(found, line, "the queue of {market} after {command:?}");
        }
        for order in &self.naive.orders {
            let it = self.real.order(self.ids[&order.name]).expect("it rests");
            let found = (it.account.0, it.action, it.outcome, i128::from(it.price.pips()), it.expires);
            assert_eq!(found, (order.account, order.action, order.outcome, order.price, order.expires));
            assert_eq!((i128::from(it.filled.micros()), i128::from(it.remaining.micros())), (order.filled, order.left));
        }
    }

    fn compare_token(&self, account: u32, market: usize, outcome: Outcome, command: &Command) {
        let it = self.real.token(AccountId(account), MarketId(market as u32), outcome);
        let naive = &self.naive;
        let token = naive.token(account, market, outcome);
        let found = [it.balance, it.resting, it.matched, it.bought].map(|it| i128::from(it.micros()));
        let resting = naive.resting_tokens(account, market, outcome);
        let expected = [token.owned, resting, naive.matched_tokens(account, market, outcome), token.bought];
        assert_eq!(found, expected, "{outcome:?} of {market} of {account} after {command:?}");
        let found = [it.cost, it.realized_pnl, it.entry_fees, it.fees].map(|it| i128::from(it.micros()));
        let expected = [token.cost, token.realized, token.entry_fees, token.fees];
        assert_eq!(found, expected, "money of {outcome:?} of {market} of {account} after {command:?}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Place { account: u32, market: u32, buy: bool, yes: bool, pips: u16, size: u64, kind: u8 },
    Cancel(u32, usize),
    Settle(usize, u8),
    Operate { account: u32, market: u32, kind: u8, questions: Vec<u32>, size: u64 },
    Fund(u32, i64),
    Grid(u32, usize),
    Rate(u32, usize),
    Accept(u32, bool),
    Clear(u32),
    Resolve(u32, u8),
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let size = || {
        prop_oneof![
            6 => (1_u64..3_000).prop_map(|hundredths| hundredths * 10_000),
            2 => 1_u64..20_000_000,
            1 => 1_u64..20_000,
            1 => Just(1_000_000_000_000_000),
            1 => Just(0),
        ]
    };
    // Mostly near the middle, so that much meets; sometimes anywhere.
    let pips =
        || prop_oneof![6 => (40_u16..60).prop_map(|cents| cents * 100), 2 => 4_000_u16..6_000, 1 => 0_u16..=10_000];
    let market = || prop_oneof![4 => Just(0_u32), 4 => 0..MARKETS, 1 => 0..=MARKETS];
    let account = || prop_oneof![12 => 0..ACCOUNTS, 1 => 0..=ACCOUNTS];
    let place = (account(), market(), any::<bool>(), any::<bool>(), pips(), size(), 0_u8..9).prop_map(
        |(account, market, buy, yes, pips, size, kind)| Step::Place { account, market, buy, yes, pips, size, kind },
    );
    let operate = (account(), market(), 0_u8..6, prop::collection::vec(0_u32..4, 0..4), size())
        .prop_map(|(account, market, kind, questions, size)| Step::Operate { account, market, kind, questions, size });
    prop_oneof![
        24 => place,
        3 => (account(), any::<usize>()).prop_map(|(account, pick)| Step::Cancel(account, pick)),
        10 => (any::<usize>(), 0_u8..4).prop_map(|(pick, step)| Step::Settle(pick, step)),
        10 => operate,
        1 => (account(), -50_000_000_i64..50_000_000).prop_map(|(account, amount)| Step::Fund(account, amount)),
        1 => (market(), 0..STEPS.len()).prop_map(|(market, pick)| Step::Grid(market, pick)),
        1 => (market(), 0..RATES.len()).prop_map(|(market, pick)| Step::Rate(market, pick)),
        1 => (market(), prop::bool::weighted(0.8)).prop_map(|(market, accept)| Step::Accept(market, accept)),
        1 => market().prop_map(Step::Clear),
        1 => (market(), 0_u8..36).prop_map(|(market, result)| Step::Resolve(market, result)),
        2 => (0_u8..5).prop_map(Step::Wait),
    ]
}

fn order(pair: &Pair, step: &Step) -> Command {
    let Step::Place { account, market, buy, yes, pips, size, kind } = *step else { unreachable!("an order") };
    let cash = matches!(kind, 3 | 5);
    Command::Place(PlaceOrder {
        account: AccountId(account),
        market: MarketId(market),
        action: if buy { Action::Buy } else { Action::Sell },
        outcome: if yes { Outcome::Yes } else { Outcome::No },
        price: Price::new(pips).unwrap(),
        size: if cash {
            Size::Cash(Money::from_micros(size as i64))
        } else {
            Size::Shares(Qty::from_micros(size).unwrap())
        },
        time_in_force: match kind {
            2 | 3 => TimeInForce::Fok,
            4 | 5 => TimeInForce::Ioc,
            6 => TimeInForce::Gtd(at(pair.now - 1 + (size % 7) as i64)),
            _ => TimeInForce::Gtc,
        },
        post_only: kind == 7 || (kind == 4 && size % 16 == 3),
    })
}

fn command(pair: &mut Pair, step: &Step) -> Option<Command> {
    let qty = |micros| Qty::from_micros(micros).unwrap();
    Some(match step {
        Step::Place { .. } => order(pair, step),
        Step::Cancel(account, pick) => {
            let (owner, name) = *pair.placed.get(pick % pair.placed.len().max(1))?;
            // Mostly one's own.
            let account = if pick % 5 == 0 { *account } else { owner };
            Command::Cancel { account: AccountId(account), order: OrderId::from_bits(name) }
        }
        Step::Settle(pick, step) => {
            let trade = *pair.trades.get(pick % pair.trades.len().max(1))?;
            let steps = [SettlementStep::Mine, SettlementStep::Retry, SettlementStep::Confirm, SettlementStep::Fail];
            Command::Settle { trade, step: steps[usize::from(*step)] }
        }
        Step::Operate { account, market, kind, questions, size } => {
            let (market, qty) = (MarketId(*market), qty(*size));
            let operation = match kind {
                0 | 1 => PositionOperation::Split { market, qty },
                2 => PositionOperation::Merge { market, qty },
                3 => {
                    // Mostly a little of the group that can be converted.
                    let group = GroupId(if size % 7 == 0 { market.0 % 3 } else { 0 });
                    let qty = if size % 5 == 0 { qty } else { Qty::from_micros(size % 3_000_000 + 1).unwrap() };
                    PositionOperation::Convert { group, questions: questions.clone(), qty }
                }
                4 => PositionOperation::Redeem { market },
                _ => {
                    let outcome = if size % 2 == 0 { Outcome::Yes } else { Outcome::No };
                    PositionOperation::Transfer { market, outcome, qty, to: AccountId((size % 5) as u32 % 4) }
                }
            };
            Command::Position { account: AccountId(*account), operation }
        }
        Step::Fund(account, amount) => {
            Command::Fund { account: AccountId(*account), amount: Money::from_micros(*amount) }
        }
        Step::Grid(market, pick) => change(*market, MarketCommand::SetGrid(grid(STEPS[*pick]))),
        Step::Rate(market, pick) => {
            pair.rate = RATES[*pick];
            change(*market, MarketCommand::SetFees(schedule(RATES[*pick])))
        }
        Step::Accept(market, accept) => change(*market, MarketCommand::SetAccepting(*accept)),
        Step::Clear(market) => change(*market, MarketCommand::ClearBook),
        Step::Resolve(market, result) => change(
            *market,
            MarketCommand::Resolve(match result {
                0..=4 => MarketResult::No,
                5..=8 => MarketResult::Yes,
                9 | 10 => MarketResult::Scalar(Price::from_cents(50).unwrap()),
                11 => MarketResult::Scalar(Price::new(3_333).unwrap()),
                _ => return None,
            }),
        ),
        Step::Wait(seconds) => {
            pair.now += i64::from(*seconds);
            Command::Tick
        }
    })
}

fn change(market: u32, change: MarketCommand) -> Command {
    Command::ChangeMarket { market: MarketId(market), change }
}

/// The flow does what it should: a test of nothing would pass as well.
#[test]
fn the_random_flow_reaches_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..150 {
        let steps = prop::collection::vec(step(), 100..150).new_tree(&mut runner).unwrap().current();
        let mut pair = Pair::new(RATES[1]);
        for step in &steps {
            if let Some(command) = command(&mut pair, step) {
                let _either = pair.both(&command);
            }
        }
        seen.extend(pair.seen);
    }
    expect![[r#"
        Cancel
        ClearBook
        Complementary
        Complementary with oneself
        Confirm
        Convert
        CreateGroup
        CreateMarket
        Fail
        Fund
        Merge
        Merge with oneself
        Mine
        Mint
        Mint with oneself
        OpenAccount
        Place
        Redeem
        Resolve
        Retry
        SetAccepting
        SetFees
        SetGrid
        Split
        Tick
        Transfer
        end: Cleared
        end: Expiry
        end: Filled
        end: Immediate
        end: Resolved
        end: UserCancel
        no: BadSize
        no: Conflict
        no: ExpiryInPast
        no: FillOrKill
        no: InsufficientCash
        no: InsufficientTokens
        no: NotAccepting
        no: NothingToMatch
        no: PostOnlyCross
        no: PriceOffGrid
        no: UnknownAccount
        no: UnknownGroup
        no: UnknownMarket
        no: UnknownOrder
        no: UnknownTrade
        no: WrongState"#]]
    .assert_eq(&seen.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Cases of the random flow; `BRIER_TOKEN_CASES` sets another number.
fn cases() -> u32 {
    std::env::var("BRIER_TOKEN_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(250)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn both_exchanges_answer_alike(rate in 0..RATES.len(), steps in prop::collection::vec(step(), 1..150)) {
        let mut pair = Pair::new(RATES[rate]);
        for step in &steps {
            if let Some(command) = command(&mut pair, step) {
                let _either = pair.both(&command);
            }
        }
    }
}
