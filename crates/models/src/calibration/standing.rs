//! Whether a model may trade: it has beaten the market's own price, on enough markets, by more than luck.
//!
//! A model whose settled markets do not show that may quote on paper only. The gate is a type: [`Standing::Live`] holds a
//! [`BeatsMarket`], which only [`Standing::judge`] can make, so code that asks for one cannot be called by a model that has
//! not earned it.
//!
//! Luck is measured by resampling whole events with replacement: the six buckets of one day are one draw of the weather.
//! The same seed gives the same verdict on every machine.
//!
//! What can go wrong: choosing the best of twenty models by this gate passes one in twenty by luck. And a record that the
//! model was fitted on is no record.
//!
//! Source: Efron & Tibshirani 1993 (bootstrap); reference section 9.8 for the gate. The least number of events is ours: a
//! hundred markets of three events would pass or fail by three draws.

use std::collections::BTreeMap;

use brier_types::Prob;

use super::skill;
use crate::random::SplitMix;

/// Fewest scored markets that a verdict is given on.
pub const MIN_MARKETS: usize = 100;
/// Fewest events that these must belong to.
pub const MIN_EVENTS: usize = 20;
/// The chance of passing by luck must be below this.
pub const MAX_P_VALUE: f64 = 0.05;
/// Resamples behind a verdict.
pub const RESAMPLES: u32 = 4000;

/// A settled market on which both the model and the market had an opinion at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contest {
    /// The event it belongs to; markets of one event settle together.
    pub event: u64,
    /// What the model said.
    pub model: Prob,
    /// The market's mid at that moment.
    pub market: Prob,
    /// Whether it happened.
    pub happened: bool,
}

impl Contest {
    /// The squared misses of model and market.
    fn squares(&self) -> (f64, f64) {
        let outcome = if self.happened { 1.0 } else { 0.0 };
        let square = |said: Prob| (said.get() - outcome) * (said.get() - outcome);
        (square(self.model), square(self.market))
    }
}

/// Means of numbers whose events were drawn again and again, with replacement: how far luck could have moved the mean.
///
/// ```
/// use brier_models::calibration::standing::Resampled;
/// let drawn = Resampled::by_event((0..100u64).map(|event| (event, if event % 10 == 0 { -1.0 } else { 1.0 })), 2_000, 7).unwrap();
/// let (low, high) = drawn.interval();
/// assert!(low < 0.8 && 0.8 < high && low > 0.6);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled {
    /// Events there were.
    pub events: usize,
    /// The means, least first; at least one.
    means: Vec<f64>,
}

impl Resampled {
    /// Draws the events of numbers, each with the number of its event. `None` without numbers or resamples.
    pub fn by_event<K: Ord>(numbers: impl IntoIterator<Item = (K, f64)>, resamples: u32, seed: u64) -> Option<Self> {
        let mut sums: BTreeMap<K, (f64, f64)> = BTreeMap::new();
        for (event, number) in numbers {
            let (sum, count) = sums.entry(event).or_default();
            *sum += number;
            *count += 1.0;
        }
        if sums.is_empty() || resamples == 0 {
            return None;
        }
        let events: Vec<(f64, f64)> = sums.into_values().collect();
        let mut random = SplitMix::new(seed);
        let mut means: Vec<f64> = (0..resamples)
            .map(|_| {
                let draws = (0..events.len()).map(|_| events[random.below(events.len())]);
                let (sum, count) = draws.fold((0.0, 0.0), |(sum, count), event| (sum + event.0, count + event.1));
                sum / count
            })
            .collect();
        means.sort_by(f64::total_cmp);
        Some(Self { events: events.len(), means })
    }

    /// Where the mean lies at 95 %.
    pub fn interval(&self) -> (f64, f64) {
        let at = |share: f64| self.means[((share * self.means.len() as f64) as usize).min(self.means.len() - 1)];
        (at(0.025), at(0.975))
    }

    /// The share of means that are not above zero; never nought.
    pub fn p_value(&self) -> f64 {
        let lost = self.means.partition_point(|&mean| mean <= 0.0);
        (lost + 1) as f64 / (self.means.len() + 1) as f64
    }
}

/// What a record shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// Scored markets.
    pub markets: usize,
    /// Events they belong to.
    pub events: usize,
    /// The model's Brier skill against the market, absent when the market was perfect or there is none.
    pub skill: Option<f64>,
    /// How much lower the model's Brier score is.
    pub advantage: f64,
    /// Where the advantage lies at 95 %.
    pub interval: (f64, f64),
    /// The share of resamples in which the model did not win.
    pub p_value: f64,
}

impl Record {
    /// Compares model and market on the same markets, by a bootstrap of `resamples` over events. `None` without markets
    /// or resamples.
    pub fn of(contests: &[Contest], resamples: u32, seed: u64) -> Option<Self> {
        if contests.is_empty() || resamples == 0 {
            return None;
        }
        let advantages = contests.iter().map(|contest| {
            let (model, market) = contest.squares();
            (contest.event, market - model)
        });
        let resampled = Resampled::by_event(advantages, resamples, seed)?;
        let count = contests.len() as f64;
        let (model, market) = contests.iter().fold((0.0, 0.0), |(model, market), contest| {
            let squares = contest.squares();
            (model + squares.0 / count, market + squares.1 / count)
        });
        Some(Self {
            markets: contests.len(),
            events: resampled.events,
            skill: skill(model, market),
            advantage: market - model,
            interval: resampled.interval(),
            p_value: resampled.p_value(),
        })
    }
}

/// The proof that a model has beaten the market. Only [`Standing::judge`] makes one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BeatsMarket(Record);

impl BeatsMarket {
    /// The record that proves it.
    pub const fn record(&self) -> &Record {
        &self.0
    }
}

/// Why a model quotes on paper only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PaperOnly {
    /// Fewer than [`MIN_MARKETS`] markets have been scored.
    TooFewMarkets {
        /// How many have.
        markets: usize,
    },
    /// They belong to fewer than [`MIN_EVENTS`] events.
    TooFewEvents {
        /// How many they belong to.
        events: usize,
    },
    /// The market's price was as good or better.
    NotBetter(Record),
    /// It was better, but that may have been luck.
    MayBeLuck(Record),
}

/// For people: what the record shows, and what is missing.
impl std::fmt::Display for PaperOnly {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooFewMarkets { markets } => write!(out, "{markets} scored markets, {MIN_MARKETS} are needed"),
            Self::TooFewEvents { events } => write!(out, "markets of {events} events, {MIN_EVENTS} are needed"),
            Self::NotBetter(record) => {
                let worse = -record.advantage;
                write!(out, "the market's price was as good or better, by {worse:.4} of Brier score")
            }
            Self::MayBeLuck(Record { advantage, p_value, .. }) => {
                write!(
                    out,
                    "better than the market by {advantage:.4} of Brier score, which may be luck (p = {p_value:.2})"
                )
            }
        }
    }
}

/// Whether a model may trade.
///
/// ```
/// use brier_models::calibration::standing::{PaperOnly, Standing};
/// assert_eq!(Standing::judge(&[], 7), Standing::Paper(PaperOnly::TooFewMarkets { markets: 0 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// On paper only.
    Paper(PaperOnly),
    /// With money.
    Live(BeatsMarket),
}

impl Standing {
    /// Judges a model by its settled markets.
    pub fn judge(contests: &[Contest], seed: u64) -> Self {
        let markets = contests.len();
        let record = Record::of(contests, RESAMPLES, seed).filter(|_| markets >= MIN_MARKETS);
        let Some(record) = record else { return Self::Paper(PaperOnly::TooFewMarkets { markets }) };
        if record.events < MIN_EVENTS {
            Self::Paper(PaperOnly::TooFewEvents { events: record.events })
        } else if !record.skill.is_some_and(|skill| skill > 0.0) {
            Self::Paper(PaperOnly::NotBetter(record))
        } else if record.p_value >= MAX_P_VALUE {
            Self::Paper(PaperOnly::MayBeLuck(record))
        } else {
            Self::Live(BeatsMarket(record))
        }
    }

    /// The proof, for code that trades.
    pub const fn proof(&self) -> Option<&BeatsMarket> {
        match self {
            Self::Paper(_) => None,
            Self::Live(proof) => Some(proof),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` markets, `per_event` an event; the model knows the truth but for `error`, the market is off by 0.15.
    fn contests(count: usize, per_event: usize, error: f64, seed: u64) -> Vec<Contest> {
        let mut random = SplitMix::new(seed);
        (0..count)
            .map(|index| {
                let truth = 0.3 + 0.4 * random.unit();
                let side = |by: f64, up: bool| Prob::new(if up { truth + by } else { truth - by }).unwrap();
                let (model, market) = (side(error, index % 2 == 0), side(0.15, index % 3 == 0));
                Contest { event: (index / per_event) as u64, model, market, happened: random.unit() < truth }
            })
            .collect()
    }

    #[test]
    fn a_model_that_knows_more_earns_its_standing() {
        let record = contests(1500, 2, 0.0, 5);
        let standing = Standing::judge(&record, 1);
        assert!(standing.proof().is_some(), "{standing:?}");
        assert_eq!(standing, Standing::judge(&record, 1), "the same seed, the same verdict");
        let proof = standing.proof().unwrap().record();
        assert!(proof.interval.0 < proof.advantage && proof.advantage < proof.interval.1);
        assert_eq!((proof.markets, proof.events), (1500, 750));
    }

    #[test]
    fn the_gate_says_why_not() {
        assert!(matches!(
            Standing::judge(&contests(99, 1, 0.0, 5), 1),
            Standing::Paper(PaperOnly::TooFewMarkets { markets: 99 })
        ));
        let one_event = contests(300, 100, 0.0, 5);
        assert!(matches!(Standing::judge(&one_event, 1), Standing::Paper(PaperOnly::TooFewEvents { events: 3 })));
        assert!(matches!(Standing::judge(&contests(500, 1, 0.3, 5), 1), Standing::Paper(PaperOnly::NotBetter(_))));
        let equal: Vec<Contest> =
            contests(500, 1, 0.1, 5).into_iter().map(|contest| Contest { market: contest.model, ..contest }).collect();
        assert!(matches!(Standing::judge(&equal, 1), Standing::Paper(PaperOnly::NotBetter(_))), "the mid itself");
        assert!((Record::of(&equal, 500, 1).unwrap().p_value - 1.0).abs() < 1e-12, "no resample of a draw is a win");
        // As far from the truth as the market: half of such models look better, and hardly any may say so.
        let lucky = (0..20).map(|seed| Standing::judge(&contests(120, 1, 0.15, seed), 1));
        let lucky = lucky.filter(|standing| matches!(standing, Standing::Paper(PaperOnly::MayBeLuck(_)))).count();
        assert!((4..=16).contains(&lucky), "{lucky} of 20");
    }

    #[test]
    fn a_model_no_better_than_the_market_seldom_passes() {
        let passed = (0..100).filter(|&seed| {
            let record = Record::of(&contests(150, 1, 0.15, seed), 400, seed).unwrap();
            record.p_value < MAX_P_VALUE
        });
        let passed = passed.count();
        assert!(passed <= 10, "{passed} of 100");
    }

    #[test]
    fn markets_of_one_event_are_one_surprise() {
        // Each event six times over: the same information, which must not look like six times as much.
        let singles = contests(150, 1, 0.1, 8);
        let copies = singles.repeat(6);
        let (one, six) = (Record::of(&singles, 2000, 3).unwrap(), Record::of(&copies, 2000, 3).unwrap());
        assert!((one.p_value - six.p_value).abs() < 1e-12);
        assert!(Record::of(&[], 10, 1).is_none());
        assert!(Record::of(&singles, 0, 1).is_none());
    }
}
