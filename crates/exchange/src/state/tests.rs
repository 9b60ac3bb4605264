//! The projection against the core, over random flows: what the rows say is what the core holds, what listeners hear adds
//! up to it, and the records alone rebuild it.

use std::collections::BTreeMap;

use brier_matching::{Decrease, ExpiryChange, GroupCommand, GroupId, PlaceOrder};
use brier_types::{BookSide, MarketResult, Money, SelfTradePrevention, TimeInForce};
use proptest::prelude::*;
use serde_json::json;

use super::rows::total;
use super::*;
use crate::publication::Said;
use crate::record::{Entry, MarketChange, Record};

const USERS: u32 = 3;
const MARKETS: u32 = 2;

fn start() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// One random step, in small numbers that are made valid or nearly so.
#[derive(Clone, Copy, Debug)]
struct Step {
    kind: u8,
    user: u32,
    market: u32,
    bid: bool,
    cents: u8,
    hundredths: u64,
    pick: usize,
    flag: u8,
    seconds: u16,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0_u8..14,
        0..USERS,
        0..MARKETS,
        any::<bool>(),
        40_u8..60,
        1_u64..600,
        any::<prop::sample::Index>(),
        any::<u8>(),
        0_u16..40,
    );
    let step = step.prop_map(|(kind, user, market, bid, cents, hundredths, pick, flag, seconds)| Step {
        kind,
        user,
        market,
        bid,
        cents,
        hundredths,
        pick: pick.index(1 << 16),
        flag,
        seconds,
    });
    prop::collection::vec(step, 1..80)
}

fn setup() -> Vec<Record> {
    let mut records = Vec::new();
    for user in 0..USERS {
        records.push(Record::OpenUser { name: format!("user {user}") });
        records.push(Record::Fund { account: AccountId(user), amount: Money::from_cents(5_000).unwrap() });
        records.push(Record::CreateGroup { account: AccountId(user), limit: Qty::from_contracts(8).unwrap() });
    }
    records.push(Record::PutSeries(Box::new(
        read_series(json!({"ticker": "KXA", "fee_type": "quadratic_with_maker_fees"}), start()).unwrap(),
    )));
    records.push(Record::PutEvent(Box::new(read_event(json!({"event_ticker": "KXA-1"}), start()).unwrap())));
    for market in 0..MARKETS {
        let given = json!({"ticker": format!("KXA-1-T{market}"), "event_ticker": "KXA-1", "close_time": "2026-11-20T12:15:00Z"});
        records.push(Record::ListMarket(Box::new(read_market(given, start()).unwrap())));
    }
    records
}

fn record(state: &State, step: Step) -> Record {
    let (account, market) = (AccountId(step.user), MarketId(step.market));
    let own: Vec<OrderId> = state.exchange.orders(account).collect();
    let order = own.get(step.pick % own.len().max(1)).copied().unwrap_or(OrderId::from_bits(77));
    let qty = Qty::from_hundredths(step.hundredths).unwrap();
    let price = Price::from_cents(step.cents).unwrap();
    let side = if step.bid { BookSide::Bid } else { BookSide::Ask };
    match step.kind {
        0..=6 => Record::Place(PlaceOrder {
            account,
            market,
            side,
            price,
            qty,
            time_in_force: match step.flag % 8 {
                0 => TimeInForce::Ioc,
                1 => TimeInForce::Fok,
                2 => TimeInForce::Gtd(state.exchange.now().plus(std::time::Duration::from_secs(20))),
                _ => TimeInForce::Gtc,
            },
            post_only: step.flag & 64 != 0,
            reduce_only: step.flag.is_multiple_of(16),
            cancel_on_pause: step.flag & 32 != 0,
            self_trade_prevention: Some(if step.flag & 128 == 0 {
                SelfTradePrevention::Maker
            } else {
                SelfTradePrevention::TakerAtCross
            }),
            client_order_id: Some(state.mint_client_order_id(account)),
            group: (step.flag % 8 > 5).then_some(GroupId(step.user)),
        }),
        7 => Record::Amend(brier_matching::AmendOrder {
            account,
            order,
            market: state.order(order).map_or(market, |row| row.market),
            side: state.order(order).map_or(side, |row| row.side),
            price,
            total: qty,
            client_order_id: None,
            new_client_order_id: (step.flag & 1 == 0).then(|| state.mint_client_order_id(account)),
            expiry: ExpiryChange::Keep,
        }),
        8 => Record::Decrease { account, order, by: Decrease::By(qty) },
        9 => Record::Cancel { account, order },
        10 => Record::ChangeGroup { account, group: GroupId(step.user), change: GroupCommand::Reset },
        11 if step.flag < 40 => Record::ChangeMarket { market, change: MarketChange::Pause },
        11 => Record::ChangeMarket { market, change: MarketChange::Resume },
        12 if step.flag < 10 => Record::ChangeMarket {
            market,
            change: MarketChange::Determine { result: MarketResult::Scalar(price), expiration_value: None },
        },
        12 if step.flag < 30 => Record::ChangeMarket { market, change: MarketChange::Settle },
        13 if step.flag < 20 => Record::CancelAll { account },
        _ => Record::Tick,
    }
}

fn levels(state: &State, market: u32, side: BookSide) -> BTreeMap<Price, u64> {
    state.exchange.levels(MarketId(market), side).map(|(price, qty)| (price, qty.micros())).collect()
}

/// The rows against the core.
fn check(state: &State) {
    state.exchange.check();
    let mut resting: BTreeMap<(u32, BookSide), BTreeMap<Price, u64>> = BTreeMap::new();
    let mut fees: BTreeMap<(AccountId, MarketId), Money> = BTreeMap::new();
    for row in &state.orders {
        if let Some(live) = state.exchange.order(row.id) {
            assert_eq!(row.standing, Standing::Resting);
            let of_core = (live.account, live.market, live.side, live.price, live.remaining, live.filled, live.expires);
            let kept = (row.account, row.market, row.side, row.price, row.remaining, row.filled, row.expires);
            assert_eq!(of_core, kept);
            assert_eq!(live.client_order_id.map(brier_types::ClientOrderId::as_str), Some(&*row.client_order_id));
            let level = resting.entry((row.market.0, row.side)).or_default().entry(row.price).or_default();
            *level += row.remaining.micros();
        } else {
            assert_ne!(row.standing, Standing::Resting, "an order the core forgot is over");
            assert_eq!(row.remaining, Qty::ZERO);
            assert!(row.standing == Standing::Canceled || !row.filled.is_zero(), "nothing executes without a fill");
        }
        let total = fees.entry((row.account, row.market)).or_default();
        *total = total.checked_add(row.totals().1).unwrap();
    }
    for market in 0..MARKETS {
        for side in [BookSide::Bid, BookSide::Ask] {
            assert_eq!(resting.remove(&(market, side)).unwrap_or_default(), levels(state, market, side));
        }
    }
    for (user, row) in state.users.iter().enumerate() {
        let account = AccountId(user as u32);
        let sides =
            (0..MARKETS).flat_map(|market| [(MarketId(market), BookSide::Bid), (MarketId(market), BookSide::Ask)]);
        let mut queued: Vec<(OrderId, Option<Qty>)> = sides
            .flat_map(|(market, side)| state.exchange.queue_positions(account, market, side))
            .map(|(order, ahead)| (order, Some(ahead)))
            .collect();
        queued.sort_unstable_by_key(|(order, _)| *order);
        let mut asked: Vec<(OrderId, Option<Qty>)> =
            state.exchange.orders(account).map(|order| (order, state.exchange.queue_ahead(order))).collect();
        asked.sort_unstable_by_key(|(order, _)| *order);
        assert_eq!(queued, asked, "one pass says what asking for each says");
        for (market, position) in state.exchange.positions(account) {
            let settled: Money = row
                .settlements
                .iter()
                .filter(|one| one.settlement.market == market)
                .map(|one| one.settlement.fee)
                .sum();
            let traded = fees.remove(&(account, market)).unwrap_or_default();
            assert_eq!(position.fees_paid, traded.checked_add(settled).unwrap(), "fees of rows and of the position");
        }
        let filled: u64 = row.fills.iter().map(|fill| state.trades[fill.trade as usize].qty.micros()).sum();
        let ordered: u64 = row.orders.iter().map(|index| state.orders[*index as usize].filled.micros()).sum();
        assert_eq!(filled, ordered);
    }
    for market in &state.markets {
        let sum: u64 = market.trades.iter().map(|index| state.trades[*index as usize].qty.micros()).sum();
        assert_eq!(market.volume.micros(), sum);
    }
}

fn books_heard(heard: &mut BTreeMap<(u32, BookSide), BTreeMap<Price, i64>>, state: &mut State) {
    for publication in state.outbox.drain(..) {
        let Said::Level(level) = publication.body else { continue };
        let book = heard.entry((level.market.id.0, level.side)).or_default();
        *book.entry(level.price).or_default() += level.change.micros();
        book.retain(|_, size| *size != 0);
        assert!(book.values().all(|size| *size > 0), "a negative level was said");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn rows_streams_and_replay_agree_with_the_core(flow in steps()) {
        let mut state = State { listening: true, ..State::default() };
        let (mut journal, mut heard, mut now) = (Vec::new(), BTreeMap::new(), start());
        let mut run = |state: &mut State, at, record| {
            let entry = Entry { at, record };
            journal.push(entry.encode());
            // Refusals are a part of the flow.
            let _refused = state.execute(entry.at, &entry.record).is_err();
        };
        for record in setup() {
            run(&mut state, now, record);
        }
        for step in flow {
            now = now.plus(std::time::Duration::from_secs(u64::from(step.seconds)));
            let record = record(&state, step);
            run(&mut state, now, record);
            books_heard(&mut heard, &mut state);
        }
        check(&state);
        for market in 0..MARKETS {
            for side in [BookSide::Bid, BookSide::Ask] {
                let said: BTreeMap<Price, u64> = heard.remove(&(market, side)).unwrap_or_default().into_iter().map(|(price, size)| (price, size as u64)).collect();
                prop_assert_eq!(said, levels(&state, market, side));
            }
        }

        let mut again = State::default();
        for bytes in &journal {
            let entry = Entry::decode(bytes).unwrap();
            let _refused = again.execute(entry.at, &entry.record).is_err();
        }
        prop_assert_eq!(again.exchange.state_hash(), state.exchange.state_hash());
        prop_assert_eq!(format!("{:?}", again.orders), format!("{:?}", state.orders));
        prop_assert_eq!(format!("{:?}", again.trades), format!("{:?}", state.trades));
        for market in 0..MARKETS {
            let (one, other) = (again.market_json(MarketId(market)), state.market_json(MarketId(market)));
            prop_assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&other).unwrap());
        }
    }
}

#[test]
fn what_is_due_happens_at_its_own_time() {
    let mut state = State::default();
    for record in setup() {
        state.execute(start(), &record).unwrap();
    }
    // Both markets close at a quarter past, though the clock jumps an hour.
    let later = start().plus(std::time::Duration::from_hours(1));
    state.execute(later, &Record::Tick).unwrap();
    for market in &state.markets {
        assert_eq!(market.updated, "2026-11-20T12:15:00Z".parse().unwrap());
    }
    assert_eq!(state.exchange.now(), later);
}

#[test]
fn volumes_beyond_64_bits_stay_at_the_end_and_stop_nothing() {
    let mut state = State::default();
    let rich = Money::from_micros(10_000_000_000_000_000);
    for user in 0..2 {
        state.execute(start(), &Record::OpenUser { name: format!("user {user}") }).unwrap();
        state.execute(start(), &Record::Fund { account: AccountId(user), amount: rich }).unwrap();
    }
    let series = read_series(json!({"ticker": "KXA", "fee_multiplier": 0}), start()).unwrap();
    state.execute(start(), &Record::PutSeries(Box::new(series))).unwrap();
    let event = read_event(json!({"event_ticker": "KXA-1"}), start()).unwrap();
    state.execute(start(), &Record::PutEvent(Box::new(event))).unwrap();
    let market = json!({"ticker": "KXA-1-T0", "event_ticker": "KXA-1", "close_time": "2026-11-20T12:15:00Z"});
    state.execute(start(), &Record::ListMarket(Box::new(read_market(market, start()).unwrap()))).unwrap();
    let place = |state: &mut State, account: u32, side: BookSide| {
        let account = AccountId(account);
        let order = PlaceOrder {
            account,
            market: MarketId(0),
            side,
            price: Price::from_cents(50).unwrap(),
            qty: brier_matching::MAX_ORDER_QTY,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            cancel_on_pause: false,
            self_trade_prevention: None,
            client_order_id: None,
            group: None,
        };
        state.execute(start(), &Record::Place(order)).unwrap();
    };
    // The two trade a billion contracts forth and back; 9,224 times is more than a quantity can count.
    for turn in 0..9_224 {
        let side = if turn % 2 == 0 { BookSide::Bid } else { BookSide::Ask };
        place(&mut state, 0, side);
        place(&mut state, 1, side.opposite());
    }
    let row = state.market(MarketId(0));
    assert_eq!((row.volume, state.user(AccountId(0)).markets[&MarketId(0)].traded), (Qty::MAX, Qty::MAX));
    assert_eq!(state.market_json(MarketId(0)).volume_fp, Qty::MAX);
    assert_eq!(sum(Qty::MAX, Qty::HUNDREDTH), Qty::MAX);
    assert_eq!(total(Money::MAX, Money::CENTICENT), Money::MAX);
    let positions: Vec<_> = state.exchange.positions(AccountId(0)).collect();
    assert_eq!(state.event_positions(AccountId(0), &positions).len(), 1);
    assert!(state.balance_json(AccountId(0)).balance_dollars >= Money::ZERO);
}
