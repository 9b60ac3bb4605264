//! The connectors' fast way for orders against the exchange over loopback: its signature checks, its answers, its restarts.

use std::time::Duration;

use brier_exchange::{Server, ServerConfig};
use brier_kalshi::order_path::{
    Answer, Decrease, HeaderRing, OrderPath, PathConfig, PathError, RequestWriter, RingConfig, Signing, open_lines,
    read_answer,
};
use brier_kalshi::retry::Repeat;
use brier_kalshi::{Client, Config, Env};
use brier_kalshi_protocol::rest::{
    AmendOrderV2Response, CancelOrderV2Response, CreateOrderV2Response, DecreaseOrderV2Response, Operation,
};
use brier_polymarket::keys::Wallet;
use brier_polymarket::order_path as poly;
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::clob::{CancelReply, PostOrderReply};
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order::OrderKind;
use brier_polymarket_protocol::order_body::Terms;
use brier_types::{
    AmendOrder, BookSide, ClientOrderId, FailureKind, MarketTicker, NewOrder, Price, Qty, SelfTradePrevention,
    TimeInForce, Timestamp, VenueError as _, VenueOrderId,
};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::polymarket_support::{Poly, PolyTrader, Wish, poly_config};
use crate::support::{Trader, World, config, wall_ms};

const T: &str = "KXFAST-1-T1";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn order(id: &str, cents: u8) -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new(id).unwrap(),
        market: MarketTicker::new(T).unwrap(),
        side: BookSide::Bid,
        price: Price::from_cents(cents).unwrap(),
        qty: Qty::from_contracts(10).unwrap(),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    }
}

fn env(world: &World) -> Env {
    Env::local(&world.server.rest_url()).unwrap()
}

async fn path(world: &World, trader: &Trader) -> OrderPath {
    let client = Client::new(env(world), Some(trader.keys.clone()), Config::new(1)).unwrap();
    let path = OrderPath::open(&client, &PathConfig::new(1)).unwrap();
    assert_eq!(path.lines().ready(4, soon()).await, 4);
    path
}

fn created(answer: Answer) -> CreateOrderV2Response {
    read_answer("create order", Operation::CreateOrder, Repeat::Safe, answer).unwrap()
}

#[tokio::test]
async fn orders_are_placed_changed_and_taken_back_with_headers_of_the_ring() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    let mut path = path(&world, &trader).await;
    let now = || Timestamp::from_millis(wall_ms()).unwrap();
    // The filler runs whenever this test waits; it has had its turn by the time a ring is full.
    while path.ring().ready(now()) < 3 {
        tokio::task::yield_now().await;
    }
    let flights = ["a", "b", "c"].map(|id| path.create(&order(id, 40), Some(0), soon()).unwrap());
    assert_eq!(flights.each_ref().map(brier_kalshi::order_path::InFlight::line), [0, 1, 2]);
    let mut ids = Vec::new();
    for flight in flights {
        let answer = created(flight.answer().await);
        assert_eq!(answer.remaining_count, Qty::from_contracts(10).unwrap());
        ids.push(VenueOrderId::new(&answer.order_id).unwrap());
    }
    let market = MarketTicker::new(T).unwrap();
    let amend = AmendOrder {
        order: ids[0].clone(),
        market: market.clone(),
        side: BookSide::Bid,
        price: Price::from_cents(41).unwrap(),
        total: Qty::from_contracts(7).unwrap(),
        new_client_order_id: Some(ClientOrderId::new("a2").unwrap()),
    };
    let answer = path.amend(&amend, Some(0), soon()).unwrap().answer().await;
    let answer: AmendOrderV2Response = read_answer("amend order", Operation::AmendOrder, Repeat::Once, answer).unwrap();
    assert_eq!((answer.client_order_id.as_deref(), answer.remaining_count), (Some("a2"), Some(amend.total)));
    let to = Decrease::To(Qty::from_contracts(3).unwrap());
    let answer = path.decrease(&market, &ids[1], to, None, soon()).unwrap().answer().await;
    let answer: DecreaseOrderV2Response =
        read_answer("decrease order", Operation::DecreaseOrder, Repeat::Safe, answer).unwrap();
    assert_eq!(answer.remaining_count, Qty::from_contracts(3).unwrap());
    let answer = path.cancel(&market, &ids[2], None, soon()).unwrap().answer().await;
    let answer: CancelOrderV2Response =
        read_answer("cancel order", Operation::CancelOrder, Repeat::Safe, answer).unwrap();
    assert_eq!(answer.reduced_by, Qty::from_contracts(10).unwrap());
    let again = path.cancel(&market, &ids[2], None, soon()).unwrap().answer().await;
    let gone =
        read_answer::<CancelOrderV2Response>("cancel order", Operation::CancelOrder, Repeat::Safe, again).unwrap_err();
    assert_eq!(gone.kind(), FailureKind::Refused);
    let resting = trader.get("/portfolio/orders?status=resting").await;
    assert_eq!(resting["orders"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_header_too_old_for_the_venue_is_refused_there_and_never_leaves_the_ring() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    let mut ring = HeaderRing::new(trader.keys.clone(), Operation::CreateOrder, RingConfig::default()).unwrap();
    let at = |offset: i64| Timestamp::from_millis(wall_ms() + offset).unwrap();
    // The ring of somebody whose clock stood 40 s back, and who learns the time.
    ring.refill(at(-40_000), 1_000).unwrap();
    let old = ring.take(at(-40_000)).unwrap();
    assert_eq!(ring.take(at(0)), None);
    ring.refill(at(0), 1_000).unwrap();
    let fresh = ring.take(at(0)).unwrap();
    let (mut writer, clock) = (RequestWriter::new(&env(&world)).unwrap(), std::sync::Arc::default());
    let lines = open_lines(&env(&world), clock, &PathConfig::new(1)).unwrap();
    lines.ready(1, soon()).await;
    let request = writer.create(&order("old", 40), None, Signing::Ahead(&old)).unwrap();
    let Answer::Answered(refusal) = lines.exchange(request, soon()).await else { panic!("no answer") };
    assert_eq!(refusal.status, 401);
    assert!(String::from_utf8_lossy(&refusal.body).contains("header_timestamp_expired"), "{refusal:?}");
    let request = writer.create(&order("new", 40), None, Signing::Ahead(&fresh)).unwrap();
    assert_eq!(created(lines.exchange(request, soon()).await).client_order_id.as_deref(), Some("new"));
}

#[tokio::test]
async fn the_path_pays_for_its_requests_and_stops_before_a_byte_leaves() {
    let world = World::start().await;
    world.market(T).await;
    let trader = world.trader().await;
    let mut path = path(&world, &trader).await;
    // A client that was not told its limits believes in the lowest tier: ten orders at once.
    let mut sent = 0;
    let refused = loop {
        match path.create(&order(&format!("n{sent}"), 30), Some(0), soon()) {
            Ok(flight) => drop(created(flight.answer().await)),
            Err(error) => break error,
        }
        sent += 1;
        assert!(sent < 1_000, "more than a bucket holds");
    };
    assert!(sent >= 10 && matches!(refused, PathError::RateLimited { .. }), "{sent} {refused}");
}

#[tokio::test]
async fn lines_survive_a_restart_of_the_venue() {
    let dir = TempDir::new().unwrap();
    let world = World::with(config(Some(dir.path()))).await;
    world.market(T).await;
    let trader = world.trader().await;
    let listen = world.server.rest_url().trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
    let mut path = path(&world, &trader).await;
    created(path.create(&order("before", 40), Some(0), soon()).unwrap().answer().await);
    world.server.shutdown().await;
    let down = path.create(&order("down", 40), Some(0), soon());
    let down = match down {
        Ok(flight) => flight.answer().await,
        Err(PathError::NotSent(why)) => Answer::NotSent(why.0),
        Err(other) => panic!("{other}"),
    };
    assert!(matches!(down, Answer::NotSent(_) | Answer::Silent(_)), "{down:?}");
    let server = Server::start(ServerConfig { listen, ..config(Some(dir.path())) }).await.unwrap();
    let world = World { server, http: world.http };
    assert_eq!(path.lines().ready(4, soon()).await, 4, "every line is connected anew");
    created(path.create(&order("after", 40), Some(0), soon()).unwrap().answer().await);
    drop(world);
}

#[tokio::test]
async fn orders_of_polymarket_go_the_same_way() {
    let world = Poly::with(poly_config(None)).await;
    let market = world.market(json!({"question": "Will it rain?"})).await;
    let token = market.token_ids[0].as_str();
    let trader: PolyTrader = world.trader(1, SignatureType::Safe).await;
    let wallet = Wallet::new(WalletKey::from_bytes(&[1; 32]).unwrap(), SignatureType::Safe, None).unwrap();
    let env = brier_polymarket::Env::local(&world.clob()).unwrap();
    let client = brier_polymarket::Client::new(env.clone(), Some(wallet), brier_polymarket::Config::new(1)).unwrap();
    assert!(poly::OrderPath::open(&client, &poly::PathConfig::new(1)).is_err(), "there are no credentials yet");
    client.set_credentials(trader.creds.clone());
    let mut path = poly::OrderPath::open(&client, &poly::PathConfig::new(1)).unwrap();
    assert_eq!(path.lines().ready(4, soon()).await, 4);
    let mut writer = poly::RequestWriter::new(&env, trader.address, trader.creds.clone().into()).unwrap();
    let mut hashes = Vec::new();
    for price in ["0.40", "0.41", "0.42"] {
        let signed = trader.signed(Wish::buy(token, price, "10"));
        let now = client.clock().venue_now();
        let request = writer.post(&signed, Terms::new(OrderKind::Gtc), now);
        let answer = path.lines().exchange(request, soon()).await;
        let reply: PostOrderReply = poly::read_answer(poly::PathCall::Post, answer).unwrap();
        assert!(reply.accepted(), "{reply:?}");
        hashes.push(reply.order_id.parse().unwrap());
    }
    let answer = path.cancel(hashes[0], soon()).unwrap().answer().await;
    path.learn(poly::PathCall::Cancel, &answer);
    let reply: CancelReply = poly::read_answer(poly::PathCall::Cancel, answer).unwrap();
    assert_eq!(reply.canceled.len(), 1);
    let answer = path.cancel_many(&hashes, soon()).unwrap().answer().await;
    let reply: CancelReply = poly::read_answer(poly::PathCall::CancelMany(3), answer).unwrap();
    assert_eq!((reply.canceled.len(), reply.not_canceled.len()), (2, 1));
}
