//! The chain: balances, allowances, and what is done with positions, by an account that pays its own gas or through the
//! relayer.
//!
//! Invariants: a transaction is in the journal before it is sent, so that no restart forgets one; one nonce never names two
//! different transactions unless a replacement is meant; whatever has no clear end is *in doubt* and can be asked for
//! again. Nothing is written where real money is ([`Endpoint::writes_allowed`]).
//!
//! Source: reference, section 16, 2026-11-20.

mod account;
mod endpoint;
mod error;
mod gas;
mod nonces;
mod onchain;
mod relayer;
mod rpc;

pub use account::{Outcome, RpcAccount, RpcAccountConfig, Sent, Wait};
pub use endpoint::Endpoint;
pub use error::ChainError;
pub use gas::{Fees, GasPolicy};
pub use onchain::{Holdings, Onchain, Reads, Submitted};
pub use relayer::{Relayer, RelayerAccount, RelayerAuth};
pub use rpc::{FeeHistory, Receipt, Rpc};
