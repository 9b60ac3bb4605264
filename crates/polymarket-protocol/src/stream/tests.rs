//! What both decoders must agree on, and the documented samples.

use proptest::prelude::*;

use super::user::{OrderStanding, UserEvent};
use super::*;
use crate::ids::Side;

/// What both decoders say of a text, which must be the same; as text, because frames borrow from their decoder.
fn decoded(text: &str) -> Result<String, DecodeError> {
    let mut decoder = Decoder::new();
    let fast = decoder.decode(text).map(|frame| format!("{frame:?}"));
    let general = decoder.decode_any_layout(text).map(|frame| format!("{frame:?}"));
    assert_eq!(fast, general, "{text}");
    fast
}

/// Whether the scanner takes a text, and does not merely leave it to the general decoder.
fn scanned(text: &str) -> bool {
    fast::scan(text, &mut frame::Lists::default()).is_some()
}

const MARKET: &str = "0xdd22472e552920b8438158ea7238bfadfa4f736aa4cee91a6b86c39ead110917";
const YES: &str = "71321045679252212594626385532706912750332728571942532289631379312455583992563";
const NO: &str = "52114319501245915516055106046884209969926127482827954674443846427813813222426";
const HASH: &str = "46074fcd139c433a812251cefe117737e3509379";

fn change(token: &str, price: &str, size: &str, side: &str) -> String {
    format!(
        r#"{{"asset_id":"{token}","price":"{price}","size":"{size}","side":"{side}","hash":"{HASH}","best_bid":"0.5","best_ask":"1"}}"#
    )
}

#[test]
fn the_documented_price_change_is_scanned() {
    let text = format!(
        r#"{{"event_type":"price_change","market":"{MARKET}","timestamp":"1763600000001","price_changes":[{},{}]}}"#,
        change(YES, "0.51", "10", "BUY"),
        change(NO, "0.49", "10.5", "SELL"),
    );
    assert!(scanned(&text));
    let mut decoder = Decoder::new();
    let Frame::PriceChange(frame) = decoder.decode(&text).unwrap() else { panic!("a price change") };
    assert_eq!((frame.market, frame.timestamp.millis(), frame.changes.len()), (MARKET, 1_763_600_000_001, 2));
    let no = frame.changes.iter().nth(1).unwrap();
    assert_eq!((no.asset_id, no.price.pips(), no.size.micros(), no.side), (NO, 4_900, 10_500_000, Side::Sell));
    assert_eq!((no.hash, no.best_ask.map(brier_types::Price::pips)), (Some(HASH), Some(10_000)));
    decoded(&text).unwrap();
}

#[test]
fn the_older_shapes_of_a_price_change_are_read() {
    for text in [
        format!(
            r#"{{"event_type":"price_change","asset_id":"{YES}","market":"{MARKET}","hash":"{HASH}","timestamp":"1729084877448","changes":[{{"price":"0.4","side":"SELL","size":"3300"}}]}}"#
        ),
        format!(
            r#"{{"asset_id":"{YES}","event_type":"price_change","hash":"{HASH}","market":"{MARKET}","price":"0.4","side":"SELL","size":"3300","timestamp":"1729084877448"}}"#
        ),
    ] {
        let mut decoder = Decoder::new();
        let Frame::PriceChange(frame) = decoder.decode(&text).unwrap() else { panic!("a price change") };
        let change = frame.changes.iter().next().unwrap();
        assert_eq!((change.asset_id, change.price.pips(), change.side), (YES, 4_000, Side::Sell));
        assert_eq!((change.hash, change.best_bid), (Some(HASH), None));
    }
}

#[test]
fn every_layout_of_a_book_gives_the_same_frame() {
    let head = format!(r#""market":"{MARKET}","asset_id":"{YES}","timestamp":"1763600000000","hash":"{HASH}""#);
    let lists = r#""bids":[{"price":"0.01","size":"500"},{"price":"0.52","size":"100.25"}],"asks":[]"#;
    let swapped = r#""asks":[],"bids":[{"price":"0.01","size":"500"},{"price":"0.52","size":"100.25"}]"#;
    let texts = [
        format!(r#"{{"event_type":"book",{head},{lists}}}"#),
        format!(r#"{{{head},{lists},"event_type":"book"}}"#),
        format!(r#"{{"event_type":"book",{head},{swapped}}}"#),
    ];
    assert_eq!(texts.each_ref().map(|text| scanned(text)), [true, true, false]);
    let frames = texts.each_ref().map(|text| decoded(text).unwrap());
    assert!(frames.iter().all(|frame| *frame == frames[0]), "{frames:?}");
    assert!(frames[0].contains("(Price(5200), Qty(100250000))"), "{}", frames[0]);
}

#[test]
fn what_the_exchange_writes_is_scanned() {
    use brier_types::{Price, Qty, Timestamp};
    let (market, asset_id) = (MARKET.to_owned(), YES.to_owned());
    let timestamp = Timestamp::from_millis(1_763_600_000_000).unwrap();
    let (price, size) = (Price::from_cents(52).unwrap(), Qty::from_micros(100_250_000).unwrap());
    let best = Some(price);
    let events = [
        market::MarketEvent::Book(market::BookEvent {
            market: market.clone(),
            asset_id: asset_id.clone(),
            timestamp,
            hash: Some(HASH.to_owned()),
            bids: vec![market::BookLevel { price, size }],
            asks: vec![],
            tick_size: Some(Price::from_cents(1).unwrap()),
            last_trade_price: Some(price),
        }),
        market::MarketEvent::PriceChange(market::PriceChangeEvent {
            market: market.clone(),
            price_changes: vec![market::PriceLevelChange {
                asset_id: asset_id.clone(),
                price,
                size,
                side: Side::Sell,
                hash: Some(HASH.to_owned()),
                best_bid: best,
                best_ask: Some(Price::ONE),
            }],
            timestamp,
        }),
        market::MarketEvent::LastTradePrice(market::LastTradePriceEvent {
            asset_id: asset_id.clone(),
            fee_rate_bps: Some("0".to_owned()),
            market: market.clone(),
            price,
            side: Side::Buy,
            size,
            timestamp,
            transaction_hash: Some(format!("0x{}", "ab".repeat(32))),
        }),
        market::MarketEvent::TickSizeChange(market::TickSizeChangeEvent {
            market: market.clone(),
            asset_id: asset_id.clone(),
            old_tick_size: Price::from_cents(1).unwrap(),
            new_tick_size: Price::new(10).unwrap(),
            timestamp,
        }),
        market::MarketEvent::BestBidAsk(market::BestBidAskEvent {
            market,
            asset_id,
            best_bid: best,
            best_ask: best,
            spread: Some(Price::ZERO),
            timestamp,
        }),
    ];
    for event in events {
        let text = event.to_frame();
        assert!(scanned(&text), "{text}");
        decoded(&text).unwrap();
        assert_eq!(unknown_fields(Channel::Market, &text).unwrap(), Vec::<String>::new());
    }
}

#[test]
fn unknown_types_are_kept_and_unknown_keys_are_named() {
    let text = r#"{"event_type":"whale_alert","market":"0x1","size":7}"#;
    let mut decoder = Decoder::new();
    let Frame::Other(other) = decoder.decode(text).unwrap() else { panic!("something else") };
    assert_eq!((other.kind.as_ref(), other.text), ("whale_alert", text));
    assert_eq!(unknown_fields(Channel::Market, text).unwrap(), ["(whale_alert)"]);
    let text = format!(
        r#"{{"event_type":"book","market":"{MARKET}","asset_id":"1","timestamp":"1","bids":[{{"price":"0.1","size":"1","n":3}}],"asks":[],"x":0}}"#
    );
    assert_eq!(unknown_fields(Channel::Market, &text).unwrap(), ["bids.n", "x"]);
    decoded(&text).unwrap();
}

#[test]
fn malformed_frames_are_errors_with_a_place() {
    for (text, expected) in [
        ("", "EOF"),
        ("PONG", "expected value"),
        (r#"{"event_type":"book"}"#, "missing field `market`"),
        (r#"{"event_type":"price_change","market":"0x1","timestamp":"1"}"#, "`price_changes`"),
        (
            r#"{"event_type":"tick_size_change","market":"m","asset_id":"1","old_tick_size":"2","new_tick_size":"0.1","timestamp":"1"}"#,
            "a price from 0 to 1",
        ),
    ] {
        let error = decoded(text).unwrap_err();
        assert!(error.problem.contains(expected), "{text}: {error}");
        assert!(error.to_string().ends_with("resynchronize what it may have concerned"), "{error}");
    }
}

#[test]
fn a_frame_is_one_object_or_an_array_of_them() {
    assert_eq!(split(r#"{"a":1}"#).unwrap().as_slice(), [r#"{"a":1}"#]);
    assert_eq!(split(r#"[{"a":1}, {"b":2}]"#).unwrap().as_slice(), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert!(split("[").is_err());
}

#[test]
fn killed_and_invalid_orders_are_gone_with_their_reason() {
    let text = r#"{"event_type":"order","id":"0x78","owner":"k","market":"0x14","asset_id":"256","side":"BUY","original_size":"12",
        "size_matched":"","price":"0.6","outcome":"","type":"CANCELLATION","created_at":"","expiration":"0","order_type":"FOK",
        "status":"CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed.","timestamp":"1777824065000"}"#;
    let UserEvent::Order(order) = UserEvent::from_frame(text).unwrap() else { panic!("an order") };
    assert_eq!((order.size_matched, order.created_at), (None, None));
    let (standing, reason) = order.standing();
    assert_eq!(standing, OrderStanding::Gone);
    assert!(reason.unwrap().starts_with("order couldn't be fully filled."));
}

#[test]
fn a_trade_reads_what_it_writes() {
    let text = r#"{"event_type":"trade","id":"8f6c","taker_order_id":"0x1","market":"0x2","asset_id":"7132","side":"BUY","size":"10","fee_rate_bps":"0","price":"0.52","status":"MATCHED","match_time":"1763600000","last_update":"1763600000","outcome":"Yes","owner":"k","maker_address":"0x3","transaction_hash":null,"bucket_index":0,"maker_orders":[{"order_id":"0x4","owner":"m","maker_address":"0x5","matched_amount":"10","price":"0.52","fee_rate_bps":"0","asset_id":"7132","outcome":"Yes","side":"SELL"}],"trader_side":"TAKER","type":"TRADE","timestamp":"1763600000000"}"#;
    let event = UserEvent::from_frame(text).unwrap();
    assert_eq!(event.to_frame(), text);
    assert_eq!(unknown_fields(Channel::User, text).unwrap(), Vec::<String>::new());
}

#[test]
fn outside_prices_keep_every_digit() {
    use super::prices::{RtdsMessage, SpotPrice, Topic};
    let text = r#"{"topic":"crypto_prices","type":"update","timestamp":1780730269142,"payload":{"symbol":"btcusdt","timestamp":1780730269000,"value":61035.86,"full_accuracy_value":"61035.86000001"}}"#;
    let message = RtdsMessage::from_frame(text).unwrap();
    let price = message.price().unwrap();
    assert_eq!(price.price(&message.topic).unwrap().to_string(), "61035.86000001");
    assert_eq!(price.value.unwrap().to_string(), "61035.86");
    assert_eq!(SpotPrice::parse("1.25e-7").unwrap().to_string(), "0.000000125");
    assert_eq!(SpotPrice::parse("3.0E2").unwrap().to_string(), "300");
    assert_eq!(SpotPrice::parse("0.0000000000000000019").unwrap().units(), 1);
    for text in ["", ".", "1.", "--1", "1e", "nan", "1e99"] {
        assert_eq!(SpotPrice::parse(text), None, "{text}");
    }
    let twap =
        r#"{"symbol":"btc/usd","timestamp":1,"value":1.5,"full_accuracy_value":"1500000000000000001","window_s":30}"#;
    let twap: prices::RtdsPrice = serde_json::from_str(twap).unwrap();
    assert_eq!(twap.price(&Topic::TwapThirty).unwrap().to_string(), "1.500000000000000001");
}

fn token() -> impl Strategy<Value = String> {
    prop_oneof![Just(YES.to_owned()), Just(NO.to_owned()), "[0-9]{1,79}"]
}

fn price() -> impl Strategy<Value = String> {
    prop_oneof![
        "0\\.[0-9]{1,5}",
        "[01]",
        "1\\.0{0,3}",
        "[0-9]{0,3}(\\.[0-9]{0,6})?",
        Just("1e-2".to_owned()),
        Just("+0.5".to_owned())
    ]
}

fn size() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,5}",
        "[0-9]{1,9}\\.[0-9]{1,7}",
        "[0-9]{5,20}",
        Just("1e3".to_owned()),
        Just("-1".to_owned()),
        Just(String::new())
    ]
}

/// Any key of any event with a value that is mostly of its kind.
fn member() -> impl Strategy<Value = String> {
    let kinds = vec!["book", "price_change", "last_trade_price", "best_bid_ask", "tick_size_change", "whale"];
    let level = (price(), size()).prop_map(|(price, size)| format!(r#"{{"price":"{price}","size":"{size}"}}"#));
    let levels = proptest::collection::vec(level, 0..4).prop_map(|levels| levels.join(",")).boxed();
    let side = proptest::sample::select(vec!["BUY", "SELL", "buy", "HOLD"]);
    let changes = proptest::collection::vec(
        (token(), price(), size(), side.clone())
            .prop_map(|(token, price, size, side)| change(&token, &price, &size, side)),
        0..4,
    )
    .prop_map(|list| list.join(","));
    prop_oneof![
        4 => proptest::sample::select(kinds).prop_map(|kind| format!(r#""event_type":"{kind}""#)),
        4 => Just(format!(r#""market":"{MARKET}""#)),
        4 => prop_oneof![Just("1763600000001"), Just("1763600000"), Just("soon")].prop_map(|time| format!(r#""timestamp":"{time}""#)),
        4 => token().prop_map(|token| format!(r#""asset_id":"{token}""#)),
        2 => Just(format!(r#""hash":"{HASH}""#)),
        3 => levels.clone().prop_map(|levels| format!(r#""bids":[{levels}]"#)),
        3 => levels.prop_map(|levels| format!(r#""asks":[{levels}]"#)),
        4 => changes.prop_map(|changes| format!(r#""price_changes":[{changes}]"#)),
        3 => (proptest::sample::select(vec!["price", "best_bid", "best_ask", "tick_size", "last_trade_price", "old_tick_size", "new_tick_size", "spread"]), price())
            .prop_map(|(key, price)| format!(r#""{key}":"{price}""#)),
        2 => size().prop_map(|size| format!(r#""size":"{size}""#)),
        2 => side.prop_map(|side| format!(r#""side":"{side}""#)),
        1 => Just(r#""fee_rate_bps":"0""#.to_owned()),
        1 => "[\\x00-\\x7f]{0,70}".prop_map(|text| format!(r#""transaction_hash":"{text}""#)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_equals_the_general_decoder(members in proptest::collection::vec(member(), 0..9), end in "[}\\n ]{0,2}") {
        let _either = decoded(&format!("{{{}{end}", members.join(",")));
    }

    #[test]
    fn a_changed_byte_changes_both_alike(
        price in price(), size in size(), at in 0_usize..600, byte in 0_u8..128, cut in 0_usize..700, kind in 0_u8..3,
    ) {
        let mut text = match kind {
            0 => format!(r#"{{"market":"{MARKET}","price_changes":[{},{}],"timestamp":"1763600000001","event_type":"price_change"}}"#,
                change(YES, &price, &size, "BUY"), change(NO, "0.5", "1.5", "SELL")),
            1 => format!(r#"{{"event_type":"book","asset_id":"{YES}","market":"{MARKET}","bids":[{{"price":"{price}","size":"{size}"}}],"asks":[],"timestamp":"1763600000001","hash":"{HASH}"}}"#),
            _ => format!(r#"{{"asset_id":"{YES}","event_type":"last_trade_price","fee_rate_bps":"0","market":"{MARKET}","price":"{price}","side":"BUY","size":"{size}","timestamp":"1763600000001","transaction_hash":"0x{}"}}"#, "ab".repeat(32)),
        }.into_bytes();
        if let Some(place) = text.get_mut(at) { *place = byte; }
        text.truncate(cut.max(300));
        let _either = decoded(std::str::from_utf8(&text).unwrap());
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _either = decoded(&text);
        let _user = UserEvent::from_frame(&text);
        let _command = command::Command::from_frame(&text);
        let _rtds = prices::RtdsMessage::from_frame(&text).map(|message| message.price());
    }
}
