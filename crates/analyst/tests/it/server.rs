//! An endpoint on loopback that plays both dialects from a script and remembers what it was asked.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use brier_analyst::language::{ApiKey, Budget, Dialect, LanguageAnalyst, LanguageConfig, Ledger, TokenPrices, Waits};
use brier_types::Money;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::world::Still;

pub(crate) const KEY: &str = "sk-very-secret-0123456789";
/// What the server reports to have used.
pub(crate) const TOKENS: (u64, u64) = (1_000, 100);
/// What that costs at the prices of [`Server::config`]: 1,000 at $3 and 100 at $15 per million.
pub(crate) const COST: i64 = 4_500;

/// How the server treats the next request.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// Streams this text, and stops for this reason (in OpenAI's words).
    Say(String, &'static str),
    /// Streams this text in pieces of one byte and without a report of tokens.
    Crumbs(String),
    /// Refuses with a status, a body, and perhaps a `Retry-After`.
    Refuse(u16, String, Option<&'static str>),
    /// Streams the first half of this text and ends.
    HalfAnswer(String),
    /// Streams the first half of this text and breaks the connection.
    Broken(String),
    /// Streams the first half of this text and falls silent.
    Slow(String),
    /// Accepts the request and never answers.
    Silence,
    /// As [`Reaction::Silence`], but no deadline ends it.
    Hang,
    /// Answers 200 with this body as it is.
    Raw(String),
}

pub(crate) fn say(text: impl Into<String>) -> Reaction {
    Reaction::Say(text.into(), "stop")
}

/// A good answer with this chance.
pub(crate) fn good(prob: f64) -> String {
    json!({
        "probability": prob, "low": prob - 0.1, "high": prob + 0.1,
        "drivers": [{
            "claim": "warm air arrives", "sign": "up", "weight": 0.8,
            "quotes": [{"source": "D1", "text": "A warm front passes at noon."}],
        }],
        "changes": ["a stronger sea breeze"],
    })
    .to_string()
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Seen {
    /// The text of the turn with this index, the system text left out.
    pub(crate) fn turn(&self, index: usize) -> &str {
        let turns = self.body["messages"].as_array().unwrap();
        let spoken = turns.iter().filter(|turn| turn["role"] != "system").nth(index);
        spoken.map_or("", |turn| turn["content"].as_str().unwrap())
    }

    pub(crate) fn system(&self) -> &str {
        self.body["system"].as_str().or_else(|| self.body["messages"][0]["content"].as_str()).unwrap()
    }
}

#[derive(Clone)]
struct Shared {
    dialect: Dialect,
    script: Arc<Mutex<VecDeque<Reaction>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    silent: watch::Sender<bool>,
}

/// The running server.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) clock: Arc<Still>,
    pub(crate) ledger: Ledger,
    dialect: Dialect,
    shared: Shared,
}

impl Server {
    /// Starts a server that follows `script`, and refuses every request after its end with 418.
    pub(crate) async fn start(dialect: Dialect, script: impl IntoIterator<Item = Reaction>) -> Self {
        let (silent, heard) = watch::channel(false);
        let script = Arc::new(Mutex::new(script.into_iter().collect()));
        let shared = Shared { dialect, script, seen: Arc::default(), silent };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let app = Router::new().fallback(react).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let ledger = Ledger::new(Budget::new(Money::DOLLAR, Money::ZERO));
        Self { url, clock: Arc::new(Still::new(heard)), ledger, dialect, shared }
    }

    /// Three samples, two of which must pass; $3 and $15 per million tokens.
    pub(crate) fn config(&self) -> LanguageConfig {
        let prices = TokenPrices { input: 3_000_000, output: 15_000_000 };
        let mut config = LanguageConfig::new("language", self.dialect, &self.url, "model-1", prices, 7);
        (config.samples, config.min_samples) = (3, 2);
        config
    }

    pub(crate) fn analyst(&self) -> LanguageAnalyst {
        self.analyst_with(self.config())
    }

    pub(crate) fn analyst_with(&self, config: LanguageConfig) -> LanguageAnalyst {
        let key = ApiKey::new(Zeroizing::new(KEY.to_owned()));
        let clock: Arc<dyn Waits> = self.clock.clone();
        LanguageAnalyst::new(config, key, self.ledger.clone()).unwrap().on(clock)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Millionths of a dollar.
    pub(crate) fn spent(&self) -> i64 {
        self.ledger.budget().spent().micros()
    }

    /// The worst case of the request with this index, in millionths of a dollar.
    pub(crate) fn worst(&self, index: usize) -> i64 {
        let (seen, config) = (self.seen(), self.config());
        let body = &seen[index].body;
        // Bodies are written without a space, so their length is that of what was read.
        let turns = body["messages"].as_array().unwrap().len() + usize::from(self.dialect == Dialect::Anthropic);
        let usage = TokenPrices::worst(body.to_string().len(), turns, config.max_output_tokens);
        config.prices.cost(usage).micros()
    }
}

async fn react(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let body = serde_json::from_slice(&body).unwrap();
    let seen = Seen { path: parts.uri.path().to_owned(), headers: parts.headers, body };
    shared.seen.lock().unwrap().push(seen);
    let next = shared.script.lock().unwrap().pop_front();
    let ok = Response::builder().header("content-type", "text/event-stream");
    let begun = |text: &str| {
        let whole = events(shared.dialect, text, "stop", true);
        whole[..whole.len() / 2].to_vec()
    };
    match next {
        Some(Reaction::Say(text, stop)) => {
            ok.body(Body::from(events(shared.dialect, &text, stop, true).concat())).unwrap()
        }
        Some(Reaction::Crumbs(text)) => {
            let bytes = events(shared.dialect, &text, "stop", false).concat().into_bytes();
            let crumbs: Vec<io::Result<Vec<u8>>> = bytes.chunks(1).map(|byte| Ok(byte.to_vec())).collect();
            ok.body(Body::from_stream(stream::iter(crumbs))).unwrap()
        }
        Some(Reaction::Refuse(status, body, retry_after)) => {
            let mut refusal = Response::builder().status(status);
            if let Some(wish) = retry_after {
                refusal = refusal.header("retry-after", wish);
            }
            refusal.body(Body::from(body)).unwrap()
        }
        Some(Reaction::HalfAnswer(text)) => ok.body(Body::from(begun(&text).concat())).unwrap(),
        Some(Reaction::Broken(text)) => {
            let pieces = [Ok(begun(&text).concat()), Err(io::Error::other("broken"))];
            ok.body(Body::from_stream(stream::iter(pieces))).unwrap()
        }
        Some(Reaction::Slow(text)) => {
            let first = stream::iter([io::Result::Ok(begun(&text).concat())]);
            let silent = shared.silent.clone();
            let rest = stream::once(async move {
                silent.send_replace(true);
                std::future::pending().await
            });
            ok.body(Body::from_stream(first.chain(rest))).unwrap()
        }
        Some(Reaction::Silence) => {
            shared.silent.send_replace(true);
            std::future::pending().await
        }
        Some(Reaction::Hang) => std::future::pending().await,
        Some(Reaction::Raw(body)) => ok.body(Body::from(body)).unwrap(),
        None => Response::builder().status(418).body(Body::empty()).unwrap(),
    }
}

/// The events of one answer in pieces of a few characters.
fn events(dialect: Dialect, text: &str, stop: &str, report: bool) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = characters.chunks(7).map(|piece| piece.iter().collect()).collect();
    let (input, output) = TOKENS;
    let mut events = Vec::new();
    match dialect {
        Dialect::OpenAi | Dialect::OpenAiCompatible => {
            let mut push = |data: Value| events.push(format!("data: {data}\n\n"));
            for piece in pieces {
                push(json!({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": null}]}));
            }
            push(json!({"choices": [{"index": 0, "delta": {}, "finish_reason": stop}]}));
            if report {
                push(json!({"choices": [], "usage": {"prompt_tokens": input, "completion_tokens": output}}));
            }
            events.push("data: [DONE]\n\n".to_owned());
        }
        Dialect::Anthropic => {
            let mut push =
                |data: Value| events.push(format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap()));
            let stop = match stop {
                "stop" => "end_turn",
                "length" => "max_tokens",
                _ => "refusal",
            };
            let usage = if report { json!({"input_tokens": input, "output_tokens": 1}) } else { json!({}) };
            push(json!({"type": "message_start", "message": {"usage": usage}}));
            push(json!({"type": "ping"}));
            for piece in pieces {
                let delta = json!({"type": "text_delta", "text": piece});
                push(json!({"type": "content_block_delta", "index": 0, "delta": delta}));
            }
            let usage = if report { json!({"output_tokens": output}) } else { json!({}) };
            push(json!({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage}));
            push(json!({"type": "message_stop"}));
        }
    }
    events
}
