//! Model against market, slowly: a fair value that comes from outside, held for what it pays, until it pays no more.
//!
//! It takes what the book offers against the fair value by fractional Kelly, and only where the gain, after the exact fee, is
//! more than the same money would earn elsewhere until the market pays. It waits a set time between two orders in a market, so
//! that a model that jumps does not trade at every jump.
//!
//! What can go wrong: a model that is wrong in the same way for weeks. The exits of the configuration (stop, before close,
//! convergence) close what it holds.
//!
//! Source: reference (feeds), sections 9.1, 9.2 and 9.10 for the hurdle.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_engine::{Interest, MarketId, Signal, Strategy, View, Wants};
use brier_models::lockup::Lockup;
use brier_types::{BookSide, MarketTicker, Timestamp, Venue};

use crate::edge;
use crate::stake::{Belief, Stake};

/// What bounds the strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct FundamentalParameters {
    /// Where it trades; each market needs a fair value from elsewhere.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// How an opinion is traded.
    pub stake: Stake,
    /// What the same money earns elsewhere in a year, as a share.
    pub hurdle: f64,
    /// Days from the close to the payout.
    pub payout_days: f64,
    /// Least time between two orders in a market.
    pub pause: Duration,
    /// How sure the fair value is: standard deviation.
    pub doubt: f64,
}

/// See the module's head.
#[derive(Debug)]
pub struct Fundamental {
    it: FundamentalParameters,
    acted: BTreeMap<MarketId, Timestamp>,
}

impl Fundamental {
    /// A strategy with these bounds.
    pub const fn new(parameters: FundamentalParameters) -> Self {
        Self { it: parameters, acted: BTreeMap::new() }
    }

    /// Whether what a side offers earns more than the money would elsewhere until it is paid.
    fn pays(&self, view: &View<'_>, market: MarketId, belief: &Belief, side: BookSide) -> Option<bool> {
        let (book, instrument) = (view.book(market).ok()?, view.instrument(market));
        let (_, gain) = edge(belief.prob, &book, &instrument.fees, side)?;
        let gain = gain.micros() as f64 / 1e6;
        let chance = if side == BookSide::Bid { belief.prob.get() } else { 1.0 - belief.prob.get() };
        let days = instrument.market.close_time.since(view.now()).as_secs_f64() / 86_400.0 + self.it.payout_days;
        // What is expected to be earned on the cost, as if it were certain.
        let cost = (chance - gain).max(1e-6) / chance.max(1e-6);
        Some(Lockup::new(cost, days)?.clears(self.it.hurdle))
    }

    fn look(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let Some(fair) = view.fair(market) else { return };
        if self.acted.get(&market).is_some_and(|last| view.now().since(*last) < self.it.pause) {
            return;
        }
        let (as_of, valid_for) = (fair.as_of, fair.valid_for);
        let belief = Belief { prob: fair.prob, deviation: self.it.doubt, as_of, valid_for };
        for side in [BookSide::Bid, BookSide::Ask] {
            if self.pays(view, market, &belief, side) == Some(true)
                && let Some(take) = self.it.stake.take(view, market, &belief, side)
            {
                wants.take(market, take);
                self.acted.insert(market, view.now());
            }
        }
    }
}

impl Strategy for Fundamental {
    fn name(&self) -> &'static str {
        "fundamental"
    }

    fn interest(&self) -> Interest {
        Interest { markets: self.it.markets.clone(), ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        let (Signal::Book(market) | Signal::Fair(market) | Signal::Fill(market)) = signal else { return };
        self.look(view, market, wants);
    }
}
