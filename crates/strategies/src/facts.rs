//! What strategies on outside data share: how long several facts together may decide, and where markets are.

use std::time::Duration;

use brier_engine::{Fact, MarketId, View};
use brier_types::{Bound, MarketTicker, Strike, Timestamp, Venue};

/// When data were true, and how long after that they may decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub as_of: Timestamp,
    pub valid_for: Duration,
}

impl Span {
    pub(crate) const fn of(fact: &Fact) -> Self {
        Self { as_of: fact.as_of, valid_for: fact.valid_for }
    }

    /// Of two together: as old as the older, as long as the first to end.
    pub(crate) fn and(self, other: Self) -> Self {
        let end = self.as_of.plus(self.valid_for).min(other.as_of.plus(other.valid_for));
        let as_of = self.as_of.min(other.as_of);
        Self { as_of, valid_for: end.since(as_of) }
    }

    /// No longer than until a moment.
    pub(crate) fn until(self, end: Timestamp) -> Self {
        Self { valid_for: self.valid_for.min(end.since(self.as_of)), ..self }
    }
}

/// The markets of a list that are listed.
pub(crate) fn places(view: &View<'_>, markets: &[(Venue, MarketTicker)]) -> impl Iterator<Item = MarketId> {
    markets.iter().filter_map(|(venue, ticker)| view.find(*venue, ticker.as_str()))
}

/// A market's strike: the venue's own, or a fact `strike:TICKER`, at which YES pays at least.
pub(crate) fn strike(view: &View<'_>, market: MarketId) -> Option<Strike> {
    let instrument = view.instrument(market);
    instrument.strike.or_else(|| {
        let told = view.fact(&format!("strike:{}", instrument.market.ticker))?.value.number()?;
        let micros = told * 1e6;
        (micros.abs() < 9e18).then(|| Strike::AtLeast(Bound::from_micros(micros.round() as i64)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_they_are_as_old_as_the_older_and_end_with_the_first() {
        let at = |seconds| Timestamp::from_secs(seconds).unwrap();
        let span = |as_of, secs| Span { as_of: at(as_of), valid_for: Duration::from_secs(secs) };
        assert_eq!(span(10, 100).and(span(50, 20)), span(10, 60));
        assert_eq!(span(50, 20).and(span(10, 100)), span(10, 60));
        assert_eq!((span(50, 20).until(at(60)), span(50, 20).until(at(90))), (span(50, 10), span(50, 20)));
    }
}
