//! METAR by aviationweather.gov: hourly and special observations with tenths of a degree.
//!
//! An observation bounds the climate report from below and no more: the report takes the station's own two-minute means and
//! often exceeds every METAR. The body has whole °C; the remarks have tenths (`T01060022`), the extremes of six hours
//! (`1sTTT`, `2sTTT`) and of the day (`4sTTTsTTT`).
//!
//! Source: reference (feeds), section 1.4, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

use super::whole_fahrenheit;
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::Request;
use crate::time::{ClimateDay, rfc3339};
use crate::vendor::Vendor;

/// How old an observation may be: one hour, and time to arrive.
pub const MAX_AGE: Duration = Duration::from_mins(75);

/// How far whole degrees may be from what was measured, in tenths: a bound must not say more than is known.
const COARSE: i16 = 5;
const VENDOR: Vendor = Vendor::Metar;
const AT: &str = "/api/data/metar";

/// Asks for the reports of stations (`KNYC`) of the last hours; about 400 rows come at most.
pub fn metars(stations: &[&str], hours: u16) -> Request {
    Request::get(VENDOR, AT)
        .with("ids", stations.join(","))
        .with("format", "json")
        .with("hours", hours.clamp(1, 360).to_string())
}

/// One report. Temperatures in tenths of °C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metar {
    /// The station.
    pub station: String,
    /// When it was observed: its age.
    pub observed_at: Timestamp,
    /// Whether it is a special report between the hours.
    pub special: bool,
    /// Temperature with tenths, from the remarks.
    pub exact: Option<i16>,
    /// Temperature of the body: whole degrees only.
    pub coarse: Option<i16>,
    /// Maximum of the last six hours.
    pub max_6_hours: Option<i16>,
    /// Minimum of the last six hours.
    pub min_6_hours: Option<i16>,
    /// Maximum of the day, reported at local standard midnight.
    pub max_24_hours: Option<i16>,
    /// Minimum of the day.
    pub min_24_hours: Option<i16>,
}

impl Metar {
    /// The best temperature it has, in tenths of °C.
    pub const fn temperature(&self) -> Option<i16> {
        match self.exact {
            Some(exact) => Some(exact),
            None => self.coarse,
        }
    }

    /// The whole °F that its temperature most likely prints as; only where it has tenths, since whole °C can be a degree off.
    pub fn likely_fahrenheit(&self) -> Option<i16> {
        self.exact.map(whole_fahrenheit)
    }
}

/// Temperatures of the remarks, in tenths of °C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Remarks {
    exact: Option<i16>,
    max_6_hours: Option<i16>,
    min_6_hours: Option<i16>,
    day: Option<(i16, i16)>,
}

/// `sTTT`: a sign (0 or 1) and tenths.
fn signed(group: &str) -> Option<i16> {
    let (sign, digits) = group.split_at_checked(1)?;
    if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let tenths: i16 = digits.parse().ok()?;
    match sign {
        "0" => Some(tenths),
        "1" => Some(-tenths),
        _ => None,
    }
}

fn remarks(raw: &str) -> Remarks {
    let mut out = Remarks::default();
    let words = raw.split_ascii_whitespace().skip_while(|word| *word != "RMK");
    for word in words.skip(1) {
        let Some((kind, rest)) = word.split_at_checked(1) else { continue };
        match (kind, rest.len()) {
            ("T", 8) => {
                if let Some((temperature, dew_point)) = rest.split_at_checked(4)
                    && signed(dew_point).is_some()
                {
                    out.exact = signed(temperature);
                }
            }
            // `T` with four digits has no dew point.
            ("T", 4) => out.exact = signed(rest),
            ("1", 4) => out.max_6_hours = signed(rest),
            ("2", 4) => out.min_6_hours = signed(rest),
            ("4", 8) => {
                if let Some((maximum, minimum)) = rest.split_at_checked(4) {
                    out.day = signed(maximum).zip(signed(minimum));
                }
            }
            _ => {}
        }
    }
    out
}

/// Reads the answer of [`metars`], oldest first and each report once. An empty answer (HTTP 204) is no report.
///
/// # Errors
/// [`FeedError`].
pub fn parse_metars(body: &[u8]) -> Result<Vec<Metar>, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        icao_id: String,
        #[serde(default, deserialize_with = "json::text")]
        obs_time: Option<String>,
        metar_type: Option<String>,
        #[serde(default, deserialize_with = "json::number")]
        temp: Option<f64>,
        raw_ob: Option<String>,
    }
    match json::first(body) {
        None => return Ok(Vec::new()),
        // A list is the good answer; an object is a refusal, whatever the status was.
        Some(b'{') => return Err(refusal::of_status(VENDOR, AT, 400, None, body)),
        Some(_) => {}
    }
    let rows: Vec<Row> = json::parse(VENDOR, AT, body)?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let observed_at = row
            .obs_time
            .as_deref()
            .and_then(|text| text.parse::<i64>().ok().and_then(Timestamp::from_secs).or_else(|| rfc3339(text)));
        let observed_at = observed_at.ok_or_else(|| {
            FeedError::unreadable(
                VENDOR,
                "obsTime",
                "seconds since the epoch",
                row.obs_time.as_deref().unwrap_or("null"),
            )
        })?;
        let found = remarks(row.raw_ob.as_deref().unwrap_or_default());
        let coarse = row.temp.filter(|value| value.abs() < 100.0).map(|value| (value * 10.0).round() as i16);
        out.push(Metar {
            station: row.icao_id,
            observed_at,
            special: row.metar_type.as_deref() == Some("SPECI"),
            exact: found.exact,
            coarse,
            max_6_hours: found.max_6_hours,
            min_6_hours: found.min_6_hours,
            max_24_hours: found.day.map(|(maximum, _)| maximum),
            min_24_hours: found.day.map(|(_, minimum)| minimum),
        });
    }
    out.sort_by(|one, two| (one.observed_at, &one.station).cmp(&(two.observed_at, &two.station)));
    out.dedup_by(|one, two| {
        one.observed_at == two.observed_at && one.station == two.station && one.special == two.special
    });
    Ok(out)
}

/// The highest temperature that a station's reports show within a climate day, in tenths of °C: a lower bound of the report.
///
/// The six-hour maxima count where all of their six hours are in the day.
pub fn max_so_far(reports: &[Metar], station: &str, day: ClimateDay) -> Option<i16> {
    within(reports, station, day, |report| report.max_6_hours, -COARSE).max()
}

/// As [`max_so_far`], the lowest: an upper bound of the report's minimum.
pub fn min_so_far(reports: &[Metar], station: &str, day: ClimateDay) -> Option<i16> {
    within(reports, station, day, |report| report.min_6_hours, COARSE).min()
}

/// The temperatures of a station's reports of a day, and its extremes of six hours.
fn within(
    reports: &[Metar],
    station: &str,
    day: ClimateDay,
    six: fn(&Metar) -> Option<i16>,
    coarse: i16,
) -> impl Iterator<Item = i16> {
    let of_day = reports.iter().filter(move |report| report.station == station && day.contains(report.observed_at));
    let values = of_day.flat_map(move |report| {
        // A report at 17:53 sums up from 12:00 on.
        let six_hours_ago = report.observed_at.minus(Duration::from_hours(6));
        let now = report.exact.or_else(|| report.coarse.map(|tenths| tenths + coarse));
        [now, six(report).filter(|_| day.contains(six_hours_ago))]
    });
    values.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn the_remarks_have_tenths_and_extremes() {
        let raw = "METAR KNYC 201551Z AUTO VRB03KT 10SM CLR 11/02 A3016 RMK AO2 SLP207 T10061028 10111 21067 401221017";
        let found = remarks(raw);
        assert_eq!((found.exact, found.max_6_hours, found.min_6_hours), (Some(-6), Some(111), Some(-67)));
        assert_eq!(found.day, Some((122, -17)));
        // Without the mark of the remarks nothing is one: `10SM` is visibility.
        assert_eq!(remarks("METAR KNYC 201551Z 10SM T01060022"), Remarks::default());
        for odd in ["RMK T0106", "RMK T2106", "RMK T01060", "RMK 1é11", "RMK é", "RMK 4éééé"] {
            assert!(remarks(odd).max_6_hours.is_none(), "{odd}");
        }
    }

    #[test]
    fn a_day_of_reports_gives_its_maximum_so_far() {
        let day = ClimateDay::new(civil::date(2026, 11, 20), -5).unwrap();
        let body = br#"[
            {"icaoId":"KNYC","obsTime":1795189860,"metarType":"METAR","temp":10.6,"rawOb":"METAR RMK T01060022 10120"},
            {"icaoId":"KNYC","obsTime":1795189860,"metarType":"METAR","temp":10.6,"rawOb":"METAR RMK T01060022 10120"},
            {"icaoId":"KNYC","obsTime":"1795186260","metarType":"SPECI","temp":"13","rawOb":null},
            {"icaoId":"KLGA","obsTime":1795189860,"metarType":"METAR","temp":15,"rawOb":""},
            {"icaoId":"KNYC","obsTime":1795100000,"metarType":"METAR","temp":25,"rawOb":""}]"#;
        let reports = parse_metars(body).unwrap();
        assert_eq!(reports.len(), 4, "each once");
        assert_eq!(max_so_far(&reports, "KNYC", day), Some(125), "13 °C may have been 12.5");
        assert_eq!(min_so_far(&reports, "KNYC", day), Some(106));
        assert_eq!(reports.last().unwrap().likely_fahrenheit(), Some(51));
        assert_eq!(parse_metars(b""), Ok(Vec::new()));
        assert!(parse_metars(br#"{"status":"error","error":"bad ids"}"#).unwrap_err().to_string().contains("bad ids"));
    }
}
