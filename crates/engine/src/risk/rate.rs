//! A token bucket in whole billionths of an order: exact, and the same in every replay.

use std::time::Duration;

use brier_types::Timestamp;

use super::limits::Rate;

/// One order in billionths.
const ONE: u64 = 1_000_000_000;

/// What a venue's rate has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Billionths of an order that may go now.
    pub level: u64,
    /// When that was true; never before the first order.
    pub at: Option<Timestamp>,
}

impl Bucket {
    /// A full one.
    pub(crate) const FULL: Self = Self { level: 0, at: None };

    fn level(self, now: Timestamp, rate: Rate) -> u64 {
        let full = u64::from(rate.burst).saturating_mul(ONE);
        let Some(at) = self.at else { return full };
        let passed = u64::try_from(now.since(at).as_nanos()).unwrap_or(u64::MAX);
        self.level.saturating_add(passed.saturating_mul(u64::from(rate.per_second))).min(full)
    }

    /// How long until one order fits; nothing when one fits now.
    pub(crate) fn wait(self, now: Timestamp, rate: Rate) -> Option<Duration> {
        let missing = ONE.saturating_sub(self.level(now, rate));
        if missing == 0 {
            return None;
        }
        Some(Duration::from_nanos(missing.div_ceil(u64::from(rate.per_second.max(1)))))
    }

    /// Takes one order out.
    pub(crate) fn take(&mut self, now: Timestamp, rate: Rate) {
        self.level = self.level(now, rate).saturating_sub(ONE);
        self.at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 4, burst: 2 };

    fn after(millis: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_millis(millis))
    }

    #[test]
    fn a_burst_goes_at_once_and_then_the_rate_holds() {
        let mut bucket = Bucket::FULL;
        for _ in 0..2 {
            assert_eq!(bucket.wait(after(0), RATE), None);
            bucket.take(after(0), RATE);
        }
        assert_eq!(bucket.wait(after(0), RATE), Some(Duration::from_millis(250)));
        assert_eq!(bucket.wait(after(240), RATE), Some(Duration::from_millis(10)));
        assert_eq!(bucket.wait(after(250), RATE), None);
        bucket.take(after(250), RATE);
        assert_eq!(bucket.wait(after(250), RATE), Some(Duration::from_millis(250)));
        // Silence fills it up to the burst and no further.
        for _ in 0..2 {
            assert_eq!(bucket.wait(after(60_000), RATE), None);
            bucket.take(after(60_000), RATE);
        }
        assert!(bucket.wait(after(60_000), RATE).is_some());
    }

    #[test]
    fn no_time_is_lost_by_looking_often() {
        let rate = Rate { per_second: 3, burst: 1 };
        let mut bucket = Bucket::FULL;
        let mut sent = 0;
        for millis in 0..10_000 {
            if bucket.wait(after(millis), rate).is_none() {
                bucket.take(after(millis), rate);
                sent += 1;
            }
        }
        assert_eq!(sent, 30);
    }
}
