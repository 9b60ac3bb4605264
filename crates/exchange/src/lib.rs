//! The embedded exchange: Kalshi's and Polymarket's own APIs, served for real from one process on the matching core.
//!
//! - [`Server::start`] runs it: REST under `/trade-api/v2`, the socket at `/trade-api/ws/v2`, and, when asked for, the
//!   administration under `/admin/v1` for callers on the same machine.
//! - With [`ServerConfig::polymarket_listen`] Polymarket's clients are served on a port of their own: the order book API at its
//!   root, the streams under `/ws`, Gamma under `/gamma`, the Data API under `/data-api`, the relayer under `/relayer`.
//! - [`Admin`] is the administration in-process: list markets, fund accounts, move the clock, determine and settle.
//! - [`sim`] has the same exchange without threads, sockets and clocks, for simulations that must repeat byte for byte.
//! - With a data folder every command is in a journal before anybody is answered, and a restart finds the same state.
//!
//! One thread owns all state (`core.rs`); what is on the wire is `brier-kalshi-protocol`'s. Play money only: there
//! is no way to pay anything in or out but [`Admin::fund`].
//!
//! It deliberately leaves out what the venue has beside the trading path: requests for quotes, combos, more shards and
//! subaccounts, transfers, FIX.

mod access;
mod admin;
mod auth;
mod chance;
mod clock;
mod core;
mod http;
mod ids;
mod limits;
mod operator;
mod polymarket;
mod publication;
mod record;
mod recovery;
mod server;
pub mod sim;
mod state;
mod ws;

pub use admin::{Admin, AdminError, LimitsChange, NewAccount};
pub use clock::ClockConfig;
pub use core::Stopped;
pub use operator::{OperatorError, OperatorKey, OperatorKeys, OperatorWallet, play_wallet};
pub use polymarket::admin::{
    CatalogLoad, ListedMarket, PolymarketAdmin, PolymarketChange, PositionChange, SettlementChange, TokenBalance,
    TradeStep, WalletBalances, Wallets,
};
pub use recovery::RecoveryReport;
pub use server::{CatalogReport, PolymarketAddresses, RunningServer, Server, ServerConfig, StartError};
pub use state::CatalogError;
