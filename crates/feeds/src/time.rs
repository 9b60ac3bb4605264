//! The vendors' forms of time, and the two calendars that matter: New York's clock and a station's climate day.
//!
//! Pure: a zone is a rule written here, not a table of the system's, so that every machine gives the same answer.

use std::time::Duration;

use brier_types::Timestamp;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};

const HOUR_NANOS: i64 = 3_600_000_000_000;

/// RFC 3339, or the same without seconds or with a space for the `T`, as long as it has a zone.
pub fn rfc3339(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

/// RFC 822 and 2822, as feeds write it: `Fri, 20 Nov 2026 11:02:11 -0500`, `GMT` and the American zones included.
pub fn rfc822(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let parsed = jiff::fmt::rfc2822::parse(text).ok().and_then(|zoned| of_jiff(zoned.timestamp()));
    parsed.or_else(|| {
        // `Z` and `UTC` are not in the standard and often meet; a weekday that does not fit the date makes no date wrong.
        let bare = text.split_once(',').map_or(text, |(_, rest)| rest).trim();
        let (clock, zone) = bare.rsplit_once(' ')?;
        let zone = if matches!(zone, "Z" | "UTC") { "GMT" } else { zone };
        jiff::fmt::rfc2822::parse(&format!("{clock} {zone}")).ok().and_then(|zoned| of_jiff(zoned.timestamp()))
    })
}

/// A moment of jiff's.
pub(crate) fn of_jiff(moment: jiff::Timestamp) -> Option<Timestamp> {
    i64::try_from(moment.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

pub(crate) fn to_jiff(moment: Timestamp) -> jiff::Timestamp {
    // 64-bit nanoseconds are within jiff's range; the epoch stands where that would ever cease to hold.
    jiff::Timestamp::from_nanosecond(i128::from(moment.nanos())).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// New York's clock since 2007: daylight time from the second Sunday of March to the first of November, at 02:00.
///
/// # Panics
/// Never: the rule is a constant that jiff reads.
pub fn eastern() -> TimeZone {
    TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").expect("a rule of POSIX")
}

/// The moment of a clock reading in New York; of a doubled hour the first, of a skipped one the moment after.
pub fn from_eastern(reading: civil::DateTime) -> Option<Timestamp> {
    let zoned = eastern().to_ambiguous_zoned(reading).compatible().ok()?;
    of_jiff(zoned.timestamp())
}

/// A civil reading at a fixed distance from UTC, in whole hours.
pub fn from_offset(reading: civil::DateTime, hours: i8) -> Option<Timestamp> {
    let offset = Offset::from_hours(hours).ok()?;
    of_jiff(offset.to_timestamp(reading).ok()?)
}

/// The date at a fixed distance from UTC, in whole hours.
pub fn date_at(moment: Timestamp, hours: i8) -> civil::Date {
    let shifted = moment.nanos().saturating_add(i64::from(hours).saturating_mul(HOUR_NANOS));
    Offset::UTC.to_datetime(to_jiff(Timestamp::from_nanos(shifted))).date()
}

/// The climate day of a station: 24 hours of local *standard* time all year, so that in summer it runs from 01:00 to 00:59 by
/// the clock on the wall.
///
/// Source: reference (feeds), section 1.2, 2026-11-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClimateDay {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

impl ClimateDay {
    /// The day `date` of a station whose standard time is `hours` from UTC; `None` outside the years that nanoseconds hold.
    pub fn new(date: civil::Date, hours: i8) -> Option<Self> {
        let start = from_offset(date.at(0, 0, 0, 0), hours)?;
        Some(Self { start, end: start.plus(Duration::from_hours(24)) })
    }

    /// Whether a moment is in it.
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.start <= moment && moment < self.end
    }
}

/// `P1DT6H`, `PT3H`, `P7D`: the durations of the weather service's intervals.
pub fn iso_duration(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (days, clock) = rest.split_once('T').unwrap_or((rest, ""));
    let mut total: u64 = 0;
    let mut any = false;
    for (part, units) in
        [(days, [('W', 604_800), ('D', 86_400), ('H', 0)]), (clock, [('H', 3_600), ('M', 60), ('S', 1)])]
    {
        let mut digits = String::new();
        for character in part.chars() {
            if character.is_ascii_digit() {
                digits.push(character);
                continue;
            }
            let (_, seconds) = units.iter().find(|(unit, seconds)| *unit == character && *seconds > 0)?;
            total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(*seconds)?)?;
            digits.clear();
            any = true;
        }
        if !digits.is_empty() {
            return None;
        }
    }
    any.then(|| Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_yorks_clock_shifts_twice_a_year() {
        for (reading, utc) in [
            (civil::date(2026, 11, 20).at(8, 30, 0, 0), "2026-11-20T13:30:00Z"),
            (civil::date(2026, 7, 14).at(8, 30, 0, 0), "2026-07-14T12:30:00Z"),
            (civil::date(2026, 3, 8).at(2, 30, 0, 0), "2026-03-08T07:30:00Z"),
            (civil::date(2026, 11, 1).at(1, 30, 0, 0), "2026-11-01T05:30:00Z"),
        ] {
            assert_eq!(from_eastern(reading).unwrap().to_string(), utc);
        }
    }

    #[test]
    fn a_climate_day_is_standard_time_in_summer_too() {
        let day = ClimateDay::new(civil::date(2026, 7, 20), -5).unwrap();
        assert_eq!(
            (day.start.to_string(), day.end.to_string()),
            ("2026-07-20T05:00:00Z".into(), "2026-07-21T05:00:00Z".into())
        );
        // 00:30 on the wall of 21 July is still the 20th.
        let half_past_midnight = from_eastern(civil::date(2026, 7, 21).at(0, 30, 0, 0)).unwrap();
        assert!(day.contains(half_past_midnight));
        assert_eq!(date_at(half_past_midnight, -5), civil::date(2026, 7, 20));
    }

    #[test]
    fn durations_and_dates_of_feeds() {
        for (text, seconds) in [("PT1H", 3_600), ("P7DT16H", 662_400), ("P1W", 604_800), ("PT15M30S", 930)] {
            assert_eq!(iso_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "P", "PT", "P1H", "PT1", "1H", "PTH", "P99999999999999999999D"] {
            assert_eq!(iso_duration(text), None, "{text}");
        }
        let want = "2026-11-20T16:02:11Z";
        for text in [
            "Fri, 20 Nov 2026 16:02:11 GMT",
            "Fri, 20 Nov 2026 11:02:11 -0500",
            "Fri, 20 Nov 2026 11:02:11 EST",
            "20 Nov 2026 16:02:11 UTC",
            // The weekday is wrong, the date is not.
            "Mon, 20 Nov 2026 16:02:11 Z",
        ] {
            assert_eq!(rfc822(text).map(|moment| moment.to_string()).as_deref(), Some(want), "{text}");
        }
        assert_eq!(rfc822("yesterday"), None);
    }
}
