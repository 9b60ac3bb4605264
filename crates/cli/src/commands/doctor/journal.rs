//! Whether the last run's journal can be read, and how long a start would take to rebuild the engine from it.

use std::time::Instant;

use brier_runtime::config::Config;
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
        let records = match journal::records(folder) {
            Ok(records) if records.is_empty() => continue,
            Ok(records) => records,
            Err(error) => return Check::fail(WHAT, format!("run {run}: {error}"), None),
        };
        let before = recovery::config_of(&records).and_then(|text| Written::read(&text));
        if let Ok(Err(problem)) = before.map(|(before, _)| same_places(&before, config)) {
            return Check::fail(WHAT, format!("run {run}: {problem}"), None);
        }
        let written = recovery::config_of(&records).and_then(|text| Written::make_engine(&text));
        let rebuilt = written.and_then(|make| recovery::rebuild(&records, &make));
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
            Err(error) => Check::fail(
                WHAT,
                format!("run {run}: {error}"),
                Some("use the version that wrote it, or give the run a new `run.data_dir`".to_owned()),
            ),
        };
    }
    Check::ok(WHAT, "none yet")
}
