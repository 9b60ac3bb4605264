//! Relations inside one venue: sets of which at most one pays, and ladders of which each rung pays whenever the next
//! does.
//!
//! A set is exclusive only by the venue's word, never by the look of its titles; that one of it must pay is proved by the
//! ranges in the rules of all members, or not at all. A ladder is proved rung by rung with [`verdict`].

use crate::calendar::When;
use crate::compare;
use crate::contract::Contract;
use crate::range::{Range, RangeRelation};
use crate::text::Decimal;
use crate::verdict::{Verdict, verdict};

/// Whether some member of an exclusive set must pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// The ranges in the rules of all members leave no value out that the thing measured can have: exactly one pays.
    Complete,
    /// Nothing says that one must pay.
    Unknown,
    /// One member stands for whatever is not listed yet. When the venue lists a new member, this one's meaning shrinks:
    /// buying "other" is not buying what it means today.
    Augmented {
        /// The place of that member among the contracts given.
        other: usize,
    },
}

/// A relation among contracts, by their places in the slice given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// At most one pays Yes.
    Exclusive {
        /// The members in the order given.
        members: Vec<usize>,
        /// Whether one must.
        coverage: Coverage,
    },
    /// Whenever one pays Yes, so do all after it: thresholds from the hardest to the easiest.
    Thresholds {
        /// The rungs, hardest first.
        rungs: Vec<usize>,
    },
    /// Whenever one pays Yes, so do all after it: deadlines from the earliest to the latest.
    Deadlines {
        /// The rungs, earliest first.
        rungs: Vec<usize>,
    },
}

/// The relations among contracts of one venue, event by event, in the order in which the events first appear.
pub fn relations(contracts: &[Contract]) -> Vec<Relation> {
    let mut events: Vec<&str> = Vec::new();
    for contract in contracts {
        let event = contract.listing.event.as_str();
        if !event.is_empty() && !events.contains(&event) {
            events.push(event);
        }
    }
    let mut found = Vec::new();
    for event in events {
        let members: Vec<usize> = (0..contracts.len()).filter(|at| contracts[*at].listing.event == event).collect();
        if members.len() < 2 {
            continue;
        }
        if members.iter().all(|at| contracts[*at].listing.exclusive) {
            let coverage = coverage(contracts, &members);
            found.push(Relation::Exclusive { members: members.clone(), coverage });
        }
        found.extend(thresholds(contracts, &members, true));
        found.extend(thresholds(contracts, &members, false));
        found.extend(deadlines(contracts, &members));
    }
    found
}

fn coverage(contracts: &[Contract], members: &[usize]) -> Coverage {
    if let Some(other) = members.iter().copied().find(|at| contracts[*at].listing.other) {
        return Coverage::Augmented { other };
    }
    if covers_all(contracts, members) { Coverage::Complete } else { Coverage::Unknown }
}

/// Whether the rules of all members leave no value out, from below everything to above everything.
///
/// Titles leave too much open, and so does the venue's word that at most one pays: neither says that one must.
fn covers_all(contracts: &[Contract], members: &[usize]) -> bool {
    let ranged: Option<Vec<(Range, &Contract)>> = members
        .iter()
        .map(|at| &contracts[*at])
        .map(|contract| Some((contract.range.filter(|_| contract.listing.has_rules())?.value, contract)))
        .collect();
    let Some(mut ranged) = ranged else { return false };
    ranged.sort_by_key(|(range, _)| (range.low.map(|low| low.value), range.high.map(|high| high.value)));
    let (Some((first, _)), Some((last, _))) = (ranged.first(), ranged.last()) else { return false };
    first.low.is_none() && last.high.is_none() && ranged.windows(2).all(|pair| meets(pair[0], pair[1]))
}

/// Whether two ranges of one thing, the lower first, leave no value between them: their bounds touch, or no value that the
/// thing can have lies between.
fn meets(below: (Range, &Contract), above: (Range, &Contract)) -> bool {
    let (Some(high), Some(low)) = (below.0.high, above.0.low) else { return false };
    let steps = [below, above].map(|(range, contract)| compare::step(contract, &range));
    let step = steps[0].filter(|_| steps[0] == steps[1]);
    let left = Range { low: None, high: Some(high), unit: None };
    let right = Range { low: Some(low), high: None, unit: None };
    // Of one thing at one time: nothing else in their texts differs.
    let is_one_thing = matches!(verdict(below.1, above.1), Verdict::Inverse(_) | Verdict::Excludes(_));
    !compare::units_differ(&below.0, &above.0)
        && left.relation(&right, step) == RangeRelation::Complement
        && is_one_thing
}

/// Ladders of "at least" (`up`) or of "at most", proved between neighbours.
fn thresholds(contracts: &[Contract], members: &[usize], up: bool) -> Vec<Relation> {
    let bound = |at: usize| {
        let range = contracts[at].range?.value;
        match (range.low, range.high) {
            (Some(low), None) if up => Some(low.value),
            (None, Some(high)) if !up => Some(high.value.negated()),
            (Some(_) | None, Some(_) | None) => None,
        }
    };
    let mut rungs: Vec<(Decimal, usize)> = members.iter().filter_map(|at| Some((bound(*at)?, *at))).collect();
    // The hardest first: the highest floor, or the lowest ceiling.
    rungs.sort_unstable_by(|one, two| two.0.cmp(&one.0).then(one.1.cmp(&two.1)));
    proved_runs(contracts, &rungs.into_iter().map(|(_, at)| at).collect::<Vec<_>>())
        .into_iter()
        .map(|rungs| Relation::Thresholds { rungs })
        .collect()
}

fn deadlines(contracts: &[Contract], members: &[usize]) -> Vec<Relation> {
    let day = |at: usize| {
        contracts[at].times.iter().find_map(|time| match time.value.when {
            When::Until(day) if day.year.is_some() => Some(day),
            When::Until(_)
            | When::On(_)
            | When::Days(..)
            | When::Month(..)
            | When::Quarter(..)
            | When::Year(_)
            | When::Season(_) => None,
        })
    };
    let mut rungs: Vec<_> = members.iter().filter_map(|at| Some((day(*at)?, *at))).collect();
    rungs.sort_unstable();
    proved_runs(contracts, &rungs.into_iter().map(|(_, at)| at).collect::<Vec<_>>())
        .into_iter()
        .map(|rungs| Relation::Deadlines { rungs })
        .collect()
}

/// The longest runs of two and more in which each is proved to imply the next.
fn proved_runs(contracts: &[Contract], order: &[usize]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut run: Vec<usize> = Vec::new();
    for at in order {
        let implied = run.last().is_some_and(|before| {
            matches!(verdict(&contracts[*before], &contracts[*at]), Verdict::Implies { first_implies_second: true, .. })
        });
        if !implied {
            runs.push(std::mem::take(&mut run));
        }
        run.push(*at);
    }
    runs.push(run);
    runs.retain(|run| run.len() > 1);
    runs
}
