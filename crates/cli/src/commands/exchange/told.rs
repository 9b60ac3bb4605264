//! What the operator of an exchange is told beside its data: what recovery found, why it does not start, why it stopped.
//!
//! Pure but for one look at the journal's size. An error's own text says what was found; here is what to do next.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use brier_exchange::{RecoveryReport, StartError};
use brier_store::JournalError;

use crate::error::CliError;
use crate::output::counted;

/// The journal's name in the data folder.
const JOURNAL: &str = "journal.brier";

/// That a journal is about to be read, if there is one: a long one takes its time.
pub(super) fn recovering(data_dir: &Path) -> Option<String> {
    let path = data_dir.join(JOURNAL);
    let bytes = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?.len();
    Some(format!("recovering from {} ({bytes} bytes)", path.display()))
}

/// What recovery found. Nothing for a folder that was empty.
pub(super) fn recovered(report: &RecoveryReport, took: Duration) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(torn) = &report.torn {
        lines.push(format!(
            "warning: the journal's end was not whole: {} from byte {} on {} cut off. A crash or a power cut while writing \
             leaves such an end, and no order in it had been acknowledged; if there was neither, have the disk checked",
            counted(torn.bytes, "byte", "bytes"),
            torn.offset,
            if torn.bytes == 1 { "was" } else { "were" },
        ));
    }
    if report.records > 0 || report.torn.is_some() {
        lines.push(format!(
            "recovered {} in {}.{:03} s",
            counted(report.records, "record", "records"),
            took.as_secs(),
            took.subsec_millis()
        ));
    }
    lines
}

/// Why the exchange did not start, with the next step.
pub(super) fn not_started(error: &StartError) -> CliError {
    let hint = match error {
        StartError::Listen { source, .. } => match source.kind() {
            ErrorKind::AddrInUse => {
                "the port is busy, perhaps by another `brier exchange`: stop it, or give `--listen` (for Polymarket's \
                 clients `--polymarket-listen`) another port; port 0 takes a free one"
            }
            ErrorKind::PermissionDenied => "ports below 1024 are the system's: give `--listen` a higher one",
            ErrorKind::AddrNotAvailable => "give `--listen` an address of this machine, such as 127.0.0.1:8810",
            _ => "give `--listen` another address",
        },
        StartError::DataDir { source, .. } => match source.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                "a file is where the folder should be: give `--data-dir` a folder, which is made if it is not there"
            }
            kind => folder(kind),
        },
        StartError::Journal(error) => journal(error),
        StartError::Record { .. } => {
            "start it with the version of `brier` that wrote the journal, or give `--data-dir` another folder; the \
             journal is as it was"
        }
        StartError::ClockAhead { .. } => {
            "give `--clock simulated`, as when the journal was written, or give `--data-dir` another folder"
        }
        StartError::Operator(_) => {
            "the operator's key files lie in the data folder, as `operator-*.pem`: make them and the folder readable and \
             writable for this user; one that is moved away is made anew"
        }
        StartError::Thread(_) => "run it again with -vv and report what it says, if it persists",
        _ => "see `brier exchange --help`",
    };
    CliError::failure(error.to_string()).hint(hint)
}

fn journal(error: &JournalError) -> &'static str {
    match error {
        JournalError::Locked { .. } => {
            "most likely another `brier exchange` runs on this folder; `--data-dir` takes another one"
        }
        JournalError::Corrupt { .. } => {
            "the disk or another program changed the file; it is left as it was. Without a copy, move it away to begin \
             anew: its accounts and orders are gone then"
        }
        JournalError::NotAJournal { .. } => "the file is left as it was; `--data-dir` takes another folder",
        JournalError::Version { .. } => {
            "start it with the version of `brier` that wrote the journal, or give `--data-dir` another folder"
        }
        JournalError::Io { source, .. } => folder(source.kind()),
        _ => "give `--data-dir` another folder",
    }
}

/// A folder or file that the system does not give.
fn folder(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::PermissionDenied => {
            "make the data folder and its files writable for this user, or give `--data-dir` another folder"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free space on the data folder's disk, or give `--data-dir` a folder on another one"
        }
        ErrorKind::ReadOnlyFilesystem => "the disk is read only: give `--data-dir` a folder on another one",
        _ => "check the data folder and its disk, or give `--data-dir` another folder",
    }
}

/// The exchange ended without being asked: its journal failed, or it is wrong itself.
pub(super) fn stopped(journal_failure: Option<&str>) -> CliError {
    match journal_failure {
        Some(failure) => CliError::failure(format!("the exchange stopped: {failure}")).hint(
            "free space or mend the data folder, then start again: what was acknowledged is kept, and what was not may \
             be lost",
        ),
        None => CliError::failure("the exchange stopped: its core ended by itself, which is a fault of the program")
            .hint("report what stands above; a new start recovers everything that was acknowledged"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use brier_store::TornTail;

    use super::*;

    fn told(error: &StartError) -> String {
        let mut out = Vec::new();
        not_started(error).print(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn listen(kind: ErrorKind) -> String {
        told(&StartError::Listen { addr: "127.0.0.1:80".parse().unwrap(), source: kind.into() })
    }

    #[test]
    fn each_reason_not_to_start_has_its_own_next_step() {
        let path = || "data".into();
        let io = |kind: ErrorKind| JournalError::Io { path: path(), doing: "opening", source: io::Error::from(kind) };
        let told = [
            listen(ErrorKind::AddrInUse),
            listen(ErrorKind::PermissionDenied),
            listen(ErrorKind::AddrNotAvailable),
            told(&StartError::DataDir { path: path(), source: ErrorKind::AlreadyExists.into() }),
            told(&StartError::DataDir { path: path(), source: ErrorKind::PermissionDenied.into() }),
            told(&StartError::Journal(JournalError::Locked { path: path() })),
            told(&StartError::Journal(JournalError::Corrupt { path: path(), record: 1, offset: 2, later: 3 })),
            told(&StartError::Journal(JournalError::NotAJournal { path: path() })),
            told(&StartError::Journal(io(ErrorKind::StorageFull))),
        ];
        let hints: std::collections::BTreeSet<&str> =
            told.iter().map(|told| told.split_once("\nhint: ").unwrap().1).collect();
        assert_eq!(hints.len(), told.len(), "{told:#?}");
        assert!(told.iter().filter(|told| told.contains("free space")).count() == 1);
    }

    #[test]
    fn only_a_failed_journal_asks_for_space() {
        let shown = |error: CliError| {
            let mut out = Vec::new();
            error.print(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert!(shown(stopped(Some("journal j: committing: full"))).contains("hint: free space"));
        assert!(!shown(stopped(None)).contains("free space"));
    }

    #[test]
    fn recovery_says_what_it_kept_and_what_it_cut() {
        let took = Duration::from_millis(1_042);
        assert!(recovered(&RecoveryReport::default(), took).is_empty());
        let report = RecoveryReport { records: 7, torn: Some(TornTail { offset: 900, bytes: 37 }) };
        let lines = recovered(&report, took);
        assert!(
            lines[0].starts_with("warning: the journal's end was not whole: 37 bytes from byte 900 on were cut off."),
            "{lines:?}"
        );
        assert_eq!(lines[1], "recovered 7 records in 1.042 s");
    }
}
