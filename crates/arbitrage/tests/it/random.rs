//! Seeded random sets with books, accounts and limits: the same seed gives the same instance anywhere.
//!
//! Prices are drawn around chances that fit together, with noise as wide as the books, so that some instances gain and most do not.

use brier_arbitrage::{Account, Held, Hurdle, Limits, Member, Problem, Relation, Set, Terms};
use brier_book::Level;
use brier_engine::{Custody, Fees, MarketId};
use brier_kalshi_protocol::fees as kalshi;
use brier_polymarket_protocol::fees as polymarket;
use brier_types::{BookSide, Money, Outcome, Price, Qty, Timestamp, Venue};

pub(crate) const START: Timestamp = Timestamp::from_nanos(1_780_000_000_000_000_000);

/// Numbers that follow from a seed (SplitMix64).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// An account of one instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Purses {
    pub(crate) cash: Vec<(Venue, u16, Money)>,
    pub(crate) held: Vec<Held>,
    pub(crate) room: Vec<[Qty; 2]>,
    pub(crate) own: Vec<(MarketId, BookSide, Price, Qty)>,
    /// The number of the first market.
    pub(crate) first: u32,
}

impl Account for Purses {
    fn cash(&self, venue: Venue, shard: u16) -> Money {
        self.cash.iter().find(|it| (it.0, it.1) == (venue, shard)).map_or(Money::MAX, |it| it.2)
    }

    fn held(&self, market: MarketId) -> Held {
        self.held[(market.0 - self.first) as usize]
    }

    fn room(&self, market: MarketId, outcome: Outcome) -> Qty {
        self.room[(market.0 - self.first) as usize][usize::from(outcome == Outcome::No)]
    }

    fn own(&self, market: MarketId, side: BookSide, price: Price) -> Qty {
        self.own.iter().find(|it| (it.0, it.1, it.2) == (market, side, price)).map_or(Qty::ZERO, |it| it.3)
    }
}

/// A set at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) set: Set,
    pub(crate) relations: Vec<Relation>,
    pub(crate) limits: Limits,
    /// Bids and asks of each market, best first.
    pub(crate) books: Vec<(Vec<Level>, Vec<Level>)>,
    pub(crate) account: Purses,
}

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    /// Most levels of a side.
    pub(crate) levels: u64,
    /// Most contracts of a level.
    pub(crate) contracts: u64,
    /// Bounds on cash and room, holdings, own orders, hurdles, odd lots.
    pub(crate) bounds: bool,
    /// How far markets stray from chances that fit together, in dollars.
    pub(crate) noise: f64,
}

impl Wishes {
    pub(crate) const FULL: Self = Self { levels: 5, contracts: 300, bounds: true, noise: 0.06 };
}

/// Relations and how many markets they are about; whether the first venue alone has them, as a group that converts.
fn relations(numbers: &mut Numbers) -> (usize, Vec<Relation>, bool) {
    let count = 3 + numbers.below(5) as usize;
    let exclusive = |members: Vec<usize>, one_must_pay| Relation::Exclusive { members, one_must_pay };
    match numbers.below(8) {
        0 => (2, vec![Relation::Same { first: 0, second: 1 }], false),
        1 => (2, vec![Relation::Inverse { first: 1, second: 0 }], false),
        2 => (count, vec![exclusive((0..count).collect(), numbers.chance(50))], numbers.chance(50)),
        3 => (count, vec![Relation::Ladder { rungs: (0..count).rev().collect() }], false),
        4 => {
            // An exclusive set on two venues.
            let mut all = vec![exclusive((0..count).collect(), numbers.chance(70))];
            all.extend((0..count).map(|at| Relation::Same { first: at, second: count + at }));
            (count * 2, all, numbers.chance(50))
        }
        5 => {
            // A ladder of two venues, some rungs on both.
            let mut all = vec![Relation::Ladder { rungs: (0..count).collect() }];
            let twins = 1 + numbers.below(3) as usize;
            all.extend((0..twins).map(|at| Relation::Same { first: at, second: count + at }));
            (count + twins, all, false)
        }
        6 => {
            // Thresholds, and the buckets between them.
            let rungs = 2 + numbers.below(3) as usize;
            let mut all = vec![Relation::Ladder { rungs: (0..rungs).rev().collect() }];
            for bucket in 0..rungs - 1 {
                all.push(Relation::Implies { first: rungs + bucket, second: bucket });
                all.push(Relation::Excludes { first: rungs + bucket, second: bucket + 1 });
            }
            (rungs * 2 - 1, all, false)
        }
        _ => {
            // Anything.
            let mut all = Vec::new();
            for second in 1..count {
                let first = numbers.below(second as u64) as usize;
                all.push(match numbers.below(4) {
                    0 => Relation::Same { first, second },
                    1 => Relation::Implies { first, second },
                    2 => Relation::Implies { first: second, second: first },
                    _ => Relation::Excludes { first, second },
                });
            }
            (count, all, false)
        }
    }
}

fn member(numbers: &mut Numbers, market: u32, polymarket: bool) -> Member {
    let payout = Timestamp::from_nanos(START.nanos() + (numbers.below(400) as i64) * 86_400_000_000_000);
    let pick = numbers.below(4);
    let kalshi_fees = || {
        let multiplier = [0, 500_000, 1_000_000, 1_000_000][pick as usize];
        let multiplier = kalshi::FeeMultiplier::from_micros(multiplier).unwrap();
        Fees::Kalshi(kalshi::FeeSchedule::new(kalshi::FeeType::Quadratic, multiplier))
    };
    let polymarket_fees = || {
        let rate = [0, 30_000, 50_000, 70_000][pick as usize];
        Fees::Polymarket(polymarket::FeeSchedule::new(rate, 1, true, 0).unwrap())
    };
    let terms = Terms {
        venue: if polymarket { Venue::Polymarket } else { Venue::Kalshi },
        shard: if polymarket { 0 } else { numbers.below(2) as u16 },
        fees: if polymarket { polymarket_fees() } else { kalshi_fees() },
        custody: if polymarket { Custody::Tokens } else { Custody::Netted },
        size_step: Qty::HUNDREDTH,
        min_qty: Qty::HUNDREDTH,
        min_taking: if polymarket { Money::DOLLAR } else { Money::ZERO },
        surcharge: if numbers.chance(10) { Money::from_micros(numbers.below(3_000) as i64) } else { Money::ZERO },
        payout,
    };
    Member { market: MarketId(market), terms }
}

fn side(numbers: &mut Numbers, best: i64, step: i64, wishes: &Wishes) -> Vec<Level> {
    let mut price = best;
    let mut levels = Vec::new();
    for _ in 0..numbers.below(wishes.levels + 1) {
        if !(1..10_000).contains(&price) {
            break;
        }
        let whole = !wishes.bounds || numbers.chance(60);
        let hundredths =
            if whole { (1 + numbers.below(wishes.contracts)) * 100 } else { 1 + numbers.below(wishes.contracts * 100) };
        let qty = Qty::from_hundredths(hundredths).unwrap();
        levels.push(Level { price: Price::new(price as u16).unwrap(), qty });
        price += step * (1 + numbers.below(3) as i64);
    }
    levels
}

impl Instance {
    /// The instance of a seed; its markets are numbered from `first`.
    pub(crate) fn new(seed: u64, first: u32, wishes: &Wishes) -> Self {
        let mut numbers = Numbers::new(seed);
        loop {
            // A draw whose relations contradict each other is drawn again.
            if let Some(instance) = Self::draw(&mut numbers, first, wishes) {
                return instance;
            }
        }
    }

    fn draw(numbers: &mut Numbers, first: u32, wishes: &Wishes) -> Option<Self> {
        let (count, relations, grouped) = relations(numbers);
        let group_size = relations.iter().find_map(|relation| match relation {
            Relation::Exclusive { members, .. } => Some(members.len()),
            _ => None,
        });
        let groups = if grouped { vec![(0..group_size?).collect::<Vec<_>>()] } else { Vec::new() };
        let members: Vec<Member> = (0..count)
            .map(|at| {
                let polymarket = groups.first().is_some_and(|group| group.contains(&at)) || numbers.chance(40);
                member(numbers, first + at as u32, polymarket)
            })
            .collect();
        let set = Set::new(members, &relations, groups).ok()?;
        // Chances of the states, then of the markets.
        let weights: Vec<f64> = (0..set.states().len()).map(|_| -numbers.unit().max(1e-9).ln()).collect();
        let total: f64 = weights.iter().sum();
        let mut books = Vec::new();
        for slot in 0..count {
            let yes = set.states().ends().iter().zip(&weights).filter(|(ends, _)| **ends >> slot & 1 == 1);
            let chance: f64 = yes.map(|(_, weight)| weight / total).sum();
            let middle = chance + (numbers.unit() + numbers.unit() - 1.0) * wishes.noise;
            let tick = [10, 100][numbers.below(2) as usize];
            let middle = (middle * 10_000.0 / tick as f64).round() as i64;
            let (below, above) = (numbers.below(3) as i64, 1 + numbers.below(3) as i64);
            let bids = side(numbers, (middle - below) * tick, -tick, wishes);
            books.push((bids, side(numbers, (middle + above) * tick, tick, wishes)));
        }
        let mut limits = Limits::default();
        if numbers.chance(50) {
            limits.smallest_fill = None;
        }
        let mut account =
            Purses { held: vec![Held::default(); count], room: vec![[Qty::MAX; 2]; count], first, ..Purses::default() };
        if wishes.bounds {
            Self::bound(numbers, &set, &books, &mut limits, &mut account);
        }
        Some(Self { set, relations, limits, books, account })
    }

    fn bound(
        numbers: &mut Numbers,
        set: &Set,
        books: &[(Vec<Level>, Vec<Level>)],
        limits: &mut Limits,
        account: &mut Purses,
    ) {
        if numbers.chance(40) {
            limits.hurdle = Hurdle::from_micros(numbers.below(200_000) as u32).unwrap();
        }
        match numbers.below(10) {
            0 => limits.lot = Qty::HUNDREDTH,
            1 => limits.lot = Qty::from_contracts(5).unwrap(),
            _ => {}
        }
        if numbers.chance(40) {
            for (venue, shard) in [(Venue::Kalshi, 0), (Venue::Kalshi, 1), (Venue::Polymarket, 0)] {
                account.cash.push((venue, shard, Money::from_micros(numbers.below(300_000_000) as i64)));
            }
        }
        let qty = |numbers: &mut Numbers| Qty::from_hundredths(numbers.below(20_000)).unwrap();
        for (slot, book) in books.iter().enumerate() {
            if numbers.chance(10) {
                account.room[slot] = [qty(numbers), qty(numbers)];
            }
            match numbers.below(13) {
                0 => account.held[slot].yes = qty(numbers),
                1 => account.held[slot].no = qty(numbers),
                _ => {}
            }
            let market = set.members()[slot].market;
            for (side, levels) in [(BookSide::Bid, &book.0), (BookSide::Ask, &book.1)] {
                if let Some(level) = levels.first().filter(|_| numbers.chance(10)) {
                    account.own.push((market, side, level.price, qty(numbers)));
                }
            }
        }
    }

    /// What is asked.
    pub(crate) fn problem(&self) -> Problem<'_> {
        let mut problem = Problem::new(&self.set, self.limits, &self.account, START).unwrap();
        for (slot, (bids, asks)) in self.books.iter().enumerate() {
            problem.offer(slot, BookSide::Bid, bids.iter().copied(), &self.account);
            problem.offer(slot, BookSide::Ask, asks.iter().copied(), &self.account);
        }
        problem
    }
}
