//! Bugs that `brier torture` found. Each test is named after its bug and says which seed showed it first.

use std::time::Duration;

use brier_engine::risk::Limits;
use brier_engine::{Answer, Command, EndReason, Input, Operator, OrderState, Purpose, Quote, Request, Want};
use brier_types::{BookSide, ConnectionInput, Input as FeedInput, OrderStatus, Qty, Venue};

use crate::harness::{Bench, M, cents, generous, instrument, qty};

const K: Venue = Venue::Kalshi;
const BID: BookSide = BookSide::Bid;

/// An order of 0.01 that had filled nothing counted as filled, as a hundredth short was forgiven: the next one went beyond the
/// limit. Seed 333.
#[test]
fn an_order_of_a_hundredth_is_not_over_before_it_fills() {
    let limits = Limits { max_position: Qty::HUNDREDTH, ..generous() };
    let mut bench = Bench::with(limits, &[instrument(K, "M", "E", false)]);
    bench.quote(M, &[(BID, 41, 1)]);
    let key = bench.accept("o1");
    assert_eq!(bench.engine.state().orders.get(key).unwrap().total, Qty::HUNDREDTH);
    assert_eq!(bench.state_of(key), OrderState::Resting);
    let quote = Quote { side: BID, price: cents(42), qty: qty(1), purpose: Purpose::Any };
    let want = Want::Quotes { market: M, quotes: vec![quote] };
    bench.input(Input::Operator(Operator::Want(want)));
    assert_eq!(bench.sent(), [], "there is no room beside it");
}

/// A read showed a fill whose order had no name here yet; the program died before it got one, and the next life asked for
/// later fills only. Seed 1444.
#[test]
fn a_fill_that_waited_for_its_order_is_read_again_after_a_restart() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let (request, body) = bench.one();
    let Request::Place(place) = body else { panic!("{body:?}") };
    let placed = bench.now;
    bench.answer(K, request, Answer::InDoubt { why: "no answer within 5 s".to_owned() }).pass(Duration::from_secs(61));
    let fill = bench.fill("t1", "o1", BID, 41, 10);
    bench.reconcile(K, &[], std::slice::from_ref(&fill), &[("M", 10)]);
    assert_eq!(bench.net(M), 0, "it may be ours, and nothing says so yet");
    bench.input(Input::Started { run: 2 }).feed(K, FeedInput::Connection(ConnectionInput::Up { venue: K }));
    let since = bench.out.iter().rev().find_map(|command| match command {
        Command::Reconcile { fills_since, .. } => Some(*fills_since),
        _ => None,
    });
    assert!(since.unwrap() < placed, "{since:?}");
    bench.reconcile(K, &[], &[fill], &[("M", 10)]);
    let key = place.get().order;
    bench.out.clear();
    bench.pass(Duration::from_secs(2));
    let (request, body) = bench.one();
    assert!(matches!(body, Request::Lookup(_)), "{body:?}");
    let found = bench.update("o1", OrderStatus::Executed, BID, 41, 10, 0);
    bench.answer(K, request, Answer::Found(found));
    assert_eq!((bench.net(M), bench.state_of(key)), (10, OrderState::Done { reason: EndReason::Filled }));
}

/// A read that began before our change came long after it, and its older total was taken for the venue's doing: the order
/// filled further than was counted. Seed 1957.
#[test]
fn an_older_word_on_an_order_does_not_undo_our_change() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 9)]);
    let key = bench.accept("o1");
    bench.quote(M, &[(BID, 42, 9)]);
    let (request, body) = bench.one();
    assert!(matches!(body, Request::Amend(_)), "{body:?}");
    bench.answer(K, request, Answer::Amended { filled: Qty::ZERO, remaining: qty(9) }).pass(Duration::from_secs(5));
    let older = bench.update("o1", OrderStatus::Resting, BID, 41, 0, 5);
    bench.feed(K, FeedInput::Order(older));
    let order = bench.engine.state().orders.get(key).unwrap();
    assert_eq!((order.price, order.total), (cents(42), qty(9)));
}

/// A change was in doubt when the order was taken back; it had been made, and the order filled further than was counted.
/// Seed 9046.
#[test]
fn an_order_that_is_taken_back_while_its_change_is_in_doubt_counts_at_the_worse_terms() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 5)]);
    let key = bench.accept("o1");
    bench.quote(M, &[(BID, 42, 9)]);
    let (request, body) = bench.one();
    assert!(matches!(body, Request::Amend(_)), "{body:?}");
    bench.answer(K, request, Answer::InDoubt { why: "status 503".to_owned() }).quote(M, &[]);
    assert_eq!(bench.state_of(key), OrderState::Canceling);
    let order = bench.engine.state().orders.get(key).unwrap();
    assert_eq!((order.worst_price(), order.worst_open()), (cents(42), qty(9)));
}
