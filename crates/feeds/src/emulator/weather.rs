//! The weather vendors, all of one generated weather: the report's maximum is what the observations led up to.

use std::time::Duration;

use brier_types::Timestamp;
use jiff::civil;
use serde_json::{Map, Value, json};

use super::day::{Day, station, tenths};
use super::{Call, Reply};
use crate::settlement::Station;
use crate::time::{ClimateDay, date_at, to_jiff};
use crate::vendor::Vendor;
use crate::weather::{fahrenheit, whole_fahrenheit};

pub(super) fn answer(vendor: Vendor, day: &Day, call: &Call) -> Reply {
    match vendor {
        Vendor::Nws => nws(day, call),
        Vendor::Metar => metar(day, call),
        Vendor::Tomorrow => tomorrow(day),
        _ if call.path.ends_with("/meta.json") => meta(day),
        _ => open_meteo(vendor, day, call),
    }
}

fn problem(status: u16, title: &str, detail: &str) -> Reply {
    let kind = format!("urn:noaa:nws:api:{}", title.replace(' ', ""));
    let body = json!({ "type": kind, "title": title, "status": status, "detail": detail, "correlationId": "7f" });
    Reply::json(&body).with_status(status)
}

/// The parameters that the service knows; it refuses all others.
const KNOWN: [&str; 4] = ["units", "start", "end", "limit"];

fn nws(day: &Day, call: &Call) -> Reply {
    if call.headers.get("user-agent").is_none_or(String::is_empty) {
        return problem(403, "Forbidden", "a user agent is required");
    }
    if let Some(name) = call.query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return problem(400, "Bad Request", &format!("Query parameter \"{name}\" is not recognized"));
    }
    let modified = to_jiff(day.hour()).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if call.headers.get("if-modified-since") == Some(&modified) {
        return Reply::text(304, "").with("last-modified", modified);
    }
    let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    let reply = match parts[..] {
        ["points", place] => {
            let decimals = |text: &str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            if place.split(',').any(|part| decimals(part) > 4) {
                // The service sends such a caller on to the rounded point.
                let four =
                    |text: &str| text.parse::<f64>().map_or_else(|_| text.to_owned(), |value| format!("{value:.4}"));
                let rounded: Vec<String> = place.split(',').map(four).collect();
                return Reply::text(301, "").with("location", rounded.join(","));
            }
            json!({ "properties": { "gridId": "OKX", "gridX": 34, "gridY": 38, "cwa": "OKX", "timeZone": "America/New_York" } })
        }
        ["gridpoints", _, _] => grid(day),
        ["gridpoints", _, _, "forecast"] | ["gridpoints", _, _, "forecast", "hourly"] => forecast(day),
        ["stations", name, "observations", "latest"] => observation(day, station(name), latest_at(day)),
        ["stations", name, "observations"] => {
            let count = call.number("limit").unwrap_or(24).clamp(1, 48);
            let made = (0..count).map(|hour| latest_at(day).minus(Duration::from_hours(hour as u64)));
            json!({ "type": "FeatureCollection", "features": made.map(|at| observation(day, station(name), at)).collect::<Vec<_>>() })
        }
        ["products", "types", "CLI", "locations", report] => reports(day, report),
        ["products", id] => match product(day, id) {
            Some(value) => value,
            None => return problem(404, "Not Found", "no such product"),
        },
        _ => return problem(404, "Not Found", "'/' is not a valid endpoint"),
    };
    Reply::json(&reply).with("last-modified", modified)
}

fn grid(day: &Day) -> Value {
    let place = station("NYC");
    let mut temperature: Vec<Value> = Vec::new();
    let mut last: Option<(String, i64, u64)> = None;
    // Equal hours are merged, as the service does.
    for at in day.hours(0, 72) {
        let value = day.temperature(&place.icao, place.standard_hours, at) / 5 * 5;
        match &mut last {
            Some((_, merged, hours)) if *merged == value => *hours += 1,
            _ => {
                if let Some((start, value, hours)) = last.take() {
                    temperature.push(json!({ "validTime": format!("{start}/PT{hours}H"), "value": tenths(value) }));
                }
                last = Some((at.to_string(), value, 1));
            }
        }
    }
    temperature
        .push(json!({ "validTime": format!("{}/PT6H", day.hour().plus(Duration::from_hours(80))), "value": null }));
    let span = |hours: u64, length: u64| format!("{}/PT{length}H", day.hour().plus(Duration::from_hours(hours)));
    json!({ "properties": {
        "updateTime": day.hour().to_string(), "validTimes": format!("{}/P7DT16H", day.hour()),
        "temperature": { "uom": "wmoUnit:degC", "values": temperature },
        "maxTemperature": { "uom": "wmoUnit:degC", "values": [{ "validTime": span(4, 13), "value": 11.1 }, { "validTime": span(28, 13), "value": 8.9 }] },
        "minTemperature": { "uom": "wmoUnit:degC", "values": [{ "validTime": span(15, 14), "value": 2.2 }] },
        "probabilityOfPrecipitation": { "uom": "wmoUnit:percent", "values": [{ "validTime": span(0, 24), "value": 10 }] },
        "quantitativePrecipitation": { "uom": "wmoUnit:mm", "values": [{ "validTime": span(0, 6), "value": 0 }] },
    } })
}

fn forecast(day: &Day) -> Value {
    let place = station("NYC");
    let periods: Vec<Value> = day
        .hours(0, 96)
        .enumerate()
        .map(|(number, at)| {
            let warm = fahrenheit(tenths(day.temperature(&place.icao, place.standard_hours, at))).round();
            json!({ "number": number + 1, "name": "", "startTime": at.to_string(),
                "endTime": at.plus(Duration::from_hours(1)).to_string(), "isDaytime": true, "temperature": warm as i64,
                "temperatureUnit": "F", "probabilityOfPrecipitation": { "unitCode": "wmoUnit:percent", "value": 5 },
                "windSpeed": "8 mph", "shortForecast": "Sunny" })
        })
        .collect();
    // The page is new whatever the age of the forecast.
    json!({ "properties": { "units": "us", "updateTime": day.hour().to_string(), "generatedAt": day.now.to_string(),
        "validTimes": format!("{}/P7DT16H", day.hour()), "periods": periods } })
}

/// Observations are made at 51 minutes past.
fn latest_at(day: &Day) -> Timestamp {
    let at = day.hour().plus(Duration::from_mins(51));
    if at > day.data { at.minus(Duration::from_hours(1)) } else { at }
}

fn observation(day: &Day, place: &Station, at: Timestamp) -> Value {
    let value = day.temperature(&place.icao, place.standard_hours, at);
    let quantity = |value: Value| json!({ "unitCode": "wmoUnit:degC", "value": value, "qualityControl": "V" });
    json!({ "properties": { "station": format!("https://api.weather.gov/stations/{}", place.icao),
        "timestamp": at.to_string(), "rawMessage": raw(day, place, at), "temperature": quantity(json!(tenths(value))),
        "maxTemperatureLast24Hours": quantity(Value::Null), "minTemperatureLast24Hours": quantity(Value::Null) } })
}

/// `0106` or `1028`: a sign and tenths.
fn group(tenths: i64) -> String {
    format!("{}{:03}", i32::from(tenths < 0), tenths.abs())
}

fn raw(day: &Day, place: &Station, at: Timestamp) -> String {
    let value = day.temperature(&place.icao, place.standard_hours, at);
    let whole = |value: i64| format!("{}{:02}", if value < 0 { "M" } else { "" }, (value.abs() + 5) / 10);
    let clock = to_jiff(at).strftime("%d%H%MZ");
    let dew = value - 60;
    let mut text = format!(
        "METAR {} {clock} AUTO 30005KT 10SM CLR {}/{} A3016 RMK AO2 SLP207 T{}{}",
        place.icao,
        whole(value),
        whole(dew),
        group(value),
        group(dew)
    );
    // The extremes of six hours stand in the reports before 00, 06, 12 and 18 UTC.
    if (at.secs().div_euclid(3_600) + 1).rem_euclid(6) == 0 {
        let hours = (0..360)
            .map(|minute| day.temperature(&place.icao, place.standard_hours, at.minus(Duration::from_mins(minute))));
        let (low, high) = hours.fold((i64::MAX, i64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let groups = [" 1", &group(high), " 2", &group(low)].concat();
        text.push_str(&groups);
    }
    text
}

fn metar(day: &Day, call: &Call) -> Reply {
    let hours = call.number("hours").unwrap_or(1).clamp(1, 48);
    let mut rows = Vec::new();
    for name in call.param("ids").split(',').filter(|name| !name.is_empty()) {
        let place = station(name);
        if place.icao != name {
            continue;
        }
        for hour in 0..hours {
            let at = latest_at(day).minus(Duration::from_hours(hour as u64));
            let value = day.temperature(&place.icao, place.standard_hours, at);
            rows.push(json!({ "icaoId": name, "obsTime": at.secs(), "reportTime": at.to_string(), "metarType": "METAR",
                "temp": tenths(value), "dewp": tenths(value - 60), "wdir": 300, "wspd": 5, "visib": "10+", "altim": 1021.3,
                "rawOb": raw(day, place, at), "lat": place.latitude, "lon": place.longitude, "fltCat": "VFR" }));
        }
    }
    if rows.is_empty() { Reply::text(204, "") } else { Reply::json(&Value::Array(rows)) }
}

/// The extremes of a climate day in tenths of °C, minute by minute: a station looks oftener than METAR does.
fn extremes(day: &Day, place: &Station, date: civil::Date) -> Option<(i64, i64)> {
    let climate = ClimateDay::new(date, place.standard_hours)?;
    let minutes = (0..144).map(|ten| climate.start.plus(Duration::from_mins(ten * 10)));
    let values = minutes.map(|at| day.temperature(&place.icao, place.standard_hours, at));
    Some(values.fold((i64::MAX, i64::MIN), |(low, high), value| (low.min(value), high.max(value))))
}

/// A report's id tells all: `NYC-2026-11-19-final`.
fn reports(day: &Day, report: &str) -> Value {
    let place = station(report);
    let today = date_at(day.data, place.standard_hours);
    let mut rows = Vec::new();
    for back in 0..4_i64 {
        let Some(date) = jiff::Span::new().try_days(-back).ok().and_then(|span| today.checked_add(span).ok()) else {
            continue;
        };
        let Some(climate) = ClimateDay::new(date, place.standard_hours) else { continue };
        for (kind, issued) in [
            ("preliminary", climate.start.plus(Duration::from_mins(16 * 60 + 40))),
            ("final", climate.end.plus(Duration::from_mins(77))),
        ] {
            if issued <= day.data {
                rows.push(json!({ "id": format!("{report}-{date}-{kind}"), "issuingOffice": format!("K{}", place.office),
                    "issuanceTime": issued.to_string(), "productCode": "CLI", "productName": "Climatological Report (Daily)" }));
            }
        }
    }
    // The list is in no order that can be relied on.
    json!({ "@graph": rows })
}

fn product(day: &Day, id: &str) -> Option<Value> {
    let (report, rest) = id.split_once('-')?;
    let (date, kind) = rest.rsplit_once('-')?;
    let (place, date) = (station(report), date.parse::<civil::Date>().ok()?);
    let climate = ClimateDay::new(date, place.standard_hours)?;
    let preliminary = kind == "preliminary";
    let issued = if preliminary {
        climate.start.plus(Duration::from_mins(16 * 60 + 40))
    } else {
        climate.end.plus(Duration::from_mins(77))
    };
    let (low, high) = extremes(day, place, date)?;
    let (low, high) = (whole_fahrenheit(low as i16), whole_fahrenheit(high as i16));
    let month = date.strftime("%B").to_string().to_uppercase();
    let row = if preliminary { "TODAY" } else { "YESTERDAY" };
    let as_of = if preliminary { "VALID TODAY AS OF 0400 PM LOCAL TIME.\n" } else { "" };
    let text = format!(
        "000\nCDUS41 K{office} {stamp}\nCLI{report}\n\nCLIMATE REPORT\nNATIONAL WEATHER SERVICE {office}\n\n...THE {name} CLIMATE \
         SUMMARY FOR {month} {day_number} {year}...\n{as_of}\nWEATHER ITEM   OBSERVED TIME   RECORD YEAR NORMAL DEPARTURE LAST\n\
         TEMPERATURE (F)\n {row}\n  MAXIMUM         {high}    315 PM  94    1928  53     -1       50\n  MINIMUM         {low}    \
         640 AM  17    1936  41     -2       42\n\nPRECIPITATION (IN)\n  {row}        0.00          2.05 1972   0.13  -0.13     T\n\n\
         SNOWFALL (IN)\n  {row}        0.0\n\nDEGREE DAYS\n HEATING\n",
        office = place.office,
        stamp = to_jiff(issued).strftime("%d%H%M"),
        name = place.name.to_uppercase().replace(',', ""),
        day_number = date.day(),
        year = date.year(),
    );
    Some(json!({ "id": id, "issuanceTime": issued.to_string(), "productCode": "CLI", "productText": text }))
}

fn open_meteo(vendor: Vendor, day: &Day, call: &Call) -> Reply {
    let refuse = |reason: &str| Reply::json(&json!({ "error": true, "reason": reason })).with_status(400);
    let unix = call.param("timeformat") == "unixtime";
    if call.param("latitude").is_empty() || call.param("hourly").is_empty() {
        return refuse("Parameter 'latitude' and 'longitude' must have the same number of elements");
    }
    let days = call.number("forecast_days").unwrap_or(7).clamp(1, 16) as u64;
    let midnight = day.hour().minus(Duration::from_secs(day.hour().secs().rem_euclid(86_400) as u64));
    let hours: Vec<Timestamp> = (0..days * 24).map(|hour| midnight.plus(Duration::from_hours(hour))).collect();
    let times: Vec<Value> = hours
        .iter()
        .map(|at| if unix { json!(at.secs()) } else { json!(to_jiff(*at).strftime("%Y-%m-%dT%H:%M").to_string()) })
        .collect();
    let (mut columns, mut units) = (Map::new(), Map::new());
    columns.insert("time".to_owned(), Value::Array(times));
    units.insert("time".to_owned(), json!(if unix { "unixtime" } else { "iso8601" }));
    for variable in call.param("hourly").split(',') {
        if !variable.starts_with("temperature_2m") {
            return refuse(&format!(
                "Cannot initialize WeatherVariable from invalid String value {variable} for key hourly"
            ));
        }
        let members = if vendor == Vendor::OpenMeteoEnsemble { 31 } else { 1 };
        for member in 0..members {
            let name = if member == 0 { variable.to_owned() } else { format!("{variable}_member{member:02}") };
            let shift = if member == 0 { 0 } else { day.dice(&name, day.hour().secs(), 40) - 20 };
            let value = |at: &Timestamp| {
                json!((fahrenheit(tenths(day.temperature("KNYC", -5, *at) + shift)) * 10.0).round() / 10.0)
            };
            let mut values: Vec<Value> = hours.iter().map(value).collect();
            // Members end at different hours.
            if member == 2
                && let Some(last) = values.last_mut()
            {
                *last = Value::Null;
            }
            columns.insert(name.clone(), Value::Array(values));
            units.insert(name, json!("°F"));
        }
    }
    Reply::json(&json!({ "latitude": 40.78, "longitude": -73.97, "generationtime_ms": 0.41, "utc_offset_seconds": 0,
        "timezone": "GMT", "timezone_abbreviation": "GMT", "elevation": 42.0, "hourly_units": units, "hourly": columns }))
}

fn meta(day: &Day) -> Reply {
    let begun = day.data.secs().div_euclid(21_600) * 21_600 - 21_600;
    Reply::json(&json!({ "last_run_initialisation_time": begun, "last_run_modification_time": begun + 17_900,
        "last_run_availability_time": begun + 18_000, "update_interval_seconds": 21_600, "temporal_resolution_seconds": 3_600,
        "data_end_time": begun + 1_382_400 }))
}

fn tomorrow(day: &Day) -> Reply {
    let hours = day.hours(0, 120).map(|at| {
        let warm = fahrenheit(tenths(day.temperature("KNYC", -5, at)));
        json!({ "time": at.to_string(), "values": { "temperature": (warm * 10.0).round() / 10.0, "weatherCode": 1000 } })
    });
    let hourly: Vec<Value> = hours.collect();
    Reply::json(&json!({ "timelines": { "hourly": hourly, "daily": [] }, "location": { "lat": 40.78, "lon": -73.97 } }))
}
