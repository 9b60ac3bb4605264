//! What listeners hear of what happened, in the venue's words. Nothing is made while nobody listens.
//!
//! Orders and positions are said once a command with where they ended up; trades, fills and book levels one by one. The
//! market's summary is said once a commit, if any of its fields changed.
//!
//! Source: reference sections 15.4 and 15.5, 2026-11-20.

use brier_kalshi_protocol::rest::{EventData, OutcomeSide, PriceRange, ResultWord};
use brier_kalshi_protocol::ws::{
    self, AdditionalMetadata, Body, Channel, EventLifecycle, FillAction, MarketLifecycle, MarketLifecycleEvent,
    OrderGroupEvent, OrderGroupUpdate, UserOrder, UserOrderStatus,
};
use brier_matching::{AccountId, FillSide, GroupChange, GroupId, MarketChange, MarketId, OrderId};
use brier_types::{BookSide, MarketResult, MarketStatus, Money, Price, Qty, Rounding, SignedQty, Timestamp, notional};

use super::State;
use super::rows::{OrderRow, Standing, Summary};
use crate::ids;
use crate::publication::{LevelChange, Publication, Said};

impl State {
    fn say(&mut self, channel: Channel, market: Option<MarketId>, owner: Option<AccountId>, body: Body) {
        self.outbox.push(Publication { market, owner, body: Said::Message(channel, Box::new(body)) });
    }

    pub(super) fn say_level(
        &mut self,
        at: Timestamp,
        market: MarketId,
        (side, price, change): (BookSide, Price, SignedQty),
        order: OrderId,
        account: AccountId,
    ) {
        if !self.listening {
            return;
        }
        let client_order_id = self.order(order).map_or_else(|| "".into(), |row| row.client_order_id.clone());
        let market_names = self.names(market).clone();
        let level = LevelChange { market: market_names, side, price, change, account, client_order_id, at };
        self.outbox.push(Publication { market: Some(market), owner: None, body: Said::Level(level) });
    }

    pub(super) fn say_trade(&mut self, index: u32) {
        if !self.listening {
            return;
        }
        let trade = self.trades[index as usize];
        let outcome: OutcomeSide = trade.taker_side.outcome().into();
        let body = Body::Trade(ws::Trade {
            trade_id: ids::trade_text(trade.no),
            market_ticker: self.names(trade.market).ticker.clone(),
            yes_price_dollars: trade.price,
            no_price_dollars: trade.price.complement(),
            count_fp: trade.qty,
            taker_side: outcome,
            taker_outcome_side: outcome,
            taker_book_side: trade.taker_side.into(),
            is_block_trade: false,
            ts: trade.at,
            ts_ms: Some(trade.at),
        });
        self.say(Channel::Trade, Some(trade.market), None, body);
    }

    pub(super) fn say_fill(&mut self, index: u32, order: u32, fill: &FillSide, is_taker: bool) {
        if !self.listening {
            return;
        }
        let trade = self.trades[index as usize];
        let row = &self.orders[order as usize];
        let outcome: OutcomeSide = row.side.outcome().into();
        let body = Body::Fill(ws::Fill {
            trade_id: ids::trade_text(trade.no),
            order_id: ids::order_text(row.id),
            client_order_id: Some(row.client_order_id.to_string()),
            market_ticker: self.names(trade.market).ticker.clone(),
            exchange_index: 0,
            is_taker,
            side: OutcomeSide::Yes,
            action: match row.side {
                BookSide::Bid => FillAction::Buy,
                BookSide::Ask => FillAction::Sell,
            },
            purchased_side: outcome,
            outcome_side: outcome,
            book_side: row.side.into(),
            yes_price_dollars: trade.price,
            count_fp: trade.qty,
            fee_cost: fill.fee,
            post_position_fp: fill.position,
            ts: trade.at,
            ts_ms: Some(trade.at),
            subaccount: Some(0),
        });
        self.say(Channel::Fill, Some(trade.market), Some(fill.account), body);
    }

    pub(super) fn say_order(&mut self, index: u32) {
        if !self.listening {
            return;
        }
        let row = &self.orders[index as usize];
        let (market, account) = (row.market, row.account);
        let body = Body::UserOrder(self.user_order(row));
        self.say(Channel::UserOrders, Some(market), Some(account), body);
    }

    fn user_order(&self, row: &OrderRow) -> UserOrder {
        let outcome: OutcomeSide = row.side.outcome().into();
        UserOrder {
            order_id: ids::order_text(row.id),
            user_id: self.user(row.account).id.to_string(),
            client_order_id: row.client_order_id.to_string(),
            ticker: self.names(row.market).ticker.clone(),
            exchange_index: 0,
            status: match row.standing {
                Standing::Resting => UserOrderStatus::Resting,
                Standing::Canceled => UserOrderStatus::Canceled,
                Standing::Executed => UserOrderStatus::Executed,
            },
            side: outcome,
            is_yes: outcome == OutcomeSide::Yes,
            outcome_side: outcome,
            book_side: row.side.into(),
            yes_price_dollars: row.price,
            initial_count_fp: row.initial(),
            fill_count_fp: row.filled,
            remaining_count_fp: row.remaining,
            taker_fill_cost_dollars: row.taker_cost,
            maker_fill_cost_dollars: row.maker_cost,
            taker_fees_dollars: row.taker_fees,
            maker_fees_dollars: row.maker_fees,
            created_time: Some(row.created),
            created_ts_ms: Some(row.created),
            last_update_time: Some(row.updated),
            last_updated_ts_ms: Some(row.updated),
            expiration_time: row.expires,
            expiration_ts_ms: row.expires,
            last_update_reason: row.reason.clone(),
            order_group_id: row.group.map(ids::group_text),
            self_trade_prevention_type: row.prevention.map(Into::into),
            subaccount_number: Some(0),
        }
    }

    pub(super) fn say_position(&mut self, account: AccountId, market: MarketId) {
        if !self.listening {
            return;
        }
        let Some(position) = self.exchange.position(account, market) else { return };
        let user = self.user(account);
        let body = Body::MarketPosition(ws::MarketPosition {
            user_id: user.id.to_string(),
            market_ticker: self.names(market).ticker.clone(),
            position_fp: position.position,
            position_cost_dollars: position.cost,
            realized_pnl_dollars: position.realized_pnl,
            fees_paid_dollars: position.fees_paid,
            // The core keeps fees by market, not by what is still open: while something is, all of them are shown.
            position_fee_cost_dollars: if position.position.is_zero() { Money::ZERO } else { position.fees_paid },
            volume_fp: user.markets.get(&market).map_or(Qty::ZERO, |stake| stake.traded),
            subaccount: Some(0),
        });
        self.say(Channel::MarketPositions, Some(market), Some(account), body);
    }

    pub(super) fn say_group(&mut self, at: Timestamp, group: GroupId, account: AccountId, change: GroupChange) {
        if !self.listening {
            return;
        }
        let limit = self.exchange.group(group).map(|view| view.limit);
        let (event_type, contracts_limit_fp) = match change {
            GroupChange::Created => (OrderGroupEvent::Created, limit),
            GroupChange::Reset => (OrderGroupEvent::Reset, None),
            GroupChange::Triggered => (OrderGroupEvent::Triggered, None),
            GroupChange::Limit(limit) => (OrderGroupEvent::LimitUpdated, Some(limit)),
            GroupChange::Deleted => (OrderGroupEvent::Deleted, None),
        };
        let order_group_id = ids::group_text(group);
        let body =
            Body::OrderGroupUpdates(OrderGroupUpdate { event_type, order_group_id, contracts_limit_fp, ts_ms: at });
        self.say(Channel::OrderGroupUpdates, None, Some(account), body);
    }

    pub(super) fn say_event(&mut self, event: &EventData) {
        if !self.listening {
            return;
        }
        let body = Body::EventLifecycle(EventLifecycle {
            event_ticker: event.event_ticker.clone(),
            series_ticker: event.series_ticker.clone(),
            title: event.title.clone(),
            subtitle: event.sub_title.clone(),
            collateral_return_type: event.collateral_return_type.clone(),
            exchange_index: 0,
            strike_date: event.strike_date,
            strike_period: event.strike_period.clone(),
        });
        self.say(Channel::MarketLifecycleV2, None, None, body);
    }

    /// What the clock does to a market is silent, as on the venue.
    pub(super) fn say_market(&mut self, at: Timestamp, market: MarketId, change: &MarketChange, by_clock: bool) {
        if !self.listening || by_clock {
            return;
        }
        let row = self.market(market);
        let message = |kind| MarketLifecycle::new(kind, row.names.ticker.as_str());
        let said = match change {
            MarketChange::Created => created(row),
            MarketChange::Status(MarketStatus::Active) => {
                let mut said = message(MarketLifecycleEvent::Activated);
                said.is_deactivated = Some(false);
                said
            }
            MarketChange::Status(MarketStatus::Inactive) => {
                let mut said = message(MarketLifecycleEvent::Deactivated);
                said.is_deactivated = Some(true);
                said
            }
            // Closing by hand moves the close time to now; there is no other word for it.
            MarketChange::Status(MarketStatus::Closed) => {
                let mut said = message(MarketLifecycleEvent::CloseDateUpdated);
                said.close_ts = Some(at);
                said
            }
            MarketChange::CloseTime(close) => {
                let mut said = message(MarketLifecycleEvent::CloseDateUpdated);
                said.close_ts = Some(*close);
                said
            }
            MarketChange::Result(result) => {
                let mut said = message(MarketLifecycleEvent::Determined);
                said.result = Some(result_word(*result));
                said.settlement_value = Some(result.yes_payout());
                said.determination_ts = Some(at);
                said
            }
            MarketChange::Status(MarketStatus::Finalized) => {
                let mut said = message(MarketLifecycleEvent::Settled);
                said.settled_ts = Some(at);
                said
            }
            MarketChange::Grid => {
                let mut said = message(MarketLifecycleEvent::PriceLevelStructureUpdated);
                said.price_level_structure = Some(row.fixed.price_level_structure.clone());
                said.price_ranges = Some(row.fixed.price_ranges.clone());
                said
            }
            // Said by `Result`, or by nothing on the stream.
            MarketChange::Status(
                MarketStatus::Initialized | MarketStatus::Determined | MarketStatus::Disputed | MarketStatus::Amended,
            )
            | MarketChange::Fees
            | MarketChange::SettlementFloor(_) => return,
        };
        self.say(Channel::MarketLifecycleV2, Some(market), None, Body::MarketLifecycle(Box::new(said)));
    }

    /// The summary of a market as it stands.
    pub(crate) fn summary(&self, market: MarketId) -> Summary {
        let row = self.market(market);
        Summary {
            bid: self.best(market, BookSide::Bid),
            ask: self.best(market, BookSide::Ask),
            last: row.last,
            volume: row.volume,
            dollar_volume: row.dollar_volume,
            open_interest: self.exchange.market(market).map_or(Qty::ZERO, |view| view.open_interest),
        }
    }

    /// The ticker message of a market as it stands.
    pub(crate) fn ticker(&self, market: MarketId, at: Timestamp) -> ws::Ticker {
        let (names, summary) = (self.names(market), self.summary(market));
        let price = summary.last.map_or(Price::ZERO, |(price, _)| price);
        ws::Ticker {
            market_ticker: names.ticker.clone(),
            market_id: names.uuid.clone(),
            price_dollars: price,
            yes_bid_dollars: summary.bid.map_or(Price::ZERO, |(price, _)| price),
            yes_ask_dollars: summary.ask.map_or(Price::ONE, |(price, _)| price),
            yes_bid_size_fp: summary.bid.map_or(Qty::ZERO, |(_, qty)| qty),
            yes_ask_size_fp: summary.ask.map_or(Qty::ZERO, |(_, qty)| qty),
            last_trade_size_fp: summary.last.map_or(Qty::ZERO, |(_, qty)| qty),
            volume_fp: summary.volume,
            open_interest_fp: summary.open_interest,
            dollar_volume: whole_dollars(summary.dollar_volume),
            dollar_open_interest: whole_dollars(notional(price, summary.open_interest, Rounding::Floor)),
            ts: at,
            ts_ms: Some(at),
            time: Some(at),
        }
    }

    /// Says the summaries that changed since they were last said. Called once a commit.
    pub(crate) fn say_tickers(&mut self, at: Timestamp) {
        for market in std::mem::take(&mut self.touched.markets) {
            let summary = self.summary(market);
            if !self.listening || self.market(market).published == Some(summary) {
                continue;
            }
            self.market_mut(market).published = Some(summary);
            let body = Body::Ticker(self.ticker(market, at));
            self.say(Channel::Ticker, Some(market), None, body);
        }
    }
}

fn whole_dollars(amount: Money) -> i64 {
    amount.micros().div_euclid(1_000_000)
}

/// The word of a result.
pub(crate) fn result_word(result: MarketResult) -> ResultWord {
    match result {
        MarketResult::Yes => ResultWord::Yes,
        MarketResult::No => ResultWord::No,
        MarketResult::Scalar(_) => ResultWord::Scalar,
    }
}

fn created(row: &super::MarketRow) -> MarketLifecycle {
    let fixed = &row.fixed;
    let ranges: Vec<PriceRange> = fixed.price_ranges.clone();
    let mut said = MarketLifecycle::new(MarketLifecycleEvent::Created, row.names.ticker.as_str());
    said.exchange_index = Some(0);
    said.open_ts = Some(fixed.open_time);
    said.close_ts = Some(fixed.close_time);
    said.price_level_structure = Some(fixed.price_level_structure.clone());
    said.price_ranges = Some(ranges);
    said.additional_metadata = Some(AdditionalMetadata {
        name: Some(fixed.yes_sub_title.clone()),
        title: fixed.title.clone(),
        yes_sub_title: Some(fixed.yes_sub_title.clone()),
        no_sub_title: Some(fixed.no_sub_title.clone()),
        rules_primary: Some(fixed.rules_primary.clone()),
        rules_secondary: Some(fixed.rules_secondary.clone()),
        can_close_early: Some(fixed.can_close_early),
        event_ticker: Some(fixed.event_ticker.clone()),
        expected_expiration_ts: fixed.expected_expiration_time,
        strike_type: fixed.strike_type.clone(),
        floor_strike: fixed.floor_strike.clone(),
        cap_strike: fixed.cap_strike.clone(),
        custom_strike: fixed.custom_strike.clone(),
    });
    said
}
