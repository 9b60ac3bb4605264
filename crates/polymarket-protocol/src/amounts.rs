//! Price and size to the two amounts that an order signs, back to a price, and what the venue takes of such amounts.
//!
//! Invariants: integers only, in units of 1e-6; a size is cut to its lot of 0.01 share, never rounded up; what this module
//! makes, its own check of the venue's rules accepts. Not here: fees (`fees`), balances, and what a market's book holds.
//!
//! The venue's rules differ from what its SDKs do: orders that are to match at once may have four decimals of what they
//! take, whatever the tick ([`Decimals::Venue`]), where the SDKs use the tick's own table ([`Decimals::Tick`]).
//!
//! Source: reference, section 6, 2026-11-20.

mod check;
mod market;
#[cfg(test)]
mod tests;

use brier_types::{Money, Price, Qty};

pub use self::check::{AmountError, MARKETABLE_MINIMUM, check, check_marketable, check_minimum};
pub use self::market::{MarketPriceError, SpendError, SpendTerms, market_price, spend_within, spend_within_atto};
use crate::ids::Side;
use crate::tick::TickSize;

/// The lot: sizes are multiples of 0.01 share.
pub const LOT_MICROS: u64 = 10_000;
/// The cent: what a market order to buy gives is a multiple of it.
pub const CENT_MICROS: u64 = 10_000;

/// What an order gives and what it takes, in units of 1e-6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amounts {
    /// What the maker gives: dollars if he buys, shares if he sells.
    pub maker: u64,
    /// What the maker takes: shares if he buys, dollars if he sells.
    pub taker: u64,
}

/// Why there are no amounts for a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountsError {
    /// The price is off the grid; choose one on it.
    #[error("price: expected a multiple of {tick} from {tick} to {}, found {found}", tick.step().complement())]
    OffGrid {
        /// The market's tick.
        tick: TickSize,
        /// The price.
        found: Price,
    },
    /// Nothing is left when amounts are cut to what the venue takes; wish for more.
    #[error("amounts: expected at least 0.01 share and $0.01 for a market order, found less")]
    TooSmall,
    /// The amounts do not fit; wish for less.
    #[error("amounts: expected less than 2^63 millionths, found more")]
    TooLarge,
}

/// How many decimals of what it takes a market order keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimals {
    /// At most four, as the venue demands of FOK and FAK.
    Venue,
    /// The tick's, as SDKs sign. The venue has refused such orders on ticks finer than a cent.
    Tick,
}

impl Decimals {
    const fn of(self, tick: TickSize) -> u32 {
        match self {
            Self::Venue if tick.amount_decimals() > 4 => 4,
            Self::Venue | Self::Tick => tick.amount_decimals(),
        }
    }
}

/// Amounts of an order that may rest (GTC, GTD). The size is cut to the lot.
///
/// # Errors
/// [`AmountsError`]: the price is off the grid, less than a lot is wished for, or too much.
pub fn limit(side: Side, price: Price, size: Qty, tick: TickSize) -> Result<Amounts, AmountsError> {
    on_grid(price, tick)?;
    limit_at(side, price, size)
}

/// As [`limit`] for any price: lots times price always has few enough decimals to be exact.
///
/// # Errors
/// [`AmountsError`]: less than a lot is wished for, or too much.
pub fn limit_at(side: Side, price: Price, size: Qty) -> Result<Amounts, AmountsError> {
    let shares = size.micros() - size.micros() % LOT_MICROS;
    let cash = u128::from(shares) * u128::from(price.pips()) / 10_000;
    by_side(side, fit(cash)?, shares)
}

/// Amounts of an order that spends money at once (FOK, FAK, BUY). The money is cut to cents, the shares to what the venue
/// takes: so the price comes out a hair above the one given, and still reaches its level.
///
/// # Errors
/// [`AmountsError`]: the price is off the grid, less than a cent is to be spent, or too much.
pub fn market_buy(amount: Money, price: Price, tick: TickSize, decimals: Decimals) -> Result<Amounts, AmountsError> {
    on_grid(price, tick)?;
    market_buy_at(amount, price, tick, decimals)
}

/// As [`market_buy`] for any price above zero.
///
/// # Errors
/// [`AmountsError`]: less than a cent is to be spent, or too much.
pub fn market_buy_at(amount: Money, price: Price, tick: TickSize, decimals: Decimals) -> Result<Amounts, AmountsError> {
    let amount = u64::try_from(amount.micros()).map_err(|_negative| AmountsError::TooSmall)?;
    let cash = amount - amount % CENT_MICROS;
    if price == Price::ZERO {
        return Err(AmountsError::OffGrid { tick, found: price });
    }
    // What is wished for is a quotient, whose digits may never end. Cutting it where the venue does is all there is to do:
    // the SDKs' rounding up four digits further only mends their floats.
    let shares = u128::from(cash) * 10_000 / u128::from(price.pips());
    by_side(Side::Buy, cash, cut(fit(shares)?, decimals.of(tick)))
}

/// Amounts of an order that buys up to so many shares at once (FOK, FAK, BUY): the most that whole cents pay for.
///
/// # Errors
/// [`AmountsError`]: the price is off the grid, less than a cent's worth is wished for, or too much.
pub fn market_buy_shares(size: Qty, price: Price, tick: TickSize, decimals: Decimals) -> Result<Amounts, AmountsError> {
    on_grid(price, tick)?;
    let cash = fit(u128::from(size.micros()) * u128::from(price.pips()) / 10_000)?;
    let cash = i64::try_from(cash).map_err(|_large| AmountsError::TooLarge)?;
    market_buy_at(Money::from_micros(cash), price, tick, decimals)
}

/// Amounts of an order that sells at once (FOK, FAK, SELL). The size is cut to the lot.
///
/// # Errors
/// [`AmountsError`]: the price is off the grid, less than a lot is wished for, or too much.
pub fn market_sell(size: Qty, price: Price, tick: TickSize, decimals: Decimals) -> Result<Amounts, AmountsError> {
    on_grid(price, tick)?;
    market_sell_at(size, price, tick, decimals)
}

/// As [`market_sell`] for any price.
///
/// # Errors
/// [`AmountsError`]: less than a lot is wished for, or too much.
pub fn market_sell_at(size: Qty, price: Price, tick: TickSize, decimals: Decimals) -> Result<Amounts, AmountsError> {
    let exact = limit_at(Side::Sell, price, size)?;
    by_side(Side::Sell, cut(exact.taker, decimals.of(tick)), exact.maker)
}

impl Amounts {
    /// The shares among the two.
    pub const fn shares(self, side: Side) -> u64 {
        match side {
            Side::Buy => self.taker,
            Side::Sell => self.maker,
        }
    }

    /// The dollars among the two, in units of 1e-6.
    pub const fn cash(self, side: Side) -> u64 {
        match side {
            Side::Buy => self.maker,
            Side::Sell => self.taker,
        }
    }

    /// Dollars over shares, exactly. `None` without shares.
    pub const fn price(self, side: Side) -> Option<Ratio> {
        match (self.cash(side), self.shares(side)) {
            (_, 0) => None,
            (cash, shares) => Some(Ratio { cash, shares }),
        }
    }
}

/// The price of an order: dollars over shares. A ratio, for a quotient need not end.
///
/// Source: reference, section 6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Dollars, in units of 1e-6.
    pub cash: u64,
    /// Shares, in units of 1e-6; not zero.
    pub shares: u64,
}

impl Ratio {
    /// The price, if it is a multiple of $0.0001 up to $1.
    pub fn exact(self) -> Option<Price> {
        let scaled = u128::from(self.cash) * 10_000;
        let shares = u128::from(self.shares);
        (scaled.is_multiple_of(shares)).then(|| to_price(scaled / shares)).flatten()
    }

    /// The worst price on the grid at which the order may trade: the highest that is not above it if it buys, the lowest
    /// that is not below it if it sells. `None` if that is not in [tick, 1 − tick].
    pub fn on_grid(self, side: Side, tick: TickSize) -> Option<Price> {
        let (scaled, step) = (u128::from(self.cash) * 10_000, u128::from(self.shares) * u128::from(tick.pips()));
        let steps = match side {
            Side::Buy => scaled / step,
            Side::Sell => scaled.div_ceil(step),
        };
        to_price(steps.checked_mul(u128::from(tick.pips()))?).filter(|price| tick.allows(*price))
    }

    /// Rounded half up to so many decimals, at most four.
    fn rounded(self, decimals: u32) -> Option<Price> {
        let unit = 10_u128.pow(4_u32.saturating_sub(decimals));
        let (scaled, step) = (u128::from(self.cash) * 10_000, u128::from(self.shares) * unit);
        to_price((scaled * 2 + step) / (step * 2) * unit)
    }
}

fn to_price(pips: u128) -> Option<Price> {
    u16::try_from(pips).ok().and_then(Price::new)
}

const fn on_grid(price: Price, tick: TickSize) -> Result<(), AmountsError> {
    if tick.allows(price) { Ok(()) } else { Err(AmountsError::OffGrid { tick, found: price }) }
}

fn fit(amount: u128) -> Result<u64, AmountsError> {
    i64::try_from(amount).map(i64::unsigned_abs).map_err(|_large| AmountsError::TooLarge)
}

/// Leaves so many decimals, at most six.
const fn cut(micros: u64, decimals: u32) -> u64 {
    micros - micros % 10_u64.pow(6_u32.saturating_sub(decimals))
}

const fn by_side(side: Side, cash: u64, shares: u64) -> Result<Amounts, AmountsError> {
    if cash == 0 || shares == 0 {
        return Err(AmountsError::TooSmall);
    }
    Ok(match side {
        Side::Buy => Amounts { maker: cash, taker: shares },
        Side::Sell => Amounts { maker: shares, taker: cash },
    })
}
