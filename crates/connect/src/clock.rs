//! The venue's clock seen from here: our time, corrected by an offset measured from the `Date` header of its answers.
//!
//! A `Date` has whole seconds, so one answer only bounds the offset: the venue's time was in `[date, date + 1 s)` at some
//! moment between sending and receiving. Bounds of many answers are intersected; an empty intersection means that a
//! clock stepped, and the newest bound stands alone. As long as "no offset" is possible, none is applied.
//!
//! [`ClockOffset`] is pure; [`Clock`] is the only place of this crate that reads the system's wall clock.
//!
//! Source: reference section 3.1 (timestamp window), 2026-11-20.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use brier_types::Timestamp;

const SECOND: i64 = 1_000_000_000;

/// What is known about venue time minus our time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockOffset {
    bounds: Option<(i64, i64)>,
}

impl ClockOffset {
    /// Learns from an answer: sent and received by our clock, and its `date` in whole seconds.
    pub fn observe(&mut self, sent: Timestamp, received: Timestamp, date: Timestamp) {
        let low = date.nanos().saturating_sub(received.nanos());
        let high = date.nanos().saturating_add(SECOND).saturating_sub(sent.nanos());
        if low > high {
            return; // Our own clock stepped back between sending and receiving: nothing can be said.
        }
        self.bounds = Some(match self.bounds {
            Some((old_low, old_high)) if old_low.max(low) <= old_high.min(high) => {
                (old_low.max(low), old_high.min(high))
            }
            _ => (low, high),
        });
    }

    /// Takes over what is known otherwise: by how many nanoseconds the venue's clock is ahead of ours.
    pub const fn set(&mut self, nanos: i64) {
        self.bounds = Some((nanos.saturating_sub(SECOND / 2), nanos.saturating_add(SECOND / 2)));
    }

    /// The offset to apply, in nanoseconds: zero while that is possible, else the middle of what is possible.
    pub fn nanos(&self) -> i64 {
        match self.bounds {
            Some((low, high)) if low > 0 || high < 0 => low.midpoint(high),
            _ => 0,
        }
    }

    /// The least and greatest offset that all answers allow, in nanoseconds; `None` before the first answer.
    pub const fn bounds(&self) -> Option<(i64, i64)> {
        self.bounds
    }
}

/// Reads an HTTP date such as `Fri, 20 Nov 2026 19:00:00 GMT`.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Timestamp::from_secs(zoned.timestamp().as_second())
}

/// Our wall clock, corrected to the venue's.
#[derive(Debug, Default)]
pub struct Clock {
    offset: Mutex<ClockOffset>,
}

impl Clock {
    /// Our own time, uncorrected: what inputs are stamped with.
    pub fn local_now() -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// The venue's time as far as it is known: what requests are signed with.
    pub fn venue_now(&self) -> Timestamp {
        Timestamp::from_nanos(Self::local_now().nanos().saturating_add(self.offset().nanos()))
    }

    /// What is known about the offset.
    pub fn offset(&self) -> ClockOffset {
        *self.offset.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Learns from an answer; see [`ClockOffset::observe`].
    pub fn observe(&self, sent: Timestamp, received: Timestamp, date: Timestamp) {
        self.offset.lock().unwrap_or_else(std::sync::PoisonError::into_inner).observe(sent, received, date);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn a_clock_within_the_second_is_left_alone() {
        let mut offset = ClockOffset::default();
        offset.observe(at(10_400), at(10_500), at(10_000));
        assert_eq!(offset.nanos(), 0);
        assert!(offset.bounds().is_some());
    }

    #[test]
    fn a_slow_clock_is_corrected_and_narrowed() {
        let mut offset = ClockOffset::default();
        offset.observe(at(0), at(100), at(30_000));
        assert_eq!(offset.bounds(), Some((29_900_000_000, 31_000_000_000)));
        offset.observe(at(900), at(950), at(30_000));
        assert_eq!(offset.bounds(), Some((29_900_000_000, 30_100_000_000)));
        assert_eq!(offset.nanos(), 30_000_000_000);
    }

    #[test]
    fn what_is_known_otherwise_is_taken_over() {
        let mut offset = ClockOffset::default();
        offset.observe(at(0), at(100), at(30_000));
        offset.set(5_000_000_000);
        assert_eq!(offset.nanos(), 5_000_000_000);
    }

    #[test]
    fn a_step_starts_anew() {
        let mut offset = ClockOffset::default();
        offset.observe(at(0), at(100), at(30_000));
        offset.observe(at(40_000), at(40_100), at(40_000));
        assert_eq!(offset.nanos(), 0);
    }

    #[test]
    fn http_dates_are_read() {
        assert_eq!(parse_http_date("Thu, 01 Jan 1970 00:00:10 GMT"), Some(at(10_000)));
        assert_eq!(parse_http_date("yesterday"), None);
    }

    proptest! {
        #[test]
        fn the_true_offset_stays_within_bounds(
            truth in -90_000_i64..90_000,
            calls in proptest::collection::vec((0_i64..5_000, 0_i64..300, 0_i64..300), 1..20),
        ) {
            let mut offset = ClockOffset::default();
            let mut now = 1_795_176_000_000;
            for (gap, out, back) in calls {
                now += gap;
                let date = at((now + out + truth).div_euclid(1_000) * 1_000);
                offset.observe(at(now), at(now + out + back), date);
                let (low, high) = offset.bounds().unwrap();
                prop_assert!(low <= truth * 1_000_000 && truth * 1_000_000 <= high);
            }
        }
    }
}
