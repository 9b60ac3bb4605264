//! The WebSocket: what a follower knows equals what REST says, and a follower too slow is told so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Dice, Stream, Trader, World, config};

/// A book as a follower keeps it, by side and price text.
#[derive(Debug, Default, PartialEq)]
struct Followed {
    sides: BTreeMap<(String, String), i64>,
    seq: u64,
}

fn hundredths(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

impl Followed {
    fn apply(&mut self, frame: &Value) {
        let seq = frame["seq"].as_u64().unwrap();
        assert_eq!(seq, self.seq + 1, "no gap: {frame}");
        self.seq = seq;
        let msg = &frame["msg"];
        match frame["type"].as_str().unwrap() {
            "orderbook_snapshot" => {
                self.sides.clear();
                for side in ["yes", "no"] {
                    for level in msg[format!("{side}_dollars_fp")].as_array().into_iter().flatten() {
                        let key = (side.to_owned(), level[0].as_str().unwrap().to_owned());
                        self.sides.insert(key, hundredths(level[1].as_str().unwrap()));
                    }
                }
            }
            "orderbook_delta" => {
                let key = (msg["side"].as_str().unwrap().to_owned(), msg["price_dollars"].as_str().unwrap().to_owned());
                let size = self.sides.entry(key.clone()).or_default();
                *size += hundredths(msg["delta_fp"].as_str().unwrap());
                assert!(*size >= 0, "negative level: {frame}");
                if *size == 0 {
                    self.sides.remove(&key);
                }
            }
            other => panic!("not of a book: {other}"),
        }
    }

    async fn of_rest(world: &World, ticker: &str) -> BTreeMap<(String, String), i64> {
        let book = world.public(&format!("/markets/{ticker}/orderbook")).await["orderbook_fp"].clone();
        let mut sides = BTreeMap::new();
        for side in ["yes", "no"] {
            for level in book[format!("{side}_dollars")].as_array().unwrap() {
                let key = (side.to_owned(), level[0].as_str().unwrap().to_owned());
                sides.insert(key, hundredths(level[1].as_str().unwrap()));
            }
        }
        sides
    }
}

/// One random act of one of the traders.
async fn act(dice: &mut Dice, traders: &[Trader], ticker: &str, orders: &mut Vec<(usize, String)>) {
    let who = dice.roll(traders.len() as u64) as usize;
    if dice.roll(4) == 0 && !orders.is_empty() {
        let (owner, id) = orders.swap_remove(dice.roll(orders.len() as u64) as usize);
        // It may have filled meanwhile; then it is a 404.
        traders[owner].ask("DELETE", &format!("/portfolio/events/orders/{id}"), None).await;
        return;
    }
    let side = if dice.roll(2) == 0 { "bid" } else { "ask" };
    let price = format!("0.{:02}", 30 + dice.roll(40));
    let count = format!("{}.{:02}", 1 + dice.roll(9), dice.roll(100));
    let prevention = if dice.roll(2) == 0 { "maker" } else { "taker_at_cross" };
    let answer =
        traders[who].order(ticker, side, &count, &price, json!({"self_trade_prevention_type": prevention})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    orders.push((who, answer.json()["order_id"].as_str().unwrap().to_owned()));
}

#[tokio::test]
async fn a_follower_of_a_random_flow_ends_where_rest_is() {
    const T: &str = "KXA-1-T1";
    let world = World::start().await;
    world.market(T).await;
    let traders = [world.trader().await, world.trader().await, world.trader().await];
    let mut dice = Dice::new(20_261_120);
    let mut orders = Vec::new();
    for _ in 0..30 {
        act(&mut dice, &traders, T, &mut orders).await;
    }
    // Joins in the middle: the snapshot and what follows must fit.
    let mut stream = traders[0].stream().await;
    let trades_sid = stream.subscribe(json!({"channels": ["trade"]})).await;
    let sid = stream.subscribe(json!({"channels": ["orderbook_delta"], "market_tickers": [T]})).await;
    for _ in 0..120 {
        act(&mut dice, &traders, T, &mut orders).await;
    }
    world.server.admin().quiesce().await.unwrap();
    // A listing in its place among the rest marks the end of what was said before it.
    let end = stream.send("list_subscriptions", json!({})).await;
    let (mut book, mut trades) = (Followed::default(), Vec::new());
    loop {
        let frame = stream.next().await.unwrap();
        if frame["id"] == end {
            break;
        }
        if frame["sid"] == sid {
            book.apply(&frame);
        } else if frame["sid"] == trades_sid && frame["type"] == "trade" {
            assert_eq!(frame["seq"].as_u64().unwrap(), trades.len() as u64 + 1);
            trades.push(frame["msg"]["trade_id"].clone());
        }
    }
    assert!(book.seq > 100 && trades.len() > 20, "a flow worth following: {} and {}", book.seq, trades.len());
    assert_eq!(book.sides, Followed::of_rest(&world, T).await);
    let tape = world.public("/markets/trades?limit=1000").await;
    let tape: Vec<Value> = tape["trades"].as_array().unwrap().iter().map(|one| one["trade_id"].clone()).collect();
    trades.reverse();
    assert_eq!(trades, tape[..trades.len()]);
    assert_eq!(world.server.admin().ledger().await.unwrap().difference(), brier_types::Money::ZERO);
}

#[tokio::test]
async fn private_streams_add_up_to_what_rest_says() {
    const T: &str = "KXA-1-T1";
    let world = World::start().await;
    world.market(T).await;
    let traders = [world.trader().await, world.trader().await];
    let mut stream = traders[0].stream().await;
    stream.subscribe(json!({"channels": ["user_orders"]})).await;
    stream.subscribe(json!({"channels": ["fill"]})).await;
    stream.subscribe(json!({"channels": ["market_positions"]})).await;
    let (mut dice, mut orders) = (Dice::new(7), Vec::new());
    for _ in 0..80 {
        act(&mut dice, &traders, T, &mut orders).await;
    }
    world.server.admin().quiesce().await.unwrap();
    let end = stream.send("list_subscriptions", json!({})).await;
    let (mut heard, mut fills, mut position) = (BTreeMap::new(), 0, Value::Null);
    loop {
        let frame = stream.next().await.unwrap();
        if frame["id"] == end {
            break;
        }
        let msg = frame["msg"].clone();
        match frame["type"].as_str().unwrap() {
            "user_order" => drop(heard.insert(msg["order_id"].to_string(), msg)),
            "fill" => fills += 1,
            "market_position" => position = msg,
            other => panic!("unexpected {other}"),
        }
    }
    let listed = traders[0].get("/portfolio/orders?limit=1000").await;
    let listed = listed["orders"].as_array().unwrap();
    assert_eq!(listed.len(), heard.len());
    for order in listed {
        let last = &heard[&order["order_id"].to_string()];
        for field in [
            "status",
            "fill_count_fp",
            "remaining_count_fp",
            "initial_count_fp",
            "maker_fees_dollars",
            "taker_fill_cost_dollars",
        ] {
            assert_eq!(order[field], last[field], "{field} of {order}");
        }
    }
    assert_eq!(traders[0].get("/portfolio/fills?limit=1000").await["fills"].as_array().unwrap().len(), fills);
    let rest = traders[0].get("/portfolio/positions").await["market_positions"][0].clone();
    assert_eq!(
        (&rest["position_fp"], &rest["realized_pnl_dollars"]),
        (&position["position_fp"], &position["realized_pnl_dollars"])
    );
}

#[tokio::test]
async fn a_follower_too_slow_is_told_and_ended() {
    const T: &str = "KXA-1-T1";
    let world = World::with(brier_exchange::ServerConfig { stream_backlog: 16, ..config(None) }).await;
    world.market(T).await;
    let (trader, watcher) = (world.trader().await, world.trader().await);
    for cents in 10..30 {
        trader.place(T, "bid", "1.00", &format!("0.{cents}")).await;
    }
    let mut stream = watcher.stream().await;
    stream.subscribe(json!({"channels": ["orderbook_delta"], "market_ticker": T})).await;
    // Twenty levels at once are more than may wait.
    assert_eq!(trader.ask("DELETE", "/portfolio/events/orders", None).await.status, 204);
    let error = stream.until("error").await;
    assert_eq!(error["msg"]["code"], 25);
    assert_eq!(stream.next().await, None, "the session is over");
    // The exchange goes on without it.
    trader.place(T, "bid", "1.00", "0.10").await;
    world.server.admin().quiesce().await.unwrap();
}

async fn error_code(stream: &mut Stream, params: Value) -> Value {
    stream.send("subscribe", params).await;
    stream.until("error").await["msg"]["code"].clone()
}

#[tokio::test]
async fn what_is_not_here_is_said_to_be_not_here() {
    let world = World::start().await;
    let mut stream = world.trader().await.stream().await;
    assert_eq!(error_code(&mut stream, json!({"channels": ["communications"]})).await, 8);
    assert_eq!(error_code(&mut stream, json!({"channels": ["trade"], "market_tickers": ["KXNONE"]})).await, 11);
    assert_eq!(error_code(&mut stream, json!({"channels": ["trade"], "market_ids": ["x"]})).await, 11);
}

#[tokio::test]
async fn a_summary_on_request_and_the_clock_in_silence() {
    const T: &str = "KXA-1-T1";
    let world = World::start().await;
    let trader = world.trader().await;
    let mut stream = trader.stream().await;
    stream.subscribe(json!({"channels": ["market_lifecycle_v2"]})).await;
    world.market(T).await;
    assert_eq!(stream.until("event_lifecycle").await["msg"]["series_ticker"], "KXA");
    assert_eq!(stream.until("market_lifecycle_v2").await["msg"]["event_type"], "created");
    trader.place(T, "bid", "3.00", "0.20").await;
    let sid = stream.subscribe(json!({"channels": ["ticker"], "send_initial_snapshot": true})).await;
    let ticker = stream.until("ticker").await;
    assert_eq!((&ticker["sid"], &ticker["msg"]["yes_bid_size_fp"]), (&json!(sid), &json!("3.00")));
    // Closing by the clock says nothing; what is said next is the payout's beginning.
    world.server.admin().clock_set("2027-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    world.server.admin().determine(T, brier_types::MarketResult::Yes, None).await.unwrap();
    assert_eq!(stream.until("market_lifecycle_v2").await["msg"]["event_type"], "determined");
}

#[tokio::test]
async fn the_price_form_of_a_subscription_cannot_change() {
    let world = World::start().await;
    world.market("KXA-1-T1").await;
    let trader = world.trader().await;
    let mut stream = trader.stream().await;
    let wish =
        |yes: bool| json!({"channels": ["orderbook_delta"], "market_tickers": ["KXA-1-T1"], "use_yes_price": yes});
    stream.subscribe(wish(false)).await;
    stream.send("subscribe", wish(true)).await;
    assert_eq!(stream.until("error").await["msg"]["code"], 11);
    stream.subscribe(wish(false)).await;
}
