//! Prices sampled at equal intervals, per market: what reversion and momentum look at.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use brier_engine::{MarketId, View};
use brier_models::logit::clipped_logit;
use brier_types::{BookSide, Prob, Timestamp};

/// The newest values of one market, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    pub values: VecDeque<f64>,
    last: Option<Timestamp>,
}

/// Log odds of the middle of what others quote, for many markets.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    every: Duration,
    most: usize,
    markets: BTreeMap<MarketId, Series>,
}

/// The middle of what others quote.
pub(crate) fn middle(view: &View<'_>, market: MarketId) -> Option<Prob> {
    let best = |side| view.best_of_others(market, side).map(|price| f64::from(price.pips()) / 10_000.0);
    Prob::new(f64::midpoint(best(BookSide::Bid)?, best(BookSide::Ask)?)).ok()
}

impl Samples {
    pub(crate) const fn new(every: Duration, most: usize) -> Self {
        Self { every, most, markets: BTreeMap::new() }
    }

    /// Takes a sample if it is time for one; a gap of more than two intervals begins anew, for what lies in it is unknown.
    /// Whether one was taken.
    pub(crate) fn observe(&mut self, view: &View<'_>, market: MarketId) -> bool {
        let (now, series) = (view.now(), self.markets.entry(market).or_default());
        if series.last.is_some_and(|last| now.since(last) < self.every) {
            return false;
        }
        let Some(middle) = middle(view, market) else { return false };
        if series.last.is_some_and(|last| now.since(last) > self.every * 3) {
            series.values.clear();
        }
        series.last = Some(now);
        series.values.push_back(clipped_logit(middle));
        if series.values.len() > self.most {
            series.values.pop_front();
        }
        true
    }

    pub(crate) fn of(&self, market: MarketId) -> Option<&Series> {
        self.markets.get(&market)
    }
}
