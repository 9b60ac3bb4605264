//! Pairs that look alike and are not, found by people who tried to break the comparison.
//!
//! `changed.jsonl` holds pairs written for it, in the form of `pairs.jsonl`: most have the same titles and rules that differ
//! in one thing. Recorded pairs are changed here, when they are beside the checkout.

use std::collections::BTreeSet;

use brier_pairing::eval::{self, Pair};
use brier_pairing::{Verdict, read, verdict};

use super::corpus::PAIRS;

const CHANGED: &str = include_str!("changed.jsonl");

/// Those that still come out `Same` or `Inverse`: all of titles alone, which trade nothing. A mend takes its line away here.
const OPEN: &[&str] =
    &["D09", "I02", "I03", "I06", "I17", "I20", "I41", "I43", "I54", "J46", "J50", "J54", "O01", "T15"];

fn is_paired(pair: &Pair) -> Option<Verdict> {
    let found = eval::judge(pair);
    found.matched().is_some().then_some(found)
}

#[test]
fn pairs_that_only_look_alike_are_no_pairs() {
    let mut paired = BTreeSet::new();
    for (at, line) in CHANGED.lines().enumerate() {
        let id = line.split('"').nth(3).expect("an id");
        let pair = eval::parse(at + 1, line).expect("the form of pairs.jsonl");
        if let Some(found) = is_paired(&pair) {
            assert!(!found.to_string().contains("(rules of both)"), "{id}: {found}");
            paired.insert(id);
        }
    }
    assert_eq!(paired, OPEN.iter().copied().collect());
}

/// What is changed in a text: the words from, and the words to.
type Change = (&'static str, &'static str);

/// Changes of Kalshi's first rules text, and of Polymarket's description, each of which makes another contract.
const KALSHI: &[Change] = &[
    ("then the market resolves to Yes", "then the market resolves to No"),
    (", then the market resolves to Yes", " and a general election has been held, then the market resolves to Yes"),
    ("before Jan 1, 2027, then", "after Jan 1, 2027, then"),
    ("before Jan 1, 2027, then", "before Jul 1, 2026, then"),
    ("has actually left", "has been forced to leave"),
    (" wins the ", " wins by more than 5 points the "),
    (" wins the ", " loses the "),
    (" wins the ", " leads at the half of the "),
    ("Jan 18, 2026", "Jan 20, 2026"),
    ("Portland wins", "Sacramento wins"),
    ("Denver wins", "Charlotte wins"),
    ("Keir Starmer has", "Andy Burnham has"),
    ("Friedrich Merz has", "Boris Pistorius has"),
];
const POLYMARKET: &[Change] = &[
    ("to “Yes” if", "to “No” if"),
    ("to \"Yes\" if", "to \"No\" if"),
    ("December 31, 2026", "June 30, 2026"),
    ("December 31, 2026", "December 31, 2027"),
    ("for any period of time", "for at least thirty consecutive days"),
    ("for any length of time", "for at least thirty consecutive days"),
    ("will immediately resolve this market to \"Yes\"", "alone will not resolve this market to \"Yes\""),
    ("will suffice to resolve", "will not suffice to resolve"),
    ("Otherwise, this market", "Only a permanent departure counts. Otherwise, this market"),
    ("Otherwise, this market", "A departure by death is disregarded. Otherwise, this market"),
    ("ceases to be the Chancellor of Germany", "ceases to be the leader of the CDU"),
    ("ceases to be the Prime Minister", "announces his resignation as Prime Minister"),
    (" win, the market", " win by more than 5 points, the market"),
    (" win, the market", " win the first half, the market"),
    ("the market will resolve to \"Kings\"", "the market will resolve to \"Trail Blazers\""),
    ("scheduled for January 18", "scheduled for January 20"),
    ("including any overtime periods", "excluding any overtime periods"),
    ("The result will be determined", "Game two of the series counts. The result will be determined"),
];

#[test]
fn a_change_of_one_sides_rules_ends_every_recorded_pair() {
    let Ok(text) = std::fs::read_to_string(PAIRS) else {
        println!("skipped: no labelled pairs at {PAIRS}");
        return;
    };
    let (mut pairs, mut tried, mut wrong) = (0, BTreeSet::new(), Vec::new());
    let mut changed = 0;
    for (at, line) in text.lines().enumerate() {
        let pair = eval::parse(at + 1, line).expect("the form of pairs.jsonl");
        let both = pair.kalshi.has_rules() && pair.polymarket.has_rules();
        if !both || is_paired(&pair).is_none() {
            continue;
        }
        pairs += 1;
        let edits = KALSHI.iter().map(|change| (change, true)).chain(POLYMARKET.iter().map(|change| (change, false)));
        for ((from, to), kalshi) in edits {
            let (mut first, mut second) = (pair.kalshi.clone(), pair.polymarket.clone());
            let rules = if kalshi { &mut first.rules } else { &mut second.rules };
            if !rules.contains(from) {
                continue;
            }
            *rules = rules.replacen(from, to, 1);
            tried.insert((from, to));
            changed += 1;
            let found = verdict(&read(first), &read(second));
            if found.matched().is_some() {
                wrong.push(format!("line {}: {to}\n{found}", pair.line));
            }
        }
    }
    assert_eq!(tried.len(), KALSHI.len() + POLYMARKET.len(), "a change that fits no pair tests nothing: {tried:?}");
    assert!(pairs >= 14 && changed >= 90, "{changed} changes of {pairs} pairs");
    assert!(wrong.is_empty(), "{} of {changed}: {}", wrong.len(), wrong.join("\n"));
}
