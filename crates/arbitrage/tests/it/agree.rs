//! Closed forms against the program, and answers against what they promise.

use brier_arbitrage::{Account, Claim, Relation, Shape, program, shapes};
use brier_types::{Action, Money, Outcome};

use crate::random::{Instance, Wishes};

#[test]
fn states_are_all_that_the_relations_allow() {
    for seed in 0..300 {
        let instance = Instance::new(seed, 0, &Wishes::FULL);
        let end = |ends: u64, at: &usize| ends >> at & 1 == 1;
        let allowed = |ends: &u64| {
            instance.relations.iter().all(|relation| match relation {
                Relation::Same { first, second } => end(*ends, first) == end(*ends, second),
                Relation::Inverse { first, second } => end(*ends, first) != end(*ends, second),
                Relation::Implies { first, second } => !end(*ends, first) || end(*ends, second),
                Relation::Excludes { first, second } => !(end(*ends, first) && end(*ends, second)),
                Relation::Exclusive { members, one_must_pay } => {
                    let paying = members.iter().filter(|at| end(*ends, at)).count();
                    paying == 1 || paying == 0 && !one_must_pay
                }
                Relation::Ladder { rungs } => {
                    rungs.windows(2).all(|pair| !end(*ends, &pair[0]) || end(*ends, &pair[1]))
                }
            })
        };
        let wanted: Vec<u64> = (0..1_u64 << instance.set.members().len()).filter(allowed).collect();
        let mut found = instance.set.states().ends().to_vec();
        found.sort_unstable();
        assert_eq!(found, wanted, "seed {seed}");
    }
}

#[test]
fn closed_forms_answer_as_the_program_does() {
    let (mut closed, mut gained, mut chains) = (0, 0, 0);
    for seed in 0..4_000 {
        let wishes = Wishes { bounds: seed % 2 == 1, ..Wishes::FULL };
        let instance = Instance::new(seed, 0, &wishes);
        let problem = instance.problem();
        let by_program = program::optimum(&problem).unwrap();
        let Some(by_shape) = shapes::optimum(&problem) else { continue };
        closed += 1;
        gained += usize::from(by_shape.is_some());
        chains += usize::from(by_shape.is_some() && matches!(instance.set.shape(), Shape::Chain { .. }));
        match (&by_shape, &by_program) {
            (Some(one), Some(two)) => {
                let off = (one.objective - two.objective).abs() / (1.0 + two.objective.abs());
                assert!(off < 1e-9, "seed {seed}: {one:?} against {two:?}");
            }
            (None, None) => {}
            (Some(one), None) | (None, Some(one)) => {
                assert!(one.objective < 1e-6, "seed {seed}: {by_shape:?} {by_program:?}");
            }
        }
    }
    assert!(closed > 1_500 && gained > 500 && chains > 200, "{closed} {gained} {chains}");
}

/// Everything that an answer says, from its legs and steps alone.
#[test]
fn answers_keep_their_promises() {
    let mut answers = 0;
    for seed in 0..4_000 {
        let instance = Instance::new(seed, 0, &Wishes::FULL);
        let optimum = instance.problem().optimum().unwrap();
        let Some(found) = instance.problem().solve().unwrap() else { continue };
        answers += 1;
        let (set, slot) = (&instance.set, |market: brier_engine::MarketId| market.index());
        assert!(found.gain() > Money::ZERO, "seed {seed}");
        // Never more than the program's best, which knows no rounding. Where cash bounds it, the program keeps some back for
        // rounding that whole lots may not need.
        let best = optimum.expect("an answer has an optimum above it").objective;
        let above = found.gain().micros() as f64 / 1e6 - best;
        assert!(above <= 1e-6 || !instance.account.cash.is_empty(), "seed {seed}: {found} above {best}");
        let cost: Money = found.legs.iter().map(|leg| leg.cost).sum();
        assert_eq!(cost, found.cost);
        let (bids, asks) = (|at: usize| &instance.books[at].0, |at: usize| &instance.books[at].1);
        for leg in &found.legs {
            assert!(leg.qty.is_multiple_of(instance.limits.lot) && !leg.qty.is_zero());
            let (side, limit) = leg.in_yes_terms();
            let levels =
                if side == brier_types::BookSide::Bid { asks(slot(leg.market)) } else { bids(slot(leg.market)) };
            assert!(levels.iter().any(|level| level.price == limit), "seed {seed}: a limit is a level");
            assert!(leg.qty <= leg.depth);
            let terms = &set.members()[slot(leg.market)].terms;
            let worth = brier_types::notional(leg.limit, leg.qty, brier_types::Rounding::Floor);
            assert!(worth >= terms.min_taking, "seed {seed}: {leg:?}");
            let held = instance.account.held(leg.market);
            match (leg.action, leg.outcome) {
                (Action::Sell, Outcome::Yes) => assert!(leg.qty <= held.yes),
                (Action::Sell, Outcome::No) => assert!(leg.qty <= held.no),
                (Action::Buy, outcome) => assert!(leg.qty <= instance.account.room(leg.market, outcome)),
            }
        }
        for it in &found.capital {
            assert!(it.cash <= instance.account.cash(it.venue, it.shard), "seed {seed}");
        }
        // Without the steps: the legs' own payoff in the worst state is not more than with them.
        let paid = |state: usize| -> i64 {
            let of = |leg: &brier_arbitrage::Leg| {
                let claim = Claim { slot: slot(leg.market), outcome: leg.outcome };
                let pays = i64::from(set.states().pays(state, claim)) * leg.qty.signed().micros();
                if leg.action == Action::Buy { pays } else { -pays }
            };
            found.legs.iter().map(of).sum()
        };
        let worst = (0..set.states().len()).map(paid).min().unwrap();
        let promised = found.payoff.checked_add(found.released).unwrap();
        assert_eq!(worst, promised.micros(), "seed {seed}: {found}");
    }
    assert!(answers > 700, "{answers}");
}
