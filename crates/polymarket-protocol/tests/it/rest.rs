//! REST answers that the venue really sent, where the recordings are beside the workspace: every one decodes, and no member
//! is unknown but those that only old samples carry, listed here by name.

use std::cell::RefCell;
use std::io::Read;

use brier_polymarket_protocol::{clob, data, gamma};
use serde_json::Value;

use crate::known::{Unknown, read};
use crate::shared;

/// Members that only old or documentation samples carry, by sample. They are not read.
///
/// The two `legacy` samples are Gamma's markets of 2020 and 2021, before the order book; `markets_list` is a documentation
/// sample whose `questionId` the venue writes `questionID`.
const OLD: &[&str] = &[
    "gamma_market_closed_nonbinary_legacy.fpmmLive",
    "gamma_market_closed_nonbinary_legacy.lowerBound",
    "gamma_market_closed_nonbinary_legacy.marketType",
    "gamma_market_closed_nonbinary_legacy.readyForCron",
    "gamma_market_closed_nonbinary_legacy.twitterCardImage",
    "gamma_market_closed_nonbinary_legacy.updatedBy",
    "gamma_market_closed_nonbinary_legacy.upperBound",
    "gamma_market_closed_nonbinary_legacy.volume1moAmm",
    "gamma_market_closed_nonbinary_legacy.volume1wkAmm",
    "gamma_market_closed_nonbinary_legacy.volume1yrAmm",
    "gamma_market_closed_zero_zero_legacy.fpmmLive",
    "gamma_market_closed_zero_zero_legacy.mailchimpTag",
    "gamma_market_closed_zero_zero_legacy.marketType",
    "gamma_market_closed_zero_zero_legacy.readyForCron",
    "gamma_market_closed_zero_zero_legacy.twitterCardImage",
    "gamma_market_closed_zero_zero_legacy.updatedBy",
    "gamma_market_closed_zero_zero_legacy.volume1moAmm",
    "gamma_market_closed_zero_zero_legacy.volume1wkAmm",
    "gamma_market_closed_zero_zero_legacy.volume1yrAmm",
    "markets_list[].questionId",
];

fn recording(path: &str) -> Option<Vec<Value>> {
    let file = std::io::BufReader::new(std::fs::File::open(shared(path)?).unwrap());
    let mut text = String::new();
    ruzstd::decoding::StreamingDecoder::new(file).unwrap().read_to_string(&mut text).unwrap();
    Some(text.split('\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn nothing_unknown(unknown: RefCell<Unknown>) {
    let left: Vec<_> = unknown.into_inner().into_iter().filter(|(path, _)| !OLD.contains(&path.as_str())).collect();
    assert!(left.is_empty(), "members that no type knows: {left:#?}");
}

/// Reads one message of the fixtures by its name; `false` when it is no REST answer.
fn fixture(name: &str, body: &Value, unknown: &RefCell<Unknown>) -> bool {
    match name {
        "clob_book_response" | "book" => drop(read::<clob::Book>("book", body, unknown)),
        "clob_fee_rate_response_nonzero" | "clob_fee_rate_response_zero" => {
            read::<clob::FeeRateReply>("fee-rate", body, unknown);
        }
        "clob_market_closed_binary_accepting_false" | "clob_market_closed_binary_accepting_true" | "market" => {
            drop(read::<clob::Market>("clob market", body, unknown));
        }
        "markets" => drop(read::<clob::Page<clob::Market>>("clob markets", body, unknown)),
        "data_api_positions_response" => drop(read::<Vec<data::v1::Position>>("positions", body, unknown)),
        "data_api_trades_response" | "trades" => drop(read::<Vec<data::v1::Trade>>("data trades", body, unknown)),
        "gamma_event" | "events_list" => drop(read::<Vec<gamma::Event>>("events", body, unknown)),
        "event" => drop(read::<gamma::Event>("event", body, unknown)),
        "gamma_tags" => drop(read::<Vec<gamma::Tag>>("tags", body, unknown)),
        "markets_list" => drop(read::<Vec<gamma::Market>>(name, body, unknown)),
        "market_slug" => drop(read::<gamma::Market>("market", body, unknown)),
        _ if name.starts_with("gamma_market") => drop(read::<gamma::Market>(name, body, unknown)),
        "search_response" => drop(read::<gamma::SearchReply>("search", body, unknown)),
        _ if name.starts_with("http_balance_allowance") => {
            drop(read::<clob::BalanceAllowance>("balance", body, unknown));
        }
        "http_batch_cancel_response" | "http_cancel_response_failed" | "http_cancel_response_ok" => {
            drop(read::<clob::CancelReply>("cancel", body, unknown));
        }
        "http_open_order" | "http_open_order_sell_fok" => drop(read::<clob::OpenOrder>("order", body, unknown)),
        "http_open_orders_page" => drop(read::<clob::Page<clob::OpenOrder>>("orders", body, unknown)),
        "http_order_response_failed" | "http_order_response_ok" => {
            drop(read::<clob::PostOrderReply>("post", body, unknown));
        }
        "http_trade_report" => drop(read::<clob::Trade>("trade", body, unknown)),
        "http_trades_page" => drop(read::<clob::Page<clob::Trade>>("trades", body, unknown)),
        _ => return false,
    }
    true
}

#[test]
fn recorded_messages() {
    let Some(messages) = recording("data/fixtures/polymarket_messages_nautilus.jsonl.zst") else { return };
    let (unknown, mut decoded, mut others) = (RefCell::default(), 0, Vec::new());
    for message in &messages {
        let (name, path) = (message["name"].as_str().unwrap(), message["path"].as_str().unwrap());
        if !path.contains("/ws_messages/") && fixture(name, &message["body"], &unknown) {
            decoded += 1;
        } else {
            others.push(name);
        }
    }
    nothing_unknown(unknown);
    let not_of_streams: Vec<_> = others.iter().filter(|name| name.starts_with("http_")).collect();
    // The error's body and the signed order have readers of their own.
    assert_eq!(not_of_streams, [&"http_order_response_error_500", &"http_signed_order"]);
    println!("{decoded} REST messages of {}", messages.len());
    assert_eq!(decoded, 37);
}

#[test]
fn recorded_books() {
    let Some(batches) = recording("data/polymarket_books/books_run_20260311T214149Z.jsonl.zst") else { return };
    let (unknown, mut levels, mut books) = (RefCell::default(), 0, 0);
    for book in batches.iter().flat_map(|batch| batch["books"].as_array().unwrap()) {
        let book: clob::Book = read("book", book, &unknown);
        assert!(book.bids.is_sorted_by(|a, b| a.price < b.price) && book.asks.is_sorted_by(|a, b| a.price > b.price));
        levels += book.bids.len() + book.asks.len();
        books += 1;
    }
    nothing_unknown(unknown);
    assert_eq!((books, levels), (60, 4_610));
}

#[test]
fn recorded_five_minute_markets() {
    let Some(path) = shared("data/polymarket_btc5m/BTC-5m-markets-2026-07-24.jsonl.gz") else { return };
    let Ok(output) = std::process::Command::new("gzip").arg("-dc").arg(path).output() else {
        println!("skipped: there is no gzip on this machine");
        return;
    };
    let (unknown, text) = (RefCell::default(), String::from_utf8(output.stdout).unwrap());
    let mut count = 0;
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let market: gamma::Market = read("market", &row["raw"], &unknown);
        let written = serde_json::to_value(&market).unwrap();
        for (name, value) in row["raw"].as_object().unwrap() {
            // Dollar statistics are rounded to a millionth; everything else is written as it came.
            if !matches!(value, Value::Number(number) if number.is_f64())
                && !name.starts_with("volume")
                && name != "liquidity"
            {
                assert_eq!(written.get(name), Some(value), "{name}");
            }
        }
        assert_eq!(market.clob_token_ids.unwrap().len(), 2);
        count += 1;
    }
    nothing_unknown(unknown);
    assert_eq!(count, 292);
}

#[test]
fn recorded_catalog() {
    let Some(rows) = recording("data/catalog/polymarket_markets_2026-03-11.jsonl.zst") else { return };
    let unknown = RefCell::default();
    for row in &rows {
        let mut row = row.clone();
        let members = row.as_object_mut().unwrap();
        // The collector kept one event outside its list, and named the event's series by its slug.
        let mut event = members.remove("event").unwrap();
        event.as_object_mut().unwrap().remove("series");
        members.insert("events".to_owned(), Value::Array(vec![event]));
        let market: gamma::Market = read("market", &row, &unknown);
        assert!(market.order_price_min_tick_size.is_some() && market.outcomes.unwrap().len() == 2);
    }
    nothing_unknown(unknown);
    assert_eq!(rows.len(), 21_441);
}

#[test]
fn recorded_titles() {
    let Some(rows) = recording("data/catalog/polymarket_titles_2026-07-02.jsonl.zst") else { return };
    let unknown = RefCell::default();
    for row in &rows {
        let tokens: Vec<clob::MarketToken> = read("tokens", &row["tokens"], &unknown);
        assert_eq!(tokens.len(), 2);
    }
    nothing_unknown(unknown);
    assert_eq!(rows.len(), 143);
}
