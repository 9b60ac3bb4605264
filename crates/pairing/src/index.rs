//! Candidates by inverted index: which contracts share the rare things.
//!
//! Every contract is known under keys: each typed value and word, and each pair of them. Pairs are what makes names,
//! dates and strikes rare: "July" and "4" are common, "July 4" is not. A query looks at the lists of its rare keys and
//! adds up their weights; it never walks all contracts. What comes out is a nomination, and proves nothing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::calendar::{self, When};
use crate::contract::{Contract, Facet};
use crate::lexicon;
use crate::range::{Bound, Range};

/// A nominated contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The place in the index, in the order of adding, from 0.
    pub slot: u32,
    /// Weight of what is shared; only good for ordering.
    pub score: u32,
}

/// Lists longer than this say too little to be walked, unless no shorter one hits.
const LONG: usize = 256;
/// Most list entries that one query touches.
const BUDGET: usize = 1_024;
/// Most keys of one contract; more words than this are no title.
const MOST_SINGLES: usize = 24;

/// Keys are hashes already.
#[derive(Clone, Copy, Default)]
struct Keep(u64);

impl Hasher for Keep {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(bytes);
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// FNV-1a with a final mix, so that the low bits are as good as the high ones.
fn hash(bytes: &[u8]) -> u64 {
    mix(bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |state: u64, byte| (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)))
}

const fn mix(mut value: u64) -> u64 {
    value ^= value >> 32;
    value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value ^ (value >> 29)
}

/// Contracts under one key. Most keys have one.
#[derive(Clone, Debug)]
enum List {
    One(u32),
    Many(Vec<u32>),
}

impl List {
    fn slots(&self) -> &[u32] {
        match self {
            Self::One(slot) => std::slice::from_ref(slot),
            Self::Many(slots) => slots,
        }
    }
}

/// Reusable room for queries, so that none allocates.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    scores: Vec<u32>,
    touched: Vec<u32>,
    keys: Vec<u64>,
    /// List entries walked by all queries so far.
    pub walked: u64,
}

#[derive(Clone, Debug, Default)]
struct Postings {
    lists: HashMap<u64, List, BuildHasherDefault<Keep>>,
    count: u32,
}

impl Postings {
    fn add(&mut self, keys: &[u64]) -> u32 {
        let slot = self.count;
        self.count += 1;
        for key in keys {
            self.lists
                .entry(*key)
                .and_modify(|list| match list {
                    List::One(first) => *list = List::Many(vec![*first, slot]),
                    List::Many(slots) => slots.push(slot),
                })
                .or_insert(List::One(slot));
        }
        slot
    }

    /// The `most` best contracts, best first, the earlier added first among equals.
    fn best(&self, most: usize, scratch: &mut Scratch) -> Vec<Candidate> {
        let Scratch { scores, touched, keys, walked } = scratch;
        scores.resize(self.count as usize, 0);
        // Rarest first, so that the budget goes to what says most.
        let mut lists: Vec<&[u32]> = keys.iter().filter_map(|key| self.lists.get(key).map(List::slots)).collect();
        lists.sort_unstable_by_key(|slots| slots.len());
        let mut budget = BUDGET;
        for slots in lists {
            if budget == 0 || slots.len() > LONG && !touched.is_empty() {
                break;
            }
            let weight = (self.count / slots.len() as u32).max(1).ilog2() + 1;
            for slot in slots.iter().take(budget) {
                let score = &mut scores[*slot as usize];
                if *score == 0 {
                    touched.push(*slot);
                }
                *score += weight;
            }
            *walked += slots.len().min(budget) as u64;
            budget = budget.saturating_sub(slots.len());
        }
        let mut found: Vec<Candidate> =
            touched.iter().map(|slot| Candidate { slot: *slot, score: scores[*slot as usize] }).collect();
        for slot in touched.drain(..) {
            scores[slot as usize] = 0;
        }
        let order = |one: &Candidate, two: &Candidate| two.score.cmp(&one.score).then(one.slot.cmp(&two.slot));
        if found.len() > most && most > 0 {
            found.select_nth_unstable_by(most - 1, order);
            found.truncate(most);
        }
        found.sort_unstable_by(order);
        found
    }
}

/// Adds to `keys` the key of every pair of them, after the sorted single keys, and tells how many those are. Pairs have
/// no order.
fn with_pairs(keys: &mut Vec<u64>) -> usize {
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(MOST_SINGLES);
    let singles = keys.len();
    for one in 0..singles {
        for two in one + 1..singles {
            keys.push(mix(keys[one].rotate_left(17) ^ keys[two]));
        }
    }
    singles
}

/// An index of contracts, usually those of one venue.
#[derive(Clone, Debug, Default)]
pub struct Index {
    postings: Postings,
}

impl Index {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many contracts it holds.
    pub const fn len(&self) -> usize {
        self.postings.count as usize
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.postings.count == 0
    }

    /// Adds a contract and gives its slot: 0 for the first, then one more each time.
    pub fn add(&mut self, contract: &Contract) -> u32 {
        let mut keys = Vec::with_capacity(64);
        contract_keys(contract, &mut keys);
        self.postings.add(&keys)
    }

    /// At most 16 contracts that share the most and the rarest with `contract`, best first.
    pub fn candidates(&self, contract: &Contract) -> Vec<Candidate> {
        self.candidates_with(contract, 16, &mut Scratch::default())
    }

    /// At most `most` candidates, in reused room.
    pub fn candidates_with(&self, contract: &Contract, most: usize, scratch: &mut Scratch) -> Vec<Candidate> {
        scratch.keys.clear();
        contract_keys(contract, &mut scratch.keys);
        self.postings.best(most, scratch)
    }
}

/// The keys of a contract: what it is about, not how it is put. Acts and thresholds are left out of the pairs' partners
/// no more than names; a contract with few of them is found by what it has.
fn contract_keys(contract: &Contract, keys: &mut Vec<u64>) {
    for field in &contract.concepts {
        if field.value.facet != Facet::Act || contract.words.is_empty() {
            keys.push(hash(field.value.value.as_bytes()));
        }
    }
    for word in &contract.words {
        let text = word.value.text.as_str();
        keys.push(hash(if word.value.name { text } else { crate::compare::stem(text) }.as_bytes()));
    }
    for team in &contract.teams {
        keys.push(mix(hash(team.value.0.as_bytes()) ^ hash(team.value.1.as_bytes())));
    }
    for seat in &contract.districts {
        keys.push(mix(hash(seat.value.0.as_bytes()).wrapping_add(u64::from(seat.value.1))));
    }
    if let Some(game) = &contract.game {
        for side in &game.sides {
            match side.team {
                Some((league, code)) => keys.push(mix(hash(league.as_bytes()) ^ hash(code.as_bytes()))),
                None => keys.extend(side.words.iter().map(|word| hash(word.as_bytes()))),
            }
        }
        if let Some(day) = game.day {
            keys.push(day_key(day.value.month, day.value.day));
        }
    }
    if let Some(range) = contract.range {
        range_keys(range.value, keys);
    }
    let mut years = Vec::new();
    for time in &contract.times {
        let when = time.value.when;
        match when {
            When::On(day) | When::Until(day) | When::Days(day, _) => keys.push(day_key(day.month, day.day)),
            When::Month(_, month) => keys.push(day_key(month, 0)),
            // A season goes by the year in which it begins, or by that of its champion.
            When::Season(year) => years.push(year_key(year.saturating_add(1))),
            When::Quarter(..) | When::Year(_) => {}
        }
        years.extend(when.year().map(year_key));
    }
    let singles = with_pairs(keys);
    years.sort_unstable();
    years.dedup();
    // A year alone nominates nobody: it tells editions of one thing apart.
    for year in years {
        for at in 0..singles {
            keys.push(mix(keys[at].rotate_left(17) ^ year));
        }
    }
}

/// The keys of a range: "more than 109" and "at least 110" have one in common, and so have "80 or higher" and its
/// complement "below 80". What is no whole number is a key of its own too.
fn range_keys(range: Range, keys: &mut Vec<u64>) {
    const ONE: i128 = 1_000_000;
    let key = |value: i128| mix(0x00b0_0000 ^ value as u64);
    let mut exact = |bound: Bound| {
        let value = bound.value.micros();
        if value.rem_euclid(ONE) != 0 {
            keys.push(key(value));
        }
    };
    range.low.into_iter().chain(range.high).for_each(&mut exact);
    if let Some(low) = range.low {
        let value = low.value.micros();
        let whole = value.rem_euclid(ONE) == 0;
        let first = value.div_euclid(ONE) + i128::from(!whole || !low.included);
        keys.push(key(first * ONE));
    }
    if let Some(high) = range.high {
        let value = high.value.micros();
        let whole = value.rem_euclid(ONE) == 0;
        let last = value.div_euclid(ONE) - i128::from(whole && !high.included);
        keys.push(key(last * ONE));
        if range.low.is_none() {
            keys.push(key((last + 1) * ONE));
        }
    }
}

fn year_key(year: u16) -> u64 {
    mix(0x0079_6561_7200 + u64::from(year))
}

fn day_key(month: u8, day: u8) -> u64 {
    mix(0x00da_7e00 + u64::from(month) * 64 + u64::from(day))
}

/// An index of bare titles, for catalogues of which only titles are known. Lighter than [`Index`]: it splits words and
/// knows single-word synonyms, months and nicknames of teams, and reads nothing else.
#[derive(Clone, Debug)]
pub struct TextIndex {
    postings: Postings,
    /// The single keys of every title, one after the other, and where each title's begin.
    singles: Vec<u64>,
    starts: Vec<u32>,
    /// The first key of every title as written: who comes first.
    firsts: Vec<u64>,
    synonyms: HashMap<u64, [u64; 2], BuildHasherDefault<Keep>>,
}

impl Default for TextIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl TextIndex {
    /// An empty index.
    pub fn new() -> Self {
        let mut synonyms: HashMap<u64, [u64; 2], BuildHasherDefault<Keep>> = HashMap::default();
        for (word, value) in lexicon::single_words() {
            synonyms.insert(hash(word.as_bytes()), [if value.is_empty() { 0 } else { hash(value.as_bytes()) }, 0]);
        }
        for (nickname, city) in lexicon::nicknames() {
            let mut words = city.split(' ').map(|word| hash(word.as_bytes()));
            let pair = [words.next().unwrap_or(0), words.next().unwrap_or(0)];
            synonyms.entry(hash(nickname.as_bytes())).or_insert(pair);
        }
        Self { postings: Postings::default(), singles: Vec::new(), starts: vec![0], firsts: Vec::new(), synonyms }
    }

    /// Adds a title and gives its slot.
    pub fn add(&mut self, title: &str) -> u32 {
        let mut keys = Vec::with_capacity(96);
        let (first, singles) = self.keys(title, &mut keys);
        self.singles.extend_from_slice(&keys[..singles]);
        self.starts.push(self.singles.len() as u32);
        self.firsts.push(first);
        self.postings.add(&keys)
    }

    /// At most `most` titles that share the most with `title`, best first.
    ///
    /// The lists nominate; the nominated are then ordered by the share of their keys that is common, and among equals
    /// by whether the same name comes first.
    pub fn best(&self, title: &str, most: usize, scratch: &mut Scratch) -> Vec<Candidate> {
        let mut keys = std::mem::take(&mut scratch.keys);
        keys.clear();
        let (first, singles) = self.keys(title, &mut keys);
        scratch.keys = keys;
        let mut found = self.postings.best(most.max(24), scratch);
        let own = &scratch.keys[..singles];
        for candidate in &mut found {
            let slot = candidate.slot as usize;
            let other = &self.singles[self.starts[slot] as usize..self.starts[slot + 1] as usize];
            let shared = shared(own, other);
            let all = own.len() + other.len() - shared;
            candidate.score = (shared * 1_000 / all.max(1)) as u32 * 2 + u32::from(self.firsts[slot] == first);
        }
        found.sort_unstable_by(|one, two| two.score.cmp(&one.score).then(one.slot.cmp(&two.slot)));
        found.truncate(most);
        found
    }

    /// The keys of a title: words by their synonyms, numbers without commas, months by number.
    fn keys(&self, title: &str, keys: &mut Vec<u64>) -> (u64, usize) {
        let bytes = title.as_bytes();
        let mut at = 0;
        let mut word = [0_u8; 32];
        while at < bytes.len() {
            let first = bytes[at];
            let digit = first.is_ascii_digit();
            let mut length = 0;
            while at < bytes.len() {
                let byte = bytes[at];
                let part = if digit {
                    byte.is_ascii_digit()
                        || matches!(byte, b',' | b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
                } else {
                    byte.is_ascii_alphabetic() || !byte.is_ascii()
                };
                if !part {
                    break;
                }
                if byte != b',' && length < word.len() {
                    word[length] = byte.to_ascii_lowercase();
                    length += 1;
                }
                at += 1;
            }
            if length == 0 {
                at += 1;
                continue;
            }
            let word = &word[..length];
            let text = std::str::from_utf8(word).unwrap_or("");
            if let Some(month) = calendar::month(text).filter(|_| first.is_ascii_uppercase()) {
                keys.push(day_key(month, 0));
                continue;
            }
            let word = text.strip_suffix("ing").filter(|rest| rest.len() > 3).unwrap_or(text);
            match self.synonyms.get(&hash(word.as_bytes())) {
                Some(values) => keys.extend(values.iter().filter(|value| **value != 0)),
                None if digit || length > 1 => keys.push(hash(text.as_bytes())),
                None => {}
            }
        }
        let first = keys.first().copied().unwrap_or(0);
        (first, with_pairs(keys))
    }
}

/// How many keys two sorted lists have in common.
fn shared(one: &[u64], two: &[u64]) -> usize {
    let (mut left, mut right, mut count) = (0, 0, 0);
    while left < one.len() && right < two.len() {
        match one[left].cmp(&two[right]) {
            std::cmp::Ordering::Less => left += 1,
            std::cmp::Ordering::Greater => right += 1,
            std::cmp::Ordering::Equal => {
                count += 1;
                left += 1;
                right += 1;
            }
        }
    }
    count
}
