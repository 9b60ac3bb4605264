//! What of the engine a restart must not lose, in one piece: markets in their places, orders, the portfolio, halts, what risk
//! counts, combos with their last records, and each strategy's own state. Books, fair values and what strategies wanted come anew.

use brier_types::{Timestamp, Venue, VenueOrderId};

use super::{ComboRun, Counts, Engine, VENUES};
use crate::codec::{CodecError, Reader, Wire, fields, sum};
use crate::halts::Halts;
use crate::ids::{OrderKey, StrategyId};
use crate::instrument::{Instrument, venue_index};
use crate::order::Order;
use crate::orders::Orders;
use crate::portfolio::Portfolio;
use crate::risk::{Memory, Risk};

/// A checkpoint does not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("checkpoint: {0}; the journal was written by another version, or is damaged")]
pub struct RestoreError(pub String);

impl From<CodecError> for RestoreError {
    fn from(error: CodecError) -> Self {
        Self(error.to_string())
    }
}

/// How far the comparison with a venue had come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SyncKept {
    asked: u64,
    opened: bool,
    fills_until: Timestamp,
    slack: i64,
}

/// Everything, as plain data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checkpoint {
    prefix: String,
    run: u32,
    now: Timestamp,
    last_request: u64,
    instruments: Vec<Instrument>,
    generations: Vec<u32>,
    free: Vec<u32>,
    open: Vec<Vec<OrderKey>>,
    finished: Vec<OrderKey>,
    orders: Vec<Order>,
    portfolio: Portfolio,
    halts: Halts,
    risk: Memory,
    combos: Vec<ComboRun>,
    kept_combos: Vec<ComboRun>,
    combo_count: u32,
    attempts: std::collections::VecDeque<crate::attempt::Attempt>,
    syncs: Vec<(Venue, SyncKept)>,
    foreign: Vec<(Venue, Vec<VenueOrderId>)>,
    counts: Counts,
    strategies: Vec<Vec<u8>>,
}

fields! {
    SyncKept { asked, opened, fills_until, slack }
    Checkpoint {
        prefix, run, now, last_request, instruments, generations, free, open, finished, orders, portfolio, halts, risk, combos,
        kept_combos, combo_count, attempts, syncs, foreign, counts, strategies,
    }
}

impl Engine {
    /// The durable state as bytes. Two engines with the same bytes go on alike.
    pub fn checkpoint(&self) -> Vec<u8> {
        let orders = &self.state.orders;
        let sync = |venue: &Venue| &self.sync[venue_index(*venue)];
        let kept = Checkpoint {
            prefix: orders.prefix().to_owned(),
            run: self.run,
            now: self.now,
            last_request: self.last_request,
            instruments: self.state.universe.iter().map(|(_, instrument)| instrument.clone()).collect(),
            generations: orders.generations(),
            free: orders.free().to_vec(),
            open: orders.open_lists().to_vec(),
            finished: orders.finished().collect(),
            orders: orders.iter().cloned().collect(),
            portfolio: self.state.portfolio.clone(),
            halts: self.state.halts.clone(),
            risk: self.risk.memory.clone(),
            combos: self.combos.clone(),
            kept_combos: self.kept_combos.clone(),
            attempts: self.attempts.clone(),
            combo_count: self.combo_count,
            syncs: VENUES
                .iter()
                .map(|venue| {
                    let it = sync(venue);
                    let (asked, opened, fills_until, slack) = (it.asked, it.opened, it.fills_until, it.slack);
                    (*venue, SyncKept { asked, opened, fills_until, slack })
                })
                .collect(),
            foreign: VENUES.iter().map(|venue| (*venue, sync(venue).foreign().cloned().collect())).collect(),
            counts: self.counts,
            strategies: self
                .seats
                .iter()
                .map(|seat| seat.strategy.as_ref().map(|strategy| strategy.save()).unwrap_or_default())
                .collect(),
        };
        let mut bytes = Vec::with_capacity(4_096);
        kept.put(&mut bytes);
        bytes
    }

    /// A sum over the durable state, by which a run and its replay are compared.
    pub fn state_sum(&self) -> u64 {
        sum(&self.checkpoint())
    }

    /// Takes the durable state over. To be called on a new engine with all strategies seated, before the first input.
    ///
    /// # Errors
    /// [`RestoreError`] when the bytes are no checkpoint, or fewer strategies were seated than it knows.
    pub fn restore(&mut self, checkpoint: &[u8]) -> Result<(), RestoreError> {
        let mut from = Reader::new(checkpoint);
        let kept = Checkpoint::take(&mut from)?;
        from.finish()?;
        for instrument in kept.instruments {
            self.on_listed(instrument);
        }
        // New ones may have been seated behind those that it knows.
        if kept.strategies.len() > self.seats.len() {
            let (expected, found) = (kept.strategies.len(), self.seats.len());
            return Err(RestoreError(format!("expected {expected} strategies or more, found {found}")));
        }
        self.state.orders =
            Orders::restore(&kept.prefix, &kept.generations, kept.free, kept.open, kept.finished, kept.orders)
                .map_err(RestoreError)?;
        for market in 0..self.state.universe.len() as u32 {
            self.state.orders.add_market(crate::ids::MarketId(market));
        }
        self.state.portfolio = kept.portfolio;
        for market in 0..self.state.universe.len() as u32 {
            self.state.portfolio.add_market(crate::ids::MarketId(market));
        }
        self.state.halts = kept.halts;
        self.risk = Risk::restore(self.config.limits.clone(), kept.risk);
        for market in 0..self.state.universe.len() as u32 {
            self.risk.touch(crate::ids::MarketId(market));
        }
        self.combos = kept.combos;
        self.kept_combos = kept.kept_combos;
        self.attempts = kept.attempts;
        self.combo_count = kept.combo_count;
        self.counts = kept.counts;
        self.run = kept.run;
        self.now = kept.now;
        self.last_request = kept.last_request;
        for (venue, it) in kept.syncs {
            let sync = self.sync_mut(venue);
            sync.asked = it.asked;
            sync.opened = it.opened;
            sync.fills_until = it.fills_until;
            sync.slack = it.slack;
        }
        for (venue, foreign) in kept.foreign {
            for order in &foreign {
                self.sync_mut(venue).note_foreign(order);
            }
        }
        self.work.clear();
        self.is_work.fill(false);
        self.restore_strategies(&kept.strategies)
    }

    fn restore_strategies(&mut self, states: &[Vec<u8>]) -> Result<(), RestoreError> {
        for (place, state) in states.iter().enumerate() {
            if let Some(strategy) = &mut self.seats[place].strategy {
                strategy
                    .restore(state)
                    .map_err(|error| RestoreError(format!("{}: {error}", StrategyId(place as u16))))?;
            }
        }
        Ok(())
    }
}
