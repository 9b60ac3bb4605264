//! Reads of one's own: balance, positions, orders, fills, settlements, queue positions.
//!
//! Source: reference sections 8.5, 9 and 13, 2026-11-20.

use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::rest::{
    BalanceQuery, FillsQuery, GetFillsResponse, GetOrderQueuePositionResponse, GetOrderQueuePositionsResponse,
    GetOrderResponse, GetOrdersResponse, GetPositionsResponse, GetSettlementsResponse, OrderQueuePosition,
    OrderStatusFilter, OrdersQuery, PositionsQuery, QueuePositionsQuery, SettlementStatusFilter, SettlementsQuery,
};
use brier_matching::{AccountId, MarketId, OrderId, PositionView};
use brier_types::{BookSide, MarketStatus};

use super::market_data::within;
use super::orders::check_place;
use super::page::Page;
use super::{Answer, Call, Failure, json};
use crate::ids;
use crate::state::{Standing, State};

const DEFAULT_PAGE: usize = 100;

/// Reads filter by shard: another than the first has nothing.
const fn elsewhere(exchange_index: Option<i32>) -> bool {
    matches!(exchange_index, Some(index) if index != 0 && index != -1)
}

pub(super) async fn balance(call: Call) -> Result<Answer, Failure> {
    let query = BalanceQuery::parse(&call.query)?;
    check_place(query.subaccount, query.exchange_index)?;
    let account = call.caller().account;
    json(&call.app.core.call(move |core| core.state.balance_json(account)).await?)
}

pub(super) async fn positions(call: Call) -> Result<Answer, Failure> {
    let query = PositionsQuery::parse(&call.query)?;
    check_place(query.subaccount, None)?;
    if let Some(word) = query.count_filter.iter().find(|word| !["position", "total_traded"].contains(&word.as_str())) {
        return Err(Failure::parameter(format!("count_filter must be position or total_traded, found {word}")));
    }
    let account = call.caller().account;
    json(&call.app.core.call(move |core| list_positions(&core.state, account, query)).await?)
}

fn list_positions(state: &State, account: AccountId, mut query: PositionsQuery) -> GetPositionsResponse {
    let (limit, cursor) = (query.limit.take(), query.cursor.take());
    let page = Page::new(limit, DEFAULT_PAGE, cursor.as_deref(), &format!("positions?{}", query.encode()));
    let wanted = query.settlement_status.unwrap_or(SettlementStatusFilter::Unsettled);
    let keep = |market: MarketId, view: &PositionView| {
        let row = state.market(market);
        let settled = state.status(market) == MarketStatus::Finalized;
        let by_status = match wanted {
            SettlementStatusFilter::Unsettled => !settled,
            SettlementStatusFilter::Settled => settled,
            SettlementStatusFilter::All => true,
        };
        let by_count = |word: &String| match word.as_str() {
            "position" => !view.position.is_zero(),
            _ => view.traded != brier_types::Money::ZERO,
        };
        // The core has a row for every market with an order; a position is what filled.
        state.user(account).markets.contains_key(&market)
            && by_status
            && query.count_filter.iter().all(by_count)
            && query.ticker.as_ref().is_none_or(|ticker| row.names.ticker == *ticker)
            && query.event_ticker.as_ref().is_none_or(|event| row.fixed.event_ticker == *event)
            && !elsewhere(query.exchange_index)
    };
    let skip = page.after().map_or(0, |after| usize::try_from(after).unwrap_or(usize::MAX).saturating_add(1));
    let rows = state.exchange.positions(account).enumerate().skip(skip);
    let rows = rows.filter(|(_, (market, view))| keep(*market, view)).map(|(at, row)| (at as u64, row));
    let (found, cursor): (Vec<(MarketId, PositionView)>, String) = page.take(rows);
    GetPositionsResponse {
        cursor,
        market_positions: found.iter().map(|(market, view)| state.position_json(account, *market, view)).collect(),
        event_positions: state.event_positions(account, &found),
    }
}

pub(super) async fn fills(call: Call) -> Result<Answer, Failure> {
    let query = FillsQuery::parse(&call.query)?;
    check_place(query.subaccount, None)?;
    let account = call.caller().account;
    json(&call.app.core.call(move |core| list_fills(&core.state, account, query)).await?)
}

fn list_fills(state: &State, account: AccountId, mut query: FillsQuery) -> GetFillsResponse {
    let (limit, cursor) = (query.limit.take(), query.cursor.take());
    let page = Page::new(limit, DEFAULT_PAGE, cursor.as_deref(), &format!("fills?{}", query.encode()));
    let order = query.order_id.as_deref().map(ids::order_id);
    let (fills, cursor) = page.take_newest(&state.user(account).fills, |fill| {
        let trade = &state.trades[fill.trade as usize];
        let keep = order.is_none_or(|order| order == Some(state.orders[fill.order as usize].id))
            && (query.ticker.is_empty() || query.ticker.contains(&state.names(trade.market).ticker))
            && within(trade.at, query.min_ts, query.max_ts)
            && !elsewhere(query.exchange_index);
        keep.then(|| state.fill_json(fill))
    });
    GetFillsResponse { fills, cursor }
}

pub(super) async fn settlements(call: Call) -> Result<Answer, Failure> {
    let query = SettlementsQuery::parse(&call.query)?;
    check_place(query.subaccount, None)?;
    let account = call.caller().account;
    json(&call.app.core.call(move |core| list_settlements(&core.state, account, query)).await?)
}

fn list_settlements(state: &State, account: AccountId, mut query: SettlementsQuery) -> GetSettlementsResponse {
    let (limit, cursor) = (query.limit.take(), query.cursor.take());
    let page = Page::new(limit, DEFAULT_PAGE, cursor.as_deref(), &format!("settlements?{}", query.encode()));
    let (settlements, cursor) = page.take_newest(&state.user(account).settlements, |row| {
        let market = state.market(row.settlement.market);
        let keep = query.ticker.as_ref().is_none_or(|ticker| market.names.ticker == *ticker)
            && query.event_ticker.as_ref().is_none_or(|event| market.fixed.event_ticker == *event)
            && within(row.at, query.min_ts, query.max_ts);
        keep.then(|| state.settlement_json(row))
    });
    GetSettlementsResponse { settlements, cursor }
}

pub(super) async fn orders(call: Call) -> Result<Answer, Failure> {
    let query = OrdersQuery::parse(&call.query)?;
    check_place(query.subaccount, None)?;
    let account = call.caller().account;
    json(&call.app.core.call(move |core| list_orders(&core.state, account, query)).await?)
}

fn list_orders(state: &State, account: AccountId, mut query: OrdersQuery) -> GetOrdersResponse {
    let (limit, cursor) = (query.limit.take(), query.cursor.take());
    let page = Page::new(limit, DEFAULT_PAGE, cursor.as_deref(), &format!("orders?{}", query.encode()));
    let wanted = query.status.map(|status| match status {
        OrderStatusFilter::Resting => Standing::Resting,
        OrderStatusFilter::Canceled => Standing::Canceled,
        OrderStatusFilter::Executed => Standing::Executed,
    });
    let (orders, cursor) = page.take_newest(&state.user(account).orders, |index| {
        let row = &state.orders[*index as usize];
        let market = state.market(row.market);
        let keep = wanted.is_none_or(|wanted| row.standing == wanted)
            && query.ticker.as_ref().is_none_or(|ticker| market.names.ticker == *ticker)
            && (query.event_ticker.is_empty() || query.event_ticker.contains(&market.fixed.event_ticker))
            && within(row.created, query.min_ts, query.max_ts)
            && !elsewhere(query.exchange_index);
        keep.then(|| state.order_json(row))
    });
    GetOrdersResponse { orders, cursor }
}

/// An own order, living or finished.
fn own(state: &State, account: AccountId, order: OrderId) -> Option<&crate::state::OrderRow> {
    state.order(order).filter(|row| row.account == account)
}

pub(super) async fn order(call: Call) -> Result<Answer, Failure> {
    let account = call.caller().account;
    let order = ids::order_id(call.part(0)).ok_or(Code::NotFound)?;
    let found = call.app.core.call(move |core| own(&core.state, account, order).map(|row| core.state.order_json(row)));
    json(&GetOrderResponse { order: found.await?.ok_or(Code::NotFound)? })
}

pub(super) async fn queue_position(call: Call) -> Result<Answer, Failure> {
    let account = call.caller().account;
    let order = ids::order_id(call.part(0)).ok_or(Code::NotFound)?;
    let ahead = call.app.core.call(move |core| {
        own(&core.state, account, order)?;
        core.state.exchange.queue_ahead(order)
    });
    json(&GetOrderQueuePositionResponse { queue_position_fp: ahead.await?.ok_or(Code::NotFound)? })
}

pub(super) async fn queue_positions(call: Call) -> Result<Answer, Failure> {
    let query = QueuePositionsQuery::parse(&call.query)?;
    check_place(query.subaccount, None)?;
    let account = call.caller().account;
    let queue_positions = call.app.core.call(move |core| list_queue_positions(&core.state, account, &query));
    json(&GetOrderQueuePositionsResponse { queue_positions: queue_positions.await? })
}

/// One pass over each side on which the account has orders; oldest orders first.
fn list_queue_positions(state: &State, account: AccountId, query: &QueuePositionsQuery) -> Vec<OrderQueuePosition> {
    let keep = |market: &MarketId| {
        let market = state.market(*market);
        (query.market_tickers.is_empty() || query.market_tickers.contains(&market.names.ticker))
            && query.event_ticker.as_ref().is_none_or(|event| market.fixed.event_ticker == *event)
    };
    let markets = state.exchange.positions(account).map(|(market, _)| market).filter(keep);
    let sides = markets.flat_map(|market| [(market, BookSide::Bid), (market, BookSide::Ask)]);
    let mut found: Vec<(Option<u32>, OrderQueuePosition)> = Vec::new();
    for (market, side) in sides {
        for (order, queue_position_fp) in state.exchange.queue_positions(account, market, side) {
            let (order_id, market_ticker) = (ids::order_text(order), state.names(market).ticker.clone());
            let position = OrderQueuePosition { order_id, market_ticker, queue_position_fp };
            found.push((state.order_index(order), position));
        }
    }
    found.sort_unstable_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, position)| position).collect()
}
