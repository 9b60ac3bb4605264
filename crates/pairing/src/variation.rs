//! Seeded variations of market titles, for measuring speed and for testing what must not match.
//!
//! A pair is written twice, once in each venue's habit, from one set of facts; a change alters one fact of the second.
//! All wordings are this project's own.

use brier_types::Venue;

use crate::listing::Listing;

/// A small generator of numbers; the same seed gives the same numbers on every machine.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    /// The next 64 bits (splitmix).
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number below `limit`, which is at least 1.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.next() % if limit == 0 { 1 } else { limit }
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// Which fact of the second listing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// None: both ask one question.
    None,
    /// Another person, team or seat.
    Subject,
    /// Another year.
    Year,
    /// Another deadline or day.
    Date,
    /// Another threshold.
    Threshold,
}

/// Two listings, one of each venue, and how they differ.
#[derive(Clone, Debug)]
pub struct Pair {
    /// In Kalshi's habit.
    pub kalshi: Listing,
    /// In Polymarket's habit.
    pub polymarket: Listing,
    /// What was changed.
    pub change: Change,
}

const GIVEN: &[&str] =
    &["Ada", "Boris", "Clara", "Dorian", "Edith", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Katya", "Lionel"];
const FAMILY: &[&str] = &[
    "Abernathy",
    "Bellweather",
    "Castellan",
    "Dunmore",
    "Eastlake",
    "Fairbourne",
    "Gallowglass",
    "Hartwell",
    "Ironside",
    "Jessamine",
    "Kingsley",
    "Lockridge",
    "Merriweather",
    "Northcote",
    "Oakhurst",
    "Pemberton",
    "Quillfeather",
    "Ravensworth",
];
const STATES: &[&str] = &["Ohio", "Texas", "Oregon", "Kansas", "Maine", "Utah", "Iowa", "Nevada", "Vermont", "Idaho"];
const CODES: &[&str] = &["OH", "TX", "OR", "KS", "ME", "UT", "IA", "NV", "VT", "ID"];
const COUNTRIES: &[&str] = &["Chile", "Norway", "Kenya", "Japan", "Peru", "Poland", "Ghana", "Nepal"];
const CITIES: &[(&str, &str)] = &[
    ("Boston", "Boston Celtics"),
    ("Denver", "Denver Nuggets"),
    ("Miami", "Miami Heat"),
    ("Phoenix", "Phoenix Suns"),
    ("Chicago", "Chicago Bulls"),
    ("Utah", "Utah Jazz"),
    ("Memphis", "Memphis Grizzlies"),
    ("Orlando", "Orlando Magic"),
];
const MONTHS: &[(&str, &str)] = &[
    ("Jan", "January"),
    ("Feb", "February"),
    ("Mar", "March"),
    ("Apr", "April"),
    ("May", "May"),
    ("Jun", "June"),
    ("Jul", "July"),
    ("Aug", "August"),
    ("Sep", "September"),
    ("Oct", "October"),
    ("Nov", "November"),
    ("Dec", "December"),
];

/// One pair; about half of all carry a change.
pub fn pair(chance: &mut Chance, serial: u64) -> Pair {
    let changed = chance.below(2) == 0;
    let (kalshi, polymarket, change) = match chance.below(6) {
        0 => nomination(chance, changed),
        1 => seat(chance, changed),
        2 => leaving(chance, changed),
        3 => champion(chance, changed),
        4 => seats(chance, changed),
        _ => meeting(chance, changed),
    };
    Pair {
        kalshi: Listing::new(Venue::Kalshi, &format!("KXVARIATION-{serial}"), &kalshi),
        polymarket: Listing {
            outcomes: vec!["Yes".to_owned(), "No".to_owned()],
            ..Listing::new(Venue::Polymarket, &format!("0x{serial:x}"), &polymarket)
        },
        change,
    }
}

fn person(chance: &mut Chance) -> String {
    format!("{} {}", chance.pick(GIVEN), chance.pick(FAMILY))
}

/// Another person than `one`.
fn other_person(chance: &mut Chance, one: &str) -> String {
    loop {
        let two = person(chance);
        if two != one {
            return two;
        }
    }
}

fn nomination(chance: &mut Chance, changed: bool) -> (String, String, Change) {
    let (who, state) = (person(chance), chance.pick(STATES));
    let party = chance.pick(&["Democratic", "Republican"]);
    let second = if changed { other_person(chance, &who) } else { who.clone() };
    (
        format!("Will {who} be the {party} nominee for the Senate in {state}?"),
        format!("Will {second} be the {party} nominee for Senate in {state}?"),
        if changed { Change::Subject } else { Change::None },
    )
}

fn seat(chance: &mut Chance, changed: bool) -> (String, String, Change) {
    let (code, seat) = (chance.pick(CODES), 1 + chance.below(30));
    let (party, long) =
        [("Democratic", "Democratic Party"), ("Republican", "Republican Party")][chance.below(2) as usize];
    let second = if changed { seat + 1 } else { seat };
    (
        format!("Will {party} win the House race for {code}-{seat}?"),
        format!("Will the {long} win the {code}-{second:02} House seat?"),
        if changed { Change::Subject } else { Change::None },
    )
}

fn leaving(chance: &mut Chance, changed: bool) -> (String, String, Change) {
    let (who, country, year) = (person(chance), chance.pick(COUNTRIES), 2027 + chance.below(3));
    let second = if changed { year + 1 } else { year };
    (
        format!("Will {who} leave President of {country} before Jan 1, {year}?"),
        format!("{who} out as President of {country} by December 31, {}?", second - 1),
        if changed { Change::Date } else { Change::None },
    )
}

fn champion(chance: &mut Chance, changed: bool) -> (String, String, Change) {
    let (city, team) = CITIES[chance.below(CITIES.len() as u64) as usize];
    let year = 2027 + chance.below(6);
    let second = if changed { year + 1 } else { year };
    (
        format!("Will {city} win the {year} Pro Basketball Finals?"),
        format!("Will the {team} win the {second} NBA Finals?"),
        if changed { Change::Year } else { Change::None },
    )
}

fn seats(chance: &mut Chance, changed: bool) -> (String, String, Change) {
    let (party, country, count) = (chance.pick(FAMILY), chance.pick(COUNTRIES), 20 + chance.below(180));
    let year = 2027 + chance.below(3);
    let least = if changed { count + 2 } else { count + 1 };
    (
        format!("Will the {party} Party win more than {count} seats in the {year} {country} election?"),
        format!("Will {party} win at least {least} seats in the {year} {country} election?"),
        if changed { Change::Threshold } else { Change::None },
    )
}

fn meeting(chance: &mut Chance, changed: bool) -> (String, String, Change) {
    let one = person(chance);
    let two = other_person(chance, &one);
    let (short, long) = MONTHS[chance.below(12) as usize];
    let (day, year) = (2 + chance.below(26), 2027 + chance.below(3));
    let last = if changed { day + 1 } else { day };
    (
        format!("Will {one} meet with {two} before {short} {}, {year}?", day + 1),
        format!("Will {two} meet {one} by {long} {last}, {year}?"),
        if changed { Change::Date } else { Change::None },
    )
}

/// A title of a catalogue with its numbers moved, so that a small catalogue becomes a large one of the same kind.
pub fn vary(title: &str, chance: &mut Chance) -> String {
    let mut out = String::with_capacity(title.len() + 4);
    let mut digits = String::new();
    let flush = |digits: &mut String, out: &mut String, chance: &mut Chance| {
        if digits.is_empty() {
            return;
        }
        match digits.parse::<u64>() {
            // Years stay years, days stay days, larger numbers move freely.
            Ok(year @ 2000..=2099) => out.push_str(&(year + chance.below(3)).to_string()),
            Ok(day @ 1..=28) => out.push_str(&((day + chance.below(28)) % 28 + 1).to_string()),
            Ok(value) => out.push_str(&value.saturating_add(chance.below(50)).to_string()),
            Err(_) => out.push_str(digits),
        }
        digits.clear();
    };
    for letter in title.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
        } else {
            flush(&mut digits, &mut out, chance);
            out.push(letter);
        }
    }
    flush(&mut digits, &mut out, chance);
    if chance.below(2) == 0 {
        out.push_str(" - ");
        out.push_str(&person(chance));
    }
    out
}

/// The same title with one of its numbers raised by one: another question, in nearly the same words. `None` without a
/// number.
pub fn another(title: &str, chance: &mut Chance) -> Option<String> {
    let is_digit = |at: usize| title.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let starts: Vec<usize> = (0..title.len()).filter(|at| is_digit(*at) && (*at == 0 || !is_digit(*at - 1))).collect();
    let start = *starts.get(chance.below(starts.len().max(1) as u64) as usize)?;
    let end = (start..title.len()).find(|at| !is_digit(*at)).unwrap_or(title.len());
    let value: u64 = title[start..end].parse().ok()?;
    Some(format!("{}{}{}", &title[..start], value.checked_add(1)?, &title[end..]))
}
