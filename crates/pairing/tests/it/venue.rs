//! Relations inside one venue, fingerprints, strike fields.

use brier_pairing::relations::Coverage;
use brier_pairing::{Contract, Decimal, Fingerprint, Listing, Relation, Strike, StrikeKind, read, relations};
use brier_types::Venue;

use super::kalshi;

fn strike(kind: StrikeKind, floor: Option<i64>, cap: Option<i64>) -> Strike {
    Strike { kind, floor: floor.map(Decimal::whole), cap: cap.map(Decimal::whole) }
}

fn of_event(title: &str, strike: Option<Strike>, exclusive: bool) -> Contract {
    read(Listing { event: "E".to_owned(), strike, exclusive, ..kalshi("KXANY", title) })
}

/// One of two ranges of an exclusive event, with rules that say the same. `source` is what settles it.
fn bucket((of, source): (&str, &str), range: &str) -> Contract {
    read(Listing {
        event: "E".to_owned(),
        exclusive: true,
        rules: format!("If {of}{source} is {range} on Jul 4, 2027, then the market resolves to Yes."),
        ..kalshi("KXANY", &format!("Will {of} be {range} on Jul 4, 2027?"))
    })
}

fn coverage(contracts: &[Contract]) -> Coverage {
    match &relations(contracts)[0] {
        Relation::Exclusive { coverage, .. } => *coverage,
        Relation::Thresholds { .. } | Relation::Deadlines { .. } => panic!("no exclusive event"),
    }
}

/// Ranges of a day's temperature, in one event.
fn day(strikes: &[Strike], rules: &str) -> Vec<Contract> {
    let title = "Highest temperature in Denver on Jul 4, 2027?";
    let one = |strike: &Strike| Listing { rules: rules.to_owned(), ..of_event(title, Some(*strike), true).listing };
    strikes.iter().map(|strike| read(one(strike))).collect()
}

const DAY: &str = "If the highest temperature recorded at Denver International Airport (KDEN) for Jul 4, 2027 as reported by the \
                   National Weather Service is in the range, then the market resolves to Yes.";

#[test]
fn a_day_of_temperatures_is_exclusive_and_complete() {
    let strikes = [
        strike(StrikeKind::Less, None, Some(80)),
        strike(StrikeKind::Between, Some(80), Some(81)),
        strike(StrikeKind::Between, Some(82), Some(83)),
        strike(StrikeKind::Greater, Some(83), None),
    ];
    let found = relations(&day(&strikes, DAY));
    assert_eq!(found, [Relation::Exclusive { members: vec![0, 1, 2, 3], coverage: Coverage::Complete }]);
    // Titles and the venue's word that at most one pays: nothing says that one must.
    assert_eq!(coverage(&day(&strikes, "")), Coverage::Unknown);
    let mut bare = day(&strikes, DAY);
    bare[2] = day(&strikes, "").swap_remove(2);
    assert_eq!(coverage(&bare), Coverage::Unknown, "one member without rules is enough");
}

#[test]
fn a_gap_leaves_a_set_open() {
    let strikes = [strike(StrikeKind::Less, None, Some(80)), strike(StrikeKind::Greater, Some(83), None)];
    assert_eq!(coverage(&day(&strikes, DAY)), Coverage::Unknown);
}

#[test]
fn ranges_meet_only_in_the_step_of_what_is_measured() {
    let weather = ("the high temperature in Denver", " recorded at Denver International Airport (KDEN)");
    let bitcoin = ("the price of Bitcoin", " according to CF Benchmarks' Bitcoin Real-Time Index");
    let poll = ("the approval rating", "");
    let count = ("the number of votes", "");
    for (of, low, high, complete) in [
        (weather, "49\u{b0} or below", "50\u{b0} or above", true),
        (bitcoin, "$99,999.99 or below", "$100,000 or above", true),
        (bitcoin, "$99,999 or below", "$100,000 or above", false),
        (poll, "49% or below", "50% or above", false),
        (poll, "below 50%", "50% or above", true),
        (poll, "below 50%", "above 50%", false),
        (poll, "49 or below", "50 or above", false),
        (poll, "below 50", "50 or above", true),
        (count, "49 or below", "50 or above", true),
    ] {
        let found = coverage(&[bucket(of, low), bucket(of, high)]);
        let wanted = if complete { Coverage::Complete } else { Coverage::Unknown };
        assert_eq!(found, wanted, "{}: {low} | {high}", of.0);
    }
    // Ranges of two things cover neither.
    let two = [bucket(poll, "below 50%"), bucket(("the turnout", ""), "50% or above")];
    assert_eq!(coverage(&two), Coverage::Unknown);
}

#[test]
fn thresholds_make_a_ladder_hardest_first() {
    let title = |count: u32| format!("Will the Harbour Party win more than {count} seats in the 2027 election?");
    let contracts: Vec<Contract> = [50, 70, 60].iter().map(|count| of_event(&title(*count), None, false)).collect();
    assert_eq!(relations(&contracts), [Relation::Thresholds { rungs: vec![1, 2, 0] }]);
}

#[test]
fn deadlines_make_a_ladder_earliest_first() {
    let title = |until: &str| format!("Will Ada Quill be arrested before {until}?");
    let contracts: Vec<Contract> = ["Jul 1, 2027", "Jan 1, 2028", "Apr 1, 2027"]
        .iter()
        .map(|until| of_event(&title(until), None, false))
        .collect();
    assert_eq!(relations(&contracts), [Relation::Deadlines { rungs: vec![2, 0, 1] }]);
}

#[test]
fn an_augmented_other_is_marked_and_never_paired() {
    let candidate = |title: &str, other: bool| {
        read(Listing { event: "E".to_owned(), exclusive: true, other, ..Listing::new(Venue::Polymarket, title, title) })
    };
    let contracts = vec![
        candidate("Will Ada Quill win the 2027 Chile election?", false),
        candidate("Will another candidate win the 2027 Chile election?", true),
    ];
    assert!(matches!(relations(&contracts)[0], Relation::Exclusive { coverage: Coverage::Augmented { other: 1 }, .. }));
    let twin = read(kalshi("KXANY", "Will another candidate win the 2027 Chile election?"));
    assert_eq!(brier_pairing::verdict(&twin, &contracts[1]).name(), "unproven");
}

#[test]
fn a_fingerprint_shows_what_differs_and_notices_edits() {
    let base = Listing {
        rules: "If Ada Quill is arrested before Jan 1, 2028, then the market resolves to Yes.".to_owned(),
        ..kalshi("KXANY", "Will Ada Quill be arrested before Jan 1, 2028?")
    };
    let one = Fingerprint::of(&read(base.clone()));
    let edited = Fingerprint::of(&read(Listing {
        rules: base.rules.replace("arrested", "arrested or charged"),
        ..base.clone()
    }));
    assert_ne!(one.text, edited.text);
    let moved = Fingerprint::of(&read(Listing {
        rules: base.rules.replace("2028", "2029"),
        title: base.title.replace("2028", "2029"),
        ..base
    }));
    assert_eq!(one.differences(&moved).iter().map(|(name, ..)| *name).collect::<Vec<_>>(), ["deadline"]);
    assert!(one.to_string().contains("by the end of 2027-12-31"));
}
