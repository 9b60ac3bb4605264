//! The exchange inside a simulation: the same routers and sessions, driven call by call, and the same bytes each time.

use std::time::Duration;

use alloy_primitives::B256;
use brier_exchange::sim::{
    HttpRequest, HttpResponse, OrderState, PolymarketUser, SimConfig, SimExchange, SocketFrame, SocketId, SocketKind,
};
use brier_exchange::{LimitsChange, PolymarketChange, SettlementChange, TradeStep};
use brier_kalshi::keys::{Credentials, KeyKind};
use brier_kalshi::rest::create_request;
use brier_kalshi_protocol::rest::{BucketLimit, Operation};
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::orders::{Leg, Maker, prepare};
use brier_polymarket_protocol::auth::{WalletKey, l1_headers, l2_headers};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order::SignedOrder;
use brier_polymarket_protocol::order_body;
use brier_polymarket_protocol::tick::TickSize;
use brier_types::{
    BookSide, FillStatus, MarketResult, Money, NewOrder, Price, Qty, SelfTradePrevention, TimeInForce, Timestamp, Venue,
};
use serde_json::{Value, json};

use crate::support::START;

const T: &str = "KXA-1-T1";

fn config() -> SimConfig {
    SimConfig::new(START.parse().unwrap(), 7)
}

fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn body(answer: &HttpResponse) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn header<'a>(answer: &'a HttpResponse, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn owned<'a>(pairs: impl IntoIterator<Item = &'a (&'static str, &'a str)>) -> Vec<(String, String)> {
    pairs.into_iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn new_order(id: &str, market: &str, side: BookSide, at: &str, count: &str) -> NewOrder {
    NewOrder {
        client_order_id: id.parse().unwrap(),
        market: market.parse().unwrap(),
        side,
        price: price(at),
        qty: qty(count),
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    }
}

/// The frames of a socket, each as JSON; none of them may be a close.
fn frames(exchange: &mut SimExchange, socket: SocketId) -> Vec<Value> {
    let json = |frame| match frame {
        SocketFrame::Text(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        SocketFrame::Closed(reason) => panic!("closed: {reason}"),
    };
    exchange.take_frames(socket).into_iter().map(json).collect()
}

/// A trader on Kalshi who signs as the connector does.
struct Trader {
    user: String,
    keys: Credentials,
}

impl Trader {
    fn open(exchange: &mut SimExchange, name: &str) -> Self {
        let account = exchange.open_kalshi_user(name, dollars("1000")).unwrap();
        let keys = Credentials::from_pem(&account.key_id, &account.private_pem.unwrap()).unwrap();
        Self { user: account.user_id, keys }
    }

    fn signed(&self, at: Timestamp, operation: Operation, parts: &[&str], body: Vec<u8>) -> HttpRequest {
        let target = operation.path(parts);
        let headers = self.keys.sign_request(at, operation.method(), &target).unwrap();
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        HttpRequest { method: operation.method().as_str().to_owned(), target, headers, body }
    }

    fn ask(&self, exchange: &mut SimExchange, operation: Operation, parts: &[&str], body: Vec<u8>) -> HttpResponse {
        let request = self.signed(exchange.now(), operation, parts, body);
        exchange.http(Venue::Kalshi, &request)
    }

    fn order(&self, exchange: &mut SimExchange, order: &NewOrder) -> HttpResponse {
        self.ask(exchange, Operation::CreateOrder, &[], serde_json::to_vec(&create_request(order)).unwrap())
    }

    fn socket(&self, exchange: &mut SimExchange, channels: &[&str]) -> SocketId {
        let at = exchange.now();
        let headers = self.keys.sign_request(at, brier_kalshi_protocol::rest::Method::Get, "/trade-api/ws/v2").unwrap();
        let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let socket = exchange.open_socket(SocketKind::Kalshi, &headers).unwrap();
        let params = json!({"channels": channels, "market_tickers": [T]});
        exchange.send_frame(socket, &json!({"id": 1, "cmd": "subscribe", "params": params}).to_string());
        socket
    }
}

fn list_kalshi(exchange: &mut SimExchange) {
    let market = json!({"ticker": T, "event_ticker": "KXA-1", "close_time": "2026-11-20T13:00:00Z",
        "settlement_timer_seconds": 30});
    exchange.manage(|admin| async move { admin.create_market(market).await.unwrap() });
}

/// A trader on Polymarket who signs as the connector does.
struct Poly {
    wallet: Wallet,
    user: PolymarketUser,
}

impl Poly {
    fn open(exchange: &mut SimExchange, number: u8) -> Self {
        let key = WalletKey::from_bytes(&[number; 32]).unwrap();
        let user = exchange.open_polymarket_user(key.address(), SignatureType::Eoa, dollars("1000")).unwrap();
        Self { wallet: Wallet::new(key, SignatureType::Eoa, None).unwrap(), user }
    }

    fn ask(&self, exchange: &mut SimExchange, method: &str, path: &str, body: Vec<u8>) -> HttpResponse {
        let seconds = exchange.now().secs().unsigned_abs();
        let headers = l2_headers(&self.user.creds, self.wallet.address(), seconds, method, path, &body);
        let headers = owned(&headers.pairs());
        let request = HttpRequest { method: method.to_owned(), target: path.to_owned(), headers, body };
        exchange.http(Venue::Polymarket, &request)
    }

    fn order(&self, exchange: &mut SimExchange, listing: &Listing, order: &NewOrder) -> HttpResponse {
        let maker = Maker { wallet: &self.wallet, chain: Chain::Polygon, builder: B256::ZERO };
        let prepared = prepare(order, Leg::Buy, listing, maker, exchange.now()).unwrap();
        let body = order_body::write(&prepared.signed, self.user.creds.key(), prepared.terms).into_bytes();
        self.ask(exchange, "POST", "/order", body)
    }

    fn socket(&self, exchange: &mut SimExchange) -> SocketId {
        let socket = exchange.open_socket(SocketKind::PolymarketUser, &[]).unwrap();
        let creds = &self.user.creds;
        let auth = json!({"apiKey": creds.key(), "secret": creds.secret().expose(),
            "passphrase": creds.expose_passphrase()});
        exchange.send_frame(socket, &json!({"type": "user", "auth": auth, "markets": []}).to_string());
        socket
    }
}

fn list_polymarket(exchange: &mut SimExchange) -> Listing {
    let market = json!({"question": "Rain?", "fee_rate": "0.04"});
    let listed = exchange.manage(|admin| async move { admin.polymarket().list_market(market).await.unwrap() });
    let tick = TickSize::from_price(price("0.01")).unwrap();
    let [yes, no] = listed.token_ids;
    let (condition, yes, no) = (listed.condition_id.parse().unwrap(), yes.parse().unwrap(), no.parse().unwrap());
    let mut listing = Listing::minimal(condition, yes, no, tick, qty("5"));
    listing.fees = brier_polymarket_protocol::fees::FeeSchedule::new(40_000, 1, true, 0).unwrap();
    listing
}

fn market_socket(exchange: &mut SimExchange, listing: &Listing) -> SocketId {
    let socket = exchange.open_socket(SocketKind::PolymarketMarket, &[]).unwrap();
    let first = json!({"type": "market", "assets_ids": [listing.yes.to_string(), listing.no.to_string()]});
    exchange.send_frame(socket, &first.to_string());
    socket
}

/// Everything that was answered and said.
#[derive(Debug, Default, PartialEq)]
struct Log(Vec<String>);

impl Log {
    fn answer(&mut self, answer: &HttpResponse) {
        self.0.push(format!("{:?} {answer}", answer.headers));
    }

    fn heard(&mut self, exchange: &mut SimExchange, socket: SocketId) {
        self.0.extend(exchange.take_frames(socket).iter().map(|frame| format!("{frame:?}")));
    }
}

/// A day of both faces, settled to the end.
fn play(config: SimConfig) -> Log {
    let mut log = Log::default();
    let mut exchange = SimExchange::new(config);
    list_kalshi(&mut exchange);
    let listing = list_polymarket(&mut exchange);
    let (maker, taker) = (Trader::open(&mut exchange, "maker"), Trader::open(&mut exchange, "taker"));
    let (poly_maker, poly_taker) = (Poly::open(&mut exchange, 1), Poly::open(&mut exchange, 2));
    let sockets = [
        maker.socket(&mut exchange, &["orderbook_delta", "fill", "user_orders", "ticker", "trade"]),
        market_socket(&mut exchange, &listing),
        poly_maker.socket(&mut exchange),
    ];
    for step in 0..40_u16 {
        let (side, at) = if step % 2 == 0 { (BookSide::Bid, 40 + step % 7) } else { (BookSide::Ask, 42 + step % 5) };
        let (first, second) = if step % 3 == 0 { (&maker, &poly_taker) } else { (&taker, &poly_maker) };
        let (id, at) = (format!("o-{step}"), format!("0.{at}"));
        log.answer(&first.order(&mut exchange, &new_order(&id, T, side, &at, "3")));
        let order = new_order(&id, listing.ticker.as_str(), side, &at, "6");
        log.answer(&second.order(&mut exchange, &listing, &order));
        exchange.advance(exchange.now().plus(Duration::from_millis(700)));
        for socket in sockets {
            log.heard(&mut exchange, socket);
        }
    }
    log.answer(&maker.ask(&mut exchange, Operation::GetPositions, &[], Vec::new()));
    log.answer(&poly_maker.ask(&mut exchange, "GET", "/data/trades", Vec::new()));
    let condition = listing.ticker.to_string();
    exchange.manage(|admin| async move {
        admin.determine(T, MarketResult::Yes, None).await.unwrap();
        let admin = admin.polymarket();
        admin.change_market(&condition, PolymarketChange::Resolve(MarketResult::No)).await.unwrap();
    });
    exchange.advance(exchange.now().plus(Duration::from_secs(50)));
    for socket in sockets {
        log.heard(&mut exchange, socket);
    }
    exchange.check();
    for face in [Venue::Kalshi, Venue::Polymarket] {
        assert_eq!(exchange.ledger(face).difference(), Money::ZERO);
        log.0.push(exchange.state_hash(face).to_string());
    }
    log
}

#[test]
fn the_same_script_twice_gives_the_same_bytes() {
    let first = play(config());
    assert!(first.0.len() > 250, "a day worth comparing: {}", first.0.len());
    assert_eq!(first, play(config()));
    let other = play(SimConfig { seed: 8, ..config() });
    assert_ne!(first, other, "the seed decides keys, which the user channel tells");
}

#[test]
fn leaving_out_the_arithmetic_of_signatures_changes_nothing_that_is_said() {
    assert_eq!(play(config()), play(SimConfig { check_signatures: false, ..config() }));
}

#[test]
fn an_order_on_kalshi_is_seen_by_its_sockets_and_settled_in_time() {
    let mut exchange = SimExchange::new(config());
    list_kalshi(&mut exchange);
    let (maker, taker) = (Trader::open(&mut exchange, "maker"), Trader::open(&mut exchange, "taker"));
    let socket = maker.socket(&mut exchange, &["orderbook_delta", "fill"]);
    let types = |frames: &[Value]| frames.iter().map(|it| it["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(types(&frames(&mut exchange, socket)), ["subscribed", "subscribed", "orderbook_snapshot"]);

    let placed = maker.order(&mut exchange, &new_order("m-1", T, BookSide::Bid, "0.42", "10"));
    assert_eq!(placed.status, 201, "{placed}");
    let said = frames(&mut exchange, socket);
    assert_eq!(
        (types(&said), said[0]["msg"]["delta_fp"].as_str()),
        (vec!["orderbook_delta".to_owned()], Some("10.00"))
    );
    let taken = taker.order(&mut exchange, &new_order("t-1", T, BookSide::Ask, "0.40", "4"));
    assert_eq!(taken.status, 201, "{taken}");
    let said = frames(&mut exchange, socket);
    let fill = said.iter().find(|it| it["type"] == "fill").unwrap();
    assert_eq!(
        (fill["msg"]["count_fp"].as_str(), fill["msg"]["yes_price_dollars"].as_str()),
        (Some("4.00"), Some("0.4200"))
    );

    let truth = exchange.kalshi_account(&maker.user);
    let position = &truth.positions[0].1;
    assert_eq!((position.net, position.yes, position.orders.len()), (4_000_000, qty("4"), 1));
    assert_eq!((truth.held > Money::ZERO, truth.fills[0].price, truth.fills[0].qty), (true, price("0.42"), qty("4")));
    let [order] = truth.orders.as_slice() else { panic!("one order: {truth:?}") };
    assert_eq!((order.client_order_id.as_str(), order.state), ("m-1", OrderState::Resting));
    assert_eq!((order.ordered, order.filled), (qty("10"), qty("4")));
    assert_eq!(exchange.kalshi_orders_ever(&maker.user), ["m-1"]);

    exchange.manage(|admin| async move { admin.determine(T, MarketResult::Yes, None).await.unwrap() });
    let due = exchange.next_timer().unwrap();
    assert_eq!(due, exchange.now().plus(Duration::from_secs(30)), "the settlement timer");
    exchange.advance(due);
    let settled = exchange.kalshi_account(&maker.user);
    let paid = settled.cash.checked_sub(truth.cash).unwrap();
    assert_eq!((paid, settled.held), (dollars("4"), Money::ZERO));
    assert_eq!(settled.orders[0].state, OrderState::Canceled);
    exchange.check();
}

#[test]
fn an_order_on_polymarket_is_seen_by_its_sockets_and_settled_step_by_step() {
    let mut exchange = SimExchange::new(config());
    let listing = list_polymarket(&mut exchange);
    let (maker, taker) = (Poly::open(&mut exchange, 1), Poly::open(&mut exchange, 2));
    exchange.manage(|admin| async move {
        let by_hand = SettlementChange { automatic: Some(false), ..SettlementChange::default() };
        admin.polymarket().set_settlement(by_hand).await.unwrap();
    });
    let (market, user) = (market_socket(&mut exchange, &listing), maker.socket(&mut exchange));
    assert_eq!(frames(&mut exchange, market)[0].as_array().map(Vec::len), Some(2), "both tokens' books");
    assert_eq!(frames(&mut exchange, user), Vec::<Value>::new());

    let condition = listing.ticker.as_str();
    let placed = maker.order(&mut exchange, &listing, &new_order("m", condition, BookSide::Bid, "0.42", "10"));
    assert_eq!((placed.status, body(&placed)["status"].as_str()), (200, Some("live")), "{placed}");
    assert_eq!(frames(&mut exchange, market)[0]["event_type"], "price_change");
    assert_eq!(frames(&mut exchange, user)[0]["type"], "PLACEMENT");
    let taken = taker.order(&mut exchange, &listing, &new_order("t", condition, BookSide::Ask, "0.42", "6"));
    assert_eq!((taken.status, body(&taken)["status"].as_str()), (200, Some("matched")), "{taken}");
    let said = frames(&mut exchange, user);
    assert!(said.iter().any(|it| it["event_type"] == "trade" && it["status"] == "MATCHED"), "{said:?}");

    let address = maker.user.wallets.owner;
    let truth = exchange.polymarket_account(address);
    let position = &truth.positions[0].1;
    assert_eq!((position.net, position.yes), (6_000_000, Qty::ZERO), "matched, and nothing moved yet");
    assert_eq!((truth.cash, truth.matched, truth.held), (dollars("1000"), dollars("2.52"), dollars("1.68")));
    assert_eq!((truth.fills[0].status, truth.fills[0].fee), (FillStatus::Matched, Money::ZERO));
    let theirs = exchange.polymarket_account(taker.user.wallets.owner);
    assert_eq!((theirs.positions[0].1.net, theirs.fills[0].side), (-6_000_000, BookSide::Ask));
    assert_eq!((theirs.fills[0].price, theirs.fills[0].is_taker), (price("0.42"), true));
    assert!(theirs.fills[0].fee > Money::ZERO && exchange.polymarket_unsettled());

    for step in [TradeStep::Mine, TradeStep::Confirm] {
        let trade = truth.fills[0].trade.clone();
        exchange.manage(|admin| async move { admin.polymarket().settle_trade(&trade, step).await.unwrap() });
    }
    let mined = exchange.polymarket_account(address);
    assert_eq!((mined.positions[0].1.net, mined.positions[0].1.yes), (6_000_000, qty("6")));
    assert_eq!((mined.cash, mined.fills[0].status), (dollars("997.48"), FillStatus::Confirmed));
    assert_eq!(exchange.polymarket_orders_ever(address), [mined.orders[0].order.clone()]);

    let name = condition.to_owned();
    let paid = exchange.manage(|admin| async move {
        let admin = admin.polymarket();
        admin.change_market(&name, PolymarketChange::Resolve(MarketResult::Yes)).await.unwrap();
        admin.redeem_all(&name).await.unwrap()
    });
    assert_eq!((paid, exchange.polymarket_cash(address)), (dollars("6"), dollars("1003.48")));
    assert_eq!(exchange.polymarket_account(address).orders[0].state, OrderState::Canceled);
    exchange.check();
}

#[test]
fn a_match_that_fails_is_told_and_counts_no_more() {
    let mut exchange = SimExchange::new(config());
    let listing = list_polymarket(&mut exchange);
    let (maker, taker) = (Poly::open(&mut exchange, 1), Poly::open(&mut exchange, 2));
    exchange.manage(|admin| async move {
        let fails = SettlementChange { fail_next: Some(1), ..SettlementChange::default() };
        admin.polymarket().set_settlement(fails).await.unwrap();
    });
    let condition = listing.ticker.as_str();
    maker.order(&mut exchange, &listing, &new_order("m", condition, BookSide::Bid, "0.50", "10"));
    taker.order(&mut exchange, &listing, &new_order("t", condition, BookSide::Ask, "0.50", "10"));
    let address = maker.user.wallets.owner;
    assert_eq!(exchange.polymarket_position(address, condition).net, 10_000_000);
    exchange.advance(exchange.now().plus(Duration::from_mins(5)));
    assert!(!exchange.polymarket_unsettled());
    assert_eq!(exchange.polymarket_position(address, condition).net, 0);
    assert_eq!(exchange.polymarket_account(address).fills[0].status, FillStatus::Failed);
    assert_eq!((exchange.polymarket_fills(address), exchange.polymarket_cash(address)), (Vec::new(), dollars("1000")));
}

#[test]
fn what_was_signed_too_long_ago_is_refused_by_the_simulated_clock() {
    for check_signatures in [true, false] {
        let mut exchange = SimExchange::new(SimConfig { check_signatures, ..config() });
        list_kalshi(&mut exchange);
        let (trader, poly) = (Trader::open(&mut exchange, "trader"), Poly::open(&mut exchange, 1));
        let early = exchange.now();
        let request = trader.signed(early, Operation::GetBalance, &[], Vec::new());
        let seconds = early.secs().unsigned_abs();
        let headers = l2_headers(&poly.user.creds, poly.wallet.address(), seconds, "GET", "/data/orders", b"");
        let headers = owned(&headers.pairs());
        let other = HttpRequest { method: "GET".into(), target: "/data/orders".into(), headers, body: Vec::new() };
        let login = owned(&l1_headers(&WalletKey::from_bytes(&[3; 32]).unwrap(), Chain::Polygon, seconds, 0).pairs());
        let login =
            HttpRequest { method: "POST".into(), target: "/auth/api-key".into(), headers: login, body: Vec::new() };
        assert_eq!(exchange.http(Venue::Kalshi, &request).status, 200);
        assert_eq!(exchange.http(Venue::Polymarket, &other).status, 200);
        exchange.advance(early.plus(Duration::from_mins(2)));
        let refused = exchange.http(Venue::Kalshi, &request);
        assert_eq!((refused.status, body(&refused)["error"]["code"].as_str()), (401, Some("header_timestamp_expired")));
        assert_eq!(exchange.http(Venue::Polymarket, &other).status, 401);
        assert_eq!(exchange.http(Venue::Polymarket, &login).status, 401);
        let refused = exchange.open_socket(SocketKind::Kalshi, &request.headers).unwrap_err();
        assert_eq!((refused.status, body(&refused)["error"]["code"].as_str()), (401, Some("header_timestamp_expired")));
    }
}

#[test]
fn a_false_signature_is_refused_unless_signatures_are_trusted_and_an_unknown_key_always() {
    for check_signatures in [true, false] {
        let mut exchange = SimExchange::new(SimConfig { check_signatures, ..config() });
        let listing = list_polymarket(&mut exchange);
        let (trader, poly) = (Trader::open(&mut exchange, "trader"), Poly::open(&mut exchange, 1));
        let expected = |good| if check_signatures { 401 } else { good };
        let mut request = trader.signed(exchange.now(), Operation::GetBalance, &[], Vec::new());
        request.headers[2].1 = request.headers[2].1.chars().rev().collect::<String>().replace('=', "A");
        assert_eq!(exchange.http(Venue::Kalshi, &request).status, expected(200));
        request.headers[0].1 = "nobody".to_owned();
        assert_eq!(exchange.http(Venue::Kalshi, &request).status, 401);

        // Signed by another's key, for the own wallet and for the other's.
        let other = Poly::open(&mut exchange, 2);
        let order = new_order("o", listing.ticker.as_str(), BookSide::Bid, "0.50", "10");
        let maker = Maker { wallet: &other.wallet, chain: Chain::Polygon, builder: B256::ZERO };
        let mut prepared = prepare(&order, Leg::Buy, &listing, maker, exchange.now()).unwrap();
        prepared.signed.order.signer = poly.wallet.address();
        let mut post = |signed: &SignedOrder| {
            let body = order_body::write(signed, poly.user.creds.key(), prepared.terms).into_bytes();
            poly.ask(&mut exchange, "POST", "/order", body).status
        };
        assert_eq!(post(&prepared.signed), 400, "never for a wallet of somebody else");
        prepared.signed.order.maker = poly.wallet.address();
        assert_eq!(post(&prepared.signed), if check_signatures { 400 } else { 200 });
        // HMACs are always computed.
        let mut headers = l2_headers(&poly.user.creds, poly.wallet.address(), 0, "GET", "/data/orders", b"");
        headers.timestamp = exchange.now().secs().to_string();
        let headers = owned(&headers.pairs());
        let request = HttpRequest { method: "GET".into(), target: "/data/orders".into(), headers, body: Vec::new() };
        assert_eq!(exchange.http(Venue::Polymarket, &request).status, 401);
    }
}

#[test]
fn a_restarting_engine_answers_425_and_takes_orders_again() {
    let mut exchange = SimExchange::new(config());
    let listing = list_polymarket(&mut exchange);
    let poly = Poly::open(&mut exchange, 1);
    exchange.manage(|admin| async move { admin.polymarket().set_engine("restarting", 0).await.unwrap() });
    let order = new_order("o", listing.ticker.as_str(), BookSide::Bid, "0.50", "10");
    assert_eq!(poly.order(&mut exchange, &listing, &order).status, 425);
    assert_eq!(exchange.polymarket_orders_ever(poly.user.wallets.owner), Vec::<String>::new());
    exchange.manage(|admin| async move { admin.polymarket().set_engine("normal", 0).await.unwrap() });
    assert_eq!(poly.order(&mut exchange, &listing, &order).status, 200);
}

#[test]
fn rate_limits_refill_with_simulated_time() {
    let mut exchange = SimExchange::new(config());
    list_kalshi(&mut exchange);
    let listing = list_polymarket(&mut exchange);
    let (trader, poly) = (Trader::open(&mut exchange, "trader"), Poly::open(&mut exchange, 1));
    let user = trader.user.clone();
    exchange.manage(|admin| async move {
        let few = BucketLimit { refill_rate: 10, bucket_capacity: 10 };
        admin.set_limits(&user, LimitsChange { tier: None, read: None, write: Some(few) }).await.unwrap();
    });
    let order = |id: &str| new_order(id, T, BookSide::Bid, "0.10", "1");
    assert_eq!(trader.order(&mut exchange, &order("a")).status, 201);
    assert_eq!(trader.order(&mut exchange, &order("b")).status, 429);
    let beyond = (0..).find_map(|_| {
        let answer = poly.ask(&mut exchange, "POST", "/order", b"{}".to_vec());
        (answer.status == 429).then_some(answer)
    });
    let wait: u64 = header(&beyond.unwrap(), "retry-after").unwrap().parse().unwrap();
    exchange.advance(exchange.now().plus(Duration::from_secs(wait.max(1))));
    assert_eq!(trader.order(&mut exchange, &order("b")).status, 201);
    let order = new_order("o", listing.ticker.as_str(), BookSide::Bid, "0.50", "10");
    assert_eq!(poly.order(&mut exchange, &listing, &order).status, 200);
}

#[test]
fn a_socket_that_reads_too_slowly_is_told_so_and_closed() {
    let mut exchange = SimExchange::new(SimConfig { stream_backlog: 8, ..config() });
    list_kalshi(&mut exchange);
    let listing = list_polymarket(&mut exchange);
    let (trader, poly) = (Trader::open(&mut exchange, "trader"), Poly::open(&mut exchange, 1));
    let (slow, quick) =
        (trader.socket(&mut exchange, &["orderbook_delta"]), trader.socket(&mut exchange, &["orderbook_delta"]));
    let market = market_socket(&mut exchange, &listing);
    for number in 0..20 {
        let id = number.to_string();
        assert_eq!(trader.order(&mut exchange, &new_order(&id, T, BookSide::Bid, "0.10", "1")).status, 201);
        let order = new_order(&id, listing.ticker.as_str(), BookSide::Bid, "0.10", "5");
        assert_eq!(poly.order(&mut exchange, &listing, &order).status, 200);
        exchange.advance(exchange.now().plus(Duration::from_millis(200)));
        assert!(!frames(&mut exchange, quick).is_empty());
    }
    let heard = exchange.take_frames(slow);
    let [.., SocketFrame::Text(last), SocketFrame::Closed(_)] = heard.as_slice() else { panic!("{heard:?}") };
    assert!(heard.len() == 10 && last.contains("\"code\":25"), "{heard:?}");
    assert_eq!(exchange.take_frames(slow), [], "it says so once");
    let heard = exchange.take_frames(market);
    assert_eq!(heard.last(), Some(&SocketFrame::Closed("1013 too slow".to_owned())));
}

#[test]
fn a_polymarket_socket_that_says_nothing_is_closed_in_time() {
    let mut exchange = SimExchange::new(config());
    let listing = list_polymarket(&mut exchange);
    let poly = Poly::open(&mut exchange, 1);
    let (start, second) = (exchange.now(), Duration::from_secs(1));
    let unsubscribed = exchange.open_socket(SocketKind::PolymarketMarket, &[]).unwrap();
    let (silent, lively) = (market_socket(&mut exchange, &listing), poly.socket(&mut exchange));
    assert_eq!(exchange.next_timer(), Some(start.plus(30 * second)));
    exchange.advance(start.plus(50 * second));
    assert_eq!(exchange.take_frames(unsubscribed).len(), 1, "closed without a word");
    exchange.send_frame(lively, "PING");
    exchange.advance(start.plus(70 * second));
    assert_eq!(exchange.take_frames(silent).last(), Some(&SocketFrame::Closed("1008 idle".to_owned())));
    assert_eq!(exchange.take_frames(lively), [SocketFrame::Text("PONG".to_owned())]);
    let refused = exchange.open_socket(SocketKind::PolymarketUser, &[]).unwrap();
    exchange.send_frame(refused, r#"{"type":"user","auth":{"apiKey":"a","secret":"b","passphrase":"c"}}"#);
    let heard = exchange.take_frames(refused);
    assert!(matches!(heard.as_slice(), [SocketFrame::Closed(reason)] if reason.starts_with("1008 ")), "{heard:?}");
}

#[test]
fn what_was_said_before_an_unsubscribe_still_comes() {
    let mut exchange = SimExchange::new(config());
    list_kalshi(&mut exchange);
    let trader = Trader::open(&mut exchange, "trader");
    let socket = trader.socket(&mut exchange, &["orderbook_delta"]);
    trader.order(&mut exchange, &new_order("a", T, BookSide::Bid, "0.10", "1"));
    exchange.send_frame(socket, &json!({"id": 2, "cmd": "unsubscribe", "params": {"sids": [1]}}).to_string());
    trader.order(&mut exchange, &new_order("b", T, BookSide::Bid, "0.10", "1"));
    let said: Vec<Value> = frames(&mut exchange, socket);
    let types: Vec<&str> = said.iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["subscribed", "orderbook_snapshot", "orderbook_delta", "unsubscribed"]);
}

#[test]
fn keys_that_are_made_inside_come_from_the_seed() {
    let open = |seed| {
        let mut exchange = SimExchange::new(SimConfig { seed, ..config() });
        let account = exchange.manage(|admin| async move {
            let refused = admin.create_account("rsa", KeyKind::Rsa, None).await;
            assert!(refused.unwrap_err().to_string().contains("RSA"));
            admin.create_account("trader", KeyKind::Ed25519, None).await.unwrap()
        });
        let creds = Poly::open(&mut exchange, 1).user.creds;
        (
            account.key_id,
            account.private_pem.unwrap().to_string(),
            creds.key().to_owned(),
            creds.secret().expose().to_owned(),
        )
    };
    assert_eq!(open(1), open(1));
    assert_ne!(open(1), open(2));
}
