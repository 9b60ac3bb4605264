//! Analyst over a language model: any endpoint that speaks OpenAI's or Anthropic's dialect, held to its sources and a budget.
//!
//! For one opinion the model is asked several times. Each answer must have one strict form ([`answer`]), every reason must
//! quote words that stand in a source ([`evidence`]), and enough answers must pass; then they become one view
//! ([`aggregate`]). An answer that leaves the form gets one chance to mend it. Everything else is a reason for no opinion.
//!
//! Invariants: nothing is sent whose worst case the budget does not cover ([`budget`]); no word of others is an instruction
//! ([`prompt`], [`text`]); an answer can say something about one question and nothing else; samples are asked one after the
//! other, so a wrong key costs one request; a key is in no log, error or debug print.
//!
//! All parts are pure but [`LanguageAnalyst`] itself, the exchange under it, [`waits`], the folder of [`cache`] and the file of
//! [`ledger`].
//!
//! What can go wrong: a model that knows the price of the market from its own past; quotes that exist and prove nothing;
//! samples that are wrong together. Its record decides what it may trade, like that of any model.

pub mod aggregate;
pub mod answer;
pub mod budget;
pub mod cache;
pub mod config;
pub mod dialect;
mod error;
pub mod evidence;
mod exchange;
pub mod ledger;
pub mod prompt;
pub mod retry;
pub mod sse;
mod strict;
pub mod text;
pub mod waits;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use brier_connect::ConnectError;
use brier_connect::backoff::Jitter;
use brier_connect::host::is_near;
use brier_connect::http::{self, HttpOptions};
use brier_types::Money;

pub use budget::{Budget, TokenPrices, Usage};
pub use config::{ApiKey, ConfigError, LanguageConfig};
pub use dialect::Dialect;
pub use error::CallError;
pub use ledger::{HoldError, Ledger, LedgerError};
pub use waits::{SystemWaits, Waits};

use crate::analyst::{Analyst, Assessment, Pending};
use crate::dossier::Dossier;
use crate::opinion::{NoOpinion, Opinion, SourceAge};
use answer::{Answer, Estimate, MAX_ANSWER_BYTES};
use cache::{Cache, CacheKey};
use dialect::{Ask, Reply, Speaker, Stop, Turn};
use exchange::Endpoint;
use ledger::Hold;
use prompt::{Prompt, Shown};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What a cache's keys begin with; another after every change of the form or the instructions.
const FORM: &str = "brier analyst 1";

/// An analyst cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The configuration cannot be followed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no HTTP client.
    #[error("language model: {0}")]
    Connect(#[from] ConnectError),
}

/// The analyst over a language model.
///
/// ```
/// use brier_analyst::language::{Budget, Dialect, LanguageAnalyst, LanguageConfig, Ledger, TokenPrices};
/// use brier_types::Money;
///
/// // $3 and $15 per million tokens, and two dollars to spend.
/// let prices = TokenPrices { input: 3_000_000, output: 15_000_000 };
/// let base_url = "https://api.anthropic.com/v1";
/// let config = LanguageConfig::new("reader", Dialect::Anthropic, base_url, "a-model", prices, 42);
/// let ledger = Ledger::new(Budget::new(Money::from_micros(2_000_000), Money::ZERO));
/// // Without a key it is set up all the same, answers `NoOpinion::NoKey` and sends nothing.
/// let analyst = LanguageAnalyst::new(config, None, ledger)?;
/// assert_eq!(analyst.budget().left(), Money::from_micros(2_000_000));
/// # Ok::<(), brier_analyst::language::SetupError>(())
/// ```
pub struct LanguageAnalyst {
    config: LanguageConfig,
    endpoint: Option<Endpoint>,
    ledger: Ledger,
    cache: Arc<Mutex<Cache>>,
    requests: AtomicU64,
    waits: Arc<dyn Waits>,
}

impl fmt::Debug for LanguageAnalyst {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_key = self.endpoint.is_some();
        out.debug_struct("LanguageAnalyst")
            .field("config", &self.config)
            .field("has_key", &has_key)
            .finish_non_exhaustive()
    }
}

/// Why one sample brought nothing.
enum Lost {
    Call(CallError),
    Unpaid(HoldError),
    Abstains(String),
    Refused(String),
}

/// A sample that passed every check, and its text.
struct Sample {
    estimate: Estimate,
    text: String,
}

impl LanguageAnalyst {
    /// An analyst with this configuration, whose requests are paid from `ledger`. Without a key it answers
    /// [`NoOpinion::NoKey`], and nothing is ever sent.
    ///
    /// # Errors
    /// [`SetupError`] names what is wrong with the configuration, or why there is no HTTP client.
    pub fn new(config: LanguageConfig, key: Option<ApiKey>, ledger: Ledger) -> Result<Self, SetupError> {
        let url = config.check()?;
        let endpoint = match key {
            None => None,
            Some(key) => {
                let options = HttpOptions {
                    connect_timeout: CONNECT_TIMEOUT,
                    // Ours comes first; this one only bounds a clock that stands still.
                    timeout: config.timeout.saturating_mul(2),
                    tls: url.scheme() == "https",
                    near: url.host_str().is_some_and(is_near),
                };
                Some(Endpoint {
                    client: http::client(options)?,
                    url,
                    dialect: config.dialect,
                    key,
                    timeout: config.timeout,
                    idle_timeout: config.idle_timeout,
                    most_text: MAX_ANSWER_BYTES,
                })
            }
        };
        let cache = Arc::new(Mutex::new(Cache::new(config.cache_age, config.cache_folder.clone())));
        Ok(Self { config, endpoint, ledger, cache, requests: AtomicU64::new(0), waits: Arc::new(SystemWaits) })
    }

    /// The same, on another clock.
    #[must_use]
    pub fn on(mut self, waits: Arc<dyn Waits>) -> Self {
        self.waits = waits;
        self
    }

    /// What is spent and left.
    pub fn budget(&self) -> Budget {
        self.ledger.budget()
    }

    /// How many files of the cache could not be read or written.
    pub fn cache_faults(&self) -> u64 {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).faults()
    }

    async fn opinion(&self, dossier: &Dossier) -> Assessment {
        let Some(endpoint) = &self.endpoint else {
            return Err(NoOpinion::NoKey { model: self.config.model.clone() });
        };
        if dossier.is_closed() {
            let market = dossier.market().to_owned();
            return Err(NoOpinion::Closed { market, closed_at: dossier.closes_at() });
        }
        let plain = prompt::unmarked(dossier, self.config.limits).ok_or(NoOpinion::NothingToRead)?;
        let key = self.key(&plain);
        if let Some(estimates) = self.remembered(key, dossier, &plain.sources).await {
            return self.view(dossier, &plain.sources, &estimates);
        }
        let samples = self.samples(endpoint, dossier).await?;
        let (estimates, texts): (Vec<_>, Vec<_>) =
            samples.into_iter().map(|sample| (sample.estimate, sample.text)).unzip();
        let opinion = self.view(dossier, &plain.sources, &estimates)?;
        self.remember(key, dossier, texts).await;
        Ok(opinion)
    }

    /// Asks until enough samples passed, none more are wanted, or too few can still come.
    async fn samples(&self, endpoint: &Endpoint, dossier: &Dossier) -> Result<Vec<Sample>, NoOpinion> {
        let (asked, needed) = (self.config.samples, self.config.min_samples);
        let (mut samples, mut abstained, mut last) = (Vec::new(), 0, None);
        let mut because = String::new();
        for index in 0..asked {
            match self.sample(endpoint, dossier).await {
                Ok(sample) => samples.push(sample),
                Err(Lost::Call(error)) => {
                    let goes_on = matches!(error, CallError::TooLong { .. });
                    last = Some(Lost::Call(error));
                    if !goes_on {
                        break;
                    }
                }
                Err(Lost::Unpaid(why)) => {
                    last = Some(Lost::Unpaid(why));
                    break;
                }
                Err(Lost::Abstains(why)) => {
                    abstained += 1;
                    because = why;
                }
                Err(lost @ Lost::Refused(_)) => last = Some(lost),
            }
            if samples.len() + (asked - index - 1) < needed {
                break;
            }
        }
        if samples.len() >= needed {
            return Ok(samples);
        }
        let valid = samples.len();
        let few = |last: String| NoOpinion::TooFewSamples { valid, asked, needed, last };
        Err(match last {
            Some(Lost::Call(error)) if valid == 0 => NoOpinion::Endpoint(error),
            Some(Lost::Unpaid(HoldError::Over(over))) => NoOpinion::OverBudget { needed: over.needed, left: over.left },
            Some(Lost::Unpaid(HoldError::Ledger(error))) => NoOpinion::Ledger(error),
            _ if abstained > valid => NoOpinion::Abstained { abstained, asked, because },
            Some(Lost::Call(error)) => few(error.to_string()),
            Some(Lost::Refused(why)) => few(why),
            Some(Lost::Abstains(_)) | None => few("the model had no opinion".to_owned()),
        })
    }

    /// One sample: an answer, one chance to mend its form, and its evidence looked up.
    async fn sample(&self, endpoint: &Endpoint, dossier: &Dossier) -> Result<Sample, Lost> {
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        let mark = prompt::mark(self.config.seed, count);
        let nothing = || Lost::Refused("nothing to read".to_owned());
        let prompt = prompt::build(dossier, self.config.limits, &mark).ok_or_else(nothing)?;
        let mut jitter = Jitter::new(self.config.seed ^ count);
        let mut turns = vec![Turn { speaker: Speaker::User, text: prompt.user.clone() }];
        let mut text = self.ask(endpoint, &prompt, &turns, &mut jitter).await?;
        if let Err(error) = answer::read(&text) {
            if text.trim().is_empty() {
                return Err(Lost::Refused(error.to_string()));
            }
            turns.push(Turn { speaker: Speaker::Assistant, text });
            turns.push(Turn { speaker: Speaker::User, text: prompt::repair(&error) });
            text = self.ask(endpoint, &prompt, &turns, &mut jitter).await?;
        }
        self.checked(&text, &prompt.sources).map(|estimate| Sample { estimate, text })
    }

    /// The estimate of a text, if it has the form and enough of its reasons are proved.
    fn checked(&self, text: &str, sources: &[Shown]) -> Result<Estimate, Lost> {
        match answer::read(text).map_err(|error| Lost::Refused(error.to_string()))? {
            Answer::Abstains(why) => Err(Lost::Abstains(why)),
            Answer::Estimate(estimate) => {
                let checked = evidence::check(estimate, sources);
                let (proved, needed) = (checked.estimate.claims.len(), self.config.min_drivers);
                if proved >= needed {
                    return Ok(checked.estimate);
                }
                let dropped = checked.dropped;
                Err(Lost::Refused(format!("{proved} drivers with proofs, {needed} are needed; {dropped} were dropped")))
            }
        }
    }

    /// An answer's text, asked for until it comes, the rules or the budget end it.
    async fn ask(
        &self,
        endpoint: &Endpoint,
        prompt: &Prompt,
        turns: &[Turn],
        jitter: &mut Jitter,
    ) -> Result<String, Lost> {
        let (mut failures, mut waited) = (0, Duration::ZERO);
        let ask = Ask {
            model: &self.config.model,
            system: &prompt.system,
            turns,
            max_output_tokens: self.config.max_output_tokens,
            temperature: self.config.temperature,
        };
        let body = self.config.dialect.body(&ask);
        // Bytes as they travel, escapes included, are more than the tokens of any tokenizer.
        let worst = TokenPrices::worst(body.len(), turns.len() + 1, self.config.max_output_tokens);
        loop {
            let hold = self.hold(self.config.prices.cost(worst)).await?;
            let exchange = endpoint.ask(body.clone(), worst, self.waits.as_ref()).await;
            let used = self.config.prices.cost(exchange.used);
            // A runtime that ends drops the hold, which then counts whole.
            drop(tokio::task::spawn_blocking(move || hold.settle(used)).await);
            let error = match exchange.result {
                Ok(reply) => return whole(reply),
                Err(error) => error,
            };
            failures += 1;
            let wait = error.is_transient().then(|| self.config.retry.wait(failures, waited, exchange.wish, jitter));
            let Some(wait) = wait.flatten() else { return Err(Lost::Call(error)) };
            waited += wait;
            self.waits.pause(wait).await;
        }
    }

    /// Holds what a request may cost back, where the disk may be waited for.
    async fn hold(&self, worst: Money) -> Result<Hold, Lost> {
        let ledger = self.ledger.clone();
        match tokio::task::spawn_blocking(move || ledger.hold(worst)).await {
            Ok(held) => held.map_err(Lost::Unpaid),
            Err(_ending) => Err(Lost::Refused("the program ends".to_owned())),
        }
    }

    fn view(&self, dossier: &Dossier, sources: &[Shown], estimates: &[Estimate]) -> Assessment {
        let few = || NoOpinion::TooFewSamples {
            valid: estimates.len(),
            asked: self.config.samples,
            needed: self.config.min_samples,
            last: "no common view".to_owned(),
        };
        let view = aggregate::aggregate(estimates, self.config.trim).ok_or_else(few)?;
        let now = dossier.now();
        let sources = sources.iter().map(|shown| SourceAge {
            id: shown.id.clone(),
            title: shown.title.clone(),
            as_of: shown.as_of,
            age: shown.as_of.map(|as_of| now.since(as_of)),
        });
        Ok(Opinion {
            analyst: self.config.name.clone(),
            at: now,
            prob: view.prob,
            interval: view.interval,
            baseline: None,
            drivers: view.drivers,
            changes: view.changes,
            sources: sources.collect(),
        })
    }

    fn key(&self, plain: &Prompt) -> CacheKey {
        let config = &self.config;
        let how = format!(
            "{:?} {:?} {} {} {} {}",
            config.dialect,
            config.temperature,
            config.max_output_tokens,
            config.samples,
            config.min_samples,
            config.min_drivers
        );
        CacheKey::of(&[FORM, &config.base_url, &config.model, &how, &plain.system, &plain.user])
    }

    /// The estimates that were kept, if every one passes all checks again.
    async fn remembered(&self, key: CacheKey, dossier: &Dossier, sources: &[Shown]) -> Option<Vec<Estimate>> {
        if self.config.cache_age.is_zero() {
            return None;
        }
        let now = dossier.now();
        let texts = self.with_cache(move |cache| cache.get(key, now)).await.flatten()?;
        let checked: Option<Vec<Estimate>> = texts.iter().map(|text| self.checked(text, sources).ok()).collect();
        checked.filter(|estimates| estimates.len() >= self.config.min_samples)
    }

    async fn remember(&self, key: CacheKey, dossier: &Dossier, texts: Vec<String>) {
        if !self.config.cache_age.is_zero() {
            let now = dossier.now();
            self.with_cache(move |cache| cache.put(key, now, texts)).await;
        }
    }

    /// Does something with the cache where files may be waited for; `None` when the runtime is ending.
    async fn with_cache<T: Send + 'static>(&self, work: impl FnOnce(&mut Cache) -> T + Send + 'static) -> Option<T> {
        let cache = Arc::clone(&self.cache);
        let work = move || work(&mut cache.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(work).await.ok()
    }
}

/// The text of an answer that its model had finished.
fn whole(reply: Reply) -> Result<String, Lost> {
    let why = match reply.stop {
        Stop::Finished => return Ok(reply.text),
        Stop::AtLimit => "the answer reached the output limit; raise max_output_tokens",
        Stop::Declined => "the model declined to answer",
        Stop::Other => "the model stopped for something other than an answer",
    };
    Err(Lost::Refused(why.to_owned()))
}

impl Analyst for LanguageAnalyst {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn assess<'a>(&'a self, dossier: &'a Dossier) -> Pending<'a> {
        Box::pin(self.opinion(dossier))
    }
}
