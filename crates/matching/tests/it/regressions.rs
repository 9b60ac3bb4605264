//! Bugs that were found and mended, each named after what went wrong.

use std::time::Duration;

use brier_kalshi_protocol::fees::{BalancePrecision, FeeMultiplier, FeeSchedule, FeeType};
use brier_matching::{
    AccountId, AmendOrder, Command, Decrease, EndReason, Event, Exchange, ExpiryChange, MarketCommand, MarketId,
    MarketSpec, PlaceOrder, Refusal, Reply,
};
use brier_types::{BookSide, MarketResult, MarketStatus, Money, Price, PriceGrid, Qty, TimeInForce, Timestamp};

const MARKET: MarketId = MarketId(0);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_000 + seconds).unwrap()
}

/// Three accounts with $100 each and one open market.
fn exchange(size_step: Qty) -> Exchange {
    let mut exchange = Exchange::new();
    let mut apply = |command| exchange.apply(at(0), &command, &mut ()).unwrap();
    for account in (0..3).map(AccountId) {
        apply(Command::OpenAccount { precision: BalancePrecision::CentiCent });
        apply(Command::Fund { account, amount: Money::from_cents(10_000).unwrap() });
    }
    apply(Command::CreateMarket(spec(size_step, at(0))));
    exchange
}

fn spec(size_step: Qty, open_time: Timestamp) -> MarketSpec {
    MarketSpec {
        grid: PriceGrid::uniform(Price::new(100).unwrap()).unwrap(),
        size_step,
        open_time,
        close_time: at(100),
        settlement_timer: Duration::from_secs(10),
        fees: FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE),
        fee_waiver_until: None,
    }
}

fn order(account: u32, side: BookSide, pips: u16, micros: u64) -> PlaceOrder {
    PlaceOrder {
        account: AccountId(account),
        market: MARKET,
        side,
        price: Price::new(pips).unwrap(),
        qty: Qty::from_micros(micros).unwrap(),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        cancel_on_pause: false,
        self_trade_prevention: None,
        client_order_id: None,
        group: None,
    }
}

fn change(exchange: &mut Exchange, change: MarketCommand, out: &mut Vec<Event>) -> Result<(), Refusal> {
    exchange.apply(at(1), &Command::ChangeMarket { market: MARKET, change }, out).map(drop)
}

#[test]
fn listing_the_levels_of_an_empty_or_exhausted_side_panicked() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    assert_eq!(exchange.levels(MARKET, BookSide::Bid).count(), 0);
    assert_eq!(exchange.levels(MARKET, BookSide::Ask).count(), 0);
    exchange.place(&order(0, BookSide::Bid, 100, 1_000_000), &mut ()).unwrap();
    exchange.place(&order(0, BookSide::Ask, 9_900, 1_000_000), &mut ()).unwrap();
    assert_eq!(exchange.levels(MARKET, BookSide::Bid).count(), 1);
    assert_eq!(exchange.levels(MARKET, BookSide::Ask).count(), 1);
    change(&mut exchange, MarketCommand::Close, &mut Vec::new()).unwrap();
    assert_eq!(exchange.order_count(), 0);
}

#[test]
fn a_result_refused_for_the_settlement_floor_closed_the_market() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    exchange.place(&order(0, BookSide::Bid, 5_000, 1_000_000), &mut ()).unwrap();
    let floor = Price::new(3_000).unwrap();
    change(&mut exchange, MarketCommand::SetSettlementFloor(floor), &mut Vec::new()).unwrap();
    let mut events = Vec::new();
    let refused = change(&mut exchange, MarketCommand::Determine(MarketResult::No), &mut events);
    assert!(matches!(refused, Err(Refusal::BadMarket(_))), "{refused:?}");
    assert_eq!(events, []);
    assert_eq!(exchange.market(MARKET).unwrap().status, MarketStatus::Active);
    assert_eq!(exchange.order_count(), 1);
}

/// Longs of half a millionth each are paid nothing, and the short half of theirs: the rest has to go somewhere.
#[test]
fn a_scalar_result_on_millionths_of_contracts_panicked() {
    let mut exchange = exchange(Qty::from_micros(1).unwrap());
    for account in [0, 1] {
        exchange.place(&order(account, BookSide::Bid, 5_000, 1), &mut ()).unwrap();
        exchange.place(&order(2, BookSide::Ask, 5_000, 1), &mut ()).unwrap();
    }
    let half = MarketResult::Scalar(Price::new(5_000).unwrap());
    change(&mut exchange, MarketCommand::Determine(half), &mut Vec::new()).unwrap();
    change(&mut exchange, MarketCommand::Settle, &mut Vec::new()).unwrap();
    exchange.check();
    let ledger = exchange.ledger();
    assert_eq!((ledger.escrow, ledger.difference()), (Money::ZERO, Money::ZERO));
}

#[test]
fn a_refused_or_killed_order_left_a_position_behind() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    let dear = order(0, BookSide::Bid, 5_000, 1_000_000_000);
    assert!(matches!(exchange.place(&dear, &mut ()), Err(Refusal::InsufficientBalance { .. })));
    let killed = PlaceOrder { time_in_force: TimeInForce::Fok, ..order(0, BookSide::Bid, 5_000, 1_000_000) };
    assert_eq!(exchange.place(&killed, &mut ()), Err(Refusal::FillOrKillVolume));
    assert_eq!(exchange.position(AccountId(0), MARKET), None);
    assert_eq!(exchange.positions(AccountId(0)).count(), 0);
}

/// 9,224 bids of a billion contracts at $0.0001 cost about a billion dollars and are more than 64 bits of millionths.
#[test]
fn more_contracts_at_one_price_than_64_bits_hold_panicked() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    let mut apply = |command| exchange.apply(at(0), &command, &mut ()).unwrap();
    let cent = PriceGrid::uniform(Price::new(1).unwrap()).unwrap();
    apply(Command::ChangeMarket { market: MARKET, change: MarketCommand::SetGrid(cent) });
    for account in [AccountId(0), AccountId(1)] {
        apply(Command::Fund { account, amount: Money::from_micros(2_000_000_000_000_000) });
    }
    let huge = |account| order(account, BookSide::Bid, 1, 1_000_000_000_000_000);
    let refused = |result: Result<_, Refusal>| matches!(result, Err(Refusal::TooMany(_)));
    for account in [0, 1] {
        let placed = (0..8_000).map(|_| exchange.place(&huge(account), &mut ()));
        let accepted = placed.take_while(Result::is_ok).count();
        assert_eq!(accepted, if account == 0 { 8_000 } else { 1_223 }, "account {account}");
        assert_eq!(exchange.levels(MARKET, BookSide::Bid).count(), 1);
    }
    assert!(refused(exchange.place(&huge(1), &mut ())));
    let next = PlaceOrder { price: Price::new(2).unwrap(), ..huge(0) };
    let placed = (0..1_223).filter(|_| exchange.place(&next, &mut ()).is_ok()).count();
    assert_eq!(placed, 1_223);
    assert!(refused(exchange.place(&next, &mut ())));
    exchange.check();
}

#[test]
fn stopping_the_exchange_but_not_trading_kept_orders_that_asked_to_be_canceled_on_a_pause() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    let asking = PlaceOrder { cancel_on_pause: true, ..order(0, BookSide::Bid, 5_000, 1_000_000) };
    exchange.place(&asking, &mut ()).unwrap();
    exchange.place(&order(0, BookSide::Bid, 4_000, 1_000_000), &mut ()).unwrap();
    let mut events = Vec::new();
    exchange.apply(at(1), &Command::SetActive { exchange: false, trading: true }, &mut events).unwrap();
    let ends: Vec<_> = events.iter().filter(|it| matches!(it, Event::OrderEnded { .. })).collect();
    assert!(matches!(ends[..], [Event::OrderEnded { reason: EndReason::Halt, .. }]), "{ends:?}");
    assert_eq!(exchange.order_count(), 1);
}

#[test]
fn a_resting_order_could_not_be_decreased_while_trading_was_paused() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    let placed = exchange.place(&order(0, BookSide::Bid, 5_000, 2_000_000), &mut ()).unwrap();
    exchange.apply(at(1), &Command::SetActive { exchange: true, trading: false }, &mut ()).unwrap();
    let by = Decrease::To(Qty::from_contracts(1).unwrap());
    let decrease = Command::Decrease { account: AccountId(0), order: placed.order, by };
    assert_eq!(exchange.apply(at(1), &decrease, &mut ()), Ok(Reply::Remaining(Qty::from_contracts(1).unwrap())));
}

#[test]
fn a_market_closed_before_its_open_time_traded_at_once_when_its_close_time_moved() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    let early = MarketId(1);
    exchange.apply(at(0), &Command::CreateMarket(spec(Qty::HUNDREDTH, at(10))), &mut ()).unwrap();
    let mut apply = |seconds, change| {
        exchange.apply(at(seconds), &Command::ChangeMarket { market: early, change }, &mut ()).unwrap();
        exchange.market(early).unwrap().status
    };
    assert_eq!(apply(1, MarketCommand::Close), MarketStatus::Closed);
    assert_eq!(apply(2, MarketCommand::SetCloseTime(at(50))), MarketStatus::Initialized);
    exchange.advance(at(10), &mut ());
    assert_eq!(exchange.market(early).unwrap().status, MarketStatus::Active);
    let mut apply = |seconds, change| {
        exchange.apply(at(seconds), &Command::ChangeMarket { market: early, change }, &mut ()).unwrap();
        exchange.market(early).unwrap().status
    };
    assert_eq!(apply(11, MarketCommand::Close), MarketStatus::Closed);
    assert_eq!(apply(12, MarketCommand::SetCloseTime(at(60))), MarketStatus::Active);
}

#[test]
fn orders_were_taken_at_and_below_the_settlement_floor() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    let floor = Price::new(3_000).unwrap();
    change(&mut exchange, MarketCommand::SetSettlementFloor(floor), &mut Vec::new()).unwrap();
    for side in [BookSide::Bid, BookSide::Ask] {
        for pips in [2_900, 3_000] {
            let refused = exchange.place(&order(0, side, pips, 1_000_000), &mut ());
            assert_eq!(refused, Err(Refusal::BelowSettlementFloor { price: Price::new(pips).unwrap(), floor }));
        }
    }
    let placed = exchange.place(&order(0, BookSide::Bid, 3_100, 1_000_000), &mut ()).unwrap();
    let amend = AmendOrder {
        account: AccountId(0),
        order: placed.order,
        market: MARKET,
        side: BookSide::Bid,
        price: floor,
        total: Qty::from_contracts(1).unwrap(),
        client_order_id: None,
        new_client_order_id: None,
        expiry: ExpiryChange::Keep,
    };
    let refused = exchange.apply(at(1), &Command::Amend(amend), &mut ());
    assert_eq!(refused, Err(Refusal::BelowSettlementFloor { price: floor, floor }));
}

/// The account's last cash rests as a bid during a fee holiday, and fills after it.
#[test]
fn cash_went_negative_when_a_fee_holiday_ended() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    change(&mut exchange, MarketCommand::SetFeeWaiver(Some(at(10))), &mut Vec::new()).unwrap();
    let maker_fees = FeeSchedule::new(FeeType::QuadraticWithMakerFees, FeeMultiplier::ONE);
    change(&mut exchange, MarketCommand::SetFees(maker_fees), &mut Vec::new()).unwrap();
    let whole = order(0, BookSide::Bid, 5_000, 200_000_000);
    assert!(matches!(exchange.place(&whole, &mut ()), Err(Refusal::InsufficientBalance { .. })));
    exchange.place(&order(0, BookSide::Bid, 5_000, 193_000_000), &mut ()).unwrap();
    exchange.advance(at(20), &mut ());
    exchange.place(&order(1, BookSide::Ask, 5_000, 193_000_000), &mut ()).unwrap();
    assert!(exchange.account(AccountId(0)).unwrap().available >= Money::ZERO);
}

#[test]
fn cash_went_negative_when_fees_rose_after_an_order_came_to_rest() {
    let mut exchange = exchange(Qty::HUNDREDTH);
    exchange.place(&order(0, BookSide::Bid, 5_000, 193_000_000), &mut ()).unwrap();
    let dear = FeeSchedule::new(FeeType::QuadraticWithMakerFees, FeeMultiplier::from_micros(10_000_000).unwrap());
    let mut events = Vec::new();
    change(&mut exchange, MarketCommand::SetFees(dear), &mut events).unwrap();
    let ended = |it: &Event| matches!(it, Event::OrderEnded { reason: EndReason::Margin, .. });
    assert_eq!(events.iter().filter(|it| ended(it)).count(), 1);
    exchange.place(&order(1, BookSide::Ask, 5_000, 100_000_000), &mut ()).unwrap();
    assert!(exchange.account(AccountId(0)).unwrap().available >= Money::ZERO);
}
