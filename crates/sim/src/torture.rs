//! Many seeds, each twice, and the smallest plan that still fails.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

pub use brier_engine::Planted;

use crate::auditor::Violation;
pub use crate::plan::Kind;
use crate::plan::{Faults, Plan};
use crate::story::Story;
use crate::world::{Ended, World};

/// What became of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The seed.
    pub seed: u64,
    /// How its first run ended.
    pub ended: Ended,
    /// What is wrong, if anything: a violation, or two runs that differ.
    pub violation: Option<Violation>,
}

/// Runs a seed, twice where `twice` asks for it.
pub fn run_seed(kind: Kind, seed: u64, planted: Option<Planted>, twice: bool) -> Verdict {
    run_plan(&Plan::of_kind(kind, seed), planted, twice)
}

fn run_plan(plan: &Plan, planted: Option<Planted>, twice: bool) -> Verdict {
    let (ended, _) = World::new(plan.clone(), planted).run();
    let mut violation = ended.violation.clone();
    if violation.is_none() && twice {
        let (again, _) = World::new(plan.clone(), planted).run();
        if again != ended {
            let what = format!("the first run ended {ended:?}, the second {again:?}");
            violation = Some(Violation::new("a seed gives one run", what));
        }
    }
    Verdict { seed: plan.seed, ended, violation }
}

/// Runs many seeds on some threads, each seed twice where `twice` says so, and tells of each as it ends; stops where told to.
///
/// The verdicts come in the order in which runs end, which is not the order of the seeds.
pub fn run_seeds(
    kind: Kind,
    first: u64,
    count: u64,
    threads: usize,
    planted: Option<Planted>,
    twice: impl Fn(u64) -> bool + Sync,
    mut told: impl FnMut(Verdict) -> bool,
) {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let (sender, verdicts) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let (next, stop, twice, sender) = (&next, &stop, &twice, sender.clone());
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count {
                        return;
                    }
                    let seed = first.wrapping_add(place);
                    if sender.send(run_seed(kind, seed, planted, twice(seed))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for verdict in verdicts {
            if !told(verdict) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
}

/// The smallest plan found that still breaks the same invariant: fewer kinds of trouble, a shorter storm.
pub fn minimize(kind: Kind, seed: u64, planted: Option<Planted>) -> Option<(Plan, Violation)> {
    let mut plan = Plan::of_kind(kind, seed);
    let mut violation = run_plan(&plan, planted, false).violation?;
    let breaks =
        |plan: &Plan| run_plan(plan, planted, false).violation.filter(|it| it.invariant == violation.invariant);
    let mut smaller = plan.clone();
    let mut found = violation.clone();
    for fault in plan.faults.iter() {
        let tried = Plan { faults: smaller.faults.without(fault), ..smaller.clone() };
        if let Some(it) = breaks(&tried) {
            found = it;
            smaller = tried;
        }
    }
    for _ in 0..4 {
        let tried = Plan { storm: smaller.storm / 2, ..smaller.clone() };
        match breaks(&tried) {
            Some(it) => {
                found = it;
                smaller = tried;
            }
            None => break,
        }
    }
    plan = smaller;
    violation = found;
    Some((plan, violation))
}

/// The last lines of what happened in a plan's run.
pub fn story(plan: &Plan, planted: Option<Planted>) -> Story {
    World::telling(plan.clone(), planted).run().1
}

/// A planted bug by its word.
///
/// # Errors
/// The words that there are.
pub fn planted_by_word(word: &str) -> Result<Planted, String> {
    let known = || Planted::ALL.map(Planted::word).join(", ");
    Planted::ALL.into_iter().find(|it| it.word() == word).ok_or_else(|| format!("expected one of {}", known()))
}

/// The words of a set of faults.
pub fn words(faults: Faults) -> String {
    let words: Vec<&str> = faults.iter().map(crate::plan::Fault::word).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
