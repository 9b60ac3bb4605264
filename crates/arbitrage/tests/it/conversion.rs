//! Negative-risk groups: what comes back at once, and when that is why a set is worth it.

use brier_arbitrage::{Conversion, Hurdle, Limits, Relation, Set, SetError};
use brier_book::Level;
use brier_engine::MarketId;
use brier_types::Money;

use crate::bench::{contracts, days, kalshi, money, no_asks, plain, polymarket, solve};

fn group(count: usize, one_must_pay: bool) -> Set {
    let mut members: Vec<_> = (0..count).map(|at| polymarket(at as u32, 0)).collect();
    for member in &mut members {
        member.terms.payout = days(365);
    }
    let relation = Relation::Exclusive { members: (0..count).collect(), one_must_pay };
    Set::new(members, &[relation], vec![(0..count).collect()]).unwrap()
}

fn books(bids: &[&str]) -> Vec<(Vec<Level>, Vec<Level>)> {
    bids.iter().map(|price| (no_asks(price), vec![])).collect()
}

fn hurdle(micros: u32) -> Limits {
    Limits { hurdle: Hurdle::from_micros(micros).unwrap(), ..plain() }
}

#[test]
fn all_but_a_dollar_of_a_basket_comes_back_at_once() {
    let books = books(&[".55x100", ".62x100", ".78x100"]);
    let found = solve(&group(3, false), plain(), &books).unwrap();
    // 195 paid, 200 back: nothing is locked up at all.
    assert_eq!((found.cost, found.released, found.payoff), (money("195"), money("200"), Money::ZERO));
    assert_eq!((found.locked(), found.profit()), (Money::ZERO, money("5")));
    let all = (0..3).map(MarketId).collect();
    assert_eq!(found.steps, [Conversion::Convert { members: all, qty: contracts(100), receives: vec![] }]);
}

#[test]
fn a_hurdle_that_locked_money_would_not_clear_is_no_hurdle_to_it() {
    let books = books(&[".55x100", ".62x100", ".78x100"]);
    // 10 % of 195 for a year is more than the 5 that are gained.
    let found = solve(&group(3, true), hurdle(100_000), &books).unwrap();
    assert_eq!((found.gain(), found.hurdle), (money("5"), Money::ZERO));
    let mut apart: Vec<_> = (0..3).map(|at| polymarket(at, 0)).collect();
    for member in &mut apart {
        member.terms.payout = days(365);
    }
    let relation = Relation::Exclusive { members: vec![0, 1, 2], one_must_pay: true };
    let apart = Set::new(apart, &[relation], Vec::new()).unwrap();
    assert_eq!(solve(&apart, hurdle(100_000), &books), None);
}

#[test]
fn unequal_depths_are_converted_layer_by_layer() {
    // The third member's NO is worth having only for a part; baskets of three, then of two.
    let books = books(&[".40x100", ".45x100", ".80x30"]);
    let found = solve(&group(3, false), plain(), &books).unwrap();
    assert_eq!(found.profit(), money("21"));
    let steps = [
        Conversion::Convert { members: (0..3).map(MarketId).collect(), qty: contracts(30), receives: vec![] },
        Conversion::Convert {
            members: vec![MarketId(0), MarketId(1)],
            qty: contracts(70),
            receives: vec![MarketId(2)],
        },
    ];
    assert_eq!(found.steps, steps);
    assert_eq!((found.released, found.payoff), (money("130"), Money::ZERO));
}

#[test]
fn the_guarantee_is_kept_where_none_of_the_group_pays() {
    // A third that excludes both, outside of the group.
    let members = vec![polymarket(0, 0), polymarket(1, 0), kalshi(2)];
    let relations = [
        Relation::Exclusive { members: vec![0, 1], one_must_pay: false },
        Relation::Excludes { first: 2, second: 0 },
        Relation::Excludes { first: 2, second: 1 },
    ];
    let set = Set::new(members, &relations, vec![vec![0, 1]]).unwrap();
    let books = [(no_asks(".50x100"), vec![]), (no_asks(".55x100"), vec![]), (no_asks(".60x100"), vec![])];
    let found = solve(&set, plain(), &books).unwrap();
    // NO of all three pays two in any state. Had the group's two been converted, the third could pay and leave but one.
    assert_eq!((found.payoff, found.released), (money("200"), Money::ZERO));
    assert_eq!(found.steps, []);
}

#[test]
fn two_that_convert_at_a_hurdle_are_the_programs() {
    let books = books(&[".40x100", ".55x100"]);
    let found = solve(&group(2, false), hurdle(100_000), &books).unwrap();
    assert_eq!((found.gain(), found.hurdle, found.released), (money("5"), Money::ZERO, money("100")));
}

#[test]
fn groups_are_what_the_venue_can_convert() {
    let exclusive = |count: usize| Relation::Exclusive { members: (0..count).collect(), one_must_pay: false };
    let bad = |members: Vec<_>, relations: &[Relation], group: Vec<usize>| {
        Set::new(members, relations, vec![group]).map(|_| ()).unwrap_err()
    };
    let tokens = || vec![polymarket(0, 0), polymarket(1, 0)];
    assert_eq!(bad(tokens(), &[], vec![0, 1]), SetError::Group(vec![0, 1]), "both may pay");
    assert_eq!(bad(tokens(), &[exclusive(2)], vec![0]), SetError::Group(vec![0]));
    assert_eq!(bad(tokens(), &[exclusive(2)], vec![0, 0]), SetError::Group(vec![0, 0]));
    assert_eq!(bad(tokens(), &[exclusive(2)], vec![0, 2]), SetError::Group(vec![0, 2]));
    let mixed = vec![polymarket(0, 0), kalshi(1)];
    assert_eq!(bad(mixed, &[exclusive(2)], vec![0, 1]), SetError::Group(vec![0, 1]));
    let twice = Set::new(tokens(), &[exclusive(2)], vec![vec![0, 1], vec![1, 0]]);
    assert!(matches!(twice, Err(SetError::Group(_))));
}
