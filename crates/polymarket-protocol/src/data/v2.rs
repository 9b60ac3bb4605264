//! The `/v2` paths of the Data API: snake_case rows inside `{"data": …}`.
//!
//! Source: reference, section 13.2, 2026-11-20.

use brier_types::{Money, Qty, Timestamp};
use serde::{Deserialize, Serialize};

use super::ActivityType;
use crate::ids::Side;
use crate::wire::{self, Num};

/// A row of `/v2/trades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The wallet.
    pub proxy_wallet: String,
    /// The token.
    pub token_id: String,
    /// The condition.
    pub condition_id: String,
    /// What the wallet did.
    #[serde(with = "wire::side")]
    pub side: Side,
    /// Shares.
    #[serde(with = "wire::float")]
    pub size: Qty,
    /// Dollars.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub usdc_size: Option<Money>,
    /// Dollars a share.
    #[serde(with = "wire::float")]
    pub price: Money,
    /// When.
    #[serde(with = "wire::secs")]
    pub timestamp: Timestamp,
    /// Its transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_hash: Option<String>,
    /// What the token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// The market's question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The market's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The event's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Chosen name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image: Option<String>,
}

/// A row of `/v2/activity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The wallet.
    pub proxy_wallet: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: ActivityType,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// The condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_id: Option<String>,
    /// What the wallet did, in a trade.
    #[serde(with = "wire::side", default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// Shares.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Qty>,
    /// Dollars.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub usdc_size: Option<Money>,
    /// Dollars a share.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// When.
    #[serde(with = "wire::secs")]
    pub timestamp: Timestamp,
    /// Its transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_hash: Option<String>,
    /// What the token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// Whether it is of a combo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_combo: Option<bool>,
    /// The market's question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The market's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The event's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Chosen name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image: Option<String>,
}

/// A row of `/v2/positions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The wallet.
    pub proxy_wallet: String,
    /// The token.
    pub token_id: String,
    /// The condition.
    pub condition_id: String,
    /// Shares held.
    #[serde(with = "wire::float")]
    pub current_size: Qty,
    /// Shares ever bought.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub total_size: Option<Qty>,
    /// Average cost of a share, in dollars.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub avg_price: Option<Money>,
    /// What the shares cost.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub entry_cost_usdc: Option<Money>,
    /// The fees.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub entry_fees_usdc: Option<Money>,
    /// Both.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub total_cost_usdc: Option<Money>,
    /// The token's price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub current_price: Option<Money>,
    /// What the shares are worth.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub current_value: Option<Money>,
    /// Realized profit.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub realized_pnl: Option<Money>,
    /// Unrealized profit.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub unrealized_pnl: Option<Money>,
    /// Both.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub total_pnl: Option<Money>,
    /// The same in percent of the cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_pnl: Option<Num>,
    /// Realized profit in percent of what was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_realized_pnl: Option<Num>,
    /// `OPEN`, `CLOSED`, `REDEEMABLE`, `REDEEMABLE_LOST`, `MERGEABLE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Whether it can be redeemed.
    #[serde(default)]
    pub redeemable: bool,
    /// Whether it can be merged with shares of the other side.
    #[serde(default)]
    pub mergeable: bool,
    /// Whether the wallet put it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Whether the wallet's user is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Whether it trades on the negative-risk exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_risk: Option<bool>,
    /// What the token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// The other token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite_token_id: Option<String>,
    /// What the other token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite_outcome: Option<String>,
    /// The market's question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The market's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The event's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// Gamma's id of the event.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// When the market is expected to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
}

/// `/v2/value`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The wallet.
    #[serde(default, alias = "user", skip_serializing_if = "Option::is_none")]
    pub proxy_wallet: Option<String>,
    /// Dollars its positions are worth.
    #[serde(with = "wire::float")]
    pub value: Money,
}

/// A row of `/v2/tokens`: what a token is. Clients want every key, also where there is nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The token.
    pub token_id: String,
    /// The condition.
    pub condition_id: String,
    /// The condition on the chain, where it is another one.
    #[serde(default)]
    pub structural_condition_id: Option<String>,
    /// Which contracts made it: `v1_ctf`, `binary`, `neg_risk`, `combo`.
    #[serde(default)]
    pub module: Option<String>,
    /// 0 for YES.
    #[serde(default)]
    pub outcome_index: Option<u32>,
    /// Its place in the order book's market.
    #[serde(default)]
    pub clob_index: Option<u32>,
    /// What it pays on.
    #[serde(default)]
    pub outcome: Option<String>,
    /// The other token.
    #[serde(default)]
    pub opposite_token_id: Option<String>,
    /// Whether its result is known.
    #[serde(default)]
    pub resolved: bool,
    /// What it paid.
    #[serde(with = "wire::float", default)]
    pub final_price: Option<Money>,
    /// The market's question.
    #[serde(default)]
    pub title: Option<String>,
    /// The market's name in addresses.
    #[serde(default)]
    pub market_slug: Option<String>,
    /// Whether the market ended.
    #[serde(default)]
    pub closed: Option<bool>,
    /// Whether it trades on the negative-risk exchange.
    #[serde(default)]
    pub neg_risk: Option<bool>,
    /// Its negative-risk event.
    #[serde(default)]
    pub neg_risk_market_id: Option<String>,
    /// Its place in that event.
    #[serde(default)]
    pub question_index: Option<u32>,
    /// Gamma's number of the event.
    #[serde(with = "wire::integer", default)]
    pub event_id: Option<u32>,
    /// The event's name in addresses.
    #[serde(default)]
    pub event_slug: Option<String>,
}

/// A row of `/v2/resolutions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// The question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_id: Option<String>,
    /// The condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_id: Option<String>,
    /// Where the resolution is: `initialized`, `proposed`, `challenged`, `reproposed`, `disputed`, `resolved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Whether it is looked at longer than usual.
    #[serde(default)]
    pub extended_review: bool,
    /// Whether the question's rules were changed.
    #[serde(default)]
    pub new_version_q: bool,
    /// What was proposed.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub proposed_price: Option<String>,
    /// What was proposed after a dispute.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub reproposed_price: Option<String>,
    /// What was settled.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Whether it was disputed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_disputed: Option<bool>,
    /// What YES and NO pay, in millionths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payouts: Option<Vec<Num>>,
    /// Whether the payout was `reported` or `derived`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution_source: Option<String>,
    /// When it last changed, in Unix seconds.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub last_update_timestamp: Option<String>,
    /// When it was settled, in the venue's own form.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
}

/// A row of `/v2/oi`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenInterest {
    /// The condition.
    pub condition_id: String,
    /// Dollars.
    #[serde(with = "wire::float")]
    pub value: Money,
}

/// `/v2/live-volume`: shares that takers traded in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveVolume {
    /// Shares.
    #[serde(with = "wire::float")]
    pub taker_volume_total: Qty,
    /// By market.
    #[serde(with = "wire::or_default", default)]
    pub conditions: Vec<ConditionVolume>,
}

/// A market's part of [`LiveVolume`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionVolume {
    /// The condition.
    pub condition_id: String,
    /// Shares.
    #[serde(with = "wire::float")]
    pub taker_volume: Qty,
}

/// A row of `/v2/prices-history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// When.
    #[serde(with = "wire::secs")]
    pub timestamp: Timestamp,
    /// Dollars a share.
    #[serde(with = "wire::float")]
    pub price: Money,
    /// Width of the bucket; 0 for a trade's own price.
    pub resolution_seconds: u32,
}

/// A row of `/v2/leaderboard`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderboardRow {
    /// The place.
    pub rank: u32,
    /// The wallet.
    pub user_id: String,
    /// Profit in dollars.
    #[serde(with = "wire::float")]
    pub pnl: Money,
    /// Shares traded.
    #[serde(with = "wire::float")]
    pub volume: Qty,
    /// Whether it is verified.
    #[serde(default)]
    pub verified: bool,
}

/// A row of `/v2/holders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holders {
    /// The token.
    pub token_id: String,
    /// Its largest holders.
    #[serde(with = "wire::or_default", default)]
    pub holders: Vec<Holder>,
}

/// A holder in `/v2/holders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The wallet.
    pub proxy_wallet: String,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// Shares held.
    #[serde(with = "wire::float")]
    pub amount: Qty,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// Whether the name is shown.
    #[serde(default)]
    pub display_username_public: bool,
    /// Whether the user is verified.
    #[serde(default)]
    pub verified: bool,
    /// Chosen name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image: Option<String>,
}

/// Where a list stands. The two must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pagination {
    /// Whether there is another page.
    #[serde(default)]
    pub has_more: bool,
    /// Where it starts; null after the last.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// A `/v2` answer that is one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct One<T> {
    /// The thing.
    pub data: T,
}

/// A `/v2` answer that is a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the list stands.
    #[serde(default)]
    pub pagination: Pagination,
}

impl<T> List<T> {
    /// A list with everything in it.
    pub fn only(data: Vec<T>) -> Self {
        Self { data, pagination: Pagination::default() }
    }
}

impl Pagination {
    /// Where the next page starts, or `None` after the last.
    ///
    /// # Errors
    /// What does not agree: more without a cursor, or a cursor without more.
    pub fn next(&self) -> Result<Option<&str>, &'static str> {
        match (self.has_more, self.next_cursor.as_deref().filter(|cursor| !cursor.is_empty())) {
            (true, Some(cursor)) => Ok(Some(cursor)),
            (false, None) => Ok(None),
            (true, None) => Err("expected a next_cursor with has_more, found none"),
            (false, Some(_)) => Err("expected no next_cursor without has_more, found one"),
        }
    }
}
