//! What a run's journal says of the run: everything that its engine is made of, so that whoever replays it needs no other file.

use std::mem::discriminant;

use brier_engine::Engine;
use serde::{Deserialize, Serialize};

use crate::config::{self, Config};
use crate::recovery::RecoveryError;

/// As it stands in a run's first record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// What every client order id begins with.
    pub order_prefix: String,
    /// The configuration, as a file. It names secrets and holds none.
    pub config: String,
}

impl Written {
    /// What is written down of a run.
    pub fn of(config: &Config, order_prefix: &str) -> Self {
        Self { order_prefix: order_prefix.to_owned(), config: config.text.clone() }
    }

    /// As text for the record.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("two texts are JSON")
    }

    /// The configuration that a record holds, and the prefix.
    ///
    /// # Errors
    /// [`RecoveryError::Configuration`] when it is of another version.
    pub fn read(text: &str) -> Result<(Config, String), RecoveryError> {
        let wrong = |error: &dyn std::fmt::Display| RecoveryError::Configuration(error.to_string());
        let written: Self = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        let config = config::read_back(&written.config).map_err(|error| wrong(&error))?;
        Ok((config, written.order_prefix))
    }

    /// The engine that a record describes, new and with its strategies seated.
    ///
    /// # Errors
    /// As [`Written::read`].
    pub fn make_engine(text: &str) -> Result<Engine, RecoveryError> {
        let (config, prefix) = Self::read(text)?;
        Ok(config.make_engine(&prefix))
    }
}

/// Whether a configuration may follow another on one journal: the same accounts, and strategies where they stood, so that what
/// they own stays theirs: those of before first and in their order, new ones behind them.
///
/// # Errors
/// What was expected and found, for people.
pub fn same_places(before: &Config, now: &Config) -> Result<(), String> {
    let kalshi = |config: &Config| config.kalshi.as_ref().map(|it| (it.at.as_ref().map(discriminant), it.key.clone()));
    let polymarket = |config: &Config| {
        let venue = config.polymarket.as_ref();
        venue.map(|it| (it.at.as_ref().map(discriminant), it.key.clone(), it.wallet.clone()))
    };
    let differs = |before: bool, now: bool, same: bool| before && now && !same;
    let (was, is) = ((kalshi(before), polymarket(before)), (kalshi(now), polymarket(now)));
    if differs(was.0.is_some(), is.0.is_some(), was.0 == is.0)
        || differs(was.1.is_some(), is.1.is_some(), was.1 == is.1)
    {
        return Err(
            "expected the venues, keys and wallets of the last run, found others; positions and cash of this folder's \
                    journal are of that account. Give this one a `run.data_dir` of its own"
                .to_owned(),
        );
    }
    for (place, was) in before.strategies.iter().enumerate() {
        match now.strategies.get(place) {
            Some(is) if is.name == was.name && is.kind == was.kind => {}
            found => {
                let found = found.map_or_else(|| "none".to_owned(), |is| format!("`{}` ({})", is.name, is.kind));
                return Err(format!(
                    "expected strategy `{}` ({}) in place {}, as in the last run, found {found}; what it owns would become \
                     another's. Keep its table, with `enabled = false` if it shall not trade, and add new ones behind the last",
                    was.name,
                    was.kind,
                    place + 1
                ));
            }
        }
    }
    Ok(())
}
