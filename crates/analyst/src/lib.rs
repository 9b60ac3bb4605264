//! Opinions of a question, with their reasons: from the models, or from a language model that is held to its sources.
//!
//! An [`Analyst`] reads a [`Dossier`] (question, rules, close, facts, documents, history without prices) and answers with an
//! [`Opinion`], or with the reason why it has none ([`NoOpinion`]). Two kinds stand behind the trait:
//! [`quantitative::Quantitative`] over the models, and [`language::LanguageAnalyst`] over any endpoint that speaks OpenAI's or
//! Anthropic's dialect.
//!
//! Invariants:
//!
//! - The price of the market in question is no part of a dossier: no field can hold it, records lose it at the door
//!   ([`dossier::History`]), and facts named after it are refused. An opinion that knew the price would only repeat it.
//! - Nothing older than its own age limit is read.
//! - What a market or a newspaper wrote is data: it is cleaned, cut, set between marks that its author could not know, and
//!   whatever comes back is read as one strict form about one question, or not at all.
//! - Every reason names its evidence; what a language model quotes is looked up in what it was given.
//! - Money for a language model is reserved before anything is sent, and what cannot be known is counted as spent.
//! - Keys are in no log, no error and no debug print.
//!
//! Everything that decides is pure; [`language::LanguageAnalyst`] is the thin shell that waits and talks.
//! It deliberately places no order and compares with no price: that is for whoever reads the opinion.

mod analyst;
pub mod dossier;
pub mod language;
pub mod opinion;
pub mod quantitative;

pub use analyst::{Analyst, Assessment, Pending};
pub use dossier::{Document, Dossier, DossierError, History};
pub use opinion::{Change, Driver, Evidence, Interval, NoOpinion, Opinion, Sign, SourceAge};
