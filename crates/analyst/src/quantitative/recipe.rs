//! What a quantitative analyst is told of one market: the model, and where its numbers come from.

use brier_engine::Fact;
use brier_models::volatility::{CALENDAR_YEAR, per_sqrt_second};
use brier_types::Prob;

use super::model::Model;
use crate::dossier::Dossier;
use crate::opinion::{Evidence, NoOpinion, SourceAge};

/// Where a number is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// The one number of a series.
    Number(String),
    /// One number of several in a series, from 0.
    Item(String, usize),
    /// The mean of a series' numbers: the middle of an ensemble.
    Mean(String),
    /// 100 less the one number of a series: the rate that a future's price implies.
    HundredLess(String),
    /// The spread of a series' numbers and a stated deviation, added in squares: the error of an ensemble's mean.
    Spread {
        /// The series.
        series: String,
        /// The deviation that is there even when all agree.
        stated: f64,
    },
    /// The one number of a series, a volatility a year of 365 days as a share (0.45), as that over one second.
    AnnualVolatility(String),
    /// A number that the configuration states.
    Stated(f64),
}

impl Reading {
    /// The series that it reads, if any.
    pub fn series(&self) -> Option<&str> {
        match self {
            Self::Number(series)
            | Self::Item(series, _)
            | Self::Mean(series)
            | Self::HundredLess(series)
            | Self::AnnualVolatility(series)
            | Self::Spread { series, .. } => Some(series),
            Self::Stated(_) => None,
        }
    }
}

/// One number of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// What drivers call it.
    pub name: String,
    /// Where it is read.
    pub reading: Reading,
    /// What it would ordinarily be, in its unit: where reasons start from.
    pub baseline: f64,
    /// How far off it may be: standard deviation, in its unit. Zero for what is known.
    pub deviation: f64,
}

impl Input {
    /// A number with all that is said of it.
    pub fn new(name: &str, reading: Reading, baseline: f64, deviation: f64) -> Self {
        Self { name: name.to_owned(), reading, baseline, deviation }
    }

    /// The number, from what is fresh.
    pub(crate) fn read(&self, dossier: &Dossier) -> Result<Read, NoOpinion> {
        if let Reading::Stated(value) = self.reading {
            return Ok(Read { value, evidence: Evidence::Stated { value }, source: None });
        }
        let series = self.reading.series().unwrap_or_default();
        let fact = fresh(dossier, series)?;
        let numbers = fact.value.numbers();
        let one = || fact.value.number().ok_or_else(|| wrong(series, "one number"));
        let value = match self.reading {
            Reading::Number(_) => one()?,
            Reading::HundredLess(_) => 100.0 - one()?,
            Reading::AnnualVolatility(_) => {
                let second = per_sqrt_second(one()?, CALENDAR_YEAR);
                second.ok_or_else(|| wrong(series, "a volatility of 0 or more"))?
            }
            Reading::Item(_, index) => *numbers.get(index).ok_or_else(|| wrong(series, "more numbers than it has"))?,
            Reading::Mean(_) => moments(numbers, 1).ok_or_else(|| wrong(series, "at least one number"))?.0,
            Reading::Spread { stated, .. } => {
                let (_, variance) = moments(numbers, 2).ok_or_else(|| wrong(series, "at least two numbers"))?;
                libm::sqrt(stated * stated + variance)
            }
            Reading::Stated(value) => value,
        };
        let source = SourceAge {
            id: series.to_owned(),
            title: series.to_owned(),
            as_of: Some(fact.as_of),
            age: Some(dossier.now().since(fact.as_of)),
        };
        let evidence = Evidence::Fact { series: series.to_owned(), value, as_of: fact.as_of };
        Ok(Read { value, evidence, source: Some(source) })
    }
}

/// A number as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub value: f64,
    pub evidence: Evidence,
    pub source: Option<SourceAge>,
}

fn wrong(series: &str, expected: &'static str) -> NoOpinion {
    NoOpinion::WrongFact { series: series.to_owned(), expected }
}

fn fresh<'a>(dossier: &'a Dossier, series: &str) -> Result<&'a Fact, NoOpinion> {
    let fact = dossier.any_fact(series).ok_or_else(|| NoOpinion::MissingFact { series: series.to_owned() })?;
    if fact.is_fresh(dossier.now()) {
        return Ok(fact);
    }
    let age = dossier.now().since(fact.as_of);
    Err(NoOpinion::StaleFact { series: series.to_owned(), age, valid_for: fact.valid_for })
}

/// Mean and sample variance of at least so many numbers.
fn moments(numbers: &[f64], least: usize) -> Option<(f64, f64)> {
    if numbers.len() < least {
        return None;
    }
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
    Some((mean, squares / (count - 1.0).max(1.0)))
}

/// A model and its numbers, checked against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    model: Model,
    inputs: Vec<Input>,
    /// With what chance the interval is meant to hold the truth: 0.9 unless said otherwise.
    pub level: Prob,
    /// What the model itself gets wrong: standard deviation in log odds. None unless said otherwise.
    pub doubt: f64,
}

/// A recipe that cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The model takes another number of inputs.
    #[error("recipe: the {model} model does not take {found} inputs; see the inputs of its kind")]
    Count {
        /// The model.
        model: &'static str,
        /// How many were given.
        found: usize,
    },
    /// What does not move in the model makes no sense: its strike, window, month, tails or weights.
    #[error("recipe: the {model} model's strike, window, month, tails or weights make no sense; see its fields")]
    Model {
        /// The model.
        model: &'static str,
    },
    /// A baseline, deviation or stated number makes no sense.
    #[error("recipe: {input}: expected {expected}, found {found}")]
    Number {
        /// Which input.
        input: String,
        /// What was expected.
        expected: &'static str,
        /// What was given.
        found: f64,
    },
}

impl Recipe {
    /// A recipe with an interval at 90 % and no doubt of the model itself.
    ///
    /// # Errors
    /// [`RecipeError`] when the model makes no sense by itself or takes another number of inputs, a baseline is out of its range, or a deviation or
    /// stated number is negative or none.
    pub fn new(model: Model, inputs: Vec<Input>) -> Result<Self, RecipeError> {
        if !model.is_sound() {
            return Err(RecipeError::Model { model: model.name() });
        }
        if !model.takes(inputs.len()) {
            return Err(RecipeError::Count { model: model.name(), found: inputs.len() });
        }
        for (index, input) in inputs.iter().enumerate() {
            let role = model.role(index);
            let within = |number: f64| (role.least..=role.most).contains(&number);
            let check = |fine: bool, expected, found| {
                if fine { Ok(()) } else { Err(RecipeError::Number { input: input.name.clone(), expected, found }) }
            };
            check(within(input.baseline), "a baseline in the model's range", input.baseline)?;
            let positive = |number: f64| number.is_finite() && number >= 0.0;
            check(positive(input.deviation), "a deviation that is not negative", input.deviation)?;
            match input.reading {
                Reading::Stated(value) => check(within(value), "a number in the model's range", value)?,
                Reading::Spread { stated, .. } => check(positive(stated), "a stated deviation of 0 or more", stated)?,
                Reading::Number(_)
                | Reading::HundredLess(_)
                | Reading::AnnualVolatility(_)
                | Reading::Item(..)
                | Reading::Mean(_) => {}
            }
        }
        Ok(Self { model, inputs, level: Prob::new(0.9).expect("nine tenths is a chance"), doubt: 0.0 })
    }

    /// The same, with what the model itself gets wrong, in log odds; what is negative or no number counts as none.
    #[must_use]
    pub fn doubted(mut self, doubt: f64) -> Self {
        self.doubt = if doubt.is_finite() { doubt.max(0.0) } else { 0.0 };
        self
    }

    /// The model.
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// Its numbers, in the model's order.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}
