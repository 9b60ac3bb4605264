//! The one error type of the program's edge: what happened, what to do next, and the exit status.

use std::fmt;
use std::io;

use brier_kalshi::KalshiError;
use brier_types::{FailureKind, VenueError as _};

/// The command did its work and found nothing wrong.
pub(crate) const EXIT_OK: u8 = 0;
/// The command failed, or what it checked does not hold.
pub(crate) const EXIT_FAILURE: u8 = 1;
/// The command line makes no sense.
pub(crate) const EXIT_USAGE: u8 = 2;
/// An order may or may not have taken effect.
pub(crate) const EXIT_IN_DOUBT: u8 = 3;

/// What a person is told when a command fails.
#[derive(Debug)]
pub(crate) struct CliError {
    message: String,
    hint: Option<String>,
    /// The exit status.
    pub(crate) code: u8,
    broken_pipe: bool,
}

impl CliError {
    /// An ordinary failure.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code: EXIT_FAILURE, broken_pipe: false }
    }

    /// Arguments that are well formed one by one and make no sense together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: EXIT_USAGE, ..Self::failure(message) }
    }

    /// With the next step.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Whether the reader of our output is gone.
    pub(crate) const fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    /// Writes `error:` and `hint:`. Nobody can be told that this failed.
    pub(crate) fn print(&self, out: &mut dyn io::Write) {
        drop(writeln!(out, "error: {}", self.message));
        if let Some(hint) = &self.hint {
            drop(writeln!(out, "hint: {hint}"));
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        let broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self { broken_pipe, ..Self::failure(format!("output: {error}")) }
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}

impl From<brier_store::LinesError> for CliError {
    fn from(error: brier_store::LinesError) -> Self {
        let hint = match &error {
            brier_store::LinesError::Io { .. } => {
                "check the path and that the file is whole; plain and zstd files are read"
            }
            brier_store::LinesError::TooLong { .. } | brier_store::LinesError::Utf8 { .. } => {
                "give a text file of one record a line, plain or zstd"
            }
        };
        Self::failure(error.to_string()).hint(hint)
    }
}

impl From<KalshiError> for CliError {
    fn from(error: KalshiError) -> Self {
        let code = if error.kind() == FailureKind::InDoubt { EXIT_IN_DOUBT } else { EXIT_FAILURE };
        Self { message: error.to_string(), hint: error.hint(), code, broken_pipe: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(error: &CliError) -> String {
        let mut out = Vec::new();
        error.print(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_error_is_one_line_and_a_hint_another() {
        assert_eq!(printed(&CliError::failure("no such market")), "error: no such market\n");
        let error = CliError::usage("two files").hint("give one");
        assert_eq!((printed(&error).as_str(), error.code), ("error: two files\nhint: give one\n", EXIT_USAGE));
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        assert!(CliError::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_broken_pipe());
        assert!(!CliError::from(io::Error::other("full")).is_broken_pipe());
    }
}
