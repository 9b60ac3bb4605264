//! Seeds that every change must pass; thousands more are for `brier torture`.

use brier_sim::torture::{Planted, run_seed, run_seeds};

/// What is run with every change. Each of these took at least one bug to pass.
const SEEDS: u64 = 120;

#[test]
fn seeds_pass_and_repeat_themselves() {
    let (mut failed, mut fills, mut deaths) = (Vec::new(), 0, 0);
    run_seeds(
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

/// For each bug that can be planted a seed whose run is short, and what the auditor says of it.
const SHOWN: [(Planted, u64, &str); 12] = [
    (Planted::TimeoutMeansRejected, 149, "positions stay within their limit"),
    (Planted::NotFoundAtOnce, 85, "positions stay within their limit"),
    (Planted::CancelMeansGone, 2, "positions stay within their limit"),
    (Planted::FillsCountTwice, 146, "filled never exceeds ordered"),
    (Planted::LateFillsDropped, 1, "every fill is booked once"),
    (Planted::DoubtIsFree, 149, "positions stay within their limit"),
    (Planted::FailedFillsStay, 43, "positions equal the venue's"),
    (Planted::LostBooksTrusted, 53, "a book that is believed is the venue's"),
    (Planted::PaidTwice, 364, "nothing is booked as a deposit that was none"),
    (Planted::SentBeforeWritten, 1, "no order without a journaled intent"),
    (Planted::KillForgotten, 18, "the kill switch stays down"),
    (Planted::DifferencesIgnored, 89, "positions equal the venue's"),
];

#[test]
fn every_planted_bug_is_found_and_its_seed_passes_without_it() {
    assert!(Planted::ALL.iter().all(|bug| SHOWN.iter().any(|(shown, _, _)| shown == bug)));
    for (bug, seed, invariant) in SHOWN {
        let found = run_seed(seed, Some(bug), false).violation.map(|it| it.invariant);
        assert_eq!(found, Some(invariant), "{} in seed {seed}", bug.word());
        assert_eq!(run_seed(seed, None, false).violation, None, "seed {seed} without {}", bug.word());
    }
}

/// Seeds that took a mended bug to pass, or a mended check.
const MENDED: [(u64, &str); 8] = [
    (232, "a lost last change of a book is no gap that anybody could see"),
    (333, "an order of a hundredth is not over before it fills"),
    (544, "nobody repeats a request that was clearly refused"),
    (555, "kalshi tells cash to a ten-thousandth of a dollar"),
    (611, "a short that a person sold is one that somebody intended"),
    (825, "an order that changes may fill up to its new total"),
    (1_444, "a fill that waited for its order is read again after a restart"),
    (1_957, "an older word on an order does not undo our change"),
];

#[test]
fn seeds_that_found_something_pass() {
    for (seed, what) in MENDED {
        assert_eq!(run_seed(seed, None, false).violation, None, "seed {seed}: {what}");
    }
}
