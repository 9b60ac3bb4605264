//! Tomorrow.io: one more member of the consensus. No time of its model run comes with it, so its age is that of the receipt.
//!
//! Its daily buckets begin at 06:00 local, so only the hours are read and days are cut here.
//!
//! Source: reference (feeds), section 1.6, 2026-11-20.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::HourValue;
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{KeyPlace, Request};
use crate::time::rfc3339;
use crate::vendor::Vendor;

/// How long an answer may be used, since its run's age is unknown.
pub const MAX_AGE: Duration = Duration::from_hours(1);

const VENDOR: Vendor = Vendor::Tomorrow;
const AT: &str = "/v4/weather/forecast";

/// Asks for the hourly forecast at a place, in °F.
pub fn forecast(latitude: f64, longitude: f64) -> Request {
    Request::get(VENDOR, AT)
        .with("location", format!("{latitude:.4},{longitude:.4}"))
        .with("timesteps", "1h")
        .with("units", "imperial")
        .keyed(KeyPlace::Header("apikey", ""))
}

#[derive(Deserialize)]
struct Values {
    #[serde(default, deserialize_with = "json::number")]
    temperature: Option<f64>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(alias = "startTime")]
    time: String,
    values: Values,
}

#[derive(Deserialize)]
struct Timeline {
    timestep: Option<String>,
    #[serde(default)]
    intervals: Vec<Step>,
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    hourly: Vec<Step>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default, deserialize_with = "json::whole")]
    code: Option<i64>,
    /// A list of `/timelines`, an object of `/weather/forecast`.
    #[serde(borrow)]
    timelines: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<Box<Answer<'a>>>,
}

/// Reads the answer of [`forecast`], or of the service's `/timelines`: temperatures in °F.
///
/// # Errors
/// [`FeedError`]; the service's codes (429001, 401001, 400001) inside any status.
pub fn parse_forecast(body: &[u8]) -> Result<Vec<HourValue>, FeedError> {
    let answer: Answer<'_> = json::parse(VENDOR, AT, body)?;
    if let Some(code) = answer.code {
        // The first three digits are the status that it stands for.
        let status = u16::try_from(code / 1_000).ok().filter(|status| (400..600).contains(status)).unwrap_or(400);
        return Err(refusal::of_status(VENDOR, AT, status, None, body));
    }
    let timelines = answer.timelines.or_else(|| answer.data.and_then(|data| data.timelines));
    let Some(raw) = timelines else {
        return Err(FeedError::unreadable(VENDOR, AT, "`timelines`", &String::from_utf8_lossy(body)));
    };
    let steps = if json::first(raw.get().as_bytes()) == Some(b'[') {
        let list: Vec<Timeline> = json::parse_raw(VENDOR, "timelines", raw)?;
        let hourly = list.into_iter().find(|timeline| timeline.timestep.as_deref() == Some("1h"));
        hourly.map(|timeline| timeline.intervals).unwrap_or_default()
    } else {
        json::parse_raw::<Named>(VENDOR, "timelines", raw)?.hourly
    };
    let mut out = Vec::with_capacity(steps.len());
    for step in steps {
        let at = rfc3339(&step.time).ok_or_else(|| FeedError::unreadable(VENDOR, AT, "a time", &step.time))?;
        if let Some(value) = step.values.temperature {
            out.push(HourValue { at, value });
        }
    }
    // An empty list would be read as "no hour is warm".
    if out.is_empty() { Err(FeedError::no_data(VENDOR, AT, "no hourly temperature")) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_and_codes_are_read() {
        let forecast = r#"{"timelines":{"hourly":[{"time":"2026-11-20T17:00:00Z","values":{"temperature":51.3}}]}}"#;
        let timelines = r#"{"data":{"timelines":[{"timestep":"1d","intervals":[]},{"timestep":"1h","intervals":[
            {"startTime":"2026-11-20T17:00:00Z","values":{"temperature":51.3}}]}]}}"#;
        for body in [forecast, timelines] {
            assert!((parse_forecast(body.as_bytes()).unwrap()[0].value - 51.3).abs() < 1e-9);
        }
        for (body, class) in [
            (r#"{"code":429001,"type":"Too Many Calls","message":"limit"}"#, "quota"),
            (r#"{"code":401001,"type":"Invalid Auth","message":"key"}"#, "auth"),
            (r#"{"code":400001,"message":"body"}"#, "refused"),
            (r#"{"timelines":{"hourly":[]}}"#, "no data"),
            (r"{}", "unreadable"),
        ] {
            assert_eq!(parse_forecast(body.as_bytes()).unwrap_err().class(), class, "{body}");
        }
    }
}
