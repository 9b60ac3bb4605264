//! Deribit, public: the volatility index, index prices and single options, by JSON-RPC over GET and by stream.
//!
//! Volatility comes in percent a year: the models want a fraction, see [`fraction`]. A `test_request` of the heartbeat must
//! be answered, or the venue closes.
//!
//! Source: reference (feeds), section 2.6, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{SpotPrice, Tick, TickKind, positive};
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::Request;
use crate::stream::protocol::{Frame, Habits, Protocol};
use crate::vendor::Vendor;

/// How old the volatility index may be: it moves slowly.
pub const MAX_AGE: Duration = Duration::from_mins(5);

const VENDOR: Vendor = Vendor::Deribit;

/// Asks for the volatility index of `BTC` or `ETH` between two moments, in steps of `resolution` seconds (1, 60, 3600).
pub fn volatility(currency: &str, from: Timestamp, to: Timestamp, resolution: u32) -> Request {
    Request::get(VENDOR, "/api/v2/public/get_volatility_index_data")
        .with("currency", currency)
        .with("start_timestamp", from.millis().to_string())
        .with("end_timestamp", to.millis().to_string())
        .with("resolution", resolution.to_string())
}

/// Asks for an option or future, such as `BTC-27NOV26-100000-C`.
pub fn ticker(instrument: &str) -> Request {
    Request::get(VENDOR, "/api/v2/public/ticker").with("instrument_name", instrument)
}

/// Percent a year as a fraction a year.
pub fn fraction(percent: SpotPrice) -> f64 {
    percent.units() as f64 / SpotPrice::PER_DOLLAR as f64 / 100.0
}

/// The result of an envelope, or the error in it: it comes with HTTP 200 or 400.
fn result<'a>(at: &str, body: &'a [u8]) -> Result<&'a RawValue, FeedError> {
    #[derive(Deserialize)]
    struct RpcError {
        code: i64,
        message: Option<String>,
    }
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        result: Option<&'a RawValue>,
        error: Option<RpcError>,
    }
    let envelope: Envelope<'a> = json::parse(VENDOR, at, body)?;
    if let Some(error) = envelope.error {
        let said = format!("{} {}", error.code, error.message.unwrap_or_default());
        return Err(match error.code {
            10_028 | 10_041 | 10_047 => FeedError::quota(VENDOR, at, &said, None),
            // Maintenance, and trouble inside.
            11_051 | 11_094 => refusal::of_status(VENDOR, at, 503, None, body),
            13_009 | 13_004 => FeedError::auth(VENDOR, at, &said),
            _ => FeedError::refused(VENDOR, at, &said),
        });
    }
    envelope.result.ok_or_else(|| FeedError::unreadable(VENDOR, at, "`result`", &String::from_utf8_lossy(body)))
}

fn moment(at: &str, millis: Option<i64>) -> Result<Timestamp, FeedError> {
    let found = millis.and_then(Timestamp::from_millis);
    found.ok_or_else(|| FeedError::unreadable(VENDOR, at, "milliseconds since the epoch", &format!("{millis:?}")))
}

fn percent(at: &str, text: Option<&str>) -> Result<SpotPrice, FeedError> {
    let text = text.unwrap_or_default();
    // A day of less than 1 % or more than 1,000 % is a unit gone wrong.
    let sane = |price: &SpotPrice| (1..=1_000).contains(&(price.units() / SpotPrice::PER_DOLLAR));
    positive(text)
        .filter(sane)
        .ok_or_else(|| FeedError::unreadable(VENDOR, at, "a volatility of 1 to 1,000 percent", text))
}

/// Reads the newest value of [`volatility`] for `currency`: the close of the last step, at its beginning.
///
/// # Errors
/// [`FeedError`].
pub fn parse_volatility(currency: &str, body: &[u8]) -> Result<Tick, FeedError> {
    #[derive(Deserialize)]
    struct Cell(#[serde(deserialize_with = "json::text")] Option<String>);
    #[derive(Deserialize)]
    struct Found {
        data: Vec<Vec<Cell>>,
    }
    let at = "get_volatility_index_data";
    let found: Found = json::parse_raw(VENDOR, at, result(at, body)?)?;
    let rows = found.data.iter().filter_map(|row| {
        let time = row.first()?.0.as_deref()?.parse::<i64>().ok()?;
        Some((time, row))
    });
    let Some((time, row)) = rows.max_by_key(|(time, _)| *time) else {
        return Err(FeedError::no_data(VENDOR, at, "no value in this span"));
    };
    let close = percent(at, row.get(4).and_then(|cell| cell.0.as_deref()))?;
    let symbol = format!("{}_usd", currency.to_ascii_lowercase());
    Ok(Tick::plain(symbol, TickKind::Volatility, close, Some(moment(at, Some(time))?)))
}

/// An option as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionTicker {
    /// When: its age.
    pub observed_at: Timestamp,
    /// Implied volatility of the mark, in percent a year.
    pub mark_volatility: SpotPrice,
    /// Implied volatility of the best bid; absent without one.
    pub bid_volatility: Option<SpotPrice>,
    /// Implied volatility of the best ask; absent without one.
    pub ask_volatility: Option<SpotPrice>,
    /// Price of the underlying.
    pub underlying: Option<SpotPrice>,
}

/// Reads the answer of [`ticker`] for an option.
///
/// # Errors
/// [`FeedError`].
pub fn parse_option(body: &[u8]) -> Result<OptionTicker, FeedError> {
    #[derive(Deserialize)]
    struct Found {
        #[serde(default, deserialize_with = "json::whole")]
        timestamp: Option<i64>,
        #[serde(default, deserialize_with = "json::text")]
        mark_iv: Option<String>,
        #[serde(default, deserialize_with = "json::text")]
        bid_iv: Option<String>,
        #[serde(default, deserialize_with = "json::text")]
        ask_iv: Option<String>,
        #[serde(default, deserialize_with = "json::text")]
        underlying_price: Option<String>,
    }
    let at = "ticker";
    let found: Found = json::parse_raw(VENDOR, at, result(at, body)?)?;
    Ok(OptionTicker {
        observed_at: moment(at, found.timestamp)?,
        mark_volatility: percent(at, found.mark_iv.as_deref())?,
        // Without a quote the venue writes zero.
        bid_volatility: found.bid_iv.as_deref().and_then(positive),
        ask_volatility: found.ask_iv.as_deref().and_then(positive),
        underlying: found.underlying_price.as_deref().and_then(positive),
    })
}

/// The stream of volatility indices.
#[derive(Clone, Debug)]
pub struct Stream {
    indices: Vec<String>,
}

impl Stream {
    /// Of these indices, such as `btc_usd`.
    pub fn new(indices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { indices: indices.into_iter().map(Into::into).collect() }
    }
}

impl Protocol for Stream {
    fn vendor(&self) -> Vendor {
        VENDOR
    }

    fn habits(&self) -> Habits {
        Habits { silence: Duration::from_secs(75), ..Habits::default() }
    }

    fn target(&self) -> String {
        "/ws/api/v2".to_owned()
    }

    fn greet(&mut self) -> Vec<String> {
        let channels: Vec<String> =
            self.indices.iter().map(|name| format!("deribit_volatility_index.{name}")).collect();
        let call = |id: u8, method: &str, params: serde_json::Value| {
            serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
        };
        vec![
            call(1, "public/set_heartbeat", serde_json::json!({ "interval": 30 })),
            call(2, "public/subscribe", serde_json::json!({ "channels": channels })),
        ]
    }

    fn frame(&mut self, text: &str) -> Result<Frame, FeedError> {
        #[derive(Deserialize)]
        struct Data {
            #[serde(default, deserialize_with = "json::text")]
            volatility: Option<String>,
            #[serde(default, deserialize_with = "json::whole")]
            timestamp: Option<i64>,
            index_name: Option<String>,
        }
        #[derive(Deserialize)]
        struct Params<'a> {
            channel: Option<String>,
            #[serde(borrow)]
            data: Option<&'a RawValue>,
            #[serde(rename = "type")]
            kind: Option<String>,
        }
        #[derive(Deserialize)]
        struct Message<'a> {
            method: Option<String>,
            #[serde(borrow)]
            params: Option<Params<'a>>,
        }
        let at = "stream";
        let message: Message<'_> = json::parse(VENDOR, at, text.as_bytes())?;
        match (message.method.as_deref(), message.params) {
            (Some("heartbeat"), Some(params)) if params.kind.as_deref() == Some("test_request") => {
                Ok(Frame::Reply(r#"{"jsonrpc":"2.0","id":3,"method":"public/test","params":{}}"#.to_owned()))
            }
            (Some("heartbeat"), _) => Ok(Frame::Nothing),
            (Some("subscription"), Some(Params { channel: Some(channel), data: Some(data), .. })) => {
                let data: Data = json::parse_raw(VENDOR, &channel, data)?;
                let value = percent(&channel, data.volatility.as_deref())?;
                let time = moment(&channel, data.timestamp)?;
                let name = data.index_name.or_else(|| channel.rsplit('.').next().map(ToOwned::to_owned));
                let tick = Tick::plain(name.unwrap_or_default(), TickKind::Volatility, value, Some(time));
                Ok(Frame::Ticks(vec![tick]))
            }
            // Answers to our own calls.
            (None, _) => result(at, text.as_bytes()).map(|_| Frame::Nothing),
            _ => Err(FeedError::unreadable(VENDOR, at, "a known method", text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_close_counts_and_percent_is_no_fraction() {
        let body = br#"{"jsonrpc":"2.0","result":{"data":[[1795190460000,46,47,45,46.83],[1795190400000,46,47,45,46.1]],"continuation":null}}"#;
        let tick = parse_volatility("BTC", body).unwrap();
        assert_eq!((tick.price.to_string(), tick.symbol.as_str()), ("46.83".to_owned(), "btc_usd"));
        assert!((fraction(tick.price) - 0.4683).abs() < 1e-12);
        let body = br#"{"result":{"data":[[1795190460000,0.46,0.47,0.45,0.4683]]}}"#;
        assert!(parse_volatility("BTC", body).unwrap_err().to_string().contains("1 to 1,000 percent"));
        let body = br#"{"error":{"code":10028,"message":"too_many_requests"}}"#;
        assert_eq!(parse_volatility("BTC", body).unwrap_err().class(), "quota");
    }

    #[test]
    fn the_heartbeat_is_answered() {
        let mut stream = Stream::new(["btc_usd"]);
        let Ok(Frame::Reply(reply)) = stream.frame(r#"{"method":"heartbeat","params":{"type":"test_request"}}"#) else {
            panic!("an answer")
        };
        assert!(reply.contains("public/test"));
        assert_eq!(stream.frame(r#"{"id":2,"result":["deribit_volatility_index.btc_usd"]}"#), Ok(Frame::Nothing));
        assert!(stream.frame(r#"{"id":2,"error":{"code":11050,"message":"bad_request"}}"#).is_err());
        let text = r#"{"method":"subscription","params":{"channel":"deribit_volatility_index.btc_usd","data":{"volatility":46.83,"timestamp":1795190400000,"index_name":"btc_usd"}}}"#;
        assert!(matches!(stream.frame(text), Ok(Frame::Ticks(ticks)) if ticks[0].price.to_string() == "46.83"));
    }
}
