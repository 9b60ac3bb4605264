//! Short ways to sets, books and accounts.

use brier_arbitrage::{Account, Held, Limits, Member, Opportunity, Problem, Relation, Set, Terms, Unlimited};
use brier_book::Level;
use brier_engine::{Custody, Fees, MarketId};
use brier_kalshi_protocol::fees as kalshi;
use brier_polymarket_protocol::fees as polymarket;
use brier_types::{BookSide, Money, Outcome, Price, Qty, Timestamp, Venue};

pub(crate) const NOW: Timestamp = Timestamp::from_nanos(1_780_000_000_000_000_000);

pub(crate) fn kalshi_fees(multiplier: &str) -> Fees {
    let multiplier = kalshi::FeeMultiplier::parse(multiplier).unwrap();
    Fees::Kalshi(kalshi::FeeSchedule::new(kalshi::FeeType::Quadratic, multiplier))
}

/// A rate in millionths.
pub(crate) fn polymarket_fees(rate: u32) -> Fees {
    Fees::Polymarket(polymarket::FeeSchedule::new(rate, 1, true, 0).unwrap())
}

pub(crate) fn days(count: i64) -> Timestamp {
    Timestamp::from_nanos(NOW.nanos() + count * 86_400_000_000_000)
}

/// A Kalshi market with the ordinary fee.
pub(crate) fn kalshi(market: u32) -> Member {
    let terms = Terms {
        venue: Venue::Kalshi,
        shard: 0,
        fees: kalshi_fees("1"),
        custody: Custody::Netted,
        size_step: Qty::HUNDREDTH,
        min_qty: Qty::HUNDREDTH,
        min_taking: Money::ZERO,
        surcharge: Money::ZERO,
        payout: days(45),
    };
    Member { market: MarketId(market), terms }
}

/// A Polymarket market with a rate in millionths.
pub(crate) fn polymarket(market: u32, rate: u32) -> Member {
    let mut member = kalshi(market);
    member.terms.venue = Venue::Polymarket;
    member.terms.fees = polymarket_fees(rate);
    member.terms.custody = Custody::Tokens;
    member.terms.min_taking = Money::DOLLAR;
    member
}

pub(crate) fn set(members: Vec<Member>, relations: &[Relation]) -> Set {
    Set::new(members, relations, Vec::new()).unwrap()
}

/// Each level one fill, as the reference's examples have it.
pub(crate) fn plain() -> Limits {
    Limits { smallest_fill: None, ..Limits::default() }
}

/// Levels such as `".62x100 .63x200"`, best first.
pub(crate) fn levels(text: &str) -> Vec<Level> {
    let level = |word: &str| {
        let (price, qty) = word.split_once('x').unwrap();
        Level { price: format!("0{price}").parse().unwrap(), qty: qty.parse().unwrap() }
    };
    text.split_whitespace().map(level).collect()
}

/// NO asks as the bids that they are.
pub(crate) fn no_asks(text: &str) -> Vec<Level> {
    levels(text).into_iter().map(|level| Level { price: level.price.complement(), qty: level.qty }).collect()
}

/// Bids and asks of one book.
pub(crate) type Sides = (Vec<Level>, Vec<Level>);

pub(crate) fn problem<'a>(set: &'a Set, limits: Limits, books: &[Sides], account: &impl Account) -> Problem<'a> {
    let mut problem = Problem::new(set, limits, account, NOW).unwrap();
    for (slot, (bids, asks)) in books.iter().enumerate() {
        problem.offer(slot, BookSide::Bid, bids.iter().copied(), account);
        problem.offer(slot, BookSide::Ask, asks.iter().copied(), account);
    }
    problem
}

pub(crate) fn solve(set: &Set, limits: Limits, books: &[Sides]) -> Option<Opportunity> {
    problem(set, limits, books, &Unlimited).solve().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn contracts(count: u64) -> Qty {
    Qty::from_contracts(count).unwrap()
}

/// An account by lists; what is not listed has no bound, and nothing is held or rests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) cash: Vec<(Venue, Money)>,
    pub(crate) held: Vec<(MarketId, Held)>,
    pub(crate) room: Vec<(MarketId, Outcome, Qty)>,
    pub(crate) own: Vec<(MarketId, BookSide, Price, Qty)>,
}

impl Account for Listed {
    fn cash(&self, venue: Venue, _shard: u16) -> Money {
        self.cash.iter().find(|it| it.0 == venue).map_or(Money::MAX, |it| it.1)
    }

    fn held(&self, market: MarketId) -> Held {
        self.held.iter().find(|it| it.0 == market).map_or_else(Held::default, |it| it.1)
    }

    fn room(&self, market: MarketId, outcome: Outcome) -> Qty {
        self.room.iter().find(|it| it.0 == market && it.1 == outcome).map_or(Qty::MAX, |it| it.2)
    }

    fn own(&self, market: MarketId, side: BookSide, price: Price) -> Qty {
        let mine = self.own.iter().filter(|it| (it.0, it.1, it.2) == (market, side, price));
        mine.fold(Qty::ZERO, |sum, it| sum.checked_add(it.3).unwrap())
    }
}

/// Legs as `buy 60.00 YES m0`, in the order of markets.
pub(crate) fn legs(found: &Opportunity) -> Vec<String> {
    let mut legs = found.legs.clone();
    legs.sort_by_key(|leg| (leg.market, leg.outcome));
    let word = |leg: &brier_arbitrage::Leg| format!("{:?} {} {:?} {}", leg.action, leg.qty, leg.outcome, leg.market);
    legs.iter().map(word).collect()
}
