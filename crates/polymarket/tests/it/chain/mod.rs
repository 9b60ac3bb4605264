//! The chain held against a real EVM: run by `cargo xtask evm`, which installs it and compiles the contracts.
//!
//! Each test has a node of its own, with the chain number of Polygon and play money. Without the tool's
//! variables a test says that it was skipped; with them none can be.

mod calls;
mod evm;
mod nonces;
mod orders;
mod positions;
mod relayer;
mod wallets;
