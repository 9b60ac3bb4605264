//! What the bot is told of the world outside: the recorded spot price as facts, as late as a feed brings it.
//!
//! A price is known here only after it has travelled: for how long is drawn from the run's seed, and nothing overtakes. As in
//! a live run, at most five facts a second are told, the newest.
//!
//! Invariant: what is told at a moment had been recorded before it; nothing later leaks.

use std::time::Duration;

use brier_engine::{Fact, FactValue};
use brier_types::{MarketTicker, Timestamp};

use super::run::Chance;

/// The series of an underlying's spot price: `spot:BTC`.
pub(crate) fn spot_series(underlying: &str) -> String {
    format!("spot:{underlying}")
}

/// The least and the most that a price travels, in milliseconds: a public stream over the internet. Assumed, as no
/// recording says it.
const LATENCY_MILLIS: (u64, u64) = (50, 550);
/// Least time between two facts.
const LEAST_GAP: Duration = Duration::from_millis(200);

/// A recorded spot price on its way to the bot.
#[derive(Debug)]
pub(crate) struct Feed {
    series: String,
    valid_for: Duration,
    /// When a price arrives, when it was so, and the price.
    arrivals: Vec<(Timestamp, Timestamp, f64)>,
    told: usize,
}

impl Feed {
    /// Prices of a series in the order of their times, each good for deciding `valid_for` after its own.
    pub(crate) fn new(series: String, prices: &[(Timestamp, f64)], valid_for: Duration, chance: &mut Chance) -> Self {
        let (least, most) = LATENCY_MILLIS;
        let mut before = Timestamp::EPOCH;
        let arrives = |(at, price): &(Timestamp, f64)| {
            let latency = Duration::from_millis(least + chance.below(most - least + 1));
            before = before.max(at.plus(latency));
            (before, *at, *price)
        };
        Self { series, valid_for, arrivals: prices.iter().map(arrives).collect(), told: 0 }
    }

    /// What has arrived since the last call, up to `now`.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Fact> {
        let rest = &self.arrivals[self.told..];
        let arrived = &rest[..rest.partition_point(|(arrival, ..)| *arrival <= now)];
        self.told += arrived.len();
        let gap = |arrival: &Timestamp| arrival.nanos() / LEAST_GAP.as_nanos() as i64;
        let newest = arrived.chunk_by(|one, next| gap(&one.0) == gap(&next.0)).filter_map(<[_]>::last);
        newest.map(|(_, at, price)| fact(self.series.clone(), *price, *at, self.valid_for)).collect()
    }
}

fn fact(series: String, number: f64, as_of: Timestamp, valid_for: Duration) -> Fact {
    Fact { series, value: FactValue::Number(number), as_of, valid_for }
}

/// What a market's settling price is held against: known when its window begins, and good until it ends.
///
/// A venue lists a window before that, so whoever connected by then has not heard it from the listing.
pub(crate) fn strike(market: &MarketTicker, strike: f64, known: Timestamp, close_time: Timestamp) -> Fact {
    fact(format!("strike:{market}"), strike, known, close_time.since(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_778_677_200_000 + millis).unwrap()
    }

    fn feed(seed: u64) -> Feed {
        let prices: Vec<_> = (0..100).map(|number| (at(number * 40), 80_000.0 + number as f64)).collect();
        Feed::new(spot_series("BTC"), &prices, Duration::from_secs(10), &mut Chance::new(seed))
    }

    #[test]
    fn nothing_is_told_before_it_was_so_and_has_travelled_and_nothing_overtakes() {
        let (mut feed, mut last) = (feed(1), Timestamp::EPOCH);
        for now in (0..6_000).step_by(50).map(at) {
            for fact in feed.due(now) {
                let travelled = now.since(fact.as_of);
                assert!(fact.as_of > last && travelled >= Duration::from_millis(50), "{fact:?} at {now}");
                // The slowest of those before it, and the step in which it is told.
                assert!(travelled <= Duration::from_millis(600), "{fact:?} at {now}");
                last = fact.as_of;
            }
        }
        assert_eq!(last, at(99 * 40), "all that was recorded is told in the end");
        assert!(feed.due(at(60_000)).is_empty(), "and once");
    }

    #[test]
    fn at_most_five_facts_a_second_are_told_and_the_seed_says_when() {
        let told = |seed| feed(seed).due(at(10_000)).iter().map(|fact| fact.as_of).collect::<Vec<_>>();
        // Four seconds of prices and what they travel.
        assert!((15..=23).contains(&told(1).len()), "{}", told(1).len());
        assert_eq!(told(1), told(1));
        assert_ne!(told(1), told(2));
    }

    #[test]
    fn a_strike_is_good_from_the_windows_start_to_its_end() {
        let fact = strike(&"M".parse().unwrap(), 79_271.97, at(0), at(900_000));
        assert_eq!((fact.series.as_str(), fact.value.number()), ("strike:M", Some(79_271.97)));
        assert!(fact.is_fresh(at(900_000)) && !fact.is_fresh(at(900_001)));
    }
}
