//! Which contracts on different venues are the same, and how their rules differ, as pure functions.
//!
//! A [`Listing`] is what a venue publishes; [`read()`] turns it into a [`Contract`] of typed fields, each with the text
//! it came from; [`verdict()`] compares two of them field by field and answers with a [`Proof`] that can be read.
//! [`Index`] nominates pairs without comparing all with all; nominations prove nothing. [`standing()`] says what may be
//! done with a pair, once a person's [`Decisions`] and accepted tails are counted in.
//!
//! Invariants:
//! - Fails closed. A contradiction in any field is `Different`; something needed that a text does not say and that
//!   could differ is `Unproven`; a word that no rule accounts for is never ignored.
//! - Titles are never compared for similarity.
//! - Texts are data: no sentence of a venue can change how it is read, only what is read.
//! - No I/O, no clock, no randomness; the same listings give the same proof.

pub mod calendar;
mod compare;
pub mod contract;
pub mod decisions;
pub mod eval;
pub mod export;
pub mod fingerprint;
mod forms;
pub mod index;
mod lexicon;
pub mod listing;
pub mod nominate;
pub mod proof;
pub mod range;
mod read;
pub mod relations;
pub mod standing;
mod text;
pub mod variation;
pub mod verdict;

pub use contract::Contract;
pub use decisions::{Decision, Decisions, Said};
pub use fingerprint::{Fingerprint, Seal};
pub use index::{Candidate, Index, TextIndex};
pub use listing::{Listing, NoListing, Strike, StrikeKind, from_gamma, from_kalshi};
pub use proof::Proof;
pub use read::read;
pub use relations::{Relation, relations};
pub use standing::{Judged, Standing, standing};
pub use text::{Decimal, Unit};
pub use verdict::{Basis, Match, Tail, TailKind, Verdict, verdict};
