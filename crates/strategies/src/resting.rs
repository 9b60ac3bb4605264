//! One leg of a tie as a quote, where taking both would not pay.
//!
//! The quote joins or betters the best one of its side, at most at the price with which the set still gains the margin when the
//! other leg is taken as its book stands. Each fill is hedged at once, and the quote is taken back when its hedge goes: the engine
//! does that. The hedge is taken where any quantity may be bought, so that a small fill of the quote can be followed: on a venue
//! that nets.

use brier_arbitrage::{Account as _, Books as _};
use brier_engine::legs::{rested, times};
use brier_engine::{Combo, Custody, Leg, Manner, MarketId, OnShortfall, View};
use brier_types::{BookSide, Money, Outcome, Price, PriceGrid, Qty, Rounding, notional};

use crate::arbitrage::{ArbitrageParameters, Desk};
use crate::tie::Tie;

/// What is bought of a market, in YES terms.
#[derive(Clone, Copy)]
struct Want {
    market: MarketId,
    outcome: Outcome,
    side: BookSide,
}

impl Want {
    const fn of(market: MarketId, outcome: Outcome) -> Self {
        let side = match outcome {
            Outcome::Yes => BookSide::Bid,
            Outcome::No => BookSide::Ask,
        };
        Self { market, outcome, side }
    }

    /// What a contract costs at a YES price.
    const fn paid(self, price: Price) -> Price {
        match self.side {
            BookSide::Bid => price,
            BookSide::Ask => price.complement(),
        }
    }
}

/// The quote that leaves the most beyond the margin, with what it is hedged by; nothing while none leaves the margin.
pub(crate) fn combo(it: &ArbitrageParameters, tie: Tie, markets: [MarketId; 2], desk: &Desk<'_, '_>) -> Option<Combo> {
    let ways = tie.hedges().iter().flat_map(|(first, second)| {
        let legs = [Want::of(markets[0], *first), Want::of(markets[1], *second)];
        [(legs[0], legs[1]), (legs[1], legs[0])]
    });
    let found = ways.filter_map(|(rests, takes)| quote(it, markets, desk, rests, takes));
    found.max_by_key(|(gain, _)| *gain).map(|(_, combo)| combo)
}

/// A quote of one leg hedged by taking the other, and what the set then gains beyond the margin.
fn quote(
    it: &ArbitrageParameters,
    markets: [MarketId; 2],
    desk: &Desk<'_, '_>,
    rests: Want,
    takes: Want,
) -> Option<(Money, Combo)> {
    let view: &View<'_> = desk.view;
    let (quoted, hedged) = (view.instrument(rests.market), view.instrument(takes.market));
    if hedged.custody != Custody::Netted {
        return None;
    }
    let (book, other) = (desk.book(rests.market)?, desk.book(takes.market)?);
    let there = other.best(takes.side.opposite())?;
    let step = quoted.market.size_step.max(hedged.market.size_step);
    let most = desk.room(rests.market, rests.outcome).min(desk.room(takes.market, takes.outcome)).min(there.qty);
    let qty = Qty::from_micros(most.micros() - most.micros() % step.micros().max(1))?;
    if qty.is_zero() || qty < quoted.min_qty {
        return None;
    }
    let taken = notional(takes.paid(there.price), qty, Rounding::Ceil).checked_add(hedged.fees.one_fill(
        true,
        there.price,
        qty,
    ))?;
    let payout =
        markets.map(|market| view.instrument(market).market.close_time).into_iter().max()?.plus(it.payout_after);
    let whole = times(Money::DOLLAR, qty);
    // Never more than a dollar a set is locked up.
    let kept = times(it.margin, qty).checked_add(it.hurdle.needed(whole, view.now(), payout))?;
    let budget = whole.checked_sub(taken)?.checked_sub(kept)?;
    let (own, against) = (book.best(rests.side)?.price, book.best(rests.side.opposite())?.price);
    let leg = |limit: Price| Leg { market: rests.market, side: rests.side, limit, seen: limit };
    let fits = |limit: &Price| rested(&quoted.fees, &leg(*limit), qty) <= budget;
    // A tick better than the best, or beside it.
    let limit = [better(&quoted.market.grid, rests.side, own).filter(|price| *price != against), Some(own)]
        .into_iter()
        .flatten()
        .find(fits)?;
    let gain = budget.checked_sub(rested(&quoted.fees, &leg(limit), qty))?;
    let hedge = Leg { market: takes.market, side: takes.side, limit: there.price, seen: there.price };
    let combo = Combo {
        legs: vec![leg(limit), hedge],
        qty,
        pays: Money::DOLLAR,
        least: it.margin,
        manner: Manner::MakerFirst { rest_for: it.rest_for },
        on_shortfall: OnShortfall::Unwind { max_loss: it.unwind_loss.pips() },
        patience: it.patience,
    };
    Some((gain, combo))
}

/// The next price that is better for whoever trades with it.
fn better(grid: &PriceGrid, side: BookSide, price: Price) -> Option<Price> {
    match side {
        BookSide::Bid => grid.above(price),
        BookSide::Ask => grid.below(price),
    }
}
