//! The states of the world: every way in which a set's markets can end together.

use brier_types::Outcome;

/// Most markets of one set.
pub const MAX_MARKETS: usize = 64;
/// Most states of one set. Beyond it a set has no answer: split it where its relations are weakest.
pub const MAX_STATES: usize = 512;
/// Most partial assignments tried while looking for states.
const MAX_STEPS: usize = 1 << 20;

/// The right to a dollar if a market ends one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The market's place in its set.
    pub slot: usize,
    /// The outcome that pays.
    pub outcome: Outcome,
}

impl Claim {
    /// Pays if the market ends YES.
    pub const fn yes(slot: usize) -> Self {
        Self { slot, outcome: Outcome::Yes }
    }

    /// Pays if the market ends NO.
    pub const fn no(slot: usize) -> Self {
        Self { slot, outcome: Outcome::No }
    }

    /// Its place among all claims of a set: YES and NO of each market in turn.
    pub const fn index(self) -> usize {
        self.slot * 2 + matches!(self.outcome, Outcome::No) as usize
    }

    /// The claim at a place.
    pub const fn at(index: usize) -> Self {
        Self { slot: index / 2, outcome: if index.is_multiple_of(2) { Outcome::Yes } else { Outcome::No } }
    }

    /// The claim that pays when this one does not.
    #[must_use]
    pub const fn opposite(self) -> Self {
        Self::at(self.index() ^ 1)
    }
}

/// What is proved of a set's markets, by their places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Both end alike.
    Same {
        /// One.
        first: usize,
        /// The other.
        second: usize,
    },
    /// They end opposite.
    Inverse {
        /// One.
        first: usize,
        /// The other.
        second: usize,
    },
    /// Whenever the first ends YES, so does the second.
    Implies {
        /// The harder one.
        first: usize,
        /// The easier one.
        second: usize,
    },
    /// They never both end YES.
    Excludes {
        /// One.
        first: usize,
        /// The other.
        second: usize,
    },
    /// At most one of them ends YES.
    Exclusive {
        /// The markets.
        members: Vec<usize>,
        /// Whether one must.
        one_must_pay: bool,
    },
    /// Whenever one ends YES, so do all after it.
    Ladder {
        /// The markets, the hardest first.
        rungs: Vec<usize>,
    },
}

impl Relation {
    /// The places it speaks of.
    pub fn places(&self) -> Vec<usize> {
        match self {
            Self::Same { first, second }
            | Self::Inverse { first, second }
            | Self::Implies { first, second }
            | Self::Excludes { first, second } => vec![*first, *second],
            Self::Exclusive { members, .. } => members.clone(),
            Self::Ladder { rungs } => rungs.clone(),
        }
    }

    /// Whether markets `0..known`, that end as the bits of `ends` say, can still agree with it.
    fn holds(&self, ends: u64, known: usize) -> bool {
        let end = |place: usize| (place < known).then_some(ends >> place & 1 == 1);
        let implies = |first: usize, second: usize| !(end(first) == Some(true) && end(second) == Some(false));
        match self {
            Self::Same { first, second } => implies(*first, *second) && implies(*second, *first),
            Self::Inverse { first, second } => match (end(*first), end(*second)) {
                (Some(first), Some(second)) => first != second,
                (Some(_) | None, None) | (None, Some(_)) => true,
            },
            Self::Implies { first, second } => implies(*first, *second),
            Self::Excludes { first, second } => !(end(*first) == Some(true) && end(*second) == Some(true)),
            Self::Exclusive { members, one_must_pay } => {
                let paying = members.iter().filter(|place| end(**place) == Some(true)).count();
                let open = members.iter().any(|place| end(*place).is_none());
                paying <= 1 && (paying == 1 || open || !one_must_pay)
            }
            Self::Ladder { rungs } => rungs.windows(2).all(|pair| implies(pair[0], pair[1])),
        }
    }
}

/// The states of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    markets: usize,
    ends: Vec<u64>,
}

/// There are no states to reckon with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatesError {
    /// Too many markets.
    #[error("set: expected 1 to {MAX_MARKETS} markets, found {0}; split it")]
    Markets(usize),
    /// A relation names a market that is not there, or one twice.
    #[error("relation {relation}: expected distinct places below {markets}, found {places:?}")]
    Places {
        /// Its place among the relations.
        relation: usize,
        /// How many markets there are.
        markets: usize,
        /// The places that it names.
        places: Vec<usize>,
    },
    /// The bound is passed: no answer is better than a slow or a wrong one.
    #[error("set: expected at most {MAX_STATES} states, found more; state more relations, or split it")]
    TooMany,
    /// No state agrees with all relations.
    #[error("relations contradict each other: no state agrees with all; one of the proofs is wrong")]
    Contradiction,
    /// A market can end only one way. That is no free money but a wrong proof.
    #[error("relations leave market {place} no way to end {}; one of the proofs is wrong", outcome_word(*.outcome))]
    Certain {
        /// Its place.
        place: usize,
        /// The end that is left out.
        outcome: Outcome,
    },
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Yes => "YES",
        Outcome::No => "NO",
    }
}

impl States {
    /// All states of `markets` markets that agree with `relations`.
    ///
    /// # Errors
    /// [`StatesError`]: nothing is known of the set then, and it must not be traded as one.
    pub fn new(markets: usize, relations: &[Relation]) -> Result<Self, StatesError> {
        if !(1..=MAX_MARKETS).contains(&markets) {
            return Err(StatesError::Markets(markets));
        }
        for (at, relation) in relations.iter().enumerate() {
            let mut places = relation.places();
            places.sort_unstable();
            let distinct = places.windows(2).all(|pair| pair[0] < pair[1]);
            if !distinct || places.last().is_none_or(|last| *last >= markets) {
                return Err(StatesError::Places { relation: at, markets, places: relation.places() });
            }
        }
        let mut states = Self { markets, ends: Vec::new() };
        let mut steps = 0;
        states.grow(relations, 0, 0, &mut steps)?;
        let (any, all) = states.ends.iter().fold((0, u64::MAX), |(any, all), ends| (any | ends, all & ends));
        if states.ends.is_empty() {
            return Err(StatesError::Contradiction);
        }
        for place in 0..markets {
            if any >> place & 1 == 0 {
                return Err(StatesError::Certain { place, outcome: Outcome::Yes });
            }
            if all >> place & 1 == 1 {
                return Err(StatesError::Certain { place, outcome: Outcome::No });
            }
        }
        Ok(states)
    }

    /// Tries both ends of market `known`, NO first.
    fn grow(&mut self, relations: &[Relation], ends: u64, known: usize, steps: &mut usize) -> Result<(), StatesError> {
        *steps += 1;
        if MAX_STEPS < *steps {
            return Err(StatesError::TooMany);
        }
        if known == self.markets {
            if self.ends.len() == MAX_STATES {
                return Err(StatesError::TooMany);
            }
            self.ends.push(ends);
            return Ok(());
        }
        for end in [0, 1] {
            let ends = ends | end << known;
            if relations.iter().all(|relation| relation.holds(ends, known + 1)) {
                self.grow(relations, ends, known + 1, steps)?;
            }
        }
        Ok(())
    }

    /// How many markets there are.
    pub const fn markets(&self) -> usize {
        self.markets
    }

    /// How many states there are.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Never: a set has states.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Each state as bits: bit `n` says that market `n` ends YES.
    pub fn ends(&self) -> &[u64] {
        &self.ends
    }

    /// Whether a claim pays in a state.
    pub fn pays(&self, state: usize, claim: Claim) -> bool {
        let yes = self.ends[state] >> claim.slot & 1 == 1;
        match claim.outcome {
            Outcome::Yes => yes,
            Outcome::No => !yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(markets: usize, relations: &[Relation]) -> Vec<String> {
        let states = States::new(markets, relations).unwrap();
        let word = |ends: &u64| (0..markets).map(|place| if ends >> place & 1 == 1 { 'Y' } else { 'n' }).collect();
        states.ends().iter().map(word).collect()
    }

    #[test]
    fn relations_leave_what_they_should() {
        assert_eq!(ends(2, &[Relation::Same { first: 0, second: 1 }]), ["nn", "YY"]);
        assert_eq!(ends(2, &[Relation::Inverse { first: 0, second: 1 }]), ["nY", "Yn"]);
        assert_eq!(ends(2, &[Relation::Implies { first: 0, second: 1 }]), ["nn", "nY", "YY"]);
        assert_eq!(ends(2, &[Relation::Excludes { first: 0, second: 1 }]), ["nn", "nY", "Yn"]);
        let exclusive = |one_must_pay| Relation::Exclusive { members: vec![0, 1, 2], one_must_pay };
        assert_eq!(ends(3, &[exclusive(false)]), ["nnn", "nnY", "nYn", "Ynn"]);
        assert_eq!(ends(3, &[exclusive(true)]), ["nnY", "nYn", "Ynn"]);
        assert_eq!(ends(3, &[Relation::Ladder { rungs: vec![2, 1, 0] }]), ["nnn", "Ynn", "YYn", "YYY"]);
        assert_eq!(ends(2, &[]), ["nn", "nY", "Yn", "YY"]);
    }

    #[test]
    fn a_bucket_between_two_thresholds() {
        // at least 50, at least 55, from 50 to 54.
        let relations = [
            Relation::Implies { first: 1, second: 0 },
            Relation::Implies { first: 2, second: 0 },
            Relation::Excludes { first: 1, second: 2 },
        ];
        // Nothing says here that between them the bucket must pay.
        assert_eq!(ends(3, &relations), ["nnn", "Ynn", "YnY", "YYn"]);
    }

    #[test]
    fn wrong_proofs_are_no_free_money() {
        let both = [Relation::Implies { first: 0, second: 1 }, Relation::Excludes { first: 0, second: 1 }];
        assert_eq!(States::new(2, &both), Err(StatesError::Certain { place: 0, outcome: Outcome::Yes }));
        let never = [Relation::Same { first: 0, second: 1 }, Relation::Inverse { first: 0, second: 1 }];
        let error = States::new(2, &never).unwrap_err();
        assert_eq!(
            error.to_string(),
            "relations contradict each other: no state agrees with all; one of the proofs is wrong"
        );
        let sure = [Relation::Inverse { first: 0, second: 1 }, Relation::Implies { first: 0, second: 1 }];
        assert_eq!(
            States::new(2, &sure).unwrap_err().to_string(),
            "relations leave market 0 no way to end YES; one of the proofs is wrong"
        );
    }

    #[test]
    fn above_the_bound_there_is_no_answer() {
        assert_eq!(States::new(9, &[]).unwrap().len(), 512);
        assert_eq!(States::new(10, &[]), Err(StatesError::TooMany));
        assert_eq!(States::new(64, &[]), Err(StatesError::TooMany));
        assert_eq!(States::new(65, &[]), Err(StatesError::Markets(65)));
        assert_eq!(States::new(0, &[]), Err(StatesError::Markets(0)));
        let all = Relation::Exclusive { members: (0..64).collect(), one_must_pay: true };
        assert_eq!(States::new(64, &[all]).unwrap().len(), 64);
    }

    #[test]
    fn places_must_be_there() {
        let bad = [Relation::Same { first: 0, second: 2 }];
        assert_eq!(
            States::new(2, &bad).unwrap_err().to_string(),
            "relation 0: expected distinct places below 2, found [0, 2]"
        );
        assert!(States::new(2, &[Relation::Same { first: 1, second: 1 }]).is_err());
        assert!(States::new(2, &[Relation::Ladder { rungs: vec![] }]).is_err());
    }
}
