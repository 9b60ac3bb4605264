//! Free space of the data folder, and how long its disk takes to keep a record.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::Check;

/// Writes that are measured.
const PROBES: usize = 50;
/// Bytes of one: a usual turn's records.
const PROBE: [u8; 512] = [0x42; 512];
/// Less than this is soon full.
const LITTLE: u64 = 1 << 30;
/// A journal that waits longer than this for each record is felt.
const SLOW: Duration = Duration::from_millis(10);

/// Looks at the folder, or at the nearest one above it that is there.
pub(super) fn checks(folder: &Path) -> Vec<Check> {
    if folder.exists() && !folder.is_dir() {
        let next = Some("set `run.data_dir` to a folder, or move that file away".to_owned());
        return vec![Check::fail("data folder", format!("{} is a file", folder.display()), next)];
    }
    let there = folder.ancestors().find(|folder| folder.is_dir());
    let Some(there) = there else {
        let next = Some("set `run.data_dir` to a folder on a disk".to_owned());
        return vec![Check::fail("data folder", format!("{} is nowhere", folder.display()), next)];
    };
    let mut checks = vec![if there == folder {
        Check::ok("data folder", folder.display().to_string())
    } else {
        Check::ok("data folder", format!("{}, made by the first run", folder.display()))
    }];
    checks.push(space(there));
    checks.push(latency(there));
    checks
}

#[cfg(unix)]
fn space(folder: &Path) -> Check {
    match rustix::fs::statvfs(folder) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let text = format!("{}.{} GiB free", free >> 30, ((free & (LITTLE - 1)) * 10) >> 30);
            if free < LITTLE {
                Check::warn("disk space", text, "free some: a run stops when its journal cannot be written")
            } else {
                Check::ok("disk space", text)
            }
        }
        Err(error) => Check::fail("disk space", error.to_string(), None),
    }
}

#[cfg(not(unix))]
fn space(_folder: &Path) -> Check {
    Check::warn("disk space", "cannot be told on this system", "look for yourself")
}

fn latency(folder: &Path) -> Check {
    match measure(folder) {
        Ok(mut times) => {
            times.sort_unstable();
            let at = |share: usize| times[(times.len() - 1) * share / 100];
            let (median, worst) = (at(50), at(99));
            let text = format!("fdatasync p50 {:.2} ms, p99 {:.2} ms of {PROBES}", millis(median), millis(worst));
            if worst > SLOW {
                let next = "an order waits this long for its journal; use a faster disk, or `run.durability = \"write\"` on paper";
                Check::warn("disk latency", text, next)
            } else {
                Check::ok("disk latency", text)
            }
        }
        Err(error) => {
            let next = Some("make the data folder writable for this user".to_owned());
            Check::fail("disk latency", format!("{}: {error}", folder.display()), next)
        }
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Appends and waits for the disk, as the journal does. The file is gone afterwards.
fn measure(folder: &Path) -> io::Result<Vec<Duration>> {
    let path = folder.join(format!(".brier-doctor.{}", std::process::id()));
    let mut file = File::options().write(true).create_new(true).open(&path)?;
    let mut times = Vec::with_capacity(PROBES);
    let mut probe = || -> io::Result<()> {
        file.seek(SeekFrom::End(0))?;
        for _ in 0..PROBES {
            let begun = Instant::now();
            file.write_all(&PROBE)?;
            file.sync_data()?;
            times.push(begun.elapsed());
        }
        Ok(())
    };
    let ended = probe();
    std::fs::remove_file(&path)?;
    ended.map(|()| times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Verdict;

    #[test]
    fn the_probe_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(measure(folder.path()).unwrap().len(), PROBES);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(measure(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_its_disk() {
        let folder = tempfile::tempdir().unwrap();
        let checks = checks(&folder.path().join("a/b"));
        assert_eq!(
            checks.iter().map(|check| check.what).collect::<Vec<_>>(),
            ["data folder", "disk space", "disk latency"]
        );
        assert!(checks.iter().all(|check| check.verdict != Verdict::Fail), "{checks:?}");
        assert!(checks[0].found.ends_with("made by the first run"));
    }

    #[test]
    fn a_file_is_no_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data");
        std::fs::write(&file, "").unwrap();
        assert_eq!(checks(&file).first().map(|check| check.verdict), Some(Verdict::Fail));
    }
}
