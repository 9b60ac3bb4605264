//! The linear program: how many lots of each claim leave the most after fees and hurdle in the worst state.
//!
//! With x lots of each stretch of supply at all-in cost k, t the payoff that holds in every state, R the dollars that come back
//! at once (pairs joined, holdings sold) and h the hurdle's share: maximise t + (1 + h) R − (1 + h) Σ k x, with
//! Σ pays x − R ≥ t in every state, 0 ≤ x ≤ depth, and Σ k x within the cash of each venue's shard.
//!
//! Where the venue converts (negative risk), c lots of NO on one market become YES on all others of its group. That loses a
//! dollar only in states in which none of them pays, and the pairs that it completes come back at once.
//!
//! Source: reference (feeds), section 9.11.

use brier_types::{Money, Outcome};

use crate::depth::unit_cost;
use crate::problem::Problem;
use crate::set::{Set, Terms};
use crate::simplex::{Failure, Simplex, Solution};
use crate::states::{Claim, States};

/// What counts as a gain in the program, in dollars a contract times lots.
pub(crate) const EPSILON: f64 = 1e-9;

/// The best that can be had, in the program's numbers: fractions of lots, before rounding.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// Lots by [`Claim::index`].
    pub lots: Vec<f64>,
    /// Dollars that come back at once: pairs joined and holdings sold.
    pub released: f64,
    /// Dollars paid later in the worst state.
    pub payoff: f64,
    /// Dollars paid now, all in.
    pub cost: f64,
    /// What it gains after the hurdle: the program's objective, in dollars.
    pub objective: f64,
}

/// The program has no certified optimum. There is no answer then; the books are for a person to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("program: expected a certified optimum, found {0}; no answer is given for this set")]
pub struct NotSolved(&'static str);

impl From<Failure> for NotSolved {
    fn from(failure: Failure) -> Self {
        Self(match failure {
            Failure::Unbounded => "no bound",
            Failure::Steps => "no end within the steps allowed",
            Failure::Gap => "a gap between the answer and its proof",
        })
    }
}

impl NotSolved {
    pub(crate) const AMOUNT: Self = Self("an amount beyond 64 bits");
}

/// Where the program's variables stand.
struct Columns {
    /// First column of each claim's stretches.
    claims: Vec<usize>,
    /// By claim: the column of holdings sold instead, if there are any.
    sold: Vec<Option<usize>>,
    /// By market: columns of its conversion and of its pairs joined, if its group is converted.
    converted: Vec<Option<(usize, usize)>>,
}

impl Columns {
    const PAYOFF: usize = 0;
}

/// The best that the program finds. `None` when nothing gains.
///
/// # Errors
/// [`NotSolved`].
pub fn optimum(problem: &Problem<'_>) -> Result<Option<Optimum>, NotSolved> {
    optimum_up_to(problem, f64::INFINITY)
}

/// The same with a bound on the payoff, in lots: a whole number there often makes all quantities whole.
pub(crate) fn optimum_up_to(problem: &Problem<'_>, payoff: f64) -> Result<Option<Optimum>, NotSolved> {
    let (program, columns) = build(problem, payoff);
    let found = read(problem, &columns, &program.solve()?);
    Ok((found.objective > EPSILON).then_some(found))
}

fn build(problem: &Problem<'_>, most: f64) -> (Simplex, Columns) {
    let (set, waits) = (problem.set, 1.0 + problem.share);
    let bounded = problem.purses.iter().any(|purse| purse.cash < Money::MAX);
    let (mut objective, mut upper) = (vec![1.0], vec![most]);
    let mut columns = Columns { claims: Vec::new(), sold: Vec::new(), converted: vec![None; set.members().len()] };
    for depth in &problem.depths {
        columns.claims.push(objective.len());
        objective.extend(depth.rungs().iter().map(|rung| -waits * rung.cost));
        upper.extend(depth.rungs().iter().map(|rung| rung.lots as f64));
    }
    for at in 0..problem.depths.len() {
        let claim = Claim::at(at);
        let held = problem.lots(problem.held[claim.slot].of(claim.opposite().outcome));
        // Selling what is held instead frees a dollar now: worth something to a hurdle or to a bound on cash.
        let sells = held > 0 && (problem.share > 0.0 || bounded) && !problem.depths[at].rungs().is_empty();
        columns.sold.push(sells.then(|| {
            objective.push(waits);
            upper.push(held as f64);
            objective.len() - 1
        }));
    }
    if problem.share > 0.0 {
        for place in set.groups().iter().flatten() {
            columns.converted[*place] = Some((objective.len(), objective.len() + 1));
            objective.extend([0.0, waits]);
            upper.extend([f64::INFINITY; 2]);
        }
    }
    let mut program = Simplex::new(objective, upper);
    state_rows(&mut program, set, &columns, |claim| problem.depths[claim].rungs().len());
    for purse in &problem.purses {
        if purse.cash == Money::MAX {
            continue;
        }
        let here = (0..problem.depths.len()).filter(|at| {
            let terms = &set.members()[Claim::at(*at).slot].terms;
            (terms.venue, terms.shard) == (purse.venue, purse.shard)
        });
        let mut entries: Vec<(usize, f64)> = Vec::new();
        for at in here {
            let (rungs, first) = (problem.depths[at].rungs(), columns.claims[at]);
            entries.extend(rungs.iter().enumerate().map(|(rung, it)| (first + rung, it.cost)));
            // What is sold costs nothing; the best cost is the least that is saved by it.
            entries.extend(columns.sold[at].zip(rungs.first()).map(|(column, rung)| (column, -rung.cost)));
        }
        program.row(problem.spendable(purse) / problem.lot_contracts(), entries);
    }
    for at in 0..problem.depths.len() {
        if let Some(sold) = columns.sold[at] {
            let bought = (0..problem.depths[at].rungs().len()).map(|rung| (columns.claims[at] + rung, -1.0));
            program.row(0.0, std::iter::once((sold, 1.0)).chain(bought));
        }
    }
    (program, columns)
}

/// Rows of the states, and of what is owned of each market whose tokens are converted. `stretches` is how many columns a claim
/// has.
fn state_rows(program: &mut Simplex, set: &Set, columns: &Columns, stretches: impl Fn(usize) -> usize) {
    let states = set.states();
    for state in 0..states.len() {
        let mut row = vec![(Columns::PAYOFF, 1.0)];
        for (at, first) in columns.claims.iter().enumerate() {
            if states.pays(state, Claim::at(at)) {
                row.extend((0..stretches(at)).map(|rung| (first + rung, -1.0)));
            }
            row.extend(columns.sold[at].map(|sold| (sold, 1.0)));
        }
        for group in set.groups() {
            let none_pays = !group.iter().any(|place| states.pays(state, Claim::yes(*place)));
            for (conversion, pairs) in group.iter().filter_map(|place| columns.converted[*place]) {
                row.push((pairs, 1.0));
                if none_pays {
                    row.push((conversion, 1.0));
                }
            }
        }
        program.row(0.0, row);
    }
    for group in set.groups() {
        for place in group {
            let Some((conversion, pairs)) = columns.converted[*place] else { continue };
            for claim in [Claim::yes(*place), Claim::no(*place)] {
                let at = claim.index();
                // Owned: bought, less sold, less joined, less converted; or got by the conversion of another.
                let mut row = vec![(pairs, 1.0)];
                row.extend((0..stretches(at)).map(|rung| (columns.claims[at] + rung, -1.0)));
                row.extend(columns.sold[at].map(|sold| (sold, 1.0)));
                match claim.outcome {
                    Outcome::No => row.push((conversion, 1.0)),
                    Outcome::Yes => {
                        let others = group.iter().filter(|other| *other != place);
                        row.extend(
                            others.filter_map(|other| columns.converted[*other]).map(|(other, _)| (other, -1.0)),
                        );
                    }
                }
                program.row(0.0, row);
            }
        }
    }
}

fn read(problem: &Problem<'_>, columns: &Columns, solution: &Solution) -> Optimum {
    let (set, values) = (problem.set, &solution.values);
    let mut lots = vec![0.0; problem.depths.len()];
    let (mut cost, mut released) = (0.0, 0.0);
    for (at, depth) in problem.depths.iter().enumerate() {
        for (rung, it) in depth.rungs().iter().enumerate() {
            let taken = values[columns.claims[at] + rung];
            lots[at] += taken;
            cost += taken * it.cost;
        }
        released += columns.sold[at].map_or(0.0, |sold| values[sold]);
    }
    released += columns.converted.iter().flatten().map(|(_, pairs)| values[*pairs]).sum::<f64>();
    let lost = |state: usize| -> f64 {
        let none =
            set.groups().iter().filter(|group| !group.iter().any(|place| set.states().pays(state, Claim::yes(*place))));
        none.flatten().filter_map(|place| columns.converted[*place]).map(|(conversion, _)| values[conversion]).sum()
    };
    let states = set.states();
    let paid = (0..states.len()).map(|state| paid(states, state, &lots) - lost(state) - released);
    let payoff = paid.fold(f64::INFINITY, f64::min);
    let dollars = problem.lot_contracts();
    let waits = 1.0 + problem.share;
    Optimum {
        objective: dollars * (payoff + waits * (released - cost)),
        lots,
        released: dollars * released,
        payoff: dollars * payoff,
        cost: dollars * cost,
    }
}

/// What lots of all claims pay in a state.
pub(crate) fn paid(states: &States, state: usize, lots: &[f64]) -> f64 {
    lots.iter().enumerate().filter(|(at, _)| states.pays(state, Claim::at(*at))).map(|(_, lots)| lots).sum()
}

/// What claims may cost before a set is worth solving: while each costs at least as much, nothing can gain.
///
/// `costs` are the lowest all-in costs now by [`Claim::index`], infinite where nothing is offered. The bounds are those of the
/// program's prices with the largest distance to these costs. `None` when something may gain now, or no proof was found.
pub(crate) fn bounds(set: &Set, costs: &[f64], share: f64) -> Option<Vec<f64>> {
    let waits = 1.0 + share;
    let (mut objective, mut upper) = (vec![1.0], vec![f64::INFINITY]);
    let mut columns =
        Columns { claims: Vec::new(), sold: vec![None; costs.len()], converted: vec![None; set.members().len()] };
    for cost in costs {
        columns.claims.push(objective.len());
        // One contract in all is spread over the claims, and everything is made a dollar cheaper: the optimum is one less the
        // smallest distance.
        objective.extend(cost.is_finite().then_some(1.0 - waits * cost));
        upper.extend(cost.is_finite().then_some(f64::INFINITY));
    }
    let bought = objective.len();
    if share > 0.0 {
        for place in set.groups().iter().flatten() {
            columns.converted[*place] = Some((objective.len(), objective.len() + 1));
            objective.extend([0.0, waits]);
            upper.extend([f64::INFINITY; 2]);
        }
    }
    let mut program = Simplex::new(objective, upper);
    state_rows(&mut program, set, &columns, |claim| usize::from(costs[claim].is_finite()));
    program.row(1.0, (1..bought).map(|column| (column, 1.0)));
    let prices = program.solve().ok()?.prices;
    let states = set.states().len();
    let mut values: Vec<f64> = (0..costs.len())
        .map(|at| (0..states).filter(|state| set.states().pays(*state, Claim::at(at))).map(|state| prices[state]).sum())
        .collect();
    if share > 0.0 {
        for (at, place) in set.groups().iter().flatten().enumerate() {
            values[Claim::yes(*place).index()] += prices[states + 2 * at];
            values[Claim::no(*place).index()] += prices[states + 2 * at + 1];
        }
    }
    let bounds: Vec<f64> = values.iter().map(|value| value / waits + EPSILON).collect();
    costs.iter().zip(&bounds).all(|(cost, bound)| cost >= bound).then_some(bounds)
}

/// The lowest all-in cost of a claim at the first level of its side, infinite where there is none.
pub(crate) fn best_cost(
    outcome: Outcome,
    best: Option<brier_book::Level>,
    terms: &Terms,
    limits: &crate::problem::Limits,
) -> f64 {
    best.map_or(f64::INFINITY, |level| unit_cost(outcome, level.price, terms, limits))
}
