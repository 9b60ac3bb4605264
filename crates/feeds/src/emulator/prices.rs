//! The vendors of prices over REST, all near one generated price a second.

use std::time::Duration;

use brier_types::Timestamp;
use serde_json::{Value, json};

use super::day::{Day, decimal};
use super::{Call, Reply};
use crate::time::to_jiff;
use crate::vendor::Vendor;

/// What a symbol is worth, about, in whole units; unknown ones a hundred.
pub(super) fn base(symbol: &str) -> i64 {
    let upper = symbol.to_ascii_uppercase();
    match () {
        () if upper.contains("BTC") => 98_765,
        () if upper.contains("ETH") => 3_456,
        () if upper.contains("SOL") => 210,
        () if upper.contains("GSPC") || upper.contains("SPX") => 6_012,
        () if upper.contains("EUR") => 1,
        () => 100,
    }
}

pub(super) fn answer(vendor: Vendor, day: &Day, call: &Call) -> Reply {
    match vendor {
        Vendor::Coinbase => coinbase(day, call),
        Vendor::Binance => binance(day, call),
        Vendor::Deribit => deribit(day, call),
        Vendor::Chainlink => chainlink(day, call),
        Vendor::Yahoo => yahoo(day, call),
        Vendor::TwelveData => twelve(day, call),
        _ => Reply::text(426, "Upgrade Required"),
    }
}

fn coinbase(day: &Day, call: &Call) -> Reply {
    let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    let ["products", product, "ticker"] = parts[..] else {
        return Reply::json(&json!({ "message": "NotFound" })).with_status(404);
    };
    let price = day.price("btc", base(product), day.data);
    let quote = |shift: i64| decimal(price + shift * 1_000_000, 2);
    Reply::json(
        &json!({ "trade_id": day.data.secs(), "price": quote(0), "size": "0.01", "bid": quote(-1), "ask": quote(1),
        "volume": "9123.4", "time": day.data.to_string() }),
    )
}

fn binance(day: &Day, call: &Call) -> Reply {
    let symbol = call.param("symbol");
    if symbol.is_empty() {
        return Reply::json(&json!({ "code": -1102, "msg": "Mandatory parameter 'symbol' was not sent." }))
            .with_status(400);
    }
    let price = |at: Timestamp| day.price("btc", base(symbol), at);
    let value = match call.path.rsplit('/').next().unwrap_or_default() {
        "aggTrades" => json!([{ "a": 1, "p": decimal(price(day.data), 8), "q": "0.01", "f": 1, "l": 1,
            "T": day.data.millis(), "m": false, "M": true }]),
        "bookTicker" => json!({ "symbol": symbol, "bidPrice": decimal(price(day.data) - 1_000_000, 8), "bidQty": "1.0",
            "askPrice": decimal(price(day.data) + 1_000_000, 8), "askQty": "2.0" }),
        "klines" => {
            let length: i64 = if call.param("interval") == "1h" { 3_600 } else { 60 };
            let first = call.number("startTime").unwrap_or(day.data.millis()) / 1_000 / length * length;
            let count = call.number("limit").unwrap_or(500).clamp(1, 1_000);
            let rows = (0..count).map(|row| first + row * length).take_while(|at| *at <= day.data.secs());
            let candle = |at: i64| {
                let moment = |second: i64| Timestamp::from_secs(at + second).unwrap_or_default();
                let prices: Vec<i64> = [0, length / 3, length - 1].map(|second| price(moment(second))).to_vec();
                let (low, high) = (prices.iter().min().copied(), prices.iter().max().copied());
                let text = |value: Option<i64>| decimal(value.unwrap_or_default(), 8);
                json!([
                    at * 1_000,
                    text(prices.first().copied()),
                    text(high),
                    text(low),
                    text(prices.last().copied()),
                    "12.5",
                    (at + length) * 1_000 - 1,
                    "1",
                    10,
                    "1",
                    "1",
                    "0"
                ])
            };
            Value::Array(rows.map(candle).collect())
        }
        _ => return Reply::text(404, ""),
    };
    Reply::json(&value).with("x-mbx-used-weight-1m", "12")
}

/// The volatility index in hundredths of a percent.
pub(super) fn volatility(day: &Day, at: Timestamp) -> i64 {
    4_600 + day.dice("dvol", at.secs() / 60, 200)
}

fn deribit(day: &Day, call: &Call) -> Reply {
    let minute = day.data.secs().div_euclid(60) * 60;
    let percent = |at: i64| volatility(day, Timestamp::from_secs(at).unwrap_or_default()) as f64 / 100.0;
    let result = match call.path.rsplit('/').next().unwrap_or_default() {
        "get_volatility_index_data" => {
            let row = |back: i64| {
                let at = minute - back * 60;
                json!([at * 1_000, percent(at - 60), percent(at) + 1.0, percent(at) - 1.0, percent(at)])
            };
            json!({ "data": (0..30).rev().map(row).collect::<Vec<_>>(), "continuation": null })
        }
        "ticker" => json!({ "timestamp": day.data.millis(), "instrument_name": call.param("instrument_name"),
            "mark_iv": percent(minute), "bid_iv": 0.0, "ask_iv": percent(minute) + 1.5,
            "underlying_price": base("BTC"), "greeks": { "delta": 0.5 } }),
        _ => {
            let error = json!({ "code": -32_601, "message": "Method not found" });
            return Reply::json(&json!({ "jsonrpc": "2.0", "error": error })).with_status(400);
        }
    };
    Reply::json(&json!({ "jsonrpc": "2.0", "result": result, "usIn": 1, "usOut": 2, "usDiff": 1, "testnet": false }))
}

fn chainlink(day: &Day, call: &Call) -> Reply {
    let asked: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    let data = asked.pointer("/params/0/data").and_then(Value::as_str).unwrap_or_default();
    let word = |value: i64| format!("{value:064x}");
    let hex = match data {
        "0xfeaf968c" => {
            let price = day.price("btc", base("BTC"), day.data);
            let at = day.data.secs() - 12;
            [7, price, at, at, 7].map(word).concat()
        }
        "0x313ce567" => word(8),
        _ => {
            let error = json!({ "code": 3, "message": "execution reverted" });
            return Reply::json(&json!({ "jsonrpc": "2.0", "id": 1, "error": error }));
        }
    };
    Reply::json(&json!({ "jsonrpc": "2.0", "id": 1, "result": format!("0x{hex}") }))
}

fn yahoo(day: &Day, call: &Call) -> Reply {
    let symbol = call.path.rsplit('/').next().unwrap_or_default().replace("%5E", "^");
    let minute = day.data.secs().div_euclid(60) * 60;
    let price = |at: i64| day.price("index", base(&symbol), Timestamp::from_secs(at).unwrap_or_default()) as f64 / 1e8;
    let times: Vec<i64> = (0..60).rev().map(|back| minute - back * 60).collect();
    // Minutes without a trade are null.
    let closes: Vec<Value> =
        times.iter().map(|at| if at % 420 == 0 { Value::Null } else { json!(price(*at)) }).collect();
    let meta = json!({ "currency": "USD", "symbol": symbol, "regularMarketPrice": price(minute), "regularMarketTime": day.data.secs(),
        "chartPreviousClose": price(minute - 86_400), "gmtoffset": -18_000, "dataGranularity": "1m" });
    let one = json!({ "meta": meta, "timestamp": times, "indicators": { "quote": [{ "close": closes }] } });
    Reply::json(&json!({ "chart": { "result": [one], "error": null } }))
}

fn twelve(day: &Day, call: &Call) -> Reply {
    let symbol = call.param("symbol");
    let price = |at: Timestamp| decimal(day.price("fx", base(symbol), at), 5);
    let value = match call.path.as_str() {
        "/quote" => {
            json!({ "symbol": symbol, "name": symbol, "datetime": day.date().to_string(), "timestamp": day.data.secs(),
            "last_quote_at": day.data.secs(), "open": price(day.hour()), "close": price(day.data), "is_market_open": true })
        }
        "/time_series" => {
            let count = call.number("outputsize").unwrap_or(30).clamp(1, 500) as u64;
            let minute = day.data.minus(Duration::from_secs(day.data.secs().rem_euclid(60) as u64));
            let row = |back: u64| {
                let at = minute.minus(Duration::from_mins(back));
                json!({ "datetime": to_jiff(at).strftime("%Y-%m-%d %H:%M:%S").to_string(), "open": price(at), "close": price(at) })
            };
            json!({ "meta": { "symbol": symbol, "interval": "1min" }, "values": (0..count).rev().map(row).collect::<Vec<_>>(), "status": "ok" })
        }
        _ => return Reply::json(&json!({ "code": 404, "message": "not found", "status": "error" })),
    };
    Reply::json(&value).with("api-credits-used", "3").with("api-credits-left", "5")
}
