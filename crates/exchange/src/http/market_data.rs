//! Series, events, markets, books, trades and candles.
//!
//! Source: reference sections 6, 7 and 13, 2026-11-20.

use brier_kalshi_protocol::errors::Code;
use brier_kalshi_protocol::rest::{
    BatchCandlesticksQuery, BatchGetMarketCandlesticksResponse, CandlesticksQuery, EventFeeChangesQuery, EventQuery,
    EventsQuery, GetEventFeeChangesResponse, GetEventResponse, GetEventsResponse, GetMarketCandlesticksResponse,
    GetMarketOrderbookResponse, GetMarketOrderbooksResponse, GetMarketResponse, GetMarketsResponse,
    GetSeriesFeeChangesResponse, GetSeriesListResponse, GetSeriesResponse, GetTradesResponse, MAX_BATCH_CANDLES,
    MarketCandlesticksResponse, MarketOrderbookFp, MarketStatusFilter, MarketsQuery, MveFilter, OrderbookQuery,
    OrderbooksQuery, Series, SeriesFeeChange, SeriesFeeChangesQuery, SeriesListQuery, SeriesQuery, TradesQuery,
};
use brier_matching::MarketId;
use brier_types::{Qty, Timestamp};

use super::page::Page;
use super::{Answer, Call, Failure, json};
use crate::state::{EventRow, State, sum};

/// Rows of a page when the caller does not say.
const DEFAULT_PAGE: usize = 100;
const DEFAULT_EVENTS: usize = 200;

const NOT_FOUND: Failure404 = Failure404;

/// The nested 404, by `?` from an `Option`.
#[derive(Clone, Copy)]
struct Failure404;

impl From<Failure404> for Failure {
    fn from(_: Failure404) -> Self {
        Code::NotFound.into()
    }
}

/// Whether `time` lies within bounds that may be absent.
pub(super) fn within(time: Timestamp, min: Option<Timestamp>, max: Option<Timestamp>) -> bool {
    min.is_none_or(|min| time >= min) && max.is_none_or(|max| time <= max)
}

fn is_combo(ticker: &str) -> bool {
    ticker.starts_with("KXMVE")
}

pub(super) async fn series_list(call: Call) -> Result<Answer, Failure> {
    let query = SeriesListQuery::parse(&call.query)?;
    let series = call.app.core.call(move |core| list_series(&core.state, &query)).await?;
    json(&GetSeriesListResponse { series })
}

fn list_series(state: &State, query: &SeriesListQuery) -> Vec<Series> {
    let keep = |series: &&Series| {
        let category = query.category.as_ref();
        category.is_none_or(|category| series.category == *category || series.categories.contains(category))
            && (query.tags.is_empty() || series.tags.iter().any(|tag| query.tags.contains(tag)))
            && within(series.last_updated_ts.unwrap_or(Timestamp::EPOCH), query.min_updated_ts, None)
    };
    let found = state.series.values().filter(keep);
    found.map(|series| series_json(state, series, query.include_volume == Some(true))).collect()
}

fn series_json(state: &State, series: &Series, volume: bool) -> Series {
    let mut series = series.clone();
    series.volume_fp = volume.then(|| {
        let own = state.markets.iter().filter(|market| market.series == series.ticker);
        own.fold(Qty::ZERO, |total, market| sum(total, market.volume))
    });
    series
}

pub(super) async fn series(call: Call) -> Result<Answer, Failure> {
    let query = SeriesQuery::parse(&call.query)?;
    let ticker = call.part(0).to_owned();
    let found = call.app.core.call(move |core| {
        let state = &core.state;
        let series = state.series.get(&ticker)?;
        Some(series_json(state, series, query.include_volume == Some(true)))
    });
    json(&GetSeriesResponse { series: found.await?.ok_or(NOT_FOUND)? })
}

/// Changes that were made, which are all of them: a change here takes effect at once and none is announced ahead, so
/// without `show_historical` there is none.
pub(super) async fn series_fee_changes(call: Call) -> Result<Answer, Failure> {
    let query = SeriesFeeChangesQuery::parse(&call.query)?;
    if query.show_historical != Some(true) {
        return json(&GetSeriesFeeChangesResponse { series_fee_change_arr: Vec::new() });
    }
    let keep = move |change: &&SeriesFeeChange| {
        query.series_ticker.as_ref().is_none_or(|series| change.series_ticker == *series)
    };
    let made = call.app.core.call(move |core| core.state.series_fee_changes.iter().filter(keep).cloned().collect());
    json(&GetSeriesFeeChangesResponse { series_fee_change_arr: made.await? })
}

/// Always none: the venue lists overrides to come, this query has no word for past ones, and changes here take effect at
/// once.
pub(super) fn event_fee_changes(call: &Call) -> Result<Answer, Failure> {
    EventFeeChangesQuery::parse(&call.query)?;
    json(&GetEventFeeChangesResponse { event_fee_changes: Vec::new(), cursor: String::new() })
}

pub(super) async fn events(call: Call) -> Result<Answer, Failure> {
    let query = EventsQuery::parse(&call.query)?;
    if query.status == Some(MarketStatusFilter::Paused) {
        return Err(Failure::parameter("status must be unopened, open, closed or settled"));
    }
    json(&call.app.core.call(move |core| list_events(&core.state, query)).await?)
}

fn list_events(state: &State, mut query: EventsQuery) -> GetEventsResponse {
    let (limit, cursor) = (query.limit.take(), query.cursor.take());
    let page = Page::new(limit, DEFAULT_EVENTS, cursor.as_deref(), &format!("events?{}", query.encode()));
    let nested = query.with_nested_markets == Some(true);
    let keep = |event: &EventRow| {
        let data = &event.data;
        !is_combo(&data.event_ticker)
            && query.series_ticker.as_ref().is_none_or(|series| data.series_ticker == *series)
            && (query.tickers.is_empty() || query.tickers.contains(&data.event_ticker))
            && query.status.is_none_or(|status| state.event_is(event, status))
            && within(data.last_updated_ts.unwrap_or(Timestamp::EPOCH), query.min_updated_ts, None)
            && query.min_close_ts.is_none_or(|min| {
                let mut closes = event.markets.iter().filter_map(|market| state.exchange.market(*market));
                closes.any(|market| market.close_time >= min)
            })
    };
    // In the order of tickers; the cursor is a position in it, which a new event may shift by one row.
    let skip = page.after().map_or(0, |after| usize::try_from(after).unwrap_or(usize::MAX).saturating_add(1));
    let rows = state.events.values().enumerate().skip(skip).filter(|(_, event)| keep(event));
    let (events, cursor) = page.take(rows.map(|(at, event)| (at as u64, state.event_json(event, nested))));
    GetEventsResponse { events, milestones: None, cursor }
}

pub(super) async fn event(call: Call) -> Result<Answer, Failure> {
    let query = EventQuery::parse(&call.query)?;
    let ticker = call.part(0).to_owned();
    let found = call.app.core.call(move |core| {
        let state = &core.state;
        let nested = query.with_nested_markets == Some(true);
        let event = state.events.get(&ticker)?;
        let beside = if nested { &[][..] } else { &event.markets };
        let markets = beside.iter().map(|market| state.market_json(*market)).collect();
        Some(GetEventResponse { event: state.event_json(event, nested), markets })
    });
    json(&found.await?.ok_or(NOT_FOUND)?)
}

pub(super) async fn markets(call: Call) -> Result<Answer, Failure> {
    let query = MarketsQuery::parse(&call.query)?;
    check_combination(&query)?;
    json(&call.app.core.call(move |core| list_markets(&core.state, query)).await?)
}

/// Which time filters go with which status.
///
/// Source: reference section 7.
fn check_combination(query: &MarketsQuery) -> Result<(), Failure> {
    use MarketStatusFilter::{Closed, Open, Settled, Unopened};
    let goes_with = |name: &str, bounds: [Option<Timestamp>; 2], allowed: &[MarketStatusFilter]| {
        let refused = query.status.is_some_and(|status| !allowed.contains(&status));
        if bounds.iter().any(Option::is_some) && refused {
            return Err(Failure::parameter(format!("{name} filters do not go with this status")));
        }
        Ok(())
    };
    goes_with("created time", [query.min_created_ts, query.max_created_ts], &[Unopened, Open])?;
    goes_with("close time", [query.min_close_ts, query.max_close_ts], &[Closed])?;
    goes_with("settled time", [query.min_settled_ts, query.max_settled_ts], &[Settled])?;
    if query.min_updated_ts.is_some() || query.max_updated_ts.is_some() {
        let alone = MarketsQuery {
            limit: query.limit,
            cursor: query.cursor.clone(),
            min_updated_ts: query.min_updated_ts,
            max_updated_ts: query.max_updated_ts,
            mve_filter: query.mve_filter,
            series_ticker: query.series_ticker.clone(),
            ..MarketsQuery::default()
        };
        let series_alone = query.series_ticker.is_none() || query.mve_filter == Some(MveFilter::Exclude);
        if alone != *query || query.mve_filter == Some(MveFilter::Only) || !series_alone {
            return Err(Failure::parameter("updated time filters go only with mve_filter=exclude and series_ticker"));
        }
    }
    Ok(())
}

fn list_markets(state: &State, mut query: MarketsQuery) -> GetMarketsResponse {
    let (limit, cursor) = (query.limit.take(), query.cursor.take());
    let page = Page::new(limit, DEFAULT_PAGE, cursor.as_deref(), &format!("markets?{}", query.encode()));
    let keep = |market: &&crate::state::MarketRow| {
        let id = market.names.id;
        let settled = |min: Option<Timestamp>, max: Option<Timestamp>| {
            (min.is_none() && max.is_none()) || market.settled_at.is_some_and(|at| within(at, min, max))
        };
        query.event_ticker.as_ref().is_none_or(|event| market.fixed.event_ticker == *event)
            && query.series_ticker.as_ref().is_none_or(|series| market.series == *series)
            && (query.tickers.is_empty() || query.tickers.contains(&market.names.ticker))
            && query.status.is_none_or(|status| status.finds(state.status(id)))
            && query.mve_filter.is_none_or(|filter| is_combo(&market.names.ticker) == (filter == MveFilter::Only))
            && within(market.fixed.created_time, query.min_created_ts, query.max_created_ts)
            && within(market.updated, query.min_updated_ts, query.max_updated_ts)
            && state
                .exchange
                .market(id)
                .is_some_and(|view| within(view.close_time, query.min_close_ts, query.max_close_ts))
            && settled(query.min_settled_ts, query.max_settled_ts)
    };
    // In the order of listing, so that a page never shifts.
    let skip = page.after().map_or(0, |after| usize::try_from(after).unwrap_or(usize::MAX).saturating_add(1));
    let rows = state.markets.iter().skip(skip).filter(keep);
    let rows = rows.map(|market| (u64::from(market.names.id.0), state.market_json(market.names.id)));
    let (markets, cursor) = page.take(rows);
    GetMarketsResponse { markets, cursor }
}

pub(super) async fn market(call: Call) -> Result<Answer, Failure> {
    let ticker = call.part(0).to_owned();
    let found = call.app.core.call(move |core| core.state.market_id(&ticker).map(|id| core.state.market_json(id)));
    json(&GetMarketResponse { market: found.await?.ok_or(NOT_FOUND)? })
}

pub(super) async fn order_book(call: Call) -> Result<Answer, Failure> {
    let query = OrderbookQuery::parse(&call.query)?;
    let (ticker, depth) = (call.part(0).to_owned(), query.depth.unwrap_or(0) as usize);
    let found = call.app.core.call(move |core| core.state.market_id(&ticker).map(|id| core.state.book_json(id, depth)));
    json(&GetMarketOrderbookResponse { orderbook_fp: found.await?.ok_or(NOT_FOUND)? })
}

pub(super) async fn order_books(call: Call) -> Result<Answer, Failure> {
    let query = OrderbooksQuery::parse(&call.query)?;
    let found = call.app.core.call(move |core| {
        let state = &core.state;
        let book = |ticker: String| {
            let orderbook_fp = state.book_json(state.market_id(&ticker)?, 0);
            Some(MarketOrderbookFp { ticker, orderbook_fp })
        };
        query.tickers.into_iter().map(book).collect::<Option<Vec<_>>>()
    });
    json(&GetMarketOrderbooksResponse { orderbooks: found.await?.ok_or(NOT_FOUND)? })
}

pub(super) async fn trades(call: Call) -> Result<Answer, Failure> {
    let query = TradesQuery::parse(&call.query)?;
    json(&call.app.core.call(move |core| list_trades(&core.state, query)).await?)
}

fn list_trades(state: &State, mut query: TradesQuery) -> GetTradesResponse {
    let (limit, cursor) = (query.limit.take(), query.cursor.take());
    let page = Page::new(limit, DEFAULT_PAGE, cursor.as_deref(), &format!("trades?{}", query.encode()));
    let (min, max) = (query.min_ts, query.max_ts);
    // There are no block trades.
    let any = query.is_block_trade != Some(true);
    let show = |trade: &crate::state::TradeRow| (any && within(trade.at, min, max)).then(|| state.trade_json(trade));
    let (trades, cursor) = match query.ticker {
        None => page.take_newest(&state.trades, show),
        Some(ticker) => {
            let own = state.market_id(&ticker).map_or(&[][..], |id| &state.market(id).trades);
            page.take_newest(own, |index| show(&state.trades[*index as usize]))
        }
    };
    GetTradesResponse { trades, cursor }
}

/// The period in minutes, which must be one of three.
fn period(minutes: u32) -> Result<i64, Failure> {
    match minutes {
        1 | 60 | 1_440 => Ok(i64::from(minutes)),
        _ => Err(Failure::parameter(format!("period_interval must be 1, 60 or 1440, found {minutes}"))),
    }
}

pub(super) async fn candlesticks(call: Call) -> Result<Answer, Failure> {
    let query = CandlesticksQuery::parse(&call.query)?;
    let minutes = period(query.period_interval)?;
    let (series, ticker) = (call.part(0).to_owned(), call.part(1).to_owned());
    let found = call.app.core.call(move |core| {
        let id = core.state.market_id(&ticker).filter(|id| core.state.market(*id).series == series)?;
        let lead = query.include_latest_before_start == Some(true);
        let candles = &core.state.market(id).candles;
        let candlesticks = candles.read(query.start_ts.secs(), query.end_ts.secs(), minutes, lead);
        Some(GetMarketCandlesticksResponse { ticker, candlesticks })
    });
    json(&found.await?.ok_or(NOT_FOUND)?)
}

pub(super) async fn batch_candlesticks(call: Call) -> Result<Answer, Failure> {
    let query = BatchCandlesticksQuery::parse(&call.query)?;
    let minutes = period(query.period_interval)?;
    let found = call.app.core.call(move |core| {
        let lead = query.include_latest_before_start == Some(true);
        let one = |market_ticker: String| {
            let id: MarketId = core.state.market_id(&market_ticker)?;
            let candles = &core.state.market(id).candles;
            let candlesticks = candles.read(query.start_ts.secs(), query.end_ts.secs(), minutes, lead);
            Some(MarketCandlesticksResponse { market_ticker, candlesticks })
        };
        query.market_tickers.into_iter().map(one).collect::<Option<Vec<_>>>()
    });
    let markets = found.await?.ok_or(NOT_FOUND)?;
    let count: usize = markets.iter().map(|market| market.candlesticks.len()).sum();
    if count > MAX_BATCH_CANDLES {
        return Err(Failure::parameter(format!("at most {MAX_BATCH_CANDLES} candlesticks, found {count}")));
    }
    json(&BatchGetMarketCandlesticksResponse { markets })
}
