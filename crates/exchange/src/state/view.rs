//! The state as the venue's REST answers show it. Nothing here changes anything.
//!
//! Source: reference sections 6, 7, 8.5, 9 and 19.4, 2026-11-20.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_kalshi_protocol::rest::{
    ActionWord, EventData, EventPosition, Fill, GetBalanceResponse, IndexedBalance, Market, MarketPosition,
    MarketStatusFilter, Order, OrderStatus, OrderType, OrderbookCountFp, OutcomeSide, Settlement, Trade,
};
use brier_matching::{AccountId, MarketId, PositionView};
use brier_types::{BookSide, MarketResult, MarketStatus, Money, Price, Qty, Rounding, SignedQty, Timestamp, notional};

use super::rows::{FillRow, OrderRow, SettlementRow, Standing, TradeRow, sum, total};
use super::say::result_word;
use super::{EventRow, State};
use crate::ids;

const DAY: Duration = Duration::from_hours(24);

impl State {
    pub(crate) fn status(&self, market: MarketId) -> MarketStatus {
        self.exchange.market(market).map_or(MarketStatus::Initialized, |view| view.status)
    }

    /// A market as read.
    pub(crate) fn market_json(&self, id: MarketId) -> Market {
        let row = self.market(id);
        let mut market = (*row.fixed).clone();
        let Some(view) = self.exchange.market(id) else { return market };
        let now = self.exchange.now();
        let (bid, ask) = (self.best(id, BookSide::Bid), self.best(id, BookSide::Ask));
        let price = |level: Option<(Price, Qty)>, none| level.map_or(none, |(price, _)| price);
        let size = |level: Option<(Price, Qty)>| level.map_or(Qty::ZERO, |(_, qty)| qty);
        market.status = view.status.into();
        market.open_time = view.open_time;
        market.close_time = view.close_time;
        market.updated_time = row.updated;
        market.yes_bid_dollars = price(bid, Price::ZERO);
        market.yes_ask_dollars = price(ask, Price::ONE);
        (market.yes_bid_size_fp, market.yes_ask_size_fp) = (size(bid), size(ask));
        market.no_bid_dollars = market.yes_ask_dollars.complement();
        market.no_ask_dollars = market.yes_bid_dollars.complement();
        market.last_price_dollars = row.last.map_or(Price::ZERO, |(price, _)| price);
        market.volume_fp = row.volume;
        market.volume_24h_fp = self.volume_since(id, now.minus(DAY));
        market.open_interest_fp = view.open_interest;
        (market.previous_yes_bid_dollars, market.previous_yes_ask_dollars, market.previous_price_dollars) =
            row.candles.quote_at(now.minus(DAY));
        if let Some(result) = view.result {
            market.result = result_word(result);
            market.settlement_value_dollars = Some(result.yes_payout());
        }
        market.settlement_ts = row.settled_at;
        market.expiration_value.clone_from(&row.expiration_value);
        market.settlement_floor_dollars = view.settlement_floor;
        market
    }

    fn volume_since(&self, market: MarketId, since: Timestamp) -> Qty {
        let row = self.market(market);
        let before = row.trades.partition_point(|index| self.trades[*index as usize].at <= since);
        let before = row.trades.get(before).map_or(row.volume, |index| self.trades[*index as usize].volume_before);
        row.volume.saturating_sub(before)
    }

    /// An event as read, with its markets inside if asked.
    pub(crate) fn event_json(&self, event: &EventRow, nested: bool) -> EventData {
        let mut data = event.data.clone();
        data.markets = nested.then(|| event.markets.iter().map(|market| self.market_json(*market)).collect());
        data
    }

    /// Whether any market of the event is found by the filter.
    pub(crate) fn event_is(&self, event: &EventRow, filter: MarketStatusFilter) -> bool {
        event.markets.iter().any(|market| filter.finds(self.status(*market)))
    }

    /// The book as two ladders of bids, best last; `depth` 0 is everything.
    pub(crate) fn book_json(&self, market: MarketId, depth: usize) -> OrderbookCountFp {
        let depth = if depth == 0 { usize::MAX } else { depth };
        let ladder = |side: BookSide| {
            let mut levels: Vec<(Price, Qty)> = self.exchange.levels(market, side).take(depth).collect();
            levels.reverse();
            levels
        };
        let no = ladder(BookSide::Ask).into_iter().map(|(price, qty)| (price.complement(), qty)).collect();
        OrderbookCountFp { yes_dollars: ladder(BookSide::Bid), no_dollars: no }
    }

    /// A match as everybody sees it.
    pub(crate) fn trade_json(&self, trade: &TradeRow) -> Trade {
        let outcome: OutcomeSide = trade.taker_side.outcome().into();
        Trade {
            trade_id: ids::trade_text(trade.no),
            ticker: self.names(trade.market).ticker.clone(),
            count_fp: trade.qty,
            yes_price_dollars: trade.price,
            no_price_dollars: trade.price.complement(),
            taker_side: Some(outcome),
            taker_outcome_side: outcome,
            taker_book_side: trade.taker_side.into(),
            created_time: trade.at,
            is_block_trade: false,
        }
    }

    /// An order as its owner reads it.
    pub(crate) fn order_json(&self, row: &OrderRow) -> Order {
        Order {
            order_id: ids::order_text(row.id),
            user_id: self.user(row.account).id.to_string(),
            client_order_id: row.client_order_id.to_string(),
            ticker: self.names(row.market).ticker.clone(),
            side: Some(OutcomeSide::Yes),
            action: Some(action(row.side)),
            outcome_side: row.side.outcome().into(),
            book_side: row.side.into(),
            order_type: OrderType::Limit,
            status: match row.standing {
                Standing::Resting => OrderStatus::Resting,
                Standing::Canceled => OrderStatus::Canceled,
                Standing::Executed => OrderStatus::Executed,
            },
            yes_price_dollars: row.price,
            no_price_dollars: row.price.complement(),
            fill_count_fp: row.filled,
            remaining_count_fp: row.remaining,
            initial_count_fp: row.initial(),
            taker_fill_cost_dollars: row.taker_cost,
            maker_fill_cost_dollars: row.maker_cost,
            taker_fees_dollars: row.taker_fees,
            maker_fees_dollars: row.maker_fees,
            expiration_time: row.expires,
            created_time: Some(row.created),
            last_update_time: Some(row.updated),
            self_trade_prevention_type: row.prevention.map(Into::into),
            order_group_id: row.group.map(ids::group_text),
            cancel_order_on_pause: Some(row.cancel_on_pause),
            subaccount_number: Some(0),
            exchange_index: Some(0),
        }
    }

    /// A fill as its owner reads it.
    pub(crate) fn fill_json(&self, fill: &FillRow) -> Fill {
        let trade = &self.trades[fill.trade as usize];
        let order = &self.orders[fill.order as usize];
        let (id, ticker) = (ids::trade_text(trade.no), self.names(trade.market).ticker.clone());
        Fill {
            fill_id: id.clone(),
            exchange_index: 0,
            trade_id: id,
            order_id: ids::order_text(order.id),
            ticker: ticker.clone(),
            market_ticker: ticker,
            side: Some(OutcomeSide::Yes),
            action: Some(action(order.side)),
            outcome_side: order.side.outcome().into(),
            book_side: order.side.into(),
            count_fp: trade.qty,
            yes_price_dollars: trade.price,
            no_price_dollars: trade.price.complement(),
            is_taker: fill.is_taker,
            created_time: Some(trade.at),
            fee_cost: fill.fee,
            subaccount_number: Some(0),
            ts: Some(trade.at),
        }
    }

    /// A settlement as its owner reads it.
    pub(crate) fn settlement_json(&self, row: &SettlementRow) -> Settlement {
        let paid = &row.settlement;
        let market = self.market(paid.market);
        let (yes_cost, no_cost) =
            if paid.position.micros() > 0 { (paid.cost, Money::ZERO) } else { (Money::ZERO, paid.cost) };
        Settlement {
            ticker: market.names.ticker.clone(),
            exchange_index: 0,
            event_ticker: market.fixed.event_ticker.clone(),
            market_result: result_word(paid.result),
            yes_count_fp: paid.position.yes(),
            yes_total_cost_dollars: yes_cost,
            no_count_fp: paid.position.no(),
            no_total_cost_dollars: no_cost,
            revenue: paid.gross.cents(Rounding::Floor),
            settled_time: row.at,
            fee_cost: total(paid.fees_paid, paid.fee),
            value: Some(i64::from(paid.result.yes_payout().pips()) / 100),
        }
    }

    /// Cash and the worth of positions.
    pub(crate) fn balance_json(&self, account: AccountId) -> GetBalanceResponse {
        let available = self.exchange.account(account).map_or(Money::ZERO, |view| view.available);
        let available = available.round_to(Money::CENTICENT, Rounding::Floor);
        let worth = self.exchange.positions(account).map(|(market, view)| self.worth(market, view.position));
        let worth = worth.fold(Money::ZERO, total);
        GetBalanceResponse {
            balance: available.cents(Rounding::Floor),
            balance_dollars: available,
            portfolio_value: worth.cents(Rounding::Floor),
            updated_ts: self.exchange.now(),
            balance_breakdown: Some(vec![IndexedBalance { exchange_index: 0, balance: available }]),
        }
    }

    /// What a position is worth at the market's mark: its result once known, else the middle of the quotes, else the last
    /// trade. The venue does not publish its own formula.
    fn worth(&self, market: MarketId, position: SignedQty) -> Money {
        if position.is_zero() {
            return Money::ZERO;
        }
        let mark = self.mark(market);
        let paid = if position.micros() > 0 { mark } else { mark.complement() };
        notional(paid, position.abs(), Rounding::Floor)
    }

    fn mark(&self, market: MarketId) -> Price {
        if let Some(result) = self.exchange.market(market).and_then(|view| view.result) {
            return MarketResult::yes_payout(result);
        }
        match (self.best(market, BookSide::Bid), self.best(market, BookSide::Ask)) {
            (Some((bid, _)), Some((ask, _))) => {
                Price::new(u16::midpoint(bid.pips(), ask.pips())).expect("between two prices")
            }
            _ => self.market(market).last.map_or(Price::ZERO, |(price, _)| price),
        }
    }

    /// One market's position as its owner reads it.
    pub(crate) fn position_json(&self, account: AccountId, market: MarketId, view: &PositionView) -> MarketPosition {
        let updated = self.user(account).markets.get(&market).map_or(Timestamp::EPOCH, |stake| stake.updated);
        MarketPosition {
            ticker: self.names(market).ticker.clone(),
            exchange_index: 0,
            total_traded_dollars: view.traded,
            position_fp: view.position,
            market_exposure_dollars: view.cost,
            realized_pnl_dollars: view.realized_pnl,
            fees_paid_dollars: view.fees_paid,
            last_updated_ts: updated,
        }
    }

    /// The same by event, summed, in the order of event tickers.
    pub(crate) fn event_positions(
        &self,
        account: AccountId,
        markets: &[(MarketId, PositionView)],
    ) -> Vec<EventPosition> {
        let mut events: BTreeMap<&str, EventPosition> = BTreeMap::new();
        for (market, view) in markets {
            let ticker = self.market(*market).fixed.event_ticker.as_str();
            let traded = self.user(account).markets.get(market).map_or(Qty::ZERO, |stake| stake.traded);
            let event = events.entry(ticker).or_insert_with(|| EventPosition {
                event_ticker: ticker.to_owned(),
                total_cost_dollars: Money::ZERO,
                total_cost_shares_fp: Qty::ZERO,
                event_exposure_dollars: Money::ZERO,
                realized_pnl_dollars: Money::ZERO,
                fees_paid_dollars: Money::ZERO,
            });
            event.total_cost_dollars = total(event.total_cost_dollars, view.traded);
            event.total_cost_shares_fp = sum(event.total_cost_shares_fp, traded);
            event.event_exposure_dollars = total(event.event_exposure_dollars, view.cost);
            event.realized_pnl_dollars = total(event.realized_pnl_dollars, view.realized_pnl);
            event.fees_paid_dollars = total(event.fees_paid_dollars, view.fees_paid);
        }
        events.into_values().collect()
    }
}

const fn action(side: BookSide) -> ActionWord {
    match side {
        BookSide::Bid => ActionWord::Buy,
        BookSide::Ask => ActionWord::Sell,
    }
}
