//! api.weather.gov: points, the forecast grid, hourly forecasts, observations, and the list of climate reports.
//!
//! No key; a user agent with a contact is wanted. Unknown parameters are refused, so nothing is ever added to get past a
//! cache; `If-Modified-Since` is the way. The age of a forecast is `updateTime`, when the office last changed it, and never
//! `generatedAt`, which is when the page was made.
//!
//! Source: reference (feeds), section 1.1, 2026-11-20.

mod products;
#[cfg(test)]
mod tests;

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

pub use self::products::{Product, ProductRef, climate_reports, parse_product, parse_products, product};
use super::{HourValue, fahrenheit, max_within};
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{Request, segment};
use crate::time::{ClimateDay, iso_duration, rfc3339};
use crate::vendor::Vendor;

/// How old a forecast may be.
pub const FORECAST_MAX_AGE: Duration = Duration::from_hours(3);
/// How old an observation may be.
pub const OBSERVATION_MAX_AGE: Duration = Duration::from_mins(75);
/// How long a point's grid may be believed: offices draw their grids anew.
pub const POINT_MAX_AGE: Duration = Duration::from_hours(7 * 24);

const VENDOR: Vendor = Vendor::Nws;
/// Most hours that one interval of a grid may cover: a forecast is seven days long.
const MAX_INTERVAL_HOURS: u64 = 14 * 24;

/// Asks which grid a point belongs to. More than four decimals are refused by the service, so they are rounded here.
pub fn point(latitude: f64, longitude: f64) -> Request {
    let four = |value: f64| {
        let text = format!("{value:.4}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    Request::get(VENDOR, format!("/points/{},{}", four(latitude), four(longitude))).conditional()
}

/// A cell of an office's grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The office, such as `OKX`.
    pub office: String,
    /// Column.
    pub x: i64,
    /// Row.
    pub y: i64,
}

/// What the service says about a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its cell.
    pub cell: Cell,
    /// Its zone by name.
    pub time_zone: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    properties: Option<T>,
}

/// Reads the properties of an answer; a problem document inside HTTP 200 is told as one.
fn properties<T: for<'de> Deserialize<'de>>(at: &str, body: &[u8]) -> Result<T, FeedError> {
    let envelope: Envelope<T> = json::parse(VENDOR, at, body)?;
    envelope.properties.ok_or_else(|| problem(at, body))
}

#[derive(Deserialize)]
struct ProblemDocument {
    #[serde(default, deserialize_with = "json::whole")]
    status: Option<i64>,
}

fn problem(at: &str, body: &[u8]) -> FeedError {
    let status = json::parse::<ProblemDocument>(VENDOR, at, body).ok().and_then(|problem| problem.status);
    match status.and_then(|status| u16::try_from(status).ok()).filter(|status| *status >= 400) {
        Some(status) => refusal::of_status(VENDOR, at, status, None, body),
        None => FeedError::unreadable(VENDOR, at, "`properties`", &String::from_utf8_lossy(body)),
    }
}

fn moment(at: &str, text: Option<&str>) -> Result<Timestamp, FeedError> {
    let text = text.unwrap_or_default();
    rfc3339(text).ok_or_else(|| FeedError::unreadable(VENDOR, at, "a time with its zone", text))
}

/// Reads the answer of [`point`].
///
/// # Errors
/// [`FeedError`]; `no data` for points outside the country.
pub fn parse_point(body: &[u8]) -> Result<Point, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Properties {
        grid_id: Option<String>,
        #[serde(default, deserialize_with = "json::whole")]
        grid_x: Option<i64>,
        #[serde(default, deserialize_with = "json::whole")]
        grid_y: Option<i64>,
        time_zone: Option<String>,
    }
    let found: Properties = properties("/points", body)?;
    match (found.grid_id, found.grid_x, found.grid_y) {
        (Some(office), Some(x), Some(y)) if !office.is_empty() => {
            Ok(Point { cell: Cell { office, x, y }, time_zone: found.time_zone })
        }
        _ => Err(FeedError::unreadable(VENDOR, "/points", "gridId, gridX and gridY", &String::from_utf8_lossy(body))),
    }
}

/// Asks for a cell's raw layers.
pub fn grid(cell: &Cell) -> Request {
    Request::get(VENDOR, format!("/gridpoints/{}/{},{}", segment(&cell.office), cell.x, cell.y)).conditional()
}

/// Asks for a cell's hourly forecast, in degrees Fahrenheit.
pub fn hourly(cell: &Cell) -> Request {
    let path = format!("/gridpoints/{}/{},{}/forecast/hourly", segment(&cell.office), cell.x, cell.y);
    Request::get(VENDOR, path).with("units", "us").conditional()
}

/// Asks for a cell's forecast by half days, in degrees Fahrenheit.
pub fn forecast(cell: &Cell) -> Request {
    let path = format!("/gridpoints/{}/{},{}/forecast", segment(&cell.office), cell.x, cell.y);
    Request::get(VENDOR, path).with("units", "us").conditional()
}

/// One value of a layer over its interval. Equal hours are merged by the service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its beginning.
    pub start: Timestamp,
    /// How long it is.
    pub length: Duration,
    /// The value; `None` where the layer has a hole.
    pub value: Option<f64>,
}

/// The raw layers of a cell that matter here. Temperatures in °C, chances in percent, precipitation in mm.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// When the office last changed it: its age.
    pub updated_at: Timestamp,
    /// Air temperature.
    pub temperature: Vec<Interval>,
    /// Maximum of the *daytime*, about 07:00 to 19:00: not of the climate day.
    pub max_temperature: Vec<Interval>,
    /// Minimum of the night.
    pub min_temperature: Vec<Interval>,
    /// Chance of precipitation.
    pub precipitation_chance: Vec<Interval>,
    /// Amount of precipitation.
    pub precipitation: Vec<Interval>,
}

#[derive(Default, Deserialize)]
struct Layer {
    uom: Option<String>,
    #[serde(default)]
    values: Vec<LayerValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayerValue {
    valid_time: String,
    #[serde(default, deserialize_with = "json::number")]
    value: Option<f64>,
}

impl Layer {
    fn read(self, at: &str) -> Result<Vec<Interval>, FeedError> {
        let factor: fn(f64) -> f64 = match self.uom.as_deref().map(|uom| uom.rsplit(':').next().unwrap_or(uom)) {
            Some("degF") => |value| (value - 32.0) * 5.0 / 9.0,
            Some("degC" | "percent" | "mm" | "m") | None => |value| value,
            Some(other) => return Err(FeedError::unreadable(VENDOR, at, "a known unit", other)),
        };
        let read = |value: LayerValue| {
            let (start, length) = value.valid_time.split_once('/').unzip();
            let (start, length) = (start.and_then(rfc3339), length.and_then(iso_duration));
            let (Some(start), Some(length)) = (start, length) else {
                return Err(FeedError::unreadable(VENDOR, at, "a time and a duration", &value.valid_time));
            };
            Ok(Interval { start, length, value: value.value.map(factor) })
        };
        self.values.into_iter().map(read).collect()
    }
}

/// Reads the answer of [`grid`].
///
/// # Errors
/// [`FeedError`]. A layer that is absent is empty, not an error.
pub fn parse_grid(body: &[u8]) -> Result<Grid, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Properties {
        update_time: Option<String>,
        temperature: Option<Layer>,
        max_temperature: Option<Layer>,
        min_temperature: Option<Layer>,
        probability_of_precipitation: Option<Layer>,
        quantitative_precipitation: Option<Layer>,
    }
    let found: Properties = properties("/gridpoints", body)?;
    let layer = |layer: Option<Layer>, at: &str| layer.unwrap_or_default().read(at);
    Ok(Grid {
        updated_at: moment("/gridpoints properties.updateTime", found.update_time.as_deref())?,
        temperature: layer(found.temperature, "/gridpoints temperature")?,
        max_temperature: layer(found.max_temperature, "/gridpoints maxTemperature")?,
        min_temperature: layer(found.min_temperature, "/gridpoints minTemperature")?,
        precipitation_chance: layer(found.probability_of_precipitation, "/gridpoints probabilityOfPrecipitation")?,
        precipitation: layer(found.quantitative_precipitation, "/gridpoints quantitativePrecipitation")?,
    })
}

/// The merged hours of a layer, one by one.
pub fn expand(intervals: &[Interval]) -> Vec<HourValue> {
    let mut out = Vec::new();
    for interval in intervals {
        let Some(value) = interval.value else { continue };
        let hours = (interval.length.as_secs() / 3_600).clamp(1, MAX_INTERVAL_HOURS);
        out.extend((0..hours).map(|hour| HourValue { at: interval.start.plus(Duration::from_hours(hour)), value }));
    }
    out
}

/// One hour or half day of a forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    /// Its beginning.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// Temperature in °F.
    pub temperature: Option<f64>,
    /// Chance of precipitation in percent.
    pub precipitation_chance: Option<f64>,
}

/// A forecast by periods.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// When the office last changed it: its age.
    pub updated_at: Timestamp,
    /// When the page was made, which says nothing about its age.
    pub generated_at: Option<Timestamp>,
    /// The periods in order.
    pub periods: Vec<Period>,
}

impl Forecast {
    /// The temperatures in °F at the beginnings of the periods.
    pub fn temperatures(&self) -> impl Iterator<Item = HourValue> {
        self.periods.iter().filter_map(|period| Some(HourValue { at: period.start, value: period.temperature? }))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrQuantity {
    Quantity(Quantity),
    Number(f64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Quantity {
    value: Option<f64>,
    unit_code: Option<String>,
    quality_control: Option<String>,
}

impl Quantity {
    /// In °C.
    fn celsius(&self) -> Option<f64> {
        let value = self.value.filter(|value| value.is_finite())?;
        let unit = self.unit_code.as_deref().unwrap_or("wmoUnit:degC");
        Some(if unit.ends_with("degF") { (value - 32.0) * 5.0 / 9.0 } else { value })
    }
}

/// Reads the answer of [`hourly`] or [`forecast`], with temperatures as numbers or as quantities.
///
/// # Errors
/// [`FeedError`].
pub fn parse_forecast(body: &[u8]) -> Result<Forecast, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        start_time: String,
        end_time: String,
        temperature: Option<NumberOrQuantity>,
        temperature_unit: Option<String>,
        probability_of_precipitation: Option<Quantity>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Properties {
        update_time: Option<String>,
        generated_at: Option<String>,
        #[serde(default)]
        periods: Vec<Row>,
    }
    let at = "/gridpoints/forecast";
    let found: Properties = properties(at, body)?;
    let read = |row: Row| {
        let temperature = match row.temperature {
            Some(NumberOrQuantity::Quantity(quantity)) => quantity.celsius().map(fahrenheit),
            Some(NumberOrQuantity::Number(value)) if value.is_finite() => {
                Some(if row.temperature_unit.as_deref() == Some("C") { fahrenheit(value) } else { value })
            }
            Some(NumberOrQuantity::Number(_)) | None => None,
        };
        Ok(Period {
            start: moment("/gridpoints/forecast startTime", Some(&row.start_time))?,
            end: moment("/gridpoints/forecast endTime", Some(&row.end_time))?,
            temperature,
            precipitation_chance: row.probability_of_precipitation.and_then(|chance| chance.value),
        })
    };
    Ok(Forecast {
        updated_at: moment("/gridpoints/forecast properties.updateTime", found.update_time.as_deref())?,
        generated_at: found.generated_at.as_deref().and_then(rfc3339),
        periods: found.periods.into_iter().map(read).collect::<Result<_, _>>()?,
    })
}

/// The maximum that is forecast for a climate day, in °F, and how many of its hours have a forecast.
///
/// The grid's own maximum covers the daytime only, and after a cold front the day's maximum can be at midnight; so it is the
/// larger of the hours' and of those daytime maxima whose middle is in the day. What the day has had already is not in it:
/// the caller takes the larger of this and the observed.
///
/// Source: reference (feeds), section 1.1 (trap), 2026-11-20.
pub fn day_max(forecast: &Forecast, grid: &Grid, day: ClimateDay) -> Option<(f64, usize)> {
    let (hourly, hours) = max_within(forecast.temperatures(), day)?;
    let middle = |interval: &&Interval| day.contains(interval.start.plus(interval.length / 2));
    let daytime = grid.max_temperature.iter().filter(middle).filter_map(|interval| interval.value.map(fahrenheit));
    Some((daytime.fold(hourly, f64::max), hours))
}

/// Asks for a station's newest observation.
pub fn latest_observation(station: &str) -> Request {
    Request::get(VENDOR, format!("/stations/{}/observations/latest", segment(station))).conditional()
}

/// Asks for a station's observations since a moment; the service gives 500 at most.
pub fn observations(station: &str, since: Timestamp, limit: u16) -> Request {
    Request::get(VENDOR, format!("/stations/{}/observations", segment(station)))
        .with("start", since.to_string())
        .with("limit", limit.clamp(1, 500).to_string())
        .conditional()
}

/// One observation. Temperatures in °C; what quality control doubts is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// When it was made: its age.
    pub observed_at: Timestamp,
    /// Air temperature.
    pub temperature: Option<f64>,
    /// Maximum of the last 24 hours.
    pub max_24_hours: Option<f64>,
    /// Minimum of the last 24 hours.
    pub min_24_hours: Option<f64>,
    /// The report as it was sent, which has tenths where the number above may not.
    pub raw: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObservationProperties {
    timestamp: Option<String>,
    raw_message: Option<String>,
    temperature: Option<Quantity>,
    max_temperature_last24_hours: Option<Quantity>,
    min_temperature_last24_hours: Option<Quantity>,
}

impl ObservationProperties {
    fn read(self) -> Result<Observation, FeedError> {
        // V verified, C coarse pass, S screened, G good; Z is not yet looked at. B, Q, X and T are doubted or rejected.
        let good = |quantity: &Quantity| {
            matches!(quantity.quality_control.as_deref(), None | Some("V" | "C" | "S" | "G" | "Z"))
        };
        let value = |quantity: Option<Quantity>| quantity.filter(good).and_then(|quantity| quantity.celsius());
        Ok(Observation {
            observed_at: moment("/observations properties.timestamp", self.timestamp.as_deref())?,
            temperature: value(self.temperature),
            max_24_hours: value(self.max_temperature_last24_hours),
            min_24_hours: value(self.min_temperature_last24_hours),
            raw: self.raw_message.filter(|raw| !raw.is_empty()),
        })
    }
}

/// Reads the answer of [`latest_observation`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_observation(body: &[u8]) -> Result<Observation, FeedError> {
    properties::<ObservationProperties>("/observations/latest", body)?.read()
}

/// Reads the answer of [`observations`], oldest first.
///
/// # Errors
/// [`FeedError`].
pub fn parse_observations(body: &[u8]) -> Result<Vec<Observation>, FeedError> {
    #[derive(Deserialize)]
    struct Feature {
        properties: ObservationProperties,
    }
    #[derive(Deserialize)]
    struct Collection {
        features: Option<Vec<Feature>>,
    }
    let found: Collection = json::parse(VENDOR, "/observations", body)?;
    let features = found.features.ok_or_else(|| problem("/observations", body))?;
    let mut out: Vec<Observation> =
        features.into_iter().map(|feature| feature.properties.read()).collect::<Result<_, _>>()?;
    out.sort_by_key(|observation| observation.observed_at);
    out.dedup_by_key(|observation| observation.observed_at);
    Ok(out)
}
