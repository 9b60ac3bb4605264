//! What the bot is told of the world outside: the recorded spot price as facts, as late as a feed is.
//!
//! Each recorded price is written as a frame of Coinbase's stream, as the emulator of feeds writes them, and read by the adapter
//! that a run has: what is told is what a run would be told by the same trades. No socket is between them, as its timing could
//! not be repeated. A price is known here only after it has travelled: for how long is drawn from the run's seed, and nothing
//! overtakes. As in a run, at most five facts a second are told, the newest.
//!
//! Invariant: what is told at a moment had been recorded before it; nothing later leaks.

use std::time::Duration;

use anyhow::{Context as _, bail};
use brier_connect::backoff::Backoff;
use brier_engine::{Fact, FactValue};
use brier_feeds::emulator::streams::{self, Heard};
use brier_feeds::prices::coinbase;
use brier_feeds::settlement::Table;
use brier_feeds::source::{Extreme, Source, Spec};
use brier_feeds::stream::driver::StreamItem;
use brier_feeds::stream::session::{Action, Session};
use brier_feeds::vendor::Vendor;
use brier_runtime::live::{LEAST_GAP_OF_FACTS, fact_at};
use brier_types::{MarketTicker, Timestamp};

use super::run::Chance;

/// The series of an underlying's spot price: `spot:BTC`.
pub(crate) fn spot_series(underlying: &str) -> String {
    format!("spot:{underlying}")
}

/// The least and the most that a price travels, in milliseconds: a public stream over the internet. Assumed, as no
/// recording says it.
const LATENCY_MILLIS: (u64, u64) = (50, 550);
/// A connection is never lost here.
const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) };

/// A recorded price on its way.
#[derive(Clone, Copy, Debug)]
struct Print {
    arrives: Timestamp,
    at: Timestamp,
    price: f64,
}

/// A recorded spot price on its way to the bot.
#[derive(Debug)]
pub(crate) struct Feed {
    product: String,
    source: Source,
    session: Session,
    prices: Vec<Print>,
    /// Prices that have arrived.
    heard: usize,
}

impl Feed {
    /// An underlying's prices in the order of their times. They are good for deciding as long as the stream's are, or as long as
    /// `max_age` says.
    pub(crate) fn open(
        underlying: &str,
        prices: &[(Timestamp, f64)],
        max_age: Option<Duration>,
        chance: &mut Chance,
    ) -> anyhow::Result<Self> {
        let product = format!("{underlying}-USD");
        let series = spot_series(underlying);
        let (vendor, of) = (Vendor::Coinbase, product.clone());
        let spec = Spec { vendor, of, series, extreme: Extreme::High, mean: 0, direction: 1, max_age };
        let source = Source::new(spec, Table::embedded())?;
        let session = Session::new(Box::new(coinbase::Stream::new([&product])), BACKOFF, 0);
        let (least, most) = LATENCY_MILLIS;
        let mut before = Timestamp::EPOCH;
        let travels = |(at, price): &(Timestamp, f64)| {
            before = before.max(at.plus(Duration::from_millis(least + chance.below(most - least + 1))));
            Print { arrives: before, at: *at, price: *price }
        };
        let mut feed = Self { product, source, session, prices: prices.iter().map(travels).collect(), heard: 0 };
        feed.subscribe()?;
        Ok(feed)
    }

    /// Connects, says what it wants, and hears that it will get it.
    fn subscribe(&mut self) -> anyhow::Result<()> {
        let (now, mut greeting, mut heard) = (Timestamp::EPOCH, Vec::new(), Vec::new());
        self.session.on_open(now, &mut greeting);
        for action in greeting {
            let Action::Send(text) = action else { continue };
            let Heard::Subscribed(frames, products) = streams::hear(Vendor::Coinbase, &text) else {
                bail!("the emulated feed did not take the subscription {text}");
            };
            anyhow::ensure!(products == [self.product.as_str()], "the emulated feed understood {products:?}");
            for frame in &frames {
                self.session.on_frame(now, frame, &mut heard);
            }
        }
        anyhow::ensure!(heard.is_empty(), "the emulated feed said {heard:?}");
        Ok(())
    }

    /// What has arrived since the last call, up to `now`.
    pub(crate) fn due(&mut self, now: Timestamp) -> anyhow::Result<Vec<Fact>> {
        let gap = |arrives: Timestamp| arrives.nanos() / LEAST_GAP_OF_FACTS.as_nanos() as i64;
        let mut newest: Option<(Timestamp, Fact)> = None;
        let mut facts = Vec::new();
        while let Some(print) = self.prices.get(self.heard).copied().filter(|print| print.arrives <= now) {
            self.heard += 1;
            let fact = self.hear(print).with_context(|| format!("the spot price of {}", print.at))?;
            if let Some((before, last)) = newest.replace((print.arrives, fact))
                && gap(before) != gap(print.arrives)
            {
                facts.push(last);
            }
        }
        facts.extend(newest.map(|(_, fact)| fact));
        Ok(facts)
    }

    /// A price as the adapter reads its frame.
    fn hear(&mut self, print: Print) -> anyhow::Result<Fact> {
        let frame = streams::coinbase_trade(&self.product, print.at, self.heard as u64, &print.price.to_string());
        let mut actions = Vec::new();
        self.session.on_frame(print.arrives, &frame, &mut actions);
        let Some(Action::Tick(tick)) = actions.pop() else { bail!("it is none for the adapter: {frame}") };
        let reading = self.source.heard(StreamItem::Tick(tick, print.arrives)).context("it is not the feed's")?;
        fact_at(reading, print.arrives).context("it is too old when it comes")
    }
}

/// What a market's settling price is held against: known when its window begins, and good until it ends.
///
/// A venue lists a window before that, so whoever connected by then has not heard it from the listing.
pub(crate) fn strike(market: &MarketTicker, strike: f64, known: Timestamp, close_time: Timestamp) -> Fact {
    Fact {
        series: format!("strike:{market}"),
        value: FactValue::Number(strike),
        as_of: known,
        valid_for: close_time.since(known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_778_677_200_000 + millis).unwrap()
    }

    fn feed(seed: u64) -> Feed {
        let prices: Vec<_> = (0..100).map(|number| (at(number * 40), 80_000.0 + number as f64)).collect();
        Feed::open("BTC", &prices, None, &mut Chance::new(seed)).unwrap()
    }

    #[test]
    fn nothing_is_told_before_it_was_so_and_has_travelled_and_nothing_overtakes() {
        let (mut feed, mut last) = (feed(1), Timestamp::EPOCH);
        for now in (0..6_000).step_by(50).map(at) {
            for fact in feed.due(now).unwrap() {
                let travelled = now.since(fact.as_of);
                assert!(fact.as_of > last && travelled >= Duration::from_millis(50), "{fact:?} at {now}");
                // The slowest of those before it, and the step in which it is told.
                assert!(travelled <= Duration::from_millis(600), "{fact:?} at {now}");
                last = fact.as_of;
            }
        }
        assert_eq!(last, at(99 * 40), "all that was recorded is told in the end");
        assert!(feed.due(at(60_000)).unwrap().is_empty(), "and once");
    }

    #[test]
    fn at_most_five_facts_a_second_are_told_and_the_seed_says_when() {
        let told = |seed| feed(seed).due(at(10_000)).unwrap().iter().map(|fact| fact.as_of).collect::<Vec<_>>();
        // Four seconds of prices and what they travel.
        assert!((15..=23).contains(&told(1).len()), "{}", told(1).len());
        assert_eq!(told(1), told(1));
        assert_ne!(told(1), told(2));
    }

    #[test]
    fn the_adapter_reads_the_price_its_time_and_how_long_it_is_good() {
        let (at, price) = (Timestamp::from_nanos(1_778_677_181_474_421_001), 80_176.97);
        let told = |max_age| {
            let mut feed = Feed::open("ETH", &[(at, price)], max_age, &mut Chance::new(1)).unwrap();
            feed.due(at.plus(Duration::from_secs(1))).unwrap().pop().unwrap()
        };
        let number = FactValue::Number(price);
        let fact = Fact { series: "spot:ETH".to_owned(), value: number, as_of: at, valid_for: coinbase::MAX_AGE };
        assert_eq!(told(None), fact);
        assert_eq!(told(Some(Duration::from_secs(5))).valid_for, Duration::from_secs(5), "a limit can be stricter");
        assert_eq!(told(Some(Duration::from_mins(5))).valid_for, coinbase::MAX_AGE, "and never looser");
    }

    #[test]
    fn a_price_that_is_none_is_told_with_its_time() {
        let mut feed = Feed::open("BTC", &[(at(0), -1.0)], None, &mut Chance::new(1)).unwrap();
        let error = format!("{:#}", feed.due(at(1_000)).unwrap_err());
        assert!(error.starts_with("the spot price of 2026-05-13T13:00:00Z: it is none for the adapter: {"), "{error}");
    }

    #[test]
    fn a_strike_is_good_from_the_windows_start_to_its_end() {
        let fact = strike(&"M".parse().unwrap(), 79_271.97, at(0), at(900_000));
        assert_eq!((fact.series.as_str(), fact.value.number()), ("strike:M", Some(79_271.97)));
        assert!(fact.is_fresh(at(900_000)) && !fact.is_fresh(at(900_001)));
    }
}
