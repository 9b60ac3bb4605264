//! The file of decisions: read whole, changed under a lock, written whole or not at all.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use brier_pairing::decisions::Note;
use brier_pairing::{Decisions, TailKind};
use brier_types::Timestamp;

use crate::error::CliError;
use crate::venue::data_home;

/// Which decisions count.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Decisions")]
pub(crate) struct DecisionsArgs {
    /// The file of decisions; by default `pairs/decisions.jsonl` where the program keeps its data. It is made with the
    /// first decision
    #[arg(long, env = "BRIER_PAIRS", value_name = "FILE")]
    decisions: Option<PathBuf>,
}

/// Which tails are accepted for every pair.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Decisions")]
pub(crate) struct TailsArgs {
    /// Kinds of tails that are accepted for every pair, with commas between them
    #[arg(long, env = "BRIER_PAIRS_ACCEPT_TAILS", value_name = "KINDS", value_delimiter = ',')]
    accept_tails: Vec<TailKind>,
}

/// Who decides.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Decisions")]
pub(super) struct WhoArgs {
    /// Who decides; by default the user of this terminal
    #[arg(long, env = "BRIER_REVIEWER", value_name = "NAME")]
    by: Option<String>,
}

impl TailsArgs {
    pub(crate) fn accepted(&self) -> BTreeSet<TailKind> {
        self.accept_tails.iter().copied().collect()
    }
}

impl WhoArgs {
    /// Who decides, now, for this reason.
    pub(super) fn note(&self, why: &str) -> Result<Note, CliError> {
        let user = || std::env::var("USER").ok().filter(|user| !user.trim().is_empty());
        let by = self.by.clone().or_else(user).ok_or_else(|| {
            CliError::usage("it is not said who decides").hint("give `--by NAME`, or set BRIER_REVIEWER")
        })?;
        Ok(Note { by: by.trim().to_owned(), at: now(), why: why.trim().to_owned() })
    }
}

/// This second.
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_secs(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX)
}

impl DecisionsArgs {
    /// Where the decisions are.
    pub(super) fn path(&self) -> Result<PathBuf, CliError> {
        let path = self.decisions.clone().or_else(|| Some(data_home()?.join("pairs").join("decisions.jsonl")));
        path.ok_or_else(|| {
            CliError::usage("there is no home for the file of decisions")
                .hint("give `--decisions FILE`, or set BRIER_PAIRS")
        })
    }

    /// The decisions so far; none when there is no file yet.
    pub(crate) fn load(&self) -> Result<Decisions, CliError> {
        load(&self.path()?)
    }

    /// The decisions for what may be traded: a file that was named and is not there is no file without vetoes.
    pub(crate) fn load_named(&self) -> Result<Decisions, CliError> {
        match &self.decisions {
            Some(path) if !path.exists() => Err(CliError::failure(format!("{}: no such file", path.display()))
                .hint("`brier pairs confirm` and `veto` make it; without `--decisions` and BRIER_PAIRS the one where the program keeps its data counts")),
            Some(_) | None => self.load(),
        }
    }

    /// Changes the decisions: read anew under a lock, so that two terminals lose nothing of each other's.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Decisions) -> Result<T, CliError>) -> Result<T, CliError> {
        let path = self.path()?;
        let failed = |error: io::Error| file_error(&path, &error);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut lock = path.clone().into_os_string();
        lock.push(".lock");
        let lock = File::options().create(true).truncate(false).write(true).open(lock).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut decisions = load(&path)?;
        let done = change(&mut decisions)?;
        // The lock falls with its file, after this.
        write_whole(&path, &decisions.to_string()).map_err(failed)?;
        Ok(done)
    }
}

fn load(path: &Path) -> Result<Decisions, CliError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Decisions::parse(&text).map_err(|error| {
            CliError::failure(format!("{}: {error}", path.display()))
                .hint("no decision of this file counts until it is repaired; its history shows the last good one")
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Decisions::default()),
        Err(error) => Err(file_error(path, &error)),
    }
}

fn file_error(path: &Path, error: &io::Error) -> CliError {
    CliError::failure(format!("{}: {error}", path.display())).hint("name a file that you may read and write")
}

/// Writes a file so that a reader finds the old text or the new one, and a crash leaves one of them.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // A link keeps leading to the file it leads to.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_not_there_yet| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let part = path.with_file_name(name);
    let written = (|| {
        let mut file = File::create(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, &path)
    })();
    if written.is_err() {
        // Nobody looks for what is left of it.
        drop(std::fs::remove_file(&part));
    }
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
