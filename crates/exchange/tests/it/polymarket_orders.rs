//! Orders of every kind and signature type on the Polymarket face, what they match, and what becomes of a match.

use brier_exchange::TradeStep;
use brier_polymarket_protocol::book_hash::HashInput;
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order::OrderKind;
use brier_polymarket_protocol::order_body::{self, Terms};
use serde_json::{Value, json};

use crate::polymarket_support::{Poly, PolyTrader, Wish, dollars, poly_config, shares};
use crate::support::step;

async fn cash(trader: &PolyTrader) -> String {
    let path = format!("/balance-allowance?asset_type=COLLATERAL&signature_type={}", trader.kind as u8);
    trader.get(&path).await["balance"].as_str().unwrap().to_owned()
}

async fn held(trader: &PolyTrader, token: &str) -> String {
    let kind = trader.kind as u8;
    let path = format!("/balance-allowance?asset_type=CONDITIONAL&token_id={token}&signature_type={kind}");
    trader.get(&path).await["balance"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn orders_of_every_signature_type_rest_and_are_canceled() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Will it rain?"})).await;
    let token = market.token_ids[0].as_str();
    let kinds = [SignatureType::Eoa, SignatureType::Proxy, SignatureType::Safe, SignatureType::DepositWallet];
    for (seed, kind) in (1..).zip(kinds) {
        let trader = world.trader(seed, kind).await;
        let signed = trader.signed(Wish::buy(token, "0.40", "10"));
        let hash =
            brier_polymarket_protocol::order::hash(&signed.order, PolyTrader::domain(&Wish::buy(token, "0.40", "1")));
        let body = trader.body(&signed, Terms::new(OrderKind::Gtc));
        let reply = trader.ask("POST", "/order", Some(body)).await.json();
        assert_eq!(
            reply,
            json!({"success": true, "errorMsg": "", "orderID": hash.to_string(), "status": "live", "makingAmount": "",
                "takingAmount": ""}),
            "{kind:?}"
        );
        let open = trader.get("/data/orders?next_cursor=MA%3D%3D").await;
        assert_eq!((&open["next_cursor"], &open["count"]), (&json!("LTE="), &json!(1)));
        let row = &open["data"][0];
        assert_eq!(row["id"], reply["orderID"]);
        assert_eq!(row["maker_address"], trader.maker().to_string());
        assert_eq!([&row["status"], &row["price"], &row["original_size"]], ["LIVE", "0.4", "10"]);
        let id = reply["orderID"].as_str().unwrap();
        assert_eq!(trader.get(&format!("/data/order/{id}")).await, *row);
        let cancel = json!({"orderID": id}).to_string();
        let canceled = trader.ask("DELETE", "/order", Some(cancel.clone())).await.json();
        assert_eq!(canceled, json!({"canceled": [id], "not_canceled": {}}));
        let again = trader.ask("DELETE", "/order", Some(cancel)).await.json();
        assert_eq!(again, json!({"canceled": [], "not_canceled": {id: "Order not found or already canceled"}}));
    }
}

#[tokio::test]
async fn two_buyers_make_a_pair_and_the_taker_pays_a_fee_in_dollars() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Will it snow?", "fee_rate": "0.05", "rebate_rate": "0.25"})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let maker = world.trader(1, SignatureType::Eoa).await;
    let taker = world.trader(2, SignatureType::DepositWallet).await;
    maker.place(Wish::buy(no, "0.40", "100")).await;
    let book = world.get(&format!("/book?token_id={yes}")).await;
    let hashed: HashInput<'_> = serde_json::from_str(&book.text).unwrap();
    assert!(hashed.agrees(), "{}", book.text);
    assert_eq!(book.json()["asks"], json!([{"price": "0.6", "size": "100"}]));

    let reply = taker.place(Wish::buy(yes, "0.60", "25")).await;
    assert_eq!([&reply["status"], &reply["makingAmount"], &reply["takingAmount"]], ["matched", "15", "25"]);
    let id = reply["tradeIDs"][0].as_str().unwrap();
    let trade = &taker.get(&format!("/data/trades?id={id}")).await["data"][0];
    assert_eq!([&trade["trader_side"], &trade["status"], &trade["price"]], ["TAKER", "MATCHED", "0.6"]);
    let part = &trade["maker_orders"][0];
    assert_eq!([&part["asset_id"], &part["side"], &part["price"], &part["matched_amount"]], [no, "BUY", "0.4", "25"]);
    assert_eq!(maker.get("/data/trades").await["data"][0]["trader_side"], "MAKER");
    assert_eq!((cash(&taker).await.as_str(), held(&taker, yes).await.as_str()), ("1000000000", "0"), "not mined yet");

    world.server.admin().clock_step(step(6)).await.unwrap();
    let trade = &taker.get(&format!("/data/trades?id={id}")).await["data"][0];
    assert_eq!(trade["status"], "CONFIRMED");
    // 25 × 0.05 × 0.6 × 0.4 = 0.30 on top of 15.
    assert_eq!((cash(&taker).await.as_str(), held(&taker, yes).await.as_str()), ("984700000", "25000000"));
    assert_eq!((cash(&maker).await.as_str(), held(&maker, no).await.as_str()), ("990000000", "25000000"));
    let ledger = world.admin().ledger().await.unwrap();
    assert_eq!((ledger.difference(), ledger.fees), (dollars("0"), dollars("0.3")));
}

#[tokio::test]
async fn immediate_orders_take_what_they_can_or_are_killed_and_known() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Will it hail?"})).await;
    let yes = market.token_ids[0].as_str();
    let maker = world.trader(1, SignatureType::Eoa).await;
    let taker = world.trader(2, SignatureType::Eoa).await;
    let split = brier_exchange::PositionChange::Split { market: market.condition_id.clone(), qty: shares("100") };
    world.admin().position(maker.maker(), split).await.unwrap();
    maker.place(Wish::sell(yes, "0.50", "10")).await;

    let wish = Wish::buy(yes, "0.50", "20").kind(OrderKind::Fok);
    let signed = taker.signed(wish);
    let id = brier_polymarket_protocol::order::hash(&signed.order, PolyTrader::domain(&wish)).to_string();
    let killed = taker.ask("POST", "/order", Some(taker.body(&signed, Terms::new(OrderKind::Fok)))).await;
    assert_eq!(killed.status, 400);
    assert_eq!(
        killed.json(),
        json!({"error": "order couldn't be fully filled. FOK orders are fully filled or killed."})
    );
    assert_eq!(taker.get(&format!("/data/order/{id}")).await["status"], "CANCELED");
    let again = taker.ask("POST", "/order", Some(taker.body(&signed, Terms::new(OrderKind::Fok)))).await;
    assert_eq!(again.json(), json!({"error": format!("order {id} is invalid. Duplicated.")}));

    let part = taker.place(Wish::buy(yes, "0.50", "20").kind(OrderKind::Fak)).await;
    assert_eq!([&part["status"], &part["makingAmount"], &part["takingAmount"]], ["matched", "5", "10"]);
    assert!(taker.get("/data/orders").await["data"].as_array().unwrap().is_empty(), "the rest is canceled");
    let nothing = taker.post(Wish::buy(yes, "0.50", "20").kind(OrderKind::Fak)).await;
    assert_eq!(
        nothing.json(),
        json!({"error": "no orders found to match with FAK order. FAK orders are partially filled or killed if no match \
            is found."})
    );
    // Who asks to be answered before the match hears of a kill from the stream.
    let wish = Wish::buy(yes, "0.50", "20").kind(OrderKind::Fok);
    let terms = Terms { defer_exec: true, ..Terms::new(OrderKind::Fok) };
    let deferred = taker.ask("POST", "/order", Some(taker.body(&taker.signed(wish), terms))).await.json();
    assert_eq!([&deferred["status"], &deferred["makingAmount"]], ["delayed", ""]);
}

#[tokio::test]
async fn a_batch_answers_for_each_order_in_its_place() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Which?"})).await;
    let yes = market.token_ids[0].as_str();
    let trader = world.trader(1, SignatureType::Safe).await;
    let good = trader.signed(Wish::buy(yes, "0.30", "10"));
    let small = trader.signed(Wish::buy(yes, "0.30", "4"));
    let mut forged = trader.signed(Wish::buy(yes, "0.30", "10"));
    forged.order.taker_amount += 10_000;
    let terms = Terms::new(OrderKind::Gtc);
    let batch = order_body::write_batch([(&good, terms), (&small, terms), (&forged, terms)], trader.creds.key());
    let results = trader.ask("POST", "/orders", Some(batch)).await.json();
    assert_eq!(results[0]["status"], "live");
    let id = brier_polymarket_protocol::order::hash(&small.order, PolyTrader::domain(&Wish::buy(yes, "0.30", "4")));
    assert_eq!(
        results[1],
        json!({"success": true, "errorMsg": format!("order {id} is invalid. Size (4) lower than the minimum: 5"),
            "orderID": "", "status": "", "makingAmount": "", "takingAmount": ""})
    );
    assert_eq!(results[2]["errorMsg"], "invalid signature");
    let many: Vec<_> = (0..16).map(|_| trader.signed(Wish::buy(yes, "0.30", "10"))).collect();
    let body = order_body::write_batch(many.iter().map(|order| (order, terms)), trader.creds.key());
    let refused = trader.ask("POST", "/orders", Some(body)).await;
    assert_eq!(
        (refused.status, refused.json()["error"].as_str().unwrap()),
        (400, "Too many orders in payload: 16, max allowed: 15")
    );

    trader.place(Wish::buy(yes, "0.20", "10")).await;
    let ids = [results[0]["orderID"].as_str().unwrap(), "0x12"];
    let canceled = trader.ask("DELETE", "/orders", Some(json!(ids).to_string())).await.json();
    assert_eq!(canceled["canceled"], json!([ids[0]]));
    assert_eq!(canceled["not_canceled"], json!({"0x12": "Order not found or already canceled"}));
    let other = json!({"market": format!("0x{}", "11".repeat(32)), "asset_id": ""}).to_string();
    let none = trader.ask("DELETE", "/cancel-market-orders", Some(other)).await.json();
    assert_eq!(none, json!({"canceled": [], "not_canceled": {}}));
    let all = trader.ask("DELETE", "/cancel-all", None).await.json();
    assert_eq!(all["canceled"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_match_that_fails_leaves_every_balance_as_it_was() {
    let world = Poly::start().await;
    world.by_hand().await;
    let market = world.market(json!({"question": "Will it fail?", "neg_risk": true, "fee_rate": "0.07"})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let maker = world.trader(1, SignatureType::Proxy).await;
    let taker = world.trader(2, SignatureType::Safe).await;
    let wish = |token, price| Wish { neg_risk: true, ..Wish::buy(token, price, "50") };
    maker.place(wish(no, "0.45")).await;
    let reply = taker.place(wish(yes, "0.55")).await;
    let id = reply["tradeIDs"][0].as_str().unwrap();
    let admin = world.admin();
    admin.settle_trade(id, TradeStep::Retry).await.unwrap();
    assert_eq!(taker.get("/data/trades").await["data"][0]["status"], "RETRYING");
    admin.settle_trade(id, TradeStep::Fail).await.unwrap();
    let trade = &taker.get("/data/trades").await["data"][0];
    assert_eq!(trade["status"], "FAILED");
    assert!(admin.settle_trade(id, TradeStep::Mine).await.is_err(), "a failed match is final");
    for (trader, token) in [(&maker, no), (&taker, yes)] {
        let wallet = admin.balances(trader.maker()).await.unwrap();
        assert_eq!((wallet.cash, wallet.resting, wallet.matched), (dollars("1000"), dollars("0"), dollars("0")));
        assert_eq!(held(trader, token).await, "0");
    }
    assert_eq!(admin.ledger().await.unwrap().difference(), dollars("0"));
}

#[tokio::test]
async fn signs_of_life_are_chained_and_a_silence_cancels() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Alive?"})).await;
    let trader = world.trader(1, SignatureType::Eoa).await;
    trader.place(Wish::buy(&market.token_ids[0], "0.30", "10")).await;
    let beat = |id: Value| trader.ask("POST", "/v1/heartbeats", Some(json!({"heartbeat_id": id}).to_string()));
    let first = beat(Value::Null).await.json()["heartbeat_id"].clone();
    let wrong = beat(json!("other")).await;
    assert_eq!(wrong.status, 400);
    let expected = json!({"error": "Invalid Heartbeat ID", "error_msg": "Invalid Heartbeat ID", "heartbeat_id": first});
    assert_eq!(wrong.json(), expected);
    world.server.admin().clock_step(step(8)).await.unwrap();
    assert_eq!(beat(first).await.status, 200);
    world.server.admin().clock_step(step(8)).await.unwrap();
    assert_eq!(trader.ask("POST", "/heartbeats", None).await.json(), json!({"status": "ok"}));
    world.server.admin().clock_step(step(9)).await.unwrap();
    assert_eq!(trader.get("/data/orders").await["count"], 1);
    world.server.admin().clock_step(step(2)).await.unwrap();
    assert_eq!(trader.get("/data/orders").await["count"], 0);
    assert_eq!(beat(json!("")).await.status, 200, "after a silence the chain starts anew");
    let notices = trader.get("/notifications").await;
    assert_eq!(notices[0]["type"], 1);
    let id = notices[0]["id"].as_str().unwrap();
    let request = trader.ask("DELETE", &format!("/notifications?ids={id}"), None).await;
    assert_eq!(request.json(), json!("OK"));
    assert_eq!(trader.get("/notifications").await, json!([]));
}

#[tokio::test]
async fn a_sports_market_delays_what_would_take_and_positions_of_the_new_kind_trade() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Who wins?", "seconds_delay": 3, "poly_v2": true})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let maker = world.trader(1, SignatureType::Eoa).await;
    let taker = world.trader(2, SignatureType::DepositWallet).await;
    maker.place(Wish::buy(no, "0.50", "10")).await;
    let reply = taker.place(Wish::buy(yes, "0.50", "10")).await;
    assert_eq!([&reply["status"], &reply["makingAmount"]], ["delayed", ""]);
    world.server.admin().clock_step(step(3)).await.unwrap();
    let id = reply["orderID"].as_str().unwrap();
    assert_eq!(taker.get(&format!("/data/order/{id}")).await["status"], "MATCHED");
}

#[tokio::test]
async fn a_new_key_s_wallets_can_start_with_a_grant() {
    let config = brier_exchange::ServerConfig { polymarket_grant: dollars("25"), ..poly_config(None) };
    let world = Poly::with(config).await;
    let trader = world.trader(1, SignatureType::DepositWallet).await;
    assert_eq!(cash(&trader).await, "1025000000");
    let eoa = world.admin().balances(trader.address).await.unwrap();
    assert_eq!(eoa.cash, dollars("25"));
}

#[tokio::test]
async fn wallets_that_somebody_else_has_the_relayer_open_are_granted_too() {
    let config = brier_exchange::ServerConfig { polymarket_grant: dollars("25"), ..poly_config(None) };
    let world = Poly::with(config).await;
    let other = world.trader(1, SignatureType::Eoa).await;
    let owner = alloy_primitives::Address::repeat_byte(0xab);
    let made = json!({"type": "WALLET-CREATE", "from": owner, "to": owner});
    let request = world.http.post(format!("{}/relayer/submit", world.clob()));
    let request = request.header("RELAYER_API_KEY", other.creds.key());
    let request = request.header("RELAYER_API_KEY_ADDRESS", other.address.to_string());
    assert_eq!(crate::support::send(request.json(&made)).await.status, 200);
    assert_eq!(world.admin().balances(owner).await.unwrap().cash, dollars("25"));
}
