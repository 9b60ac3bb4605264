//! The day's highest or lowest temperature at one station, against the market.
//!
//! The forecast gives the middle, its usual error at this lead (and the spread of an ensemble, where there is one) the width;
//! what the station has measured today is a floor under the high and a ceiling over the low. Buckets are whole degrees.
//!
//! It earns when it reads a new forecast or observation before others do, and in the tails, which people misprice. What can go
//! wrong: the wrong station or the wrong day (the report's day is local *standard* time); a report that says a degree more
//! than the observations did; a forecast that everybody has seen already. Its data are facts of the configuration's series;
//! where one that is configured is stale, it says nothing, but for a measurement of a day that has not begun.
//!
//! Source: reference (feeds), sections 1.2, 1.3 and 9.7.

use brier_engine::{Interest, MarketId, Signal, Strategy, View, Wants};
use brier_models::distribution::Shape;
use brier_models::rounded::Bucket;
use brier_models::weather::{DayExtreme, Extreme, Observed, Slack};
use brier_types::{MarketTicker, Strike, Timestamp, Venue};

use crate::facts::{Span, places};
use crate::stake::{Belief, Stake};

/// Degrees are whole.
const STEP: f64 = 1.0;

/// What the strategy is told.
#[derive(Clone, Debug, PartialEq)]
pub struct WeatherParameters {
    /// The buckets of one day at one station.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// How an opinion is traded.
    pub stake: Stake,
    /// Which extreme settles.
    pub extreme: Extreme,
    /// Series of the forecast of that extreme, °F: one number, or the members of an ensemble.
    pub forecast: String,
    /// Series of the extreme measured so far that day, °F. Without it nothing is said once the day has begun: forecasts are of its rest.
    pub observed: Option<String>,
    /// Before this moment the day cannot have begun anywhere: nothing was measured, and nothing is waited for.
    pub begins: Option<Timestamp>,
    /// Standard deviation of the forecast's error, °F; an ensemble's spread comes on top.
    pub deviation: f64,
    /// Degrees of freedom of the error's tails; none for a normal error.
    pub tails: Option<f64>,
    /// Chances that the report says 0, 1 or 2 degrees more than was measured.
    pub slack: [f64; 3],
    /// How sure the chance itself is: standard deviation.
    pub doubt: f64,
}

/// See the module's head.
#[derive(Debug)]
pub struct Weather(WeatherParameters);

impl Weather {
    /// A strategy with these parameters.
    pub const fn new(parameters: WeatherParameters) -> Self {
        Self(parameters)
    }

    /// The law of the extreme by what is known now, and how long it holds.
    fn law(&self, view: &View<'_>) -> Option<(DayExtreme, Span)> {
        let it = &self.0;
        let forecast = view.fact(&it.forecast)?;
        let mut span = Span::of(forecast);
        let members = forecast.value.numbers();
        let count = members.len() as f64;
        let mean = members.iter().sum::<f64>() / count;
        let spread =
            members.iter().map(|member| (member - mean) * (member - mean)).sum::<f64>() / (count - 1.0).max(1.0);
        let deviation = (it.deviation * it.deviation + spread).sqrt();
        let shape = match it.tails {
            Some(nu) => Shape::student(nu)?,
            None => Shape::Normal,
        };
        let mut law = DayExtreme::new(it.extreme, mean, deviation, shape)?;
        let begins = it.begins.filter(|begins| *begins > view.now());
        if begins.is_none() && it.begins.is_some() && it.observed.is_none() {
            // What is forecast is the rest of the day: its extreme may lie behind.
            return None;
        }
        if let Some(begins) = begins {
            // Once it has begun, a measurement has its word.
            span = span.until(begins);
        } else if let Some(series) = &it.observed {
            let observed = view.fact(series)?;
            span = span.and(Span::of(observed));
            let extreme = observed.value.number()?.round();
            let extreme = (extreme.abs() < 1_000.0).then_some(extreme as i32)?;
            law = law.observed(Observed { extreme, slack: Slack::new(it.slack)? });
        }
        Some((law, span))
    }

    fn trade(&self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let belief = self.law(view).and_then(|(law, span)| {
            let prob = law.probability(bucket(view.instrument(market).strike?)?)?;
            Some(Belief { prob, deviation: self.0.doubt, as_of: span.as_of, valid_for: span.valid_for })
        });
        if let Some(belief) = belief {
            self.0.stake.act(view, market, &belief, wants);
        }
    }
}

/// The whole degrees that pay.
fn bucket(strike: Strike) -> Option<Bucket> {
    match strike {
        Strike::Above(bound) => Bucket::above(bound.get(), STEP),
        Strike::AtLeast(bound) => Bucket::at_least(bound.get(), STEP),
        Strike::Below(bound) => Bucket::below(bound.get(), STEP),
        Strike::AtMost(bound) => Bucket::at_most(bound.get(), STEP),
        Strike::Between(low, high) => Bucket::between(low.get(), high.get(), STEP),
    }
}

impl Strategy for Weather {
    fn name(&self) -> &'static str {
        "weather"
    }

    fn interest(&self) -> Interest {
        let series = [Some(self.0.forecast.clone()), self.0.observed.clone()].into_iter().flatten().collect();
        Interest { markets: self.0.markets.clone(), series, ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Fact(_) => places(view, &self.0.markets).for_each(|market| self.trade(view, market, wants)),
            Signal::Book(market) | Signal::Fill(market) => self.trade(view, market, wants),
            Signal::Start | Signal::Trade(..) | Signal::Fair(_) | Signal::Status(_) | Signal::Timer => {}
        }
    }
}
