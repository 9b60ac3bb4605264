//! Scores of a model and of the market's middle on the same quotes, with intervals by event.
//!
//! Markets of one event settle together, so intervals come from resampling whole events; with fewer than
//! [`LEAST_EVENTS`] none is given. A difference below zero is the model's.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_models::calibration::reliability::Curve;
use brier_models::calibration::standing::{Contest, Record, Resampled, Standing};
use brier_models::calibration::{Scored, brier, log_score, skill, spiegelhalter_z};
use brier_types::Prob;
use serde::Serialize;

use crate::history::{Quoted, Set};

/// Fewest events for which an interval says anything.
pub const LEAST_EVENTS: usize = 10;
/// Resamples of each interval.
const RESAMPLES: u32 = 2_000;
/// Bins of a reliability curve.
pub const BINS: u16 = 10;

/// One forecaster's scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Mean squared miss.
    pub brier: f64,
    /// Mean negative logarithm of the chance given to what happened.
    pub log_score: f64,
    /// Mean distance of forecast and frequency over ten bins.
    pub calibration_error: f64,
    /// Standard errors by which the Brier score differs from what right forecasts would get.
    pub spiegelhalter_z: Option<f64>,
}

/// A model against the market on the quotes on which both had an opinion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The model's scores.
    pub model: Scores,
    /// The market's on the same quotes.
    pub market: Scores,
    /// Quotes.
    pub quotes: usize,
    /// Events they belong to.
    pub events: usize,
    /// The share of the market's Brier score that the model avoids; negative is worse.
    pub skill: Option<f64>,
    /// The model's Brier score less the market's.
    pub brier_difference: f64,
    /// Where that lies at 95 %, by events; none for few of them.
    pub brier_interval: Option<(f64, f64)>,
    /// The model's log score less the market's.
    pub log_difference: f64,
    /// Where that lies at 95 %.
    pub log_interval: Option<(f64, f64)>,
}

/// A set at one time before the close.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The set.
    pub set: &'static str,
    /// Seconds before the close.
    pub seconds_before_close: u64,
    /// Quotes.
    pub quotes: usize,
    /// Events they belong to.
    pub events: usize,
    /// The market's scores on all of them.
    pub market: Scores,
    /// The model against it; none where it cannot be asked.
    pub comparison: Option<Comparison>,
}

/// A set's rows, and what is said of its model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The set.
    pub set: &'static str,
    /// What its markets are.
    pub what: &'static str,
    /// The model, where there is one.
    pub model: Option<&'static str>,
    /// Why it cannot be scored, where it cannot.
    pub not_scorable: Option<&'static str>,
    /// By time before the close, the longest first.
    pub rows: Vec<Row>,
    /// Whether the model may trade on this record alone, and if not, why; at the time with the most quotes.
    pub standing: Option<String>,
}

/// Scores a set.
pub fn report(set: &Set, seed: u64) -> Report {
    let mut by_time: BTreeMap<std::cmp::Reverse<Duration>, Vec<&Quoted>> = BTreeMap::new();
    for quote in &set.quotes {
        by_time.entry(std::cmp::Reverse(quote.before_close)).or_default().push(quote);
    }
    let rows: Vec<Row> = by_time.iter().filter_map(|(before, quotes)| row(set.name, before.0, quotes, seed)).collect();
    let most = by_time.values().max_by_key(|quotes| quotes.len());
    let standing = set.model.is_ok().then(|| {
        let contests = most.map(|quotes| contests(quotes)).unwrap_or_default();
        match Standing::judge(&contests, seed) {
            Standing::Live(_) => "beats the market: may trade".to_owned(),
            Standing::Paper(why) => format!("paper only: {why}"),
        }
    });
    Report { set: set.name, what: set.what, model: set.model.ok(), not_scorable: set.model.err(), rows, standing }
}

/// Quotes on which a model and the market both had an opinion, at the time before the close with the most of them.
pub fn contested(set: &Set) -> Vec<&Quoted> {
    let mut by_time: BTreeMap<Duration, Vec<&Quoted>> = BTreeMap::new();
    for quote in set.quotes.iter().filter(|quote| quote.model.is_some()) {
        by_time.entry(quote.before_close).or_default().push(quote);
    }
    by_time.into_values().max_by_key(Vec::len).unwrap_or_default()
}

fn row(set: &'static str, before_close: Duration, quotes: &[&Quoted], seed: u64) -> Option<Row> {
    let said = |quote: &&Quoted| Scored { forecast: quote.mid, happened: quote.yes };
    let market = scores(&quotes.iter().map(said).collect::<Vec<_>>())?;
    Some(Row {
        set,
        seconds_before_close: before_close.as_secs(),
        quotes: quotes.len(),
        events: count_events(quotes),
        market,
        comparison: compare(quotes, seed),
    })
}

fn count_events(quotes: &[&Quoted]) -> usize {
    quotes.iter().map(|quote| quote.event.as_str()).collect::<std::collections::BTreeSet<_>>().len()
}

fn scores(said: &[Scored]) -> Option<Scores> {
    Some(Scores {
        brier: brier(said)?,
        log_score: log_score(said)?,
        calibration_error: Curve::of(said, BINS)?.calibration_error(),
        spiegelhalter_z: spiegelhalter_z(said),
    })
}

fn contests(quotes: &[&Quoted]) -> Vec<Contest> {
    let mut numbers = BTreeMap::new();
    let mut contests = Vec::with_capacity(quotes.len());
    for quote in quotes {
        let next = numbers.len() as u64;
        let event = *numbers.entry(quote.event.as_str()).or_insert(next);
        if let Some(model) = quote.model {
            contests.push(Contest { event, model, market: quote.mid, happened: quote.yes });
        }
    }
    contests
}

fn compare(quotes: &[&Quoted], seed: u64) -> Option<Comparison> {
    let both: Vec<(&Quoted, Prob)> = quotes.iter().filter_map(|quote| Some((*quote, quote.model?))).collect();
    let said = |of: fn(&(&Quoted, Prob)) -> Prob| -> Vec<Scored> {
        both.iter().map(|it| Scored { forecast: of(it), happened: it.0.yes }).collect()
    };
    let (model, market) = (scores(&said(|it| it.1))?, scores(&said(|it| it.0.mid))?);
    let events = count_events(&both.iter().map(|it| it.0).collect::<Vec<_>>());
    let record = Record::of(&contests(quotes), RESAMPLES, seed)?;
    let enough = events >= LEAST_EVENTS;
    let log_differences = both.iter().map(|(quote, model)| {
        let loss = |forecast| log_score(&[Scored { forecast, happened: quote.yes }]).unwrap_or_default();
        (quote.event.as_str(), loss(*model) - loss(quote.mid))
    });
    let luck = Resampled::by_event(log_differences, RESAMPLES, seed);
    Some(Comparison {
        quotes: both.len(),
        events,
        skill: skill(model.brier, market.brier),
        brier_difference: -record.advantage,
        brier_interval: enough.then_some((-record.interval.1, -record.interval.0)),
        log_difference: model.log_score - market.log_score,
        log_interval: luck.filter(|_| enough).map(|luck| luck.interval()),
        model,
        market,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(model: Option<f64>) -> Set {
        let prob = |p| Prob::new(p).unwrap();
        let quotes = (0..200u32).map(|number| Quoted {
            event: format!("E{}", number / 2),
            market: format!("M{number}"),
            before_close: Duration::from_mins(u64::from(number % 2) + 1),
            mid: prob(0.5),
            // Right nine times in ten.
            model: model.map(|p| if number / 2 % 10 == 0 { prob(1.0 - p) } else { prob(p) }),
            yes: true,
        });
        Set { name: "s", what: "w", kind: None, model: model.map(|_| "m").ok_or("none"), quotes: quotes.collect() }
    }

    #[test]
    fn a_better_model_is_seen_to_be_better_by_events() {
        let report = report(&set(Some(0.9)), 1);
        assert_eq!(report.rows.iter().map(|row| row.seconds_before_close).collect::<Vec<_>>(), [120, 60]);
        let comparison = report.rows[0].comparison.as_ref().unwrap();
        assert_eq!((comparison.quotes, comparison.events), (100, 100));
        assert!((comparison.market.brier - 0.25).abs() < 1e-12 && (comparison.model.brier - 0.09).abs() < 1e-12);
        assert!((comparison.brier_difference + 0.16).abs() < 1e-12);
        let ((low, high), (log_low, log_high)) = (comparison.brier_interval.unwrap(), comparison.log_interval.unwrap());
        assert!(low < -0.16 && -0.16 < high && high < 0.0, "{low} {high}");
        assert!(log_low < comparison.log_difference && comparison.log_difference < log_high && log_high < 0.0);
        assert_eq!(report.standing.as_deref(), Some("beats the market: may trade"));
    }

    #[test]
    fn a_market_without_a_model_is_scored_alone() {
        let report = report(&set(None), 1);
        assert_eq!((report.model, report.not_scorable, report.standing), (None, Some("none"), None));
        assert!(report.rows.iter().all(|row| row.comparison.is_none() && (row.market.brier - 0.25).abs() < 1e-12));
    }
}
