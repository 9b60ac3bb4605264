//! The market channel, the user channel and the price stream of the Polymarket face, as a client follows them.

use std::collections::BTreeMap;

use brier_exchange::{PolymarketChange, TradeStep};
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order::OrderKind;
use brier_types::{MarketResult, Price};
use futures_util::{SinkExt as _, StreamExt as _};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::polymarket_support::{Poly, PolyTrader, Wish, shares};

/// Nothing waits this long unless it is broken.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);

struct Socket(tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>);

/// What came.
#[derive(Debug, PartialEq)]
enum Came {
    Text(String),
    Closed(u16, String),
}

impl Socket {
    async fn open(world: &Poly, path: &str) -> Self {
        let url = format!("{}{path}", world.clob().replacen("http", "ws", 1));
        Self(tokio_tungstenite::connect_async(url).await.unwrap().0)
    }

    /// A market socket that follows these tokens, its first books read.
    async fn market(world: &Poly, tokens: &[&str], custom: bool) -> (Self, Vec<Value>) {
        let mut socket = Self::open(world, "/ws/market").await;
        socket.say(&json!({"type": "market", "assets_ids": tokens, "custom_feature_enabled": custom})).await;
        let first = socket.until_pong().await;
        (socket, first)
    }

    async fn user(world: &Poly, trader: &PolyTrader, markets: &[&str]) -> Self {
        let mut socket = Self::open(world, "/ws/user").await;
        socket.say(&first_user_frame(trader, markets)).await;
        assert_eq!(socket.until_pong().await, Vec::<Value>::new());
        socket
    }

    async fn say(&mut self, what: &Value) {
        self.text(&what.to_string()).await;
    }

    async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn next(&mut self) -> Came {
        loop {
            let frame = tokio::time::timeout(DEADLINE, self.0.next()).await.expect("a frame within the deadline");
            match frame {
                Some(Ok(Message::Text(text))) => return Came::Text(text.to_string()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Came::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the socket ended with {other:?}"),
            }
        }
    }

    /// Every event up to now: those of a list one by one.
    async fn until_pong(&mut self) -> Vec<Value> {
        self.text("PING").await;
        let mut events = Vec::new();
        loop {
            match self.next().await {
                Came::Text(text) if text == "PONG" => return events,
                Came::Text(text) => match serde_json::from_str(&text).unwrap() {
                    Value::Array(many) => events.extend(many),
                    one => events.push(one),
                },
                closed @ Came::Closed(..) => panic!("{closed:?}"),
            }
        }
    }

    /// Every event of what was done before.
    async fn heard(&mut self, world: &Poly) -> Vec<Value> {
        world.server.admin().quiesce().await.unwrap();
        self.until_pong().await
    }
}

fn first_user_frame(trader: &PolyTrader, markets: &[&str]) -> Value {
    let creds = &trader.creds;
    let auth =
        json!({"apiKey": creds.key(), "secret": creds.secret().expose(), "passphrase": creds.expose_passphrase()});
    json!({"type": "user", "auth": auth, "markets": markets})
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event_type"].as_str().unwrap()).collect()
}

/// A market with a seller who has 1,000 pairs, and a buyer.
async fn stage(world: &Poly) -> (brier_exchange::ListedMarket, PolyTrader, PolyTrader) {
    let market = world.market(json!({"question": "Will it rain?"})).await;
    let (seller, buyer) =
        (world.trader(1, SignatureType::Eoa).await, world.trader(2, SignatureType::DepositWallet).await);
    let split = brier_exchange::PositionChange::Split { market: market.condition_id.clone(), qty: shares("500") };
    world.admin().position(seller.maker(), split).await.unwrap();
    (market, seller, buyer)
}

#[tokio::test]
async fn the_first_frame_is_the_subscription_or_the_last() {
    let world = Poly::start().await;
    let (market, seller, _) = stage(&world).await;
    let no_subscription = || Came::Closed(1008, "invalid subscription payload".to_owned());
    for first in [
        "PING",
        "{",
        r#"{"type":"user","assets_ids":[]}"#,
        r#"{"operation":"subscribe","assets_ids":["1"]}"#,
        r#"{"assets_ids":["1"]}"#,
    ] {
        let mut socket = Socket::open(&world, "/ws/market").await;
        socket.text(first).await;
        assert_eq!(socket.next().await, no_subscription(), "{first}");
    }
    let mut socket = Socket::open(&world, "/ws/user").await;
    socket.say(&json!({"type": "user"})).await;
    assert_eq!(socket.next().await, no_subscription());
    let mut wrong = first_user_frame(&seller, &[]);
    wrong["auth"]["passphrase"] = json!("x");
    let mut socket = Socket::open(&world, "/ws/user").await;
    socket.say(&wrong).await;
    assert_eq!(socket.next().await, Came::Closed(1008, "Unauthorized/Invalid api key".to_owned()));
    let many: Vec<String> = (0..2_001).map(|number| number.to_string()).collect();
    let mut socket = Socket::open(&world, "/ws/market").await;
    socket.say(&json!({"type": "market", "assets_ids": many})).await;
    assert_eq!(socket.next().await, Came::Closed(1008, "too many ids in one frame".to_owned()));

    let (mut socket, first) = Socket::market(&world, &[&market.token_ids[0], "77"], false).await;
    assert_eq!(kinds(&first), ["book"], "an unknown token is ignored");
    for again in [json!({"type": "market", "assets_ids": ["1"]}), json!({"nothing": 1})] {
        socket.say(&again).await;
        assert_eq!(socket.next().await, Came::Text("INVALID OPERATION".to_owned()));
    }
    // The Rust client's first frame, and what it says later.
    let mut socket = Socket::open(&world, "/ws/market").await;
    for (token, operation, books) in
        [(0, "subscribe", 1), (1, "subscribe", 1), (1, "subscribe", 0), (0, "unsubscribe", 0)]
    {
        let tokens = [&market.token_ids[token]];
        let frame = json!({"type": "market", "operation": operation, "markets": [], "assets_ids": tokens, "initial_dump": true});
        socket.say(&frame).await;
        assert_eq!(kinds(&socket.until_pong().await), vec!["book"; books], "{operation} {token}");
    }
    let silent = json!({"operation": "subscribe", "assets_ids": [market.token_ids[0]], "initial_dump": false});
    socket.say(&silent).await;
    assert_eq!(kinds(&socket.until_pong().await), Vec::<&str>::new());
}

/// A book as one follower has it: size by price, bids and asks.
#[derive(Debug, Default, PartialEq)]
struct Ladder {
    sides: [BTreeMap<Price, String>; 2],
    hash: String,
}

fn levels(list: &Value) -> BTreeMap<Price, String> {
    let level = |it: &Value| (it["price"].as_str().unwrap().parse().unwrap(), it["size"].as_str().unwrap().to_owned());
    list.as_array().unwrap().iter().map(level).collect()
}

impl Ladder {
    fn whole(book: &Value) -> Self {
        Self { sides: [levels(&book["bids"]), levels(&book["asks"])], hash: book["hash"].as_str().unwrap().to_owned() }
    }

    fn change(&mut self, change: &Value) {
        let text = |name: &str| change[name].as_str().unwrap();
        let side = &mut self.sides[usize::from(text("side") == "SELL")];
        let price: Price = text("price").parse().unwrap();
        if text("size") == "0" {
            side.remove(&price)
        } else {
            side.insert(price, text("size").to_owned())
        };
        text("hash").clone_into(&mut self.hash);
        let best = [self.sides[0].keys().next_back(), self.sides[1].keys().next()];
        let said: [Price; 2] = ["best_bid", "best_ask"].map(|name| text(name).parse().unwrap());
        assert_eq!(said, [*best[0].unwrap_or(&Price::ZERO), *best[1].unwrap_or(&Price::ONE)], "{change}");
    }
}

/// Draws from `0..below`.
fn draw(rng: &mut TestRng, below: u64) -> u64 {
    rng.next_u64() % below
}

#[tokio::test]
async fn books_rebuilt_from_the_stream_are_those_of_rest_after_every_random_order() {
    let world = Poly::start().await;
    let (market, seller, buyer) = stage(&world).await;
    let [yes, no] = [market.token_ids[0].as_str(), market.token_ids[1].as_str()];
    let (mut socket, first) = Socket::market(&world, &[yes, no], false).await;
    let mut books: BTreeMap<String, Ladder> = BTreeMap::new();
    for book in &first {
        books.insert(book["asset_id"].as_str().unwrap().to_owned(), Ladder::whole(book));
    }
    assert_eq!(books.len(), 2);
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut seen = [0; 3];
    for step in 0..150 {
        let trader = if draw(&mut rng, 2) == 0 { &seller } else { &buyer };
        let token = if draw(&mut rng, 2) == 0 { yes } else { no };
        let price = format!("0.{:02}", 40 + draw(&mut rng, 20));
        let size = format!("{}.{:02}", 5 + draw(&mut rng, 20), draw(&mut rng, 100));
        let wish =
            if draw(&mut rng, 2) == 0 { Wish::buy(token, &price, &size) } else { Wish::sell(token, &price, &size) };
        let answer = match draw(&mut rng, 8) {
            0 => trader.ask("DELETE", "/cancel-all", None).await,
            1 => trader.post(Wish { size: "7", ..wish }.kind(OrderKind::Fak)).await,
            _ => trader.post(wish).await,
        };
        // Some are refused for want of tokens, and change nothing.
        assert!([200, 400].contains(&answer.status), "{answer:?}");
        let mut last = None;
        for event in socket.heard(&world).await {
            match event["event_type"].as_str().unwrap() {
                "book" => {
                    seen[0] += 1;
                    books.insert(event["asset_id"].as_str().unwrap().to_owned(), Ladder::whole(&event));
                }
                "price_change" => {
                    seen[1] += 1;
                    assert_eq!(event["market"], json!(market.condition_id));
                    for change in event["price_changes"].as_array().unwrap() {
                        books.get_mut(change["asset_id"].as_str().unwrap()).unwrap().change(change);
                    }
                }
                "last_trade_price" => {
                    seen[2] += 1;
                    last = Some(event.clone());
                }
                other => panic!("{other}"),
            }
        }
        if let Some(last) = last {
            let token = last["asset_id"].as_str().unwrap();
            let rest = world.get(&format!("/last-trade-price?token_id={token}")).await.json();
            assert_eq!(rest["price"], last["price"], "step {step}");
        }
        for token in [yes, no] {
            let rest = world.get(&format!("/book?token_id={token}")).await.json();
            assert_eq!(books[token], Ladder::whole(&rest), "step {step}");
        }
    }
    assert!(seen.iter().all(|count| *count > 10), "{seen:?}");
}

#[tokio::test]
async fn a_trade_is_told_to_both_sides_through_its_whole_life() {
    let world = Poly::start().await;
    world.by_hand().await;
    let (market, seller, buyer) = stage(&world).await;
    let other = world.market(json!({"question": "Will it snow?"})).await;
    let yes = market.token_ids[0].as_str();
    let mut makers = Socket::user(&world, &buyer, &[&market.condition_id]).await;
    let mut takers = Socket::user(&world, &seller, &[]).await;
    let mut elsewhere = Socket::user(&world, &buyer, &[&other.condition_id]).await;
    let resting = buyer.place(Wish::buy(yes, "0.40", "20")).await["orderID"].as_str().unwrap().to_owned();
    let reply = seller.place(Wish::sell(yes, "0.40", "15")).await;
    let trade = reply["tradeIDs"][0].as_str().unwrap().to_owned();

    let told = makers.heard(&world).await;
    let brief =
        |event: &Value| format!("{} {} {}", event["type"], event["status"], event["size_matched"]).replace('"', "");
    assert_eq!(
        told.iter().map(brief).collect::<Vec<_>>(),
        ["PLACEMENT LIVE 0", "TRADE MATCHED null", "UPDATE LIVE 15"],
        "{told:#?}"
    );
    let made = &told[1];
    assert_eq!(
        (&made["id"], &made["trader_side"], &made["transaction_hash"]),
        (&json!(trade), &json!("MAKER"), &json!(null))
    );
    assert_eq!((&made["owner"], &made["trade_owner"]), (&json!(seller.creds.key()), &json!(buyer.creds.key())));
    assert_eq!(
        (&made["maker_orders"][0]["order_id"], &made["maker_orders"][0]["side"]),
        (&json!(resting), &json!("BUY"))
    );

    let told = takers.heard(&world).await;
    assert_eq!(
        told.iter().map(brief).collect::<Vec<_>>(),
        ["PLACEMENT LIVE 0", "TRADE MATCHED null", "UPDATE MATCHED 15"],
        "{told:#?}"
    );
    assert_eq!((&told[1]["trader_side"], &told[1]["trade_owner"]), (&json!("TAKER"), &json!(seller.creds.key())));

    for (step, word) in [(TradeStep::Mine, "MINED"), (TradeStep::Confirm, "CONFIRMED")] {
        world.admin().settle_trade(&trade, step).await.unwrap();
        for socket in [&mut makers, &mut takers] {
            let told = socket.heard(&world).await;
            assert_eq!(told.iter().map(brief).collect::<Vec<_>>(), [format!("TRADE {word} null")]);
            assert_eq!(told[0]["transaction_hash"].as_str().unwrap().len(), 66);
        }
    }
    // Another trade fails; then the rest is canceled.
    let reply = seller.place(Wish::sell(yes, "0.40", "5")).await;
    let trade = reply["tradeIDs"][0].as_str().unwrap().to_owned();
    assert_eq!(
        makers.heard(&world).await.iter().map(brief).collect::<Vec<_>>(),
        ["TRADE MATCHED null", "UPDATE MATCHED 20"]
    );
    for (step, word) in [(TradeStep::Retry, "RETRYING"), (TradeStep::Fail, "FAILED")] {
        world.admin().settle_trade(&trade, step).await.unwrap();
        let told = makers.heard(&world).await;
        assert_eq!(told.iter().map(brief).collect::<Vec<_>>(), [format!("TRADE {word} null")]);
    }
    assert_eq!(elsewhere.heard(&world).await, Vec::<Value>::new());
    // A filter that loses its last name lets everything through.
    elsewhere.say(&json!({"operation": "unsubscribe", "markets": [other.condition_id]})).await;
    elsewhere.until_pong().await;
    let killed = buyer.post(Wish::buy(yes, "0.30", "5").kind(OrderKind::Fok)).await;
    assert_eq!(killed.status, 400);
    let told = elsewhere.heard(&world).await;
    let reason = "CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed.";
    assert_eq!((&told[0]["type"], &told[0]["status"]), (&json!("CANCELLATION"), &json!(reason)), "{told:#?}");
}

#[tokio::test]
async fn features_that_must_be_asked_for_come_to_those_who_asked() {
    let world = Poly::start().await;
    let (market, _, buyer) = stage(&world).await;
    let [yes, no] = [market.token_ids[0].as_str(), market.token_ids[1].as_str()];
    let (mut custom, _) = Socket::market(&world, &[yes], true).await;
    let (mut plain, _) = Socket::market(&world, &[no], false).await;
    buyer.place(Wish::buy(yes, "0.40", "10")).await;
    let told = custom.heard(&world).await;
    assert_eq!(kinds(&told), ["price_change", "best_bid_ask"]);
    let best = &told[1];
    assert_eq!(
        ["asset_id", "best_bid", "best_ask", "spread"].map(|name| best[name].as_str().unwrap()),
        [yes, "0.4", "1", "0.6"]
    );
    assert_eq!(kinds(&plain.heard(&world).await), ["price_change"]);
    // The flag alone can be turned by naming a token that is followed already.
    plain.say(&json!({"operation": "subscribe", "assets_ids": [no], "custom_feature_enabled": true})).await;
    assert_eq!(plain.until_pong().await, Vec::<Value>::new());
    buyer.place(Wish::buy(yes, "0.41", "10")).await;
    assert_eq!(kinds(&plain.heard(&world).await), ["price_change", "best_bid_ask"]);

    custom.heard(&world).await;
    let listed = world.market(json!({"question": "Will it snow?", "fee_rate": "0.05"})).await;
    let told = custom.heard(&world).await;
    assert_eq!(kinds(&told), ["new_market"]);
    assert_eq!(
        (&told[0]["condition_id"], &told[0]["clob_token_ids"]),
        (&json!(listed.condition_id), &json!(listed.token_ids))
    );
    assert_eq!(told[0]["fee_schedule"]["rate"], json!(0.05));

    let change = |change| {
        let (admin, condition) = (world.admin(), market.condition_id.clone());
        async move { admin.change_market(&condition, change).await.unwrap() }
    };
    change(PolymarketChange::Tick("0.001".parse().unwrap())).await;
    let told = custom.heard(&world).await;
    assert_eq!(kinds(&told), ["tick_size_change", "book"]);
    assert_eq!((&told[0]["old_tick_size"], &told[0]["new_tick_size"]), (&json!("0.01"), &json!("0.001")));
    change(PolymarketChange::Resolve(MarketResult::No)).await;
    let told = custom.heard(&world).await;
    let resolved = told.last().unwrap();
    assert_eq!(resolved["event_type"], "market_resolved", "{told:#?}");
    assert_eq!((&resolved["winning_asset_id"], &resolved["winning_outcome"]), (&json!(no), &json!("No")));
}

#[tokio::test]
async fn reference_prices_come_to_those_who_asked_for_them() {
    let world = Poly::start().await;
    let price = |symbol: &str, value: f64, at: i64| {
        let price = json!({"symbol": symbol, "value": value, "timestamp": at});
        serde_json::from_value(price).unwrap()
    };
    let admin = world.admin();
    admin.publish_price("equity_prices", price("AAPL", 190.25, 1_000)).await.unwrap();
    admin.publish_price("equity_prices", price("AAPL", 191.5, 2_000)).await.unwrap();
    assert!(admin.publish_price("comments", price("AAPL", 1.0, 1)).await.is_err());
    let mut socket = Socket::open(&world, "/rtds").await;
    let subscriptions = json!([
        {"topic": "crypto_prices", "type": "update", "filters": "btcusdt,ethusdt"},
        {"topic": "crypto_prices_chainlink", "type": "*", "filters": "{\"symbol\":\"eth/usd\"}"},
        {"topic": "equity_prices", "type": "*", "filters": "{\"symbol\":\"AAPL\"}"}]);
    socket.say(&json!({"action": "subscribe", "subscriptions": subscriptions})).await;
    let first = socket.until_pong().await;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!((&first[0]["topic"], &first[0]["type"]), (&json!("equity_prices"), &json!("subscribe")));
    let past = json!([{"timestamp": 1_000, "value": 190.25}, {"timestamp": 2_000, "value": 191.5}]);
    assert_eq!(first[0]["payload"], json!({"symbol": "AAPL", "data": past}));
    for (topic, symbol) in [
        ("crypto_prices", "btcusdt"),
        ("crypto_prices", "solusdt"),
        ("crypto_prices_chainlink", "eth/usd"),
        ("crypto_prices_chainlink", "btc/usd"),
    ] {
        admin.publish_price(topic, price(symbol, 67_234.5, 3_000)).await.unwrap();
    }
    let told = socket.heard(&world).await;
    assert_eq!(
        told.iter().map(|it| it["payload"]["symbol"].as_str().unwrap()).collect::<Vec<_>>(),
        ["btcusdt", "eth/usd"]
    );
    assert_eq!(told[0]["payload"], json!({"symbol": "btcusdt", "timestamp": 3_000, "value": 67_234.5}));
    let gone = json!([{"topic": "crypto_prices", "type": "update"}]);
    socket.say(&json!({"action": "unsubscribe", "subscriptions": gone})).await;
    socket.until_pong().await;
    admin.publish_price("crypto_prices", price("btcusdt", 1.0, 4_000)).await.unwrap();
    assert_eq!(socket.heard(&world).await, Vec::<Value>::new());
}
