//! Open-Meteo: forecasts of single models, ensembles with their members, and what earlier runs had said.
//!
//! The answers carry no time of their model run, so their age is asked apart, from the model's `meta.json`. Times are asked
//! as Unix seconds, and days are cut here by the station's standard time: the service's own days follow daylight time.
//!
//! Source: reference (feeds), section 1.5, 2026-11-20.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{HourValue, fahrenheit, max_within, min_within};
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{KeyPlace, Request, segment};
use crate::time::{ClimateDay, from_offset};
use crate::vendor::Vendor;

/// How long after a run became available its values may be used: two intervals of a global model.
pub const RUN_MAX_AGE: Duration = Duration::from_hours(12);
/// How long an answer may be used where the age of its run is not known.
pub const MAX_AGE: Duration = Duration::from_hours(1);

/// What to ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Variables, such as `temperature_2m`.
    pub hourly: Vec<String>,
    /// Models, such as `gfs_seamless` or `ecmwf_ifs025_ensemble`; empty for the service's choice.
    pub models: Vec<String>,
    /// How many days ahead, today included; at most 16.
    pub forecast_days: u8,
    /// How many days back.
    pub past_days: u8,
}

impl Query {
    /// The temperature at a place, a week ahead.
    pub fn temperature(latitude: f64, longitude: f64) -> Self {
        let hourly = vec!["temperature_2m".to_owned()];
        Self { latitude, longitude, hourly, models: Vec::new(), forecast_days: 7, past_days: 0 }
    }

    fn request(&self, vendor: Vendor, path: &str) -> Request {
        let models = (!self.models.is_empty()).then(|| self.models.join(","));
        // A call counts more when it has more than ten variables (members count) or more than two weeks.
        let members = if vendor == Vendor::OpenMeteoEnsemble { 51 } else { 1 };
        let variables = (self.hourly.len() * self.models.len().max(1) * members).div_ceil(10);
        let weeks = (usize::from(self.forecast_days) + usize::from(self.past_days)).div_ceil(14);
        Request::get(vendor, path)
            .with("latitude", format!("{:.4}", self.latitude))
            .with("longitude", format!("{:.4}", self.longitude))
            .with("hourly", self.hourly.join(","))
            .with_some("models", models)
            .with("temperature_unit", "fahrenheit")
            .with("timezone", "GMT")
            .with("timeformat", "unixtime")
            .with("forecast_days", self.forecast_days.min(16).to_string())
            .with("past_days", self.past_days.min(92).to_string())
            .keyed_if_any(KeyPlace::Query("apikey"))
            .costing(u32::try_from(variables.max(1) * weeks.max(1)).unwrap_or(u32::MAX))
    }

    /// Asks for forecasts.
    pub fn forecast(&self) -> Request {
        self.request(Vendor::OpenMeteo, "/v1/forecast")
    }

    /// Asks for ensembles.
    pub fn ensemble(&self) -> Request {
        self.request(Vendor::OpenMeteoEnsemble, "/v1/ensemble")
    }

    /// Asks for what runs of so many days before the valid time had said (`days` 1 to 7), for fitting errors by lead.
    pub fn previous_runs(&self, days: u8) -> Request {
        let suffix = format!("_previous_day{}", days.clamp(1, 7));
        let mut query = self.clone();
        for variable in &mut query.hourly {
            variable.push_str(&suffix);
        }
        query.request(Vendor::OpenMeteoPrevious, "/v1/forecast")
    }
}

/// Hourly columns, one per variable, member and model, as the service names them.
#[derive(Clone, Debug, PartialEq)]
pub struct Hourly {
    /// The hours.
    pub times: Vec<Timestamp>,
    columns: BTreeMap<String, Column>,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    celsius: bool,
    values: Vec<Option<f64>>,
}

impl Hourly {
    /// The names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// A column of temperatures in °F, or of any other variable in its own unit; holes are left out.
    pub fn column(&self, name: &str) -> Option<impl Iterator<Item = HourValue> + '_> {
        let column = self.columns.get(name)?;
        let convert = |value| if column.celsius { fahrenheit(value) } else { value };
        let pairs = self.times.iter().zip(&column.values);
        Some(pairs.filter_map(move |(at, value)| Some(HourValue { at: *at, value: convert((*value)?) })))
    }

    /// The columns of a variable in an ensemble: the control run, then the members in order.
    pub fn members(&self, variable: &str) -> Vec<&str> {
        let prefix = format!("{variable}_member");
        let control = self.columns.get_key_value(variable).map(|(name, _)| name.as_str());
        control.into_iter().chain(self.names().filter(|name| name.starts_with(&prefix))).collect()
    }

    /// The maximum of a column within a climate day; `None` unless all its 24 hours are there.
    pub fn day_max(&self, name: &str, day: ClimateDay) -> Option<f64> {
        max_within(self.column(name)?, day).filter(|(_, hours)| *hours >= 24).map(|(value, _)| value)
    }

    /// As [`Hourly::day_max`], the minimum.
    pub fn day_min(&self, name: &str, day: ClimateDay) -> Option<f64> {
        min_within(self.column(name)?, day).filter(|(_, hours)| *hours >= 24).map(|(value, _)| value)
    }
}

#[derive(Deserialize)]
struct Times(#[serde(deserialize_with = "json::text")] Option<String>);

/// Reads the answer of any of the three services.
///
/// # Errors
/// [`FeedError`]; the service's own words when it refuses, inside HTTP 200 too.
pub fn parse_hourly(vendor: Vendor, body: &[u8]) -> Result<Hourly, FeedError> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(default)]
        error: bool,
        utc_offset_seconds: Option<i64>,
        #[serde(default)]
        hourly_units: BTreeMap<String, String>,
        #[serde(borrow)]
        hourly: Option<BTreeMap<String, &'a RawValue>>,
    }
    let at = "hourly";
    let answer: Answer<'_> = json::parse(vendor, at, body)?;
    if answer.error {
        return Err(refused(vendor, at, body));
    }
    let mut hourly =
        answer.hourly.ok_or_else(|| FeedError::unreadable(vendor, at, "`hourly`", &String::from_utf8_lossy(body)))?;
    let raw = hourly.remove("time").ok_or_else(|| FeedError::unreadable(vendor, at, "`hourly.time`", "none"))?;
    let texts: Vec<Times> = json::parse_raw(vendor, "hourly.time", raw)?;
    let offset = answer.utc_offset_seconds.unwrap_or(0);
    let times = texts
        .iter()
        .map(|text| {
            let text = text.0.as_deref().unwrap_or_default();
            moment(text, offset).ok_or_else(|| FeedError::unreadable(vendor, "hourly.time", "seconds or a time", text))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut columns = BTreeMap::new();
    for (name, raw) in hourly {
        #[derive(Deserialize)]
        struct Values(#[serde(deserialize_with = "json::numbers")] Vec<Option<f64>>);
        let values: Values = json::parse_raw(vendor, &name, raw)?;
        if values.0.len() != times.len() {
            let found = format!("{} values", values.0.len());
            return Err(FeedError::unreadable(vendor, name, format!("{} values", times.len()), &found));
        }
        // Members are listed without units of their own.
        let base = name.split("_member").next().unwrap_or(&name);
        let unit = answer.hourly_units.get(&name).or_else(|| answer.hourly_units.get(base));
        columns.insert(name, Column { celsius: unit.is_some_and(|unit| unit == "°C"), values: values.0 });
    }
    Ok(Hourly { times, columns })
}

/// Unix seconds, or a local time at the answer's offset.
fn moment(text: &str, offset: i64) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_secs(seconds);
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    let utc = from_offset(local, 0)?;
    Timestamp::from_secs(utc.secs().checked_sub(offset)?)
}

/// The service's refusals: `{"error":true,"reason":…}`; a reason that speaks of limits is a spent quota.
fn refused(vendor: Vendor, at: &str, body: &[u8]) -> FeedError {
    let said = refusal::said(body).unwrap_or_default();
    let limit = ["limit exceeded", "Too many concurrent"].iter().any(|words| said.contains(words));
    let status = if limit { 429 } else { 400 };
    refusal::of_status(vendor, at, status, None, body)
}

/// Asks how old a model's newest run is.
pub fn model_meta(vendor: Vendor, model: &str) -> Request {
    Request::get(vendor, format!("/data/{}/static/meta.json", segment(model)))
}

/// What is known about a model's newest run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelMeta {
    /// When the run began: what the forecast's lead counts from.
    pub initialised_at: Timestamp,
    /// When it could be had: its age.
    pub available_at: Timestamp,
    /// How often there is a run.
    pub interval: Duration,
}

impl ModelMeta {
    /// Whether the next run should long be there: after one interval and 20 minutes.
    pub fn is_late(&self, now: Timestamp) -> bool {
        now > self.available_at.plus(self.interval).plus(Duration::from_mins(20))
    }
}

/// Reads the answer of [`model_meta`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_model_meta(vendor: Vendor, body: &[u8]) -> Result<ModelMeta, FeedError> {
    #[derive(Deserialize)]
    struct Found {
        #[serde(default)]
        error: bool,
        #[serde(default, deserialize_with = "json::whole")]
        last_run_initialisation_time: Option<i64>,
        #[serde(default, deserialize_with = "json::whole")]
        last_run_availability_time: Option<i64>,
        #[serde(default, deserialize_with = "json::whole")]
        update_interval_seconds: Option<i64>,
    }
    let at = "meta.json";
    let found: Found = json::parse(vendor, at, body)?;
    if found.error {
        return Err(refused(vendor, at, body));
    }
    let seconds = |name: &str, value: Option<i64>| {
        let moment = value.filter(|value| *value > 0).and_then(Timestamp::from_secs);
        moment.ok_or_else(|| FeedError::unreadable(vendor, at, format!("`{name}` in seconds"), &format!("{value:?}")))
    };
    let interval = found.update_interval_seconds.and_then(|value| u64::try_from(value).ok()).unwrap_or(21_600);
    Ok(ModelMeta {
        initialised_at: seconds("last_run_initialisation_time", found.last_run_initialisation_time)?,
        available_at: seconds("last_run_availability_time", found.last_run_availability_time)?,
        interval: Duration::from_secs(interval),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn hours_are_moments_in_both_forms_of_time() {
        let body = r#"{"utc_offset_seconds":-18000,"hourly_units":{"time":"iso8601","temperature_2m":"°C"},"hourly":{
            "time":["2026-11-21T00:00","2026-11-21T01:00"],"temperature_2m":[5,"10"],"temperature_2m_member01":[0,null]}}"#;
        let hourly = parse_hourly(Vendor::OpenMeteoEnsemble, body.as_bytes()).unwrap();
        assert_eq!(hourly.times[0].to_string(), "2026-11-21T05:00:00Z");
        let values: Vec<f64> = hourly.column("temperature_2m").unwrap().map(|hour| hour.value).collect();
        assert_eq!(values, [41.0, 50.0]);
        assert_eq!(hourly.members("temperature_2m"), ["temperature_2m", "temperature_2m_member01"]);
        assert_eq!(hourly.column("temperature_2m_member01").unwrap().count(), 1);
        let day = ClimateDay::new(civil::date(2026, 11, 21), -5).unwrap();
        assert_eq!(hourly.day_max("temperature_2m", day), None, "a day without all its hours has no maximum");
    }

    #[test]
    fn refusals_name_the_window() {
        let body = r#"{"error":true,"reason":"Daily API request limit exceeded. Please try again tomorrow."}"#;
        assert_eq!(parse_hourly(Vendor::OpenMeteo, body.as_bytes()).unwrap_err().class(), "quota");
        let body = r#"{"error":true,"reason":"Cannot initialize WeatherVariable from invalid String value x"}"#;
        assert_eq!(parse_hourly(Vendor::OpenMeteo, body.as_bytes()).unwrap_err().class(), "refused");
        let body = r#"{"hourly":{"time":[0,3600],"temperature_2m":[1]}}"#;
        assert!(parse_hourly(Vendor::OpenMeteo, body.as_bytes()).unwrap_err().to_string().contains("2 values"));
    }

    #[test]
    fn an_ensemble_costs_by_its_members() {
        let query = Query::temperature(40.78, -73.97);
        assert_eq!((query.forecast().cost, query.ensemble().cost), (1, 6));
        assert!(query.previous_runs(9).target().contains("hourly=temperature_2m_previous_day7"));
    }
}
