//! What a taker pays: exact, from the market's own schedule, in collateral.
//!
//! Invariants: no float; the fee of a price equals the fee of its complement; makers pay nothing. Not here: rebates and
//! rewards, which are paid by the day.
//!
//! Source: reference, section 15.1, 2026-11-20.

use alloy_primitives::U256;
use brier_types::{Money, Price, Qty};

/// A rate in units of 1e-6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeeRate(u32);

impl FeeRate {
    /// The rate of `micros` × 1e-6, or `None` above 1.
    pub const fn from_micros(micros: u32) -> Option<Self> {
        if micros <= 1_000_000 { Some(Self(micros)) } else { None }
    }

    /// Count of 1e-6.
    pub const fn micros(self) -> u32 {
        self.0
    }

    /// Reads a decimal such as `0.07`, exactly.
    pub fn parse(text: &str) -> Option<Self> {
        brier_types::parse_fixed(text.as_bytes(), 6)
            .and_then(|micros| u32::try_from(micros).ok())
            .and_then(Self::from_micros)
    }
}

/// How a market charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeeSchedule {
    /// 0.07 for crypto, 0 for markets without fees.
    pub rate: FeeRate,
    /// 1 on current markets; older crypto markets used 2.
    pub exponent: u8,
    /// Whether makers pay nothing. No market is known where they do.
    pub taker_only: bool,
    /// Share of the taker fees that goes back to the makers by the day.
    pub rebate_rate: FeeRate,
}

impl FeeSchedule {
    /// Nothing is charged.
    pub const FREE: Self = Self { rate: FeeRate(0), exponent: 1, taker_only: true, rebate_rate: FeeRate(0) };

    /// The present form of schedules at this rate, for example `0.07`.
    pub fn taker_only(rate: &str) -> Option<Self> {
        Some(Self { rate: FeeRate::parse(rate)?, ..Self::FREE })
    }

    /// What a taker pays for `qty` shares at `price`: shares × rate × (p(1 − p))^exponent, rounded to $0.00001, half up,
    /// and nothing below that.
    #[must_use]
    pub fn taker_fee(&self, price: Price, qty: Qty) -> Money {
        if self.rate.0 == 0 {
            return Money::ZERO;
        }
        // Shares and rate count 1e-6 each, each factor p(1 − p) counts 1e-8; the result counts 1e-5.
        let variance = U256::from(u64::from(price.pips()) * u64::from(price.complement().pips()));
        let exact = U256::from(qty.micros()) * U256::from(self.rate.0) * variance.pow(U256::from(self.exponent));
        let unit = U256::from(10).pow(U256::from(7 + 8 * u64::from(self.exponent)));
        let rounded = (exact * U256::from(2) + unit) / (unit * U256::from(2));
        let steps = i64::try_from(rounded).expect("a fee is at most a dollar a share, which fits like the quantity");
        Money::from_micros(steps).checked_mul(10).expect("a fee is at most a dollar a share")
    }

    /// The most a taker can pay for `qty` shares at `limit` or better, whichever side it is on.
    #[must_use]
    pub fn largest_taker_fee(&self, limit: Price, qty: Qty) -> Money {
        const HALF: u16 = 5_000;
        let worst = if limit.pips() > HALF { Price::new(HALF).expect("half a dollar is a price") } else { limit };
        self.taker_fee(worst, qty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(rate: &str, price: &str, shares: u64) -> String {
        let schedule = FeeSchedule::taker_only(rate).unwrap();
        schedule.taker_fee(Price::parse(price.as_bytes()).unwrap(), Qty::from_contracts(shares).unwrap()).to_string()
    }

    #[test]
    fn the_worked_examples_of_the_venue() {
        assert_eq!(fee("0.07", "0.5", 100), "1.750000");
        assert_eq!(fee("0.07", "0.1", 100), "0.630000");
        assert_eq!(fee("0.05", "0.13", 25), "0.141380"); // Charged as 0.14 in the venue's own display.
        assert_eq!(fee("0", "0.5", 100), "0.000000");
    }

    #[test]
    fn a_fee_below_half_a_step_is_none_and_a_step_is_the_smallest() {
        let schedule = FeeSchedule::taker_only("0.07").unwrap();
        let at = |micros| schedule.taker_fee(Price::new(5_000).unwrap(), Qty::from_micros(micros).unwrap()).micros();
        assert_eq!((at(285), at(286), at(571)), (0, 10, 10));
    }

    #[test]
    fn an_exponent_of_two_squares_the_variance() {
        let schedule = FeeSchedule { exponent: 2, ..FeeSchedule::taker_only("0.25").unwrap() };
        let hundred = Qty::from_contracts(100).unwrap();
        assert_eq!(schedule.taker_fee(Price::new(5_000).unwrap(), hundred).to_string(), "1.562500");
        assert_eq!(schedule.largest_taker_fee(Price::new(9_000).unwrap(), hundred).to_string(), "1.562500");
        assert_eq!(schedule.taker_fee(Price::new(5_000).unwrap(), Qty::MAX).micros() / 10, 14_411_518_807_585_587);
    }
}
