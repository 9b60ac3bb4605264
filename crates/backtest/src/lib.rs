//! Recorded markets in, honest reports out: what was quoted at a moment, what a model would have said then from what was known
//! then, and what came of it.
//!
//! Invariant: nothing later than the moment leaks into a quote or into a model.
//!
//! Readers fail with [`anyhow`] errors: a recording that cannot be read is for a person to look at, and no caller branches on
//! why.

pub mod arbitrage;
pub mod history;
pub mod plot;
pub mod score;
