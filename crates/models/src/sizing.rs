//! How much to bet.
//!
//! Growth of the logarithm of wealth is what sizing here maximizes: it is the rate at which money compounds, and it never
//! risks everything. Its optimum is for those who know the true chance. Nobody does, so stakes are a fraction of it, smaller
//! for shakier estimates ([`kelly`]), smaller for bets that win and lose together ([`correlated`]), and smaller for those
//! who cannot bear its falls ([`drawdown`]). [`depth`] buys up a ladder of offers only as far as each further contract still
//! helps; [`exclusive`] bets on several outcomes of which one happens.
//!
//! Costs are all-in, in dollars a contract that pays $1. Fees enter as functions of the price, so that a venue's schedule
//! fits: rounding to money is the venue's, and happens when an order is made.
//!
//! Source: Kelly 1956; Thorp 2006; reference section 9.1.

pub mod correlated;
pub mod depth;
pub mod drawdown;
pub mod exclusive;
pub mod kelly;
