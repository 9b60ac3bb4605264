//! From the journal back to the state it describes.

use brier_store::{Journal, JournalError, OpenReport, TornTail};

use crate::clock::{Clock, Pace};
use crate::polymarket;
use crate::record::{Entry, Record};
use crate::server::StartError;
use crate::state::State;

/// What a start found in the data folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Commands replayed.
    pub records: u64,
    /// The end that a crash left and that was cut off; nobody had been told of it.
    pub torn: Option<TornTail>,
}

/// Replays a journal into an empty state, and sets a simulated clock to where it was.
pub(crate) fn replay(
    journal: &Journal,
    report: &OpenReport,
    clock: &Clock,
) -> Result<(State, polymarket::State, RecoveryReport), StartError> {
    let (mut state, mut polymarket) = (State::default(), polymarket::State::default());
    let mut pace = Pace::Frozen;
    let mut last = None;
    for (number, bytes) in journal.replay()?.enumerate() {
        let entry = Entry::decode(&bytes?).map_err(|source| StartError::Record { number: number as u64, source })?;
        if let Record::SetClock { factor } = entry.record {
            pace = factor.map_or(Pace::Frozen, Pace::Scaled);
        }
        // What was refused then is refused now; either way the state is as it was.
        if let Record::Polymarket(record) = &entry.record {
            if let Err(refused) = polymarket.execute(entry.at, record) {
                tracing::debug!(number, %refused, "refused in replay as before");
            }
        } else {
            if matches!(entry.record, Record::Tick | Record::SetClock { .. }) {
                polymarket.advance(entry.at);
            }
            if let Err(refused) = state.execute(entry.at, &entry.record) {
                tracing::debug!(number, %refused, "refused in replay as before");
            }
        }
        last = Some(entry.at);
    }
    if let Some(last) = last {
        clock.set(last.max(state.exchange.now()).max(polymarket.core.now()), pace);
    }
    Ok((state, polymarket, RecoveryReport { records: report.records, torn: report.torn }))
}

impl From<JournalError> for StartError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}
