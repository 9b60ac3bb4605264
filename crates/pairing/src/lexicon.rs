//! The words of the field: which phrases mean one thing, which places, teams and names there are.
//!
//! Tables only: each line gives phrases and the concepts they stand for, and says nothing about any market. A phrase
//! that is not here stays a word, and words must be accounted for one by one; a missing line costs recall, never
//! precision. Matching is longest first, on folded words.

use std::collections::HashMap;
use std::sync::OnceLock;

mod concepts;
pub(crate) mod forms;
mod names;
mod places;
mod teams;

pub(crate) use names::{given_names_agree, surname_particle, transliterations};
pub(crate) use teams::{league_of_word, team_by_code, teams_in};

use crate::text::{Kind, Token};

/// In which respect a concept says something. Two different values of one facet are a contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// What happens: win, leave, attend.
    Act,
    /// Which contest or show.
    Competition,
    /// Which prize of it.
    Award,
    /// Which league, or which half of one.
    League,
    /// Which office.
    Office,
    /// Which part of an election: primary, runoff, nomination.
    Stage,
    /// Which party.
    Party,
    /// Which country, state or city.
    Place,
    /// First, second, third.
    Rank,
    /// Which part of a game or contest: first half, map 2, spread, jury vote.
    Part,
    /// What is measured.
    Measure,
    /// Which price.
    Asset,
    /// Women's or men's.
    Division,
    /// A word with several spellings.
    Word,
    /// A person known by several names.
    Person,
    /// The opposite is asked.
    Not,
    /// Says nothing.
    Stop,
}

/// One thing a phrase says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Concept {
    /// In which respect.
    pub facet: Facet,
    /// What.
    pub value: &'static str,
    /// Follows from the phrase without being said: the Stanley Cup is played in the NHL.
    pub implied: bool,
}

struct Phrase {
    rest: Vec<&'static str>,
    concepts: Vec<Concept>,
}

/// The place that a state's code names.
pub(crate) fn state_of_code(code: &str) -> Option<&'static str> {
    places::STATES.iter().find(|(short, _)| short.eq_ignore_ascii_case(code)).map(|(_, place)| *place)
}

/// Single words and the value they stand for; an empty value for words that say nothing.
pub(crate) fn single_words() -> Vec<(&'static str, &'static str)> {
    let mut out = Vec::new();
    for line in concepts::TABLE.lines().chain(places::TABLE.lines()) {
        let Some((phrases, meanings)) = line.split_once('|') else { continue };
        let Some(value) = meanings.split_whitespace().next().and_then(concept) else { continue };
        let words = phrases.split(';').map(str::trim).filter(|phrase| !phrase.contains(' '));
        out.extend(words.map(|word| (word, if value.facet == Facet::Stop { "" } else { value.value })));
    }
    out
}

/// One-word nicknames of teams with their cities; the first league wins where two share one.
pub(crate) fn nicknames() -> impl Iterator<Item = (&'static str, &'static str)> {
    teams::all().iter().filter(|team| !team.nickname.contains(' ')).map(|team| (team.nickname, team.city))
}

/// The phrase table by first word, longest phrase first. Looked up, never iterated, so a hash map is safe here.
pub(crate) struct Lexicon {
    by_first: HashMap<&'static str, Vec<Phrase>>,
}

impl Lexicon {
    /// The one table, built at first use from constants.
    pub(crate) fn get() -> &'static Self {
        static TABLE: OnceLock<Lexicon> = OnceLock::new();
        TABLE.get_or_init(Self::build)
    }

    fn build() -> Self {
        let mut by_first: HashMap<&'static str, Vec<Phrase>> = HashMap::new();
        for line in concepts::TABLE.lines().chain(places::TABLE.lines()) {
            let Some((phrases, meanings)) = line.split_once('|') else { continue };
            let concepts: Vec<Concept> = meanings.split_whitespace().filter_map(concept).collect();
            for phrase in phrases.split(';') {
                let mut words = phrase.split_whitespace();
                let Some(first) = words.next() else { continue };
                let rest: Vec<&'static str> = words.collect();
                by_first.entry(first).or_default().push(Phrase { rest, concepts: concepts.clone() });
            }
        }
        for phrases in by_first.values_mut() {
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.rest.len()));
        }
        Self { by_first }
    }

    /// The longest phrase that begins at token `at`: its concepts and how many tokens it takes.
    pub(crate) fn match_at(&self, tokens: &[Token], at: usize) -> Option<(&[Concept], usize)> {
        self.match_free(tokens, at, |_| true)
    }

    /// The same among tokens that are still free: "be at" is no phrase where "at or above" was read.
    pub(crate) fn match_free(
        &self,
        tokens: &[Token],
        at: usize,
        free: impl Fn(usize) -> bool,
    ) -> Option<(&[Concept], usize)> {
        let first = tokens.get(at).filter(|token| speaks(token))?;
        self.by_first.get(first.text.as_str())?.iter().find_map(|phrase| {
            let mut next = at + 1;
            for word in &phrase.rest {
                // A hyphen, slash or quote inside a phrase changes nothing.
                while tokens
                    .get(next)
                    .is_some_and(|token| matches!(token.kind, Kind::Mark('-' | '/' | '"' | '.' | '\'')))
                {
                    next += 1;
                }
                if !tokens.get(next).is_some_and(|token| speaks(token) && token.text == *word) || !free(next) {
                    return None;
                }
                next += 1;
            }
            Some((phrase.concepts.as_slice(), next - at))
        })
    }
}

fn speaks(token: &Token) -> bool {
    match token.kind {
        Kind::Word => true,
        Kind::Number(number) => number.unit.is_none() && !number.or_more,
        Kind::Season(_) | Kind::Clock(_) | Kind::IsoDate(..) | Kind::District(_) | Kind::Mark(_) => false,
    }
}

fn concept(text: &'static str) -> Option<Concept> {
    let (implied, text) = text.strip_prefix('~').map_or((false, text), |rest| (true, rest));
    let (facet, value) = text.split_once(':').unwrap_or((text, ""));
    let facet = match facet {
        "act" => Facet::Act,
        "comp" => Facet::Competition,
        "award" => Facet::Award,
        "league" => Facet::League,
        "office" => Facet::Office,
        "stage" => Facet::Stage,
        "party" => Facet::Party,
        "place" => Facet::Place,
        "rank" => Facet::Rank,
        "part" => Facet::Part,
        "measure" => Facet::Measure,
        "asset" => Facet::Asset,
        "div" => Facet::Division,
        "word" => Facet::Word,
        "person" => Facet::Person,
        "not" => Facet::Not,
        "stop" => Facet::Stop,
        _ => return None,
    };
    Some(Concept { facet, value, implied })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokens;

    #[test]
    fn the_longest_phrase_wins() {
        let tokens = tokens("National League Championship Series");
        let (concepts, length) = Lexicon::get().match_at(&tokens, 0).expect("a phrase");
        assert_eq!((concepts[0].value, length), ("nlcs", 4));
    }

    #[test]
    fn every_line_of_the_tables_is_read() {
        for line in concepts::TABLE.lines().chain(places::TABLE.lines()).filter(|line| !line.trim().is_empty()) {
            let (_, meanings) = line.split_once('|').expect("a bar");
            assert!(meanings.split_whitespace().count() > 0, "{line}");
            assert!(meanings.split_whitespace().all(|one| concept(one).is_some()), "{line}");
        }
    }
}
