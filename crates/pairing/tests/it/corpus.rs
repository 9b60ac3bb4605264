//! The labelled pairs beside the project, when they are there, and a small excerpt of our own when they are not.

use brier_pairing::eval::{self, Mark};

/// Where the labelled pairs lie beside a checkout.
pub(super) const PAIRS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/pairs.jsonl");

#[test]
fn no_labelled_pair_is_paired_wrongly_and_most_are_found() {
    let Ok(text) = std::fs::read_to_string(PAIRS) else {
        println!("skipped: no labelled pairs at {PAIRS}");
        return;
    };
    let report = eval::run(&text).expect("the form of pairs.jsonl");
    for miss in &report.misses {
        println!("line {} {:?}\n  {}\n  {}\n{}", miss.line, miss.mark, miss.kalshi, miss.polymarket, miss.verdict);
    }
    assert_eq!(report.false_pairs, 0);
    assert!(report.recall() >= 0.8, "recall {}", report.recall());
}

const OWN: &str = r#"
{"label":"equivalent","polarity":"same","polymarket_outcome":"Yes","kalshi":{"ticker":"KXNBAROY-28-AQUI","title":"Will Ada Quill win Rookie of the Year?"},"polymarket":{"condition_id":"0x1","question":"Will Ada Quill win the 2027-28 NBA Rookie of the Year?","description":"Resolves to the winner of the 2027-28 NBA award.","outcomes":["Yes","No"]}}
{"label":"different","polarity":null,"polymarket_outcome":null,"kalshi":{"ticker":"KXNBAROY-28-AQUI","title":"Will Ada Quill win Rookie of the Year?"},"polymarket":{"condition_id":"0x2","question":"Will Ada Quill win the 2027-28 NBA Most Valuable Player?","outcomes":["Yes","No"]}}
{"label":"conditional","polarity":"same","polymarket_outcome":"Yes","kalshi":{"ticker":"KXTOWN-27-X","title":"Will the Harbour Party win the 2027 Berlin state election?"},"polymarket":{"condition_id":"0x3","question":"Will the Harbour Party win the most seats in the 2027 Berlin state election?","outcomes":["Yes","No"]}}
"#;

#[test]
fn the_form_is_read_and_scored() {
    let report = eval::run(OWN).expect("the form");
    assert_eq!((report.pairs, report.equivalent, report.right, report.false_pairs), (3, 1, 1, 0));
    assert!((report.precision() - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_wrong_outcome_or_label_is_a_false_pair() {
    let relabelled = OWN.replace("\"polymarket_outcome\":\"Yes\"", "\"polymarket_outcome\":\"No\"");
    let report = eval::run(&relabelled).expect("the form");
    assert_eq!(report.misses.first().map(|miss| miss.mark), Some(Mark::FalsePair));
    let conditional = OWN.replacen("equivalent", "conditional", 1);
    assert_eq!(eval::run(&conditional).expect("the form").false_pairs, 1);
}

#[test]
fn the_label_is_never_seen_by_the_reader() {
    let line = OWN.lines().nth(1).expect("a line");
    let one = eval::parse(1, line).expect("a pair");
    let two =
        eval::parse(1, &line.replace("equivalent", "different").replace("\"same\"", "\"inverse\"")).expect("a pair");
    assert_eq!(eval::judge(&one), eval::judge(&two));
}

#[test]
fn lines_that_are_no_pairs_are_refused_with_their_place() {
    assert_eq!(
        eval::run("{}").expect_err("no label").to_string(),
        "line 1: expected equivalent, conditional or different at `label`"
    );
    let error = eval::run("\n{\"label\":\"different\"}").expect_err("no sides");
    assert_eq!(error.to_string(), "line 2: expected an object at `kalshi`");
    assert!(eval::run("nonsense").expect_err("no JSON").to_string().starts_with("line 1: expected a JSON object"));
}
