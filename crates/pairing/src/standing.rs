//! What may be done with a pair: its verdict, what a person decided, and which tails are accepted, in one answer.
//!
//! Invariants:
//! - Riskless is only what the rules of both venues prove, or prove but for lines that a person vouches for by name,
//!   with every tail accepted. Titles never are.
//! - A contradiction stands, whoever confirms: a pair whose verdict is `Different` is [`Standing::Contradicted`]. So
//!   does a listing that contradicts itself: nobody can vouch for [`Topic::Consistency`].
//! - A veto wins over every proof. When a text has changed since, the pair waits for a person again.

use std::collections::BTreeSet;
use std::fmt;

use brier_types::{Outcome, Venue};

use crate::contract::Contract;
use crate::decisions::{Choice, Decision, Said};
use crate::fingerprint::Seal;
use crate::listing::Listing;
use crate::proof::{Finding, Line, Topic};
use crate::verdict::{self, Basis, Supposed, Tail, TailKind, Verdict};

/// A listing by its venue's name: Kalshi's market ticker, Polymarket's condition id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Where it trades.
    pub venue: Venue,
    /// The venue's name for it.
    pub id: String,
}

impl Name {
    /// The name of a listing.
    pub fn of(listing: &Listing) -> Self {
        Self::new(listing.venue, &listing.id)
    }

    /// A name as this crate compares it: a condition id's hex digits in small letters, whatever a file writes.
    pub fn new(venue: Venue, id: &str) -> Self {
        let hex = venue == Venue::Polymarket && id.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"));
        Self { venue, id: if hex { id.to_ascii_lowercase() } else { id.to_owned() } }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.venue, self.id)
    }
}

/// Two listings by name, in a fixed order: Kalshi before Polymarket, inside one venue by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairName {
    first: Name,
    second: Name,
}

impl PairName {
    /// The pair of two names; `None` when they are one, or one of them is empty: such a listing cannot be found again.
    pub fn new(one: Name, two: Name) -> Option<Self> {
        if one.id.is_empty() || two.id.is_empty() {
            return None;
        }
        match one.cmp(&two) {
            std::cmp::Ordering::Less => Some(Self { first: one, second: two }),
            std::cmp::Ordering::Greater => Some(Self { first: two, second: one }),
            std::cmp::Ordering::Equal => None,
        }
    }

    /// The first in order.
    pub const fn first(&self) -> &Name {
        &self.first
    }

    /// The second in order.
    pub const fn second(&self) -> &Name {
        &self.second
    }
}

impl fmt::Display for PairName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.first, self.second)
    }
}

/// How the payoffs of two contracts hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// They pay together.
    Same,
    /// Exactly one of them pays.
    Inverse,
    /// Whenever the first pays Yes, so does the second.
    Implies,
    /// Whenever the second pays Yes, so does the first.
    ImpliedBy,
    /// They never both pay Yes.
    Excludes,
}

impl Link {
    /// Every link.
    pub const ALL: [Self; 5] = [Self::Same, Self::Inverse, Self::Implies, Self::ImpliedBy, Self::Excludes];

    /// Its name in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Inverse => "inverse",
            Self::Implies => "implies",
            Self::ImpliedBy => "implied-by",
            Self::Excludes => "excludes",
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// A missing line of a proof for which a person can vouch: exactly this line, with the words that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vouch {
    /// What it is about.
    pub topic: Topic,
    /// What it says ([`Line::wording`]).
    pub line: String,
}

impl Vouch {
    /// What would be vouched for.
    pub fn of(line: &Line) -> Self {
        Self { topic: line.topic, line: line.wording() }
    }

    /// A short name that changes with the line, for people to give back: `deadline-3fa2b1`. Six digits of a hash:
    /// enough to tell the lines of one proof apart, and no more.
    pub fn key(&self) -> String {
        let hash = self
            .line
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{}-{:06x}", self.topic, (hash ^ (hash >> 32)) & 0x00ff_ffff)
    }
}

impl fmt::Display for Vouch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.topic, self.line)
    }
}

/// Two contracts in the order of [`PairName`], with everything that follows from their texts alone.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// Their names.
    pub name: PairName,
    /// The first in order.
    pub first: &'a Contract,
    /// The second in order.
    pub second: &'a Contract,
    /// The verdict, with first and second in this order.
    pub verdict: Verdict,
    /// Which texts it rests on.
    pub basis: Basis,
    /// Ends in which they may pay differently.
    pub tails: Vec<Tail>,
    supposed: Supposed,
}

impl<'a> Judged<'a> {
    /// Judges two contracts; `None` when both have one name, or one has none.
    pub fn new(one: &'a Contract, two: &'a Contract) -> Option<Self> {
        let name = PairName::new(Name::of(&one.listing), Name::of(&two.listing))?;
        let (first, second) = if *name.first() == Name::of(&one.listing) { (one, two) } else { (two, one) };
        let (verdict, supposed) = verdict::judge(first, second);
        Some(Self {
            name,
            first,
            second,
            verdict,
            basis: Basis::of(first, second),
            tails: verdict::tails_of(first, second),
            supposed,
        })
    }

    /// The link that is proved; for an unproven pair the one that it would be if nothing were missing.
    pub const fn link(&self) -> Option<Link> {
        match &self.verdict {
            Verdict::Same(_) => Some(Link::Same),
            Verdict::Inverse(_) => Some(Link::Inverse),
            Verdict::Implies { first_implies_second: true, .. } => Some(Link::Implies),
            Verdict::Implies { .. } => Some(Link::ImpliedBy),
            Verdict::Excludes(_) => Some(Link::Excludes),
            Verdict::Unproven(_) => Some(if self.supposed.inverse { Link::Inverse } else { Link::Same }),
            Verdict::Different(_) => None,
        }
    }

    /// The second's outcome that pays when the first's Yes pays, by its venue's name; `None` when the texts do not
    /// tell, or the contracts do not pay together. Only [`Link::Same`] and [`Link::Inverse`] have one.
    pub fn outcome(&self) -> Option<&str> {
        match self.link()? {
            Link::Same | Link::Inverse => self.supposed.outcome.as_deref(),
            Link::Implies | Link::ImpliedBy | Link::Excludes => None,
        }
    }

    /// Their texts now.
    pub fn seals(&self) -> [Seal; 2] {
        [Seal::of(&self.first.listing), Seal::of(&self.second.listing)]
    }

    /// The missing lines of its proof.
    pub fn missing(&self) -> impl Iterator<Item = &Line> {
        self.verdict.proof().with(Finding::Missing)
    }

    /// The kinds of its tails, each once.
    pub fn tail_kinds(&self) -> BTreeSet<TailKind> {
        self.tails.iter().map(|tail| tail.kind).collect()
    }

    /// Both contracts with their names.
    pub const fn sides(&self) -> [(&Name, &'a Contract); 2] {
        [(self.name.first(), self.first), (self.name.second(), self.second)]
    }
}

/// Whether a person can vouch for a missing line. A listing that contradicts itself is not mended by a word.
pub const fn can_vouch(line: &Line) -> bool {
    !matches!(line.topic, Topic::Consistency)
}

/// The side of a market on which an outcome of that name pays: the first outcome is its YES.
pub fn side(listing: &Listing, outcome: &str) -> Option<Outcome> {
    let at = if listing.outcomes.is_empty() {
        ["Yes", "No"].iter().position(|name| *name == outcome)
    } else {
        listing.outcomes.iter().position(|name| name == outcome)
    };
    match at? {
        0 => Some(Outcome::Yes),
        1 => Some(Outcome::No),
        _ => None,
    }
}

/// What the texts or a person settled about a riskless pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How the payoffs hang together.
    pub link: Link,
    /// The second's outcome that pays when the first's Yes pays, by name. For implications and exclusions it is Yes.
    pub outcome: String,
    /// The same as a side of the second's book. With [`Link::Same`] and [`Link::Inverse`] alike: the first's YES and
    /// this side pay together.
    pub pays: Outcome,
    /// What it stands on.
    pub grounds: Grounds,
}

/// What a riskless pair stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grounds {
    /// The rules of both, and tails that the configuration accepts, if it has any.
    Rules,
    /// Also a person's word: a vouched line, or an accepted tail.
    Person,
}

/// Something that keeps a pair from being riskless.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// A veto was given on other texts than today's: a person looks again, and withdraws or repeats it.
    Review,
    /// The rules of this listing are not at hand.
    Rules(Name),
    /// The names of its outcomes are not at hand.
    Outcomes(Name),
    /// A missing line for which nobody vouches.
    Line(Vouch),
    /// A missing line for which nobody can.
    Inconsistent(Vouch),
    /// Which outcome pays is not known, or a link of Yes and No meets outcomes of other names.
    Paying,
    /// A tail that nobody accepts.
    Tail(TailKind),
}

impl fmt::Display for Need {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Review => out.write_str("a veto on earlier texts, to be withdrawn or repeated"),
            Self::Rules(name) => write!(out, "the rules of {name}"),
            Self::Outcomes(name) => write!(out, "the outcomes of {name}"),
            Self::Line(vouch) => write!(out, "{vouch}"),
            Self::Inconsistent(vouch) => write!(out, "{vouch}, for which nobody can vouch"),
            Self::Paying => out.write_str("which outcome pays"),
            Self::Tail(kind) => write!(out, "tail {kind} is accepted by nobody"),
        }
    }
}

/// What may be done with a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may be traded as riskless on these terms.
    Riskless(Terms),
    /// Shown and not traded: this is missing, at least one thing.
    Conditional(Vec<Need>),
    /// The texts ask different questions.
    Contradicted,
    /// A person said no.
    Vetoed,
}

impl Standing {
    /// Its name in files and options.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Riskless(_) => "riskless",
            Self::Conditional(_) => "conditional",
            Self::Contradicted => "contradicted",
            Self::Vetoed => "vetoed",
        }
    }

    /// Everything that keeps it from being riskless; empty for a riskless pair, and for one that nothing can make so.
    pub fn needs(&self) -> &[Need] {
        match self {
            Self::Conditional(needs) => needs,
            Self::Riskless(_) | Self::Contradicted | Self::Vetoed => &[],
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// The standing of a pair: `said` is what a person decided about it ([`crate::Decisions::said`]), `accepted` are the
/// kinds of tails that are accepted for every pair.
pub fn standing(judged: &Judged<'_>, said: &Said<'_>, accepted: &BTreeSet<TailKind>) -> Standing {
    let confirmed = match said {
        Said::Applies(Decision { choice: Choice::Veto, .. }) => return Standing::Vetoed,
        Said::Applies(Decision { choice: Choice::Confirm(confirmed), .. }) => Some(confirmed),
        Said::Nothing | Said::Stale { .. } => None,
    };
    let Some(link) = judged.link() else { return Standing::Contradicted };
    let mut needs = Vec::new();
    if matches!(said, Said::Stale { decision: Decision { choice: Choice::Veto, .. }, .. }) {
        needs.push(Need::Review);
    }
    for (name, contract) in judged.sides() {
        if !contract.listing.has_rules() {
            needs.push(Need::Rules(name.clone()));
        }
        if name.venue == Venue::Polymarket && contract.listing.outcomes.is_empty() {
            needs.push(Need::Outcomes(name.clone()));
        }
    }
    let mut grounds = Grounds::Rules;
    for line in judged.missing() {
        let vouch = Vouch::of(line);
        if !can_vouch(line) {
            needs.push(Need::Inconsistent(vouch));
        } else if confirmed.is_some_and(|confirmed| confirmed.vouched.contains(&vouch)) {
            grounds = Grounds::Person;
        } else {
            needs.push(Need::Line(vouch));
        }
    }
    let named = match link {
        Link::Same | Link::Inverse => {
            judged.outcome().or_else(|| confirmed.map(|confirmed| confirmed.outcome.as_str())).map(str::to_owned)
        }
        Link::Implies | Link::ImpliedBy | Link::Excludes => {
            judged.sides().iter().all(|(_, contract)| is_yes_no(&contract.listing)).then(|| yes(&judged.second.listing))
        }
    };
    let paying = named.and_then(|outcome| Some((side(&judged.second.listing, &outcome)?, outcome)));
    if paying.is_none() {
        needs.push(Need::Paying);
    }
    for kind in judged.tail_kinds() {
        if accepted.contains(&kind) {
            continue;
        }
        if confirmed.is_some_and(|confirmed| confirmed.tails.contains(&kind)) {
            grounds = Grounds::Person;
        } else {
            needs.push(Need::Tail(kind));
        }
    }
    match paying {
        Some((pays, outcome)) if needs.is_empty() => Standing::Riskless(Terms { link, outcome, pays, grounds }),
        Some(_) | None => Standing::Conditional(needs),
    }
}

/// Whether the outcomes are Yes and No, in this order.
fn is_yes_no(listing: &Listing) -> bool {
    match listing.outcomes.as_slice() {
        [] => true,
        [first, second] => first.eq_ignore_ascii_case("yes") && second.eq_ignore_ascii_case("no"),
        _ => false,
    }
}

fn yes(listing: &Listing) -> String {
    listing.outcomes.first().cloned().unwrap_or_else(|| "Yes".to_owned())
}
