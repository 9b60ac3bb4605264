use brier_types::Qty;
use expect_test::{Expect, expect};

use super::*;

/// The examples of the reference, section 15.2 and 15.5.
const EXAMPLES: &str = r#"
{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":1}}
{"id":2,"sid":1,"seq":3,"type":"ok","msg":{"market_tickers":["KXEXAMPLE-27JAN01-T1","KXEXAMPLE-27JAN01-T2"]}}
{"id":4,"sid":1,"seq":91,"type":"unsubscribed"}
{"id":5,"type":"ok","msg":[{"channel":"trade","sid":2}]}
{"id":9,"type":"error","msg":{"code":8,"msg":"Unknown channel name"}}
{"type":"orderbook_snapshot","sid":1,"seq":1,"sending_ts_ms":1795176000500,"msg":{"market_ticker":"KXEXAMPLE-27JAN01-T1","market_id":"0b2f","yes_dollars_fp":[["0.4000","120.00"],["0.4100","35.50"]],"no_dollars_fp":[["0.4500","80.00"]]}}
{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"KXEXAMPLE-27JAN01-T1","market_id":"0b2f","price_dollars":"0.4100","delta_fp":"-5.50","side":"yes","ts":"2026-11-20T12:00:00.5Z","ts_ms":1795176000500}}
{"type":"ticker","sid":3,"msg":{"market_ticker":"T","market_id":"M","price_dollars":"0.4100","yes_bid_dollars":"0.4100","yes_ask_dollars":"0.4500","yes_bid_size_fp":"30.00","yes_ask_size_fp":"80.00","last_trade_size_fp":"5.50","volume_fp":"1030.00","open_interest_fp":"400.00","dollar_volume":422,"dollar_open_interest":164,"ts":1795176000,"ts_ms":1795176000500,"time":"2026-11-20T12:00:00.5Z"}}
{"type":"trade","sid":2,"seq":7,"msg":{"trade_id":"X","market_ticker":"T","yes_price_dollars":"0.4100","no_price_dollars":"0.5900","count_fp":"5.50","taker_side":"no","taker_outcome_side":"no","taker_book_side":"ask","is_block_trade":false,"ts":1795176000,"ts_ms":1795176000500}}
{"type":"fill","sid":4,"msg":{"trade_id":"X","order_id":"O","client_order_id":"b-000018","market_ticker":"T","exchange_index":0,"is_taker":false,"side":"yes","action":"buy","purchased_side":"yes","outcome_side":"yes","book_side":"bid","yes_price_dollars":"0.4100","count_fp":"5.50","fee_cost":"0.0000","post_position_fp":"5.50","ts":1795176000,"ts_ms":1795176000500}}
{"type":"market_position","sid":5,"msg":{"user_id":"U","market_ticker":"T","position_fp":"5.50","position_cost_dollars":"2.2550","realized_pnl_dollars":"0.0000","fees_paid_dollars":"0.0000","position_fee_cost_dollars":"0.0000","volume_fp":"5.50"}}
{"type":"user_order","sid":6,"msg":{"order_id":"O","user_id":"U","client_order_id":"b-000018","ticker":"T","exchange_index":0,"status":"resting","side":"yes","is_yes":true,"outcome_side":"yes","book_side":"bid","yes_price_dollars":"0.4100","initial_count_fp":"10.00","fill_count_fp":"5.50","remaining_count_fp":"4.50","taker_fill_cost_dollars":"0.000000","maker_fill_cost_dollars":"2.255000","taker_fees_dollars":"0.000000","maker_fees_dollars":"0.000000","created_time":"2026-11-20T11:59:58Z","created_ts_ms":1795175998000,"last_updated_ts_ms":1795176000500,"last_update_reason":"Trade","subaccount_number":0}}
{"type":"market_lifecycle_v2","sid":7,"seq":3,"msg":{"event_type":"determined","market_ticker":"T","result":"yes","settlement_value":"1.0000","determination_ts":1795262400}}
{"type":"order_group_updates","sid":8,"seq":1,"msg":{"event_type":"created","order_group_id":"G","contracts_limit_fp":"500.00","ts_ms":1795176000500}}
{"type":"event_fee_update","sid":7,"seq":4,"msg":{"event_ticker":"E","fee_type_override":null,"fee_multiplier_override":null}}
{"type":"event_fee_update","sid":7,"seq":5,"msg":{"event_ticker":"E","fee_type_override":"quadratic","fee_multiplier_override":0.5}}
{"type":"event_lifecycle","sid":7,"seq":6,"msg":{"event_ticker":"E","series_ticker":"S","title":"A","subtitle":"B","collateral_return_type":"MECNET","exchange_index":0,"strike_date":1795262400}}
{"type":"rfq_created","sid":9,"seq":1,"msg":{"id":"R","contracts_fp":"5.00"}}
"#;

#[test]
fn every_example_of_the_reference_reads_and_writes_back_to_the_same_json() {
    for example in EXAMPLES.lines().filter(|line| !line.is_empty()) {
        let message = ServerMessage::parse(example).unwrap();
        let known: serde_json::Value = serde_json::from_str(example).unwrap();
        let written: serde_json::Value = serde_json::from_str(&message.to_json()).unwrap();
        assert_eq!(written, known);
        assert_eq!(ServerMessage::parse(&message.to_json()).unwrap(), message);
        assert_eq!(matches!(message.body, Body::Unknown { .. }), example.contains("rfq_created"));
    }
}

#[test]
fn an_empty_ladder_has_no_key() {
    let message = ServerMessage::new(Body::OrderbookSnapshot(OrderbookSnapshot {
        market_ticker: "T".into(),
        market_id: "M".into(),
        yes_dollars_fp: vec![],
        no_dollars_fp: vec![("0.45".parse().unwrap(), Qty::from_contracts(8).unwrap())],
    }));
    let message = message.answering(3).on(1, Some(9)).sent_at(Timestamp::from_millis(1_795_176_000_500).unwrap());
    expect![[r#"{"type":"orderbook_snapshot","id":3,"sid":1,"seq":9,"sending_ts_ms":1795176000500,"msg":{"market_ticker":"T","market_id":"M","no_dollars_fp":[["0.4500","8.00"]]}}"#]]
        .assert_eq(&message.to_json());
}

#[test]
fn a_frame_that_cannot_be_read_says_why() {
    let check =
        |frame: &str, expected: Expect| expected.assert_eq(&ServerMessage::parse(frame).unwrap_err().to_string());
    check(
        "nonsense",
        expect![
            "websocket frame: expected an object with a `type`; expected ident at line 1 column 2; found `nonsense`"
        ],
    );
    check(
        r#"{"type":"trade","sid":2,"seq":7}"#,
        expect!["websocket frame of type `trade`: invalid type: null, expected struct Trade at line 1 column 4"],
    );
    check(
        r#"{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"T","price_dollars":"1.41","delta_fp":"1","side":"yes"}}"#,
        expect![
            "websocket frame of type `orderbook_delta`: price: expected dollars from 0 to 1 in steps of 0.0001, found `1.41` at line 1 column 43"
        ],
    );
}

#[test]
fn an_ok_without_a_list_is_an_ok() {
    for text in [r#"{"type":"ok","id":2,"sid":1}"#, r#"{"type":"ok","id":2,"msg":{}}"#] {
        assert_eq!(ServerMessage::parse(text).unwrap().body, Body::Ok(Acknowledged::Nothing));
    }
}

fn command(text: &str) -> Command {
    Command::parse(text).unwrap()
}

#[test]
fn commands_read_as_the_reference_writes_them() {
    let subscribe = command(
        r#"{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta","trade"],"market_tickers":["KXEXAMPLE-27JAN01-T1"],"use_yes_price":true}}"#,
    );
    let expected = Subscribe {
        channels: vec![Channel::OrderbookDelta, Channel::Trade],
        market_tickers: vec!["KXEXAMPLE-27JAN01-T1".into()],
        use_yes_price: Some(true),
        ..Subscribe::default()
    };
    assert_eq!(subscribe, Command { id: 1, body: CommandBody::Subscribe(expected) });
    let add = command(
        r#"{"id":2,"cmd":"update_subscription","params":{"sid":1,"action":"add_markets","market_tickers":["T2"]}}"#,
    );
    let snapshot = command(
        r#"{"id":3,"cmd":"update_subscription","params":{"sids":[1],"action":"get_snapshot","market_ticker":"T1"}}"#,
    );
    let CommandBody::UpdateSubscription(add) = add.body else { panic!("{add:?}") };
    let CommandBody::UpdateSubscription(snapshot) = snapshot.body else { panic!("{snapshot:?}") };
    assert_eq!((add.sid, add.action, add.market_tickers), (1, Action::AddMarkets, vec!["T2".to_owned()]));
    assert_eq!(
        (snapshot.sid, snapshot.action, snapshot.market_tickers),
        (1, Action::GetSnapshot, vec!["T1".to_owned()])
    );
    assert_eq!(
        command(r#"{"id":4,"cmd":"unsubscribe","params":{"sids":[1]}}"#).body,
        CommandBody::Unsubscribe { sids: vec![1] }
    );
    assert_eq!(command(r#"{"id":5,"cmd":"list_subscriptions"}"#).body, CommandBody::ListSubscriptions);
}

#[test]
fn commands_are_written_as_the_reference_writes_them() {
    let check = |body, expected: Expect| {
        let command = Command { id: 1, body };
        expected.assert_eq(&command.to_json());
        assert_eq!(Command::parse(&command.to_json()).unwrap(), command);
    };
    check(
        CommandBody::Subscribe(Subscribe {
            channels: vec![Channel::OrderbookDelta],
            market_tickers: vec!["T".into()],
            use_yes_price: Some(true),
            skip_ticker_ack: true,
            ..Subscribe::default()
        }),
        expect![[
            r#"{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["T"],"skip_ticker_ack":true,"use_yes_price":true}}"#
        ]],
    );
    check(
        CommandBody::UpdateSubscription(UpdateSubscription {
            sid: 7,
            action: Action::DeleteMarkets,
            market_tickers: vec!["T".into()],
            send_initial_snapshot: false,
        }),
        expect![[
            r#"{"id":1,"cmd":"update_subscription","params":{"action":"delete_markets","market_tickers":["T"],"sids":[7]}}"#
        ]],
    );
    check(
        CommandBody::Unsubscribe { sids: vec![1, 2] },
        expect![[r#"{"id":1,"cmd":"unsubscribe","params":{"sids":[1,2]}}"#]],
    );
    check(CommandBody::ListSubscriptions, expect![[r#"{"id":1,"cmd":"list_subscriptions"}"#]]);
}

#[test]
fn a_bad_command_is_refused_with_the_venues_number() {
    for (text, id, number) in [
        ("hello", 0, 1),
        (r#"{"id":3}"#, 3, 1),
        (r#"{"id":3,"cmd":"subscribe"}"#, 3, 2),
        (r#"{"id":3,"cmd":"subscribe","params":{}}"#, 3, 3),
        (r#"{"id":3,"cmd":"unsubscribe","params":{}}"#, 3, 4),
        (r#"{"id":3,"cmd":"jump","params":{}}"#, 3, 5),
        (r#"{"id":3,"cmd":"subscribe","params":{"channels":["ticker_v2"]}}"#, 3, 8),
        (r#"{"id":3,"cmd":"subscribe","params":{"channels":"ticker"}}"#, 3, 11),
        (
            r#"{"id":3,"cmd":"subscribe","params":{"channels":["trade"],"market_ticker":"A","market_tickers":["B"]}}"#,
            3,
            11,
        ),
        (
            r#"{"id":3,"cmd":"update_subscription","params":{"sids":[1,2],"action":"add_markets","market_ticker":"A"}}"#,
            3,
            12,
        ),
        (r#"{"id":3,"cmd":"update_subscription","params":{"sid":1,"action":"explode","market_ticker":"A"}}"#, 3, 13),
        (r#"{"id":3,"cmd":"subscribe","params":{"channels":["orderbook_delta"]}}"#, 3, 14),
        (r#"{"id":3,"cmd":"update_subscription","params":{"sid":1,"market_ticker":"A"}}"#, 3, 15),
    ] {
        let refusal = Command::parse(text).unwrap_err();
        assert_eq!((refusal.id, refusal.code.number()), (id, number), "{text}");
    }
}

#[test]
fn error_numbers_are_those_of_the_table() {
    let numbers: Vec<u32> = error::ALL.iter().map(|code| code.number()).collect();
    assert_eq!(numbers, (1..=28).filter(|number| ![6, 16, 17].contains(number)).collect::<Vec<_>>());
    assert_eq!(ErrorCode::from(25), ErrorCode::BufferOverflow);
    assert_eq!(ErrorCode::from(99).number(), 99);
    let terminal: Vec<u32> = error::ALL.iter().filter(|code| code.is_terminal()).map(|code| code.number()).collect();
    assert_eq!(terminal, [10, 25]);
}
