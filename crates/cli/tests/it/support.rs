//! Running the program in a known place with a known environment.

use std::path::{Path, PathBuf};
use std::process::Output;

/// Where the recorded excerpts are.
pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The full recordings, where they are at hand. Says so when they are not.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    // A skipped test has to say that it was skipped.
    #[expect(clippy::print_stderr, reason = "a test's note")]
    {
        eprintln!("skipped: {} is not at hand", path.display());
    }
    None
}

/// The files of a folder whose names end in `end`, sorted.
pub(crate) fn files(folder: &Path, end: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let mut files: Vec<String> = entries.filter(|path| path.ends_with(end)).collect();
    files.sort();
    files
}

/// The program in the folder of excerpts, with no key, no home and no log settings.
pub(crate) fn brier() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_brier"));
    command.current_dir(testdata()).env("XDG_DATA_HOME", "/nonexistent").env("COLUMNS", "100");
    for name in [
        "KALSHI_ENV",
        "KALSHI_URL",
        "KALSHI_KEY_ID",
        "KALSHI_PRIVATE_KEY_PATH",
        "KALSHI_PRIVATE_KEY",
        "POLYMARKET_ENV",
        "POLYMARKET_URL",
        "POLYMARKET_PRIVATE_KEY_PATH",
        "POLYMARKET_PRIVATE_KEY",
        "POLYMARKET_SIGNATURE_TYPE",
        "POLYMARKET_FUNDER",
        "BRIER_VENUE",
        "BRIER_READY_FILE",
        "BRIER_PAIRS",
        "BRIER_PAIRS_ACCEPT_TAILS",
        "BRIER_REVIEWER",
        "USER",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    brier().args(args).output().unwrap()
}

/// Exit status, stdout and stderr as one text.
pub(crate) fn shown(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut text = format!("exit {}\n", output.status.code().unwrap());
    for (title, part) in [("stdout", out), ("stderr", err)] {
        if !part.is_empty() {
            text.extend(["--- ", title, "\n", part.trim_end(), "\n"]);
        }
    }
    text
}
