//! The sources of economic numbers, for one generated economy.

use jiff::civil;
use serde_json::{Value, json};

use super::day::Day;
use super::{Call, Reply};
use crate::time::to_jiff;
use crate::vendor::Vendor;

pub(super) fn answer(vendor: Vendor, day: &Day, call: &Call) -> Reply {
    match vendor {
        Vendor::Fred => fred(day, call),
        Vendor::Bls => bls(day, call),
        Vendor::Bea => bea(day, call),
        Vendor::Fed => fed(day, call),
        Vendor::Cleveland => cleveland(day),
        _ => calendar(day),
    }
}

/// The first of the month so many months before the data's.
fn month(day: &Day, back: i32) -> civil::Date {
    let first = day.date().first_of_month();
    jiff::Span::new().try_months(-back).ok().and_then(|span| first.checked_add(span).ok()).unwrap_or(first)
}

/// The level of prices in a month, in thousandths.
fn level(day: &Day, date: civil::Date) -> i64 {
    let months = i64::from(date.year()) * 12 + i64::from(date.month());
    325_000 + (months - 24_323) * 780 + day.dice("cpi", months, 300)
}

fn thousandths(value: i64) -> String {
    format!("{}.{:03}", value / 1_000, value % 1_000)
}

fn fred(day: &Day, call: &Call) -> Reply {
    let value = match call.path.as_str() {
        "/fred/series/observations" => {
            let count = call.number("limit").unwrap_or(12).clamp(1, 600) as i32;
            let row = |back: i32| {
                let date = month(day, back + 1);
                // A month that the source could not measure is a dot.
                let value = if back % 7 == 5 { ".".to_owned() } else { thousandths(level(day, date)) };
                json!({ "realtime_start": day.date().to_string(), "realtime_end": day.date().to_string(),
                    "date": date.to_string(), "value": value })
            };
            json!({ "count": count, "observations": (0..count).map(row).collect::<Vec<_>>() })
        }
        "/fred/series" => {
            let changed = to_jiff(day.hour()).strftime("%Y-%m-%d %H:%M:%S+00").to_string();
            json!({ "seriess": [{ "id": call.param("series_id"), "last_updated": changed }] })
        }
        "/fred/release/dates" => {
            let dates = (0..3).map(|back| json!({ "release_id": 10, "date": month(day, back).to_string() }));
            json!({ "release_dates": dates.collect::<Vec<_>>() })
        }
        _ => return Reply::json(&json!({ "error_code": 404, "error_message": "Not Found" })).with_status(404),
    };
    Reply::json(&value)
}

fn bls(day: &Day, call: &Call) -> Reply {
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let ids: Vec<&str> = asked["seriesid"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let series = ids.iter().map(|id| {
        let row = |back: i32| {
            let date = month(day, back + 1);
            let (now, before) = (level(day, date), level(day, month(day, back + 2)));
            let change = format!("{:.1}", (now - before) as f64 * 100.0 / before as f64);
            let year = format!("{:.1}", (now - level(day, month(day, back + 13))) as f64 * 100.0 / now as f64);
            let mut row = json!({ "year": date.year().to_string(), "period": format!("M{:02}", date.month()),
                "periodName": date.strftime("%B").to_string(), "value": thousandths(now), "footnotes": [{}],
                "calculations": { "net_changes": {}, "pct_changes": { "1": change, "12": year } } });
            if back == 0 {
                row["latest"] = json!("true");
            }
            row
        };
        json!({ "seriesID": id, "data": (0..12).map(row).collect::<Vec<_>>() })
    });
    let series: Vec<Value> = series.collect();
    Reply::json(
        &json!({ "status": "REQUEST_SUCCEEDED", "responseTime": 112, "message": [], "Results": { "series": series } }),
    )
}

fn bea(day: &Day, call: &Call) -> Reply {
    let row = |quarter: i64| {
        let growth = 10 + day.dice("gdp", quarter, 30);
        json!({ "TableName": call.param("TableName"), "SeriesCode": "A191RL", "LineNumber": "1",
            "LineDescription": "Gross domestic product", "TimePeriod": format!("{}Q{quarter}", call.param("Year")),
            "CL_UNIT": "Percent change, annual rate", "UNIT_MULT": "0", "DataValue": format!("{}.{}", growth / 10, growth % 10) })
    };
    let produced = to_jiff(day.data).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let results = json!({ "Statistic": "NIPA Table", "UTCProductionTime": produced, "Data": (1..=3).map(row).collect::<Vec<_>>() });
    Reply::json(&json!({ "BEAAPI": { "Request": {}, "Results": results } }))
}

fn fed(day: &Day, call: &Call) -> Reply {
    if !call.path.ends_with("fomccalendars.htm") {
        return Reply::text(404, "<html><body>Page not found</body></html>");
    }
    let mut page = "<!DOCTYPE html><html><head><title>FOMC calendars</title></head><body>".to_owned();
    for year in [day.date().year(), day.date().year() + 1] {
        let head = format!("<div class=\"panel\"><h4><a id=\"{year}\">{year} FOMC Meetings</a></h4>");
        page.push_str(&head);
        for (month, days) in [
            ("January", "26-27"),
            ("March", "16-17*"),
            ("Apr/May", "30-1"),
            ("June", "8-9*"),
            ("July", "27-28"),
            ("September", "14-15*"),
            ("October", "26-27"),
            ("December", "8-9*"),
        ] {
            let row = format!(
                "<div class=\"row fomc-meeting\"><div class=\"fomc-meeting__month\"><strong>{month}</strong></div>\
                 <div class=\"fomc-meeting__date\">{days}</div></div>\n"
            );
            page.push_str(&row);
        }
        page.push_str("</div>");
    }
    page.push_str("</body></html>");
    Reply::text(200, page).with("etag", format!("\"{}\"", day.date()))
}

fn cleveland(day: &Day) -> Reply {
    let charts = (0..3).rev().map(|back| {
        let target = month(day, back);
        let labels: Vec<Value> = (1..=20).map(|number| json!({ "label": format!("{:02}/{number:02}", target.month()) })).collect();
        let line = |name: &str, base: i64| {
            let value = |number: i64| {
                // Days to come have no value yet.
                let future = back == 0 && number > 15;
                let hundredths = base + day.dice(name, number, 5);
                if future { json!({}) } else { json!({ "value": format!("0.{hundredths:02}") }) }
            };
            json!({ "seriesname": name, "data": (1..=20).map(value).collect::<Vec<_>>() })
        };
        json!({ "chart": { "caption": "Inflation, month-over-month percent change", "subcaption": target.strftime("%Y-%m").to_string(),
                "_comment": format!("{} 10:00", day.date()) },
            "categories": [{ "category": labels }],
            "dataset": [line("CPI Inflation", 25), line("Core CPI Inflation", 28), line("PCE Inflation", 20), line("Core PCE Inflation", 22)] })
    });
    Reply::json(&Value::Array(charts.collect())).with("etag", format!("\"{}\"", day.date()))
}

fn calendar(day: &Day) -> Reply {
    let row = |number: u64, event: &str, forecast: &str| {
        let at = day.hour().plus(std::time::Duration::from_hours(24 * number));
        let plain = |at| to_jiff(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        json!({ "CalendarId": (1_000 + number).to_string(), "Date": plain(at), "Country": "United States", "Event": event,
            "Reference": "Nov", "Actual": "", "Previous": "0.3%", "Forecast": forecast, "Importance": 3, "LastUpdate": plain(day.data) })
    };
    Reply::json(&json!([
        row(1, "Inflation Rate MoM", "0.2%"),
        row(2, "Non Farm Payrolls", "120K"),
        row(3, "GDP Growth Rate QoQ Adv", "2.8%")
    ]))
}
