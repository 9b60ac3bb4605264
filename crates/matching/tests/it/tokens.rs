//! The token exchange: examples of each rule, and random commands with every invariant checked after each.

use brier_matching::tokens::{
    Command, EndReason, Event, MarketCommand, MarketSpec, PlaceOrder, Placed, PositionOperation, Refusal, Reply,
    SettlementStep, Size, TokenExchange, TokenView,
};
use brier_matching::{AccountId, GroupId, MarketId, OrderId, TradeNo};
use brier_polymarket_protocol::fees::FeeSchedule;
use brier_types::{
    Action, BookSide, FillStatus, MarketResult, Money, Outcome, Price, PriceGrid, Qty, TimeInForce, Timestamp,
};
use proptest::prelude::*;

const M: MarketId = MarketId(0);

fn fees(rate_micros: u32) -> FeeSchedule {
    FeeSchedule::new(rate_micros, 1, true, 0).unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn qty(text: &str) -> Qty {
    Qty::parse(text.as_bytes()).unwrap()
}

fn price(text: &str) -> Price {
    Price::parse(text.as_bytes()).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(second).unwrap()
}

/// A small exchange with its clock.
struct House {
    exchange: TokenExchange,
    now: i64,
    events: Vec<Event>,
}

impl House {
    /// One market of whole cents without fees, and three accounts with $1,000 each.
    fn new() -> Self {
        Self::with_fees(FeeSchedule::FREE)
    }

    fn with_fees(schedule: FeeSchedule) -> Self {
        let mut house = Self { exchange: TokenExchange::new(), now: 1_000, events: Vec::new() };
        for account in 0..3 {
            house.ok(&Command::OpenAccount);
            house.ok(&Command::Fund { account: AccountId(account), amount: money("1000") });
        }
        house.list(schedule, None);
        house
    }

    fn list(&mut self, fees: FeeSchedule, group: Option<GroupId>) {
        let grid = PriceGrid::uniform(price("0.01")).unwrap();
        self.ok(&Command::CreateMarket(MarketSpec { grid, fees, group, accepting: true }));
    }

    fn apply(&mut self, command: &Command) -> Result<Reply, Refusal> {
        let reply = self.exchange.apply(at(self.now), command, &mut self.events);
        self.exchange.check();
        reply
    }

    fn ok(&mut self, command: &Command) -> Reply {
        self.apply(command).unwrap()
    }

    fn try_place(&mut self, account: u32, what: &str, tif: TimeInForce) -> Result<Placed, Refusal> {
        match self.apply(&Command::Place(order(account, what, tif)))? {
            Reply::Placed(placed) => Ok(placed),
            other => panic!("{other:?}"),
        }
    }

    /// `buy yes 0.60 10`; the size may be `$5`.
    fn place(&mut self, account: u32, what: &str) -> Placed {
        self.try_place(account, what, TimeInForce::Gtc).unwrap()
    }

    fn settle(&mut self, trade: TradeNo, step: SettlementStep) {
        self.ok(&Command::Settle { trade, step });
    }

    fn mine(&mut self, placed: Placed) {
        self.settle(placed.trade.unwrap(), SettlementStep::Mine);
    }

    fn split(&mut self, account: u32, amount: &str) {
        let operation = PositionOperation::Split { market: M, qty: qty(amount) };
        self.ok(&Command::Position { account: AccountId(account), operation });
    }

    fn cash(&self, account: u32) -> String {
        self.exchange.cash(AccountId(account)).unwrap().balance.to_string()
    }

    fn tokens(&self, account: u32) -> (String, String) {
        let token = |outcome| self.exchange.token(AccountId(account), M, outcome).balance.to_string();
        (token(Outcome::Yes), token(Outcome::No))
    }
}

fn order(account: u32, what: &str, time_in_force: TimeInForce) -> PlaceOrder {
    let words: Vec<&str> = what.split(' ').collect();
    let [action, outcome, at, size] = words[..] else { panic!("{what}") };
    PlaceOrder {
        account: AccountId(account),
        market: M,
        action: if action == "buy" { Action::Buy } else { Action::Sell },
        outcome: if outcome == "yes" { Outcome::Yes } else { Outcome::No },
        price: price(at),
        size: size.strip_prefix('$').map_or_else(|| Size::Shares(qty(size)), |cash| Size::Cash(money(cash))),
        time_in_force,
        post_only: false,
    }
}

#[test]
fn two_buyers_of_opposite_tokens_make_a_pair() {
    let mut house = House::new();
    house.place(0, "buy no 0.40 100");
    let taken = house.place(1, "buy yes 0.60 100");
    assert_eq!((taken.filled, taken.cash), (qty("100"), money("60")));
    assert_eq!(house.cash(0), "1000.000000"); // Nothing moves before the chain has it.
    house.mine(taken);
    assert_eq!((house.cash(0), house.cash(1)), ("960.000000".to_owned(), "940.000000".to_owned()));
    assert_eq!((house.tokens(0).1, house.tokens(1).0), ("100.00".to_owned(), "100.00".to_owned()));
    assert_eq!(house.exchange.ledger().escrow, money("100"));
}

#[test]
fn two_sellers_of_opposite_tokens_dissolve_a_pair_and_improvement_is_the_takers() {
    let mut house = House::new();
    house.split(0, "50");
    house.split(1, "50");
    house.place(0, "sell no 0.30 50");
    let taken = house.place(1, "sell yes 0.60 50");
    assert_eq!(taken.cash, money("35")); // The other asked 0.30 for NO, so 0.70 is left.
    house.mine(taken);
    assert_eq!((house.cash(0), house.cash(1)), ("965.000000".to_owned(), "985.000000".to_owned()));
    assert_eq!(house.exchange.ledger().escrow, money("50"));
}

#[test]
fn nobody_sells_what_is_not_owned_or_offered_already() {
    let mut house = House::new();
    let none = house.try_place(0, "sell yes 0.60 1", TimeInForce::Gtc).unwrap_err();
    assert!(matches!(none, Refusal::InsufficientTokens { balance: Qty::ZERO, .. }), "{none}");
    house.split(0, "10");
    house.place(0, "sell yes 0.60 8");
    assert!(house.try_place(0, "sell yes 0.70 3", TimeInForce::Gtc).is_err());
    house.place(0, "sell yes 0.70 2");
    // What was bought is not owned before it is mined.
    house.place(1, "buy no 0.40 5");
    let taken = house.place(2, "buy yes 0.60 5");
    assert!(house.try_place(2, "sell yes 0.90 5", TimeInForce::Gtc).is_err());
    house.mine(taken);
    house.place(2, "sell yes 0.90 5");
}

#[test]
fn the_taker_pays_the_fee_in_cash_and_the_maker_none() {
    // Crypto: 100 shares at 0.50 cost 1.75. Source: reference, section 15.1.
    let mut house = House::with_fees(fees(70_000));
    house.place(0, "buy no 0.50 100");
    let taken = house.place(1, "buy yes 0.50 100");
    assert_eq!(taken.fee, money("1.75"));
    house.mine(taken);
    assert_eq!((house.cash(0), house.cash(1)), ("950.000000".to_owned(), "948.250000".to_owned()));
    assert_eq!(house.tokens(1).0, "100.00");
}

#[test]
fn who_cannot_pay_is_told_so_before_what_the_book_has() {
    let mut house = House::new();
    for time_in_force in [TimeInForce::Fok, TimeInForce::Ioc] {
        let sale = house.try_place(0, "sell yes 0.50 10", time_in_force).unwrap_err();
        assert!(matches!(sale, Refusal::InsufficientTokens { .. }), "{sale}");
        let purchase = house.try_place(0, "buy yes 0.50 $900000000", time_in_force).unwrap_err();
        assert!(matches!(purchase, Refusal::InsufficientCash { .. }), "{purchase}");
    }
}

#[test]
fn a_purchase_in_cash_buys_more_at_better_prices_and_spends_all() {
    let mut house = House::new();
    house.place(0, "buy no 0.50 10"); // YES is offered at 0.50,
    house.place(0, "buy no 0.40 100"); // and at 0.60.
    let taken = house.try_place(1, "buy yes 0.60 $11", TimeInForce::Fok).unwrap();
    assert_eq!((taken.filled, taken.cash, taken.end), (qty("20"), money("11"), Some(EndReason::Filled)));
    let refused = house.try_place(1, "buy yes 0.60 $60", TimeInForce::Fok).unwrap_err();
    assert_eq!(refused, Refusal::FillOrKill);
    let part = house.try_place(1, "buy yes 0.60 $60", TimeInForce::Ioc).unwrap();
    assert_eq!((part.filled, part.end), (qty("90"), Some(EndReason::Immediate)));
    assert_eq!(house.try_place(1, "buy yes 0.60 $1", TimeInForce::Ioc), Err(Refusal::NothingToMatch));
}

#[test]
fn what_a_failed_match_held_is_free_again_and_nothing_else_changed() {
    let mut house = House::with_fees(fees(50_000));
    house.split(0, "20");
    house.place(0, "sell yes 0.55 20");
    let before = (0..3).map(|account| (house.cash(account), house.tokens(account))).collect::<Vec<_>>();
    let taken = house.place(1, "buy yes 0.60 20");
    let cash = house.exchange.cash(AccountId(1)).unwrap();
    assert_eq!(cash.matched, taken.cash.checked_add(taken.fee).unwrap());
    house.settle(taken.trade.unwrap(), SettlementStep::Retry);
    assert_eq!(house.exchange.settlement(taken.trade.unwrap()), Some(FillStatus::Retrying));
    house.settle(taken.trade.unwrap(), SettlementStep::Fail);
    let after = (0..3).map(|account| (house.cash(account), house.tokens(account))).collect::<Vec<_>>();
    assert_eq!(before, after);
    let cash = house.exchange.cash(AccountId(1)).unwrap();
    assert_eq!(cash.free, cash.balance);
    // The order does not come back.
    assert_eq!(house.exchange.order_count(), 0);
    let again = house.apply(&Command::Settle { trade: taken.trade.unwrap(), step: SettlementStep::Mine });
    assert_eq!(again, Err(Refusal::UnknownTrade));
}

#[test]
fn converting_no_of_several_questions_pays_all_but_one_dollar() {
    let mut house = House::new();
    let Reply::Group(group) = house.ok(&Command::CreateGroup) else { panic!("a group") };
    for _ in 0..3 {
        house.list(FeeSchedule::FREE, Some(group));
    }
    let account = AccountId(0);
    for market in 1..3 {
        let operation = PositionOperation::Split { market: MarketId(market), qty: qty("10") };
        house.ok(&Command::Position { account, operation });
    }
    let operation = PositionOperation::Convert { group, questions: vec![0, 1], qty: qty("10") };
    assert_eq!(house.ok(&Command::Position { account, operation }), Reply::Paid(money("10")));
    let third = house.exchange.token(account, MarketId(3), Outcome::Yes);
    assert_eq!(third.balance, qty("10"));
    // YES of all three is owned: whichever wins, it pays ten dollars.
    for (market, result) in [(1, MarketResult::No), (2, MarketResult::No), (3, MarketResult::Yes)] {
        house.ok(&Command::ChangeMarket { market: MarketId(market), change: MarketCommand::Resolve(result) });
        let operation = PositionOperation::Redeem { market: MarketId(market) };
        house.ok(&Command::Position { account, operation });
    }
    assert_eq!(house.cash(0), "1000.000000");
}

#[test]
fn at_most_one_market_of_a_group_resolves_yes() {
    let mut house = House::new();
    let Reply::Group(group) = house.ok(&Command::CreateGroup) else { panic!("a group") };
    for _ in 0..2 {
        house.list(FeeSchedule::FREE, Some(group));
    }
    let resolve =
        |market, result| Command::ChangeMarket { market: MarketId(market), change: MarketCommand::Resolve(result) };
    house.ok(&resolve(1, MarketResult::Yes));
    assert!(matches!(house.apply(&resolve(2, MarketResult::Yes)), Err(Refusal::WrongState(_))));
    assert!(matches!(house.apply(&resolve(2, MarketResult::Scalar(price("0.5")))), Err(Refusal::WrongState(_))));
    house.ok(&resolve(2, MarketResult::No));
}

#[test]
fn a_resolution_cancels_what_rests_and_pays_what_is_redeemed() {
    let mut house = House::new();
    house.split(0, "10");
    let resting = house.place(0, "sell yes 0.90 4");
    house.ok(&Command::ChangeMarket { market: M, change: MarketCommand::Resolve(MarketResult::Scalar(price("0.5"))) });
    let ended = |event: &Event| matches!(event, Event::OrderEnded { order, reason: EndReason::Resolved, .. } if *order == resting.order);
    assert!(house.events.iter().any(ended));
    let operation = PositionOperation::Redeem { market: M };
    assert_eq!(house.ok(&Command::Position { account: AccountId(0), operation }), Reply::Paid(money("10")));
    assert_eq!(house.try_place(1, "buy yes 0.5 10", TimeInForce::Gtc), Err(Refusal::NotAccepting));
}

#[test]
fn an_order_with_less_than_a_hundredth_left_is_filled() {
    let mut house = House::new();
    house.place(0, "buy no 0.57 10");
    let taken = house.try_place(1, "buy yes 0.43 $4.2999", TimeInForce::Fok).unwrap();
    assert_eq!(taken.filled, qty("9.999767"));
    assert_eq!(house.exchange.order_count(), 0);
    assert_eq!(house.exchange.levels(M, BookSide::Ask).count(), 0);
}

#[test]
fn an_order_ends_when_its_time_is_over() {
    let mut house = House::new();
    let placed = house.try_place(0, "buy yes 0.40 10", TimeInForce::Gtd(at(1_060))).unwrap();
    assert_eq!(house.exchange.next_timer(), Some(at(1_060)));
    house.now = 1_060;
    house.ok(&Command::Tick);
    assert!(house.exchange.order(placed.order).is_none());
    assert_eq!(house.exchange.next_timer(), None);
}

#[derive(Clone, Debug)]
enum Step {
    Place { account: u32, market: u32, buy: bool, yes: bool, cents: u8, size: u64, kind: u8 },
    Cancel(usize),
    Settle(usize, u8),
    Split { account: u32, market: u32, size: u64 },
    Merge { account: u32, market: u32, size: u64 },
    Convert { account: u32, questions: u8, size: u64 },
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![3 => (1_u64..2_000).prop_map(|hundredths| hundredths * 10_000), 1 => 1_u64..20_000_000];
    let place = (0_u32..3, 0_u32..4, any::<bool>(), any::<bool>(), 40_u8..60, size.clone(), 0_u8..5).prop_map(
        |(account, market, buy, yes, cents, size, kind)| Step::Place { account, market, buy, yes, cents, size, kind },
    );
    prop_oneof![
        12 => place,
        2 => any::<usize>().prop_map(Step::Cancel),
        6 => (any::<usize>(), 0_u8..4).prop_map(|(pick, step)| Step::Settle(pick, step)),
        2 => (0_u32..3, 0_u32..4, size.clone()).prop_map(|(account, market, size)| Step::Split { account, market, size }),
        1 => (0_u32..3, 0_u32..4, size.clone()).prop_map(|(account, market, size)| Step::Merge { account, market, size }),
        1 => (0_u32..3, 1_u8..8, size).prop_map(|(account, questions, size)| Step::Convert { account, questions, size }),
        1 => (0_u8..5).prop_map(Step::Wait),
    ]
}

/// Balances of everybody: cash, and tokens with what they cost and made.
fn balances(exchange: &TokenExchange) -> Vec<String> {
    let mut found = Vec::new();
    for account in (0..3).map(AccountId) {
        let cash = exchange.cash(account).unwrap();
        found.push(format!("{account:?} {} {}", cash.balance, cash.resting));
        for (market, yes, no) in exchange.holdings(account) {
            for token in [yes, no] {
                let TokenView { balance, cost, realized_pnl, fees, .. } = token;
                found.push(format!("{market:?} {balance} {cost} {realized_pnl} {fees}"));
            }
        }
    }
    found
}

fn command(step: &Step, orders: &[(u32, OrderId)], trades: &[TradeNo]) -> Option<Command> {
    let qty = |micros| Qty::from_micros(micros).unwrap();
    Some(match *step {
        Step::Place { account, market, buy, yes, cents, size, kind } => Command::Place(PlaceOrder {
            account: AccountId(account),
            market: MarketId(market),
            action: if buy { Action::Buy } else { Action::Sell },
            outcome: if yes { Outcome::Yes } else { Outcome::No },
            price: Price::from_cents(cents).unwrap(),
            size: match kind {
                3 if buy => Size::Cash(Money::from_micros(size as i64)),
                _ => Size::Shares(qty(size)),
            },
            time_in_force: match kind {
                0 | 4 => TimeInForce::Gtc,
                1 => TimeInForce::Gtd(at(1_030)),
                2 => TimeInForce::Fok,
                _ => TimeInForce::Ioc,
            },
            post_only: kind == 4,
        }),
        Step::Cancel(pick) => {
            let (account, order) = *orders.get(pick % orders.len().max(1))?;
            Command::Cancel { account: AccountId(account), order }
        }
        Step::Settle(pick, step) => {
            let trade = *trades.get(pick % trades.len().max(1))?;
            let steps = [SettlementStep::Mine, SettlementStep::Retry, SettlementStep::Confirm, SettlementStep::Fail];
            Command::Settle { trade, step: steps[usize::from(step)] }
        }
        Step::Split { account, market, size } => Command::Position {
            account: AccountId(account),
            operation: PositionOperation::Split { market: MarketId(market), qty: qty(size) },
        },
        Step::Merge { account, market, size } => Command::Position {
            account: AccountId(account),
            operation: PositionOperation::Merge { market: MarketId(market), qty: qty(size) },
        },
        Step::Convert { account, questions, size } => Command::Position {
            account: AccountId(account),
            operation: PositionOperation::Convert {
                group: GroupId(0),
                questions: (0..3).filter(|bit| questions >> bit & 1 == 1).collect(),
                qty: qty(size),
            },
        },
        Step::Wait(_) => Command::Tick,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Every invariant after every command; a failed match changes no balance; refusals change nothing; at the end the
    /// whole money is there once everything has resolved.
    #[test]
    fn random_commands_keep_every_invariant(steps in prop::collection::vec(step(), 1..120), winner in 0_u32..4) {
        let mut house = House::with_fees(fees(70_000));
        house.ok(&Command::CreateGroup);
        for _ in 0..3 {
            house.list(fees(50_000), Some(GroupId(0)));
        }
        let (mut orders, mut trades) = (Vec::new(), Vec::new());
        for step in &steps {
            if let Step::Wait(seconds) = step {
                house.now += i64::from(*seconds);
            }
            let Some(command) = command(step, &orders, &trades) else { continue };
            let (before, hash) = (balances(&house.exchange), house.exchange.state_hash());
            let fails = matches!(command, Command::Settle { step: SettlementStep::Fail, .. });
            match house.apply(&command) {
                Ok(Reply::Placed(placed)) => {
                    if let Command::Place(order) = &command {
                        orders.push((order.account.0, placed.order));
                    }
                    trades.extend(placed.trade);
                }
                Ok(_) if fails => prop_assert_eq!(&before, &balances(&house.exchange)),
                Ok(_) => {}
                Err(_) => prop_assert_eq!(hash, house.exchange.state_hash()),
            }
        }
        // Everything that waits settles, everything resolves, everything is redeemed.
        for trade in trades {
            let steps = [SettlementStep::Mine, SettlementStep::Confirm];
            for step in steps {
                // Those that are over are refused.
                let _settled = house.apply(&Command::Settle { trade, step }).is_ok();
            }
        }
        for market in (0..4).map(MarketId) {
            let result = if market.0 == winner || market.0 == 0 { MarketResult::Yes } else { MarketResult::No };
            house.ok(&Command::ChangeMarket { market, change: MarketCommand::Resolve(result) });
            for account in (0..3).map(AccountId) {
                house.ok(&Command::Position { account, operation: PositionOperation::Redeem { market } });
            }
        }
        let ledger = house.exchange.ledger();
        if winner != 0 {
            prop_assert_eq!(ledger.escrow, Money::ZERO);
        }
        prop_assert_eq!(ledger.difference(), Money::ZERO);
        let cash: Money = (0..3).map(|account| house.exchange.cash(AccountId(account)).unwrap().balance).sum();
        prop_assert_eq!([cash, ledger.fees, ledger.escrow].into_iter().sum::<Money>(), money("3000"));
    }

    /// The same commands at the same times give the same state.
    #[test]
    fn the_same_commands_give_the_same_state(steps in prop::collection::vec(step(), 1..60)) {
        let run = || {
            let mut house = House::new();
            house.ok(&Command::CreateGroup);
            for _ in 0..3 {
                house.list(FeeSchedule::FREE, Some(GroupId(0)));
            }
            let mut orders = Vec::new();
            for step in &steps {
                let Some(command) = command(step, &orders, &[]) else { continue };
                if let (Ok(Reply::Placed(placed)), Command::Place(order)) = (house.apply(&command), &command) {
                    orders.push((order.account.0, placed.order));
                }
            }
            (house.exchange.state_hash(), house.events)
        };
        prop_assert_eq!(run(), run());
    }
}
