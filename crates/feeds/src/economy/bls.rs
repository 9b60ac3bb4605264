//! BLS: the source of prices and jobs. Failures come with HTTP 200 and `status` other than `REQUEST_SUCCEEDED`.
//!
//! No time is in the answer: the mark `latest` and the period are its version, and the age is the receipt's. The interface
//! trails the release page by seconds to minutes.
//!
//! Source: reference (feeds), section 4.2, 2026-11-20.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Printed;
use crate::error::FeedError;
use crate::json;
use crate::request::{KeyPlace, Request};
use crate::vendor::Vendor;

/// How long an answer may be used: a release changes it at a known minute.
pub const MAX_AGE: Duration = Duration::from_hours(1);
/// Consumer prices, seasonally adjusted: the month's change of `KXCPI`.
pub const CPI_ADJUSTED: &str = "CUSR0000SA0";
/// Consumer prices, not adjusted: the year's change of `KXCPIYOY`.
pub const CPI_UNADJUSTED: &str = "CUUR0000SA0";
/// Jobs outside farms, in thousands: `KXPAYROLLS` is the change.
pub const PAYROLLS: &str = "CES0000000001";
/// Unemployment, in percent: `KXU3`.
pub const UNEMPLOYMENT: &str = "LNS14000000";

const VENDOR: Vendor = Vendor::Bls;
const AT: &str = "/publicAPI/v2/timeseries/data";

/// Asks for series over some years; with a key 50 series and 500 questions a day, without 25 each.
pub fn series(ids: &[&str], from_year: i16, to_year: i16) -> Request {
    let body = serde_json::json!({
        "seriesid": ids, "startyear": from_year.to_string(), "endyear": to_year.to_string(), "calculations": true,
    });
    Request::post(VENDOR, "/publicAPI/v2/timeseries/data/", body).keyed_if_any(KeyPlace::Body("registrationkey"))
}

/// One period of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    /// The year.
    pub year: i16,
    /// The month 1 to 12, or 13 for the year's mean.
    pub month: u8,
    /// Whether it is the newest there is.
    pub latest: bool,
    /// The level; absent where the source writes `-`.
    pub value: Option<Printed>,
    /// The change over one month in percent, as printed.
    pub month_change: Option<Printed>,
    /// The change over twelve months in percent, as printed.
    pub year_change: Option<Printed>,
}

/// One series, newest period first.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its id.
    pub id: String,
    /// Its periods.
    pub periods: Vec<Period>,
}

impl Series {
    /// The newest monthly period.
    pub fn newest(&self) -> Option<&Period> {
        self.periods.iter().filter(|period| period.month <= 12).max_by_key(|period| (period.year, period.month))
    }
}

/// Reads the answer of [`series`].
///
/// # Errors
/// [`FeedError`]; the source's words when it did not process the request.
pub fn parse_series(body: &[u8]) -> Result<Vec<Series>, FeedError> {
    #[derive(Default, Deserialize)]
    struct Changes {
        #[serde(rename = "1", default, deserialize_with = "json::text")]
        one: Option<String>,
        #[serde(rename = "12", default, deserialize_with = "json::text")]
        twelve: Option<String>,
    }
    #[derive(Default, Deserialize)]
    struct Calculations {
        #[serde(default)]
        pct_changes: Changes,
    }
    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "json::whole")]
        year: Option<i64>,
        period: String,
        #[serde(default, deserialize_with = "json::text")]
        value: Option<String>,
        latest: Option<String>,
        calculations: Option<Calculations>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(rename = "seriesID")]
        id: String,
        #[serde(default)]
        data: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Results {
        #[serde(default)]
        series: Vec<One>,
    }
    #[derive(Deserialize)]
    struct Answer<'a> {
        status: Option<String>,
        #[serde(default)]
        message: Vec<String>,
        #[serde(rename = "Results", borrow)]
        results: Option<&'a RawValue>,
    }
    let answer: Answer<'_> = json::parse(VENDOR, AT, body)?;
    let words = answer.message.join("; ");
    match answer.status.as_deref() {
        Some("REQUEST_SUCCEEDED") => {}
        Some(_) => {
            let lower = words.to_ascii_lowercase();
            return Err(if lower.contains("threshold") || lower.contains("limit") {
                FeedError::quota(VENDOR, AT, &words, None)
            } else if lower.contains("key") {
                FeedError::auth(VENDOR, AT, &words)
            } else {
                FeedError::refused(VENDOR, AT, &words)
            });
        }
        None => return Err(FeedError::unreadable(VENDOR, AT, "`status`", &String::from_utf8_lossy(body))),
    }
    // A request without a series that exists succeeds with results of another form.
    let results = answer.results.ok_or_else(|| FeedError::no_data(VENDOR, AT, &words))?;
    let results: Results = json::parse_raw(VENDOR, "Results", results)?;
    if results.series.iter().all(|one| one.data.is_empty()) {
        return Err(FeedError::no_data(VENDOR, AT, &words));
    }
    let read = |row: Row| {
        let bad = |expected: &str, found: &str| FeedError::unreadable(VENDOR, AT, expected, found);
        let month = row.period.strip_prefix('M').and_then(|digits| digits.parse::<u8>().ok());
        let month = month.filter(|month| (1..=13).contains(month)).ok_or_else(|| bad("`M01` to `M13`", &row.period))?;
        let year = row.year.and_then(|year| i16::try_from(year).ok()).filter(|year| (1900..=2200).contains(year));
        let text = row.value.unwrap_or_default();
        let value = if json::is_missing(&text) {
            None
        } else {
            Some(Printed::parse(&text).ok_or_else(|| bad("a number or `-`", &text))?)
        };
        let changes = row.calculations.unwrap_or_default().pct_changes;
        Ok(Period {
            year: year.ok_or_else(|| bad("a year", &format!("{:?}", row.year)))?,
            month,
            latest: row.latest.as_deref() == Some("true"),
            value,
            month_change: changes.one.as_deref().and_then(Printed::parse),
            year_change: changes.twelve.as_deref().and_then(Printed::parse),
        })
    };
    let one = |one: One| {
        let periods = one.data.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Series { id: one.id, periods })
    };
    results.series.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_keeps_its_decimal() {
        let body = br#"{"status":"REQUEST_SUCCEEDED","responseTime":1,"message":[],"Results":{"series":[{"seriesID":"CUSR0000SA0","data":[
            {"year":"2026","period":"M13","periodName":"Annual","value":"324.0","footnotes":[{}]},
            {"year":"2026","period":"M10","periodName":"October","latest":"true","value":"325.123","footnotes":[{}],
             "calculations":{"net_changes":{},"pct_changes":{"1":"0.3","3":"0.8","6":"1.4","12":"2.9"}}},
            {"year":"2025","period":"M10","periodName":"October","value":"-","footnotes":[{}]}]}]}}"#;
        let series = parse_series(body).unwrap();
        let newest = series[0].newest().unwrap();
        assert_eq!((newest.month, newest.latest), (10, true));
        assert_eq!(newest.month_change.as_ref().unwrap().text, "0.3");
        assert_eq!(series[0].periods[2].value, None);
    }

    #[test]
    fn failures_come_with_success() {
        for (words, class) in [
            (
                "Request could not be serviced, as the daily threshold for total number of requests has been reached",
                "quota",
            ),
            ("The key:x provided by the User is invalid.", "auth"),
            ("Invalid year", "refused"),
        ] {
            let body = format!(r#"{{"status":"REQUEST_NOT_PROCESSED","message":["{words}"],"Results":{{}}}}"#);
            assert_eq!(parse_series(body.as_bytes()).unwrap_err().class(), class, "{words}");
        }
        let body = br#"{"status":"REQUEST_SUCCEEDED","message":["Series does not exist for X"],"Results":{"series":[{"seriesID":"X","data":[]}]}}"#;
        assert!(parse_series(body).unwrap_err().to_string().contains("does not exist"));
    }
}
