//! The one error type of the program's edge: what happened, what to do next, and the exit status.

use std::fmt;
use std::io;

use brier_kalshi::KalshiError;
use brier_polymarket::PolymarketError;
use brier_types::{FailureKind, VenueError as _};
use clap::error::ErrorKind;
use serde::Serialize;

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
    /// The venue's own word for it, if it has one.
    venue_code: Option<String>,
    /// The exit status.
    pub(crate) code: u8,
    broken_pipe: bool,
}

impl CliError {
    /// An ordinary failure.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, venue_code: None, code: EXIT_FAILURE, broken_pipe: false }
    }

    /// Arguments that are well formed one by one and make no sense together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: EXIT_USAGE, ..Self::failure(message) }
    }

    /// With the next step. If the message ends in the same words, they are taken from there: once is enough.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        Self { message: without_advice(self.message, &hint), hint: Some(hint), ..self }
    }

    /// The next step, if there is one.
    pub(crate) fn next(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether the reader of our output is gone.
    pub(crate) const fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    /// The same for a program.
    pub(crate) fn document(&self) -> Document<'_> {
        let code = self.venue_code.as_deref().unwrap_or(match self.code {
            EXIT_USAGE => "usage",
            EXIT_IN_DOUBT => "in_doubt",
            _ => "failed",
        });
        Document { error: &self.message, hint: self.hint.as_deref(), code, exit_status: self.code }
    }

    /// Writes `error:` and `hint:`. Nobody can be told that this failed.
    pub(crate) fn print(&self, out: &mut dyn io::Write) {
        drop(writeln!(out, "error: {}", self.message));
        if let Some(hint) = &self.hint {
            drop(writeln!(out, "hint: {hint}"));
        }
    }
}

/// What `--json` prints on stdout for a command that fails before it has anything else to print.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    error: &'a str,
    hint: Option<&'a str>,
    code: &'a str,
    exit_status: u8,
}

/// A message whose own last part is the advice that is given beside it.
pub(crate) fn without_advice(mut message: String, advice: &str) -> String {
    if let Some(cut) = message.strip_suffix(advice).and_then(|message| message.strip_suffix("; ")) {
        message.truncate(cut.len());
    }
    message
}

impl fmt::Display for CliError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

/// A command line that does not parse, as clap tells it: a paragraph of what is wrong, and then what would be right.
impl From<&clap::Error> for CliError {
    fn from(error: &clap::Error) -> Self {
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Self::usage("no command is named").hint("see `brier --help`");
        }
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        match text.split_once("\n\n") {
            Some((message, next)) => Self::usage(message).hint(next),
            None => Self::usage(text),
        }
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
        let venue_code = error.code().map(|code| code.as_str().to_owned());
        let told = Self { venue_code, code, ..Self::failure(error.to_string()) };
        match error.hint() {
            Some(hint) => told.hint(hint),
            None => told,
        }
    }
}

impl From<PolymarketError> for CliError {
    /// The venue has texts and no codes.
    fn from(error: PolymarketError) -> Self {
        let code = if error.kind() == FailureKind::InDoubt { EXIT_IN_DOUBT } else { EXIT_FAILURE };
        let told = Self { code, ..Self::failure(error.to_string()) };
        match error.hint() {
            Some(hint) => told.hint(hint),
            None => told,
        }
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
    fn advice_is_given_once() {
        let error = CliError::failure("key.pem: found 0640; run `chmod 600 key.pem`").hint("run `chmod 600 key.pem`");
        assert_eq!(printed(&error), "error: key.pem: found 0640\nhint: run `chmod 600 key.pem`\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        assert!(CliError::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_broken_pipe());
        assert!(!CliError::from(io::Error::other("full")).is_broken_pipe());
    }
}
