//! One market: its rules, its life, its book and the collateral behind its open contracts.

use std::time::Duration;

use brier_kalshi_protocol::fees::FeeSchedule;
use brier_types::{MarketResult, MarketStatus, Money, Price, PriceGrid, Qty, Timestamp};

use crate::book::{NONE, OrderBook};
use crate::command::MarketSpec;
use crate::ids::AccountId;
use crate::refusal::Refusal;

/// What every order reads stands first and together; the order of the fields is the order in memory.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Market {
    pub status: MarketStatus,
    /// The grid's step in pips if it has only one, else 0.
    tick: u16,
    pub settlement_floor: Option<Price>,
    pub size_step: Qty,
    pub fees: FeeSchedule,
    pub fee_waiver_until: Option<Timestamp>,
    pub book: OrderBook,
    /// Index of each account's position, or `NONE`; grown to the highest account that traded here.
    positions: Vec<u32>,
    /// Orders placed so far, as far as 32 bits count.
    pub placed: u32,
    /// One dollar for each open pair of YES and NO.
    pub escrow: Money,
    /// Open pairs.
    pub open_interest: Qty,
    grid: PriceGrid,
    pub open_time: Timestamp,
    pub close_time: Timestamp,
    pub settlement_timer: Duration,
    pub result: Option<MarketResult>,
    /// Timers set before the last change of the market's times are void.
    pub epoch: u32,
}

impl Market {
    pub(crate) fn new(spec: &MarketSpec) -> Self {
        Self {
            tick: only_step(&spec.grid),
            grid: spec.grid.clone(),
            size_step: spec.size_step,
            open_time: spec.open_time,
            close_time: spec.close_time,
            settlement_timer: spec.settlement_timer,
            fees: spec.fees,
            fee_waiver_until: spec.fee_waiver_until,
            status: MarketStatus::Initialized,
            result: None,
            settlement_floor: None,
            book: OrderBook::new(grid_unit(&spec.grid)),
            escrow: Money::ZERO,
            open_interest: Qty::ZERO,
            positions: Vec::new(),
            placed: 0,
            epoch: 0,
        }
    }

    /// The prices at which it trades.
    pub(crate) fn grid(&self) -> &PriceGrid {
        &self.grid
    }

    /// Changes the grid. The caller has made room in the book.
    pub(crate) fn set_grid(&mut self, grid: &PriceGrid) {
        self.tick = only_step(grid);
        self.grid = grid.clone();
    }

    /// Whether an order may carry `price`: on the grid, and above the settlement floor.
    ///
    /// That a rising floor cancels orders at or below it is the venue's rule (reference section 7); that new ones are
    /// refused there follows from it.
    pub(crate) fn check_price(&self, price: Price) -> Result<(), Refusal> {
        let on_grid = if self.tick == 0 {
            self.grid.allows(price)
        } else {
            price.is_tradable() && price.pips().is_multiple_of(self.tick)
        };
        match self.settlement_floor {
            _ if !on_grid => Err(Refusal::PriceOffGrid { price }),
            Some(floor) if price <= floor => Err(Refusal::BelowSettlementFloor { price, floor }),
            _ => Ok(()),
        }
    }

    /// What fills cost at `now`.
    pub(crate) fn fees_at(&self, now: Timestamp) -> FeeSchedule {
        match self.fee_waiver_until {
            Some(until) if now < until => FeeSchedule::FREE,
            _ => self.fees,
        }
    }

    pub(crate) fn position(&self, account: AccountId) -> Option<u32> {
        self.positions.get(account.0 as usize).copied().filter(|index| *index != NONE)
    }

    pub(crate) fn set_position(&mut self, account: AccountId, index: u32) {
        let place = account.0 as usize;
        if self.positions.len() <= place {
            self.positions.resize(place + 1, NONE);
        }
        self.positions[place] = index;
    }

    /// Indices of all positions, by account.
    pub(crate) fn positions(&self) -> impl Iterator<Item = u32> + '_ {
        self.positions.iter().copied().filter(|index| *index != NONE)
    }
}

fn only_step(grid: &PriceGrid) -> u16 {
    match grid.bands() {
        [band] => band.step.pips(),
        _ => 0,
    }
}

/// The greatest number of pips that divides every price of the grid.
pub(crate) fn grid_unit(grid: &PriceGrid) -> u16 {
    grid.bands().iter().fold(0, |unit, band| gcd(gcd(unit, band.step.pips()), gcd(band.start.pips(), band.end.pips())))
}

pub(crate) fn gcd(a: u16, b: u16) -> u16 {
    if b == 0 { a } else { gcd(b, a % b) }
}
