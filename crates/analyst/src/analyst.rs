//! What every analyst is: one that reads a dossier and says what it thinks, or why it thinks nothing.

use futures_util::future::BoxFuture;

use crate::dossier::Dossier;
use crate::opinion::{NoOpinion, Opinion};

/// What an analyst answers.
pub type Assessment = Result<Opinion, NoOpinion>;

/// An answer that may take a while.
pub type Pending<'a> = BoxFuture<'a, Assessment>;

/// One that forms opinions.
///
/// What it knows is in the dossier and in its own configuration; the price of the market is in neither. An analyst that
/// cannot say answers with the reason, never with a half.
///
/// ```
/// use brier_analyst::{Analyst, Assessment, Dossier, NoOpinion, Pending};
///
/// struct Silent;
/// impl Analyst for Silent {
///     fn name(&self) -> &str {
///         "silent"
///     }
///     fn assess<'a>(&'a self, dossier: &'a Dossier) -> Pending<'a> {
///         let market = dossier.market().to_owned();
///         Box::pin(std::future::ready(Err(NoOpinion::NoModel { market })))
///     }
/// }
/// # let _: &dyn Analyst = &Silent;
/// ```
pub trait Analyst: Send + Sync {
    /// What its opinions are known by, in configuration and records.
    fn name(&self) -> &str;

    /// Its opinion of the dossier's question, at the dossier's time.
    ///
    /// # Errors
    /// [`NoOpinion`] says why there is none, and what would help; nothing must be traded on it.
    fn assess<'a>(&'a self, dossier: &'a Dossier) -> Pending<'a>;
}
