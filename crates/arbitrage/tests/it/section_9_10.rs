//! Reference (feeds), section 9.10: one market on two venues, fees, depth, hurdle.

use brier_arbitrage::{Account, Hurdle, Limits, Relation, Unlimited};
use brier_book::Book;
use brier_models::lockup::leg_risk;
use brier_types::{Action, BookSide, Money, Outcome, Prob, Qty};

use crate::bench::{Listed, contracts, kalshi, legs, levels, money, no_asks, plain, polymarket, problem, set, solve};

const SAME: [Relation; 1] = [Relation::Same { first: 0, second: 1 }];

#[test]
fn a_pair_of_a_hundred() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".62x100")), (no_asks(".32x100"), vec![])];
    let found = solve(&pair, plain(), &books).unwrap();
    assert_eq!(legs(&found), ["Buy 100.00 Yes m0", "Buy 100.00 No m1"]);
    assert_eq!((found.cost, found.payoff, found.profit()), (money("95.6492"), money("100"), money("4.3508")));
    assert!((found.annual_return().unwrap() - 0.368_951).abs() < 1e-5);
    assert_eq!(found.capital.len(), 2);
    assert_eq!((found.capital[0].cash, found.capital[1].cash), (money("63.6492"), money("32")));
}

#[test]
fn a_fee_on_both_sides() {
    let pair = set(vec![kalshi(0), polymarket(1, 40_000)], &SAME);
    let books = [(vec![], levels(".62x100")), (no_asks(".32x100"), vec![])];
    let found = solve(&pair, plain(), &books).unwrap();
    // 100 × 0.016492 and 100 × 0.008704.
    assert_eq!(found.profit(), money("3.4804"));
    assert!((found.annual_return().unwrap() - 0.292_479).abs() < 1e-5);
}

#[test]
fn a_fee_flips_it() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".48x100")), (no_asks(".505x100"), vec![])];
    assert_eq!(solve(&pair, plain(), &books), None);
    let mut free = kalshi(0);
    free.terms.fees = brier_engine::Fees::FREE;
    let pair = set(vec![free, polymarket(1, 0)], &SAME);
    assert_eq!(solve(&pair, plain(), &books).unwrap().profit(), money("1.5"));
}

#[test]
fn depth_is_walked_until_a_tranche_does_not_gain() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".62x100 .63x200 .66x900")), (no_asks(".32x150 .34x300"), vec![])];
    let found = solve(&pair, plain(), &books).unwrap();
    assert_eq!(legs(&found), ["Buy 300.00 Yes m0", "Buy 300.00 No m1"]);
    assert_eq!(found.profit(), money("8.0874"));
    let limits: Vec<_> = found.legs.iter().map(|leg| (leg.market.0, leg.limit.to_string())).collect();
    assert!(limits.contains(&(0, "0.6300".to_owned())) && limits.contains(&(1, "0.3400".to_owned())));
    // In YES terms the NO leg is an order to sell at 0.66.
    let no = found.legs.iter().find(|leg| leg.outcome == Outcome::No).unwrap();
    assert_eq!(no.in_yes_terms(), (BookSide::Ask, "0.66".parse().unwrap()));
}

#[test]
fn the_thinnest_leg_goes_first() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".62x500")), (no_asks(".32x100"), vec![])];
    let found = solve(&pair, plain(), &books).unwrap();
    assert_eq!((found.legs[0].market.0, found.legs[1].market.0), (1, 0));
}

#[test]
fn a_hurdle_asks_for_more_than_nothing() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let mut limits = Limits { hurdle: Hurdle::from_micros(100_000).unwrap(), ..plain() };
    let books = [(vec![], levels(".65x100")), (no_asks(".321x100"), vec![])];
    let found = solve(&pair, limits, &books).unwrap();
    assert_eq!((found.cost, found.profit()), (money("98.6925"), money("1.3075")));
    assert_eq!(found.hurdle, money("1.216757"));
    assert_eq!(found.gain(), money("0.090743"));
    limits.hurdle = Hurdle::from_micros(110_000).unwrap();
    assert_eq!(solve(&pair, limits, &books), None);
}

#[test]
fn the_reference_on_leg_risk_is_the_models() {
    let risk = |fill: f64| leg_risk(Prob::new(fill).unwrap(), 0.035, 0.03).unwrap();
    assert!((risk(0.9) - 0.0285).abs() < 1e-12 && (risk(0.7) - 0.0155).abs() < 1e-12);
}

#[test]
fn rounding_of_many_small_fills_is_paid_for() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".62x100")), (no_asks(".32x100"), vec![])];
    // A hundred fills each: two steps of $0.0001 a fill on Kalshi, $0.000011 on Polymarket.
    let found = solve(&pair, Limits::default(), &books).unwrap();
    assert_eq!(found.cost, money("95.6703"));
    // The most that fills of whole contracts can really cost is below it.
    let fills = money("0.0165").checked_mul(100).unwrap();
    assert!(money("94").checked_add(fills).unwrap() <= found.cost);
}

#[test]
fn inverse_pairs_buy_the_same_side_twice() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &[Relation::Inverse { first: 0, second: 1 }]);
    let books = [(vec![], levels(".62x100")), (vec![], levels(".32x100"))];
    assert_eq!(legs(&solve(&pair, plain(), &books).unwrap()), ["Buy 100.00 Yes m0", "Buy 100.00 Yes m1"]);
}

#[test]
fn own_orders_are_no_liquidity() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".62x100 .63x200")), (no_asks(".32x150"), vec![])];
    let own = |qty| Listed {
        own: vec![(pair.members()[0].market, BookSide::Ask, "0.62".parse().unwrap(), contracts(qty))],
        ..Listed::default()
    };
    let found = problem(&pair, plain(), &books, &own(40)).solve().unwrap().unwrap();
    // 60 at .62 and 90 at .63.
    assert_eq!(found.legs.iter().map(|leg| leg.qty).collect::<Vec<_>>(), [contracts(150); 2]);
    assert_eq!(found.cost, money("144.3582"));
    let all = problem(&pair, plain(), &books, &own(100)).solve().unwrap().unwrap();
    assert!(all.legs.iter().any(|leg| leg.limit == "0.63".parse().unwrap()));
}

#[test]
fn cash_of_each_venue_bounds_it() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".62x100 .63x200")), (no_asks(".32x150 .34x300"), vec![])];
    let account = Listed { cash: vec![(brier_types::Venue::Polymarket, money("10"))], ..Listed::default() };
    let found = problem(&pair, plain(), &books, &account).solve().unwrap().unwrap();
    // 31 × 0.32 = 9.92; 32 would need 10.24.
    assert_eq!(found.legs[0].qty, contracts(31));
    assert!(found.capital.iter().all(|it| it.cash <= account.cash(it.venue, it.shard)));
    let none = Listed { cash: vec![(brier_types::Venue::Kalshi, Money::ZERO)], ..Listed::default() };
    assert_eq!(problem(&pair, plain(), &books, &none).solve().unwrap(), None);
}

#[test]
fn room_bounds_a_leg() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".62x100 .63x200")), (no_asks(".32x150 .34x300"), vec![])];
    let room = vec![(pair.members()[1].market, Outcome::No, "77.5".parse::<Qty>().unwrap())];
    let found = problem(&pair, plain(), &books, &Listed { room, ..Listed::default() }).solve().unwrap().unwrap();
    assert_eq!(found.legs[0].qty, contracts(77));
}

#[test]
fn what_is_held_is_sold() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let books = [(vec![], levels(".62x100")), (no_asks(".32x100"), vec![])];
    let held = |count| Listed {
        held: vec![(pair.members()[1].market, brier_arbitrage::Held { yes: contracts(count), no: Qty::ZERO })],
        ..Listed::default()
    };
    let all = problem(&pair, plain(), &books, &held(100)).solve().unwrap().unwrap();
    assert_eq!(legs(&all), ["Buy 100.00 Yes m0", "Sell 100.00 Yes m1"]);
    // YES is swapped from one venue to the other: paid at once, and owed nothing later.
    assert_eq!((all.cost, all.payoff, all.profit()), (money("-4.3508"), Money::ZERO, money("4.3508")));
    assert_eq!((all.locked(), all.annual_return()), (Money::ZERO, None));
    let some = problem(&pair, plain(), &books, &held(40)).solve().unwrap().unwrap();
    assert_eq!(legs(&some), ["Buy 100.00 Yes m0", "Sell 40.00 Yes m1", "Buy 60.00 No m1"]);
    assert_eq!((some.payoff, some.profit()), (money("60"), money("4.3508")));
    assert!(some.legs.iter().filter(|leg| leg.action == Action::Sell).all(|leg| leg.cost < Money::ZERO));
}

#[test]
fn a_leg_below_the_venues_least_worth_is_none() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    // 20 NO at $0.03 are worth $0.60, and Polymarket takes a dollar.
    let books = [(vec![], levels(".90x100")), (no_asks(".03x20"), vec![])];
    assert_eq!(solve(&pair, plain(), &books), None);
    let books = [(vec![], levels(".90x100")), (no_asks(".03x40"), vec![])];
    assert_eq!(solve(&pair, plain(), &books).unwrap().legs[0].qty, contracts(40));
}

#[test]
fn both_sides_of_one_book() {
    let one = set(vec![kalshi(0)], &[]);
    // A crossed book, from a source that shows such: bid .60 is NO at .40.
    let books = [(no_asks(".40x50"), levels(".55x30 .57x100"))];
    let found = solve(&one, plain(), &books).unwrap();
    assert_eq!(legs(&found), ["Buy 30.00 Yes m0", "Buy 30.00 No m0"]);
    // Pairs of one market pay at once.
    assert_eq!((found.released, found.payoff), (money("30"), Money::ZERO));
    // A book that is believed is never crossed.
    let mut book = Book::new();
    let crossed = [
        (BookSide::Bid, "0.60".parse().unwrap(), contracts(50)),
        (BookSide::Ask, "0.55".parse().unwrap(), contracts(30)),
    ];
    book.load(crossed).unwrap();
    assert!(book.view().is_err());
}

#[test]
fn a_lot_that_fits_no_market_has_no_problem() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &SAME);
    let limits = Limits { lot: Qty::from_micros(15_000).unwrap(), ..plain() };
    assert!(brier_arbitrage::Problem::new(&pair, limits, &Unlimited, crate::bench::NOW).is_none());
    let limits = Limits { lot: Qty::ZERO, ..plain() };
    assert!(brier_arbitrage::Problem::new(&pair, limits, &Unlimited, crate::bench::NOW).is_none());
}
