//! Headers signed ahead: a signature covers time, method and path and not the body, so those of a fixed path can be made
//! before there is an order.
//!
//! Invariants: a header leaves only while its time lies within [`RingConfig::max_age`] and [`RingConfig::max_ahead`] of the
//! venue's time as we know it, else none does and the caller signs at once; no two headers of one ring have the same time
//! (should the clock step back, for as many steps as the spacing has milliseconds); time is an argument. A signature is shown by no debug print.
//!
//! Each header is used once unless [`RingConfig::uses`] allows more. Whether the venue takes one twice is not documented, and
//! the reference only says that each attempt needs a fresh timestamp (section 3.1). A venue that refused a time or a signature
//! it had seen before would then refuse the second of two different orders; a header more costs one signature, off the path.
//!
//! The venue's window is not documented either: recordings show ±5 s (demo) and ±10 s (production) accepted, and the advice
//! is to stay within a second. So neither bound can be more than one second; what is not known of the venue's clock, up to a
//! second, comes on top and stays within what was seen accepted.
//!
//! Source: reference section 3.1, 2026-11-20.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use brier_connect::clock::Clock;
use brier_kalshi_protocol::rest::Operation;
use brier_types::Timestamp;
use tokio::task::JoinHandle;

use crate::keys::{Credentials, KeyError};

/// How far a header's time may ever lie from the venue's, either way.
pub const MOST_SKEW: Duration = Duration::from_secs(1);
/// The furthest that headers are signed ahead.
const MOST_HORIZON: Duration = Duration::from_secs(10);

/// The bounds of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingConfig {
    /// Between the times of two headers, in whole milliseconds. With a use each, `(max_age + max_ahead) / spacing` orders can
    /// leave in a burst and one every `spacing` for good; a signature is made every `spacing`, used or not.
    pub spacing: Duration,
    /// How old a header may be when it leaves.
    pub max_age: Duration,
    /// How far ahead of the venue's time it may be.
    pub max_ahead: Duration,
    /// How far ahead headers are made.
    pub horizon: Duration,
    /// How many requests one header may serve.
    pub uses: u32,
}

impl Default for RingConfig {
    /// 40 headers a second (1.2 % of a core with RSA of 2048 bits), bursts of 40 orders, one order a header.
    fn default() -> Self {
        Self {
            spacing: Duration::from_millis(25),
            max_age: Duration::from_millis(500),
            max_ahead: Duration::from_millis(500),
            horizon: Duration::from_millis(1_500),
            uses: 1,
        }
    }
}

/// A ring cannot be what it is asked to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("header ring: expected {expected}, found {found}")]
pub struct RingError {
    /// What would have been accepted.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
}

impl RingConfig {
    fn check(&self) -> Result<(), RingError> {
        let wrong = |expected, found: Duration| Err(RingError { expected, found: format!("{found:?}") });
        if self.spacing < Duration::from_millis(1) || !self.spacing.subsec_nanos().is_multiple_of(1_000_000) {
            return wrong("a spacing of whole milliseconds, one or more", self.spacing);
        }
        if self.max_age > MOST_SKEW {
            return wrong("max_age of at most a second", self.max_age);
        }
        if self.max_ahead > MOST_SKEW {
            return wrong("max_ahead of at most a second", self.max_ahead);
        }
        if self.horizon < self.max_ahead || self.horizon > MOST_HORIZON {
            return wrong("a horizon from max_ahead to 10 s", self.horizon);
        }
        if self.uses == 0 {
            return Err(RingError { expected: "one use or more", found: "0".to_owned() });
        }
        Ok(())
    }
}

/// The three signed headers of one request, as lines. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    operation: Operation,
    time: Timestamp,
    lines: Arc<[u8]>,
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SignedHeaders")
            .field("operation", &self.operation)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

impl SignedHeaders {
    /// Signs for a request of `operation` at `time`.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    ///
    /// # Panics
    /// When the operation's path has parts to be filled in: it cannot be signed before they are known.
    pub fn sign(credentials: &Credentials, operation: Operation, time: Timestamp) -> Result<Self, KeyError> {
        let (method, path) = (operation.method(), operation.path(&[]));
        let mut lines = Vec::with_capacity(640);
        credentials.push_headers(&mut lines, time, &[method.as_str().as_bytes(), path.as_bytes()])?;
        Ok(Self { operation, time, lines: lines.into() })
    }

    /// What it is signed for.
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// The time that it says.
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// The lines, each with its end.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// Names and values. To be marked as sensitive by whoever keeps them.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = std::str::from_utf8(&self.lines).unwrap_or_default();
        text.split_terminator("\r\n").filter_map(|line| line.split_once(": "))
    }
}

#[derive(Clone, Debug)]
struct Slot {
    headers: SignedHeaders,
    uses: u32,
}

/// Headers signed ahead for one operation with a fixed path. All times are the venue's, as far as it is known
/// ([`Clock::venue_now`]).
pub struct HeaderRing {
    credentials: Credentials,
    operation: Operation,
    config: RingConfig,
    /// By time, the earliest first.
    slots: VecDeque<Slot>,
    /// The next time to be signed for, in milliseconds.
    next: i64,
    /// What times are by the spacing: another one after each step back of the clock, so that none is signed twice.
    phase: i64,
}

impl fmt::Debug for HeaderRing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HeaderRing")
            .field("operation", &self.operation)
            .field("config", &self.config)
            .field("slots", &self.slots.len())
            .finish_non_exhaustive()
    }
}

fn millis(duration: Duration) -> i64 {
    duration.as_millis() as i64
}

impl HeaderRing {
    /// An empty ring: nothing is signed before [`HeaderRing::refill`].
    ///
    /// # Errors
    /// [`RingError`] when a bound is out of its own bounds, or the operation's path is not fixed.
    pub fn new(credentials: Credentials, operation: Operation, config: RingConfig) -> Result<Self, RingError> {
        config.check()?;
        if operation.template().contains('{') {
            let found = operation.template().to_owned();
            return Err(RingError { expected: "an operation with a fixed path", found });
        }
        Ok(Self { credentials, operation, config, slots: VecDeque::new(), next: i64::MIN, phase: 0 })
    }

    /// Drops what has become too old, and after a step of the clock what lies beyond the horizon.
    fn settle(&mut self, now: i64) {
        let oldest = now - millis(self.config.max_age);
        while self.slots.front().is_some_and(|slot| slot.headers.time.millis() < oldest) {
            self.slots.pop_front();
        }
        let furthest = now + millis(self.config.horizon);
        if self.next > furthest + millis(self.config.spacing) {
            // The clock stepped back. What was signed for later may have been used: those times are not signed again.
            while self.slots.back().is_some_and(|slot| slot.headers.time.millis() > furthest) {
                self.slots.pop_back();
            }
            self.phase = (self.phase + 1) % millis(self.config.spacing);
            self.next = i64::MIN;
        }
    }

    /// The next time that a header is missing for, up to the horizon; it counts as made from now on.
    pub fn reserve(&mut self, venue_now: Timestamp) -> Option<Timestamp> {
        let now = venue_now.millis();
        self.settle(now);
        let spacing = millis(self.config.spacing);
        if self.next < now {
            let last = self.slots.back().map_or(now, |slot| slot.headers.time.millis().max(now));
            self.next = last + (self.phase - last).rem_euclid(spacing);
        }
        if self.next > now + millis(self.config.horizon) {
            return None;
        }
        let time = Timestamp::from_millis(self.next);
        self.next += spacing;
        time
    }

    /// Puts a header in that was signed for a [reserved](HeaderRing::reserve) time. One for another operation is dropped.
    pub fn insert(&mut self, headers: SignedHeaders) {
        if headers.operation == self.operation {
            let at = self.slots.partition_point(|slot| slot.headers.time <= headers.time);
            self.slots.insert(at, Slot { headers, uses: self.config.uses });
        }
    }

    /// Signs for up to `most` times that are missing. How many it was.
    ///
    /// # Errors
    /// [`KeyError::Crypto`]; what was signed before is kept.
    pub fn refill(&mut self, venue_now: Timestamp, most: usize) -> Result<usize, KeyError> {
        for signed in 0..most {
            let Some(time) = self.reserve(venue_now) else { return Ok(signed) };
            self.insert(SignedHeaders::sign(&self.credentials, self.operation, time)?);
        }
        Ok(most)
    }

    /// The header whose time is nearest to the venue's, if one is near enough. `None`: sign at once.
    pub fn take(&mut self, venue_now: Timestamp) -> Option<SignedHeaders> {
        let now = venue_now.millis();
        self.settle(now);
        let time = |slot: &Slot| slot.headers.time.millis();
        let after = self.slots.partition_point(|slot| time(slot) < now);
        let earlier = after.checked_sub(1).and_then(|at| Some((at, now - time(self.slots.get(at)?))));
        let later = self.slots.get(after).map(|slot| (after, time(slot) - now));
        let earlier = earlier.filter(|(_, age)| *age <= millis(self.config.max_age));
        let later = later.filter(|(_, ahead)| *ahead <= millis(self.config.max_ahead));
        let at = match (earlier, later) {
            (Some((earlier, age)), Some((later, ahead))) => {
                if age <= ahead {
                    earlier
                } else {
                    later
                }
            }
            (Some((at, _)), None) | (None, Some((at, _))) => at,
            (None, None) => return None,
        };
        let slot = self.slots.get_mut(at)?;
        if slot.uses > 1 {
            slot.uses -= 1;
            return Some(slot.headers.clone());
        }
        self.slots.remove(at).map(|slot| slot.headers)
    }

    /// How many requests could leave now with headers of the ring.
    pub fn ready(&self, venue_now: Timestamp) -> u32 {
        let now = venue_now.millis();
        let window = now - millis(self.config.max_age)..=now + millis(self.config.max_ahead);
        self.slots.iter().filter(|slot| window.contains(&slot.headers.time.millis())).map(|slot| slot.uses).sum()
    }
}

/// A ring that is filled by one thread and taken from by another. Signing is done outside its lock. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SharedRing {
    ring: Arc<Mutex<HeaderRing>>,
    credentials: Credentials,
    operation: Operation,
    pause: Duration,
}

impl SharedRing {
    /// Shares a ring.
    pub fn new(ring: HeaderRing) -> Self {
        let (credentials, operation, pause) = (ring.credentials.clone(), ring.operation, ring.config.spacing);
        Self { ring: Arc::new(Mutex::new(ring)), credentials, operation, pause }
    }

    /// What its headers are signed for.
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    fn lock(&self) -> MutexGuard<'_, HeaderRing> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`HeaderRing::take`].
    pub fn take(&self, venue_now: Timestamp) -> Option<SignedHeaders> {
        self.lock().take(venue_now)
    }

    /// See [`HeaderRing::ready`].
    pub fn ready(&self, venue_now: Timestamp) -> u32 {
        self.lock().ready(venue_now)
    }

    /// See [`HeaderRing::refill`]. Who takes a header meanwhile does not wait for the signature.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn refill(&self, venue_now: Timestamp, most: usize) -> Result<usize, KeyError> {
        for signed in 0..most {
            let Some(time) = self.lock().reserve(venue_now) else { return Ok(signed) };
            let headers = SignedHeaders::sign(&self.credentials, self.operation, time)?;
            self.lock().insert(headers);
        }
        Ok(most)
    }

    /// A task that keeps the ring full until it is aborted or signing fails; then orders are signed when they leave.
    pub fn keep_full(&self, clock: Arc<Clock>) -> JoinHandle<()> {
        let ring = self.clone();
        tokio::spawn(async move {
            loop {
                match ring.refill(clock.venue_now(), 1) {
                    Ok(0) => tokio::time::sleep(ring.pause).await,
                    // One signature at a time: whatever else this thread has to do goes first.
                    Ok(_) => tokio::task::yield_now().await,
                    Err(error) => {
                        tracing::warn!(%error, "no headers can be signed ahead");
                        return;
                    }
                }
            }
        })
    }
}
