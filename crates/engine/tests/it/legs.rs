//! Two legs and more: what is sent when, what is not, what may be open, and what the ledger says.
//!
//! The usual set is YES at Kalshi (`M`) and NO at Polymarket (`N`) of the same event: a dollar whatever happens.

use std::time::Duration;

use brier_engine::legs::{expected, least_certain_first, walk};
use brier_engine::risk::Limits;
use brier_engine::{
    Alert, Answer, Attempt, Combo, Command, Ended, EngineConfig, ExitRules, Input, Leg, Manner, MarketId, OnShortfall,
    Operator, PlaceOrder, RejectCode, Request, RequestId,
};
use brier_types::{
    BookSide, ConnectionInput, Fill, FillStatus, FillStatusUpdate, Input as FeedInput, LifecycleInput, MarketResult,
    MarketStatus, Money, OrderStatus, OrderUpdate, Price, Qty, TimeInForce, Venue,
};
use expect_test::expect;

use crate::harness::{Bench, FIRST, M, cents, dollars, generous, instrument, qty};

const K: Venue = Venue::Kalshi;
const P: Venue = Venue::Polymarket;
const BID: BookSide = BookSide::Bid;
const ASK: BookSide = BookSide::Ask;
const N: MarketId = MarketId(1);

/// A leg whose strategy saw its limit.
const fn leg(market: MarketId, side: BookSide, limit: Price) -> Leg {
    Leg { market, side, limit, seen: limit }
}

/// NO at Polymarket for 42 cents at most, then YES at Kalshi for 47: 11 cents a set before fees.
fn combo(contracts: u64) -> Combo {
    Combo::new(vec![leg(N, ASK, cents(58)), leg(M, BID, cents(47))], qty(contracts), Money::DOLLAR)
}

/// Kalshi asks 45 and bids 43, Polymarket bids 60 and asks 62: a set costs 85 cents and 1.74 of fees.
fn markets(bench: &mut Bench) {
    bench.book(K, M, &[(43, 100)], &[(45, 100)]).book(P, N, &[(60, 100)], &[(62, 100)]);
    bench.out.clear();
}

fn bench_with(limits: Limits) -> Bench {
    let mut bench = Bench::with(limits, &[instrument(K, "M", "E", false), instrument(P, "N", "F", false)]);
    markets(&mut bench);
    bench
}

fn bench() -> Bench {
    bench_with(generous())
}

impl Bench {
    fn want(&mut self, combo: Combo) -> &mut Self {
        self.script.lock().unwrap().combos.push(combo);
        self.nudge()
    }

    /// The one order that was sent since the last call.
    fn placed(&mut self) -> (RequestId, PlaceOrder) {
        let (request, body) = self.one();
        match body {
            Request::Place(place) => (request, place.into_inner()),
            other => panic!("expected a placing, found {other:?}"),
        }
    }

    /// Orders that were placed since the last call: market, side, price, contracts.
    fn all_placed(&mut self) -> Vec<(MarketId, BookSide, Price, Qty)> {
        let of = |place: &PlaceOrder| (place.market_id, place.new.side, place.new.price, place.new.qty);
        let sent = self.sent();
        sent.iter()
            .filter_map(|(_, body)| match body {
                Request::Place(place) => Some(of(place.get())),
                _ => None,
            })
            .collect()
    }

    /// The venue takes an order, fills so much of it at its limit and ends it.
    fn fills(&mut self, order: &(RequestId, PlaceOrder), contracts: u64) -> &mut Self {
        let price = order.1.new.price;
        self.fills_at(order, price, contracts)
    }

    fn fills_at(&mut self, order: &(RequestId, PlaceOrder), price: Price, contracts: u64) -> &mut Self {
        let name = format!("v{}", order.1.order);
        let filled = qty(contracts);
        // What is not filled of an order that could rest is taken back at once by the venue's word.
        self.answer_placed(order, &name, filled, Qty::ZERO);
        if contracts > 0 {
            self.tell_fill(order, &name, &format!("t{}", order.1.order), price, filled);
        }
        self
    }

    fn answer_placed(&mut self, order: &(RequestId, PlaceOrder), name: &str, filled: Qty, remaining: Qty) -> &mut Self {
        let venue = self.venue_of(order.1.market_id);
        let answer = Answer::Placed { order: name.parse().unwrap(), filled, remaining };
        self.answer(venue, order.0, answer)
    }

    fn tell_fill(
        &mut self,
        order: &(RequestId, PlaceOrder),
        name: &str,
        trade: &str,
        price: Price,
        filled: Qty,
    ) -> &mut Self {
        let place = &order.1;
        let fee = self.engine.state().universe.get(place.market_id).fees.taker(price, filled);
        let fill = Fill {
            trade: trade.parse().unwrap(),
            order: name.parse().unwrap(),
            client_order_id: None,
            market: place.new.market.clone(),
            side: place.new.side,
            price,
            qty: filled,
            is_taker: true,
            fee,
            position_after: None,
        };
        let venue = self.venue_of(place.market_id);
        self.feed(venue, FeedInput::Fill(fill))
    }

    fn status(&mut self, order: &PlaceOrder, status: FillStatus) -> &mut Self {
        let update = FillStatusUpdate {
            trade: format!("t{}", order.order).parse().unwrap(),
            order: format!("v{}", order.order).parse().unwrap(),
            market: order.new.market.clone(),
            status,
        };
        self.feed(P, FeedInput::FillStatus(update))
    }

    fn venue_of(&self, market: MarketId) -> Venue {
        self.engine.state().universe.get(market).venue()
    }

    /// The two legs fill for so many contracts; the orders, in their sequence.
    fn completes(&mut self, contracts: u64) -> [(RequestId, PlaceOrder); 2] {
        self.completes_by(combo(contracts).on_shortfall, contracts)
    }

    fn completes_by(&mut self, on_shortfall: OnShortfall, contracts: u64) -> [(RequestId, PlaceOrder); 2] {
        self.want(Combo { on_shortfall, ..combo(contracts) });
        let first = self.placed();
        self.fills(&first, contracts);
        let second = self.placed();
        self.fills(&second, contracts);
        [first, second]
    }

    fn last(&self) -> &Attempt {
        self.engine.attempts().next_back().expect("an attempt was recorded")
    }

    fn ended(&self) -> Ended {
        self.last().ended
    }

    fn open(&self) -> Money {
        self.engine.open_legs()
    }
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

// --- The usual course -----------------------------------------------------------------------------------------------

#[test]
fn a_later_leg_asks_for_the_contracts_that_are_filled_and_not_for_equal_dollars() {
    let mut bench = bench();
    bench.want(combo(100));
    let first = bench.placed();
    assert_eq!((first.1.market_id, first.1.new.side, first.1.new.qty), (N, ASK, qty(100)));
    // 37 of 100 at 40 cents: the second leg is for 37 contracts, whatever they cost.
    bench.fills(&first, 37);
    let second = bench.placed();
    assert_eq!((second.1.market_id, second.1.new.side, second.1.new.qty), (M, BID, qty(37)));
    bench.fills(&second, 37);
    assert_eq!((bench.ended(), bench.last().sets), (Ended::Complete, qty(37)));
    assert_eq!(bench.engine.combos_under_way(), 0);
}

#[test]
fn the_ledger_says_what_was_expected_and_what_is_sure() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.fills_at(&first, cents(60), 10);
    let second = bench.placed();
    bench.fills_at(&second, cents(45), 10);
    let it = bench.last();
    expect![[r"
        combo 1 of s0: complete, 10.00 sets of 10.00 tried and 10.00 wanted
        expected 1.326500, sure 1.326700
        m1 ask asked 10.00 bought 10.00 at 0.400000 for 4.000000 and 0.000000 of fees, open 0.00
        m0 bid asked 10.00 bought 10.00 at 0.450000 for 4.500000 and 0.173300 of fees, open 0.00
    "]]
    .assert_eq(&shown(it));
    // It leaves the engine as an alert, and the state keeps it.
    let told: Vec<_> = bench
        .out
        .iter()
        .filter_map(|command| match command {
            Command::Alert(Alert::Attempt(attempt)) => Some(attempt.as_ref().clone()),
            _ => None,
        })
        .collect();
    assert_eq!(told.as_slice(), std::slice::from_ref(it));
}

#[test]
fn the_profit_that_is_expected_is_what_the_books_give() {
    let mut bench = bench();
    bench.book(K, M, &[(39, 100)], &[(40, 1), (47, 100)]).book(P, N, &[(60, 1), (58, 100)], &[(62, 100)]);
    bench.out.clear();
    let legs =
        vec![Leg { seen: cents(60), ..leg(N, ASK, cents(58)) }, Leg { seen: cents(40), ..leg(M, BID, cents(47)) }];
    bench.want(Combo::new(legs, qty(100), Money::DOLLAR));
    let first = bench.placed();
    bench.fills_at(&first, cents(58), 100);
    let second = bench.placed();
    bench.fills_at(&second, cents(47), 100);
    // 20 cents of the one set at the top and 11 of each of the 99 behind it, less 0.0170 and 1.7265 of fees.
    let it = bench.last();
    assert_eq!((it.ended, it.expected), (Ended::Complete, money("9.3465")));
}

#[test]
fn what_a_set_came_to_does_not_make_it_rebalanced() {
    // It is wanted at a loss, and one: what happened is what was wanted.
    let mut bench = bench();
    let legs = vec![leg(N, ASK, cents(50)), leg(M, BID, cents(56))];
    bench.book(K, M, &[(43, 100)], &[(55, 100)]).book(P, N, &[(52, 100)], &[(62, 100)]);
    bench.out.clear();
    bench.want(Combo { least: money("-0.06"), ..Combo::new(legs, qty(10), Money::DOLLAR) });
    let first = bench.placed();
    bench.fills_at(&first, cents(52), 10);
    let second = bench.placed();
    bench.fills_at(&second, cents(55), 10);
    let it = bench.last();
    assert_eq!(it.ended, Ended::Complete);
    assert!(it.locked_in < Money::ZERO && it.locked_in >= money("-0.60"), "{}", it.locked_in);
}

#[test]
fn a_limit_costs_no_more_than_was_wanted_when_the_book_changes() {
    let mut bench = bench();
    // Walked, 10 sets cost 42 and 46.2 each; all of YES at 52 would cost more than a dollar with fees.
    bench.book(K, M, &[(39, 100)], &[(45, 8), (60, 100)]).book(P, N, &[(60, 100)], &[(62, 100)]);
    bench.out.clear();
    let legs = vec![leg(N, ASK, cents(60)), leg(M, BID, cents(60))];
    bench.want(Combo::new(legs, qty(10), Money::DOLLAR));
    let first = bench.placed();
    bench.fills_at(&first, cents(60), 10);
    let second = bench.placed();
    // NO for 40: YES for 60 would be a dollar and its fee. The eight at 45 are asked for at 58 at most.
    assert_eq!((second.1.new.price, second.1.new.qty), (cents(58), qty(10)));
    bench.fills_at(&second, cents(58), 10);
    assert_eq!(bench.ended(), Ended::Complete);
    assert!(bench.last().locked_in >= Money::ZERO, "{}", bench.last().locked_in);
}

fn shown(it: &Attempt) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "combo {} of {}: {}, {} sets of {} tried and {} wanted\nexpected {}, sure {}\n",
        it.combo,
        it.strategy,
        it.ended.word(),
        it.sets,
        it.qty,
        it.wanted,
        it.expected,
        it.locked_in
    );
    for leg in &it.legs {
        let average = leg.average().map_or_else(String::new, |each| format!(" at {each}"));
        writeln!(
            text,
            "{} {} asked {} bought {}{average} for {} and {} of fees, open {}",
            leg.market, leg.side, leg.asked, leg.bought, leg.cost, leg.fees, leg.open
        )
        .unwrap();
    }
    text
}

#[test]
fn the_first_limit_leaves_the_least_profit_and_no_more() {
    let mut bench = bench();
    // NO is there at 40 and the strategy would pay 42; with 14 cents wanted a set there is room for less: 85 and 1.74 of fees
    // leave 13.26, so 13 is met with 40 cents and a quarter, which is no price of the market.
    bench.want(Combo { least: money("0.13"), ..combo(10) });
    assert_eq!(bench.placed().1.new.price, cents(60));
    let mut bench = self::bench();
    bench.want(Combo { least: money("0.12"), ..combo(10) });
    assert_eq!(bench.placed().1.new.price, cents(59));
    let mut bench = self::bench();
    bench.want(combo(10));
    assert_eq!(bench.placed().1.new.price, cents(58));
}

#[test]
fn one_combo_is_under_way_in_a_market() {
    let mut bench = bench();
    bench.want(combo(10));
    bench.placed();
    bench.want(combo(10));
    assert_eq!(bench.all_placed(), []);
    assert_eq!(bench.last().why, "combo 1 is under way in m1");
}

#[test]
fn three_legs_follow_one_another() {
    let instruments = [instrument(K, "M", "E", true), instrument(K, "N", "E", true), instrument(K, "O", "E", true)];
    let mut bench = Bench::with(generous(), &instruments);
    let third = MarketId(2);
    for market in [M, N, third] {
        bench.book(K, market, &[(45, 100)], &[(60, 100)]);
    }
    bench.out.clear();
    // At most one pays: NO of all three brings two dollars at least, for 1.65 and fees.
    let legs = vec![leg(M, ASK, cents(45)), leg(N, ASK, cents(45)), leg(third, ASK, cents(45))];
    bench.want(Combo::new(legs, qty(10), dollars(2)));
    let one = bench.placed();
    bench.fills(&one, 10);
    let two = bench.placed();
    // The second gets six: the third asks for six, and then the surplus of the first is looked at.
    bench.fills(&two, 6);
    let three = bench.placed();
    assert_eq!((three.1.market_id, three.1.new.qty), (third, qty(6)));
    bench.fills(&three, 6);
    let again = bench.placed();
    assert_eq!((again.1.market_id, again.1.new.qty), (N, qty(4)));
    bench.fills(&again, 4);
    let last = bench.placed();
    assert_eq!((last.1.market_id, last.1.new.qty), (third, qty(4)));
    bench.fills(&last, 4);
    assert_eq!((bench.ended(), bench.last().sets), (Ended::Complete, qty(10)));
}

// --- Before the first leg -------------------------------------------------------------------------------------------

/// Nothing is sent, and the ledger says why.
fn refused(bench: &mut Bench, combo: Combo) -> String {
    bench.want(combo);
    assert_eq!(bench.all_placed(), []);
    assert_eq!((bench.ended(), bench.engine.combos_under_way()), (Ended::Refused, 0));
    bench.last().why.clone()
}

#[test]
fn nothing_is_sent_when_the_hedge_is_not_there() {
    let mut bench = bench();
    bench.book(K, M, &[(43, 100)], &[(48, 100)]);
    assert_eq!(refused(&mut bench, combo(10)), "m0 has nothing at 0.4700 or better");
}

#[test]
fn nothing_is_sent_when_the_profit_is_gone() {
    let mut bench = bench();
    let why = refused(&mut bench, Combo { least: money("0.14"), ..combo(10) });
    assert_eq!(why, "10.00 sets would bring $1.326500, and $1.400000 is the least");
}

#[test]
fn nothing_is_sent_while_a_book_cannot_be_believed() {
    let mut bench = bench();
    let reason = "reset by peer".to_owned();
    bench.feed(K, FeedInput::Connection(ConnectionInput::Down { venue: K, reason }));
    let why = refused(&mut bench, combo(10));
    assert!(why.contains("is halted"), "{why}");
    bench.pass(Duration::from_mins(2));
    bench.connect(K);
    bench.out.clear();
    let why = refused(&mut bench, combo(10));
    assert!(why.contains("cannot be believed"), "{why}");
}

#[test]
fn nothing_is_sent_when_a_market_is_closed_or_halted() {
    let mut bench = bench();
    let paused = LifecycleInput {
        market: "N".parse().unwrap(),
        status: Some(MarketStatus::Inactive),
        close_time: None,
        result: None,
    };
    bench.feed(P, FeedInput::Lifecycle(paused));
    assert_eq!(refused(&mut bench, combo(10)), "m1 is Inactive");
    let mut bench = self::bench();
    bench.halt("enough");
    bench.out.clear();
    assert!(refused(&mut bench, combo(10)).contains("is halted"));
}

#[test]
fn nothing_is_sent_when_risk_would_refuse_a_later_leg() {
    let mut bench = bench_with(Limits { collar_book: Price::ZERO, ..generous() });
    let why = refused(&mut bench, combo(10));
    assert!(why.contains("goes too far"), "{why}");
}

#[test]
fn the_quantity_is_what_every_leg_can_get() {
    let mut bench = bench();
    bench.book(K, M, &[(43, 100)], &[(45, 30), (47, 10), (48, 100)]);
    bench.want(combo(100));
    assert_eq!(bench.placed().1.new.qty, qty(40), "the depth of the second leg within its limit");
    let mut bench = bench_with(Limits { max_position: qty(25), ..generous() });
    bench.want(combo(100));
    assert_eq!(bench.placed().1.new.qty, qty(25));
}

#[test]
fn our_own_quotes_are_no_depth() {
    let mut bench = bench();
    bench.quote(M, &[(ASK, 46, 20)]);
    bench.accept("o1");
    bench.book(K, M, &[(43, 100)], &[(46, 20)]);
    assert_eq!(refused(&mut bench, combo(10)), "m0 has nothing at 0.4700 or better");
}

#[test]
fn a_refusal_is_told_once_a_minute() {
    let mut bench = bench();
    bench.book(K, M, &[(43, 100)], &[(48, 100)]);
    for _ in 0..10 {
        bench.want(combo(10));
    }
    assert_eq!(bench.engine.attempts().count(), 1);
    bench.pass(Duration::from_mins(1)).want(combo(10));
    assert_eq!(bench.engine.attempts().count(), 2);
}

#[test]
fn what_is_no_combo_is_none() {
    let mut bench = bench();
    let before = bench.engine.counts().unknown;
    let one = Combo::new(vec![leg(M, BID, cents(47))], qty(10), Money::DOLLAR);
    let twice = Combo::new(vec![leg(M, BID, cents(47)), leg(M, ASK, cents(60))], qty(10), Money::DOLLAR);
    let unknown = Combo::new(vec![leg(M, BID, cents(47)), leg(MarketId(9), ASK, cents(60))], qty(10), Money::DOLLAR);
    let nothing = Combo { qty: Qty::ZERO, ..combo(1) };
    for it in [one, twice, unknown, nothing] {
        bench.want(it);
    }
    assert_eq!((bench.engine.counts().unknown - before, bench.engine.attempts().count()), (4, 0));
    assert_eq!(bench.all_placed(), []);
}

// --- Which leg first ------------------------------------------------------------------------------------------------

fn first(bench: &Bench, contracts: u64) -> Vec<MarketId> {
    let mut legs = combo(contracts).legs;
    legs.reverse();
    least_certain_first(&bench.engine.view(FIRST), &mut legs, qty(contracts));
    legs.iter().map(|leg| leg.market).collect()
}

#[test]
fn the_least_certain_leg_goes_first() {
    let mut bench = bench();
    // As deep as one another: on tokens it is less certain.
    assert_eq!(first(&bench, 10), [N, M]);
    // Four times as deep it is as certain, and goes first as the dearer proof; deeper than that it goes second.
    bench.book(P, N, &[(60, 400)], &[(62, 100)]);
    assert_eq!(first(&bench, 10), [N, M]);
    bench.book(P, N, &[(60, 500)], &[(62, 100)]);
    assert_eq!(first(&bench, 10), [M, N]);
    // What cannot be read is certain of nothing.
    let reason = "gone".to_owned();
    bench.feed(P, FeedInput::Connection(ConnectionInput::Down { venue: P, reason }));
    assert_eq!(first(&bench, 10), [N, M]);
}

#[test]
fn a_walk_counts_every_level_at_its_price_and_fee() {
    let mut bench = bench();
    bench.book(K, M, &[(43, 100)], &[(45, 30), (47, 10), (48, 100)]);
    let state = bench.engine.state();
    let found = walk(state, bench.now, M, (BID, BID), qty(35), cents(47)).unwrap();
    // 0.07 × 30 × 0.45 × 0.55 = 0.51975 → 0.5198, and 0.07 × 5 × 0.47 × 0.53 = 0.087185 → 0.0872; two cents of a cent each.
    assert_eq!((found.qty, found.dollars, found.worst), (qty(35), money("15.85"), cents(47)));
    assert_eq!(found.fees, money("0.6074"));
    assert_eq!(walk(state, bench.now, M, (BID, BID), qty(500), cents(47)).unwrap().qty, qty(40));
    assert_eq!(walk(state, bench.now, M, (BID, BID), qty(1), cents(44)), None);
    // A NO that is sold again brings a dollar less the ask.
    let sold = walk(state, bench.now, N, (BID, ASK), qty(10), cents(62)).unwrap();
    assert_eq!(sold.dollars, money("3.80"));
    assert_eq!(expected(state, bench.now, &combo(10), qty(10)), Some(money("1.3265")));
}

// --- Parts, doubts, failures ----------------------------------------------------------------------------------------

#[test]
fn what_is_booked_is_hedged_while_the_rest_may_still_come() {
    let mut bench = bench();
    bench.want(combo(20));
    let first = bench.placed();
    assert_eq!(first.1.new.time_in_force, TimeInForce::Gtc);
    // Polymarket's order could rest: eight have filled, and the rest is being taken back.
    bench.answer_placed(&first, "v1", qty(8), qty(12)).tell_fill(&first, "v1", "t1", cents(60), qty(8));
    let sent = bench.sent();
    let places: Vec<_> = sent.iter().filter(|(_, body)| matches!(body, Request::Place(_))).collect();
    let Request::Place(place) = &places[0].1 else { unreachable!() };
    assert_eq!((places.len(), place.get().market_id, place.get().new.qty), (1, M, qty(8)));
    let second = (places[0].0, place.get().clone());
    let (cancel, _) = sent.iter().find(|(_, body)| matches!(body, Request::Cancel { .. })).expect("it is taken back");
    bench.fills(&second, 8);
    // Five more fill before the cancel: they are hedged too.
    bench.tell_fill(&first, "v1", "t2", cents(60), qty(5));
    let third = bench.placed();
    assert_eq!((third.1.market_id, third.1.new.qty), (M, qty(5)));
    bench.fills(&third, 5);
    assert_eq!(bench.engine.combos_under_way(), 1, "seven may still fill");
    bench.answer(P, *cancel, Answer::Canceled { reduced_by: Some(qty(7)) });
    assert_eq!((bench.ended(), bench.last().sets), (Ended::Complete, qty(13)));
}

#[test]
fn nothing_follows_a_first_leg_in_doubt() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.answer(P, first.0, Answer::InDoubt { why: "no answer within 5 s".to_owned() }).pass(Duration::from_mins(1));
    let sent = bench.sent();
    assert!(!sent.is_empty() && sent.iter().all(|(_, body)| matches!(body, Request::Lookup(_))), "{sent:?}");
    // It had filled: its counterpart is bought as soon as that is booked.
    let found = found(&first.1, 10);
    bench.answer(P, sent.last().unwrap().0, Answer::Found(found));
    bench.tell_fill(&first, "v1", "t1", cents(60), qty(10));
    let second = bench.all_placed();
    assert_eq!(second, [(M, BID, cents(47), qty(10))]);
}

fn found(place: &PlaceOrder, filled: u64) -> OrderUpdate {
    OrderUpdate {
        order: "v1".parse().unwrap(),
        client_order_id: Some(place.new.client_order_id.clone()),
        market: place.new.market.clone(),
        side: place.new.side,
        price: place.new.price,
        status: OrderStatus::Canceled,
        filled: qty(filled),
        remaining: Qty::ZERO,
        reason: None,
    }
}

#[test]
fn a_second_leg_in_doubt_is_neither_sent_again_nor_is_the_first_sold() {
    let mut bench = bench();
    bench.want(Combo { patience: Duration::from_secs(5), ..combo(10) });
    let first = bench.placed();
    bench.fills(&first, 10).status(&first.1, FillStatus::Confirmed);
    let second = bench.placed();
    bench.answer(K, second.0, Answer::InDoubt { why: "connection reset".to_owned() });
    // Nobody would buy at a better moment: the books would allow both to fill up and to sell.
    bench.pass(Duration::from_mins(1));
    let sent = bench.sent();
    assert!(sent.iter().all(|(_, body)| matches!(body, Request::Lookup(_))), "{sent:?}");
    assert_eq!(bench.engine.combos_under_way(), 1, "patience does not end a doubt");
    // It had not filled.
    let found = found(&second.1, 0);
    bench.answer(K, sent.last().unwrap().0, Answer::Found(found)).pass(Duration::from_secs(1));
    assert_eq!(bench.all_placed(), [(M, BID, cents(47), qty(10))]);
}

#[test]
fn what_a_later_leg_could_not_get_is_tried_again_while_it_is_worth_it() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.fills(&first, 10);
    let second = bench.placed();
    bench.fills(&second, 4);
    let again = bench.placed();
    assert_eq!((again.1.market_id, again.1.new.qty), (M, qty(6)));
    bench.fills(&again, 6);
    assert_eq!((bench.ended(), bench.last().sets), (Ended::Complete, qty(10)));
}

#[test]
fn an_order_that_got_nothing_is_not_repeated_at_once() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.fills(&first, 10);
    let second = bench.placed();
    bench.fills(&second, 0);
    assert_eq!(bench.all_placed(), [], "the book that still shows it is late");
    bench.pass(Duration::from_millis(400));
    assert_eq!(bench.all_placed().len(), 1);
}

/// The first leg is filled and confirmed, and the second leg's ask has moved to `ask`.
fn moved_away(on_shortfall: OnShortfall, ask: u8, bids: &[(u8, u64)], asks: &[(u8, u64)]) -> Bench {
    let mut bench = bench();
    bench.want(Combo { on_shortfall, ..combo(10) });
    let first = bench.placed();
    bench.book(K, M, &[(43, 100)], &[(ask, 100)]).book(P, N, bids, asks);
    // Confirmed with its fill, so that it can be sold at once.
    bench.status(&first.1, FillStatus::Confirmed).fills_at(&first, cents(60), 10);
    bench
}

#[test]
fn a_set_is_completed_at_a_worse_price_where_that_is_cheaper() {
    // NO was bought for 40; YES is now 59 with 1.69 of fees: a set costs 100.69. Selling NO for 38 would lose two.
    let unwind = OnShortfall::Unwind { max_loss: 1_500 };
    let mut bench = moved_away(unwind, 59, &[(60, 100)], &[(62, 100)]);
    assert_eq!(bench.all_placed(), [(M, BID, cents(59), qty(10))]);
    assert_eq!(bench.engine.attempts().count(), 0);
}

#[test]
fn the_first_leg_is_sold_again_where_that_is_cheaper() {
    // At 63 a set costs 104.63; selling NO for 38 loses two.
    let unwind = OnShortfall::Unwind { max_loss: 1_600 };
    let mut bench = moved_away(unwind, 63, &[(60, 100)], &[(62, 100)]);
    let sale = bench.placed();
    assert_eq!((sale.1.market_id, sale.1.new.side, sale.1.new.qty), (N, BID, qty(10)));
    bench.fills_at(&sale, cents(62), 10);
    let it = bench.last();
    assert_eq!((it.ended, it.sets, it.locked_in), (Ended::Unwound, Qty::ZERO, money("-0.20")));
    assert_eq!((it.legs[0].sold, it.legs[0].got, it.legs[0].open), (qty(10), money("3.80"), Qty::ZERO));
    assert_eq!(bench.net(N), 0);
}

#[test]
fn neither_goes_beyond_its_bound_and_what_is_left_is_held_and_told() {
    // A cent of loss a contract is allowed: 104.63 is too much, and so is a sale at two cents less.
    let unwind = OnShortfall::Unwind { max_loss: 100 };
    let mut bench = moved_away(unwind, 63, &[(60, 100)], &[(62, 100)]);
    assert_eq!(bench.all_placed(), []);
    bench.pass(Duration::from_secs(29));
    assert_eq!(bench.engine.combos_under_way(), 1);
    bench.pass(Duration::from_secs(3));
    let it = bench.last();
    assert_eq!((it.ended, it.legs[0].open, it.locked_in), (Ended::Held, qty(10), money("-4")));
    assert_eq!(it.why, "10.00 contracts are open, and for 30s nothing could be done");
    assert_eq!(bench.open(), money("4"), "it counts as open for as long as it is held");
}

#[test]
fn a_leg_is_sold_within_its_bound() {
    let unwind = OnShortfall::Unwind { max_loss: 300 };
    let mut bench = moved_away(unwind, 70, &[(58, 100)], &[(62, 4), (63, 3), (64, 100)]);
    // Bought for 40: not below 37, so not beyond 63.
    let sale = bench.placed();
    assert_eq!((sale.1.new.side, sale.1.new.price, sale.1.new.qty), (BID, cents(63), qty(7)));
}

/// YES was bought at Kalshi for 45 and a fee, and NO is gone to 60 or more. The first order that is sent then, if any.
fn sold_at_kalshi(max_loss: u16, bid: u8) -> (Bench, Option<(RequestId, PlaceOrder)>) {
    let mut bench = bench();
    let legs = vec![leg(M, BID, cents(47)), leg(N, ASK, cents(58))];
    bench.want(Combo { on_shortfall: OnShortfall::Unwind { max_loss }, ..Combo::new(legs, qty(10), Money::DOLLAR) });
    let first = bench.placed();
    bench.book(K, M, &[(bid, 100)], &[(45, 100)]).book(P, N, &[(30, 100)], &[(62, 100)]);
    bench.fills_at(&first, cents(45), 10);
    let sale = bench.sent().into_iter().find_map(|(request, body)| match body {
        Request::Place(place) => Some((request, place.into_inner())),
        _ => None,
    });
    (bench, sale)
}

#[test]
fn selling_a_leg_again_loses_no_more_than_the_rule_allows_fees_included() {
    // Two cents of price and 1.7332 of fees each way: 5.45 a contract.
    for max_loss in [200, 400, 545] {
        let (mut bench, sale) = sold_at_kalshi(max_loss, 43);
        assert_eq!(sale, None, "{max_loss} price steps do not pay for it");
        bench.pass(Duration::from_secs(32));
        assert_eq!(bench.ended(), Ended::Held);
    }
    for (max_loss, bid, limit) in [(546, 43, 43), (546, 44, 43), (600, 44, 43), (650, 43, 42)] {
        let (mut bench, sale) = sold_at_kalshi(max_loss, bid);
        let sale = sale.unwrap();
        assert_eq!((sale.1.market_id, sale.1.new.side, sale.1.new.price), (M, ASK, cents(limit)), "{max_loss}");
        // Nobody gives more than the limit.
        bench.fills_at(&sale, cents(limit), 10);
        let (it, most) = (bench.last(), Money::from_micros(i64::from(max_loss) * 1_000));
        assert_eq!(it.ended, Ended::Unwound);
        assert!(it.locked_in.micros() >= -most.micros(), "10 contracts lost {}, {most} is the most", it.locked_in);
    }
}

#[test]
fn the_fee_of_one_sale_is_not_taken_for_a_cost_of_the_next() {
    let (mut bench, sale) = sold_at_kalshi(546, 43);
    let sale = sale.unwrap();
    bench.fills_at(&sale, cents(43), 5);
    let next = bench.placed();
    assert_eq!((next.1.new.side, next.1.new.price, next.1.new.qty), (ASK, cents(43), qty(5)));
    bench.fills_at(&next, cents(43), 5);
    let it = bench.last();
    assert_eq!(it.ended, Ended::Unwound);
    assert!(it.locked_in >= money("-0.5460"), "{}", it.locked_in);
}

#[test]
fn a_leg_to_be_held_waits_at_its_limit_only() {
    let mut bench = moved_away(OnShortfall::Hold, 49, &[(60, 100)], &[(61, 100)]);
    assert_eq!(bench.all_placed(), [], "two cents beyond the limit, and a sale would cost one");
    bench.pass(Duration::from_secs(10)).book(K, M, &[(43, 100)], &[(47, 100)]);
    assert_eq!(bench.all_placed(), [(M, BID, cents(47), qty(10))]);
}

#[test]
fn what_may_still_fail_is_not_sold() {
    let mut bench = bench();
    bench.want(Combo { on_shortfall: OnShortfall::Unwind { max_loss: 1_600 }, ..combo(10) });
    let first = bench.placed();
    bench.book(K, M, &[(43, 100)], &[(63, 100)]);
    bench.fills_at(&first, cents(60), 10);
    bench.pass(Duration::from_secs(2));
    // Selling is cheaper, and the match is not confirmed: the set is completed, which is within the bound too.
    let placed = bench.all_placed();
    assert_eq!(placed, [(M, BID, cents(63), qty(10))]);
}

#[test]
fn a_match_that_fails_after_the_set_is_complete_opens_it_again() {
    let mut bench = bench();
    let [first, _] = bench.completes(10);
    assert_eq!(bench.ended(), Ended::Complete);
    let cost = money("4.70").checked_add(money("0.1744")).unwrap();
    assert_eq!(bench.open(), cost, "the match may still fail, and leave YES alone");
    bench.status(&first.1, FillStatus::Retrying).status(&first.1, FillStatus::Failed);
    // NO is still there: it is bought again.
    let again = bench.placed();
    assert_eq!((again.1.market_id, again.1.new.side, again.1.new.qty), (N, ASK, qty(10)));
    bench.fills(&again, 10).status(&again.1, FillStatus::Confirmed);
    let it = bench.last();
    assert_eq!((it.ended, it.sets, it.legs[0].failed), (Ended::Rebalanced, qty(10), qty(10)));
    assert_eq!(bench.engine.attempts().count(), 1, "one attempt, told twice");
    bench.nudge();
    assert_eq!(bench.open(), Money::ZERO);
}

#[test]
fn a_match_that_fails_where_nothing_is_to_be_had_is_sold_or_told() {
    // A cent of price and two of Kalshi's fees.
    let mut bench = bench();
    let [first, _] = bench.completes_by(OnShortfall::Unwind { max_loss: 450 }, 10);
    bench.book(P, N, &[(30, 100)], &[(62, 100)]).book(K, M, &[(46, 100)], &[(48, 100)]);
    bench.status(&first.1, FillStatus::Failed);
    let sale = bench.placed();
    assert_eq!((sale.1.market_id, sale.1.new.side, sale.1.new.price, sale.1.new.qty), (M, ASK, cents(46), qty(10)));
    bench.fills(&sale, 10);
    assert_eq!((bench.ended(), bench.net(M)), (Ended::Unwound, 0));
    // With no buyer it is held, and told.
    let mut bench = self::bench();
    let [first, _] = bench.completes(10);
    bench.book(P, N, &[(30, 100)], &[(62, 100)]).book(K, M, &[(20, 100)], &[(48, 100)]);
    bench.status(&first.1, FillStatus::Failed).pass(Duration::from_secs(31));
    assert_eq!((bench.ended(), bench.last().legs[1].open), (Ended::Held, qty(10)));
}

#[test]
fn a_fill_that_comes_after_the_end_is_hedged_too() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.fills(&first, 0);
    assert_eq!(bench.ended(), Ended::Nothing);
    let name = format!("v{}", first.1.order);
    bench.tell_fill(&first, &name, "late", cents(60), qty(10));
    assert_eq!(bench.all_placed(), [(M, BID, cents(47), qty(10))]);
}

// --- Venues that go, programs that die ------------------------------------------------------------------------------

#[test]
fn a_venue_that_goes_in_the_middle_is_waited_for() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    let reason = "reset by peer".to_owned();
    bench.feed(K, FeedInput::Connection(ConnectionInput::Down { venue: K, reason }));
    bench.fills(&first, 10).pass(Duration::from_secs(10));
    assert_eq!(bench.all_placed(), []);
    bench.connect(K).book(K, M, &[(43, 100)], &[(45, 100)]);
    assert_eq!(bench.all_placed(), [(M, BID, cents(47), qty(10))]);
}

#[test]
fn a_venue_that_stays_away_leaves_the_leg_to_its_rule() {
    let mut bench = bench();
    bench.want(Combo { on_shortfall: OnShortfall::Unwind { max_loss: 300 }, ..combo(10) });
    let first = bench.placed();
    let reason = "reset by peer".to_owned();
    bench.feed(K, FeedInput::Connection(ConnectionInput::Down { venue: K, reason }));
    bench.fills_at(&first, cents(60), 10).status(&first.1, FillStatus::Confirmed);
    // What was bought can be sold where it was.
    let sale = bench.placed();
    assert_eq!((sale.1.market_id, sale.1.new.side), (N, BID));
    bench.fills(&sale, 3);
    let more = bench.placed();
    bench.fills(&more, 0);
    // With no more buyers the rest is held, and told.
    bench.book(P, N, &[(58, 100)], &[(80, 100)]).pass(Duration::from_secs(40));
    assert_eq!((bench.ended(), bench.last().legs[0].open), (Ended::Held, qty(7)));
}

#[test]
fn a_combo_survives_the_program() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.fills(&first, 10);
    let second = bench.placed();
    let checkpoint = bench.engine.checkpoint();
    let mut again = Bench::unstarted();
    again.engine.restore(&checkpoint).unwrap();
    assert_eq!(again.engine.checkpoint(), checkpoint);
    assert_eq!(again.engine.combos_under_way(), 1);
    // A day later: whether the second leg arrived is not known, so nothing is sent.
    again.now = bench.now.plus(Duration::from_hours(24)).minus(Duration::from_hours(2));
    again.input(Input::Started { run: 2 });
    for venue in [K, P] {
        again.feed(venue, FeedInput::Connection(ConnectionInput::Up { venue }));
    }
    again.pass(Duration::from_secs(2));
    let asked = again.sent();
    assert!(asked.iter().all(|(_, body)| matches!(body, Request::Lookup(_))), "{asked:?}");
    // It never did, and the venues agree with what is owned.
    let (request, _) =
        asked.iter().rev().find(|(_, body)| matches!(body, Request::Lookup(_))).expect("it is asked for");
    let as_of = again.now;
    again.answer(K, *request, Answer::NotFound { as_of });
    assert!(!again.engine.state().orders.get(second.1.order).unwrap().is_live());
    assert_eq!(again.engine.combos_under_way(), 1, "its patience begins anew");
    again.cash = dollars(1_000);
    again.feed(K, FeedInput::Connection(ConnectionInput::Up { venue: K })).reconcile(K, &[], &[], &[]);
    again.cash = money("995.8");
    again.status(&first.1, FillStatus::Confirmed).pass(Duration::from_secs(5));
    again.feed(P, FeedInput::Connection(ConnectionInput::Up { venue: P })).reconcile(P, &[], &[], &[("N", -10)]);
    again.sent();
    again.book(P, N, &[(60, 100)], &[(62, 100)]).book(K, M, &[(43, 100)], &[(45, 100)]);
    assert_eq!(again.all_placed(), [(M, BID, cents(47), qty(10))]);
}

#[test]
fn winding_down_finishes_what_is_half_done_and_begins_nothing() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.input(Input::Operator(Operator::WindDown));
    bench.out.clear();
    bench.fills(&first, 10);
    assert!(!bench.engine.is_idle());
    let second = bench.placed();
    assert_eq!(second.1.market_id, M);
    bench.fills(&second, 10);
    assert_eq!((bench.ended(), bench.engine.combos_under_way()), (Ended::Complete, 0));
    bench.want(combo(10));
    assert_eq!((bench.all_placed(), bench.last().why.as_str()), (vec![], "the run winds down"));
}

#[test]
fn a_kill_switch_ends_a_combo_as_it_stands() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.fills(&first, 10);
    let second = bench.placed();
    bench.halt("enough");
    bench.fills(&second, 4).sent();
    bench.pass(Duration::from_mins(1));
    assert_eq!(bench.all_placed(), []);
    assert_eq!((bench.ended(), bench.last().legs[0].open), (Ended::Held, qty(6)));
}

// --- A first leg that rests -----------------------------------------------------------------------------------------

/// NO at Polymarket is offered for 39 cents, a cent better than the bids of 60 allow.
fn maker(contracts: u64) -> Combo {
    let legs = vec![leg(N, ASK, cents(61)), leg(M, BID, cents(47))];
    let manner = Manner::MakerFirst { rest_for: Duration::from_secs(20) };
    Combo { manner, ..Combo::new(legs, qty(contracts), Money::DOLLAR) }
}

fn resting(contracts: u64) -> (Bench, (RequestId, PlaceOrder)) {
    let mut bench = bench();
    bench.want(maker(contracts));
    let first = bench.placed();
    let name = format!("v{}", first.1.order);
    bench.answer_placed(&first, &name, Qty::ZERO, qty(contracts));
    (bench, first)
}

fn cancels(bench: &mut Bench) -> usize {
    bench.sent().iter().filter(|(_, body)| matches!(body, Request::Cancel { .. })).count()
}

#[test]
fn a_first_leg_that_rests_is_post_only_and_every_fill_is_hedged_at_once() {
    let (mut bench, first) = resting(20);
    let new = &first.1.new;
    assert_eq!((new.price, new.post_only, new.time_in_force), (cents(61), true, TimeInForce::Gtc));
    assert_eq!(bench.sent(), [], "it stays");
    let name = format!("v{}", first.1.order);
    for (trade, contracts) in [("t1", 7), ("t2", 2)] {
        bench.tell_fill(&first, &name, trade, cents(61), qty(contracts));
        let hedge = bench.placed();
        assert_eq!((hedge.1.market_id, hedge.1.new.qty), (M, qty(contracts)));
        bench.fills(&hedge, contracts);
    }
    assert_eq!(bench.engine.combos_under_way(), 1, "eleven still rest");
    bench.tell_fill(&first, &name, "t3", cents(61), qty(11));
    let hedge = bench.placed();
    bench.fills(&hedge, 11);
    assert_eq!((bench.ended(), bench.last().sets), (Ended::Complete, qty(20)));
}

#[test]
fn a_resting_leg_is_taken_back_when_its_time_is_over() {
    let (mut bench, _) = resting(20);
    bench.pass(Duration::from_secs(18));
    assert_eq!(cancels(&mut bench), 0);
    bench.pass(Duration::from_secs(3));
    assert_eq!(cancels(&mut bench), 1);
}

#[test]
fn a_resting_leg_is_taken_back_when_its_hedge_goes() {
    for asks in [&[(48, 100)][..], &[(45, 19)][..]] {
        let (mut bench, _) = resting(20);
        bench.book(K, M, &[(43, 100)], &[(45, 20)]);
        assert_eq!(cancels(&mut bench), 0);
        bench.book(K, M, &[(43, 100)], asks);
        assert_eq!(cancels(&mut bench), 1, "{asks:?}");
    }
    let (mut bench, _) = resting(20);
    let reason = "gone".to_owned();
    bench.feed(K, FeedInput::Connection(ConnectionInput::Down { venue: K, reason }));
    assert_eq!(cancels(&mut bench), 1);
}

#[test]
fn a_resting_leg_is_taken_back_when_a_hedge_falls_short() {
    let (mut bench, first) = resting(20);
    let name = format!("v{}", first.1.order);
    bench.tell_fill(&first, &name, "t1", cents(61), qty(7));
    let hedge = bench.placed();
    bench.fills(&hedge, 0);
    assert_eq!(cancels(&mut bench), 1);
}

#[test]
fn a_resting_leg_that_would_take_is_not_sent() {
    let mut bench = bench();
    let legs = vec![leg(N, ASK, cents(60)), leg(M, BID, cents(47))];
    assert_eq!(refused(&mut bench, Combo { legs, ..maker(10) }), "a quote at 0.6000 in m1 would take");
}

#[test]
fn what_is_too_little_to_hedge_waits_for_more_while_the_leg_rests() {
    let mut bench = bench();
    // The other way round: YES at Kalshi rests, and Polymarket takes no purchase of fewer than five.
    let legs = vec![leg(M, BID, cents(44)), leg(N, ASK, cents(58))];
    bench.want(Combo { legs, ..maker(20) });
    let first = bench.placed();
    let name = format!("v{}", first.1.order);
    bench.answer_placed(&first, &name, Qty::ZERO, qty(20)).tell_fill(&first, &name, "t1", cents(44), qty(2));
    assert_eq!(bench.sent(), []);
    bench.tell_fill(&first, &name, "t2", cents(44), qty(4));
    assert_eq!(bench.all_placed(), [(N, ASK, cents(58), qty(6))]);
}

// --- The bound ------------------------------------------------------------------------------------------------------

/// Two sets of markets: `M` and `N`, `O` and `Q`.
fn two_sets(bound: &str) -> Bench {
    let instruments = [
        instrument(K, "M", "E", false),
        instrument(P, "N", "F", false),
        instrument(K, "O", "G", false),
        instrument(P, "Q", "H", false),
    ];
    let mut config = EngineConfig::new("t1", Limits { max_open_leg: money(bound), ..generous() });
    for habits in &mut config.habits {
        habits.requests_per_second = 1_000;
        habits.burst = 1_000;
    }
    let mut bench = Bench::with_config(config, &instruments);
    bench.book(K, M, &[(43, 100)], &[(45, 100)]).book(P, N, &[(60, 100)], &[(62, 100)]);
    bench.book(K, MarketId(2), &[(43, 100)], &[(45, 100)]).book(P, MarketId(3), &[(60, 100)], &[(62, 100)]);
    bench.out.clear();
    bench
}

fn other(contracts: u64) -> Combo {
    let legs = vec![leg(MarketId(3), ASK, cents(58)), leg(MarketId(2), BID, cents(47))];
    Combo { legs, ..combo(contracts) }
}

#[test]
fn the_quantity_is_what_the_bound_on_open_legs_allows() {
    // If the match fails when YES is bought, YES is alone: at 48 cents, one beyond its limit, with the largest fee, ten
    // contracts cost 4.80 + 0.1748 + 200 × 0.0002: twice what rounding may add in a hundred fills.
    let mut bench = two_sets("5.0148");
    bench.want(combo(100));
    assert_eq!(bench.placed().1.new.qty, qty(10));
    let mut bench = two_sets("5.0147");
    bench.want(combo(100));
    assert_eq!(bench.placed().1.new.qty, Qty::from_hundredths(999).unwrap());
}

#[test]
fn a_leg_in_doubt_counts_as_open() {
    let mut bench = two_sets("5.0148");
    bench.want(combo(10));
    let first = bench.placed();
    bench.answer(P, first.0, Answer::InDoubt { why: "no answer".to_owned() });
    assert_eq!(bench.open(), money("4.9948"));
    bench.want(other(10));
    assert_eq!(bench.all_placed(), []);
    assert_eq!(
        bench.last().why,
        "0.03 contracts are too few to rest in m3: at least 5.00",
        "the bound has left no more"
    );
}

#[test]
fn a_match_that_may_fail_counts_as_open_until_it_is_confirmed() {
    let mut bench = two_sets("5.02");
    let [first, _] = bench.completes(10);
    bench.want(other(10));
    assert_eq!(bench.all_placed(), [], "the set is complete, and its match may still fail");
    bench.status(&first.1, FillStatus::Confirmed).pass(Duration::from_mins(1)).sent();
    bench.want(other(10));
    assert_eq!(bench.placed().1.new.qty, qty(10));
}

#[test]
fn a_leg_that_is_held_counts_until_it_is_sold_by_hand() {
    let mut bench = two_sets("5.02");
    bench.want(combo(10));
    let first = bench.placed();
    bench.book(K, M, &[(43, 100)], &[(70, 100)]).book(P, N, &[(58, 100)], &[(70, 100)]);
    bench.fills_at(&first, cents(60), 10).status(&first.1, FillStatus::Confirmed);
    bench.pass(Duration::from_secs(32));
    assert_eq!((bench.ended(), bench.open()), (Ended::Held, money("4")));
    bench.sent();
    bench.take(N, BID, 75, 10, brier_engine::Purpose::Close);
    let sale = bench.placed();
    bench.fills_at(&sale, cents(70), 10);
    assert_eq!(bench.open(), money("4"), "the sale may still fail");
    bench.status(&sale.1, FillStatus::Confirmed);
    let it = bench.last();
    assert_eq!((it.ended, it.locked_in, bench.open()), (Ended::Unwound, money("-1"), Money::ZERO));
}

// --- Results --------------------------------------------------------------------------------------------------------

/// A market ends with this result.
fn ends(bench: &mut Bench, venue: Venue, market: &str, result: MarketResult) {
    let status = Some(MarketStatus::Finalized);
    let life = LifecycleInput { market: market.parse().unwrap(), status, close_time: None, result: Some(result) };
    bench.feed(venue, FeedInput::Lifecycle(life)).pass(Duration::from_secs(2));
}

#[test]
fn the_ledger_says_what_a_set_made_when_both_markets_have_their_results() {
    use MarketResult::{No, Scalar, Yes};
    // NO at Polymarket for 42 and YES at Kalshi for 47 with 1.744 of fees: 9.256 cents of each set are sure.
    for (kalshi, polymarket, made) in [
        (Yes, Yes, "0.9256"),
        (No, No, "0.9256"),
        (Yes, No, "10.9256"),
        (No, Yes, "-9.0744"),
        (Scalar(cents(50)), No, "5.9256"),
    ] {
        let mut bench = bench();
        let [first, _] = bench.completes(10);
        bench.status(&first.1, FillStatus::Confirmed);
        ends(&mut bench, K, "M", kalshi);
        assert_eq!(bench.last().realised, None, "the other market has no result");
        ends(&mut bench, P, "N", polymarket);
        let it = bench.last().clone();
        assert_eq!((it.ended, it.realised), (Ended::Complete, Some(money(made))), "{kalshi:?} {polymarket:?}");
        let told = |bench: &Bench| {
            let is =
                |command: &&Command| matches!(command, Command::Alert(Alert::Attempt(it)) if it.realised.is_some());
            bench.out.iter().filter(is).count()
        };
        let before = told(&bench);
        bench.pass(Duration::from_mins(5));
        assert_eq!(told(&bench), before, "once");
    }
}

// --- Exits, quotes --------------------------------------------------------------------------------------------------

fn with_stop() -> Bench {
    let mut config = EngineConfig::new("t1", generous());
    config.exits = vec![ExitRules { stop_loss: Some(cents(5)), ..ExitRules::default() }];
    let mut bench = Bench::with_config(config, &[instrument(K, "M", "E", false), instrument(P, "N", "F", false)]);
    markets(&mut bench);
    bench
}

#[test]
fn no_exit_opens_a_set() {
    let mut bench = with_stop();
    let [first, _] = bench.completes(10);
    bench.status(&first.1, FillStatus::Confirmed);
    // YES was bought for 47 and is worth 20 now: a stop on it alone would leave NO to lose the rest.
    bench.book(K, M, &[(20, 100)], &[(22, 100)]).nudge();
    assert_eq!(bench.all_placed(), []);
    // Ten more that are no leg are stopped, and the ten of the set stay.
    bench.take(M, BID, 30, 10, brier_engine::Purpose::Any);
    let more = bench.placed();
    bench.fills_at(&more, cents(30), 10).nudge();
    assert_eq!(bench.all_placed(), [(M, ASK, cents(20), qty(10))]);
}

#[test]
fn a_leg_that_is_held_is_a_position_like_any_other() {
    let mut bench = with_stop();
    let [first, _] = bench.completes(10);
    bench.book(P, N, &[(30, 100)], &[(62, 100)]).book(K, M, &[(20, 100)], &[(60, 100)]);
    bench.status(&first.1, FillStatus::Failed).nudge();
    assert_eq!(bench.all_placed(), [], "while its rule works it is its rule's");
    bench.pass(Duration::from_secs(32));
    assert_eq!(bench.ended(), Ended::Held);
    assert_eq!(bench.all_placed(), [(M, ASK, cents(20), qty(10))]);
}

#[test]
fn quotes_that_a_leg_would_meet_are_taken_back_while_it_is_under_way() {
    let mut bench = bench();
    // Outside of the market now, and in the way of the second leg's limit and of its rule.
    bench.quote(M, &[(ASK, 48, 10)]);
    bench.accept("o1");
    bench.want(combo(10));
    let sent = bench.sent();
    assert!(
        sent.iter().any(|(_, body)| matches!(body, Request::Place(place) if place.get().market_id == N)),
        "{sent:?}"
    );
    assert!(sent.iter().any(|(_, body)| matches!(body, Request::Cancel { .. })), "{sent:?}");
}

// --- What is written down -------------------------------------------------------------------------------------------

#[test]
fn a_refused_order_is_no_end_of_the_combo() {
    let mut bench = bench();
    bench.want(combo(10));
    let first = bench.placed();
    bench.fills(&first, 10);
    let second = bench.placed();
    bench.answer(K, second.0, Bench::reject(RejectCode::NoLiquidity, "nothing to hit"));
    assert_eq!(bench.engine.combos_under_way(), 1);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.all_placed().len(), 1, "tried again after the pause that a refusal asks for");
}

#[test]
fn the_same_inputs_give_the_same_ledger() {
    let run = || {
        let mut bench = bench();
        let [first, _] = bench.completes(10);
        let before = format!("{:?}", bench.out);
        bench.status(&first.1, FillStatus::Failed);
        (before, format!("{:?}", bench.out), bench.engine.state_sum())
    };
    assert_eq!(run(), run());
}
