//! One view of several samples: the trimmed mean in log odds, and an interval that their spread makes no narrower than honest.
//!
//! Samples of one model agree more than the truth would, so the spread alone says too little: each end of the interval is the
//! farther of what the spread gives and what the samples state on average. Reasons are merged where they rest on the same
//! words; a reason that only one sample in five names counts a fifth.
//!
//! Source: Satopää et al. 2014 for means of log odds; a Student quantile is not used, for samples are not independent anyway.

use std::collections::BTreeMap;

use brier_models::logit::{clipped_logit, sigmoid};
use brier_types::Prob;

use super::answer::Estimate;
use crate::opinion::{Change, Driver, Evidence, Interval, Sign};

/// With what chance an interval is meant to hold the truth: what the model is asked for.
pub const LEVEL: f64 = 0.8;
/// How many deviations from the middle the ends of a normal's 80 % lie.
const DEVIATIONS: f64 = 1.281_551_565_544_6;
/// The most drivers and changes of the whole.
const MAX_DRIVERS: usize = 8;
const MAX_CHANGES: usize = 5;

/// The samples' common view.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The chance of YES, within the clip of log odds (0.005 to 0.995).
    pub prob: Prob,
    /// How sure.
    pub interval: Interval,
    /// Reasons, the heaviest first.
    pub drivers: Vec<Driver>,
    /// What would change it.
    pub changes: Vec<Change>,
}

/// The common view of samples whose evidence is checked; the `trim` lowest and highest are left out of the middle, as long
/// as one is left. `None` without samples.
pub fn aggregate(samples: &[Estimate], trim: usize) -> Option<View> {
    let mut middles: Vec<f64> = samples.iter().map(|sample| clipped_logit(sample.prob)).collect();
    middles.sort_by(f64::total_cmp);
    let trim = trim.min(middles.len().saturating_sub(1) / 2);
    let middle = mean(&middles[trim..middles.len().checked_sub(trim)?])?;
    // The spread is that of all samples: what is left out of the middle still says how far they disagree.
    let center = mean(&middles)?;
    let squares: f64 = middles.iter().map(|x| (x - center) * (x - center)).sum();
    let spread = libm::sqrt(squares / (middles.len() as f64 - 1.0).max(1.0));
    let ends = |of: &dyn Fn(&Estimate) -> Prob| {
        mean(&samples.iter().map(|sample| clipped_logit(of(sample))).collect::<Vec<_>>())
    };
    let low = ends(&|sample| sample.low)?.min(middle - DEVIATIONS * spread);
    let high = ends(&|sample| sample.high)?.max(middle + DEVIATIONS * spread);
    let chance = |x: f64| Prob::new(sigmoid(x).clamp(0.0, 1.0)).ok();
    let prob = chance(middle)?;
    let interval = Interval::new(chance(low)?, chance(high)?, Prob::new(LEVEL).ok()?).with(prob);
    Some(View { prob, interval, drivers: drivers(samples), changes: changes(samples) })
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Reasons merged by the source and words that they quote first and the way they point.
fn drivers(samples: &[Estimate]) -> Vec<Driver> {
    let mut merged: BTreeMap<(String, String, Sign), Driver> = BTreeMap::new();
    for claim in samples.iter().flat_map(|sample| &sample.claims) {
        let Some(first) = claim.quotes.first() else { continue };
        let share = claim.weight / samples.len() as f64;
        let key = (first.source.clone(), first.text.clone(), claim.sign);
        let driver = merged.entry(key).or_insert_with(|| Driver {
            name: claim.text.clone(),
            sign: claim.sign,
            weight: 0.0,
            evidence: Vec::new(),
        });
        driver.weight += share;
        for quote in &claim.quotes {
            let evidence = Evidence::Quote { source: quote.source.clone(), text: quote.text.clone() };
            if !driver.evidence.contains(&evidence) {
                driver.evidence.push(evidence);
            }
        }
    }
    let mut drivers: Vec<Driver> = merged.into_values().collect();
    drivers.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    drivers.truncate(MAX_DRIVERS);
    drivers
}

/// Changes in the order in which samples name them, each once.
fn changes(samples: &[Estimate]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for what in samples.iter().flat_map(|sample| &sample.changes) {
        if changes.len() < MAX_CHANGES && changes.iter().all(|change| change.what != *what) {
            changes.push(Change { what: what.clone(), prob: None });
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::answer::{Claim, Quote};
    use proptest::prelude::*;

    fn sample(prob: f64, low: f64, high: f64) -> Estimate {
        let [prob, low, high] = [prob, low, high].map(|value| Prob::new(value).unwrap());
        Estimate { prob, low, high, claims: Vec::new(), changes: Vec::new() }
    }

    fn claim(text: &str, sign: Sign, weight: f64, quote: &str) -> Claim {
        let quotes = vec![Quote { source: "D1".to_owned(), text: quote.to_owned() }];
        Claim { text: text.to_owned(), sign, weight, quotes }
    }

    #[test]
    fn the_middle_is_the_mean_of_log_odds() {
        let view = aggregate(&[sample(0.8, 0.8, 0.8), sample(0.5, 0.5, 0.5)], 0).unwrap();
        assert!((view.prob.get() - 2.0 / 3.0).abs() < 1e-12, "odds of 4 and 1 have a mean of 2");
        let spread = 4.0_f64.ln() / 2.0_f64.sqrt();
        assert!((view.interval.high().get() - sigmoid(2.0_f64.ln() + DEVIATIONS * spread)).abs() < 1e-12);
    }

    #[test]
    fn one_wild_sample_is_trimmed_and_still_widens() {
        let calm = [sample(0.6, 0.55, 0.65), sample(0.6, 0.55, 0.65), sample(0.6, 0.55, 0.65)];
        let mut wild = calm.to_vec();
        wild.push(sample(0.99, 0.98, 0.995));
        let trimmed = aggregate(&wild, 1).unwrap();
        assert!((trimmed.prob.get() - 0.6).abs() < 1e-12, "{trimmed:?}");
        assert!(trimmed.interval.width() > 2.0 * aggregate(&calm, 1).unwrap().interval.width());
        assert!((aggregate(&wild[..1], 9).unwrap().prob.get() - 0.6).abs() < 1e-12, "one is always left");
        assert!(aggregate(&[], 0).is_none());
    }

    #[test]
    fn agreement_does_not_narrow_what_is_stated() {
        let view = aggregate(&[sample(0.6, 0.4, 0.8), sample(0.6, 0.4, 0.8)], 0).unwrap();
        assert!((view.interval.low().get() - 0.4).abs() < 1e-12 && (view.interval.high().get() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn reasons_on_the_same_words_are_one() {
        let mut first = sample(0.6, 0.5, 0.7);
        first.claims =
            vec![claim("warm", Sign::Up, 0.6, "a high near 88"), claim("wind", Sign::Down, 0.9, "sea breeze")];
        first.changes = vec!["a cooler run".to_owned()];
        let mut second = sample(0.6, 0.5, 0.7);
        second.claims = vec![claim("hot", Sign::Up, 1.0, "a high near 88")];
        second.changes = vec!["a cooler run".to_owned(), "rain".to_owned()];
        let view = aggregate(&[first, second], 0).unwrap();
        let drivers: Vec<_> = view.drivers.iter().map(|driver| (driver.name.as_str(), driver.signed())).collect();
        assert_eq!(drivers.len(), 2);
        assert!(drivers[0].0 == "warm" && (drivers[0].1 - 0.8).abs() < 1e-12, "{drivers:?}");
        assert!(drivers[1].0 == "wind" && (drivers[1].1 + 0.45).abs() < 1e-12, "{drivers:?}");
        assert_eq!(view.changes.len(), 2);
    }

    proptest! {
        #[test]
        fn the_middle_is_among_the_samples_and_in_its_interval(
            probs in proptest::collection::vec((0.0_f64..=1.0, 0.0_f64..=1.0, 0.0_f64..=1.0), 1..9),
            trim in 0_usize..5,
        ) {
            let samples: Vec<Estimate> = probs.iter().map(|(a, b, c)| {
                let mut sorted = [*a, *b, *c];
                sorted.sort_by(f64::total_cmp);
                sample(sorted[1], sorted[0], sorted[2])
            }).collect();
            let view = aggregate(&samples, trim).unwrap();
            let clip = |prob: Prob| prob.get().clamp(0.005, 0.995);
            let least = samples.iter().map(|sample| clip(sample.prob)).fold(1.0, f64::min);
            let most = samples.iter().map(|sample| clip(sample.prob)).fold(0.0, f64::max);
            prop_assert!(least - 1e-9 <= view.prob.get() && view.prob.get() <= most + 1e-9);
            prop_assert!(view.interval.low() <= view.prob && view.prob <= view.interval.high());
        }
    }
}
