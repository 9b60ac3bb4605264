//! What can go wrong between a caller and the chain, and what the caller may do about it.
//!
//! Invariants: a transaction whose fate is unknown is never anything but [`FailureKind::InDoubt`], and its hash is known;
//! no error carries a key.
//!
//! Source: reference, section 16; Ethereum JSON-RPC, 2026-11-20.

use alloy_primitives::B256;
use brier_polymarket_protocol::chain::abi::AbiError;
use brier_store::JournalError;
use brier_types::{FailureKind, VenueError};

/// Why something on the chain failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The endpoint is no URL of http or https.
    #[error("endpoint: expected an http or https URL without a user name, found `{found}`")]
    Endpoint {
        /// What was found.
        found: String,
    },
    /// The node or the relayer was not reached, or broke off.
    #[error("{operation}: {problem}")]
    Transport {
        /// The call.
        operation: &'static str,
        /// What happened.
        problem: String,
        /// What the caller may do.
        kind: FailureKind,
    },
    /// The node answered with an error.
    #[error("{operation}: the node says {message} (code {code})")]
    Node {
        /// The call.
        operation: &'static str,
        /// Its code.
        code: i64,
        /// Its words, cut to 512 characters.
        message: String,
    },
    /// The answer is not what the call returns.
    #[error("{operation}: expected {expected}, found {found}")]
    Unreadable {
        /// The call.
        operation: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What was found, cut to 512 characters.
        found: String,
    },
    /// A contract returned something else than its function promises.
    #[error("{operation}: {problem}")]
    Abi {
        /// The call.
        operation: &'static str,
        /// What is wrong with it.
        problem: AbiError,
    },
    /// An amount on the chain does not fit Brier's units.
    #[error("{operation}: expected an amount below 2^63 of 1e-6, found {found}")]
    TooLarge {
        /// The call.
        operation: &'static str,
        /// The amount.
        found: String,
    },
    /// The endpoint serves another chain.
    #[error("chain: expected the chain with number {expected}, found {found}")]
    WrongChain {
        /// The number that was configured.
        expected: u64,
        /// The node's.
        found: u64,
    },
    /// The endpoint takes no writes from this program.
    #[error("{operation}: expected a chain that takes writes, found {endpoint}")]
    WritesForbidden {
        /// What was to be done.
        operation: &'static str,
        /// The endpoint, without credentials.
        endpoint: String,
    },
    /// The call would revert, so nothing was sent.
    #[error("{operation}: the contract refuses: {reason}")]
    Reverted {
        /// What was to be done.
        operation: &'static str,
        /// The contract's words, if it gave any.
        reason: String,
    },
    /// Gas costs more than is allowed.
    #[error("gas: expected at most {cap} wei per gas, found a price of {needed}")]
    GasTooDear {
        /// What the next block asks with the least tip.
        needed: u128,
        /// The most that is allowed.
        cap: u128,
    },
    /// The call takes more gas than is allowed.
    #[error("gas: expected at most {cap} gas, found a call that takes {needed}")]
    GasTooMuch {
        /// What the node estimates, with the margin.
        needed: u64,
        /// The most that is allowed.
        cap: u64,
    },
    /// Someone else who has the same key used the nonce. What was sent can never take effect.
    #[error("transaction {hash}: nonce {nonce} was used by a transaction that this program did not send")]
    NonceTaken {
        /// The nonce.
        nonce: u64,
        /// Our transaction.
        hash: B256,
    },
    /// The node refused the transaction and does not have it. Nothing was done.
    #[error("transaction {hash} with nonce {nonce}: the node refuses it: {message}")]
    SendRefused {
        /// The nonce, which is free again.
        nonce: u64,
        /// Our transaction.
        hash: B256,
        /// The node's words.
        message: String,
    },
    /// Nobody knows whether the transaction will take effect.
    #[error("transaction {hash} with nonce {nonce}: {problem}")]
    InDoubt {
        /// The nonce.
        nonce: u64,
        /// The transaction.
        hash: B256,
        /// Why it is not known.
        problem: String,
    },
    /// There is no such transaction to wait for or to replace.
    #[error("nonce {nonce}: expected a transaction of this program that is still open, found none")]
    NotOpen {
        /// The nonce.
        nonce: u64,
    },
    /// The record of sent transactions cannot be kept, so nothing is sent.
    #[error("transaction journal: {0}")]
    Journal(#[from] JournalError),
    /// The record of sent transactions is not readable.
    #[error("transaction journal: record {record}: {problem}")]
    JournalRecord {
        /// Which record, from 1.
        record: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The relayer said no.
    #[error("{operation}: the relayer answers {status}: {message}")]
    Relayer {
        /// The call.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// Its words, cut to 512 characters.
        message: String,
        /// What the caller may do.
        kind: FailureKind,
    },
    /// The relayer took a transaction and has not finished with it in time.
    #[error("relayer transaction {id}: still {state} after the deadline")]
    RelayerInDoubt {
        /// Its name at the relayer.
        id: String,
        /// How far it was.
        state: String,
    },
    /// This wallet cannot do that.
    #[error("{operation}: expected {expected}")]
    Unsupported {
        /// What was to be done.
        operation: &'static str,
        /// What would have been needed.
        expected: &'static str,
    },
}

impl VenueError for ChainError {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Transport { kind, .. } | Self::Relayer { kind, .. } => *kind,
            Self::GasTooDear { .. } | Self::NonceTaken { .. } => FailureKind::Retry,
            Self::InDoubt { .. } | Self::RelayerInDoubt { .. } => FailureKind::InDoubt,
            Self::Node { .. }
            | Self::Reverted { .. }
            | Self::GasTooMuch { .. }
            | Self::SendRefused { .. }
            | Self::NotOpen { .. }
            | Self::TooLarge { .. }
            | Self::Unsupported { .. } => FailureKind::Refused,
            Self::Endpoint { .. }
            | Self::Unreadable { .. }
            | Self::Abi { .. }
            | Self::WrongChain { .. }
            | Self::WritesForbidden { .. }
            | Self::Journal(_)
            | Self::JournalRecord { .. } => FailureKind::Fatal,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Endpoint { .. } => "give the JSON-RPC address of a Polygon node, such as http://127.0.0.1:8545",
            Self::Transport { .. } => "check the network and the endpoint",
            Self::Unreadable { .. } => "ask another node; this one speaks a form that is not known here",
            Self::Abi { .. } => "check the chain and the contract's address: there may be no such contract",
            Self::TooLarge { .. } => "check the token: no amount of Polymarket is that large",
            Self::WrongChain { .. } => "name a node of the configured chain",
            Self::WritesForbidden { .. } => {
                "use Amoy or a development chain on this machine; production is read only so far"
            }
            Self::Reverted { .. } => "check balance, allowances and whether the market is resolved, then try again",
            Self::GasTooDear { .. } => "wait until gas is cheaper, or raise the cap",
            Self::GasTooMuch { .. } => "split the operation, or raise the cap",
            Self::NonceTaken { .. } => {
                "use the key in one program only; then check what the other transaction did and try again"
            }
            Self::SendRefused { .. } => "check the wallet's POL for gas, then try again",
            Self::InDoubt { .. } => {
                "wait for the transaction again, or replace it; do not send its like until it is decided"
            }
            Self::RelayerInDoubt { .. } => "ask the relayer for it again; do not submit its like until it is decided",
            Self::NotOpen { .. } => "it is decided already; look at its receipt",
            Self::Journal(_) | Self::JournalRecord { .. } => {
                "mend or choose another folder, after checking that no transaction of this key is open"
            }
            Self::Node { .. } | Self::Relayer { .. } | Self::Unsupported { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// Outside text cut to a size that errors and logs can carry.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(512).collect()
}
