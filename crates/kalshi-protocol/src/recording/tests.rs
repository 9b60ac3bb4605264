use super::*;

fn unknown(line: &str) -> Vec<String> {
    Record::parse(line).unwrap().unknown_fields().unwrap()
}

#[test]
fn both_forms_give_the_same_frame() {
    let msg = r#"{"market_ticker":"KXA-1","market_id":"m","price_dollars":"0.3200","delta_fp":"-46.02","side":"no"}"#;
    let flat = format!(r#"{{"recv_ns":1785901540731000001,"type":"orderbook_delta","seq":3,"msg":{msg}}}"#);
    let wrapped =
        format!(r#"{{"recv_ms":1785901540731,"event":{{"type":"orderbook_delta","sid":1,"seq":3,"msg":{msg}}}}}"#);
    let (flat, wrapped) = (Record::parse(&flat).unwrap(), Record::parse(&wrapped).unwrap());
    assert_eq!((flat.form, flat.received.nanos()), (Form::Flat, 1_785_901_540_731_000_001));
    assert_eq!((wrapped.form, wrapped.received.millis()), (Form::Wrapped, 1_785_901_540_731));
    let (Frame::Delta(one), Frame::Delta(other)) = (flat.decode().unwrap(), wrapped.decode().unwrap()) else {
        panic!("two deltas")
    };
    assert_eq!((one.price, one.delta, one.side), (other.price, other.delta, other.side));
    assert!(flat.unknown_fields().unwrap().is_empty() && wrapped.unknown_fields().unwrap().is_empty());
}

#[test]
fn keys_may_come_in_any_order() {
    let line = r#"{ "type":"trade", "msg":{}, "recv_ns": 5 }"#;
    let record = Record::parse(line).unwrap();
    assert_eq!((record.form, record.received.nanos()), (Form::Flat, 5));
    let line = r#"{"event":{"type":"trade","msg":{}},"recv_ms":5}"#;
    let record = Record::parse(line).unwrap();
    assert_eq!((record.form, record.frame), (Form::Wrapped, r#"{"type":"trade","msg":{}}"#));
    assert!(record.unknown_fields().unwrap().is_empty());
}

#[test]
fn what_is_neither_form_is_an_error() {
    for line in [
        "",
        "time,price",
        "{}",
        "[1]",
        r#"{"recv_ms":1}"#,
        r#"{"recv_ns":1,"event":{}}"#,
        r#"{"recv_ms":9223372036854775807,"event":{}}"#,
        r#"{"recv_ms":1,"event":{}"#,
    ] {
        assert!(Record::parse(line).is_err(), "{line}");
    }
    let error = Record::parse("ts,price").unwrap_err().to_string();
    assert!(error.ends_with("in `ts,price`"), "{error}");
}

#[test]
fn the_recorders_own_frames_and_fields_are_known_in_the_flat_form_only() {
    let ticker = r#""type":"ticker","msg":{"market_ticker":"KXA-1","yes_bid":41,"no_ask_size_fp":"1.00"}"#;
    assert!(unknown(&format!(r#"{{"recv_ns":1,{ticker}}}"#)).is_empty());
    assert_eq!(unknown(&format!(r#"{{"recv_ms":1,"event":{{{ticker}}}}}"#)), ["msg.yes_bid", "msg.no_ask_size_fp"]);
    let watch = r#""type":"watch_market","msg":{"market_ticker":"KXA-1","strike":80938.41,"mood":"good"}"#;
    assert_eq!(unknown(&format!(r#"{{"recv_ns":1,{watch}}}"#)), ["msg.mood"]);
    assert_eq!(unknown(&format!(r#"{{"recv_ms":1,"event":{{{watch}}}}}"#)), ["type=watch_market"]);
}

#[test]
fn a_subscription_inside_a_recorders_frame_is_read_as_strictly() {
    let with = |extra: &str| {
        format!(
            r#"{{"recv_ns":1,"type":"ws_subscribed","msg":{{"id":1,"msg":{{"channel":"ticker","sid":1{extra}}},"type":"subscribed"}}}}"#
        )
    };
    assert!(unknown(&with("")).is_empty());
    assert_eq!(unknown(&with(r#","lag":3"#)), ["msg.msg.lag"]);
}

#[test]
fn unknown_fields_are_named_wherever_they_stand() {
    assert_eq!(unknown(r#"{"recv_ns":1,"type":"trade","lag":2,"msg":{"price":41}}"#), ["lag", "msg.price"]);
    assert_eq!(unknown(r#"{"recv_ms":1,"event":{"type":"new","msg":{}},"lag":2}"#), ["type=new", "record.lag"]);
}
