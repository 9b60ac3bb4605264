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

/// An account without cash and a rich one, and a market with one of several fees and size steps.
fn stage(rng: &mut Rng, precision: BalancePrecision) -> Exchange {
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
    exchange
}

/// Gives the account what the order needs and no more, and places it.
fn spend_all(exchange: &mut Exchange, whole: &PlaceOrder) {
    let Err(Refusal::InsufficientBalance { needed, .. }) = exchange.place(whole, &mut ()) else {
        panic!("an account without cash cannot place an order")
    };
    let now = exchange.now();
    exchange.apply(now, &Command::Fund { account: SPENDER, amount: needed }, &mut ()).unwrap();
    exchange.place(whole, &mut ()).unwrap();
}

/// One order of random price and side filled in random parts, as maker or as taker; returns the most by which the fills
/// so far took free cash below zero, in $0.000001 a fill.
fn worst_of(seed: u64, precision: BalancePrecision) -> i64 {
    let mut rng = Rng(seed);
    let mut exchange = stage(&mut rng, precision);
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
    spend_all(&mut exchange, &whole);
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

/// The bound that [`brier_matching::AccountView::available`] states, held fill by fill in the random flows too.
#[test]
fn small_fills_take_at_most_two_steps_of_the_balance_each() {
    for precision in [BalancePrecision::CentiCent, BalancePrecision::Cent] {
        let worst = (0..200).map(|seed| worst_of(seed, precision)).max().unwrap();
        println!("worst: {worst} of $0.000001 a fill");
        assert!((1..=2 * precision.step().micros()).contains(&worst), "{worst}");
    }
}

/// An account's last cash in one order of any price, side and size that one fill takes whole, by taker or maker.
#[test]
fn rounding_of_the_first_fill_took_free_cash_below_zero() {
    for seed in 0..400 {
        let mut rng = Rng(seed);
        let precision = if rng.below(2) == 0 { BalancePrecision::Cent } else { BalancePrecision::CentiCent };
        let mut exchange = stage(&mut rng, precision);
        let price = Price::new(1 + rng.below(9_999) as u16).unwrap();
        let side = if rng.below(2) == 0 { BookSide::Bid } else { BookSide::Ask };
        let step = exchange.market(MARKET).unwrap().size_step.micros();
        let most = if rng.below(2) == 0 { 9 } else { 100_000 };
        let whole = order(SPENDER, side, price, Qty::from_micros(step * (1 + rng.below(most))).unwrap());
        let against = order(OTHER, side.opposite(), price, whole.qty);
        let takes = rng.below(2) == 0;
        if takes {
            exchange.place(&against, &mut ()).unwrap();
        }
        spend_all(&mut exchange, &whole);
        if !takes {
            exchange.place(&against, &mut ()).unwrap();
        }
        assert!(exchange.account(SPENDER).unwrap().available >= Money::ZERO, "seed {seed}");
        exchange.check();
    }
}
