//! A market maker: one bid and one ask around a fair value, both moved against what it holds.
//!
//! It earns the spread from traders who want to trade now, and pays when the price runs through its quotes. Holding YES it
//! quotes lower, so that it sells sooner than it buys; at its cap it quotes one side only. It quotes nothing on a book that
//! cannot be read and nothing without a middle. What can go wrong: news between two fair values, a market that only moves
//! one way, fees that eat a narrow spread.

use brier_engine::{Interest, MarketId, Purpose, Quote, Signal, Strategy, View, Wants};
use brier_types::{BookSide, MarketTicker, Price, Qty, Venue};

/// What bounds the maker. Prices are in steps of $0.0001 (pips).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketMakerParameters {
    /// Where it quotes.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// Distance of each quote from fair value, in pips.
    pub half_spread_pips: u16,
    /// Contracts of each quote.
    pub size: Qty,
    /// Most contracts held, YES or NO.
    pub cap: Qty,
    /// How far both quotes move when the cap is held, in pips; proportionally less for less.
    pub skew_pips: u16,
}

/// See the module's head.
#[derive(Debug)]
pub struct MarketMaker(MarketMakerParameters);

impl MarketMaker {
    /// A maker with these bounds.
    pub const fn new(parameters: MarketMakerParameters) -> Self {
        Self(parameters)
    }

    /// Fair value in pips: a model's where there is a fresh one, else the middle of what others quote.
    fn fair(view: &View<'_>, market: MarketId) -> Option<i64> {
        let best = |side| view.best_of_others(market, side).map(|price| i64::from(price.pips()));
        match view.fair(market) {
            Some(fair) => view.book(market).is_ok().then(|| fair.prob.floor_price().pips().into()),
            None => Some(i64::midpoint(best(BookSide::Bid)?, best(BookSide::Ask)?)),
        }
    }

    fn quote(&self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let it = &self.0;
        let Some(fair) = Self::fair(view, market) else { return wants.quotes(market, &[]) };
        let held = view.position(market).net().micros();
        let skew = held * i64::from(it.skew_pips) / i64::try_from(it.cap.micros()).unwrap_or(i64::MAX).max(1);
        let quote = |side, offset: i64, held: i64| {
            let room = Qty::from_micros(it.cap.micros().saturating_add_signed(-held)).unwrap_or(Qty::ZERO);
            let price = u16::try_from((fair + offset - skew).clamp(1, 9_999)).ok().and_then(Price::new)?;
            let qty = it.size.min(room);
            (!qty.is_zero()).then_some(Quote { side, price, qty, purpose: Purpose::Any })
        };
        let half = i64::from(it.half_spread_pips);
        match (quote(BookSide::Bid, -half, held), quote(BookSide::Ask, half, -held)) {
            (Some(bid), Some(ask)) => wants.quotes(market, &[bid, ask]),
            (Some(one), None) | (None, Some(one)) => wants.quotes(market, &[one]),
            (None, None) => wants.quotes(market, &[]),
        }
    }
}

impl Strategy for MarketMaker {
    fn name(&self) -> &'static str {
        "market_maker"
    }

    fn interest(&self) -> Interest {
        Interest { markets: self.0.markets.clone(), ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Book(market) | Signal::Fill(market) | Signal::Fair(market) => self.quote(view, market, wants),
            Signal::Start | Signal::Trade(..) | Signal::Fact(_) | Signal::Status(_) | Signal::Timer => {}
        }
    }
}
