use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::any;
use brier_kalshi::clock::Clock;
use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey, PublicKey};
use brier_kalshi::stream::{Control, Interest, MarketStream, Notice, StreamConfig, StreamItem};
use brier_kalshi::{Env, KalshiError};
use brier_kalshi_protocol::ws::{Channel, Command, CommandBody};
use brier_types::{BookChange, ConnectionInput, FailureKind, Input, MarketTicker, VenueError as _};
use tokio::sync::mpsc;

const MARKET: &str = "KXA-1";
/// How long a test waits for what must come; far beyond what it takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Peer {
    url: String,
    credentials: Credentials,
    public_key: PublicKey,
    connections: mpsc::Receiver<(HeaderMap, WebSocket)>,
}

/// A server that hands every WebSocket over to the test.
async fn peer() -> Peer {
    let (sender, connections) = mpsc::channel(8);
    let app = Router::new().route("/trade-api/ws/v2", any(upgrade)).with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
    let public_key = key.public_key();
    Peer { url, credentials: Credentials::new("key-1", key).unwrap(), public_key, connections }
}

async fn upgrade(
    State(sender): State<mpsc::Sender<(HeaderMap, WebSocket)>>,
    upgrade: WebSocketUpgrade,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    upgrade.on_upgrade(|socket| async move { sender.send((headers, socket)).await.unwrap() })
}

impl Peer {
    fn open(&self, channels: &[Channel], config: StreamConfig) -> (MarketStream, Control) {
        let markets = vec![MarketTicker::new(MARKET).unwrap()];
        let interest = Interest { channels: channels.to_vec(), markets, all_markets: false };
        let env = Env::local(&self.url).unwrap();
        MarketStream::open(&env, self.credentials.clone(), Clock::default().into(), &interest, config).unwrap()
    }

    async fn accept(&mut self) -> WebSocket {
        tokio::time::timeout(PATIENCE, self.connections.recv()).await.unwrap().unwrap().1
    }
}

fn config() -> StreamConfig {
    let mut config = StreamConfig::new(1);
    config.session.backoff =
        brier_kalshi::backoff::Backoff { base: Duration::from_millis(5), cap: Duration::from_millis(20) };
    config
}

/// The next command of the client.
async fn command(socket: &mut WebSocket) -> Command {
    loop {
        match tokio::time::timeout(PATIENCE, socket.recv()).await.unwrap().unwrap().unwrap() {
            Message::Text(text) => return Command::parse(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Takes a subscription and acknowledges it.
async fn acknowledge(socket: &mut WebSocket, sid: u64) -> Channel {
    let command = command(socket).await;
    let CommandBody::Subscribe(subscribe) = command.body else { panic!("{command:?}") };
    let channel = subscribe.channels[0];
    let ack = format!(r#"{{"id":{},"type":"subscribed","msg":{{"channel":"{channel}","sid":{sid}}}}}"#, command.id);
    say(socket, &ack).await;
    channel
}

async fn say(socket: &mut WebSocket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

async fn snapshot(socket: &mut WebSocket, seq: u64) {
    let text = format!(
        r#"{{"type":"orderbook_snapshot","sid":1,"seq":{seq},"msg":{{"market_ticker":"{MARKET}","market_id":"m",
        "yes_dollars_fp":[["0.4000","10.00"]]}}}}"#
    );
    say(socket, &text).await;
}

fn delta_text(seq: u64) -> String {
    format!(
        r#"{{"type":"orderbook_delta","sid":1,"seq":{seq},"msg":{{"market_ticker":"{MARKET}","market_id":"m",
        "price_dollars":"0.4500","delta_fp":"1.00","side":"no","ts_ms":1795176000500}}}}"#
    )
}

/// The next input in short words; notices are passed over.
async fn word(stream: &mut MarketStream) -> String {
    loop {
        let item = tokio::time::timeout(PATIENCE, stream.next()).await.unwrap().unwrap();
        let Some(StreamItem::Input(stamped)) = item else {
            if item.is_none() {
                return "end".to_owned();
            }
            continue;
        };
        return match stamped.body {
            Input::Book(book) => match book.change {
                BookChange::Snapshot { .. } => "book".to_owned(),
                BookChange::Delta { side, price, .. } => format!("delta {side:?} {price}"),
                BookChange::Level { .. } => panic!("Kalshi says changes, never totals"),
            },
            Input::BookLost(loss) => format!("lost: {}", loss.reason),
            Input::Connection(ConnectionInput::Up { .. }) => "up".to_owned(),
            Input::Connection(ConnectionInput::Down { reason, .. }) => format!("down: {reason}"),
            other => format!("{other:?}").split('(').next().unwrap().to_lowercase(),
        };
    }
}

#[tokio::test]
async fn the_handshake_is_signed_over_the_socket_s_path() {
    let mut peer = peer().await;
    let (_stream, _control) = peer.open(&[Channel::Fill], config());
    let (headers, _socket) = tokio::time::timeout(PATIENCE, peer.connections.recv()).await.unwrap().unwrap();
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("kalshi-access-key"), "key-1");
    let signed = format!("{}GET/trade-api/ws/v2", header("kalshi-access-timestamp"));
    let signature = crate::server::base64_decode(&header("kalshi-access-signature"));
    assert!(peer.public_key.verify(signed.as_bytes(), &signature));
}

#[tokio::test]
async fn a_gap_is_repaired_and_a_broken_connection_is_made_anew() {
    let mut peer = peer().await;
    let (mut stream, control) = peer.open(&[Channel::OrderbookDelta], config());
    let mut socket = peer.accept().await;
    assert_eq!(acknowledge(&mut socket, 1).await, Channel::OrderbookDelta);
    snapshot(&mut socket, 1).await;
    say(&mut socket, &delta_text(2)).await;
    say(&mut socket, &delta_text(4)).await;
    let asked = command(&mut socket).await;
    assert!(matches!(asked.body, CommandBody::UpdateSubscription(update) if update.market_tickers == [MARKET]));
    snapshot(&mut socket, 5).await;
    for expected in ["up", "book", "delta Ask 0.4500", "lost: sequence gap: expected 3, found 4", "book"] {
        assert_eq!(word(&mut stream).await, expected);
    }
    drop(socket);
    assert!(word(&mut stream).await.starts_with("down: "));
    let mut socket = peer.accept().await;
    acknowledge(&mut socket, 1).await;
    snapshot(&mut socket, 1).await;
    assert_eq!(word(&mut stream).await, "up");
    assert_eq!(word(&mut stream).await, "book");
    let stats = control.stats().await.unwrap();
    assert_eq!((stats.connections, stats.gaps, stats.repairs), (2, 1, 1));
    control.stop().await;
    assert_eq!(word(&mut stream).await, "down: stopped");
    assert_eq!(word(&mut stream).await, "end");
    assert!(control.stats().await.is_none());
}

#[tokio::test]
async fn markets_are_added_and_pings_are_answered() {
    let mut peer = peer().await;
    let (mut stream, control) = peer.open(&[Channel::OrderbookDelta], config());
    let mut socket = peer.accept().await;
    acknowledge(&mut socket, 1).await;
    assert_eq!(word(&mut stream).await, "up");
    control.add_markets(vec![MarketTicker::new("KXB-1").unwrap()]).await;
    let added = command(&mut socket).await;
    assert!(matches!(added.body, CommandBody::UpdateSubscription(update) if update.market_tickers == ["KXB-1"]));
    socket.send(Message::Ping("heartbeat".into())).await.unwrap();
    let pong = tokio::time::timeout(PATIENCE, socket.recv()).await.unwrap().unwrap().unwrap();
    assert_eq!(pong, Message::Pong("heartbeat".into()));
}

#[tokio::test]
async fn silence_is_found_out() {
    let mut peer = peer().await;
    let mut config = config();
    config.session.silence = Duration::from_secs(1);
    config.session.pong_timeout = Duration::from_secs(1);
    let (mut stream, _control) = peer.open(&[Channel::Fill], config);
    let mut socket = peer.accept().await;
    acknowledge(&mut socket, 1).await;
    assert_eq!(word(&mut stream).await, "up");
    // A socket that nobody reads answers no ping.
    assert!(word(&mut stream).await.starts_with("down: no sign of life"));
    peer.accept().await;
}

#[tokio::test]
async fn a_slow_consumer_loses_market_data_and_gets_the_book_again() {
    let mut peer = peer().await;
    let mut config = config();
    config.market_queue = 4;
    config.account_reserve = 4;
    let (mut stream, control) = peer.open(&[Channel::OrderbookDelta], config);
    let mut socket = peer.accept().await;
    acknowledge(&mut socket, 1).await;
    snapshot(&mut socket, 1).await;
    for seq in 2..=20 {
        say(&mut socket, &delta_text(seq)).await;
    }
    // All frames were taken in before anything is read.
    while control.stats().await.unwrap().frames.get("orderbook_delta") != Some(&19) {
        tokio::task::yield_now().await;
    }
    let mut words = Vec::new();
    while words.last().is_none_or(|word: &String| !word.starts_with("lost")) {
        words.push(word(&mut stream).await);
    }
    assert_eq!(words, ["up", "book", "delta Ask 0.4500", "delta Ask 0.4500", "lost: the consumer's queue was full"]);
    assert!(matches!(command(&mut socket).await.body, CommandBody::UpdateSubscription(_)));
    snapshot(&mut socket, 21).await;
    assert_eq!(word(&mut stream).await, "book");
    assert!(control.stats().await.unwrap().overflowed >= 1);
}

#[tokio::test]
async fn a_consumer_too_slow_for_the_account_ends_the_stream() {
    let mut peer = peer().await;
    let mut config = config();
    config.market_queue = 1;
    config.account_reserve = 2;
    let (mut stream, _control) = peer.open(&[Channel::Fill], config);
    let mut socket = peer.accept().await;
    acknowledge(&mut socket, 1).await;
    for _ in 0..8 {
        // The stream may end before the last of them.
        if socket.send(Message::text(FILL)).await.is_err() {
            break;
        }
    }
    // It hangs up by itself; only then is anything read.
    while let Some(Ok(_)) = tokio::time::timeout(PATIENCE, socket.recv()).await.unwrap() {}
    let error = loop {
        match stream.next().await {
            Ok(item) => assert!(item.is_some(), "it ended without an error"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), FailureKind::Fatal);
    assert!(error.to_string().contains("reconcile"), "{error}");
}

#[tokio::test]
async fn a_handshake_refused_three_times_ends_the_stream() {
    let server = crate::server::Server::start(
        (0..3)
            .map(|_| crate::server::answer(401, r#"{"error":{"code":"authentication_error","details":"NOT_FOUND"}}"#)),
    )
    .await;
    let interest = Interest { channels: vec![Channel::Fill], ..Interest::default() };
    let (mut stream, _control) = server.client().stream(&interest, config()).unwrap();
    let mut notices = 0;
    let error = loop {
        match tokio::time::timeout(PATIENCE, stream.next()).await.unwrap() {
            Ok(Some(StreamItem::Notice(Notice::Disconnected { .. }))) => notices += 1,
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, KalshiError::Stream { kind: FailureKind::Fatal, .. }));
    assert!(error.to_string().contains("401 authentication_error: NOT_FOUND"), "{error}");
    assert_eq!((notices, server.seen().len()), (2, 3));
}

const FILL: &str = r#"{"type":"fill","sid":1,"msg":{"trade_id":"t","order_id":"o","client_order_id":"b-18",
    "market_ticker":"KXA-1","exchange_index":0,"is_taker":false,"side":"yes","action":"buy","purchased_side":"yes",
    "outcome_side":"yes","book_side":"bid","yes_price_dollars":"0.4100","count_fp":"5.50","fee_cost":"0.0175",
    "post_position_fp":"5.50","ts":1795176000,"ts_ms":1795176000500}}"#;
