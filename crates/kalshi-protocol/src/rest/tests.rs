use brier_types::{Qty, Timestamp};
use expect_test::{Expect, expect};
use serde::de::DeserializeOwned;

use super::*;

/// Checks what a body looks like on the wire, and that it reads back.
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(body: &T, expected: &Expect) {
    let text = serde_json::to_string(body).unwrap();
    expected.assert_eq(&text);
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), body);
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

#[test]
fn request_bodies() {
    let create = CreateOrderV2Request {
        ticker: "T".into(),
        client_order_id: Some("b-1".into()),
        side: BookSide::Bid,
        count: qty("10"),
        price: "0.42".parse().unwrap(),
        expiration_time: None,
        time_in_force: TimeInForceWord::FillOrKill,
        post_only: Some(false),
        self_trade_prevention_type: SelfTradePreventionType::Maker,
        cancel_order_on_pause: None,
        reduce_only: None,
        subaccount: Some(0),
        order_group_id: None,
        exchange_index: Some(-1),
    };
    check(
        &BatchCreateOrdersV2Request { orders: vec![create] },
        &expect![[
            r#"{"orders":[{"ticker":"T","client_order_id":"b-1","side":"bid","count":"10.00","price":"0.4200","time_in_force":"fill_or_kill","post_only":false,"self_trade_prevention_type":"maker","subaccount":0,"exchange_index":-1}]}"#
        ]],
    );
    check(
        &BatchCancelOrdersV2Request {
            orders: vec![BatchCancelTarget {
                order_id: "o".into(),
                subaccount: None,
                exchange_index: None,
                market_ticker: Some("T".into()),
            }],
        },
        &expect![[r#"{"orders":[{"order_id":"o","market_ticker":"T"}]}"#]],
    );
    check(
        &DecreaseOrderV2Request {
            reduce_by: Some(qty("1.5")),
            market_ticker: Some("T".into()),
            ..DecreaseOrderV2Request::default()
        },
        &expect![[r#"{"reduce_by":"1.50","market_ticker":"T"}"#]],
    );
    check(
        &AmendOrderV2Request {
            ticker: "T".into(),
            side: BookSide::Ask,
            price: "0.5".parse().unwrap(),
            count: qty("3"),
            client_order_id: None,
            updated_client_order_id: None,
            expiration_time: Some(Timestamp::EPOCH),
            exchange_index: None,
        },
        &expect![[r#"{"ticker":"T","side":"ask","price":"0.5000","count":"3.00","expiration_time":0}"#]],
    );
    check(
        &CreateOrderGroupRequest {
            contracts_limit_fp: Some(qty("500")),
            exchange_index: Some(0),
            ..CreateOrderGroupRequest::default()
        },
        &expect![[r#"{"contracts_limit_fp":"500.00","exchange_index":0}"#]],
    );
    check(
        &UpdateOrderGroupLimitRequest { contracts_limit: None, contracts_limit_fp: Some(qty("7.25")) },
        &expect![[r#"{"contracts_limit_fp":"7.25"}"#]],
    );
    check(&Empty {}, &expect!["{}"]);
}

/// The order of the reference, section 19: what is absent there is absent here, and what is null there is null here.
#[test]
fn an_order_reads_and_writes_as_the_reference_has_it() {
    let text = r#"{"order":{"order_id":"5f0c2b8e-6a77-4d0e-9a55-0d0f7d6f1c11","user_id":"7d1e","client_order_id":"b-000017","ticker":"KXEXAMPLE-27JAN01-T1","side":"yes","action":"buy","outcome_side":"yes","book_side":"bid","type":"limit","status":"resting","yes_price_dollars":"0.4200","no_price_dollars":"0.5800","initial_count_fp":"10.00","fill_count_fp":"4.00","remaining_count_fp":"6.00","taker_fill_cost_dollars":"1.640000","maker_fill_cost_dollars":"0.000000","taker_fees_dollars":"0.067800","maker_fees_dollars":"0.000000","created_time":"2026-11-20T12:00:00.456Z","last_update_time":"2026-11-20T12:00:00.456Z","expiration_time":null,"self_trade_prevention_type":"taker_at_cross","order_group_id":null,"cancel_order_on_pause":false,"subaccount_number":0,"exchange_index":0}}"#;
    let answer: GetOrderResponse = serde_json::from_str(text).unwrap();
    let (written, known): (serde_json::Value, serde_json::Value) =
        (serde_json::to_value(&answer).unwrap(), serde_json::from_str(text).unwrap());
    assert_eq!(written, known);
}

#[test]
fn other_answers_of_the_reference() {
    fn check<T: Serialize + DeserializeOwned>(text: &str) {
        assert_eq!(serde_json::to_string(&serde_json::from_str::<T>(text).unwrap()).unwrap(), text);
    }
    check::<CreateOrderV2Response>(
        r#"{"order_id":"5f0c","client_order_id":"b-000017","fill_count":"4.00","remaining_count":"6.00","average_fill_price":"0.4100","average_fee_paid":"0.0170","ts_ms":1795176000456}"#,
    );
    check::<GetBalanceResponse>(
        r#"{"balance":104250,"balance_dollars":"1042.5075","portfolio_value":88310,"updated_ts":1795176000,"balance_breakdown":[{"exchange_index":0,"balance":"1042.5075"}]}"#,
    );
    check::<ExchangeStatus>(
        r#"{"exchange_active":true,"trading_active":true,"exchange_index_statuses":[{"exchange_index":0,"description":"all","exchange_active":true,"trading_active":true,"intra_exchange_transfers_active":true}]}"#,
    );
    check::<GetAccountApiLimitsResponse>(
        r#"{"usage_tier":"advanced","read":{"refill_rate":300,"bucket_capacity":900},"write":{"refill_rate":300,"bucket_capacity":900},"grants":[]}"#,
    );
    check::<CreateOrderGroupResponse>(r#"{"order_group_id":"g","subaccount":0}"#);
}

#[test]
fn a_new_word_of_the_venue_does_not_hide_a_list() {
    let order = |status: &str| -> GetOrdersResponse {
        let text = include_str!("../../testdata/order.json").replace("\"resting\"", &format!("\"{status}\""));
        serde_json::from_str(&format!(r#"{{"orders":[{text}],"cursor":""}}"#)).unwrap()
    };
    assert_eq!(order("resting").orders[0].status, OrderStatus::Resting);
    let unknown = &order("parked").orders[0];
    assert_eq!(unknown.status, OrderStatus::Other("parked".into()));
    assert_eq!(
        unknown.to_update().unwrap_err().to_string(),
        "`status`: expected resting, canceled or executed, found `parked`"
    );
    // What decides a direction is never guessed.
    assert!(serde_json::from_str::<BookSide>("\"both\"").is_err());
}

#[test]
fn group_limits_have_two_forms_and_one_meaning() {
    assert_eq!(group_limit(Some(500), None), Ok(qty("500")));
    assert_eq!(group_limit(None, Some(qty("1.5"))), Ok(qty("1.5")));
    assert_eq!(group_limit(Some(5), Some(qty("5.00"))), Ok(qty("5")));
    assert_eq!(group_limit(Some(5), Some(qty("5.01"))), Err(GroupLimitError::Differ));
    assert_eq!(group_limit(None, None), Err(GroupLimitError::Missing));
    for out_of_range in [Some(0), Some(-1), Some(1_000_001), Some(i64::MAX)] {
        assert_eq!(group_limit(out_of_range, None), Err(GroupLimitError::Range), "{out_of_range:?}");
    }
}
