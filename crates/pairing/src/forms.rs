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
    fn fits(&self, words: &[&str], whole: bool) -> Option<usize> {
        let mut failed = vec![false; (self.0.len() + 1) * (words.len() + 1)];
        self.step(0, words, 0, whole, &mut failed)
    }

    /// Whether the parts from `part` on fit the words from `at` on. `failed` keeps what was tried, so that no form takes
    /// longer than its length times the sentence's.
    fn step(&self, part: usize, words: &[&str], at: usize, whole: bool, failed: &mut [bool]) -> Option<usize> {
        let Some(next) = self.0.get(part) else { return (!whole || at == words.len()).then_some(at) };
        let place = part * (words.len() + 1) + at;
        if failed[place] {
            return None;
        }
        let found = match next {
            Part::Word { any, needed } => {
                let here = words.get(at).is_some_and(|word| any.contains(word));
                let taken = if here { self.step(part + 1, words, at + 1, whole, failed) } else { None };
                taken.or_else(|| if *needed { None } else { self.step(part + 1, words, at, whole, failed) })
            }
            Part::Star { needed } => {
                let free = words[at..].iter().take(STAR).take_while(|word| !turns(word)).count();
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
    fn longest(&self, words: &[&str], whole: bool) -> Option<usize> {
        let named = words.first().and_then(|word| self.by_first.get(word)).into_iter().flatten();
        named.chain(&self.any).filter_map(|at| self.all[*at].fits(words, whole)).max()
    }
}

struct Table {
    sources: Forms,
    sentences: Forms,
    phrases: Forms,
    turns: BTreeSet<&'static str>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table {
        sources: Forms::of(forms::SOURCES),
        sentences: Forms::of(forms::SENTENCES),
        phrases: Forms::of(forms::PHRASES),
        turns: forms::TURNS.split_whitespace().collect(),
    })
}

/// Whether a word turns, bounds or splits the sentence it stands in.
pub(crate) fn turns(word: &str) -> bool {
    table().turns.contains(word)
}

/// The places of the tokens that are words, numbers or times, without marks and the names of HTML tags.
fn places(tokens: &[Token]) -> Vec<usize> {
    let tag = |at: usize| {
        let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
        let opened = before(1).is_some_and(|token| token.is_mark('<'))
            || before(1).is_some_and(|token| token.is_mark('/')) && before(2).is_some_and(|token| token.is_mark('<'));
        opened && matches!(tokens[at].text.as_str(), "p" | "br" | "li" | "ul" | "ol" | "b" | "i" | "strong" | "em")
    };
    (0..tokens.len()).filter(|at| !matches!(tokens[*at].kind, Kind::Mark(_)) && !tag(*at)).collect()
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
    let words: Vec<&str> = places(tokens).into_iter().map(|at| tokens[at].text.as_str()).collect();
    if words.is_empty() {
        return Some(Standing::Plain);
    }
    if table().sources.longest(&words, true).is_some() {
        return Some(Standing::Source);
    }
    table().sentences.longest(&words, true).map(|_| Standing::Plain)
}

/// The tokens of a sentence that no phrase takes, marks left out.
pub(crate) fn outside_phrases(tokens: &[Token], taken: impl Fn(usize) -> bool) -> Vec<usize> {
    let places = places(tokens);
    let words: Vec<&str> = places.iter().map(|at| tokens[*at].text.as_str()).collect();
    let mut left = Vec::new();
    let mut at = 0;
    while at < places.len() {
        let most = table().phrases.longest(&words[at..], false).unwrap_or(0);
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
