//! What people decided about pairs, and the file that keeps it.
//!
//! A decision names two listings and holds the [`Seal`] of both as they were: when a text changes, it no longer
//! applies. It says who gave it, when and why. A pair has one decision; to take a veto back it is withdrawn, never
//! overwritten.
//!
//! The file is JSON lines: a head with format and version, then one decision a line, sorted by names. Printing what was
//! parsed gives the same text again, so that changes read well one by one. Times and names come from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use brier_types::{Timestamp, Venue};
use serde::{Deserialize, Serialize};

use crate::fingerprint::Seal;
use crate::proof::{Line, Topic};
use crate::standing::{Judged, Link, Name, PairName, Vouch, can_vouch, side};
use crate::verdict::TailKind;

/// Who decides, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// A name that others know.
    pub by: String,
    /// The moment.
    pub at: Timestamp,
    /// The reason, in one line.
    pub why: String,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Never pair them.
    Veto,
    /// Take them for what the texts prove, with this added.
    Confirm(Confirmed),
}

/// What a person adds to a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// The link that is confirmed: the one that the texts gave.
    pub link: Link,
    /// The second's outcome that pays when the first's Yes pays; Yes for implications and exclusions.
    pub outcome: String,
    /// Missing lines that the person vouches for.
    pub vouched: BTreeSet<Vouch>,
    /// Tails that the person accepts for this pair.
    pub tails: BTreeSet<TailKind>,
}

/// One decision about one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which pair.
    pub pair: PairName,
    /// Its titles at the time, for readers of the file.
    pub titles: [String; 2],
    /// Its texts at the time.
    pub seals: [Seal; 2],
    /// What was decided.
    pub choice: Choice,
    /// Who, when and why.
    pub note: Note,
}

/// What is wished of a confirmation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Keys ([`Vouch::key`]) of missing lines that the person vouches for.
    pub vouched: BTreeSet<String>,
    /// Tails that the person accepts.
    pub tails: BTreeSet<TailKind>,
    /// The second's outcome that pays when the first's Yes pays. Needed where the texts do not say it.
    pub outcome: Option<String>,
}

/// Why a decision no longer applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A text of this listing is another one.
    Text(Name),
    /// The same texts give another link or outcome than the one that was confirmed.
    Reading,
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(name) => write!(out, "the texts of {name} changed"),
            Self::Reading => out.write_str("the texts are read otherwise than when it was given"),
        }
    }
}

/// What a person said about a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<'d> {
    /// Nothing.
    Nothing,
    /// This, and it stands.
    Applies(&'d Decision),
    /// This, about other texts.
    Stale {
        /// What was decided then.
        decision: &'d Decision,
        /// What changed since.
        changes: Vec<Change>,
    },
}

/// Why a decision is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The texts contradict each other; nobody's word changes that.
    #[error("the texts contradict each other:\n{}", shown(lines))]
    Contradicted {
        /// The contradicting lines.
        lines: Vec<Line>,
    },
    /// Titles alone are never confirmed.
    #[error("only titles are at hand for {}: there is nothing to confirm", list(names))]
    NoRules {
        /// Listings without rules.
        names: Vec<Name>,
    },
    /// A veto stands.
    #[error("vetoed by {by} at {at}: {why}", by = .0.by, at = .0.at, why = .0.why)]
    Vetoed(Note),
    /// No missing line has this key.
    #[error("no missing line of the proof is called `{key}`; they are {}", or_none(known))]
    NoLine {
        /// What was given.
        key: String,
        /// The keys that there are.
        known: Vec<String>,
    },
    /// Nobody can vouch for a listing that contradicts itself.
    #[error("nobody can vouch for a listing that contradicts itself: {line}")]
    Inconsistent {
        /// The line.
        line: Vouch,
    },
    /// The pair has no such tail.
    #[error("the pair has no tail `{kind}`; it has {}", or_none(known))]
    NoTail {
        /// What was given.
        kind: TailKind,
        /// The kinds that there are.
        known: Vec<String>,
    },
    /// The texts do not say which outcome pays, and the person does not either.
    #[error("the texts do not say which outcome of {name} pays; name one of {}", or_none(outcomes))]
    OutcomeUnknown {
        /// The listing.
        name: Name,
        /// Its outcomes.
        outcomes: Vec<String>,
    },
    /// The named outcome is another one than the texts say, or none of the listing's.
    #[error("expected the outcome {expected} of {name}, found `{found}`")]
    OutcomeWrong {
        /// The listing.
        name: Name,
        /// What the texts say, or the names that there are.
        expected: String,
        /// What was given.
        found: String,
    },
    /// Who or why is missing, or no single line.
    #[error("{part}: expected one line of 1 to {most} characters, found `{found}`")]
    Note {
        /// `by` or `why`.
        part: &'static str,
        /// The most characters.
        most: usize,
        /// What was given, cut to 80 characters.
        found: String,
    },
}

fn shown(lines: &[Line]) -> String {
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn list(names: &[Name]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn or_none(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// A text that is no file of decisions. Nothing of such a file counts: repair it before anything is traded on it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct DecisionsError {
    /// From 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// All decisions, by pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    all: BTreeMap<PairName, Decision>,
}

/// The longest name of a person.
const MOST_BY: usize = 80;
/// The longest reason.
const MOST_WHY: usize = 500;
/// The head's format.
const FORMAT: &str = "brier-pair-decisions";
/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

impl Note {
    /// Checks who and why.
    fn check(&self) -> Result<(), Refusal> {
        for (part, text, most) in [("by", &self.by, MOST_BY), ("why", &self.why, MOST_WHY)] {
            let length = text.chars().count();
            let fits = (1..=most).contains(&length) && text.trim() == text && !text.chars().any(char::is_control);
            if !fits {
                return Err(Refusal::Note { part, most, found: text.chars().take(80).collect() });
            }
        }
        Ok(())
    }
}

impl Decisions {
    /// The decisions in the order of their pairs.
    pub fn iter(&self) -> impl Iterator<Item = &Decision> {
        self.all.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The decision about a pair, whether or not it still applies.
    pub fn get(&self, pair: &PairName) -> Option<&Decision> {
        self.all.get(pair)
    }

    /// What was said about a pair, and whether it still applies to its texts.
    pub fn said(&self, judged: &Judged<'_>) -> Said<'_> {
        let Some(decision) = self.get(&judged.name) else { return Said::Nothing };
        let mut changes: Vec<Change> = [judged.name.first(), judged.name.second()]
            .into_iter()
            .zip(judged.seals().iter().zip(&decision.seals))
            .filter(|(_, (now, then))| now != then)
            .map(|(name, _)| Change::Text(name.clone()))
            .collect();
        if let Choice::Confirm(confirmed) = &decision.choice
            && changes.is_empty()
        {
            let same_link = judged.link() == Some(confirmed.link);
            let same_outcome = judged.outcome().is_none_or(|outcome| outcome == confirmed.outcome);
            if !same_link || !same_outcome {
                changes.push(Change::Reading);
            }
        }
        if changes.is_empty() { Said::Applies(decision) } else { Said::Stale { decision, changes } }
    }

    /// Confirms a pair. What is not wished stays missing: see [`crate::standing::standing`] for what the pair is then.
    ///
    /// # Errors
    /// [`Refusal`]: the texts contradict, rules are not at hand, a veto stands, or the wish names what the pair does
    /// not have. Nothing is changed then.
    pub fn confirm(&mut self, judged: &Judged<'_>, wish: &Wish, note: Note) -> Result<&Decision, Refusal> {
        note.check()?;
        if let Some(Decision { choice: Choice::Veto, note, .. }) = self.get(&judged.name) {
            return Err(Refusal::Vetoed(note.clone()));
        }
        let Some(link) = judged.link() else {
            return Err(Refusal::Contradicted { lines: judged.verdict.reasons().into_iter().cloned().collect() });
        };
        let bare = judged.sides().into_iter().filter(|(_, contract)| !contract.listing.has_rules());
        let names: Vec<Name> = bare.map(|(name, _)| name.clone()).collect();
        if !names.is_empty() {
            return Err(Refusal::NoRules { names });
        }
        if let Some(line) = judged.missing().find(|line| !can_vouch(line)) {
            return Err(Refusal::Inconsistent { line: Vouch::of(line) });
        }
        let confirmed = Confirmed {
            link,
            outcome: outcome(judged, link, wish.outcome.as_deref())?,
            vouched: wish.vouched.iter().map(|key| vouched(judged, key)).collect::<Result<_, _>>()?,
            tails: wish.tails.clone(),
        };
        let known = judged.tail_kinds();
        if let Some(kind) = confirmed.tails.difference(&known).next() {
            let known = known.iter().map(ToString::to_string).collect();
            return Err(Refusal::NoTail { kind: *kind, known });
        }
        Ok(self.put(judged, Choice::Confirm(confirmed), note))
    }

    /// Vetoes a pair, whatever its verdict. Replaces a confirmation.
    ///
    /// # Errors
    /// [`Refusal::Note`]: a veto needs a name and a reason too.
    pub fn veto(&mut self, judged: &Judged<'_>, note: Note) -> Result<&Decision, Refusal> {
        note.check()?;
        Ok(self.put(judged, Choice::Veto, note))
    }

    /// Takes the decision about a pair back, and gives it.
    pub fn withdraw(&mut self, pair: &PairName) -> Option<Decision> {
        self.all.remove(pair)
    }

    fn put(&mut self, judged: &Judged<'_>, choice: Choice, note: Note) -> &Decision {
        let pair = judged.name.clone();
        let titles = [judged.first, judged.second].map(|contract| contract.listing.title.clone());
        let decision = Decision { pair: pair.clone(), titles, seals: judged.seals(), choice, note };
        self.all.insert(pair.clone(), decision);
        &self.all[&pair]
    }

    /// Reads a file of decisions.
    ///
    /// # Errors
    /// [`DecisionsError`] at the first line that is none, with what to do.
    pub fn parse(text: &str) -> Result<Self, DecisionsError> {
        let mut lines =
            text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty());
        let wrong = |line, problem: String| DecisionsError { line, problem };
        let Some((at, head)) = lines.next() else {
            return Err(wrong(1, format!("expected the head of a file of decisions, {}, found nothing", head())));
        };
        let read: Head = serde_json::from_str(head).map_err(|error| {
            wrong(at, format!("expected the head of a file of decisions, {}: {error}", self::head()))
        })?;
        if read.format != FORMAT {
            return Err(wrong(at, format!("expected the format {FORMAT}, found `{:.40}`", read.format)));
        }
        if read.version != VERSION {
            let newer = "it was written by another version of this program; use that one";
            return Err(wrong(at, format!("expected version {VERSION}, found {}: {newer}", read.version)));
        }
        let mut found = BTreeMap::new();
        let mut places = BTreeMap::new();
        for (at, line) in lines {
            let record: Record = serde_json::from_str(line).map_err(|error| {
                wrong(at, format!("expected a decision, one JSON object a line: {error}; correct it or take it out"))
            })?;
            let decision =
                record.decision().map_err(|problem| wrong(at, format!("{problem}; correct it or take it out")))?;
            let pair = decision.pair.clone();
            if let Some(before) = places.insert(pair.clone(), at) {
                let problem = format!("expected one decision for {pair}, found another in line {before}");
                return Err(wrong(at, format!("{problem}; keep one, and if either is a veto, the veto")));
            }
            found.insert(pair, decision);
        }
        Ok(Self { all: found })
    }
}

/// The file.
impl fmt::Display for Decisions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", head())?;
        for decision in self.iter() {
            let line = serde_json::to_string(&Record::of(decision)).map_err(|_texts_and_lists_only| fmt::Error)?;
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// The outcome that a confirmation is about.
fn outcome(judged: &Judged<'_>, link: Link, wished: Option<&str>) -> Result<String, Refusal> {
    let listing = &judged.second.listing;
    let name = judged.name.second();
    let outcomes = || {
        if listing.outcomes.is_empty() { vec!["Yes".to_owned(), "No".to_owned()] } else { listing.outcomes.clone() }
    };
    let said = match link {
        Link::Same | Link::Inverse => judged.outcome().map(str::to_owned),
        Link::Implies | Link::ImpliedBy | Link::Excludes => outcomes().into_iter().next(),
    };
    let wrong = |expected: String, found: &str| {
        Err(Refusal::OutcomeWrong { name: name.clone(), expected, found: found.chars().take(80).collect() })
    };
    match (said, wished) {
        (Some(said), Some(wished)) if said != wished => wrong(said, wished),
        (Some(said), _) => Ok(said),
        (None, Some(wished)) if side(listing, wished).is_none() => wrong(or_none(&outcomes()), wished),
        (None, Some(wished)) => Ok(wished.to_owned()),
        (None, None) => Err(Refusal::OutcomeUnknown { name: name.clone(), outcomes: outcomes() }),
    }
}

/// The missing line of this key.
fn vouched(judged: &Judged<'_>, key: &str) -> Result<Vouch, Refusal> {
    let mut found = judged.missing().filter(|line| Vouch::of(line).key() == key);
    let Some(line) = found.next() else {
        let known = judged.missing().map(|line| Vouch::of(line).key()).collect();
        return Err(Refusal::NoLine { key: key.chars().take(80).collect(), known });
    };
    if can_vouch(line) { Ok(Vouch::of(line)) } else { Err(Refusal::Inconsistent { line: Vouch::of(line) }) }
}

fn head() -> String {
    format!("{{\"format\":\"{FORMAT}\",\"version\":{VERSION}}}")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    version: u32,
}

/// A decision in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    first: String,
    second: String,
    decision: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accept_tails: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vouch: Vec<VouchRecord>,
    titles: [String; 2],
    texts: [String; 2],
    by: String,
    at: String,
    why: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VouchRecord {
    topic: String,
    line: String,
}

impl Record {
    fn of(decision: &Decision) -> Self {
        let confirmed = match &decision.choice {
            Choice::Veto => None,
            Choice::Confirm(confirmed) => Some(confirmed),
        };
        let vouch = |vouch: &Vouch| VouchRecord { topic: vouch.topic.to_string(), line: vouch.line.clone() };
        Self {
            first: decision.pair.first().to_string(),
            second: decision.pair.second().to_string(),
            decision: if confirmed.is_some() { "confirm" } else { "veto" }.to_owned(),
            link: confirmed.map(|confirmed| confirmed.link.to_string()),
            outcome: confirmed.map(|confirmed| confirmed.outcome.clone()),
            accept_tails: confirmed.iter().flat_map(|confirmed| &confirmed.tails).map(ToString::to_string).collect(),
            vouch: confirmed.iter().flat_map(|confirmed| &confirmed.vouched).map(vouch).collect(),
            titles: decision.titles.clone(),
            texts: decision.seals.map(|seal| seal.to_string()),
            by: decision.note.by.clone(),
            at: decision.note.at.to_string(),
            why: decision.note.why.clone(),
        }
    }

    fn decision(self) -> Result<Decision, String> {
        let (first, second) = (name("first", &self.first)?, name("second", &self.second)?);
        let pair = PairName::new(first, second).ok_or("first and second: expected two listings, found one twice")?;
        if pair.first().to_string() != self.first {
            return Err(format!("first: expected {}, which comes before {}", pair.first(), pair.second()));
        }
        let choice = match self.decision.as_str() {
            "veto" => {
                let bare = self.link.is_none() && self.outcome.is_none();
                if !bare || !self.accept_tails.is_empty() || !self.vouch.is_empty() {
                    return Err("a veto has no link, outcome, accept_tails or vouch".to_owned());
                }
                Choice::Veto
            }
            "confirm" => Choice::Confirm(Confirmed {
                link: link(self.link.as_deref().unwrap_or_default())?,
                outcome: self.outcome.filter(|outcome| !outcome.is_empty()).ok_or("outcome: expected a name")?,
                vouched: self.vouch.into_iter().map(VouchRecord::vouch).collect::<Result<_, _>>()?,
                tails: self
                    .accept_tails
                    .iter()
                    .map(|word| word.parse::<TailKind>().map_err(|error| format!("accept_tails: {error}")))
                    .collect::<Result<_, _>>()?,
            }),
            other => return Err(format!("decision: expected confirm or veto, found `{other:.40}`")),
        };
        let seal = |text: &String| text.parse::<Seal>().map_err(|error| format!("texts: {error}"));
        let at = self.at.parse().map_err(|error| format!("at: {error}"))?;
        let note = Note { by: self.by, at, why: self.why };
        note.check().map_err(|error| error.to_string())?;
        Ok(Decision { pair, titles: self.titles, seals: [seal(&self.texts[0])?, seal(&self.texts[1])?], choice, note })
    }
}

impl VouchRecord {
    fn vouch(self) -> Result<Vouch, String> {
        let topic = Topic::ALL.into_iter().find(|topic| topic.word() == self.topic);
        let topic = topic.ok_or_else(|| format!("vouch: expected a topic of a proof, found `{:.40}`", self.topic))?;
        Ok(Vouch { topic, line: self.line })
    }
}

/// `kalshi:KXANY-27` as a name.
pub(crate) fn name(part: &str, text: &str) -> Result<Name, String> {
    let wrong = || format!("{part}: expected kalshi:TICKER or polymarket:CONDITION, found `{text:.80}`");
    let (venue, id) = text.split_once(':').filter(|(_, id)| !id.is_empty()).ok_or_else(wrong)?;
    let venue = [Venue::Kalshi, Venue::Polymarket].into_iter().find(|one| one.to_string() == venue);
    Ok(Name::new(venue.ok_or_else(wrong)?, id))
}

pub(crate) fn link(text: &str) -> Result<Link, String> {
    let found = Link::ALL.into_iter().find(|link| link.word() == text);
    found.ok_or_else(|| {
        let words = Link::ALL.map(Link::word).join(", ");
        format!("link: expected one of {words}, found `{text:.40}`")
    })
}
