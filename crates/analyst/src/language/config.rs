//! What a language model's analyst is told: the endpoint, the key, the prices, and how much of everything.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use brier_connect::host::is_near;
use zeroize::Zeroizing;

use super::budget::TokenPrices;
use super::dialect::Dialect;
use super::prompt::PromptLimits;
use super::retry::RetryRules;

/// The most samples of one opinion.
pub const MAX_SAMPLES: usize = 16;

/// The key of an endpoint. Wiped when dropped; its debug print does not show it.
///
/// ```
/// use brier_analyst::language::ApiKey;
/// use zeroize::Zeroizing;
/// let key = ApiKey::new(Zeroizing::new(" sk-secret\n".to_owned())).unwrap();
/// assert_eq!(format!("{key:?}"), "ApiKey(..)");
/// assert!(ApiKey::new(Zeroizing::new(" ".to_owned())).is_none());
/// ```
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// A key as it was read from its reference, without the white space around it. `None` when nothing is left, or when it
    /// holds what no header can.
    pub fn new(text: Zeroizing<String>) -> Option<Self> {
        let trimmed = text.trim();
        let fits = !trimmed.is_empty() && trimmed.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        if !fits {
            return None;
        }
        let same = trimmed.len() == text.len();
        Some(Self(if same { text } else { Zeroizing::new(trimmed.to_owned()) }))
    }

    /// The key itself: for a header, and for nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ApiKey(..)")
    }
}

/// How a language model is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct LanguageConfig {
    /// What its opinions are known by.
    pub name: String,
    /// Which API the endpoint speaks.
    pub dialect: Dialect,
    /// Its address with its version, such as `https://api.openai.com/v1`. Plain `http` only for hosts near by.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// What its tokens cost; see the vendor's price list.
    pub prices: TokenPrices,
    /// The longest answer, in tokens, hidden ones included.
    pub max_output_tokens: u32,
    /// How freely it samples; none leaves it to the endpoint.
    pub temperature: Option<f64>,
    /// How many times it is asked for one opinion, 1 to [`MAX_SAMPLES`].
    pub samples: usize,
    /// How many must pass every check, at least 1.
    pub min_samples: usize,
    /// How many drivers of a sample must have proofs that exist, at least 1.
    pub min_drivers: usize,
    /// How many of the lowest, and of the highest, are left out of the middle.
    pub trim: usize,
    /// How much of a dossier is shown.
    pub limits: PromptLimits,
    /// The longest wait for a whole answer.
    pub timeout: Duration,
    /// The longest silence within one.
    pub idle_timeout: Duration,
    /// How often and how long is tried.
    pub retry: RetryRules,
    /// How old a kept answer may be; zero keeps none.
    pub cache_age: Duration,
    /// Where answers outlive the process.
    pub cache_folder: Option<PathBuf>,
    /// What marks and jitter follow from. Draw it anew for each process from the system's generator, in production.
    pub seed: u64,
}

impl LanguageConfig {
    /// Sensible bounds for an endpoint, a model and its prices: five samples, of which three must pass.
    pub fn new(name: &str, dialect: Dialect, base_url: &str, model: &str, prices: TokenPrices, seed: u64) -> Self {
        Self {
            name: name.to_owned(),
            dialect,
            base_url: base_url.to_owned(),
            model: model.to_owned(),
            prices,
            max_output_tokens: 2_000,
            temperature: None,
            samples: 5,
            min_samples: 3,
            min_drivers: 1,
            trim: 1,
            limits: PromptLimits::default(),
            timeout: Duration::from_secs(90),
            idle_timeout: Duration::from_secs(30),
            retry: RetryRules::default(),
            cache_age: Duration::from_mins(30),
            cache_folder: None,
            seed,
        }
    }

    /// Whether it can be followed, asking nobody.
    ///
    /// # Errors
    /// [`ConfigError`] names the value that is wrong and what was expected.
    pub fn verify(&self) -> Result<(), ConfigError> {
        self.check().map(drop)
    }

    /// The full address of the endpoint.
    ///
    /// # Errors
    /// [`ConfigError`] names the value that is wrong and what was expected.
    pub(crate) fn check(&self) -> Result<reqwest::Url, ConfigError> {
        let wrong = |field, expected| Err(ConfigError { field, expected });
        if self.name.trim().is_empty() || self.model.trim().is_empty() {
            return wrong("name, model", "a name");
        }
        if !(1..=MAX_SAMPLES).contains(&self.samples) || !(1..=self.samples).contains(&self.min_samples) {
            return wrong("samples, min_samples", "1 <= min_samples <= samples <= 16");
        }
        if self.min_drivers == 0 || self.max_output_tokens == 0 || self.retry.attempts == 0 {
            return wrong("min_drivers, max_output_tokens, retry.attempts", "at least 1");
        }
        if self.timeout.is_zero() || self.idle_timeout.is_zero() {
            return wrong("timeout, idle_timeout", "more than nothing");
        }
        let hottest = if self.dialect == Dialect::Anthropic { 1.0 } else { 2.0 };
        if self.temperature.is_some_and(|temperature| !(0.0..=hottest).contains(&temperature)) {
            return wrong("temperature", "a number from 0 to 2 (Anthropic: 1)");
        }
        let whole = format!("{}{}", self.base_url.trim_end_matches('/'), self.dialect.path());
        let Ok(url) = reqwest::Url::parse(&whole) else {
            return wrong("base_url", "an address such as https://api.openai.com/v1");
        };
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return wrong("base_url", "an address without a user, a query or a fragment");
        }
        let near = url.host_str().is_some_and(is_near);
        match url.scheme() {
            "https" => Ok(url),
            "http" if near => Ok(url),
            _ => wrong("base_url", "https, or http to a host near by: a key must not travel in the open"),
        }
    }
}

/// A configuration that cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("language model: {field}: expected {expected}")]
pub struct ConfigError {
    /// Which value or values.
    pub field: &'static str,
    /// What was expected.
    pub expected: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(base_url: &str) -> LanguageConfig {
        let prices = TokenPrices { input: 1, output: 1 };
        LanguageConfig::new("a", Dialect::OpenAi, base_url, "m", prices, 1)
    }

    #[test]
    fn keys_travel_only_where_it_is_safe() {
        assert_eq!(config("https://api.openai.com/v1/").check().unwrap().path(), "/v1/chat/completions");
        assert!(config("http://127.0.0.1:8080/v1").check().is_ok());
        for url in
            ["http://api.openai.com/v1", "ftp://localhost", "api.openai.com", "https://u:p@host/v1", "https://h/v1?k=1"]
        {
            assert_eq!(config(url).check().unwrap_err().field, "base_url", "{url}");
        }
    }

    #[test]
    fn numbers_are_checked() {
        let good = config("https://host/v1");
        for bad in [
            LanguageConfig { samples: 0, ..good.clone() },
            LanguageConfig { samples: 17, ..good.clone() },
            LanguageConfig { min_samples: 6, ..good.clone() },
            LanguageConfig { min_drivers: 0, ..good.clone() },
            LanguageConfig { temperature: Some(f64::NAN), ..good.clone() },
            LanguageConfig { temperature: Some(1.5), dialect: Dialect::Anthropic, ..good.clone() },
            LanguageConfig { timeout: Duration::ZERO, ..good.clone() },
            LanguageConfig { model: " ".to_owned(), ..good.clone() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
