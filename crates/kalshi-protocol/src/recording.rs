//! Recorded market-data frames: one line of a recording to a frame of the stream and the time it was received.
//!
//! Two forms are read. The *flat* form is the frame itself with `recv_ns` beside its `type`, without `sid`, and with
//! frames and ticker fields of its recorder's own between the venue's. The *wrapped* form is `{"recv_ms":…,"event":…}`
//! around the frame exactly as it was captured.
//!
//! Invariants: nothing is copied; a line that is neither form is an error, never skipped; a field is known only if the
//! venue documents it or it is named here as the recorder's.
//!
//! It deliberately opens no file, keeps no book and judges no sequence.
//!
//! Source: the notes that came with the recordings of May and August 2026; reference section 15.5, 2026-11-20.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use brier_types::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::stream::{self, DecodeError, Frame};

#[cfg(test)]
mod tests;

/// How a recording writes a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `{"recv_ns":…,"type":…,"seq":…,"msg":…}`: no `sid`, so one counter holds for the subscription of the moment.
    Flat,
    /// `{"recv_ms":…,"event":{…}}`: the frame as captured, of which other markets may have been cut out.
    Wrapped,
}

impl fmt::Display for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Flat => "flat",
            Self::Wrapped => "wrapped",
        })
    }
}

/// Frames that the flat form's recorder wrote about itself, with their fields.
const RECORDER_FRAMES: &[(&str, &[&str])] = &[
    ("watch_market", &["close_time", "market_ticker", "status", "strike"]),
    ("ws_connected", &["market_ticker"]),
    // Its message is a whole frame of the venue: `subscribed`.
    ("ws_subscribed", &["id", "msg", "type"]),
    ("market_rotated", &["active_market_ticker", "previous_market_ticker"]),
];

/// Fields that the flat form's recorder added to `ticker`.
const RECORDER_TICKER_FIELDS: &[&str] = &["yes_bid", "yes_ask", "no_bid", "no_ask", "no_bid_size_fp", "no_ask_size_fp"];

/// Whether frames of this type are the flat form's recorder's and not the venue's.
pub fn is_recorder_type(kind: &str) -> bool {
    RECORDER_FRAMES.iter().any(|(name, _)| *name == kind)
}

/// Whether a frame of this type says that a new connection or subscription begins, so that the counter starts anew.
pub fn announces_subscription(kind: &str) -> bool {
    matches!(kind, "ws_connected" | "ws_subscribed" | "subscribed")
}

/// A line that is no record of either form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a recorded frame (`{{\"recv_ns\":…,\"type\":…}}` or `{{\"recv_ms\":…,\"event\":…}}`), found {problem} in \
     `{found}`"
)]
pub struct RecordError {
    /// What is wrong.
    pub problem: String,
    /// The line, cut to 64 characters.
    pub found: String,
}

/// One line of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When the recorder received the frame, by its own clock.
    pub received: Timestamp,
    /// How the line is written.
    pub form: Form,
    /// The frame's text. In the flat form it still carries `recv_ns`, which decoders pass over.
    pub frame: &'a str,
    line: &'a str,
}

/// Both forms at once; which one it is shows by what is there.
#[derive(Deserialize)]
struct Line<'a> {
    recv_ns: Option<i64>,
    recv_ms: Option<i64>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
}

impl<'a> Record<'a> {
    /// Reads one line.
    ///
    /// ```
    /// use brier_kalshi_protocol::recording::{Form, Record};
    /// use brier_kalshi_protocol::stream::Frame;
    /// let line = r#"{"recv_ms":1785901540025,"event":{"type":"orderbook_snapshot","sid":1,"seq":7,
    ///     "msg":{"market_ticker":"KXEXAMPLE-27JAN01-T1","yes_dollars_fp":[["0.4000","12.00"]]}}}"#;
    /// let record = Record::parse(line)?;
    /// assert_eq!((record.form, record.received.millis()), (Form::Wrapped, 1_785_901_540_025));
    /// assert!(matches!(record.decode(), Ok(Frame::Snapshot(_))));
    /// # Ok::<(), brier_kalshi_protocol::recording::RecordError>(())
    /// ```
    ///
    /// # Errors
    /// [`RecordError`] when the line is no JSON object, or has the receive time of neither form or of both.
    pub fn parse(line: &'a str) -> Result<Self, RecordError> {
        let line = line.trim();
        if let Some(received) = flat_head(line) {
            return Ok(Self { received, form: Form::Flat, frame: line, line });
        }
        let error = |problem: String| RecordError { problem, found: line.chars().take(64).collect() };
        let read: Line<'a> = serde_json::from_str(line).map_err(|problem| error(problem.to_string()))?;
        match (read.recv_ns, read.recv_ms, read.event) {
            (Some(nanos), None, None) => {
                Ok(Self { received: Timestamp::from_nanos(nanos), form: Form::Flat, frame: line, line })
            }
            (None, Some(millis), Some(event)) => {
                let received = Timestamp::from_millis(millis)
                    .ok_or_else(|| error(format!("the receive time {millis}, which fits no 64-bit nanoseconds")))?;
                Ok(Self { received, form: Form::Wrapped, frame: event.get(), line })
            }
            (None, None, _) => Err(error("no receive time".to_owned())),
            (Some(_), _, _) => Err(error("`recv_ns` beside a key of the other form".to_owned())),
            (None, Some(_), None) => Err(error("`recv_ms` without `event`".to_owned())),
        }
    }

    /// Decodes the frame.
    ///
    /// # Errors
    /// Those of [`stream::decode`].
    pub fn decode(&self) -> Result<Frame<'a>, DecodeError> {
        stream::decode(self.frame)
    }

    /// The fields that are neither the venue's nor the recorder's, as [`stream::unknown_fields`] names them; those beside
    /// `event` begin with `record.`.
    ///
    /// # Errors
    /// [`DecodeError`] when the frame is no JSON object with a `type`.
    pub fn unknown_fields(&self) -> Result<Vec<String>, DecodeError> {
        let mut unknown = stream::unknown_fields(self.frame.as_bytes())?;
        match self.form {
            Form::Flat => self.forgive_recorder(&mut unknown)?,
            Form::Wrapped => unknown.extend(self.beside_event()),
        }
        Ok(unknown)
    }

    /// Takes out of `unknown` what the flat form's recorder is known to add.
    fn forgive_recorder(&self, unknown: &mut Vec<String>) -> Result<(), DecodeError> {
        unknown.retain(|name| name != "recv_ns");
        if unknown.is_empty() {
            return Ok(());
        }
        let Ok(own) = serde_json::from_str::<Own<'_>>(self.frame) else { return Ok(()) };
        if own.kind == "ticker" {
            unknown
                .retain(|name| name.strip_prefix("msg.").is_none_or(|field| !RECORDER_TICKER_FIELDS.contains(&field)));
        }
        let Some((_, fields)) = RECORDER_FRAMES.iter().find(|(name, _)| *name == own.kind) else { return Ok(()) };
        unknown.retain(|name| !name.starts_with("type="));
        unknown
            .extend(own.msg.keys().filter(|name| !fields.contains(&name.as_ref())).map(|name| format!("msg.{name}")));
        if own.kind == "ws_subscribed" {
            let inner = serde_json::to_string(&own.msg).unwrap_or_default();
            unknown.extend(stream::unknown_fields(inner.as_bytes())?.into_iter().map(|name| format!("msg.{name}")));
        }
        Ok(())
    }

    /// Keys of the wrapped form's outer object that are not its own two.
    fn beside_event(&self) -> Vec<String> {
        // The recorder writes nothing else, and then the lengths tell so without reading the line once more.
        let plain = self.line.strip_prefix("{\"recv_ms\":").is_some_and(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest.len() == digits + ",\"event\":".len() + self.frame.len() + 1
        });
        if plain {
            return Vec::new();
        }
        let keys: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(self.line).unwrap_or_default();
        let own = |name: &str| matches!(name, "recv_ms" | "event");
        keys.keys().filter(|name| !own(name)).map(|name| format!("record.{name}")).collect()
    }
}

/// A frame of the recorder's own.
#[derive(Deserialize)]
struct Own<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    msg: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

/// The receive time of a flat line in its usual order, which begins with it.
fn flat_head(line: &str) -> Option<Timestamp> {
    let rest = line.strip_prefix("{\"recv_ns\":")?;
    let (digits, tail) = rest.split_once(',')?;
    let object = tail.starts_with("\"type\":") && tail.ends_with('}');
    digits.parse().ok().filter(|_| object).map(Timestamp::from_nanos)
}
