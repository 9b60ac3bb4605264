//! How much of an opinion is traded: fractional Kelly over the book's depth, net of the exact fee, less for doubt.
//!
//! Shared by every strategy that has an opinion of its own. It buys what the book offers below the opinion, YES or NO, only as
//! far as each further contract still raises the expected logarithm of the bankroll, and never above the cap.

use std::time::Duration;

use brier_book::BookView;
use brier_engine::{Fees, MarketId, Opinion, Purpose, Take, View, Wants};
use brier_models::sizing::depth::{Level, best_purchase};
use brier_models::sizing::kelly::shrinkage;
use brier_types::{BookSide, Money, Price, Prob, Qty, Timestamp};

use crate::edge;

/// Most levels of a book that are looked at.
const DEPTH: usize = 32;

/// What bounds the trading of an opinion.
#[derive(Clone, Debug, PartialEq)]
pub struct Stake {
    /// Money that Kelly's fraction is of.
    pub bankroll: Money,
    /// Share of Kelly's fraction: 0.25 is a quarter.
    pub kelly: f64,
    /// Most contracts held, YES or NO.
    pub cap: Qty,
    /// Most contracts of one order.
    pub clip: Qty,
    /// Least gain that a contract must promise after the exact fee.
    pub margin: Money,
}

/// A chance, how sure it is, and how long it may decide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// Chance of YES.
    pub prob: Prob,
    /// Standard deviation of that estimate.
    pub deviation: f64,
    /// When the oldest data behind it was true.
    pub as_of: Timestamp,
    /// How long after that it may decide.
    pub valid_for: Duration,
}

fn dollars(price: Price) -> f64 {
    f64::from(price.pips()) / 10_000.0
}

/// A fee as models take it: dollars a contract of an outcome at its price.
fn fee(fees: &Fees, price: f64) -> f64 {
    let one = Qty::from_contracts(1).unwrap_or(Qty::MAX);
    let price = Price::new((price * 10_000.0).clamp(0.0, 10_000.0) as u16).unwrap_or(Price::ZERO);
    fees.taker(price, one).micros() as f64 / 1e6
}

impl Stake {
    /// States the belief, and takes what the book offers against it.
    pub fn act(&self, view: &View<'_>, market: MarketId, belief: &Belief, wants: &mut Wants) {
        let Belief { prob, as_of, valid_for, .. } = *belief;
        wants.fair(Opinion { market, prob, as_of, valid_for });
        if view.now().since(as_of) > valid_for {
            return;
        }
        for side in [BookSide::Bid, BookSide::Ask] {
            if let Some(take) = self.take(view, market, belief, side) {
                wants.take(market, take);
            }
        }
    }

    /// The take that a side of the book is worth, if any.
    pub(crate) fn take(&self, view: &View<'_>, market: MarketId, belief: &Belief, side: BookSide) -> Option<Take> {
        let (book, fees) = (view.book(market).ok()?, &view.instrument(market).fees);
        let (best, gain) = edge(belief.prob, &book, fees, side)?;
        if gain < self.margin {
            return None;
        }
        let chance = if side == BookSide::Bid { belief.prob } else { belief.prob.complement() };
        let price = |price: Price| if side == BookSide::Bid { price } else { price.complement() };
        let ladder = self.ladder(belief.prob, &book, fees, side, &price);
        let cost = dollars(price(best.price)) + fee(fees, dollars(price(best.price)));
        let share = self.kelly * shrinkage(chance.get() - cost, belief.deviation)?;
        let bankroll = self.bankroll.micros() as f64 / 1e6 * share;
        let wanted = best_purchase(chance, &ladder, |price| fee(fees, price), bankroll)?;
        let limit = wanted.limit?;
        let net = view.position(market).net().micros();
        let held = if side == BookSide::Bid { net } else { -net };
        let whole = |micros: u64| micros / Qty::PER_CONTRACT;
        let more = (wanted.contracts.clamp(0.0, 1e9) as u64).saturating_add_signed(-(held / Qty::PER_CONTRACT as i64));
        let room = whole(self.cap.micros().saturating_add_signed(-held));
        let qty = Qty::from_contracts(more.min(room).min(whole(self.clip.micros()))).filter(|qty| !qty.is_zero())?;
        let limit = price(Price::new((limit * 10_000.0 + 0.5) as u16)?);
        Some(Take { side, limit, qty, purpose: Purpose::Any })
    }

    /// What is offered with enough gain, in prices of the outcome that is bought.
    fn ladder(
        &self,
        prob: Prob,
        book: &BookView<'_>,
        fees: &Fees,
        side: BookSide,
        price: &dyn Fn(Price) -> Price,
    ) -> Vec<Level> {
        let worth = if side == BookSide::Bid { prob.get() } else { 1.0 - prob.get() };
        let margin = self.margin.micros() as f64 / 1e6;
        let offers = book.levels(side.opposite()).take(DEPTH).map(|level| {
            let contracts = (level.qty.micros() / Qty::PER_CONTRACT) as f64;
            Level { price: dollars(price(level.price)), contracts }
        });
        offers.take_while(|level| worth - level.price - fee(fees, level.price) >= margin - 1e-9).collect()
    }
}
