//! What the vendors' streams say: greetings, acknowledgements and ticks, as a pure function of the day.

use brier_types::Timestamp;
use serde_json::{Value, json};

use super::day::{Day, decimal};
use super::prices::{base, volatility};
use crate::vendor::Vendor;

/// What a frame of a client leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A subscription: these frames at once, and ticks from now on of these symbols.
    Subscribed(Vec<String>, Vec<String>),
    /// These frames.
    Say(Vec<String>),
}

/// What a client gets by connecting: Binance's address is its subscription.
pub fn by_address(vendor: Vendor, streams: &str) -> Option<Vec<String>> {
    if vendor != Vendor::Binance {
        return None;
    }
    let mut symbols: Vec<String> =
        streams.split('/').filter_map(|name| name.split_once('@')).map(|(symbol, _)| symbol.to_owned()).collect();
    symbols.dedup();
    Some(symbols)
}

/// What the vendor makes of a frame.
pub fn hear(vendor: Vendor, text: &str) -> Heard {
    let asked: Value = serde_json::from_str(text).unwrap_or_default();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    };
    match vendor {
        Vendor::Coinbase if asked["type"] == "subscribe" => {
            let ack = json!({ "type": "subscriptions", "channels": asked["channels"] }).to_string();
            Heard::Subscribed(vec![ack], texts(&asked["product_ids"]))
        }
        // An empty frame acknowledges; nothing answers a ping.
        Vendor::Rtds if asked["action"] == "subscribe" => {
            let topics = asked["subscriptions"].as_array().into_iter().flatten();
            let names = topics.filter_map(|one| one["topic"].as_str()).map(ToOwned::to_owned).collect();
            Heard::Subscribed(vec![String::new()], names)
        }
        Vendor::Deribit if asked["method"] == "public/subscribe" => {
            let channels = texts(&asked["params"]["channels"]);
            let ack = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": channels }).to_string();
            let test =
                json!({ "jsonrpc": "2.0", "method": "heartbeat", "params": { "type": "test_request" } }).to_string();
            Heard::Subscribed(vec![ack, test], channels)
        }
        Vendor::Deribit if !asked["id"].is_null() => {
            Heard::Say(vec![json!({ "jsonrpc": "2.0", "id": asked["id"], "result": "ok" }).to_string()])
        }
        Vendor::TwelveData if asked["action"] == "subscribe" => {
            let symbols = asked["params"]["symbols"].as_str().unwrap_or_default().split(',');
            let symbols: Vec<String> = symbols.filter(|symbol| !symbol.is_empty()).map(ToOwned::to_owned).collect();
            let good: Vec<Value> = symbols.iter().map(|symbol| json!({ "symbol": symbol })).collect();
            let ack = json!({ "event": "subscribe-status", "status": "ok", "success": good, "fails": [] }).to_string();
            Heard::Subscribed(vec![ack], symbols)
        }
        Vendor::TwelveData if asked["action"] == "heartbeat" => {
            Heard::Say(vec![json!({ "event": "heartbeat", "status": "ok" }).to_string()])
        }
        _ => Heard::Say(Vec::new()),
    }
}

/// The frames of one tick at a moment, number `count` of its connection.
pub fn tick(vendor: Vendor, day: &Day, at: Timestamp, count: u32, names: &[String]) -> Vec<String> {
    let frames = names.iter().flat_map(|name| match vendor {
        Vendor::Coinbase => {
            let price = day.price("btc", base(name), at);
            let text = |shift: i64| decimal(price + shift * 1_000_000, 2);
            let mut ticker = coinbase_ticker(name, at, u64::from(count) + 1, &text(0));
            (ticker["best_bid"], ticker["best_ask"]) = (text(-1).into(), text(1).into());
            vec![ticker]
        }
        Vendor::Binance => {
            let (price, symbol) = (day.price("btc", base(name), at), name.to_ascii_uppercase());
            let trade = json!({ "e": "trade", "E": at.millis() + 3, "s": symbol, "t": count, "p": decimal(price, 8), "q": "0.01",
                "T": at.millis(), "m": false });
            let quote = json!({ "u": count, "s": symbol, "b": decimal(price - 1_000_000, 8), "B": "1", "a": decimal(price + 1_000_000, 8), "A": "2" });
            vec![json!({ "stream": format!("{name}@trade"), "data": trade }), json!({ "stream": format!("{name}@bookTicker"), "data": quote })]
        }
        Vendor::Deribit => {
            let index = name.rsplit('.').next().unwrap_or_default();
            let data = json!({ "volatility": volatility(day, at) as f64 / 100.0, "timestamp": at.millis(), "index_name": index });
            vec![json!({ "jsonrpc": "2.0", "method": "subscription", "params": { "channel": name, "data": data } })]
        }
        Vendor::TwelveData => {
            let price = day.price("fx", base(name), at) as f64 / 1e8;
            vec![json!({ "event": "price", "symbol": name, "type": "Physical Currency", "timestamp": at.secs(), "price": price })]
        }
        Vendor::Rtds => rtds(day, at, count, name),
        _ => Vec::new(),
    });
    frames.map(|frame| frame.to_string()).collect()
}

/// The frame of a trade that was recorded, number `count` of its connection from 1: a price as the vendor writes it. Best prices
/// are left out, as a trade does not say them.
pub fn coinbase_trade(product: &str, at: Timestamp, count: u64, price: &str) -> String {
    coinbase_ticker(product, at, count, price).to_string()
}

fn coinbase_ticker(product: &str, at: Timestamp, sequence: u64, price: &str) -> Value {
    json!({ "type": "ticker", "sequence": sequence, "product_id": product, "price": price, "time": at.to_string(), "last_size": "0.01" })
}

fn rtds(day: &Day, at: Timestamp, count: u32, topic: &str) -> Vec<Value> {
    let symbol = if topic == "crypto_prices" { "btcusdt" } else { "btc/usd" };
    let (window, length) = match topic {
        "crypto_prices_twap_sixty" => (Some(60), 60),
        "crypto_prices_twap_thirty" => (Some(30), 30),
        _ => (None, 1),
    };
    // A mean of the generated prices of the last seconds.
    let prices = (0..length).map(|back| day.price("btc", base("BTC"), at.minus(std::time::Duration::from_secs(back))));
    let price = prices.sum::<i64>() / length as i64;
    let mut payload = json!({ "symbol": symbol, "timestamp": at.secs() * 1_000, "value": price as f64 / 1e8 });
    if let Some(window) = window {
        payload["full_accuracy_value"] = json!(format!("{price}0000000000"));
        payload["window_s"] = json!(window);
    }
    let mut out = Vec::new();
    // The history of Chainlink's prices comes first, under Binance's topic.
    if count == 0 && topic == "crypto_prices_chainlink" {
        let point = |back: i64| {
            let then = at.minus(std::time::Duration::from_secs(back as u64));
            json!({ "timestamp": then.secs() * 1_000, "value": day.price("btc", base("BTC"), then) as f64 / 1e8 })
        };
        let data: Vec<Value> = (1..=5).rev().map(point).collect();
        out.push(json!({ "topic": "crypto_prices", "type": "subscribe", "timestamp": at.millis(), "payload": { "symbol": "btc/usd", "data": data } }));
    }
    out.push(json!({ "connection_id": "c-1", "topic": topic, "type": "update", "timestamp": at.millis() + 1_600, "payload": payload }));
    out
}

/// The vendor's error on an open stream.
pub fn error(vendor: Vendor) -> String {
    match vendor {
        Vendor::Coinbase => json!({ "type": "error", "message": "Failed to subscribe", "reason": "product is not valid" }),
        Vendor::Binance => json!({ "code": -1121, "msg": "Invalid symbol." }),
        Vendor::Deribit => json!({ "jsonrpc": "2.0", "id": 2, "error": { "code": 10_028, "message": "too_many_requests" } }),
        Vendor::TwelveData => {
            json!({ "event": "subscribe-status", "status": "error", "success": null, "fails": [{ "symbol": "EUR/USD" }] })
        }
        _ => json!({ "message": "Internal server error", "connectionId": "c-1" }),
    }
    .to_string()
}
