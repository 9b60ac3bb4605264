//! Who may come in and what an order may name: API keys, wallets and tokens, as the doors see them.
//!
//! The core publishes a new table with the commit that changed it; doors read the last one without asking the core, so that
//! HMACs and signatures of orders are checked by the callers' tasks.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use alloy_primitives::Address;
use brier_matching::{AccountId, MarketId};
use brier_polymarket_protocol::auth::ApiSecret;
use brier_polymarket_protocol::ids::{SignatureType, TokenId};
use brier_types::Outcome;

use super::State;
use super::limits::Tier;
use super::record::KeyRecord;

/// One set of API credentials.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub record: KeyRecord,
    pub secret: ApiSecret,
}

/// A wallet that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wallet {
    pub account: AccountId,
    pub owner: Address,
    pub kind: SignatureType,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub market: MarketId,
    pub outcome: Outcome,
    pub neg_risk: bool,
}

/// Everything the doors know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// By API key.
    pub keys: HashMap<String, Arc<Key>>,
    /// The key of a wallet and nonce.
    pub by_nonce: BTreeMap<(Address, u64), String>,
    pub wallets: HashMap<Address, Wallet>,
    pub tokens: Arc<HashMap<TokenId, Token>>,
    pub tiers: BTreeMap<Address, Tier>,
    pub default_tier: Tier,
}

impl Table {
    pub(crate) fn tier(&self, owner: Address) -> Tier {
        self.tiers.get(&owner).copied().unwrap_or(self.default_tier)
    }
}

/// Where the present table is. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doors(Arc<RwLock<Arc<Table>>>);

impl Doors {
    pub(crate) fn table(&self) -> Arc<Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Publishes what the state says. Secrets already read from their text, and tokens if none were added, are kept.
    pub(crate) fn publish(&self, state: &State) {
        let old = self.table();
        let read = |record: &KeyRecord| {
            if let Some(key) = old.keys.get(&record.key).filter(|key| key.record == *record) {
                return Some(key.clone());
            }
            // Secrets are made here and always read.
            let secret = ApiSecret::new(&record.secret).ok()?;
            Some(Arc::new(Key { record: record.clone(), secret }))
        };
        let keys: HashMap<_, _> =
            state.keys.iter().filter_map(|(id, row)| Some((id.clone(), read(&row.record)?))).collect();
        let by_nonce = keys.values().filter(|key| key.record.is_for_trading());
        let by_nonce = by_nonce.map(|key| ((key.record.owner, key.record.nonce), key.record.key.clone())).collect();
        let wallets = (0..).zip(&state.wallets).map(|(number, row)| {
            (row.address, Wallet { account: AccountId(number), owner: row.owner, kind: row.kind })
        });
        let tokens = if old.tokens.len() == state.tokens.len() {
            old.tokens.clone()
        } else {
            let named = state.tokens.iter().map(|(token, (market, outcome))| {
                let neg_risk = state.market(*market).neg_risk;
                (*token, Token { market: *market, outcome: *outcome, neg_risk })
            });
            Arc::new(named.collect())
        };
        let (tiers, default_tier) = (state.tiers.clone(), state.default_tier);
        let table = Table { keys, by_nonce, wallets: wallets.collect(), tokens, tiers, default_tier };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
    }
}
