//! Recorded days: answers that a vendor gave, played again in the place of generated ones.
//!
//! A recording is text, one answer a line, as JSON: `{"at":"2026-11-20T16:00:00Z","vendor":"nws","path":"/products/…",
//! "status":200,"body":"…"}`. Of several for one path the newest that is not later than the played moment is given; what is
//! not recorded is generated.

use std::collections::BTreeMap;

use brier_types::Timestamp;
use serde::Deserialize;

use super::Reply;
use crate::vendor::Vendor;

/// Answers by vendor and path, each with its time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording(BTreeMap<(Vendor, String), BTreeMap<Timestamp, Reply>>);

/// A line of a recording cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("recording, line {line}: {problem}")]
pub struct RecordingError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl Recording {
    /// Reads a recording; empty lines are skipped.
    ///
    /// # Errors
    /// [`RecordingError`] names the first line that is none.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Line {
            at: String,
            vendor: String,
            path: String,
            #[serde(default = "ok")]
            status: u16,
            body: String,
        }
        const fn ok() -> u16 {
            200
        }
        let mut out = Self::default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let bad = |problem: String| RecordingError { line: number + 1, problem };
            let found: Line = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
            let at = found.at.parse().map_err(|error: brier_types::TimestampError| bad(error.to_string()))?;
            let vendor = found.vendor.parse().map_err(|error: crate::vendor::UnknownVendor| bad(error.to_string()))?;
            out.insert(vendor, found.path, at, Reply::text(found.status, found.body));
        }
        Ok(out)
    }

    /// Adds an answer.
    pub fn insert(&mut self, vendor: Vendor, path: impl Into<String>, at: Timestamp, reply: Reply) {
        self.0.entry((vendor, path.into())).or_default().insert(at, reply);
    }

    /// The answer for a path at a moment.
    pub fn at(&self, vendor: Vendor, path: &str, moment: Timestamp) -> Option<&Reply> {
        let answers = self.0.get(&(vendor, path.to_owned()))?;
        answers.range(..=moment).next_back().map(|(_, reply)| reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_answer_of_the_moment_is_played() {
        let text = r#"{"at":"2026-11-20T15:00:00Z","vendor":"nws","path":"/x","body":"early"}

            {"at":"2026-11-20T16:00:00Z","vendor":"nws","path":"/x","status":503,"body":"late"}"#;
        let recording = Recording::parse(text).unwrap();
        let body = |moment: &str| {
            let reply = recording.at(Vendor::Nws, "/x", moment.parse().unwrap())?;
            Some((reply.status, String::from_utf8_lossy(&reply.body).into_owned()))
        };
        assert_eq!(body("2026-11-20T14:59:59Z"), None);
        assert_eq!(body("2026-11-20T15:59:59Z"), Some((200, "early".to_owned())));
        assert_eq!(body("2026-11-20T16:00:00Z"), Some((503, "late".to_owned())));
        let error = Recording::parse("{}\n").unwrap_err();
        assert!(error.to_string().starts_with("recording, line 1: missing field"), "{error}");
    }
}
