//! The original paths of the Data API: camelCase rows in plain arrays.
//!
//! Source: reference, section 13.1, 2026-11-20.

use brier_types::{Money, Qty, Timestamp};
use serde::{Deserialize, Serialize};

use super::ActivityType;
use crate::ids::Side;
use crate::wire::{self, Num};

/// A row of `GET /positions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The wallet.
    pub proxy_wallet: String,
    /// The token.
    pub asset: String,
    /// The condition.
    pub condition_id: String,
    /// Shares held.
    #[serde(with = "wire::float")]
    pub size: Qty,
    /// Average cost of a share, in dollars.
    #[serde(with = "wire::float")]
    pub avg_price: Money,
    /// What the shares cost.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub initial_value: Option<Money>,
    /// The same with fees.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub gross_initial_value: Option<Money>,
    /// The fees.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub entry_fees_usdc: Option<Money>,
    /// What they are worth.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub current_value: Option<Money>,
    /// Unrealized profit.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub cash_pnl: Option<Money>,
    /// The same in percent of the cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_pnl: Option<Num>,
    /// Shares ever bought.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub total_bought: Option<Qty>,
    /// Realized profit.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub realized_pnl: Option<Money>,
    /// The same in percent of the cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_realized_pnl: Option<Num>,
    /// The token's price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub cur_price: Option<Money>,
    /// Whether it can be redeemed.
    #[serde(default)]
    pub redeemable: bool,
    /// Whether it can be merged with shares of the other side.
    #[serde(default)]
    pub mergeable: bool,
    /// The market's question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The market's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Gamma's id of the event.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The event's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// What the token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// What the other token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite_outcome: Option<String>,
    /// The other token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite_asset: Option<String>,
    /// When the market is expected to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// Whether it trades on the negative-risk exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_risk: Option<bool>,
}

/// A row of `GET /closed-positions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosedPosition {
    /// The wallet.
    pub proxy_wallet: String,
    /// The token.
    pub asset: String,
    /// The condition.
    pub condition_id: String,
    /// Average cost of a share, in dollars.
    #[serde(with = "wire::float")]
    pub avg_price: Money,
    /// Shares ever bought.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub total_bought: Option<Qty>,
    /// Realized profit.
    #[serde(with = "wire::float")]
    pub realized_pnl: Money,
    /// The token's price.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub cur_price: Option<Money>,
    /// When it was closed.
    #[serde(with = "wire::secs", default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The market's question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The market's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The event's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// What the token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// What the other token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite_outcome: Option<String>,
    /// The other token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opposite_asset: Option<String>,
    /// When the market is expected to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
}

/// A row of `GET /trades`: a wallet's part of a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// The wallet.
    pub proxy_wallet: String,
    /// What it did.
    #[serde(with = "wire::side")]
    pub side: Side,
    /// The token.
    pub asset: String,
    /// The condition.
    pub condition_id: String,
    /// Shares.
    #[serde(with = "wire::float")]
    pub size: Qty,
    /// Dollars a share.
    #[serde(with = "wire::float")]
    pub price: Money,
    /// When.
    #[serde(with = "wire::secs")]
    pub timestamp: Timestamp,
    /// The market's question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The market's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The event's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// What the token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// Chosen name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// About the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image_optimized: Option<String>,
    /// Its transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_hash: Option<String>,
}

/// A row of `GET /activity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// The wallet.
    pub proxy_wallet: String,
    /// When.
    #[serde(with = "wire::secs")]
    pub timestamp: Timestamp,
    /// The condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_id: Option<String>,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: ActivityType,
    /// Shares.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Qty>,
    /// Dollars.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub usdc_size: Option<Money>,
    /// Its transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_hash: Option<String>,
    /// Dollars a share.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// What the wallet did, in a trade.
    #[serde(with = "wire::side", default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
    /// What the token pays on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Whether it is of a combo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_combo: Option<bool>,
    /// The market's question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The market's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The event's name in addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_slug: Option<String>,
    /// Chosen name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// About the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image_optimized: Option<String>,
}

/// A row of `GET /value`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The wallet.
    pub user: String,
    /// Dollars its positions are worth.
    #[serde(with = "wire::float")]
    pub value: Money,
}

/// A holder of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// The wallet.
    pub proxy_wallet: String,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Shares held.
    #[serde(with = "wire::float")]
    pub amount: Qty,
    /// 0 for YES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_index: Option<u32>,
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
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image_optimized: Option<String>,
    /// Whether the name is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_username_public: Option<bool>,
}

/// A row of `GET /holders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holders {
    /// The token.
    pub token: String,
    /// Its largest holders.
    #[serde(with = "wire::or_default", default)]
    pub holders: Vec<Holder>,
}

/// A row of `GET /oi`, and of the markets in [`LiveVolume`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenInterest {
    /// The condition.
    pub market: String,
    /// Dollars.
    #[serde(with = "wire::float")]
    pub value: Money,
}

/// A row of `GET /live-volume`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveVolume {
    /// Dollars.
    #[serde(with = "wire::float")]
    pub total: Money,
    /// By market.
    #[serde(with = "wire::or_default", default)]
    pub markets: Vec<OpenInterest>,
}

/// `GET /traded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traded {
    /// The wallet.
    pub user: String,
    /// Markets it traded in.
    pub traded: u64,
}

/// A row of `GET /v1/leaderboard`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaderboardRow {
    /// The place.
    #[serde(with = "wire::loose_text", default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<String>,
    /// The wallet.
    pub proxy_wallet: String,
    /// Chosen name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// Dollars traded.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub vol: Option<Money>,
    /// Profit.
    #[serde(with = "wire::float", default, skip_serializing_if = "Option::is_none")]
    pub pnl: Option<Money>,
    /// Name elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_username: Option<String>,
    /// Whether it is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_badge: Option<bool>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_image: Option<String>,
}
