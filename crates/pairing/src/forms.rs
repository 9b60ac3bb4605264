//! Standing forms, fitted to sentences. The forms themselves are in the lexicon.

use std::collections::HashSet;
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
        self.step(0, words, 0, whole, &mut HashSet::new())
    }

    /// Whether the parts from `part` on fit the words from `at` on. `failed` keeps what was tried, so that no form takes
    /// longer than its length times the sentence's.
    fn step(
        &self,
        part: usize,
        words: &[&str],
        at: usize,
        whole: bool,
        failed: &mut HashSet<(usize, usize)>,
    ) -> Option<usize> {
        let Some(next) = self.0.get(part) else { return (!whole || at == words.len()).then_some(at) };
        if failed.contains(&(part, at)) {
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
        if found.is_none() {
            failed.insert((part, at));
        }
        found
    }
}

struct Forms {
    sources: Vec<Form>,
    sentences: Vec<Form>,
    phrases: Vec<Form>,
    turns: HashSet<&'static str>,
}

fn table() -> &'static Forms {
    static TABLE: OnceLock<Forms> = OnceLock::new();
    TABLE.get_or_init(|| {
        let forms = |lines: &'static str| lines.lines().filter(|line| !line.is_empty()).map(Form::parse).collect();
        Forms {
            sources: forms(forms::SOURCES),
            sentences: forms(forms::SENTENCES),
            phrases: forms(forms::PHRASES),
            turns: forms::TURNS.split_whitespace().collect(),
        }
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
    let fits = |forms: &[Form]| forms.iter().any(|form| form.fits(&words, true).is_some());
    if fits(&table().sources) {
        return Some(Standing::Source);
    }
    fits(&table().sentences).then_some(Standing::Plain)
}

/// The tokens of a sentence that no phrase takes, marks left out.
pub(crate) fn outside_phrases(tokens: &[Token], taken: impl Fn(usize) -> bool) -> Vec<usize> {
    let places = places(tokens);
    let words: Vec<&str> = places.iter().map(|at| tokens[*at].text.as_str()).collect();
    let mut left = Vec::new();
    let mut at = 0;
    while at < places.len() {
        let most = table().phrases.iter().filter_map(|form| form.fits(&words[at..], false)).max().unwrap_or(0);
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
