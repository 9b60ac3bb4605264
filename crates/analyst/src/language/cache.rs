//! Answers that were paid for once: kept in memory, and in a folder where one is given, until they are too old.
//!
//! The key is a hash of the endpoint, the model, how it is asked and every word that it is shown, so a new fact asks anew. What
//! is kept are the model's own texts; they go through every check again when they come back, so a file that somebody changed
//! can say no more than a model could. A file that cannot be read is no answer, and one that cannot be written costs money, not
//! correctness; both are counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use brier_types::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::answer::MAX_ANSWER_BYTES;

/// The most entries in memory; the oldest goes first.
pub const MAX_ENTRIES: usize = 1_024;
/// The most texts of an entry.
const MAX_TEXTS: usize = 64;
/// What a file's form is called; another is no answer.
const VERSION: u32 = 1;

/// What one request is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// The key of these parts, in order; where one ends and the next begins counts.
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// Its 64 digits.
    pub fn digits(&self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        })
    }
}

/// Texts and when they came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    at: Timestamp,
    texts: Vec<String>,
}

/// An entry as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    key: String,
    at_nanos: i64,
    texts: Vec<String>,
}

/// The cache.
#[derive(Clone, Debug)]
pub struct Cache {
    max_age: Duration,
    folder: Option<PathBuf>,
    entries: BTreeMap<CacheKey, Entry>,
    faults: u64,
}

impl Cache {
    /// An empty cache of answers up to this age, with a folder for what should outlive the process.
    pub const fn new(max_age: Duration, folder: Option<PathBuf>) -> Self {
        Self { max_age, folder, entries: BTreeMap::new(), faults: 0 }
    }

    /// How many files could not be read or written.
    pub const fn faults(&self) -> u64 {
        self.faults
    }

    /// The texts that were kept under a key, unless they are too old or from the future.
    pub fn get(&mut self, key: CacheKey, now: Timestamp) -> Option<Vec<String>> {
        if !self.entries.contains_key(&key) {
            let entry = self.read(key)?;
            self.keep(key, entry);
        }
        let entry = self.entries.get(&key)?;
        if entry.at > now || now.since(entry.at) > self.max_age {
            self.entries.remove(&key);
            return None;
        }
        Some(entry.texts.clone())
    }

    /// Keeps texts under a key.
    pub fn put(&mut self, key: CacheKey, now: Timestamp, texts: Vec<String>) {
        let entry = Entry { at: now, texts };
        self.write(key, &entry);
        self.keep(key, entry);
    }

    fn keep(&mut self, key: CacheKey, entry: Entry) {
        self.entries.insert(key, entry);
        if self.entries.len() > MAX_ENTRIES {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.at).map(|(key, _)| *key);
            oldest.and_then(|key| self.entries.remove(&key));
        }
    }

    fn read(&mut self, key: CacheKey) -> Option<Entry> {
        let path = path(self.folder.as_deref()?, key);
        let most = MAX_TEXTS * MAX_ANSWER_BYTES * 2;
        // A file that is not there is no fault; any other trouble is.
        let size = std::fs::metadata(&path).ok()?.len();
        let file = (size <= most as u64)
            .then(|| std::fs::read(&path).ok())
            .flatten()
            .and_then(|bytes| serde_json::from_slice::<File>(&bytes).ok())
            .filter(|file| file.version == VERSION && file.key == key.digits() && file.texts.len() <= MAX_TEXTS);
        if file.is_none() {
            self.faults += 1;
        }
        file.map(|file| Entry { at: Timestamp::from_nanos(file.at_nanos), texts: file.texts })
    }

    fn write(&mut self, key: CacheKey, entry: &Entry) {
        let Some(folder) = self.folder.as_deref() else { return };
        let file = File { version: VERSION, key: key.digits(), at_nanos: entry.at.nanos(), texts: entry.texts.clone() };
        let target = path(folder, key);
        let draft = target.with_extension("draft");
        // Written beside and then renamed: a reader sees a whole file or none.
        let written = serde_json::to_vec(&file).is_ok_and(|bytes| {
            std::fs::create_dir_all(folder).is_ok()
                && std::fs::write(&draft, bytes).is_ok()
                && std::fs::rename(&draft, &target).is_ok()
        });
        if !written {
            self.faults += 1;
        }
    }
}

fn path(folder: &Path, key: CacheKey) -> PathBuf {
    folder.join(format!("{}.json", key.digits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds).unwrap()
    }

    fn texts() -> Vec<String> {
        vec!["{}".to_owned()]
    }

    #[test]
    fn answers_grow_old() {
        let (mut cache, key) = (Cache::new(HOUR, None), CacheKey::of(&["a"]));
        assert_eq!(cache.get(key, at(0)), None);
        cache.put(key, at(0), texts());
        assert_eq!(cache.get(key, at(3_600)), Some(texts()));
        assert_eq!(cache.get(key, at(3_601)), None);
        assert_eq!(cache.get(key, at(10)), None, "what was too old is gone");
        cache.put(key, at(100), texts());
        assert_eq!(cache.get(key, at(99)), None, "no answer comes from the future");
    }

    #[test]
    fn where_a_part_ends_counts() {
        assert_ne!(CacheKey::of(&["ab", "c"]), CacheKey::of(&["a", "bc"]));
        assert_ne!(CacheKey::of(&["ab"]), CacheKey::of(&["ab", ""]));
        assert_eq!(CacheKey::of(&["ab"]).digits().len(), 64);
    }

    #[test]
    fn memory_is_bounded_and_loses_the_oldest() {
        let mut cache = Cache::new(HOUR, None);
        let key = |index: usize| CacheKey::of(&[&index.to_string()]);
        for index in 0..=MAX_ENTRIES {
            cache.put(key(index), at(index as i64), texts());
        }
        assert_eq!(cache.entries.len(), MAX_ENTRIES);
        assert!(!cache.entries.contains_key(&key(0)) && cache.entries.contains_key(&key(MAX_ENTRIES)));
    }

    #[test]
    fn a_folder_outlives_the_process_and_spoilt_files_are_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let place = || Some(folder.path().join("answers"));
        let key = CacheKey::of(&["a"]);
        Cache::new(HOUR, place()).put(key, at(0), texts());
        let mut cache = Cache::new(HOUR, place());
        assert_eq!(cache.get(key, at(60)), Some(texts()));
        let file = path(&place().unwrap(), key);
        let good = std::fs::read_to_string(&file).unwrap();
        for spoilt in [
            good[..good.len() / 2].to_owned(),
            good.replace("\"version\":1", "\"version\":2"),
            good.replace(&key.digits(), &CacheKey::of(&["b"]).digits()),
            good.replacen('{', "{\"more\":1,", 1),
        ] {
            std::fs::write(&file, spoilt).unwrap();
            let mut cache = Cache::new(HOUR, place());
            assert_eq!((cache.get(key, at(60)), cache.faults()), (None, 1));
        }
        let mut nowhere = Cache::new(HOUR, Some(file));
        nowhere.put(key, at(0), texts());
        assert_eq!((nowhere.get(key, at(1)), nowhere.faults()), (Some(texts()), 1), "memory serves all the same");
    }
}
