//! The shell around REST: one client for all vendors.
//!
//! It puts keys where requests want them, keeps to allowances and to `Retry-After`, offers the last answer back where the
//! vendor likes that, reads no more than a bound, and sorts refusals. It repeats a question only after trouble upstream or on
//! the way, with waits that double; a spent quota is told to the caller at once, who polls anyway.
//!
//! Invariants: every request has a time limit; no error and no print carries a key; a redirect is followed only without a
//! key, only to https (or from http to http), and three times at most.

mod options;
pub mod quota;
pub(crate) mod refusal;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use brier_connect::backoff::Jitter;
use brier_connect::http::{self, HttpOptions};
use brier_types::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};

pub use self::options::{ClientOptions, Now};
use self::quota::{Meter, QuotaSeen};
use crate::error::{FeedError, Problem, RetryAfter, excerpt};
use crate::fresh::FreshValue;
use crate::request::{KeyPlace, Request};
use crate::secret::Secret;
use crate::vendor::{Allowance, KeyNeed, Vendor};

/// How many answers are kept to be offered back.
const MAX_REMEMBERED: usize = 64;
/// Largest body that is kept for that, in bytes.
const MAX_REMEMBERED_BODY: usize = 2 << 20;
/// Longest time that a vendor is left alone at its word: a slip of its clock must not silence a feed for good.
const MAX_BLOCK: Duration = Duration::from_hours(24);
/// How often a redirect is followed.
const MAX_REDIRECTS: usize = 3;
/// How long a vendor that refuses without saying for how long is left alone.
const DEFAULT_BLOCK: Duration = Duration::from_secs(5);

/// What a vendor answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The body; of an answer "not modified" the one that was kept.
    pub body: Vec<u8>,
    /// When the answer was complete; earlier where a cache on the way had kept it.
    pub received_at: Timestamp,
    /// What `Last-Modified` says.
    pub last_modified: Option<Timestamp>,
    /// Whether the vendor said that nothing changed.
    pub not_modified: bool,
    /// What the vendor's headers say about the quota.
    pub quota: QuotaSeen,
}

/// A parsed answer with what is known about it.
#[derive(Clone, Debug)]
pub struct Fetched<T> {
    /// What it says.
    pub value: T,
    /// The answer's frame; its body is empty here.
    pub answer: Answer,
}

impl<T> Fetched<T> {
    /// The value with its age limit, its age taken from `observed`; without one it is unclocked.
    pub fn fresh(self, observed: impl FnOnce(&T) -> Option<Timestamp>, max_age: Duration) -> FreshValue<T> {
        let observed_at = observed(&self.value);
        FreshValue::new(self.value, observed_at, self.answer.received_at, max_age)
    }
}

struct Remembered {
    etag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
    body: Vec<u8>,
    used: u64,
}

#[derive(Default)]
struct State {
    meters: BTreeMap<Vendor, Meter>,
    remembered: BTreeMap<(Vendor, String), Remembered>,
    uses: u64,
}

/// The client. Cheap to clone; clones share allowances and memory.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    options: Arc<ClientOptions>,
    state: Arc<Mutex<State>>,
    jitter: Arc<Mutex<Jitter>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("options", &self.options).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// [`brier_connect::ConnectError`] when the system has no root certificates and an address is https.
    pub fn new(options: ClientOptions) -> Result<Self, brier_connect::ConnectError> {
        let bases: Vec<String> = Vendor::ALL.into_iter().map(|vendor| options.base(vendor)).collect();
        let http = http::client(HttpOptions {
            connect_timeout: options.timeout.min(Duration::from_secs(10)),
            timeout: options.timeout,
            tls: bases.iter().any(|base| base.starts_with("https:")),
            near: bases.iter().all(|base| base.starts_with("http:")),
        })?;
        let jitter = Arc::new(Mutex::new(Jitter::new(options.seed)));
        Ok(Self { http, options: Arc::new(options), state: Arc::default(), jitter })
    }

    /// How it behaves.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// The present, by this client's clock.
    pub fn now(&self) -> Timestamp {
        (self.options.now)()
    }

    /// What is known about a vendor's quota now.
    pub fn quota(&self, vendor: Vendor) -> (QuotaSeen, Option<(Allowance, u32)>) {
        let now = self.now();
        self.with_meter(vendor, |meter| (meter.seen(), meter.tightest(now)))
    }

    /// Asks, again after trouble, and parses.
    ///
    /// # Errors
    /// [`FeedError`]; after the last attempt the last one.
    pub async fn fetch<T>(
        &self,
        request: &Request,
        parse: impl Fn(&[u8]) -> Result<T, FeedError>,
    ) -> Result<Fetched<T>, FeedError> {
        let mut attempt = 1;
        let mut before: Option<FeedError> = None;
        loop {
            let error = match self.send(request).await {
                Ok(mut answer) => {
                    // The parser never saw the key, yet a vendor may repeat it in its words.
                    let value = parse(&answer.body).map_err(|error| self.scrubbed(request.vendor, error))?;
                    answer.body = Vec::new();
                    return Ok(Fetched { value, answer });
                }
                Err(error) => error,
            };
            // That another try is not allowed yet says less than why it was wanted.
            if let (true, Some(before)) = (is_our_own(&error), before) {
                return Err(before);
            }
            let Some(wait) = self.wait_after(&error, attempt) else { return Err(error) };
            before = Some(error);
            attempt += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// How long to wait before the next try; `None` when there is none.
    fn wait_after(&self, error: &FeedError, attempt: u32) -> Option<Duration> {
        if attempt >= self.options.attempts || !error.is_worth_another_try() {
            return None;
        }
        let wait = self.options.backoff.wait(attempt, &mut lock(&self.jitter));
        match error.retry_after(self.now()) {
            // A vendor that names a longer time than we would ever wait is for the next poll.
            Some(wanted) if wanted > self.options.backoff.cap => None,
            Some(wanted) => Some(wanted.max(wait)),
            None => Some(wait),
        }
    }

    /// Asks once.
    ///
    /// # Errors
    /// [`FeedError`]: refused here when a key is missing or the allowance is spent; else what the vendor or the way says.
    pub async fn send(&self, request: &Request) -> Result<Answer, FeedError> {
        let outcome = self.send_unscrubbed(request).await;
        let now = self.now();
        if let Err(error) = &outcome
            && matches!(error.problem, Problem::Quota { .. })
            && !is_our_own(error)
        {
            let wait = error.retry_after(now).unwrap_or(DEFAULT_BLOCK).min(MAX_BLOCK);
            self.with_meter(request.vendor, |meter| meter.block(now, wait));
        }
        outcome.map_err(|error| self.scrubbed(request.vendor, error))
    }

    async fn send_unscrubbed(&self, request: &Request) -> Result<Answer, FeedError> {
        let vendor = request.vendor;
        let place = request.place();
        let key = self.key(request)?;
        let mut url = self.url(request, key)?;
        let now = self.now();
        if let Err(wait) = self.with_meter(vendor, |meter| meter.take(now, request.cost)) {
            return Err(FeedError::quota(vendor, place, OUR_OWN, Some(RetryAfter::After(wait))));
        }
        let transport = |error: &reqwest::Error| {
            // The address may hold the key; the causes say enough.
            let causes = std::error::Error::source(error).map_or_else(|| kind_of(error).to_owned(), http::chain);
            FeedError::new(vendor, place, Problem::Transport { said: excerpt(&causes) })
        };
        let mut redirects = 0;
        let mut response = loop {
            let built = self.build(request, key, url.clone());
            let response = built.send().await.map_err(|error| transport(&error))?;
            let Some(target) = redirect_of(&response) else { break response };
            let next = url.join(&target).ok().filter(|next| next.scheme() == url.scheme() || next.scheme() == "https");
            match next {
                Some(next) if key.is_none() && redirects < MAX_REDIRECTS => {
                    url = next;
                    redirects += 1;
                }
                _ => {
                    let said = format!("redirected to {}", excerpt(&target));
                    return Err(FeedError::new(vendor, place, Problem::Refused { said }));
                }
            }
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let quota = quota_seen(&headers);
        self.with_meter(vendor, |meter| meter.observe(quota));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
            if body.len() + chunk.len() > request.max_body {
                return Err(FeedError::new(vendor, place, Problem::TooLarge { limit: request.max_body }));
            }
            body.extend_from_slice(&chunk);
        }
        // What a cache on the way has kept is as old as it says.
        let received_at = self.now().minus(kept_for(&headers));
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if status.as_u16() >= 400 {
            let retry_after = text("retry-after").and_then(RetryAfter::parse);
            return Err(refusal::of_status(vendor, place, status.as_u16(), retry_after, &body));
        }
        let not_modified = status == StatusCode::NOT_MODIFIED;
        if not_modified {
            body = self.recall(request).ok_or_else(|| {
                FeedError::unreadable(vendor, place, "a body, since none was offered back", "HTTP 304")
            })?;
        } else if request.conditional {
            self.remember(request, &headers, &body);
        }
        let last_modified = text("last-modified").and_then(brier_connect::clock::parse_http_date);
        Ok(Answer { body, received_at, last_modified, not_modified, quota })
    }

    fn with_meter<R>(&self, vendor: Vendor, with: impl FnOnce(&mut Meter) -> R) -> R {
        let mut state = lock(&self.state);
        let own = self.options.allowances.get(&vendor).map_or(vendor.allowances(), Vec::as_slice);
        with(state.meters.entry(vendor).or_insert_with(|| Meter::new(own)))
    }

    fn key(&self, request: &Request) -> Result<Option<&Secret>, FeedError> {
        let vendor = request.vendor;
        let Some(_) = request.key else { return Ok(None) };
        let key = self.options.keys.get(vendor);
        if key.is_none() && (request.key_required || vendor.key_need() == KeyNeed::Required) {
            let said = format!("no key for {vendor}: name a file or a variable that holds it in the configuration");
            return Err(FeedError::new(vendor, request.place(), Problem::Setup { said }));
        }
        Ok(key)
    }

    fn url(&self, request: &Request, key: Option<&Secret>) -> Result<Url, FeedError> {
        let target = request.target();
        let whole = match (target.starts_with('/'), self.options.bases.get(&request.vendor)) {
            (true, _) => self.options.base(request.vendor) + &target,
            (false, None) => target,
            // A feed's own address is replaced too: who is sent to an emulator must not reach the world by another door.
            (false, Some(base)) => {
                let path = target.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
                format!("{base}{}", path.unwrap_or("/"))
            }
        };
        let mut url = Url::parse(&whole).map_err(|error| {
            let said = format!("the address is none: {error}");
            FeedError::new(request.vendor, request.place(), Problem::Setup { said })
        })?;
        if let (Some(KeyPlace::Query(name)), Some(key)) = (request.key, key) {
            url.query_pairs_mut().append_pair(name, key.expose());
        }
        Ok(url)
    }

    fn build(&self, request: &Request, key: Option<&Secret>, url: Url) -> reqwest::RequestBuilder {
        let mut headers = HeaderMap::new();
        let mut put = |name: &str, value: &str, sensitive: bool| {
            // What cannot stand in a header is left out, and the vendor says what it misses.
            if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
                value.set_sensitive(sensitive);
                headers.insert(name, value);
            }
        };
        if let Some(agent) = user_agent(request.vendor, self.options.contact.as_deref()) {
            put("user-agent", &agent, false);
        }
        for (name, value) in &request.headers {
            put(name, value, false);
        }
        if let (Some(KeyPlace::Header(name, prefix)), Some(key)) = (request.key, key) {
            put(name, &format!("{prefix}{}", key.expose()), true);
        }
        if request.conditional {
            let state = lock(&self.state);
            if let Some(kept) = state.remembered.get(&(request.vendor, request.target())) {
                if let Some(etag) = &kept.etag {
                    headers.insert("if-none-match", etag.clone());
                }
                if let Some(modified) = &kept.modified {
                    headers.insert("if-modified-since", modified.clone());
                }
            }
        }
        let Some(body) = &request.body else { return self.http.get(url).headers(headers) };
        let mut body = body.clone();
        if let (Some(KeyPlace::Body(name)), Some(key), Some(fields)) = (request.key, key, body.as_object_mut()) {
            fields.insert(name.to_owned(), key.expose().into());
        }
        self.http.post(url).headers(headers).json(&body)
    }

    fn remember(&self, request: &Request, headers: &HeaderMap, body: &[u8]) {
        let (etag, modified) = (headers.get("etag").cloned(), headers.get("last-modified").cloned());
        let name = (request.vendor, request.target());
        let mut state = lock(&self.state);
        if etag.is_none() && modified.is_none() || body.len() > MAX_REMEMBERED_BODY {
            state.remembered.remove(&name);
            return;
        }
        state.uses += 1;
        let used = state.uses;
        if state.remembered.len() >= MAX_REMEMBERED && !state.remembered.contains_key(&name) {
            let oldest = state.remembered.iter().min_by_key(|(_, kept)| kept.used).map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                state.remembered.remove(&oldest);
            }
        }
        state.remembered.insert(name, Remembered { etag, modified, body: body.to_vec(), used });
    }

    fn recall(&self, request: &Request) -> Option<Vec<u8>> {
        let mut state = lock(&self.state);
        state.uses += 1;
        let used = state.uses;
        let kept = state.remembered.get_mut(&(request.vendor, request.target()))?;
        kept.used = used;
        Some(kept.body.clone())
    }

    /// The same error without the vendor's key in its words.
    fn scrubbed(&self, vendor: Vendor, mut error: FeedError) -> FeedError {
        let Some(key) = self.options.keys.get(vendor) else { return error };
        error.at = key.scrub(&error.at);
        match &mut error.problem {
            Problem::Auth { said }
            | Problem::Quota { said, .. }
            | Problem::Refused { said }
            | Problem::NoData { said }
            | Problem::Upstream { said, .. }
            | Problem::Transport { said }
            | Problem::Setup { said } => *said = key.scrub(said),
            Problem::Unreadable { expected, found } => {
                *expected = key.scrub(expected);
                *found = key.scrub(found);
            }
            Problem::TooLarge { .. } => {}
        }
        error
    }
}

/// The words of our own refusals, which block nothing further.
const OUR_OWN: &str = "our own count of its allowance is spent";

fn is_our_own(error: &FeedError) -> bool {
    matches!(&error.problem, Problem::Quota { said, .. } if said == OUR_OWN)
}

fn kind_of(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "the time limit passed"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection failed"
    }
}

/// What a vendor wants to be told about who asks; `None` where the client's own name will do.
fn user_agent(vendor: Vendor, contact: Option<&str>) -> Option<String> {
    const OWN: &str = concat!("brier/", env!("CARGO_PKG_VERSION"));
    match vendor {
        // Answer only to what looks like a browser.
        Vendor::Yahoo | Vendor::Cleveland => Some(format!("Mozilla/5.0 (compatible; {OWN})")),
        _ => contact.map(|contact| format!("{OWN} ({contact})")),
    }
}

fn redirect_of(response: &reqwest::Response) -> Option<String> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let target = response.headers().get("location").and_then(|value| value.to_str().ok());
    target.filter(|_| redirects).map(ToOwned::to_owned)
}

/// How long a cache on the way has kept an answer, by its own word; a day at most is believed.
///
/// Source: RFC 9111, section 5.1.
fn kept_for(headers: &HeaderMap) -> Duration {
    let age = headers.get("age").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(age.unwrap_or(0).min(86_400))
}

/// The figures of the headers that vendors use.
fn quota_seen(headers: &HeaderMap) -> QuotaSeen {
    let figure = |names: [&str; 3]| {
        let texts = names.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
        texts.filter_map(|text| text.trim().parse::<f64>().ok()).find(|value| *value >= 0.0).map(|value| value as u64)
    };
    QuotaSeen {
        used: figure(["x-requests-used", "api-credits-used", "x-mbx-used-weight-1m"]),
        left: figure(["x-requests-remaining", "api-credits-left", "x-ratelimit-remaining"]),
    }
}
