//! A taker: buys what the book offers below fair value, and sells what it bids above, by more than fee and margin.
//!
//! It earns when its fair value is better than the market's, and pays the taker's fee each time. It never rests. What can go
//! wrong: a fair value that is late or wrong; it then buys exactly what better informed traders sell. Fair values carry their
//! own age, and a stale one decides nothing.

use brier_book::{BookView, Level};
use brier_engine::{Fees, Interest, MarketId, Purpose, Signal, Strategy, Take, View, Wants};
use brier_types::{BookSide, MarketTicker, Money, Prob, Qty, Rounding, Venue, notional};

/// What a trade on this side would meet, and what one contract of it gains by this fair value after its fee. Fair value is
/// rounded against the trade.
pub fn edge(fair: Prob, book: &BookView<'_>, fees: &Fees, side: BookSide) -> Option<(Level, Money)> {
    let one = Qty::from_contracts(1)?;
    let level = book.best(side.opposite())?;
    let (worth, paid) = match side {
        BookSide::Bid => (fair.floor_price(), level.price),
        BookSide::Ask => (level.price, fair.ceil_price()),
    };
    let dollars = |price| notional(price, one, Rounding::Floor);
    let edge = dollars(worth).checked_sub(dollars(paid))?.checked_sub(fees.taker(level.price, one))?;
    Some((level, edge))
}

/// What bounds the taker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakerParameters {
    /// Where it trades.
    pub markets: Vec<(Venue, MarketTicker)>,
    /// Most contracts held, YES or NO.
    pub cap: Qty,
    /// Most contracts of one order.
    pub clip: Qty,
    /// Least gain that a contract must promise after the exact fee.
    pub margin: Money,
}

/// See the module's head.
#[derive(Debug)]
pub struct Taker(TakerParameters);

impl Taker {
    /// A taker with these bounds.
    pub const fn new(parameters: TakerParameters) -> Self {
        Self(parameters)
    }

    /// The take that a side of the book is worth, if any.
    fn take(&self, view: &View<'_>, market: MarketId, side: BookSide) -> Option<Take> {
        let (fair, book, fees) = (view.fair(market)?.prob, view.book(market).ok()?, &view.instrument(market).fees);
        let (level, edge) = edge(fair, &book, fees, side)?;
        let net = view.position(market).net().micros();
        let held = if side == BookSide::Bid { net } else { -net };
        let room = Qty::from_micros(self.0.cap.micros().saturating_add_signed(-held))?;
        // Whole contracts: hundredths would pay more in rounding than they can gain.
        let qty = level.qty.min(self.0.clip).min(room).micros() / Qty::PER_CONTRACT;
        let qty = Qty::from_contracts(qty).filter(|qty| !qty.is_zero())?;
        (edge >= self.0.margin).then_some(Take { side, limit: level.price, qty, purpose: Purpose::Any })
    }
}

impl Strategy for Taker {
    fn name(&self) -> &'static str {
        "taker"
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
