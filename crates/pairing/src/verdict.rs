//! The answer about two contracts.

use std::fmt;
use std::str::FromStr;

use brier_types::Venue;

use crate::calendar::Hold;
use crate::compare::Comparison;
use crate::contract::{Contract, Facet, Family, Source, Span};
use crate::proof::{Finding, Line, Proof, Quote, Topic};
use crate::range::RangeRelation;

/// Which texts a match rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Rules of both venues were read. Only this may be traded as riskless, once its tails are accepted.
    RulesOfBoth,
    /// Rules of this venue were read; of the other only its title.
    RulesOf(Venue),
    /// Only titles were read.
    TitlesOnly,
}

impl Basis {
    /// What two contracts can rest on: which of them have rules at hand.
    pub fn of(first: &Contract, second: &Contract) -> Self {
        match (first.listing.has_rules(), second.listing.has_rules()) {
            (true, true) => Self::RulesOfBoth,
            (true, false) => Self::RulesOf(first.venue()),
            (false, true) => Self::RulesOf(second.venue()),
            (false, false) => Self::TitlesOnly,
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RulesOfBoth => out.write_str("rules of both"),
            Self::RulesOf(venue) => write!(out, "rules of {venue} only"),
            Self::TitlesOnly => out.write_str("titles only"),
        }
    }
}

/// An end that is not ordinary, in which two same contracts may pay differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// What kind of end.
    pub kind: TailKind,
    /// The venue whose text speaks of it.
    pub venue: Venue,
    /// Its text.
    pub quote: Quote,
}

/// Kinds of ends that are not ordinary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TailKind {
    /// Equal payout to both sides, or another void rule.
    Void,
    /// A price set by the venue.
    FairPrice,
    /// A tie.
    Tie,
    /// The contest is put off.
    Postponement,
    /// The contest is called off.
    Cancellation,
    /// Death.
    Death,
    /// An announcement that takes effect later.
    LateEffect,
    /// It resolves to "Other".
    Other,
    /// Regular time or overtime, where one venue does not say which.
    Overtime,
}

impl TailKind {
    /// Every kind, in their order.
    pub const ALL: [Self; 9] = [
        Self::Void,
        Self::FairPrice,
        Self::Tie,
        Self::Postponement,
        Self::Cancellation,
        Self::Death,
        Self::LateEffect,
        Self::Other,
        Self::Overtime,
    ];

    /// Its name in files and options.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Void => "void",
            Self::FairPrice => "fair-price",
            Self::Tie => "tie",
            Self::Postponement => "postponement",
            Self::Cancellation => "cancellation",
            Self::Death => "death",
            Self::LateEffect => "late-effect",
            Self::Other => "other",
            Self::Overtime => "overtime",
        }
    }
}

impl fmt::Display for TailKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// A word that names no kind of tail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a kind of tail ({}), found `{found}`", TailKind::ALL.map(TailKind::word).join(", "))]
pub struct TailKindError {
    /// The word, cut to 40 characters.
    pub found: String,
}

impl FromStr for TailKind {
    type Err = TailKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.word() == text);
        found.ok_or_else(|| TailKindError { found: text.chars().take(40).collect() })
    }
}

/// Two contracts that pay together, or one when the other does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The Polymarket outcome that pays when Kalshi Yes pays. Inside one venue: the second's outcome for the first's
    /// Yes.
    pub outcome: String,
    /// Ends in which they may differ.
    pub tails: Vec<Tail>,
    /// What it rests on.
    pub basis: Basis,
    /// Why.
    pub proof: Proof,
}

/// The answer about two contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes pays on both in the same ordinary outcomes.
    Same(Match),
    /// Yes pays on exactly one of them.
    Inverse(Match),
    /// Whenever one pays Yes, so does the other.
    Implies {
        /// Whether the first implies the second, rather than the second the first.
        first_implies_second: bool,
        /// Why.
        proof: Proof,
    },
    /// They never both pay Yes.
    Excludes(Proof),
    /// They ask different questions; the contradicting lines of the proof say why.
    Different(Proof),
    /// Nothing contradicts, but the missing lines of the proof keep it from being proved.
    Unproven(Proof),
}

impl Verdict {
    /// The proof behind it.
    pub const fn proof(&self) -> &Proof {
        match self {
            Self::Same(found) | Self::Inverse(found) => &found.proof,
            Self::Implies { proof, .. } | Self::Excludes(proof) | Self::Different(proof) | Self::Unproven(proof) => {
                proof
            }
        }
    }

    /// The match, when there is one.
    pub const fn matched(&self) -> Option<&Match> {
        match self {
            Self::Same(found) | Self::Inverse(found) => Some(found),
            Self::Implies { .. } | Self::Excludes(_) | Self::Different(_) | Self::Unproven(_) => None,
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Same(_) => "same",
            Self::Inverse(_) => "inverse",
            Self::Implies { .. } => "implies",
            Self::Excludes(_) => "excludes",
            Self::Different(_) => "different",
            Self::Unproven(_) => "unproven",
        }
    }

    /// The lines that keep it from being a match: contradictions, or what is missing.
    pub fn reasons(&self) -> Vec<&Line> {
        let wanted = match self {
            Self::Unproven(_) => Finding::Missing,
            Self::Same(_) | Self::Inverse(_) => Finding::Assumed,
            Self::Implies { .. } | Self::Excludes(_) | Self::Different(_) => Finding::Contradicts,
        };
        self.proof().with(wanted).collect()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same(found) => writeln!(out, "same: pays with outcome {} ({})", found.outcome, found.basis)?,
            Self::Inverse(found) => writeln!(out, "inverse: pays with outcome {} ({})", found.outcome, found.basis)?,
            Self::Implies { first_implies_second: true, .. } => writeln!(out, "implies: the first implies the second")?,
            Self::Implies { .. } => writeln!(out, "implies: the second implies the first")?,
            Self::Excludes(_) | Self::Different(_) | Self::Unproven(_) => writeln!(out, "{}", self.name())?,
        }
        write!(out, "{}", self.proof())?;
        for tail in self.matched().map_or(&[][..], |found| &found.tails) {
            writeln!(out, "tail         {} on {} | {}", tail.kind, tail.venue, tail.quote)?;
        }
        Ok(())
    }
}

/// Compares two contracts, of two venues or of one.
///
/// Swapping the contracts gives the same verdict with first and second swapped.
pub fn verdict(first: &Contract, second: &Contract) -> Verdict {
    judge(first, second).0
}

/// How the payoffs hang together as far as the texts go, also where the proof is not complete.
#[derive(Clone, Debug)]
pub(crate) struct Supposed {
    /// One pays when the other does not.
    pub(crate) inverse: bool,
    /// The outcome of Polymarket, or of the second, that pays.
    pub(crate) outcome: Option<String>,
}

/// The verdict, and what it would rest on if everything that is missing were as supposed.
pub(crate) fn judge(first: &Contract, second: &Contract) -> (Verdict, Supposed) {
    let mut compared = Comparison::of(first, second);
    let supposed = Supposed { inverse: compared.inverse, outcome: compared.outcome.take() };
    (conclude(first, second, compared, &supposed), supposed)
}

fn conclude(first: &Contract, second: &Contract, compared: Comparison, supposed: &Supposed) -> Verdict {
    let Comparison { proof, range, earlier, .. } = compared;
    let mut against: Vec<Topic> = proof.with(Finding::Contradicts).map(|line| line.topic).collect();
    against.sort_unstable();
    against.dedup();
    let complete = proof.with(Finding::Missing).next().is_none();
    if !against.is_empty() {
        if complete && against == [Topic::Threshold] && !first.negated && !second.negated {
            match range {
                Some(RangeRelation::Inside) => return Verdict::Implies { first_implies_second: true, proof },
                Some(RangeRelation::Around) => return Verdict::Implies { first_implies_second: false, proof },
                Some(RangeRelation::Disjoint) => return Verdict::Excludes(proof),
                Some(RangeRelation::Equal | RangeRelation::Complement | RangeRelation::Overlapping) | None => {}
            }
        }
        if complete
            && against == [Topic::Deadline]
            && !first.negated
            && !second.negated
            && let Some(first_implies_second) = earlier
            && [first, second].iter().all(|one| happens_once(one))
        {
            return Verdict::Implies { first_implies_second, proof };
        }
        let subjects = proof.with(Finding::Contradicts).count() == 1 && against == [Topic::Subject];
        if complete && subjects && one_winner(&proof, first, second) {
            return Verdict::Excludes(proof);
        }
        return Verdict::Different(proof);
    }
    if !complete {
        return Verdict::Unproven(proof);
    }
    let Some(outcome) = supposed.outcome.clone() else { return Verdict::Unproven(proof) };
    let found = Match { outcome, tails: tails_of(first, second), basis: Basis::of(first, second), proof };
    if supposed.inverse { Verdict::Inverse(found) } else { Verdict::Same(found) }
}

/// Whether it asks for something that stays true once it has happened, so that an earlier deadline implies a later one.
///
/// A state ("be the largest"), a count with an upper bound, something that lasts or does not happen is none: the earlier may
/// hold and the later not. Only acts of this list are taken for such; a verb that is not here costs a relation.
fn happens_once(contract: &Contract) -> bool {
    const ONCE: &[&str] = &[
        "arrest",
        "marry",
        "engaged",
        "release",
        "announce",
        "resign",
        "leave",
        "pardon",
        "fire",
        "sue",
        "charge",
        "convict",
        "ipo",
        "acquire",
        "ban",
        "impeached",
        "visit",
        "meet",
        "endorse",
        "nominate",
        "appoint",
        "confirm",
        "attend",
        "reach",
    ];
    const STATES: &[&str] = &[
        "no", "without", "avoid", "still", "remain", "remains", "stay", "last", "lasts", "hold", "holds", "survive",
        "first", "only", "largest", "best", "most", "least", "exactly", "fewer", "less", "any", "more", "fewest",
        "longest",
    ];
    let title = crate::text::tokens(&contract.listing.title);
    let states = title.iter().any(|token| STATES.contains(&token.text.as_str()));
    let acts: Vec<&str> = contract.values(Facet::Act).map(|act| act.value.value).collect();
    let ranged = contract.range.is_some_and(|range| range.value.high.is_some() || !acts.contains(&"reach"));
    let lasts = contract.times.iter().any(|time| time.value.hold != Hold::Anywhere);
    !contract.negated && !states && !ranged && !lasts && !acts.is_empty() && acts.iter().all(|act| ONCE.contains(act))
}

/// Whether two questions ask who wins one and the same contest that exactly one wins: then only one of them pays.
///
/// The subjects stand before the verb, everything behind it agrees, and it is no indefinite prize ("an Oscar"), no advancing,
/// no nomination of an unsaid party and no prize of a league that gives several of a name.
fn one_winner(proof: &Proof, first: &Contract, second: &Contract) -> bool {
    let asks = |one: &Contract| {
        let Some(win) = one.says(Facet::Act, "win") else { return false };
        let title = crate::text::fold(&one.listing.title);
        let indefinite = [" a ", " an ", " any ", " some "].iter().any(|word| title.contains(word));
        // "Cup Winner" names nobody, unless a label does.
        let named = win.source == Source::Title && !title[..(win.start as usize).min(title.len())].trim().is_empty();
        let noun =
            one.quote(win).to_lowercase().contains("winner") || one.quote(win).to_lowercase().contains("champion");
        let labelled = !one.listing.subtitle.trim().is_empty();
        let staged = one.values(Facet::Stage).next().is_some() && one.values(Facet::Party).next().is_none();
        !one.negated && !indefinite && !staged && (labelled || named && !noun)
    };
    let before = |one: &Contract, quote: Option<&Quote>| {
        let (Some(quote), Some(win)) = (quote, one.says(Facet::Act, "win")) else { return false };
        let named = one.words.iter().map(|word| word.span).chain(one.teams.iter().map(|team| team.span));
        let mut spans = named.filter(|span| span.source == quote.source && one.quote(*span).trim() == quote.text);
        quote.source == Source::Subtitle || spans.any(|span| span.source == win.source && span.end <= win.start)
    };
    let contest = matches!(first.family, Family::Election | Family::Outright) && first.family == second.family;
    // A show gives many prizes and a league has many players: an office, a named prize, or two teams.
    let both = |holds: fn(&Contract) -> bool| holds(first) && holds(second);
    let prized = both(|one| one.values(Facet::Award).next().is_some()) || both(|one| !one.teams.is_empty());
    let told = proof.with(Finding::Agrees).any(|line| match line.topic {
        Topic::Office => true,
        Topic::Contest => prized,
        _ => false,
    });
    let subjects = proof
        .with(Finding::Contradicts)
        .all(|line| before(first, line.first.as_ref()) && before(second, line.second.as_ref()));
    contest && told && subjects && asks(first) && asks(second)
}

/// The ends that are not ordinary, of which the rules of either contract speak; those of the first come first.
pub fn tails_of(first: &Contract, second: &Contract) -> Vec<Tail> {
    let says = |contract: &Contract| contract.clauses.regular_time.or(contract.clauses.overtime).is_some();
    // Where both say whether overtime counts, they agree, or contradict each other: it is no end of its own.
    let settled = says(first) && says(second);
    let all = tails(first).into_iter().chain(tails(second));
    all.filter(|tail| tail.kind != TailKind::Overtime || !settled).collect()
}

/// The ends that are not ordinary, of which a contract's rules speak.
fn tails(contract: &Contract) -> Vec<Tail> {
    let clauses = &contract.clauses;
    let late = if contract.family == Family::Leaving { clauses.announcement } else { None };
    let all: [(TailKind, Option<Span>); 9] = [
        (TailKind::Void, clauses.half),
        (TailKind::FairPrice, clauses.fair_price),
        (TailKind::Tie, clauses.tie),
        (TailKind::Postponement, clauses.postponed),
        (TailKind::Cancellation, clauses.canceled),
        (TailKind::Death, clauses.death_excluded),
        (TailKind::LateEffect, late),
        (TailKind::Other, clauses.other),
        (TailKind::Overtime, clauses.regular_time.or(clauses.overtime)),
    ];
    all.into_iter()
        .filter_map(|(kind, span)| Some(Tail { kind, venue: contract.venue(), quote: Quote::of(contract, span?) }))
        .collect()
}
