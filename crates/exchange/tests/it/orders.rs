//! Orders from end to end.

use serde_json::json;

use crate::support::{World, step};

const T: &str = "KXA-1-T1";

#[tokio::test]
async fn an_order_lives_from_creation_to_cancel() {
    let world = World::start().await;
    world.market(T).await;
    let (maker, taker) = (world.trader().await, world.trader().await);
    let created = maker.order(T, "bid", "10.00", "0.4200", json!({"client_order_id": "b-1"})).await;
    assert_eq!(created.status, 201);
    let created = created.json();
    assert_eq!((&created["fill_count"], &created["remaining_count"]), (&json!("0.00"), &json!("10.00")));
    assert!(created.get("average_fill_price").is_none());
    let id = created["order_id"].as_str().unwrap();

    let taken = taker.order(T, "ask", "4.00", "0.40", json!({"time_in_force": "immediate_or_cancel"})).await.json();
    // 0.07 × 4 × 0.42 × 0.58 = 0.068208, up to 0.0683; a fourth of it is 0.017075.
    assert_eq!((&taken["average_fill_price"], &taken["average_fee_paid"]), (&json!("0.4200"), &json!("0.0171")));
    let order = maker.get(&format!("/portfolio/orders/{id}")).await["order"].clone();
    assert_eq!(order["status"], "resting");
    assert_eq!(order["maker_fill_cost_dollars"], "1.680000");
    assert_eq!((&order["expiration_time"], &order["order_group_id"]), (&json!(null), &json!(null)));

    let path = format!("/portfolio/events/orders/{id}");
    let amend =
        json!({"ticker": T, "side": "bid", "price": "0.4100", "count": "9.00", "updated_client_order_id": "b-2"});
    let amended = maker.ask("POST", &format!("{path}/amend"), Some(amend)).await;
    assert_eq!((amended.status, &amended.json()["remaining_count"]), (200, &json!("5.00")));
    assert_eq!(amended.json()["client_order_id"], "b-2");
    let decreased = maker.ask("POST", &format!("{path}/decrease"), Some(json!({"reduce_by": "1.00"}))).await;
    assert_eq!(decreased.json()["remaining_count"], "4.00");
    let canceled = maker.ask("DELETE", &format!("{path}?market_ticker={T}"), None).await;
    assert_eq!((canceled.status, &canceled.json()["reduced_by"]), (200, &json!("4.00")));
    assert_eq!(maker.ask("DELETE", &path, None).await.code(), "not_found");
    let order = maker.get(&format!("/portfolio/orders/{id}")).await["order"].clone();
    // Ten were ordered; one was amended away, one decreased, four canceled, four filled.
    assert_eq!((&order["status"], &order["initial_count_fp"]), (&json!("canceled"), &json!("10.00")));
    assert_eq!((&order["fill_count_fp"], &order["remaining_count_fp"]), (&json!("4.00"), &json!("0.00")));
    assert_eq!(world.server.admin().ledger().await.unwrap().difference(), brier_types::Money::ZERO);
    world.server.shutdown().await;
}

#[tokio::test]
async fn an_immediate_order_with_nothing_to_hit_is_created_and_over() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    let answer = trader.order(T, "bid", "5", "0.50", json!({"time_in_force": "immediate_or_cancel"})).await;
    assert_eq!(answer.status, 201);
    assert_eq!((&answer.json()["fill_count"], &answer.json()["remaining_count"]), (&json!("0.00"), &json!("0.00")));
}

#[tokio::test]
async fn a_used_client_order_id_is_refused_before_anything_else() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    trader.order(T, "bid", "1", "0.10", json!({"client_order_id": "once"})).await;
    let wrong_in_every_way = json!({"client_order_id": "once", "exchange_index": 7, "reduce_only": true});
    let again = trader.order("KXNONE-1-T1", "bid", "0", "1.50", wrong_in_every_way).await;
    assert_eq!((again.status, again.code().as_str()), (409, "order_already_exists"));
}

#[tokio::test]
async fn an_order_expires_when_the_clock_says_so() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    let expires = world.server.admin().now().await.unwrap().secs() + 60;
    let order = trader.order(T, "bid", "1", "0.10", json!({"expiration_time": expires})).await.json();
    let path = format!("/portfolio/orders/{}", order["order_id"].as_str().unwrap());
    world.server.admin().clock_step(step(59)).await.unwrap();
    assert_eq!(trader.get(&path).await["order"]["status"], "resting");
    world.server.admin().clock_step(step(3_600)).await.unwrap();
    let read = trader.get(&path).await["order"].clone();
    assert_eq!(read["status"], "canceled");
    // It ended at its own time, not when the clock was looked at.
    assert_eq!(read["last_update_time"], "2026-11-20T12:01:00Z");
}

#[tokio::test]
async fn a_scaled_clock_brings_timers_by_itself() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    let mut stream = trader.stream().await;
    stream.subscribe(json!({"channels": ["user_orders"]})).await;
    let expires = world.server.admin().now().await.unwrap().secs() + 3_600;
    trader.order(T, "bid", "1", "0.10", json!({"expiration_time": expires})).await;
    // An hour in a tenth of a second, with nothing asked meanwhile.
    world.server.admin().clock_scale(36_000_000_000).await.unwrap();
    loop {
        let frame = stream.until("user_order").await;
        if frame["msg"]["status"] == "canceled" {
            assert_eq!(frame["msg"]["last_update_reason"], "ExpiryCancel");
            break;
        }
    }
}
