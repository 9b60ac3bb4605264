//! The journal as its users see it: what was committed comes back, whatever a crash or a bad disk did to the file.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;

use brier_store::{Journal, JournalError, MAX_RECORD_LEN, OpenReport};
use proptest::prelude::*;
use tempfile::TempDir;

const CONTENT: u32 = 7;

fn open(dir: &Path) -> (Journal, OpenReport) {
    Journal::open(dir, CONTENT).unwrap()
}

fn records(journal: &Journal) -> Vec<Vec<u8>> {
    journal.replay().unwrap().map(Result::unwrap).collect()
}

fn file(dir: &Path) -> std::path::PathBuf {
    dir.join("journal.brier")
}

/// Writes the batches; returns the length of the file after each commit, and all records with their batch.
fn write(dir: &Path, batches: &[Vec<Vec<u8>>]) -> Vec<u64> {
    let (mut journal, _) = open(dir);
    let mut ends = vec![journal.bytes()];
    for batch in batches {
        for record in batch {
            journal.append(record).unwrap();
        }
        journal.commit().unwrap();
        ends.push(journal.bytes());
    }
    ends
}

fn some_batches() -> Vec<Vec<Vec<u8>>> {
    vec![
        vec![b"one".to_vec()],
        vec![b"two".to_vec(), vec![], b"three \0\0\0".to_vec()],
        vec![vec![0; 8]],
        vec![b"last".to_vec(), vec![0xff; 4]],
    ]
}

#[test]
fn what_is_committed_comes_back_and_what_is_not_does_not() {
    let dir = TempDir::new().unwrap();
    let (mut journal, report) = open(dir.path());
    assert_eq!((report.records, report.torn), (0, None));
    journal.append(b"a").unwrap();
    journal.append(b"b").unwrap();
    journal.commit().unwrap();
    journal.append(b"never committed").unwrap();
    assert_eq!(records(&journal), [b"a", b"b"]);
    drop(journal);
    let (mut journal, report) = open(dir.path());
    assert_eq!((report.records, report.torn), (2, None));
    journal.commit().unwrap();
    journal.append(b"c").unwrap();
    journal.commit().unwrap();
    drop(journal);
    assert_eq!(records(&open(dir.path()).0), [b"a", b"b", b"c"]);
}

#[test]
fn every_truncation_point_recovers_the_committed_prefix_and_goes_on() {
    let source = TempDir::new().unwrap();
    let batches = some_batches();
    let ends = write(source.path(), &batches);
    let bytes = fs::read(file(source.path())).unwrap();
    let all: Vec<Vec<u8>> = batches.iter().flatten().cloned().collect();
    for cut in 0..=bytes.len() {
        let dir = TempDir::new().unwrap();
        fs::write(file(dir.path()), &bytes[..cut]).unwrap();
        let (mut journal, report) = open(dir.path());
        let found = records(&journal);
        let committed: usize = ends
            .iter()
            .skip(1)
            .zip(&batches)
            .filter(|(end, _)| **end <= cut as u64)
            .map(|(_, batch)| batch.len())
            .sum();
        assert!(found.len() >= committed, "cut at {cut}: {} of {committed} committed records", found.len());
        assert_eq!(found, all[..found.len()], "cut at {cut}");
        assert_eq!(report.records, found.len() as u64);
        if let Some(torn) = report.torn {
            assert_eq!(torn.offset + torn.bytes, cut as u64, "cut at {cut}");
        }
        journal.append(b"after").unwrap();
        journal.commit().unwrap();
        drop(journal);
        let (journal, report) = open(dir.path());
        assert_eq!(report.torn, None, "cut at {cut}: repaired for good");
        assert_eq!(records(&journal).last().unwrap(), b"after");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let source = TempDir::new().unwrap();
    let batches = some_batches();
    let ends = write(source.path(), &batches);
    let bytes = fs::read(file(source.path())).unwrap();
    let all: Vec<Vec<u8>> = batches.iter().flatten().cloned().collect();
    let last_batch = ends[ends.len() - 2];
    for bit in 0..bytes.len() * 8 {
        let dir = TempDir::new().unwrap();
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(file(dir.path()), &damaged).unwrap();
        match Journal::open(dir.path(), CONTENT) {
            Err(JournalError::NotAJournal { .. } | JournalError::Version { .. }) => assert!(bit < 20 * 8),
            Err(JournalError::Corrupt { offset, later, .. }) => {
                assert!(offset <= bit as u64 / 8 && bit as u64 / 8 < later, "bit {bit}: named {offset} to {later}");
            }
            Err(other) => panic!("bit {bit}: {other}"),
            // Within the last batch damage looks like a crash; it is reported and costs that batch only.
            Ok((journal, report)) => {
                assert!(bit as u64 / 8 >= last_batch, "bit {bit}: not found");
                assert!(report.torn.is_some(), "bit {bit}: not reported");
                let found = records(&journal);
                assert_eq!(found, all[..found.len()]);
                assert!(found.len() >= all.len() - batches.last().unwrap().len());
            }
        }
    }
}

#[test]
fn zeros_at_the_end_are_a_torn_tail() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &some_batches());
    let mut bytes = fs::read(file(dir.path())).unwrap();
    let whole = bytes.len() as u64;
    bytes.resize(bytes.len() + 4_096, 0);
    fs::write(file(dir.path()), bytes).unwrap();
    let (_journal, report) = open(dir.path());
    let torn = report.torn.unwrap();
    assert_eq!((report.records, torn.offset, torn.bytes), (7, whole, 4_096));
}

#[test]
fn a_folder_has_one_writer() {
    let dir = TempDir::new().unwrap();
    let (journal, _) = open(dir.path());
    assert!(matches!(Journal::open(dir.path(), CONTENT), Err(JournalError::Locked { .. })));
    drop(journal);
    open(dir.path());
}

#[test]
fn other_files_and_other_versions_are_left_alone() {
    let dir = TempDir::new().unwrap();
    fs::write(file(dir.path()), b"not a journal").unwrap();
    assert!(matches!(Journal::open(dir.path(), CONTENT), Err(JournalError::NotAJournal { .. })));
    assert_eq!(fs::read(file(dir.path())).unwrap(), b"not a journal");
    fs::remove_file(file(dir.path())).unwrap();
    write(dir.path(), &some_batches());
    let found = Journal::open(dir.path(), CONTENT + 1).unwrap_err();
    assert!(matches!(found, JournalError::Version { expected_content: 8, content: 7, .. }), "{found}");
}

#[test]
fn a_record_longer_than_any_may_be_is_refused() {
    let dir = TempDir::new().unwrap();
    let (mut journal, _) = open(dir.path());
    assert!(matches!(journal.append(&vec![0; MAX_RECORD_LEN + 1]), Err(JournalError::TooLong { .. })));
    journal.append(b"still usable").unwrap();
    journal.commit().unwrap();
    assert_eq!(records(&journal), [b"still usable"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cut_and_any_torn_page_keeps_what_was_committed(
        batches in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..5), 1..6),
        torn in prop::collection::vec(any::<u8>(), 0..200),
        keep in 0.0_f64..1.0,
    ) {
        let dir = TempDir::new().unwrap();
        let ends = write(dir.path(), &batches);
        // The last batch was being written when the power went: a part of it arrived, then bytes of anything.
        let mut bytes = fs::read(file(dir.path())).unwrap();
        let (start, end) = (ends[ends.len() - 2] as usize, ends[ends.len() - 1] as usize);
        bytes.truncate(start + ((end - start) as f64 * keep) as usize);
        bytes.extend_from_slice(&torn);
        fs::write(file(dir.path()), &bytes).unwrap();
        let (journal, _) = open(dir.path());
        let found = records(&journal);
        let all: Vec<Vec<u8>> = batches.iter().flatten().cloned().collect();
        let committed = all.len() - batches.last().unwrap().len();
        prop_assert!(found.len() >= committed);
        prop_assert_eq!(&found[..committed], &all[..committed]);
    }
}

#[cfg(unix)]
#[test]
fn a_new_journal_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = TempDir::new().unwrap();
    drop(open(dir.path()));
    assert_eq!(fs::metadata(file(dir.path())).unwrap().permissions().mode() & 0o777, 0o600);
}
