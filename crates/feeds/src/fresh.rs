//! Values that cannot be read past their age.
//!
//! Every datum has two clocks: what its source says about when it was so, and when it came here. Its age counts from the
//! older of the two, so that a source whose clock runs ahead cannot keep its data young. Past the limit the value is
//! absent; there is no way to ask for "the last one known".
//!
//! Source: reference (feeds), section 0, 2026-11-20.

use std::fmt;
use std::time::Duration;

use brier_types::Timestamp;

/// A value with its age limit. The only way to the value is [`FreshValue::get`].
///
/// ```
/// use std::time::Duration;
/// use brier_feeds::fresh::FreshValue;
/// use brier_types::Timestamp;
/// let at = |seconds| Timestamp::from_secs(seconds).unwrap();
/// let high = FreshValue::observed(52, at(1_000), at(1_030), Duration::from_secs(60));
/// assert_eq!(high.get(at(1_060)), Ok(&52));
/// assert!(high.get(at(1_061)).is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct FreshValue<T> {
    value: T,
    observed_at: Option<Timestamp>,
    received_at: Timestamp,
    max_age: Duration,
}

/// A value is too old, or was received after the moment that was asked for: there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// It is older than its limit. Ask the source again, and do not trade on it until then.
    #[error("stale: expected an age of at most {} s, found {} s", .limit.as_secs(), .age.as_secs())]
    TooOld {
        /// How old it is.
        age: Duration,
        /// How old it may be.
        limit: Duration,
    },
    /// The moment asked for lies before the value came: a clock was set back, and no age can be told.
    #[error("stale: asked for a moment {} s before the value came; the clock was set back", .ahead.as_secs())]
    NotYet {
        /// By how much.
        ahead: Duration,
    },
}

impl<T> FreshValue<T> {
    /// A value whose source says when it was so.
    pub const fn observed(value: T, observed_at: Timestamp, received_at: Timestamp, max_age: Duration) -> Self {
        Self { value, observed_at: Some(observed_at), received_at, max_age }
    }

    /// A value whose source gives no time: its age counts from its receipt, which deserves less trust.
    pub const fn unclocked(value: T, received_at: Timestamp, max_age: Duration) -> Self {
        Self { value, observed_at: None, received_at, max_age }
    }

    /// With the time of the source where there is one.
    pub const fn new(value: T, observed_at: Option<Timestamp>, received_at: Timestamp, max_age: Duration) -> Self {
        Self { value, observed_at, received_at, max_age }
    }

    /// The value, if it is young enough at `now`.
    ///
    /// # Errors
    /// [`Stale`] when it is not: treat the value as absent.
    pub fn get(&self, now: Timestamp) -> Result<&T, Stale> {
        if now < self.received_at {
            return Err(Stale::NotYet { ahead: self.received_at.since(now) });
        }
        let age = self.age(now);
        if age > self.max_age { Err(Stale::TooOld { age, limit: self.max_age }) } else { Ok(&self.value) }
    }

    /// How old it is at `now`, by the older of its two clocks.
    pub fn age(&self, now: Timestamp) -> Duration {
        now.since(self.counts_from())
    }

    /// The moment its age counts from.
    pub fn counts_from(&self) -> Timestamp {
        self.observed_at.map_or(self.received_at, |observed| observed.min(self.received_at))
    }

    /// The last moment at which it can be read.
    pub fn good_until(&self) -> Timestamp {
        self.counts_from().plus(self.max_age)
    }

    /// What the source says about when it was so; `None` when it says nothing.
    pub const fn observed_at(&self) -> Option<Timestamp> {
        self.observed_at
    }

    /// When it came here.
    pub const fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// How old it may be.
    pub const fn max_age(&self) -> Duration {
        self.max_age
    }

    /// Whether its source gives no time.
    pub const fn is_unclocked(&self) -> bool {
        self.observed_at.is_none()
    }

    /// Another value made of this one, as old as it.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> FreshValue<U> {
        let Self { value, observed_at, received_at, max_age } = self;
        FreshValue { value: with(value), observed_at, received_at, max_age }
    }

    /// The same value with a stricter limit; a looser one changes nothing.
    #[must_use]
    pub fn at_most(mut self, max_age: Duration) -> Self {
        self.max_age = self.max_age.min(max_age);
        self
    }
}

/// Tells the ages, never the value: a print must not be a way around the limit.
impl<T> fmt::Debug for FreshValue<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FreshValue")
            .field("observed_at", &self.observed_at)
            .field("received_at", &self.received_at)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds).unwrap()
    }

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_source_whose_clock_runs_ahead_keeps_nothing_young() {
        let value = FreshValue::observed(1, at(5_000), at(1_000), MINUTE);
        assert_eq!(value.get(at(1_060)), Ok(&1));
        assert_eq!(value.get(at(1_061)), Err(Stale::TooOld { age: Duration::from_secs(61), limit: MINUTE }));
    }

    #[test]
    fn data_that_was_old_when_it_came_is_absent_at_once() {
        let value = FreshValue::observed(1, at(900), at(1_000), MINUTE);
        assert!(value.get(at(1_000)).is_err());
        assert_eq!(format!("{value:?}").matches("value").count(), 0, "a print shows no value");
    }

    #[test]
    fn a_clock_that_is_set_back_reads_nothing() {
        let value = FreshValue::unclocked(1, at(1_000), MINUTE);
        assert_eq!(value.get(at(999)), Err(Stale::NotYet { ahead: Duration::from_secs(1) }));
    }

    proptest! {
        #[test]
        fn nothing_is_read_past_its_age(observed in 0_i64..10_000, received in 0_i64..10_000, now in 0_i64..20_000, limit in 0_u64..5_000) {
            let value = FreshValue::observed((), at(observed), at(received), Duration::from_secs(limit));
            let readable = value.get(at(now)).is_ok();
            let age = now - observed.min(received);
            prop_assert_eq!(readable, now >= received && age <= limit as i64);
            prop_assert_eq!(readable, at(now) >= value.received_at() && at(now) <= value.good_until());
        }
    }
}
