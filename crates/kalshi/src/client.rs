//! The REST client: signs, sends, waits, tries again where that is safe, and tells what happened.
//!
//! Invariants: every attempt is signed anew with a fresh timestamp; every wait has a bound; no redirect is followed; a
//! write never leaves for an environment that takes none. What is called is in [`crate::rest`]; what may be repeated is
//! decided by [`crate::retry`].
//!
//! A signature costs 8 µs with Ed25519 and 300 µs with RSA of 2048 bits (measured on the machine this was written on), so
//! it is made where the request is made: handing it to another thread would cost about as much as Ed25519 itself.
//!
//! Source: reference sections 3 to 5, docs.kalshi.com api_keys and rate_limits, 2026-11-20.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use brier_connect::backoff::{Backoff, Jitter};
use brier_connect::clock::{Clock, ClockOffset, parse_http_date};
use brier_connect::http::{self, HttpOptions, chain};
use brier_kalshi_protocol::costs::{Bucket, CostTable};
use brier_kalshi_protocol::errors::{ApiError, Code};
use brier_kalshi_protocol::rest::{GetAccountEndpointCostsResponse, Method as WireMethod, Operation};
use brier_types::{FailureKind, Timestamp};
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

use crate::bucket::Scope;
use crate::env::Env;
use crate::error::{KalshiError, excerpt};
use crate::keys::Credentials;
use crate::limiter::{Lane, Limiter};
use crate::request::Call;
use crate::retry::{Ending, Repeat, Verdict, decide};

/// Bounds of a client. All have to be finite: there is no way to wait for ever.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long a connection may take to open, TLS included.
    pub connect_timeout: Duration,
    /// How long one attempt of a read may take, from connecting to the last byte.
    pub read_timeout: Duration,
    /// How long one attempt of a write may take; after that its effect is in doubt.
    pub write_timeout: Duration,
    /// How long a call may wait for its tokens.
    pub rate_limit_patience: Duration,
    /// How often a call is tried in all, where trying again is safe.
    pub max_attempts: u32,
    /// Waits between attempts.
    pub backoff: Backoff,
    /// Where the jitter of the waits starts. Give each process its own.
    pub seed: u64,
    /// The largest answer accepted, in bytes.
    pub max_body: usize,
    /// Whether orders may be taken back also where no order may be placed from here: for the kill switch.
    pub cancels_in_production: bool,
}

impl Config {
    /// Bounds that suit trading, with the jitter's seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(5),
            rate_limit_patience: Duration::from_secs(30),
            max_attempts: 4,
            backoff: Backoff { base: Duration::from_millis(200), cap: Duration::from_secs(5) },
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
    origin: Url,
    credentials: Option<Credentials>,
    clock: Arc<Clock>,
    limiter: Limiter,
    costs: Mutex<CostTable>,
    config: Config,
    jitter: Mutex<Jitter>,
}

/// A client of one environment, with or without a key. Cheap to clone; clones share connections and the rate limit.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client")
            .field("env", &self.inner.env)
            .field("credentials", &self.inner.credentials)
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
    what: Result<Box<ApiError>, String>,
}

impl Client {
    /// A client for `env`. Without credentials only public reads work.
    ///
    /// # Errors
    /// [`KalshiError::Transport`] when the system has no root certificates (not needed for a local `http` environment).
    pub fn new(env: Env, credentials: Option<Credentials>, config: Config) -> Result<Self, KalshiError> {
        let origin = env.rest_origin();
        let http = http::client(HttpOptions {
            connect_timeout: config.connect_timeout,
            timeout: config.read_timeout.max(config.write_timeout),
            tls: origin.scheme() == "https",
            near: matches!(env, Env::Local(_)),
        })?;
        let jitter = Mutex::new(Jitter::new(config.seed));
        let (clock, limiter, costs) = (Arc::new(Clock::default()), Limiter::new(), Mutex::new(CostTable::reference()));
        let inner = Inner { http, env, origin, credentials, clock, limiter, costs, config, jitter };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where it trades.
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// Its key, if it has one.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.inner.credentials.as_ref()
    }

    /// What its answers say about our clock.
    pub fn clock_offset(&self) -> ClockOffset {
        self.inner.clock.offset()
    }

    /// The clock it measures, to be shared with the stream of the same environment.
    pub fn clock(&self) -> Arc<Clock> {
        Arc::clone(&self.inner.clock)
    }

    /// Whole tokens it believes to have now, for reads and for writes.
    pub fn tokens(&self) -> (u32, u32) {
        self.inner.limiter.with(crate::bucket::Buckets::available)
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.inner.limiter
    }

    /// Makes a call and reads its answer as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, KalshiError> {
        let reply = self.run(call).await?;
        parse(call, &reply)
    }

    /// Makes a call until it succeeds, may not be made again, or has been tried often enough.
    pub(crate) async fn run(&self, call: &Call) -> Result<Reply, KalshiError> {
        let inner = &*self.inner;
        self.admit(call)?;
        let lane = match call.operation.method() {
            WireMethod::Get => Lane::Read,
            WireMethod::Delete => Lane::Cancel,
            WireMethod::Post | WireMethod::Put => Lane::Write,
        };
        let (scope, cost) = self.cost(call);
        let (mut in_doubt, mut clock_mended, mut attempt) = (false, false, 0);
        loop {
            attempt += 1;
            let patience = inner.config.rate_limit_patience;
            let turn = inner.limiter.acquire(call.name, lane, scope, cost, patience).await;
            if let Err(error) = turn {
                return Err(if in_doubt { doubtful(call, &error, attempt) } else { error });
            }
            let mut failed = match self.attempt(call).await? {
                Ok(reply) => return Ok(Reply { repeated_in_doubt: in_doubt, ..reply }),
                Err(failed) => failed,
            };
            if let Ending::Status { clock_corrected, .. } = &mut failed.ending {
                // Once is enough: if a corrected clock is still refused, it is not the clock.
                *clock_corrected &= !clock_mended;
                clock_mended |= *clock_corrected;
            }
            if matches!(failed.ending, Ending::Status { status: 429, .. }) {
                inner.limiter.with(|buckets, now| buckets.drain(now, scope));
            }
            let left = inner.config.max_attempts.saturating_sub(attempt);
            match decide(call.repeat, failed.ending, in_doubt, left) {
                Verdict::Stop(kind) => return Err(failed.into_error(call.name, kind, attempt)),
                Verdict::Again => {
                    in_doubt |= call.repeat != Repeat::Read && failed.ending.may_have_acted();
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

    /// Follows what the venue says its operations cost.
    pub(crate) fn adopt_costs(&self, costs: GetAccountEndpointCostsResponse) {
        *self.inner.costs.lock().unwrap_or_else(PoisonError::into_inner) = CostTable::from_response(costs);
    }

    /// Which bucket pays for a call, and how much.
    fn cost(&self, call: &Call) -> (Scope, u32) {
        let costs = self.inner.costs.lock().unwrap_or_else(PoisonError::into_inner);
        let cost = costs.cost(call.operation.method(), &call.path, call.items);
        let scope = match cost.bucket {
            Bucket::Read => Scope::Read,
            Bucket::Write => call.shard.map_or(Scope::WriteRouted, Scope::Write),
        };
        (scope, cost.tokens)
    }

    /// Tokens of a single write.
    pub(crate) fn tokens_of(&self, operation: Operation, parts: &[&str]) -> u32 {
        let costs = self.inner.costs.lock().unwrap_or_else(PoisonError::into_inner);
        costs.cost(operation.method(), &operation.path(parts), 1).tokens
    }

    fn admit(&self, call: &Call) -> Result<(), KalshiError> {
        let operation = call.name;
        if !call.operation.is_public() && self.inner.credentials.is_none() {
            return Err(KalshiError::NoKey { operation });
        }
        let takes_back = matches!(call.operation, Operation::CancelOrder | Operation::CancelAllOrders);
        let allowed = self.inner.config.may_leave(&self.inner.env, takes_back);
        if call.repeat != Repeat::Read && !allowed {
            return Err(KalshiError::WritesForbidden { operation, env: self.inner.env.to_string() });
        }
        Ok(())
    }

    /// Signs and sends once.
    async fn attempt(&self, call: &Call) -> Result<Result<Reply, Failed>, KalshiError> {
        let inner = &*self.inner;
        let url = call.url(&inner.origin);
        let headers = self.sign(call.operation.method(), url.path())?;
        let timeout = if call.repeat == Repeat::Read { inner.config.read_timeout } else { inner.config.write_timeout };
        let mut request = inner.http.request(call.method(), url).headers(headers).timeout(timeout);
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.clone());
        }
        let offset_before = inner.clock.offset().nanos();
        let sent = Clock::local_now();
        let silent = |error: &reqwest::Error| Failed {
            ending: if error.is_connect() { Ending::NotSent } else { Ending::Silent },
            what: Err(chain(error)),
        };
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Err(silent(&error))),
        };
        self.observe_date(response.headers(), sent);
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
        tracing::debug!(operation = call.name, status = status.as_u16(), bytes = body.len(), "answer");
        let status = status.as_u16();
        if (200..300).contains(&status) {
            return Ok(Ok(Reply { status, body, repeated_in_doubt: false }));
        }
        let text = String::from_utf8_lossy(&body);
        let answer = ApiError::new(call.operation.method(), call.path.clone(), status, &text);
        let moved = inner.clock.offset().nanos().abs_diff(offset_before);
        let clock_corrected = answer.code() == Some(Code::HeaderTimestampExpired) && moved > 500_000_000;
        Ok(Err(Failed { ending: Ending::Status { status, clock_corrected }, what: Ok(Box::new(answer)) }))
    }

    fn observe_date(&self, headers: &HeaderMap, sent: Timestamp) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(parse_http_date);
        if let Some(date) = date {
            self.inner.clock.observe(sent, Clock::local_now(), date);
        }
    }

    /// The three headers for a request made now; none without a key.
    fn sign(&self, method: WireMethod, path: &str) -> Result<HeaderMap, KalshiError> {
        let mut headers = HeaderMap::with_capacity(4);
        if let Some(credentials) = &self.inner.credentials {
            let signed = credentials.sign_request(self.inner.clock.venue_now(), method, path)?;
            for (name, value) in signed {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a constant name is a header name");
                let mut value = HeaderValue::from_str(&value).map_err(|_| crate::keys::KeyError::KeyId)?;
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        Ok(headers)
    }
}

impl Failed {
    fn into_error(self, operation: &'static str, kind: FailureKind, attempts: u32) -> KalshiError {
        match self.what {
            Ok(answer) => KalshiError::Venue { operation, answer, kind },
            Err(problem) => KalshiError::Transport { operation, problem, attempts, kind },
        }
    }
}

/// Reads a success as `T`; a write that cannot be read took effect all the same.
pub(crate) fn parse<T: DeserializeOwned>(call: &Call, reply: &Reply) -> Result<T, KalshiError> {
    serde_json::from_slice(&reply.body).map_err(|error| KalshiError::Unreadable {
        operation: call.name,
        status: reply.status,
        expected: short_name::<T>(),
        problem: error.to_string(),
        body: excerpt(&reply.body),
        kind: match decide(call.repeat, Ending::Unreadable, reply.repeated_in_doubt, 0) {
            Verdict::Stop(kind) => kind,
            Verdict::Again => FailureKind::Fatal,
        },
    })
}

fn doubtful(call: &Call, error: &KalshiError, attempts: u32) -> KalshiError {
    KalshiError::Transport {
        operation: call.name,
        problem: format!("an earlier attempt went unanswered, and then: {error}"),
        attempts,
        kind: FailureKind::InDoubt,
    }
}

fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_kill_switch_takes_orders_back_where_none_are_placed() {
        let (plain, switch) = (Config::new(1), Config { cancels_in_production: true, ..Config::new(1) });
        assert!(!plain.may_leave(&Env::Prod, true) && !switch.may_leave(&Env::Prod, false));
        assert!(switch.may_leave(&Env::Prod, true));
        assert!(plain.may_leave(&Env::local("http://127.0.0.1:1").unwrap(), false));
    }
}
