//! The WebSocket: the upgrade, and one task per connection.
//!
//! A session owns its socket and its subscriptions. What it hears from the core comes through one queue, in order, with
//! the answers to its own commands in their place, so that a snapshot and the changes after it fit without a lock. A
//! session that reads too slowly is told so (error 25) and ended; the core never waits for one.
//!
//! Source: reference section 15 (docs.kalshi.com AsyncAPI 2.0.0), 2026-11-20.

mod subscriptions;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State as AxumState};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::ws::{self, Action, Body, Command, CommandBody, CommandError, ErrorCode, ErrorMessage};
use brier_matching::AccountId;
use futures_util::SinkExt as _;
use tokio::sync::mpsc::{self, Sender, UnboundedReceiver};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

pub(crate) use subscriptions::{Opening, Resolved, Subscriptions};

use crate::auth::{Caller, Need};
use crate::core::{Answered, Backlog, Core, Face, Heard, Stopped, ToSession};
use crate::http::{App, Failure, check_signature};

/// How often a ping goes out.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long a peer that takes nothing is waited for.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);
/// The longest command.
const MAX_COMMAND: usize = 4 << 20;
/// Most messages taken from the queue before they are flushed.
const BURST: usize = 256;

/// The upgrade: signed as any private request, whatever is subscribed to later.
pub(crate) async fn upgrade(AxumState(app): AxumState<App>, request: Request) -> Response {
    let (mut parts, _body) = request.into_parts();
    let caller = match admit(&app, &parts) {
        Ok(caller) => caller,
        Err(failure) => return failure.into_response(),
    };
    match WebSocketUpgrade::from_request_parts(&mut parts, &app).await {
        Ok(upgrade) => upgrade
            .max_message_size(MAX_COMMAND)
            .on_upgrade(move |socket| async move { Session::run(app, caller.account, socket).await }),
        Err(rejection) => rejection.into_response(),
    }
}

/// Who opens a socket.
///
/// # Errors
/// The refusal of the handshake.
pub(crate) fn admit(app: &App, parts: &Parts) -> Result<Caller, Failure> {
    let caller = check_signature(app, parts)?;
    if caller.may(Need::Read) { Ok(caller) } else { Err(Code::PermissionDenied.into()) }
}

async fn until_stopped(stopping: &mut watch::Receiver<bool>) {
    // The sender gone means the same: the server was dropped.
    drop(stopping.wait_for(|stopping| *stopping).await);
}

/// A question for the core.
pub(crate) type Ask = Box<dyn FnOnce(&mut Core) + Send>;

fn refuse(subscriptions: &mut Subscriptions, id: u64, code: ErrorCode) {
    subscriptions.say(ws::ServerMessage::new(Body::Error(ErrorMessage::new(code))).answering(id));
}

/// Takes a client's command: what it has to ask the core, if anything. The answer comes back to the session of this number in
/// its place among what everybody hears.
pub(crate) fn command(subscriptions: &mut Subscriptions, session: u64, text: &str) -> Option<Ask> {
    let Command { id, body } = match Command::parse(text) {
        Ok(command) => command,
        Err(CommandError { id, code }) => {
            refuse(subscriptions, id, code);
            return None;
        }
    };
    let result = match body {
        CommandBody::ListSubscriptions => {
            subscriptions.list(id);
            Ok(())
        }
        CommandBody::Unsubscribe { sids } => subscriptions.unsubscribe(id, &sids),
        CommandBody::Subscribe(subscribe) => match Opening::new(subscribe) {
            Ok(opening) => {
                let resolve = move |core: &mut Core| opening.resolve(&core.state, core.now());
                return Some(ask(session, id, resolve, move |it, resolved| it.open(id, resolved)));
            }
            Err(code) => Err(code),
        },
        CommandBody::UpdateSubscription(update) => match subscriptions.check(&update) {
            Ok(()) if update.action == Action::DeleteMarkets => {
                subscriptions.delete_markets(id, &update);
                Ok(())
            }
            Ok(()) => {
                let (tickers, summaries) = (update.market_tickers.clone(), update.send_initial_snapshot);
                let resolve = move |core: &mut Core| {
                    let now = summaries.then(|| core.now());
                    Resolved::of(&core.state, &tickers, now)
                };
                return Some(ask(session, id, resolve, move |it, resolved| it.update(id, &update, resolved)));
            }
            Err(code) => Err(code),
        },
    };
    if let Err(code) = result {
        refuse(subscriptions, id, code);
    }
    None
}

/// Asks the core, and lets the answer take its place among what everybody hears.
fn ask<T: Send + 'static>(
    session: u64,
    id: u64,
    resolve: impl FnOnce(&mut Core) -> Result<T, ErrorMessage> + Send + 'static,
    then: impl FnOnce(&mut Subscriptions, T) + Send + 'static,
) -> Ask {
    Box::new(move |core: &mut Core| {
        let resolved = resolve(core);
        let answer = move |subscriptions: &mut Subscriptions| match resolved {
            Ok(resolved) => then(subscriptions, resolved),
            Err(error) => subscriptions.say(ws::ServerMessage::new(Body::Error(error)).answering(id)),
        };
        core.answer(session, Answered::Kalshi(Box::new(answer)));
    })
}

/// Takes one message of the core; the token of a barrier is to be dropped once everything before it has left.
pub(crate) fn take(subscriptions: &mut Subscriptions, backlog: &Backlog, message: ToSession) -> Option<Sender<()>> {
    match message {
        ToSession::Publish(batch) => {
            for heard in backlog.take(Face::Kalshi, &batch) {
                if let Heard::Kalshi(publication) = heard {
                    subscriptions.hear(publication);
                }
            }
            None
        }
        ToSession::Answer(Answered::Kalshi(answer)) => {
            answer(subscriptions);
            None
        }
        ToSession::Answer(Answered::Polymarket(_) | Answered::Prices(_)) => {
            unreachable!("the core answers a session in its own face's terms")
        }
        ToSession::Barrier(token) => Some(token),
    }
}

/// What a session that fell behind is told last.
pub(crate) fn too_slow() -> ws::ServerMessage {
    ws::ServerMessage::new(Body::Error(ErrorMessage::new(ErrorCode::BufferOverflow)))
}

/// Why a session ends.
enum End {
    /// The peer went, or takes nothing any more.
    Gone,
    /// The session fell behind.
    Overflow,
    /// The exchange stops.
    Stopped,
}

impl From<Stopped> for End {
    fn from(_stopped: Stopped) -> Self {
        Self::Stopped
    }
}

struct Session {
    app: App,
    id: u64,
    socket: WebSocket,
    queue: UnboundedReceiver<ToSession>,
    backlog: Arc<Backlog>,
    subscriptions: Subscriptions,
}

impl Session {
    async fn run(app: App, account: AccountId, socket: WebSocket) {
        let (sender, queue) = mpsc::unbounded_channel();
        let backlog = Arc::new(Backlog::default());
        let shared = backlog.clone();
        let Ok(id) = app.core.call(move |core| core.listen(Face::Kalshi, sender, shared)).await else { return };
        let mut session = Self { app, id, socket, queue, backlog, subscriptions: Subscriptions::new(account) };
        let end = match session.serve().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        session.end(end).await;
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, End> {
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        let mut stopping = self.app.stopping.clone();
        loop {
            if self.backlog.overflowed.load(Ordering::Acquire) {
                return Err(End::Overflow);
            }
            tokio::select! {
                // What was said before a command was read goes out before its answer.
                biased;
                message = self.queue.recv() => self.take(message).await?,
                () = until_stopped(&mut stopping) => return Err(End::Stopped),
                frame = self.socket.recv() => match frame {
                    Some(Ok(Message::Text(text))) => self.command(text.as_str()).await?,
                    Some(Ok(Message::Binary(_))) => refuse(&mut self.subscriptions, 0, ErrorCode::NotUnderstood),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
                },
                _ = pings.tick() => self.feed(Message::Ping(ws::HEARTBEAT.into())).await?,
            }
            self.flush().await?;
        }
    }

    /// Takes one message of the core, and what else is there already, up to a burst.
    async fn take(&mut self, first: Option<ToSession>) -> Result<(), End> {
        let mut next = Some(first.ok_or_else(|| self.cut_off())?);
        let mut left = BURST;
        while let Some(message) = next {
            if let Some(token) = take(&mut self.subscriptions, &self.backlog, message) {
                self.flush().await?;
                drop(token);
            }
            left -= 1;
            next = if left > 0 { self.queue.try_recv().ok() } else { None };
        }
        Ok(())
    }

    fn cut_off(&self) -> End {
        if self.backlog.overflowed.load(Ordering::Acquire) { End::Overflow } else { End::Stopped }
    }

    async fn feed(&mut self, message: Message) -> Result<(), End> {
        match timeout(WRITE_DEADLINE, self.socket.feed(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Hands everything that is to be said to the socket.
    async fn flush(&mut self) -> Result<(), End> {
        let now = self.app.clock.now();
        for message in self.subscriptions.drain() {
            self.feed(Message::Text(message.sent_at(now).to_json().into())).await?;
        }
        match timeout(WRITE_DEADLINE, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    async fn command(&mut self, text: &str) -> Result<(), End> {
        if let Some(work) = command(&mut self.subscriptions, self.id, text) {
            self.app.core.call(work).await?;
        }
        Ok(())
    }

    /// The last words, as far as the peer still listens.
    async fn end(&mut self, end: End) {
        let last = async {
            if let End::Overflow = end {
                let text = too_slow().sent_at(self.app.clock.now()).to_json();
                self.socket.send(Message::Text(text.into())).await?;
            }
            if !matches!(end, End::Gone) {
                self.socket.send(Message::Close(None)).await?;
            }
            Ok::<(), axum::Error>(())
        };
        match timeout(WRITE_DEADLINE, last).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "session ended while its last words were sent"),
            Err(_) => tracing::debug!("session ended without taking its last words"),
        }
    }
}
