//! From the program's fractions to whole lots that gain.
//!
//! Every claim is rounded as a whole, never stretch by stretch, so equal contracts stay equal. Several ways of rounding are
//! tried; each is trimmed of what the worst state does not need, and priced exactly; the best counts.

use crate::opportunity::{Opportunity, Priced, price};
use crate::problem::Problem;
use crate::program::{NotSolved, Optimum, optimum_up_to};
use crate::states::Claim;

/// What is whole in spite of the program's last digits, in lots.
const NEARLY: f64 = 1e-6;

pub(crate) struct Rounded {
    pub(crate) opportunity: Option<Opportunity>,
    /// A leg that its venue would not take: worth another try without it.
    pub(crate) too_small: Option<Claim>,
}

/// The best whole lots near an optimum.
pub(crate) fn round(problem: &Problem<'_>, optimum: &Optimum) -> Result<Rounded, NotSolved> {
    let mut rounded = Rounded { opportunity: None, too_small: None };
    let whole = |lots: &[f64]| lots.iter().all(|lots| (lots - lots.round()).abs() <= NEARLY);
    try_all(problem, &optimum.lots, &mut rounded)?;
    if !whole(&optimum.lots) {
        // A whole payoff often goes with whole quantities.
        let payoff = ((optimum.payoff + optimum.released) / problem.lot_contracts() + NEARLY).floor();
        if let Some(lower) = optimum_up_to(problem, payoff)? {
            try_all(problem, &lower.lots, &mut rounded)?;
        }
    }
    Ok(rounded)
}

fn try_all(problem: &Problem<'_>, lots: &[f64], rounded: &mut Rounded) -> Result<(), NotSolved> {
    let most = |at: usize| problem.depth(Claim::at(at)).lots();
    let down = |(at, lots): (usize, &f64)| ((lots + NEARLY).floor().max(0.0) as u64).min(most(at));
    let up = |(at, lots): (usize, &f64)| ((lots - NEARLY).ceil().max(0.0) as u64).min(most(at));
    let near = |(at, lots): (usize, &f64)| (lots.round().max(0.0) as u64).min(most(at));
    let mut tried: Vec<Vec<u64>> = Vec::new();
    let ways: [Vec<u64>; 3] = [
        lots.iter().enumerate().map(down).collect(),
        lots.iter().enumerate().map(up).collect(),
        lots.iter().enumerate().map(near).collect(),
    ];
    for mut whole in ways {
        trim(problem, &mut whole);
        if tried.contains(&whole) || whole.iter().all(|lots| *lots == 0) {
            continue;
        }
        match price(problem, &whole)? {
            Priced::Gains(found) => {
                if rounded.opportunity.as_ref().is_none_or(|known| known.gain() < found.gain()) {
                    rounded.opportunity = Some(*found);
                }
            }
            Priced::TooSmall(claim) => rounded.too_small = Some(claim),
            Priced::Nothing => {}
        }
        tried.push(whole);
    }
    Ok(())
}

/// Takes away what the worst state does not need, the dearest first.
fn trim(problem: &Problem<'_>, lots: &mut [u64]) {
    let states = problem.set.states();
    let pays = |state: usize, at: usize| states.pays(state, Claim::at(at));
    let mut paid: Vec<u64> = (0..states.len())
        .map(|state| lots.iter().enumerate().filter(|(at, _)| pays(state, *at)).map(|(_, lots)| lots).sum())
        .collect();
    let worst = paid.iter().copied().min().unwrap_or(0);
    let last_cost = |at: usize| problem.depth(Claim::at(at)).rungs().last().map_or(0.0, |rung| rung.cost);
    let mut order: Vec<usize> = (0..lots.len()).filter(|at| lots[*at] > 0).collect();
    order.sort_by(|one, two| last_cost(*two).total_cmp(&last_cost(*one)));
    for at in order {
        let spare = (0..states.len()).filter(|state| pays(*state, at)).map(|state| paid[state] - worst).min();
        let cut = spare.unwrap_or(0).min(lots[at]);
        if cut > 0 {
            lots[at] -= cut;
            (0..states.len()).filter(|state| pays(*state, at)).for_each(|state| paid[state] -= cut);
        }
    }
}
