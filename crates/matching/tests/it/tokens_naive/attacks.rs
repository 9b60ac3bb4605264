//! Attempts to break the token exchange, one by one: sizes at the limits, trades with oneself, tokens that wait for the
//! chain while their market resolves, and what the comparison found.

use brier_matching::MAX_ORDER_QTY;
use brier_matching::tokens::DUST;
use brier_types::FillStatus;

use super::*;

const MAX: u64 = MAX_ORDER_QTY.micros();

fn place(account: u32, market: u32, what: (Action, Outcome), pips: u16, size: Size, life: TimeInForce) -> Command {
    Command::Place(PlaceOrder {
        account: AccountId(account),
        market: MarketId(market),
        action: what.0,
        outcome: what.1,
        price: Price::new(pips).unwrap(),
        size,
        time_in_force: life,
        post_only: false,
    })
}

fn shares(micros: u64) -> Size {
    Size::Shares(Qty::from_micros(micros).unwrap())
}

fn cash(micros: i64) -> Size {
    Size::Cash(Money::from_micros(micros))
}

fn operate(account: u32, operation: PositionOperation) -> Command {
    Command::Position { account: AccountId(account), operation }
}

fn split(account: u32, market: u32, micros: u64) -> Command {
    operate(account, PositionOperation::Split { market: MarketId(market), qty: Qty::from_micros(micros).unwrap() })
}

fn redeem(account: u32, market: u32) -> Command {
    operate(account, PositionOperation::Redeem { market: MarketId(market) })
}

fn settle(trade: TradeNo, step: SettlementStep) -> Command {
    Command::Settle { trade, step }
}

fn fund(account: u32, micros: i64) -> Command {
    Command::Fund { account: AccountId(account), amount: Money::from_micros(micros) }
}

impl Pair {
    fn placed(&mut self, command: &Command) -> Placed {
        match self.both(command).unwrap() {
            Reply::Placed(placed) => placed,
            other => panic!("{other:?}"),
        }
    }

    fn paid(&mut self, command: &Command) -> Money {
        match self.both(command).unwrap() {
            Reply::Paid(cash) => cash,
            other => panic!("{other:?}"),
        }
    }
}

const BUY_YES: (Action, Outcome) = (Action::Buy, Outcome::Yes);
const BUY_NO: (Action, Outcome) = (Action::Buy, Outcome::No);
const SELL_YES: (Action, Outcome) = (Action::Sell, Outcome::Yes);
const SELL_NO: (Action, Outcome) = (Action::Sell, Outcome::No);
const GTC: TimeInForce = TimeInForce::Gtc;

#[test]
fn a_purchase_in_cash_needs_the_cash_it_states() {
    let mut pair = Pair::new(RATES[0]);
    pair.both(&place(0, 0, BUY_NO, 5_000, shares(10_000_000), GTC)).unwrap();
    // Five dollars' worth is there and the poor account has forty; it states a thousand.
    let refused = pair.both(&place(2, 0, BUY_YES, 5_000, cash(1_000_000_000), TimeInForce::Ioc)).unwrap_err();
    let Refusal::InsufficientCash { needed, balance, .. } = refused else { panic!("{refused}") };
    assert_eq!((needed, balance), (Money::from_micros(1_000_000_000), Money::from_micros(40_000_000)));
    pair.both(&place(2, 0, BUY_YES, 5_000, cash(40_000_000), TimeInForce::Ioc)).unwrap();
}

#[test]
fn a_group_of_one_market_converts_nothing() {
    let mut pair = Pair::new(RATES[0]);
    pair.both(&split(0, 4, 5_000_000)).unwrap();
    let qty = Qty::from_micros(5_000_000).unwrap();
    let convert = operate(0, PositionOperation::Convert { group: GroupId(1), questions: vec![0], qty });
    assert_eq!(pair.both(&convert), Err(Refusal::WrongState("")));
}

#[test]
fn less_than_dust_is_no_order() {
    let mut pair = Pair::new(RATES[0]);
    let mut order = |micros, life| pair.both(&place(0, 0, BUY_YES, 5_000, shares(micros), life)).map(drop);
    assert_eq!(order(DUST.micros() - 1, GTC), Err(Refusal::BadSize));
    assert_eq!(order(1, TimeInForce::Ioc), Err(Refusal::BadSize));
    assert_eq!(order(DUST.micros(), GTC), Ok(()));
}

#[test]
fn cash_made_into_tokens_is_not_brought_in_again_without_end() {
    let mut pair = Pair::new(RATES[0]);
    let all = 1_000_000_000_000_000_000 - pair.naive.came_in as i64;
    pair.both(&fund(0, all)).unwrap();
    for _ in 0..20 {
        pair.both(&split(0, 0, MAX)).unwrap();
        assert_eq!(pair.both(&fund(0, MAX as i64)), Err(Refusal::BadSize));
    }
    assert_eq!(pair.both(&fund(0, 1)), Err(Refusal::BadSize));
    pair.both(&fund(0, -7)).unwrap();
    pair.both(&fund(1, 7)).unwrap();
}

#[test]
fn which_match_waits_for_what_is_part_of_the_state() {
    let run = |sizes: [u64; 2]| {
        let mut pair = Pair::new(RATES[0]);
        for size in sizes {
            pair.both(&place(0, 0, BUY_NO, 5_000, shares(size), GTC)).unwrap();
            pair.both(&place(1, 0, BUY_YES, 5_000, shares(size), GTC)).unwrap();
        }
        pair.real.state_hash()
    };
    assert_ne!(run([10_000_000, 20_000_000]), run([20_000_000, 10_000_000]));
    assert_eq!(run([10_000_000, 20_000_000]), run([10_000_000, 20_000_000]));
}

/// Largest and smallest orders at the outermost prices, in every way two orders can meet.
#[test]
fn sizes_and_prices_at_the_limits_keep_every_millionth() {
    for rate in RATES {
        for pips in [1, 2, 3_333, 5_000, 9_998, 9_999] {
            for size in [DUST.micros(), DUST.micros() + 1, 999_999_999_999_999, MAX] {
                let mut pair = Pair::new(rate);
                for account in 0..2 {
                    pair.both(&fund(account, 20 * MAX as i64)).unwrap();
                    for _ in 0..2 {
                        pair.both(&split(account, 0, MAX)).unwrap();
                    }
                }
                pair.both(&change(0, MarketCommand::SetGrid(grid(1)))).unwrap();
                for (resting, taking) in
                    [(SELL_YES, BUY_YES), (BUY_YES, SELL_YES), (BUY_NO, BUY_YES), (SELL_NO, SELL_YES)]
                {
                    let own = if resting.1 == Outcome::Yes { pips } else { 10_000 - pips };
                    pair.both(&place(0, 0, resting, own, shares(size), GTC)).unwrap();
                    pair.both(&place(1, 0, taking, pips, shares(DUST.micros()), GTC)).unwrap();
                    let rest = size.saturating_sub(DUST.micros()).max(DUST.micros());
                    let _either = pair.both(&place(1, 0, taking, pips, shares(rest), TimeInForce::Ioc));
                    pair.both(&change(0, MarketCommand::ClearBook)).unwrap();
                }
                for trade in pair.trades.clone() {
                    pair.both(&settle(trade, SettlementStep::Mine)).unwrap();
                    pair.both(&settle(trade, SettlementStep::Confirm)).unwrap();
                }
                let half = MarketResult::Scalar(Price::new(3_333).unwrap());
                pair.both(&change(0, MarketCommand::Resolve(half))).unwrap();
                for account in 0..2 {
                    pair.both(&redeem(account, 0)).unwrap();
                }
                // A redemption gives up less than a millionth a token.
                assert!(pair.real.ledger().escrow.micros() <= 4, "{} left", pair.real.ledger().escrow);
            }
        }
    }
}

#[test]
fn the_largest_purchase_in_cash_at_the_lowest_price_is_counted() {
    for rate in RATES {
        let mut pair = Pair::new(rate);
        pair.both(&change(0, MarketCommand::SetGrid(grid(1)))).unwrap();
        pair.both(&fund(0, 10 * MAX as i64)).unwrap();
        pair.both(&fund(1, 10 * MAX as i64)).unwrap();
        pair.both(&place(0, 0, BUY_NO, 9_999, shares(MAX), GTC)).unwrap();
        let part = pair.placed(&place(1, 0, BUY_YES, 1, cash(MAX as i64), TimeInForce::Ioc));
        assert_eq!((part.filled, part.cash), (MAX_ORDER_QTY, Money::from_micros(MAX as i64 / 10_000)));
        assert_eq!(part.end, Some(EndReason::Immediate));
    }
}

#[test]
fn a_level_that_is_full_takes_no_more() {
    let mut real = TokenExchange::new();
    let mut apply = |command: &Command| real.apply(at(0), command, &mut ());
    apply(&Command::OpenAccount).unwrap();
    apply(&fund(0, 1_000_000_000_000_000_000)).unwrap();
    apply(&Command::CreateMarket(MarketSpec { grid: grid(1), fees: FeeSchedule::FREE, group: None, accepting: true }))
        .unwrap();
    let order = place(0, 0, BUY_YES, 1, shares(MAX), GTC);
    let taken = (0..20_000).take_while(|_| apply(&order).is_ok()).count();
    assert_eq!(apply(&order), Err(Refusal::TooMany("shares at one price")));
    let total = real.levels(MarketId(0), BookSide::Bid).next().unwrap().1;
    assert_eq!(total.micros(), taken as u64 * MAX);
    real.check();
}

#[test]
fn who_trades_with_himself_gains_and_loses_the_fee_only() {
    for (resting, taking) in [(SELL_YES, BUY_YES), (BUY_YES, SELL_YES), (BUY_NO, BUY_YES), (SELL_NO, SELL_YES)] {
        let mut pair = Pair::new(RATES[1]);
        pair.both(&split(0, 0, 100_000_000)).unwrap();
        pair.both(&place(0, 0, resting, 5_000, shares(100_000_000), GTC)).unwrap();
        let met = pair.placed(&place(0, 0, taking, 5_000, shares(100_000_000), GTC));
        assert_eq!(met.fee, Money::from_micros(1_750_000));
        pair.both(&settle(met.trade.unwrap(), SettlementStep::Mine)).unwrap();
        let after = pair.real.cash(AccountId(0)).unwrap();
        assert_eq!((after.resting, after.matched), (Money::ZERO, Money::ZERO));
        let tokens = [Outcome::Yes, Outcome::No].map(|it| pair.real.token(AccountId(0), MarketId(0), it).balance);
        assert_eq!(tokens[0], tokens[1]);
        let whole = after.balance.micros() + tokens[0].micros() as i64;
        assert_eq!(whole, 2_000_000_000 - 1_750_000);
    }
}

/// Buying in a thousand pieces costs what buying at once does, to the millionth; fees are rounded a piece at a time.
#[test]
fn a_taker_who_splits_an_order_gains_no_price() {
    for (resting, pips) in [(SELL_YES, 3_333), (BUY_NO, 3_333), (SELL_YES, 1), (BUY_NO, 9_999)] {
        let bought = |pieces: u64| {
            let mut pair = Pair::new(RATES[0]);
            pair.both(&change(0, MarketCommand::SetGrid(grid(1)))).unwrap();
            pair.both(&split(0, 0, 30_000_000)).unwrap();
            let own = if resting == SELL_YES { pips } else { 10_000 - pips };
            pair.both(&place(0, 0, resting, own, shares(20_000_000), GTC)).unwrap();
            let size = 20_000_000 / pieces;
            let paid = (0..pieces).map(|_| pair.placed(&place(1, 0, BUY_YES, pips, shares(size), GTC)).cash);
            paid.sum::<Money>()
        };
        assert_eq!(bought(1), bought(100), "at {pips}");
        assert_eq!(bought(1), bought(16), "at {pips}");
    }
}

#[test]
fn cash_for_exactly_what_is_offered_fills_whole() {
    let mut pair = Pair::new(RATES[0]);
    for (over, fills) in [(0, true), (1, true), (4_999, true), (5_000, false)] {
        pair.both(&place(0, 0, BUY_NO, 5_000, shares(100_000_000), GTC)).unwrap();
        let order = place(1, 0, BUY_YES, 5_000, cash(50_000_000 + over), TimeInForce::Fok);
        let found = pair.both(&order);
        if fills {
            let Ok(Reply::Placed(placed)) = found else { panic!("{found:?}") };
            assert_eq!(placed.cash, Money::from_micros(50_000_000));
        } else {
            assert_eq!(found, Err(Refusal::FillOrKill));
        }
    }
}

#[test]
fn tokens_that_wait_are_redeemed_by_whoever_they_come_to() {
    for fails in [false, true] {
        let mut pair = Pair::new(RATES[0]);
        pair.both(&split(0, 0, 10_000_000)).unwrap();
        pair.both(&place(0, 0, SELL_YES, 6_000, shares(10_000_000), GTC)).unwrap();
        let met = pair.placed(&place(1, 0, BUY_YES, 6_000, shares(10_000_000), GTC));
        pair.both(&change(0, MarketCommand::Resolve(MarketResult::Yes))).unwrap();
        // They are still the seller's, but promised.
        assert_eq!(pair.paid(&redeem(0, 0)), Money::ZERO);
        assert_eq!(pair.paid(&redeem(1, 0)), Money::ZERO);
        let step = if fails { SettlementStep::Fail } else { SettlementStep::Mine };
        pair.both(&settle(met.trade.unwrap(), step)).unwrap();
        let paid = [0, 1].map(|account| pair.paid(&redeem(account, 0)).micros());
        assert_eq!(paid, if fails { [10_000_000, 0] } else { [0, 10_000_000] });
        assert_eq!(pair.real.ledger().escrow, Money::ZERO);
    }
}

/// A pair made or dissolved by a match may be mined after the market resolved: the dollar is there either way.
#[test]
fn a_mint_or_a_merge_mined_after_the_resolution_is_covered() {
    for (resting, taking) in [(BUY_NO, BUY_YES), (SELL_NO, SELL_YES)] {
        for result in [MarketResult::Yes, MarketResult::No, MarketResult::Scalar(Price::new(5_000).unwrap())] {
            let mut pair = Pair::new(RATES[0]);
            pair.both(&split(0, 0, 10_000_000)).unwrap();
            pair.both(&split(1, 0, 10_000_000)).unwrap();
            pair.both(&place(0, 0, resting, 5_000, shares(10_000_000), GTC)).unwrap();
            let met = pair.placed(&place(1, 0, taking, 5_000, shares(10_000_000), GTC));
            pair.both(&change(0, MarketCommand::Resolve(result))).unwrap();
            for account in 0..2 {
                pair.both(&redeem(account, 0)).unwrap();
            }
            pair.both(&settle(met.trade.unwrap(), SettlementStep::Mine)).unwrap();
            for account in 0..2 {
                pair.both(&redeem(account, 0)).unwrap();
            }
            assert_eq!(pair.real.ledger().escrow, Money::ZERO, "{resting:?} {result:?}");
        }
    }
}

#[test]
fn what_is_offered_or_promised_is_not_converted_merged_or_given_away() {
    let mut pair = Pair::new(RATES[0]);
    for market in 1..4 {
        pair.both(&split(0, market, 10_000_000)).unwrap();
    }
    pair.both(&place(0, 1, SELL_NO, 6_000, shares(4_000_000), GTC)).unwrap();
    pair.both(&place(0, 1, SELL_NO, 5_000, shares(4_000_000), GTC)).unwrap();
    let met = pair.placed(&place(1, 1, BUY_NO, 5_000, shares(4_000_000), GTC));
    let free = |micros| Qty::from_micros(micros).unwrap();
    let convert = |qty| operate(0, PositionOperation::Convert { group: GroupId(0), questions: vec![1, 0], qty });
    let merge = |qty| operate(0, PositionOperation::Merge { market: MarketId(1), qty });
    let give = |qty| {
        operate(0, PositionOperation::Transfer { market: MarketId(1), outcome: Outcome::No, qty, to: AccountId(2) })
    };
    for refused in [convert(free(2_000_001)), merge(free(2_000_001)), give(free(2_000_001))] {
        let refusal = pair.both(&refused).unwrap_err();
        assert!(matches!(refusal, Refusal::InsufficientTokens { outcome: Outcome::No, .. }), "{refusal}");
    }
    assert_eq!(pair.paid(&convert(free(1_000_000))), Money::from_micros(1_000_000));
    pair.both(&merge(free(500_000))).unwrap();
    pair.both(&give(free(500_000))).unwrap();
    pair.both(&settle(met.trade.unwrap(), SettlementStep::Mine)).unwrap();
}

#[test]
fn an_order_may_end_a_nanosecond_from_now_but_not_now() {
    let mut pair = Pair::new(RATES[0]);
    let now = at(pair.now);
    let gtd = |at| place(0, 0, BUY_YES, 4_000, shares(5_000_000), TimeInForce::Gtd(at));
    assert_eq!(pair.both(&gtd(now)), Err(Refusal::ExpiryInPast));
    let nanosecond = Timestamp::from_nanos(now.nanos() + 1);
    pair.both(&gtd(nanosecond)).unwrap();
    pair.both(&gtd(at(pair.now + 1))).unwrap();
    pair.both(&gtd(Timestamp::MAX)).unwrap();
    assert_eq!(pair.real.next_timer(), Some(nanosecond));
    pair.now += 1;
    // Whoever comes in the second in which it ends does not meet it.
    pair.both(&place(1, 0, BUY_NO, 6_000, shares(7_000_000), GTC)).unwrap();
    let left: Vec<Qty> = pair.real.levels(MarketId(0), BookSide::Ask).map(|(_, qty)| qty).collect();
    assert_eq!(left, [Qty::from_micros(2_000_000).unwrap()]);
}

#[test]
fn post_only_rests_in_an_empty_book_and_one_tick_from_the_other_side() {
    let mut pair = Pair::new(RATES[0]);
    let post = |account, what, pips| {
        let Command::Place(order) = place(account, 0, what, pips, shares(5_000_000), GTC) else { unreachable!() };
        Command::Place(PlaceOrder { post_only: true, ..order })
    };
    pair.both(&post(0, BUY_YES, 5_000)).unwrap();
    assert_eq!(pair.both(&post(1, BUY_NO, 5_000)), Err(Refusal::PostOnlyCross));
    pair.both(&post(1, BUY_NO, 4_900)).unwrap();
}

#[test]
fn orders_off_a_coarser_grid_still_trade_and_can_be_canceled() {
    let mut pair = Pair::new(RATES[0]);
    pair.both(&change(0, MarketCommand::SetGrid(grid(1)))).unwrap();
    let first = pair.placed(&place(0, 0, BUY_NO, 4_999, shares(5_000_000), GTC));
    pair.both(&place(0, 0, BUY_NO, 4_997, shares(5_000_000), GTC)).unwrap();
    pair.both(&change(0, MarketCommand::SetGrid(grid(100)))).unwrap();
    let off = pair.both(&place(1, 0, BUY_YES, 5_001, shares(5_000_000), GTC)).unwrap_err();
    assert!(matches!(off, Refusal::PriceOffGrid { .. }), "{off}");
    let met = pair.placed(&place(1, 0, BUY_YES, 5_100, shares(6_000_000), GTC));
    assert_eq!(met.cash, Money::from_micros(5 * 500_100 + 500_300));
    pair.both(&Command::Cancel { account: AccountId(0), order: first.order }).unwrap_err();
    pair.both(&change(0, MarketCommand::ClearBook)).unwrap();
}

/// Everything a failed match touched is as it was: cash, tokens, what they cost, made, and paid in fees, of both sides,
/// also after it was tried again, and whatever else went on meanwhile.
#[test]
fn a_match_that_fails_leaves_no_trace_but_the_orders_it_took() {
    for (resting, taking) in [(SELL_YES, BUY_YES), (BUY_YES, SELL_YES), (BUY_NO, BUY_YES), (SELL_NO, SELL_YES)] {
        let mut pair = Pair::new(RATES[1]);
        for account in 0..2 {
            pair.both(&split(account, 0, 30_000_000)).unwrap();
        }
        let worth = |pair: &Pair| {
            let of = |account| {
                let cash = pair.real.cash(AccountId(account)).unwrap();
                let tokens: Vec<_> = pair.real.holdings(AccountId(account)).collect();
                (cash, format!("{tokens:?}"))
            };
            (of(0), of(1), pair.real.ledger())
        };
        let before = worth(&pair);
        pair.both(&place(0, 0, resting, 5_000, shares(20_000_000), GTC)).unwrap();
        let met = pair.placed(&place(1, 0, taking, 5_000, shares(20_000_000), GTC));
        let trade = met.trade.unwrap();
        assert_ne!(worth(&pair), before, "what it takes is held");
        pair.both(&settle(trade, SettlementStep::Retry)).unwrap();
        assert_eq!(pair.real.settlement(trade), Some(FillStatus::Retrying));
        pair.both(&settle(trade, SettlementStep::Fail)).unwrap();
        assert_eq!(worth(&pair), before);
    }
}
