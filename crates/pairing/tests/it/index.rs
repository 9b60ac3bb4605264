//! Nominations among many listings that differ in one number only.

use brier_pairing::index::Scratch;
use brier_pairing::{Index, read};

use super::{kalshi, polymarket};

/// The titles that are nominated first for a Kalshi title, best first.
fn nominated(title: &str, others: &[String], most: usize) -> Vec<String> {
    let mut index = Index::new();
    for other in others {
        index.add(&read(polymarket(other)));
    }
    let found = index.candidates_with(&read(kalshi("KXANY", title)), most, &mut Scratch::default());
    found.iter().map(|candidate| others[candidate.slot as usize].clone()).collect()
}

#[test]
fn equal_bounds_meet_in_whatever_words() {
    let seats = |count: u32| format!("Will Dunmore win at least {count} seats in the 2029 Peru election?");
    let others: Vec<String> = (20..400).map(seats).collect();
    let title = "Will the Dunmore Party win more than 109 seats in the 2029 Peru election?";
    assert_eq!(nominated(title, &others, 1), [seats(110)]);
    let below = |score: u32| format!("Will Northern Light score below {score} on Metacritic?");
    let others: Vec<String> = (20..99).map(below).collect();
    let title = "Will Northern Light score 80 or higher on Metacritic?";
    assert!(nominated(title, &others, 2).contains(&below(80)), "the complement has no number in common but 80");
    let price = |cents: u32| format!("Will gold settle above ${}.99 in June?", 1_600 + cents);
    let others: Vec<String> = (0..90).map(price).collect();
    assert!(nominated("Will gold settle at $1,630 or above in June?", &others, 2).contains(&price(29)));
}

#[test]
fn a_year_tells_editions_apart() {
    let finals = |year: u32| format!("Will the Denver Nuggets win the {year} NBA Finals?");
    let others: Vec<String> = (2027..2067).map(finals).collect();
    assert_eq!(nominated("Will Denver win the 2030 Pro Basketball Finals?", &others, 1), [finals(2030)]);
    let season = |year: u32| format!("Will Ada Quill win the {year}-{:02} NBA Rookie of the Year?", (year + 1) % 100);
    let others: Vec<String> = (2027..2067).map(season).collect();
    let found = nominated("Will Ada Quill win the 2031 NBA Rookie of the Year?", &others, 2);
    assert!(found.contains(&season(2030)), "{found:?}");
}
