//! The exchange inside a simulation: both faces, the real routers and the real sessions, without threads, sockets, files, chance
//! or the wall's clock. The same calls give the same bytes.
//!
//! Requests go through the very routers that the server has, signatures and limits included; sockets are the same machines
//! without a wire between. Time stands still until [`SimExchange::advance`] moves it, for the markets and for whatever judges
//! signatures. Keys' private halves are still random: nothing that is said depends on them.

mod truth;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Request};
use brier_kalshi_protocol::ws::WS_PATH;
use brier_types::{Money, Timestamp, Venue};
use futures_util::FutureExt as _;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;
use tower_service::Service as _;

use crate::access::AccessCell;
use crate::admin::Admin;
use crate::auth::Need;
use crate::clock::{Clock, ClockConfig, with_wall};
use crate::core::{self, Answered, Backlog, Core, CoreHandle, Face, Heard, ToSession};
use crate::http::{App, check_signature};
use crate::ids::with_counted;
use crate::limits::Buckets;
use crate::polymarket;
use crate::polymarket::doors::Doors;
use crate::polymarket::ws::session::{End, Talk};
use crate::server::router;
use crate::state::State;
use crate::ws::{self, Subscriptions};

pub use truth::{OrderTruth, PositionTruth};

/// The largest answer that is taken.
const MAX_BODY: usize = 16 << 20;

/// An HTTP request as it would stand on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
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
    /// The exchange closed it, and why.
    Closed(String),
}

/// One end of a simulated socket.
struct Socket {
    session: u64,
    queue: UnboundedReceiver<ToSession>,
    backlog: Arc<Backlog>,
    end: SocketEnd,
}

enum SocketEnd {
    Kalshi(Box<Subscriptions>),
    Polymarket(Box<dyn DynTalk>),
}

/// [`Talk`] behind a pointer.
trait DynTalk: Send {
    fn face(&self) -> Face;
    fn text(&mut self, text: &str) -> Result<Option<polymarket::ws::session::Ask>, End>;
    fn hear(&mut self, heard: &Heard);
    fn answer(&mut self, answered: Answered) -> Result<(), End>;
    fn drain(&mut self) -> Vec<Arc<str>>;
}

impl<T: Talk> DynTalk for T {
    fn face(&self) -> Face {
        Talk::face(self)
    }
    fn text(&mut self, text: &str) -> Result<Option<polymarket::ws::session::Ask>, End> {
        Talk::text(self, text)
    }
    fn hear(&mut self, heard: &Heard) {
        Talk::hear(self, heard);
    }
    fn answer(&mut self, answered: Answered) -> Result<(), End> {
        Talk::answer(self, answered)
    }
    fn drain(&mut self) -> Vec<Arc<str>> {
        Talk::drain(self)
    }
}

/// The exchange. See the module's head.
pub struct SimExchange {
    core: CoreHandle,
    clock: Clock,
    now: Timestamp,
    /// Ids made so far.
    ids: u64,
    app: App,
    doors: Doors,
    kalshi: Router,
    polymarket: Router,
    admin: Admin,
    sockets: BTreeMap<SocketId, Socket>,
    socket_count: u64,
    _stop: watch::Sender<bool>,
}

impl std::fmt::Debug for SimExchange {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SimExchange").field("now", &self.now).field("sockets", &self.sockets.len()).finish_non_exhaustive()
    }
}

impl SimExchange {
    /// An empty exchange whose clocks stand at `start`. `seed` decides every id that it makes; `grant` is what wallets of
    /// Polymarket have when they are opened.
    pub fn start(start: Timestamp, seed: u64, grant: Money) -> Self {
        let clock = Clock::new(ClockConfig::Simulated { start: Some(start) });
        let (access, doors) = (AccessCell::default(), Doors::default());
        let states = (State::default(), polymarket::State::default());
        let core = Core::new(states, None, clock.clone(), (access.clone(), doors.clone()), 1 << 20);
        let core = core::inline(core);
        let (stop, stopping) = watch::channel(false);
        let admin = Admin::new(core.clone(), clock.clone());
        let app = App {
            core: core.clone(),
            access,
            buckets: Arc::new(Buckets::new()),
            clock: clock.clone(),
            stopping: stopping.clone(),
        };
        let limits = Arc::new(polymarket::limits::Buckets::new());
        let other = polymarket::http::App { core: core.clone(), doors: doors.clone(), limits, grant, stopping };
        let mut exchange = Self {
            core,
            clock,
            now: start,
            ids: seed.wrapping_mul(1 << 20),
            kalshi: router(app.clone(), None),
            polymarket: polymarket::http::router(other),
            app,
            doors,
            admin,
            sockets: BTreeMap::new(),
            socket_count: 0,
            _stop: stop,
        };
        exchange.advance(start);
        exchange
    }

    /// What the clocks show.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The administration, whose answers are there at once: see [`SimExchange::manage`].
    pub const fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Lets the administration do something.
    ///
    /// # Panics
    /// When `work` waits for anything but the exchange.
    pub fn manage<T, F: Future<Output = T>>(&mut self, work: impl FnOnce(Admin) -> F) -> T {
        let admin = self.admin.clone();
        self.at(|| work(admin).now_or_never().expect("the exchange answers at once"))
    }

    /// Runs something at the exchange's own time and with its own ids.
    fn at<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let now = self.now;
        let (value, ids) = with_counted(self.ids, || with_wall(now, work));
        self.ids = ids;
        value
    }

    fn ask<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Core) -> T + Send + 'static) -> T {
        let core = self.core.clone();
        let asked = self.at(|| core.call(work).now_or_never());
        asked.expect("an inline core answers at once").expect("an exchange without a journal does not stop")
    }

    /// When something is due by itself.
    pub fn next_timer(&mut self) -> Option<Timestamp> {
        self.ask(|core| core.next_timer())
    }

    /// Moves both clocks, and lets what is due happen, each thing at its own time. Clocks do not go back.
    pub fn advance(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
        self.clock.set(self.now, crate::clock::Pace::Frozen);
        self.ask(|_| ());
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
        if !request.body.is_empty() {
            built = built.header("content-type", "application/json");
        }
        let built = built.body(Body::from(request.body.clone())).expect("a request that can be written");
        let mut router = match face {
            Venue::Kalshi => self.kalshi.clone(),
            Venue::Polymarket => self.polymarket.clone(),
        };
        self.at(|| {
            let serving = async move {
                let response = router.call(built).await.unwrap_or_else(|never| match never {});
                let (parts, body) = response.into_parts();
                let body = to_bytes(body, MAX_BODY).await.map(|bytes| bytes.to_vec()).unwrap_or_default();
                let text = |(name, value): (&HeaderName, &HeaderValue)| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                };
                HttpResponse { status: parts.status.as_u16(), headers: parts.headers.iter().map(text).collect(), body }
            };
            serving.now_or_never().expect("a handler waits for nothing but the core")
        })
    }

    /// Opens a socket. Kalshi's needs the three signed headers.
    ///
    /// # Errors
    /// The status with which the handshake is refused.
    pub fn open_socket(&mut self, kind: SocketKind, headers: &[(String, String)]) -> Result<SocketId, u16> {
        let end = match kind {
            SocketKind::Kalshi => {
                let mut built = Request::builder().uri(WS_PATH);
                for (name, value) in headers {
                    built = built.header(name, value);
                }
                let (parts, ()) = built.body(()).map_err(|_| 400_u16)?.into_parts();
                let app = self.app.clone();
                let caller = self.at(|| check_signature(&app, &parts)).map_err(|_| 401_u16)?;
                if !caller.may(Need::Read) {
                    return Err(403);
                }
                SocketEnd::Kalshi(Box::new(Subscriptions::new(caller.account)))
            }
            SocketKind::PolymarketMarket => SocketEnd::Polymarket(Box::new(polymarket::ws::market_talk())),
            SocketKind::PolymarketUser => {
                SocketEnd::Polymarket(Box::new(polymarket::ws::user_talk(self.doors.clone())))
            }
        };
        let face = match &end {
            SocketEnd::Kalshi(_) => Face::Kalshi,
            SocketEnd::Polymarket(talk) => talk.face(),
        };
        let (sender, queue) = mpsc::unbounded_channel();
        let backlog = Arc::new(Backlog::default());
        let shared = backlog.clone();
        let session = self.ask(move |core| core.listen(face, sender, shared));
        self.socket_count += 1;
        let id = SocketId(self.socket_count);
        self.sockets.insert(id, Socket { session, queue, backlog, end });
        Ok(id)
    }

    /// A client's text frame.
    pub fn send_frame(&mut self, socket: SocketId, text: &str) {
        let Some(open) = self.sockets.get_mut(&socket) else { return };
        let session = open.session;
        match &mut open.end {
            SocketEnd::Kalshi(subscriptions) => {
                if let Some(work) = ws::command(subscriptions, session, text) {
                    self.ask(work);
                }
            }
            SocketEnd::Polymarket(talk) => match talk.text(text) {
                Ok(Some(ask)) => self.ask(move |core: &mut Core| {
                    let answer = ask(core);
                    core.answer(session, answer);
                }),
                Ok(None) => {}
                Err(_end) => self.close_socket(socket),
            },
        }
    }

    /// What the exchange has said through a socket since the last call; nothing and a close when it is gone.
    pub fn take_frames(&mut self, socket: SocketId) -> Vec<SocketFrame> {
        let now = self.clock.now();
        let Some(open) = self.sockets.get_mut(&socket) else { return vec![SocketFrame::Closed("closed".to_owned())] };
        let mut frames = Vec::new();
        while let Ok(message) = open.queue.try_recv() {
            match (message, &mut open.end) {
                (ToSession::Publish(batch), SocketEnd::Kalshi(subscriptions)) => {
                    for heard in open.backlog.take(Face::Kalshi, &batch) {
                        if let Heard::Kalshi(publication) = heard {
                            subscriptions.hear(publication);
                        }
                    }
                }
                (ToSession::Publish(batch), SocketEnd::Polymarket(talk)) => {
                    let face = talk.face();
                    open.backlog.take(face, &batch).for_each(|heard| talk.hear(heard));
                }
                (ToSession::Answer(Answered::Kalshi(answer)), SocketEnd::Kalshi(subscriptions)) => answer(subscriptions),
                (ToSession::Answer(answered), SocketEnd::Polymarket(talk)) => {
                    if talk.answer(answered).is_err() {
                        frames.push(SocketFrame::Closed("refused".to_owned()));
                    }
                }
                (ToSession::Answer(_), SocketEnd::Kalshi(_)) => {
                    unreachable!("the core answers a session in its own face's terms")
                }
                (ToSession::Barrier(token), _) => drop(token),
            }
        }
        match &mut open.end {
            SocketEnd::Kalshi(subscriptions) => {
                let said = subscriptions.drain().into_iter().map(|message| message.sent_at(now).to_json());
                frames.extend(said.map(SocketFrame::Text));
            }
            SocketEnd::Polymarket(talk) => {
                frames.extend(talk.drain().into_iter().map(|frame| SocketFrame::Text(frame.to_string())));
            }
        }
        frames
    }

    /// A client goes.
    pub fn close_socket(&mut self, socket: SocketId) {
        self.sockets.remove(&socket);
    }
}
