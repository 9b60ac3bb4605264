//! Strategies that have an opinion, and what they trade of it.

use std::time::Duration;

use brier_engine::{ExitRules, FactValue};
use brier_models::weather::Extreme;
use brier_strategies::{
    Basket, BasketParameters, Carry, CarryParameters, Fundamental, FundamentalParameters, Range, RangeParameters,
    Settlement, Stake, UpOrDown, UpOrDownParameters, Weather, WeatherParameters,
};
use brier_types::{BookSide, Bound, Money, Strike};

use crate::world::{Sent, World, cents, dollars, names, qty};

const HOURS: fn(u64) -> Duration = Duration::from_hours;

fn stake() -> Stake {
    Stake { bankroll: dollars(1_000), kelly: 0.25, cap: qty(100), clip: qty(40), margin: Money::from_micros(20_000) }
}

fn bound(text: &str) -> Bound {
    Bound::parse(text).unwrap()
}

fn bought(market: &str, side: BookSide, cents: u16, contracts: u64) -> Sent {
    Sent { market: market.to_owned(), side, cents, contracts, immediate: true }
}

fn fair(world: &World, ticker: &str) -> f64 {
    world.view().fair(world.place(ticker)).unwrap().prob.get()
}

/// The reference's example: mean 52.3, deviation 2.8, bucket 52 to 53 is 0.278334; with a measured high of 53 it is 0.665882.
#[test]
fn weather_values_buckets_by_forecast_and_by_what_was_measured() {
    let parameters = WeatherParameters {
        markets: names(&["B", "T"]),
        stake: stake(),
        extreme: Extreme::High,
        forecast: "forecast".to_owned(),
        observed: Some("observed".to_owned()),
        begins: None,
        deviation: 2.8,
        tails: None,
        slack: [1.0, 0.0, 0.0],
        doubt: 0.0,
    };
    let between = Some(Strike::Between(bound("52"), bound("53")));
    let markets = [("B", between), ("T", Some(Strike::Above(bound("55"))))];
    let mut world = World::new(Box::new(Weather::new(parameters)), &markets, HOURS(12));
    world.book("B", &[(20, 100)], &[(24, 30), (26, 100), (40, 500)]);
    world.number("forecast", 52.3);
    assert!(world.view().fair(world.place("B")).is_none(), "what is configured and was never heard is not guessed");
    world.number("observed", 30.0);
    assert!((fair(&world, "B") - 0.278_334).abs() < 1e-6 && (fair(&world, "T") - 0.126_549).abs() < 1e-6);
    // A quarter of Kelly of $1,000 at 0.24 is 50 contracts; 30 are offered there, and 0.26 leaves less than two cents.
    assert_eq!(world.sent(), [bought("B", BookSide::Bid, 24, 30)]);
    world.number("observed", 53.0);
    assert!((fair(&world, "B") - 0.665_882).abs() < 1e-6);
    assert_eq!(world.sent(), [40, 30].map(|contracts| bought("B", BookSide::Bid, 40, contracts)), "up to the cap");
    // A forecast that has grown old says nothing.
    world.pass(HOURS(7));
    world.book("B", &[(20, 100)], &[(21, 100)]);
    assert_eq!(world.sent(), []);
}

/// The evening before, the strategy once said nothing: no station has measured a day that has not begun.
#[test]
fn a_day_that_has_not_begun_needs_no_measurement() {
    let with = |begins| WeatherParameters {
        markets: names(&["B"]),
        stake: stake(),
        extreme: Extreme::High,
        forecast: "forecast".to_owned(),
        observed: Some("observed".to_owned()),
        begins,
        deviation: 2.8,
        tails: None,
        slack: [1.0, 0.0, 0.0],
        doubt: 0.0,
    };
    let markets = [("B", Some(Strike::Between(bound("52"), bound("53"))))];
    let begins = World::new(Box::new(Weather::new(with(None))), &markets, HOURS(30)).view().now().plus(HOURS(2));
    let mut world = World::new(Box::new(Weather::new(with(Some(begins)))), &markets, HOURS(30));
    world.number("forecast", 52.3);
    assert!((fair(&world, "B") - 0.278_334).abs() < 1e-6);
    world.pass(HOURS(2));
    assert!(world.view().fair(world.place("B")).is_none(), "what was said before ends when the day begins");
    world.number("forecast", 52.4);
    assert!(world.view().fair(world.place("B")).is_none(), "from then on the floor has to be known");
    world.number("observed", 30.0);
    assert!(world.view().fair(world.place("B")).is_some());
    // A forecast is of the rest of the day: in the evening its high lies behind, and nobody says where.
    let blind = WeatherParameters { observed: None, ..with(Some(begins)) };
    let mut world = World::new(Box::new(Weather::new(blind)), &markets, HOURS(30));
    world.number("forecast", 52.3);
    assert!(world.view().fair(world.place("B")).is_some());
    world.pass(HOURS(2));
    world.number("forecast", 44.0);
    assert!(world.view().fair(world.place("B")).is_none());
}

/// A range whose mean of prints settles once had a normal law whatever its tails.
#[test]
fn a_mean_of_prints_has_the_tails_that_are_configured() {
    let of = |tails| {
        let parameters = RangeParameters { tails, ..range(Settlement::MeanOfPrints(60)) };
        let markets = [("T", Some(Strike::Above(bound("98500")))), ("B", None)];
        let mut world = World::new(Box::new(Range::new(parameters)), &markets, HOURS(1));
        world.number("implied", 0.45);
        world.number("spot", 98_000.0);
        fair(&world, "T")
    };
    assert!((of(None) - of(Some(2.5))).abs() > 1e-3, "{} {}", of(None), of(Some(2.5)));
}

#[test]
fn an_ensembles_spread_widens_the_law() {
    let parameters = WeatherParameters {
        markets: names(&["B"]),
        stake: stake(),
        extreme: Extreme::High,
        forecast: "members".to_owned(),
        observed: None,
        begins: None,
        deviation: 0.0,
        tails: None,
        slack: [1.0, 0.0, 0.0],
        doubt: 0.0,
    };
    let markets = [("B", Some(Strike::AtMost(bound("50"))))];
    let mut world = World::new(Box::new(Weather::new(parameters)), &markets, HOURS(12));
    // Mean 52, deviation 2: half a degree below 51 is three quarters of a deviation away.
    world.fact("members", FactValue::Numbers(vec![50.0, 52.0, 54.0]), HOURS(1));
    assert!((fair(&world, "B") - 0.226_627).abs() < 1e-6, "{}", fair(&world, "B"));
}

fn range(settlement: Settlement) -> RangeParameters {
    RangeParameters {
        markets: names(&["T", "B"]),
        stake: stake(),
        spot: "spot".to_owned(),
        implied: Some("implied".to_owned()),
        implied_weight: 1.0,
        belief: 0.1,
        half_life: HOURS(1),
        settlement,
        tails: None,
        step: 0.01,
        quiet: Duration::from_secs(10),
        doubt: 0.0,
    }
}

/// The reference's example: Bitcoin at 98,500, strike 99,000, volatility 0.468, one hour: 0.155028.
#[test]
fn a_range_values_thresholds_and_ranges_by_implied_volatility() {
    let markets =
        [("T", Some(Strike::AtLeast(bound("99000")))), ("B", Some(Strike::Between(bound("98000"), bound("98999.99"))))];
    let mut world = World::new(Box::new(Range::new(range(Settlement::Last))), &markets, HOURS(1));
    world.book("T", &[(20, 50)], &[(30, 50)]);
    world.number("implied", 0.468);
    world.number("spot", 98_500.0);
    assert!((fair(&world, "T") - 0.155_028).abs() < 1e-4, "{}", fair(&world, "T"));
    let below = 1.0 - fair(&world, "T") - fair(&world, "B");
    assert!((0.1..0.2).contains(&below), "what is left lies below 98,000");
    // Bid at 20 for what is worth 15.5: NO is bought at 80. A quarter of Kelly is 70 contracts, of which 50 are bid for.
    assert_eq!(world.sent(), [40, 10].map(|contracts| bought("T", BookSide::Ask, 20, contracts)));
    // In the last seconds it is quiet.
    world.pass(Duration::from_secs(3_595));
    world.number("spot", 120_000.0);
    assert_eq!(world.sent(), []);
}

/// The reference's example: twenty seconds left, a mean of 98,515 so far and the price at 98,440: 0.07835, where a model of the
/// last price alone would see something else.
#[test]
fn within_the_last_minute_what_was_printed_counts() {
    let parameters = UpOrDownParameters {
        markets: names(&["U"]),
        stake: stake(),
        spot: "spot".to_owned(),
        prints: 60,
        belief: 0.468,
        half_life: HOURS(1_000_000),
        quiet: Duration::from_secs(5),
        doubt: 0.0,
    };
    let markets = [("U", Some(Strike::AtLeast(bound("98500"))))];
    let mut world = World::new(Box::new(UpOrDown::new(parameters)), &markets, Duration::from_mins(2));
    let close = crate::world::NOON.plus(Duration::from_mins(2));
    while world.now < close.minus(Duration::from_secs(21)) {
        world.pass(Duration::from_secs(1));
        world.number("spot", 98_515.0);
    }
    assert!(fair(&world, "U") > 0.9);
    world.pass(Duration::from_secs(1));
    world.number("spot", 98_440.0);
    let seen = fair(&world, "U");
    assert!((0.04..0.12).contains(&seen), "{seen}");
    // Without most of the minute's prints it has no opinion.
    world.pass(Duration::from_secs(14));
    let before = world.view().fair(world.place("U")).unwrap().as_of;
    world.number("spot", 98_440.0);
    assert_eq!(world.view().fair(world.place("U")).unwrap().as_of, before);
}

#[test]
fn a_fundamental_waits_for_a_gain_that_beats_the_money_and_pauses() {
    let parameters = |hurdle| FundamentalParameters {
        markets: names(&["M"]),
        stake: stake(),
        hurdle,
        payout_days: 1.0,
        pause: Duration::from_mins(10),
        doubt: 0.0,
    };
    // Sixty days: 70 for what is worth 73 earns about 4 % in two months, 26 % a year.
    for (hurdle, trades) in [(0.20, true), (0.30, false)] {
        let strategy = Box::new(Fundamental::new(parameters(hurdle)));
        let mut world = World::new(strategy, &[("M", None)], HOURS(24 * 59));
        world.book("M", &[(60, 100)], &[(70, 100)]);
        world.fair("M", 0.73);
        assert_eq!(!world.sent().is_empty(), trades, "at a hurdle of {hurdle}");
        if trades {
            world.book("M", &[(60, 100)], &[(65, 100)]);
            assert_eq!(world.sent(), [], "it pauses");
            world.pass(Duration::from_mins(11));
        }
        world.book("M", &[(60, 100)], &[(64, 100)]);
        assert!(!world.sent().is_empty());
    }
}

#[test]
fn carry_buys_what_is_all_but_certain_and_worth_the_wait() {
    let parameters = || CarryParameters {
        markets: names(&["M"]),
        certain: 0.985,
        surprise: 0.005,
        hurdle: 0.10,
        payout_days: 1.0,
        most: dollars(50),
    };
    let mut world = World::new(Box::new(Carry::new(parameters())), &[("M", None)], HOURS(24 * 9));
    world.book("M", &[(90, 100)], &[(96, 1_000)]);
    world.fair("M", 0.98);
    assert_eq!(world.sent(), [], "not certain enough");
    world.fair("M", 0.99);
    // Fifty dollars at 96 cents.
    assert_eq!(world.sent(), [bought("M", BookSide::Bid, 96, 52)]);
    for cheaper in [95, 60, 20, 10] {
        world.book("M", &[(4, 100)], &[(cheaper, 1_000)]);
        assert_eq!(world.sent(), [], "the market has its fifty dollars, whatever it costs now");
    }
    // By its own fair value of 0.99 a price of 0.99 earns nothing.
    let mut world = World::new(Box::new(Carry::new(parameters())), &[("M", None)], HOURS(24));
    world.book("M", &[(90, 100)], &[(99, 1_000)]);
    world.fair("M", 0.99);
    assert_eq!(world.sent(), []);
    // Ninety days at 99: a third of a cent after the surprise is no return.
    let mut world = World::new(Box::new(Carry::new(parameters())), &[("M", None)], HOURS(24 * 89));
    world.book("M", &[(90, 100)], &[(99, 1_000)]);
    world.fair("M", 0.999);
    assert_eq!(world.sent(), []);
}

/// The reference's example: NO of three at 55, 62 and 78 pays 2 or more: gross 5 cents, 0.4171 after taker fees.
#[test]
fn a_basket_sells_every_outcome_when_bids_sum_to_more_than_a_dollar_after_fees() {
    let parameters = |margin| BasketParameters {
        markets: names(&["A", "B", "C"]),
        size: qty(50),
        margin: Money::from_micros(margin),
        unwind_loss: cents(3),
        pause: Duration::from_secs(30),
    };
    let markets = [("A", None), ("B", None), ("C", None)];
    for (margin, trades) in [(4_000, true), (4_300, false)] {
        let strategy = Box::new(Basket::new(parameters(margin)));
        let mut world = World::with_fees(strategy, &markets, HOURS(24), World::kalshi_fees());
        for (ticker, bid, size) in [("A", 45, 40), ("B", 38, 30), ("C", 22, 20)] {
            world.book(ticker, &[(bid, size)], &[(bid + 2, 10)]);
        }
        let mut sent = world.sent();
        sent.sort_by(|one, other| one.market.cmp(&other.market));
        let expected = [("A", 45), ("B", 38), ("C", 22)].map(|(it, price)| bought(it, BookSide::Ask, price, 20));
        assert_eq!(sent, if trades { expected.to_vec() } else { Vec::new() }, "at a margin of {margin}");
        // Thirty more are bid for, and the legs have room for thirty: A had 40, B 30, C 20.
        for (ticker, bid) in [("A", 45), ("B", 38), ("C", 22)] {
            world.book(ticker, &[(bid, 900)], &[(bid + 2, 10)]);
        }
        world.pass(Duration::from_secs(31));
        world.book("A", &[(45, 901)], &[(47, 10)]);
        let more = world.sent().iter().map(|it| it.contracts).max();
        assert_eq!(more, trades.then_some(30), "fifty contracts of each leg in all");
    }
}

/// The bids came while everything was halted: no change of a book has to come first.
#[test]
fn a_basket_that_stands_is_sold_when_a_halt_is_lifted() {
    let parameters = BasketParameters {
        markets: names(&["A", "B"]),
        size: qty(50),
        margin: Money::from_micros(10_000),
        unwind_loss: cents(3),
        pause: Duration::ZERO,
    };
    let mut world = World::new(Box::new(Basket::new(parameters)), &[("A", None), ("B", None)], HOURS(24));
    world.halt();
    world.book("A", &[(60, 10)], &[(62, 10)]);
    world.book("B", &[(45, 10)], &[(47, 10)]);
    world.sent_nothing();
    world.resume();
    world.pass(Duration::from_secs(1));
    let mut sent = world.sent();
    sent.sort_by(|one, other| one.market.cmp(&other.market));
    assert_eq!(sent, [bought("A", BookSide::Ask, 60, 10), bought("B", BookSide::Ask, 45, 10)]);
}

/// A position that a rule closes is not bought back by an opinion that has not changed.
#[test]
fn an_exit_and_its_strategy_do_not_trade_against_each_other() {
    let parameters = FundamentalParameters {
        markets: names(&["M"]),
        stake: stake(),
        hurdle: 0.0,
        payout_days: 1.0,
        pause: Duration::ZERO,
        doubt: 0.0,
    };
    let rules = ExitRules { stop_loss: Some(cents(10)), ..ExitRules::default() };
    let mut world = World::with_exits(Box::new(Fundamental::new(parameters)), &[("M", None)], HOURS(24), rules);
    world.book("M", &[(35, 500)], &[(50, 40)]);
    world.fair("M", 0.70);
    let mut sent = world.sent();
    for _ in 0..20 {
        world.book("M", &[(35, 500)], &[(50, 40)]);
        sent.extend(world.sent());
    }
    assert_eq!(sent, [bought("M", BookSide::Bid, 50, 40), bought("M", BookSide::Ask, 35, 40)]);
    // Ten minutes later it may think again.
    world.pass(Duration::from_mins(11));
    world.book("M", &[(45, 500)], &[(50, 40)]);
    assert_eq!(world.sent(), [bought("M", BookSide::Bid, 50, 40)]);
}
