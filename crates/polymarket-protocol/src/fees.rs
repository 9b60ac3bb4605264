//! What takers pay, what builders add, and what of it makers get back: exactly.
//!
//! Invariants: a fee is a whole number of $0.00001 and never negative; no float is involved; a price and its complement cost
//! the same. Not here: who pays when (the exchange), tiers of taker rebates and liquidity rewards.
//!
//! Source: reference, section 15, 2026-11-20. The fee stands in `fd` of `/clob-markets` or in Gamma's `feeSchedule`; not in
//! `/fee-rate`, whose `base_fee` is a legacy 1000, and not in the `fee_rate_bps` of trades, which is 0.

#[cfg(test)]
mod tests;

use alloy_primitives::U256;
use brier_types::{Money, Price, Qty};

use crate::clob::FeeDetails;
use crate::gamma;
use crate::wire::Num;

/// The smallest fee, and the step of all of them.
pub const FEE_STEP: Money = Money::from_micros(10);
/// The largest fee of a builder on takers, in hundredths of a percent.
pub const MAX_BUILDER_TAKER_BPS: u32 = 100;
/// The largest fee of a builder on makers, in hundredths of a percent.
pub const MAX_BUILDER_MAKER_BPS: u32 = 50;

/// The largest exponent that is understood; markets have 1, and older crypto markets had 2.
const MAX_EXPONENT: u32 = 4;

/// How a market charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeeSchedule {
    rate_micros: u32,
    exponent: u32,
    taker_only: bool,
    rebate_micros: u32,
}

/// The venue states a fee that is not understood. Do not trade the market: its costs are unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fee {part}: expected {expected}, found {found}")]
pub struct FeeError {
    /// Which number.
    pub part: &'static str,
    /// Its range.
    pub expected: &'static str,
    /// What was found, cut to 64 characters.
    pub found: String,
}

impl FeeError {
    fn new(part: &'static str, expected: &'static str, found: &str) -> Self {
        Self { part, expected, found: found.chars().take(64).collect() }
    }
}

impl FeeSchedule {
    /// Nothing is charged.
    pub const FREE: Self = Self { rate_micros: 0, exponent: 1, taker_only: true, rebate_micros: 0 };

    /// A schedule of rates in units of 1e-6.
    ///
    /// # Errors
    /// [`FeeError`] if a rate is above 1, or the exponent of a rate that is not zero is not 1 to 4.
    pub fn new(rate_micros: u32, exponent: u32, taker_only: bool, rebate_micros: u32) -> Result<Self, FeeError> {
        let too_large = |part, found: u32| FeeError::new(part, "at most 1 (1000000 millionths)", &found.to_string());
        if rate_micros > 1_000_000 {
            return Err(too_large("rate", rate_micros));
        }
        if rebate_micros > 1_000_000 {
            return Err(too_large("rebate rate", rebate_micros));
        }
        if !(1..=MAX_EXPONENT).contains(&exponent) && rate_micros > 0 {
            return Err(FeeError::new("exponent", "an integer from 1 to 4", &exponent.to_string()));
        }
        // What is free is free at any exponent, and an exponent that is not understood is not kept.
        let exponent = if rate_micros == 0 { 1 } else { exponent };
        Ok(Self { rate_micros, exponent, taker_only, rebate_micros })
    }

    /// Reads `fd` of `/clob-markets`, which says nothing of rebates. A market without it is free.
    ///
    /// # Errors
    /// [`FeeError`] if a number is out of range or too fine.
    pub fn from_clob(details: Option<&FeeDetails>) -> Result<Self, FeeError> {
        let Some(details) = details else { return Ok(Self::FREE) };
        Self::read(&details.rate, &details.exponent, details.taker_only, None)
    }

    /// Reads Gamma's `feeSchedule`. A market whose `feesEnabled` is not true is free.
    ///
    /// # Errors
    /// [`FeeError`] if a number is out of range or too fine.
    pub fn from_gamma(fees_enabled: Option<bool>, schedule: Option<&gamma::FeeSchedule>) -> Result<Self, FeeError> {
        match schedule {
            Some(schedule) if fees_enabled == Some(true) => {
                let rebate = schedule.rebate_rate.as_ref();
                Self::read(&schedule.rate, &schedule.exponent, schedule.taker_only, rebate)
            }
            _ => Ok(Self::FREE),
        }
    }

    fn read(rate: &Num, exponent: &Num, taker_only: bool, rebate: Option<&Num>) -> Result<Self, FeeError> {
        let scaled = |part, number: &Num, decimals| {
            let read = number.scaled(decimals).and_then(|scaled| u32::try_from(scaled).ok());
            read.ok_or_else(|| FeeError::new(part, "a number, not negative, of at most 6 decimals", number.as_str()))
        };
        let rebate = rebate.map_or(Ok(0), |rebate| scaled("rebate rate", rebate, 6))?;
        Self::new(scaled("rate", rate, 6)?, scaled("exponent", exponent, 0)?, taker_only, rebate)
    }

    /// The rate in units of 1e-6.
    pub const fn rate_micros(&self) -> u32 {
        self.rate_micros
    }

    /// The exponent of p (1 − p).
    pub const fn exponent(&self) -> u32 {
        self.exponent
    }

    /// Whether makers pay nothing.
    pub const fn taker_only(&self) -> bool {
        self.taker_only
    }

    /// The part of the fees that makers get back, in units of 1e-6.
    pub const fn rebate_micros(&self) -> u32 {
        self.rebate_micros
    }

    /// Whether nothing is ever charged.
    pub const fn is_free(&self) -> bool {
        self.rate_micros == 0
    }

    /// What a taker pays for a match of `shares` at `price`: shares · rate · (p (1 − p))^exponent, rounded to $0.00001,
    /// half up. Less than half of that is not charged.
    ///
    /// The venue says that it rounds to five decimals, not how it rounds a half: this is the usual way, and not to the
    /// payer's favor.
    ///
    /// Source: reference, section 15.1.
    pub fn taker_fee(&self, price: Price, shares: Qty) -> Money {
        let (exact, unit) = self.exact(price, shares);
        money((exact * U256::from(2) + unit) / (unit * U256::from(2)))
    }

    /// What makers' shares of a pool of fees are reckoned by: the fee that a taker would have paid for the same fill.
    ///
    /// Source: reference, section 15.2.
    pub fn fee_equivalent(&self, price: Price, shares: Qty) -> Money {
        self.taker_fee(price, shares)
    }

    /// What of a market's fees goes back to its makers, cut to millionths.
    pub fn rebate_pool(&self, fees: Money) -> Money {
        let pool = i128::from(fees.micros().max(0)) * i128::from(self.rebate_micros) / 1_000_000;
        Money::from_micros(i64::try_from(pool).expect("a part of an amount fits where the amount does"))
    }

    /// What an order to buy `shares` at `limit` or below has to have in hand for its fee, beside `limit` for each share:
    /// however it is filled at once, price and fee together are not more. Rounded up to $0.00001.
    ///
    /// At every rate that is known a lower price saves more than its higher fee costs, and this is the fee at the limit.
    /// Where it would not (a rate so high that the fee grows faster than the price), it is the largest fee of any price below.
    /// Each of several fills may round up by half a step: who charges them one by one stops at this sum.
    pub fn upper_bound(&self, limit: Price, shares: Qty) -> Money {
        let (exact, unit) = self.exact(self.worst_price(limit), shares);
        money(exact.div_ceil(unit))
    }

    /// The price up to `limit` whose fee has to be in hand.
    fn worst_price(&self, limit: Price) -> Price {
        // d/dp (p + r (p (1 − p))^e) ≥ 1 − r · e · (1/4)^(e − 1), as |1 − 2p| ≤ 1 and p (1 − p) ≤ 1/4.
        let slope = u64::from(self.rate_micros) * u64::from(self.exponent);
        if slope <= 1_000_000 * 4_u64.pow(self.exponent - 1) {
            return limit;
        }
        limit.min(Price::new(5_000).expect("half a dollar is a price"))
    }

    /// The fee before rounding as a numerator and the denominator that makes it a count of $0.00001.
    fn exact(&self, price: Price, shares: Qty) -> (U256, U256) {
        // Shares and rate are millionths and p (1 − p) is in units of 1e-8. All is below 2^63 · 2^20 · 2^(25 · 4).
        let variance = U256::from(price.pips()) * U256::from(price.complement().pips());
        let exact =
            U256::from(shares.micros()) * U256::from(self.rate_micros) * variance.pow(U256::from(self.exponent));
        (exact, U256::from(10_000_000) * U256::from(100_000_000).pow(U256::from(self.exponent)))
    }
}

/// What a builder adds, on either side: a flat part of what is paid, rounded to $0.00001, half up.
///
/// # Errors
/// [`FeeError`] above [`MAX_BUILDER_TAKER_BPS`]. From makers a builder takes at most [`MAX_BUILDER_MAKER_BPS`], which is for
/// the caller to see to.
pub fn builder_fee(notional: Money, bps: u32) -> Result<Money, FeeError> {
    if bps > MAX_BUILDER_TAKER_BPS {
        return Err(FeeError::new("builder rate", "at most 100 hundredths of a percent", &bps.to_string()));
    }
    let exact = U256::from(notional.micros().max(0).unsigned_abs()) * U256::from(bps);
    Ok(money((exact + U256::from(50_000)) / U256::from(100_000)))
}

/// That many steps of $0.00001.
fn money(steps: U256) -> Money {
    let micros = i64::try_from(steps * U256::from(FEE_STEP.micros()))
        .expect("a fee is at most a quarter of its shares or a hundredth of its dollars");
    Money::from_micros(micros)
}
