//! The scanner against the general decoder, on generated and on recorded frames; the errors; the way to YES terms.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use brier_types::{BookSide, Outcome, Price, Qty, SignedQty};
use expect_test::expect;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const GOLD: &str = include_str!("testdata/gold15m.ndjson");
const BTC: &str = include_str!("testdata/btc15m.ndjson");
const MLB: &str = include_str!("testdata/mlb_twelve_markets.ndjson");

/// The examples of reference section 15.5, with the ids written out.
const SNAPSHOT: &str = r#"{"type":"orderbook_snapshot","sid":1,"seq":1,"sending_ts_ms":1795176000500,"msg":{"market_ticker":"KXEXAMPLE-27JAN01-T1","market_id":"0b2f6a52-90c4-4a7e-9d3e-0c4b1a8b7f11","yes_dollars_fp":[["0.4000","120.00"],["0.4100","35.50"]],"no_dollars_fp":[["0.4500","80.00"]]}}"#;
const DELTA: &str = r#"{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"KXEXAMPLE-27JAN01-T1","market_id":"0b2f6a52-90c4-4a7e-9d3e-0c4b1a8b7f11","price_dollars":"0.4100","delta_fp":"-5.50","side":"yes","ts":"2026-11-20T12:00:00.5Z","ts_ms":1795176000500}}"#;
const TICKER: &str = r#"{"type":"ticker","sid":3,"msg":{"market_ticker":"KXEXAMPLE-27JAN01-T1","market_id":"0b2f6a52-90c4-4a7e-9d3e-0c4b1a8b7f11","price_dollars":"0.4100","yes_bid_dollars":"0.4100","yes_ask_dollars":"0.4500","yes_bid_size_fp":"30.00","yes_ask_size_fp":"80.00","last_trade_size_fp":"5.50","volume_fp":"1030.00","open_interest_fp":"400.00","dollar_volume":422,"dollar_open_interest":164,"ts":1795176000,"ts_ms":1795176000500,"time":"2026-11-20T12:00:00.5Z"}}"#;
const TRADE: &str = r#"{"type":"trade","sid":2,"seq":7,"msg":{"trade_id":"b0a1c2d3-0000-4000-8000-000000000001","market_ticker":"KXEXAMPLE-27JAN01-T1","yes_price_dollars":"0.4100","no_price_dollars":"0.5900","count_fp":"5.50","taker_side":"no","taker_outcome_side":"no","taker_book_side":"ask","is_block_trade":false,"ts":1795176000,"ts_ms":1795176000500}}"#;

fn price(pips: u16) -> Price {
    Price::new(pips).unwrap()
}

/// Both decoders on one text; they must agree wherever the scanner has an opinion.
fn decode_both(text: &str) -> Result<Frame<'_>, DecodeError> {
    let general = decode_any_layout(text);
    if let Some(scanned) = fast::scan(text) {
        assert_eq!(Ok(&scanned), general.as_ref(), "{text}");
    }
    assert_eq!(decode(text), general, "{text}");
    general
}

#[test]
fn the_documented_frames_take_the_scanner() {
    for text in [SNAPSHOT, DELTA, TICKER, TRADE] {
        assert!(fast::scan(text).is_some(), "{text}");
        assert!(fast::scan(&format!("{text}\n")).is_some(), "{text}");
        decode_both(text).unwrap();
    }
}

#[test]
fn a_delta_is_read_in_full() {
    let Frame::Delta(delta) = decode_both(DELTA).unwrap() else { panic!("a delta") };
    assert_eq!((delta.head.sid.map(|sid| sid.0), delta.head.seq, delta.head.sending_ts_ms), (Some(1), Some(2), None));
    assert_eq!(delta.market_ticker, "KXEXAMPLE-27JAN01-T1");
    assert_eq!((delta.price, delta.side), (price(4_100), Outcome::Yes));
    assert_eq!(delta.delta, SignedQty::from_micros(-5_500_000).unwrap());
    assert_eq!((delta.ts.as_deref(), delta.ts_ms), (Some("2026-11-20T12:00:00.5Z"), Some(1_795_176_000_500)));
    assert_eq!((delta.client_order_id, delta.subaccount), (None, None));
}

#[test]
fn a_no_level_is_a_yes_ask_at_its_own_or_the_opposite_price() {
    let Frame::Snapshot(snapshot) = decode_both(SNAPSHOT).unwrap() else { panic!("a snapshot") };
    let contracts = |hundredths| Qty::from_hundredths(hundredths).unwrap();
    let in_yes_price: Vec<_> = snapshot.in_yes_terms(true).collect();
    assert_eq!(
        in_yes_price,
        [
            (BookSide::Bid, price(4_000), contracts(12_000)),
            (BookSide::Bid, price(4_100), contracts(3_550)),
            (BookSide::Ask, price(4_500), contracts(8_000)),
        ]
    );
    assert_eq!(snapshot.in_yes_terms(false).last(), Some((BookSide::Ask, price(5_500), contracts(8_000))));
    let input = snapshot.to_input(false).unwrap();
    assert_eq!((input.subscription.0, input.sequence), (1, 1));
    assert_eq!(yes_terms(Outcome::No, price(3_000), false), (BookSide::Ask, price(7_000)));
}

#[test]
fn a_trade_says_who_took_in_three_fields() {
    let Frame::Trade(trade) = decode_both(TRADE).unwrap() else { panic!("a trade") };
    assert_eq!(trade.taker(), Some(BookSide::Ask));
    let older = TRADE.replace(r#","taker_outcome_side":"no","taker_book_side":"ask","is_block_trade":false"#, "");
    let Frame::Trade(trade) = decode_both(&older).unwrap() else { panic!("a trade") };
    assert_eq!((trade.taker(), trade.is_block_trade), (Some(BookSide::Ask), None));
    assert_eq!(trade.to_input().unwrap().map(|trade| trade.qty), Qty::from_hundredths(550));
}

#[test]
fn a_ticker_without_a_quote_gives_none() {
    let text = TICKER.replace(r#""yes_bid_dollars":"0.4100""#, r#""yes_bid_dollars":"0.0000""#);
    let text = text.replace(r#""yes_ask_size_fp":"80.00""#, r#""yes_ask_size_fp":"0.00""#);
    let Frame::Ticker(ticker) = decode_both(&text).unwrap() else { panic!("a ticker") };
    let quote = ticker.to_input().unwrap();
    assert_eq!((quote.bid, quote.ask, quote.last), (None, None, Some(price(4_100))));
}

#[test]
fn other_frames_keep_their_message() {
    let text = r#"{"id":2,"sid":1,"seq":3,"type":"ok","msg":{"market_tickers":["A"]}}"#;
    let Frame::Other(other) = decode_both(text).unwrap() else { panic!("another frame") };
    assert_eq!((other.kind.as_ref(), other.msg), ("ok", Some(r#"{"market_tickers":["A"]}"#)));
    assert_eq!((other.head.id, other.head.seq), (Some(2), Some(3)));
    let Frame::Other(other) = decode_both(r#"{"type":"unsubscribed"}"#).unwrap() else { panic!("another frame") };
    assert_eq!(other.msg, None);
}

#[test]
fn our_own_order_names_itself_and_escapes_are_undone() {
    let text = DELTA.replace(r#","ts":"#, r#","client_order_id":"b\u002d18","subaccount":2,"ts":"#);
    let Frame::Delta(delta) = decode_both(&text).unwrap() else { panic!("a delta") };
    assert_eq!((delta.client_order_id.as_deref(), delta.subaccount), (Some("b-18"), Some(2)));
    let text = DELTA.replace("KXEXAMPLE-", r"KXEXAMPLE\u002d");
    let Frame::Delta(delta) = decode_both(&text).unwrap() else { panic!("a delta") };
    assert_eq!(delta.market_ticker, "KXEXAMPLE-27JAN01-T1");
}

#[test]
fn every_malformed_frame_is_an_error_that_says_where_and_what() {
    let cases = [
        DELTA[..100].to_owned(),
        String::new(),
        format!("{DELTA} x"),
        DELTA.replace(r#""0.4100""#, r#""1.4100""#),
        DELTA.replace(r#""-5.50""#, r#""-5.5O""#),
        DELTA.replace(r#""-5.50""#, "-5.5e1"),
        DELTA.replace(r#""side":"yes","#, ""),
        DELTA.replace(r#""seq":2"#, r#""seq":02"#),
        DELTA.replace(r#""seq":2"#, r#""seq":-2"#),
        DELTA.replace(r#""side":"yes""#, r#""side":"yes","side":"no""#),
        SNAPSHOT.replace(r#","35.50"]"#, r#"]"#),
        SNAPSHOT.replace("35.50", "-35.50"),
        SNAPSHOT.replace(",\"msg\":{", ",\n\"msg\":{\n\"a\":},"),
        String::from("[1]"),
        String::from(r#"{"type":"trade"}"#),
        String::from(r#"{"type":"trade","msg":7}"#),
        String::from("{}"),
    ];
    let mut messages = String::new();
    for text in cases {
        let error = decode_both(&text).unwrap_err();
        assert!(error.position() <= text.len());
        let message = error.to_string();
        let message = message.strip_suffix("; resynchronize the subscription").expect("the next step");
        messages.extend([message, "\n"]);
    }
    expect![[r#"
        frame: expected a JSON object in UTF-8, found EOF while parsing a value at byte 99
        frame: expected a JSON object in UTF-8, found EOF while parsing a value at byte 0
        frame: expected a JSON object in UTF-8, found trailing characters at byte 250
        frame field `price_dollars`: expected dollars from 0 to 1 in steps of 0.0001, found `"1.4100"` at byte 155
        frame field `delta_fp`: expected contracts with up to 6 decimals, found `"-5.5O"` at byte 175
        frame field `delta_fp`: expected contracts with up to 6 decimals, found `-5.5e1` at byte 175
        orderbook_delta frame: expected field `side` in the object at byte 48, found none
        frame: expected a JSON object in UTF-8, found invalid number at byte 41
        frame field `seq`: expected an integer, not negative, found `-2` at byte 40
        frame field `side`: expected once, found again at byte 203
        frame field `yes_dollars_fp`: expected a list of levels, each a price and contracts, found `["0.4100"]` at byte 210
        frame field `yes_dollars_fp`: expected a list of levels, each a price and contracts, found `["0.4100","-35.50"]` at byte 210
        frame: expected a JSON object in UTF-8, found expected value at byte 88
        frame: expected a JSON object in UTF-8, found invalid type: sequence, expected a JSON object at byte 0
        any frame: expected field `msg` in the object at byte 0, found none
        frame: expected a JSON object in UTF-8, found invalid type: integer `7`, expected a JSON object at byte 22
        any frame: expected field `type` in the object at byte 0, found none
    "#]].assert_eq(&messages);
    let error = decode_bytes(b"{\"type\":\"\xFF\"}").unwrap_err();
    assert_eq!(error.position(), 9);
}

#[test]
fn unknown_fields_are_named() {
    for text in [SNAPSHOT, DELTA, TICKER, TRADE] {
        assert_eq!(unknown_fields(text.as_bytes()).unwrap(), Vec::<String>::new());
    }
    let text = TRADE.replace(r#""sid":2"#, r#""sid":2,"note":1"#).replace(r#""ts":"#, r#""yes_price":41,"ts":"#);
    assert_eq!(unknown_fields(text.as_bytes()).unwrap(), ["note", "msg.yes_price"]);
    assert_eq!(unknown_fields(br#"{"type":"rfq_batch_created","msg":{"a":1}}"#).unwrap(), ["type=rfq_batch_created"]);
    let list = br#"{"id":5,"type":"ok","msg":[{"channel":"trade","sid":2}]}"#;
    assert_eq!(unknown_fields(list).unwrap(), Vec::<String>::new());
}

#[test]
fn recorded_frames_of_the_venue_take_the_scanner() {
    for text in [GOLD, MLB].into_iter().flat_map(str::lines) {
        let frame = decode_both(text).unwrap();
        let other = matches!(frame, Frame::Other(_));
        assert_eq!(fast::scan(text).is_none(), other, "{text}");
        assert_eq!(unknown_fields(text.as_bytes()).unwrap(), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn recorded_frames_of_another_layout_are_decoded_too() {
    let (mut deltas, mut tickers) = (0, 0);
    for text in BTC.lines() {
        assert!(fast::scan(text).is_none());
        match decode_both(text).unwrap() {
            Frame::Delta(delta) => {
                assert!(delta.head.sid.is_none() && delta.ts_ms.is_some());
                deltas += 1;
            }
            Frame::Ticker(ticker) => {
                assert!(ticker.yes_bid < ticker.yes_ask);
                tickers += 1;
            }
            Frame::Snapshot(snapshot) => assert!(snapshot.yes.len() > 10 && snapshot.no.len() > 10),
            Frame::Trade(_) | Frame::Other(_) => {}
        }
    }
    assert_eq!((deltas, tickers), (193, 2));
    let unknown = unknown_fields(BTC.lines().nth(5).unwrap().as_bytes()).unwrap();
    assert_eq!(unknown, ["recv_ns"]);
}

/// A frame as a value together with the text the venue would write.
fn any_frame() -> impl Strategy<Value = Value> {
    let ticker = "[A-Z0-9]{2,14}-[A-Z0-9]{2,14}(-[A-Z0-9.]{1,8})?";
    let pips = (0_u16..=10_000).prop_map(|pips| price(pips).to_string());
    let hundredths = (0_u64..1_000_000_000).prop_map(|number| Qty::from_hundredths(number).unwrap().to_string());
    let change = prop_oneof![
        (-2_000_000_i64..2_000_000).prop_map(|number| SignedQty::from_micros(number * 10_000).unwrap().to_string()),
        (-2_000_000_i64..2_000_000).prop_map(|number| SignedQty::from_micros(number).unwrap().to_string()),
    ];
    let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    let levels = prop::collection::vec((pips.clone(), hundredths.clone()), 0..6);
    let side = prop_oneof![Just("yes"), Just("no")];
    let head = (0_u64..100_000, 0_u64..10_000_000_000, proptest::option::of(1_000_000_000_000_i64..9_999_999_999_999));
    let parts = (ticker, uuid, pips.clone(), pips, change, hundredths, side);
    (head, parts, levels.clone(), levels, 0_usize..4).prop_map(|(head, parts, yes, no, kind)| {
        let (sid, seq, sending) = head;
        let (ticker, id, one, other, change, qty, side) = parts;
        let millis = 1_795_176_000_500_u64 + seq;
        let (kind, msg) = match kind {
            0 => ("orderbook_snapshot", {
                let mut msg = json!({"market_ticker": ticker, "market_id": id});
                for (key, levels) in [("yes_dollars_fp", yes), ("no_dollars_fp", no)] {
                    if !levels.is_empty() {
                        msg[key] = json!(levels);
                    }
                }
                msg
            }),
            1 => (
                "orderbook_delta",
                json!({"market_ticker": ticker, "market_id": id, "price_dollars": one,
                "delta_fp": change, "side": side, "ts": "2026-11-20T12:00:00.512345Z", "ts_ms": millis}),
            ),
            2 => (
                "ticker",
                json!({"market_ticker": ticker, "market_id": id, "price_dollars": one,
                "yes_bid_dollars": one, "yes_ask_dollars": other, "yes_bid_size_fp": qty, "yes_ask_size_fp": qty,
                "last_trade_size_fp": "1.00", "volume_fp": qty, "open_interest_fp": qty, "dollar_volume": seq,
                "dollar_open_interest": sid, "ts": millis / 1000, "ts_ms": millis, "time": "2026-11-20T12:00:00Z"}),
            ),
            _ => (
                "trade",
                json!({"trade_id": id, "market_ticker": ticker, "yes_price_dollars": one,
                "no_price_dollars": other, "count_fp": qty, "taker_side": side, "taker_outcome_side": side,
                "taker_book_side": if side == "yes" { "bid" } else { "ask" }, "is_block_trade": seq % 2 == 0,
                "ts": millis / 1000, "ts_ms": millis}),
            ),
        };
        let mut frame = json!({"type": kind, "sid": sid});
        if kind != "ticker" {
            frame["seq"] = json!(seq);
        }
        if let Some(sending) = sending {
            frame["sending_ts_ms"] = json!(sending);
        }
        frame["msg"] = msg;
        frame
    })
}

/// The keys of each object in the venue's order, since a JSON value may not keep the order it was written in.
const ORDER: [&str; 33] = [
    "type",
    "sid",
    "seq",
    "sending_ts_ms",
    "msg",
    "trade_id",
    "market_ticker",
    "market_id",
    "price_dollars",
    "yes_bid_dollars",
    "yes_ask_dollars",
    "yes_price_dollars",
    "no_price_dollars",
    "yes_bid_size_fp",
    "yes_ask_size_fp",
    "last_trade_size_fp",
    "volume_fp",
    "open_interest_fp",
    "dollar_volume",
    "dollar_open_interest",
    "yes_dollars_fp",
    "no_dollars_fp",
    "delta_fp",
    "count_fp",
    "side",
    "taker_side",
    "taker_outcome_side",
    "taker_book_side",
    "is_block_trade",
    "ts",
    "ts_ms",
    "time",
    "client_order_id",
];

/// Writes an object with its keys as `rank` orders them.
fn write(value: &Value, rank: &dyn Fn(&str) -> usize, space: &str) -> String {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_by_key(|key| rank(key));
            let members: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{space}{}{space}:{space}{}", json!(key), write(&members[key], rank, space)))
                .collect();
            format!("{{{}{space}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| write(item, rank, space)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn usual(key: &str) -> usize {
    ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len())
}

/// Every text that is a decimal becomes a number, for the fields that are units.
fn with_numbers(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| {
                    let unit = key.ends_with("_fp") || key.ends_with("_dollars");
                    (key.clone(), if unit { with_numbers(value) } else { nested(value) })
                })
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(with_numbers).collect()),
        Value::String(text) => serde_json::from_str(text).unwrap(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn nested(value: &Value) -> Value {
    if value.is_object() { with_numbers(value) } else { value.clone() }
}

proptest! {
    #[test]
    fn the_usual_layout_takes_the_scanner_and_says_the_same(frame in any_frame()) {
        let text = write(&frame, &usual, "");
        decode_both(&text).unwrap();
        prop_assert!(fast::scan(&text).is_some(), "{}", text);
    }

    #[test]
    fn order_spaces_and_unknown_keys_change_nothing(frame in any_frame(), seed in any::<u64>(), spaced in any::<bool>()) {
        let text = write(&frame, &usual, "");
        let expected = decode_both(&text).unwrap();
        let mut more = frame.clone();
        more["note"] = json!({"a": [1, null, "x\"y"]});
        more["msg"]["yes_price"] = json!(41);
        let shuffled = |key: &str| key.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)) as usize;
        let text = write(&more, &shuffled, if spaced { " \n" } else { "" });
        prop_assert_eq!(decode_both(&text).unwrap(), expected);
    }

    #[test]
    fn numbers_instead_of_texts_mean_the_same(frame in any_frame()) {
        let text = write(&frame, &usual, "");
        let expected = decode_both(&text).unwrap();
        let numbers = write(&with_numbers(&frame), &usual, "");
        prop_assert!(fast::scan(&numbers).is_none() || frame["msg"].get("yes_dollars_fp").is_none());
        prop_assert_eq!(decode_both(&numbers).unwrap(), expected);
    }

    #[test]
    fn optional_fields_may_be_missing(frame in any_frame(), drop in 0_usize..16) {
        let mut less = frame.clone();
        let optional = ["market_id", "ts", "ts_ms", "time", "no_price_dollars", "yes_bid_size_fp", "yes_ask_size_fp",
            "last_trade_size_fp", "volume_fp", "open_interest_fp", "dollar_volume", "dollar_open_interest",
            "taker_side", "taker_outcome_side", "taker_book_side", "is_block_trade"];
        less["msg"].as_object_mut().unwrap().remove(optional[drop]);
        prop_assert!(decode_both(&write(&less, &usual, "")).is_ok());
    }

    #[test]
    fn a_changed_byte_never_makes_the_decoders_differ(frame in any_frame(), at in any::<prop::sample::Index>(), byte in 0_u8..128) {
        let mut text = write(&frame, &usual, "").into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let _either = decode_both(std::str::from_utf8(&text).unwrap());
    }

    #[test]
    fn a_cut_frame_is_an_error(frame in any_frame(), at in any::<prop::sample::Index>()) {
        let text = write(&frame, &usual, "");
        prop_assert!(decode_both(&text[..at.index(text.len())]).is_err());
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), frame in any_frame(), at in any::<prop::sample::Index>()) {
        let _either = decode_bytes(&bytes);
        let _fields = unknown_fields(&bytes);
        let mut text = write(&frame, &usual, "").into_bytes();
        let at = at.index(text.len());
        text.splice(at..at, bytes.iter().take(3).copied());
        let _either = decode_bytes(&text);
    }
}
