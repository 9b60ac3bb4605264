//! Gamma, the venue's catalog of markets, events, series and tags, on the wire.
//!
//! Invariants: lists that the venue writes as texts holding JSON arrays are read into lists and written back as it writes
//! them; numbers are read from their text, so no price passes through a float; times stay texts, since their forms differ
//! from field to field ([`crate::wire::read_time`] reads them all). An unknown field is ignored.
//!
//! Source: reference, section 12 (docs.polymarket.com "Gamma"), 2026-11-20.

use brier_types::{Money, Price, Qty};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::wire::{self, Num};

#[cfg(test)]
mod tests;

/// How a market charges takers.
///
/// Source: reference, section 15.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeSchedule {
    /// Exponent of `p (1 - p)`, 1 on current markets.
    pub exponent: Num,
    /// The rate, such as 0.05.
    pub rate: Num,
    /// Whether makers pay nothing.
    #[serde(default)]
    pub taker_only: bool,
    /// The part of the fees that makers get back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebate_rate: Option<Num>,
}

/// One pool of liquidity rewards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClobReward {
    /// The pool.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_id: Option<String>,
    /// What it pays in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_address: Option<String>,
    /// Units in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards_amount: Option<Num>,
    /// Units a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards_daily_rate: Option<Num>,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
}

/// One yes-no proposition. Nearly everything is optional here, as the venue leaves out what does not apply.
///
/// Dollar statistics are rounded to $0.000001 when read.
///
/// Source: reference, section 12.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Market {
    /// Gamma's id, digits.
    #[serde(with = "wire::or_default", default)]
    pub id: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The condition.
    #[serde(with = "wire::or_default", default)]
    pub condition_id: String,
    /// The question.
    #[serde(rename = "questionID", default, skip_serializing_if = "Option::is_none")]
    pub question_id: Option<String>,
    /// Name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the outcome is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_source: Option<String>,
    /// Category, on old markets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// The same as a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date_iso: Option<String>,
    /// When it is expected to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// The same as a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date_iso: Option<String>,
    /// When the game starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_start_time: Option<String>,
    /// When the measured interval starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_start_time: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_time: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Whether it is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Whether it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// Whether it was put away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Whether some countries may not trade it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted: Option<bool>,
    /// Whether it is shown as new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
    /// Whether it is shown first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub featured: Option<bool>,
    /// Whether it was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Whether it was ready to deploy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// Whether it was funded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funded: Option<bool>,
    /// Whether a user made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cyom: Option<bool>,
    /// Whether orders are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepting_orders: Option<bool>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepting_orders_timestamp: Option<String>,
    /// Whether it ever had a book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_order_book: Option<bool>,
    /// The price step.
    #[serde(with = "wire::number", default, skip_serializing_if = "Option::is_none")]
    pub order_price_min_tick_size: Option<Price>,
    /// Smallest resting order.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub order_min_size: Option<Qty>,
    /// Seconds that marketable orders wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_delay: Option<u32>,
    /// Legacy.
    #[serde(with = "wire::integer", default, skip_serializing_if = "Option::is_none")]
    pub maker_base_fee: Option<u32>,
    /// Legacy.
    #[serde(with = "wire::integer", default, skip_serializing_if = "Option::is_none")]
    pub taker_base_fee: Option<u32>,
    /// Whether takers pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees_enabled: Option<bool>,
    /// Name of the fee schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_type: Option<String>,
    /// The fee schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_schedule: Option<FeeSchedule>,
    /// Legacy.
    #[serde(with = "wire::integer", default, skip_serializing_if = "Option::is_none")]
    pub maker_rebates_fee_share_bps: Option<u32>,
    /// What its tokens pay on, YES first.
    #[serde(with = "wire::json_text", default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<Vec<String>>,
    /// The same in fewer letters.
    #[serde(with = "wire::json_text", default, skip_serializing_if = "Option::is_none")]
    pub short_outcomes: Option<Vec<String>>,
    /// Their prices.
    #[serde(with = "wire::json_text", default, skip_serializing_if = "Option::is_none")]
    pub outcome_prices: Option<Vec<String>>,
    /// Its tokens, YES first.
    #[serde(with = "wire::json_text", default, skip_serializing_if = "Option::is_none")]
    pub clob_token_ids: Option<Vec<String>>,
    /// Its PolyV2 positions, YES first.
    #[serde(with = "wire::json_text", default, skip_serializing_if = "Option::is_none")]
    pub position_ids: Option<Vec<String>>,
    /// `v1`, or `v2` where it trades PolyV2 positions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Best bid of YES.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub best_bid: Option<Money>,
    /// Best ask of YES.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub best_ask: Option<Money>,
    /// Best ask less best bid.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Money>,
    /// Price of the last trade of YES.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub last_trade_price: Option<Money>,
    /// Change of price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub one_hour_price_change: Option<Money>,
    /// Change of price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub one_day_price_change: Option<Money>,
    /// Change of price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub one_week_price_change: Option<Money>,
    /// Change of price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub one_month_price_change: Option<Money>,
    /// Change of price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub one_year_price_change: Option<Money>,
    /// Dollars traded, a text.
    #[serde(with = "wire::rounded", default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Money>,
    /// The same as a number.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_num: Option<Money>,
    /// Of it on the book.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_clob: Option<Money>,
    /// Dollars traded in a day.
    #[serde(rename = "volume24hr", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_24hr: Option<Money>,
    /// Of it on the book.
    #[serde(rename = "volume24hrClob", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_24hr_clob: Option<Money>,
    /// Dollars traded in a week.
    #[serde(rename = "volume1wk", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1wk: Option<Money>,
    /// Of it on the book.
    #[serde(rename = "volume1wkClob", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1wk_clob: Option<Money>,
    /// Dollars traded in a month.
    #[serde(rename = "volume1mo", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1mo: Option<Money>,
    /// Of it on the book.
    #[serde(rename = "volume1moClob", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1mo_clob: Option<Money>,
    /// Dollars traded in a year.
    #[serde(rename = "volume1yr", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1yr: Option<Money>,
    /// Of it on the book.
    #[serde(rename = "volume1yrClob", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1yr_clob: Option<Money>,
    /// Dollars resting near the middle, a text.
    #[serde(with = "wire::rounded", default, skip_serializing_if = "Option::is_none")]
    pub liquidity: Option<Money>,
    /// The same as a number.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub liquidity_num: Option<Money>,
    /// Of it on the book.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub liquidity_clob: Option<Money>,
    /// Of it in the pool of old markets.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub liquidity_amm: Option<Money>,
    /// How close to even it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competitive: Option<Num>,
    /// Smallest order that scores, in shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards_min_size: Option<Num>,
    /// Furthest distance from the middle that scores, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards_max_spread: Option<Num>,
    /// Pools of rewards.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub clob_rewards: Vec<ClobReward>,
    /// Whether holders are paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holding_rewards_enabled: Option<bool>,
    /// Whether it trades on the negative-risk exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neg_risk: Option<bool>,
    /// Its negative-risk event.
    #[serde(rename = "negRiskMarketID", default, skip_serializing_if = "Option::is_none")]
    pub neg_risk_market_id: Option<String>,
    /// Its request, or empty.
    #[serde(rename = "negRiskRequestID", default, skip_serializing_if = "Option::is_none")]
    pub neg_risk_request_id: Option<String>,
    /// Whether it is the leg for everything that has no market of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neg_risk_other: Option<bool>,
    /// What the market is called within its event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_item_title: Option<String>,
    /// Its place within the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_item_threshold: Option<String>,
    /// Kind of bet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sports_market_type: Option<String>,
    /// Handicap or total of the bet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Num>,
    /// The game.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub game_id: Option<String>,
    /// Bond of a proposer, dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uma_bond: Option<String>,
    /// Reward of a proposer, dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uma_reward: Option<String>,
    /// When the oracle settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uma_end_date: Option<String>,
    /// Where the resolution is: proposed, disputed, resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uma_resolution_status: Option<String>,
    /// Every status so far.
    #[serde(with = "wire::json_text", default, skip_serializing_if = "Option::is_none")]
    pub uma_resolution_statuses: Option<Vec<String>>,
    /// Seconds a proposal stands open; 0 for the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_liveness: Option<u64>,
    /// Address of the resolver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// Whether a program resolves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatically_resolved: Option<bool>,
    /// Whether a program opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatically_active: Option<bool>,
    /// Whether the book is emptied when the game starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_book_on_start: Option<bool>,
    /// Whether quotes may be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rfq_enabled: Option<bool>,
    /// Whether it can be a leg of a combo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combo_status: Option<String>,
    /// Whether a person opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual_activation: Option<bool>,
    /// Whether it waits to be deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_deployment: Option<bool>,
    /// Whether it is being deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploying: Option<bool>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploying_timestamp: Option<String>,
    /// Whether a person saw its dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_reviewed_dates: Option<bool>,
    /// Whether texts are to be translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_translation: Option<bool>,
    /// Whether the venue's staff is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pager_duty_notification_enabled: Option<bool>,
    /// How the site shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_gmp_series: Option<bool>,
    /// How the site shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_gmp_outcome: Option<bool>,
    /// How the site shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_color: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its pool of the time before the book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_maker_address: Option<String>,
    /// Who asked the oracle.
    #[serde(rename = "submitted_by", default, skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// Its event.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// Its tags, where asked for.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// One real-world question with its markets.
///
/// Dollar statistics are rounded to $0.000001 when read.
///
/// Source: reference, section 12.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Gamma's id, digits.
    #[serde(with = "wire::or_default", default)]
    pub id: String,
    /// Name of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticker: Option<String>,
    /// Name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// The rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the outcome is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_source: Option<String>,
    /// Category, on old events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// When it was listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    /// When it is expected to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// When what it is about starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_time: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Whether it is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Whether it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// Whether it was put away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Whether the game runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    /// Whether the game ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<bool>,
    /// The game's score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    /// The game's period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Time played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<String>,
    /// The game.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_id: Option<i64>,
    /// Where the game is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_status: Option<String>,
    /// Whether it is shown as new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
    /// Whether it is shown first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub featured: Option<bool>,
    /// Whether some countries may not trade it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted: Option<bool>,
    /// Whether a user made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cyom: Option<bool>,
    /// Whether it ever had a book.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_order_book: Option<bool>,
    /// Dollars resting near the middle.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub liquidity: Option<Money>,
    /// Of it on the book.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub liquidity_clob: Option<Money>,
    /// Dollars traded.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Money>,
    /// Dollars traded in a day.
    #[serde(rename = "volume24hr", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_24hr: Option<Money>,
    /// Dollars traded in a week.
    #[serde(rename = "volume1wk", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1wk: Option<Money>,
    /// Dollars traded in a month.
    #[serde(rename = "volume1mo", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1mo: Option<Money>,
    /// Dollars traded in a year.
    #[serde(rename = "volume1yr", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_1yr: Option<Money>,
    /// Dollars locked in shares.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub open_interest: Option<Money>,
    /// How close to even it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competitive: Option<Num>,
    /// Comments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_count: Option<u64>,
    /// Whether its markets exclude each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neg_risk: Option<bool>,
    /// The negative-risk event.
    #[serde(rename = "negRiskMarketID", default, skip_serializing_if = "Option::is_none")]
    pub neg_risk_market_id: Option<String>,
    /// Whether outcomes may be added: placeholders and an "other" leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neg_risk_augmented: Option<bool>,
    /// Whether it is a negative-risk event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_neg_risk: Option<bool>,
    /// Whether its markets include each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cumulative_markets: Option<bool>,
    /// Name of its series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_slug: Option<String>,
    /// Day of the game.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_date: Option<String>,
    /// Week of the season.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_week: Option<i64>,
    /// Words about it, uninterpreted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_metadata: Option<Map<String, Value>>,
    /// The event it belongs to.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub parent_event_id: Option<String>,
    /// Whether a program opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatically_active: Option<bool>,
    /// Whether a program resolves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatically_resolved: Option<bool>,
    /// Whether it waits to be deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_deployment: Option<bool>,
    /// Whether it is being deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploying: Option<bool>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploying_timestamp: Option<String>,
    /// Whether texts are to be translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_translation: Option<bool>,
    /// Kind of election.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub election_type: Option<String>,
    /// Country of the election.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_name: Option<String>,
    /// How the site shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate_value: Option<bool>,
    /// How the site shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_all_outcomes: Option<bool>,
    /// How the site shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_market_images: Option<bool>,
    /// How the site shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gmp_chart_mode: Option<String>,
    /// How the site shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_by: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its markets.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub markets: Vec<Market>,
    /// Its series.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    /// Its tags.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// A recurring family of events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Gamma's id, digits.
    #[serde(with = "wire::or_default", default)]
    pub id: String,
    /// Name of the series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticker: Option<String>,
    /// Name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// Kind of series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_type: Option<String>,
    /// How often: `5m`, `daily`, `weekly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Whether it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// Whether it was put away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Whether it is shown first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub featured: Option<bool>,
    /// Whether some countries may not trade it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted: Option<bool>,
    /// Whether it is shown as new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
    /// Dollars traded.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Money>,
    /// Dollars traded in a day.
    #[serde(rename = "volume24hr", with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub volume_24hr: Option<Money>,
    /// Dollars resting near the middle.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub liquidity: Option<Money>,
    /// How close to even it is.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub competitive: Option<String>,
    /// Comments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_count: Option<u64>,
    /// Whether texts are to be translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_translation: Option<bool>,
    /// When it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its events.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// A label of markets and events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Gamma's id, digits.
    #[serde(with = "wire::or_default", default)]
    pub id: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Whether the site always shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_show: Option<bool>,
    /// Whether the site never shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_hide: Option<bool>,
    /// Whether the site shows it on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_carousel: Option<bool>,
    /// Whether it is to be translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_translation: Option<bool>,
    /// When it appeared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<i64>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Who changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<i64>,
}

/// `GET /sports`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sport {
    /// Gamma's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Name of the sport.
    pub sport: String,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where the outcome is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Which team comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordering: Option<String>,
    /// Ids of its tags, by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    /// Its series.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

/// A user found by a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchProfile {
    /// Gamma's id.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Chosen name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// About them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image: Option<String>,
    /// The wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_wallet: Option<String>,
    /// Whether the name is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_username_public: Option<bool>,
}

/// Where a search stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchPagination {
    /// Whether there are more pages.
    #[serde(default)]
    pub has_more: bool,
    /// How many results there are.
    #[serde(default)]
    pub total_results: u64,
}

/// `GET /public-search`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchReply {
    /// Events.
    #[serde(with = "wire::or_default", default)]
    pub events: Vec<Event>,
    /// Tags.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<SearchTag>,
    /// Users.
    #[serde(with = "wire::or_default", default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<SearchProfile>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<SearchPagination>,
}

/// A tag found by a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchTag {
    /// Gamma's id.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Events that carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_count: Option<u64>,
}

/// `GET /markets/keyset`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketsPage {
    /// The markets.
    #[serde(with = "wire::or_default", default)]
    pub markets: Vec<Market>,
    /// Where the next page starts; absent or empty after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `GET /events/keyset`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsPage {
    /// The events.
    #[serde(with = "wire::or_default", default)]
    pub events: Vec<Event>,
    /// Where the next page starts; absent or empty after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl MarketsPage {
    /// Where the next page starts, or `None` after the last one.
    pub fn next(&self) -> Option<&str> {
        self.next_cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }
}

impl EventsPage {
    /// Where the next page starts, or `None` after the last one.
    pub fn next(&self) -> Option<&str> {
        self.next_cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }
}
