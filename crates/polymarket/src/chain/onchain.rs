//! One interface to a wallet's money and positions, whoever pays for the gas.
//!
//! Invariant: reads and operations mean the same for both kinds of account; amounts leave in Brier's units or as an error.
//!
//! Source: reference, section 16, 2026-11-20.

use alloy_primitives::{Address, Bytes, U256};
use brier_polymarket_protocol::chain::abi::{self, Value};
use brier_polymarket_protocol::chain::{Call, MarketKind, PositionOp, Venue};
use brier_polymarket_protocol::ids::{ConditionId, TokenId};
use brier_types::{Money, Qty};

use super::account::{Outcome, RpcAccount, Sent, Wait};
use super::error::ChainError;
use super::relayer::RelayerAccount;
use super::rpc::Rpc;

/// What a wallet holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// Collateral.
    pub collateral: Money,
    /// Outcome tokens, in the order in which they were asked for.
    pub tokens: Vec<Qty>,
}

/// An operation that was sent off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// As a transaction of ours.
    Sent(Sent),
    /// As the relayer's, by the name it gave.
    Relayed(String),
}

/// Reads of a wallet's state on the chain.
#[derive(Clone, Debug)]
pub struct Reads {
    rpc: Rpc,
    venue: Venue,
    wallet: Address,
}

impl Reads {
    /// Reads about `wallet`.
    pub fn new(rpc: Rpc, venue: Venue, wallet: Address) -> Self {
        Self { rpc, venue, wallet }
    }

    /// Collateral and these tokens of ordinary and negative-risk markets, in two calls. PolyV2 positions are asked of their
    /// own contract.
    ///
    /// # Errors
    /// [`ChainError`] when the node or a contract does not answer as it should.
    pub async fn holdings(&self, tokens: &[TokenId]) -> Result<Holdings, ChainError> {
        const OPERATION: &str = "balances";
        let balance = Call::BalanceOf { owner: self.wallet };
        let collateral: U256 = self.ask(OPERATION, self.venue.collateral, &balance).await?;
        let collateral = i64::try_from(collateral).map_err(|_| too_large(OPERATION, collateral))?;
        let mut amounts = vec![Qty::default(); tokens.len()];
        for (contract, of_positions) in [(self.venue.conditional_tokens, false), (self.venue.position_manager, true)] {
            let asked = tokens.iter().enumerate().filter(|(_, token)| token.is_position_id() == of_positions);
            let (places, ids): (Vec<usize>, Vec<U256>) = asked.map(|(place, token)| (place, token.0)).unzip();
            if ids.is_empty() {
                continue;
            }
            let call = Call::TokenBalanceOfBatch { owners: vec![self.wallet; ids.len()], ids };
            let found: Vec<U256> = self.ask(OPERATION, contract, &call).await?;
            if found.len() != places.len() {
                return Err(ChainError::Unreadable {
                    operation: OPERATION,
                    expected: "one balance for each token",
                    found: format!("{} for {}", found.len(), places.len()),
                });
            }
            for (place, amount) in places.into_iter().zip(found) {
                amounts[place] = qty(OPERATION, amount)?;
            }
        }
        Ok(Holdings { collateral: Money::from_micros(collateral), tokens: amounts })
    }

    /// Whether an approval is in place: an allowance that no amount of money can use up, or the operator's right. Anything
    /// but an approval is never in place.
    ///
    /// # Errors
    /// [`ChainError`] when the node or a contract does not answer as it should.
    pub async fn is_approved(&self, approval: &PositionOp) -> Result<bool, ChainError> {
        const OPERATION: &str = "allowances";
        match *approval {
            PositionOp::ApproveCollateral { spender } => Ok(self.allowance(spender).await? >= U256::from(u64::MAX)),
            PositionOp::ApproveTokens { tokens, operator } => {
                self.ask(OPERATION, tokens, &Call::IsApprovedForAll { owner: self.wallet, operator }).await
            }
            _ => Ok(false),
        }
    }

    /// How much collateral a spender may take, in units of 1e-6.
    ///
    /// # Errors
    /// [`ChainError`] when the node or the contract does not answer as it should.
    pub async fn allowance(&self, spender: Address) -> Result<U256, ChainError> {
        let call = Call::Allowance { owner: self.wallet, spender };
        self.ask("allowances", self.venue.collateral, &call).await
    }

    /// What YES and NO of a condition pay, in dollars per share, or `None` before it is resolved.
    ///
    /// # Errors
    /// [`ChainError`] when the node or the contract does not answer as it should.
    pub async fn payouts(&self, condition: ConditionId) -> Result<Option<[Money; 2]>, ChainError> {
        const OPERATION: &str = "payouts";
        let (ctf, condition) = (self.venue.conditional_tokens, condition.0);
        let sum: U256 = self.ask(OPERATION, ctf, &Call::PayoutDenominator { condition }).await?;
        if sum.is_zero() {
            return Ok(None);
        }
        let mut payouts = [Money::ZERO; 2];
        for (payout, outcome) in payouts.iter_mut().zip([U256::ZERO, U256::ONE]) {
            let share: U256 = self.ask(OPERATION, ctf, &Call::PayoutNumerators { condition, outcome }).await?;
            let micros = share.checked_mul(U256::from(1_000_000)).map(|scaled| scaled / sum);
            let micros = micros.and_then(|micros| i64::try_from(micros).ok());
            *payout = Money::from_micros(micros.ok_or_else(|| too_large(OPERATION, share))?);
        }
        Ok(Some(payouts))
    }

    /// Calls a contract that changes nothing and reads its answer.
    ///
    /// # Errors
    /// [`ChainError::Abi`] when the answer is not a `T`: usually there is no such contract.
    pub async fn ask<T: Value>(&self, operation: &'static str, to: Address, call: &Call) -> Result<T, ChainError> {
        let answer: Bytes = self.rpc.call(self.wallet, to, &call.encode()).await?;
        abi::decode(&answer).map_err(|problem| ChainError::Abi { operation, problem })
    }
}

fn too_large(operation: &'static str, found: U256) -> ChainError {
    ChainError::TooLarge { operation, found: found.to_string() }
}

fn qty(operation: &'static str, amount: U256) -> Result<Qty, ChainError> {
    let micros = u64::try_from(amount).ok().and_then(Qty::from_micros);
    micros.ok_or_else(|| too_large(operation, amount))
}

/// Who carries out what the wallet does.
#[derive(Debug)]
enum Account {
    Rpc(Box<RpcAccount>),
    Relayer(Box<RelayerAccount>),
}

/// A wallet on the chain: what it holds, and what is done with it.
#[derive(Debug)]
pub struct Onchain {
    account: Account,
    venue: Venue,
    reads: Reads,
}

impl Onchain {
    /// A key that pays its own gas.
    pub fn with_rpc(account: RpcAccount, venue: Venue) -> Self {
        let reads = Reads::new(account.rpc().clone(), venue, account.address());
        Self { account: Account::Rpc(Box::new(account)), venue, reads }
    }

    /// A wallet whose gas the relayer pays.
    pub fn with_relayer(account: RelayerAccount, venue: Venue) -> Self {
        let reads = Reads::new(account.rpc().clone(), venue, account.wallet());
        Self { account: Account::Relayer(Box::new(account)), venue, reads }
    }

    /// The wallet that holds money and tokens.
    pub fn wallet(&self) -> Address {
        self.reads.wallet
    }

    /// Reads about the wallet.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The account behind it, if it pays its own gas: to replace, cancel or list transactions.
    pub fn rpc_account(&self) -> Option<&RpcAccount> {
        match &self.account {
            Account::Rpc(account) => Some(account),
            Account::Relayer(_) => None,
        }
    }

    /// Splits collateral into YES and NO.
    ///
    /// # Errors
    /// As [`Onchain::submit`].
    pub async fn split(&self, market: MarketKind, amount: Qty) -> Result<Submitted, ChainError> {
        self.submit(&PositionOp::Split { market, amount }).await
    }

    /// Merges YES and NO into collateral.
    ///
    /// # Errors
    /// As [`Onchain::submit`].
    pub async fn merge(&self, market: MarketKind, amount: Qty) -> Result<Submitted, ChainError> {
        self.submit(&PositionOp::Merge { market, amount }).await
    }

    /// Redeems tokens of a resolved market: all that the wallet has, on PolyV2 `amounts`.
    ///
    /// # Errors
    /// As [`Onchain::submit`].
    pub async fn redeem(&self, market: MarketKind, amounts: [Qty; 2]) -> Result<Submitted, ChainError> {
        self.submit(&PositionOp::Redeem { market, amounts }).await
    }

    /// Carries out an operation. One of several calls needs a wallet that is a contract; a key does them one by one.
    ///
    /// # Errors
    /// [`ChainError`]; its kind says whether anything can have happened.
    pub async fn submit(&self, operation: &PositionOp) -> Result<Submitted, ChainError> {
        let (name, steps) = (operation.name(), operation.steps(&self.venue));
        match &self.account {
            Account::Relayer(account) => Ok(Submitted::Relayed(account.submit(name, &steps, name).await?.id)),
            Account::Rpc(account) => {
                let [step] = steps.as_slice() else {
                    return Err(ChainError::Unsupported {
                        operation: name,
                        expected: "one call at a time from a key: name one outcome",
                    });
                };
                let sent = account.send(name, step.to, U256::ZERO, step.call.encode()).await?;
                Ok(Submitted::Sent(sent))
            }
        }
    }

    /// Waits for the end of an operation. `Ok(None)` says that the relayer gave it up before it reached the chain, so that
    /// it never happened.
    ///
    /// # Errors
    /// [`ChainError::InDoubt`] and [`ChainError::RelayerInDoubt`] at the deadline: wait again.
    pub async fn wait(&self, submitted: &Submitted, wait: Wait) -> Result<Option<Outcome>, ChainError> {
        let id = match (&self.account, submitted) {
            (Account::Rpc(account), Submitted::Sent(sent)) => return account.wait(sent.nonce, wait).await.map(Some),
            (Account::Relayer(_), Submitted::Relayed(id)) => id,
            (Account::Rpc(_), Submitted::Relayed(_)) | (Account::Relayer(_), Submitted::Sent(_)) => {
                return Err(ChainError::Unsupported {
                    operation: "wait",
                    expected: "what this wallet itself submitted",
                });
            }
        };
        let Account::Relayer(account) = &self.account else {
            return Err(ChainError::Unsupported { operation: "wait", expected: "a wallet of the relayer" });
        };
        let relayed = account.wait(id, wait).await?;
        let Some(hash) = relayed.hash else { return Ok(None) };
        // The chain's word counts, not the relayer's.
        let receipt = account.rpc().receipt(hash).await?;
        let receipt = receipt.ok_or_else(|| ChainError::RelayerInDoubt {
            id: id.clone(),
            state: format!("{} and without a receipt", relayed.state),
        })?;
        Ok(Some(if receipt.success { Outcome::Done(receipt) } else { Outcome::Reverted(receipt) }))
    }
}
