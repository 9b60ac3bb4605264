//! Ends that are not ordinary.

use brier_arbitrage::tails::worst_tail;
use brier_arbitrage::{Relation, TailResult, VoidRule, Voided, tails};
use brier_engine::MarketId;
use brier_types::{Money, Venue};

use crate::bench::{kalshi, levels, money, no_asks, plain, polymarket, set, solve};

#[test]
fn a_pair_pays_half_where_one_venue_voids_alone() {
    let pair = set(vec![kalshi(0), polymarket(1, 0)], &[Relation::Same { first: 0, second: 1 }]);
    let books = [(vec![], levels(".62x100")), (no_asks(".32x100"), vec![])];
    let found = solve(&pair, plain(), &books).unwrap();
    let all = tails(&pair, &found);
    let of = |voided, rule| -> Money {
        all.iter().find(|tail| (tail.voided, tail.rule) == (voided, rule)).map(|tail| tail.result).unwrap()
    };
    // Both at half a dollar: as good as paid.
    assert_eq!(of(Voided::All, VoidRule::Half), money("4.3508"));
    // One alone: half a dollar on each of its contracts, nothing on the other's in the worse state.
    for market in [MarketId(0), MarketId(1)] {
        assert_eq!(of(Voided::Market(market), VoidRule::Half), money("-45.6492"));
    }
    assert_eq!(of(Voided::Venue(Venue::Kalshi), VoidRule::Half), money("-45.6492"));
    // Kalshi at a price of its own, the worst: nothing from either.
    assert_eq!(of(Voided::Market(MarketId(0)), VoidRule::AnyPrice), money("-95.6492"));
    // Kalshi gives back what was paid, without fees: 62 of 95.6492.
    assert_eq!(of(Voided::Market(MarketId(0)), VoidRule::Refund), money("-33.6492"));
    // Polymarket knows only half a dollar.
    assert!(!all.iter().any(|tail| tail.voided == Voided::Market(MarketId(1)) && tail.rule != VoidRule::Half));
    let worst = TailResult { voided: Voided::Market(MarketId(0)), rule: VoidRule::AnyPrice, result: money("-95.6492") };
    assert_eq!(worst_tail(&pair, &found), Some(worst));
}

#[test]
fn a_basket_of_no_on_one_venue() {
    let three =
        set((0..3).map(kalshi).collect(), &[Relation::Exclusive { members: vec![0, 1, 2], one_must_pay: false }]);
    let books = [".50", ".60", ".70"].map(|price| (no_asks(&format!("{price}x10")), vec![]));
    let found = solve(&three, plain(), &books).unwrap();
    let all = tails(&three, &found);
    let of = |voided, rule| all.iter().find(|tail| (tail.voided, tail.rule) == (voided, rule)).unwrap().result;
    // All at half: 15 for what cost 18 and fees. All refunded: the fees are lost.
    let fees: Money = found.legs.iter().map(|leg| leg.fees).sum();
    assert_eq!(of(Voided::All, VoidRule::Refund), fees.checked_neg().unwrap());
    assert_eq!(of(Voided::All, VoidRule::Half), money("15").checked_sub(found.cost).unwrap());
    // One at half: the other two pay one at least.
    assert_eq!(of(Voided::Market(MarketId(0)), VoidRule::Half), money("15").checked_sub(found.cost).unwrap());
}
