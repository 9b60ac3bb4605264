//! The vocabulary of bad news from a venue: what happened, and what a caller may do about it.

use std::fmt;

/// What a caller may do after a failed call. Decided where the error is made, never by reading its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Nothing happened at the venue; the same call may be made again, after the delay if one is named.
    Retry,
    /// The call may or may not have taken effect. Ask the venue before anything else; count it at its worst case.
    InDoubt,
    /// The venue said no, and will say no again to the same call. Change the call.
    Refused,
    /// Something must be mended first: keys, clock, configuration, or a venue that speaks unknown words.
    Fatal,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Retry => "retry",
            Self::InDoubt => "in doubt",
            Self::Refused => "refused",
            Self::Fatal => "fatal",
        })
    }
}

/// An error that says what its caller may do.
pub trait VenueError: std::error::Error {
    /// What the caller may do.
    fn kind(&self) -> FailureKind;

    /// The next step for a person, in one sentence, if there is one.
    fn hint(&self) -> Option<String>;
}
