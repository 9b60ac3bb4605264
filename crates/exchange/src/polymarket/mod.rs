//! The embedded exchange's Polymarket face, over the token exchange of the matching core.
//!
//! - `record`: what its part of the journal holds. `state`: everything that has a name on its wire, changed by records only.
//! - `doors`, `auth`, `limits`: who may come in, checked before the core is asked. `intake`: from a posted order to a record.
//! - `http`: the order book API, and the port that all of it is on. `ws`, `rtds`: the streams. `gamma`, `data`: metadata and the
//!   Data API. `relayer`: transactions of contract wallets.
//! - `admin`: what only the house may do: list, fund, fail a trade, resolve.
//!
//! One thread, one clock and one journal serve both venues; their accounts and money are apart.
//!
//! Source: reference (Polymarket), 2026-11-20.

pub(crate) mod admin;
mod auth;
mod data;
pub(crate) mod doors;
mod gamma;
pub(crate) mod http;
pub(crate) mod intake;
pub(crate) mod limits;
pub(crate) mod record;
mod relayer;
mod rewards;
pub(crate) mod rtds;
pub(crate) mod state;
pub(crate) mod ws;

pub(crate) use record::Record;
pub(crate) use state::State;
