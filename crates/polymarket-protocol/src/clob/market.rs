//! Books, prices, markets and their rewards, as the order book API writes them.
//!
//! Source: reference, sections 8.1 to 8.3, 2026-11-20.

use std::collections::BTreeMap;

use brier_types::{Money, Price, Qty, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::Side;
use crate::wire::{self, Num};

/// `GET /version`: which generation of orders the exchange takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// 1, or 2 for V2 and V3.
    pub version: u32,
}

/// One price of a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The price.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// Shares at it.
    #[serde(with = "wire::text")]
    pub size: Qty,
}

/// `GET /book`: all levels of one token, written in the order that its hash is computed over.
///
/// Bids ascend and asks descend, so the best level of either side is the **last** one. The hash is over the texts as sent:
/// compute it from the text that came, or of a book that this type wrote.
///
/// Source: reference, section 8.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The condition.
    pub market: String,
    /// The token.
    pub asset_id: String,
    /// When it was so.
    #[serde(with = "wire::millis_text")]
    pub timestamp: Timestamp,
    /// Digest of the book: 40 hex digits.
    #[serde(with = "wire::or_default", default)]
    pub hash: String,
    /// Bids, the best last.
    #[serde(with = "wire::or_default", default)]
    pub bids: Vec<Level>,
    /// Asks, the best last.
    #[serde(with = "wire::or_default", default)]
    pub asks: Vec<Level>,
    /// Smallest resting order.
    #[serde(with = "wire::text", default, skip_serializing_if = "Option::is_none")]
    pub min_order_size: Option<Qty>,
    /// Price step.
    #[serde(with = "wire::text", default, skip_serializing_if = "Option::is_none")]
    pub tick_size: Option<Price>,
    /// Whether the market trades on the negative-risk exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neg_risk: Option<bool>,
    /// Price of the last trade; an empty text before the first one, for the hash covers the key.
    #[serde(with = "text_or_empty", default)]
    pub last_trade_price: Option<Price>,
}

/// One token of a `POST /books`, `/prices`, `/midpoints`, `/spreads` or `/last-trades-prices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// The token.
    pub token_id: String,
    /// The side, for `/prices` only.
    #[serde(with = "wire::side", default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
}

/// `GET /price`: the best bid for `BUY`, the best ask for `SELL`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceReply {
    /// The price.
    #[serde(with = "wire::text")]
    pub price: Price,
}

/// The best prices of one token, as `/prices` gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SidePrices {
    /// The best bid.
    #[serde(rename = "BUY", with = "wire::text", default, skip_serializing_if = "Option::is_none")]
    pub buy: Option<Price>,
    /// The best ask.
    #[serde(rename = "SELL", with = "wire::text", default, skip_serializing_if = "Option::is_none")]
    pub sell: Option<Price>,
}

/// `GET /midpoint`. Both keys are written, as the documentation and the SDKs disagree about the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Midpoint {
    /// The middle of best bid and best ask, which may lie between two price steps.
    #[serde(with = "wire::text", default, skip_serializing_if = "Option::is_none")]
    pub mid: Option<Money>,
    /// The same.
    #[serde(with = "wire::text", default, skip_serializing_if = "Option::is_none")]
    pub mid_price: Option<Money>,
}

/// `GET /spread`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpreadReply {
    /// Best ask less best bid.
    #[serde(with = "wire::text")]
    pub spread: Price,
}

/// `GET /last-trade-price`. Without a trade the price is 0.5 and the side empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTradePrice {
    /// Price of the last trade.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// What its taker did; an empty text before the first trade.
    #[serde(with = "wire::side", default)]
    pub side: Option<Side>,
}

/// One token of `/last-trades-prices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLastTrade {
    /// The token.
    pub token_id: String,
    /// Price of the last trade.
    #[serde(with = "wire::text")]
    pub price: Price,
    /// What its taker did; an empty text before the first trade.
    #[serde(with = "wire::side", default)]
    pub side: Option<Side>,
}

/// `GET /tick-size`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickSizeReply {
    /// The price step.
    #[serde(with = "wire::number")]
    pub minimum_tick_size: Price,
}

/// `GET /neg-risk`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NegRiskReply {
    /// Whether the token trades on the negative-risk exchange.
    pub neg_risk: bool,
}

/// `GET /fee-rate`: a legacy number, 1000 where a fee is charged and 0 where none is. Not the rate that is charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRateReply {
    /// The number.
    #[serde(with = "wire::integer")]
    pub base_fee: u32,
}

/// A token of a [`ClobMarket`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClobToken {
    /// The token.
    #[serde(rename = "t")]
    pub token_id: String,
    /// What it pays on.
    #[serde(rename = "o")]
    pub outcome: String,
}

/// How a market charges takers.
///
/// Source: reference, sections 8.3 and 15.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeDetails {
    /// The rate, such as 0.05.
    #[serde(rename = "r")]
    pub rate: Num,
    /// Exponent of `p (1 - p)`, 1 on current markets.
    #[serde(rename = "e")]
    pub exponent: Num,
    /// Whether makers pay nothing.
    #[serde(rename = "to", default)]
    pub taker_only: bool,
}

/// `GET /clob-markets/{condition}`: what an order needs to know, in short keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClobMarket {
    /// The condition.
    #[serde(rename = "c")]
    pub condition_id: String,
    /// Its two tokens, YES first.
    #[serde(rename = "t", with = "wire::or_default", default)]
    pub tokens: Vec<ClobToken>,
    /// The price step.
    #[serde(rename = "mts", with = "wire::number")]
    pub tick_size: Price,
    /// Smallest resting order.
    #[serde(rename = "mos", with = "wire::number")]
    pub min_order_size: Qty,
    /// Legacy.
    #[serde(rename = "mbf", with = "wire::integer", default, skip_serializing_if = "Option::is_none")]
    pub maker_base_fee: Option<u32>,
    /// Legacy.
    #[serde(rename = "tbf", with = "wire::integer", default, skip_serializing_if = "Option::is_none")]
    pub taker_base_fee: Option<u32>,
    /// What takers pay; absent where they pay nothing.
    #[serde(rename = "fd", default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<FeeDetails>,
    /// Negative risk; absent when not.
    #[serde(rename = "nr", default, skip_serializing_if = "Option::is_none")]
    pub neg_risk: Option<bool>,
    /// Whether marketable orders are held a moment before they match.
    #[serde(rename = "itode", default, skip_serializing_if = "Option::is_none")]
    pub taker_delay: Option<bool>,
    /// Whether quotes may be asked for.
    #[serde(rename = "rfqe", default, skip_serializing_if = "Option::is_none")]
    pub rfq: Option<bool>,
    /// Whether wallets are screened.
    #[serde(rename = "ibce", default, skip_serializing_if = "Option::is_none")]
    pub blockaid: Option<bool>,
    /// Seconds before an order counts for rewards.
    #[serde(rename = "oas", default, skip_serializing_if = "Option::is_none")]
    pub min_order_age: Option<u32>,
    /// When the game starts, in the venue's own form.
    #[serde(rename = "gst", with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub game_start: Option<String>,
    /// Rewards, uninterpreted.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub rewards: Option<Map<String, Value>>,
    /// Whether orders are taken.
    #[serde(rename = "ao", default, skip_serializing_if = "Option::is_none")]
    pub accepting_orders: Option<bool>,
    /// Seconds that marketable orders wait on sports markets.
    #[serde(rename = "sd", default, skip_serializing_if = "Option::is_none")]
    pub seconds_delay: Option<u32>,
    /// Whether the book is emptied when the game starts.
    #[serde(rename = "cbos", default, skip_serializing_if = "Option::is_none")]
    pub clear_book_on_start: Option<bool>,
}

/// `GET /markets-by-token/{token}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketByToken {
    /// The condition.
    pub condition_id: String,
    /// Its first token, YES.
    pub primary_token_id: String,
    /// Its second token, NO.
    pub secondary_token_id: String,
}

/// What a market's makers share a day, in one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardRate {
    /// The asset.
    pub asset_address: String,
    /// Units of it a day.
    pub rewards_daily_rate: Num,
}

/// Terms of liquidity rewards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketRewards {
    /// Rates, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<Vec<RewardRate>>,
    /// Smallest order that scores, in shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_size: Option<Num>,
    /// Furthest distance from the middle that scores, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_spread: Option<Num>,
}

/// A token of a [`Market`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketToken {
    /// The token; empty while a market is being made.
    #[serde(with = "wire::or_default", default)]
    pub token_id: String,
    /// What it pays on.
    #[serde(with = "wire::or_default", default)]
    pub outcome: String,
    /// Its last price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Whether it paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<bool>,
}

/// A row of `GET /markets` and `/sampling-markets`; also `GET /markets/{condition}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The condition.
    pub condition_id: String,
    /// The question.
    #[serde(with = "wire::or_default", default)]
    pub question_id: String,
    /// For people.
    #[serde(with = "wire::or_default", default)]
    pub question: String,
    /// The rules.
    #[serde(with = "wire::or_default", default)]
    pub description: String,
    /// Name in addresses.
    #[serde(with = "wire::or_default", default)]
    pub market_slug: String,
    /// When it is expected to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date_iso: Option<String>,
    /// When the game starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_start_time: Option<String>,
    /// Whether it ever had a book.
    pub enable_order_book: bool,
    /// Whether it is listed.
    pub active: bool,
    /// Whether it ended.
    pub closed: bool,
    /// Whether it was put away.
    pub archived: bool,
    /// Whether orders are taken. True together with `closed` does occur.
    pub accepting_orders: bool,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepting_order_timestamp: Option<String>,
    /// Smallest resting order.
    #[serde(with = "wire::float")]
    pub minimum_order_size: Qty,
    /// The price step.
    #[serde(with = "wire::number")]
    pub minimum_tick_size: Price,
    /// Seconds that marketable orders wait.
    pub seconds_delay: u32,
    /// Its pool of the time before the book.
    #[serde(with = "wire::or_default", default)]
    pub fpmm: String,
    /// Legacy.
    #[serde(with = "wire::integer", default)]
    pub maker_base_fee: u32,
    /// Legacy.
    #[serde(with = "wire::integer", default)]
    pub taker_base_fee: u32,
    /// Whether the site notifies.
    #[serde(default)]
    pub notifications_enabled: bool,
    /// Whether it trades on the negative-risk exchange.
    #[serde(default)]
    pub neg_risk: bool,
    /// Its negative-risk event, or empty.
    #[serde(with = "wire::or_default", default)]
    pub neg_risk_market_id: String,
    /// Its negative-risk request, or empty.
    #[serde(with = "wire::or_default", default)]
    pub neg_risk_request_id: String,
    /// Picture.
    #[serde(with = "wire::or_default", default)]
    pub icon: String,
    /// Picture.
    #[serde(with = "wire::or_default", default)]
    pub image: String,
    /// Terms of rewards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards: Option<MarketRewards>,
    /// Whether it paid half to each side.
    #[serde(default)]
    pub is_50_50_outcome: bool,
    /// Its tokens, YES first.
    #[serde(with = "wire::or_default", default)]
    pub tokens: Vec<MarketToken>,
    /// Tags, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// A row of `GET /simplified-markets` and `/sampling-simplified-markets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimplifiedMarket {
    /// The condition.
    pub condition_id: String,
    /// Terms of rewards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards: Option<MarketRewards>,
    /// Its tokens, YES first.
    #[serde(with = "wire::or_default", default)]
    pub tokens: Vec<MarketToken>,
    /// Whether it is listed.
    pub active: bool,
    /// Whether it ended.
    pub closed: bool,
    /// Whether it was put away.
    pub archived: bool,
    /// Whether orders are taken.
    pub accepting_orders: bool,
}

/// `/markets/live-activity`: the words for a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveActivity {
    /// The condition.
    pub condition_id: String,
    /// Gamma's id.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_slug: Option<String>,
    /// Name of its event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// Name of its series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_slug: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// One sample of a token's price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricePoint {
    /// When.
    #[serde(with = "wire::secs")]
    pub t: Timestamp,
    /// Price; a middle may lie between two steps.
    #[serde(with = "wire::float")]
    pub p: Money,
}

/// `GET /prices-history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceHistory {
    /// Samples, oldest first.
    #[serde(with = "wire::or_default", default)]
    pub history: Vec<PricePoint>,
}

/// `POST /batch-prices-history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPriceHistoryRequest {
    /// Token ids, at most 20.
    pub markets: Vec<String>,
    /// First second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ts: Option<i64>,
    /// Last second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ts: Option<i64>,
    /// `max`, `1m`, `1w`, `1d`, `6h`, `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// Minutes between samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<u32>,
}

/// The answer to [`BatchPriceHistoryRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPriceHistory {
    /// Samples by token.
    #[serde(with = "wire::or_default", default)]
    pub history: BTreeMap<String, Vec<PricePoint>>,
}

/// A market in `GET /rewards/markets/current`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketReward {
    /// The condition.
    pub condition_id: String,
    /// Furthest distance from the middle that scores, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards_max_spread: Option<Num>,
    /// Smallest order that scores, in shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards_min_size: Option<Num>,
    /// Pools.
    #[serde(with = "wire::or_default", default)]
    pub rewards_config: Vec<RewardsConfig>,
    /// Dollars a day that sponsors add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_daily_rate: Option<Num>,
    /// How many sponsors there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsors_count: Option<u32>,
    /// Dollars a day without sponsors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_daily_rate: Option<Num>,
    /// Dollars a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_daily_rate: Option<Num>,
}

/// One pool of rewards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardsConfig {
    /// The pool.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it pays in.
    #[serde(with = "wire::or_default", default)]
    pub asset_address: String,
    /// First day.
    #[serde(with = "wire::or_default", default)]
    pub start_date: String,
    /// Last day.
    #[serde(with = "wire::or_default", default)]
    pub end_date: String,
    /// Units a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_day: Option<Num>,
    /// Units in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_rewards: Option<Num>,
    /// Units left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_reward_amount: Option<Num>,
    /// Days in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_days: Option<u32>,
}

/// A market with its tokens and pools: `GET /rewards/markets/{condition}`, `/rewards/markets/multi` and `/rewards/user/markets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewardsMarket {
    /// The condition.
    pub condition_id: String,
    /// Gamma's id.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub market_id: Option<String>,
    /// Gamma's id of the event.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_slug: Option<String>,
    /// Name of its event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What the market is called within its event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_item_title: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it is expected to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// Furthest distance from the middle that scores, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards_max_spread: Option<Num>,
    /// Smallest order that scores, in shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards_min_size: Option<Num>,
    /// How many others compete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_competitiveness: Option<Num>,
    /// Change of price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_day_price_change: Option<Num>,
    /// Best ask less best bid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Num>,
    /// Dollars traded in a day.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_24hr: Option<Money>,
    /// Dollars a day without sponsors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_daily_rate: Option<Num>,
    /// Dollars a day that sponsors add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_daily_rate: Option<Num>,
    /// Dollars a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_daily_rate: Option<Num>,
    /// Its tokens.
    #[serde(with = "wire::or_default", default)]
    pub tokens: Vec<MarketToken>,
    /// Its pools.
    #[serde(with = "wire::or_default", default)]
    pub rewards_config: Vec<RewardsConfig>,
    /// Whose earnings follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker_address: Option<String>,
    /// The maker's share now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earning_percentage: Option<Num>,
    /// The maker's earnings of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earnings: Option<Vec<AssetEarning>>,
}

/// Earnings in one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetEarning {
    /// The asset.
    #[serde(with = "wire::or_default", default)]
    pub asset_address: String,
    /// Units earned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earnings: Option<Num>,
    /// Dollars a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_rate: Option<Num>,
}

/// A price as text, and its absence as an empty one.
mod text_or_empty {
    use brier_types::Price;
    use serde::{Deserializer, Serializer};

    use crate::wire;

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Price>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(_) => wire::text::serialize(value, out),
            None => out.serialize_str(""),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Price>, D::Error> {
        wire::text::deserialize(from)
    }
}
