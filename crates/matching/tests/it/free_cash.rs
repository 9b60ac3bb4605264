//! How far below zero free cash can go: an account spends its last cash on one order, which fills in many small parts.
//!
//! Each part's fee is rounded up on its own, so the sum can exceed what one fill of the whole would have cost, which is
//! what was held (reference sections 8.3 and 10.2).

use std::time::Duration;

use brier_kalshi_protocol::fees::{BalancePrecision, FeeMultiplier, FeeSchedule, FeeType};
use brier_matching::{AccountId, Command, Exchange, MarketId, MarketSpec, PlaceOrder, Refusal};
use brier_types::{BookSide, Money, Price, Qty, TimeInForce, Timestamp};

use crate::flow::{Rng, centi};

const SPENDER: AccountId = AccountId(0);
const OTHER: AccountId = AccountId(1);
const MARKET: MarketId = MarketId(0);

fn order(account: AccountId, side: BookSide, price: Price, qty: Qty) -> PlaceOrder {
    PlaceOrder {
        account,
        market: MARKET,
        side,
        price,
        qty,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        cancel_on_pause: false,
        self_trade_prevention: None,
        client_order_id: None,
        group: None,
    }
}

/// One order of random price and side filled in random parts, as maker or as taker; returns the most by which the fills
/// so far took free cash below zero, in $0.000001 a fill.
fn worst_of(seed: u64, precision: BalancePrecision) -> i64 {
    let mut rng = Rng(seed);
    let now = Timestamp::from_secs(1_000).unwrap();
    let mut exchange = Exchange::new();
    let mut apply = |command| exchange.apply(now, &command, &mut ()).unwrap();
    apply(Command::OpenAccount { precision });
    apply(Command::OpenAccount { precision: BalancePrecision::CentiCent });
    apply(Command::Fund { account: OTHER, amount: Money::from_cents(10_000_000).unwrap() });
    let multiplier = FeeMultiplier::from_micros(rng.below(4) as u32 * 500_000).unwrap();
    apply(Command::CreateMarket(MarketSpec {
        grid: centi(),
        size_step: if rng.below(4) == 0 { Qty::from_micros(1).unwrap() } else { Qty::HUNDREDTH },
        open_time: now,
        close_time: Timestamp::from_secs(2_000).unwrap(),
        settlement_timer: Duration::ZERO,
        fees: FeeSchedule::new(FeeType::QuadraticWithComboMakerFees, multiplier),
        fee_waiver_until: None,
    }));
    let price = Price::new(1 + rng.below(9_999) as u16).unwrap();
    let side = if rng.below(2) == 0 { BookSide::Bid } else { BookSide::Ask };
    let step = exchange.market(MARKET).unwrap().size_step.micros().max(1_000);
    let parts: Vec<Qty> = (0..60).map(|_| Qty::from_micros(step * (1 + rng.below(3))).unwrap()).collect();
    let whole = Qty::from_micros(parts.iter().map(|part| part.micros()).sum()).unwrap();
    let whole = order(SPENDER, side, price, whole);
    let maker = rng.below(2) == 0;
    if !maker {
        for part in &parts {
            exchange.place(&order(OTHER, side.opposite(), price, *part), &mut ()).unwrap();
        }
    }
    let Err(Refusal::InsufficientBalance { needed, .. }) = exchange.place(&whole, &mut ()) else {
        panic!("an account without cash cannot place an order")
    };
    exchange.apply(now, &Command::Fund { account: SPENDER, amount: needed }, &mut ()).unwrap();
    exchange.place(&whole, &mut ()).unwrap();
    let below = |exchange: &Exchange, fills: usize| -> i64 {
        -exchange.account(SPENDER).unwrap().available.micros() / fills as i64
    };
    if !maker {
        exchange.check();
        return below(&exchange, parts.len());
    }
    let mut worst = 0;
    for (index, part) in parts.iter().enumerate() {
        exchange.place(&order(OTHER, side.opposite(), price, *part), &mut ()).unwrap();
        worst = worst.max(below(&exchange, index + 1));
    }
    exchange.check();
    worst
}

#[test]
fn small_fills_take_less_than_two_hundredths_of_a_cent_each() {
    let worst = (0..200).map(|seed| worst_of(seed, BalancePrecision::CentiCent)).max().unwrap();
    println!("worst: {worst} of $0.000001 a fill");
    assert!((1..200).contains(&worst), "{worst}");
}

/// Rounding to a whole cent takes up to a cent a fill, and the accumulator gives back no more than a fill cost.
#[test]
fn small_fills_of_a_balance_in_cents_take_less_than_a_cent_each() {
    let worst = (0..200).map(|seed| worst_of(seed, BalancePrecision::Cent)).max().unwrap();
    println!("worst: {worst} of $0.000001 a fill");
    assert!((1..10_100).contains(&worst), "{worst}");
}
