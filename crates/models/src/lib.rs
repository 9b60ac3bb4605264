//! Fair values as pure functions.
//!
//! Models work in floats and answer with [`brier_types::Prob`]; money and prices stay outside. Logarithms and error
//! functions come from `libm`, so a model gives the same bits on every machine and a replay is exact.

pub mod average;
pub mod calibration;
pub mod coherent;
pub mod convergence;
pub mod digital;
pub mod distribution;
mod linear;
pub mod lockup;
pub mod logit;
pub mod momentum;
pub mod nowcast;
pub mod odds;
pub mod pool;
pub mod quoting;
mod random;
pub mod rates;
pub mod reversion;
pub mod rounded;
pub mod sizing;
mod solve;
pub mod touch;
pub mod update;
pub mod volatility;
pub mod weather;
