//! Files that only their owner may touch: read with the check, written whole or not at all.
//!
//! Keys and credentials are long-lived, so whoever can read the file can trade.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

const MAX_FILE: u64 = 64 * 1024;

/// Why a private file cannot be read.
#[derive(Debug)]
pub enum Problem {
    /// The system says no.
    Io(io::Error),
    /// Group or others have rights to it: these are the permission bits found.
    Permissions(u32),
    /// It is no file, or larger than any key.
    NotAFile,
}

/// Reads a private file, checking the opened file itself so that nobody can swap it in between.
///
/// # Errors
/// [`Problem`] says what is wrong with it.
pub fn read(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let mut file = File::open(path).map_err(Problem::Io)?;
    let metadata = file.metadata().map_err(Problem::Io)?;
    if !metadata.is_file() || metadata.len() > MAX_FILE {
        return Err(Problem::NotAFile);
    }
    let mode = mode(&metadata);
    if mode & 0o077 != 0 {
        return Err(Problem::Permissions(mode));
    }
    // One spare byte, so that reading to the end never grows the buffer and leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(metadata.len() as usize + 1));
    file.read_to_string(&mut text).map_err(Problem::Io)?;
    Ok(text)
}

/// Writes a private file beside `path` and renames it, so that a reader finds the old text or the new one.
///
/// # Errors
/// What the system said; the old file is as it was then.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fill(&temporary, text).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // What is left of a failed write must not stay: it holds the secret. That it may never have been made is fine.
        drop(std::fs::remove_file(&temporary));
    }
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o777
}

/// Elsewhere files carry access lists that the standard library cannot read: nothing is checked.
#[cfg(not(unix))]
fn mode(_metadata: &std::fs::Metadata) -> u32 {
    0o600
}
