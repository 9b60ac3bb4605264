//! Pairs for other programs, and for strategies that trade them: JSON lines with everything that a trade rests on.
//!
//! A line says how two listings hang together, in the terms of their books, which texts that stands on, and whether it
//! may be traded as riskless. Whoever trades reads the venue's texts again and compares their seals: with another seal
//! the line says nothing about today's market.

use std::fmt;

use brier_types::{Outcome, Venue};
use serde::{Deserialize, Serialize};

use crate::decisions::{self, Choice, Decision, Said};
use crate::fingerprint::Seal;
use crate::standing::{Grounds, Judged, Link, Name, PairName, Standing};
use crate::verdict::{Basis, TailKind};

/// One listing of an exported pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The venue's name for it.
    pub name: Name,
    /// The venue's name for its event.
    pub event: String,
    /// Its title.
    pub title: String,
    /// Its texts.
    pub seal: Seal,
}

/// A tail of an exported pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExportedTail {
    /// What kind of end.
    pub kind: TailKind,
    /// The venue whose rules speak of it.
    pub venue: Venue,
}

/// Whether an exported pair may be traded as riskless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// It may: the second's side `pays` pays with the first's YES, or as the link says for implications and exclusions.
    Riskless {
        /// How the payoffs hang together.
        link: Link,
        /// The side of the second's book that pays with the first's YES. For other links than same and inverse: YES.
        pays: Outcome,
        /// What it stands on.
        grounds: Grounds,
    },
    /// It may not: something is missing.
    Conditional,
    /// It may not: the texts ask different questions.
    Contradicted,
    /// It may not: a person said no.
    Vetoed,
}

/// A pair as other programs get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The first in order.
    pub first: Leg,
    /// The second in order.
    pub second: Leg,
    /// Whether it may be traded as riskless.
    pub permission: Permission,
    /// The link that is proved or supposed, if there is one.
    pub link: Option<Link>,
    /// The second's outcome that pays when the first's Yes pays, by name, where it is known.
    pub outcome: Option<String>,
    /// Which texts the verdict rests on.
    pub basis: Basis,
    /// Ends in which they may pay differently, accepted ones too.
    pub tails: Vec<ExportedTail>,
    /// What is missing, in words.
    pub needs: Vec<String>,
    /// What a person decided, if it still applies.
    pub decided: Option<Decided>,
}

/// A decision as other programs get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Whether it is a veto.
    pub veto: bool,
    /// Who.
    pub by: String,
    /// When, as RFC 3339.
    pub at: String,
    /// Why.
    pub why: String,
}

/// A text that is no export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ExportError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

const FORMAT: &str = "brier-pairs";
const VERSION: u32 = 1;

impl Exported {
    /// A pair with its standing.
    pub fn of(judged: &Judged<'_>, said: &Said<'_>, standing: &Standing) -> Self {
        let leg = |(name, contract): (&Name, &crate::Contract), seal| Leg {
            name: name.clone(),
            event: contract.listing.event.clone(),
            title: contract.listing.title.clone(),
            seal,
        };
        let ([first, second], [first_seal, second_seal]) = (judged.sides(), judged.seals());
        let mut tails: Vec<ExportedTail> =
            judged.tails.iter().map(|tail| ExportedTail { kind: tail.kind, venue: tail.venue }).collect();
        tails.sort_unstable();
        tails.dedup();
        let (permission, outcome) = match standing {
            Standing::Riskless(terms) => (
                Permission::Riskless { link: terms.link, pays: terms.pays, grounds: terms.grounds },
                Some(terms.outcome.clone()),
            ),
            Standing::Conditional(_) => (Permission::Conditional, judged.outcome().map(str::to_owned)),
            Standing::Contradicted => (Permission::Contradicted, None),
            Standing::Vetoed => (Permission::Vetoed, judged.outcome().map(str::to_owned)),
        };
        let decided = match said {
            Said::Applies(Decision { choice, note, .. }) => Some(Decided {
                veto: *choice == Choice::Veto,
                by: note.by.clone(),
                at: note.at.to_string(),
                why: note.why.clone(),
            }),
            Said::Nothing | Said::Stale { .. } => None,
        };
        Self {
            first: leg(first, first_seal),
            second: leg(second, second_seal),
            permission,
            link: judged.link(),
            outcome,
            basis: judged.basis,
            tails,
            needs: standing.needs().iter().map(ToString::to_string).collect(),
            decided,
        }
    }
}

/// The whole export: a head, then one pair a line in the order given.
pub fn print(pairs: &[Exported]) -> String {
    let mut out = head();
    out.push('\n');
    for pair in pairs {
        out.push_str(&pair.to_string());
        out.push('\n');
    }
    out
}

/// Reads an export.
///
/// # Errors
/// [`ExportError`] at the first line that is none. Do not trade on the rest of it.
pub fn parse(text: &str) -> Result<Vec<Exported>, ExportError> {
    let wrong = |line, problem: String| ExportError { line, problem };
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    if lines.next().map(|(_, line)| line.trim()) != Some(head().as_str()) {
        return Err(wrong(1, format!("expected {}, as `brier pairs export` writes it", head())));
    }
    lines
        .map(|(at, line)| {
            let record: Record =
                serde_json::from_str(line).map_err(|error| wrong(at + 1, format!("expected a pair: {error}")))?;
            record.exported().map_err(|problem| wrong(at + 1, problem))
        })
        .collect()
}

fn head() -> String {
    format!("{{\"format\":\"{FORMAT}\",\"version\":{VERSION}}}")
}

/// One line without its end.
impl fmt::Display for Exported {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&serde_json::to_string(&Record::of(self)).map_err(|_texts_and_lists_only| fmt::Error)?)
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    first: LegRecord,
    second: LegRecord,
    standing: String,
    link: Option<String>,
    outcome: Option<String>,
    pays: Option<String>,
    basis: String,
    grounds: Option<String>,
    tails: Vec<TailRecord>,
    needs: Vec<String>,
    decided: Option<DecidedRecord>,
}

#[derive(Serialize, Deserialize)]
struct LegRecord {
    venue: String,
    id: String,
    event: String,
    title: String,
    texts: String,
}

#[derive(Serialize, Deserialize)]
struct TailRecord {
    kind: String,
    venue: String,
}

#[derive(Serialize, Deserialize)]
struct DecidedRecord {
    decision: String,
    by: String,
    at: String,
    why: String,
}

impl Record {
    fn of(pair: &Exported) -> Self {
        let leg = |leg: &Leg| LegRecord {
            venue: leg.name.venue.to_string(),
            id: leg.name.id.clone(),
            event: leg.event.clone(),
            title: leg.title.clone(),
            texts: leg.seal.to_string(),
        };
        let (standing, terms) = match pair.permission {
            Permission::Riskless { pays, grounds, .. } => ("riskless", Some((pays, grounds))),
            Permission::Conditional => ("conditional", None),
            Permission::Contradicted => ("contradicted", None),
            Permission::Vetoed => ("vetoed", None),
        };
        Self {
            first: leg(&pair.first),
            second: leg(&pair.second),
            standing: standing.to_owned(),
            link: pair.link.map(|link| link.to_string()),
            outcome: pair.outcome.clone(),
            pays: terms.map(|(pays, _)| if pays == Outcome::Yes { "yes" } else { "no" }.to_owned()),
            basis: pair.basis.to_string(),
            grounds: terms.map(|(_, grounds)| if grounds == Grounds::Rules { "rules" } else { "person" }.to_owned()),
            tails: pair
                .tails
                .iter()
                .map(|tail| TailRecord { kind: tail.kind.to_string(), venue: tail.venue.to_string() })
                .collect(),
            needs: pair.needs.clone(),
            decided: pair.decided.as_ref().map(|decided| DecidedRecord {
                decision: if decided.veto { "veto" } else { "confirm" }.to_owned(),
                by: decided.by.clone(),
                at: decided.at.clone(),
                why: decided.why.clone(),
            }),
        }
    }

    fn exported(self) -> Result<Exported, String> {
        let (first, second) = (self.first.leg("first")?, self.second.leg("second")?);
        PairName::new(first.name.clone(), second.name.clone())
            .filter(|pair| *pair.first() == first.name)
            .ok_or_else(|| format!("expected two listings in order, found {} and {}", first.name, second.name))?;
        let link = self.link.as_deref().map(decisions::link).transpose()?;
        let basis = BASES.into_iter().find(|basis| basis.to_string() == self.basis);
        let basis =
            basis.ok_or_else(|| format!("basis: expected what a verdict rests on, found `{:.40}`", self.basis))?;
        let permission = match self.standing.as_str() {
            "riskless" => {
                let part = |name: &str, found: &Option<String>| {
                    format!("a riskless pair: expected {name}, found `{:.40}`", found.as_deref().unwrap_or("nothing"))
                };
                let pays = match self.pays.as_deref() {
                    Some("yes") => Outcome::Yes,
                    Some("no") => Outcome::No,
                    _ => return Err(part("pays, yes or no", &self.pays)),
                };
                let grounds = match self.grounds.as_deref() {
                    Some("rules") => Grounds::Rules,
                    Some("person") => Grounds::Person,
                    _ => return Err(part("grounds, rules or person", &self.grounds)),
                };
                if basis != Basis::RulesOfBoth || !self.needs.is_empty() || self.outcome.is_none() {
                    return Err(
                        "a riskless pair rests on rules of both, names the outcome, and needs nothing".to_owned()
                    );
                }
                let link = link.ok_or_else(|| part("link", &self.link))?;
                Permission::Riskless { link, pays, grounds }
            }
            "conditional" => Permission::Conditional,
            "contradicted" => Permission::Contradicted,
            "vetoed" => Permission::Vetoed,
            other => {
                return Err(format!(
                    "standing: expected riskless, conditional, contradicted or vetoed, found `{other:.40}`"
                ));
            }
        };
        let decided = self.decided.map(|decided| {
            let veto = match decided.decision.as_str() {
                "veto" => true,
                "confirm" => false,
                other => return Err(format!("decided: expected confirm or veto, found `{other:.40}`")),
            };
            Ok(Decided { veto, by: decided.by, at: decided.at, why: decided.why })
        });
        let tails = self.tails.iter().map(|tail| {
            let kind = tail.kind.parse().map_err(|error| format!("tails: {error}"))?;
            Ok(ExportedTail { kind, venue: venue("tails", &tail.venue)? })
        });
        Ok(Exported {
            first,
            second,
            permission,
            link,
            outcome: self.outcome,
            basis,
            tails: tails.collect::<Result<_, String>>()?,
            needs: self.needs,
            decided: decided.transpose()?,
        })
    }
}

const BASES: [Basis; 4] =
    [Basis::RulesOfBoth, Basis::RulesOf(Venue::Kalshi), Basis::RulesOf(Venue::Polymarket), Basis::TitlesOnly];

impl LegRecord {
    fn leg(self, part: &str) -> Result<Leg, String> {
        let seal = self.texts.parse().map_err(|error| format!("{part}: texts: {error}"))?;
        let name = Name::new(venue(part, &self.venue)?, &self.id);
        Ok(Leg { name, event: self.event, title: self.title, seal })
    }
}

fn venue(part: &str, text: &str) -> Result<Venue, String> {
    let found = [Venue::Kalshi, Venue::Polymarket].into_iter().find(|one| one.to_string() == text);
    found.ok_or_else(|| format!("{part}: expected kalshi or polymarket, found `{text:.40}`"))
}
