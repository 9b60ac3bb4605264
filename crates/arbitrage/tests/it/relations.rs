//! From rules to relations: only what is proved by rules of both may become riskless.

use brier_arbitrage::{NotProved, Relation};
use brier_pairing::{Contract, Listing, read, relations};
use brier_types::Venue;

const MINUTES: &str = "If Boston wins the Boston at Denver professional basketball game originally scheduled for Feb 3, 2027, then the market resolves to Yes.";
const GAME: &str = "In the upcoming NBA game, scheduled for February 3, 2027 at 9:00PM ET:\nIf the game is canceled, this market resolves 50-50.";

fn kalshi(rules: &str) -> Contract {
    let listing = Listing::new(Venue::Kalshi, "KXNBAGAME-27FEB03BOSDEN-BOS", "Boston at Denver Winner?");
    read(Listing { rules: rules.to_owned(), ..listing })
}

fn polymarket(outcomes: [&str; 2], rules: &str) -> Contract {
    let listing = Listing::new(Venue::Polymarket, "0x1", "Celtics vs. Nuggets");
    let outcomes = outcomes.map(str::to_owned).to_vec();
    read(Listing { rules: rules.to_owned(), outcomes, ..listing })
}

#[test]
fn the_outcome_that_pays_says_which_token_it_is() {
    let boston = kalshi(MINUTES);
    let first = polymarket(["Celtics", "Nuggets"], GAME);
    let (relation, tails) = Relation::proved((3, 5), (&boston, &first)).unwrap();
    assert_eq!(relation, Relation::Same { first: 3, second: 5 });
    assert!(tails.iter().any(|tail| tail.quote.text.contains("50-50")));
    // The same proof, but Boston is the second token: what the venue's book calls YES is Denver.
    let second = polymarket(["Nuggets", "Celtics"], GAME);
    let (relation, _) = Relation::proved((3, 5), (&boston, &second)).unwrap();
    assert_eq!(relation, Relation::Inverse { first: 3, second: 5 });
    let (relation, _) = Relation::proved((5, 3), (&second, &boston)).unwrap();
    assert_eq!(relation, Relation::Inverse { first: 5, second: 3 });
}

#[test]
fn a_title_alone_proves_nothing() {
    let refused = Relation::proved((0, 1), (&kalshi(""), &polymarket(["Celtics", "Nuggets"], GAME))).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "rules: expected those of `KXNBAGAME-27FEB03BOSDEN-BOS`, found only its title; read its rules first"
    );
    let refused = Relation::proved((0, 1), (&kalshi(MINUTES), &polymarket(["Celtics", "Nuggets"], " "))).unwrap_err();
    assert_eq!(refused, NotProved::NoRules("0x1".to_owned()));
}

#[test]
fn what_is_not_proved_is_no_relation() {
    let rain = "This market resolves to Yes if it rains in London on May 3, 2026.";
    let other = Listing::new(Venue::Polymarket, "0x2", "Will it rain in London on May 3, 2026?");
    let other = read(Listing { rules: rain.to_owned(), ..other });
    let refused = Relation::proved((0, 1), (&kalshi(MINUTES), &other)).unwrap_err();
    assert!(matches!(refused, NotProved::Verdict("different" | "unproven")), "{refused}");
}

fn president(id: &str, who: &str, other: bool) -> Contract {
    let listing = Listing::new(Venue::Polymarket, id, &format!("Will {who} win the 2028 US presidential election?"));
    let rules = format!("This market resolves to Yes if {who} wins the 2028 US presidential election.");
    read(Listing { rules, event: "president".to_owned(), exclusive: true, other, ..listing })
}

#[test]
fn a_member_for_what_is_not_listed_yet_makes_no_set_complete() {
    let contracts =
        [president("a", "Ann Bell", false), president("b", "Carl Dorn", false), president("o", "another person", true)];
    let found = relations(&contracts);
    let exclusive = Relation::within(&found[0], &contracts, &[5, 6, 7]).unwrap();
    assert_eq!(exclusive, Relation::Exclusive { members: vec![5, 6, 7], one_must_pay: false });
    let missing = Relation::within(&found[0], &contracts, &[5, 6]).unwrap_err();
    assert_eq!(missing.to_string(), "relation: expected places for contract 2, found 2 places");
}

#[test]
fn two_who_cannot_both_win_exclude_each_other() {
    let (relation, _) =
        Relation::proved((0, 1), (&president("a", "Ann Bell", false), &president("b", "Carl Dorn", false))).unwrap();
    assert_eq!(relation, Relation::Excludes { first: 0, second: 1 });
}
