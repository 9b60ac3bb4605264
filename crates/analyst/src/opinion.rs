//! What an analyst says: how likely, how sure, why, what would change its mind, and on what; or why it says nothing.
//!
//! Invariants: an interval holds its probability; a driver without evidence is none.

use std::fmt;
use std::time::Duration;

use brier_types::{Money, Prob, Timestamp};

use crate::language::{CallError, LedgerError};

/// Where the true chance is thought to lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    low: Prob,
    high: Prob,
    level: Prob,
}

impl Interval {
    /// From `low` to `high`, meant to hold the truth with a chance of `level`. Ends in the wrong order are turned.
    pub fn new(low: Prob, high: Prob, level: Prob) -> Self {
        if low.get() <= high.get() { Self { low, high, level } } else { Self { low: high, high: low, level } }
    }

    /// The same, stretched so that `prob` is in it.
    #[must_use]
    pub fn with(self, prob: Prob) -> Self {
        let low = if prob.get() < self.low.get() { prob } else { self.low };
        let high = if prob.get() > self.high.get() { prob } else { self.high };
        Self { low, high, level: self.level }
    }

    /// The lower end.
    pub const fn low(self) -> Prob {
        self.low
    }

    /// The upper end.
    pub const fn high(self) -> Prob {
        self.high
    }

    /// With what chance it is meant to hold the truth.
    pub const fn level(self) -> Prob {
        self.level
    }

    /// From end to end, in probability.
    pub fn width(self) -> f64 {
        self.high.get() - self.low.get()
    }
}

/// Which way a reason points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// Toward YES.
    Up,
    /// Toward NO.
    Down,
}

/// What a reason rests on.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// A number of a feed.
    Fact {
        /// Its series.
        series: String,
        /// The number that went in, in the series' unit.
        value: f64,
        /// When it was so.
        as_of: Timestamp,
    },
    /// A number that the configuration states.
    Stated {
        /// The number.
        value: f64,
    },
    /// Words that were found in a source as they stand.
    Quote {
        /// The source's id, as in [`Opinion::sources`].
        source: String,
        /// The words.
        text: String,
    },
}

/// One reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Driver {
    /// What it is, in words.
    pub name: String,
    /// Which way it points.
    pub sign: Sign,
    /// How much it counts, never negative. Of a quantitative analyst: the probability that it moves, so that the signed
    /// weights add up to the opinion less its baseline. Of a language model: its own word for it, 0 to 1, averaged over all
    /// samples.
    pub weight: f64,
    /// What it rests on; never empty.
    pub evidence: Vec<Evidence>,
}

impl Driver {
    /// The weight with its sign.
    pub fn signed(&self) -> f64 {
        match self.sign {
            Sign::Up => self.weight,
            Sign::Down => -self.weight,
        }
    }
}

/// What would change the view.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What would have to happen.
    pub what: String,
    /// The chance that would then be stated, where the analyst can compute it.
    pub prob: Option<Prob>,
}

/// A source that was read, and how old it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceAge {
    /// What evidence calls it: a series, or `S3`.
    pub id: String,
    /// What it is: a title, a series, the venue's rules.
    pub title: String,
    /// When it was true, by its own word; none for what has no date, such as rules.
    pub as_of: Option<Timestamp>,
    /// How old it was at the time of the opinion.
    pub age: Option<Duration>,
}

/// How likely YES is, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// The analyst's name.
    pub analyst: String,
    /// The dossier's time.
    pub at: Timestamp,
    /// The chance of YES.
    pub prob: Prob,
    /// How sure that is.
    pub interval: Interval,
    /// Where a quantitative analyst's reasons start from; none of a language model.
    pub baseline: Option<Prob>,
    /// Why, the heaviest reason first.
    pub drivers: Vec<Driver>,
    /// What would change it.
    pub changes: Vec<Change>,
    /// What was read.
    pub sources: Vec<SourceAge>,
}

/// Why there is no opinion. Not a failure: nothing must be traded on what nobody thinks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoOpinion {
    /// No model is configured for the market.
    #[error("no model is configured for {market}")]
    NoModel {
        /// Which.
        market: String,
    },
    /// Trading has ended.
    #[error("{market} closed at {closed_at}")]
    Closed {
        /// Which.
        market: String,
        /// When.
        closed_at: Timestamp,
    },
    /// A series that the model needs is not in the dossier.
    #[error("series `{series}` is missing; the feed that brings it may be down")]
    MissingFact {
        /// Which.
        series: String,
    },
    /// A series that the model needs is over its age limit.
    #[error("series `{series}` is {} s old and may be used for {} s", .age.as_secs(), .valid_for.as_secs())]
    StaleFact {
        /// Which.
        series: String,
        /// How old it is.
        age: Duration,
        /// How old it may be.
        valid_for: Duration,
    },
    /// A series has not the form that the model needs.
    #[error("series `{series}`: expected {expected}")]
    WrongFact {
        /// Which.
        series: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The numbers make no sense to the model.
    #[error("the {model} model has no answer for these numbers: {why}")]
    ModelRefuses {
        /// Which model.
        model: &'static str,
        /// What was wrong.
        why: &'static str,
    },
    /// There is no key for the language model.
    #[error("no key for the language model {model}; set its reference in the configuration")]
    NoKey {
        /// Which model.
        model: String,
    },
    /// There is nothing that a language model could quote.
    #[error("nothing to read: the dossier has no fresh fact or document, and no rules")]
    NothingToRead,
    /// The next request might cost more than is left.
    #[error("budget: the next request may cost ${needed}, ${left} is left")]
    OverBudget {
        /// What it may cost at most.
        needed: Money,
        /// What is left.
        left: Money,
    },
    /// Nobody knows what is spent.
    #[error("budget: {0}")]
    Ledger(#[from] LedgerError),
    /// The endpoint could not be used.
    #[error("language model: {0}")]
    Endpoint(#[from] CallError),
    /// Too few samples passed every check.
    #[error("{valid} of {asked} samples passed the checks, {needed} are needed; the last refusal: {last}")]
    TooFewSamples {
        /// How many passed.
        valid: usize,
        /// How many were asked for.
        asked: usize,
        /// How many are needed.
        needed: usize,
        /// Why the last one was refused. Never words of the endpoint.
        last: String,
    },
    /// The language model said that it cannot tell, more often than it said anything else of use.
    #[error("the model could not tell in {abstained} of {asked} samples: \"{because}\"")]
    Abstained {
        /// How many.
        abstained: usize,
        /// Of how many that were wanted.
        asked: usize,
        /// The model's own words of the last time, in one form and bounded: for people only.
        because: String,
    },
}

impl NoOpinion {
    /// Its kind, in a word: the same reason again has the same, whatever its numbers.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::NoModel { .. } => "no_model",
            Self::Closed { .. } => "closed",
            Self::MissingFact { .. } => "missing_fact",
            Self::StaleFact { .. } => "stale_fact",
            Self::WrongFact { .. } => "wrong_fact",
            Self::ModelRefuses { .. } => "model_refuses",
            Self::NoKey { .. } => "no_key",
            Self::NothingToRead => "nothing_to_read",
            Self::OverBudget { .. } => "over_budget",
            Self::Ledger(_) => "ledger",
            Self::Endpoint(_) => "endpoint",
            Self::TooFewSamples { .. } => "too_few_samples",
            Self::Abstained { .. } => "abstained",
        }
    }

    /// The series that it is about, if it is about one.
    pub fn series(&self) -> Option<&str> {
        match self {
            Self::MissingFact { series } | Self::StaleFact { series, .. } | Self::WrongFact { series, .. } => {
                Some(series)
            }
            _ => None,
        }
    }

    /// What would help.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoModel { .. } => "give it a recipe for this market, or ask an analyst that reads",
            Self::Closed { .. } => "nothing: trading has ended",
            Self::MissingFact { .. } => "a feed that tells this series, or a program that does",
            Self::StaleFact { .. } => "newer data: see whether its feed answers",
            Self::WrongFact { .. } => "another series, or another reading of it in the recipe",
            Self::ModelRefuses { .. } => "numbers and baselines that the model can take: see its recipe",
            Self::NoKey { .. } => "a key for the endpoint, by reference in the configuration",
            Self::NothingToRead => "rules, a fact or a document for it to read",
            Self::OverBudget { .. } => "a larger budget",
            Self::Ledger(_) => "a ledger that can be read and written",
            Self::Endpoint(_) => "an endpoint that answers: see its address, its key and the model's name",
            Self::TooFewSamples { .. } => "a model that keeps to the form and quotes its sources, or more samples",
            Self::Abstained { .. } => "more to read: facts, or rules that say more",
        }
    }
}

/// One line: `0.62 (0.55 to 0.70 at 90 %), 3 drivers`.
impl fmt::Display for Opinion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high, level) = (self.interval.low.get(), self.interval.high.get(), self.interval.level.get());
        let count = self.drivers.len();
        write!(
            out,
            "{:.2} ({low:.2} to {high:.2} at {:.0} %), {count} {}",
            self.prob.get(),
            level * 100.0,
            if count == 1 { "driver" } else { "drivers" }
        )
    }
}
