//! Every vendor, played on loopback: days recorded or generated from a seed, in each vendor's own forms, with its
//! errors on demand.
//!
//! What a vendor answers is a pure function of the seed, the moment and the call ([`answer`]); a small server puts it on the
//! wire, by path (`/nws/points/…`) or by the vendor's own host name, and cuts, delays or refuses as the [`Script`] says.
//! Faults are set by the [`Handle`], or from outside: `POST /admin/fault?vendor=nws&fault=stale`.
//!
//! It refuses what the vendors refuse: a call without a user agent, an unknown parameter, a missing key. It deliberately
//! checks no key's value.

mod day;
mod economy;
mod news;
mod prices;
pub mod recorded;
mod refusals;
mod server;
mod sports;
pub mod streams;
mod weather;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use brier_types::Timestamp;

pub use self::day::Day;
pub use self::server::serve;
use crate::client::Now;
use crate::request::{KeyPlace, Request};
use crate::vendor::{KeyNeed, Vendor};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The answer is well formed, and its data is three months old.
    Stale,
    /// The body ends in its middle, as if it were whole.
    Malformed,
    /// The quota is spent, with a time to wait in seconds.
    Quota,
    /// The quota is spent, with a time to wait as an HTTP date.
    QuotaUntil,
    /// The vendor's error, with HTTP 200.
    ErrorInside200,
    /// The connection ends in the middle of the body.
    Cut,
    /// The head comes and the body never does.
    Slow,
    /// HTTP 503.
    Down,
    /// A page for people, with HTTP 200.
    Page,
    /// The key is not accepted.
    BadKey,
}

impl Fault {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::None, "none"),
        (Self::Stale, "stale"),
        (Self::Malformed, "malformed"),
        (Self::Quota, "quota"),
        (Self::QuotaUntil, "quota-until"),
        (Self::ErrorInside200, "error-inside-200"),
        (Self::Cut, "cut"),
        (Self::Slow, "slow"),
        (Self::Down, "down"),
        (Self::Page, "page"),
        (Self::BadKey, "bad-key"),
    ];
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|(_, name)| *name == text).map(|(fault, _)| fault);
        let names = || Self::ALL.map(|(_, name)| name).join(", ");
        found.ok_or_else(|| format!("fault: expected one of {}, found `{text}`", names()))
    }
}

/// When a stream sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticks {
    /// So many at once after the subscription, and then none: for tests that wait for nothing.
    Burst(u32),
    /// One in so long.
    Every(Duration),
}

/// What is played.
#[derive(Clone)]
pub struct Script {
    /// What the generated days come from.
    pub seed: u64,
    /// The present of the played vendors.
    pub now: Now,
    /// When streams send.
    pub ticks: Ticks,
    /// What goes wrong, by vendor.
    pub faults: BTreeMap<Vendor, Fault>,
    /// Answers that are played instead of generated ones.
    pub recording: Arc<recorded::Recording>,
}

impl Script {
    /// Good days of a seed at the system's time, a tick a second.
    pub fn new(seed: u64) -> Self {
        let now = Arc::new(brier_connect::clock::Clock::local_now);
        Self {
            seed,
            now,
            ticks: Ticks::Every(Duration::from_secs(1)),
            faults: BTreeMap::new(),
            recording: Arc::default(),
        }
    }

    /// At one fixed moment, with all ticks at once.
    pub fn at(seed: u64, now: Timestamp) -> Self {
        Self { now: Arc::new(move || now), ticks: Ticks::Burst(3), ..Self::new(seed) }
    }

    /// What goes wrong with a vendor.
    pub fn fault(&self, vendor: Vendor) -> Fault {
        self.faults.get(&vendor).copied().unwrap_or_default()
    }

    /// What a vendor answers to a call: recorded, else generated, with what goes wrong.
    pub fn answer(&self, vendor: Vendor, call: &Call) -> Reply {
        let (day, fault) = (self.day(vendor), self.fault(vendor));
        let refuses = matches!(
            fault,
            Fault::Quota | Fault::QuotaUntil | Fault::ErrorInside200 | Fault::BadKey | Fault::Down | Fault::Page
        );
        match self.recording.at(vendor, &call.path, day.data) {
            Some(reply) if !refuses => broken(reply.clone(), fault),
            _ => answer(vendor, &day, fault, call),
        }
    }

    /// The day that a vendor's data is of.
    pub fn day(&self, vendor: Vendor) -> Day {
        let now = (self.now)();
        let age = if self.fault(vendor) == Fault::Stale { Duration::from_hours(90 * 24) } else { Duration::ZERO };
        Day { seed: self.seed, now, data: now.minus(age) }
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Script").field("seed", &self.seed).field("faults", &self.faults).finish_non_exhaustive()
    }
}

/// The running emulator, to change what goes wrong. Clones share it.
#[derive(Clone, Debug)]
pub struct Handle {
    script: Arc<Mutex<Script>>,
    calls: Arc<Mutex<BTreeMap<Vendor, u64>>>,
}

impl Handle {
    /// Of a script.
    pub fn new(script: Script) -> Self {
        Self { script: Arc::new(Mutex::new(script)), calls: Arc::default() }
    }

    /// Lets something go wrong with a vendor from now on, or makes it good again.
    pub fn set(&self, vendor: Vendor, fault: Fault) {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).faults.insert(vendor, fault);
    }

    /// How many calls of a vendor came, connections of its stream among them.
    pub fn calls(&self, vendor: Vendor) -> u64 {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).get(&vendor).copied().unwrap_or_default()
    }

    fn count(&self, vendor: Vendor) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(vendor).or_default() += 1;
    }

    /// What is played now.
    pub fn script(&self) -> Script {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One call as the emulator sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The path under the vendor, with its leading slash, as sent.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Call {
    /// The call that a request makes, with a key where it wants one: to ask the emulator without a socket.
    pub fn of(request: &Request) -> Self {
        let mut call = Self { path: request.place().to_owned(), ..Self::default() };
        call.query = request.query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        call.headers.insert("user-agent".to_owned(), "brier".to_owned());
        let mut body = request.body.clone();
        match request.key {
            Some(KeyPlace::Query(name)) => drop(call.query.insert(name.to_owned(), "key".to_owned())),
            Some(KeyPlace::Header(name, prefix)) => drop(call.headers.insert(name.to_owned(), format!("{prefix}key"))),
            Some(KeyPlace::Body(name)) => {
                if let Some(fields) = body.as_mut().and_then(serde_json::Value::as_object_mut) {
                    fields.insert(name.to_owned(), "key".into());
                }
            }
            None => {}
        }
        call.body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        call
    }

    fn param(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.param(name).parse().ok()
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers besides length and type.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    fn json(value: &serde_json::Value) -> Self {
        Self::text(200, value.to_string())
    }

    fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into().into_bytes() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// What a vendor answers to a call. Pure.
pub fn answer(vendor: Vendor, day: &Day, fault: Fault, call: &Call) -> Reply {
    match fault {
        Fault::Quota | Fault::QuotaUntil => return refusals::quota(vendor, day, fault == Fault::QuotaUntil),
        Fault::ErrorInside200 => return refusals::inside_200(vendor),
        Fault::BadKey => return refusals::bad_key(vendor),
        Fault::Down => return Reply::text(503, "upstream connect error"),
        Fault::Page => {
            return Reply::text(200, "<!DOCTYPE html><html><body><h1>We will be back soon</h1></body></html>");
        }
        Fault::None | Fault::Stale | Fault::Malformed | Fault::Cut | Fault::Slow => {}
    }
    if vendor.key_need() == KeyNeed::Required && !has_key(vendor, call) {
        return refusals::bad_key(vendor);
    }
    let reply = match vendor {
        Vendor::Nws
        | Vendor::Metar
        | Vendor::OpenMeteo
        | Vendor::OpenMeteoEnsemble
        | Vendor::OpenMeteoPrevious
        | Vendor::Tomorrow => weather::answer(vendor, day, call),
        Vendor::TwelveData
        | Vendor::Yahoo
        | Vendor::Coinbase
        | Vendor::Binance
        | Vendor::Chainlink
        | Vendor::Rtds
        | Vendor::Deribit => prices::answer(vendor, day, call),
        Vendor::OddsApi => sports::answer(day, call),
        Vendor::Fred | Vendor::Bls | Vendor::Bea | Vendor::Fed | Vendor::Cleveland | Vendor::TradingEconomics => {
            economy::answer(vendor, day, call)
        }
        Vendor::NewsApi | Vendor::Gdelt | Vendor::Syndication => news::answer(vendor, day, call),
    };
    broken(reply, fault)
}

fn broken(mut reply: Reply, fault: Fault) -> Reply {
    if fault == Fault::Malformed {
        reply.body.truncate(reply.body.len() / 2);
    }
    reply
}

/// Whether a key stands where the vendor wants it.
fn has_key(vendor: Vendor, call: &Call) -> bool {
    let header = |name: &str| call.headers.get(name).is_some_and(|value| !value.is_empty());
    match vendor {
        Vendor::Tomorrow => header("apikey"),
        Vendor::TwelveData => {
            call.headers.get("authorization").is_some_and(|value| value.len() > 7 && value.starts_with("apikey "))
        }
        Vendor::OddsApi => !call.param("apiKey").is_empty(),
        Vendor::Fred => !call.param("api_key").is_empty(),
        Vendor::Bea => !call.param("UserID").is_empty(),
        Vendor::TradingEconomics => !call.param("c").is_empty(),
        Vendor::NewsApi => header("x-api-key"),
        _ => true,
    }
}
