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

#[test]
fn a_day_of_temperatures_is_exclusive_and_complete() {
    let title = "Highest temperature in Denver on Jul 4, 2027?";
    let contracts = vec![
        of_event(title, Some(strike(StrikeKind::Less, None, Some(80))), true),
        of_event(title, Some(strike(StrikeKind::Between, Some(80), Some(81))), true),
        of_event(title, Some(strike(StrikeKind::Between, Some(82), Some(83))), true),
        of_event(title, Some(strike(StrikeKind::Greater, Some(83), None)), true),
    ];
    let found = relations(&contracts);
    assert_eq!(found, [Relation::Exclusive { members: vec![0, 1, 2, 3], coverage: Coverage::Complete }]);
}

#[test]
fn a_gap_leaves_a_set_open() {
    let title = "Highest temperature in Denver on Jul 4, 2027?";
    let contracts = vec![
        of_event(title, Some(strike(StrikeKind::Less, None, Some(80))), true),
        of_event(title, Some(strike(StrikeKind::Greater, Some(83), None)), true),
    ];
    assert!(matches!(relations(&contracts)[0], Relation::Exclusive { coverage: Coverage::Unknown, .. }));
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
