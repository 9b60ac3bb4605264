//! Analysts of a configuration, ready to be asked: with their keys and budgets, in a run (`live`) and on the command line
//! ([`ask`]).
//!
//! Invariants: nothing that an analyst is given holds a price of the market; every series that it names has to be there and fresh
//! before it thinks, or a language model is paid; an opinion decides no longer than any number behind it.
//!
//! What can go wrong: a recipe of the wrong station or month. At the start each market's own rules are held against the
//! settlement table, and a model's opinion of what the table does not know is not traded (`live::rules`).

pub mod ask;
pub mod terms;
#[cfg(test)]
pub(crate) mod testing;
pub mod told;

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::PathBuf;
use std::time::Duration;

use brier_analyst::dossier::{Contents, Document, MAX_TEXT_BYTES, MarketRecord};
use brier_analyst::language::{ApiKey, LanguageAnalyst, Ledger, LedgerError, SetupError};
use brier_analyst::quantitative::Quantitative;
use brier_analyst::{Analyst as _, Dossier, DossierError, History, NoOpinion, Opinion};
use brier_engine::{Fact, FairValue};
use brier_feeds::news::Article;
use brier_kalshi_protocol::rest::BatchCandlesticksQuery;
use brier_types::{MarketTicker, Timestamp};

use crate::config::{AnalystConfig, Environment, LanguageForm, Mind, NoRecipe};
use crate::secrets::SecretError;
use terms::MarketTerms;

/// Where the draws of intervals start: the same numbers give the same interval everywhere.
const SEED: u64 = 1;

/// An analyst cannot be begun with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalystsError {
    /// Its key cannot be read.
    #[error("analyst `{analyst}`: {problem}")]
    Key {
        /// Which.
        analyst: String,
        /// Why.
        problem: SecretError,
    },
    /// What was read is no key.
    #[error("analyst `{analyst}`: expected a key of one line in plain letters, found another text")]
    NoKey {
        /// Which.
        analyst: String,
    },
    /// Its budget cannot be kept.
    #[error("analyst `{analyst}`: {problem}")]
    Ledger {
        /// Which.
        analyst: String,
        /// Why.
        problem: LedgerError,
    },
    /// Its endpoint cannot be set up.
    #[error("analyst `{analyst}`: {problem}")]
    Setup {
        /// Which.
        analyst: String,
        /// Why.
        problem: SetupError,
    },
    /// Its opinions cannot be written down.
    #[error("{path}: {problem}")]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
}

/// Why nothing is thought of a market.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Silence {
    /// The analyst has no opinion.
    #[error(transparent)]
    NoOpinion(#[from] NoOpinion),
    /// The recipe does not fit the market.
    #[error("no recipe: {0}")]
    NoRecipe(#[from] NoRecipe),
    /// What is known of the market cannot be shown to anybody.
    #[error(transparent)]
    Dossier(#[from] DossierError),
}

impl Silence {
    /// Its kind, in a word.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::NoOpinion(why) => why.class(),
            Self::NoRecipe(_) => "no_recipe",
            Self::Dossier(_) => "dossier",
        }
    }

    /// What makes it the same reason again, whatever its numbers: its kind, and the series that it is about.
    pub fn reason(&self) -> (&'static str, String) {
        let series = if let Self::NoOpinion(why) = self { why.series() } else { None };
        (self.class(), series.unwrap_or_default().to_owned())
    }

    /// What would help.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoOpinion(why) => why.hint(),
            Self::NoRecipe(NoRecipe::NoStrike) => "a strike in the analyst's parameters",
            Self::NoRecipe(_) => "another configuration of the analyst",
            Self::Dossier(_) => "see the message",
        }
    }

    /// Whether it waits for a number of a feed: nothing was thought, and nothing was paid.
    pub const fn waits(&self) -> bool {
        matches!(self, Self::NoOpinion(NoOpinion::MissingFact { .. } | NoOpinion::StaleFact { .. }))
    }
}

/// An opinion, and how it is told to the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Formed {
    /// The opinion.
    pub opinion: Opinion,
    /// What the market is worth by it, as old as the oldest number behind it.
    pub fair: FairValue,
}

/// An analyst that can be asked.
#[derive(Debug)]
pub struct Seat {
    config: AnalystConfig,
    /// One that reads; models are made for each market.
    reader: Option<LanguageAnalyst>,
    /// Why there is no key, where one is named.
    keyless: Option<SecretError>,
}

/// Analysts with their keys and budgets; nobody is asked.
///
/// # Errors
/// [`AnalystsError`].
pub fn open<'a>(
    analysts: impl IntoIterator<Item = &'a AnalystConfig>,
    environment: &Environment,
) -> Result<Vec<Seat>, AnalystsError> {
    analysts.into_iter().map(|config| Seat::open(config.clone(), environment)).collect()
}

/// Whether the analysts that are on have what they need, asking nobody and making no file. How many there are, and which of them
/// read without a key.
///
/// # Errors
/// [`AnalystsError`].
pub fn check(analysts: &[AnalystConfig], environment: &Environment) -> Result<(usize, Vec<String>), AnalystsError> {
    let (mut count, mut keyless) = (0, Vec::new());
    for config in analysts.iter().filter(|it| it.enabled) {
        count += 1;
        let Mind::Language(form) = &config.mind else { continue };
        if key(config, form, environment)?.is_err() {
            keyless.push(config.name.clone());
        }
        if form.ledger.exists() {
            ledger(config, form)?;
        }
    }
    Ok((count, keyless))
}

/// The key of a reader; or that it has none, with the reason where one is named. A key that is there and must not be used, for
/// others can read it, is an error.
fn key(
    config: &AnalystConfig,
    form: &LanguageForm,
    environment: &Environment,
) -> Result<Result<ApiKey, Option<SecretError>>, AnalystsError> {
    let Some(reference) = &form.key else { return Ok(Err(None)) };
    let analyst = || config.name.clone();
    match reference.read(environment) {
        Ok(text) => ApiKey::new(text).map(Ok).ok_or_else(|| AnalystsError::NoKey { analyst: analyst() }),
        Err(unset @ SecretError::Unset { .. }) => Ok(Err(Some(unset))),
        Err(problem) => Err(AnalystsError::Key { analyst: analyst(), problem }),
    }
}

fn ledger(config: &AnalystConfig, form: &LanguageForm) -> Result<Ledger, AnalystsError> {
    let failed = |problem| AnalystsError::Ledger { analyst: config.name.clone(), problem };
    Ledger::kept(form.budget, &form.ledger).map_err(failed)
}

/// A number that nobody outside can know, of the system's generator.
fn chance() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

impl Seat {
    fn open(config: AnalystConfig, environment: &Environment) -> Result<Self, AnalystsError> {
        let (mut reader, mut keyless) = (None, None);
        if let Mind::Language(form) = &config.mind {
            let ledger = ledger(&config, form)?;
            let key = match key(&config, form, environment)? {
                Ok(key) => Some(key),
                Err(why) => {
                    keyless = why;
                    None
                }
            };
            let failed = |problem| AnalystsError::Setup { analyst: config.name.clone(), problem };
            reader = Some(LanguageAnalyst::new(form.config(chance()), key, ledger).map_err(failed)?);
        }
        Ok(Self { config, reader, keyless })
    }

    /// Why it has no key, where one is named: it has no opinion then.
    pub const fn keyless(&self) -> Option<&SecretError> {
        self.keyless.as_ref()
    }

    /// Its configuration.
    pub const fn config(&self) -> &AnalystConfig {
        &self.config
    }

    /// Whether it wants to know how much was traded.
    pub const fn reads(&self) -> bool {
        self.reader.is_some()
    }

    /// What it thinks of a market now, from these facts and articles; facts that it does not name are not shown to it, nor is what
    /// is older than it reads.
    ///
    /// # Errors
    /// [`Silence`] says why it thinks nothing; nothing must be told then.
    pub async fn assess(
        &self,
        terms: &MarketTerms,
        facts: &[Fact],
        articles: &[Article],
        history: History,
        now: Timestamp,
    ) -> Result<Formed, Silence> {
        let facts = self.named(facts, now)?;
        let dossier = Dossier::new(Contents {
            market: terms.rules.market.to_string(),
            question: terms.question.clone(),
            rules: terms.text(),
            resolution_source: terms.resolution_source(),
            closes_at: terms.closes_at,
            now,
            facts: facts.clone(),
            documents: self.documents(articles, now),
            history,
        })?;
        let opinion = match (&self.config.mind, &self.reader) {
            (Mind::Model(form), _) => {
                let recipe = form.recipe(terms.rules.strike, terms.closes_at, now)?;
                Quantitative::new(&self.config.name, SEED).with(dossier.market(), recipe).opinion(&dossier)?
            }
            (Mind::Language(_), Some(reader)) => reader.assess(&dossier).await?,
            (Mind::Language(form), None) => {
                return Err(NoOpinion::NoKey { model: form.config(0).model }.into());
            }
        };
        let fair = fair(&opinion, terms, &facts, self.config.valid_for);
        Ok(Formed { opinion, fair })
    }

    /// The articles that it may read, the newest first. One without a date may be of last year, and one of tomorrow is none.
    fn documents(&self, articles: &[Article], now: Timestamp) -> Vec<Document> {
        let Mind::Language(form) = &self.config.mind else { return Vec::new() };
        let mut documents: Vec<Document> = Vec::new();
        for article in articles {
            let Some(as_of) = article.published_at.filter(|at| *at <= now) else { continue };
            // The headline may be quoted like the rest, and some feeds bring nothing else.
            let text = format!("{}\n{}", article.title, article.summary);
            let origin = if article.source.is_empty() { &article.link } else { &article.source };
            if text.len().max(origin.len()) > MAX_TEXT_BYTES {
                continue;
            }
            let document = Document {
                title: article.title.clone(),
                origin: origin.clone(),
                text,
                as_of,
                valid_for: form.news_age,
            };
            // Agencies' texts stand in many papers.
            let is_known = documents.iter().any(|it| it.title == document.title);
            if document.is_fresh(now) && !is_known {
                documents.push(document);
            }
        }
        documents.sort_by_key(|it| std::cmp::Reverse(it.as_of));
        documents.truncate(MOST_DOCUMENTS);
        documents
    }

    /// The facts that it names, in its order, if all are there and may decide.
    fn named(&self, facts: &[Fact], now: Timestamp) -> Result<Vec<Fact>, NoOpinion> {
        let mut named: Vec<Fact> = Vec::new();
        for series in self.config.series() {
            if named.iter().any(|fact| fact.series == series) {
                continue;
            }
            let fact = facts.iter().find(|fact| fact.series == series);
            let fact = fact.ok_or_else(|| NoOpinion::MissingFact { series: series.to_owned() })?;
            if !fact.is_fresh(now) {
                let (age, valid_for) = (now.since(fact.as_of), fact.valid_for);
                return Err(NoOpinion::StaleFact { series: series.to_owned(), age, valid_for });
            }
            named.push(fact.clone());
        }
        Ok(named)
    }
}

/// The opinion as a fair value: as old as the oldest number behind it, and good until the first of them is not, or `valid_for` is
/// over.
fn fair(opinion: &Opinion, terms: &MarketTerms, facts: &[Fact], valid_for: Duration) -> FairValue {
    let as_of = facts.iter().map(|fact| fact.as_of).min().unwrap_or(opinion.at).min(opinion.at);
    let ends = facts.iter().map(|fact| fact.as_of.plus(fact.valid_for));
    let until = ends.chain([opinion.at.plus(valid_for)]).min().unwrap_or(opinion.at);
    FairValue {
        venue: terms.rules.venue,
        market: terms.rules.market.clone(),
        prob: opinion.prob,
        as_of,
        valid_for: until.since(as_of),
    }
}

/// Articles that a reader is shown: what is older than so many newer ones says little, and every word costs.
const MOST_DOCUMENTS: usize = 20;
/// Hours of trading that a reader is told of.
const HOURS: u64 = 24;
/// Minutes of one stretch.
const HOUR_MINUTES: u32 = 60;

/// How much was traded on Kalshi in the last whole hours; nothing where it cannot be read. Prices end here.
pub(crate) async fn activity(client: &brier_kalshi::Client, market: &MarketTicker, now: Timestamp) -> History {
    let hour = now.secs().div_euclid(3_600) * 3_600;
    let until = Timestamp::from_secs(hour).unwrap_or(now);
    let query = BatchCandlesticksQuery {
        market_tickers: vec![market.to_string()],
        start_ts: until.minus(Duration::from_hours(HOURS)),
        end_ts: until,
        period_interval: HOUR_MINUTES,
        include_latest_before_start: None,
    };
    let records = match client.candlesticks_of(&query).await {
        Ok(markets) => markets.into_iter().filter(|it| it.market_ticker == market.as_str()),
        Err(error) => {
            tracing::debug!(%market, %error, "what was traded cannot be read; the reader does without");
            return History::default();
        }
    };
    let candles = records.flat_map(|it| it.candlesticks).filter(|candle| candle.end_period_ts <= until);
    let records: Vec<MarketRecord> = candles
        .map(|candle| MarketRecord {
            at: candle.end_period_ts,
            price: None,
            volume: candle.volume_fp,
            open_interest: candle.open_interest_fp,
        })
        .collect();
    History::new(&records, Vec::new())
}

#[cfg(test)]
mod tests {
    use brier_engine::FactValue;
    use brier_types::Venue;

    use super::*;
    use crate::config::{Sources, load};
    use crate::live::rules::MarketRules;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + seconds).unwrap()
    }

    fn fact(series: &str, number: f64, age: i64, valid_for: u64) -> Fact {
        let value = FactValue::Number(number);
        Fact { series: series.to_owned(), value, as_of: at(-age), valid_for: Duration::from_secs(valid_for) }
    }

    fn terms() -> MarketTerms {
        MarketTerms {
            rules: MarketRules {
                venue: Venue::Kalshi,
                market: "KXA-1".parse().unwrap(),
                id: "KXA-1".to_owned(),
                primary: "It rains.".to_owned(),
                secondary: String::new(),
                sources: Vec::new(),
                strike: None,
            },
            question: "Will it rain?".to_owned(),
            closes_at: at(86_400),
        }
    }

    fn seat(text: &str) -> Seat {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.toml");
        std::fs::write(&file, format!("[run]\ndata_dir = \"d\"\n{text}")).unwrap();
        let environment = Environment::from_pairs([("HOME".to_owned(), "/".to_owned())]);
        let sources = Sources { project: Some(file), environment: environment.clone(), ..Sources::default() };
        let config = load(sources).into_config().unwrap().0;
        open(&config.analysts, &environment).unwrap().pop().unwrap()
    }

    const POOL: &str = "[[analyst]]\nname = \"p\"\nkind = \"pool\"\nmarkets = [\"kalshi:KXA-1\"]\nvalid_for_s = 300\n\
        [analyst.inputs.one]\nseries = \"one\"\nbaseline = 0.5\n[analyst.inputs.two]\nseries = \"two\"\nbaseline = 0.5\n";

    #[tokio::test]
    async fn an_opinion_is_as_old_as_the_oldest_number_behind_it_and_ends_with_the_first() {
        let seat = seat(POOL);
        let ask = async |facts: &[Fact]| seat.assess(&terms(), facts, &[], History::default(), at(0)).await;
        let other = fact("another", 0.9, 5_000, 9_000);
        let formed = ask(&[fact("one", 0.6, 100, 1_000), fact("two", 0.6, 20, 1_000), other]).await.unwrap();
        assert!((formed.fair.prob.get() - 0.6).abs() < 1e-9, "what it does not name moves nothing");
        assert_eq!((formed.fair.as_of, formed.fair.valid_for.as_secs()), (at(-100), 400), "300 s from now");
        let formed = ask(&[fact("one", 0.6, 100, 1_000), fact("two", 0.6, 20, 50)]).await.unwrap();
        assert_eq!((formed.fair.as_of, formed.fair.valid_for.as_secs()), (at(-100), 130), "30 s from now");
        assert!(formed.fair.is_fresh(at(30)) && !formed.fair.is_fresh(at(31)));
    }

    #[tokio::test]
    async fn what_is_missing_or_stale_is_a_reason_that_is_the_same_again() {
        let seat = seat(POOL);
        let ask =
            async |facts: &[Fact]| seat.assess(&terms(), facts, &[], History::default(), at(0)).await.unwrap_err();
        let missing = ask(&[fact("one", 0.6, 1, 60)]).await;
        assert_eq!((missing.reason(), missing.waits()), (("missing_fact", "two".to_owned()), true));
        let stale = async |age| ask(&[fact("one", 0.6, 1, 60), fact("two", 0.6, age, 60)]).await;
        let (first, again) = (stale(61).await, stale(90).await);
        assert!(first != again && first.reason() == again.reason() && first.waits(), "{first} {again}");
        let refused = ask(&[fact("one", 0.6, 1, 60), fact("two", 1.5, 1, 60)]).await;
        assert_eq!((refused.class(), refused.waits()), ("model_refuses", false));
    }

    #[tokio::test]
    async fn a_reader_without_a_key_or_without_its_facts_asks_nobody() {
        let reader = "[[analyst]]\nname = \"r\"\nkind = \"language\"\nmarkets = [\"kalshi:KXA-1\"]\n[analyst.parameters]\n\
            url = \"http://127.0.0.1:9/v1\"\nmodel = \"m\"\nmillion_input_tokens_dollars = 1\nmillion_output_tokens_dollars = 1\n\
            budget_dollars = 1\n[analyst.inputs.one]\nseries = \"one\"\n";
        let seat = seat(reader);
        let ask =
            async |facts: &[Fact]| seat.assess(&terms(), facts, &[], History::default(), at(0)).await.unwrap_err();
        assert_eq!(ask(&[]).await.class(), "missing_fact");
        let keyless = ask(&[fact("one", 0.6, 1, 60)]).await;
        assert_eq!(
            (keyless.class(), keyless.hint()),
            ("no_key", "a key for the endpoint, by reference in the configuration")
        );
    }
}
