//! One question, token by token: times, ranges, teams, phrases, and what is left.

use crate::calendar::When;
use crate::contract::{Certainty, Concept, Facet, Field, Role, Source, Span, Time, Word};
use crate::lexicon::{self, Lexicon};
use crate::range::{self, Range};
use crate::text::{Kind, Token};

/// What one text says.
pub(super) struct Reading {
    pub(super) concepts: Vec<Field<Concept>>,
    pub(super) words: Vec<Field<Word>>,
    pub(super) districts: Vec<Field<(&'static str, u8)>>,
    pub(super) teams: Vec<Field<(&'static str, &'static str)>>,
    pub(super) range: Option<Field<Range>>,
    pub(super) times: Vec<Field<Time>>,
    pub(super) negated: bool,
}

/// Verbs whose two sides differ: who does it, and to whom.
const SIDED: &[&str] = &[
    "endorse", "replace", "feature", "beat", "pardon", "fire", "sue", "nominate", "appoint", "impeach", "acquire",
    "ban", "charge", "vote", "leave",
];

const RANKS: &[&str] = &[
    "", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
];

/// Numbers in words, from two on.
const NUMBERS: &[&str] = &["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

impl Reading {
    /// Reads `tokens`; `free` says which are not already taken.
    pub(super) fn of(
        tokens: &[Token],
        source: Source,
        league: Option<&'static str>,
        free: impl Fn(usize) -> bool,
    ) -> Self {
        let mut taken: Vec<bool> = (0..tokens.len()).map(|at| !free(at)).collect();
        let span = |from: usize, to: usize| Span::new(source, tokens[from].start, tokens[to - 1].end);
        let mut reading = Self {
            concepts: Vec::new(),
            words: Vec::new(),
            districts: Vec::new(),
            teams: Vec::new(),
            range: None,
            times: Vec::new(),
            negated: false,
        };
        for one in crate::calendar::find(tokens, &free) {
            taken[one.from..one.to].fill(true);
            reading.times.push(Field {
                value: Time {
                    when: one.when,
                    whole: one.whole,
                    start: one.start,
                    clock: one.clock,
                    zone: one.zone,
                    hold: one.hold,
                },
                span: span(one.from, one.to),
                certainty: Certainty::Stated,
            });
        }
        for one in range::find(tokens, |at| !taken[at]) {
            taken[one.from..one.to].fill(true);
            let field = Field { value: one.range, span: span(one.from, one.to), certainty: Certainty::Stated };
            if reading.range.is_none() {
                reading.range = Some(field);
            } else {
                // A second range qualifies the first ("5 earthquakes of magnitude 6.5 or higher"): met word by word.
                let value = Word { text: one.range.to_string(), name: true, role: Role::Free, place: one.from as u16 };
                reading.words.push(Field { value, span: field.span, certainty: Certainty::Stated });
            }
        }
        if let Some(league) = league {
            for one in lexicon::teams_in(tokens, league, true) {
                if (one.from..one.to).all(|at| !taken[at]) {
                    taken[one.from..one.to].fill(true);
                    reading.teams.push(Field {
                        value: (one.team.league, one.team.code()),
                        span: span(one.from, one.to),
                        certainty: Certainty::Stated,
                    });
                }
            }
        }
        reading.phrases(tokens, source, &mut taken);
        reading
    }

    fn phrases(&mut self, tokens: &[Token], source: Source, taken: &mut [bool]) {
        let lexicon = Lexicon::get();
        let mut verb: Option<(usize, usize)> = None;
        let mut left: Vec<usize> = Vec::new();
        let mut persons: Vec<(usize, &'static str, Span)> = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            if taken[at] {
                at += 1;
                continue;
            }
            let token = &tokens[at];
            if let Some((concepts, length)) = lexicon.match_free(tokens, at, |at| !taken[at]) {
                let span = Span::new(source, token.start, tokens[at + length - 1].end);
                for concept in concepts {
                    match concept.facet {
                        Facet::Stop => {}
                        Facet::Not => self.negated = !self.negated,
                        // A person known by several names is one word, with its side of the verb like any other.
                        Facet::Person => persons.push((at, concept.value, span)),
                        Facet::Act
                        | Facet::Competition
                        | Facet::Award
                        | Facet::League
                        | Facet::Office
                        | Facet::Stage
                        | Facet::Party
                        | Facet::Place
                        | Facet::Rank
                        | Facet::Part
                        | Facet::Measure
                        | Facet::Asset
                        | Facet::Division
                        | Facet::Word => {
                            // "Out as" and "no longer" have no second side.
                            let sided = concept.value != "leave" || matches!(token.text.as_str(), "leave" | "leaves");
                            if concept.facet == Facet::Act && sided && SIDED.contains(&concept.value) {
                                verb.get_or_insert((at, length));
                            }
                            self.say(*concept, span);
                        }
                    }
                }
                at += length;
                continue;
            }
            match token.kind {
                Kind::District(seat) => {
                    let span = Span::new(source, token.start, token.end);
                    match lexicon::state_of_code(&token.text) {
                        Some(state) => {
                            self.districts.push(Field { value: (state, seat), span, certainty: Certainty::Stated });
                        }
                        None => left.push(at),
                    }
                }
                Kind::Number(number) if number.ordinal => {
                    let rank = number.value.to_whole().and_then(|rank| RANKS.get(usize::try_from(rank).ok()?));
                    match rank.filter(|rank| !rank.is_empty()) {
                        Some(value) => {
                            let span = Span::new(source, token.start, token.end);
                            self.say(Concept { facet: Facet::Rank, value, implied: false }, span);
                        }
                        None => left.push(at),
                    }
                }
                Kind::Word | Kind::Number(_) | Kind::Season(_) | Kind::IsoDate(..) | Kind::Clock(_) => left.push(at),
                Kind::Mark(_) => {}
            }
            at += 1;
        }
        for (at, name, span) in persons {
            let role = verb.map_or(Role::Free, |verb| role(tokens, verb, at));
            let value = Word { text: name.to_owned(), name: true, role, place: at as u16 };
            self.words.push(Field { value, span, certainty: Certainty::Stated });
        }
        // "Israel x Iran": a mark between two names, not a name.
        let crossed = |at: usize| {
            let capital = |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.capital);
            tokens[at].is_word("x") && !tokens[at].capital && capital(at.checked_sub(1)) && capital(Some(at + 1))
        };
        // Hours and zones were read with the day that they stand beside.
        let hour = |at: usize| {
            let clock = |at: usize| matches!(tokens[at].kind, Kind::Clock(_));
            clock(at) || at > 0 && clock(at - 1) && crate::calendar::zone(&tokens[at].text).is_some()
        };
        // Of a year no hour is compared: there it stays a word.
        let timed = self.times.iter().any(|time| {
            let day = matches!(time.value.when, When::On(_) | When::Until(_) | When::Days(..));
            day && time.value.clock.is_some()
        });
        for at in left.into_iter().filter(|at| !(crossed(*at) || timed && hour(*at))) {
            let role = verb.map_or(Role::Free, |verb| role(tokens, verb, at));
            let mut word = super::word(&tokens[at], source, at as u16, role);
            if let Some(number) = tokens[at].number() {
                let minus = at > 0 && range::is_minus(tokens, at - 1);
                let value = if minus { number.value.negated() } else { number.value };
                word.value.text = value.to_string();
            } else if let Some(number) = NUMBERS.iter().position(|name| tokens[at].is_word(name)) {
                word.value.text = (number + 2).to_string();
                word.value.name = true;
            }
            self.words.push(word);
        }
    }

    fn say(&mut self, value: Concept, span: Span) {
        if !self.concepts.iter().any(|one| one.value == value) {
            self.concepts.push(Field { value, span, certainty: Certainty::Stated });
        }
    }
}

/// The side of the verb on which token `at` stands.
fn role(tokens: &[Token], (verb, length): (usize, usize), at: usize) -> Role {
    let first = &tokens[verb];
    let before = verb.checked_sub(1).map_or("", |at| tokens[at].text.as_str());
    let passive = matches!(first.text.as_str(), "be" | "get")
        || matches!(before, "be" | "is" | "been" | "get" | "gets" | "was" | "are")
        || first.text.ends_with("ed");
    let agent_from = tokens[verb + length..].iter().position(|token| token.is_word("by")).map(|by| verb + length + by);
    match (passive, at < verb, agent_from) {
        (false, true, _) => Role::Agent,
        (false, false, _) | (true, true, _) => Role::Patient,
        (true, false, Some(by)) if at > by => Role::Agent,
        (true, false, _) => Role::Free,
    }
}
