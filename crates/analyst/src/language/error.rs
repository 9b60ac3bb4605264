//! What can go wrong with a model's endpoint, said without a word of the endpoint's own.
//!
//! Vendors repeat parts of the key in their messages, so no text of theirs is carried: only a status and, where it looks like
//! one, the vendor's own short name of the fault.

use std::time::Duration;

/// The longest name of a fault.
const MAX_KIND: usize = 48;

/// A request that brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The endpoint refused with an HTTP status.
    #[error("the endpoint refused with status {status}{}: {}", kind_text(.kind.as_ref()), advice(*.status))]
    Refused {
        /// Its status.
        status: u16,
        /// Its name of the fault.
        kind: Option<String>,
    },
    /// The endpoint broke off with a fault in the stream.
    #[error("the endpoint reported a fault in the stream{}; try again later", kind_text(.kind.as_ref()))]
    Fault {
        /// Its name of the fault.
        kind: Option<String>,
    },
    /// The endpoint cannot be reached.
    #[error("the endpoint cannot be reached: {why}; check its address and the network")]
    Unreachable {
        /// What the system said.
        why: String,
    },
    /// The connection ended before the answer did.
    #[error("the connection was cut before the answer was whole; what it may have cost is counted")]
    Cut,
    /// The answer did not come in time.
    #[error("no whole answer within {} s; what it may have cost is counted", .after.as_secs())]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The answer is longer than was asked for.
    #[error("the answer is longer than {most} bytes; lower the output limit or raise this one")]
    TooLong {
        /// The most that is read.
        most: usize,
    },
    /// What came is no stream of the configured dialect.
    #[error("expected a stream of the {dialect} dialect, found {found}; check the dialect and the address")]
    Malformed {
        /// The dialect.
        dialect: &'static str,
        /// What came.
        found: &'static str,
    },
}

impl CallError {
    /// Whether the same request may bring an answer a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Fault { kind } => !kind.as_deref().is_some_and(|kind| kind.contains("invalid")),
            Self::Unreachable { .. } | Self::Cut | Self::TimedOut { .. } => true,
            Self::TooLong { .. } | Self::Malformed { .. } => false,
        }
    }
}

fn kind_text(kind: Option<&String>) -> String {
    kind.map_or_else(String::new, |kind| format!(" ({kind})"))
}

const fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => "check the key and what it may use",
        404 => "check the address and the model's name",
        402 => "check the account's credit",
        413 => "show it less: lower the prompt's limits",
        429 => "its rate limit is reached; try again later",
        300..=399 => "check the address: it points elsewhere, and no key is sent there",
        400..=499 => "check the model's name and the dialect",
        _ => "try again later",
    }
}

/// A vendor's name of a fault, if it looks like one and holds nothing of the key.
pub(crate) fn kind(text: &str, key: &str) -> Option<String> {
    let is_name = (1..=MAX_KIND).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    // Six letters in common with a key are no accident.
    let leaks = key.as_bytes().windows(6).any(|part| text.as_bytes().windows(6).any(|other| other == part));
    (is_name && !leaks && !text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_pass() {
        assert_eq!(kind("rate_limit_error", "sk-abc"), Some("rate_limit_error".to_owned()));
        for text in ["", "Incorrect API key provided: sk-abc", "sk_abc_secret_123456", "UPPER", &"x".repeat(49)] {
            assert_eq!(kind(text, "sk_abc_secret_123456"), None, "{text}");
        }
    }

    #[test]
    fn what_may_pass_with_time_is_transient() {
        let refused = |status| CallError::Refused { status, kind: None };
        for status in [408, 425, 429, 500, 502, 529] {
            assert!(refused(status).is_transient(), "{status}");
        }
        for status in [400, 401, 403, 404, 413, 422] {
            assert!(!refused(status).is_transient(), "{status}");
        }
        assert_eq!(
            CallError::Refused { status: 401, kind: Some("authentication_error".to_owned()) }.to_string(),
            "the endpoint refused with status 401 (authentication_error): check the key and what it may use"
        );
    }
}
