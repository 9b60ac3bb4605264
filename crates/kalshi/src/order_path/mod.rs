//! The fast way for orders: headers signed ahead, requests written by hand, lines that are open.
//!
//! [`OrderPath`] puts them together for one client: the same environment, key, clock and rate limit. It sends once and repeats
//! nothing; what became of a request is an [`Answer`], and what that means [`read_answer`] says by the table of
//! [`crate::retry`]. What the path cannot send at once (no free line, no tokens) it refuses before a byte leaves, so that the
//! caller may take the way through [`Client`] or wait.
//!
//! Invariants: as of the client: no write leaves for an environment that takes none; a write without a clear answer is in
//! doubt; every wait has a bound.
//!
//! Source: reference sections 3, 5 and 8, 2026-11-20.

mod ring;
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
use brier_kalshi_protocol::errors::ApiError;
use brier_kalshi_protocol::rest::Operation;
use brier_types::{AmendOrder, FailureKind, MarketTicker, NewOrder, VenueOrderId};
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use self::ring::{HeaderRing, MOST_SKEW, RingConfig, RingError, SharedRing, SignedHeaders};
pub use self::writer::{Decrease, RequestWriter, Signing, create_body};
use crate::bucket::Scope;
use crate::client::Client;
use crate::env::Env;
use crate::error::{KalshiError, excerpt};
use crate::keys::Credentials;
use crate::retry::{Ending, Repeat, Verdict, decide};

/// What an order path is made of.
#[derive(Clone, Debug)]
pub struct PathConfig {
    /// The ring of headers for new orders.
    pub ring: RingConfig,
    /// How many requests can be in flight at once.
    pub lines: usize,
    /// How long a line may be idle before it is kept warm with `GET /exchange/status`, which needs no key and no tokens of
    /// the account.
    pub keep_warm_after: Duration,
    /// Where the jitter of the waits between connections starts.
    pub seed: u64,
}

impl PathConfig {
    /// Four lines that are never idle for more than 10 s, and the ring's own bounds.
    pub fn new(seed: u64) -> Self {
        Self { ring: RingConfig::default(), lines: 4, keep_warm_after: Duration::from_secs(10), seed }
    }
}

/// Lines for the orders of an environment, kept warm. To be called within a tokio runtime.
///
/// # Errors
/// [`KalshiError::WritesForbidden`] where [`Env::writes_allowed`] says so, [`KalshiError::Transport`] when the system has no
/// root certificates.
pub fn open_lines(env: &Env, clock: Arc<Clock>, config: &PathConfig) -> Result<Lines, KalshiError> {
    if !env.writes_allowed() {
        return Err(KalshiError::WritesForbidden { operation: "order path", env: env.to_string() });
    }
    let origin = env.rest_origin();
    let mut request = Vec::new();
    write_request(
        &mut request,
        Operation::GetExchangeStatus.method().as_str(),
        &Operation::GetExchangeStatus.path(&[]),
        &authority(&origin),
        [],
        None,
    )?;
    let keep_warm = Some(KeepWarm { request, after: config.keep_warm_after });
    Ok(Lines::open(LineConfig { lines: config.lines, keep_warm, ..LineConfig::new(origin, clock, config.seed) })?)
}

/// Why a request was not sent: no byte of it left.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// The rate limit has no tokens for it now; none were taken.
    #[error("order path: expected tokens for the request, found none for {wait:?}")]
    RateLimited {
        /// When there will be.
        wait: Duration,
    },
    /// No line takes it.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// It cannot be written or signed.
    #[error(transparent)]
    Request(#[from] KalshiError),
}

/// Tokens of each operation.
#[derive(Clone, Copy, Debug)]
struct Costs {
    create: u32,
    amend: u32,
    decrease: u32,
    cancel: u32,
}

/// The fast way for one client's orders. Owned by the thread that sends.
pub struct OrderPath {
    client: Client,
    credentials: Credentials,
    clock: Arc<Clock>,
    writer: RequestWriter,
    ring: SharedRing,
    lines: Lines,
    costs: Costs,
    filler: JoinHandle<()>,
}

impl fmt::Debug for OrderPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OrderPath").field("client", &self.client).field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Drop for OrderPath {
    fn drop(&mut self) {
        self.filler.abort();
    }
}

impl OrderPath {
    /// Opens the path of a client with a key. To be called within a tokio runtime, whose tasks keep ring and lines.
    ///
    /// # Errors
    /// [`KalshiError::NoKey`], and those of [`open_lines`]; [`KalshiError::Request`] for a ring that cannot be.
    pub fn open(client: &Client, config: &PathConfig) -> Result<Self, KalshiError> {
        const NAME: &str = "order path";
        let writer = RequestWriter::new(client.env())?;
        let credentials = client.credentials().ok_or(KalshiError::NoKey { operation: NAME })?.clone();
        let ring = HeaderRing::new(credentials.clone(), Operation::CreateOrder, config.ring)
            .map_err(|error| KalshiError::Request { operation: NAME, problem: error.to_string() })?;
        let (ring, clock) = (SharedRing::new(ring), client.clock());
        let lines = open_lines(client.env(), client.clock(), config)?;
        let filler = ring.keep_full(client.clock());
        let tokens = |operation: Operation, parts: &[&str]| client.tokens_of(operation, parts);
        let costs = Costs {
            create: tokens(Operation::CreateOrder, &[]),
            amend: tokens(Operation::AmendOrder, &["id"]),
            decrease: tokens(Operation::DecreaseOrder, &["id"]),
            cancel: tokens(Operation::CancelOrder, &["id"]),
        };
        Ok(Self { client: client.clone(), credentials, clock, writer, ring, lines, costs, filler })
    }

    /// Its lines, to wait for them.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Its ring.
    pub fn ring(&self) -> &SharedRing {
        &self.ring
    }

    /// Takes the tokens of a single write, without waiting.
    fn pay(&self, exchange_index: Option<i32>, cost: u32) -> Result<(), PathError> {
        let scope = scope(exchange_index);
        match self.client.limiter().with(|buckets, now| buckets.take(now, scope, cost)) {
            Ok(()) => Ok(()),
            Err(Shortage::Wait(wait)) => Err(PathError::RateLimited { wait }),
            Err(Shortage::TooLarge { capacity }) => {
                Err(KalshiError::TooLarge { operation: "order path", cost, capacity }.into())
            }
        }
    }

    /// Places an order with a header of the ring, or one that is signed now. Repeatable: [`Repeat::Safe`].
    ///
    /// # Errors
    /// [`PathError`]: no byte of it left.
    pub fn create(
        &mut self,
        order: &NewOrder,
        exchange_index: Option<i32>,
        deadline: Instant,
    ) -> Result<InFlight, PathError> {
        self.pay(exchange_index, self.costs.create)?;
        let now = self.clock.venue_now();
        let ahead = self.ring.take(now);
        let signing = ahead.as_ref().map_or(Signing::Now(&self.credentials, now), Signing::Ahead);
        let request = self.writer.create(order, exchange_index, signing)?;
        Ok(self.lines.send(request, deadline)?)
    }

    /// Changes an order. Not repeatable: [`Repeat::Once`].
    ///
    /// # Errors
    /// [`PathError`]: no byte of it left.
    pub fn amend(
        &mut self,
        amend: &AmendOrder,
        exchange_index: Option<i32>,
        deadline: Instant,
    ) -> Result<InFlight, PathError> {
        self.pay(exchange_index, self.costs.amend)?;
        let request = self.writer.amend(amend, exchange_index, &self.credentials, self.clock.venue_now())?;
        Ok(self.lines.send(request, deadline)?)
    }

    /// Shrinks an order. Repeatable with [`Decrease::To`] only.
    ///
    /// # Errors
    /// [`PathError`]: no byte of it left.
    pub fn decrease(
        &mut self,
        market: &MarketTicker,
        order: &VenueOrderId,
        decrease: Decrease,
        exchange_index: Option<i32>,
        deadline: Instant,
    ) -> Result<InFlight, PathError> {
        self.pay(exchange_index, self.costs.decrease)?;
        let now = self.clock.venue_now();
        let request = self.writer.decrease(market, order, decrease, exchange_index, &self.credentials, now)?;
        Ok(self.lines.send(request, deadline)?)
    }

    /// Takes an order back. Repeatable: [`Repeat::Safe`].
    ///
    /// # Errors
    /// [`PathError`]: no byte of it left.
    pub fn cancel(
        &mut self,
        market: &MarketTicker,
        order: &VenueOrderId,
        exchange_index: Option<i32>,
        deadline: Instant,
    ) -> Result<InFlight, PathError> {
        self.pay(exchange_index, self.costs.cancel)?;
        let now = self.clock.venue_now();
        let request = self.writer.cancel(market, order, exchange_index, &self.credentials, now)?;
        Ok(self.lines.send(request, deadline)?)
    }

    /// Follows what an answer says about the rate limit: after 429 the bucket counts as empty. To be called with every answer of
    /// this path.
    pub fn learn(&self, exchange_index: Option<i32>, answer: &Answer) {
        if matches!(answer, Answer::Answered(response) if response.status == 429) {
            self.client.limiter().with(|buckets, now| buckets.drain(now, scope(exchange_index)));
        }
    }
}

/// Whose bucket pays for a single write.
fn scope(exchange_index: Option<i32>) -> Scope {
    let shard = exchange_index.and_then(|index| u32::try_from(index).ok());
    shard.map_or(Scope::WriteRouted, Scope::Write)
}

/// How an attempt ended, in the words of [`decide`]; `None` for a success, whose body is still to be read.
///
/// `clock_corrected` is for the caller to set, who knows whether the clock moved by this answer.
pub fn ending(answer: &Answer) -> Option<Ending> {
    match answer {
        Answer::NotSent(_) => Some(Ending::NotSent),
        Answer::Silent(_) => Some(Ending::Silent),
        Answer::Answered(response) if (200..300).contains(&response.status) => None,
        Answer::Answered(response) => Some(Ending::Status { status: response.status, clock_corrected: false }),
    }
}

/// Reads the answer to a single attempt: the success of `operation`, or what its failure means for a write of this kind.
///
/// # Errors
/// As the client's own calls, with the verdict of [`decide`] when no attempt is left.
pub fn read_answer<T: DeserializeOwned>(
    name: &'static str,
    operation: Operation,
    repeat: Repeat,
    answer: Answer,
) -> Result<T, KalshiError> {
    let kind = |ending| match decide(repeat, ending, false, 0) {
        Verdict::Stop(kind) => kind,
        Verdict::Again => FailureKind::Retry,
    };
    let ending = ending(&answer);
    match (answer, ending) {
        (Answer::Answered(response), None) => serde_json::from_slice(&response.body).map_err(|error| {
            let expected = std::any::type_name::<T>().rsplit("::").next().unwrap_or("an answer");
            let (status, problem, body) = (response.status, error.to_string(), excerpt(&response.body));
            KalshiError::Unreadable { operation: name, status, expected, problem, body, kind: kind(Ending::Unreadable) }
        }),
        (Answer::Answered(response), Some(ending)) => {
            let text = String::from_utf8_lossy(&response.body);
            let path = format!("{}{}", brier_kalshi_protocol::rest::BASE_PATH, operation.template());
            let answer = Box::new(ApiError::new(operation.method(), path, response.status, &text));
            Err(KalshiError::Venue { operation: name, answer, kind: kind(ending) })
        }
        (Answer::NotSent(problem), _) => {
            Err(KalshiError::Transport { operation: name, problem, attempts: 1, kind: kind(Ending::NotSent) })
        }
        (Answer::Silent(problem), _) => {
            Err(KalshiError::Transport { operation: name, problem, attempts: 1, kind: kind(Ending::Silent) })
        }
    }
}
