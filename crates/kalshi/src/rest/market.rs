//! Exchange status, series, events, markets, order books, trades and candlesticks: all public.
//!
//! Source: reference sections 6.4, 6.5, 7 and 13, 2026-11-20.

use brier_kalshi_protocol::rest::{
    BatchCandlesticksQuery, BatchGetMarketCandlesticksResponse, CandlesticksQuery, EventData, EventsQuery,
    ExchangeStatus, GetEventResponse, GetEventsResponse, GetMarketCandlesticksResponse, GetMarketOrderbookResponse,
    GetMarketOrderbooksResponse, GetMarketResponse, GetMarketsResponse, GetSeriesListResponse, GetSeriesResponse,
    GetTradesResponse, GetUserDataTimestampResponse, Market, MarketCandlestick, MarketCandlesticksResponse,
    MarketOrderbookFp, MarketsQuery, Operation, OrderbookCountFp, OrderbookQuery, OrderbooksQuery, Series,
    SeriesListQuery, Trade, TradesQuery,
};
use brier_types::{EventTicker, MarketTicker, SeriesTicker, Timestamp};

use super::Pages;
use crate::client::Client;
use crate::error::KalshiError;
use crate::request::Call;

/// How many markets `GET /markets/orderbooks` takes.
const MAX_BOOKS: usize = 200;

impl Client {
    /// Whether the exchange and its shards trade.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn exchange_status(&self) -> Result<ExchangeStatus, KalshiError> {
        self.json(&Call::new("exchange status", Operation::GetExchangeStatus, &[])?).await
    }

    /// The time up to which balance, orders, fills and positions can be read: reads lag writes by up to a second.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn user_data_timestamp(&self) -> Result<Timestamp, KalshiError> {
        let call = Call::new("user data timestamp", Operation::GetUserDataTimestamp, &[])?;
        Ok(self.json::<GetUserDataTimestampResponse>(&call).await?.as_of_time)
    }

    /// Series. The venue does not page this list.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn series_list(&self, query: &SeriesListQuery) -> Result<Vec<Series>, KalshiError> {
        let call = Call::new("list series", Operation::GetSeriesList, &[])?.query(query.encode());
        Ok(self.json::<GetSeriesListResponse>(&call).await?.series)
    }

    /// One series.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown.
    pub async fn series(&self, series: &SeriesTicker) -> Result<Series, KalshiError> {
        let call = Call::new("read series", Operation::GetSeries, &[series.as_str()])?;
        Ok(self.json::<GetSeriesResponse>(&call).await?.series)
    }

    /// Events, without combos.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn events(&self, query: EventsQuery) -> Result<Pages<EventData>, KalshiError> {
        let query = EventsQuery { limit: query.limit.or(Some(200)), cursor: None, ..query };
        let call = Call::new("list events", Operation::GetEvents, &[])?.query(query.encode());
        Ok(Pages::new::<GetEventsResponse>(self, call))
    }

    /// One event with its markets beside it.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown.
    pub async fn event(&self, event: &EventTicker) -> Result<GetEventResponse, KalshiError> {
        self.json(&Call::new("read event", Operation::GetEvent, &[event.as_str()])?).await
    }

    /// Markets. The venue accepts a time filter only with the status it belongs to: created with `unopened`, `open` or
    /// none, closing with `closed` or none, settled with `settled` or none; updated alone, with combos excluded.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn markets(&self, query: MarketsQuery) -> Result<Pages<Market>, KalshiError> {
        let query = MarketsQuery { limit: query.limit.or(Some(1_000)), cursor: None, ..query };
        let call = Call::new("list markets", Operation::GetMarkets, &[])?.query(query.encode());
        Ok(Pages::new::<GetMarketsResponse>(self, call))
    }

    /// One market. May be 404 for a moment after the stream announced it.
    ///
    /// # Errors
    /// Those of a read; 404 when it is unknown.
    pub async fn market(&self, market: &MarketTicker) -> Result<Market, KalshiError> {
        let call = Call::new("read market", Operation::GetMarket, &[market.as_str()])?;
        Ok(self.json::<GetMarketResponse>(&call).await?.market)
    }

    /// The book of a market, both bid ladders as the venue keeps them; `depth` levels of each, all with `None`.
    ///
    /// # Errors
    /// Those of a read; 404 when the market is unknown.
    pub async fn orderbook(&self, market: &MarketTicker, depth: Option<u32>) -> Result<OrderbookCountFp, KalshiError> {
        let call = Call::new("read order book", Operation::GetMarketOrderbook, &[market.as_str()])?
            .query(OrderbookQuery { depth }.encode());
        Ok(self.json::<GetMarketOrderbookResponse>(&call).await?.orderbook_fp)
    }

    /// The books of any number of markets, in as many calls as the venue needs (200 markets each).
    ///
    /// # Errors
    /// Those of a read.
    pub async fn orderbooks(&self, markets: &[MarketTicker]) -> Result<Vec<MarketOrderbookFp>, KalshiError> {
        let mut books = Vec::with_capacity(markets.len());
        for chunk in markets.chunks(MAX_BOOKS) {
            let query = OrderbooksQuery { tickers: chunk.iter().map(ToString::to_string).collect() };
            let call = Call::new("read order books", Operation::GetMarketOrderbooks, &[])?.query(query.encode());
            books.extend(self.json::<GetMarketOrderbooksResponse>(&call).await?.orderbooks);
        }
        Ok(books)
    }

    /// Public trades, newest first.
    ///
    /// # Errors
    /// None yet: the pages have them.
    pub fn trades(&self, query: TradesQuery) -> Result<Pages<Trade>, KalshiError> {
        let query = TradesQuery { limit: query.limit.or(Some(1_000)), cursor: None, ..query };
        let call = Call::new("list trades", Operation::GetTrades, &[])?.query(query.encode());
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
        query: &CandlesticksQuery,
    ) -> Result<Vec<MarketCandlestick>, KalshiError> {
        let parts = [series.as_str(), market.as_str()];
        let call = Call::new("read candlesticks", Operation::GetMarketCandlesticks, &parts)?.query(query.encode());
        Ok(self.json::<GetMarketCandlesticksResponse>(&call).await?.candlesticks)
    }

    /// Candles of up to 100 markets and 10,000 candles in all, which the venue refuses to exceed.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn candlesticks_of(
        &self,
        query: &BatchCandlesticksQuery,
    ) -> Result<Vec<MarketCandlesticksResponse>, KalshiError> {
        let call = Call::new("read candlesticks", Operation::BatchGetMarketCandlesticks, &[])?.query(query.encode());
        Ok(self.json::<BatchGetMarketCandlesticksResponse>(&call).await?.markets)
    }
}
