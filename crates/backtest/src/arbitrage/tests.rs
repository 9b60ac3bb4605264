//! Recorded excerpts, reckoned by hand.

use std::path::Path;
use std::time::Duration;

use brier_types::{Money, Qty};

use super::{JointHistory, Settings, Tally, read, replay};

fn histories() -> Vec<JointHistory> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")).unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

fn run(at: usize, latency: u64) -> Tally {
    let settings = Settings { latency: Duration::from_millis(latency), ..Settings::default() };
    replay(&histories()[at], &settings).unwrap().tally
}

#[test]
fn what_is_no_price_or_of_one_venue_is_not_read() {
    let names: Vec<String> = histories().into_iter().map(|history| history.name).collect();
    let wanted =
        ["xvenue_worldcup_bbo mexico_england_main KXMENWORLDCUP-26-GB", "xvenue_quotes KXFEDDECISION-26JUL-H25"];
    assert_eq!(names, wanted);
}

/// A goal falls between two rounds. What was seen before it is bought on one venue only.
///
/// - Round 3: Kalshi asks 0.08 for 435, Polymarket bids 0.096. 435 cost 37.1282 (34.8, fee 2.2412, rounding 0.087) and 394.377325
///   (393.24, 1.13254, 0.004785). A round later Kalshi asks 0.089, above the limit, and Polymarket bids 0.108 for 1.84: bought for
///   1.646622, sold a round later to an ask of 0.101 for 1.649118.
/// - Round 4: one contract of those 1.84 would be less than Polymarket takes, so nothing is found.
/// - Round 5: 443 at 0.089 and 0.098, promised 0.204437 and gone a round later on both venues.
/// - Round 15: 561 at 0.10 and 0.111, and again a round later: 59.7465 and 500.395941.
/// - Round 18: 2 at 0.10, promised 0.003048. A round later Kalshi asks 0.104; 2 NO at 0.888 cost 1.781992 and bring 1.767958.
#[test]
fn a_goal_between_two_rounds() {
    let wanted = Tally {
        rounds: 20,
        gross: 19,
        found: 5,
        tries: 4,
        whole: 1,
        one_leg: 2,
        missed: 1,
        asked: qty("1441"),
        paired: qty("561"),
        naked: qty("3.84"),
        promised: money("4.559519"),
        earned: money("0.857559"),
        unwound: money("-0.011538"),
        ..Tally::default()
    };
    assert_eq!(run(0, 500), wanted);
    assert_eq!(run(0, 500).result(), money("0.846021"));
}

/// The first try's thin leg is Kalshi's 435, which the goal took away, and the last one's Kalshi's 2: nothing is left naked.
#[test]
fn in_turn_a_leg_that_is_gone_leaves_the_other_unsent() {
    let settings = Settings { in_turn: true, ..Settings::default() };
    let tally = replay(&histories()[0], &settings).unwrap().tally;
    assert_eq!((tally.tries, tally.whole, tally.one_leg, tally.missed), (4, 1, 0, 3));
    assert_eq!((tally.paired, tally.naked, tally.unwound), (qty("561"), Qty::ZERO, Money::ZERO));
    assert_eq!(tally.result(), money("0.857559"));
}

#[test]
fn what_comes_after_the_recording_is_not_made_up() {
    let late = run(0, 60_000);
    assert_eq!((late.tries, late.unanswered), (4, 3), "the first is answered in a minute, the others never");
    assert_eq!(late.whole + late.part + late.one_leg + late.missed + late.unanswered, late.tries);
}

#[test]
fn looks_too_far_apart_are_not_believed_together() {
    let settings = Settings { most_apart: Duration::from_millis(50), ..Settings::default() };
    let tally = replay(&histories()[0], &settings).unwrap().tally;
    assert_eq!((tally.rounds, tally.apart, tally.found), (20, 20, 0));
}

#[test]
fn without_sizes_one_contract_is_all() {
    let tally = run(1, 500);
    assert_eq!((tally.tries, tally.asked), (1, qty("1")));
}

#[test]
fn sums_add_up() {
    let (one, two) = (run(0, 500), run(1, 500));
    let mut sum = one;
    sum.add(&two);
    assert_eq!((sum.rounds, sum.tries), (one.rounds + two.rounds, one.tries + two.tries));
    assert_eq!(sum.result(), one.result().checked_add(two.result()).unwrap());
}

#[test]
fn a_row_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("xvenue_worldcup_bbo");
    std::fs::create_dir(&set).unwrap();
    let row = |price: &str| {
        format!(
            r#"{{"ts": 1, "t_fetch": 1, "venue": "kalshi", "pair": "A:B", "bid": {price}, "ask": 6, "bid_sz": "1", "ask_sz": "1"}}"#
        )
    };
    std::fs::write(set.join("a.jsonl"), format!("{}\n{}\n", row("5.5"), row("5.555"))).unwrap();
    let error = format!("{:#}", read(folder.path()).unwrap_err());
    assert!(
        error.contains("a.jsonl line 2: price: expected $0 to $1 in steps of $0.0001, found 5.555 cents"),
        "{error}"
    );
}
