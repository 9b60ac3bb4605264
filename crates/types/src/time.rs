//! Moments in time. Venue time and receive time are different fields, both of this type.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// UTC nanoseconds since the Unix epoch.
///
/// ```
/// use brier_types::Timestamp;
/// let time: Timestamp = "2026-11-20T12:00:00.5Z".parse()?;
/// assert_eq!(time.millis(), 1_795_176_000_500);
/// assert_eq!(time.to_string(), "2026-11-20T12:00:00.5Z");
/// # Ok::<(), brier_types::TimestampError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text or number is no moment that 64-bit nanoseconds can hold (years 1678 to 2262).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time: expected RFC 3339 between the years 1678 and 2262, found `{found}`")]
pub struct TimestampError {
    /// The text that was found, cut to 64 characters.
    pub found: String,
}

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);
    /// The last moment.
    pub const MAX: Self = Self(i64::MAX);

    /// The moment `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The moment `millis` milliseconds after the epoch, or `None` when it does not fit.
    pub const fn from_millis(millis: i64) -> Option<Self> {
        match millis.checked_mul(1_000_000) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The moment `seconds` seconds after the epoch, or `None` when it does not fit.
    pub const fn from_secs(seconds: i64) -> Option<Self> {
        match seconds.checked_mul(1_000_000_000) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, toward the past.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole seconds since the epoch, toward the past.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// This moment and `duration` more, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).ok().and_then(|nanos| self.0.checked_add(nanos)).unwrap_or(i64::MAX))
    }

    /// This moment less `duration`, at least the first one.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).ok().and_then(|nanos| self.0.checked_sub(nanos)).unwrap_or(i64::MIN))
    }

    /// Time passed since `earlier`, zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        if self.0 > earlier.0 { Duration::from_nanos(self.0.abs_diff(earlier.0)) } else { Duration::ZERO }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339 with a zone and a fraction of any length; digits beyond nanoseconds are cut.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || TimestampError { found: text.chars().take(64).collect() };
        let time: jiff::Timestamp = text.parse().map_err(|_: jiff::Error| error())?;
        i64::try_from(time.as_nanosecond()).map(Self).map_err(|_: std::num::TryFromIntError| error())
    }
}

/// Writes RFC 3339 in UTC with as many decimals as needed.
impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        jiff::Timestamp::from_nanosecond(i128::from(self.0))
            .expect("64-bit nanoseconds are within jiff's range")
            .fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms_the_venues_send() {
        for (text, nanos) in [
            ("2026-05-13T12:59:43.873364Z", 1_778_677_183_873_364_000),
            ("2026-05-07T17:55:56.06924Z", 1_778_176_556_069_240_000),
            ("2026-05-13T12:59:41.474421+00:00", 1_778_677_181_474_421_000),
            ("2026-05-13T13:00:00Z", 1_778_677_200_000_000_000),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().nanos(), nanos, "{text}");
        }
        assert!("".parse::<Timestamp>().is_err());
        assert!("0001-01-01T00:00:00Z".parse::<Timestamp>().is_err());
    }

    proptest! {
        #[test]
        fn text_round_trips(nanos in any::<i64>()) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
        }
    }
}
