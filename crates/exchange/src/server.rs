//! Starting and stopping: journal, state, operator, core, port.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use brier_kalshi::keys::{KeyError, KeyKind, PrivateKey};
use brier_kalshi_protocol::rest::BASE_PATH;
use brier_kalshi_protocol::ws::WS_PATH;
use brier_matching::AccountId;
use brier_polymarket_protocol::wallet;
use brier_store::{Journal, JournalError};
use brier_types::{Money, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::access::AccessCell;
use crate::admin::members::catalog_line;
use crate::admin::{self, Admin, AdminError};
use crate::auth::Signatures;
use crate::clock::{Clock, ClockConfig, wall_now};
use crate::core::{self, Core, CoreHandle};
use crate::http::{self, App};
use crate::ids;
use crate::limits::Buckets;
use crate::operator::{self, OperatorError, OperatorKey, OperatorKeys, OperatorWallet};
use crate::polymarket::admin::CatalogLoad;
use crate::polymarket::{self, doors::Doors};
use crate::record::{CONTENT_VERSION, KeyRecord, Record};
use crate::recovery::{self, RecoveryReport};
use crate::state::{CatalogError, State};
use crate::ws;

/// How long a stop waits for answers under way.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// The operator's account: the first one.
const OPERATOR: AccountId = AccountId(0);

/// What to start.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the journal and the operator's keys live. Without one everything is forgotten at the end.
    pub data_dir: Option<PathBuf>,
    /// Whether `/admin/v1` answers callers on this machine. It has no keys of its own.
    pub admin: bool,
    /// The market's clock.
    pub clock: ClockConfig,
    /// Play money the operator starts with, on Kalshi's face and in each of the two wallets that the other face opens for it.
    pub operator_funds: Money,
    /// Messages that may wait for one WebSocket before it is ended with error 25.
    pub stream_backlog: usize,
    /// Where to listen for Polymarket's clients; port 0 takes a free one. `None` leaves that face out.
    pub polymarket_listen: Option<SocketAddr>,
    /// Play money that each newly opened EOA and deposit wallet starts with, besides the operator's.
    pub polymarket_grant: Money,
}

impl Default for ServerConfig {
    /// In memory, on a free port of the loopback, on the wall's clock, with $10,000 for the operator.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: None,
            admin: false,
            clock: ClockConfig::Wall,
            operator_funds: Money::from_micros(10_000_000_000),
            stream_backlog: 65_536,
            polymarket_listen: None,
            polymarket_grant: Money::ZERO,
        }
    }
}

/// Why an exchange did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The journal cannot be used; the error says what to do.
    #[error(transparent)]
    Journal(JournalError),
    /// A record of the journal is whole but makes no sense to this version.
    #[error("journal record {number}: {source}; it was written by another version")]
    Record {
        /// Its number, from 0.
        number: u64,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// The journal was written on a simulated clock that had run ahead of the wall's.
    #[error(
        "the journal ends at {shown}, after the wall clock's {wall}, where its market would stand still; start with a \
         simulated clock as before, or choose another data folder"
    )]
    ClockAhead {
        /// The time of its last record.
        shown: Timestamp,
        /// What the wall's clock shows.
        wall: Timestamp,
    },
    /// The data folder cannot be made.
    #[error("data folder {path}: {source}")]
    DataDir {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The operator's keys cannot be had.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// The address cannot be listened on.
    #[error("listening on {addr}: {source}; choose another port")]
    Listen {
        /// Which.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The core's thread cannot be started.
    #[error("starting the core's thread: {0}")]
    Thread(std::io::Error),
}

impl From<KeyError> for StartError {
    fn from(error: KeyError) -> Self {
        Self::Operator(OperatorError::Key(error))
    }
}

/// The exchange.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Starts an exchange: recovers its state, makes the operator's keys if there are none, and listens.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`] says what failed and what to do; nothing runs then.
    pub async fn start(config: ServerConfig) -> Result<RunningServer, StartError> {
        let clock = Clock::new(config.clock);
        let access = AccessCell::default();
        let doors = Doors::default();
        let prepare = {
            let (config, clock, access, doors) = (config.clone(), clock.clone(), access.clone(), doors.clone());
            move || prepare(&config, &clock, &access, &doors)
        };
        // Replay and key generation take their time; the runtime must not wait for them.
        let prepared = tokio::task::spawn_blocking(prepare).await;
        let (core, operator, wallet, recovery) = prepared.map_err(|error| StartError::Thread(error.into()))??;

        let (listener, addr) = bind(config.listen).await?;
        let other = match config.polymarket_listen {
            Some(addr) => Some(bind(addr).await?),
            None => None,
        };
        let (core, thread) = core::start(core).map_err(StartError::Thread)?;
        let admin = Admin::new(core.clone(), clock.clone());
        let (stop, stopping) = watch::channel(false);
        let polymarket = other.as_ref().map(|(_, addr)| PolymarketAddresses::at(*addr));
        let mut serving = Vec::new();
        if let Some((listener, _)) = other {
            let (core, stopping) = (core.clone(), stopping.clone());
            let (limits, grant) = (Arc::new(polymarket::limits::Buckets::new()), config.polymarket_grant);
            let signatures = Signatures::Checked;
            let app = polymarket::http::App { core, doors, limits, signatures, grant, stopping: stopping.clone() };
            serving.push(serve(listener, polymarket::http::router(app), stopping));
        }
        let app = App {
            core: core.clone(),
            access,
            buckets: Arc::new(Buckets::new()),
            clock,
            signatures: Signatures::Checked,
            stopping: stopping.clone(),
        };
        serving.push(serve(listener, router(app, config.admin.then(|| admin.clone())), stopping));
        Ok(RunningServer {
            addr,
            polymarket,
            operator,
            wallet,
            recovery,
            admin,
            core,
            thread: Some(thread),
            stop,
            serving,
        })
    }
}

async fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Serves a router until all is stopped.
fn serve(listener: TcpListener, router: Router, stopping: watch::Receiver<bool>) -> tokio::task::JoinHandle<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    // Answers are small and awaited: nobody gains by holding them back.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
    });
    let serving = axum::serve(listener, service).with_graceful_shutdown(stopped(stopping));
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "serving ended");
        }
    })
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // The sender gone means the same: the server was dropped.
    drop(stopping.wait_for(|stopping| *stopping).await);
}

pub(crate) fn router(app: App, admin: Option<Admin>) -> Router {
    let router =
        http::routes().route(WS_PATH, get(ws::upgrade)).route(&format!("/{{mount}}{WS_PATH}"), get(ws::upgrade));
    let router = router.fallback(http::not_found).method_not_allowed_fallback(http::not_found).with_state(app);
    match admin {
        Some(admin) => router.merge(admin::http::routes(admin)),
        None => router,
    }
}

type Prepared = (Core, OperatorKeys, Option<OperatorWallet>, RecoveryReport);

fn prepare(config: &ServerConfig, clock: &Clock, access: &AccessCell, doors: &Doors) -> Result<Prepared, StartError> {
    let (journal, state, polymarket, recovery) = match &config.data_dir {
        Some(dir) => {
            make_private(dir).map_err(|source| StartError::DataDir { path: dir.clone(), source })?;
            let (journal, report) = Journal::open(dir, CONTENT_VERSION)?;
            let (state, polymarket, recovery) = recovery::replay(&journal, &report, clock)?;
            check_wall_clock(&state, &polymarket, clock)?;
            (Some(journal), state, polymarket, recovery)
        }
        None => (None, State::default(), polymarket::State::default(), RecoveryReport::default()),
    };
    let mut core = {
        let doors = (access.clone(), doors.clone());
        Core::new((state, polymarket), journal, clock.clone(), doors, config.stream_backlog)
    };
    let made = core.setup(|core| -> Result<_, StartError> {
        let wallet = config.polymarket_listen.map(|_| operator_wallet(core, config)).transpose()?;
        Ok((operator(core, config)?, wallet))
    });
    let (operator, wallet) = made??;
    Ok((core, operator, wallet, recovery))
}

/// How far the machine's clock may have been set back since the journal was written: what time services correct. The
/// market's time stands still for as long and then goes on.
const CLOCK_SET_BACK: Duration = Duration::from_mins(1);

/// A market's time never runs back, so on the wall's clock a journal from the future would stand still until the wall
/// catches up, and nobody would notice. Refused rather than carried on at an offset: orders would then be stamped with
/// times that no other clock shows, on an exchange that says it runs on the wall's.
fn check_wall_clock(state: &State, polymarket: &polymarket::State, clock: &Clock) -> Result<(), StartError> {
    let (shown, wall) = (state.exchange.now().max(polymarket.core.now()), wall_now());
    if clock.is_simulated() || shown <= wall.plus(CLOCK_SET_BACK) {
        return Ok(());
    }
    Err(StartError::ClockAhead { shown, wall })
}

/// A folder that holds private keys is its owner's alone.
fn make_private(dir: &Path) -> std::io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// The operator, made at the first start.
fn operator(core: &mut Core, config: &ServerConfig) -> Result<OperatorKeys, StartError> {
    if core.state.users.is_empty() {
        let record = Record::OpenUser { name: "operator".to_owned() };
        core.submit(record).map_err(|refused| unexpected(&refused))?;
        if config.operator_funds != Money::ZERO {
            let record = Record::Fund { account: OPERATOR, amount: config.operator_funds };
            core.submit(record).map_err(|refused| unexpected(&refused))?;
        }
    }
    Ok(OperatorKeys {
        user_id: core.state.user(OPERATOR).id.to_string(),
        rsa: operator_key(core, config, KeyKind::Rsa)?,
        ed25519: operator_key(core, config, KeyKind::Ed25519)?,
    })
}

fn unexpected(refused: &crate::state::Refused) -> StartError {
    StartError::Thread(std::io::Error::other(refused.to_string()))
}

/// The operator's wallet: the key on disk, or a new one, with the operator's funds when its wallets are first opened.
fn operator_wallet(core: &mut Core, config: &ServerConfig) -> Result<OperatorWallet, StartError> {
    let (path, private_key, key) = operator::wallet_key(config.data_dir.as_deref())?;
    let (owner, deposit_wallet) = (key.address(), wallet::deposit_wallet(key.address()));
    let failed = |refused: polymarket::state::Refused| StartError::Thread(std::io::Error::other(refused.to_string()));
    let known = core.polymarket.accounts.contains_key(&owner);
    let funds = if known { Money::ZERO } else { config.operator_funds };
    polymarket::http::keys::open_wallets(core, owner, funds).map_err(failed)?;
    Ok(OperatorWallet { address: owner.to_string(), deposit_wallet: deposit_wallet.to_string(), path, private_key })
}

/// The operator's key of one kind: the one on disk if the journal knows it, else a new one in its place.
fn operator_key(core: &mut Core, config: &ServerConfig, kind: KeyKind) -> Result<OperatorKey, StartError> {
    let name = operator::name(kind);
    let known = core.state.keys.values().find(|key| key.account == OPERATOR && key.name == name).cloned();
    if let (Some(known), Some(dir)) = (&known, &config.data_dir)
        && let Some((path, private_pem)) = operator::read(dir, kind, &known.public_pem)?
    {
        return Ok(OperatorKey { key_id: known.key_id.clone(), path: Some(path), private_pem });
    }
    if let Some(KeyRecord { key_id, .. }) = known {
        core.submit(Record::RemoveKey { key_id }).map_err(|refused| unexpected(&refused))?;
    }
    let key = PrivateKey::generate(kind)?;
    let private_pem: Zeroizing<String> = key.to_pkcs8_pem()?;
    // The file first: a key in the journal without its file would be lost.
    let path = match &config.data_dir {
        Some(dir) => Some(operator::write(dir, kind, &private_pem)?),
        None => None,
    };
    let key_id = ids::random_uuid().map_err(|_unspecified| KeyError::Crypto)?;
    let record = KeyRecord {
        key_id: key_id.clone(),
        account: OPERATOR,
        name: name.to_owned(),
        public_pem: key.public_key().to_pem()?,
        scopes: vec!["read".to_owned(), "write".to_owned()],
    };
    core.submit(Record::AddKey(record)).map_err(|refused| unexpected(&refused))?;
    Ok(OperatorKey { key_id, path, private_pem })
}

/// Where Polymarket's clients find the exchange. No URL has a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolymarketAddresses {
    /// Its socket.
    pub addr: SocketAddr,
    /// The order book API.
    pub clob: String,
    /// The metadata API.
    pub gamma: String,
    /// The Data API.
    pub data: String,
    /// The base of the streams: `/ws/market` and `/ws/user` go behind it.
    pub ws: String,
    /// The relayer.
    pub relayer: String,
    /// The stream of reference prices.
    pub rtds: String,
}

impl PolymarketAddresses {
    fn at(addr: SocketAddr) -> Self {
        Self {
            addr,
            clob: format!("http://{addr}"),
            gamma: format!("http://{addr}/gamma"),
            data: format!("http://{addr}/data-api"),
            ws: format!("ws://{addr}"),
            relayer: format!("http://{addr}/relayer"),
            rtds: format!("ws://{addr}/rtds"),
        }
    }
}

/// What became of a catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogReport {
    /// Markets that were listed.
    pub listed: usize,
    /// What was listed already and stays as it is, by name.
    pub kept: Vec<String>,
}

/// An exchange that runs. Dropping it stops it without waiting; [`RunningServer::shutdown`] waits.
#[derive(Debug)]
pub struct RunningServer {
    addr: SocketAddr,
    polymarket: Option<PolymarketAddresses>,
    operator: OperatorKeys,
    wallet: Option<OperatorWallet>,
    recovery: RecoveryReport,
    admin: Admin,
    core: CoreHandle,
    thread: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    serving: Vec<tokio::task::JoinHandle<()>>,
}

impl RunningServer {
    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base of its REST paths, without a slash at the end.
    pub fn rest_url(&self) -> String {
        format!("http://{}{BASE_PATH}", self.addr)
    }

    /// Its socket.
    pub fn ws_url(&self) -> String {
        format!("ws://{}{WS_PATH}", self.addr)
    }

    /// The base of its administration, which answers only if it was asked for.
    pub fn admin_url(&self) -> String {
        format!("http://{}{}", self.addr, admin::http::BASE_PATH)
    }

    /// Where Polymarket's clients find it, if it listens for them.
    pub const fn polymarket(&self) -> Option<&PolymarketAddresses> {
        self.polymarket.as_ref()
    }

    /// The operator's user and keys.
    pub const fn operator(&self) -> &OperatorKeys {
        &self.operator
    }

    /// The operator's wallet, if Polymarket's clients are listened for.
    pub const fn operator_wallet(&self) -> Option<&OperatorWallet> {
        self.wallet.as_ref()
    }

    /// What was found in the data folder.
    pub const fn recovery(&self) -> RecoveryReport {
        self.recovery
    }

    /// The administration, in-process; there whether or not it is served.
    pub const fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Lists a catalog as a file has it, as [`Self::load_catalog`] does.
    ///
    /// # Errors
    /// What is wrong first, with its line where the text shows which one it is.
    pub async fn load_catalog_text(&self, text: &str) -> Result<CatalogReport, String> {
        let catalog = serde_json::from_str(text).map_err(|error| error.to_string())?;
        self.load_catalog(catalog).await.map_err(|error| {
            let problem = error.to_string();
            match catalog_line(text, &problem) {
                Some(line) => format!("line {line}: {problem}"),
                None => problem,
            }
        })
    }

    /// Lists a catalog on both faces: an object with `series`, `events` and `markets`, and Polymarket's as an object under
    /// `polymarket`. What a recovered journal has listed before stays as it is.
    ///
    /// # Errors
    /// [`AdminError`] for the first thing that is wrong; what came before it is listed.
    pub async fn load_catalog(&self, mut catalog: serde_json::Value) -> Result<CatalogReport, AdminError> {
        let again = self.recovery.records > 0;
        let mut report = CatalogReport::default();
        if let Some(other) = catalog.as_object_mut().and_then(|catalog| catalog.remove("polymarket")) {
            let admin = self.admin.polymarket();
            let load = if again {
                admin.load_catalog_again(other).await?
            } else {
                CatalogLoad { listed: admin.load_catalog(other).await?, ..CatalogLoad::default() }
            };
            report.listed += load.listed.len();
            report.kept.extend(load.kept);
        }
        match self.admin.load_catalog(catalog).await {
            Ok(listed) => report.listed += listed,
            Err(AdminError::Catalog(CatalogError::Taken(ticker))) if again => report.kept.push(ticker),
            Err(error) => return Err(error),
        }
        Ok(report)
    }

    /// Waits until the core has stopped by itself: its journal failed ([`RunningServer::journal_failure`] says how), or its
    /// thread panicked.
    pub async fn failed(&self) {
        self.core.stopped().await;
    }

    /// What the journal said when writing it failed, if it did. The core has stopped then.
    pub fn journal_failure(&self) -> Option<&str> {
        self.core.journal_failure()
    }

    /// Stops: no new requests, answers under way are finished, sockets are closed, the journal is committed.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let deadline = tokio::time::Instant::now() + STOP_DEADLINE;
        for serving in &mut self.serving {
            if tokio::time::timeout_at(deadline, &mut *serving).await.is_err() {
                tracing::warn!("connections still open at the deadline, dropping them");
                serving.abort();
            }
        }
        if self.core.call(Core::stop).await.is_err() {
            tracing::debug!("the core had stopped by itself");
        }
        if let Some(thread) = self.thread.take() {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the core's thread panicked");
            }
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for serving in &self.serving {
            serving.abort();
        }
    }
}
