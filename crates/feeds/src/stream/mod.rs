//! Streams of prices: what is peculiar to a vendor ([`protocol`]), the life of a connection ([`session`], pure), and the
//! shell that dials, reads, writes and waits ([`driver`]).
//!
//! A stream that falls silent without closing is replaced: an open socket says nothing about the age of a price.

pub mod driver;
pub mod protocol;
pub mod session;
