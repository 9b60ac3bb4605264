//! BEA: national accounts. Errors come with HTTP 200; too many of them lock a caller out for an hour.
//!
//! Source: reference (feeds), section 4.3, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Printed;
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{KeyPlace, Request};
use crate::time::{from_offset, rfc3339};
use crate::vendor::Vendor;

/// How long an answer may be used: a release changes it at a known minute.
pub const MAX_AGE: Duration = Duration::from_hours(1);

const VENDOR: Vendor = Vendor::Bea;
const AT: &str = "/api/data";

/// Asks for a quarterly table of the national accounts: `T10101` line 1 is real growth at an annual rate, in percent.
pub fn national_accounts(table: &str, year: i16) -> Request {
    Request::get(VENDOR, AT)
        .with("method", "GetData")
        .with("datasetname", "NIPA")
        .with("TableName", table)
        .with("Frequency", "Q")
        .with("Year", year.to_string())
        .with("ResultFormat", "JSON")
        .keyed(KeyPlace::Query("UserID"))
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The line of the table.
    pub line: i64,
    /// The quarter, such as `2026Q3`.
    pub period: String,
    /// The number.
    pub value: Printed,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// When the source made the answer; not when the number was published.
    pub produced_at: Option<Timestamp>,
    /// Its cells.
    pub cells: Vec<Cell>,
}

impl Table {
    /// The newest quarter of a line.
    pub fn newest(&self, line: i64) -> Option<&Cell> {
        self.cells.iter().filter(|cell| cell.line == line).max_by(|one, two| one.period.cmp(&two.period))
    }
}

/// Reads the answer of [`national_accounts`].
///
/// # Errors
/// [`FeedError`]; the source's own error inside HTTP 200.
pub fn parse_table(body: &[u8]) -> Result<Table, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Row {
        #[serde(default, deserialize_with = "json::whole")]
        line_number: Option<i64>,
        time_period: String,
        #[serde(default, deserialize_with = "json::text")]
        data_value: Option<String>,
    }
    #[derive(Deserialize)]
    struct ErrorRow {
        #[serde(rename = "APIErrorCode", default, deserialize_with = "json::text")]
        code: Option<String>,
        #[serde(rename = "APIErrorDescription")]
        description: Option<String>,
    }
    #[derive(Deserialize)]
    struct Results {
        #[serde(rename = "Data", default)]
        data: Vec<Row>,
        #[serde(rename = "UTCProductionTime")]
        produced: Option<String>,
        #[serde(rename = "Error")]
        error: Option<ErrorRow>,
    }
    #[derive(Deserialize)]
    struct Inner<'a> {
        #[serde(rename = "Results", borrow)]
        results: Option<&'a RawValue>,
        #[serde(rename = "Error")]
        error: Option<ErrorRow>,
    }
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(rename = "BEAAPI", borrow)]
        inner: Option<Inner<'a>>,
    }
    let refuse = |error: ErrorRow| {
        let (code, words) = (error.code.unwrap_or_default(), error.description.unwrap_or_default());
        // 1 to 3 are about the key; others about parameters.
        let status = match code.as_str() {
            "1" | "2" | "3" => 401,
            _ if words.contains("limit") => 429,
            _ => 400,
        };
        refusal::of_status(VENDOR, AT, status, None, format!("{code} {words}").as_bytes())
    };
    let outer: Outer<'_> = json::parse(VENDOR, AT, body)?;
    let inner =
        outer.inner.ok_or_else(|| FeedError::unreadable(VENDOR, AT, "`BEAAPI`", &String::from_utf8_lossy(body)))?;
    if let Some(error) = inner.error {
        return Err(refuse(error));
    }
    let raw = inner.results.ok_or_else(|| FeedError::unreadable(VENDOR, AT, "`Results`", "none"))?;
    // Some methods wrap the results in a list of one.
    let text = raw.get().trim();
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let results: Results = json::parse(VENDOR, AT, text.as_bytes())?;
    if let Some(error) = results.error {
        return Err(refuse(error));
    }
    let read = |row: Row| {
        let text = row.data_value.unwrap_or_default();
        let value =
            Printed::parse(&text).ok_or_else(|| FeedError::unreadable(VENDOR, "DataValue", "a number", &text))?;
        let line = row.line_number.ok_or_else(|| FeedError::unreadable(VENDOR, "LineNumber", "a number", "none"))?;
        Ok(Cell { line, period: row.time_period, value })
    };
    let produced = results
        .produced
        .as_deref()
        .and_then(|text| rfc3339(text).or_else(|| text.parse().ok().and_then(|reading| from_offset(reading, 0))));
    let cells: Vec<Cell> = results.data.into_iter().map(read).collect::<Result<_, _>>()?;
    if cells.is_empty() {
        Err(FeedError::no_data(VENDOR, AT, "an empty table"))
    } else {
        Ok(Table { produced_at: produced, cells })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_quarter_and_the_errors_inside_success() {
        let body = br#"{"BEAAPI":{"Results":{"UTCProductionTime":"2026-11-20T16:00:00.000","Data":[
            {"TableName":"T10101","LineNumber":"1","TimePeriod":"2026Q2","DataValue":"3.1"},
            {"TableName":"T10101","LineNumber":"1","TimePeriod":"2026Q3","DataValue":"2.8"},
            {"TableName":"T10101","LineNumber":"2","TimePeriod":"2026Q3","DataValue":"1,234.5"}]}}}"#;
        let table = parse_table(body).unwrap();
        assert_eq!(table.newest(1).unwrap().value.text, "2.8");
        assert_eq!(table.produced_at.unwrap().to_string(), "2026-11-20T16:00:00Z");
        let body = br#"{"BEAAPI":{"Results":{"Error":{"APIErrorCode":"3","APIErrorDescription":"The user id is not active"}}}}"#;
        assert_eq!(parse_table(body).unwrap_err().class(), "auth");
        let body = br#"{"BEAAPI":{"Error":{"APIErrorCode":"40","APIErrorDescription":"bad table"}}}"#;
        assert_eq!(parse_table(body).unwrap_err().class(), "refused");
    }
}
