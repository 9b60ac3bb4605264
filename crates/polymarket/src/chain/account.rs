//! A key that sends its own transactions and pays for their gas.
//!
//! Invariants: signed, then in the journal and on the disk, then sent; what was sent is asked for by the hash that it had
//! before it was sent, and sent again byte for byte when the node has lost it; only [`RpcAccount::replace`] and
//! [`RpcAccount::cancel`] give a nonce to a second transaction, and both say so.
//!
//! Source: reference, section 16; EIP-1559, 2026-11-20.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::chain::Transaction;
use brier_polymarket_protocol::contracts::Chain;
use brier_store::Journal;
use tokio::time::Instant;

use super::error::ChainError;
use super::gas::{Fees, GasPolicy};
use super::nonces::{Attempt, Nonces, Record};
use super::rpc::{Receipt, Rpc, SendFailure};

/// What the records in the journal mean.
const JOURNAL_CONTENT: u32 = 0x7001;
/// Blocks whose prices are looked at.
const HISTORY: u8 = 5;
/// How often a transaction is handed to a node that does not answer.
const SEND_ATTEMPTS: u32 = 3;
/// How often a used nonce without a receipt is looked at before it counts as somebody else's.
const STRIKES: u32 = 5;

/// What an account is to know.
#[derive(Clone, Debug)]
pub struct RpcAccountConfig {
    /// The chain.
    pub chain: Chain,
    /// Where the record of sent transactions is kept; of this key and chain alone.
    pub journal: PathBuf,
    /// Bounds of what gas may cost.
    pub gas: GasPolicy,
}

/// A transaction that was sent, by the nonce that it shares with its replacements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The nonce.
    pub nonce: u64,
    /// The newest transaction with this nonce.
    pub hash: B256,
}

/// How long to wait, and how deep a block must lie.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// Blocks from the transaction's on, itself included; at least 1.
    pub confirmations: u64,
    /// How long before giving up.
    pub deadline: Duration,
    /// How often the node is asked.
    pub poll: Duration,
}

impl Default for Wait {
    /// For Polygon: 16 blocks deep (about half a minute), 5 minutes, every 2 seconds.
    fn default() -> Self {
        Self { confirmations: 16, deadline: Duration::from_mins(5), poll: Duration::from_secs(2) }
    }
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was sent for.
    Done(Receipt),
    /// It is in a block and changed nothing but what gas cost.
    Reverted(Receipt),
    /// Its cancellation was faster: it never happened.
    Canceled(Receipt),
}

struct State {
    nonces: Nonces,
    journal: Journal,
}

impl State {
    /// Writes a record down, and only then believes it.
    fn record(&mut self, record: Record) -> Result<(), ChainError> {
        let line = serde_json::to_vec(&record).expect("a record is plain data");
        self.journal.append(&line)?;
        self.journal.commit()?;
        self.nonces.apply(record);
        Ok(())
    }
}

/// An account that sends through a node.
pub struct RpcAccount {
    rpc: Rpc,
    key: Arc<WalletKey>,
    config: RpcAccountConfig,
    writes_allowed: bool,
    state: Mutex<State>,
}

impl RpcAccount {
    /// Opens the account: reads its journal, checks the chain, counts nonces, and sends again what the node has lost.
    ///
    /// # Errors
    /// [`ChainError::WrongChain`], [`ChainError::Journal`] (another process has it open, or it is damaged), or the node's.
    pub async fn open(rpc: Rpc, key: Arc<WalletKey>, config: RpcAccountConfig) -> Result<Self, ChainError> {
        let found = rpc.chain_id().await?;
        if found != config.chain.id() {
            return Err(ChainError::WrongChain { expected: config.chain.id(), found });
        }
        let writes_allowed = rpc.endpoint().writes_allowed(config.chain, &rpc.client_version().await?);
        let state = open_journal(&config, key.address())?;
        let account = Self { rpc, key, config, writes_allowed, state: Mutex::new(state) };
        account.sync().await?;
        Ok(account)
    }

    /// Who sends and pays.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// The node.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Whether anything may be sent: see [`Endpoint::writes_allowed`](super::Endpoint::writes_allowed).
    pub fn writes_allowed(&self) -> bool {
        self.writes_allowed
    }

    /// Transactions whose end nobody has waited for, also those of earlier runs.
    pub fn pending(&self) -> Vec<Sent> {
        self.lock().nonces.open().map(|attempt| Sent { nonce: attempt.nonce, hash: attempt.hash }).collect()
    }

    /// Sends a call. `operation` names it in errors.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] when the contract would refuse it, [`ChainError::GasTooDear`], and
    /// [`ChainError::SendRefused`]: nothing was done. [`ChainError::InDoubt`]: the transaction stays in
    /// [`RpcAccount::pending`] and may be waited for.
    pub async fn send(
        &self,
        operation: &'static str,
        to: Address,
        value: U256,
        data: Bytes,
    ) -> Result<Sent, ChainError> {
        self.check_writes(operation)?;
        let estimate = self.rpc.estimate_gas(self.address(), to, value, &data).await;
        let estimate = estimate.map_err(|error| match error {
            ChainError::Reverted { reason, .. } => ChainError::Reverted { operation, reason },
            other => other,
        })?;
        let gas_limit = self.config.gas.limit(estimate)?;
        let now = self.config.gas.fees(&self.rpc.fee_history(HISTORY).await?)?;
        self.sync().await?;
        let attempt = {
            let mut state = self.lock();
            let slot = state.nonces.slot();
            let fees = slot.refused.map_or(Ok(now), |refused| self.config.gas.replacing(refused, now))?;
            let attempt = self.sign(slot.nonce, fees, (to, value, data, gas_limit), false);
            // On the disk before it is sent; about a millisecond, and nobody else may take the nonce meanwhile.
            state.record(Record::Signed(attempt.clone()))?;
            attempt
        };
        self.deliver(&attempt).await
    }

    /// Sends the same call again under the same nonce for more money, when it is stuck.
    ///
    /// # Errors
    /// [`ChainError::NotOpen`] when it is decided, [`ChainError::GasTooDear`], or as [`RpcAccount::send`].
    pub async fn replace(&self, nonce: u64) -> Result<Sent, ChainError> {
        self.again(nonce, false).await
    }

    /// Sends nothing to ourselves under the same nonce for more money: whichever the chain takes, the other never happens.
    ///
    /// # Errors
    /// As [`RpcAccount::replace`].
    pub async fn cancel(&self, nonce: u64) -> Result<Sent, ChainError> {
        self.again(nonce, true).await
    }

    /// Waits until a transaction, or one that replaced it, is final. Sends it again when the node has lost it.
    ///
    /// # Errors
    /// [`ChainError::InDoubt`] at the deadline: wait again, replace, or cancel. [`ChainError::NonceTaken`] when another
    /// program used the nonce: it never happened. [`ChainError::NotOpen`] when its end was already told.
    pub async fn wait(&self, nonce: u64, wait: Wait) -> Result<Outcome, ChainError> {
        let deadline = Instant::now() + wait.deadline;
        let mut strikes = 0;
        loop {
            let attempts = self.attempts(nonce)?;
            let problem = match self.look(&attempts, wait.confirmations).await {
                Ok(Seen::Final(outcome)) => {
                    self.lock().record(Record::Closed { nonce })?;
                    return Ok(outcome);
                }
                Ok(Seen::Mined { confirmations }) => {
                    strikes = 0;
                    format!("in a block, {confirmations} of {} blocks deep", wait.confirmations)
                }
                Ok(Seen::Nowhere) => {
                    strikes += 1;
                    if strikes >= STRIKES {
                        self.lock().record(Record::Closed { nonce })?;
                        return Err(ChainError::NonceTaken { nonce, hash: newest(&attempts).hash });
                    }
                    "its nonce is used, and no receipt is found".to_owned()
                }
                Ok(Seen::Waiting) => {
                    strikes = 0;
                    "waits for a block".to_owned()
                }
                Err(error) => error.to_string(),
            };
            if Instant::now() >= deadline {
                return Err(ChainError::InDoubt { nonce, hash: newest(&attempts).hash, problem });
            }
            tokio::time::sleep(wait.poll).await;
        }
    }

    /// Compares our nonces with the node's and sends again what it has lost.
    ///
    /// # Errors
    /// The node's, for counting; what cannot be sent again now is sent again later.
    pub async fn sync(&self) -> Result<(), ChainError> {
        let (me, rpc) = (self.address(), &self.rpc);
        // The lower count first: between the two a transaction may be mined, and then the other order would show a gap.
        let latest = rpc.transaction_count(me, false).await?;
        let pending = rpc.transaction_count(me, true).await?.max(latest);
        let lost: Vec<Attempt> = {
            let mut state = self.lock();
            state.nonces.observe(latest, pending);
            state.nonces.open().filter(|attempt| attempt.nonce >= pending).cloned().collect()
        };
        for attempt in lost {
            self.send_again(&attempt).await?;
        }
        Ok(())
    }

    fn check_writes(&self, operation: &'static str) -> Result<(), ChainError> {
        if self.writes_allowed {
            return Ok(());
        }
        Err(ChainError::WritesForbidden { operation, endpoint: self.rpc.endpoint().to_string() })
    }

    fn attempts(&self, nonce: u64) -> Result<Vec<Attempt>, ChainError> {
        self.lock().nonces.attempts(nonce).map(<[_]>::to_vec).ok_or(ChainError::NotOpen { nonce })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held left the state as the last record made it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign(&self, nonce: u64, fees: Fees, call: (Address, U256, Bytes, u64), cancels: bool) -> Attempt {
        let (to, value, data, gas_limit) = call;
        let transaction = Transaction {
            chain_id: self.config.chain.id(),
            nonce,
            max_priority_fee_per_gas: fees.tip,
            max_fee_per_gas: fees.max_fee,
            gas_limit,
            to,
            value,
            data: data.clone(),
        };
        let signed = transaction.signed(&self.key.sign(transaction.signing_hash()).0);
        let (hash, raw, max_fee, tip) = (signed.hash, signed.raw, fees.max_fee, fees.tip);
        Attempt { nonce, hash, raw, max_fee, tip, cancels, to, value, data, gas_limit }
    }

    /// A second transaction with a nonce, meant as such.
    async fn again(&self, nonce: u64, cancels: bool) -> Result<Sent, ChainError> {
        const PLAIN_TRANSFER: u64 = 21_000;
        self.check_writes("replace")?;
        let now = self.config.gas.fees(&self.rpc.fee_history(HISTORY).await?)?;
        let attempt = {
            let mut state = self.lock();
            let attempts = state.nonces.attempts(nonce).ok_or(ChainError::NotOpen { nonce })?;
            let last = newest(attempts);
            let fees = self.config.gas.replacing(last.fees(), now)?;
            let call = if cancels {
                (self.address(), U256::ZERO, Bytes::new(), PLAIN_TRANSFER)
            } else {
                (last.to, last.value, last.data.clone(), last.gas_limit)
            };
            // Speeding up a cancellation cancels too.
            let attempt = self.sign(nonce, fees, call, cancels || last.cancels);
            state.record(Record::Signed(attempt.clone()))?;
            attempt
        };
        self.deliver(&attempt).await
    }

    /// Hands a transaction to the node until it is clear that the node has it or will not.
    async fn deliver(&self, attempt: &Attempt) -> Result<Sent, ChainError> {
        let (nonce, hash) = (attempt.nonce, attempt.hash);
        let sent = Sent { nonce, hash };
        let mut tries = 1;
        let problem = loop {
            match self.rpc.send_raw(&attempt.raw).await {
                Ok(()) => return Ok(sent),
                Err(SendFailure::Node(message)) if tries == 1 => return self.refused(attempt, message).await,
                // A refusal after a silence proves nothing: the first copy may still be on its way.
                Err(SendFailure::Node(message)) => break format!("an earlier attempt went unanswered; then {message}"),
                Err(SendFailure::Unknown(problem)) if tries == SEND_ATTEMPTS => break problem,
                // The same bytes are the same transaction: sending them twice does nothing twice.
                Err(SendFailure::Unknown(_)) => tokio::time::sleep(Duration::from_millis(200) * tries).await,
            }
            tries += 1;
        };
        match self.rpc.knows(hash).await {
            Ok(true) => Ok(sent),
            Ok(false) | Err(_) => Err(ChainError::InDoubt { nonce, hash, problem }),
        }
    }

    /// The node said no. What it has, by hash, counts for more than its words.
    async fn refused(&self, attempt: &Attempt, message: String) -> Result<Sent, ChainError> {
        let (nonce, hash) = (attempt.nonce, attempt.hash);
        match self.rpc.knows(hash).await {
            Ok(true) => return Ok(Sent { nonce, hash }),
            Ok(false) => {}
            Err(error) => return Err(ChainError::InDoubt { nonce, hash, problem: format!("{message}; then {error}") }),
        }
        let mut state = self.lock();
        // With an older transaction under the same nonce the nonce stays used; that one is still open.
        let alone = state.nonces.attempts(nonce).is_some_and(|attempts| attempts.len() == 1);
        if message.to_ascii_lowercase().contains("nonce too low") && alone {
            state.record(Record::Closed { nonce })?;
            return Err(ChainError::NonceTaken { nonce, hash });
        }
        if alone {
            state.record(Record::Freed { nonce })?;
        }
        Err(ChainError::SendRefused { nonce, hash, message })
    }

    /// Gives the node a transaction that it may have lost.
    async fn send_again(&self, attempt: &Attempt) -> Result<(), ChainError> {
        if !self.writes_allowed || self.rpc.knows(attempt.hash).await? {
            return Ok(());
        }
        tracing::info!(nonce = attempt.nonce, hash = %attempt.hash, "node has lost a transaction, sending it again");
        // Whatever it says, the transaction stays open, and waiting for it tells its end.
        if let Err(SendFailure::Node(problem) | SendFailure::Unknown(problem)) = self.rpc.send_raw(&attempt.raw).await {
            tracing::warn!(nonce = attempt.nonce, hash = %attempt.hash, problem, "sending again failed");
        }
        Ok(())
    }

    /// Where the transactions of one nonce are.
    async fn look(&self, attempts: &[Attempt], confirmations: u64) -> Result<Seen, ChainError> {
        let nonce = newest(attempts).nonce;
        // Counted before receipts are asked for: a count that includes the nonce promises a receipt.
        let used = self.rpc.transaction_count(self.address(), false).await? > nonce;
        for attempt in attempts {
            let Some(receipt) = self.rpc.receipt(attempt.hash).await? else { continue };
            let head = self.rpc.block_number().await?;
            let depth = (head + 1).saturating_sub(receipt.block);
            // The block may have been replaced since: then its number has another hash now.
            let stands = self.rpc.block_hash(receipt.block).await? == Some(receipt.block_hash);
            if !stands || depth < confirmations.max(1) {
                return Ok(Seen::Mined { confirmations: if stands { depth } else { 0 } });
            }
            return Ok(Seen::Final(match (attempt.cancels, receipt.success) {
                (true, _) => Outcome::Canceled(receipt),
                (false, true) => Outcome::Done(receipt),
                (false, false) => Outcome::Reverted(receipt),
            }));
        }
        if used {
            return Ok(Seen::Nowhere);
        }
        self.send_again(newest(attempts)).await?;
        Ok(Seen::Waiting)
    }
}

/// Reads the journal, or begins one for this key and chain.
fn open_journal(config: &RpcAccountConfig, address: Address) -> Result<State, ChainError> {
    let owner = Record::Account { address, chain_id: config.chain.id() };
    let (journal, report) = Journal::open(&config.journal, JOURNAL_CONTENT)?;
    let mut state = State { nonces: Nonces::default(), journal };
    if report.records == 0 {
        state.record(owner)?;
        return Ok(state);
    }
    for (number, line) in (1..).zip(state.journal.replay()?) {
        let problem = |problem: String| ChainError::JournalRecord { record: number, problem };
        let record: Record = serde_json::from_slice(&line?).map_err(|error| problem(error.to_string()))?;
        if number == 1 && record != owner {
            return Err(problem(format!("expected the journal of {address}, found {record:?}")));
        }
        state.nonces.apply(record);
    }
    Ok(state)
}

enum Seen {
    Final(Outcome),
    Mined { confirmations: u64 },
    Waiting,
    Nowhere,
}

fn newest(attempts: &[Attempt]) -> &Attempt {
    attempts.last().expect("an open nonce has a transaction")
}

impl std::fmt::Debug for RpcAccount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RpcAccount").field("address", &self.address()).field("rpc", &self.rpc).finish_non_exhaustive()
    }
}
