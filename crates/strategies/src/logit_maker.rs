//! A market maker in log odds: quotes around a fair value, moved against what it holds, as wide as risk, the informed and fees
//! ask for, and gone around scheduled releases.
//!
//! Near 0 and 1 a width in dollars is wrong, so everything is in log odds. The width is the widest of what holding risk costs
//! (Avellaneda and Stoikov), what those who know more take (Glosten and Milgrom), and two maker fees and a tick; a reward for
//! resting is a negative fee. Inventory is counted over the whole event where at most one of its markets pays: YES in one leg
//! is as good as NO in the others.
//!
//! It earns the spread from traders who want to trade now. What can go wrong: news between two fair values (it pulls its quotes
//! when the fair value goes stale, and before each release that the series `releases` tells); flow that only goes one way;
//! a book with nobody else in it. Without a fair value it quotes around the middle of what others quote, and needs both sides.
//!
//! Source: reference (feeds), section 9.9.

use std::collections::BTreeSet;
use std::time::Duration;

use brier_engine::{Interest, MarketId, Purpose, Quote, Signal, Strategy, View, Wants};
use brier_models::logit::{clipped_logit, sigmoid};
use brier_models::quoting::{AvellanedaStoikov, adverse_half_spread};
use brier_types::{BookSide, MarketTicker, Money, Price, Prob, Qty, Venue};

use crate::facts::places;
use crate::samples::middle;

/// What bounds the maker.
#[derive(Clone, Debug, PartialEq)]
pub struct LogitMakerParameters {
    /// Where it quotes.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// Aversion to risk, per contract and unit of log odds.
    pub gamma: f64,
    /// Standard deviation of the fair value's log odds over one hour.
    pub sigma: f64,
    /// Hours over which inventory is to be worked off; less when the close is nearer.
    pub horizon_hours: f64,
    /// How fast the rate of fills falls with distance, per unit of log odds.
    pub decay: f64,
    /// Share of takers who know the outcome.
    pub informed: f64,
    /// What a contract that rests earns from the venue besides, in dollars: taken off the fee.
    pub reward: Money,
    /// Contracts of each quote.
    pub size: Qty,
    /// Most contracts held, YES or NO.
    pub cap: Qty,
    /// Series of the next scheduled release: seconds since 1970.
    pub releases: Option<String>,
    /// How long before a release quotes are withdrawn, and how long after it they stay away.
    pub around_release: Duration,
}

/// See the module's head.
#[derive(Debug)]
pub struct LogitMaker(LogitMakerParameters, Seen);

/// What must not be forgotten when it is out of sight.
#[derive(Debug, Default)]
struct Seen {
    /// Markets that a model has valued: without its word nothing is quoted there any more.
    valued: BTreeSet<MarketId>,
    /// The next release that was told last, and the last one that is over, in seconds since 1970.
    next: f64,
    released: f64,
}

impl LogitMaker {
    /// A maker with these bounds.
    pub fn new(parameters: LogitMakerParameters) -> Self {
        Self(parameters, Seen { valued: BTreeSet::new(), next: f64::INFINITY, released: f64::NEG_INFINITY })
    }

    /// The middle: a model's fair value where there is a fresh one, else that of what others quote.
    fn center(&mut self, view: &View<'_>, market: MarketId) -> Option<Prob> {
        match view.fair(market) {
            Some(fair) => {
                self.1.valued.insert(market);
                view.book(market).is_ok().then_some(fair.prob)
            }
            // A model that has gone silent is the moment to be careful, not to ask the others.
            None if self.1.valued.contains(&market) => None,
            None => middle(view, market),
        }
    }

    /// YES held, and as much NO of the event's other markets as counts for it where only one can pay.
    fn inventory(view: &View<'_>, market: MarketId) -> f64 {
        let contracts = |market| view.position(market).net().micros() as f64 / 1e6;
        let own = contracts(market);
        let instrument = view.instrument(market);
        if !instrument.exclusive {
            return own;
        }
        let event = view.universe().event(view.universe().event_of(market));
        let others = event.markets.iter().filter(|other| **other != market).map(|other| contracts(*other)).sum::<f64>();
        // Holding YES of another leg is holding a part of NO of this one.
        own - others / (event.markets.len().saturating_sub(1).max(1)) as f64
    }

    fn is_near_release(&mut self, view: &View<'_>) -> bool {
        let Some(series) = &self.0.releases else { return false };
        // Who says when and is not heard is a reason to stay away.
        let Some(at) = view.fact(series).and_then(|fact| fact.value.number()) else { return true };
        let (now, around) = (view.now().nanos() as f64 / 1e9, self.0.around_release.as_secs_f64());
        for over in [self.1.next, at].into_iter().filter(|told| *told <= now) {
            self.1.released = self.1.released.max(over);
        }
        self.1.next = at;
        // The series tells the next one as soon as one is over, which is not over yet for the market.
        at - now <= around && at >= now || now - self.1.released <= around
    }

    fn quotes(&mut self, view: &View<'_>, market: MarketId) -> Option<[Option<Quote>; 2]> {
        if self.is_near_release(view) {
            return None;
        }
        let (center, instrument) = (self.center(view, market)?, view.instrument(market));
        let it = &self.0;
        let left = instrument.market.close_time.since(view.now()).as_secs_f64() / 3_600.0;
        let maker = AvellanedaStoikov {
            gamma: it.gamma,
            sigma: it.sigma,
            horizon: it.horizon_hours.min(left),
            decay: it.decay,
        };
        let p = center.get().clamp(0.005, 0.995);
        let one = Qty::from_contracts(1)?;
        let price = Prob::new(p).ok()?.floor_price();
        let fee = (instrument.fees.maker(price, one).micros() - it.reward.micros()) as f64 / 1e6;
        let grid = &instrument.market.grid;
        let tick = grid.above(price).map_or(0.01, |above| f64::from(above.pips().abs_diff(price.pips())) / 10_000.0);
        // Dollars of fee and tick in log odds at this price.
        let costs = (fee + tick / 2.0).max(0.0) / (p * (1.0 - p));
        let half = maker.half_spread()?.max(adverse_half_spread(it.informed)?).max(costs);
        let middle = clipped_logit(Prob::new(p).ok()?) + maker.skew(Self::inventory(view, market))?;
        let held = view.position(market).net().micros();
        let quote = |side, at: f64, held: i64| {
            let room = Qty::from_micros(it.cap.micros().saturating_add_signed(-held)).unwrap_or(Qty::ZERO);
            let pips = sigmoid(at) * 10_000.0;
            let pips = if side == BookSide::Bid { pips.floor() } else { pips.ceil() };
            let price = Price::new(pips.clamp(1.0, 9_999.0) as u16)?;
            let qty = it.size.min(room);
            (!qty.is_zero()).then_some(Quote { side, price, qty, purpose: Purpose::Any })
        };
        Some([quote(BookSide::Bid, middle - half, held), quote(BookSide::Ask, middle + half, -held)])
    }

    fn quote(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let quotes: Vec<Quote> = self.quotes(view, market).into_iter().flatten().flatten().collect();
        wants.quotes(market, &quotes);
    }
}

impl Strategy for LogitMaker {
    fn name(&self) -> &'static str {
        "logit_maker"
    }

    fn interest(&self) -> Interest {
        let series = self.0.releases.clone().into_iter().collect();
        Interest { markets: self.0.markets.clone(), series, ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Book(market) | Signal::Fill(market) | Signal::Fair(market) => self.quote(view, market, wants),
            // A release draws near, or a fair value grows old, without a word about the market.
            Signal::Timer | Signal::Fact(_) => {
                let markets = self.0.markets.clone();
                places(view, &markets).for_each(|market| self.quote(view, market, wants));
            }
            Signal::Start | Signal::Trade(..) | Signal::Status(_) => {}
        }
    }
}
