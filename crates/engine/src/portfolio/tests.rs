//! Examples worked by hand, the pains that other programs have had, and a second, naive portfolio that works everything out
//! anew from the list of all that happened.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod naive;

use std::fmt::Write as _;

use brier_types::{BookSide, FillStatus, MarketResult, Money, Outcome, Price, Qty, Rounding, Timestamp, Venue};
use expect_test::{Expect, expect};

use super::*;
use crate::codec::{Reader, Wire};
use crate::command::Funding;

const M: MarketId = MarketId(0);
const A: StrategyId = StrategyId(0);
const B: StrategyId = StrategyId(1);

fn cents(cents: u8) -> Price {
    Price::from_cents(cents).unwrap()
}

fn contracts(contracts: u64) -> Qty {
    Qty::from_contracts(contracts).unwrap()
}

fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

fn key(number: usize) -> FillKey {
    (format!("t{number}").parse().unwrap(), "o".parse().unwrap())
}

const fn place(custody: Custody) -> Venue {
    match custody {
        Custody::Netted => Venue::Kalshi,
        Custody::Tokens => Venue::Polymarket,
    }
}

fn fill(number: usize, custody: Custody, strategy: StrategyId, side: BookSide, qty: Qty, price: Price) -> OwnFill {
    let (trade, order) = key(number);
    OwnFill {
        trade,
        order,
        key: None,
        strategy,
        market: M,
        venue: place(custody),
        shard: 0,
        custody,
        side,
        funding: Funding::Cash,
        price,
        qty,
        fee: Money::ZERO,
        is_taker: true,
        at: Timestamp::EPOCH,
        status: FillStatus::Confirmed,
    }
}

/// A story of one market, told step by step. Fills are named t1, t2 and so on in the order in which they stand.
struct Story {
    portfolio: Portfolio,
    custody: Custody,
    fills: usize,
}

impl Story {
    fn new(custody: Custody) -> Self {
        let mut portfolio = Portfolio::new();
        portfolio.add_market(M);
        Self { portfolio, custody, fills: 0 }
    }

    fn tell(&mut self, step: &str) -> String {
        let words: Vec<&str> = step.split_whitespace().collect();
        match words.as_slice() {
            [strategy @ ("a" | "b"), side @ ("bid" | "ask"), qty, price, rest @ ..] => {
                self.fills += 1;
                let strategy = if *strategy == "a" { A } else { B };
                let side = if *side == "bid" { BookSide::Bid } else { BookSide::Ask };
                let (qty, price) = (qty.parse().unwrap(), price.parse().unwrap());
                let mut fill = fill(self.fills, self.custody, strategy, side, qty, price);
                for word in rest {
                    match *word {
                        "held" => fill.funding = Funding::Holdings,
                        "matched" => fill.status = FillStatus::Matched,
                        fee => fill.fee = dollars(fee),
                    }
                }
                format!("{:?}", self.portfolio.book(fill).unwrap())
            }
            ["again", number, price] => {
                let mut fill = self.portfolio.fills[&key(number.parse().unwrap())].fill.clone();
                fill.price = price.parse().unwrap();
                format!("{:?}", self.portfolio.book(fill).unwrap())
            }
            [status @ ("match" | "retry" | "mine" | "confirm" | "fail"), number] => {
                let status = match *status {
                    "match" => FillStatus::Matched,
                    "retry" => FillStatus::Retrying,
                    "mine" => FillStatus::Mined,
                    "confirm" => FillStatus::Confirmed,
                    _ => FillStatus::Failed,
                };
                let (trade, order) = key(number.parse().unwrap());
                match self.portfolio.set_status(&trade, &order, status) {
                    StatusNews::Failed(fill) => format!("Failed {}", fill.trade),
                    news @ (StatusNews::Unknown | StatusNews::Same | StatusNews::Moved | StatusNews::Contradiction) => {
                        format!("{news:?}")
                    }
                }
            }
            ["settle", result] => {
                let result = match *result {
                    "yes" => MarketResult::Yes,
                    "no" => MarketResult::No,
                    value => MarketResult::Scalar(value.parse().unwrap()),
                };
                match self.portfolio.settle(M, place(self.custody), 0, result) {
                    Some(payout) => format!("{} + {}", payout.contracts.0, payout.contracts.1),
                    None => "paid before".to_owned(),
                }
            }
            ["have", yes, no, price] => {
                let (yes, no) = (yes.parse().unwrap(), no.parse().unwrap());
                self.portfolio.adopt_position(place(self.custody), M, self.custody, yes, no, price.parse().unwrap());
                String::new()
            }
            ["cash", total] => {
                let by = self.portfolio.adopt_cash(place(self.custody), 0, dollars(total));
                format!("by {}", by.to_dollars2(Rounding::Floor))
            }
            _ => panic!("expected a step, found `{step}`"),
        }
    }

    fn row(position: &Position) -> String {
        let holding = |held: &Holding| {
            let mut text = format!("{} for {}", held.qty, held.cost);
            if !held.pending.is_zero() {
                write!(text, " ({} pending)", held.pending).unwrap();
            }
            if !held.oversold.is_zero() {
                write!(text, " ({} oversold)", held.oversold).unwrap();
            }
            text
        };
        let (realized, fees) = (position.realized, position.fees);
        format!("{:<31} {:<22} {realized:>10} {fees:>10}", holding(&position.yes), holding(&position.no))
    }

    fn cash(&self) -> Money {
        self.portfolio.cash(place(self.custody), 0)
    }
}

/// Tells a story and compares what the account has after each step.
fn check(custody: Custody, story: &str, expect: &Expect) -> Portfolio {
    let mut told = Story::new(custody);
    let mut table =
        format!("{:<34} {:<13} {:<31} {:<22}   realized       fees        cash\n", "step", "news", "yes", "no");
    for step in story.split('|').map(str::trim) {
        let news = told.tell(step);
        let row = Story::row(told.portfolio.account(M));
        writeln!(table, "{step:<34} {news:<13} {row} {:>11}", told.cash()).unwrap();
        consistent(&told.portfolio);
    }
    expect.assert_eq(&table);
    told.portfolio
}

/// What must hold after every step.
fn consistent(portfolio: &Portfolio) {
    let oversold = portfolio.positions(None).any(|(_, position)| position.oversold());
    match portfolio.check() {
        Ok(()) => assert!(!oversold),
        Err(what) => assert!(oversold && what.ends_with("more was sold than was held"), "{what}"),
    }
    let mut bytes = Vec::new();
    portfolio.put(&mut bytes);
    let mut from = Reader::new(&bytes);
    assert_eq!(Portfolio::take(&mut from).as_ref(), Ok(portfolio));
    assert_eq!(from.finish(), Ok(()));
}

// --- Netted custody -------------------------------------------------------------------------------------------------

#[test]
fn buying_the_other_outcome_closes_pairs_and_opens_the_rest() {
    // NO at 1 - 0.70 = 0.30: 10 cost $3.00. A bid of 4 at 0.60 closes 4 NO at 0.40, which had cost 0.30: $0.40 of profit.
    // A bid of 10 at 0.50 closes the other 6 at 0.50: $1.20 more, and opens 4 YES for $2.00.
    let story = "a ask 10 0.70 | a bid 4 0.60 0.0700 | a bid 10 0.50 | a ask 4 0.55 -0.0100";
    check(
        Custody::Netted,
        story,
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a ask 10 0.70                      New           0.00 for 0.000000               10.00 for 3.000000     0.000000 0.000000 -3.000000
            a bid 4 0.60 0.0700                New           0.00 for 0.000000               6.00 for 1.800000      0.400000 0.070000 -1.470000
            a bid 10 0.50                      New           4.00 for 2.000000               0.00 for 0.000000      1.600000 0.070000 -0.470000
            a ask 4 0.55 -0.0100               New           0.00 for 0.000000               0.00 for 0.000000      1.800000 0.060000 1.740000
        "#]],
    );
}

#[test]
fn the_last_contract_takes_what_rounding_left() {
    // Three contracts for $1.00 in two fills: 0.34 + 2 * 0.33. A third of the cost is 0.333333, rounded down.
    let story = "a bid 1 0.34 | a bid 2 0.33 | a ask 1 0.40 | a ask 1 0.40 | a ask 1 0.40";
    check(
        Custody::Netted,
        story,
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 1 0.34                       New           1.00 for 0.340000               0.00 for 0.000000      0.000000 0.000000 -0.340000
            a bid 2 0.33                       New           3.00 for 1.000000               0.00 for 0.000000      0.000000 0.000000 -1.000000
            a ask 1 0.40                       New           2.00 for 0.666667               0.00 for 0.000000      0.066667 0.000000 -0.600000
            a ask 1 0.40                       New           1.00 for 0.333334               0.00 for 0.000000      0.133334 0.000000 -0.200000
            a ask 1 0.40                       New           0.00 for 0.000000               0.00 for 0.000000      0.200000 0.000000 0.200000
        "#]],
    );
}

#[test]
fn strategies_on_both_sides_have_in_all_what_the_account_has() {
    let story = "a bid 10 0.60 | b ask 10 0.70";
    let portfolio = check(
        Custody::Netted,
        story,
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 10 0.60                      New           10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 -6.000000
            b ask 10 0.70                      New           0.00 for 0.000000               0.00 for 0.000000      1.000000 0.000000 1.000000
        "#]],
    );
    // The account closed ten pairs; the strategies hold them: YES for $6.00 and NO for $3.00, worth $10.00 at any price.
    let parts: Vec<_> = portfolio.strategies_in(M).map(|(_, part)| *part).collect();
    assert_eq!((parts[0].yes.cost, parts[1].no.cost), (dollars("6"), dollars("3")));
    for price in [0, 1, 63, 100] {
        let value = |position: &Position| position.flow.micros() + position.worth(cents(price)).micros();
        assert_eq!(parts.iter().map(value).sum::<i64>(), value(portfolio.account(M)));
    }
}

#[test]
fn a_settled_market_pays_each_strategy_what_it_holds() {
    let mut story = Story::new(Custody::Netted);
    for step in ["a bid 10 0.60", "b ask 4 0.70", "settle 0.25"] {
        story.tell(step);
    }
    // The account held 6 YES for $3.60 and gets $1.50; A gets $2.50 for 10 YES, B $3.00 for 4 NO.
    let portfolio = &story.portfolio;
    assert_eq!(portfolio.realized(None), dollars("-1.7"));
    assert_eq!((portfolio.realized(Some(A)), portfolio.realized(Some(B))), (dollars("-3.5"), dollars("1.8")));
    assert_eq!(story.cash(), dollars("-1.7"));
}

// --- Tokens ---------------------------------------------------------------------------------------------------------

#[test]
fn tokens_are_kept_apart_until_they_are_sold() {
    // Both outcomes are bought and stay. NO is sold by a bid from holdings: 4 at 1 - 0.60 = 0.40; YES by an ask: 5 at 0.70.
    let story = "a bid 10 0.60 | a ask 10 0.70 | a bid 4 0.60 held | a ask 5 0.70 held | settle yes";
    check(
        Custody::Tokens,
        story,
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 10 0.60                      New           10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 -6.000000
            a ask 10 0.70                      New           10.00 for 6.000000              10.00 for 3.000000     0.000000 0.000000 -9.000000
            a bid 4 0.60 held                  New           10.00 for 6.000000              6.00 for 1.800000      0.400000 0.000000 -7.400000
            a ask 5 0.70 held                  New           5.00 for 3.000000               6.00 for 1.800000      0.900000 0.000000 -3.900000
            settle yes                         5.00 + 6.00   0.00 for 0.000000               0.00 for 0.000000      1.100000 0.000000 1.100000
        "#]],
    );
}

#[test]
fn what_is_paid_is_rounded_up_and_what_is_received_down() {
    // 1.000001 contracts at 0.3333: $0.3333003333, paid as 0.333301; a third of that quantity sold at 0.3333 brings
    // 0.111099888..., received as 0.111099; its share of the cost is 0.111100111..., taken as 0.111100.
    let story = "a bid 1.000001 0.3333 | a ask 0.333333 0.3333 held";
    check(
        Custody::Tokens,
        story,
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 1.000001 0.3333              New           1.000001 for 0.333301           0.00 for 0.000000      0.000000 0.000000 -0.333301
            a ask 0.333333 0.3333 held         New           0.666668 for 0.222201           0.00 for 0.000000      -0.000001 0.000000 -0.222202
        "#]],
    );
}

#[test]
fn a_sale_beyond_what_is_held_is_booked_and_mended_by_the_purchase() {
    // The sale is told first: $2.10 for 3 that nobody knew of. Five bought at 0.60 cover them first, at $0.60 each.
    let story = "a ask 3 0.70 held | a bid 2 0.60 | a bid 3 0.60 | settle no";
    let portfolio = check(
        Custody::Tokens,
        story,
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a ask 3 0.70 held                  New           0.00 for 0.000000 (3.00 oversold) 0.00 for 0.000000      2.100000 0.000000 2.100000
            a bid 2 0.60                       New           0.00 for 0.000000 (1.00 oversold) 0.00 for 0.000000      0.900000 0.000000 0.900000
            a bid 3 0.60                       New           2.00 for 1.200000               0.00 for 0.000000      0.300000 0.000000 -0.900000
            settle no                          2.00 + 0.00   0.00 for 0.000000               0.00 for 0.000000      -0.900000 0.000000 -0.900000
        "#]],
    );
    assert_eq!(portfolio.account(M).net().micros(), 0);
}

#[test]
fn a_debt_of_contracts_counts_against_us_until_it_is_covered() {
    let mut story = Story::new(Custody::Tokens);
    story.tell("a ask 3 0.70 held");
    let mark = |_| Some(cents(80));
    assert_eq!(story.portfolio.unrealized(None, &mark), dollars("-2.4"));
    assert_eq!(story.portfolio.equity(&mark), dollars("-0.3"));
    assert_eq!(story.portfolio.markets_with_position().collect::<Vec<_>>(), [M]);
    assert_eq!(story.portfolio.check(), Err("m0: more was sold than was held".to_owned()));
}

#[test]
fn contracts_that_were_sold_and_never_known_are_found_when_the_market_pays() {
    // The venue pays for what it sees, so the account owes nothing; strategy A sold 3 that were the operator's.
    let portfolio = check(
        Custody::Tokens,
        "a ask 3 0.70 held | a ask 2 0.70 | settle yes",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a ask 3 0.70 held                  New           0.00 for 0.000000 (3.00 oversold) 0.00 for 0.000000      2.100000 0.000000 2.100000
            a ask 2 0.70                       New           0.00 for 0.000000 (3.00 oversold) 2.00 for 0.600000      2.100000 0.000000 1.500000
            settle yes                         0.00 + 2.00   0.00 for 0.000000               0.00 for 0.000000      1.500000 0.000000 1.500000
        "#]],
    );
    let (a, operator) = (portfolio.realized(Some(A)), portfolio.realized(Some(StrategyId::OPERATOR)));
    assert_eq!((a, operator), (dollars("-1.5"), dollars("3")));
}

// --- Provisional fills ----------------------------------------------------------------------------------------------

#[test]
fn a_failed_fill_is_as_if_it_had_never_been() {
    // Without t1 the sale of 4 at 0.70 closes contracts that cost 0.50, not 0.55: $0.80 of profit, not $0.60.
    check(
        Custody::Tokens,
        "a bid 10 0.60 0.05 matched | a bid 10 0.50 | a ask 4 0.70 held | fail 1 | fail 1 | confirm 1 | again 1 0.60",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 10 0.60 0.05 matched         New           10.00 for 6.000000 (10.00 pending) 0.00 for 0.000000      0.000000 0.050000 -6.050000
            a bid 10 0.50                      New           20.00 for 11.000000 (10.00 pending) 0.00 for 0.000000      0.000000 0.050000 -11.050000
            a ask 4 0.70 held                  New           16.00 for 8.800000 (10.00 pending) 0.00 for 0.000000      0.600000 0.050000 -8.250000
            fail 1                             Failed t1     6.00 for 3.000000               0.00 for 0.000000      0.800000 0.000000 -2.200000
            fail 1                             Same          6.00 for 3.000000               0.00 for 0.000000      0.800000 0.000000 -2.200000
            confirm 1                          Contradiction 6.00 for 3.000000               0.00 for 0.000000      0.800000 0.000000 -2.200000
            again 1 0.60                       Duplicate     6.00 for 3.000000               0.00 for 0.000000      0.800000 0.000000 -2.200000
        "#]],
    );
}

#[test]
fn a_fill_that_fails_after_its_market_paid_takes_its_payout_along() {
    check(
        Custody::Tokens,
        "a bid 10 0.60 matched | b bid 5 0.40 | settle yes | fail 1",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 10 0.60 matched              New           10.00 for 6.000000 (10.00 pending) 0.00 for 0.000000      0.000000 0.000000 -6.000000
            b bid 5 0.40                       New           15.00 for 8.000000 (10.00 pending) 0.00 for 0.000000      0.000000 0.000000 -8.000000
            settle yes                         15.00 + 0.00  0.00 for 0.000000               0.00 for 0.000000      7.000000 0.000000 7.000000
            fail 1                             Failed t1     0.00 for 0.000000               0.00 for 0.000000      3.000000 0.000000 3.000000
        "#]],
    );
}

#[test]
fn a_fill_that_fails_after_the_venue_counted_changes_nothing_that_was_counted() {
    // Positions were counted, then cash: neither moves.
    check(
        Custody::Tokens,
        "cash 100 | a bid 10 0.60 matched | have 0 0 0.60 | cash 100 | fail 1",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            cash 100                           by 100.00     0.00 for 0.000000               0.00 for 0.000000      0.000000 0.000000 100.000000
            a bid 10 0.60 matched              New           10.00 for 6.000000 (10.00 pending) 0.00 for 0.000000      0.000000 0.000000 94.000000
            have 0 0 0.60                                    0.00 for 0.000000               0.00 for 0.000000      0.000000 0.000000 94.000000
            cash 100                           by 6.00       0.00 for 0.000000               0.00 for 0.000000      0.000000 0.000000 100.000000
            fail 1                             Failed t1     0.00 for 0.000000               0.00 for 0.000000      0.000000 0.000000 100.000000
        "#]],
    );
    // Positions were counted and cash was not: the $6.00 come back.
    check(
        Custody::Tokens,
        "cash 100 | a bid 10 0.60 matched | have 2 0 0.50 | fail 1 | settle yes",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            cash 100                           by 100.00     0.00 for 0.000000               0.00 for 0.000000      0.000000 0.000000 100.000000
            a bid 10 0.60 matched              New           10.00 for 6.000000 (10.00 pending) 0.00 for 0.000000      0.000000 0.000000 94.000000
            have 2 0 0.50                                    2.00 for 1.200000               0.00 for 0.000000      0.000000 0.000000 94.000000
            fail 1                             Failed t1     2.00 for 1.000000               0.00 for 0.000000      0.000000 0.000000 100.000000
            settle yes                         2.00 + 0.00   0.00 for 0.000000               0.00 for 0.000000      1.000000 0.000000 102.000000
        "#]],
    );
    // Cash was counted and positions were not: only the payout, which came later, is taken back.
    check(
        Custody::Tokens,
        "cash 100 | a bid 10 0.60 matched | cash 94 | settle yes | fail 1",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            cash 100                           by 100.00     0.00 for 0.000000               0.00 for 0.000000      0.000000 0.000000 100.000000
            a bid 10 0.60 matched              New           10.00 for 6.000000 (10.00 pending) 0.00 for 0.000000      0.000000 0.000000 94.000000
            cash 94                            by 0.00       10.00 for 6.000000 (10.00 pending) 0.00 for 0.000000      0.000000 0.000000 94.000000
            settle yes                         10.00 + 0.00  0.00 for 0.000000               0.00 for 0.000000      4.000000 0.000000 104.000000
            fail 1                             Failed t1     0.00 for 0.000000               0.00 for 0.000000      0.000000 0.000000 94.000000
        "#]],
    );
}

#[test]
fn a_matched_trade_that_never_settles() {
    let mut story = Story::new(Custody::Tokens);
    story.tell("a bid 10 0.60 matched");
    for (step, sellable, news) in [
        ("match 1", 0, "Same"),
        ("retry 1", 0, "Moved"),
        ("mine 1", 0, "Moved"),
        // An older word on a slower channel.
        ("retry 1", 0, "Same"),
        ("fail 1", 0, "Failed t1"),
    ] {
        assert_eq!(story.tell(step), news, "{step}");
        assert_eq!(story.portfolio.account(M).sellable(Outcome::Yes), contracts(sellable), "{step}");
    }
    assert_eq!((story.cash(), story.portfolio.account(M).is_flat()), (Money::ZERO, true));
    assert_eq!(story.portfolio.provisional().count(), 0);
}

#[test]
fn what_is_sold_comes_out_of_final_contracts_first() {
    let mut story = Story::new(Custody::Tokens);
    story.tell("a bid 10 0.60");
    story.tell("a bid 5 0.60 matched");
    let sellable = |story: &Story| story.portfolio.account(M).sellable(Outcome::Yes);
    assert_eq!(sellable(&story), contracts(10));
    story.tell("a ask 4 0.60 held");
    assert_eq!(sellable(&story), contracts(6));
    assert_eq!(story.portfolio.strategy(A, M).sellable(Outcome::Yes), contracts(6));
    story.tell("confirm 2");
    assert_eq!(sellable(&story), contracts(11));
    // Nothing can fail any more, so nothing is kept to be folded again.
    assert!(story.portfolio.accounts[0].open.is_empty() && story.portfolio.strategies[0][0].1.open.is_empty());
}

#[test]
fn dust_that_cannot_be_sold_is_told_to_the_last_millionth() {
    let mut story = Story::new(Custody::Tokens);
    story.tell("a bid 5.000001 0.60");
    story.tell("a ask 5 0.70 held");
    let position = story.portfolio.account(M);
    assert_eq!(
        (position.sellable(Outcome::Yes), position.held(Outcome::Yes)),
        (Qty::from_micros(1).unwrap(), Qty::from_micros(1).unwrap())
    );
    assert!(!position.is_flat());
    // It still pays: a millionth of a dollar.
    story.tell("settle yes");
    assert!(story.portfolio.account(M).is_flat());
    assert_eq!(story.cash(), dollars("0.5"));
}

#[test]
fn a_status_may_come_before_its_fill() {
    let status = |early: FillStatus, told: FillStatus| {
        let mut story = Story::new(Custody::Tokens);
        let (trade, order) = key(1);
        assert_eq!(story.portfolio.set_status(&trade, &order, early), StatusNews::Unknown);
        let mut fill = fill(1, Custody::Tokens, A, BookSide::Bid, contracts(10), cents(60));
        fill.status = told;
        let booked = story.portfolio.book(fill).unwrap();
        (booked, story.portfolio.account(M).held(Outcome::Yes), story.portfolio.account(M).sellable(Outcome::Yes))
    };
    assert_eq!(status(FillStatus::Failed, FillStatus::Matched), (Booked::Duplicate, Qty::ZERO, Qty::ZERO));
    assert_eq!(status(FillStatus::Failed, FillStatus::Confirmed), (Booked::Duplicate, Qty::ZERO, Qty::ZERO));
    assert_eq!(status(FillStatus::Confirmed, FillStatus::Matched), (Booked::New, contracts(10), contracts(10)));
    // A word from the start of its life does not take back what the fill itself says.
    assert_eq!(status(FillStatus::Matched, FillStatus::Confirmed), (Booked::New, contracts(10), contracts(10)));
    assert_eq!(status(FillStatus::Matched, FillStatus::Matched), (Booked::New, contracts(10), Qty::ZERO));
}

#[test]
fn early_statuses_are_bounded_and_failures_are_kept_longest() {
    let mut portfolio = Portfolio::new();
    let (trade, order) = key(0);
    portfolio.set_status(&trade, &order, FillStatus::Failed);
    for number in 1..=2 * MAX_EARLY {
        let (trade, order) = key(number);
        portfolio.set_status(&trade, &order, if number % 2 == 0 { FillStatus::Mined } else { FillStatus::Confirmed });
    }
    assert_eq!(portfolio.early.len(), MAX_EARLY);
    assert_eq!(portfolio.early[&key(0)], FillStatus::Failed);
    assert_eq!(portfolio.early.values().filter(|status| **status == FillStatus::Mined).count(), 0);
}

// --- Settlement -----------------------------------------------------------------------------------------------------

#[test]
fn settlement_booked_twice() {
    let portfolio = check(
        Custody::Netted,
        "cash 100 | a bid 10 0.60 | settle yes | settle yes | settle no",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            cash 100                           by 100.00     0.00 for 0.000000               0.00 for 0.000000      0.000000 0.000000 100.000000
            a bid 10 0.60                      New           10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 94.000000
            settle yes                         10.00 + 0.00  0.00 for 0.000000               0.00 for 0.000000      4.000000 0.000000 104.000000
            settle yes                         paid before   0.00 for 0.000000               0.00 for 0.000000      4.000000 0.000000 104.000000
            settle no                          paid before   0.00 for 0.000000               0.00 for 0.000000      4.000000 0.000000 104.000000
        "#]],
    );
    assert_eq!(portfolio.stage(M), Stage::Paid(MarketResult::Yes));
}

#[test]
fn a_fill_told_after_its_market_paid_is_paid_at_once() {
    // Netted: 4 YES at 0.30 pay $4.00.
    check(
        Custody::Netted,
        "a bid 10 0.60 | settle yes | a bid 4 0.30",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 10 0.60                      New           10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 -6.000000
            settle yes                         10.00 + 0.00  0.00 for 0.000000               0.00 for 0.000000      4.000000 0.000000 4.000000
            a bid 4 0.30                       New           0.00 for 0.000000               0.00 for 0.000000      6.800000 0.000000 6.800000
        "#]],
    );
    // Tokens: 4 of the 10 had been sold, so only 6 were paid by the venue: 6.00 + 2.80 - 6.00.
    check(
        Custody::Tokens,
        "a bid 10 0.60 | settle yes | a ask 4 0.70 held",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 10 0.60                      New           10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 -6.000000
            settle yes                         10.00 + 0.00  0.00 for 0.000000               0.00 for 0.000000      4.000000 0.000000 4.000000
            a ask 4 0.70 held                  New           0.00 for 0.000000               0.00 for 0.000000      2.800000 0.000000 2.800000
        "#]],
    );
}

#[test]
fn the_ladder_of_settlement_is_total() {
    let (yes, no) = (MarketResult::Yes, MarketResult::No);
    let stages = [Stage::Trading, Stage::Resolved(yes), Stage::Disputed(yes), Stage::Paid(yes)];
    let after = stages.map(|stage| (stage.resolved(no), stage.disputed()));
    assert_eq!(
        after,
        [
            (Stage::Resolved(no), Stage::Trading),
            (Stage::Resolved(no), Stage::Disputed(yes)),
            (Stage::Resolved(no), Stage::Disputed(yes)),
            (Stage::Paid(yes), Stage::Paid(yes)),
        ]
    );
    let mut portfolio = Portfolio::new();
    portfolio.dispute(M);
    assert_eq!(portfolio.stage(M), Stage::Trading);
    portfolio.resolve(M, yes);
    portfolio.dispute(M);
    assert_eq!(portfolio.stage(M), Stage::Disputed(yes));
    assert!(portfolio.settle(M, Venue::Kalshi, 0, no).is_some());
    portfolio.resolve(M, yes);
    assert_eq!(portfolio.stage(M), Stage::Paid(no));
}

#[test]
fn the_planted_bug_of_a_second_payout_pays_twice() {
    let mut story = Story::new(Custody::Netted);
    story.tell("a bid 10 0.60");
    story.portfolio.forget_payout(M);
    assert_eq!(story.portfolio.account(M).yes.cost, dollars("6"), "nothing was paid, so nothing is given back");
    story.tell("settle yes");
    story.portfolio.forget_payout(M);
    story.tell("settle yes");
    assert_eq!(story.cash(), dollars("14"));
}

// --- The venue's word -----------------------------------------------------------------------------------------------

#[test]
fn the_first_word_on_cash_is_a_deposit_and_later_ones_are_adjustments() {
    let mut portfolio = Portfolio::new();
    assert_eq!(portfolio.adopt_cash(Venue::Kalshi, 0, dollars("100")), dollars("100"));
    assert_eq!(portfolio.adopt_cash(Venue::Kalshi, 1, dollars("5")), dollars("5"));
    assert_eq!(portfolio.adopt_cash(Venue::Kalshi, 0, dollars("98.5")), dollars("-1.5"));
    let balance = |account| portfolio.ledger().balance(account);
    assert_eq!(balance(Account::Deposits(Venue::Kalshi)), -105_000_000);
    assert_eq!(balance(Account::Adjustments(Venue::Kalshi)), 1_500_000);
    assert_eq!(portfolio.ledger().iter().count(), 4);
    // A fill that was told first does not make the deposit an adjustment.
    let mut story = Story::new(Custody::Netted);
    story.tell("a bid 10 0.60");
    assert_eq!(story.portfolio.adopt_cash(Venue::Kalshi, 0, dollars("94")), dollars("100"));
    assert_eq!(story.portfolio.ledger().balance(Account::Deposits(Venue::Kalshi)), -100_000_000);
    consistent(&story.portfolio);
}

#[test]
fn the_venues_word_on_a_position_is_the_operators_part() {
    let portfolio = check(
        Custody::Netted,
        "a bid 10 0.60 | have 6 0 0.50 | have 0 2 0.50",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 10 0.60                      New           10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 -6.000000
            have 6 0 0.50                                    6.00 for 3.600000               0.00 for 0.000000      0.000000 0.000000 -6.000000
            have 0 2 0.50                                    0.00 for 0.000000               2.00 for 1.000000      0.000000 0.000000 -6.000000
        "#]],
    );
    // A keeps its ten; the operator owes what is missing of them.
    assert_eq!(portfolio.strategy(A, M).net(), contracts(10).signed());
    assert_eq!(portfolio.strategy(StrategyId::OPERATOR, M).net(), contracts(12).signed().negated());
    // Seven more than its part: two NO go with no profit, five YES come at 0.50.
    let mut story = Story { portfolio, custody: Custody::Netted, fills: 1 };
    story.tell("have 0 0 0.50");
    story.tell("have 15 0 0.50");
    let operator = story.portfolio.strategy(StrategyId::OPERATOR, M);
    assert_eq!(
        (operator.net(), operator.yes.cost, operator.realized),
        (contracts(5).signed(), dollars("2.5"), Money::ZERO)
    );
    // Tokens: the operator owes four YES, then has two: six come at 0.50, and four of them cover the debt.
    let mut story = Story::new(Custody::Tokens);
    story.tell("a bid 10 0.60");
    story.tell("have 6 0 0.50");
    let part = |story: &Story| *story.portfolio.strategy(StrategyId::OPERATOR, M);
    assert_eq!((part(&story).yes.oversold, part(&story).realized), (contracts(4), Money::ZERO));
    story.tell("have 12 0 0.50");
    assert_eq!(
        (part(&story).yes.qty, part(&story).yes.cost, part(&story).realized),
        (contracts(2), dollars("1"), dollars("-2"))
    );
    // Tokens of both outcomes are both adopted.
    let portfolio = check(
        Custody::Tokens,
        "a bid 3 0.60 | have 5 4 0.50",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 3 0.60                       New           3.00 for 1.800000               0.00 for 0.000000      0.000000 0.000000 -1.800000
            have 5 4 0.50                                    5.00 for 2.800000               4.00 for 2.000000      0.000000 0.000000 -1.800000
        "#]],
    );
    let operator = portfolio.strategy(StrategyId::OPERATOR, M);
    assert_eq!((operator.held(Outcome::Yes), operator.held(Outcome::No)), (contracts(2), contracts(4)));
}

// --- Fills and figures ----------------------------------------------------------------------------------------------

#[test]
fn positions_booked_from_resting_or_refused_orders() {
    // There is no way in but a fill: statuses, results and disputes of what nobody filled leave everything flat.
    let mut portfolio = Portfolio::new();
    portfolio.add_market(M);
    for number in 0..5 {
        let (trade, order) = key(number);
        let status =
            [FillStatus::Matched, FillStatus::Retrying, FillStatus::Mined, FillStatus::Confirmed, FillStatus::Failed];
        assert_eq!(portfolio.set_status(&trade, &order, status[number]), StatusNews::Unknown);
    }
    portfolio.resolve(M, MarketResult::Yes);
    portfolio.dispute(M);
    let payout = portfolio.settle(M, Venue::Kalshi, 0, MarketResult::Yes);
    assert_eq!(payout, Some(Payout { cash: Money::ZERO, contracts: (Qty::ZERO, Qty::ZERO) }));
    assert!(portfolio.account(M).is_flat());
    assert_eq!((portfolio.account(M).flow, portfolio.ledger().iter().count()), (Money::ZERO, 0));
}

#[test]
fn a_fill_told_again_changes_nothing() {
    check(
        Custody::Netted,
        "a bid 10 0.60 | again 1 0.60 | again 1 0.61",
        &expect![[r#"
            step                               news          yes                             no                       realized       fees        cash
            a bid 10 0.60                      New           10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 -6.000000
            again 1 0.60                       Duplicate     10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 -6.000000
            again 1 0.61                       Changed       10.00 for 6.000000              0.00 for 0.000000      0.000000 0.000000 -6.000000
        "#]],
    );
}

#[test]
fn one_match_may_hold_several_orders_of_ours() {
    let mut portfolio = Portfolio::new();
    let one = fill(1, Custody::Netted, A, BookSide::Bid, contracts(2), cents(60));
    let other = OwnFill { order: "p".parse().unwrap(), ..one.clone() };
    assert_eq!(portfolio.book(one), Ok(Booked::New));
    assert_eq!(portfolio.book(other.clone()), Ok(Booked::New));
    assert_eq!(portfolio.account(M).held(Outcome::Yes), contracts(4));
    assert!(portfolio.has_fill(&other.trade, &other.order));
    assert!(!portfolio.has_fill(&other.trade, &"q".parse().unwrap()));
}

#[test]
fn figures_beyond_all_reason_are_refused_and_change_nothing() {
    let mut portfolio = Portfolio::new();
    let (trade, order) = key(1);
    portfolio.set_status(&trade, &order, FillStatus::Mined);
    let mut huge = fill(1, Custody::Tokens, A, BookSide::Bid, Qty::MAX, cents(60));
    let before = portfolio.clone();
    assert_eq!(portfolio.book(huge.clone()), Err(PortfolioError::Overflow));
    assert_eq!(portfolio, before);
    (huge.qty, huge.fee) = (contracts(1), Money::MAX);
    assert_eq!(portfolio.book(huge.clone()), Err(PortfolioError::Overflow));
    assert_eq!(portfolio, before);
    // Contracts have their limit though they cost next to nothing.
    (huge.qty, huge.fee) = (contracts(1_000_000_000_001), Money::ZERO);
    huge.price = Price::new(1).unwrap();
    assert_eq!(portfolio.book(huge.clone()), Err(PortfolioError::Overflow));
    // Dollars of a position have theirs though the venue refilled the cash.
    let mut rich = Portfolio::new();
    (huge.qty, huge.fee) = (contracts(1), dollars("800000000000"));
    assert_eq!(rich.book(huge.clone()), Ok(Booked::New));
    rich.adopt_cash(Venue::Polymarket, 0, Money::ZERO);
    huge.trade = key(2).0;
    assert_eq!(rich.book(huge), Err(PortfolioError::Overflow));
    consistent(&rich);
    // The venue's word is cut, or taken as it is; neither panics.
    portfolio.adopt_position(Venue::Polymarket, M, Custody::Tokens, Qty::MAX, Qty::MAX, cents(100));
    assert_eq!(portfolio.account(M).held(Outcome::No), contracts(1_000_000_000_000));
    portfolio.adopt_cash(Venue::Polymarket, 0, Money::from_micros(-i64::MAX));
    assert_eq!(portfolio.adopt_cash(Venue::Polymarket, 0, Money::MAX), Money::MAX);
    assert_eq!(portfolio.equity(&|_| Some(cents(50))), Money::MAX);
    consistent(&portfolio);
}

#[test]
fn an_average_names_its_rounding() {
    let mut story = Story::new(Custody::Netted);
    story.tell("a bid 1 0.34");
    story.tell("a bid 2 0.33");
    let yes = story.portfolio.account(M).yes;
    assert_eq!(yes.average(Rounding::Floor), Some(dollars("0.333333")));
    assert_eq!(yes.average(Rounding::Ceil), Some(dollars("0.333334")));
    assert_eq!(Holding::NONE.average(Rounding::Floor), None);
}

#[test]
fn sums_over_markets() {
    let mut portfolio = Portfolio::new();
    let one = fill(1, Custody::Netted, A, BookSide::Bid, contracts(10), cents(60));
    let two = OwnFill {
        market: MarketId(2),
        fee: dollars("0.25"),
        ..fill(2, Custody::Netted, B, BookSide::Ask, contracts(4), cents(60))
    };
    portfolio.book(one).unwrap();
    portfolio.book(two).unwrap();
    // 10 YES for $6.00 marked at 0.65, 4 NO for $1.60 at cost: cash -7.85, worth 6.50 + 1.60.
    let mark = |market| (market == M).then_some(cents(65));
    assert_eq!(portfolio.unrealized(None, &mark), dollars("0.5"));
    assert_eq!(portfolio.unrealized(Some(B), &mark), Money::ZERO);
    assert_eq!(portfolio.equity(&mark), dollars("0.25"));
    assert_eq!((portfolio.fees(None), portfolio.fees(Some(A))), (dollars("0.25"), Money::ZERO));
    assert_eq!(portfolio.markets_with_position().collect::<Vec<_>>(), [M, MarketId(2)]);
    assert_eq!(portfolio.account(MarketId(9)), &Position::FLAT);
    assert_eq!(portfolio.strategy(B, MarketId(9)), &Position::FLAT);
    assert_eq!(portfolio.strategies_in(MarketId(9)).count(), 0);
    consistent(&portfolio);
}

#[test]
fn a_figure_that_was_spoiled_is_found() {
    let mut story = Story::new(Custody::Tokens);
    story.tell("cash 100");
    story.tell("a bid 10 0.60 0.05");
    story.tell("a ask 4 0.70 held");
    assert_eq!(story.portfolio.check(), Ok(()));
    let spoiled = |spoil: fn(&mut Portfolio)| {
        let mut portfolio = story.portfolio.clone();
        spoil(&mut portfolio);
        portfolio.check().unwrap_err()
    };
    let found = [
        spoiled(|it| *it.ledger.sums.get_mut(&Account::Deposits(Venue::Polymarket)).unwrap() += 1),
        spoiled(|it| _ = it.cash.insert((Venue::Polymarket, 0), Money::ZERO)),
        spoiled(|it| it.accounts[0].now.realized = Money::ZERO),
        spoiled(|it| it.accounts[0].now.fees = Money::ZERO),
        spoiled(|it| it.accounts[0].now.yes.cost = Money::ZERO),
        spoiled(|it| it.accounts[0].now.flow = Money::ZERO),
        spoiled(|it| it.strategies[0][0].1.now.yes.qty = Qty::ZERO),
        spoiled(|it| it.strategies[0][0].1.now.fees = Money::ZERO),
        spoiled(|it| {
            let part = &mut it.strategies[0][0].1;
            (part.base.fees, part.now.fees) = (Money::ZERO, Money::ZERO);
        }),
    ];
    expect![[r#"
        the ledger adds up to 1 and not to zero
        cash of polymarket shard 0: 0 and 96750000 should be the same
        profits: 0 and 400000 should be the same
        fees: 0 and 50000 should be the same
        cost of m0: 0 and 3600000 should be the same
        m0: the account's position is not what its fills make
        contracts of m0 by strategy and in all: 0 and 6000000 should be the same
        m0: the position of s0 is not what its fills make
        m0: cost and flow of s0 beyond its profit: -50000 and 0 should be the same"#]]
    .assert_eq(&found.join("\n"));
}

#[test]
fn reading_allocates_nothing() {
    let mut story = Story::new(Custody::Tokens);
    story.tell("a bid 10 0.60");
    story.tell("b bid 5 0.60 matched");
    let portfolio = &story.portfolio;
    let (trade, order) = key(2);
    let counted = allocation_counter::measure(|| {
        assert!(!portfolio.account(M).is_flat() && !portfolio.strategy(B, M).is_flat());
        assert_eq!(portfolio.strategies_in(M).count(), 2);
        assert_eq!(portfolio.provisional().count(), 1);
        assert_eq!(portfolio.cash(Venue::Polymarket, 0), dollars("-9"));
        assert!(portfolio.equity(&|_| Some(cents(50))) < portfolio.realized(None));
        assert!(portfolio.has_fill(&trade, &order));
    });
    assert_eq!(counted.count_total, 0);
}
