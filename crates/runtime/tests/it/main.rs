//! The runtime's parts against the embedded exchange.

mod gateway;
