//! Every documented refusal that a client can bring about, word by word.

use alloy_primitives::{B256, U256};
use brier_exchange::PolymarketChange;
use brier_polymarket_protocol::amounts::Amounts;
use brier_polymarket_protocol::auth::{WalletKey, l1_headers, l2_headers};
use brier_polymarket_protocol::contracts::{Chain, Domain, OrderVersion};
use brier_polymarket_protocol::ids::{Side, SignatureType};
use brier_polymarket_protocol::order::{OrderKind, OrderV1};
use brier_polymarket_protocol::order_body::Terms;
use brier_polymarket_protocol::wallet;
use reqwest::Method;
use serde_json::{Value, json};

use crate::polymarket_support::{Poly, PolyTrader, Wish, now_secs, price};
use crate::support::{Answer, send};

fn said(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned())
}

#[track_caller]
fn refused(answer: &Answer, status: u16, text: &str) {
    assert_eq!(said(answer), (status, text.to_owned()));
}

async fn post(trader: &PolyTrader, wish: Wish<'_>, terms: Terms, expiration: u64) -> Answer {
    let order = trader.signed(wish).order;
    let signed = trader.sign(order, PolyTrader::domain(&wish), expiration);
    trader.ask("POST", "/order", Some(trader.body(&signed, terms))).await
}

/// An order of any amounts.
async fn amounts(trader: &PolyTrader, wish: Wish<'_>, maker: u64, taker: u64) -> Answer {
    let order = trader.order(&wish, Amounts { maker, taker });
    let signed = trader.sign(order, PolyTrader::domain(&wish), 0);
    trader.ask("POST", "/order", Some(trader.body(&signed, Terms::new(wish.kind)))).await
}

#[tokio::test]
async fn keys_and_headers() {
    let world = Poly::start().await;
    let trader = world.trader(1, SignatureType::Eoa).await;
    let l1 = |key: &WalletKey, method: Method, path: &str, nonce: u64, at: u64| {
        let mut request = world.http.request(method, format!("{}{path}", world.clob()));
        for (name, value) in l1_headers(key, Chain::Polygon, at, nonce).pairs() {
            request = request.header(name, value);
        }
        send(request)
    };
    let again = l1(&trader.key, Method::POST, "/auth/api-key", 0, now_secs()).await;
    refused(&again, 400, "Could not create api key");
    let derived = l1(&trader.key, Method::GET, "/auth/derive-api-key", 0, now_secs()).await.json();
    assert_eq!(derived["apiKey"], trader.creds.key());
    assert_eq!(derived["secret"], trader.creds.secret().expose());
    let none = l1(&trader.key, Method::GET, "/auth/derive-api-key", 7, now_secs()).await;
    refused(&none, 400, "Could not derive api key!");
    let old = l1(&trader.key, Method::GET, "/auth/derive-api-key", 0, now_secs() - 3_600).await;
    refused(&old, 401, "Invalid L1 Request headers");
    refused(&world.get("/auth/derive-api-key").await, 401, "Invalid L1 Request headers");
    refused(&world.get("/data/orders").await, 401, "Unauthorized/Invalid api key");

    let other = world.trader(2, SignatureType::Eoa).await;
    let forged = l2_headers(&trader.creds, other.address, now_secs(), "GET", "/data/orders", b"");
    let mut request = world.http.get(format!("{}/data/orders", world.clob()));
    for (name, value) in forged.pairs() {
        request = request.header(name.to_lowercase(), value);
    }
    refused(&send(request).await, 401, "Unauthorized/Invalid api key");
    let stale = l2_headers(&trader.creds, trader.address, now_secs() - 3_600, "GET", "/data/orders", b"");
    let mut request = world.http.get(format!("{}/data/orders", world.clob()));
    for (name, value) in stale.pairs() {
        request = request.header(name, value);
    }
    refused(&send(request).await, 401, "Unauthorized/Invalid api key");
    // The body is part of what is signed.
    let request = trader.request("DELETE", "/order", Some("{}".to_owned())).body("{ }");
    refused(&send(request).await, 401, "Unauthorized/Invalid api key");

    let readonly = trader.ask("POST", "/auth/readonly-api-key", None).await.json()["apiKey"].clone();
    assert_eq!(trader.get("/auth/readonly-api-keys").await, json!({"readonlyApiKeys": [readonly]}));
    let path = format!("/auth/validate-readonly-api-key?address={}&key={}", trader.address, readonly.as_str().unwrap());
    assert_eq!(world.get(&path).await.json(), json!(true));
    let body = json!({"key": readonly}).to_string();
    assert_eq!(trader.ask("DELETE", "/auth/readonly-api-key", Some(body)).await.json(), json!(true));
    assert_eq!(world.get(&path).await.json(), json!(false));
    let builder = trader.ask("POST", "/auth/builder-api-key", None).await.json();
    assert_eq!(trader.get("/auth/builder-api-key").await[0]["key"], builder["key"]);
    assert_eq!(trader.ask("DELETE", "/auth/builder-api-key", None).await.json(), json!("OK"));
    assert_eq!(trader.get("/auth/api-keys").await, json!({"apiKeys": [trader.creds.key()]}));
    assert_eq!(trader.ask("DELETE", "/auth/api-key", None).await.json(), json!("OK"));
    refused(&trader.ask("GET", "/data/orders", None).await, 401, "Unauthorized/Invalid api key");
}

#[tokio::test]
async fn who_posts_and_what_was_signed() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Who?"})).await;
    let yes = market.token_ids[0].as_str();
    let trader = world.trader(1, SignatureType::Eoa).await;
    let other = world.trader(2, SignatureType::Eoa).await;
    let (wish, gtc) = (Wish::buy(yes, "0.30", "10"), Terms::new(OrderKind::Gtc));
    let ask = |body: String| trader.ask("POST", "/order", Some(body));
    refused(&ask("{}".to_owned()).await, 400, "Invalid order payload");
    let foreign = other.body(&trader.signed(wish), gtc);
    refused(&ask(foreign).await, 400, "the order owner has to be the owner of the API KEY");
    let theirs = trader.body(&other.signed(wish), gtc);
    refused(&ask(theirs).await, 400, "the order signer address has to be the address of the API KEY");
    let mut changed = trader.signed(wish);
    changed.order.salt += 1;
    refused(&ask(trader.body(&changed, gtc)).await, 400, "invalid signature");
    let elsewhere = Domain::new(Chain::Polygon, OrderVersion::V2, true);
    let wrong = trader.sign(trader.signed(wish).order, elsewhere, 0);
    refused(&ask(trader.body(&wrong, gtc)).await, 400, "invalid signature");
    let newer = Domain::new(Chain::Polygon, OrderVersion::V3, false);
    let wrong = trader.sign(trader.signed(wish).order, newer, 0);
    refused(&ask(trader.body(&wrong, gtc)).await, 400, "order_version_mismatch");
    let unknown = Wish::buy("12345678901234567890123456789012345678901234567890", "0.30", "10");
    refused(&trader.post(unknown).await, 400, "No orderbook exists for the requested token id");

    let now = trader.signed(wish).order;
    let old = OrderV1 {
        salt: now.salt,
        maker: now.maker,
        signer: now.signer,
        taker: alloy_primitives::Address::ZERO,
        token: now.token,
        maker_amount: now.maker_amount,
        taker_amount: now.taker_amount,
        expiration: 0,
        nonce: U256::ZERO,
        fee_rate_bps: 0,
        side: Side::Buy,
        signature_type: SignatureType::Eoa,
    };
    let signature = old.sign(Chain::Polygon, false, &trader.key);
    let body = json!({"order": {"salt": old.salt, "maker": old.maker, "signer": old.signer, "taker": old.taker,
        "tokenId": yes, "makerAmount": "3000000", "takerAmount": "10000000", "expiration": "0", "nonce": "0",
        "feeRateBps": "0", "side": "BUY", "signatureType": 0, "signature": signature.to_string()},
        "owner": trader.creds.key(), "orderType": "GTC"});
    refused(&ask(body.to_string()).await, 400, "order_version_mismatch");
    assert_eq!(world.get("/version").await.json(), json!({"version": 2}));
    world.admin().set_version(1).await.unwrap();
    assert_eq!(world.get("/version").await.json(), json!({"version": 1}));
}

#[tokio::test]
async fn a_wrapped_signature_is_taken_from_deposit_wallets_alone() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Whose contract?"})).await;
    let yes = market.token_ids[0].as_str();
    let trader = world.trader(1, SignatureType::Eoa).await;
    let wish = Wish::buy(yes, "0.30", "10");
    for maker in [trader.address, wallet::proxy(trader.address), wallet::safe(trader.address)] {
        let mut order = trader.signed(wish).order;
        (order.maker, order.signer, order.signature_type) = (maker, maker, SignatureType::DepositWallet);
        let signed = trader.sign(order, PolyTrader::domain(&wish), 0);
        let answer = trader.ask("POST", "/order", Some(trader.body(&signed, Terms::new(OrderKind::Gtc)))).await;
        refused(&answer, 400, "the order signer address has to be the address of the API KEY");
    }
}

#[tokio::test]
async fn amounts_prices_sizes_and_expirations() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "How much?"})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let trader = world.trader(1, SignatureType::Eoa).await;
    let maker = world.trader(2, SignatureType::Eoa).await;
    let (buy, sell) = (Wish::buy(yes, "0.30", "10"), Wish::sell(yes, "0.30", "10"));
    let text = |answer: Answer| said(&answer).1;
    assert_eq!(
        text(amounts(&trader, buy, 3_000_001, 10_000_000).await),
        "invalid amounts, the buy orders maker amount supports a max accuracy of 4 decimals, taker amount a max of 2 decimals"
    );
    assert_eq!(
        text(amounts(&trader, sell, 10_001_000, 3_000_000).await),
        "invalid amounts, the sell orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 decimals"
    );
    assert_eq!(
        text(amounts(&trader, buy.kind(OrderKind::Fok), 1_009_200, 1_740_000).await),
        "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals, taker amount a max of 4 \
         decimals"
    );
    assert_eq!(
        text(amounts(&trader, Wish::sell(yes, "0.22", "19.69"), 19_690_000, 4_330_000).await),
        "invalid amounts, the taker amount for a $0.22 order of size 19.69 should be '4.3318' but the value submited is \
         '4.33'. Please check if you are using the latest version of the 'clob-client' library"
    );
    let off = amounts(&trader, buy, 3_050_000, 10_000_000).await;
    assert!(text(off).ends_with("is invalid. Price (0.305) breaks minimum tick size rule: 0.01"));
    let small = trader.post(Wish::buy(yes, "0.30", "4")).await;
    assert!(text(small).ends_with("is invalid. Size (4) lower than the minimum: 5"));
    maker.place(Wish::buy(no, "0.90", "100")).await;
    let cheap = trader.post(Wish::buy(yes, "0.10", "0.99").kind(OrderKind::Fak)).await;
    refused(&cheap, 400, "invalid amount for a marketable BUY order ($0.99), min size: $1");
    let post_only = Terms { post_only: true, ..Terms::new(OrderKind::Gtc) };
    let crossing = post(&trader, Wish::buy(yes, "0.10", "20"), post_only, 0).await;
    refused(&crossing, 400, "invalid post-only order: order crosses book");
    let senseless = Terms { post_only: true, ..Terms::new(OrderKind::Fok) };
    refused(&post(&trader, buy, senseless, 0).await, 400, "Invalid order payload");
    let market_now = world.server.admin().now().await.unwrap().secs().unsigned_abs();
    refused(&post(&trader, buy, Terms::new(OrderKind::Gtc), market_now + 600).await, 400, "invalid expiration");
    refused(&post(&trader, buy, Terms::new(OrderKind::Gtd), market_now + 59).await, 400, "invalid expiration");
    assert_eq!(
        post(&trader, Wish::buy(yes, "0.05", "10"), Terms::new(OrderKind::Gtd), market_now + 600).await.status,
        200
    );
}

#[tokio::test]
async fn balances_states_and_restrictions() {
    let world = Poly::start().await;
    let market = world.market(json!({"question": "Enough?"})).await;
    let [yes, no] = [0, 1].map(|index| market.token_ids[index].as_str());
    let trader = world.trader(1, SignatureType::Eoa).await;
    trader.place(Wish::buy(yes, "0.50", "1000")).await;
    refused(
        &trader.post(Wish::buy(yes, "0.50", "1100")).await,
        400,
        "not enough balance / allowance: the balance is not enough -> balance: 1000000000, sum of active orders: 500000000, \
         sum of matched orders: 0, order amount (inc. fees): 550000000",
    );
    refused(
        &trader.post(Wish::sell(no, "0.60", "10")).await,
        400,
        "not enough balance / allowance: the balance is not enough -> balance: 0, sum of active orders: 0, sum of matched \
         orders: 0, order amount (inc. fees): 10000000",
    );
    let admin = world.admin();
    let wish = Wish::buy(yes, "0.10", "10");
    let owner = trader.address;
    admin.restrict(owner, "banned").await.unwrap();
    refused(&trader.post(wish).await, 400, &format!("'{owner}' address banned"));
    admin.restrict(owner, "closed_only").await.unwrap();
    assert_eq!(trader.get("/auth/ban-status/closed-only").await, json!({"closed_only": true}));
    refused(&trader.post(wish).await, 400, &format!("'{owner}' address in closed only mode"));
    admin.restrict(owner, "deposit_wallet_only").await.unwrap();
    refused(&trader.post(wish).await, 400, "maker address not allowed, please use the deposit wallet flow");
    admin.restrict(owner, "none").await.unwrap();

    let cancel = |id: &str| json!({"orderID": id}).to_string();
    let id = trader.place(wish).await["orderID"].as_str().unwrap().to_owned();
    admin.set_engine("restarting", 0).await.unwrap();
    assert_eq!(trader.post(wish).await.status, 425);
    assert_eq!(trader.ask("DELETE", "/order", Some(cancel(&id))).await.status, 425);
    admin.set_engine("disabled", 0).await.unwrap();
    let disabled = "Trading is currently disabled. Check polymarket.com for updates";
    refused(&trader.post(wish).await, 503, disabled);
    refused(&trader.ask("DELETE", "/cancel-all", None).await, 503, disabled);
    admin.set_engine("cancel_only", 0).await.unwrap();
    let cancel_only = "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.";
    refused(&trader.post(wish).await, 503, cancel_only);
    assert_eq!(trader.ask("DELETE", "/order", Some(cancel(&id))).await.json()["canceled"], json!([id]));
    admin.set_engine("post_only", 79).await.unwrap();
    let answer = trader.request("POST", "/order", Some(trader.body(&trader.signed(wish), Terms::new(OrderKind::Gtc))));
    let answer = answer.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "79"));
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        body,
        json!({"error": "post-only mode: only post-only orders and cancels are allowed", "code": "post_only_mode",
            "retry_after_seconds": 79})
    );
    let post_only = Terms { post_only: true, ..Terms::new(OrderKind::Gtc) };
    assert_eq!(post(&trader, wish, post_only, 0).await.status, 200);
    admin.set_engine("normal", 0).await.unwrap();

    admin.change_market(&market.condition_id, PolymarketChange::Accept(false)).await.unwrap();
    refused(&trader.post(wish).await, 400, "the market is not yet ready to process new orders");
}

#[tokio::test]
async fn reads_of_what_is_not_there() {
    let world = Poly::start().await;
    // Zero is the code of orders that no builder brought.
    let nobody = world.get(&format!("/builder/trades?builder_code={}", B256::ZERO)).await;
    refused(&nobody, 400, "Invalid trade params payload");
    let market = world.market(json!({"question": "Where?"})).await;
    let yes = market.token_ids[0].as_str();
    let unknown = "123456789";
    refused(&world.get("/book?token_id=x").await, 400, "Invalid token id");
    refused(
        &world.get(&format!("/book?token_id={unknown}")).await,
        404,
        "No orderbook exists for the requested token id",
    );
    refused(&world.get(&format!("/price?token_id={yes}&side=HOLD")).await, 400, "Invalid side");
    refused(&world.post("/books", json!({})).await, 400, "Invalid payload");
    let many: Vec<Value> = (0..501).map(|id| json!({"token_id": id.to_string()})).collect();
    refused(&world.post("/books", json!(many)).await, 400, "Payload exceeds the limit");
    refused(&world.get("/tick-size?token_id=x").await, 400, "Invalid market");
    refused(&world.get(&format!("/neg-risk?token_id={unknown}")).await, 404, "market not found");
    refused(&world.get(&format!("/fee-rate?token_id={unknown}")).await, 404, "fee rate not found for market");
    refused(&world.get("/markets/x").await, 400, "Invalid market");
    refused(&world.get(&format!("/markets/{}", B256::ZERO)).await, 404, "market not found");
    refused(&world.get("/prices-history?market=1&fidelity=x").await, 400, "invalid fidelity: x");
    assert_eq!(world.get("/fees/builder-fees/none").await.status, 404);
    assert_eq!(world.get("/nowhere").await.status, 404);
    let trader = world.trader(1, SignatureType::Eoa).await;
    let ask = |path: &'static str| trader.ask("GET", path, None);
    refused(&ask("/data/order/0x1").await, 400, "Invalid orderID");
    refused(&ask("/data/orders?next_cursor=!").await, 400, "invalid order params payload");
    refused(&ask("/data/trades?before=x").await, 400, "Invalid trade params payload");
    refused(&ask("/balance-allowance?asset_type=GOLD").await, 400, "Invalid asset type");
    refused(&ask("/balance-allowance?asset_type=COLLATERAL&signature_type=9").await, 400, "Invalid signature_type");
    refused(&trader.ask("DELETE", "/order", Some(json!({"orderID": "1"}).to_string())).await, 400, "Invalid orderID");
    let ids: Vec<String> = (0..1_001).map(|id| id.to_string()).collect();
    let body = Some(json!(ids).to_string());
    refused(&trader.ask("DELETE", "/orders", body).await, 400, "Too many orders in payload, max allowed: 1000");
}

#[tokio::test]
async fn a_burst_meets_the_bucket_of_its_signer() {
    let world = Poly::start().await;
    world.admin().set_tier(None, "standard").await.unwrap();
    let market = world.market(json!({"question": "How fast?"})).await;
    let trader = world.trader(1, SignatureType::Eoa).await;
    let orders: Vec<_> = (0..15).map(|_| trader.signed(Wish::buy(&market.token_ids[0], "0.01", "5"))).collect();
    let batch = orders.iter().map(|order| (order, Terms::new(OrderKind::Gtc)));
    let body = brier_polymarket_protocol::order_body::write_batch(batch, trader.creds.key());
    let mut refused_at = None;
    // 60 at once and 40 a second: so many in a row cannot all pass.
    for turn in 0..200 {
        let answer = trader.request("POST", "/orders", Some(body.clone())).send().await.unwrap();
        assert_eq!(answer.headers()["poly-ratelimit-tier"], "standard");
        if answer.status().as_u16() == 429 {
            assert!(answer.headers().contains_key("retry-after"));
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body, json!({"error": "Too Many Requests"}));
            refused_at = Some(turn);
            break;
        }
    }
    assert!(refused_at.is_some_and(|turn| turn >= 4), "{refused_at:?}");
    assert_eq!(trader.ask("DELETE", "/cancel-all", None).await.status, 200, "cancels have a bucket of their own");
    assert_eq!(price("0.01").pips(), 100);
}
