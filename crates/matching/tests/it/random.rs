//! Random flow through both implementations, compared after every step.
//!
//! `BRIER_SEEDS` sets how many seeds each profile runs (default: a few, fixed); a failure prints its seed and the
//! shortest flow found that still fails.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use brier_matching::{AccountId, Command, Event, Exchange, GroupId, MarketId, OrderId, Placed, PositionView, Reply};
use brier_types::{BookSide, Money, Qty, SignedQty};

use crate::flow::{Profile, Step, flow};
use crate::mirror::Mirror;
use crate::naive::Naive;

/// What a run saw, so that a flow that tests nothing is noticed.
#[derive(Debug, Default)]
struct Stats {
    steps: usize,
    refused: usize,
    trades: usize,
    ends: BTreeMap<String, usize>,
    settled: usize,
    triggered: usize,
    /// The most by which fills took free cash below zero, in hundredths of the balance's step a fill.
    worst_shortfall: i64,
}

/// The real core under test, with the names of its orders.
struct Real {
    exchange: Exchange,
    ids: BTreeMap<u64, OrderId>,
    steps: BTreeMap<OrderId, u64>,
    events: Vec<Event>,
}

impl Real {
    fn new() -> Self {
        Self { exchange: Exchange::new(), ids: BTreeMap::new(), steps: BTreeMap::new(), events: Vec::new() }
    }

    /// Applies a step; the reply and the events name orders by steps.
    fn apply(&mut self, step: &Step) -> (Result<Reply, brier_matching::Refusal>, Vec<Event>) {
        let mut command = step.command.clone();
        match &mut command {
            Command::Amend(amend) => amend.order = self.id(amend.order),
            Command::Decrease { order, .. } | Command::Cancel { order, .. } => *order = self.id(*order),
            Command::Tick
            | Command::OpenAccount { .. }
            | Command::Fund { .. }
            | Command::CreateMarket(_)
            | Command::ChangeMarket { .. }
            | Command::SetActive { .. }
            | Command::Place(_)
            | Command::CancelAll { .. }
            | Command::CreateGroup { .. }
            | Command::ChangeGroup { .. } => {}
        }
        self.events.clear();
        let reply = self.exchange.apply(step.at, &command, &mut self.events);
        if let (Ok(Reply::Placed(placed)), Command::Place(_)) = (&reply, &command) {
            self.ids.insert(step.no, placed.order);
            self.steps.insert(placed.order, step.no);
        }
        let reply = reply.map(|reply| match reply {
            Reply::Placed(placed) => Reply::Placed(Placed { order: self.name(placed.order), ..placed }),
            reply => reply,
        });
        let events = self.events.iter().map(|event| self.renamed(event)).collect();
        (reply, events)
    }

    fn id(&self, named: OrderId) -> OrderId {
        self.ids.get(&named.to_bits()).copied().unwrap_or(OrderId::from_bits(u64::MAX - 7))
    }

    fn name(&self, id: OrderId) -> OrderId {
        OrderId::from_bits(self.steps.get(&id).copied().unwrap_or(u64::MAX))
    }

    fn renamed(&self, event: &Event) -> Event {
        let mut event = event.clone();
        match &mut event {
            Event::OrderAccepted { order, .. }
            | Event::OrderChanged { order, .. }
            | Event::OrderEnded { order, .. }
            | Event::LevelChanged { order, .. } => *order = self.name(*order),
            Event::Trade(trade) => {
                trade.taker.order = self.name(trade.taker.order);
                trade.maker.order = self.name(trade.maker.order);
            }
            Event::MarketChanged { .. }
            | Event::Settled(_)
            | Event::Funded { .. }
            | Event::GroupChanged { .. }
            | Event::ActiveChanged { .. } => {}
        }
        event
    }
}

fn differ<T: PartialEq + std::fmt::Debug>(what: &str, real: &T, naive: &T) -> Result<(), String> {
    if real == naive { Ok(()) } else { Err(format!("{what}\n   real: {real:?}\n  naive: {naive:?}")) }
}

fn micros(amount: i128) -> Money {
    Money::from_micros(i64::try_from(amount).unwrap())
}

fn compare_accounts(real: &Exchange, naive: &Naive) -> Result<(), String> {
    let mut cash = 0;
    for account in (0..naive.account_count()).map(AccountId) {
        let view = real.account(account).unwrap();
        let (ours, held) = (naive.cash(account), naive.held(account));
        differ(&format!("cash of {account:?}"), &view.cash, &micros(ours))?;
        differ(&format!("cash held of {account:?}"), &view.held, &micros(held))?;
        differ("available is cash less held", &view.available, &micros(ours - held))?;
        cash += ours;
        for market in (0..naive.markets.len() as u32).map(MarketId) {
            let stake = naive.stake(account, market);
            let ours = PositionView {
                position: SignedQty::from_micros(stake.qty as i64).unwrap(),
                cost: micros(stake.cost),
                realized_pnl: micros(stake.realized),
                fees_paid: micros(stake.fees),
                traded: micros(stake.traded),
                resting_bids: Qty::from_micros(stake.bids as u64).unwrap(),
                resting_asks: Qty::from_micros(stake.asks as u64).unwrap(),
                held: micros(stake.held),
            };
            let theirs = real.position(account, market).unwrap_or(PositionView {
                position: SignedQty::ZERO,
                cost: Money::ZERO,
                realized_pnl: Money::ZERO,
                fees_paid: Money::ZERO,
                traded: Money::ZERO,
                resting_bids: Qty::ZERO,
                resting_asks: Qty::ZERO,
                held: Money::ZERO,
            });
            differ(&format!("position of {account:?} in {market:?}"), &theirs, &ours)?;
        }
    }
    let ledger = real.ledger();
    differ("the ledger's difference", &ledger.difference(), &Money::ZERO)?;
    differ("the ledger's deposits", &ledger.external, &micros(-naive.deposits()))?;
    differ("the ledger's cash", &ledger.cash, &micros(cash))?;
    differ("the ledger's fees", &ledger.fees, &micros(naive.fees_collected()))
}

fn compare_markets(real: &Exchange, naive: &Naive) -> Result<(), String> {
    let mut escrow = 0;
    for (market, ours) in (0..).map(MarketId).zip(&naive.markets) {
        let theirs = real.market(market).ok_or(format!("{market:?} is missing"))?;
        let interest =
            if ours.status == brier_types::MarketStatus::Finalized { 0 } else { naive.open_interest(market) };
        escrow += interest;
        differ(&format!("status of {market:?}"), &theirs.status, &ours.status)?;
        differ(&format!("result of {market:?}"), &theirs.result, &ours.result)?;
        differ(&format!("grid of {market:?}"), theirs.grid, &ours.spec.grid)?;
        differ(&format!("open time of {market:?}"), &theirs.open_time, &ours.spec.open_time)?;
        differ(&format!("close time of {market:?}"), &theirs.close_time, &ours.spec.close_time)?;
        differ(&format!("fees of {market:?}"), &theirs.fees, &ours.spec.fees)?;
        differ(&format!("fee waiver of {market:?}"), &theirs.fee_waiver_until, &ours.spec.fee_waiver_until)?;
        differ(&format!("settlement floor of {market:?}"), &theirs.settlement_floor, &ours.floor)?;
        differ(&format!("open interest of {market:?}"), &theirs.open_interest.signed().micros().into(), &interest)?;
        differ(&format!("collateral of {market:?}"), &theirs.escrow, &micros(interest))?;
        for side in [BookSide::Bid, BookSide::Ask] {
            let levels: Vec<_> = real.levels(market, side).collect();
            differ(&format!("{side:?} levels of {market:?}"), &levels, &naive.levels(market, side))?;
        }
    }
    differ("all collateral", &real.ledger().escrow, &micros(escrow))
}

fn compare_orders(real: &Real, naive: &Naive) -> Result<(), String> {
    differ("number of live orders", &real.exchange.order_count(), &naive.orders.len())?;
    for (no, ours) in &naive.orders {
        let id = real.ids[no];
        let theirs = real.exchange.order(id).ok_or(format!("order {no} is not live"))?;
        let qty = |micros: i128| Qty::from_micros(micros as u64).unwrap();
        let place = &ours.place;
        differ(&format!("owner of order {no}"), &theirs.account, &place.account)?;
        differ(&format!("market of order {no}"), &theirs.market, &place.market)?;
        differ(&format!("side of order {no}"), &theirs.side, &place.side)?;
        differ(&format!("price of order {no}"), &theirs.price, &ours.price)?;
        differ(&format!("total of order {no}"), &theirs.total, &qty(ours.filled + ours.open))?;
        differ(&format!("filled of order {no}"), &theirs.filled, &qty(ours.filled))?;
        differ(&format!("remainder of order {no}"), &theirs.remaining, &qty(ours.open))?;
        differ(&format!("expiry of order {no}"), &theirs.expires, &ours.expires)?;
        differ(&format!("group of order {no}"), &theirs.group, &place.group)?;
        differ(&format!("name of order {no}"), &theirs.client_order_id, &place.client_order_id.as_ref())?;
        differ(&format!("queue before order {no}"), &real.exchange.queue_ahead(id), &Some(naive.ahead(*no)))?;
    }
    for account in (0..naive.account_count()).map(AccountId) {
        let mut theirs: Vec<u64> = real.exchange.orders(account).map(|id| real.steps[&id]).collect();
        theirs.sort_unstable();
        differ(&format!("orders of {account:?}"), &theirs, &naive.of_account(account).collect())?;
    }
    for (group, ours) in (0..).map(GroupId).zip(&naive.groups) {
        let theirs = real.exchange.group(group).map(|view| (view.account, view.limit, view.triggered));
        let known = (!ours.deleted).then_some((ours.account, ours.limit, ours.triggered));
        differ(&format!("{group:?}"), &theirs, &known)?;
        let theirs: Vec<u64> = real.exchange.group_orders(group).map(|id| real.steps[&id]).collect();
        differ(&format!("orders of {group:?}"), &theirs, &naive.of_group(group))?;
    }
    Ok(())
}

/// Events both tell, level changes left out; canceling orders of an account or of everyone has no order of its own.
fn compare_events(command: &Command, real: &[Event], naive: &[Event]) -> Result<(), String> {
    let told = |events: &[Event]| -> Vec<Event> {
        let kept = events.iter().filter(|event| !matches!(event, Event::LevelChanged { .. }));
        let mut kept: Vec<Event> = kept.cloned().collect();
        if matches!(command, Command::CancelAll { .. } | Command::SetActive { .. }) {
            kept.sort_by_key(|event| format!("{event:?}"));
        }
        kept
    };
    let (real, naive) = (told(real), told(naive));
    for (index, (ours, theirs)) in real.iter().zip(&naive).enumerate() {
        differ(&format!("event {index}"), ours, theirs)?;
    }
    differ("number of events", &real.len(), &naive.len())
}

/// Each fill takes free cash below zero by at most two steps of the balance; nothing else takes it there.
fn check_free_cash(
    before: &[i128],
    fills: &[usize],
    real: &Exchange,
    naive: &Naive,
    stats: &mut Stats,
) -> Result<(), String> {
    for (index, (before, filled)) in before.iter().zip(fills).enumerate() {
        let account = AccountId(index as u32);
        let after = i128::from(real.account(account).unwrap().available.micros());
        let new = (naive.fill_count(account) - filled) as i128;
        let fallen = (*before).min(0) - after.min(0);
        if fallen > 2 * naive.step(account) * new {
            return Err(format!("{new} fills took the free cash of {account:?} from {before} to {after}"));
        }
        if new > 0 {
            stats.worst_shortfall = stats.worst_shortfall.max((100 * fallen / (new * naive.step(account))) as i64);
        }
    }
    Ok(())
}

fn run(steps: &[Step]) -> Result<Stats, String> {
    let (mut real, mut naive, mut mirror, mut stats) = (Real::new(), Naive::new(), Mirror::default(), Stats::default());
    for step in steps {
        let at = |message: String| format!("after step {} {:?}:\n{message}", step.no, step.command);
        let before: Vec<i128> = (0..naive.account_count())
            .map(|account| naive.cash(AccountId(account)) - naive.held(AccountId(account)))
            .collect();
        let fills: Vec<usize> =
            (0..naive.account_count()).map(|account| naive.fill_count(AccountId(account))).collect();
        let (reply, events) = catch_unwind(AssertUnwindSafe(|| real.apply(step)))
            .map_err(|panic| at(format!("the core panicked: {}", panic_text(&*panic))))?;
        let expected = naive.apply(step.at, step.no, &step.command);
        differ("replies", &reply, &expected).map_err(at)?;
        compare_events(&step.command, &events, &naive.events).map_err(at)?;
        compare_accounts(&real.exchange, &naive).map_err(at)?;
        compare_markets(&real.exchange, &naive).map_err(at)?;
        compare_orders(&real, &naive).map_err(at)?;
        catch_unwind(AssertUnwindSafe(|| real.exchange.check()))
            .map_err(|panic| at(format!("an invariant is broken: {}", panic_text(&*panic))))?;
        real.events.iter().try_for_each(|event| mirror.apply(event)).map_err(at)?;
        mirror.compare(&real.exchange, naive.markets.len() as u32, naive.account_count()).map_err(at)?;
        if !matches!(step.command, Command::Fund { .. }) {
            check_free_cash(&before, &fills, &real.exchange, &naive, &mut stats).map_err(at)?;
        }
        stats.steps += 1;
        stats.refused += usize::from(reply.is_err());
        for event in &events {
            match event {
                Event::Trade(_) => stats.trades += 1,
                Event::Settled(_) => stats.settled += 1,
                Event::OrderEnded { reason, .. } => *stats.ends.entry(format!("{reason:?}")).or_default() += 1,
                Event::GroupChanged { change: brier_matching::GroupChange::Triggered, .. } => stats.triggered += 1,
                Event::OrderAccepted { .. }
                | Event::OrderChanged { .. }
                | Event::LevelChanged { .. }
                | Event::MarketChanged { .. }
                | Event::Funded { .. }
                | Event::GroupChanged { .. }
                | Event::ActiveChanged { .. } => {}
            }
        }
    }
    Ok(stats)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

/// Leaves steps out, ever fewer at a time, as long as the rest still fails.
fn shortest(steps: &[Step]) -> (Vec<Step>, String) {
    let mut steps = steps.to_vec();
    let mut error = run(&steps).expect_err("only a failing flow is shortened");
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let mut from = 0;
        while from < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(from..(from + chunk).min(steps.len()));
            match catch_unwind(AssertUnwindSafe(|| run(&fewer))) {
                Ok(Err(still)) => (steps, error) = (fewer, still),
                Ok(Ok(_)) | Err(_) => from += chunk,
            }
        }
        chunk /= 2;
    }
    (steps, error)
}

fn seeds() -> u64 {
    std::env::var("BRIER_SEEDS").ok().map_or(3, |text| text.parse().expect("BRIER_SEEDS is a count"))
}

/// Runs every seed of a profile; returns the sums of what happened.
fn run_seeds(profile: Profile, steps: usize) -> Stats {
    let mut all = Stats::default();
    for seed in 0..seeds() {
        let steps = flow(seed, profile, steps);
        let Ok(stats) = run(&steps) else {
            let (steps, error) = shortest(&steps);
            let listing: Vec<String> = steps.iter().map(|it| format!("{} {} {:?}", it.no, it.at, it.command)).collect();
            panic!("seed {seed} of {profile:?}: {error}\nshortest flow:\n{}", listing.join("\n"));
        };
        all.steps += stats.steps;
        all.refused += stats.refused;
        all.trades += stats.trades;
        all.settled += stats.settled;
        all.triggered += stats.triggered;
        all.worst_shortfall = all.worst_shortfall.max(stats.worst_shortfall);
        for (reason, count) in stats.ends {
            *all.ends.entry(reason).or_default() += count;
        }
    }
    all
}

#[test]
fn both_cores_agree_on_everything() {
    let stats = run_seeds(Profile::Full, 700);
    println!("{stats:?}");
    assert!(stats.trades > 100 && stats.settled > 0 && stats.triggered > 0, "the flow tests too little: {stats:?}");
    for reason in ["Filled", "UserCancel", "SelfTrade", "ImmediateOrCancel", "Expiry", "Close", "Halt", "Group"] {
        assert!(stats.ends.contains_key(reason), "no order ended by {reason}: {stats:?}");
    }
}

#[test]
fn free_cash_stays_within_its_bound_for_poor_accounts() {
    let stats = run_seeds(Profile::Poor, 600);
    println!("{stats:?}");
    assert!(stats.trades > 50 && stats.refused > 100, "the flow tests too little: {stats:?}");
    assert!(stats.worst_shortfall > 0, "no fill took free cash below zero: {stats:?}");
    assert!(stats.ends.contains_key("Margin"), "no rise of fees canceled an order: {stats:?}");
}

#[test]
fn long_queues_keep_their_order() {
    let stats = run_seeds(Profile::Queues, 500);
    println!("{stats:?}");
    assert!(stats.trades > 80, "the flow tests too little: {stats:?}");
}

#[test]
fn same_commands_give_the_same_events_and_state() {
    for seed in 0..seeds() {
        let steps = flow(1_000 + seed, Profile::Full, 400);
        let (mut one, mut other) = (Real::new(), Real::new());
        for step in &steps {
            assert_eq!(one.apply(step), other.apply(step), "seed {seed}, step {}", step.no);
            assert_eq!(one.exchange.state_hash(), other.exchange.state_hash(), "seed {seed}, step {}", step.no);
        }
    }
}

#[test]
fn a_refused_command_changes_nothing_that_can_be_seen() {
    for seed in 0..seeds() {
        let steps = flow(2_000 + seed, Profile::Full, 400);
        let mut real = Real::new();
        for step in &steps {
            // Time passes with every command; what it brings is no part of the refusal.
            real.exchange.advance(step.at, &mut ());
            let before = real.exchange.state_hash();
            let (reply, events) = real.apply(step);
            if let Err(refusal) = reply
                && refusal != brier_matching::Refusal::FillOrKillVolume
            {
                assert_eq!(events, [], "seed {seed}, step {}: {refusal}", step.no);
                assert_eq!(real.exchange.state_hash(), before, "seed {seed}, step {}: {refusal}", step.no);
            }
        }
    }
}
