//! The price of a market order from the book, and what may be spent so that the fees are still paid.
//!
//! Source: reference, section 6.4, 2026-11-20.

use alloy_primitives::U256;
use brier_types::{Money, Price, Qty};

use crate::ids::Side;
use crate::order::OrderKind;

/// The book cannot take the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no match")]
pub struct MarketPriceError;

/// The price of an order that is to match at once: that of the level at which the book, best first, holds enough.
///
/// `levels` are the other side as the venue sends it: worst first. `amount` is in units of 1e-6: dollars to buy, shares to
/// sell. If the book holds less, FOK has no price, and any other kind takes the worst level's.
///
/// # Errors
/// [`MarketPriceError`] if there is no level, or too little for FOK.
pub fn market_price(
    side: Side,
    amount: u64,
    levels: &[(Price, Qty)],
    kind: OrderKind,
) -> Result<Price, MarketPriceError> {
    let worst = levels.first().ok_or(MarketPriceError)?.0;
    // Dollars are counted in units of 1e-10, so that price times size is exact.
    let wanted = u128::from(amount) * 10_000;
    let mut found: u128 = 0;
    for (price, size) in levels.iter().rev() {
        let each = match side {
            Side::Buy => u128::from(price.pips()),
            Side::Sell => 10_000,
        };
        found = found.saturating_add(each * u128::from(size.micros()));
        if found >= wanted {
            return Ok(*price);
        }
    }
    if kind == OrderKind::Fok { Err(MarketPriceError) } else { Ok(worst) }
}

/// What money is spent on, for [`spend_within`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendTerms {
    /// The price paid; not zero.
    pub price: Price,
    /// The taker's fee rate, in units of 1e-6.
    pub rate_micros: u64,
    /// Exponent of p (1 − p) in the fee; 1 or 2 on every known market.
    pub exponent: u32,
    /// The builder's fee as a part of the amount, in units of 1e-6.
    pub builder_rate_micros: u64,
    /// By how much the platform's fee is taken larger than it is, in units of 1e-6 percent.
    pub slippage_micro_percent: u64,
}

/// No such fee can be reckoned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpendError {
    /// The price is zero.
    #[error("price: expected more than 0, found 0")]
    Price,
    /// The exponent is beyond what is exact.
    #[error("fee exponent: expected at most {MAX_EXPONENT}, found {found}")]
    Exponent {
        /// The exponent.
        found: u32,
    },
    /// A number is too large.
    #[error("fee: expected rates at most 1 and slippage at most 1000000 percent, found more")]
    TooLarge,
}

/// With more, the product would not fit 256 bits.
const MAX_EXPONENT: u32 = 4;

/// The most of `amount` that a balance can spend when the platform's and the builder's fees come on top.
///
/// Where the balance does not cover all, it is what the SDKs spend: the balance less the fees of the whole of it, which is
/// a little less than could be. Cut to millionths, for it must not be more than there is.
///
/// # Errors
/// [`SpendError`] if the terms make no sense.
pub fn spend_within(amount: Money, balance: Money, terms: &SpendTerms) -> Result<Money, SpendError> {
    let exact = spend_within_atto(amount, balance, terms)?;
    Ok(Money::from_micros(i64::try_from(exact / 1_000_000_000_000).unwrap_or(i64::MAX)))
}

/// As [`spend_within`], in units of $1e-18.
///
/// # Errors
/// [`SpendError`] if the terms make no sense.
pub fn spend_within_atto(amount: Money, balance: Money, terms: &SpendTerms) -> Result<u128, SpendError> {
    /// From $1e-6 to $1e-18.
    const ATTO: u64 = 1_000_000_000_000;
    let micros = |money: Money| U256::from(money.micros().max(0).unsigned_abs());
    let (amount, balance) = (micros(amount), micros(balance));
    let spent = amount.min(balance);
    if terms.price == Price::ZERO {
        return Err(SpendError::Price);
    }
    if terms.exponent > MAX_EXPONENT {
        return Err(SpendError::Exponent { found: terms.exponent });
    }
    if terms.rate_micros > 1_000_000 || terms.builder_rate_micros > 1_000_000 {
        return Err(SpendError::TooLarge);
    }
    let percent = terms.slippage_micro_percent.checked_add(100_000_000).ok_or(SpendError::TooLarge)?;
    if percent > 1_000_000_000_000 {
        return Err(SpendError::TooLarge);
    }
    // amount / p · rate · (p (1 − p))^e · (100 + s) / 100. Amounts are below 2^63 and the other factors below 2^166.
    let (price, complement) = (U256::from(terms.price.pips()), U256::from(terms.price.complement().pips()));
    let numerator = spent
        * U256::from(terms.rate_micros)
        * (price * complement).pow(U256::from(terms.exponent))
        * U256::from(percent)
        * U256::from(100);
    let denominator = price * U256::from(100_000_000).pow(U256::from(terms.exponent));
    let platform = numerator / denominator;
    let builder = spent * U256::from(terms.builder_rate_micros) * U256::from(ATTO / 1_000_000);
    let (amount, balance) = (amount * U256::from(ATTO), balance * U256::from(ATTO));
    let allowed =
        if balance <= amount + platform + builder { balance.saturating_sub(platform + builder) } else { amount };
    u128::try_from(allowed).map_err(|_large| SpendError::TooLarge)
}
