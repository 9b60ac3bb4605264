//! A server on loopback that answers from a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response};
use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey, PublicKey};
use brier_kalshi::{Client, Config, Env};

/// How the server treats the next request.
#[derive(Debug)]
pub(crate) enum Reaction {
    /// Answers with a status and a body.
    Answer(u16, String),
    /// As `Answer`, with a `Date` of its own.
    Dated(u16, String, &'static str),
    /// Accepts the request and never answers.
    Silence,
}

/// Shorthand for an answer.
pub(crate) fn answer(status: u16, body: &str) -> Reaction {
    Reaction::Answer(status, body.to_owned())
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Clone, Default)]
struct Shared {
    script: Arc<Mutex<VecDeque<Reaction>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// The running server.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) public_key: PublicKey,
    pem: String,
    shared: Shared,
}

impl Server {
    /// Starts a server that follows `script`, and fails every request after its end with 418.
    pub(crate) async fn start(script: impl IntoIterator<Item = Reaction>) -> Self {
        let shared = Shared::default();
        shared.script.lock().unwrap().extend(script);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(react).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
        Self { url, public_key: key.public_key(), pem: key.to_pkcs8_pem().unwrap().to_string(), shared }
    }

    /// A client of it with a key, with waits short enough for tests.
    pub(crate) fn client(&self) -> Client {
        self.client_with(Some(Credentials::from_pem("key-1", &self.pem).unwrap()))
    }

    /// A client with these credentials.
    pub(crate) fn client_with(&self, credentials: Option<Credentials>) -> Client {
        Client::new(Env::local(&self.url).unwrap(), credentials, config()).unwrap()
    }

    /// A client with the server's key and other bounds.
    pub(crate) fn client_bounded(&self, config: Config) -> Client {
        let credentials = Credentials::from_pem("key-1", &self.pem).unwrap();
        Client::new(Env::local(&self.url).unwrap(), Some(credentials), config).unwrap()
    }

    /// What it was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }
}

/// Bounds short enough for tests.
pub(crate) fn config() -> Config {
    use std::time::Duration;
    let mut config = Config::new(1);
    config.read_timeout = Duration::from_secs(2);
    config.write_timeout = Duration::from_secs(2);
    config.backoff = brier_kalshi::backoff::Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(8) };
    config
}

async fn react(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    shared.seen.lock().unwrap().push(Seen {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let next = shared.script.lock().unwrap().pop_front();
    let response = Response::builder().header("content-type", "application/json");
    match next {
        Some(Reaction::Answer(status, body)) => response.status(status).body(Body::from(body)).unwrap(),
        Some(Reaction::Dated(status, body, date)) => {
            response.status(status).header("date", date).body(Body::from(body)).unwrap()
        }
        Some(Reaction::Silence) => std::future::pending().await,
        None => response.status(418).body(Body::from(r#"{"error":{"code":"script_ended"}}"#)).unwrap(),
    }
}

/// The bytes of a signature header.
pub(crate) fn base64_decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
