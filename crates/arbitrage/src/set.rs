//! A set: markets, what is proved among them, and how each is traded.

use brier_engine::{Custody, Fees, Instrument, MarketId};
use brier_pairing::relations::Coverage;
use brier_pairing::{Contract, Tail, Verdict, verdict};
use brier_types::{Money, Qty, Timestamp, Venue};

use crate::shapes::Shape;
use crate::states::{Relation, States, StatesError};

/// How a market is traded, as far as riskless sets care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Where it trades.
    pub venue: Venue,
    /// The venue's shard: cash is per shard.
    pub shard: u16,
    /// What fills cost.
    pub fees: Fees,
    /// How the venue holds what is owned.
    pub custody: Custody,
    /// The smallest step of a quantity.
    pub size_step: Qty,
    /// The smallest quantity of a purchase. What is held is sold in any quantity, as that is an order that only takes.
    pub min_qty: Qty,
    /// The smallest worth of an order that takes.
    pub min_taking: Money,
    /// What a contract bought or sold costs beside price and fee: transfer, gas, a builder's share.
    pub surcharge: Money,
    /// When it is expected to have paid, settlement delay included.
    pub payout: Timestamp,
}

impl Terms {
    /// An instrument's terms, with the moment at which its payout is expected.
    pub const fn of(instrument: &Instrument, payout: Timestamp) -> Self {
        Self {
            venue: instrument.venue(),
            shard: instrument.shard,
            fees: instrument.fees,
            custody: instrument.custody,
            size_step: instrument.market.size_step,
            min_qty: instrument.min_qty,
            min_taking: instrument.min_taking,
            surcharge: Money::ZERO,
            payout,
        }
    }
}

/// A market of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The market.
    pub market: MarketId,
    /// How it is traded.
    pub terms: Terms,
}

/// Markets and the relations proved among them.
///
/// Its places, in relations and groups, are those of [`Set::members`].
#[derive(Clone, Debug)]
pub struct Set {
    members: Vec<Member>,
    states: States,
    shape: Shape,
    groups: Vec<Vec<usize>>,
    tails: Vec<Tail>,
}

/// These markets are no set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// See [`StatesError`].
    #[error(transparent)]
    States(#[from] StatesError),
    /// A market is there twice.
    #[error("set: market {0} is named twice; name it once, with all its relations")]
    Twice(MarketId),
    /// A group that the venue could not convert.
    #[error(
        "negative-risk group: expected distinct token markets of one venue of which at most one ends YES, found places {0:?}"
    )]
    Group(Vec<usize>),
}

impl Set {
    /// A set of `members`, between whom `relations` are proved.
    ///
    /// `groups` are those whose tokens the venue converts into one another (negative risk): places of markets of one such
    /// group each. See [`crate::convert`].
    ///
    /// # Errors
    /// [`SetError`]: the markets must not be traded as a set.
    pub fn new(members: Vec<Member>, relations: &[Relation], groups: Vec<Vec<usize>>) -> Result<Self, SetError> {
        let states = States::new(members.len(), relations)?;
        let mut markets: Vec<MarketId> = members.iter().map(|member| member.market).collect();
        markets.sort_unstable();
        if let Some(pair) = markets.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SetError::Twice(pair[0]));
        }
        let mut grouped = 0_u64;
        for group in &groups {
            let mut mask = 0_u64;
            for place in group {
                let member = members.get(*place).ok_or_else(|| SetError::Group(group.clone()))?;
                let first = members[group[0]].terms;
                let alike = member.terms.custody == Custody::Tokens
                    && member.terms.venue == first.venue
                    && member.terms.shard == first.shard;
                if !alike || (mask | grouped) >> place & 1 == 1 {
                    return Err(SetError::Group(group.clone()));
                }
                mask |= 1 << place;
            }
            if group.len() < 2 || states.ends().iter().any(|ends| (ends & mask).count_ones() > 1) {
                return Err(SetError::Group(group.clone()));
            }
            grouped |= mask;
        }
        let shape = Shape::of(&states);
        Ok(Self { members, states, shape, groups, tails: Vec::new() })
    }

    /// The same set with the ends that are not ordinary, of which the rules speak.
    #[must_use]
    pub fn with_tails(mut self, tails: Vec<Tail>) -> Self {
        self.tails = tails;
        self
    }

    /// The same with a surcharge more on every contract.
    pub(crate) fn surcharge_each(&mut self, surcharge: Money) {
        for member in &mut self.members {
            let sum = member.terms.surcharge.checked_add(surcharge);
            member.terms.surcharge = sum.unwrap_or(Money::MAX);
        }
    }

    /// Its markets.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The ways in which they can end.
    pub const fn states(&self) -> &States {
        &self.states
    }

    /// Its shape, if it has one that a closed form knows.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Places of markets whose tokens are converted into one another.
    pub fn groups(&self) -> &[Vec<usize>] {
        &self.groups
    }

    /// Ends that are not ordinary, of which its markets' rules speak. A set pays something else in them: see
    /// [`crate::tails()`].
    pub fn rule_tails(&self) -> &[Tail] {
        &self.tails
    }

    /// When the last of its markets is expected to have paid.
    pub fn payout(&self) -> Timestamp {
        self.members.iter().map(|member| member.terms.payout).max().unwrap_or(Timestamp::EPOCH)
    }
}

/// A comparison of rules proves no relation that may be traded as riskless.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProved {
    /// The verdict is no relation.
    #[error("rules: expected a proved relation, found `{0}`; see the proof's lines")]
    Verdict(&'static str),
    /// A contract's rules were not read: its title alone proves nothing that may be traded as riskless.
    #[error("rules: expected those of `{0}`, found only its title; read its rules first")]
    NoRules(String),
    /// Outcomes with names of their own, where the proof speaks of yes and no.
    #[error("outcomes of `{id}`: expected yes and no, found {found:?}; which of them the proof means is not said")]
    Outcomes {
        /// The contract.
        id: String,
        /// Its outcomes.
        found: Vec<String>,
    },
    /// A contract has no place in the set.
    #[error("relation: expected places for contract {contract}, found {places} places")]
    Place {
        /// The contract's number.
        contract: usize,
        /// How many places there are.
        places: usize,
    },
}

impl Relation {
    /// What the rules of two contracts prove of the markets at two places, with the ends in which it may not hold.
    ///
    /// # Errors
    /// [`NotProved`]: the pair must not be traded as riskless. What it may be worth: [`crate::divergence`].
    pub fn proved(places: (usize, usize), contracts: (&Contract, &Contract)) -> Result<(Self, Vec<Tail>), NotProved> {
        has_rules(contracts.0)?;
        has_rules(contracts.1)?;
        let (first, second) = places;
        let verdict = verdict(contracts.0, contracts.1);
        let relation = match &verdict {
            // By the outcome that pays: what a venue calls YES is the first of two named tokens, whoever it is.
            Verdict::Same(found) | Verdict::Inverse(found) => {
                if pays_with_yes(contracts, &found.outcome)? {
                    Self::Same { first, second }
                } else {
                    Self::Inverse { first, second }
                }
            }
            Verdict::Implies { first_implies_second, .. } => {
                is_yes_or_no(contracts.0)?;
                is_yes_or_no(contracts.1)?;
                if *first_implies_second {
                    Self::Implies { first, second }
                } else {
                    Self::Implies { first: second, second: first }
                }
            }
            Verdict::Excludes(_) => {
                is_yes_or_no(contracts.0)?;
                is_yes_or_no(contracts.1)?;
                Self::Excludes { first, second }
            }
            Verdict::Different(_) | Verdict::Unproven(_) => return Err(NotProved::Verdict(verdict.name())),
        };
        Ok((relation, verdict.matched().map_or_else(Vec::new, |found| found.tails.clone())))
    }

    /// What pairing found among `contracts` of one venue, whose markets have `places` in the set.
    ///
    /// A set with a member for whatever is not listed yet need not pay: a market listed later takes from that member.
    ///
    /// # Errors
    /// [`NotProved`] when a contract has no place, or a rung of a ladder no rules.
    pub fn within(
        relation: &brier_pairing::Relation,
        contracts: &[Contract],
        places: &[usize],
    ) -> Result<Self, NotProved> {
        let place = |contract: &usize| {
            let missing = NotProved::Place { contract: *contract, places: places.len() };
            places.get(*contract).copied().ok_or(missing)
        };
        let all = |numbers: &[usize]| numbers.iter().map(place).collect::<Result<Vec<_>, _>>();
        Ok(match relation {
            brier_pairing::Relation::Exclusive { members, coverage } => {
                Self::Exclusive { members: all(members)?, one_must_pay: *coverage == Coverage::Complete }
            }
            brier_pairing::Relation::Thresholds { rungs } | brier_pairing::Relation::Deadlines { rungs } => {
                for contract in rungs.iter().filter_map(|rung| contracts.get(*rung)) {
                    has_rules(contract)?;
                    is_yes_or_no(contract)?;
                }
                Self::Ladder { rungs: all(rungs)? }
            }
        })
    }
}

fn has_rules(contract: &Contract) -> Result<(), NotProved> {
    if contract.listing.has_rules() { Ok(()) } else { Err(NotProved::NoRules(contract.listing.id.clone())) }
}

/// Whether a contract's outcomes are called yes and no, or nothing else.
fn is_yes_or_no(contract: &Contract) -> Result<(), NotProved> {
    let names = &contract.listing.outcomes;
    let plain = |name: &String| name.eq_ignore_ascii_case("yes") || name.eq_ignore_ascii_case("no");
    if names.iter().all(plain) {
        Ok(())
    } else {
        Err(NotProved::Outcomes { id: contract.listing.id.clone(), found: names.clone() })
    }
}

/// Whether the outcome that a match names is the YES of the contract whose outcome it is: Polymarket's, or the second's.
///
/// Source: `brier_polymarket_protocol::convert`: where the outcomes are not named yes and no, the first token is YES.
fn pays_with_yes(contracts: (&Contract, &Contract), outcome: &str) -> Result<bool, NotProved> {
    let flipped = contracts.0.venue() == Venue::Polymarket && contracts.1.venue() == Venue::Kalshi;
    let (own, named) = if flipped { (contracts.1, contracts.0) } else { contracts };
    // Two tokens of one venue with the same names are matched name by name; else the other side speaks of its YES.
    if own.listing.outcomes != named.listing.outcomes {
        is_yes_or_no(own)?;
    }
    let names = &named.listing.outcomes;
    let refused = || NotProved::Outcomes { id: named.listing.id.clone(), found: names.clone() };
    if is_yes_or_no(named).is_ok() {
        return match outcome {
            word if word.eq_ignore_ascii_case("yes") => Ok(true),
            word if word.eq_ignore_ascii_case("no") => Ok(false),
            _ => Err(refused()),
        };
    }
    names.iter().position(|name| name == outcome).filter(|_| names.len() == 2).map(|at| at == 0).ok_or_else(refused)
}
