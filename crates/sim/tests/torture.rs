//! Seeds that every change must pass; thousands more are for `brier torture`.

use brier_sim::torture::{Kind, Planted, run_seed, run_seeds};

/// What is run with every change. Each of these took at least one bug to pass.
const SEEDS: u64 = 120;

#[test]
fn seeds_pass_and_repeat_themselves() {
    let (mut failed, mut fills, mut deaths) = (Vec::new(), 0, 0);
    run_seeds(
        Kind::Ordinary,
        1,
        SEEDS,
        2,
        None,
        |seed| seed % 4 == 0,
        |verdict| {
            fills += verdict.ended.fills;
            deaths += verdict.ended.crashes;
            if let Some(violation) = verdict.violation {
                failed.push(format!("seed {}: {violation}", verdict.seed));
            }
            true
        },
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(
        fills > 500 && deaths > 20,
        "{fills} fills and {deaths} deaths: the torture does too little to mean anything"
    );
}

/// How many worlds of legs are run with every change.
const LEGS: u64 = 80;

#[test]
fn worlds_of_legs_pass_and_repeat_themselves() {
    let (mut failed, mut fills, mut deaths, mut combos, mut most_open) = (Vec::new(), 0, 0, [0; 5], 0);
    run_seeds(
        Kind::Legs,
        1,
        LEGS,
        2,
        None,
        |seed| seed % 4 == 0,
        |verdict| {
            fills += verdict.ended.fills;
            deaths += verdict.ended.crashes;
            for (all, of_this) in combos.iter_mut().zip(verdict.ended.combos) {
                *all += of_this;
            }
            most_open = most_open.max(verdict.ended.most_open_percent);
            if let Some(violation) = verdict.violation {
                failed.push(format!("seed {}: {violation}", verdict.seed));
            }
            true
        },
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let [nothing, complete, rebalanced, unwound, held] = combos;
    assert!(
        fills > 500 && deaths > 20 && complete > 80 && rebalanced + unwound > 4 && held > 8,
        "{fills} fills and {deaths} deaths; combos: {complete} complete, {rebalanced} rebalanced, {unwound} unwound, {held} \
         held, {nothing} got nothing: too little to mean anything"
    );
    assert!(most_open > 90, "open legs came to {most_open} % of their bound at most: it is never put to the test");
}

/// For each bug that can be planted a seed that shows it.
const SHOWN: [(Planted, u64); 17] = [
    (Planted::TimeoutMeansRejected, 4),
    (Planted::NotFoundAtOnce, 21),
    (Planted::CancelMeansGone, 2),
    (Planted::FillsCountTwice, 3),
    (Planted::LateFillsDropped, 2),
    (Planted::DoubtIsFree, 4),
    (Planted::FailedFillsStay, 10),
    (Planted::LostBooksTrusted, 57),
    (Planted::PaidTwice, 2_796),
    (Planted::SentBeforeWritten, 1),
    (Planted::KillForgotten, 11),
    (Planted::DifferencesIgnored, 13),
    (Planted::LegInDollars, 1),
    (Planted::LegDoubtIsNothing, 1),
    (Planted::DoubtOutsideBound, 2),
    (Planted::UndoneMatchIgnored, 8),
    (Planted::EdgeForgetsFees, 1),
];

/// The world in which a bug shows.
const fn world(bug: Planted) -> Kind {
    if bug.is_of_legs() { Kind::Legs } else { Kind::Ordinary }
}

#[test]
fn every_planted_bug_is_found_and_its_seed_passes_without_it() {
    assert!(Planted::ALL.iter().all(|bug| SHOWN.iter().any(|(shown, _)| shown == bug)));
    let mut missed = Vec::new();
    for (bug, seed) in SHOWN {
        if run_seed(world(bug), seed, Some(bug), false).violation.is_none() {
            missed.push(format!("{} in seed {seed}", bug.word()));
        }
        assert_eq!(run_seed(world(bug), seed, None, false).violation, None, "seed {seed} without {}", bug.word());
    }
    assert!(
        missed.is_empty(),
        "another change of the program moved them; `brier torture --planted` finds others: {missed:?}"
    );
}

/// Seeds that took a mended bug to pass, or a mended check.
const MENDED: [(u64, &str); 11] = [
    (232, "a lost last change of a book is no gap that anybody could see"),
    (333, "an order of a hundredth is not over before it fills"),
    (544, "nobody repeats a request that was clearly refused"),
    (555, "kalshi tells cash to a ten-thousandth of a dollar"),
    (611, "a short that a person sold is one that somebody intended"),
    (825, "an order that changes may fill up to its new total"),
    (1_444, "a fill that waited for its order is read again after a restart"),
    (1_957, "an older word on an order does not undo our change"),
    (4_727, "kalshi takes no copy of what it clearly refused"),
    (8_331, "a lost last change is the last by its number"),
    (9_046, "an order that is taken back while its change is in doubt counts at the worse terms"),
];

#[test]
fn seeds_that_found_something_pass() {
    for (seed, what) in MENDED {
        assert_eq!(run_seed(Kind::Ordinary, seed, None, false).violation, None, "seed {seed}: {what}");
    }
}
