//! What money must earn while it is locked up.

use brier_models::lockup::Lockup;
use brier_types::{Money, Timestamp};

/// Nanoseconds of the year of 365 days that returns are counted in.
const YEAR_NANOS: i128 = 365 * 86_400 * 1_000_000_000;
/// The highest rate: a thousand times the money a year.
const MOST_MICROS: u32 = 1_000_000_000;

/// The least return a year that locked money must earn, in millionths: 100,000 is 10 %. Simple, no interest on interest.
///
/// Source: reference (feeds), section 9.10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hurdle(u32);

impl Hurdle {
    /// Money may wait for nothing.
    pub const NONE: Self = Self(0);

    /// A rate in millionths a year, or `None` above 1,000 (100,000 %).
    pub const fn from_micros(micros: u32) -> Option<Self> {
        if micros <= MOST_MICROS { Some(Self(micros)) } else { None }
    }

    /// The rate in millionths a year.
    pub const fn micros(self) -> u32 {
        self.0
    }

    /// The least gain worth locking `capital` up from `now` until `payout`, rounded up to $0.000001; nothing once that is
    /// past.
    ///
    /// ```
    /// use brier_arbitrage::Hurdle;
    /// use brier_types::{Money, Timestamp};
    /// let (now, payout) = (Timestamp::EPOCH, Timestamp::from_secs(45 * 86_400).unwrap());
    /// let needed = Hurdle::from_micros(100_000).unwrap().needed(Money::from_micros(960_000), now, payout);
    /// assert_eq!(needed, Money::from_micros(11_836));
    /// ```
    pub fn needed(self, capital: Money, now: Timestamp, payout: Timestamp) -> Money {
        let wait = i128::from(payout.nanos()) - i128::from(now.nanos());
        if wait <= 0 || capital <= Money::ZERO {
            return Money::ZERO;
        }
        // At most 2^63 · 2^30 · 2^64: a product that may not fit is taken in two steps, each rounded up.
        let yearly = (i128::from(capital.micros()) * i128::from(self.0)).div_euclid(1_000_000) + 1;
        let exact = i128::from(capital.micros()).checked_mul(i128::from(self.0)).and_then(|it| it.checked_mul(wait));
        let micros = match exact {
            Some(exact) => ceil(exact, 1_000_000 * YEAR_NANOS),
            None => ceil(yearly.saturating_mul(wait), YEAR_NANOS),
        };
        Money::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// The same as a share of the capital, for the program.
    pub(crate) fn share(self, now: Timestamp, payout: Timestamp) -> f64 {
        let wait = (i128::from(payout.nanos()) - i128::from(now.nanos())).max(0);
        f64::from(self.0) * 1e-6 * (wait as f64 / YEAR_NANOS as f64)
    }
}

/// `amount / step` rounded up; both are not negative.
const fn ceil(amount: i128, step: i128) -> i128 {
    amount / step + (amount % step != 0) as i128
}

/// The return of `cost` that becomes `back` after the wait, as models reckon it; `None` when nothing is put in or nothing is
/// waited for.
pub fn lockup(cost: Money, back: Money, now: Timestamp, payout: Timestamp) -> Option<Lockup> {
    if back <= Money::ZERO {
        return None;
    }
    let days = payout.since(now).as_secs_f64() / 86_400.0;
    Lockup::new(cost.micros() as f64 / back.micros() as f64, days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(rate: u32, capital: i64, days: i64) -> i64 {
        let payout = Timestamp::from_secs(days * 86_400).unwrap();
        Hurdle::from_micros(rate).unwrap().needed(Money::from_micros(capital), Timestamp::EPOCH, payout).micros()
    }

    #[test]
    fn the_references_hurdles() {
        assert_eq!(needed(100_000, 960_000, 45), 11_836);
        assert_eq!(needed(100_000, 970_000, 180), 47_836);
    }

    #[test]
    fn nothing_is_needed_for_nothing() {
        assert_eq!(needed(0, 960_000, 45), 0);
        assert_eq!(needed(100_000, 0, 45), 0);
        assert_eq!(needed(100_000, -5, 45), 0);
        assert_eq!(needed(100_000, 960_000, 0), 0);
        assert_eq!(needed(100_000, 960_000, -3), 0);
    }

    #[test]
    fn it_rounds_up_and_does_not_overflow() {
        assert_eq!(needed(1, 1, 1), 1);
        let most = Hurdle::from_micros(MOST_MICROS).unwrap();
        assert_eq!(most.needed(Money::MAX, Timestamp::EPOCH, Timestamp::MAX), Money::MAX);
        assert_eq!(Hurdle::from_micros(MOST_MICROS + 1), None);
    }
}
