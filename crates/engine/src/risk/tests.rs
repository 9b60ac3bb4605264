//! Named tests of each check, and the small world that they and the properties stand in.

mod properties;

use std::time::Duration;

use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType};
use brier_types::{
    AmendOrder, BookChange, BookInput, BookSide, FillStatus, Market, MarketStatus, NewOrder, Outcome, PriceGrid, Prob,
    Qty, SelfTradePrevention, SubscriptionId, TimeInForce,
};

use super::*;
use crate::books::Books;
use crate::command::{Funding, Scope};
use crate::halts::{Cause, Halts};
use crate::ids::OrderKey;
use crate::input::FairValue;
use crate::instrument::{Custody, Fees, Instrument, Universe};
use crate::order::{Order, OrderState};
use crate::orders::Orders;
use crate::portfolio::{OwnFill, Portfolio};

const BID: BookSide = BookSide::Bid;
const ASK: BookSide = BookSide::Ask;
const K: Venue = Venue::Kalshi;
const P: Venue = Venue::Polymarket;
const S: StrategyId = StrategyId(0);
const M: MarketId = MarketId(0);
const NOON: Timestamp = Timestamp::from_nanos(1_790_000_000_000_000_000);

fn cents(cents: u8) -> Price {
    Price::from_cents(cents).unwrap()
}

fn qty(contracts: u64) -> Qty {
    Qty::from_contracts(contracts).unwrap()
}

fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

fn kalshi_fees() -> Fees {
    Fees::Kalshi(FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE))
}

/// A state, risk over it, and a clock.
#[derive(Clone)]
struct World {
    state: State,
    risk: Risk,
    now: Timestamp,
    count: u64,
}

impl World {
    /// No markets, $1,000 at each venue.
    fn new(limits: Limits) -> Self {
        let mut portfolio = Portfolio::new();
        portfolio.adopt_cash(K, 0, dollars("1000"));
        portfolio.adopt_cash(P, 0, dollars("1000"));
        let state = State {
            universe: Universe::new(),
            books: Books::new(),
            orders: Orders::new("t", 64),
            portfolio,
            fairs: Vec::new(),
            facts: crate::fact::Facts::default(),
            halts: Halts::new(),
        };
        Self { state, risk: Risk::new(limits), now: NOON, count: 0 }
    }

    /// One market of Kalshi with a book of 40 to 60 cents.
    fn kalshi(limits: Limits) -> Self {
        let mut world = Self::new(limits);
        world.list(K, "E", false);
        world
    }

    /// One market of Polymarket with a book of 40 to 60 cents.
    fn polymarket(limits: Limits) -> Self {
        let mut world = Self::new(limits);
        world.list(P, "E", false);
        world
    }

    fn list(&mut self, venue: Venue, event: &str, exclusive: bool) -> MarketId {
        let (fees, custody) = match venue {
            Venue::Kalshi => (kalshi_fees(), Custody::Netted),
            Venue::Polymarket => {
                (Fees::Polymarket(brier_polymarket_protocol::fees::FeeSchedule::FREE), Custody::Tokens)
            }
        };
        let instrument = Instrument {
            market: Market {
                venue,
                ticker: format!("M{}", self.state.universe.len()).parse().unwrap(),
                event: event.parse().unwrap(),
                title: String::new(),
                grid: PriceGrid::uniform(cents(1)).unwrap(),
                size_step: Qty::HUNDREDTH,
                open_time: NOON.minus(Duration::from_hours(1)),
                close_time: NOON.plus(Duration::from_hours(24)),
                status: MarketStatus::Active,
                result: None,
            },
            fees,
            custody,
            shard: 0,
            min_qty: Qty::HUNDREDTH,
            min_taking: Money::ZERO,
            exclusive,
            strike: None,
        };
        let market = self.state.universe.list(instrument);
        self.state.books.add(&self.state.universe, market);
        self.state.orders.add_market(market);
        self.state.portfolio.add_market(market);
        self.state.fairs.push(None);
        self.risk.touch(market);
        self.book(market, &[40], &[60]);
        market
    }

    fn book(&mut self, market: MarketId, bids: &[u8], asks: &[u8]) {
        self.count += 1;
        let side = |levels: &[u8]| levels.iter().map(|price| (cents(*price), qty(100))).collect();
        let input = BookInput {
            market: self.state.universe.ticker(market).clone(),
            subscription: SubscriptionId(1),
            sequence: self.count,
            change: BookChange::Snapshot { bids: side(bids), asks: side(asks) },
        };
        self.state.books.apply(market, &input);
    }

    fn fair(&mut self, market: MarketId, prob: f64) {
        let instrument = self.state.universe.get(market);
        self.state.fairs[market.index()] = Some(FairValue {
            venue: instrument.venue(),
            market: instrument.market.ticker.clone(),
            prob: Prob::new(prob).unwrap(),
            as_of: self.now,
            valid_for: Duration::from_secs(5),
        });
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    /// Books a fill without a fee, of no order that is known.
    fn own(&mut self, strategy: StrategyId, market: MarketId, side: BookSide, price: Price, qty: Qty) {
        self.fill(None, strategy, market, side, Funding::Cash, price, qty, Money::ZERO, FillStatus::Confirmed);
    }

    #[expect(clippy::too_many_arguments, reason = "one call for every kind of fill")]
    fn fill(
        &mut self,
        key: Option<OrderKey>,
        strategy: StrategyId,
        market: MarketId,
        side: BookSide,
        funding: Funding,
        price: Price,
        qty: Qty,
        fee: Money,
        status: FillStatus,
    ) {
        self.count += 1;
        let instrument = self.state.universe.get(market);
        let fill = OwnFill {
            trade: format!("t{}", self.count).parse().unwrap(),
            order: "o".parse().unwrap(),
            key,
            strategy,
            market,
            venue: instrument.venue(),
            shard: instrument.shard,
            custody: instrument.custody,
            side,
            funding,
            price,
            qty,
            fee,
            is_taker: true,
            at: self.now,
            status,
        };
        self.state.portfolio.book(fill).unwrap();
        self.risk.touch(market);
    }

    /// A quote of the first strategy.
    fn quote(&mut self, market: MarketId, side: BookSide, price: Price, qty: Qty) -> Proposal {
        let (order, client_order_id) = self.state.orders.peek();
        let new = NewOrder {
            client_order_id,
            market: self.state.universe.ticker(market).clone(),
            side,
            price,
            qty,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            self_trade_prevention: SelfTradePrevention::TakerAtCross,
            cancel_on_pause: false,
            group: None,
        };
        let place = PlaceOrder { order, market_id: market, new, funding: Funding::Cash, created: self.now };
        Proposal { place, strategy: S, role: Role::Quote, purpose: Purpose::Any }
    }

    fn close(&mut self, market: MarketId, side: BookSide, price: Price, qty: Qty) -> Proposal {
        let mut proposal = self.quote(market, side, price, qty);
        proposal.purpose = Purpose::Close;
        proposal.role = Role::Exit;
        if self.state.universe.get(market).custody == Custody::Tokens {
            proposal.place.funding = Funding::Holdings;
        }
        proposal
    }

    /// Places an order if it is admitted, as the engine would.
    fn admit(&mut self, proposal: Proposal) -> Result<OrderKey, Refusal> {
        let (strategy, role, purpose) = (proposal.strategy, proposal.role, proposal.purpose);
        let approved = self.risk.admit(self.now, &self.state, proposal)?;
        Ok(self.keep(approved.get(), strategy, role, purpose))
    }

    fn keep(&mut self, place: &PlaceOrder, strategy: StrategyId, role: Role, purpose: Purpose) -> OrderKey {
        let new = &place.new;
        self.state.orders.insert(Order {
            key: place.order,
            client_order_id: new.client_order_id.clone(),
            venue_id: None,
            strategy,
            role,
            venue: self.state.universe.get(place.market_id).venue(),
            market: place.market_id,
            side: new.side,
            price: new.price,
            total: new.qty,
            time_in_force: new.time_in_force,
            post_only: new.post_only,
            purpose,
            funding: place.funding,
            created: place.created,
            state: OrderState::Submitting,
            booked: Qty::ZERO,
            failed: Qty::ZERO,
            told: Qty::ZERO,
            request: None,
            cancel_wanted: false,
            ask_at: None,
            asks: 0,
            terms_since: self.now,
            touched: self.now,
        });
        self.risk.touch(place.market_id);
        place.order
    }

    /// An order that is there, whatever risk says.
    fn rest(&mut self, market: MarketId, side: BookSide, price: Price, qty: Qty) -> OrderKey {
        let proposal = self.quote(market, side, price, qty);
        let key = self.keep(&proposal.place, proposal.strategy, proposal.role, proposal.purpose);
        self.change(key, |order| order.state = OrderState::Resting);
        key
    }

    fn change(&mut self, key: OrderKey, change: impl FnOnce(&mut Order)) {
        let order = self.state.orders.get_mut(key).unwrap();
        change(order);
        let market = order.market;
        self.state.orders.settle(key, Timestamp::EPOCH);
        self.risk.touch(market);
    }

    fn amend(&mut self, order: OrderKey, price: Price, total: Qty) -> Result<(), Refusal> {
        let known = self.state.orders.get(order).unwrap();
        let amend = AmendOrder {
            order: "v".parse().unwrap(),
            market: self.state.universe.ticker(known.market).clone(),
            side: known.side,
            price,
            total,
            new_client_order_id: None,
        };
        self.risk.admit_change(self.now, &self.state, ChangeOrder { order, amend })?;
        self.change(order, |order| order.state = OrderState::Amending { price, total });
        Ok(())
    }

    fn bid(&mut self, price: u8, contracts: u64) -> Result<OrderKey, Refusal> {
        let proposal = self.quote(M, BID, cents(price), qty(contracts));
        self.admit(proposal)
    }

    fn ask(&mut self, price: u8, contracts: u64) -> Result<OrderKey, Refusal> {
        let proposal = self.quote(M, ASK, cents(price), qty(contracts));
        self.admit(proposal)
    }

    fn loss(&mut self, market: MarketId) -> Money {
        let event = self.state.universe.event_of(market);
        self.risk.event_worst_case(&self.state, event)
    }
}

fn open() -> Limits {
    Limits::unlimited_for_tests()
}

/// Limits with a budget of the first strategy.
fn budgeted(budget: Budget) -> Limits {
    Limits { budgets: vec![budget], ..open() }
}

fn says(result: Result<OrderKey, Refusal>, text: &str) {
    assert_eq!(result.unwrap_err().to_string(), text);
}

// --- Halts and life -----------------------------------------------------------------------------------------------------

#[test]
fn the_kill_switch_stays_down_until_a_person_lifts_it() {
    let mut world = World::kalshi(open());
    world.state.halts.halt(world.now, Scope::All, Cause::Kill, "file");
    says(world.bid(40, 1), "everything is halted: kill switch");
    // Neither time nor a new day nor anybody who lifts what heals brings it back up.
    world.pass(100_000);
    world.state.halts.expire(world.now);
    world.state.halts.lift(Scope::All, Cause::Kill);
    assert_eq!(world.bid(40, 1), Err(Refusal::Halted { scope: Scope::All, cause: Cause::Kill }));
    let resting = world.rest(M, BID, cents(39), qty(1));
    assert_eq!(world.amend(resting, cents(38), qty(1)), Err(Refusal::Halted { scope: Scope::All, cause: Cause::Kill }));
    world.state.halts.lift_all_that_need_a_person();
    world.state.universe.get_mut(M).market.close_time = Timestamp::MAX;
    assert!(world.bid(40, 1).is_ok());
}

#[test]
fn only_an_active_market_takes_orders_and_near_the_close_only_what_closes() {
    let mut world = World::kalshi(Limits { no_new_before_close: Duration::from_mins(1), ..open() });
    world.own(S, M, BID, cents(50), qty(5));
    world.state.universe.get_mut(M).market.close_time = NOON.plus(Duration::from_secs(90));
    assert!(world.bid(40, 1).is_ok());
    world.pass(31);
    says(world.bid(40, 1), "m0 closes in 59s: nothing new in the last 60s, only what closes");
    let close = world.close(M, ASK, cents(60), qty(5));
    assert!(world.admit(close).is_ok());
    world.state.universe.get_mut(M).market.status = MarketStatus::Inactive;
    says(world.bid(40, 1), "m0 is Inactive and takes no orders; Active would");
}

// --- Terms --------------------------------------------------------------------------------------------------------------

#[test]
fn price_and_size_must_be_the_markets() {
    let mut world = World::kalshi(open());
    world.state.universe.get_mut(M).min_qty = qty(5);
    let off_grid = world.quote(M, BID, Price::new(4_050).unwrap(), qty(5));
    says(world.admit(off_grid), "0.4050 is no price of m0; 0.4000 or 0.4100 would be");
    let odd = Qty::from_micros(5_004_999).unwrap();
    let off_step = world.quote(M, BID, cents(40), odd);
    says(world.admit(off_step), "5.004999 contracts are no multiple of 0.01 in m0; 5.00 would be");
    says(world.bid(40, 4), "4.00 contracts are too few to rest in m0: at least 5.00");
    says(world.bid(40, 0), "0.00 contracts are too few to rest in m0: at least 5.00");
    // What takes may be smaller, if it is worth enough.
    world.state.universe.get_mut(M).min_taking = dollars("1");
    let mut take = world.quote(M, BID, cents(60), qty(2));
    take.place.new.time_in_force = TimeInForce::Ioc;
    assert!(world.admit(take.clone()).is_ok());
    take.place.new.qty = qty(1);
    says(world.admit(take), "an order worth $0.600000 is too small to take in m0: at least $1.000000");
}

#[test]
fn one_order_is_bounded_in_contracts_and_in_dollars() {
    let mut world = World::kalshi(Limits { max_order_qty: qty(100), max_order_cost: dollars("20"), ..open() });
    says(world.bid(10, 101), "101.00 contracts in one order of m0: at most 100.00; 100.00 would fit");
    says(world.bid(40, 51), "$20.400000 in one order of m0: at most $20.000000; 50.00 contracts would fit");
    // An ask wants NO: at 70 cents it pays 30.
    says(world.ask(70, 67), "$20.100000 in one order of m0: at most $20.000000; 66.66 contracts would fit");
    assert!(world.ask(70, 66).is_ok());
}

// --- Data and price -----------------------------------------------------------------------------------------------------

#[test]
fn a_book_that_cannot_be_believed_stops_all_but_exits_that_may_go_blind() {
    let mut world = World::kalshi(open());
    world.own(S, M, BID, cents(50), qty(5));
    world.state.books.disconnect(K);
    says(world.bid(40, 1), "the book of m0 cannot be believed: Stale; wait for a snapshot");
    let exit = world.close(M, ASK, cents(60), qty(5));
    assert!(world.admit(exit).is_ok());
    let mut strict = World::kalshi(Limits { exits_without_book: false, ..open() });
    strict.own(S, M, BID, cents(50), qty(5));
    strict.state.books.disconnect(K);
    let exit = strict.close(M, ASK, cents(60), qty(5));
    assert_eq!(strict.admit(exit), Err(Refusal::Untrusted { market: M, why: Distrust::Stale }));
}

#[test]
fn a_strategy_that_needs_a_fair_value_is_refused_without_a_fresh_one() {
    let mut world = World::kalshi(budgeted(Budget { needs_fair: true, ..Budget::UNBOUNDED }));
    says(world.bid(40, 1), "s0 trades m0 on a fresh fair value only, and there is none");
    world.fair(M, 0.5);
    assert!(world.bid(40, 1).is_ok());
    world.own(S, M, BID, cents(50), qty(5));
    world.pass(6);
    assert_eq!(world.bid(40, 1), Err(Refusal::NoFair { market: M, strategy: S }));
    let close = world.close(M, ASK, cents(60), qty(5));
    assert!(world.admit(close).is_ok(), "closing needs none");
}

#[test]
fn a_no_leg_posted_as_yes_cannot_pass_the_collar() {
    let mut world = World::kalshi(Limits { collar_book: cents(5), ..open() });
    world.book(M, &[19], &[21]);
    // NO at 80 cents is an ask of YES at 20. Posted as YES it would be a bid of 80 against an ask of 21.
    says(world.bid(80, 1), "bid at 0.8000 in m0 goes too far against Book at 0.2100: 0.2600 would pass");
    assert!(world.ask(20, 1).is_ok());
    // And sold as YES: an ask of 20 where 80 was meant, against a bid of 79.
    let mut world = World::kalshi(Limits { collar_book: cents(5), ..open() });
    world.book(M, &[79], &[81]);
    says(world.ask(20, 1), "ask at 0.2000 in m0 goes too far against Book at 0.7900: 0.7400 would pass");
    // To the step: 26 cents is five beyond 21, 27 is not.
    world.book(M, &[19], &[21]);
    assert!(world.bid(26, 1).is_ok());
    assert!(matches!(world.bid(27, 1), Err(Refusal::Collar { .. })));
}

#[test]
fn the_collar_around_a_fresh_fair_value_holds_on_both_sides() {
    let mut world = World::kalshi(Limits { collar_fair: Some(cents(10)), ..open() });
    world.fair(M, 0.45);
    says(world.bid(56, 1), "bid at 0.5600 in m0 goes too far against Fair at 0.4500: 0.5500 would pass");
    says(world.ask(34, 1), "ask at 0.3400 in m0 goes too far against Fair at 0.4500: 0.3500 would pass");
    assert!(world.bid(55, 1).is_ok());
    // An old one says nothing.
    world.pass(6);
    assert!(world.bid(56, 1).is_ok());
}

#[test]
fn an_empty_side_is_judged_by_the_last_middle_or_a_fair_value_or_not_at_all() {
    let limits = |empty_side| Limits {
        collar_book: cents(5),
        empty_side,
        mid_max_age: Duration::from_secs(10),
        collar_fair: None,
        ..open()
    };
    let mut world = World::kalshi(limits(EmptySide::LastMid));
    assert!(world.bid(40, 1).is_ok(), "the middle is 50 cents now");
    world.book(M, &[40], &[]);
    assert!(world.bid(55, 1).is_ok());
    says(world.bid(56, 1), "bid at 0.5600 in m0 goes too far against LastMid at 0.5000: 0.5500 would pass");
    world.pass(11);
    says(world.bid(41, 1), "nothing tells what 0.4100 is worth in m0: the other side is empty");
    world.fair(M, 0.4);
    assert!(world.bid(45, 1).is_ok());

    let mut world = World::kalshi(limits(EmptySide::Fair));
    assert!(world.bid(40, 1).is_ok());
    world.book(M, &[40], &[]);
    assert!(matches!(world.bid(40, 1), Err(Refusal::NoReference { .. })));
    world.fair(M, 0.4);
    assert!(world.bid(40, 1).is_ok());

    let mut world = World::kalshi(limits(EmptySide::Refuse));
    world.fair(M, 0.4);
    world.book(M, &[40], &[]);
    assert!(matches!(world.bid(40, 1), Err(Refusal::NoReference { .. })));
}

// --- Our own orders -----------------------------------------------------------------------------------------------------

#[test]
fn our_own_orders_are_never_met_whoever_placed_them_and_wherever_they_stand() {
    let mut world = World::kalshi(open());
    let own = world.rest(M, ASK, cents(55), qty(1));
    world.change(own, |order| order.strategy = StrategyId(7));
    says(world.bid(55, 1), "bid at 0.5500 in m0 may meet our own o0.0 at 0.5500; cancel that first");
    assert!(world.bid(54, 1).is_ok());
    for state in [
        OrderState::Submitting,
        OrderState::InDoubt { since: NOON },
        OrderState::Canceling,
        OrderState::Vanished { since: NOON },
    ] {
        world.change(own, |order| order.state = state);
        assert!(matches!(world.bid(55, 1), Err(Refusal::SelfCross { .. })), "{state:?}");
    }
    world.change(own, |order| order.state = OrderState::Done { reason: crate::order::EndReason::Canceled });
    assert!(world.bid(55, 1).is_ok());
}

#[test]
fn self_cross_against_an_amend_in_flight() {
    let mut world = World::kalshi(open());
    let ask = world.rest(M, ASK, cents(58), qty(1));
    assert!(world.bid(51, 1).is_ok());
    // A change toward our own bid is refused as an order would be.
    assert!(matches!(world.amend(ask, cents(51), qty(1)), Err(Refusal::SelfCross { .. })));
    world.amend(ask, cents(55), qty(1)).unwrap();
    // It may have either price: the one that is met first counts.
    assert!(matches!(world.bid(55, 1), Err(Refusal::SelfCross { .. })));
    let (price, total) = (cents(57), qty(1));
    world.change(ask, |order| {
        order.price = cents(55);
        order.state = OrderState::AmendInDoubt { since: NOON, price, total };
    });
    assert!(matches!(world.bid(56, 1), Err(Refusal::SelfCross { .. })));
    assert!(world.bid(54, 1).is_ok());
}

// --- What is owned ------------------------------------------------------------------------------------------------------

#[test]
fn sell_more_than_owned_after_an_unnoticed_fill() {
    let mut world = World::kalshi(open());
    world.own(S, M, BID, cents(50), qty(10));
    let sale = world.close(M, ASK, cents(60), qty(10));
    let sale = world.admit(sale).unwrap();
    // The answer is lost: it may have filled.
    world.change(sale, |order| order.state = OrderState::InDoubt { since: NOON });
    let again = world.close(M, ASK, cents(60), qty(10));
    says(
        world.admit(again),
        "s0 may give up 10.00 yes of m0, of which 10.00 are offered: 10.00 are too many; 0.00 would fit",
    );
    // The venue counts six as filled and took the rest back; nobody was told of the fill.
    world.change(sale, |order| {
        order.told = qty(6);
        order.state = OrderState::Done { reason: crate::order::EndReason::Canceled };
    });
    let again = world.close(M, ASK, cents(60), qty(10));
    assert_eq!(world.admit(again).unwrap_err().fits(), Some(qty(4)));
    let rest = world.close(M, ASK, cents(60), qty(4));
    assert!(world.admit(rest).is_ok());
}

#[test]
fn a_closing_order_leaves_quotes_that_may_open_out_of_account_unless_they_are_in_doubt() {
    let mut world = World::kalshi(open());
    world.own(S, M, BID, cents(50), qty(10));
    let quote = world.rest(M, ASK, cents(70), qty(10));
    let exit = world.close(M, ASK, cents(60), qty(10));
    assert!(world.risk.clone().admit(world.now, &world.state, exit.clone()).is_ok());
    world.change(quote, |order| order.state = OrderState::Vanished { since: NOON });
    assert_eq!(world.admit(exit).unwrap_err().fits(), Some(Qty::ZERO));
}

#[test]
fn a_closing_order_closes_what_its_own_strategy_owns() {
    let mut world = World::kalshi(open());
    world.own(StrategyId(1), M, BID, cents(50), qty(10));
    world.own(S, M, ASK, cents(50), qty(3));
    let not_ours = world.close(M, ASK, cents(60), qty(1));
    assert_eq!(world.admit(not_ours).unwrap_err().fits(), Some(Qty::ZERO));
    let ours = world.close(M, BID, cents(40), qty(4));
    assert_eq!(world.admit(ours).unwrap_err().fits(), Some(qty(3)));
}

#[test]
fn a_strategy_that_may_not_be_short_sells_what_it_owns_with_every_ask_it_has() {
    let mut world = World::kalshi(budgeted(Budget { may_open_short: false, ..Budget::UNBOUNDED }));
    assert_eq!(world.ask(60, 1).unwrap_err().fits(), Some(Qty::ZERO));
    world.own(S, M, BID, cents(50), qty(10));
    assert!(world.ask(60, 7).is_ok());
    let more = world.ask(61, 4);
    assert!(matches!(more, Err(Refusal::NotOwned { owner: Owner::Strategy(S), outcome: Outcome::Yes, .. })));
    assert_eq!(more.unwrap_err().fits(), Some(qty(3)));
    assert!(world.ask(61, 3).is_ok());
    assert!(world.bid(40, 50).is_ok(), "buying is not selling");
}

#[test]
fn tokens_are_sold_when_they_are_final_and_once() {
    let mut world = World::polymarket(open());
    world.fill(None, S, M, BID, Funding::Cash, cents(50), qty(10), Money::ZERO, FillStatus::Confirmed);
    world.fill(None, S, M, BID, Funding::Cash, cents(50), qty(5), Money::ZERO, FillStatus::Matched);
    let all = world.close(M, ASK, cents(60), qty(15));
    let refusal = world.admit(all).unwrap_err();
    assert!(matches!(refusal, Refusal::NotOwned { owner: Owner::Account, .. }), "{refusal}");
    assert_eq!(refusal.fits(), Some(qty(10)));
    // Whoever offers them: a token is offered once.
    let mut quote = world.quote(M, ASK, cents(70), qty(6));
    quote.place.funding = Funding::Holdings;
    assert!(world.admit(quote.clone()).is_ok());
    quote.place = world.close(M, ASK, cents(65), qty(6)).place;
    assert_eq!(world.admit(quote).unwrap_err().fits(), Some(qty(4)));
    // Nor another strategy's.
    let mut stranger = world.close(M, ASK, cents(65), qty(1));
    (stranger.strategy, stranger.purpose) = (StrategyId(1), Purpose::Any);
    assert!(matches!(world.admit(stranger), Err(Refusal::NotOwned { owner: Owner::Strategy(StrategyId(1)), .. })));
}

#[test]
fn what_the_account_has_not_cannot_be_sold_by_who_thinks_it_has() {
    let mut world = World::polymarket(open());
    world.own(S, M, BID, cents(50), qty(10));
    // The venue's word: six are left, whoever sold the others.
    world.state.portfolio.adopt_position(P, M, Custody::Tokens, qty(6), Qty::ZERO, cents(50));
    let mut sale = world.close(M, ASK, cents(60), qty(7));
    let refusal = world.admit(sale.clone()).unwrap_err();
    assert!(matches!(refusal, Refusal::NotOwned { owner: Owner::Account, .. }), "{refusal}");
    assert_eq!(refusal.fits(), Some(qty(6)));
    sale.place.new.qty = qty(4);
    world.admit(sale).unwrap();
    let again = world.close(M, ASK, cents(60), qty(3));
    assert_eq!(world.admit(again).unwrap_err().fits(), Some(qty(2)));
}

// --- Positions and worst cases ------------------------------------------------------------------------------------------

#[test]
fn a_position_counts_with_everything_that_rests_on_its_side() {
    let mut world = World::kalshi(Limits { max_position: qty(50), ..open() });
    world.own(S, M, BID, cents(50), qty(10));
    world.rest(M, BID, cents(39), qty(25));
    world.rest(M, ASK, cents(61), qty(40));
    says(world.bid(38, 20), "position of the account in m0: at most 50.00, would be 55.00; 15.00 would fit");
    says(world.ask(62, 21), "position of the account in m0: at most 50.00, would be -51.00; 20.00 would fit");
    assert!(world.bid(38, 15).is_ok());
}

#[test]
fn a_budget_bounds_its_strategys_own_position() {
    let mut world = World::kalshi(budgeted(Budget { max_position: qty(20), ..Budget::UNBOUNDED }));
    world.own(StrategyId(1), M, BID, cents(50), qty(100));
    world.own(S, M, BID, cents(50), qty(15));
    says(world.bid(40, 6), "position of s0 in m0: at most 20.00, would be 21.00; 5.00 would fit");
    let mut other = world.quote(M, BID, cents(40), qty(6));
    other.strategy = StrategyId(1);
    assert!(world.admit(other).is_ok());
}

#[test]
fn in_doubt_orders_count() {
    let mut world = World::kalshi(Limits { max_event_loss: dollars("10"), max_position: qty(1_000), ..open() });
    world.state.universe.get_mut(M).fees = Fees::Kalshi(FeeSchedule::FREE);
    let key = world.bid(40, 20).unwrap();
    let fee = dollars("0.02");
    assert_eq!(world.loss(M), dollars("8").checked_add(fee).unwrap());
    for state in [
        OrderState::InDoubt { since: NOON },
        OrderState::Vanished { since: NOON },
        OrderState::Canceling,
        OrderState::AmendInDoubt { since: NOON, price: cents(30), total: qty(5) },
    ] {
        world.change(key, |order| order.state = state);
        assert_eq!(world.loss(M), dollars("8.02"), "{state:?}");
        assert!(matches!(world.bid(40, 20), Err(Refusal::EventLoss { .. })), "{state:?}");
    }
    // A change in doubt counts at the worst of both.
    let (price, total) = (cents(44), qty(30));
    world.change(key, |order| order.state = OrderState::AmendInDoubt { since: NOON, price, total });
    assert_eq!(world.loss(M), dollars("13.22"));
    world.change(key, |order| order.state = OrderState::Done { reason: crate::order::EndReason::NeverArrived });
    assert_eq!(world.loss(M), Money::ZERO);
    assert!(world.bid(40, 20).is_ok());
}

#[test]
fn a_fill_that_nobody_told_counts_as_owned() {
    let mut world = World::kalshi(open());
    world.state.universe.get_mut(M).fees = Fees::Kalshi(FeeSchedule::FREE);
    let key = world.rest(M, BID, cents(40), qty(10));
    world.change(key, |order| {
        order.told = qty(10);
        order.state = OrderState::Done { reason: crate::order::EndReason::Filled };
    });
    assert_eq!(world.loss(M), dollars("4.02"));
    world.fill(Some(key), S, M, BID, Funding::Cash, cents(40), qty(10), Money::ZERO, FillStatus::Confirmed);
    world.change(key, |order| order.booked = qty(10));
    assert_eq!(world.loss(M), dollars("4"));
}

#[test]
fn an_exclusive_event_loses_less_than_its_markets() {
    for exclusive in [true, false] {
        let mut world = World::new(open());
        let markets: Vec<_> = (0..3).map(|_| world.list(K, "E", exclusive)).collect();
        for market in &markets {
            // NO of each at 60 cents: of exclusive ones at most one is lost.
            world.own(S, *market, ASK, cents(40), qty(10));
        }
        let expected = if exclusive { dollars("-2") } else { dollars("18") };
        assert_eq!(world.loss(M), expected);
        assert_eq!(world.risk.total_exposure(&world.state), expected.max(Money::ZERO));
    }
}

#[test]
fn what_makes_nothing_worse_is_admitted_beyond_every_limit() {
    let tight = Limits {
        max_position: qty(5),
        max_event_loss: dollars("1"),
        max_exposure: dollars("1"),
        max_venue_exposure: [dollars("1"); 2],
        cash_reserve: dollars("900"),
        budgets: vec![Budget { max_position: qty(5), max_exposure: dollars("1"), ..Budget::UNBOUNDED }],
        ..open()
    };
    let mut world = World::kalshi(tight);
    world.own(S, M, BID, cents(50), qty(300));
    let close = world.close(M, ASK, cents(45), qty(300));
    let close = world.admit(close).expect("it only closes");
    world.change(close, |order| order.state = OrderState::Resting);
    // Moving it makes nothing worse either; growing it would.
    world.amend(close, cents(46), qty(300)).unwrap();
    assert!(matches!(world.bid(40, 1), Err(Refusal::Position { .. })));
    // Half of it was sold elsewhere: it offers too much already, and moving it does not make that worse.
    world.change(close, |order| (order.price, order.state) = (cents(46), OrderState::Resting));
    world.own(S, M, ASK, cents(50), qty(150));
    world.amend(close, cents(47), qty(300)).unwrap();
    world.change(close, |order| order.state = OrderState::Resting);
    assert!(matches!(world.amend(close, cents(47), qty(301)), Err(Refusal::NotOwned { .. })));
}

#[test]
fn a_gain_that_may_be_taken_covers_nothing() {
    let mut world = World::kalshi(Limits { max_event_loss: dollars("5"), ..open() });
    world.state.universe.get_mut(M).fees = Fees::Kalshi(FeeSchedule::FREE);
    world.own(S, M, BID, cents(5), qty(10));
    world.rest(M, ASK, cents(21), qty(10));
    // If YES, ten contracts gain $9.50, and selling YES at 21 cents may cost $7.90 of it.
    assert_eq!(world.loss(M), dollars("0.5"));
    // Sold at 95 cents, they have gained $9.00 that covers the other ask no more.
    says(world.ask(95, 10), "worst case of event e0: at most $5.000000, would be $7.940000; 6.27 contracts would fit");
    let sale = world.rest(M, ASK, cents(95), qty(10));
    assert_eq!(world.loss(M), dollars("7.94"));
    world.fill(Some(sale), S, M, ASK, Funding::Cash, cents(95), qty(10), Money::ZERO, FillStatus::Confirmed);
    world.change(sale, |order| (order.told, order.booked) = (qty(10), qty(10)));
    assert_eq!(world.loss(M), dollars("7.92"));
}

#[test]
fn a_certain_gain_is_used_up_before_an_event_counts_as_exposed() {
    let mut world = World::new(Limits { max_exposure: dollars("0.5"), ..open() });
    let markets: Vec<_> = (0..3).map(|_| world.list(K, "E", true)).collect();
    for market in &markets {
        world.own(S, *market, ASK, cents(40), qty(10));
    }
    // NO of all three brings at least $2; what costs less than that exposes nothing.
    let costs_one = world.quote(markets[0], ASK, cents(90), qty(10));
    world.admit(costs_one).unwrap();
    assert_eq!(world.loss(M), dollars("-0.917"));
    assert_eq!(world.risk.total_exposure(&world.state), Money::ZERO);
    let too_much = world.quote(markets[0], ASK, cents(90), qty(15));
    assert!(matches!(world.admit(too_much), Err(Refusal::Exposure { .. })));
}

#[test]
fn exposure_is_bounded_by_event_by_venue_and_in_all() {
    let limits = Limits {
        max_event_loss: dollars("30"),
        max_venue_exposure: [dollars("50"), dollars("40")],
        max_exposure: dollars("80"),
        ..open()
    };
    let mut world = World::new(limits);
    let (a, b, c) = (world.list(P, "A", false), world.list(P, "B", false), world.list(K, "C", false));
    let d = world.list(K, "D", false);
    for market in [a, b] {
        world.own(S, market, BID, cents(50), qty(38));
    }
    world.own(S, c, BID, cents(50), qty(58));
    let try_bid = |world: &mut World, market, contracts| {
        let proposal = world.quote(market, BID, cents(40), qty(contracts));
        world.admit(proposal).unwrap_err().to_string()
    };
    assert_eq!(
        try_bid(&mut world, a, 30),
        "worst case of event e0: at most $30.000000, would be $31.001000; 27.49 contracts would fit"
    );
    assert_eq!(
        try_bid(&mut world, b, 10),
        "exposure at polymarket: at most $40.000000, would be $42.001000; 4.99 contracts would fit"
    );
    assert_eq!(
        try_bid(&mut world, d, 40),
        "exposure in all: at most $80.000000, would be $83.692000; 31.14 contracts would fit"
    );
}

// --- Cash ---------------------------------------------------------------------------------------------------------------

#[test]
fn orders_may_cost_what_is_in_hand_and_no_more() {
    let mut world = World::kalshi(Limits { cash_reserve: dollars("900"), ..open() });
    world.state.universe.get_mut(M).fees = Fees::Kalshi(FeeSchedule::FREE);
    assert!(world.bid(40, 100).is_ok());
    says(
        world.ask(70, 200),
        "cash of kalshi shard 0: $100.000000 may be used, $100.040000 would be needed at worst; 199.86 contracts would fit",
    );
    assert!(world.ask(70, 199).is_ok());
}

#[test]
fn closing_needs_no_cash_where_pairs_are_paid_at_once() {
    let mut world = World::kalshi(open());
    world.own(S, M, ASK, cents(40), qty(10));
    world.state.portfolio.adopt_cash(K, 0, Money::ZERO);
    // A bid that closes NO needs its price and gets a dollar a pair.
    assert!(world.bid(55, 10).is_ok());
    // One more opens.
    assert!(matches!(world.bid(54, 1), Err(Refusal::Cash { .. })));
    assert!(matches!(world.ask(60, 1), Err(Refusal::Cash { .. })));
}

#[test]
fn the_dearest_contracts_of_a_side_are_those_that_open() {
    let mut world = World::kalshi(open());
    world.state.universe.get_mut(M).fees = Fees::Kalshi(FeeSchedule::FREE);
    world.own(S, M, ASK, cents(40), qty(10));
    world.rest(M, BID, cents(20), qty(10));
    world.rest(M, BID, cents(50), qty(10));
    world.state.portfolio.adopt_cash(K, 0, dollars("5.04"));
    // Ten close: the cheap ones. Ten open at 50 cents, and both pay their steps of rounding.
    assert!(matches!(world.bid(10, 1), Err(Refusal::Cash { would_be, .. }) if would_be == dollars("5.26")));
    let held = world.risk.exposure.held(M);
    assert_eq!(Money::from_micros(held), dollars("5.04"));
}

#[test]
fn tokens_that_are_sold_cost_nothing_and_both_purchases_do() {
    let mut world = World::polymarket(open());
    world.own(S, M, BID, cents(50), qty(10));
    world.state.portfolio.adopt_cash(P, 0, dollars("5"));
    let sale = world.close(M, ASK, cents(60), qty(10));
    assert!(world.admit(sale).is_ok());
    assert!(world.bid(40, 6).is_ok());
    assert!(world.ask(61, 6).is_ok());
    let refusal = world.ask(61, 1).unwrap_err();
    assert!(matches!(refusal, Refusal::Cash { cash, .. } if cash == dollars("5")), "{refusal}");
}

#[test]
fn cash_of_one_shard_pays_for_no_other() {
    let mut world = World::new(open());
    let (here, there) = (world.list(K, "A", false), world.list(K, "B", false));
    world.state.universe.get_mut(there).shard = 1;
    world.risk.touch(there);
    world.state.portfolio.adopt_cash(K, 1, dollars("10"));
    let small = world.quote(there, BID, cents(40), qty(20));
    assert!(world.admit(small).is_ok());
    let more = world.quote(there, BID, cents(40), qty(10));
    assert!(matches!(world.admit(more), Err(Refusal::Cash { shard: 1, .. })));
    let elsewhere = world.quote(here, BID, cents(40), qty(100));
    assert!(world.admit(elsewhere).is_ok());
}

// --- How many, how fast, how much a strategy ----------------------------------------------------------------------------

#[test]
fn orders_are_counted_in_all_by_market_and_by_strategy() {
    let limits = Limits {
        max_orders: 4,
        max_orders_in_market: 2,
        budgets: vec![Budget { max_orders: 3, ..Budget::UNBOUNDED }],
        ..open()
    };
    let mut world = World::new(limits);
    let markets: Vec<_> = (0..3).map(|_| world.list(K, "E", false)).collect();
    let bid = |world: &mut World, market: usize, strategy: u16| {
        let mut proposal = world.quote(markets[market], BID, cents(40), qty(1));
        proposal.strategy = StrategyId(strategy);
        world.admit(proposal).map_err(|refusal| refusal.to_string())
    };
    let first = bid(&mut world, 0, 0).unwrap();
    bid(&mut world, 0, 0).unwrap();
    assert_eq!(bid(&mut world, 0, 0).unwrap_err(), "open orders of m0: at most 2, 2 are open");
    bid(&mut world, 1, 0).unwrap();
    assert_eq!(bid(&mut world, 2, 0).unwrap_err(), "open orders of s0: at most 3, 3 are open");
    bid(&mut world, 2, 1).unwrap();
    assert_eq!(bid(&mut world, 2, 1).unwrap_err(), "open orders of everything: at most 4, 4 are open");
    // A change adds none.
    world.change(first, |order| order.state = OrderState::Resting);
    world.amend(first, cents(41), qty(1)).unwrap();
    world.change(first, |order| order.state = OrderState::Done { reason: crate::order::EndReason::Canceled });
    bid(&mut world, 0, 0).unwrap();
}

#[test]
fn admitted_orders_and_changes_use_the_rate_and_refused_ones_do_not() {
    let mut world =
        World::kalshi(Limits { rates: [Rate { per_second: 2, burst: 2 }; 2], max_order_qty: qty(10), ..open() });
    let first = world.bid(40, 1).unwrap();
    for _ in 0..10 {
        assert!(matches!(world.bid(40, 11), Err(Refusal::OrderQty { .. })));
    }
    world.change(first, |order| order.state = OrderState::Resting);
    world.amend(first, cents(41), qty(1)).unwrap();
    says(world.bid(40, 1), "more than 2 orders a second to kalshi; one more fits in 500ms");
    world.pass(1);
    assert!(world.bid(40, 1).is_ok());
    // The other venue has its own.
    let other = world.list(P, "F", false);
    let proposal = world.quote(other, BID, cents(40), qty(1));
    assert!(world.admit(proposal).is_ok());
}

#[test]
fn a_budget_bounds_its_strategys_own_exposure() {
    let mut world = World::kalshi(budgeted(Budget { max_exposure: dollars("10"), ..Budget::UNBOUNDED }));
    world.state.universe.get_mut(M).fees = Fees::Kalshi(FeeSchedule::FREE);
    // What another strategy holds against it does not cover it.
    world.own(StrategyId(1), M, ASK, cents(50), qty(100));
    world.own(S, M, BID, cents(50), qty(10));
    says(world.bid(40, 15), "exposure of s0: at most $10.000000, would be $11.020000; 12.45 contracts would fit");
    assert_eq!(world.risk.strategy_exposure(&world.state, S), Some(dollars("5")));
    assert_eq!(world.risk.strategy_exposure(&world.state, StrategyId(1)), None);
    assert!(world.bid(40, 12).is_ok());
}

// --- Changes ------------------------------------------------------------------------------------------------------------

#[test]
fn a_change_counts_old_and_new_terms_at_their_worst() {
    let mut world = World::kalshi(Limits { max_position: qty(20), max_event_loss: dollars("8.5"), ..open() });
    world.state.universe.get_mut(M).fees = Fees::Kalshi(FeeSchedule::FREE);
    let key = world.rest(M, BID, cents(40), qty(10));
    world.change(key, |order| (order.told, order.booked) = (qty(4), qty(4)));
    world.own(S, M, BID, cents(40), qty(4));
    // What fits is a total: four have filled, sixteen may still rest.
    let refusal = world.amend(key, cents(30), qty(21)).unwrap_err();
    assert_eq!((refusal.fits(), refusal.is_same_kind(&refusal)), (Some(qty(20)), true));
    // Twelve more at 30, but until the venue has answered they may be at 40: $1.60 and $4.80 and the rounding.
    world.amend(key, cents(30), qty(16)).unwrap();
    assert_eq!(world.loss(M), dollars("6.42"));
    assert!(matches!(world.bid(40, 6), Err(Refusal::Position { .. })));
}

#[test]
fn a_change_of_an_order_that_is_over_or_unknown_is_refused() {
    let mut world = World::kalshi(open());
    let key = world.rest(M, BID, cents(40), qty(10));
    world.change(key, |order| order.state = OrderState::Done { reason: crate::order::EndReason::Filled });
    assert_eq!(world.amend(key, cents(41), qty(10)), Err(Refusal::UnknownOrder { order: key }));
}

// --- The order of checks ------------------------------------------------------------------------------------------------

#[test]
fn checks_answer_in_their_documented_order() {
    let mut world = World::kalshi(Limits {
        max_order_qty: qty(5),
        max_order_cost: dollars("1"),
        collar_book: cents(5),
        no_new_before_close: Duration::from_mins(1),
        max_position: qty(5),
        max_event_loss: dollars("1"),
        max_venue_exposure: [dollars("1"); 2],
        max_exposure: dollars("1"),
        cash_reserve: dollars("1000"),
        max_orders: 0,
        rates: [Rate { per_second: 1, burst: 0 }; 2],
        budgets: vec![Budget {
            max_exposure: dollars("1"),
            max_position: qty(5),
            may_open_short: false,
            ..Budget::UNBOUNDED
        }],
        ..Limits::default()
    });
    // An ask that breaks everything at once; each step mends what was named and nothing else.
    world.state.halts.halt(NOON, Scope::Market(M), Cause::Operator, "by hand");
    world.state.universe.get_mut(M).market.close_time = NOON.plus(Duration::from_secs(5));
    world.state.universe.get_mut(M).market.status = MarketStatus::Inactive;
    world.rest(M, BID, cents(30), qty(1));
    world.state.books.disconnect(K);
    let mut ask = world.quote(M, ASK, Price::new(2_050).unwrap(), qty(10));
    let mut named = Vec::new();
    for _ in 0..30 {
        let Err(refusal) = world.risk.admit(world.now, &world.state, ask.clone()) else {
            named.push("admitted".to_owned());
            break;
        };
        let kind = format!("{refusal:?}");
        named.push(kind.split([' ', '{']).next().unwrap().to_owned());
        match refusal {
            Refusal::Halted { .. } => drop(world.state.halts.lift(Scope::Market(M), Cause::Operator)),
            Refusal::NotActive { .. } => world.state.universe.get_mut(M).market.status = MarketStatus::Active,
            Refusal::NearClose { .. } => world.state.universe.get_mut(M).market.close_time = Timestamp::MAX,
            Refusal::OffGrid { .. } => ask.place.new.price = cents(20),
            Refusal::OrderQty { .. } => world.risk.limits.max_order_qty = qty(100),
            Refusal::OrderCost { .. } => world.risk.limits.max_order_cost = dollars("100"),
            Refusal::Untrusted { .. } => world.book(M, &[40], &[60]),
            Refusal::Collar { .. } => world.risk.limits.collar_book = cents(50),
            Refusal::SelfCross { other, .. } => {
                world.change(other, |order| {
                    order.state = OrderState::Done { reason: crate::order::EndReason::Canceled }
                });
            }
            Refusal::NotOwned { .. } => world.risk.limits.budgets[0].may_open_short = true,
            Refusal::Position { owner: Owner::Account, .. } => world.risk.limits.max_position = qty(100),
            Refusal::Position { .. } => world.risk.limits.budgets[0].max_position = qty(100),
            Refusal::EventLoss { .. } => world.risk.limits.max_event_loss = dollars("100"),
            Refusal::VenueExposure { .. } => world.risk.limits.max_venue_exposure = [dollars("100"); 2],
            Refusal::Exposure { .. } => world.risk.limits.max_exposure = dollars("100"),
            Refusal::Cash { .. } => world.risk.limits.cash_reserve = Money::ZERO,
            Refusal::OrderCount { .. } => world.risk.limits.max_orders = 10,
            Refusal::Rate { .. } => world.risk.limits.rates = [Rate { per_second: 1, burst: 1 }; 2],
            Refusal::StrategyExposure { .. } => world.risk.limits.budgets[0].max_exposure = dollars("100"),
            Refusal::UnknownOrder { .. }
            | Refusal::OffStep { .. }
            | Refusal::TooSmall { .. }
            | Refusal::TooCheap { .. }
            | Refusal::NoFair { .. }
            | Refusal::NoReference { .. } => panic!("{refusal}"),
        }
    }
    let expected = [
        "Halted",
        "NotActive",
        "NearClose",
        "OffGrid",
        "OrderQty",
        "OrderCost",
        "Untrusted",
        "Collar",
        "SelfCross",
        "NotOwned",
        "Position",
        "Position",
        "EventLoss",
        "VenueExposure",
        "Exposure",
        "Cash",
        "OrderCount",
        "Rate",
        "StrategyExposure",
        "admitted",
    ];
    assert_eq!(named, expected);
}

#[test]
fn neither_an_admission_nor_a_refusal_allocates() {
    let mut world = World::new(Limits { max_event_loss: dollars("20"), budgets: vec![Budget::UNBOUNDED], ..open() });
    let markets: Vec<_> = (0..10).map(|_| world.list(K, "E", true)).collect();
    for market in &markets {
        world.own(S, *market, BID, cents(45), qty(1));
        world.rest(*market, BID, cents(40), qty(1));
        world.rest(*market, ASK, cents(60), qty(1));
    }
    let (good, bad) = (world.quote(M, BID, cents(40), qty(1)), world.quote(M, BID, cents(40), qty(100)));
    world.loss(M);
    for market in &markets {
        world.risk.touch(*market);
    }
    // The first look at a book makes room to remember its middle.
    assert!(world.risk.admit(world.now, &world.state, good.clone()).is_ok());
    for (proposal, is_admitted) in [(good, true), (bad, false)] {
        for market in &markets {
            world.risk.touch(*market);
        }
        let mut result = None;
        let counts = allocation_counter::measure(|| result = Some(world.risk.admit(world.now, &world.state, proposal)));
        assert_eq!((counts.count_total, result.unwrap().is_ok()), (0, is_admitted));
    }
}

// --- What trips ---------------------------------------------------------------------------------------------------------

#[test]
fn rejections_in_a_row_halt_the_market_and_then_the_venue() {
    let limits = Limits { max_rejects_in_market: 3, max_rejects_at_venue: 5, ..open() };
    let mut risk = Risk::new(limits);
    let reject =
        |risk: &mut Risk, market: u32, code| risk.on_reject(NOON, K, MarketId(market), code).map(|trip| trip.scope);
    for _ in 0..10 {
        assert_eq!(reject(&mut risk, 0, RejectCode::PostOnlyCross), None, "the market moved; nothing is wrong");
    }
    assert_eq!(reject(&mut risk, 0, RejectCode::Other), None);
    assert_eq!(reject(&mut risk, 0, RejectCode::InvalidPrice), None);
    risk.on_accept(K, M);
    assert_eq!(reject(&mut risk, 0, RejectCode::Other), None);
    assert_eq!(reject(&mut risk, 0, RejectCode::Other), None);
    let trip = risk.on_reject(NOON, K, M, RejectCode::InvalidSize).unwrap();
    assert_eq!((trip.scope, trip.cause), (Scope::Market(M), Cause::Breaker));
    assert_eq!(trip.reason, "3 rejections in a row in m0, the last one InvalidSize");
    assert_eq!(reject(&mut risk, 1, RejectCode::Other), None);
    assert_eq!(reject(&mut risk, 2, RejectCode::Other), Some(Scope::Venue(K)));
}

const NO_MARK: fn(MarketId) -> Option<Price> = |_| None;

#[test]
fn the_days_loss_halts_everything_once_until_a_person_resumes() {
    let mut world = World::kalshi(Limits { max_day_loss: dollars("50"), ..open() });
    world.own(S, M, BID, cents(60), qty(200));
    let watch = |world: &mut World, mark: u8| {
        let mark = move |_| Some(cents(mark));
        world.risk.watch(world.now, &world.state, &mark)
    };
    assert_eq!(watch(&mut world, 60), None);
    // Not looked at twice in a second, unless a fill came.
    assert_eq!(watch(&mut world, 30), None);
    world.risk.note_fill();
    let trip = watch(&mut world, 35).unwrap();
    assert_eq!((trip.scope, trip.cause), (Scope::All, Cause::DayLoss));
    assert_eq!(trip.reason, "lost $50.000000 today, the limit is $50.000000");
    world.pass(1);
    assert_eq!(watch(&mut world, 10), None, "it is halted already");
    world.risk.resume(world.now);
    assert_eq!(watch(&mut world, 10), None);
    world.pass(1);
    assert!(watch(&mut world, 1).is_none(), "$18 since the resumption");
    // Another day, another count.
    world.pass(86_400);
    assert_eq!(watch(&mut world, 90), None);
    world.pass(1);
    assert!(watch(&mut world, 60).is_some());
}

#[test]
fn the_fall_from_the_days_highest_equity_halts_everything() {
    let mut world = World::kalshi(Limits { max_drawdown: dollars("20"), ..open() });
    world.own(S, M, BID, cents(50), qty(100));
    let watch = |world: &mut World, mark: u8| {
        world.pass(1);
        let mark = move |_| Some(cents(mark));
        world.risk.watch(world.now, &world.state, &mark)
    };
    for mark in [50, 80, 61] {
        assert_eq!(watch(&mut world, mark), None);
    }
    let trip = watch(&mut world, 60).unwrap();
    assert_eq!((trip.scope, trip.cause), (Scope::All, Cause::Drawdown));
    assert_eq!(trip.reason, "$20.000000 below the day's highest equity of $2030.000000, the limit is $20.000000");
}

#[test]
fn deposits_and_withdrawals_are_no_profit_and_no_loss() {
    let mut world = World::kalshi(Limits { max_day_loss: dollars("10"), max_drawdown: dollars("10"), ..open() });
    let cash = |world: &mut World, amount: &str| {
        let difference = world.state.portfolio.adopt_cash(K, 0, dollars(amount));
        world.risk.on_cash_flow(difference);
        world.pass(1);
        world.risk.watch(world.now, &world.state, &NO_MARK)
    };
    assert_eq!(cash(&mut world, "1000"), None);
    assert_eq!(cash(&mut world, "500"), None);
    assert_eq!(cash(&mut world, "2000"), None);
    world.state.portfolio.adopt_cash(K, 0, dollars("1990"));
    world.pass(1);
    assert!(world.risk.watch(world.now, &world.state, &NO_MARK).is_some());
}

#[test]
fn no_day_begins_before_the_account_is_known() {
    let mut world = World::kalshi(Limits { max_day_loss: dollars("10"), ..open() });
    world.state.halts.halt(world.now, Scope::Venue(K), Cause::Unreconciled, "the program started");
    assert_eq!(world.risk.watch(world.now, &world.state, &NO_MARK), None);
    // The venue shows $400 and not the $1,000 of the last run: that was not lost today.
    world.state.portfolio.adopt_cash(K, 0, dollars("400"));
    world.state.halts.lift(Scope::Venue(K), Cause::Unreconciled);
    world.pass(1);
    assert_eq!(world.risk.watch(world.now, &world.state, &NO_MARK), None);
}

#[test]
fn a_position_is_worth_its_result_its_mark_the_last_middle_or_its_cost() {
    let mut world = World::kalshi(Limits { max_day_loss: dollars("15"), ..open() });
    world.own(S, M, BID, cents(60), qty(100));
    // No mark and no middle yet: at cost.
    assert_eq!(world.risk.watch(world.now, &world.state, &NO_MARK), None);
    // The book is seen once, at 50 cents, and then cannot be believed: its last middle stands.
    assert!(world.bid(40, 1).is_ok());
    world.pass(1);
    assert_eq!(world.risk.watch(world.now, &world.state, &NO_MARK), None, "$10 down");
    world.state.universe.get_mut(M).market.result = Some(brier_types::MarketResult::No);
    world.pass(1);
    let trip = world.risk.watch(world.now, &world.state, &|_| Some(cents(60))).unwrap();
    assert_eq!(trip.reason, "lost $60.000000 today, the limit is $15.000000");
}

#[test]
fn a_strategys_own_loss_halts_it_alone() {
    let budget = Budget { max_day_loss: dollars("5"), ..Budget::UNBOUNDED };
    let mut world = World::kalshi(Limits { budgets: vec![Budget::UNBOUNDED, budget], ..open() });
    assert_eq!(world.risk.watch(world.now, &world.state, &NO_MARK), None);
    let loser = StrategyId(1);
    world.own(S, M, ASK, cents(50), qty(10));
    world.fill(None, loser, M, BID, Funding::Cash, cents(50), qty(10), dollars("0.5"), FillStatus::Confirmed);
    world.pass(1);
    assert_eq!(world.risk.watch(world.now, &world.state, &|_| Some(cents(6))), None, "$4.90 with the fee");
    world.pass(1);
    let trip = world.risk.watch(world.now, &world.state, &|_| Some(cents(5))).unwrap();
    assert_eq!((trip.scope, trip.cause), (Scope::Strategy(loser), Cause::DayLoss));
    assert_eq!(trip.reason, "s1 lost $5.000000 today, its limit is $5.000000");
    world.pass(1);
    assert_eq!(world.risk.watch(world.now, &world.state, &|_| Some(cents(1))), None, "once");
}

#[test]
fn the_day_begins_when_it_is_told_to() {
    let mut world =
        World::kalshi(Limits { max_day_loss: dollars("10"), day_starts_at: Duration::from_hours(5), ..open() });
    let midnight = NOON.secs() / 86_400 * 86_400;
    let at = |hours: i64| Timestamp::from_secs(midnight + hours * 3_600).unwrap();
    world.state.portfolio.adopt_cash(K, 0, dollars("1000"));
    assert_eq!(world.risk.watch(at(23), &world.state, &NO_MARK), None);
    world.state.portfolio.adopt_cash(K, 0, dollars("992"));
    assert_eq!(world.risk.watch(at(28), &world.state, &NO_MARK), None);
    let mut late = world.risk.clone();
    world.state.portfolio.adopt_cash(K, 0, dollars("989"));
    assert!(world.risk.watch(at(28).plus(Duration::from_mins(59)), &world.state, &NO_MARK).is_some());
    assert_eq!(late.watch(at(29), &world.state, &NO_MARK), None, "a new day has begun");
}

#[test]
fn what_follows_from_the_state_is_no_part_of_equality() {
    let mut world = World::kalshi(open());
    let before = world.risk.clone();
    world.loss(M);
    assert_eq!(world.risk, before);
    assert_eq!(Risk::restore(before.limits.clone(), before.memory.clone()), before);
    world.bid(40, 1).unwrap();
    assert_ne!(world.risk, before);
}
