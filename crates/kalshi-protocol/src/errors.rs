//! The venue's error bodies, in all their shapes.

use serde::{Deserialize, Serialize};

/// What an error says: the venue's `ErrorResponse`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// The word to branch on, by prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// More: a word, a sentence, or a comma list of tickers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}
