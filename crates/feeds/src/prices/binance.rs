//! Binance spot, public: trades with their time, candles that some of Polymarket's markets settle on, best prices without a
//! time.
//!
//! Some jurisdictions are answered 451; the base address can then name `data-api.binance.vision`. The stream is closed by
//! the venue every 24 hours.
//!
//! Source: reference (feeds), section 2.5, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{SpotPrice, Tick, TickKind, middle, positive};
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::Request;
use crate::stream::protocol::{Frame, Habits, Protocol};
use crate::vendor::Vendor;

/// How old a price may be.
pub const MAX_AGE: Duration = Duration::from_secs(10);

const VENDOR: Vendor = Vendor::Binance;

/// Asks for the last trade of a symbol, such as `BTCUSDT`.
pub fn last_trade(symbol: &str) -> Request {
    Request::get(VENDOR, "/api/v3/aggTrades").with("symbol", symbol).with("limit", "1").costing(4)
}

/// Asks for the best prices of a symbol: they come without a time.
pub fn best_prices(symbol: &str) -> Request {
    Request::get(VENDOR, "/api/v3/ticker/bookTicker").with("symbol", symbol).costing(2)
}

/// Asks for candles (`1m`, `1h`) from a moment on; 1,000 at most.
pub fn candles(symbol: &str, interval: &str, from: Timestamp, limit: u16) -> Request {
    Request::get(VENDOR, "/api/v3/klines")
        .with("symbol", symbol)
        .with("interval", interval)
        .with("startTime", from.millis().to_string())
        .with("limit", limit.clamp(1, 1_000).to_string())
        .costing(2)
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default, deserialize_with = "json::whole")]
    code: Option<i64>,
}

/// An object with a `code` where a list or other fields should be is the venue's refusal.
fn refused(at: &str, body: &[u8]) -> Option<FeedError> {
    let code = json::parse::<ErrorBody>(VENDOR, at, body).ok()?.code?;
    // -1003 is the code of too many requests.
    let status = if code == -1003 { 429 } else { 400 };
    Some(refusal::of_status(VENDOR, at, status, None, body))
}

fn price(at: &str, text: Option<&str>) -> Result<SpotPrice, FeedError> {
    let text = text.unwrap_or_default();
    positive(text).ok_or_else(|| FeedError::unreadable(VENDOR, at, "a price above zero", text))
}

fn moment(at: &str, millis: Option<i64>) -> Result<Timestamp, FeedError> {
    let found = millis.and_then(Timestamp::from_millis);
    found.ok_or_else(|| FeedError::unreadable(VENDOR, at, "milliseconds since the epoch", &format!("{millis:?}")))
}

#[derive(Deserialize)]
struct TradeRow {
    #[serde(default, rename = "s")]
    symbol: Option<String>,
    #[serde(default, rename = "p", deserialize_with = "json::text")]
    price: Option<String>,
    #[serde(default, rename = "T", deserialize_with = "json::whole")]
    time: Option<i64>,
}

/// Reads the answer of [`last_trade`] for `symbol`.
///
/// # Errors
/// [`FeedError`].
pub fn parse_last_trade(symbol: &str, body: &[u8]) -> Result<Tick, FeedError> {
    let at = "/api/v3/aggTrades";
    if let Some(error) = refused(at, body) {
        return Err(error);
    }
    let rows: Vec<TradeRow> = json::parse(VENDOR, at, body)?;
    let row = rows.last().ok_or_else(|| FeedError::no_data(VENDOR, at, "no trade"))?;
    let (price, time) = (price(at, row.price.as_deref())?, moment(at, row.time)?);
    Ok(Tick::plain(symbol, TickKind::Trade, price, Some(time)))
}

#[derive(Deserialize)]
struct BestRow {
    #[serde(default, alias = "s")]
    symbol: Option<String>,
    #[serde(default, rename = "bidPrice", alias = "b", deserialize_with = "json::text")]
    bid: Option<String>,
    #[serde(default, rename = "askPrice", alias = "a", deserialize_with = "json::text")]
    ask: Option<String>,
}

impl BestRow {
    fn tick(&self, at: &str) -> Result<Tick, FeedError> {
        let (bid, ask) = (price(at, self.bid.as_deref())?, price(at, self.ask.as_deref())?);
        let symbol = self.symbol.clone().unwrap_or_default();
        Ok(Tick { bid: Some(bid), ask: Some(ask), ..Tick::plain(symbol, TickKind::Quote, middle(bid, ask), None) })
    }
}

/// Reads the answer of [`best_prices`].
///
/// # Errors
/// [`FeedError`].
pub fn parse_best_prices(body: &[u8]) -> Result<Tick, FeedError> {
    let at = "/api/v3/ticker/bookTicker";
    if let Some(error) = refused(at, body) {
        return Err(error);
    }
    json::parse::<BestRow>(VENDOR, at, body)?.tick(at)
}

/// One candle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candle {
    /// Its first moment.
    pub open_at: Timestamp,
    /// Its last moment: 1 ms before the next one's first. It is only final after that.
    pub close_at: Timestamp,
    /// First price.
    pub open: SpotPrice,
    /// Highest price.
    pub high: SpotPrice,
    /// Lowest price.
    pub low: SpotPrice,
    /// Last price.
    pub close: SpotPrice,
}

impl Candle {
    /// Whether it can still change at `now`.
    pub fn is_final(&self, now: Timestamp) -> bool {
        now > self.close_at
    }
}

/// Reads the answer of [`candles`], in order.
///
/// # Errors
/// [`FeedError`].
pub fn parse_candles(body: &[u8]) -> Result<Vec<Candle>, FeedError> {
    #[derive(Deserialize)]
    struct Cell(#[serde(deserialize_with = "json::text")] Option<String>);
    let at = "/api/v3/klines";
    if let Some(error) = refused(at, body) {
        return Err(error);
    }
    let rows: Vec<Vec<Cell>> = json::parse(VENDOR, at, body)?;
    let read = |row: Vec<Cell>| {
        let text = |place: usize| row.get(place).and_then(|cell| cell.0.as_deref());
        let time = |place: usize| moment(at, text(place).and_then(|text| text.parse().ok()));
        let candle = Candle {
            open_at: time(0)?,
            open: price(at, text(1))?,
            high: price(at, text(2))?,
            low: price(at, text(3))?,
            close: price(at, text(4))?,
            close_at: time(6)?,
        };
        let (low, high) = (candle.low, candle.high);
        let inside = |price: SpotPrice| low <= price && price <= high;
        if inside(candle.open) && inside(candle.close) && candle.open_at < candle.close_at {
            Ok(candle)
        } else {
            Err(FeedError::unreadable(
                VENDOR,
                at,
                "a candle whose prices lie between its low and high",
                &format!("{candle:?}"),
            ))
        }
    };
    rows.into_iter().map(read).collect()
}

/// The stream of trades and best prices of some symbols.
#[derive(Clone, Debug)]
pub struct Stream {
    symbols: Vec<String>,
}

impl Stream {
    /// Of these symbols, such as `BTCUSDT`.
    pub fn new(symbols: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { symbols: symbols.into_iter().map(|symbol| symbol.into().to_ascii_lowercase()).collect() }
    }
}

impl Protocol for Stream {
    fn vendor(&self) -> Vendor {
        VENDOR
    }

    fn habits(&self) -> Habits {
        // The venue pings every 20 s and closes after 24 h: going an hour earlier keeps the choice of the moment here.
        Habits { silence: Duration::from_secs(30), renew_after: Some(Duration::from_hours(23)), ..Habits::default() }
    }

    fn target(&self) -> String {
        let names = self.symbols.iter().flat_map(|symbol| [format!("{symbol}@trade"), format!("{symbol}@bookTicker")]);
        format!("/stream?streams={}", names.collect::<Vec<_>>().join("/"))
    }

    fn greet(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn frame(&mut self, text: &str) -> Result<Frame, FeedError> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            stream: Option<String>,
            #[serde(borrow)]
            data: Option<&'a RawValue>,
        }
        let at = "stream";
        if let Some(error) = refused(at, text.as_bytes()) {
            return Err(error);
        }
        let envelope: Envelope<'_> = json::parse(VENDOR, at, text.as_bytes())?;
        let (Some(name), Some(data)) = (envelope.stream, envelope.data) else {
            return Err(FeedError::unreadable(VENDOR, at, "`stream` and `data`", text));
        };
        let tick = if name.ends_with("@bookTicker") {
            json::parse_raw::<BestRow>(VENDOR, at, data)?.tick(at)?
        } else if name.ends_with("@trade") {
            let row: TradeRow = json::parse_raw(VENDOR, at, data)?;
            let (price, time) = (price(at, row.price.as_deref())?, moment(at, row.time)?);
            Tick::plain(row.symbol.unwrap_or_default(), TickKind::Trade, price, Some(time))
        } else {
            return Err(FeedError::unreadable(VENDOR, at, "a stream that was asked for", &name));
        };
        Ok(Frame::Ticks(vec![tick]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candles_must_hold_together() {
        let body = br#"[[1795190400000,"98000.1","98010","97990","98005.5","1",1795190459999,"1",1,"1","1","0"]]"#;
        let candle = parse_candles(body).unwrap()[0];
        assert_eq!(candle.close.to_string(), "98005.5");
        assert!(!candle.is_final(candle.close_at) && candle.is_final(candle.close_at.plus(Duration::from_millis(1))));
        let body = br#"[[1795190400000,"98000.1","98010","97990","98015.5","1",1795190459999]]"#;
        assert!(parse_candles(body).is_err());
        assert_eq!(parse_candles(br#"{"code":-1121,"msg":"Invalid symbol."}"#).unwrap_err().class(), "refused");
        assert_eq!(parse_candles(br#"{"code":-1003,"msg":"Too much request weight"}"#).unwrap_err().class(), "quota");
    }

    #[test]
    fn the_stream_gives_trades_with_and_quotes_without_a_time() {
        let mut stream = Stream::new(["BTCUSDT"]);
        assert_eq!(stream.target(), "/stream?streams=btcusdt@trade/btcusdt@bookTicker");
        let trade = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1795190400011,"s":"BTCUSDT","t":1,"p":"98765.43","q":"0.01","T":1795190400008,"m":false}}"#;
        let quote = r#"{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"98765.42","B":"1","a":"98765.44","A":"2"}}"#;
        let Ok(Frame::Ticks(ticks)) = stream.frame(trade) else { panic!("a trade") };
        assert_eq!(ticks[0].observed_at.unwrap().millis(), 1_795_190_400_008);
        let Ok(Frame::Ticks(ticks)) = stream.frame(quote) else { panic!("a quote") };
        assert_eq!((ticks[0].price.to_string(), ticks[0].observed_at), ("98765.43".to_owned(), None));
    }
}
