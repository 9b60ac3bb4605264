//! Lists: pages, cursors, filters.

use serde_json::{Value, json};

use crate::support::{Trader, World, step};

const T: &str = "KXA-1-T1";

async fn pages(trader: &Trader, path: &str, rows: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..50 {
        let separator = if path.contains('?') { '&' } else { '?' };
        let page = trader.get(&format!("{path}{separator}limit=2&cursor={cursor}")).await;
        let list = page[rows].as_array().unwrap();
        assert!(list.len() <= 2);
        found.extend(list.iter().cloned());
        page["cursor"].as_str().unwrap().clone_into(&mut cursor);
        if cursor.is_empty() {
            return found;
        }
    }
    panic!("{path}: the pages have no end");
}

#[tokio::test]
async fn every_list_ends_and_misses_nothing() {
    let world = World::start().await;
    let (maker, taker) = (world.trader().await, world.trader().await);
    for number in 1..=5 {
        world.market(&format!("KXA-1-T{number}")).await;
    }
    for cents in 11..=17 {
        maker.place(T, "bid", "1.00", &format!("0.{cents}")).await;
        taker.order(T, "ask", "1.00", "0.10", json!({"time_in_force": "immediate_or_cancel"})).await;
        world.server.admin().clock_step(step(10)).await.unwrap();
    }
    for (path, rows, count) in [
        ("/markets", "markets", 5),
        ("/markets?event_ticker=KXA-1&status=open", "markets", 5),
        ("/events", "events", 1),
        ("/markets/trades?ticker=KXA-1-T1", "trades", 7),
        ("/portfolio/orders", "orders", 7),
        ("/portfolio/orders?status=executed&event_ticker=KXA-1", "orders", 7),
        ("/portfolio/fills?ticker=KXA-1-T1,KXA-1-T2", "fills", 7),
        ("/portfolio/positions", "market_positions", 1),
    ] {
        let found = pages(&maker, path, rows).await;
        assert_eq!(found.len(), count, "{path}");
        let texts: std::collections::BTreeSet<String> = found.iter().map(Value::to_string).collect();
        assert_eq!(texts.len(), count, "{path} gave a row twice");
    }
    let trades = maker.get("/markets/trades?ticker=KXA-1-T1").await;
    assert_eq!(trades["trades"][0]["yes_price_dollars"], "0.1700", "newest first");
    let from = world.server.admin().now().await.unwrap().secs() - 25;
    assert_eq!(maker.get(&format!("/portfolio/fills?min_ts={from}")).await["fills"].as_array().unwrap().len(), 2);
    assert_eq!(maker.get("/portfolio/fills?exchange_index=3").await["fills"], json!([]));
}

#[tokio::test]
async fn a_cursor_leads_on_only_where_it_was_given() {
    let world = World::start().await;
    let trader = world.trader().await;
    for number in 1..=4 {
        world.market(&format!("KXA-1-T{number}")).await;
    }
    let first = trader.get("/markets?limit=2").await;
    let cursor = first["cursor"].as_str().unwrap();
    let next = trader.get(&format!("/markets?limit=2&cursor={cursor}")).await;
    assert_eq!(next["markets"][0]["ticker"], "KXA-1-T3");
    // Under other filters, and as garbage, it is taken for none.
    for path in [format!("/markets?limit=2&status=open&cursor={cursor}"), "/markets?limit=2&cursor=garbage".to_owned()]
    {
        assert_eq!(trader.get(&path).await["markets"][0]["ticker"], "KXA-1-T1", "{path}");
    }
}

#[tokio::test]
async fn market_filters_go_together_only_as_documented() {
    let world = World::start().await;
    let trader = world.trader().await;
    for path in [
        "/markets?status=settled&min_created_ts=1",
        "/markets?status=open&min_close_ts=1",
        "/markets?status=open&max_settled_ts=1",
        "/markets?min_updated_ts=1&event_ticker=KXA-1",
        "/markets/candlesticks?market_tickers=A&start_ts=1&end_ts=2&period_interval=5",
        "/portfolio/positions?count_filter=resting",
    ] {
        let answer = trader.ask("GET", path, None).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.json()["msg"].is_string(), "{path}");
    }
    trader.get("/markets?min_updated_ts=1&mve_filter=exclude&series_ticker=KXA").await;
    trader.get("/markets?status=closed&max_close_ts=99").await;
}

#[tokio::test]
async fn bounds_beyond_every_time_stand_at_its_end() {
    let world = World::start().await;
    world.market("KXA-1-T1").await;
    let far = "start_ts=0&end_ts=99999999999&period_interval=1";
    let candles = world.public(&format!("/series/KXA/markets/KXA-1-T1/candlesticks?{far}")).await;
    assert!(candles["candlesticks"].is_array(), "{candles}");
    assert!(world.public("/markets/trades?max_ts=99999999999").await["trades"].is_array());
}
