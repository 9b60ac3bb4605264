//! The one thread that owns the state: it takes what is ready, applies it, writes it down, and only then answers.
//!
//! Invariants: one writer; everything a round applied is committed to the journal before any answer or stream message of
//! that round leaves; listeners hear messages in the order in which things happened, and a subscription takes its place in
//! that order. Reads are served here too, not from a published copy: they see every write answered before them, they wait
//! for the commit of what they saw, and building an answer costs microseconds where a copy of the state would cost more.
//! Answers are turned into JSON by the callers' tasks, not here.
//!
//! A failed commit stops the exchange: what the disk holds is then unknown, so nobody is told anything. A record too long
//! for the journal is no such failure: it is refused before it is applied.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use brier_store::{Journal, JournalError, MAX_RECORD_LEN};
use brier_types::Timestamp;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedSender};
use tokio::sync::oneshot;

use crate::access::AccessCell;
use crate::clock::Clock;
use crate::polymarket::doors::Doors;
use crate::polymarket::{self, state as polymarket_state};
use crate::publication::Publication;
use crate::record::{Entry, Record};
use crate::state::{Outcome, Refused, State};

/// Requests that may wait for the core; beyond it their senders wait.
const QUEUE: usize = 4_096;
/// Most requests applied before one commit.
const ROUND: usize = 1_024;

type Answer = Box<dyn FnOnce() + Send>;
type Job = Box<dyn FnOnce(&mut Core) -> Answer + Send>;

/// The exchange has stopped. Whether the request took effect is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the exchange has stopped")]
pub struct Stopped;

/// A way to ask the core. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CoreHandle {
    door: Door,
    journal_failure: Arc<OnceLock<String>>,
}

/// How the core is reached.
#[derive(Clone)]
enum Door {
    /// By the queue of its thread.
    Thread(Sender<Job>),
    /// At once, on the caller's thread: the simulator's way.
    Inline(Arc<Mutex<Core>>),
}

impl CoreHandle {
    /// Runs `work` on the core's thread, and returns its value once everything it did is on disk.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let queue = match &self.door {
            Door::Thread(queue) => queue,
            Door::Inline(core) => return core.lock().unwrap_or_else(PoisonError::into_inner).inline(work),
        };
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |core| {
            let value = work(core);
            // Whoever asked may have gone away; what was asked happened all the same.
            Box::new(move || drop(sender.send(value)))
        });
        queue.send(job).await.map_err(|_closed| Stopped)?;
        receiver.await.map_err(|_dropped| Stopped)
    }

    /// Waits until the core takes nothing any more.
    pub(crate) async fn stopped(&self) {
        match &self.door {
            Door::Thread(queue) => queue.closed().await,
            Door::Inline(_) => std::future::pending().await,
        }
    }

    /// What the journal said when it failed, if it did.
    pub(crate) fn journal_failure(&self) -> Option<&str> {
        self.journal_failure.get().map(String::as_str)
    }
}

impl std::fmt::Debug for CoreHandle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("CoreHandle")
    }
}

/// What a session listens to. A session hears what belongs to its face, and nothing is written that nobody hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    Kalshi,
    /// Books and trades of Polymarket.
    PolymarketMarket,
    /// Orders and trades of one owner on Polymarket.
    PolymarketUser,
    /// Reference prices.
    Prices,
}

/// What one of the faces tells its streams.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Kalshi(Publication),
    Polymarket(polymarket_state::say::Said),
    Price(Arc<polymarket::rtds::Tick>),
}

impl Heard {
    /// Whether a session of this face hears it.
    const fn is_for(&self, face: Face) -> bool {
        match (self, face) {
            (Self::Kalshi(_), Face::Kalshi) | (Self::Price(_), Face::Prices) => true,
            (Self::Polymarket(said), Face::PolymarketMarket) => !said.to.is_private(),
            (Self::Polymarket(said), Face::PolymarketUser) => said.to.is_private(),
            (Self::Kalshi(_) | Self::Price(_) | Self::Polymarket(_), _) => false,
        }
    }
}

/// The answer to a session's own command.
pub(crate) enum Answered {
    Kalshi(Box<dyn FnOnce(&mut crate::ws::Subscriptions) + Send>),
    Polymarket(polymarket::ws::Answer),
    Prices(polymarket::rtds::Answer),
}

/// One message to one session.
pub(crate) enum ToSession {
    /// What everybody hears.
    Publish(Arc<[Heard]>),
    /// The answer to the session's own command, in its place among what everybody hears.
    Answer(Answered),
    /// Dropped once everything before it was handed to the socket.
    Barrier(Sender<()>),
}

/// What the core and a session share.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// Messages sent and not yet taken.
    pub waiting: AtomicUsize,
    /// The session fell too far behind and was cut off.
    pub overflowed: AtomicBool,
}

impl Backlog {
    /// The part of a batch that a session of this face hears, which it has then taken.
    pub(crate) fn take<'a>(&self, face: Face, batch: &'a [Heard]) -> impl Iterator<Item = &'a Heard> {
        let heard: Vec<&Heard> = batch.iter().filter(|heard| heard.is_for(face)).collect();
        self.waiting.fetch_sub(heard.len(), Ordering::AcqRel);
        heard.into_iter()
    }
}

struct Listener {
    id: u64,
    face: Face,
    sender: UnboundedSender<ToSession>,
    backlog: Arc<Backlog>,
}

/// Something to be sent when the round is committed.
enum Outgoing {
    Publish(Heard),
    Answer(u64, ToSession),
    Barrier(Sender<()>),
}

/// What the core's thread owns.
pub(crate) struct Core {
    pub state: State,
    /// The other face.
    pub polymarket: polymarket::State,
    /// The reference prices of the last minutes.
    pub prices: polymarket::rtds::Prices,
    pub clock: Clock,
    journal: Option<Journal>,
    now: Timestamp,
    outgoing: Vec<Outgoing>,
    listeners: Vec<Listener>,
    listener_count: u64,
    backlog_limit: usize,
    access: AccessCell,
    doors: Doors,
    failure: Option<JournalError>,
    /// The same for those who ask from outside, written before the core stops.
    journal_failure: Arc<OnceLock<String>>,
    stopping: bool,
}

impl Core {
    pub(crate) fn new(
        (state, polymarket): (State, polymarket::State),
        journal: Option<Journal>,
        clock: Clock,
        (access, doors): (AccessCell, Doors),
        backlog: usize,
    ) -> Self {
        let now = state.exchange.now().max(polymarket.core.now());
        Self {
            state,
            polymarket,
            prices: polymarket::rtds::Prices::default(),
            clock,
            journal,
            now,
            outgoing: Vec::new(),
            listeners: Vec::new(),
            listener_count: 0,
            backlog_limit: backlog,
            access,
            doors,
            failure: None,
            journal_failure: Arc::default(),
            stopping: false,
        }
    }

    /// Applies and commits something before the thread starts.
    pub(crate) fn setup<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Result<T, JournalError> {
        self.start_round();
        let value = work(self);
        self.end_round(&mut Vec::new());
        // Keys and limits must be known before the first request comes.
        self.access.publish(&self.state);
        self.doors.publish(&self.polymarket);
        self.failure.take().map_or(Ok(value), Err)
    }

    /// Ends the thread with this round.
    pub(crate) const fn stop(&mut self) {
        self.stopping = true;
    }

    /// The market's time of this round.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Writes a record down and applies it.
    pub(crate) fn submit(&mut self, record: Record) -> Result<Outcome, Refused> {
        let entry = self.write(record).map_err(|len| Refused::TooLong { len })?;
        if matches!(entry.record, Record::Tick | Record::SetClock { .. }) {
            self.polymarket.advance(entry.at);
        }
        let result = self.state.execute(entry.at, &entry.record);
        self.collect();
        result
    }

    /// Writes a record of the Polymarket face down and applies it.
    pub(crate) fn submit_polymarket(
        &mut self,
        record: polymarket::Record,
    ) -> Result<polymarket_state::Effect, polymarket_state::Refused> {
        let entry = self.write(Record::Polymarket(record)).map_err(|len| polymarket_state::Refused::TooLong { len })?;
        let Record::Polymarket(record) = &entry.record else { unreachable!("the record that was just made") };
        let result = self.polymarket.execute(entry.at, record);
        self.collect();
        result
    }

    /// Writes a record down at the time of this round, or says how much too long it is.
    fn write(&mut self, record: Record) -> Result<Entry, usize> {
        let entry = Entry { at: self.now, record };
        if let Some(journal) = &mut self.journal {
            let bytes = entry.encode();
            // Refused before anything happens: the journal is well, and there is nothing to replay.
            if bytes.len() > MAX_RECORD_LEN {
                return Err(bytes.len());
            }
            if let Err(error) = journal.append(&bytes) {
                // Applied or not, this round is not committed, so nobody will hear of it.
                self.failure.get_or_insert(error);
            }
        }
        Ok(entry)
    }

    /// Moves what the state says to the outgoing queue, so that answers to sessions keep their place.
    fn collect(&mut self) {
        let kalshi = self.state.outbox.drain(..).map(Heard::Kalshi);
        self.outgoing.extend(kalshi.map(Outgoing::Publish));
        let polymarket = self.polymarket.outbox.drain(..).map(Heard::Polymarket);
        self.outgoing.extend(polymarket.map(Outgoing::Publish));
    }

    /// Moves a simulated clock and runs everything that becomes due.
    pub(crate) fn set_clock(&mut self, at: Timestamp, pace: crate::clock::Pace) {
        self.clock.set(at, pace);
        self.now = at.max(self.now);
        drop(self.submit(Record::set_clock(pace)));
    }

    /// A new listener, from now on.
    pub(crate) fn listen(&mut self, face: Face, sender: UnboundedSender<ToSession>, backlog: Arc<Backlog>) -> u64 {
        self.listener_count += 1;
        let id = self.listener_count;
        self.listeners.push(Listener { id, face, sender, backlog });
        self.note_listeners();
        id
    }

    /// Tells the faces for whom they write.
    fn note_listeners(&mut self) {
        let any = |face| self.listeners.iter().any(|listener| listener.face == face);
        self.state.listening = any(Face::Kalshi);
        self.polymarket.listening =
            polymarket_state::say::Listening { market: any(Face::PolymarketMarket), user: any(Face::PolymarketUser) };
    }

    /// Answers a session in its place among the messages of this round.
    pub(crate) fn answer(&mut self, session: u64, answer: Answered) {
        self.say_tickers();
        self.outgoing.push(Outgoing::Answer(session, ToSession::Answer(answer)));
    }

    /// Tells who listens to them a reference price. It changes nothing that is written down.
    pub(crate) fn publish_price(&mut self, tick: polymarket::rtds::Tick) {
        let tick = Arc::new(tick);
        self.prices.keep(tick.clone());
        self.outgoing.push(Outgoing::Publish(Heard::Price(tick)));
    }

    /// Passes `token` through every session; it is dropped everywhere once all that was said before it has left.
    pub(crate) fn barrier(&mut self, token: Sender<()>) {
        self.say_tickers();
        self.outgoing.push(Outgoing::Barrier(token));
    }

    fn say_tickers(&mut self) {
        self.state.say_tickers(self.now);
        self.collect();
    }

    /// A round for one question, on the caller's thread.
    fn inline<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Result<T, Stopped> {
        if self.failure.is_some() || self.stopping {
            return Err(Stopped);
        }
        self.start_round();
        let value = work(self);
        if self.end_round(&mut Vec::new()) { Ok(value) } else { Err(Stopped) }
    }

    /// When something is due next, on either face.
    pub(crate) fn next_timer(&self) -> Option<Timestamp> {
        [self.state.next_timer(), self.polymarket.next_timer()].into_iter().flatten().min()
    }

    /// Lets time come, and what is due happen.
    fn start_round(&mut self) {
        self.now = self.clock.now().max(self.now).max(self.state.exchange.now()).max(self.polymarket.core.now());
        if self.next_timer().is_some_and(|due| due <= self.now) {
            drop(self.submit(Record::Tick));
        }
    }

    /// Commits the round, then lets it be known. Returns false when the exchange must stop.
    fn end_round(&mut self, answers: &mut Vec<Answer>) -> bool {
        if let Some(journal) = &mut self.journal
            && self.failure.is_none()
            && let Err(error) = journal.commit()
        {
            self.failure = Some(error);
        }
        if let Some(failure) = &self.failure {
            tracing::error!(error = %failure, "journal failed, stopping");
            self.journal_failure.get_or_init(|| failure.to_string());
            return false;
        }
        if std::mem::take(&mut self.state.access_changed) {
            self.access.publish(&self.state);
        }
        if std::mem::take(&mut self.polymarket.doors_changed) {
            self.doors.publish(&self.polymarket);
        }
        self.say_tickers();
        self.send();
        for answer in answers.drain(..) {
            answer();
        }
        true
    }

    fn send(&mut self) {
        let mut batch = Vec::new();
        for outgoing in std::mem::take(&mut self.outgoing) {
            match outgoing {
                Outgoing::Publish(publication) => batch.push(publication),
                Outgoing::Answer(session, message) => {
                    self.send_batch(&mut batch);
                    if let Some(listener) = self.listeners.iter().find(|listener| listener.id == session) {
                        drop(listener.sender.send(message));
                    }
                }
                Outgoing::Barrier(token) => {
                    self.send_batch(&mut batch);
                    self.listeners.retain(|listener| listener.sender.send(ToSession::Barrier(token.clone())).is_ok());
                }
            }
        }
        self.send_batch(&mut batch);
        self.note_listeners();
    }

    fn send_batch(&mut self, batch: &mut Vec<Heard>) {
        let batch: Arc<[Heard]> = std::mem::take(batch).into();
        let limit = self.backlog_limit;
        self.listeners.retain(|listener| {
            let heard = batch.iter().filter(|heard| heard.is_for(listener.face)).count();
            if heard == 0 {
                return !listener.sender.is_closed();
            }
            let waiting = listener.backlog.waiting.fetch_add(heard, Ordering::AcqRel) + heard;
            if waiting > limit {
                // The session sees the flag, says so in its venue's way, and ends.
                listener.backlog.overflowed.store(true, Ordering::Release);
                return false;
            }
            listener.sender.send(ToSession::Publish(batch.clone())).is_ok()
        });
    }

    async fn run(&mut self, mut queue: Receiver<Job>) {
        let mut jobs: Vec<Job> = Vec::with_capacity(ROUND);
        let mut answers: Vec<Answer> = Vec::with_capacity(ROUND);
        loop {
            let wait = self.next_timer().and_then(|due| self.clock.wall_time_until(due));
            let taken = match wait {
                None => queue.recv_many(&mut jobs, ROUND).await,
                // A timer that is due with nothing asked makes a round of its own.
                Some(wait) => tokio::time::timeout(wait, queue.recv_many(&mut jobs, ROUND)).await.unwrap_or(usize::MAX),
            };
            if taken == 0 {
                return;
            }
            self.start_round();
            answers.extend(jobs.drain(..).map(|job| job(self)));
            if !self.end_round(&mut answers) || self.stopping {
                return;
            }
        }
    }
}

/// Starts the core's thread; it ends when the last handle is gone, or when the journal fails.
pub(crate) fn start(mut core: Core) -> std::io::Result<(CoreHandle, std::thread::JoinHandle<()>)> {
    let (queue, receiver) = mpsc::channel(QUEUE);
    let runtime = tokio::runtime::Handle::current();
    let journal_failure = core.journal_failure.clone();
    let thread = std::thread::Builder::new()
        .name("exchange-core".to_owned())
        .spawn(move || runtime.block_on(core.run(receiver)))?;
    Ok((CoreHandle { door: Door::Thread(queue), journal_failure }, thread))
}

/// A core without a thread: every question makes a round of its own, on the thread that asks. The second handle is for
/// looking at it between rounds.
pub(crate) fn inline(core: Core) -> (CoreHandle, Arc<Mutex<Core>>) {
    let journal_failure = core.journal_failure.clone();
    let core = Arc::new(Mutex::new(core));
    (CoreHandle { door: Door::Inline(core.clone()), journal_failure }, core)
}
