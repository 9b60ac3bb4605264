use axum::http::Method;
use brier_polymarket::creds::CredsFile;
use brier_polymarket::discovery::{Listing, NegRiskRole};
use brier_polymarket::orders::{Leg, Prepared};
use brier_polymarket::rest::{CatalogQuery, Heartbeat, OrdersQuery, Placed};
use brier_polymarket::{Client, Env, PolymarketError};
use brier_polymarket_protocol::auth::{ApiSecret, verify_l2};
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::ids::{ConditionId, TokenId};
use brier_polymarket_protocol::order_body;
use brier_polymarket_protocol::tick::TickSize;
use brier_types::{
    BookSide, ClientOrderId, FailureKind, NewOrder, Price, Qty, SelfTradePrevention, TimeInForce, Timestamp,
    VenueError as _,
};
use proptest::prelude::*;

use crate::server::{OWNER, Reaction, Server, answer, config, credentials, wallet};

const LAST: &str = r#"{"limit":100,"count":0,"next_cursor":"LTE=","data":[]}"#;
const SECRETS: &str = r#"{"apiKey":"019a9c1e-0000-7000-8000-000000000009","secret":"c2VjcmV0","passphrase":"open"}"#;

fn listing() -> Listing {
    let condition = ConditionId([0xc0; 32].into());
    let token = |digit: &str| digit.repeat(76).parse::<TokenId>().unwrap();
    Listing::minimal(condition, token("7"), token("5"), TickSize::Cent, Qty::from_contracts(5).unwrap())
}

fn order(client: &Client, name: &str) -> Prepared {
    let order = NewOrder {
        client_order_id: ClientOrderId::new(name).unwrap(),
        market: listing().ticker,
        side: BookSide::Bid,
        price: Price::new(4_200).unwrap(),
        qty: Qty::from_contracts(10).unwrap(),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    };
    client.prepare_order(&order, Leg::Buy, &listing(), Timestamp::from_millis(1_795_176_000_123).unwrap()).unwrap()
}

/// The prepared order `b-1` of any client of this key.
async fn first() -> Prepared {
    order(&Server::start([]).await.client(), "b-1")
}

fn live(order: &Prepared) -> String {
    format!(
        r#"{{"success":true,"errorMsg":"","orderID":"{}","status":"live","makingAmount":"","takingAmount":""}}"#,
        order.hash
    )
}

fn rejected(error: &str) -> String {
    format!(r#"{{"success":true,"errorMsg":"{error}","orderID":"","status":"","makingAmount":"","takingAmount":""}}"#)
}

fn error(text: &str) -> String {
    format!(r#"{{"error":"{text}"}}"#)
}

fn shown(order: &Prepared) -> String {
    format!(
        concat!(
            r#"{{"id":"{}","status":"LIVE","owner":"{}","maker_address":"0xf39F","market":"0xc0","asset_id":"7132","#,
            r#""side":"BUY","original_size":"10","size_matched":"4","price":"0.42","outcome":"Yes","expiration":"0","#,
            r#""order_type":"GTC","associate_trades":[],"created_at":1795176000}}"#
        ),
        order.hash, OWNER
    )
}

fn trades(maker_order: &str) -> String {
    format!(
        concat!(
            r#"{{"limit":100,"count":1,"next_cursor":"LTE=","data":[{{"id":"t1","taker_order_id":"0x1","market":"0xc0","#,
            r#""asset_id":"5211","side":"BUY","size":"10","price":"0.58","status":"MATCHED","match_time":"1795176001","#,
            r#""last_update":"1795176001","maker_orders":[{{"order_id":"{}","matched_amount":"10","price":"0.42","#,
            r#""asset_id":"7132","side":"BUY"}}]}}]}}"#
        ),
        maker_order
    )
}

#[tokio::test]
async fn a_post_carries_the_signed_order_under_an_hmac_of_its_bytes() {
    let order = first().await;
    let server = Server::start([answer(200, &live(&order))]).await;
    let placed = server.client().post_order(&order).await.unwrap();
    assert!(matches!(&placed, Placed::Answered(answer) if answer.accepted()));
    assert_eq!(placed.matched(&order), Some(Qty::ZERO));
    let seen = &server.seen()[0];
    assert_eq!((&seen.method, seen.path.as_str()), (&Method::POST, "/order"));
    assert_eq!((seen.header("poly_api_key"), seen.header("poly_passphrase")), (OWNER, "open"));
    assert_eq!(seen.header("poly_address"), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    let (timestamp, signature) = (seen.header("poly_timestamp"), seen.header("poly_signature"));
    let secret = ApiSecret::new("c2VjcmV0").unwrap();
    assert!(verify_l2(&secret, timestamp, "POST", "/order", seen.body.as_bytes(), signature));
    let posted = order_body::read(seen.body.as_bytes()).unwrap();
    assert_eq!((posted.owner.as_str(), posted.terms), (OWNER, order.terms));
    assert_eq!(posted.order, order_body::PostedOrder::Current(order.signed));
}

#[tokio::test]
async fn a_post_that_went_silent_is_sent_again_byte_for_byte() {
    let order = first().await;
    let server = Server::start([Reaction::Silence, answer(200, &live(&order))]).await;
    assert!(matches!(server.client().post_order(&order).await, Ok(Placed::Answered(_))));
    let seen = server.seen();
    assert_eq!((seen.len(), &seen[0].body), (2, &seen[1].body));
}

#[tokio::test]
async fn a_timeout_after_acceptance_resolves_to_exactly_one_order() {
    let order = first().await;
    // The first copy was accepted and its answer lost; the venue knows the second by its hash.
    let script = [Reaction::Silence, answer(400, &error(&text::duplicated(order.hash))), answer(200, &shown(&order))];
    let server = Server::start(script).await;
    let placed = server.client().post_order(&order).await.unwrap();
    assert!(matches!(&placed, Placed::Found(found) if found.id == order.hash.to_string()), "{placed:?}");
    assert_eq!(placed.matched(&order).unwrap().to_string(), "4.00");
    let seen = server.seen();
    assert_eq!(
        seen.iter().map(|seen| seen.path.as_str()).collect::<Vec<_>>(),
        ["/order", "/order", &format!("/data/order/{}", order.hash)]
    );
    assert_eq!(seen[0].body, seen[1].body);
}

#[tokio::test]
async fn an_order_that_filled_behind_a_lost_answer_is_found_in_the_trades_of_its_makers() {
    let order = first().await;
    let script = [
        Reaction::Silence,
        // The first copy took the balance that the second lacks.
        answer(400, &error(text::NOT_ENOUGH_BALANCE)),
        answer(404, &error("order not found")),
        answer(200, &trades(&order.hash.to_string().to_uppercase().replace("0X", "0x"))),
    ];
    let server = Server::start(script).await;
    let placed = server.client().post_order(&order).await.unwrap();
    assert!(matches!(&placed, Placed::Traded(trades) if trades.len() == 1), "{placed:?}");
    assert!(server.seen()[3].query.contains("after=1795175998"), "{}", server.seen()[3].query);
}

#[tokio::test]
async fn a_post_that_nobody_answers_and_nothing_shows_stays_in_doubt() {
    let order = first().await;
    let silent = (0..3).map(|_| answer(502, "<html>"));
    let lookups = (0..4).flat_map(|_| [answer(200, "null"), answer(200, &trades("0x2"))]);
    let server = Server::start(silent.chain(lookups)).await;
    let error = server.client().post_order(&order).await.unwrap_err();
    assert!(matches!(error, PolymarketError::OrderInDoubt { hash, .. } if hash == order.hash), "{error}");
    assert_eq!(error.kind(), FailureKind::InDoubt);
    assert_eq!(server.seen().len(), 11);
}

#[tokio::test]
async fn a_duplicate_that_is_shown_no_more_was_there_all_the_same() {
    let order = first().await;
    let refused = answer(400, &error(&text::duplicated(order.hash)));
    let lookups = (0..4).flat_map(|_| [answer(404, &error("not found")), answer(200, LAST)]);
    let server = Server::start([refused].into_iter().chain(lookups)).await;
    assert_eq!(server.client().post_order(&order).await.unwrap(), Placed::Known);
}

#[tokio::test]
async fn a_refusal_is_a_refusal_and_is_sent_once() {
    let order = first().await;
    let script = [answer(400, &error(text::POST_ONLY_CROSSES)), answer(200, &rejected(text::INVALID_SIGNATURE))];
    let server = Server::start(script).await;
    let client = server.client();
    for said in [text::POST_ONLY_CROSSES, text::INVALID_SIGNATURE] {
        let error = client.post_order(&order).await.unwrap_err();
        assert_eq!(error.kind(), FailureKind::Refused);
        assert!(error.to_string().ends_with(said), "{error}");
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn what_never_reached_the_book_is_sent_again() {
    let order = first().await;
    let script = [
        answer(500, &error(text::ORDER_TIMED_OUT)),
        answer(425, ""),
        answer(200, &live(&order)),
        Reaction::With(503, error(text::POST_ONLY_MODE), "retry-after", "79"),
    ];
    let server = Server::start(script).await;
    let client = server.client();
    client.post_order(&order).await.unwrap();
    let closed = client.post_order(&order).await.unwrap_err();
    assert_eq!((closed.kind(), server.seen().len()), (FailureKind::Retry, 4));
    assert_eq!(closed.hint().as_deref(), Some("the engine takes this again in 79 s"));
}

#[tokio::test]
async fn a_batch_has_a_result_for_each_order() {
    let server = Server::start([]).await;
    let orders: Vec<_> = (1..=3).map(|number| order(&server.client(), &format!("b-{number}"))).collect();
    let body = format!(
        "[{},{},{}]",
        live(&orders[0]),
        rejected(text::NOT_ENOUGH_BALANCE),
        rejected(&text::duplicated(orders[2].hash))
    );
    let server = Server::start([answer(200, &body), answer(200, &shown(&orders[2]))]).await;
    let results = server.client().post_orders(&orders).await.unwrap();
    assert!(matches!(results[0], Ok(Placed::Answered(_))));
    assert_eq!(results[1].as_ref().unwrap_err().kind(), FailureKind::Refused);
    assert!(matches!(&results[2], Ok(Placed::Found(_))));
    assert_eq!(order_body::read_batch(server.seen()[0].body.as_bytes()).unwrap().len(), 3);
    let many = vec![orders[0].clone(); 16];
    assert!(matches!(server.client().post_orders(&many).await, Err(PolymarketError::Request { .. })));
}

#[tokio::test]
async fn doubt_about_a_batch_is_resolved_order_by_order() {
    let server = Server::start([]).await;
    let orders: Vec<_> = (1..=2).map(|number| order(&server.client(), &format!("b-{number}"))).collect();
    let none = (0..4).flat_map(|_| [answer(200, "{}"), answer(200, LAST)]);
    // One result for two orders tells nothing about either.
    let script = [answer(200, &format!("[{}]", live(&orders[0]))), answer(200, &shown(&orders[0]))];
    let server = Server::start(script.into_iter().chain(none)).await;
    let results = server.client().post_orders(&orders).await.unwrap();
    assert!(matches!(&results[0], Ok(Placed::Found(_))));
    assert!(matches!(&results[1], Err(PolymarketError::OrderInDoubt { hash, .. }) if *hash == orders[1].hash));
}

#[tokio::test]
async fn cancels_are_repeated_and_tell_what_was_not_canceled() {
    let reply = r#"{"canceled":["0x1"],"not_canceled":{"0x2":"already canceled or matched"}}"#;
    let order = first().await;
    let script = [Reaction::Silence, answer(200, reply), answer(200, reply), answer(200, reply), answer(200, reply)];
    let server = Server::start(script).await;
    let client = server.client();
    assert_eq!(client.cancel_order(order.hash).await.unwrap().canceled, ["0x1"]);
    assert_eq!(client.cancel_orders(&[order.hash]).await.unwrap().not_canceled.len(), 1);
    client.cancel_all().await.unwrap();
    client.cancel_market(listing().condition, None).await.unwrap();
    assert!(client.cancel_orders(&[]).await.unwrap().canceled.is_empty());
    let bodies: Vec<_> = server.seen().into_iter().map(|seen| (seen.method, seen.path, seen.body)).collect();
    assert_eq!(bodies[1], (Method::DELETE, "/order".to_owned(), format!(r#"{{"orderID":"{}"}}"#, order.hash)));
    assert_eq!(bodies[2].2, format!(r#"["{}"]"#, order.hash));
    assert_eq!((bodies[3].1.as_str(), bodies[3].2.as_str()), ("/cancel-all", ""));
    assert_eq!(bodies[4].2, format!(r#"{{"market":"{}","asset_id":""}}"#, listing().condition));
}

#[tokio::test]
async fn credentials_are_created_or_derived_once() {
    let folder = tempfile::tempdir().unwrap();
    let script = [answer(400, &error(text::COULD_NOT_CREATE_KEY)), answer(200, SECRETS), answer(200, LAST)];
    let server = Server::start(script).await;
    let file = CredsFile::beside(&folder.path().join("wallet.key"), &server.env());
    server.client_without_credentials().ensure_credentials(&file, 0).await.unwrap();
    // The next start asks nobody.
    let client = server.client_without_credentials();
    client.ensure_credentials(&file, 0).await.unwrap();
    assert!(client.open_orders(&OrdersQuery::default()).all().await.unwrap().is_empty());
    let seen = server.seen();
    assert_eq!(
        seen.iter().map(|seen| seen.path.as_str()).collect::<Vec<_>>(),
        ["/auth/api-key", "/auth/derive-api-key", "/data/orders"]
    );
    assert_eq!((seen[0].header("poly_nonce"), seen[0].header("poly_signature").len()), ("0", 132));
    assert_eq!(seen[2].header("poly_api_key"), "019a9c1e-0000-7000-8000-000000000009");
}

#[tokio::test]
async fn without_credentials_or_in_production_nothing_is_sent() {
    let order = first().await;
    let server = Server::start([]).await;
    let error = server.client_without_credentials().post_order(&order).await.unwrap_err();
    assert!(matches!(error, PolymarketError::NoCredentials { .. }));
    let bare = Client::new(server.env(), None, config()).unwrap();
    assert!(matches!(bare.open_orders(&OrdersQuery::default()).next().await, Err(PolymarketError::NoWallet { .. })));
    assert!(server.seen().is_empty());
    // A machine without root certificates cannot make a client for https at all.
    if let Ok(client) = Client::new(Env::Production, Some(wallet()), config()) {
        client.set_credentials(credentials());
        for error in [client.post_order(&order).await.unwrap_err(), client.cancel_all().await.unwrap_err()] {
            assert!(matches!(error, PolymarketError::WritesForbidden { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn a_read_is_tried_again_and_gives_up_with_the_words_of_the_venue() {
    let book = r#"{"market":"0xc0","asset_id":"7","timestamp":"1763600000000","bids":[],"asks":[]}"#;
    let script = [answer(500, ""), Reaction::Silence, answer(200, book), answer(404, &error(text::NO_ORDERBOOK))];
    let server = Server::start(script).await;
    let client = server.client();
    assert!(client.book(listing().yes).await.unwrap().bids.is_empty());
    let error = client.book(listing().yes).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (FailureKind::Refused, Some(404)));
    assert_eq!(server.seen()[0].header("poly_api_key"), "", "a public read is not signed");
}

#[tokio::test]
async fn heartbeats_chain_and_recover() {
    let beat = |id: &str| answer(200, &format!(r#"{{"heartbeat_id":"{id}"}}"#));
    let wrong = r#"{"error":"Invalid Heartbeat ID","error_msg":"Invalid Heartbeat ID","heartbeat_id":"right"}"#;
    let server = Server::start([beat("one"), answer(400, wrong), beat("two"), beat("three")]).await;
    let mut heart = Heartbeat::new(&server.client());
    for _ in 0..3 {
        heart.beat().await.unwrap();
    }
    let sent: Vec<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    let id = |id: &str| format!(r#"{{"heartbeat_id":"{id}"}}"#);
    assert_eq!(sent, [id(""), id("one"), id("right"), id("two")]);
}

#[tokio::test]
async fn balances_and_allowances() {
    let body = r#"{"balance":"5000000","allowances":{"0xE111180000d2663C0091e4f400237545B87B996B":"3000000","0xe2222d279d744050d28e00520010520000310F59":"115792089237316195423570985008687907853269984665640564039457584007913129639935"}}"#;
    let server = Server::start([answer(200, body)]).await;
    let funds = server.client().funds(None).await.unwrap();
    let usable = |spender: &str| funds.usable(spender.parse().unwrap()).to_string();
    assert_eq!(usable("0xE111180000d2663C0091e4f400237545B87B996B"), "3.00");
    assert_eq!(usable("0xe2222d279d744050d28e00520010520000310F59"), "5.00");
    assert_eq!(usable("0x0000000000000000000000000000000000000001"), "0.00");
    assert_eq!(server.seen()[0].query, "asset_type=COLLATERAL&signature_type=0");
}

#[tokio::test]
async fn the_clock_follows_the_venue() {
    let ahead = Timestamp::from_nanos(brier_polymarket::clock::Clock::local_now().nanos()).secs() + 3_600;
    let server = Server::start([Reaction::With(200, ahead.to_string(), "date", "not a date")]).await;
    let client = server.client();
    client.sync_clock(1).await.unwrap();
    let offset = client.clock_offset().nanos() / 1_000_000_000;
    assert!((3_590..=3_601).contains(&offset), "{offset}");
}

#[tokio::test]
async fn events_are_discovered_to_the_last_page_with_their_legs() {
    let market = |id: u8, extra: &str| {
        format!(
            concat!(
                r#"{{"id":"{}","question":"Q{}","conditionId":"0x{}","active":true,"closed":false,"acceptingOrders":true,"#,
                r#""outcomes":"[\"Yes\", \"No\"]","clobTokenIds":"[\"7{}\", \"5{}\"]","orderPriceMinTickSize":0.001,"#,
                r#""orderMinSize":5,"negRisk":true{}}}"#
            ),
            id,
            id,
            format!("{id:02x}").repeat(32),
            id,
            id,
            extra
        )
    };
    let event = |slug: &str, markets: &[String]| {
        format!(
            r#"{{"id":"1","slug":"{slug}","negRisk":true,"negRiskAugmented":true,"negRiskMarketID":"0x{}00","markets":[{}]}}"#,
            "ab".repeat(31),
            markets.join(",")
        )
    };
    let broken = r#"{"id":"9","question":"Old?","conditionId":"0x12"}"#.to_owned();
    let one = event("one", &[market(1, ""), market(2, r#","negRiskOther":true"#)]);
    let two = event("two", &[market(3, ""), broken]);
    let script = [
        answer(200, &format!(r#"{{"events":[{one}],"next_cursor":"p2"}}"#)),
        answer(200, r#"{"events":[],"next_cursor":"p3"}"#),
        answer(200, &format!(r#"{{"events":[{two}]}}"#)),
    ];
    let server = Server::start(script).await;
    let found = server.client().discover(&CatalogQuery::default()).await.unwrap();
    let roles: Vec<_> = found.listings.iter().map(|listing| listing.group.unwrap().role).collect();
    assert_eq!(roles, [NegRiskRole::Named, NegRiskRole::Other, NegRiskRole::Named]);
    assert_eq!(found.listings[2].event.as_deref(), Some("two"));
    assert_eq!(found.unlisted.len(), 1);
    let queries: Vec<_> = server.seen().into_iter().map(|seen| format!("{}?{}", seen.path, seen.query)).collect();
    assert_eq!(queries[0], "/gamma/events/keyset?limit=500&closed=false");
    assert_eq!(queries[2], "/gamma/events/keyset?limit=500&closed=false&after_cursor=p3");
}

#[tokio::test]
async fn a_cursor_that_comes_twice_is_an_error() {
    let page = |cursor: &str| answer(200, &format!(r#"{{"markets":[],"next_cursor":"{cursor}"}}"#));
    let server = Server::start([page("a"), page("b"), page("a")]).await;
    let error = server.client().gamma_markets(&CatalogQuery::default()).all().await.unwrap_err();
    assert!(error.to_string().contains("the cursor `a` a second time"), "{error}");
    // The order book API must not lead back to its first page either.
    let back = r#"{"data":[],"next_cursor":"MA=="}"#;
    let server = Server::start([answer(200, back)]).await;
    assert!(server.client().open_orders(&OrdersQuery::default()).all().await.is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_page_is_read_once_whatever_its_size(sizes in proptest::collection::vec(0_usize..4, 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut number = 0;
            let script: Vec<_> = sizes.iter().enumerate().map(|(page, size)| {
                let items: Vec<_> = (0..*size).map(|_| { number += 1; format!(r#"{{"id":"{number}"}}"#) }).collect();
                let last = page + 1 == sizes.len();
                let cursor = if last { String::new() } else { format!("c{page}") };
                answer(200, &format!(r#"{{"markets":[{}],"next_cursor":"{cursor}"}}"#, items.join(",")))
            }).collect();
            let server = Server::start(script).await;
            let markets = server.client().gamma_markets(&CatalogQuery::default()).all().await.unwrap();
            let ids: Vec<_> = markets.into_iter().map(|market| market.id.parse::<usize>().unwrap()).collect();
            assert_eq!(ids, (1..=number).collect::<Vec<_>>());
            assert_eq!(server.seen().len(), sizes.len());
        });
    }
}
