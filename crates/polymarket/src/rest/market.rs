//! Time, books, prices and terms of markets: reads that need no key.
//!
//! Source: reference, sections 8.1 to 8.3, 2026-11-20.

use std::collections::BTreeMap;

use brier_polymarket_protocol::clob::{
    Book, ClobMarket, LastTradePrice, Market, MarketByToken, Midpoint, NegRiskReply, PriceHistory, PricePoint,
    PriceReply, SidePrices, SimplifiedMarket, SpreadReply, TickSizeReply, TokenRequest, Version,
};
use brier_polymarket_protocol::ids::{ConditionId, Side, TokenId};
use brier_polymarket_protocol::tick::TickSize;
use brier_types::{Money, Price, Timestamp};

use super::Pages;
use crate::client::{Client, unreadable};
use crate::clock::Clock;
use crate::env::Service::Clob;
use crate::error::PolymarketError;
use crate::request::Call;

/// Most tokens in one request for books or prices.
const MAX_TOKENS: usize = 500;

/// Which samples of a token's price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// From when; without it, all there is.
    pub start: Option<Timestamp>,
    /// Until when.
    pub end: Option<Timestamp>,
    /// Minutes between samples.
    pub fidelity_minutes: Option<u32>,
}

impl Client {
    /// Asks the venue's time `samples` times and corrects the clock that requests are signed with. Returns the last answer.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn sync_clock(&self, samples: u32) -> Result<Timestamp, PolymarketError> {
        let call = Call::get("read time", Clob, "/time");
        let mut last = Timestamp::EPOCH;
        for _ in 0..samples.max(1) {
            let sent = Clock::local_now();
            let reply = self.run(&call).await?;
            let seconds: i64 = crate::client::parse(&call, &reply)?;
            let out_of_range = || unreadable(&call, &reply, "Unix seconds", format!("{seconds}"));
            last = Timestamp::from_secs(seconds).ok_or_else(out_of_range)?;
            // Behind a retry the answer is older than `sent` says, which only widens the bounds.
            self.observe_time(sent, last);
        }
        Ok(last)
    }

    /// Which generation of orders the exchange takes: 2 for V2 and V3.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn version(&self) -> Result<u32, PolymarketError> {
        Ok(self.json::<Version>(&Call::get("read version", Clob, "/version")).await?.version)
    }

    /// All levels of one token.
    ///
    /// # Errors
    /// Those of a read; 404 when it has no book.
    pub async fn book(&self, token: TokenId) -> Result<Book, PolymarketError> {
        self.json(&Call::get("read book", Clob, "/book").param("token_id", token)).await
    }

    /// All levels of many tokens, in any order; a token without a book is left out by the venue.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn books(&self, tokens: &[TokenId]) -> Result<Vec<Book>, PolymarketError> {
        let mut books = Vec::with_capacity(tokens.len());
        for chunk in tokens.chunks(MAX_TOKENS) {
            let call = Call::ask("read books", Clob, "/books").json(&requests(chunk, None))?;
            books.extend(self.json::<Vec<Book>>(&call).await?);
        }
        Ok(books)
    }

    /// The best bid (`Buy`) or best ask (`Sell`) of one token.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn price(&self, token: TokenId, side: Side) -> Result<Price, PolymarketError> {
        let call = Call::get("read price", Clob, "/price").param("token_id", token).param("side", side.word());
        Ok(self.json::<PriceReply>(&call).await?.price)
    }

    /// The best bids and asks of many tokens.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn prices(&self, tokens: &[TokenId]) -> Result<BTreeMap<String, SidePrices>, PolymarketError> {
        let mut prices = BTreeMap::new();
        for chunk in tokens.chunks(MAX_TOKENS / 2) {
            let mut wanted = requests(chunk, Some(Side::Buy));
            wanted.extend(requests(chunk, Some(Side::Sell)));
            let call = Call::ask("read prices", Clob, "/prices").json(&wanted)?;
            prices.extend(self.json::<BTreeMap<String, SidePrices>>(&call).await?);
        }
        Ok(prices)
    }

    /// The middle of one token's book, which may lie between two price steps.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn midpoint(&self, token: TokenId) -> Result<Money, PolymarketError> {
        let call = Call::get("read midpoint", Clob, "/midpoint").param("token_id", token);
        let reply = self.run(&call).await?;
        let middle: Midpoint = crate::client::parse(&call, &reply)?;
        middle.mid.or(middle.mid_price).ok_or_else(|| unreadable(&call, &reply, "a middle", "none".to_owned()))
    }

    /// Best ask less best bid of one token.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn spread(&self, token: TokenId) -> Result<Price, PolymarketError> {
        let call = Call::get("read spread", Clob, "/spread").param("token_id", token);
        Ok(self.json::<SpreadReply>(&call).await?.spread)
    }

    /// The last trade of one token; without one, 0.5 and no side.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn last_trade_price(&self, token: TokenId) -> Result<LastTradePrice, PolymarketError> {
        self.json(&Call::get("read last trade", Clob, "/last-trade-price").param("token_id", token)).await
    }

    /// The price step of one token.
    ///
    /// # Errors
    /// Those of a read, and [`PolymarketError::Unreadable`] for a step that is none of the venue's.
    pub async fn tick_size(&self, token: TokenId) -> Result<TickSize, PolymarketError> {
        let call = Call::get("read tick size", Clob, "/tick-size").param("token_id", token);
        let reply = self.run(&call).await?;
        let step = crate::client::parse::<TickSizeReply>(&call, &reply)?.minimum_tick_size;
        TickSize::from_price(step)
            .ok_or_else(|| unreadable(&call, &reply, "a price step of the venue", step.to_string()))
    }

    /// Whether one token trades on the negative-risk exchange.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn neg_risk(&self, token: TokenId) -> Result<bool, PolymarketError> {
        let call = Call::get("read negative risk", Clob, "/neg-risk").param("token_id", token);
        Ok(self.json::<NegRiskReply>(&call).await?.neg_risk)
    }

    /// What an order for a market needs to know.
    ///
    /// # Errors
    /// Those of a read; 404 for some minutes after Gamma shows a new market.
    pub async fn clob_market(&self, condition: ConditionId) -> Result<ClobMarket, PolymarketError> {
        self.json(&Call::get("read market", Clob, "/clob-markets").segment(&condition.to_string())?).await
    }

    /// The market of a token.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn market_by_token(&self, token: TokenId) -> Result<MarketByToken, PolymarketError> {
        self.json(&Call::get("read market of token", Clob, "/markets-by-token").segment(&token.to_string())?).await
    }

    /// One market as the order book knows it.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn order_book_market(&self, condition: ConditionId) -> Result<Market, PolymarketError> {
        self.json(&Call::get("read market", Clob, "/markets").segment(&condition.to_string())?).await
    }

    /// All markets as the order book knows them, ended ones too.
    pub fn order_book_markets(&self) -> Pages<Market> {
        Pages::of_clob(self, Call::get("list markets", Clob, "/markets"))
    }

    /// All markets as the order book knows them, in few words.
    pub fn simplified_markets(&self) -> Pages<SimplifiedMarket> {
        Pages::of_clob(self, Call::get("list markets", Clob, "/simplified-markets"))
    }

    /// Markets that pay liquidity rewards.
    pub fn sampling_markets(&self) -> Pages<Market> {
        Pages::of_clob(self, Call::get("list sampling markets", Clob, "/sampling-markets"))
    }

    /// Samples of a token's price.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn price_history(&self, token: TokenId, query: HistoryQuery) -> Result<Vec<PricePoint>, PolymarketError> {
        let interval = (query.start.is_none() && query.end.is_none()).then_some("max");
        let call = Call::get("read price history", Clob, "/prices-history")
            .param("market", token)
            .maybe("startTs", query.start.map(Timestamp::secs))
            .maybe("endTs", query.end.map(Timestamp::secs))
            .maybe("interval", interval)
            .maybe("fidelity", query.fidelity_minutes);
        Ok(self.json::<PriceHistory>(&call).await?.history)
    }
}

fn requests(tokens: &[TokenId], side: Option<Side>) -> Vec<TokenRequest> {
    tokens.iter().map(|token| TokenRequest { token_id: token.to_string(), side }).collect()
}
