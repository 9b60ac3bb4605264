//! One vocabulary of bad news for all vendors.
//!
//! A vendor's status, its error body (inside HTTP 200 where that is its habit) and failures on the way are sorted here into
//! what a caller can do. An error carries what was expected, what was found and where; it never carries a key.
//!
//! Source: reference (feeds), section 0, 2026-11-20.

use std::fmt::Write as _;
use std::time::Duration;

use brier_types::{FailureKind, Timestamp, VenueError};

use crate::time;
use crate::vendor::Vendor;

/// Longest piece of others' words that an error repeats, in characters.
const EXCERPT: usize = 160;

/// What went wrong, without whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The key is missing, wrong or not entitled to this.
    Auth {
        /// The vendor's words.
        said: String,
    },
    /// Too many requests, or no credits left.
    Quota {
        /// The vendor's words, or ours when our own count says so.
        said: String,
        /// When it may be asked again, as far as known.
        retry_after: Option<RetryAfter>,
    },
    /// The request is wrong; it will be refused again.
    Refused {
        /// The vendor's words.
        said: String,
    },
    /// The vendor has nothing for this question now.
    NoData {
        /// What was asked for, or the vendor's words.
        said: String,
    },
    /// The vendor is in trouble: 5xx, or a page where data should be.
    Upstream {
        /// The HTTP status.
        status: u16,
        /// The vendor's words.
        said: String,
        /// When it may be asked again, if it says so.
        retry_after: Option<RetryAfter>,
    },
    /// Nothing or not all came: no connection, a cut, a time limit.
    Transport {
        /// Why.
        said: String,
    },
    /// What came is not what the vendor documents.
    Unreadable {
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// More came than a good answer can have.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The request cannot be made here.
    Setup {
        /// Why, and what to do.
        said: String,
    },
}

/// When a vendor wants to be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// After so long.
    After(Duration),
    /// At a moment of the vendor's clock.
    At(Timestamp),
}

impl RetryAfter {
    /// Reads the header: seconds, an HTTP date, or, as some vendors write it, an ISO 8601 date.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(|seconds| Self::After(Duration::from_secs(seconds)));
        }
        // A fraction is no part of the standard; whole seconds upward is what it can only mean.
        if let Ok(seconds) = text.parse::<f64>() {
            let whole = Duration::try_from_secs_f64(seconds).ok()?.as_secs();
            return Some(Self::After(Duration::from_secs(whole.saturating_add(1))));
        }
        brier_connect::clock::parse_http_date(text).or_else(|| time::rfc3339(text)).map(Self::At)
    }

    /// How long that is from `now`.
    pub const fn from(self, now: Timestamp) -> Duration {
        match self {
            Self::After(duration) => duration,
            Self::At(moment) => moment.since(now),
        }
    }
}

/// Why a feed has no value. Says whose, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedError {
    /// Whose answer it is.
    pub vendor: Vendor,
    /// Which call or which field, such as `/points` or `properties.updateTime`.
    pub at: String,
    /// What is wrong.
    pub problem: Problem,
}

impl FeedError {
    /// An error at a place.
    pub fn new(vendor: Vendor, at: impl Into<String>, problem: Problem) -> Self {
        Self { vendor, at: at.into(), problem }
    }

    /// What came is not what was expected; `found` is cut.
    pub fn unreadable(vendor: Vendor, at: impl Into<String>, expected: impl Into<String>, found: &str) -> Self {
        Self::new(vendor, at, Problem::Unreadable { expected: expected.into(), found: excerpt(found) })
    }

    /// There is nothing for this question.
    pub fn no_data(vendor: Vendor, at: impl Into<String>, said: &str) -> Self {
        Self::new(vendor, at, Problem::NoData { said: excerpt(said) })
    }

    /// The request is wrong.
    pub fn refused(vendor: Vendor, at: impl Into<String>, said: &str) -> Self {
        Self::new(vendor, at, Problem::Refused { said: excerpt(said) })
    }

    /// The key is not accepted.
    pub fn auth(vendor: Vendor, at: impl Into<String>, said: &str) -> Self {
        Self::new(vendor, at, Problem::Auth { said: excerpt(said) })
    }

    /// The quota is spent.
    pub fn quota(vendor: Vendor, at: impl Into<String>, said: &str, retry_after: Option<RetryAfter>) -> Self {
        Self::new(vendor, at, Problem::Quota { said: excerpt(said), retry_after })
    }

    /// Whether the same request can succeed later without a change of anything here.
    pub const fn is_retryable(&self) -> bool {
        match self.problem {
            // Of what cannot be read, a half-written page is as likely as a changed form; the next poll tells.
            Problem::Quota { .. }
            | Problem::Upstream { .. }
            | Problem::Transport { .. }
            | Problem::NoData { .. }
            | Problem::Unreadable { .. } => true,
            Problem::Auth { .. } | Problem::Refused { .. } | Problem::TooLarge { .. } | Problem::Setup { .. } => false,
        }
    }

    /// Whether to ask again at once (after a backoff) rather than at the next poll.
    pub const fn is_worth_another_try(&self) -> bool {
        matches!(self.problem, Problem::Upstream { .. } | Problem::Transport { .. })
    }

    /// How long the vendor wants to be left alone from `now`, if it says so.
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        match &self.problem {
            Problem::Quota { retry_after, .. } | Problem::Upstream { retry_after, .. } => {
                retry_after.map(|when| when.from(now))
            }
            _ => None,
        }
    }

    /// The word for the kind of problem, for reports.
    pub const fn class(&self) -> &'static str {
        match self.problem {
            Problem::Auth { .. } => "auth",
            Problem::Quota { .. } => "quota",
            Problem::Refused { .. } => "refused",
            Problem::NoData { .. } => "no data",
            Problem::Upstream { .. } => "upstream",
            Problem::Transport { .. } => "transport",
            Problem::Unreadable { .. } => "unreadable",
            Problem::TooLarge { .. } => "too large",
            Problem::Setup { .. } => "setup",
        }
    }

    fn words(&self) -> String {
        match &self.problem {
            Problem::Auth { said } => format!("the key is not accepted: {said}"),
            Problem::Quota { said, retry_after } => {
                let mut text = format!("too many requests: {said}");
                match retry_after {
                    Some(RetryAfter::After(wait)) => drop(write!(text, "; again after {} s", wait.as_secs())),
                    Some(RetryAfter::At(moment)) => drop(write!(text, "; again at {moment}")),
                    None => {}
                }
                text
            }
            Problem::Refused { said } => format!("refused: {said}"),
            Problem::NoData { said } => format!("has nothing: {said}"),
            Problem::Upstream { status, said, .. } => format!("in trouble (HTTP {status}): {said}"),
            Problem::Transport { said } => format!("not reached: {said}"),
            Problem::Unreadable { expected, found } => format!("expected {expected}, found `{found}`"),
            Problem::TooLarge { limit } => format!("expected at most {limit} bytes, found more"),
            Problem::Setup { said } => said.clone(),
        }
    }
}

impl std::fmt::Display for FeedError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}: {}", self.vendor, self.at, self.words())
    }
}

impl std::error::Error for FeedError {}

impl VenueError for FeedError {
    fn kind(&self) -> FailureKind {
        match self.problem {
            Problem::Auth { .. } | Problem::Setup { .. } | Problem::TooLarge { .. } => FailureKind::Fatal,
            Problem::Refused { .. } => FailureKind::Refused,
            // Reading changes nothing at a vendor, so nothing is ever in doubt.
            _ => FailureKind::Retry,
        }
    }

    fn hint(&self) -> Option<String> {
        let vendor = self.vendor;
        Some(match self.problem {
            Problem::Auth { .. } => format!("check the key of {vendor} and what its plan allows"),
            Problem::Quota { .. } => format!("ask {vendor} less often, or take a larger plan"),
            Problem::Refused { .. } => format!("the request of {vendor} must change; see the words above"),
            Problem::NoData { .. } => "ask again later; until then the value is absent".to_owned(),
            Problem::Upstream { .. } | Problem::Transport { .. } => {
                format!("nothing to do here: {vendor} is asked again, and its values are absent until it answers")
            }
            Problem::Unreadable { .. } => {
                format!("if it stays so, {vendor} changed its form: its adapter must be brought up to date")
            }
            Problem::TooLarge { .. } => format!("ask {vendor} for less, or look at what it sends"),
            Problem::Setup { .. } => return None,
        })
    }
}

/// The beginning of others' words on one line, without control characters.
pub(crate) fn excerpt(text: &str) -> String {
    let mut out = String::new();
    let mut last_blank = true;
    let mut count = 0;
    for character in text.chars() {
        if count == EXCERPT {
            out.push('…');
            break;
        }
        let blank = character.is_whitespace() || character.is_control();
        if blank && last_blank {
            continue;
        }
        last_blank = blank;
        out.push(if blank { ' ' } else { character });
        count += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// As [`excerpt`], of bytes that may be no text.
pub(crate) fn excerpt_bytes(bytes: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(bytes.get(..bytes.len().min(4 * EXCERPT)).unwrap_or(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_has_three_forms() {
        let now = Timestamp::from_secs(1_795_190_400).unwrap(); // 2026-11-20T16:00:00Z
        for (text, seconds) in [
            ("120", 120),
            (" 0 ", 0),
            ("1.5", 2),
            ("Fri, 20 Nov 2026 16:00:30 GMT", 30),
            ("2026-11-20T16:01:00Z", 60),
            ("2026-11-20T11:01:00-05:00", 60),
            // A moment that is past means: now.
            ("Fri, 20 Nov 2026 15:00:00 GMT", 0),
        ] {
            let wait = RetryAfter::parse(text).map(|when| when.from(now));
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "soon", "-5", "NaN", "inf", "1e400", "99999999999999999999"] {
            let wait = RetryAfter::parse(text).map(|when| when.from(now));
            assert!(wait.is_none_or(|wait| wait > Duration::from_hours(24)), "{text}: {wait:?}");
        }
    }

    #[test]
    fn an_error_says_whose_where_what_and_what_next() {
        let error = FeedError::unreadable(Vendor::Nws, "properties.updateTime", "a time", "  not\n a\ttime ");
        assert_eq!(error.to_string(), "nws properties.updateTime: expected a time, found `not a time`");
        assert!(error.hint().is_some() && error.is_retryable());
        let error = FeedError::quota(Vendor::Bea, "/api/data", "wait", RetryAfter::parse("3600"));
        assert_eq!(error.to_string(), "bea /api/data: too many requests: wait; again after 3600 s");
        assert_eq!(error.kind(), FailureKind::Retry);
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(excerpt(&"ä".repeat(1_000)).chars().count(), EXCERPT + 1);
        assert_eq!(excerpt_bytes(&[0xff; 3]), "\u{fffd}\u{fffd}\u{fffd}");
    }
}
