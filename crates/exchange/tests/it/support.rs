//! An exchange in-process, traders with keys, raw signed requests, and a WebSocket client of its own.

use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use brier_exchange::{ClockConfig, RunningServer, Server, ServerConfig};
use brier_kalshi::keys::{Credentials, KeyKind};
use brier_kalshi_protocol::auth;
use brier_types::{Money, Timestamp};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// Nothing waits this long unless it is broken.
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) const START: &str = "2026-11-20T12:00:00Z";

pub(crate) struct World {
    pub server: RunningServer,
    pub http: reqwest::Client,
}

pub(crate) fn config(dir: Option<&Path>) -> ServerConfig {
    ServerConfig {
        data_dir: dir.map(Path::to_owned),
        admin: true,
        clock: ClockConfig::Simulated { start: Some(START.parse().unwrap()) },
        ..ServerConfig::default()
    }
}

pub(crate) fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap()
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(config(None)).await
    }

    pub(crate) async fn with(config: ServerConfig) -> Self {
        Self { server: Server::start(config).await.unwrap(), http: client() }
    }

    /// A market that trades, in an event and series of their own.
    pub(crate) async fn market(&self, ticker: &str) {
        let event = ticker.rsplit_once('-').unwrap().0;
        let market = json!({"ticker": ticker, "event_ticker": event, "close_time": "2026-12-20T12:00:00Z"});
        self.server.admin().create_market(market).await.unwrap();
    }

    /// A trader with $1,000 and buckets that no test can empty.
    pub(crate) async fn trader(&self) -> Trader {
        let admin = self.server.admin();
        let account = admin.create_account("trader", KeyKind::Ed25519, None).await.unwrap();
        admin.fund(&account.user_id, Money::from_cents(100_000).unwrap()).await.unwrap();
        let plenty = brier_kalshi_protocol::rest::BucketLimit { refill_rate: 1_000_000, bucket_capacity: 1_000_000 };
        let change = brier_exchange::LimitsChange { tier: None, read: Some(plenty), write: Some(plenty) };
        admin.set_limits(&account.user_id, change).await.unwrap();
        let keys = Credentials::from_pem(&account.key_id, &account.private_pem.unwrap()).unwrap();
        self.trader_with(account.user_id, keys)
    }

    pub(crate) fn trader_with(&self, user_id: String, keys: Credentials) -> Trader {
        let rest = self.server.rest_url();
        Trader { user_id, keys, http: self.http.clone(), rest, ws: self.server.ws_url() }
    }

    pub(crate) async fn public(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.server.rest_url());
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}

pub(crate) struct Trader {
    pub user_id: String,
    pub keys: Credentials,
    http: reqwest::Client,
    rest: String,
    ws: String,
}

impl Trader {
    /// A trader of an exchange in another process.
    pub(crate) const fn remote(user_id: String, keys: Credentials, http: reqwest::Client, rest: String) -> Self {
        Self { user_id, keys, http, rest, ws: String::new() }
    }
}

/// One answer, nothing interpreted.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_else(|| panic!("no nested code: {self:?}")).to_owned()
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer { status: response.status().as_u16(), text: response.text().await.unwrap() }
}

pub(crate) fn wall_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

pub(crate) fn now_text() -> String {
    wall_ms().to_string()
}

impl Trader {
    pub(crate) fn headers(&self, method: &str, target: &str, timestamp: &str) -> [(&'static str, String); 3] {
        let message = auth::signing_string_as_sent(timestamp, method, target);
        [
            (auth::KEY_HEADER, self.keys.key_id().to_owned()),
            (auth::TIMESTAMP_HEADER, timestamp.to_owned()),
            (auth::SIGNATURE_HEADER, self.keys.sign_base64(message.as_bytes()).unwrap()),
        ]
    }

    /// A request of any content, signed.
    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&Value>) -> reqwest::RequestBuilder {
        let target = format!("/trade-api/v2{path}");
        let method_word = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method_word, format!("{}{path}", self.rest));
        for (name, value) in self.headers(method, &target, &now_text()) {
            request = request.header(name, value);
        }
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        send(self.request(method, path, body.as_ref())).await
    }

    /// Places an order; `more` overrides the plain good-till-canceled one.
    pub(crate) async fn order(&self, ticker: &str, side: &str, count: &str, price: &str, more: Value) -> Answer {
        let mut body = json!({"ticker": ticker, "side": side, "count": count, "price": price,
            "time_in_force": "good_till_canceled", "self_trade_prevention_type": "taker_at_cross"});
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        self.ask("POST", "/portfolio/events/orders", Some(body)).await
    }

    /// Places an order that must be taken, and returns its id.
    pub(crate) async fn place(&self, ticker: &str, side: &str, count: &str, price: &str) -> String {
        let answer = self.order(ticker, side, count, price, json!({})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["order_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn stream(&self) -> Stream {
        let path = "/trade-api/ws/v2";
        self.stream_at(self.ws.strip_suffix(path).unwrap(), path).await
    }

    pub(crate) async fn stream_at(&self, host: &str, path: &str) -> Stream {
        let mut request = format!("{host}{path}").into_client_request().unwrap();
        for (name, value) in self.headers("GET", path, &now_text()) {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Stream { socket, id: 0 }
    }
}

/// A WebSocket as a client sees it.
pub(crate) struct Stream {
    socket: tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>,
    id: u64,
}

impl Stream {
    pub(crate) async fn send(&mut self, cmd: &str, params: Value) -> u64 {
        self.id += 1;
        let command = json!({"id": self.id, "cmd": cmd, "params": params});
        self.socket.send(Message::text(command.to_string())).await.unwrap();
        self.id
    }

    /// The next text frame; `None` when the socket was closed.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(DEADLINE, self.socket.next()).await.expect("a frame within the deadline") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads on to the first frame of a type.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("closed before `{kind}`"));
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    pub(crate) async fn subscribe(&mut self, params: Value) -> u64 {
        self.send("subscribe", params).await;
        self.until("subscribed").await["msg"]["sid"].as_u64().unwrap()
    }
}

pub(crate) fn step(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A small generator: the same seed gives the same flow on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) const fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}
