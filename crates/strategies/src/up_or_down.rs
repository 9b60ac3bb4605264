//! Up or down within five or fifteen minutes: whether the mean of the last minute's prints is at least the window's start.
//!
//! Until the last minute the law is that of the mean to come; within it, part of the settlement is known: the prints that have
//! been seen count as they were, and only the rest can still move it. A program that looks at the last price alone is badly
//! wrong then, and this one takes the other side.
//!
//! What can go wrong: prints that the feed lost (it waits until it has seen enough of the minute); a spot that is another
//! exchange's; latency: the last seconds belong to whoever is nearest, so it stops before them.
//!
//! Source: reference (feeds), sections 2.3, 2.4 and 9.6b.

use std::collections::VecDeque;
use std::time::Duration;

use brier_engine::{Interest, MarketId, Signal, Strategy, View, Wants};
use brier_models::average::{Now, Sampling, Window};
use brier_models::volatility::{RealizedVolatility, per_sqrt_second};
use brier_types::{MarketTicker, Prob, Strike, Timestamp, Venue};

use crate::facts::{Span, places, strike};
use crate::stake::{Belief, Stake};

const YEAR: f64 = 365.0 * 86_400.0;
/// The share of the window's prints so far that has to have been seen.
const SEEN_ENOUGH: f64 = 0.8;

/// What the strategy is told.
#[derive(Clone, Debug, PartialEq)]
pub struct UpOrDownParameters {
    /// Where it trades; each market has a strike, or a fact `strike:TICKER`.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// How an opinion is traded.
    pub stake: Stake,
    /// Series of the spot price.
    pub spot: String,
    /// Prints, one a second, whose mean settles.
    pub prints: u32,
    /// Annual volatility that is believed until the spot has moved.
    pub belief: f64,
    /// In how long what was seen of the spot's moves loses half its weight.
    pub half_life: Duration,
    /// How long before the close it stops.
    pub quiet: Duration,
    /// How sure the chance itself is: standard deviation.
    pub doubt: f64,
}

/// See the module's head.
#[derive(Debug)]
pub struct UpOrDown {
    it: UpOrDownParameters,
    volatility: RealizedVolatility,
    /// The first price of each second, as far back as a window reaches.
    prints: VecDeque<(i64, f64)>,
}

impl UpOrDown {
    /// A strategy with these parameters. What it has seen of the spot begins anew with every run.
    pub fn new(parameters: UpOrDownParameters) -> Self {
        let belief = per_sqrt_second(parameters.belief, YEAR).unwrap_or_default();
        let volatility = RealizedVolatility::new(parameters.half_life, belief, parameters.half_life);
        Self { it: parameters, volatility, prints: VecDeque::with_capacity(128) }
    }

    fn observe(&mut self, at: Timestamp, price: f64) {
        let second = at.nanos().div_euclid(1_000_000_000);
        if self.prints.back().is_some_and(|(last, _)| *last >= second) {
            return;
        }
        self.volatility.observe(at, price);
        self.prints.push_back((second, price));
        while self.prints.len() > self.it.prints as usize + 1 {
            self.prints.pop_front();
        }
    }

    /// The mean of the prints of a window that ends at `close`, of those that have been; `None` when too few were seen.
    fn observed_mean(&self, close: Timestamp, now: Timestamp) -> Option<f64> {
        let end = close.nanos().div_euclid(1_000_000_000);
        let first = end - i64::from(self.it.prints) + 1;
        let been = now.nanos().div_euclid(1_000_000_000).min(end) - first + 1;
        let seen = self.prints.iter().filter(|(second, _)| (first..=end).contains(second));
        let (sum, count) = seen.fold((0.0, 0.0), |(sum, count), (_, price)| (sum + price, count + 1.0));
        (count > 0.0 && count >= SEEN_ENOUGH * been as f64).then(|| sum / count)
    }

    fn belief(&self, view: &View<'_>, market: MarketId) -> Option<Belief> {
        let spot = view.fact(&self.it.spot)?;
        let close = view.instrument(market).market.close_time;
        let left = close.since(view.now());
        if left <= self.it.quiet {
            return None;
        }
        let seconds = f64::from(self.it.prints);
        let began = left.as_secs_f64() < seconds;
        let observed_mean = if began { Some(self.observed_mean(close, view.now())?) } else { None };
        let window = Window { seconds, sampling: Sampling::Prints(self.it.prints) };
        let law = window.law(&Now {
            spot: spot.value.number()?,
            volatility: self.volatility.per_sqrt_second(),
            // A spot that is silent may have moved since: before the window the walk begins where it was last seen.
            seconds_left: if began { left.as_secs_f64() } else { close.since(spot.as_of).as_secs_f64() },
            observed_mean,
        })?;
        let prob: Prob = match strike(view, market)? {
            Strike::Above(bound) | Strike::AtLeast(bound) => law.at_or_above(bound.get())?,
            Strike::Below(bound) | Strike::AtMost(bound) => law.at_or_above(bound.get())?.complement(),
            Strike::Between(..) => return None,
        };
        let span = Span::of(spot);
        Some(Belief { prob, deviation: self.it.doubt, as_of: span.as_of, valid_for: span.valid_for })
    }

    fn trade(&self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        if let Some(belief) = self.belief(view, market) {
            self.it.stake.act(view, market, &belief, wants);
        }
    }
}

impl Strategy for UpOrDown {
    fn name(&self) -> &'static str {
        "up_or_down"
    }

    fn interest(&self) -> Interest {
        Interest { markets: self.it.markets.clone(), series: vec![self.it.spot.clone()], ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Fact(fact) => {
                if let Some(price) = fact.value.number() {
                    self.observe(fact.as_of, price);
                }
                places(view, &self.it.markets).for_each(|market| self.trade(view, market, wants));
            }
            Signal::Book(market) | Signal::Fill(market) => self.trade(view, market, wants),
            Signal::Start | Signal::Trade(..) | Signal::Fair(_) | Signal::Status(_) | Signal::Timer => {}
        }
    }
}
