//! The streams against a stub of the venue's sockets: subscription first, books and changes, reconnects, reconciliation.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use brier_book::{BookSet, SequencePolicy};
use brier_polymarket::stream::{
    AuditBook, Auditor, LinkConfig, MarketConfig, MarketSession, Notice, PriceFeed, PriceSession, Stream, StreamConfig,
    StreamItem, UserSession,
};
use brier_polymarket_protocol::convert::{Listing, TokenMap};
use brier_polymarket_protocol::stream::command::{Command, CommandKind, StreamAuth};
use brier_polymarket_protocol::stream::prices::{RtdsSubscription, Topic};
use brier_types::{ConnectionInput, FillStatus, Input, MarketTicker, Timestamp};
use tokio::sync::{mpsc, oneshot};

/// How long a test waits for what must come; far beyond what it takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Peer {
    host: String,
    sockets: mpsc::Receiver<WebSocket>,
}

/// A server that hands every WebSocket over to the test.
async fn peer() -> Peer {
    let (sender, sockets) = mpsc::channel(8);
    let app = Router::new().route("/ws/{channel}", any(upgrade)).with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Peer { host, sockets }
}

async fn upgrade(State(sender): State<mpsc::Sender<WebSocket>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| async move { sender.send(socket).await.unwrap() })
}

impl Peer {
    async fn accept(&mut self) -> WebSocket {
        tokio::time::timeout(PATIENCE, self.sockets.recv()).await.unwrap().unwrap()
    }

    fn config(&self, channel: &str) -> StreamConfig {
        StreamConfig::new(format!("{}/ws/{channel}", self.host))
    }
}

fn link() -> LinkConfig {
    let mut link = LinkConfig::new(1);
    (link.base_wait, link.max_wait) = (Duration::from_millis(5), Duration::from_millis(20));
    link
}

fn listing() -> Listing {
    Listing { market: MarketTicker::new("0xdd").unwrap(), yes: "7132".to_owned(), no: "5211".to_owned() }
}

async fn text(socket: &mut WebSocket) -> String {
    loop {
        match tokio::time::timeout(PATIENCE, socket.recv()).await.unwrap().unwrap().unwrap() {
            Message::Text(text) if text.as_str() == "PING" => say(socket, "PONG").await,
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn command(socket: &mut WebSocket) -> Command {
    Command::from_frame(&text(socket).await).unwrap()
}

async fn say(socket: &mut WebSocket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

const BOOK: &str = r#"[{"event_type":"book","market":"0xdd","asset_id":"7132","timestamp":"1763600000000","hash":"h0",
    "bids":[{"price":"0.4","size":"5"}],"asks":[{"price":"0.6","size":"7"}]}]"#;

const CHANGE: &str = r#"{"event_type":"price_change","market":"0xdd","timestamp":"1763600001000","price_changes":[
    {"asset_id":"7132","price":"0.41","size":"3","side":"BUY","hash":"h1","best_bid":"0.41","best_ask":"0.6"},
    {"asset_id":"5211","price":"0.59","size":"3","side":"SELL","hash":"h2","best_bid":"0.4","best_ask":"0.59"}]}"#;

/// The next item that `pick` takes.
async fn until<M: brier_polymarket::stream::Machine + 'static, T>(
    stream: &mut Stream<M>,
    mut pick: impl FnMut(StreamItem) -> Option<T>,
) -> T {
    loop {
        let item = tokio::time::timeout(PATIENCE, stream.next()).await.unwrap().unwrap().unwrap();
        if let Some(found) = pick(item) {
            return found;
        }
    }
}

fn input(item: StreamItem) -> Option<Input> {
    match item {
        StreamItem::Input(stamped) => Some(stamped.body),
        StreamItem::Price(_) | StreamItem::Notice(_) => None,
    }
}

#[tokio::test]
async fn a_book_is_followed_lost_with_its_socket_and_built_again() {
    let mut peer = peer().await;
    let config = MarketConfig { link: link(), ..MarketConfig::new(1) };
    let mut stream = Stream::open(MarketSession::new(config, vec![listing()]), peer.config("market")).unwrap();
    let mut books = BookSet::new(SequencePolicy::Continuous);
    let mut socket = peer.accept().await;
    for (round, last) in [(1, "0.4100"), (2, "0.4000")] {
        let first = command(&mut socket).await;
        assert_eq!(
            (first.kind(), first.assets_ids.as_slice()),
            (Some(CommandKind::Market), &["7132".to_owned(), "5211".to_owned()][..])
        );
        say(&mut socket, BOOK).await;
        let Input::Book(book) = until(&mut stream, input).await else { panic!("a book") };
        assert!(books.apply(&book).lost.is_none());
        if round == 1 {
            say(&mut socket, CHANGE).await;
            let Input::Book(level) = until(&mut stream, input).await else { panic!("a change") };
            assert!(books.apply(&level).lost.is_none());
        }
        let view = books.book_of("0xdd").unwrap().view().unwrap();
        assert_eq!(view.best_bid().unwrap().price.to_string(), last);
        if round == 1 {
            drop(socket);
            let Input::BookLost(loss) = until(&mut stream, input).await else { panic!("a loss") };
            books.lose(&loss);
            assert!(books.book_of("0xdd").unwrap().view().is_err());
            socket = peer.accept().await;
        }
    }
    assert_eq!(stream.stats().await.unwrap().connections, 2);
}

/// REST that shows a later book whenever it is asked, and tells that it was.
struct LaterBook(mpsc::UnboundedSender<String>);

impl Auditor for LaterBook {
    fn book(&self, token: String) -> Pin<Box<dyn Future<Output = Result<AuditBook, String>> + Send>> {
        self.0.send(token).unwrap();
        let timestamp = Timestamp::from_millis(1_763_600_099_000).unwrap();
        let bids = vec![("0.3".parse().unwrap(), "1".parse().unwrap())];
        Box::pin(async move { Ok(AuditBook { hash: "h9".to_owned(), timestamp, bids, asks: Vec::new() }) })
    }
}

#[tokio::test]
async fn an_open_but_silent_socket_is_found_out_and_replaced() {
    let mut peer = peer().await;
    let (asked, mut questions) = mpsc::unbounded_channel();
    let silence = Duration::from_millis(250);
    let config = MarketConfig { link: link(), silence, ..MarketConfig::new(1) };
    let stream_config = StreamConfig { auditor: Some(Arc::new(LaterBook(asked))), ..peer.config("market") };
    let mut stream = Stream::open(MarketSession::new(config, vec![listing()]), stream_config).unwrap();
    let mut frozen = peer.accept().await;
    assert_eq!(command(&mut frozen).await.kind(), Some(CommandKind::Market));
    say(&mut frozen, BOOK).await;
    let reason = until(&mut stream, |item| match item {
        StreamItem::Notice(Notice::Disconnected { reason, .. }) => Some(reason),
        _ => None,
    })
    .await;
    assert!(reason.starts_with("the socket is open and silent"), "{reason}");
    assert_eq!([questions.recv().await.unwrap(), questions.recv().await.unwrap()], ["7132", "7132"]);
    let mut fresh = peer.accept().await;
    assert_eq!(command(&mut fresh).await.kind(), Some(CommandKind::Market));
}

fn trade(status: &str) -> String {
    format!(
        r#"{{"event_type":"trade","type":"TRADE","id":"t1","taker_order_id":"0x1","market":"0xdd","asset_id":"7132","side":"BUY",
        "size":"10","price":"0.4","status":"{status}","owner":"us","trader_side":"TAKER","maker_orders":[],
        "timestamp":"1763600000000"}}"#
    )
}

#[tokio::test]
async fn a_trade_that_fails_while_the_socket_is_away_is_undone_by_the_reconciliation() {
    let mut peer = peer().await;
    let auth = StreamAuth { api_key: "us".to_owned(), secret: "s".to_owned(), passphrase: "p".to_owned() };
    let mut tokens = TokenMap::new();
    tokens.insert(listing());
    let session = UserSession::new(link(), auth, Vec::new(), tokens);
    let mut stream = Stream::open(session, peer.config("user")).unwrap();
    let mut socket = peer.accept().await;
    let first = command(&mut socket).await;
    assert_eq!((first.kind(), first.auth.unwrap().api_key.as_str()), (Some(CommandKind::User), "us"));
    let up = until(&mut stream, input).await;
    assert!(matches!(up, Input::Connection(ConnectionInput::Up { .. })));
    needs_reconcile(&mut stream).await;
    let before = stream.with(|session, _, _| session.account().trades().totals()).await.unwrap();
    say(&mut socket, &trade("MATCHED")).await;
    assert!(matches!(until(&mut stream, input).await, Input::Fill(fill) if fill.is_taker));
    assert_ne!(stream.with(|session, _, _| session.account().trades().totals()).await.unwrap(), before);
    drop(socket);
    assert!(matches!(until(&mut stream, input).await, Input::Connection(ConnectionInput::Down { .. })));
    let mut socket = peer.accept().await;
    assert_eq!(command(&mut socket).await.kind(), Some(CommandKind::User));
    needs_reconcile(&mut stream).await;
    // What REST says now, as the caller would fetch it.
    let failed: brier_polymarket_protocol::clob::Trade =
        serde_json::from_str(&trade("FAILED").replace(r#""status""#, r#""match_time":"1","last_update":"2","status""#))
            .unwrap();
    let (inputs, problems) =
        stream.with(move |session, _, _| session.account_mut().reconcile(0, &[], &[failed])).await.unwrap();
    assert_eq!(problems, Vec::<String>::new());
    assert!(matches!(inputs.as_slice(), [Input::FillStatus(update)] if update.status == FillStatus::Failed));
    assert_eq!(stream.with(|session, _, _| session.account().trades().totals()).await.unwrap(), before);
}

async fn needs_reconcile(stream: &mut Stream<UserSession>) {
    until(stream, |item| matches!(item, StreamItem::Notice(Notice::NeedsReconcile { .. })).then_some(())).await;
}

#[tokio::test]
async fn outside_prices_come_with_their_sources_time_and_a_silent_feed_is_replaced() {
    let mut peer = peer().await;
    let feed = PriceFeed::Rtds(vec![RtdsSubscription::prices(Topic::CryptoPrices, "btcusdt")]);
    let session = PriceSession::new(link(), feed, Duration::from_millis(40));
    let mut stream = Stream::open(session, peer.config("rtds")).unwrap();
    let mut socket = peer.accept().await;
    assert_eq!(
        text(&mut socket).await,
        r#"{"action":"subscribe","subscriptions":[{"topic":"crypto_prices","type":"update","filters":"btcusdt"}]}"#
    );
    say(&mut socket, r#"{"topic":"crypto_prices","type":"update","timestamp":1763600000257,"payload":{"symbol":"btcusdt","timestamp":1763600000213,"value":67234.5}}"#).await;
    let tick = until(&mut stream, |item| match item {
        StreamItem::Price(tick) => Some(tick),
        _ => None,
    })
    .await;
    assert_eq!((tick.symbol.as_str(), tick.price.to_string().as_str()), ("btcusdt", "67234.5"));
    assert_eq!(tick.source_time.unwrap().millis(), 1_763_600_000_213);
    let reason = until(&mut stream, |item| match item {
        StreamItem::Notice(Notice::Disconnected { reason, .. }) => Some(reason),
        _ => None,
    })
    .await;
    assert!(reason.starts_with("no price came"), "{reason}");
    peer.accept().await;
}

#[tokio::test]
async fn a_consumer_that_reads_late_gets_no_false_book() {
    let mut peer = peer().await;
    let config = MarketConfig { link: link(), ..MarketConfig::new(1) };
    let mut stream_config = peer.config("market");
    (stream_config.market_queue, stream_config.account_reserve) = (4, 1);
    let mut stream = Stream::open(MarketSession::new(config, vec![listing()]), stream_config).unwrap();
    let mut socket = peer.accept().await;
    command(&mut socket).await;
    say(&mut socket, BOOK).await;
    for size in 1..30 {
        say(&mut socket, &CHANGE.replace(r#""size":"3""#, &format!(r#""size":"{size}""#))).await;
    }
    // The stub hears of the lost book without the consumer reading, once there is room: so let it read from here on.
    let (done, answered) = oneshot::channel();
    tokio::spawn(async move {
        while command(&mut socket).await.operation.is_none() {}
        command(&mut socket).await;
        say(&mut socket, BOOK).await;
        done.send(socket).unwrap();
    });
    let mut books = BookSet::new(SequencePolicy::Continuous);
    // Reading waits until everything was said, as the venue's stream is long behind by then.
    until_stats(&stream).await;
    let mut lost = false;
    loop {
        match until(&mut stream, input).await {
            Input::Book(book) => {
                let step = books.apply(&book);
                if lost && step.effect == brier_book::Effect::Rebuilt {
                    break;
                }
            }
            Input::BookLost(loss) => {
                books.lose(&loss);
                lost = true;
            }
            _ => {}
        }
    }
    let view = books.book_of("0xdd").unwrap().view().unwrap();
    assert_eq!(view.best_bid().unwrap().price.to_string(), "0.4000");
    drop(answered.await.unwrap());
}

/// Waits until the session saw every frame.
async fn until_stats(stream: &Stream<MarketSession>) {
    loop {
        let stats = stream.stats().await.unwrap();
        if stats.frames.get("price_change") == Some(&29) {
            assert!(stats.overflowed > 0);
            return;
        }
        tokio::task::yield_now().await;
    }
}
