//! Standing forms, fitted to sentences. The forms themselves are in the lexicon.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::lexicon::forms;
use crate::text::{Kind, Token};

/// The greatest number of words that a star stands for.
const STAR: usize = 32;

enum Part {
    /// One of these words, or none of them when `needed` is false.
    Word { any: Vec<&'static str>, needed: bool },
    /// Up to [`STAR`] words that turn nothing; at least one when `needed`.
    Star { needed: bool },
}

/// A word of a sentence, and whether a star may stand for it: a name, a number, a date, or one of [`forms::BESIDE`].
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    names: bool,
}

impl<'a> Word<'a> {
    fn of(token: &'a Token) -> Self {
        let text = token.text.as_str();
        let beside = token.capital || token.kind != Kind::Word || table().beside.contains(text);
        Self { text, names: beside && !turns(text) }
    }
}

/// One form.
struct Form(Vec<Part>);

impl Form {
    fn parse(line: &'static str) -> Self {
        let part = |word: &'static str| {
            let (word, needed) = word.strip_prefix('?').map_or((word, true), |rest| (rest, false));
            if word == "*" { Part::Star { needed } } else { Part::Word { any: word.split('|').collect(), needed } }
        };
        Self(line.split_whitespace().map(part).collect())
    }

    /// How many words the form takes from the beginning of `words`, the most there are.
    fn fits(&self, words: &[Word<'_>], whole: bool) -> Option<usize> {
        let mut failed = vec![false; (self.0.len() + 1) * (words.len() + 1)];
        self.step(0, words, 0, whole, &mut failed)
    }

    /// Whether the parts from `part` on fit the words from `at` on. `failed` keeps what was tried, so that no form takes
    /// longer than its length times the sentence's.
    fn step(&self, part: usize, words: &[Word<'_>], at: usize, whole: bool, failed: &mut [bool]) -> Option<usize> {
        let Some(next) = self.0.get(part) else { return (!whole || at == words.len()).then_some(at) };
        let place = part * (words.len() + 1) + at;
        if failed[place] {
            return None;
        }
        let found = match next {
            Part::Word { any, needed } => {
                let here = words.get(at).is_some_and(|word| any.contains(&word.text));
                let taken = if here { self.step(part + 1, words, at + 1, whole, failed) } else { None };
                taken.or_else(|| if *needed { None } else { self.step(part + 1, words, at, whole, failed) })
            }
            Part::Star { needed } => {
                let free = words[at..].iter().take(STAR).take_while(|word| word.names).count();
                (usize::from(*needed)..=free).find_map(|taken| self.step(part + 1, words, at + taken, whole, failed))
            }
        };
        failed[place] = found.is_none();
        found
    }

    /// The words it can begin with; `None` when it can begin with any.
    fn begins(&self) -> Option<Vec<&'static str>> {
        let mut all = Vec::new();
        for part in &self.0 {
            match part {
                Part::Star { .. } => return None,
                Part::Word { any, needed } => {
                    all.extend(any);
                    if *needed {
                        return Some(all);
                    }
                }
            }
        }
        None
    }
}

/// Forms by the word they begin with.
struct Forms {
    all: Vec<Form>,
    by_first: BTreeMap<&'static str, Vec<usize>>,
    /// Those that begin with any word.
    any: Vec<usize>,
}

impl Forms {
    fn of(lines: &'static str) -> Self {
        let all: Vec<Form> = lines.lines().filter(|line| !line.is_empty()).map(Form::parse).collect();
        let (mut by_first, mut any) = (BTreeMap::<&str, Vec<usize>>::new(), Vec::new());
        for (at, form) in all.iter().enumerate() {
            match form.begins() {
                Some(words) => words.into_iter().for_each(|word| by_first.entry(word).or_default().push(at)),
                None => any.push(at),
            }
        }
        Self { all, by_first, any }
    }

    /// How many words the longest form that fits takes from the beginning.
    fn longest(&self, words: &[Word<'_>], whole: bool) -> Option<usize> {
        let named = words.first().and_then(|word| self.by_first.get(word.text)).into_iter().flatten();
        named.chain(&self.any).filter_map(|at| self.all[*at].fits(words, whole)).max()
    }
}

struct Table {
    sources: Forms,
    sentences: Forms,
    phrases: Forms,
    leaving: Forms,
    turns: BTreeSet<&'static str>,
    beside: BTreeSet<&'static str>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table {
        sources: Forms::of(forms::SOURCES),
        sentences: Forms::of(forms::SENTENCES),
        phrases: Forms::of(forms::PHRASES),
        leaving: Forms::of(forms::LEAVING),
        turns: forms::TURNS.split_whitespace().collect(),
        beside: forms::BESIDE.split_whitespace().collect(),
    })
}

/// Whether a word turns, bounds or splits the sentence it stands in.
pub(crate) fn turns(word: &str) -> bool {
    table().turns.contains(word)
}

/// The places of the tokens that are words, numbers or times, without marks, web addresses and the names of HTML tags.
fn places(tokens: &[Token]) -> Vec<usize> {
    let tag = |at: usize| {
        let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
        let opened = before(1).is_some_and(|token| token.is_mark('<'))
            || before(1).is_some_and(|token| token.is_mark('/')) && before(2).is_some_and(|token| token.is_mark('<'));
        opened && matches!(tokens[at].text.as_str(), "p" | "br" | "li" | "ul" | "ol" | "b" | "i" | "strong" | "em")
    };
    let mut places = Vec::with_capacity(tokens.len());
    let mut address = false;
    for (at, token) in tokens.iter().enumerate() {
        let touches = at > 0 && tokens[at - 1].end == token.start;
        address = address && touches || matches!(token.text.as_str(), "http" | "https" | "www");
        if !address && !matches!(token.kind, Kind::Mark(_)) && !tag(at) {
            places.push(at);
        }
    }
    places
}

/// What a standing sentence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing that the families' own comparisons do not read already.
    Plain,
    /// Where the result comes from.
    Source,
}

/// The standing form that a whole sentence is, if any.
pub(crate) fn standing(tokens: &[Token]) -> Option<Standing> {
    let words: Vec<Word<'_>> = places(tokens).into_iter().map(|at| Word::of(&tokens[at])).collect();
    if words.is_empty() {
        return Some(Standing::Plain);
    }
    if table().sources.longest(&words, true).is_some() {
        return Some(Standing::Source);
    }
    table().sentences.longest(&words, true).map(|_| Standing::Plain)
}

/// The tokens of a sentence that no phrase takes, marks left out; with `leaves` those of leaving an office too.
pub(crate) fn outside_phrases(tokens: &[Token], leaves: bool, taken: impl Fn(usize) -> bool) -> Vec<usize> {
    let places = places(tokens);
    let words: Vec<Word<'_>> = places.iter().map(|at| Word::of(&tokens[*at])).collect();
    let mut left = Vec::new();
    let mut at = 0;
    while at < places.len() {
        let own = if leaves { table().leaving.longest(&words[at..], false) } else { None };
        let most = table().phrases.longest(&words[at..], false).max(own).unwrap_or(0);
        if most == 0 {
            if !taken(places[at]) {
                left.push(places[at]);
            }
            at += 1;
        } else {
            at += most;
        }
    }
    left
}
