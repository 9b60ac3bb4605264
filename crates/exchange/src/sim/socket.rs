//! A socket without a wire: the sessions' own machines, and the frames that nobody has read yet.
//!
//! Invariants: what was said before a command comes before its answer, as on the real socket; once closed, a socket says
//! nothing but why, and that once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use brier_types::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;

use super::SocketFrame;
use crate::core::{Backlog, Core, Face, ToSession};
use crate::polymarket::ws::session::{self, End, FIRST_FRAME_DEADLINE, SILENCE, Talk};
use crate::ws::{self, Subscriptions};

/// What speaks on it.
pub(super) enum Speaker {
    Kalshi(Box<Subscriptions>),
    Polymarket {
        talk: Box<dyn Talk>,
        /// When silence ends it.
        deadline: Timestamp,
    },
}

impl Speaker {
    pub(super) fn polymarket(talk: impl Talk, now: Timestamp) -> Self {
        Self::Polymarket { talk: Box::new(talk), deadline: now.plus(FIRST_FRAME_DEADLINE) }
    }

    pub(super) fn face(&self) -> Face {
        match self {
            Self::Kalshi(_) => Face::Kalshi,
            Self::Polymarket { talk, .. } => talk.face(),
        }
    }

    fn take(&mut self, backlog: &Backlog, message: ToSession) -> Result<(), End> {
        match self {
            Self::Kalshi(subscriptions) => drop(ws::take(subscriptions, backlog, message)),
            Self::Polymarket { talk, .. } => drop(session::take(talk.as_mut(), backlog, message)?),
        }
        Ok(())
    }

    fn drain(&mut self, now: Timestamp, said: &mut VecDeque<SocketFrame>) {
        match self {
            Self::Kalshi(subscriptions) => {
                let texts = subscriptions.drain().into_iter().map(|message| message.sent_at(now).to_json());
                said.extend(texts.map(SocketFrame::Text));
            }
            Self::Polymarket { talk, .. } => {
                said.extend(talk.drain().into_iter().map(|frame| SocketFrame::Text(frame.to_string())));
            }
        }
    }
}

/// What a command has to ask the core.
pub(super) type Question = Box<dyn FnOnce(&mut Core) + Send>;

/// See the module's head.
pub(super) struct Socket {
    session: u64,
    queue: UnboundedReceiver<ToSession>,
    backlog: Arc<Backlog>,
    speaker: Speaker,
    said: VecDeque<SocketFrame>,
    closed: bool,
}

impl Socket {
    pub(super) fn new(
        session: u64,
        queue: UnboundedReceiver<ToSession>,
        backlog: Arc<Backlog>,
        speaker: Speaker,
    ) -> Self {
        Self { session, queue, backlog, speaker, said: VecDeque::new(), closed: false }
    }

    /// Whether the exchange has closed it.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// When it ends by itself.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match &self.speaker {
            Speaker::Polymarket { deadline, .. } if !self.closed => Some(*deadline),
            Speaker::Polymarket { .. } | Speaker::Kalshi(_) => None,
        }
    }

    /// Turns what the core has said into frames. More than `limit` frames that nobody reads end it.
    pub(super) fn hear(&mut self, now: Timestamp, limit: usize) {
        if self.closed {
            return;
        }
        while let Ok(message) = self.queue.try_recv() {
            if let Err(end) = self.speaker.take(&self.backlog, message) {
                self.speaker.drain(now, &mut self.said);
                return self.close(&end);
            }
        }
        self.speaker.drain(now, &mut self.said);
        if self.said.len() > limit || self.backlog.overflowed.load(Ordering::Acquire) {
            self.overflow(now, limit);
        }
    }

    /// What was not read in time is lost, and the client is told so in its venue's way.
    fn overflow(&mut self, now: Timestamp, limit: usize) {
        self.said.truncate(limit);
        match &self.speaker {
            Speaker::Kalshi(_) => {
                self.said.push_back(SocketFrame::Text(ws::too_slow().sent_at(now).to_json()));
                self.shut("too slow".to_owned());
            }
            Speaker::Polymarket { .. } => self.close(&End::OVERFLOW),
        }
    }

    /// Takes a text frame of the client: what it has to ask the core, if anything.
    pub(super) fn text(&mut self, text: &str, now: Timestamp) -> Option<Question> {
        if self.closed {
            return None;
        }
        let session = self.session;
        match &mut self.speaker {
            Speaker::Kalshi(subscriptions) => ws::command(subscriptions, session, text),
            Speaker::Polymarket { talk, deadline } => match talk.text(text) {
                Ok(ask) => {
                    *deadline = now.plus(SILENCE);
                    ask.map(|ask| Box::new(session::answering(session, ask)) as Question)
                }
                Err(end) => {
                    self.close(&end);
                    None
                }
            },
        }
    }

    /// Ends it if it has been silent for too long.
    pub(super) fn check_silence(&mut self, now: Timestamp) {
        if let Speaker::Polymarket { talk, deadline } = &self.speaker
            && *deadline <= now
        {
            let end = session::silent(talk.as_ref());
            self.close(&end);
        }
    }

    fn close(&mut self, end: &End) {
        self.shut(match end {
            End::Close(code, reason) => format!("{code} {reason}"),
            End::Gone => "gone".to_owned(),
        });
    }

    fn shut(&mut self, reason: String) {
        if !self.closed {
            self.closed = true;
            self.queue.close();
            self.said.push_back(SocketFrame::Closed(reason));
        }
    }

    /// What was said and not read yet.
    pub(super) fn read(&mut self) -> Vec<SocketFrame> {
        std::mem::take(&mut self.said).into()
    }
}
