//! Trading Economics: when releases come, what is expected, what was printed. Consensus numbers are licensed opinions: they
//! are kept with their time and never overwritten.
//!
//! Errors come as a text or an object where the list should be, with HTTP 200 too.
//!
//! Source: reference (feeds), section 4.5, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use jiff::civil;
use serde::Deserialize;

use crate::client::refusal;
use crate::error::{FeedError, excerpt_bytes};
use crate::json;
use crate::request::{KeyPlace, Request};
use crate::time::{from_offset, rfc3339};
use crate::vendor::Vendor;

/// How long a calendar may be used, since the poll that brought it.
pub const MAX_AGE: Duration = Duration::from_hours(6);

const VENDOR: Vendor = Vendor::TradingEconomics;
const AT: &str = "/calendar";

/// Asks for the United States' releases of two days and those between; importance 1 to 3, 3 only the most important.
pub fn calendar(from: civil::Date, to: civil::Date, importance: u8) -> Request {
    Request::get(VENDOR, format!("/calendar/country/united%20states/{from}/{to}"))
        .with("importance", importance.clamp(1, 3).to_string())
        .with("f", "json")
        .keyed(KeyPlace::Query("c"))
}

/// One release. Numbers are texts with their units (`0.3%`, `250K`), as the vendor gives them; absent before they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The vendor's id.
    pub id: String,
    /// When it comes, or came.
    pub at: Timestamp,
    /// What is released, such as `Inflation Rate MoM`.
    pub event: String,
    /// The period it is for, such as `Oct`: it must be the contract's.
    pub reference: String,
    /// What was printed.
    pub actual: Option<String>,
    /// What was printed the time before.
    pub previous: Option<String>,
    /// What is expected by those asked.
    pub forecast: Option<String>,
    /// How important: 1 to 3.
    pub importance: u8,
    /// When the vendor last changed it: its age.
    pub updated_at: Option<Timestamp>,
}

/// A time in UTC without a zone, as the vendor writes it.
fn moment(text: &str) -> Option<Timestamp> {
    rfc3339(text).or_else(|| from_offset(text.parse().ok()?, 0))
}

/// Reads the answer of [`calendar`], in order of time.
///
/// # Errors
/// [`FeedError`].
pub fn parse_calendar(body: &[u8]) -> Result<Vec<Release>, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Row {
        #[serde(default, deserialize_with = "json::text")]
        calendar_id: Option<String>,
        date: String,
        #[serde(default)]
        event: String,
        #[serde(default, deserialize_with = "json::text")]
        reference: Option<String>,
        #[serde(default, deserialize_with = "json::text")]
        actual: Option<String>,
        #[serde(default, deserialize_with = "json::text")]
        previous: Option<String>,
        #[serde(default, deserialize_with = "json::text")]
        forecast: Option<String>,
        #[serde(default, deserialize_with = "json::whole")]
        importance: Option<i64>,
        last_update: Option<String>,
    }
    if json::first(body) != Some(b'[') {
        let said = refusal::said(body).unwrap_or_default();
        let lower = said.to_ascii_lowercase();
        let status = if lower.contains("limit") || lower.contains("too many") {
            429
        } else if lower.contains("credential") || lower.contains("unauthorized") || lower.contains("access") {
            401
        } else {
            return Err(FeedError::unreadable(VENDOR, AT, "a list of releases", &excerpt_bytes(body)));
        };
        return Err(refusal::of_status(VENDOR, AT, status, None, body));
    }
    let rows: Vec<Row> = json::parse(VENDOR, AT, body)?;
    let known = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let read = |row: Row| {
        Ok(Release {
            id: row.calendar_id.unwrap_or_default(),
            at: moment(&row.date).ok_or_else(|| FeedError::unreadable(VENDOR, "Date", "a UTC time", &row.date))?,
            event: row.event,
            reference: row.reference.unwrap_or_default(),
            actual: known(row.actual),
            previous: known(row.previous),
            forecast: known(row.forecast),
            importance: row.importance.unwrap_or(1).clamp(1, 3) as u8,
            updated_at: row.last_update.as_deref().and_then(moment),
        })
    };
    let mut out: Vec<Release> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    out.sort_by(|one, two| (one.at, &one.id).cmp(&(two.at, &two.id)));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_in_order_and_unknown_is_absent() {
        let body = br#"[{"CalendarId":"2","Date":"2026-12-10T13:30:00","Event":"Inflation Rate MoM","Reference":"Nov","Actual":"","Previous":"0.3%","Forecast":"0.2%","Importance":3,"LastUpdate":"2026-11-20T15:00:00.123"},
            {"CalendarId":1,"Date":"2026-12-04T13:30:00","Event":"Non Farm Payrolls","Reference":"Nov","Actual":null,"Importance":"3"}]"#;
        let releases = parse_calendar(body).unwrap();
        assert_eq!((releases[0].id.as_str(), releases[1].actual.as_deref()), ("1", None));
        assert_eq!(releases[1].updated_at.unwrap().millis(), 1_795_186_800_123);
        assert_eq!(parse_calendar(br#"{"message":"Too many requests"}"#).unwrap_err().class(), "quota");
        assert_eq!(parse_calendar(b"Unauthorized").unwrap_err().class(), "auth");
        assert_eq!(parse_calendar(b"<html>").unwrap_err().class(), "unreadable");
    }
}
