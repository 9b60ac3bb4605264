//! A budget that several analysts share, in memory or in a file that outlives the process.
//!
//! In a file, what a request may cost at most counts as spent before it is sent, and what it did not cost is given back
//! afterwards. So whatever ends a process between the two, nothing is ever spent that the file does not have. Each change is made
//! under the file's lock, read anew and on the disk before it counts: two processes with one file share one budget.
//!
//! What can go wrong: a file that a person deletes or puts back from a copy forgets what was spent since.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use brier_types::Money;
use serde::{Deserialize, Serialize};

use super::budget::{Budget, OverBudget};

/// How long a file is: always the same, so that no write can leave half of an older one behind.
const FILE_BYTES: usize = 64;
/// What a file's form is called.
const VERSION: u32 = 1;

/// A file that cannot be used: nothing must be sent, for nobody knows what is spent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ledger {path}: {why}")]
pub struct LedgerError {
    /// Which.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// Why nothing is held back, and nothing must be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// There is not enough left.
    #[error("the next request may cost ${}, ${} is left", .0.needed, .0.left)]
    Over(OverBudget),
    /// The file cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a file says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    spent_micros: i64,
}

#[derive(Debug)]
struct Shared {
    budget: Mutex<Budget>,
    file: Option<PathBuf>,
}

/// A budget that several analysts may share.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Shared>);

impl Ledger {
    /// A ledger in memory: what is spent is forgotten with the process.
    pub fn new(budget: Budget) -> Self {
        Self(Arc::new(Shared { budget: Mutex::new(budget), file: None }))
    }

    /// A ledger of at most `limit`, whose file says how much of it is spent. A file that is not there is made, with its folder.
    ///
    /// # Errors
    /// [`LedgerError`] when the file is none of ours or the system refuses it.
    pub fn kept(limit: Money, path: &Path) -> Result<Self, LedgerError> {
        let failed = |error: &io::Error| LedgerError { path: path.to_owned(), why: error.to_string() };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(folder).map_err(|error| failed(&error))?;
        }
        let spent = change(path, Ok)?;
        let budget = Mutex::new(Budget::new(limit, spent));
        Ok(Self(Arc::new(Shared { budget, file: Some(path.to_owned()) })))
    }

    /// How it stands, as far as this process knows.
    pub fn budget(&self) -> Budget {
        *self.lock()
    }

    /// Holds the worst case of a request back until the hold is settled or dropped. With a file it waits for the disk.
    ///
    /// # Errors
    /// [`HoldError`]: nothing was held back.
    pub fn hold(&self, worst: Money) -> Result<Hold, HoldError> {
        let mut budget = self.lock();
        match &self.0.file {
            None => budget.reserve(worst).map_err(HoldError::Over)?,
            Some(path) => {
                let limit = budget.limit();
                let spent = change(path, |spent| {
                    Budget::new(limit, spent).reserve(worst).map_err(HoldError::Over)?;
                    Ok::<_, HoldError>(spent.checked_add(worst).unwrap_or(Money::MAX))
                })?;
                *budget = Budget::new(limit, spent);
            }
        }
        drop(budget);
        Ok(Hold { ledger: self.clone(), worst, spent: worst })
    }

    /// Ends a reservation with what it came to. A file that fails here keeps the worst case, which is more.
    fn settle(&self, worst: Money, spent: Money) {
        let mut budget = self.lock();
        let Some(path) = &self.0.file else { return budget.settle(worst, spent) };
        if worst == spent {
            return;
        }
        let settled = change(path, |known| {
            let rest = known.checked_sub(worst).unwrap_or(Money::ZERO).max(Money::ZERO);
            Ok::<_, LedgerError>(rest.checked_add(spent.max(Money::ZERO)).unwrap_or(Money::MAX))
        });
        if let Ok(spent) = settled {
            *budget = Budget::new(budget.limit(), spent);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Budget> {
        // Amounts are whole at every moment, so a panic elsewhere leaves nothing half done.
        self.0.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reservation. Dropped without a word (a task that was canceled), it counts as spent whole.
#[derive(Debug)]
pub struct Hold {
    ledger: Ledger,
    worst: Money,
    spent: Money,
}

impl Hold {
    /// Ends the reservation with what was really spent.
    pub fn settle(mut self, spent: Money) {
        self.spent = spent;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.ledger.settle(self.worst, self.spent);
    }
}

/// Changes what a file says is spent, under its lock, and brings it to the disk. What it says from then on.
fn change<E: From<LedgerError>>(path: &Path, work: impl FnOnce(Money) -> Result<Money, E>) -> Result<Money, E> {
    let failed = |why: &dyn std::fmt::Display| LedgerError { path: path.to_owned(), why: why.to_string() };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| failed(&error))?;
    // Given back when the file is closed. Whoever has it does so at once.
    file.lock().map_err(|error| failed(&error))?;
    let known = read(&mut file).map_err(|why| failed(&why))?;
    let spent = work(known.unwrap_or(Money::ZERO))?;
    if known != Some(spent) {
        write(&mut file, spent).map_err(|error| failed(&error))?;
    }
    Ok(spent)
}

/// What is spent; `None` for a file that was made just now.
fn read(file: &mut File) -> Result<Option<Money>, String> {
    const EXPECTED: &str = "expected {\"version\":1,\"spent_micros\":NUMBER}; put it back from a copy, or delete it to begin \
                            with nothing spent";
    let mut text = String::new();
    let read = (&mut *file).take(FILE_BYTES as u64 + 1).read_to_string(&mut text);
    read.map_err(|error| format!("{error}: {EXPECTED}"))?;
    if text.is_empty() {
        return Ok(None);
    }
    let kept: Kept = serde_json::from_str(&text).map_err(|_error| EXPECTED.to_owned())?;
    if kept.version != VERSION || kept.spent_micros < 0 || text.len() > FILE_BYTES {
        return Err(EXPECTED.to_owned());
    }
    Ok(Some(Money::from_micros(kept.spent_micros)))
}

fn write(file: &mut File, spent: Money) -> io::Result<()> {
    let kept = serde_json::to_string(&Kept { version: VERSION, spent_micros: spent.micros() })?;
    file.rewind()?;
    file.write_all(format!("{kept:width$}\n", width = FILE_BYTES - 1).as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn micros(amount: i64) -> Money {
        Money::from_micros(amount)
    }

    fn over(result: Result<Hold, HoldError>) -> OverBudget {
        match result {
            Err(HoldError::Over(over)) => over,
            other => panic!("over the budget: {other:?}"),
        }
    }

    #[test]
    fn what_is_left_is_what_may_be_held() {
        let ledger = Ledger::new(Budget::new(micros(100), micros(30)));
        let first = ledger.hold(micros(40)).unwrap();
        assert_eq!(over(ledger.hold(micros(31))), OverBudget { needed: micros(31), left: micros(30) });
        first.settle(micros(5));
        assert_eq!(ledger.budget().left(), micros(65));
        drop(ledger.hold(micros(65)).unwrap());
        assert_eq!((ledger.budget().spent(), ledger.budget().left()), (micros(100), Money::ZERO));
        assert_eq!(over(ledger.hold(micros(1))).left, Money::ZERO);
    }

    #[test]
    fn a_report_beyond_the_worst_case_is_counted_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        for ledger in [
            Ledger::new(Budget::new(micros(100), Money::ZERO)),
            Ledger::kept(micros(100), &folder.path().join("l")).unwrap(),
        ] {
            ledger.hold(micros(50)).unwrap().settle(micros(500));
            assert_eq!((ledger.budget().spent(), ledger.budget().left()), (micros(500), Money::ZERO));
        }
    }

    #[test]
    fn a_file_outlives_the_process_and_what_was_under_way_counts_as_spent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/ledger");
        let first = Ledger::kept(micros(100), &path).unwrap();
        first.hold(micros(40)).unwrap().settle(micros(5));
        // A process that is killed while it waits for an answer drops nothing.
        std::mem::forget(first.hold(micros(60)).unwrap());
        let second = Ledger::kept(micros(100), &path).unwrap();
        assert_eq!(second.budget().left(), micros(35));
        assert_eq!(over(second.hold(micros(36))), OverBudget { needed: micros(36), left: micros(35) });
        // Two that are open at once share it, whatever each believes.
        drop(second.hold(micros(30)).unwrap());
        assert_eq!(over(first.hold(micros(6))).left, micros(5));
        assert_eq!(Ledger::kept(micros(200), &path).unwrap().budget().left(), micros(105), "the sum was raised");
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_no_budget() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let long = format!("{}{}", " ".repeat(64), "{\"version\":1,\"spent_micros\":0}");
        for text in
            ["{}", "spent: 3", "{\"version\":2,\"spent_micros\":1}", "{\"version\":1,\"spent_micros\":-1}", &long]
        {
            std::fs::write(&path, text).unwrap();
            let error = Ledger::kept(micros(100), &path).unwrap_err().to_string();
            assert!(error.contains("expected {\"version\":1"), "{text}: {error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it is left as it was");
        }
        assert!(Ledger::kept(micros(100), folder.path()).is_err(), "a folder is no file");
    }

    #[test]
    fn a_file_that_fails_later_lets_nothing_be_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        let ledger = Ledger::kept(micros(100), &path).unwrap();
        std::fs::write(&path, "gone").unwrap();
        assert!(matches!(ledger.hold(micros(1)), Err(HoldError::Ledger(_))));
    }

    proptest! {
        #[test]
        fn nothing_is_spent_beyond_the_limit(
            limit in 0_i64..10_000,
            requests in proptest::collection::vec((0_i64..2_000, 0_i64..2_000, any::<bool>()), 0..60),
        ) {
            let ledger = Ledger::new(Budget::new(micros(limit), Money::ZERO));
            let mut open = Vec::new();
            for (worst, spent, keep) in requests {
                let Ok(hold) = ledger.hold(micros(worst)) else { continue };
                if keep { open.push(hold) } else { hold.settle(micros(spent.min(worst))) }
                prop_assert!(ledger.budget().spent().micros() + ledger.budget().left().micros() <= limit);
            }
            drop(open);
            prop_assert!(ledger.budget().spent().micros() <= limit);
            prop_assert_eq!(ledger.budget().spent().micros() + ledger.budget().left().micros(), limit);
        }
    }
}
