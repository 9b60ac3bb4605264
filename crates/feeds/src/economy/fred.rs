//! FRED: series of many sources, minutes to hours after them; with vintages, so that a backtest sees what was known then.
//!
//! The age of a series is when FRED last changed it; of an observation, the vintage it stands in.
//!
//! Source: reference (feeds), section 4.1, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use jiff::civil;
use serde::Deserialize;

use super::Printed;
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{KeyPlace, Request};
use crate::vendor::Vendor;

/// How old the newest observation of a daily series may be: over a long weekend.
pub const DAILY_MAX_AGE: Duration = Duration::from_hours(5 * 24);
/// How old the newest observation of a monthly series may be.
pub const MONTHLY_MAX_AGE: Duration = Duration::from_hours(75 * 24);

const VENDOR: Vendor = Vendor::Fred;
/// The service knows no other place.
const KEY: KeyPlace = KeyPlace::Query("api_key");

/// Asks for a series' newest observations, newest first.
pub fn observations(series: &str, limit: u16) -> Request {
    Request::get(VENDOR, "/fred/series/observations")
        .with("series_id", series)
        .with("sort_order", "desc")
        .with("limit", limit.to_string())
        .with("file_type", "json")
        .keyed(KEY)
}

/// Asks for a series as it was known on a day.
pub fn observations_as_of(series: &str, day: civil::Date, limit: u16) -> Request {
    observations(series, limit).with("realtime_start", day.to_string()).with("realtime_end", day.to_string())
}

/// Asks when a series was last changed.
pub fn series(series: &str) -> Request {
    Request::get(VENDOR, "/fred/series").with("series_id", series).with("file_type", "json").keyed(KEY)
}

/// Asks for the dates of a release (10 is the consumer price index), future ones included.
pub fn release_dates(release: u32) -> Request {
    Request::get(VENDOR, "/fred/release/dates")
        .with("release_id", release.to_string())
        .with("include_release_dates_with_no_data", "true")
        .with("file_type", "json")
        .keyed(KEY)
}

/// One observation.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The period it is for: the first day of a month, of a quarter.
    pub date: civil::Date,
    /// The first day on which it was known so.
    pub vintage: civil::Date,
    /// The number; absent where the service writes `.`.
    pub value: Option<Printed>,
}

/// An error in place of an answer.
fn check(at: &str, body: &[u8]) -> Result<(), FeedError> {
    #[derive(Deserialize)]
    struct Found {
        #[serde(default, deserialize_with = "json::whole")]
        error_code: Option<i64>,
    }
    let found: Found = json::parse(VENDOR, at, body)?;
    let Some(code) = found.error_code else { return Ok(()) };
    let status = u16::try_from(code).unwrap_or(400).max(400);
    Err(refusal::of_status(VENDOR, at, status, None, body))
}

fn date(at: &str, text: &str) -> Result<civil::Date, FeedError> {
    text.parse().map_err(|_| FeedError::unreadable(VENDOR, at, "a date", text))
}

/// Reads the answer of [`observations`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_observations(body: &[u8]) -> Result<Vec<Observation>, FeedError> {
    #[derive(Deserialize)]
    struct Row {
        date: String,
        realtime_start: String,
        #[serde(default, deserialize_with = "json::text")]
        value: Option<String>,
    }
    #[derive(Deserialize)]
    struct Found {
        observations: Option<Vec<Row>>,
    }
    let at = "/fred/series/observations";
    check(at, body)?;
    let found: Found = json::parse(VENDOR, at, body)?;
    let rows = found.observations.ok_or_else(|| FeedError::unreadable(VENDOR, at, "`observations`", "none"))?;
    let read = |row: Row| {
        let text = row.value.unwrap_or_default();
        let value = if json::is_missing(&text) {
            None
        } else {
            Some(Printed::parse(&text).ok_or_else(|| FeedError::unreadable(VENDOR, at, "a number or `.`", &text))?)
        };
        Ok(Observation { date: date(at, &row.date)?, vintage: date(at, &row.realtime_start)?, value })
    };
    rows.into_iter().map(read).collect()
}

/// Reads when a series was last changed, from the answer of [`series`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_last_updated(body: &[u8]) -> Result<Timestamp, FeedError> {
    #[derive(Deserialize)]
    struct Row {
        last_updated: String,
    }
    #[derive(Deserialize)]
    struct Found {
        #[serde(default, rename = "seriess")]
        series: Vec<Row>,
    }
    let at = "/fred/series";
    check(at, body)?;
    let found: Found = json::parse(VENDOR, at, body)?;
    let text = found.series.first().map(|row| row.last_updated.as_str()).unwrap_or_default();
    last_updated(text)
        .ok_or_else(|| FeedError::unreadable(VENDOR, at, "`last_updated` as `2026-11-13 07:36:02-06`", text))
}

/// `2026-11-13 07:36:02-06`: the zone has hours only.
fn last_updated(text: &str) -> Option<Timestamp> {
    let (reading, zone) = text.split_at_checked(19)?;
    let hours: i8 = zone.parse().ok()?;
    crate::time::from_offset(reading.parse().ok()?, hours)
}

/// Reads the answer of [`release_dates`], in order.
///
/// # Errors
/// [`FeedError`].
pub fn parse_release_dates(body: &[u8]) -> Result<Vec<civil::Date>, FeedError> {
    #[derive(Deserialize)]
    struct Row {
        date: String,
    }
    #[derive(Deserialize)]
    struct Found {
        release_dates: Option<Vec<Row>>,
    }
    let at = "/fred/release/dates";
    check(at, body)?;
    let found: Found = json::parse(VENDOR, at, body)?;
    let rows = found.release_dates.ok_or_else(|| FeedError::unreadable(VENDOR, at, "`release_dates`", "none"))?;
    let mut out: Vec<civil::Date> = rows.iter().map(|row| date(at, &row.date)).collect::<Result<_, _>>()?;
    out.sort_unstable();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_is_a_dot_and_a_bad_key_is_a_bad_request() {
        let body = br#"{"observations":[{"realtime_start":"2026-11-13","realtime_end":"2026-11-13","date":"2026-10-01","value":"325.123"},
            {"realtime_start":"2026-11-13","realtime_end":"x","date":"2026-09-01","value":"."}]}"#;
        let rows = parse_observations(body).unwrap();
        assert_eq!(rows[0].value.as_ref().unwrap().decimals(), 3);
        assert_eq!(rows[1].value, None);
        let body =
            br#"{"error_code":400,"error_message":"Bad Request. The value for variable api_key is not registered."}"#;
        assert_eq!(parse_observations(body).unwrap_err().class(), "auth");
        let body = br#"{"seriess":[{"id":"CPIAUCSL","last_updated":"2026-11-13 07:36:02-06"}]}"#;
        assert_eq!(parse_last_updated(body).unwrap().to_string(), "2026-11-13T13:36:02Z");
    }
}
