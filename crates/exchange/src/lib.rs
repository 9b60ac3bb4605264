//! The embedded exchange: Kalshi's own API served from the matching core.
