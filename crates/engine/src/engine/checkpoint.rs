//! What of the engine a restart must not lose, in one piece.

/// A checkpoint does not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("checkpoint: {0}; the journal was written by another version, or is damaged")]
pub struct RestoreError(pub String);
