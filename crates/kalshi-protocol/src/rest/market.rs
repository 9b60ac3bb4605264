//! Series, events, markets, order books, trades and candlesticks.
//!
//! Source: reference sections 6, 7, 13 and 14 (docs.kalshi.com "get markets", "get events", "get series"), 2026-11-20.

use brier_types::{Money, Price, Qty, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::words::{
    BookSide, CollateralReturnType, FeeTypeWord, MarketStatus, MarketType, OutcomeSide, ResultWord,
    SettlementBoundsType, StrikeType,
};
use crate::wire::{self, Ladder};

/// One yes-no proposition, with its quotes and rules.
///
/// Where there is no quote the bid is 0, the ask 0 or 1 and its size zero. NO prices are complements of YES prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Market {
    /// The market's name.
    pub ticker: String,
    /// The event it belongs to.
    pub event_ticker: String,
    /// Kind of payout.
    pub market_type: MarketType,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// What YES stands for.
    pub yes_sub_title: String,
    /// What NO stands for.
    pub no_sub_title: String,
    /// When it was made.
    #[serde(with = "wire::rfc3339")]
    pub created_time: Timestamp,
    /// When it last changed.
    #[serde(with = "wire::rfc3339")]
    pub updated_time: Timestamp,
    /// When trading starts.
    #[serde(with = "wire::rfc3339")]
    pub open_time: Timestamp,
    /// When trading ends.
    #[serde(with = "wire::rfc3339")]
    pub close_time: Timestamp,
    /// When the result is expected; may lie before the close time.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub expected_expiration_time: Option<Timestamp>,
    /// Legacy.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Timestamp>,
    /// When the result is known at the latest.
    #[serde(with = "wire::rfc3339")]
    pub latest_expiration_time: Timestamp,
    /// Seconds from determination to payout.
    pub settlement_timer_seconds: i64,
    /// Where it is in its life.
    pub status: MarketStatus,
    /// Best YES bid.
    #[serde(with = "wire::dollars")]
    pub yes_bid_dollars: Price,
    /// Contracts at the best YES bid.
    #[serde(with = "wire::count")]
    pub yes_bid_size_fp: Qty,
    /// Best YES ask.
    #[serde(with = "wire::dollars")]
    pub yes_ask_dollars: Price,
    /// Contracts at the best YES ask.
    #[serde(with = "wire::count")]
    pub yes_ask_size_fp: Qty,
    /// Best NO bid.
    #[serde(with = "wire::dollars")]
    pub no_bid_dollars: Price,
    /// Best NO ask.
    #[serde(with = "wire::dollars")]
    pub no_ask_dollars: Price,
    /// YES price of the last trade, 0 when there was none.
    #[serde(with = "wire::dollars")]
    pub last_price_dollars: Price,
    /// Contracts traded.
    #[serde(with = "wire::count")]
    pub volume_fp: Qty,
    /// Contracts traded in the last 24 hours.
    #[serde(with = "wire::count")]
    pub volume_24h_fp: Qty,
    /// The outcome; empty before determination.
    pub result: ResultWord,
    /// Whether trading may end before the close time.
    pub can_close_early: bool,
    /// Contracts held.
    #[serde(with = "wire::count")]
    pub open_interest_fp: Qty,
    /// What a pair of YES and NO is worth.
    #[serde(with = "wire::dollars")]
    pub notional_value_dollars: Money,
    /// Best YES bid a day ago.
    #[serde(with = "wire::dollars")]
    pub previous_yes_bid_dollars: Price,
    /// Best YES ask a day ago.
    #[serde(with = "wire::dollars")]
    pub previous_yes_ask_dollars: Price,
    /// Last price a day ago.
    #[serde(with = "wire::dollars")]
    pub previous_price_dollars: Price,
    /// What one YES contract pays, once determined.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub settlement_value_dollars: Option<Price>,
    /// When it was paid.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub settlement_ts: Option<Timestamp>,
    /// Whether the YES payout has a floor. Required since SDK 3.31; older answers lack it.
    #[serde(default = "SettlementBoundsType::before_bounds")]
    pub settlement_bounds_type: SettlementBoundsType,
    /// The least YES can pay.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub settlement_floor_dollars: Option<Price>,
    /// The observed value as text.
    pub expiration_value: String,
    /// When the thing asked about happens.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub occurrence_datetime: Option<Timestamp>,
    /// Until when trading is free of fees.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub fee_waiver_expiration_time: Option<Timestamp>,
    /// What lets trading end early, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_close_condition: Option<String>,
    /// How the strikes are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_type: Option<StrikeType>,
    /// Lower strike, in the unit of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_strike: Option<Number>,
    /// Upper strike, in the unit of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_strike: Option<Number>,
    /// A strike as a formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functional_strike: Option<String>,
    /// Strikes by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_strike: Option<Map<String, Value>>,
    /// The rules, for people.
    pub rules_primary: String,
    /// More rules, for people.
    pub rules_secondary: String,
    /// The combo collection it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mve_collection_ticker: Option<String>,
    /// The parts of a combo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mve_selected_legs: Option<Vec<MveSelectedLeg>>,
    /// The participant it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_participant_key: Option<String>,
    /// Label of the price grid; `price_ranges` leads.
    pub price_level_structure: String,
    /// The price grid.
    pub price_ranges: Vec<PriceRange>,
    /// Whether it may vanish without activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_provisional: Option<bool>,
    /// The shard it trades on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// One band of a price grid, in dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRange {
    /// First price.
    #[serde(with = "wire::dollars")]
    pub start: Price,
    /// Where the band ends.
    #[serde(with = "wire::dollars")]
    pub end: Price,
    /// Distance between prices.
    #[serde(with = "wire::dollars")]
    pub step: Price,
}

/// One part of a combo market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MveSelectedLeg {
    /// Its event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_ticker: Option<String>,
    /// Its market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_ticker: Option<String>,
    /// The outcome wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    /// What YES of the part paid.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub yes_settlement_value_dollars: Option<Price>,
}

/// One real-world question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventData {
    /// The event's name.
    pub event_ticker: String,
    /// The series it belongs to.
    pub series_ticker: String,
    /// For people.
    pub sub_title: String,
    /// For people.
    pub title: String,
    /// How its markets share collateral.
    pub collateral_return_type: CollateralReturnType,
    /// Whether at most one market resolves YES.
    pub mutually_exclusive: bool,
    /// The venue's category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The date asked about.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub strike_date: Option<Timestamp>,
    /// The period asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_period: Option<String>,
    /// Its markets, when asked for with `with_nested_markets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markets: Option<Vec<Market>>,
    /// What apps show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_metadata: Option<Map<String, Value>>,
    /// Where the result comes from.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub settlement_sources: Vec<SettlementSource>,
    /// When it last changed.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub last_updated_ts: Option<Timestamp>,
    /// Fee type in place of the series'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_type_override: Option<FeeTypeWord>,
    /// Fee multiplier in place of the series'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_multiplier_override: Option<Number>,
    /// The shard its markets trade on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// Where a result comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementSource {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A recurring family of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The series' name.
    pub ticker: String,
    /// How often it recurs, for people.
    pub frequency: String,
    /// For people.
    pub title: String,
    /// The venue's category.
    pub category: String,
    /// All its categories. Required since SDK 3.30; older answers lack it.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub categories: Vec<String>,
    /// Search words.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub tags: Vec<String>,
    /// Where results come from.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub settlement_sources: Vec<SettlementSource>,
    /// The certification.
    pub contract_url: String,
    /// The terms.
    pub contract_terms_url: String,
    /// What apps show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_metadata: Option<Map<String, Value>>,
    /// How it charges.
    pub fee_type: FeeTypeWord,
    /// How much it charges; see [`Series::fees`].
    pub fee_multiplier: Number,
    /// Who may not trade it.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub additional_prohibitions: Vec<String>,
    /// Contracts traded, when asked for with `include_volume`.
    #[serde(with = "wire::count", default, skip_serializing_if = "Option::is_none")]
    pub volume_fp: Option<Qty>,
    /// When it last changed.
    #[serde(with = "wire::rfc3339", default, skip_serializing_if = "Option::is_none")]
    pub last_updated_ts: Option<Timestamp>,
    /// The shard new markets trade on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// A book as two ladders of bids, each ascending by its own price, best last. Both keys are present even when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderbookCountFp {
    /// YES bids in YES prices.
    #[serde(with = "wire::ladder", default)]
    pub yes_dollars: Ladder,
    /// NO bids in NO prices.
    #[serde(with = "wire::ladder", default)]
    pub no_dollars: Ladder,
}

/// The book of one market among several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketOrderbookFp {
    /// The market.
    pub ticker: String,
    /// Its book.
    pub orderbook_fp: OrderbookCountFp,
}

/// A match, as everyone sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The match's name.
    pub trade_id: String,
    /// The market.
    pub ticker: String,
    /// Contracts.
    #[serde(with = "wire::count")]
    pub count_fp: Qty,
    /// YES price.
    #[serde(with = "wire::dollars")]
    pub yes_price_dollars: Price,
    /// Its complement.
    #[serde(with = "wire::dollars")]
    pub no_price_dollars: Price,
    /// Older word for the taker's outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker_side: Option<OutcomeSide>,
    /// The outcome the taker gained on.
    pub taker_outcome_side: OutcomeSide,
    /// The side of the order that took.
    pub taker_book_side: BookSide,
    /// When.
    #[serde(with = "wire::rfc3339")]
    pub created_time: Timestamp,
    /// Whether it was agreed outside the book.
    pub is_block_trade: bool,
}

/// What happened in one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketCandlestick {
    /// End of the period, inclusive.
    #[serde(with = "wire::unix_secs")]
    pub end_period_ts: Timestamp,
    /// Best YES bid over the period.
    pub yes_bid: BidAskDistribution,
    /// Best YES ask over the period.
    pub yes_ask: BidAskDistribution,
    /// Trades of the period.
    pub price: PriceDistribution,
    /// Contracts traded.
    #[serde(with = "wire::count")]
    pub volume_fp: Qty,
    /// Contracts held at its end.
    #[serde(with = "wire::count")]
    pub open_interest_fp: Qty,
}

/// A quote over a period; a missing ask is written as 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BidAskDistribution {
    /// At its start.
    #[serde(with = "wire::dollars")]
    pub open_dollars: Price,
    /// Lowest.
    #[serde(with = "wire::dollars")]
    pub low_dollars: Price,
    /// Highest.
    #[serde(with = "wire::dollars")]
    pub high_dollars: Price,
    /// At its end.
    #[serde(with = "wire::dollars")]
    pub close_dollars: Price,
}

/// Trade prices over a period. Without trades there is only `previous_dollars`, the last price before: so in recordings of
/// 2026-08; in older ones, and in the reference's words, the others are null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceDistribution {
    /// First.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub open_dollars: Option<Price>,
    /// Lowest.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub low_dollars: Option<Price>,
    /// Highest.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub high_dollars: Option<Price>,
    /// Last.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub close_dollars: Option<Price>,
    /// Mean.
    #[serde(with = "wire::average_dollars", default, skip_serializing_if = "Option::is_none")]
    pub mean_dollars: Option<Money>,
    /// Last price before the period.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub previous_dollars: Option<Price>,
    /// Lowest, second name.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub min_dollars: Option<Price>,
    /// Highest, second name.
    #[serde(with = "wire::dollars", default, skip_serializing_if = "Option::is_none")]
    pub max_dollars: Option<Price>,
}

/// Answer of `GET /markets`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetMarketsResponse {
    /// The markets.
    pub markets: Vec<Market>,
    /// Where the next page starts; empty on the last.
    pub cursor: String,
}

/// Answer of `GET /markets/{ticker}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetMarketResponse {
    /// The market.
    pub market: Market,
}

/// Answer of `GET /events`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetEventsResponse {
    /// The events.
    pub events: Vec<EventData>,
    /// Real-world things they refer to, when asked for with `with_milestones`; kept as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestones: Option<Vec<Value>>,
    /// Where the next page starts; empty on the last.
    pub cursor: String,
}

/// Answer of `GET /events/{event_ticker}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetEventResponse {
    /// The event.
    pub event: EventData,
    /// Its markets beside it; empty when they are nested.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub markets: Vec<Market>,
}

/// Answer of `GET /series`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetSeriesListResponse {
    /// All of them: there are no pages.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub series: Vec<Series>,
}

/// Answer of `GET /series/{series_ticker}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GetSeriesResponse {
    /// The series.
    pub series: Series,
}

/// Answer of `GET /markets/{ticker}/orderbook`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMarketOrderbookResponse {
    /// The book.
    pub orderbook_fp: OrderbookCountFp,
}

/// Answer of `GET /markets/orderbooks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMarketOrderbooksResponse {
    /// The books.
    pub orderbooks: Vec<MarketOrderbookFp>,
}

/// Answer of `GET /markets/trades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTradesResponse {
    /// The trades, newest first.
    pub trades: Vec<Trade>,
    /// Where the next page starts; empty on the last.
    pub cursor: String,
}

/// Answer of `GET /series/{series_ticker}/markets/{ticker}/candlesticks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMarketCandlesticksResponse {
    /// The market.
    pub ticker: String,
    /// Its candles, oldest first; periods without any change may be missing.
    pub candlesticks: Vec<MarketCandlestick>,
}

/// The candles of one market among several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketCandlesticksResponse {
    /// The market.
    pub market_ticker: String,
    /// Its candles, oldest first.
    pub candlesticks: Vec<MarketCandlestick>,
}

/// Answer of `GET /markets/candlesticks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchGetMarketCandlesticksResponse {
    /// At most 100 markets and 10,000 candles in all.
    pub markets: Vec<MarketCandlesticksResponse>,
}

/// The most candles one batch answer holds, over all its markets.
pub const MAX_BATCH_CANDLES: usize = 10_000;
/// The most markets one batch of candles may name.
pub const MAX_BATCH_CANDLE_MARKETS: usize = 100;
