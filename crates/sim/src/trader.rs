//! A strategy without an opinion: it wants this and that, at prices near the market's, and changes its mind often.

use brier_engine::{
    Combo, Interest, Leg, Manner, MarketId, OnShortfall, Purpose, Quote, Signal, Strategy, Take, View, Wants,
};
use brier_types::{BookSide, Money, Price, Qty};

use crate::chance::Chance;

/// See the module's head.
#[derive(Debug)]
pub struct Trader {
    chance: Chance,
    /// It acts on one of so many signals.
    restless: u64,
    /// Markets that it leaves alone.
    left_alone: Vec<MarketId>,
}

impl Trader {
    /// A trader whose moods follow a seed.
    pub const fn new(seed: u64, restless: u64, left_alone: Vec<MarketId>) -> Self {
        Self { chance: Chance::new(seed), restless, left_alone }
    }

    fn side(&mut self) -> BookSide {
        if self.chance.per_mille(500) { BookSide::Bid } else { BookSide::Ask }
    }

    fn size(&mut self) -> Qty {
        let hundredths = match self.chance.below(4) {
            0 => self.chance.between(500, 1_500),
            _ => self.chance.between(5, 15) * 100,
        };
        Qty::from_hundredths(hundredths).expect("a small size fits")
    }

    fn purpose(&mut self) -> Purpose {
        if self.chance.per_mille(250) { Purpose::Close } else { Purpose::Any }
    }

    /// A price some steps from the middle, outward for a quote and through it for a take.
    fn price(&mut self, view: &View<'_>, market: MarketId, side: BookSide, through: bool) -> Option<Price> {
        let book = view.book(market).ok()?;
        let bid = book.best_bid().map_or(1_000, |level| level.price.pips());
        let ask = book.best_ask().map_or(9_000, |level| level.price.pips());
        let away = 100 * self.chance.between(0, 4) as u16;
        let pips = match (side, through) {
            (BookSide::Bid, false) => ask.saturating_sub(100 + away).max(100),
            (BookSide::Ask, false) => (bid + 100 + away).min(9_900),
            (BookSide::Bid, true) => (ask + away).min(9_900),
            (BookSide::Ask, true) => bid.saturating_sub(away).max(100),
        };
        Price::new(pips)
    }

    fn quotes(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let mut quotes = Vec::new();
        for side in [BookSide::Bid, BookSide::Ask] {
            if self.chance.per_mille(700)
                && let Some(price) = self.price(view, market, side, false)
            {
                quotes.push(Quote { side, price, qty: self.size(), purpose: self.purpose() });
            }
        }
        // A strategy that would meet itself is no use to anybody.
        if let [bid, ask] = quotes.as_slice()
            && bid.price >= ask.price
        {
            quotes.pop();
        }
        wants.quotes(market, &quotes);
    }

    fn take(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let side = self.side();
        if let Some(limit) = self.price(view, market, side, true) {
            wants.take(market, Take { side, limit, qty: self.size(), purpose: self.purpose() });
        }
    }

    fn combo(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let markets = view.universe().len() as u64;
        let other = MarketId(self.chance.below(markets) as u32);
        if other == market || self.left_alone.contains(&other) {
            return;
        }
        let (first, second) = (self.side(), self.side());
        let rests = self.chance.per_mille(250);
        let (Some(limit), Some(other_limit)) =
            (self.price(view, market, first, !rests), self.price(view, other, second, true))
        else {
            return;
        };
        let on_shortfall = if self.chance.per_mille(700) {
            OnShortfall::Unwind { max_loss: self.chance.between(0, 2_000) as u16 }
        } else {
            OnShortfall::Hold
        };
        let leg = |market, side, limit| Leg { market, side, limit, seen: limit };
        let legs = vec![leg(market, first, limit), leg(other, second, other_limit)];
        let manner =
            if rests { Manner::MakerFirst { rest_for: self.chance.millis(500, 8_000) } } else { Manner::Immediate };
        // Wanted at whatever loss: it has no opinion.
        let (least, patience) = (Money::from_micros(-2_000_000), self.chance.millis(1_000, 20_000));
        let combo = Combo::new(legs, self.size(), Money::DOLLAR);
        wants.combo(Combo { least, manner, on_shortfall, patience, ..combo });
    }
}

impl Strategy for Trader {
    fn name(&self) -> &'static str {
        "trader"
    }

    fn interest(&self) -> Interest {
        Interest { markets: Vec::new(), all_markets: true, ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        let market = match signal {
            Signal::Book(market)
            | Signal::Trade(market, _)
            | Signal::Fill(market)
            | Signal::Fair(market)
            | Signal::Status(market) => market,
            Signal::Start | Signal::Fact(_) => return,
            Signal::Timer => MarketId(self.chance.below(view.universe().len().max(1) as u64) as u32),
        };
        if self.left_alone.contains(&market) || view.universe().is_empty() || self.chance.below(self.restless) != 0 {
            return;
        }
        match self.chance.below(20) {
            0..=11 => self.quotes(view, market, wants),
            12..=16 => self.take(view, market, wants),
            17 => self.combo(view, market, wants),
            _ => wants.quotes(market, &[]),
        }
    }

    fn save(&self) -> Vec<u8> {
        self.chance.state().to_le_bytes().to_vec()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        match state.try_into() {
            Ok(bytes) => {
                self.chance = Chance::new(u64::from_le_bytes(bytes));
                Ok(())
            }
            Err(_) if state.is_empty() => Ok(()),
            Err(_) => Err(format!("expected 8 bytes, found {}", state.len())),
        }
    }
}
