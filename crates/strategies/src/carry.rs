//! Near-certainty carry: what has all but happened, bought below a dollar and held until it pays.
//!
//! It buys an outcome whose fair value is beyond a set chance when the price, with its fee, leaves more than the same money
//! earns elsewhere until the payout, after a chance that the rules surprise everybody is taken off. Many small gains and, one
//! day, a whole loss: so what is paid is capped in dollars a market.
//!
//! What can go wrong: "certain" is a reading of the rules. A dispute, a revision, another source. The chance of surprise is
//! the number to think about longest, and what the fair value leaves open counts as one.
//!
//! Source: reference (feeds), sections 9.2, 9.4 (event arbitrage) and 9.12.

use brier_engine::{Interest, MarketId, Purpose, Signal, Strategy, Take, View, Wants};
use brier_models::lockup::{Lockup, decided_value};
use brier_types::{BookSide, MarketTicker, Money, Price, Prob, Qty, Rounding, Venue, notional};

/// What bounds the strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct CarryParameters {
    /// Where it trades; each market needs a fair value from elsewhere.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// The fair value, of YES or of NO, from which an outcome counts as certain.
    pub certain: f64,
    /// Chance that the rules surprise.
    pub surprise: f64,
    /// What the same money earns elsewhere in a year, as a share.
    pub hurdle: f64,
    /// Days from the close to the payout.
    pub payout_days: f64,
    /// Most dollars in one market.
    pub most: Money,
}

/// See the module's head.
#[derive(Debug)]
pub struct Carry(CarryParameters);

impl Carry {
    /// A strategy with these bounds.
    pub const fn new(parameters: CarryParameters) -> Self {
        Self(parameters)
    }

    fn take(&self, view: &View<'_>, market: MarketId, side: BookSide) -> Option<Take> {
        let (it, fair, instrument) = (&self.0, view.fair(market)?, view.instrument(market));
        let chance = if side == BookSide::Bid { fair.prob.get() } else { 1.0 - fair.prob.get() };
        let best = view.book(market).ok()?.best(side.opposite())?;
        let one = Qty::from_contracts(1)?;
        let price = |price: Price| if side == BookSide::Bid { price } else { price.complement() };
        let paid =
            notional(price(best.price), one, Rounding::Ceil).checked_add(instrument.fees.taker(best.price, one))?;
        let cost = paid.micros() as f64 / 1e6;
        let days = instrument.market.close_time.since(view.now()).as_secs_f64() / 86_400.0 + it.payout_days;
        // What the fair value itself leaves open is a surprise as well.
        let worth = decided_value(cost, Prob::new(it.surprise.max(1.0 - chance)).ok()?)?;
        // What is left after the surprise, as the gain of a sure thing.
        let pays = worth > 0.0 && Lockup::new(cost / (cost + worth), days)?.clears(it.hurdle);
        if chance < it.certain || !pays {
            return None;
        }
        // By what was paid, not by today's price: a loser is not added to because it has become cheap.
        let room = it.most.checked_sub(view.position(market).cost())?.micros() / paid.micros().max(1);
        let offered = best.qty.micros() / Qty::PER_CONTRACT;
        let qty = Qty::from_contracts(u64::try_from(room).ok()?.min(offered)).filter(|qty| !qty.is_zero())?;
        Some(Take { side, limit: best.price, qty, purpose: Purpose::Any })
    }
}

impl Strategy for Carry {
    fn name(&self) -> &'static str {
        "carry"
    }

    fn interest(&self) -> Interest {
        Interest { markets: self.0.markets.clone(), ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        let (Signal::Book(market) | Signal::Fair(market) | Signal::Fill(market)) = signal else { return };
        for side in [BookSide::Bid, BookSide::Ask] {
            if let Some(take) = self.take(view, market, side) {
                wants.take(market, take);
            }
        }
    }
}
