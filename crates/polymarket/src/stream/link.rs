//! The life of one connection: dialling with growing waits, heartbeats as texts, and giving up on a dead peer.
//!
//! Pure: time and the seed of the jitter are arguments.
//!
//! Source: reference, sections 10.1, 11.1 and 11.2, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;

use super::action::{Action, Notice};

/// Bounds of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// The text that keeps the connection open.
    pub ping: String,
    /// How often it is sent.
    pub ping_every: Duration,
    /// How long nothing at all may come, not even an answer to it.
    pub dead_after: Duration,
    /// Bound of the first wait between connections; it doubles with every failure.
    pub base_wait: Duration,
    /// Bound of every wait.
    pub max_wait: Duration,
    /// How long a connection must last to count as good, which starts the waits anew.
    pub stable_after: Duration,
    /// Where the jitter of the waits starts.
    pub seed: u64,
}

impl LinkConfig {
    /// Bounds that suit the market and user channels.
    pub fn new(seed: u64) -> Self {
        Self {
            ping: brier_polymarket_protocol::stream::command::PING.to_owned(),
            ping_every: Duration::from_secs(10),
            dead_after: Duration::from_secs(25),
            base_wait: Duration::from_millis(250),
            max_wait: Duration::from_secs(30),
            stable_after: Duration::from_secs(30),
            seed,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Dialling,
    Open { since: Timestamp, next_ping: Timestamp, last_life: Timestamp },
}

/// One connection under way.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) config: LinkConfig,
    state: State,
    failures: u32,
    jitter: u64,
}

impl Link {
    pub(super) fn new(config: LinkConfig) -> Self {
        let jitter = config.seed;
        Self { config, state: State::Dialling, failures: 0, jitter }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    pub(super) fn opened(&mut self, now: Timestamp) {
        self.state = State::Open { since: now, next_ping: now.plus(self.config.ping_every), last_life: now };
    }

    /// Anything came.
    pub(super) fn life(&mut self, now: Timestamp) {
        if let State::Open { last_life, .. } = &mut self.state {
            *last_life = now;
        }
    }

    /// The connection is gone: tells so and asks for the next one. Nothing when there was none and none was asked for.
    pub(super) fn closed(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        let lasted = matches!(self.state, State::Open { since, .. } if now.since(since) >= self.config.stable_after);
        self.failures = if lasted { 1 } else { self.failures.saturating_add(1) };
        self.state = State::Dialling;
        let wait = self.wait();
        let retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        out.push(Action::Notice(Notice::Disconnected { reason: reason.to_owned(), retry_in_ms }));
        out.push(Action::Connect(now.plus(wait)));
    }

    /// Sends the heartbeat when it is due, or says that the peer is dead.
    pub(super) fn tick(&mut self, now: Timestamp, out: &mut Vec<Action>) -> Option<String> {
        let State::Open { next_ping, last_life, .. } = &mut self.state else { return None };
        let silent = now.since(*last_life);
        if silent >= self.config.dead_after {
            return Some(format!("nothing came for {} s, not even the answer to a ping", silent.as_secs()));
        }
        if now >= *next_ping {
            *next_ping = now.plus(self.config.ping_every);
            out.push(Action::Send(self.config.ping.clone()));
        }
        None
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            State::Open { next_ping, last_life, .. } => Some(next_ping.min(last_life.plus(self.config.dead_after))),
            State::Dialling => None,
        }
    }

    /// Between zero and a bound that doubles, both possible: clients that failed together come back apart.
    fn wait(&mut self) -> Duration {
        let factor = 1_u32.checked_shl(self.failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = self.config.base_wait.saturating_mul(factor).min(self.config.max_wait);
        // SplitMix64: random enough to spread waits, and for nothing else.
        self.jitter = self.jitter.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.jitter;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let span = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(((u128::from(mixed) * (u128::from(span) + 1)) >> 64) as u64)
    }
}
