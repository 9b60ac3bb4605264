//! What is known of the world outside the venues: a price, a forecast, a count, each with the time at which it was true.
//!
//! Facts come as inputs, so that a strategy which turns them into a fair value is as pure as everything else and a replay sees
//! what it saw. A series is one thing that is measured again and again; its name is the configuration's.
//!
//! Invariants: nothing older than its own age limit can be read; whatever is told, the table does not grow without end.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_types::Timestamp;

/// The longest name of a series, in bytes.
pub const MAX_SERIES_NAME: usize = 128;

/// Most series that are known at once: a day's weather of every city, and every coin, many times over.
pub const MOST_SERIES: usize = 16_384;

/// A number, or several that belong together: members of an ensemble, quotes of a ladder.
#[derive(Clone, Debug, PartialEq)]
pub enum FactValue {
    /// One number, in the series' unit.
    Number(f64),
    /// Several, in the series' order.
    Numbers(Vec<f64>),
}

impl FactValue {
    /// The number, where it is one.
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Numbers(_) => None,
        }
    }

    /// All numbers.
    pub fn numbers(&self) -> &[f64] {
        match self {
            Self::Number(number) => std::slice::from_ref(number),
            Self::Numbers(numbers) => numbers,
        }
    }
}

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is about: `spot:BTC`, `forecast:KNYC:high:2026-11-28`.
    pub series: String,
    /// What is so.
    pub value: FactValue,
    /// When it was so, by its source: its age counts, not the message's.
    pub as_of: Timestamp,
    /// How long after that it may still decide.
    pub valid_for: Duration,
}

impl Fact {
    /// Whether it may decide at `now`.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.as_of) <= self.valid_for
    }

    /// Whether it is one: every number finite, and a name.
    pub fn is_sound(&self) -> bool {
        let named = (1..=MAX_SERIES_NAME).contains(&self.series.len());
        named && self.value.numbers().iter().all(|number| number.is_finite())
    }
}

/// The newest fact of each series.
#[derive(Clone, Debug, Default)]
pub struct Facts(BTreeMap<String, Fact>);

impl Facts {
    /// The newest fact of a series, while it may decide.
    pub fn fresh(&self, series: &str, now: Timestamp) -> Option<&Fact> {
        self.0.get(series).filter(|fact| fact.is_fresh(now))
    }

    /// Every series with its newest fact, fresh or not: for people.
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.0.values()
    }

    /// Keeps a fact unless a newer one is known. Whether it was news.
    pub(crate) fn learn(&mut self, fact: Fact) -> bool {
        match self.0.get_mut(&fact.series) {
            // On data of the same time the later word is a correction.
            Some(known) if known.as_of > fact.as_of || *known == fact => false,
            Some(known) => {
                *known = fact;
                true
            }
            None => {
                if self.0.len() >= MOST_SERIES {
                    self.forget_one();
                }
                self.0.insert(fact.series.clone(), fact);
                true
            }
        }
    }

    /// Makes room: the series that goes stale first, which is yesterday's as a rule.
    fn forget_one(&mut self) {
        let ends = |fact: &Fact| fact.as_of.plus(fact.valid_for);
        let first = self.0.values().min_by_key(|fact| ends(fact)).map(|fact| fact.series.clone());
        if let Some(first) = first {
            self.0.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_facts_has_a_bound_and_forgets_what_goes_stale_first() {
        let fact = |series: String, seconds| Fact {
            series,
            value: FactValue::Number(1.0),
            as_of: Timestamp::from_secs(seconds).unwrap(),
            valid_for: Duration::from_mins(1),
        };
        let mut facts = Facts::default();
        for number in 0..MOST_SERIES as i64 {
            assert!(facts.learn(fact(format!("s{number}"), 1_000 + number)));
        }
        assert!(facts.learn(fact("new".to_owned(), 900_000)));
        assert_eq!(facts.iter().count(), MOST_SERIES);
        assert!(facts.fresh("s0", Timestamp::from_secs(1_000).unwrap()).is_none());
        assert!(facts.fresh("s1", Timestamp::from_secs(1_000).unwrap()).is_some());
    }
}
