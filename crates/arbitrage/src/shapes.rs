//! Closed forms: the program's answer for common shapes, found by walking ladders.
//!
//! Markets that always end alike or opposite are one class, and their supplies are one ladder, cheapest first. Then two shapes
//! cover what is common:
//!
//! - A *chain*: each class pays whenever a harder one does. Both sides of one book, a market on two venues, implication,
//!   exclusion of two, ladders by threshold and by date. YES of a class and NO of any harder one pay a dollar or more together;
//!   which quantities go together is a flow along the chain, and sending it along the cheapest path first is optimal.
//! - An *exclusive* set of three or more classes: YES of all, if one must pay; or NO of as many as cost less than a dollar.
//!
//! Where a bound on cash, a holding to sell or a conversion could change the answer, none is given here and the program decides.
//!
//! Source: reference (feeds), section 9.11; Ahuja, Magnanti, Orlin 1993, chapter 9, for cheapest paths first.

use brier_types::Money;

use crate::problem::Problem;
use crate::program::{EPSILON, Optimum, paid};
use crate::states::{Claim, MAX_STATES, States};

/// The sets that a closed form knows. A class is the claims that pay together; their opposites pay together too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Classes from the hardest to the easiest: whenever one pays, so do all after it.
    Chain {
        /// The classes.
        classes: Vec<Vec<Claim>>,
    },
    /// Three or more classes of which at most one pays.
    Exclusive {
        /// The classes.
        classes: Vec<Vec<Claim>>,
        /// Whether one must.
        one_must_pay: bool,
    },
    /// Only the program knows.
    General,
}

/// The states in which something pays.
type Support = [u64; MAX_STATES / 64];

impl Shape {
    /// The shape of these states.
    pub fn of(states: &States) -> Self {
        let classes = classes(states);
        let all = support(states, |_| true);
        if states.len() == classes.len() + 1
            && let Some(classes) = (0..states.len()).find_map(|bottom| chain(&classes, bottom, &all))
        {
            return Self::Chain { classes };
        }
        let single = |(claims, support): &(Vec<Claim>, Support)| match size(support) {
            1 => Some(claims.clone()),
            most if most + 1 == states.len() => Some(claims.iter().map(|claim| claim.opposite()).collect()),
            _ => None,
        };
        let spare = states.len().checked_sub(classes.len());
        match classes.iter().map(single).collect() {
            Some(classes) if matches!(spare, Some(0 | 1)) => {
                Self::Exclusive { classes, one_must_pay: spare == Some(0) }
            }
            Some(_) | None => Self::General,
        }
    }

    /// Whether anything could gain when the cheapest of each claim costs `costs` (by [`Claim::index`], infinite where there is
    /// none), at a hurdle's share; never `false` when something does. What is converted or sold is to be asked without a hurdle.
    pub(crate) fn may_gain(&self, costs: &[f64], share: f64) -> bool {
        let waits = 1.0 + share;
        let yes = |class: &Vec<Claim>| class.iter().map(|claim| costs[claim.index()]).fold(f64::INFINITY, f64::min);
        let no = |class: &Vec<Claim>| {
            class.iter().map(|claim| costs[claim.opposite().index()]).fold(f64::INFINITY, f64::min)
        };
        match self {
            Self::Chain { classes } => {
                let mut harder = f64::INFINITY;
                classes.iter().any(|class| {
                    harder = harder.min(no(class));
                    waits * (yes(class) + harder) < 1.0
                })
            }
            Self::Exclusive { classes, one_must_pay } => {
                let whole: f64 = classes.iter().map(yes).sum();
                let none: f64 = classes.iter().map(|class| (1.0 - waits * no(class)).max(0.0)).sum();
                let pair = classes.iter().any(|class| waits * (yes(class) + no(class)) < 1.0);
                *one_must_pay && waits * whole < 1.0 || none > 1.0 || pair
            }
            Self::General => true,
        }
    }
}

fn support(states: &States, pays: impl Fn(usize) -> bool) -> Support {
    let mut support = Support::default();
    for state in (0..states.len()).filter(|state| pays(*state)) {
        support[state / 64] |= 1 << (state % 64);
    }
    support
}

fn size(support: &Support) -> usize {
    support.iter().map(|word| word.count_ones() as usize).sum()
}

/// Claims that pay together, one class for each market and its opposite.
fn classes(states: &States) -> Vec<(Vec<Claim>, Support)> {
    let mut classes: Vec<(Vec<Claim>, Support)> = Vec::new();
    for slot in 0..states.markets() {
        // Of both claims the one that does not pay in the first state.
        let claim = if states.pays(0, Claim::yes(slot)) { Claim::no(slot) } else { Claim::yes(slot) };
        let support = support(states, |state| states.pays(state, claim));
        match classes.iter_mut().find(|class| class.1 == support) {
            Some(class) => class.0.push(claim),
            None => classes.push((vec![claim], support)),
        }
    }
    classes
}

/// The classes as a chain above the state `bottom` in which none pays, if they are one.
fn chain(classes: &[(Vec<Claim>, Support)], bottom: usize, all: &Support) -> Option<Vec<Vec<Claim>>> {
    let mut turned: Vec<(Vec<Claim>, Support)> = classes
        .iter()
        .map(|(claims, support)| {
            if support[bottom / 64] >> (bottom % 64) & 1 == 0 {
                return (claims.clone(), *support);
            }
            let rest = std::array::from_fn(|word| all[word] & !support[word]);
            (claims.iter().map(|claim| claim.opposite()).collect(), rest)
        })
        .collect();
    turned.sort_by_key(|(_, support)| size(support));
    let inside = |one: &Support, two: &Support| one.iter().zip(two).all(|(one, two)| one & !two == 0);
    let nested = turned.windows(2).all(|pair| inside(&pair[0].1, &pair[1].1));
    nested.then(|| turned.into_iter().map(|(claims, _)| claims).collect())
}

/// The supply of claims that pay together, cheapest first, as it is taken.
struct Supply {
    stretches: Vec<(f64, u64, Claim)>,
    at: usize,
}

impl Supply {
    fn new(problem: &Problem<'_>, claims: impl Iterator<Item = Claim>) -> Self {
        let mut stretches: Vec<(f64, u64, Claim)> = claims
            .flat_map(|claim| problem.depth(claim).rungs().iter().map(move |rung| (rung.cost, rung.lots, claim)))
            .collect();
        stretches.sort_by(|one, two| one.0.total_cmp(&two.0));
        Self { stretches, at: 0 }
    }

    /// The cheapest left; infinite when there is none.
    fn cost(&self) -> f64 {
        self.stretches.get(self.at).map_or(f64::INFINITY, |stretch| stretch.0)
    }

    fn left(&self) -> u64 {
        self.stretches.get(self.at).map_or(0, |stretch| stretch.1)
    }

    /// Takes lots of the cheapest stretch.
    fn take(&mut self, lots: u64, into: &mut Taken) {
        let stretch = &mut self.stretches[self.at];
        stretch.1 -= lots;
        into.lots[stretch.2.index()] += lots as f64;
        into.cost += stretch.0 * lots as f64;
        if stretch.1 == 0 {
            self.at += 1;
        }
    }
}

/// What has been taken so far.
struct Taken {
    lots: Vec<f64>,
    cost: f64,
}

/// The best by a closed form: `None` when there is none for this problem, `Some(None)` when nothing gains.
pub fn optimum(problem: &Problem<'_>) -> Option<Option<Optimum>> {
    let nothing_held = (0..problem.set.members().len()).all(|slot| {
        let held = problem.held(slot);
        problem.lots(held.yes) == 0 && problem.lots(held.no) == 0
    });
    if problem.share > 0.0 && !nothing_held {
        return None;
    }
    let mut taken = Taken { lots: vec![0.0; problem.depths.len()], cost: 0.0 };
    let released = match problem.set.shape() {
        // Two markets that are converted, at a hurdle: what comes back at once is the program's to weigh.
        Shape::Chain { .. } if problem.share > 0.0 && !problem.set.groups().is_empty() => return None,
        Shape::Chain { classes } => {
            take_chain(problem, classes, &mut taken);
            0.0
        }
        Shape::Exclusive { classes, one_must_pay } => take_exclusive(problem, classes, *one_must_pay, &mut taken)?,
        Shape::General => return None,
    };
    if !affordable(problem, &taken.lots) {
        return None;
    }
    let states = problem.set.states();
    let paid = (0..states.len()).map(|state| paid(states, state, &taken.lots));
    let payoff = paid.fold(f64::INFINITY, f64::min) - released;
    let dollars = problem.lot_contracts();
    let objective = dollars * (payoff + (1.0 + problem.share) * (released - taken.cost));
    Some((objective > EPSILON).then_some(Optimum {
        lots: taken.lots,
        released: dollars * released,
        payoff: dollars * payoff,
        cost: dollars * taken.cost,
        objective,
    }))
}

/// Whether cash is no bound to what was taken.
fn affordable(problem: &Problem<'_>, lots: &[f64]) -> bool {
    problem.purses.iter().filter(|purse| purse.cash < Money::MAX).all(|purse| {
        let here = problem.depths.iter().enumerate().filter(|(at, _)| {
            let terms = &problem.set.members()[Claim::at(*at).slot].terms;
            (terms.venue, terms.shard) == (purse.venue, purse.shard)
        });
        let cost: f64 = here.map(|(at, depth)| depth.cost(lots[at] as u64).unwrap_or(f64::INFINITY)).sum();
        cost * problem.lot_contracts() <= problem.spendable(purse)
    })
}

/// Joins YES of classes with NO of harder ones, the cheapest way first.
fn take_chain(problem: &Problem<'_>, classes: &[Vec<Claim>], taken: &mut Taken) {
    let waits = 1.0 + problem.share;
    let mut yes: Vec<Supply> = classes.iter().map(|class| Supply::new(problem, class.iter().copied())).collect();
    let mut no: Vec<Supply> =
        classes.iter().map(|class| Supply::new(problem, class.iter().map(|claim| claim.opposite()))).collect();
    // Lots of YES of a class beyond `n` that are joined with NO of class `n` or a harder one.
    let mut across = vec![0_u64; classes.len()];
    loop {
        let mut best = (f64::INFINITY, 0, 0, 0_u64);
        for (from, supply) in yes.iter().enumerate().filter(|(_, supply)| supply.left() > 0) {
            let mut consider = |to: usize, most: u64| {
                let cost = supply.cost() + no[to].cost();
                if cost < best.0 {
                    best = (cost, from, to, most.min(supply.left()).min(no[to].left()));
                }
            };
            (0..=from).for_each(|to| consider(to, u64::MAX));
            // NO of an easier class: only as far as others that cross here can trade places.
            let mut most = u64::MAX;
            for to in from + 1..classes.len() {
                most = most.min(across[to - 1]);
                if most == 0 {
                    break;
                }
                consider(to, most);
            }
        }
        let (cost, from, to, lots) = best;
        if waits * cost >= 1.0 - EPSILON * 1e-3 {
            return;
        }
        yes[from].take(lots, taken);
        no[to].take(lots, taken);
        if to <= from {
            across[to..from].iter_mut().for_each(|crossing| *crossing += lots);
        } else {
            across[from..to].iter_mut().for_each(|crossing| *crossing -= lots);
        }
    }
}

/// Takes YES of all or NO of many; what comes back at once by conversion. `None` when another way could gain as well.
fn take_exclusive(problem: &Problem<'_>, classes: &[Vec<Claim>], one_must_pay: bool, taken: &mut Taken) -> Option<f64> {
    let converts = converts(problem, classes)?;
    let waits = 1.0 + problem.share;
    // What each dollar of cost and of payoff weighs: what is converted does not wait.
    let cost_weight = if converts { 1.0 } else { waits };
    let mut yes: Vec<Supply> = classes.iter().map(|class| Supply::new(problem, class.iter().copied())).collect();
    let mut no: Vec<Supply> =
        classes.iter().map(|class| Supply::new(problem, class.iter().map(|claim| claim.opposite()))).collect();
    if yes.iter().zip(&no).any(|(yes, no)| cost_weight * (yes.cost() + no.cost()) < 1.0) {
        return None;
    }
    if one_must_pay {
        while waits * yes.iter().map(Supply::cost).sum::<f64>() < 1.0 - EPSILON * 1e-3 {
            let lots = yes.iter().map(Supply::left).min().unwrap_or(0);
            for supply in &mut yes {
                supply.take(lots, taken);
            }
        }
    }
    let worth = |supply: &Supply| (1.0 - cost_weight * supply.cost()).max(0.0);
    let mut released = 0.0;
    while no.iter().map(worth).sum::<f64>() > 1.0 + EPSILON * 1e-3 {
        let basket: Vec<usize> = (0..no.len()).filter(|at| worth(&no[*at]) > 0.0).collect();
        let lots = basket.iter().map(|at| no[*at].left()).min().unwrap_or(0);
        for at in &basket {
            no[*at].take(lots, taken);
        }
        if converts {
            released += (lots * (basket.len() as u64 - 1)) as f64;
        }
    }
    Some(released)
}

/// Whether NO of all classes is converted when a hurdle makes that worth it; `None` when only some can be.
fn converts(problem: &Problem<'_>, classes: &[Vec<Claim>]) -> Option<bool> {
    if problem.share <= 0.0 || problem.set.groups().is_empty() {
        return Some(false);
    }
    let [group] = problem.set.groups() else { return None };
    let whole = group.len() == classes.len()
        && classes.iter().all(|class| matches!(class[..], [claim] if claim == Claim::yes(claim.slot)));
    whole.then_some(true)
}
