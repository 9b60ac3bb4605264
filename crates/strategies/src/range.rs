//! Where a price stands at a moment: thresholds and ranges on indices, currencies and coins.
//!
//! The settlement price is log-normal around the spot, or the mean of its last prints where the venue settles on one;
//! volatility is realized from the spot that comes in, blended with an implied one where a series tells it.
//!
//! It earns where a ladder's far strikes are priced by feeling, and on moves that quotes have not followed yet. What can go
//! wrong: the spot of one exchange where the settlement index has several; volatility that changes with the hour; jumps, for
//! which tails only help so far; a stale spot, which is why facts have an age.
//!
//! Source: reference (feeds), sections 2.4, 9.6 and 9.6b.

use std::time::Duration;

use brier_engine::{Interest, MarketId, Signal, Strategy, View, Wants};
use brier_models::average::{AverageLaw, Now, Sampling, Window};
use brier_models::digital::Terminal;
use brier_models::distribution::Shape;
use brier_models::volatility::{RealizedVolatility, blend, per_sqrt_second};
use brier_types::{MarketTicker, Prob, Strike, Venue};

use crate::facts::{Span, places, strike};
use crate::stake::{Belief, Stake};

/// Seconds of a year in which the price never rests.
const YEAR: f64 = 365.0 * 86_400.0;

/// What settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The last price.
    Last,
    /// The mean of this many prints, one a second, the last at the close.
    MeanOfPrints(u32),
}

/// What the strategy is told.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeParameters {
    /// Where it trades; each market has a strike.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// How an opinion is traded.
    pub stake: Stake,
    /// Series of the spot price.
    pub spot: String,
    /// Series of the implied annual volatility, as a share: 0.45 is 45 %.
    pub implied: Option<String>,
    /// Weight of the implied volatility where there is one.
    pub implied_weight: f64,
    /// Annual volatility that is believed until the spot has moved.
    pub belief: f64,
    /// In how long what was seen of the spot's moves loses half its weight.
    pub half_life: Duration,
    /// What settles.
    pub settlement: Settlement,
    /// Degrees of freedom of the tails; none for a normal law.
    pub tails: Option<f64>,
    /// The upper bound of a range belongs to it up to this much more: the last digit in which bounds are told.
    pub step: f64,
    /// How long before the close it stops: the feed may lag behind the settlement's.
    pub quiet: Duration,
    /// How sure the chance itself is: standard deviation.
    pub doubt: f64,
}

/// See the module's head.
#[derive(Debug)]
pub struct Range {
    it: RangeParameters,
    volatility: RealizedVolatility,
}

impl Range {
    /// A strategy with these parameters. What it has seen of the spot's moves begins anew with every run.
    pub fn new(parameters: RangeParameters) -> Self {
        let belief = per_sqrt_second(parameters.belief, YEAR).unwrap_or_default();
        let volatility = RealizedVolatility::new(parameters.half_life, belief, parameters.half_life);
        Self { it: parameters, volatility }
    }

    fn volatility(&self, view: &View<'_>, span: &mut Span) -> Option<f64> {
        let realized = self.volatility.per_sqrt_second();
        let Some(series) = &self.it.implied else { return Some(realized) };
        let implied = view.fact(series)?;
        *span = span.and(Span::of(implied));
        blend(per_sqrt_second(implied.value.number()?, YEAR)?, realized, self.it.implied_weight)
    }

    fn belief(&self, view: &View<'_>, market: MarketId) -> Option<Belief> {
        let (spot, strike) = (view.fact(&self.it.spot)?, strike(view, market)?);
        let close = view.instrument(market).market.close_time;
        if close.since(view.now()) <= self.it.quiet {
            return None;
        }
        let mut span = Span::of(spot);
        let volatility = self.volatility(view, &mut span)?;
        let (price, left) = (spot.value.number()?, close.since(spot.as_of).as_secs_f64());
        let prob = self.chance(price, volatility, left, strike)?;
        Some(Belief { prob, deviation: self.it.doubt, as_of: span.as_of, valid_for: span.valid_for })
    }

    fn chance(&self, spot: f64, volatility: f64, seconds_left: f64, strike: Strike) -> Option<Prob> {
        let step = self.it.step;
        let shape = match self.it.tails {
            Some(nu) => Shape::student(nu)?,
            None => Shape::Normal,
        };
        match self.it.settlement {
            Settlement::Last => {
                let law = Terminal::new(spot, volatility, seconds_left, shape)?;
                match strike {
                    Strike::Above(bound) | Strike::AtLeast(bound) => law.at_or_above(bound.get()),
                    Strike::Below(bound) | Strike::AtMost(bound) => law.below(bound.get()),
                    Strike::Between(low, high) => law.between(low.get(), high.get() + step),
                }
            }
            Settlement::MeanOfPrints(count) => {
                let window = Window { seconds: f64::from(count), sampling: Sampling::Prints(count) };
                let law = window.law(&Now { spot, volatility, seconds_left, observed_mean: None })?;
                let law = AverageLaw { shape, ..law };
                match strike {
                    Strike::Above(bound) | Strike::AtLeast(bound) => law.at_or_above(bound.get()),
                    Strike::Below(bound) | Strike::AtMost(bound) => law.at_or_above(bound.get()).map(Prob::complement),
                    Strike::Between(low, high) => law.between(low.get(), high.get() + step),
                }
            }
        }
    }

    fn trade(&self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        if let Some(belief) = self.belief(view, market) {
            self.it.stake.act(view, market, &belief, wants);
        }
    }
}

impl Strategy for Range {
    fn name(&self) -> &'static str {
        "range"
    }

    fn interest(&self) -> Interest {
        let series = [Some(self.it.spot.clone()), self.it.implied.clone()].into_iter().flatten().collect();
        Interest { markets: self.it.markets.clone(), series, ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Fact(fact) => {
                if let (true, Some(price)) = (fact.series == self.it.spot, fact.value.number()) {
                    self.volatility.observe(fact.as_of, price);
                }
                places(view, &self.it.markets).for_each(|market| self.trade(view, market, wants));
            }
            Signal::Book(market) | Signal::Fill(market) => self.trade(view, market, wants),
            Signal::Start | Signal::Trade(..) | Signal::Fair(_) | Signal::Status(_) | Signal::Timer => {}
        }
    }
}
