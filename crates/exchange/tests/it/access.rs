//! Signatures: who is let in, and what those are told who are not.

use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey};
use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::{Answer, Trader, World, now_text, send, wall_ms};

const PATH: &str = "/trade-api/v2/portfolio/balance";

async fn with(world: &World, headers: &[(&'static str, String)]) -> Answer {
    let mut request = world.http.get(format!("{}/portfolio/balance", world.server.rest_url()));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    send(request).await
}

fn said(answer: &Answer) -> (u16, String, String) {
    let details = answer.json()["error"]["details"].as_str().unwrap_or_default().to_owned();
    (answer.status, answer.code(), details)
}

#[tokio::test]
async fn every_way_to_be_refused_has_its_recorded_shape() {
    let world = World::start().await;
    let trader = world.trader().await;
    let expect = |answer: Answer, code: &str, details: &str| {
        assert_eq!(said(&answer), (401, code.to_owned(), details.to_owned()));
    };
    let good = trader.headers("GET", PATH, &now_text());
    assert_eq!(with(&world, &good).await.status, 200);
    expect(with(&world, &[]).await, "token_authentication_failure", "");
    expect(with(&world, &good[..2]).await, "signature_is_missing_from_headers", "");
    for offset in [-31_000, 31_000] {
        let late = trader.headers("GET", PATH, &(wall_ms() + offset).to_string());
        expect(with(&world, &late).await, "header_timestamp_expired", "");
    }
    let seconds = trader.headers("GET", PATH, &(wall_ms() / 1_000).to_string());
    expect(with(&world, &seconds).await, "header_timestamp_expired", "");
    for (method, path) in [("POST", PATH), ("GET", "/portfolio/balance"), ("GET", "/trade-api/v2/portfolio/orders")] {
        let wrong = trader.headers(method, path, &now_text());
        expect(with(&world, &wrong).await, "authentication_error", "INCORRECT_API_KEY_SIGNATURE");
    }
    let stranger =
        Credentials::new("00000000-0000-4000-8000-000000000000", PrivateKey::generate(KeyKind::Ed25519).unwrap());
    let stranger = world.trader_with(String::new(), stranger.unwrap());
    expect(with(&world, &stranger.headers("GET", PATH, &now_text())).await, "authentication_error", "NOT_FOUND");
}

#[tokio::test]
async fn the_path_is_signed_as_it_was_sent_and_the_query_is_not() {
    let world = World::start().await;
    let trader = world.trader().await;
    let encoded = trader.ask("GET", "/portfolio/orders/a%2Fb%20c?x=1", None).await;
    // Let in, and no such order; the decoded path would not have verified.
    assert_eq!((encoded.status, encoded.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn public_routes_ignore_what_they_are_not_asked_for() {
    let world = World::start().await;
    let url = format!("{}/exchange/status", world.server.rest_url());
    let answer =
        send(world.http.get(url).header("KALSHI-ACCESS-KEY", "nobody").header("KALSHI-ACCESS-SIGNATURE", "x")).await;
    assert_eq!((answer.status, &answer.json()["trading_active"]), (200, &json!(true)));
}

#[tokio::test]
async fn the_socket_wants_a_signature_whatever_it_is_for() {
    let world = World::start().await;
    let trader = world.trader().await;
    let refused = tokio_tungstenite::connect_async(world.server.ws_url()).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    let mut request = world.server.ws_url().into_client_request().unwrap();
    for (name, value) in trader.headers("GET", "/trade-api/v2", &now_text()) {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    assert!(tokio_tungstenite::connect_async(request).await.unwrap_err().to_string().contains("401"));
    drop(trader.stream().await);
}

#[tokio::test]
async fn both_of_the_operators_keys_work() {
    let world = World::start().await;
    let operator = world.server.operator().clone();
    for key in [&operator.rsa, &operator.ed25519] {
        let keys = Credentials::from_pem(&key.key_id, &key.private_pem).unwrap();
        let trader: Trader = world.trader_with(operator.user_id.clone(), keys);
        assert_eq!(trader.get("/portfolio/balance").await["balance_dollars"], "10000.0000");
    }
    let lines = operator.python_lines(&world.server.rest_url());
    assert!(lines.contains(&operator.ed25519.key_id) && lines.contains(&world.server.rest_url()), "{lines}");
}

#[tokio::test]
async fn the_administration_is_off_unless_asked_for() {
    let config = brier_exchange::ServerConfig { admin: false, ..crate::support::config(None) };
    let world = World::with(config).await;
    let answer = send(world.http.get(format!("{}/ledger", world.server.admin_url()))).await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn a_read_only_key_may_not_write() {
    let world = World::start().await;
    world.market("KXA-1-T1").await;
    let url = format!("{}/accounts", world.server.admin_url());
    let made = world.http.post(&url).json(&json!({"name": "reader", "scopes": ["read"]})).send().await.unwrap();
    let made: serde_json::Value = made.json().await.unwrap();
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    let keys = brier_kalshi::keys::Credentials::from_pem(&text("key_id"), &text("private_key_pem")).unwrap();
    let reader = world.trader_with(text("user_id"), keys);
    assert_eq!(reader.ask("GET", "/portfolio/balance", None).await.status, 200);
    let refused = reader.order("KXA-1-T1", "bid", "1", "0.50", json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "permission_denied"));
    for scopes in [json!([]), json!(["everything"])] {
        let body = json!({"name": "reader", "scopes": scopes});
        assert_eq!(world.http.post(&url).json(&body).send().await.unwrap().status(), 400);
    }
}

#[tokio::test]
async fn signed_public_reads_pay_and_unsigned_ones_do_not() {
    let world = World::start().await;
    let trader = world.trader().await;
    let scarce = brier_kalshi_protocol::rest::BucketLimit { refill_rate: 1, bucket_capacity: 10 };
    let change = brier_exchange::LimitsChange { tier: None, read: Some(scarce), write: None };
    world.server.admin().set_limits(&trader.user_id, change).await.unwrap();
    assert_eq!(trader.ask("GET", "/markets", None).await.status, 200);
    assert_eq!(trader.ask("GET", "/markets", None).await.status, 429);
    let unsigned = || world.http.get(format!("{}/markets", world.server.rest_url()));
    assert_eq!(unsigned().send().await.unwrap().status(), 200);
    let mut forged = unsigned();
    for (name, value) in trader.headers("GET", "/trade-api/v2/other", &crate::support::now_text()) {
        forged = forged.header(name, value);
    }
    assert_eq!(forged.send().await.unwrap().status(), 200, "a signature that does not fit is nobody's");
}

#[tokio::test]
async fn the_api_answers_under_another_prefix() {
    let world = World::start().await;
    world.market("KXA-1-T1").await;
    let trader = world.trader().await;
    let at = |path: &str| format!("http://{}{path}", world.server.addr());
    assert_eq!(world.http.get(at("/paper/trade-api/v2/markets/KXA-1-T1")).send().await.unwrap().status(), 200);
    let path = "/paper/trade-api/v2/portfolio/balance";
    for (signed, status) in [(path, 200), ("/trade-api/v2/portfolio/balance", 401)] {
        let mut request = world.http.get(at(path));
        for (name, value) in trader.headers("GET", signed, &crate::support::now_text()) {
            request = request.header(name, value);
        }
        assert_eq!(request.send().await.unwrap().status(), status, "{signed}");
    }
    let mut stream = trader.stream_at(&format!("ws://{}", world.server.addr()), "/paper/trade-api/ws/v2").await;
    assert!(stream.subscribe(json!({"channels": ["trade"]})).await > 0);
}
