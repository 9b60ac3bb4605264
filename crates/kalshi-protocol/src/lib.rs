//! What Kalshi's client and a Kalshi-compatible exchange share: wire types, signing strings, fees, ticks, errors.
