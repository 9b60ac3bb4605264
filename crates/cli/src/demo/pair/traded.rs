//! What came of the sets that the bot tried: promised before the first leg, sure once they were filled.

use brier_engine::{Attempt, Ended};
use brier_types::{Money, Qty};

/// All tries together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// Tries of which an order was sent.
    pub(crate) sent: usize,
    /// Those of which every contract of both legs filled at once.
    pub(crate) whole: usize,
    /// Those that filled on both legs after one had to be bought again, or for less than was tried.
    pub(crate) part: usize,
    /// Tries that the engine looked at once more and did not begin.
    pub(crate) refused: usize,
    /// Contracts held of both legs.
    pub(crate) sets: Qty,
    /// What the tries were expected to gain.
    pub(crate) expected: Money,
    /// What is sure whatever happens, legs without counterpart worth nothing.
    pub(crate) sure: Money,
}

impl Tries {
    /// Sums attempts, each as it stands last.
    pub(crate) fn of<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> Self {
        let mut all = Self::default();
        for it in attempts {
            if it.ended == Ended::Refused {
                all.refused += 1;
                continue;
            }
            let whole = it.ended == Ended::Complete && it.sets == it.qty;
            all.sent += 1;
            all.whole += usize::from(whole);
            all.part += usize::from(!whole && !it.sets.is_zero());
            all.sets = all.sets.checked_add(it.sets).unwrap_or(Qty::MAX);
            all.expected = [all.expected, it.expected].into_iter().sum();
            all.sure = [all.sure, it.locked_in].into_iter().sum();
        }
        all
    }
}
