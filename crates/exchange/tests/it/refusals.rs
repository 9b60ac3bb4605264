//! Refusals: statuses and shapes.

use serde_json::{Value, json};

use crate::support::{Trader, World, send};

const T: &str = "KXA-1-T1";

async fn refused(trader: &Trader, ticker: &str, count: &str, price: &str, more: Value) -> (u16, String) {
    let answer = trader.order(ticker, "bid", count, price, more).await;
    (answer.status, answer.code())
}

#[tokio::test]
async fn order_refusals_are_nested_with_the_venues_codes() {
    let world = World::start().await;
    world.market(T).await;
    let (trader, other) = (world.trader().await, world.trader().await);
    other.place(T, "ask", "1.00", "0.50").await;
    let none = || json!({});
    let cases = [
        (refused(&trader, T, "1", "0.4050", none()).await, 400, "invalid_price"),
        (refused(&trader, T, "1", "1.2000", none()).await, 400, "invalid_price"),
        (refused(&trader, T, "0.005", "0.40", none()).await, 400, "invalid_order_size"),
        (refused(&trader, T, "100000", "0.40", none()).await, 400, "insufficient_balance"),
        (refused(&trader, T, "1", "0.50", json!({"post_only": true})).await, 400, "invalid_order"),
        (refused(&trader, T, "1", "0.40", json!({"reduce_only": true})).await, 400, "invalid_order"),
        (refused(&trader, T, "1", "0.40", json!({"expiration_time": 1})).await, 400, "invalid_order"),
        (
            refused(&trader, T, "9", "0.50", json!({"time_in_force": "fill_or_kill"})).await,
            409,
            "fill_or_kill_insufficient_resting_volume",
        ),
        (refused(&trader, "KXB-1-T1", "1", "0.40", none()).await, 404, "not_found"),
        (refused(&trader, T, "1", "0.40", json!({"exchange_index": 2})).await, 404, "not_found"),
        (refused(&trader, T, "1", "0.40", json!({"order_group_id": "no group"})).await, 404, "not_found"),
        (refused(&trader, T, "1", "0.40", json!({"client_order_id": "two words"})).await, 400, "invalid_order"),
    ];
    for ((status, code), expected_status, expected_code) in cases {
        assert_eq!((status, code.as_str()), (expected_status, expected_code));
    }
    let cross = trader.order(T, "bid", "1", "0.50", json!({"post_only": true})).await;
    assert_eq!(cross.json()["error"]["details"], "post only cross");
    assert_eq!(trader.order(T, "bid", "1", "0.40", json!({"exchange_index": -1})).await.status, 201);
}

#[tokio::test]
async fn what_does_not_decode_is_flat_and_parameters_have_their_own_shape() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    let number = trader.order(T, "bid", "1", "0.40", json!({"count": 1})).await;
    assert_eq!((number.status, &number.json()["code"]), (400, &json!("bad_request")));
    let path = "/portfolio/events/orders";
    let text = send(trader.request("POST", path, None).header("Content-Type", "text/plain").body("{}")).await;
    assert_eq!((text.status, &text.json()["code"]), (400, &json!("invalid_content_type")));
    for path in
        ["/markets?limit=1001", "/portfolio/orders?limit=1001", "/markets/orderbooks", "/markets/X/orderbook?depth=101"]
    {
        let answer = trader.ask("GET", path, None).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.json()["msg"].is_string(), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn unknown_routes_and_first_version_writes() {
    let world = World::start().await;
    let trader = world.trader().await;
    for (method, path) in [("GET", "/no/such"), ("PATCH", "/markets"), ("GET", "/markets/"), ("POST", "/markets")] {
        let answer = trader.ask(method, path, None).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{method} {path}");
    }
    let gone = trader.ask("POST", "/portfolio/orders", Some(json!({"count": 1}))).await;
    assert_eq!((gone.status, gone.code().as_str()), (410, "deprecated_v1_order_endpoint"));
}

#[tokio::test]
async fn an_empty_bucket_says_so_and_a_batch_passes_whole_or_not() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    let tier = brier_exchange::LimitsChange {
        write: Some(brier_kalshi_protocol::rest::BucketLimit { refill_rate: 1, bucket_capacity: 25 }),
        ..Default::default()
    };
    world.server.admin().set_limits(&trader.user_id, tier).await.unwrap();
    let order = json!({"ticker": T, "side": "bid", "count": "1", "price": "0.10",
        "time_in_force": "good_till_canceled", "self_trade_prevention_type": "maker"});
    let three = json!({"orders": [order, order, order]});
    let answer = trader.ask("POST", "/portfolio/events/orders/batched", Some(three)).await;
    assert_eq!((answer.status, answer.json()), (429, json!({"error": "too many requests"})));
    let two = json!({"orders": [order, order]});
    assert_eq!(trader.ask("POST", "/portfolio/events/orders/batched", Some(two)).await.status, 201);
}

#[tokio::test]
async fn bodies_are_objects_and_refusals_speak_no_rust() {
    let world = World::start().await;
    world.market("KXA-1-T1").await;
    let trader = world.trader().await;
    let order = json!(["KXA-1-T1", null, "bid", "1", "0.50", null, "good_till_canceled", null, "taker_at_cross"]);
    for body in [order.clone(), json!("text"), json!({"orders": [order]})] {
        let path = if body.is_object() { "/portfolio/events/orders/batched" } else { "/portfolio/events/orders" };
        let answer = trader.ask("POST", path, Some(body)).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("bad_request")), "{answer:?}");
    }
    for more in [json!({"side": 7}), json!({"subaccount": "x"}), json!({"post_only": []}), json!({"count": 1})] {
        let answer = trader.order("KXA-1-T1", "bid", "1", "0.50", more).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("bad_request")), "{answer:?}");
        for word in ["struct", "enum", "variant", "i32", "Create"] {
            assert!(!answer.text.contains(word), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn numbers_of_requests_have_the_documented_decimals() {
    let world = World::start().await;
    world.market("KXA-1-T1").await;
    let trader = world.trader().await;
    for (count, price, code) in [
        ("1", "0.50000", "invalid_price"),
        ("1", "+0.50", "invalid_price"),
        ("1", "half", "invalid_price"),
        ("1.000", "0.50", "invalid_order_size"),
        ("+1", "0.50", "invalid_order_size"),
        ("one", "0.50", "invalid_order_size"),
    ] {
        let answer = trader.order("KXA-1-T1", "bid", count, price, json!({})).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{count} {price}");
    }
    let group = json!({"contracts_limit_fp": "5.005"});
    let answer = trader.ask("POST", "/portfolio/order_groups/create", Some(group)).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_parameters"));
}
