//! Seeds that every change must pass; thousands more are for `brier torture`.

use brier_sim::torture::run_seeds;

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
