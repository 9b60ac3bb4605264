//! Whether the last run's journal can be read, and how long a start would take to rebuild the engine from it.

use std::time::Instant;

use brier_runtime::config::Config;
use brier_runtime::recovery::RecoveryError;
use brier_runtime::written::{Written, same_places};
use brier_runtime::{journal, lock, recovery};

use super::Check;

const WHAT: &str = "journal";

/// Looks at the newest journal that holds anything.
pub(super) fn check(config: &Config) -> Check {
    let folder = &config.run.data_dir;
    if let Ok(Some(_)) = lock::data_holder(folder) {
        return Check::ok(WHAT, "in use by the process that runs; not read");
    }
    let runs = match journal::runs(folder) {
        Ok(runs) => runs,
        Err(error) => return Check::fail(WHAT, error.to_string(), None),
    };
    let begun = Instant::now();
    for (run, folder) in runs.iter().rev() {
        let mut records = match journal::records(folder) {
            Ok(records) => records.peekable(),
            Err(error) => return Check::fail(WHAT, format!("run {run}: {error}"), None),
        };
        if records.peek().is_none() {
            continue;
        }
        let rebuilt = recovery::rebuild(records, |written| {
            let (before, prefix) = Written::read(written)?;
            same_places(&before, config).map_err(RecoveryError::Configuration)?;
            Ok(before.make_engine(&prefix))
        });
        let took = begun.elapsed();
        return match rebuilt {
            Ok((_, replayed)) => Check::ok(
                WHAT,
                format!(
                    "run {run}: {} inputs and {} commands replay in {} ms",
                    replayed.inputs,
                    replayed.commands,
                    took.as_millis()
                ),
            ),
            Err(error @ RecoveryError::Configuration(_)) => Check::fail(WHAT, format!("run {run}: {error}"), None),
            Err(error) => Check::fail(
                WHAT,
                format!("run {run}: {error}"),
                Some("use the version that wrote it, or give the run a new `run.data_dir`".to_owned()),
            ),
        };
    }
    Check::ok(WHAT, "none yet")
}
