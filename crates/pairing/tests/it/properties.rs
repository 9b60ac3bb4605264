//! What holds for every pair of texts.

use brier_pairing::variation::{self, Chance, Change};
use brier_pairing::{Index, Listing, Verdict, fingerprint::Fingerprint, read, verdict};
use brier_types::Venue;
use proptest::prelude::*;

/// What a verdict says, apart from the order in which its proof was written.
fn gist(verdict: &Verdict) -> (&'static str, Option<String>, Option<bool>) {
    let direction = match verdict {
        Verdict::Implies { first_implies_second, .. } => Some(*first_implies_second),
        Verdict::Same(_)
        | Verdict::Inverse(_)
        | Verdict::Excludes(_)
        | Verdict::Different(_)
        | Verdict::Unproven(_) => None,
    };
    (verdict.name(), verdict.matched().map(|found| found.outcome.clone()), direction)
}

#[test]
fn unchanged_variations_are_the_same_and_changed_ones_are_not() {
    let mut chance = Chance::new(11);
    for serial in 0..3_000 {
        let pair = variation::pair(&mut chance, serial);
        let found = verdict(&read(pair.kalshi.clone()), &read(pair.polymarket.clone()));
        let same = matches!(found, Verdict::Same(_));
        assert_eq!(same, pair.change == Change::None, "{} | {}\n{found}", pair.kalshi.title, pair.polymarket.title);
    }
}

#[test]
fn an_index_nominates_every_unchanged_variation() {
    let mut chance = Chance::new(5);
    let pairs: Vec<_> = (0..2_000).map(|serial| variation::pair(&mut chance, serial)).collect();
    let mut index = Index::new();
    let mut titles = Vec::new();
    for pair in &pairs {
        index.add(&read(pair.polymarket.clone()));
        titles.push(pair.polymarket.title.as_str());
    }
    assert_eq!(index.len(), 2_000);
    let wanted: Vec<_> = pairs.iter().filter(|pair| pair.change == Change::None).collect();
    let found = wanted
        .iter()
        .filter(|pair| {
            let nominated = index.candidates(&read(pair.kalshi.clone()));
            nominated.iter().any(|one| titles[one.slot as usize] == pair.polymarket.title)
        })
        .count();
    assert!(found * 100 >= wanted.len() * 99, "{found} of {}", wanted.len());
}

/// The first unchanged variation of a seed whose Polymarket title satisfies `wanted`.
fn unchanged(seed: u64, wanted: impl Fn(&str) -> bool) -> variation::Pair {
    let mut chance = Chance::new(seed);
    loop {
        let pair = variation::pair(&mut chance, seed);
        if pair.change == Change::None && wanted(&pair.polymarket.title) {
            return pair;
        }
    }
}

fn listing(venue: Venue, title: &str, subtitle: &str, rules: &str) -> Listing {
    let outcomes = if venue == Venue::Polymarket { vec!["Yes".to_owned(), "No".to_owned()] } else { Vec::new() };
    Listing {
        subtitle: subtitle.to_owned(),
        rules: rules.to_owned(),
        outcomes,
        ends: "2027-01-01T00:00:00Z".to_owned(),
        ..Listing::new(venue, title, title)
    }
}

/// Words that texts of venues are made of, so that arbitrary texts reach the grammar.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => proptest::sample::select(vec![
            "Will", "win", "the", "2026", "2026-27", "before", "Jan", "1,", "2027?", "by", "end", "of", "Boston", "vs.", "at",
            "Winner?", "TX-05", "Democratic", "Party", "more", "than", "$1,600", "58.0-58.9%", "50+", "not", "remain", "out",
            "as", "President", "of", "Chile", "NBA", "Finals", "(W)", "-", "Up", "or", "Down", "If", ",", "this market", "Yes",
            "11:59", "PM", "ET", "between", "and", "July", "3rd", "#1", "O/U", "2.5", "Trump", "Erdoğan", "second", "most", "seats",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ];
    proptest::collection::vec(word, 0..14).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    /// Whatever the texts, reading and judging end without a panic, and swapping the sides swaps the answer.
    #[test]
    fn any_texts_give_a_symmetric_verdict(one in text(), two in text(), sub in text(), rules in text(), more in text()) {
        let first = read(listing(Venue::Kalshi, &one, &sub, &rules));
        let second = read(listing(Venue::Polymarket, &two, "", &more));
        let (name, outcome, direction) = gist(&verdict(&first, &second));
        let (other_name, other_outcome, other_direction) = gist(&verdict(&second, &first));
        prop_assert_eq!(name, other_name);
        prop_assert_eq!(outcome, other_outcome);
        prop_assert_eq!(direction, other_direction.map(|direction| !direction));
        let _ = Fingerprint::of(&first).to_string();
    }

    /// Every text is the same question as itself, the opposite, or not understood; never another question.
    #[test]
    fn a_text_never_contradicts_itself(one in text()) {
        let contract = read(listing(Venue::Kalshi, &one, "", ""));
        let name = verdict(&contract, &contract).name();
        prop_assert!(matches!(name, "same" | "unproven"), "{}: {}", one, verdict(&contract, &contract));
    }

    /// Arbitrary letters of any script do no harm.
    #[test]
    fn arbitrary_letters_are_read(one in "\\PC{0,80}", two in "\\PC{0,80}") {
        let first = read(listing(Venue::Kalshi, &one, &two, &two));
        let second = read(listing(Venue::Polymarket, &two, "", &one));
        let _ = verdict(&first, &second).to_string();
    }

    /// Changing any digit of a matched title unmatches it.
    #[test]
    fn another_digit_is_another_question(seed in 0_u64..5_000, place in 0_usize..64) {
        let pair = unchanged(seed, |title| title.contains(|letter: char| letter.is_ascii_digit()));
        let first = read(pair.kalshi.clone());
        let digits: Vec<usize> = pair.polymarket.title.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).map(|(at, _)| at).collect();
        let at = digits[place % digits.len()];
        let old = pair.polymarket.title.as_bytes()[at];
        let new = if old == b'9' { "1".to_owned() } else { char::from(old + 1).to_string() };
        let mut title = pair.polymarket.title.clone();
        title.replace_range(at..=at, &new);
        let changed = read(Listing { title: title.clone(), ..pair.polymarket });
        prop_assert!(!matches!(verdict(&first, &changed), Verdict::Same(_)), "{} | {}", first.listing.title, title);
    }

    /// Replacing a name in a matched title unmatches it.
    #[test]
    fn another_name_is_another_question(seed in 0_u64..5_000, place in 0_usize..64) {
        let pair = unchanged(seed, |_| true);
        let first = read(pair.kalshi.clone());
        let mut words: Vec<String> = pair.polymarket.title.split(' ').map(str::to_owned).collect();
        let names: Vec<usize> = (1..words.len()).filter(|at| words[*at].starts_with(char::is_uppercase) && words[*at] != "Party").collect();
        words[names[place % names.len()]] = "Zephyrine".to_owned();
        let title = words.join(" ");
        let changed = read(Listing { title: title.clone(), ..pair.polymarket });
        prop_assert!(!matches!(verdict(&first, &changed), Verdict::Same(_)), "{} | {}", first.listing.title, title);
    }
}
