//! One local order book per market, in YES terms, with a trust state its readers cannot ignore.
