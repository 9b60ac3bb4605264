//! Coinbase Exchange, public: the last trade with its time, and the stream of tickers.
//!
//! Source: reference (feeds), section 2.5, 2026-11-20.

use std::time::Duration;

use serde::Deserialize;

use super::{SpotPrice, Tick, TickKind, positive};
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{Request, segment};
use crate::stream::protocol::{Frame, Habits, Protocol};
use crate::time::rfc3339;
use crate::vendor::Vendor;

/// How old a price may be: a busy product trades many times a second.
pub const MAX_AGE: Duration = Duration::from_secs(10);

const VENDOR: Vendor = Vendor::Coinbase;

/// Asks for a product's last trade and best prices, such as of `BTC-USD`.
pub fn ticker(product: &str) -> Request {
    Request::get(VENDOR, format!("/products/{}/ticker", segment(product)))
}

#[derive(Deserialize)]
struct Row {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    product_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    price: Option<String>,
    #[serde(default, deserialize_with = "json::text", alias = "best_bid")]
    bid: Option<String>,
    #[serde(default, deserialize_with = "json::text", alias = "best_ask")]
    ask: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default, deserialize_with = "json::whole")]
    sequence: Option<i64>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Row {
    fn tick(&self, symbol: &str, at: &str) -> Result<Tick, FeedError> {
        let text = self.price.as_deref().unwrap_or_default();
        let price = positive(text).ok_or_else(|| FeedError::unreadable(VENDOR, at, "a price above zero", text))?;
        let time = self.time.as_deref().unwrap_or_default();
        let observed = rfc3339(time).ok_or_else(|| FeedError::unreadable(VENDOR, at, "the time of the trade", time))?;
        Ok(Tick {
            bid: self.bid.as_deref().and_then(positive),
            ask: self.ask.as_deref().and_then(positive),
            ..Tick::plain(symbol, TickKind::Trade, price, Some(observed))
        })
    }
}

/// Reads the answer of [`ticker`] for `product`.
///
/// # Errors
/// [`FeedError`].
pub fn parse_ticker(product: &str, body: &[u8]) -> Result<Tick, FeedError> {
    let at = "/products/ticker";
    let row: Row = json::parse(VENDOR, at, body)?;
    if row.message.is_some() && row.price.is_none() {
        return Err(refusal::of_status(VENDOR, at, 404, None, body));
    }
    row.tick(product, at)
}

/// The stream of last trades of some products.
#[derive(Clone, Debug)]
pub struct Stream {
    products: Vec<String>,
    /// The last sequence number of each product.
    last: std::collections::BTreeMap<String, i64>,
}

impl Stream {
    /// Of these products, such as `BTC-USD`.
    pub fn new(products: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { products: products.into_iter().map(Into::into).collect(), last: std::collections::BTreeMap::new() }
    }
}

impl Protocol for Stream {
    fn vendor(&self) -> Vendor {
        VENDOR
    }

    fn habits(&self) -> Habits {
        // A quiet product has no ticker for a while; its heartbeats say nothing about a price.
        Habits { silence: Duration::from_mins(1), ..Habits::default() }
    }

    fn target(&self) -> String {
        "/".to_owned()
    }

    fn greet(&mut self) -> Vec<String> {
        self.last.clear();
        let channels = ["ticker", "heartbeat"];
        let command = serde_json::json!({ "type": "subscribe", "product_ids": self.products, "channels": channels });
        vec![command.to_string()]
    }

    fn frame(&mut self, text: &str) -> Result<Frame, FeedError> {
        let at = "stream";
        let row: Row = json::parse(VENDOR, at, text.as_bytes())?;
        match row.kind.as_deref() {
            Some("ticker") => {
                let product = row.product_id.as_deref().unwrap_or_default();
                // What comes late or twice says nothing new.
                if let Some(sequence) = row.sequence {
                    let last = self.last.entry(product.to_owned()).or_insert(i64::MIN);
                    if sequence <= *last {
                        return Ok(Frame::Nothing);
                    }
                    *last = sequence;
                }
                Ok(Frame::Ticks(vec![row.tick(product, at)?]))
            }
            Some("heartbeat" | "subscriptions" | "last_match") => Ok(Frame::Nothing),
            Some("error") => {
                let words = [row.message.as_deref(), row.reason.as_deref()].map(Option::unwrap_or_default).join(" ");
                Err(FeedError::refused(VENDOR, at, &words))
            }
            _ => Err(FeedError::unreadable(VENDOR, at, "a known type of message", text)),
        }
    }
}

/// How far a last trade lies outside of the best prices, zero within: a check for a price gone wrong.
pub fn outside(tick: &Tick) -> SpotPrice {
    let above = tick.ask.map_or(0, |ask| tick.price.units().saturating_sub(ask.units()));
    let below = tick.bid.map_or(0, |bid| bid.units().saturating_sub(tick.price.units()));
    SpotPrice::from_units(above.max(below).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickers_of_both_sides_are_read() {
        let body = br#"{"trade_id":1,"price":"98765.43","size":"0.01","bid":"98765.42","ask":"98765.44","time":"2026-11-20T16:00:00.123456Z"}"#;
        let tick = parse_ticker("BTC-USD", body).unwrap();
        assert_eq!((tick.price.to_string(), outside(&tick).units()), ("98765.43".to_owned(), 0));
        assert_eq!(parse_ticker("X", br#"{"message":"NotFound"}"#).unwrap_err().class(), "no data");
        assert!(parse_ticker("X", br#"{"price":"0","time":"2026-11-20T16:00:00Z"}"#).is_err());
    }

    #[test]
    fn late_and_double_messages_say_nothing() {
        let mut stream = Stream::new(["BTC-USD"]);
        assert!(stream.greet()[0].contains("heartbeat"));
        let message = |sequence: i64| {
            format!(
                r#"{{"type":"ticker","sequence":{sequence},"product_id":"BTC-USD","price":"5","time":"2026-11-20T16:00:00Z"}}"#
            )
        };
        assert!(matches!(stream.frame(&message(2)), Ok(Frame::Ticks(_))));
        assert!(matches!(stream.frame(&message(2)), Ok(Frame::Nothing)));
        assert!(matches!(stream.frame(&message(1)), Ok(Frame::Nothing)));
        assert!(stream.frame(r#"{"type":"error","message":"Failed to subscribe","reason":"x"}"#).is_err());
    }
}
