//! What is halted, by scope and cause, and who may lift it.
//!
//! Invariants: two causes for one scope stand beside each other, and each is lifted on its own; the kill switch is lifted by a
//! person and nothing else; order of iteration is fixed. Asking whether an order may be placed reads four words of bits.
//!
//! What a halt does to orders that rest is the engine's; what raises and lifts each cause is said at [`Cause`].

use std::collections::BTreeMap;

use brier_types::{Timestamp, Venue};

use crate::command::Scope;
use crate::ids::{MarketId, StrategyId};
use crate::instrument::venue_index;

/// Why a venue is halted at every start of a run, until its reads agree.
pub const STARTED: &str = "the program started";

/// Why something is halted. The order is the order in which [`Halts::refuses`] names causes of one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The kill switch. A person lifts it with [`crate::Operator::Resume`]; nothing else does.
    Kill,
    /// Keys, clock or permissions are wrong. Needs a person.
    Fatal,
    /// The day's loss reached its limit. Needs a person.
    DayLoss,
    /// What was lost since the day's highest equity reached its limit. Needs a person.
    Drawdown,
    /// Too many rejections in a row. Needs a person.
    Breaker,
    /// A person halted it, or paused the strategy. Needs a person.
    Operator,
    /// The account has not been compared with the venue since the run or the connection began. Heals with the first
    /// agreeing snapshot.
    Unreconciled,
    /// Our picture differs from the venue's. Heals by the venue's word.
    Discrepancy,
    /// A message did not fit what is known. Heals by the venue's word.
    Anomaly,
    /// The venue paused it. Heals by its word.
    Paused,
    /// The venue takes nothing now. Heals by time, or by the next success.
    VenueAway {
        /// Until when at least; no part of what tells causes apart.
        until: Timestamp,
    },
}

impl Cause {
    /// Whether only a person lifts it.
    pub const fn needs_a_person(self) -> bool {
        match self {
            Self::Kill | Self::Fatal | Self::DayLoss | Self::Drawdown | Self::Breaker | Self::Operator => true,
            Self::Unreconciled | Self::Discrepancy | Self::Anomaly | Self::Paused | Self::VenueAway { .. } => false,
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Kill => Kind::Kill,
            Self::Fatal => Kind::Fatal,
            Self::DayLoss => Kind::DayLoss,
            Self::Drawdown => Kind::Drawdown,
            Self::Breaker => Kind::Breaker,
            Self::Operator => Kind::Operator,
            Self::Unreconciled => Kind::Unreconciled,
            Self::Discrepancy => Kind::Discrepancy,
            Self::Anomaly => Kind::Anomaly,
            Self::Paused => Kind::Paused,
            Self::VenueAway { .. } => Kind::VenueAway,
        }
    }
}

/// Writes it for people: `kill switch`.
impl std::fmt::Display for Cause {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Kill => "kill switch",
            Self::Fatal => "keys, clock or permissions",
            Self::DayLoss => "the day's loss",
            Self::Drawdown => "drawdown",
            Self::Breaker => "rejections in a row",
            Self::Operator => "by hand",
            Self::Unreconciled => "not reconciled",
            Self::Discrepancy => "differs from the venue",
            Self::Anomaly => "anomaly",
            Self::Paused => "paused by the venue",
            Self::VenueAway { .. } => "the venue takes nothing now",
        })
    }
}

/// A cause without its data: its bit, and its place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Kill,
    Fatal,
    DayLoss,
    Drawdown,
    Breaker,
    Operator,
    Unreconciled,
    Discrepancy,
    Anomaly,
    Paused,
    VenueAway,
}

/// A set of causes, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Causes(u16);

impl Causes {
    const fn bit(kind: Kind) -> u16 {
        1 << kind as u16
    }

    const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn has(self, kind: Kind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// All causes but that the venue is away.
    const fn lasting(self) -> Self {
        Self(self.0 & !Self::bit(Kind::VenueAway))
    }

    /// The first cause that has no data.
    const fn first_lasting(self) -> Option<Cause> {
        const LASTING: [Cause; 10] = [
            Cause::Kill,
            Cause::Fatal,
            Cause::DayLoss,
            Cause::Drawdown,
            Cause::Breaker,
            Cause::Operator,
            Cause::Unreconciled,
            Cause::Discrepancy,
            Cause::Anomaly,
            Cause::Paused,
        ];
        let lasting = self.lasting();
        if lasting.is_empty() { None } else { Some(LASTING[lasting.0.trailing_zeros() as usize]) }
    }
}

/// One halt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// What is halted.
    pub scope: Scope,
    /// Why, as a kind.
    pub cause: Cause,
    /// Why, for people, in the latest words.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// Everything that is halted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Halts {
    entries: BTreeMap<(Scope, Kind), Halt>,
    all: Causes,
    venues: [Causes; 2],
    /// By strategy.
    strategies: Vec<Causes>,
    /// By market.
    markets: Vec<Causes>,
    /// The earliest end of a halt that ends by time.
    next_expiry: Option<Timestamp>,
}

impl Halts {
    /// Nothing is halted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Halts something. Whether it was not halted for this cause before; if it was, the latest words stand, and the later end.
    pub fn halt(&mut self, now: Timestamp, scope: Scope, cause: Cause, reason: &str) -> bool {
        let key = (scope, cause.kind());
        let is_new = if let Some(known) = self.entries.get_mut(&key) {
            known.cause = match (known.cause, cause) {
                (Cause::VenueAway { until }, Cause::VenueAway { until: new }) => {
                    Cause::VenueAway { until: until.max(new) }
                }
                _ => cause,
            };
            reason.clone_into(&mut known.reason);
            false
        } else {
            self.entries.insert(key, Halt { scope, cause, reason: reason.to_owned(), since: now });
            self.causes_mut(scope).0 |= Causes::bit(cause.kind());
            true
        };
        if cause.kind() == Kind::VenueAway {
            self.find_next_expiry();
        }
        is_new
    }

    /// Lifts one cause of one scope, and gives its reason back if it stood. The kill switch is not lifted so.
    pub fn lift(&mut self, scope: Scope, cause: Cause) -> Option<String> {
        match cause {
            Cause::Kill => None,
            Cause::Fatal
            | Cause::DayLoss
            | Cause::Drawdown
            | Cause::Breaker
            | Cause::Operator
            | Cause::Unreconciled
            | Cause::Discrepancy
            | Cause::Anomaly
            | Cause::Paused
            | Cause::VenueAway { .. } => self.remove(scope, cause.kind()).map(|halt| halt.reason),
        }
    }

    /// A person's word: lifts the kill switch and every other halt that needs a person, and says which.
    pub fn lift_all_that_need_a_person(&mut self) -> Vec<(Scope, Cause)> {
        self.remove_where(|halt| halt.cause.needs_a_person())
    }

    /// Lifts what ends by time and has ended, and says what. Allocates nothing when nothing has.
    pub fn expire(&mut self, now: Timestamp) -> Vec<(Scope, Cause)> {
        if self.next_expiry.is_none_or(|next| now < next) {
            return Vec::new();
        }
        self.remove_where(|halt| matches!(halt.cause, Cause::VenueAway { until } if until <= now))
    }

    /// When the next halt ends by time.
    pub const fn next_expiry(&self) -> Option<Timestamp> {
        self.next_expiry
    }

    /// Why an order of this strategy may not be placed in this market now, if it may not: the scope that covers most first
    /// (all, venue, strategy, market), of one scope the first cause by their order. That the venue is away is said only when
    /// nothing else stands, as it says nothing of what shall rest.
    #[inline]
    pub fn refuses(&self, strategy: StrategyId, venue: Venue, market: MarketId) -> Option<(Scope, Cause)> {
        let scopes = [
            (self.all, Scope::All),
            (self.venues[venue_index(venue)], Scope::Venue(venue)),
            (self.strategies.get(strategy.index()).copied().unwrap_or_default(), Scope::Strategy(strategy)),
            (self.markets.get(market.index()).copied().unwrap_or_default(), Scope::Market(market)),
        ];
        if scopes.iter().all(|(causes, _)| causes.is_empty()) {
            return None;
        }
        let lasting = scopes.iter().find_map(|(causes, scope)| causes.first_lasting().map(|cause| (*scope, cause)));
        lasting.or_else(|| {
            let (_, scope) = scopes.iter().find(|(causes, _)| causes.has(Kind::VenueAway))?;
            self.entries.get(&(*scope, Kind::VenueAway)).map(|halt| (*scope, halt.cause))
        })
    }

    /// Whether the kill switch is pulled.
    pub const fn is_killed(&self) -> bool {
        self.all.has(Kind::Kill)
    }

    /// Whether a market is halted for itself, whatever else is halted.
    pub fn market_is_halted(&self, market: MarketId) -> bool {
        self.markets.get(market.index()).is_some_and(|causes| !causes.is_empty())
    }

    /// Whether anything is halted for this cause; the end of [`Cause::VenueAway`] does not matter.
    pub fn has_cause(&self, cause: Cause) -> bool {
        self.entries.keys().any(|(_, kind)| *kind == cause.kind())
    }

    /// All halts, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = &Halt> {
        self.entries.values()
    }

    /// Puts back what a checkpoint kept.
    pub(crate) fn restore(halts: impl IntoIterator<Item = Halt>) -> Self {
        let mut restored = Self::new();
        for halt in halts {
            restored.halt(halt.since, halt.scope, halt.cause, &halt.reason);
        }
        restored
    }

    fn causes_mut(&mut self, scope: Scope) -> &mut Causes {
        fn place(causes: &mut Vec<Causes>, index: usize) -> &mut Causes {
            if causes.len() <= index {
                causes.resize(index + 1, Causes::default());
            }
            &mut causes[index]
        }
        match scope {
            Scope::All => &mut self.all,
            Scope::Venue(venue) => &mut self.venues[venue_index(venue)],
            Scope::Strategy(strategy) => place(&mut self.strategies, strategy.index()),
            Scope::Market(market) => place(&mut self.markets, market.index()),
        }
    }

    fn remove(&mut self, scope: Scope, kind: Kind) -> Option<Halt> {
        let halt = self.entries.remove(&(scope, kind))?;
        self.causes_mut(scope).0 &= !Causes::bit(kind);
        if kind == Kind::VenueAway {
            self.find_next_expiry();
        }
        Some(halt)
    }

    fn remove_where(&mut self, mut wanted: impl FnMut(&Halt) -> bool) -> Vec<(Scope, Cause)> {
        let keys: Vec<(Scope, Kind)> =
            self.entries.iter().filter(|(_, halt)| wanted(halt)).map(|(key, _)| *key).collect();
        keys.into_iter()
            .filter_map(|(scope, kind)| self.remove(scope, kind))
            .map(|halt| (halt.scope, halt.cause))
            .collect()
    }

    fn find_next_expiry(&mut self) {
        self.next_expiry = self
            .entries
            .values()
            .filter_map(|halt| if let Cause::VenueAway { until } = halt.cause { Some(until) } else { None })
            .min();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const T: Timestamp = Timestamp::EPOCH;
    const S: StrategyId = StrategyId(1);
    const K: Venue = Venue::Kalshi;
    const M: MarketId = MarketId(3);

    fn after(seconds: u64) -> Timestamp {
        T.plus(Duration::from_secs(seconds))
    }

    fn refused(halts: &Halts) -> Option<(Scope, Cause)> {
        halts.refuses(S, K, M)
    }

    #[test]
    fn each_scope_covers_what_it_names_and_nothing_else() {
        for (scope, elsewhere) in [
            (Scope::Venue(K), (S, Venue::Polymarket, M)),
            (Scope::Strategy(S), (StrategyId(0), K, M)),
            (Scope::Market(M), (S, K, MarketId(2))),
        ] {
            let mut halts = Halts::new();
            assert!(halts.halt(T, scope, Cause::Operator, "why"));
            assert_eq!(refused(&halts), Some((scope, Cause::Operator)));
            let (strategy, venue, market) = elsewhere;
            assert_eq!(halts.refuses(strategy, venue, market), None, "{scope:?}");
            assert_eq!(halts.lift(scope, Cause::Operator), Some("why".to_owned()));
            assert_eq!(refused(&halts), None);
        }
        assert_eq!(Halts::new().refuses(StrategyId::OPERATOR, K, M), None);
    }

    #[test]
    fn causes_stand_beside_each_other() {
        let mut halts = Halts::new();
        assert!(halts.halt(T, Scope::Market(M), Cause::Anomaly, "a fill of nobody's"));
        assert!(halts.halt(T, Scope::Market(M), Cause::Discrepancy, "3 and 4"));
        assert!(!halts.halt(after(1), Scope::Market(M), Cause::Discrepancy, "3 and 5"));
        assert_eq!(halts.lift(Scope::Market(M), Cause::Discrepancy), Some("3 and 5".to_owned()));
        assert_eq!(refused(&halts), Some((Scope::Market(M), Cause::Anomaly)));
        assert!(halts.market_is_halted(M) && !halts.market_is_halted(MarketId(0)));
        assert_eq!(halts.lift(Scope::Market(M), Cause::Discrepancy), None);
        assert!(halts.has_cause(Cause::Anomaly) && !halts.has_cause(Cause::Discrepancy));
    }

    #[test]
    fn the_kill_switch_stays_down_until_a_person_lifts_it() {
        let mut halts = Halts::new();
        halts.halt(T, Scope::All, Cause::Kill, "file");
        halts.halt(T, Scope::Venue(K), Cause::Unreconciled, "started");
        halts.halt(T, Scope::Market(M), Cause::Breaker, "five rejections");
        assert_eq!(halts.lift(Scope::All, Cause::Kill), None);
        assert_eq!(halts.expire(Timestamp::MAX), []);
        assert!(halts.is_killed());
        assert_eq!(refused(&halts), Some((Scope::All, Cause::Kill)));
        let lifted = halts.lift_all_that_need_a_person();
        assert_eq!(lifted, [(Scope::All, Cause::Kill), (Scope::Market(M), Cause::Breaker)]);
        assert!(!halts.is_killed());
        // What the venue's word heals, no person can wave through.
        assert_eq!(refused(&halts), Some((Scope::Venue(K), Cause::Unreconciled)));
    }

    #[test]
    fn a_venue_that_is_away_comes_back_by_time_and_is_named_last() {
        let mut halts = Halts::new();
        let away = |seconds| Cause::VenueAway { until: after(seconds) };
        halts.halt(T, Scope::Venue(K), away(10), "restarts");
        assert!(!halts.halt(T, Scope::Venue(K), away(5), "no connection"), "an earlier end shortens nothing");
        halts.halt(T, Scope::Market(M), Cause::Paused, "by the venue");
        assert_eq!(refused(&halts), Some((Scope::Market(M), Cause::Paused)));
        halts.lift(Scope::Market(M), Cause::Paused);
        assert_eq!(refused(&halts), Some((Scope::Venue(K), away(10))));
        assert_eq!((halts.next_expiry(), halts.expire(after(9))), (Some(after(10)), vec![]));
        assert_eq!(halts.expire(after(10)), [(Scope::Venue(K), away(10))]);
        assert_eq!((refused(&halts), halts.next_expiry()), (None, None));
    }

    #[test]
    fn what_is_kept_can_be_put_back() {
        let mut halts = Halts::new();
        halts.halt(T, Scope::Venue(K), Cause::VenueAway { until: after(7) }, "restarts");
        halts.halt(after(1), Scope::Strategy(S), Cause::Operator, "paused by hand");
        halts.halt(after(2), Scope::All, Cause::DayLoss, "lost $100");
        assert_eq!(Halts::restore(halts.iter().cloned()), halts);
    }
}
