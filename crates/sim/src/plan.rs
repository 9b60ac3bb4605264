//! What a seed decides before anything runs: which faults this run has, how often, and what trades.
//!
//! Swarm testing: most runs have a few kinds of fault and not all, as some hide others: a socket that dies each second never
//! shows a sequence gap.

use std::time::Duration;

use brier_engine::MarketId;

use crate::chance::Chance;

/// Kinds of trouble. A run has some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fault {
    /// A request is lost before the venue sees it.
    RequestLost,
    /// The venue acted, and its answer is lost.
    AnswerLost,
    /// A request arrives after we gave it up.
    RequestLate,
    /// A request arrives twice.
    RequestTwice,
    /// No connection can be made.
    NotSent,
    /// 429 instead of an answer.
    RateLimited,
    /// The venue acted, and a 5xx comes back.
    ServerError,
    /// A stream's frame is lost.
    FrameLost,
    /// A stream's frame comes twice.
    FrameTwice,
    /// Two frames change places.
    FrameSwapped,
    /// A socket says nothing any more and stays open.
    Silent,
    /// A socket closes.
    Closed,
    /// Frames come late, so that answers overtake them.
    SlowStream,
    /// Answers come late, so that frames overtake them.
    SlowAnswers,
    /// The wall clock is set.
    ClockStep,
    /// The program dies at a line of its loop.
    Crash,
    /// The disk takes nothing more.
    DiskFull,
    /// A market pauses and goes on.
    Pause,
    /// A market closes before its time.
    EarlyClose,
    /// A market is settled while the run goes on: yes, no, or a value between.
    Settle,
    /// The price steps of a market change.
    TickChange,
    /// The venue's engine restarts, or takes cancels or post-only orders only.
    VenueModes,
    /// Matches fail on the chain.
    FailedTrades,
    /// A person halts, resumes, pauses, cancels, orders by hand.
    Operator,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::RequestLost,
        Self::AnswerLost,
        Self::RequestLate,
        Self::RequestTwice,
        Self::NotSent,
        Self::RateLimited,
        Self::ServerError,
        Self::FrameLost,
        Self::FrameTwice,
        Self::FrameSwapped,
        Self::Silent,
        Self::Closed,
        Self::SlowStream,
        Self::SlowAnswers,
        Self::ClockStep,
        Self::Crash,
        Self::DiskFull,
        Self::Pause,
        Self::EarlyClose,
        Self::Settle,
        Self::TickChange,
        Self::VenueModes,
        Self::FailedTrades,
        Self::Operator,
    ];

    /// The word for it on the command line and in stories.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RequestLost => "request-lost",
            Self::AnswerLost => "answer-lost",
            Self::RequestLate => "request-late",
            Self::RequestTwice => "request-twice",
            Self::NotSent => "not-sent",
            Self::RateLimited => "rate-limited",
            Self::ServerError => "server-error",
            Self::FrameLost => "frame-lost",
            Self::FrameTwice => "frame-twice",
            Self::FrameSwapped => "frame-swapped",
            Self::Silent => "silent",
            Self::Closed => "closed",
            Self::SlowStream => "slow-stream",
            Self::SlowAnswers => "slow-answers",
            Self::ClockStep => "clock-step",
            Self::Crash => "crash",
            Self::DiskFull => "disk-full",
            Self::Pause => "pause",
            Self::EarlyClose => "early-close",
            Self::Settle => "settle",
            Self::TickChange => "tick-change",
            Self::VenueModes => "venue-modes",
            Self::FailedTrades => "failed-trades",
            Self::Operator => "operator",
        }
    }
}

/// A set of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u32);

impl Faults {
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether one is in it.
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u8) != 0
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, fault: Fault) -> Self {
        Self(self.0 | (1 << fault as u8))
    }

    /// Without one.
    #[must_use]
    pub const fn without(self, fault: Fault) -> Self {
        Self(self.0 & !(1 << fault as u8))
    }

    /// Those that are in it.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.has(*fault))
    }
}

/// Which kind of world a seed is run in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Strategies without an opinion on whatever markets there are.
    #[default]
    Ordinary,
    /// Beside them a strategy that buys YES on one venue and NO on the other, of events that both list.
    Legs,
}

/// What the arbitrage of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegsPlan {
    /// Events that both venues list: the first markets of each.
    pub pairs: u32,
    /// Most dollars that open legs may have cost, in cents.
    pub bound_cents: i64,
    /// Least profit of a set, in millionths of a dollar.
    pub least_micros: i64,
    /// Most price steps of $0.0001 that getting out of an open leg may cost a contract.
    pub max_loss: u16,
    /// How often the legs are sent in the wrong order, in a thousandth of combos.
    pub sloppy: u64,
}

/// What one run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seed that decided it and decides the rest.
    pub seed: u64,
    /// Its kinds of trouble.
    pub faults: Faults,
    /// How often trouble comes, in a thousandth of occasions.
    pub rate: u64,
    /// How long it trades with trouble.
    pub storm: Duration,
    /// How long it trades after trouble has ended, before it winds down.
    pub calm: Duration,
    /// Markets on Kalshi.
    pub kalshi_markets: u32,
    /// Markets on Polymarket.
    pub polymarket_markets: u32,
    /// Whether Kalshi's markets are of one event and exclude each other.
    pub exclusive: bool,
    /// Most contracts in a market.
    pub max_position: u64,
    /// Whether the strategies may own NO.
    pub may_open_no: bool,
    /// How restless the strategies are: an action in so many signals.
    pub restless: u64,
    /// The arbitrage, in a world of legs.
    pub legs: Option<LegsPlan>,
}

impl Plan {
    /// What a seed decides for a kind of world.
    pub fn of_kind(kind: Kind, seed: u64) -> Self {
        match kind {
            Kind::Ordinary => Self::of(seed),
            Kind::Legs => Self::with_legs(seed),
        }
    }

    /// The world of legs of a seed: its troubles, and events on both venues.
    fn with_legs(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x001E_65AB_0A2D_5EED);
        let pairs = chance.between(1, 2) as u32;
        let legs = LegsPlan {
            pairs,
            bound_cents: chance.between(300, 1_500) as i64,
            least_micros: chance.between(3, 15) as i64 * 1_000,
            max_loss: chance.between(0, 600) as u16,
            sloppy: if chance.per_mille(500) { 0 } else { 400 },
        };
        Self {
            kalshi_markets: pairs + chance.below(2) as u32,
            polymarket_markets: pairs + chance.below(2) as u32,
            exclusive: false,
            max_position: chance.between(40, 200),
            may_open_no: true,
            restless: chance.between(1, 4),
            legs: Some(legs),
            ..Self::of(seed)
        }
    }

    /// The two markets of an event that both venues list: Kalshi's and Polymarket's, in the order of listing.
    pub fn pairs(&self) -> impl Iterator<Item = (MarketId, MarketId)> + use<> {
        let first = self.kalshi_markets;
        (0..self.legs.map_or(0, |legs| legs.pairs)).map(move |pair| (MarketId(pair), MarketId(first + pair)))
    }

    /// Whether only the arbitrage trades a market.
    pub fn is_paired(&self, market: MarketId) -> bool {
        self.pairs().any(|(one, other)| market == one || market == other)
    }

    /// What a seed decides.
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x005E_ED0F_B12E_5EED);
        let mut faults = Faults::NONE;
        // A calm run now and then shows that the rest is the faults' doing.
        if !chance.per_mille(50) {
            let weight = chance.between(100, 600);
            for fault in Fault::ALL {
                if chance.per_mille(weight) {
                    faults = faults.with(fault);
                }
            }
        }
        let which = chance.below(10);
        Self {
            seed,
            faults,
            rate: chance.between(5, 120),
            storm: Duration::from_secs(chance.between(15, 60)),
            calm: Duration::from_secs(5),
            kalshi_markets: if which == 0 { 0 } else { chance.between(1, 3) as u32 },
            polymarket_markets: if (1..=4).contains(&which) { 0 } else { chance.between(1, 2) as u32 },
            exclusive: chance.per_mille(500),
            max_position: chance.between(10, 60),
            may_open_no: chance.per_mille(700),
            restless: chance.between(2, 12),
            legs: None,
        }
    }
}
