//! Reference (feeds), section 9.11: exclusive sets, ladders, the general program.

use brier_arbitrage::{Relation, Shape, Unlimited, program};

use crate::bench::{contracts, kalshi, legs, levels, money, no_asks, plain, problem, set, solve};

fn exclusive(count: usize, one_must_pay: bool) -> [Relation; 1] {
    [Relation::Exclusive { members: (0..count).collect(), one_must_pay }]
}

#[test]
fn no_of_three() {
    let three = set((0..3).map(kalshi).collect(), &exclusive(3, false));
    assert!(matches!(three.shape(), Shape::Exclusive { one_must_pay: false, .. }));
    let books = [".55", ".62", ".78"].map(|price| (no_asks(&format!("{price}x100")), vec![]));
    let found = solve(&three, plain(), &books).unwrap();
    assert_eq!((found.payoff, found.profit()), (money("200"), money("0.4171")));
    assert_eq!(found.legs.len(), 3);
    // Of a hundred the gross edge is five dollars.
    assert_eq!(found.cost.checked_sub(found.legs.iter().map(|leg| leg.fees).sum()).unwrap(), money("195"));
}

#[test]
fn six_buckets_are_no_arbitrage_after_fees() {
    let prices = [".06", ".10", ".22", ".27", ".19", ".11"];
    let books = prices.map(|price| (vec![], levels(&format!("{price}x100"))));
    let six = set((0..6).map(kalshi).collect(), &exclusive(6, true));
    assert_eq!(solve(&six, plain(), &books), None);
    let free = |at| {
        let mut member = kalshi(at);
        member.terms.fees = brier_engine::Fees::FREE;
        member
    };
    let six = set((0..6).map(free).collect(), &exclusive(6, true));
    let found = solve(&six, plain(), &books).unwrap();
    assert_eq!((found.payoff, found.profit()), (money("100"), money("5")));
    // Nothing says that one must pay: no arbitrage at any price.
    let open = set((0..6).map(free).collect(), &exclusive(6, false));
    assert_eq!(solve(&open, plain(), &books), None);
}

#[test]
fn a_ladder_of_two() {
    // At least 50, at least 55.
    let ladder = set(vec![kalshi(0), kalshi(1)], &[Relation::Ladder { rungs: vec![1, 0] }]);
    let books = [(vec![], levels(".61x100")), (no_asks(".35x100"), vec![])];
    let found = solve(&ladder, plain(), &books).unwrap();
    assert_eq!(found.profit(), money("0.7422"));
    assert_eq!(legs(&found), ["Buy 100.00 Yes m0", "Buy 100.00 No m1"]);
    // The other way round pays nothing between them.
    let ladder = set(vec![kalshi(0), kalshi(1)], &[Relation::Ladder { rungs: vec![0, 1] }]);
    assert_eq!(solve(&ladder, plain(), &books), None);
}

#[test]
fn the_program_of_three_states() {
    let ladder = set(vec![kalshi(0), kalshi(1)], &[Relation::Implies { first: 1, second: 0 }]);
    let books = |last: &str| [(no_asks(".42x80"), levels(".61x100")), (no_asks(last), levels(".68x50"))];
    let one = books(".35x60");
    let found = solve(&ladder, plain(), &one).unwrap();
    assert_eq!(legs(&found), ["Buy 60.00 Yes m0", "Buy 60.00 No m1"]);
    // 60 × 0.007422 = 0.44532; fees of 60 are rounded up to $0.0001 each.
    assert_eq!((found.payoff, found.profit()), (money("60"), money("0.4453")));
    let best = program::optimum(&problem(&ladder, plain(), &one, &Unlimited)).unwrap().unwrap();
    assert!((best.objective - 0.44532).abs() < 1e-9, "{best:?}");
    assert_eq!(best.lots, [60.0, 0.0, 0.0, 60.0]);
    let two = books(".36x60");
    assert_eq!(program::optimum(&problem(&ladder, plain(), &two, &Unlimited)), Ok(None));
    assert_eq!(solve(&ladder, plain(), &two), None);
}

#[test]
fn exclusion_of_two_is_a_chain() {
    let pair = set(vec![kalshi(0), kalshi(1)], &[Relation::Excludes { first: 0, second: 1 }]);
    assert!(matches!(pair.shape(), Shape::Chain { .. }));
    let books = [(no_asks(".40x10"), vec![]), (no_asks(".50x20"), vec![])];
    assert_eq!(legs(&solve(&pair, plain(), &books).unwrap()), ["Buy 10.00 No m0", "Buy 10.00 No m1"]);
}

#[test]
fn a_ladder_trades_places_to_take_more() {
    // Hardest first: 0, 1, 2. YES of 2 goes with NO of any; YES of 0 only with NO of 0.
    let free = |at| {
        let mut member = kalshi(at);
        member.terms.fees = brier_engine::Fees::FREE;
        member
    };
    let ladder = set((0..3).map(free).collect(), &[Relation::Ladder { rungs: vec![0, 1, 2] }]);
    // The cheapest pair is YES 2 with NO 0. YES 1 then has only NO 1, and YES 0 nothing unless the others trade places.
    let books = [
        (no_asks(".20x10"), levels(".30x10")),
        (no_asks(".50x10"), levels(".40x10")),
        (no_asks(".60x10"), levels(".45x10")),
    ];
    let found = solve(&ladder, plain(), &books).unwrap();
    // YES 0 with NO 0, YES 1 with NO 1: 0.5 and 0.9. YES 2 with NO 2 costs more than a dollar.
    let best = program::optimum(&problem(&ladder, plain(), &books, &Unlimited)).unwrap().unwrap();
    assert!((best.objective - 6.0).abs() < 1e-9, "{best:?}");
    assert_eq!(found.profit(), money("6"));
    assert_eq!(found.legs.iter().map(|leg| leg.qty).collect::<Vec<_>>(), [contracts(10); 4]);
}
