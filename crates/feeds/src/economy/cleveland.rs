//! The Cleveland Fed's nowcast of inflation: what the month's print will be, day by day until it comes.
//!
//! The data of the bank's own chart: one chart per target month, with a value per day in each series. It answers only to
//! what looks like a browser, and is updated on business days at about 10:00 New York time.
//!
//! Source: reference (feeds), section 4.6, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use jiff::civil;
use serde::Deserialize;

use crate::error::FeedError;
use crate::json;
use crate::request::Request;
use crate::time::from_eastern;
use crate::vendor::Vendor;

/// How old a nowcast may be: over a long weekend.
pub const MAX_AGE: Duration = Duration::from_hours(4 * 24 + 12);

const VENDOR: Vendor = Vendor::Cleveland;
const AT: &str = "nowcast_month.json";

/// Asks for the nowcasts of the months.
pub fn months() -> Request {
    Request::get(VENDOR, "/-/media/files/webcharts/inflationnowcasting/nowcast_month.json")
        .with("sc_lang", "en")
        .conditional()
        .at_most(16 << 20)
}

/// One series' values over the days of a chart, in percent over one month; `None` where there is none yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The series in the bank's words, such as `CPI Inflation` or `Actual CPI Inflation`.
    pub name: String,
    /// Value by day, with the label `MM/DD`.
    pub days: Vec<(String, Option<f64>)>,
}

/// The nowcast of one month.
#[derive(Clone, Debug, PartialEq)]
pub struct Nowcast {
    /// The month in the bank's words, such as `2026-11` or `November 2026`.
    pub month: String,
    /// When it was made: its age. Absent where the chart does not say.
    pub as_of: Option<Timestamp>,
    /// The series.
    pub paths: Vec<Path>,
}

impl Nowcast {
    /// The newest value of a series, such as `Core CPI Inflation`.
    pub fn newest(&self, series: &str) -> Option<f64> {
        let path = self.paths.iter().find(|path| path.name == series)?;
        path.days.iter().rev().find_map(|(_, value)| *value)
    }
}

/// Reads the answer of [`months`], in the bank's order: the newest month last.
///
/// # Errors
/// [`FeedError`].
pub fn parse_months(body: &[u8]) -> Result<Vec<Nowcast>, FeedError> {
    #[derive(Default, Deserialize)]
    struct ChartHead {
        caption: Option<String>,
        subcaption: Option<String>,
        #[serde(rename = "_comment")]
        comment: Option<String>,
    }
    #[derive(Deserialize)]
    struct Label {
        label: Option<String>,
    }
    #[derive(Deserialize)]
    struct Categories {
        #[serde(default)]
        category: Vec<Label>,
    }
    #[derive(Deserialize)]
    struct Point {
        #[serde(default, deserialize_with = "json::number")]
        value: Option<f64>,
    }
    #[derive(Deserialize)]
    struct Dataset {
        #[serde(default)]
        seriesname: String,
        #[serde(default)]
        data: Vec<Point>,
    }
    #[derive(Deserialize)]
    struct Chart {
        #[serde(default, rename = "chart")]
        head: ChartHead,
        #[serde(default)]
        categories: Vec<Categories>,
        #[serde(default)]
        dataset: Vec<Dataset>,
    }
    let charts: Vec<Chart> = json::parse(VENDOR, AT, body)?;
    let mut out = Vec::with_capacity(charts.len());
    for chart in charts {
        let labels: Vec<String> = chart
            .categories
            .into_iter()
            .next()
            .map(|categories| categories.category.into_iter().map(|label| label.label.unwrap_or_default()).collect())
            .unwrap_or_default();
        let path = |dataset: Dataset| {
            let values = dataset.data.into_iter().map(|point| point.value).chain(std::iter::repeat(None));
            Path { name: dataset.seriesname, days: labels.iter().cloned().zip(values).collect() }
        };
        let month = chart.head.subcaption.or(chart.head.caption).unwrap_or_default();
        let paths: Vec<Path> = chart.dataset.into_iter().map(path).collect();
        if month.is_empty() || paths.is_empty() {
            return Err(FeedError::unreadable(VENDOR, AT, "a chart with its month and series", &month));
        }
        out.push(Nowcast { month, as_of: chart.head.comment.as_deref().and_then(as_of), paths });
    }
    if out.is_empty() { Err(FeedError::no_data(VENDOR, AT, "no chart")) } else { Ok(out) }
}

/// `2026-11-20 …`: the day, at the hour of the update.
fn as_of(comment: &str) -> Option<Timestamp> {
    let day: civil::Date = comment.get(..10)?.parse().ok()?;
    from_eastern(day.at(10, 0, 0, 0))
}

/// The newest day on which any nowcast was made.
pub fn newest(nowcasts: &[Nowcast]) -> Option<Timestamp> {
    nowcasts.iter().filter_map(|nowcast| nowcast.as_of).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_value_of_a_series_counts() {
        let body = br#"[{"chart":{"caption":"Inflation, monthly","subcaption":"2026-11","_comment":"2026-11-20 10:00"},
            "categories":[{"category":[{"label":"11/18"},{"label":"11/19"},{"label":"11/20"}]}],
            "dataset":[{"seriesname":"CPI Inflation","data":[{"value":"0.25"},{"value":0.27},{"value":""}]},
                       {"seriesname":"Actual CPI Inflation","data":[{}]}]}]"#;
        let nowcasts = parse_months(body).unwrap();
        assert_eq!(nowcasts[0].newest("CPI Inflation"), Some(0.27));
        assert_eq!(nowcasts[0].newest("Actual CPI Inflation"), None);
        assert_eq!(newest(&nowcasts).unwrap().to_string(), "2026-11-20T15:00:00Z");
        assert!(parse_months(b"[]").is_err() && parse_months(b"<html>").is_err() && parse_months(b"[{}]").is_err());
    }
}
