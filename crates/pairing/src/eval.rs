//! Scores verdicts against labelled pairs, in the form of `pairs.jsonl`.
//!
//! Only the objects `kalshi` and `polymarket` of a line become listings; label and outcome are kept apart and read
//! after the verdict. Precision is the share of `Same` and `Inverse` verdicts that are right, where a wrong outcome and
//! a match on a pair labelled otherwise are both wrong. Recall is the share of pairs labelled equivalent that came out
//! `Same` with the right outcome, of any basis.

use serde_json::Value;

use crate::listing::{Listing, NoListing, record};
use crate::verdict::{Verdict, verdict};

/// What a person said about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// Same payoff in every ordinary outcome.
    Equivalent,
    /// Same question, but a stated rule can split the two.
    Conditional,
    /// Another question.
    Different,
}

/// What a line says beside the two sides. Never shown to the reader of contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The label.
    pub label: Label,
    /// Whether the pair is labelled as complements.
    pub inverse: bool,
    /// The Polymarket outcome that pays with Kalshi Yes; none on an equivalent pair means Yes.
    pub outcome: Option<String>,
}

/// One labelled pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its place in the file, from 1.
    pub line: usize,
    /// The Kalshi side.
    pub kalshi: Listing,
    /// The Polymarket side.
    pub polymarket: Listing,
    /// The label, kept apart.
    pub answer: Answer,
}

/// A line that is no labelled pair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// The line is no JSON object.
    #[error("line {line}: expected a JSON object: {why}")]
    Json {
        /// From 1.
        line: usize,
        /// What the parser said.
        why: String,
    },
    /// A part is absent or of the wrong kind.
    #[error("line {line}: expected {expected} at `{path}`")]
    Part {
        /// From 1.
        line: usize,
        /// Where.
        path: &'static str,
        /// What should stand there.
        expected: &'static str,
    },
    /// A side is no bet on yes or no.
    #[error("line {line}: {why}")]
    Refused {
        /// From 1.
        line: usize,
        /// Why.
        why: NoListing,
    },
}

/// Reads one line.
///
/// # Errors
/// [`PairError`] when the line is no JSON object, lacks a side, or has a label that is not known.
pub fn parse(line: usize, text: &str) -> Result<Pair, PairError> {
    let value: Value = serde_json::from_str(text).map_err(|error| PairError::Json { line, why: error.to_string() })?;
    let part = |path, expected| PairError::Part { line, path, expected };
    let side = |name: &'static str| value.get(name).and_then(Value::as_object).ok_or_else(|| part(name, "an object"));
    let refused = |error: NoListing| PairError::Refused { line, why: error };
    let label = match value.get("label").and_then(Value::as_str) {
        Some("equivalent") => Label::Equivalent,
        Some("conditional") => Label::Conditional,
        Some("different") => Label::Different,
        _ => return Err(part("label", "equivalent, conditional or different")),
    };
    let inverse = value.get("polarity").and_then(Value::as_str) == Some("inverse");
    let outcome = value.get("polymarket_outcome").and_then(Value::as_str).map(str::to_owned);
    Ok(Pair {
        line,
        kalshi: record::kalshi(side("kalshi")?, None).map_err(refused)?,
        polymarket: record::polymarket(side("polymarket")?, None).map_err(refused)?,
        answer: Answer { label, inverse, outcome },
    })
}

/// The verdict about a pair, with Kalshi first.
pub fn judge(pair: &Pair) -> Verdict {
    verdict(&crate::read(pair.kalshi.clone()), &crate::read(pair.polymarket.clone()))
}

/// How a verdict stands to its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// A match, and right.
    Right,
    /// A match, and wrong: another label, another polarity, or another outcome.
    FalsePair,
    /// An equivalent pair that was not matched.
    Missed,
    /// No match, and none was wanted.
    Quiet,
}

/// Marks a verdict.
pub fn mark(verdict: &Verdict, answer: &Answer) -> Mark {
    let Some(found) = verdict.matched() else {
        return if answer.label == Label::Equivalent { Mark::Missed } else { Mark::Quiet };
    };
    let inverse = matches!(verdict, Verdict::Inverse(_));
    let wanted = answer.outcome.as_deref().unwrap_or(if answer.inverse { "No" } else { "Yes" });
    if answer.label == Label::Equivalent && inverse == answer.inverse && found.outcome.eq_ignore_ascii_case(wanted) {
        Mark::Right
    } else {
        Mark::FalsePair
    }
}

/// One pair that did not come out as labelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// From 1.
    pub line: usize,
    /// What went wrong.
    pub mark: Mark,
    /// Kalshi's title.
    pub kalshi: String,
    /// Polymarket's question.
    pub polymarket: String,
    /// What was said, with its proof.
    pub verdict: Verdict,
}

/// The score of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Pairs read.
    pub pairs: usize,
    /// Pairs labelled equivalent.
    pub equivalent: usize,
    /// Matches that are right.
    pub right: usize,
    /// Matches that are wrong.
    pub false_pairs: usize,
    /// How often each verdict was given, by its name.
    pub verdicts: std::collections::BTreeMap<&'static str, usize>,
    /// Every pair that did not come out as labelled.
    pub misses: Vec<Miss>,
}

impl Report {
    /// Right matches among all matches, 0 to 1; 1 when there is none.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.false_pairs)
    }

    /// Right matches among the pairs labelled equivalent, 0 to 1; 1 when there is none.
    pub fn recall(&self) -> f64 {
        share(self.right, self.equivalent)
    }

    /// Adds one pair.
    pub fn add(&mut self, pair: &Pair, verdict: Verdict) {
        self.pairs += 1;
        self.equivalent += usize::from(pair.answer.label == Label::Equivalent);
        *self.verdicts.entry(verdict.name()).or_default() += 1;
        let mark = mark(&verdict, &pair.answer);
        match mark {
            Mark::Right => self.right += 1,
            Mark::FalsePair => self.false_pairs += 1,
            Mark::Missed => {}
            Mark::Quiet => return,
        }
        if mark != Mark::Right {
            let (kalshi, polymarket) = (pair.kalshi.title.clone(), pair.polymarket.title.clone());
            self.misses.push(Miss { line: pair.line, mark, kalshi, polymarket, verdict });
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Scores a file's text. Empty lines are skipped.
///
/// # Errors
/// The first line that is no labelled pair.
pub fn run(text: &str) -> Result<Report, PairError> {
    let mut report = Report::default();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let pair = parse(at + 1, line)?;
        let verdict = judge(&pair);
        report.add(&pair, verdict);
    }
    Ok(report)
}
