//! What people decide about pairs while a run is up.
//!
//! Invariant: a strategy one of whose ties the files of decisions no longer allow is paused, within [`EVERY`] of the file's
//! change, and again when somebody resumes it while they do not; so is every strategy with ties when a file cannot be read any
//! more. A pause takes its orders back; `brier resume` lets it go on once the files allow it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use brier_pairing::Listing;

use super::handler::Handler;
use super::proof;
use crate::config::{Config, Mode, StrategyConfig};
use crate::control::ControlAnswer;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// The strategies that trade ties, and the files that people write about them.
pub(super) struct Watch {
    strategies: Vec<StrategyConfig>,
    texts: Vec<Listing>,
    is_live: bool,
    /// What each file said when it was last judged by.
    seen: BTreeMap<PathBuf, Result<String, String>>,
    /// The strategies that may not trade as the files stand, and why.
    refused: BTreeMap<String, String>,
}

impl Watch {
    /// What to watch, after the start has proved the ties by the same files.
    pub(super) fn of(config: &Config, texts: Vec<Listing>) -> Self {
        let strategies: Vec<StrategyConfig> = config.strategies.iter().filter(|it| it.enabled).cloned().collect();
        let paths = strategies.iter().filter_map(StrategyConfig::decisions);
        let seen = paths.map(|path| (path.clone(), text(&path))).collect();
        Self { strategies, texts, is_live: config.run.mode == Mode::Live, seen, refused: BTreeMap::new() }
    }

    /// Watches until the run ends.
    pub(super) async fn follow(mut self, handler: Handler) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look();
            for (strategy, why) in &self.refused {
                // Also after somebody resumed it: as long as the file says so.
                if handler.is_paused(strategy.clone()).await != Some(false) {
                    continue;
                }
                tracing::error!(strategy, why, "paused: what people decided no longer allows what it trades");
                if let ControlAnswer::Refused { reason } = handler.pause(strategy.clone()).await {
                    tracing::error!(strategy, reason, "it could not be paused");
                }
            }
        }
    }

    /// Judges the ties anew where a file has changed.
    fn look(&mut self) {
        let mut is_new = false;
        for (path, seen) in &mut self.seen {
            let now = text(path);
            is_new |= now != *seen;
            *seen = now;
        }
        if !is_new {
            return;
        }
        self.refused.clear();
        match proof::unproved(&self.strategies, &self.texts, self.is_live) {
            Ok(refused) => {
                for it in refused {
                    self.refused.entry(it.strategy).or_insert_with(|| format!("{}: {}", it.tie, it.why));
                }
            }
            Err(error) => {
                let tied = self.strategies.iter().filter(|it| !it.ties().is_empty());
                self.refused.extend(tied.map(|it| (it.name.clone(), error.to_string())));
            }
        }
    }
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}
