//! Who may come in: keys with their owners, scopes and limits, as the doors see them.
//!
//! The core publishes a new table with the commit that changed it; doors read the last one without asking the core.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use brier_kalshi::keys::PublicKey;
use brier_matching::AccountId;

use crate::limits::Limits;
use crate::state::State;

/// One key.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub account: AccountId,
    pub public: PublicKey,
    pub pem: Arc<str>,
    pub scopes: Arc<[String]>,
}

/// All keys, by id, and all limits, by account number.
#[derive(Debug, Default)]
pub(crate) struct AccessTable {
    pub keys: HashMap<String, Access>,
    pub limits: Vec<Limits>,
}

impl AccessTable {
    /// A user's limits; those of the lowest tier for a user this table does not know yet.
    pub(crate) fn limits(&self, account: AccountId) -> Limits {
        self.limits.get(account.0 as usize).cloned().unwrap_or_else(Limits::basic)
    }
}

/// Where the present table is.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccessCell(Arc<RwLock<Arc<AccessTable>>>);

impl AccessCell {
    pub(crate) fn table(&self) -> Arc<AccessTable> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Publishes what the state says. Keys already read from their PEM text are kept as they are.
    pub(crate) fn publish(&self, state: &State) {
        let old = self.table();
        let read = |key: &crate::record::KeyRecord| {
            if let Some(access) = old.keys.get(&key.key_id).filter(|access| *access.pem == key.public_pem) {
                return Some(access.clone());
            }
            // Text that is no key was refused when the key was added.
            let public = PublicKey::from_pem(&key.public_pem).ok()?;
            let (pem, scopes) = (key.public_pem.as_str().into(), key.scopes.clone().into());
            Some(Access { account: key.account, public, pem, scopes })
        };
        let keys = state.keys.iter().filter_map(|(id, key)| Some((id.clone(), read(key)?))).collect();
        let limits = state.users.iter().map(|user| user.limits.clone()).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(AccessTable { keys, limits });
    }
}
