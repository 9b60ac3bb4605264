//! The file that halts.

use std::io;
use std::path::Path;

use brier_connect::clock::Clock;
use brier_connect::private_file;
use serde::{Deserialize, Serialize};

/// Its name in the data folder.
pub const HALT_FILE: &str = "HALT";
/// More than any reason is long.
const MAX_TEXT: usize = 4_096;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// Why, in a person's words.
    pub reason: String,
    /// When, as UTC text.
    pub at: String,
}

/// Halts: from now on no run on this folder trades. An older halt stays as it is.
///
/// # Errors
/// What the system says: nothing is halted by this file then.
pub fn put(folder: &Path, reason: &str) -> io::Result<Halt> {
    if let Some(halt) = halted(folder)? {
        return Ok(halt);
    }
    let reason: String = reason.chars().filter(|letter| !letter.is_control()).take(256).collect();
    let halt = Halt { reason, at: Clock::local_now().to_string() };
    let text = serde_json::to_string(&halt).expect("two texts are JSON");
    private_file::write(&folder.join(HALT_FILE), &format!("{text}\n"))?;
    Ok(halt)
}

/// Whether the folder is halted, and why. A file that cannot be understood halts as well: whoever made it meant it.
///
/// # Errors
/// What the system says when it cannot be known whether the file is there. Treat it as a halt.
pub fn halted(folder: &Path) -> io::Result<Option<Halt>> {
    let path = folder.join(HALT_FILE);
    let metadata = match std::fs::symlink_metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = if metadata.is_file() && metadata.len() <= MAX_TEXT as u64 {
        std::fs::read_to_string(&path).unwrap_or_default()
    } else {
        String::new()
    };
    Ok(Some(serde_json::from_str(&text).unwrap_or_else(|_no_json| Halt {
        reason: match text.trim() {
            "" => format!("the file {HALT_FILE} is there"),
            words => words.chars().filter(|letter| !letter.is_control()).take(256).collect(),
        },
        at: "unknown".to_owned(),
    })))
}

/// Takes the file away. Whether it was there.
///
/// # Errors
/// What the system says: the halt stands then.
pub fn clear(folder: &Path) -> io::Result<bool> {
    match std::fs::remove_file(folder.join(HALT_FILE)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where a person leaves word for the next run that it may trade again.
const RESUME_FILE: &str = "RESUME";

/// Lets the next run lift the kill switch: for a person who resumes while no process runs.
///
/// # Errors
/// What the system says: the next run stays halted then.
pub fn allow(folder: &Path, reason: &str) -> io::Result<()> {
    let reason: String = reason.chars().filter(|letter| !letter.is_control()).take(256).collect();
    private_file::write(&folder.join(RESUME_FILE), &format!("{reason}\n"))
}

/// A person's leave to trade again, which is used up by this.
///
/// # Errors
/// What the system says: treat it as no leave.
pub fn take_leave(folder: &Path) -> io::Result<Option<String>> {
    let path = folder.join(RESUME_FILE);
    match std::fs::read_to_string(&path) {
        Ok(reason) => std::fs::remove_file(&path).map(|()| Some(reason.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_stands_until_it_is_lifted() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(halted(folder.path()).unwrap(), None);
        let put_first = put(folder.path(), "storm\nwarning").unwrap();
        assert_eq!(put_first.reason, "stormwarning");
        assert_eq!(halted(folder.path()).unwrap().as_ref(), Some(&put_first));
        assert_eq!(put(folder.path(), "again").unwrap(), put_first, "the first reason stays");
        assert!(clear(folder.path()).unwrap());
        assert!(!clear(folder.path()).unwrap());
        assert_eq!(halted(folder.path()).unwrap(), None);
    }

    #[test]
    fn any_file_of_that_name_halts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(HALT_FILE);
        let reason = || halted(folder.path()).unwrap().map(|halt| halt.reason);
        std::fs::write(&path, "").unwrap();
        assert_eq!(reason().as_deref(), Some("the file HALT is there"));
        std::fs::write(&path, "by hand\n").unwrap();
        assert_eq!(reason().as_deref(), Some("by hand"));
        std::fs::write(&path, [0xff; 10_000]).unwrap();
        assert_eq!(reason().as_deref(), Some("the file HALT is there"));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(reason().as_deref(), Some("the file HALT is there"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nowhere_halts() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/nowhere", folder.path().join(HALT_FILE)).unwrap();
        assert!(halted(folder.path()).unwrap().is_some());
        assert!(clear(folder.path()).unwrap());
    }
}
