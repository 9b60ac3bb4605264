//! From what the core says happened to what the face keeps and says.

use brier_matching::tokens::{DUST, EndReason, Event, Match, MatchFill};
use brier_matching::{MarketId, OrderId, TradeNo};
use brier_types::{BookSide, FillStatus, Money, Outcome, Price, Qty, Timestamp};

use super::rows::{LastTrade, MakerPart, Notification};
use super::say::OrderWord;
use super::{Standing, State, TradeRow};
use crate::ids;

impl State {
    pub(super) fn project(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::OrderAccepted { order, .. } => {
                let index = self.placing.expect("orders are placed with their row kept");
                self.by_id.insert(*order, index);
                let row = &mut self.orders[index as usize];
                row.id = Some(*order);
                row.standing = Standing::Live;
                self.say_order(at, index, OrderWord::Placement);
            }
            Event::Matched(it) => self.matched(at, it),
            Event::OrderFilled { order, remaining, .. } => {
                let index = self.by_id[order];
                // What is left of it, if anything, is dust: the core ends it next.
                if *remaining < DUST {
                    self.orders[index as usize].standing = Standing::Matched;
                }
                self.say_order(at, index, OrderWord::Update);
            }
            Event::OrderEnded { order, reason, .. } => self.ended(at, *order, *reason),
            Event::LevelChanged { market, side, price, total } => {
                self.market_mut(*market).updated = at;
                self.say_level(at, *market, *side, *price, *total);
            }
            Event::SettlementChanged { trade, status } => self.settled(at, *trade, *status),
            Event::PositionChanged { .. }
            | Event::Funded { .. }
            | Event::MarketCreated { .. }
            | Event::MarketChanged { .. }
            | Event::Resolved { .. } => {}
        }
    }

    /// A match becomes one trade for each price the taker met, in the order in which it met them.
    fn matched(&mut self, at: Timestamp, it: &Match) {
        let taker = self.by_id[&it.taker.order];
        let own_price = |fill: &MatchFill| {
            if fill.maker.outcome == it.taker.outcome { fill.maker.price } else { fill.maker.price.complement() }
        };
        let mut rows = Vec::new();
        for (bucket, fills) in (0..).zip(it.fills.chunk_by(|a, b| own_price(a) == own_price(b))) {
            let index = u32::try_from(self.trades.len()).expect("fewer than 2^32 trades");
            let sum = |part: fn(&MatchFill) -> Money| fills.iter().map(part).sum::<Money>();
            let qty = fills.iter().fold(Qty::ZERO, |sum, fill| sum.checked_add(fill.maker.qty).unwrap_or(Qty::MAX));
            let row = TradeRow {
                uuid: ids::match_text(it.no, bucket).into(),
                no: it.no,
                bucket,
                market: it.market,
                taker,
                action: it.taker.action,
                outcome: it.taker.outcome,
                qty,
                price: own_price(&fills[0]),
                cash: sum(|fill| fill.taker_cash),
                fee: sum(|fill| fill.taker_fee),
                status: FillStatus::Matched,
                matched: at,
                updated: at,
                broadcast: false,
                makers: fills.iter().map(|fill| self.maker_part(fill)).collect(),
            };
            self.book_trade(index, &row);
            self.trades.push(row);
            rows.push(index);
        }
        self.by_match.insert(it.no, rows.clone());
        if self.settlement.automatic && self.settlement.fail_next > 0 {
            self.settlement.fail_next -= 1;
            self.doomed.insert(it.no);
        }
        self.schedule(at, it.no);
        // What an immediate order could have, it has; of any other dust is no rest.
        let row = &mut self.orders[taker as usize];
        if !row.kind.rests() || row.size.saturating_sub(row.filled) < DUST {
            row.standing = Standing::Matched;
        }
        for index in rows {
            self.say_trade(at, index);
        }
        self.say_order(at, taker, OrderWord::Update);
    }

    fn maker_part(&mut self, fill: &MatchFill) -> MakerPart {
        let order = self.by_id[&fill.maker.order];
        let row = &mut self.orders[order as usize];
        row.filled = row.filled.checked_add(fill.maker.qty).unwrap_or(Qty::MAX);
        MakerPart { order, qty: fill.maker.qty, price: fill.maker.price, cash: fill.maker.cash }
    }

    /// Enters a trade where it is looked for: orders, wallets, market.
    fn book_trade(&mut self, index: u32, row: &TradeRow) {
        let taker = &mut self.orders[row.taker as usize];
        taker.filled = taker.filled.checked_add(row.qty).unwrap_or(Qty::MAX);
        let orders = std::iter::once(row.taker).chain(row.makers.iter().map(|maker| maker.order));
        for order in orders {
            let order = &mut self.orders[order as usize];
            if order.trades.last() != Some(&index) {
                order.trades.push(index);
            }
            let wallet = &mut self.wallets[order.account.0 as usize];
            if wallet.trades.last() != Some(&index) {
                wallet.trades.push(index);
            }
        }
        let market = self.market_mut(row.market);
        market.volume = market.volume.checked_add(row.qty).unwrap_or(Qty::MAX);
        market.cash_volume = market.cash_volume.checked_add(row.cash).unwrap_or(Money::MAX);
        market.last = Some(last_trade(row));
        market.trades.push(index);
    }

    /// Takes a trade that failed out of its market: what everybody's tokens are worth by it is again what it was without.
    fn unbook_trade(&mut self, at: Timestamp, index: u32) {
        let row = &self.trades[index as usize];
        let (id, qty, cash) = (row.market, row.qty, row.cash);
        let Ok(place) = self.market(id).trades.binary_search(&index) else { return };
        let market = self.market_mut(id);
        market.trades.remove(place);
        market.volume = market.volume.saturating_sub(qty);
        market.cash_volume = market.cash_volume.checked_sub(cash).unwrap_or(Money::ZERO);
        let left = market.trades.last().copied();
        let last = left.map(|index| last_trade(&self.trades[index as usize]));
        if self.market(id).last != last {
            let market = self.market_mut(id);
            market.last = last;
            // A book tells the last price too.
            market.updated = at.max(market.updated);
            self.say_book(at, id);
        }
    }

    fn ended(&mut self, at: Timestamp, order: OrderId, reason: EndReason) {
        let index = self.by_id[&order];
        let row = &mut self.orders[index as usize];
        row.standing = match reason {
            EndReason::Filled => Standing::Matched,
            // What it could have, it has; the venue says so of a fill-and-kill order with fills.
            EndReason::Immediate if !row.filled.is_zero() => Standing::Matched,
            EndReason::Immediate | EndReason::UserCancel | EndReason::Expiry | EndReason::Cleared => {
                Standing::Canceled("")
            }
            EndReason::Resolved => Standing::Resolved,
        };
        let canceled = row.standing != Standing::Matched;
        if canceled {
            self.notify(at, index, 1);
            self.say_order(at, index, OrderWord::Cancellation);
        }
    }

    fn settled(&mut self, at: Timestamp, trade: TradeNo, status: FillStatus) {
        for index in self.trades_of(trade).to_vec() {
            let row = &mut self.trades[index as usize];
            row.status = status;
            row.updated = at.max(row.updated);
            row.broadcast |= status != FillStatus::Matched;
            if status == FillStatus::Failed {
                self.unbook_trade(at, index);
            }
            self.say_user_trade(at, index);
        }
        if status.is_final() {
            self.doomed.remove(&trade);
        }
    }

    /// Tells the owner of an order's key.
    pub(super) fn notify(&mut self, at: Timestamp, order: u32, kind: u32) {
        /// The venue forgets notifications after two days; here the last thousand are kept.
        const KEPT: usize = 1_000;
        let (key, market) = (self.orders[order as usize].key.clone(), self.orders[order as usize].market);
        if let Some(row) = self.keys.get_mut(&*key) {
            row.notified += 1;
            row.notifications.push(Notification {
                id: row.notified,
                kind,
                order: Some(order),
                market: Some(market),
                at,
            });
            if row.notifications.len() > KEPT {
                row.notifications.remove(0);
            }
        }
    }

    /// Best YES bid and ask of a market.
    pub(crate) fn best_yes(&self, market: MarketId) -> (Option<Price>, Option<Price>) {
        let best = |side| self.core.levels(market, side).next().map(|(price, _)| price);
        (best(BookSide::Bid), best(BookSide::Ask))
    }
}

/// What a trade makes of its market's price.
fn last_trade(row: &TradeRow) -> LastTrade {
    let yes_price = if row.outcome == Outcome::Yes { row.price } else { row.price.complement() };
    LastTrade { yes_price, outcome: row.outcome, action: row.action, at: row.matched }
}
