//! Administration: what only the exchange itself may do, in-process and, when asked for, over HTTP.
//!
//! Every change is a record of the journal like any order, so a restart finds it.

pub(crate) mod http;
pub(crate) mod members;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use brier_kalshi::keys::{KeyError, KeyKind, PrivateKey, PublicKey};
use brier_kalshi_protocol::costs::Tier;
use brier_kalshi_protocol::rest::{BucketLimit, Market};
use brier_matching::{AccountId, Ledger, MarketId, Reply};
use brier_types::{MarketResult, Money, Timestamp};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::chance;
use crate::clock::{Clock, Pace};
use crate::core::{Core, CoreHandle, Stopped};
use crate::ids;
use crate::limits::Limits;
use crate::polymarket::admin::PolymarketAdmin;
use crate::record::{KeyRecord, MarketChange, Record};
use crate::state::{CatalogError, Outcome, Refused, read_event, read_market, read_series};

/// Why the administration said no.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// No such thing.
    #[error("no such {what}: `{name}`")]
    NotFound {
        /// Market or user.
        what: &'static str,
        /// What it was called.
        name: String,
    },
    /// The request contradicts itself or the state; the text says how.
    #[error("{0}")]
    Invalid(String),
    /// What a description names is listed already, and stays as it is.
    #[error("{what} `{name}` is listed already; {next}")]
    Listed {
        /// Which of its names is taken, such as `market slug`.
        what: &'static str,
        /// The name.
        name: String,
        /// What to do about it.
        next: &'static str,
    },
    /// A description cannot be listed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A key cannot be used or made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The exchange has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl From<Refused> for AdminError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Core(refusal) => Self::Invalid(refusal.to_string()),
            Refused::Catalog(error) => Self::Catalog(error),
            Refused::TooLong { .. } => Self::Invalid(refused.to_string()),
        }
    }
}

fn invalid(text: impl Into<String>) -> AdminError {
    AdminError::Invalid(text.into())
}

/// What a key can be allowed that is served here.
///
/// Source: reference section 3.3.
const SCOPES: [&str; 4] = ["read", "read::portfolio_balance", "write", "write::trade"];

/// An account that was opened.
#[derive(Debug)]
pub struct NewAccount {
    /// The user, as orders name it.
    pub user_id: String,
    /// What its key is called in requests.
    pub key_id: String,
    /// The private half as PKCS#8 PEM, if the exchange made the pair. Nothing keeps it.
    pub private_pem: Option<Zeroizing<String>>,
}

/// Another allowance: a tier, or buckets, or a tier with buckets of its own.
#[derive(Clone, Debug, Default)]
pub struct LimitsChange {
    /// The tier, with its buckets.
    pub tier: Option<Tier>,
    /// The read bucket, whatever the tier says.
    pub read: Option<BucketLimit>,
    /// The write bucket, whatever the tier says.
    pub write: Option<BucketLimit>,
}

/// The administration of a running exchange. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin {
    core: CoreHandle,
    clock: Clock,
}

impl Admin {
    pub(crate) const fn new(core: CoreHandle, clock: Clock) -> Self {
        Self { core, clock }
    }

    /// The administration of the Polymarket face, there whether or not that face listens.
    pub fn polymarket(&self) -> PolymarketAdmin {
        PolymarketAdmin::new(self.core.clone())
    }

    /// Lists a series, or changes what is said of one, from the venue's own JSON; only `ticker` has no default.
    ///
    /// # Errors
    /// [`AdminError::Catalog`] says what is wrong with it.
    pub async fn put_series(&self, series: Value) -> Result<(), AdminError> {
        self.core.call(move |core| put_series(core, series)).await?
    }

    /// Lists an event, or changes what is said of one, from the venue's own JSON; only `event_ticker` has no default.
    /// An unknown series is listed with defaults.
    ///
    /// # Errors
    /// [`AdminError::Catalog`] says what is wrong with it.
    pub async fn put_event(&self, event: Value) -> Result<(), AdminError> {
        self.core.call(move |core| put_event(core, event).map(drop)).await?
    }

    /// Lists a market from the venue's own JSON, which needs `ticker`, `event_ticker` and `close_time`. Quotes, results
    /// and status in it are ignored. Unknown events and series are listed with defaults. Answers the market as read.
    ///
    /// # Errors
    /// [`AdminError::Catalog`] or [`AdminError::Invalid`] say what is wrong with it.
    pub async fn create_market(&self, market: Value) -> Result<Market, AdminError> {
        self.core.call(move |core| create_market(core, market)).await?
    }

    /// Lists many things: an object with `series`, `events` and `markets`, each a list; events may hold their `markets`.
    /// Stops at the first that is wrong; what came before it is listed.
    ///
    /// # Errors
    /// [`AdminError::Catalog`] or [`AdminError::Invalid`] name it.
    pub async fn load_catalog(&self, catalog: Value) -> Result<usize, AdminError> {
        self.core.call(move |core| load_catalog(core, catalog)).await?
    }

    async fn change(&self, ticker: &str, change: MarketChange) -> Result<(), AdminError> {
        let ticker = ticker.to_owned();
        let work = move |core: &mut Core| {
            let market = find(core, &ticker)?;
            core.submit(Record::ChangeMarket { market, change }).map(drop).map_err(AdminError::from)
        };
        self.core.call(work).await?
    }

    /// Starts trading now, whatever the open time says.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], and [`AdminError::Invalid`] when its status does not allow it.
    pub async fn open(&self, ticker: &str) -> Result<(), AdminError> {
        self.change(ticker, MarketChange::Open).await
    }

    /// Pauses trading; orders rest.
    ///
    /// # Errors
    /// As [`Admin::open`].
    pub async fn pause(&self, ticker: &str) -> Result<(), AdminError> {
        self.change(ticker, MarketChange::Pause).await
    }

    /// Ends a pause, which cancels what rested.
    ///
    /// # Errors
    /// As [`Admin::open`].
    pub async fn resume(&self, ticker: &str) -> Result<(), AdminError> {
        self.change(ticker, MarketChange::Resume).await
    }

    /// Ends trading now.
    ///
    /// # Errors
    /// As [`Admin::open`].
    pub async fn close(&self, ticker: &str) -> Result<(), AdminError> {
        self.change(ticker, MarketChange::Close).await
    }

    /// Moves the close time; a closed market whose close time moves into the future trades again.
    ///
    /// # Errors
    /// As [`Admin::open`].
    pub async fn move_close(&self, ticker: &str, to: Timestamp) -> Result<(), AdminError> {
        self.change(ticker, MarketChange::MoveClose { to }).await
    }

    /// States the result, ending trading if it had not ended, and starts the settlement timer.
    ///
    /// # Errors
    /// As [`Admin::open`].
    pub async fn determine(
        &self,
        ticker: &str,
        result: MarketResult,
        expiration_value: Option<String>,
    ) -> Result<(), AdminError> {
        self.change(ticker, MarketChange::Determine { result, expiration_value }).await
    }

    /// Pays out a determined market now, whatever its timer says.
    ///
    /// # Errors
    /// As [`Admin::open`].
    pub async fn settle(&self, ticker: &str) -> Result<(), AdminError> {
        self.change(ticker, MarketChange::Settle).await
    }

    /// Opens an account with one key that may do everything: the pair is made here, or the public half is given.
    ///
    /// # Errors
    /// [`AdminError::Key`] when the public half is no key.
    pub async fn create_account(
        &self,
        name: &str,
        kind: KeyKind,
        public_pem: Option<String>,
    ) -> Result<NewAccount, AdminError> {
        self.create_account_with(name, kind, public_pem, vec!["read".to_owned(), "write".to_owned()]).await
    }

    /// As [`Admin::create_account`], with a key that may do what `scopes` say: `read`, `read::portfolio_balance`, `write`,
    /// `write::trade`.
    ///
    /// # Errors
    /// As [`Admin::create_account`], and [`AdminError::Invalid`] for no scope or an unknown one.
    pub async fn create_account_with(
        &self,
        name: &str,
        kind: KeyKind,
        public_pem: Option<String>,
        scopes: Vec<String>,
    ) -> Result<NewAccount, AdminError> {
        if scopes.is_empty() || scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
            return Err(invalid(format!("scopes must be some of {}, found {}", SCOPES.join(", "), scopes.join(", "))));
        }
        let (public_pem, private_pem) = if let Some(given) = public_pem {
            // Written anew, so that the journal holds one form whatever was given.
            (PublicKey::from_pem(&given)?.to_pem()?, None)
        } else {
            let key = make_key(kind).await?;
            (key.public_key().to_pem()?, Some(key.to_pkcs8_pem()?))
        };
        let key_id = ids::random_uuid().map_err(|_unspecified| KeyError::Crypto)?;
        let (name, id) = (name.to_owned(), key_id.clone());
        let work = move |core: &mut Core| -> Result<String, AdminError> {
            let outcome = core.submit(Record::OpenUser { name: name.clone() })?;
            let Outcome::Reply(Reply::Account(account)) = outcome else {
                return Err(invalid("the core opened no account"));
            };
            core.submit(Record::AddKey(KeyRecord { key_id: id, account, name, public_pem, scopes }))?;
            Ok(ids::user_text(account))
        };
        let user_id = self.core.call(work).await??;
        Ok(NewAccount { user_id, key_id, private_pem })
    }

    /// Gives an account play money, or takes it when negative.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], and [`AdminError::Invalid`] when more would be taken than is free.
    pub async fn fund(&self, user_id: &str, amount: Money) -> Result<(), AdminError> {
        let account = user(user_id)?;
        let work = move |core: &mut Core| {
            known(core, account)?;
            core.submit(Record::Fund { account, amount }).map(drop).map_err(AdminError::from)
        };
        self.core.call(work).await?
    }

    /// Changes what an account may spend on requests.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn set_limits(&self, user_id: &str, change: LimitsChange) -> Result<(), AdminError> {
        let account = user(user_id)?;
        let work = move |core: &mut Core| {
            known(core, account)?;
            let mut limits = change.tier.map_or_else(|| core.state.user(account).limits.clone(), Limits::of);
            limits.read = change.read.unwrap_or(limits.read);
            limits.write = change.write.unwrap_or(limits.write);
            core.submit(Record::SetLimits { account, limits }).map(drop).map_err(AdminError::from)
        };
        self.core.call(work).await?
    }

    /// Opens or stops the whole exchange, or trading alone.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn set_active(&self, exchange: bool, trading: bool) -> Result<(), AdminError> {
        self.core
            .call(move |core| core.submit(Record::SetActive { exchange, trading }).map(drop))
            .await?
            .map_err(Into::into)
    }

    /// What the market's clock shows, as the core last saw it or later.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn now(&self) -> Result<Timestamp, AdminError> {
        Ok(self.core.call(|core| core.now()).await?)
    }

    /// Whether the market's clock is a simulated one.
    pub fn clock_is_simulated(&self) -> bool {
        self.clock.is_simulated()
    }

    /// Moves the clock by `change`, which gets what it shows and how it moves. Everything that becomes due happens, each
    /// thing at its own time, before this returns.
    async fn move_clock(
        &self,
        change: impl FnOnce(Timestamp, Pace) -> (Timestamp, Pace) + Send + 'static,
    ) -> Result<Timestamp, AdminError> {
        let work = move |core: &mut Core| {
            let Some(pace) = core.clock.pace() else {
                return Err(invalid("the clock is the wall's and cannot be moved; start with a simulated clock"));
            };
            let (at, pace) = change(core.now(), pace);
            if at < core.now() {
                return Err(invalid(format!("the clock shows {} and cannot be moved back to {at}", core.now())));
            }
            core.set_clock(at, pace);
            Ok(core.now())
        };
        self.core.call(work).await?
    }

    /// Stops a simulated clock where it is.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] when the clock is the wall's.
    pub async fn clock_freeze(&self) -> Result<Timestamp, AdminError> {
        self.move_clock(|now, _| (now, Pace::Frozen)).await
    }

    /// Moves a simulated clock on.
    ///
    /// # Errors
    /// As [`Admin::clock_freeze`].
    pub async fn clock_step(&self, by: Duration) -> Result<Timestamp, AdminError> {
        self.move_clock(move |now, pace| (now.plus(by), pace)).await
    }

    /// Sets a simulated clock, never back.
    ///
    /// # Errors
    /// As [`Admin::clock_freeze`], and when `to` lies in the past.
    pub async fn clock_set(&self, to: Timestamp) -> Result<Timestamp, AdminError> {
        self.move_clock(move |_, pace| (to, pace)).await
    }

    /// Lets a simulated clock run, at `factor` × 1e-6 market seconds per wall second.
    ///
    /// # Errors
    /// As [`Admin::clock_freeze`].
    pub async fn clock_scale(&self, factor_millionths: u64) -> Result<Timestamp, AdminError> {
        self.move_clock(move |now, _| (now, Pace::Scaled(factor_millionths))).await
    }

    /// Sums of all money: outside, cash, collateral, fees. Their difference is zero.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn ledger(&self) -> Result<Ledger, AdminError> {
        Ok(self.core.call(|core| core.state.exchange.ledger()).await?)
    }

    /// The core's state as one number: equal states have equal numbers.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn state_hash(&self) -> Result<u64, AdminError> {
        Ok(self.core.call(|core| core.state.exchange.state_hash()).await?)
    }

    /// Waits until every request that reached the core before is applied and committed, and every stream message it made
    /// was handed to the sockets.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn quiesce(&self) -> Result<(), AdminError> {
        let (token, mut done) = mpsc::channel(1);
        self.core.call(move |core| core.barrier(token)).await?;
        // Nothing is ever sent: the channel ends when the last session has let its token go.
        let nothing: Option<()> = done.recv().await;
        debug_assert!(nothing.is_none(), "tokens are dropped, not sent");
        Ok(())
    }
}

/// A new key. Inside a simulation its seed decides it.
async fn make_key(kind: KeyKind) -> Result<PrivateKey, AdminError> {
    if chance::is_seeded() {
        return if kind == KeyKind::Ed25519 { seeded_key() } else { Err(invalid("a simulation makes no RSA keys")) };
    }
    // An RSA pair takes a tenth of a second of computing.
    let made = tokio::task::spawn_blocking(move || PrivateKey::generate(kind)).await;
    Ok(made.map_err(|_panicked| KeyError::Crypto)??)
}

/// An Ed25519 key of the simulation's stream, by way of its PKCS#8 text (RFC 8410): a fixed head and 32 bytes.
fn seeded_key() -> Result<PrivateKey, AdminError> {
    let mut der = [0_u8; 48];
    der[..16].copy_from_slice(&[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);
    chance::fill(&mut der[16..]).map_err(|_unspecified| KeyError::Crypto)?;
    let text = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    Ok(PrivateKey::from_pem(&text)?)
}

fn user(user_id: &str) -> Result<AccountId, AdminError> {
    ids::user_id(user_id).ok_or_else(|| AdminError::NotFound { what: "user", name: user_id.to_owned() })
}

fn known(core: &Core, account: AccountId) -> Result<(), AdminError> {
    if (account.0 as usize) < core.state.users.len() {
        return Ok(());
    }
    Err(AdminError::NotFound { what: "user", name: ids::user_text(account) })
}

fn find(core: &Core, ticker: &str) -> Result<MarketId, AdminError> {
    core.state.market_id(ticker).ok_or_else(|| AdminError::NotFound { what: "market", name: ticker.to_owned() })
}

fn put_series(core: &mut Core, series: Value) -> Result<(), AdminError> {
    let series = read_series(series, core.now())?;
    core.submit(Record::ListSeries(Box::new(series)))?;
    Ok(())
}

/// Lists an event and, with defaults, its series; returns the markets that were in it.
fn put_event(core: &mut Core, mut event: Value) -> Result<Vec<Value>, AdminError> {
    let markets = match event.get_mut("markets").map(Value::take) {
        Some(Value::Array(markets)) => markets,
        _ => Vec::new(),
    };
    let event = read_event(event, core.now())?;
    if !core.state.series.contains_key(&event.series_ticker) {
        put_series(core, json!({ "ticker": event.series_ticker }))?;
    }
    core.submit(Record::ListEvent(Box::new(event)))?;
    Ok(markets)
}

fn create_market(core: &mut Core, given: Value) -> Result<Market, AdminError> {
    let series = given.get("series_ticker").cloned();
    let market = read_market(given, core.now())?;
    if !core.state.events.contains_key(&market.event_ticker) {
        let title = market.title.clone().unwrap_or_default();
        let mut event = json!({ "event_ticker": market.event_ticker, "title": title });
        if let (Value::Object(event), Some(series)) = (&mut event, series) {
            event.insert("series_ticker".to_owned(), series);
        }
        put_event(core, event)?;
    }
    match core.submit(Record::ListMarket(Box::new(market)))? {
        Outcome::Reply(Reply::Market(id)) => Ok(core.state.market_json(id)),
        Outcome::Reply(_) | Outcome::Kept => Err(invalid("the core listed no market")),
    }
}

fn load_catalog(core: &mut Core, catalog: Value) -> Result<usize, AdminError> {
    members::check("catalog", &catalog, &["series", "events", "markets"], &[])?;
    let Value::Object(mut catalog) = catalog else {
        return Err(invalid("catalog: expected an object with `series`, `events` and `markets`"));
    };
    let mut list = |key: &str| match catalog.remove(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(invalid(format!("catalog: expected `{key}` to be a list"))),
    };
    let (series, events, mut markets) = (list("series")?, list("events")?, list("markets")?);
    let mut count = 0;
    for one in series {
        put_series(core, one)?;
        count += 1;
    }
    let gives_events = !events.is_empty();
    for one in events {
        markets.extend(put_event(core, one)?);
        count += 1;
    }
    for one in markets {
        if let Some(event) = one.get("event_ticker").and_then(Value::as_str)
            && gives_events
            && !core.state.events.contains_key(event)
        {
            tracing::warn!(event, "a market's event is not among the catalog's; it is listed with defaults");
        }
        create_market(core, one)?;
        count += 1;
    }
    Ok(count)
}
