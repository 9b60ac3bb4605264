use brier_types::{BookChange, BookSide, SelfTradePrevention, Timestamp};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ws::{OrderbookDelta, OrderbookSnapshot};

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

fn new_order() -> NewOrder {
    NewOrder {
        client_order_id: "b-000017".parse().unwrap(),
        market: "KXEXAMPLE-27JAN01-T1".parse().unwrap(),
        side: BookSide::Bid,
        price: price("0.42"),
        qty: qty("10"),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    }
}

#[test]
fn requests_are_written_as_the_reference_writes_them() {
    let check = |order: &NewOrder, expected: Expect| {
        let request = rest::CreateOrderV2Request::from(order);
        expected.assert_eq(&serde_json::to_string(&request).unwrap());
        let read: rest::CreateOrderV2Request = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
        assert_eq!(read.to_new_order(order.client_order_id.clone()).unwrap(), *order);
    };
    check(
        &new_order(),
        expect![[
            r#"{"ticker":"KXEXAMPLE-27JAN01-T1","client_order_id":"b-000017","side":"bid","count":"10.00","price":"0.4200","time_in_force":"good_till_canceled","self_trade_prevention_type":"taker_at_cross"}"#
        ]],
    );
    check(
        &NewOrder {
            side: BookSide::Ask,
            price: price("0.0001"),
            qty: qty("0.01"),
            time_in_force: TimeInForce::Ioc,
            reduce_only: true,
            self_trade_prevention: SelfTradePrevention::Maker,
            cancel_on_pause: true,
            group: Some("g-1".parse().unwrap()),
            ..new_order()
        },
        expect![[
            r#"{"ticker":"KXEXAMPLE-27JAN01-T1","client_order_id":"b-000017","side":"ask","count":"0.01","price":"0.0001","time_in_force":"immediate_or_cancel","self_trade_prevention_type":"maker","cancel_order_on_pause":true,"reduce_only":true,"order_group_id":"g-1"}"#
        ]],
    );
    let gtd = TimeInForce::Gtd(Timestamp::from_secs(1_795_176_000).unwrap());
    check(
        &NewOrder { time_in_force: gtd, post_only: true, ..new_order() },
        expect![[
            r#"{"ticker":"KXEXAMPLE-27JAN01-T1","client_order_id":"b-000017","side":"bid","count":"10.00","price":"0.4200","expiration_time":1795176000,"time_in_force":"good_till_canceled","post_only":true,"self_trade_prevention_type":"taker_at_cross"}"#
        ]],
    );
    let amend = AmendOrder {
        order: "o-1".parse().unwrap(),
        market: "KXEXAMPLE-27JAN01-T1".parse().unwrap(),
        side: BookSide::Bid,
        price: price("0.43"),
        total: qty("12"),
        new_client_order_id: Some("b-000018".parse().unwrap()),
    };
    let request = rest::AmendOrderV2Request::from(&amend);
    expect![[r#"{"ticker":"KXEXAMPLE-27JAN01-T1","side":"bid","price":"0.4300","count":"12.00","updated_client_order_id":"b-000018"}"#]]
        .assert_eq(&serde_json::to_string(&request).unwrap());
    assert_eq!(request.to_amend(amend.order.clone()).unwrap(), amend);
}

#[test]
fn an_order_must_not_outlive_its_time() {
    let time = Timestamp::from_millis(1_795_176_000_999).unwrap();
    let order = NewOrder { time_in_force: TimeInForce::Gtd(time), ..new_order() };
    let json = serde_json::to_value(rest::CreateOrderV2Request::from(&order)).unwrap();
    assert_eq!(json["expiration_time"], 1_795_176_000);
}

#[test]
fn a_price_that_is_none_is_no_decode_error() {
    for (text, is_price) in [("0.42", true), ("1.05", false), ("-0.1", false)] {
        let mut request = rest::CreateOrderV2Request::from(&new_order());
        let json = serde_json::to_string(&request).unwrap().replace("0.4200", text);
        request = serde_json::from_str(&json).unwrap();
        let order = request.to_new_order("x".parse().unwrap());
        assert_eq!(order.is_ok(), is_price, "{text}");
        assert!(is_price || matches!(order, Err(ConvertError::Price { field: "price", .. })), "{text}");
    }
    for text in ["0.420000", "0.42001", "+0.42"] {
        let json = serde_json::to_string(&rest::CreateOrderV2Request::from(&new_order())).unwrap();
        let error = serde_json::from_str::<rest::CreateOrderV2Request>(&json.replace("0.4200", text)).unwrap_err();
        assert!(error.to_string().starts_with(crate::wire::BAD_DOLLARS), "{error}");
    }
}

#[test]
fn expiry_goes_only_with_orders_that_rest() {
    let mut request = rest::CreateOrderV2Request::from(&NewOrder { time_in_force: TimeInForce::Fok, ..new_order() });
    request.expiration_time = Timestamp::from_secs(1);
    let error = request.to_new_order("x".parse().unwrap()).unwrap_err();
    expect!["`time_in_force`: expected good_till_canceled beside an expiration_time, found `fill_or_kill`"]
        .assert_eq(&error.to_string());
}

#[test]
fn the_book_of_the_reference() {
    let text = r#"{"orderbook_fp":{"yes_dollars":[["0.4000","120.00"],["0.4100","35.50"]],"no_dollars":[["0.5500","80.00"]]}}"#;
    let answer: rest::GetMarketOrderbookResponse = serde_json::from_str(text).unwrap();
    let book = answer.orderbook_fp.to_yes_terms();
    assert_eq!(book.bids, [(price("0.41"), qty("35.5")), (price("0.40"), qty("120"))]);
    assert_eq!(book.asks, [(price("0.45"), qty("80"))]);
    assert_eq!(OrderbookCountFp::from_yes_terms(&book.bids, &book.asks, 0), answer.orderbook_fp);
    let top = OrderbookCountFp::from_yes_terms(&book.bids, &book.asks, 1);
    assert_eq!(top.yes_dollars, [(price("0.41"), qty("35.5"))]);
    assert_eq!(serde_json::to_string(&answer).unwrap(), text);
}

#[test]
fn an_empty_book_keeps_both_keys() {
    let book = rest::GetMarketOrderbookResponse { orderbook_fp: OrderbookCountFp::default() };
    assert_eq!(serde_json::to_string(&book).unwrap(), r#"{"orderbook_fp":{"yes_dollars":[],"no_dollars":[]}}"#);
}

#[test]
fn fees_come_from_the_event_first() {
    let series: rest::Series = serde_json::from_value(serde_json::json!({
        "ticker": "KXMLBGAME", "frequency": "daily", "title": "", "category": "Sports", "categories": ["Sports"],
        "contract_url": "", "contract_terms_url": "", "fee_type": "quadratic_with_maker_fees", "fee_multiplier": 0.5,
        "tags": null, "settlement_sources": null, "additional_prohibitions": null,
    }))
    .unwrap();
    let half = FeeMultiplier::from_micros(500_000).unwrap();
    assert_eq!(series.fees().unwrap(), FeeSchedule::new(FeeType::QuadraticWithMakerFees, half));
    assert_eq!(half.to_json_number().to_string(), "0.5");
    let mut event: rest::EventData = serde_json::from_value(serde_json::json!({
        "event_ticker": "E", "series_ticker": "KXMLBGAME", "sub_title": "", "title": "", "collateral_return_type": "",
        "mutually_exclusive": false, "fee_multiplier_override": 0,
    }))
    .unwrap();
    assert_eq!(event.fees(&series).unwrap(), FeeSchedule::new(FeeType::QuadraticWithMakerFees, FeeMultiplier::ZERO));
    event.fee_type_override = Some(FeeTypeWord::Flat);
    expect!["`fee_type_override`: expected a quadratic fee type, found `flat`"]
        .assert_eq(&event.fees(&series).unwrap_err().to_string());
    // Nullable lists are written as lists: the official SDK takes them, and so do we.
    let written = serde_json::to_value(&series).unwrap();
    assert_eq!((&written["tags"], &written["fee_multiplier"]), (&serde_json::json!([]), &serde_json::json!(0.5)));
}

#[test]
fn a_batch_item_is_created_refused_or_in_doubt() {
    let item = |text: &str| serde_json::from_str::<rest::BatchCreateItem>(text).unwrap();
    let created =
        item(r#"{"order_id":"o","client_order_id":"c","fill_count":"0.00","remaining_count":"1.00","ts_ms":5}"#);
    let Some(Ok(response)) = created.outcome() else { panic!("{created:?}") };
    assert_eq!(rest::BatchCreateItem::from(response), created);
    let refused = item(r#"{"client_order_id":"c","error":{"code":"invalid_price","message":"m"}}"#);
    let Some(Err(error)) = refused.outcome() else { panic!("{refused:?}") };
    assert_eq!(error.known(), Some(crate::errors::Code::InvalidPrice));
    assert_eq!(rest::BatchCreateItem::refused(Some("c".into()), error.clone()), refused);
    assert_eq!(item("{}").outcome(), None);
}

#[test]
fn lifecycle_messages_say_what_they_change() {
    let input = |text: &str| serde_json::from_str::<crate::ws::MarketLifecycle>(text).unwrap().to_input();
    let determined =
        input(r#"{"event_type":"determined","market_ticker":"T","result":"scalar","settlement_value":"0.3060"}"#);
    assert_eq!(determined.unwrap().result, Some(MarketResult::Scalar(price("0.306"))));
    let moved = input(r#"{"event_type":"close_date_updated","market_ticker":"T","close_ts":60}"#).unwrap();
    assert_eq!((moved.status, moved.close_time), (None, Timestamp::from_secs(60)));
    let check = |text, expected: Expect| expected.assert_eq(&input(text).unwrap_err().to_string());
    check(
        r#"{"event_type":"determined","market_ticker":"T","result":"scalar"}"#,
        expect!["`settlement_value_dollars` is absent: a scalar result is nothing without its payout"],
    );
    check(
        r#"{"event_type":"voided","market_ticker":"T"}"#,
        expect!["`event_type`: expected an event of a market's life, found `voided`"],
    );
    check(
        r#"{"event_type":"created","market_ticker":"T T"}"#,
        expect![
            "`market_ticker`: market ticker: expected 1 to 192 printable ASCII characters without spaces, found `T T`"
        ],
    );
}

proptest! {
    #[test]
    fn a_level_means_the_same_with_and_without_yes_prices(pips in 0_u16..=10_000, bid: bool, yes_price: bool) {
        let (level, change) = (Price::new(pips).unwrap(), qty("1.5").signed());
        let side = if bid { BookSide::Bid } else { BookSide::Ask };
        let (wire_side, price_dollars) = OrderbookDelta::level_of(side, level, yes_price);
        let delta = OrderbookDelta {
            market_ticker: "T".into(), market_id: String::new(), price_dollars, delta_fp: change, side: wire_side,
            client_order_id: None, subaccount: None, ts: None, ts_ms: None,
        };
        let input = delta.to_input(1, 2, yes_price).unwrap();
        prop_assert_eq!(input.change, BookChange::Delta { side, price: level, change });
        let levels = [(level, qty("2"))];
        let (bids, asks): (&[_], &[_]) = if bid { (&levels, &[]) } else { (&[], &levels) };
        let snapshot = OrderbookSnapshot::from_yes_terms("T".into(), "M".into(), bids, asks, yes_price);
        let input = snapshot.to_input(1, 1, yes_price).unwrap();
        prop_assert_eq!(input.change, BookChange::Snapshot { bids: bids.to_vec(), asks: asks.to_vec() });
    }

    #[test]
    fn ladders_round_trip_in_yes_terms(levels in proptest::collection::btree_map(1_u16..10_000, 1_u64..1_000_000, 0..20)) {
        let levels: Vec<(Price, Qty)> = levels
            .into_iter()
            .map(|(pips, hundredths)| (Price::new(pips).unwrap(), Qty::from_hundredths(hundredths).unwrap()))
            .collect();
        let ladders = OrderbookCountFp::from_yes_terms(&levels, &levels, 0);
        prop_assert!(ladders.no_dollars.is_sorted_by_key(|(price, _)| *price));
        let json = serde_json::to_string(&ladders).unwrap();
        let book = serde_json::from_str::<OrderbookCountFp>(&json).unwrap().to_yes_terms();
        prop_assert!(book.bids.iter().rev().eq(&levels));
        prop_assert_eq!(book.asks, levels);
    }
}
