//! A mirror of the exchange built from its events alone: what a streaming client or a projection would know.

use std::collections::BTreeMap;

use brier_matching::{AccountId, Event, Exchange, FillSide, MarketId, OrderId};
use brier_types::{BookSide, Money, Price, Qty, SignedQty};

/// Live orders, books, positions and cash as the events tell them.
#[derive(Default)]
pub(crate) struct Mirror {
    orders: BTreeMap<OrderId, Live>,
    levels: BTreeMap<(MarketId, bool, Price), i64>,
    positions: BTreeMap<(AccountId, MarketId), SignedQty>,
    cash: BTreeMap<AccountId, i64>,
}

struct Live {
    account: AccountId,
    market: MarketId,
    side: BookSide,
    price: Price,
    remaining: Qty,
}

impl Mirror {
    pub(crate) fn apply(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::OrderAccepted { order, account, market, side, price, qty } => {
                let live = Live { account: *account, market: *market, side: *side, price: *price, remaining: *qty };
                if self.orders.insert(*order, live).is_some() {
                    return Err(format!("{order} was accepted twice"));
                }
            }
            Event::Trade(trade) => {
                self.fill(&trade.taker, trade.market, trade.taker_side, trade.qty)?;
                self.fill(&trade.maker, trade.market, trade.taker_side.opposite(), trade.qty)?;
                let maker = &self.orders[&trade.maker.order];
                if maker.price != trade.price {
                    return Err(format!("trade {:?} is not at the resting price {}", trade.no, maker.price));
                }
            }
            Event::OrderChanged { order, price, remaining, .. } => {
                let live = self.orders.get_mut(order).ok_or(format!("{order} changed and is not live"))?;
                (live.price, live.remaining) = (*price, *remaining);
            }
            Event::OrderEnded { order, canceled, .. } => {
                let live = self.orders.remove(order).ok_or(format!("{order} ended and is not live"))?;
                if live.remaining != *canceled {
                    return Err(format!("{order} ended with {} open and {canceled} canceled", live.remaining));
                }
            }
            Event::LevelChanged { market, side, price, change, .. } => {
                let key = (*market, *side == BookSide::Bid, *price);
                let level = self.levels.entry(key).or_default();
                *level += change.micros();
                match *level {
                    0 => drop(self.levels.remove(&key)),
                    level if level < 0 => return Err(format!("level {key:?} fell to {level}")),
                    _ => {}
                }
            }
            Event::Settled(paid) => {
                let position = self.positions.entry((paid.account, paid.market)).or_default();
                if *position != paid.position {
                    return Err(format!("paid {} where the trades sum to {position}", paid.position));
                }
                *position = SignedQty::ZERO;
                *self.cash.entry(paid.account).or_default() += paid.gross.micros() - paid.fee.micros();
            }
            Event::Funded { account, amount } => *self.cash.entry(*account).or_default() += amount.micros(),
            Event::MarketChanged { .. } | Event::GroupChanged { .. } | Event::ActiveChanged { .. } => {}
        }
        Ok(())
    }

    fn fill(&mut self, fill: &FillSide, market: MarketId, side: BookSide, qty: Qty) -> Result<(), String> {
        let live = self.orders.get_mut(&fill.order).ok_or(format!("{} filled and is not live", fill.order))?;
        if (live.account, live.market, live.side) != (fill.account, market, side) {
            return Err(format!("{} filled on another side, market or account than it was placed", fill.order));
        }
        live.remaining = live.remaining.checked_sub(qty).ok_or(format!("{} filled beyond its size", fill.order))?;
        let change = if side == BookSide::Bid { qty.signed() } else { qty.signed().negated() };
        let position = self.positions.entry((fill.account, market)).or_default();
        *position = position.checked_add(change).ok_or("a position left 64 bits")?;
        if *position != fill.position {
            return Err(format!("fill says position {}, the trades sum to {position}", fill.position));
        }
        *self.cash.entry(fill.account).or_default() += fill.revenue.micros() - fill.fee.micros();
        Ok(())
    }

    /// Compares with the exchange itself.
    pub(crate) fn compare(&self, exchange: &Exchange, markets: u32, accounts: u32) -> Result<(), String> {
        if self.orders.len() != exchange.order_count() {
            return Err(format!("events leave {} orders, the core has {}", self.orders.len(), exchange.order_count()));
        }
        for (id, live) in &self.orders {
            let view = exchange.order(*id).ok_or(format!("{id} is live by its events only"))?;
            if (view.account, view.market, view.side, view.price, view.remaining)
                != (live.account, live.market, live.side, live.price, live.remaining)
            {
                return Err(format!("{id} differs: {view:?}"));
            }
        }
        let mut levels = BTreeMap::new();
        for market in (0..markets).map(MarketId) {
            for side in [BookSide::Bid, BookSide::Ask] {
                let pairs = exchange.levels(market, side);
                levels
                    .extend(pairs.map(|(price, qty)| ((market, side == BookSide::Bid, price), qty.signed().micros())));
            }
            for account in (0..accounts).map(AccountId) {
                let ours = self.positions.get(&(account, market)).copied().unwrap_or_default();
                let theirs = exchange.position(account, market).map(|view| view.position).unwrap_or_default();
                if ours != theirs {
                    return Err(format!("{account:?} in {market:?}: events give {ours}, the core has {theirs}"));
                }
            }
        }
        if levels != self.levels {
            return Err(format!("books differ: events {:?}, core {levels:?}", self.levels));
        }
        for account in (0..accounts).map(AccountId) {
            let ours = Money::from_micros(self.cash.get(&account).copied().unwrap_or_default());
            let theirs = exchange.account(account).unwrap().cash;
            if ours != theirs {
                return Err(format!("{account:?}: events give {ours} cash, the core has {theirs}"));
            }
        }
        Ok(())
    }
}
