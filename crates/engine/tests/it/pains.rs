//! What other bots blow up on. Each test is named after its pain.

use std::time::Duration;

use brier_engine::portfolio::Stage;
use brier_engine::{Answer, Command, EndReason, Input, NotNow, OrderState, Purpose, Quote, RejectCode, Request, Scope};
use brier_types::{
    BookSide, FillStatus, FillStatusUpdate, Input as FeedInput, LifecycleInput, MarketResult, MarketStatus, Money,
    OrderStatus, PriceGrid, Qty, TimeInForce, Venue,
};

use crate::harness::{Bench, FIRST, M, NOON, cents, dollars, generous, instrument, qty};

const K: Venue = Venue::Kalshi;
const P: Venue = Venue::Polymarket;
const BID: BookSide = BookSide::Bid;
const ASK: BookSide = BookSide::Ask;

fn placed(body: &Request) -> &brier_engine::PlaceOrder {
    match body {
        Request::Place(place) => place.get(),
        other => panic!("expected a placing, found {other:?}"),
    }
}

#[test]
fn orders_refused_by_the_retired_write_apis_are_noticed_at_once() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let (request, _) = bench.one();
    bench.answer(K, request, Bench::reject(RejectCode::Fatal, "410: this endpoint is retired"));
    assert!(bench.engine.state().halts.refuses(FIRST, K, M).is_some());
    assert!(bench.alerts().iter().any(|alert| alert.contains("retired")), "{:?}", bench.out);
    bench.pass(Duration::from_mins(1));
    assert!(bench.sent().iter().all(|(_, body)| !matches!(body, Request::Place(_))));
}

#[test]
fn a_reconnect_snapshot_is_not_merged_into_the_old_book() {
    let mut bench = Bench::new();
    bench.book(K, M, &[(40, 10), (39, 5)], &[(60, 10)]);
    let reason = "reset by peer".to_owned();
    bench.feed(K, FeedInput::Connection(brier_types::ConnectionInput::Down { venue: K, reason }));
    assert!(bench.engine.state().books.view(M).is_err());
    bench.connect(K);
    bench.book(K, M, &[(30, 7)], &[(70, 7)]);
    let book = bench.engine.state().books.view(M).unwrap();
    assert_eq!((book.best_bid().unwrap().price, book.level_count(BID), book.level_count(ASK)), (cents(30), 1, 1));
}

#[test]
fn a_user_stream_that_misses_a_fill_is_mended_by_the_reads() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let key = bench.accept("o1");
    bench.pass(Duration::from_secs(61));
    // The stream never told it: the venue's list has the fill, and the order no more.
    let fill = bench.fill("t1", "o1", BID, 41, 10);
    bench.cash = dollars(1_000).checked_sub(Money::from_micros(4_100_000)).unwrap();
    bench.reconcile(K, &[], &[fill], &[("M", 10)]);
    assert_eq!(bench.net(M), 10);
    assert_eq!(bench.state_of(key), OrderState::Done { reason: EndReason::Filled });
    assert_eq!(bench.engine.state().portfolio.cash(K, 0), bench.cash);
}

#[test]
fn no_new_client_id_on_retry() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let (request, body) = bench.one();
    let id = placed(&body).new.client_order_id.clone();
    bench.answer(K, request, Answer::InDoubt { why: "no answer within 5 s".to_owned() });
    // It may be live, so nothing else is placed for this quote, however long it takes; it is looked up under its own name.
    for _ in 0..20 {
        bench.pass(Duration::from_secs(2));
        for (request, body) in bench.sent() {
            let Request::Lookup(lookup) = &body else { panic!("expected a lookup, found {body:?}") };
            assert_eq!(*lookup.client_order_id(), id);
            let as_of = bench.now;
            bench.answer(K, request, Answer::NotFound { as_of });
        }
    }
    assert_eq!(bench.engine.state().orders.open_count(), 1);
    // Only when the request can no longer arrive is it proven that it never did, and a new order takes its place.
    bench.pass(Duration::from_secs(80));
    let asked = bench.sent();
    let (request, _) = asked.iter().rev().find(|(_, body)| matches!(body, Request::Lookup(_))).expect("asked again");
    let as_of = bench.now;
    bench.answer(K, *request, Answer::NotFound { as_of }).nudge();
    let sent = bench.sent();
    let (_, body) = sent.iter().find(|(_, body)| matches!(body, Request::Place(_))).expect("it is still wanted");
    assert_ne!(placed(body).new.client_order_id, id);
}

#[test]
fn an_order_in_doubt_that_the_venue_has_is_kept_as_it_is() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let (request, body) = bench.one();
    let key = placed(&body).order;
    bench.answer(K, request, Answer::InDoubt { why: "connection reset".to_owned() }).pass(Duration::from_secs(1));
    let (request, body) = bench.one();
    assert!(matches!(body, Request::Lookup(_)));
    let found = bench.update("o1", OrderStatus::Resting, BID, 41, 0, 10);
    bench.answer(K, request, Answer::Found(found));
    assert_eq!(bench.state_of(key), OrderState::Resting);
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.sent(), []);
}

fn polymarket() -> Bench {
    Bench::with(generous(), &[instrument(P, "M", "E", false)])
}

fn status(trade: &str, order: &str, status: FillStatus) -> FeedInput {
    FeedInput::FillStatus(FillStatusUpdate {
        trade: trade.parse().unwrap(),
        order: order.parse().unwrap(),
        market: "M".parse().unwrap(),
        status,
    })
}

#[test]
fn a_matched_trade_that_never_settles_leaves_no_position() {
    let mut bench = polymarket();
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("0xaa");
    let before = bench.engine.state().portfolio.cash(P, 0);
    let fill = bench.fill("t1", "0xaa", BID, 41, 10);
    bench.feed(P, FeedInput::Fill(fill.clone())).quote(M, &[]);
    assert_eq!(bench.net(M), 10);
    // Matched is not owned: none of it may be offered.
    bench.sent();
    bench.take(M, ASK, 40, 10, Purpose::Close);
    assert_eq!(bench.sent(), []);
    bench.feed(P, status("t1", "0xaa", FillStatus::Retrying)).feed(P, status("t1", "0xaa", FillStatus::Failed));
    assert_eq!((bench.net(M), bench.engine.state().portfolio.cash(P, 0)), (0, before));
    // Told again, it stays undone.
    bench.feed(P, FeedInput::Fill(fill));
    assert_eq!(bench.net(M), 0);
}

#[test]
fn a_no_leg_is_not_posted_as_yes() {
    let mut bench = Bench::new();
    // NO at 42 cents is an ask of YES at 58: never a bid, never at 42.
    bench.quote(M, &[(ASK, 58, 10)]);
    let (_, body) = bench.one();
    assert_eq!((placed(&body).new.side, placed(&body).new.price), (ASK, cents(58)));
    let fill = bench.fill("t1", "o1", ASK, 58, 10);
    bench.answer(
        K,
        brier_engine::RequestId(1),
        Answer::Placed { order: "o1".parse().unwrap(), filled: qty(10), remaining: Qty::ZERO },
    );
    bench.feed(K, FeedInput::Fill(fill));
    let position = bench.engine.state().portfolio.account(M);
    assert_eq!(
        (position.no.qty, position.no.cost, position.yes.qty),
        (qty(10), Money::from_micros(4_200_000), Qty::ZERO)
    );
}

#[test]
fn no_position_comes_from_resting_or_refused_orders() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("o1");
    assert_eq!(bench.net(M), 0);
    bench.take(M, BID, 60, 5, Purpose::Any);
    let (request, _) = bench.one();
    bench.answer(K, request, Bench::reject(RejectCode::InsufficientBalance, "insufficient_balance"));
    assert_eq!(bench.net(M), 0);
    assert!(bench.engine.state().portfolio.account(M).is_flat());
}

fn ended(status: MarketStatus) -> FeedInput {
    FeedInput::Lifecycle(LifecycleInput {
        market: "M".parse().unwrap(),
        status: Some(status),
        close_time: None,
        result: Some(MarketResult::Yes),
    })
}

#[test]
fn a_settlement_is_not_booked_twice() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("o1");
    let fill = bench.fill("t1", "o1", BID, 41, 10);
    bench.feed(K, FeedInput::Fill(fill)).feed(K, ended(MarketStatus::Determined));
    assert_eq!(bench.engine.state().portfolio.stage(M), Stage::Resolved(MarketResult::Yes));
    bench.feed(K, ended(MarketStatus::Finalized));
    let paid = bench.engine.state().portfolio.cash(K, 0);
    assert_eq!(paid, Money::from_micros(1_000_000_000 - 4_100_000 + 10_000_000));
    bench.feed(K, ended(MarketStatus::Finalized)).pass(Duration::from_secs(5));
    bench.cash = paid;
    bench.reconcile(K, &[], &[], &[]);
    assert_eq!(bench.engine.state().portfolio.cash(K, 0), paid);
    assert_eq!(bench.engine.state().portfolio.check(), Ok(()));
}

#[test]
fn the_tick_size_changes_while_orders_rest() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("o1");
    let grid = PriceGrid::uniform(cents(5)).unwrap();
    bench.input(Input::Grid { venue: K, market: "M".parse().unwrap(), grid });
    let (_, body) = bench.one();
    let Request::Amend(change) = body else { panic!("{body:?}") };
    assert_eq!(change.get().amend.price, cents(40));
}

#[test]
fn a_fill_that_races_a_cancel_leaves_no_undead_order() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let key = bench.accept("o1");
    bench.quote(M, &[]);
    let (request, _) = bench.one();
    bench.answer(K, request, Answer::Gone);
    // 404: filled, canceled or unknown. It counts until the venue's word, which is asked for.
    assert!(matches!(bench.state_of(key), OrderState::Vanished { .. }));
    assert_eq!(bench.engine.state().orders.get(key).unwrap().worst_open(), qty(10));
    bench.pass(Duration::from_secs(1));
    let (request, _) = bench.one();
    let found = bench.update("o1", OrderStatus::Executed, BID, 41, 10, 0);
    bench.answer(K, request, Answer::Found(found));
    assert_eq!(bench.state_of(key), OrderState::Done { reason: EndReason::Filled });
    assert_eq!(bench.engine.state().orders.get(key).unwrap().unbooked(), qty(10));
    let fill = bench.fill("t1", "o1", BID, 41, 10);
    bench.feed(K, FeedInput::Fill(fill));
    assert_eq!((bench.net(M), bench.engine.state().orders.open_count()), (10, 0));
}

#[test]
fn dust_that_cannot_be_sold_is_left_alone() {
    let mut bench = polymarket();
    bench.take(M, BID, 60, 10, Purpose::Any);
    let (request, _) = bench.one();
    bench.answer(P, request, Answer::Placed { order: "0xaa".parse().unwrap(), filled: qty(10), remaining: Qty::ZERO });
    let mut fill = bench.fill("t1", "0xaa", BID, 60, 10);
    fill.qty = Qty::from_micros(9_997_714).unwrap();
    bench.feed(P, FeedInput::Fill(fill)).feed(P, status("t1", "0xaa", FillStatus::Confirmed));
    bench.take(M, ASK, 40, 10, Purpose::Close);
    let (request, body) = bench.one();
    // Hundredths only: what is below a step stays.
    assert_eq!(placed(&body).new.qty, Qty::from_hundredths(999).unwrap());
    bench.answer(
        P,
        request,
        Answer::Placed {
            order: "0xbb".parse().unwrap(),
            filled: Qty::from_hundredths(999).unwrap(),
            remaining: Qty::ZERO,
        },
    );
    let mut sold = bench.fill("t2", "0xbb", ASK, 40, 10);
    sold.qty = Qty::from_hundredths(999).unwrap();
    bench.feed(P, FeedInput::Fill(sold)).feed(P, status("t2", "0xbb", FillStatus::Confirmed));
    bench.sent();
    for _ in 0..3 {
        bench.take(M, ASK, 40, 10, Purpose::Close);
        assert_eq!(bench.sent(), [], "7,714 millionths cannot be sold, and nobody keeps trying");
    }
}

#[test]
fn two_processes_on_one_account_are_noticed() {
    let mut bench = Bench::new();
    let mut foreign = bench.update("o9", OrderStatus::Resting, BID, 30, 0, 5);
    foreign.client_order_id = Some("other-bot-17".parse().unwrap());
    bench.feed(K, FeedInput::Order(foreign));
    assert!(
        bench.alerts().iter().any(|alert| alert.contains("another program trades on this account")),
        "{:?}",
        bench.out
    );
    assert!(bench.engine.state().halts.refuses(FIRST, K, M).is_some());
}

#[test]
fn quiet_is_not_mistaken_for_stale() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("o1");
    // Nothing trades for an hour; the connection is up and says so. The book stands, and so does the quote.
    for _ in 0..60 {
        bench.pass(Duration::from_mins(1));
        let rests = bench.update("o1", OrderStatus::Resting, BID, 41, 0, 10);
        if bench.out.iter().any(|command| matches!(command, Command::Reconcile { .. })) {
            bench.reconcile(K, &[rests], &[], &[]);
        }
        assert_eq!(bench.sent(), []);
    }
    assert!(bench.engine.state().books.view(M).is_ok());
}

#[test]
fn a_balance_from_before_the_read_lag_is_not_believed() {
    let mut bench = Bench::new();
    bench.take(M, BID, 60, 10, Purpose::Any);
    let (request, _) = bench.one();
    let fill = bench.fill("t1", "o1", BID, 60, 10);
    bench.answer(K, request, Answer::Placed { order: "o1".parse().unwrap(), filled: qty(10), remaining: Qty::ZERO });
    bench.feed(K, FeedInput::Fill(fill));
    bench.input(Input::Operator(brier_engine::Operator::Reconcile { venue: K }));
    // The read still shows the old cash and no position: nothing is halted, nothing is taken over.
    bench.reconcile(K, &[], &[], &[]);
    assert!(bench.engine.state().halts.refuses(FIRST, K, M).is_none());
    assert_eq!(bench.net(M), 10);
    assert_eq!(bench.engine.counts().discrepancies, 0);
}

#[test]
fn a_storm_of_429_is_waited_out() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    let mut tries = 0;
    for _ in 0..240 {
        for (request, body) in bench.sent() {
            assert!(matches!(body, Request::Place(_)), "{body:?}");
            tries += 1;
            bench.answer(K, request, Answer::NotNow { why: NotNow::RateLimited, retry_after: None });
        }
        bench.pass(Duration::from_millis(500));
    }
    // Two minutes of refusals: waits double, so that a dozen tries are made and not hundreds.
    assert!((5..=12).contains(&tries), "{tries}");
    assert_eq!(bench.engine.state().orders.open_count(), 0);
}

#[test]
fn the_venues_engine_restarts() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("o1");
    bench.quote(M, &[(BID, 42, 10)]);
    let (request, _) = bench.one();
    bench.answer(K, request, Answer::NotNow { why: NotNow::Restarting, retry_after: Some(Duration::from_secs(10)) });
    // Nothing is sent while it restarts, and nothing is forgotten: the quote is moved when it is back.
    bench.pass(Duration::from_secs(8));
    assert_eq!(bench.sent(), []);
    bench.pass(Duration::from_secs(5));
    assert!(matches!(bench.one().1, Request::Amend(_)));
}

#[test]
fn a_fee_shown_as_zero_but_charged_is_noticed() {
    let mut bench = Bench::new();
    bench.take(M, BID, 60, 10, Purpose::Any);
    let (request, _) = bench.one();
    let fill = bench.fill("t1", "o1", BID, 60, 10);
    bench.answer(K, request, Answer::Placed { order: "o1".parse().unwrap(), filled: qty(10), remaining: Qty::ZERO });
    bench.feed(K, FeedInput::Fill(fill));
    // The fill told no fee; the balance has paid 16.8 cents.
    bench.cash = Money::from_micros(1_000_000_000 - 6_000_000 - 168_000);
    bench.pass(Duration::from_secs(70)).reconcile(K, &[], &[], &[("M", 10)]);
    assert_eq!(bench.engine.counts().discrepancies, 1);
    assert!(bench.engine.state().halts.refuses(FIRST, K, M).is_some());
    assert!(bench.alerts().iter().any(|alert| alert.contains("993.832000")), "{:?}", bench.alerts());
}

#[test]
fn no_more_is_sold_than_owned_after_an_unnoticed_fill() {
    let mut bench = Bench::new();
    bench.take(M, BID, 60, 10, Purpose::Any);
    let (request, _) = bench.one();
    let fill = bench.fill("t1", "o1", BID, 60, 10);
    bench.answer(K, request, Answer::Placed { order: "o1".parse().unwrap(), filled: qty(10), remaining: Qty::ZERO });
    bench.feed(K, FeedInput::Fill(fill));
    bench.take(M, ASK, 40, 10, Purpose::Close);
    let (request, _) = bench.one();
    // Six were sold by the answer's word, and the fill was never told: they are gone all the same.
    bench.answer(K, request, Answer::Placed { order: "o2".parse().unwrap(), filled: qty(6), remaining: Qty::ZERO });
    assert_eq!(bench.net(M), 10);
    bench.sent();
    // The next sale may offer what is certainly left, or wait; never the ten.
    bench.pass(Duration::from_secs(1)).sent();
    bench.input(Input::Operator(brier_engine::Operator::Want(brier_engine::Want::Take {
        market: M,
        take: brier_engine::Take { side: ASK, limit: cents(40), qty: qty(10), purpose: Purpose::Close },
    })));
    let sold: u64 = bench.sent().iter().map(|(_, body)| placed(body).new.qty.micros()).sum();
    assert!(sold <= qty(4).micros(), "{sold}");
}

#[test]
fn a_difference_halts_its_market_and_heals_by_the_venues_word() {
    let mut bench = Bench::new();
    bench.pass(Duration::from_secs(65)).reconcile(K, &[], &[], &[("M", 3)]);
    assert_eq!(bench.engine.state().halts.refuses(FIRST, K, M).map(|(scope, _)| scope), Some(Scope::Market(M)));
    assert_eq!(bench.net(M), 0);
    for _ in 0..2 {
        bench.pass(Duration::from_secs(10)).reconcile(K, &[], &[], &[("M", 3)]);
    }
    // Three reads in a row show the same: it is the venue's word, and it is told.
    assert_eq!(bench.net(M), 3);
    assert!(bench.engine.state().halts.refuses(FIRST, K, M).is_none());
    assert_eq!(bench.engine.state().portfolio.check(), Ok(()));
}

#[test]
fn a_new_run_takes_nothing_for_granted() {
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 41, 10), (ASK, 59, 10)]);
    let sent = bench.sent();
    bench.answer(K, sent[0].0, Answer::Placed { order: "o1".parse().unwrap(), filled: Qty::ZERO, remaining: qty(10) });
    // The program dies here and comes back.
    bench.input(Input::Started { run: 2 });
    let unanswered = placed(&sent[1].1).order;
    assert!(matches!(bench.state_of(unanswered), OrderState::InDoubt { .. }));
    assert!(bench.engine.state().books.view(M).is_err());
    assert!(bench.engine.state().halts.refuses(FIRST, K, M).is_some());
    bench.sent();
    bench.quote(M, &[(BID, 41, 10), (ASK, 59, 10)]);
    assert!(
        bench.sent().iter().all(|(_, body)| !matches!(body, Request::Place(_))),
        "nothing new before the account is compared"
    );
}

/// Polymarket bounds an immediate purchase by dollars, and a better price buys more than asked: `brier torture`, seed 8.
#[test]
fn a_purchase_of_tokens_is_bounded_by_contracts_and_does_not_stay() {
    let mut bench = Bench::with(generous(), &[instrument(P, "0xa", "0xa", false)]);
    bench.book(P, M, &[(50, 100)], &[(55, 100)]);
    bench.take(M, BID, 57, 10, Purpose::Any);
    let (request, body) = bench.one();
    assert_eq!(placed(&body).new.time_in_force, TimeInForce::Gtc);
    // Four of ten fill at once; the rest is taken back as soon as it rests.
    bench.answer(P, request, Answer::Placed { order: "0x1".parse().unwrap(), filled: qty(4), remaining: qty(6) });
    let (_, body) = bench.one();
    assert!(matches!(body, Request::Cancel { .. }), "{body:?}");
}

/// A run that was killed 40 times: a match settled at Polymarket while Kalshi was read for the first time, its cash was not
/// judged, the venue counted as opened, and there was never a dollar to trade with.
#[test]
fn the_first_read_brings_the_cash_though_a_match_settles_elsewhere() {
    let mut bench = Bench::with(generous(), &[instrument(P, "M", "E", false)]);
    bench.quote(M, &[(BID, 41, 10)]);
    bench.accept("o1");
    let fill = bench.fill("t1", "o1", BID, 41, 10);
    bench.feed(P, FeedInput::Fill(fill));
    assert!(bench.engine.state().portfolio.provisional().next().is_some());
    bench.input(Input::Listed(Box::new(instrument(K, "K", "E", false))));
    bench.connect(K);
    assert_eq!(bench.engine.state().portfolio.cash(K, 0), dollars(1_000));
}

/// Kalshi's stream does not tell what the clock does: a market that was listed before it opened was never traded.
#[test]
fn a_market_that_the_clock_opens_is_traded_and_one_that_it_closed_is_not() {
    let mut later = instrument(K, "M", "E", false);
    later.market.status = MarketStatus::Initialized;
    later.market.open_time = NOON.plus(Duration::from_mins(2));
    later.market.close_time = NOON.plus(Duration::from_mins(30));
    let mut bench = Bench::with(generous(), &[later]);
    bench.quote(M, &[(BID, 41, 10)]);
    assert!(bench.sent().is_empty(), "it is not open yet");
    bench.pass(Duration::from_millis(120_500));
    bench.accept("o1");
    bench.pass(Duration::from_mins(29));
    bench.sent();
    bench.take(M, BID, 60, 10, Purpose::Any);
    assert!(bench.sent().iter().all(|(_, body)| !matches!(body, Request::Place(_))), "it is closed");
}

/// Polymarket takes no purchase for less than a dollar that would trade at once, whatever its kind: five such refusals in a
/// row halted the market in the demo.
#[test]
fn a_purchase_that_would_trade_for_less_than_a_dollar_is_refused_here() {
    let mut market = instrument(P, "M", "E", false);
    market.min_taking = dollars(1);
    let mut bench = Bench::with(generous(), &[market]);
    bench.book(P, M, &[(5, 100)], &[(10, 100)]);
    bench.take(M, BID, 10, 9, Purpose::Any);
    assert!(bench.sent().is_empty(), "$0.90");
    assert_eq!(bench.engine.counts().refused, 1);
    bench.take(M, BID, 10, 10, Purpose::Any);
    bench.one();
    // One that rests may be smaller.
    bench.quote(M, &[(BID, 6, 10)]);
    bench.accept("o2");
}

/// A fill or an answer is known before the book shows it: what the book still shows of ours was taken for somebody else's, and a
/// maker quoted around itself.
#[test]
fn our_own_quote_is_never_taken_for_somebody_elses() {
    let others = |bench: &Bench| {
        let view = bench.engine.view(FIRST);
        (view.best_of_others(M, BID), view.best_of_others(M, ASK))
    };
    let alone = (Some(cents(40)), Some(cents(60)));
    let mut bench = Bench::new();
    bench.quote(M, &[(BID, 45, 10), (ASK, 55, 10)]);
    let sent = bench.sent();
    for ((request, _), order) in sent.into_iter().zip(["o1", "o2"]) {
        let order = order.parse().unwrap();
        bench.answer(K, request, Answer::Placed { order, filled: Qty::ZERO, remaining: qty(10) });
    }
    let before = ([(45, 10), (40, 100)], [(55, 10), (60, 100)]);
    bench.book(K, M, &before.0, &before.1);
    assert_eq!(others(&bench), alone);

    // The fill is told; the book is behind.
    let fill = bench.fill("t1", "o1", BID, 45, 4);
    let quote = |side, price, size| Quote { side, price: cents(price), qty: qty(size), purpose: Purpose::Any };
    bench.script.lock().unwrap().quotes.push((M, vec![quote(BID, 45, 6), quote(ASK, 55, 10)]));
    bench.feed(K, FeedInput::Fill(fill));
    assert_eq!((others(&bench), bench.sent()), (alone, vec![]));

    // Both quotes move; the book shows the old prices, then the new ones before the answer, then the old ones after it.
    bench.quote(M, &[(BID, 43, 6), (ASK, 53, 10)]);
    assert_eq!(others(&bench), alone);
    bench.book(K, M, &[(43, 6), (40, 100)], &[(53, 10), (60, 100)]);
    assert_eq!(others(&bench), alone);
    for (request, body) in bench.sent() {
        let Request::Amend(amend) = body else { panic!("{body:?}") };
        let remaining = if amend.get().amend.side == BID { qty(6) } else { qty(10) };
        bench.answer(K, request, Answer::Amended { filled: qty(10).saturating_sub(remaining), remaining });
    }
    bench.book(K, M, &before.0, &before.1);
    assert_eq!(others(&bench), alone);

    // What it still shows after three seconds is somebody's; more than was ever ours is so at once.
    bench.book(K, M, &[(45, 11), (40, 100)], &before.1);
    assert_eq!(others(&bench), (Some(cents(45)), Some(cents(60))));
    bench.book(K, M, &before.0, &before.1).pass(Duration::from_secs(4));
    assert_eq!(others(&bench), (Some(cents(45)), Some(cents(55))));
}
