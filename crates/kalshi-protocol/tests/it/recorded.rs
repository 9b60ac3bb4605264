//! Answers and frames that the venue really sent: the excerpts in `testdata/recorded.json`, and the whole recordings where
//! they are beside the workspace.

use std::io::Read;

use brier_kalshi_protocol::rest;
use brier_kalshi_protocol::ws::{Body, ServerMessage};
use expect_test::expect;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{shared, testdata};

/// The text of a recording, or `None` when it is not there.
fn recording(name: &str) -> Option<String> {
    let file = std::fs::File::open(shared(&format!("data/fixtures/{name}.zst"))?).unwrap();
    let mut text = String::new();
    ruzstd::decoding::StreamingDecoder::new(std::io::BufReader::new(file)).unwrap().read_to_string(&mut text).unwrap();
    Some(text)
}

fn json(name: &str) -> Option<Value> {
    recording(name).map(|text| serde_json::from_str(&text).unwrap())
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// Reads markets and converts each.
fn check_markets<'a>(markets: impl IntoIterator<Item = &'a Value>) -> usize {
    let mut count = 0;
    for value in markets {
        let market: rest::Market = read(value);
        let converted = market.to_market().unwrap_or_else(|error| panic!("{error}: {}", market.ticker));
        assert_eq!(converted.ticker.as_str(), market.ticker);
        count += 1;
    }
    count
}

fn check_events<'a>(events: impl IntoIterator<Item = &'a Value>) -> usize {
    let mut count = 0;
    for value in events {
        let event: rest::EventData = read(value);
        event.to_event().unwrap();
        count += check_markets(value["markets"].as_array().unwrap());
    }
    count
}

#[test]
fn kept_excerpts() {
    let text = std::fs::read_to_string(testdata("recorded.json")).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(check_events([&kept["event"]]), 1);
    let settled: rest::Market = read(&kept["settled_market"]);
    assert_eq!(settled.to_market().unwrap().result, Some(brier_types::MarketResult::Yes));
    let candle: rest::MarketCandlestick = read(&kept["candlestick"]);
    assert_eq!(serde_json::to_value(&candle).unwrap(), kept["candlestick"]);
    let books: Vec<rest::MarketOrderbookFp> = read(&kept["orderbooks"]);
    assert_eq!(serde_json::to_value(&books).unwrap(), kept["orderbooks"]);
    for frame in kept["frames"].as_array().unwrap() {
        let message = ServerMessage::parse(&frame.to_string()).unwrap();
        assert_eq!(&serde_json::from_str::<Value>(&message.to_json()).unwrap(), frame);
    }
}

#[test]
fn recorded_events_and_markets() {
    let Some(events) = json("kalshi_2026-08_events_sports_nested.json") else { return };
    let mut markets = check_events(events.as_array().unwrap());
    markets += check_events(json("kalshi_2026-08_events_nfl_preseason.json").unwrap()["events"].as_array().unwrap());
    markets += check_markets(json("kalshi_2026-08_markets_settled.json").unwrap()["markets"].as_array().unwrap());
    let combos = json("kalshi_2026-08_combo_priced_markets.json").unwrap();
    markets += check_markets(combos["combos"].as_array().unwrap());
    markets += check_markets(combos["legs"].as_object().unwrap().values());
    for line in recording("kalshi_rest_events_sports_2026-07-10.jsonl").unwrap().lines() {
        let by_ticker: Value = serde_json::from_str(line).unwrap();
        markets += check_markets(by_ticker.as_object().unwrap().values());
    }
    let single = json("kalshi_2026-08_market_single.json").unwrap();
    let answer: rest::GetMarketResponse = read(&single["single"]);
    assert_eq!(answer.market, read::<rest::Market>(&single["nested"]));
    read::<rest::GetMarketOrderbookResponse>(&single["orderbook"]);
    println!("{markets} recorded markets read and converted");
    assert!(markets > 200, "{markets}");
}

#[test]
fn recorded_candles_and_books() {
    let Some(candles) = json("kalshi_2026-08_candlesticks_mlb.json") else { return };
    let mut count = 0;
    for market in candles["markets"].as_object().unwrap().values() {
        for value in market["candlesticks"].as_array().unwrap() {
            let candle: rest::MarketCandlestick = read(value);
            assert_eq!(&serde_json::to_value(&candle).unwrap(), value);
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
    let books = json("kalshi_2026-08_combo_orderbooks.json").unwrap();
    let read: Vec<rest::MarketOrderbookFp> = read(&books);
    assert_eq!(serde_json::to_value(&read).unwrap(), books);
}

#[test]
fn recorded_frames_write_back_to_the_same_json() {
    let Some(capture) = json("kalshi_2026-08_ws_orderbook_stream.json") else { return };
    let mut sequence = 0;
    for frame in capture["frames"].as_array().unwrap() {
        let message = ServerMessage::parse(&frame["frame"].to_string()).unwrap();
        assert!(!matches!(message.body, Body::Unknown { .. }));
        assert_eq!(serde_json::from_str::<Value>(&message.to_json()).unwrap(), frame["frame"]);
        // On one subscription snapshots, deltas and the `ok` of each added market all take a number.
        if let Some(seq) = message.seq {
            assert_eq!(seq, sequence + 1);
            sequence = seq;
        }
    }
    assert_eq!(sequence, 268);
}

/// Answers of January 2026, before the integer cents left: what still reads, and what lacks fields that came later.
#[test]
fn old_answers_read_where_they_have_todays_fields() {
    let Some(text) = recording("kalshi_rest_2026-01.jsonl") else { return };
    let mut report = String::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (name, body) = (line["name"].as_str().unwrap(), &line["body"]["response"]);
        let outcome = match name {
            "exchange_status_response" => attempt::<rest::ExchangeStatus>(body),
            "exchange_schedule_response" => attempt::<rest::GetExchangeScheduleResponse>(body),
            "user_data_timestamp_response" => attempt::<rest::GetUserDataTimestampResponse>(body),
            "series_fee_changes_response" => attempt::<rest::GetSeriesFeeChangesResponse>(body),
            "series_single_response" => attempt::<rest::GetSeriesResponse>(body),
            "series_list_response" => attempt::<rest::GetSeriesListResponse>(body),
            "events_list_response" => attempt::<rest::GetEventsResponse>(body),
            "event_single_response" => attempt::<rest::GetEventResponse>(body),
            "market_single_response" => attempt::<rest::GetMarketResponse>(body),
            "markets_list_response" => attempt::<rest::GetMarketsResponse>(body),
            "trades_list_response" => attempt::<rest::GetTradesResponse>(body),
            "series_candlesticks_response" => attempt::<rest::GetMarketCandlesticksResponse>(body),
            "orderbook_response" => attempt::<rest::GetMarketOrderbookResponse>(body),
            "order_group_create_response" => attempt::<rest::CreateOrderGroupResponse>(body),
            "order_group_single_response" => attempt::<rest::GetOrderGroupResponse>(body),
            "order_groups_list_response" => attempt::<rest::GetOrderGroupsResponse>(body),
            "portfolio_balance_response" => attempt::<rest::GetBalanceResponse>(body),
            "portfolio_orders_response" => attempt::<rest::GetOrdersResponse>(body),
            "portfolio_fills_response" => attempt::<rest::GetFillsResponse>(body),
            "portfolio_settlements_response" => attempt::<rest::GetSettlementsResponse>(body),
            "portfolio_positions_response" => attempt::<rest::GetPositionsResponse>(body),
            _ => continue,
        };
        report.push_str(&[name, ": ", &outcome, "\n"].concat());
    }
    expect![[r"
        event_single_response: missing field `updated_time`
        events_list_response: read
        exchange_schedule_response: read
        exchange_status_response: read
        market_single_response: missing field `updated_time`
        markets_list_response: missing field `updated_time`
        order_group_create_response: read
        order_group_single_response: read
        order_groups_list_response: read
        orderbook_response: missing field `orderbook_fp`
        portfolio_balance_response: missing field `balance_dollars`
        portfolio_fills_response: missing field `outcome_side`
        portfolio_orders_response: missing field `outcome_side`
        portfolio_positions_response: missing field `total_cost_shares_fp`
        portfolio_settlements_response: missing field `yes_count_fp`
        series_candlesticks_response: missing field `volume_fp`
        series_fee_changes_response: read
        series_list_response: read
        series_single_response: read
        trades_list_response: missing field `count_fp`
        user_data_timestamp_response: read
    "]]
    .assert_eq(&report);
}

fn attempt<T: DeserializeOwned>(value: &Value) -> String {
    serde_json::from_value::<T>(value.clone()).map_or_else(|error| error.to_string(), |_| "read".to_owned())
}
