//! Riskless sets: contracts that together pay more than they cost in every state of the world that proved relations leave.
//!
//! A [`Set`] is markets of one or more venues with the [`Relation`]s proved among them; [`States`] are the ways in which
//! they can end. A [`Problem`] adds what books offer, with exact fees at the size, and what the account has. It is answered by
//! [`program`] (a linear program) or by [`shapes`] (the same answer for common shapes, faster), then rounded to whole lots
//! and priced again in integer money: only what still gains there is an [`Opportunity`]. The [`Scanner`] keeps thousands of sets
//! and looks, at each change of a book, only at those that the change can matter to.
//!
//! Invariants:
//! - An [`Opportunity`] is exact: its cost is what the venues' schedules charge for these quantities at these levels, never
//!   less as long as no level is made of orders below [`Limits::smallest_fill`]; its payoff holds in every state. Floats search;
//!   integers decide.
//! - Fails closed: a relation that is not proved, states beyond the bound, an unreadable book, a program without a certified
//!   optimum give no answer.
//! - Ends that are not ordinary (voids, prices set by a venue) are no states: [`tails()`] says what a set pays in them. What is
//!   not proved to be the same is [`divergence`]'s, and never becomes an opportunity.
//! - No clock, no chance, no I/O: the same set, books and time give the same answer.
//!
//! It deliberately sends nothing: legs, their limits and their order are for the engine's combos and its risk.
//!
//! Source: reference (feeds), sections 9.10 to 9.12.

pub mod convert;
pub mod depth;
pub mod divergence;
pub mod hurdle;
pub mod opportunity;
pub mod problem;
pub mod program;
mod round;
pub mod scanner;
pub mod set;
pub mod shapes;
mod simplex;
pub mod states;
pub mod tails;

pub use convert::Conversion;
pub use depth::Depth;
pub use divergence::{AssumedPair, Conditional, DivergenceRate};
pub use hurdle::Hurdle;
pub use opportunity::{Capital, Leg, Opportunity};
pub use problem::{Account, Held, Limits, Problem, Unlimited};
pub use program::{NotSolved, Optimum};
pub use scanner::{Books, Change, RegisterError, Scanner, SetId};
pub use set::{Member, NotProved, Set, SetError, Terms};
pub use shapes::Shape;
pub use states::{Claim, Relation, States, StatesError};
pub use tails::{TailResult, VoidRule, Voided, tails};
