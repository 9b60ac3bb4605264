//! Order flow of the `lob_*.bin` workloads through the bare book, through the whole core and through a plain book to compare
//! with, timed, with the answer's checksum.
//!
//! A record is 32 bytes, little-endian: id u64, market u32, quantity u32 in whole contracts, operation u8 (0 limit order
//! good till canceled, 1 cancel), side u8 (0 buy, 1 sell), price u8 in cents, padding. The owner is the id modulo 64,
//! self-trade prevention is off, cash is ample, and the first `prefill` operations are untimed. The answer is FNV-1a over
//! (maker id, taker id, price, quantity) of every fill in the order of execution, each as little-endian u64.

use std::time::Duration;

use brier_types::{BookSide, Price, Qty};

use crate::cpu::CpuTimer;
use crate::fnv::Fnv;

mod bare;
mod baseline;
mod full;
mod generate;
#[cfg(test)]
mod tests;

pub use bare::Bare;
pub use baseline::Baseline;
pub use full::Full;
pub use generate::{Flow, generate};

/// One operation of a workload.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The workload's name for the order.
    pub id: u64,
    /// Dense from 0.
    pub market: u32,
    /// `None` is a cancel.
    pub order: Option<Limit>,
}

/// A limit order, good till canceled.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Bid or ask.
    pub side: BookSide,
    /// Whole cents.
    pub price: Price,
    /// Whole contracts.
    pub qty: Qty,
}

/// Why a workload cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LobError {
    /// The length is no multiple of a record.
    #[error("expected records of 32 bytes, found {0} bytes in all")]
    Length(usize),
    /// A record makes no sense.
    #[error("record {index}: expected {expected}")]
    Record {
        /// Position of the record, from 0.
        index: usize,
        /// What would have been accepted.
        expected: &'static str,
    },
}

/// Reads a workload.
///
/// # Errors
/// [`LobError`] names the record that makes no sense.
pub fn parse(bytes: &[u8]) -> Result<Vec<Operation>, LobError> {
    let (records, []) = bytes.as_chunks::<32>() else {
        return Err(LobError::Length(bytes.len()));
    };
    records
        .iter()
        .enumerate()
        .map(|(index, record)| parse_record(record).map_err(|expected| LobError::Record { index, expected }))
        .collect()
}

fn parse_record(record: &[u8; 32]) -> Result<Operation, &'static str> {
    let u32_at = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
    let id = u64::from(u32_at(0)) | u64::from(u32_at(4)) << 32;
    let side = match record[17] {
        0 => BookSide::Bid,
        1 => BookSide::Ask,
        _ => return Err("side 0 or 1"),
    };
    let price =
        Price::from_cents(record[18]).filter(|price| price.is_tradable()).ok_or("a price from 1 to 99 cents")?;
    let qty = Qty::from_contracts(u64::from(u32_at(12))).ok_or("a quantity")?;
    let order = match record[16] {
        0 if !qty.is_zero() => Some(Limit { side, price, qty }),
        1 => None,
        _ => return Err("operation 0 with a quantity, or 1"),
    };
    Ok(Operation { id, market: u32_at(8), order })
}

/// One match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The workload's name for the order that rested.
    pub maker: u64,
    /// The workload's name for the order that took.
    pub taker: u64,
    /// The resting order's price.
    pub cents: u16,
    /// Whole contracts.
    pub contracts: u64,
}

/// Something that matches a flow.
pub trait Engine {
    /// Carries out one operation. A cancel of an order that is over does nothing.
    fn apply(&mut self, operation: &Operation);

    /// All matches so far, in the order of execution.
    fn fills(&self) -> &[Fill];

    /// Number of orders that rest.
    fn resting(&self) -> usize;

    /// Checks the engine's own invariants, where it has any to check.
    fn check(&self) {}
}

/// What a run gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LobRun {
    /// Timed operations.
    pub operations: usize,
    /// CPU time of the timed operations.
    pub elapsed: Duration,
    /// Number of fills, prefill included.
    pub trades: u64,
    /// Contracts filled, prefill included.
    pub traded_qty: u64,
    /// Orders that rest at the end.
    pub resting: usize,
    /// The answer's checksum.
    pub fnv_fills: u64,
}

impl LobRun {
    /// Operations per second.
    pub fn operations_per_second(&self) -> f64 {
        self.operations as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// Runs the flow through an engine. Reading the workload, making the engine and hashing the fills are not timed; keeping
/// the fills is.
pub fn run(mut engine: impl Engine, operations: &[Operation], prefill: usize) -> LobRun {
    let (before, timed) = operations.split_at(prefill.min(operations.len()));
    for operation in before {
        engine.apply(operation);
    }
    let timer = CpuTimer::start();
    for operation in timed {
        engine.apply(operation);
    }
    let elapsed = timer.elapsed();
    engine.check();
    let fills = engine.fills();
    LobRun {
        operations: timed.len(),
        elapsed,
        trades: fills.len() as u64,
        traded_qty: fills.iter().map(|fill| fill.contracts).sum(),
        resting: engine.resting(),
        fnv_fills: checksum(fills),
    }
}

/// The fastest of several runs, at least one: CPU time comes in steps of some milliseconds on some systems, and a shared
/// machine only ever slows a run down.
///
/// # Panics
/// When two runs give different answers: an engine must be deterministic.
pub fn best_of(rounds: u32, mut once: impl FnMut() -> LobRun) -> LobRun {
    let mut best = once();
    for _ in 1..rounds {
        let next = once();
        assert_eq!(
            (next.trades, next.traded_qty, next.resting, next.fnv_fills),
            (best.trades, best.traded_qty, best.resting, best.fnv_fills),
            "the same flow gives the same answer in every round"
        );
        if next.elapsed < best.elapsed {
            best = next;
        }
    }
    best
}

/// Runs the flow through bare books: price-time priority alone, no accounts.
pub fn run_bare(operations: &[Operation], prefill: usize) -> LobRun {
    run(Bare::new(operations), operations, prefill)
}

/// Runs the flow through the whole core: ledger, holds, fees, positions and events.
///
/// # Panics
/// When the core refuses an operation of a well-formed workload, or an invariant does not hold at the end.
pub fn run_full(operations: &[Operation], prefill: usize) -> LobRun {
    run(Full::new(operations), operations, prefill)
}

/// Runs the flow through a plain book of B-trees and queues.
pub fn run_baseline(operations: &[Operation], prefill: usize) -> LobRun {
    run(Baseline::new(operations), operations, prefill)
}

fn checksum(fills: &[Fill]) -> u64 {
    let mut hash = Fnv::new();
    for fill in fills {
        for value in [fill.maker, fill.taker, u64::from(fill.cents), fill.contracts] {
            hash.i64(value.cast_signed());
        }
    }
    hash.value()
}

/// Number of markets in a flow.
pub fn markets(operations: &[Operation]) -> usize {
    operations.iter().map(|operation| operation.market as usize + 1).max().unwrap_or(0)
}

fn highest_id(operations: &[Operation]) -> usize {
    operations.iter().map(|operation| operation.id as usize).max().unwrap_or(0)
}
