//! Fair values as pure functions.
//!
//! Models work in floats and answer with [`brier_types::Prob`], or with a plain number where the answer is no chance; money
//! and prices stay outside. Logarithms and error functions come from `libm`, so a model gives the same bits on every machine
//! and a replay is exact. There is no I/O and no clock; what is resampled follows from a seed.
//!
//! Input without sense (no number, a negative price, chances that sum to two) is answered with `None` or an error that names
//! it: nothing must be quoted on it. What is valued on every tick allocates nothing: [`digital::Ladder`],
//! [`average::AverageLaw::fill`], [`weather::DayExtreme::fill`], [`nowcast::Nowcast::fill`].
//!
//! By question:
//!
//! - What will a number be when it is read? [`digital`] (thresholds, ranges, smiles), [`touch`] (ever reached), [`average`]
//!   (settlement on a mean, up or down), [`volatility`] (how much it moves); [`weather`], [`nowcast`] and [`rates`] for the
//!   day's temperature, an economic release and the Federal Reserve. [`rounded`] turns strikes into inclusive buckets.
//! - What do others say? [`odds`] (bookmakers without their margin), [`pool`] (several opinions), [`update`] (news),
//!   [`momentum`] and [`reversion`] (moves), [`coherent`] (chances that must fit together).
//! - Was it any good? [`calibration`], whose [`calibration::standing`] decides whether a model may trade.
//! - What to do? [`sizing`] (how much), [`quoting`] (where), [`convergence`] (hold or sell), [`lockup`] (is it worth the
//!   wait, and what if the rules differ).
//!
//! Finding riskless sets over several markets is left to another crate, and exact fees to the venues' own: here a fee is a
//! function of the price.

pub mod average;
pub mod calibration;
pub mod coherent;
pub mod convergence;
pub mod digital;
pub mod distribution;
mod doors;
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
