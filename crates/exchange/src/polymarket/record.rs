//! What the journal holds of the Polymarket face. As in [`crate::record`], amounts are integers of the units of `brier-types`.
//!
//! API secrets stand in the journal, as the exchange checks HMACs with them; the journal is readable by its owner only.

use alloy_primitives::Address;
use brier_matching::tokens::{PositionOperation, SettlementStep};
use brier_matching::{AccountId, GroupId, MarketId, OrderId, TradeNo};
use brier_polymarket_protocol::fees::{FeeError, FeeSchedule};
use brier_polymarket_protocol::ids::{OrderHash, SignatureType};
use brier_polymarket_protocol::order::OrderKind;
use brier_types::{Action, MarketResult, Money, Outcome, Price, Qty, Timestamp};
use serde::{Deserialize, Serialize};

use super::limits::Tier;
use crate::record::{account, group, market, money, order, price, qty, time};

/// What the venue forbids an owner.
///
/// Source: reference (Polymarket), sections 3.3 and 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Restriction {
    /// Every order.
    Banned,
    /// Purchases that do not shrink a position.
    ClosedOnly,
    /// Orders of anything but a deposit wallet.
    DepositWalletOnly,
}

/// Everything that changes the Polymarket face.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// A wallet that may hold cash and tokens.
    OpenWallet(WalletRecord),
    AddKey(KeyRecord),
    RemoveKey {
        key: String,
    },
    Fund {
        #[serde(with = "account")]
        account: AccountId,
        #[serde(with = "money")]
        amount: Money,
    },
    /// A new event; its markets are exclusive if it is of negative risk.
    ListEvent(Box<EventListing>),
    ListMarket(Box<MarketListing>),
    ChangeMarket {
        #[serde(with = "market")]
        market: MarketId,
        change: MarketChange,
    },
    /// An order whose signature was checked.
    Place(Box<PlaceRecord>),
    /// Orders of one owner, in this order.
    Cancel {
        orders: Vec<OrderNumber>,
    },
    Settle {
        trade: u64,
        #[serde(with = "StepForm")]
        step: SettlementStep,
    },
    /// How matches settle from now on.
    SetSettlement(SettlementPolicy),
    Position {
        #[serde(with = "account")]
        account: AccountId,
        #[serde(with = "OperationForm")]
        operation: PositionOperation,
    },
    SetEngine(EngineMode),
    /// A sign of life of an API key's owner; `id` is what the next one must carry.
    Beat {
        key: String,
        id: String,
    },
    /// Notifications that were read.
    DropNotifications {
        key: String,
        ids: Vec<u64>,
    },
    /// What a key's owner may not do.
    Restrict {
        owner: Address,
        restriction: Option<Restriction>,
    },
    /// How fast an owner may post and cancel, or, without one, everybody who has no tier of his own.
    SetTier {
        owner: Option<Address>,
        tier: Tier,
    },
    /// Which generation of orders the exchange says it takes: 1 or 2.
    SetVersion {
        version: u32,
    },
    /// A wallet's transaction, its signature checked and its calls read.
    Relay(Box<RelayRecord>),
}

/// What a wallet had the relayer do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RelayRecord {
    pub id: String,
    /// The owner of the key that submitted it.
    pub by: Address,
    pub owner: Address,
    pub wallet: Address,
    /// The venue's word.
    pub kind: String,
    /// The wallet's; none for a transaction that only makes one.
    pub nonce: Option<u64>,
    pub steps: Vec<RelayStep>,
    /// Why nothing of it can be done.
    pub problem: Option<String>,
    pub metadata: String,
}

/// One thing that a transaction does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RelayStep {
    Position {
        #[serde(with = "OperationForm")]
        operation: PositionOperation,
    },
    /// Cash that comes from outside, or goes there.
    Fund {
        #[serde(with = "account")]
        account: AccountId,
        #[serde(with = "money")]
        amount: Money,
    },
}

/// The core's number of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderNumber(#[serde(with = "order")] pub OrderId);

/// A wallet: what an order names as its maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WalletRecord {
    pub address: Address,
    /// The key that signs for it.
    pub owner: Address,
    #[serde(with = "KindOfWallet")]
    pub kind: SignatureType,
}

/// API credentials.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub key: String,
    pub owner: Address,
    pub nonce: u64,
    pub secret: String,
    pub passphrase: String,
    pub kind: KeyKind,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyKind {
    /// Everything. Each nonce of a wallet names one.
    Trading,
    /// Reads.
    Readonly,
    /// A builder's: the relayer, and reads of what he brought.
    Builder,
}

impl KeyRecord {
    pub(crate) const fn is_for_trading(&self) -> bool {
        matches!(self.kind, KeyKind::Trading)
    }
}

impl std::fmt::Debug for KeyRecord {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("KeyRecord").field("key", &self.key).field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// An event as it is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct EventListing {
    /// Its number on the wire.
    pub id: String,
    pub slug: String,
    pub ticker: String,
    pub title: String,
    pub description: String,
    pub neg_risk: bool,
    /// `0x` and 64 hex digits; empty unless of negative risk.
    pub neg_risk_market_id: String,
    pub end_date: String,
    pub tags: Vec<String>,
    pub series_slug: String,
}

/// A market as it is listed: everything about it that trading does not move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MarketListing {
    /// Gamma's number.
    pub id: String,
    /// The event it belongs to, by its number.
    pub event: String,
    /// `0x` and 64 hex digits each.
    pub condition: String,
    pub question_id: String,
    /// Decimal, YES first.
    pub tokens: [String; 2],
    pub outcomes: [String; 2],
    pub question: String,
    pub description: String,
    pub slug: String,
    pub resolution_source: String,
    pub end_date: String,
    pub group_item_title: String,
    /// The leg of an augmented group that stands for whatever is not named.
    pub neg_risk_other: bool,
    #[serde(with = "price")]
    pub tick: Price,
    #[serde(with = "qty")]
    pub min_size: Qty,
    pub fees: Fees,
    pub accepting: bool,
    /// Seconds for which marketable orders wait, as on sports markets.
    pub seconds_delay: u32,
    pub rewards: Option<RewardsListing>,
    pub tags: Vec<String>,
}

/// What takers pay and makers get back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fees {
    /// Rates in 1e-6.
    pub rate: u32,
    pub exponent: u32,
    pub rebate_rate: u32,
}

impl Fees {
    /// The schedule.
    ///
    /// # Errors
    /// When a number is out of its range.
    pub(crate) fn schedule(self) -> Result<FeeSchedule, FeeError> {
        FeeSchedule::new(self.rate, self.exponent, true, self.rebate_rate)
    }
}

/// Liquidity rewards of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RewardsListing {
    #[serde(with = "qty")]
    pub min_size: Qty,
    #[serde(with = "price")]
    pub max_spread: Price,
    #[serde(with = "money")]
    pub daily_rate: Money,
}

/// A change of a market that the administration can ask for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MarketChange {
    Accept(bool),
    SetTick(#[serde(with = "price")] Price),
    SetFees(Fees),
    ClearBook,
    /// Somebody states the result and puts up a bond; undisputed it stands after the challenge period.
    Propose(#[serde(with = "ResultForm")] MarketResult),
    /// Somebody challenges it: the first time the question starts anew, the second time the voters decide.
    Dispute,
    /// The result stands.
    Resolve(#[serde(with = "ResultForm")] MarketResult),
}

/// An order, its signature checked and its amounts read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlaceRecord {
    #[serde(with = "hash")]
    pub hash: OrderHash,
    #[serde(with = "account")]
    pub account: AccountId,
    /// The API key.
    pub key: String,
    #[serde(with = "market")]
    pub market: MarketId,
    #[serde(with = "ActionForm")]
    pub action: Action,
    #[serde(with = "OutcomeForm")]
    pub outcome: Outcome,
    /// The limit on the grid: of an immediate order the last price it can reach.
    #[serde(with = "price")]
    pub price: Price,
    /// Shares bought or sold.
    #[serde(with = "qty")]
    pub size: Qty,
    /// Cash given or wanted.
    #[serde(with = "money")]
    pub cash: Money,
    #[serde(with = "KindForm")]
    pub kind: OrderKind,
    /// Unix seconds, 0 for none.
    pub expiration: u64,
    pub post_only: bool,
    pub builder: alloy_primitives::B256,
}

/// How matches settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SettlementPolicy {
    /// Whether the clock settles them; otherwise the administration does, one by one.
    pub automatic: bool,
    /// From match to block.
    pub mine_after_ms: u64,
    /// From block to final.
    pub confirm_after_ms: u64,
    /// So many of the next matches are tried twice and then fail.
    pub fail_next: u32,
}

impl Default for SettlementPolicy {
    /// Two seconds to a block and three more to be final: what a quiet chain takes.
    fn default() -> Self {
        Self { automatic: true, mine_after_ms: 2_000, confirm_after_ms: 3_000, fail_next: 0 }
    }
}

/// What the engine takes.
///
/// Source: reference (Polymarket), section 7.6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EngineMode {
    /// Everything.
    #[default]
    Normal,
    /// Nothing: it restarts.
    Restarting,
    /// Post-only orders and cancels, until this time.
    PostOnly(#[serde(with = "time")] Timestamp),
    /// Cancels.
    CancelOnly,
    /// Nothing.
    Disabled,
}

impl Record {
    pub(crate) const fn settle(trade: TradeNo, step: SettlementStep) -> Self {
        Self::Settle { trade: trade.0, step }
    }
}

mod hash {
    use super::{Deserialize, OrderHash, Serialize};
    use serde::{Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(hash: &OrderHash, out: S) -> Result<S::Ok, S::Error> {
        hash.to_string().serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<OrderHash, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SignatureType", rename_all = "snake_case")]
enum KindOfWallet {
    Eoa,
    Proxy,
    Safe,
    DepositWallet,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SettlementStep", rename_all = "snake_case")]
enum StepForm {
    Mine,
    Retry,
    Confirm,
    Fail,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Action", rename_all = "snake_case")]
enum ActionForm {
    Buy,
    Sell,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome", rename_all = "snake_case")]
enum OutcomeForm {
    Yes,
    No,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "OrderKind", rename_all = "snake_case")]
enum KindForm {
    Gtc,
    Gtd,
    Fok,
    Fak,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MarketResult", rename_all = "snake_case")]
enum ResultForm {
    Yes,
    No,
    Scalar(#[serde(with = "price")] Price),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PositionOperation", rename_all = "snake_case")]
enum OperationForm {
    Split {
        #[serde(with = "market")]
        market: MarketId,
        #[serde(with = "qty")]
        qty: Qty,
    },
    Merge {
        #[serde(with = "market")]
        market: MarketId,
        #[serde(with = "qty")]
        qty: Qty,
    },
    Convert {
        #[serde(with = "group")]
        group: GroupId,
        questions: Vec<u32>,
        #[serde(with = "qty")]
        qty: Qty,
    },
    Redeem {
        #[serde(with = "market")]
        market: MarketId,
    },
    Transfer {
        #[serde(with = "market")]
        market: MarketId,
        #[serde(with = "OutcomeForm")]
        outcome: Outcome,
        #[serde(with = "qty")]
        qty: Qty,
        #[serde(with = "account")]
        to: AccountId,
    },
}
