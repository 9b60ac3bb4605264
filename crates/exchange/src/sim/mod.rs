//! The exchange inside a simulation: both faces, the real routers and the real sessions, without threads, sockets, files, chance
//! or the wall's clock. The same calls give the same bytes.
//!
//! Requests go through the very routers that the server has, signatures and limits included; sockets are the same machines
//! without a wire between. Time stands still until [`SimExchange::advance`] moves it, for the markets, for the buckets of
//! rate limits and for whatever judges signatures. Keys, credentials and ids come from the seed.
//!
//! Left out: what a wire adds. No `Date` stands in the answers (it would be [`SimExchange::now`], in whole seconds), Kalshi's
//! protocol pings are not sent and none is answered: whoever simulates the network knows whether a ping arrives.

mod socket;
mod truth;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::Address;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Request, header};
use axum::response::{IntoResponse as _, Response};
use brier_kalshi::keys::KeyKind;
use brier_kalshi_protocol::ws::WS_PATH;
use brier_polymarket_protocol::auth::ApiCreds;
use brier_polymarket_protocol::ids::SignatureType;
use brier_types::{Money, Timestamp, Venue};
use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};
use tower_service::Service as _;

use crate::access::AccessCell;
use crate::admin::{Admin, AdminError, NewAccount};
use crate::auth::Signatures;
use crate::chance;
use crate::clock::{Clock, ClockConfig, Pace, with_wall};
use crate::core::{self, Backlog, Core, CoreHandle};
use crate::http::App;
use crate::limits::Buckets;
use crate::polymarket;
use crate::polymarket::admin::Wallets;
use crate::polymarket::doors::Doors;
use crate::polymarket::record::{KeyKind as CredsKind, Record as PolymarketRecord};
use crate::server::router;
use crate::state::State;
use crate::ws::{self, Subscriptions};
use socket::{Socket, Speaker};

pub use truth::{AccountTruth, FillTruth, OrderRecord, OrderState, OrderTruth, PositionTruth};

/// The largest answer that is taken.
const MAX_BODY: usize = 16 << 20;

/// What a simulated exchange begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimConfig {
    /// What both clocks show first.
    pub start: Timestamp,
    /// Decides every id, key and secret that the exchange makes.
    pub seed: u64,
    /// What each wallet of Polymarket has when it is opened.
    pub grant: Money,
    /// Whether the signatures of Kalshi's requests, of Polymarket's logins and of its orders are computed. Without it they need
    /// only be there; keys, times, HMACs, makers and everything else about a request are checked all the same.
    pub check_signatures: bool,
    /// Frames that a socket may leave unread before it is closed as too slow.
    pub stream_backlog: usize,
}

impl SimConfig {
    /// Signatures are checked, wallets are empty, and a socket may leave a million frames unread.
    pub const fn new(start: Timestamp, seed: u64) -> Self {
        Self { start, seed, grant: Money::ZERO, check_signatures: true, stream_backlog: 1 << 20 }
    }
}

/// An HTTP request as it would stand on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values. A body without a `content-type` is JSON.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Display for HttpResponse {
    /// Status and body.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SocketKind {
    /// Kalshi's one socket, opened with signed headers.
    Kalshi,
    /// Polymarket's books.
    PolymarketMarket,
    /// Polymarket's own orders and trades.
    PolymarketUser,
}

/// One open socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(u64);

/// What came through a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketFrame {
    /// A text frame.
    Text(String),
    /// The exchange closed it, and why; on Polymarket the close code stands first. The last frame of a socket.
    Closed(String),
}

/// A trader of Polymarket that the exchange has opened.
#[derive(Clone, Debug)]
pub struct PolymarketUser {
    /// The wallets of its key.
    pub wallets: Wallets,
    /// The API credentials of nonce 0.
    pub creds: ApiCreds,
}

/// The exchange. See the module's head.
pub struct SimExchange {
    handle: CoreHandle,
    core: Arc<Mutex<Core>>,
    clock: Clock,
    now: Timestamp,
    /// Where the stream of the seed stands.
    chance: u64,
    app: App,
    doors: Doors,
    kalshi: Router,
    polymarket: Router,
    admin: Admin,
    sockets: BTreeMap<SocketId, Socket>,
    socket_count: u64,
    stream_backlog: usize,
    _stop: watch::Sender<bool>,
}

impl std::fmt::Debug for SimExchange {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SimExchange")
            .field("now", &self.now)
            .field("sockets", &self.sockets.len())
            .finish_non_exhaustive()
    }
}

impl SimExchange {
    /// An empty exchange that checks signatures. `grant` is what wallets of Polymarket have when they are opened.
    pub fn start(start: Timestamp, seed: u64, grant: Money) -> Self {
        Self::new(SimConfig { grant, ..SimConfig::new(start, seed) })
    }

    /// An empty exchange.
    pub fn new(config: SimConfig) -> Self {
        let SimConfig { start, seed, grant, check_signatures, stream_backlog } = config;
        let signatures = if check_signatures { Signatures::Checked } else { Signatures::Trusted };
        let clock = Clock::new(ClockConfig::Simulated { start: Some(start) });
        let (access, doors) = (AccessCell::default(), Doors::default());
        let states = (State::default(), polymarket::State::default());
        let core = Core::new(states, None, clock.clone(), (access.clone(), doors.clone()), stream_backlog);
        let (handle, core) = core::inline(core);
        let (stop, stopping) = watch::channel(false);
        let admin = Admin::new(handle.clone(), clock.clone());
        let app = App {
            core: handle.clone(),
            access,
            buckets: Arc::new(Buckets::new()),
            clock: clock.clone(),
            signatures,
            stopping: stopping.clone(),
        };
        let limits = Arc::new(polymarket::limits::Buckets::new());
        let other =
            polymarket::http::App { core: handle.clone(), doors: doors.clone(), limits, signatures, grant, stopping };
        let mut exchange = Self {
            handle,
            core,
            clock,
            now: start,
            chance: seed,
            kalshi: router(app.clone(), None),
            polymarket: polymarket::http::router(other),
            app,
            doors,
            admin,
            sockets: BTreeMap::new(),
            socket_count: 0,
            stream_backlog,
            _stop: stop,
        };
        exchange.advance(start);
        exchange
    }

    /// What the clocks show.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets the administration do something: `exchange.manage(|admin| async move { admin.pause("KXT-1").await })`.
    ///
    /// # Panics
    /// When `work` waits for anything but the exchange, as [`Admin::quiesce`] does. Its clock must not be moved here.
    pub fn manage<T, F: Future<Output = T>>(&mut self, work: impl FnOnce(Admin) -> F) -> T {
        let admin = self.admin.clone();
        self.at(|| work(admin).now_or_never().expect("the exchange answers at once"))
    }

    /// Opens an account on Kalshi with an Ed25519 key that the seed decides, and funds it.
    ///
    /// # Errors
    /// [`AdminError`] when the funds are out of range.
    pub fn open_kalshi_user(&mut self, name: &str, funds: Money) -> Result<NewAccount, AdminError> {
        self.manage(|admin| async move {
            let account = admin.create_account(name, KeyKind::Ed25519, None).await?;
            admin.fund(&account.user_id, funds).await?;
            Ok(account)
        })
    }

    /// Opens the wallets of a key on Polymarket with API credentials of nonce 0 that the seed decides, and funds the wallet of
    /// one type beside the grant.
    ///
    /// # Errors
    /// [`AdminError`] when the funds are out of range.
    pub fn open_polymarket_user(
        &mut self,
        owner: Address,
        wallet: SignatureType,
        funds: Money,
    ) -> Result<PolymarketUser, AdminError> {
        let grant = self.at(|| polymarket::http::keys::make(owner, 0, CredsKind::Trading));
        let record = grant.map_err(|failure| AdminError::Invalid(failure.error))?;
        let creds = ApiCreds::new(&record.key, &record.secret, &record.passphrase);
        let creds = creds.map_err(|error| AdminError::Invalid(error.to_string()))?;
        let wallets = self.manage(|admin| async move {
            let admin = admin.polymarket();
            let wallets = admin.open_wallets(owner).await?;
            let funded = match wallet {
                SignatureType::Eoa => wallets.owner,
                SignatureType::Proxy => wallets.proxy,
                SignatureType::Safe => wallets.safe,
                SignatureType::DepositWallet => wallets.deposit_wallet,
            };
            admin.fund(funded, funds).await?;
            Ok::<_, AdminError>(wallets)
        })?;
        self.ask(move |core| core.submit_polymarket(PolymarketRecord::AddKey(record)))?;
        Ok(PolymarketUser { wallets, creds })
    }

    /// Runs something at the exchange's own time and with its own chance.
    fn at<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let now = self.now;
        let (value, chance) = chance::seeded(self.chance, || with_wall(now, work));
        self.chance = chance;
        value
    }

    /// A round of the core.
    fn ask<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Core) -> T + Send + 'static) -> T {
        let handle = self.handle.clone();
        let asked = self.at(|| handle.call(work).now_or_never());
        asked.expect("an inline core answers at once").expect("an exchange without a journal does not stop")
    }

    /// Looks at the core between rounds.
    fn peek(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When something is due by itself: at the markets, or because a socket has been silent.
    pub fn next_timer(&self) -> Option<Timestamp> {
        let silence = self.sockets.values().filter_map(Socket::deadline).min();
        [self.peek().next_timer(), silence].into_iter().flatten().min()
    }

    /// Moves both clocks, and lets what is due happen, each thing at its own time. Clocks do not go back.
    pub fn advance(&mut self, to: Timestamp) {
        // What was said until now was sent before time went on.
        self.hear();
        while let Some(due) = self.next_timer().filter(|due| *due > self.now && *due <= to) {
            self.step(due);
        }
        self.step(to.max(self.now));
    }

    fn step(&mut self, to: Timestamp) {
        self.now = to;
        self.clock.set(to, Pace::Frozen);
        self.ask(|_| ());
        self.hear();
        for socket in self.sockets.values_mut() {
            socket.check_silence(to);
        }
    }

    /// Lets every socket hear what was said.
    fn hear(&mut self) {
        for socket in self.sockets.values_mut() {
            socket.hear(self.now, self.stream_backlog);
        }
    }

    /// One request, through the router of a face.
    ///
    /// # Panics
    /// When the request cannot be written down, which is the caller's bug.
    pub fn http(&mut self, face: Venue, request: &HttpRequest) -> HttpResponse {
        let mut built = Request::builder().method(request.method.as_str()).uri(&request.target);
        for (name, value) in &request.headers {
            built = built.header(name, value);
        }
        let has_type = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header::CONTENT_TYPE.as_str()));
        if !request.body.is_empty() && !has_type {
            built = built.header(header::CONTENT_TYPE, "application/json");
        }
        let built = built.body(Body::from(request.body.clone())).expect("a request that can be written");
        let mut router = match face {
            Venue::Kalshi => self.kalshi.clone(),
            Venue::Polymarket => self.polymarket.clone(),
        };
        self.at(|| {
            let serving = async move { read(router.call(built).await.unwrap_or_else(|never| match never {})).await };
            serving.now_or_never().expect("a handler waits for nothing but the core")
        })
    }

    /// Opens a socket. Kalshi's needs the three signed headers.
    ///
    /// # Errors
    /// The answer with which the handshake is refused.
    ///
    /// # Panics
    /// When the headers cannot be written down, which is the caller's bug.
    pub fn open_socket(&mut self, kind: SocketKind, headers: &[(String, String)]) -> Result<SocketId, HttpResponse> {
        let speaker = match kind {
            SocketKind::Kalshi => {
                let mut built = Request::builder().uri(WS_PATH);
                for (name, value) in headers {
                    built = built.header(name, value);
                }
                let (parts, ()) = built.body(()).expect("headers that can be written").into_parts();
                let app = self.app.clone();
                match self.at(|| ws::admit(&app, &parts)) {
                    Ok(caller) => Speaker::Kalshi(Box::new(Subscriptions::new(caller.account))),
                    Err(failure) => {
                        let refusal = read(failure.into_response()).now_or_never();
                        return Err(refusal.expect("a refusal is there already"));
                    }
                }
            }
            SocketKind::PolymarketMarket => Speaker::polymarket(polymarket::ws::market_talk(), self.now),
            SocketKind::PolymarketUser => Speaker::polymarket(polymarket::ws::user_talk(self.doors.clone()), self.now),
        };
        let (sender, queue) = mpsc::unbounded_channel();
        let backlog = Arc::new(Backlog::default());
        let (face, shared) = (speaker.face(), backlog.clone());
        let session = self.ask(move |core| core.listen(face, sender, shared));
        self.socket_count += 1;
        let id = SocketId(self.socket_count);
        self.sockets.insert(id, Socket::new(session, queue, backlog, speaker));
        Ok(id)
    }

    /// A client's text frame.
    pub fn send_frame(&mut self, socket: SocketId, text: &str) {
        let (now, limit) = (self.now, self.stream_backlog);
        let Some(open) = self.sockets.get_mut(&socket) else { return };
        // What was said before a command was read goes out before its answer.
        open.hear(now, limit);
        if let Some(question) = open.text(text, now) {
            self.ask(question);
        }
    }

    /// What the exchange has said through a socket since the last call, in order. A socket that it has closed says so last,
    /// and once; after that there is nothing.
    pub fn take_frames(&mut self, socket: SocketId) -> Vec<SocketFrame> {
        let Some(open) = self.sockets.get_mut(&socket) else { return Vec::new() };
        open.hear(self.now, self.stream_backlog);
        let frames = open.read();
        if open.is_closed() {
            self.sockets.remove(&socket);
        }
        frames
    }

    /// A client goes. What it had not read is gone with it.
    pub fn close_socket(&mut self, socket: SocketId) {
        self.sockets.remove(&socket);
    }
}

async fn read(response: Response) -> HttpResponse {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BODY).await.map(|bytes| bytes.to_vec()).unwrap_or_default();
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    HttpResponse { status: parts.status.as_u16(), headers: parts.headers.iter().map(text).collect(), body }
}
