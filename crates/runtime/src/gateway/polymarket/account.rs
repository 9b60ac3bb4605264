//! Polymarket's account, read as a whole: open orders, trades, the tokens of each listed market, cash.
//!
//! Invariants: a snapshot is whole or is none; it is true for the moment before the first read, less the venue's lag. Rows that
//! come twice, because the list moved while it was read, count once. What belongs to markets that are not listed here is
//! another program's, and is left out.
//!
//! Source: reference (Polymarket), sections 7.2, 8.1, 8.4 and 8.5, 2026-11-20.

use std::collections::{BTreeMap, BTreeSet};

use brier_engine::{AccountSnapshot, Input, VenueCash, VenuePosition};
use brier_polymarket_protocol::clob::{self, AssetType, BalanceAllowance, OpenOrder};
use brier_polymarket_protocol::convert::{ConvertError, own_fills, trade_status};
use brier_polymarket_protocol::stream::user::UserTrade;
use brier_types::{
    Fill, FillStatus, MarketTicker, Money, OrderUpdate, Qty, SignedQty, Timestamp, TradeId, Venue, VenueOrderId,
};

use super::super::{Action, in_doubt, read};
use super::{ORDER_TEXTS, Pages, Plain, PolymarketGateway, Read, TRADE_TEXTS, give_up};

/// An account that is being read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    asked: u64,
    as_of: Timestamp,
    fills_since: Timestamp,
    step: Step,
    pages: Pages,
    orders: Vec<OrderUpdate>,
    /// With the second of each, by which they are put in order.
    fills: Vec<(Timestamp, Fill)>,
    statuses: Vec<(TradeId, VenueOrderId, FillStatus)>,
    /// Tokens still to be asked for, last first: market, and whether YES.
    tokens: Vec<(MarketTicker, bool)>,
    held: BTreeMap<MarketTicker, (Qty, Qty)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Orders,
    Trades,
    Token(MarketTicker, bool),
    Cash,
}

/// What comes after a part.
enum Part {
    Page,
    Next(Step),
    Done(Money),
}

impl Reading {
    pub(super) const fn new(
        asked: u64,
        fills_since: Timestamp,
        as_of: Timestamp,
        tokens: Vec<(MarketTicker, bool)>,
    ) -> Self {
        Self {
            asked,
            as_of,
            fills_since,
            step: Step::Orders,
            pages: Pages { cursor: None, seen: BTreeSet::new(), full: false },
            orders: Vec::new(),
            fills: Vec::new(),
            statuses: Vec::new(),
            tokens,
            held: BTreeMap::new(),
        }
    }

    fn next_token(&mut self) -> Step {
        self.tokens.pop().map_or(Step::Cash, |(market, yes)| Step::Token(market, yes))
    }

    fn into_snapshot(mut self, cash: Money) -> AccountSnapshot {
        let mut seen = BTreeSet::new();
        self.orders.retain(|order| seen.insert(order.order.clone()));
        // Newest first on the wire; booked in the order in which they happened.
        self.fills.reverse();
        self.fills.sort_by_key(|(when, _)| *when);
        let mut seen = BTreeSet::new();
        self.fills.retain(|(_, fill)| seen.insert((fill.trade.clone(), fill.order.clone())));
        let mut seen = BTreeSet::new();
        self.statuses.retain(|(trade, order, _)| seen.insert((trade.clone(), order.clone())));
        let positions = self.held.into_iter().filter(|(_, (yes, no))| !yes.is_zero() || !no.is_zero());
        let positions = positions.map(|(market, (yes, no))| {
            let net = yes.signed().checked_sub(no.signed()).unwrap_or(SignedQty::ZERO);
            VenuePosition { market, net, tokens: Some((yes, no)) }
        });
        AccountSnapshot {
            venue: Venue::Polymarket,
            asked: self.asked,
            as_of: self.as_of,
            orders: self.orders,
            fills: self.fills.into_iter().map(|(_, fill)| fill).collect(),
            statuses: self.statuses,
            fills_since: self.fills_since,
            positions: positions.collect(),
            cash: vec![VenueCash { shard: 0, free: None, total: Some(cash) }],
        }
    }
}

impl PolymarketGateway {
    pub(super) fn ask_account(&mut self, now: Timestamp, reading: Reading, out: &mut Vec<Action>) {
        let funds = |asset: AssetType| {
            let kind = (self.wallet.signature_type() as u8).to_string();
            let plain = Plain::read("GET /balance-allowance", "/balance-allowance");
            plain.param("asset_type", asset.as_str()).param("signature_type", &kind)
        };
        let plain = match &reading.step {
            Step::Orders => Plain::read("GET /data/orders", "/data/orders").page(&reading.pages),
            Step::Trades => self.trades_call(reading.fills_since, &reading.pages),
            Step::Token(market, yes) => {
                let Some(listing) = self.listings.get(market) else {
                    let why = format!("{market} is listed no more");
                    return give_up(&Read::Account(Box::new(reading)), in_doubt(&why), out);
                };
                let token = if *yes { listing.yes } else { listing.no };
                let asset = if token.is_position_id() { AssetType::ConditionalV2 } else { AssetType::Conditional };
                funds(asset).param("token_id", &token.to_string())
            }
            Step::Cash => funds(AssetType::Collateral),
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
        match self.take_part(&mut reading, status, body, out) {
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

    fn take_part(
        &self,
        reading: &mut Reading,
        status: u16,
        body: &[u8],
        out: &mut Vec<Action>,
    ) -> Result<Part, String> {
        match reading.step.clone() {
            Step::Orders => {
                let page = read::<clob::Page<OpenOrder>>(status, body, &ORDER_TEXTS)?;
                for order in &page.data {
                    if self.tokens.find(&order.asset_id).is_err() {
                        let text = format!("polymarket: order {:.80} is of a market that is not listed here", order.id);
                        out.push(Action::Notice(text));
                        continue;
                    }
                    reading.orders.push(self.standing(order)?);
                }
                Ok(if reading.pages.follow(&page)? { Part::Page } else { Part::Next(Step::Trades) })
            }
            Step::Trades => {
                let page = read::<clob::Page<clob::Trade>>(status, body, &TRADE_TEXTS)?;
                for trade in &page.data {
                    self.take_trade(reading, trade)?;
                }
                Ok(if reading.pages.follow(&page)? { Part::Page } else { Part::Next(reading.next_token()) })
            }
            Step::Token(market, yes) => {
                let balance = read::<BalanceAllowance>(status, body, &["balance"])?.balance;
                let held = reading.held.entry(market).or_insert((Qty::ZERO, Qty::ZERO));
                if yes {
                    held.0 = balance;
                } else {
                    held.1 = balance;
                }
                Ok(Part::Next(reading.next_token()))
            }
            Step::Cash => {
                let balance = read::<BalanceAllowance>(status, body, &["balance"])?.balance;
                let micros = i64::try_from(balance.micros()).map_err(|error| error.to_string())?;
                Ok(Part::Done(Money::from_micros(micros)))
            }
        }
    }

    fn take_trade(&self, reading: &mut Reading, trade: &clob::Trade) -> Result<(), String> {
        let when = trade.match_time;
        let trade = UserTrade::from(trade.clone());
        let fills = match own_fills(&trade, self.creds.key(), &self.tokens) {
            Ok(fills) => fills,
            // Of a market that is not listed, or of another key of this wallet: another program's.
            Err(ConvertError::UnknownToken(_) | ConvertError::NotOurs { .. }) => return Ok(()),
            Err(error) => return Err(error.to_string()),
        };
        let status = trade_status(&trade).map_err(|error| error.to_string())?;
        for fill in fills {
            let schedule = self.listings.get(&fill.market).map(|listing| listing.fees);
            let fee = schedule.filter(|_| fill.is_taker).map_or(Money::ZERO, |it| it.taker_fee(fill.price, fill.qty));
            reading.statuses.push((fill.trade.clone(), fill.order.clone(), status));
            reading.fills.push((when, fill.to_fill(fee)));
        }
        Ok(())
    }
}
