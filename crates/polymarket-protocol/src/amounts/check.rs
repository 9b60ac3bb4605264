//! What the venue takes of an order's amounts, and the texts with which it refuses the rest.
//!
//! Source: reference, sections 6.3 and 9, observed texts, 2026-11-20.

use brier_types::{Money, Price, Qty};

use super::{Amounts, Ratio};
use crate::ids::{OrderHash, Side};
use crate::order::OrderKind;
use crate::tick::{SIZE_DECIMALS, TickSize};

/// The least that a marketable order to buy spends.
pub const MARKETABLE_MINIMUM: Money = Money::DOLLAR;

/// Why the venue refuses an order for its amounts, in the venue's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// An amount has too many decimals.
    #[error(
        "invalid amounts, the {orders} orders maker amount supports a max accuracy of {maker} decimals, taker amount a max of {taker} decimals"
    )]
    Accuracy {
        /// `buy`, `sell` or `market buy`.
        orders: &'static str,
        /// Decimals that the maker amount may have.
        maker: u32,
        /// Decimals that the taker amount may have.
        taker: u32,
    },
    /// The dollars are not the size times a price of the market.
    #[error(
        "invalid amounts, the {cash} amount for a ${} order of size {} should be '{}' but the value submited is '{}'. Please check if you are using the latest version of the 'clob-client' library",
        Plain(u64::from(.price.pips()) * 100), Plain(*.shares), Plain(*.expected), Plain(*.found)
    )]
    Consistency {
        /// Which amount holds the dollars: `maker` or `taker`.
        cash: &'static str,
        /// The nearest price that the market's decimals can write.
        price: Price,
        /// The size, in units of 1e-6.
        shares: u64,
        /// The dollars that it costs, in units of 1e-6.
        expected: u64,
        /// The dollars signed, in units of 1e-6.
        found: u64,
    },
    /// The price is off the grid.
    #[error("order {id} is invalid. Price ({}) breaks minimum tick size rule: {tick}", Plain(u64::from(.price.pips()) * 100))]
    Tick {
        /// The order.
        id: OrderHash,
        /// Its price.
        price: Price,
        /// The market's tick.
        tick: TickSize,
    },
    /// Less than a market's smallest order.
    #[error("order {id} is invalid. Size ({}) lower than the minimum: {}", Plain(*.shares), Plain(.minimum.micros()))]
    TooSmall {
        /// The order.
        id: OrderHash,
        /// Its size, in units of 1e-6.
        shares: u64,
        /// The market's smallest.
        minimum: Qty,
    },
    /// Less than the least that may be spent at once.
    #[error("invalid amount for a marketable BUY order (${}), min size: $1", Plain(*.cash))]
    Marketable {
        /// The dollars, in units of 1e-6.
        cash: u64,
    },
    /// An amount is zero.
    #[error("Invalid order payload")]
    Zero,
}

/// Millionths as the venue writes them: no zeros at the end.
struct Plain(u64);

impl std::fmt::Display for Plain {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if micros == 0 {
            return write!(out, "{whole}");
        }
        write!(out, "{whole}.{}", format!("{micros:06}").trim_end_matches('0'))
    }
}

/// Checks decimals, consistency and price of an order's amounts, and gives the price at which it stands in the book.
///
/// An order that may rest has to be size times a price on the grid, to the last digit. One that is to match at once
/// has its dollars (BUY) or its shares (SELL) in hundredths and the rest in ten-thousandths; its price is the worst on the
/// grid that its amounts allow. A price that four decimals cannot write is told as an inconsistency, one that they can as a
/// breach of the tick: the texts are the venue's, which of them it tries first is not known.
///
/// # Errors
/// [`AmountError`], to be shown as it is.
pub fn check(
    id: OrderHash,
    kind: OrderKind,
    side: Side,
    amounts: Amounts,
    tick: TickSize,
) -> Result<Price, AmountError> {
    let (maker, taker) = match (kind.rests(), side) {
        (true, Side::Buy) => (tick.amount_decimals(), SIZE_DECIMALS),
        (true, Side::Sell) => (SIZE_DECIMALS, tick.amount_decimals()),
        (false, Side::Buy | Side::Sell) => (SIZE_DECIMALS, 4),
    };
    if !has_at_most(amounts.maker, maker) || !has_at_most(amounts.taker, taker) {
        let orders = match (kind.rests(), side) {
            (true, Side::Buy) => "buy",
            (false, Side::Buy) => "market buy",
            (_, Side::Sell) => "sell",
        };
        return Err(AmountError::Accuracy { orders, maker, taker });
    }
    let ratio = amounts.price(side).filter(|ratio| ratio.cash > 0).ok_or(AmountError::Zero)?;
    match ratio.exact() {
        Some(price) if tick.allows(price) => Ok(price),
        Some(price) if kind.rests() => Err(AmountError::Tick { id, price, tick }),
        None if kind.rests() => Err(inconsistent(id, side, amounts, ratio, tick)),
        Some(_) | None => ratio.on_grid(side, tick).ok_or_else(|| {
            let price = ratio.rounded(4).unwrap_or(Price::ONE);
            AmountError::Tick { id, price, tick }
        }),
    }
}

fn inconsistent(id: OrderHash, side: Side, amounts: Amounts, ratio: Ratio, tick: TickSize) -> AmountError {
    let Some(price) = ratio.rounded(tick.price_decimals()) else {
        return AmountError::Tick { id, price: Price::ONE, tick };
    };
    let shares = amounts.shares(side);
    let expected = u128::from(shares) * u128::from(price.pips()) / 10_000;
    AmountError::Consistency {
        cash: if side == Side::Buy { "maker" } else { "taker" },
        price,
        shares,
        expected: u64::try_from(expected).unwrap_or(u64::MAX),
        found: amounts.cash(side),
    }
}

/// Checks the size of an order that may rest against the market's smallest.
///
/// # Errors
/// [`AmountError::TooSmall`], to be shown as it is.
pub fn check_minimum(id: OrderHash, side: Side, amounts: Amounts, minimum: Qty) -> Result<(), AmountError> {
    let shares = amounts.shares(side);
    if shares < minimum.micros() { Err(AmountError::TooSmall { id, shares, minimum }) } else { Ok(()) }
}

/// Checks what an order that would match at once spends. Only orders to buy have a minimum.
///
/// # Errors
/// [`AmountError::Marketable`], to be shown as it is.
pub fn check_marketable(side: Side, amounts: Amounts) -> Result<(), AmountError> {
    let cash = amounts.cash(side);
    let is_enough = side == Side::Sell || cash >= MARKETABLE_MINIMUM.micros().unsigned_abs();
    if is_enough { Ok(()) } else { Err(AmountError::Marketable { cash }) }
}

const fn has_at_most(micros: u64, decimals: u32) -> bool {
    micros.is_multiple_of(10_u64.pow(6_u32.saturating_sub(decimals)))
}
