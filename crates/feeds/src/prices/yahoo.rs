//! Yahoo's chart: unofficial, often late, without a licence for this use. A third opinion to catch a unit gone wrong.
//!
//! Source: reference (feeds), section 2.9, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

use super::{Tick, TickKind, positive};
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{Request, segment};
use crate::vendor::Vendor;

/// How old its price may be: indices are often 15 minutes late.
pub const MAX_AGE: Duration = Duration::from_mins(20);

const VENDOR: Vendor = Vendor::Yahoo;
const AT: &str = "/v8/finance/chart";

/// Asks for a symbol's day by minutes: `^GSPC`, `^VIX`, `EURUSD=X`, `BTC-USD`, `ES=F`.
pub fn chart(symbol: &str) -> Request {
    Request::get(VENDOR, format!("{AT}/{}", segment(symbol)))
        .with("interval", "1m")
        .with("range", "1d")
        .with("includePrePost", "false")
}

/// One minute's last price; the newest minute is unfinished.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Its beginning.
    pub at: Timestamp,
    /// Its last price.
    pub close: f64,
}

/// A symbol's day.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The market's last price, and when it was.
    pub last: Tick,
    /// The minutes that have a price.
    pub bars: Vec<Bar>,
}

/// Reads the answer of [`chart`].
///
/// # Errors
/// [`FeedError`]; the service's own error inside any status.
pub fn parse_chart(body: &[u8]) -> Result<Chart, FeedError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Meta {
        symbol: Option<String>,
        #[serde(default, deserialize_with = "json::text")]
        regular_market_price: Option<String>,
        #[serde(default, deserialize_with = "json::whole")]
        regular_market_time: Option<i64>,
    }
    #[derive(Deserialize)]
    struct Quote {
        #[serde(default, deserialize_with = "json::numbers")]
        close: Vec<Option<f64>>,
    }
    #[derive(Deserialize)]
    struct Indicators {
        #[serde(default)]
        quote: Vec<Quote>,
    }
    #[derive(Deserialize)]
    struct One {
        meta: Meta,
        #[serde(default)]
        timestamp: Option<Vec<i64>>,
        indicators: Option<Indicators>,
    }
    #[derive(Deserialize)]
    struct ChartError {
        code: Option<String>,
        description: Option<String>,
    }
    #[derive(Deserialize)]
    struct Inner {
        result: Option<Vec<One>>,
        error: Option<ChartError>,
    }
    #[derive(Deserialize)]
    struct Outer {
        chart: Option<Inner>,
        /// Where errors of the crumb come.
        finance: Option<Inner>,
    }
    let outer: Outer = json::parse(VENDOR, AT, body)?;
    let inner = outer.chart.or(outer.finance);
    let inner = inner.ok_or_else(|| FeedError::unreadable(VENDOR, AT, "`chart`", &String::from_utf8_lossy(body)))?;
    if let Some(error) = inner.error {
        let (code, words) = (error.code.unwrap_or_default(), error.description.unwrap_or_default());
        let status = match code.as_str() {
            "Not Found" => 404,
            "Unauthorized" => 401,
            "Too Many Requests" => 429,
            _ => 400,
        };
        return Err(refusal::of_status(VENDOR, AT, status, None, format!("{code}: {words}").as_bytes()));
    }
    let one = inner.result.and_then(|list| list.into_iter().next());
    let one = one.ok_or_else(|| FeedError::no_data(VENDOR, AT, "an empty result"))?;
    let text = one.meta.regular_market_price.unwrap_or_default();
    let price = positive(&text).ok_or_else(|| FeedError::unreadable(VENDOR, "regularMarketPrice", "a price", &text))?;
    let observed = one.meta.regular_market_time.filter(|seconds| *seconds > 0).and_then(Timestamp::from_secs);
    let observed = observed.ok_or_else(|| FeedError::unreadable(VENDOR, "regularMarketTime", "seconds", "none"))?;
    let closes = one.indicators.and_then(|found| found.quote.into_iter().next()).map(|quote| quote.close);
    let (times, closes) = (one.timestamp.unwrap_or_default(), closes.unwrap_or_default());
    let bar = |(seconds, close): (i64, Option<f64>)| Some(Bar { at: Timestamp::from_secs(seconds)?, close: close? });
    let symbol = one.meta.symbol.unwrap_or_default();
    Ok(Chart {
        last: Tick::plain(symbol, TickKind::Trade, price, Some(observed)),
        bars: times.into_iter().zip(closes).filter_map(bar).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_left_out_and_errors_are_told() {
        let body = br#"{"chart":{"result":[{"meta":{"symbol":"^GSPC","regularMarketPrice":6012.25,"regularMarketTime":1795190400},
            "timestamp":[1795190340,1795190400],"indicators":{"quote":[{"close":[null,6012.25]}]}}],"error":null}}"#;
        let chart = parse_chart(body).unwrap();
        assert_eq!((chart.last.price.to_string(), chart.bars.len()), ("6012.25".to_owned(), 1));
        let body = br#"{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}"#;
        assert_eq!(parse_chart(body).unwrap_err().class(), "no data");
        let body = br#"{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}"#;
        assert_eq!(parse_chart(body).unwrap_err().class(), "auth");
        assert!(parse_chart(b"Too Many Requests").is_err());
    }
}
