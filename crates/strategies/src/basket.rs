//! Event arbitrage within a venue: NO of every outcome of an event of which at most one can pay.
//!
//! Of m such outcomes at least m − 1 fail, so equal contracts of all NO pay m − 1 dollars or more. When the bids of YES sum to
//! more than a dollar after the exact fees, selling them all is worth it whatever happens. All legs go as one combo of equal
//! contracts, the thinnest first; what a later leg cannot fill is completed or unwound within a set loss.
//!
//! It needs no fair value and no guess that the list is complete: an outcome that is not listed only makes it pay more. What
//! can go wrong: an event whose outcomes are not exclusive after all (the venue says whether they are); legs that move while
//! the first one fills.
//!
//! Source: reference (feeds), section 9.11.

use std::time::Duration;

use brier_engine::legs::least_certain_first;
use brier_engine::{Combo, Interest, Leg, MarketId, OnShortfall, Signal, Strategy, View, Wants};
use brier_types::{
    BookSide, EventTicker, MarketStatus, MarketTicker, Money, Price, Qty, Rounding, Timestamp, Venue, notional,
};

/// Fewest legs that are an event.
const LEAST_LEGS: usize = 2;
/// Most legs that are sent as one combo.
const MOST_LEGS: usize = 16;

/// What bounds the strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct BasketParameters {
    /// The outcomes; those of one event belong together, and all that the venue lists of it must be here.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// Most contracts of each leg.
    pub size: Qty,
    /// Least gain of one contract of every leg together, after fees.
    pub margin: Money,
    /// The most that unwinding may lose a contract, in price.
    pub unwind_loss: Price,
    /// Least time between two tries on an event.
    pub pause: Duration,
}

/// See the module's head.
#[derive(Debug)]
pub struct Basket {
    it: BasketParameters,
    tried: Vec<(EventTicker, Timestamp)>,
}

impl Basket {
    /// A strategy with these bounds.
    pub const fn new(parameters: BasketParameters) -> Self {
        Self { it: parameters, tried: Vec::new() }
    }

    /// The outcomes of a market's event, if the strategy has all of them and at most one can pay.
    fn legs(&self, view: &View<'_>, market: MarketId) -> Option<Vec<MarketId>> {
        let event = view.universe().event(view.universe().event_of(market));
        if !event.exclusive || !(LEAST_LEGS..=MOST_LEGS).contains(&event.markets.len()) {
            return None;
        }
        let mut legs = Vec::with_capacity(event.markets.len());
        for leg in event.markets.iter().copied() {
            let it = view.instrument(leg);
            let ours = self.it.markets.iter().any(|(venue, name)| *venue == it.venue() && *name == it.market.ticker);
            if !ours || it.status_at(view.now()) != MarketStatus::Active {
                return None;
            }
            legs.push(leg);
        }
        Some(legs)
    }

    fn combo(&self, view: &View<'_>, legs: &[MarketId]) -> Option<Combo> {
        let one = Qty::from_contracts(1)?;
        let (mut gain, mut qty) = (Money::ZERO.checked_sub(Money::DOLLAR)?, self.it.size);
        let mut sold = Vec::with_capacity(legs.len());
        for leg in legs {
            let best = view.book(*leg).ok()?.best_bid()?;
            // A bid of our own is nobody to sell to, and a leg under way is to be known first.
            if view.best_of_others(*leg, BookSide::Bid) != Some(best.price) || view.orders(*leg).next().is_some() {
                return None;
            }
            let held = view.position(*leg).net().micros().min(0).unsigned_abs();
            qty = qty.min(self.it.size.saturating_sub(Qty::from_micros(held)?));
            let fee = view.instrument(*leg).fees.taker(best.price, one);
            gain = gain.checked_add(notional(best.price, one, Rounding::Floor))?.checked_sub(fee)?;
            qty = qty.min(best.qty);
            sold.push(Leg { market: *leg, side: BookSide::Ask, limit: best.price, seen: best.price });
        }
        let qty = Qty::from_contracts(qty.micros() / Qty::PER_CONTRACT).filter(|qty| !qty.is_zero())?;
        least_certain_first(view, &mut sold, qty);
        // At least all but one fail, and each that does pays its NO a dollar.
        let pays = Money::DOLLAR.checked_mul(i64::try_from(sold.len()).ok()? - 1)?;
        let on_shortfall = OnShortfall::Unwind { max_loss: self.it.unwind_loss.pips() };
        let combo = Combo { least: self.it.margin, on_shortfall, ..Combo::new(sold, qty, pays) };
        (gain >= self.it.margin).then_some(combo)
    }

    fn look(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let (now, event) = (view.now(), view.instrument(market).market.event.clone());
        self.tried.retain(|(_, at)| now.since(*at) < self.it.pause);
        if self.tried.iter().any(|(tried, _)| *tried == event) {
            return;
        }
        if let Some(combo) = self.legs(view, market).and_then(|legs| self.combo(view, &legs)) {
            self.tried.push((event, now));
            wants.combo(combo);
        }
    }
}

impl Strategy for Basket {
    fn name(&self) -> &'static str {
        "basket"
    }

    fn interest(&self) -> Interest {
        Interest { markets: self.it.markets.clone(), ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Book(market) => self.look(view, market, wants),
            // No signal tells the end of a halt or of a pause: what stands then is found by the clock.
            Signal::Timer => {
                let mut looked = None;
                for at in 0..self.it.markets.len() {
                    let (venue, name) = &self.it.markets[at];
                    let Some(market) = view.find(*venue, name.as_str()) else { continue };
                    let event = view.universe().event_of(market);
                    if looked.replace(event) != Some(event) {
                        self.look(view, market, wants);
                    }
                }
            }
            Signal::Start
            | Signal::Trade(..)
            | Signal::Fill(_)
            | Signal::Fair(_)
            | Signal::Fact(_)
            | Signal::Status(_) => {}
        }
    }
}
