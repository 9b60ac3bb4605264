//! The venue's clock seen from here: our time, corrected by an offset measured from `GET /time` and the `Date` of answers.
//!
//! Both give whole seconds, so the measure is the same as for the other venue, and so is the code.

pub use brier_kalshi::clock::{Clock, ClockOffset};
