//! What wallets had the relayer do for them.
//!
//! A transaction is one step: all of its calls are carried out, or none. The chain under it has no delay of its own, so a
//! transaction is final at once.
//!
//! Source: reference (Polymarket), section 16.5, 2026-11-20.

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, B256, keccak256};
use brier_matching::AccountId;
use brier_polymarket_protocol::chain::relayer::State as Progress;
use brier_types::Timestamp;

use super::{Effect, Refused, State};
use crate::polymarket::record::{RelayRecord, RelayStep};

/// The relayer's part of the state.
#[derive(Debug, Default)]
pub(crate) struct Relay {
    /// Oldest first.
    pub rows: Vec<RelayRow>,
    pub by_id: HashMap<String, u32>,
    /// What the next transaction of a wallet must carry; 0 for one that sent none.
    pub nonces: BTreeMap<Address, u64>,
}

/// A transaction.
#[derive(Clone, Debug)]
pub(crate) struct RelayRow {
    pub record: RelayRecord,
    pub progress: Progress,
    /// Why it failed or was invalid; empty when it was not.
    pub error: String,
    /// Its name on the chain; none for one that never got there.
    pub hash: Option<B256>,
    pub at: Timestamp,
}

impl State {
    pub(super) fn relay(&mut self, now: Timestamp, record: &RelayRecord) -> Result<Effect, Refused> {
        if self.relay.by_id.contains_key(&record.id) {
            return Err(Refused::Taken("the transaction"));
        }
        let account = *self.accounts.get(&record.wallet).ok_or(Refused::Unknown("wallet"))?;
        let index = u32::try_from(self.relay.rows.len()).expect("fewer than 2^32 transactions");
        let (progress, error) = match &record.problem {
            // It never reached the chain, so the wallet's nonce is not spent.
            Some(problem) => (Progress::Invalid, problem.clone()),
            None => self.carry_out(now, account, record),
        };
        let hash = (progress != Progress::Invalid).then(|| keccak256(format!("brier transaction {}", record.id)));
        self.relay.by_id.insert(record.id.clone(), index);
        self.relay.rows.push(RelayRow { record: record.clone(), progress, error, hash, at: now });
        Ok(Effect::Kept)
    }

    /// Does all that a transaction says, or nothing; its nonce is spent either way.
    fn carry_out(&mut self, now: Timestamp, account: AccountId, record: &RelayRecord) -> (Progress, String) {
        *self.relay.nonces.entry(record.wallet).or_default() += 1;
        let before = (record.steps.len() > 1).then(|| self.core.clone());
        let lengths: Vec<usize> = self.wallets.iter().map(|wallet| wallet.activity.len()).collect();
        let done = record.steps.iter().try_for_each(|step| match step {
            RelayStep::Position { operation } => self.operate(now, account, operation).map(drop),
            RelayStep::Fund { account, amount } => self.fund(now, *account, *amount).map(drop),
        });
        let Err(refused) = done else { return (Progress::Confirmed, String::new()) };
        // One call that reverts takes the others with it.
        if let Some(before) = before {
            self.core = before;
        }
        for (wallet, length) in self.wallets.iter_mut().zip(lengths) {
            wallet.activity.truncate(length);
        }
        (Progress::Failed, format!("execution reverted: {refused}"))
    }
}
