//! Analyst over the models: it reads its numbers from facts, and its reasons are what the model does with them.
//!
//! For each market there is a [`Recipe`]: a [`Model`], where each of its numbers is read ([`Reading`]), what the number would
//! ordinarily be (its baseline) and how far off it may be (its deviation). The drivers are the parts of each number in the
//! way from the chance at the baseline to the chance now, and add up to it; the interval is the deviations carried through.
//!
//! Pure: the same dossier gives the same opinion, bit for bit. A number that is missing or over its age is a reason for no
//! opinion, never a guess.
//!
//! What can go wrong: the wrong station, month or window in the recipe; deviations that are wishes. The interval knows only
//! what the recipe states ([`Recipe::doubt`] is for what the model itself gets wrong).

mod drivers;
mod model;
mod recipe;
mod spread;

use std::collections::BTreeMap;

use brier_types::{Prob, Timestamp};

pub use model::{MAX_OPINIONS, MAX_OUTCOMES, Model, Role};
pub use recipe::{Input, Reading, Recipe, RecipeError};

use crate::analyst::{Analyst, Assessment, Pending};
use crate::dossier::Dossier;
use crate::opinion::{Change, Driver, NoOpinion, Opinion, Sign};
use recipe::Read;
use spread::Uncertain;

/// How many deviations away a turn of the view is searched.
const TURN_DEVIATIONS: f64 = 3.0;

/// The analyst over the models.
///
/// ```
/// use brier_analyst::quantitative::{Input, Model, Quantitative, Reading, Recipe};
/// use brier_types::{Bound, Strike};
///
/// let model = Model::Release { strike: Strike::Above(Bound::parse("0.2").unwrap()), step: 0.1, tails: None };
/// let inputs = vec![
///     Input::new("nowcast", Reading::Number("nowcast:CPI".into()), 0.2, 0.03),
///     Input::new("nowcast error", Reading::Stated(0.09), 0.09, 0.01),
/// ];
/// let analyst = Quantitative::new("models", 1).with("KXCPI-26NOV-T0.2", Recipe::new(model, inputs)?);
/// assert_eq!(analyst.markets().count(), 1);
/// # Ok::<(), brier_analyst::quantitative::RecipeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Quantitative {
    name: String,
    seed: u64,
    recipes: BTreeMap<String, Recipe>,
}

impl Quantitative {
    /// An analyst of this name without a recipe yet; the seed orders the draws of its intervals.
    pub fn new(name: &str, seed: u64) -> Self {
        Self { name: name.to_owned(), seed, recipes: BTreeMap::new() }
    }

    /// The same, with a recipe for one market; replaces an earlier one.
    #[must_use]
    pub fn with(mut self, market: &str, recipe: Recipe) -> Self {
        self.recipes.insert(market.to_owned(), recipe);
        self
    }

    /// The markets that it has a recipe for, in order.
    pub fn markets(&self) -> impl Iterator<Item = &str> {
        self.recipes.keys().map(String::as_str)
    }

    /// Its opinion, without waiting: see [`Analyst::assess`].
    ///
    /// # Errors
    /// [`NoOpinion`] when the market has no recipe or is closed, a series is missing, stale or of the wrong form, or the
    /// numbers make no sense to the model.
    pub fn opinion(&self, dossier: &Dossier) -> Assessment {
        let market = dossier.market();
        let recipe = self.recipes.get(market).ok_or_else(|| NoOpinion::NoModel { market: market.to_owned() })?;
        if dossier.is_closed() {
            return Err(NoOpinion::Closed { market: market.to_owned(), closed_at: dossier.closes_at() });
        }
        let reads = recipe.inputs().iter().map(|input| input.read(dossier)).collect::<Result<Vec<_>, _>>()?;
        self.weigh(recipe, dossier, &reads)
    }

    fn weigh(&self, recipe: &Recipe, dossier: &Dossier, reads: &[Read]) -> Assessment {
        let (model, now) = (recipe.model(), dossier.now());
        let refuses = |why| NoOpinion::ModelRefuses { model: model.name(), why };
        let values: Vec<f64> = reads.iter().map(|read| read.value).collect();
        let baselines: Vec<f64> = recipe.inputs().iter().map(|input| input.baseline).collect();
        let chance = |x: &[f64]| model.prob(now, x);
        let prob = chance(&values).ok_or_else(|| refuses("a number is missing or out of its range"))?;
        let baseline = chance(&baselines).ok_or_else(|| refuses("the baseline is out of its range"))?;
        let parts = drivers::parts(&|x| chance(x).map(Prob::get), &baselines, &values)
            .ok_or_else(|| refuses("there is no answer between the baseline and now"))?;
        let uncertain: Vec<Uncertain> = (values.iter().enumerate())
            .map(|(index, &value)| {
                let role = model.role(index);
                let deviation = recipe.inputs()[index].deviation;
                Uncertain { value, deviation, least: role.least, most: role.most }
            })
            .collect();
        let interval = spread::interval(&chance, &uncertain, recipe.doubt, recipe.level, self.seed)
            .ok_or_else(|| refuses("the deviations lead out of its range"))?
            .with(prob);
        let mut drivers: Vec<Driver> = (recipe.inputs().iter().zip(reads).zip(&parts))
            .filter(|(_, part)| **part != 0.0)
            .map(|((input, read), &part)| Driver {
                name: input.name.clone(),
                sign: if part > 0.0 { Sign::Up } else { Sign::Down },
                weight: part.abs(),
                evidence: vec![read.evidence.clone()],
            })
            .collect();
        drivers.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let mut sources: Vec<_> = reads.iter().filter_map(|read| read.source.clone()).collect();
        sources.sort_by(|a, b| a.id.cmp(&b.id));
        sources.dedup();
        Ok(Opinion {
            analyst: self.name.clone(),
            at: now,
            prob,
            interval,
            baseline: Some(baseline),
            drivers,
            changes: changes(model, now, recipe, &values, prob),
            sources,
        })
    }
}

/// Where the chance would be if one number were a deviation off, and how far it must go for the likelier side to change.
fn changes(model: &Model, now: Timestamp, recipe: &Recipe, values: &[f64], prob: Prob) -> Vec<Change> {
    let mut changes = Vec::new();
    for (index, input) in recipe.inputs().iter().enumerate().filter(|(_, input)| input.deviation > 0.0) {
        let role = model.role(index);
        let at = |deviations: f64| {
            let mut moved = values.to_vec();
            moved[index] = (values[index] + deviations * input.deviation).clamp(role.least, role.most);
            (moved[index], model.prob(now, &moved))
        };
        for deviations in [-1.0, 1.0] {
            let (value, prob) = at(deviations);
            let what = format!("{} at {} instead of {}", input.name, shown(value), shown(values[index]));
            changes.extend(prob.map(|prob| Change { what, prob: Some(prob) }));
        }
        for far in [-TURN_DEVIATIONS, TURN_DEVIATIONS] {
            if let Some(value) = turn(&at, far, prob) {
                let side = if prob.get() > 0.5 { "NO likelier than YES" } else { "YES likelier than NO" };
                let what = format!("{} beyond {} would make {side}", input.name, shown(value));
                changes.push(Change { what, prob: Prob::new(0.5).ok() });
            }
        }
    }
    changes
}

/// A number with six digits that say something: a volatility of a second has many zeros before them.
fn shown(number: f64) -> String {
    let size = number.abs();
    let before = if size > 0.0 && size.is_finite() { libm::floor(libm::log10(size)) as i32 + 1 } else { 1 };
    let text = format!("{number:.*}", (6 - before).clamp(0, 12) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The value at which the likelier side changes on the way to `far` deviations; none when it does not.
fn turn(at: &dyn Fn(f64) -> (f64, Option<Prob>), far: f64, prob: Prob) -> Option<f64> {
    let above = |prob: Prob| prob.get() > 0.5;
    let turned = |deviations: f64| Some(above(at(deviations).1?) != above(prob));
    if !turned(far)? {
        return None;
    }
    let (mut near, mut far) = (0.0, far);
    for _ in 0..40 {
        let middle = f64::midpoint(near, far);
        if turned(middle)? { far = middle } else { near = middle }
    }
    Some(at(far).0)
}

impl Analyst for Quantitative {
    fn name(&self) -> &str {
        &self.name
    }

    fn assess<'a>(&'a self, dossier: &'a Dossier) -> Pending<'a> {
        Box::pin(std::future::ready(self.opinion(dossier)))
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn numbers_are_shown_by_what_they_say() {
        let all = [98_440.0, 87.25, 0.000_083_34, -0.5, 0.0, 1_234_567.0, 3.880_000_1];
        assert_eq!(all.map(shown), ["98440", "87.25", "0.00008334", "-0.5", "0", "1234567", "3.88"]);
    }
}
