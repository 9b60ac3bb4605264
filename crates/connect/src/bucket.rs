//! A token bucket: a venue's, kept on our side so that requests wait here instead of being refused there.
//!
//! Pure: time is an argument, a [`Duration`] since any fixed origin. Refill is continuous and exact: tokens are counted in units
//! of 1e-9, so that `rate × nanoseconds` needs no division. A clock that is set back earns from there on.
//!
//! Invariants: never more than the capacity, never below zero, and over any span of a clock that only grows no more than
//! `capacity + rate × span` tokens are given out.

use std::time::Duration;

const NANO: u128 = 1_000_000_000;

/// One bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    capacity: u32,
    refill_rate: u32,
    /// Content in 1e-9 tokens.
    level: u128,
    updated: Duration,
}

/// Why a bucket gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// It will hold enough after this long, if nobody else takes.
    Wait(Duration),
    /// It can never hold this much: split the batch.
    TooLarge {
        /// What the bucket holds when full.
        capacity: u32,
    },
}

impl TokenBucket {
    /// A full bucket; `refill_rate` in tokens a second. Both are at least 1.
    pub fn new(capacity: u32, refill_rate: u32, now: Duration) -> Self {
        let capacity = capacity.max(1);
        Self { capacity, refill_rate: refill_rate.max(1), level: u128::from(capacity) * NANO, updated: now }
    }

    fn refill(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.updated);
        self.updated = now;
        let gained = u128::from(self.refill_rate) * elapsed.as_nanos();
        self.level = self.level.saturating_add(gained).min(u128::from(self.capacity) * NANO);
    }

    /// Whether `cost` tokens could be taken, without taking them.
    ///
    /// # Errors
    /// [`Shortage`] when not.
    pub fn check(&mut self, now: Duration, cost: u32) -> Result<(), Shortage> {
        if cost > self.capacity {
            return Err(Shortage::TooLarge { capacity: self.capacity });
        }
        self.refill(now);
        let missing = (u128::from(cost) * NANO).saturating_sub(self.level);
        if missing == 0 {
            return Ok(());
        }
        let nanos = missing.div_ceil(u128::from(self.refill_rate));
        Err(Shortage::Wait(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))))
    }

    /// Takes `cost` tokens, or nothing.
    ///
    /// # Errors
    /// [`Shortage`] when there are not enough.
    pub fn take(&mut self, now: Duration, cost: u32) -> Result<(), Shortage> {
        self.check(now, cost)?;
        self.level -= u128::from(cost) * NANO;
        Ok(())
    }

    /// Empties the bucket: the venue said 429, so it knows of spending that we do not.
    pub fn drain(&mut self, now: Duration) {
        self.refill(now);
        self.level = 0;
    }

    /// Changes size and rate; what was spent stays spent.
    pub fn reconfigure(&mut self, now: Duration, capacity: u32, refill_rate: u32) {
        self.refill(now);
        let spent = u128::from(self.capacity) * NANO - self.level;
        (self.capacity, self.refill_rate) = (capacity.max(1), refill_rate.max(1));
        self.level = (u128::from(self.capacity) * NANO).saturating_sub(spent);
    }

    /// Whole tokens it holds.
    pub fn available(&mut self, now: Duration) -> u32 {
        self.refill(now);
        u32::try_from(self.level / NANO).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_bucket_empties_and_says_how_long_to_wait() {
        let mut bucket = TokenBucket::new(100, 100, Duration::ZERO);
        for _ in 0..10 {
            assert_eq!(bucket.take(Duration::ZERO, 10), Ok(()));
        }
        assert_eq!(bucket.take(Duration::ZERO, 10), Err(Shortage::Wait(100 * MS)));
        assert_eq!(bucket.take(99 * MS, 10), Err(Shortage::Wait(MS)));
        assert_eq!(bucket.take(100 * MS, 10), Ok(()));
        assert_eq!(bucket.take(100 * MS, 101), Err(Shortage::TooLarge { capacity: 100 }));
    }

    /// `brier torture`, seed 1621: an empty bucket earned nothing until a clock that was set back had come by again, and each
    /// wait that it named was over before that.
    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let mut bucket = TokenBucket::new(100, 100, 5_000 * MS);
        bucket.drain(5_000 * MS);
        assert_eq!(bucket.take(3_000 * MS, 10), Err(Shortage::Wait(100 * MS)));
        assert_eq!(bucket.take(3_100 * MS, 10), Ok(()));
    }

    #[test]
    fn a_smaller_tier_keeps_what_was_spent() {
        let mut bucket = TokenBucket::new(900, 300, Duration::ZERO);
        bucket.take(Duration::ZERO, 500).unwrap();
        bucket.reconfigure(Duration::ZERO, 600, 200);
        assert_eq!(bucket.available(Duration::ZERO), 100);
        bucket.reconfigure(Duration::ZERO, 100, 100);
        assert_eq!(bucket.available(Duration::ZERO), 0);
    }

    proptest! {
        #[test]
        fn no_more_is_given_than_capacity_and_refill_allow(
            capacity in 1_u32..2_000,
            rate in 1_u32..5_000,
            steps in proptest::collection::vec((0_u64..2_000_000_000, 1_u32..100), 1..200),
        ) {
            let mut bucket = TokenBucket::new(capacity, rate, Duration::ZERO);
            let (mut now, mut given) = (Duration::ZERO, 0_u128);
            for (nanos, cost) in steps {
                now += Duration::from_nanos(nanos);
                match bucket.take(now, cost) {
                    Ok(()) => given += u128::from(cost),
                    Err(Shortage::Wait(wait)) => {
                        prop_assert!(wait > Duration::ZERO);
                        // The named wait is enough, and one nanosecond less is not.
                        prop_assert_eq!(bucket.clone().take(now + wait, cost), Ok(()));
                        let early = now + wait.saturating_sub(Duration::from_nanos(1));
                        prop_assert!(bucket.clone().take(early, cost).is_err());
                    }
                    Err(Shortage::TooLarge { .. }) => prop_assert!(cost > capacity),
                }
                prop_assert!(given * NANO <= u128::from(capacity) * NANO + u128::from(rate) * now.as_nanos());
                prop_assert!(bucket.available(now) <= capacity);
            }
        }
    }
}
