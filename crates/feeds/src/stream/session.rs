//! The life of a stream: dialling with growing waits, greeting, pings, silence, renewal. Pure: time is an argument, chance
//! comes from a seed.

use std::time::Duration;

use brier_connect::backoff::{Backoff, Jitter};
use brier_types::Timestamp;

use super::protocol::{Frame, Habits, Protocol};
use crate::error::{FeedError, Problem};
use crate::prices::Tick;

/// How long a connection must last to count as good, which starts the waits anew.
const STABLE_AFTER: Duration = Duration::from_secs(30);

/// What the shell shall do, or hand over.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Open a connection at this moment.
    Dial(Timestamp),
    /// Send a text.
    Send(String),
    /// Close the connection.
    Close,
    /// A price.
    Tick(Tick),
    /// A frame that could not be used, or a refusal; the stream goes on.
    Problem(FeedError),
    /// The connection is open.
    Connected,
    /// The connection is gone.
    Lost {
        /// Why.
        reason: String,
        /// How long until the next one.
        retry_in: Duration,
    },
    /// The stream ends: trying again cannot help.
    End(FeedError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Open { since: Timestamp, next_ping: Option<Timestamp>, last_tick: Timestamp },
    Ended,
}

/// The state machine.
pub struct Session {
    protocol: Box<dyn Protocol>,
    habits: Habits,
    backoff: Backoff,
    jitter: Jitter,
    state: State,
    failures: u32,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session")
            .field("vendor", &self.protocol.vendor())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session that has not begun; `backoff` bounds the waits between connections, `seed` is where their jitter starts.
    pub fn new(protocol: Box<dyn Protocol>, backoff: Backoff, seed: u64) -> Self {
        let habits = protocol.habits();
        Self { protocol, habits, backoff, jitter: Jitter::new(seed), state: State::Waiting, failures: 0 }
    }

    /// The vendor's peculiarities.
    pub fn protocol(&self) -> &dyn Protocol {
        self.protocol.as_ref()
    }

    /// Begins.
    pub fn start(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        out.push(Action::Dial(now));
    }

    /// A connection is open.
    pub fn on_open(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let next_ping = self.habits.ping.map(|(_, every)| now.plus(every));
        self.state = State::Open { since: now, next_ping, last_tick: now };
        out.push(Action::Connected);
        out.extend(self.protocol.greet().into_iter().map(Action::Send));
    }

    /// The connection is gone, or was not had.
    pub fn on_close(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Action>) {
        if self.state == State::Ended {
            return;
        }
        let lasted = matches!(self.state, State::Open { since, .. } if now.since(since) >= STABLE_AFTER);
        self.failures = if lasted { 1 } else { self.failures.saturating_add(1) };
        self.state = State::Waiting;
        let retry_in = self.backoff.wait(self.failures, &mut self.jitter);
        out.push(Action::Lost { reason: reason.to_owned(), retry_in });
        out.push(Action::Dial(now.plus(retry_in)));
    }

    /// The vendor refused the connection.
    pub fn on_refused(&mut self, now: Timestamp, error: FeedError, out: &mut Vec<Action>) {
        if error.is_retryable() {
            let wanted = error.retry_after(now).unwrap_or_default();
            let reason = error.to_string();
            out.push(Action::Problem(error));
            self.on_close(now, &reason, out);
            if let Some(Action::Dial(at)) = out.last_mut() {
                *at = (*at).max(now.plus(wanted));
            }
        } else {
            self.end(error, out);
        }
    }

    fn end(&mut self, error: FeedError, out: &mut Vec<Action>) {
        self.state = State::Ended;
        out.push(Action::Close);
        out.push(Action::End(error));
    }

    /// A frame came.
    pub fn on_frame(&mut self, now: Timestamp, text: &str, out: &mut Vec<Action>) {
        let State::Open { last_tick, .. } = &mut self.state else { return };
        match self.protocol.frame(text) {
            Ok(Frame::Ticks(ticks)) => {
                *last_tick = now;
                out.extend(ticks.into_iter().map(Action::Tick));
            }
            Ok(Frame::Reply(reply)) => out.push(Action::Send(reply)),
            Ok(Frame::Nothing) => {}
            Err(error) if matches!(error.problem, Problem::Auth { .. }) => self.end(error, out),
            Err(error) => out.push(Action::Problem(error)),
        }
    }

    /// Time passed.
    pub fn on_tick(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        let State::Open { since, next_ping, last_tick } = &mut self.state else { return };
        let silent = now.since(*last_tick);
        if silent >= self.habits.silence {
            let reason = format!("no price came for {} s on an open connection", silent.as_secs());
            out.push(Action::Close);
            return self.on_close(now, &reason, out);
        }
        if self.habits.renew_after.is_some_and(|limit| now.since(*since) >= limit) {
            out.push(Action::Close);
            return self.on_close(now, "renewed before the vendor closes it", out);
        }
        if let (Some((text, every)), Some(due)) = (self.habits.ping, next_ping.as_mut())
            && now >= *due
        {
            *due = now.plus(every);
            out.push(Action::Send(text.to_owned()));
        }
    }

    /// When [`Session::on_tick`] is wanted next.
    pub fn deadline(&self) -> Option<Timestamp> {
        let State::Open { since, next_ping, last_tick } = self.state else { return None };
        let silence = last_tick.plus(self.habits.silence);
        let renewal = self.habits.renew_after.map_or(Timestamp::MAX, |limit| since.plus(limit));
        Some(silence.min(renewal).min(next_ping.unwrap_or(Timestamp::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::rtds::{Series, Stream};
    use crate::prices::twelve_data;
    use crate::vendor::Vendor;

    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_795_190_400 + seconds).unwrap()
    }

    fn words(out: &mut Vec<Action>) -> Vec<String> {
        let word = |action| match action {
            Action::Dial(when) => format!("dial within {}", when.since(at(0)).as_secs()),
            Action::Send(text) => format!("send {}", text.chars().take(12).collect::<String>()),
            Action::Close => "close".to_owned(),
            Action::Tick(tick) => format!("{} {}", tick.symbol, tick.price),
            Action::Problem(error) => error.class().to_owned(),
            Action::Connected => "connected".to_owned(),
            Action::Lost { reason, .. } => reason,
            Action::End(error) => format!("end {}", error.class()),
        };
        out.drain(..).map(word).collect()
    }

    #[test]
    fn a_silent_stream_is_replaced_and_pings_do_not_keep_it() {
        let protocol = Stream::new([Series::Mean60], [""; 0]);
        let (mut session, mut out) = (Session::new(Box::new(protocol), BACKOFF, 1), Vec::new());
        session.start(at(0), &mut out);
        session.on_open(at(0), &mut out);
        assert_eq!(words(&mut out)[1..], ["connected", "send {\"action\":\"s"]);
        assert_eq!(session.deadline(), Some(at(5)));
        session.on_tick(at(5), &mut out);
        session.on_frame(at(6), "", &mut out);
        session.on_tick(at(10), &mut out);
        assert_eq!(words(&mut out), ["send PING", "send PING"]);
        assert_eq!(session.deadline(), Some(at(12)));
        session.on_tick(at(12), &mut out);
        let said = words(&mut out);
        assert_eq!(said[..2], ["close", "no price came for 12 s on an open connection"]);
        // Frames that arrive after the end of a connection are of no account.
        session.on_frame(at(12), "{", &mut out);
        assert!(out.is_empty() && session.deadline().is_none());
    }

    #[test]
    fn a_refusal_waits_as_told_and_a_bad_key_ends_the_stream() {
        let protocol = twelve_data::Stream::new(["EUR/USD"]);
        let (mut session, mut out) = (Session::new(Box::new(protocol), BACKOFF, 1), Vec::new());
        let wait = crate::error::RetryAfter::parse("90");
        session.on_refused(at(0), FeedError::quota(Vendor::TwelveData, "stream", "slow", wait), &mut out);
        assert_eq!(words(&mut out)[2], "dial within 90");
        session.on_refused(at(90), FeedError::auth(Vendor::TwelveData, "stream", "bad key"), &mut out);
        assert_eq!(words(&mut out), ["close", "end auth"]);
        session.on_close(at(91), "gone", &mut out);
        assert!(out.is_empty(), "an ended stream dials no more");
    }

    #[test]
    fn a_good_connection_starts_the_waits_anew() {
        let protocol = crate::prices::binance::Stream::new(["BTCUSDT"]);
        let (mut session, mut out) = (Session::new(Box::new(protocol), BACKOFF, 1), Vec::new());
        for _ in 0..10 {
            session.on_close(at(0), "no", &mut out);
        }
        assert_eq!(session.failures, 10);
        session.on_open(at(0), &mut out);
        session.on_close(at(31), "gone", &mut out);
        assert_eq!(session.failures, 1);
        session.on_open(at(40), &mut out);
        out.clear();
        let trade = r#"{"stream":"btcusdt@trade","data":{"s":"BTCUSDT","p":"5","T":1795190400008}}"#;
        for hour in 1..23 {
            // Keeps it from being silent.
            session.on_frame(at(40 + hour * 3_600), trade, &mut out);
        }
        session.on_frame(at(40 + 23 * 3_600 - 1), trade, &mut out);
        session.on_tick(at(40 + 23 * 3_600), &mut out);
        assert!(words(&mut out).contains(&"renewed before the vendor closes it".to_owned()));
    }
}
