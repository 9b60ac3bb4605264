//! The exceptions to the checks, each with its reason: `xtask/policy.txt`.
//!
//! An exception that nothing needs any more is a failure too, so the list never outlives its reasons.

use std::cell::Cell;
use std::path::Path;

use crate::failure::Failure;
use crate::scan;

/// Where the exceptions are written, from the workspace root.
const FILE: &str = "xtask/policy.txt";

/// The kinds of exception and how many words follow each.
const KINDS: &[(&str, usize)] = &[("license", 1), ("duplicate", 1), ("unused", 2), ("reach", 2), ("source", 2)];

/// One line of the file.
struct Exception {
    line: usize,
    kind: String,
    words: Vec<String>,
    used: Cell<bool>,
}

/// All exceptions; remembers which were needed.
pub(crate) struct Policy {
    exceptions: Vec<Exception>,
}

impl Policy {
    /// Reads the file in the workspace at `root`.
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        Self::parse(&scan::read(&root.join(FILE))?)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let mut exceptions = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line_number = at + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |why: &str| Failure::new(format!("{FILE}:{line_number}: {why}, found `{line}`"));
            let (rule, reason) = line.split_once(" : ").ok_or_else(|| wrong("expected `kind words : reason`"))?;
            if reason.trim().is_empty() {
                return Err(wrong("expected a reason after ` : `"));
            }
            let mut words = rule.split_whitespace().map(str::to_owned);
            let kind = words.next().ok_or_else(|| wrong("expected a kind"))?;
            let words: Vec<String> = words.collect();
            if !KINDS.contains(&(kind.as_str(), words.len())) {
                return Err(wrong(&format!("expected one of {KINDS:?} (kind and number of words)")));
            }
            exceptions.push(Exception { line: line_number, kind, words, used: Cell::new(false) });
        }
        Ok(Self { exceptions })
    }

    /// Whether the file excepts `words` from the check named `kind`; the exception counts as needed from now.
    pub(crate) fn allows(&self, kind: &str, words: &[&str]) -> bool {
        let found = self.exceptions.iter().find(|one| one.kind == kind && one.words == words);
        found.inspect(|one| one.used.set(true)).is_some()
    }

    /// Fails if an exception of one of `kinds` was not needed.
    pub(crate) fn no_leftovers(&self, kinds: &[&str]) -> Result<(), Failure> {
        let left = self.exceptions.iter().filter(|one| kinds.contains(&one.kind.as_str()) && !one.used.get());
        let places = left.map(|one| format!("{FILE}:{}: {} {}", one.line, one.kind, one.words.join(" "))).collect();
        Failure::unless_empty("exceptions that nothing needs any more; delete the lines", places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_need_a_known_kind_and_a_reason() {
        assert!(Policy::parse("# talk\n\nlicense MIT : permissive\n").is_ok());
        for wrong in ["license MIT", "license MIT : ", "licence MIT : why", "duplicate : why", "unused a : why"] {
            assert!(Policy::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn unneeded_exceptions_are_found() {
        let policy =
            Policy::parse("duplicate syn : two generations\nduplicate libc : two generations").expect("well formed");
        assert!(policy.allows("duplicate", &["syn"]) && !policy.allows("duplicate", &["mio"]));
        let left = policy.no_leftovers(&["duplicate"]).expect_err("libc was not needed").to_string();
        assert!(left.contains("policy.txt:2: duplicate libc") && !left.contains("syn"), "{left}");
        assert!(policy.no_leftovers(&["license"]).is_ok());
    }
}
