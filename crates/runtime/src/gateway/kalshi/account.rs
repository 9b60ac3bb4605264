//! Kalshi's account, read as a whole: first the moment that the reads are true for, then resting orders, fills, positions, cash.
//!
//! Invariant: a snapshot is whole or is none. Rows that come twice, because the list moved while it was read, count once.
//!
//! Source: reference (Kalshi), sections 6.5 and 9, 2026-11-20.

use std::collections::BTreeSet;

use brier_engine::{AccountSnapshot, Input, VenueCash, VenuePosition};
use brier_kalshi_protocol::rest::{
    GetBalanceResponse, GetFillsResponse, GetOrdersResponse, GetPositionsResponse, GetUserDataTimestampResponse,
    Operation,
};
use brier_types::{Fill, OrderUpdate, Timestamp, Venue};
use serde_json::Value;

use super::super::{Action, in_doubt, number_in, read};
use super::{KalshiGateway, ORDER_TEXTS, Pages, Plain, Read, SLACK, give_up};

/// An account that is being read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    asked: u64,
    fills_since: Timestamp,
    as_of: Timestamp,
    step: Step,
    pages: Pages,
    orders: Vec<OrderUpdate>,
    /// With the second of each, by which they are put in order.
    fills: Vec<(Option<Timestamp>, Fill)>,
    positions: Vec<VenuePosition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Moment,
    Orders,
    Fills,
    Positions,
    Balance,
}

/// What comes after a part.
enum Part {
    Page,
    Next(Step),
    Done(Vec<VenueCash>),
}

impl Reading {
    pub(super) fn new(asked: u64, fills_since: Timestamp) -> Self {
        Self {
            asked,
            fills_since,
            as_of: Timestamp::EPOCH,
            step: Step::Moment,
            pages: Pages::default(),
            orders: Vec::new(),
            fills: Vec::new(),
            positions: Vec::new(),
        }
    }

    fn take(&mut self, status: u16, body: &[u8]) -> Result<Part, String> {
        match self.step {
            Step::Moment => {
                self.as_of = read::<GetUserDataTimestampResponse>(status, body, &[])?.as_of_time;
                Ok(Part::Next(Step::Orders))
            }
            Step::Orders => {
                let page = read::<GetOrdersResponse>(status, body, &ORDER_TEXTS)?;
                for order in &page.orders {
                    self.orders.push(order.to_update().map_err(|error| error.to_string())?);
                }
                self.follow(page.orders.len(), page.cursor, Step::Fills)
            }
            Step::Fills => {
                let texts = ["count_fp", "yes_price_dollars", "no_price_dollars", "fee_cost"];
                let page = read::<GetFillsResponse>(status, body, &texts)?;
                for fill in &page.fills {
                    let when = fill.created_time.or(fill.ts);
                    self.fills.push((when, fill.to_fill().map_err(|error| error.to_string())?));
                }
                self.follow(page.fills.len(), page.cursor, Step::Positions)
            }
            Step::Positions => {
                let page = read::<GetPositionsResponse>(status, body, &["position_fp"])?;
                for position in &page.market_positions {
                    let update = position.to_update().map_err(|error| error.to_string())?;
                    if !update.position.is_zero() {
                        let net = update.position;
                        self.positions.push(VenuePosition { market: update.market, net, tokens: None });
                    }
                }
                self.follow(page.market_positions.len(), page.cursor, Step::Balance)
            }
            Step::Balance => cash(status, body).map(Part::Done),
        }
    }

    fn follow(&mut self, rows: usize, cursor: String, step: Step) -> Result<Part, String> {
        Ok(if self.pages.follow(rows, cursor)? { Part::Page } else { Part::Next(step) })
    }

    fn into_snapshot(mut self, cash: Vec<VenueCash>) -> AccountSnapshot {
        let mut seen = BTreeSet::new();
        self.orders.retain(|order| seen.insert(order.order.clone()));
        let mut seen = BTreeSet::new();
        self.positions.retain(|position| seen.insert(position.market.clone()));
        // Newest first on the wire; booked in the order in which they happened.
        self.fills.reverse();
        self.fills.sort_by_key(|(when, _)| *when);
        let mut seen = BTreeSet::new();
        self.fills.retain(|(_, fill)| seen.insert((fill.trade.clone(), fill.order.clone())));
        AccountSnapshot {
            venue: Venue::Kalshi,
            asked: self.asked,
            as_of: self.as_of,
            orders: self.orders,
            fills: self.fills.into_iter().map(|(_, fill)| fill).collect(),
            statuses: Vec::new(),
            fills_since: self.fills_since,
            positions: self.positions,
            cash,
        }
    }
}

/// Cash by shard.
fn cash(status: u16, body: &[u8]) -> Result<Vec<VenueCash>, String> {
    // The whole account's `balance` is a number of cents; a shard's is a text of dollars.
    let balance = read::<GetBalanceResponse>(status, body, &["balance_dollars"])?;
    let raw: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let shards = raw.get("balance_breakdown");
    if let Some(found) = shards.and_then(|shards| number_in(shards, &["balance"])) {
        return Err(format!("expected fixed-point text in a shard's `{found}`, found a number"));
    }
    let free = |shard, amount| VenueCash { shard, free: Some(amount), total: None };
    let Some(shards) = balance.balance_breakdown else { return Ok(vec![free(0, balance.balance_dollars)]) };
    let of = |index: i32| u16::try_from(index).map_err(|_| format!("expected a shard's number, found {index}"));
    shards.iter().map(|it| Ok(free(of(it.exchange_index)?, it.balance))).collect()
}

impl KalshiGateway {
    pub(super) fn ask_account(&mut self, now: Timestamp, reading: Reading, out: &mut Vec<Action>) {
        let plain = match reading.step {
            Step::Moment => Plain::new(Operation::GetUserDataTimestamp, &[]),
            Step::Orders => Plain::new(Operation::GetOrders, &[]).param("status", "resting").page(&reading.pages),
            Step::Fills => {
                let since = reading.fills_since.minus(SLACK).secs().max(0).to_string();
                Plain::new(Operation::GetFills, &[]).param("min_ts", &since).page(&reading.pages)
            }
            Step::Positions => {
                Plain::new(Operation::GetPositions, &[]).param("count_filter", "position").page(&reading.pages)
            }
            Step::Balance => Plain::new(Operation::GetBalance, &[]),
        };
        self.read(now, Read::Account(Box::new(reading)), plain, out);
    }

    /// Takes one part of the account's reads, and asks for the next.
    pub(super) fn on_account_part(
        &mut self,
        now: Timestamp,
        mut reading: Reading,
        status: u16,
        body: &[u8],
        out: &mut Vec<Action>,
    ) {
        match reading.take(status, body) {
            Err(problem) => give_up(&Read::Account(Box::new(reading)), in_doubt(&problem), out),
            Ok(Part::Page) => self.ask_account(now, reading, out),
            Ok(Part::Next(step)) => {
                reading.step = step;
                reading.pages = Pages::default();
                self.ask_account(now, reading, out);
            }
            Ok(Part::Done(cash)) => {
                out.push(Action::Input(Input::Account(Box::new(reading.into_snapshot(cash)))));
            }
        }
    }
}
