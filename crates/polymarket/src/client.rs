//! The REST client: signs, sends, waits, tries again where that is safe, and tells what happened.
//!
//! Invariants: every attempt is signed anew with a fresh timestamp, over the same body; every wait has a bound; no redirect
//! is followed; a write never leaves for an environment that takes none. What is called is in [`crate::rest`]; what may be
//! repeated is decided by [`crate::retry`].
//!
//! Source: reference, sections 3, 9 and 14, 2026-11-20.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use brier_connect::backoff::{Backoff, Jitter};
use brier_connect::clock::{Clock, ClockOffset, parse_http_date};
use brier_connect::http::{self, HttpOptions, chain};
use brier_polymarket_protocol::auth::{ApiCreds, l1_headers, l2_headers};
use brier_polymarket_protocol::contracts::Chain;
use brier_polymarket_protocol::errors::{CallKind, ClobError};
use brier_polymarket_protocol::tiers::Tier;
use brier_types::{FailureKind, Timestamp};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::env::{Env, Hosts};
use crate::error::{PolymarketError, excerpt};
use crate::keys::Wallet;
use crate::limits::{Limiter, Spend, Told};
use crate::request::{Auth, Call};
use crate::rest::HEARTBEATS;
use crate::retry::{Ending, Verdict, decide};

/// Bounds of a client. All have to be finite: there is no way to wait for ever.
#[derive(Clone, Debug)]
pub struct Config {
    /// The chain whose contracts the orders are for.
    pub chain: Chain,
    /// How long a connection may take to open, TLS included.
    pub connect_timeout: Duration,
    /// How long one attempt of a read may take, from connecting to the last byte.
    pub read_timeout: Duration,
    /// How long one attempt of a write may take; after that its effect is in doubt.
    pub write_timeout: Duration,
    /// How long a call may wait for its turn in the rate limit.
    pub rate_limit_patience: Duration,
    /// How often a call is tried in all, where trying again is safe.
    pub max_attempts: u32,
    /// Waits between attempts.
    pub backoff: Backoff,
    /// Where the jitter of the waits starts. Give each process its own.
    pub seed: u64,
    /// The largest answer accepted, in bytes.
    pub max_body: usize,
    /// Whether orders may be taken back also where no order may be placed from here, by hand or by heartbeats that end: for
    /// the kill switch and the engine.
    pub cancels_in_production: bool,
}

impl Config {
    /// Bounds that suit trading on Polygon, with the jitter's seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            chain: Chain::Polygon,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(5),
            rate_limit_patience: Duration::from_secs(30),
            max_attempts: 4,
            backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(8) },
            seed,
            max_body: 64 * 1024 * 1024,
            cancels_in_production: false,
        }
    }

    /// Whether a write may leave for `env`; `takes_back` says that it can only make orders fewer.
    const fn may_leave(&self, env: &Env, takes_back: bool) -> bool {
        env.writes_allowed() || takes_back && self.cancels_in_production
    }
}

struct Inner {
    http: reqwest::Client,
    env: Env,
    hosts: Hosts,
    wallet: Option<Wallet>,
    credentials: RwLock<Option<Arc<ApiCreds>>>,
    clock: Arc<Clock>,
    limiter: Limiter,
    config: Config,
    jitter: Mutex<Jitter>,
}

/// A client of one environment, with or without a wallet. Cheap to clone; clones share connections, API credentials and the
/// rate limit.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client")
            .field("env", &self.inner.env)
            .field("wallet", &self.inner.wallet)
            .finish_non_exhaustive()
    }
}

/// A successful answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether an attempt before this one may have acted.
    pub(crate) repeated_in_doubt: bool,
}

/// An attempt that did not succeed, in the words of the decision and in those of people.
struct Failed {
    ending: Ending,
    /// The answer, or what happened instead.
    what: Result<Box<ClobError>, String>,
}

impl Client {
    /// A client for `env`. Without a wallet only public reads work.
    ///
    /// # Errors
    /// [`PolymarketError::Transport`] when the system has no root certificates (not needed for plain http).
    pub fn new(env: Env, wallet: Option<Wallet>, config: Config) -> Result<Self, PolymarketError> {
        let hosts = env.hosts();
        let http = http::client(HttpOptions {
            connect_timeout: config.connect_timeout,
            timeout: config.read_timeout.max(config.write_timeout),
            tls: [&hosts.clob, &hosts.gamma, &hosts.data].iter().any(|url| url.scheme() == "https"),
            near: matches!(env, Env::Custom(_)),
        })?;
        let jitter = Mutex::new(Jitter::new(config.seed));
        let (clock, limiter, credentials) = (Arc::new(Clock::default()), Limiter::new(), RwLock::default());
        let inner = Inner { http, env, hosts, wallet, credentials, clock, limiter, config, jitter };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where it trades.
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// The chain whose contracts its orders are for.
    pub fn chain(&self) -> Chain {
        self.inner.config.chain
    }

    /// Its wallet, if it has one.
    pub fn wallet(&self) -> Option<&Wallet> {
        self.inner.wallet.as_ref()
    }

    /// Its API credentials, once they were created, derived or set.
    pub fn credentials(&self) -> Option<Arc<ApiCreds>> {
        self.inner.credentials.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses these API credentials from now on, for all clones.
    pub fn set_credentials(&self, creds: ApiCreds) {
        *self.inner.credentials.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(creds));
    }

    /// What the venue's answers say about our clock.
    pub fn clock_offset(&self) -> ClockOffset {
        self.inner.clock.offset()
    }

    /// The clock it measures, to be shared with the streams of the same environment.
    pub fn clock(&self) -> Arc<Clock> {
        Arc::clone(&self.inner.clock)
    }

    /// The tier that the venue's answers name.
    pub fn tier(&self) -> Tier {
        self.inner.limiter.with(|limits, _now| limits.tier())
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.inner.limiter
    }

    /// Makes a call and reads its answer as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, PolymarketError> {
        let reply = self.run(call).await?;
        parse(call, &reply)
    }

    /// Makes a call until it succeeds, may not be made again, or has been tried often enough.
    pub(crate) async fn run(&self, call: &Call) -> Result<Reply, PolymarketError> {
        let inner = &*self.inner;
        self.admit(call)?;
        let target = (call.service, &call.method, call.path.as_str());
        let (mut in_doubt, mut attempt) = (false, 0);
        loop {
            attempt += 1;
            let patience = inner.config.rate_limit_patience;
            if let Err(error) = inner.limiter.acquire(call.name, target, call.spend, patience).await {
                return Err(if in_doubt { doubtful(call, &error, attempt) } else { error });
            }
            let failed = match self.attempt(call).await? {
                Ok(reply) => return Ok(Reply { repeated_in_doubt: in_doubt, ..reply }),
                Err(failed) => failed,
            };
            let retry_after = failed.what.as_ref().ok().and_then(|answer| answer.retry_after);
            if matches!(failed.ending, Ending::Status { status: 429, .. }) {
                inner.limiter.with(|limits, now| limits.refused(now, target, call.spend, retry_after));
            }
            let left = inner.config.max_attempts.saturating_sub(attempt);
            match decide(call.kind, failed.ending, in_doubt, left) {
                Verdict::Stop(kind) => return Err(failed.into_error(call.name, kind, attempt)),
                Verdict::Again => {
                    in_doubt |= failed.ending.failure(call.kind) == FailureKind::InDoubt;
                    let wait = self.next_wait(attempt);
                    tracing::debug!(operation = call.name, attempt, ?wait, ending = ?failed.ending, "trying again");
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// A wait of the configured backoff after `attempt` failures.
    pub(crate) fn next_wait(&self, attempt: u32) -> Duration {
        let mut jitter = self.inner.jitter.lock().unwrap_or_else(PoisonError::into_inner);
        self.inner.config.backoff.wait(attempt, &mut jitter)
    }

    /// Learns from `GET /time`: sent and received by our clock, and the venue's whole seconds.
    pub(crate) fn observe_time(&self, sent: Timestamp, venue: Timestamp) {
        self.inner.clock.observe(sent, Clock::local_now(), venue);
    }

    fn admit(&self, call: &Call) -> Result<(), PolymarketError> {
        let operation = call.name;
        // Credentials are no order: they may be made in production too, where they are needed to read.
        let takes_back = matches!(call.spend, Spend::Cancels(_)) || call.path == HEARTBEATS;
        let allowed = self.inner.config.may_leave(&self.inner.env, takes_back);
        if call.auth == Auth::Credentials && call.kind != CallKind::Read && !allowed {
            return Err(PolymarketError::WritesForbidden { operation, env: self.inner.env.to_string() });
        }
        if call.auth != Auth::None && self.inner.wallet.is_none() {
            return Err(PolymarketError::NoWallet { operation });
        }
        if call.auth == Auth::Credentials && self.credentials().is_none() {
            return Err(PolymarketError::NoCredentials { operation });
        }
        Ok(())
    }

    /// Signs and sends once.
    async fn attempt(&self, call: &Call) -> Result<Result<Reply, Failed>, PolymarketError> {
        let inner = &*self.inner;
        let url = call.url(inner.hosts.service(call.service));
        let headers = self.sign(call)?;
        let timeout = match call.kind {
            CallKind::Read => inner.config.read_timeout,
            CallKind::Post | CallKind::Idempotent => inner.config.write_timeout,
        };
        let mut request = inner.http.request(call.method.clone(), url).headers(headers).timeout(timeout);
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.clone());
        }
        let sent = Clock::local_now();
        let silent = |error: &reqwest::Error| Failed {
            ending: if error.is_connect() { Ending::NotSent } else { Ending::Silent },
            what: Err(chain(error)),
        };
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Err(silent(&error))),
        };
        let retry_after = self.observe(response.headers(), sent, call.spend);
        let status = response.status();
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= inner.config.max_body => body.extend_from_slice(&chunk),
                Ok(Some(_)) => {
                    let problem = format!("an answer of more than {} bytes", inner.config.max_body);
                    return Ok(Err(Failed { ending: Ending::Unreadable, what: Err(problem) }));
                }
                Err(error) if status.is_success() => return Ok(Err(silent(&error))),
                // A refusal stays a refusal though its text was cut.
                Ok(None) | Err(_) => break,
            }
        }
        let status = status.as_u16();
        tracing::debug!(operation = call.name, status, bytes = body.len(), "answer");
        if (200..300).contains(&status) {
            return Ok(Ok(Reply { status, body, repeated_in_doubt: false }));
        }
        let mut answer = ClobError::new(call.label(), call.kind, status, &String::from_utf8_lossy(&body));
        answer.retry_after = retry_after.or(answer.retry_after);
        let ending = Ending::Status { status, kind: answer.error_kind() };
        Ok(Err(Failed { ending, what: Ok(Box::new(answer)) }))
    }

    /// Learns time and rate limits from the headers of an answer; returns its `Retry-After`.
    fn observe(&self, headers: &HeaderMap, sent: Timestamp, spend: Spend) -> Option<Duration> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(date) = text(DATE.as_str()).and_then(parse_http_date) {
            self.observe_time(sent, date);
        }
        let retry_after = text(RETRY_AFTER.as_str()).and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let told = Told {
            remaining: text("poly-ratelimit-remaining").and_then(|text| text.parse().ok()),
            tier: text("poly-ratelimit-tier").and_then(Tier::parse),
            retry_after,
        };
        self.inner.limiter.with(|limits, now| limits.told(now, spend, told));
        retry_after
    }

    /// The headers for a request made now.
    fn sign(&self, call: &Call) -> Result<HeaderMap, PolymarketError> {
        let operation = call.name;
        let mut headers = HeaderMap::with_capacity(6);
        if call.auth == Auth::None {
            return Ok(headers);
        }
        let wallet = self.inner.wallet.as_ref().ok_or(PolymarketError::NoWallet { operation })?;
        let now = u64::try_from(self.inner.clock.venue_now().secs()).unwrap_or_default();
        match call.auth {
            Auth::None => {}
            Auth::Wallet { nonce } => {
                let signed = l1_headers(wallet.key(), self.inner.config.chain, now, nonce);
                insert(&mut headers, &signed.pairs(), operation)?;
            }
            Auth::Credentials => {
                let creds = self.credentials().ok_or(PolymarketError::NoCredentials { operation })?;
                let body = call.body.as_deref().unwrap_or_default();
                let signed = l2_headers(&creds, wallet.address(), now, call.method.as_str(), &call.path, body);
                insert(&mut headers, &signed.pairs(), operation)?;
            }
        }
        Ok(headers)
    }
}

fn insert(headers: &mut HeaderMap, pairs: &[(&str, &str)], operation: &'static str) -> Result<(), PolymarketError> {
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a constant name is a header name");
        let mut value = HeaderValue::from_str(value).map_err(|_no_header| PolymarketError::Request {
            operation,
            problem: format!("expected a value of visible ASCII for the header {name}, found something else"),
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

impl Failed {
    fn into_error(self, operation: &'static str, kind: FailureKind, attempts: u32) -> PolymarketError {
        match self.what {
            Ok(answer) => PolymarketError::Venue { operation, answer, kind },
            Err(problem) => PolymarketError::Transport { operation, problem, attempts, kind },
        }
    }
}

/// Reads a success as `T`; a write that cannot be read took effect all the same.
pub(crate) fn parse<T: DeserializeOwned>(call: &Call, reply: &Reply) -> Result<T, PolymarketError> {
    serde_json::from_slice(&reply.body).map_err(|error| {
        unreadable(call, reply, std::any::type_name::<T>().rsplit("::").next().unwrap_or("a value"), error.to_string())
    })
}

/// A success that says something else than it should.
pub(crate) fn unreadable(call: &Call, reply: &Reply, expected: &'static str, problem: String) -> PolymarketError {
    let kind = match decide(call.kind, Ending::Unreadable, reply.repeated_in_doubt, 0) {
        Verdict::Stop(kind) => kind,
        Verdict::Again => FailureKind::Fatal,
    };
    let body = excerpt(&reply.body);
    PolymarketError::Unreadable { operation: call.name, status: reply.status, expected, problem, body, kind }
}

fn doubtful(call: &Call, error: &PolymarketError, attempts: u32) -> PolymarketError {
    PolymarketError::Transport {
        operation: call.name,
        problem: format!("an earlier attempt went unanswered, and then: {error}"),
        attempts,
        kind: FailureKind::InDoubt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_kill_switch_takes_orders_back_where_none_are_placed() {
        let (plain, switch) = (Config::new(1), Config { cancels_in_production: true, ..Config::new(1) });
        assert!(!plain.may_leave(&Env::Production, true) && !switch.may_leave(&Env::Production, false));
        assert!(switch.may_leave(&Env::Production, true));
        assert!(plain.may_leave(&Env::local("http://127.0.0.1:1").unwrap(), false));
    }
}
