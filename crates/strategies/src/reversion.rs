//! Mean reversion on thin markets: a price that a single order has pushed away, and that nothing has happened to.
//!
//! The middle of what others quote is sampled at equal intervals; a process that is drawn back to its mean is fitted to it, and
//! only where a random walk is rejected is there anything to trade. It buys or sells when the way back, after the fees of both
//! ends and the spread, still pays; it leaves at the mean or after a set time, and never adds to a loser: one position at a
//! time, and none while a news series says that something happened.
//!
//! What can go wrong: most markets are random walks, and most that look otherwise are so by luck; news that no series tells.
//!
//! Source: reference (feeds), section 9.5.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_engine::{Interest, MarketId, Purpose, Signal, Strategy, Take, View, Wants};
use brier_models::logit::sigmoid;
use brier_models::reversion::Fit;
use brier_types::{BookSide, MarketTicker, Money, Price, Qty, Timestamp, Venue};

use crate::samples::Samples;

/// What bounds the strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct ReversionParameters {
    /// Where it trades.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// Time between samples.
    pub every: Duration,
    /// Samples that a fit looks at; at least thirty are needed.
    pub samples: usize,
    /// How long a position is held at most.
    pub hold: Duration,
    /// Contracts of a position.
    pub size: Qty,
    /// Least gain that a contract must promise after both fees and the spread.
    pub margin: Money,
    /// Series that speaks when something happened: while it is fresh, nothing is opened.
    pub news: Option<String>,
}

/// See the module's head.
#[derive(Debug)]
pub struct Reversion {
    it: ReversionParameters,
    samples: Samples,
    /// Since when a position is held.
    held: BTreeMap<MarketId, Timestamp>,
}

impl Reversion {
    /// A strategy with these bounds. Its samples begin anew with every run; what it owns is closed by the same rules.
    pub fn new(parameters: ReversionParameters) -> Self {
        let samples = Samples::new(parameters.every, parameters.samples);
        Self { it: parameters, samples, held: BTreeMap::new() }
    }

    fn look(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let sampled = self.samples.observe(view, market);
        let net = view.position(market).net().micros();
        if net == 0 {
            self.held.remove(&market);
            if sampled && let Some(take) = self.entry(view, market) {
                wants.take(market, take);
            }
        } else if let Some(take) = self.exit(view, market, net) {
            wants.take(market, take);
        }
    }

    fn fit(&self, market: MarketId) -> Option<(Fit, f64)> {
        let values: Vec<f64> = self.samples.of(market)?.values.iter().copied().collect();
        Some((Fit::of(&values, 1.0)?, *values.last()?))
    }

    fn entry(&self, view: &View<'_>, market: MarketId) -> Option<Take> {
        let quiet = self.it.news.as_ref().is_none_or(|series| view.fact(series).is_none());
        let (fit, now) = self.fit(market)?;
        if !quiet || !fit.reverts() {
            return None;
        }
        let steps = self.it.hold.as_secs_f64() / self.it.every.as_secs_f64();
        let goal = sigmoid(fit.process.after(now, steps)?.mean);
        let (book, fees, one) = (view.book(market).ok()?, &view.instrument(market).fees, Qty::from_contracts(1)?);
        let side = if goal > sigmoid(now) { BookSide::Bid } else { BookSide::Ask };
        let (best, other) = (book.best(side.opposite())?, book.best(side)?);
        let dollars = |price: Price| f64::from(price.pips()) / 10_000.0;
        let out = Price::new((goal.clamp(0.0, 1.0) * 10_000.0) as u16)?;
        let fee = |price| fees.taker(price, one).micros() as f64 / 1e6;
        let spread = (dollars(best.price) - dollars(other.price)).abs();
        let gross = if side == BookSide::Bid { goal - dollars(best.price) } else { dollars(best.price) - goal };
        // The way out crosses half a spread again.
        let net = gross - fee(best.price) - fee(out) - spread / 2.0;
        let qty = self.it.size.min(best.qty);
        (net >= self.it.margin.micros() as f64 / 1e6 && !qty.is_zero()).then_some(Take {
            side,
            limit: best.price,
            qty,
            purpose: Purpose::Any,
        })
    }

    fn exit(&mut self, view: &View<'_>, market: MarketId, net: i64) -> Option<Take> {
        let since = *self.held.entry(market).or_insert_with(|| view.now());
        let side = if net > 0 { BookSide::Ask } else { BookSide::Bid };
        let best = view.book(market).ok()?.best(side.opposite())?;
        let late = view.now().since(since) >= self.it.hold;
        let back = self.fit(market).is_some_and(|(fit, now)| match side {
            BookSide::Ask => now >= fit.process.mean,
            BookSide::Bid => now <= fit.process.mean,
        });
        let qty = Qty::from_micros(net.unsigned_abs())?;
        (late || back).then_some(Take { side, limit: best.price, qty, purpose: Purpose::Close })
    }
}

impl Strategy for Reversion {
    fn name(&self) -> &'static str {
        "reversion"
    }

    fn interest(&self) -> Interest {
        Interest { markets: self.it.markets.clone(), ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Book(market) | Signal::Fill(market) => self.look(view, market, wants),
            Signal::Timer => {
                let markets = self.it.markets.clone();
                crate::facts::places(view, &markets).for_each(|market| self.look(view, market, wants));
            }
            Signal::Start | Signal::Trade(..) | Signal::Fair(_) | Signal::Fact(_) | Signal::Status(_) => {}
        }
    }
}
