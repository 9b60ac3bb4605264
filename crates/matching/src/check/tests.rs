//! `check` must notice: each test breaks one thing in a sound exchange and expects the panic that names it.

use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType};
use brier_types::{Price, PriceGrid, SignedQty, TimeInForce};

use super::*;
use crate::{AccountId, Command, MarketId, MarketSpec, PlaceOrder};

/// Two accounts, ten open pairs, and an order resting on each side.
fn sound() -> Exchange {
    let now = Timestamp::from_secs(1_000).unwrap();
    let mut exchange = Exchange::new();
    let mut apply = |command| exchange.apply(now, &command, &mut ()).unwrap();
    for account in [AccountId(0), AccountId(1)] {
        apply(Command::OpenAccount { precision: BalancePrecision::CentiCent });
        apply(Command::Fund { account, amount: Money::from_cents(10_000).unwrap() });
    }
    apply(Command::CreateMarket(MarketSpec {
        grid: PriceGrid::uniform(Price::new(100).unwrap()).unwrap(),
        size_step: Qty::HUNDREDTH,
        open_time: now,
        close_time: Timestamp::from_secs(2_000).unwrap(),
        settlement_timer: std::time::Duration::ZERO,
        fees: FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE),
        fee_waiver_until: None,
    }));
    for (account, side, cents, contracts) in
        [(0, BookSide::Bid, 40, 12), (1, BookSide::Ask, 40, 10), (1, BookSide::Ask, 60, 7)]
    {
        apply(Command::Place(PlaceOrder {
            account: AccountId(account),
            market: MarketId(0),
            side,
            price: Price::from_cents(cents).unwrap(),
            qty: Qty::from_contracts(contracts).unwrap(),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            cancel_on_pause: false,
            self_trade_prevention: None,
            client_order_id: None,
            group: None,
        }));
    }
    exchange
}

#[test]
fn a_sound_exchange_passes() {
    sound().check();
}

#[test]
#[should_panic(expected = "external money, cash, collateral and fees sum to zero")]
fn money_from_nowhere_is_noticed() {
    let mut exchange = sound();
    exchange.ledger.cash = exchange.ledger.cash.checked_add(Money::from_micros(1)).unwrap();
    exchange.check();
}

#[test]
#[should_panic(expected = "the ledger's cash is the accounts'")]
fn cash_of_an_account_that_is_not_in_the_ledger_is_noticed() {
    let mut exchange = sound();
    exchange.accounts[1].cash = Money::ZERO;
    exchange.check();
}

#[test]
#[should_panic(expected = "the ledger's collateral is the markets'")]
fn collateral_that_is_not_in_the_ledger_is_noticed() {
    let mut exchange = sound();
    exchange.markets[0].escrow = Money::ZERO;
    exchange.check();
}

#[test]
#[should_panic(expected = "a market's collateral is a dollar a pair")]
fn open_interest_without_collateral_is_noticed() {
    let mut exchange = sound();
    exchange.markets[0].open_interest = Qty::from_contracts(11).unwrap();
    exchange.check();
}

#[test]
#[should_panic(expected = "YES and NO are equally many")]
fn a_position_without_its_opposite_is_noticed() {
    let mut exchange = sound();
    exchange.positions[0].qty = SignedQty::ZERO;
    exchange.check();
}

#[test]
#[should_panic(expected = "between commands every live order rests")]
fn a_live_order_outside_its_book_is_noticed() {
    let mut exchange = sound();
    let slot = exchange.slab.live().next().unwrap();
    exchange.markets[0].book.remove(&mut exchange.slab, slot);
    exchange.check();
}

#[test]
#[should_panic(expected = "a level's tail and quantity agree with its orders")]
fn a_level_that_disagrees_with_its_orders_is_noticed() {
    let mut exchange = sound();
    let slot = exchange.slab.live().next().unwrap();
    exchange.slab.take(slot, Qty::HUNDREDTH);
    exchange.check();
}

#[test]
#[should_panic(expected = "our own book is never crossed")]
fn a_crossed_book_is_noticed() {
    let mut exchange = sound();
    let slot = exchange.slab.live().next().unwrap();
    let (price, qty) = (Price::from_cents(60).unwrap(), exchange.slab.qty(slot));
    exchange.markets[0].book.remove(&mut exchange.slab, slot);
    exchange.slab.reprice(slot, price, qty);
    exchange.markets[0].book.rest(&mut exchange.slab, slot);
    exchange.check();
}

#[test]
#[should_panic(expected = "a position's sums are its orders'")]
fn a_reservation_outside_the_sums_is_noticed() {
    let mut exchange = sound();
    let slot = exchange.slab.live().next().unwrap();
    exchange.slab.data_mut(slot).reserved = Money::ZERO;
    exchange.check();
}

#[test]
#[should_panic(expected = "an order reserves what its remainder may cost by the market's fees")]
fn fees_that_changed_without_the_reservations_are_noticed() {
    let mut exchange = sound();
    exchange.markets[0].fees = FeeSchedule::FREE;
    exchange.check();
}

#[test]
#[should_panic(expected = "held cash follows the resting orders")]
fn held_cash_of_a_position_that_does_not_follow_is_noticed() {
    let mut exchange = sound();
    exchange.positions[0].held = Money::ZERO;
    exchange.check();
}

#[test]
#[should_panic(expected = "an account's held cash is the sum over its positions")]
fn held_cash_of_an_account_that_does_not_follow_is_noticed() {
    let mut exchange = sound();
    exchange.accounts[0].held = Money::ZERO;
    exchange.check();
}

#[test]
#[should_panic(expected = "orders rest in open markets only")]
fn an_order_in_a_closed_market_is_noticed() {
    let mut exchange = sound();
    exchange.markets[0].status = MarketStatus::Closed;
    exchange.check();
}

/// Every change of something that decides a later answer must move the hash.
#[test]
fn the_state_hash_sees_what_decides_later_answers() {
    let hash = sound().state_hash();
    let differs = |name: &str, change: &dyn Fn(&mut Exchange)| {
        let mut exchange = sound();
        change(&mut exchange);
        assert_ne!(exchange.state_hash(), hash, "{name}");
    };
    differs("settlement floor", &|it| it.markets[0].settlement_floor = Some(Price::ZERO));
    differs("settlement timer", &|it| it.markets[0].settlement_timer = std::time::Duration::from_secs(1));
    differs("size step", &|it| it.markets[0].size_step = Qty::from_micros(1).unwrap());
    differs("fees", &|it| it.markets[0].fees = FeeSchedule::FREE);
    differs("maker fees", &|it| {
        it.markets[0].fees = FeeSchedule::new(FeeType::QuadraticWithMakerFees, FeeMultiplier::ONE);
    });
    differs("fee waiver", &|it| it.markets[0].fee_waiver_until = Some(Timestamp::EPOCH));
    differs("result", &|it| it.markets[0].result = Some(brier_types::MarketResult::Yes));
    differs("status", &|it| it.markets[0].status = MarketStatus::Inactive);
    differs("free slots", &|it| {
        let slot = it.slab.insert(BookSide::Bid, Price::ZERO, Qty::ZERO, it.slab.data(0).clone());
        it.slab.free(slot);
    });
    differs("an order's name", &|it| {
        let slot = it.slab.live().next().unwrap();
        let name = Some(brier_types::ClientOrderId::new("k").unwrap());
        let extra = crate::exchange::Extra { client_order_id: name, ..it.extra(slot).clone() };
        it.set_extra(slot, extra);
    });
    differs("an order's flags", &|it| it.slab.data_mut(1).post_only = true);
    differs("a spent name", &|it| {
        it.client_order_ids.insert((AccountId(0), brier_types::ClientOrderId::new("k").unwrap()));
    });
    differs("an order's age", &|it| it.slab.data_mut(1).number += 1);
    differs("orders placed", &|it| it.markets[0].placed += 1);
    differs("trading", &|it| it.trading_active = false);
    differs("trade numbers", &|it| it.trades += 1);
    differs("precision", &|it| it.accounts[0].precision = BalancePrecision::Cent);
}
