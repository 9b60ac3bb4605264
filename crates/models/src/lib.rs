//! Fair values as pure functions.
//!
//! Models work in floats and answer with [`brier_types::Prob`]; money and prices stay outside. Logarithms and error
//! functions come from `libm`, so a model gives the same bits on every machine and a replay is exact.
//!
//! So far: [`digital`], the chance that a price ends at or above a strike, and [`volatility`], how much it moves.

pub mod digital;
pub mod volatility;
