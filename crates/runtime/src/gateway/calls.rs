//! Calls that wait for an outcome, and those that had one: the bookkeeping that both gateways share.
//!
//! Invariants: a call is handed to its work once; what comes for it later is known as such and never lost silently; what is
//! remembered of ended calls is bounded in time and number. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use brier_engine::Answer;
use brier_types::Timestamp;

use super::CallId;

/// The shell says what became of a call at its deadline; this much later it is taken for forgotten.
const GRACE: Duration = Duration::from_secs(2);
/// Ended calls that are remembered: a late outcome of an older one is only noted.
const REMEMBERED: usize = 4_096;

/// A call that waits.
#[derive(Clone, Debug)]
pub(super) struct Pending<W> {
    /// What it is for.
    pub(super) work: W,
    /// When it was made.
    pub(super) sent: Timestamp,
    /// When it is given up.
    pub(super) deadline: Timestamp,
    /// The clock's offset that it was signed with, in nanoseconds.
    pub(super) offset: i64,
}

/// A call that had an outcome.
#[derive(Clone, Debug)]
pub(super) struct Ended<W> {
    pub(super) pending: Pending<W>,
    /// What the engine was told of it; nothing for a read, whose work went on.
    pub(super) told: Option<Answer>,
}

/// What is known of a call when an outcome comes.
pub(super) enum Known<W> {
    /// It waits for this.
    First(Pending<W>),
    /// It had one before.
    Again(Ended<W>),
    /// It was never made here, or is long over.
    Unknown,
}

/// All calls of a gateway.
#[derive(Clone, Debug)]
pub(super) struct Calls<W> {
    waiting: BTreeMap<CallId, Pending<W>>,
    ended: BTreeMap<CallId, Ended<W>>,
    order: VecDeque<CallId>,
    last: u64,
}

impl<W> Calls<W> {
    pub(super) const fn new() -> Self {
        Self { waiting: BTreeMap::new(), ended: BTreeMap::new(), order: VecDeque::new(), last: 0 }
    }

    /// Keeps a call that is about to be made, and names it.
    pub(super) fn open(&mut self, pending: Pending<W>) -> CallId {
        self.last += 1;
        let id = CallId(self.last);
        self.waiting.insert(id, pending);
        id
    }

    /// What an outcome is for.
    pub(super) fn take(&mut self, id: CallId) -> Known<W> {
        if let Some(pending) = self.waiting.remove(&id) {
            return Known::First(pending);
        }
        self.ended.remove(&id).map_or(Known::Unknown, Known::Again)
    }

    /// Remembers what a call ended with.
    pub(super) fn end(&mut self, id: CallId, pending: Pending<W>, told: Option<Answer>) {
        if self.ended.insert(id, Ended { pending, told }).is_none() && !self.order.contains(&id) {
            self.order.push_back(id);
        }
        while self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }

    /// Calls whose outcome is overdue.
    pub(super) fn overdue(&self, now: Timestamp) -> Vec<CallId> {
        let late = self.waiting.iter().filter(|(_, pending)| pending.deadline.plus(GRACE) <= now);
        late.map(|(id, _)| *id).collect()
    }

    /// When the next outcome is overdue.
    pub(super) fn next_overdue(&self) -> Option<Timestamp> {
        self.waiting.values().map(|pending| pending.deadline.plus(GRACE)).min()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// Reads that wait for the rate limit, by when they may be made.
#[derive(Clone, Debug)]
pub(super) struct Parked<R> {
    reads: BTreeMap<(Timestamp, u64), R>,
    count: u64,
}

impl<R> Parked<R> {
    pub(super) const fn new() -> Self {
        Self { reads: BTreeMap::new(), count: 0 }
    }

    pub(super) fn park(&mut self, until: Timestamp, read: R) {
        self.count += 1;
        self.reads.insert((until, self.count), read);
    }

    /// A read whose time has come.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<R> {
        let first = self.reads.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.reads.first_key_value().map(|((at, _), _)| *at)
    }
}

/// Time as buckets count it: since the epoch, never negative.
pub(super) fn steady(now: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(now.nanos()).unwrap_or_default())
}
