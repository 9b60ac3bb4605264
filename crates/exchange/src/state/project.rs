//! What the core says happened, written into the rows.

use brier_kalshi_protocol::ws::UpdateReason;
use brier_matching::{
    AccountId, AmendOrder, ChangeReason, EndReason, Event, FillSide, MarketChange, OrderId, PlaceOrder, Trade,
};
use brier_types::{BookSide, MarketStatus, Qty, Rounding, Timestamp, notional};

use super::State;
use super::rows::{FillRow, OrderRow, SettlementRow, Standing, TradeRow, sum, total};

/// The command behind an event: what the event itself does not repeat.
#[derive(Clone, Copy)]
pub(crate) enum Cause<'a> {
    Clock,
    Command,
    Place(&'a PlaceOrder),
    Amend(&'a AmendOrder),
}

impl State {
    pub(super) fn project(&mut self, at: Timestamp, event: &Event, cause: Cause<'_>) {
        match event {
            Event::OrderAccepted { order, account, qty, .. } => {
                let Cause::Place(placed) = cause else { unreachable!("only placing makes orders") };
                self.accept(at, *order, *account, *qty, placed);
            }
            Event::Trade(trade) => self.trade(at, trade),
            Event::OrderChanged { order, price, remaining, expires, reason, .. } => {
                let index = self.touch(*order);
                let row = &mut self.orders[index as usize];
                row.removed = sum(row.removed, row.remaining.saturating_sub(*remaining));
                (row.price, row.remaining, row.expires, row.updated) = (*price, *remaining, *expires, at);
                if let Cause::Amend(AmendOrder { new_client_order_id: Some(id), .. }) = cause {
                    row.client_order_id = id.as_str().into();
                }
                row.reason = Some(match reason {
                    ChangeReason::Amend => UpdateReason::Amend,
                    ChangeReason::Decrease => UpdateReason::Decrease,
                });
            }
            Event::OrderEnded { order, canceled, reason, .. } => self.end(at, *order, *canceled, *reason, cause),
            Event::LevelChanged { market, side, price, change, order, account } => {
                self.touched.quotes.insert(*market);
                self.say_level(at, *market, (*side, *price, *change), *order, *account);
            }
            Event::MarketChanged { market, change, by_clock } => {
                self.market_changed(at, *market, change);
                self.say_market(at, *market, change, *by_clock);
            }
            Event::Settled(settlement) => {
                let user = &mut self.users[settlement.account.0 as usize];
                user.settlements.push(SettlementRow { settlement: *settlement, at });
                user.markets.entry(settlement.market).or_default().updated = at;
                self.touched.positions.insert((settlement.account, settlement.market));
                self.touched.quotes.insert(settlement.market);
            }
            Event::GroupChanged { group, account, change } => {
                if *change == brier_matching::GroupChange::Created {
                    self.users[account.0 as usize].groups.push(*group);
                }
                self.say_group(at, *group, *account, *change);
            }
            Event::Funded { .. } | Event::ActiveChanged { .. } => {}
        }
    }

    fn accept(&mut self, at: Timestamp, id: OrderId, account: AccountId, qty: Qty, placed: &PlaceOrder) {
        let index = u32::try_from(self.orders.len()).expect("fewer than 2^32 orders");
        self.orders.push(OrderRow {
            id,
            account,
            market: placed.market,
            client_order_id: placed.client_order_id.as_ref().map_or("", |id| id.as_str()).into(),
            side: placed.side,
            price: placed.price,
            filled: Qty::ZERO,
            remaining: qty,
            removed: Qty::ZERO,
            taker_cost: brier_types::Money::ZERO,
            maker_cost: brier_types::Money::ZERO,
            taker_fees: brier_types::Money::ZERO,
            maker_fees: brier_types::Money::ZERO,
            expires: match placed.time_in_force {
                brier_types::TimeInForce::Gtd(expires) => Some(expires),
                brier_types::TimeInForce::Gtc | brier_types::TimeInForce::Ioc | brier_types::TimeInForce::Fok => None,
            },
            created: at,
            updated: at,
            prevention: placed.self_trade_prevention,
            group: placed.group,
            cancel_on_pause: placed.cancel_on_pause,
            standing: Standing::Resting,
            reason: None,
        });
        self.order_index.insert(id, index);
        self.users[account.0 as usize].orders.push(index);
        self.touched.orders.insert(index);
    }

    /// The row of an order that changes now.
    fn touch(&mut self, order: OrderId) -> u32 {
        let index = self.order_index[&order];
        self.touched.orders.insert(index);
        index
    }

    fn trade(&mut self, at: Timestamp, trade: &Trade) {
        let value = notional(trade.price, trade.qty, Rounding::Floor);
        let index = u32::try_from(self.trades.len()).expect("fewer than 2^32 trades");
        let market = &mut self.markets[trade.market.0 as usize];
        self.trades.push(TradeRow {
            no: trade.no,
            market: trade.market,
            price: trade.price,
            qty: trade.qty,
            taker_side: trade.taker_side,
            at,
            volume_before: market.volume,
        });
        market.trades.push(index);
        market.volume = sum(market.volume, trade.qty);
        market.dollar_volume = total(market.dollar_volume, value);
        market.last = Some((trade.price, trade.qty));
        market.candles.trade(at, trade.price, trade.qty);
        self.touched.quotes.insert(trade.market);
        self.say_trade(index);
        for (fill, is_taker) in [(&trade.maker, false), (&trade.taker, true)] {
            self.fill(at, index, trade, fill, is_taker);
        }
    }

    fn fill(&mut self, at: Timestamp, index: u32, trade: &Trade, fill: &FillSide, is_taker: bool) {
        let order = self.touch(fill.order);
        let value = notional(trade.price, trade.qty, Rounding::Floor);
        let row = &mut self.orders[order as usize];
        row.filled = sum(row.filled, trade.qty);
        row.remaining = row.remaining.saturating_sub(trade.qty);
        row.updated = at;
        row.reason = Some(UpdateReason::Trade);
        let (cost, fees) = if is_taker {
            (&mut row.taker_cost, &mut row.taker_fees)
        } else {
            (&mut row.maker_cost, &mut row.maker_fees)
        };
        *cost = total(*cost, value);
        *fees = total(*fees, fill.fee);
        let user = &mut self.users[fill.account.0 as usize];
        user.fills.push(FillRow { trade: index, order, is_taker, fee: fill.fee });
        let stake = user.markets.entry(trade.market).or_default();
        stake.traded = sum(stake.traded, trade.qty);
        stake.updated = at;
        self.touched.positions.insert((fill.account, trade.market));
        self.say_fill(index, order, fill, is_taker);
    }

    fn end(&mut self, at: Timestamp, order: OrderId, canceled: Qty, reason: EndReason, cause: Cause<'_>) {
        let index = self.touch(order);
        let row = &mut self.orders[index as usize];
        row.removed = sum(row.removed, canceled);
        row.remaining = Qty::ZERO;
        row.updated = at;
        if let Cause::Amend(AmendOrder { order: amended, new_client_order_id: Some(id), .. }) = cause
            && *amended == order
        {
            row.client_order_id = id.as_str().into();
        }
        row.standing = if reason == EndReason::Filled { Standing::Executed } else { Standing::Canceled };
        row.reason = match reason {
            EndReason::Filled => Some(UpdateReason::Trade),
            EndReason::Decrease => Some(UpdateReason::Decrease),
            EndReason::Amend => Some(UpdateReason::Amend),
            EndReason::SelfTrade => Some(UpdateReason::SelfTradeCancel),
            EndReason::Expiry => Some(UpdateReason::ExpiryCancel),
            EndReason::Close => Some(UpdateReason::CloseCancel),
            EndReason::Halt => Some(UpdateReason::HaltCancel),
            EndReason::ReduceOnly => Some(UpdateReason::ReduceOnlyCancel),
            EndReason::Margin => Some(UpdateReason::MarginCancel),
            EndReason::SettlementBounds => Some(UpdateReason::SettlementBoundsCancel),
            // The venue's list of words has none for these.
            EndReason::UserCancel | EndReason::ImmediateOrCancel | EndReason::FillOrKill | EndReason::Group => None,
        };
    }

    fn market_changed(&mut self, at: Timestamp, market: brier_matching::MarketId, change: &MarketChange) {
        let row = self.market_mut(market);
        row.updated = at;
        match change {
            MarketChange::Result(_) => row.determined_at = Some(at),
            MarketChange::Status(MarketStatus::Finalized) => row.settled_at = Some(at),
            MarketChange::Created
            | MarketChange::Status(_)
            | MarketChange::CloseTime(_)
            | MarketChange::Grid
            | MarketChange::Fees
            | MarketChange::SettlementFloor(_) => {}
        }
        self.touched.quotes.insert(market);
    }

    /// What is said once a command, when it is over; and the quotes it left.
    pub(super) fn conclude(&mut self, at: Timestamp) {
        for index in std::mem::take(&mut self.touched.orders) {
            self.say_order(index);
        }
        for (account, market) in std::mem::take(&mut self.touched.positions) {
            self.say_position(account, market);
        }
        for market in std::mem::take(&mut self.touched.quotes) {
            self.touched.markets.insert(market);
            let bid = self.best(market, BookSide::Bid).map(|(price, _)| price);
            let ask = self.best(market, BookSide::Ask).map(|(price, _)| price);
            let open_interest = self.exchange.market(market).map_or(Qty::ZERO, |view| view.open_interest);
            self.market_mut(market).candles.quote(at, bid, ask, open_interest);
        }
    }
}
