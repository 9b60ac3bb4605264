//! What is wrong with a configuration, where it stands, and what to do about it. Everything is told at once.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of a file.
    File {
        /// Which.
        path: Arc<Path>,
        /// Which line, from 1; 0 for the file as a whole.
        line: usize,
    },
    /// A variable of the environment.
    Environment {
        /// Its name.
        name: String,
        /// The `.env` file that set it; `None` when the process was started with it.
        file: Option<Arc<Path>>,
    },
    /// `--set` on the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { path, line: 0 } => write!(out, "{}", path.display()),
            Self::File { path, line } => write!(out, "{}:{line}", path.display()),
            Self::Environment { name, file: None } => write!(out, "env {name}"),
            Self::Environment { name, file: Some(path) } => write!(out, "env {name} ({})", path.display()),
            Self::Flag => out.write_str("--set"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// The setting, as `section.key`; empty when it is about the file.
    pub key: String,
    /// What was expected and found. Never a secret.
    pub text: String,
    /// What to do, where there is one thing to do.
    pub hint: Option<String>,
}

impl Problem {
    pub(super) fn new(origin: &Origin, key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { origin: origin.clone(), key: key.into(), text: text.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// `FILE:LINE: KEY: TEXT; HINT`.
impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.origin != Origin::Default {
            write!(out, "{}: ", self.origin)?;
        }
        if !self.key.is_empty() {
            write!(out, "{}: ", self.key)?;
        }
        out.write_str(&self.text)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(out, "; {hint}"))
    }
}

/// Everything that is wrong, in the order of the files. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The known name that is nearest to `found`, if one is near enough to be meant.
pub(super) fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = found.chars().count();
    let allowed = (length / 3).max(2).min(length.saturating_sub(1));
    known
        .into_iter()
        .map(|name| (distance(found, name), name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= allowed)
        .map(|(_, name)| name)
}

/// Letters to insert, delete, replace or swap with their neighbor to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, against) in other.iter().enumerate() {
            let mut best =
                (last[column] + usize::from(letter != against)).min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *against {
                best = best.min(before[column - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not_offered() {
        let known = ["max_loss_dollars", "max_order_contracts", "mode", "name"];
        for (found, meant) in [
            ("max_los_dollars", Some("max_loss_dollars")),
            ("max_loss_dollar", Some("max_loss_dollars")),
            ("max_loss_dolalrs", Some("max_loss_dollars")),
            ("mdoe", Some("mode")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, known), meant, "{found}");
        }
    }

    #[test]
    fn a_swap_is_one_step() {
        assert_eq!((distance("ab", "ba"), distance("", "abc"), distance("kitten", "sitting")), (1, 3, 3));
    }

    #[test]
    fn a_problem_says_where_what_and_what_next() {
        let origin = Origin::File { path: Path::new("b.toml").into(), line: 3 };
        let problem = Problem::new(&origin, "run.mode", "expected a word").hint("say `paper`");
        assert_eq!(problem.to_string(), "b.toml:3: run.mode: expected a word; say `paper`");
        assert_eq!(Problem::new(&Origin::Default, "", "empty").to_string(), "empty");
    }
}
