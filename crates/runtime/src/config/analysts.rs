//! `[[analyst]]`: who forms opinions of which markets, of which numbers or by which endpoint.

use std::path::PathBuf;
use std::time::Duration;

use brier_analyst::dossier::tells_a_price;
use brier_analyst::language::{Dialect, LanguageConfig, TokenPrices};
use brier_analyst::quantitative::{Input, Model, Reading, Recipe, RecipeError};
use brier_models::volatility::{CALENDAR_YEAR, per_sqrt_second};
use brier_types::{Bound, Money, Prob, Strike, Timestamp, Venue};

use super::analyst_kinds::{ANALYST_KINDS, ANY_STRIKE, AnalystKind, LANGUAGE, Takes};
use super::keys::{ANALYST, Key};
use super::kinds::earliest_beginning;
use super::layers::Values;
use super::problem::{Origin, Problem, nearest};
use super::settings::{RunConfig, Tables};
use super::value::MarketName;
use crate::secrets::Reference;

/// One `[[analyst]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalystConfig {
    /// What it is called.
    pub name: String,
    /// Which kind.
    pub kind: String,
    /// Whether it assesses anything.
    pub enabled: bool,
    /// Whether its opinions become fair values.
    pub tells: bool,
    /// What it assesses.
    pub markets: Vec<MarketName>,
    /// It assesses at least this often.
    pub every: Duration,
    /// It assesses at most this often.
    pub pause: Duration,
    /// How long an opinion may decide at most.
    pub valid_for: Duration,
    /// Where its scored markets are.
    pub record: Option<PathBuf>,
    /// What it thinks with.
    pub mind: Mind,
}

/// What an analyst thinks with.
#[derive(Clone, Debug, PartialEq)]
pub enum Mind {
    /// A model.
    Model(Box<RecipeForm>),
    /// A language model.
    Language(Box<LanguageForm>),
}

impl AnalystConfig {
    /// The series that it reads.
    pub fn series(&self) -> Vec<&str> {
        match &self.mind {
            Mind::Model(form) => form.inputs.iter().filter_map(|input| input.reading.series()).collect(),
            Mind::Language(form) => form.series.iter().map(String::as_str).collect(),
        }
    }

    /// The feeds whose articles it reads, by name.
    pub fn news(&self) -> &[String] {
        match &self.mind {
            Mind::Model(_) => &[],
            Mind::Language(form) => &form.news,
        }
    }

    /// Whether it trusts a model with what settles the market, rather than reading the rules.
    pub const fn is_model(&self) -> bool {
        matches!(self.mind, Mind::Model(_))
    }
}

/// A recipe whose strike and times may be the market's.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipeForm {
    /// The model; what is the market's is filled in later.
    model: Model,
    inputs: Vec<Input>,
    level: Prob,
    doubt: f64,
    strike_of_market: bool,
    ends_with_market: bool,
}

/// Why a market gets no recipe.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoRecipe {
    /// Its strike is not configured, and not listed in numbers.
    #[error("its venue lists no strike in numbers; set `strike` in `[analyst.parameters]`")]
    NoStrike,
    /// The configured strike is not the market's.
    #[error(
        "its venue lists the strike `{listed}`, and the configuration says `{configured}`; leave `strike` out, or correct it"
    )]
    OtherStrike {
        /// The market's.
        listed: Strike,
        /// The configuration's.
        configured: Strike,
    },
    /// The day may have begun, and what was measured is no input.
    #[error("its day may have begun: a forecast is of the rest of it; add the input `observed_so_far`")]
    DayHasBegun,
    /// The recipe makes no sense with its strike.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
}

impl RecipeForm {
    /// The model; its strike and times may yet be the market's.
    pub(super) const fn model(&self) -> &Model {
        &self.model
    }

    /// Its numbers, in the model's order.
    pub(super) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Whether it is about a day that may have begun by now, and knows nothing of what was measured: what is forecast is the rest of
    /// the day then, and the day's extreme may lie behind.
    fn lacks_measurement(&self, now: Timestamp) -> bool {
        let measures = self.inputs.iter().any(|input| input.name == "observed so far");
        let begun = |series: &str| earliest_beginning(series).is_some_and(|begins| begins <= now);
        let forecast = self.inputs.iter().filter(|input| input.name == "forecast");
        matches!(self.model, Model::DayExtreme { .. })
            && !measures
            && forecast.filter_map(|input| input.reading.series()).any(begun)
    }

    /// The recipe for a market with this strike and close, now.
    ///
    /// # Errors
    /// [`NoRecipe`]: the analyst has no opinion of this market.
    pub fn recipe(&self, listed: Option<Strike>, closes_at: Timestamp, now: Timestamp) -> Result<Recipe, NoRecipe> {
        if self.lacks_measurement(now) {
            return Err(NoRecipe::DayHasBegun);
        }
        let mut model = self.model.clone();
        if let Model::DayExtreme { strike, .. }
        | Model::Terminal { strike, .. }
        | Model::Average { strike, .. }
        | Model::Release { strike, .. }
        | Model::Meeting { strike, .. } = &mut model
        {
            match listed {
                Some(listed) if self.strike_of_market => *strike = listed,
                // Two numbers for one contract: somebody is wrong, and nobody here knows who.
                Some(listed) if listed != *strike => {
                    return Err(NoRecipe::OtherStrike { listed, configured: *strike });
                }
                None if self.strike_of_market => return Err(NoRecipe::NoStrike),
                Some(_) | None => {}
            }
        }
        if self.ends_with_market {
            match &mut model {
                Model::Terminal { settles_at: at, .. } | Model::Average { ends_at: at, .. } => *at = closes_at,
                _ => {}
            }
        }
        let mut recipe = Recipe::new(model, self.inputs.clone())?.doubted(self.doubt);
        recipe.level = self.level;
        Ok(recipe)
    }
}

/// A language model and its bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct LanguageForm {
    /// Its key.
    pub key: Option<Reference>,
    /// What may be spent in all.
    pub budget: Money,
    /// Where it is kept what is.
    pub ledger: PathBuf,
    /// The series that are shown.
    pub series: Vec<String>,
    /// Feeds whose articles are, by name.
    pub news: Vec<String>,
    /// How old such an article may be.
    pub news_age: Duration,
    /// How it is asked, but for the seed.
    config: LanguageConfig,
}

impl LanguageForm {
    /// How it is asked. The seed is to be another in each process.
    pub fn config(&self, seed: u64) -> LanguageConfig {
        LanguageConfig { seed, ..self.config.clone() }
    }
}

/// The tables of one analyst.
pub(super) struct AnalystTables {
    pub(super) keys: Values,
    pub(super) kind: Option<&'static AnalystKind>,
    pub(super) parameters: Values,
    /// Its inputs by name, in the order of the file.
    pub(super) inputs: Vec<(String, Values, Origin)>,
    /// Where it stands.
    pub(super) origin: Origin,
}

/// Every analyst, those that are off too.
pub(super) fn analysts(tables: &Tables, run: &RunConfig, problems: &mut Vec<Problem>) -> Vec<AnalystConfig> {
    let mut list: Vec<AnalystConfig> = Vec::new();
    for from in &tables.analysts {
        let name = from.keys.maybe_text("name").unwrap_or_default();
        let mut told = Telling { name: &name, problems };
        let Some(it) = analyst(from, run, &mut told) else { continue };
        if list.iter().any(|other| other.name == it.name) {
            told.tell(from.keys.origin("name"), "name", "another analyst has this name already");
        }
        if it.enabled && it.markets.is_empty() {
            let problem = Problem::new(&from.origin, format!("analyst.{name}.markets"), "it assesses nothing");
            told.problems.push(problem.hint("name markets, or say `enabled = false`"));
        }
        let telling = |other: &&AnalystConfig| other.enabled && other.tells;
        for market in it.markets.iter().filter(|_| telling(&&it)) {
            if let Some(other) = list.iter().filter(telling).find(|other| other.markets.contains(market)) {
                let text = format!("analyst `{}` tells what {market} is worth already", other.name);
                let problem = Problem::new(from.keys.origin("markets"), format!("analyst.{name}.markets"), text);
                told.problems.push(problem.hint("say `tells = false` of one: its opinions are then only written down"));
            }
        }
        list.push(it);
    }
    list
}

/// Where problems of one analyst go.
struct Telling<'a> {
    name: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Telling<'_> {
    fn tell(&mut self, origin: &Origin, key: &str, text: impl Into<String>) {
        self.problems.push(Problem::new(origin, format!("analyst.{}.{key}", self.name), text));
    }

    fn hinted(&mut self, origin: &Origin, key: &str, text: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Problem::new(origin, format!("analyst.{}.{key}", self.name), text).hint(hint));
    }
}

fn analyst(from: &AnalystTables, run: &RunConfig, told: &mut Telling<'_>) -> Option<AnalystConfig> {
    let set = &from.keys;
    let word = set.maybe_text("kind")?;
    let Some(kind) = from.kind else {
        let names = || ANALYST_KINDS.iter().map(|kind| kind.name);
        let hint = nearest(&word, names()).map_or_else(
            || format!("there are {}", names().collect::<Vec<_>>().join(", ")),
            |meant| format!("did you mean \"{meant}\"?"),
        );
        told.hinted(set.origin("kind"), "kind", format!("unknown kind `{word:.64}`"), hint);
        return None;
    };
    // What is missing or misread has been told; the rest would follow from it.
    let is_whole = |keys: &[Key], values: &Values| keys.iter().all(|key| !key.required || values.is_set(key.name));
    let inputs_are = from.inputs.iter().all(|(_, input, _)| is_whole(kind.input, input));
    if !is_whole(ANALYST, set) || !is_whole(kind.parameters, &from.parameters) || !inputs_are {
        return None;
    }
    for (name, input, _) in &from.inputs {
        if let Some(series) = input.maybe_text("series").filter(|series| tells_a_price(series)) {
            let key = format!("inputs.{name}.series");
            let text = format!("`{series}` is named after a market's price, which no analyst may see");
            told.tell(input.origin("series"), &key, text);
        }
    }
    let mind = match kind.model {
        Some(_) => Mind::Model(Box::new(recipe(from, kind, told)?)),
        None => Mind::Language(Box::new(language(from, run, told))),
    };
    let is_model = kind.name != LANGUAGE;
    let every = set.maybe_secs("every_s").unwrap_or(Duration::from_secs(if is_model { 60 } else { 3_600 }));
    let pause = set.maybe_secs("pause_s").unwrap_or(Duration::from_secs(if is_model { 1 } else { 600 }));
    Some(AnalystConfig {
        name: told.name.to_owned(),
        kind: word,
        enabled: set.flag("enabled"),
        tells: set.flag("tells"),
        markets: set.markets("markets"),
        every,
        pause: pause.min(every),
        valid_for: set.maybe_secs("valid_for_s").unwrap_or(every * 2),
        record: set.maybe_path("record"),
        mind,
    })
}

/// Reads `above 0.2`, `at least 58`, `below 40`, `at most 40`, `58 to 59`.
pub(crate) fn strike(text: &str) -> Option<Strike> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["above", bound] => Bound::parse(bound).map(Strike::Above),
        ["at", "least", bound] => Bound::parse(bound).map(Strike::AtLeast),
        ["below", bound] => Bound::parse(bound).map(Strike::Below),
        ["at", "most", bound] => Bound::parse(bound).map(Strike::AtMost),
        [low, "to", high] => Some(Strike::Between(Bound::parse(low)?, Bound::parse(high)?)),
        _ => None,
    }
}

fn has(kind: &AnalystKind, key: &str) -> bool {
    kind.parameters.iter().any(|known| known.name == key)
}

fn recipe(from: &AnalystTables, kind: &AnalystKind, told: &mut Telling<'_>) -> Option<RecipeForm> {
    let set = &from.parameters;
    let given = told.problems.len();
    let text = |key: &str| if has(kind, key) { set.maybe_text(key) } else { None };
    let wanted = text("strike").map(|text| (strike(&text), text));
    if let Some((None, text)) = &wanted {
        let expected =
            "expected `above 0.2`, `at least 58`, `below 40`, `at most 40` or `58 to 59`, with at most 6 decimals";
        told.tell(set.origin("strike"), "parameters.strike", format!("{expected}, found `{text:.64}`"));
    }
    let strike_of_market = has(kind, "strike") && wanted.is_none();
    let nameless = from.keys.markets("markets").into_iter().find(|market| market.venue == Venue::Polymarket);
    if let Some(market) = nameless.filter(|_| strike_of_market) {
        let text = format!("has to be set: {market} is listed without its strike");
        told.tell(&from.origin, "parameters.strike", text);
    }
    let mut at = None;
    for key in ["settles_at", "ends_at", "earlier_ends_at"] {
        match text(key).map(|text| text.parse::<Timestamp>()) {
            Some(Ok(time)) => at = Some(time),
            Some(Err(error)) => told.tell(set.origin(key), &format!("parameters.{key}"), error.to_string()),
            None => {}
        }
    }
    let inputs = inputs(from, kind, told)?;
    if let Some(yes) = text("outcome").filter(|yes| !from.inputs.iter().any(|(name, ..)| name == yes)) {
        let names: Vec<&str> = from.inputs.iter().map(|(name, ..)| name.as_str()).collect();
        let text = format!("expected the name of an input ({}), found `{yes}`", names.join(", "));
        told.tell(set.origin("outcome"), "parameters.outcome", text);
    }
    if told.problems.len() > given {
        return None;
    }
    let weights: Vec<(&str, f64)> = (from.inputs.iter())
        .map(|(name, input, _)| (name.as_str(), if kind.name == "pool" { input.number("weight") } else { 1.0 }))
        .collect();
    let stands_in = wanted.and_then(|(strike, _)| strike).unwrap_or(ANY_STRIKE);
    let make = kind.model.expect("a recipe is of a kind with a model");
    let form = RecipeForm {
        model: make(set, stands_in, at.unwrap_or(Timestamp::EPOCH), &weights),
        inputs,
        level: Prob::new(set.number("level")).expect("its kind bounds it to a chance"),
        doubt: set.number("doubt"),
        strike_of_market,
        ends_with_market: at.is_none(),
    };
    match Recipe::new(form.model.clone(), form.inputs.clone()) {
        Ok(_) => Some(form),
        Err(error) => {
            let (origin, key) = match &error {
                RecipeError::Number { input, .. } => {
                    let found = from.inputs.iter().find(|(name, ..)| driver(name) == *input);
                    found.map_or((&from.origin, "inputs".to_owned()), |(name, _, origin)| {
                        (origin, format!("inputs.{name}"))
                    })
                }
                _ => (&from.origin, "parameters".to_owned()),
            };
            told.tell(origin, &key, error.to_string());
            None
        }
    }
}

/// What reasons call an input.
fn driver(name: &str) -> String {
    name.replace('_', " ")
}

/// The numbers in the model's order. `None` when any is missing or wrong.
fn inputs(from: &AnalystTables, kind: &AnalystKind, told: &mut Telling<'_>) -> Option<Vec<Input>> {
    let names: Vec<&str> = from.inputs.iter().map(|(name, ..)| name.as_str()).collect();
    let ordered: Vec<&(String, Values, Origin)> = match kind.takes {
        Takes::Any(least, most) => {
            if !(least..=most).contains(&names.len()) {
                let text = format!("expected {least} to {most} inputs, found {}", names.len());
                told.hinted(&from.origin, "inputs", text, "each is a table `[analyst.inputs.NAME]`");
                return None;
            }
            from.inputs.iter().collect()
        }
        Takes::Named(known, optional) => {
            let given = told.problems.len();
            for (name, _, origin) in from.inputs.iter().filter(|(name, ..)| !known.contains(&name.as_str())) {
                let hint = nearest(name, known.iter().copied()).map_or_else(
                    || format!("the kind \"{}\" takes {}", kind.name, known.join(", ")),
                    |meant| format!("did you mean `{meant}`?"),
                );
                told.hinted(origin, &format!("inputs.{name}"), "unknown input", hint);
            }
            for needed in &known[..known.len() - optional] {
                if !names.contains(needed) {
                    let text = format!("has to be set: the kind \"{}\" takes {}", kind.name, known.join(", "));
                    told.tell(&from.origin, &format!("inputs.{needed}"), text);
                }
            }
            if told.problems.len() > given {
                return None;
            }
            known.iter().filter_map(|known| from.inputs.iter().find(|(name, ..)| name == known)).collect()
        }
    };
    let read: Vec<Option<Input>> =
        ordered.into_iter().map(|(name, set, origin)| input(name, set, origin, told)).collect();
    read.into_iter().collect()
}

fn input(name: &str, set: &Values, origin: &Origin, told: &mut Telling<'_>) -> Option<Input> {
    let key = |key: &str| format!("inputs.{name}.{key}");
    let (series, stated, word) = (set.maybe_text("series"), set.maybe_number("stated"), set.text("read"));
    let annual = word == "annual_volatility";
    // Everything that is said of an annual number is annual.
    let unit = |number: f64| if annual { per_sqrt_second(number, CALENDAR_YEAR).unwrap_or(f64::NAN) } else { number };
    let reading = match (series, stated, word.as_str()) {
        (Some(series), stated, "spread") => Reading::Spread { series, stated: stated.unwrap_or_default() },
        (Some(_), Some(_), _) => {
            let text = "the number is stated, and a series is read as well";
            told.hinted(set.origin("stated"), &key("stated"), text, "leave one of them out");
            return None;
        }
        (None, None, _) => {
            let text = "has to be set: where the number is read; or `stated`, the number itself";
            told.tell(origin, &key("series"), text);
            return None;
        }
        (None, Some(_), "mean" | "item" | "hundred_less" | "spread") => {
            told.tell(set.origin("read"), &key("read"), format!("`{word}` is of a series, and the number is stated"));
            return None;
        }
        (None, Some(number), _) => Reading::Stated(unit(number)),
        (Some(series), None, "mean") => Reading::Mean(series),
        (Some(series), None, "item") => Reading::Item(series, usize::try_from(set.integer("item")).unwrap_or_default()),
        (Some(series), None, "hundred_less") => Reading::HundredLess(series),
        (Some(series), None, "annual_volatility") => Reading::AnnualVolatility(series),
        (Some(series), None, _) => Reading::Number(series),
    };
    let stated = stated.filter(|_| matches!(reading, Reading::Stated(_)));
    let Some(baseline) = set.maybe_number("baseline").or(stated) else {
        told.tell(origin, &key("baseline"), "has to be set: what the number ordinarily is");
        return None;
    };
    Some(Input::new(&driver(name), reading, unit(baseline), unit(set.number("deviation"))))
}

fn language(from: &AnalystTables, run: &RunConfig, told: &mut Telling<'_>) -> LanguageForm {
    let set = &from.parameters;
    let dialect = match set.text("dialect").as_str() {
        "anthropic" => Dialect::Anthropic,
        "openai-compatible" => Dialect::OpenAiCompatible,
        _ => Dialect::OpenAi,
    };
    let price = |key: &str| set.dollars(key).micros().unsigned_abs();
    let prices =
        TokenPrices { input: price("million_input_tokens_dollars"), output: price("million_output_tokens_dollars") };
    let count = |key: &str| usize::try_from(set.integer(key)).unwrap_or_default();
    let mut config = LanguageConfig::new(told.name, dialect, &set.text("url"), &set.text("model"), prices, 0);
    config.max_output_tokens = set.count("max_output_tokens");
    config.temperature = set.maybe_number("temperature");
    (config.samples, config.min_samples) = (count("samples"), count("min_samples"));
    (config.min_drivers, config.trim) = (count("min_drivers"), count("trim"));
    (config.timeout, config.idle_timeout) = (set.secs("timeout_s"), set.secs("silence_s"));
    (config.cache_age, config.cache_folder) = (set.secs("cache_s"), set.maybe_path("cache_dir"));
    if let Err(error) = config.verify() {
        let key = match error.field {
            "base_url" => "url",
            "temperature" => "temperature",
            "samples, min_samples" => "min_samples",
            _ => "model",
        };
        told.tell(set.origin(key), &format!("parameters.{key}"), format!("expected {}", error.expected));
    }
    LanguageForm {
        key: set.maybe_reference("key"),
        budget: set.dollars("budget_dollars"),
        ledger: set.maybe_path("ledger").unwrap_or_else(|| run.data_dir.join(format!("analyst-{}.ledger", told.name))),
        series: from.inputs.iter().filter_map(|(_, input, _)| input.maybe_text("series")).collect(),
        news: names(&set.maybe_text("news").unwrap_or_default()),
        news_age: set.secs("news_age_s"),
        config,
    }
}

/// The names of a list with commas.
fn names(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_are_read_as_they_are_written() {
        let bound = |text| Bound::parse(text).unwrap();
        for it in [
            Strike::Above(bound("0.2")),
            Strike::AtLeast(bound("58")),
            Strike::Below(bound("-1")),
            Strike::AtMost(bound("40")),
            Strike::Between(bound("58"), bound("59.5")),
        ] {
            assert_eq!(strike(&it.to_string()), Some(it));
        }
        for text in ["", "above", "over 3", "at least", "58 - 59", "above 0.1234567", "to 3"] {
            assert_eq!(strike(text), None, "{text}");
        }
    }
}
