//! Administration of the Polymarket face: what only the house may do, in-process and, when asked for, over HTTP.
//!
//! Every change is a record of the journal like any order, so a restart finds it.

pub(crate) mod http;
mod listing;

use alloy_primitives::Address;
use brier_matching::tokens::{PositionOperation, Reply, SettlementStep};
use brier_matching::{AccountId, Ledger, MarketId};
use brier_polymarket_protocol::ids::{ConditionId, SignatureType, TokenId};
use brier_polymarket_protocol::stream::prices::{RtdsPrice, Topic};
use brier_types::{MarketResult, Money, Outcome, Price, Qty};
use serde_json::Value;

use super::http::account::wallet_of;
use super::http::keys::open_wallets;
use super::limits::Tier;
use super::record::{EngineMode, Fees, MarketChange, Record, Restriction, SettlementPolicy};
use super::rtds::Tick;
use super::state::{Effect, Refused};
use crate::admin::AdminError;
use crate::core::{Core, CoreHandle};
use crate::ids;

impl From<Refused> for AdminError {
    fn from(refused: Refused) -> Self {
        Self::Invalid(refused.to_string())
    }
}

/// A market that was listed, by its names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ListedMarket {
    /// Gamma's number.
    pub id: String,
    /// Gamma's number of its event.
    pub event_id: String,
    /// Its name in addresses.
    pub slug: String,
    /// `0x` and 64 hex digits.
    pub condition_id: String,
    /// `0x` and 64 hex digits.
    pub question_id: String,
    /// Decimal, YES first.
    pub token_ids: [String; 2],
    /// Whether orders are signed for the negative-risk exchange.
    pub neg_risk: bool,
}

/// What became of a catalog of which something may have been listed before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogLoad {
    /// Markets that were listed.
    pub listed: Vec<ListedMarket>,
    /// What was listed already and stays as it is, by the name that is taken, such as ``market slug `rain` ``.
    pub kept: Vec<String>,
}

/// The wallets of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Wallets {
    /// The key's own address, maker of orders of type 0.
    pub owner: Address,
    /// Maker of orders of type 1.
    pub proxy: Address,
    /// Maker of orders of type 2.
    pub safe: Address,
    /// Maker of orders of type 3.
    pub deposit_wallet: Address,
}

/// What a wallet has of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBalance {
    /// The token, decimal.
    pub token_id: String,
    /// Owned by the chain's word.
    pub balance: Qty,
    /// Offered by resting orders.
    pub resting: Qty,
    /// Held by matches that are not mined.
    pub matched: Qty,
}

/// What a wallet has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletBalances {
    /// Whose key signs for it.
    pub owner: Address,
    /// Dollars owned by the chain's word.
    pub cash: Money,
    /// Dollars held by resting orders.
    pub resting: Money,
    /// Dollars held by matches that are not mined.
    pub matched: Money,
    /// Tokens of which it has any.
    pub tokens: Vec<TokenBalance>,
}

/// How matches settle; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettlementChange {
    /// Whether the clock settles them; otherwise [`PolymarketAdmin::settle_trade`] does.
    pub automatic: Option<bool>,
    /// Milliseconds from match to block, by the market's clock.
    pub mine_after_ms: Option<u64>,
    /// Milliseconds from block to final.
    pub confirm_after_ms: Option<u64>,
    /// So many of the next matches are tried twice and then fail. They need the clock to settle them.
    pub fail_next: Option<u32>,
}

/// What happens to a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeStep {
    /// It is in a block: cash and tokens move.
    Mine,
    /// The chain refused it; it is tried again.
    Retry,
    /// It is final.
    Confirm,
    /// It is given up: nothing moves.
    Fail,
}

/// What becomes of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolymarketChange {
    /// Takes orders, or takes none.
    Accept(bool),
    /// Another step of prices.
    Tick(Price),
    /// Another fee: rate, exponent, and the makers' part, rates in units of 1e-6.
    Fees {
        /// What takers pay.
        rate: u32,
        /// Of `p (1 - p)`.
        exponent: u32,
        /// What makers get of it.
        rebate_rate: u32,
    },
    /// Cancels every resting order.
    ClearBook,
    /// States a result that may be disputed.
    Propose(MarketResult),
    /// Disputes the stated result: once it is reset, twice the voters decide.
    Dispute,
    /// The result stands.
    Resolve(MarketResult),
}

/// An exchange of cash and tokens at par, or a transfer. Markets are named as in [`PolymarketAdmin::change_market`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PositionChange {
    /// Dollars become pairs.
    Split {
        /// Where.
        market: String,
        /// How many pairs.
        qty: Qty,
    },
    /// Pairs become dollars.
    Merge {
        /// Where.
        market: String,
        /// How many pairs.
        qty: Qty,
    },
    /// NO of some markets of a negative-risk event become YES of the others, and dollars.
    Convert {
        /// The event's number.
        event: String,
        /// Markets by their place in the event.
        questions: Vec<u32>,
        /// How many of each.
        qty: Qty,
    },
    /// Tokens of a resolved market become what they pay.
    Redeem {
        /// Where.
        market: String,
    },
    /// Tokens go to another wallet.
    Transfer {
        /// Which token, decimal.
        token: String,
        /// How many.
        qty: Qty,
        /// To whom.
        to: Address,
    },
}

/// The administration of the Polymarket face of a running exchange. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PolymarketAdmin {
    core: CoreHandle,
}

fn missing(what: &'static str, name: impl Into<String>) -> AdminError {
    AdminError::NotFound { what, name: name.into() }
}

/// A market by condition, token, Gamma's number or slug.
fn find(core: &Core, name: &str) -> Result<MarketId, AdminError> {
    let state = &core.polymarket;
    let by_condition = name.parse::<ConditionId>().ok().and_then(|id| state.conditions.get(&id).copied());
    let by_token = || name.parse::<TokenId>().ok().and_then(|token| state.token(token)).map(|(market, _)| market);
    let by_name = || state.markets.iter().find(|row| row.listing.id == name || row.listing.slug == name);
    by_condition.or_else(by_token).or_else(|| by_name().map(|row| row.id)).ok_or_else(|| missing("market", name))
}

/// The account of a wallet. An address that is no wallet yet is taken for a key's: its wallets are opened.
fn account(core: &mut Core, address: Address) -> Result<AccountId, AdminError> {
    if !core.polymarket.accounts.contains_key(&address) {
        open_wallets(core, address, Money::ZERO)?;
    }
    core.polymarket.accounts.get(&address).copied().ok_or_else(|| missing("wallet", address.to_string()))
}

impl PolymarketAdmin {
    pub(crate) const fn new(core: CoreHandle) -> Self {
        Self { core }
    }

    async fn submit(&self, record: Record) -> Result<(), AdminError> {
        Ok(self.core.call(move |core| core.submit_polymarket(record).map(drop)).await??)
    }

    /// Lists an event, and the markets in its `markets`; see [`PolymarketAdmin::list_market`] for the names of ids.
    ///
    /// Takes the venue's own Gamma record or a short one: `title`, and as wished `id`, `slug`, `ticker`, `description`,
    /// `neg_risk`, `neg_risk_market_id`, `end_date`, `tags`, `series_slug`. What is left out is made up; ids are computed as
    /// the contracts would. Another member of a short one is refused.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] says what is wrong with it, [`AdminError::Listed`] which of its names or its markets' is taken.
    pub async fn list_event(&self, event: Value) -> Result<Vec<ListedMarket>, AdminError> {
        self.core.call(move |core| listing::event(core, event)).await?.map(|(_, markets)| markets)
    }

    /// Lists a market.
    ///
    /// Takes the venue's own Gamma record (camelCase; also wrapped in `raw`, as recordings have it) or a short one: `question`,
    /// and as wished `id`, `slug`, `event` (an event's number), `description`, `resolution_source`, `end_date`, `condition_id`,
    /// `question_id`, `token_ids`, `outcomes`, `group_item_title`, `neg_risk`, `neg_risk_other`, `tick` (0.01), `min_size` (5),
    /// `fee_rate` (0), `fee_exponent` (1), `rebate_rate` (0), `accepting` (true), `seconds_delay` (0), `tags`,
    /// `rewards` (`min_size`, `max_spread` in dollars, `daily_rate` in dollars), and `poly_v2` for positions of the V3 exchange.
    /// An unknown or missing event is listed with it. Ids that are left out are computed from the question as the contracts
    /// would, so that they are real ones; a slug that is left out is made of the question. Another member of a short one is
    /// refused.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] says what is wrong with it, [`AdminError::Listed`] which of its names is taken.
    pub async fn list_market(&self, market: Value) -> Result<ListedMarket, AdminError> {
        self.core.call(move |core| listing::market(core, market)).await?
    }

    /// Lists many things: an object with `events` and `markets`, or a list of market records. Stops at the first that is
    /// wrong; what came before it is listed.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] says what is wrong, [`AdminError::Listed`] what is taken.
    pub async fn load_catalog(&self, catalog: Value) -> Result<Vec<ListedMarket>, AdminError> {
        self.core.call(move |core| listing::catalog(core, catalog, false)).await?.map(|load| load.listed)
    }

    /// As [`PolymarketAdmin::load_catalog`], for a catalog that was loaded before: what is listed already is kept as it is,
    /// an event together with its markets.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] says what is wrong.
    pub async fn load_catalog_again(&self, catalog: Value) -> Result<CatalogLoad, AdminError> {
        self.core.call(move |core| listing::catalog(core, catalog, true)).await?
    }

    /// Changes a market, named by its condition, one of its tokens, Gamma's number or its slug.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], and [`AdminError::Invalid`] when it does not follow from where the market is.
    pub async fn change_market(&self, market: &str, change: PolymarketChange) -> Result<(), AdminError> {
        let name = market.to_owned();
        let change = match change {
            PolymarketChange::Accept(accepting) => MarketChange::Accept(accepting),
            PolymarketChange::Tick(tick) => MarketChange::SetTick(tick),
            PolymarketChange::Fees { rate, exponent, rebate_rate } => {
                MarketChange::SetFees(Fees { rate, exponent, rebate_rate })
            }
            PolymarketChange::ClearBook => MarketChange::ClearBook,
            PolymarketChange::Propose(result) => MarketChange::Propose(result),
            PolymarketChange::Dispute => MarketChange::Dispute,
            PolymarketChange::Resolve(result) => MarketChange::Resolve(result),
        };
        let work = move |core: &mut Core| -> Result<(), AdminError> {
            let market = find(core, &name)?;
            Ok(core.submit_polymarket(Record::ChangeMarket { market, change }).map(drop)?)
        };
        self.core.call(work).await?
    }

    /// Publishes a reference price of a topic of RTDS, such as `crypto_prices`, to whoever listens. Without a time it is
    /// the market's. Nothing of it is written down.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] when the topic has no prices, or the value is missing.
    pub async fn publish_price(&self, topic: &str, price: RtdsPrice) -> Result<(), AdminError> {
        let topic = Topic::from(topic);
        let work = move |core: &mut Core| {
            let sent = core.now().millis();
            let price = RtdsPrice { timestamp: price.timestamp.or(Some(sent)), ..price };
            let tick = Tick::new(topic, price, sent).map_err(|error| AdminError::Invalid(error.to_string()))?;
            core.publish_price(tick);
            Ok(())
        };
        self.core.call(work).await?
    }

    /// Redeems the tokens of every wallet that has some of a resolved market. Answers the dollars that were paid.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], and [`AdminError::Invalid`] when it has not resolved.
    pub async fn redeem_all(&self, market: &str) -> Result<Money, AdminError> {
        let name = market.to_owned();
        let work = move |core: &mut Core| -> Result<Money, AdminError> {
            let market = find(core, &name)?;
            let holds = |core: &Core, account| {
                let tokens =
                    [Outcome::Yes, Outcome::No].map(|outcome| core.polymarket.core.token(account, market, outcome));
                tokens.iter().any(|token| !token.balance.is_zero())
            };
            let count = u32::try_from(core.polymarket.wallets.len()).unwrap_or(u32::MAX);
            let mut paid = Money::ZERO;
            for account in (0..count).map(AccountId) {
                if !holds(core, account) {
                    continue;
                }
                let operation = PositionOperation::Redeem { market };
                if let Effect::Reply(Reply::Paid(cash)) =
                    core.submit_polymarket(Record::Position { account, operation })?
                {
                    paid = paid.checked_add(cash).unwrap_or(Money::MAX);
                }
            }
            Ok(paid)
        };
        self.core.call(work).await?
    }

    /// Opens the wallets of a key: its own, proxy, Safe and both forms of deposit wallet. Those that are open stay as they are.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn open_wallets(&self, owner: Address) -> Result<Wallets, AdminError> {
        self.core.call(move |core| open_wallets(core, owner, Money::ZERO)).await??;
        Ok(Wallets {
            owner,
            proxy: wallet_of(owner, SignatureType::Proxy),
            safe: wallet_of(owner, SignatureType::Safe),
            deposit_wallet: wallet_of(owner, SignatureType::DepositWallet),
        })
    }

    /// Gives a wallet play money, or takes it when negative. An address that is no wallet yet is taken for a key's, and its
    /// wallets are opened.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] when more would be taken than is free.
    pub async fn fund(&self, wallet: Address, amount: Money) -> Result<(), AdminError> {
        let work = move |core: &mut Core| -> Result<(), AdminError> {
            let account = account(core, wallet)?;
            Ok(core.submit_polymarket(Record::Fund { account, amount }).map(drop)?)
        };
        self.core.call(work).await?
    }

    /// Exchanges cash and tokens of a wallet at par, or transfers tokens. Answers the dollars it paid.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], and [`AdminError::Invalid`] when the wallet has too little.
    pub async fn position(&self, wallet: Address, change: PositionChange) -> Result<Money, AdminError> {
        let work = move |core: &mut Core| -> Result<Money, AdminError> {
            let account = account(core, wallet)?;
            let operation = operation(core, change)?;
            match core.submit_polymarket(Record::Position { account, operation })? {
                Effect::Reply(Reply::Paid(cash)) => Ok(cash),
                _ => Ok(Money::ZERO),
            }
        };
        self.core.call(work).await?
    }

    /// What a wallet has.
    ///
    /// # Errors
    /// [`AdminError::NotFound`].
    pub async fn balances(&self, wallet: Address) -> Result<WalletBalances, AdminError> {
        let work = move |core: &mut Core| {
            let state = &core.polymarket;
            let account = *state.accounts.get(&wallet)?;
            let cash = state.core.cash(account)?;
            let tokens = state.markets.iter().flat_map(|row| {
                [Outcome::Yes, Outcome::No].map(|outcome| {
                    let view = state.core.token(account, row.id, outcome);
                    TokenBalance {
                        token_id: row.token_text(outcome).to_string(),
                        balance: view.balance,
                        resting: view.resting,
                        matched: view.matched,
                    }
                })
            });
            Some(WalletBalances {
                owner: state.wallet(account).owner,
                cash: cash.balance,
                resting: cash.resting,
                matched: cash.matched,
                tokens: tokens.filter(|it| !it.balance.is_zero() || !it.matched.is_zero()).collect(),
            })
        };
        self.core.call(work).await?.ok_or_else(|| missing("wallet", wallet.to_string()))
    }

    /// Moves the match of a trade on, by the trade's UUID; all trades of one match move together.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], and [`AdminError::Invalid`] when the step does not follow.
    pub async fn settle_trade(&self, trade: &str, step: TradeStep) -> Result<(), AdminError> {
        let (number, _) = ids::match_parts(trade).ok_or_else(|| missing("trade", trade))?;
        let step = match step {
            TradeStep::Mine => SettlementStep::Mine,
            TradeStep::Retry => SettlementStep::Retry,
            TradeStep::Confirm => SettlementStep::Confirm,
            TradeStep::Fail => SettlementStep::Fail,
        };
        self.submit(Record::settle(number, step)).await
    }

    /// Changes how matches settle from now on.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn set_settlement(&self, change: SettlementChange) -> Result<(), AdminError> {
        let work = move |core: &mut Core| {
            let old = core.polymarket.settlement;
            core.submit_polymarket(Record::SetSettlement(SettlementPolicy {
                automatic: change.automatic.unwrap_or(old.automatic),
                mine_after_ms: change.mine_after_ms.unwrap_or(old.mine_after_ms),
                confirm_after_ms: change.confirm_after_ms.unwrap_or(old.confirm_after_ms),
                fail_next: change.fail_next.unwrap_or(old.fail_next),
            }))
        };
        Ok(self.core.call(work).await?.map(drop)?)
    }

    /// Says what the engine takes: `normal`, `restarting`, `post_only` (for so many seconds), `cancel_only`, `disabled`.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for another word.
    pub async fn set_engine(&self, mode: &str, seconds: u64) -> Result<(), AdminError> {
        let mode = mode.to_owned();
        let work = move |core: &mut Core| -> Result<(), AdminError> {
            let until = core.now().plus(std::time::Duration::from_secs(seconds));
            let mode = match mode.as_str() {
                "normal" => EngineMode::Normal,
                "restarting" => EngineMode::Restarting,
                "post_only" => EngineMode::PostOnly(until),
                "cancel_only" => EngineMode::CancelOnly,
                "disabled" => EngineMode::Disabled,
                other => {
                    let words = "normal, restarting, post_only, cancel_only or disabled";
                    return Err(AdminError::Invalid(format!("engine: expected {words}, found `{other}`")));
                }
            };
            Ok(core.submit_polymarket(Record::SetEngine(mode)).map(drop)?)
        };
        self.core.call(work).await?
    }

    /// Says how fast a key's owner may post and cancel: a tier of the venue in lower case, or `unlimited`; without an owner,
    /// everybody who has no tier of his own. The start is `standard`.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for another word.
    pub async fn set_tier(&self, owner: Option<Address>, tier: &str) -> Result<(), AdminError> {
        let tier: Tier =
            serde_json::from_value(Value::from(tier)).map_err(|error| AdminError::Invalid(format!("tier: {error}")))?;
        self.submit(Record::SetTier { owner, tier }).await
    }

    /// Forbids a key's owner something: `banned`, `closed_only`, `deposit_wallet_only`, or `none`.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for another word.
    pub async fn restrict(&self, owner: Address, restriction: &str) -> Result<(), AdminError> {
        let restriction: Option<Restriction> = match restriction {
            "none" => None,
            word => Some(
                serde_json::from_value(Value::from(word))
                    .map_err(|error| AdminError::Invalid(format!("restriction: {error}")))?,
            ),
        };
        self.submit(Record::Restrict { owner, restriction }).await
    }

    /// Says which generation of orders `GET /version` names, 1 or 2. Orders of the first are refused all the same.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for another number.
    pub async fn set_version(&self, version: u32) -> Result<(), AdminError> {
        if !matches!(version, 1 | 2) {
            return Err(AdminError::Invalid(format!("version: expected 1 or 2, found {version}")));
        }
        self.submit(Record::SetVersion { version }).await
    }

    /// Sums of all money: outside, cash, collateral, fees. Their difference is zero.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn ledger(&self) -> Result<Ledger, AdminError> {
        Ok(self.core.call(|core| core.polymarket.core.ledger()).await?)
    }

    /// The core's state as one number: equal states have equal numbers.
    ///
    /// # Errors
    /// [`AdminError::Stopped`].
    pub async fn state_hash(&self) -> Result<u64, AdminError> {
        Ok(self.core.call(|core| core.polymarket.core.state_hash()).await?)
    }
}

/// The operation as the core takes it.
fn operation(core: &Core, change: PositionChange) -> Result<PositionOperation, AdminError> {
    Ok(match change {
        PositionChange::Split { market, qty } => PositionOperation::Split { market: find(core, &market)?, qty },
        PositionChange::Merge { market, qty } => PositionOperation::Merge { market: find(core, &market)?, qty },
        PositionChange::Convert { event, questions, qty } => {
            let group = core.polymarket.group(&event).ok_or_else(|| missing("negative-risk event", event))?;
            PositionOperation::Convert { group, questions, qty }
        }
        PositionChange::Redeem { market } => PositionOperation::Redeem { market: find(core, &market)? },
        PositionChange::Transfer { token, qty, to } => {
            let known = token.parse().ok().and_then(|token| core.polymarket.token(token));
            let (market, outcome) = known.ok_or_else(|| missing("token", token))?;
            let to = *core.polymarket.accounts.get(&to).ok_or_else(|| missing("wallet", to.to_string()))?;
            PositionOperation::Transfer { market, outcome, qty, to }
        }
    })
}
