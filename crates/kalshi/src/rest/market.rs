//! Exchange status, series, events, markets, order books, trades and candlesticks: all public.
//!
//! Source: reference sections 6.4, 6.5, 7 and 13, 2026-11-20.

use brier_kalshi_protocol::rest::{
    BatchGetMarketCandlesticksResponse, EventData, ExchangeStatus, GetEventResponse, GetMarketCandlesticksResponse,
    GetMarketOrderbookResponse, GetMarketOrderbooksResponse, GetMarketResponse, GetMarketsResponse,
    GetSeriesListResponse, GetSeriesResponse, GetTradesResponse, GetUserDataTimestampResponse, Market,
    MarketCandlestick, MarketCandlesticksResponse, MarketOrderbookFp, MarketStatusFilter, OrderbookCountFp, Series,
    Trade,
};
use brier_types::{EventTicker, MarketTicker, SeriesTicker, Timestamp};
use reqwest::Method;

use super::{Pages, comma_list};
use crate::client::Client;
use crate::error::KalshiError;
use crate::request::Call;

/// Whether combos are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MveFilter {
    /// Combos only.
    Only,
    /// Everything else.
    Exclude,
}

impl std::fmt::Display for MveFilter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Only => "only",
            Self::Exclude => "exclude",
        })
    }
}

/// Which events are listed. The default lists all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventsFilter {
    /// Events with a market of this status.
    pub status: Option<MarketStatusFilter>,
    /// Events of one series.
    pub series: Option<SeriesTicker>,
    /// These events only.
    pub tickers: Vec<EventTicker>,
    /// Events with a market that closes at or after.
    pub min_close: Option<Timestamp>,
    /// Events changed at or after.
    pub min_updated: Option<Timestamp>,
    /// Whether their markets come with them.
    pub with_markets: bool,
}

/// Which markets are listed. The default lists all of them.
///
/// The venue accepts a time filter only with the status it belongs to: created with `unopened`, `open` or none, closing
/// with `closed` or none, settled with `settled` or none; updated alone, with combos excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarketsFilter {
    /// The filter word, which is not the market's own status word.
    pub status: Option<MarketStatusFilter>,
    /// Markets of one event.
    pub event: Option<EventTicker>,
    /// Markets of one series.
    pub series: Option<SeriesTicker>,
    /// These markets only.
    pub tickers: Vec<MarketTicker>,
    /// Created at or after, and at or before.
    pub created: (Option<Timestamp>, Option<Timestamp>),
    /// Closing at or after, and at or before.
    pub closing: (Option<Timestamp>, Option<Timestamp>),
    /// Settled at or after, and at or before.
    pub settled: (Option<Timestamp>, Option<Timestamp>),
    /// Updated at or after, and at or before.
    pub updated: (Option<Timestamp>, Option<Timestamp>),
    /// Whether combos are among them.
    pub mve: Option<MveFilter>,
}

/// Which public trades are listed. The default lists all that the live data still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradesFilter {
    /// Trades of one market.
    pub market: Option<MarketTicker>,
    /// At or after.
    pub min_time: Option<Timestamp>,
    /// At or before.
    pub max_time: Option<Timestamp>,
}

/// The length of a candle. The venue has three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CandleInterval {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day.
    Day,
}

impl CandleInterval {
    /// Minutes, as the venue counts.
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
            Self::Day => 1_440,
        }
    }
}

/// Which candles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CandleSpan {
    /// First moment.
    pub start: Timestamp,
    /// Last moment.
    pub end: Timestamp,
    /// Their length.
    pub interval: CandleInterval,
    /// Whether one synthetic candle before the span is asked for, which carries the state at its start.
    pub with_one_before: bool,
}

fn secs(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::secs)
}

fn span(call: Call, span: &CandleSpan) -> Call {
    call.query("start_ts", span.start.secs())
        .query("end_ts", span.end.secs())
        .query("period_interval", span.interval.minutes())
        .query_opt("include_latest_before_start", span.with_one_before.then_some(true))
}

fn get(operation: &'static str, template: &'static str, names: &[&str]) -> Result<Call, KalshiError> {
    Ok(Call::new(operation, Method::GET, template, names)?.public())
}

impl Client {
    /// Whether the exchange and its shards trade.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn exchange_status(&self) -> Result<ExchangeStatus, KalshiError> {
        self.json(&get("exchange status", "/exchange/status", &[])?).await
    }

    /// The time up to which balance, orders, fills and positions can be read: reads lag writes by up to a second.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn user_data_timestamp(&self) -> Result<Timestamp, KalshiError> {
        let call = get("user data timestamp", "/exchange/user_data_timestamp", &[])?;
        Ok(self.json::<GetUserDataTimestampResponse>(&call).await?.as_of_time)
    }

    /// All series, of one category if given. The venue does not page this list.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn series_list(&self, category: Option<&str>) -> Result<Vec<Series>, KalshiError> {
        let call = get("list series", "/series", &[])?.query_opt("category", category);
        Ok(self.json::<GetSeriesListResponse>(&call).await?.series)
    }

    /// One series.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown.
    pub async fn series(&self, series: &SeriesTicker) -> Result<Series, KalshiError> {
        let call = get("read series", "/series/{series_ticker}", &[series.as_str()])?;
        Ok(self.json::<GetSeriesResponse>(&call).await?.series)
    }

    /// Events, without combos.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn events(&self, filter: &EventsFilter) -> Result<Pages<EventData>, KalshiError> {
        let call = get("list events", "/events", &[])?
            .query("limit", 200)
            .query_opt("with_nested_markets", filter.with_markets.then_some(true))
            .query_opt("status", filter.status)
            .query_opt("series_ticker", filter.series.as_ref())
            .query_opt("tickers", comma_list(&filter.tickers))
            .query_opt("min_close_ts", secs(filter.min_close))
            .query_opt("min_updated_ts", secs(filter.min_updated));
        Ok(Pages::new::<brier_kalshi_protocol::rest::GetEventsResponse>(self, call))
    }

    /// One event with its markets.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown.
    pub async fn event(&self, event: &EventTicker) -> Result<GetEventResponse, KalshiError> {
        self.json(&get("read event", "/events/{event_ticker}", &[event.as_str()])?).await
    }

    /// Markets.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn markets(&self, filter: &MarketsFilter) -> Result<Pages<Market>, KalshiError> {
        let call = get("list markets", "/markets", &[])?
            .query("limit", 1_000)
            .query_opt("status", filter.status)
            .query_opt("event_ticker", filter.event.as_ref())
            .query_opt("series_ticker", filter.series.as_ref())
            .query_opt("tickers", comma_list(&filter.tickers))
            .query_opt("min_created_ts", secs(filter.created.0))
            .query_opt("max_created_ts", secs(filter.created.1))
            .query_opt("min_close_ts", secs(filter.closing.0))
            .query_opt("max_close_ts", secs(filter.closing.1))
            .query_opt("min_settled_ts", secs(filter.settled.0))
            .query_opt("max_settled_ts", secs(filter.settled.1))
            .query_opt("min_updated_ts", secs(filter.updated.0))
            .query_opt("max_updated_ts", secs(filter.updated.1))
            .query_opt("mve_filter", filter.mve);
        Ok(Pages::new::<GetMarketsResponse>(self, call))
    }

    /// One market. May be 404 for a moment after the stream announced it.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown.
    pub async fn market(&self, market: &MarketTicker) -> Result<Market, KalshiError> {
        let call = get("read market", "/markets/{ticker}", &[market.as_str()])?;
        Ok(self.json::<GetMarketResponse>(&call).await?.market)
    }

    /// The book of a market, both bid ladders as the venue keeps them; `depth` levels of each, all with `None`.
    ///
    /// # Errors
    /// Those of a read; 404 when the market is unknown.
    pub async fn orderbook(&self, market: &MarketTicker, depth: Option<u8>) -> Result<OrderbookCountFp, KalshiError> {
        let call = get("read order book", "/markets/{ticker}/orderbook", &[market.as_str()])?.query_opt("depth", depth);
        Ok(self.json::<GetMarketOrderbookResponse>(&call).await?.orderbook_fp)
    }

    /// The books of any number of markets, in as many calls as the venue needs (200 markets each).
    ///
    /// # Errors
    /// Those of a read.
    pub async fn orderbooks(&self, markets: &[MarketTicker]) -> Result<Vec<MarketOrderbookFp>, KalshiError> {
        let mut books = Vec::with_capacity(markets.len());
        for chunk in markets.chunks(200) {
            let mut call = get("read order books", "/markets/orderbooks", &[])?;
            for market in chunk {
                call = call.query("tickers", market);
            }
            books.extend(self.json::<GetMarketOrderbooksResponse>(&call).await?.orderbooks);
        }
        Ok(books)
    }

    /// Public trades, newest first.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn trades(&self, filter: &TradesFilter) -> Result<Pages<Trade>, KalshiError> {
        let call = get("list trades", "/markets/trades", &[])?
            .query("limit", 1_000)
            .query_opt("ticker", filter.market.as_ref())
            .query_opt("min_ts", secs(filter.min_time))
            .query_opt("max_ts", secs(filter.max_time));
        Ok(Pages::new::<GetTradesResponse>(self, call))
    }

    /// Candles of one market. Minutes without any change may be missing.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn candlesticks(
        &self,
        series: &SeriesTicker,
        market: &MarketTicker,
        candles: &CandleSpan,
    ) -> Result<Vec<MarketCandlestick>, KalshiError> {
        let template = "/series/{series_ticker}/markets/{ticker}/candlesticks";
        let call = span(get("read candlesticks", template, &[series.as_str(), market.as_str()])?, candles);
        Ok(self.json::<GetMarketCandlesticksResponse>(&call).await?.candlesticks)
    }

    /// Candles of up to 100 markets and 10,000 candles in all, which the venue refuses to exceed.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn candlesticks_of(
        &self,
        markets: &[MarketTicker],
        candles: &CandleSpan,
    ) -> Result<Vec<MarketCandlesticksResponse>, KalshiError> {
        let tickers = comma_list(markets).ok_or_else(|| KalshiError::Request {
            operation: "read candlesticks",
            problem: "expected at least one market, found none".to_owned(),
        })?;
        let call = get("read candlesticks", "/markets/candlesticks", &[])?.query("market_tickers", tickers);
        Ok(self.json::<BatchGetMarketCandlesticksResponse>(&span(call, candles)).await?.markets)
    }
}
