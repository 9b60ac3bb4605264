//! How long to wait before the next try: exponential, capped, with full jitter.
//!
//! Full jitter (uniform between zero and the exponential bound) spreads clients that failed together best, and needs no
//! memory. Pure: chance comes from a seed, so a test or a replay repeats itself.

use std::time::Duration;

/// A small generator of numbers that are random enough to spread waits, and for nothing else (SplitMix64).
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    /// Starts at `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A duration between zero and `bound`, both possible.
    pub fn up_to(&mut self, bound: Duration) -> Duration {
        let span = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        // The high half of the product is uniform over the span up to a bias below 2^-30, which no wait can feel.
        let scaled = (u128::from(self.next_u64()) * (u128::from(span) + 1)) >> 64;
        Duration::from_nanos(scaled as u64)
    }
}

/// The bounds of the waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Bound of the first wait.
    pub base: Duration,
    /// Bound of every wait.
    pub cap: Duration,
}

impl Backoff {
    /// The bound before try number `attempt + 1`; `attempt` counts failures from 1.
    pub fn bound(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }

    /// The wait before try number `attempt + 1`.
    pub fn wait(&self, attempt: u32, jitter: &mut Jitter) -> Duration {
        jitter.up_to(self.bound(attempt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(10) };

    #[test]
    fn bounds_double_up_to_the_cap() {
        let bounds: Vec<_> = [1, 2, 3, 7, 8, 33, u32::MAX].map(|attempt| BACKOFF.bound(attempt).as_millis()).into();
        assert_eq!(bounds, [100, 200, 400, 6_400, 10_000, 10_000, 10_000]);
    }

    #[test]
    fn jitter_fills_the_whole_range() {
        let mut jitter = Jitter::new(7);
        let waits: Vec<_> = (0..1_000).map(|_| BACKOFF.wait(2, &mut jitter).as_millis()).collect();
        let mean = waits.iter().sum::<u128>() / 1_000;
        assert!(waits.iter().any(|wait| *wait < 10) && waits.iter().any(|wait| *wait > 190), "{waits:?}");
        assert!((90..110).contains(&mean), "{mean}");
    }

    proptest! {
        #[test]
        fn a_seed_repeats_itself_within_bounds(seed: u64, attempt in 1_u32..40) {
            let (mut one, mut two) = (Jitter::new(seed), Jitter::new(seed));
            let wait = BACKOFF.wait(attempt, &mut one);
            prop_assert_eq!(wait, BACKOFF.wait(attempt, &mut two));
            prop_assert!(wait <= BACKOFF.bound(attempt));
        }
    }
}
