//! What is wrong with a frame, and where.

/// A frame that cannot be decoded. The message it carried is lost: resynchronize what it may have concerned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The frame is no JSON object.
    #[error("frame: expected a JSON object in UTF-8, found {message} at byte {at}; resynchronize the subscription")]
    Json {
        /// Offset in bytes.
        at: usize,
        /// What the parser saw.
        message: String,
    },
    /// A field holds something else than its unit.
    #[error("frame field `{field}`: expected {expected}, found `{found}` at byte {at}; resynchronize the subscription")]
    Field {
        /// Offset of the value in bytes.
        at: usize,
        /// The field.
        field: &'static str,
        /// What would have been accepted.
        expected: &'static str,
        /// What was found, cut to 64 characters.
        found: String,
    },
    /// A field that the frame cannot do without is absent or null.
    #[error(
        "{kind} frame: expected field `{field}` in the object at byte {at}, found none; resynchronize the subscription"
    )]
    Missing {
        /// Offset of the object in bytes.
        at: usize,
        /// The frame's type.
        kind: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A field stands twice in one object, and nobody can say which one holds.
    #[error("frame field `{field}`: expected once, found again at byte {at}; resynchronize the subscription")]
    Duplicate {
        /// Offset of the second value in bytes.
        at: usize,
        /// The field, cut to 64 characters.
        field: String,
    },
}

impl DecodeError {
    /// Offset in the frame, in bytes.
    pub const fn position(&self) -> usize {
        match self {
            Self::Json { at, .. } | Self::Field { at, .. } | Self::Missing { at, .. } | Self::Duplicate { at, .. } => {
                *at
            }
        }
    }

    /// The parser's complaint about `part`, which lies in `frame`.
    pub(super) fn json(frame: &str, part: &str, error: &serde_json::Error) -> Self {
        let line_start = match error.line().checked_sub(2) {
            None => 0,
            Some(skip) => part.match_indices('\n').nth(skip).map_or(0, |(at, _)| at + 1),
        };
        let at = offset(frame, part) + (line_start + error.column().saturating_sub(1)).min(part.len());
        let message = error.to_string();
        let message = message.split_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
        Self::Json { at, message }
    }
}

/// Where `part` lies in `frame`, of which it is a slice.
pub(super) fn offset(frame: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(frame.as_ptr() as usize)
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

pub(super) fn text_of(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| DecodeError::Json {
        at: error.valid_up_to(),
        message: String::from("bytes that are no UTF-8"),
    })
}
