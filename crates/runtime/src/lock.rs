//! One process per data folder, and one per account on this machine, by locks that the system drops with their process.
//!
//! A lock's file says who holds it, for people. It is never believed: what counts is the system's lock, so what a dead process
//! left behind blocks nobody. Two machines on one account are not seen here: the engine notices foreign orders by their ids.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// Name of the lock in a data folder.
const DATA_LOCK: &str = "brier.lock";

/// Why a lock is not had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has the data folder.
    #[error("data folder {folder} is in use by process {}", shown(*pid))]
    DataInUse {
        /// Which.
        folder: PathBuf,
        /// By whom, as far as its lock file tells.
        pid: Option<u32>,
    },
    /// Another process trades the account.
    #[error("account {account} is traded by process {} of this machine", shown(*pid))]
    AccountInUse {
        /// Which: venue, host and key.
        account: String,
        /// By whom, as far as its lock file tells.
        pid: Option<u32>,
    },
    /// The lock file cannot be made.
    #[error("lock file {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn shown(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another".to_owned(), |pid| pid.to_string())
}

/// A lock; freed when dropped.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

enum Taken {
    Ours(FileLock),
    Theirs(Option<u32>),
}

/// Takes the lock of a data folder, which exists.
///
/// # Errors
/// [`LockError::DataInUse`] names the process that has it.
pub fn data(folder: &Path) -> Result<FileLock, LockError> {
    let path = folder.join(DATA_LOCK);
    match take(&path).map_err(|source| LockError::Io { path, source })? {
        Taken::Ours(lock) => Ok(lock),
        Taken::Theirs(pid) => Err(LockError::DataInUse { folder: folder.to_owned(), pid }),
    }
}

/// Who has the lock of a data folder, without waiting for it and without leaving a trace: `None` when nobody has it.
///
/// # Errors
/// What the system says. A folder that is not there has no lock.
pub fn data_holder(folder: &Path) -> io::Result<Option<Holder>> {
    let mut file = match File::open(folder.join(DATA_LOCK)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(Holder { pid: pid_in(&mut file) })),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A process that has a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number, as far as the lock file tells.
    pub pid: Option<u32>,
}

/// Takes the lock of an account under the user's state folder, which is made if need be. `account` is the venue, the host and
/// the key's id or the wallet.
///
/// # Errors
/// [`LockError::AccountInUse`] names the process that trades it.
pub fn account(state_folder: &Path, account: &[&str]) -> Result<FileLock, LockError> {
    let folder = state_folder.join("accounts");
    let words: Vec<String> = account.iter().map(|word| tame(word)).collect();
    let path = folder.join(format!("{}.lock", words.join("-")));
    let failed = |source| LockError::Io { path: path.clone(), source };
    make_private(&folder).map_err(failed)?;
    match take(&path).map_err(failed)? {
        Taken::Ours(lock) => Ok(lock),
        Taken::Theirs(pid) => Err(LockError::AccountInUse { account: account.join(" "), pid }),
    }
}

/// A word that can stand in a file's name. Ids differ in letters and digits, so no two become one.
fn tame(word: &str) -> String {
    word.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' }).collect()
}

fn take(path: &Path) -> io::Result<Taken> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())?;
            Ok(Taken::Ours(FileLock { _file: file }))
        }
        Err(TryLockError::WouldBlock) => Ok(Taken::Theirs(pid_in(&mut file))),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Makes a folder that is its owner's alone, with those above it, unless it is there.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_process_and_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(data_holder(folder.path()).unwrap(), None);
        let lock = data(folder.path()).unwrap();
        let me = std::process::id();
        assert_eq!(data_holder(folder.path()).unwrap(), Some(Holder { pid: Some(me) }));
        let told = data(folder.path()).unwrap_err().to_string();
        assert_eq!(told, format!("data folder {} is in use by process {me}", folder.path().display()));
        drop(lock);
        assert_eq!(data_holder(folder.path()).unwrap(), None);
        assert!(data(folder.path()).is_ok());
    }

    #[test]
    fn what_a_dead_process_left_blocks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(DATA_LOCK), "1\n").unwrap();
        assert_eq!(data_holder(folder.path()).unwrap(), None);
        let lock = data(folder.path()).unwrap();
        let written = std::fs::read_to_string(folder.path().join(DATA_LOCK)).unwrap();
        assert_eq!(written, format!("{}\n", std::process::id()));
        drop(lock);
    }

    #[test]
    fn two_processes_on_one_account_are_refused_and_two_accounts_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let key = ["kalshi", "demo", "a952bcbe-ec3b"];
        let lock = account(folder.path(), &key).unwrap();
        assert_eq!(
            account(folder.path(), &key).unwrap_err().to_string(),
            format!("account kalshi demo a952bcbe-ec3b is traded by process {} of this machine", std::process::id())
        );
        assert!(account(folder.path(), &["kalshi", "prod", "a952bcbe-ec3b"]).is_ok());
        assert!(account(folder.path(), &["kalshi", "http://127.0.0.1:8810", "a952bcbe-ec3b"]).is_ok());
        drop(lock);
        assert!(account(folder.path(), &key).is_ok());
    }
}
