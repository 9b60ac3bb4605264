use axum::http::Method;
use brier_kalshi::rest::Placed;
use brier_kalshi::{Client, Config, Env, KalshiError};
use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::rest::{BalanceQuery, MarketsQuery, OrdersQuery};
use brier_types::{
    AmendOrder, BookSide, ClientOrderId, FailureKind, MarketTicker, NewOrder, Price, Qty, SelfTradePrevention,
    TimeInForce, VenueError as _, VenueOrderId,
};

use crate::server::{Reaction, Server, answer, base64_decode, config};

const STATUS: &str = r#"{"exchange_active":true,"trading_active":true}"#;
const TOO_MANY: &str = r#"{"error":"too many requests"}"#;
const DUPLICATE: &str = r#"{"error":{"code":"order_already_exists","message":"order already exists"}}"#;
const CREATED: &str = r#"{"order_id":"o-1","client_order_id":"b-1","fill_count":"4.00","remaining_count":"6.00",
    "average_fill_price":"0.4100","average_fee_paid":"0.0170","ts_ms":1795176000456}"#;
const CANCELED: &str = r#"{"order_id":"o-1","reduced_by":"6.00","ts_ms":1795176000456}"#;

fn market() -> MarketTicker {
    MarketTicker::new("KXEXAMPLE-27JAN01-T1").unwrap()
}

fn order_id() -> VenueOrderId {
    VenueOrderId::new("o-1").unwrap()
}

fn order() -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new("b-1").unwrap(),
        market: market(),
        side: BookSide::Bid,
        price: Price::new(4_200).unwrap(),
        qty: Qty::from_contracts(10).unwrap(),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    }
}

fn listed(client_order_id: &str) -> String {
    format!(
        r#"{{"cursor":"","orders":[{{"order_id":"o-9","user_id":"u","client_order_id":"{client_order_id}",
        "ticker":"KXEXAMPLE-27JAN01-T1","side":"yes","action":"buy","outcome_side":"yes","book_side":"bid","type":"limit",
        "status":"resting","yes_price_dollars":"0.4200","no_price_dollars":"0.5800","fill_count_fp":"1.00",
        "remaining_count_fp":"9.00","initial_count_fp":"10.00","taker_fill_cost_dollars":"0.410000",
        "maker_fill_cost_dollars":"0.000000","taker_fees_dollars":"0.017000","maker_fees_dollars":"0.000000"}}]}}"#
    )
}

#[tokio::test]
async fn a_request_is_signed_over_the_path_as_sent() {
    let server = Server::start([answer(201, CREATED)]).await;
    let placed = server.client().create_order(&order()).await.unwrap();
    assert_eq!((placed.order_id(), placed.filled().to_string()), ("o-1", "4.00".to_owned()));
    let seen = &server.seen()[0];
    assert_eq!((&seen.method, seen.path.as_str()), (&Method::POST, "/trade-api/v2/portfolio/events/orders"));
    assert_eq!(seen.header("kalshi-access-key"), "key-1");
    let timestamp = seen.header("kalshi-access-timestamp");
    let signed = format!("{timestamp}POST/trade-api/v2/portfolio/events/orders");
    let signature = base64_decode(seen.header("kalshi-access-signature"));
    assert!(server.public_key.verify(signed.as_bytes(), &signature));
    assert_eq!(
        seen.body,
        concat!(
            r#"{"ticker":"KXEXAMPLE-27JAN01-T1","client_order_id":"b-1","side":"bid","count":"10.00","price":"0.4200","#,
            r#""time_in_force":"good_till_canceled","self_trade_prevention_type":"taker_at_cross"}"#
        )
    );
}

#[tokio::test]
async fn public_reads_need_no_key_and_private_ones_say_so() {
    let server = Server::start([answer(200, STATUS)]).await;
    let client = server.client_with(None);
    assert!(client.exchange_status().await.unwrap().trading_active);
    assert_eq!(server.seen()[0].header("kalshi-access-key"), "");
    let error = client.balance(&BalanceQuery::default()).await.unwrap_err();
    assert!(matches!(error, KalshiError::NoKey { .. }));
    assert!(error.hint().unwrap().contains("KALSHI_KEY_ID"));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn production_takes_no_writes() {
    let server = Server::start([]).await;
    let credentials = server.client().credentials().cloned();
    let client = Client::new(Env::Prod, credentials, config());
    // A machine without root certificates cannot make a client for https at all.
    if let Ok(client) = client {
        let error = client.create_order(&order()).await.unwrap_err();
        assert!(matches!(error, KalshiError::WritesForbidden { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_read_is_tried_again_after_429_500_and_silence_with_fresh_timestamps() {
    let script = [answer(429, TOO_MANY), answer(500, ""), Reaction::Silence, answer(200, STATUS)];
    let server = Server::start(script).await;
    server.client().exchange_status().await.unwrap();
    let stamps: Vec<u64> =
        server.seen().iter().map(|seen| seen.header("kalshi-access-timestamp").parse().unwrap()).collect();
    assert_eq!(stamps.len(), 4);
    assert!(stamps.is_sorted() && stamps[3] >= stamps[2] + 2_000, "{stamps:?}");
}

#[tokio::test]
async fn a_read_gives_up_and_may_be_made_again() {
    let server = Server::start((0..4).map(|_| answer(503, "upstream"))).await;
    let error = server.client().exchange_status().await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.body()), (FailureKind::Retry, Some(503), Some("upstream")));
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_create_that_went_silent_is_sent_again_with_the_same_id() {
    let server = Server::start([Reaction::Silence, answer(201, CREATED)]).await;
    let placed = server.client().create_order(&order()).await.unwrap();
    assert!(matches!(placed, Placed::Answered(_)));
    let seen = server.seen();
    assert_eq!(seen[0].body, seen[1].body);
}

#[tokio::test]
async fn a_duplicate_after_silence_is_found_in_the_list() {
    let empty = r#"{"cursor":"","orders":[]}"#;
    let script = [answer(500, ""), answer(409, DUPLICATE), answer(200, empty), answer(200, &listed("b-1"))];
    let server = Server::start(script).await;
    let placed = server.client().create_order(&order()).await.unwrap();
    let Placed::Found(found) = &placed else { panic!("{placed:?}") };
    assert_eq!((found.order_id.as_str(), placed.remaining().to_string()), ("o-9", "9.00".to_owned()));
    assert!(server.seen()[2].query.contains("ticker=KXEXAMPLE-27JAN01-T1&min_ts="));
}

#[tokio::test]
async fn a_duplicate_that_the_list_does_not_show_stays_in_doubt() {
    let script = [answer(500, ""), answer(409, DUPLICATE)].into_iter();
    let server = Server::start(script.chain((0..6).map(|_| answer(200, &listed("another"))))).await;
    let error = server.client().create_order(&order()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (FailureKind::InDoubt, Some(Code::OrderAlreadyExists)));
    assert_eq!(server.seen().len(), 8);
}

#[tokio::test]
async fn a_duplicate_at_the_first_attempt_is_refused() {
    let server = Server::start([answer(409, DUPLICATE)]).await;
    let error = server.client().create_order(&order()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (FailureKind::Refused, Some(Code::OrderAlreadyExists)));
    assert!(error.hint().unwrap().contains("choose a new id"));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_write_that_stays_silent_is_in_doubt() {
    let server = Server::start((0..2).map(|_| Reaction::Silence)).await;
    let client = server.client_bounded(Config { max_attempts: 2, ..config() });
    let error = client.create_order(&order()).await.unwrap_err();
    assert!(matches!(error, KalshiError::Transport { attempts: 2, kind: FailureKind::InDoubt, .. }), "{error:?}");
}

#[tokio::test]
async fn amend_decrease_by_and_batches_are_not_repeated_after_silence_but_after_429() {
    let amend = AmendOrder {
        order: order_id(),
        market: market(),
        side: BookSide::Bid,
        price: Price::new(4_300).unwrap(),
        total: Qty::from_contracts(12).unwrap(),
        new_client_order_id: None,
    };
    let server = Server::start([answer(429, TOO_MANY), Reaction::Silence, answer(500, ""), answer(504, "")]).await;
    let client = server.client();
    let errors = [
        client.amend_order(&amend).await.unwrap_err(),
        client.decrease_by(&market(), &order_id(), Qty::HUNDREDTH).await.unwrap_err(),
        client.create_orders(&[order()]).await.unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.kind() == FailureKind::InDoubt), "{errors:?}");
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_cancel_repeats_and_a_404_after_silence_is_no_proof() {
    let not_found = r#"{"error":{"code":"not_found","message":"not found"}}"#;
    let server =
        Server::start([Reaction::Silence, answer(200, CANCELED), Reaction::Silence, answer(404, not_found)]).await;
    let client = server.client();
    assert_eq!(client.cancel_order(&market(), &order_id()).await.unwrap().reduced_by.to_string(), "6.00");
    let error = client.cancel_order(&market(), &order_id()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (FailureKind::InDoubt, Some(404)));
    assert_eq!(server.seen()[0].query, "market_ticker=KXEXAMPLE-27JAN01-T1");
}

#[tokio::test]
async fn an_answer_of_the_wrong_shape_is_named_and_a_write_stays_in_doubt() {
    let server = Server::start([answer(200, r#"{"exchange_active":"yes"}"#), answer(201, r#"{"order":{}}"#)]).await;
    let client = server.client();
    let error = client.exchange_status().await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Fatal);
    assert!(error.to_string().contains("expected ExchangeStatus in the answer with status 200"), "{error}");
    let error = client.create_order(&order()).await.unwrap_err();
    assert_eq!((error.kind(), error.body()), (FailureKind::InDoubt, Some(r#"{"order":{}}"#)));
}

#[tokio::test]
async fn all_error_shapes_are_read() {
    let server = Server::start([
        answer(400, r#"{"error":{"code":"invalid_order","message":"invalid","details":"post only cross"}}"#),
        answer(400, r#"{"code":"bad_request","message":"count: expected a string"}"#),
        answer(400, r#"{"msg":"limit above 1000"}"#),
        answer(400, "<html>"),
    ])
    .await;
    let client = server.client();
    let mut texts = Vec::new();
    for _ in 0..4 {
        texts.push(client.create_order(&order()).await.unwrap_err().to_string());
    }
    let start = "create order: POST /trade-api/v2/portfolio/events/orders: status 400";
    let expected = [
        "invalid_order: invalid: post only cross",
        "bad_request: count: expected a string",
        "limit above 1000",
        "unknown body `<html>`",
    ];
    assert_eq!(texts, expected.map(|end| format!("{start}, {end}")));
}

#[tokio::test]
async fn a_refused_timestamp_corrects_the_clock_and_is_tried_once_more() {
    let expired = r#"{"error":{"code":"header_timestamp_expired","message":"expired"}}"#;
    let date = "Wed, 01 Jan 2031 00:00:00 GMT";
    let server = Server::start([
        Reaction::Dated(401, expired.to_owned(), date),
        Reaction::Dated(200, STATUS.to_owned(), date),
        Reaction::Dated(401, expired.to_owned(), date),
    ])
    .await;
    let client = server.client();
    client.exchange_status().await.unwrap();
    let stamp: i64 = server.seen()[1].header("kalshi-access-timestamp").parse().unwrap();
    assert!((stamp - 1_924_992_000_000).abs() < 2_000, "{stamp}");
    // The clock is right by now, so being refused again has another cause.
    let error = client.exchange_status().await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (FailureKind::Fatal, 3));
}

#[tokio::test]
async fn lists_are_read_to_their_end_and_no_further() {
    let page = |cursor: &str| answer(200, &format!(r#"{{"markets":[],"cursor":"{cursor}"}}"#));
    let server = Server::start([page("a&b"), page("c"), page(""), page("x"), page("x")]).await;
    let client = server.client();
    let mut pages = client.markets(MarketsQuery::default()).unwrap();
    while pages.next().await.unwrap().is_some() {}
    let queries: Vec<_> = server.seen().into_iter().map(|seen| seen.query).collect();
    assert_eq!(queries, ["limit=1000", "limit=1000&cursor=a%26b", "limit=1000&cursor=c"]);
    let error = client.markets(MarketsQuery::default()).unwrap().all().await.unwrap_err();
    assert!(error.to_string().contains("the cursor `x` a second time"), "{error}");
    assert!(client.orders(OrdersQuery::default()).unwrap().all().await.is_err());
}

#[tokio::test]
async fn no_connection_means_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server::start([]).await;
    let credentials = server.client().credentials().cloned();
    let client = Client::new(Env::local(&url).unwrap(), credentials, config()).unwrap();
    let error = client.create_order(&order()).await.unwrap_err();
    assert!(matches!(error, KalshiError::Transport { attempts: 4, kind: FailureKind::Retry, .. }), "{error:?}");
}

#[tokio::test]
async fn limits_and_costs_are_followed() {
    let limits = r#"{"usage_tier":"advanced","read":{"refill_rate":300,"bucket_capacity":900},
        "write":{"refill_rate":300,"bucket_capacity":900},"grants":[]}"#;
    let costs = r#"{"default_cost":10,"endpoint_costs":[
        {"method":"DELETE","path":"/trade-api/v2/portfolio/events/orders","cost":200}]}"#;
    let server = Server::start([answer(200, limits), answer(200, costs), answer(204, "")]).await;
    let client = server.client();
    assert_eq!(client.adopt_limits().await.unwrap().usage_tier, "advanced");
    client.cancel_all().await.unwrap();
    let (_, write) = client.tokens();
    assert!((700..=800).contains(&write), "{write}");
    let many = vec![order(); 91];
    let error = client.create_orders(&many).await.unwrap_err();
    assert!(matches!(error, KalshiError::TooLarge { cost: 910, capacity: 900, .. }), "{error:?}");
}
