//! Why a step failed, in words its reader can act on.

use std::fmt;

/// A failed check: one sentence, and the places it found.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    places: Vec<String>,
}

impl Failure {
    /// A failure without places.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), places: Vec::new() }
    }

    /// Fails if any of `results` did, and says all of it: one run shows all there is to mend.
    pub(crate) fn unless_all_passed(results: impl IntoIterator<Item = Result<(), Self>>) -> Result<(), Self> {
        let failures: Vec<String> = results.into_iter().filter_map(Result::err).map(|one| one.to_string()).collect();
        if failures.is_empty() { Ok(()) } else { Err(Self::new(failures.join("\n").trim_start())) }
    }

    /// Fails with `what` if there are `places`, and passes otherwise.
    pub(crate) fn unless_empty(what: impl Into<String>, places: Vec<String>) -> Result<(), Self> {
        if places.is_empty() { Ok(()) } else { Err(Self { what: what.into(), places }) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}", self.what)?;
        for place in &self.places {
            write!(f, "\n    {place}")?;
        }
        Ok(())
    }
}
