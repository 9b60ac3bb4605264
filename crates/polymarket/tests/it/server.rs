//! A server on loopback that answers from a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response};
use brier_polymarket::backoff::Backoff;
use brier_polymarket::keys::Wallet;
use brier_polymarket::{Client, Config, Env};
use brier_polymarket_protocol::auth::ApiCreds;
use brier_polymarket_protocol::ids::SignatureType;

/// The well-known public development key.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// The API key of the client that a server makes.
pub(crate) const OWNER: &str = "019a9c1e-0000-7000-8000-000000000001";

/// How the server treats the next request.
#[derive(Debug)]
pub(crate) enum Reaction {
    /// Answers with a status and a body.
    Answer(u16, String),
    /// As `Answer`, with a header.
    With(u16, String, &'static str, &'static str),
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
        Self { url, shared }
    }

    /// Its environment.
    pub(crate) fn env(&self) -> Env {
        Env::local(&self.url).unwrap()
    }

    /// A client with a wallet and credentials, with waits short enough for tests.
    pub(crate) fn client(&self) -> Client {
        let client = self.client_without_credentials();
        client.set_credentials(credentials());
        client
    }

    /// A client with a wallet only.
    pub(crate) fn client_without_credentials(&self) -> Client {
        Client::new(self.env(), Some(wallet()), config()).unwrap()
    }

    /// What it was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }
}

pub(crate) fn wallet() -> Wallet {
    Wallet::from_hex(KEY, SignatureType::Eoa, None).unwrap()
}

pub(crate) fn credentials() -> ApiCreds {
    ApiCreds::new(OWNER, "c2VjcmV0", "open").unwrap()
}

/// Bounds short enough for tests.
pub(crate) fn config() -> Config {
    let mut config = Config::new(1);
    config.read_timeout = Duration::from_secs(2);
    config.write_timeout = Duration::from_millis(300);
    config.max_attempts = 3;
    config.backoff = Backoff { base: Duration::from_millis(2), cap: Duration::from_millis(8) };
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
        Some(Reaction::With(status, body, name, value)) => {
            response.status(status).header(name, value).body(Body::from(body)).unwrap()
        }
        Some(Reaction::Silence) => std::future::pending().await,
        None => response.status(418).body(Body::from(r#"{"error":"the script ended"}"#)).unwrap(),
    }
}
