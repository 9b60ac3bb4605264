//! Twelve Data: currencies and indices by REST and stream. Errors come with HTTP 200: `status` tells.
//!
//! A credit is spent for every symbol. A bar's `datetime` is its beginning.
//!
//! Source: reference (feeds), section 2.8, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

use super::{SpotPrice, Tick, TickKind, positive};
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{KeyPlace, Request};
use crate::stream::protocol::{Frame, Habits, Protocol};
use crate::time::from_offset;
use crate::vendor::Vendor;

/// How old a price may be.
pub const MAX_AGE: Duration = Duration::from_mins(3);

const VENDOR: Vendor = Vendor::TwelveData;
const KEY: KeyPlace = KeyPlace::Header("authorization", "apikey ");

/// Asks for the last quote of one symbol, such as `EUR/USD`: one credit.
pub fn quote(symbol: &str) -> Request {
    Request::get(VENDOR, "/quote").with("symbol", symbol).with("timezone", "UTC").keyed(KEY)
}

/// Asks for minutes of one symbol, oldest first, in UTC: one credit.
pub fn minutes(symbol: &str, count: u16) -> Request {
    Request::get(VENDOR, "/time_series")
        .with("symbol", symbol)
        .with("interval", "1min")
        .with("outputsize", count.clamp(1, 5_000).to_string())
        .with("timezone", "UTC")
        .with("order", "asc")
        .keyed(KEY)
}

#[derive(Deserialize)]
struct Status {
    status: Option<String>,
    #[serde(default, deserialize_with = "json::whole")]
    code: Option<i64>,
}

/// The error that stands in an answer of any status.
fn refused(at: &str, body: &[u8]) -> Result<(), FeedError> {
    let found: Status = json::parse(VENDOR, at, body)?;
    if found.status.as_deref() != Some("error") {
        return Ok(());
    }
    let status = found.code.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code));
    Err(refusal::of_status(VENDOR, at, status.unwrap_or(400), None, body))
}

fn price(at: &str, text: Option<&str>) -> Result<SpotPrice, FeedError> {
    let text = text.unwrap_or_default();
    positive(text).ok_or_else(|| FeedError::unreadable(VENDOR, at, "a price above zero", text))
}

/// Reads the answer of [`quote`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_quote(body: &[u8]) -> Result<Tick, FeedError> {
    #[derive(Deserialize)]
    struct Found {
        symbol: Option<String>,
        #[serde(default, deserialize_with = "json::text")]
        close: Option<String>,
        #[serde(default, deserialize_with = "json::whole")]
        timestamp: Option<i64>,
        #[serde(default, deserialize_with = "json::whole")]
        last_quote_at: Option<i64>,
    }
    let at = "/quote";
    refused(at, body)?;
    let found: Found = json::parse(VENDOR, at, body)?;
    let observed =
        found.last_quote_at.or(found.timestamp).filter(|seconds| *seconds > 0).and_then(Timestamp::from_secs);
    let observed = observed.ok_or_else(|| FeedError::unreadable(VENDOR, at, "`last_quote_at` in seconds", "none"))?;
    let price = price(at, found.close.as_deref())?;
    Ok(Tick::plain(found.symbol.unwrap_or_default(), TickKind::Quote, price, Some(observed)))
}

/// One minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its beginning.
    pub at: Timestamp,
    /// Its last price.
    pub close: SpotPrice,
}

/// Reads the answer of [`minutes`], in order of time.
///
/// # Errors
/// [`FeedError`].
pub fn parse_minutes(body: &[u8]) -> Result<Vec<Bar>, FeedError> {
    #[derive(Deserialize)]
    struct Row {
        datetime: String,
        #[serde(default, deserialize_with = "json::text")]
        close: Option<String>,
    }
    #[derive(Deserialize)]
    struct Found {
        values: Option<Vec<Row>>,
    }
    let at = "/time_series";
    refused(at, body)?;
    let found: Found = json::parse(VENDOR, at, body)?;
    let rows = found.values.ok_or_else(|| FeedError::unreadable(VENDOR, at, "`values`", "none"))?;
    let read = |row: Row| {
        let time = row.datetime.parse().ok().and_then(|reading| from_offset(reading, 0));
        let at_time = time.ok_or_else(|| FeedError::unreadable(VENDOR, at, "a UTC time", &row.datetime))?;
        Ok(Bar { at: at_time, close: price(at, row.close.as_deref())? })
    };
    let mut out: Vec<Bar> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    out.sort_by_key(|bar| bar.at);
    Ok(out)
}

/// The stream of some symbols.
#[derive(Clone, Debug)]
pub struct Stream {
    symbols: Vec<String>,
}

impl Stream {
    /// Of these symbols, such as `EUR/USD`.
    pub fn new(symbols: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { symbols: symbols.into_iter().map(Into::into).collect() }
    }
}

impl Protocol for Stream {
    fn vendor(&self) -> Vendor {
        VENDOR
    }

    fn habits(&self) -> Habits {
        let ping = (r#"{"action":"heartbeat"}"#, Duration::from_secs(10));
        Habits { ping: Some(ping), silence: Duration::from_mins(3), ..Habits::default() }
    }

    fn target(&self) -> String {
        "/v1/quotes/price".to_owned()
    }

    fn key(&self) -> Option<KeyPlace> {
        Some(KeyPlace::Query("apikey"))
    }

    fn greet(&mut self) -> Vec<String> {
        let symbols = self.symbols.join(",");
        vec![serde_json::json!({ "action": "subscribe", "params": { "symbols": symbols } }).to_string()]
    }

    fn frame(&mut self, text: &str) -> Result<Frame, FeedError> {
        #[derive(Deserialize)]
        struct Failed {
            symbol: Option<String>,
        }
        #[derive(Deserialize)]
        struct Message {
            event: Option<String>,
            status: Option<String>,
            symbol: Option<String>,
            #[serde(default, deserialize_with = "json::text")]
            price: Option<String>,
            #[serde(default, deserialize_with = "json::text")]
            bid: Option<String>,
            #[serde(default, deserialize_with = "json::text")]
            ask: Option<String>,
            #[serde(default, deserialize_with = "json::whole")]
            timestamp: Option<i64>,
            #[serde(default)]
            fails: Option<Vec<Failed>>,
        }
        let at = "stream";
        let message: Message = json::parse(VENDOR, at, text.as_bytes())?;
        match message.event.as_deref() {
            Some("price") => {
                let observed = message.timestamp.filter(|seconds| *seconds > 0).and_then(Timestamp::from_secs);
                let observed = observed.ok_or_else(|| FeedError::unreadable(VENDOR, at, "`timestamp`", text))?;
                let price = price(at, message.price.as_deref())?;
                let symbol = message.symbol.unwrap_or_default();
                Ok(Frame::Ticks(vec![Tick {
                    bid: message.bid.as_deref().and_then(positive),
                    ask: message.ask.as_deref().and_then(positive),
                    ..Tick::plain(symbol, TickKind::Quote, price, Some(observed))
                }]))
            }
            Some("subscribe-status") => {
                let fails = message.fails.unwrap_or_default();
                if message.status.as_deref() == Some("error") || !fails.is_empty() {
                    let names: Vec<String> = fails.into_iter().filter_map(|failed| failed.symbol).collect();
                    let said = format!("not subscribed: {}", names.join(", "));
                    return Err(FeedError::refused(VENDOR, at, &said));
                }
                Ok(Frame::Nothing)
            }
            Some("heartbeat" | "reset-status" | "unsubscribe-status") => Ok(Frame::Nothing),
            _ => Err(FeedError::unreadable(VENDOR, at, "a known event", text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_inside_success_are_told() {
        let body =
            br#"{"code":429,"message":"You have run out of API credits for the current minute","status":"error"}"#;
        assert_eq!(parse_quote(body).unwrap_err().class(), "quota");
        assert_eq!(parse_minutes(br#"{"code":401,"message":"key","status":"error"}"#).unwrap_err().class(), "auth");
    }

    #[test]
    fn bars_begin_in_utc() {
        let body = br#"{"meta":{},"values":[{"datetime":"2026-11-20 16:01:00","close":"1.08513"},{"datetime":"2026-11-20 16:00:00","close":"1.08512"}],"status":"ok"}"#;
        let bars = parse_minutes(body).unwrap();
        assert_eq!(bars[0].at.to_string(), "2026-11-20T16:00:00Z");
        let mut stream = Stream::new(["EUR/USD", "SPX"]);
        let text =
            r#"{"event":"subscribe-status","status":"ok","success":[{"symbol":"EUR/USD"}],"fails":[{"symbol":"SPX"}]}"#;
        assert!(stream.frame(text).unwrap_err().to_string().contains("SPX"));
    }
}
