//! What the order book API tells of markets and prices, and the administration that lists, pays and resolves them.

use std::path::Path;

use brier_exchange::PositionChange;
use brier_polymarket_protocol::ids::SignatureType;
use serde_json::{Value, json};

use crate::polymarket_support::{Poly, Wish, dollars, shares};
use crate::support::{Answer, send};

const fn fine<'a>(token: &'a str, price: &'a str, size: &'a str) -> Wish<'a> {
    Wish { tick: "0.001", ..Wish::buy(token, price, size) }
}

#[tokio::test]
async fn prices_follow_the_book_and_mirror_between_the_two_tokens() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Up?", "fee_rate": 0.07, "tick": 0.001})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let get = async |path: String| -> Value { world.get(&path).await.json() };
    assert_eq!(get(format!("/last-trade-price?token_id={yes}")).await, json!({"price": "0.5", "side": ""}));
    assert_eq!(get(format!("/price?token_id={yes}&side=BUY")).await, json!({"price": "0"}));
    let maker = world.trader(1, SignatureType::Eoa).await;
    let taker = world.trader(2, SignatureType::Safe).await;
    maker.place(fine(yes, "0.520", "100")).await;
    maker.place(fine(no, "0.455", "50")).await;
    taker.place(fine(yes, "0.545", "20")).await;

    assert_eq!(get(format!("/price?token_id={yes}&side=BUY")).await, json!({"price": "0.52"}));
    assert_eq!(get(format!("/price?token_id={yes}&side=SELL")).await, json!({"price": "0.545"}));
    assert_eq!(get(format!("/price?token_id={no}&side=SELL")).await, json!({"price": "0.48"}));
    assert_eq!(get(format!("/midpoint?token_id={yes}")).await, json!({"mid": "0.5325", "mid_price": "0.5325"}));
    assert_eq!(get(format!("/spread?token_id={no}")).await, json!({"spread": "0.025"}));
    assert_eq!(get(format!("/last-trade-price?token_id={yes}")).await, json!({"price": "0.545", "side": "BUY"}));
    assert_eq!(get(format!("/last-trade-price?token_id={no}")).await, json!({"price": "0.455", "side": "SELL"}));
    let prices = get(format!("/prices?token_ids={yes},{no}&sides=BUY,SELL")).await;
    assert_eq!(prices, json!({yes: {"BUY": "0.52"}, no: {"SELL": "0.48"}}));
    let tokens = json!([{"token_id": yes}, {"token_id": no}, {"token_id": "5"}]);
    assert_eq!(world.post("/midpoints", tokens.clone()).await.json(), json!({yes: "0.5325", no: "0.4675"}));
    assert_eq!(world.post("/spreads", tokens.clone()).await.json(), json!({yes: "0.025", no: "0.025"}));
    assert_eq!(world.post("/last-trades-prices", tokens.clone()).await.json()[1]["price"], "0.455");
    let books = world.post("/books", tokens).await.json();
    assert_eq!(books.as_array().unwrap().len(), 2, "unknown tokens are left out");
    assert_eq!(books[0], get(format!("/book?token_id={yes}")).await);
    assert_eq!(books[1]["bids"], json!([{"price": "0.455", "size": "30"}]));
    assert_eq!(books[1]["asks"], json!([{"price": "0.48", "size": "100"}]));
    assert_eq!(get(format!("/tick-size?token_id={yes}")).await, json!({"minimum_tick_size": 0.001}));
    assert_eq!(get(format!("/tick-size/{yes}")).await, json!({"minimum_tick_size": 0.001}));
    assert_eq!(get(format!("/fee-rate?token_id={yes}")).await, json!({"base_fee": 1000}));
    let history = get(format!("/prices-history?market={no}&interval=1d&fidelity=60")).await;
    assert_eq!(history["history"][0]["p"], 0.455);
    let batch = json!({"markets": [yes], "interval": "max"});
    assert_eq!(world.post("/batch-prices-history", batch).await.json()["history"][yes][0]["p"], 0.545);
}

#[tokio::test]
async fn markets_are_listed_compact_full_and_simplified() {
    let world = Poly::start().await;
    let rewards = json!({"min_size": "20", "max_spread": "0.035", "daily_rate": "100"});
    let event = json!({"title": "Who wins?", "neg_risk": true, "markets": [
        {"question": "A?", "group_item_title": "A", "fee_rate": "0.05", "rewards": rewards},
        {"question": "Other?", "group_item_title": "Other", "neg_risk_other": true},
    ]});
    let listed = world.admin().list_event(event).await.unwrap();
    assert!(listed.iter().all(|it| it.neg_risk) && listed[0].question_id[..64] == listed[1].question_id[..64]);
    let (condition, yes) = (listed[0].condition_id.as_str(), listed[0].token_ids[0].as_str());
    let get = async |path: String| -> Value { world.get(&path).await.json() };
    let compact = get(format!("/clob-markets/{condition}")).await;
    assert_eq!(
        [&compact["mts"], &compact["mos"], &compact["tbf"], &compact["nr"]],
        [&json!(0.01), &json!(5), &json!(1000), &json!(true)]
    );
    assert_eq!(compact["fd"], json!({"r": 0.05, "e": 1, "to": true}));
    assert_eq!(compact["t"][0], json!({"t": yes, "o": "Yes"}));
    let by_token = get(format!("/markets-by-token/{yes}")).await;
    assert_eq!(by_token["secondary_token_id"], listed[0].token_ids[1]);
    let full = get(format!("/markets/{condition}")).await;
    assert_eq!([&full["neg_risk"], &full["accepting_orders"], &full["closed"]], [true, true, false]);
    assert_eq!(full["rewards"]["rates"][0]["rewards_daily_rate"], 100);
    for (path, count) in [("/markets", 2), ("/simplified-markets", 2), ("/sampling-markets", 1)] {
        let page = get(path.to_owned()).await;
        assert_eq!((page["count"].as_u64(), page["next_cursor"].as_str()), (Some(count), Some("LTE=")), "{path}");
    }
    assert_eq!(get("/sampling-simplified-markets".to_owned()).await["data"][0]["condition_id"], condition);
    assert_eq!(get("/rewards/markets/current".to_owned()).await["data"][0]["rewards_max_spread"], 3.5);
    assert_eq!(get(format!("/rewards/markets/{condition}")).await["data"][0]["rewards_min_size"], 20);
    assert_eq!(get(format!("/markets/live-activity/{condition}")).await["question"], "A?");
    assert_eq!(world.post("/markets/live-activity", json!([condition])).await.json()[0]["market_slug"], "a");
    let trader = world.trader(1, SignatureType::Eoa).await;
    let wish = |price| Wish { neg_risk: true, ..Wish::buy(yes, price, "30") };
    let near = trader.place(wish("0.49")).await["orderID"].as_str().unwrap().to_owned();
    let far = trader.place(wish("0.30")).await["orderID"].as_str().unwrap().to_owned();
    trader.place(Wish { neg_risk: true, ..Wish::buy(&listed[0].token_ids[1], "0.49", "30") }).await;
    let body = json!([near, far]).to_string();
    let scoring = trader.ask("POST", "/orders-scoring", Some(body)).await.json();
    assert_eq!(scoring, json!({near.as_str(): true, far.as_str(): false}));
    for path in ["/rewards/user", "/rewards/user/total", "/rewards/user/percentages", "/data/pre-migration-orders"] {
        assert_eq!(trader.ask("GET", path, None).await.status, 200, "{path}");
    }
}

struct House<'a>(&'a Poly);

impl House<'_> {
    async fn post(&self, path: &str, body: Value) -> Answer {
        let url = format!("{}/polymarket{path}", self.0.server.admin_url());
        send(self.0.http.post(url).json(&body)).await
    }

    async fn get(&self, path: &str) -> Value {
        send(self.0.http.get(format!("{}/polymarket{path}", self.0.server.admin_url()))).await.json()
    }
}

#[tokio::test]
async fn the_house_lists_pays_converts_and_resolves_over_http() {
    let world = Poly::start().await;
    let house = House(&world);
    let group = json!({"title": "One of three", "neg_risk": true,
        "markets": [{"question": "A?"}, {"question": "B?"}, {"question": "C?"}]});
    let listed = house.post("/events", group).await;
    assert_eq!(listed.status, 201, "{listed:?}");
    let listed = listed.json();
    let [a, b] = [0, 1].map(|at: usize| listed[at]["condition_id"].as_str().unwrap());
    let trader = world.trader(1, SignatureType::DepositWallet).await;
    let account = format!("/accounts/{}", trader.maker());
    assert_eq!(house.post(&format!("{account}/fund"), json!({"usd": 500})).await.json(), json!({}));
    let split = house.post(&format!("{account}/split"), json!({"condition": a, "amount": "100"})).await;
    assert_eq!(split.json(), json!({"paid": "-100"}));
    house.post(&format!("{account}/split"), json!({"condition": b, "amount": "100"})).await;
    let convert = json!({"event": listed[0]["event_id"], "questions": [0, 1], "amount": "40"});
    assert_eq!(house.post(&format!("{account}/convert"), convert).await.json(), json!({"paid": "40"}));
    let merge = house.post(&format!("{account}/merge"), json!({"condition": a, "amount": "60"})).await;
    assert_eq!(merge.json(), json!({"paid": "60"}));
    let wallet = house.get(&account).await;
    assert_eq!([&wallet["cash"], &wallet["owner"]], [&json!("1400"), &json!(trader.address)]);
    let other = house.post("/accounts", json!({"owner": format!("0x{}", "42".repeat(20))})).await.json();
    let transfer = json!({"token": listed[1]["token_ids"][0], "amount": "25", "to": other["safe"]});
    assert_eq!(house.post(&format!("{account}/transfer"), transfer).await.status, 200);

    for (change, body) in [
        ("tick", json!({"tick": "0.001"})),
        ("fees", json!({"rate": 0.04, "rebate_rate": "0.25"})),
        ("pause", json!({})),
        ("accept", json!({})),
        ("clear_book", json!({})),
        ("propose", json!({"result": "no"})),
        ("dispute", json!({})),
        ("propose", json!({"result": "yes"})),
        ("dispute", json!({})),
        ("resolve", json!({"result": "yes"})),
    ] {
        let answer = house.post(&format!("/markets/{b}/{change}"), body).await;
        assert_eq!(answer.status, 200, "{change}: {answer:?}");
    }
    assert_eq!(world.get(&format!("/markets/{b}")).await.json()["tokens"][0]["winner"], true);
    // 100 YES of B: 75 here, 25 there; its NO, 60 left here, pay nothing.
    let paid = house.post(&format!("/markets/{b}/redeem_all"), json!({})).await;
    assert_eq!(paid.json(), json!({"paid": "100"}));
    assert_eq!(house.get("/ledger").await["difference"], "0");
    let wrong = house.post(&format!("/markets/{b}/resolve"), json!({"result": "maybe"})).await;
    assert_eq!(wrong.status, 400, "{wrong:?}");
    assert_eq!(house.post("/markets/nowhere/accept", json!({})).await.status, 404);
    assert_eq!(house.post("/engine", json!({"mode": "odd"})).await.status, 400);
    assert_eq!(house.post("/settlement", json!({"mine_after_ms": 10})).await.status, 200);
    assert_eq!(house.post("/limits", json!({"owner": trader.address, "tier": "gold"})).await.status, 200);
    let restriction = json!({"owner": trader.address, "restriction": "none"});
    assert_eq!(house.post("/restrictions", restriction).await.status, 200);
    assert_eq!(house.post("/version", json!({"version": 3})).await.status, 400);
    let page = world.http.post(format!("{}/polymarket/version", world.server.admin_url()));
    let page = send(page.header("origin", "http://page.example").json(&json!({"version": 1}))).await;
    assert_eq!(page.status, 404, "pages in a browser here are turned away");
}

/// A record of the recorded venue, as it is, is listed under its own ids and trades.
#[tokio::test]
async fn a_recorded_gamma_record_is_listed_under_its_own_ids() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/polymarket_btc5m_market.json");
    let record: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let world = Poly::start().await;
    let listed = world.market(record.clone()).await;
    assert_eq!(listed.condition_id, record["raw"]["conditionId"]);
    let tokens: Vec<String> = serde_json::from_str(record["raw"]["clobTokenIds"].as_str().unwrap()).unwrap();
    assert_eq!(listed.token_ids.as_slice(), tokens);
    let compact = world.get(&format!("/clob-markets/{}", listed.condition_id)).await.json();
    assert_eq!(compact["fd"], json!({"r": 0.07, "e": 1, "to": true}));
    assert_eq!(compact["t"][0]["o"], "Up");
    assert_eq!(compact["ao"], true, "`accepting` beside the record opens a market that had closed");
    let trader = world.trader(1, SignatureType::Eoa).await;
    let split = PositionChange::Split { market: listed.slug.clone(), qty: shares("10") };
    assert_eq!(world.admin().position(trader.maker(), split).await.unwrap(), dollars("-10"));
    trader.place(Wish { tick: "0.001", ..Wish::sell(&listed.token_ids[0], "0.971", "10") }).await;
    assert!(world.admin().list_market(record).await.is_err(), "a condition is listed once");
}
