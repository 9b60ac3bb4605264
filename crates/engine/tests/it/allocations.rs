//! What a step allocates once everything is warm.

use allocation_counter::measure;
use brier_engine::{Answer, Command, Input, Request};
use brier_types::{BookChange, BookInput, BookSide, Input as FeedInput, Qty, SignedQty, SubscriptionId, Venue};

use crate::harness::{Bench, M, cents, qty};

const K: Venue = Venue::Kalshi;

/// A change of a level that is not the best, then back.
fn delta(bench: &Bench, sequence: u64, price: u8, contracts: i64) -> Input {
    let change = BookChange::Delta {
        side: BookSide::Bid,
        price: cents(price),
        change: SignedQty::from_micros(contracts * 1_000_000).unwrap(),
    };
    let market = bench.engine.state().universe.ticker(M).clone();
    Input::Feed {
        venue: K,
        body: FeedInput::Book(BookInput { market, subscription: SubscriptionId(1), sequence, change }),
    }
}

#[test]
fn the_book_path_allocates_nothing() {
    let mut bench = Bench::new();
    let inputs: Vec<Input> =
        (0..1_000).map(|number| delta(&bench, 100 + number, 30, if number % 2 == 0 { 5 } else { -5 })).collect();
    bench.nudge().out.clear();
    let mut now = bench.now;
    let (engine, out) = (&mut bench.engine, &mut bench.out);
    let counted = measure(|| {
        for input in inputs {
            now = brier_types::Timestamp::from_nanos(now.nanos() + 1_000);
            engine.step(now, input, out);
        }
    });
    assert_eq!((counted.count_total, bench.engine.counts().inputs > 1_000), (0, true));
}

#[test]
fn from_a_tick_to_an_order_nothing_is_allocated() {
    let mut bench = Bench::new();
    let mut worst = 0;
    for round in 0..40u64 {
        // The strategy moves its quotes with every tick; the first rounds warm up what grows once.
        let price = 38 + u8::try_from(round % 3).unwrap();
        bench.script.lock().unwrap().quotes.push((
            M,
            vec![brier_engine::Quote {
                side: BookSide::Bid,
                price: cents(price),
                qty: qty(10),
                purpose: brier_engine::Purpose::Any,
            }],
        ));
        let input = delta(&bench, 100 + round, 30, if round % 2 == 0 { 5 } else { -5 });
        bench.now = bench.now.plus(std::time::Duration::from_millis(20));
        let now = bench.now;
        bench.out.clear();
        bench.out.reserve(64);
        let (engine, out) = (&mut bench.engine, &mut bench.out);
        let counted = measure(|| engine.step(now, input, out));
        if round >= 8 {
            worst = worst.max(counted.count_total);
        }
        for (request, body) in bench.sent() {
            let answer = match body {
                Request::Place(_) => {
                    let order = format!("o{round}").parse().unwrap();
                    Answer::Placed { order, filled: Qty::ZERO, remaining: qty(10) }
                }
                Request::Amend(_) => Answer::Amended { filled: Qty::ZERO, remaining: qty(10) },
                other => panic!("{other:?}"),
            };
            bench.answer(K, request, answer);
        }
    }
    assert!(bench.engine.counts().amended > 20, "{:?}", bench.engine.counts());
    assert!(!bench.out.iter().any(|command| matches!(command, Command::Alert(_))), "{:?}", bench.out);
    assert_eq!(worst, 0);
}
