//! Order flow of the `lob_*.bin` workloads through the bare book and through the whole core, timed, with the answer's
//! checksum.
//!
//! A record is 32 bytes, little-endian: id u64, market u32, quantity u32 in whole contracts, operation u8 (0 limit order
//! good till canceled, 1 cancel), side u8 (0 buy, 1 sell), price u8 in cents, padding. The owner is the id modulo 64,
//! self-trade prevention is off, cash is ample, and the first `prefill` operations are untimed. The answer is FNV-1a over
//! (maker id, taker id, price, quantity) of every fill in the order of execution, each as little-endian u64.

use std::time::Duration;

use brier_kalshi_protocol::fees::{BalancePrecision, FeeMultiplier, FeeSchedule, FeeType};
use brier_matching::book::{OrderBook, Slab};
use brier_matching::{AccountId, Command, Event, EventSink, Exchange, MarketId, MarketSpec, OrderId, PlaceOrder};
use brier_types::{BookSide, Money, Price, PriceGrid, Qty, TimeInForce, Timestamp};

use crate::cpu::CpuTimer;

/// Number of accounts the flow is spread over.
const OWNERS: u64 = 64;

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

/// One fill as the checksum wants it.
#[derive(Clone, Copy)]
struct FillRecord {
    maker: u64,
    taker: u64,
    cents: u16,
    contracts: u64,
}

fn summary(fills: &[FillRecord], operations: usize, elapsed: Duration, resting: usize) -> LobRun {
    let mut fnv = 0xcbf2_9ce4_8422_2325_u64;
    for fill in fills {
        for value in [fill.maker, fill.taker, u64::from(fill.cents), fill.contracts] {
            for byte in value.to_le_bytes() {
                fnv = (fnv ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let traded_qty = fills.iter().map(|fill| fill.contracts).sum();
    LobRun { operations, elapsed, trades: fills.len() as u64, traded_qty, resting, fnv_fills: fnv }
}

fn markets(operations: &[Operation]) -> u32 {
    operations.iter().map(|operation| operation.market + 1).max().unwrap_or(0)
}

fn highest_id(operations: &[Operation]) -> usize {
    operations.iter().map(|operation| operation.id as usize).max().unwrap_or(0)
}

/// Runs the flow through bare books: price-time priority alone, no accounts.
///
/// The caller's ids are mapped to slots by an array, as a caller with dense ids of its own would.
pub fn run_bare(operations: &[Operation], prefill: usize) -> LobRun {
    let mut books = vec![OrderBook::new(100); markets(operations) as usize];
    let mut slab: Slab = Slab::default();
    // Beside each order id its slot and generation, beside each slot its order id.
    let mut handles = vec![(u32::MAX, 0_u32); highest_id(operations) + 1];
    let mut ids: Vec<u64> = Vec::new();
    let mut fills = Vec::with_capacity(operations.len());
    let mut timer = CpuTimer::start();
    for (index, operation) in operations.iter().enumerate() {
        if index == prefill {
            timer = CpuTimer::start();
        }
        let book = &mut books[operation.market as usize];
        let Some(Limit { side, price, qty }) = operation.order else {
            let (slot, generation) = handles[operation.id as usize];
            if slab.holds(slot, generation) {
                book.remove(&mut slab, slot);
                slab.free(slot);
            }
            continue;
        };
        let mut remaining = qty;
        while let Some(front) = book.front_for(side, price) {
            let traded = remaining.min(slab.qty(front.slot));
            book.reduce(&mut slab, front.slot, traded);
            fills.push(FillRecord {
                maker: ids[front.slot as usize],
                taker: operation.id,
                cents: front.price.pips() / 100,
                contracts: traded.micros() / Qty::PER_CONTRACT,
            });
            if slab.qty(front.slot).is_zero() {
                slab.free(front.slot);
            }
            remaining = remaining.saturating_sub(traded);
            if remaining.is_zero() {
                break;
            }
        }
        if !remaining.is_zero() {
            let slot = slab.insert(side, price, remaining, ());
            book.rest(&mut slab, slot);
            handles[operation.id as usize] = (slot, slab.generation(slot));
            if slot as usize == ids.len() {
                ids.push(operation.id);
            } else {
                ids[slot as usize] = operation.id;
            }
        }
    }
    let elapsed = timer.elapsed();
    summary(&fills, operations.len() - prefill, elapsed, slab.len())
}

/// Keeps the order ids and fills of a run.
struct Recorder {
    handles: Vec<OrderId>,
    ids: Vec<u64>,
    taker: u64,
    fills: Vec<FillRecord>,
}

impl EventSink for Recorder {
    fn event(&mut self, event: Event) {
        match event {
            Event::OrderAccepted { order, .. } => {
                let slot = order.slot() as usize;
                if slot == self.ids.len() {
                    self.ids.push(self.taker);
                } else {
                    self.ids[slot] = self.taker;
                }
                self.handles[self.taker as usize] = order;
            }
            Event::Trade(trade) => self.fills.push(FillRecord {
                maker: self.ids[trade.maker.order.slot() as usize],
                taker: self.taker,
                cents: trade.price.pips() / 100,
                contracts: trade.qty.micros() / Qty::PER_CONTRACT,
            }),
            _ => {}
        }
    }
}

/// Runs the flow through the whole core: ledger, holds, fees, positions and events.
///
/// # Panics
/// When the core refuses an operation of a well-formed workload, or an invariant does not hold at the end.
pub fn run_full(operations: &[Operation], prefill: usize) -> LobRun {
    let start = Timestamp::from_secs(1_795_000_000).expect("fits");
    let mut exchange = Exchange::new();
    for account in 0..OWNERS {
        exchange
            .apply(start, &Command::OpenAccount { precision: BalancePrecision::CentiCent }, &mut ())
            .expect("accounts open");
        let fund =
            Command::Fund { account: AccountId(account as u32), amount: Money::from_micros(10_000_000_000_000_000) };
        exchange.apply(start, &fund, &mut ()).expect("accounts are funded");
    }
    for _ in 0..markets(operations) {
        exchange.apply(start, &Command::CreateMarket(spec(start)), &mut ()).expect("markets are listed");
    }
    let mut recorder = Recorder {
        handles: vec![OrderId::from_bits(u64::MAX); highest_id(operations) + 1],
        ids: Vec::new(),
        taker: 0,
        fills: Vec::with_capacity(operations.len()),
    };
    let mut timer = CpuTimer::start();
    for (index, operation) in operations.iter().enumerate() {
        if index == prefill {
            timer = CpuTimer::start();
        }
        let account = AccountId((operation.id % OWNERS) as u32);
        match operation.order {
            Some(Limit { side, price, qty }) => {
                recorder.taker = operation.id;
                let order = PlaceOrder {
                    account,
                    market: MarketId(operation.market),
                    side,
                    price,
                    qty,
                    time_in_force: TimeInForce::Gtc,
                    post_only: false,
                    reduce_only: false,
                    cancel_on_pause: false,
                    self_trade_prevention: None,
                    client_order_id: None,
                    group: None,
                };
                exchange.place(&order, &mut recorder).expect("a well-formed order with ample cash is accepted");
            }
            None => {
                let order = recorder.handles[operation.id as usize];
                exchange.cancel(account, order, &mut recorder).expect("the workload cancels resting orders only");
            }
        }
    }
    let elapsed = timer.elapsed();
    exchange.check();
    summary(&recorder.fills, operations.len() - prefill, elapsed, exchange.order_count())
}

fn spec(start: Timestamp) -> MarketSpec {
    MarketSpec {
        grid: PriceGrid::uniform(Price::from_cents(1).expect("a cent is a price")).expect("a cent divides a dollar"),
        size_step: Qty::HUNDREDTH,
        open_time: start,
        close_time: start.plus(Duration::from_secs(86_400)),
        settlement_timer: Duration::from_secs(60),
        fees: FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE),
        fee_waiver_until: None,
    }
}
