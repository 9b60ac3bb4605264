//! How the payoffs of two markets hang together, and which positions in both then pay a dollar whatever happens.

use brier_types::Outcome;

/// How the payoffs of two markets' YES hang together, in every ordinary end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tie {
    /// They pay together.
    Same,
    /// Exactly one of them pays.
    Inverse,
    /// Whenever the first pays, so does the second.
    Implies,
    /// They never both pay.
    Excludes,
}

/// What is bought of the first and of the second market.
pub type Hedge = (Outcome, Outcome);

impl Tie {
    /// Every tie.
    pub const ALL: [Self; 4] = [Self::Same, Self::Inverse, Self::Implies, Self::Excludes];

    /// Its name in configurations.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Inverse => "inverse",
            Self::Implies => "implies",
            Self::Excludes => "excludes",
        }
    }

    /// Pairs of outcomes of which at least one pays, so that equal contracts of both pay a dollar each or more.
    ///
    /// Source: reference (feeds), sections 9.10 and 9.11.
    pub const fn hedges(self) -> &'static [Hedge] {
        use Outcome::{No, Yes};
        match self {
            Self::Same => &[(Yes, No), (No, Yes)],
            Self::Inverse => &[(Yes, Yes), (No, No)],
            // The second pays whenever the first does not fail.
            Self::Implies => &[(No, Yes)],
            Self::Excludes => &[(No, No)],
        }
    }

    /// Whether both may end like this.
    pub const fn allows(self, first: Outcome, second: Outcome) -> bool {
        let (first, second) = (matches!(first, Outcome::Yes), matches!(second, Outcome::Yes));
        match self {
            Self::Same => first == second,
            Self::Inverse => first != second,
            Self::Implies => second || !first,
            Self::Excludes => !(first && second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Outcome; 2] = [Outcome::Yes, Outcome::No];

    #[test]
    fn a_hedge_pays_in_every_state_of_the_world_and_every_such_pair_is_one() {
        for tie in Tie::ALL {
            for hedge in BOTH.into_iter().flat_map(|first| BOTH.map(|second| (first, second))) {
                let worlds = BOTH.into_iter().flat_map(|first| BOTH.map(|second| (first, second)));
                let pays = worlds.filter(|it| tie.allows(it.0, it.1)).all(|it| it.0 == hedge.0 || it.1 == hedge.1);
                assert_eq!(pays, tie.hedges().contains(&hedge), "{tie:?} {hedge:?}");
            }
        }
    }
}
