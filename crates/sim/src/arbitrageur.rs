//! A strategy that buys YES on one venue and NO on the other, of events that both list, whenever that costs less than a dollar.
//!
//! It is as careless as strategies are: it asks again and again, now and then in the wrong order and with limits that cannot
//! all be met. What keeps it from losing is the engine.

use std::time::Duration;

use brier_engine::legs::least_certain_first;
use brier_engine::{Combo, Interest, Leg, Manner, MarketId, OnShortfall, Signal, Strategy, View, Wants};
use brier_types::{BookSide, Money, Price, Qty};

use crate::chance::Chance;
use crate::plan::LegsPlan;

/// See the module's head.
#[derive(Debug)]
pub struct Arbitrageur {
    chance: Chance,
    it: LegsPlan,
    /// Kalshi's market and Polymarket's.
    pairs: Vec<(MarketId, MarketId)>,
}

impl Arbitrageur {
    /// An arbitrageur of these events, whose moods follow a seed.
    pub const fn new(seed: u64, it: LegsPlan, pairs: Vec<(MarketId, MarketId)>) -> Self {
        Self { chance: Chance::new(seed), it, pairs }
    }

    /// A leg at the best price of others, and up to three cents beyond.
    fn leg(&mut self, view: &View<'_>, market: MarketId, side: BookSide) -> Option<Leg> {
        let seen = view.best_of_others(market, side.opposite())?;
        let beyond = 100 * self.chance.below(4) as u16;
        let limit = match side {
            BookSide::Bid => seen.pips().saturating_add(beyond).min(9_900),
            BookSide::Ask => seen.pips().saturating_sub(beyond).max(100),
        };
        Some(Leg { market, side, limit: Price::new(limit)?, seen })
    }

    fn look(&mut self, view: &View<'_>, pair: (MarketId, MarketId), wants: &mut Wants) -> Option<()> {
        let (kalshi, polymarket) = pair;
        for (at_kalshi, at_polymarket) in [(BookSide::Bid, BookSide::Ask), (BookSide::Ask, BookSide::Bid)] {
            let one = self.leg(view, kalshi, at_kalshi)?;
            let other = self.leg(view, polymarket, at_polymarket)?;
            // YES at one price and NO at a dollar less the other: worth a look when they sum to less than a dollar.
            let (bid, ask) = if at_kalshi == BookSide::Bid { (&one, &other) } else { (&other, &one) };
            if bid.seen.pips() < ask.seen.pips() {
                wants.combo(self.combo(view, one, other));
                return Some(());
            }
        }
        None
    }

    fn combo(&mut self, view: &View<'_>, kalshi: Leg, polymarket: Leg) -> Combo {
        let qty = Qty::from_hundredths(match self.chance.below(3) {
            0 => self.chance.between(500, 2_000),
            _ => self.chance.between(5, 20) * 100,
        });
        let qty = qty.expect("a small size fits");
        let mut legs = vec![polymarket, kalshi];
        least_certain_first(view, &mut legs, qty);
        if self.chance.per_mille(self.it.sloppy) {
            legs.reverse();
        }
        let manner = if self.chance.per_mille(250) { self.rest(view, &mut legs[0]) } else { Manner::Immediate };
        let on_shortfall = if self.chance.per_mille(850) {
            OnShortfall::Unwind { max_loss: self.chance.between(0, u64::from(self.it.max_loss)) as u16 }
        } else {
            OnShortfall::Hold
        };
        Combo {
            least: Money::from_micros(self.it.least_micros),
            manner,
            on_shortfall,
            patience: self.chance.millis(1_000, 15_000),
            ..Combo::new(legs, qty, Money::DOLLAR)
        }
    }

    /// Lets a first leg rest inside of the market.
    fn rest(&mut self, view: &View<'_>, leg: &mut Leg) -> Manner {
        let best =
            view.book(leg.market).ok().and_then(|book| book.best(leg.side.opposite())).map(|best| best.price.pips());
        let inside = best.and_then(|best| match leg.side {
            BookSide::Bid => Price::new(best.saturating_sub(100)),
            BookSide::Ask => Price::new(best.saturating_add(100)),
        });
        if let Some(inside) = inside.filter(|price| price.is_tradable()) {
            leg.limit = inside;
        }
        Manner::MakerFirst { rest_for: self.chance.millis(300, 10_000) }
    }
}

impl Strategy for Arbitrageur {
    fn name(&self) -> &'static str {
        "arbitrageur"
    }

    fn interest(&self) -> Interest {
        Interest { markets: Vec::new(), all_markets: true, ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        let market = match signal {
            Signal::Book(market) | Signal::Fill(market) | Signal::Status(market) => Some(market),
            Signal::Timer => None,
            Signal::Start | Signal::Trade(..) | Signal::Fair(_) | Signal::Fact(_) => return,
        };
        for pair in self.pairs.clone() {
            let is_told = market.is_none_or(|market| market == pair.0 || market == pair.1);
            if is_told && view.universe().len() > pair.1.index() && self.chance.per_mille(500) {
                self.look(view, pair, wants);
            }
        }
        wants.wake_at(view.now().plus(Duration::from_millis(500)));
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
