//! Bookmakers' odds, as decimal odds: what a stake of one returns. They are inputs of models, never money.

pub mod odds_api;
