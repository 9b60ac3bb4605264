//! What the books say of a combo: what a leg costs at the size, and which leg goes first. Pure functions, for strategies and
//! for the engine alike.
//!
//! A leg is counted in the outcome that it buys: a bid buys YES at its price, an ask buys NO at a dollar less its price. Dollars
//! are rounded against us, fees are exact by level, and levels that may be our own are nobody's.

use brier_types::{BookSide, Money, Price, Qty, Rounding, Timestamp, notional};

use crate::command::paid;
use crate::engine::State;
use crate::ids::MarketId;
use crate::instrument::{Custody, Fees};
use crate::strategy::{Combo, Leg, Manner};
use crate::view::View;

/// By how much less a level on a venue of tokens is trusted to be there than one on a venue that nets: see
/// [`least_certain_first`].
const TOKENS_DISCOUNT: u128 = 4;

/// What a book gives to an order that takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Contracts that are there, at most as many as were asked for.
    pub qty: Qty,
    /// Dollars for them in the outcome that was named, without fees.
    pub dollars: Money,
    /// The fees of a taker, one fill a level.
    pub fees: Money,
    /// The worst YES price that is needed.
    pub worst: Price,
}

/// Walks the levels that an order of side `taker` takes up to `limit`, for at most `qty`. Dollars are those of the outcome
/// that an order of side `of` buys: `of` is `taker` when something is bought, and the other side when it is sold again.
///
/// Nothing while the book cannot be believed, or when nothing is there.
pub fn walk(
    state: &State,
    now: Timestamp,
    market: MarketId,
    sides: (BookSide, BookSide),
    qty: Qty,
    limit: Price,
) -> Option<Walk> {
    let (taker, of) = sides;
    let book = state.books.view(market).ok()?;
    let fees = &state.universe.get(market).fees;
    let rounding = if taker == of { Rounding::Ceil } else { Rounding::Floor };
    let mut found = Walk { qty: Qty::ZERO, dollars: Money::ZERO, fees: Money::ZERO, worst: limit };
    for level in book.levels(taker.opposite()) {
        let beyond = match taker {
            BookSide::Bid => level.price > limit,
            BookSide::Ask => level.price < limit,
        };
        let left = qty.saturating_sub(found.qty);
        if beyond || left.is_zero() {
            break;
        }
        let own = state.orders.offered_at(market, taker.opposite(), level.price, now);
        let taken = level.qty.saturating_sub(own).min(left);
        if taken.is_zero() {
            continue;
        }
        found.qty = found.qty.checked_add(taken)?;
        found.dollars = found.dollars.checked_add(notional(paid(of, level.price), taken, rounding))?;
        found.fees = found.fees.checked_add(fees.one_fill(true, level.price, taken))?;
        found.worst = level.price;
    }
    (!found.qty.is_zero()).then_some(found)
}

/// What `qty` contracts of a leg cost that rests at its limit and fills there, with the maker's fee.
pub fn rested(fees: &Fees, leg: &Leg, qty: Qty) -> Money {
    let dollars = notional(paid(leg.side, leg.limit), qty, Rounding::Ceil).micros();
    Money::from_micros(dollars.saturating_add(fees.one_fill(false, leg.limit, qty).micros()))
}

/// Dollars that `qty` contracts pay or cost at `each` a contract, rounded down.
pub fn times(each: Money, qty: Qty) -> Money {
    let exact = i128::from(each.micros()) * i128::from(qty.micros());
    Money::from_micros(saturated(exact.div_euclid(i128::from(Qty::PER_CONTRACT))))
}

/// An amount that does not fit stays at the end of the range: no decision hangs on which.
pub(crate) fn saturated(micros: i128) -> i64 {
    i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX })
}

/// Profit of `qty` sets in the worst state of the world if every leg fills at the books of now, level by level up to its
/// limit, fees included; a first leg that rests fills at its limit as a maker. None where a book gives less than `qty`.
pub fn expected(state: &State, now: Timestamp, combo: &Combo, qty: Qty) -> Option<Money> {
    let mut cost = 0i128;
    for (place, leg) in combo.legs.iter().enumerate() {
        cost += if place == 0 && matches!(combo.manner, Manner::MakerFirst { .. }) {
            i128::from(rested(&state.universe.get(leg.market).fees, leg, qty).micros())
        } else {
            let found = walk(state, now, leg.market, (leg.side, leg.side), qty, leg.limit)?;
            if found.qty < qty {
                return None;
            }
            i128::from(found.dollars.micros()) + i128::from(found.fees.micros())
        };
    }
    Some(Money::from_micros(saturated(i128::from(times(combo.pays, qty).micros()) - cost)))
}

/// Puts the leg that is least certain to fill first: while nothing else has been sent, its failure costs nothing.
///
/// Certainty is how often the book covers `qty` at the leg's limit. On a venue of tokens it counts a quarter: an answer there
/// takes longer, in which the level may go; a match may still fail on the chain; and orders below a least size are refused,
/// so that such a leg cannot follow an odd remainder, while one on a venue that nets can follow any. Where the book cannot
/// be read nothing is certain. Of equals the one on a venue of tokens goes first, then the one that costs less, as less is open
/// meanwhile; then the order stays.
pub fn least_certain_first(view: &View<'_>, legs: &mut [Leg], qty: Qty) {
    legs.sort_by_key(|leg| {
        let there = walk(view.state, view.now, leg.market, (leg.side, leg.side), Qty::MAX, leg.limit);
        let there = there.map_or(0, |walk| u128::from(walk.qty.micros()));
        let trust = match view.instrument(leg.market).custody {
            Custody::Netted => TOKENS_DISCOUNT,
            Custody::Tokens => 1,
        };
        // In thousandths of the quantity, so that crumbs do not decide.
        let covered = there * 1_000 * trust / u128::from(qty.micros().max(1));
        (covered, trust, paid(leg.side, leg.limit))
    });
}
