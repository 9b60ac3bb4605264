//! What the connectors of all venues share and no venue's rules are in: an HTTP client that repeats nothing by itself, TLS,
//! open lines for orders, the measured offset of the venue's clock, token buckets, backoff with jitter, and files that only
//! their owner may read.
//!
//! Invariants: every wait has a bound; time and chance are arguments (but to [`mod@line`], which waits); a secret is read only from
//! a private file and zeroised.
//! It deliberately signs nothing and decides no retry: those are the venue's rules.

pub mod backoff;
pub mod bucket;
pub mod clock;
pub mod host;
pub mod http;
pub mod line;
pub mod private_file;
pub mod tls;

/// A connection cannot be prepared: nothing was sent. The text says why and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConnectError(pub String);
