//! One task per socket, whatever it follows: it owns the socket and what it subscribed to, and hears the core through one
//! queue, in order, with the answers to its own commands in their place.
//!
//! The venue wants a text `PING` every ten seconds and drops a socket that says nothing for about a minute, whatever
//! protocol pings it sends.
//!
//! Source: reference (Polymarket), sections 10.1 and 11.1, 2026-11-20.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use brier_polymarket_protocol::stream::command::{CLOSE_POLICY, INVALID_SUBSCRIPTION};
use futures_util::SinkExt as _;
use tokio::sync::mpsc::{self, Sender, UnboundedReceiver};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::core::{Answered, Backlog, Core, Face, Heard, Stopped, ToSession};
use crate::polymarket::http::App;

/// How long a peer that takes nothing is waited for.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);
/// How long a peer's own close is waited for.
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);
/// How long a socket may be open without a subscription.
pub(crate) const FIRST_FRAME_DEADLINE: Duration = Duration::from_secs(30);
/// How long a subscribed socket may say nothing.
pub(crate) const SILENCE: Duration = Duration::from_mins(1);
/// The longest command.
const MAX_COMMAND: usize = 1 << 20;
/// Most messages taken from the queue before they are flushed.
const BURST: usize = 256;
/// Close codes of RFC 6455.
const GOING_AWAY: u16 = 1001;
const TRY_AGAIN: u16 = 1013;

/// A question for the core.
pub(crate) type Ask = Box<dyn FnOnce(&mut Core) -> Answered + Send>;

/// What a socket says and hears.
pub(crate) trait Talk: Send + 'static {
    /// What it listens to.
    fn face(&self) -> Face;
    /// Whether it has subscribed to anything yet.
    fn has_begun(&self) -> bool;
    /// A text came.
    ///
    /// # Errors
    /// How the socket ends for it.
    fn text(&mut self, text: &str) -> Result<Option<Ask>, End>;
    /// Something was said to everybody of its face.
    fn hear(&mut self, heard: &Heard);
    /// The core answered.
    ///
    /// # Errors
    /// How the socket ends for it.
    fn answer(&mut self, answered: Answered) -> Result<(), End>;
    /// The frames to be sent.
    fn drain(&mut self) -> Vec<Arc<str>>;
}

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer went, or takes nothing any more.
    Gone,
    /// Closed with this code and reason.
    Close(u16, &'static str),
}

impl End {
    const STOPPED: Self = Self::Close(GOING_AWAY, "");
    pub(crate) const OVERFLOW: Self = Self::Close(TRY_AGAIN, "too slow");
}

impl From<Stopped> for End {
    fn from(_stopped: Stopped) -> Self {
        Self::STOPPED
    }
}

/// Takes one message of the core; the token of a barrier is to be dropped once everything before it has left.
///
/// # Errors
/// How the socket ends for it.
pub(crate) fn take(talk: &mut dyn Talk, backlog: &Backlog, message: ToSession) -> Result<Option<Sender<()>>, End> {
    match message {
        ToSession::Publish(batch) => {
            backlog.take(talk.face(), &batch).for_each(|heard| talk.hear(heard));
            Ok(None)
        }
        ToSession::Answer(answer) => talk.answer(answer).map(|()| None),
        ToSession::Barrier(token) => Ok(Some(token)),
    }
}

/// Asks the core, and lets the answer take its place among what the session hears.
pub(crate) fn answering(session: u64, ask: Ask) -> impl FnOnce(&mut Core) + Send {
    move |core| {
        let answer = ask(core);
        core.answer(session, answer);
    }
}

/// How a socket ends that said nothing for too long.
pub(crate) fn silent(talk: &dyn Talk) -> End {
    End::Close(CLOSE_POLICY, if talk.has_begun() { "idle" } else { INVALID_SUBSCRIPTION })
}

pub(crate) struct Session<T> {
    app: App,
    id: u64,
    socket: WebSocket,
    queue: UnboundedReceiver<ToSession>,
    backlog: Arc<Backlog>,
    talk: T,
    /// When silence ends it.
    deadline: Instant,
}

async fn until_stopped(stopping: &mut watch::Receiver<bool>) {
    // The sender gone means the same: the server was dropped.
    drop(stopping.wait_for(|stopping| *stopping).await);
}

impl<T: Talk> Session<T> {
    pub(crate) fn upgrade(app: App, upgrade: WebSocketUpgrade, talk: T) -> Response {
        upgrade.max_message_size(MAX_COMMAND).on_upgrade(move |socket| Self::run(app, socket, talk))
    }

    async fn run(app: App, socket: WebSocket, talk: T) {
        let (sender, queue) = mpsc::unbounded_channel();
        let backlog = Arc::new(Backlog::default());
        let (shared, face) = (backlog.clone(), talk.face());
        let Ok(id) = app.core.call(move |core| core.listen(face, sender, shared)).await else { return };
        let deadline = Instant::now() + FIRST_FRAME_DEADLINE;
        let mut session = Self { app, id, socket, queue, backlog, talk, deadline };
        let end = match session.serve().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        session.end(end).await;
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, End> {
        let mut stopping = self.app.stopping.clone();
        loop {
            if self.backlog.overflowed.load(Ordering::Acquire) {
                return Err(End::OVERFLOW);
            }
            tokio::select! {
                // What was said before a command was read goes out before its answer.
                biased;
                message = self.queue.recv() => self.take(message).await?,
                () = until_stopped(&mut stopping) => return Err(End::STOPPED),
                frame = self.socket.recv() => match frame {
                    Some(Ok(Message::Text(text))) => self.command(text.as_str()).await?,
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
                },
                () = sleep_until(self.deadline) => return Err(silent(&self.talk)),
            }
            self.flush().await?;
        }
    }

    /// Takes one message of the core, and what else is there already, up to a burst.
    async fn take(&mut self, first: Option<ToSession>) -> Result<(), End> {
        let mut next = Some(first.ok_or_else(|| self.cut_off())?);
        let mut left = BURST;
        while let Some(message) = next {
            if let Some(token) = take(&mut self.talk, &self.backlog, message)? {
                self.flush().await?;
                drop(token);
            }
            left -= 1;
            next = if left > 0 { self.queue.try_recv().ok() } else { None };
        }
        Ok(())
    }

    fn cut_off(&self) -> End {
        if self.backlog.overflowed.load(Ordering::Acquire) { End::OVERFLOW } else { End::STOPPED }
    }

    /// Hands everything that is to be said to the socket.
    async fn flush(&mut self) -> Result<(), End> {
        let write = async {
            for frame in self.talk.drain() {
                self.socket.feed(Message::Text(frame.as_ref().into())).await?;
            }
            self.socket.flush().await
        };
        match timeout(WRITE_DEADLINE, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    async fn command(&mut self, text: &str) -> Result<(), End> {
        let ask = self.talk.text(text)?;
        self.deadline = Instant::now() + SILENCE;
        if let Some(ask) = ask {
            self.app.core.call(answering(self.id, ask)).await?;
        }
        Ok(())
    }

    /// The last words, as far as the peer still listens.
    async fn end(&mut self, end: End) {
        let End::Close(code, reason) = end else { return };
        let close = async {
            self.socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
            // Frames still unread when a socket is dropped would take the reason with them.
            drop(
                timeout(CLOSE_DEADLINE, async { while self.socket.recv().await.is_some_and(|it| it.is_ok()) {} }).await,
            );
            Ok::<(), axum::Error>(())
        };
        match timeout(WRITE_DEADLINE, close).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "session ended while its last words were sent"),
            Err(_) => tracing::debug!("session ended without taking its last words"),
        }
    }
}
