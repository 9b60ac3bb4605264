//! What riskless pairs would have come to on recorded joint histories of both venues: found, filled, earned, left naked.
//!
//! Only one relation is used, and it is an assumption: that the two contracts of a recording are the same. Their rules were not
//! recorded, so nothing here is a proof, and what is earned would be earned only if they are.
//!
//! Both legs are sent on what was seen at one time, or the second once the first has filled; each fills against what is shown the
//! latency later; what fills on one side alone is sold again at what that venue shows after the same time once more. A recording knows nothing of our own orders, so an opportunity
//! that lasts is tried once, when it appears.

mod recorded;
mod replay;
#[cfg(test)]
mod tests;

use std::time::Duration;

use brier_arbitrage::Terms;
use brier_book::Level;
use brier_types::{Money, Qty, Timestamp};

pub use recorded::read;
pub use replay::replay;

/// One look at one venue's book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// When it was fetched, by the recorder's clock.
    pub at: Timestamp,
    /// The best bid, in YES terms.
    pub bid: Option<Level>,
    /// The best ask.
    pub ask: Option<Level>,
}

/// One contract on both venues, looked at in rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct JointHistory {
    /// The set's folder and the contract.
    pub name: String,
    /// The Kalshi ticker.
    pub kalshi: String,
    /// What is known of the Polymarket side's name.
    pub polymarket: String,
    /// Rounds in the order of time: Kalshi's look and Polymarket's.
    pub rounds: Vec<[Look; 2]>,
    /// The terms of both.
    pub terms: [Terms; 2],
    /// Whether sizes were recorded. Without them every level counts as one contract, and no venue's least worth is asked.
    pub sized: bool,
    /// Whether each leg's own time of fetching was recorded, or only the round's.
    pub timed: bool,
}

/// How a history is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From the newer of both looks until the orders are at the venues; and from a fill on one side until it is sold again.
    pub latency: Duration,
    /// The most time between the two looks of a round for both to be believed together.
    pub most_apart: Duration,
    /// Dollars that each venue has for one try.
    pub cash: Money,
    /// Whether the legs go one after the other: the thinnest first, and of the other as much as the first has got, the latency after
    /// that. Otherwise both go at once.
    pub in_turn: bool,
}

impl Default for Settings {
    /// Half a second, one second, $1,000, both legs at once.
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(500),
            most_apart: Duration::from_secs(1),
            cash: Money::from_cents(100_000).expect("a thousand dollars fit"),
            in_turn: false,
        }
    }
}

/// What came of one history, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rounds looked at.
    pub rounds: u64,
    /// Rounds left out because the looks were too far apart.
    pub apart: u64,
    /// Rounds left out because a venue's own book was crossed.
    pub crossed: u64,
    /// Rounds in which one venue's bid was above the other's ask, before fees.
    pub gross: u64,
    /// Rounds with a gain after exact fees.
    pub found: u64,
    /// Gains that appeared where there was none the round before: each is tried once.
    pub tries: u64,
    /// Tries after which nothing was recorded any more.
    pub unanswered: u64,
    /// Tries of which both legs filled whole.
    pub whole: u64,
    /// Tries of which both legs filled, one of them less.
    pub part: u64,
    /// Tries of which one leg filled alone.
    pub one_leg: u64,
    /// Tries of which nothing filled.
    pub missed: u64,
    /// Contracts of each leg that were asked for.
    pub asked: Qty,
    /// Contracts that both legs filled.
    pub paired: Qty,
    /// Contracts of one leg beyond the other.
    pub naked: Qty,
    /// Naked contracts that could not be sold again before the recording ended.
    pub left: Qty,
    /// What was promised when the tries were sent.
    pub promised: Money,
    /// What paired contracts gain: a dollar each, less their exact cost.
    pub earned: Money,
    /// What selling naked contracts again brought or cost.
    pub unwound: Money,
    /// What the naked contracts that were left had cost.
    pub left_cost: Money,
}

impl Tally {
    /// What it all came to, naked contracts that are left counted as worthless.
    pub fn result(&self) -> Money {
        let parts = [self.earned.micros(), self.unwound.micros(), -self.left_cost.micros()];
        Money::from_micros(parts.iter().sum())
    }

    /// Adds another's figures.
    ///
    /// # Panics
    /// When a sum fits no amount: recordings are far smaller.
    pub fn add(&mut self, other: &Self) {
        let counts = [
            (&mut self.rounds, other.rounds),
            (&mut self.apart, other.apart),
            (&mut self.crossed, other.crossed),
            (&mut self.gross, other.gross),
            (&mut self.found, other.found),
            (&mut self.tries, other.tries),
            (&mut self.unanswered, other.unanswered),
            (&mut self.whole, other.whole),
            (&mut self.part, other.part),
            (&mut self.one_leg, other.one_leg),
            (&mut self.missed, other.missed),
        ];
        for (sum, more) in counts {
            *sum += more;
        }
        let quantities = [
            (&mut self.asked, other.asked),
            (&mut self.paired, other.paired),
            (&mut self.naked, other.naked),
            (&mut self.left, other.left),
        ];
        for (sum, more) in quantities {
            *sum = sum.checked_add(more).expect("contracts of a recording fit");
        }
        let amounts = [
            (&mut self.promised, other.promised),
            (&mut self.earned, other.earned),
            (&mut self.unwound, other.unwound),
            (&mut self.left_cost, other.left_cost),
        ];
        for (sum, more) in amounts {
            *sum = sum.checked_add(more).expect("dollars of a recording fit");
        }
    }
}

/// What came of one history.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The figures.
    pub tally: Tally,
    /// The middle of the times from seeing to what the tries were answered by; `None` without tries.
    pub answered_after: Option<Duration>,
}
