//! An order's way through the engine, and what execution makes of wants.

use std::time::Duration;

use brier_engine::{Answer, Command, EngineConfig, ExitRules, Input, NotNow, OrderState, Purpose, Request, RequestId};
use brier_types::{BookSide, Input as FeedInput, OrderStatus, Qty, TimeInForce, Venue};

use crate::harness::{Bench, M, cents, generous, instrument, qty};

const K: Venue = Venue::Kalshi;
const BID: BookSide = BookSide::Bid;
const ASK: BookSide = BookSide::Ask;

#[test]
fn a_quote_is_placed_once_and_left_alone() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10), (ASK, 59, 10)]);
    let sent = bench.sent();
    assert_eq!(sent.len(), 2, "{sent:?}");
    for (request, body) in sent {
        let Request::Place(place) = body else { panic!("{body:?}") };
        let order = format!("o-{}", place.get().new.side).parse().unwrap();
        bench.answer(K, request, Answer::Placed { order, filled: Qty::ZERO, remaining: qty(10) });
    }
    bench.book(K, M, &[(40, 50), (41, 10)], &[(59, 10), (60, 50)]);
    bench.quote(M, &[(BID, 41, 10), (ASK, 59, 10)]);
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_quote_that_moves_is_one_request() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let key = bench.accept("o1");
    bench.quote(M, &[(BID, 42, 10)]);
    let (request, body) = bench.one();
    let Request::Amend(change) = body else { panic!("{body:?}") };
    assert_eq!((change.get().amend.price, change.get().amend.total), (cents(42), qty(10)));
    assert!(matches!(bench.state_of(key), OrderState::Amending { .. }));
    bench.answer(K, request, Answer::Amended { filled: Qty::ZERO, remaining: qty(10) });
    assert_eq!(bench.state_of(key), OrderState::Resting);
    assert_eq!(bench.engine.state().orders.get(key).unwrap().price, cents(42));
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_quote_that_shrinks_keeps_its_place_and_one_that_grows_gets_a_second_order() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("o1");
    bench.quote(M, &[(BID, 41, 4)]);
    let (request, body) = bench.one();
    let Request::Amend(change) = body else { panic!("{body:?}") };
    assert_eq!((change.get().amend.price, change.get().amend.total), (cents(41), qty(4)));
    bench.answer(K, request, Answer::Amended { filled: Qty::ZERO, remaining: qty(4) });
    bench.quote(M, &[(BID, 41, 9)]);
    let (_, body) = bench.one();
    let Request::Place(place) = body else { panic!("{body:?}") };
    assert_eq!(place.get().new.qty, qty(5));
}

#[test]
fn what_is_no_longer_wanted_is_taken_back() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let key = bench.accept("o1");
    bench.quote(M, &[]);
    let (request, body) = bench.one();
    assert!(matches!(body, Request::Cancel { .. }), "{body:?}");
    assert_eq!(bench.state_of(key), OrderState::Canceling);
    bench.answer(K, request, Answer::Canceled { reduced_by: Some(qty(10)) });
    assert!(matches!(bench.state_of(key), OrderState::Done { .. }));
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_cancel_wanted_before_the_answer_is_sent_after_it() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let (request, _) = bench.one();
    bench.quote(M, &[]);
    assert_eq!(bench.sent(), []);
    bench.answer(K, request, Answer::Placed { order: "o1".parse().unwrap(), filled: Qty::ZERO, remaining: qty(10) });
    assert!(matches!(bench.one().1, Request::Cancel { .. }));
}

#[test]
fn a_fill_before_the_answer_is_booked_when_the_order_has_its_name() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let (request, _) = bench.one();
    let fill = bench.fill("t1", "o1", BID, 41, 10);
    bench.feed(K, brier_types::Input::Fill(fill.clone()));
    assert_eq!(bench.net(M), 0);
    bench.answer(K, request, Answer::Placed { order: "o1".parse().unwrap(), filled: qty(10), remaining: Qty::ZERO });
    assert_eq!(bench.net(M), 10);
    bench.feed(K, brier_types::Input::Fill(fill));
    assert_eq!(bench.net(M), 10);
}

#[test]
fn an_immediate_order_is_over_with_its_answer() {
    let mut bench = Bench::new();
    bench.take(M, BID, 60, 10, Purpose::Any);
    let (request, body) = bench.one();
    let Request::Place(place) = body else { panic!("{body:?}") };
    let key = place.get().order;
    bench.answer(K, request, Answer::Placed { order: "o1".parse().unwrap(), filled: qty(4), remaining: Qty::ZERO });
    assert!(matches!(bench.state_of(key), OrderState::Done { .. }));
    assert_eq!(bench.engine.state().orders.get(key).unwrap().unbooked(), qty(4));
    let fill = bench.fill("t1", "o1", BID, 60, 4);
    bench.feed(K, brier_types::Input::Fill(fill));
    assert_eq!((bench.net(M), bench.engine.state().orders.open_count()), (4, 0));
}

#[test]
fn a_second_take_waits_for_the_first() {
    let mut bench = Bench::new();
    bench.take(M, BID, 60, 10, Purpose::Any);
    bench.one();
    bench.take(M, BID, 60, 10, Purpose::Any);
    assert_eq!(bench.sent(), []);
}

#[test]
fn a_book_that_cannot_be_believed_pulls_what_rests() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("o1");
    bench.feed(
        K,
        brier_types::Input::BookLost(brier_types::BookLoss {
            markets: vec!["M".parse().unwrap()],
            reason: "sequence gap: expected 5, found 7".to_owned(),
        }),
    );
    assert!(matches!(bench.one().1, Request::Cancel { .. }));
    bench.quote(M, &[(BID, 41, 11)]);
    assert_eq!(bench.sent(), []);
}

#[test]
fn the_kill_switch_cancels_everything_and_stays_down() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let key = bench.accept("o1");
    bench.halt("command: enough");
    let sent = bench.sent();
    assert!(sent.iter().any(|(_, body)| matches!(body, Request::CancelAll)), "{sent:?}");
    assert!(sent.iter().any(|(_, body)| matches!(body, Request::Cancel { .. })), "{sent:?}");
    for (request, body) in sent {
        let answer = match body {
            Request::CancelAll => Answer::CanceledAll,
            _ => Answer::Canceled { reduced_by: Some(qty(10)) },
        };
        bench.answer(K, request, answer);
    }
    assert!(matches!(bench.state_of(key), OrderState::Done { .. }));
    bench.quote(M, &[(BID, 42, 10)]).pass(Duration::from_secs(30));
    assert_eq!(bench.sent(), []);
    bench.input(Input::Operator(brier_engine::Operator::Resume { reason: "checked".to_owned() })).nudge();
    assert!(matches!(bench.one().1, Request::Place(_)));
}

#[test]
fn rate_limits_delay_and_lose_nothing() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let (request, _) = bench.one();
    bench.answer(K, request, Answer::NotNow { why: NotNow::RateLimited, retry_after: None });
    assert_eq!(bench.sent(), []);
    bench.pass(Duration::from_secs(3));
    assert!(matches!(bench.one().1, Request::Place(_)));
}

#[test]
fn replay_gives_the_same_commands() {
    let run = || {
        let mut bench = Bench::new();
        let mut all = Vec::new();
        bench.quote(M, &[(BID, 41, 10), (ASK, 59, 10)]);
        all.append(&mut bench.out);
        bench.answer(K, RequestId(1), Answer::InDoubt { why: "timeout".to_owned() }).pass(Duration::from_secs(5));
        all.append(&mut bench.out);
        let update = bench.update("o1", OrderStatus::Resting, BID, 41, 0, 10);
        bench.answer(K, RequestId(3), Answer::Found(update)).pass(Duration::from_secs(5));
        all.append(&mut bench.out);
        format!("{all:?}")
    };
    assert_eq!(run(), run());
}

#[test]
fn an_idle_engine_asks_only_for_its_tick() {
    let mut bench = Bench::new();
    bench.book(K, M, &[(40, 1)], &[(60, 1)]);
    assert!(bench.out.iter().all(|command| matches!(command, Command::WakeAt(_))), "{:?}", bench.out);
}

#[test]
fn a_checkpoint_brings_everything_back() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10), (ASK, 59, 10)]);
    let sent = bench.sent();
    let order = "o1".parse().unwrap();
    bench.answer(K, sent[0].0, Answer::Placed { order, filled: Qty::ZERO, remaining: qty(10) });
    let fill = bench.fill("t1", "o1", BID, 41, 4);
    bench.feed(K, brier_types::Input::Fill(fill));
    bench.halt("enough");
    let checkpoint = bench.engine.checkpoint();
    let mut again = Bench::unstarted();
    again.engine.restore(&checkpoint).unwrap();
    assert_eq!(again.engine.checkpoint(), checkpoint);
    assert_eq!(again.net(M), 4);
    assert!(again.engine.is_killed());
    let open: Vec<_> = again.engine.state().orders.iter_open().map(|order| order.client_order_id.to_string()).collect();
    // The bid was filled up again beside what rests of it.
    assert_eq!(open, ["t1-0-0", "t1-1-0", "t1-2-0"]);
    assert!(again.engine.restore(&checkpoint[..checkpoint.len() / 2]).is_err());
}

#[test]
fn an_exit_takes_back_the_quote_that_it_would_meet_and_then_goes() {
    let mut config = EngineConfig::new("t1", generous());
    config.exits = vec![ExitRules { stop_loss: Some(cents(5)), ..ExitRules::default() }];
    let mut bench = Bench::with_config(config, &[instrument(K, "M", "E", false)]);
    bench.quote(M, &[(BID, 45, 10)]);
    bench.accept("o1");
    // Four at 45 are worth 40 each: the stop is reached while the rest of the bid still stands.
    let fill = bench.fill("t1", "o1", BID, 45, 4);
    bench.feed(K, FeedInput::Fill(fill));
    let (request, body) = bench.one();
    assert!(matches!(body, Request::Cancel { .. }), "{body:?}");
    bench.nudge();
    assert_eq!(bench.sent(), [], "the exit waits, and the quote is not placed again");
    bench.answer(K, request, Answer::Canceled { reduced_by: Some(qty(6)) });
    let (_, body) = bench.one();
    let Request::Place(place) = body else { panic!("{body:?}") };
    let new = &place.get().new;
    assert_eq!((new.side, new.price, new.qty, new.time_in_force), (ASK, cents(40), qty(4), TimeInForce::Ioc));
}

/// With more slippage than is left of the price the exit had a limit of zero, which no venue takes: it was never sent.
#[test]
fn an_exit_near_zero_goes_at_the_last_price_there_is() {
    let mut config = EngineConfig::new("t1", generous());
    let rules = ExitRules { stop_loss: Some(cents(5)), slippage: cents(5), ..ExitRules::default() };
    config.exits = vec![rules];
    let mut bench = Bench::with_config(config, &[instrument(K, "M", "E", false)]);
    bench.quote(M, &[(BID, 45, 4)]);
    bench.accept("o1");
    bench.quote(M, &[]);
    bench.sent();
    bench.book(K, M, &[(2, 100)], &[(60, 100)]);
    let fill = bench.fill("t1", "o1", BID, 45, 4);
    bench.feed(K, FeedInput::Fill(fill));
    let sent = bench.sent();
    let exits: Vec<_> = sent
        .iter()
        .filter_map(|(_, body)| match body {
            Request::Place(place) => Some((place.get().new.side, place.get().new.price, place.get().new.qty)),
            _ => None,
        })
        .collect();
    assert_eq!(exits, [(ASK, cents(1), qty(4))], "{sent:?}");
}
