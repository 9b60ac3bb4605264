//! The fast way for orders: requests written by hand, lines that are open.
//!
//! [`OrderPath`] puts them together for one client: the same environment, wallet, credentials, clock and rate limit. It sends
//! once and repeats nothing; what became of a request is an [`Answer`], and what that means [`read_answer`] says by the table
//! of [`crate::retry`]. What the path cannot send at once (no free line, no turn in the rate limit) it refuses before a byte
//! leaves, so that the caller may take the way through [`Client`] or wait.
//!
//! Invariants: as of the client: no write leaves for an environment that takes none; a write without a clear answer is in
//! doubt; every wait has a bound.
//!
//! Source: reference, sections 3, 7 and 14, 2026-11-20.

#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use brier_connect::bucket::Shortage;
use brier_connect::clock::Clock;
pub use brier_connect::line::{Answer, InFlight, KeepWarm, LineConfig, LineState, Lines, NotSent, Response};
use brier_connect::line::{authority, write_request};
use brier_polymarket_protocol::errors::{CallKind, ClobError};
use brier_polymarket_protocol::ids::OrderHash;
use brier_polymarket_protocol::tiers::Tier;
use brier_types::FailureKind;
use reqwest::Method;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

pub use self::writer::RequestWriter;
use crate::client::Client;
use crate::env::{Env, Service};
use crate::error::{PolymarketError, excerpt};
use crate::limits::{Spend, Told};
use crate::orders::Prepared;
use crate::retry::{Ending, Verdict, decide};

/// What an order path is made of.
#[derive(Clone, Debug)]
pub struct PathConfig {
    /// How many requests can be in flight at once.
    pub lines: usize,
    /// How long a line may be idle before it is kept warm with `GET /time`.
    pub keep_warm_after: Duration,
    /// Where the jitter of the waits between connections starts.
    pub seed: u64,
}

impl PathConfig {
    /// Four lines that are never idle for more than 10 s.
    pub const fn new(seed: u64) -> Self {
        Self { lines: 4, keep_warm_after: Duration::from_secs(10), seed }
    }
}

/// Lines for the orders of an environment, kept warm. To be called within a tokio runtime.
///
/// # Errors
/// [`PolymarketError::WritesForbidden`] where [`Env::writes_allowed`] says so, [`PolymarketError::Transport`] when the system
/// has no root certificates.
pub fn open_lines(env: &Env, clock: Arc<Clock>, config: &PathConfig) -> Result<Lines, PolymarketError> {
    if !env.writes_allowed() {
        return Err(PolymarketError::WritesForbidden { operation: "order path", env: env.to_string() });
    }
    let origin = env.hosts().clob;
    let mut request = Vec::new();
    write_request(&mut request, "GET", "/time", &authority(&origin), [], None)?;
    let keep_warm = Some(KeepWarm { request, after: config.keep_warm_after });
    Ok(Lines::open(LineConfig { lines: config.lines, keep_warm, ..LineConfig::new(origin, clock, config.seed) })?)
}

/// Why a request was not sent: no byte of it left.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// The rate limit has no turn for it now; none was taken.
    #[error("order path: expected a turn in the rate limit, found none for {wait:?}")]
    RateLimited {
        /// When there will be.
        wait: Duration,
    },
    /// No line takes it.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// It cannot be written.
    #[error(transparent)]
    Request(#[from] PolymarketError),
}

/// One of the calls of the path, for the rate limit and for what its answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathCall {
    /// `POST /order`.
    Post,
    /// `DELETE /order`.
    Cancel,
    /// `DELETE /orders`, of so many.
    CancelMany(u32),
}

impl PathCall {
    /// Whether a copy of it is harmless.
    pub const fn kind(self) -> CallKind {
        match self {
            Self::Post => CallKind::Post,
            Self::Cancel | Self::CancelMany(_) => CallKind::Idempotent,
        }
    }

    const fn parts(self) -> (Method, &'static str, Spend) {
        match self {
            Self::Post => (Method::POST, "/order", Spend::Orders(1)),
            Self::Cancel => (Method::DELETE, "/order", Spend::Cancels(1)),
            Self::CancelMany(count) => (Method::DELETE, "/orders", Spend::Cancels(count)),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Post => "post order",
            Self::Cancel => "cancel order",
            Self::CancelMany(_) => "cancel orders",
        }
    }
}

/// The fast way for one client's orders. Owned by the thread that sends.
pub struct OrderPath {
    client: Client,
    clock: Arc<Clock>,
    writer: RequestWriter,
    lines: Lines,
}

impl fmt::Debug for OrderPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OrderPath").field("client", &self.client).field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl OrderPath {
    /// Opens the path of a client with wallet and API credentials. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`PolymarketError::NoWallet`], [`PolymarketError::NoCredentials`], and those of [`open_lines`].
    pub fn open(client: &Client, config: &PathConfig) -> Result<Self, PolymarketError> {
        const NAME: &str = "order path";
        let wallet = client.wallet().ok_or(PolymarketError::NoWallet { operation: NAME })?;
        let creds = client.credentials().ok_or(PolymarketError::NoCredentials { operation: NAME })?;
        let writer = RequestWriter::new(client.env(), wallet.address(), creds)?;
        let lines = open_lines(client.env(), client.clock(), config)?;
        Ok(Self { client: client.clone(), clock: client.clock(), writer, lines })
    }

    /// Its lines, to wait for them.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Takes a turn, without waiting.
    fn pay(&self, call: PathCall) -> Result<(), PathError> {
        let (method, path, spend) = call.parts();
        match self.client.limiter().with(|limits, now| limits.take(now, (Service::Clob, &method, path), spend)) {
            Ok(()) => Ok(()),
            Err(Shortage::Wait(wait)) => Err(PathError::RateLimited { wait }),
            Err(Shortage::TooLarge { capacity }) => {
                let problem = format!("expected at most {capacity} at once, found more");
                Err(PolymarketError::Request { operation: call.name(), problem }.into())
            }
        }
    }

    /// Posts an order. Repeatable with the same [`Prepared`]: its hash is its identity.
    ///
    /// # Errors
    /// [`PathError`]: no byte of it left.
    pub fn post(&mut self, order: &Prepared, deadline: Instant) -> Result<InFlight, PathError> {
        self.pay(PathCall::Post)?;
        let request = self.writer.post(&order.signed, order.terms, self.clock.venue_now());
        Ok(self.lines.send(request, deadline)?)
    }

    /// Takes an order back. Repeatable.
    ///
    /// # Errors
    /// [`PathError`]: no byte of it left.
    pub fn cancel(&mut self, hash: OrderHash, deadline: Instant) -> Result<InFlight, PathError> {
        self.pay(PathCall::Cancel)?;
        let request = self.writer.cancel(hash, self.clock.venue_now());
        Ok(self.lines.send(request, deadline)?)
    }

    /// Takes up to 1,000 orders back. Repeatable.
    ///
    /// # Errors
    /// [`PathError`]: no byte of it left.
    pub fn cancel_many(&mut self, hashes: &[OrderHash], deadline: Instant) -> Result<InFlight, PathError> {
        self.pay(PathCall::CancelMany(u32::try_from(hashes.len()).unwrap_or(u32::MAX)))?;
        let request = self.writer.cancel_many(hashes, self.clock.venue_now())?;
        Ok(self.lines.send(request, deadline)?)
    }

    /// Follows what an answer says about the rate limit. To be called with every answer of this path.
    pub fn learn(&self, call: PathCall, answer: &Answer) {
        let Answer::Answered(response) = answer else { return };
        let told = Told {
            remaining: response.header("poly-ratelimit-remaining").and_then(|text| text.parse().ok()),
            tier: response.header("poly-ratelimit-tier").and_then(Tier::parse),
            retry_after: response.header("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs),
        };
        let (method, path, spend) = call.parts();
        self.client.limiter().with(|limits, now| {
            limits.told(now, spend, told);
            if response.status == 429 {
                limits.refused(now, (Service::Clob, &method, path), spend, told.retry_after);
            }
        });
    }
}

fn refusal(call: PathCall, response: &Response) -> ClobError {
    let (method, path, _) = call.parts();
    let text = String::from_utf8_lossy(&response.body);
    ClobError::new(format!("{method} {path}"), call.kind(), response.status, &text)
}

/// How an attempt ended, in the words of [`decide`]; `None` for a success, whose body is still to be read.
pub fn ending(call: PathCall, answer: &Answer) -> Option<Ending> {
    match answer {
        Answer::NotSent(_) => Some(Ending::NotSent),
        Answer::Silent(_) => Some(Ending::Silent),
        Answer::Answered(response) if (200..300).contains(&response.status) => None,
        Answer::Answered(response) => {
            let kind = refusal(call, response).error_kind();
            Some(Ending::Status { status: response.status, kind })
        }
    }
}

/// Reads the answer to a single attempt: its success, or what its failure means. A success may still refuse what it was asked
/// for (`success: false`, `not_canceled`): that is in the reply.
///
/// # Errors
/// As the client's own calls, with the verdict of [`decide`] when no attempt is left.
pub fn read_answer<T: DeserializeOwned>(call: PathCall, answer: Answer) -> Result<T, PolymarketError> {
    let operation = call.name();
    let kind = |ending| match decide(call.kind(), ending, false, 0) {
        Verdict::Stop(kind) => kind,
        Verdict::Again => FailureKind::Retry,
    };
    let ending = ending(call, &answer);
    match (answer, ending) {
        (Answer::Answered(response), None) => serde_json::from_slice(&response.body).map_err(|error| {
            let expected = std::any::type_name::<T>().rsplit("::").next().unwrap_or("an answer");
            let (status, problem, body) = (response.status, error.to_string(), excerpt(&response.body));
            PolymarketError::Unreadable { operation, status, expected, problem, body, kind: kind(Ending::Unreadable) }
        }),
        (Answer::Answered(response), Some(ending)) => {
            let answer = Box::new(refusal(call, &response));
            Err(PolymarketError::Venue { operation, answer, kind: kind(ending) })
        }
        (Answer::NotSent(problem), _) => {
            Err(PolymarketError::Transport { operation, problem, attempts: 1, kind: kind(Ending::NotSent) })
        }
        (Answer::Silent(problem), _) => {
            Err(PolymarketError::Transport { operation, problem, attempts: 1, kind: kind(Ending::Silent) })
        }
    }
}
