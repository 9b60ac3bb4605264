//! Two tied markets bought together: which side of each, how much, and when not.

use std::time::Duration;

use brier_arbitrage::Hurdle;
use brier_engine::Strategy;
use brier_strategies::{Arbitrage, ArbitrageParameters, Pair, Tie};
use brier_types::{BookSide, Money};

use crate::world::{Sent, World, cents, names, qty};

const DAY: Duration = Duration::from_hours(24);
const MARKETS: [(&str, Option<brier_types::Strike>); 2] = [("A", None), ("B", None)];

fn parameters(tie: Tie) -> ArbitrageParameters {
    let [first, second] = <[_; 2]>::try_from(names(&["A", "B"])).unwrap();
    ArbitrageParameters {
        pairs: vec![Pair { first, tie, second }],
        clip: qty(50),
        cap: qty(60),
        margin: Money::from_micros(20_000),
        hurdle: Hurdle::NONE,
        payout_after: DAY,
        unwind_loss: cents(2),
        pause: Duration::from_secs(30),
        patience: Duration::from_secs(30),
        rest_for: Duration::ZERO,
    }
}

fn strategy(parameters: ArbitrageParameters) -> Box<dyn Strategy> {
    Box::new(Arbitrage::new(parameters))
}

fn leg(market: &str, side: BookSide, cents: u16, contracts: u64) -> Sent {
    Sent { market: market.to_owned(), side, cents, contracts, immediate: true }
}

fn sent(world: &mut World) -> Vec<Sent> {
    let mut sent = world.sent();
    sent.sort_by(|one, other| one.market.cmp(&other.market));
    sent
}

#[test]
fn yes_where_it_is_cheap_and_no_where_it_is_dear() {
    let mut world = World::new(strategy(parameters(Tie::Same)), &MARKETS, DAY);
    world.book("A", &[(38, 10)], &[(40, 30)]);
    world.book("B", &[(45, 20)], &[(47, 10)]);
    assert_eq!(sent(&mut world), [leg("A", BookSide::Bid, 40, 20), leg("B", BookSide::Ask, 45, 20)]);
    world.book("B", &[(40, 20)], &[(47, 10)]);
    world.pass(Duration::from_secs(31));
    assert_eq!(sent(&mut world), [], "nothing is left of it");
    // The other way round, no further than the clip.
    world.book("A", &[(38, 90)], &[(40, 30)]);
    world.book("B", &[(30, 10)], &[(32, 90)]);
    assert_eq!(sent(&mut world), [leg("A", BookSide::Ask, 38, 50), leg("B", BookSide::Bid, 32, 50)]);
}

#[test]
fn level_by_level_as_long_as_the_next_contract_is_worth_it() {
    let mut world = World::new(strategy(parameters(Tie::Same)), &MARKETS, DAY);
    world.book("A", &[(30, 5)], &[(40, 10), (42, 50)]);
    world.book("B", &[(46, 15), (43, 50)], &[(60, 5)]);
    // Ten at six cents, five at four; the rest would gain one.
    assert_eq!(sent(&mut world), [leg("A", BookSide::Bid, 42, 15), leg("B", BookSide::Ask, 46, 15)]);
}

#[test]
fn fees_and_locked_money_can_take_it_all() {
    let fifth = Hurdle::from_micros(200_000).unwrap();
    for (fees, hurdle, days, trades) in [
        (false, Hurdle::NONE, 1, true),
        (true, Hurdle::NONE, 1, false),
        (false, fifth, 80, false),
        (false, fifth, 5, true),
    ] {
        let parameters = ArbitrageParameters { hurdle, margin: Money::ZERO, ..parameters(Tie::Same) };
        let fees = if fees { World::kalshi_fees() } else { brier_engine::Fees::FREE };
        let mut world = World::with_fees(strategy(parameters), &MARKETS, DAY * days, fees);
        world.book("A", &[(40, 5)], &[(48, 10)]);
        world.book("B", &[(51, 10)], &[(60, 5)]);
        assert_eq!(
            sent(&mut world).len(),
            if trades { 2 } else { 0 },
            "fees {fees:?}, {hurdle:?} a year over {days} days"
        );
    }
}

#[test]
fn each_tie_has_its_hedges() {
    use BookSide::{Ask, Bid};
    for (tie, expected) in [
        (Tie::Inverse, [leg("A", Bid, 40, 10), leg("B", Bid, 45, 10)]),
        (Tie::Excludes, [leg("A", Ask, 70, 10), leg("B", Ask, 60, 10)]),
        (Tie::Implies, [leg("A", Ask, 70, 10), leg("B", Bid, 45, 10)]),
    ] {
        let mut world = World::new(strategy(parameters(tie)), &MARKETS, DAY);
        // Crossed prices of two books: whatever the tie needs is there, and nothing else is.
        let (a, b) = (expected[0].side, expected[1].side);
        let book = |side: BookSide, bid: u8, ask: u8| match side {
            Bid => (vec![(bid.min(ask - 1).min(10), 10)], vec![(ask, 10)]),
            Ask => (vec![(bid, 10)], vec![(95, 10)]),
        };
        let (bids, asks) = book(a, 70, 40);
        world.book("A", &bids, &asks);
        let (bids, asks) = book(b, 60, 45);
        world.book("B", &bids, &asks);
        assert_eq!(sent(&mut world), expected, "{tie:?}");
    }
}

#[test]
fn nothing_without_both_books() {
    let mut world = World::new(strategy(parameters(Tie::Same)), &MARKETS, DAY);
    world.book("A", &[(38, 10)], &[(40, 30)]);
    assert_eq!(sent(&mut world), []);
    world.book("B", &[(41, 20)], &[(47, 10)]);
    assert_eq!(sent(&mut world), [], "one cent is less than the margin");
}

/// Both books are there, and gain, before the strategy may trade: no change of a book has to come first.
#[test]
fn a_set_that_stands_is_tried_as_soon_as_it_may_be() {
    let mut world = World::new(strategy(parameters(Tie::Same)), &MARKETS, DAY);
    world.reconnect();
    world.book("A", &[(38, 10)], &[(40, 30)]);
    world.book("B", &[(45, 20)], &[(47, 10)]);
    world.sent_nothing();
    world.reconcile();
    world.pass(Duration::from_secs(1));
    assert_eq!(sent(&mut world), [leg("A", BookSide::Bid, 40, 20), leg("B", BookSide::Ask, 45, 20)]);
}

/// The set came while everything was halted.
#[test]
fn a_set_that_stands_is_tried_when_a_halt_is_lifted() {
    for changed in [["A", "B"], ["B", "A"]] {
        let mut world = World::new(strategy(parameters(Tie::Same)), &MARKETS, DAY);
        world.halt();
        for market in changed {
            match market {
                "A" => world.book("A", &[(38, 10)], &[(40, 30)]),
                _ => world.book("B", &[(45, 20)], &[(47, 10)]),
            }
        }
        world.pass(Duration::from_secs(2));
        assert_eq!(sent(&mut world), [], "everything is halted");
        world.resume();
        world.pass(Duration::from_secs(1));
        assert_eq!(sent(&mut world), [leg("A", BookSide::Bid, 40, 20), leg("B", BookSide::Ask, 45, 20)], "{changed:?}");
    }
}

/// One try a moment, though both markets of a pair are looked at and several pairs may share one.
#[test]
fn no_pause_is_no_second_try_on_the_same_view() {
    let parameters = ArbitrageParameters { pause: Duration::ZERO, cap: qty(1_000), ..parameters(Tie::Same) };
    let mut world = World::new(strategy(parameters), &MARKETS, DAY);
    world.halt();
    world.book("A", &[(38, 10)], &[(40, 30)]);
    world.book("B", &[(45, 20)], &[(47, 10)]);
    world.resume();
    world.pass(Duration::from_secs(1));
    assert_eq!(sent(&mut world), [leg("A", BookSide::Bid, 40, 20), leg("B", BookSide::Ask, 45, 20)]);
}

/// One leg as a quote, where taking both would gain less than the margin.
fn resting() -> ArbitrageParameters {
    ArbitrageParameters { rest_for: Duration::from_secs(20), ..parameters(Tie::Same) }
}

fn quote(market: &str, side: BookSide, cents: u16, contracts: u64) -> Sent {
    Sent { immediate: false, ..leg(market, side, cents, contracts) }
}

#[test]
fn one_leg_rests_where_taking_both_does_not_pay() {
    let mut world = World::new(strategy(resting()), &MARKETS, DAY);
    world.book("A", &[(38, 10)], &[(42, 30)]);
    world.book("B", &[(42, 20)], &[(46, 10)]);
    assert_eq!(sent(&mut world), [], "YES at 42 and NO at 58 cost a dollar");
    world.pass(Duration::from_secs(1));
    // NO quoted for 55 (the ask a cent lower) and YES at 42 for 30 gain three cents each; YES for 39 and NO at 58 as much for 20.
    assert_eq!(sent(&mut world), [quote("B", BookSide::Ask, 45, 30)]);
    world.pass(Duration::from_secs(2));
    assert_eq!(sent(&mut world), [], "one quote of a pair at a time");
}

#[test]
fn a_quote_that_cannot_leave_the_margin_is_not_made() {
    for (bid_of_a, ask_of_b) in [(40, 44), (41, 43)] {
        let mut world = World::new(strategy(resting()), &MARKETS, DAY);
        world.book("A", &[(bid_of_a, 10)], &[(42, 30)]);
        world.book("B", &[(42, 20)], &[(ask_of_b, 10)]);
        world.pass(Duration::from_secs(1));
        let found = sent(&mut world);
        // Beside the best ask of 44 two cents are left, which is the margin.
        let expected = if ask_of_b == 44 { vec![quote("B", BookSide::Ask, 44, 30)] } else { Vec::new() };
        assert_eq!(found, expected);
    }
}

#[test]
fn nothing_rests_unless_it_is_asked_for() {
    let mut world = World::new(strategy(parameters(Tie::Same)), &MARKETS, DAY);
    world.book("A", &[(30, 10)], &[(42, 30)]);
    world.book("B", &[(42, 20)], &[(50, 10)]);
    world.pass(Duration::from_secs(5));
    assert_eq!(sent(&mut world), []);
}
